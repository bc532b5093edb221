"""Tables that are new, old, newer, or somebody else's."""

from __future__ import annotations

import sqlite3
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from conferencekit.adapters.sqlite import SQLiteStore
from conferencekit.cli import main as cli
from conferencekit.errors import NotOurFile, SchemaTooNew, SchemaTooOld, StoreReadOnly, StoreUnavailable
from conferencekit.testing.store_samples import Changes, committed, put, read
from conferencekit_sqlalchemy import schema
from conferencekit_sqlalchemy.__main__ import main
from conferencekit_sqlalchemy.engines import make_plain_engine
from conferencekit_sqlalchemy.place import read_url
from conferencekit_sqlalchemy.tables import VERSION_TABLE, make_tables
from conftest import connect

NEXT = '''
"""Adds nothing."""
revision = "0002"
down_revision = "0001"

def upgrade():
    pass
'''


def test_migrations_lead_to_the_tables(opened, any_url):
    """What the statements are made from is what the migrations leave behind."""
    store = opened(any_url)
    store.conferences()
    options = {
        "version_table": VERSION_TABLE,
        "version_table_schema": store.place.schema,
        "include_schemas": True,
    }
    engine = make_plain_engine(store.place)
    with engine.connect() as connection:

        def ours(name: str | None, what: str, parents: dict) -> bool:
            return name == store.place.schema if what == "schema" else True

        context = MigrationContext.configure(connection, opts={**options, "include_name": ours})
        found = compare_metadata(context, make_tables(store.place.schema).metadata)
    engine.dispose()
    assert found == []


def test_everybody_may_be_the_first(opened, url):
    """Six that open it at the same moment lay it out once."""
    stores, start = [opened(url) for _ in range(6)], threading.Barrier(6)

    def work(number: int) -> None:
        start.wait()
        committed(stores[number].commit([Changes(f"c{number}")(put("ana"))]))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert stores[0].conferences() == [f"c{number}" for number in range(6)]


@pytest.fixture
def newer(tmp_path, monkeypatch):
    """A version with one more migration."""
    import shutil

    copy = tmp_path / "migrations %41"
    shutil.copytree(schema.MIGRATIONS, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "versions" / "0002_add_nothing.py").write_text(NEXT)

    def update() -> None:
        monkeypatch.setattr(schema, "MIGRATIONS", copy)
        monkeypatch.setattr(schema, "SCHEMA", 2)

    return update


def test_older_tables_are_migrated_when_they_are_told_to(opened, any_url, newer):
    """Nothing happens by itself; the error says what to do; afterwards all is there."""
    old = opened(any_url)
    committed(old.commit([Changes()(put("ana"))]))
    assert old.pending() == []
    old.close()
    newer()
    store = opened(any_url)
    with pytest.raises(SchemaTooOld, match="storage migrate"):
        store.conferences()
    assert store.pending() == ["schema 2: add nothing"]
    store.migrate()
    assert store.pending() == []
    assert read(store, "ana") is not None


def test_every_schema_that_was_can_be_brought_forward():
    """The steps are kept, one after the other."""
    files = sorted(path.name for path in (schema.MIGRATIONS / "versions").glob("*.py"))
    assert [int(name[:4]) for name in files] == list(range(1, schema.SCHEMA + 1))


def test_the_command_says_first_what_it_would_do(opened, any_url, newer, capsys):
    """And does it with --yes."""
    committed(opened(any_url).commit([Changes()(put("ana"))]))
    assert cli(["storage", "migrate", any_url]) == 0
    assert capsys.readouterr().out == "Nothing is to be done.\n"
    newer()
    for _ in range(2):
        assert cli(["storage", "migrate", any_url]) == 0
        told = capsys.readouterr().out
        assert told.startswith("schema 2: add nothing\nNothing was done. Make a backup")
        with pytest.raises(SchemaTooOld):
            opened(any_url).conferences()
    assert cli(["storage", "migrate", any_url, "--yes"]) == 0
    assert "Done." in capsys.readouterr().out
    assert read(opened(any_url), "ana") is not None


def test_a_host_may_let_the_first_use_migrate(opened, any_url, newer):
    """`?upgrade=on`."""
    committed(opened(any_url).commit([Changes()(put("ana"))]))
    newer()
    with_option = f"{any_url}{'&' if '?' in any_url else '?'}upgrade=on"
    assert read(opened(with_option), "ana") is not None


def test_newer_tables_are_refused(opened, any_url, newer, monkeypatch):
    """Nothing is guessed of them."""
    newer()
    opened(any_url).conferences()
    monkeypatch.setattr(schema, "SCHEMA", 1)
    with pytest.raises(SchemaTooNew, match="schema 2, and this version knows up to 1"):
        opened(any_url).conferences()


def test_tables_of_another_program_are_left_alone(opened, url):
    """A schema in which somebody has a table `record` is not ours."""
    name = read_url(url).schema
    with connect(url) as beside:
        beside.execute(f'CREATE SCHEMA "{name}"')
        beside.execute(f'CREATE TABLE "{name}".record (title text)')
    with pytest.raises(NotOurFile, match="another program: record"):
        opened(url).conferences()


def test_other_tables_do_not_matter(opened, url):
    """A schema may be shared with a host's own tables."""
    name = read_url(url).schema
    with connect(url) as beside:
        beside.execute(f'CREATE SCHEMA "{name}"')
        beside.execute(f'CREATE TABLE "{name}".alembic_version (version_num text)')
    committed(opened(url).commit([Changes()(put("ana"))]))


def test_a_version_that_is_no_number_is_not_ours(opened, url):
    """Our tables, and somebody else's migrations."""
    opened(url).conferences()
    with connect(url) as beside:
        beside.execute(f"UPDATE {VERSION_TABLE} SET version_num = 'abc'")
    with pytest.raises(NotOurFile, match="'abc'"):
        opened(url).conferences()


@pytest.mark.parametrize("content", ["text", "database", "built-in"])
def test_another_file_is_left_alone(opened, tmp_path, content):
    """Text, somebody's database, and a file of the built-in store, which has other tables."""
    path = tmp_path / "store.db"
    if content == "text":
        path.write_text("hello " * 1000)
    elif content == "database":
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE song (title)")
        db.close()
    else:
        store = SQLiteStore(path)
        committed(store.commit([Changes()(put("ana"))]))
        store.close()
    before = path.read_bytes()
    with pytest.raises(NotOurFile):
        opened(f"sqlite+pysqlite:///{path}").conferences()
    assert path.read_bytes() == before


def test_a_name_with_odd_characters_is_quoted(opened, url):
    """Of a schema."""
    base = url.partition("?")[0]
    store = opened(f'{base}?schema=Sch%C3%B6n%20"%3B%20DROP%20--%25s')
    committed(store.commit([Changes()(put("ana", uniques={"a": "b"}))]))
    assert read(store, "ana") is not None
    assert store.make_views()


def test_a_database_in_another_encoding_is_refused(opened, own_server, tmp_path):
    """It could not keep every name."""
    server = own_server()
    with connect(server.url_for("x")) as beside:
        beside.autocommit = True
        beside.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    url = server.url_for(tmp_path).replace("/conferencekit?", "/latin?")
    with pytest.raises(StoreUnavailable, match="LATIN1"):
        opened(url).conferences()


def test_a_server_without_sync_is_warned_of(opened, own_server, tmp_path):
    """It would lose what it acknowledged."""
    store = opened(own_server("fsync=off").url_for(tmp_path))
    with pytest.warns(RuntimeWarning, match="fsync"):
        store.conferences()


def test_a_user_without_rights_is_told(opened, url):
    """Reading works, writing does not."""
    committed(opened(url).commit([Changes()(put("ana"))]))
    name, role = read_url(url).schema, f"reader_{read_url(url).schema}"
    with connect(url) as beside:
        beside.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'secret'")
        beside.execute(f'GRANT USAGE ON SCHEMA "{name}" TO {role}')
        beside.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA "{name}" TO {role}')
    store = opened(url.replace("//conferencekit:", f"//{role}:"))
    assert read(store, "ana") is not None
    with pytest.raises(StoreReadOnly, match="permission denied"):
        store.commit([Changes()(put("bea"), id_="e")])
    elsewhere = opened(f"{url}x".replace("//conferencekit:", f"//{role}:"))
    with pytest.raises(StoreReadOnly, match="permission denied"):
        elsewhere.conferences()


def test_the_command_line_upgrades_and_makes_views(any_url, capsys):
    """`python -m conferencekit_sqlalchemy`."""
    assert main(["upgrade", any_url]) == 0
    assert "lay out all tables" in capsys.readouterr().out
    assert main(["upgrade", any_url]) == 0
    assert "nothing is to be done" in capsys.readouterr().out
    assert main(["views", any_url]) == 0
    assert "outbox" in capsys.readouterr().out
    assert main(["views", "postgresql+psycopg://u:hush@127.0.0.1:1/x"]) == 1
    assert "hush" not in capsys.readouterr().err


def test_a_missing_driver_is_named(monkeypatch):
    """With what to install."""
    from conferencekit_sqlalchemy import SQLAlchemyStore

    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ImportError, match=r"pip install 'conferencekit-sqlalchemy\[postgresql\]'"):
        SQLAlchemyStore.open("postgresql+psycopg://localhost/x")


def test_reflecting_is_not_fooled_by_search_paths(opened, url):
    """The tables are found by their schema, whatever the role's settings are."""
    store = opened(url)
    committed(store.commit([Changes()(put("ana"))]))
    engine = make_plain_engine(store.place)
    assert "record" in sa.inspect(engine).get_table_names(store.place.schema)
    engine.dispose()


def test_a_host_needs_no_right_to_make_tables(opened, url):
    """Where somebody else laid them out."""
    assert main(["upgrade", url]) == 0
    name, role = read_url(url).schema, f"host_{read_url(url).schema}"
    with connect(url) as beside:
        beside.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'secret'")
        beside.execute(f'GRANT USAGE ON SCHEMA "{name}" TO {role}')
        beside.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "{name}" TO {role}')
        beside.execute(f'GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA "{name}" TO {role}')
    store = opened(url.replace("//conferencekit:", f"//{role}:"))
    committed(store.commit([Changes()(put("ana"))]))
    store.restore("copy", list(store.dump("gmc2020")))
    assert store.conferences() == ["copy", "gmc2020"]


def test_of_several_servers_the_one_that_is_there_is_taken(opened, url):
    """The first host of the URL is down."""
    place = sa.make_url(url)
    several = (
        f"{url.replace(f'{place.host}:{place.port}', '')}&host=127.0.0.1:1&host={place.host}:{place.port}"
    )
    committed(opened(several).commit([Changes()(put("ana"))]))
    assert read(opened(url), "ana") is not None
