"""What stores derive from their rows, computed again row by row: for those who write `ports.Auditable.faults`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from ..ports import Discrepancy
from .rows import FINAL, RecordRow

NOTHING = "nothing"


def index_place(kind: str, name: str, key: str) -> str:
    """How a place of an index is named in reports."""
    return f"index {name}={key!r} of {kind}"


def unique_place(name: str, value: str) -> str:
    """How a unique value is named in reports."""
    return f"unique {name}={value!r}"


def wrongly_listed(
    kind: str, name: str, key: str, order: int | str, id_: str, held: RecordRow | None
) -> Iterator[Discrepancy]:
    """What is wrong with an index row. `held` is the record that it names; None: there is no such record."""
    place = held.indexes.get(name) if held else None
    if place is None or place[0] != key:
        expected = NOTHING if held else f"{NOTHING}, for there is no such record"
    elif place[1] != order or type(place[1]) is not type(order):
        expected = f"{id_} at {place[1]!r}"
    else:
        return
    yield Discrepancy(index_place(kind, name, key), f"{id_} at {order!r}", expected)


def wrongly_owned(
    name: str, value: str, kind: str, id_: str, held: RecordRow | None
) -> Iterator[Discrepancy]:
    """What is wrong with the owner of a unique value. `held` as for `wrongly_listed`."""
    if held is None or held.uniques.get(name) != value:
        expected = NOTHING if held else f"{NOTHING}, for there is no such record"
        yield Discrepancy(unique_place(name, value), f"{kind}/{id_}", expected)


def wrong_ceiling(quota: str, taken: int, capacity: int | None, ceiling: int | None) -> Iterator[Discrepancy]:
    """What is wrong with the ceiling of a quota: the capacity, or what is taken where that is more."""
    expected = None if capacity is None else max(capacity, taken)
    if ceiling != expected:
        shown = [f"a ceiling of {each}" for each in (ceiling, expected)]
        yield Discrepancy(f"quota {quota}", *shown)


class Lanes:
    """Told the notices of a conference by lane and place, it says which of them is the head of its lane."""

    def __init__(self) -> None:
        self._lane: str | None = None
        self._headed = False

    def is_head(self, lane: str, state: str) -> bool:
        """Whether the next notice is the lowest of its lane that is not final: only that may be leased."""
        if lane != self._lane:
            self._lane, self._headed = lane, False
        if state in FINAL or self._headed:
            return False
        self._headed = True
        return True


def wrongly_ready(key: str, found: int | None, expected: int | None) -> Iterator[Discrepancy]:
    """What is wrong with the time from which a notice may be leased, in microseconds since 1970; None = never."""
    if found != expected:
        yield Discrepancy(f"notice {key}", _leasable(found), _leasable(expected))


def no_time(key: str, stamp: int | None) -> Iterator[Discrepancy]:
    """What is wrong with a time of a notice, in microseconds since 1970; None is nothing."""
    if stamp is not None and _moment(stamp) is None:
        yield Discrepancy(f"notice {key}", f"{stamp} microseconds since 1970", "a time before the year 10000")


def _leasable(since: int | None) -> str:
    return "not to be leased" if since is None else f"to be leased from {_moment(since) or since}"


def _moment(stamp: int) -> str | None:
    try:
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=stamp)).isoformat()
    except OverflowError:
        return None
