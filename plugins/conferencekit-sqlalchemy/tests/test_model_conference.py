"""The model conference, all of it, moves from SQLite to PostgreSQL and back."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from conferencekit.adapters.sqlite import SQLiteStore
from conferencekit.ports import Limit
from conferencekit.store import digest_of
from conferencekit.store.audit import audit
from conferencekit.testing.postgresql import shared_server
from conferencekit.testing.store_samples import CONFERENCE, Changes, committed, put
from conferencekit_sqlalchemy import SQLAlchemyStore
from conftest import connect


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "conferencekit", *map(str, arguments)]


def run(*arguments: object) -> list[dict]:
    """A command's answer."""
    done = subprocess.run(
        command(*arguments, "--json"), capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> Path:
    """The demonstration: from the letter to the good practices, with its log sealed."""
    out = tmp_path_factory.mktemp("demo") / "out"
    run("demo", "--fixed", "--out", out)
    return out


@pytest.fixture
def first(told, tmp_path) -> Path:
    """A copy of its store, for a test of its own."""
    path = tmp_path / "gmc2020.db"
    shutil.copyfile(told / "gmc2020.db", path)
    return path


@pytest.mark.parametrize("engine", ["postgresql", "sqlite"])
def test_the_model_conference_moves_there_and_back(first, tmp_path, engine):
    """Equal digests and a clean audit at each; the log verifies, receipts hold, and nobody is owed another mail."""
    middle = (
        shared_server().url_for(tmp_path) if engine == "postgresql" else f"sqlite+pysqlite:///{tmp_path}/m.db"
    )
    last = tmp_path / "last.db"
    (there,) = run("storage", "copy", first, middle)
    (back,) = run("storage", "copy", middle, last)
    assert there["digest"] == back["digest"]
    assert there["written"] == back["written"] > 1_000
    for each in (first, middle, last):
        assert run("storage", "audit", each) == [{"conference": "gmc2020", "differences": []}]
    stores = [SQLiteStore(first), SQLAlchemyStore(middle), SQLiteStore(last)]
    assert {digest_of(store.dump("gmc2020")) for store in stores} == {there["digest"]}
    for index, key in (("state", "queued"), ("state", "held"), ("state", "failed")):
        found = [store.find("gmc2020", "~notice", index, key)[0] for store in stores]
        assert found[0] == found[1] == found[2]
    for store in stores:
        store.close()


def test_a_backup_of_it_in_postgresql_comes_back_in_sqlite(first, url, tmp_path):
    """As text between two engines."""
    (there,) = run("storage", "copy", first, url)
    run("storage", "backup", url, tmp_path / "gmc.backup")
    (restored,) = run("storage", "restore", tmp_path / "gmc.backup", tmp_path / "again.db")
    assert restored["digest"] == there["digest"]


def rows_in(url: str) -> int:
    """How many records are there by now."""
    try:
        with connect(url) as beside:
            return beside.execute("SELECT count(*) FROM record").fetchone()[0]
    except psycopg.errors.UndefinedTable:
        return 0


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is of POSIX")
@pytest.mark.slow
def test_a_copy_goes_on_after_every_kill(url, tmp_path):
    """Into PostgreSQL and out of it: each kill leaves whole pieces, and the last run says that both are equal."""
    source, target = tmp_path / "a.db", tmp_path / "b.db"
    changes = Changes()
    with closing(SQLiteStore(source)) as store:
        committed(store.commit([changes(Limit(quota="q", capacity=None))]))
        for begin in range(0, 9_000, 900):
            people = [
                put(f"p{begin + each}", takes={"q": 1}, uniques={"a": str(begin + each)})
                for each in range(900)
            ]
            committed(store.commit([changes(*people)]))
    seen = []
    for _ in range(4):
        before, copy = rows_in(url), subprocess.Popen(command("storage", "copy", source, url))
        until = time.monotonic() + 60
        while copy.poll() is None and time.monotonic() < until and rows_in(url) <= before:
            time.sleep(0.002)
        kill(copy)
        seen.append(rows_in(url))
    assert any(0 < rows < 9_000 for rows in seen)
    (there,) = run("storage", "copy", source, url)
    for pause in (0.6, 0.9, 1.2):
        copy = subprocess.Popen(command("storage", "copy", url, target))
        time.sleep(pause)
        kill(copy)
    (back,) = run("storage", "copy", url, target)
    assert there["digest"] == back["digest"]
    for store in (SQLAlchemyStore(url), SQLiteStore(target)):
        assert list(audit(store, CONFERENCE)) == list(store.faults(None)) == []
        store.close()


def kill(process: subprocess.Popen) -> None:
    """As a loss of power would."""
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
