"""The conference as it is planned: what the invitation says, as data.

These classes hold no rules. The document (TOML or JSON) that they come from is read and checked by
`conferencekit.document`; what happened is in the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Final, Literal, get_args

from attrs import field, frozen

from .deadline import Deadline
from .form.fields import Form
from .form.standard import standard_form
from .moment import Moment
from .programme.session import Session
from .text import LocalizedText

HostRole = Literal["host", "co-host", "partner", "sponsor"]
VenueKind = Literal["physical", "virtual", "hybrid"]
AddressRule = Literal["trusted", "verify"]
ApprovalRule = Literal["none", "organiser"]
InviteRule = Literal["each session", "one a day", "whole conference"]
DeclineRule = Literal["note", "ask", "cancel"]
MaterialKind = Literal["toolkit", "report", "slides", "photo", "video", "link", "other"]

PLACEHOLDER: Final = "{token}"
"""What stands in an organizer's address for a token of each person."""
TOKEN_LENGTH: Final = 26
"""Letters of that token: 130 bits in base 32."""
CANCELLED_FOR: Final = timedelta(days=30)
"""How long after its end a cancelled session stays in feeds, where the document does not say."""

FREE = LocalizedText(
    {"en": "free", "fr": "gratuit", "es": "gratis", "ru": "бесплатно", "zh": "免费", "ar": "مجانية"}
)


@frozen(kw_only=True)
class Organization:
    """A body that hosts or supports the conference."""

    id: str
    name: LocalizedText
    role: HostRole = "host"
    url: str | None = None


@frozen(kw_only=True)
class Person:
    """Somebody named in the invitation. `capacity` is in what function they sign ("President, Tsinghua University")."""

    name: LocalizedText
    capacity: LocalizedText | None = None
    organization: str | None = None
    email: str | None = None


@frozen(kw_only=True)
class Venue:
    """Where it takes place. `join` is the link to a virtual venue, shown to registered people only."""

    kind: VenueKind
    name: LocalizedText | None = None
    address: LocalizedText | None = None
    join: str | None = None


@frozen(kw_only=True)
class Topic:
    """A numbered question of the call. Numbers are 1, 2, 3, ... in the order of the document.

    `showcase`: its answers may become the page of good practices.
    """

    number: int
    title: LocalizedText
    question: LocalizedText
    context: LocalizedText | None = None
    showcase: bool = False


@frozen(kw_only=True)
class MaterialRules:
    """What may be added to a contribution: kinds, files per contribution, bytes per file (both inclusive)."""

    kinds: tuple[MaterialKind, ...] = get_args(MaterialKind)
    max_files: int = 10
    max_bytes: int = 200_000_000


def _in_order(topics: Iterable[Topic]) -> tuple[Topic, ...]:
    return tuple(topics)


@frozen(kw_only=True)
class Call:
    """The call for input: its topics, and what is compiled from the answers. Its deadline is `deadlines["input"]`.

    `outcome` names the text that is compiled ("Beijing Declaration on MOOC Development"). `sharing` is what the hosts
    promise to do with the good practices. `prefix` (1 to 8 letters A to Z) begins the names of contributions and
    answers: `G-017`, `G4-017`.
    """

    outcome: LocalizedText
    topics: tuple[Topic, ...] = field(converter=_in_order)
    introduction: LocalizedText | None = None
    sharing: LocalizedText | None = None
    materials: MaterialRules = MaterialRules()
    max_length: int = 20_000
    prefix: str = "C"


@frozen(kw_only=True)
class RegistrationPlan:
    """How people register. Its deadline is `deadlines["registration"]`. `quota` None = as many as come.

    `instructions` says what follows upon registration, `help` what to do when the confirmation did not arrive; both
    stand beside the form.
    """

    form: Form = field(factory=standard_form)
    address: AddressRule = "verify"
    approval: ApprovalRule = "none"
    quota: int | None = None
    instructions: LocalizedText | None = None
    help: LocalizedText | None = None


@frozen(kw_only=True)
class CalendarPlan:
    """Who invites, to what, and what becomes of replies.

    `organizer` is the ORGANIZER's address, which replies go to; with `{token}` in it each person replies to an address
    of their own. `invite` None: to each session where there is one, else to each day. `alarm`: invites ring so long
    before. `cancelled_for`: so long after its end a cancelled session stays in feeds.
    """

    organizer: str
    organizer_name: LocalizedText | None = None
    invite: InviteRule | None = None
    rsvp: bool = True
    on_decline: DeclineRule = "note"
    alarm: timedelta | None = None
    cancelled_for: timedelta = CANCELLED_FOR


@frozen(kw_only=True)
class LetterPlan:
    """The conference's own words for the frame of its invitation; what is None is said in the usual words."""

    heading: LocalizedText | None = None
    salutation: LocalizedText | None = None
    closing: LocalizedText | None = None


@frozen(kw_only=True)
class Source:
    """The page that a document was taken from: its WordPress shortcode as it was found, and the form that it names."""

    shortcode: str
    form_id: str | None = None
    url: str | None = None


def span_of(sessions: tuple[Session, ...]) -> tuple[Moment | None, Moment | None]:
    """When the first session begins and the last one ends; cancelled ones count only where all are."""
    held = [each for each in sessions if each.status != "cancelled"] or sessions
    return min((each.starts for each in held), default=None), max(
        (each.last_ends for each in held), default=None
    )


@frozen(kw_only=True)
class Conference:
    """A whole conference as planned.

    `id` is a slug, unique among the conferences of a store. `uid` is a UUID that never changes; the identities of
    calendar events are derived from it. `languages` are BCP 47, the first is the one to fall back to.
    `timezone` is an IANA name, `timezone_label` what people call it ("Beijing time"). `website` is the public page.

    A relative deadline follows the sessions given with it; without any it says nothing until it is `resolved`.

    Raises:
        InvalidDeadline: a relative deadline contradicts itself once the sessions are known.
    """

    id: str
    uid: str
    title: LocalizedText
    timezone: str
    timezone_label: LocalizedText | None = None
    languages: tuple[str, ...] = ("en",)
    theme: LocalizedText | None = None
    context: LocalizedText | None = None
    aims: tuple[LocalizedText, ...] = ()
    hosts: tuple[Organization, ...] = ()
    signatories: tuple[Person, ...] = ()
    concept_note: str | None = None
    website: str | None = None
    venue: Venue | None = None
    contact: str | None = None
    fee: LocalizedText = FREE
    sessions: tuple[Session, ...] = ()
    deadlines: Mapping[str, Deadline] = field(factory=dict)
    registration: RegistrationPlan = field(factory=RegistrationPlan)
    call: Call | None = None
    calendar: CalendarPlan | None = None
    letter: LetterPlan = LetterPlan()
    source: Source | None = None

    def __attrs_post_init__(self) -> None:
        starts, ends = span_of(self.sessions)
        if starts is not None:
            resolved = {
                name: each.resolved(starts=starts, ends=ends) for name, each in self.deadlines.items()
            }
            object.__setattr__(self, "deadlines", resolved)

    @property
    def starts(self) -> Moment | None:
        """When the first session begins; cancelled ones count only where all are."""
        return span_of(self.sessions)[0]

    @property
    def ends(self) -> Moment | None:
        """When the last session ends; cancelled ones count only where all are."""
        return span_of(self.sessions)[1]

    def session(self, session_id: str) -> Session | None:
        """The session with this id."""
        for each in self.sessions:
            if each.id == session_id:
                return each
        return None

    def join_of(self, session: Session) -> str | None:
        """The link to join a session: its own, or the venue's, unless it is elsewhere."""
        return session.join or (self.venue.join if self.venue and not session.place else None)

    def deadline(self, name: str) -> Deadline | None:
        """The deadline of this name, or None."""
        return self.deadlines.get(name)

    def deadline_text(
        self, name: str, locale: str | None = None, *, person: str | None = None, opening: bool = False
    ) -> str | None:
        """Until when, for people, as `Deadline.text`; None if there is no such deadline.

        `timezone_label` stands for the zone where the deadline is meant in the conference's own.
        """
        found = self.deadlines.get(name)
        if found is None:
            return None
        label = self.timezone_label if found.zone == self.timezone else None
        place = label.text(locale) if label else None
        return found.text(locale, person=person, place=place, opening=opening)
