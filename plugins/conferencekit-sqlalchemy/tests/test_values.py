"""Values that an engine might bend, and views over them."""

from __future__ import annotations

import json
import random
import sqlite3
from contextlib import closing

import pytest

from conferencekit import Received
from conferencekit.adapters.sqlite import SQLiteStore
from conferencekit.ports import Committed, Enqueue, Index, Limit
from conferencekit.store import digest_of
from conferencekit.store.copying import copy_conference
from conferencekit.testing.secretariat import SecretariatForTests
from conferencekit.testing.store_samples import (
    CONFERENCE,
    NOW,
    Changes,
    change,
    committed,
    ids,
    notice,
    put,
    read,
)
from conferencekit_sqlalchemy import session
from conferencekit_sqlalchemy.flavour import PostgreSQL
from conferencekit_sqlalchemy.place import read_url
from conftest import connect


def test_the_longest_keys_fit_everywhere(opened, any_url):
    """512 bytes that cannot be compressed, in every place at once."""
    chance = random.Random(7)

    def key() -> str:
        return "".join(chr(chance.randrange(0x4E00, 0x9FA5)) for _ in range(170))

    store, conference, kind, quota, lane, person = opened(any_url), *(key() for _ in range(5))
    name, value, unique = key(), key(), key()
    ops = (
        put(key(), kind=kind, indexes={name: Index(value, key())}, uniques={unique: value}, takes={quota: 1}),
        Limit(quota=quota, capacity=1),
        Enqueue(key=key(), body={}, due=NOW, lane=lane, person=person),
    )
    committed(store.commit([change(conference, key(), *ops, person=person, subject=key())]))
    assert len(ids(store, kind, name, value, conference=conference)) == 1
    assert len(ids(store, kind, unique, value, conference=conference)) == 1
    assert len(ids(store, "~notice", "person", person, conference=conference)) == 1


@pytest.mark.parametrize(
    "number",
    [
        1e16,
        1e22,
        1e23,
        -1e300,
        1.7976931348623157e308,
        5e-324,
        123456789012345.67e5,
        2.5e-7,
        1.0,
        10**300,
        -(2**70),
    ],
)
def test_numbers_keep_their_value_and_kind(opened, any_url, number):
    """A float stays a float, also where jsonb would make it a whole number."""
    store = opened(any_url)
    body = {"n": number, "text": f'{number} 1e300 " 2E+5 \\', "list": [number, {"1e+99": number}]}
    committed(store.commit([Changes()(put("ana", body=body))]))
    record = read(store, "ana")
    assert record is not None
    assert record.body == body
    assert type(record.body["n"]) is type(number)


def test_only_numbers_are_written_out():
    """Not what looks like one within a text."""
    written = PostgreSQL.body(None, '{"a":"1e300","1e5":-1.25e+3,"b":[1E2,"\\\\\\\\",2e1],"c":1e-5}')
    assert written == '{"a":"1e300","1e5":-1250.0,"b":[100.0,"\\\\\\\\",20.0],"c":1e-5}'
    assert json.loads(written) == {"a": "1e300", "1e5": -1250.0, "b": [100.0, "\\\\", 20.0], "c": 1e-5}


def test_large_bodies_go_over_in_pieces(opened, url, monkeypatch):
    """A batch may be larger than a parameter may be."""
    monkeypatch.setattr(session, "PIECE", 5 * 1024 * 1024)
    store, body = opened(url), {"text": "é" * (2 * 1024 * 1024 - 100)}
    changes = Changes()
    numbers = committed(store.commit([changes(put(f"p{at}", body=body)) for at in range(5)]))
    assert len(numbers) == 5
    assert all(
        record.body == body
        for record in store.get(CONFERENCE, "person", [f"p{at}" for at in range(5)]).values()
    )


def test_a_conference_moves_to_postgresql_and_back(opened, any_url, tmp_path):
    """Byte for byte, with all that it holds, and works on."""
    first, last = SQLiteStore(tmp_path / "first.db"), SQLiteStore(tmp_path / "last.db")
    middle = opened(any_url)
    changes = Changes()
    people = [
        changes(
            put(f"p{at}", body={"n": at * 1e21, "name": "é"}, uniques={"a": str(at)}, takes={"places": 1}),
            notice(f"n{at}", "lane"),
        )
        for at in range(30)
    ]
    committed(first.commit([changes(Limit(quota="places", capacity=30)), *people]))
    copied = copy_conference(first, middle, CONFERENCE)
    back = copy_conference(middle, last, CONFERENCE)
    assert (
        copied.digest == back.digest == digest_of(first.dump(CONFERENCE)) == digest_of(last.dump(CONFERENCE))
    )
    outcome = middle.commit([change(CONFERENCE, "later", put("eve", takes={"places": 1}))])[0]
    assert not isinstance(outcome, Committed)
    for store in (first, last):
        store.close()


def test_a_dump_that_is_not_read_to_its_end_holds_nobody_up(opened, any_url):
    """Not even closing."""
    store = opened(any_url)
    committed(store.commit([Changes()(put("ana"), put("bea"))]))
    rows = store.dump(CONFERENCE)
    next(rows)
    rows.close()
    rows = store.dump(CONFERENCE)
    next(rows)
    store.close()
    rows.close()


def test_a_secretariat_works_on_it(any_url):
    """From the form to the mail."""
    form = {"full_name": "Ada", "country": "GB", "consent": "1", "password": "correct horse battery"}
    with SecretariatForTests(store=any_url) as secretariat:
        for number in range(3):
            assert isinstance(secretariat.register({**form, "email": f"ada{number}@example.org"}), Received)
        secretariat.deliver()
        assert len(secretariat.outbox) == 3


# -- views


def rows_of(url: str, view: str, columns: str = "*") -> list[tuple]:
    """What a report finds."""
    place = read_url(url)
    if place.is_postgresql:
        with connect(url) as beside:
            return beside.execute(f'SELECT {columns} FROM "{place.schema}_report".{view}').fetchall()
    with closing(sqlite3.connect(str(place.url.database))) as db:
        return db.execute(f"SELECT {columns} FROM report_{view.strip(chr(34))}").fetchall()


def test_views_show_records_as_tables(opened, any_url):
    """A column for each value, also one level down; never the hash of a password."""
    store, changes = opened(any_url), Changes()
    ana = {"id": "x", "state": "new", "answers": {"country": "FR", "age": 30}, "ok": True, "password": "hash"}
    bea = {"state": None, "answers": {"country": "GB"}, "tags": ["a"], "password": "hash"}
    committed(store.commit([changes(put("ana", body=ana), put("bea", body=bea), notice("n"))]))
    store.make_views()
    columns = "id, version, body_id, state, answers_country, answers_age"
    assert sorted(rows_of(any_url, "person", columns)) == [
        ("ana", 1, "x", "new", "FR", 30),
        ("bea", 1, None, None, "GB", None),
    ]
    assert "hash" not in str(rows_of(any_url, "person"))
    assert len(rows_of(any_url, "outbox")) == len(rows_of(any_url, "log")) == 1


def test_views_outlive_what_comes_later(opened, any_url):
    """A number that becomes text is no number, and no error; made anew it is text."""
    store, changes = opened(any_url), Changes()
    committed(store.commit([changes(put("ana", body={"age": 30}))]))
    store.make_views()
    committed(store.commit([changes(put("bea", body={"age": "old"}))]))
    assert ("ana", 30) in [(id_, age) for id_, age in rows_of(any_url, "person", "id, age")]
    store.make_views()
    assert ("bea", "old") in rows_of(any_url, "person", "id, age")


def test_views_of_hostile_names(opened, any_url):
    """Names are quoted, shortened and kept apart; nothing of them is run."""
    store, changes = opened(any_url), Changes()
    names = [
        "a'b",
        "x; DROP TABLE record; --",
        "100%s :bind",
        "é" * 80,
        "é" * 81,
        "",
        "version",
        "body_version",
    ]
    kinds = ['Robert"; DROP VIEW x; --', "k" * 200, "k" * 201, "outbox", "%s"]
    body = {name: at for at, name in enumerate(names)}
    committed(store.commit([changes(*(put("ana", kind=kind, body=body) for kind in kinds))]))
    views = store.make_views()
    assert len(set(views)) == len(views) == len(kinds) + 2
    (row,) = rows_of(any_url, "outbox")
    assert set(map(int, row[4:])) == set(range(len(names)))
    assert read(store, "ana", kinds[0]) is not None
