"""What a registration costs with a million people there already, beside a store with a thousand."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from attrs import asdict
from disks import Disk, Scale
from filling import FIRST, STEP, between
from handwritten import HandWritten, copied, fill
from rounds import Cost, rate, speed_ratio, timed
from same_rows import check_same
from samples import change_set, check, lay_out, open_store
from table import Line, at_most
from workers import Work, single

from conferencekit.ports import Store

FEW: Final = 1_000
MANY: Final = 1_000_000


def measure(disk: Disk, scale: Scale) -> Iterator[Line]:
    """Both are filled, then people register in them in turns, at random places of every index."""
    many = scale.count(MANY)
    prove(disk.directory)
    urls = {}
    for name, count in (("few", FEW), ("many", many)):
        path = disk.directory / f"{name}.db"
        lay_out(f"sqlite:///{path}")
        fill(path, count)
        urls[name] = (f"sqlite:///{path}", count)
    yield compared(disk, scale, urls, f"SQLite with {many:,} people there, beside {FEW:,}")


def compared(disk: Disk, scale: Scale, urls: Mapping[str, tuple[str, int]], what: str) -> Line:
    """Two stores in turns. The first two rounds warm up both."""
    found: dict[str, list[Cost]] = {name: [] for name in urls}
    amount = scale.count(150)
    with single(disk, "growth", "registering", urls=urls) as worker:
        for number in range(scale.rounds(9) + 2):
            for name in urls:
                cost = Cost(**worker.do(name=name, amount=amount, seed=number))
                if number > 1:
                    found[name].append(cost)
    few, many = found["few"], found["many"]
    return Line(
        what=what, ours=rate(many), beside=rate(few), unit="1/s", **at_most(1.2, 1 / speed_ratio(many, few))
    )


@contextmanager
def registering(order: Mapping[str, Any]) -> Iterator[Work]:
    """One client of both stores."""
    stores = {name: open_store(url) for name, (url, _) in order["urls"].items()}
    written: dict[str, set[int]] = {name: set() for name in stores}

    def round_(name: str, amount: int, seed: int) -> dict[str, Any]:
        _, count = order["urls"][name]
        draw = random.Random(f"{name} {seed}").randrange
        fresh = [number for number in between(count, amount * 2, draw) if number not in written[name]][
            :amount
        ]
        written[name].update(fresh)
        return asdict(timed(lambda: _register(stores[name], fresh), amount))

    yield round_
    for name, (_, count) in order["urls"].items():
        places = stores[name].quotas("gmc2020", ["places"])["places"][0]
        assert places == count + len(written[name]), (name, places, count, len(written[name]))
        stores[name].close()


def _register(store: Store, numbers: Sequence[int]) -> None:
    for number in numbers:
        check(store.commit([change_set(number)]))


def prove(directory: Path) -> None:
    """What the database makes of a template is what is written by hand for the same people."""
    made, other = directory / "made.db", directory / "by-hand.db"
    lay_out(f"sqlite:///{made}")
    copied(made, other)
    fill(made, 3)
    hand = HandWritten(other)
    for at in range(3):
        hand.write([FIRST + at * STEP])
    hand.close()
    with closing(sqlite3.connect(made)) as db:
        db.execute("PRAGMA integrity_check")
    check_same(made, other)
