"""Pages of the documentation as tests read them: their blocks of code, and their Python run from top to bottom."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"


def text_of(page: str) -> str:
    """A page by its path below `docs/`."""
    return (DOCS / page).read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of a page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text_of(page), re.MULTILINE | re.DOTALL)


def run(code: str, page: str, names: dict[str, object]) -> None:
    """One block, in the names that those before it left."""
    exec(compile(code, page, "exec"), names)


def run_python(page: str, names: dict[str, object] | None = None) -> dict[str, object]:
    """All Python of a page, block after block; the names that it leaves."""
    names = {} if names is None else names
    found = blocks(page, "python")
    assert found, f"{page} shows no Python"
    for block in found:
        run(block, page, names)
    return names
