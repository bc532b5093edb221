"""From the rows of a dump to what a store writes. They come from outside, so each is held to the limits of `ports`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from ..context import utc
from ..errors import InvalidChangeSet, NaiveTime
from ..limits import (
    BATCH,
    KEY_BYTES,
    NUMBER,
    PLACES,
    body_text,
    check_key,
    check_kind,
    check_number,
    check_text,
)
from ..ports import NOTICE_STATES, DumpedRow
from .rows import Effects, EntryRow, NoticeRow, QuotaRow, RecordRow, View, seq_of


def restored(rows: Sequence[DumpedRow], view: View) -> Effects:
    """What a store has to write for `restore`, as after a commit whose `seq` is the highest number in the rows.

    `view` has the records of the rows as they are now, and the owners of their unique values: a value that has moved on
    to another record is not taken away from it. The quotas are all lifted.

    Raises:
        InvalidChangeSet: more than 1,000 rows, or one that no `dump` gives, such as with NUL in a key.
    """
    if len(rows) > BATCH:
        raise InvalidChangeSet(len(rows), f"Restore at most {BATCH} rows at once: split them.")
    effects = Effects(0)
    for row in rows:
        try:
            _WRITERS[row.table](effects, row.key, row.value)
        except (KeyError, TypeError, ValueError, OverflowError, AttributeError, NaiveTime) as error:
            reason = error.remedy if isinstance(error, InvalidChangeSet) else repr(error)
            raise InvalidChangeSet(row, f"It is not a row that dump() gives: {reason}") from None
    for owner, record in effects.records.items():
        held = view.record(*owner)
        for claim in held.uniques.items() if held else ():
            if view.owner(*claim) == owner:
                effects.owners.setdefault(claim, None)
        if record is not None:
            effects.owners.update(dict.fromkeys(record.uniques.items(), owner))
    return effects


def _write_entry(effects: Effects, key: Sequence[Any], value: Any) -> None:
    seq, id_ = key
    check_number(seq, "The number of an entry", 1)
    check_key(id_, "The id of an entry")
    check_key(value["digest"], "A digest")
    for name in ("person", "subject"):
        check_text(value[name], f"The {name} of an entry", KEY_BYTES)
    check_number(value["sealed"], "The number of a seal")
    effects.entries[id_] = EntryRow(
        seq, value["digest"], _text(value["body"]), value["person"], value["subject"], value["sealed"]
    )
    effects.seq = max(effects.seq, seq)


def _write_seal(effects: Effects, key: Sequence[Any], _: Any) -> None:
    (number,) = key
    check_number(number, "The number of a seal", 1)
    effects.seals.append(number)


def _write_quota(effects: Effects, key: Sequence[Any], value: Any) -> None:
    (quota,) = key
    check_key(quota, "The id of a quota")
    check_number(value["taken"], "What is taken")
    if value["capacity"] is not None:
        check_number(value["capacity"], "A capacity")
    effects.quotas[quota] = QuotaRow(value["taken"], value["capacity"])
    effects.lifted.add(quota)


def _write_record(effects: Effects, key: Sequence[Any], value: Any) -> None:
    kind, id_ = key
    check_kind(kind)
    check_key(id_, "The id of a record")
    if value is None:
        effects.records[kind, id_] = None
        return
    check_number(value["version"], "A version", 1)
    check_number(value["seq"], "The number of a commit", 1)
    indexes = {name: _place(name, *place) for name, place in value["indexes"].items()}
    for name, owned in value["uniques"].items():
        check_key(name, "The name of a unique")
        check_key(owned, "A unique value")
    for quota, places in value["takes"].items():
        check_key(quota, "The id of a quota")
        check_number(places, "What is taken", 1, PLACES)
    effects.records[kind, id_] = RecordRow(
        value["version"],
        value["seq"],
        body_text(value["body"]),
        indexes,
        dict(value["uniques"]),
        dict(value["takes"]),
    )
    effects.seq = max(effects.seq, value["seq"])


def _place(name: str, key: str, order: int | str) -> tuple[str, int | str]:
    check_key(name, "The name of an index")
    check_key(key, "The key of an index")
    if isinstance(order, str):
        check_text(order, "An order", KEY_BYTES)
    else:
        check_number(order, "An order", -NUMBER - 1)
    return key, order


def _write_notice(effects: Effects, key: Sequence[Any], value: Any) -> None:
    place, id_ = key
    check_number(place, "The place of a notice", 1)
    check_key(id_, "The key of a notice")
    check_key(value["lane"], "A lane")
    check_text(value["person"], "The person of a notice", KEY_BYTES)
    check_number(value["token"], "A token")
    check_text(value["note"], "A note")
    check_text(value["sha256"], "A digest", KEY_BYTES)
    if value["state"] not in NOTICE_STATES:
        raise InvalidChangeSet(value["state"], "A notice is queued, held, sent or failed.")
    until = value["until"]
    effects.notices[id_] = NoticeRow(
        place,
        _text(value["body"]),
        _moment(value["due"]),
        value["lane"],
        value["person"],
        value["state"],
        value["token"],
        None if until is None else _moment(until),
        value["note"],
        value["sha256"],
    )
    effects.seq = max(effects.seq, seq_of(place))


_WRITERS: Final[Mapping[str, Callable[[Effects, Sequence[Any], Any], None]]] = {
    "entry": _write_entry,
    "seal": _write_seal,
    "quota": _write_quota,
    "record": _write_record,
    "notice": _write_notice,
}


def _text(body: Any) -> str | None:
    return None if body is None else body_text(body)


def _moment(text: str) -> datetime:
    return utc(datetime.fromisoformat(text))
