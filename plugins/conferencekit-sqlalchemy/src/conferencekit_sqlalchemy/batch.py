"""A batch of change sets: what it touches, what `evaluate` says of it, and the rows to write.

At most three round trips: lock and load, lock the quotas, write and commit. Quotas come last, since everybody wants
the same ones; where no record gives any back they are locked at the end of the first trip.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from attrs import define, field

from conferencekit.ports import (
    ABSENT,
    AtMost,
    ChangeSet,
    Check,
    Committed,
    Conflict,
    Enqueue,
    Erase,
    Limit,
    Outcome,
    Put,
    Redact,
    Seal,
)
from conferencekit.store import FINAL, Effects, EntryRow, QuotaRow, Rows, evaluate
from conferencekit.store.damage import whole_rows

from .flavour import Flavour
from .rows import (
    NOT_LOADED,
    Row,
    changed,
    entry_row,
    held_record,
    key_row,
    listing_rows,
    loaded_notice,
    notice_key,
    notice_row,
    quota_row,
    record_key,
    record_row,
    saved_notice,
)
from .session import Call, Transaction, rows_call

Pair = tuple[str, str]
Triple = tuple[str, str, str]


@define
class Touched:
    """The keys of the rows that a batch touches, each with its conference."""

    entries: set[Pair] = field(factory=set)
    written: set[Triple] = field(factory=set)
    checked: set[Triple] = field(factory=set)
    absent: set[Triple] = field(factory=set)
    owners: set[Triple] = field(factory=set)
    quotas: set[Pair] = field(factory=set)
    redacted: set[Pair] = field(factory=set)
    notices: set[Pair] = field(factory=set)
    lanes: set[Pair] = field(factory=set)
    seals: set[tuple[str, int]] = field(factory=set)
    gives_back: bool = False

    @classmethod
    def by(cls, batch: Sequence[ChangeSet]) -> Touched:
        """What all its ops touch."""
        self = cls()
        for change_set in batch:
            self.entries.add((change_set.conference, change_set.entry.id))
            for op in change_set.ops:
                self._add(change_set.conference, op)
        self.checked -= self.written
        return self

    def _add(self, conference: str, op: object) -> None:
        match op:
            case Put():
                self.written.add((conference, op.kind, op.id))
                self.owners.update((conference, *claim) for claim in op.uniques.items())
                self.quotas.update((conference, quota) for quota in op.takes)
                self.gives_back |= op.expect != ABSENT
            case Erase():
                self.written.add((conference, op.kind, op.id))
                self.gives_back = True
            case Check():
                self.checked.add((conference, op.kind, op.id))
                if op.expect == ABSENT:
                    self.absent.add((conference, op.kind, op.id))
            case Limit() | AtMost():
                self.quotas.add((conference, op.quota))
            case Enqueue():
                self.notices.add((conference, op.key))
                self.lanes.add((conference, op.lane))
            case Redact(what="notice"):
                self.redacted.add((conference, op.id))
                self.notices.add((conference, op.id))
            case Redact():
                self.entries.add((conference, op.id))
            case Seal():
                self.seals.add((conference, op.number))
                self.entries.update((conference, id_) for id_ in op.entries)


@define
class Batch:
    """One attempt to commit a batch within one transaction."""

    flavour: Flavour
    tx: Transaction
    sets: Sequence[ChangeSet]
    keys: Touched
    known: set[str]
    shown: str
    views: dict[str, View] = field(factory=dict)
    numbers: Sequence[int] = ()

    def run(self) -> list[Outcome]:
        """Load, evaluate, write and commit; nothing is written where nothing is new."""
        self.views = {change_set.conference: View() for change_set in self.sets}
        early = not self.keys.gives_back
        self._load(self.keys.quotas if early else None)
        held = {(name, quota) for name, view in self.views.items() for quota in view.held()}
        if not early:
            self._take(self._last(held | self.keys.quotas, draw=True))
        elif held - self.keys.quotas:
            self._take(self._last(held - self.keys.quotas, draw=False))
        numbers = iter(self.numbers)
        number, outcomes = next(numbers), list[Outcome]()
        for change_set in self.sets:
            outcomes.append(outcome := self.views[change_set.conference].apply(change_set, number))
            if type(outcome) is Committed and not outcome.replayed:
                number = next(numbers, 0)
        if any(view.changed for view in self.views.values()):
            self.tx.finish(*self._writes())
        return outcomes

    def _load(self, quotas: set[Pair] | None) -> None:
        keys = self.keys
        loads: list[tuple[str, list[Row]]] = [
            ("keep_absent", _records(keys.absent)),
            ("load_records", _records(keys.written)),
            ("load_checked", _records(keys.checked)),
            ("load_owners", [_owner(*key) for key in sorted(keys.owners)]),
            ("load_seals", [{"conference": name, "number": number} for name, number in sorted(keys.seals)]),
            ("load_heads", [{"conference": name, "lane": lane} for name, lane in sorted(keys.lanes)]),
            ("load_heads_of", [notice_key(*key) for key in sorted(keys.redacted)]),
            ("load_notices", [notice_key(*key) for key in sorted(keys.notices)]),
        ]
        calls = [rows_call(name, rows) for name, rows in loads if rows]
        calls += self._last(quotas, draw=True) if quotas is not None else []
        self._take(calls)

    def _last(self, quotas: set[Pair], *, draw: bool) -> list[Call]:
        """Quotas, and after all else the entries: whoever sees another's notice or place sees the entry of it too.

        Else somebody who commits the same entry at the same moment would hear of a conflict with himself.
        """
        calls = [rows_call("load_quotas", _pairs(quotas))] if quotas else []
        calls.append(rows_call("load_entries", _pairs(self.keys.entries)))
        return [*calls, self._numbering()] if draw else calls

    def _numbering(self) -> Call:
        conferences = [{"conference": name} for name in self.views]
        return rows_call("numbers", conferences, count=len(self.sets))

    def _take(self, calls: list[Call]) -> None:
        with whole_rows(self.shown):
            for call, rows in zip(calls, self.tx.ask(*calls) if calls else (), strict=True):
                if call.name == "numbers":
                    self.numbers = self.flavour.numbers(rows, len(self.sets))
                elif call.name in _TAKERS:
                    for conference, *columns in rows:
                        _TAKERS[call.name](self.views[conference], columns)

    def _writes(self) -> list[Call]:
        written: dict[str, list[Row]] = {name: [] for name in _ORDER}
        written["release_absent"] = _records(self.keys.absent)
        for conference, view in self.views.items():
            if view.changed:
                if conference not in self.known:
                    written["insert_conference"].append({"id": conference})
                view.save(Writer(self.flavour, conference, written))
        return [rows_call(name, rows) for name, rows in written.items() if rows]


_ORDER: Final = (
    "release_absent", "insert_conference", "insert_entry", "update_entries", "insert_seal", "delete_records",
    "delete_listings", "insert_record", "update_records", "insert_listing", "insert_notice", "save_notices",
    "move_up", "insert_quota", "lift_quotas", "move_quotas",
)  # fmt: skip


def _pairs(keys: set[Pair]) -> list[Row]:
    return [key_row(*key) for key in sorted(keys)]


def _records(keys: set[Triple]) -> list[Row]:
    return [record_key(*key) for key in sorted(keys)]


def _owner(conference: str, name: str, key: str) -> Row:
    return {"conference": conference, "name": name, "key": key}


@define
class Writer:
    """Where the rows of one conference are gathered."""

    flavour: Flavour
    conference: str
    written: dict[str, list[Row]]

    def add(self, name: str, row: Row) -> None:
        """A row for this statement."""
        self.written[name].append(row)


@define
class View:
    """The touched rows of one conference: as they were loaded, and as the batch leaves them."""

    before: Rows = field(factory=Rows)
    after: Rows = field(factory=Rows)
    live: set[str] = field(factory=set)
    heads: set[str] = field(factory=set)
    changed: list[Effects] = field(factory=list)

    def held(self) -> Iterator[str]:
        """The quotas of which loaded records take."""
        for row in self.before.records.values():
            yield from row.takes

    def apply(self, change_set: ChangeSet, number: int) -> Outcome:
        """One change set, after those before it."""
        result = evaluate(self.after, change_set, number)
        if isinstance(result, Committed | Conflict):
            return result
        self.after.apply(result)
        self.changed.append(result)
        return Committed(number)

    # -- what was loaded

    def take_entry(self, columns: Sequence[Any]) -> None:
        """A log entry."""
        id_, seq, digest, redacted, sealed = columns
        row = EntryRow(seq, digest, None if redacted else NOT_LOADED, sealed=sealed)
        self.before.entries[id_] = self.after.entries[id_] = row

    def take_record(self, columns: Sequence[Any]) -> None:
        """A record; one without a number only keeps its place free."""
        kind, id_, version, seq, holds = columns
        if seq:
            row = held_record(version, seq, holds)
            self.before.records[kind, id_] = self.after.records[kind, id_] = row

    def take_owner(self, columns: Sequence[Any]) -> None:
        """The owner of a unique value."""
        name, key, kind, id_ = columns
        self.after.owners[name, key] = (kind, id_)

    def take_quota(self, columns: Sequence[Any]) -> None:
        """A quota."""
        id_, taken, capacity = columns
        self.before.quotas[id_] = self.after.quotas[id_] = QuotaRow(taken, capacity)

    def take_seal(self, columns: Sequence[Any]) -> None:
        """The number of a seal that is there."""
        self.after.seals.add(*columns)

    def take_head(self, columns: Sequence[Any]) -> None:
        """A lane that has a head."""
        self.heads.add(*columns)

    def take_notice(self, columns: Sequence[Any]) -> None:
        """A notice."""
        live, key, *rest = columns
        if live:
            self.live.add(key)
        self.before.notices[key] = self.after.notices[key] = loaded_notice(rest)

    # -- what is to be written

    def save(self, writer: Writer) -> None:
        """All rows that the batch changed, each once."""
        self._save_entries(writer)
        self._save_records(writer)
        self._save_quotas(writer)
        self._save_notices(writer)

    def _save_entries(self, writer: Writer) -> None:
        for id_ in {id_: None for effects in self.changed for id_ in effects.entries}:
            row, before = self.after.entries[id_], self.before.entries.get(id_)
            if before is None:
                writer.add("insert_entry", entry_row(writer.flavour, writer.conference, id_, row))
            else:
                change = {"sealed": row.sealed, "redacted": row.text is None}
                writer.add("update_entries", {**key_row(writer.conference, id_), **change})
        for number in (number for effects in self.changed for number in effects.seals):
            writer.add("insert_seal", {"conference": writer.conference, "number": number})

    def _save_records(self, writer: Writer) -> None:
        for kind, id_ in {key: None for effects in self.changed for key in effects.records}:
            key = (writer.conference, kind, id_)
            before, after = self.before.records.get((kind, id_)), self.after.records.get((kind, id_))
            if after is not None:
                name = "insert_record" if before is None else "update_records"
                writer.add(name, record_row(writer.flavour, key, after))
            elif before is not None:
                writer.add("delete_records", record_key(*key))
            gone, new = changed(listing_rows(*key, before), listing_rows(*key, after))
            writer.written["delete_listings"] += gone
            writer.written["insert_listing"] += new

    def _save_quotas(self, writer: Writer) -> None:
        lifted = frozenset[str]().union(*(effects.lifted for effects in self.changed))
        for id_ in {id_: None for effects in self.changed for id_ in effects.quotas}:
            row, before = self.after.quotas[id_], self.before.quotas.get(id_)
            if before is None:
                writer.add("insert_quota", quota_row(writer.conference, id_, row))
            elif id_ in lifted:
                writer.add("lift_quotas", quota_row(writer.conference, id_, row))
            elif row.taken != before.taken:
                moved = {"moved": row.taken - before.taken}
                writer.add("move_quotas", {**key_row(writer.conference, id_), **moved})

    def _save_notices(self, writer: Writer) -> None:
        heads, freed = set(self.heads), set[str]()
        for key in {key: None for effects in self.changed for key in effects.notices}:
            row, before = self.after.notices[key], self.before.notices.get(key)
            if before is not None:
                redacted = row.text is None
                writer.add("save_notices", saved_notice(writer.conference, key, row, redacted=redacted))
                if key in self.live and row.state in FINAL:
                    freed.add(row.lane)
                continue
            live = row.lane not in heads
            if row.state not in FINAL:
                heads.add(row.lane)
            writer.add("insert_notice", notice_row(writer.flavour, writer.conference, key, row, live=live))
        for lane in sorted(freed):
            writer.add("move_up", {"conference": writer.conference, "lane": lane})


_TAKERS: Final[Mapping[str, Any]] = {
    "load_entries": View.take_entry,
    "load_records": View.take_record,
    "load_checked": View.take_record,
    "load_owners": View.take_owner,
    "load_quotas": View.take_quota,
    "load_seals": View.take_seal,
    "load_heads": View.take_head,
    "load_notices": View.take_notice,
}
