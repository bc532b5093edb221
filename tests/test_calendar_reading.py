"""Reading calendar files of others: all that can be understood is, every repair is told, nothing grows out of bounds."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.invite_samples import invites

from conferencekit.calendar import invite_to_ical
from conferencekit.calendar.reading import (
    Component,
    ReadingLimits,
    parameter_text,
    read,
    read_tolerantly,
    text_of,
    texts_of,
)
from conferencekit.errors import InvalidImport

PLAIN = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:A talk\r\n"
    b"DESCRIPTION:First\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def event(data: bytes) -> Component:
    """The first event of a file."""
    return read_tolerantly(data).components[0].components[0]


@given(invites())
def test_what_is_right_reads_as_it_is_read_strictly(invite):
    """Of our own objects nothing is repaired, and both readers say the same of them."""
    data = invite_to_ical(invite)
    assert read_tolerantly(data) == read(data)
    assert read_tolerantly(data).problems == ()


REPAIRED = {
    "bare LF": (PLAIN.replace(b"\r\n", b"\n"), "line ends are not CRLF"),
    "bare CR": (PLAIN.replace(b"\r\n", b"\r"), "line ends are not CRLF"),
    "mark": (b"\xef\xbb\xbf" + PLAIN, "byte order mark"),
    "UTF-16": (PLAIN.decode().encode("utf-16"), "UTF-16"),
    "no line end": (PLAIN[:-2], "the last line does not end"),
    "empty lines": (PLAIN.replace(b"UID:1", b"\r\nUID:1"), "line 4: a line is empty"),
    "bell": (PLAIN.replace(b"A talk", b"A \x07talk"), "control characters"),
    "no end": (PLAIN.replace(b"END:VEVENT\r\n", b""), "line 7: VEVENT does not end before this"),
    "cut off": (PLAIN.replace(b"END:VEVENT\r\nEND:VCALENDAR\r\n", b""), "VCALENDAR does not end"),
    "end of nothing": (PLAIN.replace(b"UID", b"END:VTODO\r\nUID"), "line 4: END:VTODO ends nothing"),
    "spaces": (PLAIN.replace(b"SUMMARY:", b"SUMMARY ;X-A :"), "line 5: the name or the parameters"),
    "lower case": (PLAIN.replace(b"BEGIN", b"begin").replace(b"VEVENT", b"vevent"), ""),
}


@pytest.mark.parametrize("name", REPAIRED)
def test_what_is_written_otherwise_says_the_same(name):
    """Each repair gives what the file meant, and is told with its line."""
    data, told = REPAIRED[name]
    reading = read_tolerantly(data)
    found = event(data)
    assert [(each.name, each.value) for each in found.properties] == [
        ("UID", "1"),
        ("SUMMARY", "A talk"),
        ("DESCRIPTION", "First"),
    ]
    assert any(told in each for each in reading.problems) or not told
    assert len(reading.problems) == (2 if name == "cut off" else bool(told))


def test_a_long_line_is_told_and_taken():
    """75 octets are a rule for writers."""
    found = read_tolerantly(PLAIN.replace(b"First", b"x" * 300))
    assert found.problems == ("lines are longer than 75 octets",)


def test_a_text_that_was_broken_into_lines_is_one_text():
    """Line ends that nobody escaped stay line ends, and the line is counted as an editor does."""
    data = PLAIN.replace(b"First", b"First\r\n and\r\nthen, the second\r\nthird").replace(
        b"UID:1", b"UID:1\r\n 2"
    )
    assert text_of(event(data).value("DESCRIPTION")) == "Firstand\nthen, the second\nthird"
    told = "line 9: is no content line, and was taken for more of the text before (and 1 more)"
    assert read_tolerantly(data).problems == (told,)


def test_a_line_that_continues_nothing_is_left_out():
    """Behind BEGIN and END, and what is no text, there is nothing to go on with."""
    reading = read_tolerantly(PLAIN.replace(b"UID", b"nonsense\r\nUID"))
    assert reading.problems == ("line 4: is no content line, and was left out",)
    assert read_tolerantly(b"nonsense\r\n").components == ()
    reading = read_tolerantly(PLAIN.replace(b"UID:1", b"UID:1\r\nSUMMARY=A"))
    assert reading.problems == ("line 5: is no content line, and was left out",)


def test_single_lines_that_are_not_utf_8_are_read_as_windows_reads_them():
    """The others stay as they are."""
    data = PLAIN.replace(b"A talk", b"Caf\xe9 \x93quoted\x94").replace(b"First", "Zoë".encode())
    assert event(data).value("SUMMARY") == "Café “quoted”"
    assert event(data).value("DESCRIPTION") == "Zoë"
    assert read_tolerantly(data).problems == ("line 5: it is not UTF-8, and was read as Windows-1252",)


def test_an_event_within_an_event_is_one_beside_it():
    """A missing END costs no event."""
    events = b"BEGIN:VEVENT\r\nUID:1\r\n" * 30
    reading = read_tolerantly(b"BEGIN:VCALENDAR\r\n" + events + b"END:VEVENT\r\nEND:VCALENDAR\r\n")
    assert len(reading.components[0].components) == 30
    assert reading.problems == ("line 4: VEVENT does not end before this (and 28 more)",)


def test_a_quoted_parameter_keeps_its_colon():
    """Exchange names zones so; what is known of one line's begin does not leak into the next."""
    line = b'DTSTART;TZID="(UTC+01:00) Berlin":20260101T100000\r\nDTEND;TZID="(UTC+02:00) Riga":20260101T110000\r\n'
    start, end = event(PLAIN.replace(b"UID:1\r\n", line)).properties[:2]
    assert (parameter_text(start.parameters["TZID"]), start.value) == (
        "(UTC+01:00) Berlin",
        "20260101T100000",
    )
    assert (parameter_text(end.parameters["TZID"]), end.value) == ("(UTC+02:00) Riga", "20260101T110000")


def test_texts_and_parameters_say_what_was_written():
    """Escapes, lists and carets; a backslash that escapes nothing is one."""
    assert text_of(r"a\, b\; c\\nd\ne\Nf C:\temp\\") == "a, b; c\\nd\ne\nf C:\\temp\\"
    assert texts_of(r"a\,b,c\\,d") == ["a,b", "c\\", "d"]
    assert parameter_text("\"^'x^' ^^n^n\"") == '"x" ^n\n'
    assert parameter_text('"') == '"'


SMALL = ReadingLimits(octets=5_000, line=500, lines=100, components=20, nesting=3)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"x" * 5_001, "5,001 bytes"),
        (b"A:" + b"x" * 499, "a line of 501 bytes"),
        (b"A:" + b"\r\n ".join([b"x" * 70] * 8), "a line of 562 bytes"),
        (b"COMMENT:1\nx\n" * 3 + (b"x" * 90 + b"\n") * 6, "a line of more than 500 bytes"),
        (b"\n" * 101, "101 lines"),
        (b"BEGIN:VEVENT\n" * 21, "more than 20 components"),
        (b"BEGIN:X\n" * 4, "components more than 3 deep"),
    ],
)
def test_more_than_the_limits_is_refused_with_what_it_was(data, told):
    """Each limit by itself."""
    with pytest.raises(InvalidImport, match=told):
        read_tolerantly(data, limits=SMALL, source="x.ics")


@given(st.binary(max_size=300) | st.lists(st.sampled_from(PLAIN.split(b"\r\n")), max_size=20).map(b"\n".join))
def test_no_bytes_raise_anything_but_the_documented_error(data):
    """Whatever is read, each line of the file is in the result or told."""
    reading = read_tolerantly(data)
    assert all(each.isprintable() or "\n" not in each for each in reading.problems)


@pytest.mark.slow
@pytest.mark.parametrize(
    "data",
    [
        b";A=" * 330_000 + b":x\n",
        b'A;B="' * 190_000 + b":x\n",
        b"".join(b"A;%d=:x\n" % number for number in range(20_000)),
        b"".join(b";P%d=1" % number for number in range(130_000)) + b":x\n",
        b"\n ".join([b"A:x"] * 30_000),
        b"BEGIN:VCALENDAR\n" * 100_000,
        b"".join(b"END:%d\n" % number for number in range(30_000)),
        b"BEGIN:X\nSUMMARY:1\n" + b"x\n" * 30_000,
    ],
)
def test_hostile_files_take_memory_in_proportion_to_their_size(data):
    """Parameters, quotes, folds, components and ENDs without end: a hundred times the file at most, or refused."""
    tracemalloc.start()
    try:
        read_tolerantly(data)
    except InvalidImport:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 5_000_000 + 100 * len(data)
