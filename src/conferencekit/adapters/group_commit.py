"""Group commit: threads that commit at the same moment share one commit of the store, and so one sync of the disk."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from attrs import define, field

from ..errors import StoreUnavailable
from ..limits import BATCH
from ..ports import ChangeSet, Leased, Mark, Outcome, Record, Store
from ..store import check_batch

LINGER: Final = 0.25
"""How long a group waits for those who were in the last one: at most this part of what its commit took."""


def _taken_lock() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


@define(eq=False)
class _Wish:
    """What one thread wants committed, and what became of it. Its thread sleeps until it is done or has to lead."""

    batch: Sequence[ChangeSet]
    outcomes: list[Outcome] | None = None
    error: Exception | None = None
    leads: bool = False
    asleep: threading.Lock = field(factory=_taken_lock)

    @property
    def is_done(self) -> bool:
        return self.outcomes is not None or self.error is not None


class GroupCommit:
    """Any store, for hosts with many threads. It answers as the store does, and closes it.

    While one thread's commit is under way, the others' gather; one of them takes all of them along next, after a short
    wait for those who were in the group before and come again. A batch stays together and in order. An error of the
    store concerns everybody in the group, as it would have each alone. With one thread, or with processes of one thread
    each, there is nothing to gather, and nothing is lost.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._begin()
        _watch_forks(self)

    def _begin(self) -> None:
        self._gathering = threading.Lock()
        self._arrived = threading.Condition(self._gathering)
        self._leading = threading.Lock()
        self._waiting: list[_Wish] = []
        self._last = 1
        self._took = 0.0

    @property
    def capabilities(self) -> Mapping[str, str]:
        """As the store's own."""
        return self._store.capabilities

    def commit(self, batch: Sequence[ChangeSet]) -> list[Outcome]:
        """As `Store.commit`."""
        check_batch(batch)
        mine = _Wish(batch)
        with self._gathering:
            self._waiting.append(mine)
            mine.leads = self._leading.acquire(blocking=False)
            self._arrived.notify_all()
        if not mine.leads:
            self._sleep(mine)
        if mine.leads:
            self._lead(mine)
        if mine.error is not None:
            raise mine.error
        return mine.outcomes or []

    def _sleep(self, mine: _Wish) -> None:
        """Until it is done or has to lead. A thread that is interrupted takes its wish back, if it still can."""
        try:
            mine.asleep.acquire()
        except BaseException:
            with self._gathering:
                if mine in self._waiting:
                    self._waiting.remove(mine)
                if mine.leads and not mine.is_done:
                    self._hand_over()
            raise

    def _lead(self, mine: _Wish) -> None:
        group: list[_Wish] = []
        began = time.monotonic()
        try:
            group = self._take()
            began = time.monotonic()
            self._commit(group)
        finally:
            with self._gathering:
                self._last, self._took = len(group), time.monotonic() - began
                if mine in self._waiting:  # it was interrupted before it took anybody along
                    self._waiting.remove(mine)
                self._hand_over()
            for wish in group:
                wish.asleep.release()

    def _hand_over(self) -> None:
        """Let the one who waits longest lead, or nobody. The caller holds `_gathering`."""
        if self._waiting:
            self._waiting[0].leads = True
            self._waiting[0].asleep.release()
        else:
            self._leading.release()
            self._arrived.notify_all()

    def _commit(self, group: Sequence[_Wish]) -> None:
        try:
            outcomes = self._store.commit([change_set for wish in group for change_set in wish.batch])
        except BaseException as error:
            for wish in group:
                wish.error = (
                    error if isinstance(error, Exception) else StoreUnavailable("the store", repr(error))
                )
            if not isinstance(error, Exception):
                raise
            return
        first = 0
        for wish in group:
            wish.outcomes = outcomes[first : first + len(wish.batch)]
            first += len(wish.batch)

    def _take(self) -> list[_Wish]:
        """As many wishes as one commit may hold, in the order of their arrival; one at least."""
        with self._gathering:
            if self._last > 1:
                self._arrived.wait_for(lambda: len(self._waiting) >= self._last, LINGER * self._took)
            size = count = 0
            for wish in self._waiting:
                size += len(wish.batch)
                if size > BATCH:
                    break
                count += 1
            group, self._waiting = self._waiting[:count], self._waiting[count:]
            return group

    def conferences(self) -> list[str]:
        """As `Store.conferences`."""
        return self._store.conferences()

    def get(self, conference: str, kind: str, ids: Iterable[str]) -> dict[str, Record]:
        """As `Store.get`."""
        return self._store.get(conference, kind, ids)

    def quotas(self, conference: str, ids: Iterable[str]) -> dict[str, tuple[int, int | None]]:
        """As `Store.quotas`."""
        return self._store.quotas(conference, ids)

    def find(
        self, conference: str, kind: str, index: str, key: str, *, after: str | None = None, limit: int = 100
    ) -> tuple[list[Record], str | None]:
        """As `Store.find`."""
        return self._store.find(conference, kind, index, key, after=after, limit=limit)

    def lease(
        self, limit: int, *, now: datetime, until: datetime, conference: str | None = None
    ) -> list[Leased]:
        """As `Store.lease`."""
        return self._store.lease(limit, now=now, until=until, conference=conference)

    def settle(self, marks: Sequence[Mark]) -> list[bool]:
        """As `Store.settle`."""
        return self._store.settle(marks)

    def close(self) -> None:
        """As `Store.close`."""
        with self._gathering:
            self._arrived.wait_for(lambda: not self._leading.locked())
        self._store.close()


def _watch_forks(group: GroupCommit) -> None:
    """In a child nobody gathers: the threads that held the locks stayed with the parent."""
    if not hasattr(os, "register_at_fork"):
        return
    reference = weakref.ref(group)

    def begin() -> None:
        if (alive := reference()) is not None:
            alive._begin()  # noqa: SLF001 - the other half of the class

    os.register_at_fork(after_in_child=begin)
