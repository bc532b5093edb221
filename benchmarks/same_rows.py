"""Whether two files of the SQLite store hold the same rows, byte for byte: so raw wrote what we wrote."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

TABLES: Final = ("conference", "entry", "record", "listing", "claim", "quota", "notice")


def check_same(path: Path, other: Path) -> None:
    """Raises AssertionError unless both files hold the same rows."""
    if differing := _differing_tables(path, other):
        raise AssertionError(f"Raw did not write the same rows: {differing}.")


def _differing_tables(path: Path, other: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        db.execute("ATTACH ? AS other", (str(other),))
        return [
            table
            for table in TABLES
            for one, two in ((f"main.{table}", f"other.{table}"), (f"other.{table}", f"main.{table}"))
            if db.execute(
                f"SELECT count(*) FROM (SELECT * FROM {one} EXCEPT SELECT * FROM {two})"
            ).fetchone()[0]
        ]
