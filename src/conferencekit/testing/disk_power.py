"""Loss of power: from the log of a watched disk to the files as they may be afterwards."""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path, PurePosixPath
from typing import Final

from attrs import define, field, frozen

ACKNOWLEDGED: Final = "acknowledged"
_HEAD: Final = struct.Struct("<IBBHQ")
_SECTOR: Final = 512  # bytes: written as a whole or not at all


class What(IntEnum):
    """What an operation did. The numbers are those of `disk_shim.c`."""

    WRITE = 1
    TRUNCATE = 2
    SYNC_BEGINS = 3
    SYNC_ENDS = 4
    SYNC_FAILS = 5
    UNLINK = 6
    RENAME = 7


@frozen
class Operation:
    """One line of the log.

    Attributes:
        path: below the watched directory, which itself is "".
        number: where a write begins; the size after a truncation; which sync began, ended or failed.
        data: what was written; of a renaming, the new path.
    """

    what: int
    path: str
    number: int = 0
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
    there in part (in sectors of 512 bytes), by chance. A sync that failed took what was written before it out of the
    care of later ones. Removals and renamings happened if their directory was synced later, else by chance. New files
    are there, with whatever of their content.

    Returns:
        the lines of the file `acknowledged` that had been written before the cut: it stands for the world outside,
        which forgets nothing.
    """
    done = operations[:cut]
    durable = _durable(done)
    disk = _Disk(chance)
    acknowledged = b""
    for at, operation in enumerate(done):
        if operation.path == ACKNOWLEDGED:
            acknowledged += operation.data
        else:
            disk.take(operation, is_durable=at in durable)
    for path, held in disk.kept.items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(held)
    return acknowledged.splitlines()


def _durable(done: Sequence[Operation]) -> set[int]:
    """The positions of operations that a later sync covers: of the file, or for names of its directory."""
    began: dict[int, int] = {}
    pending: dict[str, list[int]] = {}
    durable: set[int] = set()
    for at, operation in enumerate(done):
        if operation.what in (What.WRITE, What.TRUNCATE):
            pending.setdefault(operation.path, []).append(at)
        elif operation.what in (What.UNLINK, What.RENAME):
            written = pending.pop(operation.path, [])
            if operation.what == What.RENAME:
                pending[operation.data.decode()] = written
            for folder in {_folder(operation.path), _folder(operation.data.decode() or operation.path)}:
                pending.setdefault(folder, []).append(at)
        elif operation.what == What.SYNC_BEGINS:
            began[operation.number] = at
        elif operation.number in began:
            start = began.pop(operation.number)
            waiting = pending.get(operation.path, [])
            if operation.what == What.SYNC_ENDS:
                durable.update(each for each in waiting if each < start)
            pending[operation.path] = [each for each in waiting if each > start]
    return durable


def _folder(path: str) -> str:
    parent = str(PurePosixPath(path).parent)
    return "" if parent == "." else parent


@define
class _Disk:
    """The files by their names: those that the processes saw, and those that are there when the power is back."""

    chance: random.Random
    seen: dict[str, bytearray] = field(factory=dict)
    kept: dict[str, bytearray] = field(factory=dict)

    def take(self, operation: Operation, *, is_durable: bool) -> None:
        path = operation.path
        if operation.what in (What.WRITE, What.TRUNCATE):
            if path not in self.seen:
                self.seen[path] = self.kept[path] = bytearray()
            self._change(self.seen[path], operation, is_durable=is_durable)
        elif operation.what in (What.UNLINK, What.RENAME):
            target = operation.data.decode() if operation.what == What.RENAME else None
            _move(self.seen, path, target)
            if is_durable or self.chance.random() < 0.5:
                _move(self.kept, path, target)

    def _change(self, held: bytearray, operation: Operation, *, is_durable: bool) -> None:
        if operation.what == What.WRITE:
            _write(held, operation, None if is_durable else self.chance)
        elif is_durable or self.chance.random() < 0.5:
            _resize(held, operation.number)


def _move(names: dict[str, bytearray], path: str, target: str | None) -> None:
    held = names.pop(path, None)
    if target is not None and held is not None:
        names[target] = held


def _resize(held: bytearray, size: int) -> None:
    del held[size:]
    held.extend(bytes(size - len(held)))


def _write(held: bytearray, operation: Operation, chance: random.Random | None) -> None:
    """All of it, or by chance: all, nothing, or some of its sectors."""
    kept = 1.0 if chance is None else chance.choice((0.0, 0.5, 1.0))
    for first in range(0, len(operation.data), _SECTOR):
        if chance is None or chance.random() < kept:
            piece = operation.data[first : first + _SECTOR]
            start = operation.number + first
            if len(held) < start + len(piece):
                _resize(held, start + len(piece))
            held[start : start + len(piece)] = piece
