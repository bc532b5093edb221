"""Calendar objects, without mails and files: `python benchmarks/calendars.py [--people 1000] [--rounds 9]`.

The VTIMEZONE of every common zone for three years, compared with the zone data at every hour of them; a plan for a
thousand people; and the bytes of their thousand invites, whose names are hostile. Beside them icalendar's own way to
the same. What is written is read back by icalendar, and by `ical` where that is installed, or the benchmark fails.
Nothing that was made in one round is kept for the next. No disk is involved.
"""

from __future__ import annotations

import argparse
import re
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import icalendar
import pytz
from attrs import evolve
from disks import Disk, Scale
from rounds import Cost, cpu_ratio, timed
from table import Line, show

from conferencekit.calendar import tzif, writing
from conferencekit.calendar.planning import Invitee, InviteMessage, plan_invites
from conferencekit.calendar.told import Told
from conferencekit.calendar.vtimezone import _vtimezone, vtimezone
from conferencekit.conference import CalendarPlan, Conference
from conferencekit.mailbox import Mailbox
from conferencekit.moment import Moment
from conferencekit.programme.session import Session
from conferencekit.text import LocalizedText

PEOPLE: Final = 1_000
ROUNDS: Final = 9
YEARS: Final = (2026, 2028)
ZONES: Final = [each for each in pytz.common_timezones if each not in {"UTC", "Etc/UTC"}]
NOW: Final = datetime(2026, 6, 1, 12, tzinfo=UTC)
SENDER: Final = Mailbox("GMC secretariat", "gmc@example.org")
AIMS: Final = {"zones": 100.0, "plan": 50.0, "bytes": 10.0}
"""Milliseconds of CPU; for plan and bytes, of a thousand messages."""

_TEXT: Final = ("What teachers of large courses learned, and what they would do otherwise. " * 5)[:300]
_NAMES: Final = (
    'Zoë "Z" Smith-Jones; MD',
    "Okafor, Chidi: ^caret^",
    "学习革命\r\nATTENDEE:mailto:eve@example.org",
    "محمد علي",
    "Ada \U0001f469\u200d\U0001f680 Lovelace",
    "C:\\New folder\\next, and more than a line has room for, which has to be folded",
)


# -- zones


def write_zones(names: Iterable[str] = ZONES) -> list[bytes]:
    """Every zone, from its file."""
    tzif.zone_data.cache_clear()
    _vtimezone.cache_clear()
    return [vtimezone(each, *YEARS) for each in names]


def write_zones_by_icalendar(names: Iterable[str]) -> list[bytes]:
    first, last = date(YEARS[0], 1, 1), date(YEARS[1], 12, 31)
    return [
        icalendar.Timezone.from_tzinfo(ZoneInfo(each), first_date=first, last_date=last).to_ical()
        for each in names
    ]


def wrong_hours(name: str, octets: bytes) -> int:
    """At how many hours of the years clocks show something else by the VTIMEZONE than by the zone data."""
    with pytz.open_resource(name) as file:
        witness = ZoneInfo.from_file(file, key=name)
    onsets = sorted(_onsets(octets.decode()))
    wrong, position = 0, 0
    hour, end = datetime(YEARS[0], 1, 1, tzinfo=UTC), datetime(YEARS[1] + 1, 1, 1, tzinfo=UTC)
    while hour < end:
        while position + 1 < len(onsets) and onsets[position + 1][0] <= hour:
            position += 1
        wrong += onsets[position][1] != hour.astimezone(witness).utcoffset()
        hour += timedelta(hours=1)
    return wrong


def _onsets(text: str) -> Iterator[tuple[datetime, timedelta]]:
    """When clocks change by a VTIMEZONE, and to which offset: RFC 5545, 3.6.5, by hand."""
    for body in re.findall(r"BEGIN:(?:STANDARD|DAYLIGHT)\r\n(.*?)END:", text, re.DOTALL):
        found = dict(each.split(":", 1) for each in body.split("\r\n") if each)
        before, after = _offset(found["TZOFFSETFROM"]), _offset(found["TZOFFSETTO"])
        first = datetime.strptime(found["DTSTART"], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        years = range(first.year, YEARS[1] + 2) if "RRULE" in found else [first.year]
        for year in years:
            day = _day(found["RRULE"], year) if "RRULE" in found else first.date()
            yield datetime.combine(day, first.timetz()) - before, after


def _day(rule: str, year: int) -> date:
    parts = dict(each.split("=") for each in rule.split(";"))
    month = int(parts["BYMONTH"])
    if "BYMONTHDAY" in parts:
        return date(year, month, int(parts["BYMONTHDAY"]))
    week, weekday = (
        int(parts["BYDAY"][:-2]),
        ("MO", "TU", "WE", "TH", "FR", "SA", "SU").index(parts["BYDAY"][-2:]),
    )
    days = [date(year, month, 1) + timedelta(days=each) for each in range(31)]
    fitting = [each for each in days if each.month == month and each.weekday() == weekday]
    return fitting[week - 1 if week > 0 else week]


def _offset(text: str) -> timedelta:
    hours, minutes, seconds = int(text[1:3]), int(text[3:5]), int(text[5:7] or 0)
    offset = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return -offset if text[0] == "-" else offset


# -- invites


def conference() -> Conference:
    starts = Moment.from_instant(datetime(2026, 9, 1, 7, tzinfo=UTC), "Europe/Berlin")
    session = Session(
        id="opening",
        title=LocalizedText.of("Opening: teaching, learning"),
        starts=starts,
        ends=starts.plus(timedelta(hours=1)),
        description=LocalizedText.of(_TEXT),
        room="Hall 1",
        join="https://example.org/live",
    )
    closing = evolve(session, id="closing", starts=starts.plus_days(1), ends=session.ends.plus_days(1))
    return Conference(
        id="gmc",
        uid="6f9619ff-8b86-4011-b42d-00cf4fc964ff",
        title=LocalizedText.of("Global MOOC Conference"),
        timezone="Europe/Berlin",
        sessions=(session, closing),
        calendar=CalendarPlan(
            organizer="gmc@example.org", invite="each session", alarm=timedelta(minutes=15)
        ),
    )


def people_of(count: int) -> list[Invitee]:
    return [
        Invitee(
            key=str(number),
            mailbox=Mailbox(f"{_NAMES[number % len(_NAMES)]} {number}", f"p{number}@example.org"),
            locale=("en", "fr", "zh")[number % 3],
        )
        for number in range(count)
    ]


def planned(count: int) -> Callable[[], Sequence[InviteMessage]]:
    made, people = conference(), people_of(count)
    return lambda: plan_invites(made, people, Told(), now=NOW, sender=SENDER).messages


def write(messages: Sequence[InviteMessage]) -> list[bytes]:
    """The bytes of one event's invites, each found valid, with nothing known from before."""
    writing.shared_part.cache_clear()
    writing._organizing.cache_clear()  # noqa: SLF001 - as above
    _vtimezone.cache_clear()
    return [each.to_ical() for each in messages]


def write_by_icalendar(messages: Sequence[InviteMessage]) -> list[bytes]:
    """The same, as its documentation shows: an object for each person."""
    return [_icalendar(each).to_ical() for each in messages]


def _icalendar(message: InviteMessage) -> icalendar.Calendar:
    base, person = message.base, message.person.mailbox
    calendar, event, alarm = icalendar.Calendar(), icalendar.Event(), icalendar.Alarm()
    calendar.add("prodid", "-//conferencekit//benchmark//EN")
    calendar.add("version", "2.0")
    calendar.add("method", base.method)
    event.add("uid", base.uid)
    event.add("dtstamp", base.dtstamp)
    event.add("sequence", base.sequence)
    event.add("summary", base.summary)
    event.add("dtstart", base.starts.datetime)
    event.add("dtend", base.ends.datetime)
    event.add("description", f"{base.description}\n\n{base.join}")
    event.add("location", base.location)
    event.add("status", "CONFIRMED")
    organizer = f"mailto:{message.organizer.address}"
    event.add(
        "organizer", organizer, parameters={"CN": message.organizer.name} if message.organizer.name else {}
    )
    attendee = {"CN": person.name, "PARTSTAT": "NEEDS-ACTION", "RSVP": "TRUE", "ROLE": "REQ-PARTICIPANT"}
    event.add("attendee", f"mailto:{person.address}", parameters=attendee)
    alarm.add("action", "DISPLAY")
    alarm.add("description", base.summary)
    alarm.add("trigger", timedelta(minutes=-15))
    event.add_component(alarm)
    calendar.add_component(event)
    calendar.add_missing_timezones(first_date=date(2026, 1, 1), last_date=date(2026, 12, 31))
    return calendar


def check(messages: Sequence[InviteMessage], written: Sequence[bytes]) -> str:
    """Every parser reads what was meant. Names those that were there."""
    for message, octets in zip(messages, written, strict=True):
        (event,) = icalendar.Calendar.from_ical(octets).walk("VEVENT")
        person, base = message.person.mailbox, message.base
        assert unquote(event["ATTENDEE"]) == f"mailto:{person.address}"
        name = event["ATTENDEE"].params["CN"]
        carets = name.replace("^'", '"').replace("^^", "^")  # older ones do not read RFC 6868
        assert person.name in {name, carets} or "\\" in person.name, name  # nor a backslash as what it is
        assert (event["DTSTART"].dt.astimezone(UTC), event["UID"]) == (base.starts.instant, base.uid)
    try:
        from ical.calendar_stream import IcsCalendarStream
    except ImportError:
        return "icalendar"
    for message, octets in zip(messages, written, strict=True):
        (event,) = IcsCalendarStream.calendar_from_ics(octets.decode()).events
        (attendee,) = event.attendees
        person = message.person.mailbox
        assert (attendee.common_name, unquote(str(attendee.uri))) == (person.name, f"mailto:{person.address}")
        assert (event.dtstart.astimezone(UTC), event.uid) == (message.base.starts.instant, message.base.uid)
    return "icalendar and ical"


# -- the lines


def measure(disk: Disk, scale: Scale) -> Iterator[Line]:  # noqa: ARG001 - no disk is involved
    """Zones, plan and bytes, beside icalendar's where it has the same."""
    yield from lines_of(scale.count(PEOPLE), scale.rounds(ROUNDS), ZONES[::40] if scale.quick else ZONES)


def lines_of(people: int, rounds: int, zones: Sequence[str]) -> Iterator[Line]:
    made = write_zones(zones)
    wrong = sum(wrong_hours(*each) for each in zip(zones, made, strict=True))
    assert wrong == 0, f"{wrong} hours are wrong"
    what = f"VTIMEZONE of {len(zones)} zones for {YEARS[1] - YEARS[0] + 1} years, no hour wrong"
    yield _line(
        f"{what}, beside icalendar",
        AIMS["zones"] if len(zones) == len(ZONES) else None,
        *_costs(rounds, lambda: write_zones(zones), lambda: write_zones_by_icalendar(zones)),
    )
    plan = planned(people)
    one_event = [each for each in plan() if each.event.id == "opening"]
    parsers = check(one_event, write(one_event))
    aimed = people == PEOPLE
    ours, _ = _costs(rounds, plan, None)
    yield _line(f"a plan of {2 * people:,} invites", 2 * AIMS["plan"] if aimed else None, ours, [])
    costs = _costs(rounds, lambda: write(one_event), lambda: write_by_icalendar(one_event))
    what = f"the bytes of {people:,} invites, each judged, and read back by {parsers}; beside icalendar"
    yield _line(what, AIMS["bytes"] if aimed else None, *costs)


def _costs(
    rounds: int, ours: Callable[[], object], theirs: Callable[[], object] | None
) -> tuple[list[Cost], list[Cost]]:
    """In turns; the first of both, which warms up, is left out."""
    found: tuple[list[Cost], list[Cost]] = ([], [])
    for number in range(rounds + 1):
        costs = timed(ours, 1), timed(theirs, 1) if theirs and (number < 4 or rounds < 4) else None
        if number:
            found[0].append(costs[0])
            found[1].extend([costs[1]] if costs[1] else [])
    return found


def _line(what: str, aim: float | None, ours: Sequence[Cost], theirs: Sequence[Cost]) -> Line:
    cpu = _milliseconds(ours)
    return Line(
        what=f"{what}: CPU",
        ours=cpu,
        beside=_milliseconds(theirs) if theirs else None,
        unit="ms",
        ratio=cpu_ratio(ours[: len(theirs)], theirs) if theirs else None,
        aim=f"<= {aim:g} ms" if aim else "",
        met=cpu <= aim if aim else None,
    )


def _milliseconds(costs: Sequence[Cost]) -> float:
    return statistics.median(each.cpu for each in costs) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    title = f"icalendar {icalendar.__version__}, median of {given.rounds} rounds"
    show(title, list(lines_of(given.people, given.rounds, ZONES)))


if __name__ == "__main__":
    main()
