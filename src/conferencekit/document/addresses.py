"""Addresses in a document: of web pages, and of people."""

from __future__ import annotations

import unicodedata
from typing import Final
from urllib.parse import urlsplit

from ..form.address import parse_address
from .kinds import Scalar
from .place import Bad, Place

LONGEST_URL: Final = 2_000
_NEVER = frozenset('"<>\\^`{|}')
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zs", "Zl", "Zp"})


def url_problem(value: str) -> str | None:
    """Why this cannot be the address of a page that people are sent to, or None."""
    for character in value:
        if character in _NEVER or unicodedata.category(character) in _INVISIBLE:
            shown = character if character in _NEVER else f"U+{ord(character):04X}"
            return (
                f"has {shown} in it, which an address cannot have: write it percent-encoded or take it out."
            )
    if len(value) > LONGEST_URL:
        return f"has {len(value)} characters, {LONGEST_URL} are allowed."
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not a web address: its host or port cannot be read."
    if parts.scheme not in {"http", "https"} or not host:
        return "expected a whole web address such as https://example.org/page."
    if "@" in parts.netloc:
        return "has a user name in it: give the address without it."
    return None


def _read_url(value: object, at: Place) -> str | Bad:
    if not isinstance(value, str):
        return at.report(value, "expected a web address in quotes, such as https://example.org/page.")
    problem = url_problem(value)
    return at.report(value, problem) if problem else value


def _read_email(value: object, at: Place) -> str | Bad:
    if isinstance(value, str) and parse_address(value) is not None:
        return value
    return at.report(value, "expected an e-mail address such as name@example.org.")


Url: Final = Scalar(
    "a web address",
    _read_url,
    {"type": "string", "maxLength": LONGEST_URL, "pattern": r'^[hH][tT][tT][pP][sS]?://[^\s"<>\\^`{|}]+$'},
)
Email: Final = Scalar(
    "an e-mail address",
    _read_email,
    {"type": "string", "maxLength": 254, "pattern": r"^[^@\s]+[@＠][^@\s]+$"},
)
