"""What a contribution and its answers are called: `G-017`, and `G4-017` for its answer to topic 4."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from ..errors import InvalidText

_PREFIX: Final = re.compile(r"[A-Z]{1,8}")
_REFERENCE: Final = re.compile(r"([A-Za-z]{1,8})([0-9]{1,4})-([0-9]{1,9})")
_DIGITS: Final = 3


class Reference(NamedTuple):
    """The answer to a topic in a contribution."""

    topic: int
    number: int


def reference(prefix: str, topic: int, number: int) -> str:
    """`reference("G", 4, 17)` -> `G4-017`. Raises `InvalidText` for a prefix that is not 1 to 8 of A to Z."""
    return f"{_checked(prefix)}{topic}-{number:0{_DIGITS}d}"


def contribution_label(prefix: str, number: int) -> str:
    """The contribution as a whole: `contribution_label("G", 17)` -> `G-017`."""
    return f"{_checked(prefix)}-{number:0{_DIGITS}d}"


def parse_reference(text: str, prefix: str) -> Reference | None:
    """`G4-017`, also as `g4-17`; None for what is no reference with this prefix."""
    found = _REFERENCE.fullmatch(text.strip())
    if found is None or found[1].upper() != _checked(prefix):
        return None
    read = Reference(int(found[2]), int(found[3]))
    return read if read.topic and read.number else None


def _checked(prefix: str) -> str:
    if not _PREFIX.fullmatch(prefix):
        raise InvalidText(prefix, "Give a prefix of one to eight letters A to Z, such as 'C'.")
    return prefix
