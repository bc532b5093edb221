"""WordPress shortcodes, by the exact grammar of WordPress, and repaired where a page was scraped.

What WordPress stores is `[user_registration_form id="642"]`. A page rendered while the plugin was switched off shows
it with the typographer's marks that WordPress puts into ordinary text, `id=”642″`. Read exactly, those marks belong to
the value; with `repair` they are turned back first.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import Final

from attrs import frozen

TAGS: Final = (
    "user_registration_form",
    "user_registration_my_account",
    "user_registration_login",
    "user_registration_edit_profile",
    "user_registration_edit_password",
    "user_registration_lost_password",
    "user_registration_reset_password_form",
)
"""The shortcodes of the plugin "User Registration"."""

_NOT_TEXT = re.compile(r"<!--|<!\[CDATA\[|</?[A-Za-z][^<>]*>")
_CLOSINGS: Final = {"<!--": "-->", "<![CDATA[": "]]>"}
_CANDIDATE = re.compile(r"\[([^<>&/\[\]\x00-\x20=]+)")
_ODD_SPACES = re.compile("[\u00a0\u200b]+")
_ATTRIBUTE = re.compile(
    r"""([\w-]+)\s*=\s*"([^"]*)"(?:\s|\Z)      # name = "value"
      | ([\w-]+)\s*=\s*'([^']*)'(?:\s|\Z)      # name = 'value'
      | ([\w-]+)\s*=\s*([^\s'"]+)(?:\s|\Z)     # name = value
      | "([^"]*)"(?:\s|\Z)
      | '([^']*)'(?:\s|\Z)
      | (\S+)(?:\s|\Z)""",
    re.VERBOSE | re.ASCII,
)
_ESCAPE = re.compile(rb"\\(?:x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|(.))", re.DOTALL)
_CONTROLS: Final = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"v": b"\v", b"b": b"\b", b"f": b"\f"}
_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}")
_CURLY = re.compile("(?<==)[“”„″«»‘’′]|[“”„″«»‘’′](?=\\s|\\Z)")


@frozen(kw_only=True)
class Shortcode:
    """A shortcode as it was found. `raw` is its opening tag, `content` what stands before its closing tag (or "").

    `attributes` maps names in lower case to values; those without a name are called "0", "1", ... `repaired` says that
    typographer's marks were turned back into quotes.
    """

    tag: str
    attributes: Mapping[str, str]
    raw: str
    repaired: bool = False
    content: str = ""


def parse_shortcode(text: str, *, repair: bool = False, tags: tuple[str, ...] = TAGS) -> Shortcode | None:
    """The first shortcode in a text, or None.

    Escaped ones (`[[tag]]`) and those inside HTML tags and comments do not count.

    Args:
        text: A page's text or HTML, or the shortcode alone.
        repair: For text copied from a rendered page: turn entities and typographer's marks back. Leave it off for what
            WordPress stored.
        tags: The shortcodes to look for; WordPress recognises only those that are registered.
    """
    return next(find_shortcodes(text, repair=repair, tags=tags), None)


def find_shortcodes(text: str, *, repair: bool = False, tags: tuple[str, ...] = TAGS) -> Iterator[Shortcode]:
    """All shortcodes in a text, from left to right, those inside the content of another left out."""
    there = set(_CANDIDATE.findall(_ODD_SPACES.sub(" ", text) if repair else text))
    wanted = [re.escape(tag) for tag in tags if tag in there]
    if not wanted:
        return
    opening = re.compile(rf"\[(\[?)({'|'.join(wanted)})(?![A-Za-z0-9_-])")
    hidden, unclosed, position = _hidden(text), set[str](), 0
    while match := opening.search(text, position):
        end = text.find("]", match.end())
        if end < 0:
            return
        region = bisect_right(hidden, (match.start(), len(text))) - 1
        if region >= 0 and match.start() < hidden[region][1]:
            position = end + 1
            continue
        attributes = text[match.end() : end]
        position, content = _content(text, match[2], end, attributes, unclosed)
        if match[1] and text.startswith("]", position):
            position += 1  # escaped: [[tag]]
            continue
        raw = text[match.start() + len(match[1]) : end + 1]
        yield _shortcode(match[2], attributes, raw=raw, content=content, repair=repair)


def _hidden(text: str) -> list[tuple[int, int]]:
    """Where HTML tags, comments and CDATA stand: half-open spans, in order."""
    spans: list[tuple[int, int]] = []
    missing: set[str] = set()
    position = 0
    while match := _NOT_TEXT.search(text, position):
        closing = _CLOSINGS.get(match[0])
        end = match.end() if closing is None else -1
        if closing and closing not in missing:  # looked for once: many openings must not mean many searches
            end = text.find(closing, match.end())
            end = end + len(closing) if end >= 0 else -1
            missing |= {closing} if end < 0 else set()
        if end >= 0:
            spans.append((match.start(), end))
        position = max(end, match.end())
    return spans


def _content(text: str, tag: str, end: int, attributes: str, unclosed: set[str]) -> tuple[int, str]:
    """Where the shortcode ends, and what it encloses: up to the first closing tag."""
    closing = f"[/{tag}]"
    start = end + 1
    if attributes.endswith("/") or tag in unclosed:
        return start, ""
    found = text.find(closing, start)
    if found < 0:
        unclosed.add(tag)
        return start, ""
    return found + len(closing), text[start:found]


def _shortcode(tag: str, attributes: str, *, raw: str, content: str, repair: bool) -> Shortcode:
    written = attributes.removesuffix("/")
    read = _repaired(written) if repair else written
    return Shortcode(
        tag=tag, attributes=parse_attributes(read), raw=raw, repaired=read != written, content=content
    )


def _repaired(attributes: str) -> str:
    decoded = html.unescape(attributes).replace("\u00d7", "x")
    return _CURLY.sub(lambda mark: "'" if mark[0] in "‘’′" else '"', decoded)


def parse_attributes(text: str) -> dict[str, str]:
    """The attributes of a shortcode, as WordPress reads what stands between its tag and its `]`."""
    found: dict[str, str] = {}
    position = 0
    for match in _ATTRIBUTE.finditer(_ODD_SPACES.sub(" ", text)):
        groups = match.groups()
        name = next((groups[index] for index in (0, 2, 4) if groups[index] is not None), None)
        value = next(groups[index] for index in (1, 3, 5, 6, 7, 8) if groups[index] is not None)
        if name is None and not value:
            continue
        if name is None:
            name, position = str(position), position + 1
        elif name == "0":
            continue
        elif _NUMBER.fullmatch(name):
            position = max(position, int(name) + 1)
        found[name.lower()] = _value(value)
    return found


def _value(written: str) -> str:
    value = _ESCAPE.sub(_unescaped, written.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")
    return "" if "<" in re.sub(r"<[^>]+>", "", value) else value


def _unescaped(match: re.Match[bytes]) -> bytes:
    hexadecimal, octal, other = match.groups()
    if hexadecimal is not None:
        return bytes([int(hexadecimal, 16)])
    if octal is not None:
        return bytes([int(octal, 8) & 0xFF])
    return _CONTROLS.get(other, other)
