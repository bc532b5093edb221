"""`conferencekit storage check URL`: the whole contract run against a store, and a report for people."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest
from attrs import define, field, frozen

from ..adapters.memory import MemoryStore
from ..errors import InvalidText, shown_url
from ..plugins import make_plugin_manager, open_store
from ..ports import Limit, Store
from .store_contract import is_fit, store_suite
from .store_samples import Changes, committed, notice, put

_SECONDS: Final = 0.7
_GROUP: Final = 32
_REMEDY: Final = (
    "Put {tmp} where a folder of each test's own is to stand (sqlite:///{tmp}/a.db), or {name} where a name of its own "
    "is (a schema of a database): every test needs an empty store."
)

AREAS: Final = {
    "CommitContract": "commits: atomic, in order, repeated without harm",
    "UniqueContract": "unique values: one owner each",
    "QuotaContract": "quotas: never oversold, nothing lost",
    "IndexContract": "indexes: rows follow their records",
    "PageContract": "paging: in order, each row once, also under writes",
    "EntryContract": "the log: entries, seals, redaction",
    "LeaseContract": "leases: one holder, lanes in order",
    "SettleContract": "settling: old tokens, final states",
    "LifeContract": "life: closing, forks, second openers, what is refused",
    "DumpContract": "dumps: all rows out and in again, audits, copies",
    "HostileContract": "bad input: the same answer everywhere; clocks that jump, ids that collide",
    "ThreadContract": "races of threads, each with a history that is judged",
    "ProcessContract": "races of processes, some of them killed",
    "SealContract": "sealing while others commit: each entry once",
    "CrashContract": "kill -9: what was acknowledged is kept",
    "DiskContract": "the disk: syncs before answers, slow ones, no room",
    "WaitingContract": "the waiting list: nobody waits while a place is free, nobody is passed",
    "_StoreSuite": "the whole, beside the reference",
}


@define
class Area:
    """The tests of one part of the contract: how many passed, which failed and why, which were skipped and why."""

    about: str
    passed: int = 0
    failed: list[tuple[str, str]] = field(factory=list)
    skipped: list[tuple[str, str]] = field(factory=list)


@frozen
class Speed:
    """Change sets per second, one by one and 32 at once, and how often this machine's disk syncs per second."""

    single: float
    grouped: float
    memory_single: float
    memory_grouped: float
    fsyncs: float


@frozen
class StoreReport:
    """What became of the check.

    Attributes:
        claimed: the store's capabilities, each with its reason.
        proven: those of them whose tests ran and passed.
        unproven: what it does not claim; no test of that ran.
        is_fit: whether it may hold registrations: enough is claimed, and nothing failed.
    """

    url: str
    areas: Sequence[Area]
    claimed: dict[str, str]
    proven: Sequence[str]
    unproven: Sequence[str]
    is_fit: bool
    speed: Speed
    seconds: float

    @property
    def failures(self) -> list[tuple[str, str]]:
        """Every test that failed: its name and the reason."""
        return [each for area in self.areas for each in area.failed]


def check_store(
    url: str,
    *,
    plugins: Sequence[ModuleType] = (),
    kills: int = 40,
    examples: int = 40,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> StoreReport:
    """Run the contract against the store at a URL.

    Args:
        url: with `{tmp}` or `{name}` in it, for an empty store of each test's own.
        plugins: modules that register the store, where no installed distribution does.
        kills: how often a working process is killed.
        examples: how many random histories are compared with the reference.
        progress: called with the number of tests that are done, and of all.

    Raises:
        InvalidText: the URL names the same store for every test.
        UnknownBackend, StoreUnavailable: there is no such store.
    """
    if "{tmp}" not in url and "{name}" not in url:
        raise InvalidText(shown_url(url), _REMEDY)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="conferencekit-check-") as folder:
        place = Path(folder)
        with contextlib.closing(
            open_store(url_at(url, place / "first"), make_plugin_manager(*plugins))
        ) as store:
            store.conferences()
            claimed, fit = dict(store.capabilities), is_fit(store)
            speed = _measured(store, place)
        suite = store_suite(lambda at: url_at(url, at), plugins=plugins, kills=kills, examples=examples)
        listener = _Listener(progress)
        _run(suite, place, listener)
    failed = any(area.failed for area in listener.areas.values())
    return StoreReport(
        url=shown_url(url),
        areas=tuple(listener.areas.values()),
        claimed=claimed,
        proven=tuple(name for name in claimed if listener.proves(name)),
        unproven=tuple(sorted({"durable", "processes", "hosts", "exclusive"} - set(claimed))),
        is_fit=fit and not failed,
        speed=speed,
        seconds=time.monotonic() - started,
    )


def url_at(url: str, place: Path) -> str:
    """The URL of an empty store for one place."""
    place.mkdir(exist_ok=True)
    name = "ck_" + hashlib.sha256(str(place).encode()).hexdigest()[:24]
    return url.replace("{tmp}", str(place)).replace("{name}", name)


def _run(suite: type, place: Path, listener: _Listener) -> None:
    """Run pytest in this process, on a module that exists only in memory."""
    (place / "test_store.py").write_text("TestStore = None  # the suite is put here\n", encoding="utf-8")
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--import-mode=importlib", "-W", "ignore"]
    options += ["-c", os.devnull, "--rootdir", str(place), "--basetemp", str(place / "tests")]
    listener.suite = suite
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        pytest.main([*options, str(place / "test_store.py")], plugins=[listener])


class _Listener:
    """A pytest plugin that puts the suite where it is collected, and keeps what becomes of its tests."""

    def __init__(self, progress: Callable[[int, int], None]) -> None:
        self.areas = {name: Area(about) for name, about in AREAS.items()}
        self.suite: type = object
        self._needed: dict[str, list[bool]] = {}
        self._progress = progress
        self._all = self._done = 0

    def proves(self, capability: str) -> bool:
        """Whether tests that need it ran, and all of them passed."""
        found = self._needed.get(capability, [])
        return bool(found) and all(found)

    def pytest_pycollect_makemodule(self, module_path: Path, parent: Any) -> Any:
        """Puts the suite into the module."""
        module = pytest.Module.from_parent(parent, path=module_path)
        module.obj.TestStore = self.suite
        return module

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Counts the tests."""
        self._all = len(items)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: Any) -> Generator[None, Any, Any]:
        """Keeps how a test ended."""
        report = yield
        if report.when == "call" or report.outcome != "passed":
            self._keep(item, report)
        if report.when == "teardown":
            self._done += 1
            self._progress(self._done, self._all)
        return report

    def _keep(self, item: Any, report: Any) -> None:
        name = item.function.__qualname__.partition(".")[0]
        area = self.areas[name if name in self.areas else "_StoreSuite"]
        words = item.name.removeprefix("test_").replace("_", " ")
        if report.outcome == "failed":
            area.failed.append((words, str(report.longrepr)))
        elif report.outcome == "skipped":
            area.skipped.append((words, str(report.longrepr[-1]).removeprefix("Skipped: ")))
        else:
            area.passed += 1
        case = item.funcargs.get("case")
        for capability in case.needed if case else ():
            if report.outcome != "skipped":
                self._needed.setdefault(capability, []).append(report.outcome == "passed")


# -- speed


def _measured(store: Store, place: Path) -> Speed:
    with contextlib.closing(MemoryStore()) as memory:
        return Speed(
            _commits(store, 1),
            _commits(store, _GROUP),
            _commits(memory, 1),
            _commits(memory, _GROUP),
            fsyncs(place),
        )


def _commits(store: Store, size: int) -> float:
    """Registrations per second: a record with a unique value and a place, and a mail that is owed."""
    changes = Changes(f"speed {size}")
    committed(store.commit([changes(Limit(quota="places", capacity=10**9))]))
    done, started = 0, time.perf_counter()
    while time.perf_counter() - started < _SECONDS:
        batch = []
        for number in range(done, done + size):
            person = put(f"p{number}", uniques={"address": f"{number}@example.org"}, takes={"places": 1})
            batch.append(changes(person, notice(f"n{number}")))
        committed(store.commit(batch))
        done += size
    return done / (time.perf_counter() - started)


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
