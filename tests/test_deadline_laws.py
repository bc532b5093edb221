"""The laws of deadlines, for any deadline in any zone at any time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
import pytz
from hypothesis import given
from hypothesis import strategies as st

from conferencekit.deadline import Deadline, Relative
from conferencekit.moment import Moment, start_of_day
from conferencekit.testing.strategies import ODD_ZONES, clock_changes, deadlines, instants, moments, zones
from conferencekit.zones import later_rules

DAYS = st.dates(date(2020, 1, 1), date(2045, 12, 30))
PEOPLE = st.sampled_from([None, "ada", "bob"])
STATES = ("upcoming", "open", "late", "closed")


@st.composite
def times_around(draw: st.DrawFn, deadline: Deadline) -> datetime:
    """Instants near every bound of a deadline, in UTC."""
    bounds = [deadline.announced, deadline.closes("ada"), deadline.cutoff(), deadline.cutoff("ada")]
    bounds += [each for each in (deadline.opens, deadline.late_until) if each is not None]
    near = st.sampled_from([timedelta(), -timedelta.resolution, timedelta.resolution]) | st.timedeltas(
        timedelta(days=-40), timedelta(days=40)
    )
    return draw(st.sampled_from(bounds)).instant + draw(near)


@st.composite
def written_somewhere(draw: st.DrawFn, instant: datetime) -> datetime:
    """The same instant as one of four libraries' zones writes it."""
    zone = draw(zones())
    offset = draw(st.integers(-23 * 60, 23 * 60))
    place = draw(
        st.sampled_from(
            [
                UTC,
                timezone(timedelta(minutes=offset)),
                pytz.FixedOffset(offset),
                pytz.timezone(zone),
                later_rules(zone),
            ]
        )
    )
    return instant.astimezone(place)


@given(st.data(), deadlines(late=False), PEOPLE)
def test_accepted_iff_from_opening_until_the_persons_cutoff(data, deadline, person):
    """accepted(t) iff opens <= t < the person's cutoff, in whatever zone t is written."""
    instant = data.draw(times_around(deadline))
    now = data.draw(written_somewhere(instant))
    opened = deadline.opens is None or deadline.opens.instant <= instant
    assert deadline.accepts(now, person) == (opened and instant < deadline.cutoff(person).instant)


@given(st.data(), deadlines(), PEOPLE)
def test_nothing_is_accepted_at_or_after_the_final_cutoff(data, deadline, person):
    """Whatever the late rule, and for whomever."""
    instant = deadline.final_cutoff(person).instant + data.draw(
        st.timedeltas(timedelta(), timedelta(days=999))
    )
    now = data.draw(written_somewhere(instant))
    assert not deadline.accepts(now, person)
    assert deadline.state(now, person) == "closed"
    assert deadline.remaining(now, person) == timedelta()


@given(st.data(), deadlines(), PEOPLE)
def test_states_follow_each_other(data, deadline, person):
    """Time never goes back from late to open; late comes from the cutoff on, never before."""
    times = sorted(data.draw(st.lists(times_around(deadline), min_size=2, max_size=6)))
    found = [STATES.index(deadline.state(each, person)) for each in times]
    assert found == sorted(found)
    for each in times:
        state = deadline.state(each, person)
        assert (state in ("late", "closed")) == (each >= deadline.cutoff(person).instant)
        assert (deadline.remaining(each, person) > timedelta()) == (state in ("upcoming", "open"))


@given(deadlines(), PEOPLE)
def test_extensions_and_grace_only_add(deadline, person):
    """announced <= closes <= cutoff <= final cutoff, and a person has at least the public's time."""
    chain = [
        deadline.announced,
        deadline.closes(person),
        deadline.cutoff(person),
        deadline.final_cutoff(person),
    ]
    assert chain == sorted(chain)
    assert deadline.cutoff(person) >= deadline.cutoff()
    assert deadline.cutoff(person).instant - deadline.closes(person).instant == deadline.grace


def local_day(day: date, zone: str) -> timedelta:
    """How long a local day is, by zoneinfo: from its first instant to the next day's."""
    begins = [_first(each, zone) for each in (day, day + timedelta(days=1))]
    return begins[1] - begins[0]


def _first(day: date, zone: str) -> datetime:
    """By search: the first minute that shows this date."""
    rules = later_rules(zone)
    instant = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=16)
    while instant.astimezone(rules).date() < day:
        instant += timedelta(minutes=15)
    return instant


@given(DAYS, zones(only_common=True))
def test_before_and_through_differ_by_the_local_day(day, zone):
    """Exactly that day's length, whatever it is."""
    before, through = (Deadline(zone=zone, **{key: day}).cutoff().instant for key in ("before", "through"))
    assert through - before == local_day(day, zone)
    assert timedelta(hours=22) <= through - before <= timedelta(hours=26)


@pytest.mark.parametrize("zone", [each for each in ODD_ZONES if clock_changes(each)])
def test_they_do_on_the_days_of_change(zone):
    """The days that are longer or shorter, up to 2045."""
    lengths = set()
    for change in clock_changes(zone):
        day = Moment.from_instant(change, zone).wall.date()
        before, through = (
            Deadline(zone=zone, **{key: day}).cutoff().instant for key in ("before", "through")
        )
        assert through - before == local_day(day, zone)
        lengths.add(through - before)
    assert len(lengths) > 1 or len(clock_changes(zone)) < 3


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (date(2027, 3, 28), "Europe/Berlin", 23),
        (date(2026, 10, 25), "Europe/Berlin", 25),
        (date(2026, 12, 1), "Europe/Berlin", 24),
        (date(2026, 10, 4), "Australia/Lord_Howe", 23.5),
        (date(2027, 4, 4), "Australia/Lord_Howe", 24.5),
        (date(2025, 9, 7), "America/Santiago", 23),
        (date(2025, 11, 2), "America/Havana", 25),
    ],
)
def test_known_lengths_of_days(day, zone, hours):
    """23, 24 and 25 hours, half hours, and days without midnight."""
    before, through = (Deadline(zone=zone, **{key: day}).cutoff().instant for key in ("before", "through"))
    assert through - before == timedelta(hours=hours)


@given(DAYS, st.sampled_from(["before", "through"]))
def test_the_same_day_closes_first_in_the_east(day, key):
    """Beijing, then Geneva, then anywhere on Earth, by exactly what their clocks are apart."""
    east, geneva, last = (
        Deadline(zone=zone, **{key: day}).cutoff() for zone in ("Asia/Shanghai", "Europe/Zurich", "AoE")
    )
    assert east < geneva < last
    assert geneva.instant - east.instant == east.offset - geneva.offset
    assert last.instant - east.instant == timedelta(hours=20)


@given(DAYS, zones(), zones())
def test_cutoffs_of_one_day_order_as_their_offsets_do(day, one, other):
    """Where both days begin at midnight, the greater offset closes first."""
    first, second = (Deadline(before=day, zone=zone).cutoff() for zone in (one, other))
    if first.wall == second.wall:
        assert first.instant - second.instant == second.offset - first.offset


@given(moments(), st.integers(0, 400), zones() | st.just("AoE"))
def test_relative_days_follow_the_event_day_by_day(event, days, zone):
    """They close at the first instant of the day that is counted out, in the deadline's zone."""
    rule = Relative(days_before=days, day="begins")
    found = Deadline(zone=zone, relative=rule).resolved(starts=event, ends=None).cutoff()
    clock = "Etc/GMT+12" if zone == "AoE" else zone
    assert found == start_of_day(event.in_zone(clock).wall.date() - timedelta(days=days), clock)


@given(moments(), st.timedeltas(timedelta(), timedelta(days=400)))
def test_relative_time_follows_the_event_exactly(event, elapsed):
    """By elapsed time, whatever clocks do."""
    deadline = Deadline(zone="Europe/Paris", relative=Relative(elapsed_before=elapsed))
    assert event.instant - deadline.resolved(starts=event, ends=None).cutoff().instant == elapsed


@given(
    deadlines(), instants(), st.lists(st.integers(0, 400) | st.timedeltas(timedelta(), timedelta(days=400)))
)
def test_reminders_are_sorted_and_before_the_closing(deadline, after, leads):
    """And none is due before the opening, nor in the past."""
    found = deadline.reminders(*leads, after=after)
    dues = [each.due for each in found]
    assert dues == sorted(dues)
    assert all(due <= deadline.closes() and due.instant > after for due in dues)
    assert deadline.opens is None or all(due >= deadline.opens for due in dues)
    assert len({each.key for each in found}) == len(found)
