"""Writing an invite as an iCalendar object: what goes into people's calendars.

icalendar composes the event. What it gets wrong is done here: VTIMEZONE (`vtimezone`), text and folds (`lines`).
The part that all people share is made once and kept; each person's line is put in.

Source: RFC 5545, RFC 5546 (iTIP), RFC 7986 (CONFERENCE).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

from ..errors import InvalidCalendar
from ..mailbox import one_line
from ..moment import Moment
from .invite import Invite
from .lines import fold, line, mailto, parameter, plain_text, text_value, uri_value
from .validate import validate, validate_line
from .vtimezone import EARLIEST_YEAR, LATEST_YEAR, is_utc, vtimezone

if TYPE_CHECKING:
    from icalendar import Component, Event

PRODID: Final = "-//conferencekit//NONSGML conferencekit 1//EN"

_HEAD: Final = {"CALSCALE": "GREGORIAN", "PRODID": PRODID, "VERSION": "2.0"}
_END: Final = b"END:VEVENT\r\nEND:VCALENDAR\r\n"


def invite_to_ical(invite: Invite) -> bytes:
    """The invite as an iCalendar object with its METHOD: one VEVENT, and a VTIMEZONE for each zone that it refers to.

    The same invite gives the same bytes.

    Raises:
        InvalidCalendar: the object would break a rule of RFC 5545 or RFC 5546. Nothing that does is returned.
    """
    common = _common(evolve(invite, attendee=invite.organizer, rsvp=False))
    personal = _attendee(invite)
    _refuse(validate_line(personal))
    return common + personal + _END


def _refuse(problems: tuple[str, ...]) -> None:
    if problems:
        raise InvalidCalendar(problems)


def _attendee(invite: Invite) -> bytes:
    parameters = {"CUTYPE": "INDIVIDUAL", "ROLE": "REQ-PARTICIPANT"}
    if invite.method == "REQUEST":
        parameters |= {"PARTSTAT": "NEEDS-ACTION", "RSVP": "TRUE" if invite.rsvp else "FALSE"}
    if invite.attendee.name:
        parameters["CN"] = parameter(invite.attendee.name)
    return line("ATTENDEE", parameters, mailto(invite.attendee))


@lru_cache(maxsize=256)
def _common(invite: Invite) -> bytes:
    """All up to the attendee's line, found valid with one. `attendee` and `rsvp` do not count."""
    from icalendar import Calendar, Event  # noqa: PLC0415 - loaded when the first invite is written

    calendar, event = Calendar(), Event()
    for name, text in _HEAD.items():
        calendar[name] = _Text(text)
    calendar["METHOD"] = _Text(invite.method)
    for name, text in _texts(invite):
        event[name] = _Text(text_value(text))
    if invite.url:
        event["URL"] = _Text(uri_value(invite.url))
    _add_times(event, invite)
    lines = [
        *_lines(calendar),
        *_zones(invite),
        *_lines(event),
        _organizer(invite),
        _conference(invite),
    ]
    common = b"".join(lines)
    _refuse(validate(common + _attendee(invite) + _END, invite.method))
    return common


def _lines(component: Component) -> list[bytes]:
    """Its lines without the END. Folded here: icalendar's older versions cut lines behind a backslash."""
    return [fold(each.encode()) for each in component.content_lines() if each][:-1]


@frozen
class _Text:
    """A value that icalendar takes as it is."""

    text: str

    def to_ical(self) -> bytes:
        return self.text.encode()


def _texts(invite: Invite) -> Iterator[tuple[str, str]]:
    yield "UID", invite.uid
    yield "SUMMARY", one_line(invite.summary)
    if description := _description(invite):
        yield "DESCRIPTION", description
    if location := invite.location or _link(invite):
        yield "LOCATION", one_line(location)
    if invite.method == "REQUEST" or invite.status == "cancelled":
        # a CANCEL of one person's invite has no STATUS
        yield "STATUS", invite.status.upper()
    if invite.method == "REQUEST":
        yield "TRANSP", "OPAQUE"
        yield "X-MICROSOFT-DISALLOW-COUNTER", "TRUE"  # nobody can propose another time for a conference


def _link(invite: Invite) -> str:
    """The link to take part by, for those who are invited."""
    return uri_value(invite.join) if invite.join and invite.method == "REQUEST" else ""


def _description(invite: Invite) -> str:
    """Many clients show nothing of CONFERENCE: the link stands in the text as well."""
    link, text = _link(invite), plain_text(invite.description).strip()
    return text if not link or link in text else f"{text}\n\n{link}".strip()


def _add_times(event: Event, invite: Invite) -> None:
    event.add("SEQUENCE", invite.sequence)
    event.add("DTSTAMP", invite.dtstamp)
    in_utc = _in_utc(invite)
    for name, moment in (("DTSTART", invite.starts), ("DTEND", invite.ends)):
        if in_utc or is_utc(moment.zone):
            event.add(name, moment.instant.replace(microsecond=0))
        else:
            event.add(name, moment.wall.replace(microsecond=0), parameters={"TZID": moment.zone})


def _in_utc(invite: Invite) -> bool:
    """Whether the times cannot be said by zone: the second of two equal wall times, or a year beyond zone data.

    A wall time with a TZID always means the first of the two (RFC 5545, 3.3.5).
    """
    moments: tuple[Moment, ...] = (invite.starts, invite.ends)
    return any(each.fold or not EARLIEST_YEAR <= each.wall.year <= LATEST_YEAR for each in moments)


def _zones(invite: Invite) -> list[bytes]:
    if _in_utc(invite):
        return []
    years = (invite.starts.wall.year, invite.ends.wall.year)
    zones = sorted({invite.starts.zone, invite.ends.zone})
    return [vtimezone(zone, min(years), max(years)) for zone in zones]


def _organizer(invite: Invite) -> bytes:
    name = {"CN": parameter(invite.organizer.name)} if invite.organizer.name else {}
    return line("ORGANIZER", name, mailto(invite.organizer))


def _conference(invite: Invite) -> bytes:
    link = _link(invite)
    return line("CONFERENCE", {"VALUE": "URI", "FEATURE": "AUDIO,VIDEO"}, link) if link else b""
