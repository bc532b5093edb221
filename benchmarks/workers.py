"""Processes that measure: started on one disk, told what to do round by round, ended always.

A worker is `python workers.py MODULE FUNCTION ORDER`: the function is a context manager that opens what it needs and
gives a callable; each line of the standard input is one call of it as JSON, each line of the output its answer.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from attrs import frozen

Work = Callable[..., Mapping[str, Any]]
_PATIENCE = 30


class Place(Protocol):
    """A disk, as far as it is needed here."""

    @property
    def directory(self) -> Path: ...

    @property
    def environment(self) -> Mapping[str, str]: ...


@frozen
class Crew:
    """Workers that begin together."""

    processes: Sequence[subprocess.Popen[str]]

    def each(self, **command: Any) -> list[dict[str, Any]]:
        """Give all of them one command at the same moment; what each answers."""
        for process in self.processes:
            assert process.stdin is not None
            process.stdin.write(json.dumps(command) + "\n")
            process.stdin.flush()
        return [_answer(process) for process in self.processes]

    def do(self, **command: Any) -> dict[str, Any]:
        """The same for a crew of one."""
        (answer,) = self.each(**command)
        return answer


def without_bytecode_ban(environment: Mapping[str, str]) -> dict[str, str]:
    """A shell that forbids byte code would have every process compile all that it imports."""
    return {name: value for name, value in environment.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"a worker ended with {process.wait()}: {process.args}")
    answer: dict[str, Any] = json.loads(line)
    return answer


@contextmanager
def crew(place: Place, module: str, function: str, orders: Sequence[Mapping[str, Any]]) -> Iterator[Crew]:
    """So many workers as there are orders, each ready. The directory of the disk is added to each order."""
    environment = without_bytecode_ban({**os.environ, **place.environment})
    processes: list[subprocess.Popen[str]] = []
    try:
        for order in orders:
            given = json.dumps({"directory": str(place.directory), **order})
            processes.append(
                subprocess.Popen(
                    [sys.executable, "-W", "ignore", __file__, module, function, given],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    env=environment,
                )
            )
        for process in processes:
            _answer(process)
        yield Crew(processes)
    finally:
        _end(processes)


def single(place: Place, module: str, function: str, **order: Any) -> Any:
    """A crew of one."""
    return crew(place, module, function, [order])


def _end(processes: Sequence[subprocess.Popen[str]]) -> None:
    """At the end of its input a worker closes what it opened; one that does not is killed."""
    broken = sys.exc_info()[0] is not None
    for process in processes:
        if broken:
            process.kill()
        if process.stdin is not None:
            with suppress(BrokenPipeError):
                process.stdin.close()
    for process in processes:
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def main(module: str, function: str, order: str) -> None:
    with getattr(importlib.import_module(module), function)(json.loads(order)) as work:
        _say({"ready": True})
        for line in sys.stdin:
            _say(work(**json.loads(line)))


def _say(answer: Mapping[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
