"""Which SQLite: that of the package `pysqlite3` where it is installed and newer, else the standard library's.

All modules of the SQLite store take `sqlite3` from here, and whoever opens a store's file in the process of a host has
to: two copies of SQLite in one process do not know of each other's locks on a file, and POSIX drops them for both.
"""

from __future__ import annotations

import sqlite3 as standard
import warnings
from types import ModuleType
from typing import TYPE_CHECKING, Final

from ..errors import OldSQLite

WHOLE_SINCE: Final = (3, 51, 3)
"""The first version of SQLite without the fault of its WAL that `OldSQLite` tells of."""


def _tells_codes(driver: ModuleType) -> bool:
    """Whether its errors say what went wrong: without that a full disk and a busy file would look alike."""
    connection = driver.connect(":memory:")
    try:
        connection.execute("nonsense")
    except driver.Error as error:
        return hasattr(error, "sqlite_errorcode")
    finally:
        connection.close()
    return False


def _newest() -> ModuleType:
    try:
        from pysqlite3 import dbapi2 as packaged  # type: ignore[import-untyped,import-not-found,unused-ignore]  # noqa: PLC0415 - an extra; it has no types, or is not there
    except ImportError:
        return standard
    is_newer = packaged.sqlite_version_info > standard.sqlite_version_info
    return packaged if is_newer and _tells_codes(packaged) else standard


if TYPE_CHECKING:
    import sqlite3
else:
    sqlite3 = _newest()

__all__ = ["WHOLE_SINCE", "caveat", "sqlite3", "warn_of_old"]

_warned: list[bool] = []


def code_of(error: sqlite3.Error) -> int:
    """SQLite's primary result code; 0 where the driver raised by itself."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def caveat() -> OldSQLite | None:
    """What is to be said of the SQLite that is linked; None if nothing is."""
    if sqlite3.sqlite_version_info < WHOLE_SINCE:
        return OldSQLite(sqlite3.sqlite_version)
    return None


def warn_of_old() -> None:
    """Warn of an old SQLite, once in a process."""
    if not _warned and (found := caveat()) is not None:
        _warned.append(True)
        warnings.warn(found, stacklevel=2)
