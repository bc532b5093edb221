"""When a deadline closes: the words `before`, `through` and `at`, read in a zone."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from ..errors import InvalidDeadline
from ..moment import Moment, start_of_day
from ..zones import AOE, AOE_ZONE, exact_zone


def deadline_zone(name: object) -> str:
    """`AoE` (anywhere on Earth, UTC-12) or an exact IANA name; letter case does not matter. Raises `UnknownZone`."""
    return AOE if isinstance(name, str) and name.casefold() == "aoe" else exact_zone(name)


def clock_zone(zone: str) -> str:
    """The IANA zone whose clocks a deadline's zone goes by."""
    return AOE_ZONE if zone == AOE else zone


def plain_day(value: object, *, key: str) -> date:
    """The date of a `before` or `through`. Raises `InvalidDeadline` for a time, proposing `at`."""
    if isinstance(value, datetime):
        wall = value.replace(tzinfo=None).isoformat()
        raise InvalidDeadline(value, f"`{key}` takes a day, not a time of day: write `at = {wall}` instead.")
    if not isinstance(value, date):
        raise InvalidDeadline(value, f"Give `{key}` as a date such as 2020-11-30.")
    return date(value.year, value.month, value.day)


def plain_wall(value: object) -> datetime:
    """The wall time of an `at`. Raises `InvalidDeadline` for a date, an offset, or anything else."""
    if isinstance(value, datetime) and value.tzinfo is None:
        return value
    if isinstance(value, datetime):
        raise InvalidDeadline(
            value, "Give `at` as a wall time without offset; `zone` says where it is meant."
        )
    if isinstance(value, date):
        remedy = f"`at` wants a time of day: write `before = {value}` (closes when it begins) or `through = {value}`."
        raise InvalidDeadline(value, remedy)
    raise InvalidDeadline(value, "Give `at` as a wall time such as 2020-11-29T17:00:00.")


def day_begins(day: date, zone: str) -> Moment:
    """The first instant of the day: what closes `before` it."""
    return start_of_day(day, clock_zone(zone))


def day_ends(day: date, zone: str) -> Moment:
    """The first instant of the next day: what closes `through` the day. Raises `InvalidDeadline` on the last of all."""
    if day == date.max:
        raise InvalidDeadline(day, "Choose an earlier day: no day follows this one.")
    return start_of_day(day + timedelta(days=1), clock_zone(zone))


def is_count(value: object) -> bool:
    """Whether it is a whole number, 0 or more."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def is_length(value: object) -> bool:
    """Whether it is a timedelta that is not negative."""
    return isinstance(value, timedelta) and value >= timedelta()


def is_moment(value: object) -> bool:
    """Whether it is a `Moment`, and not the datetime that somebody took for one."""
    return isinstance(value, Moment)
