"""The organiser's tutorial and the reference of the command line, word by word."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from tests.typed_pages import edit, follow, steps_of

from conferencekit.cli import parser

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/tutorial/organiser.md"
REFERENCE = ROOT / "docs/reference/command-line.md"


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
            add(*found)
        elif kind == "text":
            Path("people.csv").write_text(*found, encoding="utf-8")
        elif kind == "change":
            _, old, new = found
            edit(Path("people.csv" if "bjorn" in old else "days.toml"), old, new)
        elif kind == "console":
            used.update(command.split()[1] for command in follow(*found))
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
