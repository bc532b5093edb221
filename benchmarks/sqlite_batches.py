"""SQLite, one process and one thread: registrations one by one and in batches, at the store itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from attrs import asdict
from disks import Disk, Scale
from handwritten import HandWritten, copied
from rounds import Cost, cpu_ratio, microseconds, rate, speed_ratio, timed
from same_rows import check_same
from samples import change_set, check, lay_out, open_store
from table import Line, at_least, at_most
from workers import Work, single

GROUPS: Final = (1, 32, 1000)


def measure(disk: Disk, scale: Scale) -> Iterator[Line]:
    """One by one, in batches of 32 and of 1,000; our CPU for each."""
    counts = {"1": scale.count(150), "32": scale.count(1600), "1000": scale.count(4000)}
    found: dict[str, list[Cost]] = {}
    with single(disk, "sqlite_batches", "writing") as worker:
        for number in range(scale.rounds(9) + 1):
            answer = worker.do(counts=counts)
            for name, cost in answer.items():
                if number:  # the first round warms up both
                    found.setdefault(name, []).append(Cost(**cost))
    yield from _speeds(disk, found)
    yield from _processor(found)


def _speeds(disk: Disk, found: Mapping[str, Sequence[Cost]]) -> Iterator[Line]:
    raw = found["raw 1"]
    wanted = {
        1: disk.aim(slow=0.9, fast=0.7),
        32: disk.aim(slow=15),
        1000: disk.aim(slow=50),
    }
    for group in GROUPS:
        ours = found[f"ours {group}"]
        how = "one by one" if group == 1 else f"in batches of {group:,}"
        yield Line(
            what=f"SQLite, {how}, beside sqlite3 one by one",
            ours=rate(ours),
            beside=rate(raw),
            unit="1/s",
            **at_least(wanted[group], speed_ratio(ours, raw)),
        )


def _processor(found: Mapping[str, Sequence[Cost]]) -> Iterator[Line]:
    ours, raw = found["ours 1"], found["raw 1"]
    yield Line(
        what="CPU of one in the store, beside sqlite3",
        ours=microseconds(ours),
        beside=microseconds(raw),
        unit="us",
        **at_most(1.6, cpu_ratio(ours, raw)),
    )
    ours, raw = found["ours 32"], found["raw 32"]
    spent = microseconds(ours)
    yield Line(
        what="CPU of one in the store in batches of 32, beside sqlite3 in batches of 32",
        ours=spent,
        beside=microseconds(raw),
        unit="us",
        ratio=cpu_ratio(ours, raw),
        aim="<= 100 us",
        met=spent <= 100,
    )


@contextmanager
def writing(order: Mapping[str, Any]) -> Iterator[Work]:
    """Each round: both sides write the same people, in groups of each size in turn."""
    path, other = (Path(order["directory"]) / name for name in ("ours.db", "raw.db"))
    lay_out(f"sqlite:///{path}")
    copied(path, other)
    store, hand = open_store(f"sqlite:///{path}"), HandWritten(other)
    sides: dict[str, Callable[[Sequence[int]], None]] = {
        "ours": lambda numbers: check(store.commit([change_set(number) for number in numbers])),
        "raw": hand.write,
    }
    first = 1

    def round_(counts: Mapping[str, int]) -> dict[str, Any]:
        nonlocal first
        found: dict[str, Any] = {}
        for group in GROUPS:
            count = counts[str(group)]
            people = [range(at, min(at + group, first + count)) for at in range(first, first + count, group)]
            for name, write in sides.items():
                found[f"{name} {group}"] = asdict(timed(partial(_all, write, people), count))
            first += count
        return found

    yield round_
    store.close()
    hand.close()
    check_same(path, other)


def _all(write: Callable[[Sequence[int]], None], people: Sequence[Sequence[int]]) -> None:
    for numbers in people:
        write(numbers)
