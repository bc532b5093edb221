"""The store that forgets: the reference for all others, for tests and for trying things out."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from ..errors import StoreUnavailable
from ..ports import ChangeSet, DumpedRow, Leased, Mark, Outcome, Record
from ..store import State

URL = "memory:"


class MemoryStore:
    """A `State` behind a lock. It ends with the process; after a fork each process goes on with a copy of its own."""

    def __init__(self) -> None:
        self._state: State | None = State()
        self._lock = threading.Lock()

    @classmethod
    def open(cls, url: str = URL) -> MemoryStore:
        """A new, empty store. The URL is `memory:`; two of them never meet."""
        if url != URL:
            raise StoreUnavailable(url, f"a memory store has no address but {URL!r}")
        return cls()

    @property
    def capabilities(self) -> Mapping[str, str]:
        """Nothing is claimed: all is lost with the process."""
        return MappingProxyType({})

    def _open(self) -> State:
        if self._state is None:
            raise StoreUnavailable(URL, "it was closed")
        return self._state

    def conferences(self) -> list[str]:
        """As `Store.conferences`."""
        with self._lock:
            return self._open().conferences()

    def get(self, conference: str, kind: str, ids: Iterable[str]) -> dict[str, Record]:
        """As `Store.get`."""
        with self._lock:
            return self._open().get(conference, kind, ids)

    def quotas(self, conference: str, ids: Iterable[str]) -> dict[str, tuple[int, int | None]]:
        """As `Store.quotas`."""
        with self._lock:
            return self._open().quotas(conference, ids)

    def find(
        self, conference: str, kind: str, index: str, key: str, *, after: str | None = None, limit: int = 100
    ) -> tuple[list[Record], str | None]:
        """As `Store.find`."""
        with self._lock:
            return self._open().find(conference, kind, index, key, after=after, limit=limit)

    def commit(self, batch: Sequence[ChangeSet]) -> list[Outcome]:
        """As `Store.commit`."""
        with self._lock:
            return self._open().commit(batch)

    def lease(
        self, limit: int, *, now: datetime, until: datetime, conference: str | None = None
    ) -> list[Leased]:
        """As `Store.lease`."""
        with self._lock:
            return self._open().lease(limit, now=now, until=until, conference=conference)

    def settle(self, marks: Sequence[Mark]) -> list[bool]:
        """As `Store.settle`."""
        with self._lock:
            return self._open().settle(marks)

    def dump(self, conference: str) -> Generator[DumpedRow, None, None]:
        """As `Dumpable.dump`."""
        with self._lock:
            rows = self._open().dump(conference)
        yield from rows

    def restore(self, conference: str, rows: Sequence[DumpedRow]) -> None:
        """As `Dumpable.restore`."""
        with self._lock:
            self._open().restore(conference, rows)

    def close(self) -> None:
        """As `Store.close`: the conferences are gone."""
        with self._lock:
            self._state = None
