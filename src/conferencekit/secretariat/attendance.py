"""Who comes, by what their calendars answered: replies are taken in, and kept beside the registrations.

A record is one person's answer to one event, or to one date of a series. What is no answer of somebody who was invited
changes nothing; whoever takes the replies in hears of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from attrs import field, frozen

from ..calendar.incoming import Mail
from ..calendar.judging import Answered, Judge, Judged, Repeated, has_declined_all, reply_address
from ..calendar.planned import planned_events
from ..calendar.replies import Reply, read_replies
from ..calendar.told import (
    AnswerNow,
    Attendance,
    KnownEvent,
    Telling,
    Told,
    answers_now,
    facts_of,
)
from ..errors import InvalidAddress, StoreBusy, TransitionNotAllowed
from ..events import AttendanceChanged
from ..form.address import email_key
from ..ports import ChangeSet, Committed, Index, Put
from ..programme.event import Event
from ..registration.registration import STATES, Registration, State
from ..wire import Body, Layout
from . import records
from .intake import TRIES
from .registrations import Registrations
from .shell import REGISTRANT, Actor, Shell
from .told import event_as_told

KIND: Final = "attendance"
_AT_ONCE: Final = 200
"""Answers in one batch of commits."""
_DECLINED: Final = "declined in their calendar"
_MOST_OWNERS: Final = 10_000
"""Tokens that are remembered with whose they are."""
_INVITED_ONCE: Final[tuple[State, ...]] = ("confirmed", "cancelled", "declined")


@frozen(kw_only=True)
class Attended:
    """What is kept of one answer. `event` is an event's id, or `event/date` for a date of a series."""

    person: str
    event: str
    attendance: Attendance


def without_is_current(body: Body) -> Body:
    """The body of an answer of schema 1 as one of schema 2: whether it answers what was told last follows from that."""
    attendance: Body = body["attendance"]  # type: ignore[assignment]  # as schema 1 wrote it
    return {**body, "attendance": {key: each for key, each in attendance.items() if key != "is_current"}}


LAYOUT: Final = Layout(Attended, schema=2, upgrades={1: without_is_current})
"""How stores keep an answer."""


@frozen(kw_only=True)
class TakenReplies:
    """What became of replies. `kept` are the answers that count now and did not before.

    `cancelled` are ids of registrations that were cancelled because of a decline, `asked` of those about which an
    organiser has to decide.
    """

    judged: Judged
    kept: tuple[Answered, ...] = ()
    cancelled: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()


@frozen
class _Known:
    """What replies are judged by: the people whom they may be from, what they were told, and versions of records."""

    told: Told
    keys: Mapping[str, Sequence[str]]
    versions: Mapping[str, int] = field(factory=dict)


class AttendanceList:
    """The service behind `secretariat.attendance`."""

    def __init__(self, shell: Shell, registrations: Registrations, actor: Actor = REGISTRANT) -> None:
        self._shell = shell
        self._registrations = registrations
        self._actor = actor
        self._owners: Mapping[str, str] = {}

    # -- taking replies in

    def judge(self, mails: Iterable[Mail]) -> Judged:
        """What would become of the replies in the mails. Nothing is kept."""
        held = list(mails)
        return self._judged(held, self._known(held))

    def take_replies(self, mails: Iterable[Mail]) -> TakenReplies:
        """Judge the replies in the mails and keep those that count; the same mails again change nothing.

        `[calendar] on_decline` says what a decline leads to. A registration is cancelled where the person declined
        every event that they were invited to, and a token proves that it was they; otherwise somebody is asked.

        Raises:
            StoreBusy: others changed the same answers all the time.
        """
        held = list(mails)
        first: Judged | None = None
        kept: list[Answered] = []
        for _ in range(TRIES):
            known = self._known(held)
            judged = self._judged(held, known)
            first = first or judged
            done = self._keep(judged.changes, known)
            kept += done
            if len(done) == len(judged.changes):
                cancelled, asked = self._after_declines(kept, judged.told)
                cancelled += self._left_over(judged, {*cancelled, *asked})
                return TakenReplies(judged=first, kept=tuple(kept), cancelled=cancelled, asked=asked)
        raise StoreBusy(self._shell.id, 0)

    def _judged(self, mails: Sequence[Mail], known: _Known) -> Judged:
        judge = Judge(
            conference=self._shell.conference,
            told=known.told,
            keys_of=lambda address: known.keys.get(address, ()),
            token_of=self._shell.links.reply_token,
            other_tokens_of=lambda key: self._shell.links.reply_tokens(key)[1:],
            now=self._shell.context().now,
        )
        return judge.judge_all(mails)

    def _keep(self, changes: Sequence[Answered], known: _Known) -> list[Answered]:
        """Commit the answers; those that nobody else changed meanwhile."""
        context = self._shell.context()
        kept = []
        for start in range(0, len(changes), _AT_ONCE):
            part = changes[start : start + _AT_ONCE]
            batch = [self._change(each, known) for each in part]
            results = self._shell.commit_all(batch)
            for change, change_set, result in zip(part, batch, results, strict=True):
                if isinstance(result, Committed):
                    kept.append(change)
                    self._shell.announce([self._announcement(change, change_set.entry.id, context.now)])
        return kept

    def _change(self, change: Answered, known: _Known) -> ChangeSet:
        record_id = f"{change.person}.{change.event}"
        body = LAYOUT.to_body(
            Attended(person=change.person, event=change.event, attendance=change.attendance)
        )
        order = int(change.attendance.dtstamp.timestamp())
        put = Put(
            kind=KIND,
            id=record_id,
            body=body,
            expect=known.versions.get(record_id, 0),
            indexes={"all": Index(KIND, order), "person": Index(change.person, order)},
        )
        context = self._shell.context()
        payload = {"event": change.event, "answer": change.attendance.answer}
        entry = self._shell.entry(
            context, self._actor, "attendance_changed", change.person, payload, person=change.person
        )
        return self._shell.change(entry, [put])

    def _announcement(self, change: Answered, entry: str, at: datetime) -> AttendanceChanged:
        return AttendanceChanged(
            conference=self._shell.id,
            subject=change.person,
            at=at,
            entry=entry,
            session=change.event,
            answer=change.attendance.answer,
            is_current=change.is_current,
        )

    def _after_declines(
        self, kept: Sequence[Answered], told: Told
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        cancelled, asked = [], []
        actions: dict[str, set[str]] = {}
        for each in kept:
            actions.setdefault(each.person, set()).add(each.action)
        for person, wanted in actions.items():
            if "cancel" in wanted and has_declined_all(told, person) and self._cancel(person):
                cancelled.append(person)
            elif wanted & {"ask", "cancel"}:
                asked.append(person)
        return tuple(cancelled), tuple(asked)

    def _left_over(self, judged: Judged, settled: Collection[str]) -> tuple[str, ...]:
        """Who is cancelled by an answer that was kept before: whoever kept it was stopped before they cancelled."""
        plan = self._shell.conference.calendar
        if plan is None or plan.on_decline != "cancel":
            return ()
        again = (each for each in judged.verdicts if isinstance(each, Repeated))
        people = dict.fromkeys(each.person for each in again if each.is_proven and each.answer == "DECLINED")
        return tuple(
            each
            for each in people
            if each not in settled and has_declined_all(judged.told, each) and self._cancel(each)
        )

    def _cancel(self, person: str) -> bool:
        try:
            self._registrations.cancel(person, reason=_DECLINED)
        except TransitionNotAllowed:
            return False
        return True

    # -- reading

    def of(self, registration_id: str) -> Mapping[str, AnswerNow]:
        """What a person answers at present, by event (and date of a series). Raises `NotFound`."""
        person = self._registrations.get(registration_id)
        found = list(self._shell.walk(KIND, "person", registration_id))
        told = self._told([person], [LAYOUT.from_body(each.body) for each in found])
        return dict(answers_now(told, registration_id))

    def everybody(self) -> Iterator[tuple[Registration, Mapping[str, AnswerNow]]]:
        """Everybody who is confirmed, by order of arrival, with what they answer at present."""
        attended = [LAYOUT.from_body(each.body) for each in self._shell.walk(KIND, "all", KIND)]
        people = list(self._registrations.find("confirmed"))
        told = self._told(people, attended)
        for person in people:
            yield person, dict(answers_now(told, person.id))

    # -- what was told

    def _known(self, mails: Sequence[Mail]) -> _Known:
        """The people whom these mails may be from."""
        people = {each.id: each for each in self._by_address(mails)}
        people |= {each.id: each for each in self._by_token(mails, people)}
        found = [record for key in people for record in self._shell.walk(KIND, "person", key)]
        keys: dict[str, list[str]] = {}
        for each in people.values():
            keys.setdefault(email_key(each.address), []).append(each.id)
        return _Known(
            told=self._told(people.values(), [LAYOUT.from_body(each.body) for each in found]),
            keys=keys,
            versions={each.id: each.version for each in found},
        )

    def _by_address(self, mails: Sequence[Mail]) -> Iterator[Registration]:
        for address in _attendees(mails):
            found, _ = self._shell.store.find(self._shell.id, records.KIND, "address", address, limit=1)
            yield from map(records.read_record, found)

    def _by_token(self, mails: Sequence[Mail], known: Iterable[str]) -> Iterator[Registration]:
        """Who else is meant by the reply addresses that the mails were sent to.

        A token names nobody, so everybody's is made: only where one is not that of somebody who is `known`, and once
        for each token, since nobody who registers later can have had it.
        """
        form = reply_address(self._shell.conference)
        addresses = (to.lower() for each in mails if each.calendars for to in each.recipients)
        matches = [form.fullmatch(each) for each in addresses] if form else []
        tokens = {found[1] for found in matches if found}
        wanted = tokens.difference(*map(self._shell.links.reply_tokens, known))
        owners = self._owners
        if not wanted <= owners.keys():
            kept = owners if len(owners) + len(wanted) <= _MOST_OWNERS else {}
            self._owners = owners = {**kept, **self._owners_of(wanted)}
        ids = [owners[each] for each in wanted if owners[each]]
        for record in self._shell.store.get(self._shell.id, records.KIND, ids).values():
            person = records.read_record(record)
            if person.state in _INVITED_ONCE:
                yield person

    def _owners_of(self, tokens: Collection[str]) -> Mapping[str, str]:
        """Whose each token is: the id of a registration, "" for nobody's."""
        found = dict.fromkeys(tokens, "")
        for state in STATES:
            for record in self._shell.walk(records.KIND, "state", state):
                for token in self._shell.links.reply_tokens(record.id):
                    if token in found:
                        found[token] = record.id
        return found

    def _told(self, people: Iterable[Registration], attended: Sequence[Attended]) -> Told:
        """What people were told last: every event, under their own SEQUENCE."""
        events = self._events()
        attendance: dict[str, dict[str, Attendance]] = {}
        for each in attended:
            attendance.setdefault(each.person, {})[each.event] = each.attendance
        tellings = {
            person.id: {event.id: _telling(person, event) for event in events}
            for person in people
            if person.confirmed_at is not None
        }
        known = {facts_of(each): KnownEvent(event=each) for each in events}
        return Told(events=known, people=tellings, attendance=attendance)

    def _events(self) -> list[Event]:
        planned = planned_events(self._shell.conference, now=self._shell.context().now)
        found = self._shell.store.get(self._shell.id, "event", [each.id for each in planned])
        return [event_as_told(found[each.id].body) for each in planned if each.id in found]


def _telling(person: Registration, event: Event) -> Telling:
    is_invited = person.state == "confirmed" and event.status != "cancelled"
    return Telling(
        method="REQUEST" if is_invited else "CANCEL",
        facts=facts_of(event),
        words="",
        sequence=event.sequence + person.sequence_offset,
        dtstamp=event.dtstamp,
        sent=event.dtstamp,
    )


def _attendees(mails: Iterable[Mail]) -> Iterator[str]:
    """The addresses that the replies in the mails answer for, each once."""
    seen: set[str] = set()
    for mail in mails:
        for data in mail.calendars:
            for each in read_replies(data, sender=mail.sender):
                key = _key(each.attendee) if isinstance(each, Reply) else ""
                if key and key not in seen:
                    seen.add(key)
                    yield key


def _key(address: str) -> str:
    try:
        return email_key(address)
    except InvalidAddress:
        return ""
