"""What follows from registering, verifying, approving, cancelling: pure decisions.

Each rule takes what is there and a command, and returns a `Decision` (plain data for the shell to commit) or the
`Issue`s that a person has to hear. None reads a clock, a store or a secret: `Context` brings the time and fresh ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Literal

from attrs import evolve, field, frozen

from ..conference import RegistrationPlan
from ..context import Context
from ..deadline import Deadline, DeadlineState
from ..form.issues import Issue
from .registration import Action, Registration, State, check_transition

VERIFY_WITHIN: Final = timedelta(hours=48)
"""How long a link that verifies an address works, and how long its place is held."""

CalendarMethod = Literal["REQUEST", "CANCEL"]


@frozen(kw_only=True)
class Owed:
    """A mail that follows from a decision: which template, with which links, and whether calendar events go along."""

    template: str
    links: tuple[str, ...] = ()
    calendar: CalendarMethod | None = None


@frozen(kw_only=True)
class Decision:
    """What is to be committed: the registration as it becomes, the action for the log, and the mails that are owed.

    `first_in_line`: only if nobody waits. `over`: an organiser exceeds the quota, for this `reason`.
    """

    action: Action
    registration: Registration
    owed: tuple[Owed, ...] = ()
    first_in_line: bool = False
    over: bool = False
    reason: str = ""


@frozen(kw_only=True)
class Override:
    """An organiser's exception to the rules; it stays in the log for ever."""

    reason: str
    late: bool = False
    over_capacity: bool = False


@frozen(kw_only=True)
class Register:
    """The command to register. `received_at` is when the complete form had arrived."""

    answers: Mapping[str, object]
    address: str
    name: str
    locale: str
    form: str
    received_at: datetime
    password: str | None = field(default=None, repr=False)
    trusted: bool = False
    override: Override | None = None


def _refuse_by_time(deadline: Deadline, state: DeadlineState, command: Register) -> Issue | None:
    """The issue of registering too early or too late, unless an organiser overrides it."""
    if state in ("open", "late") or (command.override and command.override.late):
        return None
    early = state == "upcoming"
    text = deadline.text(command.locale, opening=early)
    return Issue(path="", code="not_open_yet" if early else "closed", params={"deadline": text})


def register(
    command: Register,
    plan: RegistrationPlan,
    deadline: Deadline | None,
    context: Context,
    *,
    known: Registration | None = None,
    full: bool = False,
) -> Decision | Issue:
    """Decide a new registration, or a new one under an address that is `known`.

    Nobody has proven an address that is unverified: the newest form counts, links sent before are revoked, and since
    two people may have chosen a password, none does. Else who comes first could choose it for the owner.

    `full` = the quota has no place left, or somebody waits: the person joins the waiting list.
    """
    time = deadline.state(command.received_at) if deadline else "open"
    if deadline and (issue := _refuse_by_time(deadline, time, command)):
        return issue
    state = _state_after_form(command, plan, full=full)
    if known is not None:
        check_transition(known, "register", state)
    is_late = time in ("late", "closed")
    waits = full and state == "unverified"
    registration = _fill(known, command, state, context, is_late=is_late, waits=waits)
    if known is not None and known.state == "unverified":
        registration = evolve(registration, password=None)
    over = bool(command.override and command.override.over_capacity)
    held = known.places if known else 0
    return Decision(
        action="register",
        registration=registration,
        owed=_owed_on_entering(state),
        first_in_line=registration.places > held and not over,
        over=over,
        reason=command.override.reason if command.override else "",
    )


def _state_after_form(command: Register, plan: RegistrationPlan, *, full: bool) -> State:
    if full:
        return "waitlisted" if command.trusted or plan.address == "trusted" else "unverified"
    if plan.address == "verify" and not command.trusted:
        return "unverified"
    return _state_after_verification(plan, trusted=command.trusted)


def _state_after_verification(plan: RegistrationPlan, *, trusted: bool = False) -> State:
    return "pending" if plan.approval == "organiser" and not trusted else "confirmed"


def _fill(
    known: Registration | None,
    command: Register,
    state: State,
    context: Context,
    *,
    is_late: bool,
    waits: bool,
) -> Registration:
    registration_id = known.id if known else context.new_id("r")
    return Registration(
        id=registration_id,
        reference=reference_of(registration_id),
        state=state,
        address=command.address,
        name=command.name,
        locale=command.locale,
        answers=command.answers,
        form=command.form,
        received_at=command.received_at,
        confirmed_at=context.now if state == "confirmed" else None,
        verify_until=context.now + VERIFY_WITHIN if state == "unverified" else None,
        late=is_late,
        waiting=waits,
        password=command.password,
        approved=command.trusted,
        sequence_offset=known.sequence_offset + 1 if known else 0,
        generations={each: known.generations.get(each, 0) + 1 for each in _PERSONAL} if known else {},
    )


_PERSONAL: Final = ("verify", "contribute", "manage")
"""The links that prove a person: those of an earlier registration do not open a later one."""


def reference_of(registration_id: str) -> str:
    """What people are told: `r-6f0c2m9t4k1zq8w3` -> `6F0C-2M9T`."""
    code = registration_id.rpartition("-")[2].upper()
    return f"{code[:4]}-{code[4:8]}"


def _owed_on_entering(state: State) -> tuple[Owed, ...]:
    return _OWED.get(state, ())


_OWED: Final[Mapping[State, tuple[Owed, ...]]] = {
    "unverified": (Owed(template="registration_verify", links=("verify",)),),
    "pending": (Owed(template="registration_received", links=("manage",)),),
    "confirmed": (
        Owed(
            template="registration_confirmed", links=("contribute", "manage", "sign_in"), calendar="REQUEST"
        ),
    ),
    "waitlisted": (Owed(template="registration_waitlisted", links=("manage",)),),
    "declined": (Owed(template="registration_declined"),),
}


def remind_known(known: Registration) -> tuple[Owed, ...]:
    """The mail to the owner of an address that was entered again: it says what they hold, and how to get in."""
    if known.state == "unverified":
        return _OWED["unverified"]
    if known.state == "declined":
        return ()
    return (Owed(template="registration_known", links=("contribute", "manage", "sign_in")),)


def verify(
    registration: Registration, plan: RegistrationPlan, context: Context, *, full: bool = False
) -> Decision:
    """The address is proven. The place that was held becomes theirs, or the organiser decides.

    Somebody for whom there was no place (`waiting`) gets one if there is one by now, else (`full`) waits in line.
    """
    state: State = "waitlisted" if full else _state_after_verification(plan)
    check_transition(registration, "verify", state)
    changed = evolve(
        registration,
        state=state,
        verified_at=context.now,
        verify_until=None,
        waiting=False,
        confirmed_at=context.now if state == "confirmed" else None,
        stands_since=None,
    )
    return Decision(
        action="verify",
        registration=changed,
        owed=_owed_on_entering(state),
        first_in_line=changed.places > registration.places,
    )


def move(
    registration: Registration,
    action: Action,
    target: State,
    context: Context,
    *,
    reason: str = "",
    over: bool = False,
) -> Decision:
    """Approve, decline, promote, cancel or expire. Raises `TransitionNotAllowed` where no row leads there."""
    check_transition(registration, action, target)
    changed = evolve(
        registration,
        state=target,
        verify_until=None,
        confirmed_at=context.now if target == "confirmed" else registration.confirmed_at,
        stands_since=None,
    )
    owed = _owed_on_entering(target)
    if action == "approve":
        changed = evolve(changed, approved=True)
    if target == "cancelled":
        changed = evolve(changed, sequence_offset=registration.sequence_offset + 1)
        owed = _owed_on_cancelling(registration)
    if action == "promote" and target == "confirmed":
        owed = (evolve(_OWED["confirmed"][0], template="registration_offered"),)
    return Decision(action=action, registration=changed, owed=owed, over=over, reason=reason)


def promote(registration: Registration, plan: RegistrationPlan, context: Context) -> Decision:
    """A place is free for the first in line: it is theirs, or held for them until the organiser decides."""
    approved = plan.approval == "none" or registration.approved
    return move(registration, "promote", "confirmed" if approved else "pending", context)


def _owed_on_cancelling(registration: Registration) -> tuple[Owed, ...]:
    if registration.state == "unverified":
        return ()  # nobody has proven that the address is theirs: it gets no more mail
    calendar: CalendarMethod | None = "CANCEL" if registration.state == "confirmed" else None
    return (Owed(template="registration_cancelled", calendar=calendar),)
