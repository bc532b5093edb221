"""VTIMEZONEs of other people's calendars: what clocks show by a file's own rules, and which zone of ours that is.

Source: RFC 5545, 3.6.5. An onset is read by the clock before it (TZOFFSETFROM).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from attrs import frozen

from ..errors import TimeOutOfRange
from ..zones import instants, offset_at
from .reading import Component
from .recurring import Budget, Rule, days_of, rule_from
from .when import wall_of

_OFFSET: Final = re.compile(r"([+-])(\d\d):?(\d\d)(?::?(\d\d))?")
_MOST_OBSERVANCES: Final = 1_000
_DAY: Final = timedelta(days=1)
_STEPS_OF_LOOK: Final = 20


@frozen
class _Onset:
    """A change of clocks: the local time at which it comes by the clock `before`."""

    at: datetime
    before: timedelta
    after: timedelta


@frozen
class FileZone:
    """A VTIMEZONE, right in the years that it was read for."""

    onsets: tuple[_Onset, ...]

    def offset_at(self, wall: datetime) -> timedelta:
        """What clocks are ahead of UTC when they show `wall`.

        Of two equal wall times it is the first; one that is skipped is read by the clock before (RFC 5545, 3.3.5).
        """
        number = bisect_right(self.onsets, wall, key=lambda onset: onset.at)
        if number == 0:
            return self.onsets[0].before
        onset = self.onsets[number - 1]
        is_skipped = wall - onset.at < onset.after - onset.before
        return onset.before if is_skipped else onset.after


def read_zone(zone: Component, first_year: int, last_year: int, budget: Budget) -> FileZone | None:
    """The zone as a VTIMEZONE has it in these years, or None where it has nothing that can be read."""
    onsets: list[_Onset] = []
    for each in zone.components[:_MOST_OBSERVANCES]:
        if each.name in ("STANDARD", "DAYLIGHT"):
            onsets += _onsets(each, first_year - 1, last_year + 1, budget)
    return FileZone(tuple(sorted(onsets, key=lambda onset: onset.at))) if onsets else None


def _onsets(observance: Component, first_year: int, last_year: int, budget: Budget) -> Iterator[_Onset]:
    starts = wall_of(observance.value("DTSTART"))
    before, after = (_offset(observance.value(name)) for name in ("TZOFFSETFROM", "TZOFFSETTO"))
    if starts is None or after is None:
        return
    before = after if before is None else before
    times = [starts]
    for each in observance.all("RDATE"):
        times += [
            found for text in each.value.split(",")[:_MOST_OBSERVANCES] if (found := wall_of(text[:15]))
        ]
    for each in observance.all("RRULE"):
        rule = rule_from(each.value, starts)
        if isinstance(rule, Rule):
            times += _times(rule, starts, before, range(first_year, last_year + 1), budget)
    for at in times:
        yield _Onset(at, before, after)


def _times(
    rule: Rule, starts: datetime, before: timedelta, years: range, budget: Budget
) -> Iterator[datetime]:
    """When a rule has onsets in these years. Exchange begins all of them in 1601."""
    first = starts.date()
    if rule.count is None and rule.interval == 1 and rule.every == "YEARLY" and first.year < years[0] - 1:
        first = date(years[0] - 1, first.month, min(first.day, 28))
    until = wall_of(rule.until.rstrip("Z"))
    last = datetime(min(years[-1], date.max.year), 12, 31, 23, 59, 59)  # noqa: DTZ001 - a wall time
    if until is not None:
        # from the end of all years on there is nothing to reckon: some programs write that for ever
        is_in_utc = rule.until.endswith("Z") and date.min.year < until.year < date.max.year
        last = min(last, until + before if is_in_utc else until)
    days, _ = days_of(rule, first, last.date(), budget, most=len(years) * 4)
    # What `days_of` puts first is an onset only if the rule began there.
    times = [datetime.combine(day, starts.time()) for day in (days if first == starts.date() else days[1:])]
    yield from (each for each in times if each <= last)


def _offset(text: str) -> timedelta | None:
    found = _OFFSET.fullmatch(text.strip())
    if found is None:
        return None
    hours, minutes, seconds = (int(each or 0) for each in found.groups()[1:])
    return timedelta(hours=hours, minutes=minutes, seconds=seconds) * (-1 if found[1] == "-" else 1)


# -- zones of ours


def first_reading(wall: datetime, zone: str) -> timedelta:
    """The offset that a wall time in a zone of ours is read by, as `FileZone.offset_at`. Raises `TimeOutOfRange`."""
    found = instants(wall, zone)
    if found:
        return wall - found[0]
    try:
        return offset_at(wall - _DAY, zone)
    except OverflowError as error:
        raise TimeOutOfRange(f"{wall.isoformat()} in {zone}") from error


def matching_zone(
    found: FileZone, walls: Iterable[datetime], zones: Sequence[str], budget: Budget
) -> str | None:
    """The first of the zones whose clocks show what the file's zone shows, at all these wall times and all year."""
    needed = list(dict.fromkeys(walls))
    years = sorted({each.year for each in needed})[:10]
    seasons = [datetime(year, month, 15, 12) for year in years for month in range(1, 13)]  # noqa: DTZ001 - wall times
    second_best = None
    for zone in zones:
        if budget.take(_STEPS_OF_LOOK) and _agrees(found, zone, needed, budget):
            if _agrees(found, zone, seasons, budget):
                return zone
            second_best = second_best or zone
    return second_best


def _agrees(found: FileZone, zone: str, walls: Iterable[datetime], budget: Budget) -> bool:
    try:
        return all(
            budget.take(_STEPS_OF_LOOK) and found.offset_at(wall) == first_reading(wall, zone)
            for wall in walls
        )
    except TimeOutOfRange:
        return False


def as_instant(wall: datetime, offset: timedelta) -> datetime:
    """The instant in `datetime.UTC`. Raises `TimeOutOfRange`."""
    try:
        return (wall - offset).replace(tzinfo=UTC)
    except OverflowError as error:
        raise TimeOutOfRange(str(wall)) from error
