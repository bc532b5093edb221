"""Auditing a store: what its tables say is computed again from its records, and every difference is reported.

It knows nothing of conferences. `taken` of a quota is the sum of what the records take of it; a unique value has one
owner; an index lists exactly the rows that belong there, each under a seal that exists or none. Whoever writes at the
same time causes differences that are none: audit a store that rests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

from attrs import define, field, frozen

from ..limits import PAGE
from ..ports import Dumpable, DumpedRow, Store
from .rows import ENTRY, NOTICE

_STATES: Final = ("queued", "held", "sent", "failed")
_SHOWN: Final = 5

Place = tuple[str, str, str]
"""(kind, index, key): where `find` looks."""


class AuditedStore(Store, Dumpable, Protocol):
    """A store that can tell all its rows."""


@frozen
class Discrepancy:
    """Something that a store says and its rows do not. `where` names the table and the key."""

    where: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.where}: found {self.found}, expected {self.expected}"


@define
class _Expected:
    """What the rows say so far. Of each place only a count and a sum of hashes are kept."""

    taken: Counter[str] = field(factory=Counter)
    counted: dict[str, int] = field(factory=dict)
    listed: dict[Place, tuple[int, int]] = field(factory=dict)
    seals: set[int] = field(factory=set)
    sealed: dict[int, str] = field(factory=dict)


def audit(
    store: AuditedStore, conference: str, *, progress: Callable[[int], None] = lambda _: None
) -> Iterator[Discrepancy]:
    """Every difference between the tables of a conference and its rows; nothing if all is well.

    Memory grows with the number of different keys of indexes, not with the rows. `progress` is called with the number
    of rows read so far.
    """
    expected = _Expected()
    for state in _STATES:
        expected.listed[NOTICE, "state", state] = (0, 0)
    expected.listed[ENTRY, "all", ""] = expected.listed[ENTRY, "unsealed", ""] = (0, 0)
    for number, row in enumerate(store.dump(conference), start=1):
        _expect(expected, row)
        yield from _owners(store, conference, row)
        if number % PAGE == 0:
            progress(number)
    yield from _quotas(expected)
    yield from _seals(expected)
    for place, sums in sorted(expected.listed.items()):
        if _sums(store, conference, place) != sums:
            yield _listed(store, conference, place)


def _expect(expected: _Expected, row: DumpedRow) -> None:
    value: Any = row.value
    match row.table:
        case "entry":
            expected.sealed.setdefault(value["sealed"], str(row.key[-1]))
        case "seal":
            expected.seals.add(int(row.key[0]))
        case "quota":
            expected.counted[str(row.key[0])] = value["taken"]
        case "record":
            expected.taken.update(value["takes"])
    for place in places(row):
        count, hashes = expected.listed.get(place, (0, 0))
        expected.listed[place] = (count + 1, hashes + hash(row.key[-1]))


def places(row: DumpedRow) -> Iterator[Place]:
    """Where `find` must list a row, its unique values left out."""
    value: Any = row.value
    if row.table == "record":
        kind = str(row.key[0])
        yield from ((kind, name, key) for name, (key, _) in value["indexes"].items())
    elif row.table == "notice":
        yield NOTICE, "state", value["state"]
        yield from ((NOTICE, "person", each) for each in (value["person"],) if each)
    elif row.table == "entry":
        yield ENTRY, "all", ""
        yield from ((ENTRY, "unsealed", "") for _ in range(not value["sealed"]))
        yield from ((ENTRY, name, value[name]) for name in ("person", "subject") if value[name])


def _owners(store: Store, conference: str, row: DumpedRow) -> Iterator[Discrepancy]:
    if row.table != "record" or row.value is None:
        return
    uniques: Any = row.value["uniques"]
    kind, id_ = map(str, row.key)
    for name, value in uniques.items():
        owners, _ = store.find(conference, kind, name, value, limit=2)
        if [owner.id for owner in owners] != [id_]:
            found = ", ".join(f"{kind}/{owner.id}" for owner in owners) or "nobody"
            yield Discrepancy(f"unique {name}={value!r}", found, f"{kind}/{id_}")


def _quotas(expected: _Expected) -> Iterator[Discrepancy]:
    for quota in sorted(expected.taken.keys() | expected.counted.keys()):
        taken = expected.taken[quota]
        found = expected.counted.get(quota)
        if found != taken:
            shown = "no such quota" if found is None else f"{found} taken"
            yield Discrepancy(f"quota {quota}", shown, f"{taken} taken")


def _seals(expected: _Expected) -> Iterator[Discrepancy]:
    for number, entry in sorted(expected.sealed.items()):
        if number and number not in expected.seals:
            yield Discrepancy(f"entry {entry}", f"sealed under {number}", "a seal with this number")


def _ids(store: Store, conference: str, place: Place) -> Iterator[str]:
    kind, index, key = place
    after = None
    while True:
        records, after = store.find(conference, kind, index, key, after=after, limit=PAGE)
        yield from (record.id for record in records)
        if after is None:
            return


def _sums(store: Store, conference: str, place: Place) -> tuple[int, int]:
    count = hashes = 0
    for id_ in _ids(store, conference, place):
        count += 1
        hashes += hash(id_)
    return count, hashes


def _listed(store: AuditedStore, conference: str, place: Place) -> Discrepancy:
    """What is wrong with a place: read again, now with the ids."""
    found = Counter(_ids(store, conference, place))
    expected = Counter(str(row.key[-1]) for row in store.dump(conference) if place in places(row))
    kind, index, key = place
    return Discrepancy(f"index {index}={key!r} of {kind}", _few(found - expected), _few(expected - found))


def _few(ids: Counter[str]) -> str:
    if not ids:
        return "nothing else"
    shown = ", ".join(sorted(ids)[:_SHOWN])
    return f"{shown} and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else shown
