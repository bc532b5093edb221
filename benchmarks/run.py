"""Every measurement of this project as one table: `python benchmarks/run.py [--only NAME] [--quick] [--json] ...`.

Speed depends on the machine, so most figures stand beside something that everybody knows and that ran in turns with
ours. What waits for a disk is measured twice: with the disk as it is, and with a delay in each sync.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from attrs import evolve, frozen
from disks import Disk, Scale, both_disks
from table import Line, as_json, as_markdown, show, write_markdown

from conferencekit import limits

Measure = Callable[[Disk, Scale], Iterator[Line]]


@frozen
class Subject:
    """What is measured together. `both`: on both disks; else only on the disk as it is."""

    name: str
    module: str
    function: str = "measure"
    both: bool = True


SUBJECTS: Final = (
    Subject("batches", "sqlite_batches"),
    Subject("walk", "walk"),
    Subject("steps", "walk", "steps", both=False),
    Subject("threads", "sqlite_threads"),
    Subject("processes", "sqlite_processes"),
    Subject("growth", "growth"),
    Subject("bulk", "bulk_import"),
    Subject("postgresql", "postgresql"),
    Subject("outbox", "outbox"),
    Subject("broadcast", "broadcast"),
    Subject("imports", "processes", both=False),
    Subject("replies", "replies", both=False),
    Subject("calendar-import", "calendar_import", both=False),
    Subject("feeds", "feeds", both=False),
    Subject("invites", "invites", both=False),
    Subject("calendars", "calendars", both=False),
)


def measure(subjects: list[Subject], directory: Path, scale: Scale) -> Iterator[Line]:
    """All lines, in the order of the table."""
    with both_disks(directory) as disks:
        for subject in subjects:
            found: Measure = getattr(importlib.import_module(subject.module), subject.function)
            for disk in disks if subject.both else disks[:1]:
                began = time.monotonic()
                probed = disk.probed()
                place = probed.within(subject.name)
                lines = list(found(place, scale))
                shutil.rmtree(place.directory)
                if subject.both:
                    fsyncs = (probed.fsyncs + disk.probed().fsyncs) / 2
                    lines = [evolve(line, disk=disk.name, fsyncs=fsyncs) for line in lines]
                yield from lines
                took = time.monotonic() - began
                print(f"{subject.name}, disk {disk.name}: {took:.0f} s", file=sys.stderr, flush=True)


def where() -> str:
    encoder = "orjson" if limits.orjson is not None else "json"
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version} (WAL, synchronous = FULL), bodies by "
        f"{encoder} (raw: json), {os.cpu_count()} processors{load}"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [subject.name for subject in SUBJECTS]
    parser.add_argument("--only", action="append", choices=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--quick", action="store_true", help="so little that only the scripts are tried")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--markdown", nargs="?", const="-", metavar="FILE", help="print it, or put it into a page"
    )
    parser.add_argument("--dir", help="the directory on the disk to measure (default: the temporary one)")
    return parser


def main() -> None:
    given = _parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that workers and servers are ended
    subjects = [each for each in SUBJECTS if not given.only or each.name in given.only]
    with tempfile.TemporaryDirectory(dir=given.dir) as made:
        Path(made).chmod(0o755)
        title, lines = where(), list(measure(subjects, Path(made), Scale(given.quick)))
    if given.json:
        print(as_json(title, lines))
    elif given.markdown == "-":
        print(as_markdown(title, lines), end="")
    else:
        show(title, lines)
    if given.markdown not in {None, "-"}:
        write_markdown(Path(given.markdown), title, lines)


if __name__ == "__main__":
    main()
