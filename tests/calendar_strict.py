"""A strict checker of calendars: octets, folds, counts, the tables of iTIP, series, and zones hour by hour.

It shares no code with icalendar, nor with what writes and judges calendars in `conferencekit.calendar`. It knows what this
project promises, which is less than what the RFCs allow.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytz
from tests.calendar_clock import ZoneClock, zones_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
"""What was before is written in UTC."""
NAME = "ABCDEFGHIJKLMNOPQRSTUVWXYZ-"


class Broken(Exception):
    """What the checker found. The first thing is enough."""


def claim(holds: object, said: str) -> None:
    if not holds:
        raise Broken(said)


@dataclass
class Line:
    """A content line: parameters as lists of their values, without quotes."""

    name: str
    parameters: dict[str, list[str]]
    value: str

    def one(self, parameter: str) -> str:
        values = self.parameters.get(parameter, [""])
        claim(len(values) == 1, f"{self.name} has {len(values)} values of {parameter}")
        return values[0]

    @property
    def text(self) -> str:
        """What a TEXT value says."""
        return "".join(self._letters())

    def _letters(self) -> Iterator[str]:
        letters = iter(self.value)
        for letter in letters:
            claim(letter not in ",;", f"{self.name} has {letter!r} that is not escaped")
            yield self._escaped(next(letters, "")) if letter == "\\" else letter

    def _escaped(self, letter: str) -> str:
        claim(letter in ("\\", ",", ";", "n", "N"), f"{self.name} escapes {letter!r}")
        return "\n" if letter in ("n", "N") else letter


@dataclass
class Block:
    """A component."""

    name: str
    lines: list[Line] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)

    def all(self, name: str) -> list[Line]:
        return [each for each in self.lines if each.name == name]

    def one(self, name: str) -> Line | None:
        found = self.all(name)
        claim(len(found) < 2, f"{self.name} has {len(found)} {name}")
        return found[0] if found else None

    def value(self, name: str) -> str:
        found = self.one(name)
        return found.value if found else ""

    def text(self, name: str) -> str:
        found = self.one(name)
        return found.text if found else ""

    def count(self, least: int, most: float, *names: str) -> None:
        for name in names:
            found = len(self.all(name))
            claim(least <= found <= most, f"{self.name} has {found} {name}, not {least} to {most}")


@dataclass
class Shown:
    """An occurrence as a client shows it, in UTC. `planned`: when the rule of its series has it."""

    uid: str
    starts: datetime
    ends: datetime
    planned: datetime
    status: str
    location: str
    summary: str


# -- octets and lines


def check_octets(octets: bytes) -> str:
    """The text, unfolded."""
    claim(octets.endswith(b"\r\n"), "the end is no CRLF")
    pieces = octets[:-2].split(b"\r\n")
    logical: list[str] = []
    for piece in pieces:
        claim(b"\r" not in piece and b"\n" not in piece, "a CR or LF stands alone")
        claim(0 < len(piece) <= 75, f"a line has {len(piece)} octets")
        try:
            text = piece.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Broken("a line is cut within a letter, or is no UTF-8") from error
        bad = [each for each in text if (ord(each) < 32 and each != "\t") or ord(each) == 127]
        claim(not bad, f"{bad} in {text!r}")
        if text[0] in " \t":
            claim(logical, "the first line is folded")
            for mark in "\\^":
                run = len(logical[-1]) - len(logical[-1].rstrip(mark))
                claim(run % 2 == 0, f"a line is cut behind {mark}")
            logical[-1] += text[1:]
        else:
            logical.append(text)
    return "\r\n".join(logical)


def parse_line(text: str) -> Line:
    """By hand, letter by letter."""
    at = 0
    while at < len(text) and text[at] in NAME:
        at += 1
    line = Line(text[:at], {}, "")
    claim(at, f"no name in {text!r}")
    while text[at : at + 1] == ";":
        equals = text.index("=", at)
        key = text[at + 1 : equals]
        claim(key and all(each in NAME for each in key), f"no parameter: {key!r}")
        claim(key not in line.parameters, f"two {key} in {text!r}")
        values, at = parse_values(text, equals + 1)
        line.parameters[key] = values
    claim(text[at : at + 1] == ":", f"no value in {text!r}")
    line.value = text[at + 1 :]
    return line


def parse_values(text: str, at: int) -> tuple[list[str], int]:
    values = []
    while True:
        if text[at : at + 1] == '"':
            end = text.index('"', at + 1)
            values.append(text[at + 1 : end])
            at = end + 1
        else:
            end = at
            while end < len(text) and text[end] not in '",;:':
                end += 1
            values.append(text[at:end])
            at = end
        if text[at : at + 1] != ",":
            return [carets(each) for each in values], at
        at += 1


def carets(text: str) -> str:
    """RFC 6868."""
    claim(re.fullmatch(r"(?:[^^]|\^[n^'])*", text), f"a caret alone in {text!r}")
    return re.sub(r"\^(.)", lambda found: {"n": "\n", "^": "^", "'": '"'}[found[1]], text)


def parse(octets: bytes) -> Block:
    """The calendar."""
    top = Block("")
    stack = [top]
    for text in check_octets(octets).split("\r\n"):
        line = parse_line(text)
        if line.name == "BEGIN":
            stack.append(Block(line.value))
        elif line.name == "END":
            done = stack.pop()
            claim(stack and done.name == line.value, f"END:{line.value} ends {done.name}")
            stack[-1].blocks.append(done)
        else:
            claim(len(stack) > 1, f"{line.name} is outside")
            stack[-1].lines.append(line)
    claim(len(stack) == 1, "something does not end")
    claim([each.name for each in top.blocks] == ["VCALENDAR"], "it is not one VCALENDAR")
    return top.blocks[0]


# -- the calendar


def check(octets: bytes, method: str | None) -> Block:
    """The calendar, if all that can be known of it from itself is right. `method` None: it has none.

    Raises:
        Broken: with the first thing that is wrong.
    """
    whole = parse(octets)
    whole.count(1, 1, "PRODID", "VERSION")
    whole.count(0, 1, "CALSCALE", "NAME", "REFRESH-INTERVAL", "SOURCE", "COLOR", "X-WR-CALNAME")
    claim(whole.one("VERSION").value == "2.0", "VERSION")
    claim([each.value for each in whole.all("METHOD")] == ([method] if method else []), "METHOD")
    for each in whole.lines:
        check_value(each)
    names = [each.name for each in whole.blocks]
    claim(set(names) <= {"VTIMEZONE", "VEVENT"}, f"blocks are {names}")
    claim(names == sorted(names, reverse=True), "a VTIMEZONE stands after a VEVENT")
    events = [each for each in whole.blocks if each.name == "VEVENT"]
    clocks = zones_of(octets)
    check_zone_blocks(whole, clocks)
    for each in events:
        check_event(each, method, clocks)
    if method in ("REQUEST", "CANCEL"):
        claim(events, "no VEVENT")
        claim(len({each.one("UID").value for each in events}) == 1, "more than one UID")
    check_series(events, clocks)
    check_zones(events, clocks)
    return whole


def check_zone_blocks(whole: Block, clocks: dict[str, ZoneClock]) -> None:
    zones = [each.one("TZID").value for each in whole.blocks if each.name == "VTIMEZONE"]
    claim(zones == sorted(set(zones)), f"zones are {zones}")
    for name in zones:
        claim(name in pytz.all_timezones, f"{name} is no IANA zone")
        claim(name in clocks, f"the VTIMEZONE of {name} does not read")
    used = {each.one("TZID") for block in whole.blocks for each in block.lines if "TZID" in each.parameters}
    is_empty = {each.name for each in whole.blocks} == {"VTIMEZONE"}  # a calendar has some component
    claim(used == set(zones) or is_empty, f"{used} are referred to, {set(zones)} explained")
    for each in whole.blocks:
        if each.name == "VTIMEZONE":
            claim(each.blocks, "an empty VTIMEZONE")
            for part in each.blocks:
                claim(part.name in ("STANDARD", "DAYLIGHT"), f"{part.name} in a VTIMEZONE")
                part.count(1, 1, "DTSTART", "TZOFFSETFROM", "TZOFFSETTO")
                part.count(0, 1, "RRULE")
                part.count(0, 0, "RDATE")


def check_event(event: Block, method: str | None, clocks: dict[str, ZoneClock]) -> None:
    event.count(1, 1, "UID", "DTSTAMP", "DTSTART", "SUMMARY", "SEQUENCE")
    event.count(0 if is_instant(event) and method is None else 1, 1, "DTEND")
    event.count(0 if method is None else 1, 1, "ORGANIZER")
    event.count(0, 0, "REQUEST-STATUS", "DURATION", "RDATE")
    event.count(0, 1, "STATUS", "DESCRIPTION", "LOCATION", "URL", "TRANSP", "RRULE", "RECURRENCE-ID")
    event.count(*((1, 1) if method in ("REQUEST", "CANCEL") else (0, 0)), "ATTENDEE")
    for each in event.lines:
        check_value(each)
    claim(event.one("UID").text.strip(), "no UID")
    claim(re.fullmatch("[0-9]+", event.one("SEQUENCE").value), "SEQUENCE")
    claim(int(event.one("SEQUENCE").value) < 2**31, "SEQUENCE")
    claim(event.one("SUMMARY").text.strip(), "no SUMMARY")
    status = event.one("STATUS").value if event.all("STATUS") else ""
    allowed = {"REQUEST": ("CONFIRMED", "TENTATIVE"), "CANCEL": ("CANCELLED", "")}
    claim(
        status in allowed.get(method, ("CONFIRMED", "TENTATIVE", "CANCELLED")), f"STATUS {status} in {method}"
    )
    if method == "REQUEST":
        attendee = event.one("ATTENDEE")
        claim(attendee.one("PARTSTAT") == "NEEDS-ACTION", "PARTSTAT")
        claim(attendee.one("RSVP") in ("TRUE", "FALSE"), "RSVP")
    if not is_instant(event):
        starts, ends = (when(event.one(name), clocks) for name in ("DTSTART", "DTEND"))
        claim(starts < ends, f"{starts} to {ends}")
    check_alarms(event, method)


def is_instant(event: Block) -> bool:
    """Whether it has no length, as a deadline in a feed: said in UTC, and free time."""
    shown = [each.value for each in event.all("TRANSP")]
    return not event.all("DTEND") and shown == ["TRANSPARENT"] and event.one("DTSTART").value.endswith("Z")


def check_alarms(event: Block, method: str | None) -> None:
    claim(not event.blocks or method == "REQUEST", f"something in a VEVENT of {method}")
    for each in event.blocks:
        claim(each.name == "VALARM", f"{each.name} in a VEVENT")
        each.count(1, 1, "ACTION", "TRIGGER", "DESCRIPTION")
        claim(each.one("ACTION").value == "DISPLAY", "ACTION")
        claim(re.fullmatch(r"-PT[0-9]+[MS]", each.one("TRIGGER").value), each.one("TRIGGER").value)
        claim(each.one("DESCRIPTION").text.strip(), "an alarm says nothing")


def check_value(line: Line) -> None:
    """By the type that the property has."""
    name, value = line.name, line.value
    if name in ("SUMMARY", "DESCRIPTION", "LOCATION", "COMMENT", "UID", "PRODID", "NAME"):
        claim(line.text.strip(" \t\n"), f"{name} says nothing")
    elif name in ("DTSTAMP", "LAST-MODIFIED", "CREATED"):
        claim(re.fullmatch(r"[0-9]{8}T[0-9]{6}Z", value) and "TZID" not in line.parameters, f"{name} {value}")
    elif name in ("ORGANIZER", "ATTENDEE"):
        claim(re.fullmatch(r"mailto:[^\s<>\"@,:]+@[a-z0-9.-]+\.[a-z0-9-]+", value), f"{name} {value}")
        claim(unquote(value).count("@") == 1, value)
    elif name in ("CONFERENCE", "SOURCE"):
        claim(line.one("VALUE") == "URI", f"{name} without VALUE=URI")
        claim(
            set(line.parameters.get("FEATURE", [])) <= {"AUDIO", "VIDEO", "CHAT", "PHONE", "SCREEN"},
            "FEATURE",
        )
    elif name == "REFRESH-INTERVAL":
        claim(line.one("VALUE") == "DURATION", "REFRESH-INTERVAL without VALUE=DURATION")
    if name in ("CONFERENCE", "SOURCE", "URL"):
        claim(re.fullmatch(r"[a-z]+:[!-~]+", value) and not set(value) & set('"<>\\^`{|}'), f"{name} {value}")


# -- times


def when(line: Line, clocks: dict[str, ZoneClock], value: str | None = None) -> datetime:
    """When a client takes it to be: by the zone in the file, the first of two equal wall times."""
    value = line.value if value is None else value
    zone = line.one("TZID")
    if line.one("VALUE") == "DATE":
        claim(re.fullmatch("[0-9]{8}", value) and not zone, f"{line.name} {value}")
        return datetime.strptime(value, "%Y%m%d").replace(tzinfo=UTC)
    claim(re.fullmatch("[0-9]{8}T[0-9]{6}Z?", value), f"{line.name} {value}")
    wall = datetime.fromisoformat(value[:15])
    if value.endswith("Z"):
        claim(not zone, f"{line.name} in UTC has a zone")
        return wall.replace(tzinfo=UTC)
    claim(zone, f"{line.name} floats")
    readings = clocks[zone].readings(wall)
    claim(readings, f"{wall} does not exist in {zone}")
    return readings[0]


@lru_cache(maxsize=600)
def witness(zone: str) -> ZoneInfo:
    """The same data, read by the standard library, without the machine's own files."""
    with pytz.open_resource(zone) as file:
        return ZoneInfo.from_file(file, key=zone)


def check_zones(events: list[Block], clocks: dict[str, ZoneClock]) -> None:
    """Every hour from a day before an occurrence until a day after it."""
    for name, clock in clocks.items():
        hours = set()
        for each in events:
            if name in {line.one("TZID") for line in each.lines if "TZID" in line.parameters}:
                for starts, ends in spans(each, clocks):
                    first = starts.replace(minute=0, second=0) - DAY
                    hours.update(first + step * HOUR for step in range(int((ends - first + DAY) / HOUR) + 1))
        for hour in (each for each in hours if each >= EARLIEST):
            found, right = clock.offset(hour), hour.astimezone(witness(name)).utcoffset()
            claim(found == right, f"{name} at {hour} is {found}, not {right}")


def spans(event: Block, clocks: dict[str, ZoneClock]) -> list[tuple[datetime, datetime]]:
    """When an event is, with all dates of its rule."""
    starts = event.one("DTSTART")
    ends = starts if is_instant(event) else event.one("DTEND")
    if not event.all("RRULE"):
        return [(when(starts, clocks), when(ends, clocks))]
    return [
        (when(starts, clocks, first), when(ends, clocks, last))
        for first, last in zip(walls(event, starts), walls(event, ends), strict=True)
    ]


def walls(event: Block, line: Line) -> Iterator[str]:
    """The values of DTSTART or DTEND on each date of the rule."""
    first, time = line.value[:8], line.value[8:]
    begins = event.one("DTSTART").value[:8]
    for day in days_of(event.one("RRULE").value, as_date(begins)):
        shifted = day + (as_date(first) - as_date(begins))
        yield f"{shifted:%Y%m%d}".rjust(8, "0") + time


def as_date(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))


def days_of(rule: str, first: date) -> Iterator[date]:
    """The days of a rule: DAILY, WEEKLY or MONTHLY, with INTERVAL and COUNT. Days that a month has not are left out."""
    parts = dict(part.split("=") for part in rule.split(";"))
    claim(set(parts) <= {"FREQ", "INTERVAL", "COUNT"} and "COUNT" in parts, f"RRULE {rule}")
    count, interval = int(parts["COUNT"]), int(parts.get("INTERVAL", "1"))
    claim(1 <= count <= 400 and interval >= 1, rule)
    step, found = 0, 0
    while found < count:
        day = nth_day(parts["FREQ"], first, step * interval)
        if day is not None:
            found += 1
            yield day
        step += 1


def nth_day(freq: str, first: date, steps: int) -> date | None:
    if freq in ("DAILY", "WEEKLY"):
        return first + timedelta(days=steps * (7 if freq == "WEEKLY" else 1))
    claim(freq == "MONTHLY", freq)
    year, month = divmod(first.year * 12 + first.month - 1 + steps, 12)
    if first.day > calendar.monthrange(year, month + 1)[1]:
        return None
    return date(year, month + 1, first.day)


# -- series


def check_series(events: list[Block], clocks: dict[str, ZoneClock]) -> None:
    for uid in {each.one("UID").value for each in events}:
        mine = [each for each in events if each.one("UID").value == uid]
        masters = [each for each in mine if not each.all("RECURRENCE-ID")]
        claim(len(masters) == 1, f"{uid} has {len(masters)} VEVENT without RECURRENCE-ID")
        (master,) = masters
        for name in ("ORGANIZER", "SEQUENCE", "DTSTAMP"):
            claim(
                len({each.one(name) and each.one(name).value for each in mine}) == 1, f"more than one {name}"
            )
        if not master.all("RRULE"):
            claim(mine == masters and not master.all("EXDATE"), "dates of an event that is no series")
            continue
        start = master.one("DTSTART")
        planned = {starts for starts, _ in spans(master, clocks)}
        named = master.all("EXDATE") + [each.one("RECURRENCE-ID") for each in mine if each is not master]
        for each in named:
            claim(each.parameters == start.parameters, f"{each.name} is not in the form of DTSTART")
            claim(when(each, clocks) in planned, f"{each.name}:{each.value} is no date of the series")
        claim(len({each.value for each in named}) == len(named), "a date of a series is named twice")


def shown(octets: bytes, method: str | None) -> list[Shown]:
    """What a client shows of it, in order. Raises `Broken`."""
    return occurrences(check(octets, method), zones_of(octets))


def occurrences(whole: Block, clocks: dict[str, ZoneClock]) -> list[Shown]:
    """When the events of a calendar are, by these clocks, in order."""
    events = [each for each in whole.blocks if each.name == "VEVENT"]
    others = {
        (each.one("UID").value, when(each.one("RECURRENCE-ID"), clocks)): each
        for each in events
        if each.all("RECURRENCE-ID")
    }
    found = []
    for each in events:
        if each.all("RECURRENCE-ID"):
            continue
        gone = {when(line, clocks) for line in each.all("EXDATE")}
        for starts, ends in spans(each, clocks):
            other = others.get((each.one("UID").value, starts))
            if starts not in gone:
                found.append(
                    as_shown(other or each, starts, *(spans(other, clocks)[0] if other else (starts, ends)))
                )
    return sorted(found, key=lambda each: (each.starts, each.uid))


def as_shown(event: Block, planned: datetime, starts: datetime, ends: datetime) -> Shown:
    uid, *rest = (event.text(name) for name in ("UID", "STATUS", "LOCATION", "SUMMARY"))
    return Shown(uid, starts, ends, planned, *rest)
