"""Feeds: what is in each, that it is valid whatever people write, and that only what changed is written again."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import icalendar
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from tests.calendar_clock import ZoneClock, zones_of
from tests.calendar_strict import check
from tests.feed_samples import (
    BERLIN,
    NOW,
    SINCE,
    at,
    conference,
    feeds,
    many,
    moved,
    programmes,
    session,
    told,
    two_days,
)
from tests.invite_samples import CONFERENCE_UID, HOSTILE
from tests.laws import examples

from conferencekit.calendar import event_uid, validate
from conferencekit.calendar import feed as feed_module
from conferencekit.calendar.composing import composed
from conferencekit.calendar.feed import Feed, FeedCache, feed_to_ical, make_feed, names_of
from conferencekit.calendar.feed_events import session_events
from conferencekit.calendar.invite import Invite
from conferencekit.calendar.planned import planned_events
from conferencekit.calendar.reading import Component, read
from conferencekit.calendar.validate_tables import FEED
from conferencekit.calendar.writing import invite_to_ical
from conferencekit.conference import CalendarPlan, Conference
from conferencekit.errors import InvalidCalendar, InvalidText
from conferencekit.mailbox import Mailbox
from conferencekit.moment import Moment
from conferencekit.programme.event import Event
from conferencekit.programme.series import Repeat


def feed_of(found: Conference, kind: str = "conference", about: str = "", events: tuple[Event, ...] | None = None, now: datetime = NOW, **facts: object) -> Component:  # fmt: skip
    """The calendar of a feed, found valid."""
    given = {key: facts.pop(key) for key in ("known_as", "cache") if key in facts}
    feed = evolve(make_feed(found, kind, about), **facts)
    data = feed_to_ical(feed, found, told(found) if events is None else events, now=now, since=SINCE, **given)
    assert validate(data, FEED) == ()
    return read(data).components[0]


def sessions_in(calendar: Component) -> list[str]:
    """The titles of the sessions in it, without days and deadlines."""
    return [each.value("SUMMARY") for each in events_of(calendar) if not each.all("TRANSP")]


def events_of(calendar: Component) -> list[Component]:
    return [each for each in calendar.components if each.name == "VEVENT"]


def event_named(calendar: Component, title: str) -> Component:
    return next(each for each in events_of(calendar) if each.value("SUMMARY") == title)


def test_a_long_programme_that_was_sent_again_after_a_loss_has_a_feed():
    """The numbers of its sessions begin with the minutes since 1970 then; 240 of them are more than one holds."""
    found = many(240)
    events = tuple(evolve(each, sequence=29_927_840) for each in told(found))
    calendar = feed_of(found, events=events)
    bars = {int(each.value("SEQUENCE")) for each in events_of(calendar) if each.all("TRANSP")}
    assert bars == {2**31 - 1}


# -- laws


@given(st.data())
@examples(150)
def test_every_feed_is_valid_and_says_when_each_session_is(data):
    """For hostile texts, near changes of clocks, in every zone; and the link to take part is in a person's alone."""
    found = data.draw(programmes())
    feed = data.draw(feeds(found))
    octets = feed_to_ical(feed, found, told(found), now=NOW, since=SINCE)
    assert validate(octets, FEED) == ()
    check(octets, None)
    (calendar,) = read(octets).components
    assert b"VALARM" not in octets
    assert b"\r\nMETHOD" not in octets
    if feed.kind != "person":
        assert b"CONFERENCE;" not in octets
        assert b"example.org/live" not in octets.replace(b"\r\n ", b"")
    by_uid = {event_uid(CONFERENCE_UID, each.id): each for each in found.sessions}
    clocks = zones_of(octets, 2140)
    for event in events_of(calendar):
        known = by_uid.get(event.value("UID"))
        if known and not event.all("RECURRENCE-ID"):
            for name, moment in (("DTSTART", known.starts), ("DTEND", known.ends)):
                assert instant_of(clocks, event, name) == moment.instant.replace(microsecond=0)


def instant_of(clocks: dict[str, ZoneClock], event: Component, name: str) -> datetime:
    """When a client takes it to be: by the VTIMEZONE in the same object, the first of two equal wall times."""
    found = event.all(name)[0]
    if found.value.endswith("Z"):
        return datetime.fromisoformat(found.value)
    wall = datetime.fromisoformat(found.value)
    return clocks[found.parameters["TZID"]].readings(wall)[0]


@given(st.data())
@examples(60)
def test_another_parser_reads_the_same_events(data):
    """icalendar's, with every session under its UID, and the times of all in UTC."""
    found = data.draw(programmes())
    octets = feed_to_ical(
        evolve(make_feed(found, "person"), with_days=False), found, told(found), now=NOW, since=SINCE
    )
    (ours,) = read(octets).components
    theirs = icalendar.Calendar.from_ical(octets)
    assert [str(each["UID"]) for each in theirs.walk("VEVENT")] == [
        each.value("UID") for each in events_of(ours)
    ]
    for each in theirs.walk("VEVENT"):
        assert each["DTSTART"].dt < each["DTEND"].dt


@given(HOSTILE)
def test_no_text_becomes_a_line(text):
    """Not in any place where people or organisers write: each line of the object is one that belongs there."""
    found = conference(session("s", at(1, 9), track=text, room=text), contact="a@example.org")
    name = f"x{text}"
    octets = feed_to_ical(
        Feed(kind="conference", locale="en", name=name, description=text),
        found,
        told(found),
        now=NOW,
        since=SINCE,
    )
    known = feed_to_ical(
        Feed(kind="conference", locale="en", name="x", description="x"),
        conference(session("s", at(1, 9), track="x", room="x"), contact="a@example.org"),
        told(conference(session("s", at(1, 9), track="x", room="x"))),
        now=NOW,
        since=SINCE,
    )
    assert names_in(octets) <= names_in(known)


def test_a_room_has_a_feed_whatever_it_is_called():
    """Also with a character that no calendar can hold."""
    name = "Hall \ud800\x00"
    found = conference(session("s", at(1, 9), room=name))
    assert sessions_in(feed_of(found, "room", name)) == ["s"]


def names_in(octets: bytes) -> set[bytes]:
    return set(re.findall(rb"^([A-Z0-9-]+)[;:]", octets.replace(b"\r\n ", b""), re.MULTILINE))


# -- what is in which


def test_each_feed_has_its_sessions():
    """All, those of a track, those in a room (once is enough), those that concern a person."""
    found = two_days()
    assert sessions_in(feed_of(found)) == ["opening", "panel", "closing", "clinic", "clinic", "clinic"]
    assert sessions_in(feed_of(found, "track", "Teaching")) == ["opening", "closing"]
    assert sessions_in(feed_of(found, "room", "Room 2")) == ["panel", "closing"]
    assert sessions_in(feed_of(found, "room", "Room 3")) == ["clinic"] * 3
    assert sessions_in(feed_of(found, "person", concerning=frozenset({"panel"}))) == ["panel"]
    assert sessions_in(feed_of(found, "deadlines")) == []
    assert names_of(found, "track") == ("Teaching", "Policy, law")
    assert names_of(found, "room") == ("Hall", "Room 2", "Room 3")
    assert names_of(found, "conference") == ()


def test_each_session_is_an_event_whatever_people_are_invited_to():
    """Invites may be by day; a feed is by session, under the UID that invites to sessions have."""
    plan = CalendarPlan(organizer="gmc@example.org", invite="one a day")
    found = two_days(calendar=plan)
    assert len(planned_events(found, now=NOW)) == 3
    calendar = feed_of(found)
    uids = [each.value("UID") for each in events_of(calendar) if not each.all("TRANSP")]
    assert set(uids) == {event_uid(CONFERENCE_UID, each.id) for each in found.sessions}


def test_uid_and_sequence_are_those_of_invites():
    """Also where a session was renamed after it was told."""
    found, events = moved(two_days(), "panel")
    organizer = Mailbox("", "gmc@example.org")
    for event in events:
        invite = Invite(
            method="REQUEST", organizer=organizer, attendee=organizer, **composed(found, event, "en")
        )
        invited = event_named(read(invite_to_ical(invite)).components[0], event.id)
        published = event_named(feed_of(found, events=events), event.id)
        for name in ("UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "RRULE"):
            assert published.value(name) == invited.value(name)
    cache = FeedCache()
    for names, first in (({}, "panel"), ({"panel": "debate"}, "debate")):
        renamed = feed_of(found, events=events, known_as=names, cache=cache)
        assert event_named(renamed, "panel").value("UID") == event_uid(CONFERENCE_UID, first)


def test_the_link_to_take_part_is_in_a_persons_feed_alone():
    """With its type, its features as two values, and a label; in the text too; and not where a session is off."""
    found = two_days()
    personal = feed_of(found, "person", "r-1")
    opening = event_named(personal, "opening")
    (line,) = opening.all("CONFERENCE")
    assert line.value == "https://example.org/live"
    assert line.parameters == {"VALUE": "URI", "FEATURE": "AUDIO,VIDEO", "LABEL": "opening"}
    assert "https://example.org/live" in opening.value("DESCRIPTION")
    off = [each for each in events_of(personal) if each.value("STATUS") == "CANCELLED"]
    assert len(off) == 1
    assert not off[0].all("CONFERENCE")
    for kind, about in (("conference", ""), ("track", "Teaching"), ("room", "Hall"), ("deadlines", "")):
        data = feed_to_ical(make_feed(found, kind, about), found, told(found), now=NOW, since=SINCE)
        assert b"example.org/live" not in data
        assert b"example.org/elsewhere" not in data


def test_a_link_on_the_venue_is_no_secret_that_leaks():
    """The link of the whole conference is not for the public either."""
    found = two_days(venue=None)
    found = evolve(
        found, sessions=tuple(evolve(each, join="https://example.org/secret") for each in found.sessions)
    )
    data = feed_to_ical(make_feed(found, "conference"), found, told(found), now=NOW, since=SINCE)
    assert b"secret" not in data


def test_what_a_feed_says_of_itself():
    """By RFC 7986 and by the names that Apple and Outlook know; values with the types that they have to have."""
    found = two_days()
    calendar = feed_of(found, colour="SteelBlue", source="https://gmc.example.org/a b.ics".replace(" ", "%20"), image="https://gmc.example.org/logo.png")  # fmt: skip
    said = {each.name: each.value for each in calendar.properties}
    assert said["NAME"] == said["X-WR-CALNAME"] == "Testing Days"
    assert said["DESCRIPTION"] == said["X-WR-CALDESC"] == "What works"
    assert said["REFRESH-INTERVAL"] == said["X-PUBLISHED-TTL"] == "PT4H"
    assert said["COLOR"] == "steelblue"
    assert said["SOURCE"] == "https://gmc.example.org/a%20b.ics"
    assert said["X-WR-TIMEZONE"] == BERLIN
    assert said["LAST-MODIFIED"] == "20260501T080000Z"
    assert "METHOD" not in said
    types = {each.name: each.parameters.get("VALUE") for each in calendar.properties}
    assert (types["REFRESH-INTERVAL"], types["SOURCE"], types["IMAGE"]) == ("DURATION", "URI", "URI")
    (image,) = calendar.all("IMAGE")
    assert (image.value, image.parameters["DISPLAY"]) == ("https://gmc.example.org/logo.png", "BADGE")
    others = [feed_of(found, "track", "Teaching"), feed_of(found, "deadlines"), feed_of(found, locale="fr")]
    assert len({said["UID"], *(each.value("UID") for each in others)}) == 4
    assert event_named(calendar, "panel").value("CATEGORIES") == "Policy\\, law"
    assert event_named(calendar, "panel").value("LAST-MODIFIED") == "20260501T080000Z"


def test_names_and_texts_are_in_the_readers_language():
    """The feed's own, and those of deadlines."""
    found = two_days()
    assert make_feed(found, "conference", locale="fr").name == "Journées des tests"
    assert make_feed(found, "track", "Teaching").name == "Testing Days: Teaching"
    assert make_feed(found, "deadlines", locale="fr").name == "Journées des tests: Dates limites"
    titles = [each.value("SUMMARY") for each in events_of(feed_of(found, "deadlines", locale="fr"))]
    assert titles == [
        "Clôture de l'appel à contributions (Journées des tests)",
        "Clôture des inscriptions (Journées des tests)",
    ]


@pytest.mark.parametrize(
    ("refresh", "said"),
    [(timedelta(hours=36), "PT36H"), (timedelta(minutes=90), "PT90M"), (timedelta(seconds=61), "PT61S")],
)
def test_the_interval_is_said_in_one_unit(refresh, said):
    """In the largest that says it exactly."""
    assert feed_of(two_days(), refresh=refresh).value("REFRESH-INTERVAL") == said


def test_a_public_organizer_is_an_address_for_everybody():
    """Not one with a person's token in it; and where there is no address, nobody is named."""

    def named(found: Conference) -> list[str]:
        return [each.value for each in event_named(feed_of(found), "opening").all("ORGANIZER")]

    assert named(two_days(calendar=CalendarPlan(organizer="gmc@example.org"))) == ["mailto:gmc@example.org"]
    tokens = CalendarPlan(organizer="gmc+{token}@example.org")
    assert named(two_days(calendar=tokens)) == ["mailto:office@example.org"]
    assert named(two_days(calendar=tokens, contact=None)) == []


# -- days and deadlines


def bars(calendar: Component) -> list[tuple[str, str]]:
    found = [each for each in events_of(calendar) if each.all("DTSTART")[0].parameters.get("VALUE") == "DATE"]
    assert all(each.value("TRANSP") == "TRANSPARENT" for each in found)
    return [(each.value("DTSTART"), each.value("DTEND")) for each in found]


def test_a_conference_of_several_days_has_a_bar_over_them():
    """From the first day to the one after the last; not where it was not wanted, and not over a weekly series."""
    found = two_days()
    assert bars(feed_of(found)) == [("20260901", "20260903")]
    assert bars(feed_of(found, "person")) == [("20260901", "20260903")]
    assert bars(feed_of(found, "track", "Teaching")) == []
    assert bars(feed_of(found, with_days=False)) == []
    assert bars(feed_of(conference(session("a", at(1, 9))))) == []


def test_days_are_those_of_the_conference():
    """A session that ends at midnight is not held on the next day; a weekend does not cut a run, a week does."""
    night = [session("a", at(1, 22), 2), session("b", at(2, 22), 2)]
    assert bars(feed_of(conference(*night))) == [("20260901", "20260903")]
    tokyo = Moment.at(datetime(2026, 9, 3, 6), "Asia/Tokyo")  # 23:00 on the day before in Berlin
    assert bars(feed_of(conference(session("a", at(1, 9)), session("b", tokyo)))) == [
        ("20260901", "20260903")
    ]
    runs = [session(f"s-{day}", at(day, 9)) for day in (1, 2, 5, 9, 14, 15)]
    assert bars(feed_of(conference(*runs))) == [("20260901", "20260906"), ("20260914", "20260916")]
    daily = session("a", at(1, 9), repeat=Repeat(every="day", count=3))
    assert bars(feed_of(conference(daily))) == [("20260901", "20260904")]
    off = [session("a", at(1, 9)), session("b", at(2, 9), status="cancelled")]
    assert bars(feed_of(conference(*off))) == []


def test_a_bar_keeps_its_uid_and_rises_when_days_move():
    """So that clients move it."""
    before = two_days()
    after, events = moved(before, "closing", hours=24)
    first, second = (events_of(feed)[0] for feed in (feed_of(before), feed_of(after, events=events)))
    assert (first.value("DTEND"), second.value("DTEND")) == ("20260903", "20260904")
    assert first.value("UID") == second.value("UID")
    assert (first.value("SEQUENCE"), second.value("SEQUENCE")) == ("0", "1")
    assert first.value("DTSTAMP") < second.value("DTSTAMP")


def test_deadlines_are_at_the_instant_of_closing():
    """Transparent, in UTC, and in words what the last moment is; the UID stays when a deadline is extended."""
    found = two_days()
    before = feed_of(found, "deadlines")
    call, registration = events_of(before)
    assert registration.value("DTSTART") == "20260731T220000Z"
    assert call.value("DTSTART") == "20260716T120000Z"
    assert not registration.all("DTEND")
    assert registration.value("TRANSP") == "TRANSPARENT"
    assert registration.value("DESCRIPTION").startswith("Closes when Saturday 1 August 2026 begins")
    later = found.deadlines["registration"].extended(
        before=date(2026, 8, 10), reason="Holidays", announced_at=datetime(2026, 7, 1, tzinfo=UTC)
    )
    personal = later.extended(
        before=date(2026, 8, 20), reason="Ill", announced_at=datetime(2026, 7, 2, tzinfo=UTC), person="r-1"
    )
    extended = evolve(found, deadlines={**found.deadlines, "registration": personal})
    after = events_of(feed_of(extended, "deadlines"))[1]
    assert after.value("UID") == registration.value("UID")
    assert after.value("DTSTART") == "20260809T220000Z"
    assert (registration.value("SEQUENCE"), after.value("SEQUENCE")) == ("0", "1")


def test_a_feed_of_nothing_is_an_object_all_the_same():
    """With the conference's zone: an object without any component is none."""
    calendar = feed_of(conference(deadlines={}))
    assert [each.name for each in calendar.components] == ["VTIMEZONE"]
    assert [each.name for each in feed_of(conference(deadlines={}), "deadlines").components] == ["VTIMEZONE"]


# -- what is cancelled


def test_a_cancelled_session_stays_for_the_stated_time():
    """As cancelled, so that whoever subscribes sees it; then it is gone, and the feed says that it changed."""
    plan = CalendarPlan(organizer="gmc@example.org", cancelled_for=timedelta(days=7))
    found = conference(session("a", at(1, 9), status="cancelled"), session("b", at(1, 11)), calendar=plan)
    leaves = at(1, 10).instant + timedelta(days=7)
    shown = feed_of(found, now=leaves - timedelta(seconds=1))
    assert event_named(shown, "a").value("STATUS") == "CANCELLED"
    gone = feed_of(found, now=leaves)
    assert sessions_in(gone) == ["b"]
    assert (shown.value("LAST-MODIFIED"), gone.value("LAST-MODIFIED")) == (
        "20260501T080000Z",
        "20260908T080000Z",
    )


def test_time_alone_takes_a_cancelled_session_out_of_what_was_kept():
    """And puts it back, should the clock be set back."""
    found = conference(session("a", at(1, 9), status="cancelled"), session("b", at(1, 11)))
    cache, leaves = FeedCache(), at(1, 10).instant + timedelta(days=30)
    for now, titles in ((NOW, ["a", "b"]), (leaves, ["b"]), (NOW, ["a", "b"])):
        assert sessions_in(feed_of(found, now=now, cache=cache)) == titles


def test_a_cancelled_date_stays_as_long_as_its_series():
    """Without it the rule would bring the date back."""
    calendar = feed_of(two_days(), now=datetime(2026, 12, 31, tzinfo=UTC))
    off = [each for each in events_of(calendar) if each.value("STATUS") == "CANCELLED"]
    assert [each.value("RECURRENCE-ID") for each in off] == ["20260916T170000"]


def test_a_cancelled_session_stays_for_ever_where_the_time_is_longer_than_time():
    """No overflow."""
    plan = CalendarPlan(organizer="gmc@example.org", cancelled_for=timedelta(days=999_999_999))
    found = conference(session("a", at(1, 9), status="cancelled"), calendar=plan)
    assert sessions_in(feed_of(found)) == ["a"]


# -- a series over the turn of a year


def test_zones_are_right_until_the_last_date_of_a_series():
    """Cairo's changes of clocks are said one by one: those of the years to come as well."""
    starts = Moment.at(datetime(2026, 11, 4, 18), "Africa/Cairo")
    found = conference(session("a", starts, repeat=Repeat(every="week", count=40)))
    data = feed_to_ical(make_feed(found, "conference"), found, told(found), now=NOW, since=SINCE)
    clock = zones_of(data, 2028)["Africa/Cairo"]
    for each in found.sessions[0].dates:
        assert clock.readings(each.starts.wall) == [each.starts.instant]


# -- what was told


def test_parts_of_a_day_are_as_they_were_told():
    """With its times and its stamp, and a SEQUENCE that never falls."""
    plan = CalendarPlan(organizer="gmc@example.org", invite="one a day")
    found = two_days(calendar=plan)
    stamp = datetime(2026, 5, 20, tzinfo=UTC)
    days = [evolve(each, sequence=2, dtstamp=stamp) for each in planned_events(found, now=NOW)]
    by_id = {each.id: each for each in session_events(found, days, since=SINCE, sequence=5)}
    assert (by_id["panel"].sequence, by_id["panel"].dtstamp) == (5, stamp)
    assert (by_id["clinic"].sequence, by_id["clinic"].dtstamp) == (2, stamp)
    assert by_id["panel"].starts == at(1, 11)
    newer, _ = moved(found, "panel")
    stale = {each.id: each for each in session_events(newer, days, since=SINCE, sequence=5)}
    assert stale["panel"].starts == at(1, 11)


def test_what_nobody_was_told_has_the_uid_that_invites_will_have():
    """Stamped with the document."""
    (event,) = told(conference(session("a", at(1, 9))))
    assert (event.id, event.sequence, event.dtstamp) == ("a", 0, SINCE)


# -- the same bytes, and what it costs


@pytest.mark.slow
def test_the_same_state_gives_the_same_bytes():
    """At any time, in any process, whatever the seed of its hashes."""
    found = two_days()
    made = {
        feed_to_ical(make_feed(found, "conference"), found, told(found), now=now, since=SINCE)
        for now in (NOW, NOW + timedelta(days=20))
    }
    (data,) = made
    code = (
        "import sys; from tests.feed_samples import *; from conferencekit.calendar.feed import *; found = two_days();"
        "sys.stdout.buffer.write("
        "feed_to_ical(make_feed(found, 'conference'), found, told(found), now=NOW, since=SINCE))"
    )
    for seed in "123":
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        )
        assert done.stdout == data


@pytest.mark.slow
@given(st.data())
@examples(30)
def test_what_was_kept_changes_no_byte(data):
    """A cache that saw other conferences, feeds, languages and times gives what a new one gives."""
    cache = FeedCache()
    first, second = data.draw(programmes()), data.draw(programmes())
    kinds = [
        make_feed(first, kind, locale=locale) for kind in ("conference", "person") for locale in ("en", "fr")
    ]
    for found in (first, second, first):
        for feed in kinds:
            now = data.draw(st.datetimes(datetime(2020, 1, 1), datetime(2050, 1, 1), timezones=st.just(UTC)))
            given_ = {"now": now, "since": data.draw(st.sampled_from([SINCE, NOW]))}
            kept = feed_to_ical(feed, found, told(found), cache=cache, **given_)
            assert kept == feed_to_ical(feed, found, told(found), **given_)


def test_a_cache_holds_so_much_and_no_more(monkeypatch):
    """It is emptied when it is full."""
    monkeypatch.setattr("conferencekit.calendar.feed._MOST", 2)
    cache = FeedCache()
    for number in range(5):
        found = two_days(website=f"https://gmc.example.org/{number}")
        feed = evolve(make_feed(found, "conference"), name=f"Feed {number}")
        assert sessions_in(feed_of(found, cache=cache)) == sessions_in(feed_of(found))
        feed_to_ical(feed, found, told(found), now=NOW, since=SINCE, cache=cache)
    fewer = evolve(found, sessions=found.sessions[:1])
    feed_of(fewer, cache=cache)
    assert len(cache._whole) <= 2
    assert len(cache._pieces) <= 2
    assert [list(each) for each in cache._pieces.values()][-1] == ["opening"]


def test_two_conferences_may_share_a_cache():
    """Their events are told apart, though everything in them but the conference is the same."""
    cache, one = FeedCache(), two_days()
    other = evolve(one, uid="00000000-8b86-4011-b42d-00cf4fc964ff")
    for found in (one, other):
        uids = {event_uid(found.uid, each.id) for each in found.sessions}
        calendar = feed_of(found, cache=cache)
        assert {each.value("UID") for each in events_of(calendar) if not each.all("TRANSP")} == uids


def test_only_what_changed_is_written_again(monkeypatch):
    """Of two hundred sessions one moves: one is written. Nothing moves: the very same bytes."""
    written = []
    make = feed_module._make_piece

    def count(conference_now: Conference, event: Event, *rest: object) -> object:
        written.append(event.id)
        return make(conference_now, event, *rest)

    monkeypatch.setattr(feed_module, "_make_piece", count)
    found, cache = many(200), FeedCache()
    feed = make_feed(found, "conference")
    feed_to_ical(feed, found, told(found), now=NOW, since=SINCE, cache=cache)
    assert len(written) == 200
    after, events = moved(found, "s-50")
    kept = feed_to_ical(feed, after, events, now=NOW, since=SINCE, cache=cache)
    assert written[200:] == ["s-50"]
    again = feed_to_ical(feed, after, events, now=NOW + timedelta(hours=4), since=SINCE, cache=cache)
    assert again is kept
    feed_to_ical(make_feed(found, "track", "Track 1"), after, events, now=NOW, since=SINCE, cache=cache)
    assert len(written) == 201
    assert kept == feed_to_ical(feed, after, events, now=NOW, since=SINCE)


# -- what cannot be


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"colour": "red\r\nX-INJECTED:1"}, "no name of CSS3"),
        ({"colour": "#ff0000"}, "no name of CSS3"),
        ({"source": "javascript:alert(1)"}, "not the address"),
        ({"source": "https://example.org/a\r\nX-INJECTED:1"}, "not the address"),
        ({"image": "logo.png"}, "not the address"),
        ({"name": " \u202e "}, "no name"),
        ({"kind": "everything"}, "none of conference, track"),
        ({"refresh": timedelta(0)}, "every 0:00:00"),
    ],
)
def test_what_cannot_stand_in_a_calendar_is_refused(facts, said):
    """By an exception that says why."""
    with pytest.raises(InvalidCalendar, match=re.escape(said)):
        Feed(**{"kind": "conference", "locale": "en", "name": "x", **facts})


def test_a_colour_is_refused_without_assertions_too():
    """`python -O` takes none of it."""
    code = (
        "from conferencekit.calendar.feed import Feed\n"
        "from conferencekit.errors import InvalidCalendar\n"
        "try:\n    Feed(kind='conference', locale='en', name='x', colour='red\\r\\nX-INJECTED:1')\n"
        "except InvalidCalendar:\n    print('refused')"
    )
    done = subprocess.run([sys.executable, "-O", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "refused\n"


@pytest.mark.parametrize("kind", ["track", "room"])
def test_a_track_or_room_that_there_is_not_is_named_with_those_that_there_are(kind):
    """For whoever mistyped it."""
    with pytest.raises(InvalidText, match=rf"No session has this {kind}\. There are: '(Teaching|Hall)'"):
        make_feed(two_days(), kind, "Teach")
    with pytest.raises(InvalidText, match="There are: none"):
        make_feed(conference(), kind, "Teach")


def test_a_feed_is_no_message():
    """The judge of messages refuses it, and the judge of feeds what clients would take for a message."""
    data = feed_to_ical(
        make_feed(two_days(), "conference"), two_days(), told(two_days()), now=NOW, since=SINCE
    )
    assert any("METHOD" in each for each in validate(data, "REQUEST"))
    for old, new, said in (
        (b"CALSCALE:", b"METHOD:PUBLISH\r\nCALSCALE:", "METHOD"),
        (b"REFRESH-INTERVAL;VALUE=DURATION", b"REFRESH-INTERVAL", "REFRESH-INTERVAL"),
        (b"TRANSP:TRANSPARENT", b"ATTENDEE:mailto:a@example.org", "1 ATTENDEE"),
    ):
        assert old in data
        assert said in "; ".join(validate(data.replace(old, new), FEED))
