"""The demonstration: a whole conference, the same bytes in every run, and nothing in it that does not hold."""

from __future__ import annotations

import csv
import email
import hashlib
import json
import os
import re
import subprocess
import sys
from collections import Counter
from email import policy
from pathlib import Path

import pytest

from conferencekit.cli import main
from conferencekit.ledger import Receipt, verify_receipt


def run(out: Path, *options: str, seed: str = "0") -> str:
    """The demonstration in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "conferencekit",
        "demo",
        "--fixed",
        "--json",
        "--out",
        str(out),
        *options,
    ]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": seed},
        timeout=300,
    )
    return done.stdout


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> tuple[Path, dict]:
    out = tmp_path_factory.mktemp("demo") / "out"
    return out, json.loads(run(out, seed="1"))


def tree(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.slow
def test_two_runs_give_the_same_bytes(told, tmp_path):
    """In everything that the folder holds, whatever the seed of hashes."""
    run(tmp_path / "again", seed="2")
    assert tree(tmp_path / "again") == tree(told[0])


def test_the_figures_are_those_of_the_story(told):
    """240 imported, one more by the form, one on the waiting list who got in."""
    figures = told[1]
    assert figures["registrations"] == 242
    assert figures["places taken"] == "241 of 241"
    assert (figures["contributions"], figures["languages"], figures["receipts"]) == (59, 6, 59)
    assert figures["the log verifies"] is True


@pytest.mark.slow
def test_every_mail_parses_and_is_owed_once(told):
    """Unique Message-IDs, plain text and HTML, a calendar part where there is an event."""
    ids = set()
    calendars = 0
    for path in (told[0] / "mail" / "new").iterdir():
        mail = email.message_from_bytes(path.read_bytes(), policy=policy.default)
        assert mail.defects == []
        ids.add(mail["Message-ID"])
        kinds = [part.get_content_type() for part in mail.walk()]
        assert "text/plain" in kinds
        assert "text/html" in kinds
        calendars += "text/calendar" in kinds
        assert "{" not in str(mail["Subject"])
    assert len(ids) == told[1]["mails"]
    assert calendars == told[1]["calendar messages"]


def test_a_person_sees_the_session_move_and_move_back(told):
    """Three objects for one event, rising SEQUENCE and DTSTAMP, and the times of the document."""
    (person, _), *_ = Counter(
        path.name.rpartition("-")[0] for path in (told[0] / "calendar").iterdir()
    ).most_common()
    texts = [
        path.read_text(encoding="utf-8") for path in sorted((told[0] / "calendar").glob(f"{person}-*.ics"))
    ]
    found = [
        (
            int(re.search(r"^SEQUENCE:(\d+)", text, re.MULTILINE)[1]),
            re.search(r"^DTSTART;TZID=Asia/Shanghai:(\S+)", text, re.MULTILINE)[1],
            re.search(r"^DTSTAMP:(\S+)", text, re.MULTILINE)[1],
        )
        for text in texts
    ]
    found.sort()
    assert [(sequence, starts) for sequence, starts, _ in found] == [
        (0, "20201211T200000"),
        (1, "20201211T203000"),
        (2, "20201211T200000"),
    ]
    assert [stamp for *_, stamp in found] == sorted(stamp for *_, stamp in found)
    assert len({re.search(r"^UID:(\S+)", text, re.MULTILINE)[1] for text in texts}) == 1


def test_the_declaration_holds_no_word_of_who_withdrew_or_said_no(told):
    """Contribution 58 is gone; 18, 45, 46 and 54 may not be quoted."""
    text = (told[0] / "declaration.md").read_text(encoding="utf-8")
    cited = {int(number) for number in re.findall(r"\bG\d-(\d{3})", text)}
    quoted = {int(number) for number in re.findall(r"G\d-(\d{3}): “", text)}
    assert len(cited) >= 50
    assert 58 not in cited
    assert quoted.isdisjoint({18, 45, 46, 54, 58})


def test_every_receipt_holds_against_the_published_chain(told):
    """A contributor checks with nothing but the receipt and the chain that was published."""
    seals = {
        each["number"]: each["chain"] for each in json.loads((told[0] / "log" / "seals.json").read_text())
    }
    entries = {}
    for line in (told[0] / "log" / "entries.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        entries[entry["id"]] = entry["body"]
    paths = list((told[0] / "receipts").iterdir())
    assert len(paths) == told[1]["receipts"] > 50
    for path in paths:
        found = json.loads(path.read_text())
        receipt = Receipt(**{**found, "path": tuple(found["path"])})
        assert verify_receipt(receipt, entries[receipt.entry], seals[receipt.seal]) == ()


def test_the_list_of_registrations_reads_back(told):
    """One row each, and no password anywhere."""
    with (told[0] / "registrations.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 242
    assert {row["state"] for row in rows} == {"confirmed", "cancelled"}
    assert "password" not in rows[0]


def test_good_practices_name_nobody_who_asked_not_to_be(told):
    """No file or name of contributions whose consent says no."""
    page = (told[0] / "good_practices" / "index.md").read_text(encoding="utf-8")
    for number in (18, 40, 54, 58):
        assert f"G-{number:03d}" not in page
    assert len(list((told[0] / "good_practices" / "files").iterdir())) >= 8


def test_the_report_needs_nothing_from_elsewhere(told):
    """One file: no script, no address to load from."""
    page = (told[0] / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert not re.search(r"(?:src|href)=", page)
    assert page.count("<svg") == 3


def test_a_folder_of_somebody_else_is_left_alone(tmp_path, capsys):
    """Only what a demonstration wrote is replaced."""
    (tmp_path / "thesis.txt").write_text("ten years of work")
    assert main(["demo", "--out", str(tmp_path)]) == 1
    assert "thesis" not in capsys.readouterr().out
    assert (tmp_path / "thesis.txt").read_text() == "ten years of work"
