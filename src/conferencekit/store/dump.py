"""The rows of a conference as plain data: what `Dumpable.dump` gives, `restore` takes, and a digest is made over.

An `entry` has the columns seq, id, digest, body, person, subject, sealed; a `seal` its number; a `quota` its name,
taken and capacity; a `record` its kind, id, version, seq, body, indexes (name: [key, order]), uniques and takes; a
`notice` its key, place, body, due, lane, person, state, token, until, note and sha256. The first ones named make the
row's key, the others its value. Index rows and owners are no rows: they follow from the records.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from ..errors import InvalidChangeSet
from ..ports import DumpedRow
from .rows import EntryRow, NoticeRow, QuotaRow, RecordRow

TABLES: Final = ("entry", "seal", "quota", "record", "notice")

SortKey = tuple[int, tuple[tuple[bool, int | bytes], ...]]


def entry_line(id_: str, row: EntryRow) -> DumpedRow:
    """The row of a log entry."""
    value = {
        "digest": row.digest,
        "body": _parsed(row.text),
        "person": row.person,
        "subject": row.subject,
        "sealed": row.sealed,
    }
    return DumpedRow("entry", (row.seq, id_), value)


def seal_line(number: int) -> DumpedRow:
    """The row of a seal."""
    return DumpedRow("seal", (number,), {})


def quota_line(quota: str, row: QuotaRow) -> DumpedRow:
    """The row of a quota."""
    return DumpedRow("quota", (quota,), {"taken": row.taken, "capacity": row.capacity})


def record_line(kind: str, id_: str, row: RecordRow) -> DumpedRow:
    """The row of a record, with all that it holds."""
    value = {
        "version": row.version,
        "seq": row.seq,
        "body": json.loads(row.text),
        "indexes": {name: list(place) for name, place in row.indexes.items()},
        "uniques": dict(row.uniques),
        "takes": dict(row.takes),
    }
    return DumpedRow("record", (kind, id_), value)


def notice_line(key: str, row: NoticeRow) -> DumpedRow:
    """The row of a notice."""
    value = {
        "body": _parsed(row.text),
        "due": row.due.isoformat(),
        "lane": row.lane,
        "person": row.person,
        "state": row.state,
        "token": row.token,
        "until": row.until.isoformat() if row.until else None,
        "note": row.note,
        "sha256": row.sha256,
    }
    return DumpedRow("notice", (row.place, key), value)


def _parsed(text: str | None) -> Any:
    return None if text is None else json.loads(text)


# -- comparing


def row_order(row: DumpedRow) -> SortKey:
    """Sorts rows as `dump` gives them: by table, then by key."""
    key = tuple((True, part.encode()) if isinstance(part, str) else (False, part) for part in row.key)
    return TABLES.index(row.table), key


def row_text(row: DumpedRow) -> str:
    """The row as one line of canonical JSON: equal rows of any two stores give the same text."""
    plain = [row.table, *row.key, row.value]
    return json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def row_from_text(text: str) -> DumpedRow:
    """The row that `row_text` wrote. Raises `InvalidChangeSet` for another text."""
    try:
        table, *key, value = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        raise InvalidChangeSet(text[:80], "It is not a row that row_text() gives.") from None
    if table not in TABLES or not isinstance(value, dict | None):
        raise InvalidChangeSet(text[:80], "It is not a row that row_text() gives.")
    return DumpedRow(table, tuple(key), value)


class DumpDigest:
    """The SHA-256 of a dump, row by row: the same for two stores that hold the same."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()

    def add(self, text: str) -> None:
        """Add the next row, as `row_text` gives it."""
        self._sha256.update(f"{text}\n".encode())

    def hexadecimal(self) -> str:
        """The digest of all rows so far, 64 digits."""
        return self._sha256.hexdigest()


def digest_of(rows: Iterable[DumpedRow]) -> str:
    """The digest of a whole dump, in hexadecimal."""
    digest = DumpDigest()
    for row in rows:
        digest.add(row_text(row))
    return digest.hexadecimal()


def differences(
    ours: Iterable[DumpedRow], theirs: Iterable[DumpedRow]
) -> Iterator[tuple[DumpedRow | None, DumpedRow | None]]:
    """Walks two dumps side by side: the pairs of rows that are not equal, None where one has none."""
    both = merge(_marked(ours, 0), _marked(theirs, 1))
    for _, rows in groupby(both, key=itemgetter(0)):
        pair: list[DumpedRow | None] = [None, None]
        for _, side, row in rows:
            pair[side] = row
        mine, other = pair
        if mine is None or other is None or row_text(mine) != row_text(other):
            yield mine, other


def _marked(rows: Iterable[DumpedRow], side: int) -> Iterator[tuple[SortKey, int, DumpedRow]]:
    return ((row_order(row), side, row) for row in rows)
