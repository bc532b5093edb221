"""A long import: by several processes, in the order of the file, and again after whatever ended it."""

from __future__ import annotations

import multiprocessing
import os

import pytest
from tests.cli_line import Line, new_line, one_message, process
from tests.held import HeldCommand, wait_until

from conferencekit.cli import importing
from conferencekit.testing.secretariat import SecretariatForTests

line = pytest.fixture(new_line)


def row(number: int, name: str = "Person") -> str:
    return f"{name} {number},p{number}@example.org,GB,1"


def count(line: Line) -> int:
    """How many are registered so far, as another process sees it."""
    if not line.path("gmc.db").exists():
        return 0
    with line.secretariat() as secretariat:
        return secretariat.registrations.places()[0]


@pytest.fixture
def by_processes(monkeypatch, line):
    """Also a short file is read by three processes."""
    monkeypatch.setattr("conferencekit.cli.people_commands.processes_for", lambda *_: 3)
    line.edit(("quota = 1000", "quota = 100000"))


def test_only_a_long_file_is_worth_processes(tmp_path):
    """Starting them takes longer than a few thousand rows; and not every store can be opened by several."""
    with SecretariatForTests(store=f"sqlite:///{tmp_path}/records.db") as made:
        assert importing.processes_for(4_999, made) == 0
        assert importing.processes_for(100_000, made) in {0, 2, 3, 4}
    with SecretariatForTests() as in_memory:
        assert importing.processes_for(100_000, in_memory) == 0


@pytest.mark.usefixtures("by_processes")
def test_rows_end_as_in_one_process_and_the_first_of_an_address_counts(line):
    """Refused rows by their lines, a later row under an address of another chunk, the same file again."""
    rows = [row(each) for each in range(2200)]
    rows[700] = "Eve,no address,FR,1"
    rows[2100] = row(3, "Another")
    line.people(*rows)
    done = line.run("import gmc.toml people.csv --json")
    assert done.code == 1
    assert (done.json["registered"], done.json["registered_before"], done.json["refused"]) == (2198, 1, 1)
    assert [(each["line"], each["field"]) for each in done.json["refusals"]] == [(702, "email")]
    with line.secretariat() as secretariat:
        found = {each.address: each for each in secretariat.registrations.find()}
        assert found["p3@example.org"].name == "Person 3"
        entered = [each for each in secretariat.ledger.entries() if each.body["action"] == "register"]
        assert {each.body["by"] for each in entered} == {"people.csv"}
    again = line.run("import gmc.toml people.csv --json").json
    assert (again["registered"], again["in_already"], again["registered_before"]) == (0, 2198, 1)
    assert line.run("verify gmc.toml").code == 0


@pytest.mark.slow
@pytest.mark.usefixtures("by_processes")
def test_who_comes_first_in_the_file_gets_the_last_places(line):
    """Chunks are committed in their order, however fast each process is."""
    line.edit(("quota = 100000", "quota = 1100"))
    line.people(*(row(each) for each in range(1600)))
    done = line.run("import gmc.toml people.csv --json")
    assert (done.json["registered"], done.json["waiting_for_a_place"]) == (1100, 500)
    with line.secretariat() as secretariat:
        confirmed = {each.address for each in secretariat.registrations.find("confirmed")}
    assert confirmed == {f"p{each}@example.org" for each in range(1100)}


@pytest.mark.slow
def test_processes_say_nothing_by_themselves(line):
    """What a person reads is what the first process says: no warning of another comes between."""
    line.edit(("quota = 1000", "quota = 100000"))
    line.people(*(row(each) for each in range(5000)))
    running = process("import", "gmc.toml", "people.csv", cwd=line.folder)
    out, err = running.communicate(timeout=120)
    assert (running.returncode, err.decode()) == (0, "")
    assert b"5000  registered" in out


@pytest.mark.usefixtures("by_processes")
def test_what_stops_a_process_stops_the_import_with_its_own_message(line, monkeypatch):
    """As if it had happened here."""
    monkeypatch.setattr(importing, "CHUNK", 1001)  # a batch of more than a store takes
    line.people(*(row(each) for each in range(1100)))
    done = line.run("import gmc.toml people.csv")
    one_message(done, "at most 1000 change sets")


@pytest.mark.slow
@pytest.mark.usefixtures("by_processes")
def test_a_process_that_is_ended_from_outside(line):
    """One message; what was committed is kept, and the same command does the rest."""
    line.people(*(row(each) for each in range(3000)))
    receive = importing._Worker.receive

    def receive_and_end_all(worker):
        answer = receive(worker)
        for each in multiprocessing.active_children():
            each.kill()
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importing._Worker, "receive", receive_and_end_all)
        done = line.run("import gmc.toml people.csv")
    one_message(done, "a process of the import was ended", "import the same file again")
    assert 500 <= count(line) < 3000
    assert line.run("import gmc.toml people.csv").code == 0
    assert count(line) == 3000


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="a kill -9")
def test_an_import_that_was_killed_goes_on_from_there(line):
    """Nothing was half written, nobody is entered twice, and no process stays behind to enter more."""
    line.edit(("quota = 1000", "quota = 100000"))
    line.people(*(row(each) for each in range(7000)))
    with line.secretariat() as secretariat:
        # another process commits the third chunk, and does it all the same; on one core there is no other
        name, kept = (
            ("_Worker.receive", 1500) if importing.processes_for(7000, secretariat) else ("_prepared", 1000)
        )
    place = f"conferencekit.cli.importing:{name}"
    HeldCommand(place, 3, line.path("held"), "import", "gmc.toml", "people.csv", cwd=line.folder).kill()
    wait_until(lambda: count(line) >= kept)
    done = line.run("import gmc.toml people.csv --json")
    assert done.code == 0
    assert (done.json["registered"], done.json["in_already"]) == (7000 - kept, kept)
    with line.secretariat() as secretariat:
        assert len({each.address for each in secretariat.registrations.find()}) == 7000
        assert sum(1 for _ in secretariat.notices.find("queued")) == 7000
    assert line.run("storage audit", f"sqlite:///{line.path('gmc.db')}").code == 0
    assert line.run("verify gmc.toml").code == 0
