"""Invites: what is in them, for any text, name, address and time; and that nothing else ever is."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import icalendar
import pytest
from hypothesis import given
from tests.calendar_clock import zones_of
from tests.calendar_strict import Block, parse, when
from tests.invite_samples import CONFERENCE_UID, HOSTILE, invite, invites
from tests.laws import examples

from conferencekit.calendar import Invite, event_uid, invite_to_ical, validate
from conferencekit.calendar.invite import invite_from_body, invite_to_body
from conferencekit.calendar.lines import fold, plain_text, uri_value
from conferencekit.errors import InvalidAddress, InvalidCalendar, NaiveTime
from conferencekit.mailbox import Mailbox, one_line
from conferencekit.moment import Moment


def event_of(octets: bytes) -> Block:
    """The VEVENT."""
    return parse(octets).blocks[-1]


def lines_of(octets: bytes) -> list[str]:
    """The lines, unfolded."""
    return octets.decode().replace("\r\n ", "").split("\r\n")[:-1]


def instant_of(octets: bytes, name: str) -> datetime:
    """When a client takes it to be: by the VTIMEZONE in the same object, the first of two equal wall times."""
    return when(event_of(octets).one(name), zones_of(octets))


# -- laws


@given(invites())
@examples(200)
def test_every_invite_is_valid_and_says_what_it_was_given(made):
    """Times to the second, texts without control characters, names on one line; for hostile values too."""
    octets = invite_to_ical(made)
    assert validate(octets, made.method) == ()
    event = event_of(octets)
    assert event.text("SUMMARY") == one_line(made.summary)
    assert event.text("DESCRIPTION").startswith(plain_text(made.description).strip())
    assert instant_of(octets, "DTSTART") == made.starts.instant.replace(microsecond=0)
    assert instant_of(octets, "DTEND") == made.ends.instant.replace(microsecond=0)
    (attendee,), (organizer,) = event.all("ATTENDEE"), event.all("ORGANIZER")
    assert (attendee.one("CN"), organizer.one("CN")) == (made.attendee.name, made.organizer.name)
    assert unquote(attendee.value) == f"mailto:{made.attendee.address}"
    assert unquote(organizer.value) == f"mailto:{made.organizer.address}"
    assert event.value("SEQUENCE") == str(made.sequence)


@given(invites())
@examples(60)
def test_another_parser_reads_the_same(made):
    """icalendar's: texts (but for backslashes, which its older versions misread), sequence and people."""
    octets = invite_to_ical(made)
    (event,) = icalendar.Calendar.from_ical(octets).walk("VEVENT")
    assert "\\" in made.summary or str(event["SUMMARY"]) == one_line(made.summary)
    assert event["SEQUENCE"] == made.sequence
    assert event["UID"] == made.uid
    assert not isinstance(event["ATTENDEE"], list)
    assert "\\" in made.attendee.name or unquote(event["ATTENDEE"]) == f"mailto:{made.attendee.address}"


@given(invites())
@examples(50)
def test_a_stored_invite_is_the_same_invite(made):
    """Through JSON, and byte for byte."""
    again = invite_from_body(json.loads(json.dumps(invite_to_body(made))))
    assert again == made
    assert invite_to_ical(again) == invite_to_ical(made)


@given(HOSTILE.map(lambda text: "X" + text.replace("\n", "").replace("\r", "")))
@examples(200)
def test_folding_loses_nothing_and_cuts_nothing(text):
    """At most 75 octets, whole letters in each line, escapes together."""
    line = text.encode("utf-8", "replace") * 5
    folded = fold(line)
    assert folded.replace(b"\r\n ", b"")[:-2] == line
    for piece in folded[:-2].split(b"\r\n"):
        assert len(piece) <= 75
        piece.decode()
    assert b"".join(folded.split(b"\r\n ")) == line + b"\r\n"


def test_many_backslashes_still_make_few_lines():
    """Pairs stay together, and lines stay full."""
    folded = fold(b"DESCRIPTION:" + rb"\\" * 500)
    assert max(map(len, folded.split(b"\r\n"))) >= 74
    assert folded.count(b"\r\n") <= 15


# -- identity and state


def test_the_uid_follows_from_conference_and_session():
    """It holds no person, host or time."""
    assert event_uid(CONFERENCE_UID, "opening") == event_uid(CONFERENCE_UID.upper(), "opening")
    assert event_uid(CONFERENCE_UID, "opening") != event_uid(CONFERENCE_UID, "closing")


def test_a_conference_uid_is_a_uuid():
    """Else the identities of its events would not be unique in the world."""
    with pytest.raises(InvalidCalendar, match="'gmc2020' is not a UUID"):
        event_uid("gmc2020", "opening")


# -- what is in it


def test_a_request_says_all_that_clients_want():
    """One VEVENT, METHOD, PARTSTAT, RSVP, STATUS and the rest."""
    lines = lines_of(invite_to_ical(invite(rsvp=True, location="Room 1")))
    for line in (
        "METHOD:REQUEST",
        "DTSTAMP:20201101T093000Z",
        "DTSTART;TZID=Asia/Shanghai:20201211T200000",
        "DTEND;TZID=Asia/Shanghai:20201211T223000",
        "SEQUENCE:0",
        "STATUS:CONFIRMED",
        "LOCATION:Room 1",
        "ORGANIZER;CN=GMC secretariat:mailto:gmc@example.org",
        "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN=Ada:mailto:ada@example.org",
    ):
        assert line in lines
    assert lines.count("BEGIN:VEVENT") == 1


def test_nobody_waits_for_replies_that_nobody_reads():
    """Without `rsvp`."""
    assert event_of(invite_to_ical(invite())).one("ATTENDEE").one("RSVP") == "FALSE"


def test_a_join_link_stands_where_clients_look():
    """CONFERENCE with its VALUE, FEATURE and LABEL, the description, and the place where there is none."""
    octets = invite_to_ical(invite(join="https://example.org/live?a=1;b", description="Bring tea."))
    found = event_of(octets).one("CONFERENCE")
    label = {"LABEL": ["Global MOOC Conference"]}
    assert found.parameters == {"VALUE": ["URI"], "FEATURE": ["AUDIO", "VIDEO"], **label}
    assert found.value == "https://example.org/live?a=1;b"
    assert event_of(octets).text("DESCRIPTION") == "Bring tea.\n\nhttps://example.org/live?a=1;b"
    assert event_of(octets).text("LOCATION") == "https://example.org/live?a=1;b"


def test_a_cancelled_event_says_so():
    """STATUS:CANCELLED, and no link to join."""
    octets = invite_to_ical(
        invite(method="CANCEL", status="cancelled", sequence=2, join="https://example.org/live")
    )
    assert "STATUS:CANCELLED" in lines_of(octets)
    assert "METHOD:CANCEL" in lines_of(octets)
    assert b"live" not in octets


def test_uninviting_one_person_has_no_status():
    """RFC 5546, 3.2.5: the event itself goes on."""
    octets = invite_to_ical(invite(method="CANCEL", sequence=2))
    assert event_of(octets).all("STATUS") == []


def test_a_backslash_stays_one_whatever_follows():
    """`\\N` is a line end only where somebody escaped one."""
    octets = invite_to_ical(invite(description="C:\\New folder\\next", summary="a\\Nb"))
    assert event_of(octets).text("DESCRIPTION") == "C:\\New folder\\next"
    assert event_of(octets).text("SUMMARY") == "a\\Nb"


def test_control_characters_are_gone():
    """And line ends of all kinds are one kind."""
    octets = invite_to_ical(invite(description="a\x00\x07b\x0bc\r\nd\x85e\u2028f\x1bg"))
    assert event_of(octets).text("DESCRIPTION") == "ab\nc\nd\ne\nfg"


def test_text_that_ends_an_event_does_not_end_it():
    """The line of the attendee is put in before the real end."""
    octets = invite_to_ical(invite(description="END:VEVENT\r\nEND:VCALENDAR\r\n", uid="BEGIN:VEVENT"))
    assert validate(octets, "REQUEST") == ()


# -- time


def test_the_second_of_two_equal_hours_is_said_in_utc():
    """With a TZID it would mean the first."""
    starts = Moment.at(datetime(2026, 10, 25, 2, 30), "Europe/Berlin", fold=1)
    octets = invite_to_ical(invite(starts=starts, ends=starts.plus(timedelta(hours=1))))
    assert "DTSTART:20261025T013000Z" in lines_of(octets)
    assert b"VTIMEZONE" not in octets


def test_the_first_of_two_equal_hours_is_said_in_utc_as_well():
    """A TZID means the first, but ical.js (Thunderbird) takes it for the second."""
    starts = Moment.at(datetime(2026, 10, 25, 2, 30), "Europe/Berlin", fold=0)
    octets = invite_to_ical(invite(starts=starts, ends=starts.plus(timedelta(hours=3))))
    assert "DTSTART:20261025T003000Z" in lines_of(octets)
    assert "DTEND:20261025T033000Z" in lines_of(octets)


def test_two_zones_have_a_vtimezone_each():
    """And the window of both holds both."""
    ends = Moment.at(datetime(2021, 1, 2, 1), "Europe/Paris")
    octets = invite_to_ical(invite(starts=Moment.at(datetime(2020, 12, 31, 20), "Asia/Shanghai"), ends=ends))
    assert lines_of(octets).count("BEGIN:VTIMEZONE") == 2
    assert instant_of(octets, "DTEND") == ends.instant


def test_times_in_utc_refer_to_no_zone():
    """They end in Z."""
    starts = Moment.at(datetime(2020, 12, 11, 12), "Etc/UTC")
    octets = invite_to_ical(invite(starts=starts, ends=starts.plus(timedelta(hours=1))))
    assert "DTSTART:20201211T120000Z" in lines_of(octets)
    assert b"VTIMEZONE" not in octets


@pytest.mark.parametrize("zone", ["CET", "EST", "EST5EDT", "PRC"])
def test_zones_that_are_called_by_no_place_are_not_named(zone):
    """Programs know other zones under such names; a series has to name it all the same."""
    starts = Moment.at(datetime(2026, 7, 1, 9), zone)
    octets = invite_to_ical(invite(starts=starts, ends=starts.plus(timedelta(hours=1))))
    assert b"TZID" not in octets
    assert instant_of(octets, "DTSTART") == starts.instant
    series = invite(starts=starts, ends=starts.plus(timedelta(hours=1)), rrule="FREQ=WEEKLY;COUNT=2")
    assert f"DTSTART;TZID={zone}:20260701T090000" in lines_of(invite_to_ical(series))


@pytest.mark.parametrize("days", [366, 3000])
def test_an_event_may_last_for_years(days):
    """And its zone is right at both ends."""
    starts = Moment.at(datetime(2026, 12, 31, 23), "America/New_York")
    ends = Moment.at(starts.wall + timedelta(days=days), "Europe/Berlin")
    octets = invite_to_ical(invite(starts=starts, ends=ends))
    assert instant_of(octets, "DTEND") == ends.instant


def test_a_session_until_midnight_ends_on_the_next_day():
    """There is no 24:00 in iCalendar."""
    starts = Moment.at(datetime(2020, 12, 11, 20), "Asia/Shanghai")
    octets = invite_to_ical(invite(starts=starts, ends=starts.plus(timedelta(hours=4))))
    assert "DTEND;TZID=Asia/Shanghai:20201212T000000" in lines_of(octets)


def test_a_name_that_turns_the_direction_of_reading_is_put_straight():
    """It could make another name of what follows."""
    octets = invite_to_ical(invite(attendee=Mailbox("Ada\u202e gnp.exe\u2066", "ada@example.org")))
    assert event_of(octets).one("ATTENDEE").one("CN") == "Ada gnp.exe"


@pytest.mark.parametrize("year", [1950, 9995])
def test_far_years_are_said_in_utc(year):
    """Where zone data says nothing that a client should calculate with."""
    starts = Moment.at(datetime(year, 6, 1, 12), "Europe/Berlin")
    octets = invite_to_ical(invite(starts=starts, ends=starts.plus(timedelta(hours=1))))
    assert instant_of(octets, "DTSTART") == starts.instant


def test_a_length_below_a_second_is_refused():
    """Calendars count seconds; DTEND would not be after DTSTART."""
    starts = Moment.at(datetime(2020, 12, 11, 20), "Asia/Shanghai")
    with pytest.raises(InvalidCalendar, match="is not after DTSTART"):
        invite_to_ical(invite(starts=starts, ends=starts.plus(timedelta(microseconds=5))))


# -- what is no invite


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"method": "PUBLISH"}, "'PUBLISH'"),
        ({"status": "maybe"}, "'maybe'"),
        ({"status": "cancelled"}, "send a CANCEL"),
        ({"sequence": -1}, "-1"),
        ({"sequence": 2**31}, str(2**31)),
        ({"sequence": True}, "True"),
        ({"uid": " "}, "UID"),
        ({"summary": "\n"}, "SUMMARY"),
        ({"ends": Moment.at(datetime(2020, 12, 11, 20), "Asia/Shanghai")}, "does not begin before"),
    ],
)
def test_what_rfc_5546_does_not_allow_is_refused(changes, said):
    """With the value."""
    with pytest.raises(InvalidCalendar, match=re.escape(said)):
        invite(**changes)


def test_a_stamp_without_a_zone_is_refused():
    """It would be written as if it were UTC."""
    with pytest.raises(NaiveTime, match="2020, 11, 1"):
        invite(dtstamp=datetime(2020, 11, 1))


def test_an_address_that_is_none_is_refused():
    """Before it is in any invite."""
    with pytest.raises(InvalidAddress, match="ada at example"):
        Mailbox("Ada", "ada at example.org")


def test_a_title_of_control_characters_alone_is_refused():
    """Nothing would be left of it."""
    with pytest.raises(InvalidCalendar, match="SUMMARY"):
        invite(summary="\x07\x00")


def test_frozen_values_are_kept():
    """What an invite was made of can be read from it."""
    assert isinstance(invite(), Invite)
    assert invite(dtstamp=datetime(2020, 11, 1, 10, 30, 5, 7, tzinfo=UTC)).dtstamp.microsecond == 0


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("https://example.org/a;b,c?d=1#e", "https://example.org/a;b,c?d=1#e"),
        ('https://example.org/\u00e9 "x"', "https://example.org/%C3%A9%20%22x%22"),
        ("https://m\u00fcnchen.example.org:8443/?\u00fc", "https://xn--mnchen-3ya.example.org:8443/?%C3%BC"),
        ("https://\u4f8b\u3048.\u30c6\u30b9\u30c8", "https://xn--r8jz45g.xn--zckzah"),
        ("https://\u2066x..y/\r\nX:1", "https://%E2%81%A6x..y/%0AX:1"),
    ],
)
def test_an_address_is_in_ascii_and_its_host_as_dns_has_it(address, written):
    """Not every client looks a host up whose name is percent-encoded; what is no host stays one value."""
    assert uri_value(address) == written
