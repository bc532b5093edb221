"""Group commit: threads that commit at the same moment share one commit of the store, and so one sync of the disk."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final, Self

from attrs import define, field

from ..errors import CommitInDoubt, StoreBusy, StoreReadOnly, StoreUnavailable
from ..limits import BATCH
from ..ports import ChangeSet, Leased, Mark, Outcome, Record, Store
from ..store import check_batch
from .file_lock import taken_lock
from .forks import watch_forks

LINGER: Final = 0.25
"""How long a group waits for those who were in the last one: at most this part of what its commit took."""

LOOK_AGAIN: Final = 1.0
"""Seconds after which a thread that waits looks whether the leader was interrupted where nothing could be done."""

_OF_THE_STORE: Final = (StoreBusy, StoreReadOnly, StoreUnavailable, CommitInDoubt)
"""Errors that anybody's commit would have met at this moment."""


@define(eq=False)
class _Wish:
    """What one thread wants committed, and what became of it. Its thread sleeps until it is done or has to lead.

    `left`: its thread waits no more, whatever became of it.
    """

    batch: tuple[ChangeSet, ...]
    outcomes: list[Outcome] | None = None
    error: Exception | None = None
    left: bool = False
    asleep: threading.Lock = field(factory=taken_lock)

    @property
    def is_done(self) -> bool:
        return self.outcomes is not None or self.error is not None

    def wake(self) -> None:
        """Let its thread look at what became of it."""
        with suppress(RuntimeError):  # it is awake
            self.asleep.release()

    def fail(self, error: Exception, *, shared: bool) -> None:
        """Where several threads hear of one error, each raises one of its own: raising writes into it."""
        if shared:
            try:
                own = copy.copy(error)
            except Exception:  # noqa: BLE001 - an error of a driver may be made in any way
                own = error
            else:
                own.__cause__ = error
            error = own
        self.error = error


class GroupCommit:
    """Any store, for hosts with many threads. It answers as the store does, offers what it offers, and closes it.

    While one thread's commit is under way, the others' gather; one of them takes all of them along next, after a short
    wait for those who were in the group before and come again. A batch stays together and in order, and whoever came
    first leaves first. With one thread, or with processes of one thread each, there is nothing to gather, and nothing
    is lost.

    An error of the store (busy, read-only, unavailable, in doubt) concerns everybody in the group, as it would each
    alone; after any other, each is committed alone, so that it meets whom it concerns. If a thread is interrupted while
    it leads, the others' are committed again by the next: what had been applied is answered as replayed.
    """

    def __new__(cls, store: Store) -> Self:
        """Of a class that offers beside `Store` what the store itself does, so that `isinstance` tells."""
        names = {name for name in dir(type(store)) if not name.startswith("_")}
        offered = {name: _forwarded(name) for name in names - set(dir(cls))}
        return super().__new__(type(cls.__name__, (cls,), offered) if offered else cls)

    def __init__(self, store: Store) -> None:
        self._store = store
        self._closed = False
        self._begin()
        # the threads that held its locks stayed with the parent
        watch_forks(self, in_child=GroupCommit._begin)

    def _begin(self) -> None:
        self._gathering = threading.Lock()
        self._arrived = threading.Condition(self._gathering)
        self._waiting: list[_Wish] = []
        self._group: list[_Wish] = []
        self._leader: _Wish | None = None
        self._last = 1
        self._took = 0.0

    @property
    def capabilities(self) -> Mapping[str, str]:
        """As the store's own."""
        return self._store.capabilities

    def commit(self, batch: Sequence[ChangeSet]) -> list[Outcome]:
        """As `Store.commit`."""
        check_batch(batch)
        mine = _Wish(tuple(batch))
        try:
            self._join(mine)
            while not mine.is_done:
                if self._leader is mine:
                    self._lead()
                elif not mine.asleep.acquire(timeout=LOOK_AGAIN):
                    self._look_again()
        finally:
            mine.left = True
            if self._leader is mine or not mine.is_done:
                self._pass_on(mine)
        if mine.error is not None:
            raise mine.error
        return mine.outcomes or []

    def _join(self, mine: _Wish) -> None:
        with self._gathering:
            if self._closed:
                raise StoreUnavailable("the store", "it was closed")
            self._waiting.append(mine)
            if self._leader is None:
                self._leader = mine
            self._arrived.notify_all()

    def _lead(self) -> None:
        self._gather()
        began = time.monotonic()
        self._commit(self._group)
        self._last, self._took = len(self._group), time.monotonic() - began
        self._pass_on(self._leader)

    def _gather(self) -> None:
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
            self._group = self._waiting[:count]  # first there, then away: at no moment is one in neither
            self._waiting = self._waiting[count:]

    def _commit(self, group: Sequence[_Wish]) -> None:
        try:
            outcomes = self._store.commit([change_set for wish in group for change_set in wish.batch])
        except Exception as error:  # noqa: BLE001 - whatever it is, its threads raise it
            if len(group) == 1 or isinstance(error, _OF_THE_STORE):
                for wish in group:
                    wish.fail(error, shared=len(group) > 1)
            else:
                for wish in group:
                    self._commit([wish])
            return
        first = 0
        for wish in group:
            wish.outcomes = outcomes[first : first + len(wish.batch)]
            first += len(wish.batch)

    def _pass_on(self, leader: _Wish | None) -> None:
        """Answer the group, and let the one who waits longest lead. What an interrupted leader left goes first."""
        with self._gathering:
            if leader is not None and leader.left and leader in self._waiting:
                self._waiting.remove(leader)
            if self._leader is not leader:
                return
            group = self._group
            undone = [each for each in group if not (each.is_done or each.left or each in self._waiting)]
            self._waiting[:0] = undone
            self._group = []
            self._leader = self._waiting[0] if self._waiting else None
            if self._leader is None:
                self._arrived.notify_all()
            else:
                self._leader.wake()
        for wish in group:
            if wish.is_done:
                wish.wake()

    def _look_again(self) -> None:
        """If the leader is gone without a word, somebody else has to lead: an interruption can come at any place."""
        leader = self._leader
        if leader is None or leader.left:
            self._pass_on(leader)

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
        """As `Store.close`. It waits for the commits that run, not for those that others would still like to begin."""
        with self._gathering:
            self._closed = True
            while self._waiting or not (self._leader is None or self._leader.left):
                self._arrived.wait(LOOK_AGAIN)
        self._store.close()


def _forwarded(name: str) -> property:
    def own(self: GroupCommit) -> object:
        return getattr(self._store, name)

    return property(own, doc="As the store's own.")
