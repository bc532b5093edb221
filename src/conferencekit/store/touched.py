"""Which rows a change set touches: what a store must load before it can evaluate it."""

from __future__ import annotations

from attrs import define, field

from ..ports import AtMost, ChangeSet, Check, Enqueue, Erase, Limit, Put, Redact, Seal


@define
class Touched:
    """The keys of rows, collected over change sets of one conference.

    The quotas that loaded records take are touched too: a record gives back what it held.
    """

    entries: set[str] = field(factory=set)
    records: set[tuple[str, str]] = field(factory=set)
    uniques: set[tuple[str, str]] = field(factory=set)
    quotas: set[str] = field(factory=set)
    notices: set[str] = field(factory=set)
    seals: set[int] = field(factory=set)

    def add(self, change_set: ChangeSet) -> None:
        """Add what one change set touches."""
        self.entries.add(change_set.entry.id)
        for op in change_set.ops:
            match op:
                case Put():
                    self.records.add((op.kind, op.id))
                    self.uniques.update(op.uniques.items())
                    self.quotas.update(op.takes)
                case Erase() | Check():
                    self.records.add((op.kind, op.id))
                case Limit() | AtMost():
                    self.quotas.add(op.quota)
                case Enqueue():
                    self.notices.add(op.key)
                case Redact():
                    (self.notices if op.what == "notice" else self.entries).add(op.id)
                case Seal():
                    self.seals.add(op.number)
                    self.entries.update(op.entries)


def touched(change_sets: list[ChangeSet]) -> Touched:
    """What the change sets of one conference touch together."""
    keys = Touched()
    for change_set in change_sets:
        keys.add(change_set)
    return keys
