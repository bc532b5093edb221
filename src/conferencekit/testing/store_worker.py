"""A process of its own that works on a store: `python -m conferencekit.testing.store_worker ORDER`.

It opens the store by its URL and writes one line of JSON for each step, so that whoever started it can tell what was
acknowledged before it was killed.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..errors import StoreError
from ..plugins import make_plugin_manager, open_store
from ..ports import ChangeSet, Committed, Index, Store
from .store_samples import CONFERENCE, change, notice, put

Step = dict[str, object]


def registration(prefix: str, number: int, quota: str | None = None) -> ChangeSet:
    """A change set as a registration makes it. The same arguments give the same one."""
    name = f"{prefix}-{number}"
    record = put(
        name,
        indexes={"all": Index("k", name)},
        uniques={"address": f"{name}@example.org"},
        takes={quota: 1} if quota else {},
    )
    return change(
        CONFERENCE, f"entry of {name}", record, notice(f"notice to {name}"), person=name, subject=name
    )


def register(store: Store, *, prefix: str, count: int, quota: str | None = None) -> Iterator[Step]:
    """Registers people one by one."""
    for number in range(count):
        yield _step(store, f"{prefix}-{number}", registration(prefix, number, quota))


def claim(store: Store, *, prefix: str, count: int) -> Iterator[Step]:
    """Tries to own each of so many values."""
    for number in range(count):
        record = put(f"{prefix}-{number}", kind="claim", uniques={"value": str(number)})
        yield _step(store, str(number), change(CONFERENCE, f"claim of {prefix}-{number}", record))


def crash(store: Store, *, prefix: str, size: int, quota: str) -> Iterator[Step]:
    """Registers people in batches for ever; says before each batch what it tries, and after it that it is durable."""
    first = 0
    while True:
        yield {"trying": first}
        outcomes = store.commit([registration(prefix, first + at, quota) for at in range(size)])
        yield {"done": first, "committed": all(isinstance(outcome, Committed) for outcome in outcomes)}
        first += size


def _step(store: Store, id_: str, change_set: ChangeSet) -> Step:
    try:
        (outcome,) = store.commit([change_set])
    except StoreError as error:
        return {"id": id_, "outcome": type(error).__name__}
    if isinstance(outcome, Committed):
        return {"id": id_, "outcome": "committed", "seq": outcome.seq}
    return {
        "id": id_,
        "outcome": "conflict",
        "reasons": [type(reason).__name__ for reason in outcome.reasons],
    }


def cancel(store: Store, *, conference: str, person: str) -> Iterator[Step]:
    """Cancels a registration through a secretariat, and stops before the next in line is let in."""
    from .store_waiting import cancel_and_stop  # noqa: PLC0415 - no other job needs a secretariat

    yield from cancel_and_stop(store, conference, person)


_JOBS: Mapping[str, Callable[..., Iterator[Step]]] = {
    "register": register,
    "claim": claim,
    "crash": crash,
    "cancel": cancel,
}


def main(order: Mapping[str, Any]) -> None:
    """Do the job that the order names, as soon as the standard input is closed."""
    manager = make_plugin_manager(*(importlib.import_module(name) for name in order["plugins"]))
    _say({"ready": True})
    sys.stdin.read()
    try:
        store = open_store(order["url"], manager)
        for step in _JOBS[order["job"]](store, **order["options"]):
            _say(step)
        store.close()
    except StoreError as error:
        _say({"outcome": type(error).__name__, "error": str(error)})


def _say(step: Step) -> None:
    sys.stdout.write(json.dumps(step) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
