"""A feed of a thousand sessions, beside icalendar: `python benchmarks/feeds.py [--sessions 1000] [--rounds 9]`.

Written for the first time, after one session moved, and asked for again. Beside it icalendar writes the same events: it
makes its objects, keeps them, puts in another for the session that moved, and writes them out again, which is all that
it offers. Both are read back, and have the same events, or the benchmark fails. No disk is involved.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final, TypeVar

import icalendar
from attrs import evolve, field, frozen
from disks import Disk, Scale
from rounds import Cost, cpu_ratio, timed
from table import Line, show

from conferencekit import Registered, Secretariat
from conferencekit.calendar.composing import published
from conferencekit.calendar.feed import FeedCache, feed_to_ical, make_feed
from conferencekit.calendar.feed_events import session_events
from conferencekit.calendar.serving import FeedAnswer
from conferencekit.conference import CalendarPlan, Conference
from conferencekit.moment import Moment
from conferencekit.programme.event import Event
from conferencekit.programme.session import Session
from conferencekit.text import LocalizedText

SESSIONS: Final = 1_000
PERSON: Final = {"full_name": "Ada", "email": "ada@example.org", "country": "GB", "consent": "1"}
EVENTS: Final = 400
"""As many as a store takes."""
ROUNDS: Final = 9
SINCE: Final = datetime(2026, 5, 1, 8, tzinfo=UTC)
NOW: Final = datetime(2026, 6, 1, 12, tzinfo=UTC)
AIMS: Final = {"cold": 200.0, "one changed": 5.0, "unchanged": 0.5}
"""Milliseconds of CPU."""

T = TypeVar("T")

_TEXT: Final = ("What teachers of large courses learned, and what they would do otherwise. " * 5)[:300]


def conference_of(sessions: int) -> Conference:
    """A conference of so many sessions in five days, each with a description of 300 letters, a track and a room."""
    return Conference(
        id="gmc",
        uid="6f9619ff-8b86-4011-b42d-00cf4fc964ff",
        title=LocalizedText.of("Global MOOC Conference"),
        timezone="Europe/Berlin",
        website="https://gmc.example.org",
        contact="office@example.org",
        sessions=tuple(map(_session, range(sessions))),
    )


def _session(number: int) -> Session:
    clock = time(8 + number // 5 % 10, number // 50 % 4 * 15)
    wall = datetime.combine(date(2026, 9, 1 + number % 5), clock)
    starts = Moment.at(wall, "Europe/Berlin")
    return Session(
        id=f"session-{number}",
        title=LocalizedText.of(f"Session {number}: teaching, learning"),
        starts=starts,
        ends=starts.plus(timedelta(minutes=45)),
        description=LocalizedText.of(_TEXT),
        track=f"Track {number % 7}",
        room=f"Room {number % 20}",
    )


@frozen
class _State:
    """The conference and its events as they were told."""

    conference: Conference
    events: tuple[Event, ...]

    def moved(self) -> _State:
        """The state after one session was put off by an hour."""
        number, hour = len(self.events) // 2, timedelta(hours=1)
        session, event = self.conference.sessions[number], self.events[number]
        later = {"starts": session.starts.plus(hour), "ends": session.ends.plus(hour)}
        sessions = _replaced(self.conference.sessions, number, evolve(session, **later))
        stamp = event.dtstamp + timedelta(days=1)
        told = evolve(event, **later, sequence=event.sequence + 1, dtstamp=stamp)
        return _State(evolve(self.conference, sessions=sessions), _replaced(self.events, number, told))


def _replaced(values: tuple[T, ...], number: int, value: T) -> tuple[T, ...]:
    return (*values[:number], value, *values[number + 1 :])


class _Ours:
    """The feed as a host has it: what was written is kept."""

    def __init__(self) -> None:
        self._cache = FeedCache()

    def write(self, state: _State) -> bytes:
        feed = make_feed(state.conference, "conference")
        return feed_to_ical(
            evolve(feed, with_days=False),
            state.conference,
            state.events,
            now=NOW,
            since=SINCE,
            cache=self._cache,
        )


class _Icalendar:
    """The same events by icalendar, whose objects are kept: one is made anew where its event is another."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[Event, icalendar.Event]] = {}

    def write(self, state: _State) -> bytes:
        calendar = icalendar.Calendar()
        calendar.add("prodid", "-//conferencekit//benchmark//EN")
        calendar.add("version", "2.0")
        for event, session in zip(state.events, state.conference.sessions, strict=True):
            made = self._made.get(event.id)
            if made is None or made[0] is not event:
                made = self._made[event.id] = (event, _component(state.conference, event, session))
            calendar.add_component(made[1])
        calendar.add_missing_timezones(first_date=date(2026, 1, 1), last_date=date(2026, 12, 31))
        return calendar.to_ical()


def _component(conference: Conference, event: Event, session: Session) -> icalendar.Event:
    shown = published(conference, event, "en", session=session)
    found = icalendar.Event()
    found.add("uid", shown.uid)
    found.add("dtstamp", shown.dtstamp)
    found.add("sequence", shown.sequence)
    found.add("summary", shown.summary)
    found.add("dtstart", shown.starts.datetime)
    found.add("dtend", shown.ends.datetime)
    found.add("description", shown.description)
    found.add("location", shown.location)
    found.add("status", "CONFIRMED")
    found.add("url", shown.url)
    found.add("organizer", f"mailto:{conference.contact}", parameters={"CN": conference.title.text()})
    found.add("last-modified", shown.dtstamp)
    found.add("categories", [session.track])
    return found


def check_same(ours: bytes, theirs: bytes) -> None:
    """Both say the same of each event."""
    assert _read(ours) == _read(theirs)


def _read(data: bytes) -> dict[str, tuple[object, ...]]:
    names = ("SUMMARY", "DESCRIPTION", "LOCATION", "SEQUENCE", "STATUS", "URL", "ORGANIZER")
    return {
        str(each["UID"]): (
            *(str(each[name]) for name in names),
            *(each[name].dt.astimezone(UTC) for name in ("DTSTART", "DTEND", "DTSTAMP", "LAST-MODIFIED")),
            *map(str, each["CATEGORIES"].cats),
        )
        for each in icalendar.Calendar.from_ical(data).walk("VEVENT")
    }


@frozen
class _Round:
    """What one round cost, by what was done."""

    ours: Mapping[str, Cost] = field(factory=dict)
    theirs: Mapping[str, Cost] = field(factory=dict)


def rounds_of(sessions: int, rounds: int) -> list[_Round]:
    """So many rounds, ours and icalendar's in turns; the first, which warms up both, is left out."""
    conference = conference_of(sessions)
    before = _State(conference, session_events(conference, (), since=SINCE))
    after = before.moved()
    check_same(_Ours().write(after), _Icalendar().write(after))
    return [
        _Round(_costs(_Ours(), before, after), _costs(_Icalendar(), before, after)) for _ in range(rounds)
    ]


def _costs(writer: _Ours | _Icalendar, before: _State, after: _State) -> dict[str, Cost]:
    def once(state: _State) -> Callable[[], object]:
        return lambda: writer.write(state)

    return {name: timed(once(state), 1) for name, state in zip(AIMS, (before, after, after), strict=True)}


def measure(disk: Disk, scale: Scale) -> Iterator[Line]:
    """Cold, with one session moved, and unchanged: CPU, beside icalendar's; and what a host spends on a request."""
    yield from lines_of(scale.count(SESSIONS), scale.rounds(ROUNDS))
    yield from lines_of_host(disk.directory, scale.count(EVENTS), scale.rounds(ROUNDS))


def lines_of_host(directory: Path, sessions: int, rounds: int) -> Iterator[Line]:
    """By a secretariat over SQLite that invites to each session: whoever has the feed is told so, others get it."""
    plan = CalendarPlan(organizer="office@example.org", invite="each session")
    conference = conference_of(sessions)
    registration = evolve(conference.registration, address="trusted")
    with Secretariat(
        evolve(conference, calendar=plan, registration=registration),
        store=f"sqlite:///{directory}/feeds.db",
        mailer=f"maildir:{directory}/outbox",
        secret=bytes(32),
        site="https://gmc.example.org",
    ) as host:
        person = host.acting("benchmark").register(PERSON)
        assert isinstance(person, Registered)
        token = host.calendar.person_url(person.registration.id).rpartition("/")[2]
        tag = host.calendar.serve({}).headers["ETag"]
        asked: dict[str, Callable[[], FeedAnswer]] = {
            "not modified": lambda: host.calendar.serve({"If-None-Match": tag}),
            "a person's": lambda: host.calendar.serve({}, token),
        }
        for name, ask in asked.items():
            assert ask().status == (304 if name == "not modified" else 200)
            costs = [timed(ask, 1) for _ in range(rounds)]
            yield Line(
                what=f"a request for a feed of {sessions:,} sessions in SQLite, {name}: CPU",
                ours=_milliseconds(costs),
                unit="ms",
            )


def lines_of(sessions: int, rounds: int) -> Iterator[Line]:
    found = rounds_of(sessions, rounds)
    for name, aim in AIMS.items():
        ours, theirs = [each.ours[name] for each in found], [each.theirs[name] for each in found]
        cpu = _milliseconds(ours)
        yield Line(
            what=f"a feed of {sessions:,} sessions, {name}, beside icalendar: CPU",
            ours=cpu,
            beside=_milliseconds(theirs),
            unit="ms",
            ratio=cpu_ratio(ours, theirs),
            aim=f"<= {aim:g} ms" if sessions == SESSIONS else "",
            met=cpu <= aim if sessions == SESSIONS else None,
        )


def _milliseconds(costs: Sequence[Cost]) -> float:
    return statistics.median(each.cpu for each in costs) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sessions", type=int, default=SESSIONS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    title = f"icalendar {icalendar.__version__}, median of {given.rounds} rounds"
    with tempfile.TemporaryDirectory() as directory:
        host = lines_of_host(Path(directory), min(given.sessions, EVENTS), given.rounds)
        show(title, [*lines_of(given.sessions, given.rounds), *host])


if __name__ == "__main__":
    main()
