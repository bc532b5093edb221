"""A process that commits to an SQLite store and writes down what was acknowledged: `python sqlite_writer.py URL NAME ...`.

Every second change set is one that all writers commit, so that all but one of them are answered by a replay.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from conferencekit.adapters import sqlite
from conferencekit.adapters.sqlite import SQLiteStore
from conferencekit.adapters.sqlite_session import Effect
from conferencekit.errors import CommitInDoubt
from conferencekit.ports import ChangeSet, Committed, Index
from conferencekit.testing.store_samples import CONFERENCE, change, notice, put


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("name")
    parser.add_argument("count", type=int)
    parser.add_argument("--careless", choices=["", "commits", "replays"], default="", help="the controls")
    given = parser.parse_args()
    store = SQLiteStore.open(given.url)
    if given.careless == "replays":
        sqlite._effect = lambda outcomes: (
            Effect.NOTHING if all(each.replayed for each in outcomes) else Effect.WROTE
        )
    store.conferences()
    if given.careless == "commits":
        store._session._writer.execute("PRAGMA synchronous = NORMAL")
    path = Path(given.url.removeprefix("sqlite:///").partition("?")[0])
    acknowledged = os.open(path.with_name("acknowledged"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number in range(given.count):
        prefix = given.name if number % 2 else "all"
        outcome = settled(store, registration(prefix, number))
        assert isinstance(outcome, Committed), outcome
        os.write(acknowledged, f"{prefix}-{number}\n".encode())
    store.close()


def registration(prefix: str, number: int) -> ChangeSet:
    """A person, an entry and a notice. The same arguments give the same one."""
    id_ = f"{prefix}-{number}"
    record = put(id_, indexes={"all": Index("k", id_)}, uniques={"address": f"{id_}@example.org"})
    return change(CONFERENCE, f"entry of {id_}", record, notice(f"notice to {id_}"), person=id_)


def settled(store: SQLiteStore, change_set) -> object:
    """The outcome; what is in doubt is repeated."""
    while True:
        try:
            return store.commit([change_set])[0]
        except CommitInDoubt as error:
            print(error, file=sys.stderr)


if __name__ == "__main__":
    main()
