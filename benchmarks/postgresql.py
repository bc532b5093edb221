"""The store in PostgreSQL beside raw psycopg: `python benchmarks/postgresql.py [--seconds 6] [--rounds 2]`.

One hot quota: processes with threads register people one by one, first with the store, then with hand-written psycopg
(SELECT ... FOR UPDATE on the counter, INSERTs of the same rows, UPDATE, COMMIT), in turns on one server of our own with
fsync on. Then the outbox: workers lease and settle notices in lanes, a hundred at a time.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from rates import fsyncs_a_second
from store_raw import NOW, body, change_set, entry_body, notice_body

from conferencekit.ports import ChangeSet, Committed, Enqueue, Entry, Limit, Mark
from conferencekit.testing.postgresql import PostgreSQLServer, end_server, find_binaries, start_server

CONFERENCE = "gmc2020"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=6, help="how long each round lasts")
    parser.add_argument("--rounds", type=int, default=2, help="how often each is measured, in turns")
    parser.add_argument("--notices", type=int, default=40_000, help="how many notices the workers send")
    given = parser.parse_args()
    if find_binaries() is None:
        print("no PostgreSQL on this machine: nothing is measured")
        return
    with tempfile.TemporaryDirectory() as made:
        disk = fsyncs_a_second(Path(made))
    print(
        f"fsyncs of 4 KiB a second: {disk.overwriting:.0f} over what is there, {disk.appending:.0f} at the end"
    )
    server = start_server("max_connections=200")
    try:
        _measure(server, given)
    finally:
        end_server(server)


def _measure(server: PostgreSQLServer, given: argparse.Namespace) -> None:
    for processes, threads in ((4, 8), (32, 1)):
        rates: dict[str, list[float]] = {"ours": [], "raw": []}
        for each in range(given.rounds):
            for side, found in rates.items():
                url = server.url_for(f"{side} {processes} {each}")
                found.append(_registrations(url, side, processes, threads, given.seconds))
        ours, raw = (statistics.median(found) for found in rates.values())
        what = f"one hot quota, {processes} processes x {threads} threads"
        print(f"{what}: ours {ours:,.0f}/s, raw psycopg {raw:,.0f}/s, {ours / raw:.2f} x ({_load()})")
    found = [_deliveries(server.url_for(f"outbox {each}"), given.notices) for each in range(given.rounds)]
    rate = statistics.median(found)
    print(f"lease + settle with lanes, 8 workers x 100: {rate:,.0f}/s ({_load()})")


def _load() -> str:
    return (
        f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors" if hasattr(os, "getloadavg") else ""
    )


# -- the parent: starts processes, lets them begin together, and adds up what they say


def _open(url: str) -> Any:
    """As a secretariat opens it."""
    from conferencekit.adapters.group_commit import GroupCommit
    from conferencekit_sqlalchemy import SQLAlchemyStore

    return GroupCommit(SQLAlchemyStore(url))


def _registrations(url: str, side: str, processes: int, threads: int, seconds: float) -> float:
    store = _open(url)
    limits = (Limit(quota="places", capacity=10_000_000), Limit(quota="places:waiting", capacity=None))
    store.commit([ChangeSet(CONFERENCE, Entry("limits", {}, "digest"), limits)])
    store.close()
    done = _together(
        {"job": side, "url": url, "number": each, "threads": threads, "seconds": seconds}
        for each in range(processes)
    )
    count = sum(each["done"] for each in done)
    store = _open(url)
    (taken, _) = store.quotas(CONFERENCE, ["places"])["places"]
    store.close()
    assert taken == count, (taken, count)
    return count / seconds


def _deliveries(url: str, notices: int) -> float:
    store = _open(url)
    for first in range(0, notices, 500):
        ops = [
            Enqueue(key=f"n{at}", body=notice_body(at), due=NOW, lane=f"lane {at // 2}")
            for at in range(first, first + 500)
        ]
        store.commit([ChangeSet(CONFERENCE, Entry(f"e{first}", {}, "digest"), ops)])
    store.close()
    done = _together({"job": "deliver", "url": url, "number": each} for each in range(8))
    assert sum(each["done"] for each in done) == notices
    return notices / (max(each["ended"] for each in done) - min(each["began"] for each in done))


def _together(orders: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    workers = [
        subprocess.Popen(
            [sys.executable, __file__, "child", json.dumps(order)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for order in orders
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    found = []
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.close()
    for worker in workers:
        assert worker.stdout is not None
        found.append(json.loads(worker.stdout.read()))
        worker.wait()
    return found


# -- the children


def child(order: dict[str, Any]) -> None:
    job: Callable[[dict[str, Any], Callable[[], None]], dict[str, Any]] = {
        "ours": _register_ours,
        "raw": _register_raw,
        "deliver": _deliver,
    }[order["job"]]

    def ready() -> None:
        print("ready", flush=True)
        sys.stdin.read()

    print(json.dumps(job(order, ready)), flush=True)


def _threads(order: dict[str, Any], work: Callable[[int], None], ready: Callable[[], None]) -> dict[str, Any]:
    """Each thread works until the time is up; how much all did."""
    done = [0] * order["threads"]
    end = [0.0]

    def run(thread: int) -> None:
        first = (order["number"] * order["threads"] + thread) * 1_000_000
        while time.monotonic() < end[0]:
            work(first + done[thread])
            done[thread] += 1

    threads = [threading.Thread(target=run, args=(at,)) for at in range(order["threads"])]
    ready()
    end[0] = time.monotonic() + order["seconds"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"done": sum(done)}


def _register_ours(order: dict[str, Any], ready: Callable[[], None]) -> dict[str, Any]:
    store = _open(order["url"])
    store.conferences()

    def work(number: int) -> None:
        (outcome,) = store.commit([change_set(number)])
        assert isinstance(outcome, Committed), outcome

    return _threads(order, work, ready)


def _register_raw(order: dict[str, Any], ready: Callable[[], None]) -> dict[str, Any]:
    import psycopg

    url, _, schema = order["url"].replace("+psycopg", "").partition("?schema=")
    local = threading.local()

    def work(number: int) -> None:
        if not hasattr(local, "db"):
            local.db = psycopg.connect(url, options=f"-c search_path={schema}")
        _write_raw(local.db, number)

    return _threads(order, work, ready)


def _write_raw(db: Any, number: int) -> None:
    """The rows of `change_set(number)`, by hand: the counter first, as most people write it."""
    id_, address, microseconds = f"r-{number:09}", f"p{number}@example.org", int(NOW.timestamp() * 1_000_000)
    with db.transaction(), db.cursor() as cursor:
        lock = "SELECT taken, capacity FROM quota WHERE conference = %s AND id = %s FOR UPDATE"
        taken, capacity = cursor.execute(lock, (CONFERENCE, "places")).fetchone()
        assert taken < capacity
        (seq,) = cursor.execute("SELECT nextval('numbers')").fetchone()
        cursor.execute(
            "INSERT INTO entry VALUES (%s, %s, %s, %s, %s, %s, %s, 0)",
            (CONFERENCE, f"e-{number}", seq, "digest", json.dumps(entry_body(number)), "", id_),
        )
        holds = {"indexes": {"state": ["confirmed", seq], "country": ["MR", "ould cheikh"]}}
        cursor.execute(
            "INSERT INTO record VALUES (%s, %s, %s, 1, %s, %s, %s)",
            (CONFERENCE, "registration", id_, seq, json.dumps(body(number)), json.dumps(holds)),
        )
        for name, key, order, text, owned in (
            ("state", "confirmed", seq, "", False),
            ("country", "MR", 0, "ould cheikh", False),
            ("address", address, 0, "", True),
        ):
            walk = f"{abs(hash((name, key))):032x}"
            cursor.execute(
                "INSERT INTO listing VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                (CONFERENCE, walk, int(bool(text)), order, text, id_, "registration", name, key, owned),
            )
        notice = (
            CONFERENCE,
            f"n-{number}",
            seq << 10,
            json.dumps(notice_body(number)),
            microseconds,
            id_,
            "",
        )
        cursor.execute(
            "INSERT INTO notice VALUES (%s, %s, %s, %s, %s, %s, %s, 'queued', 0, NULL, '', '', true, false, %s)",
            (*notice, microseconds),
        )
        cursor.execute(
            "UPDATE quota SET taken = taken + 1 WHERE conference = %s AND id = %s", (CONFERENCE, "places")
        )


def _deliver(order: dict[str, Any], ready: Callable[[], None]) -> dict[str, Any]:
    store = _open(order["url"])
    store.conferences()
    done, until = 0, NOW + timedelta(hours=1)
    ready()
    began = time.time()
    while leased := store.lease(100, now=NOW, until=until):
        marks = [Mark(each.conference, each.key, each.token, "sent", sha256="ab" * 32) for each in leased]
        done += sum(store.settle(marks))
    return {"done": done, "began": began, "ended": time.time()}


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(json.loads(sys.argv[2]))
    else:
        main()
