"""Calendars of others become sessions: what programs write, what is broken, and what is meant to do harm."""

from __future__ import annotations

import tomllib
import tracemalloc
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import icalendar
import pytest
from attrs import evolve
from hypothesis import assume, given
from hypothesis import strategies as st
from tests import calendar_files as files
from tests.calendar_files import calendar, timezone
from tests.invite_samples import HOSTILE, ORGANIZER
from tests.invite_samples import moments as any_moments

from conferencekit.calendar.composing import composed
from conferencekit.calendar.feed import feed_to_ical, make_feed
from conferencekit.calendar.feed_events import session_events
from conferencekit.calendar.importing import ImportLimits, read_calendar
from conferencekit.calendar.invite import CalendarEvent
from conferencekit.calendar.lines import text_value
from conferencekit.calendar.planned import session_event
from conferencekit.calendar.vtimezone import is_abbreviation, is_utc, shows_twice
from conferencekit.calendar.writing import event_to_ical
from conferencekit.conference import Conference
from conferencekit.document import conference_from_text, dump_sessions
from conferencekit.document.lines import table_lines
from conferencekit.errors import InvalidImport, InvalidTime, UnknownZone
from conferencekit.mailbox import LONGEST_NAME, Mailbox
from conferencekit.moment import Moment
from conferencekit.programme.series import Occurrence, Repeat, moment_on
from conferencekit.programme.session import Session
from conferencekit.text import LocalizedText


def moments() -> st.SearchStrategy[Moment]:
    """Any moment of a whole second: calendars know no fractions."""
    return any_moments().map(lambda each: evolve(each, wall=each.wall.replace(microsecond=0)))


def at(text: str, zone: str) -> Moment:
    return Moment.at(datetime.fromisoformat(text), zone)


def told(found) -> list[str]:
    return [each.text for each in found.repairs]


def asked(found) -> list[str]:
    return [each.text for each in found.questions]


def only(data: bytes, **answers: object) -> Session:
    """The one session of a file that leaves no question open."""
    found = read_calendar(data, **answers)
    assert found.questions == ()
    (session,) = found.sessions
    return session


# -- what programs write


def test_google():
    """UTC in the calendar's own zone, HTML as text, a series with a date left out and one moved, whole days left out."""
    found = read_calendar(files.GOOGLE)
    group, opening = found.sessions
    assert (found.name, found.zone) == ("Open Learning Days", "Europe/Paris")
    assert (opening.id, opening.starts) == ("opening", at("2027-06-10 10:00", "Europe/Paris"))
    assert opening.description.text() == "Welcome\xa0by the rector\nCoffee follows\nBring a cup"
    assert (opening.room, opening.join) == (
        "Amphi A, 4 rue Example, 75005 Paris",
        "https://meet.google.com/abc-defg-hij",
    )
    assert group.repeat == Repeat(every="week", count=7)
    assert group.exceptions == (
        Occurrence(date=date(2027, 3, 18), status="cancelled"),
        Occurrence(date=date(2027, 4, 1), starts=at("2027-04-02 17:00", "Europe/Paris"), room="Room 5"),
    )
    assert told(found) == [
        "its description was HTML, and became plain text",
        "is of whole days (2027-06-10), no session, and was left out",
    ]
    assert found.origins == {"opening": "1a2b3c@google.com", "reading-group": "weekly@google.com"}


def test_outlook_and_exchange():
    """Windows' names of zones, also as people see them; the link of a Teams meeting; days that are written as times."""
    found = read_calendar(files.EXCHANGE)
    start, workshop = found.sessions
    assert (start.starts, start.status) == (at("2027-03-03 09:00", "Europe/Berlin"), "tentative")
    assert start.join.startswith("https://teams.microsoft.com/l/meetup-join/19%3ameeting_x")
    assert workshop.starts == at("2027-07-01 09:00", "Europe/Helsinki")
    assert "the zone 'W. Europe Standard Time' is Europe/Berlin" in told(found)
    assert "is of whole days (2027-05-01), no session, and was left out" in told(found)
    assert "has no place in a session: VALARM (1)" in told(found)


def test_apple():
    """Text on several lines in a place, and a series by the month across a change of clocks."""
    session = only(files.APPLE)
    assert (session.title.text(), session.room) == ("Peer grading, live", "Hall 2 Broadway 1, New York")
    assert session.repeat == Repeat(every="month", count=3)
    assert [each.starts.instant.hour for each in session.dates] == [13, 13, 13]


def test_nextcloud():
    """DURATION, a list of EXDATE, a date that is cancelled, a link for a place, and categories."""
    found = read_calendar(files.NEXTCLOUD)
    (session,) = found.sessions
    assert session.ends == at("2027-01-11 19:30", "Europe/Berlin")
    assert (session.room, session.join, session.track) == (None, "https://bbb.example.org/b/montag", "Reihe")
    assert [each.date.day for each in session.exceptions] == [18, 25, 1]
    assert {each.status for each in session.exceptions} == {"cancelled"}
    assert told(found) == ["has more than one category: the first is its track"]


def test_pretalx_and_vobject():
    """An abbreviation whose clocks are those of the zone of that name."""
    found = read_calendar(files.PRETALX)
    assert found.sessions[0].starts.instant == datetime(2027, 7, 10, 8, tzinfo=UTC)
    assert told(found) == ["has no place in a session: URL (1)"]


def test_indico():
    """UTC without any zone is UTC; with the zone that was given it is shown in that."""
    assert only(files.INDICO).starts == at("2027-05-02 12:00", "UTC")
    assert only(files.INDICO, zone="europe/zurich").starts == at("2027-05-02 14:00", "Europe/Zurich")


def test_thunderbird_and_evolution():
    """Prefixes of libical and Mozilla before IANA's names."""
    tea, coffee = sorted(
        read_calendar(files.THUNDERBIRD).sessions, key=lambda each: each.title.text(), reverse=True
    )
    assert tea.starts == at("2027-07-01 16:00", "Europe/London")
    assert (coffee.id, coffee.starts) == ("cafe", at("2027-07-01 09:00", "Europe/Paris"))


CORPUS = sorted((Path(icalendar.__file__).parent / "tests" / "calendars").glob("*.ics"))
# One says itself that 7:00:01 is the first of two, which RFC 5545 wants; icalendar takes the second.
OTHERWISE = {"issue_722_timezone_transition_ambiguity.ics"}


@pytest.mark.skipif(not CORPUS, reason="this release of icalendar comes without its tests")
@pytest.mark.filterwarnings("ignore")
def test_the_files_that_icalendar_is_tested_with_say_the_same():
    """A hundred files of many programs, most of them broken: what both read of single events is the same instant."""
    compared = 0
    for path in (each for each in CORPUS if each.name not in OTHERWISE):
        data = path.read_bytes()
        try:
            found = read_calendar(data, until=date(2030, 1, 1))
            theirs = icalendar.Calendar.from_ical(data, multiple=True)
        except (InvalidImport, ValueError):
            continue
        by_uid = {origin: found_of(found, each) for each, origin in found.origins.items()}
        for event in (event for each in theirs for event in each.walk("VEVENT")):
            starts = started(event)
            session = by_uid.get(str(event.get("UID")))
            if session and isinstance(starts, datetime) and starts.tzinfo and "RECURRENCE-ID" not in event:
                assert session.starts.instant == starts, path.name
                compared += 1
    assert compared > 20  # older versions of icalendar have fewer files


def started(event: icalendar.Event) -> object:
    try:
        return event["DTSTART"].dt
    except (AttributeError, KeyError, ValueError):
        return None


def found_of(found, session_id: str) -> Session:
    return next(each for each in found.sessions if each.id == session_id)


# -- zones


TIMES = "UID:{0}\nSUMMARY:{0}\nDTSTART;TZID={1}:20270704T100000\nDTEND;TZID={1}:20270704T110000"


def test_a_zone_of_one_file_is_not_the_zone_of_the_next():
    """Two files, in one process, call different clocks by the same name."""
    berlin = calendar(TIMES.format("a", "Conf Time"), zones=timezone("Conf Time", "+0100", "+0200"))
    minsk = calendar(TIMES.format("a", "Conf Time"), zones=timezone("Conf Time", "+0300", "+0400"))
    for data, hour in ((berlin, 8), (minsk, 6), (berlin, 8)):
        assert only(data).starts.instant == datetime(2027, 7, 4, hour, tzinfo=UTC)


def test_a_zone_of_the_file_becomes_the_zone_that_has_its_clocks():
    """By its hint, else the calendar's own zone, else one that many use; else its times are instants."""
    event = TIMES.format("a", "X")
    plain = timezone("X", "+0100", "+0200")
    hint = timezone("X", "+0100", "+0200", "X-LIC-LOCATION:Europe/Madrid\n")
    wrong = timezone("X", "+0100", "+0200", "X-LIC-LOCATION:Asia/Tokyo\n")
    zones = [
        only(calendar(event, zones=each, head=head)).starts.zone
        for each, head in ((hint, ""), (wrong, "X-WR-TIMEZONE:Europe/Rome\n"), (plain, ""))
    ]
    assert zones == ["Europe/Madrid", "Europe/Rome", "Europe/Berlin"]
    named = event.replace("TZID=X", "TZID=custom_Europe/Vienna 1")
    rules = timezone("custom_Europe/Vienna 1", "+0100", "+0200")
    assert only(calendar(named, zones=rules)).starts.zone == "Europe/Vienna"
    odd = read_calendar(calendar(event, zones=timezone("X", "+0117", "+0217")))
    assert odd.sessions[0].starts == at("2027-07-04 07:43", "UTC")
    assert any("no zone that is known has its clocks (on 2027-07-04 UTC+02:17)" in each for each in told(odd))


def test_a_zone_that_contradicts_the_zone_data_is_told_with_both_instants():
    """The zone data counts."""
    found = read_calendar(
        calendar(TIMES.format("a", "Asia/Tokyo"), zones=timezone("Asia/Tokyo", "+0800", "+0800"))
    )
    assert found.sessions[0].starts.instant == datetime(2027, 7, 4, 1, tzinfo=UTC)
    assert told(found)[0] == (
        "by the file's VTIMEZONE 2027-07-04 10:00:00 in Asia/Tokyo is 2027-07-04 02:00 UTC, by the zone data it is "
        "2027-07-04 01:00 UTC: the zone data counts"
    )


def test_an_abbreviation_means_what_the_file_says_of_it():
    """EST is Panama to IANA; programs call other clocks so."""
    found = read_calendar(calendar(TIMES.format("a", "EST"), zones=timezone("EST", "-0500", "-0400")))
    assert found.sessions[0].starts.instant == datetime(2027, 7, 4, 14, tzinfo=UTC)
    assert any("'EST' is the file's own" in each for each in told(found))
    assert only(calendar(TIMES.format("a", "EST"))).starts == at("2027-07-04 10:00", "EST")


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("Pacific Standard Time", "America/Los_Angeles"),
        ("europe/berlin", "Europe/Berlin"),
        ("America/New York", "America/New_York"),
        ("(UTC-05:00) Eastern Time (US & Canada)", "America/New_York"),
        ("(UTC+01:00) Amsterdam\\, Berlin", "Europe/Amsterdam"),
        ("(GMT+01.00) Paris", "Europe/Paris"),
        ("(UTC) Coordinated Universal Time", "UTC"),
        ("tzone://Microsoft/Utc", "UTC"),
    ],
)
def test_names_of_zones(name, zone):
    """As Windows, Exchange and others write them, in quotes or not, and without any VTIMEZONE."""
    quoted = '"' + name.replace("\\,", ",") + '"'
    assert only(calendar(TIMES.format("a", quoted))).starts == at("2027-07-04 10:00", zone)


def test_a_name_with_a_colon_and_without_quotes_is_read():
    """As broken as it is, it occurs."""
    session = only(calendar(TIMES.format("a", "(UTC+01:00) Amsterdam, Berlin, Bern")))
    assert session.starts == at("2027-07-04 10:00", "Europe/Amsterdam")


def test_a_name_that_fits_no_offset_is_asked_about():
    """Berlin is not at UTC+05:00; the answer is one zone for all that have none."""
    data = calendar(TIMES.format("a", '"(UTC+05:00) Berlin"'), TIMES.format("b", "Nowhere"))
    found = read_calendar(data)
    assert found.sessions == ()
    assert asked(found)[1] == "is in the zone 'Nowhere', which nobody knows. Say which one is meant (--zone)"
    answered = read_calendar(data, zone="Asia/Tokyo")
    assert answered.questions == ()
    assert [each.starts for each in answered.sessions] == [at("2027-07-04 10:00", "Asia/Tokyo")] * 2
    with pytest.raises(UnknownZone):
        read_calendar(data, zone="Nowhere")


FLOATING = "UID:a\nSUMMARY:A\nDTSTART:20270704T100000\nDTEND:20270704T110000"


def test_times_without_a_zone_are_asked_about():
    """Not even the calendar's own zone is taken for granted; it is what the question proposes."""
    found = read_calendar(calendar(FLOATING, head="X-WR-TIMEZONE:Europe/Rome\n"))
    assert found.sessions == ()
    assert asked(found) == [
        "has times without a zone. Say which one is meant, such as Europe/Rome, the calendar's own (--zone)"
    ]
    answered = read_calendar(calendar(FLOATING), zone="Europe/Rome")
    assert answered.sessions[0].starts == at("2027-07-04 10:00", "Europe/Rome")
    assert told(answered) == ["has times without a zone, which were read in Europe/Rome"]


@pytest.mark.parametrize(
    ("wall", "instant", "said"),
    [
        ("20271031T023000", datetime(2027, 10, 31, 0, 30, tzinfo=UTC), "show 2027-10-31 02:30:00 twice"),
        ("20270328T023000", datetime(2027, 3, 28, 1, 30, tzinfo=UTC), "never show 2027-03-28 02:30:00"),
    ],
)
def test_times_that_come_twice_or_never(wall, instant, said):
    """RFC 5545, 3.3.5: the first of two; by the clock before. With a VTIMEZONE or without."""
    event = f"UID:a\nSUMMARY:A\nDTSTART;TZID=Europe/Berlin:{wall}\nDURATION:PT10M"
    for zones in ("", timezone("Europe/Berlin", "+0100", "+0200")):
        found = read_calendar(calendar(event, zones=zones))
        assert found.sessions[0].starts.instant == instant
        assert [each for each in told(found) if said in each] == told(found)
    own = read_calendar(calendar(event.replace("Europe/Berlin", "X"), zones=timezone("X", "+0117", "+0217")))
    assert own.sessions[0].starts.instant == instant - timedelta(minutes=17)


# -- what is broken


@pytest.mark.parametrize(
    ("lines", "length", "said"),
    [
        ("DTSTART:20270704T100000Z", 60, "has no end, and was made an hour long"),
        ("DTSTART:20270704T100000Z\nDTEND:20270704T100000Z", 60, "has no length, and was made an hour long"),
        ("DTSTART:20270704T100000Z\nDURATION:PT0S", 60, "has no length, and was made an hour long"),
        ("DTSTART:20270704T100000Z\nDTEND;VALUE=DATE:20270705", 60, "has no end, and was made an hour long"),
        ("DTSTART:20270704T100000Z\nDURATION:P1DT2H", 26 * 60, None),
        ("DTSTART:20270704T100000Z\nDURATION:nonsense", 60, "has no end, and was made an hour long"),
        (
            "DTSTART:20270704T100000Z\nDTEND:20270704T103000Z\nDURATION:PT9H",
            30,
            "has both DTEND and DURATION: DTEND counts",
        ),
        (
            "DTSTART:2027-07-04T12:00:00+02:00\nDURATION:PT1H",
            60,
            "DTSTART is not written as it should be, and was read as 2027-07-04 10:00 UTC",
        ),
        (
            "DTSTART:20270704T100000Z\nDTSTART:20280704T100000Z\nDURATION:PT1H",
            60,
            "has 2 DTSTART: the first counts",
        ),
        ("DTSTART:20270703T240000\nDURATION:PT1H", 60, None),
        (
            "DTSTART:20270704T100000Z\nDURATION:PT1H\nSTATUS:MAYBE",
            60,
            "STATUS is 'MAYBE', and was taken for confirmed",
        ),
    ],
)
def test_what_can_be_repaired_is_and_is_told(lines, length, said):
    """One repair each."""
    found = read_calendar(calendar(f"UID:a\nSUMMARY:A\n{lines}"), zone="UTC")
    (session,) = found.sessions
    assert session.ends.instant - session.starts.instant == timedelta(minutes=length)
    assert session.starts.wall.date() == date(2027, 7, 4)
    assert said is None or told(found) == [said]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("DTSTART:20270704T100000Z\nDTEND:20270704T090000Z", "would end at"),
        ("DTSTART:20270704T100000Z\nDURATION:-PT1H", "would end at"),
        ("DTSTART:20270704T100000Z\nDTEND:20290704T090000Z", "is longer than a year"),
        ("DTSTART:20270704T100000Z\nDURATION:P999999W", "lasts 'P999999W'"),
        ("DTSTART:00010101T000000Z\nDTEND;TZID=Asia/Tokyo:00010101T000000", "which cannot be reckoned with"),
        ("DTSTART:20270704T100000Z\nRRULE:FREQ=DAILY", "repeats without end"),
        ("DTSTART:20270704T100000Z\nRRULE:FREQ=DAILY;COUNT=401", "has more than 400 dates"),
        ("DTSTART:20270704T100000Z\nRRULE:FREQ=SECONDLY;COUNT=1000000000", "does not repeat by the day"),
        ("DTSTART:20270704T100000Z\nRRULE:FREQ=DAILY;BYHOUR=1,2;COUNT=3", "a part that is not understood"),
        (
            "DTSTART:20240229T100000Z\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;COUNT=400",
            "too much to work out",
        ),
    ],
)
def test_what_only_a_person_can_know_is_asked(lines, said):
    """The event is not among the sessions; leaving it out answers every question."""
    data = calendar(f"UID:a\nSUMMARY:A\n{lines}")
    found = read_calendar(data)
    assert found.sessions == ()
    assert [said in each for each in asked(found)] == [True]
    assert found.questions[0].uid == "a"
    left = read_calendar(data, leave_out=["a"])
    assert (left.sessions, left.questions) == ((), ())


def test_a_series_without_end_ends_where_it_is_said():
    """The last day is the answer."""
    data = calendar("UID:a\nSUMMARY:A\nDTSTART:20270704T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;INTERVAL=2")
    assert only(data, until=date(2027, 7, 10)).repeat == Repeat(every="day", interval=2, count=4)


def test_the_last_day_counts_only_where_there_are_too_many_dates():
    """A series that ends by itself is as it is."""
    event = "UID:{0}\nSUMMARY:{0}\nDTSTART:20270704T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;{1}"
    found = read_calendar(
        calendar(
            event.format("a", "COUNT=20"),
            event.format("b", "UNTIL=20300101"),
            event.format("c", "UNTIL=soon"),
        ),
        until=date(2027, 7, 8),
    )
    assert {each.id: each.repeat.count for each in found.sessions} == {"a": 20, "b": 5, "c": 5}
    assert told(found) == ["its UNTIL is 'SOON', which is no time"]


def test_times_without_a_zone_beside_one_that_has_are_in_the_same():
    """DTEND, EXDATE and RECURRENCE-ID of programs that forget it."""
    other = "UID:a\nSUMMARY:A\nRECURRENCE-ID:20270705T100000\nDTSTART:20270705T090000Z\nDURATION:PT1H"
    data = calendar(
        "UID:a\nSUMMARY:A\nDTSTART;TZID=Asia/Tokyo:20270704T100000\nDTEND:20270704T110000\n"
        "RRULE:FREQ=DAILY;COUNT=4\nEXDATE:20270706T100000\nEXDATE:20290706T100000",
        other,
    )
    found = read_calendar(data)
    assert found.questions == ()
    assert [(each.date.day, each.status) for each in found.sessions[0].exceptions] == [
        (5, None),
        (6, "cancelled"),
    ]
    assert told(found) == [
        "DTEND has no zone, and was read in that of DTSTART",
        "names dates without a zone, which were read in that of its start",
        "leaves out a date that it has not",
    ]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("SUMMARY:A", "has no time at which it begins, and was left out"),
        ("DTSTART:soon", "DTSTART is 'soon', which is no time"),
        ("DTSTART;VALUE=DATE:20270704", "is of whole days (2027-07-04), no session, and was left out"),
    ],
)
def test_what_cannot_be_a_session_is_left_out_and_told(lines, said):
    """With its name."""
    found = read_calendar(calendar(f"UID:a\nSUMMARY:The day\n{lines}"))
    assert (found.sessions, found.questions) == ((), ())
    assert said in told(found)
    assert {each.title for each in found.repairs} == {"The day"}


def test_an_end_in_utc_is_shown_in_the_zone_of_the_start():
    """As Android writes it."""
    session = only(
        calendar("UID:a\nSUMMARY:A\nDTSTART;TZID=Europe/London:20270704T100000\nDTEND:20270704T100000Z")
    )
    assert session.ends == at("2027-07-04 11:00", "Europe/London")


def test_the_newest_of_what_comes_twice_counts():
    """By SEQUENCE, then DTSTAMP."""
    event = (
        "UID:a\nSUMMARY:{}\nSEQUENCE:{}\nDTSTAMP:20270101T00000{}Z\nDTSTART:20270704T100000Z\nDURATION:PT1H"
    )
    found = read_calendar(
        calendar(event.format("Old", 1, 3), event.format("New", 2, 1), event.format("Same", 2, 0))
    )
    assert [each.title.text() for each in found.sessions] == ["New"]
    twice = read_calendar(calendar(event.format("A", 1, 1)) + calendar(event.format("B", 1, 1)))
    assert [each.title.text() for each in twice.sessions] == ["A"]
    assert "comes again in another calendar of the file: the first counts" in told(twice)


def test_events_without_title_or_uid_or_calendar_are_events():
    """They get both, and the same id when they are read again."""
    lines = "BEGIN:VEVENT\r\nDTSTART:20270704T100000Z\r\nDURATION:PT1H\r\nEND:VEVENT\r\n"
    found = read_calendar(lines.encode())
    assert [each.title.text() for each in found.sessions] == ["Untitled session"]
    assert found == read_calendar(lines.encode())
    assert "has no title" in told(found)


def test_a_cancelled_calendar_has_cancelled_sessions():
    """METHOD:CANCEL is about all of its events."""
    event = "UID:a\nSUMMARY:A\nDTSTART:20270704T100000Z\nDURATION:PT1H"
    assert only(calendar(event, head="METHOD:CANCEL\n")).status == "cancelled"


@pytest.mark.parametrize(
    ("lines", "room", "join"),
    [
        ("LOCATION:Hall 1", "Hall 1", None),
        ("LOCATION:https://zoom.us/j/1?pwd=x", None, "https://zoom.us/j/1?pwd=x"),
        ("LOCATION:Hall 1 (https://zoom.us/j/1)", "Hall 1", "https://zoom.us/j/1"),
        ("LOCATION:Hall 1\\, https://zoom.us/j/1.", "Hall 1, .", "https://zoom.us/j/1"),
        (
            "CONFERENCE;VALUE=URI:tel:+1\nCONFERENCE;VALUE=URI:https://b.example/x",
            None,
            "https://b.example/x",
        ),
        (
            "LOCATION:Hall https://maps.example\nX-GOOGLE-CONFERENCE:https://g.example",
            "Hall https://maps.example",
            "https://g.example",
        ),
        ("CONFERENCE:https://user@b.example/x", None, None),
    ],
)
def test_places_and_links(lines, room, join):
    """A link by which people join is none to find a room by."""
    session = only(calendar(f"UID:a\nSUMMARY:A\nDTSTART:20270704T100000Z\nDURATION:PT1H\n{lines}"))
    assert (session.room, session.join) == (room, join)


def test_texts_that_no_document_takes_are_cleaned():
    """Bells, marks that turn lines round, and too much of it."""
    found = read_calendar(
        calendar(
            f"UID:a\nSUMMARY:A\u202eB{'x' * 600}\nDESCRIPTION:\u202etxt{'y' * 20_500}\n"
            "DTSTART:20270704T100000Z\nDURATION:PT1H\nLOCATION:  a\\nb "
        )
    )
    (session,) = found.sessions
    assert conference_from_text(document(session)).sessions == (session,)
    assert session.room == "a b"
    assert "its title was cut to 500 characters" in told(found)


@given(HOSTILE | st.text(st.sampled_from("\u202a\u202c\u2066\U0001ffff\u2028a\n<b> "), max_size=30))
def test_whatever_a_description_says_a_document_takes_it(text):
    """And a title, a room and a track."""
    value = text_value(text)
    fields = "".join(f"{name}:{value}\n" for name in ("SUMMARY", "DESCRIPTION", "LOCATION", "CATEGORIES"))
    data = calendar(f"UID:a\n{fields}DTSTART:20270704T100000Z\nDURATION:PT1H", head="X-A:Google\n")
    (session,) = read_calendar(data).sessions
    assert conference_from_text(document(session)).sessions == (session,)


def document(*sessions: Session) -> str:
    head = '[conference]\nid = "x"\ntitle = "X"\ntimezone = "UTC"\n\n'
    return head + dump_sessions(sessions, zone="UTC")


# -- ids


def test_ids_follow_from_titles_and_uids_and_not_from_the_order():
    """Where several are called the same, each has a part of its own; what was imported before keeps its id."""
    event = "UID:{}\nSUMMARY:{}\nDTSTART:20270704T100000Z\nDURATION:PT1H"
    events = [
        event.format("1", "Talk"),
        event.format("2", "Talk"),
        event.format("3", "开幕"),
        event.format("4", "End"),
    ]
    found, turned = read_calendar(calendar(*events)), read_calendar(calendar(*reversed(events)))
    assert found.origins == turned.origins
    assert sorted(found.origins) == ["end", "session-4e07", "talk-6b86", "talk-d473"]
    kept = read_calendar(calendar(*events), ids={"1": "opening", "other": "end"})
    assert kept.origins["opening"] == "1"
    assert kept.origins["talk"] == "2"
    assert "end" not in kept.origins


# -- series


def series(*lines: str, others: tuple[str, ...] = ()) -> bytes:
    """A series at 10:00 in Berlin from 4 January 2027 (a Monday) on, an hour each."""
    first = "UID:a\nSUMMARY:A\nDTSTART;TZID=Europe/Berlin:20270104T100000\nDTEND;TZID=Europe/Berlin:20270104T110000\n"
    return calendar(first + "\n".join(lines), *others)


@pytest.mark.parametrize(
    ("rule", "repeat"),
    [
        ("FREQ=DAILY;COUNT=5", Repeat(every="day", count=5)),
        ("FREQ=WEEKLY;COUNT=5;BYDAY=MO;WKST=SU", Repeat(every="week", count=5)),
        ("FREQ=WEEKLY;INTERVAL=2;UNTIL=20270201T090000Z", Repeat(every="week", interval=2, count=3)),
        ("FREQ=WEEKLY;INTERVAL=2;UNTIL=20270201T085959Z", Repeat(every="week", interval=2, count=2)),
        ("FREQ=WEEKLY;UNTIL=20270118", Repeat(every="week", count=3)),
        ("FREQ=MONTHLY;BYMONTHDAY=4;COUNT=3", Repeat(every="month", count=3)),
        ("FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=4;COUNT=3", Repeat(every="month", interval=12, count=3)),
        ("FREQ=DAILY;BYDAY=MO;COUNT=3", Repeat(every="week", count=3)),
        ("FREQ=DAILY;BYHOUR=10;BYMINUTE=0;BYSECOND=0;COUNT=3", Repeat(every="day", count=3)),
        ("freq=daily;count=3", Repeat(every="day", count=3)),
        ("FREQ=DAILY;COUNT=3;BYDAY=MO, TU, WE", Repeat(every="day", count=3)),
    ],
)
def test_rules_that_a_document_can_say(rule, repeat):
    """However they are phrased."""
    assert only(series(f"RRULE:{rule}")).repeat == repeat


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("FREQ=WEEKLY;BYDAY=MO,WE;COUNT=4", ["0104", "0106", "0111", "0113"]),
        ("FREQ=MONTHLY;BYDAY=1MO;COUNT=3", ["0104", "0201", "0301"]),
        ("FREQ=MONTHLY;BYDAY=-1FR;COUNT=3", ["0104", "0129", "0226"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1;COUNT=3", ["0104", "0126", "0223"]),
        ("FREQ=YEARLY;BYMONTH=1,3;BYMONTHDAY=4;COUNT=2", ["0104", "0304"]),
    ],
)
def test_richer_rules_become_single_sessions(rule, days):
    """Each date is one, named by its day, and that is told."""
    found = read_calendar(series(f"RRULE:{rule}"))
    if found.sessions[0].repeat is None:
        assert [f"{each.starts.wall:%m%d}" for each in found.sessions] == days
        assert [each.id for each in found.sessions] == [f"a-2027{day}" for day in days]
        assert "has dates that no series can say: each became a session of its own" in told(found)
    else:
        assert [f"{each.planned.wall:%m%d}" for each in found.sessions[0].dates] == days


@pytest.mark.parametrize("year", ["0001", "0999", "1950", "1969"])
def test_a_series_before_the_years_of_clocks_becomes_single_sessions(year):
    """No invite can say it as a series, so no document takes it; birthdays are in many calendars."""
    data = series("RRULE:FREQ=WEEKLY;COUNT=3").replace(b"20270104T", f"{year}0104T".encode())
    found = read_calendar(data.replace(b";TZID=Europe/Berlin", b"").replace(b"00\r\n", b"00Z\r\n"))
    assert [each.id for each in found.sessions] == [f"a-{year}{day}" for day in ("0104", "0111", "0118")]
    text = "".join(map(document, found.sessions[:1]))
    assert conference_from_text(text).sessions == found.sessions[:1]


@pytest.mark.parametrize("until", ["99991231T235959Z", "99991231T235959", "99991231"])
def test_an_end_in_the_last_of_all_years_is_none(until):
    """Programs write it where a series goes on for ever: until when is asked, and that is enough."""
    data = series(f"RRULE:FREQ=WEEKLY;UNTIL={until}").replace(b"Europe/Berlin", b"Asia/Shanghai")
    assert [each.partition(".")[0] for each in asked(read_calendar(data))] == ["repeats without end"]
    assert only(data, until=date(2027, 1, 18)).repeat == Repeat(every="week", count=3)


def test_a_zone_whose_clocks_change_for_ever_is_read():
    """UNTIL in the last of all years, to the east of Greenwich."""
    zone = (
        "BEGIN:VTIMEZONE\r\nTZID:Ours\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0800\r\n"
    )
    zone += (
        "TZOFFSETTO:+0800\r\nRRULE:FREQ=YEARLY;UNTIL=99991231T235959Z\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    )
    data = series().replace(b"Europe/Berlin", b"Ours")
    found = only(data.replace(b"BEGIN:VEVENT", zone.encode() + b"BEGIN:VEVENT", 1))
    assert found.starts.instant == datetime(2027, 1, 4, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "lines",
    [
        "DTSTART;TZID=Pacific/Kiritimati:20270104T100000\nDTEND:99991231T235959Z",
        "DTSTART;TZID=Etc/GMT+12:20270104T100000\nDURATION:PT1H\nRDATE:00010101T000000Z",
        "DTSTART:20270104T100000Z\nDURATION:P9D\nRDATE:99991231T235959Z\nRDATE:20270301T100000Z,20270302T110000Z",
    ],
)
def test_times_at_the_edge_of_years_are_asked_about_and_hinder_no_other_event(lines):
    """The event is named, so that it can be left out."""
    data = calendar(
        f"UID:edge\nSUMMARY:E\n{lines}", "UID:b\nSUMMARY:B\nDTSTART:20270104T100000Z\nDURATION:PT1H"
    )
    assert [each.uid for each in read_calendar(data).questions] == ["edge"]
    assert only(data, leave_out=["edge"]).title.text() == "B"


def test_dates_that_two_zones_write_alike_are_one():
    """A document has each id once."""
    dates = [
        f"UID:a\nSUMMARY:A\nDTSTART:2027010{day}T100000Z\nDURATION:PT1H\nRECURRENCE-ID{zone}:20270104T100000"
        for day, zone in ((5, ""), (6, ";TZID=Europe/Berlin"))
    ]
    found = read_calendar(calendar(*dates), zone="UTC")
    assert len({each.id for each in found.sessions}) == len(found.sessions) == 1
    assert "comes again with the same date: the first counts" in told(found)


def test_a_step_that_no_document_says_makes_single_sessions():
    """Every hundred years on the last of a month."""
    found = read_calendar(
        calendar("UID:a\nSUMMARY:A\nDTSTART:20271031T013000Z\nRRULE:FREQ=YEARLY;INTERVAL=100;COUNT=5")
    )
    assert len(found.sessions) == 5
    assert conference_from_text("".join(map(document, found.sessions[:1]))).sessions == found.sessions[:1]


def test_dates_of_richer_rules_are_changed_and_left_out_too():
    """What holds for a date holds for its session."""
    moved = (
        "UID:a\nSUMMARY:B\nRECURRENCE-ID:20270106T090000Z\nDTSTART;TZID=Europe/Berlin:20270107T100000\n"
        "DURATION:PT2H\nSTATUS:CANCELLED"
    )
    data = series("RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=4", "EXDATE:20270111T090000Z", others=(moved,))
    found = read_calendar(data).sessions
    assert [each.id for each in found] == ["a-20270104", "b-20270106", "a-20270113"]
    assert (found[1].starts.wall.day, found[1].status) == (7, "cancelled")


def test_further_dates_make_a_series_or_single_sessions():
    """RDATE as the rule would have it, and otherwise."""
    even = only(series("RDATE;TZID=Europe/Berlin:20270111T100000,20270118T100000"))
    assert even.repeat == Repeat(every="week", count=3)
    odd = read_calendar(series("RDATE;VALUE=PERIOD:20270111T120000Z/PT1H")).sessions
    assert [each.starts.instant.hour for each in odd] == [9, 12]


def test_a_series_across_an_hour_that_is_skipped_becomes_single_sessions():
    """No rule can say such a date."""
    data = calendar(
        "UID:a\nSUMMARY:A\nDTSTART;TZID=Europe/Berlin:20270321T023000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=3"
    )
    found = read_calendar(data)
    assert [f"{each.starts.wall:%H:%M}" for each in found.sessions] == ["02:30", "03:30", "02:30"]
    assert any("never show 2027-03-28 02:30:00" in each for each in told(found))


def test_a_series_that_begins_in_an_hour_that_comes_twice_becomes_single_sessions():
    """Invites refuse such a series, also at the first of the two."""
    data = calendar(
        "UID:a\nSUMMARY:A\nDTSTART;TZID=Europe/Berlin:20271031T023000\nDURATION:PT10M\nRRULE:FREQ=WEEKLY;COUNT=2"
    )
    assert [each.starts.instant.hour for each in read_calendar(data).sessions] == [0, 1]


def test_a_series_whose_dates_overlap_becomes_single_sessions():
    """Two days long, every day."""
    data = calendar("UID:a\nSUMMARY:A\nDTSTART:20270321T023000Z\nDURATION:P2D\nRRULE:FREQ=DAILY;COUNT=3")
    assert len(read_calendar(data).sessions) == 3


def test_a_series_in_a_zone_that_is_only_the_files_has_its_dates_by_those_clocks():
    """In UTC, an hour earlier in summer."""
    data = calendar(
        "UID:a\nSUMMARY:A\nDTSTART;TZID=X:20270321T100000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=3\n"
        "EXDATE;TZID=X:20270404T100000",
        zones=timezone("X", "+0117", "+0217"),
    )
    assert [f"{each.starts.wall:%H:%M}" for each in read_calendar(data).sessions] == ["08:43", "07:43"]


def test_changes_that_no_series_can_say_are_told_or_asked():
    """Other words on one date, a date that the rule has not, everything from a date on."""
    words = "UID:a\nSUMMARY:Z\nRECURRENCE-ID;TZID=Europe/Berlin:20270105T100000\nDTSTART;TZID=Europe/Berlin:20270105T100000\nDURATION:PT1H"
    found = read_calendar(series("RRULE:FREQ=DAILY;COUNT=3", others=(words,)))
    assert "says something else on 2027-01-05, which a date of a series cannot: it says what all say" in told(
        found
    )
    stray = read_calendar(series("RRULE:FREQ=DAILY;COUNT=3", others=(words.replace("20270105", "20270305"),)))
    assert [each.id for each in stray.sessions] == ["a", "z-20270305"]
    future = words.replace("RECURRENCE-ID", "RECURRENCE-ID;RANGE=THISANDFUTURE")
    assert "is changed from" in asked(read_calendar(series("RRULE:FREQ=DAILY;COUNT=3", others=(future,))))[0]


def test_a_rule_without_any_other_date_makes_one_session():
    """Also if that one does not take place, or is moved."""
    assert only(series("RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=5")).repeat is None
    assert read_calendar(series("RRULE:FREQ=DAILY;COUNT=1", "EXDATE:20270104T090000Z")).sessions == ()


# -- what we write ourselves


@given(moments(), st.integers(1, 8 * 86_400), st.sampled_from(["confirmed", "tentative", "cancelled"]))
def test_what_we_write_of_an_event_comes_back(starts, seconds, status):
    """At any change of clocks: the same instants, and the same zones where they were written."""
    event = CalendarEvent(
        uid="u",
        sequence=3,
        dtstamp=datetime(2027, 1, 1, tzinfo=UTC),
        summary="Opening; the first, of \\n all",
        description="Tea\n\nand cake",
        location="Hall 1, Old Town",
        starts=starts,
        ends=starts.plus(timedelta(seconds=seconds)),
        organizer=ORGANIZER,
        join="https://example.org/live?x=1;2,3",
        status=status,
    )
    found = read_calendar(event_to_ical(event))
    (session,) = found.sessions
    assert (session.starts.instant, session.ends.instant) == (event.starts.instant, event.ends.instant)
    assert session.starts in {event.starts, event.starts.in_zone("UTC")}
    assert (session.title.text(), session.description.text()) == (event.summary, event.description)
    assert (session.room, session.join, session.status) == (event.location, event.join, status)
    assert all("twice" in each for each in told(found))
    assert found.questions == ()


def conference(*sessions: Session) -> Conference:
    return Conference(
        id="x",
        uid="6f9619ff-8b86-4011-b42d-00cf4fc964ff",
        title=LocalizedText.of("X"),
        timezone="Europe/Berlin",
        sessions=sessions,
    )


@st.composite
def series_sessions(draw: st.DrawFn) -> Session:
    """A series that may begin close to a change of clocks, with dates that differ."""
    starts = draw(moments())
    every = draw(st.sampled_from(["day", "week", "month"]))
    repeat = Repeat(every=every, interval=draw(st.integers(1, 3)), count=draw(st.integers(2, 12)))
    first = starts.wall.date()
    assume(not shows_twice(starts) and starts.wall.year < 2040)
    days = repeat.dates(first)
    exceptions = []
    try:
        ends = starts.plus(timedelta(minutes=draw(st.integers(1, 300))))
        for day in draw(st.lists(st.sampled_from(days), unique=True, max_size=3)):
            planned, until = moment_on(starts, day, first), moment_on(ends, day, first)
            later = planned.plus(timedelta(minutes=draw(st.integers(1, 3_000))))
            changes = st.sampled_from(
                [
                    {"status": "cancelled"},
                    {"starts": later},
                    {"ends": until.plus(timedelta(minutes=7))},
                    {"room": "Room 2", "join": "https://example.org/two"},
                ]
            )
            exceptions.append(Occurrence(date=day, **draw(changes)))
        session = Session(
            id="weekly-talk",
            title=LocalizedText.of("Weekly talk"),
            starts=starts,
            ends=ends,
            room="Room 1",
            join="https://example.org/one",
            repeat=repeat,
            exceptions=tuple(sorted(exceptions, key=lambda each: each.date)),
        )
        assert session.dates
        assume(not shows_twice(ends) and ends <= moment_on(starts, days[1], first))
    except InvalidTime:
        assume(False)
    return session


@given(series_sessions())
def test_what_we_write_of_a_series_comes_back_equal(session):
    """Rule, dates that differ and all, as the document had it."""
    event = session_event(conference(session), session, datetime(2027, 1, 1, tzinfo=UTC))
    data = event_to_ical(CalendarEvent(**composed(conference(session), event, "en"), organizer=ORGANIZER))
    assert only(data) == session
    assert conference_from_text(document(session)).sessions == (session,)


@st.composite
def single_sessions(draw: st.DrawFn) -> Session:
    """A session of any length, of any kind."""
    starts = draw(moments())
    return Session(
        id="x",
        title=LocalizedText.of("X"),
        starts=starts,
        ends=starts.plus(timedelta(minutes=draw(st.integers(1, 3_000)))),
        description=draw(st.sampled_from([None, LocalizedText.of("Tea; cake, \\n and\n\nmore")])),
        room=draw(st.sampled_from([None, "Hall 1", "Raum „Süd“, 2. Stock"])),
        join=draw(st.sampled_from([None, "https://example.org/live?a=1;b=2,3"])),
        track=draw(st.sampled_from([None, "Teaching, learning"])),
        status=draw(st.sampled_from(["confirmed", "tentative"])),
    )


@given(st.lists(single_sessions() | series_sessions(), min_size=1, max_size=6))
def test_a_feed_of_ours_comes_back_as_the_sessions_of_the_document(drawn):
    """With tracks, rooms and links; what no zone can say was written in UTC, and is the same instant."""
    sessions = [
        evolve(each, id=f"talk-{number}", title=LocalizedText.of(f"Talk {number}"))
        for number, each in enumerate(drawn)
    ]
    planned = conference(*sessions)
    now = datetime(2027, 1, 1, tzinfo=UTC)
    events = session_events(planned, (), since=now)
    data = feed_to_ical(make_feed(planned, "person", "p"), planned, events, now=now, since=now)
    found = read_calendar(data)
    assert (found.name, found.zone, found.questions) == ("X", "Europe/Berlin", ())
    assert {each.id: in_instants(each) for each in found.sessions} == {
        each.id: in_instants(each) for each in sessions
    }
    for each in found.sessions:
        held = planned.session(each.id)
        if not any(is_utc(at.zone) or is_abbreviation(at) or shows_twice(at) for at in moments_of(held)):
            assert each == held


def moments_of(of: Session | Occurrence) -> list[Moment]:
    others = of.exceptions if isinstance(of, Session) else ()
    return [each for each in (of.starts, of.ends) if each] + [
        at for each in others for at in moments_of(each)
    ]


def in_instants(of: Session | Occurrence) -> Session | Occurrence:
    times = {name: at.in_zone("UTC") for name in ("starts", "ends") if (at := getattr(of, name))}
    if isinstance(of, Session):
        times["exceptions"] = tuple(map(in_instants, of.exceptions))
    return evolve(of, **times)


# -- harm


LINES = [line for data in (files.GOOGLE, files.EXCHANGE, files.NEXTCLOUD) for line in data.split(b"\r\n")]
PIECES = [
    b"RRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=4",
    b"RRULE:FREQ=YEARLY;UNTIL=20400101",
    b"DTSTART:99991231T235959Z",
    b"DTSTART;TZID=Foo:00010101T000000",
    b"DTSTART;TZID=Europe/Berlin:99991231T233000",
    b"DTSTART;TZID=W. Europe Standard Time:20271031T023000",
    b"DURATION:P99999W",
    b"DURATION:-P1D",
    b"RDATE:20270101T100000,20270102",
    b"EXDATE;VALUE=DATE:20270304",
    b"RECURRENCE-ID;RANGE=THISANDFUTURE:20270304T160000Z",
    b"RECURRENCE-ID:20270311T160000Z",
    b"TZOFFSETTO:+9999",
    b"TZOFFSETFROM:-2359",
    b"UID:weekly@google.com",
    b"METHOD:CANCEL",
    b"X-WR-TIMEZONE:Pacific Standard Time",
]


@given(
    st.binary(max_size=200) | st.lists(st.sampled_from([*LINES, *PIECES]), max_size=60).map(b"\r\n".join),
    st.sampled_from([None, "Asia/Tokyo"]),
)
def test_nothing_but_the_documented_error_comes_of_any_bytes(data, zone):
    """Lines of real files in any order, and of any kind."""
    try:
        found = read_calendar(b"BEGIN:VCALENDAR\r\n" + data, zone=zone, until=date(2030, 1, 1))
    except InvalidImport:
        return
    assert len({each.id for each in found.sessions}) == len(found.sessions)
    assert all(each.starts < each.ends and each.dates for each in found.sessions)
    assert found == read_calendar(b"BEGIN:VCALENDAR\r\n" + data, zone=zone, until=date(2030, 1, 1))


EVENT = "UID:{}\nSUMMARY:A\nDTSTART;TZID={}:20270704T100000\nDURATION:PT1H\n{}"
ODD = timezone("Z{0}", "+0117", "+0217").replace("{", "{{").replace("}", "}}").replace("Z{{0}}", "Z{0}")
BOMBS = {
    "rules by the day": [EVENT.format(n, "UTC", "RRULE:FREQ=DAILY;COUNT=1000000000") for n in range(100)],
    "rules without dates": [
        EVENT.format(n, "UTC", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=9") for n in range(500)
    ],
    "rules that look at every day": [
        EVENT.format(n, "UTC", "RRULE:FREQ=YEARLY;BYDAY=MO;BYSETPOS=-366;COUNT=9") for n in range(500)
    ],
    "dates": [EVENT.format(n, "UTC", "RDATE:" + "20270705T100000Z," * 5_000) for n in range(2)],
    "same uid": [
        EVENT.format(1, "UTC", f"RECURRENCE-ID:2027{n % 12 + 1:02}01T{n % 24:02}0000Z") for n in range(2_000)
    ],
    "alarms": [
        EVENT.format(1, "UTC", "BEGIN:VALARM\nREPEAT:1000000000\nDURATION:PT1S\nEND:VALARM\n" * 1_000)
    ],
    "properties": [EVENT.format(1, "UTC", "X-A:1\n" * 50_000)],
    "categories": [EVENT.format(1, "UTC", "CATEGORIES:" + "a," * 100_000)],
    "no dates": [EVENT.format(1, "UTC", ("RDATE:" + "x," * 5_000 + "\n") * 20)],
    "links": [EVENT.format(1, "UTC", "CONFERENCE:http://a b\n" * 5_000)],
    "rules": [EVENT.format(1, "UTC", "RRULE:FREQ=DAILY;COUNT=400\n" * 5_000)],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_bombs_take_no_more_memory_than_a_file_of_their_size(name):
    """What a rule or a list promises is not made."""
    data = calendar(*BOMBS[name])
    tracemalloc.start()
    try:
        read_calendar(data, limits=ImportLimits(steps=200_000))
    except InvalidImport:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 10_000_000 + 60 * len(data)


def test_the_work_of_all_rules_and_zones_together_is_bounded():
    """Thousands of zones that are no zone's, and of rules that have no date: refused, after so many steps."""
    limits = ImportLimits(steps=100_000)
    zones = "".join(ODD.format(number) for number in range(200))
    events = [EVENT.format(number, f"Z{number}", "") for number in range(200)]
    with pytest.raises(InvalidImport, match="more than 100,000 steps"):
        read_calendar(calendar(*events, zones=zones), limits=limits)
    with pytest.raises(InvalidImport, match="more than 100,000 steps"):
        read_calendar(calendar(*BOMBS["rules that look at every day"]), limits=limits)
    assert len(read_calendar(calendar(*events[:5], zones=zones), limits=limits).sessions) == 5
    series = [EVENT.format(number, "UTC", "RRULE:FREQ=DAILY;COUNT=400") for number in range(20)]
    with pytest.raises(InvalidImport, match="more than 100,000 steps"):
        read_calendar(calendar(*series), limits=limits)
    assert len(read_calendar(calendar(*series[:5]), limits=limits).sessions) == 5


def test_marks_without_end_on_a_letter_take_time_in_proportion():
    """Python composes them in the square of their number: a hundred times as many would take ten thousand times."""
    text = "a" + "\u0301\u0316" * 200_000
    found = read_calendar(
        calendar(EVENT.format(1, "UTC", f"SUMMARY:{text}\nDESCRIPTION:{text}\nCATEGORIES:{text}"))
    )
    assert len(found.sessions[0].title.text()) < 40
    assert told(found).count("has letters with more marks than anybody reads: the rest was left out") == 1
    assert len(Mailbox(text, "a@example.org").name) == LONGEST_NAME


def test_more_sessions_than_anybody_holds_are_refused():
    """Rules multiply: 400 dates of each event."""
    events = [EVENT.format(number, "UTC", "RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=400") for number in range(30)]
    with pytest.raises(InvalidImport, match="more than 10,000 sessions"):
        read_calendar(calendar(*events))


@pytest.mark.parametrize("data", [b"", b"hello", b"BEGIN:VCARD\r\nEND:VCARD\r\n", b"\x00" * 100])
def test_what_is_no_calendar_is_refused(data):
    """With the remedy."""
    with pytest.raises(InvalidImport, match=r"x\.ics: 'no calendar'\. Give a calendar file"):
        read_calendar(data, source="x.ics")


def tables() -> st.SearchStrategy[dict[str, object]]:
    """What a session may be as a table: any texts under any keys, numbers, dates, tables and lists of these."""
    texts = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('"\\\n\r\t\x7f\x85\u2028'))
    plain = texts | st.integers(-9, 9) | st.booleans() | st.dates() | st.datetimes(timezones=st.none())
    return st.dictionaries(
        texts, plain | st.dictionaries(texts, plain) | st.lists(st.dictionaries(texts, plain))
    )


@given(tables())
def test_whatever_stands_in_a_table_is_read_as_it_was(table):
    """By Python's own reader, from the lines that an import writes."""
    assert tomllib.loads("[[sessions]]\n" + "".join(table_lines(table))) == {"sessions": [table]}


def test_sessions_are_written_as_a_document_reads_them():
    """Comments above, a line for each of many exceptions, texts of other languages."""
    (session,) = read_calendar(files.NEXTCLOUD).sessions
    long = Occurrence(date=date(2027, 2, 1), starts=at("2027-02-01 20:00", "Asia/Tokyo"), room="[[x]]" * 40)
    session = evolve(
        session,
        title=LocalizedText({"fr": "Série", "en": "Series"}),
        description=LocalizedText.of('[conference]\n"""', "en"),
        exceptions=(*session.exceptions[:2], long),
    )
    other = evolve(session, id="other", repeat=None, exceptions=())
    head = '[conference]\nid = "x"\ntitle = "X"\ntimezone = "UTC"\nlanguages = ["en", "fr"]\n\n'
    comments = {"other": ["first\n[[sessions]]", "second"]}
    text = dump_sessions([session, other], zone="UTC", languages=("en", "fr"), comments=comments)
    assert conference_from_text(head + text).sessions == (session, other)
    assert '# first [[sessions]]\n# second\n[[sessions]]\nid = "other"' in text
