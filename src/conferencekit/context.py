"""What the pure rules may not take for themselves: the time, ids and randomness.

The shell makes one `Context` per use case; a rule that needs `now` or a fresh id reads it there. With a fixed clock and
fixed entropy the same story gives the same bytes.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from datetime import UTC, datetime

from attrs import field, frozen

from .errors import NaiveTime

Clock = Callable[[], datetime]
Entropy = Callable[[int], bytes]

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32 in lower case: nothing to mistake when read aloud
_SHIFTS = range(75, -1, -5)


def utc(value: datetime) -> datetime:
    """The same instant in UTC. Raises `NaiveTime`, also for what is no time at all."""
    if not isinstance(value, datetime) or value.utcoffset() is None:  # type: ignore[redundant-expr]  # callers may have no types
        raise NaiveTime(value)
    return value if value.tzinfo is UTC else value.astimezone(UTC)


@frozen
class Context:
    """The instant at which a use case happens (UTC), and its source of randomness."""

    now: datetime = field(converter=utc)
    entropy: Entropy = os.urandom

    def new_id(self, prefix: str) -> str:
        """A fresh id such as `r-6f0c2m9t4k1zq8w3`: `prefix`, a hyphen and 80 random bits."""
        number = int.from_bytes(self.entropy(10))
        return f"{prefix}-" + "".join([_ALPHABET[(number >> shift) & 31] for shift in _SHIFTS])

    def new_salt(self) -> str:
        """128 random bits in hexadecimal."""
        return self.entropy(16).hex()


def system_clock() -> datetime:
    """The instant now, in UTC."""
    return datetime.now(UTC)


class FixedEntropy:
    """Bytes that depend only on the seed and what was drawn before. For demonstrations and tests, never for secrets."""

    def __init__(self, seed: bytes) -> None:
        self._seed = seed
        self._drawn = 0

    def __call__(self, count: int) -> bytes:
        """The next `count` bytes."""
        self._drawn += 1
        return hashlib.shake_256(self._seed + self._drawn.to_bytes(8)).digest(count)
