"""The store: `ports.Store` on a session with an engine of SQLAlchemy."""

from __future__ import annotations

import functools
import json
from collections.abc import Generator, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from conferencekit.adapters.forks import watch_forks
from conferencekit.limits import check_key, storable
from conferencekit.ports import (
    ChangeSet,
    Conflict,
    Discrepancy,
    DumpedRow,
    Leased,
    Mark,
    Outcome,
    Record,
    Store,
)
from conferencekit.store import (
    ENTRY,
    NOTICE,
    EntryRow,
    Position,
    check_batch,
    check_marks,
    cursor_of,
    entry_record,
    lease_terms,
    notice_record,
    query_position,
)
from conferencekit.store.damage import whole_rows

from .auditing import faults, store_faults
from .batch import Batch, Touched
from .dumping import dump, restore, restoring
from .engines import check_driver
from .flavour import Flavour, PostgreSQL, SQLite
from .outbox import lease, settle
from .place import read_url
from .rows import key_row, notice_key, notice_of, position_of, record_key, walk_of
from .schema import pending, upgrade
from .session import Call, Session, rows_call
from .statements import Statements
from .tables import make_tables
from .views import make_views


class SQLAlchemyStore:
    """A store in PostgreSQL, or in SQLite, opened at the first use."""

    def __init__(self, url: str) -> None:
        self.place = read_url(url)
        check_driver(self.place)
        self._statements = _statements(self.place.is_postgresql, self.place.schema)
        self._session = self._make_session()
        self._inherited: list[Session] = []
        self._known: set[str] = set()
        watch_forks(
            self,
            before=SQLAlchemyStore._pause,
            in_parent=SQLAlchemyStore._resume,
            in_child=SQLAlchemyStore._reopen_in_child,
        )

    @classmethod
    def open(cls, url: str) -> Store:
        """The store at this URL. Raises `StoreUnavailable` for a URL that names none, `MissingDriver`."""
        return cls(url)

    @property
    def capabilities(self) -> Mapping[str, str]:
        """Durable, and open to many processes; in PostgreSQL from many machines."""
        return _POSTGRESQL if self.place.is_postgresql else _SQLITE

    def conferences(self) -> list[str]:
        """As `Store.conferences`."""
        return [id_ for (id_,) in self._session.read(Call("conferences"))]

    def get(self, conference: str, kind: str, ids: Iterable[str]) -> dict[str, Record]:
        """As `Store.get`."""
        wanted = storable(ids, conference, kind)
        if not wanted:
            return {}
        if kind == NOTICE:
            call = rows_call("notices", [notice_key(conference, id_) for id_ in wanted])
        elif kind == ENTRY:
            call = rows_call("entries", [key_row(conference, id_) for id_ in wanted])
        else:
            call = rows_call("records", [record_key(conference, kind, id_) for id_ in wanted])
        with whole_rows(self.place.shown):
            records = [_record(kind, row) for row in self._session.read(call)]
        return {record.id: record for record in records}

    def quotas(self, conference: str, ids: Iterable[str]) -> dict[str, tuple[int, int | None]]:
        """As `Store.quotas`."""
        wanted = storable(ids, conference)
        if not wanted:
            return {}
        rows = self._session.read(rows_call("quotas", [key_row(conference, id_) for id_ in wanted]))
        return {id_: (taken, capacity) for id_, taken, capacity in rows}

    def find(
        self, conference: str, kind: str, index: str, key: str, *, after: str | None = None, limit: int = 100
    ) -> tuple[list[Record], str | None]:
        """As `Store.find`."""
        position = query_position(kind, index, key, after, limit)
        if not storable([conference], kind, index) or (key and not storable([key])):
            return [], None
        find = _find_reserved if kind in {NOTICE, ENTRY} else _find_listed
        with whole_rows(self.place.shown):
            page = [
                _placed(kind, row)
                for row in self._session.read(find((conference, kind, index, key), position, limit + 1))
            ]
        records = [record for _, record in page[:limit]]
        return records, cursor_of(page[limit - 1][0]) if len(page) > limit else None

    def commit(self, batch: Sequence[ChangeSet]) -> list[Outcome]:
        """As `Store.commit`. At most three round trips and one sync of the disk for the whole batch."""
        check_batch(batch)
        if not batch:
            return []
        keys = Touched.by(batch)
        outcomes = self._session.transact(
            lambda tx: Batch(self._statements.flavour, tx, batch, keys, self._known, self.place.shown).run()
        )
        self._known.update(
            change_set.conference
            for change_set, outcome in zip(batch, outcomes, strict=True)
            if type(outcome) is not Conflict
        )
        return outcomes

    def lease(
        self, limit: int, *, now: datetime, until: datetime, conference: str | None = None
    ) -> list[Leased]:
        """As `Store.lease`. What another worker holds at this moment is passed over, not waited for."""
        start, end = lease_terms(limit, now, until)
        if conference is not None and not storable([conference]):
            return []
        with whole_rows(self.place.shown):
            return self._session.transact(lambda tx: lease(tx, limit, start, end, conference))

    def settle(self, marks: Sequence[Mark]) -> list[bool]:
        """As `Store.settle`."""
        check_marks(marks)
        with whole_rows(self.place.shown):
            return self._session.transact(lambda tx: settle(tx, marks)) if marks else []

    def dump(self, conference: str) -> Generator[DumpedRow, None, None]:
        """As `Dumpable.dump`, by cursors of the server."""
        if storable([conference]):
            with whole_rows(self.place.shown):
                yield from dump(self._session, conference)

    def faults(self, conference: str | None) -> Generator[Discrepancy, None, None]:
        """As `Auditable.faults`, by cursors of the server."""
        if conference is None or storable([conference]):
            with whole_rows(self.place.shown):
                yield from (
                    store_faults(self._session) if conference is None else faults(self._session, conference)
                )

    def restore(self, conference: str, rows: Sequence[DumpedRow]) -> None:
        """As `Dumpable.restore`. Two round trips."""
        check_key(conference, "The id of a conference")
        effects = restoring(rows)
        if rows:
            self._session.transact(lambda tx: restore(tx, self._statements.flavour, conference, effects))

    def pending(self) -> list[str]:
        """As `Migratable.pending`."""
        return pending(self.place)

    def migrate(self) -> None:
        """As `Migratable.migrate`."""
        upgrade(self.place)

    def make_views(self) -> list[str]:
        """Make the views for reports anew; their names. See `views`."""
        return make_views(self.place)

    def close(self) -> None:
        """As `Store.close`."""
        self._session.close()

    def _make_session(self, *, closed: bool = False) -> Session:
        if self.place.is_postgresql:
            from .postgresql import PostgreSQLSession  # noqa: PLC0415 - psycopg is an extra

            return PostgreSQLSession(self.place, self._statements, closed=closed)
        from .sqlite import SQLiteSession  # noqa: PLC0415 - only the one that is used

        return SQLiteSession(self.place, self._statements, closed=closed)

    def _pause(self) -> None:
        self._session.pause()

    def _resume(self) -> None:
        self._session.resume()

    def _reopen_in_child(self) -> None:
        """The connections are the parent's. They must be kept, never closed."""
        self._inherited.append(self._session)
        self._session = self._make_session(closed=self._session.gate.closed)


_POSTGRESQL: Final = MappingProxyType(
    {
        "durable": "PostgreSQL syncs its log before a commit returns; synchronous_commit = off is switched on",
        "processes": "rows are locked by the server, counters last and in their order",
        "hosts": "every machine goes to the one server that accepts writes",
    }
)
_SQLITE: Final = MappingProxyType(
    {
        "durable": "a rollback journal with synchronous = EXTRA: each commit is synced",
        "processes": "SQLite's own locks, taken before a transaction reads",
    }
)


@functools.lru_cache(maxsize=32)
def _statements(is_postgresql: bool, schema: str | None) -> Statements:  # noqa: FBT001 - positional for the cache
    """All statements, compiled once for each schema."""
    if is_postgresql:
        from sqlalchemy.dialects.postgresql import psycopg  # noqa: PLC0415 - only the one that is used

        flavour: Flavour = PostgreSQL(psycopg.dialect(paramstyle="numeric_dollar"))  # type: ignore[no-untyped-call]  # untyped in SQLAlchemy
    else:
        from sqlalchemy.dialects.sqlite import pysqlite  # noqa: PLC0415 - see above

        flavour = SQLite(pysqlite.dialect(paramstyle="named"))
    return Statements.make(flavour, make_tables(schema))


# -- reading


def _record(kind: str, row: Sequence[Any]) -> Record:
    if kind == NOTICE:
        return notice_record(row[0], notice_of(row[1:]))
    if kind == ENTRY:
        return entry_record(row[0], EntryRow(*row[1:]))
    id_, version, text, seq = row
    return Record(kind, id_, version, json.loads(text), seq)


def _placed(kind: str, row: Sequence[Any]) -> tuple[Position, Record]:
    """A row that a walk found, with its position."""
    if kind in {NOTICE, ENTRY}:
        return (row[1], row[0]), _record(kind, row)
    is_text, number, text, *columns = row
    return (text if is_text else number, columns[0]), _record(kind, columns)


def _find_reserved(query: tuple[str, str, str, str], after: Position | None, limit: int) -> Call:
    conference, kind, index, key = query
    start = after[0] if after is not None else 0  # numbers and places are unique and begin above 0
    values = {"conference": conference, "start": start, "limit": limit}
    if index not in {"all", "unsealed"}:
        values["key"] = key
    return Call(f"find_{kind.removeprefix('~')}_{index}", None, values)


def _find_listed(query: tuple[str, str, str, str], after: Position | None, limit: int) -> Call:
    conference, kind, index, key = query
    values: dict[str, Any] = {"conference": conference, "walk": walk_of(kind, index, key), "limit": limit}
    if after is None:
        return Call("find", None, values)
    is_text, number, text = position_of(after[0])
    return Call(
        "find_after", None, {**values, "is_text": is_text, "number": number, "text": text, "id": after[1]}
    )
