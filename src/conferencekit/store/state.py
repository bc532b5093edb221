"""A whole store in memory, without lock and without I/O: what simple stores are built on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from attrs import Factory, define

from ..errors import InvalidChangeSet
from ..limits import BATCH, check_key
from ..ports import ChangeSet, Committed, Conflict, DumpedRow, Leased, Mark, Outcome, Record
from .commit import evaluate
from .cursor import cursor_of, query_position
from .outbox import lease_terms, lend, settled
from .restoring import restored
from .tables import Tables


@define
class State:
    """Every conference of a store. Its methods are those of `ports.Store`; who owns it brings the lock and the disk.

    The same calls in the same order give the same state and the same answers: a store that writes down the calls can
    rebuild it.
    """

    tables: dict[str, Tables] = Factory(dict)
    numbers: dict[str, int] = Factory(dict)

    def conferences(self) -> list[str]:
        """As `Store.conferences`."""
        return sorted(self.tables, key=str.encode)

    def get(self, conference: str, kind: str, ids: Iterable[str]) -> dict[str, Record]:
        """As `Store.get`."""
        tables = self.tables.get(conference) or Tables()
        found = ((id_, tables.read(kind, id_)) for id_ in ids)
        return {id_: record for id_, record in found if record is not None}

    def quotas(self, conference: str, ids: Iterable[str]) -> dict[str, tuple[int, int | None]]:
        """As `Store.quotas`."""
        rows = (self.tables.get(conference) or Tables()).quotas
        return {id_: (rows[id_].taken, rows[id_].capacity) for id_ in ids if id_ in rows}

    def find(
        self, conference: str, kind: str, index: str, key: str, *, after: str | None = None, limit: int = 100
    ) -> tuple[list[Record], str | None]:
        """As `Store.find`."""
        position = query_position(kind, index, key, after, limit)
        tables = self.tables.get(conference) or Tables()
        records, last = tables.page(kind, index, key, position, limit)
        return records, None if last is None else cursor_of(last)

    def commit(self, batch: Sequence[ChangeSet]) -> list[Outcome]:
        """As `Store.commit`."""
        check_batch(batch)
        return [self._commit_one(change_set) for change_set in batch]

    def _commit_one(self, change_set: ChangeSet) -> Outcome:
        conference = change_set.conference
        tables = self.tables.get(conference) or Tables()
        seq = self.numbers.get(conference, 0) + 1
        result = evaluate(tables, change_set, seq)
        if isinstance(result, Committed | Conflict):
            return result
        tables.apply(result)
        self.tables[conference] = tables
        self.numbers[conference] = seq
        return Committed(seq)

    def lease(
        self, limit: int, *, now: datetime, until: datetime, conference: str | None = None
    ) -> list[Leased]:
        """As `Store.lease`."""
        start, end = lease_terms(limit, now, until)
        among = self.tables if conference is None else {conference} & self.tables.keys()
        due = sorted(
            (since, name, place, key) for name in among for since, place, key in self.tables[name].due(start)
        )
        return [self._lend(name, key, end) for _, name, _, key in due[:limit]]

    def _lend(self, conference: str, key: str, until: datetime) -> Leased:
        tables = self.tables[conference]
        row, leased = lend(conference, key, tables.notices[key], until)
        tables.place_notice(key, row)
        return leased

    def settle(self, marks: Sequence[Mark]) -> list[bool]:
        """As `Store.settle`."""
        check_marks(marks)
        return [self._settle_one(mark) for mark in marks]

    def _settle_one(self, mark: Mark) -> bool:
        tables = self.tables.get(mark.conference) or Tables()
        row = settled(tables.notices.get(mark.key), mark)
        if row is None:
            return False
        tables.place_notice(mark.key, row)
        return True

    def dump(self, conference: str) -> list[DumpedRow]:
        """As `Dumpable.dump`, as a list: so it stays what it was at this moment."""
        return list((self.tables.get(conference) or Tables()).lines())

    def restore(self, conference: str, rows: Sequence[DumpedRow]) -> None:
        """As `Dumpable.restore`."""
        check_key(conference, "The id of a conference")
        tables = self.tables.get(conference) or Tables()
        effects = restored(rows, tables)
        tables.apply(effects)
        self.tables[conference] = tables
        self.numbers[conference] = max(effects.seq, self.numbers.get(conference, 0))


def check_batch(batch: Sequence[ChangeSet]) -> None:
    """Raises `InvalidChangeSet` for more than 1,000 change sets."""
    if len(batch) > BATCH:
        raise InvalidChangeSet(len(batch), f"Commit at most {BATCH} change sets at once: split the batch.")


def check_marks(marks: Sequence[Mark]) -> None:
    """Raises `InvalidChangeSet` for more than 1,000 marks."""
    if len(marks) > BATCH:
        raise InvalidChangeSet(len(marks), f"Settle at most {BATCH} notices at once: split them.")
