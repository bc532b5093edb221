"""The audit sees what somebody did to the tables by hand, on both engines."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conferencekit.errors import StoreUnavailable
from conferencekit.ports import Erase, Index, Limit, Mark, Seal
from conferencekit.store.audit import audit
from conferencekit.testing.postgresql import shared_server
from conferencekit.testing.store_dump import live
from conferencekit.testing.store_samples import CONFERENCE, NOW, SECOND, Changes, committed, notice, put
from conferencekit_sqlalchemy import SQLAlchemyStore
from conferencekit_sqlalchemy.place import read_url
from conftest import connect

_LISTING = "(conference, walk, is_text, number, text, id, kind, name, key, owned)"

DAMAGES = {
    "UPDATE quota SET taken = 1": "quota places: found 1 taken, expected 2 taken",
    "DELETE FROM quota": "quota places: found no such quota, expected 2 taken",
    "UPDATE quota SET ceiling = 9": "quota places: found a ceiling of 9, expected a ceiling of 5",
    "UPDATE listing SET id = 'bob' WHERE owned": (
        "unique address='ana@example.org': found person/bob, expected person/ana"
    ),
    "DELETE FROM listing WHERE owned": "unique address='ana@example.org': found nobody, expected person/ana",
    "UPDATE listing SET key = 'x@example.org' WHERE owned": (
        "unique address='x@example.org': found person/ana, expected nothing"
    ),
    "DELETE FROM listing WHERE id = 'ana' AND NOT owned": (
        "index state='in' of person: found nothing else, expected ana"
    ),
    "UPDATE listing SET number = 3 WHERE id = 'ana' AND NOT owned": (
        "index state='in' of person: found ana at 3, expected ana at 1"
    ),
    "UPDATE listing SET is_text = 1, text = '1' WHERE id = 'ana' AND NOT owned": (
        "index state='in' of person: found ana at '1', expected ana at 1"
    ),
    "UPDATE listing SET key = 'out' WHERE id = 'ana' AND NOT owned": (
        "index state='out' of person: found ana at 1, expected nothing"
    ),
    f"INSERT INTO listing {_LISTING} SELECT conference, walk, is_text, number, text, 'eve', kind, name, 'out', owned "
    "FROM listing WHERE id = 'ana' AND NOT owned": (
        "index state='out' of person: found eve at 1, expected nothing, for there is no such record"
    ),
    "UPDATE record SET holds = NULL WHERE id = 'bob'": (
        "index state='in' of person: found bob, expected nothing else"
    ),
    "UPDATE record SET seq = 7777 WHERE id = 'bob'": (
        "record person/bob: found written by the commit 7777, expected a commit that the log has"
    ),
    "DELETE FROM seal": "entry e1: found sealed under 1, expected a seal with this number",
    "UPDATE entry SET sealed = 0": "seal 1: found no entry that is sealed under it, expected at least one",
    "UPDATE entry SET subject = 'x' WHERE id = 'e3'": "entry e3: found the subject 'x', expected ''",
    "UPDATE entry SET body = NULL": "entry e2: found redacted, and still with ana, expected nothing",
    "UPDATE notice SET ready = NULL": (
        "notice letter: found not to be leased, expected to be leased from 2020-11-01T12:00:00+00:00"
    ),
    "UPDATE notice SET ready = due WHERE key = 'second'": (
        "notice second: found to be leased from 2020-11-01T12:00:00+00:00, expected not to be leased"
    ),
    "UPDATE notice SET ready = due + 1 WHERE key = 'letter'": (
        "notice letter: found to be leased from 2020-11-01T12:00:00.000001+00:00, "
        "expected to be leased from 2020-11-01T12:00:00+00:00"
    ),
    "UPDATE notice SET live = false WHERE key = 'letter'": (
        "notice letter: found in no lane any more, expected at the head of its lane"
    ),
    "UPDATE notice SET waiting = false WHERE key = 'second'": (
        "notice second: found in no lane any more, expected waiting in its lane"
    ),
    "UPDATE notice SET waiting = true WHERE key = 'letter'": (
        "notice letter: found both at the head of its lane and behind it, expected at the head of its lane"
    ),
    "UPDATE notice SET state = 'sent' WHERE key = 'letter'": (
        "notice letter: found at the head of its lane, expected in no lane any more"
    ),
    "UPDATE notice SET due = 9223372036854775807, ready = 9223372036854775807 WHERE key = 'letter'": (
        "notice letter: found 9223372036854775807 microseconds since 1970, expected a time before the year 10000"
    ),
    "UPDATE notice SET body = NULL WHERE key = 'second'": (
        "notice second: found queued without a body, expected a body, or one that was sent or failed"
    ),
    "UPDATE notice SET until = due WHERE key = 'letter'": (
        "notice letter: found queued, with the token 0 and lent until 2020-11-01T12:00:00+00:00, expected not lent"
    ),
}


def filled(store: SQLAlchemyStore) -> SQLAlchemyStore:
    changes, state = Changes(), {"state": Index("in", 1)}
    committed(
        store.commit(
            [
                changes(Limit(quota="places", capacity=5), id_="e1"),
                changes(notice("letter", "lane", person="ana"), id_="e2", person="ana"),
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
    return store


def damage(url: str, *statements: str) -> None:
    place = read_url(url)
    if place.is_postgresql:
        with connect(url) as beside:
            for statement in statements:
                beside.execute(statement.encode())
        return
    with closing(sqlite3.connect(str(place.url.database))) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()


@pytest.mark.parametrize("engine", ["postgresql", "sqlite"])
def test_every_difference_is_named(opened, tmp_path, engine):
    """One by one, each on tables that are whole but for it, and each once."""
    for number, (statement, expected) in enumerate(DAMAGES.items()):
        place = tmp_path / str(number)
        place.mkdir()
        url = shared_server().url_for(place) if engine == "postgresql" else f"sqlite+pysqlite:///{place}/a.db"
        store = filled(opened(url))
        assert list(audit(store, CONFERENCE)) == list(store.faults(None)) == []
        damage(url, statement)
        told = [str(found) for found in audit(store, CONFERENCE)]
        assert expected in told, (statement, told)
        assert len(told) == len(set(told))
        assert list(store.faults(None)) == []
        store.close()


def test_rows_of_a_conference_that_is_not_listed_are_named(opened, any_url):
    """Nobody would find them."""
    store = filled(opened(any_url))
    damage(any_url, "DELETE FROM conference")
    assert "conference gmc2020: found rows in entry, expected none, for it is not listed" in [
        str(found) for found in store.faults(None)
    ]


def test_a_sequence_that_was_set_back_is_named(opened, url):
    """As by a restore of the tables without it: later commits would get lower numbers."""
    store = filled(opened(url))
    assert list(store.faults(None)) == []
    damage(url, "SELECT setval('numbers', 1)")
    (found,) = store.faults(None)
    assert str(found).startswith("sequence numbers: found 1 as the last number, expected ")


def test_a_digest_of_another_key_is_named(opened, any_url):
    """Under which `find` would not look."""
    store = filled(opened(any_url))
    digest = "0" * 32
    damage(any_url, f"UPDATE listing SET walk = '{digest}' WHERE NOT owned AND id = 'ana'")
    assert any(found.where == "index state='in' of person" for found in store.faults(CONFERENCE))
    assert any(found.where == "index state='in' of person" for found in audit(store, CONFERENCE))


@pytest.mark.parametrize("call", ["get", "find", "lease", "settle", "dump"])
def test_a_damaged_row_is_no_driver_error(opened, any_url, call):
    """Whoever meets it is told that the store is damaged, and how to find where."""
    store = filled(opened(any_url))
    damage(any_url, "UPDATE notice SET due = 9223372036854775807")
    if call == "lease":
        damage(any_url, "UPDATE notice SET ready = 1 WHERE key = 'letter'")
    calls = {
        "get": lambda: store.get(CONFERENCE, "~notice", ["letter"]),
        "find": lambda: store.find(CONFERENCE, "~notice", "state", "queued"),
        "lease": lambda: store.lease(1, now=NOW, until=NOW + SECOND),
        "settle": lambda: store.settle([Mark(CONFERENCE, "letter", 0, "sent")]),
        "dump": lambda: list(store.dump(CONFERENCE)),
    }
    with pytest.raises(StoreUnavailable, match=r"damaged.*storage audit"):
        calls[call]()


def test_a_record_that_holds_no_json_is_no_driver_error(opened, tmp_path):
    """Which only SQLite lets in."""
    url = f"sqlite+pysqlite:///{tmp_path}/a.db"
    store = filled(opened(url))
    damage(url, "UPDATE record SET holds = '{'")
    with pytest.raises(StoreUnavailable, match=r"damaged.*storage audit"):
        store.commit([Changes()(Erase(kind="person", id="ana", expect=1), id_="new")])


@pytest.mark.parametrize("engine", ["postgresql", "sqlite"])
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_whatever_happened_leaves_nothing_to_report(engine, seed):
    """Random commits, leases and marks; also in a copy of them."""
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        url = shared_server().url_for(place) if engine == "postgresql" else f"sqlite+pysqlite:///{place}/a.db"
        with closing(SQLAlchemyStore(url)) as store:
            for conference in live(store, seed, steps=20):
                assert list(audit(store, conference)) == []
                store.restore(f"copy of {conference}", list(store.dump(conference)))
                assert list(audit(store, f"copy of {conference}")) == []
            assert list(store.faults(None)) == []
