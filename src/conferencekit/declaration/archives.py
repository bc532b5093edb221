"""Looking into ZIP files without trusting a number in them.

Read are the directory, whose size is bounded first, and every entry, in pieces and up to a limit: what an archive says
about its own sizes may be wrong. Memory does not grow with the archive.

Source: APPNOTE.TXT 6.3 (ZIP), ECMA-376 part 2 (OOXML packages), ODF 1.2 part 3 (`mimetype`).
"""

from __future__ import annotations

import io
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final, Literal
from xml.etree import ElementTree as ET

from attrs import frozen

MAX_ENTRIES: Final = 2_000
MAX_UNPACKED: Final = 200_000_000
"""Bytes that all entries together may have when unpacked, inclusive."""
MAX_RATIO: Final = 100
"""How many times larger than packed an archive may become, inclusive; below `SMALL` bytes any ratio will do."""
SMALL: Final = 1_000_000

_MAX_DIRECTORY: Final = 2_000_000
_MAX_XML: Final = 1_000_000
_PIECE: Final = 65_536
_END: Final = struct.Struct("<4s4H2LH")
_LOCAL: Final = struct.Struct("<4s5H3L2H")

Reason = Literal[
    "damaged",
    "encrypted",
    "too_many_entries",
    "too_large",
    "bomb",
    "compression",
    "path",
    "twice",
    "link",
    "program",
]
_PROGRAMS: Final = (
    *(".exe", ".dll", ".com", ".scr", ".msi", ".bat", ".cmd", ".ps1", ".vbs", ".vbe"),
    *(".wsf", ".hta", ".jar", ".lnk", ".cpl", ".apk", ".app", ".dmg", ".iso"),
)
_MAIN_PARTS: Final = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml": "docx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml": "pptx",
    "application/vnd.openxmlformats-officedocument.presentationml.slideshow.main+xml": "ppsx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml": "xlsx",
}
_MIMETYPES: Final = {
    b"application/vnd.oasis.opendocument.text": "odt",
    b"application/vnd.oasis.opendocument.presentation": "odp",
    b"application/vnd.oasis.opendocument.spreadsheet": "ods",
}


@frozen
class Archive:
    """What an archive is: `zip`, `docx`, `pptx`, `ppsx`, `xlsx`, `odt`, `odp` or `ods`; and whether it holds macros."""

    type: str
    has_macros: bool


@frozen
class Unsafe:
    """Why an archive is not taken, and the entry that it is about (cut, without control characters)."""

    reason: Reason
    entry: str = ""


class _Refuse(Exception):
    def __init__(self, reason: Reason, entry: str = "") -> None:
        super().__init__(reason, entry)
        shown = "".join(each if unicodedata.category(each)[0] != "C" else "\ufffd" for each in entry[:120])
        self.unsafe = Unsafe(reason, shown)


def inspect_archive(stream: BinaryIO, size: int) -> Archive | Unsafe:
    """Read the archive through once. `size` is the length of the stream in bytes."""
    try:
        _check_end(stream, size)
        with zipfile.ZipFile(stream) as opened:
            entries = sorted(opened.infolist(), key=lambda each: each.header_offset)
            first = opened.infolist()[0].filename if entries else ""
            directory = opened.start_dir
        _check_names(entries)
        _check_declared(entries, size)
        _check_contents(stream, entries, directory)
        return _identify(stream, entries, first)
    except _Refuse as refused:
        return refused.unsafe
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        OverflowError,
        ValueError,
        EOFError,
        struct.error,
        zlib.error,
    ):
        return Unsafe("damaged")


def _check_end(stream: BinaryIO, size: int) -> None:
    """The end record has to end the file, and the directory to lie right before it, with a size that can be read."""
    start = max(0, size - 65_557)
    stream.seek(start)
    tail = stream.read(65_557)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise _Refuse("damaged")
    _, disk, first_disk, here, entries, length, offset, comment = _END.unpack_from(tail, at)
    if disk or first_disk or here != entries or at + _END.size + comment != len(tail):
        raise _Refuse("damaged")
    if entries > MAX_ENTRIES or length > _MAX_DIRECTORY:
        raise _Refuse("too_many_entries")
    if offset + length != start + at or tail[max(0, at - 20) : at].startswith(b"PK\x06\x07"):
        raise _Refuse("damaged")


def _check_names(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAX_ENTRIES:
        raise _Refuse("too_many_entries")
    seen: set[str] = set()
    for each in entries:
        name = each.orig_filename
        if _leads_out(name):
            raise _Refuse("path", name)
        if each.external_attr >> 16 & 0o170000 == 0o120000:
            raise _Refuse("link", name)
        if name.casefold().endswith(_PROGRAMS):
            raise _Refuse("program", name)
        if (folded := unicodedata.normalize("NFC", name).casefold()) in seen:
            raise _Refuse("twice", name)
        seen.add(folded)


def _leads_out(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    hidden = any(unicodedata.category(letter) in ("Cc", "Cs") for letter in name)
    return not name or hidden or not parts[0] or ":" in parts[0] or ".." in parts or "\\" in name


def _check_declared(entries: list[zipfile.ZipInfo], size: int) -> None:
    total = sum(each.file_size for each in entries)
    if total > MAX_UNPACKED:
        raise _Refuse("too_large")
    if total > max(SMALL, MAX_RATIO * size):
        raise _Refuse("bomb")
    for each in entries:
        if each.flag_bits & 0x2041:
            raise _Refuse("encrypted", each.orig_filename)
        if each.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _Refuse("compression", each.orig_filename)


def _check_contents(stream: BinaryIO, entries: list[zipfile.ZipInfo], directory: int) -> None:
    """Every entry unpacks to what it says, and none lies over another one."""
    ends = [each.header_offset for each in entries[1:]] + [directory]
    for each, end in zip(entries, ends, strict=False):
        count, checksum = 0, 0
        for piece in _unpacked(stream, each, end):
            count += len(piece)
            checksum = zlib.crc32(piece, checksum)
            if count > each.file_size:
                raise _Refuse("bomb", each.orig_filename)
        if count != each.file_size or checksum != each.CRC:
            raise _Refuse("damaged", each.orig_filename)


def _unpacked(stream: BinaryIO, entry: zipfile.ZipInfo, end: int) -> Iterator[bytes]:
    """The entry's bytes in pieces of at most 64 KiB, whatever its header says about their number."""
    stream.seek(entry.header_offset)
    head = stream.read(_LOCAL.size)
    signature, *_, name_length, extra_length = _LOCAL.unpack(head)
    name = stream.read(name_length)
    start = entry.header_offset + _LOCAL.size + name_length + extra_length
    encoded = entry.orig_filename.encode("utf-8" if entry.flag_bits & 0x800 else "cp437")
    if signature != b"PK\x03\x04" or name != encoded or start + entry.compress_size > end:
        raise _Refuse("damaged", entry.orig_filename)
    stream.seek(start)
    packed = _pieces(stream, entry.compress_size)
    if entry.compress_type == zipfile.ZIP_STORED:
        yield from packed
        return
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    for piece in packed:
        waiting = piece
        while waiting and not inflate.eof:
            yield inflate.decompress(waiting, _PIECE)
            waiting = inflate.unconsumed_tail
    while not inflate.eof and (rest := inflate.decompress(b"", _PIECE)):
        yield rest


def _pieces(stream: BinaryIO, left: int) -> Iterator[bytes]:
    while left > 0:
        piece = stream.read(min(_PIECE, left))
        if not piece:
            return
        left -= len(piece)
        yield piece


def _identify(stream: BinaryIO, entries: list[zipfile.ZipInfo], first: str) -> Archive:
    by_name = {each.filename: each for each in entries}
    ends = dict(
        zip((each.filename for each in entries), [each.header_offset for each in entries[1:]], strict=False)
    )
    names = [each.casefold() for each in by_name]
    has_macros = any(name.rpartition("/")[2] in ("vbaproject.bin", "vbadata.xml") for name in names)

    def read(name: str, limit: int) -> bytes:
        entry = by_name[name]
        if entry.file_size > limit:
            raise _Refuse("damaged", name)
        end = ends.get(name, entry.header_offset + _LOCAL.size + 131_070 + entry.compress_size)
        return b"".join(_unpacked(stream, entry, end))

    if "[Content_Types].xml" in by_name:
        kind, is_macro = _office_type(read("[Content_Types].xml", _MAX_XML))
        return Archive(kind, has_macros or is_macro)
    if first == "mimetype" and by_name["mimetype"].compress_type == zipfile.ZIP_STORED:
        kind = _MIMETYPES.get(read("mimetype", 200).strip(), "unknown")
        return Archive(kind, has_macros or any(name.startswith(("basic/", "scripts/")) for name in names))
    return Archive("zip", has_macros)


def _office_type(content_types: bytes) -> tuple[str, bool]:
    if b"<!" in content_types:  # a document type could define entities; no office program writes one
        raise _Refuse("damaged", "[Content_Types].xml")
    try:
        root = ET.parse(io.BytesIO(content_types)).getroot()  # noqa: S314 - no entities: refused above
    except ET.ParseError:
        raise _Refuse("damaged", "[Content_Types].xml") from None
    types = [each.get("ContentType", "").strip().casefold() for each in root]
    is_macro = any("macroenabled" in each or "vbaproject" in each for each in types)
    main = sorted({_MAIN_PARTS[each] for each in types if each in _MAIN_PARTS})
    return (main[0] if len(main) == 1 else "unknown"), is_macro
