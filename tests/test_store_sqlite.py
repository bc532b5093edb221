"""SQLite's own part: files that are not ours, faults of the disk, locks, schemas, the walls in SQL."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from conferencekit.adapters import sqlite as adapter
from conferencekit.adapters import sqlite_rows, sqlite_schema
from conferencekit.adapters.file_lock import FileLock
from conferencekit.adapters.sqlite import SQLiteStore
from conferencekit.adapters.sqlite_driver import sqlite3
from conferencekit.adapters.sqlite_schema import APPLICATION, SCHEMA, Upgrade
from conferencekit.errors import (
    CommitInDoubt,
    NotOurFile,
    SchemaTooNew,
    SchemaTooOld,
    StoreBusy,
    StoreFull,
    StoreReadOnly,
    StoreUnavailable,
)
from conferencekit.ports import Committed, Limit, Mark
from conferencekit.store import State
from conferencekit.testing.store_beside import STATES, Script
from conferencekit.testing.store_samples import CONFERENCE, NOW, SECOND, change, committed, notice, put, read


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "conferences.db"


@pytest.fixture
def store(path):
    store = SQLiteStore(path, timeout=0.3)
    yield store
    store.close()


@pytest.fixture
def raw(store, path):
    """Another program with the file open."""
    store.conferences()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=0.1)) as connection:
        yield connection


# -- opening


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("sqlite:///a.db", "a.db"),
        ("sqlite:///sub/a b%20é.db", "sub/a b%20é.db"),
        ("sqlite:////tmp/a.db", "/tmp/a.db"),
        ("sqlite:///a.db?timeout=0.5", "a.db"),
    ],
)
def test_a_url_names_a_file(url, place):
    """Three slashes and the path as it is, relative or absolute."""
    assert SQLiteStore.open(url)._place.path == Path(os.path.realpath(place))


@pytest.mark.parametrize(
    "url", ["sqlite:", "sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite://a.db", "postgresql:///a"]
)
def test_a_url_without_a_file_is_refused(url):
    """The message says how to write it."""
    with pytest.raises(StoreUnavailable, match="sqlite:///PATH"):
        SQLiteStore.open(url)


@pytest.mark.parametrize(
    "options", ["timeout", "timeout=x", "timeout=-1", "timeout=nan", "timeout=9e9", "mode=ro"]
)
def test_unknown_options_are_refused(options):
    """The message names the option that there is."""
    with pytest.raises(StoreUnavailable, match=r"\?timeout=SECONDS"):
        SQLiteStore.open(f"sqlite:///a.db?{options}")


def test_opening_is_lazy(path):
    """A store that was not used leaves nothing behind."""
    store = SQLiteStore(path)
    assert "durable" in store.capabilities
    store.close()
    assert list(path.parent.iterdir()) == []


def test_a_path_with_odd_characters_is_taken_as_it_is(tmp_path):
    """Percent signs, spaces, hashes and question marks mean nothing in a path."""
    place = tmp_path / "a%20b #c?d é.db"
    store = SQLiteStore(place)
    committed(store.commit([change(CONFERENCE, "e")]))
    store.close()
    assert place.exists()


def test_closing_leaves_one_file_and_its_lock(store, path):
    """Nothing waits in a WAL after the last close: the file can be copied."""
    committed(store.commit([change(CONFERENCE, "e")]))
    store.close()
    assert sorted(each.name for each in path.parent.iterdir()) == ["conferences.db", "conferences.db-lock"]
    copy = path.with_name("copy.db")
    shutil.copy(path, copy)
    again = SQLiteStore(copy)
    assert again.conferences() == [CONFERENCE]
    again.close()


def test_a_missing_directory_is_named(tmp_path):
    """It is not made: a typo must not begin a new store."""
    store = SQLiteStore(tmp_path / "none" / "a.db")
    with pytest.raises(StoreUnavailable, match="none' does not exist"):
        store.conferences()
    with pytest.raises(StoreUnavailable, match="is a directory"):
        SQLiteStore(tmp_path).conferences()


@pytest.mark.parametrize(
    "content", [b"a", b"title = 'Global MOOC Conference'\n" * 20, b"SQLite format 3\0", b"\0" * 4096]
)
def test_another_kind_of_file_is_left_alone(path, content):
    """It is neither changed nor locked."""
    path.write_bytes(content)
    store = SQLiteStore(path)
    for call in (store.conferences, lambda: store.commit([change(CONFERENCE, "e")])):
        with pytest.raises(NotOurFile, match="not an SQLite database"):
            call()
    assert path.read_bytes() == content
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_the_database_of_another_program_is_left_alone(path):
    """It is known by its application id."""
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA application_id = 252006674")
        other.execute("CREATE TABLE record (id TEXT)")
    before = path.read_bytes()
    with pytest.raises(NotOurFile, match="application id 252006674"):
        SQLiteStore(path).conferences()
    assert path.read_bytes() == before


def test_an_empty_file_becomes_a_store(path):
    """So that a host can make it with the rights that it wants."""
    path.touch()
    store = SQLiteStore(path)
    committed(store.commit([change(CONFERENCE, "e")]))
    store.close()


def test_a_newer_schema_is_refused(path, store):
    """Nothing is read from a layout that this version does not know."""
    committed(store.commit([change(CONFERENCE, "e")]))
    store.close()
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version = 99")
    with pytest.raises(SchemaTooNew, match="has schema 99, and this version knows up to 1") as raised:
        SQLiteStore(path).conferences()
    assert (raised.value.found, raised.value.known) == (99, SCHEMA)


@pytest.fixture
def newer(monkeypatch):
    """A version of this library that knows two schemas more."""

    def know(*steps: list[str]) -> None:
        upgrades = {SCHEMA + number: Upgrade(f"step {number}", step) for number, step in enumerate(steps)}
        monkeypatch.setattr(sqlite_schema, "UPGRADES", upgrades)
        monkeypatch.setattr(sqlite_schema, "SCHEMA", SCHEMA + len(steps))

    return know


def test_an_older_schema_is_migrated_when_asked_for(path, store, newer):
    """Opening changes nothing; migrating takes each step, all or nothing, and what the file holds stays."""
    committed(store.commit([change(CONFERENCE, "e", put("ana"))]))
    store.close()
    newer(["ALTER TABLE entry ADD COLUMN witness TEXT"], ["CREATE TABLE witness (id TEXT)"])
    with contextlib.closing(SQLiteStore(path)) as later:
        with pytest.raises(SchemaTooOld, match="conferencekit storage migrate") as raised:
            later.conferences()
        assert (raised.value.found, raised.value.known) == (SCHEMA, SCHEMA + 2)
        assert later.pending() == ["schema 1 to 2: step 0", "schema 2 to 3: step 1"]
        later.migrate()
        assert later.pending() == []
        assert later.conferences() == [CONFERENCE]
        later.migrate()
    with contextlib.closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT id, witness FROM entry").fetchall() == [("e", None)]
        assert raw.execute("SELECT count(*) FROM witness").fetchone() == (0,)


def test_a_step_that_fails_leaves_the_older_schema(path, store, newer):
    """The steps before it stay done, and it can be tried again."""
    store.conferences()
    store.close()
    newer(["CREATE TABLE one (id)"], ["CREATE TABLE two (id)", "CREATE TABLE one (id)"])
    with contextlib.closing(SQLiteStore(path)) as later:
        with pytest.raises(StoreUnavailable, match="one already exists"):
            later.migrate()
        assert later.pending() == ["schema 2 to 3: step 1"]
    with contextlib.closing(sqlite3.connect(path)) as raw:
        tables = {name for (name,) in raw.execute("SELECT name FROM sqlite_master")}
    assert "one" in tables
    assert "two" not in tables


def test_every_schema_that_was_can_be_brought_forward():
    """The steps are kept."""
    assert set(sqlite_schema.UPGRADES) == set(range(1, SCHEMA))


def test_nothing_to_migrate(path, store):
    """No file, and one of this version."""
    assert store.pending() == []
    store.migrate()
    assert not path.exists()
    store.conferences()
    assert store.pending() == []


def test_a_schema_that_never_was_cannot_be_migrated(path, store):
    store.conferences()
    store.close()
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version = 0")
    with contextlib.closing(SQLiteStore(path)) as here:
        with pytest.raises(SchemaTooOld):
            here.conferences()
        with pytest.raises(NotOurFile, match="had a schema 0"):
            here.migrate()


def test_a_newer_schema_cannot_be_migrated(path, store):
    store.conferences()
    store.close()
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version = 99")
    with contextlib.closing(SQLiteStore(path)) as here, pytest.raises(SchemaTooNew):
        here.pending()


def test_the_file_says_what_it_is(path, store):
    """Tools such as `file` can tell by the header."""
    store.conferences()
    assert int.from_bytes(path.read_bytes()[68:72]) == APPLICATION


def test_settings_that_keep_what_was_committed(store):
    """WAL and a sync at every commit, on both connections."""
    store.conferences()
    for connection in (store._session._writer, store._session._reader):
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_many_threads_may_open_it_first(path):
    """The file is laid out once."""
    stores = [SQLiteStore(path) for _ in range(6)]
    threads = [
        threading.Thread(target=each.commit, args=([change(CONFERENCE, f"e{at}")],))
        for at, each in enumerate(stores)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stores[0].find(CONFERENCE, "~entry", "all", "")[0]) == 6
    for each in stores:
        each.close()


@pytest.mark.skipif(os.name != "posix", reason="POSIX drops all locks on a file at any close of it")
def test_a_second_look_at_the_file_leaves_the_locks_of_the_first(path, store):
    """Else another process that closes takes itself for the last one, and removes the WAL that is in use."""
    committed(store.commit([change(CONFERENCE, "one")]))
    assert store.pending() == []
    second = SQLiteStore(path)
    second.conferences()
    second.close()
    _elsewhere(path, "store.conferences()")
    assert path.with_name(f"{path.name}-wal").exists()
    committed(store.commit([change(CONFERENCE, "two")]))
    assert _elsewhere(path, f"store.find({CONFERENCE!r}, '~entry', 'all', '')[0]").count("Record(") == 2


def _elsewhere(path: Path, expression: str) -> str:
    """What another process answers that opens the store and closes it."""
    code = "import sys; from conferencekit.adapters.sqlite import SQLiteStore; store = SQLiteStore(sys.argv[1]); "
    argv = [sys.executable, "-c", f"{code}print({expression}); store.close()", str(path)]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def test_a_file_that_a_checkpoint_left_short_is_made_up_for_by_its_wal(tmp_path, path, store):
    """The power may go when the header is written and the last page is not."""
    committed(store.commit([change(CONFERENCE, "e", put("ana"), notice("n"))]))
    half = tmp_path / "half.db"
    shutil.copy(path, half)
    shutil.copy(f"{path}-wal", f"{half}-wal")
    os.truncate(half, half.stat().st_size - 4096)
    with contextlib.closing(SQLiteStore(half)) as later:
        assert later.pending() == []
        assert read(later, "ana") is not None


# -- faults


def test_another_writer_makes_it_busy(store, raw):
    """Also a program that knows nothing of our lock file."""
    raw.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy, match=r"locked for 0\.3 s; nothing was applied"):
        store.commit([change(CONFERENCE, "e")])
    assert store.conferences() == []
    raw.execute("ROLLBACK")
    committed(store.commit([change(CONFERENCE, "e")]))


def test_a_held_lock_makes_it_busy(store, path):
    """Reading goes on."""
    store.conferences()
    lock = FileLock(path.with_name(f"{path.name}-lock"))
    assert lock.acquire(1)
    with pytest.raises(StoreBusy):
        store.commit([change(CONFERENCE, "e")])
    with pytest.raises(StoreBusy):
        store.lease(1, now=NOW, until=NOW + SECOND)
    assert store.conferences() == []
    lock.close()
    committed(store.commit([change(CONFERENCE, "e")]))


def test_a_full_disk_applies_nothing(store):
    """The next commit that fits goes through."""
    committed(store.commit([change(CONFERENCE, "e", put("ana"))]))
    writer = store._session._writer
    pages = writer.execute("PRAGMA page_count").fetchone()[0]
    writer.execute(f"PRAGMA max_page_count = {pages}")
    large = change(CONFERENCE, "large", put("bea", body={"text": "x" * 100_000}))
    with pytest.raises(StoreFull, match="no room left"):
        store.commit([change(CONFERENCE, "small"), large])
    assert read(store, "bea") is None
    assert store.get(CONFERENCE, "~entry", ["small"]) == {}
    writer.execute("PRAGMA max_page_count = 1000000")
    committed(store.commit([large]))


@pytest.mark.skipif(os.name != "posix", reason="file size limits are POSIX's")
def test_a_failure_within_commit_is_in_doubt(store):
    """Repeating the batch converges, whatever became of it."""
    import resource

    committed(store.commit([change(CONFERENCE, "e", Limit(quota="q", capacity=None))]))
    batch = [
        change(CONFERENCE, "large", put("ana", body={"text": "x" * 300_000}, takes={"q": 1}), notice("n"))
    ]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        with pytest.raises(CommitInDoubt, match="Repeat the same batch"):
            store.commit(batch)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    (outcome,) = store.commit(batch)
    assert isinstance(outcome, Committed)
    assert store.quotas(CONFERENCE, ["q"]) == {"q": (1, None)}
    assert store.commit(batch) == [Committed(outcome.seq, replayed=True)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs another user in a child process")
@pytest.mark.parametrize("protect", ["file", "directory"])
def test_a_store_without_the_right_to_write_is_read_only(protect):
    """It can be read where SQLite's own files can be made; writing says what is missing."""
    place = Path(tempfile.mkdtemp())
    try:
        store = SQLiteStore(place / "a.db")
        committed(store.commit([change(CONFERENCE, "e", put("ana"))]))
        store.close()
        (place / "a.db").chmod(0o444 if protect == "file" else 0o666)
        (place / "a.db-lock").chmod(0o666 if protect == "file" else 0o444)
        place.chmod(0o777 if protect == "file" else 0o555)
        assert _as_nobody(lambda: _write_somewhere(SQLiteStore(place / "a.db")))
    finally:
        place.chmod(0o700)
        shutil.rmtree(place)


def _write_somewhere(store) -> bool:
    try:
        store.commit([change(CONFERENCE, "f", put("bea"))])
    except (StoreReadOnly, StoreUnavailable) as error:
        return "nothing was applied" in str(error)
    return False


def _as_nobody(call) -> bool:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        right = False
        try:
            if os.geteuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            right = call()
        finally:
            os._exit(0 if right else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_damaged_file_is_unavailable(store, path):
    """SQLite's own error does not come through."""
    committed(
        store.commit(
            [change(CONFERENCE, f"e{at}", put(f"p{at}", body={"x": "y" * 3000})) for at in range(50)]
        )
    )
    store.close()
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(os.urandom(60_000))
    again = SQLiteStore(path)
    with pytest.raises(StoreUnavailable, match="malformed|corrupt"):
        again.get(CONFERENCE, "person", [f"p{at}" for at in range(50)])
    again.close()


# -- walls


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE quota SET taken = taken + 1",
        "UPDATE quota SET taken = -1",
        "UPDATE quota SET ceiling = NULL",
        "UPDATE record SET version = 0",
        "UPDATE notice SET state = 'lost'",
        "INSERT INTO claim SELECT conference, name, value, kind, 'other' FROM claim",
        "INSERT INTO entry SELECT conference, seq + 100, id, digest, body, person, subject, sealed FROM entry",
    ],
)
def test_sql_itself_refuses_what_must_not_be(store, raw, statement):
    """A second wall behind the rules."""
    record = put("ana", takes={"q": 2}, uniques={"address": "a"})
    committed(store.commit([change(CONFERENCE, "e", Limit(quota="q", capacity=2), record, notice("n"))]))
    with pytest.raises(sqlite3.IntegrityError):
        raw.execute(statement)


def test_a_wall_that_is_hit_is_not_a_driver_error(store, raw):
    """Somebody tampered with the counters: the commit is refused as a whole."""
    limit = Limit(quota="q", capacity=3)
    committed(store.commit([change(CONFERENCE, "e", limit, put("ana", takes={"q": 3}))]))
    raw.execute("UPDATE quota SET taken = 0")
    with pytest.raises(StoreUnavailable, match="CHECK constraint failed"):
        store.commit([change(CONFERENCE, "f", put("ana", 1))])
    record = read(store, "ana")
    assert record is not None
    assert record.version == 1


def audit(connection: sqlite3.Connection) -> None:
    """Recomputes every derived row from the records."""
    listed, claimed, taken = set(), set(), {}
    for conference, kind, id_, holds in connection.execute("SELECT conference, kind, id, holds FROM record"):
        indexes, uniques, takes = json.loads(holds) if holds else ({}, {}, {})
        listed |= {(conference, kind, name, key, order, id_) for name, (key, order) in indexes.items()}
        claimed |= {(conference, name, value, kind, id_) for name, value in uniques.items()}
        for quota, places in takes.items():
            taken[conference, quota] = taken.get((conference, quota), 0) + places
    assert set(connection.execute("SELECT * FROM listing")) == listed
    assert set(connection.execute("SELECT * FROM claim")) == claimed
    for conference, quota, count in connection.execute("SELECT conference, id, taken FROM quota"):
        assert count == taken.pop((conference, quota), 0)
    assert not taken
    ready = connection.execute(
        "SELECT count(*) FROM notice AS n WHERE ready IS NOT (CASE WHEN state = 'queued' AND NOT EXISTS ("
        "SELECT 1 FROM notice AS m WHERE m.conference = n.conference AND m.lane = n.lane AND m.place < n.place"
        " AND m.state IN ('queued', 'held')) THEN coalesce(until, due) END)"
    )
    assert ready.fetchone() == (0,)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize("seed", range(6))
def test_derived_rows_follow_from_records(store, raw, seed):
    """After any history: index rows, claims, counters, and which notice of a lane is next."""
    chance, model = random.Random(seed), State()
    script = Script(chance, model)
    for step in range(60):
        batch = [script.change_set() for _ in range(chance.randrange(1, 5))]
        model.commit(batch)
        store.commit(batch)
        now = NOW + step * SECOND
        leased = store.lease(chance.randrange(1, 4), now=now, until=now + 3 * SECOND)
        marks = [
            Mark(each.conference, each.key, each.token, chance.choice(STATES)) for each in leased if step % 3
        ]
        store.settle(marks)
        audit(raw)


# -- speed that must not be lost


def test_every_read_walks_an_index(store):
    """No query looks at all rows, nor sorts them."""
    store.conferences()
    walks = [
        f"{adapter._reading('', kind)[0]} AND {where} AND {order} > ? ORDER BY {order} LIMIT ?"
        for (kind, _), where in adapter._WALKS.items()
        for order in ["place" if kind == "~notice" else "seq"]
    ]
    by_key = [adapter._RECORDS, *adapter._BY_ID.values(), sqlite_rows.QUOTAS]
    statements = [
        *walks,
        *(each._one for each in by_key),
        *(each._many for each in by_key),
        *(adapter._LISTED, adapter._LISTED_AFTER, adapter._OWNED, adapter._DUE, adapter._DUE_IN_CONFERENCE),
        *(sqlite_rows._MOVE_UP, sqlite_rows._SAVE_NOTICE, sqlite_rows._TOUCHED),
    ]
    for statement in statements:
        values = dict.fromkeys(re.findall(r":([a-z]+)", statement), "x") or ("x",) * statement.count("?")
        plan = store._session._reader.execute(f"EXPLAIN QUERY PLAN {statement}", values)
        steps = [step for *_, step in plan if "json_each" not in step]
        assert not [step for step in steps if "SCAN" in step or "TEMP B-TREE" in step], (statement, steps)


def test_a_batch_is_synced_once(store):
    """A thousand change sets are one transaction."""
    statements = []
    store.conferences()
    store._session._writer.set_trace_callback(statements.append)
    committed(store.commit([change(CONFERENCE, f"e{at}", put(f"p{at}")) for at in range(1000)]))
    store._session._writer.set_trace_callback(None)
    assert [text for text in statements if text.startswith(("BEGIN", "COMMIT"))] == [
        "BEGIN IMMEDIATE",
        "COMMIT",
    ]


def test_nothing_new_is_not_synced(store):
    """A batch of replays and conflicts ends without a commit."""
    once = change(CONFERENCE, "e", put("ana"))
    committed(store.commit([once]))
    statements = []
    store._session._writer.set_trace_callback(statements.append)
    store.commit([once, change(CONFERENCE, "f", put("ana"))])
    store.lease(1, now=NOW, until=NOW + SECOND)
    store._session._writer.set_trace_callback(None)
    assert "COMMIT" not in statements


@pytest.mark.parametrize("end", ["", "del store"])
def test_a_program_that_ends_without_closing_is_not_scolded(tmp_path, end):
    """The store closes what a host forgot (from Python 3.13 on an open connection is warned of)."""
    code = f"""
from conferencekit.adapters.sqlite import SQLiteStore
store = SQLiteStore({str(tmp_path / "a.db")!r})
store.quotas("c", ["q"])
{end}
"""
    argv = [sys.executable, "-W", "error", "-W", "ignore:SQLite", "-c", code]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
