"""Connections that break, at every step of a call."""

from __future__ import annotations

import threading
import time

import pytest

from conferencekit.errors import CommitInDoubt, StoreUnavailable
from conferencekit.ports import Committed, Erase, Limit, Mark
from conferencekit.testing.store_samples import CONFERENCE, NOW, SECOND, Changes, committed, notice, put, read
from conftest import connect


@pytest.fixture
def store(opened, url_by_door):
    """A store that has been used already, so that its connection waits in the pool."""
    store = opened(url_by_door)
    changes = Changes("warm")
    limits = changes(Limit(quota="places", capacity=100), id_="limits")
    committed(store.commit([limits, changes(put("ana", takes={"places": 1}))]))
    committed(store.commit([Changes()(Limit(quota="places", capacity=100), id_="limits")]))
    return store


def registration(number: int):
    return Changes()(put(f"p{number}", takes={"places": 1}), notice(f"n{number}"), id_=f"e{number}")


def test_a_registration_takes_two_round_trips(store, door):
    """What it needs is locked and read in one, written and committed in the other."""
    before = door.trips
    committed(store.commit([registration(1)]))
    assert door.trips - before == 2


def test_a_batch_takes_at_most_three_round_trips(store, door):
    """However many people; the third where places are given back."""
    committed(store.commit([registration(number) for number in range(50)]))
    changes = Changes()
    batch = [changes(Erase(kind="person", id=f"p{at}", expect=1), id_=f"gone {at}") for at in range(50)]
    before = door.trips
    committed(store.commit(batch))
    assert door.trips - before == 3
    assert store.quotas(CONFERENCE, ["places"]) == {"places": (0, 100)}


def test_before_the_commit_it_is_done_again(store, door):
    """Nothing was applied, so nobody hears of it."""
    door.shut_at(1)
    committed(store.commit([registration(1)]))
    door.shut_after(1)
    committed(store.commit([registration(2)]))
    assert store.quotas(CONFERENCE, ["places"]) == {"places": (2, 100)}


@pytest.mark.parametrize("arrives", [False, True])
def test_in_the_commit_it_is_in_doubt(store, door, arrives):
    """The same batch again tells which it was, and converges."""
    (door.shut_after if arrives else door.shut_at)(2)
    with pytest.raises(CommitInDoubt, match="Repeat the same batch"):
        store.commit([registration(1)])
    (outcome,) = store.commit([registration(1)])
    assert isinstance(outcome, Committed)
    assert outcome.replayed is arrives
    assert store.quotas(CONFERENCE, ["places"]) == {"places": (1, 100)}


@pytest.mark.parametrize("arrives", [False, True])
def test_leases_and_marks_are_in_doubt_too(store, door, arrives):
    """A lease that nobody heard of runs out; a mark is said again."""
    committed(store.commit([registration(1)]))
    (door.shut_after if arrives else door.shut_at)(2)
    with pytest.raises(CommitInDoubt):
        store.lease(1, now=NOW, until=NOW + SECOND)
    (leased,) = store.lease(1, now=NOW + SECOND, until=NOW + 2 * SECOND)
    assert leased.uncertain is arrives
    mark = Mark(CONFERENCE, leased.key, leased.token, "sent")
    (door.shut_after if arrives else door.shut_at)(2)
    with pytest.raises(CommitInDoubt):
        store.settle([mark])
    assert store.settle([mark]) == [True]


def test_a_read_is_done_again(store, door):
    """On a fresh connection."""
    committed(store.commit([registration(1)]))
    door.shut_at(1)
    assert read(store, "p1") is not None
    door.shut_after(1)
    assert store.conferences() == [CONFERENCE, "warm"]


def test_connections_that_the_server_closed_are_replaced(store, url):
    """As after an idle night, or when an operator ended them."""
    with connect(url) as beside:
        beside.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'conferencekit'"
        )
    committed(store.commit([registration(1)]))
    assert read(store, "p1") is not None


def test_a_server_that_is_gone_is_said_and_found_again(own_server, opened, tmp_path):
    """Between its crash and its start nothing is applied."""
    server = own_server()
    store = opened(server.url_for(tmp_path))
    committed(store.commit([Changes()(put("ana"))]))
    server.stop("immediate")
    with pytest.raises(StoreUnavailable, match="refused"):
        store.commit([registration(1)])
    with pytest.raises(StoreUnavailable, match="refused"):
        read(store, "ana")
    server.start()
    assert read(store, "ana") is not None
    assert read(store, "p1") is None


def test_a_wait_for_a_replica_that_was_cut_short_is_in_doubt(own_server, opened, tmp_path):
    """The server says it in a warning only: it is here, and perhaps not on the replica."""
    server = own_server()
    url = server.url_for(tmp_path)
    store = opened(url)
    committed(store.commit([Changes()(put("ana"))]))
    with connect(url) as beside, connect(url) as other:
        for connection in (beside, other):
            connection.autocommit = True
            connection.execute("SET synchronous_commit = local")
        beside.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        beside.execute("SELECT pg_reload_conf()")
        ended = threading.Event()
        cancelling = threading.Thread(target=cancel_waits, args=(other, ended))
        cancelling.start()
        try:
            doubtful = next(at for at in range(500) if is_in_doubt(store, f"e{at}"))
        finally:
            ended.set()
            cancelling.join()
            beside.execute("ALTER SYSTEM SET synchronous_standby_names = ''")
            beside.execute("SELECT pg_reload_conf()")
    (outcome,) = store.commit([Changes()(put(f"e{doubtful}"), id_=f"e{doubtful}")])
    assert isinstance(outcome, Committed)
    assert outcome.replayed


def is_in_doubt(store, id_: str) -> bool:
    """Whether the commit was; the server needs a moment to know that it has to wait for a replica."""
    time.sleep(0.02)
    try:
        committed(store.commit([Changes()(put(id_), id_=id_)]))
    except CommitInDoubt as error:
        return "synchronous replication" in str(error)
    return False


def cancel_waits(connection, ended: threading.Event) -> None:
    """Cut short whoever waits for a replica."""
    while not ended.wait(0.05):
        connection.execute("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")


def test_statements_that_the_server_forgot_are_prepared_again(store):
    """As behind a pooler that hands connections around."""
    with store._session._connection() as connection:
        connection.execute("DEALLOCATE ALL")
    committed(store.commit([registration(1)]))
    assert read(store, "p1") is not None
