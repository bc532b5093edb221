"""The rows of one conference in memory: enough for `evaluate`, and with sorted indexes to be searched."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TypeVar

from attrs import Factory, define

from ..ports import DumpedRow, Record
from .cursor import sort_key
from .dump import entry_line, notice_line, quota_line, record_line, seal_line
from .rows import (
    ENTRY,
    FINAL,
    NOTICE,
    Effects,
    EntryRow,
    NoticeRow,
    Position,
    QuotaRow,
    RecordRow,
    entry_record,
    notice_record,
    record_of,
)

K = TypeVar("K")
V = TypeVar("V")

IndexRow = tuple[str, str, str, int | str]
"""(kind, index, key, order): a row of an index, without the id of the record."""


@define
class Rows:
    """A `View` over plain mappings, to which effects can be applied. A store may fill it with the touched rows only."""

    entries: dict[str, EntryRow] = Factory(dict)
    records: dict[tuple[str, str], RecordRow] = Factory(dict)
    owners: dict[tuple[str, str], tuple[str, str]] = Factory(dict)
    quotas: dict[str, QuotaRow] = Factory(dict)
    notices: dict[str, NoticeRow] = Factory(dict)
    seals: set[int] = Factory(set)

    def entry(self, id_: str) -> EntryRow | None:
        """The log entry with this id."""
        return self.entries.get(id_)

    def record(self, kind: str, id_: str) -> RecordRow | None:
        """The record of this kind with this id."""
        return self.records.get((kind, id_))

    def owner(self, unique: str, value: str) -> tuple[str, str] | None:
        """(kind, id) of the record that has this unique value."""
        return self.owners.get((unique, value))

    def quota(self, quota: str) -> QuotaRow | None:
        """The quota, if it was ever limited."""
        return self.quotas.get(quota)

    def notice(self, key: str) -> NoticeRow | None:
        """The notice with this key."""
        return self.notices.get(key)

    def has_seal(self, number: int) -> bool:
        """Whether a seal has this number."""
        return number in self.seals

    def apply(self, effects: Effects) -> None:
        """Make the rows what they are after the change set."""
        self.entries.update(effects.entries)
        self.quotas.update(effects.quotas)
        self.notices.update(effects.notices)
        self.seals.update(effects.seals)
        _replace(self.records, effects.records.items())
        _replace(self.owners, effects.owners.items())


def _replace(rows: dict[K, V], changes: Iterable[tuple[K, V | None]]) -> None:
    for key, row in changes:
        if row is None:
            rows.pop(key, None)
        else:
            rows[key] = row


@define
class Tables(Rows):
    """All rows of one conference, with the indexes that `find` and `lease` walk."""

    indexes: dict[tuple[str, str, str], list[tuple[bool, int | bytes, bytes]]] = Factory(dict)
    lanes: dict[str, list[tuple[int, str]]] = Factory(dict)

    def apply(self, effects: Effects) -> None:
        """Make the rows and their indexes what they are after the change set."""
        for (kind, id_), record in effects.records.items():
            held = self.records.get((kind, id_))
            self._reindex(id_, record_rows(kind, held), record_rows(kind, record))
        for id_, entry in effects.entries.items():
            self._reindex(id_, entry_rows(self.entries.get(id_)), entry_rows(entry))
        for key, notice in effects.notices.items():
            self.place_notice(key, notice)
        super().apply(effects)

    def place_notice(self, key: str, row: NoticeRow) -> None:
        """Write one notice, its index rows and its lane."""
        held = self.notices.get(key)
        self._reindex(key, notice_rows(held), notice_rows(row))
        waits, waited = row.state not in FINAL, held is not None and held.state not in FINAL
        if waits and not waited:
            insort(self.lanes.setdefault(row.lane, []), (row.place, key))
        elif waited and not waits:
            self.lanes[row.lane].remove((row.place, key))
            if not self.lanes[row.lane]:
                del self.lanes[row.lane]
        self.notices[key] = row

    def _reindex(self, id_: str, old: set[IndexRow], new: set[IndexRow]) -> None:
        for kind, index, key, order in old - new:
            rows = self.indexes[kind, index, key]
            del rows[bisect_left(rows, sort_key((order, id_)))]
            if not rows:
                del self.indexes[kind, index, key]
        for kind, index, key, order in new - old:
            insort(self.indexes.setdefault((kind, index, key), []), sort_key((order, id_)))

    def page(
        self, kind: str, index: str, key: str, after: Position | None, limit: int
    ) -> tuple[list[Record], Position | None]:
        """At most `limit` records after a position, and the last one's position if there are more."""
        rows = self.indexes.get((kind, index, key), [])
        start = 0 if after is None else bisect_right(rows, sort_key(after))
        chosen = rows[start : start + limit]
        records = [record for row in chosen if (record := self.read(kind, row[2].decode())) is not None]
        if start + limit >= len(rows):
            return records, None
        _, order, id_ = chosen[-1]
        return records, (order.decode() if isinstance(order, bytes) else order, id_.decode())

    def read(self, kind: str, id_: str) -> Record | None:
        """The record as a reader gets it, also of the reserved kinds."""
        if kind == NOTICE:
            notice = self.notices.get(id_)
            return None if notice is None else notice_record(id_, notice)
        if kind == ENTRY:
            entry = self.entries.get(id_)
            return None if entry is None else entry_record(id_, entry)
        record = self.records.get((kind, id_))
        return None if record is None else record_of(kind, id_, record)

    def lines(self) -> Iterator[DumpedRow]:
        """All rows as plain data, in the order of `dump`."""
        entries = sorted(self.entries.items(), key=lambda item: (item[1].seq, item[0].encode()))
        yield from (entry_line(*item) for item in entries)
        yield from (seal_line(number) for number in sorted(self.seals))
        for quota in sorted(self.quotas, key=str.encode):
            yield quota_line(quota, self.quotas[quota])
        for kind, id_ in sorted(self.records, key=lambda key: (key[0].encode(), key[1].encode())):
            yield record_line(kind, id_, self.records[kind, id_])
        yield from (
            notice_line(*item) for item in sorted(self.notices.items(), key=lambda item: item[1].place)
        )

    def due(self, now: datetime) -> list[tuple[datetime, int, str]]:
        """(since when, place, key) of the notices that may be leased now: the lowest of each lane, where it is due."""
        heads = ((key, self.notices[key]) for ((_, key), *_) in self.lanes.values())
        return [
            (row.ready, row.place, key) for key, row in heads if row.ready is not None and row.ready <= now
        ]


def record_rows(kind: str, row: RecordRow | None) -> set[IndexRow]:
    """The index rows of a record: those it declares, and one for each unique value."""
    if row is None:
        return set()
    declared = {(kind, name, key, order) for name, (key, order) in row.indexes.items()}
    return declared | {(kind, name, value, "") for name, value in row.uniques.items()}


def notice_rows(row: NoticeRow | None) -> set[IndexRow]:
    """The index rows of a notice."""
    if row is None:
        return set()
    rows: set[IndexRow] = {(NOTICE, "state", row.state, row.place)}
    return rows | ({(NOTICE, "person", row.person, row.place)} if row.person else set())


def entry_rows(row: EntryRow | None) -> set[IndexRow]:
    """The index rows of a log entry."""
    if row is None:
        return set()
    rows: set[IndexRow] = {(ENTRY, "all", "", row.seq)}
    if not row.sealed:
        rows.add((ENTRY, "unsealed", "", row.seq))
    if row.person:
        rows.add((ENTRY, "person", row.person, row.seq))
    if row.subject:
        rows.add((ENTRY, "subject", row.subject, row.seq))
    return rows
