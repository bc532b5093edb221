"""`conferencekit storage check`: the report is right about a store that keeps the contract, and about one that does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli_line import new_line, one_message

from conferencekit.testing.store_page import html_of
from conferencekit.testing.store_report import AREAS, Area, Speed, StoreReport

ROOT = Path(__file__).parent.parent
line = pytest.fixture(new_line)


def check(*words: str) -> subprocess.CompletedProcess[str]:
    """Run it as a process of its own: it runs pytest."""
    command = [sys.executable, "-m", "conferencekit", "storage", "check", *words]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", check=False, env=env, cwd=ROOT
    )


@pytest.mark.slow
def test_a_store_that_keeps_the_contract(tmp_path):
    done = check("sqlite:///{tmp}/a.db", "--kills", "2", "--report", str(tmp_path / "report.html"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.rstrip().endswith("Fit to hold registrations: yes")
    assert "durable     claimed and proven" in done.stdout
    assert "hosts       not claimed and so not proven" in done.stdout
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert 'Fit to hold registrations: <span class="yes">yes</span>' in page
    assert "src=" not in page
    assert "href=" not in page


@pytest.mark.slow
def test_a_store_that_breaks_the_contract():
    done = check("merges-uniques:{tmp}", "--plugin", "tests.store_broken", "--kills", "1", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 1
    assert found["fit"] is False
    assert found["unproven"] == ["durable", "exclusive", "hosts", "processes"]
    assert any("unique" in name for name in found["failed"])


def test_what_cannot_be_checked(line):
    one_message(line.run("storage check sqlite:///a.db"), "sqlite:///a.db", "{tmp}", "an empty store")
    one_message(line.run("storage check redis://{tmp}"), "'redis'")
    one_message(line.run("storage check memory:{tmp}"), "memory:")
    one_message(
        line.run("storage check sqlite:///{tmp}/a.db --plugin no.such"), "no.such", "cannot be imported"
    )
    one_message(line.run("storage check sqlite:///{tmp}/a.db --report no/such/page"), "no/such/page")
    assert line.run("storage check sqlite:///{tmp}/a.db --kills 0").code == 2


def test_the_page_escapes_what_a_store_says():
    hostile = "<script>alert(1)</script>"
    area = Area("commits", 1, [(hostile, hostile)], [(hostile, hostile)])
    report = StoreReport(
        url=hostile,
        areas=[area],
        claimed={hostile: hostile, "hosts": ""},
        proven=(),
        unproven=("durable",),
        is_fit=False,
        speed=Speed(1, 2, 3, 4, 5),
        seconds=1,
    )
    page = html_of(report)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 6
    assert "claimed; one machine cannot prove it" in page
    assert "claimed and NOT proven" in page


def test_every_contract_has_a_line_in_the_report():
    from conferencekit.testing.store_contract import _StoreSuite

    contracts = {each.__name__ for each in _StoreSuite.__mro__ if each is not object}
    assert contracts == set(AREAS)
