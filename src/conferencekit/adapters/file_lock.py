"""One lock between the processes of a machine, in a file of its own."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path


class FileLock:
    """An exclusive lock on a file that holds nothing else. Whoever waits is served in the order of arrival.

    It is the operating system's own (`flock`, on Windows `msvcrt`), so it goes with the process that held it, also at
    kill -9. A forked child must call `disown` first. Not for two threads at once: guard it by a lock of your own.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None
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
            self.is_held = _Turn(self._descriptor).comes_within(seconds)
            if not self.is_held:
                self._descriptor = None  # it stays in the queue, and the waiting thread closes it
        return self.is_held

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
        self.is_held = False
        if descriptor is not None:
            os.close(descriptor)


class _Turn:
    """Waits for a lock in a thread of its own, since the system's queue is fair and knows no time-out.

    If the time runs out, the thread stays in the queue and lets go as soon as its turn comes.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._deciding = threading.Lock()
        self._came = threading.Event()
        self._given_up = False

    def comes_within(self, seconds: float) -> bool:
        threading.Thread(target=self._wait, name="conferencekit-file-lock", daemon=True).start()
        self._came.wait(seconds)
        with self._deciding:
            self._given_up = not self._came.is_set()
            return not self._given_up

    def _wait(self) -> None:
        while not _wait_for(self._descriptor):
            if self._given_up:
                break
        with self._deciding:
            if self._given_up:
                os.close(self._descriptor)
            else:
                self._came.set()


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
