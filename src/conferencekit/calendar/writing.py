r"""Writing events as iCalendar objects: what goes into people's calendars, by invite, feed or download.

One function writes an event's lines; what all recipients share is made once and kept, and each person's lines are put
in. The lines are our own (`lines`), as are zones (`vtimezone`): icalendar writes onsets that are an hour off, takes a
literal `\N` for a line end, and needs four times as long. Tests read everything back with it, and with others.

Source: RFC 5545, RFC 5546 (iTIP), RFC 7986 (CONFERENCE).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Final

from attrs import evolve

from ..errors import InvalidCalendar
from ..mailbox import Mailbox, one_line
from ..moment import Moment
from ..programme.series import EARLIEST_YEAR, LATEST_YEAR, UNITS, Repeat
from .invite import NOBODY, CalendarEvent, Invite, Override
from .lines import fold, line, mailto, parameter, plain_text, text_value, uri_value
from .validate import validate, validate_person
from .vtimezone import is_abbreviation, is_utc, shows_twice, vtimezone

PRODID: Final = "-//conferencekit//NONSGML conferencekit 1//EN"

_HEAD: Final = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:{PRODID}\r\nCALSCALE:GREGORIAN\r\n".encode()
_END: Final = b"END:VCALENDAR\r\n"


def invite_to_ical(invite: Invite) -> bytes:
    """The invite as an iCalendar object with its METHOD: one event, and a VTIMEZONE for each zone that it refers to.

    The same invite gives the same bytes.

    Raises:
        InvalidCalendar: the object would break a rule of RFC 5545 or RFC 5546. Nothing that does is returned.
    """
    shared = shared_part(evolve(invite, organizer=NOBODY, attendee=NOBODY, rsvp=False))
    return personal_lines(invite.method, invite.organizer, invite.attendee, rsvp=invite.rsvp).join(shared)


def personal_lines(method: str, organizer: Mailbox, attendee: Mailbox, *, rsvp: bool) -> bytes:
    """Who invites whom. Raises `InvalidCalendar`."""
    attending = _attendee(method, attendee, rsvp=rsvp)
    _refuse(validate_person(attending, "ATTENDEE"))
    return _organizing(organizer) + attending


def event_to_ical(event: CalendarEvent, *, modified: datetime | None = None) -> bytes:
    """One event to download, without METHOD and attendees: a copy, which no update reaches.

    Where nobody organizes it (`NOBODY`), it names no organizer. `modified`: when something of it changed last (aware).

    Raises:
        InvalidCalendar: the object would break a rule of RFC 5545.
    """
    said = line("LAST-MODIFIED", utc_value(modified)) if modified else b""
    return calendar_of(zone_years(event), [event_lines(event)], said)


def calendar_of(
    years: Iterable[tuple[str, int]],
    pieces: Iterable[bytes],
    properties: bytes = b"",
    *,
    method: str | None = None,
) -> bytes:
    """A calendar of components, whose times are in zones that are right in these years. `properties`: its own lines."""
    head = [_HEAD, line("METHOD", method) if method else b"", properties]
    return b"".join([*head, *_vtimezones(years), *pieces, _END])


def event_lines(event: CalendarEvent, further: bytes = b"") -> bytes:
    """The VEVENTs of an event as a feed has them, without attendees. `further`: more lines of each."""
    organizer = organizer_line(event.organizer) if event.organizer != NOBODY else b""
    more = organizer + line("LAST-MODIFIED", utc_value(event.dtstamp)) + further
    return b"".join(piece + more + b"END:VEVENT\r\n" for piece in _vevents(event, is_public=True))


def _refuse(problems: tuple[str, ...]) -> None:
    if problems:
        raise InvalidCalendar(problems)


# -- what is each person's


@lru_cache(maxsize=64)
def _organizing(organizer: Mailbox) -> bytes:
    """The organizer's line, found right."""
    found = organizer_line(organizer)
    _refuse(validate_person(found, "ORGANIZER"))
    return found


def organizer_line(organizer: Mailbox) -> bytes:
    """The line of whoever invites."""
    name = {"CN": parameter(organizer.name)} if organizer.name else {}
    return line("ORGANIZER", mailto(organizer), **name)


def _attendee(method: str, attendee: Mailbox, *, rsvp: bool) -> bytes:
    # There is one for each person and event: a single text, rather than a call for each of its parts.
    answer = f";PARTSTAT=NEEDS-ACTION;RSVP={'TRUE' if rsvp else 'FALSE'}" if method == "REQUEST" else ""
    name = f";CN={parameter(attendee.name)}" if attendee.name else ""
    role = "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT"
    return fold(f"{role}{answer}{name}:{mailto(attendee)}".encode())


# -- what all share


@lru_cache(maxsize=4096)
def shared_part(invite: Invite) -> tuple[bytes, ...]:
    """The pieces of an invite around each person's lines, found valid. Organizer, attendee and `rsvp` do not count."""
    head = b"".join([_HEAD, line("METHOD", invite.method), *_vtimezones(zone_years(invite, is_public=False))])
    tail = _alarm(invite) + b"END:VEVENT\r\n"
    pieces = [head, *_vevents(invite, is_public=False)]
    shared = (pieces[0] + pieces[1], *(tail + each for each in pieces[2:]), tail + _END)
    lines = organizer_line(invite.organizer) + _attendee(invite.method, invite.attendee, rsvp=False)
    _refuse(validate(lines.join(shared), invite.method))
    return shared


def _vevents(event: CalendarEvent, *, is_public: bool) -> Iterator[bytes]:
    """Each VEVENT up to where ORGANIZER, attendees, alarms and its END follow."""
    yield b"".join(_vevent(event, event, is_public=is_public))
    for each in _own_vevents(event, is_public=is_public):
        yield b"".join(_vevent(event, each, is_public=is_public))


def _own_vevents(event: CalendarEvent, *, is_public: bool) -> tuple[Override, ...]:
    """The dates of a series that have a VEVENT of their own."""
    if is_public:
        return event.overrides
    if isinstance(event, Invite) and event.method == "CANCEL":  # it is of the series
        return ()
    return tuple(
        each for each in event.overrides if each.status != "cancelled"
    )  # others are EXDATE: see there


def _vevent(event: CalendarEvent, at: CalendarEvent | Override, *, is_public: bool) -> Iterator[bytes]:
    method = event.method if isinstance(event, Invite) else ""
    yield b"BEGIN:VEVENT\r\n"
    yield line("UID", text_value(event.uid))
    yield line("DTSTAMP", utc_value(event.dtstamp))
    yield line("SEQUENCE", str(event.sequence))
    yield line("SUMMARY", text_value(one_line(event.summary)))
    yield from _times(event, at, is_public=is_public)
    link = "" if method == "CANCEL" else uri_value(at.join or "")
    if description := _description(event, link):
        yield line("DESCRIPTION", text_value(description))
    if location := one_line(at.location) or link:
        yield line("LOCATION", text_value(location))
    if method != "CANCEL" or event.status == "cancelled":  # a CANCEL of one person's invite has no STATUS
        yield line("STATUS", at.status.upper())
    if event.url:
        yield line("URL", uri_value(event.url))
    if link:
        label = parameter(one_line(event.summary))
        yield line("CONFERENCE", link, VALUE="URI", FEATURE="AUDIO,VIDEO", LABEL=label)
    if isinstance(event, Invite) and (comment := plain_text(event.comment).strip()):
        yield line("COMMENT", text_value(comment))
    if method == "REQUEST":
        yield b"TRANSP:OPAQUE\r\n"
        yield b"X-MICROSOFT-DISALLOW-COUNTER:TRUE\r\n"  # nobody can propose another time for a conference


def _times(event: CalendarEvent, at: CalendarEvent | Override, *, is_public: bool) -> Iterator[bytes]:
    in_utc = _is_in_utc(event, at)
    if isinstance(at, Override):
        yield _time("RECURRENCE-ID", at.recurrence, in_utc=False)
    yield _time("DTSTART", at.starts, in_utc=in_utc)
    yield _time("DTEND", at.ends, in_utc=in_utc)
    if isinstance(at, Override) or not event.rrule:
        return
    yield line("RRULE", event.rrule)
    if not is_public:
        for each in event.overrides:
            if each.status == "cancelled":
                yield _time("EXDATE", each.recurrence, in_utc=False)


def _time(name: str, moment: Moment, *, in_utc: bool) -> bytes:
    if in_utc or is_utc(moment.zone):
        return line(name, utc_value(moment.instant))
    return line(name, f"{moment.wall:%Y%m%dT%H%M%S}".rjust(15, "0"), TZID=moment.zone)


def utc_value(instant: datetime) -> str:
    """An instant in UTC as a value."""
    return f"{instant:%Y%m%dT%H%M%S}Z".rjust(16, "0")


def _is_in_utc(event: CalendarEvent, at: CalendarEvent | Override) -> bool:
    """Whether times are said in UTC. A series never is, since no rule in UTC follows the clocks; dates of it may be."""
    moments = at.starts, at.ends
    if event.rrule and at is event:
        return False
    return (event.in_utc and not event.rrule) or _only_in_utc(*moments) or any(map(is_abbreviation, moments))


def _only_in_utc(*moments: Moment) -> bool:
    """Whether the times cannot be said by zone: one of two equal wall times, or a year beyond zone data.

    A wall time with a TZID means the first of the two (RFC 5545, 3.3.5), but some clients take it for the second.
    """
    return any(not EARLIEST_YEAR <= each.wall.year <= LATEST_YEAR or shows_twice(each) for each in moments)


def _description(event: CalendarEvent, link: str) -> str:
    """Many clients show nothing of CONFERENCE: the link stands in the text as well."""
    text = plain_text(event.description).strip()
    return text if not link or link in text else f"{text}\n\n{link}".strip()


def _alarm(invite: Invite) -> bytes:
    if invite.alarm is None or invite.method != "REQUEST":
        return b""
    seconds = int(invite.alarm.total_seconds())
    lines = [
        b"BEGIN:VALARM\r\nACTION:DISPLAY\r\n",
        line("DESCRIPTION", text_value(one_line(invite.summary))),
        line("TRIGGER", f"-PT{seconds // 60}M" if seconds % 60 == 0 else f"-PT{seconds}S"),
        b"END:VALARM\r\n",
    ]
    return b"".join(lines)


def zone_years(event: CalendarEvent, *, is_public: bool = True) -> Iterator[tuple[str, int]]:
    """The zones that an event's times refer to, each with years in which they do; of a series the first and last."""
    stretches: tuple[CalendarEvent | Override, ...] = (event, *_own_vevents(event, is_public=is_public))
    for at in stretches:
        moments = [] if _is_in_utc(event, at) else [at.starts, at.ends]
        if isinstance(at, Override):
            moments.append(at.recurrence)
        for each in moments:
            yield each.zone, each.wall.year
    if event.rrule:
        yield event.starts.zone, _last_year(event)


def _last_year(event: CalendarEvent) -> int:
    """The year in which the last date of a series begins or ends."""
    rule = dict(part.split("=", 1) for part in event.rrule.split(";") if "=" in part)
    count = rule.get("COUNT", "")
    if rule.get("FREQ") not in UNITS or not count.isdecimal():
        return event.ends.wall.year
    interval = int(rule.get("INTERVAL", "1"))
    repeat = Repeat(every=UNITS[rule["FREQ"]], interval=interval, count=int(count))
    try:
        last = repeat.dates(event.starts.wall.date())[-1]
        return min((last + (event.ends.wall - event.starts.wall)).year, LATEST_YEAR)
    except OverflowError:
        return LATEST_YEAR


def _vtimezones(found: Iterable[tuple[str, int]]) -> list[bytes]:
    """A VTIMEZONE for each zone, right in all these years."""
    years: dict[str, tuple[int, int]] = {}
    for zone, year in found:
        first, last = years.get(zone, (year, year))
        if zone not in years or not first <= year <= last:
            years[zone] = (min(first, year), max(last, year))
    return [vtimezone(zone, *stretch) for zone, stretch in sorted(years.items())]
