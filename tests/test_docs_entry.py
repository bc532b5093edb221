"""Every reader finds their page, and every page what it promises to show."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
READERS = {
    "organiser": "tutorial/organiser",
    "organise": "tutorial/organiser",
    "app": "tutorial/developer",
    "backend": "how-to/write-a-storage-plugin",
}


def first_links(page: str) -> list[tuple[str, str]]:
    """The lines of a page that lead somewhere: the line, and where its first link goes, below `docs/`."""
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    return [
        (line, found[1].removeprefix("docs/").removesuffix(".md"))
        for line in lines
        if (found := LINK.search(line))
    ]


@pytest.mark.parametrize(
    ("page", "reader"),
    [("docs/index.md", each) for each in ("organiser", "app", "backend")]
    + [("README.md", each) for each in ("organise", "app", "backend")],
)
def test_each_reader_is_led_to_their_page(page, reader):
    """By the first line that speaks of them."""
    assert next(to for line, to in first_links(page) if re.search(rf"\b{reader}\b", line)) == READERS[reader]


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/index.md"])
def test_links_between_pages_lead_somewhere(page):
    """Sphinx tests those below docs/; these are read in the clone too."""
    there = (ROOT / page).parent
    for target in LINK.findall((ROOT / page).read_text(encoding="utf-8")):
        assert (there / target).exists() or (there / f"{target}.md").exists(), target


def test_the_storage_page_shows_a_whole_store():
    """Whoever has the page alone can write the store: project, module and test file are in it as a whole."""
    text = (ROOT / "docs/how-to/write-a-storage-plugin.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```\{literalinclude\} (\S+)\n(.*?)```", text, re.DOTALL)
    whole = {
        Path(path).name for path, options in blocks if options.strip() == ":language: " + language_of(path)
    }
    assert whole >= {"pyproject.toml", "__init__.py", "test_shelf.py"}


def language_of(path: str) -> str:
    return "toml" if path.endswith(".toml") else "python"
