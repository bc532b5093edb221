"""Statements that go to PostgreSQL in one packet, and are answered in one.

By libpq's own pipeline: psycopg's sends each statement by itself and looks for answers after each, which takes twice
the time of the client. Each statement is prepared once per connection, under its own name.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from weakref import WeakKeyDictionary

import psycopg
from psycopg import pq
from psycopg.adapt import Transformer
from psycopg.generators import fetch_many, send

from .session import Found
from .statements import Statement

Driver = psycopg.Connection[tuple[Any, ...]]
Sent = tuple[Statement, Mapping[str, Any]]

_PREPARED: Final[WeakKeyDictionary[Driver, set[str]]] = WeakKeyDictionary()
_OK: Final = frozenset({pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK, pq.ExecStatus.PIPELINE_SYNC})


def run_together(connection: Driver, sent: Sequence[Sent]) -> list[tuple[bytes, Found]]:
    """Run statements in their order; (command, rows) of each. After one that fails none is run: its error is raised."""
    prepared = _PREPARED.setdefault(connection, set())
    fresh = [statement.name for statement, _ in sent if statement.name not in prepared]
    connection.pgconn.enter_pipeline_mode()
    try:
        results = list(_exchanged(connection, sent, set(fresh)))
    finally:
        if not connection.closed:
            with contextlib.suppress(psycopg.Error):  # then it is not idle, and will be given up
                connection.pgconn.exit_pipeline_mode()
    failed = next((result for _, result in results if result.status not in _OK), None)
    prepared.update(name for name, result in results if name and result.status in _OK)
    if failed is not None:
        raise psycopg.errors.error_from_result(failed, encoding="utf-8")
    transformer = Transformer(connection)
    return [_read(transformer, result) for name, result in results if not name]


def roll_back(connection: Driver) -> None:
    """End a transaction, if the connection is still there. A pipeline that was interrupted stays as it is."""
    if not connection.closed:
        with contextlib.suppress(psycopg.Error):  # then it is lost, and what made this necessary is raised
            run_together(connection, [(Statement("ROLLBACK", "ROLLBACK", {}, ()), {})])


def _exchanged(
    connection: Driver, sent: Sequence[Sent], fresh: set[str]
) -> Iterator[tuple[str, pq.abc.PGresult]]:
    """(name, result) of what was prepared, ("", result) of what was run."""
    pgconn, expected = connection.pgconn, list[str]()
    for statement, values in sent:
        name = statement.name.encode()
        if statement.name in fresh:
            pgconn.send_prepare(name, statement.sql.encode())
            expected.append(statement.name)
            fresh.discard(statement.name)
        pgconn.send_query_prepared(name, [_dumped(values[each]) for each in statement.order])
        expected.append("")
    pgconn.pipeline_sync()
    connection.wait(send(pgconn))
    for each in expected:
        (result,) = connection.wait(fetch_many(pgconn))
        yield each, result
    connection.wait(fetch_many(pgconn))  # the sync


def _dumped(value: object) -> bytes | None:
    return None if value is None else str(value).encode()


def _read(transformer: Any, result: pq.abc.PGresult) -> tuple[bytes, Found]:
    transformer.set_pgresult(result)
    rows: Found = transformer.load_rows(0, result.ntuples, tuple) if result.ntuples else []
    return result.command_status or b"", rows
