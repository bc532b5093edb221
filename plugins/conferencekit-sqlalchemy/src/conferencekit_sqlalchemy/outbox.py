"""Leases and marks. What they do to a notice is decided by `conferencekit.store`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from conferencekit.ports import Leased, Mark
from conferencekit.store import FINAL, NoticeRow, lend, settled

from .rows import Row, loaded_notice, notice_key, notice_of, saved_notice, stamp
from .session import Call, Transaction, rows_call


def lease(
    tx: Transaction, limit: int, now: datetime, until: datetime, conference: str | None
) -> list[Leased]:
    """Lend what is due, earliest first. Two round trips."""
    values = {"now": stamp(now), "limit": limit}
    if conference is None:
        call = Call("due", None, values)
    else:
        call = Call("due_here", None, {**values, "conference": conference})
    (found,) = tx.ask(call)
    if not found:
        return []
    lent = [lend(name, key, notice_of(columns), until)[1] for name, _, key, *columns in found]
    rows = [notice_key(each.conference, each.key) for each in lent]
    tx.finish(rows_call("lend", rows, until=stamp(until)))
    return lent


def settle(tx: Transaction, marks: Sequence[Mark]) -> list[bool]:
    """Say how notices ended. Two round trips; three where one is no head of its lane: the head is then locked too."""
    keys = [notice_key(*key) for key in sorted({(mark.conference, mark.key) for mark in marks})]
    (found,) = tx.ask(rows_call("load_notices", keys))
    behind = [notice_key(name, key) for name, is_live, key, *_ in found if not is_live]
    if behind:
        tx.ask(rows_call("load_heads_of", behind))
    before: dict[tuple[str, str], NoticeRow] = {}
    live: set[tuple[str, str]] = set()
    for conference, is_live, key, *columns in found:
        before[conference, key] = loaded_notice(columns)
        if is_live:
            live.add((conference, key))
    after, answers = dict(before), list[bool]()
    for mark in marks:
        row = settled(after.get((mark.conference, mark.key)), mark)
        answers.append(row is not None)
        if row is not None:
            after[mark.conference, mark.key] = row
    changes = {key: row for key, row in after.items() if row is not before[key]}
    if changes:
        _save(tx, changes, live)
    return answers


def _save(tx: Transaction, changes: dict[tuple[str, str], NoticeRow], live: set[tuple[str, str]]) -> None:
    rows = [saved_notice(*key, row, redacted=False) for key, row in changes.items()]
    freed = {(key[0], row.lane) for key, row in changes.items() if key in live and row.state in FINAL}
    calls = [rows_call("save_notices", rows)]
    if freed:
        lanes: list[Row] = [{"conference": conference, "lane": lane} for conference, lane in sorted(freed)]
        calls.append(rows_call("move_up", lanes))
    tx.finish(*calls)
