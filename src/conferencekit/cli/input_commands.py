"""Commands about input and what comes of it: `contributions`, `declaration`, `good-practices`."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Final

from ..conference import Conference
from ..declaration.contribution import Contribution
from ..document import load_conference
from ..errors import InvalidDocument, InvalidText, Problem
from ..secretariat import Secretariat
from .files import read_file, write_file
from .opening import opened
from .output import Output, count_of
from .receipts import write_receipts

_MOST_OF_CLAUSES: Final = 10_000_000
_MARKER: Final = ".conferencekit-good-practices"


def run_contributions(given: argparse.Namespace, output: Output) -> int:
    """List what was submitted and not withdrawn, and write receipts for it."""
    conference = _with_call(given)
    with opened(given, output, conference=conference) as secretariat:
        live = secretariat.contributions.live()
        found = [_facts(secretariat, each) for each in live]
        if given.receipts:
            _write_receipts(secretariat, len(live), given.receipts, output)
    header = ("Number", "Name", "Country", "Language", "Topics", "Materials", "Quote", "Publish")
    if found:
        rows = [[_cell(each[name.lower()]) for name in header] for each in found]
        output.table("", header, rows)
        output.say()
    output.say(f"Contributions: {len(found)}.")
    output.result(found)
    return 0


def _cell(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def _facts(secretariat: Secretariat, each: Contribution) -> dict[str, object]:
    last = each.revisions[-1]
    return {
        "number": secretariat.contributions.label(each),
        "name": each.name,
        "country": each.country,
        "language": each.language,
        "topics": list(last.answers),
        "materials": len(last.materials),
        "quote": each.quote,
        "publish": each.publish,
        "revision": last.n,
    }


def _write_receipts(secretariat: Secretariat, live: int, folder: Path, output: Output) -> None:
    written = write_receipts(secretariat, folder)
    rest = live - written
    hint = (
        f" {count_of(rest, 'contribution is', 'contributions are')} not sealed yet: run conferencekit seal."
        if rest
        else ""
    )
    output.say(f"Wrote {count_of(written, 'receipt', 'receipts')} to {folder}.{hint}")


def run_declaration(given: argparse.Namespace, output: Output) -> int:
    """Compile the clauses, print or write the text, and say what no clause cites."""
    clauses = read_file(given.clauses, most=_MOST_OF_CLAUSES)
    conference = _with_call(given)
    with opened(given, output, conference=conference) as secretariat:
        acting = secretariat.acting(given.by or "organiser")
        compiled = acting.declaration.compile(clauses, source=str(given.clauses))
    if given.out:
        write_file(given.out, [compiled.markdown])
        output.say(f"Wrote {given.out} (SHA-256 {compiled.digest}).")
    else:
        output.document(compiled.markdown)
    uncited, cited = compiled.coverage.uncited_answers, compiled.coverage.answers.cited
    if not output.as_json:
        output.note(
            f"{count_of(cited, 'answer is', 'answers are')} cited. Cited by no clause: {', '.join(uncited) or 'none'}."
        )
    output.result(
        {"digest": compiled.digest, "cited": cited, "uncited": list(uncited), "markdown": compiled.markdown}
    )
    return 0


def run_good_practices(given: argparse.Namespace, output: Output) -> int:
    """Write the folder; it replaces what an earlier call left there, and nothing else."""
    folder = Path(os.path.realpath(given.out))
    _refuse_foreign(folder, given.out)
    conference = _with_call(given)
    with opened(given, output, conference=conference) as secretariat:
        acting = secretariat.acting(given.by or "organiser")
        published = acting.declaration.publish_good_practices(folder, tell=given.tell)
    write_file(
        folder / _MARKER, ["Written by conferencekit good-practices, which may replace this folder.\n"]
    )
    output.say(f"Wrote {published.practices} good practices to {given.out}.")
    if given.tell:
        output.say("A mail about it is owed to everybody registered: conferencekit deliver sends it.")
    output.result({"practices": published.practices, "files": published.files})
    return 0


def _refuse_foreign(folder: Path, given: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise InvalidText(str(given), "It is a file: name a folder by --out.")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / _MARKER).is_file():
        raise InvalidText(str(given), "The folder holds other files: name a new or empty one by --out.")


def _with_call(given: argparse.Namespace) -> Conference:
    """The conference, if its document calls for input."""
    conference = load_conference(given.conference)
    if conference.call is None:
        missing = Problem("call", None, "this command is about a call for input: add [call] and its topics.")
        raise InvalidDocument(str(given.conference), (missing,))
    return conference
