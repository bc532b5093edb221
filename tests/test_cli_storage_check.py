"""`conferencekit storage check`: the report is right about a store that keeps the contract, and about one that does not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.cli_line import new_line, one_message

from conferencekit.testing.store_report import AREAS, Area, StoreReport, without_secrets
from conferencekit.testing.store_report_page import capability_rows, html_of, why_failed
from conferencekit.testing.store_speed import Speed

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
    assert "Fit to hold registrations: <span>yes</span>" in page
    assert "src=" not in page
    assert "href=" not in page


def test_what_cannot_be_checked(line):
    one_message(line.run("storage check sqlite:///a.db"), "sqlite:///a.db", "{tmp}", "an empty store")
    one_message(line.run("storage check redis://{tmp}"), "'redis'")
    one_message(line.run("storage check memory:{tmp}"), "memory:")
    one_message(
        line.run("storage check sqlite:///{tmp}/a.db --plugin no.such"), "no.such", "cannot be imported"
    )
    one_message(line.run("storage check sqlite:///{tmp}/a.db --report no/such/page"), "no/such/page")
    assert line.run("storage check sqlite:///{tmp}/a.db --kills 0").code == 2


def report(**more: Any) -> StoreReport:
    told = {
        "url": "sqlite:///{tmp}/a.db", "about": {}, "areas": [], "claimed": {}, "proven": (), "gaps": {}, "unproven": (),
        "is_fit": False, "syncs": {}, "speed": Speed(1, 2, 3, 4, 5, 6, 7), "seconds": 1,
    }  # fmt: skip
    return StoreReport(**{**told, **more})


def test_the_page_escapes_what_a_store_says():
    """Whatever comes from a store or a test is text."""
    hostile = "<script>alert(1)</script>"
    area = Area("commits", 1, [(hostile, hostile)], [(hostile, hostile)])
    page = html_of(
        report(
            url=hostile,
            about={"by": hostile},
            areas=[area],
            claimed={hostile: hostile, "hosts": ""},
            proven=(hostile,),
            gaps={hostile: [(hostile, hostile)]},
        )
    )
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 9


def test_what_was_not_proven_is_said():
    """What is claimed and failed, what one machine cannot prove, and what could not be tested here."""
    gaps = [
        ("each commit is synced[one by one]", "no compiler; so not proven"),
        ("slow syncs", "no compiler; so not proven"),
    ]
    claimed = {"durable": "synced", "processes": "a lock", "hosts": ""}
    rows = list(
        capability_rows(
            report(claimed=claimed, proven=("durable",), gaps={"durable": gaps}, unproven=("exclusive",))
        )
    )
    assert rows == [
        ("durable", "claimed and proven", "synced"),
        ("", "not proven: each commit is synced, slow syncs", "no compiler"),
        ("processes", "claimed and NOT proven", "a lock"),
        ("hosts", "claimed; one machine cannot prove it", ""),
        ("exclusive", "not claimed and so not proven", ""),
    ]


def test_a_failure_is_told_by_what_was_compared():
    """Else by where it was."""
    assert (
        why_failed(">   assert a == b\nE   assert 1 == 2\nE    +  where\nfile.py:1: AssertionError")
        == "assert 1 == 2"
    )
    assert why_failed("file.py:1: AssertionError") == "file.py:1: AssertionError"


def test_no_password_stands_in_a_report():
    """Nor in what its tests say about it."""
    url = "postgresql+psycopg://me:s3cret@127.0.0.1:1/db?schema={name}"
    assert (
        without_secrets(url, "Case(url='postgresql+psycopg://me:s3cret@...')")
        == "Case(url='postgresql+psycopg://me:***@...')"
    )


def test_every_contract_has_a_line_in_the_report():
    from conferencekit.testing.store_contract import _StoreSuite

    contracts = {each.__name__ for each in _StoreSuite.__mro__ if each is not object}
    assert contracts == set(AREAS)
