"""The judge of what is sent: each rule of RFC 5545 and RFC 5546 that it knows finds what breaks it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.invite_samples import ADDRESSES, HOSTILE, invite

from conferencekit.calendar import invite_to_ical, validate
from conferencekit.calendar.invite import Override
from conferencekit.calendar.validate import validate_line
from conferencekit.calendar.validate_tables import FEED
from conferencekit.calendar.validate_values import is_plain_person
from conferencekit.calendar.writing import _attendee, event_to_ical
from conferencekit.mailbox import Mailbox
from conferencekit.moment import Moment

REQUEST = invite_to_ical(invite(join="https://example.org/live", location="Room 1", description="Bring tea"))
CANCEL = invite_to_ical(invite(method="CANCEL", status="cancelled", sequence=1))
PERSON = _attendee("REQUEST", Mailbox("Zoë, Ada", "ada@example.org"), rsvp=True)
ALARMED = invite_to_ical(invite(alarm=timedelta(minutes=15)))


def _date(day: int, status: str) -> Override:
    starts = Moment.at(datetime(2020, 12, day, 20), "Asia/Shanghai")
    return Override(recurrence=starts, starts=starts.plus_days(1), ends=starts.plus_days(2), status=status)


SERIES = invite_to_ical(
    invite(rrule="FREQ=WEEKLY;COUNT=5", overrides=(_date(18, "confirmed"), _date(25, "cancelled")))
)
_BEGUN = SERIES.index(b"BEGIN:VEVENT")
MASTER = SERIES[_BEGUN : SERIES.index(b"BEGIN:VEVENT", _BEGUN + 1)]
DATE = SERIES[_BEGUN + len(MASTER) : SERIES.index(b"END:VCALENDAR")]
EVENT = REQUEST[REQUEST.index(b"BEGIN:VEVENT") : REQUEST.index(b"END:VCALENDAR")]


def without(data: bytes, name: bytes) -> bytes:
    """The object without the lines of a property."""
    unfolded = data.replace(b"\r\n ", b"")
    kept = [line for line in unfolded.split(b"\r\n") if not line.startswith(name)]
    return b"\r\n".join(
        line if len(line) <= 75 else b"\r\n ".join([line[:70], line[70:140], line[140:]]) for line in kept
    )


def changed(old: bytes, new: bytes, data: bytes = REQUEST) -> bytes:
    """The object with a change that is there."""
    assert old in data
    return data.replace(old, new, 1)


def test_what_is_right_is_right():
    """Both messages that are sent."""
    assert validate(REQUEST, "REQUEST") == ()
    assert validate(CANCEL, "CANCEL") == ()


WRONG = {
    "bare LF": (REQUEST.replace(b"\r\n", b"\n"), "stands alone"),
    "no end": (REQUEST[:-2], "last line"),
    "long line": (changed(b"SUMMARY:", b"SUMMARY:" + b"x" * 80), "octets"),
    "cut letter": (changed(b"Bring tea", b"\xc3\r\n \xa9"), "within a character"),
    "cut escape": (changed(b"Bring tea", b"a\\\r\n nb"), "within an escape"),
    "latin-1": (changed(b"Bring tea", b"\xe9t\xe9"), "UTF-8"),
    "bell": (changed(b"Bring tea", b"\x07"), "U+0007"),
    "no line": (changed(b"SUMMARY:", b"SUMMARY"), "no content line"),
    "open quote": (changed(b"CN=GMC", b'CN="GMC'), "no content line"),
    "not ended": (changed(b"END:VEVENT\r\n", b""), "END:VCALENDAR ends nothing"),
    "nothing": (b"", "last line"),
    "two calendars": (REQUEST * 2, "not one VCALENDAR"),
    "outside": (REQUEST + b"X-A:1\r\n", "outside of a calendar"),
    "version": (changed(b"VERSION:2.0", b"VERSION:1.0"), "VERSION is '1.0'"),
    "no prodid": (without(REQUEST, b"PRODID"), "0 PRODID"),
    "no method": (without(REQUEST, b"METHOD"), "0 METHOD"),
    "other method": (CANCEL, "METHOD is 'CANCEL', and REQUEST was to be sent"),
    "no event": (changed(EVENT, b""), "without VEVENT"),
    "two uids": (changed(EVENT, EVENT + EVENT.replace(b"UID:", b"UID:x")), "more than one UID"),
    "twice": (changed(EVENT, EVENT * 2), "the same UID"),
    "a todo": (changed(b"VEVENT", b"VTODO").replace(b"END:VEVENT", b"END:VTODO"), "VTODO has no place"),
    "no attendee": (without(REQUEST, b"ATTENDEE"), "0 ATTENDEE, at least 1 wanted"),
    "no organizer": (without(REQUEST, b"ORGANIZER"), "0 ORGANIZER"),
    "no summary": (without(REQUEST, b"SUMMARY"), "0 SUMMARY"),
    "no start": (without(REQUEST, b"DTSTART;"), "0 DTSTART"),
    "no stamp": (without(REQUEST, b"DTSTAMP"), "0 DTSTAMP"),
    "two stamps": (changed(b"DTSTAMP", b"DTSTAMP:20200101T000000Z\r\nDTSTAMP"), "2 DTSTAMP, 1 wanted"),
    "local stamp": (changed(b"20201101T093000Z", b"20201101T093000"), "not a time in UTC"),
    "empty uid": (changed(b"UID:", b"UID:\r\nX-OLD:"), "UID is empty"),
    "reply status": (changed(b"SEQUENCE:0", b"SEQUENCE:0\r\nREQUEST-STATUS:2.0"), "1 REQUEST-STATUS"),
    "sequence": (changed(b"SEQUENCE:0", b"SEQUENCE:-1"), "'-1'"),
    "status": (changed(b"STATUS:CONFIRMED", b"STATUS:CANCELLED"), "STATUS is 'CANCELLED'"),
    "duration": (changed(b"SEQUENCE:0", b"SEQUENCE:0\r\nDURATION:PT1H"), "both DTEND and DURATION"),
    "backwards": (changed(b"20201211T223000", b"20201211T190000"), "not after DTSTART"),
    "floating": (changed(b"DTSTART;TZID=Asia/Shanghai", b"DTSTART"), "in no zone"),
    "other zone": (changed(b"DTSTART;TZID=Asia/Shanghai", b"DTSTART;TZID=CST"), "no VTIMEZONE"),
    "utc in zone": (changed(b"20201211T200000", b"20201211T200000Z"), "has a TZID"),
    "no such day": (changed(b"20201211T200000", b"20201311T200000"), "not a date-time"),
    "unescaped": (changed(b"Bring tea", b"Bring, tea"), "not escaped"),
    "open escape": (changed(b"Bring tea", b"Bring\\ tea"), "not escaped"),
    "no mailto": (changed(b":mailto:ada@example.org", b":ada@example.org"), "not a mailto"),
    "a host alone": (changed(b"mailto:gmc@example.org", b"mailto:gmc@localhost"), "not a mailto"),
    "partstat": (changed(b"NEEDS-ACTION", b"MAYBE"), "PARTSTAT is 'MAYBE'"),
    "conference": (changed(b"CONFERENCE;VALUE=URI;", b"CONFERENCE;"), "VALUE=URI"),
    "no uri": (changed(b"org/live\r\nTRANSP", b"org/live here\r\nTRANSP"), "not a URI"),
    "two zones": (changed(b"BEGIN:VTIMEZONE", REQUEST[REQUEST.index(b"BEGIN:VTIMEZONE") : REQUEST.index(b"BEGIN:VEVENT")] + b"BEGIN:VTIMEZONE"), "two VTIMEZONE"),
    "empty zone": (changed(b"BEGIN:STANDARD", b"BEGIN:X-STANDARD").replace(b"END:STANDARD", b"END:X-STANDARD"), "no place in a VTIMEZONE"),
    "offset": (changed(b"TZOFFSETTO:+0800", b"TZOFFSETTO:-0000"), "'-0000', not an offset"),
    "onset": (changed(b"DTSTART:19700101T000000", b"DTSTART:19700101T000000Z"), "not a local time"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_breaks_a_rule_is_named(name):
    """Each in an otherwise good object."""
    data, said = WRONG[name]
    assert said in "; ".join(validate(data, "REQUEST"))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (without(CANCEL, b"SEQUENCE"), "0 SEQUENCE"),
        (without(CANCEL, b"ORGANIZER"), "0 ORGANIZER"),
        (without(CANCEL, b"ATTENDEE"), "0 ATTENDEE"),
        (changed(b"STATUS:CANCELLED", b"STATUS:CONFIRMED", CANCEL), "STATUS is 'CONFIRMED'"),
        (changed(b"END:VEVENT", b"BEGIN:VALARM\r\nEND:VALARM\r\nEND:VEVENT", CANCEL), "VALARM has no place"),
    ],
)
def test_a_cancel_has_rules_of_its_own(data, said):
    """RFC 5546, 3.2.5."""
    assert said in "; ".join(validate(data, "CANCEL"))


def test_a_cancel_without_status_uninvites_one_person():
    """That is right."""
    assert validate(without(CANCEL, b"STATUS"), "CANCEL") == ()


def test_days_without_times_are_right():
    """DATE values, whose DTEND is the day after."""
    data = changed(b"DTSTART;TZID=Asia/Shanghai:20201211T200000", b"DTSTART;VALUE=DATE:20201211")
    data = changed(b"DTEND;TZID=Asia/Shanghai:20201211T223000", b"DTEND;VALUE=DATE:20201212", data)
    assert validate(data, "REQUEST") == ()
    assert "not after" in validate(changed(b":20201212", b":20201211", data), "REQUEST")[0]


def test_other_methods_are_not_known():
    """They come with what sends them."""
    assert "none of REQUEST, CANCEL" in validate(REQUEST, "REFRESH")[0]


def test_a_line_alone_is_judged_alone():
    """What is put into an event that is right without it."""
    assert validate_line(b"ATTENDEE;CN=Ada:mailto:ada@example.org\r\n", "ATTENDEE") == ()
    assert "not a mailto" in validate_line(b"ATTENDEE:ada\r\n", "ATTENDEE")[0]
    (problem,) = validate_line(b"ATTENDEE:mailto:ada@example.org\r\nSUMMARY:x\r\n", "ATTENDEE")
    assert problem == "the lines are ATTENDEE, SUMMARY, not one ATTENDEE"
    assert validate_line(b"END:VEVENT\r\nBEGIN:VEVENT\r\n", "ATTENDEE") != ()


@given(st.binary(max_size=300))
def test_nothing_makes_it_raise(data):
    """Any bytes, in any place."""
    assert validate(data, "REQUEST")
    middle = len(REQUEST) // 2
    validate(REQUEST[:middle] + data + REQUEST[middle:], "REQUEST")


@given(st.integers(0, len(REQUEST) - 1), st.integers(0, 255))
def test_one_byte_changes_no_structure_unseen(position, byte):
    """A changed byte is either refused or leaves the same lines."""
    data = REQUEST[:position] + bytes([byte]) + REQUEST[position + 1 :]
    if not validate(data, "REQUEST"):
        assert data.count(b"\r\n") == REQUEST.count(b"\r\n")


@given(HOSTILE, ADDRESSES, st.sampled_from(["REQUEST", "CANCEL"]))
def test_what_is_right_at_a_glance_is_right(name, address, method):
    """The quick judge of a person's line never passes what the slow one refuses."""
    line = _attendee(method, Mailbox(name, address), rsvp=True)
    assert validate_line(line, "ATTENDEE") == ()
    for wrong in (
        line[:-2],
        line[:-1],
        line * 2,
        line + b" ",
        line.replace(b"\r\n ", b"\r\n  ").replace(b"@", b"@@"),
    ):
        assert not is_plain_person(wrong, "ATTENDEE")


@given(st.integers(0, len(PERSON) - 1), st.binary(max_size=4), st.integers(0, 3))
def test_no_change_of_a_line_passes_at_a_glance_alone(position, octets, gone):
    """Whatever is put into it, or taken out."""
    data = PERSON[:position] + octets + PERSON[position + gone :]
    if is_plain_person(data, "ATTENDEE"):
        assert validate_line(data, "ATTENDEE") == ()


def test_most_people_are_plain():
    """Names of all scripts, with quotes and commas: else every message would be read slowly."""
    for name in ("", "Ada", 'O\'Neil, "Zoë"; a:b^c', "学习革命 " * 9, "\\ back", "x" * 200):
        line = _attendee("REQUEST", Mailbox(name, "ada@example.org"), rsvp=True)
        assert is_plain_person(line, "ATTENDEE"), name


# -- series


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=WEEKLY;COUNT=10",
        "FREQ=MONTHLY;INTERVAL=2;COUNT=6",
        "FREQ=MONTHLY;BYDAY=-1FR;COUNT=6",
        "FREQ=YEARLY;BYDAY=2SU;BYMONTH=3",
        "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=-1,15;UNTIL=20301231T000000Z",
        "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR;COUNT=20",
    ],
)
def test_rules_of_series_are_known(rule):
    """What is written here, and what a person may write."""
    assert validate(SERIES.replace(b"FREQ=WEEKLY;COUNT=5", rule.encode()), "REQUEST") == ()


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("COUNT=10", "no FREQ"),
        ("FREQ=HOURLY;COUNT=10", "'FREQ=HOURLY'"),
        ("FREQ=WEEKLY;COUNT=10;COUNT=5", "two COUNT"),
        ("FREQ=WEEKLY;COUNT=0", "'COUNT=0'"),
        ("FREQ=WEEKLY;COUNT=999999999", "'COUNT=999999999'"),
        ("FREQ=WEEKLY;INTERVAL=-1", "'INTERVAL=-1'"),
        ("FREQ=WEEKLY;COUNT=5;UNTIL=20300101T000000Z", "both COUNT and UNTIL"),
        ("FREQ=WEEKLY;UNTIL=20300101", "not a time in UTC"),
        ("FREQ=WEEKLY;UNTIL=20301301T000000Z", "not a time in UTC"),
        ("FREQ=WEEKLY;BYDAY=2MO", "counts weekdays"),
        ("FREQ=WEEKLY;BYMONTHDAY=3", "BYMONTHDAY in WEEKLY"),
        ("FREQ=YEARLY;BYMONTH=13", "'BYMONTH=13'"),
        ("FREQ=YEARLY;BYSECOND=1", "'BYSECOND=1'"),
        ("", "''"),
        ("FREQ=WEEKLY;", "''"),
    ],
)
def test_other_rules_of_series_are_refused(rule, said):
    """Each client would read them its own way."""
    data = SERIES.replace(b"FREQ=WEEKLY;COUNT=5", rule.encode())
    assert said in "; ".join(validate(data, "REQUEST"))


WRONG_SERIES = {
    "date in utc": (changed(b"RECURRENCE-ID;TZID=Asia/Shanghai:20201218T200000", b"RECURRENCE-ID:20201218T120000Z", SERIES), "RECURRENCE-ID is not in the zone"),
    "date as day": (changed(b"RECURRENCE-ID;TZID=Asia/Shanghai:20201218T200000", b"RECURRENCE-ID;VALUE=DATE:20201218", SERIES), "RECURRENCE-ID is not in the zone"),
    "exdate in utc": (changed(b"EXDATE;TZID=Asia/Shanghai:20201225T200000", b"EXDATE:20201225T120000Z", SERIES), "EXDATE is not in the zone"),
    "exdate floats": (changed(b"EXDATE;TZID=Asia/Shanghai:", b"EXDATE:", SERIES), "in no zone"),
    "exdate is none": (changed(b"EXDATE;TZID=Asia/Shanghai:20201225T200000", b"EXDATE;TZID=Asia/Shanghai:20201225T200000,x", SERIES), "EXDATE is 'x'"),
    "no series": (changed(b"RRULE:FREQ=WEEKLY;COUNT=5\r\n", b"", SERIES), "of an event that is no series"),
    "rule in a date": (changed(b"RECURRENCE-ID;TZID=Asia/Shanghai:20201218T200000", b"RECURRENCE-ID;TZID=Asia/Shanghai:20201218T200000\r\nRRULE:FREQ=DAILY;COUNT=2", SERIES), "both RECURRENCE-ID and RRULE"),
    "two sequences": (SERIES[::-1].replace(b"SEQUENCE:0"[::-1], b"SEQUENCE:1"[::-1], 1)[::-1], "more than one SEQUENCE"),
    "two organizers": (SERIES[::-1].replace(b"mailto:gmc"[::-1], b"mailto:gmd"[::-1], 1)[::-1], "more than one ORGANIZER"),
    "dates alone": (changed(MASTER, b"", SERIES).replace(DATE, DATE + DATE.replace(b"20201218T200000", b"20210101T200000", 1)), "without the series"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_SERIES)
def test_what_is_wrong_in_a_series_is_named(name):
    """The dates of a series are named as the series names them."""
    data, said = WRONG_SERIES[name]
    assert said in "; ".join(validate(data, "REQUEST"))


def test_a_series_is_right_and_so_is_one_date_of_it():
    """With the series, or alone."""
    assert validate(SERIES, "REQUEST") == ()
    assert validate(changed(MASTER, b"", SERIES), "REQUEST") == ()


# -- alarms


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"ACTION:DISPLAY\r\n", b"", "0 ACTION"),
        (b"ACTION:DISPLAY", b"ACTION:EMAIL", "'EMAIL', not DISPLAY"),
        (b"TRIGGER:-PT15M\r\n", b"", "0 TRIGGER"),
        (b"TRIGGER:-PT15M", b"TRIGGER:15 minutes", "not a duration"),
        (b"TRIGGER:-PT15M", b"TRIGGER:-PT", "not a duration"),
        (b"TRIGGER:-PT15M", b"TRIGGER:-PT15M\r\nREPEAT:3", "one of DURATION and REPEAT"),
        (b"DESCRIPTION:Global MOOC Conference\r\nTRIGGER", b"TRIGGER", "0 DESCRIPTION"),
    ],
)
def test_an_alarm_has_rules_of_its_own(old, new, said):
    """RFC 5545, 3.6.6."""
    assert said in "; ".join(validate(changed(old, new, ALARMED), "REQUEST"))


def test_an_alarm_is_right_in_a_request():
    """And `CANCEL` has none."""
    assert validate(ALARMED, "REQUEST") == ()
    assert (
        "VALARM"
        not in invite_to_ical(invite(method="CANCEL", sequence=1, alarm=timedelta(minutes=5))).decode()
    )


# -- calendars for everybody


FEED_DATA = event_to_ical(invite(status="cancelled", join="https://example.org/live", method="CANCEL"))
PUBLISHED = FEED_DATA.replace(b"CALSCALE:GREGORIAN\r\n", b"CALSCALE:GREGORIAN\r\nMETHOD:PUBLISH\r\n")


def with_properties(*lines: str) -> bytes:
    """The feed with lines of its own."""
    return FEED_DATA.replace(b"CALSCALE:GREGORIAN\r\n", "".join(f"{each}\r\n" for each in lines).encode())


def test_calendars_for_everybody_are_right():
    """With METHOD:PUBLISH or without; many events; cancelled ones say so."""
    assert validate(FEED_DATA, FEED) == ()
    assert validate(PUBLISHED, "PUBLISH") == ()
    event = FEED_DATA[FEED_DATA.index(b"BEGIN:VEVENT") : FEED_DATA.index(b"END:VCALENDAR")]
    many = changed(event, event + event.replace(b"UID:", b"UID:x"), FEED_DATA)
    assert validate(many, FEED) == ()
    assert validate(changed(event, b"", FEED_DATA), FEED) == ()


@pytest.mark.parametrize(
    ("data", "method", "said"),
    [
        (PUBLISHED, FEED, "1 METHOD, 0 wanted"),
        (FEED_DATA, "PUBLISH", "0 METHOD, 1 wanted"),
        (
            changed(b"STATUS", b"ATTENDEE:mailto:a@example.org\r\nSTATUS", FEED_DATA),
            FEED,
            "1 ATTENDEE, 0 wanted",
        ),
        (changed(b"STATUS", b"ATTENDEE:mailto:a@example.org\r\nSTATUS", PUBLISHED), "PUBLISH", "1 ATTENDEE"),
        (without(PUBLISHED, b"ORGANIZER"), "PUBLISH", "0 ORGANIZER"),
        (without(FEED_DATA, b"SUMMARY"), FEED, "0 SUMMARY"),
        (with_properties("REFRESH-INTERVAL:PT4H"), FEED, "no VALUE=DURATION"),
        (with_properties("REFRESH-INTERVAL;VALUE=DURATION:4 hours"), FEED, "not a duration"),
        (with_properties("REFRESH-INTERVAL;VALUE=DURATION:-PT4H"), FEED, "not a duration"),
        (with_properties("SOURCE:https://example.org/x.ics"), FEED, "SOURCE says no VALUE=URI"),
        (with_properties("COLOR:#ff0000"), FEED, "not a name of CSS"),
        (with_properties("NAME:a,b"), FEED, "not escaped"),
        (changed(b"FEATURE=AUDIO,VIDEO", b'FEATURE="AUDIO,VIDEO"', REQUEST), "REQUEST", "FEATURE is"),
    ],
)
def test_what_a_calendar_for_everybody_may_not_have(data, method, said):
    """RFC 5546, 3.2.1; RFC 7986, 5."""
    assert said in "; ".join(validate(data, method))


def test_what_a_feed_says_of_itself_is_right():
    """RFC 7986."""
    lines = (
        "NAME:GMC",
        "REFRESH-INTERVAL;VALUE=DURATION:PT4H",
        "SOURCE;VALUE=URI:https://example.org/x.ics",
        "COLOR:teal",
    )
    assert validate(with_properties(*lines), FEED) == ()


# -- what comes back


def answer(method: str, *lines: str) -> bytes:
    """A message of somebody else about an event, as the RFC has it."""
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//EN", f"METHOD:{method}", "BEGIN:VEVENT", "UID:1"]
    event = ["DTSTAMP:20270101T000000Z", "ORGANIZER:mailto:gmc@example.org", *lines]
    return "\r\n".join([*head, *event, "END:VEVENT", "END:VCALENDAR", ""]).encode()


ATTENDEE = "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ada@example.org"
PROPOSAL = ("SEQUENCE:1", "SUMMARY:x", "DTSTART:20270102T000000Z")


@pytest.mark.parametrize(
    ("method", "lines", "problem"),
    [
        ("REPLY", (ATTENDEE, "REQUEST-STATUS:2.0;Success", "STATUS:CANCELLED"), ""),
        ("REPLY", (), "0 ATTENDEE, 1 wanted"),
        ("REPLY", (ATTENDEE, ATTENDEE), "2 ATTENDEE, 1 wanted"),
        ("COUNTER", (ATTENDEE, ATTENDEE, *PROPOSAL), ""),
        ("COUNTER", (ATTENDEE, *PROPOSAL[1:]), "0 SEQUENCE, 1 wanted"),
        ("COUNTER", PROPOSAL[:2], "0 DTSTART, 1 wanted"),
        ("DECLINECOUNTER", ("SEQUENCE:1", "COMMENT:No"), ""),
        ("DECLINECOUNTER", (ATTENDEE,), "1 ATTENDEE, 0 wanted"),
        ("DECLINECOUNTER", ("STATUS:CONFIRMED",), "1 STATUS, 0 wanted"),
    ],
)
def test_replies_and_proposals_have_their_tables(method, lines, problem):
    """RFC 5546, 3.2.3, 3.2.7 and 3.2.8."""
    problems = validate(answer(method, *lines), method)
    assert problems == () if not problem else problem in " ".join(problems)
