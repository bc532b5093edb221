"""Every measurement of this project as one table: `python benchmarks/run.py [--json] [--dir DIRECTORY]`.

Speed depends on the machine, so most figures stand beside something that everybody knows and that ran in turns with
ours: plain sqlite3 that writes the same rows, an import of the dependencies alone. The disk's fsync rate is measured
before and after, since one durable commit is one fsync.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from attrs import asdict, frozen
from parts import READING, hashing, parts
from processes import demo, imports
from rates import Disk, Rounds, fsyncs_a_second, many, one_by_one

from conferencekit import limits

_SLOW_DISK = 500
"""Fsyncs a second, as a WAL makes them: below it a commit waits for the disk, above it for Python."""


@frozen(kw_only=True)
class Line:
    """One line of the table. `ratio` is ours to what stands beside; `aim` is in words."""

    what: str
    ours: float | None
    beside: float | None = None
    ratio: float | None = None
    unit: str
    aim: str = ""
    met: bool | None = None


def measure(directory: Path) -> Iterator[Line]:
    """All lines, in the order of the table."""
    before = fsyncs_a_second(directory)
    single, several = one_by_one(directory, 15, 150), many(directory, 7, 2000)
    after = fsyncs_a_second(directory)
    yield from _disk("before", before)
    yield from _disk("after", after)
    steps = parts(directory, 5, 300)
    for rounds in (single, several):
        yield _rate(rounds, (before.overwriting + after.overwriting) / 2)
    for rounds in (single, several):
        yield from _cpu(rounds, steps[READING])
    for name, spent in steps.items():
        yield Line(what=f"of it: {name}", ours=spent, unit="us")
    yield Line(what="hashing one password, not counted above", ours=hashing(), unit="ms")
    yield from _processes()


def _disk(when: str, disk: Disk) -> Iterator[Line]:
    yield Line(what=f"fsyncs of 4 KiB over what is there, {when}", ours=disk.overwriting, unit="1/s")
    yield Line(what=f"fsyncs of 4 KiB at the end of a file, {when}", ours=disk.appending, unit="1/s")


def _rate(rounds: Rounds, fsyncs: float) -> Line:
    wanted = 0.9 if fsyncs < _SLOW_DISK else 0.7
    return Line(
        what=f"registrations by {rounds.name}, beside raw sqlite3",
        ours=rounds.rate("ours"),
        beside=rounds.rate("raw"),
        ratio=rounds.ratio,
        unit="1/s",
        aim=f">= {wanted} x",
        met=rounds.ratio >= wanted,
    )


def _cpu(rounds: Rounds, reading: float) -> Iterator[Line]:
    ours, raw = rounds.cpu("ours"), rounds.cpu("raw")
    ratio = rounds.cpu_ratio(without=reading)
    yield Line(
        what=f"CPU of one by {rounds.name}, reading the form left out",
        ours=ours - reading,
        beside=raw,
        ratio=ratio,
        unit="us",
        aim="<= 1.6 x",
        met=ratio <= 1.6,
    )


def _processes() -> Iterator[Line]:
    took = imports(9)
    bare = took["dependencies"]
    ratio = took["conferencekit"] / bare
    yield Line(
        what="import conferencekit, beside its four dependencies",
        ours=took["conferencekit"],
        beside=bare,
        ratio=ratio,
        unit="ms",
        aim="<= 1.5 x",
        met=ratio <= 1.5,
    )
    host = took["secretariat"]
    yield Line(what="import of Secretariat as well", ours=host, beside=bare, ratio=host / bare, unit="ms")
    yield Line(what="a Python that does nothing", ours=took["nothing"], unit="ms")
    seconds, peak = demo(2)
    yield Line(what="the demonstration", ours=seconds, unit="s")
    met = None if peak is None else peak <= 80
    yield Line(what="its peak memory", ours=peak, unit="MB", aim="<= 80", met=met)


def _where() -> str:
    encoder = "orjson" if limits.orjson is not None else "json"
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version} (WAL, synchronous = FULL), bodies by "
        f"{encoder} (raw: json), {os.cpu_count()} processors{load}"
    )


def _cells(line: Line) -> tuple[str, ...]:
    def number(value: float | None) -> str:
        return "" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:,.1f}"

    ratio = "" if line.ratio is None else f"{line.ratio:.2f}"
    met = {None: "", True: "met", False: "missed"}[line.met]
    return (line.what, number(line.ours), number(line.beside), line.unit, ratio, line.aim, met)


_HEADER = ("", "ours", "beside", "unit", "ratio", "aim", "")


def _print(title: str, lines: list[Line]) -> None:
    rows = [_cells(line) for line in lines]
    try:
        from rich.console import Console
        from rich.table import Table
    except ImportError:
        widths = [max(map(len, column)) for column in zip(_HEADER, *rows, strict=True)]
        print(title)
        for row in (_HEADER, *rows):
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        return
    table = Table(title=title, title_justify="left")
    for name in _HEADER:
        table.add_column(name, justify="right" if name in {"ours", "beside", "ratio"} else "left")
    for row in rows:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 120).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--dir", help="the directory on the disk to measure (default: the temporary one)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.dir) as made:
        title, lines = _where(), list(measure(Path(made)))
    if given.json:
        print(json.dumps({"where": title, "lines": [asdict(line) for line in lines]}, indent=2))
    else:
        _print(title, lines)


if __name__ == "__main__":
    main()
