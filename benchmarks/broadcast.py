"""One broadcast to many people, while others register: `python benchmarks/broadcast.py [--people N] [--url URL]`.

A session moves, and everybody who is confirmed is owed a mail. One process writes the notices, another registers people
one by one, as before the broadcast: how long the longest commit of the first is, and how much slower the second gets.
In the URL, `{tmp}` is replaced by a temporary directory; the store must be empty.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final, Self

from attrs import asdict, evolve, frozen
from disks import Disk, Scale
from postgresql import server_on
from table import Line
from workers import without_bytecode_ban

from conferencekit.conference import Conference
from conferencekit.plugins import make_plugin_manager, open_store
from conferencekit.ports import ChangeSet, Outcome, Store
from conferencekit.registration.registration import Registration
from conferencekit.secretariat.broadcasts import CHUNK, expand_all
from conferencekit.secretariat.records import put_registration
from conferencekit.secretariat.shell import SYSTEM
from conferencekit.testing.postgresql import find_binaries
from conferencekit.testing.secretariat import SecretariatForTests, conference_for_tests
from conferencekit.testing.store_speed import fsyncs

PEOPLE: Final = 100_000
AIM: Final = 30.0
SECONDS: Final = 5.0
"""So long others register before the broadcast, to compare with."""


@frozen(kw_only=True)
class Broadcasting:
    """What was measured; times in milliseconds, rates per second, memory in MiB.

    `alone`: the longest commit of a second broadcast that nobody registers beside: the first waits for others too.
    `work`: the most that the processor did for a commit. `waited`: the longest that one of the others waited for a
    registration, during the broadcast and before it.
    """

    people: int
    chunk: int
    chunks: int
    seconds: float
    longest: float
    p99: float
    median: float
    alone: float
    work: float
    others: float
    others_before: float
    waited: float
    waited_before: float
    grown: float
    fsyncs: float

    def __str__(self) -> str:
        return (
            f"{self.people:,} people in {self.chunks} chunks of {self.chunk}, {self.seconds:.1f} s. Longest commit "
            f"{self.longest:.1f} ms (99 % {self.p99:.1f}, median {self.median:.1f}), {self.alone:.1f} alone, work "
            f"{self.work:.1f}. Others register {self.others:.0f}/s beside {self.others_before:.0f}/s without it, the "
            f"slowest in {self.waited:.0f} ms beside {self.waited_before:.0f}. Memory grew by {self.grown:.1f} MiB. "
            f"{self.fsyncs:.0f} fsyncs/s."
        )


class Timed:
    """A store whose commits are timed, in seconds; `work`: what this thread's processor did of it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.times: list[float] = []
        self.work: list[float] = []

    def commit(self, batch: Sequence[ChangeSet]) -> list[Outcome]:
        began, worked = time.perf_counter(), time.thread_time()
        outcomes = self._store.commit(batch)
        self.times.append(time.perf_counter() - began)
        self.work.append(time.thread_time() - worked)
        return outcomes

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)


def measure_broadcast(
    url: str, directory: Path, *, people: int = PEOPLE, seconds: float = SECONDS
) -> Broadcasting:
    """A broadcast to so many people on an empty store, beside another process that registers."""
    store = Timed(open_store(url, make_plugin_manager()))
    desk = _desk(conference_for_tests(quota=10**8), store)
    _fill(desk, people)
    with _Others(url) as others:
        others.wait_until_it_registers()
        began = time.monotonic()
        time.sleep(seconds)
        revised = time.monotonic()
        memory = _memory()
        told, times = _broadcast(desk, store)
        ended = time.monotonic()
    before = [each for at, each in others.done if began <= at < revised]
    during = [each for at, each in others.done if revised <= at < ended]
    grown = _memory() - memory
    _, alone = _broadcast(desk, store)
    store.close()
    return Broadcasting(
        people=told,
        chunk=CHUNK,
        chunks=len(times),
        seconds=ended - revised,
        longest=times[-1],
        p99=times[int(len(times) * 0.99)],
        median=statistics.median(times),
        alone=alone[-1],
        work=max(store.work) * 1000,
        others=len(during) / (ended - revised),
        others_before=len(before) / (revised - began),
        waited=max(during, default=0) * 1000,
        waited_before=max(before, default=0) * 1000,
        grown=grown,
        fsyncs=fsyncs(directory),
    )


def _broadcast(desk: SecretariatForTests, store: Timed) -> tuple[int, list[float]]:
    """Move the session and tell everybody: how many, and what each commit took, in ascending order."""
    desk.clock.move(timedelta(days=1))
    desk.reload(_moved(desk.conference))
    store.times.clear()
    store.work.clear()
    told = expand_all(desk.shell, desk._correspondence)  # noqa: SLF001 - what `deliver` does before it sends
    return told, sorted(each * 1000 for each in store.times)


def measure(disk: Disk, scale: Scale) -> Iterator[Line]:
    """SQLite, then PostgreSQL where there is one."""
    people = scale.count(PEOPLE)
    yield from _lines("SQLite", f"sqlite:///{disk.directory}/broadcast.db", people, disk, scale)
    if find_binaries() is not None:  # fewer people, to save time: no commit depends on how many there are
        with server_on(disk) as server:
            yield from _lines("PostgreSQL", server.url_for("broadcast"), people // 5, disk, scale)


def _lines(store: str, url: str, people: int, disk: Disk, scale: Scale) -> Iterator[Line]:
    """In a process of its own, which inherits what slows the disk."""
    seconds = scale.seconds(SECONDS)
    order = [sys.executable, __file__, "--json", f"--people={people}", f"--seconds={seconds}", f"--url={url}"]
    environment = without_bytecode_ban({**os.environ, **disk.environment})
    run = subprocess.run(order, capture_output=True, text=True, check=True, env=environment)
    found = json.loads(run.stdout)
    what = f"{store}, one broadcast to {people:,} people"
    longest = found["longest"]
    yield Line(
        what=f"{what}: longest commit", ours=longest, unit="ms", aim=f"<= {AIM:g} ms", met=longest <= AIM
    )
    yield Line(what=f"{what}: the same without others to wait for", ours=found["alone"], unit="ms")
    yield Line(what=f"{what}: the processor's part of it", ours=found["work"], unit="ms")
    yield Line(
        what=f"{what}: others register meanwhile, beside without it",
        ours=found["others"],
        beside=found["others_before"],
        unit="1/s",
        ratio=found["others"] / found["others_before"],
    )


def _desk(conference: Conference, store: Store | str) -> SecretariatForTests:
    return SecretariatForTests(conference, store=store, entropy=os.urandom)


def _moved(conference: Conference) -> Conference:
    session = conference.sessions[0]
    hour = timedelta(hours=1)
    later = evolve(session, starts=session.starts.plus(hour), ends=session.ends.plus(hour))
    return evolve(conference, sessions=(later,))


def _memory() -> float:
    """The most that this process has held so far, in MiB."""
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held / (2**20 if sys.platform == "darwin" else 2**10)


def _fill(desk: SecretariatForTests, people: int) -> None:
    """People who are confirmed, written without their mails, which would only take time."""
    shell = desk.shell
    form = shell.in_force.digest
    for first in range(0, people, 500):
        changes = []
        for number in range(first, min(first + 500, people)):
            context = shell.context()
            person = Registration(
                id=f"r-{number:09}", reference=f"{number:08}", state="confirmed", name=f"Person {number}",
                address=f"p{number}@example.org", locale="en", answers={"country": "GB", "full_name": f"P {number}"},
                form=form, received_at=context.now, confirmed_at=context.now,
            )  # fmt: skip
            entry = shell.entry(context, SYSTEM, "register", person.id, {}, person=person.id)
            changes.append(ChangeSet(shell.id, entry, (put_registration(person, 0),)))
        shell.commit_all(changes)


class _Others:
    """A process that registers people one after the other, and says when and how fast."""

    def __init__(self, url: str) -> None:
        order = [sys.executable, __file__, "--others", url]
        self._process = subprocess.Popen(order, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.done: list[tuple[float, float]] = []

    def __enter__(self) -> Self:
        return self

    def wait_until_it_registers(self) -> None:
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def __exit__(self, *_: object) -> None:
        out, _ = self._process.communicate()  # its input ends, so it stops
        self.done = [(at, took) for at, took in json.loads(out)]


def register_others(url: str) -> None:
    """What that process does: the document in force may change meanwhile, then it takes up the new one."""
    with _desk(conference_for_tests(quota=10**8), url) as desk:
        done = list(_registered(desk))
    json.dump(done, sys.stdout)


def _registered(desk: SecretariatForTests) -> Iterator[tuple[float, float]]:
    from conferencekit.errors import ConferenceOutdated

    is_over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), is_over.set()), daemon=True).start()
    number = 0
    while not is_over.is_set():
        number += 1
        form = {"full_name": "Ada", "country": "GB", "consent": "1", "password": "correct horse battery"}
        began = time.monotonic()
        try:
            desk.register({**form, "email": f"other{number}@example.org"})
        except ConferenceOutdated:
            desk.clock.move(timedelta(days=1))
            desk.reload(_moved(desk.conference))
        yield time.monotonic(), time.monotonic() - began
        if number == 10:
            print("ready", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--url", default="sqlite:///{tmp}/broadcast.db")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--json", action="store_true", help="the figures as JSON")
    parser.add_argument("--others", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.others:
        register_others(given.others)
        return
    with tempfile.TemporaryDirectory() as folder:
        url = given.url.replace("{tmp}", folder)
        found = measure_broadcast(url, Path(folder), people=given.people, seconds=given.seconds)
    print(json.dumps(asdict(found)) if given.json else found)


if __name__ == "__main__":
    main()
