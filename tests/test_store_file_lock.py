"""One lock between processes: who waits gets it in turn, a dead holder lets go."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from conferencekit.adapters.file_lock import FileLock


@pytest.fixture
def path(tmp_path):
    return tmp_path / "lock"


def test_only_one_holds_it(path):
    """The second waits as long as it may, and gets it afterwards."""
    one, two = FileLock(path), FileLock(path)
    assert one.acquire(0)
    began = time.monotonic()
    assert not two.acquire(0.1)
    assert time.monotonic() - began >= 0.1
    assert not two.is_held
    one.release()
    assert two.acquire(1)
    one.close()
    two.close()


def test_who_gave_up_does_not_keep_it(path):
    """The queue goes on past one whose time ran out."""
    one, two, three = FileLock(path), FileLock(path), FileLock(path)
    assert one.acquire(0)
    assert not two.acquire(0.05)
    one.release()
    assert three.acquire(2)
    three.release()
    assert two.acquire(2)
    for lock in (one, two, three):
        lock.close()


def test_who_waits_is_served(path):
    """As soon as the holder lets go."""
    one, two = FileLock(path), FileLock(path)
    assert one.acquire(0)
    threading.Timer(0.05, one.release).start()
    assert two.acquire(5)
    two.close()
    one.close()


def test_a_killed_holder_lets_go(path):
    """The lock is the operating system's, not a file that is left behind."""
    code = (
        "import sys, time, pathlib; from conferencekit.adapters.file_lock import FileLock;"
        "lock = FileLock(pathlib.Path(sys.argv[1])); print(lock.acquire(1), flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline().strip() == b"True"
        lock = FileLock(path)
        assert not lock.acquire(0)
        holder.kill()
        assert lock.acquire(5)
        lock.close()


def test_releasing_twice_is_releasing_once(path):
    """Also what was never held."""
    lock = FileLock(path)
    lock.release()
    assert lock.acquire(0)
    lock.release()
    lock.release()
    lock.close()
    lock.close()


def test_a_place_without_directory_is_an_error(tmp_path):
    """The caller says what it means."""
    with pytest.raises(FileNotFoundError):
        FileLock(tmp_path / "none" / "lock").acquire(0)
