"""The story: what happens when, in the order of time, on a clock that is moved by hand."""

from __future__ import annotations

import hashlib
import heapq
import itertools
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from attrs import evolve

from ...conference import Conference, MaterialKind
from ...context import FixedEntropy
from ...declaration.content import Material
from ...document import load_conference
from ...errors import InvalidText
from ...form.catalogue import message
from ...mailbox import Mailbox
from ...message.letter import letter_message, render_letter
from ...moment import Moment
from ...registration.outcomes import Refused
from ...registration.registration import Registration
from ...secretariat import Accepted, Secretariat
from ...secretariat.imports import ImportRow, export_rows
from ...secretariat.uploads import Upload
from ..output import Output
from . import results
from .data import Contributed, contributions, read_toml

_SITE = "https://gmc.example.org"
_LETTER_LINKS = {"register": f"{_SITE}/register", "contribute": f"{_SITE}/sign-in"}
_TYPES = {
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".mp4": "video/mp4",
    ".txt": "text/plain",
    ".csv": "text/csv",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
Step = Callable[[], None]


def at(text: str) -> datetime:
    """An instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """The time it shows."""
        return self.now


class Story:
    """The model conference from its letter to its good practices."""

    def __init__(self, data: Path, out: Path, seed: bytes, output: Output) -> None:
        self._data = data
        self._out = out
        self._output = output
        self._clock = Clock(at("2020-10-12T00:00:00"))
        self._conference = load_conference(data / "conference.toml")
        self._secretariat = self._open(self._conference, seed)
        self._contributed = contributions(data)
        self._rows = self._read_rows()
        self._stories = read_toml(data / "stories.toml")
        self._people: dict[str, str] = {}
        self._steps: list[tuple[datetime, int, Step]] = []
        self._order = itertools.count()
        self.happened: list[results.Happening] = []

    def _open(self, conference: Conference, seed: bytes) -> Secretariat:
        entropy = FixedEntropy(seed)
        return Secretariat(
            conference,
            store=f"sqlite:///{self._out / 'gmc2020.db'}",
            mailer=f"maildir:{self._out / 'mail'}",
            blobs=f"folder:{self._out / 'files'}",
            secret=hashlib.sha256(b"secret" + seed).digest(),
            site=_SITE,
            clock=self._clock,
            entropy=entropy,
        )

    def tell(self) -> Mapping[str, object]:
        """Let everything happen, and write down what came of it."""
        self._plan()
        with self._output.progress("The model conference", len(self._steps)) as done:
            for number in itertools.count(1):
                if not self._steps:
                    break
                self._clock.now, _, step = heapq.heappop(self._steps)
                step()
                self._secretariat.deliver()
                done(number)
        figures = results.write(self._secretariat, self._out, self.happened)
        self._secretariat.close()
        return figures

    def _then(self, when: datetime, step: Step) -> None:
        heapq.heappush(self._steps, (when, next(self._order), step))

    def _note(self, what: str, outcome: str) -> None:
        self.happened.append(results.Happening(at=self._clock.now, what=what, outcome=outcome))

    def _why(self, refused: Refused) -> str:
        """Why something was refused, in the words that the person reads."""
        form = self._conference.registration.form
        in_english = {"deadline": self._conference.deadline_text("input", "en")}
        issues = [evolve(each, params={**each.params, **in_english}) for each in refused.issues]
        return "refused: " + "; ".join(message(each, form.field(each.path), "en") for each in issues)

    # -- the plan

    def _plan(self) -> None:
        self._then(self._clock.now, self._send_letter)
        for each in self._contributed:
            self._then(each.at, partial(self._contribute, each))
        self._then(at("2020-11-20T09:00:00"), lambda: self._move("20:30:00", "23:00:00"))
        self._then(at("2020-11-24T09:00:00"), lambda: self._move("20:00:00", "22:30:00"))
        self._then(at("2020-11-25T11:00:00"), self._send_hostile_files)
        self._then(at("2020-11-29T15:05:00"), self._import_rows)
        self._plan_stories()
        self._then(at("2020-11-30T02:00:00"), self._cancel_one)
        self._then(at("2020-12-08T08:00:00"), self._compile)
        self._then(at("2020-12-11T14:30:00"), self._seal)
        self._then(at("2020-12-14T08:00:00"), self._share)
        self._then(at("2020-12-14T09:00:00"), self._seal)

    def _plan_stories(self) -> None:
        for each in self._stories["registrations"]:
            self._then(each["at"], partial(self._register, each))
        late = self._stories["late_draft"]
        self._then(late["begun"], lambda: self._begin_draft(late))
        self._then(late["submitted"], lambda: self._submit_late(late))
        self._then(self._stories["revision"]["at"], self._revise)
        self._then(self._stories["withdrawal"]["at"], self._withdraw)

    # -- invitation and registration

    def _send_letter(self) -> None:
        letters = self._out / "letter"
        letters.mkdir()
        today = self._clock.now.date()
        for locale in self._conference.languages:
            letter = render_letter(self._conference, locale=locale, day=today, links=_LETTER_LINKS)
            (letters / f"invitation.{locale}.txt").write_text(letter.text, encoding="utf-8", newline="\n")
            (letters / f"invitation.{locale}.html").write_text(letter.html, encoding="utf-8", newline="\n")
        message = letter_message(
            self._conference,
            recipient=Mailbox("Colleagues everywhere", "colleagues@example.org"),
            sender=Mailbox(self._conference.title.text(), self._conference.contact or ""),
            now=self._clock.now,
            links=_LETTER_LINKS,
        )
        (letters / "invitation.eml").write_bytes(message.data)
        self._note("The letter of invitation was sent", "in 6 languages")

    def _read_rows(self) -> list[ImportRow]:
        """The export, each row with the language in which its person contributes later, where they do."""
        languages = {each.email.casefold(): each.data.language for each in self._contributed}
        path = self._data / "registrants.csv"
        with path.open("rb") as stream:
            rows = list(export_rows(stream, self._conference.registration.form, source=path.name))
        return [evolve(row, locale=languages.get(str(row.posted["email"]).casefold())) for row in rows]

    def _import_rows(self) -> None:
        """Import what the registration page exported so far."""
        due = [each for each in self._rows if each.received_at and each.received_at <= self._clock.now]
        self._rows = self._rows[len(due) :]
        acting = self._secretariat.acting("registrants.csv", kind="import")
        for outcome in acting.registrations.enter_many(due):
            if isinstance(outcome, Refused):
                self._note("A row of the export was refused", outcome.issues[0].code)
            else:
                self._remember(outcome.registration)

    def _remember(self, registration: Registration) -> None:
        self._people[registration.address.casefold()] = registration.id

    def _register(self, story: Mapping[str, Any]) -> None:
        """Somebody fills in the form on the page."""
        posted = {**story["answers"], "password": "correct horse battery staple"}
        posted["submission_id"] = f"story-{story['at'].isoformat()}"
        outcome = self._secretariat.register(posted, locale="en")
        what = story["story"]
        if isinstance(outcome, Refused):
            self._note(what, self._why(outcome))
        else:
            self._note(what, f"received, reference {outcome.reference}")

    def _cancel_one(self) -> None:
        """One person cannot come; the first on the waiting list gets the place."""
        contributors = {each.email.casefold() for each in self._contributed}
        person = next(each for address, each in self._people.items() if address not in contributors)
        registration = self._secretariat.registrations.get(person)
        self._secretariat.registrations.cancel(person, reason="cannot come")
        taken, capacity, waiting = self._secretariat.registrations.places()
        self._note(
            f"{registration.name} cancels, and the first in line gets the place",
            f"{taken} of {capacity} places taken, {waiting} waiting",
        )

    def _move(self, starts: str, ends: str) -> None:
        """The session moves; everybody's calendar is told."""
        session = self._conference.sessions[0]
        day = session.starts.wall.date()
        moved = evolve(
            session,
            starts=Moment.at(datetime.fromisoformat(f"{day}T{starts}"), session.starts.zone),
            ends=Moment.at(datetime.fromisoformat(f"{day}T{ends}"), session.ends.zone),
        )
        changed = evolve(self._conference, sessions=(moved, *self._conference.sessions[1:]))
        self._secretariat.reload(changed, by="the secretariat")
        told = self._secretariat.deliver().sent
        self._note(f"The session is moved to {starts[:5]} Beijing time", f"{told} updates sent")

    # -- input

    def _person(self, email: str) -> str:
        self._import_rows()
        return self._people[email.casefold()]

    def _contribute(self, given: Contributed) -> None:
        person = self._person(given.email)
        files = tuple(self._store(path, kind) for path, kind in given.files)
        outcome = self._secretariat.contributions.submit_data(person, evolve(given.data, files=files))
        if not isinstance(outcome, Accepted):
            self._note(f"Contribution {given.number} was refused", outcome.issues[0].code)

    def _store(self, path: Path, kind: MaterialKind) -> Material:
        with path.open("rb") as stream:
            upload = Upload(filename=path.name, content_type=_TYPES[path.suffix], stream=stream)
            found = self._secretariat.contributions.store_file(upload, kind=kind)
        if isinstance(found, Refused):
            remedy = f"A file of the example was refused: {found.issues[0].code}."
            raise InvalidText(path.name, remedy)
        return found

    def _send_hostile_files(self) -> None:
        folder = self._data / "materials" / "hostile"
        for each in read_toml(folder / "hostile.toml")["files"]:
            with (folder / each["file"]).open("rb") as stream:
                upload = Upload(filename=each["file"], content_type=each["declared"], stream=stream)
                found = self._secretariat.contributions.store_file(upload, kind=each["kind"])
            outcome = self._why(found) if isinstance(found, Refused) else "taken"
            self._note(f"{each['file']}: {each['story']}", outcome)

    def _begin_draft(self, story: Mapping[str, Any]) -> None:
        person = self._person(story["email"])
        posted = self._posted(story)
        self._secretariat.contributions.save_draft(person, posted)

    def _submit_late(self, story: Mapping[str, Any]) -> None:
        person = self._person(story["email"])
        outcome = self._secretariat.contributions.submit(person, self._posted(story))
        self._note(story["story"], self._why(outcome) if isinstance(outcome, Refused) else "taken")

    def _posted(self, story: Mapping[str, Any]) -> dict[str, str]:
        answers = {f"topic-{topic}": text for topic, text in story["answers"].items()}
        return {
            **answers,
            "language": story["language"],
            "quote": story["quote"],
            "publish": story["publish"],
        }

    def _numbered(self, number: int) -> Contributed:
        return next(each for each in self._contributed if each.number == number)

    def _revise(self) -> None:
        story = self._stories["revision"]
        first = self._numbered(story["number"])
        answers = {int(topic): text.strip() for topic, text in story["answers"].items()}
        outcome = self._secretariat.contributions.submit_data(
            self._person(first.email), evolve(first.data, answers=answers)
        )
        count = len(outcome.contribution.revisions) if isinstance(outcome, Accepted) else 0
        self._note(story["story"], f"revision {count}")

    def _withdraw(self) -> None:
        story = self._stories["withdrawal"]
        person = self._person(self._numbered(story["number"]).email)
        self._secretariat.contributions.withdraw(person)
        self._note(story["story"], "withdrawn; its text is gone, its number stays")

    # -- what comes of it

    def _compile(self) -> None:
        clauses = self._data / "clauses.md"
        acting = self._secretariat.acting("the drafting committee")
        compiled = acting.declaration.compile(clauses.read_bytes(), source=clauses.name)
        (self._out / "declaration.md").write_text(compiled.markdown, encoding="utf-8", newline="\n")
        results.write_coverage(compiled, self._out)
        self._note("The declaration was compiled", f"{len(compiled.declaration.clauses)} clauses")

    def _seal(self) -> None:
        for sealed in self._secretariat.acting("the secretariat").ledger.seal():
            self._note(
                "The log was sealed",
                f"seal {sealed.number}, {sealed.size} entries, chain {sealed.chain[:16]}…",
            )

    def _share(self) -> None:
        acting = self._secretariat.acting("the secretariat")
        shared = acting.declaration.publish_good_practices(self._out / "good_practices", tell=True)
        told = self._secretariat.deliver().sent
        self._note("The good practices were shared", f"{shared.practices} practices, {told} people told")
