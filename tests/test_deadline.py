"""Deadlines: the words that say them, their rules, what they refuse."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, date, datetime, time, timedelta

import pytest
import pytz

from conferencekit.deadline import Deadline, Extension, Relative
from conferencekit.errors import (
    AmbiguousTime,
    InvalidDeadline,
    MislocalizedTime,
    NaiveTime,
    NonexistentTime,
    TimeOutOfRange,
    UnknownZone,
)
from conferencekit.moment import Moment

DAY = date(2020, 11, 30)
BEIJING = "Asia/Shanghai"
NOON = datetime(2020, 11, 29, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
STARTS = Moment.at(datetime(2020, 12, 11, 20), BEIJING)
ENDS = Moment.at(datetime(2020, 12, 11, 22, 30), BEIJING)


def beijing(*parts: int) -> Moment:
    """A moment in Beijing."""
    return Moment.at(datetime(*parts), BEIJING)


class TestClosing:
    def test_before_a_day_closes_when_it_begins(self):
        """The invitation's "before November 30": on the 30th it is too late."""
        deadline = Deadline(before=DAY, zone=BEIJING)
        assert deadline.cutoff() == beijing(2020, 11, 30)
        assert deadline.accepts(beijing(2020, 11, 29, 23, 59, 59, 999999).instant)
        assert not deadline.accepts(beijing(2020, 11, 30).instant)

    def test_through_a_day_closes_when_it_ends(self):
        """The alternative reading: on the 30th it is still in time."""
        deadline = Deadline(through=DAY, zone=BEIJING)
        assert deadline.cutoff() == beijing(2020, 12, 1)
        assert deadline.accepts(beijing(2020, 11, 30, 23, 59, 59, 999999).instant)

    def test_at_closes_at_a_wall_time(self):
        """To the second."""
        deadline = Deadline(at=datetime(2020, 11, 29, 17), zone=BEIJING)
        assert deadline.cutoff() == beijing(2020, 11, 29, 17)

    def test_anywhere_on_earth_is_twelve_hours_behind_utc(self):
        """As long as it is the 30th in some inhabited place."""
        deadline = Deadline(through=DAY, zone="aoe")
        assert deadline.zone == "AoE"
        assert deadline.cutoff().instant == datetime(2020, 12, 1, 12, tzinfo=UTC)

    def test_days_without_midnight_have_a_closing(self):
        """A deadline given as a date never fails."""
        assert Deadline(before=date(2025, 9, 7), zone="America/Santiago").cutoff().wall == datetime(
            2025, 9, 7, 1
        )
        assert Deadline(through=date(2025, 4, 24), zone="Africa/Cairo").cutoff().wall == datetime(
            2025, 4, 25, 1
        )

    def test_subclasses_of_date_become_dates(self):
        """What other libraries add does not get in."""

        class Day(date):
            pass

        assert type(Deadline(before=Day(2020, 11, 30), zone="UTC").before) is date

    def test_fold_chooses_a_doubled_time(self):
        """As for moments; a fold in the wall time is the same choice."""
        wall = datetime(2026, 10, 25, 2, 30)
        first, second = (Deadline(at=wall, zone="Europe/Berlin", fold=fold) for fold in (0, 1))
        assert second.cutoff().instant - first.cutoff().instant == timedelta(hours=1)
        assert Deadline(at=wall.replace(fold=1), zone="Europe/Berlin") == second

    def test_pickles_and_copies(self):
        """A plan is stored and sent around."""
        deadline = Deadline(before=DAY, zone=BEIJING, grace=SECOND, remind=[7, 1])
        assert pickle.loads(pickle.dumps(deadline)) == copy.deepcopy(deadline) == deadline
        assert pickle.loads(pickle.dumps(deadline)).cutoff() == deadline.cutoff()
        unresolved = Deadline(relative=Relative(days_before=7, day="ends"), zone="AoE")
        assert pickle.loads(pickle.dumps(unresolved)) == unresolved
        assert (
            pickle.loads(pickle.dumps(self.followed(unresolved))).cutoff()
            == self.followed(unresolved).cutoff()
        )

    @staticmethod
    def followed(deadline):
        """The deadline with the event that it follows."""
        return deadline.resolved(starts=STARTS, ends=ENDS)


class TestRefused:
    @pytest.mark.parametrize("key", ["before", "through"])
    def test_a_time_where_a_day_is_wanted_proposes_at(self, key):
        """A datetime is a date to Python, not to us."""
        with pytest.raises(
            InvalidDeadline, match=rf"`{key}` takes a day.*write `at = 2020-11-30T17:00:00` instead"
        ):
            Deadline(zone=BEIJING, **{key: datetime(2020, 11, 30, 17)})

    def test_an_aware_time_in_before_is_proposed_without_its_offset(self):
        """`at` takes wall times."""
        with pytest.raises(InvalidDeadline, match="`at = 2020-11-30T17:00:00`"):
            Deadline(zone=BEIJING, before=datetime(2020, 11, 30, 17, tzinfo=UTC))

    def test_a_day_where_a_time_is_wanted_proposes_both(self):
        """`at` a date would have to guess."""
        with pytest.raises(InvalidDeadline, match="`before = 2020-11-30`.*`through = 2020-11-30`"):
            Deadline(zone=BEIJING, at=DAY)

    @pytest.mark.parametrize(
        ("given", "remedy"),
        [
            ({}, "exactly one of"),
            ({"before": DAY, "through": DAY}, "exactly one of"),
            ({"before": "2020-11-30"}, "as a date such as"),
            ({"through": 20201130}, "as a date such as"),
            ({"at": "2020-11-30T17:00"}, "as a wall time such as"),
            ({"at": NOON}, "without offset"),
            ({"before": DAY, "fold": 1}, "`fold` goes with `at`"),
            ({"before": DAY, "event": STARTS}, "Only a relative deadline"),
            ({"before": DAY, "grace": -SECOND}, "not negative"),
            ({"before": DAY, "grace": 60}, "as a timedelta"),
            ({"before": DAY, "late": "maybe"}, '"refuse" or "flag"'),
            ({"before": DAY, "late": "flag"}, "needs `late_until`"),
            ({"before": DAY, "late_until": beijing(2020, 12, 4)}, "needs `late_until`"),
            ({"before": DAY, "late": "flag", "late_until": beijing(2020, 11, 30)}, "later than the cutoff"),
            ({"before": DAY, "late": "flag", "late_until": NOON}, "as a Moment"),
            ({"before": DAY, "opens": NOON}, "as a Moment"),
            ({"before": DAY, "opens": beijing(2020, 11, 30)}, "let it open before"),
            ({"before": DAY, "remind": [-1]}, "whole days"),
            ({"before": DAY, "remind": [1.5]}, "whole days"),
            ({"before": DAY, "remind": [True]}, "whole days"),
            ({"through": date.max}, "an earlier day"),
        ],
    )
    def test_contradictions_are_refused_with_the_remedy(self, given, remedy):
        """Each says what to write instead."""
        with pytest.raises(InvalidDeadline, match=remedy):
            Deadline(zone=BEIJING, **given)

    def test_late_until_counts_from_the_cutoff_with_grace(self):
        """A late rule that ends before grace does says nothing."""
        with pytest.raises(InvalidDeadline, match="later than the cutoff 2020-12-05"):
            Deadline(
                before=DAY,
                zone=BEIJING,
                grace=timedelta(days=5),
                late="flag",
                late_until=beijing(2020, 12, 4),
            )

    def test_errors_of_the_zone_and_the_wall_time_come_through(self):
        """By their own names, at once."""
        with pytest.raises(UnknownZone, match="Asia/Shanghai"):
            Deadline(before=DAY, zone="Asia/Beijing")
        with pytest.raises(NonexistentTime):
            Deadline(at=datetime(2027, 3, 28, 2, 30), zone="Europe/Berlin")
        with pytest.raises(AmbiguousTime):
            Deadline(at=datetime(2026, 10, 25, 2, 30), zone="Europe/Berlin")

    def test_the_ends_of_time_are_refused_at_once(self):
        """Not when somebody sends something."""
        with pytest.raises(TimeOutOfRange):
            Deadline(before=date.min, zone=BEIJING)
        with pytest.raises(TimeOutOfRange):
            Deadline(before=DAY, zone=BEIJING, grace=timedelta.max)

    def test_now_must_be_an_instant(self):
        """Naive and mislocalised times are refused, not guessed."""
        deadline = Deadline(before=DAY, zone=BEIJING)
        for ask in (deadline.accepts, deadline.state, deadline.remaining):
            with pytest.raises(NaiveTime):
                ask(datetime(2020, 11, 29))
            with pytest.raises(MislocalizedTime):
                ask(datetime(2020, 11, 29, tzinfo=pytz.timezone(BEIJING)))


class TestState:
    def test_goes_from_upcoming_to_closed(self):
        """Each bound belongs to what follows it."""
        deadline = Deadline(
            before=DAY,
            zone=BEIJING,
            opens=beijing(2020, 11, 1),
            grace=timedelta(minutes=15),
            late="flag",
            late_until=beijing(2020, 12, 4),
        )
        bounds = [
            (beijing(2020, 11, 1), "upcoming", "open"),
            (beijing(2020, 11, 30, 0, 15), "open", "late"),
            (beijing(2020, 12, 4), "late", "closed"),
        ]
        for moment, before, after in bounds:
            assert deadline.state(moment.instant - timedelta.resolution) == before
            assert deadline.state(moment.instant) == after

    def test_late_things_are_accepted(self):
        """Until the second cutoff, and not after."""
        deadline = Deadline(before=DAY, zone=BEIJING, late="flag", late_until=beijing(2020, 12, 4))
        assert deadline.accepts(beijing(2020, 12, 3, 23, 59).instant)
        assert not deadline.accepts(beijing(2020, 12, 4).instant)

    def test_remaining_counts_down_to_zero(self):
        """Zero at the cutoff and from then on."""
        deadline = Deadline(before=DAY, zone=BEIJING, grace=timedelta(minutes=15))
        assert deadline.remaining(beijing(2020, 11, 29).instant) == timedelta(days=1, minutes=15)
        assert deadline.remaining(beijing(2020, 12, 25).instant) == timedelta()


class TestExtensions:
    PLAIN = Deadline(before=DAY, zone=BEIJING)
    PUBLIC = PLAIN.extended(through=date(2020, 12, 4), reason="Holidays.", announced_at=NOON)
    PERSONAL = PLAIN.extended(
        at=datetime(2020, 12, 2, 17), reason="Illness.", announced_at=NOON, person="ada"
    )

    def test_for_everybody(self):
        """In the same words as a deadline, in its zone."""
        assert self.PUBLIC.cutoff() == self.PUBLIC.cutoff("ada") == beijing(2020, 12, 5)
        assert self.PUBLIC.announced == beijing(2020, 11, 30)

    def test_for_one_person(self):
        """Nobody else has more time."""
        assert self.PERSONAL.cutoff("ada") == beijing(2020, 12, 2, 17)
        assert self.PERSONAL.cutoff() == self.PERSONAL.cutoff("bob") == beijing(2020, 11, 30)

    def test_the_latest_counts(self):
        """A person loses nothing by a public extension, nor the public by a person's."""
        both = self.PERSONAL.extended(through=date(2020, 12, 4), reason="Holidays.", announced_at=NOON)
        assert both.cutoff("ada") == both.cutoff() == beijing(2020, 12, 5)

    def test_keeps_the_history(self):
        """Who got how much more time, why, and since when that is known."""
        twice = self.PUBLIC.extended(before=date(2020, 12, 9), reason="Again.", announced_at=NOON + SECOND)
        assert [each.reason for each in twice.extensions] == ["Holidays.", "Again."]
        assert [each.until.wall.day for each in twice.extensions] == [5, 9]
        assert twice.extensions[0].announced_at == NOON

    def test_grace_is_added_and_the_late_cutoff_is_kept(self):
        """A person's cutoff is the deadline after extensions, plus grace."""
        rules = {"grace": timedelta(hours=1), "late": "flag", "late_until": beijing(2020, 12, 3)}
        deadline = Deadline(before=DAY, zone=BEIJING, **rules)
        extended = deadline.extended(
            before=date(2020, 12, 5), reason="Holidays.", announced_at=NOON, person="ada"
        )
        assert extended.cutoff("ada") == extended.final_cutoff("ada") == beijing(2020, 12, 5, 1)
        assert extended.final_cutoff() == beijing(2020, 12, 3)
        assert extended.state(beijing(2020, 12, 4).instant, "ada") == "open"

    def test_closing_is_said_in_the_deadlines_zone(self):
        """Also where the extension was written in another."""
        paris = Moment.at(datetime(2020, 12, 4, 12), "Europe/Paris")
        added = Extension(until=paris, reason="Holidays.", announced_at=NOON)
        assert Deadline(before=DAY, zone=BEIJING, extensions=[added]).closes() == beijing(2020, 12, 4, 19)

    @pytest.mark.parametrize(
        "until", [{"before": DAY}, {"through": date(2020, 11, 1)}, {"at": datetime(2020, 11, 30)}]
    )
    def test_never_makes_it_earlier(self, until):
        """Not even by nothing: that would be an announcement without effect."""
        with pytest.raises(InvalidDeadline, match="must be later than 2020-11-30 00:00"):
            self.PLAIN.extended(reason="x", announced_at=NOON, **until)
        earlier = Extension(until=beijing(2020, 11, 1), reason="x", announced_at=NOON)
        with pytest.raises(InvalidDeadline, match="must be later than 2020-11-30 00:00"):
            Deadline(before=DAY, zone=BEIJING, extensions=(earlier,))

    def test_a_second_one_is_later_than_the_first(self):
        """Between the two it would do nothing."""
        with pytest.raises(InvalidDeadline, match="must be later than 2020-12-05"):
            self.PUBLIC.extended(through=date(2020, 12, 1), reason="x", announced_at=NOON)

    @pytest.mark.parametrize(
        ("given", "remedy"),
        [
            ({"reason": " "}, "Give the reason"),
            ({"reason": None}, "Give the reason"),
            ({"person": ""}, "Name the person"),
            ({"until": DAY}, "as a Moment"),
            ({"until": NOON}, "as a Moment"),
        ],
    )
    def test_incomplete_ones_are_refused(self, given, remedy):
        """Each says what is missing."""
        whole = {"until": beijing(2020, 12, 4), "reason": "x", "announced_at": NOON}
        with pytest.raises(InvalidDeadline, match=remedy):
            Extension(**{**whole, **given})

    def test_announcements_are_instants(self):
        """Kept in UTC."""
        with pytest.raises(NaiveTime):
            Extension(until=STARTS, reason="x", announced_at=datetime(2020, 1, 1))
        assert Extension(until=STARTS, reason="x", announced_at=STARTS.datetime).announced_at.tzinfo is UTC

    def test_a_doubled_time_wants_its_fold(self):
        """As for a deadline."""
        plain = Deadline(before=date(2026, 10, 20), zone="Europe/Berlin")
        until = {"at": datetime(2026, 10, 25, 2, 30), "reason": "x", "announced_at": NOON}
        with pytest.raises(AmbiguousTime):
            plain.extended(**until)
        assert plain.extended(**until, fold=1).cutoff().fold == 1

    def test_exactly_one_closing_is_given(self):
        """As for a deadline."""
        with pytest.raises(InvalidDeadline, match="exactly one of"):
            self.PLAIN.extended(reason="x", announced_at=NOON)


class TestRelative:
    @pytest.mark.parametrize(
        ("given", "cutoff"),
        [
            ({"days_before": 7, "day": "begins"}, beijing(2020, 12, 4)),
            ({"days_before": 7, "day": "ends"}, beijing(2020, 12, 5)),
            ({"days_before": 0, "day": "begins"}, beijing(2020, 12, 11)),
            ({"days_before": 1, "at": time(17)}, beijing(2020, 12, 10, 17)),
            ({"days_after": 30, "day": "ends", "of": "end"}, beijing(2021, 1, 11)),
            ({"elapsed_before": timedelta(hours=48)}, beijing(2020, 12, 9, 20)),
            ({"elapsed_after": timedelta(minutes=30), "of": "end"}, beijing(2020, 12, 11, 23)),
        ],
    )
    def test_follows_the_event(self, given, cutoff):
        """By calendar days at a wall time, or by elapsed time."""
        deadline = Deadline(relative=Relative(**given), zone=BEIJING)
        assert deadline.resolved(starts=STARTS, ends=ENDS).cutoff() == cutoff

    def test_days_are_counted_in_the_deadlines_zone(self):
        """An evening in New York is the next day in Beijing."""
        evening = Moment.at(datetime(2020, 12, 10, 20), "America/New_York")
        deadline = Deadline(relative=Relative(days_before=0, day="begins"), zone=BEIJING)
        assert deadline.resolved(starts=evening, ends=None).cutoff() == beijing(2020, 12, 11)

    def test_days_and_elapsed_time_differ_across_a_change_of_clocks(self):
        """Two weeks before is the same time of day; 336 hours before is not."""
        event = Moment.at(datetime(2026, 10, 26, 9), "Europe/Berlin")
        by_days = Relative(days_before=2, at=time(9)).closes(event, "Europe/Berlin")
        by_hours = Relative(elapsed_before=timedelta(hours=48)).closes(event, "Europe/Berlin")
        assert (by_days.wall.hour, by_hours.wall.hour) == (9, 10)

    def test_must_be_resolved(self):
        """Nobody is refused by a deadline that nobody knows."""
        deadline = Deadline(relative=Relative(days_before=7, day="ends"), zone=BEIJING)
        for ask in (deadline.cutoff, deadline.text, deadline.reminders, lambda: deadline.accepts(NOON)):
            with pytest.raises(InvalidDeadline, match=r"call resolved\(starts"):
                ask()

    def test_an_event_without_sessions_cannot_be_followed(self):
        """The error says which end is missing."""
        deadline = Deadline(relative=Relative(days_after=7, of="end", day="ends"), zone=BEIJING)
        with pytest.raises(InvalidDeadline, match="The end of the event is not known"):
            deadline.resolved(starts=STARTS, ends=None)

    def test_a_fixed_one_is_itself(self):
        """Callers resolve all of them alike."""
        deadline = Deadline(before=DAY, zone=BEIJING)
        assert deadline.resolved(starts=None, ends=None) is deadline

    def test_an_event_that_moves_takes_it_along_and_keeps_extensions(self):
        """Whatever is later counts."""
        added = Extension(until=beijing(2020, 12, 8), reason="x", announced_at=NOON)
        deadline = Deadline(relative=Relative(days_before=7, day="begins"), zone=BEIJING, extensions=[added])
        assert deadline.resolved(starts=STARTS, ends=ENDS).cutoff() == beijing(2020, 12, 8)
        moved = deadline.resolved(starts=STARTS.plus_days(30), ends=ENDS.plus_days(30))
        assert moved.cutoff() == beijing(2021, 1, 3)

    def test_an_event_that_moves_before_the_opening_is_refused(self):
        """Nobody could ever send anything."""
        rules = Relative(days_before=7, day="begins")
        deadline = Deadline(relative=rules, zone=BEIJING, opens=beijing(2020, 12, 4))
        with pytest.raises(InvalidDeadline, match="let it open before"):
            deadline.resolved(starts=STARTS, ends=ENDS)

    @pytest.mark.parametrize(
        ("given", "remedy"),
        [
            ({}, "exactly one of"),
            ({"days_before": 1, "days_after": 1, "day": "ends"}, "exactly one of"),
            ({"days_before": 1}, "Say when on that day"),
            ({"days_before": 1, "day": "ends", "at": time(9)}, "Say when on that day"),
            ({"elapsed_before": SECOND, "day": "ends"}, "go with days"),
            ({"elapsed_before": SECOND, "at": time(0)}, "go with days"),
            ({"days_before": -1, "day": "ends"}, "0 or more"),
            ({"days_before": True, "day": "ends"}, "0 or more"),
            ({"elapsed_after": -SECOND}, "not negative"),
            ({"elapsed_after": 3600}, "not negative"),
            ({"days_before": 1, "day": "noon"}, '"begins" or "ends"'),
            ({"days_before": 1, "at": time(9, tzinfo=UTC)}, "without offset"),
            ({"days_before": 1, "day": "ends", "of": "middle"}, '"start" or "end"'),
        ],
    )
    def test_contradictions_are_refused_with_the_remedy(self, given, remedy):
        """Each says what to write instead."""
        with pytest.raises(InvalidDeadline, match=remedy):
            Relative(**given)

    def test_too_many_days_are_refused_by_name(self):
        """No OverflowError escapes."""
        for days in (10**6, 10**30):
            with pytest.raises(InvalidDeadline, match="Count fewer days"):
                Relative(days_before=days, day="ends").closes(STARTS, BEIJING)


class TestReminders:
    DEADLINE = Deadline(before=DAY, zone=BEIJING, remind=[1, 7])

    def test_are_calendar_days_before_the_closing(self):
        """Sorted by time."""
        found = self.DEADLINE.reminders()
        assert [each.due for each in found] == [beijing(2020, 11, 23), beijing(2020, 11, 29)]
        assert [each.days for each in found] == [7, 1]

    def test_may_be_elapsed_time(self):
        """Two hours before is two hours before."""
        (found,) = self.DEADLINE.reminders(timedelta(hours=2))
        assert (found.due, found.elapsed) == (beijing(2020, 11, 29, 22), timedelta(hours=2))

    def test_those_of_the_past_and_before_the_opening_are_left_out(self):
        """`after` is exclusive, the opening inclusive."""
        assert len(self.DEADLINE.reminders(after=beijing(2020, 11, 23).instant)) == 1
        opening = Deadline(before=DAY, zone=BEIJING, remind=[7, 1], opens=beijing(2020, 11, 23))
        assert len(opening.reminders()) == 2
        assert len(opening.reminders(8)) == 0

    def test_follow_extensions_with_new_keys(self):
        """What was sent for the old closing does not hold back what is due for the new one."""
        later = self.DEADLINE.extended(through=date(2020, 12, 4), reason="x", announced_at=NOON)
        assert [each.due for each in later.reminders()] == [beijing(2020, 11, 28), beijing(2020, 12, 4)]
        keys = {each.key for each in (*self.DEADLINE.reminders(), *later.reminders())}
        assert len(keys) == 4

    def test_fall_on_the_first_instant_after_a_skipped_time(self):
        """A reminder never fails."""
        deadline = Deadline(at=datetime(2027, 3, 29, 2, 30), zone="Europe/Berlin")
        assert deadline.reminders(1)[0].due.wall == datetime(2027, 3, 28, 3)

    def test_each_instant_comes_once(self):
        """A day and 24 hours are one reminder where they are the same."""
        assert len(self.DEADLINE.reminders(1, timedelta(hours=24), 1)) == 1

    @pytest.mark.parametrize("lead", [-1, timedelta(hours=-1), 1.5, True, "7"])
    def test_after_the_closing_there_is_nothing_to_remind_of(self, lead):
        """Nor by what is no length of time."""
        with pytest.raises(InvalidDeadline, match="Remind whole days or a timedelta"):
            self.DEADLINE.reminders(lead)
