"""URLs: what they may say, and what nobody is shown."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import traceback
from pathlib import Path

import psycopg
import pytest

from conferencekit.errors import (
    ConferenceKitError,
    NotOurFile,
    StoreError,
    StoreFull,
    StoreReadOnly,
    StoreUnavailable,
)
from conferencekit.ports import DumpedRow, Mark
from conferencekit.testing.store_samples import NOW, SECOND, Changes, put
from conferencekit_sqlalchemy import SQLAlchemyStore
from conferencekit_sqlalchemy.engines import meaning
from conferencekit_sqlalchemy.place import read_url

HUSH = "hu$h%2Fhu:sh"
BASE = f"postgresql+psycopg://ana:{HUSH}@127.0.0.1:1/gmc"


def all_told(error: BaseException) -> str:
    """Everything that a log would show."""
    return "".join(traceback.format_exception(error)) + str(error) + repr(error)


@pytest.mark.parametrize(
    "url",
    [
        BASE,
        f"{BASE}?sslpassword={HUSH}&sslmode=disable",
        f"postgresql+psycopg://127.0.0.1:1/gmc?password={HUSH}",
        f"{BASE}?schema=",
        f"{BASE}?schema={'x' * 57}",
        f"{BASE}?timeout=soon",
        f"{BASE}?timeout=-1",
        f"{BASE}?pool=0",
        f"{BASE}?upgrade=yes",
        f"{BASE}?no_such_option=1",
        f"postgresql+asyncpg://ana:{HUSH}@127.0.0.1/gmc",
        f"postgresql+psycopg://ana:{HUSH}@127.0.0.1:port/gmc",
        f"//ana:{HUSH}@127.0.0.1/gmc",
        f"postgresql+psycopg://ana:{HUSH}@[127.0.0.1/gmc",
    ],
)
def test_no_message_holds_a_password(url):
    """Whether the URL is wrong or the server is not there."""
    with pytest.raises(ConferenceKitError) as caught:
        SQLAlchemyStore.open(url).conferences()
    assert isinstance(caught.value, StoreUnavailable)
    for secret in (HUSH, "hu$h/hu:sh", "hu$h"):
        assert secret not in all_told(caught.value)
    assert "ana" in url or "password" in url


def test_a_wrong_password_is_not_told(url):
    """The server says no."""
    wrong = url.replace(":secret@", ":hush-hush@")
    with pytest.raises(StoreUnavailable, match="password authentication failed") as caught:
        SQLAlchemyStore.open(wrong).conferences()
    assert "hush-hush" not in all_told(caught.value)


def test_a_database_that_is_not_there_is_named(url):
    """And nothing is made."""
    with pytest.raises(StoreUnavailable, match='"nowhere" does not exist'):
        SQLAlchemyStore.open(url.replace("/conferencekit?", "/nowhere?")).conferences()


def test_no_secret_in_a_repr():
    """For those who print what they have."""
    assert "hu$h" not in repr(read_url(BASE))


@pytest.mark.parametrize("path", ["", ":memory:"])
def test_sqlite_needs_a_file(path):
    """Each connection would have a store of its own."""
    with pytest.raises(StoreUnavailable, match=r"sqlite\+pysqlite:///PATH"):
        SQLAlchemyStore.open(f"sqlite+pysqlite:///{path}")


def test_a_place_that_cannot_be_opened(tmp_path):
    """A directory, and a file in a directory that is not there."""
    for path in (tmp_path, tmp_path / "none" / "store.db"):
        with pytest.raises(StoreUnavailable, match="unable to open"):
            SQLAlchemyStore.open(f"sqlite+pysqlite:///{path}").conferences()


@pytest.mark.parametrize("path", ["a\0b", "half \ud800", "\udcff"])
@pytest.mark.parametrize("scheme", ["sqlite+pysqlite:///", "postgresql+psycopg://ana:hu$h@127.0.0.1:1/"])
def test_a_name_that_no_file_or_database_can_have(path, scheme):
    """Told before anybody is asked."""
    with pytest.raises(StoreUnavailable) as caught:
        SQLAlchemyStore.open(f"{scheme}{path}")
    assert "hu$h" not in all_told(caught.value)


@pytest.mark.parametrize(
    "call",
    [
        SQLAlchemyStore.conferences,
        SQLAlchemyStore.pending,
        SQLAlchemyStore.migrate,
        SQLAlchemyStore.make_views,
        lambda store: store.get("c", "person", ["ana"]),
        lambda store: store.find("c", "person", "i", "k"),
        lambda store: store.quotas("c", ["q"]),
        lambda store: list(store.dump("c")),
        lambda store: list(store.faults("c")),
        lambda store: list(store.faults(None)),
        lambda store: store.lease(1, now=NOW, until=NOW + SECOND),
        lambda store: store.settle([Mark("c", "n", 1, "sent")]),
        lambda store: store.commit([Changes()(put("ana"))]),
        lambda store: store.restore("c", [DumpedRow("seal", (1,), {})]),
    ],
)
@pytest.mark.parametrize("url", [BASE, "sqlite+pysqlite:////nowhere/at/all.db"])
def test_every_call_says_that_nobody_is_there(url, call):
    """In our words, whichever it is."""
    with pytest.raises(StoreUnavailable, match=r"refused|unable to open") as caught:
        call(SQLAlchemyStore.open(url))
    assert "hu$h" not in all_told(caught.value)


@pytest.mark.parametrize("kind", ["text", "pipe", "device", "folder"])
def test_what_is_no_file_of_ours(tmp_path, kind):
    """Left as it is."""
    path = tmp_path / "x"
    if kind == "text":
        path.write_text("hello " * 1000)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path = Path("/dev/full")
    if kind == "pipe" and hasattr(os, "mkfifo"):
        os.mkfifo(path)
    if not path.exists():
        pytest.skip("not on this system")
    for call in (SQLAlchemyStore.conferences, lambda store: store.commit([Changes()(put("ana"))])):
        with pytest.raises((StoreUnavailable, StoreFull, NotOurFile)):
            call(SQLAlchemyStore.open(f"sqlite+pysqlite:///{path}"))
    assert kind != "text" or path.read_text() == "hello " * 1000


def test_a_file_that_may_not_be_written(tmp_path, monkeypatch):
    """As SQLite says it."""
    place = read_url(f"sqlite+pysqlite:///{tmp_path}/store.db")
    error = sqlite3.OperationalError("attempt to write a readonly database")
    error.sqlite_errorcode = sqlite3.SQLITE_READONLY
    assert isinstance(meaning(error, place), StoreReadOnly)


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (psycopg.errors.DiskFull("no space"), "StoreFull"),
        (psycopg.errors.LockNotAvailable("busy"), "StoreBusy"),
        (psycopg.errors.QueryCanceled("too long"), "StoreBusy"),
        (psycopg.errors.ReadOnlySqlTransaction("a replica"), "StoreReadOnly"),
        (psycopg.OperationalError("session is read-only"), "StoreReadOnly"),
        (psycopg.errors.InsufficientPrivilege("no"), "StoreReadOnly"),
        (psycopg.errors.TooManyConnections("sorry"), "StoreUnavailable"),
        (psycopg.errors.InternalError_("hu$h/hu:sh"), "StoreUnavailable"),
    ],
)
def test_errors_of_the_server_have_a_meaning(error, name):
    """None of them reaches a caller."""
    found = meaning(error, read_url(BASE))
    assert isinstance(found, StoreError)
    assert type(found).__name__ == name
    assert "hu$h" not in str(found)


def test_looking_for_plugins_loads_no_sqlalchemy():
    """Every command does it, also where another store is used."""
    code = (
        "import sys, conferencekit_sqlalchemy as plugin\n"
        "from conferencekit.plugins import make_plugin_manager\n"
        "make_plugin_manager(plugin)\n"
        "assert 'sqlalchemy' not in sys.modules\n"
        "assert plugin.SQLAlchemyStore.open('sqlite+pysqlite:///x.db')\n"
        "assert 'sqlalchemy' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
