"""Auditing a store: what its tables say is computed again from its records, and every difference is reported.

It knows nothing of conferences. `taken` of a quota is the sum of what the records take of it; a unique value has one
owner; an index lists exactly the rows that belong there, each under a seal that exists or none; every row was written
by a commit that the log has. What only the store itself can see, it is asked for (`ports.Auditable`). Whoever writes
at the same time causes differences that are none: audit a store that rests.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from typing import Any, Final, Protocol

from attrs import define, field

from ..errors import StoreUnavailable
from ..limits import PAGE
from ..ports import NOTICE_STATES, Auditable, Discrepancy, Dumpable, DumpedRow, Store
from .derived import NOTHING, index_place, unique_place
from .rows import ENTRY, FINAL, NOTICE, seq_of

_SHOWN: Final = 5
_NAMED: Final = 50  # places of which the ids are told, for which the rows are read again
_PLACES: Final = 200_000
"""How many places of indexes are kept in memory at once, some 300 bytes each: for more, the rows are read again."""

Place = tuple[str, str, str]
"""(kind, index, key): where `find` looks."""


class AuditedStore(Store, Dumpable, Protocol):
    """A store that can tell all its rows."""


@define
class _Share:
    """The places of indexes that one reading of the rows looks at: those with this remainder.

    Of each place only a count and a sum of hashes are kept. Where there are too many, half is left for another reading.
    """

    modulus: int = 1
    remainder: int = 0
    listed: dict[Place, tuple[int, int]] = field(factory=dict)
    left: list[tuple[int, int]] = field(factory=list)

    def add(self, place: Place, id_: str | None = None) -> None:
        """Expect an id, or nothing yet, at a place."""
        if hash(place) % self.modulus != self.remainder:
            return
        count, hashes = self.listed.get(place, (0, 0))
        self.listed[place] = (count, hashes) if id_ is None else (count + 1, hashes + hash(id_))
        if len(self.listed) > _PLACES:
            self._halve()

    def _halve(self) -> None:
        self.left.append((2 * self.modulus, self.remainder + self.modulus))
        self.modulus *= 2
        kept = {
            place: sums for place, sums in self.listed.items() if hash(place) % self.modulus == self.remainder
        }
        self.listed = kept


@define
class _Expected:
    """What the rows say so far, the places of indexes aside."""

    taken: Counter[str] = field(factory=Counter)
    counted: dict[str, int] = field(factory=dict)
    seals: set[int] = field(factory=set)
    sealed: dict[int, str] = field(factory=dict)
    commits: array[int] = field(factory=lambda: array("q"))  # ascending, as entries are dumped

    def has_commit(self, seq: int) -> bool:
        """Whether the log has an entry of this commit."""
        at = bisect_left(self.commits, seq)
        return at < len(self.commits) and self.commits[at] == seq


def audit(
    store: AuditedStore, conference: str, *, progress: Callable[[int], None] = lambda _: None
) -> Iterator[Discrepancy]:
    """Every difference between the tables of a conference and its rows; nothing if all is well.

    Memory grows with the commits (8 bytes each), quotas and seals, not with the rows: where an index has very many
    keys, the rows are read more than once. `progress` is called with the number of rows read so far.
    """
    told: set[str] = set()
    try:
        for found in _public(store, conference, progress):
            told.add(found.where)
            yield found
    except StoreUnavailable as error:
        if not isinstance(store, Auditable):
            raise
        unread = Discrepancy("rows", error.reason, "rows that can be read")
        told.add(unread.where)
        yield unread
    if isinstance(store, Auditable):
        try:
            with closing(store.faults(conference)) as faults:
                yield from (found for found in faults if found.where not in told)
        except StoreUnavailable:
            if "rows" not in told:
                raise  # else it was said already that there are rows that nobody can read


def _public(store: AuditedStore, conference: str, progress: Callable[[int], None]) -> Iterator[Discrepancy]:
    """What everybody can see by `dump` and `find`."""
    expected, share, counted = _Expected(), _Share(), count(1)
    for row in _dumped(store, conference, counted, progress):
        _expect(expected, row)
        _locate(share, row)
        yield from _row(expected, row)
        yield from _owners(store, conference, row)
    yield from _quotas(expected)
    yield from _seals(expected)
    yield from _places(store, conference, share)
    while share.left:
        share = _Share(*share.left.pop(), left=share.left)
        for row in _dumped(store, conference, counted, progress):
            _locate(share, row)
        yield from _places(store, conference, share)


def _dumped(
    store: AuditedStore, conference: str, counted: Iterator[int], progress: Callable[[int], None]
) -> Iterator[DumpedRow]:
    with closing(store.dump(conference)) as rows:
        for row in rows:
            yield row
            number = next(counted)
            if number % PAGE == 0:
                progress(number)


_ALWAYS: Final[tuple[Place, ...]] = (
    *((NOTICE, "state", state) for state in NOTICE_STATES),
    (ENTRY, "all", ""),
    (ENTRY, "unsealed", ""),
)


def _expect(expected: _Expected, row: DumpedRow) -> None:
    value: Any = row.value
    match row.table:
        case "entry":
            expected.sealed.setdefault(value["sealed"], str(row.key[-1]))
            expected.commits.append(int(row.key[0]))
        case "seal":
            expected.seals.add(int(row.key[0]))
        case "quota":
            expected.counted[str(row.key[0])] = value["taken"]
        case "record":
            expected.taken.update(value["takes"])


def _locate(share: _Share, row: DumpedRow) -> None:
    for place in places(row):
        share.add(place, str(row.key[-1]))


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


def _row(expected: _Expected, row: DumpedRow) -> Iterator[Discrepancy]:
    """What is wrong with a row by itself."""
    value: Any = row.value
    if row.table == "record":
        where = f"record {row.key[0]}/{row.key[1]}"
        yield from _written(expected, where, value["seq"])
        if value["version"] < 1:
            yield Discrepancy(where, f"version {value['version']}", "1 or more")
    elif row.table == "entry" and value["body"] is None:
        yield from _forgotten(f"entry {row.key[-1]}", value["person"], value["subject"])
    elif row.table == "entry":
        yield from _about(f"entry {row.key[-1]}", value)
    elif row.table == "notice":
        where = f"notice {row.key[-1]}"
        yield from _written(expected, where, seq_of(int(row.key[0])))
        yield from _notice(where, value)


def _written(expected: _Expected, where: str, seq: int) -> Iterator[Discrepancy]:
    if not expected.has_commit(seq):
        yield Discrepancy(where, f"written by the commit {seq}", "a commit that the log has")


def _about(where: str, value: Any) -> Iterator[Discrepancy]:
    said = value["body"].get("subject")
    subject = said if isinstance(said, str) else ""
    if value["subject"] != subject:
        yield Discrepancy(where, f"the subject {value['subject']!r}", repr(subject))


def _forgotten(where: str, *values: str) -> Iterator[Discrepancy]:
    """What was redacted names nobody any more."""
    if any(values):
        yield Discrepancy(where, f"redacted, and still with {', '.join(filter(None, values))}", NOTHING)


def _notice(where: str, value: Any) -> Iterator[Discrepancy]:
    state, token, until = value["state"], value["token"], value["until"]
    if state not in NOTICE_STATES:
        yield Discrepancy(where, f"the state {state!r}", " or ".join(NOTICE_STATES))
    if token < 0:
        yield Discrepancy(where, f"the token {token}", "0 or more")
    if until is not None and (state != "queued" or token < 1):
        yield Discrepancy(where, f"{state}, with the token {token} and lent until {until}", "not lent")
    if value["body"] is None:
        yield from _forgotten(where, value["person"])
        if state not in FINAL:
            yield Discrepancy(where, f"{state} without a body", "a body, or one that was sent or failed")


def _owners(store: Store, conference: str, row: DumpedRow) -> Iterator[Discrepancy]:
    if row.table != "record" or row.value is None:
        return
    uniques: Any = row.value["uniques"]
    kind, id_ = map(str, row.key)
    for name, value in uniques.items():
        owners, _ = store.find(conference, kind, name, value, limit=2)
        if [owner.id for owner in owners] != [id_]:
            found = ", ".join(f"{kind}/{owner.id}" for owner in owners) or "nobody"
            yield Discrepancy(unique_place(name, value), found, f"{kind}/{id_}")


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
    for number in sorted(expected.seals - expected.sealed.keys()):
        yield Discrepancy(f"seal {number}", "no entry that is sealed under it", "at least one")


def _places(store: AuditedStore, conference: str, share: _Share) -> Iterator[Discrepancy]:
    for place in _ALWAYS:
        share.add(place)
    wrong = 0
    for place, sums in sorted(share.listed.items()):
        found = _sums(store, conference, place)
        if found != sums:
            wrong += 1
            listed = _listed(store, conference, place) if wrong <= _NAMED else None
            yield listed or Discrepancy(index_place(*place), *(f"{count} ids" for count, _ in (found, sums)))


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
    return Discrepancy(index_place(kind, index, key), _few(found - expected), _few(expected - found))


def _few(ids: Counter[str]) -> str:
    if not ids:
        return "nothing else"
    shown = ", ".join(sorted(ids)[:_SHOWN])
    return f"{shown} and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else shown
