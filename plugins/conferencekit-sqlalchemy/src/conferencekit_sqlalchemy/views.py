"""Views for reports: one for each kind of record, with a column for each value that its bodies hold.

They are made from what is stored at that moment; make them again when forms have changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateSchema

from .place import Place
from .schema import plain_engine
from .tables import Tables, make_tables

NAME: Final = 63
"""How many bytes a name may have in PostgreSQL."""
MOST_COLUMNS: Final = 60
"""A mapping with more keys than this is one column: its keys are data, such as ids, and no names."""

HIDDEN: Final = frozenset({"password"})
"""What no report shows: the hash of a password."""

Path = tuple[str, ...]
Columns = dict[Path, set[str]]
"""Where a value is found in a body, and the types that it has in some record."""


def make_views(place: Place) -> list[str]:
    """Make all views anew; their names. Those of PostgreSQL stand in a schema of their own."""
    tables = make_tables(place.schema)
    maker = _PostgreSQL(tables) if place.is_postgresql else _SQLite(tables)
    with plain_engine(place) as engine, engine.begin() as connection:
        maker.begin(connection)
        kinds = sorted(connection.execute(sa.select(tables.record.c.kind).distinct()).scalars())
        selects = {name: select for name, select in maker.fixed().items() if name not in kinds}
        selects |= {kind: maker.of_kind(connection, kind) for kind in kinds}
        return [maker.create(connection, name, selects[name]) for name in sorted(selects)]


class _Maker:
    """What both engines share."""

    dialect: sa.Dialect

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def begin(self, connection: sa.Connection) -> None:
        """Make room for the views."""

    def qualified(self, name: str) -> str:
        """The quoted name of a view."""
        raise NotImplementedError

    def value(self, path: Path) -> sa.ColumnElement[Any]:
        """The JSON at a path of the body."""
        raise NotImplementedError

    def column(self, path: Path, types: set[str]) -> sa.ColumnElement[Any]:
        """The value at a path as SQL has it."""
        raise NotImplementedError

    @property
    def keys(self) -> str:
        """Finds (key, type, inner key, inner type) of all bodies of a kind."""
        raise NotImplementedError

    def columns(self, connection: sa.Connection, kind: str) -> Columns:
        """All values of the bodies of a kind, two levels deep."""
        found: Columns = {}
        for outer, type_, inner, inner_type in connection.execute(sa.text(self.keys), {"kind": kind}):
            found.setdefault((outer,), set()).add(type_)
            if inner is not None:
                found.setdefault((outer, inner), set()).add(inner_type)
        return found

    def fixed(self) -> Mapping[str, sa.Select[Any]]:
        """The views that do not depend on what is stored."""
        notice, entry, quota = self.tables.notice.c, self.tables.entry.c, self.tables.quota.c
        times = [self.time(each).label(each.name) for each in (notice.due, notice.until)]
        plain = (notice.state, notice.lane, notice.person, notice.token, notice.note, notice.sha256)
        log = (entry.conference, entry.id, entry.seq, entry.person, entry.subject, entry.sealed, entry.body)
        return {
            "outbox": sa.select(notice.conference, notice.key, *plain, *times, notice.body),
            "log": sa.select(*log),
            "quota": sa.select(quota.conference, quota.id, quota.taken, quota.capacity),
        }

    def time(self, microseconds: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """An instant that people can read."""
        raise NotImplementedError

    def of_kind(self, connection: sa.Connection, kind: str) -> sa.Select[Any]:
        """The view of a kind."""
        r = self.tables.record.c
        names = {"conference", "id", "version", "seq"}
        shown: list[Any] = [r.conference, r.id, r.version, r.seq]
        found = self.columns(connection, kind)
        for path in sorted(_leaves(found)):
            name = name_of("_".join(path), names)
            names.add(name)
            shown.append(self.column(path, found[path]).label(name))
        return sa.select(*shown).where(r.kind == kind)

    def create(self, connection: sa.Connection, name: str, select: sa.Select[Any]) -> str:
        """Make a view anew."""
        view = self.qualified(name_of(name, set()))
        sql = select.compile(dialect=self.dialect, compile_kwargs={"literal_binds": True})
        for statement in (f"DROP VIEW IF EXISTS {view}", f"CREATE VIEW {view} AS {sql}"):
            connection.exec_driver_sql(self.escaped(statement))
        return view

    def escaped(self, sql: str) -> str:
        """SQL as the driver takes it."""
        return sql


def name_of(wanted: str, taken: Iterable[str]) -> str:
    """A name that is free and short enough."""
    for name in (wanted, f"body_{wanted}"):
        if name not in taken and len(name.encode()) <= NAME:
            return name
    digest = hashlib.sha256(wanted.encode()).hexdigest()[:8]
    return f"{wanted.encode()[: NAME - 9].decode(errors='ignore')}_{digest}"


def _leaves(found: Columns) -> list[Path]:
    """Mappings are told by their values where those are not too many."""
    inner: dict[str, int] = {}
    for path in found:
        if len(path) > 1:
            inner[path[0]] = inner.get(path[0], 0) + 1
    opened = {
        name
        for name, count in inner.items()
        if count <= MOST_COLUMNS and found[(name,)] <= {"object", "null"}
    }
    leaves = (path for path in found if (path[0] in opened) == (len(path) > 1))
    return [path for path in leaves if not HIDDEN & set(path)]


class _PostgreSQL(_Maker):
    dialect = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]  # untyped in SQLAlchemy

    @property
    def schema(self) -> str:
        return f"{self.tables.metadata.schema}_report"

    def begin(self, connection: sa.Connection) -> None:
        if self.schema not in sa.inspect(connection).get_schema_names():
            connection.execute(CreateSchema(self.schema))

    def qualified(self, name: str) -> str:
        quote = self.dialect.identifier_preparer.quote_identifier
        return f"{quote(self.schema)}.{quote(name)}"

    def escaped(self, sql: str) -> str:
        return sql.replace("%", "%%")

    def value(self, path: Path) -> sa.ColumnElement[Any]:
        value: sa.ColumnElement[Any] = sa.type_coerce(self.tables.record.c.body, postgresql.JSONB())
        for name in path:
            value = value.op("->", return_type=postgresql.JSONB())(sa.literal(name, sa.Text()))
        return value

    def column(self, path: Path, types: set[str]) -> sa.ColumnElement[Any]:
        value = self.value(path)
        text: sa.ColumnElement[Any] = value.op("#>>")(sa.literal_column("'{}'"))
        for name, type_ in (("number", sa.Numeric()), ("boolean", sa.Boolean())):
            if types - {"null"} == {
                name
            }:  # what comes later may be something else, and must not break the view
                return sa.case((sa.func.jsonb_typeof(value) == name, sa.cast(text, type_)))
        return value if types - {"null"} <= {"array", "object"} and types != {"null"} else text

    @property
    def keys(self) -> str:
        record = self.dialect.identifier_preparer.format_table(self.tables.record)
        return f"""
            SELECT DISTINCT o.key, jsonb_typeof(o.value), i.key, jsonb_typeof(i.value)
            FROM {record} AS r CROSS JOIN LATERAL jsonb_each(r.body) AS o
            LEFT JOIN LATERAL jsonb_each(CASE jsonb_typeof(o.value) WHEN 'object' THEN o.value END) AS i ON true
            WHERE r.kind = :kind"""  # noqa: S608 - the name of our table, quoted

    def time(self, microseconds: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        return sa.func.to_timestamp(microseconds / sa.literal_column("1000000.0"))


class _SQLite(_Maker):
    dialect = sqlite.dialect(paramstyle="named")

    def qualified(self, name: str) -> str:
        return self.dialect.identifier_preparer.quote_identifier(f"report_{name}")

    def value(self, path: Path) -> sa.ColumnElement[Any]:
        return sa.func.json_extract(self.tables.record.c.body, "$" + "".join(f'."{name}"' for name in path))

    def column(self, path: Path, _: set[str]) -> sa.ColumnElement[Any]:
        return self.value(path)

    @property
    def keys(self) -> str:
        return """
            SELECT DISTINCT o.key, o.type, i.key, i.type
            FROM record AS r JOIN json_each(r.body) AS o
            LEFT JOIN json_each(CASE o.type WHEN 'object' THEN o.value END) AS i ON true
            WHERE r.kind = :kind AND instr(o.key, '"') = 0 AND instr(coalesce(i.key, ''), '"') = 0"""

    def time(self, microseconds: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        return sa.func.strftime(
            "%Y-%m-%dT%H:%M:%SZ", microseconds / sa.literal_column("1000000"), "unixepoch"
        )
