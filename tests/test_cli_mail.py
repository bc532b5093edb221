"""`deliver`: once, until it is stopped, and when the server or the document changes under it."""

from __future__ import annotations

import email
import os
import re
import signal
import sqlite3
import time
from datetime import UTC, datetime
from email import policy

import pytest
from tests.cli_line import DOCUMENT, HEADER, Line, new_line, one_message, process
from tests.held import LONG, HeldCommand, wait_until

line = pytest.fixture(new_line)
ADA, EVE = "Ada,ada@example.org,GB,1", "Eve,eve@example.org,FR,1"


@pytest.fixture
def begun(line) -> Line:
    """Two people, whose mails are owed."""
    line.people(ADA, EVE)
    assert line.run("import gmc.toml people.csv").code == 0
    return line


def mails(line: Line) -> list:
    return [
        email.message_from_bytes(each.read_bytes(), policy=policy.default)
        for each in sorted(line.path("gmc.outbox/new").iterdir())
    ]


def test_deliver_sends_what_is_owed_once(begun):
    """Into files beside the document, with links that lead to the site."""
    done = begun.run("deliver gmc.toml --site https://site.example.org")
    assert done.code == 0
    assert done.out == "Sent 2, deferred 0, failed 0, held 0.\n"
    assert {each["To"].addresses[0].addr_spec for each in mails(begun)} == {
        "ada@example.org",
        "eve@example.org",
    }
    assert all(
        "https://site.example.org/" in each.get_body(("plain",)).get_content() for each in mails(begun)
    )
    nothing = {"sent": 0, "deferred": 0, "failed": 0, "held": 0, "changed": 0}
    assert begun.run("deliver gmc.toml --json").json == nothing
    assert len(mails(begun)) == 2


def test_without_a_site_nothing_is_sent(begun):
    """The remedy names --site; commands that send nothing do not ask."""
    begun.edit(('website = "https://gmc.example.org"\n', ""))
    done = begun.run("registrations gmc.toml")
    assert done.code == 0
    one_message(begun.run("deliver gmc.toml"), "--site", "CONFERENCEKIT_SITE")
    assert "gmc.outbox" not in begun.names()
    one_message(begun.run("deliver gmc.toml --site gmc.example.org"), "'gmc.example.org'", "https://")


def test_a_site_from_the_environment(begun, monkeypatch):
    """As services are given theirs."""
    monkeypatch.setenv("CONFERENCEKIT_SITE", "https://env.example.org")
    begun.run("deliver gmc.toml")
    assert all("https://env.example.org/" in str(each.get_body(("plain",))) for each in mails(begun))


@pytest.mark.parametrize("url", ["pigeon:coop", "smtp://", "smtp://host:port", "maildir:"])
def test_a_mailer_that_nobody_offers(begun, url):
    """Nothing is lost: the mails stay owed."""
    done = begun.run("deliver gmc.toml --mailer", url)
    assert "Traceback" not in done.err
    assert "bug" not in done.err
    assert done.code == 1
    assert begun.run("deliver gmc.toml --json").json["sent"] in (0, 2)


def test_a_server_that_does_not_answer_defers(begun):
    """That is no failure: the next call tries again."""
    done = begun.run("deliver gmc.toml --mailer smtp://127.0.0.1:1")
    assert done.code == 0
    first, second = done.out.splitlines()
    assert first == "Sent 0, deferred 2, failed 0, held 0."
    assert re.fullmatch(
        r"2 wait for a later delivery, from [-0-9: ]{19} UTC on: deferred, or in hand\.", second
    )


def test_when_the_next_mails_can_go_is_a_time_to_come(begun):
    """Also where some are due already, and stand behind one to the same person that was deferred."""
    away = "deliver gmc.toml --mailer smtp://127.0.0.1:1"
    begun.run(away)
    begun.edit(("2036-05-20T09:00:00", "2036-05-20T10:00:00"), ("2036-05-20T10:30:00", "2036-05-20T11:30:00"))
    began = datetime.now(UTC).replace(microsecond=0)
    done = begun.run(away)
    count, time_ = re.search(
        r"(\d+) wait for a later delivery, from ([-0-9: ]{19}) UTC on", done.out
    ).groups()
    assert count == "4"
    assert datetime.fromisoformat(f"{time_}+00:00") > began


def test_an_outbox_that_is_a_file(begun):
    """It is refused or deferred, and stays what it was."""
    begun.write("gmc.outbox", "a list")
    done = begun.run("deliver gmc.toml")
    assert "Traceback" not in done.err
    assert "bug" not in done.err
    assert begun.path("gmc.outbox").read_bytes() == b"a list"
    begun.path("gmc.outbox").unlink()


# -- until it is stopped


def sent(line: Line) -> int:
    return len(list(line.path("gmc.outbox/new").iterdir())) if line.path("gmc.outbox/new").exists() else 0


class Watch:
    """`deliver --watch` as a process of its own."""

    def __init__(self, line: Line, *options: str) -> None:
        self.running = process(
            "deliver", "gmc.toml", "--watch", "--interval", "0.2", *options, cwd=line.folder
        )

    def stop(self, number: int) -> tuple[int, str, str]:
        """Stop it: its exit code and what it printed."""
        self.running.send_signal(number)
        out, err = self.running.communicate(timeout=LONG)
        return self.running.returncode, out.decode(), err.decode()


@pytest.mark.skipif(os.name == "nt", reason="signals are of Unix")
class TestWatch:
    """A service, from its start to its end."""

    def test_it_sends_what_comes_and_stops_cleanly(self, begun):
        begun.write("gmc.secret", "sixteen bytes and more")
        watch = Watch(begun)
        wait_until(lambda: sent(begun) == 2)
        begun.people("Zoé,zoe@example.org,CN,1", name="more.csv")
        begun.run("import gmc.toml more.csv")
        wait_until(lambda: sent(begun) == 3)
        code, out, err = watch.stop(signal.SIGTERM)
        assert (code, out) == (
            0,
            "Sent 2, deferred 0, failed 0, held 0.\nSent 1, deferred 0, failed 0, held 0.\n",
        )
        assert err == "Stopped between two mails. What is still owed goes out with the next delivery.\n"

    def test_ctrl_c_exits_130_with_the_sum(self, begun):
        watch = Watch(begun, "--json")
        wait_until(lambda: sent(begun) == 2)
        code, out, err = watch.stop(signal.SIGINT)
        assert code == 130
        assert '"sent": 2' in out
        assert "Traceback" not in err

    def test_a_newer_document_is_read_once_it_is_in_force(self, begun):
        watch = Watch(begun)
        wait_until(lambda: sent(begun) == 2)
        begun.edit(("09:00:00", "09:30:00"))
        time.sleep(0.6)
        assert sent(begun) == 2, "a document that is being edited is not taken up by the watch"
        begun.run("registrations gmc.toml")
        wait_until(lambda: sent(begun) == 4)
        begun.people("Zoé,zoe@example.org,CN,1", name="more.csv")
        begun.run("import gmc.toml more.csv")
        wait_until(lambda: sent(begun) == 5)
        code, _, err = watch.stop(signal.SIGTERM)
        assert code == 0
        assert "conferencekit:" not in err, err

    def test_trouble_that_passes_does_not_end_it(self, begun):
        begun.write("gmc.secret", "sixteen bytes and more")
        watch = Watch(begun, "--store", "sqlite:///gmc.db?timeout=0.3")
        wait_until(lambda: sent(begun) == 2)
        begun.people("Zoé,zoe@example.org,CN,1", name="more.csv")
        begun.run("import gmc.toml more.csv")
        other = sqlite3.connect(begun.path("gmc.db"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        time.sleep(1.5)
        other.execute("ROLLBACK")
        other.close()
        begun.people("Zed,zed@example.org,CN,1", name="more.csv")
        begun.run("import gmc.toml more.csv")
        wait_until(lambda: sent(begun) == 4)
        code, _, err = watch.stop(signal.SIGTERM)
        assert code == 0
        assert "Traceback" not in err

    def test_what_is_wrong_at_the_start_ends_it(self, line):
        watch = Watch(line)
        _, err = watch.running.communicate(timeout=LONG)
        assert watch.running.returncode == 1
        assert b"no such file" in err


@pytest.mark.skipif(os.name == "nt", reason="signals are of Unix")
def test_ctrl_c_in_a_long_delivery_forgets_nothing(line):
    """It stops between two batches, and the next call sends the rest, each mail once."""
    line.edit(("quota = 1000", "quota = 100000"))
    line.write("people.csv", HEADER + "".join(f"P {n},p{n}@example.org,GB,1\r\n" for n in range(600)))
    assert line.run("import gmc.toml people.csv").code == 0
    place = "conferencekit.adapters.maildir:MaildirMailer._file"
    held = HeldCommand(place, 41, line.path("held"), "deliver", "gmc.toml", cwd=line.folder)
    code, _, err = held.signalled(signal.SIGINT)
    assert code == 130, err
    first = sent(line)
    assert 40 <= first < 600
    assert b"Stopped between two mails" in err
    assert line.run("deliver gmc.toml --json").json["sent"] == 600 - first
    assert sent(line) == 600


def test_document_of_these_tests_has_a_website():
    """Else `deliver` would ask for --site everywhere."""
    assert "website" in DOCUMENT
