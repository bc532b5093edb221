"""Invites for tests: the model conference's, and any that can be made."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytz
from attrs import evolve
from hypothesis import assume
from hypothesis import strategies as st

from conferencekit.calendar import Invite, event_uid
from conferencekit.calendar.composing import composed
from conferencekit.calendar.planned import planned_events
from conferencekit.calendar.vtimezone import shows_twice
from conferencekit.conference import CalendarPlan, Conference, RegistrationPlan, Venue
from conferencekit.errors import InvalidTime
from conferencekit.form.fields import Form
from conferencekit.mailbox import Mailbox
from conferencekit.moment import Moment
from conferencekit.programme.series import Occurrence, Repeat
from conferencekit.programme.session import Session
from conferencekit.text import LocalizedText

CONFERENCE_UID = "6f9619ff-8b86-4011-b42d-00cf4fc964ff"
ORGANIZER = Mailbox("GMC secretariat", "gmc@example.org")
ADA = Mailbox("Ada", "ada@example.org")


def invite(**changes: object) -> Invite:
    """The invite to the opening, with changes."""
    given = {
        "method": "REQUEST",
        "uid": event_uid(CONFERENCE_UID, "opening"),
        "sequence": 0,
        "dtstamp": datetime(2020, 11, 1, 9, 30, tzinfo=UTC),
        "summary": "Global MOOC Conference",
        "starts": Moment.at(datetime(2020, 12, 11, 20), "Asia/Shanghai"),
        "ends": Moment.at(datetime(2020, 12, 11, 22, 30), "Asia/Shanghai"),
        "organizer": ORGANIZER,
        "attendee": ADA,
    }
    return Invite(**{**given, **changes})


HOSTILE = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("\\;,:\"^nN\r\n\t \x00\x07\x0b\x7f\x85\u2028\u202e\ufeff=?<>@'&%"),
        st.sampled_from("学习革命é\u0301\U0001f469\u200d\U0001f680ع"),
    ),
    max_size=120,
)
TITLES = HOSTILE.filter(lambda text: any(each.isalnum() for each in text))
_HALF_LETTERS = re.compile("[\ud800-\udfff]")
WORDS = HOSTILE.map(lambda text: LocalizedText.of(_HALF_LETTERS.sub("", text)))
"""What a document may hold, which refuses half of a surrogate pair."""
URLS = st.sampled_from(
    [
        None,
        "https://example.org/live",
        "https://example.org/a;b,c?d=é&e=\"<>'",
        "https://example.org/a b\r\nATTENDEE:mailto:x@example.org",
        "https://例え.テスト/" + "x" * 200,
    ]
)
ALARMS = st.none() | st.integers(1, 10**6).map(lambda seconds: timedelta(seconds=seconds))
ADDRESSES = st.sampled_from(
    [
        "ada@example.org",
        "o'neil+gmc@example.org",
        "a%b=c/d?e#f&g@example.org",
        "zoë@exämple.org",
        "x" * 64 + "@example.org",
    ]
)
CHANGES = {
    zone: [each for each in pytz.timezone(zone)._utc_transition_times if 2020 <= each.year <= 2036]
    for zone in (
        "Europe/Berlin",
        "America/New_York",
        "Africa/Cairo",
        "Australia/Lord_Howe",
        "America/Santiago",
    )
}


def _changes(zone: str) -> list[datetime]:
    """The instants at which a zone's clocks change from 1970 to 2037, naive in UTC.

    Until 1972 Liberia's clocks were 44:30 behind, which pytz rounds to whole minutes.
    """
    found = getattr(pytz.timezone(zone), "_utc_transition_times", [])
    return [each for each in found if each.year >= (1973 if zone == "Africa/Monrovia" else 1970)]


ALL_CHANGES = {zone: found for zone in pytz.common_timezones if (found := _changes(zone))}


@st.composite
def moments(draw: st.DrawFn, first: int = 1970, last: int = 2090) -> Moment:
    """Anywhere, often close to a change of clocks."""
    if draw(st.booleans()):
        zone = draw(st.sampled_from(sorted(CHANGES)) | st.sampled_from(sorted(ALL_CHANGES)))
        changes = [each for each in ALL_CHANGES[zone] if first <= each.year < last]
        assume(changes)
        instant = draw(st.sampled_from(changes)) + timedelta(minutes=draw(st.integers(-120, 120)))
        return Moment.from_instant(instant.replace(tzinfo=UTC), zone)
    zone = draw(st.sampled_from(pytz.common_timezones))
    wall = draw(st.datetimes(datetime(first, 1, 3), datetime(last, 1, 1)))
    assume(zone != "Africa/Monrovia" or wall.year > 1972)
    try:
        return Moment.at(wall, zone, fold=draw(st.integers(0, 1)))
    except InvalidTime:
        assume(False)
        raise


@st.composite
def invites(draw: st.DrawFn) -> Invite:
    """Any invite."""
    starts = draw(moments())
    ends = starts.plus(timedelta(seconds=draw(st.integers(1, 8 * 86400))))
    if draw(st.booleans()):
        ends = ends.in_zone(draw(st.sampled_from(pytz.common_timezones)))
    method = draw(st.sampled_from(["REQUEST", "CANCEL"]))
    statuses = ["confirmed", "tentative"] if method == "REQUEST" else ["confirmed", "cancelled"]
    return invite(
        alarm=draw(ALARMS),
        comment=draw(HOSTILE) if method == "CANCEL" else "",
        in_utc=draw(st.booleans()),
        method=method,
        status=draw(st.sampled_from(statuses)),
        sequence=draw(st.integers(0, 2**31 - 1)),
        summary=draw(TITLES),
        description=draw(HOSTILE),
        location=draw(HOSTILE),
        starts=starts,
        ends=ends,
        organizer=Mailbox(draw(HOSTILE), draw(ADDRESSES)),
        attendee=Mailbox(draw(HOSTILE), draw(ADDRESSES)),
        join=draw(URLS),
        url=draw(URLS),
        rsvp=draw(st.booleans()),
    )


# -- whole programmes


@st.composite
def sessions(draw: st.DrawFn, name: str, near: Moment) -> Session:
    """A session within some days of `near`; often a series, with dates that are other than usual."""
    starts = near.plus(timedelta(minutes=draw(st.integers(-4000, 4000))))
    session = Session(
        id=name,
        title=draw(WORDS.filter(lambda text: any(each.isalnum() for each in text.text()))),
        starts=starts,
        ends=starts.plus(timedelta(seconds=draw(st.integers(1, 3 * 86400)))),
        description=draw(st.none() | WORDS),
        room=draw(st.none() | WORDS.map(str)),
        join=draw(URLS),
        status=draw(st.sampled_from(["confirmed", "tentative", "cancelled"])),
    )
    if draw(st.booleans()):
        return session
    return draw(series(session))


@st.composite
def series(draw: st.DrawFn, session: Session) -> Session:
    """The session again and again, on dates that all exist once."""
    repeat = draw(
        st.builds(
            Repeat,
            every=st.sampled_from(["day", "week", "month"]),
            interval=st.integers(1, 3),
            count=st.integers(2, 12) | st.integers(2, 60),
        )
    )
    days = repeat.dates(session.starts.wall.date())
    others = draw(st.lists(st.sampled_from(days), max_size=4, unique=True))
    exceptions = tuple(draw(occurrences(each, session)) for each in sorted(others))
    made = evolve(session, repeat=repeat, exceptions=exceptions)
    try:
        assert made.dates
        assert session.starts.wall.year >= 1970
        assert not shows_twice(session.starts)
        assert not shows_twice(session.ends)
    except (InvalidTime, AssertionError):  # `check` refuses such a document
        assume(False)
    return made


@st.composite
def occurrences(draw: st.DrawFn, day: date, session: Session) -> Occurrence:
    """A date at another time, in another place or zone, or cancelled."""
    starts = session.starts.plus(timedelta(days=(day - session.starts.wall.date()).days))
    starts = starts.plus(timedelta(minutes=draw(st.integers(-3000, 3000))))
    starts = starts.in_zone(draw(st.sampled_from([starts.zone, "Asia/Kathmandu", "America/St_Johns"])))
    return Occurrence(
        date=day,
        starts=draw(st.sampled_from([None, starts])),
        room=draw(st.none() | WORDS.map(str)),
        join=draw(URLS),
        status=draw(st.sampled_from([None, "confirmed", "tentative", "cancelled"])),
    )


@st.composite
def conferences(draw: st.DrawFn, first: int = 1970, last: int = 2080) -> Conference:
    """One to four sessions within a week, invited to by any rule."""
    near = draw(moments(first, last))
    count = draw(st.integers(1, 4))
    plan = CalendarPlan(
        organizer=draw(ADDRESSES),
        organizer_name=draw(st.none() | WORDS),
        invite=draw(st.sampled_from([None, "each session", "one a day", "whole conference"])),
        rsvp=draw(st.booleans()),
        alarm=draw(ALARMS),
    )
    return Conference(
        id="gmc",
        uid=CONFERENCE_UID,
        registration=RegistrationPlan(form=Form(fields=())),
        title=draw(WORDS.filter(lambda text: any(each.isalnum() for each in text.text()))),
        timezone=near.zone,
        website=draw(URLS),
        venue=draw(st.none() | st.builds(Venue, kind=st.just("hybrid"), name=WORDS, join=URLS)),
        sessions=tuple(draw(sessions(f"s{number}", near)) for number in range(count)),
        calendar=draw(st.none() | st.just(plan)),
    )


@st.composite
def planned_invites(draw: st.DrawFn, first: int = 1970, last: int = 2080) -> Invite:
    """Any invite to a session, series, day or conference, by the way that a document goes."""
    conference = draw(conferences(first, last))
    stamp = datetime(2020, 11, 1, 9, 30, tzinfo=UTC)
    event = draw(st.sampled_from(planned_events(conference, now=stamp)))
    event = evolve(
        event, sequence=draw(st.integers(0, 99)), in_utc=event.repeat is None and draw(st.booleans())
    )
    off = event.status == "cancelled" or draw(st.booleans())
    return Invite(
        method="CANCEL" if off else "REQUEST",
        organizer=Mailbox(draw(HOSTILE), draw(ADDRESSES)),
        attendee=Mailbox(draw(HOSTILE), draw(ADDRESSES)),
        rsvp=draw(st.booleans()),
        alarm=draw(ALARMS),
        comment=draw(HOSTILE) if off else "",
        **composed(conference, event, draw(st.sampled_from(["en", "fr", "zh", "ar"]))),
    )
