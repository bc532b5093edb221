"""A disk that is watched: its syncs are counted, made slower or made to fail, its room runs out, its power goes.

with watched_disk(directory) as disk:
    subprocess.run(command, env={**os.environ, **disk.environment})
    disk.syncs

A small library, preloaded into other processes, stands between them and the system for all files below one directory.
It needs Linux and a C compiler; `why_not()` says what is missing.
"""

from __future__ import annotations

import atexit
import functools
import mmap
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from attrs import define, field

from .disk_power import Operation, after_power_loss, read_log

__all__ = ["Operation", "WatchedDisk", "after_power_loss", "read_log", "watched_disk", "why_not"]

_SOURCE: Final = Path(__file__).with_name("disk_shim.c")
_SLOTS: Final = ("syncs", "writes", "bytes", "room", "delay", "failing")
_CONTROL: Final = "CONFERENCEKIT_DISK_CONTROL"
_UNLIMITED: Final = 2**64 - 1


def why_not() -> str:
    """Why no disk can be watched on this machine; empty where one can."""
    if sys.platform != "linux":
        return "watching a disk needs Linux"
    if _compiler() is None:
        return "watching a disk needs a C compiler (cc, gcc or clang)"
    return ""


def _compiler() -> str | None:
    return next((found for name in ("cc", "gcc", "clang") if (found := shutil.which(name))), None)


@functools.cache
def _library() -> Path:
    """The library, compiled once for this process."""
    if reason := why_not():
        raise RuntimeError(reason)
    made = Path(tempfile.mkdtemp(prefix="conferencekit-disk-"))
    owner = os.getpid()
    atexit.register(lambda: shutil.rmtree(made, ignore_errors=True) if os.getpid() == owner else None)
    made.chmod(0o755)  # for servers that run as another user
    target = made / "disk.so"
    command = [
        str(_compiler()),
        "-shared",
        "-fPIC",
        "-O2",
        "-o",
        str(target),
        str(_SOURCE),
        "-ldl",
        "-lpthread",
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=60)  # noqa: S603 - the compiler and our own source
    return target


@define
class WatchedDisk:
    """What processes with `environment` do to the files below a directory. Numbers are for all of them together.

    Attributes:
        log: where each write and sync is written down, if it was asked for; see `after_power_loss`.
    """

    environment: Mapping[str, str]
    log: Path | None
    _numbers: mmap.mmap = field(repr=False)

    @classmethod
    def inherited(cls) -> WatchedDisk:
        """The disk by whose `environment` this process was started. Raises `KeyError` where there is none."""
        with Path(os.environ[_CONTROL]).open("r+b") as file:
            return cls({}, None, mmap.mmap(file.fileno(), 8 * len(_SLOTS)))

    def _get(self, slot: str) -> int:
        (number,) = struct.unpack_from("<Q", self._numbers, 8 * _SLOTS.index(slot))
        return int(number)

    def _set(self, slot: str, number: int) -> None:
        struct.pack_into("<Q", self._numbers, 8 * _SLOTS.index(slot), number)

    @property
    def syncs(self) -> int:
        """How many syncs succeeded (fsync, fdatasync, msync, writes to files that are opened for synced writing)."""
        return self._get("syncs")

    @property
    def written(self) -> int:
        """How many bytes were written."""
        return self._get("bytes")

    def set_room(self, size: int | None) -> None:
        """So many bytes more can files grow; then a write fails as on a full disk. None: without end."""
        self._set("room", _UNLIMITED if size is None else size)

    def set_delay(self, seconds: float) -> None:
        """Each sync takes so much longer, also one that runs already."""
        self._set("delay", round(seconds * 1e6))

    def fail_syncs(self, number: int | None = 1) -> None:
        """So many syncs fail from now on, with EIO; None: all. 0: none, until told otherwise.

        What such a sync should have brought to the disk may be lost with the power, though a later one succeeds: Linux
        drops what it could not write. What is written anew is safe again.
        """
        self._set("failing", _UNLIMITED if number is None else number)


@contextmanager
def watched_disk(directory: Path, *, delay: float = 0.0, log: bool = False) -> Iterator[WatchedDisk]:
    """Watch the files below a directory, which must exist.

    Args:
        directory: all processes must see it under the same path.
        delay: how many seconds longer each sync takes.
        log: write down every write and sync. All operations then take turns, so nothing is measured with it.

    Raises:
        RuntimeError: no disk can be watched on this machine: see `why_not`.
    """
    library = _library()
    with tempfile.TemporaryDirectory(prefix="conferencekit-disk-") as made:
        place = Path(made)
        place.chmod(0o777)  # a server that runs as another user writes there
        control = place / "control"
        control.write_bytes(struct.pack("<6Q", 0, 0, 0, _UNLIMITED, round(delay * 1e6), 0))
        control.chmod(0o666)
        environment = {
            "LD_PRELOAD": str(library),
            "CONFERENCEKIT_DISK_UNDER": str(directory.resolve()),
            _CONTROL: str(control),
        }
        if log:
            environment["CONFERENCEKIT_DISK_LOG"] = str(place / "log")
        with control.open("r+b") as file, mmap.mmap(file.fileno(), 8 * len(_SLOTS)) as numbers:
            yield WatchedDisk(environment, place / "log" if log else None, numbers)
