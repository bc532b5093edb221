"""One connection to SQLite, used by one thread at a time: enough to check one engine by the other."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from attrs import define

from conferencekit.errors import CommitInDoubt, InvalidChangeSet, StoreBusy

from .engines import make_engine, meaning
from .place import Place
from .schema import prepare
from .session import Call, Found, Gate, Transaction
from .statements import Statements

T = TypeVar("T")

_NOTHING_APPLIED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL})


class SQLiteSession:
    """A rollback journal and `synchronous = EXTRA`; SQLite's own locks keep other processes apart."""

    def __init__(self, place: Place, statements: Statements, *, closed: bool = False) -> None:
        self.gate = Gate(place.shown, closed=closed)
        self._place = place
        self._statements = statements
        self._lock = threading.Lock()
        self._paused = False
        self._engine = make_engine(place)
        self._held: Any = None
        self._connection: Any = None

    def read(self, call: Call) -> Found:
        """As `Session.read`."""
        with self._opened() as connection:
            return _run(connection, self._statements, call)

    def stream(self, calls: Sequence[Call]) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """As `Session.stream`, read whole first: a reader would keep writers out."""
        with self._opened() as connection:
            connection.execute("BEGIN")
            try:
                found = [(call.name, _run(connection, self._statements, call)) for call in calls]
            finally:
                connection.execute("ROLLBACK")
        for name, rows in found:
            for row in rows:
                yield name, row

    def transact(self, action: Callable[[Transaction], T]) -> T:
        """As `Session.transact`."""
        with self._opened() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                return action(_Transaction(connection, self._statements, self._place))
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def close(self) -> None:
        """As `Session.close`."""
        self.gate.close()
        with self._lock:
            if self._held is not None:
                self._held.close()
            self._engine.dispose()

    def pause(self) -> None:
        """As `Session.pause`: until no thread is inside SQLite, whose own locks the child would find taken for ever."""
        self._paused = self._lock.acquire(timeout=self._place.seconds)

    def resume(self) -> None:
        """As `Session.resume`."""
        if self._paused:
            self._lock.release()

    @contextlib.contextmanager
    def _opened(self) -> Iterator[Any]:
        with self.gate.inside():
            if not self._lock.acquire(timeout=self._place.seconds):
                raise StoreBusy(self._place.shown, self._place.seconds)
            try:
                yield self._connected()
            except sqlite3.Error as error:
                raise meaning(error, self._place) from error
            except UnicodeEncodeError as error:
                raise InvalidChangeSet(error.object, "Keys hold whole characters.") from error
            finally:
                self._lock.release()

    def _connected(self) -> Any:
        if self._connection is None:
            prepare(self._place)
            self._held = self._engine.raw_connection()
            self._connection = self._held.driver_connection
        return self._connection


@define
class _Transaction:
    connection: sqlite3.Connection
    statements: Statements
    place: Place

    def ask(self, *calls: Call) -> list[Found]:
        """As `Transaction.ask`."""
        return [_run(self.connection, self.statements, call) for call in calls]

    def finish(self, *calls: Call) -> None:
        """As `Transaction.finish`."""
        self.ask(*calls)
        try:
            self.connection.execute("COMMIT")
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _NOTHING_APPLIED:
                raise
            raise CommitInDoubt(self.place.shown, self.place.reason(error)) from error


def _run(connection: sqlite3.Connection, statements: Statements, call: Call) -> Found:
    statement = statements[call.name]
    return [
        row
        for values in call.pieces(statement)
        for row in connection.execute(statement.sql, values).fetchall()
    ]
