"""The store suite fails stores that break the contract, and says by which test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.store_broken import BROKEN

from conferencekit.adapters.memory import MemoryStore
from conferencekit.testing.store_model import run_model

ROOT = Path(__file__).parent.parent


def failures(directory: Path, names: list[str], only: str) -> set[tuple[str, str]]:
    """(store, test) of the tests that fail when the suite runs on these stores."""
    lines = [
        f"Test{at} = store_suite({name + ':'!r}, plugins=[store_broken])" for at, name in enumerate(names)
    ]
    head = "from conferencekit.testing import store_suite\nfrom tests import store_broken\n\n"
    (directory / "test_broken.py").write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    options = ["-q", "-rf", "--tb=no", "-k", only, "-p", "no:cacheprovider", "-p", "no:xdist"]
    result = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(directory / "test_broken.py")],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    found = [line.split("::") for line in result.stdout.splitlines() if line.startswith("FAILED")]
    assert found, result.stdout + result.stderr
    return {
        (names[int(store.removeprefix("Test"))], test.split()[0].split("[")[0]) for _, store, test in found
    }


@pytest.fixture(scope="module")
def failed(tmp_path_factory) -> set[tuple[str, str]]:
    tests = " or ".join(test for _, test in BROKEN.values())
    return failures(tmp_path_factory.mktemp("broken"), list(BROKEN), tests)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_store_fails_the_test_of_what_it_breaks(failed, name):
    """Each broken store is caught by the test that names its fault."""
    assert (name, BROKEN[name][1]) in failed


@pytest.mark.parametrize("name", sorted(set(BROKEN) - {"checks-then-inserts", "forgets-uniques"}))
def test_the_comparison_with_the_reference_catches_it_alone(tmp_path, name):
    """Random histories find every fault that does not need two threads."""
    with pytest.raises(AssertionError):
        run_model(lambda _: BROKEN[name][0](), tmp_path, examples=200, steps=30, shrink=False)


def test_the_comparison_with_the_reference_lets_a_right_store_pass(tmp_path):
    """The same histories find nothing in the reference itself."""
    run_model(lambda _: MemoryStore(), tmp_path, examples=20, steps=20, shrink=False)
