"""`calendar send` where something goes wrong: a full disk, a kill, two at once, a folder that nobody may write to."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.cli_line import Line, new_line, one_message, process
from tests.held import HeldCommand, wait_until
from tests.smtp_server import DROP as HANG_UP
from tests.smtp_server import SmtpServer

from conferencekit.adapters.file_lock import FileLock
from conferencekit.calendar import validate
from conferencekit.testing.disk import after_power_loss, read_log, watched_disk, why_not

line = pytest.fixture(new_line)

CALENDAR = '\n[calendar]\norganizer = "gmc@example.org"\norganizer_name = "GMC"\n'
NEXT_DAY = '[[sessions]]\nid = "second"\ntitle = "Second"\nstarts = 2036-05-21T09:00:00\nends = 2036-05-21T10:00:00\n\n'
WEBSITE = 'website = "https://gmc.example.org"\n'
SEND = ("calendar", "send", "gmc.toml", "--people", "people.csv")
watched = pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")


@pytest.fixture(autouse=True)
def invited(line):
    """A document with an organizer, and twenty people."""
    line.edit((WEBSITE, WEBSITE + CALENDAR))
    people(line, 20)


def people(line: Line, number: int) -> None:
    line.write(
        "people.csv", "email,name\n" + "".join(f"p{each}@example.org,P {each}\n" for each in range(number))
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir()}


def count(folder: Path) -> int:
    return sum(1 for _ in folder.iterdir()) if folder.exists() else 0


def held_while_it_writes(line: Line) -> HeldCommand:
    """A run for 2,000 people that stands still after 101 of its 4,000 files."""
    people(line, 2000)
    place = "conferencekit.cli.calendar_sending:_write"
    return HeldCommand(place, 102, line.path("held"), *SEND, "--out", "out", cwd=line.folder)


def is_whole(folder: Path) -> bool:
    """Whether every file is a whole one."""
    calendars = all(validate(each.read_bytes(), "REQUEST") == () for each in folder.glob("*.ics"))
    return calendars and all(each.read_bytes().endswith(b"--\r\n") for each in folder.glob("*.eml"))


def unsent(line: Line) -> tuple[int, int]:
    """How many messages are prepared and have not left, and how many have."""
    found = line.run("calendar plan gmc.toml --people people.csv --json").json
    return found["again"], found["unchanged"]


@pytest.mark.slow
@watched
@pytest.mark.parametrize("room", [0, 60, 4_000, 12_000, 40_000, 100_000])
def test_on_a_full_disk_nothing_is_lost_and_the_next_run_completes(line, room):
    """One message says so; no file is half, and afterwards everybody has one message."""
    with watched_disk(line.folder) as disk:
        disk.set_room(room)
        running = process(*SEND, "--out", "out", cwd=line.folder, env=dict(disk.environment))
        _, errors = running.communicate(timeout=60)
    assert running.returncode == 1
    assert errors.decode().count("conferencekit: ") == 1
    assert "No space left on device. Free some space and try again." in errors.decode()
    written = contents(line.path("out"))
    assert is_whole(line.path("out"))
    assert line.run(" ".join([*SEND, "--out", "out"])).code == 0
    whole = contents(line.path("out"))
    assert len(whole) == 40
    if line.path("gmc.sent.json").exists() and room >= 4_000:
        assert {name: whole[name] for name in written} == written
    assert unsent(line) == (0, 20)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_run_that_is_killed_while_it_writes_is_completed_by_the_next(line):
    """What it had written is written again, the same, byte for byte; only the last file may have been half."""
    held_while_it_writes(line).kill()
    last = max(line.path("out").iterdir(), key=lambda each: each.stat().st_mtime_ns)
    # as if it had come between two pages of one write
    os.truncate(last, last.stat().st_size // 2)
    before = contents(line.path("out"))
    assert len(before) == 101
    assert unsent(line) == (2000, 0)
    assert line.run(" ".join([*SEND, "--out", "out"])).code == 0
    after = contents(line.path("out"))
    assert len(after) == 4000
    assert is_whole(line.path("out"))
    assert all(after[name].startswith(octets) for name, octets in before.items())
    assert [name for name, octets in before.items() if after[name] != octets] == [last.name]
    assert unsent(line) == (0, 2000)


@pytest.mark.slow
@watched
def test_a_loss_of_power_while_mails_leave_repeats_none_of_them_otherwise(line, tmp_path_factory):
    """What was prepared was on the disk before the first mail left, with the secret: the next run sends the same."""
    with SmtpServer() as server, watched_disk(line.folder, log=True) as disk:
        words = (*SEND, "--smtp", server.url(), "--rate", "600")
        server.hold_at(3)
        running = process(*words, cwd=line.folder, env=dict(disk.environment))
        wait_until(lambda: len(server.taken) == 3 or running.poll() is not None)
        running.kill()
        running.communicate()
        done = read_log(disk.log)
        left = {each.rcpt_tos[0]: each.content for each in server.taken}
    assert len(left) == 3
    for seed in range(5):
        folder = tmp_path_factory.mktemp("after")
        for name in ("gmc.toml", "people.csv"):
            (folder / name).write_bytes(line.path(name).read_bytes())
        after_power_loss(done, len(done), folder, random.Random(seed))
        with SmtpServer() as server:
            again = process(*SEND, "--smtp", server.url(), cwd=folder)
            printed = again.communicate(timeout=60)
            assert again.returncode == 0, printed
            contents_of = {each.rcpt_tos[0]: each.content for each in server.taken}
        assert len(contents_of) >= 20 - len(left)
        assert all(left[who] == contents_of[who] for who in left if who in contents_of)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_while_it_writes_keeps_what_was_written(line):
    """And the same command goes on with the rest."""
    assert held_while_it_writes(line).signalled(signal.SIGINT)[0] == 130
    again, written = unsent(line)
    assert (again + written, count(line.path("out"))) == (2000, written * 2)
    assert again > 0
    assert f"Wrote {again:,} messages" in line.run(" ".join([*SEND, "--out", "rest"])).out


def test_two_runs_at_once_write_each_message_once(line):
    """The second one waits for the first, and finds nothing to do."""
    people(line, 300)
    runs = [process(*SEND, "--out", folder, cwd=line.folder) for folder in ("one", "two")]
    outputs = [each.communicate(timeout=120)[0].decode() for each in runs]
    assert [each.returncode for each in runs] == [0, 0]
    assert sorted(len(list(line.path(each).iterdir())) for each in ("one", "two")) == [0, 600]
    assert sum("Nothing had to be sent." in each for each in outputs) == 1
    assert unsent(line) == (0, 300)


def test_two_first_runs_at_once_make_one_secret(line):
    """Whoever comes second takes the secret of the first: nobody's key is made with another one."""
    lock = FileLock(line.path("gmc.sent.json.lock"))
    assert lock.acquire(5)
    runs = [process(*SEND, "--out", f"out{each}", cwd=line.folder) for each in range(2)]
    time.sleep(3)
    lock.close()
    for each in runs:
        each.communicate(timeout=120)
    assert [each.returncode for each in runs] == [0, 0]
    assert unsent(line) == (0, 20)


# It sends from another folder first: whoever it becomes may not be able to read the modules that are still to be loaded.
DROP = """
import os, shutil, sys
from conferencekit.cli import main
here = os.getcwd()
shutil.copytree(here, sys.argv[1])
os.chdir(sys.argv[1])
assert main(sys.argv[2:]) == 0
os.chdir(here)
os.setgid(65534); os.setuid(65534)
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root can become somebody else")
def test_a_folder_that_nobody_may_write_to_is_named(line, tmp_path):
    """The state cannot be kept, so nothing is sent."""
    line.folder.chmod(0o555)
    for each in [line.folder, *line.folder.parents][:4]:
        each.chmod(each.stat().st_mode | 0o055)
    if not all(each.stat().st_mode & 0o001 for each in line.folder.parents):
        pytest.skip("nobody else may come to the folder for temporary files")
    command = [sys.executable, "-c", DROP, str(tmp_path.parent / "tried"), *SEND, "--out", "out"]
    done = subprocess.run(command, cwd=line.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done
    assert "Permission denied. Ask for the right to use it" in done.stderr
    assert "Traceback" not in done.stderr
    assert line.names() == {"gmc.toml", "people.csv"}


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such pipes")
def test_a_pipe_in_the_folder_holds_up_nobody(line):
    """It would be waited for until somebody reads it, whatever signal comes. The next run writes all messages."""
    line.path("invites").mkdir()
    pipe = line.path("invites") / "p3@example.org.opening.0.ics"
    os.mkfifo(pipe)
    done = line.run("calendar send gmc.toml --people people.csv --out invites")
    assert done.code == 1, done
    assert f"{pipe.name}: No such device" in done.err
    assert line.run("calendar send gmc.toml --people people.csv --out invites").code == 0
    assert len(list(line.path("invites").glob("*.ics"))) == len(list(line.path("invites").glob("*.eml"))) > 1


def test_a_server_that_is_away_is_not_tried_for_everybody(line):
    """After three that could not leave for the same reason the rest is left for the next run."""
    with SmtpServer() as server:
        away = server.url()
    done = line.run(" ".join([*SEND, "--smtp", away]))
    assert done.code == 1
    assert done.err.count("cannot be reached") == 3
    assert "17 more are left for later. Run the same command again then." in done.err
    assert "Sent 0 messages, deferred 20, rejected 0." in done.out
    assert unsent(line) == (20, 0)


def test_a_server_that_wants_everybody_to_come_again_is_asked_for_everybody(line):
    """It may answer so to whoever it does not know yet, and remembers who asked."""
    with SmtpServer() as server:
        server.will("RCPT", *["450 come again in five minutes"] * 20)
        done = line.run(" ".join([*SEND, "--smtp", server.url()]))
        assert "Sent 0 messages, deferred 20, rejected 0." in done.out
        assert done.err.count("come again") == 20
        assert line.run(" ".join([*SEND, "--smtp", server.url()])).code == 0
    assert unsent(line) == (0, 20)


def test_a_server_that_goes_away_in_the_middle_is_not_tried_for_everybody(line):
    """The message at which it broke off has a reason of its own; the three after it are enough."""
    with SmtpServer() as server:
        server.will("DATA", HANG_UP)
        server.will("MAIL", "250 go on", *[HANG_UP] * 40)
        done = line.run(" ".join([*SEND, "--smtp", server.url()]))
    assert "may have taken it" in done.err
    assert "16 more are left for later" in done.err
    assert "Sent 0 messages, deferred 20, rejected 0." in done.out


def test_of_a_server_that_is_away_for_the_last_nothing_more_is_said(line):
    """Nobody is left for later."""
    people(line, 3)
    with SmtpServer() as server:
        away = server.url()
    assert "left for later" not in line.run(" ".join([*SEND, "--smtp", away])).err


def test_what_a_server_refuses_of_one_person_is_said_once(line):
    """With the number of messages; those for which there is no room are counted."""
    line.add_sessions(NEXT_DAY)
    people(line, 22)
    with SmtpServer() as server:
        server.will("RCPT", *["550 no such user"] * 44)
        done = line.run(" ".join([*SEND, "--smtp", server.url()]))
    assert "p0@example.org (2 messages): rejected: 550 no such user" in done.err
    assert done.err.count("no such user") == 20
    assert "4 messages more did not leave." in done.err
    assert "Sent 0 messages, deferred 0, rejected 44." in done.out


def test_a_document_that_is_not_there_leaves_no_trace(line):
    """Nor does one with an error."""
    before = line.names()
    one_message(
        line.run("calendar send gone.toml --people people.csv --out out"), "gone.toml", "no such file"
    )
    line.edit(("Asia/Shanghai", "Asia/Shanghay"))
    one_message(line.run(" ".join([*SEND, "--out", "out"])), "Asia/Shanghai")
    assert line.names() == before


def test_a_people_file_of_another_conference_invites_nobody(line):
    """Its sessions are not known here."""
    line.write("people.csv", "email,sessions\na@example.org,keynote\n")
    one_message(line.run(" ".join([*SEND, "--out", "out"])), "keynote", "opening")
    assert not line.path("out").exists()


def test_a_state_that_was_put_beside_another_document_is_refused(line):
    """It stays as it is, and the message says which file is wrong."""
    line.run(" ".join([*SEND, "--out", "out"]))
    text = line.path("gmc.toml").read_text(encoding="utf-8")
    line.write("other.toml", text.replace('id = "gmc"', 'id = "other"'))
    state = line.path("gmc.sent.json").read_bytes()
    line.write("other.sent.json", state)
    line.write("other.secret", line.path("gmc.secret").read_bytes())
    one_message(
        line.run("calendar send other.toml --people people.csv --out theirs"),
        "other.sent.json",
        "another conference",
    )
    assert line.path("other.sent.json").read_bytes() == state
    assert not line.path("theirs").exists()


def test_ten_thousand_people_are_read_and_planned(line):
    """Within seconds, and the state stays small."""
    people(line, 10_000)
    began = time.process_time()
    assert line.run("calendar plan gmc.toml --people people.csv --json").json["new"] == 10_000
    assert time.process_time() - began < 20
