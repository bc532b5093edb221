"""Series: a session that comes again and again, and the dates on which it is other than usual.

Source: RFC 5545, 3.8.5.3 (RRULE) and 3.8.4.4 (RECURRENCE-ID). A date of a series is the local day on which it begins.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Final, Literal

from attrs import frozen

from ..errors import InvalidTime
from ..moment import Moment

SessionStatus = Literal["confirmed", "tentative", "cancelled"]
Unit = Literal["day", "week", "month"]

MOST_DATES: Final = 400
"""How many dates a series may have."""

EARLIEST_YEAR: Final = 1970
LATEST_YEAR: Final = 9990
"""The years of the dates: in these, calendars can be told how the clocks of a zone go."""

UNITS: Final[Mapping[str, Unit]] = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month"}
"""What a FREQ counts in."""

_FREQUENCIES: Final = {unit: frequency for frequency, unit in UNITS.items()}
_DAYS: Final = {"day": 1, "week": 7}


@frozen(kw_only=True)
class Repeat:
    """Every `interval` days, weeks or months, `count` times in all (2 to `MOST_DATES`).

    By months it comes on the same day of the month; months without that day are left out, and do not count.
    """

    every: Unit
    interval: int = 1
    count: int

    @property
    def rrule(self) -> str:
        """The value of its RRULE. Always with COUNT: an UNTIL would have to be in UTC, and clients read it apart."""
        interval = f";INTERVAL={self.interval}" if self.interval > 1 else ""
        return f"FREQ={_FREQUENCIES[self.every]}{interval};COUNT={self.count}"

    def dates(self, first: date) -> tuple[date, ...]:
        """The days on which it begins, ascending. Raises OverflowError beyond the year 9999."""
        if self.every != "month":
            step = timedelta(days=_DAYS[self.every] * self.interval)
            return tuple(first + step * number for number in range(self.count))
        found = _monthly(first, self.interval)
        return tuple(next(found) for _ in range(self.count))


def _monthly(first: date, interval: int) -> Iterator[date]:
    months = first.year * 12 + first.month - 1
    while True:
        year, month = divmod(months, 12)
        if year > date.max.year:
            raise OverflowError(f"no date of the series lies after the year {date.max.year}")
        if first.day <= calendar.monthrange(year, month + 1)[1]:
            yield date(year, month + 1, first.day)
        months += interval


def count_until(every: Unit, interval: int, first: date, until: date) -> int:
    """How many dates there are from `first` until `until` (inclusive), at most `MOST_DATES` + 1."""
    most = Repeat(every=every, interval=interval, count=MOST_DATES + 1)
    try:
        return sum(each <= until for each in most.dates(first))
    except OverflowError:
        return MOST_DATES + 1


@frozen(kw_only=True)
class Occurrence:
    """A date of a series that is other than usual: at another time, in another place, or cancelled.

    `date` is the day on which it would begin by the rule. What is None is as on the other dates.
    """

    date: date
    starts: Moment | None = None
    ends: Moment | None = None
    room: str | None = None
    place: str | None = None
    join: str | None = None
    status: SessionStatus | None = None


@frozen
class Date:
    """A date of a series as it is held: `planned` is when the rule has it, which stays its name (RECURRENCE-ID)."""

    planned: Moment
    starts: Moment
    ends: Moment
    other: Occurrence | None = None

    @property
    def is_held(self) -> bool:
        """Whether it is not cancelled (the session as a whole may be)."""
        return self.other is None or self.other.status != "cancelled"


def moment_on(moment: Moment, day: date, first: date) -> Moment:
    """The moment of a series' first date as it is on another date.

    Raises:
        AmbiguousTime, NonexistentTime: clocks show it twice or never on that day: RRULE cannot say which is meant.
    """
    wall = datetime.combine(day + (moment.wall.date() - first), moment.wall.time())
    return moment if wall == moment.wall else Moment.at(wall, moment.zone)


def dates_of(
    starts: Moment, ends: Moment, repeat: Repeat, others: tuple[Occurrence, ...] = ()
) -> tuple[Date, ...]:
    """Every date of a series, cancelled ones too, in the order of the rule.

    An occurrence that says only when it starts is as long as the others.

    Raises:
        InvalidTime: a date falls into a repeated or missing hour, or ends before it starts.
    """
    by_date = {each.date: each for each in others}
    first = starts.wall.date()
    return tuple(_date(starts, ends, day, first, by_date.get(day)) for day in repeat.dates(first))


def _date(starts: Moment, ends: Moment, day: date, first: date, other: Occurrence | None) -> Date:
    planned, until = moment_on(starts, day, first), moment_on(ends, day, first)
    if other is None or (other.starts is None and other.ends is None):
        return Date(planned, planned, until, other)
    begins = other.starts or planned
    over = other.ends or (begins.plus(until.instant - planned.instant) if other.starts else until)
    if not begins < over:
        raise InvalidTime(f"the date {day} of the series would start at {begins} and end at {over}.")
    return Date(planned, begins, over, other)
