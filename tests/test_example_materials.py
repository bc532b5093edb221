"""The files that contributors of examples/global_mooc_2020 added: they open for real, and the hostile ones are refused."""

from __future__ import annotations

import csv
import io
import re
import struct
import tomllib
import zipfile
import zlib
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from conferencekit.conference import MaterialRules
from conferencekit.declaration.content import NotAccepted
from conferencekit.declaration.materials import MaterialFile, check_material

EXAMPLE = Path(__file__).parents[1] / "examples" / "global_mooc_2020"


@cache
def hostile() -> list[dict[str, str]]:
    return tomllib.loads((EXAMPLE / "materials/hostile/hostile.toml").read_text("utf-8"))["files"]


def files(*suffixes: str) -> list[Path]:
    return [path for path in sorted((EXAMPLE / "materials").iterdir()) if path.suffix in suffixes]


def attached() -> list[dict[str, str]]:
    found = [tomllib.loads(path.read_text("utf-8")) for path in EXAMPLE.glob("contributions/[0-9]*.toml")]
    return [each for contribution in found for each in contribution.get("materials", ())]


class TestMaterials:
    def test_each_file_belongs_to_exactly_one_contribution(self):
        """Nothing is missing, nothing is left over, and nobody refers to a hostile file."""
        named = [each["file"] for each in attached() if "file" in each]
        present = [path.name for path in (EXAMPLE / "materials").iterdir() if path.is_file()]
        assert sorted(named) == sorted(present)
        assert len(present) >= 12

    def test_links_lead_to_example_sites_only(self):
        """And say that they are links."""
        links = [each for each in attached() if "url" in each]
        assert links
        assert all(
            each["url"].startswith("https://example.org/") and each["kind"] == "link" for each in links
        )

    def test_each_is_small_and_taken_as_the_kind_that_its_contributor_chose(self):
        """Under 60 kB, and the library's own check agrees with name, type and kind."""
        for each in (each for each in attached() if "file" in each):
            path = EXAMPLE / "materials" / each["file"]
            assert path.stat().st_size < 60_000
            assert each["title"].strip()
            with path.open("rb") as stream:
                taken = check_material(path.name, "", stream, MaterialRules(), kind=each["kind"])
            assert isinstance(taken, MaterialFile), taken

    def test_there_are_enough_of_each_sort(self):
        """Documents, slides, sheets, pictures, a film, plain text."""
        found = Counter(path.suffix for path in (EXAMPLE / "materials").iterdir())
        wanted = {".pdf": 3, ".pptx": 2, ".docx": 2, ".xlsx": 1, ".png": 2, ".jpg": 1, ".mp4": 1, ".csv": 1}
        assert all(found[suffix] >= number for suffix, number in wanted.items())

    @pytest.mark.parametrize("path", files(".pdf"), ids=lambda path: path.name)
    def test_pdf_opens(self, path):
        """Two pages or more; the table of objects is where the end of the file says."""
        data = path.read_bytes()
        at = int(re.search(rb"startxref\s+(\d+)\s+%%EOF\s*\Z", data)[1])
        assert data.startswith(b"%PDF-1.")
        assert data[at : at + 4] == b"xref"
        assert len(re.findall(rb"/Type /Page\b", data)) >= 2

    @pytest.mark.parametrize("path", files(".pptx", ".docx", ".xlsx"), ids=lambda path: path.name)
    def test_office_file_opens(self, path):
        """A whole archive with its main part, without macros."""
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            names = archive.namelist()
        main = {".pptx": "ppt/slides/slide4.xml", ".docx": "word/document.xml", ".xlsx": "xl/workbook.xml"}
        assert main[path.suffix] in names
        assert not any("vba" in name.lower() for name in names)

    @pytest.mark.parametrize("path", files(".png"), ids=lambda path: path.name)
    def test_png_decodes(self, path):
        """Every chunk's checksum holds and the pixels unpack to the size that the header says."""
        data, at, packed, header = path.read_bytes(), 8, b"", b""
        while at < len(data):
            length, kind = struct.unpack(">I4s", data[at : at + 8])
            body = data[at + 8 : at + 8 + length]
            assert zlib.crc32(kind + body) == int.from_bytes(data[at + 8 + length : at + 12 + length])
            header, packed = (
                (body if kind == b"IHDR" else header),
                packed + (body if kind == b"IDAT" else b""),
            )
            at += 12 + length
        width, height, depth, colour = struct.unpack(">IIBB", header[:10])
        assert colour == 3
        assert len(zlib.decompress(packed)) == height * (1 + (width * depth + 7) // 8)

    def test_jpeg_and_film_are_whole(self):
        """The picture ends with its end mark; the film's boxes fill the file and hold an index and pictures."""
        (picture,), (film,) = files(".jpg"), files(".mp4")
        assert picture.read_bytes().endswith(b"\xff\xd9")
        data, at, boxes = film.read_bytes(), 0, []
        while at < len(data):
            size, kind = struct.unpack(">I4s", data[at : at + 8])
            boxes.append(kind)
            at += size
        assert at == len(data)
        assert {b"ftyp", b"moov", b"mdat"} <= set(boxes)

    def test_text_files_are_utf8_and_the_table_is_rectangular(self):
        """A table that a spreadsheet reads."""
        (table,), (text,) = files(".csv"), files(".txt")
        rows = list(csv.reader(io.StringIO(table.read_text("utf-8"), newline="")))
        assert len(rows) > 10
        assert {len(row) for row in rows} == {7}
        assert "hors ligne" in text.read_text("utf-8").lower()

    @pytest.mark.parametrize("entry", hostile(), ids=lambda entry: entry["file"])
    def test_hostile_file_is_refused_for_the_reason_that_is_written_beside_it(self, entry):
        """None of the three is what its name says."""
        with (EXAMPLE / "materials/hostile" / entry["file"]).open("rb") as stream:
            refused = check_material(
                entry["file"], entry["declared"], stream, MaterialRules(), kind=entry["kind"]
            )
        assert isinstance(refused, NotAccepted)
        assert [(issue.code, issue.params["reason"]) for issue in refused.issues] == [
            (entry["code"], entry["reason"])
        ]

    def test_there_are_three_hostile_files(self):
        """Each one is listed."""
        present = {path.name for path in (EXAMPLE / "materials/hostile").iterdir()} - {"hostile.toml"}
        assert present == {entry["file"] for entry in hostile()} == {"report.pdf", "slides.pptx", "photo.jpg"}
