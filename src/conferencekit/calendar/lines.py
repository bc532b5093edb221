"""Content lines: text, parameters and folding, so that no value can become anything but a value.

Source: RFC 5545, 3.1 and 3.3.11; RFC 6868 for what stands in quotes; RFC 6068 for mailto.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from ..form.address import ascii_domain
from ..mailbox import Mailbox

LONGEST_LINE: Final = 75
"""Octets of a line without its CRLF."""

_LINE_ENDS: Final = re.compile("\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
_RARE: Final = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_SAFE_ADDRESS: Final = re.compile("[A-Za-z0-9_.~!$'*+@-]*")
_HOST: Final = re.compile("([A-Za-z][A-Za-z0-9+.-]*://)([^/?#:@]+)(?=[/?#:]|$)")
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def plain_text(text: str) -> str:
    """The text without what a calendar cannot hold: line ends as LF, control characters and lone surrogates gone."""
    if (text.isascii() and text.isprintable()) or not _RARE.search(text):
        return text
    return _CONTROLS.sub("", _LINE_ENDS.sub("\n", text))


def text_value(text: str) -> str:
    """A value of type TEXT. A backslash stays a backslash, whatever letter follows it."""
    # the backslash first; `str.translate` takes ten times as long
    text = plain_text(text).replace("\\", "\\\\")
    return text.replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def parameter(text: str) -> str:
    """The value of a parameter: in quotes where it has to be, with carets for what quotes cannot hold."""
    value = plain_text(text).replace("\t", " ")
    if "^" in value or '"' in value or "\n" in value:
        value = value.replace("^", "^^").replace('"', "^'").replace("\n", "^n")
    return f'"{value}"' if "," in value or ";" in value or ":" in value else value


def uri_value(address: str) -> str:
    """A value of type URI: a host outside ASCII by its name in DNS, other characters percent-encoded."""
    address = plain_text(address)
    if not address.isascii() and (found := _HOST.match(address)):
        address = f"{found[1]}{ascii_domain(found[2]) or found[2]}{address[found.end() :]}"
    return quote(address, safe="!#$%&'()*+,/:;=?@[]~")


def mailto(mailbox: Mailbox) -> str:
    """The address as a URI."""
    address = mailbox.address
    return "mailto:" + (address if _SAFE_ADDRESS.fullmatch(address) else quote(address, safe="!$'*+@"))


def line(name: str, value: str, **parameters: str) -> bytes:
    """A content line, folded, with its CRLF. Value and parameters are written as they are given."""
    given = "".join([f";{key}={each}" for key, each in parameters.items()]) if parameters else ""
    return fold(f"{name}{given}:{value}".encode())


def fold(octets: bytes) -> bytes:
    """The line in pieces of at most 75 octets, never cut within a UTF-8 sequence or behind a backslash or caret."""
    if len(octets) <= LONGEST_LINE:
        return octets + b"\r\n"
    pieces = []
    start, room = 0, LONGEST_LINE
    while len(octets) - start > room:
        end = _cut(octets, start, start + room)
        pieces.append(octets[start:end])
        start, room = end, LONGEST_LINE - 1  # the space in front counts
    pieces.append(octets[start:])
    return b"\r\n ".join(pieces) + b"\r\n"


def _cut(octets: bytes, start: int, end: int) -> int:
    """The last place up to `end` where the line may be cut. Some clients read escapes before they unfold."""
    while octets[end] & 0xC0 == 0x80:
        end -= 1
    last = octets[end - 1 : end]
    if last not in (b"\\", b"^"):
        return end
    piece = octets[start:end]
    run = len(piece) - len(piece.rstrip(last))  # pairs may stay together, one alone goes with what follows
    return end - run % 2
