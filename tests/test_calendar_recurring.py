"""Rules of other calendars: their dates are those that dateutil finds, and no rule takes more than its share."""

from __future__ import annotations

from datetime import date, datetime
from itertools import islice

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from conferencekit.calendar.recurring import WEEKDAYS, Budget, Rule, days_of, repeat_of, rule_from
from conferencekit.programme.series import Repeat

LAST = date(2032, 12, 31)


@st.composite
def rules(draw: st.DrawFn) -> str:
    """A rule with whatever parts RFC 5545 lets stand together."""
    every = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={every}", f"COUNT={draw(st.integers(1, 40))}", f"INTERVAL={draw(st.integers(1, 4))}"]
    numbers = st.sampled_from(["1", "2", "-1", "-2", "5"]) if every in ("MONTHLY", "YEARLY") else st.just("")
    number = draw(st.booleans()) and draw(numbers)
    days = [f"{number or ''}{day}" for day in draw(st.sets(st.sampled_from(WEEKDAYS), max_size=3))]
    month_days = draw(st.sets(st.sampled_from([1, 2, 13, 28, 31, -1, -3]), max_size=2))
    if days:
        parts.append(f"BYDAY={','.join(days)}")
    elif month_days and every != "WEEKLY":
        parts.append(f"BYMONTHDAY={','.join(map(str, month_days))}")
    if months := draw(st.sets(st.integers(1, 12), max_size=3)):
        parts.append(f"BYMONTH={','.join(map(str, months))}")
    # Of the week of DTSTART, dateutil counts positions from DTSTART on, and not from the week's begin.
    if len(parts) > 3 and every != "WEEKLY" and draw(st.booleans()):
        parts.append(f"BYSETPOS={draw(st.sampled_from([1, -1, 2]))}")
    return ";".join([*parts, f"WKST={draw(st.sampled_from(WEEKDAYS))}"])


@given(rules(), st.datetimes(datetime(2020, 1, 1), datetime(2026, 1, 1)))
def test_a_rule_has_the_dates_that_dateutil_finds(text, starts):
    """But for the first, which is a date of every rule."""
    starts = starts.replace(microsecond=0)
    rule = rule_from(text, starts)
    assert isinstance(rule, Rule)
    endless = ";".join(each for each in text.split(";") if not each.startswith("COUNT"))
    found = rrulestr(f"{endless};UNTIL={LAST:%Y%m%d}T235959", dtstart=starts)
    later = islice((each.date() for each in found if each > starts), rule.count - 1)
    assert days_of(rule, starts.date(), LAST, Budget()) == ([starts.date(), *later], True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "FREQ=HOURLY",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=-1",
        "FREQ=DAILY;COUNT=x",
        "FREQ=DAILY;BYMONTH=13",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=YEARLY;BYWEEKNO=20",
        "FREQ=YEARLY;BYYEARDAY=1",
        "FREQ=DAILY;BYHOUR=9,17",
        "FREQ=DAILY;WKST=X",
        "FREQ=DAILY;RSCALE=CHINESE",
        "FREQ=DAILY;BYMONTHDAY=" + "1," * 3_000,
    ],
)
def test_what_is_not_understood_is_said(text):
    """Never guessed."""
    assert isinstance(rule_from(text, datetime(2027, 1, 1, 9)), str)


def test_a_rule_takes_its_steps_from_all_that_there_are():
    """What it does not need is given back, and where none are left nothing is looked for."""
    rule = rule_from("FREQ=DAILY;COUNT=10", datetime(2027, 1, 1))
    budget = Budget(1_000)
    assert len(days_of(rule, date(2027, 1, 1), LAST, budget)[0]) == 10
    assert 980 <= budget.steps < 1_000
    never = rule_from("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", datetime(2027, 1, 1))
    assert days_of(never, date(2027, 1, 1), date.max, budget) == ([date(2027, 1, 1)], False)
    assert budget.steps == 0


def test_a_rule_without_dates_ends_and_a_rule_that_is_too_much_says_so():
    """27 years without any date are enough; dates that lie far apart take their steps."""
    never = rule_from("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", datetime(2027, 1, 1))
    budget = Budget(100_000)
    assert days_of(never, date(2027, 1, 1), date.max, budget) == ([date(2027, 1, 1)], True)
    assert budget.steps > 85_000
    leap = rule_from("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29", datetime(2024, 2, 29))
    days, are_all = days_of(leap, date(2024, 2, 29), date(2060, 1, 1), Budget())
    assert (len(days), are_all) == (9, True)
    assert days_of(leap, date(2024, 2, 29), date.max, Budget())[1] is False


@given(
    st.sampled_from(["day", "week", "month"]),
    st.integers(1, 13),
    st.integers(2, 30),
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
)
def test_days_of_a_series_are_known_as_a_series(every, interval, count, first):
    """Whatever its rule was."""
    days = Repeat(every=every, interval=interval, count=count).dates(first)
    found = repeat_of(days)
    assert found is not None
    assert found.dates(first) == days
    # a leap year too, for a series that ends on a 29 February
    assert repeat_of([*days, days[-1].replace(year=2800)]) in (None, found) or count == 2
