"""What each person's calendar was told last, so that it is told a change once and the whole of it.

Nothing here has an address: a person is a key that whoever keeps this chooses.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final, Literal, get_args

from attrs import evolve, field, frozen

from ..programme.event import Event, Part
from .invite import Method

TellingKind = Literal["new", "moved", "reworded", "cancelled", "uninvited"]
Answer = Literal["NEEDS-ACTION", "ACCEPTED", "DECLINED", "TENTATIVE", "DELEGATED"]
ANSWERS: Final[tuple[Answer, ...]] = get_args(Answer)


@frozen(kw_only=True)
class KnownEvent:
    """An event as it was told. `clocks_moved`: its wall times are other instants by the zone data of today."""

    event: Event
    clocks_moved: bool = False


@frozen(kw_only=True)
class Telling:
    """The last message to one person about one event.

    `facts` names what it said (`facts_of`), `words` how. `kind` and `was`, the facts that the person had been told
    before, are why it was sent. It was prepared once, and is the same message until something changes; `sent` is when a
    mail server took it, None as long as none did.
    """

    method: Method
    facts: str
    words: str
    sequence: int
    dtstamp: datetime
    kind: TellingKind = "new"
    was: str = ""
    sent: datetime | None = None

    @property
    def is_first_and_unsent(self) -> bool:
        """Whether no invite to the event has left: nobody took it, or not yet."""
        return self.kind == "new" and self.sent is None


@frozen(kw_only=True)
class Attendance:
    """What one person answered about one event: to which SEQUENCE, and the stamp of the reply that counts."""

    answer: Answer
    sequence: int
    dtstamp: datetime
    comment: str = ""


@frozen(kw_only=True)
class Told:
    """All that calendars were told of a conference, and what people answered.

    `events` are by their facts, `people` by key and event, `attendance` likewise (an event, or `event/date` for a date
    of a series). `known_as`: ids of sessions that were told under another id first, which their UID is made of.
    `called_off`: ids of sessions that an organiser cancelled while the document has them still, with the reason.
    """

    events: Mapping[str, KnownEvent] = field(factory=dict)
    people: Mapping[str, Mapping[str, Telling]] = field(factory=dict)
    attendance: Mapping[str, Mapping[str, Attendance]] = field(factory=dict)
    known_as: Mapping[str, str] = field(factory=dict)
    called_off: Mapping[str, str] = field(factory=dict)

    def telling(self, person: str, event: str) -> Telling | None:
        """What a person was told last about an event."""
        return self.people.get(person, {}).get(event)

    def first_id(self, event_id: str) -> str:
        """What an event's UID is made of: the id under which it was told first, else its own.

        A new session may have an id that another one gave up, which goes on under the UID of it: that one gets another.
        """
        if event_id in self.known_as:
            return self.known_as[event_id]
        found, number = event_id, 1
        while found in self.known_as.values():
            number += 1
            found = f"{event_id}:{number}"
        return found

    def history(self, event_id: str) -> list[KnownEvent]:
        """What was told about an event, the newest first."""
        found = [(facts, each) for facts, each in self.events.items() if each.event.id == event_id]
        return [each for _, each in sorted(found, key=lambda each: (-each[1].event.sequence, each[0]))]


@frozen(kw_only=True)
class AnswerNow:
    """What one person's answer is at present, to what they were told last; `earlier` is one to an earlier version."""

    answer: Answer = "NEEDS-ACTION"
    comment: str = ""
    earlier: Attendance | None = None


def answers_it(attendance: Attendance, telling: Telling) -> bool:
    """Whether it answers this invite. An answer to an earlier version is kept, and accepts nothing new."""
    return telling.method == "REQUEST" and attendance.sequence == telling.sequence


def attendance_now(told: Told, person: str, event: str) -> AnswerNow:
    """What a person's answer is about an event, or about a date of a series (`event/date`).

    An answer counts until the person is told something new: then they are asked again. Of a date that they did not
    answer by itself, the answer to the whole series counts.
    """
    answers = told.attendance.get(person, {})
    whole = event.partition("/")[0]
    telling = told.telling(person, whole)
    earlier = None
    for name in dict.fromkeys((event, whole)):
        found = answers.get(name)
        if found is None:
            continue
        if telling and answers_it(found, telling):
            return AnswerNow(answer=found.answer, comment=found.comment, earlier=earlier)
        earlier = earlier or found
    return AnswerNow(earlier=earlier)


def answers_now(told: Told, person: str) -> Iterator[tuple[str, AnswerNow]]:
    """What a person answers to each event that they are invited to, and to dates that they answered by themselves.

    An invite that did not leave invited nobody.
    """
    own = told.attendance.get(person, {})
    for event, telling in told.people.get(person, {}).items():
        if telling.method == "REQUEST" and (event in own or not telling.is_first_and_unsent):
            for name in (event, *sorted(each for each in own if each.startswith(f"{event}/"))):
                yield name, attendance_now(told, person, name)


def facts_of(event: Event) -> str:
    """A name for what an event says apart from words: the same for the same times, places, links and statuses.

    Instants count beside wall times, so a change of zone data is a change of facts.
    """
    lines = [
        event.id,
        event.repeat.rrule if event.repeat else "",
        "UTC" if event.in_utc else "",
        *_facts(event),
    ]
    for part in event.parts:
        lines += [part.id, *_facts(part)]
    return hashlib.sha256("\0".join(lines).encode()).hexdigest()[:24]


def _facts(thing: Event | Part) -> tuple[str, ...]:
    times = (f"{each} {each.instant.isoformat()}" for each in (thing.starts, thing.ends))
    return (*times, thing.place, thing.join or "", thing.status)


def renamed(told: Told, names: Mapping[str, str]) -> Told:
    """What was told, with sessions under their new ids (`names`: old -> new). UIDs stay those of the first ids.

    Raises:
        KeyError: an old id that nobody was told of.
    """
    ids = {known.event.id for known in told.events.values()}
    for old in names:
        if old not in ids:
            raise KeyError(old)
    events, facts = {}, {}
    for digest, known in told.events.items():
        event = evolve(known.event, id=names.get(known.event.id, known.event.id))
        facts[digest] = _renamed_facts(digest, known, event)
        events[facts[digest]] = evolve(known, event=event)

    def under_new_id(tellings: Mapping[str, Telling]) -> dict[str, Telling]:
        return {
            names.get(name, name): evolve(each, facts=facts.get(each.facts, each.facts))
            for name, each in tellings.items()
        }

    return evolve(
        told,
        events=events,
        people={key: under_new_id(tellings) for key, tellings in told.people.items()},
        attendance={
            key: {_renamed_key(name, names): each for name, each in answers.items()}
            for key, answers in told.attendance.items()
        },
        known_as={
            **{name: first for name, first in told.known_as.items() if name not in names},
            **{new: told.first_id(old) for old, new in names.items()},
        },
    )


def _renamed_facts(digest: str, known: KnownEvent, event: Event) -> str:
    """What an event said, under its new id. Where clocks moved since, its instants of then are in the digest alone."""
    if event.id == known.event.id:
        return digest
    if known.clocks_moved:
        return hashlib.sha256(f"{event.id}\0{digest}".encode()).hexdigest()[:24]
    return facts_of(event)


def _renamed_key(name: str, names: Mapping[str, str]) -> str:
    event, slash, date = name.partition("/")
    return f"{names.get(event, event)}{slash}{date}"
