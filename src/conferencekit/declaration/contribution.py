"""A contribution: what one person gives to the call for input, and the states that it goes through.

The rules are pure. Each takes what is there (None = nothing yet) and what the person sends, and returns the
contribution as it becomes, or `NotAccepted` with the issues that the person has to hear. A state that forbids the
action raises `TransitionNotAllowed`; `not_allowed` says the same as an `Issue`, for callers that answer a person.

Time: the instant of every action is `context.now`. At or after the person's cutoff nothing is accepted, also where the
draft was begun before. Only what takes away stays possible: withdrawing, and narrowing a consent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, Literal

from attrs import evolve, frozen

from ..conference import Call
from ..context import Context
from ..deadline import Deadline
from ..errors import TransitionNotAllowed
from ..form.cleaning import clean_line
from ..form.issues import FORM, Issue
from ..ledger import digest
from .content import (
    CONSENT_LEVELS,
    MATERIALS,
    ConsentLevel,
    ContributionData,
    Draft,
    Issues,
    Material,
    NotAccepted,
    Revision,
    bad_consents,
    incomplete,
    read_content,
    revision_content,
    too_much,
)

State = Literal["draft", "submitted", "withdrawn"]
Action = Literal["save_draft", "submit", "withdraw", "remove_material", "change_consent"]

TRANSITIONS: Final[Mapping[tuple[State | Literal["new"], Action], State]] = {
    ("new", "save_draft"): "draft",
    ("new", "submit"): "submitted",
    ("draft", "save_draft"): "draft",
    ("draft", "submit"): "submitted",
    ("draft", "withdraw"): "withdrawn",
    ("draft", "remove_material"): "draft",
    ("draft", "change_consent"): "draft",
    # the draft of the next revision; what was submitted stays in force
    (
        "submitted",
        "save_draft",
    ): "submitted",
    ("submitted", "submit"): "submitted",
    ("submitted", "withdraw"): "withdrawn",
    ("submitted", "remove_material"): "submitted",
    ("submitted", "change_consent"): "submitted",
    ("withdrawn", "withdraw"): "withdrawn",  # a second click on "withdraw" finds what it wants
}
"""(state, action) -> the state that it leads to. What is not listed is not allowed."""


@frozen(kw_only=True)
class Contribution:
    """A person's answers to the topics of the call.

    `number` is given at the first submission and never again to another one; a draft has none. `registration` is the id
    of the person's registration; `name`, `organisation` and `country` (ISO 3166-1 alpha-2) are as given at the last
    submission. `quote` and `publish` are the consents in force: to be quoted in the declaration, to be published
    among the good practices. After withdrawal a tombstone stays, with the digests and without any text or name.
    """

    id: str
    registration: str
    state: State
    number: int | None = None
    name: str = ""
    organisation: str = ""
    country: str = ""
    language: str = ""
    draft: Draft | None = None
    revisions: tuple[Revision, ...] = ()
    quote: ConsentLevel = "no"
    publish: ConsentLevel = "no"
    withdrawn_at: datetime | None = None

    @property
    def latest(self) -> Revision | None:
        """The revision that counts, or None: nothing was submitted, or it was withdrawn."""
        return self.revisions[-1] if self.state == "submitted" and self.revisions else None

    @property
    def editing(self) -> Draft:
        """What the person goes on writing from: the draft, or else what was submitted last."""
        if self.draft is not None:
            return self.draft
        if self.latest is None:
            return Draft()
        return Draft(
            answers=self.latest.answers,
            materials=self.latest.materials,
            language=self.latest.language,
            quote=self.quote,
            publish=self.publish,
        )


@frozen(kw_only=True)
class Consents:
    """The consents that a person wants from now on."""

    quote: ConsentLevel
    publish: ConsentLevel


@frozen
class LateEntry:
    """An organiser's exception to the deadline. What is entered by it is marked late; the reason belongs in the log."""

    reason: str


# -- the rules


def save_draft(
    contribution: Contribution | None,
    data: ContributionData,
    *,
    call: Call,
    deadline: Deadline | None,
    context: Context,
    person: str,
) -> Contribution | NotAccepted:
    """Keep unfinished answers. What was submitted before stays in force.

    Raises:
        TransitionNotAllowed: the contribution was withdrawn.
    """
    state = _next_state(contribution, "save_draft")
    draft, issues = read_content(data, _held(contribution), call)
    issues = (
        *_stranger(contribution, person),
        *_untimely(deadline, context, person, draft.language),
        *issues,
    )
    if issues:
        return NotAccepted(issues)
    return evolve(_existing(contribution, person, context), state=state, draft=draft)


def submit(
    contribution: Contribution | None,
    data: ContributionData,
    *,
    call: Call,
    deadline: Deadline | None,
    context: Context,
    person: str,
    number: int,
    late_entry: LateEntry | None = None,
) -> Contribution | NotAccepted:
    """Submit, or revise what was submitted. The same content again is no new revision.

    Args:
        contribution: What is there, or None.
        data: What the person sends, whole.
        call: The topics and limits.
        deadline: The call's deadline, None = open for ever.
        context: Its `now` is when the whole submission, uploads included, had arrived.
        person: The id of the registration, for a cutoff of their own.
        number: The next free number of the conference. It is taken only at the first submission (`.number` tells).
        late_entry: An organiser enters it after the cutoff.

    Raises:
        TransitionNotAllowed: the contribution was withdrawn.
    """
    state = _next_state(contribution, "submit")
    draft, issues = read_content(data, _held(contribution), call)
    untimely = () if late_entry else _untimely(deadline, context, person, draft.language)
    before = _existing(contribution, person, context)
    kept = too_much(before.revisions, draft)
    issues = (*_stranger(contribution, person), *untimely, *issues, *incomplete(draft, data, issues), *kept)
    if issues:
        return NotAccepted(issues)
    after = evolve(
        before,
        state=state,
        number=before.number or number,
        name=clean_line(data.name),
        organisation=clean_line(data.organisation),
        country=data.country,
        language=draft.language,
        draft=None,
        quote=draft.quote,
        publish=draft.publish,
    )
    late = bool(deadline and deadline.state(context.now, person) in ("late", "closed"))
    return _revised(after, draft, context.now, late=late)


def withdraw(contribution: Contribution, *, context: Context, person: str) -> Contribution | NotAccepted:
    """Take the contribution back, at any time. What stays is a tombstone: number, instants, digests.

    Doing it twice changes nothing more. What was published from it before is the host's to take down.
    """
    state = _next_state(contribution, "withdraw")
    if issues := _stranger(contribution, person):
        return NotAccepted(issues)
    if contribution.state == "withdrawn":
        return contribution
    return Contribution(
        id=contribution.id,
        registration=contribution.registration,
        state=state,
        number=contribution.number,
        revisions=tuple(
            evolve(each, answers={}, materials=(), language="") for each in contribution.revisions
        ),
        withdrawn_at=_not_before(contribution, context.now),
    )


def remove_material(
    contribution: Contribution,
    material_id: str,
    *,
    deadline: Deadline | None,
    context: Context,
    person: str,
) -> Contribution | NotAccepted:
    """Take a material (its digest or link) out of the draft; what was submitted changes with the next submission.

    Raises:
        TransitionNotAllowed: the contribution was withdrawn.
    """
    state = _next_state(contribution, "remove_material")
    draft = contribution.editing
    kept = tuple(each for each in draft.materials if each.id != material_id)
    issues = (*_stranger(contribution, person), *_untimely(deadline, context, person, draft.language))
    if len(kept) == len(draft.materials):
        params = {"material": clean_line(material_id[:400])[:200]}
        issues = (*issues, Issue(MATERIALS, "no_such_material", params))
    if issues:
        return NotAccepted(issues)
    return evolve(contribution, state=state, draft=evolve(draft, materials=kept))


def change_consent(
    contribution: Contribution,
    wanted: Consents,
    *,
    deadline: Deadline | None,
    context: Context,
    person: str,
) -> Contribution | NotAccepted:
    """Put other consents in force, for what was submitted and for the draft. Narrower ones are accepted at any time.

    Raises:
        TransitionNotAllowed: the contribution was withdrawn.
    """
    state = _next_state(contribution, "change_consent")
    issues = (*_stranger(contribution, person), *bad_consents(wanted.quote, wanted.publish))
    if not issues and is_wider(wanted, contribution):
        issues = _untimely(deadline, context, person, contribution.language)
    if issues:
        return NotAccepted(issues)
    draft = contribution.draft and evolve(contribution.draft, quote=wanted.quote, publish=wanted.publish)
    return evolve(contribution, state=state, draft=draft, quote=wanted.quote, publish=wanted.publish)


def is_wider(wanted: Consents, contribution: Contribution) -> bool:
    """Whether it agrees to more than is in force; so does a level that there is not."""
    rank = {level: number for number, level in enumerate(CONSENT_LEVELS)}
    pairs = ((wanted.quote, contribution.quote), (wanted.publish, contribution.publish))
    return any(rank.get(want, len(rank)) > rank[held] for want, held in pairs)


# -- what others may see


def live(contributions: Iterable[Contribution]) -> tuple[Contribution, ...]:
    """Those that were submitted and not withdrawn, by number. Lists, counts, exports and texts use only these.

    A draft of a next revision is taken off, so that nothing can show it.
    """
    submitted = (each for each in contributions if each.latest is not None and each.number is not None)
    return tuple(
        each if each.draft is None else evolve(each, draft=None)
        for each in sorted(submitted, key=lambda each: (each.number or 0, each.id))
    )


def files_taken(before: Contribution | None, after: Contribution) -> frozenset[str]:
    """The digests of files that `after` refers to and `before` did not."""
    return _files(after) - (_files(before) if before else frozenset())


def files_released(before: Contribution, after: Contribution) -> frozenset[str]:
    """The digests of files that `after` no longer refers to. Others may: delete a blob only if nobody does."""
    return _files(before) - _files(after)


def _files(contribution: Contribution) -> frozenset[str]:
    drafted = contribution.draft.materials if contribution.draft else ()
    submitted = (material for revision in contribution.revisions for material in revision.materials)
    return frozenset(each.sha256 for each in (*drafted, *submitted) if each.sha256)


# -- states


def allowed_actions(contribution: Contribution | None) -> tuple[Action, ...]:
    """The actions that the contribution's state allows, sorted."""
    state = contribution.state if contribution else "new"
    return tuple(sorted(action for before, action in TRANSITIONS if before == state))


def not_allowed(contribution: Contribution | None, action: Action) -> Issue | None:
    """The issue of an action that the state forbids, or None where it is allowed."""
    allowed = allowed_actions(contribution)
    if action in allowed:
        return None
    state = contribution.state if contribution else "new"
    return Issue(FORM, "not_allowed", {"state": state, "action": action, "allowed": list(allowed)})


def _next_state(contribution: Contribution | None, action: Action) -> State:
    state = contribution.state if contribution else "new"
    if (state, action) not in TRANSITIONS:
        subject = f"contribution {contribution.id}" if contribution else "a contribution"
        raise TransitionNotAllowed(subject, state, action, allowed_actions(contribution))
    return TRANSITIONS[state, action]


def _existing(contribution: Contribution | None, person: str, context: Context) -> Contribution:
    if contribution is not None:
        return contribution
    return Contribution(id=context.new_id("c"), registration=person, state="draft")


def _held(contribution: Contribution | None) -> tuple[Material, ...]:
    return contribution.editing.materials if contribution else ()


# -- conditions, each with the issues that it finds


def _stranger(contribution: Contribution | None, person: str) -> Issues:
    if contribution is None or contribution.registration == person:
        return ()
    return (Issue(FORM, "not_yours", {}),)


def _untimely(deadline: Deadline | None, context: Context, person: str, language: str) -> Issues:
    if deadline is None or deadline.accepts(context.now, person):
        return ()
    early = deadline.state(context.now, person) == "upcoming"
    text = deadline.text(language or None, person=person, opening=early)
    return (Issue(FORM, "not_open_yet" if early else "closed", {"deadline": text}),)


def _revised(contribution: Contribution, draft: Draft, now: datetime, *, late: bool) -> Contribution:
    content = digest(revision_content(draft))
    if contribution.revisions and contribution.revisions[-1].digest == content:
        return contribution
    revision = Revision(
        n=len(contribution.revisions) + 1,
        answers=draft.answers,
        at=_not_before(contribution, now),
        digest=content,
        language=draft.language,
        materials=draft.materials,
        late=late,
    )
    return evolve(contribution, revisions=(*contribution.revisions, revision))


def _not_before(contribution: Contribution, now: datetime) -> datetime:
    """A clock that was set back does not put a later event before an earlier one."""
    return max([now, *(each.at for each in contribution.revisions)])
