"""Young tables are analysed by the store, so that no commit walks through all rows."""

from __future__ import annotations

import psycopg
import pytest

from conferencekit.testing.store_samples import change, committed, notice, put
from conftest import connect


@pytest.fixture
def lazy_url(own_server, tmp_path):
    """On a server that analyses nothing by itself."""
    return own_server("autovacuum=off").url_for(tmp_path)


def register(store, first, count):
    sets = [
        change("c", f"e{at}", put(f"p{at}"), notice(f"n{at}", lane=f"p{at}"))
        for at in range(first, first + count)
    ]
    committed(store.commit(sets))


def visited(db: psycopg.Connection) -> int:
    """How many notices were looked at by indexes so far, as a new session is told."""
    db.rollback()
    sql = "SELECT sum(idx_tup_fetch) FROM pg_stat_user_tables WHERE relname = 'notice'"
    (count,) = db.execute(sql).fetchone() or (0,)
    return int(count or 0)


def test_a_commit_does_not_walk_through_all_notices(lazy_url, opened):
    """Nor does it before the server has had time to analyse."""
    store = opened(lazy_url)
    for first in range(0, 2000, 200):
        register(store, first, 200)
    store.close()
    with connect(lazy_url) as db:
        before = visited(db)
    assert before < 20_000  # 2,000 x 1,000, if every row were compared with all that are there


def test_a_table_is_analysed_once_there_is_something_in_it(lazy_url, opened):
    """Not before, and not again when it is known."""
    store = opened(lazy_url)
    register(store, 0, 3)
    with connect(lazy_url) as db:
        sql = "SELECT reltuples FROM pg_class WHERE oid = 'notice'::regclass"
        assert db.execute(sql).fetchone() == (-1,)
        register(store, 10, 30)
        db.rollback()
        assert db.execute(sql).fetchone() == (33,)
        register(store, 100, 900)
        db.rollback()
        assert db.execute(sql).fetchone() == (33,)


def test_who_may_not_analyse_still_commits(lazy_url, opened, raw_role):
    """The owner of the tables is another: the server warns, and that is all."""
    store = opened(raw_role)
    register(store, 0, 100)
    assert store.quotas("c", ["none"]) == {}


@pytest.fixture
def raw_role(lazy_url, opened):
    """The URL of a role that may use the tables and does not own them."""
    opened(lazy_url).conferences()
    schema = lazy_url.partition("schema=")[2]
    with connect(lazy_url) as db:
        db.execute("CREATE ROLE guest LOGIN PASSWORD 'secret'")
        db.execute(f'GRANT USAGE ON SCHEMA "{schema}" TO guest')
        db.execute(f'GRANT ALL ON ALL TABLES IN SCHEMA "{schema}" TO guest')
        db.execute(f'GRANT ALL ON ALL SEQUENCES IN SCHEMA "{schema}" TO guest')
    return lazy_url.replace("conferencekit:secret@", "guest:secret@")
