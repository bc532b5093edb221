"""Moments: instants that remember the zone and the wall time that they were meant in.

What an organiser announces is a wall time in a place. That is what a `Moment` stores; the instant is derived from it,
so that a change of a country's clocks is seen (`conferencekit.zonecheck`) and not lost.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Literal
from zoneinfo import ZoneInfo

import pytz
from attrs import field, frozen

from . import zones
from .datewords import Locales, moment_text
from .errors import InvalidTime, MislocalizedTime, NaiveTime, NotWallTime, OffsetDisagrees, TimeOutOfRange


def _plain_wall(value: object) -> dt.datetime:
    """A naive `datetime` proper, also where a subclass was given, to the microsecond, without `fold`."""
    if not isinstance(value, dt.datetime) or value.tzinfo is not None:
        raise NotWallTime(value)
    return dt.datetime(  # noqa: DTZ001 - a wall time is naive by definition
        value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond
    )


def _valid_fold(value: object) -> int:
    if not isinstance(value, int) or value not in {0, 1}:
        raise InvalidTime(
            f"fold is {value!r}. It is 0 for the first and 1 for the second of two equal wall times."
        )
    return int(value)


@frozen(kw_only=True, order=False, eq=True, repr=False)
class Moment:
    """A wall time in a zone, and by it an instant. To the microsecond.

    `zone` is an IANA name, exactly spelt; `UTC` stands for a pure instant. `fold` tells two equal wall times apart
    (0 the first, 1 the second, PEP 495); where there is no choice it is 0.

    `==` is strict: the same instant in another zone is another moment. `<`, `<=`, `>` and `>=` compare instants. Prefer
    `Moment.at`, `Moment.from_datetime` and `Moment.from_instant` to calling the class, which wants the fold always.

    Raises:
        NotWallTime: `wall` has a tzinfo or is no datetime.
        UnknownZone: `zone` is not an IANA name.
        NonexistentTime: the clocks skip the wall time.
        TimeOutOfRange: outside the years 1 to 9999 in UTC.
    """

    wall: dt.datetime = field(converter=_plain_wall)
    zone: str = field(converter=zones.exact_zone)
    fold: int = field(converter=_valid_fold)
    _instant: dt.datetime = field(init=False, eq=False)

    def __attrs_post_init__(self) -> None:
        instant, fold = zones.the_instant(self.wall, self.zone, self.fold)
        object.__setattr__(self, "fold", fold)
        object.__setattr__(self, "_instant", instant.replace(tzinfo=dt.UTC))

    @classmethod
    def at(cls, wall: dt.datetime, zone: str, *, fold: int | None = None) -> Moment:
        """The moment at which clocks in `zone` show `wall` (naive).

        `fold` chooses where they show it twice: 0 the first time, 1 the second. A `wall` that itself has `fold=1` has
        chosen.

        Raises:
            AmbiguousTime: they show it twice and nobody chose.
            NonexistentTime: they never show it.
            NotWallTime, UnknownZone, TimeOutOfRange: as for the class.
        """
        plain, name = _plain_wall(wall), zones.exact_zone(zone)
        choice = (wall.fold or None) if fold is None else fold
        if choice is None:
            choice = zones.the_instant(plain, name, None)[1]
        return cls(wall=plain, zone=name, fold=choice)

    @classmethod
    def from_datetime(cls, value: dt.datetime) -> Moment:
        """The moment that an aware datetime means.

        pytz's and zoneinfo's zones are taken by name. A fixed offset, and any zone without a name, says no place: that
        is a pure instant, in `UTC`.

        Raises:
            NaiveTime: no zone, or not a datetime.
            MislocalizedTime: made by `tzinfo=pytz.timezone(...)`, which gives local mean time.
            OffsetDisagrees: its own zone data gives another offset than ours, so that wall time and instant contradict
                each other (pytz's zones after 2037, an older or newer tzdata behind a `ZoneInfo`).
            UnknownZone: a zone name that is not IANA's.
            NonexistentTime, TimeOutOfRange: as for the class.
        """
        instant = instant_of(value)
        name = _zone_name(value.tzinfo)
        if name is None:
            return cls.from_instant(instant, "UTC")
        zone = zones.exact_zone(name)
        wall = _plain_wall(value.replace(tzinfo=None))
        found = zones.instants(wall, zone)
        naive = instant.replace(tzinfo=None)
        if found and naive not in found:
            expected = tuple(zones.offset_text(wall - each) for each in found)
            raise OffsetDisagrees(value.isoformat(), zone, expected)
        return cls(wall=wall, zone=zone, fold=found.index(naive) if found else 0)

    @classmethod
    def from_instant(cls, value: dt.datetime, zone: str) -> Moment:
        """The instant that an aware datetime means, as clocks in `zone` show it.

        Raises:
            NaiveTime, MislocalizedTime: as for `from_datetime`.
            UnknownZone, TimeOutOfRange: as for the class.
        """
        instant, name = instant_of(value).replace(tzinfo=None), zones.exact_zone(zone)
        shown = _plain_wall(zones.local(instant, name).replace(tzinfo=None))
        return cls(wall=shown, zone=name, fold=zones.instants(shown, name).index(instant))

    @property
    def instant(self) -> dt.datetime:
        """The instant, in `datetime.UTC`."""
        return self._instant

    @property
    def offset(self) -> dt.timedelta:
        """What the zone's clocks are ahead of UTC at this moment."""
        return self.wall - self._instant.replace(tzinfo=None)

    @property
    def datetime(self) -> dt.datetime:
        """An aware datetime: localised by pytz through 2037, with a `ZoneInfo` of the same data later."""
        return zones.local(self._instant.replace(tzinfo=None), self.zone)

    def in_zone(self, zone: str) -> Moment:
        """The same instant as clocks in another zone show it."""
        return Moment.from_instant(self._instant, zone)

    def plus_days(self, days: int, *, otherwise: Literal["raise", "first"] = "raise") -> Moment:
        """The same wall time, `days` calendar days later (earlier if negative): not always a multiple of 24 hours.

        `otherwise` says what to do where that wall time is skipped or comes twice: refuse, or take the first instant
        from there on.

        Raises:
            NonexistentTime, AmbiguousTime: the target is skipped or comes twice, and `otherwise` is "raise".
            TimeOutOfRange: the target is outside the years 1 to 9999.
        """
        if days == 0:
            return self
        try:
            wall = self.wall + dt.timedelta(days=days)
        except OverflowError as error:
            raise TimeOutOfRange(f"{self} plus {days} days") from error
        if otherwise == "raise":
            return Moment.at(wall, self.zone)
        return Moment.from_instant(
            zones.first_instant_from(wall, self.zone).replace(tzinfo=dt.UTC), self.zone
        )

    def plus(self, elapsed: dt.timedelta) -> Moment:
        """The moment in the same zone when `elapsed` has passed (negative: before). Clocks may have changed meanwhile.

        Raises:
            TimeOutOfRange: the result is outside the years 1 to 9999.
        """
        try:
            instant = self._instant + elapsed
        except OverflowError as error:
            raise TimeOutOfRange(f"{self} plus {elapsed}") from error
        return Moment.from_instant(instant, self.zone)

    def text(self, locale: Locales = None, reader_zone: str | None = None) -> str:
        """For people: `Friday 11 December 2020, 20:00 (Asia/Shanghai, UTC+08:00)`.

        With `reader_zone`, the time there is added: `..., that is 13:00 in Europe/Paris (UTC+01:00)`. The six languages
        of the United Nations are spoken; other locales get ISO dates and English words.
        """
        return moment_text(self, locale, reader_zone)

    def __str__(self) -> str:
        return f"{zones.stamp(self.wall, self.offset)}[{self.zone}]"

    def __repr__(self) -> str:
        fold = ", fold=1" if self.fold else ""
        return f"Moment.at({self.wall!r}, {self.zone!r}{fold})"

    def __lt__(self, other: object) -> bool:
        return self._instant < other._instant if isinstance(other, Moment) else NotImplemented

    def __le__(self, other: object) -> bool:
        return self._instant <= other._instant if isinstance(other, Moment) else NotImplemented

    def __gt__(self, other: object) -> bool:
        return self._instant > other._instant if isinstance(other, Moment) else NotImplemented

    def __ge__(self, other: object) -> bool:
        return self._instant >= other._instant if isinstance(other, Moment) else NotImplemented

    def __reduce__(self) -> tuple[Callable[[dt.datetime, str, int], Moment], tuple[dt.datetime, str, int]]:
        return _restored, (self.wall, self.zone, self.fold)

    def __copy__(self) -> Moment:
        return self

    def __deepcopy__(self, _: object) -> Moment:
        return self


def _restored(wall: dt.datetime, zone: str, fold: int) -> Moment:
    return Moment(wall=wall, zone=zone, fold=fold)


def instant_of(value: object) -> dt.datetime:
    """The instant that an aware datetime means, in `datetime.UTC`.

    Raises:
        NaiveTime: no zone, or not a datetime.
        MislocalizedTime: made by `tzinfo=pytz.timezone(...)`, which gives local mean time.
        TimeOutOfRange: outside the years 1 to 9999 in UTC.
    """
    if type(value) is dt.datetime and value.tzinfo is dt.UTC and not value.fold:
        return value  # as our own clock and stores give it
    if not isinstance(value, dt.datetime):
        raise NaiveTime(value)
    offset = value.utcoffset()
    if offset is None:
        raise NaiveTime(value)
    try:
        _refuse_mislocalized(value, offset)
        return (_plain_wall(value.replace(tzinfo=None)) - offset).replace(tzinfo=dt.UTC)
    except OverflowError as error:
        raise TimeOutOfRange(str(value)) from error


def second_of(value: object) -> dt.datetime:
    """The whole second in which an aware datetime lies, in `datetime.UTC`. Raises as `instant_of`."""
    instant = instant_of(value)
    return instant.replace(microsecond=0) if instant.microsecond else instant


def instant_text(value: dt.datetime) -> str:
    """`2020-12-11T12:00:00Z`, as instants are stored; fractions only where there are any. Raises as `instant_of`."""
    return instant_of(value).isoformat().replace("+00:00", "Z")


def _refuse_mislocalized(value: dt.datetime, offset: dt.timedelta) -> None:
    zone = value.tzinfo
    if isinstance(zone, pytz.tzinfo.DstTzInfo) and zone.normalize(value).utcoffset() != offset:
        raise MislocalizedTime(value, str(zone.zone), offset)


def _zone_name(zone: dt.tzinfo | None) -> str | None:
    if isinstance(zone, pytz.BaseTzInfo):
        return zone.zone
    return zone.key if isinstance(zone, ZoneInfo) else None


def start_of_day(day: dt.date, zone: str) -> Moment:
    """The first instant of a local day. Every day has one, also where midnight is skipped or comes twice.

    A date that a zone left out altogether (Pacific/Apia, 30 December 2011) begins with the next one.

    Raises:
        UnknownZone, TimeOutOfRange: as for `Moment`.
    """
    name = zones.exact_zone(zone)
    midnight = dt.datetime.combine(dt.date(day.year, day.month, day.day), dt.time())
    return Moment.from_instant(zones.first_instant_from(midnight, name).replace(tzinfo=dt.UTC), name)
