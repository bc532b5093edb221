"""Series of sessions: their dates, what is other than usual on them, and what a document may not say."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from conferencekit.calendar.composing import published
from conferencekit.calendar.planned import planned_events
from conferencekit.calendar.writing import event_to_ical
from conferencekit.document import conference_from_text, conference_to_data, dump_toml
from conferencekit.errors import InvalidDocument
from conferencekit.moment import Moment
from conferencekit.programme.series import MOST_DATES, Occurrence, Repeat, count_until, dates_of

DOCUMENT = """\
[conference]
title = "Seminars"
timezone = "Europe/Berlin"

[[sessions]]
id = "seminar"
title = "Seminar"
starts = 2036-10-08T18:00:00
ends = 2036-10-08T19:30:00
"""


def load(*lines: str, start: str = "18:00", end: str = "19:30"):
    text = DOCUMENT.replace("18:00", start).replace("19:30", end)
    return conference_from_text("\n".join([text.rstrip(), *lines, ""]), syntax="toml")


def problems(*lines: str, **times: str) -> list[tuple[str, str]]:
    with pytest.raises(InvalidDocument) as found:
        load(*lines, **times)
    return [(each.path, str(each)) for each in found.value.problems]


REPEATS = st.builds(
    Repeat,
    every=st.sampled_from(["day", "week", "month"]),
    interval=st.integers(1, 12),
    count=st.integers(2, 60),
)
FIRSTS = st.dates(date(2000, 1, 1), date(2060, 12, 31))


@given(REPEATS, FIRSTS)
def test_the_dates_are_those_that_the_rule_says(repeat, first):
    """By dateutil, which reads RRULE by itself."""
    starts = datetime.combine(first, datetime.min.time())
    assert [each.date() for each in rrulestr(repeat.rrule, dtstart=starts)] == list(repeat.dates(first))


@given(REPEATS, FIRSTS)
def test_until_the_last_date_there_are_as_many(repeat, first):
    """A series that is given by its last day is the one that is given by its count."""
    last = repeat.dates(first)[-1]
    assert count_until(repeat.every, repeat.interval, first, last) == repeat.count
    assert count_until(repeat.every, repeat.interval, first, last - timedelta(days=1)) == repeat.count - 1


def test_a_month_without_the_day_is_left_out():
    """As every calendar does it: the 31st comes seven times a year."""
    found = Repeat(every="month", count=4).dates(date(2036, 1, 31))
    assert found == (date(2036, 1, 31), date(2036, 3, 31), date(2036, 5, 31), date(2036, 7, 31))


def test_wall_times_stay_when_clocks_change():
    """18:00 in Berlin is another instant after the change."""
    (session,) = load('repeat = { every = "week", count = 4 }').sessions
    assert [each.starts.wall.hour for each in session.dates] == [18] * 4
    assert [each.starts.instant.hour for each in session.dates] == [16, 16, 16, 17]


def test_a_date_may_be_other_than_usual():
    """What is left out is as usual; one that says only when it starts is as long as the others."""
    (session,) = load(
        'repeat = { every = "week", until = 2036-10-29 }',
        "exceptions = [",
        '  { date = 2036-10-15, status = "cancelled" },',
        '  { date = 2036-10-22, starts = 2036-10-23T10:00:00, room = "Hall 2" },',
        "]",
    ).sessions
    assert session.repeat == Repeat(every="week", count=4)
    usual, off, moved, last = session.dates
    assert (usual.other, off.other.status, last.other) == (None, "cancelled", None)
    assert moved.planned.wall == datetime(2036, 10, 22, 18)
    assert (moved.starts.wall, moved.ends.wall) == (
        datetime(2036, 10, 23, 10),
        datetime(2036, 10, 23, 11, 30),
    )
    assert session.last_ends == last.ends


def test_the_end_of_a_series_is_the_end_of_its_last_date_that_is_held():
    """Also where the last one is off."""
    (session,) = load(
        'repeat = { every = "week", count = 2 }', 'exceptions = [{ date = 2036-10-15, status = "cancelled" }]'
    ).sessions
    assert session.last_ends == session.ends


@given(
    st.builds(
        Repeat,
        every=st.sampled_from(["day", "week", "month"]),
        interval=st.integers(2, 5),
        count=st.integers(2, 9),
    ),
    st.data(),
)
def test_a_series_survives_toml_and_data(repeat, data):
    """Written and read again it is the same."""
    days = repeat.dates(date(2036, 10, 8))
    picked = data.draw(st.lists(st.sampled_from(days), unique=True, max_size=3))
    lines = ", ".join(f'{{ date = {each}, status = "cancelled", room = "B" }}' for each in picked)
    every = f"{repeat.interval} {repeat.every}s"
    conference = load(f'repeat = {{ every = "{every}", count = {repeat.count} }}', f"exceptions = [{lines}]")
    assert conference.sessions[0].repeat == repeat
    assert [each.date for each in conference.sessions[0].exceptions] == picked
    again = conference_from_text(dump_toml(conference), syntax="toml")
    assert again == conference
    assert conference_to_data(again) == conference_to_data(conference)


# -- what a document may not say


@pytest.mark.parametrize(
    ("lines", "path", "part"),
    [
        (['repeat = { every = "fortnight", count = 2 }'], "repeat.every", "'2 weeks'"),
        (['repeat = { every = "week" }'], "repeat", "either `count`"),
        (['repeat = { every = "week", count = 2, until = 2036-12-01 }'], "repeat", "either `count`"),
        (['repeat = { every = "week", count = 1 }'], "repeat.count", "from 2 to 400"),
        (['repeat = { every = "week", count = 401 }'], "repeat.count", "from 2 to 400"),
        (['repeat = { every = "day", until = 2046-12-01 }'], "repeat.until", "more than 400"),
        (['repeat = { every = "week", until = 2036-10-09 }'], "repeat.until", "would have 1 dates"),
        (["exceptions = [{ date = 2036-10-15 }]"], "exceptions", "only a series"),
        (
            ['repeat = { every = "week", count = 3 }', "exceptions = [{ date = 2036-10-16 }]"],
            "exceptions[0].date",
            "2036-10-15",
        ),
        (
            [
                'repeat = { every = "week", count = 3 }',
                "exceptions = [{ date = 2036-10-15 }, { date = 2036-10-15 }]",
            ],
            "exceptions[1].date",
            "same date",
        ),
        (
            [
                'repeat = { every = "week", count = 3 }',
                "exceptions = [{ date = 2036-10-15, ends = 2036-10-15T17:00:00 }]",
            ],
            "exceptions[0]",
            "Let it end after it starts",
        ),
    ],
)
def test_what_is_no_series_is_refused(lines, path, part):
    """With the key, and what would be right."""
    ((found, text),) = problems(*lines)
    assert found == f"sessions[0].{path}"
    assert part in text


@pytest.mark.parametrize(
    ("start", "end", "count"),
    [("02:30", "02:45", 4), ("01:30", "02:30", 4)],
    ids=["starts in the repeated hour", "ends in it"],
)
def test_a_date_in_a_repeated_hour_is_refused(start, end, count):
    """A rule cannot say which of the two is meant. (26 October 2036 in Berlin.)"""
    text = DOCUMENT.replace("2036-10-08T18:00", f"2036-10-05T{start}").replace(
        "2036-10-08T19:30", f"2036-10-05T{end}"
    )
    with pytest.raises(InvalidDocument) as found:
        conference_from_text(f'{text}repeat = {{ every = "week", count = {count} }}\n', syntax="toml")
    (problem,) = found.value.problems
    assert "2036-10-26" in str(problem)
    assert "twice" in str(problem)


@pytest.mark.parametrize("fold", [0, 1])
def test_a_first_date_in_a_repeated_hour_is_refused(fold):
    """Also where somebody chose the first or the second of the two."""
    start = f'{{ at = 2036-10-26T02:30:00, timezone = "Europe/Berlin", fold = {fold} }}'
    text = re.sub("starts = .*", f"starts = {start}", DOCUMENT).replace(
        "2036-10-08T19:30", "2036-10-26T05:30"
    )
    with pytest.raises(InvalidDocument, match="in an hour that comes twice"):
        conference_from_text(f'{text}repeat = {{ every = "week", count = 2 }}\n', syntax="toml")


def test_a_date_in_a_skipped_hour_is_refused():
    """30 March 2036 in Berlin."""
    text = DOCUMENT.replace("2036-10-08T18:00", "2036-03-23T02:30").replace(
        "2036-10-08T19:30", "2036-03-23T03:30"
    )
    with pytest.raises(InvalidDocument) as found:
        conference_from_text(f'{text}repeat = {{ every = "week", count = 2 }}\n', syntax="toml")
    assert "2036-03-30" in str(found.value.problems[0])


def test_dates_that_lie_over_each_other_are_refused():
    """A session of two days cannot come every day."""
    text = DOCUMENT.replace("2036-10-08T19:30", "2036-10-09T19:30")
    with pytest.raises(InvalidDocument) as found:
        conference_from_text(f'{text}repeat = {{ every = "day", count = 3 }}\n', syntax="toml")
    assert "repeat more seldom" in str(found.value.problems[0])


@pytest.mark.parametrize(
    "line", ["ends = 2036-10-08T24:00:00", "ends = 2036-10-08T18:00:00", "ends = 2036-10-08T17:00:00"]
)
def test_a_session_that_does_not_end_after_it_starts_is_refused(line):
    """Nor one at 24:00, which no clock shows."""
    text = DOCUMENT.replace("ends = 2036-10-08T19:30:00", line)
    with pytest.raises(InvalidDocument):
        conference_from_text(text, syntax="toml")


def test_a_series_beyond_the_calendar_is_refused():
    """The year 9999 is the last."""
    text = DOCUMENT.replace("2036-10-08", "9999-12-08")
    with pytest.raises(InvalidDocument):
        conference_from_text(f'{text}repeat = {{ every = "month", count = 40 }}\n', syntax="toml")


@pytest.mark.parametrize("first", ["1969-12-30", "1950-10-08", "9990-12-30"])
def test_a_series_in_years_of_which_calendars_know_no_clocks_is_refused(first):
    """Inviting to it would fail: whoever checks the document hears of it before."""
    text = DOCUMENT.replace("2036-10-08", first)
    with pytest.raises(InvalidDocument, match=f"in the years from 1970 to 9990, .* from {first} to"):
        conference_from_text(f'{text}repeat = {{ every = "week", count = 3 }}\n', syntax="toml")


@pytest.mark.parametrize("first", ["1970-01-01", "9990-12-01"])
def test_a_series_in_the_first_and_last_years_of_clocks_is_told_to_calendars(first):
    """What `check` takes, an invite can say: also where a date of it differs."""
    text = DOCUMENT.replace("2036-10-08", first)
    last = date.fromisoformat(first) + timedelta(days=14)
    changed = f'exceptions = [{{ date = {last}, room = "B" }}]'
    conference = conference_from_text(
        f'{text}repeat = {{ every = "week", count = 3 }}\n{changed}\n', syntax="toml"
    )
    (event,) = planned_events(conference, now=datetime(1969, 1, 1, tzinfo=UTC))
    lines = event_to_ical(published(conference, event, "en"))
    assert lines.count(b"BEGIN:VEVENT") == 2


def test_the_most_dates_are_read_at_once():
    """Four hundred days, a year and more."""
    starts = Moment.at(datetime(2036, 1, 1, 9), "UTC")
    found = dates_of(
        starts,
        starts.plus(timedelta(hours=1)),
        Repeat(every="day", count=MOST_DATES),
        (Occurrence(date=date(2036, 1, 2), room="B"),),
    )
    assert len(found) == MOST_DATES
    assert found[1].other.room == "B"
