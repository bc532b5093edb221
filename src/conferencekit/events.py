"""What happened, told to plugins after the commit: one frozen object per event, so that fields can be added.

Events are notifications and may be lost in a crash. What must not be lost reads `secretariat.events(after=...)`.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from attrs import frozen

from .moment import Moment


@frozen(kw_only=True)
class Event:
    """What every event says. `subject` is the id of the thing that it is about, `entry` that of the log's entry.

    `at` is the instant of the use case in UTC.
    """

    conference: str
    subject: str
    at: datetime
    entry: str


@frozen(kw_only=True)
class ConferenceRevised(Event):
    """A changed document was put in force. The subject is the conference, `revision` the digest of its document."""

    revision: str


@frozen(kw_only=True)
class RegistrationReceived(Event):
    """A registration was taken; the address still has to be verified, or an organiser decides."""

    reference: str


@frozen(kw_only=True)
class AddressVerified(Event):
    """The owner of the address followed the link and pressed the button."""

    reference: str


@frozen(kw_only=True)
class RegistrationConfirmed(Event):
    """The place is theirs."""

    reference: str


@frozen(kw_only=True)
class RegistrationWaitlisted(Event):
    """There was no place left; the registration waits for one."""

    reference: str


@frozen(kw_only=True)
class RegistrationDeclined(Event):
    """An organiser declined the registration."""

    reference: str


@frozen(kw_only=True)
class RegistrationCancelled(Event):
    """The registration was cancelled, by the person or by an organiser."""

    reference: str


@frozen(kw_only=True)
class AttendanceChanged(Event):
    """Somebody's calendar answered an invite. The subject is the registration.

    `session` is the event's id (`event/date` for a date of a series), `answer` a PARTSTAT such as `ACCEPTED`.
    `is_current`: it answers what they were told last; else it is kept, and accepts nothing new.
    """

    session: str
    answer: str
    is_current: bool


@frozen(kw_only=True)
class SessionMoved(Event):
    """A session got other times, another place or link, or takes place after all; new invites are on their way.

    The subject is the id of the event that people were invited to: a session, a day or the whole conference.
    """

    starts: Moment
    ends: Moment


@frozen(kw_only=True)
class SessionCancelled(Event):
    """A session will not take place; cancellations are on their way. The subject is as in `SessionMoved`."""


@frozen(kw_only=True)
class ContributionSubmitted(Event):
    """A contribution was submitted for the first time. `registration` is whose it is."""

    registration: str
    revision: int


@frozen(kw_only=True)
class ContributionRevised(Event):
    """A submitted contribution was replaced by a later revision."""

    registration: str
    revision: int


@frozen(kw_only=True)
class ContributionWithdrawn(Event):
    """A contribution was taken back; it no longer counts anywhere."""

    registration: str


@frozen(kw_only=True)
class DeclarationCompiled(Event):
    """The declaration was compiled from its clauses. `digest` is the SHA-256 of its Markdown."""

    digest: str
    clauses: int


@frozen(kw_only=True)
class GoodPracticesPublished(Event):
    """The page of good practices was published, with this many practices."""

    practices: int


@frozen(kw_only=True)
class LedgerSealed(Event):
    """The log was sealed. `root` and `chain` are what to publish."""

    number: int
    size: int
    root: str
    chain: str


EVENTS: Final[tuple[type[Event], ...]] = (
    AddressVerified,
    AttendanceChanged,
    ConferenceRevised,
    ContributionRevised,
    ContributionSubmitted,
    ContributionWithdrawn,
    DeclarationCompiled,
    GoodPracticesPublished,
    LedgerSealed,
    RegistrationCancelled,
    RegistrationConfirmed,
    RegistrationDeclined,
    RegistrationReceived,
    RegistrationWaitlisted,
    SessionCancelled,
    SessionMoved,
)
"""Every kind of event, by name."""


def hook_name(event: type[Event]) -> str:
    """The hook that is told: `RegistrationConfirmed` -> `conferencekit_registration_confirmed`."""
    return "conferencekit" + re.sub("([A-Z])", lambda found: f"_{found[0].lower()}", event.__name__)
