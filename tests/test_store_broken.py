"""The kit fails stores that break the contract, and says by which test; it lets a right one pass."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.store_broken import BROKEN, BROKEN_FILES

from conferencekit.adapters.memory import MemoryStore
from conferencekit.testing.disk import why_not
from conferencekit.testing.store_beside import run_batches
from conferencekit.testing.store_model import run_model

ROOT = Path(__file__).parent.parent
RACING = {"checks-then-inserts", "forgets-uniques"}
SEQUENTIAL = sorted(set(BROKEN) - RACING)


def check(url: str) -> tuple[int, dict]:
    """The exit code and the result of `conferencekit storage check`."""
    words = ["storage", "check", url, "--plugin", "tests.store_broken", "--kills", "3", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "conferencekit", *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=600,
        check=False,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*BROKEN, *BROKEN_FILES])
def test_a_broken_store_fails_by_the_test_of_what_it_breaks(name):
    """It is not fit, the exit code says so, and what else it does right is not held against it."""
    if name == "never-syncs" and (reason := why_not()):
        pytest.skip(reason)
    code, found = check(f"{name}:{{tmp}}/store")
    assert (code, found["fit"]) == (1, False)
    test = {**BROKEN, **BROKEN_FILES}[name][1].removeprefix("test_").replace("_", " ")
    assert test in found["failed"]
    assert "AttributeError" not in found["failed"][test]
    assert sum(found["passed"].values()) > 100
    if name == "never-syncs":  # killing processes does not show it: the system keeps what was written
        assert {each.partition("[")[0] for each in found["failed"]} == {"each commit is synced"}
        assert set(found["syncs_per_commit"].values()) <= {0.0}


@pytest.mark.parametrize("name", SEQUENTIAL)
def test_the_comparison_with_the_reference_catches_it_alone(tmp_path, name):
    """Random histories find every fault that does not need two threads."""
    with pytest.raises(AssertionError):
        run_model(lambda _: BROKEN[name][0](), tmp_path, examples=200, steps=30, shrink=False)


@pytest.mark.parametrize("name", SEQUENTIAL)
def test_random_batches_catch_it_alone(name):
    """As many as the suite commits by default, and they say where it was."""
    with pytest.raises(AssertionError) as caught:
        run_batches(BROKEN[name][0](), 2_000)
    assert any("batches" in note for note in caught.value.__notes__)


def test_the_comparison_with_the_reference_lets_a_right_store_pass(tmp_path):
    """The same histories and batches find nothing in the reference itself."""
    run_model(lambda _: MemoryStore(), tmp_path, examples=20, steps=20, shrink=False)
    run_batches(MemoryStore(), 500)
