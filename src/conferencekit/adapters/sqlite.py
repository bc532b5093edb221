"""The store for one machine: an SQLite file in WAL mode, synced at every commit, shared by threads and processes.

SQLite 3.7.0 to 3.51.2 can damage a WAL file when two connections write or checkpoint at the same moment, and its own
waiting is unfair between processes. One lock in a file of its own (`PATH-lock`) around every commit, checkpoint and
close cures both for the processes of a store. Other programs do not know of it, so an old version is warned of.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, cast, get_args

from ..errors import StoreUnavailable
from ..limits import check_key, storable
from ..ports import ChangeSet, Committed, Discrepancy, DumpedRow, Leased, Mark, Outcome, Record
from ..store import (
    ENTRY,
    NOTICE,
    EntryRow,
    Position,
    check_batch,
    check_marks,
    cursor_of,
    entry_record,
    lease_terms,
    lend,
    notice_record,
    query_position,
    settled,
    sort_key,
)
from ..store.damage import whole_rows
from .forks import watch_forks
from .sqlite_audit import faults, store_faults
from .sqlite_driver import sqlite3
from .sqlite_dump import dump, restore
from .sqlite_rows import NOTICE_COLUMNS, QUOTAS, ByKeys, commit, notice_of, save_notice, stamp
from .sqlite_session import Effect, Place, Session

SCHEME: Final = "sqlite:///"
SECONDS: Final = 10.0

Sync = Literal["full", "after"]
Page = list[tuple[Position, Record]]


class SQLiteStore:
    """`sqlite:///relative/path.db` or `sqlite:////absolute/path.db`, opened at the first use.

    `?timeout=SECONDS` at the end sets how long a call waits for others before it raises `StoreBusy` (10 without it).
    `?sync=after` lets the next writer begin before a commit is synced; the answer still waits for its own sync.
    Beside the file stand `PATH-wal`, `PATH-shm` and `PATH-lock`. Copy a store only after `close()`.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, timeout: float = SECONDS, sync: Sync = "full"
    ) -> None:
        url = f"{SCHEME}{os.fspath(path)}"
        if sync not in get_args(Sync):
            raise StoreUnavailable(url, f"'sync={sync}' is no option; {_OPTIONS}")
        # whatever the working directory is when it is opened, and by one name
        here = Path(os.path.realpath(path))
        self._place = Place(url, here, timeout, syncs_after=sync == "after")
        self._session = Session(self._place)
        self._inherited: list[Session] = []
        watch_forks(
            self,
            before=SQLiteStore._pause,
            in_parent=SQLiteStore._resume,
            in_child=SQLiteStore._reopen_in_child,
        )

    @classmethod
    def open(cls, url: str) -> SQLiteStore:
        """The store at this URL. Raises `StoreUnavailable` for a URL that names none."""
        path, _, options = url.removeprefix(SCHEME).partition("?")
        if not url.startswith(SCHEME) or not path or path == ":memory:":
            raise StoreUnavailable(url, f"write {SCHEME}PATH; for a store without a file write memory:")
        given = _options(url, options)
        timeout, sync = _timeout(url, given.pop("timeout", str(SECONDS))), given.pop("sync", "full")
        if given:
            raise StoreUnavailable(url, f"{options!r} is no option; {_OPTIONS}")
        return cls(path, timeout=timeout, sync=cast("Sync", sync))

    @property
    def capabilities(self) -> Mapping[str, str]:
        """Durable, and open to all processes of one machine."""
        how = "FULL: each commit is synced"
        if self._place.syncs_after:
            how = "NORMAL: the WAL is synced after the lock is released and before the answer"
        return MappingProxyType(
            {
                "durable": f"SQLite {sqlite3.sqlite_version} in WAL mode, synchronous = {how}",
                "processes": "one lock in a file of its own around every commit, checkpoint and close",
            }
        )

    def conferences(self) -> list[str]:
        """As `Store.conferences`."""
        rows = self._session.read(
            lambda reader: reader.execute("SELECT id FROM conference ORDER BY id").fetchall()
        )
        return [id_ for (id_,) in rows]

    def get(self, conference: str, kind: str, ids: Iterable[str]) -> dict[str, Record]:
        """As `Store.get`."""
        _, before = _reading(conference, kind)
        by_id, wanted = _BY_ID.get(kind, _RECORDS), storable(ids, conference, kind)
        rows = self._session.read(lambda reader: by_id.rows(reader, before, wanted))
        with whole_rows(self._place.url):
            records = [_record(kind, row) for row in rows]
        return {record.id: record for record in records}

    def quotas(self, conference: str, ids: Iterable[str]) -> dict[str, tuple[int, int | None]]:
        """As `Store.quotas`."""
        wanted = storable(ids, conference)
        rows = self._session.read(lambda reader: QUOTAS.rows(reader, (conference,), wanted))
        return {id_: (taken, capacity) for id_, taken, capacity in rows}

    def find(
        self, conference: str, kind: str, index: str, key: str, *, after: str | None = None, limit: int = 100
    ) -> tuple[list[Record], str | None]:
        """As `Store.find`."""
        position = query_position(kind, index, key, after, limit)
        if not storable([conference], kind, index) or (key and not storable([key])):
            return [], None
        finder = _find_reserved if kind in {NOTICE, ENTRY} else _find_listed
        with whole_rows(self._place.url):
            page = self._session.read(
                lambda reader: finder(reader, (conference, kind, index, key), position, limit + 1)
            )
        records = [record for _, record in page[:limit]]
        return records, cursor_of(page[limit - 1][0]) if len(page) > limit else None

    def commit(self, batch: Sequence[ChangeSet]) -> list[Outcome]:
        """As `Store.commit`. One fsync for the whole batch."""
        check_batch(batch)

        def action(writer: sqlite3.Connection) -> tuple[list[Outcome], Effect]:
            outcomes = commit(writer, batch, self._place.url)
            return outcomes, _effect(outcomes)

        return self._session.write(action) if batch else []

    def lease(
        self, limit: int, *, now: datetime, until: datetime, conference: str | None = None
    ) -> list[Leased]:
        """As `Store.lease`. One fsync, if anything is due."""
        start, end = lease_terms(limit, now, until)
        if conference is not None and not storable([conference]):
            return []
        due = (stamp(start), *(() if conference is None else (conference,)), limit)
        sql = _DUE if conference is None else _DUE_IN_CONFERENCE

        def action(writer: sqlite3.Connection) -> tuple[list[Leased], Effect]:
            with whole_rows(self._place.url):
                lent = [_lend(writer, row, end) for row in writer.execute(sql, due).fetchall()]
            return lent, Effect.WROTE if lent else Effect.NOTHING

        return self._session.write(action)

    def settle(self, marks: Sequence[Mark]) -> list[bool]:
        """As `Store.settle`. One fsync, if anything is settled."""
        check_marks(marks)

        def action(writer: sqlite3.Connection) -> tuple[list[bool], Effect]:
            with whole_rows(self._place.url):
                answers = [_settle(writer, mark) for mark in marks]
            return answers, Effect.WROTE if any(answers) else Effect.NOTHING

        return self._session.write(action) if marks else []

    def dump(self, conference: str) -> Generator[DumpedRow, None, None]:
        """As `Dumpable.dump`, over a connection of its own."""
        if not storable([conference]):
            return
        with self._session.snapshot() as reader, whole_rows(self._place.url):
            yield from dump(reader, conference)

    def faults(self, conference: str | None) -> Generator[Discrepancy, None, None]:
        """As `Auditable.faults`, over a connection of its own."""
        if conference is not None and not storable([conference]):
            return
        with self._session.snapshot() as reader, whole_rows(self._place.url):
            yield from store_faults(reader) if conference is None else faults(reader, conference)

    def restore(self, conference: str, rows: Sequence[DumpedRow]) -> None:
        """As `Dumpable.restore`. One fsync."""
        check_key(conference, "The id of a conference")

        def action(writer: sqlite3.Connection) -> tuple[None, Effect]:
            restore(writer, conference, rows)
            return None, Effect.WROTE if rows else Effect.NOTHING

        self._session.write(action)

    def pending(self) -> list[str]:
        """As `Migratable.pending`."""
        return self._session.pending()

    def migrate(self) -> None:
        """As `Migratable.migrate`."""
        self._session.migrate()

    def close(self) -> None:
        """As `Store.close`."""
        self._session.close()

    def _pause(self) -> None:
        self._session.pause()

    def _resume(self) -> None:
        self._session.resume()

    def _reopen_in_child(self) -> None:
        self._session.disown()
        self._inherited.append(self._session)
        self._session = Session(self._place, closed=self._session.closed)


def _options(url: str, options: str) -> dict[str, str]:
    """The options of a URL, each once."""
    pairs = [each.partition("=")[::2] for each in options.split("&")] if options else []
    if len(dict(pairs)) < len(pairs):
        raise StoreUnavailable(url, f"{options!r} names an option twice; {_OPTIONS}")
    return dict(pairs)


def _timeout(url: str, value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 3600:
        raise StoreUnavailable(url, f"'timeout={value}' is no option; {_OPTIONS}")
    return seconds


_OPTIONS: Final = "there are ?timeout=SECONDS, 0 to 3600, and ?sync=full or ?sync=after, joined by &"


def _effect(outcomes: Sequence[Outcome]) -> Effect:
    """A conflict promises nothing; a replay promises that what others may just have committed will last."""
    committed = [outcome.replayed for outcome in outcomes if isinstance(outcome, Committed)]
    if not committed:
        return Effect.NOTHING
    return Effect.SEEN if all(committed) else Effect.WROTE


def _lend(writer: sqlite3.Connection, columns: Sequence[Any], until: datetime) -> Leased:
    conference, key = columns[:2]
    before = notice_of(columns[1:])
    row, leased = lend(conference, key, before, until)
    save_notice(writer, conference, key, row, before)
    return leased


def _settle(writer: sqlite3.Connection, mark: Mark) -> bool:
    found = writer.execute(_NOTICE, (mark.conference, mark.key)).fetchone()
    before = None if found is None else notice_of(found)
    row = settled(before, mark)
    if before is None or row is None:
        return False
    save_notice(writer, mark.conference, mark.key, row, before)
    return True


_DUE: Final = f"""
    SELECT conference, {NOTICE_COLUMNS} FROM notice INDEXED BY notice_ready
    WHERE ready IS NOT NULL AND ready <= ? ORDER BY ready, conference, place LIMIT ?"""  # noqa: S608 - no outside text
# keeps the index's order
_DUE_IN_CONFERENCE: Final = _DUE.replace("ORDER BY", "AND +conference = ? ORDER BY")
_NOTICE: Final = f"SELECT {NOTICE_COLUMNS} FROM notice WHERE conference = ? AND key = ?"  # noqa: S608 - see above
_ENTRY_COLUMNS: Final = "id, seq, digest, body, person, subject, sealed"
_WALKS: Final = {
    (NOTICE, "state"): "state = ?",
    (NOTICE, "person"): "person = ? AND person <> ''",
    (ENTRY, "unsealed"): "sealed = 0 AND '' = ?",
    (ENTRY, "all"): "'' = ?",
    (ENTRY, "person"): "person = ? AND person <> ''",
    (ENTRY, "subject"): "subject = ? AND subject <> ''",
}


def _reading(conference: str, kind: str) -> tuple[str, tuple[str, ...]]:
    """The beginning of a SELECT for records of this kind, and its values."""
    if kind == NOTICE:
        return f"SELECT {NOTICE_COLUMNS} FROM notice WHERE conference = ?", (conference,)  # noqa: S608 - see above
    if kind == ENTRY:
        return f"SELECT {_ENTRY_COLUMNS} FROM entry WHERE conference = ?", (conference,)  # noqa: S608 - see above
    return "SELECT id, version, body, seq FROM record WHERE conference = ? AND kind = ?", (conference, kind)


_RECORDS: Final = ByKeys(f"{_reading('', '')[0]} AND id")
_BY_ID: Final = {
    NOTICE: ByKeys(f"{_reading('', NOTICE)[0]} AND key"),
    ENTRY: ByKeys(f"{_reading('', ENTRY)[0]} AND id"),
}


def _record(kind: str, row: Sequence[Any]) -> Record:
    if kind == NOTICE:
        return notice_record(row[0], notice_of(row))
    if kind == ENTRY:
        return entry_record(row[0], EntryRow(*row[1:]))
    id_, version, text, seq = row
    return Record(kind, id_, version, json.loads(text), seq)


def _find_reserved(
    reader: sqlite3.Connection, query: tuple[str, str, str, str], after: Position | None, limit: int
) -> Page:
    conference, kind, index, key = query
    sql, _ = _reading(conference, kind)
    order = "place" if kind == NOTICE else "seq"
    start = after[0] if after is not None else 0  # numbers and places are unique and begin above 0
    sql = f"{sql} AND {_WALKS[kind, index]} AND {order} > ? ORDER BY {order} LIMIT ?"
    rows = reader.execute(sql, (conference, key, start, limit)).fetchall()
    return [((row[1], row[0]), _record(kind, row)) for row in rows]


def _find_listed(
    reader: sqlite3.Connection, query: tuple[str, str, str, str], after: Position | None, limit: int
) -> Page:
    conference, kind, index, key = query
    if after is None:
        rows = reader.execute(_LISTED, (*query, limit)).fetchall()
    else:
        rows = reader.execute(_LISTED_AFTER, (*query, *after, limit)).fetchall()
    page = [((position, row[0]), _record(kind, row)) for position, *row in rows]
    owner = reader.execute(_OWNED, (conference, index, key, kind)).fetchone()
    if owner is not None and (after is None or sort_key(("", owner[0])) > sort_key(after)):
        page.append((("", owner[0]), _record(kind, owner)))
        page.sort(key=lambda row: sort_key(row[0]))
    return page[:limit]


_LISTED: Final = """
    SELECT listing.position, record.id, record.version, record.body, record.seq FROM listing
    JOIN record USING (conference, kind, id)
    WHERE conference = ? AND kind = ? AND name = ? AND key = ?
    ORDER BY listing.position, listing.id LIMIT ?"""
_LISTED_AFTER: Final = _LISTED.replace("ORDER BY", "AND (listing.position, listing.id) > (?, ?) ORDER BY")
_OWNED: Final = """
    SELECT record.id, record.version, record.body, record.seq FROM claim JOIN record USING (conference, kind, id)
    WHERE conference = ? AND name = ? AND value = ? AND kind = ?"""
