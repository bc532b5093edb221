"""What a lease and a mark do to a notice: pure functions that every store shares.

The rows are made by hand: `evolve` takes three times as long, and a mailing to everybody makes two for each mail.
"""

from __future__ import annotations

import json
from datetime import datetime

from ..context import utc
from ..errors import InvalidChangeSet
from ..limits import PAGE, check_number
from ..ports import Leased, Mark
from .rows import FINAL, NoticeRow


def lease_terms(limit: int, now: datetime, until: datetime) -> tuple[datetime, datetime]:
    """(now, until) in UTC. Raises `InvalidChangeSet` for a limit that is not 1 to 1,000 or a lease that has ended."""
    check_number(limit, "The limit of a lease", 1)
    start, end = utc(now), utc(until)
    if limit > PAGE:
        raise InvalidChangeSet(limit, f"Lease 1 to {PAGE} notices at once.")
    if end <= start:
        raise InvalidChangeSet(end, f"A lease must end after it begins, at {start.isoformat()}.")
    return start, end


def is_due(row: NoticeRow, now: datetime) -> bool:
    """Whether it may be leased, if it is the lowest of its lane that is not final."""
    return row.ready is not None and row.ready <= now


def lend(conference: str, key: str, row: NoticeRow, until: datetime) -> tuple[NoticeRow, Leased]:
    """The row as it is lent, and what the worker gets. Its body must be there: redacted notices are final."""
    token = row.token + 1
    body = json.loads(row.text or "{}")
    leased = Leased(conference, key, token, token, row.until is not None, body, row.lane)
    lent = NoticeRow(
        place=row.place,
        text=row.text,
        due=row.due,
        lane=row.lane,
        person=row.person,
        state=row.state,
        token=token,
        until=until,
        note=row.note,
        sha256=row.sha256,
    )
    return lent, leased


def settled(row: NoticeRow | None, mark: Mark) -> NoticeRow | None:
    """The row after the mark; None where the mark settles nothing."""
    if row is None or mark.token > row.token:
        return None
    if mark.token < row.token and mark.state != "sent":
        return None
    if row.state in FINAL and mark.state not in {row.state, "sent"}:
        return None
    due = (mark.state == "queued" and mark.due) or row.due
    return NoticeRow(
        place=row.place,
        text=row.text,
        due=due,
        lane=row.lane,
        person=row.person,
        state=mark.state,
        token=row.token,
        until=None,
        note=mark.note or row.note,
        sha256=row.sha256 or mark.sha256,
    )
