"""Connections to PostgreSQL: a small pool, statements sent together, and turns after a conflict."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeVar

import psycopg
import sqlalchemy as sa
from attrs import define, evolve
from psycopg import pq
from psycopg.errors import Diagnostic

from conferencekit.errors import CommitInDoubt, InvalidChangeSet, StoreBusy, StoreError

from .engines import make_engine, meaning
from .pipeline import Driver, Sent, roll_back, run_together
from .place import Place
from .schema import prepare
from .session import Call, Found, Gate, Transaction, Turns
from .statements import Statement, Statements
from .statistics import Statistics

T = TypeVar("T")

_RECONNECTS: Final = 2
# a conflict, a deadlock, somebody inserted the same key
_AGAIN: Final = frozenset({"40001", "40P01", "23505"})
# the statement is gone, or its table was changed meanwhile
_UNPREPARED: Final = frozenset({"26000", "0A000"})
_BEGIN: Final = Statement("BEGIN", "BEGIN", {}, ())
_SNAPSHOT: Final = Statement("SNAPSHOT", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", {}, ())
_FETCHED: Final = 500
_COMMIT: Final = Statement("COMMIT", "COMMIT", {}, ())
_HALF: Final = "Keys hold whole characters: it has half of a surrogate pair."


class PostgreSQLSession:
    """Up to twice `place.connections` connections. Belongs to one process."""

    def __init__(self, place: Place, statements: Statements, *, closed: bool = False) -> None:
        self.gate = Gate(place.shown, closed=closed)
        self._place = place
        self._statements = statements
        self._engine = make_engine(place)
        self._statistics = Statistics(place.schema)
        self._beginning = threading.Lock()
        self._begun = False

    def read(self, call: Call) -> Found:
        """As `Session.read`: not in an older transaction, so it sees all that was committed."""
        statement = self._statements[call.name]
        (values,) = call.pieces(statement)
        return self._repeat(lambda connection: run_together(connection, [(statement, values)])[0][1])

    def stream(self, calls: Sequence[Call]) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """As `Session.stream`: one snapshot, read by cursors of the server."""
        with self.gate.inside():
            pass  # closing does not wait for those who read on
        with self._connection() as connection, self._translated(connection):
            run_together(connection, [(_SNAPSHOT, {})])
            try:
                for call in calls:
                    yield from ((call.name, row) for row in self._walked(connection, call))
            finally:
                roll_back(connection)

    def _walked(self, connection: Driver, call: Call) -> Iterator[tuple[Any, ...]]:
        """What a statement finds, by a cursor of the server."""
        statement = self._statements[call.name]
        declared = f"DECLARE {call.name} NO SCROLL CURSOR FOR {statement.sql}"
        opening = evolve(statement, name=f"declare_{call.name}", sql=declared)
        fetching = Statement(f"fetch_{call.name}", f"FETCH {_FETCHED} FROM {call.name}", {}, ())
        (values,) = call.pieces(statement)
        run_together(connection, [(opening, values)])
        while rows := run_together(connection, [(fetching, {})])[0][1]:
            yield from rows

    def transact(self, action: Callable[[Transaction], T]) -> T:
        """As `Session.transact`."""

        def work(connection: Driver) -> T:
            transaction = _Transaction(connection, self._statements, self._place)
            try:
                answer = action(transaction)
            except psycopg.Error as error:
                if transaction.is_sent and not _is_refused(error):
                    raise CommitInDoubt(self._place.shown, self._place.reason(error)) from error
                raise
            finally:
                transaction.end()
            self._statistics.wrote(connection, transaction.rows)
            return answer

        return self._repeat(work)

    def close(self) -> None:
        """As `Session.close`."""
        self.gate.close()
        self._engine.dispose()

    def pause(self) -> None:
        """As `Session.pause`: nothing to wait for, libpq has no locks of its own."""

    def resume(self) -> None:
        """As `Session.resume`."""

    def _repeat(self, work: Callable[[Driver], T]) -> T:
        """Do it again where that may help: after a conflict while there is time, and on a fresh connection."""
        turns, lost = Turns(self._place.seconds), 0
        with self.gate.inside():
            while True:
                try:
                    with self._connection() as connection, self._translated(connection):
                        return work(connection)
                except _Again as again:
                    lost += again.is_lost
                    if again.is_lost and lost <= _RECONNECTS:
                        self._engine.dispose()  # the server went away, and with it the others in the pool
                    elif again.is_lost or not turns.another():
                        raise again.found from again.__cause__

    @contextlib.contextmanager
    def _connection(self) -> Iterator[Driver]:
        self._begin()
        pool = self._engine.pool
        try:
            fairy = self._engine.raw_connection()
        except psycopg.Error as error:
            raise meaning(error, self._place) from error
        except sa.exc.TimeoutError as error:
            raise StoreBusy(self._place.shown, self._place.seconds) from error
        connection: Any = fairy.driver_connection
        try:
            yield connection
        finally:
            is_idle = connection.info.transaction_status == pq.TransactionStatus.IDLE
            if connection.closed or not is_idle or pool is not self._engine.pool:  # or the pool was given up
                fairy.invalidate()
            fairy.close()

    def _begin(self) -> None:
        if not self._begun:
            with self._beginning:
                if not self._begun:
                    prepare(self._place)
                    self._begun = True

    @contextlib.contextmanager
    def _translated(self, connection: Driver) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            found = meaning(error, self._place)
            if error.sqlstate in _UNPREPARED:
                connection.close()
            if connection.closed or error.sqlstate in _AGAIN:
                raise _Again(found, is_lost=connection.closed) from error
            raise found from error
        except UnicodeEncodeError as error:
            raise InvalidChangeSet(error.object, _HALF) from error


def _is_refused(error: psycopg.Error) -> bool:
    """Whether the server said no and lives on: so it did not commit. Whatever else went wrong may have come after."""
    return error.sqlstate is not None and error.diag.severity_nonlocalized == "ERROR"


class _Again(Exception):
    """Nothing was applied, and trying again may help."""

    def __init__(self, found: StoreError, *, is_lost: bool) -> None:
        super().__init__(found)
        self.found = found
        self.is_lost = is_lost


@define
class _Transaction:
    """What it does is sent together, without waiting for an answer to each."""

    connection: Driver
    statements: Statements
    place: Place
    is_begun: bool = False
    is_sent: bool = False
    is_done: bool = False
    rows: int = 0

    def ask(self, *calls: Call) -> list[Found]:
        """As `Transaction.ask`."""
        sent = [self._sent(call) for call in calls]
        found = iter(
            run_together(self.connection, [*self._begin(), *(each for several in sent for each in several)])
        )
        if not self.is_begun:
            self.is_begun = True
            next(found)
        return [[row for _ in several for row in next(found)[1]] for several in sent]

    def finish(self, *calls: Call) -> None:
        """As `Transaction.finish`. Once it is sent, a lost connection leaves it in doubt.

        So does a warning, such as that the wait for a synchronous replica was cut short.
        """
        warned: list[str] = []

        def warn(said: Diagnostic) -> None:  # it cannot be read later
            warned.append(said.message_primary or "a warning")

        sent = [*self._begin(), *(each for call in calls for each in self._sent(call)), (_COMMIT, {})]
        self.connection.add_notice_handler(warn)
        self.is_begun = self.is_sent = True
        try:
            committed = run_together(self.connection, sent)[-1][0]
        finally:
            self.connection.remove_notice_handler(warn)
        self.is_done = True
        self.rows = sum(len(call.rows or ()) for call in calls)
        if warned or committed != b"COMMIT":
            raise CommitInDoubt(self.place.shown, *(warned or [committed.decode()])[:1])

    def _begin(self) -> list[Sent]:
        return [] if self.is_begun else [(_BEGIN, {})]

    def _sent(self, call: Call) -> list[Sent]:
        statement = self.statements[call.name]
        return [(statement, values) for values in call.pieces(statement)]

    def end(self) -> None:
        """Roll back what was not finished."""
        if self.is_begun and not self.is_done:
            roll_back(self.connection)
