"""PostgreSQL as a store: `postgresql+psycopg://USER:PASSWORD@HOST/DATABASE`, through SQLAlchemy Core and psycopg 3.

`sqlite+pysqlite:///PATH` keeps the same tables in SQLite. It is there to check one engine by the other; the built-in
`sqlite:///PATH` is faster.
"""

from __future__ import annotations

from typing import Any

from conferencekit import hookimpl

from .place import POSTGRESQL, SQLITE
from .store import SQLAlchemyStore

__all__ = ["SQLAlchemyStore", "conferencekit_register_stores"]


@hookimpl
def conferencekit_register_stores(registry: Any) -> None:
    """Offers `postgresql+psycopg://` and `sqlite+pysqlite://`."""
    registry.add(POSTGRESQL, SQLAlchemyStore.open)
    registry.add(SQLITE, SQLAlchemyStore.open)
