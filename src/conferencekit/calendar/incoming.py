"""Mails that come back: who sent one, whom it was for, and the calendar objects in it.

A mail is scanned for what matters here and for nothing else: some forty times as fast as building the whole message,
and bounded for whatever somebody sends. Tests read the same mails with Python's own parser.

Source: RFC 5322 and RFC 2045-2047 in outline; RFC 6047, 2.4 (text/calendar).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from email.utils import parseaddr
from typing import Final

from attrs import define, field, frozen

LARGEST_MAIL: Final = 20_000_000
"""Bytes of a mail that is read."""
MOST_PARTS: Final = 200
"""Parts of a mail, and lines that look as if they parted it."""
DEEPEST: Final = 8
"""How deep parts may stand in each other."""

NO_SENDER: Final = "(no sender)"
"""The sender of a mail that names none."""

_LONGEST_HEAD: Final = 100_000
_MOST_RECIPIENTS: Final = 50
_WANTED: Final = re.compile(
    rb"^(from|to|cc|delivered-to|x-original-to|envelope-to|x-delivered-to|x-forwarded-to"
    rb"|content-type|content-transfer-encoding|content-disposition)[ \t]*:([^\n]*)",
    re.IGNORECASE | re.MULTILINE,
)
_OTHERS: Final = (b"from", b"content-type", b"content-transfer-encoding", b"content-disposition")
_PARAMETER: Final = re.compile(
    rb""";[ \t]*(boundary|charset|name|filename)[ \t]*=[ \t]*(?:"([^"]*)"|([^\s;"]+))""", re.IGNORECASE
)
_ADDRESS: Final = re.compile(rb"""[^\s<>,;:"()@]{1,64}+@[A-Za-z0-9.\x80-\xff-]{1,255}+""")
_IN_BRACKETS: Final = re.compile(rb"<([^<>\s]{1,320}+)>[ \t]*$")
_NOT_BASE64: Final = bytes(
    set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
)
_ICS: Final = (b"application/ics", b"application/octet-stream", b"text/plain", b"application/x-ics")
_TNEF: Final = (b"application/ms-tnef", b"application/vnd.ms-tnef")
_IN_TNEF: Final = "what is in it is a winmail.dat, which only Outlook reads: look at it there"
# Those that clients write calendars in, and that decode in time that grows with the length only.
_CHARSETS: Final = re.compile(
    r"iso-8859-\d{1,2}|windows-12\d\d|cp12\d\d|koi8-[ru]|gb2312|gbk|gb18030|big5|euc-(?:jp|kr)|shift_jis|iso-2022-jp"
    r"|utf-16(?:le|be)?"
)


@frozen(kw_only=True)
class Mail:
    """What a mail holds of calendars. `source` says for people where it was found.

    `sender` is the address of its From, `NO_SENDER` where it has none, and "" in a file that is no mail but a
    calendar. `recipients` are the addresses that it was sent and delivered to. `problem`: why it could not be read.
    """

    source: str
    sender: str = ""
    recipients: tuple[str, ...] = ()
    calendars: tuple[bytes, ...] = ()
    problem: str = ""


def read_mail(data: bytes, source: str) -> Mail:
    """What a mail, or a calendar object by itself, holds.

    Time and memory grow with the length of the mail alone; one beyond the limits above is named as a problem.
    """
    if len(data) > LARGEST_MAIL:
        return too_large(source)
    text = data.replace(b"\r\n", b"\n")
    start = text[:100].lstrip(b"\xef\xbb\xbf \t\n")
    if start[:15].upper() == b"BEGIN:VCALENDAR":
        return Mail(source=source, calendars=(data,))
    head, body = _head(text, 0, len(text))
    parts = _Parts(text)
    try:
        parts.read(head, body, len(text), 1)
    except _TooMuch as error:
        return Mail(source=source, sender=_sender(head), problem=str(error))
    calendars = tuple(dict.fromkeys(parts.calendars or parts.attached))
    return Mail(
        source=source,
        sender=_sender(head),
        recipients=_recipients(head),
        calendars=calendars,
        problem=_IN_TNEF if parts.is_tnef and not calendars else "",
    )


def too_large(source: str) -> Mail:
    """A mail that nobody reads further."""
    return Mail(source=source, problem=f"the mail is larger than the {LARGEST_MAIL:,} bytes that are read")


# -- headers

_Head = list[tuple[bytes, bytes]]


def _head(text: bytes, start: int, end: int) -> tuple[_Head, int]:
    """The headers that matter, by name in lower case, and where the body begins."""
    if text.startswith(b"\n", start, end):
        return [], start + 1
    at = text.find(b"\n\n", start, end)
    stop, body = (end, end) if at < 0 else (at, at + 2)
    lines = text[start : min(stop, start + _LONGEST_HEAD)].replace(b"\n ", b" ").replace(b"\n\t", b" ")
    return [(name.lower(), value.strip()) for name, value in _WANTED.findall(lines)], body


def _first(head: _Head, wanted: bytes) -> bytes:
    return next((value for name, value in head if name == wanted), b"")


def _sender(head: _Head) -> str:
    value = _first(head, b"from")[:1_000]
    if b"," not in value and (found := _IN_BRACKETS.search(value)):
        return found[1].decode("utf-8", "replace")
    return parseaddr(value.decode("utf-8", "replace"))[1] or NO_SENDER


def _recipients(head: _Head) -> tuple[str, ...]:
    found = [
        each.decode("utf-8", "replace")
        for name, value in head
        if name not in _OTHERS
        for each in _ADDRESS.findall(value[:10_000])
    ]
    return tuple(dict.fromkeys(found))[:_MOST_RECIPIENTS]


def _typed(value: bytes) -> tuple[bytes, dict[bytes, bytes]]:
    """A Content-Type: the type in lower case, and its parameters."""
    parameters = {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(value)}
    return value.partition(b";")[0].strip().lower(), parameters


# -- parts


class _TooMuch(Exception):
    """A mail in more pieces than anybody sends."""


@define
class _Parts:
    """Looks for calendars in the parts of a mail. `attached`: those that count where no part is a text/calendar.

    `is_tnef`: a part is in a form of Outlook's own.
    """

    text: bytes
    calendars: list[bytes] = field(factory=list)
    attached: list[bytes] = field(factory=list)
    pieces: int = 0
    is_tnef: bool = False

    def read(self, head: _Head, start: int, end: int, depth: int) -> None:
        """One part, from where its body starts."""
        kind, parameters = _typed(_first(head, b"content-type"))
        if depth > DEEPEST:
            raise _TooMuch(f"its parts stand more than {DEEPEST} deep in each other")
        if kind.startswith(b"multipart/") and (boundary := parameters.get(b"boundary")):
            for begins, ends in self._between(b"\n--" + boundary, start, end):
                inner, body = _head(self.text, begins, ends)
                self.read(inner, body, ends, depth + 1)
        elif kind == b"message/rfc822":
            inner, body = _head(self.text, start, end)
            self.read(inner, body, end, depth + 1)
        elif kind == b"text/calendar":
            self.calendars.append(self._decoded(head, parameters, start, end))
        elif kind in _ICS and _is_ics(parameters, _first(head, b"content-disposition")):
            self.attached.append(self._decoded(head, parameters, start, end))
        elif kind in _TNEF:
            self.is_tnef = True

    def _between(self, delimiter: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Where each part of a multipart begins and ends. The line end before a delimiter belongs to it."""
        begins = None
        at = self.text.find(delimiter, start - 1, end)
        while at >= 0:
            self.pieces += 1
            if self.pieces > MOST_PARTS:
                raise _TooMuch(f"it has more than {MOST_PARTS} parts")
            after = at + len(delimiter)
            line_end = self.text.find(b"\n", after, end)
            stop = end if line_end < 0 else line_end
            rest = self.text[after : min(stop, after + 200)].strip()
            if rest in (b"", b"--"):
                if begins is not None:
                    yield begins, max(at, begins)
                if rest:
                    return
                begins = min(stop + 1, end)
            at = self.text.find(delimiter, after, end)
        if begins is not None:
            yield begins, end

    def _decoded(self, head: _Head, parameters: dict[bytes, bytes], start: int, end: int) -> bytes:
        data = self.text[start:end]
        encoding = _first(head, b"content-transfer-encoding").lower()
        if encoding == b"base64":
            data = _base64(data)
        elif encoding == b"quoted-printable":
            data = binascii.a2b_qp(data)
        charset = parameters.get(b"charset", b"").decode("ascii", "replace").strip("'").lower()
        if not _CHARSETS.fullmatch(charset):
            return data
        try:
            return data.decode(charset, "replace").encode("utf-8", "replace")
        except (LookupError, ValueError):
            return data


def _is_ics(parameters: dict[bytes, bytes], disposition: bytes) -> bool:
    name = _typed(disposition)[1].get(b"filename") or parameters.get(b"name", b"")
    return name.lower().endswith(b".ics")


def _base64(data: bytes) -> bytes:
    """What base64 says, as far as it goes."""
    plain = data.partition(b"=")[0].translate(None, _NOT_BASE64)
    if len(plain) % 4 == 1:
        plain = plain[:-1]
    return binascii.a2b_base64(plain + b"=" * (-len(plain) % 4))
