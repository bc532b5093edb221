"""`calendar import`: what is printed, what is asked, what is written, and that nothing of a document is lost."""

from __future__ import annotations

import os
import re
import sys
import tomllib
import tracemalloc

import pytest
from tests import calendar_files as files
from tests.calendar_files import calendar
from tests.cli_line import DOCUMENT, new_line, process
from tests.docs_page import run_python, text_of

from conferencekit import load_conference
from conferencekit.cli.arguments import parser

line = pytest.fixture(new_line)

TALK = "UID:{0}\nSUMMARY:{1}\nDTSTART;TZID=Europe/Berlin:20360520T{2}00\nDURATION:PT30M"
FLOATING = "UID:f\nSUMMARY:Lunch\nDTSTART:20360520T120000\nDTEND:20360520T130000"


def test_an_import_is_written_without_any_extra(line, monkeypatch):
    """Whoever installed no more than the pages say can use it; it looks as people write it."""
    monkeypatch.setitem(sys.modules, "tomli_w", None)
    line.write("nextcloud.ics", files.NEXTCLOUD)
    assert line.run("calendar import nextcloud.ics --out days.toml").code == 0
    text = line.path("days.toml").read_text(encoding="utf-8")
    assert 'repeat = { every = "week", count = 4 }' in text
    assert load_conference("days.toml").sessions


def test_it_prints_sessions_repairs_and_what_is_left_out(line):
    """And writes nothing."""
    line.write("google.ics", files.GOOGLE)
    done = line.run("calendar import google.ics")
    assert (done.code, done.err) == (0, "")
    assert "Open Learning Days\nId             Begins" in done.out
    assert re.search(
        r"^reading-group +2027-03-04 17:00 +18:00 +Europe/Paris +Reading group \(7 dates\)",
        done.out,
        re.MULTILINE,
    )
    assert "'Opening' (1a2b3c@google.com): its description was HTML, and became plain text." in done.out
    assert "'Open Learning Days' (days@google.com): is of whole days" in done.out
    assert "Nothing was written" in done.out
    assert line.names() == {"gmc.toml", "google.ics"}


def test_a_whole_document_is_written_where_the_calendar_has_a_name(line):
    """It is one that `check` takes, and reads as the sessions that were printed."""
    line.write("google.ics", files.GOOGLE)
    done = line.run("calendar import google.ics --out days.toml")
    assert done.code == 0
    assert "Wrote 2 sessions to days.toml." in done.out
    conference = load_conference("days.toml")
    assert (conference.id, conference.timezone) == ("open-learning-days", "Europe/Paris")
    assert [each.id for each in conference.sessions] == ["reading-group", "opening"]
    assert line.run("check days.toml").code == 0
    text = line.path("days.toml").read_text(encoding="utf-8")
    assert (
        '# from calendar event "1a2b3c@google.com"\n# its description was HTML, and became plain text\n[[sessions]]'
        in text
    )


def test_sessions_alone_are_written_where_it_has_none(line):
    """With the zone that they are written for."""
    line.write("indico.ics", files.INDICO)
    assert line.run("calendar import indico.ics --zone Europe/Zurich --out x.toml --locale fr").code == 0
    text = line.path("x.toml").read_text(encoding="utf-8")
    assert text.startswith('# Put these at the end of a document with the timezone "Europe/Zurich".\n')
    (session,) = tomllib.loads(text)["sessions"]
    assert (session["id"], session["title"]) == ("plenary", "Plenary")


def test_nothing_is_written_while_a_question_is_open(line):
    """Each is answered by an option."""
    endless = TALK.format("e", "Daily", "0900") + "\nRRULE:FREQ=DAILY"
    backwards = TALK.format("b", "Back", "1000").replace("PT30M", "-PT30M")
    line.write(
        "x.ics",
        calendar(
            TALK.format("t", "Talk", "0900"),
            FLOATING,
            endless,
            backwards,
            head="X-WR-CALNAME:X\nX-WR-TIMEZONE:Europe/Rome\n",
        ),
    )
    done = line.run("calendar import x.ics --out x.toml")
    assert done.code == 1
    assert "such as Europe/Rome, the calendar's own (--zone)." in done.out
    assert "'Daily' (e): repeats without end. Say until when (--until)" in done.out
    assert "'Back' (b): would end at" in done.out
    assert "Nothing is written until all is answered." in done.out
    assert not line.path("x.toml").exists()
    done = line.run("calendar import x.ics --out x.toml --zone Europe/Rome --until 2036-05-25 --leave-out b")
    assert done.code == 0
    assert [each.id for each in load_conference("x.toml").sessions] == ["daily", "talk", "lunch"]


def test_a_document_is_extended_and_keeps_what_it_has(line):
    """Its text stays, comments and all; ids of its own are not given again; a second import finds nothing new."""
    line.write("gmc.toml", DOCUMENT + "\n# my own comment")
    line.write("x.ics", calendar(TALK.format("1", "Opening", "0900"), TALK.format("2", "Talk", "1000")))
    done = line.run("calendar import x.ics --into gmc.toml --out gmc.toml")
    assert (done.code, "Wrote 2 sessions to gmc.toml." in done.out) == (0, True)
    text = line.path("gmc.toml").read_text(encoding="utf-8")
    assert text.startswith(DOCUMENT + '\n# my own comment\n\n# from calendar event "1"\n[[sessions]]\n')
    conference = load_conference("gmc.toml")
    assert [each.id for each in conference.sessions] == ["opening", "opening-6b86", "talk"]
    assert conference.sessions[1].starts.zone == "Europe/Berlin"
    again = line.run("calendar import x.ics --into gmc.toml --out gmc.toml")
    assert (
        again.code,
        "Sessions: no new sessions.\n2 sessions are in the document already." in again.out,
    ) == (0, True)
    assert line.path("gmc.toml").read_text(encoding="utf-8") == text


def test_what_changed_since_is_listed_and_left_to_the_organiser(line):
    """A session is known by its event, not by its title."""
    line.write("x.ics", calendar(TALK.format("1  \u00e9", "Talk", "0900")))
    line.run("calendar import x.ics --into gmc.toml --out gmc.toml")
    line.write(
        "x.ics", calendar(TALK.format("1  \u00e9", "Renamed", "0930"), TALK.format("2", "New", "1000"))
    )
    done = line.run("calendar import x.ics --into gmc.toml --out copy.toml --json")
    assert done.code == 0
    assert [(each["id"], each["new"], each["differs"]) for each in done.json["sessions"]] == [
        ("talk", False, ["title", "starts", "ends"]),
        ("new", True, []),
    ]
    assert [each.id for each in load_conference("copy.toml").sessions] == ["opening", "talk", "new"]
    assert load_conference("gmc.toml").sessions[1].title.text() == "Talk"
    shown = line.run("calendar import x.ics --into gmc.toml")
    assert "talk says something else there: title, starts, ends." in shown.out


def test_a_place_that_an_organiser_made_of_a_room_is_no_change(line):
    """Calendars know one LOCATION; that it is not in the venue only they know."""
    line.write("x.ics", calendar(TALK.format("1", "Talk", "0900") + "\nLOCATION:Museum"))
    line.run("calendar import x.ics --into gmc.toml --out gmc.toml")
    line.edit(('room = "Museum"', 'place = "Museum"'))
    assert load_conference("gmc.toml").session("talk").place == "Museum"
    assert "something else" not in line.run("calendar import x.ics --into gmc.toml").out
    line.edit(('place = "Museum"', 'place = "Zoo"'))
    assert "talk says something else there: room." in line.run("calendar import x.ics --into gmc.toml").out


@pytest.mark.parametrize(
    ("kind", "location", "is_named"),
    [
        ("hybrid", "Museum", True),
        ("hybrid", "Room 2\\, city hall", False),
        ("hybrid", "Hall 1", False),
        ("virtual", "Museum", False),
        (None, "Museum", False),
    ],
)
def test_what_was_taken_as_a_room_of_the_venue_is_named(line, kind, location, is_named):
    """Else people are sent to the hall, with the link of its stream, although the session is elsewhere."""
    venue = f'[venue]\nkind = "{kind}"\nname = "City Hall"\n\n' if kind else ""
    line.edit(("[[sessions]]\n", f'{venue}[[sessions]]\nroom = "Hall 1"\n'))
    line.write("x.ics", calendar(TALK.format("1", "Talk", "0900") + f"\nLOCATION:{location}"))
    done = line.run("calendar import x.ics --into gmc.toml --out copy.toml")
    said = "is in 'Museum', which was taken as a room of 'City Hall': if it is elsewhere, rename its key to `place`"
    assert done.code == 0
    assert (f"'Talk' (1): {said}." in done.out) is is_named
    assert (said in line.path("copy.toml").read_text(encoding="utf-8")) is is_named


def test_no_file_is_overwritten_but_the_one_that_is_extended(line):
    """Whether it is a document or not."""
    line.write("x.ics", calendar(TALK.format("1", "Talk", "0900")))
    for command in ("calendar import x.ics --out x.ics", "calendar import x.ics --into gmc.toml --out x.ics"):
        done = line.run(command)
        assert (done.code, "x.ics exists already" in done.err) == (1, True)
    assert line.run("calendar import x.ics").code == 0


def test_what_would_be_no_document_is_not_written(line):
    """Sessions that stand in an array cannot be extended by tables."""
    sessions = (
        'sessions = [{ id = "a", title = "A", starts = 2036-05-20T09:00:00, ends = 2036-05-20T10:00:00 }]\n'
    )
    text = f'{sessions}[conference]\ntitle = "X"\ntimezone = "Europe/Berlin"\n'
    line.write("x.toml", text)
    line.write("x.ics", calendar(TALK.format("1", "Talk", "0900")))
    done = line.run("calendar import x.ics --into x.toml --out x.toml")
    assert (done.code, "problem" in done.err) == (1, True)
    assert line.path("x.toml").read_text(encoding="utf-8") == text
    line.write("x.json", "{}")
    done = line.run("calendar import x.ics --into x.json --out x.json")
    assert (done.code, "Sessions are added to a TOML document" in done.err) == (1, True)


def test_json_has_all_of_it(line):
    """Sessions, repairs, questions, and where it was written."""
    line.write("x.ics", files.NEXTCLOUD)
    found = line.run("calendar import x.ics --json --out x.toml").json
    (session,) = found["sessions"]
    assert (found["name"], found["zone"], found["written"]) == ("Vorträge", "Europe/Berlin", "x.toml")
    assert (session["event"], session["dates"], session["track"]) == ("nc-1", 4, "Reihe")
    assert found["repairs"][0]["uid"] == "nc-1"
    assert found["questions"] == []


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("calendar import gone.ics", 1, "gone.ics: No such file"),
        ("calendar import gmc.toml", 1, "gmc.toml: 'no calendar'. Give a calendar file"),
        ("calendar import gmc.toml --zone Nowhere", 1, "'Nowhere' is not an IANA time zone name"),
        ("calendar import gmc.toml --until soon", 2, "'soon' is not a day such as 2027-05-20"),
        ("calendar import gmc.toml --into gone.toml", 1, "gone.toml"),
        ("calendar import gmc.toml --locale ???", 1, "Give a language tag"),
    ],
)
def test_what_cannot_be_done_is_said(line, command, code, said):
    """With the value and the remedy."""
    done = line.run(command)
    assert (done.code, done.out) == (code, "")
    assert said in done.err


def test_hostile_texts_stay_texts(line):
    """In a comment, in TOML, on a terminal."""
    title = "a\\n[[sessions]]\\n\x1b[31m\"\"\" ''' \\\\u0000 \u202eb"
    line.write(
        "x.ics", calendar(TALK.format('1"\\n[conference]', title, "0900"), head='X-WR-CALNAME:"\\n]\n')
    )
    done = line.run("calendar import x.ics --out x.toml")
    assert (done.code, "\x1b" in done.out) == (0, False)
    (session,) = load_conference("x.toml").sessions
    assert session.title.text() == "a [[sessions]] [31m\"\"\" ''' \\u0000 b"
    assert line.run("calendar import x.ics --into x.toml").out.count("no new sessions") == 1


def test_standard_input_is_a_file_too(line):
    """As a process of its own."""
    running = process("calendar", "import", "-", "--json", stdin=-1, stdout=-1)
    out, _ = running.communicate(files.APPLE, timeout=60)
    assert running.returncode == 0
    assert b'"id": "peer-grading-live"' in out


def test_a_line_of_a_gigabyte_is_refused_at_its_begin(line):
    """No more of it is read than a calendar may have."""
    path = line.write("x.ics", b"BEGIN:VCALENDAR\r\nX-A:")
    os.truncate(path, 2**30)
    tracemalloc.start()
    done = line.run("calendar import x.ics")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (done.code, "20,000,001 bytes" in done.err) == (1, True)
    assert peak < 60_000_000


# -- the pages


def test_the_reference_names_every_option(line):
    """As the command has them."""
    section = text_of("reference/command-line.md").split("## `calendar import`")[1].split("\n## ")[0]
    with pytest.raises(SystemExit):
        parser().parse_args(["calendar", "import", "--help"])
    shown = line.run("calendar import --help").out
    options = set(re.findall(r"--[a-z-]+", shown)) - {"--help", "--json", "--debug"}
    assert options == set(re.findall(r"--[a-z-]+", section.split("```")[1]))


def test_the_page_runs(line, capsys):
    """Its Python, and its commands as they stand there."""
    line.write(
        "programme.ics", calendar(FLOATING, TALK.format("1", "Talk", "0900"), head="X-WR-CALNAME:Days\n")
    )
    run_python("how-to/import-a-calendar.md")
    assert '[[sessions]]\nid = "talk"' in capsys.readouterr().out
    commands = [
        each
        for block in re.findall(r"```sh\n(.*?)```", text_of("how-to/import-a-calendar.md"), re.DOTALL)
        for each in block.strip().split("\n")
    ]
    codes = [line.run(each.removeprefix("conferencekit ")).code for each in commands]
    assert codes == [1, 0, 0, 1]
    assert line.run(f"{commands[3].removeprefix('conferencekit ')} --zone Europe/Berlin").code == 0
