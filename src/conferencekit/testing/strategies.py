"""Hypothesis strategies for times: zones, moments and deadlines, with the odd ones drawn often.

All are public, for the tests of plugins and hosts. Every strategy draws valid objects only; moments favour the hours
around changes of clocks, where code about time breaks.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Final

import pytz
from attrs import evolve
from hypothesis import strategies as st

from ..deadline import Deadline, Extension
from ..moment import Moment
from ..zones import AOE_ZONE, offset_at, zone_names

ODD_ZONES: Final = (
    "Africa/Cairo",  # midnight is skipped, and comes twice
    "Africa/Casablanca",  # its clocks follow the moon
    "America/Havana",
    "America/Santiago",
    "America/St_Johns",  # half an hour off
    "Antarctica/Troll",  # two hours of change
    "Asia/Beirut",
    "Asia/Kathmandu",  # a quarter of an hour off
    "Asia/Shanghai",
    "Asia/Tehran",
    "Atlantic/Azores",
    "Australia/Lord_Howe",  # half an hour of change
    "Europe/Berlin",
    "Europe/Dublin",  # its summer time is standard time
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Kiritimati",  # UTC+14
    "UTC",
)
"""Zones whose clocks do what code does not expect."""

FIRST, LAST = date(2020, 1, 1), date(2045, 12, 31)


def zones(*, only_common: bool = False) -> st.SearchStrategy[str]:
    """Zone names; the odd ones often. `only_common` leaves out links such as `US/Pacific` and `CET`."""
    return st.sampled_from(ODD_ZONES) | st.sampled_from(
        pytz.common_timezones if only_common else zone_names()
    )


def instants(first: date = FIRST, last: date = LAST) -> st.SearchStrategy[datetime]:
    """Aware datetimes in UTC, from the beginning of `first` to the beginning of `last`, often at a whole second."""
    begin, end = (datetime(day.year, day.month, day.day) for day in (first, last))  # noqa: DTZ001 - made aware below
    exact = st.datetimes(begin, end, timezones=st.just(UTC))
    return exact | exact.map(lambda instant: instant.replace(microsecond=0))


@cache
def clock_changes(zone: str, first: date = FIRST, last: date = LAST) -> tuple[datetime, ...]:
    """The instants at which the zone's offset changes, in UTC, ascending: those that are five days or more apart."""
    found, step = [], timedelta(days=5)
    low, end = (datetime(day.year, day.month, day.day) for day in (first, last))  # noqa: DTZ001 - offset_at wants it
    before = offset_at(low, zone)
    while low < end:
        after = offset_at(low + step, zone)
        if after != before:
            found.append(_change(low, low + step, zone))
        low, before = low + step, after
    return tuple(found)


def _change(low: datetime, high: datetime, zone: str) -> datetime:
    before = offset_at(low, zone)
    while high - low > timedelta.resolution:
        middle = low + (high - low) // 2
        low, high = (middle, high) if offset_at(middle, zone) == before else (low, middle)
    return high.replace(tzinfo=UTC)


@st.composite
def moments(draw: st.DrawFn, zone: str | None = None, first: date = FIRST, last: date = LAST) -> Moment:
    """Moments in the zone given, or in any; every second one within three hours of a change of its clocks."""
    place = draw(zones()) if zone is None else zone
    changes = clock_changes(place, first, last)
    if not changes or draw(st.booleans()):
        return Moment.from_instant(draw(instants(first, last)), place)
    around = draw(st.timedeltas(timedelta(hours=-3), timedelta(hours=3)))
    return Moment.from_instant(draw(st.sampled_from(changes)) + around, place)


def _lengths(most: timedelta) -> st.SearchStrategy[timedelta]:
    whole = st.integers(0, most // timedelta(minutes=1)).map(lambda minutes: timedelta(minutes=minutes))
    return st.just(timedelta()) | whole | st.timedeltas(timedelta(), most)


@st.composite
def deadlines(
    draw: st.DrawFn, zone: str | None = None, *, extended: bool = True, late: bool = True, opens: bool = True
) -> Deadline:
    """Deadlines by a day or a wall time, in the zone given, or in any zone and anywhere on Earth.

    `extended`, `late` and `opens` say whether extensions (for everybody and for `ada`), a late cutoff, and an opening
    may occur. Relative deadlines are made with `Relative`.
    """
    place = draw(zones() | st.just("AoE")) if zone is None else zone
    bare = draw(_bare(place))
    closes = bare.closes()
    grace = draw(_lengths(timedelta(days=2)))
    opening = closes.plus(-draw(_some(timedelta(days=90)))) if opens and draw(st.booleans()) else None
    flagged = late and draw(st.booleans())
    until = closes.plus(grace).plus(draw(_some(timedelta(days=9)))) if flagged else None
    return evolve(
        bare,
        grace=grace,
        opens=opening,
        late="flag" if flagged else "refuse",
        late_until=until,
        extensions=tuple(draw(st.lists(_extensions(closes), max_size=3))) if extended else (),
    )


def _some(most: timedelta) -> st.SearchStrategy[timedelta]:
    return _lengths(most).filter(bool)


@st.composite
def _bare(draw: st.DrawFn, place: str) -> Deadline:
    kind = draw(st.sampled_from(["before", "through", "at"]))
    if kind == "before":
        return Deadline(zone=place, before=draw(st.dates(FIRST, LAST)))
    if kind == "through":
        return Deadline(zone=place, through=draw(st.dates(FIRST, LAST)))
    moment = draw(moments(AOE_ZONE if place == "AoE" else place))
    return Deadline(zone=place, at=moment.wall, fold=moment.fold)


def _extensions(closes: Moment) -> st.SearchStrategy[Extension]:
    return st.builds(
        Extension,
        until=_some(timedelta(days=30)).map(closes.plus),
        reason=st.sampled_from(["The network was down.", "节假日"]),
        announced_at=st.just(closes.instant),
        person=st.sampled_from([None, "ada"]),
    )
