"""Stores, secrets and documents that change: what commands open, and what they refuse to."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest
from tests.cli_line import DOCUMENT, HEADER, Line, new_line, one_message

line = pytest.fixture(new_line)

ADA, EVE = "Ada,ada@example.org,GB,1", "Eve,eve@example.org,FR,1"
READING = ["registrations", "contributions", "seal", "verify", "tz check", "deliver"]
IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


@pytest.fixture
def begun(line) -> Line:
    """A store with one person in it."""
    line.people(ADA)
    assert line.run("import gmc.toml people.csv").code == 0
    return line


# -- which store


def test_everything_lies_beside_the_document(line):
    """Also where the command runs elsewhere."""
    folder = line.path("plans")
    folder.mkdir()
    (folder / "gmc.v2.toml").write_text(DOCUMENT, encoding="utf-8")
    line.people(ADA)
    assert line.run("import plans/gmc.v2.toml people.csv").code == 0
    assert line.run("deliver plans/gmc.v2.toml").code == 0
    assert {each.name for each in folder.iterdir()} >= {"gmc.v2.db", "gmc.v2.outbox", "gmc.v2.secret"}
    assert line.names() == {"gmc.toml", "people.csv", "plans"}


def test_a_store_may_be_named_by_url_or_path(line):
    """Both are the same file."""
    line.people(ADA)
    assert line.run("import gmc.toml people.csv --store other.db").code == 0
    assert line.run("registrations gmc.toml --store sqlite:///other.db --json").json[0]["full_name"] == "Ada"
    assert line.run("registrations gmc.toml --store", f"sqlite:///{line.path('other.db')}", "--json").json


@pytest.mark.parametrize("command", READING)
def test_commands_that_read_begin_no_store(line, command):
    """Neither a store nor a secret nor an outbox: a wrong name is no empty conference."""
    one_message(
        line.run(f"{command} gmc.toml"), "sqlite:///gmc.db", "no such file", "conferencekit import", "--store"
    )
    assert line.names() <= {"gmc.toml", "gmc.secret"}


@pytest.mark.parametrize(
    "command", ["import gmc.toml people.csv", "registrations gmc.toml", "verify gmc.toml"]
)
@pytest.mark.parametrize("url", ["mysql://localhost/gmc", "sqlite:gmc.db", "memory:?"])
def test_a_store_of_a_kind_that_nobody_offers(line, command, url):
    """What is known is listed."""
    line.people(ADA)
    done = line.run(command, "--store", url)
    assert done.code == 1
    assert "Traceback" not in done.err
    assert "bug" not in done.err


@pytest.mark.parametrize("command", ["import gmc.toml people.csv", *(f"{each} gmc.toml" for each in READING)])
class TestFilesThatAreNoStore:
    """Each is left exactly as it was."""

    def refused(self, line: Line, command: str, *parts: str) -> None:
        line.people(ADA)
        path = line.path("gmc.db")
        before = path.read_bytes() if path.is_file() else None
        one_message(line.run(command), "sqlite:///gmc.db", *parts)
        if before is not None:
            assert path.read_bytes() == before
        assert "gmc.outbox" not in line.names()

    def test_a_text(self, line, command):
        line.write("gmc.db", "Dear organisers,\nplease find attached the database.\n" * 100)
        self.refused(line, command, "not a conferencekit store", "name another file")

    def test_another_programs_database(self, line, command):
        with contextlib.closing(sqlite3.connect(line.path("gmc.db"))) as other:
            other.execute("CREATE TABLE entry (id)")
            other.commit()
        self.refused(line, command, "not a conferencekit store")

    def test_a_folder(self, line, command):
        line.path("gmc.db").mkdir()
        self.refused(line, command, "directory")

    def test_a_damaged_store(self, line, command):
        line.people(ADA)
        line.run("import gmc.toml people.csv")
        data = bytearray(line.path("gmc.db").read_bytes())
        data[4096:] = b"\xa5" * (len(data) - 4096)
        line.write("gmc.db", bytes(data))
        one_message(line.run(command), "sqlite:///gmc.db")

    def test_a_newer_schema(self, line, command):
        line.people(ADA)
        line.run("import gmc.toml people.csv")
        with contextlib.closing(sqlite3.connect(line.path("gmc.db"))) as there:
            there.execute("PRAGMA user_version = 999")
            there.commit()
        self.refused(line, command, "999", "Update conferencekit")


def test_the_store_of_another_conference(begun):
    """A wrong --store, or an id that was changed: nothing begins anew."""
    begun.edit(('id = "gmc"', 'id = "gmc2"'))
    for command in ("registrations gmc.toml", "import gmc.toml people.csv"):
        one_message(begun.run(command), "'gmc'", "'gmc2'", "Put conference.id back"[1:], "--store")
    begun.write("other.toml", DOCUMENT.replace('id = "gmc"', 'id = "other"'))
    one_message(begun.run("registrations other.toml --store gmc.db"), "'other'")
    assert begun.run("import other.toml people.csv --store gmc.db").code == 0, "one store may keep several"


# -- a document that changes


def test_a_changed_document_is_put_in_force_and_said(begun):
    """Line by line, on the error stream; people are told by the next delivery."""
    begun.run("deliver gmc.toml")
    begun.edit(("09:00:00", "10:00:00"), ("10:30:00", "11:30:00"))
    done = begun.run("registrations gmc.toml --json")
    assert done.code == 0
    assert done.json[0]["full_name"] == "Ada"
    assert "gmc.toml has changed" in done.err
    assert "sessions[0].starts: 2036-05-20T09:00:00 -> 2036-05-20T10:00:00" in done.err
    assert begun.run("registrations gmc.toml").err == ""
    assert begun.run("deliver gmc.toml --json").json["sent"] == 1


def test_the_log_says_who_changed_the_document(begun):
    """By name."""
    begun.edit(("Testing Days", "Testing Weeks"))
    begun.run("registrations gmc.toml --by Olga")
    with begun.secretariat() as secretariat:
        last = list(secretariat.ledger.entries())[-1].body
    assert (last["action"], last["by"]) == ("conference_revised", "Olga")


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (('id = "opening"', 'id = "start"'), ("'opening'", 'status = "cancelled"')),
        (("quota = 1000", "quota = 1"), ("registration.quota", "2 places are taken")),
    ],
)
def test_a_change_that_takes_away_what_people_hold(begun, change, parts):
    """It is refused with the remedy, and nothing changes."""
    begun.people(EVE)
    begun.run("import gmc.toml people.csv")
    begun.edit(change)
    for command in ("registrations", "seal", "deliver"):
        one_message(begun.run(f"{command} gmc.toml"), *parts)
    begun.write("gmc.toml", DOCUMENT)
    assert begun.run("registrations gmc.toml").err == ""


def test_an_older_document_is_refused(begun):
    """Somebody has an old copy: nothing is undone by chance, and --revert does it on purpose."""
    begun.edit(("Testing Days", "Testing Weeks"))
    begun.run("registrations gmc.toml")
    begun.write("gmc.toml", DOCUMENT)
    done = begun.run("registrations gmc.toml")
    one_message(done, "gmc.toml", "newer document", "--revert")
    done = begun.run("registrations gmc.toml --revert")
    assert done.code == 0
    assert "Testing Weeks -> Testing Days" in done.err
    assert begun.run("registrations gmc.toml").err == ""


# -- the secret


def test_a_secret_is_made_once_and_for_its_owner_only(begun):
    """By the first command that needs it, which says so."""
    done = begun.run("deliver gmc.toml")
    assert "Wrote a new secret to gmc.secret" in done.err
    secret = begun.path("gmc.secret").read_bytes()
    assert len(secret) > 32
    if os.name != "nt":
        assert stat.S_IMODE(begun.path("gmc.secret").stat().st_mode) == 0o600
    assert begun.run("deliver gmc.toml").err == ""
    assert begun.path("gmc.secret").read_bytes() == secret


@pytest.mark.parametrize(
    ("content", "part"), [(b"", "is empty"), (b" \n", "is empty"), (b"short", "5 bytes")]
)
def test_a_secret_that_is_none(begun, content, part):
    """It is not replaced: links that were sent hang on the old one."""
    begun.write("gmc.secret", content)
    one_message(begun.run("deliver gmc.toml"), "gmc.secret", part, "restore it")
    assert begun.path("gmc.secret").read_bytes() == content


def test_a_secret_file_that_is_missing_or_huge(begun):
    """One that was named is never made; one that is none is not read to its end."""
    one_message(begun.run("deliver gmc.toml --secret-file absent"), "absent", "Correct the path")
    begun.write("huge", b"x" * 50_000)
    one_message(begun.run("deliver gmc.toml --secret-file huge"), "huge", "10,000")
    begun.path("folder").mkdir()
    one_message(begun.run("deliver gmc.toml --secret-file folder"), "folder")
    assert "gmc.secret" not in begun.names()


def test_a_secret_from_the_environment(begun, monkeypatch):
    """As services are given theirs."""
    monkeypatch.setenv("CONFERENCEKIT_SECRET", "short")
    one_message(begun.run("deliver gmc.toml"), "CONFERENCEKIT_SECRET", "5 bytes")
    monkeypatch.setenv("CONFERENCEKIT_SECRET", "sixteen bytes and more")
    assert begun.run("deliver gmc.toml").code == 0
    assert "gmc.secret" not in begun.names()


# -- rights and room


@contextlib.contextmanager
def somebody_else(folder: Path):
    """Not root, to whom nothing is forbidden, in a folder that can be reached."""
    if not hasattr(os, "seteuid"):
        pytest.skip("users are of Unix")
    if IS_ROOT:
        os.seteuid(65_534)
    try:
        if not os.access(folder, os.X_OK, effective_ids=os.access in os.supports_effective_ids):
            pytest.skip("the folder of the tests cannot be reached by another user")
        yield
    finally:
        if IS_ROOT:
            os.seteuid(0)


@pytest.fixture
def open_folder(line, monkeypatch):
    """A folder that everybody may enter and write, with a store in it."""
    folder = Path(tempfile.mkdtemp(prefix="conferencekit-"))
    folder.chmod(0o777)
    shutil.copy(line.path("gmc.toml"), folder)
    (folder / "people.csv").write_text(HEADER + ADA, encoding="utf-8")
    monkeypatch.chdir(folder)
    yield folder
    folder.chmod(0o777)
    shutil.rmtree(folder)


def test_files_that_may_not_be_read(line, open_folder):
    """The document, the CSV, the secret: each with its name."""
    for name in ("gmc.toml", "people.csv"):
        path = open_folder / name
        path.chmod(0)
        with somebody_else(open_folder):
            one_message(line.run("import gmc.toml people.csv"), name)
        path.chmod(0o644)
    assert not (open_folder / "gmc.db").exists()


def test_a_folder_that_may_not_be_written(line, open_folder):
    """Nothing begins, and what may only be read is not half-written."""
    for each in open_folder.iterdir():
        each.chmod(0o644)  # whatever the umask is
    open_folder.chmod(0o555)
    with somebody_else(open_folder):
        one_message(line.run("import gmc.toml people.csv"), "gmc.db")
        one_message(line.run("new days.toml"), "days.toml", "name another place")
        one_message(line.run("invitation gmc.toml --out letter.txt"), "letter.txt", "name another place")
    assert {each.name for each in open_folder.iterdir()} == {"gmc.toml", "people.csv"}


def test_a_store_that_may_only_be_read(line, open_folder):
    """What would write says so; nothing is lost."""
    assert line.run("import gmc.toml people.csv").code == 0
    for each in open_folder.iterdir():
        each.chmod(0o444)
    open_folder.chmod(0o555)
    with somebody_else(open_folder):
        for command in ("seal gmc.toml", "import gmc.toml people.csv"):
            done = line.run(command)
            one_message(done, "gmc.db")
    open_folder.chmod(0o777)
    for each in open_folder.iterdir():
        each.chmod(0o644)
    assert line.run("registrations gmc.toml --json").json[0]["full_name"] == "Ada"


@pytest.fixture
def small_disk(line, monkeypatch):
    """A file system of half a megabyte."""
    if not IS_ROOT or not shutil.which("mount"):
        pytest.skip("needs the right to mount a small file system")
    folder = line.path("disk")
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no small file system can be mounted here")
    shutil.copy(line.path("gmc.toml"), folder)
    monkeypatch.chdir(folder)
    yield folder
    os.chdir("/")
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_in_an_import(line, small_disk):
    """What is in is whole; after some room is made the same command goes on from there."""
    line.edit(("quota = 1000", "quota = 100000"))
    shutil.copy(line.path("gmc.toml"), small_disk)
    line.people(*(f"Person {each},p{each}@example.org,GB,1" for each in range(1200)))
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 150_000)
    done = line.run("import gmc.toml", line.path("people.csv"))
    one_message(done, "gmc.db", "Free some space")
    assert (small_disk / "gmc.toml").read_text(encoding="utf-8") == line.path("gmc.toml").read_text("utf-8")
    ballast.unlink()
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    assert line.run("import gmc.toml", line.path("people.csv")).code == 0
    assert len(line.run("registrations gmc.toml --json").json) == 1200
    assert line.run("verify gmc.toml").code == 0


def test_a_full_disk_leaves_the_file_that_was_there(line, small_disk):
    """Not half of the new one."""
    shutil.copy(line.people(ADA), small_disk)
    assert line.run("import gmc.toml people.csv").code == 0
    listed = small_disk / "all.csv"
    assert line.run("registrations gmc.toml --csv --out all.csv").code == 0
    before = listed.read_bytes()
    ballast = small_disk / "ballast"
    with contextlib.suppress(OSError):
        ballast.write_bytes(b"x" * 1_000_000)
    done = line.run("invitation gmc.toml --format html --out all.csv")
    one_message(done, "all.csv", "No space left", "Free some space")
    assert listed.read_bytes() == before
    assert not [each for each in small_disk.iterdir() if each.name.endswith(".part")]
    one_message(line.run("invitation gmc.toml --out new.txt"), "new.txt", "Free some space")
    assert not (small_disk / "new.txt").exists()


# -- writing files


def test_a_link_stays_a_link_and_rights_stay(begun):
    """The file behind it is replaced, with the rights it had."""
    target = begun.write("target.csv", "old")
    target.chmod(0o640)
    begun.path("link.csv").symlink_to(target)
    assert begun.run("registrations gmc.toml --csv --out link.csv").code == 0
    assert begun.path("link.csv").is_symlink()
    assert b"Ada" in target.read_bytes()
    if os.name != "nt":
        assert stat.S_IMODE(target.stat().st_mode) == 0o640


@pytest.mark.skipif(not os.path.exists("/dev/null"), reason="devices are of Unix")  # noqa: PTH110
def test_a_device_is_written_to_and_stays(begun):
    """Nobody's /dev/null becomes a list of people."""
    assert begun.run("registrations gmc.toml --csv --out /dev/null").code == 0
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)  # noqa: PTH116


def test_strange_names_of_files(begun):
    """Spaces, letters of other scripts, bytes that are no text."""
    for name in ("a list.csv", "名单.csv", "li\udcffst.csv"):
        if os.name == "nt" and "\udcff" in name:
            continue
        done = begun.run("registrations gmc.toml --csv --out", name)
        assert done.code == 0
        assert begun.path(name).exists()
