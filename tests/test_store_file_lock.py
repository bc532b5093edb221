"""One lock between processes: who waits gets it in turn, a dead holder lets go."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from conferencekit.adapters import file_lock
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


def waiting_threads():
    return {thread for thread in threading.enumerate() if thread.name == "conferencekit-file-lock"}


def test_one_thread_waits_again_and_again(path, monkeypatch):
    """It is started once, and ends when nobody has waited for a while; then another one is."""
    monkeypatch.setattr(file_lock, "IDLE", 0.2)
    one, two = FileLock(path), FileLock(path)
    before, started = waiting_threads(), set()
    for pause in (0, 0, 0.5, 0):
        time.sleep(pause)
        assert one.acquire(0)
        threading.Timer(0.05, one.release).start()
        assert two.acquire(5)
        started.update(waiting_threads() - before)
        two.release()
    assert len(started) == 2
    two.close()
    one.close()
    for thread in started:
        thread.join(5)
        assert not thread.is_alive()


@pytest.mark.skipif(sys.platform == "win32", reason="os.kill sends no signals there")
def test_who_is_interrupted_leaves_the_queue(path):
    """The lock goes to the others, and the interrupted one can come again."""
    one, two, three = FileLock(path), FileLock(path), FileLock(path)
    assert one.acquire(0)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            two.acquire(10)
    finally:
        signal.signal(signal.SIGINT, before)
    assert not two.is_held
    one.release()
    time.sleep(0.1)  # the queue is served
    assert three.acquire(5)
    three.release()
    assert two.acquire(5)
    for lock in (one, two, three):
        lock.close()


@pytest.mark.skipif(sys.platform == "win32", reason="locks belong to processes there")
def test_who_gave_up_does_not_keep_it_through_a_child(path):
    """A child that was forked meanwhile has the same file open."""
    one, two, three = FileLock(path), FileLock(path), FileLock(path)
    assert two.acquire(0)
    childs = os.dup(two._descriptor)
    two.release()
    assert one.acquire(0)
    assert not two.acquire(0.05)
    one.release()
    time.sleep(0.1)  # the queue is served
    assert three.acquire(5)
    os.close(childs)
    for lock in (one, two, three):
        lock.close()


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
