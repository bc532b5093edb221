"""Time zones: the one source of their data, and strict reading of wall times in them.

All zone data comes from the files that pytz ships, so that two machines with the same versions agree. pytz itself
reads them through the end of 2037; later times are read by `ZoneInfo.from_file` from the same files. The operating
system's zone files are never consulted.
"""

from __future__ import annotations

import difflib
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

import pytz

from .errors import AmbiguousTime, NonexistentTime, TimeOutOfRange, UnknownZone

LAST_PYTZ_YEAR = 2037
AOE = "AoE"
AOE_ZONE = "Etc/GMT+12"  # POSIX counts westwards: this is UTC-12, where a day ends last on Earth
_NOT_PLACES = frozenset({"Factory", "localtime", "posixrules"})
_DAY = timedelta(days=1)
_NEAREST = 3

# Cities that people look for and IANA does not list: the database names one place per set of rules.
_CITIES = {
    "abuja": "Africa/Lagos",
    "ankara": "Europe/Istanbul",
    "bangalore": "Asia/Kolkata",
    "barcelona": "Europe/Madrid",
    "beijing": "Asia/Shanghai",
    "bern": "Europe/Zurich",
    "boston": "America/New_York",
    "chongqing": "Asia/Shanghai",
    "delhi": "Asia/Kolkata",
    "geneva": "Europe/Zurich",
    "guangzhou": "Asia/Shanghai",
    "hanoi": "Asia/Bangkok",
    "milan": "Europe/Rome",
    "montreal": "America/Toronto",
    "mumbai": "Asia/Kolkata",
    "munich": "Europe/Berlin",
    "new delhi": "Asia/Kolkata",
    "ottawa": "America/Toronto",
    "peking": "Asia/Shanghai",
    "rio de janeiro": "America/Sao_Paulo",
    "san francisco": "America/Los_Angeles",
    "shenzhen": "Asia/Shanghai",
    "st petersburg": "Europe/Moscow",
    "washington": "America/New_York",
}


@cache
def zone_names() -> tuple[str, ...]:
    """Every IANA name that is understood, links such as `US/Pacific` and `CET` included, sorted."""
    return tuple(sorted(name for name in pytz.all_timezones if name not in _NOT_PLACES))


@cache
def _by_folded_name() -> dict[str, str]:
    return {name.casefold(): name for name in zone_names()}


@cache
def _by_city() -> dict[str, str]:
    common = {name.rsplit("/", 1)[-1].replace("_", " ").casefold(): name for name in pytz.common_timezones}
    return common | _CITIES


def zone_data_version() -> str:
    """The release of the IANA database in use, such as `2026f`."""
    return str(pytz.OLSON_VERSION)  # type: ignore[attr-defined]  # not in the stubs


def exact_zone(name: object) -> str:
    """The name as IANA spells it; letter case in `name` does not matter.

    Raises:
        UnknownZone: not an IANA name; the error carries the nearest ones.
    """
    if not isinstance(name, str):
        raise UnknownZone(name, ())
    if name in _listed() and pytz.resource_exists(name):  # type: ignore[attr-defined]  # not in the stubs
        return name
    found = _by_folded_name().get(name.casefold())
    if found is None:
        raise UnknownZone(name, nearest_zones(name))
    return found


@cache
def _listed() -> frozenset[str]:
    """The names in pytz's list. A damaged installation may lack files of them; to see which, pytz opens them all."""
    return frozenset(getattr(pytz, "_all_timezones_unchecked", ())) - _NOT_PLACES


def nearest_zones(name: object) -> tuple[str, ...]:
    """Zone names that `name` may have meant, best first: by the city's name, then by spelling."""
    if not isinstance(name, str) or len(name) > 100:
        return ()
    wanted = name.strip().replace(" ", "_").casefold()
    city = wanted.rsplit("/", 1)[-1].replace("_", " ")
    cities, names = _by_city(), _by_folded_name()
    found = [names[wanted]] if wanted in names else []
    found += [cities[each] for each in difflib.get_close_matches(city, cities, n=_NEAREST, cutoff=0.8)]
    found += [names[each] for each in difflib.get_close_matches(wanted, names, n=_NEAREST, cutoff=0.75)]
    return tuple(dict.fromkeys(found))[:_NEAREST]


@cache
def later_rules(zone: str) -> ZoneInfo:
    """The zone's rules beyond what pytz reads, from the same file. `zone` is an exact name."""
    with pytz.open_resource(zone) as file:  # type: ignore[attr-defined]  # not in the stubs
        return ZoneInfo.from_file(file, key=zone)


def offset_at(instant: datetime, zone: str) -> timedelta:
    """The zone's offset from UTC at an instant, given as a naive datetime in UTC."""
    return local(instant, zone).utcoffset() or timedelta()


def local(instant: datetime, zone: str) -> datetime:
    """An instant, given as a naive datetime in UTC, as an aware datetime in the zone.

    Through 2037 its tzinfo is pytz's, later a `ZoneInfo` of the same data.
    """
    rules: tzinfo = pytz.timezone(zone) if instant.year <= LAST_PYTZ_YEAR else later_rules(zone)
    try:
        if isinstance(rules, ZoneInfo):
            return instant.replace(tzinfo=UTC).astimezone(rules)
        return rules.fromutc(instant)
    except OverflowError as error:
        raise TimeOutOfRange(f"{instant.isoformat()}Z in {zone}") from error


def instants(wall: datetime, zone: str) -> tuple[datetime, ...]:
    """The instants at which the zone's clocks show `wall`, as naive datetimes in UTC, ascending: none, one or two.

    `wall` is naive, `zone` an exact name.

    Raises:
        TimeOutOfRange: too near to the first or last day that a datetime can hold.
    """
    try:
        if wall.year > LAST_PYTZ_YEAR:
            return _readings(wall, zone)
        return (_utc(pytz.timezone(zone).localize(wall, is_dst=None)),)
    except pytz.NonExistentTimeError:
        return ()
    except pytz.AmbiguousTimeError:
        return _readings(wall, zone)
    except OverflowError as error:
        raise TimeOutOfRange(f"{wall.isoformat()} in {zone}") from error


def _utc(aware: datetime) -> datetime:
    return aware.astimezone(UTC).replace(tzinfo=None)


def _offsets(wall: datetime, zone: str) -> tuple[timedelta, timedelta]:
    """The offsets in force about a day before and a day after the wall time."""
    return offset_at(wall - _DAY, zone), offset_at(wall + _DAY, zone)


def _readings(wall: datetime, zone: str) -> tuple[datetime, ...]:
    candidates = {wall - offset for offset in _offsets(wall, zone)}
    return tuple(sorted(each for each in candidates if each + offset_at(each, zone) == wall))


def the_instant(wall: datetime, zone: str, fold: int | None) -> tuple[datetime, int]:
    """The one instant that is meant, as a naive datetime in UTC, and the fold that says so (0 without a choice).

    Raises:
        NonexistentTime: the clocks skip the wall time.
        AmbiguousTime: they show it twice, and `fold` is None.
        TimeOutOfRange: outside the years 1 to 9999.
    """
    found = instants(wall, zone)
    if len(found) == 1:
        return found[0], 0
    if not found:
        raise _nonexistent(wall, zone)
    if fold is None:
        first, second = (stamp(wall, wall - each) for each in found)
        raise AmbiguousTime(wall, zone, first, second)
    return found[fold], fold


def _nonexistent(wall: datetime, zone: str) -> NonexistentTime:
    earlier, later = _offsets(wall, zone)
    gap = later - earlier
    return NonexistentTime(wall, zone, stamp(wall - gap, earlier), stamp(wall + gap, later))


def stamp(wall: datetime, offset: timedelta) -> str:
    """`2026-10-25 02:30:00+02:00`."""
    return f"{wall.isoformat(' ')}{offset_text(offset)}"


def offset_text(offset: timedelta) -> str:
    """`+08:00`, `-03:30`."""
    minutes = abs(offset) // timedelta(minutes=1)
    return f"{'-' if offset < timedelta() else '+'}{minutes // 60:02}:{minutes % 60:02}"


def first_instant_from(wall: datetime, zone: str) -> datetime:
    """The first instant at which the zone's clocks show `wall` or, where they skip it, a later time. Naive, in UTC."""
    found = instants(wall, zone)
    if found:
        return found[0]
    low, high = wall - _DAY * 2, wall + _DAY * 2
    while high - low > timedelta.resolution:
        middle = low + (high - low) // 2
        low, high = (low, middle) if middle + offset_at(middle, zone) >= wall else (middle, high)
    return high
