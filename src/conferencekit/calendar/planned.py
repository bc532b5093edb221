"""What people are invited to: the events that follow from a conference's sessions.

Each session is an event, or each day, or the whole conference. A day's event is named by its date, so that a session
may come to it or go without another event taking its place; a series is an event of its own always.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import groupby, pairwise
from typing import Final, TypeVar

from ..conference import Conference, InviteRule
from ..errors import InvalidTime
from ..moment import Moment
from ..programme.event import CLOCKS, Event, Part
from ..programme.series import Date, Occurrence, SessionStatus, moment_on
from ..programme.session import Session

WHOLE: Final = "whole:conference"
"""The id of the event of a whole conference. Ids of sessions have no colon."""
DAY: Final = "day:"
"""The id of a day's event begins with it; the date follows."""

T = TypeVar("T")


def invite_rule(conference: Conference) -> InviteRule:
    """What people are invited to: as the document says, else the session where there is one, else the days."""
    if conference.calendar and conference.calendar.invite:
        return conference.calendar.invite
    return "one a day" if len(conference.sessions) > 1 else "each session"


def planned_events(
    conference: Conference, *, now: datetime, concerning: frozenset[str] | None = None
) -> tuple[Event, ...]:
    """The events as they are planned, in order of their start, none told yet (SEQUENCE 0, stamped now).

    `concerning`: ids of the sessions that concern a person, None for all. Where nothing of an event does, it is
    not there.
    """
    sessions = [each for each in conference.sessions if concerning is None or each.id in concerning]
    rule = invite_rule(conference)
    alone = [each for each in sessions if rule == "each session" or each.repeat]
    together = [each for each in sessions if each not in alone]
    stamp = now.replace(microsecond=0)
    events = [session_event(conference, each, stamp) for each in alone]
    if rule == "whole conference" and together:
        events.append(_together(conference, WHOLE, together, stamp))
    elif together:
        for day, held in _by(together, lambda each: _day(conference, each)):
            events.append(_together(conference, f"{DAY}{day}", held, stamp))
    return tuple(sorted(events, key=lambda each: (each.starts.instant, each.id)))


def held_dates(event: Event) -> tuple[tuple[Moment, Moment], ...]:
    """From when to when an event is, on each date of a series that is held; every date, where all are cancelled."""
    return tuple(held_by_day(event).values()) or ((event.starts, event.ends),)


def held_by_day(event: Event) -> dict[str, tuple[Moment, Moment]]:
    """The dates of a series that are held, by the day on which each would be; of another event all of it, by "".

    Of a series that was told, dates at times that clocks skip or show twice by newer zone data are left out.
    """
    if event.repeat is None:
        return {"": (event.starts, event.ends)}
    others = {each.id: each for each in event.other_dates}
    first = event.starts.wall.date()
    found = {}
    for day in event.repeat.dates(first):
        other = others.get(day.isoformat())
        if other is None:
            with suppress(InvalidTime):
                found[day.isoformat()] = (
                    moment_on(event.starts, day, first),
                    moment_on(event.ends, day, first),
                )
        elif other.status != "cancelled" or event.status == "cancelled":
            found[day.isoformat()] = other.starts, other.ends
    return found


def session_event(conference: Conference, session: Session, stamp: datetime) -> Event:
    """The event of one session."""
    dates = session.dates if session.repeat else ()
    others = (_date_part(conference, session, each) for each in dates if each.other)
    return Event(
        id=session.id,
        starts=session.starts,
        ends=session.ends,
        place=place_of(conference, session),
        join=conference.join_of(session),
        status=session.status,
        repeat=session.repeat,
        parts=(*others, *_changes_of_clocks(dates)),
        dtstamp=stamp,
    )


def _changes_of_clocks(dates: Iterable[Date]) -> Iterator[Part]:
    """The dates of a series for which clocks stand otherwise than for the one before."""
    for before, each in pairwise(dates):
        at = each.planned
        if at.offset != before.planned.offset:
            name = f"{CLOCKS}{at.wall.date().isoformat()}"
            yield Part(id=name, starts=at, ends=at, place="", join=None, status="confirmed")


def place_of(conference: Conference, session: Session, other: Occurrence | None = None) -> str:
    """Where a session is, in words, or a date of it that is other than usual.

    That is its room and its place, else the venue, where the room does not name it already, and the venue's address.
    At a hybrid conference a session with a link of its own and neither room nor place is online only: it is in no
    place.
    """
    room = (other and other.room) or (None if other and other.place else session.room)
    place = (other and other.place) or session.place
    venue = conference.venue
    if venue and venue.kind == "hybrid" and session.join and not (room or place):
        return ""
    name, address = (place, "") if place else _venue_of(conference)
    parts = [room or "", "" if room and name.casefold() in room.casefold() else name, address]
    return ", ".join(part for part in parts if part)


def venue_text(conference: Conference, locale: str | None = None) -> str:
    """The name of the venue and its address, in one line, "" where it has neither."""
    return ", ".join(filter(None, _venue_of(conference, locale)))


def _venue_of(conference: Conference, locale: str | None = None) -> tuple[str, str]:
    venue = conference.venue
    if venue is None:
        return "", ""
    name, address = (each.text(locale) if each else "" for each in (venue.name, venue.address))
    lines = (each.strip(" ,") for each in address.splitlines())
    return name, ", ".join(filter(None, lines))


def _date_part(conference: Conference, session: Session, date: Date) -> Part:
    other = date.other
    return Part(
        id=date.planned.wall.date().isoformat(),
        starts=date.starts,
        ends=date.ends,
        place=place_of(conference, session, other),
        join=(other and other.join)
        or (session.join if other and other.place else conference.join_of(session)),
        status=(other and other.status) or session.status,
    )


def _together(conference: Conference, event_id: str, sessions: Sequence[Session], stamp: datetime) -> Event:
    """The event of several sessions: from the first that is held until the last is over."""
    ordered = sorted(sessions, key=lambda each: (each.starts.instant, each.id))
    held = [each for each in ordered if each.status != "cancelled"] or ordered
    zone = conference.timezone
    place = _same(place_of(conference, each) for each in held)
    return Event(
        id=event_id,
        starts=min(each.starts for each in held).in_zone(zone),
        ends=max(each.ends for each in held).in_zone(zone),
        place=venue_text(conference) if place is None else place,
        join=_same(conference.join_of(each) for each in held),
        status=_status([each.status for each in held]),
        parts=tuple(_session_part(conference, each) for each in ordered),
        dtstamp=stamp,
    )


def _session_part(conference: Conference, session: Session) -> Part:
    return Part(
        id=session.id,
        starts=session.starts,
        ends=session.ends,
        place=place_of(conference, session),
        join=conference.join_of(session),
        status=session.status,
    )


def _same(values: Iterable[T]) -> T | None:
    """What all of them are, if they are all the same."""
    found = set(values)
    return found.pop() if len(found) == 1 else None


def _status(statuses: Sequence[SessionStatus]) -> SessionStatus:
    return statuses[0] if len(set(statuses)) == 1 else "confirmed"


def _day(conference: Conference, session: Session) -> str:
    return session.starts.in_zone(conference.timezone).wall.date().isoformat()


def _by(sessions: Iterable[Session], key: Callable[[Session], str]) -> Iterator[tuple[str, list[Session]]]:
    for found, group in groupby(sorted(sessions, key=key), key=key):
        yield found, list(group)
