"""A session as calendars know it: what they were told last, and under which SEQUENCE.

Source: RFC 5546 section 2.1.4. A change of time, zone, place, join link or status raises SEQUENCE; wording does not.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from attrs import evolve, frozen

from ..moment import Moment
from .session import Session, SessionStatus

EventChange = Literal["moved", "cancelled", "reinstated"]


@frozen(kw_only=True)
class Event:
    """What calendars were told of a session. `dtstamp` (UTC, whole seconds) rises with every change."""

    id: str
    starts: Moment
    ends: Moment
    place: str
    join: str | None
    status: SessionStatus
    sequence: int = 0
    dtstamp: datetime


def first_event(session: Session, *, place: str, join: str | None, now: datetime) -> Event:
    """The event of a session that no calendar knows yet."""
    return Event(
        id=session.id,
        starts=session.starts,
        ends=session.ends,
        place=place,
        join=join,
        status=session.status,
        dtstamp=now.replace(microsecond=0),
    )


def next_event(
    event: Event, session: Session, *, place: str, join: str | None, now: datetime
) -> Event | None:
    """The event with the next SEQUENCE, or None if nothing changed that a calendar has to be told."""
    fresh = first_event(session, place=place, join=join, now=now)
    same = evolve(fresh, sequence=event.sequence, dtstamp=event.dtstamp) == event
    if same:
        return None
    dtstamp = max(fresh.dtstamp, event.dtstamp + timedelta(seconds=1))
    return evolve(fresh, sequence=event.sequence + 1, dtstamp=dtstamp)


def change_between(before: Event, after: Event) -> EventChange:
    """In a word, what happened to the session."""
    if after.status == "cancelled":
        return "cancelled"
    return "reinstated" if before.status == "cancelled" else "moved"
