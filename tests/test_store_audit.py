"""The audit finds every table that does not follow from its records, and is silent about a store that is whole."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest

from conferencekit.adapters.sqlite import SQLiteStore
from conferencekit.ports import Index, Limit, Seal
from conferencekit.store.audit import audit
from conferencekit.testing.store_dump import live
from conferencekit.testing.store_samples import CONFERENCE, Changes, committed, notice, put

DAMAGES = {
    "UPDATE quota SET taken = 1": "quota places: found 1 taken, expected 2 taken",
    "DELETE FROM quota": "quota places: found no such quota, expected 2 taken",
    "UPDATE claim SET id = 'bob'": "unique address='ana@example.org': found person/bob, expected person/ana",
    "DELETE FROM claim": "unique address='ana@example.org': found nobody, expected person/ana",
    "DELETE FROM listing WHERE id = 'ana'": "index state='in' of person: found nothing else, expected ana",
    "INSERT INTO listing VALUES ('gmc2020', 'person', 'state', 'in', 7, 'zoe')": (
        "index state='in' of person: found zoe, expected nothing else"
    ),
    "UPDATE record SET holds = NULL WHERE id = 'bob'": (
        "index state='in' of person: found bob, expected nothing else"
    ),
    "DELETE FROM seal": "entry e1: found sealed under 1, expected a seal with this number",
}


@pytest.fixture
def store(tmp_path):
    changes = Changes()
    store = SQLiteStore(tmp_path / "a.db")
    state = {"state": Index("in", 1)}
    committed(
        store.commit(
            [
                changes(Limit(quota="places", capacity=5), id_="e1"),
                changes(put("zoe", kind="other"), notice("letter", person="ana"), id_="e2", person="ana"),
                changes(put("zoe"), id_="e3"),
                changes(
                    put("ana", indexes=state, uniques={"address": "ana@example.org"}, takes={"places": 1}),
                    put("bob", indexes=state, takes={"places": 1}),
                    id_="e4",
                ),
                changes(Seal(number=1, entries=("e1", "e2")), id_="e5"),
            ]
        )
    )
    yield store
    store.close()


def test_a_whole_store_has_nothing_to_report(store):
    assert list(audit(store, CONFERENCE)) == []
    for conference in live(store, 3):
        assert list(audit(store, conference)) == []


@pytest.mark.parametrize("damage", DAMAGES)
def test_every_difference_is_named(store, tmp_path, damage):
    with contextlib.closing(sqlite3.connect(tmp_path / "a.db")) as raw:
        raw.execute(damage)
        raw.commit()
    assert DAMAGES[damage] in [str(found) for found in audit(store, CONFERENCE)]


def test_many_missing_ids_are_counted(store, tmp_path):
    changes = Changes("crowd")
    crowd = [put(f"p{number}", indexes={"state": Index("in", number)}) for number in range(9)]
    committed(store.commit([changes(*crowd)]))
    with contextlib.closing(sqlite3.connect(tmp_path / "a.db")) as raw:
        raw.execute("DELETE FROM listing WHERE conference = 'crowd'")
        raw.commit()
    (found,) = audit(store, "crowd")
    assert found.expected == "p0, p1, p2, p3, p4 and 4 more"


def test_progress_counts_rows(store):
    changes, seen = Changes("crowd"), []
    committed(store.commit([changes(*[put(f"p{each}") for each in range(999)]) for _ in range(1)]))
    committed(store.commit([changes(put(f"q{each}")) for each in range(100)]))
    assert list(audit(store, "crowd", progress=seen.append)) == []
    assert seen == [1000]
