"""The command `calendar feed`: a calendar to subscribe to, as a file for any web server."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from attrs import field, frozen

from ..calendar.feed import FeedKind, feed_to_ical, make_feed
from ..calendar.feed_events import known_sessions
from ..calendar.serving import modified_of
from ..calendar.validate import validate
from ..calendar.validate_tables import FEED
from ..conference import Conference
from ..document import load_conference
from ..errors import InvalidCalendar
from ..moment import instant_text
from ..programme.event import Event
from ..text import lookup, normalise_locale
from .calendar_state import load_programme
from .files import write_file
from .output import Output, count_of
from .store_place import has_store


@frozen
class _Programme:
    """The conference, an event for each session, and since when both are so. `known_as`: as in `Told`."""

    conference: Conference
    events: tuple[Event, ...]
    since: datetime
    known_as: Mapping[str, str] = field(factory=dict)


def run_feed(given: argparse.Namespace, output: Output) -> int:
    """Write the feed, or print it."""
    found = _from_store(given, output) if has_store(given) else _from_document(given.conference)
    kind, about = _which(given)
    locale = normalise_locale(given.locale) if given.locale else None
    if locale and not lookup(locale, found.conference.languages):
        output.note(
            f"The document has no texts in {locale!r}: they are in {found.conference.languages[0]!r}."
        )
    feed = make_feed(found.conference, kind, about, locale=locale, source=given.url, colour=given.color)
    now = datetime.now(UTC)
    data = feed_to_ical(
        feed, found.conference, found.events, now=now, since=found.since, known_as=found.known_as
    )
    if problems := validate(data, FEED):
        raise InvalidCalendar(problems)
    events = data.count(b"\r\nBEGIN:VEVENT\r\n")
    said = f"{feed.name}, {count_of(events, 'event', 'events')}"
    if not events:
        output.note(
            f"There is nothing in it{': the document has no deadlines' if kind == 'deadlines' else ''}."
        )
    is_new = given.out is None or not _holds(given.out, data)
    if given.out is None:
        output.document(data)
    elif is_new:
        write_file(given.out, data)
        output.say(f"Wrote {given.out}: {said}.")
    else:
        output.say(f"{given.out} is up to date: {said}.")
    modified = modified_of(data)
    output.result(
        {
            "kind": kind,
            "about": about,
            "name": feed.name,
            "events": events,
            "modified": instant_text(modified) if modified else None,
            "file": str(given.out) if given.out else None,
            "changed": is_new,
            **({} if given.out else {"feed": data.decode()}),
        }
    )
    return 0


def _holds(path: Path, data: bytes) -> bool:
    """Whether the file is as it would be written: web servers make tags of when it was, so it is left alone."""
    return path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data


def _which(given: argparse.Namespace) -> tuple[FeedKind, str]:
    if given.track is not None:
        return "track", given.track
    if given.room is not None:
        return "room", given.room
    return ("deadlines" if given.deadlines else "conference"), ""


def _from_store(given: argparse.Namespace, output: Output) -> _Programme:
    from .opening import opened  # noqa: PLC0415 - a feed of a document needs no secretariat

    with opened(given, output) as secretariat:
        programme = secretariat.calendar.programme()
    return _Programme(programme.conference, programme.events, programme.since)


def _from_document(path: Path) -> _Programme:
    """The sessions as the document has them, since it was saved last: the same file gives the same feed.

    What `calendar send` told beside it counts: a feed has the UIDs and SEQUENCEs of its invites.
    """
    conference = load_conference(path)
    since = datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
    told = load_programme(path, conference)
    held, events = known_sessions(conference, told, since=since)
    return _Programme(held, events, since, {each.id: told.first_id(each.id) for each in events})
