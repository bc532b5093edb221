"""An invite: what one person's calendar is told about one event.

Source: RFC 5546 (iTIP), 3.2.2 REQUEST and 3.2.5 CANCEL. One invite is one message about one event to one attendee.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final, Literal, get_args

from attrs import field, frozen

from ..errors import InvalidCalendar
from ..mailbox import Mailbox, one_line
from ..moment import Moment, instant_text, second_of
from ..programme.series import EARLIEST_YEAR, LATEST_YEAR, SessionStatus
from .vtimezone import shows_twice

Method = Literal["REQUEST", "CANCEL"]

NOBODY: Final = Mailbox("", "nobody@example.org")
"""Stands for an organizer or attendee where none is written, or another is put in later."""


def event_uid(conference_uid: str, session_id: str) -> str:
    """The UID of a session's event: the same for ever, everybody and every channel, and without personal data.

    Args:
        conference_uid: The conference's UUID.
        session_id: The session's id in the document.

    Raises:
        InvalidCalendar: `conference_uid` is not a UUID.
    """
    try:
        namespace = uuid.UUID(conference_uid)
    except (ValueError, AttributeError, TypeError) as error:
        problem = f"the conference's uid {conference_uid!r} is not a UUID"
        raise InvalidCalendar((problem,)) from error
    return str(uuid.uuid5(namespace, session_id))


@frozen(kw_only=True)
class Override:
    """A date of a series that is other than usual; `recurrence` is when the rule has it (RECURRENCE-ID)."""

    recurrence: Moment
    starts: Moment
    ends: Moment
    location: str = ""
    join: str | None = None
    status: SessionStatus = "confirmed"


@frozen(kw_only=True)
class CalendarEvent:
    """An event as calendars are told of it, in one language.

    `sequence` and `dtstamp` (an aware datetime; kept in UTC to the second) are those that are stored with the event:
    they rise with every change and are never taken from the clock. `join` is a link to take part by, `url` a page about
    the event. With `rrule` it is a series, and `overrides` are its dates that differ. `in_utc`: times are written in
    UTC, because clients may know other clocks of their zone; a series keeps its zone.

    Raises:
        InvalidCalendar: something that RFC 5545 does not allow.
        NaiveTime: `dtstamp` without a zone.
    """

    uid: str
    sequence: int
    dtstamp: datetime = field(converter=second_of)
    summary: str
    description: str = ""
    location: str = ""
    starts: Moment
    ends: Moment
    organizer: Mailbox
    status: SessionStatus = "confirmed"
    join: str | None = None
    url: str | None = None
    rrule: str = ""
    overrides: tuple[Override, ...] = ()
    in_utc: bool = False

    def __attrs_post_init__(self) -> None:
        problems = tuple(self._problems())
        if problems:
            raise InvalidCalendar(problems)

    def _problems(self) -> Iterator[str]:
        if self.status not in _STATUSES:
            yield f"the status {self.status!r} is none of {', '.join(_STATUSES)}"
        if not _is_sequence(self.sequence):
            yield f"SEQUENCE {self.sequence!r} is not a number from 0 to {HIGHEST_SEQUENCE}"
        if not self.uid.strip():
            yield "the event has no UID"
        if not any(map(one_line, self.summary)):  # the first visible character will do
            yield "the event has no title for its SUMMARY"
        stretches: tuple[CalendarEvent | Override, ...] = (self, *self.overrides)
        for each in stretches:
            if not each.starts < each.ends:
                yield f"the event ends at {each.ends} and does not begin before that, but at {each.starts}"
        if self.overrides and not self.rrule:
            yield "an event that is no series has no dates that differ"
        if self.rrule:
            yield from self._problems_of_series()

    def _problems_of_series(self) -> Iterator[str]:
        if any(map(shows_twice, (self.starts, self.ends))):
            yield f"a series starts and ends at times that clocks show once, not at {self.starts} and {self.ends}"
        if not EARLIEST_YEAR <= self.starts.wall.year <= LATEST_YEAR:
            yield f"a series starts in the years from {EARLIEST_YEAR} to {LATEST_YEAR}, not at {self.starts}"
        if self.starts.zone != self.ends.zone:
            yield f"a series starts and ends in one zone, not in {self.starts.zone} and {self.ends.zone}"


@frozen(kw_only=True, cache_hash=True)
class Invite(CalendarEvent):
    """What one person is told of an event: an invitation or a change of it (REQUEST), or that it is off (CANCEL).

    A CANCEL of an event whose `status` is "cancelled" says that it does not take place, any other CANCEL that this
    person is no longer invited to it. `rsvp`: replies are wanted and somebody reads them. `alarm`: the person's
    calendar rings so long before the start. `comment` says why, in a CANCEL.

    Raises:
        InvalidCalendar: something that RFC 5546 does not allow.
        NaiveTime: `dtstamp` without a zone.
    """

    method: Method
    attendee: Mailbox
    rsvp: bool = False
    alarm: timedelta | None = None
    comment: str = ""

    def _problems(self) -> Iterator[str]:
        if self.method not in _METHODS:
            yield f"the method {self.method!r} is none of {', '.join(_METHODS)}"
        yield from super()._problems()
        if self.method == "REQUEST" and self.status == "cancelled":
            yield "nobody can be invited to a cancelled event: send a CANCEL"


HIGHEST_SEQUENCE: Final = 2**31 - 1
"""RFC 5545 has whole numbers of 32 bits (3.3.8)."""
_METHODS: Final = get_args(Method)
_STATUSES: Final = get_args(SessionStatus)


def _is_sequence(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= HIGHEST_SEQUENCE


def invite_to_body(invite: Invite) -> dict[str, object]:
    """The invite as plain JSON; each moment as its wall time, zone and fold."""
    return {
        "method": invite.method,
        "uid": invite.uid,
        "sequence": invite.sequence,
        "dtstamp": instant_text(invite.dtstamp),
        "summary": invite.summary,
        "description": invite.description,
        "location": invite.location,
        "starts": _moment_to_body(invite.starts),
        "ends": _moment_to_body(invite.ends),
        "organizer": {"name": invite.organizer.name, "address": invite.organizer.address},
        "attendee": {"name": invite.attendee.name, "address": invite.attendee.address},
        "status": invite.status,
        "join": invite.join,
        "url": invite.url,
        "rsvp": invite.rsvp,
        "rrule": invite.rrule,
        "overrides": [_override_to_body(each) for each in invite.overrides],
        "in_utc": invite.in_utc,
        "alarm": None if invite.alarm is None else int(invite.alarm.total_seconds()),
        "comment": invite.comment,
    }


def _override_to_body(override: Override) -> dict[str, object]:
    moments = {name: _moment_to_body(getattr(override, name)) for name in ("recurrence", "starts", "ends")}
    return {**moments, "location": override.location, "join": override.join, "status": override.status}


def invite_from_body(body: Mapping[str, object]) -> Invite:
    """The invite of such JSON. Raises what the classes raise, and KeyError, TypeError, ValueError for anything else."""
    fields = dict(body)
    fields["dtstamp"] = datetime.fromisoformat(str(body["dtstamp"]))
    for name in ("starts", "ends"):
        fields[name] = _moment_from_body(body[name])
    for name in ("organizer", "attendee"):
        fields[name] = Mailbox(**body[name])  # type: ignore[arg-type]  # JSON: the class checks it
    fields["overrides"] = tuple(_override_from_body(each) for each in body.get("overrides", ()))  # type: ignore[attr-defined]  # as above
    if body.get("alarm") is not None:
        fields["alarm"] = timedelta(seconds=body["alarm"])  # type: ignore[arg-type]  # as above
    return Invite(**fields)  # type: ignore[arg-type]  # as above


def _override_from_body(body: Mapping[str, object]) -> Override:
    moments = {name: _moment_from_body(body[name]) for name in ("recurrence", "starts", "ends")}
    return Override(**{**body, **moments})  # type: ignore[arg-type]  # JSON: the class checks it


def _moment_to_body(moment: Moment) -> dict[str, object]:
    return {"wall": moment.wall.isoformat(), "zone": moment.zone, "fold": moment.fold}


def _moment_from_body(body: object) -> Moment:
    if not isinstance(body, Mapping):
        raise TypeError(f"{body!r} is not a moment with its wall time, zone and fold.")
    return Moment(wall=datetime.fromisoformat(body["wall"]), zone=body["zone"], fold=body["fold"])
