"""One store under test: its URL, what opens it, and processes of its own that work on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType

import pytest
from attrs import define, field

from ..plugins import Plugins, make_plugin_manager, open_store
from ..ports import Store
from .disk import WatchedDisk, watched_disk, why_not

Line = dict[str, object]


@define
class Worker:
    """A process that works on the store and writes a line of JSON for each step. It begins when it is told to."""

    process: subprocess.Popen[str]
    is_ready: bool = False

    def get_ready(self) -> None:
        """Wait until it has loaded what it needs."""
        if not self.is_ready:
            assert self.next_line() == {"ready": True}
            self.is_ready = True

    def go(self) -> None:
        """Let it begin."""
        self.get_ready()
        assert self.process.stdin is not None
        self.process.stdin.close()

    def next_line(self) -> Line:
        """The next that it writes."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self._errors()
        found: Line = json.loads(line)
        return found

    def lines(self) -> list[Line]:
        """All that it writes until it ends, which it must do well."""
        found = self._rest()
        with self.process:
            errors = self._errors()
        assert self.process.returncode == 0, errors
        return found

    def kill(self) -> list[Line]:
        """End it as a crash would; what it had written by then, without a torn last line."""
        with self.process:
            self.process.kill()
            return self._rest()

    def _rest(self) -> list[Line]:
        assert self.process.stdout is not None
        return [json.loads(line) for line in self.process.stdout if line.endswith("\n")]

    def _errors(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read()


def run_together(workers: Sequence[Worker]) -> list[Line]:
    """Let all begin at the same moment; what they wrote, each one's lines in their order."""
    for worker in workers:
        worker.get_ready()
    for worker in workers:
        worker.go()
    with ThreadPoolExecutor(len(workers)) as pool:  # all are read at once: a full pipe would hold a racer up
        return [line for lines in pool.map(Worker.lines, workers) for line in lines]


@define
class Case:
    """A store at a URL. Handles and processes are closed at the end of the test."""

    url: str
    plugins: Sequence[object]
    manager: Plugins
    directory: Path
    """Where the store is, if it is in files: the test's own directory."""
    handles: list[Store] = field(factory=list)
    workers: list[Worker] = field(factory=list)
    needed: list[str] = field(factory=list)
    closing: ExitStack = field(factory=ExitStack)

    def open(self) -> Store:
        """A handle of its own."""
        store = open_store(self.url, self.manager)
        self.handles.append(store)
        return store

    def needs(self, *capabilities: str) -> None:
        """Skips the test if the store does not claim one of them."""
        self.needed.extend(capabilities)
        store = open_store(self.url, self.manager)
        claimed = set(store.capabilities)
        store.close()
        for name in capabilities:
            if name not in claimed:
                pytest.skip(f"{name}: not claimed and so not proven")

    def watch(self, *, delay: float = 0.0) -> WatchedDisk:
        """Watch the disk below the store's directory. Skips the test where none can be watched."""
        if reason := why_not():
            pytest.skip(f"{reason}; so not proven")
        return self.closing.enter_context(watched_disk(self.directory, delay=delay))

    def work(self, job: str, *, disk: WatchedDisk | None = None, **options: object) -> Worker:
        """Start a process that opens the store by its URL, on a `disk` that is watched. `store_worker` has the jobs."""
        names = [plugin.__name__ for plugin in self.plugins if isinstance(plugin, ModuleType)]
        if len(names) < len(self.plugins):
            pytest.skip("give plugins as modules, so that other processes can import them")
        order = json.dumps({"url": self.url, "plugins": names, "job": job, "options": options})
        worker = Worker(
            subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-m", "conferencekit.testing.store_worker", order],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join(sys.path),
                    "PYTHONUTF8": "1",
                    **(disk.environment if disk else {}),
                },
            )
        )
        self.workers.append(worker)
        return worker

    def close(self) -> None:
        """End what is left."""
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.kill()
            with worker.process:
                pass  # closes its pipes
        for store in self.handles:
            store.close()
        self.closing.close()


def run_case(url: str, plugins: Sequence[object], directory: Path) -> Iterator[Case]:
    """A case for the length of a test."""
    case = Case(url, plugins, make_plugin_manager(*plugins), directory)
    try:
        yield case
    finally:
        case.close()
