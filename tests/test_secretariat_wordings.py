"""Wordings: what notices tell everybody, kept once under its digest."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import timedelta

import pytest
from attrs import evolve
from tests.message_samples import ADA, SENDER, links_of, notice

from conferencekit.errors import InvalidBody, InvalidText, SchemaTooNew
from conferencekit.message.notice import notice_from_body, notice_to_body
from conferencekit.message.rendering import render
from conferencekit.message.wording import Wording, worded_body
from conferencekit.ports import ChangeSet, Enqueue, Entry
from conferencekit.testing.secretariat import SecretariatForTests

PERSON = {"full_name": "Ada Example", "country": "GB", "consent": "1", "password": "correct horse battery"}


def enter(made: SecretariatForTests, *names: str) -> None:
    for name in names:
        made.register({**PERSON, "email": f"{name}@example.org"})


def owed(made: SecretariatForTests) -> list[dict]:
    records, _ = made.shell.store.find("testing", "~notice", "state", "queued", limit=1000)
    return [record.body["body"] for record in records]


def kept(made: SecretariatForTests, path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as there:
        return there.execute("SELECT count(*) FROM record WHERE kind = 'wording'").fetchone()[0]


@pytest.fixture
def made(tmp_path):
    with SecretariatForTests(store=f"sqlite:///{tmp_path}/records.db") as opened:
        yield opened


def test_a_notice_in_kept_words_is_the_same_mail_byte_for_byte():
    """As one that holds all its words itself, from the same values."""
    whole = notice()
    wordings = [
        Wording(values={"conference": "Overruled by the next"}, sender=SENDER, locale="en"),
        Wording(values=whole.values, invite=whole.invite),
    ]
    body = worded_body(
        "gmc2020",
        whole.key,
        wordings=[each.id for each in wordings],
        template=whole.template,
        recipient=ADA,
        sender=SENDER,
        date=whole.date,
        links=whole.links,
        invite={},
    )
    again = notice_from_body(body, {each.id: each.body for each in wordings}.__getitem__)
    assert again == whole
    assert render(again, links=links_of(whole)) == render(whole, links=links_of(whole))


def test_what_a_notice_says_itself_counts_before_its_wordings():
    """The SEQUENCE of one person, and a value of their own."""
    whole = notice()
    wording = Wording(values=whole.values, sender=SENDER, locale="en", invite=whole.invite)
    body = worded_body(
        "gmc2020",
        whole.key,
        wordings=[wording.id],
        template=whole.template,
        recipient=ADA,
        sender=SENDER,
        date=whole.date,
        values={"reference": "MINE-0001"},
        invite={"sequence": 7},
    )
    again = notice_from_body(body, {wording.id: wording.body}.__getitem__)
    assert again.values == {**whole.values, "reference": "MINE-0001"}
    assert again.invite == evolve(whole.invite, sequence=7)


def test_words_are_kept_once_for_everybody(made, tmp_path):
    """Two for three people who read one language; nothing of a person in them, and little else in the notices."""
    enter(made, "ada", "bob", "cleo")
    assert kept(made, tmp_path / "records.db") == 2
    ada, bob, cleo = owed(made)
    assert ada["wordings"] == bob["wordings"] == cleo["wordings"]
    assert set(ada["values"]) == {"reference", "state"}
    words = [str(made._correspondence.wordings.read(each)) for each in ada["wordings"]]
    assert not any("ada@" in each or "Example" in each for each in words)


def test_a_process_that_starts_anew_writes_no_words_again(made, tmp_path):
    """They are there under the same digests; the log says nothing of it."""
    enter(made, "ada")
    made.close()
    enter(made, "bob")
    assert kept(made, tmp_path / "records.db") == 2
    assert [each.body["action"] for each in made.ledger.entries()].count("wordings_kept") == 1


def test_a_changed_document_has_words_of_its_own_and_old_mails_keep_theirs(made):
    """Whoever was owed a mail gets it as it was."""
    enter(made, "ada")
    (before,) = owed(made)
    renamed = evolve(made.conference, title=evolve(made.conference.title, texts={"en": "Renamed"}))
    made.reload(renamed)
    enter(made, "bob")
    made.deliver()
    subjects = [mail["Subject"] for mail in made.outbox]
    assert "Renamed" not in subjects[0]
    assert "Renamed" in subjects[1]
    read = made._correspondence.wordings.read
    assert notice_from_body(before, read).values["conference"] != "Renamed"


def test_a_notice_that_an_older_version_wrote_is_sent(made):
    """It holds all its words itself."""
    enter(made, "ada")
    (body,) = owed(made)
    whole = notice_from_body(body, made._correspondence.wordings.read)
    old = notice_to_body(evolve(whole, key="old"))
    op = Enqueue(key="old", body=old, due=made.clock(), lane="old")
    made.shell.store.commit([ChangeSet("testing", Entry("e-old", {}, "0"), [op])])
    made.deliver()
    first, second = made.outbox
    assert first.as_bytes() == second.as_bytes()


def test_a_mail_whose_words_were_tampered_with_is_held(made, tmp_path):
    """A person has to look: the digest says that these are not the words."""
    enter(made, "ada")
    made.close()
    with contextlib.closing(sqlite3.connect(tmp_path / "records.db")) as there, there:
        there.execute(
            "UPDATE record SET body = replace(body, 'Conference', 'Congress') WHERE kind = 'wording'"
        )
    assert made.deliver().held == 1
    (held,) = made.notices.find("held")
    assert "not what its digest says" in held.note


def test_a_broadcast_keeps_its_words_once(made, tmp_path):
    """Everybody's notice of a moved session names what moved."""
    enter(made, "ada", "bob", "cleo")
    made.clock.move(timedelta(days=1))
    (session,) = made.conference.sessions
    later = timedelta(hours=1)
    moved = evolve(session, starts=session.starts.plus(later), ends=session.ends.plus(later))
    made.reload(evolve(made.conference, sessions=(moved,)))
    made.deliver()
    assert kept(made, tmp_path / "records.db") == 4  # the conference itself says what it said
    mails = [mail.get_body(("plain",)).get_content() for mail in made.outbox[3:]]
    assert len(mails) == 3
    assert all("09:00" in mail and "10:00" in mail for mail in mails)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"schema": 3}, SchemaTooNew),
        ({"schema": 2, "key": "n", "wordings": "all", "invite": None}, InvalidBody),
        ({"schema": 2, "key": "n", "wordings": ["unknown"], "invite": None, "values": {}}, InvalidBody),
    ],
)
def test_a_damaged_notice_says_so(body, error):
    """Named by its schema and key."""
    with pytest.raises(error):
        notice_from_body(body, {}.__getitem__)


def test_a_wording_is_plain_json():
    """What could not be read back the same is refused where it is made."""
    with pytest.raises(InvalidText, match="values"):
        Wording(values={"share": 0.5})
