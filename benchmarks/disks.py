"""The disk as it is, and the same disk with a delay in each sync.

What is measured runs in processes of its own, started with `Disk.environment`: see `workers`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from attrs import evolve, field, frozen
from workers import single

from conferencekit.testing.disk import WatchedDisk, watched_disk, why_not

DELAY: Final = 0.004
"""Seconds. A disk that honours a sync in 4 ms is a virtual machine's, or a magnetic one's with a cache."""

_SLOW: Final = 500
"""Fsyncs a second, as a WAL makes them: below it a commit waits for the disk, above it for Python."""


@frozen
class Scale:
    """How much is measured: all of it, or so little that it only shows that the scripts run."""

    quick: bool = False

    def rounds(self, wanted: int) -> int:
        return 2 if self.quick else wanted

    def count(self, wanted: int) -> int:
        return max(4, wanted // 50) if self.quick else wanted

    def seconds(self, wanted: float) -> float:
        return 0.2 if self.quick else wanted

    def workers(self, wanted: int) -> int:
        return min(wanted, 4) if self.quick else wanted


@frozen
class Disk:
    """A directory on a disk. `fsyncs` a second were counted before the measurement."""

    name: str
    directory: Path
    environment: Mapping[str, str] = field(factory=dict)
    watched: WatchedDisk | None = None
    fsyncs: float = 0.0

    @property
    def is_slow(self) -> bool:
        """Whether a commit waits for the disk."""
        return self.fsyncs < _SLOW

    def aim(self, *, slow: float | None = None, fast: float | None = None) -> float | None:
        """Which one of two aims holds here."""
        return slow if self.is_slow else fast

    def probed(self) -> Disk:
        """With its rate of fsyncs as it is now."""
        with single(self, "probe", "probing") as worker:
            return evolve(self, fsyncs=worker.do(seconds=0.4)["fsyncs"])

    def within(self, name: str) -> Disk:
        """The same disk in a new directory below."""
        place = self.directory / name
        place.mkdir()
        place.chmod(0o755)
        return evolve(self, directory=place)


@contextmanager
def both_disks(directory: Path) -> Iterator[list[Disk]]:
    """The disk as it is, and slowed down where that can be done."""
    plain, slow = directory / "as-it-is", directory / "slowed"
    for place in (plain, slow):
        place.mkdir()
        place.chmod(0o755)  # a server that runs as another user has files there
    disks = [Disk("as it is", plain)]
    if why_not():
        yield disks
        return
    with watched_disk(slow, delay=DELAY) as watched:
        disks.append(Disk(f"+ {DELAY * 1000:g} ms", slow, watched.environment, watched))
        yield disks
