"""Deadlines that follow the event: so many days, or so long, before or after it starts or ends."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Literal

from attrs import frozen

from ..errors import InvalidDeadline
from ..moment import Moment
from .closing import clock_zone, day_begins, day_ends, is_count, is_length


@frozen(kw_only=True)
class Relative:
    """So many calendar days, or so much elapsed time, from the start or end of the event.

    Exactly one of `days_before`, `days_after` (0 or more), `elapsed_before` and `elapsed_after` (not negative) is
    given. Days are counted from the event's date in the deadline's zone, and `day` or `at` must say when
    it closes on the day that is found: when that day begins, when it ends, or at a wall time.
    """

    of: Literal["start", "end"] = "start"
    days_before: int | None = None
    days_after: int | None = None
    elapsed_before: timedelta | None = None
    elapsed_after: timedelta | None = None
    day: Literal["begins", "ends"] | None = None
    at: time | None = None

    def __attrs_post_init__(self) -> None:
        self._check_choice()
        self._check_sizes()
        if self.by_days and (self.day is None) == (self.at is None):
            raise InvalidDeadline(
                self, 'Say when on that day: one of `day = "begins"`, `day = "ends"` and `at = 17:00:00`.'
            )
        if not self.by_days and (self.day or self.at is not None):
            raise InvalidDeadline(self, "`day` and `at` go with days; elapsed time ends where it ends.")

    @property
    def by_days(self) -> bool:
        """Whether it counts calendar days."""
        return self.days_before is not None or self.days_after is not None

    def closes(self, event: Moment, zone: str) -> Moment:
        """When a deadline in `zone` closes, given the start or end of the event.

        Raises:
            NonexistentTime, AmbiguousTime: `at` is skipped or comes twice on the day that is found.
            TimeOutOfRange, InvalidDeadline: outside the years 1 to 9999.
        """
        local = event.in_zone(clock_zone(zone))
        if not self.by_days:
            return local.plus((self.elapsed_after or timedelta()) - (self.elapsed_before or timedelta()))
        day = self._day(local.wall.date())
        if self.at is not None:
            return Moment.at(datetime.combine(day, self.at), clock_zone(zone))
        return day_ends(day, zone) if self.day == "ends" else day_begins(day, zone)

    def _day(self, event: date) -> date:
        try:
            return event + timedelta(days=(self.days_after or 0) - (self.days_before or 0))
        except OverflowError as error:
            raise InvalidDeadline(
                self, "Count fewer days: the day lies outside the years 1 to 9999."
            ) from error

    def _check_choice(self) -> None:
        choices = (self.days_before, self.days_after, self.elapsed_before, self.elapsed_after)
        if sum(each is not None for each in choices) != 1:
            remedy = "Give exactly one of `days_before`, `days_after`, `elapsed_before` and `elapsed_after`."
            raise InvalidDeadline(self, remedy)
        if self.of not in ("start", "end"):
            raise InvalidDeadline(self.of, '`of` is "start" or "end".')
        if self.day not in (None, "begins", "ends"):
            raise InvalidDeadline(self.day, '`day` is "begins" or "ends".')
        if self.at is not None and not _is_wall_time(self.at):
            raise InvalidDeadline(
                self.at, "Give `at` as a wall time of day such as 17:00:00, without offset."
            )

    def _check_sizes(self) -> None:
        for days in (self.days_before, self.days_after):
            if days is not None and not is_count(days):
                raise InvalidDeadline(days, "Count days as a whole number, 0 or more.")
        for elapsed in (self.elapsed_before, self.elapsed_after):
            if elapsed is not None and not is_length(elapsed):
                raise InvalidDeadline(elapsed, "Give elapsed time as a timedelta that is not negative.")


def _is_wall_time(value: object) -> bool:
    return isinstance(value, time) and value.tzinfo is None
