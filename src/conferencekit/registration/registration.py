"""A registration: one per address, and the states that it goes through."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal, get_args

from attrs import field, frozen

from ..errors import TransitionNotAllowed

State = Literal["confirmed", "waitlisted", "pending", "unverified", "declined", "cancelled", "expired"]
STATES: Final[tuple[State, ...]] = get_args(State)
"""All states, in the order of lists."""
Action = Literal["register", "verify", "approve", "decline", "promote", "cancel", "expire"]

TRANSITIONS: Final[Mapping[tuple[State | Literal["new"], Action], tuple[State, ...]]] = {
    ("new", "register"): ("unverified", "pending", "confirmed", "waitlisted"),
    # an organiser's no is final for the form; an organiser may approve after all
    (
        "declined",
        "register",
    ): (),
    ("cancelled", "register"): ("unverified", "pending", "confirmed", "waitlisted"),
    ("expired", "register"): ("unverified", "pending", "confirmed", "waitlisted"),
    ("unverified", "register"): ("unverified", "pending", "confirmed", "waitlisted"),
    ("unverified", "verify"): ("pending", "confirmed", "waitlisted"),
    ("unverified", "expire"): ("expired",),
    ("unverified", "cancel"): ("cancelled",),
    ("pending", "approve"): ("confirmed", "waitlisted"),
    ("pending", "decline"): ("declined",),
    ("pending", "cancel"): ("cancelled",),
    ("declined", "approve"): ("confirmed", "waitlisted"),
    ("waitlisted", "promote"): ("confirmed", "pending"),
    ("waitlisted", "decline"): ("declined",),
    ("waitlisted", "cancel"): ("cancelled",),
    ("confirmed", "cancel"): ("cancelled",),
}
"""(state, action) -> the states that it may lead to. What is not listed is not allowed."""

HOLDING: Final[frozenset[State]] = frozenset({"unverified", "pending", "confirmed"})
"""States in which a place is held. An unverified one holds it until its link expires."""

LIVE: Final[frozenset[State]] = HOLDING | {"waitlisted"}


@frozen(kw_only=True)
class Registration:
    """What one person registered.

    `answers` are what the form read, without the password. `form` is the digest of the document revision that was
    answered. All instants are UTC. `sequence_offset` is added to the SEQUENCE of this person's calendar events, so that
    an invite after a personal cancellation is newer than it. `waiting`: there was no place when the form came, and the
    address still has to be verified. `approved`: an organiser said yes, or entered it. `generations` counts how often
    a kind of link was revoked. `stands_since`: the number of the commit that brought the state, where the record was
    written again since then; it keeps the place in line.
    """

    id: str
    reference: str
    state: State
    address: str
    name: str
    locale: str
    answers: Mapping[str, object]
    form: str
    received_at: datetime
    confirmed_at: datetime | None = None
    verify_until: datetime | None = None
    verified_at: datetime | None = None
    late: bool = False
    waiting: bool = False
    approved: bool = False
    password: str | None = field(default=None, repr=False)
    sequence_offset: int = 0
    generations: Mapping[str, int] = field(factory=dict)
    stands_since: int | None = None

    @property
    def is_live(self) -> bool:
        """Whether the person registered and is neither declined, cancelled nor expired."""
        return self.state in LIVE

    @property
    def places(self) -> int:
        """How many places of the quota it holds."""
        return 1 if self.state in HOLDING and not self.waiting else 0


def allowed_actions(state: State) -> tuple[Action, ...]:
    """The actions that a registration in this state allows, sorted."""
    return tuple(
        sorted(action for (before, action), after in TRANSITIONS.items() if before == state and after)
    )


def check_transition(registration: Registration, action: Action, target: State) -> None:
    """Raise `TransitionNotAllowed` unless the table leads from the registration's state to the target by the action."""
    if target not in TRANSITIONS.get((registration.state, action), ()):
        raise TransitionNotAllowed(
            f"registration {registration.reference}",
            registration.state,
            action,
            allowed_actions(registration.state),
        )
