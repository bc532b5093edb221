"""From SQLite's rows to those of `conferencekit.store` and back: loads what a batch touches, writes what it changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from attrs import define, field

from ..limits import dump, parse
from ..ports import ChangeSet, Committed, Conflict, Outcome
from ..store import (
    Effects,
    EntryRow,
    NoticeRow,
    QuotaRow,
    RecordRow,
    Rows,
    Touched,
    evaluate,
    touched,
)
from ..store.damage import whole_rows
from .sqlite_driver import sqlite3

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_NOT_LOADED: Final = ""

Values = tuple[Any, ...]


def stamp(moment: datetime) -> int:
    """An instant as microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(stamp_: int) -> datetime:
    """The instant that a number of microseconds stands for."""
    return _EPOCH + timedelta(microseconds=stamp_)


def commit(connection: sqlite3.Connection, batch: Sequence[ChangeSet], url: str) -> list[Outcome]:
    """Apply a batch within the transaction that is open. Nothing was written if no outcome is a fresh `Committed`."""
    grouped: dict[str, list[ChangeSet]] = {}
    for change_set in batch:
        grouped.setdefault(change_set.conference, []).append(change_set)
    with whole_rows(url):
        works = {name: _Work.load(connection, name, touched(sets)) for name, sets in grouped.items()}
    outcomes = [works[change_set.conference].apply(change_set) for change_set in batch]
    for work in works.values():
        if work.seq > work.first:
            work.save(connection)
    return outcomes


@define
class _Work:
    """The touched rows of one conference: as they were loaded, and as the batch leaves them."""

    conference: str
    first: int
    seq: int
    rows: Rows
    records: dict[tuple[str, str], RecordRow]
    entries: dict[str, EntryRow]
    quotas: dict[str, QuotaRow]
    notices: dict[str, NoticeRow]
    changed: list[Effects] = field(factory=list)

    @classmethod
    def load(cls, connection: sqlite3.Connection, conference: str, keys: Touched) -> _Work:
        seq, rows = _load(connection, conference, keys)
        return cls(
            conference,
            seq,
            seq,
            rows,
            dict(rows.records),
            dict(rows.entries),
            dict(rows.quotas),
            dict(rows.notices),
        )

    def apply(self, change_set: ChangeSet) -> Outcome:
        result = evaluate(self.rows, change_set, self.seq + 1)
        if isinstance(result, Committed | Conflict):
            return result
        self.seq += 1
        self.rows.apply(result)
        self.changed.append(result)
        return Committed(self.seq)

    def save(self, connection: sqlite3.Connection) -> None:
        connection.execute(_CONFERENCE, (self.conference, self.seq))
        self._save_entries(connection)
        self._save_records(connection)
        self._save_quotas(connection)
        self._save_notices(connection)

    def _save_entries(self, connection: sqlite3.Connection) -> None:
        name, new, sealed, redacted = self.conference, [], [], []
        for id_ in {id_: None for effects in self.changed for id_ in effects.entries}:
            row, before = self.rows.entries[id_], self.entries.get(id_)
            if before is None:
                new.append((name, row.seq, id_, row.digest, row.text, row.person, row.subject, row.sealed))
                continue
            if row.sealed != before.sealed:
                sealed.append((row.sealed, name, id_))
            if row.text is None and before.text is not None:
                redacted.append((name, id_))
        _many(connection, "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?)", new)
        _many(connection, "UPDATE entry SET sealed = ? WHERE conference = ? AND id = ?", sealed)
        _many(connection, _REDACT_ENTRY, redacted)
        numbers = [(name, number) for effects in self.changed for number in effects.seals]
        _many(connection, "INSERT INTO seal VALUES (?, ?)", numbers)

    def _save_records(self, connection: sqlite3.Connection) -> None:
        changes = _RecordChanges()
        for kind, id_ in {key: None for effects in self.changed for key in effects.records}:
            before, after = self.records.get((kind, id_)), self.rows.records.get((kind, id_))
            changes.add((self.conference, kind, id_), before, after)
        changes.save(connection)

    def _save_quotas(self, connection: sqlite3.Connection) -> None:
        lifted = frozenset().union(*(effects.lifted for effects in self.changed))
        new, lift, move = [], [], []
        for id_ in {id_: None for effects in self.changed for id_ in effects.quotas}:
            row, before = self.rows.quotas[id_], self.quotas.get(id_)
            ceiling = None if row.capacity is None else max(row.capacity, row.taken)
            if before is None:
                new.append((self.conference, id_, row.taken, row.capacity, ceiling))
            elif id_ in lifted:
                lift.append((row.taken, row.capacity, ceiling, self.conference, id_))
            elif row.taken != before.taken:
                delta = row.taken - before.taken
                move.append((delta, delta, self.conference, id_))
        _many(connection, "INSERT INTO quota VALUES (?, ?, ?, ?, ?)", new)
        _many(connection, _LIFT_QUOTA, lift)
        _many(connection, _MOVE_QUOTA, move)

    def _save_notices(self, connection: sqlite3.Connection) -> None:
        new, changed = [], []
        for key in {key: None for effects in self.changed for key in effects.notices}:
            row = self.rows.notices[key]
            if key in self.notices:
                changed.append((self.conference, key, row))
            else:
                new.append(_new_notice(self.conference, key, row))
        _many(connection, _ENQUEUE, new)
        for conference, key, row in changed:
            save_notice(connection, conference, key, row, self.notices[key])


@define
class _RecordChanges:
    """The rows to write for records, over all of a batch, so that each table is written once."""

    inserts: list[Values] = field(factory=list)
    updates: list[Values] = field(factory=list)
    deletes: list[Values] = field(factory=list)
    listed: list[Values] = field(factory=list)
    unlisted: list[Values] = field(factory=list)
    claimed: list[Values] = field(factory=list)
    released: list[Values] = field(factory=list)

    def add(self, key: tuple[str, str, str], before: RecordRow | None, after: RecordRow | None) -> None:
        if after is None:
            if before is not None:
                self.deletes.append(key)
        elif before is None:
            self.inserts.append((*key, after.version, after.seq, after.text, holds_of(after)))
        else:
            self.updates.append((after.version, after.seq, after.text, holds_of(after), *key))
        conference, kind, id_ = key
        if before is None and after is not None:  # nothing to compare with: most of what is written is new
            self.listed += [(conference, kind, name, *at, id_) for name, at in after.indexes.items()]
            self.claimed += [(conference, *claim, kind, id_) for claim in after.uniques.items()]
            return
        old, new = listings_of(before), listings_of(after)
        self.unlisted.extend((conference, kind, *row, id_) for row in old if row not in new)
        self.listed.extend((conference, kind, *row, id_) for row in new if row not in old)
        held, wanted = before.uniques if before else {}, after.uniques if after else {}
        self.released.extend(
            (conference, *claim) for claim in held.items() if wanted.get(claim[0]) != claim[1]
        )
        self.claimed.extend(
            (conference, *claim, kind, id_) for claim in wanted.items() if held.get(claim[0]) != claim[1]
        )

    def save(self, connection: sqlite3.Connection) -> None:
        _many(connection, "DELETE FROM record WHERE conference = ? AND kind = ? AND id = ?", self.deletes)
        _many(connection, "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?)", self.inserts)
        _many(connection, _UPDATE_RECORD, self.updates)
        _many(connection, _UNLIST, self.unlisted)
        _many(connection, "INSERT INTO listing VALUES (?, ?, ?, ?, ?, ?)", self.listed)
        _many(connection, "DELETE FROM claim WHERE conference = ? AND name = ? AND value = ?", self.released)
        _many(connection, "INSERT INTO claim VALUES (?, ?, ?, ?, ?)", self.claimed)


def listings_of(row: RecordRow | None) -> list[tuple[str, str, int | str]]:
    """The index rows of a record: name, key and order."""
    return [(name, key, order) for name, (key, order) in row.indexes.items()] if row else []


def holds_of(row: RecordRow) -> str | None:
    """What a record holds, as JSON beside it: the index rows, claims and counters follow from it."""
    if row.indexes or row.uniques or row.takes:
        return dump((row.indexes, row.uniques, row.takes))
    return None


def held_record(version: int, seq: int, text: str, holds: str | None) -> RecordRow:
    """A record from its columns, with what it holds."""
    indexes, uniques, takes = parse(holds) if holds else ({}, {}, {})
    places = {name: (key, order) for name, (key, order) in indexes.items()}
    return RecordRow(version, seq, text, places, uniques, takes)


def save_notice(
    connection: sqlite3.Connection, conference: str, key: str, row: NoticeRow, before: NoticeRow
) -> None:
    """Write a notice that was there. If it becomes final, the next of its lane moves up."""
    redacted = row.text is None and before.text is not None
    values = (
        row.state,
        row.token,
        stamp(row.due),
        None if row.until is None else stamp(row.until),
        row.note,
        row.sha256,
        redacted,
        redacted,
        conference,
        key,
    )
    connection.execute(_SAVE_NOTICE, values)
    move_up(connection, conference, row.lane)


def move_up(connection: sqlite3.Connection, conference: str, lane: str) -> None:
    """Let the lowest notice of the lane that is not final be the one that may be leased."""
    connection.execute(_MOVE_UP, (conference, lane, conference, lane))


def notice_of(row: Sequence[Any]) -> NoticeRow:
    """A notice from the columns `NOTICE_COLUMNS`."""
    _, place, text, due, lane, person, state, token, until, note, sha256 = row
    ends = None if until is None else moment(until)
    return NoticeRow(place, text, moment(due), lane, person, state, token, ends, note, sha256)


NOTICE_COLUMNS: Final = "key, place, body, due, lane, person, state, token, until, note, sha256"
_LIVE: Final = "state IN ('queued', 'held')"
_CONFERENCE: Final = "INSERT INTO conference VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET seq = excluded.seq"
_REDACT_ENTRY: Final = (
    "UPDATE entry SET body = NULL, person = '', subject = '' WHERE conference = ? AND id = ?"
)
_UPDATE_RECORD: Final = (
    "UPDATE record SET version = ?, seq = ?, body = ?, holds = ? WHERE conference = ? AND kind = ? AND id = ?"
)
_UNLIST: Final = """
    DELETE FROM listing WHERE conference = ? AND kind = ? AND name = ? AND key = ? AND position = ? AND id = ?"""
_LIFT_QUOTA: Final = "UPDATE quota SET taken = ?, capacity = ?, ceiling = ? WHERE conference = ? AND id = ?"
_MOVE_QUOTA: Final = """
    UPDATE quota SET taken = taken + ?, ceiling = max(capacity, taken + min(?, 0))
    WHERE conference = ? AND id = ?"""
_ENQUEUE: Final = f"""
    INSERT INTO notice (conference, key, place, body, due, lane, person, state, token, until, note, sha256, ready)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, NULL, ?, '', CASE WHEN ? = 'queued'
        AND NOT EXISTS (SELECT 1 FROM notice WHERE conference = ? AND lane = ? AND {_LIVE}) THEN ? END)"""  # noqa: S608 - no outside text
_SAVE_NOTICE: Final = """
    UPDATE notice SET state = ?, token = ?, due = ?, until = ?, note = ?, sha256 = ?, ready = NULL,
        body = CASE WHEN ? THEN NULL ELSE body END, person = CASE WHEN ? THEN '' ELSE person END
    WHERE conference = ? AND key = ?"""
_MOVE_UP: Final = f"""
    UPDATE notice SET ready = CASE state WHEN 'queued' THEN coalesce(until, due) END
    WHERE conference = ? AND lane = ? AND {_LIVE} AND place = (
        SELECT min(place) FROM notice WHERE conference = ? AND lane = ? AND {_LIVE})"""  # noqa: S608 - no outside text


def _new_notice(conference: str, key: str, row: NoticeRow) -> Values:
    due = stamp(row.due)
    written = (conference, key, row.place, row.text, due, row.lane, row.person, row.state, row.note)
    return (*written, row.state, conference, row.lane, due)


def _many(connection: sqlite3.Connection, sql: str, rows: Sequence[Values]) -> None:
    if rows:
        connection.executemany(sql, rows)


class ByKeys:
    """A SELECT for one or many keys, in two prepared statements: `sql` ends where ` = ?` would follow."""

    def __init__(self, sql: str) -> None:
        self._one = f"{sql} = ?"
        self._many = f"{sql} IN (SELECT value FROM json_each(?))"  # noqa: S608 - no outside text

    def rows(self, connection: sqlite3.Connection, before: Values, keys: Collection[object]) -> list[Any]:
        """The rows that are there, in no order."""
        if len(keys) == 1:
            return connection.execute(self._one, (*before, *keys)).fetchall()
        return connection.execute(self._many, (*before, dump(list(keys)))).fetchall() if keys else []


QUOTAS: Final = ByKeys("SELECT id, taken, capacity FROM quota WHERE conference = ? AND id")

# One statement for all that a batch touches: most of what a small read costs is the statement around it.
_EACH: Final = "FROM json_each({}) CROSS JOIN"
_TOUCHED: Final = f"""
    SELECT 'conference', seq, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM conference WHERE id = :conference
    UNION ALL
    SELECT 'entry', entry.id, seq, digest, body IS NULL, sealed, 0, 0, 0, 0, 0, 0
    {_EACH.format(":entries")} entry ON conference = :conference AND entry.id = json_each.value
    UNION ALL
    SELECT 'record', kind, record.id, version, seq, holds, 0, 0, 0, 0, 0, 0
    {_EACH.format(":records")} record ON conference = :conference
        AND kind = json_extract(json_each.value, '$[0]') AND record.id = json_extract(json_each.value, '$[1]')
    UNION ALL
    SELECT 'claim', name, claim.value, kind, claim.id, 0, 0, 0, 0, 0, 0, 0
    {_EACH.format(":claims")} claim ON conference = :conference
        AND name = json_extract(json_each.value, '$[0]') AND claim.value = json_extract(json_each.value, '$[1]')
    UNION ALL
    SELECT 'quota', quota.id, taken, capacity, 0, 0, 0, 0, 0, 0, 0, 0
    {_EACH.format(":quotas")} quota ON conference = :conference AND quota.id = json_each.value
    UNION ALL
    SELECT 'notice', notice.key, place, body IS NULL, due, lane, person, state, token, until, note, sha256
    {_EACH.format(":notices")} notice ON conference = :conference AND notice.key = json_each.value
    UNION ALL
    SELECT 'seal', number, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
    {_EACH.format(":seals")} seal ON conference = :conference AND number = json_each.value"""  # noqa: S608 - no outside text


def _load(connection: sqlite3.Connection, conference: str, keys: Touched) -> tuple[int, Rows]:
    """The number of the last commit, and the rows that are touched."""
    sets: dict[str, Collection[object]] = {
        "entries": keys.entries,
        "records": keys.records,
        "claims": keys.uniques,
        "quotas": keys.quotas,
        "notices": keys.notices,
        "seals": keys.seals,
    }
    lists = {name: dump(list(each)) for name, each in sets.items()}
    found = connection.execute(_TOUCHED, {"conference": conference, **lists}).fetchall()
    seq, rows = 0, Rows()
    for table, first, *rest in found:
        if table == "conference":
            seq = first
        else:
            _READERS[table](rows, first, rest)
    held = {quota for row in rows.records.values() for quota in row.takes}
    for id_, taken, capacity in QUOTAS.rows(connection, (conference,), held - keys.quotas):
        rows.quotas[id_] = QuotaRow(taken, capacity)
    return seq, rows


def _read_entry(rows: Rows, id_: str, columns: Sequence[Any]) -> None:
    seq, digest, redacted, sealed, *_ = columns
    rows.entries[id_] = EntryRow(seq, digest, None if redacted else _NOT_LOADED, sealed=sealed)


def _read_record(rows: Rows, kind: str, columns: Sequence[Any]) -> None:
    id_, version, seq, holds, *_ = columns
    rows.records[kind, id_] = held_record(version, seq, _NOT_LOADED, holds)


def _read_claim(rows: Rows, name: str, columns: Sequence[Any]) -> None:
    value, kind, id_, *_ = columns
    rows.owners[name, value] = (kind, id_)


def _read_quota(rows: Rows, id_: str, columns: Sequence[Any]) -> None:
    rows.quotas[id_] = QuotaRow(columns[0], columns[1])


def _read_notice(rows: Rows, key: str, columns: Sequence[Any]) -> None:
    place, redacted, *rest = columns
    rows.notices[key] = notice_of((key, place, None if redacted else _NOT_LOADED, *rest))


def _read_seal(rows: Rows, number: int, _: Sequence[Any]) -> None:
    rows.seals.add(number)


_READERS: Final[Mapping[str, Callable[[Rows, Any, Sequence[Any]], None]]] = {
    "entry": _read_entry,
    "record": _read_record,
    "claim": _read_claim,
    "quota": _read_quota,
    "notice": _read_notice,
    "seal": _read_seal,
}
