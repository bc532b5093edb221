"""`conferencekit storage check URL`: the whole contract run against a store, and a report for people."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import platform
import tempfile
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest
from attrs import define, field, frozen

from ..adapters.memory import URL as MEMORY
from ..adapters.sqlite import SCHEME
from ..adapters.sqlite_driver import caveat, sqlite3
from ..errors import InvalidText, secrets_in, shown_url
from ..plugins import make_plugin_manager, open_store
from ..ports import missing_claims
from . import explain_asserts
from .store_life import CAPABILITIES
from .store_speed import Speed, measured

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
_LEGIBLE: Final = 4
"""A shorter password is a part of too many words to be masked in them."""


@define
class Area:
    """The tests of one part of the contract: how many passed, which failed and why, which were skipped and why."""

    about: str
    passed: int = 0
    failed: list[tuple[str, str]] = field(factory=list)
    skipped: list[tuple[str, str]] = field(factory=list)


@frozen
class StoreReport:
    """What became of the check.

    Attributes:
        url: without a password. about: what was checked with what, in words.
        claimed: the store's capabilities, each with its reason.
        proven: those of them whose tests ran and passed.
        gaps: of those, what could not be tested here: capability -> (test, reason).
        unproven: what it does not claim; no test of that ran.
        is_fit: whether it may hold registrations: enough is claimed and proven, and nothing failed.
        syncs: how the commits were made -> syncs of the disk for each.
    """

    url: str
    about: Mapping[str, str]
    areas: Sequence[Area]
    claimed: Mapping[str, str]
    proven: Sequence[str]
    gaps: Mapping[str, Sequence[tuple[str, str]]]
    unproven: Sequence[str]
    is_fit: bool
    syncs: Mapping[str, float]
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
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> StoreReport:
    """Run the contract against the store at a URL.

    Args:
        url: with `{tmp}` or `{name}` in it, for an empty store of each test's own (`memory:` is always one).
        plugins: modules that register the store, where no installed distribution does.
        kills: how often a working process is killed.
        progress: called with the number of tests that are done, and of all.

    Raises:
        InvalidText: the URL names the same store for every test.
        UnknownBackend, StoreUnavailable: there is no such store.
    """
    if "{tmp}" not in url and "{name}" not in url and url != MEMORY:
        raise InvalidText(shown_url(url), _REMEDY)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="conferencekit-check-") as folder:
        place = Path(folder)
        first = open_store(url_at(url, place / "first"), make_plugin_manager(*plugins))
        with contextlib.closing(first) as store:
            store.conferences()
            claimed = dict(store.capabilities)
            speed = measured(store, place)
        listener = _Listener(url, plugins, kills, progress)
        _run(place, listener)
    failed = any(area.failed for area in listener.areas.values())
    proven = tuple(name for name in claimed if listener.proves(name))
    return StoreReport(
        url=shown_url(url),
        about=_about(listener, url),
        areas=tuple(listener.areas.values()),
        claimed=claimed,
        proven=proven,
        gaps={name: tuple(listener.gaps.get(name, ())) for name in proven},
        unproven=tuple(name for name in CAPABILITIES if name not in claimed),
        is_fit=not failed
        and not missing_claims({name: why for name, why in claimed.items() if name in {*proven, "hosts"}}),
        syncs=listener.syncs,
        speed=speed,
        seconds=time.monotonic() - started,
    )


def _about(listener: _Listener, url: str) -> dict[str, str]:
    suite: Any = listener.suite
    system = f"{platform.system()}, Python {platform.python_version()}"
    rounds = f"{suite.kills} kills, {suite.examples} histories, {suite.batches:,} batches"
    sqlite = {"sqlite": str(caveat() or f"SQLite {sqlite3.sqlite_version}")} if url.startswith(SCHEME) else {}
    made = datetime.now(UTC).strftime("%d %B %Y")
    return {
        "with": f"conferencekit {version('conferencekit')}",
        "on": system,
        "rounds": rounds,
        "made": made,
        **sqlite,
    }


def without_secrets(url: str, text: str) -> str:
    """A text in which the URL stands without its password, and the password nowhere else."""
    text = text.replace(url, shown_url(url))
    for secret in secrets_in(url):
        text = text.replace(f":{secret}@", ":***@").replace(f"={secret}", "=***")
        text = text.replace(secret, "***") if len(secret) >= _LEGIBLE else text
    return text


def url_at(url: str, place: Path) -> str:
    """The URL of an empty store for one place."""
    place.mkdir(exist_ok=True)
    name = "ck_" + hashlib.sha256(str(place).encode()).hexdigest()[:24]
    return url.replace("{tmp}", str(place)).replace("{name}", name)


def _run(place: Path, listener: _Listener) -> None:
    """Run pytest in this process, on a module that exists only in memory."""
    (place / "test_store.py").write_text("TestStore = None  # the suite is put here\n", encoding="utf-8")
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--import-mode=importlib", "-W", "ignore"]
    options += ["-c", os.devnull, "--rootdir", str(place), "--basetemp", str(place / "tests")]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        pytest.main([*options, str(place / "test_store.py")], plugins=[listener])


@define
class _Listener:
    """A pytest plugin that puts the suite where it is collected, and keeps what becomes of its tests."""

    url: str
    plugins: Sequence[ModuleType]
    kills: int
    progress: Callable[[int, int], None]
    areas: dict[str, Area] = field(init=False)
    suite: type = field(default=object, init=False)
    gaps: dict[str, list[tuple[str, str]]] = field(factory=dict, init=False)
    syncs: dict[str, float] = field(factory=dict, init=False)
    _needed: dict[str, list[bool]] = field(factory=dict, init=False)
    _all: int = field(default=0, init=False)
    _done: int = field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        self.areas = {name: Area(about) for name, about in AREAS.items()}

    def proves(self, capability: str) -> bool:
        """Whether tests that need it ran, and all of them passed."""
        found = self._needed.get(capability, [])
        return bool(found) and all(found)

    def pytest_pycollect_makemodule(self, module_path: Path, parent: Any) -> Any:
        """Puts the suite into the module. It is imported here, so that pytest can explain what fails in it."""
        explain_asserts()
        from .store_contract import store_suite  # noqa: PLC0415 - see above

        def here(place: Path) -> str:
            return url_at(self.url, place)

        self.suite = store_suite(here, plugins=self.plugins, kills=self.kills)
        self.suite.shrink = False  # type: ignore[attr-defined]  # nobody waits for minutes to read a shorter history
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
            self.progress(self._done, self._all)
        return report

    def _keep(self, item: Any, report: Any) -> None:
        name = item.function.__qualname__.partition(".")[0]
        area = self.areas[name if name in self.areas else "_StoreSuite"]
        words = item.name.removeprefix("test_").replace("_", " ")
        reason = ""
        if report.outcome == "failed":
            area.failed.append((words, without_secrets(self.url, str(report.longrepr))))
        elif report.outcome == "skipped":
            reason = without_secrets(self.url, str(report.longrepr[-1])).removeprefix("Skipped: ")
            area.skipped.append((words, reason))
        else:
            area.passed += 1
        case = item.funcargs.get("case")
        for capability in case.needed if case else ():
            if report.outcome != "skipped":
                self._needed.setdefault(capability, []).append(report.outcome == "passed")
            elif not reason.endswith("not claimed and so not proven"):
                self.gaps.setdefault(capability, []).append((words, reason))
        for what, number in item.user_properties:
            if what.startswith("syncs per commit, "):
                self.syncs[what.removeprefix("syncs per commit, ")] = float(number)
