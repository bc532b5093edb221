"""Notices to everybody: one record that is expanded in chunks, so that no commit is long.

A chunk of notices and the cursor behind it are one change set; a crash repeats nothing and forgets nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from attrs import evolve, field, frozen

from ..ports import SEQ, Check, Committed, Enqueue, Index, Op, Put, Record
from ..programme.event import Event
from ..wire import Layout
from .correspondence import Correspondence
from .records import read_record
from .shell import SYSTEM, Shell

CHUNK: Final = 400
"""How many notices are written in one commit: two operations each, and a change set has at most 1,000."""

_KIND: Final = "broadcast"


@frozen(kw_only=True)
class Broadcast:
    """Something that everybody who is confirmed gets told: since when, about which event, and how far it has come.

    `since` is the number of the commit that wrote it, known from the first chunk on.
    """

    id: str
    template: str
    at: datetime
    event: Event | None = None
    was: Event | None = None
    links: tuple[str, ...] = ()
    values: Mapping[str, object] = field(factory=dict)
    cursor: str | None = None
    since: int | None = None
    done: bool = False


BROADCASTS: Final = Layout(Broadcast)


def put_broadcast(broadcast: Broadcast, *, version: int) -> Put:
    """The operation that writes a broadcast; while it is open an index finds it."""
    indexes = {} if broadcast.done else {"open": Index("broadcast", SEQ)}
    return Put(
        kind=_KIND, id=broadcast.id, body=BROADCASTS.to_body(broadcast), expect=version, indexes=indexes
    )


def expand_all(shell: Shell, correspondence: Correspondence) -> int:
    """Write the notices of every open broadcast; how many were written."""
    written = 0
    while records := shell.store.find(shell.id, _KIND, "open", "broadcast", limit=1)[0]:
        written += _expand_chunk(shell, correspondence, records[0])
    return written


def _expand_chunk(shell: Shell, correspondence: Correspondence, record: Record) -> int:
    held = BROADCASTS.from_body(record.body)
    broadcast = held if held.since is not None else evolve(held, since=record.seq)
    context = shell.context()
    people, cursor = shell.store.find(
        shell.id, "registration", "state", "confirmed", after=broadcast.cursor, limit=CHUNK
    )
    concerned = [each for each in people if _is_concerned(each, broadcast)]
    unchanged = [Check(kind="registration", id=each.id, expect=each.version) for each in concerned]
    notices: list[Enqueue] = [
        correspondence.about_event(read_record(each), broadcast, context) for each in concerned
    ]
    after = evolve(broadcast, cursor=cursor, done=cursor is None)
    entry = shell.entry(
        context, SYSTEM, "broadcast_expanded", broadcast.id, {"notices": [each.key for each in notices]}
    )
    ops: list[Op] = [put_broadcast(after, version=record.version), *unchanged, *notices]
    result = shell.commit(shell.change(entry, ops, read_plan=False))
    return len(notices) if isinstance(result, Committed) else 0  # expanded elsewhere, or somebody cancelled


def _is_concerned(record: Record, broadcast: Broadcast) -> bool:
    """Whoever was confirmed later has the news in their confirmation.

    Later is a matter of commits: a confirmation may carry a later time than the change, and be there before it.
    """
    if broadcast.since is not None and record.seq < broadcast.since:
        return True
    confirmed_at = read_record(record).confirmed_at
    return confirmed_at is not None and confirmed_at < broadcast.at
