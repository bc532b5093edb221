"""What `durable` means on a server: the settings of each session, and the syncs that the server makes."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from conferencekit.adapters.group_commit import GroupCommit
from conferencekit.errors import CommitInDoubt, StoreError, StoreFull, StoreUnavailable
from conferencekit.ports import Committed, Index, Limit, Seal
from conferencekit.store.audit import audit
from conferencekit.testing.disk import watched_disk, why_not
from conferencekit.testing.store_history import Wish
from conferencekit.testing.store_races import Mix, Racer, begin, judge
from conferencekit.testing.store_samples import CONFERENCE, change, committed, entry_state, ids, notice, put
from conferencekit.testing.store_worker import in_threads
from conftest import until_they_wait

watched = pytest.mark.skipif(bool(why_not()), reason=why_not())


@pytest.fixture
def disk(tmp_path_factory: pytest.TempPathFactory):
    """A disk for servers, which counts their syncs. Other users may enter it."""
    below = Path(tmp_path_factory.mktemp("server"))
    for each in (below, *below.parents[:3]):
        if each.owner() == below.owner() and each != Path("/tmp"):
            each.chmod(0o755)
    with watched_disk(below) as disk:
        yield below, disk


@pytest.fixture
def served(disk, own_server, opened, tmp_path):
    """A store on a server that writes to that disk."""
    below, watched = disk
    server = own_server(below=below, environment=watched.environment)
    store = opened(server.url_for(tmp_path))
    begin(store)
    return store


@pytest.mark.parametrize("setting", ["synchronous_commit", "fsync", "full_page_writes"])
def test_each_session_syncs(opened, url, setting):
    """Whatever the role or the server says by default; see also the test of `synchronous_commit = off`."""
    store = opened(url)
    with store._session._connection() as connection:
        assert connection.execute(f"SHOW {setting}").fetchone() == ("on",)


@watched
def test_the_server_syncs_before_it_answers(served, disk):
    """For each call a sync at least, also in batches and by threads that gather."""
    _, watched = disk
    grouped = GroupCommit(served)
    without = []

    def commit(store, names):
        before = watched.syncs
        wishes = [Wish(name, 0).change_set(CONFERENCE) for name in names]
        committed(store.commit(wishes))
        if watched.syncs == before:
            without.append(names)

    for at in range(30):
        commit(served, [f"one {at}"])
    for at in range(5):
        commit(served, [f"batch {at} {each}" for each in range(32)])
    in_threads(8, lambda thread: [commit(grouped, [f"thread {thread} {at}"]) for at in range(10)])
    assert without == []


@watched
def test_slow_syncs_of_the_server_change_nothing(served, disk):
    """Threads race while each sync takes 4 ms longer."""
    _, watched = disk
    watched.set_delay(0.004)
    lines = []
    mix = Mix(sizes=(1, 1, 3), shared=4)
    racers = [Racer(served, f"t{at}", lines.append, mix) for at in range(8)]
    in_threads(8, lambda at: racers[at].run(12))
    judge(served, lines)


@watched
def test_a_full_disk_of_the_server_leaves_no_halves(served, disk):
    """Refused or in doubt while there is no room; afterwards repeating everything converges."""
    _, watched = disk
    chance = random.Random(2020)

    def large(name):
        return change(CONFERENCE, f"full {name}", put(name, body={"text": chance.randbytes(25_000).hex()}))

    batches = [[large(f"{at} {each}") for each in range(4)] for at in range(40)]
    refused = []
    watched.set_room(300_000)
    for batch in batches:
        try:
            committed(served.commit(batch))
        except StoreError as error:
            refused.append(error)
            if len(refused) == 3:
                break
    watched.set_room(None)
    assert refused, "nothing was refused on a full disk"
    assert {type(error) for error in refused} <= {StoreFull, StoreUnavailable, CommitInDoubt}
    for batch in batches:
        outcomes = patiently(lambda batch=batch: served.commit(batch))
        assert all(isinstance(each, Committed) for each in outcomes)
        assert len({each.replayed for each in outcomes}) == 1, "half of a call was applied"
    assert len(ids(served, "~entry", "all", "", limit=1000)) == 1 + sum(map(len, batches))
    assert list(audit(served, CONFERENCE)) == []


def patiently(act):
    """A server that could not write its log starts again by itself, which takes a while."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return act()
        except StoreError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def test_who_repeats_an_entry_at_the_same_moment_never_hears_of_a_conflict(opened, url):
    """Neither with the notice, nor with the unique value, nor for the last place, which the entry itself took."""
    stores = [opened(url) for _ in range(4)]
    committed(stores[0].commit([change(CONFERENCE, "begin")]))
    wrong = []
    for at in range(60):
        takes, uniques = {f"q{at}": 1}, {"address": f"a{at}"}
        committed(stores[0].commit([change(CONFERENCE, f"limit {at}", Limit(quota=f"q{at}", capacity=1))]))
        once = change(CONFERENCE, f"once {at}", put(f"p{at}", uniques=uniques, takes=takes), notice(f"n{at}"))
        start = threading.Barrier(4)

        def work(thread, once=once, start=start):
            start.wait()
            wrong.extend(each for each in stores[thread].commit([once]) if not isinstance(each, Committed))

        in_threads(4, work)
    assert wrong == []


def test_what_becomes_visible_after_a_seal_goes_into_the_next(opened, url, raw):
    """A commit that waits has its number already: a later one is sealed first, and nothing is left out."""
    store = opened(url)
    committed(store.commit([change(CONFERENCE, "begin")]))
    other = raw()
    other.execute("LOCK TABLE listing IN SHARE MODE")  # whoever writes a row of an index waits
    slow = change(CONFERENCE, "slow", put("ana", indexes={"all": Index("k")}))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(store.commit, [slow])
        until_they_wait(url, other, 1)
        (fast,) = committed(store.commit([change(CONFERENCE, "fast", put("bea"))]))
        first = ids(store, "~entry", "unsealed", "")
        committed(store.commit([change(CONFERENCE, "seal 1", Seal(number=1, entries=first))]))
        other.rollback()
        (late,) = committed(waiting.result())
    assert late < fast
    assert "slow" not in first
    second = ids(store, "~entry", "unsealed", "")
    assert second == ["slow", "seal 1"]
    committed(store.commit([change(CONFERENCE, "seal 2", Seal(number=2, entries=second))]))
    assert [entry_state(store, id_)["sealed"] for id_ in ("begin", "fast", "slow", "seal 1")] == [1, 1, 2, 2]
