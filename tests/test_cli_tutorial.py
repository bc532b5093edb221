"""The organiser's tutorial and the reference of the command line, word by word."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from conferencekit.cli import main, parser

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/tutorial/organiser.md"
REFERENCE = ROOT / "docs/reference/command-line.md"
STEP = re.compile(r"^```(\w+)\n(.*?)^```|[Cc]hange\s+`([^`]+)`\s+to\s+`([^`]+)`", re.MULTILINE | re.DOTALL)


class Typed(io.StringIO):
    """What a person types at prompts, seen on the terminal as they type it."""

    def readline(self, *size: int) -> str:
        found = super().readline(*size)
        sys.stdout.write(found)
        return found


def run(command: str, shown: str) -> str:
    """What a terminal shows when the command is typed, and the answers to its questions as they are shown."""
    name, *words = shlex.split(command)
    assert name == "conferencekit"
    answers = (
        re.findall(r"^[A-Z].*?: (.+)$", shown.split("\n\n", maxsplit=1)[0], re.MULTILINE)
        if words[0] == "new"
        else []
    )
    terminal = io.StringIO()
    before = sys.stdin
    sys.stdin = Typed("".join(f"{each}\n" for each in answers))
    try:
        with contextlib.redirect_stdout(terminal), contextlib.redirect_stderr(terminal):
            main(words)
    finally:
        sys.stdin = before
    return terminal.getvalue()


def agrees(shown: str, printed: str) -> bool:
    """Whether the page shows what was printed; `…` alone on a line stands for any lines."""
    lines = []
    for line in shown.splitlines():
        anything = ".+".join(map(re.escape, line.split("…")))
        lines.append(r"(?:.*\n)*?" if line == "…" else rf"{anything} *\n")
    return re.fullmatch("".join(lines), printed if printed.endswith("\n") else printed + "\n") is not None


def steps_of(text: str):
    """What the page asks for, in its order."""
    for found in STEP.finditer(text):
        language, block, old, new = found.groups()
        yield (language, block) if language else ("change", (old, new))


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path.name}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def transcript(block: str):
    """The commands of a console block, each with what it prints."""
    for part in block.removeprefix("$ ").split("\n$ "):
        command, _, shown = part.partition("\n")
        yield command, shown


def add(block: str) -> None:
    """Take a block of TOML into the document: the website where the page says, anything else at the end."""
    document = Path("days.toml")
    if block.startswith("website"):
        contact = 'contact = "office@example.org"\n'
        edit(document, contact, contact + block)
    else:
        document.write_text(document.read_text(encoding="utf-8") + "\n" + block, encoding="utf-8")


@pytest.mark.slow
def test_the_tutorial_runs_as_it_stands(tmp_path, monkeypatch):
    """A reader who types every command and edits every line sees what the page shows."""
    monkeypatch.chdir(tmp_path)
    for name in ("CONFERENCEKIT_SITE", "CONFERENCEKIT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    shutil.copytree(ROOT / "examples/global_mooc_2020", "examples/global_mooc_2020")
    used = set()
    for kind, found in steps_of(PAGE.read_text(encoding="utf-8")):
        if kind == "toml":
            add(found)
        elif kind == "text":
            Path("people.csv").write_text(found, encoding="utf-8")
        elif kind == "change":
            name = "people.csv" if "bjorn" in found[0] else "days.toml"
            edit(Path(name), *found)
        elif kind == "console":
            for command, shown in transcript(found):
                printed = run(command, shown)
                assert agrees(shown, printed), f"{command}\n--- shown\n{shown}\n--- printed\n{printed}"
                used.add(command.split()[1])
    assert used >= {
        "new", "check", "invitation", "import", "registrations", "deliver", "contributions", "declaration", "seal",
        "verify",
    }  # fmt: skip
    assert Path("declaration.md").read_text(encoding="utf-8").startswith("# Beijing Declaration")


# -- the reference


def commands() -> dict:
    (found,) = [each for each in parser()._actions if each.dest == "command"]
    named = dict(found.choices)
    for group in ("tz", "storage", "calendar"):
        (inner,) = [each for each in named.pop(group)._actions if each.dest == f"{group}_command"]
        named |= {f"{group} {name}": each for name, each in inner.choices.items()}
    return named


@pytest.mark.parametrize("name", commands())
def test_the_reference_has_every_option(name):
    """And no option that there is not."""
    text = REFERENCE.read_text(encoding="utf-8")
    section = text.partition(f"\n## `{name}`\n")[2].partition("\n## ")[0]
    assert section, f"no section for {name}"
    shared = {"--help", "--debug", "--json", "--store", "--by", "--revert"}
    own = {option for each in commands()[name]._actions for option in each.option_strings if len(option) > 2}
    assert set(re.findall(r"`(--[a-z-]+)", section)) - shared == own - shared
    (usage,) = re.findall(r"^```sh\n(conferencekit .*)\n```", section, re.MULTILINE)
    assert usage.startswith(f"conferencekit {name}")
    for each in commands()[name]._actions:
        assert each.option_strings or each.metavar in usage


def test_shared_options_stand_in_their_table():
    """Once for all."""
    shared = REFERENCE.read_text(encoding="utf-8").partition("\n## `")[0]
    for option in ("--debug", "--json", "--store", "--by", "--revert", "--help", "--version"):
        assert f"`{option}" in shared
