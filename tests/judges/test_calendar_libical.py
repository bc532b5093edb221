"""Invites and feeds before libical, the library of Evolution and KOrganizer: its check of iTIP's tables, and its clocks.

It is loaded where Debian's `libical3` is installed, else skipped.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.feed_samples import NOW, SINCE, feeds, programmes, told
from tests.invite_samples import invite, invites, planned_invites
from tests.judges.calendar_cases import feeds_near_changes, near_changes, series
from tests.laws import examples

from conferencekit.calendar import invite_to_ical
from conferencekit.calendar.feed import feed_to_ical
from conferencekit.calendar.writing import event_to_ical

FOUND = ctypes.util.find_library("ical")
pytestmark = pytest.mark.skipif(
    FOUND is None, reason="libical is not installed (Debian: apt-get install libical3)"
)
VEVENT = 4


class Time(ctypes.Structure):
    """struct icaltimetype of libical 3."""

    _fields_ = [
        (name, ctypes.c_int)
        for name in ("year", "month", "day", "hour", "minute", "second", "is_date", "dst")
    ]
    _fields_ += [("zone", ctypes.c_void_p)]


class Span(ctypes.Structure):
    """struct icaltime_span of libical 3."""

    _fields_ = [("start", ctypes.c_long), ("end", ctypes.c_long), ("is_busy", ctypes.c_int)]


CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.POINTER(Span), ctypes.c_void_p)
FUNCTIONS = {
    "icalparser_parse_string": (ctypes.c_void_p, [ctypes.c_char_p]),
    "icalrestriction_check": (ctypes.c_int, [ctypes.c_void_p]),
    "icalcomponent_count_errors": (ctypes.c_int, [ctypes.c_void_p]),
    "icalcomponent_as_ical_string": (ctypes.c_char_p, [ctypes.c_void_p]),
    "icalcomponent_free": (None, [ctypes.c_void_p]),
    "icalcomponent_get_first_component": (ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_int]),
    "icalcomponent_get_next_component": (ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_int]),
    "icalcomponent_get_uid": (ctypes.c_char_p, [ctypes.c_void_p]),
    "icalcomponent_get_dtstart": (Time, [ctypes.c_void_p]),
    "icalcomponent_get_dtend": (Time, [ctypes.c_void_p]),
    "icaltime_as_timet_with_zone": (ctypes.c_long, [Time, ctypes.c_void_p]),
    "icaltime_from_string": (Time, [ctypes.c_char_p]),
    "icalcomponent_foreach_recurrence": (None, [ctypes.c_void_p, Time, Time, CALLBACK, ctypes.c_void_p]),
}


@pytest.fixture(scope="module")
def libical() -> ctypes.CDLL:
    """The library, with the types of what is called."""
    library = ctypes.CDLL(FOUND)
    for name, (result, arguments) in FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def objections(libical: ctypes.CDLL, octets: bytes) -> list[str]:
    """What it has against a calendar: when it reads it, and by the tables of its METHOD."""
    component = libical.icalparser_parse_string(octets)
    assert component, "libical reads nothing"
    libical.icalrestriction_check(component)
    text = libical.icalcomponent_as_ical_string(component).decode().replace("\r\n ", "")
    libical.icalcomponent_free(component)
    return [line for line in text.split("\r\n") if line.startswith("X-LIC-ERROR")]


def instants(libical: ctypes.CDLL, octets: bytes) -> tuple[datetime, datetime]:
    """When the first event begins and ends, by the zones in the file."""
    component = libical.icalparser_parse_string(octets)
    event = libical.icalcomponent_get_first_component(component, VEVENT)
    found = (libical.icalcomponent_get_dtstart(event), libical.icalcomponent_get_dtend(event))
    seconds = [libical.icaltime_as_timet_with_zone(each, each.zone) for each in found]
    libical.icalcomponent_free(component)
    return tuple(datetime.fromtimestamp(each, UTC) for each in seconds)


def by_uid(libical: ctypes.CDLL, octets: bytes) -> dict[str, tuple[datetime, datetime]]:
    """When each event of a feed begins and ends, by the zones in the file."""
    found = {}
    component = libical.icalparser_parse_string(octets)
    event = libical.icalcomponent_get_first_component(component, VEVENT)
    while event:
        times = (libical.icalcomponent_get_dtstart(event), libical.icalcomponent_get_dtend(event))
        seconds = [libical.icaltime_as_timet_with_zone(each, each.zone) for each in times]
        uid = libical.icalcomponent_get_uid(event).decode()
        found[uid] = tuple(datetime.fromtimestamp(each, UTC) for each in seconds)
        event = libical.icalcomponent_get_next_component(component, VEVENT)
    libical.icalcomponent_free(component)
    return found


def dates(libical: ctypes.CDLL, octets: bytes) -> list[datetime]:
    """When a series begins by its rule, without the dates that are taken out."""
    found: list[int] = []
    component = libical.icalparser_parse_string(octets)
    event = libical.icalcomponent_get_first_component(component, VEVENT)
    first, last = (libical.icaltime_from_string(each) for each in (b"20200101T000000Z", b"20400101T000000Z"))
    note = CALLBACK(lambda _, span, __: found.append(span.contents.start))
    libical.icalcomponent_foreach_recurrence(event, first, last, note, None)
    libical.icalcomponent_free(component)
    return [datetime.fromtimestamp(each, UTC) for each in found]


@examples(150)
@given(made=invites() | planned_invites())
def test_every_invite_keeps_to_the_tables_of_itip(libical, made):
    """Its counts of properties for each METHOD."""
    assert objections(libical, invite_to_ical(made)) == []


@examples(50)
@given(data=st.data())
def test_every_feed_keeps_to_the_tables(libical, data):
    """Of each kind, without a METHOD."""
    found = data.draw(programmes())
    feed = data.draw(feeds(found))
    assert objections(libical, feed_to_ical(feed, found, told(found), now=NOW, since=SINCE)) == []


def test_series_keep_to_the_tables(libical):
    """With exceptions and alarms, as invites, cancellations and in feeds."""
    assert [each.name for each in series() if objections(libical, each.octets)] == []


def test_it_objects_to_what_is_wrong(libical):
    """Else it would prove nothing."""
    data = invite_to_ical(invite())
    wrong = data.replace(b"ATTENDEE", b"X-ATTENDEE")
    assert "ATTENDEE" in objections(libical, wrong)[0]


def test_what_everybody_may_read_keeps_to_the_tables(libical):
    """PUBLISH has no attendees."""
    data = event_to_ical(invite()).replace(b"BEGIN:VTIMEZONE", b"METHOD:PUBLISH\r\nBEGIN:VTIMEZONE")
    assert objections(libical, data) == []
    assert objections(libical, data.replace(b"STATUS", b"ATTENDEE:mailto:a@example.org\r\nSTATUS")) != []


def test_instants_are_those_that_were_meant(libical):
    """Within two hours of changes of clocks, by the VTIMEZONE in the file."""
    wrong = [
        (each.name, found, each.shown[0])
        for each in near_changes()
        if (found := instants(libical, each.octets)) != each.shown[0]
    ]
    assert wrong == []


def test_instants_in_whole_feeds_are_those_that_were_meant(libical):
    """A hundred sessions in many zones near changes of clocks in one object."""
    for case in feeds_near_changes():
        found = by_uid(libical, case.octets)
        assert {uid: found[uid] for uid in case.shown} == case.shown


def test_dates_of_series_are_those_that_were_meant(libical):
    """RRULE and EXDATE, over changes of clocks."""
    for each in series():
        if each.method != "FEED":
            assert dates(libical, each.octets) == [*each.planned[:1], *each.planned[2:]], each.name
