"""The scripts of `nox -s bench` run: so little is measured here that no figure means anything."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from conferencekit.testing.disk import why_not

pytestmark = pytest.mark.slow

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
CHEAP = ("batches", "threads", "processes", "growth")


def run(*options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCHMARKS / "run.py"), "--quick", *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def test_everything_cheap_is_measured_on_both_disks(tmp_path):
    """Every row has figures, raw wrote the same rows, nobody was lost, and the page gets the table."""
    page = tmp_path / "page.md"
    page.write_text("Before.\n\n<!-- figures: begin -->\nold\n<!-- figures: end -->\n\nAfter.\n")
    chosen = [each for name in CHEAP for each in ("--only", name)]
    done = run("--json", "--dir", tmp_path, "--markdown", page, *chosen)
    assert done.returncode == 0, done.stderr
    lines = json.loads(done.stdout)["lines"]
    assert {line["disk"] for line in lines} == ({"as it is"} if why_not() else {"as it is", "+ 4 ms"})
    assert all(line["ours"] is not None or line["note"] for line in lines)
    assert all(line["fsyncs"] > 0 for line in lines)
    assert all(line["fsyncs"] < 250 for line in lines if line["disk"] == "+ 4 ms")
    text = page.read_text()
    assert text.startswith("Before.\n\n<!-- figures: begin -->\n")
    assert text.endswith("<!-- figures: end -->\n\nAfter.\n")
    assert text.count("\n| SQLite") == sum(line["what"].startswith("SQLite") for line in lines)
    assert "old" not in text
    assert [path.name for path in tmp_path.iterdir()] == ["page.md"]


def test_every_subject_can_be_loaded():
    """Also those that take too long to run here."""
    code = "import importlib, run; [getattr(importlib.import_module(s.module), s.function) for s in run.SUBJECTS]"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=BENCHMARKS, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_page_without_a_place_for_the_table_is_left_alone(tmp_path, monkeypatch):
    """A page that somebody wrote is not replaced."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    page = tmp_path / "page.md"
    page.write_text("Written by hand.\n")
    with pytest.raises(SystemExit, match="no place for the table"):
        importlib.import_module("table").write_markdown(page, "Here", [])
    assert page.read_text() == "Written by hand.\n"


def test_an_unknown_name_is_refused():
    """The names that there are stand in the answer."""
    done = run("--only", "nothing")
    assert done.returncode == 2
    assert "'batches'" in done.stderr


def test_workers_end_when_one_fails(tmp_path, monkeypatch):
    """The error is told, and no process stays behind."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    for name in ("workers", "disks"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    workers, disks = importlib.import_module("workers"), importlib.import_module("disks")
    found = []

    def work():
        with workers.crew(disks.Disk("here", tmp_path), "probe", "probing", [{}] * 2) as crew:
            found.extend(crew.processes)
            crew.each(seconds="no number")

    with pytest.raises(RuntimeError, match="a worker ended with 1"):
        work()
    assert len(found) == 2
    assert all(process.returncode is not None for process in found)


def test_an_import_is_measured_by_the_command_itself(tmp_path):
    """Its speed, its CPU, and its memory beside that of a smaller file, where the system tells it."""
    done = run("--json", "--dir", tmp_path, "--only", "bulk")
    assert done.returncode == 0, done.stderr
    lines = json.loads(done.stdout)["lines"]
    assert "2,000 rows" in lines[0]["what"]
    assert all(line["ours"] > 0 for line in lines)


def test_calendars_are_measured_beside_icalendar(tmp_path):
    """Zones of which no hour is wrong, a plan, and bytes that were read back."""
    done = run("--json", "--dir", tmp_path, "--only", "calendars")
    assert done.returncode == 0, done.stderr
    zones, plan, octets = json.loads(done.stdout)["lines"]
    assert zones["what"].startswith("VTIMEZONE of 11 zones for 3 years, no hour wrong")
    assert zones["ratio"] < 1 > octets["ratio"]
    assert plan["ours"] > 0


def test_a_feed_is_measured_beside_icalendar(tmp_path):
    """Cold, with one session moved and unchanged; both wrote the same events. And what a request costs a host."""
    done = run("--json", "--dir", tmp_path, "--only", "feeds")
    assert done.returncode == 0, done.stderr
    *lines, known, own = json.loads(done.stdout)["lines"]
    assert [line["what"].split(", ")[1] for line in lines] == ["cold", "one changed", "unchanged"]
    assert all(line["ours"] > 0 and line["beside"] > 0 for line in lines)
    assert known["ours"] > 0 < own["ours"]


def test_replies_are_read_by_both_and_alike(tmp_path):
    """The benchmark stops where ours reads something else than icalendar."""
    done = run("--json", "--dir", tmp_path, "--only", "replies")
    assert done.returncode == 0, done.stderr
    (line,) = json.loads(done.stdout)["lines"]
    assert line["ours"] > line["beside"] > 0
