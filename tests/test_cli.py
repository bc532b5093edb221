"""The command line as a whole: help, exit codes, what it prints, and how it ends when its reader leaves."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from tests.cli_line import EXAMPLE, Done, new_line, one_message, process
from tests.held import LONG

from conferencekit import errors
from conferencekit.cli import main, parser, plan_commands
from conferencekit.cli.output import Output, safe, safe_cell

line = pytest.fixture(new_line)

ESCAPES = "Ada\x1b[31m\x1b]0;owned\x07 \x9b2J\u202egnp.exe\r\nSecond\x00\x7f\x08"


def commands() -> dict:
    (found,) = [each for each in parser()._actions if each.dest == "command"]
    return dict(found.choices)


# -- help and usage

GROUPS = {"tz", "storage", "calendar"}


def grouped() -> list[str]:
    """The commands of groups, with the name of theirs."""
    found = []
    for group in sorted(GROUPS):
        (inner,) = [each for each in commands()[group]._actions if each.dest == f"{group}_command"]
        found += [f"{group} {name}" for name in inner.choices]
    return found


def test_alone_it_prints_help_and_exits_2(line):
    """Nobody is left wondering."""
    done = line.run("")
    assert (done.code, done.err) == (2, "")
    assert "usage: conferencekit" in done.out
    assert all(name in done.out for name in commands())


@pytest.mark.parametrize("command", [*sorted(commands().keys() - GROUPS), *grouped()])
def test_every_command_has_help(line, command):
    """A sentence on what it does, and every argument explained."""
    done = line.run(f"{command} --help")
    assert done.code == 0
    assert max(map(len, done.out.splitlines())) <= 80
    assert not re.search(r"^  (-\S+|[A-Z.a-z]+)$", done.out, re.MULTILINE), "an argument without help"


def test_help_names_every_command_on_a_line_of_its_own(line):
    """Names and what they do stand side by side."""
    out = line.run("--help").out
    for name in commands():
        assert re.search(rf"^    {name} +\S", out, re.MULTILINE)


@pytest.mark.parametrize(
    "words",
    [
        "check",
        "check a.toml b.toml",
        "unknown",
        "check gmc.toml --colour",
        "import gmc.toml",
        "import gmc.toml people.csv --late ",
        "registrations gmc.toml --state absent",
        "registrations gmc.toml --csv --json",
        "invitation gmc.toml --format pdf",
        "deliver gmc.toml --interval 0",
        "deliver gmc.toml --interval soon",
        "deliver gmc.toml --interval nan",
        "verify gmc.toml --published 1",
        "verify gmc.toml --published one=2",
        "verify gmc.toml --publ 1=2",
        "good-practices gmc.toml",
        "tz",
        "storage",
    ],
)
def test_wrong_usage_exits_2_with_the_usage(line, words):
    """As every other command does."""
    done = line.run("", *words.split(" "))
    assert done.code == 2
    assert "usage: conferencekit" in done.err
    assert done.out == ""
    assert line.names() == {"gmc.toml"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("calendar plan gmc.toml --peple p.csv", "there is no option --peple; did you mean --people?"),
        ("calendar plan gmc.toml --peple=p.csv", "there is no option --peple; did you mean --people?"),
        ("calendar feed gmc.toml --qqq", "there is no option --qqq\n"),
        ("calendar plan gmc.toml p.csv", "'p.csv' is one argument more than it takes (CONFERENCE)"),
        (
            "calendar send gmc.toml smtp://me:geheim@mail.example.org",
            "'smtp://me:***@mail.example.org' is one",
        ),
        ("calendar pln gmc.toml", "; did you mean plan?"),
        ("plan gmc.toml", "; did you mean calendar plan?"),
        ("chek gmc.toml", "; did you mean check?"),
        ("--json check gmc.toml", "no option --json here: most stand behind the command"),
    ],
)
def test_wrong_usage_is_told_by_the_command_with_what_may_be_meant(line, words, said):
    """Beside the usage of that command, which the usage of the whole line hid."""
    done = line.run(words)
    assert done.code == 2
    assert said in done.err
    group = words.split()[:2] if words.startswith("calendar ") and "pln" not in words else []
    assert f"usage: {' '.join(['conferencekit', *group])} " in done.err


@pytest.mark.parametrize("word", ["", "a\0b"])
def test_what_cannot_be_a_path_is_wrong_usage(line, word):
    """Before anything is opened."""
    done = line.run("check", word)
    assert done.code == 2
    assert "not a path" in done.err


def test_version(line):
    """The name and the version."""
    assert re.fullmatch(r"conferencekit \d+\.\d+.*\n", line.run("--version").out)


def test_help_loads_little():
    """No store, no mail, no templates."""
    code = "import sys, conferencekit.cli as c; c.parser(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for name in ("sqlite3", "jinja2", "icalendar", "smtplib", "rich", "conferencekit.secretariat"):
        assert name not in loaded.split()


# -- errors


def instances() -> list[errors.ConferenceKitError]:
    """One error of each class, with something in every attribute."""
    found = []
    waiting = [errors.ConferenceKitError]
    while waiting:
        cls = waiting.pop()
        waiting += cls.__subclasses__()
        names = getattr(cls, "__attrs_attrs__", ())
        samples = {
            "problems": (),
            "others": (),
            "plugins": ("a", "b"),
            "wall": datetime(2036, 1, 1),
            "seconds": 1.0,
        }
        if cls is errors.MislocalizedTime:
            samples["value"] = datetime(2036, 1, 1)
        found.append(cls(*(samples.get(each.name, "sample") for each in names)))
    return found


@pytest.mark.parametrize("error", instances(), ids=lambda each: type(each).__name__)
def test_every_error_prints_without_a_traceback(line, monkeypatch, error):
    """Whichever class reaches the command line."""

    def fail(given, output):
        raise error

    monkeypatch.setattr(plan_commands, "run_check", fail)
    done = line.run("check gmc.toml")
    assert done.code == 1
    assert done.err.startswith("conferencekit: ")
    assert "Traceback" not in done.err


@pytest.mark.parametrize("error", [TypeError("oh"), RecursionError("deep"), MemoryError()])
def test_a_bug_is_called_a_bug(line, monkeypatch, error):
    """Without a traceback, which --debug shows, before the command or after it."""

    def fail(given, output):
        raise error

    monkeypatch.setattr(plan_commands, "run_check", fail)
    one_message(line.run("check gmc.toml"), "bug", type(error).__name__, "--debug")
    for words in ("--debug check gmc.toml", "check gmc.toml --debug"):
        done = line.run(words)
        assert done.code == 1
        assert "Traceback" in done.err


def test_ctrl_c_exits_130(line, monkeypatch):
    """With a word on what is kept, and no traceback."""

    def fail(given, output):
        raise KeyboardInterrupt

    monkeypatch.setattr(plan_commands, "run_check", fail)
    assert line.run("check gmc.toml") == Done(130, "", "conferencekit: Stopped.\n")


# -- what a terminal gets


def test_no_control_character_reaches_a_terminal():
    """Line breaks and tabs do; in a cell not even these, nor what turns round the rest of the line."""
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", safe(ESCAPES))
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", safe_cell(ESCAPES))
    assert safe("naïve 学习 \u200fمرحبا\n\t") == "naïve 学习 \u200fمرحبا\n\t"
    assert safe("\ud800") == "\ufffd"


def test_whatever_is_printed_is_safe(capsys):
    """Lines, tables, notes and errors."""
    output = Output()
    output.say(ESCAPES)
    output.table("", (ESCAPES.split("\n", maxsplit=1)[0][:3], "X"), [(ESCAPES, ESCAPES)])
    output.note(ESCAPES)
    output.complain(ESCAPES)
    printed = capsys.readouterr()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", printed.out + printed.err)
    assert "\u202e" not in printed.out.splitlines()[-1]
    assert len(printed.out.splitlines()) == 5


def test_a_drawn_table_is_safe():
    """Rich writes cells as they are."""
    code = f"from conferencekit.cli.output import Output; Output().table('', ('Name',), [({ESCAPES!r},), ('[red]x',)])"
    found = on_terminal(code=code)
    assert "[red]x" in found
    assert not {"\x07", "\x9b", "\u202e", "\x00", "\x08"} & set(found)
    assert "\x1b[31m" not in found


def test_json_escapes_what_a_terminal_obeys(capsys):
    """And stays the same JSON."""
    Output(as_json=True).result({"name": ESCAPES, "half": "\udc80"})
    out = capsys.readouterr().out
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", out)
    import json

    assert json.loads(out) == {"name": ESCAPES, "half": "\udc80"}


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437", "koi8-r"])
def test_json_is_json_in_every_encoding(monkeypatch, encoding):
    """Escapes of Python in a narrow encoding are none of JSON."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    Output(as_json=True).result({"name": "é 学 \U0001f600 я"})
    stream.flush()
    import json

    assert json.loads(stream.buffer.getvalue().decode(encoding)) == {"name": "é 学 \U0001f600 я"}


def test_tables_line_up_in_every_script(capsys):
    """Chinese letters take two columns, combining marks none."""
    Output().table("", ("Name", "X"), [("学习", "1"), ("e\u0301te\u0301", "2"), ("Ada", "3")])
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["Name  X", "----  -", "学习  1", "e\u0301te\u0301   2", "Ada   3"]


def test_a_narrow_terminal_gets_escapes(tmp_path):
    """No crash where the encoding has no such letters."""
    running = process(
        "check", EXAMPLE / "conference.toml", env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    )
    out, err = running.communicate(timeout=LONG)
    assert (running.returncode, err) == (0, b"")
    assert out.decode("ascii")
    running = process("registrations", EXAMPLE / "none.toml", env={"PYTHONIOENCODING": "ascii"})
    assert b"Traceback" not in running.communicate(timeout=LONG)[1]


def on_terminal(*words: object, code: str = "") -> str:
    """What the command prints on a terminal."""
    ours, theirs = pty.openpty()
    program = code or "import sys; from conferencekit.cli import main; sys.exit(main())"
    running = subprocess.Popen(
        [sys.executable, "-c", program, *map(str, words)],
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(theirs)
    found = b""
    while True:
        try:
            piece = os.read(ours, 65_536)
        except OSError:
            break
        if not piece:
            break
        found += piece
    os.close(ours)
    assert running.wait(timeout=LONG) == 0, found
    return found.decode()


def test_a_terminal_gets_a_drawn_table():
    """With rich, where it is installed."""
    assert "━" in on_terminal("plugins")


def test_without_rich_a_terminal_gets_a_plain_table():
    """It is an extra."""
    code = (
        "import sys; sys.modules['rich'] = None; sys.modules['rich.console'] = None\n"
        "from conferencekit.cli import main; sys.exit(main())"
    )
    found = on_terminal("plugins", code=code)
    assert "━" not in found
    assert "builtin" in found


# -- where the output goes


def test_a_reader_who_leaves_is_no_error():
    """As `| head` does: silence, and the exit code of SIGPIPE."""
    ours, theirs = os.pipe()
    os.close(ours)  # before it can write anything
    running = process("invitation", EXAMPLE / "conference.toml", "--format", "html", stdout=theirs)
    os.close(theirs)
    _, err = running.communicate(timeout=LONG)
    assert running.returncode == 141
    assert err == b""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")  # noqa: PTH110
def test_an_output_without_room_is_an_error():
    """One message, not two, and no silence."""
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        running = process("invitation", EXAMPLE / "conference.toml", stdout=full)
        err = running.communicate(timeout=LONG)[1].decode()
    assert running.returncode == 1
    assert err.startswith("conferencekit: No space left")
    assert err.count("\n") == 1


@pytest.mark.skipif(os.name == "nt", reason="closed streams are of Unix")
def test_closed_streams_are_no_error(tmp_path):
    """A service may have none."""
    command = f"exec {sys.executable} -m conferencekit check {EXAMPLE / 'conference.toml'} >&- 2>&-"
    assert subprocess.run(["sh", "-c", command], check=False, timeout=LONG).returncode == 0


def test_main_is_what_the_module_runs(line):
    """`python -m conferencekit` and `conferencekit` are one."""
    running = process("check", line.path("gmc.toml"), "--json")
    out, err = running.communicate(timeout=LONG)
    assert (running.returncode, err) == (0, b"")
    assert out.decode() == line.run("check gmc.toml --json").out
    assert main(["--version"]) == 0
    assert datetime.now(UTC).year < 2036, "the document of these tests lies in the future"
