"""All rows of a conference, out and in again, for audits, copies and backups: `ports.Dumpable`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from conferencekit.ports import DumpedRow
from conferencekit.store import (
    Effects,
    EntryRow,
    QuotaRow,
    RecordRow,
    Rows,
    entry_line,
    notice_line,
    quota_line,
    record_line,
    restored,
    seal_line,
)

from .flavour import Flavour
from .rows import (
    Row,
    entry_row,
    held_record,
    key_row,
    listing_rows,
    notice_key,
    notice_of,
    notice_row,
    quota_row,
    record_key,
    record_row,
)
from .session import Call, Found, Session, Transaction, rows_call

_TABLES: Final = ("entry", "seal", "quota", "record", "notice")


def dump(session: Session, conference: str) -> Iterator[DumpedRow]:
    """The rows as they are at the first one."""
    calls = [Call(f"dump_{table}", None, {"conference": conference}) for table in _TABLES]
    for name, columns in session.stream(calls):
        yield _LINES[name](columns)


def _record_line(columns: Sequence[Any]) -> DumpedRow:
    kind, id_, version, seq, text, holds = columns
    return record_line(kind, id_, held_record(version, seq, holds, text))


_LINES: Final[dict[str, Any]] = {
    "dump_entry": lambda columns: entry_line(columns[0], EntryRow(*columns[1:])),
    "dump_seal": lambda columns: seal_line(*columns),
    "dump_quota": lambda columns: quota_line(columns[0], QuotaRow(*columns[1:])),
    "dump_record": _record_line,
    "dump_notice": lambda columns: notice_line(columns[0], notice_of(columns[1:])),
}


def restore(tx: Transaction, flavour: Flavour, conference: str, effects: Effects) -> None:
    """Write rows as they are: each replaces the one with its key."""
    keys = [record_key(conference, *key) for key in sorted(effects.records)]
    held = tx.ask(rows_call("load_records", keys))[0] if keys else []
    lanes: list[Row] = [
        {"conference": conference, "lane": lane}
        for lane in sorted({row.lane for row in effects.notices.values()})
    ]
    writes = {
        "insert_conference": [{"id": conference}],
        "delete_entries": [key_row(conference, id_) for id_ in effects.entries],
        "delete_seals": _seals(conference, effects),
        "delete_quotas": [key_row(conference, id_) for id_ in effects.quotas],
        "delete_records": keys,
        "delete_listings": _held_listings(held),
        "delete_owned": _claims(conference, effects),
        "delete_notices": [notice_key(conference, key) for key in effects.notices],
        **_inserts(flavour, conference, effects),
        "reset_lanes": lanes,
        "move_up": lanes,
    }
    calls = [rows_call(name, rows) for name, rows in writes.items() if rows]
    tx.finish(*calls, Call("raise_numbers", None, {"seq": effects.seq}))


def restoring(rows: Sequence[DumpedRow]) -> Effects:
    """What `restore` has to write. Raises `InvalidChangeSet` for rows that no dump gives."""
    return restored(rows, Rows())


def _seals(conference: str, effects: Effects) -> list[Row]:
    return [{"conference": conference, "number": number} for number in effects.seals]


def _held_listings(held: Found) -> list[Row]:
    rows: list[Row] = []
    for conference, kind, id_, version, seq, holds in held:
        rows += listing_rows(conference, kind, id_, held_record(version, seq, holds)).values()
    return rows


def _live(effects: Effects) -> list[tuple[tuple[str, str], RecordRow]]:
    return [(key, row) for key, row in effects.records.items() if row is not None]


def _claims(conference: str, effects: Effects) -> list[Row]:
    """Unique values that a record takes, also from another one that is yet to be restored."""
    claims = (claim for _, row in _live(effects) for claim in row.uniques.items())
    return [{"conference": conference, "name": name, "key": key} for name, key in claims]


def _inserts(flavour: Flavour, conference: str, effects: Effects) -> dict[str, list[Row]]:
    live = _live(effects)
    return {
        "insert_entry": [entry_row(flavour, conference, *item) for item in effects.entries.items()],
        "insert_seal": _seals(conference, effects),
        "insert_quota": [quota_row(conference, *item) for item in effects.quotas.items()],
        "insert_record": [record_row(flavour, (conference, *key), row) for key, row in live],
        "insert_listing": [
            listing for key, row in live for listing in listing_rows(conference, *key, row).values()
        ],
        "insert_notice": [
            notice_row(flavour, conference, *item, live=False) for item in effects.notices.items()
        ],
    }
