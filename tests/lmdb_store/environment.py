"""What a process has open: one LMDB environment for each directory, however many handles use it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import TypeAlias, TypeVar

import lmdb

from conferencekit.adapters.file_lock import FileLock
from conferencekit.adapters.forks import watch_forks
from conferencekit.adapters.lasting import sync_folder
from conferencekit.adapters.system_errors import meaning, system_errors
from conferencekit.errors import CommitInDoubt, NotOurFile, SchemaTooNew, StoreBusy, StoreUnavailable

SCHEMA = 1
MARK = b"conferencekit-lmdb-store"
SECONDS = 30.0  # how long to wait for other writers
MAP_SIZE = 64 * 2**20  # to begin with; it is doubled whenever it is full

T = TypeVar("T")
Txn: TypeAlias = "lmdb.Transaction[bytes]"
Work = Callable[[Txn], T]


class Environment:
    """An environment and its locks. `turn` is between processes, `writers` and `gate` are between threads.

    Whoever writes holds all three, whoever reads the gate: so nobody is inside LMDB while the map grows or a fork
    happens, and the readers of this process do not wait for writers of others.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.handles = 0
        self.writers = Lock()
        self.gate = Lock()
        self.turn = FileLock(directory / "turn")
        self.env: lmdb.Environment | None = None
        self.is_closed = False

    def open(self, url: str) -> None:
        """Make what is missing, and look whether it is ours."""
        self.directory.mkdir(exist_ok=True)
        sync_folder(self.directory.parent)
        self.env = self._opened(url)
        sync_folder(self.directory)
        try:
            self.write(url, lambda txn: self._check(url, txn))
        except BaseException:
            self.close()
            raise

    def _opened(self, url: str) -> lmdb.Environment:
        try:
            env = lmdb.open(str(self.directory), map_size=MAP_SIZE, max_readers=1024)
        except (lmdb.InvalidError, lmdb.VersionMismatchError) as error:
            raise NotOurFile(url, str(error)) from error
        env.reader_check()
        return env

    def _check(self, url: str, txn: Txn) -> None:
        mark = txn.get(MARK)
        if mark is None:
            if txn.stat()["entries"]:
                raise NotOurFile(url, "another program keeps its data there")
            txn.put(MARK, json.dumps(SCHEMA).encode())
        elif (found := json.loads(mark)) > SCHEMA:
            raise SchemaTooNew(url, found, SCHEMA)

    def close(self) -> None:
        """Let go of files, for good. Call it while nobody is inside."""
        self.is_closed = True
        self.turn.close()
        if self.env is not None:
            self.env.close()
            self.env = None

    def read(self, url: str, work: Work[T]) -> T:
        """What the work reads, at one moment."""
        with self.gate:
            return self._run(url, work, write=False)

    def write(self, url: str, work: Work[T]) -> T:
        """Do the work, alone and durably. It may be begun again."""
        if not self.writers.acquire(timeout=SECONDS):
            raise StoreBusy(url, SECONDS)
        try:
            if not self.turn.acquire(SECONDS):
                raise StoreBusy(url, SECONDS)
            try:
                with self.gate:
                    return self._run(url, work, write=True)
            finally:
                self.turn.release()
        finally:
            self.writers.release()

    def _run(self, url: str, work: Work[T], *, write: bool) -> T:
        while True:
            if self.is_closed:  # after this call had got hold of it: opened again, nobody would close it
                raise StoreUnavailable(url, "it is closed; open it again")
            env = self.env = self.env or self._opened(url)
            is_committing = False
            try:
                with env.begin(write=write) as txn:  # commits at its end
                    answer = work(txn)
                    is_committing = write
                return answer  # noqa: TRY300 - the transaction has ended well
            except lmdb.MapResizedError:  # by another process
                env.set_mapsize(0)
            except lmdb.MapFullError:
                if not env.reader_check():  # killed readers keep pages from being used again
                    env.set_mapsize(2 * env.info()["map_size"])
            except (lmdb.Error, OSError) as error:
                if self._is_broken(env) and is_committing:
                    raise CommitInDoubt(url, str(error)) from error
                raise

    def _is_broken(self, env: lmdb.Environment) -> bool:
        """Whether writing the meta page failed, which comes last and decides. Before that nothing was applied."""
        try:
            env.begin().abort()
        except lmdb.Error:
            env.close()
            self.env = None
            return True
        return False


class Environments:
    """Those that are open in this process, by directory."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._open: dict[str, Environment] = {}
        watch_forks(
            self, before=Environments._enter, in_parent=Environments._leave, in_child=Environments._in_child
        )

    def take(self, directory: Path, url: str) -> Environment:
        """That of the directory, opened if nobody has it."""
        with self._lock:
            path = os.path.realpath(directory)
            environment = self._open.get(path)
            if environment is None:
                environment = Environment(Path(path))
                environment.open(url)
                self._open[path] = environment
            environment.handles += 1
            return environment

    def give_back(self, environment: Environment) -> None:
        """Wait for calls that run. The last one closes it."""
        with self._lock, environment.writers, environment.gate:
            environment.handles -= 1
            if not environment.handles:
                del self._open[str(environment.directory)]
                environment.close()

    def _enter(self) -> None:
        self._lock.acquire()
        for environment in self._open.values():
            environment.writers.acquire()
            environment.gate.acquire()

    def _leave(self) -> None:
        for environment in self._open.values():
            environment.gate.release()
            environment.writers.release()
        self._lock.release()

    def _in_child(self) -> None:
        for environment in self._open.values():
            environment.turn.disown()
            with suppress(lmdb.Error):
                environment.close()
        self._open.clear()
        self._lock.release()


@contextmanager
def lmdb_errors(url: str) -> Iterator[None]:
    """Turns errors of LMDB and of the system into what they mean: nothing was applied."""
    with system_errors(url):
        try:
            yield
        except lmdb.ReadersFullError as error:
            raise StoreBusy(url, 0) from error
        except lmdb.Error as error:
            if error.code > 0:
                raise meaning(OSError(error.code, error.reason), url) from error
            raise StoreUnavailable(url, str(error)) from error
