"""The events that feeds have: one for each session, as calendars were told of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from attrs import evolve

from ..conference import Conference
from ..moment import second_of
from ..programme.event import Event, Part, next_event
from .planned import session_event
from .planning import without_called_off
from .told import Told


def session_events(
    conference: Conference, told: Iterable[Event], *, since: datetime, sequence: int = 0
) -> tuple[Event, ...]:
    """An event for each session, as calendars were told of it: by an event of its own, or as a part of one of several.

    A part has no SEQUENCE of its own, and that of its day would fall when a session goes to a day that changed less
    often. `sequence` is what such sessions get: the number of revisions of the document, which never falls. What
    nobody was told yet is as the document has it, since then (`since`).
    """
    alone: dict[str, Event] = {}
    parts: dict[str, tuple[Event, Part]] = {}
    for event in told:
        if event.is_of_sessions:
            parts |= {each.id: (event, each) for each in event.parts}
        else:
            alone[event.id] = event
    found = []
    for session in conference.sessions:
        if session.id in alone:
            found.append(alone[session.id])
            continue
        planned = session_event(conference, session, second_of(since))
        if session.id in parts:
            planned = _as_told(planned, *parts[session.id])
        found.append(evolve(planned, sequence=sequence))
    return tuple(found)


def _as_told(planned: Event, whole: Event, part: Part) -> Event:
    return evolve(
        planned,
        starts=part.starts,
        ends=part.ends,
        place=part.place,
        join=part.join,
        status=part.status,
        in_utc=whole.in_utc,
        dtstamp=whole.dtstamp,
    )


def known_sessions(
    conference: Conference, told: Told, *, since: datetime
) -> tuple[Conference, tuple[Event, ...]]:
    """The conference as it stands, and an event for each session, where what was told is known by person.

    A session that an organiser called off is cancelled. One that changed and was not told yet has the SEQUENCE that it
    will be told under. Where sessions were ever told as parts of a day or of the whole, all have at least the number of
    versions that were told of anything: so SEQUENCE never falls, whatever becomes of `[calendar] invite`.
    What a day told in UTC stays so.

    Args:
        conference: As the document has it.
        told: What calendars were told; of people nothing is needed.
        since: Since when the document is so (aware).
    """
    held = without_called_off(conference, told.called_off)
    stamp = second_of(since)
    events = tuple(_known(session_event(held, session, stamp), told) for session in held.sessions)
    wholes = [known.event for known in told.events.values() if known.event.is_of_sessions]
    if wholes:
        versions = len(told.events)
        in_utc = {part.id for whole in wholes if whole.in_utc for part in whole.parts}
        events = tuple(
            evolve(
                each,
                sequence=max(each.sequence, versions),
                dtstamp=stamp,
                in_utc=each.in_utc or (each.id in in_utc and each.repeat is None),
            )
            for each in events
        )
    return held, events


def _known(planned: Event, told: Told) -> Event:
    """The event under the SEQUENCE of the newest that was told if it is the same, else the next one.

    What is again as it once was is a change too: those who subscribe saw what was between.
    """
    newest = next(iter(told.history(planned.id)), None)
    if newest is None:
        return planned
    after = next_event(newest.event, planned, now=planned.dtstamp, clocks_moved=newest.clocks_moved)
    return after or newest.event
