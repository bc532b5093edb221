"""Times as other people's calendars have them: dates, local times, times in UTC, with and without a zone.

Source: RFC 5545, 3.3.4 to 3.3.6. Forms that it does not have are understood where only one thing can be meant.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from attrs import frozen

from .reading import Property, parameter_text

Kind = Literal["date", "utc", "floating", "zoned"]

_TIME: Final = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ]?(\d\d):?(\d\d)(?::?(\d\d)(?:[.,]\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)
_LENGTH: Final = re.compile(
    r"([+-]?)P(?:(\d{1,6})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,7})H)?(?:(\d{1,8})M)?(?:(\d{1,9})S)?)?", re.ASCII
)
_DAY: Final = timedelta(days=1)


@frozen
class When:
    """A time as it is written: the wall time, and what it is read by. `zone` is the TZID, whatever it says.

    `is_odd`: it was written in a form that RFC 5545 does not have.
    """

    wall: datetime
    kind: Kind
    zone: str = ""
    is_odd: bool = False

    def beside(self, wall: datetime) -> When:
        """Another wall time, read by the same."""
        return When(wall, self.kind, self.zone)


def wall_of(text: str) -> datetime | None:
    """The wall time that a DATE-TIME says, `20261001T180000` (also with a Z); midnight for a DATE."""
    if text[8:9] == "T" and len(text) in (15, 16) and text[:8].isdecimal() and text[9:15].isdecimal():
        try:
            return _wall(text[:4], text[4:6], text[6:8], text[9:11], text[11:13], text[13:15])
        except (ValueError, OverflowError):
            return None
    found = _TIME.fullmatch(text.strip())
    try:
        return _wall(*found.groups(default="0")[:6]) if found else None
    except (ValueError, OverflowError):
        return None


def _wall(year: str, month: str, day: str, hour: str, minute: str, second: str) -> datetime:
    """Also the end of a day as 24:00, and a leap second as the one before it."""
    if hour == "24":
        return _wall(year, month, day, "0", minute, second) + _DAY
    return datetime(int(year), int(month), int(day), int(hour), int(minute), min(int(second), 59))  # noqa: DTZ001 - a wall time


def when_from(found: Property) -> When | None:
    """The time of a property such as DTSTART, or None if it says none."""
    return read_when(found.value, found.parameters.get("TZID", ""))


def read_when(text: str, zone: str = "") -> When | None:
    """The time that a value says in a zone (a TZID as it is written)."""
    name = parameter_text(zone).strip() if zone else ""
    if ":" in text and not text[:4].isdecimal() and zone:
        # A TZID with a colon and without quotes, such as (UTC+01:00) Berlin, was cut at that colon.
        rest, _, text = text.rpartition(":")
        name = f"{name}:{rest}"
    text = text.strip().upper()
    wall = wall_of(text)
    if wall is None:
        return None
    if len(text) == 8:
        return When(wall, "date", name)
    if len(text) == 15 and text[8] == "T":
        return When(
            wall, "zoned" if name else "floating", name, is_odd=text[9:11] == "24" or text[13:] == "60"
        )
    if len(text) == 16 and text[15] == "Z":
        return When(wall, "utc", name, is_odd=bool(name))
    return _odd(text, wall, name)


def _odd(text: str, wall: datetime, zone: str) -> When | None:
    found = _TIME.fullmatch(text)
    if found is None or found[4] is None:
        return When(wall, "date", zone, is_odd=True)
    offset = found[7]
    if offset is None:
        return When(wall, "zoned" if zone else "floating", zone, is_odd=True)
    ahead = _NONE if offset == "Z" else datetime.strptime(offset, "%z").utcoffset() or _NONE
    try:
        return When(wall - ahead, "utc", zone, is_odd=True)
    except OverflowError:
        return None


_NONE: Final = timedelta()


def utc_of(when: When) -> datetime:
    """The instant of a time in UTC."""
    return when.wall.replace(tzinfo=UTC)


def length_from(text: str) -> timedelta | None:
    """The length that a DURATION says, negative ones too, or None."""
    found = _LENGTH.fullmatch(text.strip().upper())
    if found is None or not any(found.groups()[1:]):
        return None
    weeks, days, hours, minutes, seconds = (int(each or 0) for each in found.groups()[1:])
    length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -length if found[1] == "-" else length
