"""The pages about the declaration: their Python runs, and what they show is what comes out."""

from __future__ import annotations

import pytest
from tests.docs_page import blocks, run_python

from conferencekit.declaration.clauses import parse


@pytest.mark.parametrize("page", ["how-to/compile-a-declaration.md", "how-to/materials.md"])
def test_the_python_of_the_page_runs(page, tmp_path, monkeypatch, capsys):
    """Block after block, in one namespace; printed is what the page shows."""
    monkeypatch.chdir(tmp_path)
    run_python(page)
    printed = capsys.readouterr().out.strip()
    assert not printed or printed == blocks(page, "text")[0].strip()


def test_the_text_of_clauses_in_the_reference_is_right():
    """The example reads without a problem."""
    found = parse(blocks("reference/clauses.md", "text")[0], "G")
    assert found.problems == ()
    assert [each.number for each in found.clauses] == [None, 1, 2]
