"""Registrations as records: reading and writing them, a decision as operations, and what to announce of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import evolve

from ..context import Context
from ..events import (
    AddressVerified,
    Event,
    RegistrationCancelled,
    RegistrationConfirmed,
    RegistrationDeclined,
    RegistrationReceived,
    RegistrationWaitlisted,
)
from ..form.address import email_key
from ..ports import SEQ, AtMost, Index, Op, Put, Record
from ..registration.registration import Registration, State
from ..registration.rules import Decision
from ..wire import Layout
from .correspondence import Correspondence
from .shell import Shell

KIND: Final = "registration"
QUOTA: Final = "registration"
WAITING: Final = "registration:waiting"
LAYOUT: Final = Layout(Registration, schema=2, upgrades={1: lambda body: {**body, "stands_since": None}})

_LONGEST_ID: Final = 300

_Decided = (
    type[AddressVerified]
    | type[RegistrationReceived]
    | type[RegistrationConfirmed]
    | type[RegistrationWaitlisted]
    | type[RegistrationDeclined]
    | type[RegistrationCancelled]
)
_DECIDED: Final[Mapping[State, _Decided]] = {
    "unverified": RegistrationReceived,
    "pending": RegistrationReceived,
    "confirmed": RegistrationConfirmed,
    "waitlisted": RegistrationWaitlisted,
    "declined": RegistrationDeclined,
    "cancelled": RegistrationCancelled,
}


def read_record(record: Record) -> Registration:
    """The registration that a record holds."""
    return LAYOUT.from_body(record.body)


def load_registration(shell: Shell, registration_id: str) -> tuple[Registration, int] | None:
    """A registration and its version. What cannot be a key at all, such as a text from outside, is not there."""
    is_id = 0 < len(registration_id) <= _LONGEST_ID and registration_id.isprintable()
    record = shell.get(KIND, registration_id) if is_id else None
    return (read_record(record), record.version) if record else None


def put_registration(registration: Registration, version: int, *, over: bool = False) -> Put:
    """Write a registration with what it takes and where it is found: by state, address, place in line, expiry."""
    return Put(
        kind=KIND,
        id=registration.id,
        body=LAYOUT.to_body(registration),
        expect=version,
        indexes=_indexes(registration),
        uniques={"address": email_key(registration.address)},
        takes=_takes(registration),
        over=over,
    )


def stands_since(record: Record, registration: Registration) -> int:
    """The number of the commit that brought a registration into its state: by it people stand in line."""
    return record.seq if registration.stands_since is None else registration.stands_since


def rewrite_registration(record: Record, registration: Registration) -> Put:
    """Write a registration whose state stays: whoever waits keeps the place in line."""
    since = stands_since(record, registration)
    return put_registration(evolve(registration, stands_since=since), record.version)


def operations(
    decision: Decision, version: int, correspondence: Correspondence, context: Context
) -> tuple[Op, ...]:
    """All operations that follow from a decision: the record, the condition on the line, the mails that are owed."""
    registration = decision.registration
    put = put_registration(registration, version, over=decision.over)
    line = (AtMost(quota=WAITING, taken=0),) if decision.first_in_line else ()
    mails = correspondence.owed(registration, decision.owed, context, about=f"{version + 1}")
    return (put, *line, *mails)


def announcements(decision: Decision, conference: str, entry: str, context: Context) -> tuple[Event, ...]:
    """The events of a decision, to be told after its commit."""
    registration = decision.registration
    verified = (AddressVerified,) if decision.action == "verify" else ()
    decided = _DECIDED.get(registration.state)
    return tuple(
        kind(
            conference=conference,
            subject=registration.id,
            at=context.now,
            entry=entry,
            reference=registration.reference,
        )
        for kind in (*verified, decided)
        if kind
    )


def _indexes(registration: Registration) -> Mapping[str, Index]:
    arrival = int(registration.received_at.timestamp() * 1000)
    indexes = {"state": Index(registration.state, arrival)}
    if registration.state == "waitlisted":
        since = registration.stands_since
        indexes["waiting"] = Index(QUOTA, SEQ if since is None else since)
    if registration.verify_until is not None:
        indexes["expiry"] = Index("unverified", int(registration.verify_until.timestamp()))
    return indexes


def _takes(registration: Registration) -> Mapping[str, int]:
    if registration.state == "waitlisted":
        return {WAITING: 1}
    return {QUOTA: registration.places} if registration.places else {}
