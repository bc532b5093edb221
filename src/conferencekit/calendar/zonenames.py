"""Names of zones in other people's calendars: IANA's own, with odd prefixes, and those that Windows has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Final

import pytz

from ..zones import offset_at, zone_names

_LONGEST: Final = 200
# Of zones that share their clocks for some time, those that most people mean.
_FIRST: Final = (
    "gmt",
    "w. europe",
    "e. europe",
    "eastern",
    "central",
    "mountain",
    "pacific",
    "china",
    "india",
    "tokyo",
    "aus eastern",
    "e. south america",
    "russian",
    "arabian",
    "south africa",
)
_UTC: Final = frozenset({"Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu", "UCT", "Universal", "Zulu"})
_DISPLAYED: Final = re.compile(r"\((?:UTC|GMT) ?(?:([+-])(\d\d)[:.](\d\d))?\) ?(.+)")
_SEASONS: Final = (datetime(2025, 1, 15), datetime(2025, 7, 15))  # noqa: DTZ001 - naive in UTC, as `offset_at` wants


def named_zone(name: str) -> str | None:
    """The IANA name that is meant, or None: the name says nothing by itself.

    `Europe/Berlin` in any letter case and behind prefixes such as `/freeassociation.sourceforge.net/`; `W. Europe
    Standard Time`; `(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna`.
    """
    text = name.strip()
    return _named(text) if 0 < len(text) <= _LONGEST else None


@lru_cache(maxsize=1024)
def _named(text: str) -> str | None:
    known = _by_name()
    found = (known.get(each.replace(" ", "_").casefold()) for each in _spellings(text))
    zone = next(filter(None, found), None) or _windows().get(text.casefold()) or _displayed(text)
    return "UTC" if zone in _UTC else zone


def _spellings(text: str) -> Iterator[str]:
    yield text
    if text.startswith("/") or "://" in text:
        parts = text.split("/")
        for number in range(1, min(len(parts), 10)):
            yield "/".join(parts[number:])


@cache
def _by_name() -> Mapping[str, str]:
    return {name.casefold(): name for name in zone_names()}


@cache
def _windows() -> Mapping[str, str]:
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON  # noqa: PLC0415 - few files need it

    known = _by_name()
    named = {name.casefold(): known.get(zone.casefold()) for name, zone in WINDOWS_TO_OLSON.items()}
    named["utc"] = "UTC"  # icalendar's older tables call it Etc/GMT
    return {name: zone for name, zone in named.items() if zone}


@cache
def usual_zones() -> tuple[str, ...]:
    """One zone for each set of rules that people use, as Windows chooses them, then all others in use."""
    first = [_windows()[f"{name} standard time"] for name in _FIRST]
    return tuple(dict.fromkeys(["UTC", *first, *sorted(_windows().values()), *pytz.common_timezones]))


def hinted_zone(name: str) -> str | None:
    """The zone whose name stands somewhere in another name: `custom_America/New_York`. The longest, if several do."""
    folded = name[:_LONGEST].replace(" ", "_").casefold()
    found = [zone for each, zone in _by_name().items() if "/" in each and each in folded]
    return max(found, key=len, default=None)


@cache
def _by_city() -> Mapping[str, str]:
    return {name.rpartition("/")[2].replace("_", " ").casefold(): name for name in pytz.common_timezones}


def _displayed(text: str) -> str | None:
    """What Windows shows to people: the offset in winter, and cities or a region."""
    found = _DISPLAYED.fullmatch(text)
    if found is None:
        return None
    sign, hours, minutes, places = found.groups(default="0")
    stated = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
    region = places.partition(" (")[0].casefold().removesuffix(" time")
    for place in places.split(","):
        zone = _by_city().get(place.strip().casefold())
        if zone and _in_winter(zone) == stated:
            return zone
    zone = _windows().get(f"{region} standard time") or (
        _windows()["utc"] if "coordinated" in region else None
    )
    return zone if zone and _in_winter(zone) == stated else None


def _in_winter(zone: str) -> timedelta:
    return min(offset_at(each, zone) for each in _SEASONS)
