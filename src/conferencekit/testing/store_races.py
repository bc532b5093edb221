"""Races and crashes: threads, processes, kill -9."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from ..ports import Committed, Leased, Limit, Outcome, Store
from .store_cases import Case, run_together
from .store_samples import CONFERENCE, NOW, SECOND, Changes, change, committed, ids, notice, put
from .store_worker import registration

THREADS = 8
PROCESSES = 3


def together(count: int, work: Callable[[int], list[Outcome]]) -> list[Outcome]:
    """Run the work in so many threads that start at the same moment; what they answered."""
    start = threading.Barrier(count)

    def run(number: int) -> list[Outcome]:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return [outcome for outcomes in pool.map(run, range(count)) for outcome in outcomes]


def check_places(store: Store, quota: str, people: list[str], capacity: int | None = None) -> None:
    """What the counters say is what the records say: each acknowledged once, nobody else, none too many."""
    found = [name for name in ids(store, "person", "all", "k") if name in set(people)]
    assert found == sorted(people, key=str.encode)
    everybody = ids(store, "person", "all", "k")
    taken, limit = store.quotas(CONFERENCE, [quota])[quota]
    assert taken == len(everybody)
    assert capacity is None or taken <= capacity
    assert limit == capacity
    keys = [f"notice to {name}" for name in everybody]
    assert len(store.get(CONFERENCE, "~notice", keys)) == len(keys)
    assert set(ids(store, "~entry", "all", "")) >= {f"entry of {name}" for name in everybody}
    assert all(ids(store, "person", "address", f"{name}@example.org") == [name] for name in everybody)


class ThreadContract:
    """Many threads, one store: decisions are made in the commit."""

    def test_threads_never_oversell(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(Limit(quota="places", capacity=30))]))

        def work(thread: int) -> list[Outcome]:
            return [store.commit([registration(f"t{thread}", at, "places")])[0] for at in range(10)]

        outcomes = together(THREADS, work)
        assert sum(isinstance(outcome, Committed) for outcome in outcomes) == 30
        assert store.quotas(CONFERENCE, ["places"]) == {"places": (30, 30)}
        assert len(ids(store, "person", "all", "k")) == 30

    def test_threads_never_share_a_unique_value(self, store: Store) -> None:
        def work(thread: int) -> list[Outcome]:
            records = (put(f"t{thread}-{at}", uniques={"address": str(at)}) for at in range(10))
            return [store.commit([change(CONFERENCE, record.id, record)])[0] for record in records]

        outcomes = together(THREADS, work)
        assert sum(isinstance(outcome, Committed) for outcome in outcomes) == 10
        assert all(len(ids(store, "person", "address", str(at))) == 1 for at in range(10))

    def test_threads_never_lose_an_update(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(put("counter", body={"count": 0}))]))

        def work(thread: int) -> list[Outcome]:
            return [_raise_counter(store, f"{thread}-{at}") for at in range(5)]

        together(THREADS, work)
        record = store.get(CONFERENCE, "person", ["counter"])["counter"]
        assert (record.body["count"], record.version) == (THREADS * 5, THREADS * 5 + 1)

    def test_threads_repeat_one_entry(self, store: Store) -> None:
        once = change(CONFERENCE, "once", put("ana"), notice("n"))
        outcomes = together(THREADS, lambda _: store.commit([once]))
        assert len({outcome.seq for outcome in outcomes if isinstance(outcome, Committed)}) == 1
        assert [getattr(outcome, "replayed", None) for outcome in outcomes].count(False) == 1

    def test_numbers_of_threads_are_unique(self, store: Store) -> None:
        def work(thread: int) -> list[Outcome]:
            return [store.commit([change(CONFERENCE, f"{thread}-{at}")])[0] for at in range(10)]

        numbers = committed(together(THREADS, work))
        assert len(set(numbers)) == len(numbers)
        assert len(ids(store, "~entry", "all", "")) == len(numbers)

    def test_two_workers_never_hold_one_notice(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(*(notice(f"n{at}") for at in range(40)))]))
        leased: list[Leased] = []

        def work(_: int) -> list[Outcome]:
            while mine := store.lease(3, now=NOW, until=NOW + SECOND):
                leased.extend(mine)
            return []

        together(THREADS, work)
        assert sorted(each.key for each in leased) == sorted(f"n{at}" for at in range(40))
        assert {each.token for each in leased} == {1}


def _raise_counter(store: Store, entry: str) -> Outcome:
    while True:
        record = store.get(CONFERENCE, "person", ["counter"])["counter"]
        count = record.body["count"]
        assert isinstance(count, int)
        wanted = put("counter", record.version, body={"count": count + 1})
        (outcome,) = store.commit([change(CONFERENCE, entry, wanted)])
        if isinstance(outcome, Committed):
            return outcome


class ProcessContract:
    """Several processes, one store, opened by its URL."""

    def test_processes_never_oversell(self, case: Case, changes: Changes) -> None:
        case.needs("processes")
        store = case.open()
        committed(store.commit([changes(Limit(quota="places", capacity=40))]))
        workers = [
            case.work("register", prefix=f"p{at}", count=30, quota="places") for at in range(PROCESSES)
        ]
        lines = run_together(workers)
        assert {line["outcome"] for line in lines} <= {"committed", "conflict"}
        people = [str(line["id"]) for line in lines if line["outcome"] == "committed"]
        assert len(people) == 40
        check_places(store, "places", people, 40)
        assert len({line["seq"] for line in lines if "seq" in line}) == 40

    def test_processes_never_share_a_unique_value(self, case: Case) -> None:
        case.needs("processes")
        store = case.open()
        workers = [case.work("claim", prefix=f"p{at}", count=30) for at in range(PROCESSES)]
        lines = run_together(workers)
        won = [line["id"] for line in lines if line["outcome"] == "committed"]
        assert sorted(won, key=str) == sorted(map(str, range(30)))
        assert all(len(ids(store, "claim", "value", str(at))) == 1 for at in range(30))


class CrashContract:
    """What `commit` acknowledged is there after kill -9, and repeating what was in doubt converges."""

    kills: int

    def test_nothing_acknowledged_is_lost(self, case: Case, changes: Changes) -> None:
        case.needs("durable")
        store = case.open()
        committed(store.commit([changes(Limit(quota="places", capacity=None))]))
        store.close()
        chance = random.Random(2020)  # noqa: S311 - when to kill, no secret
        everybody: list[str] = []
        for at in range(self.kills):
            everybody += _crash_once(case, f"c{at}", chance)
        store = case.open()
        assert store.quotas(CONFERENCE, ["places"])["places"][0] == len(everybody)
        check_places(store, "places", everybody)


def _crash_once(case: Case, prefix: str, chance: random.Random) -> list[str]:
    """Kill a process in the middle of its work; the names that must be there after what was in doubt is repeated."""
    size = chance.choice((1, 3, 20))
    worker = case.work("crash", prefix=prefix, size=size, quota="places")
    worker.go()
    lines = [worker.next_line()]
    time.sleep(chance.uniform(0.0, 0.15))
    lines += worker.kill()
    done = [line["done"] for line in lines if "done" in line]
    doubtful = next((line["trying"] for line in reversed(lines) if "trying" in line), 0)
    store = case.open()
    names = [f"{prefix}-{number + at}" for number in done if isinstance(number, int) for at in range(size)]
    assert len(store.get(CONFERENCE, "person", names)) == len(names), "an acknowledged commit was lost"
    assert isinstance(doubtful, int)
    again = store.commit([registration(prefix, doubtful + at, "places") for at in range(size)])
    assert all(isinstance(outcome, Committed) for outcome in again)
    assert len({getattr(outcome, "replayed", None) for outcome in again}) == 1, "half of a batch was applied"
    store.close()
    return [f"{prefix}-{number}" for number in range(doubtful + size)]
