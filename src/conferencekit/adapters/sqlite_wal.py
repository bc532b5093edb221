"""The WAL file of an SQLite store: synced after the lock was released, and made whole after a sync that failed.

Why an answer may be given after a sync that was not done under the lock (`?sync=after`): with `synchronous = NORMAL`
SQLite writes a commit to the WAL and does not sync. What it does sync, in order, is what keeps the file whole: the
header of a new or restarted WAL before its frames, the WAL before a checkpoint copies from it, the database after it,
and it restarts a WAL only when all of it was copied. So when our sync of the WAL returns, either our frames are in it,
and with them all earlier ones on which they build, or a checkpoint had brought them to the database, synced. The sync
of one commit covers every earlier one, so a commit that was answered never rests on one that can be lost.

What others committed can be seen before it is synced. An answer that promises something because of that (`replayed`)
waits for a sync as well, in both modes, since processes of both may share a file.

A sync that failed is the end of a promise: the system may have dropped what it could not write, call it clean, and let
the next sync succeed. Later frames would stand behind a gap, and be lost with it. Three things keep that out. The
descriptor stays open, for Linux tells of a failed write once to each descriptor that was open then. Whoever is told
leaves a mark, a file beside the store, before anything else. And whoever finds the mark, before a write or after a
sync, writes nothing and promises nothing before the store is whole: all of the WAL written once more and synced, then
copied to the database, synced, and begun anew.
"""

from __future__ import annotations

import errno
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

from .sqlite_driver import sqlite3

_PIECE: Final = 1 << 20  # bytes
_FLAGS: Final = os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)

if sys.platform == "darwin":
    import fcntl

    def sync_file(descriptor: int) -> None:
        """Bring what was written to the disk itself; `fsync` alone leaves it in the disk's cache."""
        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)

elif hasattr(os, "fdatasync"):

    def sync_file(descriptor: int) -> None:
        """Bring what was written to the disk."""
        os.fdatasync(descriptor)

else:

    def sync_file(descriptor: int) -> None:
        """Bring what was written to the disk."""
        os.fsync(descriptor)


class Wal:
    """The WAL beside a database, as one process sees it while its connections are open."""

    def __init__(self, database: Path) -> None:
        self.path = database.with_name(f"{database.name}-wal")
        self._mark = database.with_name(f"{database.name}-unsynced")
        self._doubted = False
        self._descriptor: int | None = None
        self._expected = 0
        self._idle = threading.Condition()

    def open(self) -> int:
        """Open the file, if it is not open. Before the first commit that it shall sync. Raises OSError."""
        with self._idle:
            if self._descriptor is None:
                self._descriptor = os.open(self.path, _FLAGS)
            return self._descriptor

    def expect_sync(self) -> None:
        """A call of `sync` will follow, for which `close` waits. Within the lock, so that no close comes between."""
        with self._idle:
            self._expected += 1

    @property
    def is_whole(self) -> bool:
        """Whether no sync failed since the store was last whole, here or in another process."""
        return not self._doubted and not os.path.exists(self._mark)  # noqa: PTH110 - half the time, at each commit

    def doubt(self) -> None:
        """Leave the mark: a sync failed, or a commit whose end is not known."""
        self._doubted = True
        with suppress(OSError):  # a disk that takes no mark takes no commit of others either
            os.close(os.open(self._mark, os.O_WRONLY | os.O_CREAT, 0o666))

    def sync(self) -> None:
        """Return when all that was committed before `expect_sync` is on the disk. Many threads may call it at once.

        Raises:
            OSError: it is not known whether it is.
        """
        try:
            descriptor = self.open()
            self._check_place(descriptor)
            sync_file(descriptor)
        except OSError:
            self.doubt()
            raise
        finally:
            with self._idle:
                self._expected -= 1
                self._idle.notify_all()
        if not self.is_whole:
            raise OSError(errno.EIO, "a sync failed", str(self.path))

    def make_whole(self, writer: sqlite3.Connection) -> bool:
        """Bring all that can be seen to the database, and begin the WAL anew. The caller holds the lock of writers.

        Returns:
            False where another's reading kept it from that for as long as the connection may wait.

        Raises:
            OSError, sqlite3.Error: the disk still fails.
        """
        try:
            return self._empty(writer)
        except (OSError, sqlite3.Error):  # the failure of before, of which this descriptor had not been told
            return self._empty(writer)

    def _empty(self, writer: sqlite3.Connection) -> bool:
        descriptor = self.open()
        self._check_place(descriptor)
        writer.execute("BEGIN IMMEDIATE")  # a program that knows nothing of our lock must not write meanwhile
        try:
            _write_again(descriptor)
        finally:
            writer.execute("ROLLBACK")
        busy, *_ = writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            return False
        self._mark.unlink(missing_ok=True)
        self._doubted = False
        return True

    def _check_place(self, descriptor: int) -> None:
        """While a connection is open, SQLite keeps the file: what another program took away is not what others see."""
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), self.path.stat()):
                return
        raise OSError(errno.ESTALE, "it was removed or replaced while it was open", str(self.path))

    def close(self, seconds: float) -> None:
        """Wait for the syncs that are expected, so long at most, and close the file."""
        with self._idle:
            self._idle.wait_for(lambda: not self._expected, seconds)
            self.disown()

    def disown(self) -> None:
        """Close the file and wait for nobody: at the end of a process, and in the child of a fork."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def _write_again(descriptor: int) -> None:
    """Write the file as it is, so that the system has all of it to write to the disk, and sync it."""
    at = 0
    while True:
        os.lseek(descriptor, at, os.SEEK_SET)
        piece = os.read(descriptor, _PIECE)
        if not piece:
            break
        os.lseek(descriptor, at, os.SEEK_SET)
        at += os.write(descriptor, piece)
    sync_file(descriptor)
