"""The one way to a blob: by its digest. Nothing else from outside becomes a path or a key."""

from __future__ import annotations

import re
from typing import Final

from ..errors import InvalidDigest

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


def check_digest(sha256: object) -> None:
    """Raises `InvalidDigest` for what is no SHA-256 in lower-case hexadecimal."""
    if not isinstance(sha256, str) or not _DIGEST.fullmatch(sha256):
        raise InvalidDigest(sha256)
