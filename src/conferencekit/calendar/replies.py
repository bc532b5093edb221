"""Replies: what a person's calendar answers to an invite.

Clients are sloppy: bare line ends, long lines, quotes where none belong. What can be understood is; what cannot is
named for a person to look at. Read without any calendar library; tests read the same replies with icalendar.

Source: RFC 5546, 3.2.3 (REPLY) and 3.2.7 (COUNTER); RFC 5545; RFC 6868 (carets); RFC 7986, 6.2 (EMAIL).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from html import unescape
from typing import Final, Literal, TypeAlias, get_args
from urllib.parse import unquote

from attrs import frozen

from ..errors import InvalidTime
from ..form.address import parse_address
from ..mailbox import one_line
from ..moment import Moment
from .invite import HIGHEST_SEQUENCE
from .lines import plain_text
from .reading import Component, Property, parameter_text, read_lines, text_of
from .told import Answer
from .when import when_from
from .zonenames import named_zone

LARGEST_OBJECT: Final = 1_000_000
"""Bytes of a calendar object that is read."""
MOST_LINES: Final = 20_000
"""Lines of a calendar object that is read."""
MOST_COMPONENTS: Final = 200
"""Components of a calendar object that is read, one in another or not."""
LONGEST_COMMENT: Final = 1_000
"""Characters that are kept of a comment."""

ReplyMethod = Literal["REPLY", "COUNTER"]

Written: TypeAlias = Moment | datetime | date
"""A time as a client wrote it: a moment; a naive datetime where its zone is not known here; a date alone."""

_LONGEST: Final = 1_000
_METHODS: Final = get_args(ReplyMethod)
_ANSWERS: Final = get_args(Answer)
_AROUND: Final = " \t\"'<>"
_LONE_CR: Final = re.compile(rb"\r(?=[A-Za-z])")
_WANTED: Final = re.compile(
    rb"^(?:BEGIN|END|METHOD|UID|ATTENDEE|DTSTAMP|SEQUENCE|RECURRENCE-ID|COMMENT|DTSTART|DTEND)[;:][^\n]*",
    re.IGNORECASE | re.MULTILINE,
)


@frozen(kw_only=True)
class Reply:
    """What one person answers to an invite, or the other time that they propose (COUNTER).

    `attendee` is the address that it answers for, `sent_by` who writes in their name. `recurrence` is the date of a
    series that it is about, as written; None: the whole event. `sequence` and `dtstamp` say to which version it
    answers, and when. `starts` and `ends` are what a COUNTER proposes.
    """

    method: ReplyMethod = "REPLY"
    uid: str
    recurrence: Written | None = None
    attendee: str
    name: str = ""
    sent_by: str = ""
    answer: Answer
    sequence: int = 0
    dtstamp: datetime
    comment: str = ""
    starts: Written | None = None
    ends: Written | None = None


@frozen(kw_only=True)
class NoReply:
    """A calendar object that is no reply, or one that cannot be understood, and why. `uid` where it has one.

    `is_other`: it is understood, and is something else, such as an invite.
    """

    reason: str
    uid: str = ""
    is_other: bool = False


def read_replies(data: bytes, *, sender: str = "") -> tuple[Reply | NoReply, ...]:
    """The replies in a calendar object, and what is in it that is none.

    `sender` is who sent it: where several attendees stand in it, it answers for that one. Time and memory are
    bounded (`LARGEST_OBJECT`, `MOST_LINES`, `MOST_COMPONENTS`); an object beyond that is named as no reply.
    """
    if problem := _too_much(data):
        return (NoReply(reason=problem),)
    reading = read_lines(_lines(data))
    calendars = [each for each in reading.components if each.name == "VCALENDAR"]
    found = tuple(each for calendar in calendars for each in _in_calendar(calendar, sender))
    return found or (NoReply(reason="there is no calendar object in it"),)


def day_of(written: Written, zone: str) -> date:
    """The local day of a time in a zone. What was written without a zone that is known is taken as it stands."""
    if isinstance(written, Moment):
        return written.in_zone(zone).wall.date()
    return written.date() if isinstance(written, datetime) else written


def _too_much(data: bytes) -> str:
    if len(data) > LARGEST_OBJECT:
        return f"it has {len(data):,} bytes, and {LARGEST_OBJECT:,} are read"
    if data.upper().count(b"BEGIN:") > MOST_COMPONENTS:
        return f"it has more than {MOST_COMPONENTS} components"
    lines = data.count(b"\n") + data.count(b"\r")
    if lines > 2 * MOST_LINES:
        return f"it has more than {MOST_LINES:,} lines"
    return ""


def _lines(data: bytes) -> list[str]:
    """The lines that matter here, unfolded, whatever ended them: a reply gives the whole event back."""
    text = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
    if b"\r" in text:
        text = _LONE_CR.sub(b"\n", text)
    text = text.replace(b"\n ", b"").replace(b"\n\t", b"")
    return [each.decode("utf-8", "replace") for each in _WANTED.findall(text)]


# -- components


def _in_calendar(calendar: Component, sender: str) -> Iterator[Reply | NoReply]:
    method = calendar.value("METHOD").strip().upper()
    events = [each for each in calendar.components if each.name == "VEVENT"]
    uid = _uid(events[0]) if events else ""
    if method not in _METHODS:
        what = f"its METHOD is {method[:40]}" if method else "it has no METHOD"
        yield NoReply(reason=f"{what}, so it answers nothing", uid=uid, is_other=True)
    elif not events:
        yield NoReply(reason=f"it is a {method} without an event")
    else:
        for each in events:
            yield _reply(each, method, sender)  # type: ignore[arg-type]  # one of _METHODS


def _reply(event: Component, method: ReplyMethod, sender: str) -> Reply | NoReply:
    uid = _uid(event)
    attendees = event.all("ATTENDEE")
    found = _attendee(attendees, sender)
    stamp = _stamp(event)
    sequence = event.value("SEQUENCE").strip() or "0"
    partstat = _unquoted(found.parameters.get("PARTSTAT", "")).upper() if found else ""
    address = _address(found) if found else ""
    answer = partstat or ("NEEDS-ACTION" if method == "COUNTER" else "")
    if reason := _unclear(uid, attendees, found, address, stamp, sequence, answer):
        return NoReply(reason=reason, uid=uid)
    assert found is not None and stamp is not None  # noqa: S101, PT018 - for the type checker: _unclear names both
    is_counter = method == "COUNTER"
    return Reply(
        method=method,
        uid=uid,
        recurrence=_when(event, "RECURRENCE-ID"),
        attendee=address,
        name=one_line(_unquoted(found.parameters.get("CN", ""))),
        sent_by=_mailto(_unquoted(found.parameters.get("SENT-BY", ""))),
        answer=answer,  # type: ignore[arg-type]  # one of _ANSWERS
        sequence=int(sequence),
        dtstamp=stamp,
        comment=_comment(event, found),
        starts=_when(event, "DTSTART") if is_counter else None,
        ends=_when(event, "DTEND") if is_counter else None,
    )


def _unclear(
    uid: str,
    attendees: Sequence[Property],
    found: Property | None,
    address: str,
    stamp: datetime | None,
    sequence: str,
    answer: str,
) -> str:
    """Why a reply cannot be understood."""
    if not uid:
        return "it has no UID"
    if not attendees:
        return "it has no ATTENDEE"
    if found is None:
        return f"it has {len(attendees)} ATTENDEEs, none of them its sender"
    if not address:
        return f"its ATTENDEE is {found.value[:60]!r}, not an address"
    if stamp is None:
        return "it does not say when it was made (DTSTAMP)"
    if not re.fullmatch(r"\d{1,10}", sequence, re.ASCII) or int(sequence) > HIGHEST_SEQUENCE:
        return f"its SEQUENCE is {sequence[:20]!r}"
    if answer not in _ANSWERS:
        return f"its PARTSTAT is {answer[:20]!r}, none of {', '.join(_ANSWERS)}"
    return ""


def _uid(event: Component) -> str:
    return text_of(event.value("UID").strip()[:_LONGEST])


def _comment(event: Component, found: Property) -> str:
    """What was written beside the answer. Google's calendar has it in a parameter, as it would stand on a page."""
    texts = [text_of(each.value[: 2 * LONGEST_COMMENT]) for each in event.all("COMMENT")[:10]]
    if not texts:
        note = found.parameters.get("X-RESPONSE-COMMENT", "")[: 2 * LONGEST_COMMENT]
        texts = [unescape(text_of(parameter_text(note.replace('"', ""))))]
    return plain_text("\n".join(texts)).strip()[:LONGEST_COMMENT]


# -- people


def _attendee(attendees: Sequence[Property], sender: str) -> Property | None:
    if len(attendees) == 1:
        return attendees[0]
    own = [each for each in attendees if sender and _address(each).lower() == sender.lower()]
    return own[0] if own else None


def _address(attendee: Property) -> str:
    """The address of an attendee; of one who is named by another URI the EMAIL beside it."""
    return _mailto(attendee.value) or _mailto(_unquoted(attendee.parameters.get("EMAIL", "")))


def _mailto(value: str) -> str:
    """The address in a mailto URI, however it is written; "" if there is none."""
    plain = value[:_LONGEST].strip(_AROUND)
    if plain[:7].lower() == "mailto:":
        plain = unquote(plain[7:].partition("?")[0])
    parts = parse_address(plain.strip(_AROUND))
    return f"{parts.local}@{parts.domain}" if parts else ""


# -- values


def _unquoted(value: str) -> str:
    """The value of a parameter, without its quotes and carets."""
    return parameter_text(value.replace('"', "").strip()[:_LONGEST])


def _stamp(event: Component) -> datetime | None:
    """The DTSTAMP; it is in UTC, also where nothing says so."""
    written = _when(event, "DTSTAMP")
    if isinstance(written, Moment):
        return written.instant
    return written.replace(tzinfo=UTC) if isinstance(written, datetime) else None


def _when(event: Component, name: str) -> Written | None:
    found = event.all(name)
    when = when_from(found[0]) if found else None
    if when is None:
        return None
    if when.kind == "date":
        return when.wall.date()
    zone = "UTC" if when.kind == "utc" else named_zone(when.zone)
    try:
        return Moment.at(when.wall, zone, fold=0) if zone else when.wall
    except InvalidTime:
        return when.wall
