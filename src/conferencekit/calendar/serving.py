"""Answering whoever asks for a feed over HTTP: what they have already is not sent again.

Functions that a host calls with the headers of a request, in any framework. What stands in the headers may be anything.

Source: RFC 9110, 8.8 (ETag, Last-Modified), 13 (conditional requests), 15.4.5 (304); RFC 6266 (Content-Disposition).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from attrs import frozen

from ..moment import second_of

OK: Final = 200
NOT_MODIFIED: Final = 304
NOT_FOUND: Final = 404

_LONGEST_HEADER: Final = 8_000
_LONGEST_NAME: Final = 80
_TAG: Final = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_COMPRESSED: Final = re.compile(r'-{1,2}(?:gzip|br|zstd|deflate)"$')
_MODIFIED: Final = re.compile(rb"\r\nLAST-MODIFIED:(\d{8}T\d{6})Z\r\n")
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CLOCK: Final = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
_DATES: Final = (
    re.compile(
        rf"[A-Z][a-z]{{2}}, (?P<day>\d\d) (?P<month>[A-Z][a-z]{{2}}) (?P<year>\d{{4}}) {_CLOCK} GMT", re.ASCII
    ),
    re.compile(
        rf"[A-Z][a-z]+, (?P<day>\d\d)-(?P<month>[A-Z][a-z]{{2}})-(?P<year>\d\d) {_CLOCK} GMT", re.ASCII
    ),
    re.compile(
        rf"[A-Z][a-z]{{2}} (?P<month>[A-Z][a-z]{{2}}) (?P<day>[ \d]\d) {_CLOCK} (?P<year>\d{{4}})", re.ASCII
    ),
)


@frozen(kw_only=True)
class FeedAnswer:
    """What to send: the status, headers, and the body, which is empty where there is nothing (new)."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


def etag_of(data: bytes) -> str:
    """The entity tag of these bytes, in its quotes: strong, and the same for the same bytes on any machine."""
    return f'"{hashlib.sha256(data).hexdigest()[:40]}"'


def modified_of(data: bytes) -> datetime | None:
    """When a feed changed last, as it says itself; None for one that does not say it."""
    found = _MODIFIED.search(data)
    if found is None:
        return None
    try:
        return datetime.strptime(f"{found[1].decode()}Z", "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def answer_feed(
    data: bytes,
    *,
    if_none_match: str | None = None,
    if_modified_since: str | None = None,
    filename: str = "calendar.ics",
    private: bool = False,
    etag: str = "",
) -> FeedAnswer:
    """What to answer to a GET for a feed (to a HEAD too, without the body).

    Args:
        data: The feed.
        if_none_match: The request's header of that name; it decides alone where it is given.
        if_modified_since: Likewise.
        filename: Under which name a browser saves it. What cannot stand in a name is left out.
        private: It is one person's: caches that several people share do not keep it.
        etag: The tag of the data, where it is known.
    """
    tag, modified = etag or etag_of(data), modified_of(data)
    # every client asks again, and mostly hears that nothing changed: a moved session waits for no cache
    headers = {"Cache-Control": "private, no-cache" if private else "no-cache", "ETag": tag}
    if modified is not None:
        headers["Last-Modified"] = http_date(modified)
    if _has_it(tag, modified, if_none_match, if_modified_since):
        return FeedAnswer(status=NOT_MODIFIED, headers=headers)
    described = {
        "Content-Type": "text/calendar; charset=utf-8",
        "Content-Length": str(len(data)),
        "Content-Disposition": f'attachment; filename="{_file_name(filename)}"',
        "X-Content-Type-Options": "nosniff",
    }
    return FeedAnswer(status=OK, headers={**described, **headers}, body=data)


def _has_it(tag: str, modified: datetime | None, none_match: str | None, modified_since: str | None) -> bool:
    if none_match is not None:
        return _matches(none_match, tag)
    if modified_since is None or modified is None:
        return False
    known = read_http_date(modified_since)
    return known is not None and modified <= known


def _matches(header: str, tag: str) -> bool:
    """By weak comparison (RFC 9110, 13.1.2): a proxy that compresses makes a strong tag weak, or appends how.

    Apache sends `"tag-gzip"` to clients, and hands it on as it is when they ask again.
    """
    given = header[:_LONGEST_HEADER]
    if given.strip() == "*":
        return True
    return any(tag in (each, _COMPRESSED.sub('"', each)) for each in _TAG.findall(given))


def http_date(instant: datetime) -> str:
    """An aware datetime as HTTP writes it: `Tue, 01 Dec 2020 09:30:00 GMT`. Raises as `instant_of`."""
    at = second_of(instant)
    return f"{_DAYS[at.weekday()]}, {at.day:02} {_MONTHS[at.month - 1]} {at.year:04} {at:%H:%M:%S} GMT"


def read_http_date(text: str) -> datetime | None:
    """The instant that an HTTP date says, in any of its three forms (RFC 9110, 5.6.7); None for anything else."""
    for form in _DATES:
        if found := form.fullmatch(text.strip()):
            return _instant(found.groupdict())
    return None


def _instant(parts: Mapping[str, str]) -> datetime | None:
    hour, minute, second = (int(parts[name]) for name in ("hour", "minute", "second"))
    try:
        month = _MONTHS.index(parts["month"]) + 1
        return datetime(_year(parts["year"]), month, int(parts["day"]), hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def _year(digits: str) -> int:
    """Two digits are of our century, or of the one before where that would be far ahead."""
    if len(digits) == 4:
        return int(digits)
    return int(digits) + (1900 if int(digits) >= 70 else 2000)


def _file_name(name: str) -> str:
    """The name in letters that every system and header takes, with its ending."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", name[:_LONGEST_NAME].removesuffix(".ics")).strip("-.")
    return f"{stem or 'calendar'}.ics"
