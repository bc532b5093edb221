"""Putting an event into words for calendars: from the conference, and what is told of its programme."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime
from typing import TypedDict

from attrs import evolve

from ..conference import PLACEHOLDER, Conference
from ..errors import InvalidTime
from ..mailbox import Mailbox
from ..moment import Moment
from ..programme.event import Event
from ..programme.series import SessionStatus, moment_on
from ..programme.session import Session
from .invite import NOBODY, CalendarEvent, Invite, Method, Override, event_uid
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
    status: SessionStatus
    join: str | None
    url: str | None
    rrule: str
    overrides: tuple[Override, ...]
    in_utc: bool


def composed(
    conference: Conference, event: Event, locale: str, *, known_as: str = "", session: Session | None = None
) -> Composed:
    """What calendars say of an event in a language.

    `known_as`: the id under which the event was told first, where its session was renamed since. `session`: the one of
    the event, where it is known: else it is looked for.
    """
    words = event_words(conference, event, locale, session)
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
        "overrides": tuple(_overrides(event)),
        "in_utc": event.in_utc,
    }


def _overrides(event: Event) -> Iterator[Override]:
    """The dates that differ, but those of a series as it was told that newer zone data knows no time of."""
    first = event.starts.wall.date()
    for part in event.other_dates:
        with suppress(InvalidTime):
            yield Override(
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


def shared_invite(
    conference: Conference,
    event: Event,
    locale: str,
    *,
    method: Method,
    organizer: Mailbox,
    known_as: str = "",
    comment: str = "",
) -> Invite:
    """The invite to an event as everybody gets it who reads a language. The organizer stands for the attendee too."""
    return Invite(
        method=method,
        organizer=organizer,
        attendee=organizer,
        rsvp=wants_replies(conference),
        alarm=conference.calendar.alarm if conference.calendar else None,
        comment=comment,
        **composed(conference, event, locale, known_as=known_as),
    )


def wants_replies(conference: Conference) -> bool:
    """Whether invites ask for a reply: only where the document names who reads them."""
    return conference.calendar is not None and conference.calendar.rsvp


def published(
    conference: Conference,
    event: Event,
    locale: str,
    *,
    known_as: str = "",
    session: Session | None = None,
    with_join: bool = False,
    organizer: Mailbox | None = None,
) -> CalendarEvent:
    """An event as pages and feeds show it.

    `with_join`: with the links to take part, which are not for the public; what is cancelled has none.
    """
    fields = composed(conference, event, locale, known_as=known_as, session=session)
    if not with_join or event.status == "cancelled":
        fields["join"] = None
    fields["overrides"] = tuple(
        evolve(each, join=each.join if with_join and each.status != "cancelled" else None)
        for each in fields["overrides"]
    )
    return CalendarEvent(organizer=organizer or NOBODY, **fields)


def published_organizer(conference: Conference, locale: str) -> Mailbox | None:
    """Who is named as the organizer where everybody reads it: an address that is nobody's own, or None."""
    plan = conference.calendar
    address = plan.organizer if plan and PLACEHOLDER not in plan.organizer else conference.contact
    if not address:
        return None
    named = plan.organizer_name if plan and plan.organizer_name else conference.title
    return Mailbox(named.text(locale), address)
