"""The connections of one process to an SQLite store, the locks around them, and what SQLite's errors mean."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from pathlib import Path
from typing import Final, TypeVar

from attrs import frozen

from ..errors import (
    CommitInDoubt,
    InvalidChangeSet,
    StoreBusy,
    StoreError,
    StoreFull,
    StoreReadOnly,
    StoreUnavailable,
)
from .file_lock import FileLock
from .file_system import network_of
from .sqlite_driver import code_of, sqlite3, warn_of_old
from .sqlite_schema import check_schema, create, is_ours, pending, upgrade
from .sqlite_wal import Wal

T = TypeVar("T")

# Since Python 3.12: a connection that is collected, or inherited by a fork, must not checkpoint outside the lock.
_NO_CHECKPOINT: Final[int | None] = getattr(sqlite3, "SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE", None)


@frozen
class Place:
    """Where a store is, how long a call may wait for others, in seconds, and when it syncs."""

    url: str
    path: Path
    seconds: float
    syncs_after: bool = False
    """Whether the WAL is synced after the locks were released, instead of within the commit."""


class Effect(Enum):
    """What an answer rests on: nothing that has to last, what others committed, or what this call wrote."""

    NOTHING = 0
    SEEN = 1
    WROTE = 2


Action = Callable[[sqlite3.Connection], tuple[T, Effect]]


class Session:
    """One connection that writes and one that reads, opened at the first use. Belongs to one process."""

    def __init__(self, place: Place, *, closed: bool = False) -> None:
        self.closed = closed
        self._place = place
        self._turn = FileLock(place.path.with_name(f"{place.path.name}-lock"))
        self._wal = Wal(place.path)
        self._writing = threading.Lock()
        self._reading = threading.Lock()
        self._paused: list[threading.Lock] = []
        self._writer: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None

    def read(self, action: Callable[[sqlite3.Connection], T]) -> T:
        """Run a reading action, one at a time; writers are not waited for."""
        if self._reader is None:
            self._begin()
        with self._held(self._reading), self._translated():
            return action(self._opened(self._reader))

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """A connection of its own that sees one moment, while others go on reading and writing."""
        if self._reader is None:
            self._begin()
        with self._translated():
            connection = self._connect()
        try:
            with self._translated():
                connection.execute("PRAGMA query_only = ON")
                connection.execute("BEGIN")
                yield connection
        finally:
            if self._writing.acquire(timeout=self._place.seconds):
                # as the last connection it would checkpoint
                try:
                    self._close_all([connection])
                finally:
                    self._writing.release()
            else:  # another thread writes, so this is not the last one
                connection.close()

    def write(self, action: Action[T]) -> T:
        """Run an action in a transaction of its own and commit it durably, if its second answer says that it wrote."""
        if self._writer is None:
            self._begin()
        if not self._writing.acquire(timeout=self._place.seconds):
            raise StoreBusy(self._place.url, self._place.seconds)
        try:
            writer = self._opened(self._writer)
            self._take_turn()
            self._make_ready(writer)
            answer, effect = self._transact(writer, action)
            syncs = effect is Effect.SEEN or (effect is Effect.WROTE and self._place.syncs_after)
            if syncs:
                self._wal.expect_sync()
        except sqlite3.Error as error:
            raise meaning(error, self._place) from error
        except UnicodeEncodeError as error:
            raise InvalidChangeSet(error.object, _HALF) from error
        finally:
            self._turn.release()
            self._writing.release()
        if syncs:
            self._sync()
        return answer

    def _make_ready(self, writer: sqlite3.Connection) -> None:
        """Before a write, within the lock: nothing may stand behind frames that a failed sync may have lost."""
        try:
            if self._place.syncs_after:
                self._wal.open()
            if not self._wal.is_whole and not self._wal.make_whole(writer):
                raise StoreBusy(self._place.url, self._place.seconds)
        except PermissionError as error:
            raise StoreReadOnly(self._place.url, str(error)) from error
        except OSError as error:
            raise StoreUnavailable(self._place.url, str(error)) from error

    def _sync(self) -> None:
        try:
            self._wal.sync()
        except OSError as error:
            raise CommitInDoubt(self._place.url, str(error)) from error

    def _transact(self, writer: sqlite3.Connection, action: Action[T]) -> tuple[T, Effect]:
        writer.execute("BEGIN IMMEDIATE")
        try:
            answer, effect = action(writer)
        except BaseException:
            _roll_back(writer)
            raise
        if effect is Effect.WROTE:
            self._commit(writer)
        else:
            writer.execute("ROLLBACK")
        return answer, effect

    def pending(self) -> list[str]:
        """The steps to the schema of this version, in words; nothing where there is no file yet."""
        with self._outside() as connection:
            return pending(connection, self._place.url) if connection else []

    def migrate(self) -> None:
        """Bring the file to the schema of this version, within the lock."""
        with self._outside() as connection:
            if connection is not None:
                with self._my_turn():
                    self._make_ready(connection)
                    upgrade(connection, self._place.url)

    @contextmanager
    def _outside(self) -> Iterator[sqlite3.Connection | None]:
        """A connection to a file of whatever schema; None where there is none."""
        with self._held(self._writing), self._translated():
            self._check_place()
            if not is_ours(self._place.path, self._place.url):
                yield None
                return
            connection = self._connect()
            try:
                yield connection
            finally:
                if self._writer is None:
                    self._wal.disown()
                connection.close()

    def close(self) -> None:
        """Wait for what runs, then close both connections within the lock, since the last one checkpoints.

        If others hold the lock for too long, they have the file open: then this is not the last connection.
        """
        with self._writing, self._reading:
            self.closed = True
            connections = [each for each in (self._reader, self._writer) if each is not None]
            self._reader = self._writer = None
            if connections:
                self._wal.close(self._place.seconds)
                self._close_all(connections)

    def _close_all(self, connections: list[sqlite3.Connection]) -> None:
        try:
            mine = self._turn.acquire(self._place.seconds)
        except OSError:
            mine = False  # the directory went away: there is nothing to checkpoint to
        try:
            for connection in connections:
                _allow_checkpoint(connection, allowed=mine and self._wal.is_whole)
                with suppress(sqlite3.Error):  # a checkpoint that fails is made up for at the next opening
                    connection.close()
        finally:
            self._turn.close()

    def pause(self) -> None:
        """Before a fork: wait until no thread is inside SQLite, whose own locks the child would find taken for ever."""
        self._paused = [
            lock for lock in (self._writing, self._reading) if lock.acquire(timeout=self._place.seconds)
        ]

    def resume(self) -> None:
        """After a fork, in the parent: go on."""
        for lock in self._paused:
            lock.release()
        self._paused = []

    def disown(self) -> None:
        """After a fork, in the child: the connections are the parent's. They must be kept, never closed."""
        self._turn.disown()
        self._wal.disown()

    def _opened(self, connection: sqlite3.Connection | None) -> sqlite3.Connection:
        if connection is None:
            raise StoreUnavailable(self._place.url, "it was closed")
        return connection

    def _begin(self) -> None:
        with self._held(self._writing), self._held(self._reading):
            if self.closed:
                raise StoreUnavailable(self._place.url, "it was closed")
            if self._writer is None:
                warn_of_old()
                with self._translated():
                    self._check_place()
                    self._writer, self._reader = both = self._connect_both()
                weakref.finalize(self, _let_go, os.getpid(), both, self._wal)

    def _connect_both(self) -> tuple[sqlite3.Connection, sqlite3.Connection]:
        place, opened = self._place, []
        try:
            if not is_ours(place.path, place.url):
                with self._my_turn():
                    if not is_ours(place.path, place.url):  # another process may have been first
                        create(place.path)
            opened.append(self._connect())
            check_schema(opened[0], place.url)
            if not _is_wal(opened[0]):
                with self._my_turn():
                    opened[0].execute("PRAGMA journal_mode = WAL")
            opened.append(self._connect())
            opened[1].execute("PRAGMA query_only = ON")
            if place.syncs_after:
                opened[0].execute("PRAGMA synchronous = NORMAL")
        except BaseException:
            for connection in opened:
                connection.close()
            raise
        return opened[0], opened[1]

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self._place.path.as_uri()}?mode=rw",
            uri=True,
            timeout=self._place.seconds,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
        try:
            _set_up(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _check_place(self) -> None:
        place = self._place
        if not place.path.parent.is_dir():
            raise StoreUnavailable(place.url, f"the directory {str(place.path.parent)!r} does not exist")
        if place.path.is_dir():
            raise StoreUnavailable(place.url, "it is a directory")
        if place.path.exists() and not place.path.is_file():
            raise StoreUnavailable(place.url, "it is no regular file")
        if kind := network_of(place.path):
            raise StoreUnavailable(
                place.url,
                f"{str(place.path.parent)!r} is on a network file system ({kind}), where locks and syncs cannot be "
                "relied on: keep the file on a disk of this machine, or take PostgreSQL",
            )

    def _commit(self, writer: sqlite3.Connection) -> None:
        try:
            writer.execute("COMMIT")
        except sqlite3.Error as error:
            _roll_back(writer)
            if code_of(error) in _NOTHING_APPLIED:
                raise
            self._wal.doubt()
            raise CommitInDoubt(self._place.url, str(error)) from error

    @contextmanager
    def _held(self, lock: threading.Lock) -> Iterator[None]:
        if not lock.acquire(timeout=self._place.seconds):
            raise StoreBusy(self._place.url, self._place.seconds)
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _my_turn(self) -> Iterator[None]:
        self._take_turn()
        try:
            yield
        finally:
            self._turn.release()

    def _take_turn(self) -> None:
        """Acquire the lock between processes."""
        try:
            mine = self._turn.acquire(self._place.seconds)
        except PermissionError as error:
            raise StoreReadOnly(self._place.url, f"{self._turn.path}: {error.strerror}") from error
        except OSError as error:
            raise StoreUnavailable(
                self._place.url, f"no lock on {self._turn.path}: {error.strerror}"
            ) from error
        if not mine:
            raise StoreBusy(self._place.url, self._place.seconds)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise meaning(error, self._place) from error
        except OSError as error:
            raise StoreUnavailable(self._place.url, str(error)) from error
        except UnicodeEncodeError as error:
            raise InvalidChangeSet(error.object, _HALF) from error


_HALF: Final = "Keys hold whole characters: it has half of a surrogate pair."
_NOTHING_APPLIED: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL})


def meaning(error: sqlite3.Error, place: Place) -> StoreError:
    """What an error of SQLite outside COMMIT means to a caller: nothing was applied."""
    match code_of(error):
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StoreBusy(place.url, place.seconds)
        case sqlite3.SQLITE_FULL:
            return StoreFull(place.url, str(error))
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return StoreReadOnly(place.url, str(error))
        case _:
            return StoreUnavailable(place.url, str(error))


def _is_wal(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal")


def _roll_back(connection: sqlite3.Connection) -> None:
    with suppress(sqlite3.Error):  # what made it necessary is raised; SQLite may have rolled back by itself
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _set_up(connection: sqlite3.Connection) -> None:
    _allow_checkpoint(connection, allowed=False)
    for setting in ("synchronous = FULL", "fullfsync = ON", "trusted_schema = OFF", "cache_size = -16000"):
        connection.execute(f"PRAGMA {setting}")


def _let_go(process: int, connections: tuple[sqlite3.Connection, ...], wal: Wal) -> None:
    """Close what a host did not, when it drops the store or ends; not on the far side of a fork."""
    if os.getpid() == process:
        wal.disown()
        for connection in connections:
            with suppress(sqlite3.Error):
                connection.close()


def _allow_checkpoint(connection: sqlite3.Connection, *, allowed: bool) -> None:
    configure = getattr(connection, "setconfig", None)
    if configure is not None and _NO_CHECKPOINT is not None:
        configure(_NO_CHECKPOINT, not allowed)
