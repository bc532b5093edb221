"""The exact meaning of a commit: one pure function over the rows that a change set touches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from attrs import evolve

from ..ports import (
    SEQ,
    AtMost,
    ChangeSet,
    Check,
    Committed,
    Conflict,
    Enqueue,
    Erase,
    Full,
    Limit,
    Owned,
    Put,
    Reason,
    Redact,
    Reused,
    Seal,
    Stale,
    UnknownQuota,
)
from .rows import (
    ENTRY,
    FINAL,
    NOTICE,
    Effects,
    EntryRow,
    NoticeRow,
    QuotaRow,
    RecordRow,
    View,
    place_of,
    version_of,
)


def evaluate(view: View, change_set: ChangeSet, seq: int) -> Effects | Committed | Conflict:
    """What the change set does to the rows of its conference, if the store numbers it `seq`.

    Conditions are tested on the rows as they are before it; net effects count, so two records may swap a unique value
    or a place. The store writes the `Effects`, all or nothing, and answers `Committed(seq)`.

    Returns:
        `Committed(replayed=True)` if the entry was applied before, `Conflict` with all reasons, or the effects.
    """
    entry = change_set.entry
    if (known := view.entry(entry.id)) is not None:
        same = known.digest == entry.digest
        return Committed(known.seq, replayed=True) if same else Conflict((Reused("entry", entry.id),))
    draft = _Draft(view, seq)
    for number, op in enumerate(change_set.ops):
        _STEPS[type(op)](draft, op, number)
    _settle_owners(draft)
    _settle_quotas(draft)
    if draft.reasons:
        return Conflict(tuple(draft.reasons))
    effects = draft.effects
    effects.entries[entry.id] = EntryRow(seq, entry.digest, entry.text, entry.person, entry.subject)
    return effects


class _Draft:
    """What the ops said so far. A plain class: one is made for every change set."""

    __slots__ = ("claims", "deltas", "effects", "limits", "reasons", "seq", "view")

    def __init__(self, view: View, seq: int) -> None:
        self.view = view
        self.seq = seq
        self.effects = Effects(seq)
        self.reasons: list[Reason] = []
        self.claims: list[tuple[tuple[str, str], tuple[str, str]]] = []
        self.deltas: dict[str, int] = {}
        self.limits: dict[str, int | None] = {}


def _replaced(draft: _Draft, op: Put | Erase) -> None:
    """Tests the version, and gives back what the record held."""
    held = draft.view.record(op.kind, op.id)
    if version_of(held) != op.expect:
        draft.reasons.append(Stale(op.kind, op.id, version_of(held)))
    if held is not None:
        draft.effects.owners.update(dict.fromkeys(held.uniques.items()))
        for quota, places in held.takes.items():
            draft.deltas[quota] = draft.deltas.get(quota, 0) - places


def _put(draft: _Draft, op: Put, _: int) -> None:
    _replaced(draft, op)
    owner = (op.kind, op.id)
    for claim in op.uniques.items():
        draft.claims.append((claim, owner))
    for quota, places in op.takes.items():
        draft.deltas[quota] = draft.deltas.get(quota, 0) + places
    if op.over:
        draft.effects.lifted.update(op.takes)
    indexes = {
        name: (index.key, draft.seq if index.order is SEQ else index.order)
        for name, index in op.indexes.items()
    }
    draft.effects.records[owner] = RecordRow(op.expect + 1, draft.seq, op.text, indexes, op.uniques, op.takes)


def _erase(draft: _Draft, op: Erase, _: int) -> None:
    _replaced(draft, op)
    draft.effects.records[op.kind, op.id] = None


def _check(draft: _Draft, op: Check, _: int) -> None:
    found = version_of(draft.view.record(op.kind, op.id))
    if found != op.expect:
        draft.reasons.append(Stale(op.kind, op.id, found))


def _limit(draft: _Draft, op: Limit, _: int) -> None:
    draft.limits[op.quota] = op.capacity


def _at_most(draft: _Draft, op: AtMost, _: int) -> None:
    row = draft.view.quota(op.quota)
    if row is None:
        draft.reasons.append(UnknownQuota(op.quota))
    elif row.taken > op.taken:
        draft.reasons.append(Full(op.quota, op.taken - row.taken, 0))


def _enqueue(draft: _Draft, op: Enqueue, number: int) -> None:
    if draft.view.notice(op.key) is not None:
        draft.reasons.append(Reused("notice", op.key))
    draft.effects.notices[op.key] = NoticeRow(
        place_of(draft.seq, number), op.text, op.due, op.lane, op.person
    )


def _redact(draft: _Draft, op: Redact, _: int) -> None:
    if op.what == "entry":
        entry = draft.effects.entries.get(op.id) or draft.view.entry(op.id)
        if entry is None:
            draft.reasons.append(Stale(ENTRY, op.id, 0))
        else:
            draft.effects.entries[op.id] = evolve(entry, text=None, person="", subject="")
        return
    notice = draft.view.notice(op.id)
    if notice is None:
        draft.reasons.append(Stale(NOTICE, op.id, 0))
        return
    row = evolve(notice, text=None, person="")
    if row.state not in FINAL:
        row = evolve(row, state="failed", until=None, note="redacted")
    draft.effects.notices[op.id] = row


def _seal(draft: _Draft, op: Seal, _: int) -> None:
    if draft.view.has_seal(op.number):
        draft.reasons.append(Reused("seal", str(op.number)))
    draft.effects.seals.append(op.number)
    for id_ in op.entries:
        row = draft.effects.entries.get(id_) or draft.view.entry(id_)
        if row is None:
            draft.reasons.append(Stale(ENTRY, id_, 0))
        elif row.sealed:
            draft.reasons.append(Reused("entry", id_))
        else:
            draft.effects.entries[id_] = evolve(row, sealed=op.number)


_STEPS: Final[Mapping[type, Callable[[_Draft, Any, int], None]]] = {
    Put: _put,
    Erase: _erase,
    Check: _check,
    Limit: _limit,
    AtMost: _at_most,
    Enqueue: _enqueue,
    Redact: _redact,
    Seal: _seal,
}


def _settle_owners(draft: _Draft) -> None:
    """Gives the claimed values to their records, after all that the change set releases."""
    owners = draft.effects.owners
    for claim, wanted_by in draft.claims:
        owner = owners[claim] if claim in owners else draft.view.owner(*claim)
        if owner is not None and owner != wanted_by:
            draft.reasons.append(Owned(*claim, *owner))
        owners[claim] = wanted_by


def _settle_quotas(draft: _Draft) -> None:
    """Tests the net changes by name of the quota."""
    deltas, limits = draft.deltas, draft.limits
    for quota in sorted(deltas.keys() | limits.keys()) if limits or len(deltas) > 1 else deltas:
        row = draft.view.quota(quota)
        delta = deltas.get(quota, 0)
        if quota in limits:
            row = QuotaRow(row.taken if row else 0, limits[quota])
        if row is None:
            draft.reasons.append(UnknownQuota(quota))
            continue
        if delta > 0 and quota not in draft.effects.lifted and row.capacity is not None:
            left = max(row.capacity - row.taken, 0)
            if delta > left:
                draft.reasons.append(Full(quota, left, delta))
        draft.effects.quotas[quota] = QuotaRow(row.taken + delta, row.capacity)
    draft.effects.lifted.update(limits)
