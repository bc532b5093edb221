"""SQLite, 32 processes that want places of one quota, beside plain sqlite3 whose busy handler makes them wait."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final

from clients import Clients
from disks import Disk, Scale
from handwritten import HandWritten, copied, prove
from rounds import pairs_ratio
from samples import change_set, check, lay_out, open_store, taken
from table import Line, at_least
from workers import Crew, Work, crew

from conferencekit.errors import StoreUnavailable

PROCESSES: Final = 32
SPAN: Final = 10_000_000
_AFTER: Final = "sync=after"
_WHAT: Final = f"SQLite, {PROCESSES} processes on one quota"


def measure(disk: Disk, scale: Scale) -> Iterator[Line]:
    """Speed and fairness as it is, then with the sync after the lock is released."""
    prove(disk.directory)
    urls = _lay_out(disk.directory)
    orders = [{"number": at, "urls": urls} for at in range(scale.workers(PROCESSES))]
    with crew(disk, "sqlite_processes", "registering", orders) as workers:
        found = _rounds(workers, [*urls, "raw"], scale)
    for side, url in urls.items():
        written = sum(answer["written"] for answer in found[side])
        assert taken(url) == written, (taken(url), written)
    yield from _lines(disk, found, scale.seconds(2.5))


def _lay_out(directory: Path) -> dict[str, str]:
    """The URLs of our sides; without the one whose option this version does not know."""
    urls = {}
    for side, options in (("ours", ""), ("after", f"?{_AFTER}")):
        url = f"sqlite:///{directory / side}.db{options}"
        try:
            lay_out(url)
        except StoreUnavailable:
            continue
        urls[side] = url
    copied(directory / "ours.db", directory / "raw.db")
    return urls


def _rounds(workers: Crew, sides: Sequence[str], scale: Scale) -> dict[str, list[dict[str, Any]]]:
    """The answers of all workers in all rounds, by side. The first, short one opens the files."""
    found: dict[str, list[dict[str, Any]]] = {side: [] for side in sides}
    for number in range(scale.rounds(4) + 1):
        for side in sides:
            seconds = scale.seconds(2.5) if number else 0.1
            answers = workers.each(side=side, seconds=seconds)
            found[side] += [
                {**answer, "client": client, "round": number} for client, answer in enumerate(answers)
            ]
    return found


def _lines(disk: Disk, found: Mapping[str, Sequence[Mapping[str, Any]]], seconds: float) -> Iterator[Line]:
    rates = {side: [count / seconds for count in _sums(answers, "round")] for side, answers in found.items()}
    sides = {"ours": (_WHAT, 0.9, 0.9), "after": (f"{_WHAT}, {_AFTER}", 5.0, None)}
    for side, (what, slow, fast) in sides.items():
        if side not in rates:
            yield Line(what=what, note="not known to this store")
            continue
        yield Line(
            what=f"{what}, beside sqlite3's busy handler",
            ours=median(rates[side]),
            beside=median(rates["raw"]),
            unit="1/s",
            **at_least(disk.aim(slow=slow, fast=fast), pairs_ratio(rates[side], rates["raw"])),
        )
        yield _fairness(f"{what}: slowest client beside the fastest", found[side], 0.5)
    yield _fairness("the same with sqlite3's busy handler", found["raw"], None)


def _sums(answers: Sequence[Mapping[str, Any]], by: str) -> list[int]:
    """What was done in time, summed up by round or by client."""
    sums: dict[int, int] = {}
    for answer in answers:
        if answer["round"]:
            sums[answer[by]] = sums.get(answer[by], 0) + answer["done"]
    return list(sums.values())


def _fairness(what: str, answers: Sequence[Mapping[str, Any]], wanted: float | None) -> Line:
    clients = _sums(answers, "client")
    slowest, fastest = min(clients), max(clients)
    return Line(what=what, ours=slowest, beside=fastest, **at_least(wanted, slowest / max(fastest, 1)))


@contextmanager
def registering(order: Mapping[str, Any]) -> Iterator[Work]:
    """One client, which registers on the side that it is told."""
    first = order["number"] * SPAN
    sides: dict[str, Callable[[], object]] = {}
    stores = []
    for side, url in order["urls"].items():
        store, numbers = open_store(url), itertools.count(first)
        stores.append(store)
        sides[side] = lambda store=store, numbers=numbers: check(store.commit([change_set(next(numbers))]))
    hand, by_hand = HandWritten(Path(order["directory"]) / "raw.db", patience=120), itertools.count(first)
    sides["raw"] = lambda: hand.write([next(by_hand)])

    def round_(side: str, seconds: float) -> dict[str, Any]:
        client = Clients(lambda _: sides[side](), 1, seconds).run()
        return {"done": len(client.waits), "written": client.written}

    yield round_
    for store in stores:
        store.close()
    hand.close()
