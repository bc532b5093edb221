"""The conference in force: which document counts, its revisions, and what follows from a change of it.

The record (`conference`, `current`) names the revision in force; revisions are kept under their digests and never
change. Whoever decides by the document puts a `Check` on the current record, so that two processes with two documents
cannot both be right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from attrs import evolve, frozen

from ..calendar.planned import planned_events
from ..conference import Conference
from ..context import Context
from ..document import conference_from_data, conference_to_data
from ..errors import ConferenceOutdated, InvalidDocument, InvalidText, PlanInUse, Problem
from ..events import ConferenceRevised, SessionCancelled, SessionMoved
from ..events import Event as Announcement
from ..ledger import digest
from ..limits import OPS
from ..mailbox import one_line
from ..moment import instant_text
from ..ports import Committed, Limit, Op, Put, Record
from ..programme.event import Event, EventChange, change_between, next_event
from .broadcasts import Broadcast, put_broadcast
from .records import QUOTA, WAITING
from .shell import SYSTEM, Actor, InForce, Shell
from .told import EVENTS, clocks_moved, event_as_told

LONGEST_REASON: Final = 1_000
"""Characters of the reason for a change."""
MOST_EVENTS: Final = 400
"""Events that people are invited to: each is a mail to everybody, and all are written in one commit."""

_IN_FORCE: Final = "the revision in force"
_SESSION: Final = re.compile(r"sessions\[(\d+)\]", re.ASCII)
_ROUNDS: Final = 3
"""A session in UTC may begin after its deadline, which is found by another look."""


@frozen(kw_only=True)
class Changes:
    """What a new document changes: lines for people, operations to commit, and what to announce."""

    lines: tuple[str, ...]
    ops: tuple[Op, ...]
    announcements: tuple[Announcement, ...] = ()


def document_digest(conference: Conference) -> str:
    """The digest of a conference document: the same for TOML and JSON, whatever the order of its keys."""
    return digest(conference_to_data(conference))


def take_up(shell: Shell, conference: Conference, current: Record | None) -> InForce:
    """Put the document in force if it is new to the store; join in if it is in force already.

    `current` is the record of the one in force. Raises `ConferenceOutdated` for an earlier revision, and `PlanInUse`.
    """
    ours = document_digest(conference)
    if current is None:
        return _first(shell, conference, ours)
    if current.body["digest"] == ours:
        return InForce(conference, ours, current.version)
    if shell.get("conference_revision", ours) is not None:
        raise ConferenceOutdated(ours, str(current.body["digest"]))
    return revise(shell, conference, current, SYSTEM)[0]


def _first(shell: Shell, conference: Conference, ours: str) -> InForce:
    context = shell.context()
    events = _planned(conference, context.now)
    ops: list[Op] = [
        *_put_revision(shell, context, conference, ours, 0),
        Limit(quota=QUOTA, capacity=conference.registration.quota),
        Limit(quota=WAITING, capacity=None),
        *(_put_event(event, 0) for event in events),
    ]
    return _put_in_force(shell, conference, ours, 0, Changes(lines=(), ops=tuple(ops)), context, SYSTEM)


def revise(
    shell: Shell, conference: Conference, current: Record, actor: Actor, reason: str = ""
) -> tuple[InForce, tuple[str, ...]]:
    """Put a changed document in force, with all that follows; what changed, line by line.

    Moved sessions are told to everybody registered, with the reason. Raises `PlanInUse`, and `InvalidText` for more
    events than one commit takes, or a reason that is too long.
    """
    context = shell.context()
    ours = document_digest(conference)
    changes = _changes(shell, current, conference, context, _reason(reason))
    ops = (*_put_revision(shell, context, conference, ours, current.version), *changes.ops)
    if len(ops) > OPS:
        remedy = "So many events change at once that no commit holds them: change the document in two steps."
        raise InvalidText(f"{(len(ops) - 2) // 2} events", remedy)
    in_force = _put_in_force(
        shell, conference, ours, current.version, evolve(changes, ops=ops), context, actor
    )
    return in_force, changes.lines


def in_force_document(shell: Shell, current: Record) -> Conference:
    """The conference of the revision that a `current` record names."""
    revision = shell.get("conference_revision", str(current.body["digest"]))
    if revision is None:
        raise ConferenceOutdated("nothing", str(current.body["digest"]))
    document: Mapping[str, Any] = revision.body["document"]  # type: ignore[assignment]  # stored by _put_revision
    for _ in range(_ROUNDS):
        try:
            return conference_from_data(document, source=_IN_FORCE)
        except InvalidDocument as error:
            document = _without_skipped(document, error.problems)
    return conference_from_data(document, source=_IN_FORCE)


def _without_skipped(document: Mapping[str, Any], problems: Iterable[Problem]) -> Mapping[str, Any]:
    """A document that was right once, where newer zone data skips a wall time of it, or shows it twice.

    Such sessions are in UTC, and such deadlines gone: it is read so that a document with other times can follow it.
    """
    sessions, deadlines = [*document.get("sessions", ())], {**document.get("deadlines", {})}
    for each in problems:
        table, _, name = each.path.partition(".")
        if found := _SESSION.fullmatch(table):
            position = int(found[1])
            sessions[position] = {**sessions[position], "timezone": "UTC"}
        elif table == "deadlines":
            deadlines.pop(name.partition(".")[0], None)
    return {**document, "sessions": sessions, "deadlines": deadlines}


def _put_in_force(
    shell: Shell,
    conference: Conference,
    ours: str,
    version: int,
    changes: Changes,
    context: Context,
    actor: Actor,
) -> InForce:
    entry = shell.entry(
        context,
        actor,
        "conference_revised",
        conference.id,
        {"document": ours},
        revision=ours,
        about={"lines": list(changes.lines)},
    )
    result = shell.commit(shell.change(entry, changes.ops, read_plan=False))
    if not isinstance(result, Committed):
        current = shell.get("conference", "current")  # another process was faster
        if current is None or current.body["digest"] != ours:
            raise ConferenceOutdated(ours, str(current.body["digest"]) if current else "nothing")
        return InForce(conference, ours, current.version)
    # before listeners hear of it: they may act at once
    shell.in_force = InForce(conference, ours, version + 1)
    revised = ConferenceRevised(
        conference=conference.id, subject=conference.id, at=context.now, entry=entry.id, revision=ours
    )
    shell.announce([revised, *(evolve(each, entry=entry.id) for each in changes.announcements)])
    return shell.in_force


def _put_revision(
    shell: Shell, context: Context, conference: Conference, ours: str, version: int
) -> Iterator[Op]:
    """Name the revision in force, and keep its document, unless an earlier one said the same."""
    at = instant_text(context.now)
    yield Put(kind="conference", id="current", body={"schema": 1, "digest": ours, "at": at}, expect=version)
    if shell.get("conference_revision", ours) is None:
        body = {"schema": 1, "document": conference_to_data(conference), "at": at}
        yield Put(kind="conference_revision", id=ours, body=body, expect=0)


# -- what a changed document means


def _put_event(event: Event, version: int) -> Put:
    return Put(kind="event", id=event.id, body=EVENTS.to_body(event), expect=version)


def _reason(text: str) -> str:
    """A reason in one line. Raises `InvalidText` for one that nobody would read."""
    if len(text) > LONGEST_REASON:
        raise InvalidText(f"{text[:80]}...", f"A reason has at most {LONGEST_REASON:,} characters.")
    return one_line(text)


def _changes(shell: Shell, current: Record, new: Conference, context: Context, reason: str = "") -> Changes:
    old = in_force_document(shell, current)
    _refuse_loss(shell, old, new)
    lines = _lines(conference_to_data(old), conference_to_data(new))
    ops, announcements = _tell(_event_changes(shell, old, new, context.now, current.version), context, reason)
    if old.registration.quota != new.registration.quota:
        ops.insert(0, _new_limit(shell, old.registration.quota, new.registration.quota))
    return Changes(lines=tuple(lines), ops=tuple(ops), announcements=tuple(announcements))


def _planned(conference: Conference, now: datetime) -> Sequence[Event]:
    """The events that people are invited to. Raises `InvalidText` for more than anybody wants mails about."""
    events = planned_events(conference, now=now)
    if len(events) > MOST_EVENTS:
        raise InvalidText(
            f"{len(events)} events",
            f"Each is a mail of its own to every person: a store takes {MOST_EVENTS} at most. Write invite = "
            '"one a day" or "whole conference" under [calendar].',
        )
    return events


@frozen(kw_only=True)
class Preview:
    """What calendars would be told of an event if a document came into force."""

    conference: Conference
    before: Event | None
    after: Event

    @property
    def change(self) -> EventChange | Literal["added"]:
        """In a word, what happened to the event."""
        return change_between(self.before, self.after) if self.before else "added"


def preview(shell: Shell, conference: Conference) -> tuple[Preview, ...]:
    """What everybody would be told if this document came into force now. Nothing is changed.

    Raises `PlanInUse` where it could not, since it takes away what people hold.
    """
    now = shell.context().now
    current = shell.get("conference", "current")
    if current is None:
        events = _planned(conference, now)
        return tuple(Preview(conference=conference, before=None, after=each) for each in events)
    held = in_force_document(shell, current)
    _refuse_loss(shell, held, conference)
    return tuple(found for _, found in _event_changes(shell, held, conference, now, current.version))


def _event_changes(
    shell: Shell, old: Conference, new: Conference, now: datetime, revisions: int
) -> Iterator[tuple[Record | None, Preview]]:
    """The events that calendars have to be told of, each with the record of what they were told.

    A session that is no part of a larger event any more begins with the SEQUENCE that feeds gave it last: `revisions`.
    """
    told, planned = _told_and_planned(shell, old, new, now)
    alone = {each.id for each in planned_events(old, now=now)}
    for event in planned:
        record = told.get(event.id)
        least = revisions if event.id not in alone and old.session(event.id) else 0
        if record is None:
            yield None, Preview(conference=new, before=None, after=evolve(event, sequence=least))
            continue
        before = event_as_told(record.body)
        after = next_event(before, event, now=now, clocks_moved=clocks_moved(record.body))
        if after is not None:
            after = evolve(after, sequence=max(after.sequence, least))
            yield record, Preview(conference=new, before=before, after=after)


def _tell(
    changes: Iterable[tuple[Record | None, Preview]], context: Context, reason: str = ""
) -> tuple[list[Op], list[Announcement]]:
    """What has to be written and announced so that everybody hears of these changes."""
    ops: list[Op] = []
    announcements: list[Announcement] = []
    for record, found in changes:
        ops.append(_put_event(found.after, record.version if record else 0))
        ops.append(_tell_everybody(context, found.before, found.after, reason))
        if found.before is not None:
            announcements.append(_announcement(found.conference, found.before, found.after, context.now))
    return ops, announcements


def tell_moved_clocks(shell: Shell, conference: Conference, actor: Actor) -> int:
    """Tell everybody of events that newer zone data moved under the document in force; how many events."""
    context = shell.context()
    shell.check_in_force()
    before, current = shell.in_force, shell.get("conference", "current")
    changes = list(_event_changes(shell, conference, conference, context.now, 0))
    if not changes or current is None or current.version != before.version:
        return 0
    ops, announcements = _tell(changes, context)
    ids = [found.after.id for _, found in changes]
    entry = shell.entry(context, actor, "clocks_moved", conference.id, {"events": ids})
    # the same document once more, as its next version: whoever knows the events of the one before reads them again
    ops.append(Put(kind="conference", id="current", body=current.body, expect=before.version))
    if not isinstance(shell.commit(shell.change(entry, ops, read_plan=False)), Committed):
        return 0  # somebody else told of them, or changed the plan, at this moment
    shell.in_force = evolve(before, version=before.version + 1)
    shell.announce([evolve(each, entry=entry.id) for each in announcements])
    return len(changes)


def _told_and_planned(
    shell: Shell, old: Conference, new: Conference, now: datetime
) -> tuple[Mapping[str, Record], list[Event]]:
    """What calendars were told, by id, and what they are to be told; what is planned no more is cancelled."""
    planned = {each.id: each for each in _planned(new, now)}
    gone = [each.id for each in planned_events(old, now=now) if each.id not in planned]
    told = shell.store.get(shell.id, "event", [*planned, *gone])
    cancelled = [evolve(event_as_told(told[each].body), status="cancelled") for each in gone if each in told]
    return told, [*planned.values(), *cancelled]


def _tell_everybody(context: Context, before: Event | None, after: Event, reason: str) -> Put:
    change = change_between(before, after) if before else "added"
    template = {"cancelled": "session_cancelled", "added": "session_added"}.get(change, "session_moved")
    return put_broadcast(
        Broadcast(
            id=context.new_id("b"),
            template=template,
            event=after,
            was=before,
            at=context.now,
            links=("manage",),
            values={"reason": reason} if reason and before else {},
        ),
        version=0,
    )


def _announcement(conference: Conference, before: Event, after: Event, now: datetime) -> Announcement:
    facts = {"conference": conference.id, "subject": after.id, "at": now, "entry": ""}
    if change_between(before, after) == "cancelled":
        return SessionCancelled(**facts)  # type: ignore[arg-type]  # one dict of several types
    return SessionMoved(starts=after.starts, ends=after.ends, **facts)  # type: ignore[arg-type]  # as above


def _refuse_loss(shell: Shell, old: Conference, new: Conference) -> None:
    """Raise `PlanInUse` where the new document drops what people hold."""
    if old.id != new.id:
        raise PlanInUse("conference.id", old.id, "A store keeps a conference under its id: put it back.")
    _refuse_lost_sessions(shell, old, new)
    _refuse_lost_fields(shell, old, new)
    kept = {each.number for each in new.call.topics} if new.call else set()
    for topic in old.call.topics if old.call else ():
        if topic.number not in kept and _any_record(shell, "contribution", ("submitted", "draft")):
            remedy = "People have written contributions: keep every topic, and reword it instead."
            raise PlanInUse(f"call.topics[{topic.number}]", topic.title.text(), remedy)


def _refuse_lost_sessions(shell: Shell, old: Conference, new: Conference) -> None:
    for session in old.sessions:
        if new.session(session.id) is None and _any_record(shell, "registration", ("confirmed",)):
            remedy = 'People were invited to it: keep it and set status = "cancelled", so that they are told.'
            raise PlanInUse("sessions", session.id, remedy)


def _refuse_lost_fields(shell: Shell, old: Conference, new: Conference) -> None:
    for each in old.registration.form.fields:
        lost = new.registration.form.field(each.name) is None
        if lost and _any_record(shell, "registration", ("confirmed", "pending", "waitlisted", "unverified")):
            remedy = (
                "People have answered it: keep it, and set required = false if it is not needed any more."
            )
            raise PlanInUse("registration.fields", each.name, remedy)


def _any_record(shell: Shell, kind: str, states: tuple[str, ...]) -> bool:
    return any(shell.store.find(shell.id, kind, "state", state, limit=1)[0] for state in states)


def _new_limit(shell: Shell, before: int | None, capacity: int | None) -> Limit:
    taken, _ = shell.store.quotas(shell.id, [QUOTA]).get(QUOTA, (0, None))
    is_raised = before is not None and capacity is not None and capacity > before
    if capacity is not None and capacity < taken and not is_raised:  # a raise takes nothing from anybody
        raise PlanInUse(
            "registration.quota",
            capacity,
            f"{taken} places are taken: set it to {taken} or more, or cancel some.",
        )
    return Limit(quota=QUOTA, capacity=capacity)


def _lines(old: object, new: object, path: str = "") -> Iterator[str]:
    """A readable difference of two documents: one line for each changed value."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}, key=str):
            yield from _lines(old.get(key), new.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for position, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _lines(before, after, f"{path}[{position}]")
    elif old != new:
        yield f"{path}: {_brief(old)} -> {_brief(new)}"


def _brief(value: object) -> str:
    text = "(nothing)" if value is None else str(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
