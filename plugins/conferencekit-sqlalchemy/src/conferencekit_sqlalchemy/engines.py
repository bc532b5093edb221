"""Engines of SQLAlchemy with the settings that this store needs, and what their errors mean."""

from __future__ import annotations

import sqlite3
import warnings
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from conferencekit.errors import (
    MissingExtra,
    StoreBusy,
    StoreError,
    StoreFull,
    StoreReadOnly,
    StoreUnavailable,
)

from .place import Place

RECYCLE: Final = 1800
_KEEPALIVE: Final = {"keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3"}


class MissingDriver(MissingExtra):
    """The driver is an extra of this distribution."""

    def __str__(self) -> str:
        return (
            f"{self.purpose} needs psycopg 3 and libpq: pip install 'conferencekit-sqlalchemy[{self.extra}]'."
        )


def check_driver(place: Place) -> None:
    """Raises `MissingDriver` where psycopg or its libpq is not there."""
    if place.is_postgresql:
        try:
            import psycopg  # noqa: F401, PLC0415 - an extra, and slow to load
        except ImportError:
            raise MissingDriver("postgresql", "A store in PostgreSQL") from None


def make_engine(place: Place) -> sa.Engine:
    """For statements: a small pool, connections that commit by themselves where nobody says BEGIN."""
    if not place.is_postgresql:
        return _sqlite_engine(place)
    engine = _postgresql_engine(
        place,
        pool_size=place.connections,
        max_overflow=place.connections,
        pool_timeout=place.seconds,
        pool_recycle=RECYCLE,
        pool_use_lifo=True,
    )

    def set_up(connection: Any, _: object) -> None:
        connection.autocommit = True
        _set_up(connection, place)

    sa.event.listen(engine, "connect", set_up)
    return engine


def make_plain_engine(place: Place) -> sa.Engine:
    """For tables and views: transactions as SQLAlchemy makes them, no connection is kept."""
    if not place.is_postgresql:
        return _sqlite_engine(place, poolclass=NullPool)
    return _postgresql_engine(place, poolclass=NullPool)


def _postgresql_engine(place: Place, **options: Any) -> sa.Engine:
    defaults = {
        "connect_timeout": str(max(2, round(place.seconds))),
        "application_name": "conferencekit",
        "client_encoding": "utf8",
        "target_session_attrs": "read-write",  # never a replica that lags behind
        "tcp_user_timeout": "30000",
        **_KEEPALIVE,
    }
    wanted = {name: value for name, value in defaults.items() if name not in place.url.query}
    return sa.create_engine(place.url.update_query_dict(wanted), **options)


def _set_up(connection: Any, place: Place) -> None:
    """One round trip for each new connection.

    Every statement goes by an index, from the rows it is given: other plans are only chosen by mistake, for tables that
    nobody has analysed yet.
    """
    milliseconds = round(place.seconds * 1000)
    row = connection.execute(_SETTINGS, {"wait": f"{milliseconds}ms"}).fetchone()
    encoding, *switches = row[-3:]
    if encoding != "UTF8":
        raise StoreUnavailable(
            place.shown, f"the database is encoded in {encoding}; create one with ENCODING 'UTF8'"
        )
    if "off" in switches:
        warnings.warn(
            f"{place.shown}: fsync or full_page_writes is off; what is committed may be lost with the power",
            RuntimeWarning,
            stacklevel=2,
        )


_SETTINGS: Final = """
    SELECT set_config('lock_timeout', %(wait)s, false),
        set_config('idle_in_transaction_session_timeout', %(wait)s, false),
        set_config('synchronous_commit', replace(current_setting('synchronous_commit'), 'off', 'on'), false),
        set_config('client_min_messages', 'warning', false),
        set_config('plan_cache_mode', 'force_generic_plan', false),
        set_config('enable_seqscan', 'off', false),
        set_config('enable_hashjoin', 'off', false),
        set_config('enable_mergejoin', 'off', false),
        set_config('jit', 'off', false),
        current_setting('server_encoding'), current_setting('fsync'), current_setting('full_page_writes')"""


def _sqlite_engine(place: Place, **options: Any) -> sa.Engine:
    engine = sa.create_engine(
        place.url,
        connect_args={"timeout": place.seconds, "check_same_thread": False, "isolation_level": None},
        paramstyle="named",
        **options,
    )

    def set_up(connection: Any, _: object) -> None:
        for setting in ("synchronous = EXTRA", "fullfsync = ON", "trusted_schema = OFF"):
            connection.execute(f"PRAGMA {setting}")

    sa.event.listen(engine, "connect", set_up)
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


# -- what an error means: nothing was applied


def meaning(error: BaseException, place: Place) -> StoreError:
    """What an error of a driver outside COMMIT means to a caller."""
    if isinstance(error, sqlite3.Error):
        return _sqlite_meaning(error, place)
    state = getattr(error, "sqlstate", None) or ""
    reason = place.reason(error)
    if state in _BUSY:
        return StoreBusy(place.shown, place.seconds)
    if state in {"53100", "54000"}:
        return StoreFull(place.shown, reason)
    if state in {"42501", "25006"} or "session is read-only" in reason or "in recovery" in reason:
        return StoreReadOnly(place.shown, reason)
    return StoreUnavailable(place.shown, reason)


_BUSY: Final = frozenset({"55P03", "40001", "40P01", "23505", "57014"})


def _sqlite_meaning(error: sqlite3.Error, place: Place) -> StoreError:
    reason = place.reason(error)
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StoreBusy(place.shown, place.seconds)
        case sqlite3.SQLITE_FULL:
            return StoreFull(place.shown, reason)
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return StoreReadOnly(place.shown, reason)
        case _:
            return StoreUnavailable(place.shown, reason)
