"""Stopping between two pieces of work instead of inside one."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_SLICE: Final = 0.2  # seconds; on Windows a longer sleep would not hear of Ctrl-C


class Stopped(Exception):
    """Raised where work can be left: what is done is done, the rest was not begun."""


class Stop:
    """Whether somebody asked to stop, by which signal (0: nobody)."""

    def __init__(self) -> None:
        self.signal = 0

    def check(self) -> None:
        """Raise `Stopped` if somebody asked."""
        if self.signal:
            raise Stopped

    def wait(self, seconds: float) -> None:
        """Sleep, but wake up and raise `Stopped` when somebody asks."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.check()
            time.sleep(min(left, _SLICE))
        self.check()


@contextmanager
def stopping() -> Iterator[Stop]:
    """Ctrl-C and SIGTERM are noted instead of obeyed at once; the second one is obeyed."""
    stop = Stop()

    def note(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of handlers
        if stop.signal:
            raise KeyboardInterrupt
        stop.signal = number

    if threading.current_thread() is not threading.main_thread():  # only that one hears signals
        yield stop
        return
    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
