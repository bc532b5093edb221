"""Calendars for the judges, each with what is meant: the instants of every occurrence, worked out from the programme.

The second date of every series is cancelled: an EXDATE in invites, STATUS:CANCELLED in feeds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import cycle

from attrs import evolve
from tests.invite_samples import ALL_CHANGES, CONFERENCE_UID, ORGANIZER, invite

from conferencekit.calendar import invite_to_ical
from conferencekit.calendar.composing import composed
from conferencekit.calendar.feed import feed_to_ical, make_feed
from conferencekit.calendar.feed_events import session_events
from conferencekit.calendar.invite import CalendarEvent, Invite, event_uid
from conferencekit.calendar.planned import session_event
from conferencekit.calendar.writing import event_to_ical
from conferencekit.conference import Conference
from conferencekit.errors import InvalidTime
from conferencekit.mailbox import Mailbox
from conferencekit.moment import Moment
from conferencekit.programme.series import Occurrence, Repeat
from conferencekit.programme.session import Session
from conferencekit.text import LocalizedText

HOUR = timedelta(hours=1)
STAMP = datetime(2020, 11, 1, 9, 30, tzinfo=UTC)
NEAR = (-120, -61, -60, -30, -1, 0, 1, 29, 30, 59, 60, 120)
HOSTILE = 'A; "quoted", C:\\New; 学习革命 \U0001f680 ' * 3
Span = tuple[datetime, datetime]


@dataclass
class Case:
    """A calendar and its method; `shown` is when its event takes place, ascending, `planned` without exceptions."""

    name: str
    zone: str
    octets: bytes
    method: str
    shown: list[Span]
    planned: list[datetime]


@cache
def moments_near_changes() -> list[Moment]:
    """Within two hours of changes of clocks, in every common zone that has any from 1990 to 2037."""
    found = []
    minutes = cycle(NEAR)
    for zone, all_changes in sorted(ALL_CHANGES.items()):
        changes = [each.replace(tzinfo=UTC) for each in all_changes if 1990 <= each.year <= 2036]
        for change in sorted({*changes[:: max(1, len(changes) // 4)], *changes[-2:]}):
            found += [Moment.from_instant(change + timedelta(minutes=next(minutes)), zone) for _ in range(2)]
    return found


@cache
def near_changes() -> list[Case]:
    """An invite to each of these moments."""
    found = []
    for starts in moments_near_changes():
        ends = starts.plus(HOUR)
        octets = invite_to_ical(invite(starts=starts, ends=ends))
        spans = [(starts.instant, ends.instant)]
        found.append(Case(f"{starts}", starts.zone, octets, "REQUEST", spans, [starts.instant]))
    return found


@dataclass
class FeedCase:
    """A whole feed; `shown` is when each of its sessions takes place, by UID, `zones` where."""

    octets: bytes
    shown: dict[str, Span]
    zones: dict[str, str]


@cache
def feeds_near_changes() -> list[FeedCase]:
    """Feeds of a hundred sessions in many zones and years, so with many a VTIMEZONE for decades."""
    moments = moments_near_changes()[::4]
    return [_feed(moments[number::8]) for number in range(8)]


def _feed(moments: Sequence[Moment]) -> FeedCase:
    sessions = tuple(
        Session(
            id=f"s-{number}",
            title=LocalizedText.of(HOSTILE),
            starts=starts,
            ends=starts.plus(HOUR),
            room="Hall",
        )
        for number, starts in enumerate(moments)
    )
    found = evolve(_conference(sessions[0]), sessions=sessions, languages=("en",))
    events = session_events(found, (), since=STAMP)
    octets = feed_to_ical(make_feed(found, "conference"), found, events, now=STAMP, since=STAMP)
    uids = {each.id: event_uid(found.uid, each.id) for each in sessions}
    return FeedCase(
        octets,
        {uids[each.id]: (each.starts.instant, each.ends.instant) for each in sessions},
        {uids[each.id]: each.starts.zone for each in sessions},
    )


ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Sydney",
    "Asia/Shanghai",
    "Africa/Cairo",
    "America/Nuuk",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Pacific/Auckland",
    "America/Santiago",
    "Asia/Jerusalem",
]
REPEATS = (
    Repeat(every="day", count=10),
    Repeat(every="day", interval=3, count=60),
    Repeat(every="week", count=30),
    Repeat(every="week", interval=2, count=26),
    Repeat(every="month", count=14),
    Repeat(every="month", interval=2, count=8),
)


@cache
def series() -> list[Case]:
    """Series over changes of clocks, with dates that are moved, cancelled and elsewhere; as invites and for feeds."""
    return [
        case for zone in ZONES for number, each in enumerate(REPEATS) for case in _series(zone, each, number)
    ]


def _series(zone: str, repeat: Repeat, number: int) -> Iterator[Case]:
    starts = Moment.at(
        datetime(2026, 9, 29 if number % 2 else 31 - number * 2 - 3, 22 if number == 3 else 9), zone
    )
    session = Session(
        id="s",
        title=LocalizedText.of(HOSTILE),
        starts=starts,
        ends=starts.plus(3 * HOUR),
        repeat=repeat,
        join=None,
    )
    days = repeat.dates(starts.wall.date())
    elsewhere = Moment.at(datetime.combine(days[2], datetime(2026, 1, 1, 11, 30).time()), "Asia/Kolkata")
    others = (
        Occurrence(date=days[1], status="cancelled"),
        Occurrence(date=days[2], starts=elsewhere),
        Occurrence(date=days[4], room="Hall 2", status="tentative"),
        Occurrence(
            date=days[-1],
            starts=Moment.at(datetime.combine(days[-1], starts.wall.time()), zone).plus(30 * HOUR),
        ),
    )
    session = evolve(session, exceptions=others)
    try:
        dates = session.dates
    except InvalidTime:
        return
    made = composed(_conference(session), session_event(_conference(session), session, STAMP), "en")
    planned = [each.planned.instant for each in dates]
    held = [each for each in dates if each.is_held]
    for kind, kept in (("invite", held), ("feed", dates)):
        spans = sorted((each.starts.instant, each.ends.instant) for each in kept)
        name = f"{kind} of {repeat.rrule} in {zone}"
        if kind == "invite":
            ada = Mailbox(HOSTILE, "ada@example.org")
            request = Invite(method="REQUEST", organizer=ORGANIZER, attendee=ada, alarm=HOUR, **made)
            yield Case(name, zone, invite_to_ical(request), "REQUEST", spans, planned)
            off = Invite(method="CANCEL", organizer=ORGANIZER, attendee=ada, comment="Snow", **made)
            whole = [(each, each + 3 * HOUR) for each in planned if each != planned[1]]
            yield Case(f"cancel of {name}", zone, invite_to_ical(off), "CANCEL", whole, planned)
        else:
            yield Case(
                name, zone, event_to_ical(CalendarEvent(organizer=ORGANIZER, **made)), "FEED", spans, planned
            )


def _conference(session: Session) -> Conference:
    title = LocalizedText.of("GMC")
    return Conference(id="gmc", uid=CONFERENCE_UID, title=title, timezone="UTC", sessions=(session,))
