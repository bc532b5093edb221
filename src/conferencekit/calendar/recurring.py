"""Recurrence rules of other people's calendars, and the days on which they fall: bounded, whatever a rule says.

Rules by the day, week, month and year are understood; a rule that repeats within a day makes no sessions.

Source: RFC 5545, 3.3.10. DTSTART is the first date always, also where the rule has none on its day.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Final, Literal, get_args

from attrs import define, frozen

from ..programme.series import MOST_DATES, Repeat, Unit

Every = Literal["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]

WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MOST_STEPS: Final = 50_000
"""How many days are looked at for one rule."""
BARREN_STEPS: Final = 10_000
"""A rule that has no date among so many (27 years) has no more that anybody will see."""

_EVERY: Final = get_args(Every)
_LONGEST: Final = 2_000
_BY_DAY: Final = re.compile(r"([+-]?\d{1,3})?(MO|TU|WE|TH|FR|SA|SU)")
_ONE_DAY: Final = timedelta(days=1)


@frozen(kw_only=True)
class Rule:
    """A rule as it is written. `until` is its own text: what instant it is depends on the zone of DTSTART.

    `weekdays` are pairs of a number (-1: the last, 0: each) and a day (0: Monday).
    """

    every: Every
    interval: int = 1
    count: int | None = None
    until: str = ""
    months: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()
    weekdays: frozenset[tuple[int, int]] = frozenset()
    positions: frozenset[int] = frozenset()
    week_start: int = 0


@define
class Budget:
    """How much work a whole file may make, in steps. What is over is not done."""

    steps: int = 4_000_000

    def take(self, steps: int) -> int:
        """As many of these steps as are left."""
        given = min(steps, self.steps)
        self.steps -= given
        return given


def rule_from(value: str, starts: datetime) -> Rule | str:
    """The rule, or what of it is not understood. Parts that say what `starts` (wall time) says anyway may be there."""
    parts: dict[str, str] = {}
    for part in value[:_LONGEST].strip().rstrip(";").split(";"):
        name, _, text = part.partition("=")
        parts[name.strip().upper()] = text.strip().upper()
    every = parts.pop("FREQ", "")
    if len(value) > _LONGEST or every not in _EVERY:
        return f"{value[:60]!r} does not repeat by the day, week, month or year"
    for name, own in (("BYHOUR", starts.hour), ("BYMINUTE", starts.minute), ("BYSECOND", starts.second)):
        if name in parts and parts[name].zfill(2) == f"{own:02}":
            del parts[name]
    try:
        return _rule(every, parts)  # type: ignore[arg-type]  # it is one of the four
    except (ValueError, KeyError):
        return f"{value[:60]!r} has a part that is not understood"


def _rule(every: Every, parts: dict[str, str]) -> Rule:
    taken = {
        "interval": int(_checked(parts.pop("INTERVAL", "1"), 1, 10_000)),
        "count": int(_checked(parts.pop("COUNT"), 1, 10**9)) if "COUNT" in parts else None,
        "until": parts.pop("UNTIL", ""),
        "months": _numbers(parts.pop("BYMONTH", ""), 1, 12),
        "month_days": _numbers(parts.pop("BYMONTHDAY", ""), -31, 31),
        "positions": _numbers(parts.pop("BYSETPOS", ""), -366, 366),
        "weekdays": frozenset(_weekday(each) for each in _items(parts.pop("BYDAY", ""))),
        "week_start": WEEKDAYS.index(parts.pop("WKST", "MO")),
    }
    unknown = [name for name in parts if not name.startswith("X-") and name]
    if unknown:
        raise KeyError(unknown[0])
    return Rule(every=every, **taken)  # type: ignore[arg-type]  # each has its type


def _items(text: str) -> list[str]:
    return [each.strip() for each in text.split(",")] if text else []


def _checked(text: str, least: int, most: int) -> str:
    if not re.fullmatch(r"[+-]?[0-9]{1,10}", text) or not least <= int(text) <= most or int(text) == 0:
        raise ValueError(text)
    return text


def _numbers(text: str, least: int, most: int) -> frozenset[int]:
    return frozenset(int(_checked(each, least, most)) for each in _items(text))


def _weekday(text: str) -> tuple[int, int]:
    found = _BY_DAY.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return int(found[1] or 0), WEEKDAYS.index(found[2])


def days_of(
    rule: Rule, first: date, last: date, budget: Budget, *, most: int = MOST_DATES + 1
) -> tuple[list[date], bool]:
    """The days of a rule from `first` (which is one always) until `last` (inclusive), ascending, at most `most`.

    COUNT is kept, UNTIL is what `last` says. The flag says whether these are all: not where the work was too much.
    """
    found = [first]
    most = min(most, rule.count or most)
    left = budget.take(MOST_STEPS)
    barren = 0
    for days, steps in _periods(rule, first):
        if len(found) >= most or found[-1] > last or barren > BARREN_STEPS or left <= 0:
            break
        left -= steps
        fitting = sorted(day for day in days if day > first)
        barren = 0 if fitting else barren + steps
        found += fitting[: most - len(found)]
    budget.steps += max(left, 0)
    return [day for day in found if day <= last], left > 0 or len(found) >= most or found[-1] > last


def _periods(rule: Rule, first: date) -> Iterator[tuple[Sequence[date], int]]:
    """The days of each day, week, month or year that the rule looks at, and how many days were looked at."""
    try:
        for days, steps in _unlimited(rule, first):
            ordered = sorted(days)
            yield (_at_positions(ordered, rule.positions) if rule.positions else ordered), steps
    except (OverflowError, ValueError):
        # The calendar ends with the year 9999.
        return


def _at_positions(days: Sequence[date], positions: frozenset[int]) -> list[date]:
    return [days[each - 1 if each > 0 else each] for each in positions if abs(each) <= len(days)]


def _unlimited(rule: Rule, first: date) -> Iterator[tuple[list[date], int]]:
    if rule.every == "DAILY":
        day = first
        while True:
            yield ([day] if _fits(rule, day) else []), 1
            day += _ONE_DAY * rule.interval
    elif rule.every == "WEEKLY":
        monday = first - _ONE_DAY * ((first.weekday() - rule.week_start) % 7)
        wanted = {day for _, day in rule.weekdays} or {first.weekday()}
        while True:
            week = [monday + _ONE_DAY * number for number in range(7)]
            yield [day for day in week if day.weekday() in wanted and _in_months(rule, day)], 7
            monday += _ONE_DAY * 7 * rule.interval
    elif rule.every == "MONTHLY":
        months = first.year * 12 + first.month - 1
        while True:
            year, month = divmod(months, 12)
            yield _month(rule, first, year, month + 1)
            months += rule.interval
    else:
        year = first.year
        while True:
            yield _year(rule, first, year)
            year += rule.interval


def _fits(rule: Rule, day: date) -> bool:
    """Whether a day passes what narrows a rule by the day."""
    return (
        _in_months(rule, day)
        and (not rule.weekdays or day.weekday() in {each for _, each in rule.weekdays})
        and (not rule.month_days or _is_month_day(rule, day))
    )


def _in_months(rule: Rule, day: date) -> bool:
    return not rule.months or day.month in rule.months


def _is_month_day(rule: Rule, day: date) -> bool:
    length = calendar.monthrange(day.year, day.month)[1]
    return day.day in rule.month_days or day.day - length - 1 in rule.month_days


def _month(rule: Rule, first: date, year: int, month: int) -> tuple[list[date], int]:
    if rule.months and month not in rule.months:
        return [], 1
    length = calendar.monthrange(year, month)[1]
    if not rule.weekdays and not rule.month_days:
        return ([date(year, month, first.day)] if first.day <= length else []), 1
    if not rule.weekdays:
        days = {each if each > 0 else length + 1 + each for each in rule.month_days}
        return [date(year, month, day) for day in days if 0 < day <= length], length
    return _chosen(rule, [date(year, month, day) for day in range(1, length + 1)])


def _year(rule: Rule, first: date, year: int) -> tuple[list[date], int]:
    if rule.months or (rule.month_days and not rule.weekdays):
        months = [_month(rule, first, year, month) for month in sorted(rule.months or range(1, 13))]
        return [day for days, _ in months for day in days], sum(steps for _, steps in months)
    if not rule.weekdays:
        return _month(rule, first, year, first.month)
    days = [date(year, 1, 1) + _ONE_DAY * number for number in range(365 + calendar.isleap(year))]
    return _chosen(rule, days)


def _chosen(rule: Rule, days: Sequence[date]) -> tuple[list[date], int]:
    """Of the days of a month or year, those that BYDAY and BYMONTHDAY choose."""
    by_weekday: dict[int, list[date]] = {}
    for day in days:
        by_weekday.setdefault(day.weekday(), []).append(day)
    chosen = set() if rule.weekdays else set(days)
    for number, weekday in rule.weekdays:
        same = by_weekday[weekday]
        if number == 0:
            chosen.update(same)
        elif abs(number) <= len(same):
            chosen.add(same[number - 1 if number > 0 else number])
    return [day for day in chosen if not rule.month_days or _is_month_day(rule, day)], len(days)


def repeat_of(days: Sequence[date]) -> Repeat | None:
    """The series that has exactly these days (ascending), if one has."""
    if len(days) < 2:
        return None
    for every, interval in _guesses(days):
        repeat = Repeat(every=every, interval=interval, count=len(days))
        if gives(repeat, days):
            return repeat
    return None


def gives(repeat: Repeat, days: Sequence[date]) -> bool:
    """Whether a series has exactly these days."""
    try:
        return repeat.dates(days[0]) == tuple(days)
    except OverflowError:
        return False


def _guesses(days: Sequence[date]) -> Iterator[tuple[Unit, int]]:
    apart = (days[1] - days[0]).days
    months = (days[1].year - days[0].year) * 12 + days[1].month - days[0].month
    found: list[tuple[Unit, int]] = []
    if apart % 7 == 0:
        found.append(("week", apart // 7))
    found += [("day", apart), ("month", months)]
    for every, interval in found:
        if 1 <= interval <= 99:
            yield every, interval
    if months > 1 and days[0].day > 28:
        # Months without the day are left out: the first step is longer than the others.
        yield from (("month", each) for each in range(1, min(months, 100)) if months % each == 0)
