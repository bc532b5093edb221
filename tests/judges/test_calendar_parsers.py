"""Invites in the parsers of others: the instants, texts and people that they read are those that were meant.

`ical` (PyPI) knows zones by their names, `vobject` reads the file's own VTIMEZONE; neither shares code with icalendar.
What is not installed is skipped.
"""

from __future__ import annotations

import warnings
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pytest
import pytz
from hypothesis import given, settings
from tests.invite_samples import CHANGES, invite, invites

from conferencekit.calendar import invite_to_ical
from conferencekit.mailbox import one_line
from conferencekit.moment import Moment

pytestmark = pytest.mark.filterwarnings("ignore")


def instants(value: datetime) -> datetime:
    """In UTC, to the second."""
    return value.astimezone(UTC)


def near_changes() -> list[Moment]:
    """Within two hours of changes of clocks, in zones with rules of all kinds."""
    return [
        Moment.from_instant(each.replace(tzinfo=UTC) + step * timedelta(minutes=30), zone)
        for zone, changes in CHANGES.items()
        for each in changes[::3]
        for step in (-4, -2, -1, 0, 1, 2, 4)
    ]


class TestIcal:
    """The parser of Home Assistant."""

    @pytest.fixture(autouse=True)
    def parser(self):
        pytest.importorskip("ical.calendar_stream", reason="ical (PyPI) is a parser by others")

    def read(self, octets: bytes):
        from ical.calendar_stream import IcsCalendarStream

        (event,) = IcsCalendarStream.calendar_from_ics(octets.decode()).events
        return event

    def test_every_common_zone_has_the_right_instants(self):
        """One invite per zone."""
        for zone in pytz.common_timezones[::4]:
            starts = Moment.at(datetime(2026, 7, 1, 9), zone)
            event = self.read(invite_to_ical(invite(starts=starts, ends=starts.plus(timedelta(hours=1)))))
            assert instants(event.dtstart) == starts.instant, zone

    @settings(max_examples=60)
    @given(made=invites())
    def test_texts_are_what_they_were(self, made):
        """Hostile ones as well."""
        event = self.read(invite_to_ical(made))
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
            return vobject.readOne(octets.decode()).vevent

    def test_the_files_own_zones_give_the_right_instants(self):
        """In every common zone, in summer and in winter."""
        for zone in pytz.common_timezones[::8]:
            for month in (1, 7):
                starts = Moment.at(datetime(2026, month, 1, 9), zone)
                event = self.read(invite_to_ical(invite(starts=starts, ends=starts.plus(timedelta(hours=1)))))
                assert instants(event.dtstart.value) == starts.instant, (zone, month)

    def test_texts_are_what_they_were(self):
        """Escapes and folds."""
        text = "C:\\New folder; 学习革命, \U0001f680" * 5
        event = self.read(invite_to_ical(invite(summary=text)))
        assert event.summary.value == text


@pytest.mark.parametrize("name", ["ical", "vobject"])
def test_instants_near_changes_of_clocks(name):
    """Where a mistake of an hour would show."""
    pytest.importorskip(name, reason=f"{name} (PyPI) is a parser by others")
    read = TestIcal().read if name == "ical" else TestVobject().read
    wrong = []
    for starts in near_changes():
        event = read(invite_to_ical(invite(starts=starts, ends=starts.plus(timedelta(hours=1)))))
        found = event.dtstart if name == "ical" else event.dtstart.value
        if instants(found) != starts.instant:
            wrong.append((starts, found))
    assert wrong == []
