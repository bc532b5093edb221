"""SQLite's part in what survives a loss of power: when the WAL is synced, and what follows where that fails."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from conferencekit.adapters.sqlite import SQLiteStore
from conferencekit.adapters.sqlite_driver import sqlite3
from conferencekit.errors import CommitInDoubt, StoreUnavailable
from conferencekit.store.audit import audit
from conferencekit.testing.disk import after_power_loss, read_log, watched_disk, why_not
from conferencekit.testing.disk_power import Operation, What
from conferencekit.testing.store_samples import CONFERENCE, change, committed, put, read

BEGIN = """
import sys, threading, time
from conferencekit.adapters.file_lock import FileLock
from conferencekit.adapters.sqlite import SQLiteStore
from conferencekit.errors import CommitInDoubt, StoreUnavailable
from conferencekit.testing.store_samples import *
from pathlib import Path
path = Path(sys.argv[1])
store = SQLiteStore.open(f"sqlite:///{path}?sync={sys.argv[2]}")
store.conferences()
"""
HOLDING = """
import os
from conferencekit.testing.disk import WatchedDisk
from conferencekit.testing.disk_power import What, read_log
disk, log = WatchedDisk.inherited(), Path(os.environ["CONFERENCEKIT_DISK_LOG"])
def hold():
    disk.set_delay(3600)
def until_it_syncs():
    while True:
        done = [each.what for each in read_log(log)]
        if done.count(What.SYNC_BEGINS) > done.count(What.SYNC_ENDS):
            return
"""
WRITER = Path(__file__).with_name("sqlite_writer.py")
BOTH = pytest.mark.parametrize("sync", ["full", "after"])

watched = pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")


@pytest.fixture
def place(tmp_path) -> Path:
    return tmp_path / "a.db"


def run(disk, place: Path, sync: str, code: str, *more: Path) -> list[str]:
    """The words that a process prints that works on the watched disk."""
    argv = [sys.executable, "-c", BEGIN + code, str(place), sync, *map(str, more)]
    done = subprocess.run(
        argv, env={**os.environ, **disk.environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


# -- when it is synced


@BOTH
@watched
def test_a_commit_and_a_replay_are_synced_and_a_conflict_is_not(tmp_path, place, sync):
    """An answer that promises something waits for the disk; a replay, since another may not have synced it yet."""
    code = """
import mmap, os, struct
with open(os.environ["CONFERENCEKIT_DISK_CONTROL"], "r+b") as file:
    numbers = mmap.mmap(file.fileno(), 8)
store.commit([change(CONFERENCE, "first")])  # a new WAL has its head synced
def syncs(*change_sets):
    before, = struct.unpack("<Q", numbers[:8])
    store.commit(change_sets)
    return struct.unpack("<Q", numbers[:8])[0] - before
once = change(CONFERENCE, "e", put("ana"))
print(syncs(once), syncs(once), syncs(change(CONFERENCE, "f", put("ana"))), syncs(once, change(CONFERENCE, "g")))
store.close()
"""
    with watched_disk(tmp_path) as disk:
        assert run(disk, place, sync, code) == ["1", "1", "0", "1"]


@watched
@pytest.mark.slow
def test_the_next_writer_begins_while_a_commit_is_synced(tmp_path, place):
    """The lock is free then, and the answer still waits."""
    code = f"""{HOLDING}
store.commit([change(CONFERENCE, "first")])
thread = threading.Thread(target=store.commit, args=([change(CONFERENCE, "e")],))
hold()
thread.start()
until_it_syncs()
lock = FileLock(path.with_name(path.name + "-lock"))
print(lock.acquire(0.1), thread.is_alive())
lock.close()
disk.set_delay(0)
thread.join()
store.close()
"""
    with watched_disk(tmp_path, log=True) as disk:
        assert run(disk, place, "after", code) == ["True", "True"]
        assert run(disk, place.with_name("b.db"), "full", code) == ["False", "True"]


@watched
def test_closing_waits_for_a_sync_that_runs(tmp_path, place):
    """The commit is answered, not in doubt, and nothing waits in a WAL afterwards."""
    code = f"""{HOLDING}
answers = []
thread = threading.Thread(target=lambda: answers.extend(store.commit([change(CONFERENCE, "e")])))
hold()
thread.start()
until_it_syncs()
threading.Timer(0.2, disk.set_delay, (0,)).start()
store.close()
print(len(answers), *(each.name for each in path.parent.iterdir()))
"""
    with watched_disk(tmp_path, log=True) as disk:
        assert sorted(run(disk, place, "after", code)) == ["1", "a.db", "a.db-lock"]


def test_only_the_writer_leaves_the_sync_to_us(place):
    """Only the connection that writes, and only once the file is laid out, leaves the sync to us."""
    for sync, level in (("full", 2), ("after", 1)):
        with contextlib.closing(SQLiteStore(place, sync=sync)) as store:
            store.conferences()
            assert store._session._writer.execute("PRAGMA synchronous").fetchone() == (level,)
            assert ("NORMAL" in store.capabilities["durable"]) == (sync == "after")


@pytest.mark.parametrize(
    "options", ["sync", "sync=off", "sync=after&sync=full", "sync=after&timeout=x", "sync=after&"]
)
def test_wrong_options_are_refused(options):
    """The message names those that there are."""
    with pytest.raises(
        StoreUnavailable, match=r"\?timeout=SECONDS, 0 to 3600, and \?sync=full or \?sync=after"
    ):
        SQLiteStore.open(f"sqlite:///a.db?{options}")
    assert SQLiteStore.open("sqlite:///a.db?sync=after&timeout=2")._place.seconds == 2
    with pytest.raises(StoreUnavailable, match="sync=never"):
        SQLiteStore("a.db", sync="never")


# -- a sync that fails

FAILING = """
import mmap, os, struct
with open(os.environ["CONFERENCEKIT_DISK_CONTROL"], "r+b") as file:
    numbers = mmap.mmap(file.fileno(), 48)
def fail(number):
    numbers[40:48] = struct.pack("<Q", number)
def answer(*change_sets):
    try:
        return "replayed" if store.commit(change_sets)[0].replayed else "committed"
    except (CommitInDoubt, StoreUnavailable) as error:
        return type(error).__name__
def marked():
    return path.with_name(path.name + "-unsynced").exists()
once, later = change(CONFERENCE, "once", put("ana")), change(CONFERENCE, "later", put("bea"))
"""


@BOTH
@watched
def test_after_a_failed_sync_the_store_is_made_whole_first(tmp_path, place, sync):
    """A commit is in doubt; the next write brings all to the database before it adds anything."""
    code = (
        FAILING
        + """
fail(1)
print(answer(once), marked())
print(answer(later), marked(), path.with_name(path.name + "-wal").stat().st_size < 200_000)
print(answer(once) in ("replayed", "committed"), answer(once))
store.close()
"""
    )
    with watched_disk(tmp_path) as disk:
        found = run(disk, place, sync, code)
    assert found == ["CommitInDoubt", "True", "committed", "False", "True", "True", "replayed"]


@BOTH
@watched
def test_while_syncs_fail_nothing_is_written_or_promised(tmp_path, place, sync):
    """Neither what is new nor what is there already; it goes on when the disk does, in another process too."""
    code = (
        FAILING
        + """
fail(2**64 - 1)
print(answer(once), answer(later), answer(once), marked())
store.close()
fail(0)
store = SQLiteStore(path)
print(answer(later), marked())
store.close()
"""
    )
    with watched_disk(tmp_path) as disk:
        found = run(disk, place, sync, code)
    assert found == ["CommitInDoubt", "StoreUnavailable", "StoreUnavailable", "True", "committed", "False"]


@watched
def test_a_reader_that_stays_keeps_the_store_from_becoming_whole(tmp_path, place):
    """Its moment is in the WAL that would have to begin anew: busy, until it has ended."""
    code = (
        FAILING
        + """
from conferencekit.errors import StoreBusy
store = SQLiteStore(path, timeout=0.2)
store.commit([change(CONFERENCE, "second", put("second"))])
rows = store.dump(CONFERENCE)
next(rows)
fail(1)
print(answer(once))
try:
    print(answer(later))
except StoreBusy:
    print("busy")
rows.close()
print(answer(later))
store.close()
"""
    )
    with watched_disk(tmp_path) as disk:
        assert run(disk, place, "after", code) == ["CommitInDoubt", "busy", "committed"]


def test_a_wal_that_was_taken_away_promises_nothing(place):
    """What is written to it is seen by nobody else."""
    store = SQLiteStore(place, sync="after")
    committed(store.commit([change(CONFERENCE, "e", put("ana"))]))
    wal = place.with_name("a.db-wal")
    wal.rename(place.with_name("taken"))
    with pytest.raises(CommitInDoubt, match="removed or replaced"):
        store.commit([change(CONFERENCE, "f", put("bea"))])
    with pytest.raises(StoreUnavailable, match="removed or replaced"):
        store.commit([change(CONFERENCE, "g", put("cem"))])
    place.with_name("taken").rename(wal)
    committed(store.commit([change(CONFERENCE, "g", put("cem"))]))
    store.close()
    with contextlib.closing(SQLiteStore(place)) as again:
        assert read(again, "cem") is not None


# -- loss of power


def history(folder: Path, writers: list[str], *, count: int, careless: str = "") -> list[Operation]:
    """What processes did to the disk that commit to one store, each by its own setting."""
    argv = [sys.executable, WRITER, f"--careless={careless}"]
    with watched_disk(folder, delay=0.02 if careless else 0.002, log=True) as disk:
        environment = {**os.environ, **disk.environment}
        processes = [
            subprocess.Popen(
                [*argv, f"sqlite:///{folder}/a.db?sync={sync}", f"w{at}", str(count)], env=environment
            )
            for at, sync in enumerate(writers)
        ]
        assert [process.wait(120) for process in processes] == [0] * len(writers)
        assert disk.log is not None
        return read_log(disk.log)


def lost(operations: list[Operation], cut: int, folder: Path) -> set[str]:
    """What had been acknowledged and is not there after a loss of power. All the rest must be whole."""
    folder.mkdir()
    acknowledged = {line.decode() for line in after_power_loss(operations, cut, folder, random.Random(cut))}
    with contextlib.closing(SQLiteStore(folder / "a.db")) as store:
        people = {record.id for record in everybody(store)}
        assert list(audit(store, CONFERENCE)) == []
        for id_ in people:  # a registration is a person, an entry and a notice, or nothing
            assert store.get(CONFERENCE, "~entry", [f"entry of {id_}"])
            assert store.get(CONFERENCE, "~notice", [f"notice to {id_}"])
    with contextlib.closing(sqlite3.connect(folder / "a.db")) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert raw.execute("SELECT count(*) FROM entry WHERE person <> ''").fetchone() == (len(people),)
        assert raw.execute("SELECT count(*) FROM notice").fetchone() == (len(people),)
    return acknowledged - people


def everybody(store: SQLiteStore):
    records, cursor = store.find(CONFERENCE, "person", "all", "k", limit=1000)
    assert cursor is None
    return records


def cuts(operations: list[Operation], number: int) -> list[int]:
    """Moments of all kinds: during the creation, around checkpoints, anywhere, and the end."""
    chance = random.Random(2020)
    checkpoints = [
        at for at, each in enumerate(operations) if each.what == What.SYNC_BEGINS and each.path == "a.db"
    ]
    near = [at + step for at in checkpoints for step in range(-12, 13, 3)]
    anywhere = [chance.randrange(len(operations)) for _ in range(number)]
    return sorted({*range(0, 60, 4), *near, *anywhere, len(operations)} & {*range(len(operations) + 1)})


@pytest.mark.slow
@watched
@pytest.mark.parametrize(
    "writers", [["full", "full"], ["after", "after", "after"], ["full", "after", "after"]]
)
def test_what_was_acknowledged_survives_a_loss_of_power(tmp_path, writers):
    """In both modes, and where processes of both share a file; also of what a replay promised."""
    (tmp_path / "disk").mkdir()
    operations = history(tmp_path / "disk", writers, count=45)
    seen = [
        each for each in operations if each.path == "a.db-wal" and each.what == What.WRITE and not each.number
    ]
    assert len(seen) >= 2, "the WAL was not begun anew"
    moments = cuts(operations, 50)
    assert {cut: each for cut in moments if (each := lost(operations, cut, tmp_path / str(cut)))} == {}


@watched
@pytest.mark.parametrize(
    ("writers", "careless"), [(["full", "full"], "commits"), (["after", "after", "after"], "replays")]
)
def test_a_loss_of_power_finds_what_was_not_synced(tmp_path, writers, careless):
    """Controls: commits that nobody syncs, and replays that are answered before the commit was synced."""
    (tmp_path / "disk").mkdir()
    operations = history(tmp_path / "disk", writers, count=16, careless=careless)
    acknowledged = [at for at, each in enumerate(operations) if each.path == "acknowledged"]
    assert any(lost(operations, at + 1, tmp_path / str(at)) for at in acknowledged)


@pytest.mark.slow
@watched
@BOTH
def test_what_was_acknowledged_survives_syncs_that_fail_and_a_loss_of_power(tmp_path, sync):
    """The system drops what it could not write: what comes after must not stand behind the gap."""
    (tmp_path / "disk").mkdir()
    code = (
        FAILING
        + """
acknowledged = os.open(path.with_name("acknowledged"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
sys.path.insert(0, sys.argv[3])
from sqlite_writer import registration
for number in range(10):
    store.commit([change(CONFERENCE, f"small-{number}")])  # so that a WAL begins without most of the pages
    fail(1)
    while True:
        try:
            store.commit([registration("p", number)])
            break
        except (CommitInDoubt, StoreUnavailable):
            pass
    os.write(acknowledged, f"p-{number}\\n".encode())
"""
    )
    with watched_disk(tmp_path / "disk", log=True) as disk:
        run(disk, tmp_path / "disk" / "a.db", sync, code, WRITER.parent)
        operations = read_log(disk.log)
    failed = [at for at, each in enumerate(operations) if each.what == What.SYNC_FAILS]
    moments = {at + 1 for at, each in enumerate(operations) if each.path == "acknowledged"}
    moments |= {at + step for at in failed for step in range(1, 80, 6)}  # also while it is made whole
    moments &= {*range(len(operations) + 1)}
    assert failed
    assert {cut: each for cut in moments if (each := lost(operations, cut, tmp_path / str(cut)))} == {}
