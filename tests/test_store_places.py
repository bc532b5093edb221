"""What stands where a store is named: each is refused with the reason, nothing of it is changed, and nobody waits."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli_line import new_line, one_message

from conferencekit.adapters.sqlite import SQLiteStore
from conferencekit.errors import CommitInDoubt, NotOurFile, StoreError, StoreUnavailable, shown_url
from conferencekit.plugins import make_plugin_manager, open_store
from conferencekit.testing.store_samples import Changes, committed, put

line = pytest.fixture(new_line)


def database(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE song (title)")
    other.close()


def cut(path: Path) -> None:
    store = SQLiteStore(path)
    committed(store.commit([Changes()(put("ana"))]))
    store.close()
    path.with_name(f"{path.name}-lock").unlink()
    path.write_bytes(path.read_bytes()[:5000])


def pipe(path: Path) -> None:
    os.mkfifo(path)


PLACES = {
    "text": (lambda path: path.write_text("hello\n" * 99, encoding="utf-8"), "not an SQLite database"),
    "picture": (lambda path: path.write_bytes(b"\xff\xd8\xff\xe0" + b"JFIF" * 999), "not an SQLite database"),
    "header": (lambda path: path.write_bytes(b"SQLite format 3\0"), "not an SQLite database"),
    "database": (database, "of another program"),
    "half": (cut, "malformed"),
    "folder": (lambda path: path.mkdir(), "it is a directory"),
    "pipe": (pipe, "no regular file"),
}


def laid(name: str, path: Path) -> str:
    """Lay it there; the reason that is expected."""
    if sys.platform == "win32" and name == "pipe":
        pytest.skip("of POSIX")
    make, reason = PLACES[name]
    make(path)
    return reason


def listed(folder: Path) -> list[tuple[str, bytes]]:
    return [(each.name, each.read_bytes() if each.is_file() else b"") for each in sorted(folder.iterdir())]


@pytest.mark.parametrize("name", PLACES)
def test_what_is_no_store_is_left_alone(tmp_path, name):
    """Whatever is called first; nothing is written beside it either."""
    path = tmp_path / "gmc.db"
    reason = laid(name, path)
    before = listed(tmp_path)
    store = open_store(f"sqlite:///{path}", make_plugin_manager())
    calls = {
        "conferences": store.conferences,
        "get": lambda: store.get("c", "person", ["ana"]),
        "find": lambda: store.find("c", "person", "i", "k"),
        "quotas": lambda: store.quotas("c", ["q"]),
        "dump": lambda: list(store.dump("c")),
        "commit": lambda: store.commit([Changes()(put("ana"))]),
        "pending": store.pending,
    }
    for call in calls.values():
        with pytest.raises((StoreUnavailable, NotOurFile), match=reason):
            call()
    store.close()
    after = listed(tmp_path)
    if name == "half":
        # a store once: to look into it, SQLite begins a WAL, which Python 3.12 and newer leave there
        after = [each for each in after if not each[0].endswith(("-shm", "-wal"))]
    assert after == before


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
@pytest.mark.parametrize("target", ["link", "nowhere/gmc.db"])
def test_a_link_that_leads_nowhere(tmp_path, target):
    """To itself, or to where no folder is."""
    (tmp_path / "link").symlink_to(tmp_path / target)
    with pytest.raises(StoreUnavailable):
        open_store(f"sqlite:///{tmp_path}/link", make_plugin_manager()).conferences()


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize(
    "command",
    ["storage audit X", "storage backup X b", "storage copy X new.db", "registrations gmc.toml --store X"],
)
def test_a_command_says_it_in_one_line(line, name, command):
    """With the name of the file, and what to do."""
    reason = laid(name, line.path("wrong"))
    done = line.run(command.replace("X", "wrong"))
    one_message(done, "wrong", reason)
    assert not line.path("b").exists()
    assert not line.path("new.db").exists()


HOSTILE = {
    "sqlite:///": "write sqlite:///PATH",
    "sqlite://host/x.db": "write sqlite:///PATH",
    "sqlite:///nowhere/x.db": "nowhere/x.db",
    "memory:x": "no address but 'memory:'",
    "foo:bar": "No store is named 'foo'",
    "postgres://u:hush@127.0.0.1/x": "No store is named 'postgres'",
    "nowhere/x.db": "no such file",
    "x" * 300: "name too long",
}


@pytest.mark.parametrize("url", HOSTILE, ids=lambda url: url[:30])
def test_a_wrong_address_is_told_in_one_line(line, url):
    """And no password in it."""
    done = line.run(f"storage audit {url}")
    one_message(done, HOSTILE[url])
    assert "hush" not in done.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="of Linux")
@pytest.mark.parametrize("device", ["/dev/full", "/dev/null"])
def test_a_device_is_no_store(line, device):
    """SQLite would try."""
    one_message(line.run(f"storage audit {device}"), "no regular file")


@pytest.mark.parametrize("path", ["a\0b", "half \ud800"])
@pytest.mark.parametrize("scheme", ["sqlite:///", "memory:"])
def test_a_name_that_no_file_can_have(path, scheme):
    """Whichever store is asked."""
    with pytest.raises(StoreUnavailable, match="NUL|surrogate"):
        open_store(f"{scheme}{path}", make_plugin_manager())


@pytest.mark.skipif(os.name != "posix", reason="names of files are bytes there")
def test_a_name_that_is_no_text_is_a_name_all_the_same(tmp_path):
    """As POSIX has them."""
    path = os.fsdecode(os.fsencode(tmp_path) + b"/gmc \xff.db")
    try:
        Path(path).touch()
    except OSError:
        pytest.skip("this file system wants Unicode")
    store = open_store(f"sqlite:///{path}", make_plugin_manager())
    committed(store.commit([Changes()(put("ana"))]))
    store.close()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://ana:hush@host/1", "redis://ana:***@host/1"),
        ("redis://:hush@host", "redis://:***@host"),
        ("x://ana:hu/s?h@hush@host/1?a=b", "x://ana:***@host/1?a=b"),
        ("x://host/1?a=b&password=hush&c=d", "x://host/1?a=b&password=***&c=d"),
        ("x://host/1?sslpassword=hush", "x://host/1?sslpassword=***"),
        ("sqlite:////tmp/a:b@c.db", "sqlite:////tmp/a:b@c.db"),
        ("sqlite:///x.db?timeout=3", "sqlite:///x.db?timeout=3"),
    ],
)
def test_no_error_of_a_store_shows_a_password(url, shown):
    """Whoever raises it, and with whatever URL."""
    assert shown_url(url) == shown
    for kind in (StoreUnavailable, CommitInDoubt, NotOurFile):
        error: StoreError = kind(url, "because")
        assert shown in str(error)
        assert "hush" not in f"{error} {error!r} {error.args}"


@pytest.mark.skipif(sys.platform == "win32", reason="signals are of POSIX")
def test_nobody_waits_for_a_pipe(tmp_path):
    """Opening one would, until somebody writes."""
    os.mkfifo(tmp_path / "pipe")
    command = [sys.executable, "-m", "conferencekit", "storage", "audit", str(tmp_path / "pipe")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1 != -signal.SIGKILL
    assert "Traceback" not in done.stderr
