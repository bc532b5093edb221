"""Addresses in a document: of web pages, and of people."""

from __future__ import annotations

import unicodedata
from typing import Final
from urllib.parse import urlsplit

from ..conference import PLACEHOLDER, TOKEN_LENGTH
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


def _read_email_with_token(value: object, at: Place) -> str | Bad:
    if (
        isinstance(value, str)
        and value.count(PLACEHOLDER) <= 1
        and PLACEHOLDER not in value.rpartition("@")[2]
    ):
        example = value.replace(PLACEHOLDER, "x" * TOKEN_LENGTH)
        if parse_address(example) is not None:
            return value
        if parse_address(value.replace(PLACEHOLDER, "")) is not None:
            longest = f"with {TOKEN_LENGTH} letters for {PLACEHOLDER} it is longer than an address may be."
            return at.report(value, f"{longest} Shorten it.")
    return at.report(
        value, "expected an e-mail address such as name@example.org or name+{token}@example.org."
    )


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
EmailWithToken: Final = Scalar(
    "an e-mail address",
    _read_email_with_token,
    {"type": "string", "maxLength": 254, "pattern": r"^[^@\s]+[@＠][^@\s{}]+$"},
)
