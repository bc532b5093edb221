"""The bytes of a mail: headers that no value can break out of, and the parts in the order that calendars want.

The same mail gives the same bytes: boundary and date come from what is given, nothing from clock, host or chance. It is
put together by hand, some fifty times as fast as `email.message.EmailMessage`; tests read it back with that.

Source: RFC 5322, RFC 2045 to 2047, RFC 6047 (iMIP), RFC 8058 (unsubscribing), RFC 3834 (Auto-Submitted).
"""

from __future__ import annotations

import binascii
import hashlib
import re
from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from attrs import frozen

from ..mailbox import Mailbox, one_line

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WORD_OCTETS: Final = 36
"""Octets in an encoded word: 60 characters of it, so that a line with one stays below the 76 of RFC 2047, 2."""
_LINE: Final = 76
_LONGEST_WORD: Final = 60
_ASCII: Final = bytes(range(128))
_KEPT: Final = 32
"""So many texts are kept encoded: one that goes to many people is encoded once."""
_ATOMS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")


@frozen(kw_only=True)
class Calendar:
    """An iCalendar object and its METHOD."""

    octets: bytes
    method: str


@frozen(kw_only=True)
class Mail:
    """All that a mail consists of. `unsubscribe` is an https address that takes a POST without sign-in.

    `is_draft`: opened in Outlook it can be sent by hand (`X-Unsent: 1`).
    """

    sender: Mailbox
    recipient: Mailbox
    reply_to: Mailbox | None = None
    subject: str
    text: str
    html: str
    locale: str
    date: datetime
    message_id: str
    calendar: Calendar | None = None
    unsubscribe: str | None = None
    is_draft: bool = False


def mail_to_bytes(mail: Mail) -> bytes:
    """The whole RFC 5322 message, with CRLF line ends.

    Without a calendar: multipart/alternative of text and HTML. With one: multipart/mixed, whose first part is that
    alternative with the calendar as its last choice, and whose second is the same calendar as a file (RFC 6047, 2.4;
    Outlook looks at the first part of a multipart/mixed only). The body is 7-bit; so are the headers, unless an address
    has letters outside ASCII before its `@` (RFC 6532).
    """
    name = hashlib.sha256(mail.message_id.encode()).hexdigest()[:32].encode()
    parts = [_text_part(b"plain", mail.text), _text_part(b"html", mail.html)]
    if mail.calendar is None:
        body = _multipart(b"alternative", b"=_a" + name, parts)
    else:
        encoded = _base64(mail.calendar.octets)
        parts.append(_calendar_part(mail.calendar.method, encoded))
        choices = _multipart(b"alternative", b"=_a" + name, parts)
        body = _multipart(b"mixed", b"=_m" + name, [choices, _file_part(encoded)])
    return b"".join((*_headers(mail), body))


# -- headers


def _headers(mail: Mail) -> Iterator[bytes]:
    if mail.is_draft:
        yield b"X-Unsent: 1\r\n"
    yield _sender_header(mail.sender)
    yield _mailbox_header("To", mail.recipient)
    if mail.reply_to:
        yield _mailbox_header("Reply-To", mail.reply_to)
    yield _subject_and_date(mail.subject, mail.date)
    yield f"Message-ID: {mail.message_id}\r\n".encode()
    yield f"Auto-Submitted: auto-generated\r\nContent-Language: {mail.locale}\r\n".encode()
    if mail.unsubscribe:
        yield b"List-Unsubscribe: <%s>\r\n" % quote(mail.unsubscribe, safe="!#$%&'()*+,/:;=?@[]~").encode()
        yield b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    yield b"MIME-Version: 1.0\r\n"


@lru_cache(maxsize=_KEPT)
def _sender_header(mailbox: Mailbox) -> bytes:
    return _mailbox_header("From", mailbox)


@lru_cache(maxsize=_KEPT)
def _subject_and_date(subject: str, date: datetime) -> bytes:
    return _text_header("Subject", subject) + f"Date: {_date(date)}\r\n".encode()


def _date(date: datetime) -> str:
    """RFC 5322, 3.3: in English whatever the locale of the process. `date` is in UTC."""
    return (
        f"{_DAYS[date.weekday()]}, {date.day} {_MONTHS[date.month - 1]} {date.year:04} {date:%H:%M:%S} +0000"
    )


def _mailbox_header(name: str, mailbox: Mailbox) -> bytes:
    if not mailbox.name:
        return f"{name}: {mailbox.address}\r\n".encode()
    return f"{name}: {_phrase(mailbox.name)}\r\n <{mailbox.address}>\r\n".encode()


def _phrase(name: str) -> str:
    """The name in front of an address: as it is, in quotes, or in encoded words."""
    if not _is_plain(name):
        return _encoded_words(name)
    if _ATOMS.fullmatch(name):
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _is_plain(text: str) -> bool:
    """Whether it can be written as it is, on one line, and does not look like an encoded word."""
    return text.isascii() and text.isprintable() and len(text) <= _LONGEST_WORD and "=?" not in text


def _text_header(name: str, text: str) -> bytes:
    """A header of free text, folded between words; in encoded words where it has to be."""
    line = one_line(text)
    words = line.split(" ")
    if not all(map(_is_plain, words)) or "=?" in line:
        return f"{name}: {_encoded_words(line)}\r\n".encode()
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > _LINE:
            lines.append("")
        lines[-1] += f" {word}"
    return ("\r\n".join(lines) + "\r\n").encode()


def _encoded_words(text: str) -> str:
    """RFC 2047: base64 of UTF-8 in words that hold whole characters, each on a line of its own."""
    whole = text.encode()
    if len(whole) <= _WORD_OCTETS:
        return f"=?utf-8?b?{b64encode(whole).decode()}?="
    words: list[bytes] = [b""]
    for character in text:
        octets = character.encode()
        if len(words[-1]) + len(octets) > _WORD_OCTETS:
            words.append(b"")
        words[-1] += octets
    return "\r\n ".join(f"=?utf-8?b?{b64encode(word).decode()}?=" for word in words)


# -- parts


def _multipart(kind: bytes, boundary: bytes, parts: list[bytes]) -> bytes:
    # Neither quoted-printable nor base64 can hold "=_", with which the boundary begins.
    head = b'Content-Type: multipart/%s;\r\n boundary="%s"\r\n\r\n' % (kind, boundary)
    pieces = [b"--%s\r\n%s" % (boundary, part) for part in parts]
    return head + b"".join(pieces) + b"--%s--\r\n" % boundary


@lru_cache(maxsize=_KEPT)
def _text_part(kind: bytes, text: str) -> bytes:
    octets = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n").encode(errors="replace")
    foreign = len(octets.translate(None, _ASCII))
    if foreign * 6 > len(octets):  # base64 is shorter, and no less readable
        encoding, body = b"base64", _base64(octets)
    else:
        encoding, body = b"quoted-printable", _quoted_printable(octets)
    return b"Content-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n%s\r\n" % (
        kind,
        encoding,
        body,
    )


def _calendar_part(method: str, encoded: bytes) -> bytes:
    return (
        b"Content-Type: text/calendar; charset=UTF-8; method=%s\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n%s\r\n" % (method.encode(), encoded)
    )


def _file_part(encoded: bytes) -> bytes:
    return (
        b'Content-Type: application/ics; name="invite.ics"\r\n'
        b'Content-Disposition: attachment; filename="invite.ics"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n%s\r\n" % encoded
    )


def _base64(octets: bytes) -> bytes:
    letters = binascii.b2a_base64(octets, newline=False)
    return b"\r\n".join([letters[start : start + _LINE] for start in range(0, len(letters), _LINE)])


def _quoted_printable(octets: bytes) -> bytes:
    return binascii.b2a_qp(octets, istext=True)
