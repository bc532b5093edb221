"""Notices to everybody: one record that is expanded in chunks, so that no commit is long.

A chunk of notices and the cursor behind it are one change set; a crash repeats nothing and forgets nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from attrs import evolve, field, frozen

from ..ports import SEQ, Check, Committed, Index, Op, Put, Record, Reused
from ..programme.event import Event
from ..registration.registration import Registration
from ..wire import Body, Layout
from .correspondence import Correspondence
from .records import read_record, stands_since
from .shell import SYSTEM, Shell
from .told import event_with_parts

CHUNK: Final = 100
"""How many notices are written in one commit: others wait for it, so it takes some milliseconds and no more."""

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

    def key_for(self, person: str) -> str:
        """The key of the notice to one person: there is one, however often the broadcast is expanded."""
        return f"{self.id}.{person}"


def _with_parts(body: Body) -> Body:
    """Events had no parts, and were no series."""
    return {**body, **{name: body[name] and event_with_parts(body[name]) for name in ("event", "was")}}  # type: ignore[arg-type]  # an object


BROADCASTS: Final = Layout(Broadcast, schema=2, upgrades={1: _with_parts})


def put_broadcast(broadcast: Broadcast, *, version: int) -> Put:
    """The operation that writes a broadcast; while it is open an index finds it."""
    indexes = {} if broadcast.done else {"open": Index("broadcast", SEQ)}
    return Put(
        kind=_KIND, id=broadcast.id, body=BROADCASTS.to_body(broadcast), expect=version, indexes=indexes
    )


def expand_all(shell: Shell, correspondence: Correspondence) -> int:
    """Write the notices of every open broadcast; how many were written."""
    written = 0
    told: set[str] = set()
    while records := shell.store.find(shell.id, _KIND, "open", "broadcast", limit=1)[0]:
        written += _expand_chunk(shell, correspondence, records[0], told)
    return written


def _expand_chunk(shell: Shell, correspondence: Correspondence, record: Record, told: set[str]) -> int:
    """`told`: keys of notices that turned out to be there: of people who came back under an earlier time."""
    held = BROADCASTS.from_body(record.body)
    broadcast = held if held.since is not None else evolve(held, since=record.seq)
    context = shell.context()
    found, cursor = shell.store.find(
        shell.id, "registration", "state", "confirmed", after=broadcast.cursor, limit=CHUNK
    )
    people = [(each, read_record(each)) for each in found if broadcast.key_for(each.id) not in told]
    concerned = [(each, person) for each, person in people if _is_concerned(each, person, broadcast)]
    unchanged = [Check(kind="registration", id=each.id, expect=each.version) for each, _ in concerned]
    notices = [correspondence.about_event(person, broadcast, context) for _, person in concerned]
    after = evolve(broadcast, cursor=cursor, done=cursor is None)
    entry = shell.entry(
        context, SYSTEM, "broadcast_expanded", broadcast.id, {"notices": [each.key for each in notices]}
    )
    ops: list[Op] = [put_broadcast(after, version=record.version), *unchanged, *notices]
    result = shell.commit(shell.change(entry, ops, read_plan=False))
    if isinstance(result, Committed):
        return len(notices)
    told.update(each.id for each in result.reasons if isinstance(each, Reused) and each.what == "notice")
    return 0  # expanded elsewhere, or somebody cancelled


def _is_concerned(record: Record, person: Registration, broadcast: Broadcast) -> bool:
    """Whoever was confirmed later has the news in their confirmation.

    Later is a matter of commits: a confirmation may carry a later time than the change, and be there before it.
    """
    if broadcast.since is not None and stands_since(record, person) < broadcast.since:
        return True
    return person.confirmed_at is not None and person.confirmed_at < broadcast.at
