"""A store to learn from: an append-only journal of JSON lines in a directory, `shelf:DIRECTORY`.

Everything is kept in a `State` in memory. Each call that changes something becomes one line of the journal, synced
before the call returns; at the start the lines are told to an empty `State` again, and the same calls give the same
state. A lock on a file keeps other processes out.
"""

from __future__ import annotations

import errno
import json
import os
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from conferencekit import hookimpl
from conferencekit.adapters.file_lock import FileLock
from conferencekit.errors import (
    CommitInDoubt,
    NotOurFile,
    SchemaTooNew,
    StoreBusy,
    StoreFull,
    StoreReadOnly,
    StoreUnavailable,
)
from conferencekit.ports import ChangeSet, Committed, DumpedRow, Leased, Mark, Outcome, Record, Store
from conferencekit.store import (
    State,
    change_set_from_data,
    change_set_to_data,
    mark_from_data,
    mark_to_data,
    row_from_text,
    row_text,
)

T = TypeVar("T")

SCHEMA = 1
SECONDS = 2.0  # how long to wait for another process to close the store


@hookimpl
def conferencekit_register_stores(registry: Any) -> None:
    """Offers `shelf:DIRECTORY`."""
    registry.add("shelf", ShelfStore.open)


class ShelfStore:
    """Conferences in `DIRECTORY/journal.jsonl`. Opened at the first use, by one process at a time."""

    def __init__(self, directory: Path) -> None:
        self._url = f"shelf:{directory}"
        self._path = directory / "journal.jsonl"
        self._file_lock = FileLock(directory / "lock")
        self._lock = threading.RLock()
        self._state: State | None = None
        self._owner = 0  # the process that read the state
        self._closed = False

    @classmethod
    def open(cls, url: str) -> Store:
        """The store in the directory that stands after `shelf:`."""
        directory = url.removeprefix("shelf:")
        if not directory:
            raise StoreUnavailable(url, "write shelf:DIRECTORY")
        return cls(Path(directory))

    @property
    def capabilities(self) -> Mapping[str, str]:
        """Durable and exclusive."""
        return {
            "durable": "each change is a line of the journal, synced before it is acknowledged",
            "exclusive": "a lock on a file of its own, held until the store is closed",
        }

    # -- reading: the state answers

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

    # -- writing: the state decides, the journal remembers

    def commit(self, batch: Sequence[ChangeSet]) -> list[Outcome]:
        """As `Store.commit`. A batch that changed nothing is not written down."""
        line = {"commit": [change_set_to_data(change_set) for change_set in batch]}
        return self._change(line, lambda state: state.commit(batch), _is_news)

    def lease(
        self, limit: int, *, now: datetime, until: datetime, conference: str | None = None
    ) -> list[Leased]:
        """As `Store.lease`."""
        line = {"lease": [limit, now.isoformat(), until.isoformat(), conference]}
        return self._change(
            line, lambda state: state.lease(limit, now=now, until=until, conference=conference), bool
        )

    def settle(self, marks: Sequence[Mark]) -> list[bool]:
        """As `Store.settle`."""
        line = {"settle": [mark_to_data(mark) for mark in marks]}
        return self._change(line, lambda state: state.settle(marks), any)

    # -- what a store may offer beside: all rows out and in, so that it can be audited, copied and backed up

    def dump(self, conference: str) -> Generator[DumpedRow, None, None]:
        """As `Dumpable.dump`."""
        with self._lock:
            rows = self._opened().dump(conference)
        yield from rows

    def restore(self, conference: str, rows: Sequence[DumpedRow]) -> None:
        """As `Dumpable.restore`."""
        line = {"restore": [conference, [row_text(row) for row in rows]]}
        self._change(line, lambda state: state.restore(conference, rows), lambda _: bool(rows))

    def close(self) -> None:
        """As `Store.close`."""
        with self._lock:
            self._closed, self._state = True, None
            self._release()

    def _change(self, line: Mapping[str, Any], act: Callable[[State], T], is_news: Callable[[T], bool]) -> T:
        with self._lock:
            answer = act(self._opened())
            if is_news(answer):
                try:
                    self._append(line)
                except BaseException:
                    self._state = None  # it is ahead of the journal: read that again at the next call
                    raise
            return answer

    def _append(self, line: Mapping[str, Any]) -> None:
        with _meaning(self._url), self._path.open("r+b") as file:
            end = file.seek(0, os.SEEK_END)
            try:
                file.write(json.dumps(line).encode() + b"\n")
                file.flush()
            except OSError:
                file.truncate(end)  # nothing of it stays
                raise
            try:
                os.fsync(file.fileno())
            except OSError as error:
                raise CommitInDoubt(self._url, str(error)) from error

    # -- opening: the lock first, then the journal

    def _opened(self) -> State:
        if self._closed:
            raise StoreUnavailable(self._url, "it was closed")
        if (
            self._owner != os.getpid()
        ):  # at the first use, and in a forked child, which has to wait for its parent
            self._file_lock.disown()
            self._state = None
            with _meaning(self._url):
                self._path.parent.mkdir(exist_ok=True)
                if not self._file_lock.acquire(SECONDS):
                    raise StoreBusy(self._url, SECONDS)
            self._owner = os.getpid()
        if self._state is None:
            with _meaning(self._url):
                self._state = self._read()
        return self._state

    def _release(self) -> None:
        if self._owner == os.getpid():
            self._file_lock.close()

    def _read(self) -> State:
        """The state after all lines. A last line without its end was never acknowledged: it is cut off."""
        if not self._path.exists() or not (held := self._path.read_bytes()):
            _create(self._path)
            return State()
        whole = held[: held.rfind(b"\n") + 1]
        head, *lines = whole.splitlines() or [b""]
        self._check(head)
        state = State()
        for number, line in enumerate(lines, start=2):
            try:
                _tell(state, json.loads(line))
            except (KeyError, TypeError, ValueError) as error:
                raise StoreUnavailable(
                    self._url, f"line {number} of the journal is damaged: {error}"
                ) from error
        if len(whole) < len(held):
            os.truncate(self._path, len(whole))
        return state

    def _check(self, head: bytes) -> None:
        try:
            schema = json.loads(head)["shelf"]
        except (KeyError, TypeError, ValueError):
            raise NotOurFile(self._url, f"{self._path.name} does not begin as a shelf does") from None
        if schema > SCHEMA:
            raise SchemaTooNew(self._url, schema, SCHEMA)


def _create(path: Path) -> None:
    """Write the first line: the whole of it or none, and the directory is synced, so that the file itself is kept."""
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(json.dumps({"shelf": SCHEMA}).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    if os.name == "posix":
        directory = os.open(path.parent, os.O_RDONLY)
        os.fsync(directory)
        os.close(directory)


def _tell(state: State, line: Mapping[str, Any]) -> None:
    """Do again what a line says."""
    ((what, told),) = line.items()
    if what == "commit":
        state.commit([change_set_from_data(data) for data in told])
    elif what == "lease":
        limit, now, until, conference = told
        times = {"now": datetime.fromisoformat(now), "until": datetime.fromisoformat(until)}
        state.lease(limit, **times, conference=conference)
    elif what == "settle":
        state.settle([mark_from_data(data) for data in told])
    elif what == "restore":
        conference, rows = told
        state.restore(conference, [row_from_text(row) for row in rows])
    else:
        raise ValueError(what)


def _is_news(outcomes: list[Outcome]) -> bool:
    return any(isinstance(outcome, Committed) and not outcome.replayed for outcome in outcomes)


@contextmanager
def _meaning(url: str) -> Iterator[None]:
    """Says what an error of the system means: none of them reaches a caller."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StoreFull(url, str(error)) from error
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            raise StoreReadOnly(url, str(error)) from error
        raise StoreUnavailable(url, str(error)) from error
