"""Kinds of files, told by their first bytes: a table of our own, small enough to be read.

What is not in the table is not taken. Some entries are there only to name what a file is when it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from attrs import field, frozen

from ..conference import MaterialKind

HEAD: Final = 65_536
"""How many bytes from the beginning `sniff` looks at."""

ANY_TYPE: Final = frozenset({"", "application/octet-stream", "binary/octet-stream", "application/x-download"})
"""Declared types that say nothing: browsers send them for what their system does not know."""


@frozen(kw_only=True)
class FileType:
    """A type of file that is taken. The first of `media_types` is the proper one, the others are what browsers send.

    `kinds` are the kinds of material that it may be, the most likely first.
    """

    name: str
    extensions: tuple[str, ...]
    media_types: tuple[str, ...]
    kinds: tuple[MaterialKind, ...] = field(default=("other",))


_DOCUMENT: Final[tuple[MaterialKind, ...]] = ("report", "toolkit", "slides", "other")
_SLIDES: Final[tuple[MaterialKind, ...]] = ("slides", "toolkit", "report", "other")
_SHEET: Final[tuple[MaterialKind, ...]] = ("report", "toolkit", "other")
_OOXML: Final = "application/vnd.openxmlformats-officedocument."
_ODF: Final = "application/vnd.oasis.opendocument."

FILE_TYPES: Final = (
    FileType(
        name="pdf", extensions=("pdf",), media_types=("application/pdf", "application/x-pdf"), kinds=_DOCUMENT
    ),
    FileType(
        name="docx",
        extensions=("docx",),
        media_types=(_OOXML + "wordprocessingml.document",),
        kinds=_DOCUMENT,
    ),
    FileType(
        name="pptx",
        extensions=("pptx",),
        media_types=(_OOXML + "presentationml.presentation",),
        kinds=_SLIDES,
    ),
    FileType(
        name="ppsx", extensions=("ppsx",), media_types=(_OOXML + "presentationml.slideshow",), kinds=_SLIDES
    ),
    FileType(name="xlsx", extensions=("xlsx",), media_types=(_OOXML + "spreadsheetml.sheet",), kinds=_SHEET),
    FileType(name="odt", extensions=("odt",), media_types=(_ODF + "text",), kinds=_DOCUMENT),
    FileType(name="odp", extensions=("odp",), media_types=(_ODF + "presentation",), kinds=_SLIDES),
    FileType(name="ods", extensions=("ods",), media_types=(_ODF + "spreadsheet",), kinds=_SHEET),
    FileType(
        name="png", extensions=("png",), media_types=("image/png", "image/x-png"), kinds=("photo", "other")
    ),
    FileType(
        name="jpeg",
        extensions=("jpg", "jpeg"),
        media_types=("image/jpeg", "image/jpg", "image/pjpeg"),
        kinds=("photo", "other"),
    ),
    FileType(name="gif", extensions=("gif",), media_types=("image/gif",), kinds=("photo", "other")),
    FileType(name="webp", extensions=("webp",), media_types=("image/webp",), kinds=("photo", "other")),
    FileType(
        name="heic",
        extensions=("heic", "heif"),
        media_types=("image/heic", "image/heif"),
        kinds=("photo", "other"),
    ),
    FileType(
        name="mp4",
        extensions=("mp4", "m4v"),
        media_types=("video/mp4", "video/x-m4v"),
        kinds=("video", "other"),
    ),
    FileType(name="mov", extensions=("mov",), media_types=("video/quicktime",), kinds=("video", "other")),
    FileType(
        name="webm", extensions=("webm",), media_types=("video/webm", "audio/webm"), kinds=("video", "other")
    ),
    FileType(name="mp3", extensions=("mp3",), media_types=("audio/mpeg", "audio/mp3"), kinds=("other",)),
    FileType(
        name="zip",
        extensions=("zip",),
        media_types=("application/zip", "application/x-zip-compressed", "application/x-zip"),
        kinds=("toolkit", "other"),
    ),
    FileType(name="text", extensions=("txt",), media_types=("text/plain",), kinds=_SHEET),
    FileType(
        name="text",
        extensions=("csv",),
        media_types=("text/csv", "text/plain", "application/csv", "application/vnd.ms-excel"),
        kinds=_SHEET,
    ),
    FileType(
        name="text",
        extensions=("md", "markdown"),
        media_types=("text/markdown", "text/x-markdown", "text/plain"),
        kinds=_SHEET,
    ),
)

BY_EXTENSION: Final[Mapping[str, FileType]] = {
    extension: each for each in FILE_TYPES for extension in each.extensions
}

_PREFIXES: Final = (
    (b"%PDF-", "pdf"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"ID3", "mp3"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"MZ", "program"),
    (b"\x7fELF", "program"),
    (b"#!", "program"),
    (b"\xfe\xed\xfa\xce", "program"),
    (b"\xfe\xed\xfa\xcf", "program"),
    (b"\xce\xfa\xed\xfe", "program"),
    (b"\xcf\xfa\xed\xfe", "program"),
    (b"\xca\xfe\xba\xbe", "program"),
    (b"{\\rtf", "rtf"),
)
_BRANDS: Final = {
    "heic": (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"),
    "mov": (b"qt  ",),
    "mp4": (
        b"isom",
        b"iso2",
        b"iso4",
        b"iso5",
        b"iso6",
        b"mp41",
        b"mp42",
        b"avc1",
        b"dash",
        b"M4V ",
        b"MSNV",
        b"mmp4",
    ),
}
_MARKUP: Final = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|script|iframe|object|embed|svg|\?php)[\s>/]|<\?php|javascript:",
    re.IGNORECASE,
)
_XML: Final = re.compile(rb"\s*<(?:\?xml|!--|!doctype|[a-z][a-z0-9:]*[\s/>])", re.IGNORECASE)


def sniff(head: bytes) -> str:
    """What the first bytes say: a name of the table above, or `markup`, `text`, `ole`, `program`, `rtf`, `unknown`.

    `zip` may be an office document: `archives` looks inside. `text` only means that nothing speaks against it yet.
    """
    for prefix, name in _PREFIXES:
        if head.startswith(prefix):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp":
        return _brand(head[8:12])
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "webm" if b"webm" in head[:64] else "unknown"
    if _is_mp3(head):
        return "mp3"
    if b"\x00" in head:
        return "unknown"
    return "markup" if _looks_like_markup(head) else "text"


def holds_markup(head: bytes) -> bool:
    """Whether a browser could find a page or a script in these bytes, whatever they begin with."""
    return bool(_MARKUP.search(head))


def _looks_like_markup(head: bytes) -> bool:
    text = head.removeprefix(b"\xef\xbb\xbf")
    return bool(_XML.match(text) or _MARKUP.search(text[:1024]))


def _brand(brand: bytes) -> str:
    return next((name for name, brands in _BRANDS.items() if brand in brands), "unknown")


def _is_mp3(head: bytes) -> bool:
    """A frame header of MPEG audio layer III with a bit rate and a sample rate that exist (ISO 11172-3, 2.4.2.3)."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return False
    return head[2] >> 4 not in (0x0, 0xF) and head[2] >> 2 & 0x3 != 0x3 and head[1] & 0x18 != 0x08
