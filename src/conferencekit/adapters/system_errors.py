"""What an error of the operating system means to whoever called a store."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ..errors import StoreError, StoreFull, StoreReadOnly, StoreUnavailable

_FULL: Final = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})
_READ_ONLY: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def meaning(error: OSError, url: str) -> StoreError:
    """The error for callers of the store at this URL, where nothing was applied."""
    if error.errno in _FULL:
        return StoreFull(url, str(error))
    if error.errno in _READ_ONLY:
        return StoreReadOnly(url, str(error))
    return StoreUnavailable(url, str(error))


@contextmanager
def system_errors(url: str) -> Iterator[None]:
    """Turns errors of the system inside it into what they mean: nothing was applied."""
    try:
        yield
    except OSError as error:
        raise meaning(error, url) from error
