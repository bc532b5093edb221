"""The part of a document's shape that says until when something is accepted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, get_args, get_type_hints

from attrs import evolve

from ..conference import span_of
from ..deadline import Deadline, Extension, LateRule, Relative
from ..deadline.closing import clock_zone
from ..errors import InvalidDeadline, InvalidDocument, InvalidTime, Problem
from ..moment import instant_of
from .kinds import Line, Plain, Scalar, one_of, plain_kind, whole
from .place import BAD, Bad, Place, Setting
from .sessions import own_zone
from .tables import Entries, Key, Table, Values
from .times import Clock, Date, Length, Time, Wall, ZoneOrAnywhere, is_plain, read_time, read_wall

_HINTS = get_type_hints(Relative)


def _read_instant(value: object, at: Place) -> datetime | Bad:
    wall = read_wall(value, at)
    if isinstance(wall, Bad):
        return wall
    if wall.tzinfo is None:
        moment = read_time(wall, at)
        return moment if isinstance(moment, Bad) else moment.instant
    try:
        return instant_of(wall)
    except InvalidTime as error:
        return at.report(value, str(error))


def _read_closing(value: object, at: Place) -> Values | Bad:
    """The arguments of `Deadline` that say it."""
    moment = read_time(value, at)
    if isinstance(moment, Bad):
        return moment
    fold = value.get("fold") if isinstance(value, Mapping) else None
    if fold is None and not is_plain(moment, moment.zone):
        fold = moment.fold
    elsewhere = {} if moment.zone == at.setting.zone else {"zone": moment.zone}
    return {"at": moment.wall, "fold": fold, **elsewhere}


def _write_closing(value: tuple[datetime, int | None], _: Setting) -> Plain:
    wall, fold = value
    return wall if fold is None else {"at": wall, "fold": fold}


_INSTANT: Final = Scalar("a time", _read_instant, Wall.schema())
_CLOSING: Final = Scalar("a time", _read_closing, Time.schema(), _write_closing)
_REASON: Final = plain_kind("a text", lines=True)

RELATIVE: Final = Table(
    title="relative",
    of=Relative,
    doc="So long before or after the event. Days need `day` or `at`: when on that day it closes.",
    keys=(
        Key(name="of", kind=one_of(get_args(_HINTS["of"])), doc="Which end of the event.", example='"end"'),
        Key(name="days_before", kind=whole(0, 100_000), doc="Calendar days before it.", example="14"),
        Key(name="days_after", kind=whole(0, 100_000), doc="Calendar days after it.", example="7"),
        Key(name="elapsed_before", kind=Length, doc="Elapsed time before it.", example='"48 hours"'),
        Key(name="elapsed_after", kind=Length, doc="Elapsed time after it.", example='"2 hours"'),
        Key(
            name="day",
            kind=one_of(("begins", "ends")),
            doc="When the day begins or ends.",
            example='"begins"',
        ),
        Key(name="at", kind=Clock, doc="A time of that day.", example="17:00:00"),
    ),
)


EXTENSION: Final = Table(
    title="extensions",
    of=Extension,
    doc="A later closing, announced after the deadline was.",
    keys=(
        Key(name="until", kind=Time, doc="The new closing.", example="2020-12-04T00:00:00", required=True),
        Key(name="reason", kind=_REASON, doc="Why; shown to people.", example='"Holidays"', required=True),
        Key(
            name="announced_at",
            kind=_INSTANT,
            doc="Since when people could know.",
            example="2020-11-25T09:00:00+08:00",
            required=True,
        ),
        Key(
            name="person",
            kind=Line,
            doc="For this person only, by their id.",
            example='"r-6f0c2m9t4k1zq8w3"',
        ),
    ),
)


_CLOSINGS: Final = ("before", "through", "at", "relative")


def _prepare(data: Mapping[str, object], at: Place) -> Place:
    if not any(name in data for name in _CLOSINGS):
        expected = (
            "expected before, through, at or relative: before = 2020-11-30 closes when that day begins."
        )
        at.report(None, expected)
    place = own_zone(data, at, anywhere=True)
    zone = place.setting.zone
    return place.with_setting(evolve(place.setting, zone=zone and clock_zone(zone)))


def _check(values: Values, at: Place) -> Values:
    given = [name for name in _CLOSINGS if name in values]
    if len(given) > 1:
        at.report(" and ".join(given), f"a deadline has exactly one of {', '.join(_CLOSINGS)}. Keep one.")
    closing = values.pop("at", {})
    zone = values.pop("timezone", None)
    if zone and closing.get("zone", zone) != zone:
        at.key("at").report(closing["zone"], f"the deadline's timezone is {zone}. Name one zone.")
    return {**values, "zone": zone or at.setting.zone or BAD, **closing}


def _inside(deadline: Deadline, setting: Setting) -> Setting:
    return evolve(setting, zone=clock_zone(deadline.zone))


def _zone_key(deadline: Deadline, setting: Setting) -> Values:
    return {} if deadline.zone == setting.zone else {"timezone": deadline.zone}


DEADLINE: Final = Table(
    title="a deadline",
    of=Deadline,
    doc="Until when something is accepted: exactly one of `before`, `through`, `at` and `relative`.",
    prepare=_prepare,
    check=_check,
    setting_for=_inside,
    rest=_zone_key,
    keys=(
        Key(name="before", kind=Date, doc="Closes when this day begins.", example="2020-11-30"),
        Key(name="through", kind=Date, doc="Closes when this day ends.", example="2020-11-29"),
        Key(
            name="at",
            kind=_CLOSING,
            doc="Closes at this wall time.",
            example="2020-11-29T17:00:00",
            get=lambda deadline: None if deadline.at is None else (deadline.at, deadline.fold),
        ),
        Key(
            name="relative",
            kind=RELATIVE,
            doc="Closes so long before or after the event, and moves with it.",
            example='{ days_before = 14, day = "ends" }',
        ),
        Key(
            name="timezone",
            kind=ZoneOrAnywhere,
            doc="Where those days and times are meant; `AoE` is anywhere on Earth, UTC-12.",
            example='"AoE"',
            get=lambda _: None,
            default_doc="the conference's",
        ),
        Key(
            name="opens",
            kind=Time,
            doc="From when on.",
            example="2020-10-01T09:00:00",
            default_doc="open since ever",
        ),
        Key(name="grace", kind=Length, doc="Added in silence to what was announced.", example='"15 minutes"'),
        Key(
            name="late",
            kind=one_of(get_args(LateRule)),
            doc="`flag` takes what comes until `late_until`, and marks it.",
            example='"refuse"',
        ),
        Key(
            name="late_until",
            kind=Time,
            doc="With `flag`: the second cutoff.",
            example="2020-12-02T00:00:00",
        ),
        Key(
            name="extensions",
            kind=Entries(of=EXTENSION, most=500),
            doc="Later closings, in the order of their announcement.",
            example='[{ until = 2020-12-04T00:00:00, reason = "Feast", announced_at = 2020-11-25T09:00:00Z }]',
        ),
        Key(
            name="remind",
            kind=Entries(of=whole(0, 3_650), most=50, unique=True),
            doc="Reminders, in calendar days before the closing.",
            example="[14, 2]",
        ),
    ),
)

_NAMES: Final = ("registration", "input")


class _Deadlines(Table):
    """The deadlines by name; another name would be a deadline that nobody asks."""

    def write(self, value: Any, setting: Setting) -> Plain:
        unknown = [name for name in value if name not in _NAMES]
        if unknown:
            expected = (
                f"a document has the deadlines {' and '.join(_NAMES)}. Keep others in your application."
            )
            raise InvalidDocument("conference", (Problem(f"deadlines.{unknown[0]}", unknown[0], expected),))
        return super().write(value, setting)


DEADLINES: Final = _Deadlines(
    title="[deadlines]",
    of=dict,
    doc="Until when people may register and give input.",
    keys=(
        Key(
            name="registration",
            kind=DEADLINE,
            doc="Until when people may register.",
            example="{ before = 2020-11-30 }",
            get=lambda deadlines: deadlines.get("registration"),
        ),
        Key(
            name="input",
            kind=DEADLINE,
            doc="Until when contributions to the call are taken.",
            example='{ through = 2020-11-29, timezone = "AoE" }',
            get=lambda deadlines: deadlines.get("input"),
        ),
    ),
)


def check_deadlines(values: Values, at: Place) -> None:
    """What deadlines say against sessions and the call."""
    deadlines = values.get("deadlines", {})
    if "input" in deadlines and "call" not in values and not at.has("call"):
        at.key("deadlines").key("input").report(
            "[deadlines.input]", "there is no [call] for it to close. Add one."
        )
    if at.has("sessions"):
        return
    starts, ends = span_of(values.get("sessions", ()))
    for name, deadline in deadlines.items():
        place = at.key("deadlines").key(name)
        try:
            closes = deadline.resolved(starts=starts, ends=ends).closes()
        except (InvalidDeadline, InvalidTime) as error:
            place.report(getattr(error, "value", name), getattr(error, "remedy", str(error)))
            continue
        if name == "registration" and ends is not None and closes > ends:
            expected = (
                f"registration would close at {closes}, after the conference ended ({ends}). Close it before."
            )
            place.report("[deadlines.registration]", expected)
