"""What `conferencekit import` costs: `python benchmarks/bulk_import.py [--rows 100000] [--dir DIRECTORY]`.

A CSV file is made on the spot and imported by the command itself, in a process of its own, into a fresh SQLite file:
read to its end, validated row by row, decided, written and synced. Beside it each step by itself, over the same rows,
and the rate at which the disk syncs. `bulk_import` is for other benchmarks to call.
"""

from __future__ import annotations

import argparse
import csv
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final

from attrs import frozen
from disks import Disk, Scale
from model import MODEL, OPENED, open_secretariat, registrants
from probe import probing
from table import Line, at_most
from workers import without_bytecode_ban

from conferencekit import Secretariat
from conferencekit.mailbox import Mailbox
from conferencekit.registration import rules
from conferencekit.secretariat import Passwords, records
from conferencekit.secretariat.correspondence import Correspondence
from conferencekit.secretariat.imports import ImportRow, export_rows
from conferencekit.secretariat.intake import CHUNK, Intake
from conferencekit.secretariat.shell import Actor

_WANTED: Final = 8_000
_CHILD: Final = Path(__file__).with_name("child.py")
_HEADER: Final = (
    "User ID",
    "Full name",
    "E-mail address",
    "Country",
    "University or organisation",
    "I agree that my data are used to organise this conference.",
    "User Registered GMT",
)


@frozen(kw_only=True)
class Imported:
    """One import by the command: rows, seconds on the wall and of CPU, peak memory (None where it cannot be told)."""

    rows: int
    seconds: float
    cpu: float
    megabytes: float | None

    @property
    def rate(self) -> float:
        """Rows a second, from the start of the process to its end."""
        return self.rows / self.seconds

    @property
    def cpu_of_one(self) -> float:
        """Microseconds of CPU for one row, both processors together."""
        return self.cpu / self.rows * 1e6


def write_csv(path: Path, rows: int) -> None:
    """An export of so many users, who registered before the deadline."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(_HEADER)
        writer.writerows(_cells(rows))


def _cells(rows: int) -> Iterator[tuple[object, ...]]:
    for number, (_, posted) in enumerate(registrants(1, rows), 1):
        at = OPENED + timedelta(seconds=number)
        asked = (posted[name] for name in ("full_name", "email", "country", "organisation", "consent"))
        yield (number, *asked, f"{at:%Y-%m-%d %H:%M:%S}")


def bulk_import(directory: Path, rows: int, environment: Mapping[str, str] | None = None) -> Imported:
    """Import so many rows by the command line, in a process of its own, into a store of its own."""
    with tempfile.TemporaryDirectory(dir=directory) as made:
        document, people = Path(made, "gmc.toml"), Path(made, "people.csv")
        text = MODEL.read_text(encoding="utf-8").replace("quota = 241", "quota = 1000000")
        document.write_text(text, encoding="utf-8")
        write_csv(people, rows)
        code = "import sys; from conferencekit.cli import main; sys.exit(main())"
        command = [
            sys.executable,
            str(_CHILD),
            sys.executable,
            "-c",
            code,
            "import",
            str(document),
            str(people),
        ]
        given = without_bytecode_ban({**os.environ, **(environment or {})})
        run = subprocess.run(command, check=True, capture_output=True, text=True, env=given)
        done = json.loads(run.stdout)
    if done["code"] != 0:
        raise RuntimeError(f"The import ended with {done['code']}.")
    return Imported(rows=rows, seconds=done["seconds"], cpu=done["cpu"], megabytes=done["megabytes"])


@frozen
class _Steps:
    """The steps of an import, each for itself; `spent` collects their seconds of CPU."""

    secretariat: Secretariat
    intake: Intake
    correspondence: Correspondence
    spent: dict[str, float]

    @classmethod
    def of(cls, secretariat: Secretariat) -> _Steps:
        correspondence = Correspondence(secretariat.shell, Mailbox("Secretariat", "gmc@example.org"))
        intake = Intake(secretariat.shell, correspondence, Passwords(), Actor("import", "people.csv"))
        return cls(secretariat, intake, correspondence, {})

    def chunk(self, rows: Iterable[ImportRow]) -> int:
        """Take so many rows through all steps; how many they were."""
        read = self._each("taking a line apart, which is done twice", lambda row: row, rows)
        submissions = self._each("reading the form", self._read, read)
        decided = self._each("deciding", self._decide, submissions)
        entries = self._each("the log entry and its digests", self._entry, decided)
        puts = self._each("the record", lambda one: records.put_registration(one[1].registration, 0), decided)
        mails = self._each("the notice with its invite", self._mails, decided)
        sets = self._each("the change set", self._change, zip(entries, puts, mails, strict=True))
        self._each("committing it with others", self.secretariat.shell.commit_all, [sets] if sets else [])
        return len(read)

    def _each(self, name: str, step: Callable[[Any], Any], values: Iterable[Any]) -> list[Any]:
        began = time.process_time()
        made = [step(value) for value in values]
        self.spent[name] = self.spent.get(name, 0.0) + time.process_time() - began
        return made

    def _read(self, row: ImportRow) -> Any:
        return self.intake.read(
            row.posted,
            locale=None,
            submission_id=row.submission_id,
            trusted=True,
            received_at=row.received_at,
        )

    def _decide(self, submission: Any) -> Any:
        context, plan = self.secretariat.shell.context(), self.secretariat.conference
        deadline = plan.deadline("registration")
        return submission, rules.register(submission.command, plan.registration, deadline, context), context

    def _entry(self, taken: Any) -> Any:
        submission, decision, context = taken
        known = decision.registration
        return self.secretariat.shell.entry(
            context,
            submission.actor,
            decision.action,
            known.id,
            submission.payload,
            entry_id=submission.entry_id,
            person=known.id,
            about={"reference": known.reference},
        )

    def _mails(self, taken: Any) -> Any:
        _, decision, context = taken
        return self.correspondence.owed(decision.registration, decision.owed, context, about="1")

    def _change(self, made: Any) -> Any:
        entry, put, mails = made
        return self.secretariat.shell.change(entry, (put, *mails))


def steps(directory: Path, rows: int) -> dict[str, float]:
    """Microseconds of CPU for one row by step, in the order of the walk, a chunk at a time as the command does it."""
    path = directory / "steps.csv"
    write_csv(path, rows)
    with open_secretariat(directory / "steps.db") as secretariat, path.open("rb") as stream:
        given = export_rows(stream, secretariat.conference.registration.form)
        walk = _Steps.of(secretariat)
        walk.chunk(islice(given, CHUNK))  # what is made once was made
        walk.spent.clear()
        gc.collect()
        count = sum(iter(lambda: walk.chunk(islice(given, CHUNK)), 0))
    return {name: spent / count * 1e6 for name, spent in walk.spent.items()}


def measure(disk: Disk, scale: Scale) -> Iterator[Line]:
    """The lines of the table: rows a second, CPU, and memory beside that of a file of a tenth."""
    few, many = (
        bulk_import(disk.directory, scale.count(rows), disk.environment) for rows in (10_000, 100_000)
    )
    aim = {} if scale.quick else {"aim": ">= 8,000/s", "met": many.rate >= _WANTED}
    yield Line(what=f"`conferencekit import` of {many.rows:,} rows", ours=many.rate, unit="1/s", **aim)
    yield Line(what="CPU of one row of it, all processes together", ours=many.cpu_of_one, unit="us")
    if many.megabytes and few.megabytes:
        yield Line(
            what=f"peak memory of its largest process, beside {few.rows:,} rows",
            ours=many.megabytes,
            beside=few.megabytes,
            unit="MB",
            **at_most(1.2, many.megabytes / few.megabytes),
        )


def _fsyncs(directory: Path) -> float:
    with probing({"directory": directory}) as probe:
        return float(probe(1.0)["fsyncs"])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dir", help="the directory on the disk to measure (default: the temporary one)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.dir) as made:
        directory = Path(made)
        before = _fsyncs(directory)
        for rows in sorted({min(10_000, given.rows), given.rows}):
            done = bulk_import(directory, rows)
            memory = "" if done.megabytes is None else f", {done.megabytes:,.0f} MB at its peak"
            print(
                f"{rows:,} rows: {done.rate:,.0f} a second, {done.cpu_of_one:,.0f} us of CPU each{memory}",
                flush=True,
            )
        for name, spent in steps(directory, min(given.rows, 10_000)).items():
            print(f"{spent:>8,.1f} us  {name}", flush=True)
        after = _fsyncs(directory)
    print(f"fsyncs a second over what is there: {before:,.0f} before, {after:,.0f} after")


if __name__ == "__main__":
    main()
