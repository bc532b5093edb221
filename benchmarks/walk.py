"""The whole walk of a registration, `register` and `enter_many`, beside sqlite3 that writes the same rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, Final

from attrs import asdict, field, frozen
from disks import Disk, Scale
from model import open_secretariat, registrants
from parts import READING, hashing, parts
from raw import Raw, Reader, Rows
from rounds import Cost, cpu_ratio, microseconds, rate, speed_ratio, timed
from same_rows import check_same
from table import Line, at_least, at_most
from workers import Crew, Work, single

from conferencekit import Received, Registered, Secretariat
from conferencekit.secretariat.intake import CHUNK

COUNTS: Final = {"register": (11, 120), "enter_many": (7, 1500)}
"""Rounds, and people in each."""


@frozen
class _Found:
    ours: list[Cost] = field(factory=list)
    raw: list[Cost] = field(factory=list)


def measure(disk: Disk, scale: Scale) -> Iterator[Line]:
    """Speed of both ways to register, and the CPU of one."""
    found: dict[str, _Found] = {name: _Found() for name in COUNTS}
    with single(disk, "walk", "walking") as worker:
        for name, (rounds, count) in COUNTS.items():
            for number in range(scale.rounds(rounds) + 1):
                answer = worker.do(name=name, count=scale.count(count))
                if number:  # the first round warms up both
                    found[name].ours.append(Cost(**answer["ours"]))
                    found[name].raw.append(Cost(**answer["raw"]))
        reading = _parts(worker, scale, 2)[READING]
    wanted = {"register": disk.aim(slow=0.9, fast=0.7), "enter_many": None}
    for name, side in found.items():
        yield Line(
            what=f"the whole walk by `{name}`, beside sqlite3",
            ours=rate(side.ours),
            beside=rate(side.raw),
            unit="1/s",
            **at_least(wanted[name], speed_ratio(side.ours, side.raw)),
        )
    for name, side in found.items():
        spent, ratio = microseconds(side.ours) - reading, cpu_ratio(side.ours, side.raw, without=reading)
        aim = at_most(1.6, ratio) if name == "register" else {"aim": "<= 100 us", "met": spent <= 100}
        yield Line(
            what=f"CPU of the whole walk by `{name}`, reading the form left out",
            ours=spent,
            beside=microseconds(side.raw),
            unit="us",
            **{"ratio": ratio, **aim},
        )


def steps(disk: Disk, scale: Scale) -> Iterator[Line]:
    """Where the CPU of one goes."""
    with single(disk, "walk", "walking") as worker:
        found = _parts(worker, scale, 5)
    for name, spent in found.items():
        yield Line(what=f"of it: {name}", ours=spent, unit="us")
    yield Line(what="hashing one password, not counted above", ours=hashing(), unit="ms")


def _parts(worker: Crew, scale: Scale, rounds: int) -> dict[str, float]:
    return worker.do(name="parts", count=scale.count(200), rounds=rounds)


@contextmanager
def walking(order: Mapping[str, Any]) -> Iterator[Work]:
    """Each round: ours registers people, the rows are read back, raw writes them."""
    directory = Path(order["directory"])
    sides: dict[str, _Sides] = {}
    with ExitStack() as stack:

        def round_(name: str, count: int, rounds: int = 1) -> Mapping[str, Any]:
            if name == "parts":
                return parts(directory, rounds, count)
            if name not in sides:
                sides[name] = stack.enter_context(_both(directory, name))
            return sides[name].round(count)

        yield round_


@contextmanager
def _both(directory: Path, name: str) -> Iterator[_Sides]:
    """In the end both files must hold the same rows."""
    path, other = directory / f"{name}.db", directory / f"{name}-raw.db"
    open_secretariat(path).close()
    raw = Raw(other, like=path)
    with closing(raw), open_secretariat(path) as secretariat, closing(Reader(path)) as reader:
        yield _Sides(name, secretariat, reader, raw)
    check_same(path, other)


@frozen
class _Sides:
    name: str
    secretariat: Secretariat
    reader: Reader
    raw: Raw
    written: list[int] = field(factory=lambda: [0])

    def round(self, count: int) -> dict[str, Any]:
        run, group = _WAYS[self.name]
        (written,) = self.written
        ours = timed(run(self.secretariat, 1 + written, count), count)
        groups = list(self.reader.groups(group))
        theirs = timed(lambda: _write(self.raw, groups), count)
        self.written[0] += count
        return {"ours": asdict(ours), "raw": asdict(theirs)}


def _write(raw: Raw, groups: Sequence[Rows]) -> None:
    for rows in groups:
        raw.write(rows)


def _one_by_one(secretariat: Secretariat, first: int, count: int) -> Callable[[], None]:
    """One commit for each person."""
    people = list(registrants(first, count))

    def run() -> None:
        for locale, posted in people:
            outcome = secretariat.register(posted, locale=locale)
            assert isinstance(outcome, Received), outcome

    return run


def _many(secretariat: Secretariat, first: int, count: int) -> Callable[[], None]:
    """Several hundred people to a commit."""
    people = [posted for _, posted in registrants(first, count)]
    entering = secretariat.acting("importer", kind="import").registrations

    def run() -> None:
        for outcome in entering.enter_many(people):
            assert isinstance(outcome, Registered), outcome

    return run


_WAYS: Final = {"register": (_one_by_one, 1), "enter_many": (_many, CHUNK)}
