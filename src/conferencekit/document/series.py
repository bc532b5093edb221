"""The part of a document's shape that says how a session comes again and again.

Calendars know a series by its first date and a rule, so a date that the rule cannot say is refused: one in an hour that
clocks skip or show twice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Final, cast, get_args

from attrs import frozen

from ..errors import InvalidTime
from ..moment import Moment
from ..programme.series import (
    EARLIEST_YEAR,
    LATEST_YEAR,
    MOST_DATES,
    Occurrence,
    Repeat,
    SessionStatus,
    Unit,
    count_until,
    dates_of,
    moment_on,
)
from .addresses import Url
from .kinds import Line, Scalar, one_of, whole
from .place import Bad, Place, Setting, nearest
from .tables import Key, Table, Values
from .times import Date, Time, is_plain


def checked_series(starts: Moment, ends: Moment, values: Values, at: Place) -> Repeat | Bad:
    """The repeat, once it is known that calendars can say every date of it."""
    written: _Written = values["repeat"]
    repeat = written.resolved(starts.wall.date(), at.key("repeat"))
    if isinstance(repeat, Bad):
        return repeat
    if starts.zone != ends.zone:
        return at.key("ends").report(ends.zone, "a series starts and ends in one time zone.")
    if not (is_plain(starts, starts.zone) and is_plain(ends, ends.zone)):
        return at.key("repeat").report(str(starts), "a series cannot start in an hour that comes twice.")
    try:
        days = [each.planned.wall.date() for each in dates_of(starts, ends, repeat)]
        overlap = _overlap(starts, ends, days)
    except (InvalidTime, OverflowError) as error:
        remedy = "Choose another time, or end the series before."
        return at.key("repeat").report(
            repeat.rrule, f"calendars cannot say every date of it: {error} {remedy}"
        )
    if overlap:
        return at.key("ends").report(ends.wall, overlap)
    if days[0].year < EARLIEST_YEAR or days[-1].year > LATEST_YEAR:
        years = f"in the years from {EARLIEST_YEAR} to {LATEST_YEAR}, and this one is from {days[0]} to {days[-1]}."
        return at.key("repeat").report(repeat.rrule, f"calendars can be told the dates of a series {years}")
    _check_exceptions(starts, ends, repeat, values.get("exceptions", ()), at)
    return repeat


def _overlap(starts: Moment, ends: Moment, days: Sequence[date]) -> str:
    second = moment_on(starts, days[1], days[0])
    if ends <= second:
        return ""
    return f"a date ends at {ends}, when the next one has begun ({second}). Let it end before, or repeat more seldom."


def _check_exceptions(
    starts: Moment, ends: Moment, repeat: Repeat, others: Sequence[Occurrence], at: Place
) -> None:
    days = repeat.dates(starts.wall.date())
    known = [each.isoformat() for each in days]
    for index, each in enumerate(others):
        place = at.key("exceptions").item(index)
        if each.date not in days:
            wanted = each.date.isoformat()
            shown = ", ".join([*known[:12], *(["..."] if known[12:] else [])])
            place.key("date").report(
                wanted, f"the series has no date on that day; it has {shown}.", nearest(wanted, known)
            )
            continue
        try:
            dates_of(starts, ends, repeat, (each,))
        except InvalidTime as error:
            place.report(str(each.date), f"{error} Let it end after it starts.")


def _check_repeat(values: Values, at: Place) -> Values:
    every = values.pop("every", None)
    if every is not None:
        values |= {"every": every[1], "interval": every[0]}
    if ("count" in values) == ("until" in values) and not (at.has("count") or at.has("until")):
        found = ", ".join(name for name in ("count", "until") if name in values) or None
        at.report(found, "expected either `count` (how often in all) or `until` (the last day).")
    return values


def _every(value: object, at: Place) -> tuple[int, Unit] | Bad:
    found = re.fullmatch(_EVERY, value) if isinstance(value, str) else None
    if found is None:
        return at.report(value, "expected 'day', 'week' or 'month', or several as in '2 weeks'.")
    return int(found[1] or 1), cast(Unit, found[2])


def _every_text(value: tuple[int, Unit], _: Setting) -> str:
    interval, unit = value
    return unit if interval == 1 else f"{interval} {unit}s"


@frozen(kw_only=True)
class _Written:
    """A repeat as it is written: with `count`, or with the last day."""

    every: Unit
    interval: int
    count: int | None = None
    until: date | None = None

    def resolved(self, first: date, at: Place) -> Repeat | Bad:
        if self.until is None:
            return Repeat(every=self.every, interval=self.interval, count=self.count or 0)
        count = count_until(self.every, self.interval, first, self.until)
        if not 2 <= count <= MOST_DATES:
            return at.key("until").report(
                self.until.isoformat(),
                f"the series would have {'more than ' if count > MOST_DATES else ''}{min(count, MOST_DATES)} dates; "
                f"expected 2 to {MOST_DATES}.",
            )
        return Repeat(every=self.every, interval=self.interval, count=count)


_EVERY: Final = "(?:([1-9][0-9]?) )?(day|week|month)s?"

REPEAT: Final = Table(
    title="`repeat` of a session",
    of=Repeat,
    make=_Written,
    doc="How a series goes on. Exactly one of `count` and `until`.",
    check=_check_repeat,
    keys=(
        Key(
            name="every",
            kind=Scalar("how often", _every, {"type": "string", "pattern": f"^{_EVERY}$"}, _every_text),
            doc="`day`, `week`, `month`, or several of them. By months: the same day of each that has it.",
            example='"2 weeks"',
            required=True,
            get=lambda repeat: (repeat.interval, repeat.every),
        ),
        Key(
            name="count",
            kind=whole(2, MOST_DATES),
            doc="How many dates there are in all, cancelled ones too.",
            example="10",
        ),
        Key(
            name="until",
            kind=Date,
            doc="Or: the last day on which it may begin.",
            example="2026-12-17",
            get=lambda _: None,
        ),
    ),
)

EXCEPTION: Final = Table(
    title="`exceptions` of a session",
    of=Occurrence,
    doc="A date of a series that is at another time, in another place, or cancelled. What is left out is as usual.",
    keys=(
        Key(
            name="date",
            kind=Date,
            doc="The day on which it would begin by the rule; keep it when the date is moved.",
            example="2026-10-22",
            required=True,
        ),
        Key(name="starts", kind=Time, doc="When it begins instead.", example="2026-10-23T18:00:00"),
        Key(
            name="ends",
            kind=Time,
            doc="When it is over instead.",
            example="2026-10-23T19:30:00",
            default_doc="as long as usual",
        ),
        Key(name="room", kind=Line, doc="The room in which it is instead.", example='"Hall 2"'),
        Key(name="place", kind=Line, doc="Where it is instead, if not in the venue.", example='"Town Hall"'),
        Key(name="join", kind=Url, doc="The link to join by instead.", example='"https://example.org/live2"'),
        Key(
            name="status",
            kind=one_of(get_args(SessionStatus)),
            doc="`cancelled`: this date is not held.",
            example='"cancelled"',
        ),
    ),
)
