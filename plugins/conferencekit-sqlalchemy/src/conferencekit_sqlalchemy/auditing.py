"""What is wrong in the tables that this store derives by itself: index rows, ceilings, the flags of the outbox.

What a row should be is computed here, one row at a time, so that it is the same for every engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from conferencekit.ports import Discrepancy
from conferencekit.store import FINAL
from conferencekit.store.derived import (
    Lanes,
    index_place,
    no_time,
    wrong_ceiling,
    wrongly_listed,
    wrongly_owned,
    wrongly_ready,
)

from .audit_statements import STRAYS
from .rows import held_record, walk_of
from .session import Call, Session


def faults(session: Session, conference: str) -> Iterator[Discrepancy]:
    """Whatever of a conference's derived rows does not follow from the others, as of one moment."""
    values, lanes = {"conference": conference}, Lanes()
    calls = [Call(f"audit_{name}", None, values) for name in ("listing", "quota", "notice")]
    for name, row in session.stream(calls):
        if name == "audit_listing":
            yield from _listing(row)
        elif name == "audit_quota":
            id_, taken, capacity, ceiling = row
            yield from wrong_ceiling(id_, taken, capacity, ceiling)
        else:
            yield from _notice(lanes, row)


def _listing(row: Sequence[Any]) -> Iterator[Discrepancy]:
    owned, kind, name, key, id_, walk, is_text, number, text, version, holds = row
    held = None if version is None else held_record(version, 0, holds)
    if owned:
        yield from wrongly_owned(name, key, kind, id_, held)
    else:
        yield from wrongly_listed(kind, name, key, text if is_text else number, id_, held)
    if str(walk).replace("-", "") != walk_of(kind, name, key):
        yield Discrepancy(index_place(kind, name, key), f"{id_} under the digest of another key", "its own")


def _notice(lanes: Lanes, row: Sequence[Any]) -> Iterator[Discrepancy]:
    key, lane, state, due, until, live, waiting, ready = row
    is_head = lanes.is_head(lane, state)
    expected = is_head, state not in FINAL and not is_head
    if (bool(live), bool(waiting)) != expected:
        yield Discrepancy(f"notice {key}", _place(live, waiting), _place(*expected))
    since = due if until is None else until
    yield from wrongly_ready(key, ready, since if is_head and state == "queued" else None)
    for stamp in (due, until):
        yield from no_time(key, stamp)


def _place(live: object, waiting: object) -> str:
    if live:
        return "both at the head of its lane and behind it" if waiting else "at the head of its lane"
    return "waiting in its lane" if waiting else "in no lane any more"


def store_faults(session: Session) -> Iterator[Discrepancy]:
    """Rows of conferences that are not listed, and a sequence that is behind the numbers that were drawn."""
    calls = [Call(f"audit_stray_{name}", None, {}) for name in STRAYS]
    for name, row in session.stream([*calls, Call("audit_numbers", None, {})]):
        if name == "audit_numbers":
            last, highest = row
            if highest is not None and last is not None and last < highest:
                yield Discrepancy("sequence numbers", f"{last} as the last number", f"{highest} or more")
        else:
            table = name.removeprefix("audit_stray_")
            yield Discrepancy(f"conference {row[0]}", f"rows in {table}", "none, for it is not listed")
