"""Conferences whose feeds are tested: a small one, one of many sessions, and any that can be made."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from attrs import evolve
from hypothesis import assume
from hypothesis import strategies as st
from tests.invite_samples import CONFERENCE_UID, HOSTILE, TITLES, URLS, moments

from conferencekit.calendar.feed import Feed
from conferencekit.calendar.feed_events import session_events
from conferencekit.calendar.vtimezone import shows_twice
from conferencekit.conference import CalendarPlan, Conference, Venue
from conferencekit.deadline import Deadline
from conferencekit.errors import InvalidTime
from conferencekit.moment import Moment
from conferencekit.programme.event import Event
from conferencekit.programme.series import Occurrence, Repeat
from conferencekit.programme.session import Session
from conferencekit.text import LocalizedText

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SINCE = datetime(2026, 5, 1, 8, tzinfo=UTC)
BERLIN = "Europe/Berlin"


def at(day: int, hour: int, minute: int = 0, month: int = 9) -> Moment:
    """A moment in Berlin in 2026."""
    return Moment.at(datetime(2026, month, day, hour, minute), BERLIN)


def session(name: str, starts: Moment, hours: float = 1.0, **facts: object) -> Session:
    """A session of this id, which is its title."""
    given = {
        "id": name,
        "title": LocalizedText.of(name),
        "starts": starts,
        "ends": starts.plus(timedelta(hours=hours)),
    }
    return Session(**{**given, **facts})


def conference(*sessions: Session, **facts: object) -> Conference:
    """A conference in Berlin with these sessions."""
    given = {
        "id": "gmc",
        "uid": CONFERENCE_UID,
        "title": LocalizedText({"en": "Testing Days", "fr": "Journées des tests"}),
        "theme": LocalizedText.of("What works"),
        "timezone": BERLIN,
        "languages": ("en", "fr"),
        "website": "https://gmc.example.org",
        "contact": "office@example.org",
        "sessions": sessions,
        "deadlines": {
            "registration": Deadline(zone=BERLIN, before=date(2026, 8, 1)),
            "input": Deadline(zone="AoE", through=date(2026, 7, 15)),
        },
    }
    return Conference(**{**given, **facts})


def two_days(**facts: object) -> Conference:
    """Two days with sessions in two tracks and rooms, and a weekly one with a cancelled date."""
    return conference(
        session("opening", at(1, 9), track="Teaching", room="Hall", join="https://example.org/live"),
        session("panel", at(1, 11), track="Policy, law", room="Room 2"),
        session("closing", at(2, 9), track="Teaching", room="Room 2"),
        session(
            "clinic",
            at(9, 17),
            room="Hall",
            join="https://example.org/clinic",
            repeat=Repeat(every="week", count=20),
            exceptions=(
                Occurrence(date=date(2026, 9, 16), status="cancelled"),
                Occurrence(date=date(2026, 9, 23), room="Room 3", join="https://example.org/elsewhere"),
            ),
        ),
        **facts,
    )


def many(count: int = 1_000) -> Conference:
    """A conference of so many sessions, each with a description of 300 letters."""
    text = ("What teachers of large courses learned, and what they would do otherwise. " * 5)[:300]
    return conference(
        *(
            session(
                f"s-{number}",
                at(1 + number // 200, 8 + number // 20 % 10, number % 4 * 15),
                hours=0.75,
                description=LocalizedText.of(text),
                track=f"Track {number % 7}",
                room=f"Room {number % 20}",
                join=f"https://example.org/live/{number}",
            )
            for number in range(count)
        )
    )


def told(found: Conference) -> tuple[Event, ...]:
    """Its sessions as they were told when the document came into force."""
    return session_events(found, (), since=SINCE)


def moved(found: Conference, name: str, hours: int = 1) -> tuple[Conference, tuple[Event, ...]]:
    """The conference after a session was put off, and its events: that one under the next SEQUENCE."""
    sessions = tuple(
        evolve(
            each, starts=each.starts.plus(timedelta(hours=hours)), ends=each.ends.plus(timedelta(hours=hours))
        )
        if each.id == name
        else each
        for each in found.sessions
    )
    after = evolve(found, sessions=sessions)
    later = session_events(after, (), since=SINCE + timedelta(days=1))
    changed = next(evolve(each, sequence=1) for each in later if each.id == name)
    return after, tuple(changed if each.id == name else each for each in told(found))


# -- any


@st.composite
def sessions(draw: st.DrawFn, name: str) -> Session:
    """Any session, with hostile texts."""
    starts = draw(moments())
    ends = starts.plus(timedelta(seconds=draw(st.integers(1, 3 * 86400))))
    return Session(
        id=name,
        title=LocalizedText.of(draw(TITLES)),
        starts=starts,
        ends=ends,
        description=LocalizedText.of(draw(HOSTILE)),
        room=draw(HOSTILE),
        join=draw(URLS),
        track=draw(HOSTILE),
        status=draw(st.sampled_from(["confirmed", "tentative", "cancelled"])),
    )


@st.composite
def series(draw: st.DrawFn, name: str) -> Session:
    """Any series whose dates calendars can say."""
    plain = draw(sessions(name))
    starts = plain.starts
    ends = starts.plus(timedelta(minutes=draw(st.integers(1, 600))))
    assume(not (shows_twice(starts) or shows_twice(ends)))  # as in documents
    repeat = Repeat(
        every=draw(st.sampled_from(["day", "week", "month"])),
        interval=draw(st.integers(1, 3)),
        count=draw(st.integers(2, 12)),
    )
    days = repeat.dates(starts.wall.date())
    others = draw(st.lists(st.sampled_from(days), unique=True, max_size=3))
    exceptions = tuple(
        Occurrence(
            date=day, status=draw(st.sampled_from([None, "cancelled", "tentative"])), room=draw(HOSTILE)
        )
        for day in others
    )
    made = evolve(plain, starts=starts, ends=ends, repeat=repeat, exceptions=exceptions)
    try:
        _ = made.dates
    except InvalidTime:
        assume(False)
    return made


@st.composite
def programmes(draw: st.DrawFn) -> Conference:
    """Any conference."""
    names = [f"s-{number}" for number in range(draw(st.integers(0, 5)))]
    made = tuple(draw(series(name) if draw(st.booleans()) else sessions(name)) for name in names)
    plan = st.builds(
        CalendarPlan,
        organizer=st.sampled_from(["gmc@example.org", "gmc+{token}@example.org"]),
        organizer_name=st.none() | TITLES.map(LocalizedText.of),
        cancelled_for=st.timedeltas(timedelta(), timedelta(days=40_000)),
    )
    return conference(
        *made,
        title=LocalizedText.of(draw(TITLES)),
        theme=draw(st.none() | HOSTILE.map(LocalizedText.of)),
        website=draw(st.sampled_from([None, "https://gmc.example.org", 'https://例え.テスト/é "x"'])),
        contact=draw(st.sampled_from([None, "office@example.org"])),
        venue=draw(st.none() | HOSTILE.map(lambda text: Venue(kind="hybrid", name=LocalizedText.of(text)))),
        calendar=draw(st.none() | plan),
        timezone=draw(st.sampled_from([BERLIN, "Asia/Shanghai", "Africa/Cairo", "America/Santiago"])),
    )


@st.composite
def feeds(draw: st.DrawFn, found: Conference) -> Feed:
    """Any feed of a conference."""
    kind = draw(st.sampled_from(["conference", "track", "room", "person", "deadlines"]))
    tracks, rooms = [each.track for each in found.sessions], [each.room for each in found.sessions]
    about = {"track": st.sampled_from(tracks or ["x"]), "room": st.sampled_from(rooms or ["x"])}
    return Feed(
        kind=kind,
        about=draw(about.get(kind, st.just(""))) or "",
        locale=draw(st.sampled_from(["en", "fr", "ar", "de"])),
        name=draw(TITLES),
        description=draw(HOSTILE),
        colour=draw(st.sampled_from(["", "teal", "SteelBlue"])),
        source=draw(st.sampled_from(["", "https://gmc.example.org/a;b,c.ics?d=é&e=\"'"])),
        refresh=draw(st.timedeltas(timedelta(minutes=1), timedelta(days=30))),
        with_days=draw(st.booleans()),
        concerning=draw(st.none() | st.just(frozenset({"s-0", "s-2"}))),
    )
