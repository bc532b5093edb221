"""kill -9: what was acknowledged is kept, and repeating what was in doubt converges."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator
from typing import Any, Final

from attrs import asdict

from ..ports import Committed, Outcome, Store
from .store_cases import Case, Worker
from .store_history import Call, Glance, violations
from .store_racers import Mix, found_in, history_of
from .store_races import audited, begin

_AHEAD: Final = 2
_SECONDS: Final = 0.06


class CrashContract:
    """What `commit` acknowledged is there after kill -9, and repeating what was in doubt converges."""

    kills: int

    def test_nothing_acknowledged_is_lost(self, case: Case) -> None:
        case.needs("durable")
        chance = random.Random(2020)  # noqa: S311 - when to kill, no secret
        taken: dict[str, int] = {}
        for conference, worker in _victims(case, self.kills, chance):
            store = case.open()
            begin(store, conference, None)
            store.close()
            history = _kill(worker, chance)
            store = case.open()
            history += _repeat(store, [each for each in history if isinstance(each, Call)], conference)
            found = found_in(store, history, conference)
            wrong = list(violations(history, found))
            assert not wrong, "; ".join(wrong)
            taken[conference] = len(found.entries)
            store.close()
        _check_all(case.open(), taken)


def _victims(case: Case, kills: int, chance: random.Random) -> Iterator[tuple[str, Worker]]:
    """Processes that commit until they are killed, each in a conference of its own. The next ones load meanwhile."""
    waiting: list[tuple[str, Worker]] = []
    for at in range(kills + _AHEAD):
        if at < kills:
            mix = asdict(Mix(sizes=(chance.choice((1, 3, 20)),), repeating=0.0))
            name = f"crash {at:04}"
            worker = case.work("race", prefix="c", steps=None, mix=mix, conference=name)
            waiting.append((name, worker))
        if at >= _AHEAD or at >= kills:
            yield waiting.pop(0)


def _kill(worker: Worker, chance: random.Random) -> list[Call | Glance]:
    worker.go()
    lines: list[dict[str, Any]] = [worker.next_line()]
    while "answers" not in lines[-1]:  # without an answer there is nothing that could be lost
        lines.append(worker.next_line())
    time.sleep(chance.uniform(0.0, _SECONDS))
    return history_of(lines + worker.kill())


def _repeat(store: Store, history: list[Call], conference: str) -> list[Call]:
    """Commit again what nobody knows the end of. It was applied as a whole or not at all."""
    doubtful = [call.wish for call in history if call.ended == math.inf]
    if not doubtful:
        return []
    began = time.monotonic_ns()
    outcomes: list[Outcome] = store.commit([wish.change_set(conference) for wish in doubtful])
    assert all(isinstance(outcome, Committed) for outcome in outcomes)
    assert len({getattr(outcome, "replayed", None) for outcome in outcomes}) == 1, (
        "half of a batch was applied"
    )
    ended = time.monotonic_ns()
    return [Call(wish, began, ended, outcome) for wish, outcome in zip(doubtful, outcomes, strict=True)]


def _check_all(store: Store, taken: dict[str, int]) -> None:
    """No later crash took anything away from what an earlier one left."""
    assert store.conferences() == sorted(taken)
    for conference, count in taken.items():
        cursor, found = None, 0
        while True:
            page, cursor = store.find(conference, "~entry", "all", "", after=cursor, limit=1000)
            found += len(page)
            if cursor is None:
                break
        assert found == count + 1, conference
        audited(store, conference)
