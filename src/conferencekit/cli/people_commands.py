"""Commands about people: `import` and `registrations`."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from typing import BinaryIO, Final

from attrs import evolve

from ..calendar.composing import wants_replies
from ..conference import Conference
from ..document import load_conference
from ..form.catalogue import message
from ..form.issues import Issue
from ..form.wordpress import count_rows, match_columns, read_user_export
from ..moment import Moment
from ..registration.registration import Registration
from ..registration.rules import Override
from ..secretariat import Secretariat
from ..secretariat.imports import ImportRow, export_rows
from .files import STANDARD_INPUT, lines_of, reading, write_file
from .importing import ImportOrder, enter_rows, processes_for
from .lists import Answers, attendance_text, cells, csv_header, plain
from .opening import opened
from .output import Output, count_of
from .store_place import store_url

_SHOWN: Final = 50
_TOLD: Final = 100
"""After so many rows the progress is shown anew."""
_ENDINGS: Final = {
    "registered": "registered",
    "waiting_for_a_place": "waiting for a place",
    "in_already": "in already, from the same row",
    "registered_before": "registered before, by another row or form",
    "refused": "refused",
}
RefusedRow = tuple[int, str, str, str]


# -- import


def run_import(given: argparse.Namespace, output: Output) -> int:
    """Read the file to its end, then enter its rows: a file that is damaged anywhere enters nothing."""
    conference = load_conference(given.conference)
    name = "standard input" if given.file == STANDARD_INPUT else str(given.file)
    with reading(given.file) as stream:
        total = _count(stream, conference, name)
        _note_unused(stream, conference, name, output)
        with opened(given, output, conference=conference, enters=True) as secretariat:
            rows = _rows(stream, conference, name)
            counted, refused = _enter(secretariat, rows, total, given, output)
            places = _places(secretariat)
    _report(counted, refused, name, places, output)
    return 1 if refused else 0


def _count(stream: BinaryIO, conference: Conference, name: str) -> int:
    """How many rows the file has. Raises `InvalidImport` where it is damaged, or lacks a column."""
    next(_rows(stream, conference, name), None)
    return count_rows(lines_of(stream, name), source=name)


def _note_unused(stream: BinaryIO, conference: Conference, name: str, output: Output) -> None:
    header = read_user_export(lines_of(stream, name), source=name).header
    unused = match_columns(header, conference.registration.form).unused
    if unused:
        output.note(f"No question asks for these columns, so they are left out: {', '.join(unused)}.")


def _rows(stream: BinaryIO, conference: Conference, name: str) -> Iterator[ImportRow]:
    rows = export_rows(
        lines_of(stream, name), conference.registration.form, source=name, zone=conference.timezone
    )
    return map(_recognisable, rows)


def _recognisable(row: ImportRow) -> ImportRow:
    """The row with an id: without one of its own, its content is, so that the same row is never entered twice."""
    if row.submission_id:
        return row
    text = json.dumps(row.posted, sort_keys=True, ensure_ascii=True)
    return evolve(row, submission_id=f"row:{sha256(text.encode()).hexdigest()}")


def _enter(
    secretariat: Secretariat, rows: Iterable[ImportRow], total: int, given: argparse.Namespace, output: Output
) -> tuple[Counter[str], list[RefusedRow]]:
    order = ImportOrder(
        conference=secretariat.conference,
        store=store_url(given),
        by=given.by or given.file.name,
        override=Override(reason=given.late, late=True) if given.late else None,
    )
    counted: Counter[str] = Counter()
    refused: list[RefusedRow] = []
    with output.progress("Importing", total) as done:
        ended = enter_rows(order, rows, secretariat, processes_for(total, secretariat))
        for number, (line, ending, issues) in enumerate(ended, 1):
            counted[ending] += 1
            refused += _reasons(line, issues, secretariat.conference)
            if number % _TOLD == 0:
                done(number)
    return counted, refused


def _reasons(line: int, issues: Iterable[Issue], conference: Conference) -> Iterator[RefusedRow]:
    form = conference.registration.form
    for each in issues:
        yield line, each.path, each.code, message(each, form.field(each.path), "en")


def _report(
    counted: Counter[str],
    refused: list[RefusedRow],
    name: str,
    places: dict[str, int | None],
    output: Output,
) -> None:
    rows_of_file = f"{count_of(counted.total(), 'row', 'rows')} of {name}"
    output.say(f"{rows_of_file}:")
    for ending, words in _ENDINGS.items():
        output.say(f"{counted[ending]:>8}  {words}")
    if refused:
        output.say()
        rows = [(line, path, why) for line, path, _, why in refused[:_SHOWN]]
        output.table("Refused", ("Line", "Field", "Why"), rows)
        if len(refused) > _SHOWN:
            output.say(f"and {len(refused) - _SHOWN:,} more; --json lists all.")
    output.say()
    output.say(_places_text(places))
    if refused:
        lines = len({line for line, *_ in refused})
        were = "was" if lines == 1 else "were"
        output.complain(
            f"{lines} of {rows_of_file} {were} refused. Correct the file and import it again: "
            "what is in already is not entered twice."
        )
    output.result(
        {
            **{ending: counted[ending] for ending in _ENDINGS},
            "refusals": [
                dict(zip(("line", "field", "code", "message"), each, strict=True)) for each in refused
            ],
            "places": places,
        }
    )


def _places(secretariat: Secretariat) -> dict[str, int | None]:
    taken, capacity, waiting = secretariat.registrations.places()
    return {"taken": taken, "capacity": capacity, "waiting": waiting}


def _places_text(places: dict[str, int | None]) -> str:
    limit = "" if places["capacity"] is None else f" of {places['capacity']}"
    return f"Places taken: {places['taken']}{limit}. Waiting: {places['waiting']}."


# -- registrations


def run_registrations(given: argparse.Namespace, output: Output) -> int:
    """A table for people, JSON, or all answers in a format that a plugin offers, such as CSV."""
    with opened(given, output) as secretariat:
        conference = secretariat.conference
        found = sorted(
            secretariat.registrations.find(*(given.state or ())), key=lambda each: each.received_at
        )
        places = _places(secretariat)
        answers = _answers(secretariat)
        export = secretariat.plugins.exporters.get(given.format or "csv")
    header = (*csv_header(conference), *(["attendance"] if wants_replies(conference) else []))
    rows = (cells(each, header, answers.get(each.id)) for each in found)
    if given.out:
        write_file(given.out, export(header, rows), private=True)
        output.say(f"Wrote {count_of(len(found), 'registration', 'registrations')} to {given.out}.")
    elif given.format:
        output.document(b"".join(export(header, rows)))
    else:
        _print_people(found, conference, places, answers, output)
    output.result([_plain(each, conference, answers) for each in found])
    return 0


def _answers(secretariat: Secretariat) -> dict[str, Answers]:
    """What everybody's calendar answered; nothing where invites ask for no replies."""
    if not wants_replies(secretariat.conference):
        return {}
    return {person.id: answers for person, answers in secretariat.attendance.everybody()}


def _plain(
    registration: Registration, conference: Conference, answers: dict[str, Answers]
) -> dict[str, object]:
    if not wants_replies(conference):
        return plain(registration)
    mine = answers.get(registration.id, {})
    return {**plain(registration), "attendance": {event: each.answer for event, each in mine.items()}}


def _print_people(
    found: list[Registration],
    conference: Conference,
    places: dict[str, int | None],
    answers: dict[str, Answers],
    output: Output,
) -> None:
    zone = conference.timezone
    asked = wants_replies(conference)
    rows = [
        (
            *(each.reference, each.state, each.name, each.address, _short(each.received_at, zone)),
            *([attendance_text(answers.get(each.id, {}))] if asked else []),
        )
        for each in found
    ]
    if rows:
        more = ["Attendance"] if asked else []
        output.table("", ("Reference", "State", "Name", "Address", f"Received ({zone})", *more), rows)
        output.say()
    by_state = Counter(each.state for each in found)
    states = ", ".join(f"{count} {state}" for state, count in by_state.most_common())
    output.say(f"Registrations: {len(found)}{f' ({states})' if states else ''}.")
    output.say(_places_text(places))


def _short(instant: datetime, zone: str) -> str:
    return f"{Moment.from_instant(instant, zone).wall:%Y-%m-%d %H:%M}"
