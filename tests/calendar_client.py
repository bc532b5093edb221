"""A calendar program as it is on people's machines: keyed by UID, by the rules of RFC 5546, on a parser of its own.

It shares no code with what writes invites, nor with icalendar. It reads times by the zones in the file, or by a table of
its own, which may be older than the file.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytz
from attrs import define, field
from tests.calendar_clock import zones_of

Line = tuple[str, dict[str, str], str]
Table = Callable[[datetime, str], datetime]
"""A table of zones: gives the instant (UTC) that a wall time is in a zone."""


@cache
def zone(name: str) -> ZoneInfo:
    """The zone by pytz's file."""
    with pytz.open_resource(name) as file:
        return ZoneInfo.from_file(file, key=name)


def own_table(wall: datetime, name: str) -> datetime:
    """The zone data of today."""
    return wall.replace(tzinfo=zone(name)).astimezone(UTC)


def lines_of(octets: bytes) -> list[Line]:
    """The content lines: names, parameters (unquoted), values as they are."""
    text = octets.decode("utf-8").replace("\r\n ", "").replace("\r\n\t", "")
    return [split(line) for line in text.split("\r\n") if line]


def split(line: str) -> Line:
    head = re.match(r'(?:[^":]|"[^"]*")*', line)[0]
    name, *parameters = re.findall(r'(?:[^";]|"[^"]*")+', head)
    pairs = (each.partition("=") for each in parameters)
    return name.upper(), {key.upper(): value.strip('"') for key, _, value in pairs}, line[len(head) + 1 :]


@define
class Held:
    """An event in the calendar: the lines of its VEVENTs, and the zones that its file brought along."""

    sequence: int
    stamp: str
    components: list[list[Line]]
    zones: dict[str, object]
    is_cancelled: bool = False
    answer: str = "NEEDS-ACTION"


@define
class Client:
    """The calendar of one person. Without a table, times are read by the zones in the files."""

    address: str
    table: Table | None = None
    events: dict[str, Held] = field(factory=dict)

    def receive(self, octets: bytes) -> None:
        """What a mail program does with an invite: newer than what it has, it counts; else it is dropped."""
        lines = lines_of(octets)
        method = value(lines, "METHOD")
        components = list(events_in(lines))
        uid, sequence = value(components[0], "UID"), int(value(components[0], "SEQUENCE") or 0)
        stamp = value(components[0], "DTSTAMP")
        attendees = {each[2].casefold() for each in components[0] if each[0] == "ATTENDEE"}
        assert attendees == {f"mailto:{self.address}"}, "an invite for somebody else"
        held = self.events.get(uid)
        if held and (sequence, stamp) <= (held.sequence, held.stamp):
            return
        if method == "CANCEL":
            if held:
                held.sequence, held.stamp, held.is_cancelled = sequence, stamp, True
            return
        zones = zones_of(octets, 2090)
        self.events[uid] = Held(sequence, stamp, components, zones)

    def programme(self) -> set[tuple[str, datetime, datetime]]:
        """What it shows: UID, start and end (UTC) of everything that takes place."""
        return {
            (uid, starts, ends)
            for uid, held in self.events.items()
            if not held.is_cancelled
            for starts, ends in self._dates(held)
        }

    def reply(self, uid: str, answer: str, stamp: datetime, *, sequence: int | None = None) -> bytes:
        """The mail program's answer: it echoes UID, SEQUENCE, ORGANIZER and ATTENDEE, and drops the rest."""
        held = self.events[uid]
        held.answer = answer
        first = held.components[0]
        (organizer,) = [each[2] for each in first if each[0] == "ORGANIZER"]
        lines = [
            "BEGIN:VCALENDAR",
            "PRODID:-//Somebody//Mail 1.0//EN",
            "VERSION:2.0",
            "METHOD:REPLY",
            "BEGIN:VEVENT",
            f"UID:{uid}",
            f"SEQUENCE:{held.sequence if sequence is None else sequence}",
            f"DTSTAMP:{stamp:%Y%m%dT%H%M%SZ}",
            f"ORGANIZER:{organizer}",
            f"ATTENDEE;PARTSTAT={answer}:mailto:{self.address}",
            "END:VEVENT",
            "END:VCALENDAR",
        ]
        return "".join(f"{each}\r\n" for each in lines).encode()

    def _dates(self, held: Held) -> Iterator[tuple[datetime, datetime]]:
        master = next(each for each in held.components if not value(each, "RECURRENCE-ID"))
        others = {
            self._instant(line(each, "RECURRENCE-ID"), held): each
            for each in held.components
            if value(each, "RECURRENCE-ID")
        }
        left_out = {self._instant(each, held) for each in master if each[0] == "EXDATE"}
        starts, ends = line(master, "DTSTART"), line(master, "DTEND")
        for days in repeats(value(master, "RRULE"), wall_of(starts[2]).date()):
            begins = self._instant(shifted(starts, days), held)
            other = others.get(begins)
            if begins in left_out or (other and value(other, "STATUS") == "CANCELLED"):
                continue
            if other:
                yield self._instant(line(other, "DTSTART"), held), self._instant(line(other, "DTEND"), held)
            else:
                yield begins, self._instant(shifted(ends, days), held)

    def _instant(self, found: Line, held: Held) -> datetime:
        _, parameters, text = found
        wall = wall_of(text)
        if text.endswith("Z"):
            return wall.replace(tzinfo=UTC)
        if self.table is not None:
            return self.table(wall, parameters["TZID"])
        return held.zones[parameters["TZID"]].readings(wall)[0]


def value(lines: list[Line], name: str) -> str:
    """The value of the first line of a name, or nothing."""
    return next((each[2] for each in lines if each[0] == name), "")


def line(lines: list[Line], name: str) -> Line:
    return next(each for each in lines if each[0] == name)


def events_in(lines: list[Line]) -> Iterator[list[Line]]:
    """The lines of each VEVENT, alarms in it left out."""
    found: list[Line] = []
    within: list[str] = []
    for each in lines:
        if each[0] == "BEGIN":
            within.append(each[2])
            if each[2] == "VEVENT":
                found = []
        elif each[0] == "END":
            if within.pop() == "VEVENT":
                yield found
        elif within[-1] == "VEVENT":
            found.append(each)


def wall_of(text: str) -> datetime:
    return datetime.strptime(text.removesuffix("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007 - a wall time


def shifted(found: Line, days: int) -> Line:
    name, parameters, text = found
    moved = wall_of(text) + timedelta(days=days)
    return name, parameters, f"{moved:%Y%m%dT%H%M%S}{'Z' if text.endswith('Z') else ''}"


def repeats(rule: str, first: date) -> Iterator[int]:
    """By how many days each date of a series is later than the first."""
    if not rule:
        yield 0
        return
    parts = dict(each.split("=") for each in rule.split(";"))
    count, interval = int(parts["COUNT"]), int(parts.get("INTERVAL", 1))
    if parts["FREQ"] in ("DAILY", "WEEKLY"):
        yield from (each * interval * (7 if parts["FREQ"] == "WEEKLY" else 1) for each in range(count))
        return
    assert parts["FREQ"] == "MONTHLY"
    month = first.year * 12 + first.month - 1
    while count:
        year, index = divmod(month, 12)
        if first.day <= calendar.monthrange(year, index + 1)[1]:
            yield (date(year, index + 1, first.day) - first).days
            count -= 1
        month += interval
