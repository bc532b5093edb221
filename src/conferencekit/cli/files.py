"""Files that the command line reads and writes: never more than fits, never half of one."""

from __future__ import annotations

import io
import os
import secrets
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from ..adapters.lasting import sync_folder
from ..errors import InvalidImport, InvalidText

STANDARD_INPUT: Final = Path("-")
LONGEST_LINE: Final = 16_000_000
"""Bytes of one line of a CSV file; a longer one is no text."""

_IN_MEMORY: Final = 1_000_000


def quoted(path: Path) -> str:
    """The path as it is typed into a command."""
    return shlex.quote(str(path)) if os.name == "posix" else f'"{path}"'


def write_file(
    path: Path,
    content: bytes | Iterable[str | bytes],
    *,
    private: bool = False,
    fresh: bool = False,
    lasting: bool = False,
) -> None:
    """Write a file as a whole or not at all: an earlier one stays until the new one is complete on the disk.

    Texts are written in UTF-8 as they are. `private`: a new file can be read by its owner only. `fresh`: there must be
    none of this name, also not one that somebody else writes meanwhile. `lasting`: no loss of power brings back the
    earlier one. What is no regular file (a device, a pipe) is written to. Raises `OSError` with the name given.
    """
    pieces = [content] if isinstance(content, bytes) else map(_encoded, content)
    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as stream:
                stream.writelines(pieces)
        else:
            target = Path(os.path.realpath(path))
            _replace(target, pieces, 0o600 if private else 0o666, fresh=fresh)
            if lasting:
                sync_folder(target.parent)
    except OSError as error:
        raise _renamed(error, path) from error


def _encoded(piece: str | bytes) -> bytes:
    return piece if isinstance(piece, bytes) else piece.encode()


def _replace(target: Path, pieces: Iterable[bytes], mode: int, *, fresh: bool) -> None:
    part = target.with_name(f".{target.name[:100]}.{secrets.token_hex(6)}.part")
    try:
        with open(part, "xb", opener=partial(os.open, mode=mode)) as stream:
            stream.writelines(pieces)
            stream.flush()
            os.fsync(stream.fileno())
        if fresh:
            _refuse_existing(target)
        elif target.exists():
            shutil.copymode(target, part)
        part.replace(target)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def _refuse_existing(target: Path) -> None:
    """Take the name, or fail because somebody has it."""
    target.open("xb").close()


def check_writable(path: Path) -> None:
    """Find out now whether a new file can be written there. Raises `OSError` with its name."""
    try:
        _probe(Path(os.path.realpath(path)))
    except OSError as error:
        raise _renamed(error, path) from error


def _probe(target: Path) -> None:
    length = max(len(os.fsencode(target.name)), 16)  # a name may be too long for the file system
    probe = target.with_name((".part-" + secrets.token_hex(length))[:length])
    probe.open("xb").close()
    probe.unlink()


def _renamed(error: OSError, path: Path) -> OSError:
    """The same error about the name that a person gave, not about ours."""
    return OSError(error.errno, error.strerror or str(error), str(path))


def read_file(path: Path, *, most: int) -> bytes:
    """The bytes of a file. Raises `InvalidText` for more than `most`, and `OSError`."""
    with path.open("rb") as stream:
        found = stream.read(most + 1)
    if len(found) > most:
        raise InvalidText(str(path), f"The file holds more than {most:,} bytes: name the right one.")
    return found


@contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """A file opened for reading twice: `-` is standard input, and what cannot go back to its begin is copied first."""
    if path == STANDARD_INPUT:
        with _rereadable(getattr(sys.stdin, "buffer", None) or io.BytesIO()) as copy:
            yield copy
        return
    with path.open("rb") as stream:
        if stream.seekable():
            yield stream
        else:
            with _rereadable(stream) as copy:
                yield copy


@contextmanager
def _rereadable(stream: BinaryIO) -> Iterator[BinaryIO]:
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as copy:
        shutil.copyfileobj(stream, copy)
        copy.seek(0)
        yield copy  # type: ignore[misc]  # a BinaryIO in all but its declaration


def lines_of(stream: BinaryIO, source: str) -> Iterator[bytes]:
    """The lines from the begin of the file on. Raises `InvalidImport` for one that no text has."""
    stream.seek(0)
    number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            remedy = (
                f"The line is longer than {LONGEST_LINE:,} bytes: give a CSV file, with a row on each line."
            )
            raise InvalidImport(source, number, line[:40], remedy)
        yield line
