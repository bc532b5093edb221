"""What an event says to people: its title, and for an event of several sessions the programme."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attrs import evolve, frozen

from ..conference import Conference
from ..datewords import date_text, day_text, hours_text, range_text
from ..programme.event import Event, Part, only_clocks_moved
from ..programme.session import Session
from .planned import DAY, held_dates

_MOST_DATES: Final = 12
"""How many dates of a series are told in words."""


@frozen(kw_only=True)
class EventWords:
    """The words of an event in one language."""

    summary: str
    description: str


def event_words(
    conference: Conference, event: Event, locale: str, session: Session | None = None
) -> EventWords:
    """A session's title and description; of several sessions, the conference's title and the programme, day by day.

    `session`: the one of the event, where it is known: else it is looked for.
    """
    session = session or conference.session(event.id)
    if session is not None:
        description = session.description.text(locale) if session.description else ""
        return EventWords(summary=session.title.text(locale), description=description)
    if event.is_of_sessions:
        programme = programme_text(conference, event, locale)
        return EventWords(summary=conference.title.text(locale), description=programme)
    return EventWords(summary=event.id, description="")  # the document has it no more: only a CANCEL follows


def title_text(conference: Conference, event: Event, locale: str) -> str:
    """What a mail calls the event: its title, and with the date where it is one day of the conference.

    A calendar shows the date anyway. A mail that said no more than “Learning Days will not take place” would call off
    all of it.
    """
    title = event_words(conference, event, locale).summary
    return f"{title} ({date_text(event.starts.wall, locale)})" if event.id.startswith(DAY) else title


def programme_text(conference: Conference, event: Event, locale: str, *, but: Event | None = None) -> str:
    """The programme of a day or of the conference, a line for each session; of a session or a series nothing.

    `but`: without what this event has just the same, for saying what has changed.
    """
    if not event.is_of_sessions:
        return ""
    same = frozenset(but.parts) if but else frozenset()
    changed = evolve(event, parts=tuple(each for each in event.parts if each not in same))
    return "\n".join(_programme(conference, changed, locale))


def times_text(event: Event, locale: str, *, but: Event | None = None) -> str:
    """When it is, in words; of a series each date that is held, a line each, at most twelve.

    `but`: without the dates on which this event is too, for saying what of a series has changed.
    """
    others = held_dates(but) if but else ()
    dates = [each for each in held_dates(event) if each not in others]
    lines = [range_text(starts, ends, locale) for starts, ends in dates[:_MOST_DATES]]
    return "\n".join([*lines, *(["..."] if dates[_MOST_DATES:] else [])])


def place_text(event: Event) -> str | None:
    """Where it is: the place, and below it the link to take part."""
    return "\n".join(each for each in (event.place, event.join) if each) or None


def change_values(
    conference: Conference, event: Event, was: Event | None, locale: str
) -> dict[str, str | None]:
    """When and where an event is, and its programme; where one of them changed, how it was: what mails say of it.

    `clocks_moved` is there where newer zone data is all that changed.
    """
    now = {
        "now": times_text(event, locale),
        "where": place_text(event),
        "programme": programme_text(conference, event, locale) or None,
    }
    if was is None:
        return now
    kept = None if event.status == "cancelled" else event
    where = place_text(was)
    return {
        **now,
        "was": times_text(was, locale, but=kept) or None,
        "where_was": where if where != now["where"] else None,
        "programme_was": programme_text(conference, was, locale, but=event) or None,
        "clocks_moved": "yes" if only_clocks_moved(was, event) else None,
    }


def _programme(conference: Conference, event: Event, locale: str) -> Iterator[str]:
    day = None
    for part in event.parts:
        if part.status == "cancelled" and event.status != "cancelled":
            continue
        starts = part.starts.in_zone(conference.timezone)
        if starts.wall.date() != day:
            yield from ([""] if day else [])
            day = starts.wall.date()
            yield day_text(starts, locale)
        yield from _part(conference, event, part, locale)


def _part(conference: Conference, event: Event, part: Part, locale: str) -> Iterator[str]:
    session = conference.session(part.id)
    title = session.title.text(locale) if session else part.id
    where = part.place.removesuffix(f", {event.place}")  # the room, where the event says the rest
    place = f" ({where})" if where and where != event.place else ""
    hours = hours_text(part.starts.in_zone(conference.timezone), part.ends, locale)
    yield f"{hours} {title}{place}"
    if part.join and part.join != event.join:
        yield part.join
