"""From the registration to the server: what servers and crashes do, no mail is lost, and a repeat has the same id."""

from __future__ import annotations

import email
import hashlib
from collections import Counter
from datetime import timedelta

import pytest
from tests.smtp_server import DROP, THEN_DROP, SmtpServer

from conferencekit import Received
from conferencekit.adapters.maildir import MaildirMailer
from conferencekit.adapters.memory import MemoryStore
from conferencekit.adapters.smtp import SmtpMailer
from conferencekit.errors import StoreBusy
from conferencekit.testing.secretariat import SecretariatForTests

NAMES = ("Ada", "Bob", "Cleo", "Dan", "Eve")


@pytest.fixture
def server():
    with SmtpServer() as running:
        yield running


@pytest.fixture(params=["memory:", "sqlite:///{tmp}/records.db"])
def secretariat(request, tmp_path, server):
    """Five people are registered, and five mails are owed."""
    store = request.param.replace("{tmp}", str(tmp_path))
    with SecretariatForTests(store=store, mailer=server.url()) as opened:
        register(opened, *NAMES)
        yield opened


def register(secretariat, *names: str) -> None:
    for name in names:
        posted = {
            "full_name": f"{name} Example",
            "email": f"{name.lower()}@example.org",
            "password": "correct horse battery staple",
            "country": "GB",
            "consent": "1",
        }
        assert isinstance(secretariat.register(posted), Received)


def state(secretariat, name: str) -> list[dict]:
    """The bodies of the outbox's notices in one state."""
    records, _ = secretariat.shell.store.find("testing", "~notice", "state", name, limit=1000)
    return [each.body for each in records]


def arrived(server) -> Counter:
    """How often each message came, by its Message-ID."""
    return Counter(email.message_from_bytes(each)["Message-ID"] for each in server.contents)


def counts(result) -> tuple[int, int, int, int]:
    return (result.sent, result.deferred, result.failed, result.held)


def test_everything_that_is_owed_goes_out_once(secretariat, server):
    """One mail to each, and nothing at the second call."""
    assert (5, 0, 0, 0) == counts(secretariat.deliver())
    assert (0, 0, 0, 0) == counts(secretariat.deliver())
    assert [f"{each.lower()}@example.org" for each in NAMES] == [each.rcpt_tos[0] for each in server.taken]
    assert [1] * 5 == list(arrived(server).values())
    assert {"250 taken"} == {each["note"] for each in state(secretariat, "sent")}


def test_it_stops_between_two_batches_when_asked(secretariat):
    """What was done is told, and the rest stays owed."""
    register(secretariat, *(f"More{number}" for number in range(20)))
    asked = iter([False, True])
    assert (20, 0, 0, 0) == counts(secretariat.deliver(stop=lambda: next(asked)))
    assert (5, 0, 0, 0) == counts(secretariat.deliver())
    assert (0, 0, 0, 0) == counts(secretariat.deliver(stop=lambda: True))


def test_a_drop_after_data_leads_to_a_second_delivery_under_the_same_id(secretariat, server):
    """Byte by byte the same, so the reader's mailbox can tell; nobody else's mail comes twice, and none is lost."""
    server.will("DATA", "250 taken", DROP)
    assert (4, 1, 0, 0) == counts(secretariat.deliver())
    assert "may have taken it" in state(secretariat, "queued")[0]["note"]
    assert (0, 0, 0, 0) == counts(secretariat.deliver())
    secretariat.clock.move(timedelta(minutes=2))
    assert (1, 0, 0, 0) == counts(secretariat.deliver())
    assert [1, 1, 1, 1, 2] == sorted(arrived(server).values())
    assert 5 == len(set(server.contents))
    assert 5 == len(state(secretariat, "sent"))


def test_a_drop_after_250_leads_to_no_second_delivery(secretariat, server):
    """What was taken is recorded as sent."""
    server.will("DATA", *[f"250 taken{THEN_DROP}"] * 5)
    assert (5, 0, 0, 0) == counts(secretariat.deliver())
    secretariat.clock.move(timedelta(days=1))
    assert (0, 0, 0, 0) == counts(secretariat.deliver())
    assert [1] * 5 == list(arrived(server).values())


def test_a_deferred_mail_goes_out_later_and_the_pause_grows(secretariat, server):
    """4xx is for now: again after one minute, two, four."""
    server.will("RCPT", *["450 4.2.0 greylisted"] * 15)
    assert (0, 5, 0, 0) == counts(secretariat.deliver())
    for minutes in (1, 2):
        secretariat.clock.move(timedelta(minutes=minutes, seconds=-1))
        assert (0, 0, 0, 0) == counts(secretariat.deliver())
        secretariat.clock.move(timedelta(seconds=1))
        assert (0, 5, 0, 0) == counts(secretariat.deliver())
    assert {"450 4.2.0 greylisted"} == {each["note"] for each in state(secretariat, "queued")}
    secretariat.clock.move(timedelta(minutes=4))
    assert (5, 0, 0, 0) == counts(secretariat.deliver())
    assert [1] * 5 == list(arrived(server).values())


def test_a_rejected_mail_is_failed_and_listed(secretariat, server):
    """5xx is for good: told at once with the server's words, never tried again."""
    server.will("RCPT", "250 go on", "550 5.1.1 no such user")
    result = secretariat.deliver()
    assert (4, 0, 1, 0) == counts(result)
    assert result.failures[0].endswith("550 5.1.1 no such user")
    (failed,) = state(secretariat, "failed")
    assert ("550 5.1.1 no such user", "bob@example.org") == (
        failed["note"],
        failed["body"]["recipient"]["address"],
    )
    secretariat.clock.move(timedelta(days=1))
    assert (0, 0, 0, 0) == counts(secretariat.deliver())


def test_a_server_that_is_away_costs_nothing_but_time(secretariat, server):
    """Everything waits, and goes out when it is back."""
    server.stop()
    assert (0, 5, 0, 0) == counts(secretariat.deliver())
    server.start()
    secretariat.clock.move(timedelta(minutes=1))
    assert (5, 0, 0, 0) == counts(secretariat.deliver())
    assert [1] * 5 == list(arrived(server).values())


def test_what_cannot_be_handed_over_for_five_days_is_failed(secretariat, server):
    """RFC 5321, 4.5.4.1: not before, and the reason stands beside it."""
    server.stop()
    began, result = secretariat.clock.now, secretariat.deliver()
    while not result.failed:
        assert (0, 5, 0, 0) == counts(result)
        secretariat.clock.move(timedelta(hours=4))
        result = secretariat.deliver()
    assert timedelta(days=5) <= secretariat.clock.now - began < timedelta(days=6)
    assert (0, 0, 5, 0) == counts(result)
    assert "given up after 5 days" in result.failures[0]
    assert "cannot be reached" in result.failures[0]


class DiesAfterwards(SmtpMailer):
    """Hands over, and then the process ends before it could be recorded."""

    def send(self, messages):
        super().send(messages)
        raise KeyboardInterrupt


def test_a_crash_between_250_and_the_record_repeats_under_the_same_id(tmp_path, server):
    """The gap that plain SMTP cannot close: sent twice, recognisable, and never not at all."""
    mortal = DiesAfterwards.open(server.url())
    with SecretariatForTests(store=f"sqlite:///{tmp_path}/records.db", mailer=mortal) as first:
        register(first, *NAMES)
        with pytest.raises(KeyboardInterrupt):
            first.deliver()
        mortal.close()
    with SecretariatForTests(store=f"sqlite:///{tmp_path}/records.db", mailer=server.url()) as second:
        assert (0, 0, 0, 0) == counts(second.deliver())
        second.clock.move(timedelta(minutes=5))
        assert (5, 0, 0, 0) == counts(second.deliver())
    assert [2] * 5 == list(arrived(server).values())
    assert 5 == len(set(server.contents))


def test_whatever_a_server_does_nothing_is_lost(secretariat, server):
    """A bad day: every trouble in turn; in the end each mail arrived, at most once more than it was left in doubt."""
    server.will("MAIL", "421 busy", DROP, "250 go on", "451 later", "250 go on", DROP)
    server.will("RCPT", "450 later", DROP, "250 go on", "421 closing")
    server.will("DATA", DROP, f"250 taken{THEN_DROP}", "452 disk full", DROP, "250 taken")
    for _ in range(12):
        secretariat.deliver()
        secretariat.clock.move(timedelta(hours=1))
        if not state(secretariat, "queued"):
            break
    assert 5 == len(state(secretariat, "sent"))
    assert 5 == len(arrived(server))
    # two left in doubt; the fake keeps what it answers 452 to
    assert sum(arrived(server).values()) <= 5 + 2 + 1


def test_a_maildir_gets_each_mail_once_as_a_file(tmp_path):
    """Its bytes are those whose digest the outbox keeps; a crash before the record makes no second file."""
    out = tmp_path / "out"
    with SecretariatForTests(mailer=f"maildir:{out}") as secretariat:
        register(secretariat, *NAMES)
        assert (5, 0, 0, 0) == counts(secretariat.deliver())
        sent = {each["sha256"] for each in state(secretariat, "sent")}
        again = [file.read_bytes() for file in (out / "new").iterdir()]
    assert sent == {hashlib.sha256(each).hexdigest() for each in again}
    mail = email.message_from_bytes(again[0])
    assert {"text/plain", "text/html", "text/calendar"} <= {each.get_content_type() for each in mail.walk()}


def test_two_runs_leave_the_same_maildir(tmp_path):
    """Names and bytes: clock and entropy are fixed here."""
    for name in ("one", "two"):
        with SecretariatForTests(mailer=MaildirMailer(tmp_path / name)) as secretariat:
            register(secretariat, *NAMES)
            secretariat.deliver()
    one, two = (
        {each.name: each.read_bytes() for each in (tmp_path / name / "new").iterdir()}
        for name in ("one", "two")
    )
    assert one == two
    assert 5 == len(one)


class OtherWords:
    """A host's templates, which it changes between two tries."""

    def __init__(self) -> None:
        self.words = "first"

    def render(self, name: str, part: str, values: object) -> str:
        return self.words


def test_a_retry_that_renders_otherwise_goes_out_under_the_same_id_and_is_logged(tmp_path, server, caplog):
    """Counted too; the line names the notice, and neither a person nor a link."""
    renderer = OtherWords()
    store = f"sqlite:///{tmp_path}/records.db"
    with SecretariatForTests(store=store, mailer=server.url(), renderer=renderer) as made:
        register(made, "Ada", "Bob")
        server.will("DATA", "451 later", "451 later")
        first = made.deliver()
        assert (first.deferred, first.changed, caplog.records) == (2, 0, [])
        kept = {each["sha256"] for each in state(made, "queued")}
        (ada, _) = made.shell.walk("~notice", "state", "queued")
        renderer.words = "second"
        made.clock.move(timedelta(minutes=2))
        again = made.deliver()
    assert (again.sent, again.changed, again.plus(again).changed) == (2, 2, 4)
    assert {record.name for record in caplog.records} == {"conferencekit.deliveries"}
    line = caplog.records[0].getMessage()
    assert ada.id in line
    assert line.count(next(iter(kept))) <= 1
    assert any(each in line for each in kept)
    assert not any(secret in line for secret in ("@", "http", "Ada Example", "second"))
    assert len(arrived(server)) == 2


def test_a_retry_that_renders_alike_is_not_logged(secretariat, server, caplog):
    """Nothing to tell."""
    server.will("DATA", *["451 later"] * 5)
    assert secretariat.deliver().deferred == 5
    secretariat.clock.move(timedelta(minutes=2))
    again = secretariat.deliver()
    assert (again.sent, again.changed, caplog.records) == (5, 0, [])


class BusyOnce(MemoryStore):
    """A store that others hold while the words of mails are read."""

    def __init__(self) -> None:
        super().__init__()
        self.is_busy = True

    def get(self, conference, kind, ids):
        if kind == "wording" and self.is_busy:
            raise StoreBusy("memory:", 1.0)
        return super().get(conference, kind, ids)


def test_a_store_that_is_busy_for_a_moment_holds_no_mail_back_for_a_person(server):
    """Nothing is wrong with the mail: it is tried again after a pause."""
    store = BusyOnce()
    store.is_busy = False
    with SecretariatForTests(store=store, mailer=server.url()) as secretariat:
        register(secretariat, "Ada")
    store.is_busy = True
    with SecretariatForTests(store=store, mailer=server.url()) as secretariat:
        assert counts(secretariat.deliver()) == (0, 1, 0, 0)
        assert "stayed locked" in state(secretariat, "queued")[0]["note"]
        store.is_busy = False
        secretariat.clock.move(timedelta(hours=1))
        assert counts(secretariat.deliver()) == (1, 0, 0, 0)
