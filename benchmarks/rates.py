"""Registrations a second and CPU for each, beside plain sqlite3 that writes the same rows in the same run."""

from __future__ import annotations

import gc
import os
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from io import FileIO
from pathlib import Path

from attrs import field, frozen
from model import open_secretariat, registrants
from raw import Raw, Reader, Rows, differing_tables

from conferencekit import Received, Registered, Secretariat
from conferencekit.secretariat.intake import CHUNK


@frozen
class Cost:
    """What one registration cost: seconds on the wall, seconds of CPU."""

    wall: float
    cpu: float


@frozen
class Rounds:
    """Rounds that took turns: ours and raw, one pair for each."""

    name: str
    ours: list[Cost] = field(factory=list)
    raw: list[Cost] = field(factory=list)

    def rate(self, side: str) -> float:
        """Registrations a second, median of the rounds."""
        return 1 / statistics.median(each.wall for each in getattr(self, side))

    def cpu(self, side: str) -> float:
        """Microseconds for one registration, median of the rounds."""
        return statistics.median(each.cpu for each in getattr(self, side)) * 1e6

    @property
    def ratio(self) -> float:
        """How fast ours is beside raw: median of the pairs, so that a disk that drifts counts for both."""
        return statistics.median(raw.wall / ours.wall for ours, raw in zip(self.ours, self.raw, strict=True))

    def cpu_ratio(self, without: float) -> float:
        """How much CPU ours takes beside raw, less so many microseconds: median of the pairs, as above."""
        pairs = zip(self.ours, self.raw, strict=True)
        return statistics.median((ours.cpu - without / 1e6) / raw.cpu for ours, raw in pairs)


@frozen
class Disk:
    """How often the disk makes 4 KiB durable in a second: over what is there, as a WAL does, and at a file's end."""

    overwriting: float
    appending: float


def fsyncs_a_second(directory: Path) -> Disk:
    """Tries both, a second each."""
    with (directory / "probe").open("wb", buffering=0) as file:
        file.write(bytes(_BLOCK * _BLOCKS))
        os.fsync(file.fileno())
        overwriting = _fsyncs(file, _BLOCKS)
        file.seek(0, os.SEEK_END)
        return Disk(overwriting, _fsyncs(file, 0))


_BLOCK = 4096
_BLOCKS = 1000  # after so many pages SQLite begins its WAL anew


def _fsyncs(file: FileIO, around: int) -> float:
    sync = getattr(os, "fdatasync", os.fsync)
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < 1:
        if around:
            file.seek(_BLOCK * (count % around))
        file.write(b"x" * _BLOCK)
        sync(file.fileno())
        count += 1
    return count / (time.perf_counter() - began)


def one_by_one(directory: Path, rounds: int, count: int) -> Rounds:
    """`secretariat.register`: one commit for each person."""

    def register(secretariat: Secretariat, first: int) -> Callable[[], None]:
        people = list(registrants(first, count))

        def run() -> None:
            for locale, posted in people:
                outcome = secretariat.register(posted, locale=locale)
                assert isinstance(outcome, Received), outcome

        return run

    return _take_turns("register", directory, rounds, count, 1, register)


def many(directory: Path, rounds: int, count: int) -> Rounds:
    """`acting(...).registrations.enter_many`: several hundred people to a commit."""

    def enter(secretariat: Secretariat, first: int) -> Callable[[], None]:
        people = [posted for _, posted in registrants(first, count)]
        entering = secretariat.acting("importer", kind="import").registrations

        def run() -> None:
            for outcome in entering.enter_many(people):
                assert isinstance(outcome, Registered), outcome

        return run

    return _take_turns("enter_many", directory, rounds, count, CHUNK, enter)


def _take_turns(
    name: str,
    directory: Path,
    rounds: int,
    count: int,
    group: int,
    prepare: Callable[[Secretariat, int], Callable[[], None]],
) -> Rounds:
    """Ours writes a round, its rows are read back, raw writes them; the files must hold the same in the end."""
    path, other = directory / f"{name}.db", directory / f"{name}-raw.db"
    open_secretariat(path).close()
    found = Rounds(name)
    raw = Raw(other, like=path)
    with closing(raw), open_secretariat(path) as secretariat, closing(Reader(path)) as reader:
        for number in range(rounds + 1):
            ours = _timed(prepare(secretariat, 1 + number * count), count)
            groups = list(reader.groups(group))
            theirs = _timed(lambda groups=groups: _write(raw, groups), count)
            if number:  # the first round warms up both
                found.ours.append(ours)
                found.raw.append(theirs)
    if differing := differing_tables(path, other):
        raise AssertionError(f"Raw did not write the same rows: {differing}.")
    return found


def _write(raw: Raw, groups: Sequence[Rows]) -> None:
    for rows in groups:
        raw.write(rows)


def _timed(run: Callable[[], None], count: int) -> Cost:
    gc.collect()
    began, cpu_began = time.perf_counter(), time.process_time()
    run()
    return Cost((time.perf_counter() - began) / count, (time.process_time() - cpu_began) / count)
