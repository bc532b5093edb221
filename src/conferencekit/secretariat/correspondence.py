"""What people are written: from a decision to notices in the outbox.

A notice carries everything that its mail depends on, in words and in the recipient's language: what is the person's own
in itself, what everybody is told in wordings that it names. The mail is rendered when it is sent. A mail with a
calendar part is about one event, so a conference of several sessions sends one message for each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from attrs import frozen

from ..calendar.composing import organizer_of, shared_invite
from ..calendar.invite import Invite, Method
from ..calendar.planned import planned_events
from ..calendar.words import change_values, place_text, times_text, title_text
from ..conference import PLACEHOLDER, Conference, Topic
from ..context import Context
from ..mailbox import Mailbox
from ..message.notice import LinkSpec
from ..message.wording import Wording, worded_body
from ..moment import instant_text, second_of
from ..ports import Enqueue
from ..programme.event import Event
from ..registration.registration import Registration
from ..registration.rules import Owed, remind_known
from .shell import InForce, Shell
from .told import EVENTS
from .wordings import Wordings

if TYPE_CHECKING:
    from .broadcasts import Broadcast

_SUBJECTLESS: Final = frozenset({"sign_in", "good_practices", "declaration"})
_BULK: Final = frozenset({"good_practices_shared", "declaration_published"})
_ONCE_IN: Final = 600
"""Seconds in which an address that is entered again and again gets one mail."""


@frozen
class Told:
    """An event that a mail tells of, by which method of iTIP, and why it is off."""

    event: Event
    method: Method
    comment: str = ""


@frozen
class More:
    """What a mail tells everybody besides the conference and the event; `name` tells it from others."""

    name: str
    values: Callable[[Conference, str], Mapping[str, object]]


class Correspondence:
    """Writes the notices of one secretariat.

    `sender` is whom mails are from; `is_default`: nobody named it, so that mails with an invite may be from whoever
    invites.
    """

    def __init__(self, shell: Shell, sender: Mailbox, *, is_default: bool = False) -> None:
        self._shell = shell
        self._sender = sender
        self._is_default = is_default
        self.wordings = Wordings(shell)
        self._events: tuple[InForce | None, tuple[Event, ...]] = (None, ())

    # -- notices

    def owed(
        self, registration: Registration, owed: Sequence[Owed], context: Context, *, about: str
    ) -> tuple[Enqueue, ...]:
        """The notices of a decision. `about` makes their keys those of this decision and no other."""
        found: list[Enqueue] = []
        for each in owed:
            key = f"{registration.id}.{about}.{each.template}"
            told = [Told(event, each.calendar or "REQUEST") for event in self._events_for(each.calendar)]
            found.append(
                self.notice(
                    registration,
                    each.template,
                    context,
                    key=key,
                    links=self._open_links(each.links, registration, context),
                    told=told[0] if told else None,
                )
            )
            found += self._further(registration, each, told[1:], context, key)
        return tuple(found)

    def _open_links(
        self, links: Sequence[str], registration: Registration, context: Context
    ) -> tuple[str, ...]:
        """The links that lead somewhere: nobody is asked for input that is not taken any more."""
        deadline = self._shell.conference.deadline("input")
        is_over = deadline is not None and deadline.state(context.now, registration.id) == "closed"
        return tuple(each for each in links if not (is_over and each == "contribute"))

    def _further(
        self, registration: Registration, owed: Owed, told: Sequence[Told], context: Context, key: str
    ) -> Iterator[Enqueue]:
        """A message of its own for each further session: a mail carries one event."""
        template = owed.template if owed.calendar == "CANCEL" else "session_invited"
        for number, each in enumerate(told, 2):
            yield self.notice(
                registration,
                template,
                context,
                key=f"{key}.{number}",
                links=("manage",),
                told=each,
                more=More("further", partial(self._session_and_time, each.event)),
            )

    def reminder(self, known: Registration, context: Context) -> tuple[Enqueue, ...]:
        """The mail to the owner of an address that was entered again: under one key, so once, in ten minutes."""
        about = f"again-{int(context.now.timestamp()) // _ONCE_IN}"
        return self.owed(known, remind_known(known), context, about=about)

    def about_event(self, registration: Registration, broadcast: Broadcast, context: Context) -> Enqueue:
        """The notice of a broadcast to one person."""
        told = None
        if broadcast.event is not None:
            is_off = broadcast.event.status == "cancelled"
            reason = str(broadcast.values.get("reason", "")) if is_off else ""
            told = Told(broadcast.event, "CANCEL" if is_off else "REQUEST", reason)
        return self.notice(
            registration,
            broadcast.template,
            context,
            key=broadcast.key_for(registration.id),
            links=broadcast.links,
            told=told,
            more=More(broadcast.id, partial(self._news, broadcast)),
        )

    def notice(
        self,
        registration: Registration,
        template: str,
        context: Context,
        *,
        key: str,
        values: Mapping[str, object] | None = None,
        links: Iterable[str] = (),
        told: Told | None = None,
        more: More | None = None,
    ) -> Enqueue:
        """One notice to one person, as an operation. All notices to a person share a lane and leave in order.

        `values` are the person's own; `more` is said to everybody who gets the mail.
        """
        body = worded_body(
            self._shell.id,
            key,
            wordings=self._wordings(self._shell.in_force, registration.locale, told, more),
            template=template,
            sender=self._sender,
            recipient=Mailbox(registration.name, registration.address),
            date=context.now,
            values={
                "reference": registration.reference,
                "state": registration.state,
                **(values or {}),
            },
            links={
                purpose: self._link(purpose, registration) for purpose in links if self._has_link(purpose)
            },
            invite=_own_invite(registration, told, context) if told else None,
            stream="bulk" if template in _BULK else "transactional",
        )
        return Enqueue(key=key, body=body, due=context.now, lane=registration.id, person=registration.id)

    def _has_link(self, purpose: str) -> bool:
        return purpose != "contribute" or self._shell.conference.call is not None

    def _link(self, purpose: str, registration: Registration) -> LinkSpec:
        if purpose in _SUBJECTLESS:
            return LinkSpec(purpose)
        expires = registration.verify_until if purpose == "verify" else None
        return LinkSpec(purpose, registration.id, registration.generations.get(purpose, 0), expires)

    # -- what the texts say to everybody

    def _wordings(
        self, in_force: InForce, locale: str, told: Told | None, more: More | None
    ) -> tuple[str, ...]:
        """What everybody is told who reads this language. An event is what its SEQUENCE and its stamp say."""
        event = told.event if told else None
        about = (locale, event and (event.id, event.sequence, event.dtstamp), more and more.name)
        return self.wordings.kept(
            in_force, about, lambda: self._worded(in_force.conference, locale, event, more)
        )

    def _worded(
        self, conference: Conference, locale: str, event: Event | None, more: More | None
    ) -> Iterator[Wording]:
        yield Wording(sender=self._sender, locale=locale, values=self._common(conference, locale))
        if event:
            yield Wording(
                sender=self._inviting(conference, locale),
                values=_place_and_time(event, locale),
                invite=self._invite(conference, event, locale),
            )
        if more:
            yield Wording(values=more.values(conference, locale))

    def _common(self, conference: Conference, locale: str) -> Mapping[str, object]:
        call = conference.call
        return {
            "conference": conference.title.text(locale),
            "contact": conference.contact or self._sender.address,
            "website": conference.website,
            "fee": conference.fee.text(locale),
            "outcome": call.outcome.text(locale) if call else None,
            "topics": [
                {
                    "number": each.number,
                    "title": each.title.text(locale),
                    "question": _asked(each, locale),
                }
                for each in (call.topics if call else ())
            ],
            "registration_deadline": conference.deadline_text("registration", locale),
            "input_deadline": conference.deadline_text("input", locale),
        }

    def _session_and_time(self, event: Event, conference: Conference, locale: str) -> Mapping[str, object]:
        return {
            "session": title_text(conference, event, locale),
            **change_values(conference, event, None, locale),
        }

    def _news(self, broadcast: Broadcast, conference: Conference, locale: str) -> Mapping[str, object]:
        """What a broadcast says: its values, and what became of its event."""
        if broadcast.event is None:
            return broadcast.values
        return {
            **broadcast.values,
            **change_values(conference, broadcast.event, broadcast.was, locale),
            "session": title_text(conference, broadcast.event, locale),
        }

    # -- calendars

    def _inviting(self, conference: Conference, locale: str) -> Mailbox | None:
        """Whom mails with an invite are from, where that is not whom all are from: the organizer's one address.

        Calendars trust an invite most whose organizer sent it.
        """
        plan = conference.calendar
        if not self._is_default or plan is None or PLACEHOLDER in plan.organizer:
            return None
        return organizer_of(conference, self._sender, locale)

    def _events_for(self, method: Method | None) -> tuple[Event, ...]:
        """The events that go along. A CANCEL has those too whose cancellation not everybody was told yet."""
        if method is None:
            return ()
        return (*self._open_events(), *(self._untold() if method == "CANCEL" else ()))

    def _untold(self) -> Iterator[Event]:
        told = {_event_id(record.body) for record in self._shell.walk("broadcast", "open", "broadcast")}
        ids = [each.id for each in self._planned() if each.status == "cancelled"]
        records = self._shell.store.get(self._shell.id, "event", [each for each in ids if each in told])
        return (EVENTS.from_body(record.body) for record in records.values())

    def _open_events(self) -> tuple[Event, ...]:
        """The events that take place, in order, as calendars were told last."""
        in_force = self._shell.in_force
        known, events = self._events  # both in one look: another thread may put others there
        if known is not in_force:
            ids = [each.id for each in self._planned() if each.status != "cancelled"]
            records = self._shell.store.get(self._shell.id, "event", ids)
            events = tuple(EVENTS.from_body(records[each].body) for each in ids)
            self._events = (in_force, events)
        return events

    def _planned(self) -> tuple[Event, ...]:
        return planned_events(self._shell.in_force.conference, now=self._shell.context().now)

    def _invite(self, conference: Conference, event: Event, locale: str) -> Invite:
        """The invite to an event as everybody gets it who reads this language; to whom, each notice says."""
        method: Method = "CANCEL" if event.status == "cancelled" else "REQUEST"
        organizer = organizer_of(conference, self._sender, locale)
        return shared_invite(conference, event, locale, method=method, organizer=organizer)


def _own_invite(registration: Registration, told: Told, context: Context) -> Mapping[str, object]:
    """What is other in one person's invite: their SEQUENCE is the event's, and what personal cancellations added."""
    event, offset = told.event, registration.sequence_offset
    is_personal = told.method == "CANCEL" and event.status != "cancelled"
    why = {"comment": told.comment} if told.comment else {}
    if not (is_personal or offset):
        return why
    return {
        **why,
        "method": told.method,
        "sequence": event.sequence + offset,
        "dtstamp": instant_text(second_of(max(event.dtstamp, context.now))),
    }


def _place_and_time(event: Event, locale: str) -> Mapping[str, object]:
    return {
        "when": times_text(event, locale),
        "where": place_text(event),
    }


def _asked(topic: Topic, locale: str) -> str:
    """What the topic is about, and its question."""
    return " ".join(each.text(locale) for each in (topic.context, topic.question) if each)


def _event_id(broadcast: Mapping[str, object]) -> object:
    """Which event a stored broadcast is about; None for one about something else."""
    event = broadcast["event"]
    return event["id"] if isinstance(event, Mapping) else None
