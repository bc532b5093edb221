"""The watched disk itself: what it counts, delays, refuses and forgets."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conferencekit.testing.disk import WatchedDisk, after_power_loss, read_log, watched_disk, why_not
from conferencekit.testing.disk_power import Operation, What

watched = pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")


def run(disk: WatchedDisk, folder: Path, code: str) -> str:
    """What a process prints that works in the folder."""
    done = subprocess.run(
        [sys.executable, "-c", f"import os, threading\nos.chdir({str(folder)!r})\n{code}"],
        env={**os.environ, **disk.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@watched
def test_syncs_and_bytes_below_the_directory_are_counted(tmp_path):
    """Of all processes and threads together, also by fork; what lies elsewhere is none of ours."""
    (tmp_path / "in").mkdir()
    code = """
def write(name):
    file = os.open(name, os.O_RDWR | os.O_CREAT)
    os.write(file, b"12345")
    os.fsync(file)
    os.pwrite(file, b"678", 2)
    os.fdatasync(file)
    os.ftruncate(file, 4)
    os.close(file)
write("a")
write("../outside")
threads = [threading.Thread(target=write, args=(str(at),)) for at in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
if (child := os.fork()) == 0:
    write("child")
    os._exit(0)
os.waitpid(child, 0)
synced = os.open("synced", os.O_WRONLY | os.O_CREAT | os.O_DSYNC)
os.write(synced, b"1")
"""
    with watched_disk(tmp_path / "in") as disk:
        run(disk, tmp_path / "in", code)
        assert (disk.syncs, disk.written) == (13, 49)
        run(disk, tmp_path / "in", 'os.fsync(os.open("a", os.O_RDONLY))')
        assert disk.syncs == 14


@watched
def test_a_sync_takes_as_much_longer_as_it_was_told(tmp_path):
    """It can be changed while processes run."""
    took = """
file = os.open("a", os.O_RDWR | os.O_CREAT)
def took():
    began = time.monotonic()
    os.fsync(file)
    return time.monotonic() - began
"""
    with watched_disk(tmp_path, delay=0.2) as disk:
        assert float(run(disk, tmp_path, f"import time{took}print(took())")) >= 0.2
        disk.set_delay(0)
        # one of them takes no longer than the disk itself does
        run(disk, tmp_path, f"import time{took}while took() >= 0.2: pass")


@watched
def test_a_sync_that_runs_ends_when_it_is_told_to(tmp_path):
    """A test can hold one for as long as it wants to look at what goes on meanwhile."""
    code = """
from conferencekit.testing.disk import WatchedDisk
disk = WatchedDisk.inherited()
syncing = threading.Thread(target=os.fsync, args=(os.open("a", os.O_RDWR | os.O_CREAT),))
syncing.start()
while os.path.getsize(os.environ["CONFERENCEKIT_DISK_LOG"]) == 0: pass
print(syncing.is_alive())
disk.set_delay(0)
syncing.join()
"""
    with watched_disk(tmp_path, delay=3600, log=True) as disk:
        disk.log.touch()
        assert run(disk, tmp_path, code).split() == ["True"]


@watched
def test_a_disk_without_room_refuses_what_makes_files_longer(tmp_path):
    """What overwrites is taken, and room that is given back is used."""
    code = """
def attempt(file, data, at):
    try:
        return os.pwrite(file, data, at)
    except OSError as error:
        return error.strerror
file = os.open("a", os.O_RDWR | os.O_CREAT)
print(attempt(file, b"1" * 8, 0), attempt(file, b"2" * 8, 0), attempt(file, b"3" * 8, 4), sep=", ")
"""
    with watched_disk(tmp_path) as disk:
        disk.set_room(10)
        assert run(disk, tmp_path, code) == "8, 8, No space left on device"
        disk.set_room(None)
        assert run(disk, tmp_path, code) == "8, 8, 8"


@watched
def test_as_many_syncs_fail_as_were_told_to(tmp_path):
    """They are not counted, and the directory's fail too where a log is kept."""
    code = """
def attempt(file):
    try:
        os.fsync(file)
        return "done"
    except OSError as error:
        return error.strerror
file = os.open("a", os.O_RDWR | os.O_CREAT)
print(attempt(file), attempt(file), attempt(file), sep=", ")
"""
    with watched_disk(tmp_path) as disk:
        disk.fail_syncs(2)
        assert run(disk, tmp_path, code) == "Input/output error, Input/output error, done"
        assert disk.syncs == 1
        disk.fail_syncs(None)
        assert "done" not in run(disk, tmp_path, code)
        disk.fail_syncs(0)
        assert run(disk, tmp_path, code) == "done, done, done"


@watched
def test_the_log_holds_what_was_done_in_order(tmp_path):
    """Writes of all kinds, truncations, syncs, removals and renamings, with the names as they were then."""
    (tmp_path / "sub").mkdir()
    code = """
file = os.open("a", os.O_RDWR | os.O_CREAT)
os.write(file, b"12")
os.writev(file, [b"3", b"45"])
os.pwritev(file, [b"67"], 1)
os.ftruncate(file, 3)
os.rename("a", "sub/b")
os.fsync(file)
here = os.open(".", os.O_RDONLY)
os.fsync(here)
os.fsync(os.open("sub", os.O_RDONLY))
os.unlink("b", dir_fd=os.open("sub", os.O_RDONLY))
os.write(file, b"nobody sees it")
"""
    with watched_disk(tmp_path, log=True) as disk:
        run(disk, tmp_path, code)
        assert disk.log is not None
        found = read_log(disk.log)
    begins, ends = What.SYNC_BEGINS, What.SYNC_ENDS
    assert [(each.what, each.path) for each in found] == [
        *[(What.WRITE, "a")] * 3,
        (What.TRUNCATE, "a"),
        (What.RENAME, "a"),
        *[(begins, "sub/b"), (ends, "sub/b"), (begins, ""), (ends, ""), (begins, "sub"), (ends, "sub")],
        (What.UNLINK, "sub/b"),
    ]
    assert [(each.number, each.data) for each in found[:5]] == [
        *[(0, b"12"), (2, b"345"), (1, b"67"), (3, b"")],
        (0, b"sub/b"),
    ]


# -- loss of power

NAMES = st.sampled_from(["a", "b", "sub/c"])
WRITES = st.builds(
    Operation, st.just(What.WRITE), NAMES, st.integers(0, 2000), st.binary(min_size=1, max_size=1500)
)
CUTS = st.builds(Operation, st.just(What.TRUNCATE), NAMES, st.integers(0, 2000))


@st.composite
def histories(draw) -> list[Operation]:
    """Writes, truncations, removals, renamings and syncs of files that are there and of their directories."""
    history: list[Operation] = []
    there: set[str] = set()
    for number in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from(["write", "cut", "sync", "folder", "unlink", "rename"]))
        if kind in ("write", "cut"):
            history.append(draw(WRITES if kind == "write" else CUTS))
            there.add(history[-1].path)
        elif kind == "folder":
            history += synced(draw(st.sampled_from(["", "sub"])), number)
        elif there:
            path = draw(st.sampled_from(sorted(there)))
            if kind == "sync":
                history += synced(path, number)
                continue
            there.remove(path)
            target = draw(NAMES) if kind == "rename" else ""
            if kind == "rename":
                there.add(target)
            what = What.RENAME if target else What.UNLINK
            history.append(Operation(what, path, 0, target.encode()))
    return history


def synced(path: str, number: int, end: What = What.SYNC_ENDS) -> list[Operation]:
    return [Operation(What.SYNC_BEGINS, path, number), Operation(end, path, number)]


def left(history: list[Operation], cut: int, seed: int = 0) -> dict[str, bytes]:
    """The files that are there afterwards."""
    with tempfile.TemporaryDirectory() as made:
        after_power_loss(history, cut, Path(made), random.Random(seed))
        files = (each for each in Path(made).rglob("*") if each.is_file())
        return {each.relative_to(made).as_posix(): each.read_bytes() for each in files}


def played(history: list[Operation]) -> dict[str, bytes]:
    """The files as the processes saw them."""
    files: dict[str, bytes] = {}
    for each in history:
        held = files.get(each.path, b"")
        if each.what == What.WRITE:
            held = held.ljust(each.number, b"\0")
            files[each.path] = held[: each.number] + each.data + held[each.number + len(each.data) :]
        elif each.what == What.TRUNCATE:
            files[each.path] = held[: each.number].ljust(each.number, b"\0")
        elif each.what == What.UNLINK:
            del files[each.path]
        elif each.what == What.RENAME:
            files[each.data.decode()] = files.pop(each.path)
    return files


@given(histories(), st.integers(0, 9))
def test_what_was_synced_is_there(history, seed):
    """All of it, where every file and every directory was synced at the end."""
    numbers = iter(range(100, 200))
    for path in [*sorted(played(history)), "", "sub"]:
        history += synced(path, next(numbers))
    assert left(history, len(history), seed) == played(history)


@given(st.lists(WRITES, min_size=1, max_size=6), st.integers(0, 9))
def test_what_was_not_synced_is_there_or_not_by_sectors(writes, seed):
    """Each byte is one that was written there, or zero where nothing was kept."""
    found = left(writes, len(writes), seed)
    for path, content in found.items():
        for at, byte in enumerate(content):
            written = [
                each.data[at - each.number]
                for each in writes
                if each.path == path and each.number <= at < each.number + len(each.data)
            ]
            assert byte in {0, *written}


def test_a_sync_that_failed_takes_what_it_should_have_kept_out_of_the_next():
    """Only what is written anew is kept by the next one."""
    write = Operation(What.WRITE, "a", 0, b"1" * 512)
    failed = [write, *synced("a", 1, What.SYNC_FAILS), *synced("a", 2)]
    assert {left(failed, 5, seed).get("a") for seed in range(30)} == {b"", b"1" * 512}
    again = [*failed[:3], write, *synced("a", 2)]
    assert {left(again, 6, seed)["a"] for seed in range(30)} == {b"1" * 512}


def test_a_sync_keeps_what_was_written_before_it_began():
    """What was written while it ran may be lost, and all if it had not ended."""
    begins, ends = synced("a", 1)
    first, second = (Operation(What.WRITE, "a", at, b"1" * 512) for at in (0, 512))
    history = [first, begins, second, ends]
    assert {len(left(history, 4, seed)["a"]) for seed in range(30)} == {512, 1024}
    assert {len(left(history, 3, seed)["a"]) for seed in range(60)} == {0, 512, 1024}


def test_names_are_kept_by_a_sync_of_their_directory():
    """Not by one of the file."""
    write = [Operation(What.WRITE, "a", 0, b"1"), *synced("a", 1)]
    removed = [*write, Operation(What.UNLINK, "a")]
    moved = [*write, Operation(What.RENAME, "a", 0, b"b"), *synced("b", 2)]
    for history in (removed, moved):
        assert len({tuple(left(history, len(history), seed)) for seed in range(30)}) == 2
        kept = [*history, *synced("", 3)]
        assert {tuple(left(kept, len(kept), seed)) for seed in range(30)} == {tuple(played(kept))}


def test_what_was_acknowledged_is_told_up_to_the_cut(tmp_path):
    """It is the world's memory, not a file of the disk."""
    history = [
        Operation(What.WRITE, "acknowledged", 0, b"one\n"),
        Operation(What.WRITE, "acknowledged", 4, b"two\n"),
    ]
    chance = random.Random(0)
    assert [after_power_loss(history, cut, tmp_path, chance) for cut in range(3)] == [
        [],
        [b"one"],
        [b"one", b"two"],
    ]
    assert list(tmp_path.iterdir()) == []
