"""Dates, times and lengths of time as they are written in a document.

TOML has them as values of their own; in JSON, and in quotes, they are ISO 8601 texts. A time without an offset is wall
time in the zone around it. The long form `{ at = …, timezone = …, fold = … }` says everything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Final

from ..deadline.closing import deadline_zone
from ..errors import AmbiguousTime, InvalidTime, OffsetDisagrees, UnknownZone
from ..moment import Moment
from ..zones import exact_zone, offset_text
from .kinds import Plain, Scalar, Schema, whole
from .place import Bad, Place, Setting

_TIME = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_CLOCK = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_UNITS: Final = {
    "day": timedelta(days=1),
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
    "second": timedelta(seconds=1),
    "microsecond": timedelta(microseconds=1),
}
_PART = f"[0-9]{{1,9}} ({'|'.join(_UNITS)})s?"
_LENGTH = f"{_PART}( {_PART})*"


def _read_zone(value: object, at: Place, *, anywhere: bool) -> str | Bad:
    try:
        return deadline_zone(value) if anywhere else exact_zone(value)
    except UnknownZone as error:
        also = " or 'AoE'" if anywhere else ""
        expected = f"expected an IANA time zone such as 'Asia/Shanghai'{also}."
        return at.report(value, expected, error.nearest[0] if error.nearest else None)


def _read_date(value: object, at: Place) -> date | Bad:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, datetime) or (isinstance(value, str) and re.fullmatch(_TIME, value)):
        return at.report(
            value, "expected a day without a time, such as 2020-11-30. For a time, use the key `at`."
        )
    if isinstance(value, str) and re.fullmatch(_DATE, value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return at.report(value, "there is no such day in the calendar.")
    return at.report(value, "expected a day such as 2020-11-30.")


def _read_length(value: object, at: Place) -> timedelta | Bad:
    if isinstance(value, str) and re.fullmatch(_LENGTH, value):
        words = value.split()
        counted = zip(words[::2], words[1::2], strict=True)
        try:
            return sum((int(count) * _UNITS[unit.rstrip("s")] for count, unit in counted), timedelta())
        except OverflowError:
            return at.report(value, "is longer than all of history. Give a shorter length of time.")
    return at.report(value, "expected a length of time such as '15 minutes' or '1 day 12 hours'.")


def length_text(value: timedelta) -> str:
    """`1 day 12 hours`. `value` is not negative."""
    words = []
    for unit, size in _UNITS.items():
        count, value = divmod(value, size)
        if count:
            words.append(f"{count} {unit}{'s' if count > 1 else ''}")
    return " ".join(words) or "0 seconds"


def _read_clock(value: object, at: Place) -> time | Bad:
    if isinstance(value, time):
        return value
    if isinstance(value, str) and re.fullmatch(_CLOCK, value):
        try:
            return time.fromisoformat(value)
        except ValueError:
            return at.report(value, "there is no such time of day.")
    return at.report(value, "expected a time of day such as 17:00:00.")


def read_wall(value: object, at: Place) -> datetime | Bad:
    """A wall time: a naive datetime, or an aware one where an offset was written."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, str) and re.fullmatch(_TIME, value):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return at.report(value, "there is no such time in the calendar.")
    if isinstance(value, date) or (isinstance(value, str) and re.fullmatch(_DATE, value)):
        return at.report(value, "expected a time as well, such as 2020-12-11T20:00:00.")
    if isinstance(value, time):
        return at.report(str(value), "expected a day as well, such as 2020-12-11T20:00:00.")
    return at.report(value, "expected a time such as 2020-12-11T20:00:00.")


def read_time(value: object, at: Place) -> Moment | Bad:
    """The moment that a time in any of its three forms means."""
    if not isinstance(value, Mapping):
        wall = read_wall(value, at)
        return wall if isinstance(wall, Bad) else resolve(wall, at.setting.zone, None, at)
    read = {name: _read_part(name, raw, at) for name, raw in value.items()}
    if "at" not in read:
        at.key("at").report(None, "expected a time such as 2020-12-11T20:00:00.")
    if "at" not in read or any(isinstance(each, Bad) for each in read.values()):
        return Bad()
    return resolve(read["at"], read.get("timezone", at.setting.zone), read.get("fold"), at)


def _read_part(name: str, raw: object, at: Place) -> Plain:
    if name not in _LONG:
        expected = "the long form of a time has at, timezone and fold."
        return at.key(str(name)).report(raw, expected, at.nearest(name, _LONG))
    return _LONG[name].read(raw, at.key(name))


def _write_time(value: Moment, setting: Setting) -> Plain:
    if is_plain(value, setting.zone):
        return value.wall
    fold = {} if is_plain(value, value.zone) else {"fold": value.fold}
    return {"at": value.wall, "timezone": value.zone, **fold}


def is_plain(moment: Moment, zone: str | None) -> bool:
    """Whether the wall time alone, read in this zone, gives the moment."""
    try:
        return zone is not None and Moment.at(moment.wall, zone) == moment
    except InvalidTime:
        return False


def resolve(wall: datetime, zone: str | None, fold: int | None, at: Place) -> Moment | Bad:
    """The moment that was written, or what is wrong with it, both candidates named."""
    if zone is None:
        return Bad()  # the zone itself is reported where it stands
    try:
        if wall.tzinfo is None:
            return Moment.at(wall, zone, fold=fold)
        return _at_offset(wall, zone, fold)
    except AmbiguousTime as error:
        long = f'{{ at = {wall.isoformat()}, timezone = "{zone}", fold = 0 }}'
        return at.report(wall, f"{error} Write {long} for the first, fold = 1 for the second.")
    except InvalidTime as error:
        return at.report(wall, str(error))


def _at_offset(written: datetime, zone: str, fold: int | None) -> Moment:
    wall = written.replace(tzinfo=None)
    try:
        found = [Moment.at(wall, zone, fold=fold)]
    except AmbiguousTime:
        found = [Moment.at(wall, zone, fold=each) for each in (0, 1)]
    for moment in found:
        if moment.offset == written.utcoffset():
            return moment
    offsets = tuple(offset_text(moment.offset) for moment in found)
    raise OffsetDisagrees(written.isoformat(), zone, offsets)


def time_definition() -> Schema:
    """What the `$ref` of a time leads to."""
    long = {name: kind.schema() for name, kind in _LONG.items()}
    table = {"type": "object", "properties": long, "required": ["at"], "additionalProperties": False}
    description = "A wall time, a time with an offset, or the long form { at, timezone, fold }."
    return {"description": description, "anyOf": [Wall.schema(), table]}


def _zone_kind(*, anywhere: bool) -> Scalar:
    shape = {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_+/-]*$"}
    return Scalar("a time zone", lambda value, at: _read_zone(value, at, anywhere=anywhere), shape)


Zone: Final = _zone_kind(anywhere=False)
ZoneOrAnywhere: Final = _zone_kind(anywhere=True)
Date: Final = Scalar("a date", _read_date, {"type": "string", "format": "date", "pattern": f"^{_DATE}$"})
Length: Final = Scalar(
    "a length of time",
    _read_length,
    {"type": "string", "pattern": f"^{_LENGTH}$"},
    lambda value, _: length_text(value),
)
Clock: Final = Scalar("a time of day", _read_clock, {"type": "string", "pattern": f"^{_CLOCK}$"})
Wall: Final = Scalar("a time", read_wall, {"type": "string", "pattern": f"^{_TIME}$"})
Time: Final = Scalar("a time", read_time, {"$ref": "#/$defs/time"}, _write_time)
_LONG: Final[Mapping[str, Scalar]] = {"at": Wall, "timezone": Zone, "fold": whole(0, 1)}
