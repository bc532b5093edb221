"""Invites in the parsers of others: the instants, texts and people that they read are those that were meant.

`ical` (PyPI) knows zones by their names, `vobject` reads the file's own VTIMEZONE, icalendar is what most Python programs
have; none shares code with another. What is not installed is skipped.
"""

from __future__ import annotations

import warnings
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import icalendar
import pytest
import pytz
from hypothesis import given
from tests.calendar_strict import days_of, witness
from tests.invite_samples import invite, invites
from tests.judges.calendar_cases import Case, FeedCase, Span, feeds_near_changes, near_changes, series
from tests.laws import examples

from conferencekit.calendar import invite_to_ical
from conferencekit.mailbox import one_line
from conferencekit.moment import Moment

pytestmark = pytest.mark.filterwarnings("ignore")
HOUR = timedelta(hours=1)


def by_name(cases: list[Case]) -> list[Case]:
    """The cases in zones that this machine's files know as pytz's do: its own may be older."""
    week = timedelta(days=7)
    found = [
        case
        for case in cases
        if all(agrees(case.zone, each + step * week) for each, _ in case.shown for step in (-1, 0, 1))
    ]
    assert len(found) > 0.9 * len(cases)
    return found


def where_known(times: dict[str, Span], case: FeedCase) -> dict[str, Span]:
    """Those in zones that this machine's files know as pytz's do."""
    return {
        uid: span
        for uid, span in times.items()
        if all(agrees(case.zones[uid], each) for each in case.shown[uid])
    }


def agrees(zone: str, instant: datetime) -> bool:
    return instant.astimezone(ZoneInfo(zone)).utcoffset() == instant.astimezone(witness(zone)).utcoffset()


class TestIcal:
    """The parser of Home Assistant."""

    @pytest.fixture(autouse=True)
    def parser(self):
        pytest.importorskip("ical.calendar_stream", reason="ical (PyPI) is a parser by others")

    def read(self, octets: bytes):
        from ical.calendar_stream import IcsCalendarStream

        return IcsCalendarStream.calendar_from_ics(octets.decode())

    def test_every_common_zone_has_the_right_instants(self):
        """One invite per zone."""
        for zone in pytz.common_timezones[::4]:
            starts = Moment.at(datetime(2026, 7, 1, 9), zone)
            (event,) = self.read(invite_to_ical(invite(starts=starts, ends=starts.plus(HOUR)))).events
            assert event.dtstart.astimezone(UTC) == starts.instant, zone

    def test_instants_near_changes_of_clocks(self):
        """Where a mistake of an hour would show."""
        for case in by_name(near_changes()[::4]):
            (event,) = self.read(case.octets).events
            assert [(event.dtstart.astimezone(UTC), event.dtend.astimezone(UTC))] == case.shown, case.name

    def test_instants_in_whole_feeds_are_those_that_were_meant(self):
        """A hundred sessions in many zones in one object."""
        for case in feeds_near_changes():
            times = {
                each.uid: (each.dtstart.astimezone(UTC), each.dtend.astimezone(UTC))
                for each in self.read(case.octets).events
                if each.uid in case.shown
            }
            assert where_known(times, case) == where_known(case.shown, case)

    def test_dates_of_series_are_those_that_were_meant(self):
        """RRULE, EXDATE and RECURRENCE-ID."""
        for case in by_name(series()):
            timeline = self.read(case.octets).timeline_tz(UTC)
            found = sorted((each.dtstart.astimezone(UTC), each.dtend.astimezone(UTC)) for each in timeline)
            assert found == case.shown, case.name

    @examples(60)
    @given(made=invites())
    def test_texts_are_what_they_were(self, made):
        """Hostile ones as well."""
        (event,) = self.read(invite_to_ical(made)).events
        assert event.summary == one_line(made.summary)
        assert event.sequence == made.sequence
        assert [unquote(str(each.uri)) for each in event.attendees] == [f"mailto:{made.attendee.address}"]


class TestVobject:
    """The parser of many CalDAV servers, by the VTIMEZONE in the file."""

    @pytest.fixture(autouse=True)
    def parser(self):
        pytest.importorskip("vobject", reason="vobject (PyPI) is a parser by others")

    def read(self, octets: bytes):
        import vobject

        vars(vobject.icalendar)["__tzidMap"].clear()  # it would read this file by the zones of the one before
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return vobject.readOne(octets.decode())

    def test_instants_near_changes_of_clocks(self):
        """By the file's own zones, where a mistake of an hour would show."""
        for case in near_changes()[::9]:
            event = self.read(case.octets).vevent
            found = (event.dtstart.value.astimezone(UTC), event.dtend.value.astimezone(UTC))
            assert [found] == case.shown, case.name

    def test_instants_in_whole_feeds_are_those_that_were_meant(self):
        """By the zones of the file, each for decades."""
        for case in feeds_near_changes()[::3]:
            events = self.read(case.octets).vevent_list
            times = {
                each.uid.value: (each.dtstart.value.astimezone(UTC), each.dtend.value.astimezone(UTC))
                for each in events
                if each.uid.value in case.shown
            }
            assert times == case.shown

    def test_dates_of_series_are_those_that_were_meant(self):
        """RRULE and EXDATE, expanded by dateutil."""
        for case in series()[::3]:
            event = next(each for each in self.read(case.octets).vevent_list if hasattr(each, "rrule"))
            zone = event.dtstart.value.tzinfo
            found = [each if each.tzinfo else each.replace(tzinfo=zone) for each in event.getrruleset()]
            kept = [each for each in case.planned if case.method == "FEED" or each != case.planned[1]]
            assert [each.astimezone(UTC) for each in found] == kept, case.name

    def test_texts_are_what_they_were(self):
        """Escapes and folds."""
        text = "C:\\New folder; 学习革命, \U0001f680" * 5
        event = self.read(invite_to_ical(invite(summary=text))).vevent
        assert event.summary.value == text


class TestIcalendar:
    """The library that we are built on, which writes nothing of this."""

    def test_instants_near_changes_of_clocks(self):
        """By the zones that it knows by name."""
        for case in by_name(near_changes()[::4]):
            (event,) = icalendar.Calendar.from_ical(case.octets).walk("VEVENT")
            found = (event["DTSTART"].dt.astimezone(UTC), event["DTEND"].dt.astimezone(UTC))
            assert [found] == case.shown, case.name

    def test_dates_of_series_are_those_that_were_meant(self):
        """Its properties, with the rule expanded by hand, and the dates that differ in the place of the usual ones."""
        for case in by_name(series()):
            assert expanded(case) == case.shown, case.name


def expanded(case: Case) -> list[tuple[datetime, datetime]]:
    events = icalendar.Calendar.from_ical(case.octets).walk("VEVENT")
    (master,) = [each for each in events if "RECURRENCE-ID" not in each]
    others = {each["RECURRENCE-ID"].dt.astimezone(UTC): each for each in events if each is not master}
    gone = master.get("EXDATE", [])
    gone = {
        each.dt.astimezone(UTC)
        for found in (gone if isinstance(gone, list) else [gone])
        for each in found.dts
    }
    found = []
    starts, ends = master["DTSTART"].dt, master["DTEND"].dt
    for day in days_of(master["RRULE"].to_ical().decode(), starts.date()):
        shift = day - starts.date()
        planned = (starts + shift).astimezone(UTC)  # by the wall: the zone is a ZoneInfo
        other = others.get(planned)
        if other is not None:
            found.append((other["DTSTART"].dt.astimezone(UTC), other["DTEND"].dt.astimezone(UTC)))
        elif planned not in gone:
            found.append((planned, (ends + shift).astimezone(UTC)))
    return sorted(found)
