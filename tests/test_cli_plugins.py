"""Installed plugins in the command line: what they offer is used, and they can be left out."""

from __future__ import annotations

import sys

import pytest
from tests.cli_line import new_line, one_message

line = pytest.fixture(new_line)

PLUGIN = """
from pathlib import Path

from conferencekit import hookimpl


@hookimpl
def conferencekit_registration_confirmed(event):
    Path("heard").touch()


@hookimpl
def conferencekit_register_exporters(registry):
    registry.add("tsv", lambda header, rows: ("\\t".join(each).encode() + b"\\n" for each in (header, *rows)))
"""


@pytest.fixture
def installed(line, monkeypatch):
    """A distribution with a listener and an exporter."""
    line.write("conferencekit_loud.py", PLUGIN)
    info = line.path("conferencekit_loud-1.2.dist-info")
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: conferencekit-loud\nVersion: 1.2\n", "utf-8")
    (info / "entry_points.txt").write_text("[conferencekit]\nloud = conferencekit_loud\n", "utf-8")
    monkeypatch.delitem(sys.modules, "conferencekit_loud", raising=False)
    monkeypatch.syspath_prepend(line.folder)
    line.people("Ada,ada@example.org,GB,1")
    return line


def test_a_plugin_hears_what_a_command_does(installed):
    """It is found by its entry point."""
    assert installed.run("import gmc.toml people.csv").code == 0
    assert installed.path("heard").exists()


@pytest.mark.parametrize("name", ["loud", "conferencekit-loud", " x , loud "])
def test_a_disabled_plugin_is_left_out_of_every_command(installed, monkeypatch, name):
    """By its name or its distribution's, for all that opens a store and for the list of plugins."""
    monkeypatch.setenv("CONFERENCEKIT_DISABLED_PLUGINS", name)
    assert installed.run("import gmc.toml people.csv").code == 0
    assert not installed.path("heard").exists()
    one_message(installed.run("registrations gmc.toml --format tsv"), "'tsv'", "disabled")
    rows = installed.run("plugins --json").json
    assert [each["error"] for each in rows if each["name"] == "loud"] == ["disabled"]


def test_registrations_are_printed_in_a_plugins_format(installed):
    """On the terminal and in a file, with the columns that CSV has; only its owner reads the file."""
    installed.run("import gmc.toml people.csv")
    printed = installed.run("registrations gmc.toml --format tsv").out
    header, ada = (row.split("\t") for row in printed.splitlines())
    assert header[:5] == ["reference", "state", "received_at", "locale", "full_name"]
    assert ada[4:6] == ["Ada", "ada@example.org"]
    done = installed.run("registrations gmc.toml --format tsv --out all.tsv")
    assert done.out == "Wrote 1 registration to all.tsv.\n"
    assert installed.path("all.tsv").read_text("utf-8") == printed


def test_csv_is_a_format_like_any_other(installed):
    """`--csv` is short for it."""
    installed.run("import gmc.toml people.csv")
    assert installed.run("registrations gmc.toml --format csv") == installed.run(
        "registrations gmc.toml --csv"
    )


def test_a_format_that_nobody_offers(line):
    """The message says which there are, and no file is written."""
    line.people("Ada,ada@example.org,GB,1")
    line.run("import gmc.toml people.csv")
    one_message(line.run("registrations gmc.toml --format xlsx --out all.xlsx"), "'xlsx'", "csv")
    assert not line.path("all.xlsx").exists()
