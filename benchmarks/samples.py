"""Change sets that are shaped like a registration, for what is measured at the store itself.

A record with two indexes, a unique value and a place; a condition on the waiting list; a notice; a log entry.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from conferencekit.adapters.group_commit import GroupCommit
from conferencekit.ports import (
    SEQ,
    AtMost,
    ChangeSet,
    Committed,
    Enqueue,
    Entry,
    Index,
    Limit,
    Outcome,
    Put,
    Store,
)

CONFERENCE: Final = "gmc2020"
PLACES: Final = "places"
WAITING: Final = "places:waiting"
NOW: Final = datetime(2020, 11, 1, 12, 0, tzinfo=UTC)
STAMP: Final = int(NOW.timestamp()) * 1_000_000
ANSWERS: Final = {
    "given_name": "Amina",
    "family_name": "Ould Cheikh",
    "email": "amina@example.org",
    "country": "MR",
    "organization": "Université de Nouakchott Al Aasriya",
    "motivation": "Distance education across the Sahel, and what a small university can bring to it. " * 4,
}


def body(number: int) -> dict[str, object]:
    return {
        "schema": 1,
        "state": "confirmed",
        "number": number,
        "answers": ANSWERS,
        "at": "2020-11-01T12:00:00Z",
    }


def entry_body(number: int) -> dict[str, object]:
    return {
        "action": "registered",
        "subject": f"r-{number:09}",
        "actor": "registrant",
        "salt": f"{number:032x}",
    }


def notice_body(number: int) -> dict[str, object]:
    return {
        "template": "confirmation",
        "to": f"p{number:09}@example.org",
        "locale": "fr",
        "values": {"place": number},
    }


def change_set(number: int) -> ChangeSet:
    """One registration; numbers have nine digits at most."""
    ops = (
        Put(
            kind="registration",
            id=f"r-{number:09}",
            body=body(number),
            expect=0,
            indexes={"state": Index("confirmed", SEQ), "country": Index("MR", "ould cheikh")},
            uniques={"address": f"p{number:09}@example.org"},
            takes={PLACES: 1},
        ),
        AtMost(quota=WAITING, taken=0),
        Enqueue(
            key=f"n-{number:09}",
            body=notice_body(number),
            due=NOW,
            lane=f"r-{number:09}",
            person=f"p-{number:09}",
        ),
    )
    return ChangeSet(
        CONFERENCE, Entry(f"e-{number:09}", entry_body(number), f"{number:064x}", f"p-{number:09}"), ops
    )


def open_store(url: str) -> Store:
    """As a secretariat opens it, without looking for plugins."""
    if not url.startswith("sqlite:"):
        from conferencekit_sqlalchemy import SQLAlchemyStore

        return GroupCommit(SQLAlchemyStore(url))
    from conferencekit.adapters.sqlite import SQLiteStore

    return GroupCommit(SQLiteStore.open(url))


def lay_out(url: str) -> None:
    """Make the store, with a quota that is never full and a waiting list on which nobody is."""
    store = open_store(url)
    limits = (Limit(quota=PLACES, capacity=10**9), Limit(quota=WAITING, capacity=None))
    check(store.commit([ChangeSet(CONFERENCE, Entry("limits", {}, "0"), limits)]))
    store.close()


def check(outcomes: Iterable[Outcome]) -> None:
    """Everything was committed."""
    for outcome in outcomes:
        assert type(outcome) is Committed, outcome


def taken(url: str) -> int:
    """How many places are taken."""
    store = open_store(url)
    count, _ = store.quotas(CONFERENCE, [PLACES])[PLACES]
    store.close()
    return count
