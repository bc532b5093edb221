"""The kit fails stores that break the contract, and says by which test; it lets a right one pass."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.store_broken import BROKEN, BROKEN_FILES, NeverSyncs

from conferencekit.adapters.memory import MemoryStore
from conferencekit.ports import Committed
from conferencekit.testing.disk import why_not
from conferencekit.testing.store_beside import run_batches
from conferencekit.testing.store_model import run_model
from conferencekit.testing.store_samples import change

ROOT = Path(__file__).parent.parent
ALL = {**BROKEN, **BROKEN_FILES}
RACING = {"checks-then-inserts", "forgets-uniques"}
SEQUENTIAL = sorted(set(BROKEN) - RACING)


def run(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Another process that can import these tests."""
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=600,
        check=False,
    )


def by_name(test: str) -> str:
    """The name of a test without its parameters, and without what follows in a report."""
    return test.split(maxsplit=1)[0].partition("[")[0]


@pytest.fixture(scope="module")
def failed(tmp_path_factory) -> dict[tuple[str, str], str]:
    """(store, test) -> why it failed, of the tests that are named after a fault, run on every broken store."""
    names = list(ALL)
    lines = [
        f"Test{at} = store_suite({f'{name}:{{tmp}}/store'!r}, plugins=[store_broken], kills=2)"
        for at, name in enumerate(names)
    ]
    head = "from conferencekit.testing import store_suite\nfrom tests import store_broken\n\n"
    place = tmp_path_factory.mktemp("broken")
    (place / "test_broken.py").write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    only = " or ".join({by_name(test) for _, test in ALL.values()})
    options = ["-q", "-rf", "--tb=no", "-k", only, "-p", "no:cacheprovider", "-p", "no:xdist"]
    done = run("pytest", *options, str(place / "test_broken.py"), cwd=place)
    found = [line.split("::") for line in done.stdout.splitlines() if line.startswith("FAILED")]
    assert found, done.stdout + done.stderr
    return {(names[int(store.removeprefix("Test"))], by_name(test)): test for _, store, test in found}


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_a_broken_store_fails_the_test_of_what_it_breaks(failed, name):
    """Each is caught by the test that names its fault, and for no other reason than that."""
    if name == "never-syncs" and (reason := why_not()):
        pytest.skip(reason)
    assert (name, by_name(ALL[name][1])) in failed
    assert "AttributeError" not in failed[name, by_name(ALL[name][1])]


@pytest.mark.slow
def test_a_check_of_a_broken_store_finds_it_unfit():
    """The exit code says so too, and what else it does right is not held against it."""
    name = "checks-then-inserts" if why_not() else "never-syncs"
    words = ["storage", "check", f"{name}:{{tmp}}/store", "--plugin", "tests.store_broken", "--kills", "3"]
    done = run("conferencekit", *words, "--json")
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    assert (done.returncode, found["fit"]) == (1, False)
    assert ALL[name][1].removeprefix("test_").replace("_", " ") in found["failed"]
    assert sum(found["passed"].values()) > 100
    if name == "never-syncs":  # killing processes does not show it: the system keeps what was written
        assert {each.partition("[")[0] for each in found["failed"]} == {"each commit is synced"}, found[
            "failed"
        ]
        assert set(found["syncs_per_commit"].values()) <= {0.0}


def test_a_store_that_never_syncs_survives_a_kill_within_a_line(tmp_path):
    """That is all that is wrong with it: what it was writing when it was killed spoils nothing that comes after."""
    path = tmp_path / "store"
    for name in ("first", "second", "third"):
        store = NeverSyncs(path)
        assert isinstance(store.commit([change("x", name)])[0], Committed)
        store.close()
        path.write_bytes(path.read_bytes() + b'{"commit": [{"half')
    page, _ = NeverSyncs(path).find("x", "~entry", "all", "", limit=10)
    assert [each.id for each in page] == ["first", "second", "third"]


@pytest.mark.slow
@pytest.mark.parametrize("name", SEQUENTIAL)
def test_the_comparison_with_the_reference_catches_it_alone(tmp_path, name):
    """Random histories find every fault that does not need two threads."""
    with pytest.raises(AssertionError):
        run_model(lambda _: BROKEN[name][0](), tmp_path, examples=2000, steps=30, shrink=False)


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
