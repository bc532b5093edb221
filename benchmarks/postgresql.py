"""The store in PostgreSQL beside psycopg by hand: one hot quota, many processes and threads, one server of our own."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from statistics import median
from typing import Any, Final

from clients import Clients
from disks import Disk, Scale
from rounds import pairs_ratio
from samples import change_set, check, lay_out, open_store, taken
from table import Line, at_least
from workers import Work, crew

from conferencekit.testing.postgresql import PostgreSQLServer, end_server, find_binaries, start_server

SHAPES: Final = ((4, 8), (32, 1))
SPAN: Final = 3_000_000
"""So many numbers belong to each client."""


@contextmanager
def server_on(disk: Disk) -> Iterator[PostgreSQLServer]:
    """A server whose files are on this disk, ended always."""
    server = start_server("max_connections=200", below=disk.directory, environment=disk.environment)
    try:
        yield server
    finally:
        end_server(server)


def measure(disk: Disk, scale: Scale) -> Iterator[Line]:
    """4 processes with 8 threads each, then 32 with one."""
    if find_binaries() is None:
        yield Line(what="PostgreSQL, one quota", note="not measured: no PostgreSQL on this machine")
        return
    with server_on(disk) as server:
        from handwritten_pg import prove

        prove(server)
        for processes, threads in SHAPES:
            rates = _rates(disk, server, (scale.workers(processes), threads), scale)
            wanted = disk.aim(slow=4, fast=3) if (processes, threads) == SHAPES[0] else 0.7
            yield Line(
                what=f"PostgreSQL, {processes} processes x {threads} threads on one quota, beside psycopg",
                ours=median(rates["ours"]),
                beside=median(rates["raw"]),
                unit="1/s",
                **at_least(wanted, pairs_ratio(rates["ours"], rates["raw"])),
            )


def _rates(
    disk: Disk, server: PostgreSQLServer, shape: tuple[int, int], scale: Scale
) -> dict[str, list[float]]:
    processes, threads = shape
    urls = {side: server.url_for(f"{side} {shape}") for side in ("ours", "raw")}
    for url in urls.values():
        lay_out(url)
    rates: dict[str, list[float]] = {side: [] for side in urls}
    written = dict.fromkeys(urls, 0)
    orders = [{"number": at, "threads": threads, "urls": urls} for at in range(processes)]
    with crew(disk, "postgresql", "registering", orders) as workers:
        for number in range(scale.rounds(4) + 1):
            for side in urls:
                seconds = scale.seconds(3) if number else 0.3
                answers = workers.each(side=side, seconds=seconds)
                written[side] += sum(answer["written"] for answer in answers)
                if number:  # the first round opens connections
                    rates[side].append(sum(answer["done"] for answer in answers) / seconds)
    for side, url in urls.items():
        assert taken(url) == written[side], (side, taken(url), written[side])
    return rates


@contextmanager
def registering(order: Mapping[str, Any]) -> Iterator[Work]:
    """The threads of one process, which register on the side that they are told."""
    from handwritten_pg import HandWritten

    urls, threads = order["urls"], order["threads"]
    store = open_store(urls["ours"])
    hands = [HandWritten(urls["raw"]) for _ in range(threads)]
    sides: dict[str, Sequence[Callable[[], object]]] = {
        "ours": [
            lambda numbers=numbers: check(store.commit([change_set(next(numbers))]))
            for numbers in _numbers(order)
        ],
        "raw": [
            lambda numbers=numbers, hand=hand: hand.write(next(numbers))
            for numbers, hand in zip(_numbers(order), hands, strict=True)
        ],
    }

    def round_(side: str, seconds: float) -> dict[str, Any]:
        clients = Clients(lambda client: sides[side][client](), threads, seconds).run()
        return {"done": len(clients.waits), "written": clients.written}

    yield round_
    store.close()
    for hand in hands:
        hand.close()


def _numbers(order: Mapping[str, Any]) -> list[Iterator[int]]:
    first = order["number"] * order["threads"] * SPAN
    return [itertools.count(first + at * SPAN) for at in range(order["threads"])]
