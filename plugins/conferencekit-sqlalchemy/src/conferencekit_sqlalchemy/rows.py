"""From the rows of `conferencekit.store` to the columns of the tables, and back. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from conferencekit.limits import dump, parse
from conferencekit.store import FINAL, EntryRow, NoticeRow, QuotaRow, RecordRow

from .flavour import Flavour

Row = dict[str, Any]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
NOT_LOADED: Final = ""


def stamp(moment: datetime) -> int:
    """An instant as microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def stamp_or_none(moment: datetime | None) -> int | None:
    """The same, where there may be none."""
    return None if moment is None else stamp(moment)


def moment(stamp_: int) -> datetime:
    """The instant that a number of microseconds stands for."""
    return _EPOCH + timedelta(microseconds=stamp_)


def walk_of(kind: str, name: str, key: str) -> str:
    """The digest under which an index is walked, 128 bits in hexadecimal. Keys hold no NUL."""
    return hashlib.blake2b(f"{kind}\0{name}\0{key}".encode(), digest_size=16).hexdigest()


def key_row(conference: str, id_: str) -> Row:
    """The key of an entry or a quota."""
    return {"conference": conference, "id": id_}


def record_key(conference: str, kind: str, id_: str) -> Row:
    """The key of a record."""
    return {"conference": conference, "kind": kind, "id": id_}


def notice_key(conference: str, key: str) -> Row:
    """The key of a notice."""
    return {"conference": conference, "key": key}


def entry_row(flavour: Flavour, conference: str, id_: str, row: EntryRow) -> Row:
    """A log entry."""
    return {
        "conference": conference,
        "id": id_,
        "seq": row.seq,
        "digest": row.digest,
        "body": _body(flavour, row.text),
        "person": row.person,
        "subject": row.subject,
        "sealed": row.sealed,
    }


def record_row(flavour: Flavour, key: tuple[str, str, str], row: RecordRow) -> Row:
    """A record, without its index rows."""
    return {
        **record_key(*key),
        "version": row.version,
        "seq": row.seq,
        "body": flavour.body(row.text),
        "holds": _holds(row),
    }


def _body(flavour: Flavour, text: str | None) -> str | None:
    return None if text is None else flavour.body(text)


def _holds(row: RecordRow) -> str | None:
    if row.indexes or row.uniques or row.takes:
        return dump({"indexes": row.indexes, "uniques": row.uniques, "takes": row.takes})
    return None


def held_record(version: int, seq: int, holds: str | None, text: str = NOT_LOADED) -> RecordRow:
    """A record from its columns."""
    held = parse(holds) if holds else {"indexes": {}, "uniques": {}, "takes": {}}
    indexes = {name: (key, order) for name, (key, order) in held["indexes"].items()}
    return RecordRow(version, seq, text, indexes, held["uniques"], held["takes"])


def listing_rows(conference: str, kind: str, id_: str, row: RecordRow | None) -> dict[tuple[Any, ...], Row]:
    """The index rows of a record: those it declares, and one for each unique value. By what tells them apart."""
    if row is None:
        return {}
    listed = [(name, key, order, False) for name, (key, order) in row.indexes.items()]
    listed += [(name, value, "", True) for name, value in row.uniques.items()]
    found: dict[tuple[Any, ...], Row] = {}
    for name, key, order, owned in listed:
        is_text, number, text = position_of(order)
        found[name, key, order, owned] = {
            "conference": conference,
            "walk": walk_of(kind, name, key),
            "is_text": is_text,
            "number": number,
            "text": text,
            "id": id_,
            "kind": kind,
            "name": name,
            "key": key,
            "owned": owned,
        }
    return found


def position_of(order: int | str) -> tuple[int, int, str]:
    """An order as three columns: numbers by value, then text by its bytes."""
    return (1, 0, order) if isinstance(order, str) else (0, order, "")


def quota_row(conference: str, id_: str, row: QuotaRow) -> Row:
    """A quota with a ceiling that allows what is taken now."""
    ceiling = None if row.capacity is None else max(row.capacity, row.taken)
    return {**key_row(conference, id_), "taken": row.taken, "capacity": row.capacity, "ceiling": ceiling}


def notice_row(flavour: Flavour, conference: str, key: str, row: NoticeRow, *, live: bool) -> Row:
    """A new notice: the head of its lane, or behind it."""
    waits = row.state not in FINAL
    ready = row.ready if live and waits else None
    return {
        **saved_notice(conference, key, row, redacted=False),
        "place": row.place,
        "body": _body(flavour, row.text),
        "lane": row.lane,
        "person": row.person,
        "live": live and waits,
        "waiting": waits and not live,
        "ready": stamp_or_none(ready),
    }


def saved_notice(conference: str, key: str, row: NoticeRow, *, redacted: bool) -> Row:
    """What may change in a notice."""
    return {
        **notice_key(conference, key),
        "state": row.state,
        "token": row.token,
        "due": stamp(row.due),
        "until": stamp_or_none(row.until),
        "note": row.note,
        "sha256": row.sha256,
        "final": row.state in FINAL,
        "redacted": redacted,
    }


def notice_of(columns: Sequence[Any]) -> NoticeRow:
    """A notice from its columns, the key left out."""
    place, text, due, lane, person, state, token, until, note, sha256 = columns
    ends = None if until is None else moment(until)
    return NoticeRow(place, text, moment(due), lane, person, state, token, ends, note, sha256)


def loaded_notice(columns: Sequence[Any]) -> NoticeRow:
    """A notice from its columns, with a flag in place of the body: whether it was redacted."""
    place, redacted, *rest = columns
    return notice_of((place, None if redacted else NOT_LOADED, *rest))


def changed(before: Mapping[Any, Row], after: Mapping[Any, Row]) -> tuple[list[Row], list[Row]]:
    """(the rows that are gone, the rows that are new)."""
    gone = [row for key, row in before.items() if key not in after]
    return gone, [row for key, row in after.items() if key not in before]
