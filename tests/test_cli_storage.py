"""`conferencekit storage`: audits, copies and backups of real stores, whole and damaged."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import sqlite3
import stat
import sys
import time

import pytest
from tests.cli_line import new_line, one_message, process

from conferencekit.adapters import sqlite_driver, sqlite_schema
from conferencekit.adapters.dump_file import DumpFile
from conferencekit.adapters.sqlite import SQLiteStore
from conferencekit.ports import DumpedRow, Limit
from conferencekit.store.audit import audit
from conferencekit.testing.store_samples import Changes, committed, put

line = pytest.fixture(new_line)


@pytest.fixture
def kept(line):
    """A store with a conference in it: three people and a seal."""
    line.people("Ada,ada@example.org,GB,yes", "Bo,bo@example.org,SE,yes", "Chi,chi@example.org,CN,yes")
    assert line.run("import gmc.toml people.csv").code == 0
    assert line.run("seal gmc.toml").code == 0
    return line


def damage(line, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(line.path("gmc.db"))) as raw:
        for each in statements:
            raw.execute(each)
        raw.commit()


# -- audit


def test_a_whole_store_passes_the_audit(kept):
    done = kept.run("storage audit gmc.db")
    first, second = done.out.splitlines()
    assert (done.code, first, done.err) == (0, "gmc: all is well", "")
    assert second.startswith(f"SQLite {sqlite_driver.sqlite3.sqlite_version} is linked.")
    assert kept.run("storage audit gmc.db --json").json == [{"conference": "gmc", "differences": []}]


def test_the_audit_names_what_differs(kept):
    """A counter, and the body of a log entry that somebody has changed."""
    damage(
        kept,
        "UPDATE quota SET taken = 2 WHERE taken = 3",
        "UPDATE entry SET body = replace(body, 'registered', 'cancelled') WHERE seq = 2",
    )
    done = kept.run("storage audit gmc.db")
    one_message(done, "The store is damaged", "audit it again")
    assert "found 2 taken, expected 3 taken" in done.out
    assert {
        "where": "quota registration",
        "found": "2 taken",
        "expected": "3 taken",
    } in kept.run("storage audit gmc.db --json").json[0]["differences"]


def resealed(line, change) -> None:
    """Somebody changes the record of a seal."""
    with contextlib.closing(sqlite3.connect(line.path("gmc.db"))) as raw:
        for id_, text in raw.execute("SELECT id, body FROM record WHERE kind = 'seal'").fetchall():
            body = change(id_, json.loads(text))
            if body is None:
                raw.execute("DELETE FROM record WHERE kind = 'seal' AND id = ?", (id_,))
                raw.execute("DELETE FROM listing WHERE kind = 'seal' AND id = ?", (id_,))
            else:
                raw.execute(
                    "UPDATE record SET body = ? WHERE kind = 'seal' AND id = ?", (json.dumps(body), id_)
                )
        raw.commit()


@pytest.fixture
def sealed(kept):
    """The same, sealed three times."""
    for name in ("Dana", "Eve"):
        kept.people(f"{name},{name}@example.org,US,yes".lower())
        assert kept.run("import gmc.toml people.csv").code == 0
        assert kept.run("seal gmc.toml").code == 0
    assert kept.run("storage audit gmc.db").code == 0
    return kept


def audited(line) -> str:
    done = line.run("storage audit gmc.db")
    assert done.code == 1
    return done.out


def test_an_entry_whose_body_was_changed_is_named(sealed):
    """By its id: the digest beside it is the sealed one."""
    with contextlib.closing(sqlite3.connect(sealed.path("gmc.db"))) as raw:
        (id_,) = raw.execute("SELECT id FROM entry WHERE body LIKE '%\"import\"%' LIMIT 1").fetchone()
    damage(
        sealed, f"UPDATE entry SET body = replace(body, '\"import\"', '\"registrant\"') WHERE id = '{id_}'"
    )
    assert f"entry {id_}: found its body and its digest disagree" in audited(sealed)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_seal_that_was_removed_is_named(sealed, number):
    """Also the last one, which no other follows."""
    resealed(sealed, lambda id_, body: None if id_ == str(number) else body)
    assert f"seal {number}: found no such record, expected the record seal/{number}" in audited(sealed)


def test_the_last_seal_is_missed_though_all_traces_of_it_were_removed_but_one(sealed):
    """The counter knows how many there were."""
    resealed(sealed, lambda id_, body: None if id_ == "3" else body)
    damage(sealed, "DELETE FROM seal WHERE number = 3", "UPDATE entry SET sealed = 0 WHERE sealed = 3")
    assert "seal 3: found no such record" in audited(sealed)


def test_seals_that_changed_places_are_named(sealed):
    """Each says its number, and the chain goes through them."""
    bodies: dict[str, object] = {}
    resealed(sealed, bodies.setdefault)
    resealed(sealed, lambda id_, _: bodies[{"1": "2", "2": "1", "3": "3"}[id_]])
    told = audited(sealed)
    assert "seal 2: found seal 1 was expected here" in told
    assert "it does not follow the chain of the seal before it" in told


def test_a_seal_that_is_none_is_named(sealed):
    """And what else is wrong is told all the same."""
    resealed(sealed, lambda id_, body: {"schema": 1} if id_ == "2" else body)
    told = audited(sealed)
    assert "seal 2: found A stored Seal" in told
    assert "seal 3: found seal 2 was expected here" in told


def test_an_entry_that_is_marked_otherwise_than_its_seal_says_is_named(sealed):
    """So that it could be sealed again, or never."""
    damage(sealed, "UPDATE entry SET sealed = 0 WHERE seq = 2", "UPDATE entry SET sealed = 3 WHERE seq = 3")
    told = audited(sealed)
    assert "found not sealed, expected sealed under 1" in told
    assert "found sealed under 3, expected sealed under 1" in told
    damage(
        sealed, "UPDATE entry SET sealed = 1 WHERE seq <= 3", "UPDATE entry SET sealed = 3 WHERE sealed = 0"
    )
    assert "found sealed under 3, expected a seal that holds it" in audited(sealed)


def test_a_damaged_page_is_told_of_by_the_command(sealed):
    """In lines, with the conference whose rows cannot be read."""
    path = sealed.path("gmc.db")
    content = bytearray(path.read_bytes())
    at = content.rindex(b"ada@example.org") // 4096 * 4096
    content[at : at + 4096] = bytes(4096)
    path.write_bytes(content)
    told = audited(sealed)
    assert told.startswith("file: found ")
    first, *_ = sealed.run("storage audit gmc.db --json").json
    assert first["conference"] is None
    assert first["differences"][0]["expected"] == "pages and constraints that are whole"


def test_what_cannot_be_audited(kept):
    one_message(kept.run("storage audit other.db"), "other.db", "no such file", "name the store")
    one_message(kept.run("storage audit people.csv"), "people.csv", "not an SQLite database")
    one_message(kept.run("storage audit redis://host"), "'redis'", "sqlite")
    one_message(kept.run("storage audit gmc.db --only gms"), "'gms'", "Check the id")
    assert kept.run("storage audit").code == 2
    assert not kept.path("other.db").exists()


# -- copy


def test_a_copy_is_the_same_conference(kept):
    """It is a store like the first: commands work on it, receipts verify, and more can be entered."""
    digest = kept.run("storage copy gmc.db copy.db --json").json[0]["digest"]
    assert kept.run("storage copy copy.db gmc.db --json").json == [
        {"conference": "gmc", "written": 0, "digest": digest}
    ]
    assert kept.run("storage audit copy.db").code == 0
    assert kept.run("verify gmc.toml --store copy.db").code == 0
    first = kept.run("registrations gmc.toml --json").json
    assert kept.run("registrations gmc.toml --store copy.db --json").json == first
    kept.people("Dana,dana@example.org,US,yes")
    assert kept.run("import gmc.toml people.csv --store copy.db").code == 0
    assert len(kept.run("registrations gmc.toml --store copy.db --json").json) == 4
    assert kept.run("storage audit copy.db").code == 0


def test_a_copy_that_went_on_is_not_overwritten(kept):
    assert kept.run("storage copy gmc.db copy.db").code == 0
    kept.people("Dana,dana@example.org,US,yes")
    assert kept.run("import gmc.toml people.csv --store copy.db").code == 0
    one_message(kept.run("storage copy gmc.db copy.db"), "'gmc'", "which the source has not", "Name a store")
    assert len(kept.run("registrations gmc.toml --store copy.db --json").json) == 4


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is of POSIX")
def test_a_copy_goes_on_after_a_kill(line):
    """Whenever it is killed, the same command makes it whole."""
    changes = Changes("crowd")
    with contextlib.closing(SQLiteStore(line.path("a.db"))) as store:
        committed(store.commit([changes(Limit(quota="q", capacity=None))]))
        for first in range(0, 9_000, 900):
            people = [put(f"p{first + each}", takes={"q": 1}) for each in range(900)]
            committed(store.commit([changes(*people)]))
    for _ in range(3):
        copy = process("storage", "copy", "a.db", "b.db")
        until = time.monotonic() + 30
        before = line.path("b.db-wal").stat().st_size if line.path("b.db-wal").exists() else 0
        while copy.poll() is None and time.monotonic() < until:
            wal = line.path("b.db-wal")
            if wal.exists() and wal.stat().st_size > before + 100_000:
                break
        with contextlib.suppress(ProcessLookupError):
            os.kill(copy.pid, signal.SIGKILL)
        copy.communicate()
    assert line.run("storage copy a.db b.db").code == 0
    with contextlib.closing(SQLiteStore(line.path("b.db"))) as store:
        assert list(audit(store, "crowd")) == []
        assert store.quotas("crowd", ["q"]) == {"q": (9_000, None)}


# -- backup and restore


def test_a_backup_comes_back_whole(kept):
    done = kept.run("storage backup gmc.db gmc.backup")
    assert done.out == "Wrote gmc.backup: gmc. It holds personal data.\n"
    if os.name == "posix":
        assert stat.S_IMODE(kept.path("gmc.backup").stat().st_mode) == 0o600
    restored = kept.run("storage restore gmc.backup new.db --json").json
    assert restored == [
        {**kept.run("storage copy gmc.db new.db --json").json[0], "written": restored[0]["written"]}
    ]
    assert kept.run("verify gmc.toml --store new.db").code == 0


def test_a_backup_while_others_write_is_one_moment(kept):
    """What is entered meanwhile is not in it, and it is whole all the same."""
    with contextlib.closing(SQLiteStore(kept.path("gmc.db"))) as store:
        rows = store.dump("gmc")
        next(rows)
        kept.people("Dana,dana@example.org,US,yes")
        assert kept.run("import gmc.toml people.csv").code == 0
        assert not any("dana@example.org" in str(row) for row in rows)


def edited(change):
    def edit(text: str) -> str:
        lines = text.splitlines(keepends=True)
        change(lines)
        return "".join(lines)

    return edit


BROKEN = {
    "empty": (lambda _: "", "does not begin as a backup does"),
    "another file": (lambda _: "name,address\n", "does not begin as a backup does"),
    "newer": (lambda text: text.replace('dump": 1', 'dump": 2', 1), "schema 2"),
    "cut off in a row": (lambda text: text[: len(text) // 2], "is damaged"),
    "cut off between rows": (edited(lambda lines: lines.__delitem__(slice(7, None))), "ends in the middle"),
    "without its end": (edited(lambda lines: lines.pop()), "ends in the middle"),
    "a row gone": (edited(lambda lines: lines.pop(3)), "not those that were written"),
    "a row twice": (edited(lambda lines: lines.insert(3, lines[3])), "not those that were written"),
    "a name changed": (lambda text: text.replace("Ada", "Eve"), "not those that were written"),
    "something else": (edited(lambda lines: lines.insert(3, "[]\n")), "is damaged"),
    "deep": (edited(lambda lines: lines.insert(3, "[" * 100_000 + "\n")), "is damaged"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_backup_is_refused_before_anything_is_written(kept, name):
    change, reason = BROKEN[name]
    assert kept.run("storage backup gmc.db gmc.backup").code == 0
    kept.write("broken", change(kept.path("gmc.backup").read_text(encoding="utf-8")))
    one_message(kept.run("storage restore broken new.db"), "broken", reason)
    assert not kept.path("new.db").exists()


def test_no_text_at_all_is_refused(kept):
    kept.write("noise", hashlib.sha256(b"noise").digest() * 100)
    one_message(kept.run("storage restore noise new.db"), "noise", "no text in UTF-8")
    one_message(kept.run("storage restore nothing new.db"), "nothing", "No such file")


def test_a_backup_where_nothing_can_be_written(kept):
    one_message(kept.run("storage backup gmc.db nowhere/gmc.backup"), "nowhere", "Correct the path")


def test_a_backup_is_never_written_to(kept):
    assert kept.run("storage backup gmc.db gmc.backup").code == 0
    with pytest.raises(Exception, match="it is a backup"):
        DumpFile(kept.path("gmc.backup")).restore("gmc", [DumpedRow("seal", (1,), {})])


def test_each_line_of_a_backup_is_json(kept):
    assert kept.run("storage backup gmc.db gmc.backup").code == 0
    lines = [json.loads(each) for each in kept.path("gmc.backup").read_text(encoding="utf-8").splitlines()]
    assert lines[0] == {"conferencekit-dump": 1}
    assert lines[1] == ["~conference", "gmc"]
    assert lines[-1] == ["~complete", 1]


# -- migrate


def test_an_older_store_is_migrated_after_it_was_said_how(kept, monkeypatch):
    """Until then no command opens it."""
    assert kept.run("storage migrate gmc.db").out == "Nothing is to be done.\n"
    upgrade = sqlite_schema.Upgrade("a column for witnesses", ["ALTER TABLE entry ADD COLUMN witness TEXT"])
    monkeypatch.setattr(sqlite_schema, "UPGRADES", {1: upgrade})
    monkeypatch.setattr(sqlite_schema, "SCHEMA", 2)
    one_message(kept.run("registrations gmc.toml"), "has schema 1", "storage migrate")
    told = kept.run("storage migrate gmc.db")
    assert told.out.startswith("schema 1 to 2: a column for witnesses\nNothing was done. Make a backup")
    one_message(kept.run("registrations gmc.toml"), "has schema 1")
    assert kept.run("storage migrate gmc.db --yes --json").json["done"] is True
    assert len(kept.run("registrations gmc.toml --json").json) == 3
    one_message(kept.run("storage migrate nothing.db"), "no such file")


def test_an_empty_store(line):
    with contextlib.closing(SQLiteStore(line.path("a.db"))) as store:
        store.conferences()
    assert line.run("storage audit a.db").out.startswith("The store keeps no conference yet.\n")
    assert line.run("storage copy a.db b.db").out == "There is no conference to copy.\n"
    assert (
        line.run("storage backup a.db a.backup").out
        == "Wrote a.backup: no conference. It holds personal data.\n"
    )
    assert line.run("storage restore a.backup c.db").code == 0


# -- what must not be taken for something else


@pytest.mark.parametrize("target", ["gmc.db", "gmc.toml"])
def test_a_backup_replaces_backups_only(kept, target):
    """Neither the store itself nor any other file; an earlier backup is."""
    before = kept.path(target).read_bytes()
    one_message(kept.run(f"storage backup gmc.db {target}"), target, "is no backup, and is not replaced")
    assert kept.path(target).read_bytes() == before
    for _ in range(2):
        assert kept.run("storage backup gmc.db gmc.backup").code == 0


@pytest.mark.parametrize("command", ["audit empty.db", "backup empty.db b.backup", "copy empty.db t.db"])
def test_an_empty_file_is_no_store(kept, command):
    """Nothing is laid out in it, and no backup of nothing takes the place of another."""
    kept.path("empty.db").touch()
    one_message(kept.run(f"storage {command}"), "it is an empty file, and no store")
    assert kept.path("empty.db").read_bytes() == b""
    assert not kept.path("b.backup").exists()
    assert not kept.path("t.db").exists()


def test_a_backup_and_a_store_are_told_apart(kept):
    """Each is named where the other is expected, with the command for it."""
    kept.run("storage backup gmc.db gmc.backup")
    one_message(kept.run("storage audit gmc.backup"), "It is a backup", "storage restore FILE STORE")
    one_message(kept.run("storage restore gmc.db other.db"), "storage copy")


@pytest.mark.skipif(os.name != "posix", reason="rights of files are POSIX's")
def test_a_new_store_is_its_owners(kept):
    """It holds what people told."""
    kept.run("storage copy gmc.db other.db")
    assert {kept.path(name).stat().st_mode & 0o777 for name in ("gmc.db", "other.db")} == {0o600}
