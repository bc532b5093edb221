"""Mails in files: one by itself, a folder of them, an mbox, a Maildir. They are read as a stream, and only read.

Source: https://cr.yp.to/proto/maildir.html; RFC 4155 (mbox), whose quoting of `From ` lines differs from program to
program: `>From ` may stand for itself, or for a line of the mail that began with `From `.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from ..calendar.incoming import LARGEST_MAIL, Mail, read_mail, too_large
from ..errors import InvalidText

_SUFFIXES: Final = frozenset({".eml", ".ics", ".mbox", ".mbx"})
_CHUNK: Final = 65_536
_LONGEST_SEPARATOR: Final = 400
# As Thunderbird ("From - Sun Jan 10 ...", or "From " alone), Google ("From 18@xxx Sun Jan 10 ...") and others write it.
_DATE: Final = re.compile(
    rb"\d\d:\d\d(?::\d\d)?(?: [A-Za-z]{1,5}| [+-]\d{4})? \d{4}(?: [+-]\d{4})?[ \t]*\r?\n"
)
_HEADER: Final = re.compile(rb"[!-9;-~]{1,100}[ \t]*:|>From ")
_ARCHIVES: Final = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf\x27\x1c")
_QUOTED: Final = re.compile(rb">+From ")


def read_mails(path: Path) -> Iterator[Mail]:
    """The mails in a file or folder, in the order of their names, each at most `LARGEST_MAIL` bytes.

    A folder with `cur` and `new` in it is a Maildir. In any other, files that end in .eml, .ics or .mbox count.

    Raises:
        InvalidText: it is neither a file nor a folder, or an archive that has to be unpacked.
        OSError: it cannot be read.
    """
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        for each in _in_folder(path):
            yield from _in_file(each, f"{each.parent.name}/{each.name}")
    elif stat.S_ISREG(mode):
        _refuse_archive(path)
        yield from _in_file(path, path.name)
    else:
        raise InvalidText(str(path), "Name a file of mails, or a folder.")


def _refuse_archive(path: Path) -> None:
    """An archive, as a Takeout comes in one, would be read as a mail in which there is nothing.

    The error has its name alone: of a long path one would see the begin.
    """
    with path.open("rb") as stream:
        begin = stream.read(6)
    if begin.startswith(_ARCHIVES):
        raise InvalidText(path.name, "This is an archive: unpack it, and name the mailbox or folder in it.")


def _in_folder(folder: Path) -> Iterator[Path]:
    halves = [folder / "new", folder / "cur"]
    if all(each.is_dir() for each in halves):
        for half in halves:
            yield from (
                each for each in sorted(half.iterdir()) if each.is_file() and not each.name.startswith(".")
            )
        return
    for each in sorted(folder.iterdir()):
        # Apple's Mail exports a folder NAME.mbox with a file `mbox` in it.
        if (each.suffix.lower() in _SUFFIXES or each.name == "mbox") and each.is_file():
            yield each


def _in_file(path: Path, name: str) -> Iterator[Mail]:
    with path.open("rb") as stream:
        start = stream.read(5)
        stream.seek(0)
        if start == b"From ":
            yield from read_mbox(stream, name)
        else:
            data = stream.read(LARGEST_MAIL + 1)
            yield too_large(name) if len(data) > LARGEST_MAIL else read_mail(data, name)


def read_mbox(stream: BinaryIO, name: str) -> Iterator[Mail]:
    """The mails in an mbox, however large it is, with either line end and either kind of quoting."""
    for number, data in enumerate(_messages(stream), start=1):
        source = f"{name}, mail {number}"
        yield too_large(source) if data is None else read_mail(data, source)


def _messages(stream: BinaryIO) -> Iterator[bytes | None]:
    """The bytes of each mail; None for one that is too large."""
    gathered: list[bytes] = []
    size, begun = 0, False
    for line, separates in _lines(stream):
        if separates:
            if begun:
                yield None if size > LARGEST_MAIL else b"".join(gathered)
            gathered, size, begun = [], 0, True
        elif begun:
            size += len(line)
            if size > LARGEST_MAIL:
                gathered.clear()
            else:
                gathered.append(line[1:] if line[:1] == b">" and _QUOTED.match(line) else line)
    if begun:
        yield None if size > LARGEST_MAIL else b"".join(gathered)


def _lines(stream: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """Each line, the longest in pieces, and whether a mail begins after it.

    A line that looks like a separator is one where a header follows.
    """
    held: bytes | None = None
    is_start = True
    while line := stream.readline(_CHUNK):
        if held is not None:
            yield held, _HEADER.match(line) is not None
            held = None
        if is_start and line[:5] == b"From " and _may_separate(line):
            held = line
        else:
            yield line, False
        is_start = line[-1:] == b"\n"
    if held is not None:
        yield held, False


def _may_separate(line: bytes) -> bool:
    return not line[5:].strip() or (len(line) < _LONGEST_SEPARATOR and _DATE.search(line) is not None)
