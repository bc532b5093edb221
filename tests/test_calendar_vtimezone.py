"""VTIMEZONE: every common zone, at every change of clocks, says what pytz says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import pytz
from hypothesis import given
from hypothesis import strategies as st
from tests.calendar_clock import ZoneClock

from conferencekit.calendar import vtimezone
from conferencekit.calendar.reading import read
from conferencekit.errors import InvalidCalendar, UnknownZone

FIRST, LAST = 2020, 2037
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
COMMON = [each for each in pytz.common_timezones if each != "UTC"]


def changes(zone: str) -> list[datetime]:
    """The instants at which pytz's clocks change within the years."""
    found = getattr(pytz.timezone(zone), "_utc_transition_times", [])
    return [each.replace(tzinfo=UTC) for each in found if FIRST - 1 <= each.year <= LAST]


def moments(zone: str, first: int, last: int) -> list[datetime]:
    """Instants at which a mistake would show: around every change, and at both ends of the years."""
    start, end = datetime(first, 1, 1, tzinfo=UTC), datetime(last + 1, 1, 1, tzinfo=UTC)
    near = [each + step for each in changes(zone) for step in (-HOUR, -SECOND, 0 * SECOND, SECOND, HOUR)]
    edges = [start - 14 * HOUR, start, start + DAY, end - DAY, end - SECOND, end + 11 * HOUR]
    return edges + [each for each in near if start - 14 * HOUR <= each < end + 12 * HOUR]


def disagreements(zone: str, first: int, last: int) -> list[datetime]:
    """The instants at which the VTIMEZONE says something else than pytz."""
    clock, witness = ZoneClock(vtimezone(zone, first, last), last + 1), pytz.timezone(zone)
    return [
        each
        for each in moments(zone, first, last)
        if clock.offset(each) != each.astimezone(witness).utcoffset()
    ]


def test_every_common_zone_is_right_over_all_years():
    """In one VTIMEZONE for 2020 to 2037."""
    assert {zone: found for zone in COMMON if (found := disagreements(zone, FIRST, LAST))} == {}


@pytest.mark.parametrize("year", range(FIRST, LAST))
def test_every_common_zone_is_right_in_each_year(year):
    """In the VTIMEZONE for that year alone: what an invite carries."""
    assert {zone: found for zone in COMMON if (found := disagreements(zone, year, year))} == {}


@given(
    st.sampled_from(COMMON),
    st.integers(FIRST, LAST - 1),
    st.integers(0, 8783),
)
def test_any_hour_agrees(zone, year, hour):
    """Away from the changes as well."""
    instant = datetime(year, 1, 1, tzinfo=UTC) + hour * HOUR
    clock = ZoneClock(vtimezone(zone, year, year), year + 1)
    assert clock.offset(instant) == instant.astimezone(pytz.timezone(zone)).utcoffset()


def test_after_2037_it_follows_the_same_files():
    """pytz stops there; the yearly rules of its files do not."""
    instants = [datetime(2045, 1, 1, tzinfo=UTC) + step * 6 * HOUR for step in range(1460)]
    for zone in COMMON[::3]:
        with pytz.open_resource(zone) as file:
            witness = ZoneInfo.from_file(file, key=zone)
        clock = ZoneClock(vtimezone(zone, 2045, 2045), 2046)
        assert [clock.offset(each) for each in instants] == [
            each.astimezone(witness).utcoffset() for each in instants
        ]


def test_regular_zones_are_written_as_yearly_rules():
    """One for winter, one for summer: what Outlook can read."""
    text = vtimezone("Europe/Berlin", 2027, 2027).decode()
    assert "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\n" in text
    assert "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\n" in text
    assert text.count("BEGIN:STANDARD") == text.count("BEGIN:DAYLIGHT") == 1
    assert "RDATE" not in text


def test_the_onset_is_read_by_the_clock_before_it():
    """RFC 5545, 3.6.5: 02:00 at +01:00 in spring, 03:00 at +02:00 in autumn."""
    text = vtimezone("Europe/Berlin", 2027, 2027).decode()
    assert "DTSTART:20260329T020000" in text
    assert "DTSTART:20261025T030000" in text
    summer, winter = text.split("BEGIN:STANDARD")
    assert ("BEGIN:DAYLIGHT" in summer, "TZNAME:CEST" in summer, "TZNAME:CET" in winter) == (True, True, True)


@pytest.mark.parametrize("zone", ["Africa/Cairo", "America/Nuuk", "Asia/Jerusalem"])
def test_what_no_single_weekday_can_say_is_written_out(zone):
    """Rule times outside of the day."""
    assert b"RRULE" not in vtimezone(zone, 2030, 2030)


def test_a_rule_is_used_only_in_the_years_in_which_it_holds():
    """Some zones get their yearly rule later than others."""
    mixed = [
        zone
        for zone in COMMON
        if b"RRULE" in vtimezone(zone, 2036, 2036) and b"RRULE" not in vtimezone(zone, FIRST, LAST)
    ]
    assert mixed
    assert all(not disagreements(zone, FIRST, LAST) for zone in mixed)


def test_a_zone_without_changes_has_one_observance():
    """Beijing's clocks do not change."""
    text = vtimezone("Asia/Shanghai", 2020, 2020).decode()
    assert text.count("BEGIN:STANDARD") == 1
    assert "BEGIN:DAYLIGHT" not in text
    assert "TZOFFSETFROM:+0800\r\nTZOFFSETTO:+0800\r\n" in text


@pytest.mark.parametrize("zone", ["UTC", "Etc/UTC", "Zulu", "etc/uct"])
def test_utc_needs_no_vtimezone(zone):
    """Under none of its names."""
    assert vtimezone(zone, 2020, 2020) == b""


def test_lines_are_as_they_must_be():
    """For all zones: CRLF, at most 75 octets, ASCII, nothing that the strict reader objects to."""
    for zone in COMMON:
        reading = read(vtimezone(zone, FIRST, LAST))
        assert reading.problems == ()
        assert [each.name for each in reading.components] == ["VTIMEZONE"]
        assert reading.components[0].value("TZID") == zone


def test_letter_case_of_the_name_does_not_matter():
    """The name is written as IANA spells it."""
    assert b"TZID:Europe/Berlin\r\n" in vtimezone("europe/berlin", 2026, 2026)


@pytest.mark.parametrize("years", [(1969, 2020), (2021, 2020), (9990, 9999)])
def test_years_beyond_reason_are_refused(years):
    """With the years that were given."""
    with pytest.raises(InvalidCalendar, match=f"{years[0]} to {years[1]}"):
        vtimezone("Europe/Berlin", *years)


def test_what_is_no_zone_is_refused():
    """With the nearest names."""
    with pytest.raises(UnknownZone, match="Asia/Shanghai"):
        vtimezone("Asia/Peking", 2020, 2020)
