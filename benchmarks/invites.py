"""Invites to a thousand people, as files on the disk: `python benchmarks/invites.py [--people 1000] [--rounds 5]`.

The whole command `conferencekit calendar send --out`, in a process of its own: it starts, reads document and people,
plans, writes an .ics and an .eml for each, has every calendar object judged, and keeps the state. What counts is the
processor's time, the system's included. Beside it, in turns with it and without their start and imports: the standard
library's `EmailMessage` alone, from one text and one object; icalendar alone, which makes the objects (both write
nothing, and judge nothing); and writing files of the same names and sizes, which is the system's part of ours.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Final

from disks import Disk, Scale
from table import Line, show
from workers import without_bytecode_ban

from conferencekit.calendar import validate

PEOPLE: Final = 1_000
ROUNDS: Final = 5
AIM: Final = 0.5
NAMES: Final = (
    'Zoë "Z" Smith',
    "Okafor, Chidi",
    "李伟",
    "محمد علي",
    "Jean-Luc Étienne",
    "O'Malley Ruth",
    "Ян Новак",
    "Ada",
)
LOCALES: Final = ("en", "fr", "zh", "en", "es")
_TEXT: Final = ("What teachers of large courses learned, and what they would do otherwise. " * 5)[:300]
_DOCUMENT: Final = f"""\
[conference]
id = "gmc"
uid = "6f9619ff-8b86-4011-b42d-00cf4fc964ff"
title = "Global MOOC Conference"
timezone = "Europe/Berlin"
languages = ["en", "fr", "es", "zh"]
contact = "office@example.org"
website = "https://gmc.example.org"

[venue]
kind = "hybrid"
name = "Main Building"
join = "https://example.org/live"

[[sessions]]
id = "opening"
title = "Opening"
description = "{_TEXT}"
room = "Hall 1"
starts = 2036-05-20T09:00:00
ends = 2036-05-20T10:30:00

[calendar]
organizer = "gmc@example.org"
organizer_name = "GMC"
alarm = "15 minutes"
"""
_ORDER: Final = (
    *("-m", "conferencekit", "calendar", "send", "gmc.toml"),
    *("--people", "people.csv", "--out", "invites"),
)


def prepare(folder: Path, people: int) -> None:
    """The document and its people."""
    (folder / "gmc.toml").write_text(_DOCUMENT, encoding="utf-8")
    with (folder / "people.csv").open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(("name", "email", "locale"))
        for number in range(people):
            name = f"{NAMES[number % len(NAMES)]} {number}"
            rows.writerow((name, f"p{number}@example.org", LOCALES[number % len(LOCALES)]))


def cpu_of(folder: Path, *order: str) -> float:
    """Seconds of CPU, the system's included, that a Python process took. Raises where it failed."""
    command = [sys.executable, str(Path(__file__).with_name("child.py")), sys.executable, *order]
    environment = without_bytecode_ban(dict(os.environ))
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    found = json.loads(run.stdout)
    assert found["code"] == 0, run.stderr
    return float(found["cpu"])


def one_round(root: Path, people: int) -> dict[str, float]:
    """What each took, one after the other, in a folder of its own.

    Nothing is deleted in between: ext4 looks for an inode that was not deleted within the last seconds, one by one, so
    to make two thousand files where as many were just deleted takes it several times as long.
    """
    folder = Path(tempfile.mkdtemp(dir=root))
    prepare(folder, people)
    costs = {"ours": cpu_of(folder, *_ORDER)}
    check(folder / "invites", people)
    for name in SAID:
        costs[name] = peer_cpu(folder, name)
    return costs


def peer_cpu(folder: Path, name: str) -> float:
    """What one of the others says that it took."""
    command = [sys.executable, str(Path(__file__).with_name("invites_beside.py")), name]
    environment = without_bytecode_ban(dict(os.environ))
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return float(run.stdout)


def check(folder: Path, people: int) -> None:
    """Everybody has both files, and they are whole."""
    objects = [each.read_bytes() for each in folder.glob("*.ics")]
    assert len(objects) == people == len(list(folder.glob("*.eml")))
    assert not any(validate(each, "REQUEST") for each in objects)


SAID: Final = {
    "mails": "EmailMessage alone, in memory",
    "objects": "icalendar alone, in memory",
    "files": "writing as many files",
}


# -- the lines


def measure(disk: Disk, scale: Scale) -> Iterator[Line]:
    """CPU of the whole command, beside each of the others."""
    yield from lines_of(disk.directory, scale.count(PEOPLE), scale.rounds(ROUNDS))


def lines_of(folder: Path, people: int, rounds: int) -> Iterator[Line]:
    one_round(folder, people)  # byte code is made, and what is read from the disk is in memory
    found = [one_round(folder, people) for _ in range(rounds)]
    ours = statistics.median(each["ours"] for each in found)
    for name, said in SAID.items():
        yield Line(
            what=f"calendar send --out to {people:,} people, beside {said}: CPU",
            ours=ours,
            beside=statistics.median(each[name] for each in found),
            unit="s",
            ratio=statistics.median(each["ours"] / each[name] for each in found),
            aim=f"<= {AIM:g} s" if people == PEOPLE else "",
            met=ours <= AIM if people == PEOPLE else None,
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--dir", help="the directory on the disk to measure (default: the temporary one)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.dir) as folder:
        lines = list(lines_of(Path(folder), given.people, given.rounds))
    show(f"icalendar {version('icalendar')}, median of {given.rounds} rounds", lines)


if __name__ == "__main__":
    main()
