"""All rows of a conference in a SQLite store, out and in again, for audits, copies and backups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ..ports import DumpedRow
from ..store import (
    Effects,
    EntryRow,
    NoticeRow,
    QuotaRow,
    Rows,
    entry_line,
    notice_line,
    quota_line,
    record_line,
    restored,
    seal_line,
)
from .sqlite_driver import sqlite3
from .sqlite_rows import NOTICE_COLUMNS, Values, held_record, holds_of, listings_of, move_up, notice_of, stamp


def dump(reader: sqlite3.Connection, conference: str) -> Iterator[DumpedRow]:
    """The rows as they are at the first one. The connection is in a transaction of its own."""
    mine = (conference,)
    for id_, *columns in reader.execute(_ENTRIES, mine):
        yield entry_line(id_, EntryRow(*columns))
    for (number,) in reader.execute(_SEALS, mine):
        yield seal_line(number)
    for quota, taken, capacity in reader.execute(_QUOTAS, mine):
        yield quota_line(quota, QuotaRow(taken, capacity))
    for kind, id_, version, seq, text, holds in reader.execute(_RECORDS, mine):
        yield record_line(kind, id_, held_record(version, seq, text, holds))
    for columns in reader.execute(_NOTICES, mine):
        yield notice_line(columns[0], notice_of(columns))


def restore(writer: sqlite3.Connection, conference: str, rows: Sequence[DumpedRow]) -> None:
    """Write rows as they are, within the transaction that is open."""
    effects = restored(rows, Rows())
    if not rows:
        return
    writer.execute(_CONFERENCE, (conference, effects.seq))
    entries = [
        (conference, row.seq, id_, row.digest, row.text, row.person, row.subject, row.sealed)
        for id_, row in effects.entries.items()
    ]
    writer.executemany("INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?)", entries)
    seals = [(conference, number) for number in effects.seals]
    writer.executemany("INSERT OR IGNORE INTO seal VALUES (?, ?)", seals)
    quotas = [
        (conference, id_, row.taken, row.capacity, _ceiling(row)) for id_, row in effects.quotas.items()
    ]
    writer.executemany("INSERT OR REPLACE INTO quota VALUES (?, ?, ?, ?, ?)", quotas)
    _restore_records(writer, conference, effects)
    _restore_notices(writer, conference, effects)


def _ceiling(row: QuotaRow) -> int | None:
    return None if row.capacity is None else max(row.capacity, row.taken)


def _restore_records(writer: sqlite3.Connection, conference: str, effects: Effects) -> None:
    for kind, id_ in effects.records:
        _remove(writer, conference, kind, id_)
    for (kind, id_), row in effects.records.items():
        if row is None:
            continue
        values = (conference, kind, id_, row.version, row.seq, row.text, holds_of(row))
        writer.execute("INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?)", values)
        listed = [(conference, kind, *listing, id_) for listing in listings_of(row)]
        writer.executemany("INSERT INTO listing VALUES (?, ?, ?, ?, ?, ?)", listed)
        claimed = [(conference, *claim, kind, id_) for claim in row.uniques.items()]
        writer.executemany("INSERT OR REPLACE INTO claim VALUES (?, ?, ?, ?, ?)", claimed)


def _remove(writer: sqlite3.Connection, conference: str, kind: str, id_: str) -> None:
    """Take a record out, with all that it holds. A unique value that has moved on stays where it is."""
    found = writer.execute(_HOLDS, (conference, kind, id_)).fetchone()
    if found is None:
        return
    held = held_record(1, 0, "", found[0])
    writer.executemany(_UNLIST, [(conference, kind, *listing, id_) for listing in listings_of(held)])
    writer.executemany(_RELEASE, [(conference, *claim, kind, id_) for claim in held.uniques.items()])
    writer.execute("DELETE FROM record WHERE conference = ? AND kind = ? AND id = ?", (conference, kind, id_))


def _restore_notices(writer: sqlite3.Connection, conference: str, effects: Effects) -> None:
    values = [_notice(conference, key, row) for key, row in effects.notices.items()]
    writer.executemany("INSERT OR REPLACE INTO notice VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    for lane in {row.lane for row in effects.notices.values()}:
        writer.execute("UPDATE notice SET ready = NULL WHERE conference = ? AND lane = ?", (conference, lane))
        move_up(writer, conference, lane)


def _notice(conference: str, key: str, row: NoticeRow) -> Values:
    until = None if row.until is None else stamp(row.until)
    written = (conference, key, row.place, row.text, stamp(row.due), row.lane, row.person)
    return (*written, row.state, row.token, until, row.note, row.sha256, None)


_ENTRIES: Final = (
    "SELECT id, seq, digest, body, person, subject, sealed FROM entry WHERE conference = ? ORDER BY seq"
)
_SEALS: Final = "SELECT number FROM seal WHERE conference = ? ORDER BY number"
_QUOTAS: Final = "SELECT id, taken, capacity FROM quota WHERE conference = ? ORDER BY id"
_RECORDS: Final = (
    "SELECT kind, id, version, seq, body, holds FROM record WHERE conference = ? ORDER BY kind, id"
)
_NOTICES: Final = f"SELECT {NOTICE_COLUMNS} FROM notice WHERE conference = ? ORDER BY place"  # noqa: S608 - no outside text
_CONFERENCE: Final = (
    "INSERT INTO conference VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET seq = max(seq, excluded.seq)"
)
_HOLDS: Final = "SELECT holds FROM record WHERE conference = ? AND kind = ? AND id = ?"
_UNLIST: Final = """
    DELETE FROM listing WHERE conference = ? AND kind = ? AND name = ? AND key = ? AND position = ? AND id = ?"""
_RELEASE: Final = "DELETE FROM claim WHERE conference = ? AND name = ? AND value = ? AND kind = ? AND id = ?"
