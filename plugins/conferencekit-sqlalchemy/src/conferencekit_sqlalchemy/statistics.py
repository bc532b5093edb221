"""What PostgreSQL's planner knows of young tables.

Of a table that nobody has analysed it believes that half a key finds one row as well as the whole key does, and may
walk through all rows of a conference for each row that it looks for. The server analyses by itself, but once a minute
at most, and a rush begins at once.
"""

from __future__ import annotations

from typing import Final

import psycopg
from psycopg import sql

from .pipeline import Driver

FIRST: Final = 50
"""After so many rows that this process wrote it looks for the first time, then each time after ten times as many."""

_KNOWN: Final = 20
"""A table that had so many rows when it was analysed is known well enough."""

_YOUNG: Final = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = %s AND c.relname IN ('entry', 'record', 'listing', 'notice') AND c.reltuples < %s"""


class Statistics:
    """Has the tables of a schema analysed as soon as there is something in them. Counts for one process."""

    def __init__(self, schema: str | None) -> None:
        self._schema = schema
        self._rows = 0
        self._next = FIRST

    def wrote(self, connection: Driver, rows: int) -> None:
        """So many rows were written and committed; threads may lose count, which does not matter."""
        self._rows += rows
        if self._rows >= self._next:
            while self._rows >= self._next:
                self._next *= 10
            self._refresh(connection)

    def _refresh(self, connection: Driver) -> None:
        """What fails here fails silently: the commit before it is done, and a broken connection shows next time."""
        try:
            found = connection.execute(_YOUNG, (self._schema, _KNOWN)).fetchall()
            tables = [sql.Identifier(self._schema or "", name) for (name,) in found]
            if tables:
                analyse = sql.SQL("ANALYZE (SKIP_LOCKED) {}").format(sql.SQL(", ").join(tables))
                connection.execute(analyse)
        except psycopg.Error:
            return
