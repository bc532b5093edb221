"""Sealing while others commit: every entry under one seal, and none left out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from ..ports import Store
from .store_cases import Case, Line, run_together
from .store_samples import CONFERENCE, ids, walk
from .store_worker import in_threads, log, seal, seal_some

_LAST: Final = 10**6


def finish(store: Store, lines: Iterable[Line]) -> None:
    """Seal what is left, and compare what the sealers said with what the store says."""
    said: list[Line] = list(lines)
    number = _LAST
    while len(ids(store, "~entry", "unsealed", "")) > 1 and number < _LAST + 1000:
        seal_some(store, said.append, number)
        number += 1
    sealed: dict[str, int] = {}
    entries: set[str] = set()
    for line in said:
        entries.update(_names(line.get("entries")))
        for name in _names(line.get("sealed")):
            assert name not in sealed, f"{name} is under two seals"
            sealed[name] = int(str(line["seal"]))
    found = {record.id: record.body["sealed"] for record in walk(store, "~entry", "all", "")}
    assert set(found) == entries
    assert {name: number for name, number in found.items() if number} == sealed
    assert len(entries - set(sealed)) == 1, "all are sealed but the entry of the last seal"
    numbers = [record.seq for record in walk(store, "~entry", "all", "")]
    assert numbers == sorted(set(numbers))


def _names(value: object) -> list[str]:
    return list(map(str, value)) if isinstance(value, list) else []


class SealContract:
    """Sealing goes by mark: what becomes visible after a seal goes into the next one."""

    def test_threads_seal_every_entry_once(self, store: Store) -> None:
        lines: list[dict[str, Any]] = []

        def work(thread: int) -> None:
            (seal if thread < 2 else log)(store, lines.append, prefix=f"t{thread}", steps=12)

        in_threads(6, work)
        finish(store, lines)

    def test_processes_seal_every_entry_once(self, case: Case) -> None:
        case.needs("processes")
        store = case.open()
        workers = [case.work("seal", prefix=f"s{at}", steps=40) for at in range(2)]
        workers += [case.work("log", prefix=f"p{at}", steps=40) for at in range(2)]
        finish(store, run_together(workers))

    def test_a_walk_of_the_unsealed_survives_its_own_seals(self, store: Store) -> None:
        """A sealer that goes on by cursor while entries leave the index misses none."""
        lines: list[dict[str, Any]] = []
        log(store, lines.append, prefix="p", steps=20)
        cursor, seen = None, []
        while True:
            page, cursor = store.find(CONFERENCE, "~entry", "unsealed", "", after=cursor, limit=5)
            seen += [record.id for record in page]
            if cursor is None:
                break
            seal_some(store, lines.append, len(seen), size=3)
        before = [name for line in lines if "sealed" not in line for name in _names(line["entries"])]
        assert [name for name in seen if not name.startswith("seal ")] == before
        finish(store, lines)
