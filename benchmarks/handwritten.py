"""What somebody writes by hand with plain sqlite3: the rows of `samples.change_set`, and nothing else.

A conditional UPDATE, INSERTs and COMMIT; `executemany` for groups. `prove` shows that the rows are the same.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import filling
from same_rows import check_same
from samples import (
    CONFERENCE,
    PLACES,
    STAMP,
    WAITING,
    body,
    change_set,
    check,
    entry_body,
    lay_out,
    notice_body,
    open_store,
)

_dump = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_OP_BITS = 10

Values = tuple[Any, ...]
Person = tuple[str, int, int]
"""The number with nine digits, the number, and the number of the commit."""


def fill(path: Path, count: int) -> None:
    """Put so many people into a store that nobody has open and nobody is in."""
    template = rows_of([(f"{filling.NUMBER:09}", filling.NUMBER, filling.SEQ)])
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000"):
            db.execute(f"PRAGMA {setting}")
        for statement in filling.statements(template, filling.SQLITE, count):
            db.execute(statement)
        db.execute("UPDATE quota SET taken = ? WHERE id = ?", (count, PLACES))
        db.execute("UPDATE conference SET seq = ? WHERE id = ?", (count + 1, CONFERENCE))
        db.execute("PRAGMA journal_mode = WAL")


def copied(path: Path, other: Path) -> None:
    """A copy of a store that nobody has open: the same schema and the same limits."""
    shutil.copyfile(path, other)


class HandWritten:
    """One connection. Who finds others writing waits in SQLite's own busy handler."""

    def __init__(self, path: Path, *, patience: float = 60, synchronous: str = "FULL") -> None:
        self._db = sqlite3.connect(
            path, isolation_level=None, timeout=patience, cached_statements=256, check_same_thread=False
        )
        for setting in (
            "journal_mode = WAL",
            f"synchronous = {synchronous}",
            "fullfsync = ON",
            "cache_size = -16000",
        ):
            self._db.execute(f"PRAGMA {setting}")

    def write(self, numbers: Sequence[int]) -> None:
        """These registrations in one transaction."""
        db, count = self._db, len(numbers)
        db.execute("BEGIN IMMEDIATE")
        sql = "UPDATE conference SET seq = seq + ? WHERE id = ? RETURNING seq"
        ((last,),) = db.execute(sql, (count, CONFERENCE)).fetchall()
        ids = [(f"{number:09}", number, last - count + 1 + at) for at, number in enumerate(numbers)]
        for table, rows in rows_of(ids).items():
            self._insert(table, rows)
        waiting = db.execute("SELECT taken FROM quota WHERE conference = ? AND id = ?", (CONFERENCE, WAITING))
        assert waiting.fetchone() == (0,)
        taken = db.execute(
            "UPDATE quota SET taken = taken + ? WHERE conference = ? AND id = ? AND taken + ? <= capacity",
            (count, CONFERENCE, PLACES, count),
        )
        assert taken.rowcount == 1
        db.execute("COMMIT")

    def _insert(self, table: str, rows: Sequence[Values]) -> None:
        sql = f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})"
        if len(rows) == 1:
            self._db.execute(sql, rows[0])
        else:
            self._db.executemany(sql, rows)

    def close(self) -> None:
        self._db.close()


def rows_of(people: Sequence[Person]) -> dict[str, list[Values]]:
    """The new rows of these people by table."""
    return {
        "entry": [_entry(*each) for each in people],
        "record": [_record(*each) for each in people],
        "listing": [row for each in people for row in _listing(*each)],
        "claim": [
            (CONFERENCE, "address", f"p{i}@example.org", "registration", f"r-{i}") for i, _, _ in people
        ],
        "notice": [_notice(*each) for each in people],
    }


def _listing(id_: str, _: int, seq: int) -> list[Values]:
    head = (CONFERENCE, "registration")
    return [
        (*head, "state", "confirmed", seq, f"r-{id_}"),
        (*head, "country", "MR", "ould cheikh", f"r-{id_}"),
    ]


def _entry(id_: str, number: int, seq: int) -> Values:
    text = _dump(entry_body(number))
    return (CONFERENCE, seq, f"e-{id_}", f"{number:064x}", text, f"p-{id_}", f"r-{id_}", 0)


def _record(id_: str, number: int, seq: int) -> Values:
    indexes = {"state": ["confirmed", seq], "country": ["MR", "ould cheikh"]}
    holds = [indexes, {"address": f"p{id_}@example.org"}, {PLACES: 1}]
    return (CONFERENCE, "registration", f"r-{id_}", 1, seq, _dump(body(number)), _dump(holds))


def _notice(id_: str, number: int, seq: int) -> Values:
    place, text = seq << _OP_BITS | 2, _dump(notice_body(number))
    head = (CONFERENCE, f"n-{id_}", place, text, STAMP, f"r-{id_}", f"p-{id_}")
    return (*head, "queued", 0, None, "", "", STAMP)


def prove(directory: Path) -> None:
    """Both sides write a few registrations, alone and in a group: the files must hold the same rows, byte for byte."""
    ours, raw = directory / "proof.db", directory / "proof-raw.db"
    lay_out(f"sqlite:///{ours}")
    copied(ours, raw)
    store, hand = open_store(f"sqlite:///{ours}"), HandWritten(raw)
    for numbers in ([7], [1], [5, 2, 9]):
        check(store.commit([change_set(number) for number in numbers]))
        hand.write(numbers)
    store.close()
    hand.close()
    check_same(ours, raw)
