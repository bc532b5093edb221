"""The rows that a store keeps of one conference, and what `evaluate` asks of them and says about them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final, Protocol

from attrs import define, field, frozen

from ..limits import OPS
from ..ports import ABSENT, NoticeState, Record

NOTICE: Final = "~notice"
ENTRY: Final = "~entry"
FINAL: Final = frozenset({"sent", "failed"})

Position = tuple[int | str, str]
"""Where a record stands in an index: (order, id)."""


@frozen
class RecordRow:
    """A record and what it holds. `text` is its body as JSON; where only claims were loaded it is empty."""

    version: int
    seq: int
    text: str
    indexes: Mapping[str, tuple[str, int | str]] = field(factory=dict)
    uniques: Mapping[str, str] = field(factory=dict)
    takes: Mapping[str, int] = field(factory=dict)


@frozen
class EntryRow:
    """A log entry. `text` is None once it is redacted; `sealed` is the number of its seal, 0 = not sealed."""

    seq: int
    digest: str
    text: str | None = None
    person: str = ""
    subject: str = ""
    sealed: int = 0


@frozen
class QuotaRow:
    """How many are taken, and how many there are (None = counted only)."""

    taken: int = 0
    capacity: int | None = None


@frozen
class NoticeRow:
    """A notice in the outbox. `place` orders all notices of the conference: by commit, then by op.

    `token` counts its leases; `until` is the end of a lease that has not been settled.
    """

    place: int
    text: str | None
    due: datetime
    lane: str
    person: str = ""
    state: NoticeState = "queued"
    token: int = 0
    until: datetime | None = None
    note: str = ""
    sha256: str = ""

    @property
    def ready(self) -> datetime | None:
        """From when on it may be leased, if it is the lowest of its lane; None = not by itself."""
        return (self.until or self.due) if self.state == "queued" else None


def place_of(seq: int, op: int) -> int:
    """The place of a notice that the op with this number in the commit `seq` enqueues."""
    return seq << _OP_BITS | op


def seq_of(place: int) -> int:
    """The commit that enqueued the notice at this place."""
    return place >> _OP_BITS


_OP_BITS: Final = OPS.bit_length()


class View(Protocol):
    """What `evaluate` reads of one conference.

    At least the rows that `touched` names, and the quotas that those records take.
    """

    def entry(self, id_: str) -> EntryRow | None:
        """The log entry with this id."""

    def record(self, kind: str, id_: str) -> RecordRow | None:
        """The record of this kind with this id."""

    def owner(self, unique: str, value: str) -> tuple[str, str] | None:
        """(kind, id) of the record that has this unique value."""

    def quota(self, quota: str) -> QuotaRow | None:
        """The quota, if it was ever limited."""

    def notice(self, key: str) -> NoticeRow | None:
        """The notice with this key."""

    def has_seal(self, number: int) -> bool:
        """Whether a seal has this number."""


@define
class Effects:
    """What one change set changes: the rows as they are afterwards, None where one is gone. Only `evaluate` fills it.

    Attributes:
        lifted: quotas of which more may be taken than there are, because an organiser or a `Limit` said so.
        seals: the numbers of new seals.
    """

    seq: int
    entries: dict[str, EntryRow] = field(factory=dict)
    records: dict[tuple[str, str], RecordRow | None] = field(factory=dict)
    owners: dict[tuple[str, str], tuple[str, str] | None] = field(factory=dict)
    quotas: dict[str, QuotaRow] = field(factory=dict)
    lifted: set[str] = field(factory=set)
    notices: dict[str, NoticeRow] = field(factory=dict)
    seals: list[int] = field(factory=list)


def version_of(row: RecordRow | None) -> int:
    """The version of a row that may be absent."""
    return ABSENT if row is None else row.version


def record_of(kind: str, id_: str, row: RecordRow) -> Record:
    """The record that a reader gets."""
    return Record(kind, id_, row.version, json.loads(row.text), row.seq)


def notice_record(key: str, row: NoticeRow) -> Record:
    """The `~notice` record that a reader gets."""
    body = {
        "body": None if row.text is None else json.loads(row.text),
        "state": row.state,
        "due": row.due.isoformat(),
        "until": row.until.isoformat() if row.until else None,
        "lane": row.lane,
        "person": row.person,
        "token": row.token,
        "note": row.note,
        "sha256": row.sha256,
    }
    return Record(NOTICE, key, 1, body, seq_of(row.place))


def entry_record(id_: str, row: EntryRow) -> Record:
    """The `~entry` record that a reader gets."""
    body = {
        "body": None if row.text is None else json.loads(row.text),
        "digest": row.digest,
        "person": row.person,
        "subject": row.subject,
        "sealed": row.sealed,
    }
    return Record(ENTRY, id_, 1, body, row.seq)
