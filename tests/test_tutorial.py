"""The developer's tutorial, word by word: its document, its code in order, and the output that it shows."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "tutorial" / "developer.md"
BLOCK = re.compile(r"^(<!-- output -->\n)?```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_tutorial_runs_as_it_stands(tmp_path, monkeypatch):
    """A reader who pastes every block sees what the page shows."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    printed, shown = io.StringIO(), []
    for output, language, code in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if language == "toml":
            Path("conference.toml").write_text(code, encoding="utf-8")
        elif language == "python":
            with contextlib.redirect_stdout(printed):
                exec(compile(code, str(PAGE), "exec"), names)  # the page itself is the program
        elif output:
            shown.append(code)
    assert printed.getvalue() == "".join(shown)
    assert len(shown) >= 6
