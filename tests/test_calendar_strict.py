"""Everything that is written into calendars passes a checker that shares no code with what writes it, or with icalendar."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
import pytz
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from tests.calendar_strict import Broken, check, parse, shown
from tests.invite_samples import (
    ADDRESSES,
    ALL_CHANGES,
    HOSTILE,
    conferences,
    invite,
    invites,
    planned_invites,
)
from tests.laws import examples

from conferencekit.calendar import invite_to_ical, validate
from conferencekit.calendar.composing import composed
from conferencekit.calendar.invite import CalendarEvent
from conferencekit.calendar.planned import planned_events
from conferencekit.calendar.planning import Invitee, plan_invites
from conferencekit.calendar.told import Told
from conferencekit.calendar.validate_tables import FEED
from conferencekit.calendar.writing import calendar_of, event_lines, zone_years
from conferencekit.conference import Conference
from conferencekit.mailbox import Mailbox, one_line
from conferencekit.moment import Moment
from conferencekit.programme.event import Event
from conferencekit.testing.secretariat import conference_for_tests

STAMP = datetime(2020, 11, 1, 9, 30, tzinfo=UTC)
SENDER = Mailbox("Office", "office@example.org")
HOUR = timedelta(hours=1)


def second(moment: Moment) -> datetime:
    return moment.instant.replace(microsecond=0)


def meant(conference: Conference, event: Event, *, is_public: bool) -> list[tuple[datetime, datetime]]:
    """When an event takes place, by the document."""
    session = conference.session(event.id)
    if event.repeat is None or session is None:
        return [(second(event.starts), second(event.ends))]
    return sorted(
        (second(each.starts), second(each.ends))
        for each in session.dates
        if is_public or (each.other and each.other.status) != "cancelled"
    )


# -- laws


@examples(120)
@given(invites() | planned_invites())
def test_every_invite_passes(made):
    """To sessions, series, days and conferences; by zone and in UTC; with alarms, reasons and hostile texts."""
    octets = invite_to_ical(made)
    check(octets, made.method)
    assert validate(octets, made.method) == ()


@pytest.mark.slow
@examples(100)
@given(conferences(), st.booleans())
def test_every_plan_shows_the_programme(conference, later):
    """Each session once, at the instants of the document, by the zones in the file."""
    person = Invitee(key="ada", mailbox=Mailbox("Ada", "ada@example.org"), locale="fr")
    now = STAMP if later else datetime(1960, 1, 1, tzinfo=UTC)
    plan = plan_invites(conference, [person], Told(), now=now, sender=SENDER)
    for each in plan.messages:
        found = [(one.starts, one.ends) for one in shown(each.to_ical(), "REQUEST")]
        assert sorted(found) == meant(conference, each.event, is_public=False)
    held = {each.event.id for each in plan.messages}
    for event in planned_events(conference, now=now):
        assert (event.id in held) == (event.status != "cancelled" and event.id not in plan.over)


@examples(60)
@given(conferences(), st.sampled_from(["PUBLISH", None]))
def test_every_calendar_for_everybody_passes(conference, method):
    """Cancelled sessions and dates stay, and say that they are."""
    events = [
        (event, CalendarEvent(organizer=SENDER, **composed(conference, event, "en")))
        for event in planned_events(conference, now=STAMP)
    ]
    years = (found for _, each in events for found in zone_years(each))
    octets = calendar_of(years, [event_lines(each) for _, each in events], method=method)
    assert validate(octets, method or FEED) == ()
    found = shown(octets, method)
    for event, made in events:
        mine = [each for each in found if each.uid == made.uid]
        assert sorted((each.starts, each.ends) for each in mine) == meant(conference, event, is_public=True)
        assert {each.status for each in mine} >= {part.status.upper() for part in event.other_dates}


@examples(80)
@given(invites() | planned_invites(), HOSTILE, ADDRESSES, HOSTILE, ADDRESSES)
def test_two_peoples_invites_differ_in_their_two_lines_only(made, name, address, host, reply):
    """Whatever they are called, nothing of it gets anywhere else."""
    other = evolve(made, attendee=Mailbox(name, address), organizer=Mailbox(host, reply))
    one, two = (parse(invite_to_ical(each)) for each in (made, other))
    for first, second_ in zip(one.blocks, two.blocks, strict=True):
        for left, right in zip(first.lines, second_.lines, strict=True):
            assert left == right or left.name == right.name in ("ATTENDEE", "ORGANIZER")
        assert first.blocks == second_.blocks
    (attendee,) = {each.one("ATTENDEE").one("CN") for each in two.blocks if each.name == "VEVENT"}
    assert attendee == other.attendee.name


@given(st.lists(HOSTILE, min_size=5, max_size=5), st.sampled_from(["REQUEST", "CANCEL"]))
@examples(100)
def test_no_text_becomes_a_line(texts, method):
    """The lines of a hostile invite are those of a plain one."""
    begin = "BEGIN:VEVENT\r\nATTENDEE:mailto:eve@example.org\r\n"
    summary, description, location, comment, url = (begin + each for each in texts)
    hostile = invite(
        summary=summary,
        description=description,
        location=location,
        url=f"https://example.org/{url}",
        comment=comment if method == "CANCEL" else "",
        method=method,
    )
    plain = invite(
        summary="x",
        description="x",
        location="x",
        url="https://example.org/",
        comment="x" if method == "CANCEL" else "",
        method=method,
    )
    found, wanted = (parse(invite_to_ical(each)).blocks[-1] for each in (hostile, plain))
    assert [each.name for each in found.lines] == [each.name for each in wanted.lines]
    assert found.one("SUMMARY").text == one_line(summary)


# -- bytes


@pytest.mark.slow
def test_the_same_state_gives_the_same_bytes_in_every_process():
    """Under any PYTHONHASHSEED, and under -O, which drops assertions: a whole plan, with feeds."""
    seen = set()
    for options, seed in (([], "0"), ([], "77"), (["-O"], "5")):
        command = [sys.executable, *options, "-m", "tests.calendar_plan_sample"]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        seen.add(subprocess.run(command, env=environment, capture_output=True, check=True, text=True).stdout)
    assert len(seen) == 1
    assert len(seen.pop().split()) > 20


# -- clocks


NEAR = (-120, -60, -30, -1, 0, 1, 30, 60, 120)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_two_hours_around_every_change_of_clocks(part):
    """In every common zone, since 1970: starts, ends, and the hour that comes twice."""
    for number, (zone, changes) in enumerate(sorted(ALL_CHANGES.items())):
        if number % 4 != part:
            continue
        # each zone at another place of the list, and its last changes
        for change in {*changes[number % 7 :: 23], *changes[-2:]}:
            minutes = NEAR[(number + change.year) % len(NEAR)]
            starts = Moment.from_instant(change.replace(tzinfo=UTC) + timedelta(minutes=minutes), zone)
            ends = starts.plus(HOUR / 2)
            (found,) = shown(invite_to_ical(invite(starts=starts, ends=ends)), "REQUEST")
            assert (found.starts, found.ends) == (second(starts), second(ends)), (zone, starts)


@examples(60)
@given(st.sampled_from(pytz.common_timezones), st.integers(2038, 2089), st.integers(0, 8759))
def test_years_that_pytz_does_not_know(zone, year, hour):
    """Its tables end in 2037, the files that it ships do not."""
    starts = Moment.from_instant(datetime(year, 1, 1, tzinfo=UTC) + hour * HOUR, zone)
    (found,) = shown(invite_to_ical(invite(starts=starts, ends=starts.plus(HOUR))), "REQUEST")
    assert found.starts == starts.instant


# -- many


def test_ten_thousand_people_get_a_message_each():
    """Of the same event; nobody's name or address is in another's."""
    people = [
        Invitee(key=str(n), mailbox=Mailbox(f'P{n}, "x"', f"p{n}@example.org"), locale="en")
        for n in range(10_000)
    ]
    conference = evolve(conference_for_tests(), deadlines={})
    plan = plan_invites(conference, people, Told(), now=STAMP, sender=SENDER)
    assert len(plan.messages) == 10_000
    for each in plan.messages[::500]:
        octets = each.to_ical()
        check(octets, "REQUEST")
        assert octets.count(b"ATTENDEE") == 1
        assert each.person.mailbox.address.encode() in octets.replace(b"\r\n ", b"")


# -- the checker itself


WRONG = {
    "bare LF": lambda data: data.replace(b"\r\n", b"\n"),
    "long line": lambda data: data.replace(b"SUMMARY:", b"SUMMARY:" + b"x" * 80),
    "cut letter": lambda data: data.replace(b"SUMMARY:", b"SUMMARY:\xc3\r\n \xa9"),
    "cut escape": lambda data: data.replace(b"SUMMARY:", b"SUMMARY:\\\r\n n"),
    "bell": lambda data: data.replace(b"SUMMARY:", b"SUMMARY:\x07"),
    "no zone": lambda data: data[: data.index(b"BEGIN:VTIMEZONE")] + data[data.index(b"BEGIN:VEVENT") :],
    "other clocks": lambda data: data.replace(b"TZOFFSETTO:+0800", b"TZOFFSETTO:+0900"),
    "backwards": lambda data: data.replace(b"20201211T223000", b"20201211T190000"),
    "floating": lambda data: data.replace(b"DTSTART;TZID=Asia/Shanghai", b"DTSTART"),
    "two people": lambda data: data.replace(b"TRANSP", b"ATTENDEE:mailto:x@example.org\r\nTRANSP"),
    "no mailto": lambda data: data.replace(b":mailto:gmc", b":gmc"),
    "no stamp": lambda data: data.replace(b"DTSTAMP:20201101T093000Z\r\n", b""),
    "cancelled": lambda data: data.replace(b"CONFIRMED", b"CANCELLED"),
    "date": lambda data: data.replace(b"SEQUENCE", b"RECURRENCE-ID:20201211T120000Z\r\nSEQUENCE"),
}


@pytest.mark.parametrize("name", WRONG)
def test_the_checker_finds_what_is_wrong(name):
    """Else it would prove nothing."""
    data = invite_to_ical(invite())
    check(data, "REQUEST")
    wrong = WRONG[name](data)
    assert wrong != data
    with pytest.raises((Broken, KeyError)):
        check(wrong, "REQUEST")


def test_onsets_an_hour_off_are_found():
    """The fault that most libraries have."""
    starts = Moment.at(datetime(2026, 3, 29, 9), "Europe/Berlin")
    data = invite_to_ical(invite(starts=starts, ends=starts.plus(HOUR)))
    check(data, "REQUEST")
    with pytest.raises(Broken, match="Europe/Berlin at"):
        check(data.replace(b"T020000\r\nRRULE", b"T030000\r\nRRULE"), "REQUEST")
