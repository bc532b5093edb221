"""Events: what calendars are told of the programme, and under which SEQUENCE they were told it last.

An event is a session, a day of the conference, or all of it. Everything in it is a fact: a change of it raises
SEQUENCE. Wording (titles, descriptions) is no fact, and is not here.

Source: RFC 5546 section 2.1.4. A change of time, zone, place, join link or status raises SEQUENCE; wording does not.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from attrs import evolve, frozen

from ..moment import Moment
from .series import Repeat, SessionStatus

_LAST: Final = datetime(9999, 12, 31, 23, 59, 58, tzinfo=UTC)

CLOCKS: Final = "clocks:"
"""Begins the id of a part that is a date of a series as all are, but the first for which clocks stand otherwise.

It is told by no calendar. By it is seen that newer zone data moved dates of a series, whose first date it left alone.
"""

EventChange = Literal["moved", "cancelled", "reinstated"]


@frozen(kw_only=True)
class Part:
    """A session in an event of several, or a date of a series that is other than usual.

    `id` is the session's, or the day (ISO) on which the series has the date by its rule; before it may stand `CLOCKS`.
    """

    id: str
    starts: Moment
    ends: Moment
    place: str
    join: str | None
    status: SessionStatus


@frozen(kw_only=True)
class Event:
    """What calendars were told. `dtstamp` (UTC, whole seconds) rises with every change.

    `parts` are the sessions of a day or a whole conference, or the dates of a series (`repeat`) that differ
    and those at which its clocks change (`CLOCKS`).
    `in_utc`: zone data changed after it was told, so its times are told in UTC, which no client's table can move.
    """

    id: str
    starts: Moment
    ends: Moment
    place: str
    join: str | None
    status: SessionStatus
    repeat: Repeat | None = None
    parts: tuple[Part, ...] = ()
    in_utc: bool = False
    sequence: int = 0
    dtstamp: datetime

    @property
    def is_of_sessions(self) -> bool:
        """Whether its parts are sessions: it is a day, or the whole conference."""
        return bool(self.parts) and self.repeat is None

    @property
    def other_dates(self) -> tuple[Part, ...]:
        """The dates of a series that differ; of anything else none."""
        if self.repeat is None:
            return ()
        return tuple(each for each in self.parts if not each.id.startswith(CLOCKS))


def next_event(told: Event, planned: Event, *, now: datetime, clocks_moved: bool = False) -> Event | None:
    """The planned event under the next SEQUENCE, or None if nothing changed that a calendar has to be told.

    Whatever becomes of an event that is off is told when it is on again.
    `clocks_moved`: by newer zone data the wall times that were told are other instants now. That is a move, told in
    UTC; so are later changes, since a calendar that knows the old clocks cannot be told by wall time. (A series keeps
    its zone: no rule in UTC can follow the clocks.)
    """
    if told.status == planned.status == "cancelled":
        return None
    in_utc = planned.repeat is None and (told.in_utc or clocks_moved)
    fresh = evolve(planned, in_utc=in_utc, sequence=told.sequence, dtstamp=told.dtstamp)
    if fresh == told and not clocks_moved:
        return None
    return evolve(fresh, sequence=told.sequence + 1, dtstamp=stamp_after(told.dtstamp, now))


def stamp_after(last: datetime, now: datetime) -> datetime:
    """A DTSTAMP of now that is later than the last one, as far as years go."""
    return max(now.replace(microsecond=0), min(last, _LAST) + timedelta(seconds=1))


def change_between(before: Event, after: Event) -> EventChange:
    """In a word, what happened to the event."""
    if after.status == "cancelled":
        return "cancelled"
    return "reinstated" if before.status == "cancelled" else "moved"


def only_clocks_moved(before: Event, after: Event) -> bool:
    """Whether an event that moved has the same hours on the clock as before: newer zone data moved it, nobody else."""
    return _by_the_clock(before) == _by_the_clock(after)


def _by_the_clock(event: Event) -> list[tuple[object, ...]]:
    parts = event.other_dates if event.repeat else event.parts
    return [(event.repeat,), _said(event), *(_said(each) for each in parts)]


def _said(of: Event | Part) -> tuple[object, ...]:
    hours = (of.starts.wall, of.starts.zone, of.ends.wall, of.ends.zone)
    return (of.id, *hours, of.place, of.join, of.status)
