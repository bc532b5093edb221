"""A store to learn from: an append-only journal of JSON lines in a directory, `shelf:DIRECTORY`.

Everything is kept in a `State` in memory. Each call that changes something becomes one line of the journal, synced
before the call returns; at the start the lines are told to an empty `State` again, and the same calls give the same
state. A lock on a file keeps other processes out.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from io import RawIOBase
from pathlib import Path
from typing import Any

from conferencekit import hookimpl
from conferencekit.adapters.file_lock import FileLock
from conferencekit.adapters.lasting import sync_folder
from conferencekit.adapters.state_store import StateStore
from conferencekit.adapters.system_errors import system_errors
from conferencekit.errors import CommitInDoubt, NotOurFile, SchemaTooNew, StoreBusy, StoreUnavailable
from conferencekit.ports import Store
from conferencekit.store import Call, State, call_of

SCHEMA = 1
SECONDS = 2.0  # how long to wait for another process to close the store


@hookimpl
def conferencekit_register_stores(registry: Any) -> None:
    """Offers `shelf:DIRECTORY`."""
    registry.add("shelf", ShelfStore.open)


class ShelfStore(StateStore):
    """Conferences in `DIRECTORY/journal.jsonl`. Opened at the first use, by one process at a time."""

    def __init__(self, directory: Path) -> None:
        super().__init__(f"shelf:{directory}")
        self._path = directory / "journal.jsonl"
        self._turn = FileLock(directory / "lock")

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

    def read_state(self) -> State:
        """The lock first, then the journal from its first line."""
        with system_errors(self.url):
            if not self._turn.is_held:
                self._path.parent.mkdir(exist_ok=True)
                sync_folder(self._path.parent.parent)
                if not self._turn.acquire(SECONDS):
                    raise StoreBusy(self.url, SECONDS)
            return self._read()

    def _read(self) -> State:
        """A last line without its end was never acknowledged: it is cut off. Nothing else is guessed."""
        held = self._path.read_bytes() if self._path.exists() else b""
        if not held:
            _create(self._path)
            return State()
        whole = held[: held.rfind(b"\n") + 1]
        head, *lines = whole.splitlines() or [b""]
        self._check(head)
        state = State()
        for number, line in enumerate(lines, start=2):
            try:
                call_of(line).told_to(state)
            except (KeyError, TypeError, ValueError) as error:
                raise StoreUnavailable(
                    self.url, f"line {number} of the journal is damaged: {error}"
                ) from error
        if len(whole) < len(held):
            os.truncate(self._path, len(whole))
        return state

    def _check(self, head: bytes) -> None:
        try:
            schema = json.loads(head)["shelf"]
        except (KeyError, TypeError, ValueError):
            raise NotOurFile(self.url, f"{self._path.name} does not begin as a shelf does") from None
        if schema > SCHEMA:
            raise SchemaTooNew(self.url, schema, SCHEMA)

    def write_down(self, call: Call) -> None:
        """One line, synced. If that fails it is cut off again; after a failed sync nobody knows what the disk has."""
        line, is_written = call.line.encode() + b"\n", False
        with system_errors(self.url), self._path.open("r+b", buffering=0) as file:  # what it wrote is written
            end = file.seek(0, os.SEEK_END)
            try:
                _write_whole(file, line)
                is_written = True
                os.fsync(file.fileno())
            except OSError as error:
                with suppress(OSError):
                    file.truncate(end)
                if is_written:
                    raise CommitInDoubt(self.url, str(error)) from error
                raise

    def let_go(self) -> None:
        """The next process may have it."""
        self._turn.close()

    def enter_child(self) -> None:
        """The parent holds the lock: the child has to ask for its own."""
        super().enter_child()
        self._turn.disown()


def _write_whole(file: RawIOBase, line: bytes) -> None:
    if (file.write(line) or 0) < len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _create(path: Path) -> None:
    """Write the first line: the whole of it or none, and the name of the file is kept too."""
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(json.dumps({"shelf": SCHEMA}).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_folder(path.parent)
