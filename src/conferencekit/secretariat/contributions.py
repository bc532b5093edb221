"""Taking input: drafts, submissions, revisions and withdrawals, with the materials that come along.

Files are checked where they arrive, before a byte reaches the blob store; a file that no contribution refers to does
not stay. The instant that counts is taken once everything, uploads included, has arrived.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, cast

from attrs import evolve, frozen

from ..conference import Call, MaterialKind
from ..context import Context
from ..deadline import Deadline
from ..declaration.call_form import call_form, read_contribution
from ..declaration.content import MATERIALS, ContributionData, Material, NotAccepted
from ..declaration.contribution import (
    Consents,
    Contribution,
    LateEntry,
    change_consent,
    files_released,
    files_taken,
    is_wider,
    live,
    not_allowed,
    remove_material,
    save_draft,
    submit,
    withdraw,
)
from ..declaration.references import contribution_label
from ..errors import NotFound, StoreBusy
from ..events import ContributionRevised, ContributionSubmitted, ContributionWithdrawn, Event
from ..form.fields import Form
from ..form.issues import FORM, Issue
from ..form.reading import read
from ..moment import Moment
from ..ports import BlobStore, Check, Committed, Index, Op, Put
from ..registration.outcomes import Refused, refused
from ..registration.person import person_of
from ..registration.registration import Registration, State
from ..wire import Layout
from .correspondence import Correspondence
from .files import Files, index_of
from .intake import TRIES
from .records import KIND as PEOPLE
from .registrations import Registrations
from .shell import REGISTRANT, Actor, Shell
from .uploads import Upload, uploads_from

CONTRIBUTIONS: Final = Layout(Contribution)
_KIND: Final = "contribution"
MAY_CONTRIBUTE: Final[tuple[State, ...]] = ("confirmed", "waitlisted")
"""The states of a registration in which input is taken."""


@frozen
class Accepted:
    """The contribution is durable as it is here. `label` names it to people; empty while it is a draft."""

    contribution: Contribution
    label: str


ContributionOutcome = Accepted | Refused
Decide = Callable[[Contribution | None, Context, int], Contribution | NotAccepted]
TakesBack = Callable[[Contribution | None], bool]
"""Whether an action only takes back what was given: that needs no registration."""


class Contributions:
    """The service behind `secretariat.contributions`. People are named by the ids of their registrations."""

    def __init__(
        self,
        shell: Shell,
        correspondence: Correspondence,
        registrations: Registrations,
        blobs: Callable[[], BlobStore],
        actor: Actor = REGISTRANT,
    ) -> None:
        self._shell = shell
        self._correspondence = correspondence
        self._registrations = registrations
        self._files = Files(shell, blobs)
        self._actor = actor

    @property
    def call(self) -> Call:
        """The call for input. Raises `NotFound` for a conference without one."""
        call = self._shell.conference.call
        if call is None:
            raise NotFound("call for input", self._shell.id)
        return call

    @property
    def _deadline(self) -> Deadline | None:
        return self._shell.conference.deadline("input")

    def form(self) -> Form:
        """What the call asks, as a form."""
        return call_form(self.call, languages=self._shell.conference.languages)

    # -- what a person does

    def save_draft(self, person: str, posted: object, *, files: object = None) -> ContributionOutcome:
        """Keep what is written so far; nobody else sees it."""
        return self._send(person, posted, files, draft=True)

    def submit(self, person: str, posted: object, *, files: object = None) -> ContributionOutcome:
        """Submit, or revise what was submitted. `posted` is the call's form, `files` the uploads of the framework.

        At or after the person's cutoff it is refused, whenever it was begun.
        """
        return self._send(person, posted, files, draft=False)

    def _send(self, person: str, posted: object, files: object, *, draft: bool) -> ContributionOutcome:
        registration = self._registrations.get(person)
        if early := self._refuse_early(registration):
            return early
        uploads = uploads_from(files, MATERIALS)
        reading = read(self.form(), posted, files={MATERIALS: uploads}, draft=draft)
        if reading.issues:
            return Refused(reading.issues)
        stored = self._store(uploads)
        if isinstance(stored, Refused):
            return stored
        data = read_contribution(reading.answers, files=stored)
        outcome = self._save_data(person, data) if draft else self.submit_data(person, data)
        if isinstance(outcome, Refused):
            self._files.release(each.sha256 for each in stored)
        return outcome

    def submit_data(
        self, person: str, data: ContributionData, *, late_entry: LateEntry | None = None
    ) -> ContributionOutcome:
        """Submit what is read already. `late_entry` is for organisers: it enters the log with its reason.

        Who it comes from is taken from the registration, unless the data say it.
        """
        data = self._from(person, data)

        def decide(there: Contribution | None, context: Context, number: int) -> Contribution | NotAccepted:
            return submit(
                there,
                data,
                call=self.call,
                deadline=self._deadline,
                context=context,
                person=person,
                number=number,
                late_entry=late_entry,
            )

        return self._decide(person, "submit", decide, reason=late_entry.reason if late_entry else "")

    def _save_data(self, person: str, data: ContributionData) -> ContributionOutcome:
        def decide(there: Contribution | None, context: Context, _: int) -> Contribution | NotAccepted:
            return save_draft(
                there, data, call=self.call, deadline=self._deadline, context=context, person=person
            )

        return self._decide(person, "save_draft", decide)

    def withdraw(self, person: str) -> ContributionOutcome:
        """Take the contribution back, at any time; its texts and files go, its number and digests stay."""

        def decide(there: Contribution | None, context: Context, _: int) -> Contribution | NotAccepted:
            if there is None:
                return NotAccepted((Issue(FORM, "nothing_to_withdraw", {}),))
            return withdraw(there, context=context, person=person)

        return self._decide(person, "withdraw", decide, takes_back=lambda _: True)

    def remove_material(self, person: str, material_id: str) -> ContributionOutcome:
        """Take a file (its digest) or link out of the draft; what was submitted changes with the next submission."""

        def decide(there: Contribution | None, context: Context, _: int) -> Contribution | NotAccepted:
            if there is None:
                return NotAccepted((Issue(FORM, "not_found", {}),))
            return remove_material(
                there, material_id, deadline=self._deadline, context=context, person=person
            )

        return self._decide(person, "remove_material", decide)

    def change_consent(self, person: str, consents: Consents) -> ContributionOutcome:
        """Put other consents in force. Narrower ones count at any time, also after cancelling."""

        def decide(there: Contribution | None, context: Context, _: int) -> Contribution | NotAccepted:
            if there is None:
                return NotAccepted((Issue(FORM, "not_found", {}),))
            return change_consent(there, consents, deadline=self._deadline, context=context, person=person)

        def takes_back(there: Contribution | None) -> bool:
            return there is not None and not is_wider(consents, there)

        return self._decide(person, "change_consent", decide, takes_back=takes_back)

    # -- files

    def store_file(self, upload: Upload, *, kind: MaterialKind | None = None) -> Material | Refused:
        """Check one file and put it into the blob store, for a contribution that is to refer to it."""
        return self._files.take(upload, self.call.materials, kind)

    def _store(self, uploads: Sequence[Upload]) -> tuple[Material, ...] | Refused:
        stored: list[Material] = []
        issues: list[Issue] = []
        for upload in uploads:
            found = self.store_file(upload)
            if isinstance(found, Refused):
                issues += found.issues
            else:
                stored.append(found)
        if issues:
            self._files.release(each.sha256 for each in stored)
            return Refused(tuple(issues))
        return tuple(stored)

    # -- reading

    def of(self, person: str) -> Contribution | None:
        """The contribution that a person has, a draft too; the newest if the call allows several."""
        held = self._held(person)
        return held[-1][0] if held else None

    def live(self) -> tuple[Contribution, ...]:
        """What was submitted and not withdrawn, by number: all that lists, counts and texts may use."""
        return live(self.all_states("submitted"))

    def all_states(self, *states: str) -> Iterator[Contribution]:
        """Contributions by state (default: all), drafts and tombstones too: for the secretariat only."""
        for state in states or ("submitted", "draft", "withdrawn"):
            for record in self._shell.walk(_KIND, "state", state):
                yield CONTRIBUTIONS.from_body(record.body)

    def label(self, contribution: Contribution) -> str:
        """What people call it: `G-017`."""
        return contribution_label(self.call.prefix, contribution.number) if contribution.number else ""

    def _held(self, person: str) -> list[tuple[Contribution, int]]:
        records = self._shell.walk(_KIND, "registration", person)
        found = [(CONTRIBUTIONS.from_body(each.body), each.version) for each in records]
        return [each for each in found if each[0].state != "withdrawn"] or found[-1:]

    # -- load, decide, commit, announce

    def _decide(
        self,
        person: str,
        action: str,
        decide: Decide,
        *,
        reason: str = "",
        takes_back: TakesBack = lambda _: False,
    ) -> ContributionOutcome:
        for _ in range(TRIES):
            plan = self._shell.in_force.version
            registration, version_of_person = self._registrations.get_versioned(person)
            mine = self._held(person)
            before, version = mine[-1] if mine else (None, 0)
            if not takes_back(before) and (early := self._refuse_early(registration)):
                return early
            if before and (issue := not_allowed(before, action)):  # type: ignore[arg-type]  # the actions of this class
                return Refused((issue,))
            last, counter = self._last_number()
            context = self._shell.context()
            after = decide(before, context, last + 1)
            if isinstance(after, NotAccepted):
                return Refused(after.issues)
            if after == before:
                return Accepted(after, self.label(after))
            ops: list[Op] = [Check(kind=PEOPLE, id=person, expect=version_of_person)]
            held = self._files.hold(files_taken(before, after))
            if held is None:
                return refused("changed_meanwhile", MATERIALS)
            ops += [*held, *self._operations(before, after, version, registration, context)]
            if after.number == last + 1:
                ops.append(_count(after.number, counter))
            if self._commit(action, before, after, ops, context, reason, plan):
                if before:
                    self._files.release(files_released(before, after))
                return Accepted(after, self.label(after))
        raise StoreBusy(self._shell.id, 0)

    def _refuse_early(self, registration: Registration) -> Refused | None:
        if registration.state not in MAY_CONTRIBUTE:
            return refused("not_registered", state=registration.state)
        return None

    def _operations(
        self,
        before: Contribution | None,
        after: Contribution,
        version: int,
        registration: Registration,
        context: Context,
    ) -> Iterator[Op]:
        yield _put(after, version)
        template = _mail_after(before, after)
        if template:
            values = {
                "reference": self.label(after),
                "revision": after.revisions[-1].n if after.revisions else 0,
                "digest": after.revisions[-1].digest if after.revisions else "",
                "received": Moment.from_instant(context.now, self._shell.conference.timezone).text(
                    registration.locale
                ),
            }
            key = f"{after.id}.{version + 1}.{template}"
            yield self._correspondence.notice(
                registration, template, context, key=key, values=values, links=("contribute",)
            )

    def _commit(
        self,
        action: str,
        before: Contribution | None,
        after: Contribution,
        ops: Sequence[Op],
        context: Context,
        reason: str,
        plan: int,
    ) -> bool:
        revision = after.revisions[-1] if after.revisions else None
        payload = {
            "number": after.number,
            "revision": revision.digest if revision else "",
            "state": after.state,
        }
        entry = self._shell.entry(
            context,
            self._actor,
            f"contribution_{action}",
            after.id,
            payload,
            person=after.registration,
            revision=revision.digest if revision and action == "submit" else None,
            about={"reason": reason} if reason else None,
        )
        done = isinstance(self._shell.commit(self._shell.change(entry, ops, plan=plan)), Committed)
        if done:
            self._shell.announce(_announcements(before, after, self._shell.id, entry.id, context))
        return done

    def _last_number(self) -> tuple[int, int]:
        record = self._shell.get("counter", _KIND)
        return (cast("int", record.body["last"]), record.version) if record else (0, 0)

    def _from(self, person: str, data: ContributionData) -> ContributionData:
        if data.name:
            return data
        registration = self._registrations.get(person)
        known = person_of(self._shell.conference.registration.form, registration.answers)
        return evolve(data, name=registration.name, organisation=known.organisation, country=known.country)


def _put(contribution: Contribution, version: int) -> Put:
    indexes = {
        "state": Index(contribution.state, contribution.number or 0),
        "registration": Index(contribution.registration, contribution.number or 0),
    }
    indexes |= {index_of(each): Index(each) for each in files_taken(None, contribution)}
    is_live = contribution.state != "withdrawn"
    return Put(
        kind=_KIND,
        id=contribution.id,
        body=CONTRIBUTIONS.to_body(contribution),
        expect=version,
        indexes=indexes,
        uniques={"contributor": contribution.registration} if is_live else {},
    )


def _count(number: int, version: int) -> Put:
    return Put(kind="counter", id=_KIND, body={"schema": 1, "last": number}, expect=version)


def _mail_after(before: Contribution | None, after: Contribution) -> str:
    if after.state == "withdrawn":
        return "contribution_withdrawn" if before and before.state == "submitted" else ""
    is_new = len(after.revisions) > (len(before.revisions) if before else 0)
    return "contribution_received" if is_new else ""


def _announcements(
    before: Contribution | None, after: Contribution, conference: str, entry: str, context: Context
) -> Iterator[Event]:
    facts = {
        "conference": conference,
        "subject": after.id,
        "at": context.now,
        "entry": entry,
        "registration": after.registration,
    }
    if after.state == "withdrawn":
        if before and before.state == "submitted":
            yield ContributionWithdrawn(**facts)  # type: ignore[arg-type]  # one dict of several types
    elif len(after.revisions) == 1 and not (before and before.revisions):
        yield ContributionSubmitted(revision=1, **facts)  # type: ignore[arg-type]  # as above
    elif before and len(after.revisions) > len(before.revisions):
        yield ContributionRevised(revision=len(after.revisions), **facts)  # type: ignore[arg-type]  # as above
