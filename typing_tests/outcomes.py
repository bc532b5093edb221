"""Never run, only checked by mypy --strict: every outcome is a named union, and a `match` over it is exhaustive."""

from __future__ import annotations

from typing import assert_never, assert_type

from conferencekit import AlreadyRegistered, Received, Refused, Registered, Secretariat, Waitlisted
from conferencekit.form.issues import Issue
from conferencekit.ports import Committed, Conflict, Deferred, Delivery, Outcome, Rejected, Sent
from conferencekit.registration.outcomes import PublicOutcome, TrustedOutcome


def answer(outcome: PublicOutcome) -> str:
    match outcome:
        case Received(reference):
            assert_type(reference, str)
            return reference
        case Refused(issues):
            assert_type(issues, tuple[Issue, ...])
            return ", ".join(each.code for each in issues)
        case _:
            assert_never(outcome)


def row(outcome: TrustedOutcome) -> str:
    match outcome:
        case Registered(registration) | Waitlisted(registration) | AlreadyRegistered(registration):
            return registration.reference
        case Refused(issues):
            return issues[0].path
        case _:
            assert_never(outcome)


def is_stored(outcome: Outcome) -> bool:
    match outcome:
        case Committed(_, replayed):
            return not replayed
        case Conflict(reasons):
            return not reasons
        case _:
            assert_never(outcome)


def word(delivery: Delivery) -> str:
    match delivery:
        case Sent(detail):
            return detail
        case Deferred(after, why):
            return f"{after} {why}"
        case Rejected(why):
            return why
        case _:
            assert_never(delivery)


def register(secretariat: Secretariat, posted: dict[str, str]) -> str:
    return answer(secretariat.register(posted, locale="fr"))
