"""A store that keeps everything in memory, in a `State`; a subclass makes it last."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ..errors import StoreUnavailable
from ..ports import ChangeSet, DumpedRow, Leased, Mark, Outcome, Record
from ..store import Call, State
from .forks import watch_forks


class StateStore(ABC):
    """All of `ports.Store`, and `ports.Dumpable`, over a `State` behind one lock.

    A subclass has `capabilities`, says where the state comes from (`read_state`), and writes down each call that
    changes it (`write_down`) before it is answered.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._lock = threading.RLock()
        self._state: State | None = None
        self._closed = False
        watch_forks(
            self,
            before=StateStore._pause,
            in_parent=StateStore._resume,
            in_child=StateStore._begin_in_child,
        )

    # -- what a subclass brings

    @property
    @abstractmethod
    def capabilities(self) -> Mapping[str, str]:
        """As `Store.capabilities`."""

    @abstractmethod
    def read_state(self) -> State:
        """The state as it was left: at the first use, and again after `write_down` raised."""

    @abstractmethod
    def write_down(self, call: Call) -> None:
        """Make a call last that has changed the state; `call.line` is its text.

        Raises:
            StoreFull, StoreReadOnly, StoreUnavailable: nothing of it was written.
            CommitInDoubt: nobody knows.
        """

    def let_go(self) -> None:  # noqa: B027 - most have something to let go of, the memory store has not
        """At closing: let go of files."""

    def enter_child(self) -> None:
        """In a forked child: forget files and locks, which are the parent's. The state will be read again."""
        self._state = None

    # -- the store

    def conferences(self) -> list[str]:
        """As `Store.conferences`."""
        with self._lock:
            return self._opened().conferences()

    def get(self, conference: str, kind: str, ids: Iterable[str]) -> dict[str, Record]:
        """As `Store.get`."""
        with self._lock:
            return self._opened().get(conference, kind, ids)

    def quotas(self, conference: str, ids: Iterable[str]) -> dict[str, tuple[int, int | None]]:
        """As `Store.quotas`."""
        with self._lock:
            return self._opened().quotas(conference, ids)

    def find(
        self, conference: str, kind: str, index: str, key: str, *, after: str | None = None, limit: int = 100
    ) -> tuple[list[Record], str | None]:
        """As `Store.find`."""
        with self._lock:
            return self._opened().find(conference, kind, index, key, after=after, limit=limit)

    def commit(self, batch: Sequence[ChangeSet]) -> list[Outcome]:
        """As `Store.commit`. A batch in which nothing is new is not written down."""
        outcomes: list[Outcome] = self._change(Call("commit", {"batch": batch}))
        return outcomes

    def lease(
        self, limit: int, *, now: datetime, until: datetime, conference: str | None = None
    ) -> list[Leased]:
        """As `Store.lease`."""
        terms = {"limit": limit, "now": now, "until": until, "conference": conference}
        leased: list[Leased] = self._change(Call("lease", terms))
        return leased

    def settle(self, marks: Sequence[Mark]) -> list[bool]:
        """As `Store.settle`."""
        answers: list[bool] = self._change(Call("settle", {"marks": marks}))
        return answers

    def dump(self, conference: str) -> Generator[DumpedRow, None, None]:
        """As `Dumpable.dump`."""
        with self._lock:
            rows = self._opened().dump(conference)
        yield from rows

    def restore(self, conference: str, rows: Sequence[DumpedRow]) -> None:
        """As `Dumpable.restore`."""
        self._change(Call("restore", {"conference": conference, "rows": rows}))

    def close(self) -> None:
        """As `Store.close`."""
        with self._lock:
            self._closed, self._state = True, None
            self.let_go()

    def _opened(self) -> State:
        if self._closed:
            raise StoreUnavailable(self.url, "it was closed")
        if self._state is None:
            self._state = self.read_state()
        return self._state

    def _change(self, call: Call) -> Any:
        with self._lock:
            answer = call.told_to(self._opened())
            if call.is_news(answer):
                try:
                    self.write_down(call)
                except BaseException:
                    self._state = None  # it is ahead of what was written: read that at the next call
                    raise
            return answer

    def _pause(self) -> None:
        self._lock.acquire()

    def _resume(self) -> None:
        self._lock.release()

    def _begin_in_child(self) -> None:
        self._lock.release()
        self.enter_child()
