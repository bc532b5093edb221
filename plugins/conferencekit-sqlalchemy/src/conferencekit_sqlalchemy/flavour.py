"""What differs between engines in the SQL that we write. MariaDB would be a third one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

import sqlalchemy as sa

from .tables import Tables

Columns = Mapping[str, sa.types.TypeEngine[Any]]
ROWS: Final = "rows"


class Flavour(Protocol):
    """How one engine takes many rows at once, keeps JSON, and numbers commits.

    Rows go over as one text of JSON, `[{"id": ...}, ...]`: one value to send and one statement to prepare, however many
    they are. On PostgreSQL it takes half of the time that arrays and `unnest` take, and every engine has it.
    """

    dialect: sa.Dialect

    def incoming(self, columns: Columns) -> sa.FromClause:
        """The rows of the parameter `rows`, as a table with these columns."""

    def kept(self, text: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """JSON text as the engine stores it."""

    def shown(self, body: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """Stored JSON as text."""

    def numbering(self, tables: Tables) -> sa.Select[Any]:
        """Draws the numbers of `count` commits to the conferences in `rows`."""

    def raising(self, tables: Tables, /) -> sa.Select[Any]:
        """Sees to it that all numbers drawn later are higher than `seq`."""

    def drawn(self, tables: Tables, /) -> sa.Select[Any]:
        """The last number that was drawn, None where none are; and the highest that an entry has."""

    def numbers(self, drawn: Sequence[Sequence[Any]], count: int) -> Sequence[int]:
        """The numbers from what `numbering` answered, ascending."""

    def body(self, text: str) -> str:
        """JSON text that reads back value-equal from this engine."""


def _named(text: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[Any]:
    return text.label(name)


class PostgreSQL:
    """Bodies are `jsonb`, numbers come from a sequence."""

    def __init__(self, dialect: sa.Dialect) -> None:
        self.dialect = dialect

    def incoming(self, columns: Columns) -> sa.FromClause:
        """By `json_to_recordset`."""
        given = sa.cast(sa.bindparam(ROWS, type_=sa.Text()), sa.JSON())
        made = sa.func.json_to_recordset(given).table_valued(
            *(sa.column(name, type_) for name, type_ in columns.items()), name="new"
        )
        return made.render_derived(with_types=True)

    def kept(self, text: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """As `jsonb`."""
        return sa.cast(text, sa.dialects.postgresql.JSONB())

    def shown(self, body: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """As text."""
        return sa.cast(body, sa.Text())

    def numbering(self, tables: Tables) -> sa.Select[Any]:
        """From the sequence, which never waits for another commit."""
        count = sa.bindparam("count", type_=sa.Integer())
        each = sa.func.generate_series(1, count).table_valued("at", name="each")
        return sa.select(tables.numbers.next_value()).select_from(each)

    def raising(self, tables: Tables) -> sa.Select[Any]:
        """Draws all up to it: setting the sequence could take it back behind what others draw meanwhile."""
        sequence = sa.table(tables.numbers.name, sa.column("last_value"), schema=tables.metadata.schema)
        last = sa.select(sequence.c.last_value).scalar_subquery()
        each = sa.func.generate_series(last, sa.bindparam("seq", type_=sa.BigInteger()))
        return sa.select(tables.numbers.next_value()).select_from(each.table_valued("at", name="each"))

    def drawn(self, tables: Tables) -> sa.Select[Any]:
        """From the sequence."""
        sequence = sa.table(tables.numbers.name, sa.column("last_value"), schema=tables.metadata.schema)
        highest = sa.select(sa.func.max(tables.entry.c.seq)).scalar_subquery()
        return sa.select(sequence.c.last_value, highest)

    def numbers(self, drawn: Sequence[Sequence[Any]], count: int) -> Sequence[int]:
        """As they were drawn."""
        return [number for (number,) in drawn[:count]]

    def body(self, text: str) -> str:
        """`jsonb` makes 1e300 a whole number, which Python reads as another value than the float: so write it out."""
        return _EXPONENT.sub(_written_out, text) if _RISES.search(text) else text


_RISES: Final = re.compile(r"\d[eE]\+?\d")
_EXPONENT: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|(-?\d+)(?:\.(\d+))?[eE]\+?(\d+)')


def _written_out(match: re.Match[str]) -> str:
    """A text stays as it is; a number gets all its digits and `.0`."""
    whole, fraction, exponent = match.groups()
    if whole is None:
        return match[0]
    digits = (fraction or "").ljust(int(exponent), "0")
    before, after = digits[: int(exponent)], digits[int(exponent) :]
    return f"{whole}{before}.{after or '0'}"


class SQLite:
    """Bodies are text, the writer who holds the lock counts."""

    def __init__(self, dialect: sa.Dialect) -> None:
        self.dialect = dialect

    def incoming(self, columns: Columns) -> sa.FromClause:
        """By `json_each`."""
        each = sa.func.json_each(sa.bindparam(ROWS, type_=sa.Text())).table_valued("value", name="each")
        values = (
            sa.type_coerce(sa.func.json_extract(each.c.value, sa.literal_column(f"'$.{name}'")), type_)
            for name, type_ in columns.items()
        )
        return sa.select(*map(_named, values, columns)).subquery("new")

    def kept(self, text: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """As it is."""
        return text

    def shown(self, body: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """As it is."""
        return body

    def numbering(self, tables: Tables) -> sa.Select[Any]:
        """The highest number of each conference: entries are never deleted."""
        new, entry = self.incoming({"conference": sa.Text()}), tables.entry
        highest = sa.select(sa.func.max(entry.c.seq)).where(entry.c.conference == new.c.conference)
        return sa.select(sa.func.coalesce(highest.scalar_subquery(), 0)).select_from(new)

    def raising(self, _: Tables, /) -> sa.Select[Any]:
        """Nothing to do: the entries are there."""
        return sa.select(sa.bindparam("seq", type_=sa.BigInteger()))

    def drawn(self, _: Tables, /) -> sa.Select[Any]:
        """There are none: the highest entry counts."""
        nothing: list[sa.ColumnElement[Any]] = [sa.null(), sa.null()]
        return sa.select(*nothing)

    def numbers(self, drawn: Sequence[Sequence[Any]], count: int) -> Sequence[int]:
        """Those after the highest."""
        first = max(number for (number,) in drawn) + 1
        return range(first, first + count)

    def body(self, text: str) -> str:
        """As it is."""
        return text
