"""What pytz's own files say of a zone: its changes of clocks, one by one, and the yearly rule that follows them.

Source: RFC 8536 (the Time Zone Information Format). Times are whole seconds since 1970-01-01T00:00:00Z.
"""

from __future__ import annotations

import re
import struct
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final

import pytz
from attrs import frozen

_EPOCH: Final = date(1970, 1, 1)
_HOUR: Final = 3600
_DAY: Final = 86400
_SINCE: Final = -2 * 366 * _DAY
_HEADER: Final = struct.Struct(">4s c 15x 6l")
_TYPE: Final = struct.Struct(">lbB")
_NAME: Final = r"(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)"
_TIME: Final = r"[+-]?\d{1,3}(?::\d{1,2}){0,2}"
_FOOTER: Final = re.compile(
    rf"(?P<std>{_NAME})(?P<std_offset>{_TIME})"
    rf"(?:(?P<dst>{_NAME})(?P<dst_offset>{_TIME})?,(?P<start>[^,]+),(?P<end>[^,]+))?"
)
_RULE: Final = re.compile(
    rf"(?:M(?P<month>\d+)\.(?P<week>\d)\.(?P<weekday>\d)|(?P<julian>J?)(?P<day>\d+))(?:/(?P<time>{_TIME}))?"
)


@frozen
class Clock:
    """How clocks stand: the offset from UTC in seconds, whether that is summer time, and what it is called."""

    offset: int
    is_dst: bool
    name: str


@frozen
class Change:
    """A change of clocks at the instant `at`."""

    at: int
    before: Clock
    after: Clock


@frozen(kw_only=True)
class YearlyRule:
    """When clocks change every year: on one day of it, `time` seconds after local midnight (may be beyond the day).

    Either the `week`-th (5: the last) `weekday` (0: Sunday) of `month`; or day `day` of a year, which counts 29
    February only where `leaps` says so (then from 0, else from 1).
    """

    month: int = 0
    week: int = 0
    weekday: int = 0
    day: int = 0
    leaps: bool = False
    time: int = 2 * _HOUR

    def day_of(self, year: int) -> date:
        """The day on which it falls, before `time` is added."""
        if self.month:
            return self._weekday_of(year)
        if self.leaps:
            return date(year, 1, 1) + timedelta(days=self.day)
        return date(2001, 1, 1).replace(year=year) + timedelta(
            days=self.day - 1 + self._passes_leap_day(year)
        )

    def _passes_leap_day(self, year: int) -> bool:
        is_leap = date(year, 12, 31).timetuple().tm_yday == 366
        return is_leap and self.day >= 60

    def _weekday_of(self, year: int) -> date:
        first = date(year, self.month, 1)
        ahead = (self.weekday - first.isoweekday()) % 7
        day = first + timedelta(days=ahead + 7 * (self.week - 1))
        return day if day.month == self.month else day - timedelta(days=7)


@frozen
class Yearly:
    """A change of clocks that comes every year by a rule, which is read by the clock before it."""

    rule: YearlyRule
    before: Clock
    after: Clock

    def change(self, year: int) -> Change:
        """The change in a year."""
        local = (self.rule.day_of(year) - _EPOCH).days * _DAY + self.rule.time
        return Change(local - self.before.offset, self.before, self.after)


@frozen(kw_only=True)
class ZoneData:
    """What a file says of the years since 1968. `changes` are in order; after them the `yearly` ones hold, if any."""

    first: Clock
    changes: tuple[Change, ...]
    yearly: tuple[Yearly, ...]

    @property
    def is_utc(self) -> bool:
        """Whether it is Coordinated Universal Time under one of its names."""
        return not self.changes and not self.yearly and self.first == Clock(0, is_dst=False, name="UTC")

    def clock_at(self, instant: int) -> Clock:
        """How clocks stand at an instant that is not after the last of `changes`, or where no yearly rule follows."""
        position = bisect_right(self.changes, instant, key=lambda change: change.at)
        return self.changes[position - 1].after if position else self.first

    def changes_between(self, start: int, end: int) -> tuple[Change, ...]:
        """The changes of the offset in the half-open stretch from `start` to `end`, in order."""
        first, last = (bisect_left(self.changes, at, key=lambda change: change.at) for at in (start, end))
        found = [
            *self.changes[first:last],
            *(each for each in self._later(start, end) if start <= each.at < end),
        ]
        return tuple(each for each in found if each.before.offset != each.after.offset)

    def shows_twice(self, wall: int) -> bool:
        """Whether clocks show a wall time twice: in seconds since they showed 1970-01-01T00:00."""
        near = self.changes_between(wall - 2 * _DAY, wall + 2 * _DAY)
        return any(each.at + each.after.offset <= wall < each.at + each.before.offset for each in near)

    def _later(self, start: int, end: int) -> Iterator[Change]:
        last = self.changes[-1].at if self.changes else -_EPOCH.toordinal() * _DAY
        if not self.yearly or end <= last:
            return
        for year in range(year_of(max(start, last)) - 1, year_of(end) + 2):
            changes = sorted((each.change(year) for each in self.yearly), key=lambda change: change.at)
            yield from (each for each in changes if each.at > last)


def year_of(instant: int) -> int:
    """The year in UTC in which an instant lies."""
    return (_EPOCH + timedelta(days=instant // _DAY)).year


@lru_cache(maxsize=600)
def zone_data(zone: str) -> ZoneData:
    """What pytz's file says of a zone, given by its exact IANA name."""
    with pytz.open_resource(zone) as file:  # type: ignore[attr-defined]  # not in the stubs
        data: bytes = file.read()
    counts = _HEADER.unpack_from(data)[2:]
    return _read(data, _HEADER.size + _size(counts, 4))


def _size(counts: tuple[int, ...], width: int) -> int:
    """How long a block of data is, by the counts of its header."""
    isutc, isstd, leap, time, kind, char = counts
    return time * (width + 1) + kind * _TYPE.size + char + leap * (width + 4) + isstd + isutc


def _read(data: bytes, start: int) -> ZoneData:
    """The second block, with times of 64 bits, and the footer behind it."""
    counts = _HEADER.unpack_from(data, start)[2:]
    start += _HEADER.size
    _, _, _, time, kind, _ = counts
    times = struct.unpack_from(f">{time}q", data, start)
    indices = data[start + 8 * time : start + 9 * time]
    clocks = _clocks(data, start + 9 * time, kind)
    begin = bisect_left(times, _SINCE)
    first = clocks[indices[begin - 1] if begin else 0]
    shown = [first, *(clocks[index] for index in indices[begin:])]
    changes = tuple(
        Change(at, before, after) for at, (before, after) in zip(times[begin:], pairwise(shown), strict=True)
    )
    footer = data[start + _size(counts, 8) :].strip(b"\n").decode()
    yearly = tuple(_yearly(footer))
    return ZoneData(first=first, changes=changes, yearly=yearly)


def _clocks(data: bytes, start: int, count: int) -> list[Clock]:
    names = start + count * _TYPE.size
    clocks = []
    for offset, is_dst, at in _TYPE.iter_unpack(data[start:names]):
        name = data[names + at : data.index(b"\0", names + at)].decode()
        clocks.append(Clock(offset, bool(is_dst), name))
    return clocks


def _yearly(footer: str) -> Iterator[Yearly]:
    """The two changes of each year that a POSIX TZ string describes, if it describes any."""
    found = _FOOTER.fullmatch(footer)
    if found is None or found["dst"] is None:
        return
    standard = Clock(-_seconds(found["std_offset"]), is_dst=False, name=found["std"].strip("<>"))
    offset = -_seconds(found["dst_offset"]) if found["dst_offset"] else standard.offset + _HOUR
    summer = Clock(offset, is_dst=True, name=found["dst"].strip("<>"))
    yield Yearly(_rule(found["start"]), standard, summer)
    yield Yearly(_rule(found["end"]), summer, standard)


def _rule(text: str) -> YearlyRule:
    found = _RULE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a rule of a POSIX TZ string.")
    time = _seconds(found["time"]) if found["time"] else 2 * _HOUR
    if found["month"]:
        month, week, weekday = (int(found[name]) for name in ("month", "week", "weekday"))
        return YearlyRule(month=month, week=week, weekday=weekday, time=time)
    return YearlyRule(day=int(found["day"]), leaps=not found["julian"], time=time)


def _seconds(text: str) -> int:
    hours, *rest = text.lstrip("+-").split(":")
    total = int(hours) * _HOUR + sum(int(part) * unit for part, unit in zip(rest, (60, 1), strict=False))
    return -total if text.startswith("-") else total
