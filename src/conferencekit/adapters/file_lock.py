"""One lock between the processes of a machine, in a file of its own."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import Final

IDLE: Final = 1.0
"""How many seconds a thread that waits for locks is kept without work. Starting one costs a tenth of a commit."""


class FileLock:
    """An exclusive lock on a file that holds nothing else. Whoever waits is served in the order of arrival.

    It is the operating system's own (`flock`, on Windows `msvcrt`), so it goes with the process that held it, also at
    kill -9. A forked child must call `disown` first. Not for two threads at once: guard it by a lock of your own.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None
        self._waiter: _Waiter | None = None
        self.is_held = False

    def acquire(self, seconds: float) -> bool:
        """Wait for the lock; False if it stayed with others for so long.

        Raises:
            OSError: the file cannot be made, or its file system knows no locks.
        """
        if self._descriptor is None:
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
            self._descriptor = os.open(self.path, flags, 0o666)
        self.is_held = _try(self._descriptor)
        if not self.is_held:
            self.is_held = self._wait(self._descriptor, seconds)
        return self.is_held

    def _wait(self, descriptor: int, seconds: float) -> bool:
        waiter = self._waiter = self._waiter or _Waiter(descriptor)
        try:
            return waiter.gets_it_within(seconds) or not waiter.gives_up()
        except BaseException:
            if not waiter.gives_up():
                _unlock(descriptor)
            raise
        finally:
            if waiter.gave_up:  # it stays in the queue, and its thread closes the file
                self._waiter = self._descriptor = None

    def release(self) -> None:
        """Let the next one have it; nothing happens if it is not held."""
        if self.is_held and self._descriptor is not None:
            self.is_held = False
            _unlock(self._descriptor)

    def close(self) -> None:
        """Let go of the lock, if it is held, and of the file."""
        self.release()
        self.disown()

    def disown(self) -> None:
        """After a fork, in the child: forget a lock that is the parent's, without releasing it."""
        descriptor, self._descriptor = self._descriptor, None
        self._waiter = None  # a thread stays with the parent; one without work ends by itself
        self.is_held = False
        if descriptor is not None:
            os.close(descriptor)


class _Waiter:
    """Waits for a lock in a thread of its own, since the system's queue is fair and knows no time-out.

    The thread stays for the next time, for a while. If it is given up, it lets go as soon as its turn comes, closes the
    file and ends.
    """

    def __init__(self, descriptor: int) -> None:
        self.gave_up = False
        self._descriptor = descriptor
        self._deciding = threading.Lock()
        self._wanted, self._told = taken_lock(), taken_lock()
        self._runs = self._got_it = False

    def gets_it_within(self, seconds: float) -> bool:
        """Wait so long."""
        self._told.acquire(blocking=False)
        with self._deciding:
            self._got_it = False
            if not self._runs:
                self._runs = True
                threading.Thread(target=self._run, name="conferencekit-file-lock", daemon=True).start()
            self._wanted.release()
        return self._told.acquire(timeout=seconds)

    def gives_up(self) -> bool:
        """Stop waiting; False if it got the lock before."""
        with self._deciding:
            self.gave_up = not self._got_it
            return self.gave_up

    def _run(self) -> None:
        while self._is_wanted():
            is_held = False
            while not is_held and not self.gave_up:
                is_held = _wait_for(self._descriptor)
            with self._deciding:
                if self.gave_up:
                    if is_held:
                        _unlock(self._descriptor)  # a forked child may have the file open as well
                    os.close(self._descriptor)
                    return
                self._got_it = True
                self._told.release()

    def _is_wanted(self) -> bool:
        if self._wanted.acquire(timeout=IDLE):
            return True
        with self._deciding:
            self._runs = self._wanted.acquire(blocking=False)
            return self._runs


def taken_lock() -> threading.Lock:
    """A lock that the next who takes it waits for, until another thread releases it."""
    lock = threading.Lock()
    lock.acquire()
    return lock


if sys.platform == "win32":
    import msvcrt
    import time

    def _try(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

    def _wait_for(descriptor: int) -> bool:
        time.sleep(0.005)  # msvcrt has no queue
        return _try(descriptor)

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _wait_for(descriptor: int) -> bool:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return True

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
