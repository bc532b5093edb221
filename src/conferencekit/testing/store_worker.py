"""A process of its own that works on a store: `python -m conferencekit.testing.store_worker ORDER`.

It opens the store by its URL and writes one line of JSON for each step, so that whoever started it can tell what was
acknowledged before it was killed.
"""

from __future__ import annotations

import importlib
import json
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from attrs import astuple

from ..adapters.group_commit import GroupCommit
from ..errors import StoreError
from ..plugins import make_plugin_manager, open_store
from ..ports import ChangeSet, Committed, Seal, Store
from .disk import WatchedDisk
from .store_history import Wish
from .store_racers import Mix, Racer, answers_of
from .store_samples import CONFERENCE, NOW, SECOND, change, put, read

Say = Callable[[dict[str, object]], None]


def register(store: Store, say: Say, *, prefix: str, count: int, places: int = 0) -> None:
    """Registers people one by one."""
    for number in range(count):
        wish = Wish(f"{prefix}-{number}", places)
        (answer,) = answers_of(store, [wish.change_set(CONFERENCE)])
        say({"id": wish.id, "answer": answer})


def race(
    store: Store,
    say: Say,
    *,
    prefix: str,
    steps: int | None,
    mix: Mapping[str, Any],
    threads: int = 1,
    grouped: bool = False,
    conference: str = CONFERENCE,
) -> None:
    """Takes part in a race with so many threads. `grouped`: they commit together, as those of a secretariat do."""
    used = GroupCommit(store) if grouped else store
    racers = [Racer(used, f"{prefix}.{at}", say, Mix(**mix), conference) for at in range(threads)]
    in_threads(threads, lambda at: racers[at].run(steps))


def raise_counter(store: Store, say: Say, *, prefix: str, steps: int) -> None:
    """Reads a counter, adds one and writes it; again, if somebody was faster."""
    done = 0
    while done < steps:
        record = read(store, "counter")
        assert record is not None
        wanted = put("counter", record.version, body={"count": int(str(record.body["count"])) + 1})
        (outcome,) = store.commit([change(CONFERENCE, f"{prefix}-{done}", wanted)])
        done += isinstance(outcome, Committed)
    say({"raised": steps})


def take(store: Store, say: Say) -> None:
    """Leases what is due until nothing is."""
    while leased := store.lease(3, now=NOW, until=NOW + SECOND):
        for each in leased:
            say({"key": each.key, "token": each.token})


def log(store: Store, say: Say, *, prefix: str, steps: int) -> None:
    """Commits entries, some of them in batches."""
    for step in range(steps):
        batch = [change(CONFERENCE, f"{prefix}-{step}-{at}") for at in range(1 + step % 3)]
        store.commit(batch)
        say({"entries": [each.entry.id for each in batch]})


def seal(store: Store, say: Say, *, prefix: str, steps: int) -> None:
    """Tries to seal what it sees, under the numbers that others use too."""
    for number in range(1, steps + 1):
        seal_some(store, say, number, prefix)


def seal_some(store: Store, say: Say, number: int, prefix: str = "last", size: int = 7) -> bool:
    """One attempt to seal the first unsealed entries; False where there were none."""
    waiting, _ = store.find(CONFERENCE, "~entry", "unsealed", "", limit=size)
    if waiting:
        names = [each.id for each in waiting]
        (outcome,) = store.commit(
            [change(CONFERENCE, f"seal {prefix} {number}", Seal(number=number, entries=names))]
        )
        if isinstance(outcome, Committed):
            say({"seal": number, "sealed": names, "entries": [f"seal {prefix} {number}"]})
    return bool(waiting)


def sync(store: Store, say: Say, *, size: int, threads: int, steps: int) -> None:
    """Commits with so many threads; says how many calls and syncs there were, and which call had none in its time."""
    disk, used = WatchedDisk.inherited(), GroupCommit(store) if threads > 1 else store
    store.commit([change(CONFERENCE, f"begin {size} {threads}")])
    without: list[str] = []

    def commit(thread: int) -> None:
        for step in range(steps):
            wishes = [Wish(f"sync {size} {threads}.{thread}.{step}.{at}", 0) for at in range(size)]
            before = disk.syncs
            answers = answers_of(used, [wish.change_set(CONFERENCE) for wish in wishes])
            assert all(answer and answer["seq"] for answer in answers), answers
            if disk.syncs == before:
                without.append(wishes[0].id)

    before = disk.syncs
    in_threads(threads, commit)
    say({"calls": threads * steps, "syncs": disk.syncs - before, "without": without})


def fill(store: Store, say: Say, *, size: int, room: int, steps: int) -> None:
    """Commits until the disk is full, goes on for a while, is given room, and repeats everything."""
    disk = WatchedDisk.inherited()
    wishes = [[Wish(f"fill {size}.{step}.{at}") for at in range(size)] for step in range(steps)]
    batches = [[wish.change_set(CONFERENCE) for wish in each] for each in wishes]
    failed = 0
    for step, batch in enumerate(batches):
        if step == 3:
            disk.set_room(room)
        answers = _told(store, say, wishes[step], batch)
        if any(answer is None or "error" in answer for answer in answers):
            failed += 1
            names = [each.entry.id for each in batch]
            there = list(store.get(CONFERENCE, "~entry", names))
            first = store.get(CONFERENCE, "person", [wish.id for wish in wishes[0]])
            say({"answer": answers[0], "there": there, "first": len(first), "of": size})
        if failed == 5:
            break
    disk.set_room(None)
    for wanted, batch in zip(wishes, batches, strict=True):
        _told(store, say, wanted, batch)


def _told(store: Store, say: Say, wishes: list[Wish], batch: list[ChangeSet]) -> list[Any]:
    say({"by": "filler", "began": time.monotonic_ns(), "wishes": [astuple(each) for each in wishes]})
    answers = answers_of(store, batch)
    say({"by": "filler", "ended": time.monotonic_ns(), "answers": answers})
    return answers


def cancel(store: Store, say: Say, *, conference: str, person: str) -> None:
    """Cancels a registration through a secretariat, and stops before the next in line is let in."""
    from .store_waiting import cancel_and_stop  # noqa: PLC0415 - no other job needs a secretariat

    for step in cancel_and_stop(store, conference, person):
        say(step)


def in_threads(count: int, work: Callable[[int], None]) -> None:
    """Run the work in so many threads that start at the same moment; what they raise is raised."""
    start = threading.Barrier(count)

    def run(number: int) -> None:
        start.wait()
        work(number)

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(run, range(count)))


_JOBS: Mapping[str, Callable[..., None]] = {
    each.__name__: each for each in (register, race, raise_counter, take, log, seal, sync, fill, cancel)
}


def main(order: Mapping[str, Any]) -> None:
    """Do the job that the order names, as soon as the standard input is closed."""
    manager = make_plugin_manager(*(importlib.import_module(name) for name in order["plugins"]))
    one_at_a_time = threading.Lock()

    def say(step: Mapping[str, object]) -> None:
        with one_at_a_time:
            sys.stdout.write(json.dumps(step) + "\n")
            sys.stdout.flush()

    say({"ready": True})
    sys.stdin.read()
    try:
        store = open_store(order["url"], manager)
        _JOBS[order["job"]](store, say, **order["options"])
        store.close()
    except StoreError as error:
        say({"error": type(error).__name__, "message": str(error)})


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
