"""Where a conference's store lies, and whether it is there. It is not opened, so no secretariat is loaded."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Final

from ..errors import StoreUnavailable

SQLITE: Final = "sqlite:///"


def store_url(given: argparse.Namespace) -> str:
    """The URL of the store: as it was given, or beside the document."""
    return url_of(given.store or str(given.conference.with_suffix(".db")), SQLITE)


def has_store(given: argparse.Namespace) -> bool:
    """Whether there is a store to look into: one that was named has to be there, the usual one may."""
    return bool(given.store) or Path(store_url(given).removeprefix(SQLITE)).exists()


def url_of(given: str, scheme: str) -> str:
    """A URL as it is; a path with a scheme before it. One letter and a colon are a drive of Windows."""
    return given if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", given) else f"{scheme}{given}"


def require_file(store: str, remedy: str) -> None:
    """Raise `StoreUnavailable` for the URL of an SQLite file that is not there: opening it would make one."""
    path = Path(store.removeprefix(SQLITE).partition("?")[0])
    if store.startswith(SQLITE) and not path.exists():
        raise StoreUnavailable(store, f"there is no such file; {remedy}")
