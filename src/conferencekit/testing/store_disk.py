"""What `durable` means to a disk: each commit is synced before it is acknowledged, and a full disk leaves no halves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import asdict

from .disk import WatchedDisk
from .store_cases import Case, Line, run_together
from .store_history import Call
from .store_racers import Mix
from .store_races import begin, judge

SYNCED = {
    "one by one": {"size": 1, "threads": 1, "steps": 30},
    "32 at once": {"size": 32, "threads": 1, "steps": 10},
    "8 threads": {"size": 1, "threads": 8, "steps": 15},
}
"""How commits are made while their syncs are counted; the threads gather, as those of a secretariat do."""


def written_here(disk: WatchedDisk) -> None:
    """Skips the test if the store's files are somewhere else."""
    if not disk.written:
        pytest.skip("it writes no file in the test's directory (a server does elsewhere); so not proven")


class DiskContract:
    """A disk that is watched: its syncs, slow ones, and one without room."""

    @pytest.mark.parametrize("how", SYNCED)
    def test_each_commit_is_synced(
        self, case: Case, how: str, record_property: Callable[[str, object], None]
    ) -> None:
        case.needs("durable")
        disk = case.watch()
        (line,) = run_together([case.work("sync", disk=disk, **SYNCED[how])])
        written_here(disk)
        assert line["without"] == [], "acknowledged without a sync between call and answer"
        record_property(f"syncs per commit, {how}", float(str(line["syncs"])) / int(str(line["calls"])))

    def test_slow_syncs_change_nothing(self, case: Case) -> None:
        case.needs("durable")
        disk = case.watch(delay=0.004)
        store = case.open()
        begin(store)
        several = "processes" in store.capabilities
        store.close()
        mix = asdict(Mix(sizes=(1, 1, 3), shared=4))
        workers = [
            case.work("race", disk=disk, prefix=f"p{at}", steps=8, mix=mix, threads=4, grouped=bool(at))
            for at in range(2 if several else 1)
        ]
        lines = run_together(workers)
        written_here(disk)
        judge(case.open(), lines)

    @pytest.mark.parametrize("size", [1, 20])
    def test_a_full_disk_leaves_no_halves(self, case: Case, size: int) -> None:
        case.needs("durable")
        disk = case.watch()
        store = case.open()
        begin(store, capacity=None)
        store.close()
        lines = run_together([case.work("fill", disk=disk, size=size, room=60_000, steps=300 // size)])
        written_here(disk)
        _check_refusals([line for line in lines if "there" in line])
        store = case.open()
        history = judge(store, lines, None)
        last: dict[str, Any] = {each.wish.entry: each.answer for each in history if isinstance(each, Call)}
        assert all(getattr(answer, "seq", 0) for answer in last.values()), "repeating does not converge"


def _check_refusals(refused: list[Line]) -> None:
    """`StoreFull`: nothing was applied. In doubt: all or nothing."""
    assert refused, "nothing was refused on a full disk"
    for line in refused:
        there, answer = line["there"], line["answer"]
        assert line["first"] == line["of"], "reads do not go on"
        assert isinstance(there, list)
        if answer is None:
            assert len(there) in {0, line["of"]}, "half of a call was applied"
        else:
            assert answer["error"] == "StoreFull"  # type: ignore[index]  # a line of `answers_of`
            assert there == [], "it says that nothing was applied"
