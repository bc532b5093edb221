"""A store in memory whose subclass writes calls down: told once, read again after a failure, and safe at a fork."""

from __future__ import annotations

import errno
import os
import threading
import warnings

import pytest

from conferencekit.adapters.memory import MemoryStore
from conferencekit.adapters.state_store import StateStore
from conferencekit.adapters.system_errors import meaning
from conferencekit.errors import StoreFull, StoreReadOnly, StoreUnavailable
from conferencekit.store import State, call_of
from conferencekit.testing.store_samples import CONFERENCE, NOW, SECOND, change, committed, notice, put, read


class ListStore(StateStore):
    """Keeps its journal in a list."""

    @property
    def capabilities(self):
        return {}

    def __init__(self):
        super().__init__("list:")
        self.lines = []
        self.error = None

    def read_state(self):
        state = State()
        for line in self.lines:
            call_of(line).told_to(state)
        return state

    def write_down(self, call):
        if self.error is not None:
            raise self.error
        self.lines.append(call.line)


@pytest.fixture
def store():
    """An empty one."""
    made = ListStore()
    yield made
    made.close()


def test_only_news_is_written_down(store):
    """What was refused, applied before, not due or settled by nobody leaves no line."""
    once = change(CONFERENCE, "one", put("ana"), notice("n"))
    store.commit([once])
    store.commit([once, change(CONFERENCE, "two", put("ana"))])
    store.lease(1, now=NOW - SECOND, until=NOW)
    store.settle([])
    store.restore(CONFERENCE, [])
    assert [next(iter(call_of(line).arguments)) for line in store.lines] == ["batch"]
    (leased,) = store.lease(1, now=NOW, until=NOW + SECOND)
    assert leased.key == "n"
    assert len(store.lines) == 2


def test_what_could_not_be_written_did_not_happen(store):
    """The state is read again from what was written."""
    committed(store.commit([change(CONFERENCE, "one", put("ana"))]))
    store.error = StoreFull("list:", "no room")
    with pytest.raises(StoreFull, match="no room"):
        store.commit([change(CONFERENCE, "two", put("bea"))])
    assert read(store, "bea") is None
    assert read(store, "ana") is not None
    store.error = None
    committed(store.commit([change(CONFERENCE, "two", put("bea"))]))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("make", [ListStore, MemoryStore])
def test_a_fork_while_a_thread_is_inside_leaves_the_child_free(make):
    """The child would wait for ever for a lock whose thread stayed with the parent."""
    store = make()
    committed(store.commit([change(CONFERENCE, "one", put("ana"))]))
    end = threading.Event()
    busy = threading.Thread(target=lambda: [read(store, "ana") for _ in iter(end.is_set, True)])
    busy.start()
    try:
        for _ in range(20):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # other threads: that is what is tested
                child = os.fork()
            if child == 0:
                os._exit(0 if read(store, "ana") is not None else 1)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        end.set()
        busy.join()
        store.close()


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("ENOSPC", StoreFull),
        ("EFBIG", StoreFull),
        ("EROFS", StoreReadOnly),
        ("EACCES", StoreReadOnly),
        ("EIO", StoreUnavailable),
    ],
)
def test_errors_of_the_system_have_a_meaning(code, error):
    """A full disk, no rights, and the rest."""
    found = meaning(OSError(getattr(errno, code), "said so"), "list:")
    assert type(found) is error
    assert "said so" in str(found)
