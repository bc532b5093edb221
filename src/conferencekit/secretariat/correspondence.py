"""What people are written: from a decision to notices in the outbox.

A notice carries everything that its mail depends on, in words and in the recipient's language; the mail itself is
rendered when it is sent. A mail with a calendar part is about one event, so a conference of several sessions sends
one message for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypedDict

from ..calendar.invite import Invite, Method, event_uid
from ..conference import Topic
from ..context import Context
from ..datewords import range_text
from ..mailbox import Mailbox
from ..message.notice import LinkSpec, make_notice, notice_to_body
from ..ports import Enqueue
from ..programme.event import Event
from ..registration.registration import Registration
from ..registration.rules import Owed, remind_known
from ..text import LocalizedText
from ..wire import Layout
from .shell import InForce, Shell

if TYPE_CHECKING:
    from .broadcasts import Broadcast

EVENTS: Final = Layout(Event)
_SUBJECTLESS: Final = frozenset({"sign_in", "good_practices", "declaration"})
_BULK: Final = frozenset({"good_practices_shared", "declaration_published"})
_CACHED: Final = 64
_ONCE_IN: Final = 600
"""Seconds in which an address that is entered again and again gets one mail."""


class _Told(TypedDict):
    """What the invites of an event say to everybody who reads one language."""

    uid: str
    summary: str
    description: str
    organizer: Mailbox
    url: str | None


class Correspondence:
    """Writes the notices of one secretariat."""

    def __init__(self, shell: Shell, sender: Mailbox) -> None:
        self._shell = shell
        self._sender = sender
        self._common = lru_cache(maxsize=_CACHED)(self._common_of)
        self._told = lru_cache(maxsize=_CACHED)(self._told_of)
        self._range = lru_cache(maxsize=_CACHED)(range_text)
        self._events: tuple[InForce | None, tuple[Event, ...]] = (None, ())

    # -- notices

    def owed(
        self, registration: Registration, owed: Sequence[Owed], context: Context, *, about: str
    ) -> tuple[Enqueue, ...]:
        """The notices of a decision. `about` makes their keys those of this decision and no other."""
        found: list[Enqueue] = []
        for each in owed:
            key = f"{registration.id}.{about}.{each.template}"
            events = self._events_for(each.calendar)
            invites = [
                self._invite(registration, event, each.calendar or "REQUEST", context) for event in events
            ]
            found.append(
                self.notice(
                    registration,
                    each.template,
                    context,
                    key=key,
                    links=self._open_links(each.links, registration, context),
                    invite=invites[0] if invites else None,
                )
            )
            found += self._further(registration, each, invites[1:], context, key)
        return tuple(found)

    def _open_links(
        self, links: Sequence[str], registration: Registration, context: Context
    ) -> tuple[str, ...]:
        """The links that lead somewhere: nobody is asked for input that is not taken any more."""
        deadline = self._shell.conference.deadline("input")
        is_over = deadline is not None and deadline.state(context.now, registration.id) == "closed"
        return tuple(each for each in links if not (is_over and each == "contribute"))

    def _further(
        self, registration: Registration, owed: Owed, invites: Sequence[Invite], context: Context, key: str
    ) -> Iterator[Enqueue]:
        """A message of its own for each further session: a mail carries one event."""
        template = owed.template if owed.calendar == "CANCEL" else "session_added"
        for number, invite in enumerate(invites, 2):
            values = {
                "session": invite.summary,
                "now": self._range(invite.starts, invite.ends, registration.locale),
            }
            yield self.notice(
                registration,
                template,
                context,
                key=f"{key}.{number}",
                values=values,
                links=("manage",),
                invite=invite,
            )

    def reminder(self, known: Registration, context: Context) -> tuple[Enqueue, ...]:
        """The mail to the owner of an address that was entered again: under one key, so once, in ten minutes."""
        about = f"again-{int(context.now.timestamp()) // _ONCE_IN}"
        return self.owed(known, remind_known(known), context, about=about)

    def about_event(self, registration: Registration, broadcast: Broadcast, context: Context) -> Enqueue:
        """The notice of a broadcast to one person."""
        values = dict(broadcast.values)
        invite = None
        if broadcast.event is not None:
            method: Method = "CANCEL" if broadcast.event.status == "cancelled" else "REQUEST"
            invite = self._invite(registration, broadcast.event, method, context)
            values |= _changes(broadcast.was, broadcast.event, registration.locale)
            values["session"] = invite.summary
        return self.notice(
            registration,
            broadcast.template,
            context,
            key=f"{broadcast.id}.{registration.id}",
            values=values,
            links=broadcast.links,
            invite=invite,
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
        invite: Invite | None = None,
    ) -> Enqueue:
        """One notice to one person, as an operation. All notices to a person share a lane and leave in order."""
        notice = make_notice(
            self._shell.id,
            key,
            template=template,
            recipient=invite.attendee if invite else Mailbox(registration.name, registration.address),
            sender=self._sender,
            locale=registration.locale,
            date=context.now,
            values={
                **self._common(self._shell.in_force, registration.locale),
                "reference": registration.reference,
                "state": registration.state,
                **self._place_and_time(invite, registration.locale),
                **(values or {}),
            },
            links={
                purpose: self._link(purpose, registration) for purpose in links if self._has_link(purpose)
            },
            invite=invite,
            stream="bulk" if template in _BULK else "transactional",
        )
        return Enqueue(
            key=key,
            body=notice_to_body(notice),
            due=context.now,
            lane=registration.id,
            person=registration.id,
        )

    def _has_link(self, purpose: str) -> bool:
        return purpose != "contribute" or self._shell.conference.call is not None

    def _link(self, purpose: str, registration: Registration) -> LinkSpec:
        if purpose in _SUBJECTLESS:
            return LinkSpec(purpose)
        expires = registration.verify_until if purpose == "verify" else None
        return LinkSpec(purpose, registration.id, registration.generations.get(purpose, 0), expires)

    # -- what the texts say

    def _common_of(self, in_force: InForce, locale: str) -> Mapping[str, object]:
        conference = in_force.conference
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

    # -- calendars

    def _events_for(self, method: Method | None) -> tuple[Event, ...]:
        """The events that go along. A CANCEL has those too whose cancellation not everybody was told yet."""
        if method is None:
            return ()
        return (*self._open_events(), *(self._untold() if method == "CANCEL" else ()))

    def _untold(self) -> Iterator[Event]:
        told = {_event_id(record.body) for record in self._shell.walk("broadcast", "open", "broadcast")}
        ids = [each.id for each in self._shell.conference.sessions if each.status == "cancelled"]
        records = self._shell.store.get(self._shell.id, "event", [each for each in ids if each in told])
        return (EVENTS.from_body(record.body) for record in records.values())

    def _open_events(self) -> tuple[Event, ...]:
        """The events of the sessions that take place, in order, as calendars were told last."""
        in_force = self._shell.in_force
        known, events = self._events  # both in one look: another thread may put others there
        if known != in_force:
            ids = [each.id for each in in_force.conference.sessions if each.status != "cancelled"]
            records = self._shell.store.get(self._shell.id, "event", ids)
            events = tuple(EVENTS.from_body(records[each].body) for each in ids)
            self._events = (in_force, events)
        return events

    def _invite(self, registration: Registration, event: Event, method: Method, context: Context) -> Invite:
        """The invite of one person: their own SEQUENCE is the event's, and what personal cancellations added."""
        is_personal = method == "CANCEL" and event.status != "cancelled"
        newest = is_personal or registration.sequence_offset > 0
        return Invite(
            method=method,
            sequence=event.sequence + registration.sequence_offset,
            dtstamp=max(event.dtstamp, context.now) if newest else event.dtstamp,
            location=event.place,
            starts=event.starts,
            ends=event.ends,
            attendee=Mailbox(registration.name, registration.address),
            status=event.status,
            join=event.join,
            **self._told(self._shell.in_force, event.id, registration.locale),
        )

    def _told_of(self, in_force: InForce, event_id: str, locale: str) -> _Told:
        conference = in_force.conference
        session = conference.session(event_id)
        plan = conference.calendar
        return {
            "uid": event_uid(conference.uid, event_id),
            "summary": session.title.text(locale) if session else event_id,
            "description": _text(session.description if session else None, locale),
            "organizer": Mailbox(
                plan.organizer_name.text(locale) if plan and plan.organizer_name else self._sender.name,
                plan.organizer if plan else self._sender.address,
            ),
            "url": conference.website,
        }

    def _place_and_time(self, invite: Invite | None, locale: str) -> Mapping[str, object]:
        if invite is None:
            return {}
        return {
            "when": self._range(invite.starts, invite.ends, locale),
            "where": _where(invite.location, invite.join),
        }


def _asked(topic: Topic, locale: str) -> str:
    """What the topic is about, and its question."""
    return " ".join(each.text(locale) for each in (topic.context, topic.question) if each)


def _text(text: LocalizedText | None, locale: str) -> str:
    return text.text(locale) if text else ""


def _where(place: str, join: str | None) -> str | None:
    return "\n".join(each for each in (place, join) if each) or None


def _changes(was: Event | None, event: Event, locale: str) -> Mapping[str, object]:
    """When and where it is now, and where that changed, how it was."""
    found: dict[str, object] = {
        "now": range_text(event.starts, event.ends, locale),
        "where": _where(event.place, event.join),
    }
    if was is None:
        return found
    before = {"was": range_text(was.starts, was.ends, locale), "where_was": _where(was.place, was.join)}
    unchanged = event.status != "cancelled" and before["was"] == found["now"]
    return {
        **found,
        "was": None if unchanged else before["was"],
        "where_was": None if before["where_was"] == found["where"] else before["where_was"],
    }


def _event_id(broadcast: Mapping[str, object]) -> object:
    """Which event a stored broadcast is about; None for one about something else."""
    event = broadcast["event"]
    return event["id"] if isinstance(event, Mapping) else None
