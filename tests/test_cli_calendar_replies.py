"""`calendar replies` and `attendance`: what people's calendars answered is said in words, and kept where that is asked."""

from __future__ import annotations

import json
import os
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from tests.cli_line import Line, new_line
from tests.imap_server import PASSWORD, ImapServer
from tests.reply_samples import reply_to

from conferencekit.calendar import validate

line = pytest.fixture(new_line)

PEOPLE = "email,name\nada@example.org,Ada\nbo@example.org,Bo\ncy@example.org,Cy\n"
CALENDAR = '\n[calendar]\norganizer = "{organizer}"\n{more}'
WEBSITE = 'website = "https://gmc.example.org"\n'


def invited(line: Line, organizer: str = "replies@example.org", more: str = "") -> None:
    """A document, three people, and the invites that they were sent."""
    line.edit((WEBSITE, WEBSITE + CALENDAR.format(organizer=organizer, more=more)))
    line.write("people.csv", PEOPLE)
    sent(line, "invites")


def sent(line: Line, folder: str) -> None:
    """What calendars have to be told, as files."""
    done = line.run("calendar send gmc.toml --people people.csv --out", folder)
    assert done.code == 0, done


def moved(line: Line) -> None:
    """The session an hour later, and everybody told."""
    line.edit(("2036-05-20T09:00:00", "2036-05-20T10:00:00"), ("2036-05-20T10:30:00", "2036-05-20T11:30:00"))
    sent(line, "moved")


def reply(path: Path, partstat: str = "ACCEPTED", **options: object) -> bytes:
    """What a client answers to the invite in a file."""
    return reply_to(path.read_bytes(), partstat, **options)


def invite(line: Line, who: str, folder: str = "invites", sequence: int = 0) -> Path:
    """The file of an invite."""
    return line.path(folder) / f"{who}@example.org.opening.{sequence}.ics"


def answers(line: Line) -> dict[str, str]:
    """What everybody answers at present."""
    done = line.run("calendar attendance gmc.toml --people people.csv --json")
    assert done.code == 0, done
    return {each["person"].partition("@")[0]: each["answer"] for each in done.json}


def inbox(line: Line, *mails: bytes) -> None:
    """A folder with these mails."""
    folder = line.path("inbox")
    folder.mkdir(exist_ok=True)
    for number, each in enumerate(mails):
        (folder / f"{number}.eml").write_bytes(each)


def test_what_changes_is_said_and_nothing_is_kept(line):
    """In words: how many accepted, who declined and why, and what to do to keep it."""
    invited(line)
    inbox(
        line,
        reply(invite(line, "ada")),
        reply(invite(line, "bo"), "DECLINED", comment="I am ill\\, sorry"),
        b"From: x@example.com\r\n\r\nnewsletter",
    )
    state = line.path("gmc.sent.json").read_bytes()
    done = line.run("calendar replies gmc.toml inbox --people people.csv")
    assert done.code == 0, done
    assert "Accepted 1, declined 1, tentative 0, other mails 1." in done.out
    assert "Opening: 1 accepted\n" in done.out
    assert "Opening: 1 declined: Bo <bo@example.org> (I am ill, sorry)" in done.out
    assert "Nothing was kept; --apply does it." in done.out
    assert line.path("gmc.sent.json").read_bytes() == state
    assert set(answers(line).values()) == {"NEEDS-ACTION"}


def test_applied_they_are_kept_and_known(line):
    """Once; read again, they change nothing."""
    invited(line)
    inbox(line, reply(invite(line, "ada")), reply(invite(line, "bo"), "DECLINED"))
    assert "This is kept." in line.run("calendar replies gmc.toml inbox --apply").out
    assert answers(line) == {"ada": "ACCEPTED", "bo": "DECLINED", "cy": "NEEDS-ACTION"}
    state = line.path("gmc.sent.json").read_bytes()
    done = line.run("calendar replies gmc.toml inbox --apply")
    assert "Accepted 0, declined 0, tentative 0, repeated 2." in done.out
    assert line.path("gmc.sent.json").read_bytes() == state
    assert (
        line.run("calendar attendance gmc.toml").out == "Opening: accepted 1, declined 1, not answered 1.\n"
    )


def test_an_answer_to_an_earlier_version_is_kept_apart(line):
    """Whoever was told anew is asked anew, and an old answer accepts no new time."""
    invited(line)
    inbox(line, reply(invite(line, "ada")))
    line.run("calendar replies gmc.toml inbox --apply")
    moved(line)
    assert answers(line)["ada"] == "NEEDS-ACTION"
    inbox(line, reply(invite(line, "bo")), reply(invite(line, "ada", "moved", 1), "DECLINED"))
    done = line.run("calendar replies gmc.toml inbox --people people.csv --apply")
    assert "declined 1" in done.out
    assert "answered an earlier version 1" in done.out
    assert "Opening: 1 accepted, but an earlier version: Bo <bo@example.org>" in done.out
    assert answers(line) == {"ada": "DECLINED", "bo": "NEEDS-ACTION", "cy": "NEEDS-ACTION"}


def test_strangers_are_listed_with_why(line):
    """And change nothing."""
    invited(line)
    inbox(
        line,
        reply(invite(line, "ada"), sender="eve@example.com"),
        reply(invite(line, "bo"), method="REQUEST"),
        reply(invite(line, "cy"), "PERHAPS"),
    )
    done = line.run("calendar replies gmc.toml inbox --apply")
    assert "strangers 1, no replies 2" in done.out
    assert "inbox/0.eml: ada@example.org: it was sent by eve@example.com, for somebody else" in done.out
    assert "inbox/1.eml: its METHOD is REQUEST" in done.out
    assert "inbox/2.eml: its PARTSTAT is 'PERHAPS'" in done.out
    assert set(answers(line).values()) == {"NEEDS-ACTION"}


def test_what_others_wrote_begins_no_line_and_turns_none_round(line):
    """Names, comments and file names stand in lines of ours."""
    invited(line)
    comment = "ill\\n  Opening: 99 accepted\N{RIGHT-TO-LEFT OVERRIDE}well"
    inbox(line, reply(invite(line, "ada"), "DECLINED", comment=comment))
    if os.name == "posix":
        (line.path("inbox") / "x\nAccepted 99.eml").write_bytes(reply(invite(line, "bo"), "PERHAPS"))
    done = line.run("calendar replies gmc.toml inbox --people people.csv")
    assert done.code == 0, done
    assert "(ill Opening: 99 accepted\N{REPLACEMENT CHARACTER}well)" in done.out
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in done.out
    assert not any(each.lstrip().startswith(("Accepted 99", "Opening: 99")) for each in done.out.splitlines())


@pytest.mark.parametrize(
    ("rule", "organizer", "said", "action"),
    [
        ("note", "replies@example.org", "", "nothing"),
        ("ask", "replies@example.org", "ask them, or write `cancelled`", "ask"),
        ("cancel", "replies@example.org", "ask them, or write `cancelled`", "ask"),
        ("cancel", "replies+{token}@example.org", "is to be cancelled", "cancel"),
    ],
)
def test_what_a_decline_leads_to(line, rule, organizer, said, action):
    """As the document says; without a token in the organizer's address, somebody is asked."""
    invited(line, organizer, f'on_decline = "{rule}"\n')
    inbox(line, reply(invite(line, "ada"), "DECLINED"))
    assert said in line.run("calendar replies gmc.toml inbox").out
    (change,) = line.run("calendar replies gmc.toml inbox --json").json["changes"]
    assert (change["person"], change["answer"], change["action"]) == ("ada@example.org", "DECLINED", action)


def test_a_token_proves_a_reply_from_an_alias(line):
    """The address that the reply went to says whose it is."""
    invited(line, "replies+{token}@example.org")
    data = reply(invite(line, "ada")).replace(b"mailto:ada@example.org", b"mailto:a.l@example.com")
    inbox(line, data.replace(b"From: ada@example.org", b"From: a.l@example.com"))
    done = line.run("calendar replies gmc.toml inbox --people people.csv --apply")
    assert "Accepted 1" in done.out
    assert answers(line)["ada"] == "ACCEPTED"


def test_proposals_are_answered_by_files(line):
    """Each gets an object that declines it, and a mail to send by hand."""
    invited(line)
    inbox(line, reply(invite(line, "ada"), "TENTATIVE", method="COUNTER"))
    done = line.run("calendar replies gmc.toml inbox --counters answers --comment", "It stays.")
    assert "proposals 1" in done.out
    assert "Ada <ada@example.org>, Opening: 2036-05-20 09:00:00 Asia/Shanghai" in done.out
    assert "Wrote 1 answer to answers." in done.out
    mail, calendar = sorted(line.path("answers").iterdir(), key=lambda each: each.suffix)
    assert validate(calendar.read_bytes(), "DECLINECOUNTER") == ()
    assert b"COMMENT:It stays.\r\n" in calendar.read_bytes()
    found = message_from_bytes(mail.read_bytes(), policy=policy.default)
    assert (found["To"], found["X-Unsent"]) == ("Ada <ada@example.org>", "1")
    parts = [each for each in found.walk() if each.get_content_type() == "text/calendar"]
    assert parts[0].get_payload(decode=True) == calendar.read_bytes()


def test_the_list_of_who_comes(line):
    """As a table for a spreadsheet, with what was answered to an earlier version."""
    invited(line)
    inbox(line, reply(invite(line, "ada"), comment="=1+1"))
    line.run("calendar replies gmc.toml inbox --apply")
    done = line.run("calendar attendance gmc.toml --people people.csv --out who.csv")
    assert "Wrote 3 lines to who.csv." in done.out
    rows = line.path("who.csv").read_text(encoding="utf-8-sig").splitlines()
    assert rows[0] == "email,name,event,title,answer,earlier,comment"
    assert "ada@example.org,Ada,opening,Opening,accepted,,'=1+1" in rows


def test_an_imap_folder_is_read_and_left_as_it_is(line, monkeypatch):
    """The password comes from the environment or a file; a cursor says how far it was read."""
    invited(line)
    with ImapServer({"INBOX": {7: reply(invite(line, "ada"))}}) as server:
        monkeypatch.setenv("CONFERENCEKIT_IMAP_PASSWORD", PASSWORD)
        done = line.run("calendar replies gmc.toml", server.url(), "--json")
        assert [each["answer"] for each in done.json["changes"]] == ["ACCEPTED"]
        assert done.json["cursor"] == "1700000000:7"
        assert server.seen == set()
        monkeypatch.delenv("CONFERENCEKIT_IMAP_PASSWORD")
        line.write("password", f"{PASSWORD}\n")
        server.folders["INBOX"][9] = reply(invite(line, "bo"))
        done = line.run(
            "calendar replies gmc.toml --apply --mark-read --password-file password --after 1700000000:7",
            server.url(),
        )
        assert "Accepted 1, declined 0" in done.out
        assert "--after 1700000000:9 reads what comes later." in done.out
        assert server.seen == {9}
        assert PASSWORD not in done.out + done.err


def test_without_a_password_no_server_is_asked(line, monkeypatch):
    """The remedy names both ways to give one; one in the address is masked."""
    invited(line)
    monkeypatch.delenv("CONFERENCEKIT_IMAP_PASSWORD", raising=False)
    done = line.run("calendar replies gmc.toml imaps://ada@mail.example.org/INBOX")
    assert done.code != 0
    assert "--password-file FILE, or $CONFERENCEKIT_IMAP_PASSWORD" in done.err
    done = line.run("calendar replies gmc.toml imaps://ada:hunter2@mail.example.org/INBOX")
    assert "imaps://ada:***@mail.example.org/INBOX" in done.err
    assert "hunter2" not in done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("nowhere.eml", "nowhere.eml"),
        ("people.csv --after 1:2", "--after and --mark-read are for IMAP"),
        ("imaps://ada:secret@example.org/INBOX", "Take the password out"),
    ],
)
def test_places_that_cannot_be_read(line, words, said):
    """They are named, with what to do."""
    invited(line)
    done = line.run(f"calendar replies gmc.toml {words}", "--password-file", line.write("p", "x"))
    assert done.code != 0
    assert said in done.err
    assert "secret@" not in done.err


def test_before_anybody_was_invited(line):
    """There is nothing to reply to."""
    line.write("inbox.eml", b"")
    done = line.run("calendar replies gmc.toml inbox.eml")
    assert done.code != 0
    assert "not known who was invited" in done.err
    assert "not known who was invited" in line.run("calendar attendance gmc.toml").err


def test_many_strangers_do_not_fill_the_screen(line):
    """The first are shown; JSON has all."""
    invited(line)
    data = reply(invite(line, "ada"), sender="eve@example.com")
    line.write(
        "inbox.mbox", b"".join(b"From - Sun Jan 10 09:00:00 2027\n" + data + b"\n\n" for _ in range(1_000))
    )
    done = line.run("calendar replies gmc.toml inbox.mbox")
    assert "and 980 more; --json lists them all." in done.out
    assert len(done.out.splitlines()) < 30
    assert len(json.loads(line.run("calendar replies gmc.toml inbox.mbox --json").out)["strangers"]) == 1_000


# -- with a store


def registered(line: Line) -> None:
    """Two people who registered, and whose invites were delivered."""
    line.edit(
        (
            WEBSITE,
            WEBSITE + CALENDAR.format(organizer="r+{token}@example.org", more='on_decline = "cancel"\n'),
        )
    )
    line.people("Ada,ada@example.org,GB,1", "Bo,bo@example.org,GB,1")
    assert line.run("import gmc.toml people.csv").code == 0
    assert line.run("deliver gmc.toml --site https://gmc.example.org").code == 0


def delivered(line: Line) -> dict[str, bytes]:
    """The invites in the outbox, by person."""
    found = {}
    for path in (line.path("gmc.outbox") / "new").iterdir():
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        (part,) = (each for each in mail.walk() if each.get_content_type() == "text/calendar")
        found[str(mail["To"].addresses[0].username)] = part.get_payload(decode=True)
    return found


def test_replies_of_registered_people(line):
    """The store knows them; without --apply it stays as it is."""
    registered(line)
    invites = delivered(line)
    inbox(line, reply_to(invites["ada"]), reply_to(invites["bo"], "DECLINED", comment="ill"))
    done = line.run("calendar replies gmc.toml inbox")
    assert done.code == 0, done
    assert "Accepted 1, declined 1" in done.out
    assert "Opening: 1 declined: Bo <bo@example.org> (ill)" in done.out
    assert "whoever declined everything is cancelled" in done.out
    assert line.run("calendar attendance gmc.toml").out == "Opening: not answered 2.\n"
    done = line.run("calendar replies gmc.toml inbox --apply --by Olga")
    assert "Cancelled: Bo <bo@example.org>." in done.out
    assert line.run("calendar attendance gmc.toml").out == "Opening: accepted 1.\n"
    with line.secretariat() as secretariat:
        assert {each.name: each.state for each in secretariat.registrations.find()} == {
            "Ada": "confirmed",
            "Bo": "cancelled",
        }
    done = line.run("calendar replies gmc.toml inbox --apply --json")
    assert done.json["changes"] == done.json["cancelled"] == []
    assert done.json["repeated"] == 2


def test_who_only_looks_tells_nobody_of_a_changed_document(line):
    """What is in force is what people answered; `calendar send --reason` puts the change in force, and says why."""
    registered(line)
    inbox(line, reply_to(delivered(line)["ada"]))
    line.edit(("2036-05-20T10:30:00", "2036-05-20T10:45:00"))
    looks = ("calendar attendance gmc.toml", "calendar replies gmc.toml inbox")
    for each in looks:
        done = line.run(each)
        assert (done.code, "gmc.toml is not in force as it is now" in done.err) == (0, True), done
        assert "Opening: " in done.out
    found = line.run("calendar plan gmc.toml --json").json
    assert (found["people"], found["moved"], len(found["events"])) == (2, 2, 1)
    line.run("calendar send gmc.toml --site https://gmc.example.org --reason", "Trains")
    mails = [each.read_bytes() for each in (line.path("gmc.outbox") / "new").iterdir()]
    assert sum(b"Reason: Trains" in each for each in mails) == 2
    for each in looks:
        assert "not in force" not in line.run(each).err


def test_a_list_counts_where_it_is_named(line):
    """Where a store has people too; without it the store does, as for plans, messages and feeds."""
    registered(line)
    line.write("list.csv", "name,email\nCy,cy@example.org\n")
    assert line.run("calendar send gmc.toml --people list.csv --out drafts").code == 0
    (invite,) = (each.read_bytes() for each in line.path("drafts").glob("*.ics"))
    inbox(line, reply_to(invite))
    done = line.run("calendar replies gmc.toml inbox --people list.csv --apply")
    assert "Accepted 1" in done.out, done
    assert line.run("calendar attendance gmc.toml --people list.csv").out == "Opening: accepted 1.\n"
    done = line.run("calendar attendance gmc.toml")
    assert done.out == "Opening: not answered 2.\n"
    assert "--people" in done.err


def test_the_list_of_registrations_has_the_answers(line):
    """For people and as CSV, once invites ask for replies."""
    registered(line)
    inbox(line, reply_to(delivered(line)["ada"]))
    line.run("calendar replies gmc.toml inbox --apply")
    done = line.run("registrations gmc.toml")
    assert any("Ada" in each and "opening accepted" in each for each in done.out.splitlines())
    header, *rows = line.run("registrations gmc.toml --csv").out.splitlines()
    assert header.split(",")[-1] == "attendance"
    assert [each.rpartition(",")[2] for each in rows] == ["opening accepted", "opening not answered"]
    found = line.run("registrations gmc.toml --json").json
    assert [each["attendance"] for each in found] == [{"opening": "ACCEPTED"}, {"opening": "NEEDS-ACTION"}]
