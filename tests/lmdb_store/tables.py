"""The rows of one conference in LMDB: what is kept under which key.

LMDB keys have at most 511 bytes. Rows are found by a digest of their key. What must be walked in order is a list: its
entries are kept under the digest of the list and their place, of which as many bytes as fit are in the key; the rest is
a digest, and entries that begin alike are sorted when they are read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from heapq import merge
from itertools import groupby, takewhile
from typing import Any, TypeVar, get_args

import lmdb

from conferencekit.ports import DumpedRow, NoticeState, Record
from conferencekit.store import (
    ENTRY,
    FINAL,
    NOTICE,
    Effects,
    EntryRow,
    NoticeRow,
    Position,
    QuotaRow,
    RecordRow,
    entry_line,
    entry_record,
    entry_rows,
    notice_line,
    notice_record,
    notice_rows,
    quota_line,
    record_line,
    record_of,
    record_rows,
    row_from_json,
    row_to_json,
    seal_line,
)

HEAD = 400  # bytes of a place that are in its key
WALKED = (
    "seal",
    "quota",
    "record",
)  # those that a dump reads in the order of their keys; the others have an index
CONFERENCE = b"conference."
T = TypeVar("T")
Row = TypeVar("Row", RecordRow, EntryRow, QuotaRow, NoticeRow)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Tables:
    """What is kept of one conference, within a transaction."""

    def __init__(self, txn: lmdb.Transaction[bytes], conference: str) -> None:
        self.txn = txn
        self.conference = conference

    # Rows by their key

    def _key(self, *parts: object) -> bytes:
        return b"row." + digest(self.conference, *parts)

    def _read(self, *parts: object) -> Any:
        held = self.txn.get(self._key(*parts))
        return None if held is None else json.loads(held)

    def _row(self, kind: type[Row], *parts: str) -> Row | None:
        held = self.txn.get(self._key(*parts))
        return None if held is None else row_from_json(kind, held)

    def _write(self, text_: str, table: str, *key: str | int) -> None:
        self.txn.put(self._key(table, *key), text_.encode())
        if table in WALKED:
            List(self.txn, table, self.conference).add(place_of(*key), key)

    def _delete(self, table: str, *key: str | int) -> None:
        self.txn.delete(self._key(table, *key))
        if table in WALKED:
            List(self.txn, table, self.conference).remove(place_of(*key))

    def last_seq(self) -> int:
        """The seq of the last commit, 0 = none."""
        held = self.txn.get(CONFERENCE + digest(self.conference))
        return 0 if held is None else int(json.loads(held)[1])

    def record(self, kind: str, id_: str) -> RecordRow | None:
        return self._row(RecordRow, "record", kind, id_)

    def owner(self, unique: str, value: str) -> tuple[str, str] | None:
        held = self._read("owner", unique, value)
        return None if held is None else (held[0], held[1])

    def quota(self, quota: str) -> QuotaRow | None:
        return self._row(QuotaRow, "quota", quota)

    def notice(self, key: str) -> NoticeRow | None:
        return self._row(NoticeRow, "notice", key)

    def entry(self, id_: str) -> EntryRow | None:
        return self._row(EntryRow, "entry", id_)

    def has_seal(self, number: int) -> bool:
        return self._read("seal", number) is not None

    # Commit

    def write(self, after: Effects) -> None:
        """Make the rows what they are afterwards. Those that are held until now say which index rows go."""
        for (kind, id_), record in after.records.items():
            self._replace(id_, record_rows(kind, self.record(kind, id_)), record_rows(kind, record))
            if record is None:
                self._delete("record", kind, id_)
            else:
                self._write(row_to_json(record), "record", kind, id_)
        for (unique, value), owner in after.owners.items():
            if owner is None:
                self._delete("owner", unique, value)
            else:
                self._write(json.dumps(owner), "owner", unique, value)
        for name, quota in after.quotas.items():
            self._write(row_to_json(quota), "quota", name)
        for key, notice in after.notices.items():
            self.put_notice(key, self.notice(key), notice)
        for id_, entry in after.entries.items():
            self._replace(id_, entry_rows(self.entry(id_)), entry_rows(entry))
            self._write(row_to_json(entry), "entry", id_)
        for seal in after.seals:
            self._write("true", "seal", seal)
        held = json.dumps((self.conference, max(after.seq, self.last_seq()))).encode()
        self.txn.put(CONFERENCE + digest(self.conference), held)

    def put_notice(self, key: str, old: NoticeRow | None, new: NoticeRow) -> None:
        """Write a notice, and keep the lists of what may be lent."""
        before = self._first_ready(new.lane)
        self._replace(key, notice_rows(old), notice_rows(new))
        self._write(row_to_json(new), "notice", key)
        lane = List(self.txn, "lane", self.conference, new.lane)
        if new.state in FINAL:
            lane.remove(number(new.place))
        else:
            lane.add(number(new.place), key)
        after = self._first_ready(new.lane)
        for ready in (List(self.txn, "ready"), List(self.txn, "ready", self.conference)):
            if before is not None:
                ready.remove(before[0])
            if after is not None:
                ready.add(*after)

    def _first_ready(self, lane: str) -> tuple[bytes, object] | None:
        """Where the lowest notice of the lane that is not final stands in the lists of what may be lent."""
        for _, key in List(self.txn, "lane", self.conference, lane).walk():
            row = self.notice(key)
            if row is not None and row.ready is not None:
                place = moment(row.ready) + text(self.conference) + b"\0" + number(row.place)
                return place, (self.conference, key)
            break
        return None

    def _replace(self, id_: str, old: set[Any], new: set[Any]) -> None:
        for kind, index, key, order in old - new:
            self._index(kind, index, key).remove(place_of(order, id_))
        for kind, index, key, order in new - old:
            self._index(kind, index, key).add(place_of(order, id_), (order, id_))

    # Read

    def _index(self, kind: str, index: str, key: str) -> List:
        return List(self.txn, "index", self.conference, kind, index, key)

    def places(self, kind: str, index: str, key: str, after: Position | None) -> Iterator[Position]:
        """The (order, id) of an index, ascending, those after a position."""
        start = b"" if after is None else place_of(*after)
        for _, (order, id_) in self._index(kind, index, key).walk(start):
            yield order, id_

    def answer(self, kind: str, id_: str) -> Record | None:
        """The record as a reader gets it, also of the reserved kinds."""
        if kind == NOTICE:
            notice = self.notice(id_)
            return None if notice is None else notice_record(id_, notice)
        if kind == ENTRY:
            entry = self.entry(id_)
            return None if entry is None else entry_record(id_, entry)
        record = self.record(kind, id_)
        return None if record is None else record_of(kind, id_, record)

    # Dump

    def lines(self) -> Iterator[DumpedRow]:
        """All rows as plain data, in the order of `dump`."""
        for _, id_ in self.places(ENTRY, "all", "", None):
            yield entry_line(id_, present(self.entry(id_)))
        for (number_,) in self._keys("seal"):
            yield seal_line(number_)
        for (name,) in self._keys("quota"):
            yield quota_line(name, present(self.quota(name)))
        for kind, id_ in self._keys("record"):
            yield record_line(kind, id_, present(self.record(kind, id_)))
        states = (self.places(NOTICE, "state", state, None) for state in get_args(NoticeState))
        for _, key in merge(*states):
            yield notice_line(key, present(self.notice(key)))

    def _keys(self, table: str) -> Iterator[Any]:
        return (key for _, key in List(self.txn, table, self.conference).walk())


class List:
    """Values in the order of the bytes of their places, each place once."""

    def __init__(self, txn: lmdb.Transaction[bytes], *name: str) -> None:
        self.txn = txn
        self.head = b"list." + digest(*name)

    def _key(self, place: bytes) -> bytes:
        rest = sha256(place).digest() if len(place) > HEAD else b""
        return self.head + place[:HEAD] + rest

    def add(self, place: bytes, value: object) -> None:
        self.txn.put(self._key(place), len(place).to_bytes(4) + place + json.dumps(value).encode())

    def remove(self, place: bytes) -> None:
        self.txn.delete(self._key(place))

    def walk(self, after: bytes = b"") -> Iterator[tuple[bytes, Any]]:
        """(place, value) of all whose place is higher."""
        width = len(self.head) + HEAD
        with self.txn.cursor() as cursor:
            if not cursor.set_range(self.head + after[:HEAD]):
                return
            held = takewhile(lambda item: item[0].startswith(self.head), cursor)
            for _, alike in groupby(held, lambda item: item[0][:width]):
                for place, value in sorted(parted(both) for _, both in alike):
                    if place > after:
                        yield place, json.loads(value)


def conferences(txn: lmdb.Transaction[bytes]) -> list[str]:
    """All that something was committed to, in the order of their bytes."""
    with txn.cursor() as cursor:
        cursor.set_range(CONFERENCE)
        held = takewhile(lambda item: item[0].startswith(CONFERENCE), cursor)
        return sorted((json.loads(value)[0] for _, value in held), key=text)


def parted(both: bytes) -> tuple[bytes, bytes]:
    """(place, value) of an entry of a list."""
    end = 4 + int.from_bytes(both[:4])
    return both[4:end], both[end:]


def present(row: T | None) -> T:
    """The row that a list names."""
    if row is None:
        raise ValueError("a row that is listed is missing")
    return row


def text(value: str) -> bytes:
    """Its UTF-8; half of a surrogate pair, which is never stored, becomes bytes that no text has."""
    return value.encode("utf-8", "surrogatepass")


def number(value: int) -> bytes:
    """64 bits whose bytes are in the order of the numbers."""
    return (value + 2**63).to_bytes(8)


def moment(value: datetime) -> bytes:
    return number((value - EPOCH) // timedelta(microseconds=1))


def place_of(*parts: int | str) -> bytes:
    """As `sort_key`, in bytes: no text has a NUL, so a text that ends comes before one that goes on."""
    return b"".join(
        b"\0" + number(part) if isinstance(part, int) else b"\1" + text(part) + b"\0" for part in parts
    )


def digest(*parts: object) -> bytes:
    """A key of 32 bytes. JSON keeps the parts apart, and knows half of a surrogate pair."""
    return sha256(json.dumps(parts).encode()).digest()
