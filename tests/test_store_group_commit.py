"""Group commit changes nothing but the number of syncs."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from conferencekit import Received, hookimpl
from conferencekit.adapters.group_commit import GroupCommit
from conferencekit.adapters.memory import MemoryStore
from conferencekit.adapters.sqlite import SQLiteStore
from conferencekit.errors import InvalidChangeSet, StoreBusy
from conferencekit.ports import Committed
from conferencekit.testing import store_suite
from conferencekit.testing.secretariat import SecretariatForTests
from conferencekit.testing.store_samples import CONFERENCE, change, committed, put


class GroupedStores:
    """A plugin that offers SQLite behind group commit."""

    __name__ = "grouped"

    @hookimpl
    def conferencekit_register_stores(self, registry):
        registry.add("grouped", lambda url: GroupCommit(SQLiteStore(url.removeprefix("grouped:"))))


TestGroupedStore = store_suite("grouped:{tmp}/grouped.db", plugins=[GroupedStores()], examples=10)


class SlowStore(MemoryStore):
    """A store whose commit waits until it may go on, and counts."""

    def __init__(self):
        super().__init__()
        self.may_go_on = threading.Event()
        self.sizes = []
        self.fails = False

    def commit(self, batch):
        assert self.may_go_on.wait(10)
        self.sizes.append(len(batch))
        if self.fails:
            raise StoreBusy("slow:", 1)
        return super().commit(batch)


def gathered(slow: SlowStore, batches: list) -> list:
    """The first batch is under way while the others gather."""
    group = GroupCommit(slow)
    with ThreadPoolExecutor(len(batches)) as pool:
        futures = [pool.submit(group.commit, batches[0])]
        while not group._leading.locked() or group._waiting:
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


def test_threads_that_come_again_share_the_next_commit_too():
    """Whoever is answered first does not run ahead with a group of its own."""
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
        while not group._leading.locked() or group._waiting:
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
