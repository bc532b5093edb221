"""VTIMEZONE: what a calendar file says of a zone, so that every client reads its times as they are meant.

Yearly rules are what Outlook understands ([MS-OXCICAL] 2.1.3.1.1.19.2.2: one BYDAY or BYMONTHDAY). A zone gets them
only where they reproduce its data at every change of clocks in the years that matter; else each change is written out.

Source: RFC 5545, 3.6.5: an onset is read by the clock before it (TZOFFSETFROM).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

from attrs import frozen

from ..errors import InvalidCalendar
from ..moment import Moment
from ..programme.series import EARLIEST_YEAR, LATEST_YEAR
from ..zones import exact_zone
from .tzif import Change, Clock, Yearly, YearlyRule, ZoneData, year_of, zone_data

_DAY: Final = 86400
_WEEKDAYS: Final = ("SU", "MO", "TU", "WE", "TH", "FR", "SA")
_SINCE_EVER: Final = "19700101T000000"
_WALL_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - a wall time is naive by definition
_SECOND: Final = timedelta(seconds=1)
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)


@frozen(kw_only=True)
class _Observance:
    """One stretch of a VTIMEZONE: from `onset` (local, by the clock before) on; every year with `rrule`."""

    onset: str
    before: Clock
    after: Clock
    rrule: str = ""

    def lines(self) -> list[str]:
        kind = "DAYLIGHT" if self.after.is_dst else "STANDARD"
        rule = [f"RRULE:{self.rrule}"] if self.rrule else []
        return [
            f"BEGIN:{kind}",
            f"DTSTART:{self.onset}",
            *rule,
            f"TZNAME:{self.after.name}",
            f"TZOFFSETFROM:{_offset(self.before.offset)}",
            f"TZOFFSETTO:{_offset(self.after.offset)}",
            f"END:{kind}",
        ]


def vtimezone(zone: str, first_year: int, last_year: int) -> bytes:
    """The VTIMEZONE of a zone, right at every instant of the years given (both inclusive, in any zone's reckoning).

    Lines end in CRLF. The same bytes for the same zone, years and release of the zone data. Nothing for UTC under any
    of its names: times in UTC end in `Z` and refer to no zone.

    Raises:
        UnknownZone: not an IANA name.
        InvalidCalendar: years outside `EARLIEST_YEAR` and `LATEST_YEAR`, or the last before the first.
    """
    if not EARLIEST_YEAR <= first_year <= last_year <= LATEST_YEAR:
        raise InvalidCalendar(
            (f"{first_year} to {last_year} is no stretch of years from {EARLIEST_YEAR} to {LATEST_YEAR}",)
        )
    return _vtimezone(exact_zone(zone), first_year, last_year)


def is_utc(zone: str) -> bool:
    """Whether an IANA name, exactly spelt, is one of Coordinated Universal Time."""
    return zone_data(zone).is_utc


def is_abbreviation(moment: Moment) -> bool:
    """Whether its zone is called by no place: programs have other zones under names such as `CET` and `EST`."""
    return "/" not in moment.zone and moment.zone.isupper()


def shows_twice(moment: Moment) -> bool:
    """Whether clocks in the moment's zone show its wall time twice."""
    return zone_data(moment.zone).shows_twice((moment.wall - _WALL_EPOCH) // _SECOND)


@lru_cache(maxsize=2048)
def _vtimezone(zone: str, first_year: int, last_year: int) -> bytes:
    data = zone_data(zone)
    if data.is_utc:
        return b""
    observances = _observances(data, first_year, last_year)
    lines = ["BEGIN:VTIMEZONE", f"TZID:{zone}"]
    for each in observances:
        lines += each.lines()
    return "".join(f"{line}\r\n" for line in [*lines, "END:VTIMEZONE"]).encode()


def _observances(data: ZoneData, first_year: int, last_year: int) -> list[_Observance]:
    # A day more on both sides: the year begins and ends at other instants in other zones.
    start, end = _seconds(first_year) - _DAY, _seconds(last_year + 1) + _DAY
    changes = data.changes_between(start, end)
    before = _clock_before(data, start)
    if not changes:
        return [_Observance(onset=_SINCE_EVER, before=before, after=before)]
    if _rule_holds(data.yearly, changes, before, (start, end)):
        return sorted((_by_rule(each, first_year - 1) for each in data.yearly), key=lambda each: each.onset)
    return [_opening(data, start, before), *_one_by_one(changes)]


def _seconds(year: int) -> int:
    return (date(year, 1, 1) - date(1970, 1, 1)).days * _DAY


def _clock_before(data: ZoneData, start: int) -> Clock:
    """How clocks stand at the beginning of the window."""
    last = _last_change(data, start)
    return last.after if last else data.clock_at(start)


def _last_change(data: ZoneData, start: int) -> Change | None:
    """The last change in the two years before the window."""
    earlier = data.changes_between(start - 2 * 366 * _DAY, start)
    return earlier[-1] if earlier else None


def _rule_holds(
    yearly: Sequence[Yearly], changes: Sequence[Change], before: Clock, window: tuple[int, int]
) -> bool:
    """Whether the yearly rules can be written, and make exactly these changes in the window."""
    if not yearly or not all(_rrule(each.rule) for each in yearly):
        return False
    start, end = window
    years = range(year_of(start) - 1, year_of(end) + 2)
    made = sorted((each.change(year) for year in years for each in yearly), key=lambda each: each.at)
    earlier = [each for each in made if each.at < start]
    return earlier[-1].after.offset == before.offset and _instants(
        each for each in made if start <= each.at < end
    ) == _instants(changes)


def _instants(changes: Iterable[Change]) -> list[tuple[int, int]]:
    return [(each.at, each.after.offset) for each in changes]


def _by_rule(yearly: Yearly, year: int) -> _Observance:
    return _Observance(
        onset=_onset(yearly.change(year)),
        before=yearly.before,
        after=yearly.after,
        rrule=_rrule(yearly.rule),
    )


def _rrule(rule: YearlyRule) -> str:
    """The rule as an RRULE that every client reads, or nothing if there is none."""
    if not 0 <= rule.time < _DAY:
        return ""
    if rule.month:
        week = -1 if rule.week == 5 else rule.week
        return f"FREQ=YEARLY;BYDAY={week}{_WEEKDAYS[rule.weekday]};BYMONTH={rule.month}"
    if rule.leaps:
        return ""
    day = date(2001, 1, 1) + timedelta(days=rule.day - 1)
    return f"FREQ=YEARLY;BYMONTH={day.month};BYMONTHDAY={day.day}"


def _opening(data: ZoneData, start: int, before: Clock) -> _Observance:
    """What holds before the first change in the window, since the last change before it if that is not long ago."""
    last = _last_change(data, start)
    if last and last.at > 0:
        return _Observance(onset=_onset(last), before=last.before, after=before)
    return _Observance(onset=_SINCE_EVER, before=before, after=before)


def _one_by_one(changes: Sequence[Change]) -> list[_Observance]:
    return [_Observance(onset=_onset(each), before=each.before, after=each.after) for each in changes]


def _onset(change: Change) -> str:
    return f"{_EARLIEST + timedelta(seconds=change.at + change.before.offset):%Y%m%dT%H%M%S}"


def _offset(seconds: int) -> str:
    """`+0800`, `-0330`; seconds only where there are any (RFC 5545, 3.3.14)."""
    sign = "-" if seconds < 0 else "+"
    hours, rest = divmod(abs(seconds), 3600)
    minutes, odd = divmod(rest, 60)
    return f"{sign}{hours:02}{minutes:02}" + (f"{odd:02}" if odd else "")
