"""Calendars of others (`.ics`) as sessions: every repair is told, and what only a person can know is asked.

Nothing of one file is kept for the next: its zones are its own. Time and memory are bounded whatever a file says.

Source: RFC 5545; what Google, Outlook, Apple, Nextcloud, Thunderbird, pretalx and Indico write.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from attrs import define, evolve, field, frozen

from ..errors import InvalidImport
from ..mailbox import one_line
from ..programme.session import Session
from ..text import LocalizedText, slug
from ..zones import exact_zone
from .drafting import Draft, draft_event
from .reading import READING_LIMITS, Component, ReadingLimits, read_tolerantly, text_of
from .recurring import Budget
from .vevent import Incoming, incoming_from
from .zonebook import ZoneBook

UNTITLED: Final = "Untitled session"

_SLUG: Final = 44
_HAVE_NO_PLACE: Final = ("URL", "ATTENDEE", "ATTACH", "CONTACT", "RELATED-TO", "GEO")


@frozen(kw_only=True)
class ImportLimits:
    """What is read of a file at most: its size, the sessions in it, and the steps of work that rules and zones make."""

    reading: ReadingLimits = READING_LIMITS
    sessions: int = 10_000
    steps: int = 4_000_000


IMPORT_LIMITS: Final = ImportLimits()


@frozen(kw_only=True)
class Remark:
    """Something that a person should know of an import, or answer. Without a title it is about the whole file."""

    text: str
    title: str = ""
    uid: str = ""


@frozen(kw_only=True)
class Imported:
    """What a calendar says. Where `questions` are open, their events are not among the sessions.

    `origins` names for each session's id the event (its UID, and the date where it has several): whoever reads the file
    again with these as `ids` gets the same ids. `zone` is the calendar's own, else the one that most sessions are in.
    """

    sessions: tuple[Session, ...]
    repairs: tuple[Remark, ...]
    questions: tuple[Remark, ...]
    name: str
    zone: str | None
    origins: Mapping[str, str]


def read_calendar(
    data: bytes,
    *,
    zone: str | None = None,
    until: date | None = None,
    leave_out: Collection[str] = (),
    ids: Mapping[str, str] | None = None,
    locale: str = "en",
    limits: ImportLimits = IMPORT_LIMITS,
    source: str = "the calendar",
) -> Imported:
    """The sessions of an iCalendar file.

    A wall time that comes twice is its first occurrence, one that clocks skip is read by the clock before (RFC 5545,
    3.3.5); both are told. Where a VTIMEZONE contradicts the zone data, the zone data counts. Events of whole days are
    left out: they are the frame of a conference, holidays or deadlines, and as sessions would fill people's calendars.

    Args:
        data: The file.
        zone: The answer to what times without a zone are meant in: an IANA name.
        until: The answer to how long a series goes on that has no end or too many dates: its last day.
        leave_out: UIDs of events that are not wanted.
        ids: The ids of sessions by origin, as an earlier import gave them (`Imported.origins` turned round).
        locale: The language of the texts.
        limits: What is read at most.
        source: What the file is called in errors.

    Raises:
        InvalidImport: it is no calendar, or more than the limits allow.
        UnknownZone: `zone` is not an IANA name.
    """
    answered = None if zone is None else exact_zone(zone)
    reading = read_tolerantly(data, limits=limits.reading, source=source)
    work = _Import(limits=limits, source=source, until=until, budget=Budget(limits.steps))
    for each in _calendars(reading.components, source):
        work.take(each, answered, frozenset(leave_out))
    if work.budget.steps <= 0:
        remedy = "Its rules and time zones take too much work: export fewer events."
        raise InvalidImport(source, 0, f"more than {limits.steps:,} steps", remedy)
    return work.result(tuple(Remark(text=each) for each in reading.problems), ids or {}, locale, answered)


def _calendars(components: Sequence[Component], source: str) -> list[Component]:
    """The calendars of a file; events that stand in none make one."""
    found = [each for each in components if each.name == "VCALENDAR"]
    stray = [each for each in components if each.name in ("VEVENT", "VTIMEZONE")]
    if stray:
        found.append(Component("VCALENDAR", [], stray))
    if not found:
        remedy = "Give a calendar file (.ics), which begins with BEGIN:VCALENDAR."
        raise InvalidImport(source, 0, "no calendar", remedy)
    return found


@define
class _Import:
    """One import on its way."""

    limits: ImportLimits
    source: str
    until: date | None
    budget: Budget
    drafts: list[Draft] = field(factory=list)
    repairs: list[Remark] = field(factory=list)
    questions: list[Remark] = field(factory=list)
    names: list[str] = field(factory=list)
    zones: list[str] = field(factory=list)
    seen: set[str] = field(factory=set)
    without_place: Counter[str] = field(factory=Counter)

    def take(self, calendar: Component, zone: str | None, leave_out: frozenset[str]) -> None:
        """One VCALENDAR."""
        book = ZoneBook.of(calendar, zone, self.budget)
        name = one_line(text_of(calendar.value("NAME") or calendar.value("X-WR-CALNAME")))
        self.names += [name] if name else []
        self.zones += [book.usual] if book.usual else []
        has_html = "google" in calendar.value("PRODID").lower()
        events = [
            incoming_from(each, has_html=has_html) for each in calendar.components if each.name == "VEVENT"
        ]
        if calendar.value("METHOD").strip().upper() == "CANCEL":
            self._cancel(events)
        book.prepare(
            (when for each in events for when in each.whens()),
            has_series=any(e.rule or e.more for e in events),
        )
        for group in self._by_uid(events):
            if group[0].uid not in leave_out and self.budget.steps > 0:
                self._draft(group, book)
        self.repairs += [Remark(text=each) for each in book.notes]
        self._count_rest(calendar)

    def _cancel(self, events: Sequence[Incoming]) -> None:
        self.repairs.append(Remark(text="the calendar cancels its events: they are cancelled sessions"))
        for each in events:
            each.status = "cancelled"

    def _by_uid(self, events: Sequence[Incoming]) -> Iterator[list[Incoming]]:
        """The VEVENTs of each event, the newest of each date only."""
        groups: dict[str, dict[object, Incoming]] = {}
        for each in events:
            if not each.uid:
                each.notes.append("has no UID: the next import of it will not know it again if it has moved")
                each.uid = _digest(f"{each.title}\n{each.starts}")[:16]
            name = each.recurrence and (each.recurrence.wall, each.recurrence.zone)
            group = groups.setdefault(each.uid, {})
            other = group.get(name)
            if other is None:
                group[name] = each
                continue
            newer = max(other, each, key=lambda one: (one.sequence, one.stamp))
            newer.notes.append("comes more than once: the newest of them counts")
            group[name] = newer
        for group in groups.values():
            yield list(group.values())

    def _draft(self, group: Sequence[Incoming], book: ZoneBook) -> None:
        master = next((each for each in group if each.recurrence is None), None)
        others = [each for each in group if each.recurrence is not None]
        for each in group:
            if not each.title:
                each.title = master.title if master else ""
            if not each.title:
                each.title = UNTITLED
                each.notes.append("has no title")
        found = draft_event(master, others, book, self.until)
        first = group[0]
        about = Remark(text="", title=first.title, uid=first.uid)
        self.repairs += [evolve(about, text=each) for each in dict.fromkeys(found.repairs)]
        self.questions += [evolve(about, text=each) for each in dict.fromkeys(found.questions)]
        drafts = {each.origin: each for each in reversed(found.drafts)}  # two zones may write one date
        fresh = [] if found.questions else [each for each in drafts.values() if each.origin not in self.seen]
        if len(fresh) < len(found.drafts) and not found.questions:
            where = (
                "in another calendar of the file"
                if len(drafts) == len(found.drafts)
                else "with the same date"
            )
            self.repairs.append(evolve(about, text=f"comes again {where}: the first counts"))
        self.seen.update(each.origin for each in fresh)
        self.drafts += fresh
        if len(self.drafts) > self.limits.sessions:
            remedy = f"A calendar may have {self.limits.sessions:,} sessions at most: export fewer events."
            raise InvalidImport(self.source, 0, f"more than {self.limits.sessions:,} sessions", remedy)

    def _count_rest(self, calendar: Component) -> None:
        """What has no place in a session."""
        for each in calendar.components:
            if each.name != "VEVENT":
                self.without_place.update([each.name[:40]] if each.name != "VTIMEZONE" else [])
                continue
            self.without_place.update(one.name[:40] for one in each.components)
            self.without_place.update(one.name for one in each.properties if one.name in _HAVE_NO_PLACE)

    def result(
        self, repairs: tuple[Remark, ...], ids: Mapping[str, str], locale: str, answered: str | None
    ) -> Imported:
        """All of it, sessions in order of their start."""
        named = _ids(self.drafts, ids)
        sessions = [_session(draft, named[draft.origin], locale) for draft in self.drafts]
        sessions.sort(key=lambda each: (each.starts.instant, each.id))
        rest = [f"{name} ({count:,})" for name, count in self.without_place.most_common(20)]
        told = [Remark(text=f"has no place in a session: {', '.join(rest)}")] if rest else []
        used = Counter(each.starts.zone for each in sessions).most_common(1)
        zones = [*self.zones, *([answered] if answered else []), *(zone for zone, _ in used)]
        return Imported(
            sessions=tuple(sessions),
            repairs=(*repairs, *self.repairs, *told),
            questions=tuple(self.questions),
            name=next(iter(self.names), ""),
            zone=next(iter(zones), None),
            origins={session_id: origin for origin, session_id in named.items()},
        )


def _session(draft: Draft, session_id: str, locale: str) -> Session:
    description = draft.values["description"]
    texts = {
        "title": LocalizedText.of(draft.title, locale),
        "description": LocalizedText.of(description, locale) if description else None,
    }
    return Session(id=session_id, **{**draft.values, **texts})


def _ids(drafts: Sequence[Draft], known: Mapping[str, str]) -> dict[str, str]:
    """The id of each origin: the one it had, else its title's, with a part of its digest where others are called so.

    They follow from titles and UIDs alone, so that the order of a file does not change them.
    """
    fresh = {draft.origin: _wanted(draft) for draft in drafts if draft.origin not in known}
    often = Counter(fresh.values())
    found = {draft.origin: known[draft.origin] for draft in drafts if draft.origin in known}
    taken = set(known.values())
    for origin, wanted in sorted(fresh.items()):
        each = wanted if wanted and often[wanted] == 1 else ""
        length = 4
        while not each or each in taken:
            each = f"{wanted or 'session'}-{_digest(origin)[:length]}"
            length += 1
        taken.add(each)
        found[origin] = each
    return found


def _wanted(draft: Draft) -> str:
    return "-".join(part for part in (slug(draft.title)[:_SLUG].strip("-"), draft.date) if part)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
