"""Moments that a test decides: a command that stands still in the middle of its work.

How far a process got "by now" is a matter of the machine. Whoever wants to stop one halfway holds it there first.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from tests.cli_line import process

LONG: Final = 120.0
"""Seconds that no step takes on any machine: who waits so long waits for ever."""

_PROGRAM = """
import importlib, os, sys, time
place, number, marker = sys.argv[1], int(sys.argv[2]), sys.argv[3]
del sys.argv[1:4]
module, _, path = place.partition(":")
*above, name = path.split(".")
owner = importlib.import_module(module)
for each in above:
    owner = getattr(owner, each)
real, calls = getattr(owner, name), 0

def held(*positional, **named):
    global calls
    calls += 1
    if calls == number:
        open(marker, "x").close()
        while os.path.exists(marker):
            time.sleep(0.005)
    return real(*positional, **named)

setattr(owner, name, held)
from conferencekit.cli import main
sys.exit(main())
"""


def wait_until(condition: Callable[[], object]) -> None:
    """Look again and again, until it is so."""
    end = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.005)


class HeldCommand:
    """A command as a process that stands still before the call `number` of a function, named "module:Class.name".

    When this is made it stands there. `marker`: a path that nobody uses.
    """

    def __init__(self, place: str, number: int, marker: Path, *words: object, **options: Any) -> None:
        self._marker = marker
        argv = [sys.executable, "-c", _PROGRAM, place, number, marker]
        self.running: subprocess.Popen[bytes] = process(*words, argv=argv, **options)
        wait_until(lambda: marker.exists() or self.running.poll() is not None)
        assert self.running.poll() is None, self.running.communicate()

    def kill(self) -> None:
        """End it where it stands, at once."""
        self.running.kill()
        self.running.communicate(timeout=LONG)
        self._marker.unlink()

    def signalled(self, number: int) -> tuple[int, bytes, bytes]:
        """Send a signal, let it go on from there: its exit code, and what it printed."""
        self.running.send_signal(number)
        self._marker.unlink()
        out, err = self.running.communicate(timeout=LONG)
        return self.running.returncode, out, err
