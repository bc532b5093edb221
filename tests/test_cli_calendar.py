"""`calendar plan`, `send` and `cancel` with a list of people: what is said, what is written, and what is kept."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from email import message_from_bytes, policy
from pathlib import Path

import pytest
import pytz
from tests.calendar_clock import zones_of
from tests.cli_line import Line, new_line, one_message, process
from tests.held import LONG, wait_until
from tests.smtp_server import SmtpServer, only

from conferencekit import load_conference
from conferencekit.calendar import validate
from conferencekit.calendar.reading import read

line = pytest.fixture(new_line)

PEOPLE = "email,name,sessions,state\nada@example.org,Ada,,\nbo@example.org,Bo,,confirmed\n"
CALENDAR = '\n[calendar]\norganizer = "gmc@example.org"\norganizer_name = "GMC"\n'
SECOND = """
[[sessions]]
id = "second"
title = "Second"
starts = 2036-05-21T09:00:00
ends = 2036-05-21T10:30:00
"""
AFTERNOON = SECOND.replace("05-21", "05-20").replace("T09", "T14").replace("T10", "T15")
"""The same on the day of the opening."""


@pytest.fixture
def server() -> SmtpServer:
    with SmtpServer() as running:
        yield running


@pytest.fixture(autouse=True)
def invited(line):
    """A document with an organizer, and two people."""
    line.edit(('website = "https://gmc.example.org"\n', 'website = "https://gmc.example.org"\n' + CALENDAR))
    line.write("people.csv", PEOPLE)


def plan(line: Line, *options: str) -> dict:
    return line.run("calendar plan gmc.toml --people people.csv --json", *options).json


def send(line: Line, *options: object) -> dict:
    done = line.run("calendar send gmc.toml --people people.csv --json", *options)
    assert done.code == 0, done
    return done.json


def counts(found: dict) -> dict[str, int]:
    return {
        name: found[name] for name in ("new", "moved", "cancelled", "uninvited", "unchanged") if found[name]
    }


def event(path: Path):
    """The VEVENT of a file that breaks no rule."""
    octets = path.read_bytes()
    calendar = read(octets).components[0]
    assert validate(octets, calendar.value("METHOD")) == ()
    return next(each for each in calendar.components if each.name == "VEVENT")


# -- planning and sending


def test_a_plan_says_who_would_be_invited_and_writes_nothing(line):
    """In words, and for machines."""
    before = line.names()
    done = line.run("calendar plan gmc.toml --people people.csv")
    assert done.code == 0
    assert "New 2, moved 0, reworded 0, cancelled 0, uninvited 0, unchanged 0." in done.out
    assert (
        "Opening: 2 people are invited: Tuesday 20 May 2036, 09:00-10:30 (Asia/Shanghai, UTC+08:00)"
        in done.out
    )
    assert counts(plan(line)) == {"new": 2}
    assert line.names() == before


def test_each_message_is_an_ics_and_a_draft(line):
    """The same calendar object in both; Outlook opens the mail as one to send."""
    assert send(line, "--out", "invites")["sent"] == 2
    folder = line.path("invites")
    assert {each.name for each in folder.iterdir()} == {
        f"{who}@example.org.opening.0.{kind}" for who in ("ada", "bo") for kind in ("ics", "eml")
    }
    found = event(folder / "ada@example.org.opening.0.ics")
    assert found.value("ATTENDEE") == "mailto:ada@example.org"
    assert found.value("ORGANIZER") == "mailto:gmc@example.org"
    mail = message_from_bytes((folder / "ada@example.org.opening.0.eml").read_bytes(), policy=policy.default)
    assert mail["X-Unsent"] == "1"
    assert mail["To"] == "Ada <ada@example.org>"
    assert mail["Subject"] == "Invitation: Opening"
    calendars = [each for each in mail.walk() if each.get_content_type() == "text/calendar"]
    assert [each.get_payload(decode=True) for each in calendars] == [
        (folder / "ada@example.org.opening.0.ics").read_bytes()
    ]
    assert calendars[0]["Content-Type"].params["method"] == "REQUEST"


def test_files_that_were_written_can_be_sent_by_a_server_after_all(line, server):
    """Written counts as sent, and that is said the first time, with the way out."""
    said = "counts as sent: it is yours to send. `--smtp URL --again`"
    assert said in line.run("calendar send gmc.toml --people people.csv --out first").err
    assert send(line, "--smtp", server.url())["sent"] == 0
    assert send(line, "--smtp", server.url(), "--again")["sent"] == 2
    line.edit(("2036-05-20T09:00:00", "2036-05-20T09:15:00"))
    assert said not in line.run("calendar send gmc.toml --people people.csv --out second").err


def test_a_list_needs_no_store(line):
    """Nothing of one is loaded, which would take as long as all the rest."""
    code = (
        "import sys; from conferencekit.cli import main\n"
        "code = main('calendar send gmc.toml --people people.csv --out first'.split())\n"
        "print(code, *(each for each in sys.modules if each.startswith('conferencekit.')), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=line.path("."), capture_output=True, text=True, check=True
    )
    code, *loaded = done.stderr.splitlines()[-1].split()
    assert code == "0"
    assert len(list(line.path("first").glob("*.eml"))) == 2
    for name in ("secretariat.secretariat", "plugins", "store", "ports"):
        assert f"conferencekit.{name}" not in loaded


def test_sending_again_sends_nothing(line):
    """What was told is known from the file beside the document."""
    send(line, "--out", "first")
    assert counts(plan(line)) == {"unchanged": 2}
    assert send(line, "--out", "second")["sent"] == 0
    assert list(line.path("second").iterdir()) == []


def test_drafts_of_before_among_the_new_ones_are_told(line):
    """They might be sent once more by mistake; a run that writes the same ones again is none."""
    send(line, "--out", "first")
    line.edit(("2036-05-20T09:00:00", "2036-05-20T09:15:00"))
    done = line.run("calendar send gmc.toml --people people.csv --out first")
    assert "first has 2 messages of before too" in done.err
    assert line.run("calendar send gmc.toml --people people.csv --out first").err == ""
    assert line.run("calendar send gmc.toml --people people.csv --out again --again").err == ""


def test_a_room_that_names_the_venue_names_it_once(line):
    """As rooms do that were imported from a calendar."""
    line.edit(
        (
            "[deadlines.registration]",
            '[venue]\nkind = "physical"\nname = "City Hall"\n\n[deadlines.registration]',
        ),
        ('title = "Opening"', 'title = "Opening"\nroom = "Room 2, City Hall"'),
    )
    send(line, "--out", "first")
    assert event(line.path("first/ada@example.org.opening.0.ics")).value("LOCATION") == "Room 2\\, City Hall"
    line.edit(("Room 2, City Hall", "Room 2"))
    assert counts(plan(line)) == {"unchanged": 2}


def test_a_mail_asks_for_an_answer_where_somebody_reads_it(line):
    """To an invite, and anew to a change: an answer to how it was before does not count."""
    asks = "Please answer in your mail program or calendar: Yes, Maybe or No."
    send(line, "--out", "first")
    line.edit(("2036-05-20T09:00:00", "2036-05-20T09:15:00"))
    send(line, "--out", "second")
    line.edit(('organizer_name = "GMC"', 'organizer_name = "GMC"\nrsvp = false'), ("T09:15:00", "T09:20:00"))
    send(line, "--out", "third")
    said = [
        asks in words_of(each.read_bytes())
        for name in ("first", "second", "third")
        for each in line.path(name).glob("ada*.eml")
    ]
    assert said == [True, True, False]


def test_again_gives_the_same_bytes(line):
    """To whoever lost theirs."""
    send(line, "--out", "first")
    done = line.run("calendar send gmc.toml --people people.csv --out second --again --only bo@example.org")
    assert "Opening: 1 person is told the same once more" in done.out
    assert "Only bo@example.org is written to.\nWrote 1 message to second." in done.out
    for each in line.path("second").iterdir():
        assert each.read_bytes() == (line.path("first") / each.name).read_bytes()


def send_by_older_data(line, starts, folder):
    """Everybody was invited to a series by zone data in which Paris has no summer time."""
    older = shutil.copytree(Path(pytz.__file__).parent / "zoneinfo", folder / "older")
    shutil.copy(older / "Africa" / "Algiers", older / "Europe" / "Paris")
    series = SECOND.replace("2036-05-21T09:00", starts).replace("2036-05-21T10", starts[:13])
    series = series.replace('"second"', '"series"') + 'timezone = "Europe/Paris"\n'
    line.add_sessions(series + 'repeat = { every = "week", count = 8 }\n')
    words = ["calendar", "send", "gmc.toml", "--people", "people.csv", "--out", "first"]
    running = process(*words, cwd=line.folder, env={"PYTZ_TZDATADIR": str(older)})
    assert running.communicate()[1].count(b"Traceback") == running.returncode == 0


@pytest.mark.parametrize(
    "starts",
    ["2036-03-02T09:00", "2036-07-06T09:00"],
    ids=["as before at first", "moved from the first date"],
)
def test_a_series_whose_later_dates_are_moved_by_newer_zone_data_is_told_anew(line, starts, tmp_path):
    """What people have explains the zone by the older data; that the first date stays where it was is no comfort."""
    send_by_older_data(line, starts, tmp_path)
    done = line.run("calendar plan gmc.toml --people people.csv")
    assert (
        "Second: 2 people are told that it changed: the clocks of its zone change on other days" in done.out
    )
    assert counts(send(line, "--out", "second")) == {"moved": 2, "unchanged": 2}
    before, after = (
        line.path(f"{folder}/ada@example.org.series.{sequence}.ics").read_bytes()
        for folder, sequence in (("first", 0), ("second", 1))
    )
    assert (b"BYMONTH=3" in before, b"BYMONTH=3" in after) == (False, True)
    assert after.count(b"BEGIN:VEVENT") == 1
    mail = (line.path("second") / "ada@example.org.series.1.eml").read_bytes()
    words = message_from_bytes(mail, policy=policy.default).get_body(("plain",)).get_content()
    assert "The organisers have not moved it" in words
    assert counts(send(line, "--out", "third")) == {"unchanged": 4}


def test_a_series_with_a_date_that_newer_zone_data_skips_can_be_moved_and_called_off(line, tmp_path):
    """`check` refuses it until it has another time; what was told of it then hinders nothing."""
    send_by_older_data(line, "2036-03-02T02:15", tmp_path)
    one_message(line.run("calendar plan gmc.toml --people people.csv"), "the clocks skip it")
    line.edit(("2036-03-02T02:15", "2036-03-02T03:15"), ("2036-03-02T02:30", "2036-03-02T03:30"))
    assert counts(send(line, "--out", "second")) == {"moved": 2, "unchanged": 2}
    line.write("people.csv", PEOPLE.replace("Ada,,", "Ada,,cancelled"))
    assert counts(send(line, "--out", "third")) == {"uninvited": 2, "unchanged": 2}


def test_a_moved_session_is_told_once_to_each(line):
    """SEQUENCE rises, the UID stays; words say what it was and what it is."""
    send(line, "--out", "first")
    line.edit(("2036-05-20T09:00:00", "2036-05-20T10:00:00"), ("2036-05-20T10:30:00", "2036-05-20T11:30:00"))
    done = line.run("calendar plan gmc.toml --people people.csv")
    assert "told that it changed: was Tuesday 20 May 2036, 09:00-10:30" in done.out
    assert "now Tuesday 20 May 2036, 10:00-11:30" in done.out
    assert counts(send(line, "--out", "second")) == {"moved": 2}
    before, after = (
        event(line.path(f"{folder}/ada@example.org.opening.{sequence}.ics"))
        for folder, sequence in (("first", 0), ("second", 1))
    )
    assert (after.value("UID"), after.value("SEQUENCE")) == (before.value("UID"), "1")
    assert after.value("DTSTART") == "20360520T100000"
    assert before.value("DTSTAMP") < after.value("DTSTAMP")
    assert counts(plan(line)) == {"unchanged": 2}


def test_changed_words_are_sent_only_on_demand(line):
    """With the same SEQUENCE: a corrected title is no move."""
    send(line, "--out", "first")
    line.edit(('title = "Opening"', 'title = "Grand opening"'))
    assert plan(line)["reworded_unsent"] == 2
    assert send(line, "--out", "second", "--reworded")["reworded"] == 2
    found = event(line.path("second/ada@example.org.opening.0.ics"))
    assert (found.value("SEQUENCE"), found.value("SUMMARY")) == ("0", "Grand opening")
    assert counts(plan(line)) == {"unchanged": 2}


@pytest.mark.parametrize("state", ["rejected", "unverified", "cancelled", "waitlisted"])
def test_nobody_who_is_not_confirmed_is_invited(line, state):
    """Nor told anything at all."""
    line.write("people.csv", f"email,state\nada@example.org,{state}\n")
    assert counts(plan(line)) == {}


def test_somebody_who_is_not_confirmed_any_more_is_uninvited(line):
    """With a CANCEL of their own: the event goes on, so it has no STATUS."""
    send(line, "--out", "first")
    line.write("people.csv", PEOPLE.replace("Bo,,confirmed", "Bo,,declined"))
    assert counts(send(line, "--out", "second")) == {"uninvited": 1, "unchanged": 1}
    octets = line.path("second/bo@example.org.opening.1.ics").read_bytes()
    assert b"METHOD:CANCEL" in octets
    assert b"STATUS" not in octets
    line.write("people.csv", PEOPLE)
    assert counts(send(line, "--out", "third")) == {"new": 1, "unchanged": 1}
    assert event(line.path("third/bo@example.org.opening.2.ics")).value("SEQUENCE") == "2"


def test_people_come_to_the_sessions_that_concern_them(line):
    """The column `sessions`; a dash is none."""
    line.add_sessions(SECOND)
    line.edit(('organizer_name = "GMC"', 'organizer_name = "GMC"\ninvite = "each session"'))
    line.write(
        "people.csv", "email,sessions\na@example.org,second\nb@example.org,opening second\nc@example.org,-\n"
    )
    send(line, "--out", "first")
    assert {each.name for each in line.path("first").glob("*.ics")} == {
        "a@example.org.second.0.ics",
        "b@example.org.opening.0.ics",
        "b@example.org.second.0.ics",
    }


def test_several_sessions_are_one_invite_a_day(line):
    """By default; the day's programme is in the description, and what concerns nobody is not."""
    line.add_sessions(AFTERNOON)
    line.write("people.csv", "email,sessions\na@example.org,\nb@example.org,second\n")
    send(line, "--out", "first")
    whole, half = (event(line.path(f"first/{who}@example.org.day-2036-05-20.0.ics")) for who in "ab")
    assert whole.value("UID") == half.value("UID")
    assert (whole.value("DTSTART"), whole.value("DTEND")) == ("20360520T090000", "20360520T153000")
    assert half.value("DTSTART") == "20360520T140000"
    assert "09:00-10:30 Opening" in whole.value("DESCRIPTION")
    assert "Opening" not in half.value("DESCRIPTION")
    line.edit(("starts = 2036-05-20T09:00:00", "starts = 2036-05-20T09:15:00"))
    assert counts(send(line, "--out", "second")) == {"moved": 1, "unchanged": 1}


def test_a_plan_says_which_sessions_of_a_day_each_line_is_about(line):
    """Where people come to a day in parts: the same title twice would leave the organiser guessing."""
    line.add_sessions(AFTERNOON)
    line.write("people.csv", "email,sessions\na@example.org,\nb@example.org,\n")
    assert "(Opening" not in line.run("calendar plan gmc.toml --people people.csv").out
    line.write("people.csv", "email,sessions\na@example.org,\nb@example.org,second\n")
    said = line.run("calendar plan gmc.toml --people people.csv").out
    assert " (Opening, Second): 1 person is invited: " in said
    assert " (Second): 1 person is invited: " in said


def told(line: Line) -> str:
    """The line that says what changed."""
    done = line.run("calendar plan gmc.toml --people people.csv")
    (found,) = [each for each in done.out.splitlines() if "told that it changed" in each]
    return found.partition("told that it changed: ")[2]


def test_a_session_that_is_called_as_a_day_has_files_of_its_own(line):
    """Else one of two messages would be written over the other."""
    line.add_sessions(AFTERNOON)
    series = SECOND.replace('"second"', '"day-2036-05-20"') + 'repeat = { every = "week", count = 3 }\n'
    line.add_sessions(series)
    assert send(line, "--out", "first")["sent"] == 4
    assert len(list(line.path("first").glob("*.ics"))) == 4


def test_a_plan_says_what_changed_within_a_day(line):
    """Also where the day begins and ends as before."""
    third = AFTERNOON.replace("second", "third").replace("Second", "Third").replace("T14:00", "T14:30")
    line.add_sessions(AFTERNOON + third)
    send(line, "--out", "first")
    line.edit(("T14:30:00", "T14:45:00"))
    assert told(line).startswith(
        "Third: was Tuesday 20 May 2036, 14:30-15:30 (Asia/Shanghai, UTC+08:00), now Tuesday 20 May 2036, 14:45-15:30"
    )
    assert told(line).endswith("; Tuesday 20 May 2036, 09:00-15:30 (Asia/Shanghai, UTC+08:00)")
    line.edit(('title = "Third"', 'title = "Third"\nstatus = "cancelled"\nroom = "Hall 2"'))
    assert told(line).startswith("Third: off; ")
    line.edit(("T14:00:00", "T14:15:00"), ('status = "cancelled"\n', ""))
    out = line.run("calendar plan gmc.toml --people people.csv").out
    head, second, third, end = out.partition("told that it changed: ")[2].split("\n")
    assert head == "Tuesday 20 May 2036, 09:00-15:30 (Asia/Shanghai, UTC+08:00)"
    assert second.startswith("    Second: was Tuesday 20 May 2036, 14:00-15:30")
    assert third.startswith("    Third: was Tuesday 20 May 2036, 14:30-15:30")
    assert end == ""


def test_a_plan_says_which_dates_of_a_series_changed(line):
    """A moved and a cancelled one; and how often it is."""
    line.edit(
        ("ends = 2036-05-20T10:30:00", 'ends = 2036-05-20T10:30:00\nrepeat = { every = "week", count = 4 }')
    )
    done = line.run("calendar plan gmc.toml --people people.csv")
    assert "(Asia/Shanghai, UTC+08:00), every week, 4 dates" in done.out
    send(line, "--out", "first")
    moved = "exceptions = [{ date = 2036-05-27, starts = 2036-05-28T09:00:00 }]"
    line.edit(("repeat =", f"{moved}\nrepeat ="))
    assert (
        told(line)
        == "was Tuesday 27 May 2036, 09:00-10:30 (Asia/Shanghai, UTC+08:00), now Wednesday 28 May 2036, 09:00-10:30 (Asia/Shanghai, UTC+08:00)"
    )
    send(line, "--out", "second")
    line.edit(("exceptions = [", 'exceptions = [{ date = 2036-06-03, status = "cancelled" }, '))
    assert told(line).startswith("no more Tuesday 3 June 2036, 09:00-10:30")
    line.edit(("date = 2036-05-27, starts = 2036-05-28T09", "date = 2036-05-27, starts = 2036-05-29T09"))
    was, now = "Wednesday 28 May 2036, 09:00-10:30", "Thursday 29 May 2036, 09:00-10:30"
    zone = "(Asia/Shanghai, UTC+08:00)"
    off = f"no more Tuesday 3 June 2036, 09:00-10:30 {zone}"
    assert told(line) == f"was {was} {zone}, now {now} {zone}; {off}"
    send(line, "--out", "third")
    line.edit(("exceptions = [", 'exceptions = [{ date = 2036-06-10, room = "Hall 2" }, '))
    room = "Tuesday 10 June 2036, 09:00-10:30 (Asia/Shanghai, UTC+08:00): was in no place, now in Hall 2"
    assert room in told(line)
    assert told(line).endswith("every week, 3 of 4 dates")


def test_zones_are_in_the_file(line):
    """So that every client reads the times as they are meant."""
    send(line, "--out", "first")
    (zone,) = zones_of(line.path("first/ada@example.org.opening.0.ics").read_bytes(), 2036).values()
    assert zone.name == "Asia/Shanghai"


# -- calling off


def test_a_session_is_called_off(line):
    """For everybody, with the reason; and stays so, whatever the document says."""
    send(line, "--out", "first")
    done = line.run(
        "calendar cancel gmc.toml opening --people people.csv --reason", "Storm.", "--out", "second"
    )
    assert done.code == 0, done
    found = event(line.path("second/ada@example.org.opening.1.ics"))
    assert (found.value("STATUS"), found.value("COMMENT")) == ("CANCELLED", "Storm.")
    mail = line.path("second/ada@example.org.opening.1.eml").read_text(encoding="utf-8")
    assert "Storm." in mail
    assert counts(plan(line)) == {}
    off = (
        "opening is off by `calendar cancel`, whatever the document says. --reinstate opening invites again."
    )
    assert off in line.run("calendar plan gmc.toml --people people.csv").err
    line.edit(('id = "opening"', 'id = "opening"\nstatus = "cancelled"'))
    assert line.run("calendar plan gmc.toml --people people.csv").err == ""


@pytest.mark.parametrize(("answer", "messages"), [(b"yes\n", 2), (b"no\n", 0), (b"\x04", 0)])
def test_to_call_everything_off_is_asked_at_a_terminal(line, answer, messages):
    """Whoever left the id of a session out by mistake would tell everybody that all of it is off."""
    pty = pytest.importorskip("pty")
    send(line, "--out", "first")
    ours, theirs = pty.openpty()
    words = [
        "calendar",
        "cancel",
        "gmc.toml",
        "--people",
        "people.csv",
        "--reason",
        "Storm.",
        "--out",
        "second",
    ]
    running = process(*words, cwd=line.folder, stdin=theirs)
    os.write(ours, answer)
    out, err = running.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert b"calls off Testing Days as a whole (1 session)" in err
    assert running.returncode == (0 if messages else 1)
    assert (b"Nothing was sent." in out) is not bool(messages)
    found = list(line.path("second").glob("*.eml")) if line.path("second").exists() else []
    assert len(found) == messages


def test_a_session_that_was_called_off_takes_place_after_all(line):
    """Everybody is invited anew, by the same event."""
    send(line, "--out", "first")
    line.run("calendar cancel gmc.toml opening --people people.csv --reason", "Storm.", "--out", "second")
    assert counts(send(line, "--out", "third", "--reinstate", "opening")) == {"new": 2}
    before, after = (
        event(line.path(f"{name}.ics"))
        for name in ("first/ada@example.org.opening.0", "third/ada@example.org.opening.2")
    )
    assert (after.value("UID"), after.value("STATUS")) == (before.value("UID"), "CONFIRMED")
    assert counts(plan(line)) == {"unchanged": 2}
    assert counts(plan(line, "--reinstate", "opening")) == {"unchanged": 2}


@pytest.mark.parametrize(
    "words",
    [
        "gmc.toml opening --people people.csv --reason Flood --out off",
        "gmc.toml --people people.csv opening --reason Flood --out off",
        "--people people.csv gmc.toml --reason Flood --out off opening",
        "--people people.csv --out off --reason Flood gmc.toml opening",
    ],
)
def test_a_session_to_call_off_may_stand_behind_options(line, words):
    """Which argparse does not do by itself for an argument that may be left out."""
    line.add_sessions(SECOND)
    line.edit(("[calendar]\n", '[calendar]\ninvite = "each session"\n'))
    send(line, "--out", "first")
    done = line.run(f"calendar cancel {words} --json")
    assert counts(done.json) == {"cancelled": 2, "unchanged": 2}


def test_calling_off_tells_of_nothing_else(line):
    """Whoever was not invited yet is not invited by it, and other changes wait for `send`."""
    line.add_sessions(SECOND)
    line.edit(('organizer_name = "GMC"', 'organizer_name = "GMC"\ninvite = "each session"'))
    send(line, "--out", "first")
    line.write("people.csv", PEOPLE + "new@example.org,New,,\n")
    line.edit(("2036-05-21T10:30:00", "2036-05-21T11:30:00"))
    done = line.run("calendar cancel gmc.toml opening --people people.csv --reason", "Storm.", "--out", "off")
    assert done.code == 0, done
    assert "3 messages that have nothing to do with it: `conferencekit calendar send` is for them" in done.err
    assert {each.name.partition(".org.")[2] for each in line.path("off").iterdir()} == {
        "opening.1.ics",
        "opening.1.eml",
    }
    assert counts(send(line, "--out", "rest")) == {"new": 1, "moved": 2}


def test_calling_off_what_nobody_was_invited_to_invites_nobody(line):
    """Nor where what was told is lost. It is off for whoever is invited later."""
    line.add_sessions(SECOND)
    line.edit(('organizer_name = "GMC"', 'organizer_name = "GMC"\ninvite = "each session"'))
    done = line.run("calendar cancel gmc.toml opening --people people.csv --reason", "Storm.", "--out", "off")
    assert "Nothing had to be sent." in done.out
    assert list(line.path("off").iterdir()) == []
    assert {each["event"] for each in plan(line)["events"]} == {"second"}


def test_a_session_of_a_day_that_is_called_off_is_told_with_the_day(line):
    """The day goes on without it."""
    line.add_sessions(AFTERNOON)
    send(line, "--out", "first")
    done = line.run("calendar cancel gmc.toml opening --people people.csv --reason", "Storm.", "--out", "off")
    assert done.code == 0, done
    assert len(list(line.path("off").glob("*.ics"))) == 2


@pytest.mark.skipif(os.name != "posix", reason="other systems give arguments as text")
def test_a_reason_that_is_no_text_is_refused(line):
    """Octets of another charset: nothing is begun."""
    done = line.run("calendar cancel gmc.toml --people people.csv --out off --reason", "Caf\udce9")
    assert done.code == 2
    assert "is not text in UTF-8" in done.err
    assert not line.path("gmc.sent.json").exists()


def test_a_session_that_nobody_knows_is_not_called_off(line):
    """The ids that there are are named."""
    done = line.run("calendar cancel gmc.toml closing --people people.csv --reason Storm --out second")
    one_message(done, "closing", "opening")


def test_a_session_with_another_id_is_asked_about(line):
    """Nothing is cancelled before somebody said whether it was renamed."""
    send(line, "--out", "first")
    line.edit(('id = "opening"', 'id = "keynote"'))
    done = line.run("calendar send gmc.toml --people people.csv --out second")
    one_message(done, "Nothing was sent.", "--renamed opening=keynote", "--gone opening")
    assert done.out == ""
    assert not line.path("second").exists()
    assert counts(send(line, "--out", "second", "--renamed", "opening=keynote")) == {"unchanged": 2}
    line.edit(("2036-05-20T09:00:00", "2036-05-20T10:00:00"))
    send(line, "--out", "third")
    before = event(line.path("first/ada@example.org.opening.0.ics"))
    after = event(line.path("third/ada@example.org.keynote.1.ics"))
    assert after.value("UID") == before.value("UID")


def test_the_same_command_may_be_given_again(line, server):
    """Whom the server did not take is told by it; what it says of names and sessions is done already."""
    add = SECOND.replace('"second"', '"late"')
    line.add_sessions(SECOND)
    line.edit(('organizer_name = "GMC"', 'organizer_name = "GMC"\ninvite = "each session"'))
    send(line, "--out", "first")
    line.run("calendar cancel gmc.toml second --people people.csv --reason", "Storm.", "--out", "off")
    line.edit(('id = "opening"', 'id = "keynote"'), ("2036-05-20T09:00:00", "2036-05-20T10:00:00"))
    line.add_sessions(add)
    server.will("RCPT", *["451 later"] * 3)
    again = ("--smtp", server.url(), "--renamed", "opening=keynote", "--reinstate", "second")
    done = line.run("calendar send gmc.toml --people people.csv", *again)
    assert done.code == 1, done
    assert line.run("calendar send gmc.toml --people people.csv", *again).code == 0
    assert counts(plan(line)) == {"unchanged": 6}


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        (["--renamed", "opening=second"], ("'second'", "besides 'opening'", "--gone opening")),
        (["--renamed", "opening=keynot"], ("'keynot'", "no session of this id", "keynote")),
        (["--renamed", "other=keynote"], ("'other'", "Nobody was invited")),
        (["--renamed", "opening=keynote", "--renamed", "second=keynote"], ("'keynote'", "the same event")),
        (["--gone", "keynote"], ("'keynote'", "has it still")),
        (["--gone", "second", "--renamed", "opening=keynote"], ("'second'", "has it still")),
        (["--reinstate", "keynot"], ("'keynot'", "called off")),
    ],
)
def test_what_cannot_be_meant_by_names_is_refused(line, options, parts):
    """Two events never become one, and a slip of the pen cancels nothing."""
    line.add_sessions(SECOND)
    line.edit(('organizer_name = "GMC"', 'organizer_name = "GMC"\ninvite = "each session"'))
    send(line, "--out", "first")
    line.edit(('id = "opening"', 'id = "keynote"'))
    one_message(line.run("calendar send gmc.toml --people people.csv --out second", *options), *parts)
    assert not line.path("second").exists()


def test_a_session_that_is_gone_is_cancelled(line):
    """Once it is said that it was not renamed."""
    send(line, "--out", "first")
    line.edit(('id = "opening"', 'id = "keynote"'))
    assert counts(send(line, "--out", "second", "--gone", "opening")) == {"new": 2, "cancelled": 2}
    assert b"STATUS:CANCELLED" in line.path("second/bo@example.org.opening.1.ics").read_bytes()


def test_people_who_are_not_listed_any_more_are_named_as_a_number(line):
    """Their addresses are kept nowhere, so nobody can write to them."""
    send(line, "--out", "first")
    line.write("people.csv", "email\nada@example.org\n")
    done = line.run("calendar plan gmc.toml --people people.csv")
    assert "1 person who was invited is not" in done.err
    assert plan(line)["missing"] == 1


def test_an_address_that_a_server_refused_leaves_nothing_behind(line, server):
    """Once it is corrected, nobody is missed, and the list of who comes has one person."""
    server.will("RCPT", "550 no such user")
    line.run("calendar send gmc.toml --people people.csv --smtp", server.url())
    line.write("people.csv", PEOPLE.replace("ada@", "ada.l@"))
    assert send(line, "--smtp", server.url())["missing"] == 0
    assert "Opening: not answered 2." in line.run("calendar attendance gmc.toml --people people.csv").out


def test_what_is_over_is_told_to_nobody(line):
    """Unless somebody asks for it."""
    line.edit(("2036-05-20", "2020-05-20"), ("2036-05-01", "2020-05-01"))
    assert plan(line)["over"] == ["opening"]
    assert counts(plan(line, "--past")) == {"new": 2}


# -- the state


def test_the_state_tells_nobody_who_is_invited(line):
    """Addresses are hashed with the secret, and the file is its owner's."""
    send(line, "--out", "first")
    text = line.path("gmc.sent.json").read_text(encoding="utf-8")
    # digests are in small letters, so that a name among them is one
    assert "Ada" not in text
    assert "ada@" not in text
    assert "example.org" not in text
    if os.name == "posix":
        assert line.path("gmc.sent.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda _: "{", "damaged"),
        (lambda _: "[]", "damaged"),
        (
            lambda text: text.replace('"schema":1', '"schema":99', 1).replace('"schema":1,', '"schema":99,'),
            "Update conferencekit",
        ),
        (lambda text: text.replace('"method":"REQUEST"', '"method":"PUBLISH"'), "damaged"),
        (lambda text: text.replace('"sequence":0', '"sequence":1e999'), "damaged"),
        (lambda text: text.replace('"sequence":0,"was"', '"sequence":2147483648,"was"'), "damaged"),
        (lambda text: text.replace('"sequence":0,"was"', '"sequence":"0","was"'), "damaged"),
        (lambda text: text.replace('"check":"', '"check":"x'), "another secret"),
        (lambda text: json.dumps({**json.loads(text), "conference": "x"}), "another conference"),
    ],
)
def test_a_state_that_is_not_ours_is_refused(line, change, part):
    """With the remedy; nothing is sent, and the file stays as it is."""
    send(line, "--out", "first")
    state = line.path("gmc.sent.json")
    changed = change(state.read_text(encoding="utf-8"))
    state.write_text(changed, encoding="utf-8")
    done = line.run("calendar send gmc.toml --people people.csv --out second")
    one_message(done, "gmc.sent.json", part)
    assert state.read_text(encoding="utf-8") == changed
    assert not line.path("second").exists()


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such pipes")
def test_what_is_no_file_is_no_state_and_nobody_waits_for_it(line):
    """A pipe would be read for ever; a folder or a link that leads nowhere, of another document, hinders nobody."""
    os.mkfifo(line.path("other.sent.json"))
    line.path("another.sent.json").mkdir()
    line.path("gone.sent.json").symlink_to("nowhere")
    send(line, "--out", "first")
    state = line.path("gmc.sent.json")
    for make in (os.mkfifo, os.mkdir):
        state.unlink()
        make(state)
        one_message(line.run("calendar plan gmc.toml --people people.csv"), "gmc.sent.json", "no file")
        if make is os.mkdir:
            state.rmdir()


def test_a_document_without_a_uid_is_told_which_it_has(line):
    """Before it is lost with a change of the title; once it is, the state says which it was."""
    uid = load_conference(line.path("gmc.toml")).uid
    done = line.run("calendar send gmc.toml --people people.csv --out first")
    assert f'write uid = "{uid}" below [conference]' in done.err
    line.edit(('id = "gmc"', 'id = "other"'))
    done = line.run("calendar plan gmc.toml --people people.csv")
    one_message(done, "another conference", f'write uid = "{uid}" below [conference] in the document again')
    line.edit(("[conference]\n", f'[conference]\nuid = "{uid}"\n'))
    assert counts(plan(line)) == {"unchanged": 2}


def test_a_renamed_document_is_told_where_its_state_is(line):
    """Else everybody would be invited anew, and calendars would drop it."""
    send(line, "--out", "first")
    line.path("gmc.toml").rename(line.path("gmc2.toml"))
    done = line.run("calendar send gmc2.toml --people people.csv --out second")
    one_message(done, "gmc.sent.json", "gmc2.sent.json", "gmc2.secret", "conference.uid")
    assert not line.path("second").exists()
    assert not line.path("gmc2.secret").exists()
    for name in ("sent.json", "secret"):
        line.path(f"gmc.{name}").rename(line.path(f"gmc2.{name}"))
    done = line.run("calendar send gmc2.toml --people people.csv --out second --json")
    assert counts(done.json) == {"unchanged": 2}


def test_the_organizer_is_told_that_they_cannot_be_invited(line):
    """Not to what they organize: most calendars show nothing."""
    line.write("people.csv", PEOPLE + "GMC@example.org,Me,,\n")
    assert "the organizer's own address" in line.run("calendar plan gmc.toml --people people.csv").err
    line.write("people.csv", PEOPLE)
    assert "own address" not in line.run("calendar plan gmc.toml --people people.csv").err


def test_a_lost_state_is_seen_before_everybody_is_invited_anew(line):
    """By the secret that the first invites made; what calendars would not take as newer is not sent unasked."""
    pty = pytest.importorskip("pty")
    assert "no gmc.sent.json" not in line.run("calendar plan gmc.toml --people people.csv").err
    send(line, "--out", "first")
    line.path("gmc.sent.json").unlink()
    done = line.run("calendar plan gmc.toml --people people.csv")
    assert "There is gmc.secret, and no gmc.sent.json." in done.err
    assert "--state-lost" in done.err
    words = ["calendar", "send", "gmc.toml", "--people", "people.csv", "--out", "second"]
    for answer, code in ((b"no\n", 1), (b"yes\n", 0)):
        ours, theirs = pty.openpty()
        running = process(*words, cwd=line.folder, stdin=theirs)
        os.write(ours, answer)
        out, err = running.communicate(timeout=60)
        os.close(ours)
        os.close(theirs)
        assert b"Write yes if none did." in err
        assert (running.returncode, b"Nothing was sent." in out) == (code, bool(code))
        assert line.path("second").exists() is not bool(code)


def test_with_a_lost_state_everything_is_newer_than_before(line):
    """SEQUENCE begins above whatever was sent."""
    send(line, "--out", "first")
    line.path("gmc.sent.json").unlink()
    send(line, "--out", "second", "--state-lost")
    (found,) = line.path("second").glob("ada*.ics")
    assert int(event(found).value("SEQUENCE")) > 1_000_000


def test_the_state_is_hidden_from_git(line):
    """In a working copy its own list of what is ignored names it."""
    if subprocess.run(["git", "init", "-q", "."], cwd=line.folder, check=False).returncode:
        pytest.skip("git is not installed")
    send(line, "--out", "first")
    send(line, "--out", "second", "--again")
    status = subprocess.run(
        ["git", "status", "--short"], cwd=line.folder, capture_output=True, text=True, check=True
    )
    assert "sent.json" not in status.stdout
    assert line.path(".git/info/exclude").read_text(encoding="utf-8").count("*.sent.json\n") == 1


def test_two_cannot_send_at_the_same_time(line, monkeypatch):
    """The second one is told so."""
    monkeypatch.setattr("conferencekit.cli.calendar_state._WAIT", 0.2)
    send(line, "--out", "first")
    code = (
        "import sys; from pathlib import Path; from conferencekit.adapters.file_lock import FileLock;"
        "lock = FileLock(Path('gmc.sent.json.lock')); assert lock.acquire(1); print('held', flush=True);"
        "sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code], cwd=line.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout.readline() == b"held\n"
        one_message(line.run("calendar send gmc.toml --people people.csv --out second"), "gmc.sent.json")
    finally:
        holder.communicate(timeout=LONG)


# -- by SMTP


def test_messages_leave_by_smtp_and_are_known_to_have_left(line, server):
    """One to each person; the plan then has nothing to send."""
    assert send(line, "--smtp", server.url())["sent"] == 2
    assert sorted(each.rcpt_tos[0] for each in server.taken) == ["ada@example.org", "bo@example.org"]
    assert counts(plan(line)) == {"unchanged": 2}


def test_what_a_server_did_not_take_goes_again_the_same(line, server):
    """Prepared and sent are kept apart; the message is the same byte for byte."""
    server.will("RCPT", "450 later")
    done = line.run("calendar send gmc.toml --people people.csv --smtp", server.url())
    assert done.code == 1
    assert "deferred; send again later" in done.err
    assert plan(line)["again"] == 1
    assert send(line, "--smtp", server.url())["sent"] == 1
    assert len({each.rcpt_tos[0] for each in server.taken}) == 2
    assert counts(plan(line)) == {"unchanged": 2}


PASSWORD = "p@ss:w/rd%"


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_the_password_of_a_server_comes_from_a_file_or_the_environment(line, monkeypatch):
    """Not from the command line, where others see it; without one nothing is prepared."""
    monkeypatch.delenv("CONFERENCEKIT_SMTP_PASSWORD", raising=False)
    line.write("password.txt", f"{PASSWORD}\n")
    options = {"authenticator": only("ada", PASSWORD), "auth_required": True, "auth_require_tls": False}
    with SmtpServer(**options) as server:
        url = server.url(login="ada@")
        done = line.run("calendar send gmc.toml --people people.csv --smtp", url)
        one_message(done, "--password-file FILE, or $CONFERENCEKIT_SMTP_PASSWORD")
        assert not line.path("gmc.sent.json").exists()
        found = send(line, "--smtp", url, "--only", "ada@example.org", "--password-file", "password.txt")
        assert found["sent"] == 1
        monkeypatch.setenv("CONFERENCEKIT_SMTP_PASSWORD", "wrong")
        done = line.run("calendar send gmc.toml --people people.csv --smtp", url)
        assert (done.code, "wrong" in done.out + done.err) == (1, False)
        monkeypatch.setenv("CONFERENCEKIT_SMTP_PASSWORD", PASSWORD)
        assert send(line, "--smtp", url)["sent"] == 1
        done = line.run(
            "calendar send gmc.toml --people people.csv --password-file password.txt --smtp", server.url()
        )
        one_message(done, "--password-file is for a URL with a user and without a password")


def mails_to(server: SmtpServer, address: str) -> list[bytes]:
    """What the server took for somebody, in order."""
    return [each.content for each in server.taken if each.rcpt_tos == [address]]


def words_of(octets: bytes) -> str:
    """The plain text of a mail."""
    text = message_from_bytes(octets, policy=policy.default).get_body(("plain",)).get_content()
    return text.replace("\r\n", "\n")


def test_a_change_that_a_server_did_not_take_is_told_the_same_later(line, server):
    """It still says how it was before."""
    send(line, "--out", "first")
    line.edit(("2036-05-20T09:00:00", "2036-05-20T09:15:00"))
    send(line, "--out", "wanted", "--only", "ada@example.org")
    wanted = words_of(line.path("wanted/ada@example.org.opening.1.eml").read_bytes())
    assert "Before: Tuesday 20 May 2036, 09:00-10:30" in wanted
    server.will("RCPT", "450 later")
    line.run("calendar send gmc.toml --people people.csv --smtp", server.url())
    assert plan(line)["again"] == 1
    send(line, "--smtp", server.url())
    (mail,) = mails_to(server, "bo@example.org")
    assert words_of(mail) == wanted


def test_who_never_got_the_invite_is_invited_to_how_it_is_now(line, server):
    """Nothing has changed for somebody who was told nothing."""
    server.will("RCPT", "450 later")
    line.run("calendar send gmc.toml --people people.csv --smtp", server.url())
    line.edit(("2036-05-20T09:00:00", "2036-05-20T09:15:00"))
    assert counts(plan(line)) == {"new": 1, "moved": 1}
    send(line, "--smtp", server.url())
    (mail,) = mails_to(server, "ada@example.org")
    assert "You are invited" in words_of(mail)
    assert "Before" not in words_of(mail)
    assert b"SEQUENCE:1" in calendar_of(mail)


def calendar_of(octets: bytes) -> bytes:
    """The iCalendar object of a mail."""
    parts = message_from_bytes(octets, policy=policy.default).walk()
    return next(each.get_payload(decode=True) for each in parts if each.get_content_type() == "text/calendar")


def test_a_mail_says_which_dates_of_a_series_changed(line):
    """Before: the dates that are not held any more; now: all that are."""
    line.edit(
        ("ends = 2036-05-20T10:30:00", 'ends = 2036-05-20T10:30:00\nrepeat = { every = "week", count = 3 }')
    )
    send(line, "--out", "first")
    line.edit(("repeat =", "exceptions = [{ date = 2036-05-27, starts = 2036-05-28T09:00:00 }]\nrepeat ="))
    send(line, "--out", "second")
    text = words_of(line.path("second/ada@example.org.opening.1.eml").read_bytes())
    assert "Before: Tuesday 27 May 2036, 09:00-10:30 (Asia/Shanghai, UTC+08:00)\nNow:\nTuesday 20 May" in text
    assert text.count("2036, 09:00-10:30") == 4


def test_the_mail_of_a_day_that_changed_has_its_programme(line):
    """It is not only its begin and end that people come for; what of it was otherwise before stands beside it."""
    line.add_sessions(AFTERNOON)
    send(line, "--out", "first")
    line.edit(("T14:00:00", "T14:15:00"))
    send(line, "--out", "second")
    (mail,) = line.path("second").glob("ada*.eml")
    text = words_of(mail.read_bytes())
    day = "Tuesday 20 May 2036 (Asia/Shanghai, UTC+08:00)"
    assert (
        f"Before: {day}\n14:00-15:30 Second\nNow:\n{day}\n09:00-10:30 Opening\n14:15-15:30 Second\n" in text
    )


def test_a_day_that_is_off_is_named_in_its_mail(line):
    """Else whoever reads it takes the whole conference for cancelled. So do invites, and the list of who comes."""
    line.add_sessions(SECOND)
    send(line, "--out", "first")
    mail = message_from_bytes(
        line.path("first/ada@example.org.day-2036-05-21.0.eml").read_bytes(), policy=policy.default
    )
    assert mail["Subject"] == "Invitation: Testing Days (Wednesday 21 May 2036)"
    assert "(Testing Days)" not in words_of(mail.as_bytes())
    line.run("calendar cancel gmc.toml second --people people.csv --reason", "Storm.", "--out", "second")
    (found,) = line.path("second").glob("ada*.eml")
    mail = message_from_bytes(found.read_bytes(), policy=policy.default)
    assert mail["Subject"] == "Cancelled: Testing Days (Wednesday 21 May 2036)"
    assert "(Wednesday 21 May 2036)” will not take place." in words_of(found.read_bytes())
    who = line.run("calendar attendance gmc.toml --people people.csv").out
    assert "Testing Days (Tuesday 20 May 2036): not answered 2." in who


def test_the_mail_of_a_day_says_why_a_session_of_it_is_off(line):
    """And only that mail does; who is uninvited from the day later is given no reason."""
    line.add_sessions(AFTERNOON)
    send(line, "--out", "first")
    line.run("calendar cancel gmc.toml second --people people.csv --reason", "Storm.", "--out", "second")
    (mail,) = line.path("second").glob("ada*.eml")
    assert "Reason: Storm." in words_of(mail.read_bytes())
    assert "METHOD:REQUEST" in calendar_of(mail.read_bytes()).decode()
    line.write(
        "people.csv",
        PEOPLE.replace("Ada,,", "Ada,,declined").replace("Bo,,confirmed", "Bo,,") + "cy@example.org,Cy,,\n",
    )
    send(line, "--out", "third")
    for who, method in (("ada", "CANCEL"), ("cy", "REQUEST")):
        (mail,) = line.path("third").glob(f"{who}*.eml")
        assert f"METHOD:{method}" in calendar_of(mail.read_bytes()).decode()
        assert "Storm" not in words_of(mail.read_bytes())
        assert b"COMMENT" not in calendar_of(mail.read_bytes())


def test_a_refused_address_is_named(line, server):
    """And tried again with the next run."""
    server.will("RCPT", "550 no such user")
    done = line.run("calendar send gmc.toml --people people.csv --smtp", server.url())
    assert done.code == 1
    assert "ada@example.org: rejected" in done.err


def half_sent(
    line: Line, server: SmtpServer, *, people: int, rate: int, taken: int
) -> subprocess.Popen[bytes]:
    """A run that sends invites to so many people, held where the server has taken so many of them."""
    line.write("people.csv", "email\n" + "".join(f"p{number}@example.org\n" for number in range(people)))
    words = f"calendar send gmc.toml --people people.csv --smtp {server.url()} --rate {rate}"
    server.hold_at(taken)
    running = process(*words.split(), cwd=line.folder)
    wait_until(lambda: len(server.taken) == taken or running.poll() is not None)
    return running


def test_a_run_that_is_killed_goes_on_from_there(line, server):
    """What was prepared is sent by the next run, with the same SEQUENCE and stamp; nobody gets another message."""
    running = half_sent(line, server, people=200, rate=6000, taken=20)
    running.kill()
    running.communicate()
    assert len(server.taken) == 20
    server.go_on()
    send(line, "--smtp", server.url())
    by_person: dict[str, set[bytes]] = {}
    for each in server.taken:
        by_person.setdefault(each.rcpt_tos[0], set()).add(each.content)
    assert len(by_person) == 200
    assert all(len(found) == 1 for found in by_person.values())
    assert counts(plan(line)) == {"unchanged": 200}


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_stops_between_two_messages(line, server):
    """What left is known to have left."""
    running = half_sent(line, server, people=100, rate=600, taken=3)
    running.send_signal(signal.SIGINT)
    server.go_on()
    _, err = running.communicate(timeout=LONG)
    assert running.returncode == 130
    assert len(server.taken) == 3
    said = " ".join(err.decode().split())
    assert "Stopped: 97 messages are left. The same command goes on with them." in said
    found = plan(line)
    assert (found["unchanged"], found["again"]) == (3, 97)


# -- bad input


@pytest.mark.parametrize(
    "server", ["mail.example.org", "mail.example.org:587", "localhost:25", "10.0.0.1:25"]
)
def test_a_name_of_a_host_is_no_address_of_a_server(line, server):
    """It is said how to write it, before anything is prepared."""
    done = line.run("calendar send gmc.toml --people people.csv --smtp", server)
    assert done.code == 2
    assert f"'{server}' is no address of a mail server: write smtp://user@mail.example.org" in done.err
    assert not line.path("gmc.sent.json").exists()


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("", ("line 1", "empty")),
        ("name\nAda\n", ("line 1", "`email`")),
        (
            "email,E-Mail,email\na@example.org,b@example.org,c@example.org\n",
            ("line 1", "email, email", "`email`"),
        ),
        ("Mail,E-Mail\na@example.org,b@example.org\n", ("line 1", "Mail, E-Mail", "the right one `email`")),
        ("email\nada\n", ("line 2", "ada", "no e-mail address")),
        ("email,sessions\na@example.org,openning\n", ("line 2", "openning", "'opening'")),
        ("email,state\na@example.org,perhaps\n", ("line 2", "perhaps", "confirmed")),
        ("email,locale\na@example.org,e n\n", ("line 2", "e n", "language tag")),
        ("email\na@example.org,b,c\n", ("line 2", "does not fit the header")),
        ('email\n"a@example.org\n', ("line 2", "quotation mark")),
        (b"email\n\xff\xfe\n", ("line 2", "UTF-8")),
        ("Name;E-Mail\nJörg;j@example.org\n".encode("cp1252"), ("line 2", "'Jörg;j@", "CSV UTF-8")),
        ("email;name\na@example.org;b;c\n", ("line 2", "a@example.org;b;c", "with a semicolon in them")),
    ],
)
def test_a_list_that_cannot_be_read_is_refused(line, content, parts):
    """With the line, the value and the remedy; nobody is invited."""
    line.write("people.csv", content)
    one_message(line.run("calendar send gmc.toml --people people.csv --out first"), "people.csv", *parts)
    assert not line.path("gmc.sent.json").exists()


def test_all_rows_that_have_to_be_corrected_are_named_at_once(line):
    """Each with its line, value and remedy; of very many the first twenty."""
    line.write(
        "people.csv",
        "email,state,sessions\nada,,\nb@example.org,perhaps,\nc@example.org,,open\nd@example.org,,\n",
    )
    done = line.run("calendar plan gmc.toml --people people.csv")
    assert done.code == 1
    assert "people.csv has 3 problems:\n  line 2: 'ada'. This is no e-mail address" in done.err
    assert "\n  line 3: 'perhaps'. Write nothing, or one of accepted, " in done.err
    assert "\n  line 4: 'open'. The document has no session with this id" in done.err
    line.write("people.csv", "email\n" + "nobody\n" * 50)
    done = line.run("calendar plan gmc.toml --people people.csv")
    assert "people.csv has 50 problems:" in done.err
    assert done.err.count("line ") == 20
    assert done.err.endswith("  and 30 more\n")


def test_an_address_that_comes_again_is_told(line):
    """Somebody who is uninvited in one row, and stays invited by another one, would be looked for in vain."""
    line.write("people.csv", PEOPLE)
    assert "more than once" not in line.run("calendar plan gmc.toml --people people.csv").err
    line.write("people.csv", PEOPLE + "ADA@example.org,Ada,,cancelled\n")
    done = line.run("calendar plan gmc.toml --people people.csv")
    assert (
        "1 address comes more than once: ada@example.org in lines 2 and 4. Such rows are one person"
        in done.err
    )
    assert "New 2," in done.out


@pytest.mark.parametrize(
    ("title", "meant"),
    [
        ("sesions", "sessions"),
        ("Sate", "state"),
        ("langauge", "locale"),
        ("city", ""),
        ("Role", ""),
        ("date", ""),
    ],
)
def test_a_column_whose_title_has_a_typing_error_is_named(line, title, meant):
    """Passed over in silence, it would invite everybody to everything; what is no typing error is for the organiser."""
    line.write("people.csv", f"email,{title}\nada@example.org,x\n")
    err = line.run("calendar plan gmc.toml --people people.csv").err
    said = f"the column '{title}' is passed over. If it is '{meant}', correct its title."
    assert (said in err) if meant else ("passed over" not in err)
    line.write("people.csv", f"email,{title},{meant or 'name'}\nada@example.org,x,\n")
    assert "passed over" not in line.run("calendar plan gmc.toml --people people.csv").err


@pytest.mark.parametrize(
    ("titles", "missed", "others"),
    [
        ("email,Vorname,Sitzungen", "name or state or sessions", "Vorname, Sitzungen"),
        ("email,last name,status,Sitzungen", "sessions", "Sitzungen"),
        ("email,name,state,sessions,city", "", ""),
        ("email,name", "", ""),
    ],
)
def test_columns_that_are_not_read_are_named_where_one_may_be_meant(line, titles, missed, others):
    """A title in another language would leave people without a name, or invite everybody to everything, in silence."""
    line.add_sessions(SECOND)
    line.write("people.csv", f"{titles}\nada@example.org\n")
    err = " ".join(line.run("calendar plan gmc.toml --people people.csv").err.split())
    said = f"people.csv: no column is called {missed}. Not read: {others}. If one of these is meant"
    assert (said in err) if missed else ("Not read" not in err)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("", "Nobody in people.csv is invited: it has no row."),
        ("a@example.org,no\nb@example.org,waitlisted\n", "is invited: the state of 2 rows says so."),
        ("a@example.org,no\nb@example.org,\n", ""),
    ],
)
def test_a_list_by_which_nobody_is_invited_is_told(line, rows, said):
    """Nothing but zeros would leave an organiser guessing whether the file was read."""
    line.write("people.csv", f"email,state\n{rows}")
    err = line.run("calendar plan gmc.toml --people people.csv").err
    assert (said in err) if said else (err == "")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_lists_of_spreadsheets_are_read(line, delimiter):
    """With a byte order mark, other names of columns, and rows of the same person."""
    rows = [
        ("E-Mail", "First name", "Last name", "Sessions"),
        ("Ada@Example.org", "Ada", "L", "opening"),
        ("ada@example.org", "", "", ""),
    ]
    line.write("people.csv", "\ufeff" + "\r\n".join(delimiter.join(row) for row in rows) + "\r\n")
    send(line, "--out", "first")
    (found,) = line.path("first").glob("*.ics")
    assert event(found).all("ATTENDEE")[0].parameters["CN"] == "Ada L"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le"])
def test_unicode_text_of_a_spreadsheet_is_read(line, encoding):
    """It is UTF-16 with a byte order mark, and tabs stand between the cells."""
    mark = "" if encoding == "utf-16" else "\ufeff"
    line.write("people.csv", f"{mark}Name\tEmail\r\nZoë 李\tzoe@example.org\r\n".encode(encoding))
    send(line, "--out", "first")
    (found,) = line.path("first").glob("*.ics")
    assert event(found).all("ATTENDEE")[0].parameters["CN"] == "Zoë 李"


@pytest.mark.parametrize("begin", [b"PK\x03\x04\x14\x00", b"\xd0\xcf\x11\xe0\xa1\xb1"])
def test_a_workbook_is_not_taken_for_a_list(line, begin):
    """The remedy is in the words of a spreadsheet."""
    line.write("people.csv", begin + bytes(range(256)))
    one_message(line.run("calendar plan gmc.toml --people people.csv"), "workbook", "CSV UTF-8")


def test_what_spreadsheets_leave_behind_does_not_matter(line):
    """Rows of empty cells, and empty cells behind the last column."""
    line.write("people.csv", "email,name\n,\nada@example.org,Ada,\n,,,\nbo@example.org,Bo,,,\n\n")
    assert counts(plan(line)) == {"new": 2}


def test_another_column_of_addresses_does_not_matter(line):
    """`address` may be where people live, and `status` what they study: the columns with the proper names count."""
    head = "address,name,full_name,email,status,state\n"
    line.write("people.csv", head + "12 Main St,Ada,Lady Ada,ada@example.org,alumna,confirmed\n")
    send(line, "--out", "first")
    found = event(line.path("first/ada@example.org.opening.0.ics")).all("ATTENDEE")[0]
    assert (found.value, found.parameters["CN"]) == ("mailto:ada@example.org", "Ada")


def test_an_address_may_have_its_name_before_it(line):
    """As it is copied from a mail program."""
    line.write("people.csv", "email\nAda L <ada@example.org>\n")
    send(line, "--out", "first")
    assert (
        event(line.path("first/ada@example.org.opening.0.ics")).all("ATTENDEE")[0].parameters["CN"] == "Ada L"
    )


def test_a_trial_says_that_the_others_are_left_out(line):
    """They follow with the next run, and the one who had it gets no other."""
    done = line.run("calendar send gmc.toml --people people.csv --out trial --only Ada@Example.org")
    assert "New 2, moved" in done.out
    assert "Opening: 1 person is invited" in done.out
    assert (
        "Only Ada@example.org is written to, on trial; 1 message to others follows without --only."
        in done.out
    )
    assert "Wrote 1 message to trial." in done.out
    assert counts(send(line, "--out", "rest")) == {"new": 1, "unchanged": 1}
    assert {each.name.partition("@")[0] for each in line.path("rest").iterdir()} == {"bo"}


def test_somebody_who_is_not_listed_gets_no_trial(line):
    """The address is named."""
    done = line.run("calendar send gmc.toml --people people.csv --out first --only eve@example.org")
    one_message(done, "eve@example.org", "people.csv")


def test_a_file_is_no_folder_for_messages(line):
    """Nothing is kept of what could not be written: neither a state nor a secret."""
    line.write("invites", "a file")
    one_message(line.run("calendar send gmc.toml --people people.csv --out invites"), "invites", "exists")
    assert line.names() == {"gmc.toml", "people.csv", "invites", "gmc.sent.json.lock"}


def test_messages_need_somewhere_to_go(line):
    """`--out` or `--smtp`."""
    one_message(line.run("calendar send gmc.toml --people people.csv"), "--out", "--smtp")


def test_invites_need_a_sender(line):
    """The organizer's address has a place for a token, and there is no contact."""
    line.edit(('contact = "office@example.org"\n', ""), ("gmc@example.org", "gmc+{token}@example.org"))
    one_message(line.run("calendar send gmc.toml --people people.csv --out first"), "--from")
    send(line, "--out", "first", "--from", "GMC <office@example.org>")
    found = event(line.path("first/ada@example.org.opening.0.ics"))
    assert found.value("ORGANIZER").startswith("mailto:gmc+")
    assert "token" not in found.value("ORGANIZER")


def test_no_name_becomes_a_path(line):
    """Addresses with slashes and dots stay names of files."""
    line.write("people.csv", 'email\n"a/b@example.org"\n"o\'neil@example.org"\n')
    send(line, "--out", "first")
    assert all(each.parent == line.path("first") for each in line.path("first").rglob("*"))
    assert len(list(line.path("first").glob("*.ics"))) == 2


# -- with a store


def test_a_store_knows_the_people(line):
    """Without a list: who registered is told what changed, by the conference's mailer."""
    line.people("Ada,ada@example.org,GB,1", name="in.csv")
    line.run("import gmc.toml in.csv")
    line.edit(("2036-05-20T09:00:00", "2036-05-20T10:00:00"))
    done = line.run("calendar plan gmc.toml")
    assert "Moved 1" in done.out.replace("Added 0, moved 1", "Moved 1")
    assert "1 person is told: was Tuesday 20 May 2036, 09:00-10:30" in done.out
    assert line.run("calendar plan gmc.toml --json").json["events"][0]["sequence"] == 1
    sent = line.run("calendar send gmc.toml --mailer maildir:box")
    assert sent.code == 0, sent
    assert "Sent 2" in sent.out
    mails = b"".join(each.read_bytes() for each in line.path("box/new").iterdir())
    assert mails.count(b"method=REQUEST") == 2


def test_a_plan_refuses_what_sending_would_refuse(line):
    """With a store: a session that people were invited to and that is gone, and an earlier copy of the document."""
    line.add_sessions(SECOND)
    first = line.path("gmc.toml").read_bytes()
    line.people("Ada,ada@example.org,GB,1", name="in.csv")
    line.run("import gmc.toml in.csv")
    line.edit((SECOND, ""))
    for command in ("plan", "send"):
        one_message(line.run(f"calendar {command} gmc.toml"), "'second' is in use and cannot go")
    line.path("gmc.toml").write_bytes(first.replace(b"T10:30", b"T10:40"))
    assert line.run("calendar send gmc.toml --mailer maildir:box").code == 0
    line.path("gmc.toml").write_bytes(first)
    for command in ("plan", "send"):
        one_message(line.run(f"calendar {command} gmc.toml"), "--revert")
    assert "moved 2" in line.run("calendar plan gmc.toml --revert").out


def test_a_trial_without_its_list_is_not_sent_to_everybody_in_the_store(line):
    """Nor are drafts, or whatever else is for lists, passed over; and a list beside a store is wondered at."""
    line.people("Ada,ada@example.org,GB,1", name="in.csv")
    line.run("import gmc.toml in.csv")
    for option in (
        "--only ada@example.org",
        "--out drafts",
        "--smtp smtp://127.0.0.1:9",
        "--again",
        "--reworded",
    ):
        done = line.run(f"calendar send gmc.toml {option} --mailer maildir:box")
        one_message(done, option.split()[0], "add --people FILE.csv")
        assert not line.path("box").exists()
    one_message(line.run("calendar plan gmc.toml --past"), "--past", "add --people FILE.csv")
    wonders = "would be told twice by a list"
    assert wonders in " ".join(line.run("calendar plan gmc.toml --people people.csv").err.split())
    send(line, "--out", "first")
    assert wonders not in line.run("calendar plan gmc.toml --people people.csv").err


def test_with_a_store_the_document_calls_a_session_off(line):
    """The command says what to write where, and what tells everybody then; without either it asks for the list."""
    one_message(line.run("calendar cancel gmc.toml opening --reason Storm"), "opening", "--people FILE.csv")
    line.people("Ada,ada@example.org,GB,1", name="in.csv")
    line.run("import gmc.toml in.csv")
    done = line.run("calendar cancel gmc.toml opening --reason Storm")
    one_message(done, "opening", 'status = "cancelled" at this session in gmc.toml', "calendar send")
    line.edit(('id = "opening"', 'id = "opening"\nstatus = "cancelled"'))
    assert "Opening: cancelled, 1 person is told" in line.run("calendar plan gmc.toml").out
    assert line.run("calendar send gmc.toml --mailer maildir:box --reason Storm").code == 0
    mails = b"".join(each.read_bytes() for each in line.path("box/new").iterdir())
    assert mails.count(b"method=CANCEL") == 1
    assert b"Reason: Storm" in mails
    one_message(
        line.run("calendar send gmc.toml --people in.csv --out x --reason Storm"), "calendar cancel --reason"
    )


def test_without_a_list_and_without_a_store_nobody_is_known(line):
    """The remedy names both."""
    one_message(line.run("calendar plan gmc.toml"), "--people", "conferencekit import")
