"""Plain sqlite3 that writes the rows which another connection wrote: the same values in the same grouping."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from attrs import field, frozen

from conferencekit.secretariat.records import KIND, QUOTA

_OP_BITS: Final = 10

Values = tuple[Any, ...]
_dump = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@frozen
class Rows:
    """The rows of one or more registrations, their JSON decoded: whoever writes them has to encode it."""

    conference: str
    seq: int
    entries: list[Values] = field(factory=list)
    records: list[Values] = field(factory=list)
    listings: list[Values] = field(factory=list)
    claims: list[Values] = field(factory=list)
    notices: list[Values] = field(factory=list)


class Reader:
    """Reads back what was registered since it was asked last."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._seq = self._last()

    def _last(self) -> int:
        return int(self._db.execute("SELECT seq FROM conference").fetchone()[0])

    def groups(self, size: int) -> Iterator[Rows]:
        """The rows of `size` registrations at a time, in the order in which they were written."""
        last = self._last()
        for first in range(self._seq + 1, last + 1, size):
            yield self._between(first, min(first + size - 1, last))
        self._seq = last

    def _between(self, first: int, last: int) -> Rows:
        def select(sql: str) -> list[Values]:
            return self._db.execute(sql, (first, last)).fetchall()

        mine = f"JOIN record USING (conference, kind, id) WHERE kind = '{KIND}' AND seq BETWEEN ? AND ?"
        notices = f"SELECT * FROM notice WHERE place >> {_OP_BITS} BETWEEN ? AND ? ORDER BY rowid"
        entries = select("SELECT * FROM entry WHERE seq BETWEEN ? AND ? ORDER BY seq")
        return Rows(
            entries[0][0],
            last,
            [(*row[:4], json.loads(row[4]), *row[5:]) for row in entries],
            [
                (*row[:5], json.loads(row[5]), json.loads(row[6]))
                for row in select("SELECT * FROM record WHERE seq BETWEEN ? AND ? ORDER BY rowid")
            ],
            select(f"SELECT listing.* FROM listing {mine} ORDER BY seq"),
            select(f"SELECT claim.* FROM claim {mine} ORDER BY seq"),
            [(*row[:3], json.loads(row[3]), *row[4:]) for row in select(notices)],
        )

    def close(self) -> None:
        self._db.close()


class Raw:
    """What somebody writes by hand: a conditional UPDATE, INSERTs, COMMIT; `executemany` for groups."""

    def __init__(self, path: Path, like: Path) -> None:
        """Begins with a copy of the other file: the same schema and the same conference in it."""
        shutil.copyfile(like, path)
        self._db = sqlite3.connect(path, isolation_level=None, cached_statements=256)
        for setting in ("journal_mode = WAL", "synchronous = FULL", "fullfsync = ON", "cache_size = -16000"):
            self._db.execute(f"PRAGMA {setting}")

    def write(self, rows: Rows) -> None:
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        self._insert("entry", [(*row[:4], _dump(row[4]), *row[5:]) for row in rows.entries])
        self._insert("record", [(*row[:5], _dump(row[5]), _dump(row[6])) for row in rows.records])
        self._insert("listing", rows.listings)
        self._insert("claim", rows.claims)
        self._insert("notice", [(*row[:3], _dump(row[3]), *row[4:]) for row in rows.notices])
        places = (len(rows.records), rows.conference, QUOTA, len(rows.records))
        taken = db.execute(
            "UPDATE quota SET taken = taken + ? WHERE conference = ? AND id = ? AND taken + ? <= capacity",
            places,
        )
        assert taken.rowcount == 1
        db.execute("UPDATE conference SET seq = ? WHERE id = ?", (rows.seq, rows.conference))
        db.execute("COMMIT")

    def _insert(self, table: str, rows: Sequence[Values]) -> None:
        sql = f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})"
        if len(rows) == 1:
            self._db.execute(sql, rows[0])
        else:
            self._db.executemany(sql, rows)

    def close(self) -> None:
        self._db.close()
