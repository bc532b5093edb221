"""A deadline: until when something is accepted, and from whom until later.

Everything is half-open: what arrives at the instant of closing is late. A *person's cutoff* is the deadline after
public and personal extensions, plus grace. With `late = "flag"` a second, later cutoff follows, until which things are
accepted and marked late; after that nothing is accepted, whatever the path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any, Literal

from attrs import evolve, field, fields, frozen

from ..datewords import Locales
from ..errors import InvalidDeadline
from ..moment import Moment, instant_of
from .closing import (
    clock_zone,
    day_begins,
    day_ends,
    deadline_zone,
    is_count,
    is_length,
    is_moment,
    plain_day,
    plain_wall,
)
from .extension import Extension
from .relative import Relative
from .wording import Saying, deadline_text, with_opening

LateRule = Literal["refuse", "flag"]
DeadlineState = Literal["upcoming", "open", "late", "closed"]


@frozen(kw_only=True)
class Reminder:
    """That a reminder is due at `due`, because the deadline `closes`. `days` or `elapsed` says how long before."""

    due: Moment
    closes: Moment
    days: int | None = None
    elapsed: timedelta | None = None

    @property
    def key(self) -> str:
        """The same for the same reminder of the same closing: what a host keeps to send it once."""
        before = f"{self.days}d" if self.days is not None else f"{self.elapsed}"
        return f"{self.closes.instant.isoformat()}/{before}"


def _before(value: date | None) -> date | None:
    return None if value is None else plain_day(value, key="before")


def _through(value: date | None) -> date | None:
    return None if value is None else plain_day(value, key="through")


def _at(value: datetime | None) -> datetime | None:
    return None if value is None else plain_wall(value)


def _extensions(value: Iterable[Extension]) -> tuple[Extension, ...]:
    return tuple(value)


def _days(value: Iterable[int]) -> tuple[int, ...]:
    return tuple(value)


@frozen(kw_only=True)
class Deadline:
    """Until when something is accepted: exactly one of `before`, `through`, `at` and `relative`.

    `before` a date: closes when that local day begins. `through` a date: closes when it ends. `at` a wall time (naive):
    closes then; `fold` chooses where clocks show it twice. `relative`: follows the event, see `resolved`.
    `zone` is an IANA name or `AoE` (anywhere on Earth, UTC-12). `opens` is inclusive, None = open since ever.

    `grace` (not negative) is added to what was announced and is not announced itself. `late_until` (exclusive) belongs
    to `late = "flag"`. `extensions` are in the order of their announcement. `remind` lists reminders in calendar days
    before the closing. `event` is the moment that a relative deadline follows, set by `resolved`.

    Raises:
        InvalidDeadline: what was given says too little, too much, or contradicts itself.
        UnknownZone, NonexistentTime, AmbiguousTime, TimeOutOfRange: of `zone` and `at`.
    """

    zone: str = field(converter=deadline_zone)
    before: date | None = field(default=None, converter=_before)
    through: date | None = field(default=None, converter=_through)
    at: datetime | None = field(default=None, converter=_at)
    relative: Relative | None = None
    fold: int | None = None
    opens: Moment | None = None
    grace: timedelta = timedelta()
    late: LateRule = "refuse"
    late_until: Moment | None = None
    extensions: tuple[Extension, ...] = field(default=(), converter=_extensions)
    remind: tuple[int, ...] = field(default=(), converter=_days)
    event: Moment | None = None
    _announced: Moment | None = field(init=False, default=None, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._check_choice()
        self._check_rules()
        if self.at is not None and self.at.fold:
            object.__setattr__(self, "fold", 1 if self.fold is None else self.fold)
            object.__setattr__(self, "at", self.at.replace(fold=0))
        if self.relative is None or self.event is not None:
            object.__setattr__(self, "_announced", self._closing())
            self._check_order()

    def resolved(self, *, starts: Moment | None, ends: Moment | None) -> Deadline:
        """The deadline with the event that it follows filled in; itself if it follows none.

        Raises:
            InvalidDeadline: it follows a start or end that is not known, or closes before it opens.
        """
        if self.relative is None:
            return self
        event = starts if self.relative.of == "start" else ends
        if event is None:
            remedy = f"The {self.relative.of} of the event is not known: add a session or give a fixed date."
            raise InvalidDeadline(self.relative, remedy)
        return evolve(self, event=event)

    def closes(self, person: str | None = None) -> Moment:
        """When it closes (exclusive) as announced, in its own zone: after extensions, without grace.

        Raises:
            InvalidDeadline: it is relative and was not `resolved`.
        """
        if not self.extensions:
            return self.announced
        until = [each.until for each in self.extensions if each.person is None or each.person == person]
        latest = max([self.announced, *until])
        return latest if latest is self._announced else latest.in_zone(clock_zone(self.zone))

    def cutoff(self, person: str | None = None) -> Moment:
        """The person's cutoff (exclusive): what they send at or after it is late. Raises as `closes`."""
        return self.closes(person).plus(self.grace) if self.grace else self.closes(person)

    def final_cutoff(self, person: str | None = None) -> Moment:
        """From when on (inclusive) nothing is accepted any more, not even as late. Raises as `closes`."""
        cutoff = self.cutoff(person)
        return cutoff if self.late_until is None else max(cutoff, self.late_until)

    def state(self, now: datetime, person: str | None = None) -> DeadlineState:
        """What holds at `now` (aware, in any zone). Raises as `closes`, and `NaiveTime`, `MislocalizedTime`."""
        instant = instant_of(now)
        if instant >= self.final_cutoff(person).instant:
            return "closed"
        if self.opens is not None and instant < self.opens.instant:
            return "upcoming"
        return "open" if instant < self.cutoff(person).instant else "late"

    def accepts(self, now: datetime, person: str | None = None) -> bool:
        """Whether what arrives at `now` is accepted, in time or flagged as late. Raises as `state`."""
        return self.state(now, person) in ("open", "late")

    def remaining(self, now: datetime, person: str | None = None) -> timedelta:
        """How long until the person's cutoff; zero from then on. Raises as `state`."""
        return max(self.cutoff(person).instant - instant_of(now), timedelta())

    def text(
        self,
        locale: Locales = None,
        *,
        person: str | None = None,
        reader_zone: str | None = None,
        place: str | None = None,
        opening: bool = False,
    ) -> str:
        """For people, with the last moment in words; grace is not mentioned.

        `closes when Monday 30 November 2020 begins in Asia/Shanghai: last moment Sunday 29 November 2020, 23:59:59
        (Asia/Shanghai, UTC+08:00)`. `reader_zone` adds the time there, `place` says "Beijing time" for the zone.
        `opening` says first when it opens, where it does. Raises as `closes`.
        """
        closes, was = self.closes(person), self.announced
        saying = Saying(zone=self.zone, locale=locale, reader_zone=reader_zone, place=place)
        ends = self.through is not None or (self.relative is not None and self.relative.day == "ends")
        extended = closes > was
        text = deadline_text(closes, saying, through=ends or extended, was=was if extended else None)
        return with_opening(text, self.opens, saying) if opening and self.opens is not None else text

    def reminders(
        self, *before: int | timedelta, person: str | None = None, after: datetime | None = None
    ) -> tuple[Reminder, ...]:
        """What to remind people of, and when: sorted by time, without duplicates.

        `before` counts back from the closing as announced: whole numbers are calendar days at its wall time, timedeltas
        are elapsed; none given means `remind`. Left out are reminders due before it opens, and those not later than
        `after` (aware). Raises as `closes`.
        """
        since = None if after is None else instant_of(after)
        closes = self.closes(person)
        found = {
            each.due.instant: each for each in (_reminder(closes, lead) for lead in before or self.remind)
        }
        return tuple(
            found[due]
            for due in sorted(found)
            if (since is None or due > since) and (self.opens is None or due >= self.opens.instant)
        )

    def extended(
        self,
        *,
        reason: str,
        announced_at: datetime,
        before: date | None = None,
        through: date | None = None,
        at: datetime | None = None,
        fold: int | None = None,
        person: str | None = None,
    ) -> Deadline:
        """The deadline with one more extension, given in the same words as a deadline, in its zone.

        Raises:
            InvalidDeadline: not exactly one of `before`, `through` and `at`; not later than it closes for them now; no
                reason.
            NonexistentTime, AmbiguousTime, TimeOutOfRange: of `at`.
        """
        until = Deadline(zone=self.zone, before=before, through=through, at=at, fold=fold).closes()
        if until <= self.closes(person):
            remedy = f"An extension must be later than {self.closes(person)}, when it closes now."
            raise InvalidDeadline(str(until), remedy)
        added = Extension(until=until, reason=reason, announced_at=announced_at, person=person)
        return evolve(self, extensions=(*self.extensions, added))

    @property
    def announced(self) -> Moment:
        """When it closes (exclusive) before any extension. Raises `InvalidDeadline` if relative and not `resolved`."""
        if self._announced is None:
            raise InvalidDeadline(
                self.relative, "It follows the event: call resolved(starts=..., ends=...) first."
            )
        return self._announced

    def __reduce__(self) -> tuple[Callable[[dict[str, Any]], Deadline], tuple[dict[str, Any]]]:
        """By what was said, so that newer zone data are heeded where it is read again."""
        return _restored, ({each.name: getattr(self, each.name) for each in fields(Deadline) if each.init},)

    def _closing(self) -> Moment | None:
        if self.before is not None:
            return day_begins(self.before, self.zone)
        if self.through is not None:
            return day_ends(self.through, self.zone)
        if self.at is not None:
            return Moment.at(self.at, clock_zone(self.zone), fold=self.fold)
        return self.relative.closes(self.event, self.zone) if self.relative and self.event else None

    def _check_choice(self) -> None:
        given = (self.before, self.through, self.at, self.relative)
        if sum(each is not None for each in given) != 1:
            remedy = "Give exactly one of `before`, `through`, `at` and `relative`."
            raise InvalidDeadline(tuple(each for each in given if each is not None), remedy)
        if self.fold is not None and self.at is None:
            raise InvalidDeadline(self.fold, "`fold` goes with `at`: a day needs none.")
        if self.event is not None and self.relative is None:
            raise InvalidDeadline(self.event, "Only a relative deadline follows an event.")

    def _check_rules(self) -> None:
        if not is_length(self.grace):
            raise InvalidDeadline(self.grace, "Give `grace` as a timedelta that is not negative.")
        if self.late not in ("refuse", "flag"):
            raise InvalidDeadline(self.late, '`late` is "refuse" or "flag".')
        if (self.late == "flag") != (self.late_until is not None):
            remedy = '`late = "flag"` needs `late_until`, its own later cutoff, and "refuse" goes without.'
            raise InvalidDeadline(self.late, remedy)
        for moment in (self.opens, self.late_until):
            if moment is not None and not is_moment(moment):
                raise InvalidDeadline(moment, "Give `opens` and `late_until` as a Moment.")
        for days in self.remind:
            if not is_count(days):
                raise InvalidDeadline(days, "`remind` lists whole days before the closing, 0 or more.")

    def _check_order(self) -> None:
        """What must come after what. Where the event has moved, extensions and late cutoffs may have been overtaken."""
        announced = self.announced
        cutoff = announced.plus(self.grace)
        if self.opens is not None and self.opens >= announced:
            remedy = f"It closes at {announced}: let it open before that."
            raise InvalidDeadline(f"opens {self.opens}", remedy)
        if self.relative is not None:
            return
        if self.late_until is not None and self.late_until <= cutoff:
            remedy = f"Let it be later than the cutoff {cutoff}."
            raise InvalidDeadline(f"late_until {self.late_until}", remedy)
        for each in self.extensions:
            if each.until <= announced:
                raise InvalidDeadline(f"until {each.until}", f"An extension must be later than {announced}.")


def _restored(said: dict[str, Any]) -> Deadline:
    return Deadline(**said)


def _reminder(closes: Moment, lead: int | timedelta) -> Reminder:
    if not is_count(lead) and not is_length(lead):
        raise InvalidDeadline(lead, "Remind whole days or a timedelta before the closing, 0 or more.")
    if isinstance(lead, timedelta):
        return Reminder(due=closes.plus(-lead), closes=closes, elapsed=lead)
    return Reminder(due=closes.plus_days(-lead, otherwise="first"), closes=closes, days=lead)
