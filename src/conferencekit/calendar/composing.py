"""Putting an event into words for calendars: from the conference, and what is told of its programme."""

from __future__ import annotations

from datetime import date, datetime
from typing import TypedDict

from ..conference import PLACEHOLDER, Conference
from ..mailbox import Mailbox
from ..moment import Moment
from ..programme.event import Event, Part
from ..programme.series import moment_on
from .invite import Override, Status, event_uid
from .words import event_words


class Composed(TypedDict):
    """All that a `CalendarEvent` says but who invites."""

    uid: str
    sequence: int
    dtstamp: datetime
    summary: str
    description: str
    location: str
    starts: Moment
    ends: Moment
    status: Status
    join: str | None
    url: str | None
    rrule: str
    overrides: tuple[Override, ...]
    in_utc: bool


def composed(conference: Conference, event: Event, locale: str, *, known_as: str = "") -> Composed:
    """What calendars say of an event in a language.

    `known_as`: the id under which the event was told first, where its session was renamed since.
    """
    words = event_words(conference, event, locale)
    return {
        "uid": event_uid(conference.uid, known_as or event.id),
        "sequence": event.sequence,
        "dtstamp": event.dtstamp,
        "summary": words.summary,
        "description": words.description,
        "location": event.place,
        "starts": event.starts,
        "ends": event.ends,
        "status": event.status,
        "join": event.join,
        "url": conference.website,
        "rrule": event.repeat.rrule if event.repeat else "",
        "overrides": tuple(_override(event, each) for each in event.parts) if event.repeat else (),
        "in_utc": event.in_utc,
    }


def _override(event: Event, part: Part) -> Override:
    first = event.starts.wall.date()
    return Override(
        recurrence=moment_on(event.starts, date.fromisoformat(part.id), first),
        starts=part.starts,
        ends=part.ends,
        location=part.place,
        join=part.join,
        status=part.status,
    )


def organizer_of(conference: Conference, sender: Mailbox, locale: str, token: str = PLACEHOLDER) -> Mailbox:
    """Who invites: the document's organizer, else whoever sends the mails.

    `token` stands in the organizer's address for `{token}`, where it has one; without one that stays, to be filled in
    for each person.
    """
    plan = conference.calendar
    if plan is None:
        return sender
    name = plan.organizer_name.text(locale) if plan.organizer_name else sender.name
    return Mailbox(name, plan.organizer.replace(PLACEHOLDER, token))


def wants_replies(conference: Conference) -> bool:
    """Whether invites ask for a reply: only where the document names who reads them."""
    return conference.calendar is not None and conference.calendar.rsvp
