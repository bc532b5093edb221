"""What comes of a registration: data to `match` on."""

from __future__ import annotations

from typing import Protocol

from attrs import field, frozen

from ..form.issues import FORM, Issue
from .registration import Registration


class ShowsItself(Protocol):
    """A page or form that templates can print."""

    def __html__(self) -> str: ...


@frozen
class Received:
    """The form was taken. The answer is the same for a new address and for one that is registered already.

    `reference` names this submission to people.
    """

    reference: str


@frozen
class Registered:
    """The place is theirs, or will be once the address is verified or the organiser has decided (see its state).

    `repeated`: the same submission had been entered before, and nothing was done now.
    """

    registration: Registration
    repeated: bool = field(default=False, kw_only=True)


@frozen
class Waitlisted:
    """There was no place left; the person is told as soon as there is one. `repeated`: as for `Registered`."""

    registration: Registration
    repeated: bool = field(default=False, kw_only=True)


@frozen
class AlreadyRegistered:
    """The address has a registration already; its owner gets a mail."""

    registration: Registration


@frozen
class Refused:
    """Not taken: `issues` says why, `form` shows the form again with the answers and the errors beside their fields."""

    issues: tuple[Issue, ...]
    form: ShowsItself | None = field(default=None, eq=False)


def refused(code: str, path: str = FORM, **params: object) -> Refused:
    """Refused for one reason: its code, the field that it concerns, and its values."""
    return Refused((Issue(path, code, params),))


def standing(registration: Registration, *, repeated: bool = False) -> Registered | Waitlisted:
    """What somebody who registered has, by how it stands: a place, or one in line."""
    waits = registration.state == "waitlisted" or registration.waiting
    return (Waitlisted if waits else Registered)(registration, repeated=repeated)


PublicOutcome = Received | Refused
TrustedOutcome = Registered | Waitlisted | AlreadyRegistered | Refused
