"""Where the CPU of one registration goes: each step of the walk by itself, over the same people."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from attrs import frozen
from model import FreeScheme, open_secretariat, registrants

from conferencekit import Secretariat
from conferencekit.context import Context
from conferencekit.mailbox import Mailbox
from conferencekit.ports import ChangeSet, Committed, Entry, Op
from conferencekit.registration import rules
from conferencekit.registration.rules import Decision
from conferencekit.secretariat import Passwords, Scrypt, records
from conferencekit.secretariat.correspondence import Correspondence
from conferencekit.secretariat.intake import Intake, Submission
from conferencekit.secretariat.shell import REGISTRANT, Shell

T = TypeVar("T")
R = TypeVar("R")

READING = "reading the form"
COMMIT = "committing it"


@frozen
class _Walk:
    """The steps of `Intake`, each for itself."""

    shell: Shell
    intake: Intake
    correspondence: Correspondence

    @classmethod
    def of(cls, secretariat: Secretariat) -> _Walk:
        shell = secretariat.shell
        correspondence = Correspondence(shell, Mailbox("Secretariat", "gmc@example.org"))
        intake = Intake(shell, correspondence, Passwords((FreeScheme(),)), REGISTRANT)
        return cls(shell, intake, correspondence)

    def read(self, posted: tuple[str, dict[str, str]]) -> Submission:
        locale, form = posted
        found = self.intake.read(form, locale=locale, submission_id=None, trusted=False)
        assert isinstance(found, Submission), found
        return found

    def decide(self, submission: Submission) -> tuple[Submission, Decision, Context]:
        conference, context = self.shell.conference, self.shell.context()
        deadline = conference.deadline("registration")
        decision = rules.register(submission.command, conference.registration, deadline, context)
        assert isinstance(decision, Decision), decision
        return submission, decision, context

    def entry(self, taken: tuple[Submission, Decision, Context]) -> Entry:
        submission, decision, context = taken
        registration = decision.registration
        return self.shell.entry(
            context,
            submission.actor,
            decision.action,
            registration.id,
            submission.payload,
            entry_id=submission.entry_id,
            person=registration.id,
            about={"reference": registration.reference},
        )

    def mails(self, taken: tuple[Submission, Decision, Context]) -> tuple[Op, ...]:
        _, decision, context = taken
        return self.correspondence.owed(decision.registration, decision.owed, context, about="1")

    def commit(self, change_set: ChangeSet) -> None:
        result = self.shell.commit(change_set)
        assert isinstance(result, Committed), result


def parts(directory: Path, rounds: int, count: int) -> dict[str, float]:
    """Microseconds of CPU for one registration by step, in the order of the walk: medians of the rounds."""
    found: dict[str, list[float]] = {}
    with open_secretariat(directory / "parts.db") as secretariat:
        walk = _Walk.of(secretariat)
        for number in range(rounds + 1):
            for name, spent in _round(walk, 1 + number * count, count):
                if number:
                    found.setdefault(name, []).append(spent)
    return {name: statistics.median(spent) for name, spent in found.items()}


def _round(walk: _Walk, first: int, count: int) -> Iterator[tuple[str, float]]:
    posted = list(registrants(first, count))
    submissions, spent = _each(walk.read, posted)
    yield READING, spent
    decided, spent = _each(walk.decide, submissions)
    yield "deciding", spent
    entries, spent = _each(walk.entry, decided)
    yield "the log entry and its digests", spent
    puts, spent = _each(lambda each: records.put_registration(each[1].registration, 0), decided)
    yield "the record", spent
    mails, spent = _each(walk.mails, decided)
    yield "the notice with its invite", spent
    ops = [(put, *owed) for put, owed in zip(puts, mails, strict=True)]
    change_sets, spent = _each(lambda each: walk.shell.change(*each), list(zip(entries, ops, strict=True)))
    yield "the change set", spent
    _, spent = _each(walk.commit, change_sets)
    yield COMMIT, spent


def _each(step: Callable[[T], R], values: list[T]) -> tuple[list[R], float]:
    """What a step makes of each value, and its microseconds of CPU for one."""
    gc.collect()
    began = time.process_time()
    made = [step(each) for each in values]
    return made, (time.process_time() - began) / len(values) * 1e6


def hashing(count: int = 3) -> float:
    """Milliseconds of CPU to hash one password by the default scheme."""
    began = time.process_time()
    for _ in range(count):
        Scrypt().hash("correct horse battery staple", b"0123456789abcdef")
    return (time.process_time() - began) / count * 1e3
