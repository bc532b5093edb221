"""One lock between processes: who waits gets it in turn, a dead holder lets go."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from tests.held import LONG

from conferencekit.adapters import file_lock
from conferencekit.adapters.file_lock import FileLock


@pytest.fixture
def path(tmp_path):
    return tmp_path / "lock"


@pytest.fixture
def waits(monkeypatch):
    """Set as soon as somebody stands in the queue of a lock."""
    stands, wait_for = threading.Event(), file_lock._wait_for

    def told_and_waits(descriptor):
        stands.set()
        return wait_for(descriptor)

    monkeypatch.setattr(file_lock, "_wait_for", told_and_waits)
    return stands


def once(condition, act, *details):
    """Do something in another thread as soon as an event is set."""

    def run():
        assert condition.wait(LONG)
        act(*details)

    threading.Thread(target=run).start()


def test_only_one_holds_it(path):
    """The second waits as long as it may, and gets it afterwards."""
    one, two = FileLock(path), FileLock(path)
    assert one.acquire(0)
    began = time.monotonic()
    assert not two.acquire(0.1)
    assert time.monotonic() - began >= 0.1
    assert not two.is_held
    one.release()
    assert two.acquire(LONG)
    one.close()
    two.close()


def test_who_gave_up_does_not_keep_it(path):
    """The queue goes on past one whose time ran out."""
    one, two, three = FileLock(path), FileLock(path), FileLock(path)
    assert one.acquire(0)
    assert not two.acquire(0.05)
    one.release()
    assert three.acquire(LONG)
    three.release()
    assert two.acquire(LONG)
    for lock in (one, two, three):
        lock.close()


def test_who_waits_is_served(path, waits):
    """As soon as the holder lets go."""
    one, two = FileLock(path), FileLock(path)
    assert one.acquire(0)
    once(waits, one.release)
    assert two.acquire(LONG)
    two.close()
    one.close()


def test_one_thread_waits_again_and_again(path, waits, monkeypatch):
    """It is started once, and ends when nobody has waited for a while; then another one is."""
    monkeypatch.setattr(file_lock, "IDLE", LONG)
    one, two = FileLock(path), FileLock(path)
    started, start = [], threading.Thread.start

    def noted(thread):
        if thread.name == "conferencekit-file-lock":
            started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", noted)
    for at in range(4):
        if at == 2:
            monkeypatch.setattr(file_lock, "IDLE", 0)
        waits.clear()
        assert one.acquire(0)
        once(waits, one.release)
        assert two.acquire(LONG)
        two.release()
        assert len(started) == (1 if at < 3 else 2)
        if at >= 2:  # nobody waits on, so it ends
            started[-1].join(LONG)
            assert not started[-1].is_alive()
    two.close()
    one.close()


@pytest.mark.skipif(sys.platform == "win32", reason="os.kill sends no signals there")
def test_who_is_interrupted_leaves_the_queue(path, waits):
    """The lock goes to the others, and the interrupted one can come again."""
    one, two, three = FileLock(path), FileLock(path), FileLock(path)
    assert one.acquire(0)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    once(waits, os.kill, os.getpid(), signal.SIGINT)
    try:
        with pytest.raises(KeyboardInterrupt):
            two.acquire(LONG)
    finally:
        signal.signal(signal.SIGINT, before)
    assert not two.is_held
    one.release()
    time.sleep(0.1)  # the queue is served
    assert three.acquire(LONG)
    three.release()
    assert two.acquire(LONG)
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
    assert three.acquire(LONG)
    os.close(childs)
    for lock in (one, two, three):
        lock.close()


def test_a_killed_holder_lets_go(path):
    """The lock is the operating system's, not a file that is left behind."""
    code = (
        "import sys, time, pathlib; from conferencekit.adapters.file_lock import FileLock;"
        "lock = FileLock(pathlib.Path(sys.argv[1])); print(lock.acquire(60), flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline().strip() == b"True"
        lock = FileLock(path)
        assert not lock.acquire(0)
        holder.kill()
        assert lock.acquire(LONG)
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
