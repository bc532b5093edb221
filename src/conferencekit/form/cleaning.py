"""Typed text, made fit to be stored: normalised, without characters that nobody sees.

What is dropped, and why:

- control characters (Cc), lone surrogates and noncharacters: no meaning in text, and stores and XML refuse them;
- explicit directional formatting (U+202A-202E, U+2066-2069): an unclosed override reverses what others wrote after it;
- other invisible characters (zero width space, word joiner, soft hyphen, byte order mark, tags): they make two equal
  looking answers differ. Joiners (U+200C, U+200D) and variation selectors stay: Persian, Indic scripts, Japanese names
  and emoji need them. Directional marks (U+200E, U+200F, U+061C) stay in long texts only.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_LINE_ENDS: Final = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_DROPPED: Final = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\xad\u180e\u200b\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000))
    + "]"
)
_MARKS: Final = re.compile("[\u200e\u200f\u061c]")
_SPACES: Final = re.compile(r"\s+")
_BLANK: Final = re.compile(
    "[\\s\u034f\u061c\u115f\u1160\u200c-\u200f\u2800\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]*"
)
_SURROGATES: Final = re.compile("[\ud800-\udfff]")


def clean_lines(text: str) -> str:
    r"""A text of several lines: NFC, line ends as `\n`, nothing invisible, no white space around it."""
    if text.isascii() and text.isprintable():
        return text.strip()
    text = _DROPPED.sub("", _LINE_ENDS.sub("\n", text))
    return _without_blank(unicodedata.normalize("NFC", text).strip())


def clean_line(text: str) -> str:
    """A text of one line: as `clean_lines`, with every run of white space as one space, and no directional marks."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    text = _MARKS.sub("", _DROPPED.sub("", _LINE_ENDS.sub(" ", text)))
    return _without_blank(_SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip())


def clean_password(text: str) -> str:
    """A password: NFC and otherwise as it was typed (RFC 8265, section 4.2), spaces included."""
    return unicodedata.normalize("NFC", _SURROGATES.sub("\ufffd", text))


def _without_blank(text: str) -> str:
    return "" if _BLANK.fullmatch(text) else text
