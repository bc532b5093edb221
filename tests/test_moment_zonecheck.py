"""Recorded moments under newer zone data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from attrs import evolve
from hypothesis import given

from conferencekit.moment import Moment
from conferencekit.testing.strategies import moments
from conferencekit.zonecheck import RecordedMoment, moved, record
from conferencekit.zones import zone_data_version


def recorded(
    wall: str, zone: str, instant: str, *, fold: int = 0, path: str = "sessions[0].starts"
) -> RecordedMoment:
    """Something that was written under an older release."""
    at = datetime.fromisoformat(instant)
    return RecordedMoment(path=path, wall=wall, zone=zone, fold=fold, instant=at, tzdata="2020a")


@given(moments())
def test_nothing_moves_under_the_same_data(moment):
    """What is recorded today is right today."""
    assert moved([record(moment)]) == ()


def test_records_name_the_release():
    """So that people can look up what changed."""
    kept = record(Moment.at(datetime(2020, 12, 11, 20), "Asia/Shanghai"), "sessions[0].starts")
    assert kept.tzdata == zone_data_version()
    assert kept.instant == datetime(2020, 12, 11, 12, tzinfo=UTC)
    assert kept.path == "sessions[0].starts"


def test_lists_those_that_moved_in_their_order():
    """Mexico gave up summer time in 2022; a plan of 2020 for July 2025 assumed it."""
    right = record(Moment.at(datetime(2025, 7, 1, 9), "Asia/Shanghai"))
    mexico = recorded("2025-07-01T09:00:00", "America/Mexico_City", "2025-07-01T14:00:00+00:00")
    egypt = recorded(
        "2025-07-01T09:00:00", "Africa/Cairo", "2025-07-01T07:00:00+00:00", path="sessions[1].starts"
    )
    first, second = moved([mexico, right, egypt])
    assert (first.path, first.zone, first.tzdata) == ("sessions[0].starts", "America/Mexico_City", "2020a")
    assert first.now - first.was == timedelta(hours=1)
    assert second.now - second.was == timedelta(hours=-1)
    assert not first.problem


def test_wall_times_that_no_longer_exist_are_listed_with_the_remedy():
    """Egypt has summer time again since 2023, and skips a midnight."""
    (found,) = moved([recorded("2025-04-25T00:30:00", "Africa/Cairo", "2025-04-24T22:30:00+00:00")])
    assert found.now is None
    assert "does not exist in Africa/Cairo" in found.problem
    assert "Take 2025-04-2" in found.problem


def test_zones_that_are_gone_are_listed():
    """A name that today's data lacks."""
    (found,) = moved([recorded("2025-04-25T00:30:00", "Asia/Nowhere", "2025-04-24T22:30:00+00:00")])
    assert found.now is None
    assert "'Asia/Nowhere' is not an IANA time zone name" in found.problem


def test_the_instant_may_be_recorded_at_any_offset():
    """It is an instant that is compared, and given back in UTC."""
    right = record(Moment.at(datetime(2020, 12, 11, 20), "Asia/Shanghai"))
    shanghai = right.instant.astimezone(
        Moment.at(datetime(2020, 12, 11, 20), "Asia/Shanghai").datetime.tzinfo
    )
    assert moved([evolve(right, instant=shanghai)]) == ()
    (found,) = moved([evolve(right, instant=shanghai + timedelta(hours=1))])
    assert found.was == right.instant + timedelta(hours=1)
    assert found.was.tzinfo is UTC


def test_the_second_of_two_equal_wall_times_stays_the_second():
    """Fold is part of what was recorded."""
    second = Moment.at(datetime(2026, 10, 25, 2, 30), "Europe/Berlin", fold=1)
    assert moved([record(second)]) == ()
    assert len(moved([evolve(record(second), fold=0)])) == 1
