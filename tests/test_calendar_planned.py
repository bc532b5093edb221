"""Where people are told to go: the room, the place or the venue, and the link."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from attrs import evolve

from conferencekit.calendar.composing import composed
from conferencekit.calendar.planned import place_of, planned_events, session_event
from conferencekit.calendar.words import event_words
from conferencekit.conference import Venue
from conferencekit.moment import Moment
from conferencekit.programme.series import Occurrence, Repeat
from conferencekit.programme.session import Session
from conferencekit.testing.secretariat import conference_for_tests
from conferencekit.text import LocalizedText

LIVE = "https://example.org/live"
OWN = "https://example.org/own"
NINE = Moment.at(datetime(2027, 5, 20, 9), "Europe/Paris")
TEN = Moment.at(datetime(2027, 5, 20, 10), "Europe/Paris")
SESSION = Session(id="s", title=LocalizedText.of("S"), starts=NINE, ends=TEN)
HYBRID = evolve(
    conference_for_tests(), venue=Venue(kind="hybrid", name=LocalizedText.of("City Hall"), join=LIVE)
)


@pytest.mark.parametrize(
    ("facts", "place", "join"),
    [
        ({}, "City Hall", LIVE),
        ({"room": "Room 2"}, "Room 2, City Hall", LIVE),
        ({"room": "Room 2, CITY HALL"}, "Room 2, CITY HALL", LIVE),
        ({"join": OWN}, "", OWN),
        ({"room": "Room 2", "join": OWN}, "Room 2, City Hall", OWN),
        ({"place": "Landing stage 4"}, "Landing stage 4", None),
        ({"place": "Museum", "room": "Salon"}, "Salon, Museum", None),
        ({"place": "Museum", "join": OWN}, "Museum", OWN),
    ],
)
def test_a_session_is_in_its_room_or_place_or_in_the_venue(facts, place, join):
    """Elsewhere the venue's link does not count; with a link of its own alone it is online only."""
    event = session_event(HYBRID, evolve(SESSION, **facts), NINE.instant)
    assert (event.place, event.join) == (place, join)


@pytest.mark.parametrize(
    ("facts", "place", "join"),
    [
        ({"place": "Museum"}, "Museum", None),
        ({"place": "Museum", "room": "Salon"}, "Salon, Museum", None),
        ({"place": "Museum", "join": OWN}, "Museum", OWN),
        ({"room": "Room 3"}, "Room 3, City Hall", LIVE),
    ],
)
def test_a_date_of_a_series_may_be_elsewhere(facts, place, join):
    """In a place of its own it is in no room of the venue."""
    other = Occurrence(date=date(2027, 5, 27), **facts)
    weekly = evolve(SESSION, room="Room 2", repeat=Repeat(every="week", count=3), exceptions=(other,))
    (part,) = session_event(HYBRID, weekly, NINE.instant).parts
    assert (part.place, part.join) == (place, join)


def test_without_a_venue_it_is_in_its_room_or_nowhere():
    """Nothing is made up."""
    bare = evolve(HYBRID, venue=None)
    assert place_of(bare, evolve(SESSION, room="Room 2")) == "Room 2"
    assert place_of(bare, SESSION) == ""


ADDRESS = LocalizedText.of("1 Ring Road,\n\n1010 Vienna\n")
ADDRESSED = evolve(
    HYBRID, venue=Venue(kind="hybrid", name=LocalizedText.of("City Hall"), address=ADDRESS, join=LIVE)
)


@pytest.mark.parametrize(
    ("facts", "place"),
    [
        ({}, "City Hall, 1 Ring Road, 1010 Vienna"),
        ({"room": "Room 2"}, "Room 2, City Hall, 1 Ring Road, 1010 Vienna"),
        ({"room": "City Hall 2"}, "City Hall 2, 1 Ring Road, 1010 Vienna"),
        ({"place": "Museum", "room": "Salon"}, "Salon, Museum"),
        ({"join": OWN}, ""),
    ],
)
def test_the_venue_is_where_its_address_says(facts, place):
    """In one line, from which a telephone finds the way; what is elsewhere or online is not there."""
    assert place_of(ADDRESSED, evolve(SESSION, **facts)) == place


def test_the_programme_of_a_day_names_rooms_and_not_each_time_the_address():
    """The event says where the venue is."""
    rooms = [evolve(SESSION, id=each, room=f"Room {each}") for each in "ab"]
    held = evolve(ADDRESSED, sessions=(*rooms, evolve(SESSION, id="c", place="Museum")))
    (day,) = planned_events(held, now=NINE.instant)
    assert day.place == "City Hall, 1 Ring Road, 1010 Vienna"
    lines = event_words(held, day, "en").description.splitlines()
    assert [each.rpartition(" S ")[2] for each in lines if each.startswith("09:00")] == [
        "(Room a)",
        "(Room b)",
        "(Museum)",
    ]


def test_a_day_of_which_all_is_online_is_in_no_hall():
    """Whoever comes to nothing else is sent to no place."""
    online = [evolve(SESSION, id=each, join=OWN) for each in "ab"]
    (day,) = planned_events(evolve(HYBRID, sessions=tuple(online)), now=NINE.instant)
    assert (day.place, day.join) == ("", OWN)


def test_a_series_keeps_where_its_clocks_change():
    """Newer zone data that moves them is seen by it. No calendar is told of these dates beside the rule."""
    series = evolve(SESSION, repeat=Repeat(every="month", count=12))
    event = session_event(HYBRID, series, NINE.instant)
    assert [each.id for each in event.parts] == ["clocks:2027-11-20", "clocks:2028-04-20"]
    assert [each.starts.wall.hour for each in event.parts] == [9, 9]
    assert event.other_dates == composed(HYBRID, event, "en")["overrides"] == ()
    other = evolve(series, exceptions=(Occurrence(date=date(2027, 11, 20), room="Salon"),))
    assert [each.id for each in session_event(HYBRID, other, NINE.instant).other_dates] == ["2027-11-20"]
