"""Reads VTIMEZONEs and says what clocks show by them: an evaluator of RFC 5545, 3.6.5, that shares code with nothing."""

from __future__ import annotations

import calendar
import re
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache

LAST_YEAR = 2130
"""Until then the zones of a calendar are followed: a series of 400 months may begin in 2090."""
WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


class ZoneClock:
    """What one VTIMEZONE says, with rules followed until the year `last`."""

    def __init__(self, octets: bytes, last: int) -> None:
        text = octets.decode("ascii").replace("\r\n ", "")
        self.name = re.search(r"TZID:(.*)\r\n", text)[1]
        found = re.findall(r"BEGIN:(STANDARD|DAYLIGHT)\r\n(.*?)END:\1\r\n", text, re.DOTALL)
        self.observances = [dict(line.split(":", 1) for line in body.split("\r\n")[:-1]) for _, body in found]
        onsets = [onset for each in self.observances for onset in expand(each, last)]
        self.onsets = sorted(onsets)
        self.instants = [instant for instant, _, _ in self.onsets]

    def offset(self, instant: datetime) -> timedelta:
        """The offset from UTC at an instant."""
        position = bisect_right(self.instants, instant)
        assert position, f"{self.name} says nothing of {instant}"
        return self.onsets[position - 1][2]

    def readings(self, wall: datetime) -> list[datetime]:
        """The instants at which clocks show `wall` (naive), ascending."""
        offsets = {each[2] for each in self.onsets}
        candidates = {(wall - offset).replace(tzinfo=UTC) for offset in offsets}
        return sorted(each for each in candidates if each + self.offset(each) == wall.replace(tzinfo=UTC))


def expand(observance: dict[str, str], last: int) -> Iterator[tuple[datetime, timedelta, timedelta]]:
    """The onsets of an observance as (instant, offset before, offset after)."""
    first = datetime.fromisoformat(observance["DTSTART"])
    before, after = offset(observance["TZOFFSETFROM"]), offset(observance["TZOFFSETTO"])
    walls = [first]
    if "RRULE" in observance:
        rule = dict(part.split("=") for part in observance["RRULE"].split(";"))
        assert rule.pop("FREQ") == "YEARLY"
        walls = [datetime.combine(day_of(rule, year), first.time()) for year in range(first.year, last + 1)]
        assert walls[0] == first, "an RRULE must begin with its DTSTART"
    for wall in walls:
        yield (wall - before).replace(tzinfo=UTC), before, after


def day_of(rule: dict[str, str], year: int) -> datetime:
    """The day of a year: BYMONTH with one BYDAY or one BYMONTHDAY, as Outlook reads it."""
    month = int(rule["BYMONTH"])
    if "BYMONTHDAY" in rule:
        return datetime(year, month, int(rule["BYMONTHDAY"]))
    week, weekday = re.fullmatch(r"(-?[1-4])([A-Z]{2})", rule["BYDAY"]).groups()
    days = [each for each in calendar.Calendar().itermonthdates(year, month) if each.month == month]
    fitting = [each for each in days if each.weekday() == WEEKDAYS.index(weekday)]
    found = fitting[int(week) - 1 if int(week) > 0 else int(week)]
    return datetime(found.year, found.month, found.day)


def offset(text: str) -> timedelta:
    """`+0530` as a timedelta."""
    sign = -1 if text[0] == "-" else 1
    parts = [int(text[at : at + 2]) for at in range(1, len(text), 2)]
    return sign * timedelta(hours=parts[0], minutes=parts[1], seconds=parts[2] if len(parts) > 2 else 0)


clock_of = lru_cache(maxsize=1000)(ZoneClock)


def zones_of(octets: bytes, last: int = LAST_YEAR) -> dict[str, ZoneClock]:
    """The zones of a whole calendar object by name."""
    found = re.findall(rb"BEGIN:VTIMEZONE\r\n.*?END:VTIMEZONE\r\n", octets, re.DOTALL)
    clocks = [clock_of(each, last) for each in found]
    return {each.name: each for each in clocks}
