"""Answers to those who ask for a feed: the whole of it, or that they have it; whatever stands in the headers."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.feed_samples import NOW, SINCE, told, two_days

from conferencekit.calendar.feed import feed_to_ical, make_feed
from conferencekit.calendar.serving import answer_feed, etag_of, http_date, modified_of, read_http_date

FOUND = two_days()
DATA = feed_to_ical(make_feed(FOUND, "conference"), FOUND, told(FOUND), now=NOW, since=SINCE)
TAG = etag_of(DATA)
MODIFIED = "Fri, 01 May 2026 08:00:00 GMT"
INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(2069, 12, 31), timezones=st.just(UTC)).map(
    lambda each: each.replace(microsecond=0)
)


def test_whoever_asks_first_gets_all_of_it():
    """With its type, its tag, its time and a name for the file."""
    found = answer_feed(DATA, filename="gmc.ics")
    assert (found.status, found.body) == (200, DATA)
    assert found.headers == {
        "Content-Type": "text/calendar; charset=utf-8",
        "Content-Length": str(len(DATA)),
        "Content-Disposition": 'attachment; filename="gmc.ics"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-cache",
        "ETag": TAG,
        "Last-Modified": MODIFIED,
    }


def test_the_tag_is_strong_quoted_and_made_of_the_content():
    """One octet more is another."""
    assert TAG == f'"{hashlib.sha256(DATA).hexdigest()[:40]}"'
    assert etag_of(DATA + b" ") != TAG
    assert re.fullmatch(r'"[0-9a-f]{40}"', TAG)


@pytest.mark.parametrize(
    "header",
    [
        *(TAG, f"W/{TAG}", f'"other", W/{TAG}', f'"a,b" ,{TAG},"c"', "*", " * ", f'"W/x",\t{TAG}'),
        *(f'{TAG[:-1]}-gzip"', f'W/"x", W/{TAG[:-1]}-br"', f'{TAG[:-1]}--gzip"'),
    ],
)
def test_whoever_has_it_gets_nothing_again(header):
    """Lists, weak tags and those with an ending (a proxy that compresses makes them), and the star."""
    found = answer_feed(DATA, if_none_match=header)
    assert (found.status, found.body) == (304, b"")
    assert found.headers == {"Cache-Control": "no-cache", "ETag": TAG, "Last-Modified": MODIFIED}


@pytest.mark.parametrize(
    "header",
    [
        "",
        '"other"',
        TAG.strip('"'),
        TAG[:-1],
        f"x{TAG[:-1]}",
        f'"{TAG}',
        '"*"',
        "W/*",
        f'{TAG[:-1]}-x"',
        '"-gzip"',
    ],
)
def test_whoever_has_another_gets_it_anew(header):
    """Also whoever sends what is no tag, and whatever time they name: the tag decides alone."""
    assert answer_feed(DATA, if_none_match=header, if_modified_since=MODIFIED).status == 200


@pytest.mark.parametrize(
    ("since", "status"),
    [
        (MODIFIED, 304),
        ("Fri, 01 May 2026 08:00:01 GMT", 304),
        ("Fri, 01 May 2026 07:59:59 GMT", 200),
        ("Friday, 01-May-26 08:00:00 GMT", 304),
        ("Fri May  1 08:00:00 2026", 304),
        ("Fri, 01 May 2026 08:00:00 CET", 200),
        ("Fri, 31 Feb 2026 08:00:00 GMT", 200),
        ("2026-05-01T08:00:00Z", 200),
        ("", 200),
    ],
)
def test_the_time_decides_where_there_is_no_tag(since, status):
    """In the three forms of HTTP; anything else is as if it were not there."""
    assert answer_feed(DATA, if_modified_since=since).status == status


def test_what_is_one_persons_stays_out_of_shared_caches():
    """A proxy keeps none of it."""
    for header in (None, TAG):
        assert (
            answer_feed(DATA, private=True, if_none_match=header).headers["Cache-Control"]
            == "private, no-cache"
        )


@given(st.text(), st.text())
@example('"' * 100_000, "x" * 100_000)
@example(f"W/{'W/' * 50_000}", ", " * 50_000)
@example("\r\nSet-Cookie: a=b", "\ud800")
def test_no_header_of_a_request_raises_or_comes_back(none_match, since):
    """Whatever it holds, the answer has our own headers only, each on one line."""
    for found in (
        answer_feed(DATA, if_none_match=none_match, if_modified_since=since),
        answer_feed(DATA, if_modified_since=since, filename=none_match),
    ):
        assert found.status in (200, 304)
        for name, value in found.headers.items():
            assert re.fullmatch(r"[A-Za-z-]+", name)
            assert re.fullmatch(r"[ -~]+", value)


@given(st.text())
def test_a_file_name_is_plain_and_ends_in_ics(name):
    """Letters that every system takes."""
    said = answer_feed(DATA, filename=name).headers["Content-Disposition"]
    assert re.fullmatch(r'attachment; filename="[A-Za-z0-9_][A-Za-z0-9._-]*\.ics"', said)


@pytest.mark.parametrize(
    ("name", "said"),
    [("gmc-2020.ics", "gmc-2020.ics"), ("学习.ics", "calendar.ics"), ("../../etc/passwd", "etc-passwd.ics"), ("", "calendar.ics"), ('a"b.ics', "a-b.ics")],
)  # fmt: skip
def test_names_that_cannot_be_are_made_plain(name, said):
    """No path, no quote."""
    assert answer_feed(DATA, filename=name).headers["Content-Disposition"] == f'attachment; filename="{said}"'


@given(INSTANTS)
def test_http_dates_are_those_of_the_standard_library(instant):
    """Written, and read in each form."""
    assert http_date(instant) == format_datetime(instant, usegmt=True)
    assert read_http_date(http_date(instant)) == instant == parsedate_to_datetime(http_date(instant))
    names = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    old = f"{names[instant.weekday()]}, {instant:%d}-{http_date(instant)[8:11]}-{instant:%y %H:%M:%S} GMT"
    assert read_http_date(old) == instant
    c = f"{http_date(instant)[:3]} {http_date(instant)[8:11]} {instant.day:2} {instant:%H:%M:%S %Y}"
    assert read_http_date(c) == instant


@given(st.text())
def test_what_is_no_date_is_none(text):
    """And raises nothing."""
    found = read_http_date(text)
    assert found is None or http_date(found)


def test_when_a_feed_changed_is_read_from_itself():
    """From the calendar's own line, which no text can forge; nothing where there is none."""
    assert modified_of(DATA) == SINCE
    assert modified_of(b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n") is None
    assert modified_of(b"\r\nLAST-MODIFIED:20261301T000000Z\r\n") is None
    forged = make_feed(FOUND, "conference", locale="en")
    hostile = feed_to_ical(
        type(forged)(kind="conference", locale="en", name="x\r\nLAST-MODIFIED:20990101T000000Z\r\n"),
        FOUND,
        told(FOUND),
        now=NOW,
        since=SINCE,
    )
    assert modified_of(hostile) == SINCE
    assert "Last-Modified" not in answer_feed(b"").headers


def test_a_change_of_any_session_is_a_later_time():
    """By which those learn of it who send no tag."""
    later = SINCE + timedelta(days=1)
    changed = feed_to_ical(make_feed(FOUND, "conference"), FOUND, told(FOUND), now=NOW, since=later)
    assert answer_feed(changed, if_modified_since=MODIFIED).status == 200
