"""What passwords cost a server that stays: memory, and nothing but time to a process that was forked."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from conferencekit.secretariat import Passwords, Scrypt

CHEAP = Passwords((Scrypt(n=2, r=1, p=1),))
MANY_THREADS = """
import os, sys, threading
from conferencekit.secretariat import Passwords, Scrypt

def resident():
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

passwords, before, together = Passwords((Scrypt(p=1),)), resident(), threading.Barrier(12)

def work():
    together.wait()
    passwords.hash("correct horse", os.urandom)
    together.wait()

threads = [threading.Thread(target=work) for _ in range(12)]
for each in threads:
    each.start()
for each in threads:
    each.join()
print(resident() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems tell it otherwise")
def test_a_rush_leaves_no_more_memory_behind_than_two_passwords_take():
    """However many threads a server has: an allocator may keep for each thread what it once used."""
    done = subprocess.run(
        [sys.executable, "-c", MANY_THREADS], capture_output=True, text=True, check=True, timeout=60
    )
    assert int(done.stdout) < 5 * 16 * 2**20


def test_every_thread_gets_the_same():
    """The main thread, others, and errors too."""
    with ThreadPoolExecutor(4) as pool:
        hashed = list(pool.map(lambda _: CHEAP.hash("correct horse", lambda size: b"s" * size), range(8)))
        assert set(hashed) == {CHEAP.hash("correct horse", lambda size: b"s" * size)}
        assert pool.submit(CHEAP.verify, "correct horse", hashed[0]).result()
        assert not pool.submit(CHEAP.verify, "wrong horse", hashed[0]).result()
        with pytest.raises(ValueError, match="n must be"):
            pool.submit(Scrypt(n=3).hash, "correct horse", b"salt").result()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system knows no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # other threads at a fork: that is what is tested
def test_a_process_that_was_forked_hashes_as_well():
    """The threads that its parent hashed in are not there."""
    with ThreadPoolExecutor(1) as pool:
        stored = pool.submit(CHEAP.hash, "correct horse", os.urandom).result()
    if (child := os.fork()) == 0:
        found = []
        thread = threading.Thread(target=lambda: found.append(CHEAP.verify("correct horse", stored)))
        thread.daemon = True
        thread.start()
        thread.join(20)
        os._exit(0 if found == [True] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
