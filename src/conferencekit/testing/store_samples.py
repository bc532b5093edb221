"""Short ways to write change sets, for the store suite and for tests of stores."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from ..ports import ABSENT, ChangeSet, Committed, Enqueue, Entry, Index, Op, Outcome, Put, Record, Store

NOW: Final = datetime(2020, 11, 1, 12, tzinfo=UTC)
SECOND: Final = timedelta(seconds=1)
CONFERENCE: Final = "gmc2020"


class Changes:
    """Makes change sets of one conference, each with an entry of its own."""

    def __init__(self, conference: str = CONFERENCE) -> None:
        self.conference = conference
        self._numbers = itertools.count(1)

    def __call__(self, *ops: Op, id_: str | None = None, person: str = "", subject: str = "") -> ChangeSet:
        return change(
            self.conference, id_ or f"entry-{next(self._numbers)}", *ops, person=person, subject=subject
        )


def change(
    conference: str, id_: str, *ops: Op, person: str = "", subject: str = "", salt: str = ""
) -> ChangeSet:
    """A change set whose entry has this id; its digest follows from id and salt."""
    body: dict[str, object] = {"action": "tested", "salt": salt}
    if subject:
        body["subject"] = subject
    digest = hashlib.sha256(f"{id_} {salt}".encode()).hexdigest()
    return ChangeSet(conference, Entry(id_, body, digest, person), ops)


def put(
    id_: str,
    expect: int = ABSENT,
    *,
    kind: str = "person",
    body: Mapping[str, object] | None = None,
    indexes: Mapping[str, Index] | None = None,
    uniques: Mapping[str, str] | None = None,
    takes: Mapping[str, int] | None = None,
    over: bool = False,
) -> Put:
    """A `Put` with little to say."""
    return Put(
        kind=kind,
        id=id_,
        body={"id": id_} if body is None else body,
        expect=expect,
        indexes=indexes or {},
        uniques=uniques or {},
        takes=takes or {},
        over=over,
    )


def notice(key: str, lane: str | None = None, *, due: datetime = NOW, person: str = "") -> Enqueue:
    """An `Enqueue` in a lane of its own, unless one is named."""
    return Enqueue(key=key, body={"key": key}, due=due, lane=lane or f"lane of {key}", person=person)


def committed(outcomes: list[Outcome]) -> list[int]:
    """The numbers of outcomes that are all fresh commits."""
    for outcome in outcomes:
        assert isinstance(outcome, Committed), outcome
        assert not outcome.replayed, outcome
    return [outcome.seq for outcome in outcomes if isinstance(outcome, Committed)]


def read(store: Store, id_: str, kind: str = "person", conference: str = CONFERENCE) -> Record | None:
    """One record, or None."""
    return store.get(conference, kind, [id_]).get(id_)


def walk(
    store: Store, kind: str, index: str, key: str, *, conference: str = CONFERENCE, limit: int = 100
) -> Iterator[Record]:
    """All records under a key, page by page."""
    cursor: str | None = None
    while True:
        records, cursor = store.find(conference, kind, index, key, after=cursor, limit=limit)
        assert len(records) <= limit
        yield from records
        if cursor is None:
            return


def ids(
    store: Store, kind: str, index: str, key: str, *, conference: str = CONFERENCE, limit: int = 100
) -> list[str]:
    """The ids of all records under a key, in their order."""
    return [record.id for record in walk(store, kind, index, key, conference=conference, limit=limit)]


def notice_state(store: Store, key: str, conference: str = CONFERENCE) -> Mapping[str, object]:
    """The body of a `~notice` record."""
    return store.get(conference, "~notice", [key])[key].body


def entry_state(store: Store, id_: str, conference: str = CONFERENCE) -> Mapping[str, object]:
    """The body of an `~entry` record."""
    return store.get(conference, "~entry", [id_])[id_].body
