"""What the story leaves behind: tables, calendars, receipts, the sealed log, and a page that shows it."""

from __future__ import annotations

import email
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from email import policy
from email.parser import BytesHeaderParser
from pathlib import Path

import attrs
from attrs import frozen

from ...form.countries import country_name
from ...form.table import registrations_to_csv
from ...registration.registration import Registration
from ...secretariat import Secretariat
from ...secretariat.declarations import Compiled
from ..lists import csv_header, plain
from ..receipts import write_receipts
from .report import Chart, Figures, report_html

_CALENDARS = 10


@frozen(kw_only=True)
class Happening:
    """One line of the story: when, what, and how it ended."""

    at: datetime
    what: str
    outcome: str


def write(secretariat: Secretariat, out: Path, happened: Sequence[Happening]) -> Mapping[str, object]:
    """Write everything but what the steps wrote themselves; the figures of the final table."""
    people = sorted(secretariat.registrations.find(), key=lambda each: (each.received_at, each.id))
    live = secretariat.contributions.live()
    _write_registrations(secretariat, people, out)
    _write_log(secretariat, out)
    receipts = write_receipts(secretariat, out / "receipts")
    mails = sorted((out / "mail" / "new").iterdir())
    invites = _write_calendars(mails, out)
    findings = secretariat.ledger.verify()
    taken, capacity, waiting = secretariat.registrations.places()
    figures: dict[str, object] = {
        "registrations": len(people),
        "places taken": f"{taken} of {capacity}",
        "waiting": waiting,
        "countries": len({each.answers["country"] for each in people}),
        "contributions": len(live),
        "languages": len({each.language for each in live}),
        "materials": sum(len(each.revisions[-1].materials) for each in live),
        "mails": len(mails),
        "calendar messages": invites,
        "log entries sealed": sum(each.size for each in secretariat.ledger.seals()),
        "receipts": receipts,
        "the log verifies": not findings,
    }
    page = report_html(_figures(secretariat, people, happened, figures))
    (out / "report.html").write_text(page, encoding="utf-8", newline="\n")
    return figures


def _write_registrations(secretariat: Secretariat, people: Sequence[Registration], out: Path) -> None:
    lines = registrations_to_csv(map(plain, people), csv_header(secretariat.conference))
    with (out / "registrations.csv").open("w", encoding="utf-8", newline="") as stream:
        stream.writelines(lines)


def _write_log(secretariat: Secretariat, out: Path) -> None:
    folder = out / "log"
    folder.mkdir()
    with (folder / "entries.jsonl").open("w", encoding="utf-8", newline="\n") as stream:
        for entry in secretariat.ledger.entries():
            stream.write(json.dumps(attrs.asdict(entry), ensure_ascii=False, sort_keys=True) + "\n")
    seals = [attrs.asdict(each) for each in secretariat.ledger.seals()]
    (folder / "seals.json").write_text(json.dumps(seals, indent=1), encoding="utf-8", newline="\n")


def _write_calendars(mails: Sequence[Path], out: Path) -> int:
    """The calendar objects of the first people, one file per message; how many messages carry one."""
    folder = out / "calendar"
    folder.mkdir()
    people: set[str] = set()
    count, heads = 0, BytesHeaderParser(policy=policy.default)
    for path in mails:
        data = path.read_bytes()
        if b"text/calendar" not in data:
            continue
        count += 1
        person = str(heads.parsebytes(data)["To"]).rpartition("<")[2].rstrip(">")
        if person not in people and len(people) >= _CALENDARS:
            continue
        people.add(person)
        message = email.message_from_bytes(data, policy=policy.default)
        part = next(each for each in message.walk() if each.get_content_type() == "text/calendar")
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            sequence = re.search(rb"^SEQUENCE:(\d+)", content, re.MULTILINE)
            number = sequence[1].decode() if sequence else "0"
            (folder / f"{person.partition('@')[0]}-{number}.ics").write_bytes(content)
    return count


def write_coverage(compiled: Compiled, out: Path) -> None:
    """Which answers no clause cites: for those who go on drafting."""
    coverage = compiled.coverage
    counts = coverage.answers
    lines = [
        "# What no clause cites yet",
        "",
        f"{counts.cited} of {counts.answers} answers are cited. These are not:",
        "",
        *(f"- {each}" for each in coverage.uncited_answers),
    ]
    (out / "coverage.md").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


# -- the page


def _figures(
    secretariat: Secretariat,
    people: Sequence[Registration],
    happened: Sequence[Happening],
    figures: Mapping[str, object],
) -> Figures:
    conference = secretariat.conference
    live = secretariat.contributions.live()
    countries = Counter(country_name(str(each.answers["country"])) for each in people)
    days = Counter(each.received_at.date() for each in people)
    asked = conference.call.topics if conference.call else ()
    topics = {
        topic.number: Counter(each.language for each in live if topic.number in each.revisions[-1].answers)
        for topic in asked
    }
    return Figures(
        title=conference.title.text(),
        theme=conference.theme.text() if conference.theme else "",
        numbers=figures,
        days=sorted(days.items()),
        countries=Chart(countries.most_common(20), more=len(countries) - 20),
        topics=topics,
        topic_titles={topic.number: topic.title.text() for topic in asked},
        happened=[(each.at, each.what, each.outcome) for each in happened],
    )
