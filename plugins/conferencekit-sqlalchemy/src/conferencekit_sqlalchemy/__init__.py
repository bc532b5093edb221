"""PostgreSQL as a store: `postgresql+psycopg://USER:PASSWORD@HOST/DATABASE`, through SQLAlchemy Core and psycopg 3.

`sqlite+pysqlite:///PATH` keeps the same tables in SQLite. It is there to check one engine by the other; the built-in
`sqlite:///PATH` is faster.

Importing this loads no SQLAlchemy: every host and every command looks for plugins, also where another store is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conferencekit import hookimpl
from conferencekit.ports import Store

from .schemes import POSTGRESQL, SQLITE

if TYPE_CHECKING:
    from .store import SQLAlchemyStore

__all__ = ["SQLAlchemyStore", "conferencekit_register_stores"]


@hookimpl
def conferencekit_register_stores(registry: Any) -> None:
    """Offers `postgresql+psycopg://` and `sqlite+pysqlite://`."""
    registry.add(POSTGRESQL, _open)
    registry.add(SQLITE, _open)


def _open(url: str) -> Store:
    from .store import SQLAlchemyStore  # noqa: PLC0415 - loads SQLAlchemy

    return SQLAlchemyStore.open(url)


def __getattr__(name: str) -> object:
    """Loads the store when it is asked for."""
    if name == "SQLAlchemyStore":
        from .store import SQLAlchemyStore  # noqa: PLC0415 - as above

        return SQLAlchemyStore
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
