"""The reference page of the document says what the reader does."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from conferencekit.document import load_conference
from conferencekit.document.place import Place, Setting
from conferencekit.document.reference import TABLES, keys_as_markdown

PAGE = Path(__file__).parent.parent / "docs/reference/document.md"
BEGIN, END = "<!-- keys: begin -->\n", "<!-- keys: end -->\n"
KEYS = [(table, key) for _, table in TABLES for key in table.keys]


def test_the_page_has_every_key():
    """Run `python tests/test_document_reference.py` after a change of the model."""
    text = PAGE.read_text(encoding="utf-8")
    assert text[text.index(BEGIN) + len(BEGIN) : text.index(END)] == keys_as_markdown()


@pytest.mark.parametrize(
    ("table", "key"), KEYS, ids=lambda each: getattr(each, "title", getattr(each, "name", ""))
)
def test_the_example_of_every_key_is_right(table, key):
    """It is TOML, and the key takes it."""
    value = tomllib.loads(f"{key.name} = {key.example}")[key.name]
    place = Place(path=(key.name,), setting=Setting(languages=("en",), zone="Asia/Shanghai"))
    key.kind.read(value, place)
    assert place.findings == []


def test_every_document_on_the_page_loads():
    """The examples in the text are whole documents, or go with the smallest one."""
    blocks = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) > 4
    for block in blocks:
        head = "" if "[conference]" in block else '[conference]\ntitle = "A"\ntimezone = "Asia/Shanghai"\n'
        assert load_conference(head + block)


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(
        page[: page.index(BEGIN) + len(BEGIN)] + keys_as_markdown() + page[page.index(END) :],
        encoding="utf-8",
    )
