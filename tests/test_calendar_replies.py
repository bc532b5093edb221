"""Replies as clients write them: what they say is read, as icalendar reads it, and nothing else is believed."""

from __future__ import annotations

import time
import tracemalloc
from datetime import UTC, date, datetime

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reply_samples import CLIENTS, NOW, OBJECTS, Answer, google_ics

from conferencekit.calendar import incoming
from conferencekit.calendar.incoming import read_mail
from conferencekit.calendar.replies import (
    LARGEST_OBJECT,
    MOST_COMPONENTS,
    MOST_LINES,
    NoReply,
    Reply,
    day_of,
    read_replies,
)
from conferencekit.calendar.told import ANSWERS
from conferencekit.moment import Moment

PLAIN = google_ics(Answer())


def only(data: bytes, **options: str) -> Reply | NoReply:
    """The one reply in an object."""
    (found,) = read_replies(data, **options)
    return found


def changed(old: bytes, new: bytes, data: bytes = PLAIN) -> bytes:
    """The object with a change of something that is there."""
    assert old in data
    return data.replace(old, new, 1)


def by_icalendar(data: bytes) -> dict[str, object]:
    """What icalendar reads in a reply."""
    event = icalendar.Calendar.from_ical(data).walk("VEVENT")[0]
    attendee = event["ATTENDEE"]
    comment = event.get("COMMENT", "")
    return {
        "uid": str(event["UID"]),
        "attendee": str(attendee)[len("mailto:") :],
        "name": str(attendee.params.get("CN", "")),
        "answer": str(attendee.params["PARTSTAT"]),
        "sequence": int(event.get("SEQUENCE", 0)),
        "dtstamp": event["DTSTAMP"].dt,
        "comment": str(comment).strip(),
    }


def by_us(data: bytes) -> dict[str, object]:
    """The same by ours."""
    found = only(data)
    assert isinstance(found, Reply), found
    return {name: getattr(found, name) for name in by_icalendar(data)}


# -- what clients write


@pytest.mark.parametrize("client", sorted(CLIENTS))
def test_what_clients_send_is_read_as_icalendar_reads_it(client):
    """From the whole mail: who sent it, and what it answers."""
    answer = Answer(partstat="DECLINED", sequence=3, minute=5, comment="Ill\\, sorry", person="zoë")
    mail = read_mail(CLIENTS[client](answer), client)
    assert (mail.sender, mail.problem) == ("zoë@example.net", "")
    assert mail.recipients == ("replies@example.org",)
    (data,) = mail.calendars
    found = by_us(data)
    assert found == by_icalendar(data)
    assert (found["answer"], found["sequence"], found["comment"]) == ("DECLINED", 3, "Ill, sorry")


TEXTS = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), max_size=60).map(str.strip)


@given(
    client=st.sampled_from(sorted(OBJECTS)),
    partstat=st.sampled_from(ANSWERS),
    sequence=st.integers(0, 2**31 - 1),
    minute=st.integers(0, 10**6),
    comment=TEXTS.filter(lambda text: "\\" not in text),
    person=st.from_regex(r"[a-z]{1,12}", fullmatch=True),
    line_end=st.sampled_from([b"\r\n", b"\n"]),
)
def test_read_as_icalendar_reads_it(client, partstat, sequence, minute, comment, person, line_end):
    """Whatever a client answers, with either line end."""
    escaped = comment.replace(";", "\\;").replace(",", "\\,")
    answer = Answer(person=person, partstat=partstat, sequence=sequence, minute=minute, comment=escaped)
    data = OBJECTS[client](answer).replace(b"\r\n", line_end)
    found = by_us(data)
    assert found == by_icalendar(data)
    assert found["comment"] == comment


@pytest.mark.parametrize(
    "value",
    [
        "MAILTO:ada@example.net",
        "mailto:ada%40example.net",
        "mailto:ada@EXAMPLE.NET",
        '"mailto:ada@example.net"',
        "mailto:<ada@example.net>",
        "ada@example.net",
        "mailto: ada@example.net ",
        "mailto:ada@example.net?subject=x",
    ],
)
def test_addresses_in_any_dress(value):
    """However a client writes a mailto."""
    found = only(changed(b"mailto:ada@example.net", value.encode()))
    assert isinstance(found, Reply)
    assert found.attendee == "ada@example.net"


def test_the_address_may_stand_beside_another_uri():
    """Apple's servers name people by paths of their own, with the address in EMAIL."""
    data = changed(b"X-NUM-GUESTS=0:mailto:ada@example.net", b'EMAIL="ada@example.net":urn:uuid:1')
    assert only(data).attendee == "ada@example.net"


def test_a_deputy_is_named():
    """SENT-BY says who writes in somebody's name."""
    data = changed(b"X-NUM-GUESTS=0", b'SENT-BY="mailto:office@example.net"')
    assert only(data).sent_by == "office@example.net"


def test_names_may_have_carets():
    """RFC 6868: quotes and line ends in a name."""
    unfolded = PLAIN.replace(b"\r\n ", b"")
    data = changed(b'CN="ada, the first"', b"CN=ada ^'Countess^' L^nB", unfolded)
    assert only(data).name == 'ada "Countess" L B'


@pytest.mark.parametrize(
    "data",
    [
        PLAIN.replace(b"\r\n", b"\n"),
        PLAIN.replace(b"\r\n ", b""),
        b"\xef\xbb\xbf" + PLAIN,
        b"\r\n\r\n" + PLAIN,
        PLAIN.replace(b"VERSION:2.0\r\n", b""),
        PLAIN[: PLAIN.index(b"END:VEVENT")],
        PLAIN.rstrip(),
        changed(b"SUMMARY:Opening", b"SUMMARY:Opening\r\nno line at all"),
        changed(b"SUMMARY:Opening", b"X-" + b"A" * 5_000 + b":1"),
        PLAIN.replace(b"METHOD:REPLY", b"METHOD: reply "),
    ],
    ids=["LF", "long lines", "BOM", "blank", "no VERSION", "cut off", "no end", "no line", "long", "spaces"],
)
def test_sloppy_objects_are_read(data):
    """What real clients get wrong says the same."""
    assert only(data) == only(PLAIN)


def test_a_fold_within_a_letter():
    """Some clients fold by octets: the letter comes whole again."""
    data = google_ics(Answer(comment="Café"))
    assert only(changed("é".encode(), b"\xc3\r\n \xa9", data)).comment == "Café"


NOTES = {
    '"Bin im Urlaub"': "Bin im Urlaub",
    '"because it&#39\\;s late\\, sorry"': "because it's late, sorry",
    '"a^nb"': "a\nb",
    '"&#10\\;&#27\\;x"': "x",
    "": "",
}


@pytest.mark.parametrize("written", NOTES)
def test_a_note_in_googles_calendar_is_a_comment(written):
    """It stands in a parameter, escaped as on a page and as in a calendar; COMMENT counts more where there is one."""
    data = changed(
        b"X-NUM-GUESTS=0", f"X-NUM-GUESTS=0;X-RESPONSE-COMMENT={written}".encode(), google_ics(Answer())
    )
    assert only(data).comment == NOTES[written]
    data = changed(b"SEQUENCE:", b"COMMENT:Ill\r\nSEQUENCE:", data)
    assert only(data).comment == "Ill"


# -- what is none


WRONG = {
    "a request": (changed(b"METHOD:REPLY", b"METHOD:REQUEST"), "its METHOD is REQUEST"),
    "no method": (changed(b"METHOD:REPLY\r\n", b""), "no METHOD"),
    "nothing": (b"", "no calendar object"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "no calendar object"),
    "no event": (PLAIN.replace(b"VEVENT", b"VTODO"), "without an event"),
    "no uid": (changed(b"UID:", b"X-UID:"), "no UID"),
    "no attendee": (changed(b"ATTENDEE;", b"X-ATTENDEE;"), "no ATTENDEE"),
    "no address": (changed(b"mailto:ada@example.net", b"mailto:ada"), "not an address"),
    "no stamp": (changed(b"DTSTAMP:2027", b"DTSTAMP:X027"), "DTSTAMP"),
    "impossible stamp": (changed(b"DTSTAMP:20270110", b"DTSTAMP:20270230"), "DTSTAMP"),
    "partstat": (changed(b"PARTSTAT=ACCEPTED", b"PARTSTAT=PERHAPS"), "PARTSTAT is 'PERHAPS'"),
    "no partstat": (changed(b"PARTSTAT=ACCEPTED;", b""), "PARTSTAT is ''"),
    "negative": (changed(b"SEQUENCE:0", b"SEQUENCE:-1"), "SEQUENCE is '-1'"),
    "sequence": (changed(b"SEQUENCE:0", b"SEQUENCE:4294967296"), "SEQUENCE is '4294967296'"),
    "digits": (changed(b"SEQUENCE:0", "SEQUENCE:٣".encode()), "SEQUENCE is"),
}


@pytest.mark.parametrize(("data", "reason"), WRONG.values(), ids=WRONG)
def test_what_is_no_reply_is_named(data, reason):
    """With what is wrong about it."""
    found = only(data)
    assert isinstance(found, NoReply)
    assert reason in found.reason


def test_of_several_attendees_the_sender_answers():
    """Clients that give the whole list back; without a sender nobody knows who it was."""
    line = PLAIN[PLAIN.index(b"ATTENDEE") : PLAIN.index(b"CREATED")]
    data = changed(line, line + line.replace(b"ada@", b"bea@"))
    assert only(data, sender="BEA@example.net").attendee == "bea@example.net"
    assert "2 ATTENDEEs" in only(data).reason


def test_missing_sequence_is_none_yet():
    """Clients leave out a SEQUENCE of 0."""
    assert only(changed(b"SEQUENCE:0\r\n", b"")).sequence == 0


def test_replies_about_several_dates():
    """One object may answer for several dates of a series."""
    event = PLAIN[PLAIN.index(b"BEGIN:VEVENT") : PLAIN.index(b"END:VCALENDAR")]
    other = event.replace(b"SEQUENCE", b"RECURRENCE-ID;VALUE=DATE:20270309\r\nSEQUENCE")
    first, second = read_replies(changed(event, event + other))
    assert (first.recurrence, second.recurrence) == (None, date(2027, 3, 9))


@pytest.mark.parametrize(
    ("written", "day"),
    [
        (":20270308T163000Z", date(2027, 3, 9)),
        (";TZID=Asia/Shanghai:20270309T003000", date(2027, 3, 9)),
        (";TZID=/example.org/20240101_1/Asia/Shanghai:20270309T003000", date(2027, 3, 9)),
        (";TZID=China Standard Time:20270309T003000", date(2027, 3, 9)),
        (";TZID=America/New_York:20270308T113000", date(2027, 3, 9)),
        (";VALUE=DATE:20270309", date(2027, 3, 9)),
    ],
)
def test_a_date_of_a_series_is_a_local_day(written, day):
    """However the client says when it is."""
    found = only(google_ics(Answer(recurrence=written)))
    assert day_of(found.recurrence, "Asia/Shanghai") == day


def test_a_proposal_has_its_times():
    """A COUNTER says when somebody would rather come; it needs no PARTSTAT."""
    data = changed(b"PARTSTAT=ACCEPTED;", b"", google_ics(Answer(method="COUNTER")))
    found = only(data)
    assert (found.method, found.answer) == ("COUNTER", "NEEDS-ACTION")
    assert found.starts == Moment.at(datetime(2027, 3, 1, 1), "UTC")
    assert found.ends == Moment.at(datetime(2027, 3, 1, 2), "UTC")


def test_a_stamp_without_zone_is_in_utc():
    """RFC 5545 allows nothing else; where a zone is named, it is believed."""
    stamp = NOW.strftime("%Y%m%dT%H%M%S").encode()
    assert only(changed(stamp + b"Z", stamp)).dtstamp == NOW
    local = only(changed(b"DTSTAMP:" + stamp + b"Z", b"DTSTAMP;TZID=Asia/Shanghai:" + stamp)).dtstamp
    assert local == datetime(2027, 1, 10, 1, tzinfo=UTC)


# -- bounds


BOMBS = {
    "one line": b"BEGIN:VCALENDAR\r\nX:" + b"x" * 30_000_000,
    "lines": b"BEGIN:VCALENDAR\r\n" + b"a:\r\n" * 240_000,
    "short lines": b"BEGIN:VCALENDAR\n" + b"\n" * 900_000,
    "nesting": b"BEGIN:VEVENT\r\n" * 60_000,
    "folds": b"BEGIN:VCALENDAR\r\nX:" + b"\r\n " * 300_000,
    "quotes": b"BEGIN:VCALENDAR\r\nX" + b';A="",' * 150_000 + b":1\r\n",
    "open quotes": b"BEGIN:VCALENDAR\r\nX" + b';A="' * 240_000 + b":1\r\n",
    "backslashes": b"BEGIN:VCALENDAR\r\nX:" + b"\\" * 900_000 + b"\r\n",
    "carriage returns": b"BEGIN:VCALENDAR\r\nX:" + b"\r" * 900_000 + b"\n",
    "attendees": PLAIN.replace(b"CREATED", b"ATTENDEE:mailto:a@example.net\r\n" * 15_000 + b"CREATED"),
    "percent": changed(b"mailto:ada", b"mailto:" + b"%41" * 300_000),
    "carets": changed(b'CN="ada', b'CN="' + b"^^" * 450_000),
}


@pytest.mark.parametrize("data", BOMBS.values(), ids=BOMBS)
def test_hostile_objects_are_bounded(data):
    """In time and memory; what is too much is named with the limit."""
    began = time.process_time()
    read_replies(data, sender="x@example.net")
    took = time.process_time() - began
    tracemalloc.start()
    found = read_replies(data, sender="x@example.net")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert took < 3
    assert peak < 60_000_000
    assert len(found) == 1


@pytest.mark.parametrize(
    ("bomb", "limit"),
    [
        ("one line", f"{LARGEST_OBJECT:,}"),
        ("lines", f"{MOST_LINES:,} lines"),
        ("nesting", f"{MOST_COMPONENTS} components"),
    ],
)
def test_limits_are_named(bomb, limit):
    """So that whoever reads it knows what was too much."""
    assert limit in only(BOMBS[bomb]).reason


@given(st.binary(max_size=300), st.integers(0, len(PLAIN)), st.integers(0, len(PLAIN)))
def test_anything_is_read_or_named(junk, start, stop):
    """Bytes put into a reply, or cut out of it, never raise."""
    for data in (junk, PLAIN[:start] + junk + PLAIN[start:], PLAIN[:start] + junk + PLAIN[stop:]):
        for found in read_replies(data, sender="ada@example.net"):
            assert isinstance(found, Reply | NoReply)


def test_the_limit_of_a_mail_is_that_of_its_reader():
    """One number for files, folders and servers."""
    assert incoming.LARGEST_MAIL == 20_000_000
