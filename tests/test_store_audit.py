"""The audit finds every table that does not follow from its records, and is silent about a store that is whole."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.laws import examples

from conferencekit.adapters.memory import MemoryStore
from conferencekit.adapters.sqlite import SQLiteStore
from conferencekit.errors import StoreUnavailable
from conferencekit.ports import Erase, Index, Limit, Mark, Seal
from conferencekit.store import audit as audit_module
from conferencekit.store.audit import audit
from conferencekit.testing.store_dump import live
from conferencekit.testing.store_samples import CONFERENCE, NOW, SECOND, Changes, committed, notice, put

DAMAGES = {
    "UPDATE quota SET taken = 1": "quota places: found 1 taken, expected 2 taken",
    "DELETE FROM quota": "quota places: found no such quota, expected 2 taken",
    "UPDATE quota SET ceiling = 9": "quota places: found a ceiling of 9, expected a ceiling of 5",
    "UPDATE claim SET id = 'bob'": "unique address='ana@example.org': found person/bob, expected person/ana",
    "DELETE FROM claim": "unique address='ana@example.org': found nobody, expected person/ana",
    "INSERT INTO claim VALUES ('gmc2020', 'address', 'x@example.org', 'person', 'bob')": (
        "unique address='x@example.org': found person/bob, expected nothing"
    ),
    "INSERT INTO claim VALUES ('gmc2020', 'address', 'x@example.org', 'person', 'eve')": (
        "unique address='x@example.org': found person/eve, expected nothing, for there is no such record"
    ),
    "DELETE FROM listing WHERE id = 'ana'": "index state='in' of person: found nothing else, expected ana",
    "INSERT INTO listing VALUES ('gmc2020', 'person', 'state', 'in', 7, 'zoe')": (
        "index state='in' of person: found zoe, expected nothing else"
    ),
    "INSERT INTO listing VALUES ('gmc2020', 'person', 'state', 'out', 7, 'zoe')": (
        "index state='out' of person: found zoe at 7, expected nothing"
    ),
    "INSERT INTO listing VALUES ('gmc2020', 'person', 'state', 'out', 7, 'eve')": (
        "index state='out' of person: found eve at 7, expected nothing, for there is no such record"
    ),
    "UPDATE listing SET position = 3 WHERE id = 'ana'": (
        "index state='in' of person: found ana at 3, expected ana at 1"
    ),
    "UPDATE listing SET position = '1' WHERE id = 'ana'": (
        "index state='in' of person: found ana at '1', expected ana at 1"
    ),
    "UPDATE record SET holds = NULL WHERE id = 'bob'": (
        "index state='in' of person: found bob, expected nothing else"
    ),
    "UPDATE record SET holds = '{' WHERE id = 'bob'": "record person/bob: found no JSON as its holds, expected JSON",
    "UPDATE record SET body = '{' WHERE id = 'bob'": "record person/bob: found no JSON as its body, expected JSON",
    "UPDATE record SET seq = 77 WHERE id = 'bob'": (
        "record person/bob: found written by the commit 77, expected a commit that the log has"
    ),
    "DELETE FROM seal": "entry e1: found sealed under 1, expected a seal with this number",
    "UPDATE entry SET sealed = 0": "seal 1: found no entry that is sealed under it, expected at least one",
    "UPDATE entry SET subject = 'x' WHERE id = 'e3'": "entry e3: found the subject 'x', expected ''",
    "UPDATE entry SET body = NULL": "entry e2: found redacted, and still with ana, expected nothing",
    "UPDATE entry SET body = '{' WHERE id = 'e3'": "entry e3: found no JSON as its body, expected JSON",
    "DELETE FROM entry WHERE id = 'e2'": (
        "notice letter: found written by the commit 2, expected a commit that the log has"
    ),
    "UPDATE conference SET seq = 2": "conference gmc2020: found 2 as its last commit, expected 5 or more",
    "UPDATE notice SET ready = NULL": (
        "notice letter: found not to be leased, expected to be leased from 2020-11-01T12:00:00+00:00"
    ),
    "UPDATE notice SET ready = ready + 1 WHERE key = 'letter'": (
        "notice letter: found to be leased from 2020-11-01T12:00:00.000001+00:00, "
        "expected to be leased from 2020-11-01T12:00:00+00:00"
    ),
    "UPDATE notice SET ready = due WHERE key = 'second'": (
        "notice second: found to be leased from 2020-11-01T12:00:00+00:00, expected not to be leased"
    ),
    "UPDATE notice SET due = 9223372036854775807, ready = 9223372036854775807 WHERE key = 'letter'": (
        "notice letter: found 9223372036854775807 microseconds since 1970, expected a time before the year 10000"
    ),
    "UPDATE notice SET body = NULL WHERE key = 'second'": (
        "notice second: found queued without a body, expected a body, or one that was sent or failed"
    ),
    "UPDATE notice SET body = '{' WHERE key = 'second'": "notice second: found no JSON as its body, expected JSON",
    "UPDATE notice SET body = NULL, state = 'failed' WHERE key = 'letter'": (
        "notice letter: found redacted, and still with ana, expected nothing"
    ),
    "UPDATE notice SET until = due WHERE key = 'letter'": (
        "notice letter: found queued, with the token 0 and lent until 2020-11-01T12:00:00+00:00, expected not lent"
    ),
    "UPDATE notice SET token = -1 WHERE key = 'letter'": (
        "notice letter: found the token -1, expected 0 or more"
    ),
}

UNSEEN = {
    "DELETE FROM conference": "conference gmc2020: found rows in entry, expected none, for it is not listed",
    "PRAGMA ignore_check_constraints = ON; UPDATE quota SET ceiling = 1": (
        "file: found CHECK constraint failed in quota, expected pages and constraints that are whole"
    ),
    "PRAGMA writable_schema = ON; "
    "UPDATE sqlite_schema SET sql = replace(sql, 'WHERE sealed = 0', '') WHERE name = 'entry_unsealed'": (
        "file: found row 1 missing from index entry_unsealed, expected pages and constraints that are whole"
    ),
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
                changes(
                    put("zoe", kind="other"), notice("letter", "lane", person="ana"), id_="e2", person="ana"
                ),
                changes(put("zoe"), notice("second", "lane"), id_="e3"),
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


def damage_by(path, statements: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as raw:
        raw.executescript(statements)
        raw.commit()


@pytest.mark.parametrize("damage", DAMAGES)
def test_every_difference_is_named(store, tmp_path, damage):
    """Whatever somebody did to the tables by hand, and once."""
    damage_by(tmp_path / "a.db", damage)
    told = [str(found) for found in audit(store, CONFERENCE)]
    assert DAMAGES[damage] in told
    assert len(told) == len(set(told))
    assert list(store.faults(None)) == []


@pytest.mark.parametrize("damage", UNSEEN)
def test_what_is_of_no_conference_is_named(store, tmp_path, damage):
    """Pages, constraints, and rows that no conference lists."""
    assert list(store.faults(None)) == []
    store.close()
    damage_by(tmp_path / "a.db", damage)
    with contextlib.closing(SQLiteStore(tmp_path / "a.db")) as again:
        assert UNSEEN[damage] in [str(found) for found in again.faults(None)]


def test_a_damaged_page_is_named(store, tmp_path):
    """What can be read of the rows is audited all the same."""
    changes = Changes("crowd")
    people = [put(f"p{each}", body={"text": "x" * 500}) for each in range(900)]
    committed(store.commit([changes(*people)]))
    store.close()
    path = tmp_path / "a.db"
    content = bytearray(path.read_bytes())
    at = content.rindex(b"x" * 500) // 4096 * 4096
    content[at : at + 4096] = bytes(4096)
    path.write_bytes(content)
    with contextlib.closing(SQLiteStore(path)) as again:
        assert "page" in " ".join(str(found) for found in again.faults(None))
        assert "malformed" in str(next(audit(again, "crowd")))


@pytest.mark.parametrize("call", ["get", "find", "commit", "lease", "settle", "dump"])
def test_a_damaged_row_is_no_driver_error(store, tmp_path, call):
    """Whoever meets it is told that the store is damaged, and how to find where."""
    damage_by(tmp_path / "a.db", "UPDATE record SET body = '{', holds = '{'; UPDATE notice SET body = '{'")
    if call == "settle":
        damage_by(tmp_path / "a.db", "UPDATE notice SET due = 9223372036854775807")
    calls = {
        "get": lambda: store.get(CONFERENCE, "person", ["ana"]),
        "find": lambda: store.find(CONFERENCE, "~notice", "state", "queued"),
        "commit": lambda: store.commit([Changes()(put("ana", 1), id_="new")]),
        "lease": lambda: store.lease(1, now=NOW, until=NOW + SECOND),
        "settle": lambda: store.settle([Mark(CONFERENCE, "letter", 0, "sent")]),
        "dump": lambda: list(store.dump(CONFERENCE)),
    }
    with pytest.raises(StoreUnavailable, match=r"damaged.*storage audit"):
        calls[call]()


@examples(25)
@given(st.integers(0, 2**32))
def test_whatever_happened_leaves_nothing_to_report(seed):
    """Random commits, leases and marks; ceilings too follow from what is taken at every moment."""
    with tempfile.TemporaryDirectory() as place:
        for store in (MemoryStore(), SQLiteStore(Path(place) / "a.db")):
            for conference in live(store, seed, steps=25):
                assert list(audit(store, conference)) == []
            if isinstance(store, SQLiteStore):
                assert list(store.faults(None)) == []
            store.close()


def test_a_capacity_that_was_lowered_gives_no_ceiling_above_it(store):
    """Once enough places were given back, the wall stands at the capacity again."""
    changes = Changes("low")
    everybody = [put(str(each), takes={"q": 1}) for each in range(5)]
    committed(store.commit([changes(Limit(quota="q", capacity=5)), changes(*everybody)]))
    committed(store.commit([changes(Limit(quota="q", capacity=2))]))
    for each in range(5):
        committed(store.commit([changes(Erase(kind="person", id=str(each), expect=1))]))
        assert list(audit(store, "low")) == []


@pytest.mark.slow
def test_many_places_are_walked_in_several_readings(store, monkeypatch):
    """Memory stays flat; what is wrong is found in each of them, and none is forgotten."""
    changes = Changes("crowd")
    crowd = [put(f"p{each}", indexes={"own": Index(f"k{each}", each)}) for each in range(400)]
    committed(store.commit([changes(*crowd)]))
    whole = len(list(store.dump("crowd")))
    monkeypatch.setattr(audit_module, "_PLACES", 50)
    monkeypatch.setattr(audit_module, "PAGE", 1)
    seen: list[int] = []
    assert list(audit(store, "crowd", progress=seen.append)) == []
    assert seen[-1] >= 8 * whole
    damage_by(store._place.path, "DELETE FROM listing WHERE conference = 'crowd'")
    assert len({found.where for found in audit(store, "crowd")}) == 400


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
