"""A store in LMDB, `lmdb:DIRECTORY`: durable, and open to several processes of one machine at once.

Written by the page "Write a storage plugin", its section "In a database".
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice, takewhile
from pathlib import Path
from threading import Lock
from typing import Any

from conferencekit import hookimpl
from conferencekit.adapters.forks import watch_forks
from conferencekit.errors import StoreUnavailable
from conferencekit.limits import check_key
from conferencekit.ports import (
    ChangeSet,
    Committed,
    Conflict,
    DumpedRow,
    Leased,
    Mark,
    Outcome,
    Record,
    Store,
)
from conferencekit.store import (
    check_batch,
    check_marks,
    cursor_of,
    evaluate,
    lease_terms,
    lend,
    query_position,
    restored,
    settled,
)

from .environment import Environment, Environments, T, Txn, Work, lmdb_errors
from .tables import List, Tables, conferences, moment

ENVIRONMENTS = Environments()


@hookimpl
def conferencekit_register_stores(registry: Any) -> None:
    """Offers `lmdb:DIRECTORY`."""
    registry.add("lmdb", LmdbStore.open)


class LmdbStore:
    """Conferences in an LMDB environment. Opened at the first use."""

    def __init__(self, directory: Path) -> None:
        self.url = f"lmdb:{directory}"
        self._directory = directory.absolute()
        self._environment: Environment | None = None
        self._is_closed = False
        self._lock = Lock()
        watch_forks(self, in_child=LmdbStore._in_child)

    @classmethod
    def open(cls, url: str) -> Store:
        """The store in the directory that stands after `lmdb:`."""
        directory = url.removeprefix("lmdb:")
        if not directory:
            raise StoreUnavailable(url, "write lmdb:DIRECTORY")
        return cls(Path(directory))

    @property
    def capabilities(self) -> Mapping[str, str]:
        """Durable and for several processes."""
        return {
            "durable": "LMDB syncs each transaction before it is acknowledged",
            "processes": "a lock on a file lets one process write at a time; readers see what was committed",
        }

    def conferences(self) -> list[str]:
        return self._read(conferences)

    def get(self, conference: str, kind: str, ids: Iterable[str]) -> dict[str, Record]:
        wanted = list(ids)

        def work(txn: Txn) -> dict[str, Record]:
            tables = Tables(txn, conference)
            answers = ((id_, tables.answer(kind, id_)) for id_ in wanted)
            return {id_: record for id_, record in answers if record is not None}

        return self._read(work)

    def quotas(self, conference: str, ids: Iterable[str]) -> dict[str, tuple[int, int | None]]:
        wanted = list(ids)

        def work(txn: Txn) -> dict[str, tuple[int, int | None]]:
            rows = ((id_, Tables(txn, conference).quota(id_)) for id_ in wanted)
            return {id_: (row.taken, row.capacity) for id_, row in rows if row is not None}

        return self._read(work)

    def find(
        self, conference: str, kind: str, index: str, key: str, *, after: str | None = None, limit: int = 100
    ) -> tuple[list[Record], str | None]:
        position = query_position(kind, index, key, after, limit)

        def work(txn: Txn) -> tuple[list[Record], str | None]:
            tables = Tables(txn, conference)
            places = list(islice(tables.places(kind, index, key, position), limit + 1))
            records = [
                record for _, id_ in places[:limit] if (record := tables.answer(kind, id_)) is not None
            ]
            return records, cursor_of(places[limit - 1]) if len(places) > limit else None

        return self._read(work)

    def commit(self, batch: Sequence[ChangeSet]) -> list[Outcome]:
        check_batch(batch)
        return self._write(lambda txn: [commit_one(Tables(txn, c.conference), c) for c in batch])

    def lease(
        self, limit: int, *, now: datetime, until: datetime, conference: str | None = None
    ) -> list[Leased]:
        now, until = lease_terms(limit, now, until)

        def work(txn: Txn) -> list[Leased]:
            ready = List(txn, "ready") if conference is None else List(txn, "ready", conference)
            due = takewhile(lambda item: item[0][:8] <= moment(now), ready.walk())
            answers = []
            for _, (where, key) in list(islice(due, limit)):
                tables = Tables(txn, where)
                if (row := tables.notice(key)) is not None:
                    lent, leased = lend(where, key, row, until)
                    tables.put_notice(key, row, lent)
                    answers.append(leased)
            return answers

        return self._write(work)

    def settle(self, marks: Sequence[Mark]) -> list[bool]:
        check_marks(marks)
        return self._write(lambda txn: [settle_one(Tables(txn, mark.conference), mark) for mark in marks])

    def dump(self, conference: str) -> Generator[DumpedRow, None, None]:
        yield from self._read(lambda txn: list(Tables(txn, conference).lines()))

    def restore(self, conference: str, rows: Sequence[DumpedRow]) -> None:
        check_key(conference, "The id of a conference")

        def work(txn: Txn) -> None:
            tables = Tables(txn, conference)
            tables.write(restored(rows, tables))

        self._write(work)

    def close(self) -> None:
        with lmdb_errors(self.url), self._lock:
            self._is_closed = True
            environment, self._environment = self._environment, None
            if environment is not None:
                ENVIRONMENTS.give_back(environment)

    def _read(self, work: Work[T]) -> T:
        with lmdb_errors(self.url):
            return self._opened().read(self.url, self._while_open(work))

    def _write(self, work: Work[T]) -> T:
        with lmdb_errors(self.url):
            return self._opened().write(self.url, self._while_open(work))

    def _opened(self) -> Environment:
        with self._lock:
            self._check_open()
            if self._environment is None:
                self._environment = ENVIRONMENTS.take(self._directory, self.url)
            return self._environment

    def _while_open(self, work: Work[T]) -> Work[T]:
        def checked(txn: Txn) -> T:
            self._check_open()
            return work(txn)

        return checked

    def _check_open(self) -> None:
        if self._is_closed:
            raise StoreUnavailable(self.url, "it was closed")

    def _in_child(self) -> None:
        self._lock = Lock()
        self._environment = None


def commit_one(tables: Tables, change_set: ChangeSet) -> Outcome:
    """Apply one change set, unless it was applied before or is refused."""
    seq = tables.last_seq() + 1
    result = evaluate(tables, change_set, seq)
    if isinstance(result, Committed | Conflict):
        return result
    tables.write(result)
    return Committed(seq)


def settle_one(tables: Tables, mark: Mark) -> bool:
    """Record how one notice ended; False where the mark settles nothing."""
    old = tables.notice(mark.key)
    new = settled(old, mark)
    if new is None:
        return False
    tables.put_notice(mark.key, old, new)
    return True
