"""Files that people add: is it what its name says, and may it be taken?

The extension, the type that the browser declares and the bytes have to agree. A file is looked at in pieces, where the
host's framework has put it (memory or a temporary file), so that 200 MB cost no more memory than one.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from typing import BinaryIO, Final

from attrs import frozen

from ..conference import MaterialKind, MaterialRules
from ..form.issues import Issue
from ..text import slug
from .archives import Archive, inspect_archive
from .content import MATERIALS, Material, NotAccepted
from .filetypes import ANY_TYPE, BY_EXTENSION, HEAD, FileType, holds_markup, sniff

MAX_NAME: Final = 120
"""Code points of a file name, inclusive."""

_LONGEST_SAFE_NAME: Final = 60
_PIECE: Final = 65_536
_TAIL: Final = 65_557
_JOINERS: Final = "\u200c\u200d"
_RESERVED: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")
_PDF_ACTIONS: Final = re.compile(rb"/(?:JavaScript|Launch|RichMedia)\b")


@frozen(kw_only=True)
class MaterialFile:
    """A file that may be taken. `name` is NFC, without path; `media_type` is what the bytes are; `size` in bytes."""

    kind: MaterialKind
    name: str
    media_type: str
    size: int

    def stored_as(self, sha256: str) -> Material:
        """The material, once its bytes are in the blob store."""
        return Material(
            kind=self.kind, name=self.name, media_type=self.media_type, size=self.size, sha256=sha256
        )


def check_material(
    name: str, declared_type: str, stream: BinaryIO, rules: MaterialRules, *, kind: MaterialKind | None = None
) -> MaterialFile | NotAccepted:
    """Whether a file may be taken, and as what.

    Args:
        name: The file name that the browser sent.
        declared_type: The media type that it sent; empty or `application/octet-stream` says nothing.
        stream: The bytes, seekable. It is left at its beginning, ready to be stored.
        rules: The kinds and sizes that the call allows.
        kind: The kind of material that the person chose; None = the likeliest for such a file.
    """
    size = stream.seek(0, 2)
    found = _check(name, declared_type, stream, rules, kind, size)
    stream.seek(0)
    return NotAccepted((found,)) if isinstance(found, Issue) else found


def check_file_name(name: str) -> str | Issue:
    """The name as it may be stored, or why not: paths, control and bidirectional characters, no name, too long."""
    clean = unicodedata.normalize("NFC", name).strip()
    if re.search(r"[/\\]", name) or clean in ("", ".", ".."):
        return _issue("file_name", name, reason="path")
    if any(
        unicodedata.category(each) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
        for each in name
        if each not in _JOINERS
    ):
        return _issue("file_name", name, reason="characters")
    if len(clean) > MAX_NAME:
        return _issue("file_name", name, reason="length", max=MAX_NAME, length=len(clean))
    return clean


def safe_file_name(name: str) -> str:
    """A name that every file system takes: lower-case ASCII letters, digits, `-` and one dot before the extension."""
    stem, _, extension = name.rpartition(".")
    stem, extension = (stem, extension) if stem else (extension, "")
    extension = slug(extension)[:10]
    stem = slug(stem)[: _LONGEST_SAFE_NAME - len(extension) - 1].strip("-") or "file"
    if _RESERVED.fullmatch(stem):
        stem = f"file-{stem}"
    return f"{stem}.{extension}" if extension else stem


def _issue(code: str, name: str, **params: object) -> Issue:
    shown = "".join(each if each.isprintable() else "\ufffd" for each in name[:MAX_NAME])
    return Issue(MATERIALS, code, {"file": shown, **params})


def _check(
    name: str, declared: str, stream: BinaryIO, rules: MaterialRules, kind: MaterialKind | None, size: int
) -> MaterialFile | Issue:
    clean = check_file_name(name)
    if isinstance(clean, Issue):
        return clean
    if size == 0:
        return _issue("file_empty", clean)
    if size > rules.max_bytes:
        return _issue("file_too_large", clean, size=rules.max_bytes, found=size)
    extension = clean.rpartition(".")[2].lower() if "." in clean.strip(".") else ""
    expected = BY_EXTENSION.get(extension)
    if expected is None:
        accept = ", ".join(f".{each}" for each in BY_EXTENSION)
        return _issue("file_type", clean, accept=accept)
    issue = _declared_issue(clean, extension, declared, expected) or _bytes_issue(
        clean, stream, size, expected
    )
    return issue or _of_kind(clean, expected, rules, kind, size)


def _unsafe(name: str, reason: str) -> Issue:
    return _issue("file_unsafe", name, reason=reason, extension=name.rpartition(".")[2])


def _declared_issue(name: str, extension: str, declared: str, expected: FileType) -> Issue | None:
    said = declared.partition(";")[0].strip().lower()
    if said in ANY_TYPE or said in expected.media_types:
        return None
    return _issue("file_mismatch", name, extension=extension, found=said[:100])


def _bytes_issue(name: str, stream: BinaryIO, size: int, expected: FileType) -> Issue | None:
    stream.seek(0)
    head = stream.read(HEAD)
    found = sniff(head)
    if found in ("program", "markup"):
        return _unsafe(name, found)
    if found == "ole":  # from before 2007, or locked by a password: macros cannot be seen in it
        return _issue("file_old_office", name, reason="ole")
    if found == "zip":
        return _archive_issue(name, stream, size, expected)
    if found != expected.name:
        return _issue("file_mismatch", name, extension=expected.extensions[0], found=found)
    if found == "text":
        return _text_issue(name, stream)
    if holds_markup(head) or _holds_archive(stream, size):
        return _unsafe(name, "polyglot")
    if found == "pdf" and _holds_actions(stream):
        return _unsafe(name, "scripts")
    return None


def _archive_issue(name: str, stream: BinaryIO, size: int, expected: FileType) -> Issue | None:
    archive = inspect_archive(stream, size)
    if not isinstance(archive, Archive):
        return _issue("file_archive", name, reason=archive.reason, entry=archive.entry)
    if archive.has_macros:
        return _unsafe(name, "macros")
    if archive.type != expected.name:
        return _issue("file_mismatch", name, extension=expected.extensions[0], found=archive.type)
    return None


def _text_issue(name: str, stream: BinaryIO) -> Issue | None:
    """UTF-8 from the first byte to the last, without control characters."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    stream.seek(0)
    try:
        while piece := stream.read(_PIECE):
            if _CONTROL.search(decoder.decode(piece)):
                return _issue("file_not_text", name)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return _issue("file_not_text", name)
    return None


def _holds_archive(stream: BinaryIO, size: int) -> bool:
    """Whether a file that begins as something else ends as a ZIP archive."""
    stream.seek(max(0, size - _TAIL))
    tail = stream.read(_TAIL)
    at = tail.rfind(b"PK\x05\x06")
    return at >= 0 and len(tail) - at >= 22 and b"PK\x01\x02" in tail[:at]


def _holds_actions(stream: BinaryIO) -> bool:
    """Whether a PDF openly runs scripts or programs; what hides in compressed objects is for a scanner to find."""
    stream.seek(0)
    last = b""
    while piece := stream.read(_PIECE):
        if _PDF_ACTIONS.search(last + piece):
            return True
        last = piece[-16:]
    return False


def _of_kind(
    name: str, found: FileType, rules: MaterialRules, kind: MaterialKind | None, size: int
) -> MaterialFile | Issue:
    possible = [each for each in found.kinds if each in rules.kinds]
    if kind is not None:
        possible = [each for each in possible if each == kind]
    if not possible:
        wanted = str(kind or found.kinds[0])[:40]
        return _issue("file_kind", name, kind=wanted, kinds=[each for each in rules.kinds if each != "link"])
    return MaterialFile(kind=possible[0], name=name, media_type=found.media_types[0], size=size)
