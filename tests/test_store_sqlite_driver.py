"""Which SQLite is taken, and what is said of an old one."""

from __future__ import annotations

import subprocess
import sys
import types
import warnings

import pytest

from conferencekit.adapters import sqlite_driver
from conferencekit.adapters.sqlite import SQLiteStore
from conferencekit.errors import OldSQLite


@pytest.fixture
def linked(monkeypatch):
    """A process that has not warned yet, and links this version."""

    def link(*version: int) -> None:
        text = ".".join(map(str, version))
        driver = types.SimpleNamespace(sqlite_version_info=version, sqlite_version=text)
        monkeypatch.setattr(sqlite_driver, "sqlite3", driver)
        monkeypatch.setattr(sqlite_driver, "_warned", [])

    return link


@pytest.mark.parametrize(
    ("version", "is_old"), [((3, 40, 1), True), ((3, 51, 2), True), ((3, 51, 3), False), ((3, 53, 4), False)]
)
def test_an_old_sqlite_is_warned_of_once_at_the_first_opening(tmp_path, linked, version, is_old):
    """With its version, what can happen, and the remedy; not where the store is only named."""
    linked(*version)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        for name in ("a.db", "b.db"):
            store = SQLiteStore(tmp_path / name)
            assert len(heard) == (is_old and name == "b.db")
            store.conferences()
            store.close()
    assert [each.category for each in heard] == [OldSQLite] * is_old
    for each in heard:
        assert f"SQLite {sqlite_driver.sqlite3.sqlite_version} is linked" in str(each.message)
        assert "pip install 'conferencekit[sqlite]'" in str(each.message)


def test_a_host_hears_of_it_and_the_command_line_is_silent(tmp_path):
    """Unless it asks by `storage audit`."""
    code = f"""
from conferencekit.adapters import sqlite_driver
sqlite_driver.WHOLE_SINCE = (99,)
from conferencekit.adapters.sqlite import SQLiteStore
from conferencekit.cli import main
import sys
path = {str(tmp_path / "a.db")!r}
if sys.argv[1:]:
    SQLiteStore(path).conferences()
else:
    raise SystemExit(main(["storage", "audit", path]))
"""
    host, audit = [
        subprocess.run([sys.executable, "-c", code, *more], capture_output=True, text=True, check=True)
        for more in (["host"], [])
    ]
    assert "OldSQLite: SQLite" in host.stderr
    assert (audit.stderr, "can damage a file" in audit.stdout) == ("", True)


def test_the_newer_of_two_is_taken_if_its_errors_say_what_went_wrong(monkeypatch):
    """A package that hides the codes would make a full disk look like a busy file."""

    def package(version: tuple[int, ...], **more: object) -> types.ModuleType:
        found = types.ModuleType("pysqlite3")
        found.dbapi2 = types.SimpleNamespace(
            sqlite_version_info=version, connect=sqlite_driver.standard.connect, Error=Exception, **more
        )
        return found

    newer, older = package((99, 0, 0)), package((3, 1, 0))
    mute = package((99, 0, 0))
    mute.dbapi2.connect = lambda _: types.SimpleNamespace(execute=int, close=lambda: None)
    mute.dbapi2.Error = ValueError
    for module, taken in (
        (newer, newer.dbapi2),
        (older, sqlite_driver.standard),
        (mute, sqlite_driver.standard),
    ):
        monkeypatch.setitem(sys.modules, "pysqlite3", module)
        assert sqlite_driver._newest() is taken
    monkeypatch.setitem(sys.modules, "pysqlite3", None)
    assert sqlite_driver._newest() is sqlite_driver.standard
