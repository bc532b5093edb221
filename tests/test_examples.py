"""What README, documentation and examples show is true: code compiles, names exist, documents parse, commands are known."""

from __future__ import annotations

import ast
import doctest
import importlib
import re
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path

import pytest

from conferencekit import load_conference

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES += [*sorted((ROOT / "plugins").glob("*/README.md")), *sorted((ROOT / "examples").rglob("README.md"))]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w+)\n(?P<code>.*?)^(?P=indent)```", re.MULTILINE | re.DOTALL
)


def blocks(*languages: str) -> list[object]:
    """All fenced blocks of these languages, each with the page and line where it stands."""
    found = []
    for page in PAGES:
        if "_build" in page.parts:
            continue
        text = page.read_text(encoding="utf-8")
        for each in FENCE.finditer(text):
            if each["language"] in languages:
                where = f"{page.relative_to(ROOT).as_posix()}:{text[: each.start()].count(chr(10)) + 1}"
                found.append(pytest.param(textwrap.dedent(each["code"]), id=where))
    return found


@pytest.mark.parametrize("code", blocks("python", "py", "pycon"))
def test_python_in_the_pages_is_true(code):
    """It compiles, and what it imports from conferencekit is there; a session with prompts is run."""
    if code.lstrip().startswith(">>>"):
        test = doctest.DocTestParser().get_doctest(code, {}, "page", None, 0)
        assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test).failed == 0
        return
    whole = code.replace(", ...)", ")")  # dots stand for arguments that do not matter here
    for each in ast.walk(ast.parse(whole)):
        if isinstance(each, ast.ImportFrom) and (each.module or "").split(".")[0] == "conferencekit":
            module = importlib.import_module(each.module)
            for alias in each.names:
                assert hasattr(module, alias.name), f"{each.module} has no {alias.name}"


@pytest.mark.parametrize("text", blocks("toml"))
def test_toml_in_the_pages_parses(text):
    """Also where it is only a part of a document."""
    assert tomllib.loads(text)


@pytest.fixture(scope="module")
def commands() -> str:
    """What `conferencekit --help` says."""
    argv = [sys.executable, "-m", "conferencekit", "--help"]
    return subprocess.run(argv, capture_output=True, text=True, encoding="utf-8", check=True).stdout


@pytest.mark.parametrize("script", blocks("sh", "bash", "console"))
def test_commands_in_the_pages_are_known(script, commands):
    """`conferencekit something` is something that it does."""
    for command in re.findall(r"(?:^|[\s/\\])conferencekit ([a-z]+)", script):
        assert re.search(rf"\b{command}\b", commands), f"conferencekit has no command {command}"


def test_the_quickstart_is_two_lines():
    """A newcomer pastes one line for the main job and one for the tests."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").split("\n## Quickstart\n")[1].split("\n## ")[0]
    commands = [each["code"] for each in FENCE.finditer(section) if each["language"] == "sh"]
    assert [each.count("\n") for each in commands] == [1, 1]
    assert all(each.startswith("python3 -m venv .venv && ") for each in commands)
    assert section.count("On Windows: `") == 2


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda each: each.name)
def test_an_example_of_a_host_is_short(path):
    """One file, at most a page of 65 lines, compiled without a warning."""
    text = path.read_text(encoding="utf-8")
    compile(text, str(path), "exec")
    assert text.count("\n") <= 65


def test_the_example_conference_is_without_a_fault():
    """It loads, and has what the invitation has."""
    conference = load_conference(ROOT / "examples/global_mooc_2020/conference.toml")
    assert conference.timezone == "Asia/Shanghai"
    assert set(conference.deadlines) == {"registration", "input"}
    assert [each.number for each in conference.call.topics] == [1, 2, 3, 4]
