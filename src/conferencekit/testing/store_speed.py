"""How fast a store takes registrations, beside the memory store and beside the disk's own syncs."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from attrs import frozen

from ..adapters.group_commit import GroupCommit
from ..adapters.memory import MemoryStore
from ..ports import ChangeSet, Limit, Store
from .store_samples import Changes, committed, notice, put
from .store_worker import in_threads

GROUP: Final = 32
THREADS: Final = 8
_SECONDS: Final = 0.7


@frozen
class Speed:
    """Registrations per second: one by one, by 8 threads that gather, 32 in a batch. Syncs of the disk per second."""

    single: float
    threads: float
    grouped: float
    memory_single: float
    memory_threads: float
    memory_grouped: float
    fsyncs: float


def measured(store: Store, place: Path) -> Speed:
    """Measure on an empty store, and its disk under a folder."""
    with contextlib.closing(MemoryStore()) as memory:
        return Speed(*_all(store), *_all(memory), fsyncs(place))


def _all(store: Store) -> tuple[float, float, float]:
    return _commits(store, 1), _commits(GroupCommit(store), 1, THREADS), _commits(store, GROUP)


def _commits(store: Store, size: int, threads: int = 1) -> float:
    changes = Changes(f"speed {size} {threads}")
    committed(store.commit([changes(Limit(quota="places", capacity=10**9))]))
    done = [0] * threads
    started = time.perf_counter()

    def work(thread: int) -> None:
        registrations = _registrations(changes, threading.get_ident())
        while time.perf_counter() - started < _SECONDS:
            committed(store.commit([next(registrations) for _ in range(size)]))
            done[thread] += size

    in_threads(threads, work)
    return sum(done) / (time.perf_counter() - started)


def _registrations(changes: Changes, who: int) -> Iterator[ChangeSet]:
    """Each a record with a unique value and a place, and a mail that is owed."""
    number = 0
    while True:
        number += 1
        name = f"{who}-{number}"
        person = put(name, uniques={"address": f"{name}@example.org"}, takes={"places": 1})
        yield changes(person, notice(name))


def fsyncs(folder: Path) -> float:
    """How often per second the disk under a folder syncs 4 KiB that were written over."""
    done, started = 0, time.perf_counter()
    with (folder / "fsync").open("wb", buffering=0) as file:
        while time.perf_counter() - started < _SECONDS:
            file.seek(0)
            file.write(bytes(4096))
            os.fsync(file.fileno())
            done += 1
    return done / (time.perf_counter() - started)
