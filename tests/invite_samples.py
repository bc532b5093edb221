"""Invites for tests: the model conference's, and any that can be made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytz
from hypothesis import assume
from hypothesis import strategies as st

from conferencekit.calendar import Invite, event_uid
from conferencekit.errors import InvalidTime
from conferencekit.mailbox import Mailbox
from conferencekit.moment import Moment

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
URLS = st.sampled_from(
    [
        None,
        "https://example.org/live",
        "https://example.org/a;b,c?d=é&e=\"<>'",
        "https://example.org/a b\r\nATTENDEE:mailto:x@example.org",
        "https://例え.テスト/" + "x" * 200,
    ]
)
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


@st.composite
def moments(draw: st.DrawFn) -> Moment:
    """Anywhere, often close to a change of clocks."""
    if draw(st.booleans()):
        zone = draw(st.sampled_from(sorted(CHANGES)))
        instant = draw(st.sampled_from(CHANGES[zone])) + timedelta(minutes=draw(st.integers(-180, 180)))
        return Moment.from_instant(instant.replace(tzinfo=UTC), zone)
    zone = draw(st.sampled_from(pytz.common_timezones))
    wall = draw(st.datetimes(datetime(2020, 1, 1), datetime(2050, 1, 1)))
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
