"""Group commit changes nothing but the number of syncs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType

import pytest
from tests.held import LONG, wait_until

from conferencekit import Received, hookimpl
from conferencekit.adapters import group_commit
from conferencekit.adapters.group_commit import GroupCommit
from conferencekit.adapters.memory import MemoryStore
from conferencekit.adapters.sqlite import SQLiteStore
from conferencekit.errors import InvalidChangeSet, StoreBusy, StoreUnavailable
from conferencekit.ports import Committed, Dumpable, Store
from conferencekit.testing import store_suite
from conferencekit.testing.secretariat import SecretariatForTests
from conferencekit.testing.store_samples import CONFERENCE, change, committed, put


class GroupedStores:
    """A plugin that offers SQLite behind group commit."""

    __name__ = "grouped"

    @hookimpl
    def conferencekit_register_stores(self, registry):
        registry.add("grouped", lambda url: GroupCommit(SQLiteStore(url.removeprefix("grouped:"))))


TestGroupedStore = pytest.mark.slow(
    store_suite("grouped:{tmp}/grouped.db", plugins=[GroupedStores()], examples=10, batches=500)
)


class SlowStore(MemoryStore):
    """A store whose commit waits until it may go on, and counts."""

    def __init__(self):
        super().__init__()
        self.may_go_on = threading.Event()
        self.sizes = []
        self.fails = False

    def commit(self, batch):
        assert self.may_go_on.wait(LONG)
        self.sizes.append(len(batch))
        if self.fails:
            raise StoreBusy("slow:", 1)
        return super().commit(batch)


def gathered(slow: SlowStore, batches: list) -> list:
    """The first batch is under way while the others gather."""
    group = GroupCommit(slow)
    with ThreadPoolExecutor(len(batches)) as pool:
        futures = [pool.submit(group.commit, batches[0])]
        while group._leader is None or group._waiting:
            pass
        futures += [pool.submit(group.commit, batch) for batch in batches[1:]]
        while len(group._waiting) < len(batches) - 1:
            pass
        slow.may_go_on.set()
        return futures


def test_threads_that_wait_share_one_commit():
    """While one commit is under way, the others become one group."""
    slow = SlowStore()
    futures = gathered(slow, [[change(CONFERENCE, f"e{at}", put(f"p{at}"))] for at in range(8)])
    assert all(committed(future.result()) for future in futures)
    assert slow.sizes == [1, 7]


def test_each_gets_its_own_outcomes():
    """Outcomes are dealt out by the sizes of the batches."""
    batches = [[change(CONFERENCE, f"e{at}-{n}", put(f"p{n}")) for n in range(at)] for at in range(4)]
    futures = gathered(SlowStore(), batches)
    assert [len(future.result()) for future in futures] == [0, 1, 2, 3]
    fresh = [sum(isinstance(outcome, Committed) for outcome in future.result()) for future in futures]
    assert sum(fresh) == 3


def test_a_group_is_at_most_one_batch():
    """What does not fit goes with the next group."""
    slow = SlowStore()
    batches = [[change(CONFERENCE, f"e{at}-{n}") for n in range(600)] for at in range(3)]
    futures = gathered(slow, batches)
    assert all(len(committed(future.result())) == 600 for future in futures)
    assert slow.sizes == [600, 600, 600]


def test_an_error_concerns_the_whole_group():
    """Nothing was applied for anybody, and everybody hears of it."""
    slow = SlowStore()
    slow.fails = True
    for future in gathered(slow, [[change(CONFERENCE, f"e{at}")] for at in range(3)]):
        with pytest.raises(StoreBusy, match="slow:"):
            future.result()


def test_a_batch_that_is_too_large_concerns_only_its_own_thread():
    """It is refused before it joins a group."""
    group = GroupCommit(MemoryStore())
    with pytest.raises(InvalidChangeSet, match="1000"):
        group.commit([change(CONFERENCE, f"e{at}") for at in range(1001)])
    assert committed(group.commit([change(CONFERENCE, "e")])) == [1]


class LateStore(MemoryStore):
    """A store whose commit takes a while, and counts."""

    def __init__(self):
        super().__init__()
        self.sizes = []

    def commit(self, batch):
        self.sizes.append(len(batch))
        time.sleep(0.02)
        return super().commit(batch)


def test_threads_that_come_again_share_the_next_commit_too(monkeypatch):
    """Whoever is answered first does not run ahead with a group of its own."""
    # so long that a slow machine brings all of them back in time
    monkeypatch.setattr(group_commit, "LINGER", 10)
    late = LateStore()
    group = GroupCommit(late)

    def work(thread: int) -> None:
        for at in range(10):
            committed(group.commit([change(CONFERENCE, f"e{thread}-{at}")]))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    group.close()
    assert sum(late.sizes) == 60
    assert len(late.sizes) <= 20


class Interrupted(SlowStore):
    """A store in whose first commit somebody presses Ctrl-C."""

    def commit(self, batch):
        outcomes = super().commit(batch)
        if len(self.sizes) == 1:
            raise KeyboardInterrupt
        return outcomes


def test_an_interrupted_leader_leaves_the_lead_to_the_next():
    """Those who wait go on."""
    first, *others = gathered(Interrupted(), [[change(CONFERENCE, f"e{at}")] for at in range(3)])
    with pytest.raises(KeyboardInterrupt):
        first.result()
    assert all(committed(future.result()) for future in others)


class InterruptedWithOthers(SlowStore):
    """A store in whose second commit somebody presses Ctrl-C, before or after it is durable."""

    is_late = True

    def commit(self, batch):
        if len(self.sizes) == 1 and not self.is_late:
            self.sizes.append(len(batch))
            raise KeyboardInterrupt
        outcomes = super().commit(batch)
        if len(self.sizes) == 2 and self.is_late:
            raise KeyboardInterrupt
        return outcomes


@pytest.mark.parametrize("is_late", [False, True])
def test_whom_an_interrupted_leader_took_along_is_committed_by_the_next(is_late):
    """One hears of the interruption, the others of their outcomes: once each, whether it came before or after."""
    slow = InterruptedWithOthers()
    slow.is_late = is_late
    first, *others = gathered(slow, [[change(CONFERENCE, f"e{at}", put(f"p{at}"))] for at in range(4)])
    assert committed(first.result())
    errors = [future.exception() for future in others]
    assert sorted(type(error).__name__ for error in errors) == ["KeyboardInterrupt", "NoneType", "NoneType"]
    answered = [future.result()[0] for future in others if not future.exception()]
    assert [outcome.replayed for outcome in answered] == [is_late] * 2
    assert len(slow.get(CONFERENCE, "person", [f"p{at}" for at in range(4)])) == (4 if is_late else 3)


class Picky(SlowStore):
    """A store whose driver cannot write one of the records, and says so in its own way."""

    def commit(self, batch):
        outcomes = super().commit(batch)
        if any(op.id == "bad" for each in batch for op in each.ops):
            raise ValueError("the driver stumbled")
        return outcomes


def test_what_one_thread_brought_harms_no_other():
    """An error that is not the store's as a whole meets the thread whose change set it is."""
    names = ["first", "good", "bad", "fine"]
    futures = gathered(Picky(), [[change(CONFERENCE, name, put(name))] for name in names])
    errors = {name: type(future.exception()).__name__ for name, future in zip(names, futures, strict=True)}
    assert errors == {"first": "NoneType", "good": "NoneType", "bad": "ValueError", "fine": "NoneType"}


def test_each_thread_raises_an_error_of_its_own():
    """Two threads that raise one object write into each other's traces."""
    slow = SlowStore()
    slow.fails = True
    errors = [f.exception() for f in gathered(slow, [[change(CONFERENCE, f"e{at}")] for at in range(4)])]
    assert len({id(error) for error in errors}) == 4
    assert {str(error) for error in errors} == {str(errors[0])}


def test_closing_waits_for_what_runs_and_not_for_what_comes():
    """Threads that commit without end do not keep it open; each hears that it is closed."""
    group = GroupCommit(LateStore())
    done = set()

    def work(thread: int) -> int:
        for at in range(10_000):
            try:
                committed(group.commit([change(CONFERENCE, f"e{thread}-{at}")]))
            except StoreUnavailable:
                return at
            done.add(thread)
        raise AssertionError

    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(work, thread) for thread in range(4)]
        wait_until(lambda: len(done) == 4)
        group.close()
        assert min(future.result(timeout=LONG) for future in futures) >= 1


def test_no_thread_starves():
    """Whoever waits longest goes first: all get on at one pace."""
    group = GroupCommit(LateStore())
    done = [0] * 12
    is_over = threading.Event()

    def work(thread: int) -> None:
        while not is_over.is_set():
            size = 300 if thread < 4 else 1
            committed(group.commit([change(CONFERENCE, f"{thread}-{done[thread]}-{n}") for n in range(size)]))
            done[thread] += 1

    with ThreadPoolExecutor(12) as pool:
        futures = [pool.submit(work, thread) for thread in range(12)]
        wait_until(lambda: max(done) >= 12)
        is_over.set()
        for future in futures:
            future.result()
    assert min(done) >= max(done) / 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system knows no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # other threads at a fork: that is what is tested
def test_a_child_commits_while_threads_of_its_parent_wait():
    """What the parent's threads hold and wait for stayed with the parent."""
    slow = SlowStore()
    group = GroupCommit(slow)
    with ThreadPoolExecutor(3) as pool:
        futures = [pool.submit(group.commit, [change(CONFERENCE, f"e{at}")]) for at in range(3)]
        while len(group._waiting) < 2:
            pass
        if (child := os.fork()) == 0:
            slow.may_go_on = threading.Event()
            slow.may_go_on.set()
            os._exit(0 if committed(group.commit([change(CONFERENCE, "of the child")])) else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        slow.may_go_on.set()
        assert all(committed(future.result()) for future in futures)


_INTERRUPTED = """
import random, signal, sys, threading
from conferencekit.adapters.group_commit import GroupCommit
from conferencekit.adapters.memory import MemoryStore
from conferencekit.testing.store_samples import CONFERENCE, change, committed

group, is_over = GroupCommit(MemoryStore()), threading.Event()
slowest = [0.0] * 4

def work(thread):
    at = 0
    while not is_over.is_set():
        at += 1
        committed(group.commit([change(CONFERENCE, f"{thread}-{at}")]))

threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
for thread in threads:
    thread.start()
signal.signal(signal.SIGALRM, signal.default_int_handler)
done = interrupted = 0
while interrupted < 400:
    try:
        signal.setitimer(signal.ITIMER_REAL, random.uniform(0.0001, 0.002))
        while True:
            done += 1
            group.commit([change(CONFERENCE, f"main {done}")])
    except KeyboardInterrupt:
        interrupted += 1
signal.setitimer(signal.ITIMER_REAL, 0)
is_over.set()
for thread in threads:
    thread.join(120)
assert not any(thread.is_alive() for thread in threads), "somebody waits for ever"
committed(group.commit([change(CONFERENCE, "last")]))
group.close()
print(done)
"""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system knows no interval timers")
def test_interruptions_at_any_place_leave_nobody_waiting():
    """Ctrl-C four hundred times at random moments of waiting, gathering, leading and handing over."""
    run = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED], check=False, capture_output=True, text=True, timeout=4 * LONG
    )
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) > 400


def test_it_offers_what_its_store_offers():
    """Dumps and migrations are those of the store; a store without them has none behind it either."""

    class Plain:
        capabilities = MappingProxyType({})
        commit = conferences = get = quotas = find = lease = settle = close = lambda *_: None

    group = GroupCommit(MemoryStore())
    committed(group.commit([change(CONFERENCE, "e", put("ana"))]))
    assert isinstance(group, Dumpable)
    assert [row.table for row in group.dump(CONFERENCE)] == ["entry", "record"]
    assert not isinstance(GroupCommit(Plain()), Dumpable)
    assert isinstance(GroupCommit(Plain()), Store)


class SlowStores:
    """A plugin whose stores are slow."""

    @hookimpl
    def conferencekit_register_stores(self, registry):
        registry.add("slow", lambda _: self.opened.append(SlowStore()) or self.opened[-1])

    def __init__(self):
        self.opened = []


def form(number: int) -> dict[str, str]:
    facts = {"full_name": "Ada", "country": "GB", "consent": "1", "password": "correct horse battery"}
    return {**facts, "email": f"ada{number}@example.org"}


def test_people_who_register_at_once_share_a_commit():
    """A secretariat whose store was named by a URL gathers what its threads commit."""
    slow = SlowStores()
    with SecretariatForTests(store="slow:", plugins=[slow]) as secretariat, ThreadPoolExecutor(8) as pool:
        group = secretariat.shell.store
        (store,) = slow.opened
        store.may_go_on.set()
        secretariat.register(form(0))
        store.may_go_on.clear()
        store.sizes.clear()
        futures = [pool.submit(secretariat.register, form(1))]
        while group._leader is None or group._waiting:
            pass
        futures += [pool.submit(secretariat.register, form(number)) for number in range(2, 9)]
        while len(group._waiting) < 7:
            pass
        store.may_go_on.set()
        assert all(isinstance(future.result(), Received) for future in futures)
        assert store.sizes == [1, 7]
        assert secretariat.registrations.places()[0] == 9


def test_a_store_that_a_host_hands_over_is_left_alone():
    """It knows its own threads."""
    store = MemoryStore()
    with SecretariatForTests(store=store) as secretariat:
        assert secretariat.shell.store is store
