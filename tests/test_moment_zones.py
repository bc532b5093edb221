"""The laws of wall times, held against a second reader of the same zone data."""

from __future__ import annotations

import os
import subprocess
import sys
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import pytz
from hypothesis import given
from hypothesis import strategies as st

from conferencekit.errors import AmbiguousTime, NonexistentTime
from conferencekit.moment import Moment, start_of_day
from conferencekit.testing.strategies import ODD_ZONES, clock_changes, zones
from conferencekit.zones import later_rules, offset_at

FIRST, LAST = date(2020, 1, 1), date(2038, 1, 1)
ODD = [timedelta(), timedelta(microseconds=1), -timedelta(microseconds=1), timedelta(minutes=30)]


def witnesses(wall: datetime, zone: ZoneInfo) -> list[datetime]:
    """The instants of a wall time as zoneinfo sees them (PEP 495)."""
    found = []
    for fold in (0, 1):
        instant = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        if instant.astimezone(zone).replace(tzinfo=None) == wall and instant not in found:
            found.append(instant)
    return found


def check(wall: datetime, zone: str) -> None:
    """The wall time round-trips, or raises the right error."""
    expected = witnesses(wall, later_rules(zone))
    if not expected:
        with pytest.raises(NonexistentTime):
            Moment.at(wall, zone)
        return
    if len(expected) == 2:
        with pytest.raises(AmbiguousTime):
            Moment.at(wall, zone)
    found = [Moment.at(wall, zone, fold=fold) for fold in range(len(expected))]
    assert [each.instant for each in found] == expected
    for moment in found:
        assert Moment.from_instant(moment.instant, zone) == moment


def around_changes(zone: str, last: date = LAST) -> Iterator[datetime]:
    """Wall times before, in and after every change of a zone's clocks."""
    for change in clock_changes(zone, FIRST, last):
        at = change.replace(tzinfo=None)
        offsets = {offset_at(at - timedelta(hours=1), zone), offset_at(at, zone)}
        gap = max(offsets) - min(offsets)
        yield from (at + offset + odd for offset in offsets for odd in (*ODD, -gap / 2, gap / 2))


def test_wall_times_around_every_change_of_the_odd_zones():
    """Those that break code most."""
    for zone in (
        "Africa/Cairo",
        "America/Santiago",
        "Australia/Lord_Howe",
        "Europe/Dublin",
        "Antarctica/Troll",
    ):
        for wall in around_changes(zone):
            check(wall, zone)


def rules_of(zone: str) -> tuple:
    """What clocks show since 2020, whatever it is called; pytz knows it until 2037, and the footer says it from then on."""
    shown = pytz.timezone(zone)
    with pytz.open_resource(zone) as file:
        footer = file.read().rsplit(b"\n", 2)[1]
    times = getattr(shown, "_utc_transition_times", [])
    first = bisect_right(times, datetime(2019, 12, 1))
    info = getattr(shown, "_transition_info", [(shown.utcoffset(None),)])[max(first - 1, 0) :]
    return footer, tuple(times[first:]), tuple(each[0] for each in info)


KINDS = list({rules_of(zone): zone for zone in pytz.common_timezones}.values())
"""One zone for each set of rules; zones that differ only in their names or in their past are not tested hour by hour."""


def test_the_kinds_of_zones_stand_for_all():
    """There are fewer than zones, and all that can be odd is among them."""
    assert 80 < len(KINDS) < 200
    assert {rules_of(zone) for zone in ODD_ZONES} <= {rules_of(zone) for zone in KINDS}


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_wall_times_around_every_change_of_every_kind_of_zone(part):
    """2020 to 2037, each change, both sides, to the microsecond."""
    for zone in KINDS[part::4]:
        for wall in around_changes(zone):
            check(wall, zone)


@pytest.mark.slow
def test_wall_times_at_all_hours_of_every_common_zone():
    """From 2020 to 2037, in steps that meet all hours and weekdays; some 220 of each kind, some ten of each zone."""
    for zone in pytz.common_timezones:
        wall = datetime(2020, 1, 1, 0, 7)
        while wall.year < 2038:
            check(wall, zone)
            wall += timedelta(days=30 if zone in KINDS else 700, hours=7, minutes=31)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2037, 12, 31, 23, 59)), zones(only_common=True))
def test_every_wall_time_round_trips_or_raises_the_right_error(wall, zone):
    """Any wall time of any zone."""
    check(wall, zone)


@given(st.datetimes(datetime(2038, 1, 1), datetime(2099, 12, 31)), zones(only_common=True))
def test_later_wall_times_do_too(wall, zone):
    """pytz ends in 2037, we do not."""
    check(wall, zone)


@pytest.mark.parametrize("zone", ["Africa/Cairo", "Europe/Berlin", "America/Santiago", "Pacific/Chatham"])
def test_changes_after_2037_are_strict_too(zone):
    """Skipped and doubled times of 2038 to 2045 are refused as any."""
    changes = [wall for wall in around_changes(zone, date(2046, 1, 1)) if wall.year > 2037]
    assert len(changes) > 80
    for wall in changes:
        check(wall, zone)


@pytest.mark.parametrize(
    ("zone", "winter", "summer"),
    [
        ("Europe/Berlin", 1, 2),
        ("America/New_York", -5, -4),
        ("Australia/Sydney", 11, 10),
        ("Asia/Shanghai", 8, 8),
        ("Asia/Kolkata", 5.5, 5.5),
    ],
)
def test_2045_is_right(zone, winter, summer):
    """Known offsets of January and July."""
    january, july = (Moment.at(datetime(2045, month, 15, 12), zone) for month in (1, 7))
    assert (january.offset, july.offset) == (timedelta(hours=winter), timedelta(hours=summer))


def test_both_readers_agree_where_one_takes_over():
    """No wall time falls into the seam at the end of 2037."""
    for zone in pytz.common_timezones:
        shown = pytz.timezone(zone)
        for day in range(-40, 1):
            at = datetime(2038, 1, 1) + timedelta(days=day)
            assert (
                shown.fromutc(at).utcoffset()
                == at.replace(tzinfo=UTC).astimezone(later_rules(zone)).utcoffset()
            )


@pytest.mark.slow
def test_every_day_of_every_kind_of_zone_has_a_first_instant():
    """The first instant shows that day, and the one before it does not."""
    for zone in KINDS:
        for change in clock_changes(zone, FIRST, date(2046, 1, 1)):
            for shift in (-1, 0, 1):
                check_first_instant((change + timedelta(days=shift)).date(), zone)


@given(st.dates(date(2020, 1, 1), date(2045, 12, 31)), zones(only_common=True))
def test_a_day_begins_at_its_first_instant(day, zone):
    """Any day of any zone."""
    check_first_instant(day, zone)


def check_first_instant(day: date, zone: str) -> None:
    """Held against zoneinfo, by what clocks show there and a microsecond before."""
    begins = start_of_day(day, zone)
    shown = begins.instant.astimezone(later_rules(zone))
    assert shown.date() == day == begins.wall.date()
    assert (begins.instant - timedelta(microseconds=1)).astimezone(later_rules(zone)).date() < day


@pytest.mark.parametrize(
    ("day", "zone", "wall", "instant"),
    [
        (date(2025, 9, 7), "America/Santiago", "2025-09-07T01:00", "2025-09-07T04:00Z"),
        (date(2025, 11, 2), "America/Havana", "2025-11-02T00:00", "2025-11-02T04:00Z"),
        (date(2025, 4, 25), "Africa/Cairo", "2025-04-25T01:00", "2025-04-24T22:00Z"),
        (date(2011, 12, 30), "Pacific/Apia", "2011-12-31T00:00", "2011-12-30T10:00Z"),
    ],
)
def test_days_whose_midnight_is_skipped_or_comes_twice(day, zone, wall, instant):
    """Known ones: a skipped midnight, a doubled one, and a day that Samoa left out."""
    found = start_of_day(day, zone)
    assert found.wall == datetime.fromisoformat(wall)
    assert found.instant == datetime.fromisoformat(instant)


PROGRAM = """
from datetime import datetime
import zoneinfo
from conferencekit.moment import Moment
for zone in ("Asia/Shanghai", "Europe/Berlin", "America/Vancouver", "Africa/Casablanca"):
    for year in (2020, 2027, 2045):
        print(Moment.at(datetime(year, 7, 1, 12), zone).instant)
        print(Moment.at(datetime(year, 7, 1, 12), zone).text("fr", "Africa/Cairo"))
print(zoneinfo.TZPATH)
"""


def test_nothing_changes_without_the_systems_zone_files(tmp_path):
    """With an empty PYTHONTZPATH, and with one that leads to nothing, the output is the same."""
    seen = set()
    for path in (None, "", str(tmp_path)):
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONTZPATH"}
        if path is not None:
            environment["PYTHONTZPATH"] = path
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        *lines, used = done.stdout.splitlines()
        assert path is None or used == repr((path,) if path else ())
        seen.add("\n".join(lines))
    assert len(seen) == 1
