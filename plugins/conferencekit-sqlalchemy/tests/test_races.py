"""Somebody else is in the way: locks, deadlocks, inserts at the same moment, lanes that several write to."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest

from conferencekit.errors import StoreBusy
from conferencekit.ports import Check, Committed, Conflict, Limit, Mark, Redact, Stale
from conferencekit.testing.store_samples import (
    CONFERENCE,
    NOW,
    Changes,
    change,
    committed,
    ids,
    notice,
    put,
    read,
)
from conftest import until_they_wait

HOLD = "SELECT 1 FROM quota WHERE id = %s FOR UPDATE"


@pytest.fixture
def store(opened, url):
    """Two quotas and two records."""
    store = opened(url)
    changes = Changes()
    limits = changes(Limit(quota="places", capacity=100), Limit(quota="meals", capacity=100))
    committed(store.commit([limits, changes(put("ana")), changes(put("bea"))]))
    return store


def test_who_waits_too_long_is_told(store, opened, url, raw):
    """Nothing was applied, and afterwards it works."""
    other = raw()
    other.execute(HOLD, ["places"])
    hasty = opened(url, timeout=1)  # the server gives up on a client that pauses so long, too
    with pytest.raises(StoreBusy, match=r"\b1 s"):
        hasty.commit([change(CONFERENCE, "e", put("eve", takes={"places": 1}))])
    assert read(hasty, "eve") is None
    other.rollback()
    committed(hasty.commit([change(CONFERENCE, "e", put("eve", takes={"places": 1}))]))


def test_a_pool_that_is_empty_is_busy(store, opened, url, raw):
    """More threads than connections, all of which wait."""
    other = raw()
    other.execute(HOLD, ["places"])
    small = opened(url, timeout=0.5, pool=1)
    with ThreadPoolExecutor(4) as pool:
        batches = [[change(CONFERENCE, f"e{at}", put(f"p{at}", takes={"places": 1}))] for at in range(4)]
        futures = [pool.submit(small.commit, batch) for batch in batches]
        assert [type(future.exception()) for future in futures] == [StoreBusy] * 4


def test_an_insert_at_the_same_moment_is_seen(store, raw, url):
    """We wait for the other transaction, and find its record when it is through."""
    other = raw()
    other.execute(
        "INSERT INTO record SELECT conference, kind, 'eve', 1, 99, body FROM record WHERE id = 'ana'"
    )
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(store.commit, [change(CONFERENCE, "e", put("eve"))])
        until_they_wait(url, other, 1)
        assert not future.done()
        other.commit()
        assert future.result() == [Conflict((Stale("person", "eve", 1),))]


def test_an_insert_that_is_taken_back_is_forgotten(store, raw, url):
    """Then the way is free."""
    other = raw()
    other.execute(
        "INSERT INTO record SELECT conference, kind, 'eve', 1, 99, body FROM record WHERE id = 'ana'"
    )
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(store.commit, [change(CONFERENCE, "e", put("eve"))])
        until_they_wait(url, other, 1)
        other.rollback()
        assert isinstance(future.result()[0], Committed)


def test_a_deadlock_is_tried_again(store, raw, url):
    """The server ends one of two that wait for each other; nobody hears of it."""
    other = raw()
    other.execute("SET deadlock_timeout = '30s'")  # so it is ours that the server ends
    other.execute("SELECT 1 FROM record WHERE id = 'bea' FOR UPDATE")
    batch = [change(CONFERENCE, "e", put("ana", 1), put("bea", 1))]  # holds ana, and waits for bea
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(store.commit, batch)
        until_they_wait(url, other, 1)
        other.execute("SELECT 1 FROM record WHERE id = 'ana' FOR UPDATE")
        other.commit()
        assert isinstance(future.result()[0], Committed)


def test_what_must_not_be_there_stays_away_until_the_commit(store, raw, url):
    """A check that a record is absent holds, although there is no row that could be locked."""
    other = raw()
    other.execute(HOLD, ["places"])
    checked = change(CONFERENCE, "e", Check(kind="person", id="eve", expect=0), put("x", takes={"places": 1}))
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(store.commit, [checked])
        until_they_wait(url, other, 1)
        second = pool.submit(store.commit, [change(CONFERENCE, "f", put("eve"))])
        until_they_wait(url, other, 2)
        assert not second.done()
        other.rollback()
        committed(first.result() + second.result())
    assert sorted(store.get(CONFERENCE, "person", ["eve", "x"])) == ["eve", "x"]


def test_two_never_rely_on_each_others_absence(store):
    """Each checks that the other's record is not there, and puts its own: one of them has to lose."""
    for at in range(15):
        start = threading.Barrier(2)

        def work(mine: str, theirs: str, start: threading.Barrier = start) -> object:
            start.wait()
            check = Check(kind="person", id=theirs, expect=0)
            return store.commit([change(CONFERENCE, f"e {mine}", check, put(mine))])[0]

        with ThreadPoolExecutor(2) as pool:
            futures = [pool.submit(work, f"a{at}", f"b{at}"), pool.submit(work, f"b{at}", f"a{at}")]
            outcomes = [type(future.result()) for future in futures]
        assert outcomes.count(Committed) == 1


def test_checks_do_not_wait_for_each_other(store, raw):
    """The document in force is read by everybody at once."""
    other = raw()
    other.execute("SELECT 1 FROM record WHERE id = 'ana' FOR SHARE")
    committed(store.commit([change(CONFERENCE, "e", Check(kind="person", id="ana", expect=1))]))


def test_a_lane_that_several_write_to_leaves_one_by_one(opened, url):
    """Threads enqueue, lease, settle and redact in one lane; nothing is stuck, and two are never out at once."""
    stores = [opened(url) for _ in range(2)]
    out, problems, sent = set(), [], []
    writing = threading.Event()
    writing.set()

    def write(number: int) -> None:
        for at in range(12):
            key = f"n{number}-{at}"
            committed(stores[number % 2].commit([change(CONFERENCE, f"e {key}", notice(key, "lane"))]))
            if at % 5 == 4:
                redact = Redact(what="notice", id=f"n{number}-{at - 1}")
                committed(stores[number % 2].commit([change(CONFERENCE, f"r {key}", redact)]))

    def deliver(number: int) -> None:
        empty = 0
        while writing.is_set() or empty < 3:
            leased = stores[number % 2].lease(5, now=NOW, until=NOW + timedelta(hours=1))
            empty = 0 if leased else empty + 1
            problems.extend((each.key, set(out)) for each in leased if out or len(leased) > 1)
            for each in leased:
                out.add(each.key)
                sent.append(each.key)
                out.discard(each.key)
                stores[number % 2].settle([Mark(CONFERENCE, each.key, each.token, "sent")])

    with ThreadPoolExecutor(6) as pool:
        workers = [pool.submit(deliver, number) for number in range(3)]
        writers = [pool.submit(write, number) for number in range(3)]
        for writer in writers:
            writer.result()
        writing.clear()
        for worker in workers:
            worker.result()
    assert problems == []
    assert ids(stores[0], "~notice", "state", "queued") == []
    assert len(sent) == len(set(sent))
    assert len(sent) + len(ids(stores[0], "~notice", "state", "failed")) >= 36


def test_numbers_of_a_lane_rise_with_its_commits(opened, url):
    """Whoever enqueues waits for the one before in the lane, and is numbered after it."""
    stores = [opened(url) for _ in range(4)]
    committed(stores[0].commit([change(CONFERENCE, "first", notice("first", "lane"))]))

    def write(number: int) -> list[int]:
        return [
            committed(
                stores[number].commit(
                    [change(CONFERENCE, f"{number} {at}", notice(f"{number} {at}", "lane"))]
                )
            )[0]
            for at in range(10)
        ]

    with ThreadPoolExecutor(4) as pool:
        numbers = [number for found in pool.map(write, range(4)) for number in found]
    assert len(set(numbers)) == 40


def test_the_database_itself_refuses_to_oversell(store, raw):
    """Should a rule ever be wrong."""
    other = raw()
    with pytest.raises(psycopg.errors.CheckViolation, match="quota_taken"):
        other.execute("UPDATE quota SET taken = 101 WHERE id = 'places'")


def test_commits_are_durable_whatever_the_role_says(opened, url, raw):
    """`synchronous_commit = off` is switched on, other values are kept."""
    other = raw()
    other.execute("ALTER ROLE conferencekit SET synchronous_commit = off")
    other.commit()
    try:
        store = opened(url)
        with store._session._connection() as connection:
            assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
    finally:
        other.execute("ALTER ROLE conferencekit RESET synchronous_commit")
        other.commit()
