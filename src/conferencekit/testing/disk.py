"""A disk that is watched: its syncs are counted, made slower, refused for want of room, or lost with the power.

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
import random
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from attrs import define, field, frozen

_SOURCE: Final = Path(__file__).with_name("disk_shim.c")
_SLOTS: Final = ("syncs", "writes", "bytes", "room", "delay")
_CONTROL: Final = "CONFERENCEKIT_DISK_CONTROL"
_UNLIMITED: Final = 2**64 - 1
_HEAD: Final = struct.Struct("<IBBHQ")
_WRITE, _TRUNCATE, _SYNC_BEGINS, _SYNC_ENDS = 1, 2, 3, 4


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
        """Each sync takes so much longer."""
        self._set("delay", round(seconds * 1e6))


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
        control.write_bytes(struct.pack("<5Q", 0, 0, 0, _UNLIMITED, round(delay * 1e6)))
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


# -- loss of power


@frozen
class Operation:
    """One line of the log: a write, a truncation, or where a sync began or ended. `number` says which sync."""

    what: int
    path: str
    number: int
    data: bytes = b""


def read_log(log: Path) -> list[Operation]:
    """What was done to the files, in order. A torn end is left out."""
    held, at, found = log.read_bytes(), 0, []
    while at + _HEAD.size <= len(held):
        size, what, _, named, number = _HEAD.unpack_from(held, at)
        at += _HEAD.size
        if at + named + size > len(held):
            break
        path = held[at : at + named].decode()
        found.append(Operation(what, path, number, held[at + named : at + named + size]))
        at += named + size
    return found


def after_power_loss(
    operations: Sequence[Operation], cut: int, directory: Path, chance: random.Random
) -> list[bytes]:
    """Make the files as they may be if the power went after the first `cut` operations.

    What was written before a sync began that had ended is there. Of what came later each write is there, not there, or
    there in part (in sectors of 512 bytes), by chance. New names of files are there.

    Returns:
        the lines of the file `acknowledged` that had been written before the cut: it stands for the world outside,
        which forgets nothing.
    """
    done = operations[:cut]
    durable = _durable(done)
    files: dict[str, bytearray] = {}
    acknowledged = b""
    for at, operation in enumerate(done):
        held = files.setdefault(operation.path, bytearray())
        if operation.path == "acknowledged":
            acknowledged += operation.data
        elif operation.what == _TRUNCATE and (at in durable or chance.random() < 0.5):
            _resize(held, operation.number)
        elif operation.what == _WRITE:
            _write(held, operation, None if at in durable else chance)
    files.pop("acknowledged", None)
    for path, held in files.items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(held)
    return acknowledged.splitlines()


def _durable(done: Sequence[Operation]) -> set[int]:
    """The positions of operations that a later sync of their file covers."""
    began: dict[int, int] = {}
    pending: dict[str, list[int]] = {}
    durable: set[int] = set()
    for at, operation in enumerate(done):
        if operation.what in (_WRITE, _TRUNCATE):
            pending.setdefault(operation.path, []).append(at)
        elif operation.what == _SYNC_BEGINS:
            began[operation.number] = at
        elif operation.what == _SYNC_ENDS and operation.number in began:
            start = began.pop(operation.number)
            waiting = pending.get(operation.path, [])
            durable.update(each for each in waiting if each < start)
            pending[operation.path] = [each for each in waiting if each > start]
    return durable


def _resize(held: bytearray, size: int) -> None:
    del held[size:]
    held.extend(bytes(size - len(held)))


def _write(held: bytearray, operation: Operation, chance: random.Random | None) -> None:
    """All of it, or by chance: all, nothing, or some of its sectors."""
    kept = 1.0 if chance is None else chance.choice((0.0, 0.5, 1.0))
    for first in range(0, len(operation.data), 512):
        if chance is None or chance.random() < kept:
            piece = operation.data[first : first + 512]
            start = operation.number + first
            if len(held) < start + len(piece):
                _resize(held, start + len(piece))
            held[start : start + len(piece)] = piece
