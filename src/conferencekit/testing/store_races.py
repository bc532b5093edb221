"""Races of threads and of processes. What they were told is written down and judged by `store_history.violations`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from attrs import asdict

from ..ports import Check, Committed, Conflict, Dumpable, Full, Leased, Limit, Outcome, Owned, Store
from ..store.audit import audit
from .store_cases import Case, Worker, run_together
from .store_history import QUOTA, Call, Glance, violations
from .store_racers import Mix, Racer, found_in, history_of
from .store_samples import CONFERENCE, NOW, SECOND, Changes, change, committed, notice, put, read
from .store_worker import in_threads, raise_counter

THREADS: Final = 8
PROCESSES: Final = 3
CAPACITY: Final = 20

PLACES: Final = Mix()
VALUES: Final = Mix(values=6, repeating=0.0, places=(0,))
REPEATS: Final = Mix(sizes=(1, 1, 3), shared=6, repeating=0.3)


def begin(store: Store, conference: str = CONFERENCE, capacity: int | None = CAPACITY) -> None:
    """Before a race: there is a quota."""
    committed(store.commit([Changes(conference)(Limit(quota=QUOTA, capacity=capacity))]))


def judge(
    store: Store, lines: Iterable[Mapping[str, Any]], capacity: int | None = CAPACITY
) -> list[Call | Glance]:
    """Afterwards: the store can have answered so. The history."""
    history = history_of(lines)
    wrong = list(violations(history, found_in(store, history), capacity))
    assert not wrong, "; ".join(wrong)
    audited(store, CONFERENCE)
    return history


def audited(store: Store, conference: str) -> None:
    """Its tables say what its records say, if it lets them be seen."""
    if isinstance(store, Dumpable):
        assert list(audit(store, conference)) == []


def refused(history: Iterable[Call | Glance], reason: type) -> int:
    """How many were refused for a reason: a race in which nobody is has shown little."""
    answers = [each.answer for each in history if isinstance(each, Call)]
    return sum(
        isinstance(why, reason) for each in answers if isinstance(each, Conflict) for why in each.reasons
    )


def race_of_threads(store: Store, mix: Mix, steps: int = 15) -> list[Call | Glance]:
    """Threads of this process, one store."""
    begin(store)
    lines: list[dict[str, Any]] = []
    racers = [Racer(store, f"t{at}", lines.append, mix) for at in range(THREADS)]
    in_threads(THREADS, lambda at: racers[at].run(steps))
    return judge(store, lines)


class ThreadContract:
    """Many threads, one store: decisions are made in the commit."""

    def test_threads_never_oversell(self, store: Store) -> None:
        assert refused(race_of_threads(store, PLACES), Full)

    def test_threads_never_share_a_unique_value(self, store: Store) -> None:
        assert refused(race_of_threads(store, VALUES), Owned)

    def test_threads_repeat_one_entry(self, store: Store) -> None:
        history = race_of_threads(store, REPEATS)
        assert any(isinstance(call.answer, Committed) and call.answer.replayed for call in calls(history))

    def test_threads_never_lose_an_update(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(put("counter", body={"count": 0}))]))
        in_threads(THREADS, lambda at: raise_counter(store, lambda _: None, prefix=f"t{at}", steps=5))
        check_counter(store, THREADS * 5)

    def test_threads_never_both_act_on_what_the_other_changes(self, store: Store) -> None:
        """Each checks that the other's record is not there, and writes its own: in any order only one of them can."""
        outcomes: dict[tuple[int, int], Outcome] = {}

        def work(thread: int) -> None:
            for at in range(10):
                names = (f"{thread // 2} {at} {side}" for side in (thread % 2, 1 - thread % 2))
                mine, other = names
                wish = change(CONFERENCE, f"skew {mine}", Check(kind="person", id=other, expect=0), put(mine))
                (outcomes[thread, at],) = store.commit([wish])

        in_threads(THREADS, work)
        for thread in range(0, THREADS, 2):
            for at in range(10):
                both = (outcomes[thread, at], outcomes[thread + 1, at])
                assert [isinstance(each, Committed) for each in both].count(True) == 1

    def test_two_workers_never_hold_one_notice(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(*(notice(f"n{at}", f"lane {at % 30}") for at in range(40)))]))
        leased: list[Leased] = []

        def work(_: int) -> None:
            while mine := store.lease(3, now=NOW, until=NOW + SECOND):
                leased.extend(mine)

        in_threads(THREADS, work)
        assert sorted(each.key for each in leased) == sorted(f"n{at}" for at in range(30))
        assert {each.token for each in leased} == {1}


def calls(history: Iterable[Call | Glance]) -> list[Call]:
    """Without the glances."""
    return [each for each in history if isinstance(each, Call)]


def check_counter(store: Store, count: int) -> None:
    """What several raised, one by one."""
    record = read(store, "counter")
    assert record is not None
    assert (record.body["count"], record.version) == (count, count + 1)


class ProcessContract:
    """Several processes, one store, opened by its URL."""

    def test_processes_never_oversell(self, case: Case) -> None:
        case.needs("processes")
        store = case.open()
        begin(store)
        mix = asdict(Mix(sizes=(1, 1, 3), shared=4))
        victim = case.work("race", prefix="victim", steps=None, mix=mix, threads=2)
        workers = [
            case.work("race", prefix=f"p{at}", steps=15, mix=mix, threads=2) for at in range(PROCESSES)
        ]
        history = judge(store, run_with_victim(workers, victim))
        assert refused(history, Full)

    def test_processes_never_share_a_unique_value(self, case: Case) -> None:
        case.needs("processes")
        store = case.open()
        begin(store)
        workers = [
            case.work("race", prefix=f"p{at}", steps=40, mix=asdict(VALUES)) for at in range(PROCESSES)
        ]
        assert refused(judge(store, run_together(workers)), Owned)

    def test_processes_never_lose_an_update(self, case: Case, changes: Changes) -> None:
        case.needs("processes")
        store = case.open()
        committed(store.commit([changes(put("counter", body={"count": 0}))]))
        run_together([case.work("raise_counter", prefix=f"p{at}", steps=20) for at in range(PROCESSES)])
        check_counter(store, PROCESSES * 20)

    def test_processes_never_hold_one_notice(self, case: Case, changes: Changes) -> None:
        case.needs("processes")
        store = case.open()
        committed(store.commit([changes(*(notice(f"n{at}", f"lane {at % 90}") for at in range(120)))]))
        lines = run_together([case.work("take") for _ in range(PROCESSES)])
        assert sorted(str(line["key"]) for line in lines) == sorted(f"n{at}" for at in range(90))
        assert {line["token"] for line in lines} == {1}


def run_with_victim(workers: list[Worker], victim: Worker) -> list[dict[str, Any]]:
    """Let all begin, kill the victim in the middle, and wait for the others."""
    for worker in (victim, *workers):
        worker.get_ready()
    for worker in (victim, *workers):
        worker.go()
    lines = [victim.next_line() for _ in range(15)]
    lines += victim.kill()
    return lines + run_together(workers)
