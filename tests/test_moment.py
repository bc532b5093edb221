"""Moments: what is accepted, what is refused and how, arithmetic, order, copies."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
import pytz
from hypothesis import given
from hypothesis import strategies as st

from conferencekit.errors import (
    AmbiguousTime,
    InvalidTime,
    MislocalizedTime,
    NaiveTime,
    NonexistentTime,
    NotWallTime,
    OffsetDisagrees,
    TimeOutOfRange,
    UnknownZone,
)
from conferencekit.moment import Moment, instant_of, instant_text, second_of, start_of_day
from conferencekit.testing.strategies import moments, zones
from conferencekit.zones import later_rules, nearest_zones, zone_data_version, zone_names

OPENING = Moment.at(datetime(2020, 12, 11, 20), "Asia/Shanghai")
SKIPPED = datetime(2027, 3, 28, 2, 30)
TWICE = datetime(2026, 10, 25, 2, 30)


def shipped(zone: str) -> ZoneInfo:
    """A ZoneInfo of the same data that pytz has."""
    return later_rules(zone)


class TestAt:
    def test_remembers_wall_and_zone(self):
        """A moment keeps what was announced, and knows the instant."""
        assert OPENING.wall == datetime(2020, 12, 11, 20)
        assert OPENING.zone == "Asia/Shanghai"
        assert OPENING.instant == datetime(2020, 12, 11, 12, tzinfo=UTC)
        assert OPENING.offset == timedelta(hours=8)

    def test_instant_is_in_utc_proper(self):
        """Hosts get a tzinfo of the standard library."""
        assert OPENING.instant.tzinfo is UTC

    def test_datetime_is_localised_by_pytz(self):
        """Code that knows pytz can go on with it."""
        assert OPENING.datetime.isoformat() == "2020-12-11T20:00:00+08:00"
        assert OPENING.datetime.tzinfo.zone == "Asia/Shanghai"

    def test_datetime_after_2037_has_the_right_offset(self):
        """pytz knows no summer time from 2038 on, so those datetimes have a ZoneInfo."""
        summer = Moment.at(datetime(2045, 7, 1, 12), "Europe/Berlin").datetime
        assert summer.isoformat() == "2045-07-01T12:00:00+02:00"
        assert summer.tzinfo.key == "Europe/Berlin"

    def test_zone_is_spelt_as_iana_spells_it(self):
        """Letter case is forgiven and corrected."""
        assert Moment.at(datetime(2020, 12, 11, 20), "asia/SHANGHAI") == OPENING

    @pytest.mark.parametrize("name", ["CET", "EST", "US/Pacific", "Etc/GMT+12", "UTC", "GMT"])
    def test_takes_every_iana_name(self, name):
        """Links and the few abbreviations that IANA has are names too."""
        assert Moment.at(datetime(2026, 1, 1), name).zone == name

    def test_refuses_a_skipped_time_with_its_neighbours(self):
        """The error names both times that may have been meant."""
        with pytest.raises(NonexistentTime) as caught:
            Moment.at(SKIPPED, "Europe/Berlin")
        assert caught.value.before == "2027-03-28 01:30:00+01:00"
        assert caught.value.after == "2027-03-28 03:30:00+02:00"
        assert "2027-03-28 02:30:00 does not exist in Europe/Berlin" in str(caught.value)

    def test_refuses_a_time_that_comes_twice_with_both(self):
        """The error names both times and how to choose."""
        with pytest.raises(AmbiguousTime) as caught:
            Moment.at(TWICE, "Europe/Berlin")
        assert caught.value.first == "2026-10-25 02:30:00+02:00"
        assert caught.value.second == "2026-10-25 02:30:00+01:00"
        assert "fold" in str(caught.value)

    @pytest.mark.parametrize(("fold", "hour"), [(0, 0), (1, 1)])
    def test_fold_chooses(self, fold, hour):
        """0 is the first of two equal wall times, 1 the second."""
        found = Moment.at(TWICE, "Europe/Berlin", fold=fold)
        assert found.instant == datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
        assert found.fold == fold

    def test_fold_in_the_wall_time_chooses_too(self):
        """Whoever writes fold=1 into a datetime has chosen."""
        assert Moment.at(TWICE.replace(fold=1), "Europe/Berlin") == Moment.at(TWICE, "Europe/Berlin", fold=1)

    def test_fold_of_a_time_without_choice_is_zero(self):
        """So that equal moments are equal."""
        assert Moment.at(datetime(2020, 12, 11, 20), "Asia/Shanghai", fold=1) == OPENING

    @pytest.mark.parametrize("fold", [2, -1, "1", 0.0])
    def test_refuses_another_fold(self, fold):
        """Only 0 and 1 mean anything."""
        with pytest.raises(InvalidTime, match=r"fold is .* 0 for the first"):
            Moment.at(TWICE, "Europe/Berlin", fold=fold)

    @pytest.mark.parametrize(
        "wall",
        [
            datetime(2020, 1, 1, tzinfo=UTC),
            date(2020, 1, 1),
            "2020-01-01T00:00",
            None,
            1577836800,
            pytz.utc.localize(datetime(2020, 1, 1)),
        ],
    )
    def test_refuses_what_is_no_wall_time(self, wall):
        """A wall time is a datetime without tzinfo; a date says no time of day."""
        with pytest.raises(NotWallTime, match="Give a datetime without tzinfo"):
            Moment.at(wall, "UTC")

    def test_subclasses_of_datetime_become_datetimes(self):
        """What other libraries add to their datetimes does not get in."""

        class Stamp(datetime):
            nanosecond = 7

        found = Moment.at(Stamp(2020, 12, 11, 20, 0, 0, 123456), "Asia/Shanghai").wall
        assert type(found) is datetime
        assert found.microsecond == 123456

    def test_ends_of_time_are_refused_by_name(self):
        """No OverflowError escapes."""
        for wall, zone in [(datetime.min, "Asia/Shanghai"), (datetime.max, "America/New_York")]:
            with pytest.raises(TimeOutOfRange, match="years 1 to 9999"):
                Moment.at(wall, zone)
        assert Moment.at(datetime.min, "UTC").instant == datetime.min.replace(tzinfo=UTC)


class TestZones:
    @pytest.mark.parametrize(
        ("name", "nearest"),
        [
            ("Asia/Beijing", "Asia/Shanghai"),
            ("Asia/Shangai", "Asia/Shanghai"),
            ("Europe/Geneva", "Europe/Zurich"),
            ("Shanghai", "Asia/Shanghai"),
            ("new york", "America/New_York"),
            ("america/new york", "America/New_York"),
            (" Europe/Paris ", "Europe/Paris"),
        ],
    )
    def test_unknown_names_propose_the_nearest(self, name, nearest):
        """Cities that IANA does not list lead to the zone that has their clocks."""
        with pytest.raises(UnknownZone, match=nearest) as caught:
            Moment.at(datetime(2020, 1, 1), name)
        assert caught.value.nearest[0] == nearest

    @pytest.mark.parametrize(
        "name",
        ["", "xyzzy", "PST", "+08:00", "UTC+8", "../../etc/passwd", "Factory", "Europe", "A" * 10**6, "\0"],
    )
    def test_what_is_no_zone_is_refused(self, name):
        """Names never reach the file system."""
        with pytest.raises(UnknownZone):
            Moment.at(datetime(2020, 1, 1), name)

    @pytest.mark.parametrize("name", [None, 8, b"UTC", UTC, pytz.timezone("Europe/Paris")])
    def test_zones_are_named_by_text(self, name):
        """A tzinfo is not a name."""
        with pytest.raises(UnknownZone):
            Moment.at(datetime(2020, 1, 1), name)

    def test_nearest_zones_of_nothing_is_nothing(self):
        """No guess is better than a wild one."""
        assert nearest_zones("qqqqqq") == ()
        assert nearest_zones(7) == ()

    def test_names_are_sorted_and_all_work(self):
        """Every name that is offered is accepted."""
        assert list(zone_names()) == sorted(set(zone_names()))
        assert {Moment.at(datetime(2026, 7, 1, 12), name).zone for name in zone_names()} == set(zone_names())

    def test_version_is_that_of_the_database(self):
        """Such as 2026f."""
        assert zone_data_version() == pytz.OLSON_VERSION


class Offset(tzinfo):
    """A zone of somebody's own, without a name."""

    def utcoffset(self, when):
        return timedelta(hours=8)

    def dst(self, when):
        return None


class Unsure(Offset):
    """A zone that does not know."""

    def utcoffset(self, when):
        return None


class TestFromDatetime:
    @pytest.mark.parametrize(
        "value",
        [
            pytz.timezone("Asia/Shanghai").localize(datetime(2020, 12, 11, 20)),
            datetime(2020, 12, 11, 20, tzinfo=ZoneInfo("Asia/Shanghai")),
            datetime(2020, 12, 11, 20, tzinfo=shipped("Asia/Shanghai")),
        ],
    )
    def test_takes_zones_by_name(self, value):
        """pytz and zoneinfo name their zones."""
        assert Moment.from_datetime(value) == OPENING

    @pytest.mark.parametrize(
        "zone",
        [timezone(timedelta(hours=8)), pytz.FixedOffset(480), Offset(), timezone(timedelta(hours=8), "CST")],
    )
    def test_fixed_offsets_are_pure_instants(self, zone):
        """An offset names no place."""
        found = Moment.from_datetime(datetime(2020, 12, 11, 20, tzinfo=zone))
        assert found == Moment.at(datetime(2020, 12, 11, 12), "UTC")

    def test_zoneinfo_without_a_key_is_a_pure_instant(self):
        """A file that somebody opened may hold anything."""
        with pytz.open_resource("Asia/Shanghai") as file:
            nameless = ZoneInfo.from_file(file)
        assert Moment.from_datetime(datetime(2020, 12, 11, 20, tzinfo=nameless)).zone == "UTC"

    @pytest.mark.parametrize("zone", [UTC, pytz.utc, ZoneInfo("UTC")])
    def test_utc_of_every_make_is_utc(self, zone):
        """Three libraries, one instant."""
        assert Moment.from_datetime(datetime(2020, 12, 11, 12, tzinfo=zone)).zone == "UTC"

    @pytest.mark.parametrize(
        "value", [datetime(2020, 1, 1), date(2020, 1, 1), "2020", None, datetime(2020, 1, 1, tzinfo=Unsure())]
    )
    def test_refuses_naive_ones(self, value):
        """No zone is ever assumed."""
        with pytest.raises(NaiveTime, match=r"names no time zone. Give an aware datetime"):
            Moment.from_datetime(value)

    @pytest.mark.parametrize("name", ["Asia/Shanghai", "Europe/Berlin", "America/New_York"])
    def test_refuses_local_mean_time(self, name):
        """`tzinfo=pytz.timezone(...)` is off by minutes, and everybody writes it once."""
        with pytest.raises(MislocalizedTime, match="localize"):
            Moment.from_datetime(datetime(2020, 12, 11, 20, tzinfo=pytz.timezone(name)))

    def test_refuses_pytz_arithmetic_that_was_not_normalised(self):
        """Adding across a change of clocks keeps the old offset until normalize() is called."""
        before = pytz.timezone("Europe/Berlin").localize(datetime(2026, 10, 24, 12))
        with pytest.raises(MislocalizedTime):
            Moment.from_datetime(before + timedelta(days=1))

    def test_takes_both_occurrences_from_either_library(self):
        """An aware datetime has made its choice."""
        for hour in (0, 1):
            instant = datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
            for zone in (pytz.timezone("Europe/Berlin"), shipped("Europe/Berlin")):
                found = Moment.from_datetime(instant.astimezone(zone))
                assert (found.instant, found.fold, found.wall) == (instant, hour, TWICE)

    def test_refuses_a_skipped_time_that_zoneinfo_takes(self):
        """zoneinfo gives skipped times an offset without a word."""
        with pytest.raises(NonexistentTime):
            Moment.from_datetime(datetime(2027, 3, 28, 2, 30, tzinfo=shipped("Europe/Berlin")))

    def test_refuses_other_zone_data(self):
        """Where pytz has stopped changing clocks, wall time and instant contradict each other."""
        summer = pytz.timezone("Europe/Berlin").localize(datetime(2045, 7, 1, 12))
        with pytest.raises(
            OffsetDisagrees, match=r"\+01:00 disagrees with Europe/Berlin, whose offset then is \+02:00"
        ):
            Moment.from_datetime(summer)

    def test_refuses_names_that_are_not_ianas(self):
        """A zone by a name that nobody else knows would be lost on the way."""
        with pytz.open_resource("Asia/Shanghai") as file:
            private = ZoneInfo.from_file(file, key="Conference/Time")
        with pytest.raises(UnknownZone):
            Moment.from_datetime(datetime(2020, 12, 11, 20, tzinfo=private))

    def test_instant_of_the_ends_of_time_is_refused(self):
        """No OverflowError escapes."""
        for value in (
            datetime.max.replace(tzinfo=timezone(timedelta(hours=-8))),
            datetime.min.replace(tzinfo=timezone(timedelta(hours=8))),
            datetime.min.replace(tzinfo=shipped("Asia/Shanghai")),
            pytz.timezone("Asia/Shanghai").localize(datetime(2020, 1, 1)).replace(year=1, month=1, day=1),
        ):
            with pytest.raises((TimeOutOfRange, MislocalizedTime)):
                instant_of(value)

    @given(moments())
    def test_round_trips_through_datetime(self, moment):
        """What a moment gives out it takes back unchanged."""
        assert Moment.from_datetime(moment.datetime) == moment
        assert moment.datetime.replace(tzinfo=None) == moment.wall
        assert moment.datetime.astimezone(UTC) == moment.instant

    @given(
        st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-9, minutes=-30))])), zones()
    )
    def test_any_instant_has_a_wall_time_or_lies_outside(self, value, zone):
        """From year 1 to 9999, in every zone."""
        try:
            found = Moment.from_instant(value, zone)
        except TimeOutOfRange:
            assert value.year in (1, 9999)
        else:
            assert found.instant == value


class TestArithmetic:
    @given(moments(), st.timedeltas(timedelta(days=-900), timedelta(days=900)))
    def test_elapsed_time_adds_up(self, moment, elapsed):
        """`plus` is exact, whatever clocks do."""
        assert moment.plus(elapsed).instant - moment.instant == elapsed
        assert moment.plus(elapsed).plus(-elapsed) == moment

    @given(moments(), st.integers(-900, 900))
    def test_calendar_days_keep_the_wall_time(self, moment, days):
        """`plus_days` keeps time of day, or refuses by name."""
        try:
            found = moment.plus_days(days)
        except (NonexistentTime, AmbiguousTime) as error:
            assert error.wall == moment.wall + timedelta(days=days)
        else:
            assert (found.wall, found.zone) == (moment.wall + timedelta(days=days), moment.zone)

    @given(moments(), st.integers(-900, 900))
    def test_calendar_days_can_take_the_first_instant(self, moment, days):
        """The target, or the first instant after what is skipped."""
        found = moment.plus_days(days, otherwise="first")
        assert found.wall >= moment.wall + timedelta(days=days)
        assert found.fold == 0 or days == 0

    def test_the_two_kinds_differ_across_a_change_of_clocks(self):
        """A day is not 24 hours."""
        before = Moment.at(datetime(2026, 10, 24, 12), "Europe/Berlin")
        assert before.plus_days(1).wall == datetime(2026, 10, 25, 12)
        assert before.plus(timedelta(days=1)).wall == datetime(2026, 10, 25, 11)

    def test_a_skipped_target_is_refused_or_moved(self):
        """The caller says which."""
        before = Moment.at(datetime(2027, 3, 27, 2, 30), "Europe/Berlin")
        with pytest.raises(NonexistentTime):
            before.plus_days(1)
        assert before.plus_days(1, otherwise="first").wall == datetime(2027, 3, 28, 3)

    def test_no_days_change_nothing(self):
        """Also at the second of two equal wall times."""
        second = Moment.at(TWICE, "Europe/Berlin", fold=1)
        assert second.plus_days(0) == second

    def test_ends_of_time_are_refused_by_name(self):
        """No OverflowError escapes."""
        for call in (
            lambda: OPENING.plus_days(10**7),
            lambda: OPENING.plus_days(-(10**12)),
            lambda: OPENING.plus(timedelta.max),
            lambda: Moment.at(datetime.max, "UTC").in_zone("Asia/Shanghai"),
            lambda: start_of_day(date.min, "Asia/Shanghai"),
        ):
            with pytest.raises(TimeOutOfRange):
                call()


class TestOrder:
    @given(moments(), moments())
    def test_compares_by_instant(self, one, other):
        """Order is that of what happens first."""
        assert (one < other) == (one.instant < other.instant)
        assert (one <= other) == (one.instant <= other.instant)
        assert (one > other) == (one.instant > other.instant)
        assert (one >= other) == (one.instant >= other.instant)

    @given(moments(), zones())
    def test_the_same_instant_elsewhere_is_another_moment(self, moment, zone):
        """Equality is strict; equal ones have equal hashes."""
        elsewhere = moment.in_zone(zone)
        assert elsewhere.instant == moment.instant
        assert (elsewhere == moment) == (zone == moment.zone)
        assert elsewhere.in_zone(moment.zone) == moment
        assert hash(elsewhere.in_zone(moment.zone)) == hash(moment)

    def test_is_not_compared_with_datetimes(self):
        """That would hide which zone is meant."""
        assert OPENING != OPENING.instant
        for compare in (lambda: OPENING < OPENING.instant, lambda: OPENING >= 0):
            with pytest.raises(TypeError):
                compare()


class TestCopies:
    @given(moments(), st.sampled_from(range(2, pickle.HIGHEST_PROTOCOL + 1)))
    def test_pickles_and_copies_by_zone_name(self, moment, protocol):
        """No zone data travels."""
        data = pickle.dumps(moment, protocol)
        assert pickle.loads(data) == moment
        assert pickle.loads(data).instant == moment.instant
        assert b"tzfile" not in data
        assert b"ZoneInfo" not in data
        assert copy.copy(moment) == copy.deepcopy(moment) == moment

    def test_cannot_be_changed(self):
        """A moment is a value."""
        with pytest.raises(AttributeError):
            OPENING.zone = "UTC"

    def test_repr_says_how_to_make_it(self):
        """And shows fold where it matters."""
        assert repr(OPENING) == "Moment.at(datetime.datetime(2020, 12, 11, 20, 0), 'Asia/Shanghai')"
        assert repr(Moment.at(TWICE, "Europe/Berlin", fold=1)).endswith("'Europe/Berlin', fold=1)")
        assert str(OPENING) == "2020-12-11 20:00:00+08:00[Asia/Shanghai]"


@given(moments())
def test_instants_read_back_from_their_text(moment):
    """Whatever the zone: the text is in UTC, to the microsecond."""
    text = instant_text(moment.datetime)
    assert text.endswith("Z")
    assert datetime.fromisoformat(text) == moment.instant
    assert instant_text(second_of(moment.datetime)) == text.partition(".")[0].removesuffix("Z") + "Z"


def test_instants_without_a_zone_have_no_text():
    """Neither as they are nor cut to the second."""
    for write in (instant_text, second_of):
        with pytest.raises(NaiveTime):
            write(datetime(2020, 12, 11, 12))
