"""Commands about the plan: `new`, `check`, `invitation`, `plugins`, `tz check`, with good documents and hostile ones."""

from __future__ import annotations

import builtins
import email
import io
import os
import re
import shlex
from email import policy

import pytest
from tests.cli_line import DOCUMENT, EXAMPLE, new_line, one_message

from conferencekit import load_conference

line = pytest.fixture(new_line)

ANSWERS = (
    "Learning Days 学习",
    "office@example.org",
    "Asia/Shanghai",
    "2036-05-20 09:00",
    "2036-05-20 10:30",
    "2036-05-01",
)


def answer(monkeypatch, *answers: str) -> list[str]:
    """Answer the questions; what was asked is kept."""
    asked: list[str] = []
    waiting = list(answers)

    def ask(question: str) -> str:
        asked.append(question)
        if not waiting:
            raise EOFError
        return waiting.pop(0)

    monkeypatch.setattr(builtins, "input", ask)
    return asked


# -- new


def test_new_asks_six_questions_and_writes_a_document(line, monkeypatch):
    """Which is right as it stands."""
    asked = answer(monkeypatch, *ANSWERS)
    done = line.run("new days.toml")
    assert (done.code, done.err, len(asked)) == (0, "", 6)
    assert "conferencekit check days.toml" in done.out
    conference = load_conference("days.toml")
    assert (conference.id, conference.title.text()) == ("days", ANSWERS[0])
    assert line.run("check days.toml").code == 0
    assert line.names() == {"gmc.toml", "days.toml"}


def test_new_asks_again_what_was_not_understood(line, monkeypatch):
    """With what was wrong, and goes on."""
    wrong = ("", "\x1b[2J", "A title"), ("nobody", "office@example.org"), ("Beijing", "Asia/Shanghai")
    walls = (
        ("yesterday", "2036-05-20 09:00+08:00", "2036-05-20 09:00"),
        ("2036-05-20 08:00", "2036-05-20 10:30"),
    )
    asked = answer(
        monkeypatch,
        *(each for group in (*wrong, *walls) for each in group),
        *("2036-02-30", "2036-06-01", "2036-05-20", "2036-05-19"),
    )
    done = line.run("new days.toml")
    assert (done.code, len(asked)) == (0, 16)
    assert line.run("check days.toml").code == 0
    for part in (
        "'Beijing'",
        "'nobody'",
        "'yesterday'",
        "not after the start",
        "'2036-02-30'",
        "06-01 is not over",
    ):
        assert part in done.out
    assert "\x1b" not in done.out


def test_new_refuses_times_that_do_not_exist(line, monkeypatch):
    """Clocks that were put forward."""
    answer(monkeypatch, "T", "a@example.org", "Europe/Paris", "2036-03-30 02:30", "2036-03-30 03:30",
           "2036-03-30 05:00", "2036-03-01")  # fmt: skip
    done = line.run("new days.toml")
    assert done.code == 0
    assert "does not exist in Europe/Paris" in done.out


@pytest.mark.parametrize("name", ["Tagung in Köln/mein Kongreß.toml", "it's.toml", "a$(b).toml"])
def test_new_names_the_next_command_so_that_it_can_be_pasted(line, monkeypatch, name):
    """Also where the path has spaces, quotes and letters of all kinds."""
    answer(monkeypatch, *ANSWERS)
    line.path("Tagung in Köln").mkdir()
    done = line.run("new", name)
    assert done.code == 0
    if os.name == "posix":
        assert shlex.split(done.out.rpartition("run: ")[2]) == ["conferencekit", "check", name]
        assert shlex.split(line.run("new", name).err.rpartition("run: ")[2])[2] == name


@pytest.mark.parametrize("answers", range(6))
def test_new_writes_nothing_without_all_answers(line, monkeypatch, answers):
    """The end of the input is no answer."""
    answer(monkeypatch, *ANSWERS[:answers])
    one_message(line.run("new days.toml"), "nothing was written", "answer all six")
    assert line.names() == {"gmc.toml"}


def test_ctrl_c_in_a_question_writes_nothing(line, monkeypatch):
    """And says so."""

    def ask(question):
        raise KeyboardInterrupt

    monkeypatch.setattr(builtins, "input", ask)
    done = line.run("new days.toml")
    assert (done.code, done.err) == (130, "conferencekit: Stopped; nothing was written.\n")
    assert line.names() == {"gmc.toml"}


@pytest.mark.parametrize(
    "name", ["gmc.toml", ".", "absent/days.toml", "gmc.toml/days.toml", "x" * 300 + ".toml"]
)
def test_new_finds_out_first_whether_it_can_write(line, monkeypatch, name):
    """Nobody answers six questions in vain, and no file is written over."""
    asked = answer(monkeypatch, *ANSWERS)
    one_message(line.run("new", name), name)
    assert asked == []
    assert line.path("gmc.toml").read_text(encoding="utf-8") == DOCUMENT


def test_new_takes_titles_of_any_kind(line, monkeypatch):
    """Quotation marks, backslashes and braces are text."""
    title = 'He said "no \\ {id}" \U0001f600 = [x] # y'
    answer(monkeypatch, title, *ANSWERS[1:])
    assert line.run("new days.toml").code == 0
    assert load_conference("days.toml").title.text() == title


# -- check


def test_check_prints_what_to_proofread(line):
    """Times in three zones, what closes when, what is asked."""
    done = line.run("check", EXAMPLE / "conference.toml")
    assert (done.code, done.err) == (0, "")
    for part in (
        "Friday 11 December 2020, 20:00-22:30 (Asia/Shanghai, UTC+08:00)",
        "Friday 11 December 2020, 12:00-14:30 (UTC",
        "Friday 11 December 2020, 07:00-09:30 (America/New_York, UTC-05:00)",
        "closes when Monday 30 November 2020 begins in Beijing local time",
        "Sunday 29 November 2020, 16:00 (UTC",
        "241 places",
        "University or organisation (optional)",
        "4. Good practices showcase",
        "The conference is over.",
    ):
        assert part in done.out
    assert line.names() == {"gmc.toml"}


def test_check_shows_other_zones(line):
    """As many as are named; an unknown one is refused with the nearest."""
    done = line.run("check gmc.toml --zone Africa/Nairobi --zone Asia/Kathmandu --zone Europe/Paris")
    assert all(zone in done.out for zone in ("Nairobi", "Kathmandu", "Paris", "Shanghai"))
    assert "New_York" not in done.out
    one_message(line.run("check gmc.toml --zone Asia/Shangai"), "'Asia/Shangai'", "Asia/Shanghai")


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo", "Europe/Paris"])
def test_check_shows_three_zones_whatever_the_first(line, zone):
    """Also where the conference is in one of the usual ones."""
    line.edit(("Asia/Shanghai", zone))
    opening = line.run("check gmc.toml").out.partition("Session opening")[2].split("\n\n")[0]
    assert len(opening.strip().splitlines()) == 4


def test_check_points_at_what_may_be_forgotten(line):
    """What is allowed and yet probably not meant."""
    line.edit(
        ('contact = "office@example.org"\n', ""),
        ('website = "https://gmc.example.org"\n', ""),
        ("[deadlines.input]\nbefore = 2036-05-01\n", '[venue]\nkind = "virtual"\n'),
    )
    remarks = line.run("check gmc.toml --json").json["remarks"]
    assert [each.split(":")[0] for each in remarks] == [
        "There is no contact address",
        "There is no website",
        "Nobody signs the invitation.",
        "There is no deadline for input",
        "There is no link to join",
    ]


def test_check_misses_no_link_where_a_session_says_its_place(line):
    """A dinner of a hybrid conference is where it is; one in the venue may have been forgotten."""
    line.edit(("[deadlines.input]\n", '[venue]\nkind = "hybrid"\nname = "Hall"\n\n[deadlines.input]\n'))
    assert "There is no link to join: opening." in line.run("check gmc.toml").out
    line.edit(('title = "Opening"\n', 'title = "Opening"\nplace = "Market Square 1"\n'))
    assert "no link to join" not in line.run("check gmc.toml").out


def test_check_says_who_invites_to_what(line):
    """Where the document says it: both are for ever once invites are out."""
    assert "Invites:" not in line.run("check gmc.toml").out
    plan = '[calendar]\norganizer = "a+{token}@example.org"\nrsvp = false\nalarm = "15 minutes"\n\n'
    line.edit(("[deadlines.registration]", f"{plan}[deadlines.registration]"))
    said = "each session; organizer a+{token}@example.org; no replies are asked for; they ring 15 minutes before\n"
    assert f"  Invites:   {said}" in line.run("check gmc.toml").out
    for alarm, shown in (("1 day", "1 day"), ("90 minutes", "90 minutes"), ("2 hours", "2 hours")):
        line.edit(('alarm = "15 minutes"', f'alarm = "{alarm}"'))
        assert f"they ring {shown} before" in line.run("check gmc.toml").out
        line.edit((f'alarm = "{alarm}"', 'alarm = "15 minutes"'))


def test_check_points_at_what_calendars_would_show(line):
    """A language that mails do not speak, a session of days, and two at once in one room; of a series each date."""
    room = 'starts = 2036-05-20T10:00:00\nends = 2036-05-20T11:00:00\nroom = "Hall 1"\n'
    line.edit(
        ("[conference]\n", '[conference]\nlanguages = ["en", "pt", "de"]\n'),
        ("ends = 2036-05-20T10:30:00\n", "ends = 2036-05-22T10:30:00\n"),
        (
            "[deadlines.registration]",
            f'[[sessions]]\nid = "late"\ntitle = "Late"\n{room}'.replace("05-20", "05-27")
            + f'[[sessions]]\nid = "weekly"\ntitle = "W"\ntrack = "A"\n{room}repeat = {{ every = "week", count = 3 }}\n'
            f'[[sessions]]\nid = "off"\ntitle = "Off"\nstatus = "cancelled"\n{room}[deadlines.registration]',
        ),
    )
    done = line.run("check gmc.toml")
    assert "Room: Hall 1, Track: A" in done.out
    assert "Mails do not speak pt or de" in done.out
    assert "opening lasts 49 hours without a break" in done.out
    assert "Hall 1 has two sessions at once: late and weekly." in done.out
    assert "off has" not in done.out


def test_check_as_json(line):
    """For machines: instants with their offsets."""
    found = line.run("check gmc.toml --json").json
    assert found["ok"] is True
    assert found["sessions"][0]["starts"]["Asia/Shanghai"] == "2036-05-20T09:00:00+08:00"
    assert found["deadlines"][0]["closes"]["UTC"] == "2036-04-30T16:00:00+00:00"
    assert found["deadlines"][0]["state"] == "open"


def test_check_lists_all_problems_at_once(line):
    """Each with its path and what was expected; as JSON too."""
    line.edit(
        ('timezone = "Asia/Shanghai"', 'timezone = "Asia/Shangai"'),
        ("quota = 1000", "quota = -1"),
        ("website", "websight"),
    )
    one_message(
        line.run("check gmc.toml"),
        "3 problems",
        "conference.timezone",
        "registration.quota",
        "websight",
        "Did you",
    )
    done = line.run("check gmc.toml --json")
    assert done.code == 1
    assert [each["path"] for each in done.json["problems"]] == [
        "conference.timezone",
        "conference.websight",
        "registration.quota",
    ]
    assert done.json["ok"] is False


# -- hostile documents


def edited(*changes: tuple[str, str]) -> str:
    text = DOCUMENT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


HOSTILE = {
    "empty": b"",
    "blank": b"\n\n   \n",
    "utf-16": DOCUMENT.encode("utf-16"),
    "latin-1": edited(("Testing Days", "Journées d’étude")).encode("cp1252"),
    "binary": bytes(range(256)) * 40,
    "nul": DOCUMENT.replace("Testing", "Test\0ing").encode(),
    "huge": DOCUMENT.encode() + b"# " + b"x" * 3_000_000,
    "deep": b"a = " + b"[" * 50_000 + b"]" * 50_000,
    "deep json": b'{"conference": ' + b"[" * 50_000,
    "many keys": b"\n".join(b"k%d = 1" % each for each in range(50_000)),
    "a list": b"[1, 2]",
    "no toml": b"Dear organisers,\nplease find attached\n",
    "control character in a title": edited(("Testing Days", "Testing\\u001b[31m Days")).encode(),
    "line break in a title": edited(("Testing Days", "Testing\\r\\nBcc: all@example.org")).encode(),
    "override in a title": edited(("Testing Days", "Testing \\u202egnp.exe")).encode(),
    "unknown zone": edited(("Asia/Shanghai", "Asia/Atlantis")).encode(),
    "impossible date": edited(("before = 2036-05-01", "before = 2036-02-30")).encode(),
    "impossible date as text": edited(("before = 2036-05-01", 'before = "2036-02-30"')).encode(),
    "ends before it starts": edited(("ends = 2036-05-20T10:30:00", "ends = 2036-05-20T08:30:00")).encode(),
    "two sessions with one id": (DOCUMENT + DOCUMENT[DOCUMENT.index("[[sessions]]") : DOCUMENT.index("[deadlines")])
    .encode(),
    "a time that does not exist": edited(
        ("Asia/Shanghai", "Europe/Paris"), ("2036-05-20T09:00:00", "2036-03-30T02:30:00")
    ).encode(),
    "a year beyond time": edited(("2036-05-20T10:30:00", "9999-12-31T23:59:59")).encode(),
    "a number beyond numbers": edited(("quota = 1000", "quota = 1" + "0" * 5000)).encode(),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("command", ["check", "registrations"])
def test_a_hostile_document_gets_one_message(line, kind, command):
    """Whatever the command, nothing is written."""
    line.write("gmc.toml", HOSTILE[kind])
    done = line.run(f"{command} gmc.toml")
    if kind == "a year beyond time" and command == "check":
        assert done.code in (0, 1)
    else:
        assert done.code == 1, done
        assert done.err.startswith("conferencekit: ")
        assert "bug" not in done.err
    assert "Traceback" not in done.err
    assert len(done.err) < 5_000
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", done.err)
    assert line.names() == {"gmc.toml"}


@pytest.mark.parametrize(
    "command", ["check", "invitation", "registrations", "deliver", "seal", "verify", "tz check"]
)
@pytest.mark.parametrize(("name", "part"), [("absent.toml", "no such file"), (".", "is a folder")])
def test_a_document_that_is_not_there(line, command, name, part):
    """Missing, or a folder: with its name and the remedy."""
    one_message(line.run(command, name), part, "Give" if name == "." else "Correct the path")
    assert line.names() == {"gmc.toml"}


@pytest.mark.skipif(os.name == "nt", reason="named pipes are of Unix")
def test_a_device_as_a_document(line):
    """It is read no further than a document may be long."""
    if os.path.exists("/dev/zero"):  # noqa: PTH110
        one_message(line.run("check /dev/zero"), "/dev/zero")


# -- invitation


def test_invitation_in_three_shapes(line):
    """Text, a page, and a mail to somebody."""
    text = line.run("invitation", EXAMPLE / "conference.toml").out
    assert "Learning Revolution and Higher Education Transformation" in text
    done = line.run("invitation --format html --locale fr", EXAMPLE / "conference.toml")
    assert done.err == ""
    assert done.out.startswith("<!doctype html>")
    raw = line.run("invitation --format eml --to", "Ada <ada@example.org>", EXAMPLE / "conference.toml").out
    message = email.message_from_string(raw, policy=policy.default)
    assert message["To"] == "Ada <ada@example.org>"
    assert message.get_body(("plain",)) is not None


@pytest.mark.parametrize("form", ["text", "html", "eml"])
def test_a_letter_in_another_language_than_was_asked_for_says_so(line, form):
    """Nobody sends a German address an English letter without knowing; what is no language at all is refused."""
    done = line.run(f"invitation gmc.toml --locale de --format {form}")
    assert (done.code, done.err) == (0, "There is no letter in 'de': it is in 'en'.\n")
    done = line.run(f"invitation gmc.toml --locale fr-CH --format {form}")
    assert (done.code, done.err) == (0, "The document has no texts in 'fr-CH': they are in 'en'.\n")
    assert line.run(f"invitation gmc.toml --locale en-GB --format {form}").err == ""
    one_message(line.run(f"invitation gmc.toml --locale 4 --format {form}"), "'4'", "BCP 47")


def test_invitation_to_a_file_is_exactly_what_is_printed(line):
    """A shell's redirection and --out are the same bytes."""
    printed = line.run("invitation gmc.toml --format html").out
    done = line.run("invitation gmc.toml --format html --out letter.html")
    assert done.out == "Wrote letter.html.\n"
    assert line.path("letter.html").read_text(encoding="utf-8") == printed
    assert line.run("invitation gmc.toml --format html --json").json == {"format": "html", "letter": printed}


def test_invitation_to_nobody(line):
    """An address that is none."""
    one_message(
        line.run("invitation gmc.toml --format eml --to", "Ada at example"), "Ada at example", "@example.org"
    )
    line.edit(('contact = "office@example.org"\n', ""))
    one_message(line.run("invitation gmc.toml --format eml"))


def test_invitation_keeps_what_was_there_if_it_cannot_be_written(line):
    """Also where the folder is missing, or a folder has the name."""
    line.path("letter").mkdir()
    for name in ("letter", "absent/letter.txt", "gmc.toml/letter.txt"):
        one_message(line.run("invitation gmc.toml --out", name), name)
    assert line.names() == {"gmc.toml", "letter"}


# -- the machine


def test_plugins_are_listed(line):
    """With what they offer."""
    done = line.run("plugins")
    assert done.code == 0
    assert "store sqlite" in done.out
    assert line.run("plugins --json").json[0]["name"] == "builtin"


def test_tz_check_needs_a_store_and_finds_nothing_today(line):
    """Under the zone data that the times were stored with."""
    one_message(line.run("tz check gmc.toml"), "gmc.db", "import")
    line.people("Ada,ada@example.org,GB,1")
    line.run("import gmc.toml people.csv")
    done = line.run("tz check gmc.toml")
    assert (done.code, done.err) == (0, "")
    assert "0 stored times have moved" in done.out
    assert line.run("tz check gmc.toml --json").json == []


def test_tz_check_lists_what_has_moved(line):
    """A government has changed its clocks since the session was stored."""
    import sqlite3

    line.people("Ada,ada@example.org,GB,1")
    line.run("import gmc.toml people.csv")
    with sqlite3.connect(line.path("gmc.db")) as there:
        there.execute(
            "UPDATE record SET body = replace(body, '2036-05-20T01:00:00Z', '2036-05-20T00:00:00Z')"
        )
    there.close()
    done = line.run("tz check gmc.toml")
    assert done.code == 1
    assert "1 stored time has moved" in done.out
    (found,) = line.run("tz check gmc.toml --json").json
    assert (found["wall"], found["zone"]) == ("2036-05-20T09:00:00", "Asia/Shanghai")
    assert (found["was"], found["now"]) == ("2036-05-20 00:00:00+00:00", "2036-05-20 01:00:00+00:00")


def test_new_reads_standard_input(line, monkeypatch):
    """Answers may come from a file."""
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(ANSWERS) + "\n"))
    assert line.run("new days.toml").code == 0
    assert load_conference("days.toml").contact == "office@example.org"
