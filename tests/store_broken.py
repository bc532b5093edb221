"""Stores that are wrong on purpose: the suite must fail each of them. A plugin, so that they have URLs."""

from __future__ import annotations

import copy
import os
import time
from pathlib import Path

from attrs import evolve, fields

from conferencekit import hookimpl
from conferencekit.adapters.memory import MemoryStore
from conferencekit.adapters.state_store import StateStore
from conferencekit.adapters.system_errors import system_errors
from conferencekit.ports import Committed, Conflict, Mark, Put
from conferencekit.store import Rows, State, Tables, call_of, evaluate


class ChecksThenInserts(MemoryStore):
    """Decides without a lock, and writes later."""

    def commit(self, batch):
        return [self._later(change_set) for change_set in batch]

    def _later(self, change_set):
        state = self._opened()
        tables = state.tables.setdefault(change_set.conference, Tables())
        seq = state.numbers[change_set.conference] = state.numbers.get(change_set.conference, 0) + 1
        result = evaluate(tables, change_set, seq)
        if isinstance(result, Committed | Conflict):
            return result
        time.sleep(0.001)
        with self._lock:
            tables.apply(result)
        return Committed(seq)


class MergesUniques(MemoryStore):
    """Keeps the unique values that a record had."""

    def commit(self, batch):
        with self._lock:
            return [self._opened().commit([self._merged(change_set)])[0] for change_set in batch]

    def _merged(self, change_set):
        tables = self._opened().tables.get(change_set.conference, Tables())
        return evolve(change_set, ops=tuple(self._with_old(tables, op) for op in change_set.ops))

    def _with_old(self, tables, op):
        row = tables.record(op.kind, op.id) if isinstance(op, Put) else None
        return op if row is None else evolve(op, uniques={**row.uniques, **op.uniques})


class AnswersRepeatsAsNew(MemoryStore):
    """Does nothing for a repeated entry, and says that it did."""

    def commit(self, batch):
        return [
            evolve(outcome, replayed=False) if isinstance(outcome, Committed) else outcome
            for outcome in super().commit(batch)
        ]


class LosesTheSecond(MemoryStore):
    """Decides a whole batch on the state before it."""

    def commit(self, batch):
        with self._lock:
            state, outcomes = self._opened(), []
            before = copy.deepcopy(state.tables)
            for change_set in batch:
                name = change_set.conference
                seq = state.numbers.get(name, 0) + 1
                result = evaluate(before.get(name, Tables()), change_set, seq)
                if not isinstance(result, Committed | Conflict):
                    state.tables.setdefault(name, Tables()).apply(result)
                    state.numbers[name] = seq
                    result = Committed(seq)
                outcomes.append(result)
            return outcomes


class IgnoresTokens(MemoryStore):
    """Lets whoever had a notice once say how it ended."""

    def settle(self, marks):
        return super().settle([self._current(mark) for mark in marks])

    def _current(self, mark: Mark):
        tables = self._opened().tables.get(mark.conference, Tables())
        row = tables.notice(mark.key)
        return mark if row is None else evolve(mark, token=row.token)


class LeasesWithoutToken(MemoryStore):
    """Gives every lease the same token: the last holder cannot be told from one before."""

    def lease(self, limit, *, now, until, conference=None):
        lent = super().lease(limit, now=now, until=until, conference=conference)
        return [evolve(each, token=1) for each in lent]

    def settle(self, marks):
        return super().settle([self._current(mark) for mark in marks])

    def _current(self, mark: Mark):
        row = self._opened().tables.get(mark.conference, Tables()).notice(mark.key)
        return evolve(mark, token=row.token) if row is not None and mark.token == 1 else mark


class MarksBeforeSending(MemoryStore):
    """Takes a notice that it lends for sent: whoever dies with it takes it along."""

    def lease(self, limit, *, now, until, conference=None):
        lent = super().lease(limit, now=now, until=until, conference=conference)
        super().settle([Mark(each.conference, each.key, each.token, "sent") for each in lent])
        return lent


class ForgetsUniques(MemoryStore):
    """Looks for the owner of a unique value before it takes the lock."""

    def commit(self, batch):
        return [self._later(change_set) for change_set in batch]

    def _later(self, change_set):
        with self._lock:
            tables = self._opened().tables.get(change_set.conference, Tables())
            stale = Rows(**{each.name: copy.copy(getattr(tables, each.name)) for each in fields(Rows)})
        time.sleep(0.001)
        with self._lock:
            state = self._opened()
            tables = state.tables.setdefault(change_set.conference, Tables())
            seq = state.numbers[change_set.conference] = state.numbers.get(change_set.conference, 0) + 1
            fresh = Rows(**{each.name: getattr(tables, each.name) for each in fields(Rows)})
            fresh.owners = stale.owners
            result = evaluate(fresh, change_set, seq)
            if isinstance(result, Committed | Conflict):
                return result
            tables.apply(result)
        return Committed(seq)


class SealsByWatermark(MemoryStore):
    """Seals everything up to the highest number that was named."""

    def commit(self, batch):
        return [
            self._sealing(change_set, super(SealsByWatermark, self).commit([change_set])[0])
            for change_set in batch
        ]

    def _sealing(self, change_set, outcome):
        tables = self._opened().tables.get(change_set.conference, Tables())
        for op in change_set.ops:
            if hasattr(op, "entries") and isinstance(outcome, Committed) and not outcome.replayed:
                highest = max(tables.entries[id_].seq for id_ in op.entries)
                for id_, row in tables.entries.items():
                    if row.seq <= highest and not row.sealed:
                        tables.entries[id_] = evolve(row, sealed=op.number)
        return outcome


class NeverSyncs(StateStore):
    """Writes each change to a file, and claims that it lasts: it does when a process dies, not when the power goes."""

    def __init__(self, path):
        super().__init__(f"never-syncs:{path}")
        self._path = Path(path)

    @property
    def capabilities(self):
        return {"durable": "it is in a file, is it not?"}

    def read_state(self):
        state = State()
        held = self._path.read_bytes() if self._path.exists() else b""
        whole = held[: held.rfind(b"\n") + 1]
        if len(whole) < len(held):  # a kill may come between two pages of one write
            os.truncate(self._path, len(whole))
        for line in whole.splitlines():
            call_of(line).told_to(state)
        return state

    def write_down(self, call):
        with system_errors(self.url), self._path.open("ab", buffering=0) as file:
            end, line = file.seek(0, os.SEEK_END), call.line.encode() + b"\n"
            try:
                file.write(line)
            except OSError:
                file.truncate(end)
                raise


class WritesLater(NeverSyncs):
    """Keeps what it has to write until there is enough of it: a crash takes along what was acknowledged."""

    def __init__(self, path):
        super().__init__(path)
        self._late = []

    def write_down(self, call):
        self._late.append(call)
        if len(self._late) > 20:
            self.let_go()

    def let_go(self):
        for call in self._late:
            super().write_down(call)
        self._late = []


BROKEN = {
    "checks-then-inserts": (ChecksThenInserts, "test_threads_never_oversell"),
    "marks-before-sending": (MarksBeforeSending, "test_a_lease_is_half_open"),
    "forgets-uniques": (ForgetsUniques, "test_threads_never_share_a_unique_value"),
    "loses-the-second": (LosesTheSecond, "test_the_second_of_a_batch_sees_what_the_first_took"),
    "merges-uniques": (MergesUniques, "test_uniques_are_replaced_not_merged"),
    "answers-repeats-as-new": (AnswersRepeatsAsNew, "test_a_repeated_entry_is_replayed"),
    "seals-by-watermark": (SealsByWatermark, "test_sealing_marks_exactly_what_it_names"),
    "leases-without-token": (LeasesWithoutToken, "test_an_old_token_settles_nothing"),
    "ignores-tokens": (IgnoresTokens, "test_an_old_token_settles_nothing"),
}
BROKEN_FILES = {
    "never-syncs": (NeverSyncs, "test_each_commit_is_synced[one by one]"),
    "writes-later": (WritesLater, "test_nothing_acknowledged_is_lost"),
}


@hookimpl
def conferencekit_register_stores(registry):
    for name, (store, _) in BROKEN.items():
        registry.add(name, lambda _url, store=store: store())
    for name, (store, _) in BROKEN_FILES.items():
        registry.add(name, lambda url, store=store: store(url.partition(":")[2]))
