"""SQLite, 32 threads of one process that want places of one quota, beside plain sqlite3 that registers one by one."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from clients import Clients
from disks import Disk, Scale
from handwritten import HandWritten, copied, prove
from rounds import pairs_ratio, percentile
from samples import change_set, check, lay_out, open_store, taken
from table import Line, at_least
from workers import Work, single

THREADS: Final = 32
SPAN: Final = 10_000_000
"""So many numbers belong to each thread."""


def measure(disk: Disk, scale: Scale) -> Iterator[Line]:
    """Speed, and how long one of them waits."""
    rates: dict[str, list[float]] = {"ours": [], "raw": []}
    waits: list[float] = []
    seconds = scale.seconds(1.2)
    with single(disk, "sqlite_threads", "registering") as worker:
        worker.do(seconds=seconds / 2)
        for _ in range(scale.rounds(7)):
            answer = worker.do(seconds=seconds)
            for side, done in answer["done"].items():
                rates[side].append(done / seconds)
            waits += answer["waits"]
    what = f"SQLite, {THREADS} threads on one quota"
    ratio = pairs_ratio(rates["ours"], rates["raw"])
    yield Line(
        what=f"{what}, beside sqlite3 one by one",
        ours=sorted(rates["ours"])[len(rates["ours"]) // 2],
        beside=sorted(rates["raw"])[len(rates["raw"]) // 2],
        unit="1/s",
        **at_least(disk.aim(slow=8, fast=1.7), ratio),
    )
    yield Line(what=f"{what}: half wait no longer than", ours=percentile(waits, 0.5) * 1000, unit="ms")
    longest = percentile(waits, 0.99) * 1000
    yield Line(
        what=f"{what}: 99 of 100 wait no longer than",
        ours=longest,
        unit="ms",
        aim="<= 40 ms" if disk.is_slow else "",
        met=longest <= 40 if disk.is_slow else None,
    )


@contextmanager
def registering(order: Mapping[str, Any]) -> Iterator[Work]:
    """Each round: the threads for so long, then plain sqlite3 for so long."""
    directory = Path(order["directory"])
    prove(directory)
    path, other = directory / "ours.db", directory / "raw.db"
    url = f"sqlite:///{path}"
    lay_out(url)
    copied(path, other)
    store, hand = open_store(url), HandWritten(other)
    counters = [itertools.count(at * SPAN) for at in range(THREADS)]
    singles = itertools.count()
    written = 0

    def round_(seconds: float) -> dict[str, Any]:
        nonlocal written
        clients = Clients(
            lambda client: check(store.commit([change_set(next(counters[client]))])), THREADS, seconds
        ).run()
        written += clients.written
        by_hand = Clients(lambda _: hand.write([next(singles)]), 1, seconds).run()
        return {"done": {"ours": len(clients.waits), "raw": len(by_hand.waits)}, "waits": clients.waits}

    yield round_
    store.close()
    hand.close()
    assert taken(url) == written, (taken(url), written)
