"""The zones of one calendar object: its times become moments, by our own data wherever that is possible.

Nothing is kept from one object to the next: the same TZID may mean something else there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from attrs import define, field, frozen

from ..errors import AmbiguousTime, NonexistentTime, TimeOutOfRange
from ..moment import Moment
from ..zones import offset_text
from .filezone import FileZone, as_instant, first_reading, matching_zone, read_zone
from .reading import Component, text_of
from .recurring import Budget
from .when import When, utc_of
from .zonenames import hinted_zone, named_zone, usual_zones

YEARS_AHEAD: Final = 35
"""So many years after the last time that is written a series of 400 dates may go on."""

_SHORTEST: Final = 60


@frozen
class _Resolved:
    """What a TZID means: a zone of ours, or the file's own rules. `own` beside a zone is there to be compared."""

    zone: str | None
    own: FileZone | None


@define
class ReadTime:
    """A moment, or None where nobody can say it; `note` says what was done or has to be asked."""

    moment: Moment | None
    note: str = ""


@define
class ZoneBook:
    """`floating`: the zone that was answered for times without one. `usual`: what the calendar says is its own."""

    definitions: Mapping[str, Component]
    floating: str | None
    usual: str | None
    budget: Budget
    notes: list[str] = field(factory=list)
    _walls: dict[str, list[datetime]] = field(factory=dict)
    _resolved: dict[str, _Resolved] = field(factory=dict)
    _years_ahead: int = 1

    @classmethod
    def of(cls, calendar: Component, floating: str | None, budget: Budget) -> ZoneBook:
        """The zones that a VCALENDAR defines and says."""
        notes: list[str] = []
        definitions: dict[str, Component] = {}
        for each in calendar.components:
            name = text_of(each.value("TZID")).strip() if each.name == "VTIMEZONE" else ""
            if name in definitions:
                notes.append(f"there are two VTIMEZONE of {name[:_SHORTEST]!r}: the first counts")
            elif name:
                definitions[name] = each
        said = text_of(calendar.value("X-WR-TIMEZONE") or calendar.value("TIMEZONE-ID"))
        usual = named_zone(said)
        if said and usual is None:
            notes.append(f"the calendar's own zone {said[:_SHORTEST]!r} is none that is known")
        return cls(definitions, floating, usual, budget, notes)

    def prepare(self, whens: Iterable[When], *, has_series: bool) -> None:
        """Learn all times first: a zone is right if it is right at each of them."""
        for each in whens:
            if each.kind == "zoned":
                self._walls.setdefault(each.zone, []).append(each.wall)
        if has_series:
            self._years_ahead = YEARS_AHEAD

    @property
    def shown(self) -> str | None:
        """The zone in which times in UTC are shown: the calendar's own, else the one that was answered."""
        return self.usual or self.floating

    def moment(self, when: When, *, in_utc: bool = False) -> ReadTime:
        """The moment of a time. `in_utc`: what is in UTC stays so, since it repeats by UTC's clock."""
        try:
            if when.kind == "utc":
                zone = None if in_utc else self.shown
                return ReadTime(Moment.from_instant(utc_of(when), zone or "UTC"))
            if when.kind != "zoned":
                return self._floating(when)
            found = self._resolved.get(when.zone)
            if found is None:
                found = self._resolved[when.zone] = self._resolve(when.zone)
            if found.zone:
                return self._in_zone(when, found.zone, found.own)
            if found.own:
                return ReadTime(
                    Moment.from_instant(as_instant(when.wall, found.own.offset_at(when.wall)), "UTC")
                )
            return self._unknown(when)
        except TimeOutOfRange:
            return ReadTime(None, f"has a time in the year {when.wall.year}, which cannot be reckoned with")

    def _floating(self, when: When) -> ReadTime:
        if self.floating:
            found = self._in_zone(when, self.floating, None)
            found.note = found.note or f"has times without a zone, which were read in {self.floating}"
            return found
        hint = f", such as {self.usual}, the calendar's own" if self.usual else ""
        return ReadTime(None, f"has times without a zone. Say which one is meant{hint} (--zone)")

    def _unknown(self, when: When) -> ReadTime:
        name = when.zone[:_SHORTEST]
        if self.floating:
            found = self._in_zone(when, self.floating, None)
            found.note = found.note or f"is in the unknown zone {name!r}, and was read in {self.floating}"
            return found
        return ReadTime(None, f"is in the zone {name!r}, which nobody knows. Say which one is meant (--zone)")

    def _in_zone(self, when: When, zone: str, own: FileZone | None) -> ReadTime:
        wall, note = when.wall, ""
        try:
            moment = Moment.at(wall, zone)
        except AmbiguousTime:
            moment = Moment.at(wall, zone, fold=0)
            note = f"clocks in {zone} show {wall} twice: the first time was taken ({moment})"
        except NonexistentTime:
            moment = Moment.from_instant(as_instant(wall, first_reading(wall, zone)), zone)
            note = f"clocks in {zone} never show {wall}: it was taken for {moment}"
        theirs = as_instant(wall, own.offset_at(wall)) if own else moment.instant
        if theirs != moment.instant:
            note = (
                f"by the file's VTIMEZONE {wall} in {when.zone[:_SHORTEST]} is {theirs:%Y-%m-%d %H:%M} UTC, "
                f"by the zone data it is {moment.instant:%Y-%m-%d %H:%M} UTC: the zone data counts"
            )
        return ReadTime(moment, note)

    # -- what a TZID means

    def _resolve(self, name: str) -> _Resolved:
        zone, definition = named_zone(name), self.definitions.get(name)
        walls = self._walls.get(name) or [datetime(2025, 1, 1)]  # noqa: DTZ001 - a wall time; all were learnt before
        years = min(each.year for each in walls), max(each.year for each in walls)
        own = None
        if definition:
            own = read_zone(definition, years[0], years[1] + self._years_ahead, self.budget)
            if own is None:
                self.notes.append(f"the VTIMEZONE of {name[:_SHORTEST]!r} says nothing that can be read")
        if zone and own and _is_abbreviation(zone) and not self._agree(own, zone, walls):
            zone = None
        if zone:
            self._tell_name(name, zone)
            return _Resolved(zone, own)
        if own is None or definition is None:
            return _Resolved(None, None)
        return self._by_rules(name, definition, own, walls)

    def _tell_name(self, name: str, zone: str) -> None:
        if name.casefold() != zone.casefold():
            self.notes.append(f"the zone {name[:_SHORTEST]!r} is {zone}")

    def _agree(self, own: FileZone, zone: str, walls: Iterable[datetime]) -> bool:
        return matching_zone(own, walls, [zone], self.budget) is not None

    def _by_rules(self, name: str, definition: Component, own: FileZone, walls: list[datetime]) -> _Resolved:
        shown = name[:_SHORTEST]
        said = named_zone(text_of(definition.value("X-LIC-LOCATION")))
        hints = [
            said,
            hinted_zone(name),
            self.usual,
            self.floating,
            *(each.zone for each in self._resolved.values()),
        ]
        zones = list(dict.fromkeys([*(each for each in hints if each), *usual_zones()]))
        found = matching_zone(own, walls, zones, self.budget)
        if found:
            self.notes.append(f"the zone {shown!r} is the file's own: its clocks are those of {found}")
            return _Resolved(found, None)
        first = min(walls)
        offset = offset_text(own.offset_at(first))
        self.notes.append(
            f"the zone {shown!r} is the file's own, and no zone that is known has its clocks (on {first:%Y-%m-%d} "
            f"UTC{offset}): its times were taken as instants, in UTC"
        )
        return _Resolved(None, own)


def _is_abbreviation(zone: str) -> bool:
    """Whether a name such as EST or CET may well be what a program calls a zone with other clocks."""
    return "/" not in zone and zone != "UTC"
