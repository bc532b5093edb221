"""The contract of a store's life: what it claims, closing, opening again, several processes, forks."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import pytest

from ..errors import StoreBusy, StoreUnavailable
from ..ports import Committed, Conflict, Full, Limit, Owned, Store
from .store_cases import Case, run_together
from .store_samples import CONFERENCE, NOW, SECOND, Changes, change, committed, ids, notice, put, read

_PATIENCE = 30
"""Seconds for a forked child."""
CAPABILITIES: Final = ("durable", "processes", "hosts", "exclusive")


class LifeContract:
    """A store claims what it can do, with reasons; closing ends it and loses nothing that it claims to keep."""

    def test_claims_have_reasons(self, store: Store) -> None:
        assert set(store.capabilities) <= set(CAPABILITIES)
        assert all(reason.strip() for reason in store.capabilities.values())
        assert not {"processes", "exclusive"} <= set(store.capabilities)

    def test_it_is_a_store(self, store: Store) -> None:
        assert isinstance(store, Store)

    def test_closing_twice_is_closing_once(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(put("ana"))]))
        store.close()
        store.close()

    def test_a_closed_store_says_so(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(put("ana"))]))
        store.close()
        calls = (
            store.conferences,
            lambda: store.get(CONFERENCE, "person", ["ana"]),
            lambda: store.quotas(CONFERENCE, ["q"]),
            lambda: store.find(CONFERENCE, "person", "all", "k"),
            lambda: store.commit([changes(put("bea"))]),
            lambda: store.lease(1, now=NOW, until=NOW + SECOND),
        )
        for call in calls:
            with pytest.raises(StoreUnavailable, match="closed"):
                call()

    def test_closing_waits_for_what_runs(self, case: Case) -> None:
        """Each call is answered, or told that the store is closed; what was answered is kept, if it is durable."""
        store = case.open()
        told: list[str] = []
        ended: list[BaseException] = []

        def work(thread: int) -> None:
            try:
                for at in range(100_000):
                    with suppress(StoreBusy):  # an answer too: nothing was applied
                        committed(store.commit([change(CONFERENCE, f"{thread}-{at}", put(f"{thread}-{at}"))]))
                        told.append(f"{thread}-{at}")
            except StoreUnavailable as error:
                ended.append(error)

        threads = [threading.Thread(target=work, args=(at,)) for at in range(4)]
        for thread in threads:
            thread.start()
        while len(told) < 10 and any(thread.is_alive() for thread in threads):
            time.sleep(0.001)
        closers = [threading.Thread(target=store.close) for _ in range(2)]
        for thread in closers:
            thread.start()
        for thread in (*closers, *threads):
            thread.join()
        assert len(ended) == len(threads)
        assert all("closed" in str(error) for error in ended)
        if "durable" in store.capabilities:
            kept = case.open()
            assert set(ids(kept, "~entry", "all", "", limit=1000)) == set(told)

    def test_what_was_committed_outlives_closing(self, case: Case, changes: Changes) -> None:
        case.needs("durable")
        store = case.open()
        batch = [
            changes(Limit(quota="places", capacity=2)),
            changes(
                put("ana", uniques={"address": "a"}, takes={"places": 1}), notice("n", "lane"), id_="once"
            ),
            changes(put("bea", takes={"places": 1}), notice("m", "lane")),
        ]
        numbers = committed(store.commit(batch))
        store.lease(1, now=NOW, until=NOW + SECOND)
        store.close()
        again = case.open()
        assert again.conferences() == [CONFERENCE]
        assert again.quotas(CONFERENCE, ["places"]) == {"places": (2, 2)}
        assert ids(again, "person", "address", "a") == ["ana"]
        assert again.commit(batch) == [Committed(seq, replayed=True) for seq in numbers]
        assert again.commit([changes(put("eve", takes={"places": 1}, uniques={"address": "a"}))]) == [
            Conflict((Owned("address", "a", "person", "ana"), Full("places", 0, 1)))
        ]
        (leased,) = again.lease(5, now=NOW + SECOND, until=NOW + 2 * SECOND)
        assert (leased.key, leased.token, leased.uncertain) == ("n", 2, True)
        assert committed(again.commit([changes(put("eve"))]))[0] > numbers[-1]

    def test_two_handles_see_one_store(self, case: Case, changes: Changes) -> None:
        case.needs("processes")
        one, two = case.open(), case.open()
        for at in range(3):
            committed((one, two)[at % 2].commit([changes(put("ana", at))]))
            for store in (one, two):
                record = read(store, "ana")
                assert record is not None
                assert record.version == at + 1
        one.close()
        committed(two.commit([changes(put("ana", 3))]))

    def test_another_process_sees_what_was_committed(self, case: Case, changes: Changes) -> None:
        case.needs("processes")
        store = case.open()
        committed(
            store.commit(
                [changes(Limit(quota="places", capacity=1)), changes(put("ana", takes={"places": 1}))]
            )
        )
        (line,) = run_together([case.work("register", prefix="other", count=1, places=1)])
        assert line["answer"] == {"seq": 0, "reasons": [["Full", "places", 0, 1]]}
        (line,) = run_together([case.work("register", prefix="other", count=1)])
        record = read(store, str(line["id"]))
        assert record is not None
        assert line["answer"] == {"seq": record.seq, "replayed": False}

    def test_an_exclusive_store_refuses_a_second_process(self, case: Case, changes: Changes) -> None:
        case.needs("exclusive")
        store = case.open()
        committed(store.commit([changes(put("ana"))]))
        (line,) = run_together([case.work("register", prefix="other", count=1)])
        assert line["answer"] == {"seq": 0, "error": StoreBusy.__name__, "reasons": []}
        store.close()
        (line,) = run_together([case.work("register", prefix="other", count=1)])
        assert line["answer"] == {"seq": 2, "replayed": False}

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
    def test_a_forked_child_opens_again(self, case: Case, changes: Changes) -> None:
        case.needs("processes")
        store = case.open()
        committed(store.commit([changes(put("ana"))]))
        busy = threading.Thread(target=_keep_busy, args=(store,))
        busy.start()

        def work() -> bool:
            here = read(store, "ana") is not None
            committed(store.commit([change(CONFERENCE, "from the child", put("child"))]))
            store.close()
            return here

        assert in_child(work)
        busy.join()
        assert read(store, "child") is not None
        assert len(ids(store, "~entry", "subject", "busy")) == 50
        committed(store.commit([changes(put("parent"))]))

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
    def test_a_forked_child_of_an_exclusive_store_is_turned_away(self, case: Case, changes: Changes) -> None:
        case.needs("exclusive")
        store = case.open()
        committed(store.commit([changes(put("ana"))]))

        def work() -> bool:
            try:
                store.commit([change(CONFERENCE, "from the child", put("child"))])
            except StoreBusy:
                return True
            return False

        assert in_child(work)
        committed(store.commit([changes(put("parent"))]))
        assert read(store, "child") is None


def _keep_busy(store: Store) -> None:
    for at in range(50):
        read(store, "ana")
        committed(store.commit([change(CONFERENCE, f"busy {at}", subject="busy")]))


def in_child(work: Callable[[], bool]) -> bool:
    """What the work says in a forked child; False too, if it raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other threads: that is what is tested
        child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if work() else 2
        finally:
            os._exit(status)
    for _ in range(_PATIENCE * 20):
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    pytest.fail(
        f"the forked child hung for {_PATIENCE} s: it waits for a lock whose thread stayed with the parent"
    )
