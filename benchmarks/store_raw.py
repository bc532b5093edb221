"""What a commit costs beside raw sqlite3 that writes the same rows: `python benchmarks/store_raw.py [DIRECTORY]`.

One change set is shaped like a registration: a record with two indexes, a unique value and a place, a condition on the
waiting list, a notice and a log entry. Both sides write to files in the same directory, take turns, and are timed in
the same run; the disk's fsync rate stands beside, since one fsync is one commit.
"""

from __future__ import annotations

import json
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from conferencekit.adapters.sqlite import SQLiteStore
from conferencekit.adapters.sqlite_schema import LAYOUT
from conferencekit.ports import SEQ, AtMost, ChangeSet, Committed, Enqueue, Entry, Index, Limit, Put

NOW = datetime(2020, 11, 1, 12, 0, tzinfo=UTC)
STAMP = int(NOW.timestamp()) * 1_000_000
ANSWERS = {
    "given_name": "Amina",
    "family_name": "Ould Cheikh",
    "email": "amina@example.org",
    "country": "MR",
    "organization": "Université de Nouakchott Al Aasriya",
    "motivation": "Distance education across the Sahel, and what a small university can bring to it. " * 4,
}


def body(number: int) -> dict[str, object]:
    return {
        "schema": 1,
        "state": "confirmed",
        "number": number,
        "answers": ANSWERS,
        "at": "2020-11-01T12:00:00Z",
    }


def entry_body(number: int) -> dict[str, object]:
    return {
        "action": "registered",
        "subject": f"r-{number:09}",
        "actor": "registrant",
        "salt": f"{number:032x}",
    }


def notice_body(number: int) -> dict[str, object]:
    return {
        "template": "confirmation",
        "to": f"p{number}@example.org",
        "locale": "fr",
        "values": {"place": number},
    }


def change_set(number: int) -> ChangeSet:
    ops = (
        Put(
            kind="registration",
            id=f"r-{number:09}",
            body=body(number),
            expect=0,
            indexes={"state": Index("confirmed", SEQ), "country": Index("MR", "ould cheikh")},
            uniques={"address": f"p{number}@example.org"},
            takes={"places": 1},
        ),
        AtMost(quota="places:waiting", taken=0),
        Enqueue(
            key=f"n-{number:09}",
            body=notice_body(number),
            due=NOW,
            lane=f"r-{number:09}",
            person=f"p-{number:09}",
        ),
    )
    return ChangeSet(
        "gmc2020", Entry(f"e-{number:09}", entry_body(number), f"{number:064x}", f"p-{number:09}"), ops
    )


class Ours:
    def __init__(self, path: Path) -> None:
        self.store = SQLiteStore(path)
        limits = (Limit(quota="places", capacity=10**9), Limit(quota="places:waiting", capacity=None))
        self.store.commit([ChangeSet("gmc2020", Entry("limits", {}, "0"), limits)])

    def write(self, numbers: Sequence[int]) -> None:
        outcomes = self.store.commit([change_set(number) for number in numbers])
        assert all(type(outcome) is Committed for outcome in outcomes)

    def close(self) -> None:
        self.store.close()


class Raw:
    """The same rows by hand: conditional UPDATE, INSERTs, COMMIT; `executemany` for groups."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.execute("PRAGMA cache_size = -16000")
        for statement in LAYOUT:
            self.db.execute(statement)
        self.db.execute("INSERT INTO conference VALUES ('gmc2020', 1)")
        self.db.execute("INSERT INTO quota VALUES ('gmc2020', 'places', 0, 1000000000, 1000000000)")
        self.db.execute("INSERT INTO quota VALUES ('gmc2020', 'places:waiting', 0, NULL, NULL)")
        self.seq = 1

    def write(self, numbers: Sequence[int]) -> None:
        db, first, count = self.db, self.seq, len(numbers)
        many = db.executemany if count > 1 else lambda sql, rows: db.execute(sql, rows[0])
        ids = [(f"{number:09}", number, first + at + 1) for at, number in enumerate(numbers)]
        dump = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
        db.execute("BEGIN IMMEDIATE")
        many(
            "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
            [
                ("gmc2020", seq, f"e-{i}", f"{n:064x}", dump(entry_body(n)), f"p-{i}", f"r-{i}")
                for i, n, seq in ids
            ],
        )
        many(
            "INSERT INTO record VALUES (?, 'registration', ?, 1, ?, ?, ?)",
            [
                (
                    "gmc2020",
                    f"r-{i}",
                    seq,
                    dump(body(n)),
                    dump(
                        [
                            {"state": ["confirmed", seq], "country": ["MR", "ould cheikh"]},
                            {"address": f"p{n}@example.org"},
                            {"places": 1},
                        ]
                    ),
                )
                for i, n, seq in ids
            ],
        )
        listing = "INSERT INTO listing VALUES (?, 'registration', ?, ?, ?, ?)"
        rows = [("gmc2020", "state", "confirmed", seq, f"r-{i}") for i, n, seq in ids]
        db.executemany(
            listing, rows + [("gmc2020", "country", "MR", "ould cheikh", f"r-{i}") for i, n, seq in ids]
        )
        many(
            "INSERT INTO claim VALUES (?, 'address', ?, 'registration', ?)",
            [("gmc2020", f"p{n}@example.org", f"r-{i}") for i, n, _ in ids],
        )
        many(
            "INSERT INTO notice VALUES (?, ?, ?, ?, ?, ?, ?, 'queued', 0, NULL, '', '', ?)",
            [
                ("gmc2020", f"n-{i}", seq << 10 | 2, dump(notice_body(n)), STAMP, f"r-{i}", f"p-{i}", STAMP)
                for i, n, seq in ids
            ],
        )
        waiting = db.execute("SELECT taken FROM quota WHERE conference = 'gmc2020' AND id = 'places:waiting'")
        taken = db.execute(
            "UPDATE quota SET taken = taken + ? WHERE conference = ? AND id = ? AND taken + ? <= capacity",
            (count, "gmc2020", "places", count),
        )
        assert waiting.fetchone() == (0,)
        assert taken.rowcount == 1
        self.seq += count
        db.execute("UPDATE conference SET seq = ? WHERE id = 'gmc2020'", (self.seq,))
        db.execute("COMMIT")

    def close(self) -> None:
        self.db.close()


def fsyncs_a_second(directory: Path) -> float:
    with (directory / "probe").open("wb", buffering=0) as file:
        began, count = time.perf_counter(), 0
        while time.perf_counter() - began < 1:
            file.write(b"x" * 4096)
            os.fdatasync(file.fileno())
            count += 1
        return count / (time.perf_counter() - began)


def measure(directory: Path, group: int, rounds: int, batches: int) -> None:
    sides: dict[str, Ours | Raw] = {
        "ours": Ours(directory / f"ours{group}.db"),
        "raw": Raw(directory / f"raw{group}.db"),
    }
    wall: dict[str, list[float]] = {"ours": [], "raw": []}
    cpu: dict[str, list[float]] = {"ours": [], "raw": []}
    number = 1
    for _ in range(rounds):
        for name, side in sides.items():
            began, cpu_began = time.perf_counter(), time.process_time()
            run(side.write, number, group, batches)
            wall[name].append((time.perf_counter() - began) / (group * batches))
            cpu[name].append((time.process_time() - cpu_began) / (group * batches))
        number += group * batches
    for side in sides.values():
        side.close()
    report(group, wall, cpu)


def run(write: Callable[[Sequence[int]], None], number: int, group: int, batches: int) -> None:
    for batch in range(batches):
        write(range(number + batch * group, number + (batch + 1) * group))


def report(group: int, wall: dict[str, list[float]], cpu: dict[str, list[float]]) -> None:
    rate = {name: 1 / statistics.median(times) for name, times in wall.items()}
    spent = {name: statistics.median(times) * 1e6 for name, times in cpu.items()}
    print(
        f"{group:>5} | {rate['ours']:>9,.0f} | {rate['raw']:>9,.0f} | {rate['ours'] / rate['raw']:>5.2f} "
        f"| {spent['ours']:>7.1f} | {spent['raw']:>7.1f} | {spent['ours'] / spent['raw']:>5.2f}"
    )


def main(directory: str | None = None) -> None:
    with tempfile.TemporaryDirectory(dir=directory) as made:
        path = Path(made)
        print(f"SQLite {sqlite3.sqlite_version}, {fsyncs_a_second(path):,.0f} fsyncs a second")
        print("group | ours, 1/s |  raw, 1/s | ratio | CPU, us | raw, us | ratio")
        measure(path, 1, rounds=9, batches=200)
        measure(path, 32, rounds=9, batches=20)
        measure(path, 1000, rounds=5, batches=4)
        print(f"{fsyncs_a_second(path):,.0f} fsyncs a second afterwards")


if __name__ == "__main__":
    main(*sys.argv[1:])
