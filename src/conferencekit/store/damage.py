"""Rows that cannot be read: somebody wrote to the tables by hand, or the disk did."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import ConferenceKitError, StoreUnavailable


@contextmanager
def whole_rows(url: str) -> Iterator[None]:
    """Around reading rows: what no store wrote is a damaged store, not a fault of the program that reads it."""
    try:
        yield
    except (ConferenceKitError, UnicodeEncodeError):  # the second: what was given is no Unicode
        raise
    except (ValueError, TypeError, KeyError, OverflowError, AttributeError) as error:
        raise StoreUnavailable(url, f"a row in it is damaged: {error}; `storage audit` names it") from error
