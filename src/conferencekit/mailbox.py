"""Mailboxes: a name and an address that mail can be sent to."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from attrs import field, frozen

from .errors import InvalidAddress
from .form.address import parse_address

LONGEST_NAME: Final = 200
"""Characters of a name; longer ones are cut. No header line gets near the 998 octets of RFC 5322, 2.1.1."""

# Marks that turn the direction of what follows (by which "exe.fdp" shows as "pdf.exe"), and what cannot be encoded.
_HARMFUL: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]")
_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")  # Unicode's Cc, Zl and Zp


def one_line(text: str) -> str:
    """The text as a single line: line ends, tabs and control characters become spaces, runs of spaces one."""
    return " ".join(_CONTROLS.sub(" ", _HARMFUL.sub("", text)).split())


def _name(value: str) -> str:
    if value.isascii() and value.isprintable() and "  " not in value:
        return value.strip()[:LONGEST_NAME]
    # It takes the square of the marks that follow a letter: first cut, then composed.
    return unicodedata.normalize("NFC", one_line(value)[: 4 * LONGEST_NAME])[:LONGEST_NAME].rstrip()


def _address(value: object) -> str:
    parts = parse_address(value) if isinstance(value, str) else None
    if parts is None:
        raise InvalidAddress(value)
    return f"{parts.local}@{parts.domain}"


@frozen
class Mailbox:
    """Somebody who sends or gets mail. `name` may be empty.

    `address` is kept with its domain in lower-case ASCII (A-labels); letters outside ASCII before the `@` stay as they
    are (RFC 6531). Control characters in the name become spaces; a name is always one line.

    Raises:
        InvalidAddress: the address is not one that mail can be sent to.
    """

    name: str = field(converter=_name)
    address: str = field(converter=_address)

    @property
    def domain(self) -> str:
        """The part after the `@`."""
        return self.address.rpartition("@")[2]

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


def parse_mailbox(text: str) -> Mailbox:
    """`Name <address>`, or an address alone. Quotes around the name are taken off.

    Raises:
        InvalidAddress: there is no address in it, or more than one.
    """
    if not text.rstrip().endswith(">"):
        return Mailbox("", text.strip())
    name, bracket, address = text.strip()[:-1].rpartition("<")
    if not bracket or ">" in address:
        raise InvalidAddress(text)
    return Mailbox(_unquoted(name.strip()), address.strip())


def _unquoted(name: str) -> str:
    if len(name) > 1 and name.startswith('"') and name.endswith('"'):
        return re.sub(r"\\(.)", r"\1", name[1:-1], flags=re.DOTALL)
    return name
