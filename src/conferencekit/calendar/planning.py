"""What everybody's calendar has to be told: who is new, what moved, what is off, who is uninvited.

Pure: from the document, the people and what they were told comes a plan; whoever sends it keeps `InvitePlan.after`, and
marks what left (`mark_sent`). Planned again, the same state gives the same messages, byte for byte, and once they are
sent, none.

Source: RFC 5546, 2.1.4 and 2.1.5: to one person, a later message about an event has a higher SEQUENCE, or the same one
and a later DTSTAMP.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, get_args

from attrs import evolve, field, frozen

from ..conference import PLACEHOLDER, Conference
from ..mailbox import Mailbox
from ..moment import second_of
from ..programme.event import Event, next_event, stamp_after
from .composing import organizer_of, shared_invite
from .invite import Invite, Method
from .planned import invite_rule, planned_events
from .told import KnownEvent, Telling, TellingKind, Told, facts_of
from .writing import personal_lines, shared_part

MessageKind = TellingKind | Literal["again"]
"""`again`: prepared before and not sent; the same message."""
KINDS: Final[tuple[MessageKind, ...]] = (*get_args(TellingKind), "again")

_NOTHING: Final = frozenset[str]()

TokenOf = Callable[[str], str]
"""Gives a person's token, which stands in the organizer's address, by their key."""


@frozen(kw_only=True)
class Invitee:
    """Somebody who may be invited, by their key.

    `concerning` are the ids of the sessions that concern them, None for all. `is_invited`: they registered, and are
    neither rejected nor unverified; anybody else is told nothing but that they are not invited any more.
    """

    key: str
    mailbox: Mailbox
    locale: str
    concerning: frozenset[str] | None = None
    is_invited: bool = True


@frozen(kw_only=True)
class InviteMessage:
    """One message to one person about one event.

    `was` is what they were told before, None where an update says the same; `reason` why something is off.
    """

    kind: MessageKind
    person: Invitee
    event: Event
    was: Event | None
    telling: Telling
    base: Invite
    organizer: Mailbox
    reason: str = ""

    @property
    def id(self) -> str:
        """Names the message: no two messages to one person have the same."""
        return f"{self.base.uid}.{self.telling.sequence}.{self.telling.dtstamp:%Y%m%dT%H%M%SZ}"

    def to_ical(self) -> bytes:
        """The iCalendar object. Raises `InvalidCalendar`; nothing that breaks a rule is returned."""
        rsvp = self.base.rsvp and self.telling.method == "REQUEST"
        lines = personal_lines(self.telling.method, self.organizer, self.person.mailbox, rsvp=rsvp)
        return lines.join(shared_part(self.base))


@frozen(kw_only=True)
class Renamed:
    """A session that calendars know is gone, and another is new that may be the same under another id."""

    gone: str
    new: tuple[str, ...]


@frozen(kw_only=True)
class InvitePlan:
    """What is to be told, and what has to be asked before.

    `unchanged`: messages that are not needed. `reworded` counts those that differ in words only, where these are not
    sent. `missing`: keys of people who were invited and are not listed any more, so nobody can write to them.
    `over`: ids of events that nobody is told about because they are over. `after`: what is told once all was sent, with
    the messages as prepared: see `mark_sent`.
    """

    messages: tuple[InviteMessage, ...] = ()
    unchanged: int = 0
    reworded: int = 0
    missing: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    questions: tuple[Renamed, ...] = ()
    after: Told = field(factory=Told)

    def count(self, kind: MessageKind) -> int:
        """How many messages are of this kind."""
        return sum(each.kind == kind for each in self.messages)


@frozen(kw_only=True)
class PlanOptions:
    """How to plan.

    `sends_words`: people are told of changes that are in words only. `again`: they get once more, unchanged, what they
    were told last. `past`: also events that are over. `gone`: ids of sessions that calendars know and that were not
    renamed but taken away. `first_sequence`: the SEQUENCE of an event that nobody is known to have been told of; above
    0 where what was told is lost.
    """

    sends_words: bool = False
    again: bool = False
    past: bool = False
    first_sequence: int = 0
    gone: frozenset[str] = frozenset()


def plan_invites(
    conference: Conference,
    people: Iterable[Invitee],
    told: Told,
    *,
    now: datetime,
    sender: Mailbox,
    token_of: TokenOf = lambda _: "",
    options: PlanOptions = PlanOptions(),
) -> InvitePlan:
    """What has to be sent so that everybody's calendar shows the programme as it is.

    Args:
        conference: As it is now.
        people: Everybody, also those who are not invited any more: to whoever is not here, nobody writes.
        told: What calendars were told before; `Told()` in the beginning.
        now: The present (aware): what is over is told to nobody, and new messages are stamped with it.
        sender: Whom the mails are from, and who invites where the document names no organizer.
        token_of: What stands for `{token}` in the organizer's address, by a person's key.
        options: How to plan.

    Raises:
        InvalidCalendar: an invite would break RFC 5545 or RFC 5546.
        InvalidAddress: the organizer's address with a person's token in it is none.
    """
    held = without_called_off(conference, told.called_off)
    return _Planner(held, told, now, sender, token_of, options).plan(people)


def mark_sent(told: Told, messages: Iterable[InviteMessage], *, at: datetime) -> Told:
    """What was told, once these messages of a plan have left (`at`, aware).

    Of `InvitePlan.after` every message is prepared, and those that are not marked are planned again, the same.
    """
    sent = second_of(at)
    people = dict(told.people)
    marked: dict[Telling, Telling] = {}
    for each in messages:
        key, telling = each.person.key, each.telling
        if telling not in marked:
            # what many were told is kept once
            marked[telling] = evolve(telling, sent=sent)
        people[key] = {**people.get(key, {}), each.event.id: marked[telling]}
    return evolve(told, people=people)


def without_called_off(conference: Conference, called_off: Mapping[str, str]) -> Conference:
    """The conference with the sessions cancelled that an organiser called off."""
    sessions = (
        evolve(each, status="cancelled") if each.id in called_off else each for each in conference.sessions
    )
    return evolve(conference, sessions=tuple(sessions))


@frozen(kw_only=True)
class _Found:
    """A message without whom it goes to: the same for all who read one language and were told the same before."""

    kind: MessageKind
    event: Event
    was: Event | None
    telling: Telling
    base: Invite
    reason: str


_Finding = _Found | Literal["unchanged", "reworded"] | None


@frozen
class _Planner:
    conference: Conference
    told: Told
    now: datetime
    sender: Mailbox
    token_of: TokenOf
    options: PlanOptions
    _history: dict[str, list[KnownEvent]] = field(init=False, factory=dict)
    _mine: dict[frozenset[str] | None, dict[str, Event]] = field(init=False, factory=dict)
    _found: dict[tuple[object, ...], _Finding] = field(init=False, factory=dict)
    _bases: dict[tuple[object, ...], tuple[Invite, str]] = field(init=False, factory=dict)
    _organizers: dict[str, Mailbox] = field(init=False, factory=dict)

    def plan(self, people: Iterable[Invitee]) -> InvitePlan:
        everything = self._events(None)
        messages: list[InviteMessage] = []
        unchanged = reworded = 0
        tellings = {key: dict(each) for key, each in self.told.people.items()}
        listed = set()
        for person in people:
            listed.add(person.key)
            for found in self._for_person(person):
                if isinstance(found, InviteMessage):
                    messages.append(found)
                    tellings.setdefault(person.key, {})[found.event.id] = found.telling
                else:
                    unchanged, reworded = unchanged + (found == "unchanged"), reworded + (found == "reworded")
        return InvitePlan(
            messages=tuple(messages),
            unchanged=unchanged,
            reworded=reworded,
            missing=tuple(self._missing(listed)),
            over=tuple(each.id for each in everything.values() if self._is_over(each)),
            questions=tuple(self._questions(everything)),
            after=evolve(self.told, people=tellings, events=self._known(messages)),
        )

    def _events(self, concerning: frozenset[str] | None) -> dict[str, Event]:
        """The events that concern somebody, as they are now: with the SEQUENCE and stamp that tell so."""
        if concerning not in self._mine:
            self._mine[concerning] = self._make_events(concerning)
        return self._mine[concerning]

    def _make_events(self, concerning: frozenset[str] | None) -> dict[str, Event]:
        if concerning is not None and invite_rule(self.conference) == "each session":
            return {name: each for name, each in self._events(None).items() if name in concerning}
        planned = planned_events(self.conference, now=self.now, concerning=concerning)
        return {each.id: self._now(each) for each in planned}

    def _now(self, planned: Event) -> Event:
        if planned.id not in self._history:
            self._history[planned.id] = self.told.history(planned.id)
        history = self._history[planned.id]
        for known in history:
            if not known.clocks_moved and next_event(known.event, planned, now=self.now) is None:
                return known.event
        if not history:
            return evolve(planned, sequence=self.options.first_sequence)
        # once told in UTC, always: a calendar that has the old clocks cannot be told by wall time
        moved = any(each.clocks_moved or each.event.in_utc for each in history)
        newest = history[0].event
        return next_event(newest, planned, now=self.now, clocks_moved=moved) or newest

    def _is_over(self, event: Event) -> bool:
        if self.options.past:
            return False
        ends = [event.ends.instant, *(each.ends.instant for each in event.parts)]
        return max(ends) <= self.now and (event.repeat is None or self._last_end(event) <= self.now)

    def _last_end(self, event: Event) -> datetime:
        session = self.conference.session(event.id)
        return session.last_ends.instant if session else event.ends.instant

    # -- one person

    def _for_person(self, person: Invitee) -> Iterator[InviteMessage | Literal["unchanged", "reworded"]]:
        concerning = person.concerning if person.is_invited else _NOTHING
        before = self.told.people.get(person.key, {})
        organizer = None
        for event_id in dict.fromkeys([*self._events(concerning), *before]):
            found = self._finding(event_id, concerning, person.locale, before.get(event_id))
            if isinstance(found, _Found):
                organizer = organizer or self._organizer(person)
                yield InviteMessage(
                    kind=found.kind,
                    person=person,
                    event=found.event,
                    was=found.was,
                    telling=found.telling,
                    base=found.base,
                    organizer=organizer,
                    reason=found.reason,
                )
            elif found is not None:
                yield found

    def _organizer(self, person: Invitee) -> Mailbox:
        plan = self.conference.calendar
        if plan and PLACEHOLDER in plan.organizer:
            return organizer_of(self.conference, self.sender, person.locale, self.token_of(person.key))
        if person.locale not in self._organizers:
            self._organizers[person.locale] = organizer_of(self.conference, self.sender, person.locale)
        return self._organizers[person.locale]

    # -- all who were told the same

    def _finding(
        self, event_id: str, concerning: frozenset[str] | None, locale: str, last: Telling | None
    ) -> _Finding:
        about = (event_id, concerning, locale, last)
        if about not in self._found:
            self._found[about] = self._find(event_id, concerning, locale, last)
        return self._found[about]

    def _find(
        self, event_id: str, concerning: frozenset[str] | None, locale: str, last: Telling | None
    ) -> _Finding:
        known = self.told.events.get(last.facts) if last else None
        mine = self._events(concerning).get(event_id)
        event = mine or self._off(event_id, known)
        if event is None or self._is_over(event):
            return None
        is_theirs = mine is not None and event.status != "cancelled"
        if not is_theirs and (last is None or (last.method == "CANCEL" and last.sent is not None)):
            return None
        method: Method = "REQUEST" if is_theirs else "CANCEL"
        if known and last and last.method == method == "CANCEL":
            event = known.event  # the same message, whatever else became of the event
        # who is uninvited is told of the event that they know, which says nothing new of it
        facts = last.facts if last and not is_theirs and known and event is known.event else facts_of(event)
        return self._message(event, method, locale, last, facts)

    def _off(self, event_id: str, known: KnownEvent | None) -> Event | None:
        """An event that does not concern the person (any more): as they know it; cancelled, where there is none."""
        if event_id in self._events(None):
            return known.event if known else None
        if known is None:
            return None
        return evolve(known.event, status="cancelled")

    def _message(
        self,
        event: Event,
        method: Method,
        locale: str,
        last: Telling | None,
        facts: str,
    ) -> _Finding:
        _, words = self._base(event, method, locale)
        kind = _kind(event, last, method, facts, words)
        if kind == "unchanged" and self.options.again and method == "REQUEST":
            kind = "again"
        if kind == "unchanged":
            return "unchanged"
        if kind == "reworded" and last and last.sent is not None and not self.options.sends_words:
            return "reworded"
        telling = self._telling(kind, event, last, method, facts, words)
        told = evolve(event, sequence=telling.sequence, dtstamp=telling.dtstamp)
        base, _ = self._base(told, method, locale)
        # who was never told of a move that was taken back knows it as it is
        is_as_told = method == "REQUEST" and telling.was == telling.facts
        before = None if is_as_told else self.told.events.get(telling.was)
        was = before.event if before else None
        reason = base.comment or (self._reason(event, was) if was and method == "REQUEST" else "")
        return _Found(kind=kind, event=told, was=was, telling=telling, base=base, reason=reason)

    def _telling(
        self, kind: MessageKind, event: Event, last: Telling | None, method: Method, facts: str, words: str
    ) -> Telling:
        if kind == "again" and last is not None:
            return last
        sequence, dtstamp, was = event.sequence, event.dtstamp, ""
        if last is not None:
            is_new = last.method != method or last.facts != facts
            sequence = max(sequence, last.sequence + is_new)
            dtstamp = max(dtstamp, stamp_after(last.dtstamp, self.now))
            was = last.facts if last.sent else last.was
        return Telling(
            method=method,
            facts=facts,
            words=words,
            sequence=sequence,
            dtstamp=dtstamp,
            kind="new" if kind == "again" else kind,
            was=was,
        )

    def _base(self, event: Event, method: Method, locale: str) -> tuple[Invite, str]:
        """The invite that all share who read a language, and a name for its words."""
        about = (event.id, facts_of(event), event.sequence, event.dtstamp, method, locale)
        if about not in self._bases:
            self._bases[about] = self._make_base(event, method, locale)
        return self._bases[about]

    def _make_base(self, event: Event, method: Method, locale: str) -> tuple[Invite, str]:
        base = shared_invite(
            self.conference,
            event,
            locale,
            method=method,
            organizer=organizer_of(self.conference, self.sender, locale, "x"),
            known_as=self.told.first_id(event.id),
            comment=self._reason(event) if method == "CANCEL" and event.status == "cancelled" else "",
        )
        host = base.organizer.name
        said = (base.summary, base.description, base.url or "", host, str(base.rsvp), str(base.alarm))
        return base, hashlib.sha256("\0".join([*said, base.comment]).encode()).hexdigest()[:16]

    def _reason(self, event: Event, was: Event | None = None) -> str:
        """Why an event is off, or a session of it that was not off before, where an organiser said so."""
        ids = [event.id, *(each.id for each in event.parts)]
        if was is not None:
            held = {each.id for each in was.parts if each.status != "cancelled"}
            ids = [each.id for each in event.parts if each.id in held and each.status == "cancelled"]
        return next((self.told.called_off[each] for each in ids if each in self.told.called_off), "")

    # -- all

    def _known(self, messages: Sequence[InviteMessage]) -> Mapping[str, KnownEvent]:
        """Every event that somebody was told, by its facts."""
        known = dict(self.told.events)
        for each in messages:
            if each.telling.facts not in known:
                known[each.telling.facts] = KnownEvent(event=each.event)
        return known

    def _missing(self, listed: Container[str]) -> Iterator[str]:
        """Keys of people who are not listed and whose calendars have an event that is not over."""
        for key, tellings in self.told.people.items():
            if key not in listed and any(self._is_held(each) for each in tellings.values()):
                yield key

    def _is_held(self, telling: Telling) -> bool:
        known = self.told.events.get(telling.facts)
        is_invited = telling.method == "REQUEST" and not telling.is_first_and_unsent
        return is_invited and known is not None and not self._is_over(known.event)

    def _questions(self, everything: Mapping[str, Event]) -> Iterator[Renamed]:
        """Sessions that are gone while others are new: was one renamed?"""
        told = {known.event.id for known in self.told.events.values()}
        new = [each for each in everything.values() if each.id not in told and ":" not in each.id]
        tellings = (each for found in self.told.people.values() for each in found.values())
        held = dict.fromkeys(each.facts for each in tellings if each.method == "REQUEST")
        known = (self.told.events[each].event for each in held if each in self.told.events)
        for gone in {each.id: each for each in known}.values():
            if gone.id in everything or ":" in gone.id or gone.id in self.options.gone or self._is_over(gone):
                continue
            if new:
                yield Renamed(gone=gone.id, new=tuple(each.id for each in sorted(new, key=_likeness(gone))))


def _likeness(gone: Event) -> Callable[[Event], tuple[bool, float, str]]:
    """How near an event lies to one that is gone: at the same time first, then by the distance of their starts."""
    return lambda each: (
        each.starts.instant != gone.starts.instant,
        abs((each.starts.instant - gone.starts.instant).total_seconds()),
        each.id,
    )


def _kind(
    event: Event, last: Telling | None, method: Method, facts: str, words: str
) -> MessageKind | Literal["unchanged"]:
    if last is None or (method == "REQUEST" and last.method == "CANCEL"):
        return "new"
    if method == "CANCEL":
        if last.method == "CANCEL" and (last.sent or last.words == words):
            return "unchanged" if last.sent else "again"
        return "cancelled" if event.status == "cancelled" else "uninvited"
    if last.facts == facts and last.words == words:
        return "unchanged" if last.sent else "again"
    if last.sent is None and last.kind == "new":
        return "new"  # they were told nothing yet that could have changed
    return "moved" if last.facts != facts or (last.sent is None and last.kind == "moved") else "reworded"
