"""Taking registrations in: from a posted form to a durable record, one at a time or many to a commit.

The steps are always the same: read the form, decide, commit, and where the store objects, decide again with what it
said: the address is known, the quota is full, this submission was there before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Final, TypeVar

from attrs import frozen

from ..context import Context
from ..errors import StoreBusy
from ..form.field_types import refine
from ..form.fields import Field, Form
from ..form.issues import Issue
from ..form.reading import Reading, storable
from ..ledger import matches
from ..ports import ChangeSet, Committed, Conflict, Full, Owned, Reason, Reused, Stale
from ..registration import rules
from ..registration.outcomes import (
    AlreadyRegistered,
    Refused,
    Registered,
    TrustedOutcome,
    Waitlisted,
    refused,
    standing,
)
from ..registration.person import PersonFields, person_fields
from ..registration.registration import LIVE, Registration
from ..registration.rules import Decision, Override, Register
from ..text import lookup
from . import records
from .correspondence import Correspondence
from .passwords import Passwords
from .shell import Actor, Shell

TRIES: Final = 20
"""How often a decision is taken anew when others change the same registration at the same moment."""

CHUNK: Final = 500
"""How many registrations of an import share a commit."""

_LONGEST_ID: Final = 200

_STAYS: Final = (LIVE - {"unverified"}) | {"declined"}
"""Registrations that another form under their address does not change."""

R = TypeVar("R")


@frozen(kw_only=True)
class Submission:
    """A form that was read and found complete, on its way to a decision."""

    command: Register
    id: str
    actor: Actor

    @property
    def entry_id(self) -> str:
        """The log entry that this submission leads to: one, however often it is sent."""
        # a room of its own for visitors: none of them can take the id that an import will use
        source = "submission" if self.actor.kind == "registrant" else "entry"
        return f"{source}:{self.id}" if self.id else ""

    @property
    def payload(self) -> dict[str, object]:
        """What the log proves was received. A repeat has the same."""
        command = self.command
        return {"address": command.address, "answers": dict(command.answers), "locale": command.locale}


@frozen(kw_only=True)
class Taken:
    """How a submission ended: the outcome for trusted callers, and the reference that everybody gets."""

    outcome: Registered | Waitlisted | AlreadyRegistered
    reference: str


@frozen(kw_only=True)
class _Try:
    """One attempt: what was known when deciding, and what came of it."""

    submission: Submission
    decision: Decision
    change_set: ChangeSet
    context: Context


class Intake:
    """Takes registrations for one actor."""

    def __init__(
        self, shell: Shell, correspondence: Correspondence, passwords: Passwords, actor: Actor
    ) -> None:
        self._shell = shell
        self._correspondence = correspondence
        self._passwords = passwords
        self._actor = actor
        self._fields: tuple[Form | None, PersonFields | None] = (None, None)

    # -- reading

    def read(
        self,
        posted: object,
        *,
        locale: str | None,
        submission_id: str | None,
        trusted: bool,
        received_at: datetime | None = None,
        override: Override | None = None,
    ) -> Submission | Refused:
        """Read a posted form. A trusted caller is not asked for the password."""
        form = self._shell.conference.registration.form
        reading = refine(form, self._shell.forms.read(form, posted), self._shell.plugins.field_types.get)
        if reading.issues:
            issues = tuple(
                each for each in reading.issues if not (trusted and _asks_password(form.field(each.path)))
            )
            if issues:
                return Refused(issues)
        command = self._command(reading, locale, received_at, override, trusted=trusted)
        return Submission(command=command, id=_submission_id(submission_id, posted), actor=self._actor)

    def _command(
        self,
        reading: Reading,
        locale: str | None,
        received_at: datetime | None,
        override: Override | None,
        *,
        trusted: bool,
    ) -> Register:
        conference = self._shell.conference
        form = conference.registration.form
        fields = self._fields_of(form)
        person = fields.person(reading.answers)
        password = fields.password_of(reading.answers)
        context = self._shell.context()
        return Register(
            answers=storable(form, reading.answers),
            address=person.address,
            name=person.name,
            locale=(lookup(locale, conference.languages) if locale else None) or conference.languages[0],
            form=self._shell.in_force.digest,
            received_at=received_at or context.now,
            password=self._passwords.hash(password, context.entropy) if password else None,
            trusted=trusted,
            override=override,
        )

    def _fields_of(self, form: Form) -> PersonFields:
        """Which fields tell of the person, found once for a form."""
        known, fields = self._fields  # both in one look: another thread may put others there
        if known is not form or fields is None:
            fields = person_fields(form)
            self._fields = (form, fields)
        return fields

    # -- one

    def take(self, submission: Submission) -> Taken | Refused:
        """Decide and commit one submission."""
        known: tuple[Registration, int] | None = None
        full = False
        for _ in range(TRIES):
            attempt = self._try(submission, known, full=full)
            if isinstance(attempt, Refused):
                return attempt
            result = self._shell.commit(attempt.change_set)
            if isinstance(result, Committed):
                return self._taken(attempt)
            if submission.entry_id and _is_repeat(result):  # an id of our own that was there is drawn again
                return self._repeated(submission)
            owner = _first(result, Owned)
            if owner or (known and _has(result, Stale)):
                known = records.load_registration(self._shell, owner.id if owner else known[0].id)  # type: ignore[index]  # one of the two is there
                if known and known[0].state in _STAYS:
                    return self._remind(submission, known[0])
                full = False  # that was said of somebody unknown: who holds a place already needs none
            else:
                full = full or _has(result, Full)
        raise StoreBusy(self._shell.id, 0)

    def _try(
        self, submission: Submission, known: tuple[Registration, int] | None, *, full: bool
    ) -> _Try | Refused:
        plan = self._shell.in_force.version
        conference = self._shell.conference
        context = self._shell.context()
        decision = rules.register(
            submission.command,
            conference.registration,
            conference.deadline("registration"),
            context,
            known=known[0] if known else None,
            full=full,
        )
        if isinstance(decision, Issue):
            return Refused((decision,))
        return self._attempt(submission, decision, context, version=known[1] if known else 0, plan=plan)

    def _attempt(
        self, submission: Submission, decision: Decision, context: Context, *, version: int, plan: int
    ) -> _Try:
        entry = self._shell.entry(
            context,
            submission.actor,
            decision.action,
            decision.registration.id,
            submission.payload,
            entry_id=submission.entry_id,
            person=decision.registration.id,
            about={
                "reference": decision.registration.reference,
                **({"reason": decision.reason} if decision.reason else {}),
            },
        )
        ops = records.operations(decision, version, self._correspondence, context)
        return _Try(
            submission=submission,
            decision=decision,
            change_set=self._shell.change(entry, ops, plan=plan),
            context=context,
        )

    def _taken(self, attempt: _Try) -> Taken:
        registration = attempt.decision.registration
        entry = attempt.change_set.entry.id
        self._shell.announce(records.announcements(attempt.decision, self._shell.id, entry, attempt.context))
        return Taken(outcome=standing(registration), reference=registration.reference)

    # -- the same again

    def _repeated(self, submission: Submission) -> Taken | Refused:
        """A submission whose id was there before: the same content gets the first answer, another is refused."""
        entry = self._shell.get("~entry", submission.entry_id)
        body = entry.body["body"] if entry else None
        if not isinstance(body, Mapping) or not matches(body, submission.payload):
            return refused("submission_reused")
        loaded = records.load_registration(self._shell, str(body["subject"]))
        if loaded is None:
            return refused("submission_reused")
        known = body["action"] == "register_again"
        outcome = AlreadyRegistered(loaded[0]) if known else standing(loaded[0], repeated=True)
        return Taken(outcome=outcome, reference=str(body["reference"]))

    def _remind(self, submission: Submission, known: Registration) -> Taken | Refused:
        """The address is known: its owner gets a mail, at most one in ten minutes; the answer is as for a new one."""
        context = self._shell.context()
        reference = rules.reference_of(context.new_id("r"))
        is_told = False
        for _ in range(TRIES):
            mails = () if is_told else self._correspondence.reminder(known, context)
            entry = self._shell.entry(
                context,
                submission.actor,
                "register_again",
                known.id,
                submission.payload,
                entry_id=submission.entry_id,
                person=known.id,
                about={"reference": reference},
            )
            result = self._shell.commit(self._shell.change(entry, mails))
            if isinstance(result, Committed):
                return Taken(outcome=AlreadyRegistered(known), reference=reference)
            if submission.entry_id and _is_repeat(result):  # an id of our own that was there is drawn again
                return self._repeated(submission)
            is_told = has_notice(result)
        raise StoreBusy(self._shell.id, 0)

    # -- many

    def take_many(
        self, submissions: Iterable[Submission | Refused], joined: Callable[[TrustedOutcome], TrustedOutcome]
    ) -> Iterator[TrustedOutcome]:
        """Decide and commit many, `CHUNK` to a commit; one outcome each, in order.

        `joined` is asked about those who could not be taken with the others: they may have joined the line.
        """
        waiting = iter(submissions)
        while chunk := list(islice(waiting, CHUNK)):
            yield from self.decide(chunk, joined)()

    def decide(
        self, chunk: Iterable[Submission | Refused], joined: Callable[[TrustedOutcome], TrustedOutcome]
    ) -> Callable[[], Iterator[TrustedOutcome]]:
        """Decide as if nobody else were there. What it gives commits, and decides again where the store objects."""
        tries = [each if isinstance(each, Refused) else self._try(each, None, full=False) for each in chunk]
        return partial(self._commit_many, tries, joined)

    def _commit_many(
        self, tries: Sequence[_Try | Refused], joined: Callable[[TrustedOutcome], TrustedOutcome]
    ) -> Iterator[TrustedOutcome]:
        batch = [each.change_set for each in tries if isinstance(each, _Try)]
        results = iter(self._shell.commit_all(batch) if batch else ())
        for attempt in tries:
            if isinstance(attempt, Refused):
                yield attempt
                continue
            if isinstance(next(results), Committed):
                yield self._taken(attempt).outcome
                continue
            taken = self.take(attempt.submission)
            yield taken if isinstance(taken, Refused) else joined(taken.outcome)


def _asks_password(asked: Field | None) -> bool:
    return asked is not None and asked.kind == "password"


def _submission_id(given: str | None, posted: object) -> str:
    """The id that makes a repeat recognisable, cleaned: what a browser sends may be anything."""
    value = (
        given if given is not None else posted.get("submission_id") if isinstance(posted, Mapping) else None
    )
    if not isinstance(value, str):
        return ""
    kept = value[:_LONGEST_ID]
    if kept.isascii() and kept.isprintable():
        return kept
    return "".join(each for each in kept if each.isascii() and each.isprintable())


def _has(conflict: Conflict, kind: type[Reason]) -> bool:
    return any(isinstance(each, kind) for each in conflict.reasons)


def _is_repeat(conflict: Conflict) -> bool:
    """Whether the submission was there before; a notice that was is that of another who was faster."""
    return any(isinstance(each, Reused) and each.what == "entry" for each in conflict.reasons)


def has_notice(conflict: Conflict) -> bool:
    """Whether a mail of this key is owed, or was sent, already."""
    return any(isinstance(each, Reused) and each.what == "notice" for each in conflict.reasons)


def _first(conflict: Conflict, kind: type[R]) -> R | None:
    return next((each for each in conflict.reasons if isinstance(each, kind)), None)
