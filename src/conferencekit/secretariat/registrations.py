"""Registering people: the form, the links in their mails, sign-in, and what an organiser decides.

The walk: `register` reads the form (`form/`), decides (`registration/rules.py`), commits the registration together
with the mails that are owed (`intake.py`), and tells the plugins. `deliver()` sends later.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeVar

from attrs import evolve, frozen

from ..context import Context
from ..errors import ConferenceOutdated, NotFound, StoreBusy, StoreError
from ..form.address import email_key, parse_address
from ..ports import ChangeSet, Committed, Conflict, Full, Record, Stale
from ..registration import rules
from ..registration.outcomes import (
    PublicOutcome,
    Received,
    Refused,
    Registered,
    TrustedOutcome,
    Waitlisted,
    refused,
    standing,
)
from ..registration.registration import LIVE, STATES, Action, Registration, State
from ..registration.rules import Decision, Override
from . import records
from .correspondence import Correspondence
from .imports import ImportRow
from .intake import TRIES, Intake, Submission, has_notice
from .passwords import Passwords
from .shell import REGISTRANT, SYSTEM, Actor, Shell

Joined = TypeVar("Joined", bound=TrustedOutcome)

_LOG: Final = logging.getLogger("conferencekit.registrations")
_EXPIRED_AT_ONCE: Final = 100
"""How many registrations expire in one commit."""


@frozen
class SignedIn:
    """The person is who they say: by password or by the link in their mail."""

    registration: Registration


class Registrations:
    """The service behind `secretariat.registrations`."""

    def __init__(
        self, shell: Shell, correspondence: Correspondence, passwords: Passwords, actor: Actor = REGISTRANT
    ) -> None:
        self._shell = shell
        self._correspondence = correspondence
        self._passwords = passwords
        self._actor = actor
        self._intake = Intake(shell, correspondence, passwords, actor)

    # -- coming in

    def register(
        self, posted: object, *, locale: str | None = None, submission_id: str | None = None
    ) -> PublicOutcome:
        """Take a registration form: the same answer for a new address and for a known one.

        A repeat with the same `submission_id` (or hidden field of that name) gets the first answer. Hostile input is
        answered with `Refused`; nothing that was posted raises.
        """
        submission = self._intake.read(posted, locale=locale, submission_id=submission_id, trusted=False)
        taken = submission if isinstance(submission, Refused) else self._intake.take(submission)
        if isinstance(taken, Refused):
            return taken
        self._after_joining(taken.outcome)
        return Received(taken.reference)

    def enter(
        self,
        posted: object,
        *,
        locale: str | None = None,
        submission_id: str | None = None,
        received_at: datetime | None = None,
        override: Override | None = None,
    ) -> TrustedOutcome:
        """Enter a registration for somebody, as an organiser or an import: the same form and rules, a trusted address.

        `received_at` is when it was received where it comes from (aware; default now): the deadline is judged by it.
        """
        submission = self._read_trusted(posted, locale, submission_id, received_at, override)
        taken = submission if isinstance(submission, Refused) else self._intake.take(submission)
        if isinstance(taken, Refused):
            return taken
        return self._after_joining(taken.outcome)

    def _after_joining(self, outcome: Joined) -> Joined | Registered | Waitlisted:
        """A place may have become free just before somebody joined the line."""
        if isinstance(outcome, Waitlisted) and self.let_in():
            return standing(self.get(outcome.registration.id), repeated=outcome.repeated)
        return outcome

    def enter_many(
        self,
        rows: Iterable[Mapping[str, object] | ImportRow],
        *,
        locale: str | None = None,
        override: Override | None = None,
    ) -> Iterator[TrustedOutcome]:
        """Enter many, several hundred to a commit; one outcome per row, in order, as they become durable.

        A row is what `enter` takes, or one of `imports.export_rows`. Entering the same rows again changes nothing where
        they have a submission id.
        """
        submissions = (self._read_row(row, locale, override) for row in rows)
        return self._intake.take_many(submissions, self._after_joining)

    def prepare_many(
        self,
        rows: Iterable[Mapping[str, object] | ImportRow],
        *,
        locale: str | None = None,
        override: Override | None = None,
    ) -> Callable[[], Iterator[TrustedOutcome]]:
        """The first half of `enter_many` for at most 1,000 rows; what it gives is the second, which commits them.

        So several processes can read and decide at the same time, and commit one after the other.
        """
        submissions = (self._read_row(row, locale, override) for row in rows)
        return self._intake.decide(submissions, self._after_joining)

    def _read_row(
        self, row: Mapping[str, object] | ImportRow, locale: str | None, override: Override | None
    ) -> Submission | Refused:
        if not isinstance(row, ImportRow):
            return self._read_trusted(row, locale, None, None, override)
        if row.issues:
            return Refused(row.issues)
        return self._read_trusted(
            row.posted, row.locale or locale, row.submission_id, row.received_at, override
        )

    def _read_trusted(
        self,
        posted: object,
        locale: str | None,
        submission_id: str | None,
        received_at: datetime | None,
        override: Override | None,
    ) -> Submission | Refused:
        return self._intake.read(
            posted,
            locale=locale,
            submission_id=submission_id,
            trusted=True,
            received_at=received_at,
            override=override,
        )

    # -- links and sign-in

    def open(self, token: str, purpose: str) -> Registration | None:
        """Whose link this is, or None for a link that is wrong, revoked, or made for something else.

        It changes nothing, so a mail scanner may open it.
        """
        loaded = records.load_registration(self._shell, self._shell.links.subject(token))
        if loaded is None:
            return None
        registration = loaded[0]
        generation = registration.generations.get(purpose, 0)
        is_theirs = self._shell.links.proves(token, purpose, registration.id, generation)
        return registration if is_theirs else None

    def verify(self, token: str) -> Registered | Waitlisted | Refused:
        """The button behind the link in the first mail: the address is theirs. Pressing it twice is the same."""
        if self.open(token, "verify") is None:
            return refused("link_invalid")
        return self._after_joining(self._decide(self._shell.links.subject(token), self._verify))

    def _verify(
        self, registration: Registration, context: Context, *, full: bool
    ) -> Decision | Refused | None:
        if registration.verified_at is not None and registration.state in LIVE:
            return None
        if registration.state not in ("unverified", "expired"):
            return refused("link_used")
        if registration.verify_until is None or context.now >= registration.verify_until:
            return refused("link_expired")
        return rules.verify(registration, self._shell.conference.registration, context, full=full)

    def sign_in(self, address: object, password: object) -> SignedIn | Refused:
        """Who has this address and password. An unknown address takes as long and gets the same refusal.

        So does one that is not verified yet: else whoever posts a form with somebody's address and then signs in with
        the password of that form would learn whether the address was registered before.
        """
        known = self._by_address(address)
        stored = known.password if known and known.state in LIVE - {"unverified"} else None
        password = password if isinstance(password, str) else ""
        if not self._passwords.verify(password, stored) or known is None or stored is None:
            return refused("sign_in")
        if not self._passwords.is_current(stored):
            self._store_password(known, password)
        return SignedIn(known)

    def send_link(self, address: object) -> None:
        """Mail the personal link to the owner of an address, if it is registered. Says nothing either way."""
        known = self._by_address(address)
        context = self._shell.context()
        person = known.id if known else ""
        is_told = known is None or known.state not in LIVE
        for _ in range(TRIES):  # without a mail the request is logged all the same: as durable, so as slow
            mails = () if known is None or is_told else self._correspondence.reminder(known, context)
            entry = self._shell.entry(context, self._actor, "send_link", person, {}, person=person)
            result = self._shell.commit(self._shell.change(entry, mails))
            if isinstance(result, Committed):
                return
            is_told = is_told or has_notice(result)
        raise StoreBusy(self._shell.id, 0)

    def _store_password(self, known: Registration, password: str) -> None:
        record = self._shell.get(records.KIND, known.id)
        registration = records.read_record(record) if record else None
        if record is None or registration is None or registration.password != known.password:
            return  # it changed meanwhile: what was proven is not this one
        context = self._shell.context()
        changed = evolve(registration, password=self._passwords.hash(password, context.entropy))
        entry = self._shell.entry(context, SYSTEM, "password_upgraded", known.id, {}, person=known.id)
        put = records.rewrite_registration(record, changed)
        self._shell.commit(self._shell.change(entry, [put], read_plan=False))

    # -- what a person or an organiser decides

    def cancel(self, registration_id: str, *, reason: str = "") -> Registered | Waitlisted | Refused:
        """Give the place back. Calendars get a CANCEL, and the next in line gets the place."""
        return self._release(registration_id, "cancel", "cancelled", reason)

    def approve(
        self, registration_id: str, *, override: Override | None = None
    ) -> Registered | Waitlisted | Refused:
        """The organiser says yes. Without a place left the person waits in line. Raises `TransitionNotAllowed`."""
        over = bool(override and override.over_capacity)

        def decide(registration: Registration, context: Context, *, full: bool) -> Decision:
            target: State = "waitlisted" if full else "confirmed"
            reason = override.reason if override else ""
            decision = rules.move(registration, "approve", target, context, reason=reason, over=over)
            gains = decision.registration.places > registration.places
            return evolve(decision, first_in_line=gains and not over)

        return self._after_joining(self._decide(registration_id, decide))

    def decline(self, registration_id: str, *, reason: str = "") -> Registered | Waitlisted | Refused:
        """The organiser says no. Raises `TransitionNotAllowed`."""
        return self._release(registration_id, "decline", "declined", reason)

    def _release(
        self, registration_id: str, action: Action, target: State, reason: str
    ) -> Registered | Waitlisted | Refused:
        def decide(registration: Registration, context: Context, *, full: bool) -> Decision:  # noqa: ARG001 - frees places
            return rules.move(registration, action, target, context, reason=reason)

        outcome = self._decide(registration_id, decide)
        self.let_in()
        return outcome

    # -- the line

    def promote(self) -> int:
        """Give free places to those who wait, the first first; how many got one."""
        promoted = missed = 0
        while missed < TRIES and self._is_place_for_the_first():
            waiting, _ = self._shell.store.find(
                self._shell.id, records.KIND, "waiting", records.QUOTA, limit=1
            )
            if not waiting:
                break
            if self._promote(waiting[0].id):
                promoted, missed = promoted + 1, 0
            else:
                missed += 1  # somebody took the place or left the line meanwhile: look again
        return promoted

    def let_in(self) -> int:
        """Promote after a fact that is durable: what hinders it is logged and not raised, and `tick` does it later."""
        try:
            return self.promote()
        except (StoreError, ConferenceOutdated) as error:
            _LOG.warning("Whoever waits for %s is let in later, by tick(): %s", self._shell.id, error)
            return 0

    def _is_place_for_the_first(self) -> bool:
        taken, capacity, waiting = self.places()
        return waiting > 0 and (capacity is None or taken < capacity)

    def _promote(self, first: str) -> bool:
        decided = False

        def decide(registration: Registration, context: Context, *, full: bool) -> Decision | None:
            nonlocal decided
            decided = registration.state == "waitlisted" and not full
            plan = self._shell.conference.registration
            return rules.promote(registration, plan, context) if decided else None

        self._decide(first, decide, actor=SYSTEM)
        return decided

    def expire(self) -> int:
        """Free the places of addresses that were not verified in time, for those who wait; how many expired."""
        now = self._shell.context().now
        expired = 0
        cursor: str | None = None
        while True:
            found, cursor = self._shell.store.find(
                self._shell.id, records.KIND, "expiry", "unverified", after=cursor, limit=_EXPIRED_AT_ONCE
            )
            due = [each for each in found if _is_due(records.read_record(each), now)]
            expired += self._expire(due)
            if cursor is None or len(due) < len(found):  # they come in order
                break
        if expired:
            self.promote()
        return expired

    def _expire(self, due: Sequence[Record]) -> int:
        context = self._shell.context()
        plan = self._shell.in_force.version
        decisions = [rules.move(records.read_record(each), "expire", "expired", context) for each in due]
        batch = [
            self._change(decision, record.version, context, SYSTEM, plan)
            for decision, record in zip(decisions, due, strict=True)
        ]
        results = self._shell.commit_all(batch) if batch else []
        expired = 0
        for decision, change_set, result in zip(decisions, batch, results, strict=True):
            if isinstance(result, Committed):
                self._tell(decision, change_set, context)
                expired += 1
        return expired  # others changed at this moment: if they are still due, the next tick finds them

    # -- reading

    def get(self, registration_id: str) -> Registration:
        """One registration. Raises `NotFound`."""
        return self.get_versioned(registration_id)[0]

    def get_versioned(self, registration_id: str) -> tuple[Registration, int]:
        """One registration and its version, for whoever decides by it. Raises `NotFound`."""
        loaded = records.load_registration(self._shell, registration_id)
        if loaded is None:
            raise NotFound("registration", registration_id)
        return loaded

    def find(self, *states: State) -> Iterator[Registration]:
        """Registrations in these states (default: all), by state and order of arrival."""
        for state in states or STATES:
            yield from map(records.read_record, self._shell.walk(records.KIND, "state", state))

    def places(self) -> tuple[int, int | None, int]:
        """How many places are taken, how many there are (None: no limit), and how many people wait."""
        quotas = self._shell.store.quotas(self._shell.id, [records.QUOTA, records.WAITING])
        taken, capacity = quotas.get(records.QUOTA, (0, None))
        return taken, capacity, quotas.get(records.WAITING, (0, None))[0]

    def _by_address(self, address: object) -> Registration | None:
        if not isinstance(address, str) or parse_address(address) is None:
            return None
        key = email_key(address)
        found, _ = self._shell.store.find(self._shell.id, records.KIND, "address", key, limit=1)
        return records.read_record(found[0]) if found else None

    # -- load, decide, commit, announce

    def _decide(
        self,
        registration_id: str,
        decide: Callable[..., Decision | Refused | None],
        *,
        actor: Actor | None = None,
    ) -> Registered | Waitlisted | Refused:
        """Decide about what is there and commit; again, if it changed meanwhile. None = nothing is to be done."""
        full = False
        for _ in range(TRIES):
            plan = self._shell.in_force.version
            loaded = records.load_registration(self._shell, registration_id)
            if loaded is None:
                raise NotFound("registration", registration_id)
            context = self._shell.context()
            decision = decide(loaded[0], context, full=full)
            if isinstance(decision, Refused):
                return decision
            if decision is None:
                return standing(loaded[0])
            result = self._commit(decision, loaded[1], context, actor or self._actor, plan)
            if isinstance(result, Committed):
                return standing(decision.registration)
            full = _has_no_place(result)
        raise StoreBusy(self._shell.id, 0)

    def _commit(
        self, decision: Decision, version: int, context: Context, actor: Actor, plan: int
    ) -> Committed | Conflict:
        change_set = self._change(decision, version, context, actor, plan)
        result = self._shell.commit(change_set)
        if isinstance(result, Committed):
            self._tell(decision, change_set, context)
        return result

    def _change(
        self, decision: Decision, version: int, context: Context, actor: Actor, plan: int
    ) -> ChangeSet:
        registration = decision.registration
        about = {"reason": decision.reason} if decision.reason else {}
        entry = self._shell.entry(
            context,
            actor,
            decision.action,
            registration.id,
            {"state": registration.state},
            person=registration.id,
            about=about,
        )
        ops = records.operations(decision, version, self._correspondence, context)
        return self._shell.change(entry, ops, plan=plan)

    def _tell(self, decision: Decision, change_set: ChangeSet, context: Context) -> None:
        entry = change_set.entry.id
        self._shell.announce(records.announcements(decision, self._shell.id, entry, context))


def _has_no_place(result: Conflict) -> bool:
    """Whether the quota was the only obstacle: a registration that changed may hold a place by now."""
    kinds = {type(each) for each in result.reasons}
    return Full in kinds and Stale not in kinds


def _is_due(registration: Registration, now: datetime) -> bool:
    return registration.verify_until is not None and registration.verify_until <= now
