"""`import` and `registrations`: whole files, hostile files, and files that are imported again."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import re
import signal
import sqlite3

import pytest
from tests.cli_line import EXAMPLE, HEADER, Line, new_line, one_message, process
from tests.held import HeldCommand

from conferencekit.cli.files import LONGEST_LINE

line = pytest.fixture(new_line)

ADA, EVE, ZOE = "Ada,ada@example.org,GB,1", "Eve,eve@example.org,FR,1", "Zoé,zoe@example.org,CN,1"


def people(line: Line, *options: str) -> list[dict]:
    return line.run("registrations gmc.toml --json", *options).json


def owed(line: Line) -> int:
    """How many mails are in the outbox."""
    with line.secretariat() as secretariat:
        store, conference = secretariat.shell.store, secretariat.conference.id
        return len(store.find(conference, "~notice", "state", "queued", limit=1000)[0])


# -- import


def test_import_takes_every_row(line):
    """Through the same form and rules as the website."""
    line.people(ADA, EVE, ZOE)
    done = line.run("import gmc.toml people.csv")
    assert (done.code, done.err) == (0, "")
    assert "3 rows of people.csv" in done.out
    assert "3  registered\n" in done.out
    assert "Places taken: 3 of 1000. Waiting: 0." in done.out
    assert {each["full_name"] for each in people(line)} == {"Ada", "Eve", "Zoé"}
    assert {each["state"] for each in people(line)} == {"confirmed"}


def test_the_export_of_the_example_is_read_as_it_is(line):
    """All 240, received when the website received them; what is asked nowhere is said."""
    line.write("gmc2020.toml", (EXAMPLE / "conference.toml").read_bytes())
    done = line.run("import gmc2020.toml --json", EXAMPLE / "registrants.csv")
    assert done.code == 0
    assert done.json["registered"] == 240
    assert done.json["places"] == {"taken": 240, "capacity": 241, "waiting": 0}
    assert done.err == "No question asks for these columns, so they are left out: Username.\n"


def test_importing_again_enters_nothing_twice_and_owes_no_mail(line):
    """A file without ids of its own is recognised by its rows."""
    line.people(ADA, EVE)
    line.run("import gmc.toml people.csv")
    before = people(line), owed(line)
    done = line.run("import gmc.toml people.csv")
    assert done.code == 0
    assert "0  registered\n" in done.out
    assert "2  in already, from the same row\n" in done.out
    assert (people(line), owed(line)) == before
    line.people(ADA, EVE, ZOE)
    again = line.run("import gmc.toml people.csv --json").json
    assert (again["registered"], again["in_already"], again["registered_before"]) == (1, 2, 0)
    assert len(people(line)) == 3


def test_every_file_that_lies_beside_the_document_is_in_the_reference(line):
    """Nobody wonders what may be deleted: also while the store is open."""
    line.people(ADA)
    line.run("import gmc.toml people.csv")
    line.run("deliver gmc.toml")
    with contextlib.closing(sqlite3.connect(line.path("gmc.db"))) as there:
        there.execute("SELECT count(*) FROM entry")
        found = line.names() - {"gmc.toml", "people.csv"}
    page = (EXAMPLE.parent.parent / "docs/reference/command-line.md").read_text(encoding="utf-8")
    assert found >= {"gmc.db", "gmc.db-lock", "gmc.db-wal", "gmc.outbox", "gmc.secret"}
    for name in found:
        assert re.search(rf"^\| .*`{re.escape(name)}`", page, re.MULTILINE), name


def test_rows_that_are_refused_are_listed_and_the_others_taken(line):
    """With their lines and why; corrected, they are taken by the same command."""
    line.people(ADA, "Eve,not an address,FR,1", "Zoé,zoe@example.org,Atlantis,")
    done = line.run("import gmc.toml people.csv")
    one_message(done, "2 of 3 rows of people.csv were refused", "import it again")
    rows = [text.split()[:2] for text in done.out.partition("Refused")[2].splitlines()[3:6]]
    assert rows == [["3", "email"], ["4", "country"], ["4", "consent"]]
    line.people(ADA, EVE, ZOE)
    assert line.run("import gmc.toml people.csv").code == 0
    assert len(people(line)) == 3


def test_refused_rows_as_json(line):
    """Line, field, code and message of each."""
    line.people("Eve,not an address,FR,1")
    done = line.run("import gmc.toml people.csv --json")
    assert done.code == 1
    (found,) = done.json["refusals"]
    assert (found["line"], found["field"], found["code"]) == (2, "email", "email")
    assert found["message"]


def test_many_refused_rows_are_cut_short(line):
    """The first fifty for people, all for machines."""
    line.people(*["Eve,no,FR,1"] * 120)
    done = line.run("import gmc.toml people.csv")
    assert "and 70 more" in done.out
    assert len(line.run("import gmc.toml people.csv --json").json["refusals"]) == 120


def test_what_comes_late_needs_a_reason(line):
    """And the log keeps it."""
    line.edit(
        ("[deadlines.registration]\nbefore = 2036-05-01", "[deadlines.registration]\nbefore = 2020-05-01")
    )
    line.people(ADA)
    assert line.run("import gmc.toml people.csv").code == 1
    assert people(line) == []
    done = line.run("import gmc.toml people.csv --by Olga --late", "her mail was lost")
    assert done.code == 0
    with line.secretariat() as secretariat:
        bodies = [each.body for each in secretariat.ledger.entries()]
    assert [(each["by"], each["reason"]) for each in bodies if each.get("reason")] == [
        ("Olga", "her mail was lost")
    ]


def test_whoever_finds_no_place_waits(line):
    """And the figures say so."""
    line.edit(("quota = 1000", "quota = 1"))
    line.people(ADA, EVE)
    done = line.run("import gmc.toml people.csv")
    assert done.code == 0
    assert "1  waiting for a place" in done.out
    assert "Places taken: 1 of 1. Waiting: 1." in done.out
    assert [each["state"] for each in people(line, "--state", "waitlisted")] == ["waitlisted"]


@pytest.mark.skipif(os.name == "nt", reason="uses a shell's pipe")
def test_import_reads_standard_input(line):
    """Which cannot be read twice, and is all the same."""
    data = (HEADER + ADA + "\r\n").encode()
    running = process("import", line.path("gmc.toml"), "-", stdin=-1)
    out, err = running.communicate(data, timeout=60)
    assert (running.returncode, err) == (0, b"")
    assert b"1 row of standard input" in out


def test_labels_in_another_language_and_semicolons(line):
    """As a spreadsheet saves it elsewhere."""
    line.write(
        "people.csv", "\ufeffNom complet;Courriel;Pays;Consent;email\r\nAda;x;France;1;ada@example.org\r\n"
    )
    done = line.run("import gmc.toml people.csv")
    assert done.code in (0, 1)
    assert "Traceback" not in done.err


# -- hostile files


BAD_FILES = {
    "empty": (b"", "is empty"),
    "blank": (b"\r\n\r\n", "is empty"),
    "utf-16": ((HEADER + ADA).encode("utf-16"), "UTF-8"),
    "utf-16 without mark": ((HEADER + ADA).encode("utf-16-le"), "UTF-8"),
    "latin-1 in the header": ("Prénom,Full name,E-mail address,Country,Consent\n".encode("cp1252"), "UTF-8"),
    "latin-1 in a row": (HEADER.encode() + b"Zo\xe9,zoe@example.org,FR,1\r\n", "UTF-8"),
    "latin-1 at the end": ((HEADER + "A,a@example.org,FR,1\r\n" * 3000).encode() + b"Zo\xe9,z@example.org,FR,1", "UTF-8"),
    "a spreadsheet": (b"PK\x03\x04\x14\x00\x06\x00" + bytes(range(256)) * 9, "UTF-8"),
    "binary": (bytes(range(1, 256)) * 50, ""),
    "no header": (f"{ADA}\r\n{EVE}\r\n".encode(), "Add a column for"),
    "a column is missing": (b"Full name,Country,Consent\r\nAda,GB,1\r\n", "E-mail"),
    "an open quotation mark": (f'{HEADER}"Ada,ada@example.org,GB,1\r\n{EVE}\r\n'.encode(), "quotation mark"),
    "a line without end": (b"x" * (LONGEST_LINE + 2), "longer than"),
    "json": (b'[{"Full name": "Ada"}]', "Add a column for"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD_FILES)
def test_a_file_that_cannot_be_read_enters_nothing(line, kind):
    """One message with the line and the remedy, and no store is begun: also where the damage is at the end."""
    content, part = BAD_FILES[kind]
    line.write("people.csv", content)
    one_message(line.run("import gmc.toml people.csv"), "people.csv", part)
    assert line.names() == {"gmc.toml", "people.csv"}


BAD_ROWS = {
    "ten megabytes in a cell": '"TEN MEGABYTES",ada@example.org,GB,1',
    "nul": "A\0da,ada@example.org,GB,1",
    "too few cells": "Ada,ada@example.org",
    "too many cells": "Ada,ada@example.org,GB,1,2,3",
    "quoting": '"Ada"x,ada@example.org,GB,1',
    "line break in a name": '"Ada\r\nBcc: all@example.org",ada@example.org,GB,1',
    "escape in a name": "\x1b[31mAda,ada@example.org,GB,1",
    "override in a name": "Ada \u202egnp.exe,ada@example.org,GB,1",
    "address with a line break": 'Ada,"ada@example.org\r\nBcc: all@example.org",GB,1',
    "a long name": f"{'A' * 5000},ada@example.org,GB,1",
    "nothing": ",,,",
}


@pytest.mark.parametrize("kind", BAD_ROWS)
def test_a_hostile_row_harms_no_other(line, kind):
    """It is refused, or taken clean; the others are taken, and no terminal is harmed."""
    line.people(EVE, BAD_ROWS[kind].replace("TEN MEGABYTES", "x" * 10_000_000), ZOE)
    done = line.run("import gmc.toml people.csv")
    assert "Traceback" not in done.err
    assert "bug" not in done.err
    names = [each["full_name"] for each in people(line)]
    assert {"Eve", "Zoé"} <= set(names)
    assert len(names) == 3 - (done.code == 1)
    listed = line.run("registrations gmc.toml")
    for text in (done.out, done.err, listed.out):
        assert not {"\x1b", "\r", "\0", "\u202e"} & set(text)
    assert len(listed.out.splitlines()) == len(names) + 5


def test_duplicate_labels_and_strange_columns(line):
    """Two columns of one name meet in their order; what is unknown is said and left out."""
    line.write(
        "people.csv",
        "Full name,Full name,E-mail address,Country,Consent,\x1b[31mRole,\r\nAda,Other,ada@example.org,GB,1,x,y\r\n",
    )
    done = line.run("import gmc.toml people.csv")
    assert done.code == 0
    assert "left out: Full name, \ufffd[31mRole, " in done.err
    assert [each["full_name"] for each in people(line)] == ["Ada"]


@pytest.mark.parametrize("name", ["absent.csv", "."])
def test_a_file_that_is_not_there(line, name):
    """Its name and what to do; no store is begun."""
    one_message(
        line.run("import gmc.toml", name), f"{name}: ", "Correct the path" if name != "." else "Name a file"
    )
    assert line.names() == {"gmc.toml"}


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="no such device")  # noqa: PTH110
def test_a_device_without_end(line):
    """It is given up after the longest line that a file may have."""
    one_message(line.run("import gmc.toml /dev/zero"), "/dev/zero", "line 1")


# -- registrations


def test_registrations_as_csv_are_guarded_and_whole(line):
    """No spreadsheet runs a name; every script reads right; what is printed is what is written."""
    line.people(
        '"=HYPERLINK(""http://x"")",ada@example.org,GB,1',
        "学习,eve@example.org,CN,1",
        "'=1+1,zoe@example.org,FR,1",
    )
    line.run("import gmc.toml people.csv")
    printed = line.run("registrations gmc.toml --csv").out
    assert printed.startswith("\ufeffreference,state,received_at,locale,full_name")
    rows = list(csv.DictReader(io.StringIO(printed.removeprefix("\ufeff"))))
    assert {each["full_name"] for each in rows} == {'\'=HYPERLINK("http://x")', "学习", "'=1+1"}
    done = line.run("registrations gmc.toml --csv --out all.csv")
    assert done.out == "Wrote 3 registrations to all.csv.\n"
    assert line.path("all.csv").read_bytes().decode() == printed
    if os.name != "nt":
        assert line.path("all.csv").stat().st_mode & 0o777 == 0o600


def test_registrations_are_exported_and_imported_unchanged(line):
    """What a spreadsheet is guarded from comes back as it was."""
    line.people('"=A1 ""x""",ada@example.org,GB,1')
    line.run("import gmc.toml people.csv")
    line.run("registrations gmc.toml --csv --out all.csv")
    text = line.path("all.csv").read_text(encoding="utf-8-sig")
    line.write("again.toml", line.path("gmc.toml").read_bytes())
    line.write("again.csv", text)
    done = line.run("import again.toml again.csv")
    assert done.code == 0, done
    found = line.run("registrations again.toml --json").json
    assert [each["full_name"] for each in found] == ['=A1 "x"']


def test_registrations_list_times_in_the_conferences_zone(line):
    """Short, one on a line."""
    line.write("gmc2020.toml", (EXAMPLE / "conference.toml").read_bytes())
    line.run("import gmc2020.toml", EXAMPLE / "registrants.csv")
    out = line.run("registrations gmc2020.toml").out
    assert "Received (Asia/Shanghai)" in out
    assert "2020-10-12 09:02" in out
    assert "Registrations: 240 (240 confirmed).\nPlaces taken: 240 of 241. Waiting: 0.\n" in out


def test_registrations_of_nobody(line):
    """No table, a line."""
    line.people()
    assert line.run("import gmc.toml people.csv").code == 0
    assert line.run("registrations gmc.toml").out.startswith("Registrations: 0.\n")


def test_registrations_without_a_store_begin_none(line):
    """A wrong name is no empty conference."""
    one_message(line.run("registrations gmc.toml"), "gmc.db", "no such file", "conferencekit import")
    one_message(line.run("registrations gmc.toml --store other.db"), "other.db", "no such file")
    assert line.names() == {"gmc.toml"}


# -- Ctrl-C


def count(line: Line) -> int:
    """How many are registered so far, as another process sees it."""
    if not line.path("gmc.db").exists():
        return 0
    with line.secretariat() as secretariat:
        return secretariat.registrations.places()[0]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent by a signal")
def test_an_import_that_was_stopped_goes_on_from_there(line):
    """What was done is kept, and the same command does the rest, each row once."""
    line.edit(("quota = 1000", "quota = 100000"))
    line.people(*(f"Person {each},p{each}@example.org,GB,1" for each in range(4000)))
    line.people(ADA, name="one.csv")
    line.run("import gmc.toml one.csv")
    place = "conferencekit.cli.importing:_prepared"
    held = HeldCommand(place, 3, line.path("held"), "import", "gmc.toml", "people.csv", cwd=line.folder)
    code, out, err = held.signalled(signal.SIGINT)
    assert code == 130, (out, err)
    assert err.decode() == (
        "conferencekit: Stopped. What was done so far is kept, and the same command goes on from there.\n"
    )
    kept = count(line)
    assert 500 <= kept < 4001
    assert line.run("import gmc.toml people.csv").code == 0
    assert count(line) == 4001
    assert owed(line) <= 1000
    assert line.run("verify gmc.toml").code == 0
