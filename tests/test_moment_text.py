"""Times and deadlines as people read them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conferencekit.datewords import date_text, range_text, words_for
from conferencekit.deadline import Deadline, Relative
from conferencekit.errors import UnknownZone
from conferencekit.moment import Moment
from conferencekit.testing.strategies import deadlines, moments, zones
from conferencekit.zones import later_rules

OPENING = Moment.at(datetime(2020, 12, 11, 20), "Asia/Shanghai")
CLOSING = Moment.at(datetime(2020, 12, 11, 22, 30), "Asia/Shanghai")
BEFORE = Deadline(before=date(2020, 11, 30), zone="Asia/Shanghai")
SIX = ["en", "fr", "es", "ru", "zh", "ar"]


class TestMoment:
    @pytest.mark.parametrize(
        ("locale", "text"),
        [
            (
                None,
                "Friday 11 December 2020, 20:00 (Asia/Shanghai, UTC+08:00), that is 13:00 in Europe/Paris (UTC+01:00)",
            ),
            (
                "fr-CA",
                "vendredi 11 décembre 2020, 20:00 (Asia/Shanghai, UTC+08:00), soit 13:00 à Europe/Paris (UTC+01:00)",
            ),
            (
                "es",
                "viernes 11 de diciembre de 2020, 20:00 (Asia/Shanghai, UTC+08:00), es decir, 13:00 en Europe/Paris (UTC+01:00)",
            ),
            (
                "ru",
                "пятница, 11 декабря 2020 г., 20:00 (Asia/Shanghai, UTC+08:00), то есть 13:00 в зоне Europe/Paris (UTC+01:00)",
            ),
            (
                "zh_Hans",
                "2020年12月11日星期五 20:00（Asia/Shanghai，UTC+08:00），即 Europe/Paris 13:00（UTC+01:00）",
            ),
            (
                "ar",
                "الجمعة 11 كانون الأول/ديسمبر 2020، 20:00 (Asia/Shanghai، UTC+08:00)، أي 13:00 في Europe/Paris (UTC+01:00)",
            ),
            ("de", "2020-12-11, 20:00 (Asia/Shanghai, UTC+08:00), that is 13:00 in Europe/Paris (UTC+01:00)"),
        ],
    )
    def test_in_six_languages_and_iso_for_the_rest(self, locale, text):
        """Local time, zone name, offset, and the reader's own zone beside it."""
        assert OPENING.text(locale, "Europe/Paris") == text

    def test_another_date_is_said(self):
        """Where the reader's day is not that of the event."""
        text = OPENING.text(reader_zone="Pacific/Auckland")
        assert text.endswith("that is Saturday 12 December 2020, 01:00 in Pacific/Auckland (UTC+13:00)")

    def test_the_readers_own_zone_is_not_said_twice(self):
        """Nothing is added for a reader there, however they spell it."""
        assert OPENING.text(reader_zone="asia/shanghai") == OPENING.text()

    def test_seconds_only_where_there_are_any(self):
        """And parts of a second."""
        assert ", 20:00:05 (" in OPENING.plus(timedelta(seconds=5)).text()
        assert ", 20:00:00.25 (" in OPENING.plus(timedelta(milliseconds=250)).text()

    def test_french_counts_the_first_of_a_month(self):
        """le 1er janvier."""
        assert date_text(date(2021, 1, 1), "fr") == "vendredi 1er janvier 2021"

    def test_early_years_have_four_digits_in_iso(self):
        """On every system."""
        assert date_text(date(33, 4, 3), "de") == "0033-04-03"

    @pytest.mark.parametrize("locale", ["en", "fr", "es", "ru", "zh", "ar"])
    def test_utc_is_said_once(self, locale):
        """Its offset says nothing that its name does not; alone and beside another zone."""
        assert OPENING.in_zone("UTC").text(locale).count("UTC") == 1
        beside = OPENING.text(locale, reader_zone="UTC")
        assert beside.count("UTC") == 2
        assert "UTC+00:00" not in beside
        assert OPENING.in_zone("UTC").text().endswith(" 12:00 (UTC)")
        assert OPENING.in_zone("Africa/Abidjan").text().endswith("(Africa/Abidjan, UTC+00:00)")

    def test_anywhere_on_earth_is_named_as_people_know_it(self):
        """Not by a name that counts westwards."""
        assert OPENING.in_zone("Etc/GMT+12").text().endswith("00:00 (AoE, UTC-12:00)")

    def test_unknown_zones_of_readers_are_refused(self):
        """By name, with the nearest."""
        with pytest.raises(UnknownZone, match="Europe/Paris"):
            OPENING.text(reader_zone="Europe/Pari")

    @pytest.mark.parametrize("locale", ["", "xx", "\0", "e" * 9999, ["zz", "fr"]])
    def test_any_locale_gets_a_text(self, locale):
        """What a browser sends may be anything."""
        assert "Asia/Shanghai" in OPENING.text(locale)

    @pytest.mark.parametrize("locale", SIX)
    def test_all_months_and_weekdays_have_names(self, locale):
        """Twelve and seven, all different."""
        words = words_for(locale)
        assert len(set(words.months)) == 12
        assert len(set(words.weekdays)) == 7

    @given(moments(), zones(), st.sampled_from([*SIX, "de", None]))
    def test_says_both_times_as_zoneinfo_sees_them(self, moment, reader, locale):
        """The hours and minutes of both zones stand in every text."""
        text = moment.text(locale, reader)
        for zone in (moment.zone, reader):
            shown = moment.instant.astimezone(later_rules(zone))
            assert f"{shown:%H:%M}" in text
            if zone == "UTC":
                assert "UTC" in text
                continue
            assert re.search(rf"UTC{re.escape(f'{shown:%z}'[:3])}:{f'{shown:%z}'[3:5]}", text)


class TestRange:
    def test_on_one_day(self):
        """The date is said once."""
        text = "Friday 11 December 2020, 20:00-22:30 (Asia/Shanghai, UTC+08:00)"
        assert range_text(OPENING, CLOSING) == text
        assert range_text(OPENING, CLOSING, "en", "Europe/Paris") == (
            f"{text}, that is 13:00-15:30 in Europe/Paris (UTC+01:00)"
        )

    def test_over_midnight(self):
        """Both dates are said, where they are two."""
        text = range_text(OPENING, OPENING.plus(timedelta(hours=8)), "en", "Europe/Paris")
        assert text == (
            "Friday 11 December 2020, 20:00 to Saturday 12 December 2020, 04:00 (Asia/Shanghai, UTC+08:00), "
            "that is Friday 11 December 2020, 13:00-21:00 in Europe/Paris (UTC+01:00)"
        )

    def test_over_midnight_for_the_reader(self):
        """A day here may be two days there."""
        text = range_text(OPENING, CLOSING, "en", "Asia/Tokyo")
        assert text.endswith("that is 21:00-23:30 in Asia/Tokyo (UTC+09:00)")
        late = range_text(OPENING, CLOSING, "en", "Pacific/Guam")
        assert late.endswith(
            "that is Friday 11 December 2020, 22:00 to Saturday 12 December 2020, 00:30 in Pacific/Guam (UTC+10:00)"
        )

    def test_over_a_change_of_clocks(self):
        """Each time has its own offset."""
        starts = Moment.at(datetime(2026, 10, 25, 1), "Europe/Berlin")
        text = range_text(starts, starts.plus(timedelta(hours=3)))
        assert text == "Sunday 25 October 2026, 01:00 UTC+02:00-03:00 UTC+01:00 (Europe/Berlin)"

    def test_the_end_is_shown_in_the_zone_of_the_start(self):
        """Whatever zone it was written in."""
        assert range_text(OPENING, CLOSING.in_zone("Europe/Paris")) == range_text(OPENING, CLOSING)

    @pytest.mark.parametrize("locale", SIX)
    def test_in_six_languages(self, locale):
        """Both times and both zones."""
        text = range_text(OPENING, CLOSING, locale, "America/New_York")
        for part in ("20:00", "22:30", "07:00", "09:30", "Asia/Shanghai", "America/New_York", "UTC-05:00"):
            assert part in text


class TestDeadline:
    def test_says_the_last_moment_in_words(self):
        """What "before November 30" means."""
        assert BEFORE.text() == (
            "closes when Monday 30 November 2020 begins in Asia/Shanghai: "
            "last moment Sunday 29 November 2020, 23:59:59 (Asia/Shanghai, UTC+08:00)"
        )

    def test_place_may_have_a_name_of_its_own(self):
        """Beijing time is what people call it."""
        text = BEFORE.text(place="Beijing time", reader_zone="Europe/Paris")
        assert text.startswith("closes when Monday 30 November 2020 begins in Beijing time: last moment")
        assert text.endswith(", that is 16:59:59 in Europe/Paris (UTC+01:00)")

    def test_through_says_the_day_that_ends(self):
        """Not the day after."""
        text = Deadline(through=date(2020, 11, 30), zone="AoE").text()
        assert text == (
            "closes when Monday 30 November 2020 ends in the last place on Earth (AoE): "
            "last moment Monday 30 November 2020, 23:59:59 (AoE, UTC-12:00)"
        )

    def test_at_says_the_time(self):
        """And the last moment before it."""
        text = Deadline(at=datetime(2020, 11, 29, 17), zone="Asia/Shanghai").text()
        assert text.startswith(
            "closes on Sunday 29 November 2020, 17:00 (Asia/Shanghai, UTC+08:00): last moment"
        )
        assert "16:59:59" in text

    def test_days_without_midnight_end_before_it(self):
        """The last moment belongs to the day before, at its offset."""
        text = Deadline(before=date(2025, 9, 7), zone="America/Santiago").text()
        assert text == (
            "closes when Sunday 7 September 2025 begins in America/Santiago: "
            "last moment Saturday 6 September 2025, 23:59:59 (America/Santiago, UTC-04:00)"
        )

    def test_extensions_say_what_it_was(self):
        """A reader sees that they have more time."""
        extended = BEFORE.extended(
            through=date(2020, 12, 4),
            reason="x",
            announced_at=datetime(2020, 11, 28, tzinfo=UTC),
            person="ada",
        )
        assert extended.text(person="bob") == BEFORE.text()
        assert extended.text(person="ada") == (
            "closes when Friday 4 December 2020 ends in Asia/Shanghai: "
            "last moment Friday 4 December 2020, 23:59:59 (Asia/Shanghai, UTC+08:00); "
            "extended, was Sunday 29 November 2020, 23:59:59 (Asia/Shanghai, UTC+08:00)"
        )

    @pytest.mark.parametrize("locale", SIX)
    def test_may_say_the_opening_first(self, locale):
        """For those who come too early."""
        opens = Moment.at(datetime(2020, 11, 12, 9), "Asia/Shanghai")
        deadline = Deadline(before=date(2020, 11, 30), zone="Asia/Shanghai", opens=opens)
        text = deadline.text(locale, opening=True, reader_zone="Europe/Paris")
        assert opens.text(locale, "Europe/Paris") in text
        assert deadline.text(locale, reader_zone="Europe/Paris") in text
        assert BEFORE.text(locale, opening=True) == BEFORE.text(locale)

    def test_grace_is_not_announced(self):
        """It is for what arrives a little late, not a later deadline."""
        assert (
            Deadline(before=date(2020, 11, 30), zone="Asia/Shanghai", grace=timedelta(hours=1)).text()
            == BEFORE.text()
        )

    def test_relative_ones_are_said_as_dates(self):
        """Once resolved, as any."""
        rule = Relative(days_before=7, day="ends")
        text = Deadline(relative=rule, zone="Asia/Shanghai").resolved(starts=OPENING, ends=None).text()
        assert text.startswith("closes when Friday 4 December 2020 ends in Asia/Shanghai: last moment")

    @pytest.mark.parametrize("locale", SIX)
    def test_in_six_languages(self, locale):
        """Day, last moment, and the reader's time."""
        text = BEFORE.text(locale, reader_zone="Europe/Paris")
        assert date_text(date(2020, 11, 30), locale) in text
        assert date_text(date(2020, 11, 29), locale) in text
        assert "23:59:59" in text
        assert "16:59:59" in text
        assert locale == "en" or text != BEFORE.text("en", reader_zone="Europe/Paris")

    @example(Deadline(zone="AoE", at=datetime(2019, 12, 31, 12, 0, 1)), "Africa/Cairo", "en")
    @given(deadlines(), zones(), st.sampled_from([*SIX, "de"]))
    def test_the_last_moment_that_is_said_is_in_time(self, deadline, reader, locale):
        """And a second later it is not, grace aside."""
        last = deadline.closes().plus(timedelta(microseconds=-1))
        shown = last.instant.astimezone(later_rules(last.zone))
        time = f"{shown:%H:%M:%S}".removesuffix(":00")  # seconds are said only where there are any
        assert time in deadline.text(locale, reader_zone=reader)
