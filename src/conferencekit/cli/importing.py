"""Entering the rows of a file; those of a long one in several processes.

While one process commits its rows, the others read and check the next ones. Rows are dealt in chunks and committed in
the order of the file, so that of two rows with one address the first counts. Each process has a secretariat of its own
on the same store. Whatever ends an import, what was committed is kept, and the same file can be imported again.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import secrets
import signal
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import islice
from multiprocessing.connection import Connection
from typing import Final

from attrs import frozen

from ..conference import Conference
from ..errors import OldSQLite, StoreUnavailable
from ..form.issues import Issue
from ..registration.outcomes import AlreadyRegistered, Refused, Registered, TrustedOutcome, Waitlisted
from ..registration.rules import Override
from ..secretariat import Secretariat
from ..secretariat.imports import ImportRow
from ..secretariat.intake import CHUNK
from .opening import NO_SITE
from .plugging import installed_plugins

Chunk = list[ImportRow]
Ended = tuple[int, str, tuple[Issue, ...]]
"""How a row ended: its line in the file, the ending in a word, and why it was refused."""

_WORTH_IT: Final = 5_000
"""Rows from which on it is quicker to start processes first: each takes half a second."""
_MOST: Final = 4
_PATIENCE: Final = 5.0  # seconds for a process to end by itself


@frozen(kw_only=True)
class ImportOrder:
    """What is imported into which store, by whom. Plain data: it goes to other processes."""

    conference: Conference
    store: str
    by: str
    override: Override | None = None


def processes_for(rows: int, secretariat: Secretariat) -> int:
    """How many processes a file of so many rows is worth; 0 = none but this one."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if rows < _WORTH_IT or usable == 1 or "processes" not in secretariat.shell.store.capabilities:
        return 0
    return min(usable, _MOST)


def enter_rows(
    order: ImportOrder, rows: Iterable[ImportRow], secretariat: Secretariat, processes: int
) -> Iterator[Ended]:
    """How each row ended, in the order of the file, as they become durable.

    Raises what the secretariat raises, and `StoreUnavailable` where a process went away.
    """
    waiting = iter(rows)
    chunks: Iterator[Chunk] = iter(lambda: list(islice(waiting, CHUNK)), [])
    return _by_processes(order, chunks, processes) if processes else _by_this(order, chunks, secretariat)


def _by_this(order: ImportOrder, chunks: Iterable[Chunk], secretariat: Secretariat) -> Iterator[Ended]:
    for chunk in chunks:
        yield from _prepared(order, chunk, secretariat)()


def _prepared(order: ImportOrder, chunk: Chunk, secretariat: Secretariat) -> Callable[[], Iterator[Ended]]:
    entering = secretariat.acting(order.by, kind="import").registrations
    commit = entering.prepare_many(chunk, override=order.override)
    return lambda: (_ended(row, outcome) for row, outcome in zip(chunk, commit(), strict=True))


def _ended(row: ImportRow, outcome: TrustedOutcome) -> Ended:
    return row.line, _ending(outcome), outcome.issues if isinstance(outcome, Refused) else ()


def _ending(outcome: TrustedOutcome) -> str:
    match outcome:
        case Registered(repeated=True) | Waitlisted(repeated=True):
            return "in_already"
        case Registered():
            return "registered"
        case Waitlisted():
            return "waiting_for_a_place"
        case AlreadyRegistered():
            return "registered_before"
        case Refused():
            return "refused"


# -- several processes


def _by_processes(order: ImportOrder, chunks: Iterator[Chunk], count: int) -> Iterator[Ended]:
    with ExitStack() as stack:
        busy: deque[_Worker] = deque()
        for chunk in islice(chunks, count):
            worker = stack.enter_context(_working(order))
            worker.send(chunk)
            busy.append(worker)
        while busy:
            first = busy.popleft()
            first.send(None)  # its turn: all rows before are committed
            chunk = next(chunks, [])
            ended = first.receive()
            if chunk:
                first.send(chunk)
                busy.append(first)
            yield from ended


@frozen
class _Worker:
    """Another process: it gets a chunk, then None when it may commit that, and answers how each row ended."""

    pipe: Connection
    store: str

    def send(self, message: Chunk | None) -> None:
        try:
            self.pipe.send(message)
        except OSError as error:
            raise self._gone() from error

    def receive(self) -> list[Ended]:
        try:
            answer = self.pipe.recv()
        except (EOFError, OSError) as error:
            raise self._gone() from error
        if isinstance(answer, BaseException):
            raise answer
        return answer  # type: ignore[no-any-return]  # what `_work` sends

    def _gone(self) -> StoreUnavailable:
        return StoreUnavailable(self.store, "a process of the import was ended; import the same file again")


@contextmanager
def _working(order: ImportOrder) -> Iterator[_Worker]:
    context = multiprocessing.get_context("spawn")  # as everywhere; a fork would share open connections
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, order), daemon=True)
    process.start()
    theirs.close()
    try:
        yield _Worker(ours, order.store)
    finally:
        ours.close()  # tells it that nothing more comes
        process.join(_PATIENCE)
        if process.is_alive():
            process.terminate()


def _work(pipe: Connection, order: ImportOrder) -> None:
    """What the other process does, until the pipe is closed: the one that began it ended, or needs it no more."""
    warnings.simplefilter("ignore", OldSQLite)  # as `main` does it
    # Ctrl-C goes to all: the first process hears it, and closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError, BrokenPipeError, ConnectionError):
        try:
            with _secretariat(order) as secretariat:
                while True:
                    commit = _prepared(order, pipe.recv(), secretariat)
                    pipe.recv()
                    pipe.send(list(commit()))
        except (EOFError, BrokenPipeError, ConnectionError):
            raise
        except Exception as error:  # noqa: BLE001 - goes to the first process, which raises it
            pipe.send(_sendable(error))


def _sendable(error: Exception) -> Exception:
    """The error, or its text where a plugin raised one that cannot go to another process."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    except Exception:  # noqa: BLE001 - whatever its class does
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _secretariat(order: ImportOrder) -> Secretariat:
    return Secretariat(
        order.conference,
        store=order.store,
        mailer="maildir:never-opened",
        secret=secrets.token_bytes(32),
        site=NO_SITE,
        plugins=installed_plugins(),
    )
