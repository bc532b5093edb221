"""Sessions of other people's events: one of each, or a series, or one of each date where no series can say them.

What is missing is put in, and told; what only a person can know is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from attrs import define, field, frozen

from ..errors import InvalidTime, TimeOutOfRange
from ..moment import Moment
from ..programme.series import (
    EARLIEST_YEAR,
    LATEST_YEAR,
    MOST_DATES,
    UNITS,
    Occurrence,
    Repeat,
    dates_of,
    moment_on,
)
from .recurring import Rule, days_of, gives, repeat_of, rule_from
from .vevent import Incoming
from .vtimezone import shows_twice
from .when import When, length_from, wall_of
from .zonebook import ZoneBook

USUAL_LENGTH: Final = timedelta(hours=1)
"""How long a session is whose event has no end."""

LONGEST: Final = timedelta(days=366)

_NOTHING: Final = timedelta()
_STEPS_OF_DATE: Final = 30


@define
class Draft:
    """A session without its id. `origin` names the event (and the date) that it comes from, for ever."""

    origin: str
    title: str
    values: dict[str, Any]
    date: str = ""


@define
class Drafted:
    """What became of one event and its dates: sessions, what was repaired, and what has to be asked."""

    drafts: list[Draft] = field(factory=list)
    repairs: list[str] = field(factory=list)
    questions: list[str] = field(factory=list)


@frozen
class _Stretch:
    starts: Moment
    ends: Moment


def draft_event(
    master: Incoming | None, others: Sequence[Incoming], book: ZoneBook, until: date | None
) -> Drafted:
    """The sessions of an event and of its dates that differ. `until`: the last day of a series that has no end."""
    out = Drafted()
    for each in (master, *others):
        if each is not None:
            out.repairs += each.notes
    try:
        _draft(out, master, others, book, until)
    except (TimeOutOfRange, OverflowError):
        out.questions.append(
            f"has a time at the edge of the years 1 to 9999, beyond which nobody reckons. {_CORRECT}"
        )
    return out


def _draft(
    out: Drafted, master: Incoming | None, others: Sequence[Incoming], book: ZoneBook, until: date | None
) -> None:
    if master is None:
        for each in others:
            _add(out, each, _stretch(each, book, out), named=each.recurrence)
        return
    is_series = bool(master.rule or master.more)
    stretch = _stretch(master, book, out, in_utc=is_series)
    if stretch is None:
        return
    if not is_series:
        _add(out, master, stretch)
        for each in others:
            _add(out, each, _stretch(each, book, out), named=each.recurrence)
        return
    _Series(master, stretch, book, out).draft(others, until)


def _add(out: Drafted, event: Incoming, stretch: _Stretch | None, named: When | None = None) -> None:
    if stretch is None:
        return
    name = f"{named.wall:%Y%m%dT%H%M%S}".rjust(15, "0") if named else ""
    values = {
        **_words(event),
        "starts": stretch.starts,
        "ends": stretch.ends,
        "status": event.status or "confirmed",
    }
    out.drafts.append(Draft(origin_of(event.uid, name), event.title, values, name[:8]))


def origin_of(uid: str, date: str = "") -> str:
    """What names an event, or one date of it."""
    return f"{uid} {date}" if date else uid


def _words(event: Incoming) -> dict[str, Any]:
    return {
        "title": event.title,
        "description": event.description,
        "room": event.room,
        "join": event.join,
        "track": event.track,
    }


# -- from when until when


def _stretch(event: Incoming, book: ZoneBook, out: Drafted, *, in_utc: bool = False) -> _Stretch | None:
    if event.starts is None:
        out.repairs.append("has no time at which it begins, and was left out")
        return None
    if event.starts.kind == "date" or event.is_whole_day:
        # Whole days are the frame of a conference, holidays or deadlines: as sessions they would fill calendars.
        out.repairs.append(f"is of whole days ({event.starts.wall.date()}), no session, and was left out")
        return None
    starts = _moment(event.starts, book, out, in_utc=in_utc)
    if starts is None:
        return None
    ends = _ends(event, starts, book, out, in_utc=in_utc)
    if ends is None:
        return None
    length = ends.instant - starts.instant
    if length < _NOTHING:
        out.questions.append(f"would end at {ends}, before it begins ({starts}). {_CORRECT}")
    elif length > LONGEST:
        out.questions.append(f"is longer than a year: from {starts} until {ends}. {_CORRECT}")
    elif not length:
        out.repairs.append("has no length, and was made an hour long")
        return _Stretch(starts, starts.plus(USUAL_LENGTH))
    else:
        return _Stretch(starts, ends)
    return None


_CORRECT: Final = "Correct it where it comes from, or leave it out (--leave-out)"


def _moment(when: When, book: ZoneBook, out: Drafted, *, in_utc: bool = False) -> Moment | None:
    found = book.moment(when, in_utc=in_utc)
    if found.note and found.moment:
        _tell(out, found.note)
    elif found.note and found.note not in out.questions:
        out.questions.append(found.note)
    return found.moment


def _tell(out: Drafted, repair: str) -> None:
    """Tell a repair, once."""
    if repair not in out.repairs:
        out.repairs.append(repair)


def _ends(event: Incoming, starts: Moment, book: ZoneBook, out: Drafted, *, in_utc: bool) -> Moment | None:
    if event.ends and event.ends.kind != "date":
        if event.duration:
            out.repairs.append("has both DTEND and DURATION: DTEND counts")
        ends = event.ends
        if ends.kind == "floating" and event.starts and event.starts.kind == "zoned":
            out.repairs.append("DTEND has no zone, and was read in that of DTSTART")
            ends = event.starts.beside(ends.wall)
        moment = _moment(ends, book, out, in_utc=in_utc)
        return moment.in_zone(starts.zone) if moment and ends.kind == "utc" else moment
    length = length_from(event.duration) if event.duration else None
    try:
        if length is not None:
            # Days are days of the calendar, the rest is time that passes (RFC 5545, 3.3.6).
            days = length // timedelta(days=1) if length > _NOTHING else 0
            return starts.plus_days(days, otherwise="first").plus(length - timedelta(days=days))
        out.repairs.append("has no end, and was made an hour long")
        return starts.plus(USUAL_LENGTH)
    except (InvalidTime, OverflowError):
        out.questions.append(f"lasts {event.duration[:40]!r}. {_CORRECT}")
        return None


# -- series


@frozen
class _Series:
    """An event that comes again, from its first date."""

    master: Incoming
    first: _Stretch
    book: ZoneBook
    out: Drafted

    def draft(self, others: Sequence[Incoming], until: date | None) -> None:
        """A series, or single sessions where none can say the dates."""
        slots = self._slots(until)
        if slots is None:
            return
        named = [self._slot(each, slots) for each in self.master.without]
        without = {slot for slot in named if slot}
        if None in named:
            self.out.repairs.append("leaves out a date that it has not")
        changed: dict[datetime, Incoming] = {}
        for each in others:
            slot = self._slot(each.recurrence, slots) if each.recurrence else None
            if slot is None:
                self.out.repairs.append("changes a date that it has not: that became a session of its own")
                _add(self.out, each, _stretch(each, self.book, self.out), named=each.recurrence)
            elif each.is_this_and_future:
                question = f"is changed from {slot} on, which no series can say. Leave it out (--leave-out)"
                self.out.questions.append(question)
                return
            else:
                changed[slot] = each
        if len(slots) == 1:
            self._only(without, changed)
            return
        if not self._as_series(slots, without - changed.keys(), changed):
            self._one_by_one(slots, without - changed.keys(), changed)

    def _only(self, without: set[datetime], changed: Mapping[datetime, Incoming]) -> None:
        """The one date of a rule that has no other."""
        if changed:
            event = next(iter(changed.values()))
            _add(self.out, event, _stretch(event, self.book, self.out))
        elif without:
            self.out.repairs.append("has no date that takes place, and was left out")
        else:
            _add(self.out, self.master, self.first)

    # -- its dates by the rule

    @property
    def _written(self) -> When:
        """Its start as it is written: dates of a rule are reckoned in that, whatever zone of ours it is in."""
        return self.master.starts or When(self.first.starts.wall, "floating")

    @property
    def _is_ours(self) -> bool:
        """Whether the wall times that are written are those of a zone of ours."""
        return self.first.starts.wall == self._written.wall

    def _slots(self, until: date | None) -> list[datetime] | None:
        """Every wall time at which it begins, in order; None where that has to be asked."""
        starts = self._written.wall
        slots = {starts} | {wall for each in self.master.more if (wall := self._wall(each))}
        if self.master.rule:
            by_rule = self._by_rule(
                self.master.rule, datetime.combine(until, datetime.max.time()) if until else None
            )
            if isinstance(by_rule, str):
                self.out.questions.append(by_rule)
                return None
            slots.update(by_rule)
        if len(slots) > MOST_DATES:
            question = f"has more than {MOST_DATES} dates. Say until when (--until), or {_LEAVE}"
            self.out.questions.append(question)
            return None
        return sorted(slots)

    def _by_rule(self, value: str, until: datetime | None) -> list[datetime] | str:
        """The wall times of a rule, or what has to be asked. `until` counts where there are too many without."""
        starts = self._written.wall
        rule = rule_from(value, starts)
        if isinstance(rule, str):
            return f"{rule}. Make single events of it, or {_LEAVE}"
        last = self._last(rule) or until
        if last is None:
            return f"repeats without end. Say until when (--until), or {_LEAVE}"
        days, are_all = days_of(rule, starts.date(), last.date(), self.book.budget)
        if until and (len(days) > MOST_DATES or not are_all):
            last = min(last, until)
            days, are_all = days_of(rule, starts.date(), last.date(), self.book.budget)
        if not are_all:
            return f"has a rule that is too much to work out. Say until when (--until), or {_LEAVE}"
        times = (datetime.combine(day, starts.time()) for day in days)
        return [each for each in times if each <= last]

    def _last(self, rule: Rule) -> datetime | None:
        """The latest wall time that the rule may have, or None where it never ends."""
        if not rule.until:
            return None if rule.count is None else datetime.max  # noqa: DTZ901 - a wall time
        wall = wall_of(rule.until)
        if wall is None:
            _tell(self.out, f"its UNTIL is {rule.until[:30]!r}, which is no time")
            return None if rule.count is None else datetime.max  # noqa: DTZ901 - a wall time
        if wall.year == date.max.year:
            return None  # as some programs write that it has no end
        if rule.until.endswith("Z"):
            return self._wall(When(wall, "utc"))
        return wall if "T" in rule.until else datetime.combine(wall.date(), datetime.max.time())

    def _wall(self, when: When) -> datetime | None:
        """A time as it would be written beside the start."""
        written = self._written
        if when.kind == "date":
            return datetime.combine(when.wall.date(), written.wall.time())
        if (when.kind, when.zone) == (written.kind, written.zone):
            return when.wall
        if when.kind == "floating":
            _tell(self.out, "names dates without a zone, which were read in that of its start")
            return when.wall
        found = _moment(when, self.book, self.out, in_utc=True)
        if found is None:
            return None
        if self._is_ours:
            return found.in_zone(self.first.starts.zone).wall
        return written.wall + (found.instant - self.first.starts.instant)

    def _slot(self, when: When, slots: Sequence[datetime]) -> datetime | None:
        """Which of the dates is named. A day alone names the date on it."""
        if when.kind == "date":
            return next((each for each in slots if each.date() == when.wall.date()), None)
        wall = self._wall(when)
        return wall if wall in slots else None

    # -- as a series

    def _as_series(
        self, slots: Sequence[datetime], without: set[datetime], changed: Mapping[datetime, Incoming]
    ) -> bool:
        starts, ends = self.first.starts, self.first.ends.in_zone(self.first.starts.zone)
        days = [each.date() for each in slots]
        is_even = self._is_ours and all(each.time() == starts.wall.time() for each in slots)
        is_even = is_even and days[0].year >= EARLIEST_YEAR and days[-1].year <= LATEST_YEAR
        repeat = self._repeat(days) if is_even and not shows_twice(starts) and not shows_twice(ends) else None
        if repeat is None or not self.book.budget.take(_STEPS_OF_DATE * len(days)):
            return False
        try:
            if ends > moment_on(starts, days[1], days[0]):
                return False
            usual = {
                each.planned.wall: _Stretch(each.planned, each.ends)
                for each in dates_of(starts, ends, repeat)
            }
            found = [Occurrence(date=each.date(), status="cancelled") for each in without]
            for slot, event in changed.items():
                found += self._occurrence(slot, event, usual[slot])
            exceptions = tuple(sorted(found, key=lambda each: each.date))
            if exceptions:
                dates_of(starts, ends, repeat, exceptions)
        except InvalidTime:
            # A date in an hour that clocks skip or show twice: calendars cannot say it in a series.
            return False
        values = {"starts": starts, "ends": ends, "repeat": repeat, "exceptions": exceptions}
        status = {"status": self.master.status or "confirmed"}
        draft = Draft(self.master.uid, self.master.title, {**_words(self.master), **values, **status})
        self.out.drafts.append(draft)
        return True

    def _repeat(self, days: Sequence[date]) -> Repeat | None:
        """As the rule says it, where that gives these days; else whatever gives them."""
        rule = rule_from(self.master.rule, self._written.wall)
        if isinstance(rule, Rule) and len(days) > 1:
            interval = rule.interval * (12 if rule.every == "YEARLY" else 1)
            repeat = Repeat(every=UNITS.get(rule.every, "month"), interval=interval, count=len(days))
            if repeat.interval < 100 and gives(repeat, days):
                return repeat
        return repeat_of(days)

    def _occurrence(self, slot: datetime, event: Incoming, usual: _Stretch) -> Iterator[Occurrence]:
        """What is other than usual on a date, if anything is."""
        stretch = _stretch(event, self.book, self.out, in_utc=self._is_in_utc)
        if stretch is None:
            return
        starts, ends = (self._near(each) for each in (stretch.starts, stretch.ends))
        moved = starts.instant != usual.starts.instant
        as_long = ends.instant - starts.instant == usual.ends.instant - usual.starts.instant
        usually = self.master.status or "confirmed"
        status = event.status or usually
        other = {
            "starts": starts if moved else None,
            "ends": None if as_long else ends,
            "room": event.room if event.room != self.master.room else None,
            "join": event.join if event.join != self.master.join else None,
            "status": status if status != usually else None,
        }
        if (event.title, event.description) != (self.master.title, self.master.description):
            told = f"says something else on {slot:%Y-%m-%d}, which a date of a series cannot: it says what all say"
            self.out.repairs.append(told)
        if any(each is not None for each in other.values()):
            yield Occurrence(date=slot.date(), **other)  # type: ignore[arg-type]  # each has its type

    @property
    def _is_in_utc(self) -> bool:
        return bool(self.master.starts and self.master.starts.kind == "utc")

    def _near(self, moment: Moment) -> Moment:
        """In the zone of the series, where it was written in UTC only because nothing else could say it."""
        return moment.in_zone(self.first.starts.zone) if moment.zone == "UTC" else moment

    # -- one by one

    def _one_by_one(
        self, slots: Sequence[datetime], without: set[datetime], changed: Mapping[datetime, Incoming]
    ) -> None:
        self.out.repairs.append("has dates that no series can say: each became a session of its own")
        length = self.first.ends.instant - self.first.starts.instant
        for slot in slots:
            named = When(slot, "floating")
            if slot in changed:
                stretch = _stretch(changed[slot], self.book, self.out, in_utc=self._is_in_utc)
                _add(self.out, changed[slot], stretch, named)
            elif slot not in without and (starts := self._at(slot)):
                _add(self.out, self.master, _Stretch(starts, starts.plus(length)), named)

    def _at(self, wall: datetime) -> Moment | None:
        return _moment(self._written.beside(wall), self.book, self.out, in_utc=True)


_LEAVE: Final = "leave it out (--leave-out)"
