"""Small real files of every kind that is taken, and hostile ones."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

OOXML = "application/vnd.openxmlformats-officedocument."
MAIN = {
    "docx": OOXML + "wordprocessingml.document.main+xml",
    "pptx": OOXML + "presentationml.presentation.main+xml",
    "ppsx": OOXML + "presentationml.slideshow.main+xml",
    "xlsx": OOXML + "spreadsheetml.sheet.main+xml",
}
ODF = {
    "odt": "application/vnd.oasis.opendocument.text",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
}
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def zipped(entries: dict[str, bytes | str], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return out.getvalue()


def content_types(main: str, extra: str = "") -> str:
    return (
        '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        f'<Default Extension="xml" ContentType="application/xml"/><Override PartName="/main.xml" ContentType="{main}"/>'
        f"{extra}</Types>"
    )


def office(extension: str, extra: dict[str, bytes | str] | None = None, override: str = "") -> bytes:
    return zipped(
        {"[Content_Types].xml": content_types(MAIN[extension], override), "main.xml": "<x/>", **(extra or {})}
    )


def opendocument(extension: str, extra: dict[str, bytes | str] | None = None) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), ODF[extension])
        for name, content in {"content.xml": "<x/>", **(extra or {})}.items():
            archive.writestr(name, content)
    return out.getvalue()


def png() -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0\0"))
        + chunk(b"IEND", b"")
    )


GOOD = {
    "report.pdf": ("application/pdf", PDF),
    "photo.png": ("image/png", png()),
    "photo.jpg": ("image/jpeg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(40) + b"\xff\xd9"),
    "photo.jpeg": ("image/pjpeg", b"\xff\xd8\xff\xe1\x00\x10Exif\x00" + bytes(40) + b"\xff\xd9"),
    "moving.gif": ("image/gif", b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"),
    "photo.webp": ("image/webp", b"RIFF\x1a\x00\x00\x00WEBPVP8L" + bytes(20)),
    "photo.heic": ("", b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(20)),
    "film.mp4": ("video/mp4", b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2" + bytes(20)),
    "film.mov": ("video/quicktime", b"\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00qt  " + bytes(20)),
    "film.webm": ("video/webm", b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm" + bytes(20)),
    "talk.mp3": ("audio/mpeg", b"ID3\x04\x00\x00\x00\x00\x00\x00" + bytes(20)),
    "frames.mp3": ("audio/mp3", b"\xff\xfb\x90\x64" + bytes(40)),
    "text.docx": (OOXML + "wordprocessingml.document", office("docx")),
    "slides.pptx": (OOXML + "presentationml.presentation", office("pptx")),
    "show.ppsx": ("application/octet-stream", office("ppsx")),
    "table.xlsx": (OOXML + "spreadsheetml.sheet", office("xlsx")),
    "text.odt": (ODF["odt"], opendocument("odt")),
    "slides.odp": (ODF["odp"], opendocument("odp")),
    "table.ods": (ODF["ods"], opendocument("ods")),
    "toolkit.zip": (
        "application/x-zip-compressed",
        zipped({"a/readme.txt": "hello", "a/course.html": "<html></html>"}),
    ),
    "notes.txt": ("text/plain; charset=utf-8", "Заметки 笔记\r\n\x0c".encode()),
    "table.csv": ("application/vnd.ms-excel", "\ufeffname,country\nAna,BR\n".encode()),
    "notes.md": ("text/markdown", b"# Notes\n\nx < y, <https://example.org>\n"),
}
