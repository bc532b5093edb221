"""Uploaded files: taken only where name, declared type and bytes agree, and nothing dangerous is inside."""

from __future__ import annotations

import io
import struct
import sys
import tempfile
import tracemalloc
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.declaration_samples import digest_of
from tests.material_samples import GOOD, MAIN, ODF, PDF, content_types, office, opendocument, png, zipped

from conferencekit.conference import MaterialRules
from conferencekit.declaration.archives import MAX_ENTRIES
from conferencekit.declaration.content import NotAccepted
from conferencekit.declaration.filetypes import BY_EXTENSION, FILE_TYPES
from conferencekit.declaration.links import check_link
from conferencekit.declaration.materials import MaterialFile, check_file_name, check_material, safe_file_name
from conferencekit.form.catalogue import LOCALES, message
from conferencekit.form.issues import Issue

RULES = MaterialRules()


def check(name: str, content: bytes, declared: str = "", **given):
    return check_material(name, declared, io.BytesIO(content), RULES, **given)


def refusal(name: str, content: bytes, declared: str = "", **given) -> tuple[str, object]:
    found = check(name, content, declared, **given)
    assert isinstance(found, NotAccepted), found
    [issue] = found.issues
    assert issue.path == "materials"
    assert "file" in issue.params
    return issue.code, issue.params.get("reason")


@pytest.mark.parametrize("name", GOOD)
def test_every_kind_of_file_that_is_taken(name):
    """Extension, declared type and bytes agree; the stream is back at its beginning."""
    declared, content = GOOD[name]
    stream = io.BytesIO(content)
    found = check_material(name, declared, stream, RULES)
    assert isinstance(found, MaterialFile)
    assert (name, len(content), 0) == (found.name, found.size, stream.tell())
    assert found.media_type == BY_EXTENSION[name.rpartition(".")[2]].media_types[0]
    assert found.stored_as(digest_of(7)).sha256 == digest_of(7)


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("extension", sorted({each.extensions[0] for each in FILE_TYPES}))
def test_no_file_passes_under_another_extension(name, extension):
    """Whatever a file is, a name of another type does not get it in."""
    _, content = GOOD[name]
    own, other = BY_EXTENSION[name.rpartition(".")[2]], BY_EXTENSION[extension]
    found = check(f"renamed.{extension}", content)
    assert isinstance(found, MaterialFile) == (own.name == other.name)


@pytest.mark.parametrize("name", [each for each in GOOD if each != "notes.txt"])
def test_the_declared_type_has_to_agree(name):
    """A type that says something else is refused; one that says nothing is not."""
    _, content = GOOD[name]
    assert refusal(name, content, "text/html")[0] == "file_mismatch"
    assert isinstance(check(name, content, "application/octet-stream"), MaterialFile)


@pytest.mark.parametrize(
    ("name", "content", "code", "reason"),
    [
        ("a.pdf", b"", "file_empty", None),
        ("page.html", b"<html></html>", "file_type", None),
        ("image.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "file_type", None),
        ("image.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "file_unsafe", "markup"),
        ("notes.txt", b"\xef\xbb\xbf  <!DOCTYPE html><p>hi", "file_unsafe", "markup"),
        ("notes.md", b"hello <script>alert(1)</script>", "file_unsafe", "markup"),
        ("notes.txt", b"<?xml version='1.0'?><svg/>", "file_unsafe", "markup"),
        ("report.pdf", b"MZ\x90\x00" + bytes(60), "file_unsafe", "program"),
        ("report.pdf", b"\x7fELF" + bytes(60), "file_unsafe", "program"),
        ("notes.txt", b"#!/bin/sh\nrm -rf /\n", "file_unsafe", "program"),
        ("setup.exe", b"MZ\x90\x00", "file_type", None),
        ("report.pdf.exe", PDF, "file_type", None),
        ("old.ppt", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(60), "file_type", None),
        ("locked.pptx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(60), "file_old_office", "ole"),
        ("report.pdf", b"<script>1</script>" + PDF, "file_unsafe", "markup"),
        ("report.pdf", b"\n" + PDF, "file_mismatch", None),
        ("report.pdf", PDF + b"<script>alert(1)</script>", "file_unsafe", "polyglot"),
        ("report.pdf", PDF + zipped({"a": "b"}), "file_unsafe", "polyglot"),
        ("report.pdf", PDF.replace(b"/Type", b"/OpenAction<</S/JavaScript/JS(x)>>/Type"), "file_unsafe", "scripts"),
        ("photo.png", png() + zipped({"a.jar": "b"}), "file_unsafe", "polyglot"),
        ("photo.gif", b"GIF89a/*<script>*/=1//" + bytes(9), "file_unsafe", "polyglot"),
        ("photo.jpg", b"\xff\xd8\xff\xe0<?php system($_GET[1]); ?>", "file_unsafe", "polyglot"),
        ("notes.txt", "ünïcode".encode("latin-1"), "file_not_text", None),
        ("table.csv", "a;b".encode("utf-16"), "file_mismatch", None),
        ("notes.txt", b"a\x1bb", "file_not_text", None),
        ("notes.txt", b"a" * 70_000 + b"\x00", "file_not_text", None),
        ("notes.txt", b"a" * 65_535 + b"\xe4", "file_not_text", None),
        ("notes", b"text", "file_type", None),
        (".pdf", PDF, "file_type", None),
    ],
)  # fmt: skip
def test_what_is_refused_by_its_bytes(name, content, code, reason):
    """Each refusal has a stable code, and the name of the file."""
    assert (code, reason) == refusal(name, content)


def test_macros_are_refused_wherever_they_hide():
    """By part name, by content type, in OpenDocument, and in a zip that hides a document."""
    part = {"ppt/vbaProject.bin": b"x"}
    override = '<Override PartName="/x" ContentType="application/vnd.ms-office.vbaProject"/>'
    enabled = "application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml"
    hidden = zipped({"[Content_Types].xml": content_types(enabled), "x.xml": ""})
    assert refusal("a.pptx", office("pptx", part)) == ("file_unsafe", "macros")
    assert refusal("a.pptx", office("pptx", {"ppt/VBAPROJECT.BIN": b"x"})) == ("file_unsafe", "macros")
    assert refusal("a.pptx", office("pptx", override=override)) == ("file_unsafe", "macros")
    assert refusal("a.pptx", hidden) == ("file_unsafe", "macros")
    assert refusal("a.odt", opendocument("odt", {"Basic/Standard/Module1.xml": "x"})) == (
        "file_unsafe",
        "macros",
    )
    assert refusal("a.zip", zipped(part)) == ("file_unsafe", "macros")


def test_office_documents_that_contradict_themselves_are_refused():
    """No main part, two of them, a document type, broken XML, another mimetype."""
    both = f'<Override PartName="/y" ContentType="{MAIN["docx"]}"/>'
    assert refusal("a.pptx", office("pptx", override=both))[0] == "file_mismatch"
    assert refusal("a.pptx", zipped({"[Content_Types].xml": content_types("text/xml")}))[0] == "file_mismatch"
    entity = '<!DOCTYPE x [<!ENTITY a "b">]>' + content_types(MAIN["pptx"])
    assert refusal("a.pptx", zipped({"[Content_Types].xml": entity})) == ("file_archive", "damaged")
    assert refusal("a.pptx", zipped({"[Content_Types].xml": "<Types"})) == ("file_archive", "damaged")
    commented = f'<Types><!-- ContentType="{MAIN["pptx"]}" --></Types>'
    assert refusal("a.pptx", zipped({"[Content_Types].xml": commented}))[0] == "file_archive"
    # packed: not the ODF layout
    assert refusal("a.odt", zipped({"mimetype": ODF["odt"]}))[0] == "file_mismatch"
    assert refusal("a.odt", opendocument("ods"))[0] == "file_mismatch"


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ({"../evil.txt": "x"}, "path"),
        ({"a/../../evil.txt": "x"}, "path"),
        ({"/etc/passwd": "x"}, "path"),
        ({"C:/x.txt": "x"}, "path"),
        ({"a\\..\\b": "x"}, "path"),
        ({"a\nb": "x"}, "path"),
        ({"A.txt": "x", "a.TXT": "y"}, "twice"),
        ({"run.EXE": "x"}, "program"),
        ({"zeros": bytes(8_000_000)}, "bomb"),
        ({str(number): "" for number in range(MAX_ENTRIES + 1)}, "too_many_entries"),
    ],
)
def test_archives_that_would_do_harm_when_unpacked(entries, reason):
    """Names that lead out, twins on other file systems, programs, bombs."""
    assert refusal("a.zip", zipped(entries)) == ("file_archive", reason)


def test_symbolic_links_passwords_and_rare_packings_are_refused():
    """What cannot be looked into is not taken."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert refusal("a.zip", out.getvalue()) == ("file_archive", "link")
    assert refusal("a.zip", zipped({"a": "b"}, zipfile.ZIP_BZIP2)) == ("file_archive", "compression")
    locked = bytearray(zipped({"a": "b"}))
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    assert refusal("a.zip", bytes(locked)) == ("file_archive", "encrypted")


def test_an_archive_that_lies_about_its_sizes_is_found_out():
    """The bytes are counted, not believed."""
    honest = zipped({"zeros": bytes(900_000)})
    at = honest.index(b"PK\x01\x02") + 24
    lying = honest[:at] + struct.pack("<L", 100) + honest[at + 4 :]
    assert refusal("a.zip", lying) == ("file_archive", "bomb")
    boasting = honest[:at] + struct.pack("<L", 900_001) + honest[at + 4 :]
    assert refusal("a.zip", boasting) == ("file_archive", "damaged")
    huge = honest[:at] + struct.pack("<L", 3_000_000_000) + honest[at + 4 :]
    assert refusal("a.zip", huge) == ("file_archive", "too_large")


def test_archives_of_which_other_programs_read_something_else_are_refused():
    """Something before, after or between, entries over one another, two names for one entry."""
    plain = zipped({"a.txt": "hello " * 100, "b.txt": "there " * 100})
    end = plain.rindex(b"PK\x05\x06")
    second = plain.index(b"PK\x01\x02", plain.index(b"PK\x01\x02") + 4)
    overlapping = plain[: second + 42] + struct.pack("<L", 0) + plain[second + 46 :]
    renamed = plain.replace(b"b.txt", b"c.txt", 1)
    for broken in (
        b"PK\x03\x04" + plain,
        plain + b"trailing",
        plain[:-1],
        plain[:end] + b"x" + plain[end:],
        overlapping,
        renamed,
        plain[: len(plain) // 2],
        b"PK\x03\x04" + bytes(500),
        plain[: end + 10] + b"\x09\x00" + plain[end + 12 :],
        plain.replace(zlib.compress(b"")[2:3], b"\xff", 1),
    ):
        assert refusal("a.zip", broken)[0] in ("file_archive", "file_mismatch")


def test_entries_that_lie_inside_one_another_are_refused():
    """One stretch of bytes counted many times is how small archives become huge."""
    inner, outer_name = zipped({"b": "x" * 50}, zipfile.ZIP_STORED), "a"
    inner_directory, inner_end = inner.index(b"PK\x01\x02"), inner.rindex(b"PK\x05\x06")
    outer = zipped({outer_name: inner[:inner_directory]}, zipfile.ZIP_STORED)
    start, end = outer.rindex(b"PK\x01\x02"), outer.rindex(b"PK\x05\x06")
    within = inner[inner_directory : inner_end - 5] + struct.pack("<L", 31) + b"b"
    directory = outer[start:end] + within
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 2, 2, len(directory), start, 0)
    nested = outer[:start] + directory + tail
    assert zipfile.ZipFile(io.BytesIO(nested)).namelist() == ["a", "b"]
    assert refusal("a.zip", nested) == ("file_archive", "damaged")


def test_a_second_directory_that_hides_in_a_comment_is_not_read():
    """The long form of the end record would lead to another, unbounded directory."""
    entry = zipfile.ZipInfo("a")
    entry.comment = bytes(76)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(entry, "x")
    content = out.getvalue()
    start, end = content.rindex(b"PK\x01\x02"), content.rindex(b"PK\x05\x06")
    long_form = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, end - start - 76, start)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end - 76, 1)
    hiding = content[: end - 76] + long_form + locator + content[end:]
    assert zipfile.ZipFile(io.BytesIO(hiding)).namelist() == ["a"]
    assert refusal("a.zip", hiding) == ("file_archive", "damaged")


def test_an_empty_archive_and_one_of_stored_entries_are_read():
    """Nothing inside is odd and harmless; unpacked entries count too."""
    assert isinstance(check("a.zip", zipped({})), MaterialFile)
    assert isinstance(
        check("a.zip", zipped({"a/": "", "a/b": b"x" * 200_000}, zipfile.ZIP_STORED)), MaterialFile
    )


def test_a_directory_too_large_to_read_is_not_read():
    """Its size is looked at before anything of it is in memory."""
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 5, 5, 3_000_000, 30, 0)
    assert refusal("a.zip", b"PK\x03\x04" + bytes(3_000_026) + tail) == ("file_archive", "too_many_entries")


@given(st.binary(max_size=300), st.sampled_from(sorted(BY_EXTENSION)))
def test_any_bytes_are_judged_without_an_exception(content, extension):
    """Garbage is refused as data."""
    assert isinstance(check(f"a.{extension}", content), MaterialFile | NotAccepted)


@given(st.data())
def test_a_damaged_archive_is_judged_without_an_exception(draw):
    """One changed byte anywhere in a document never raises."""
    content = bytearray(office("pptx"))
    at = draw.draw(st.integers(0, len(content) - 1))
    content[at] ^= draw.draw(st.integers(1, 255))
    assert isinstance(check("a.pptx", bytes(content)), MaterialFile | NotAccepted)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("../../etc/passwd.pdf", "path"), ("C:\\temp\\a.pdf", "path"), ("", "path"), ("..", "path"), (" ", "path"),
     ("a\x00.pdf", "characters"), ("a\r\nSet-Cookie: x.pdf", "characters"), ("report\u202efdp.exe", "characters"),
     ("a\u2028.pdf", "characters"), ("a\ue000.pdf", "characters"), ("a\ud800.pdf", "characters"), ("a" * 117 + ".pdf", "length")],
)  # fmt: skip
def test_file_names_that_are_refused(name, reason):
    """Paths, control and bidirectional characters, names too long. What is shown of them is harmless."""
    found = check_file_name(name)
    assert isinstance(found, Issue)
    assert ("file_name", reason) == (found.code, found.params["reason"])
    assert str(found.params["file"]).isprintable()


def test_file_names_of_all_languages_stay():
    """NFC, otherwise as given."""
    assert check_file_name("re\u0301sume\u0301 总结 تقرير.pdf") == "r\u00e9sum\u00e9 总结 تقرير.pdf"


@given(st.text(max_size=300))
def test_a_safe_file_name_is_safe_everywhere(name):
    """ASCII, no path, short, not reserved on any system, and safe again."""
    safe = safe_file_name(name)
    assert set(safe) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")
    assert 0 < len(safe) <= 60
    assert safe.count(".") <= 1
    assert not safe.startswith((".", "-"))
    assert not safe.endswith((".", "-"))
    assert safe.partition(".")[0] not in ("con", "nul", "aux", "prn", "com1")
    assert safe == safe_file_name(safe)


def test_kinds_of_material():
    """The likeliest kind by default, the person's choice where it fits, and nothing that the call does not want."""
    assert check("a.png", png()).kind == "photo"
    assert check("a.pdf", PDF).kind == "report"
    assert check("a.pdf", PDF, kind="slides").kind == "slides"
    assert refusal("a.png", png(), kind="video")[0] == "file_kind"
    found = check_material("a.png", "", io.BytesIO(png()), MaterialRules(kinds=("report", "link")))
    assert found.issues[0].params["kinds"] == ["report"]


def test_a_file_larger_than_the_call_allows():
    """The limit is inclusive."""
    exact = MaterialRules(max_bytes=len(PDF))
    assert isinstance(check_material("a.pdf", "", io.BytesIO(PDF), exact), MaterialFile)
    found = check_material("a.pdf", "", io.BytesIO(PDF), MaterialRules(max_bytes=len(PDF) - 1))
    assert ("file_too_large", len(PDF) - 1) == (found.issues[0].code, found.issues[0].params["size"])


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["film.mp4", "text.txt", "report.pdf", "toolkit.zip"])
def test_200_megabytes_are_checked_at_flat_memory(kind):
    """Peak memory does not follow the size of the file."""
    with tempfile.TemporaryFile() as file:
        _write_large(kind, file)
        tracemalloc.start()
        found = check_material(kind, "", file, RULES)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert isinstance(found, MaterialFile), found
    assert found.size > 190_000_000
    assert peak < 3_000_000


def _write_large(kind: str, file) -> None:
    piece = b"all work and no play makes a dull file\n" * 26_000
    if kind == "toolkit.zip":
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive, archive.open("big.txt", "w") as entry:
            for _ in range(195):
                entry.write(piece[:1_000_000])
        return
    file.write(GOOD["film.mp4"][1] if kind == "film.mp4" else PDF if kind == "report.pdf" else b"")
    for _ in range(195):
        file.write(piece[:1_000_000])


@pytest.mark.parametrize(
    ("link", "code"),
    [
        ("javascript:alert(1)", "link_scheme"), ("data:text/html,x", "link_scheme"), ("//a.example/", "link_scheme"),
        ("ftp://a.example/", "link_scheme"), ("a.example", "link_scheme"), ("", "link_scheme"),
        ("https://user:pass@a.example/", "link_credentials"), ("https://good.example@evil.example/", "link_credentials"),
        ("https://", "link"), ("https:///path", "link"), ("https://a b.example/", "link"), ("http://a.example:99999/", "link"),
        ("http://[::1", "link"), ("https://a.example/\u202egpj.exe", "link"), ("https://a.example/\r\nX: y", "link"),
        ("https://a.example/\\evil", "link"), ("https://a.example/<b>", "link"), ('https://a.example/"x', "link"),
        ("https://a..example/", "link"), ("https://-a.example/", "link"), ("https://a.example/" + "x" * 2000, "link_too_long"),
    ],
)  # fmt: skip
def test_links_that_are_refused(link, code):
    """Only plain http and https links to a host, without anything hidden."""
    found = check_link(link)
    assert isinstance(found, Issue)
    assert code == found.code


@pytest.mark.parametrize(
    "link",
    ["https://a.example", "HTTP://A.example:8080/x?y=%20#z", "https://例子.example/路径", "http://[2001:db8::1]:80/",
     "https://a.example/~x/(y),z;w=1!*'@v", " https://a.example/ \n"],
)  # fmt: skip
def test_links_that_are_taken(link):
    """As given, without white space around."""
    assert check_link(link) == link.strip()


def test_no_module_of_another_library_is_needed_to_look_into_files():
    """The table of signatures is our own."""
    assert not {"magic", "filetype", "PIL"} & set(sys.modules)


@pytest.mark.parametrize(
    ("name", "content", "parts"),
    [
        (
            "report.pdf",
            b"<!doctype html><p>hello",
            ("called .pdf", "web page", "save its content as a real .pdf"),
        ),
        ("report.pdf", b"MZ" + bytes(60), ("called .pdf", "is a program", "Send the document itself")),
        ("photo.png", png() + zipped({"a.jar": "b"}), ("called .png", "hidden in it", "save it anew")),
        ("a.pdf", PDF + b"/OpenAction<</S/JavaScript/JS(x)>>", ("runs scripts", "new PDF")),
        ("a.pptx", office("pptx", {"ppt/vbaProject.bin": b"x"}), ("has macros", "save it without them")),
    ],
)
def test_a_refused_file_is_told_what_was_found_and_what_to_do(name, content, parts):
    """And what its name claims, where it is something else."""
    (issue,) = check(name, content).issues
    for locale in LOCALES:
        told = message(issue, None, locale)
        assert name in told
        assert "?" not in told
    assert all(part in message(issue, None, "en") for part in parts)
