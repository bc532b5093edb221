"""The organiser's examples: each page is followed word by word, and every calendar then shows the programme as it is."""

from __future__ import annotations

import shlex
import shutil
import tomllib
from collections.abc import Iterable
from datetime import datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from icalendar import Calendar
from tests.calendar_client import Client, own_table
from tests.calendar_strict import check
from tests.docs_page import blocks
from tests.typed_pages import edit, follow, steps_of

from conferencekit import Conference, conference_from_data, load_conference
from conferencekit.calendar import event_uid, validate
from conferencekit.cli import parser
from conferencekit.cli.calendar_people import read_people

EXAMPLES = Path(__file__).parent.parent / "examples" / "organiser_invites"
NAMES = ("workshop", "hybrid", "weekly")


@pytest.fixture(scope="module", params=NAMES)
def walked(request, tmp_path_factory):
    """A copy of an example after its page was followed: its name, its folder, and the commands that were typed."""
    folder = tmp_path_factory.mktemp(request.param) / request.param
    shutil.copytree(EXAMPLES / request.param, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in ("CONFERENCEKIT_SITE", "CONFERENCEKIT_SECRET"):
            patch.delenv(name, raising=False)
        typed = list(walk(Path("README.md").read_text(encoding="utf-8"), Path(f"{request.param}.toml")))
    return request.param, folder, typed


def walk(page: str, document: Path) -> Iterable[str]:
    """Do all that a page says."""
    for kind, found in steps_of(page):
        if kind == "change":
            name, old, new = found
            edit(Path(name), old, new)
        elif kind == "below":
            above, block = found
            text = document.read_text(encoding="utf-8")
            (line,) = [each for each in text.splitlines() if each.startswith(above)]
            edit(document, f"{line}\n", f"{line}\n{block}")
        else:
            assert kind == "console"
            yield from follow(*found)


@pytest.mark.slow
def test_a_page_shows_what_an_organiser_does(walked):
    """Every command is on it."""
    _, _, typed = walked
    used = {" ".join(each.split()[1:3]) for each in typed if each.startswith("conferencekit calendar")}
    assert used >= {"calendar plan", "calendar send", "calendar cancel", "calendar attendance"}
    assert any("--renamed" in each for each in typed)
    assert any("--state-lost" in each for each in typed)


@pytest.mark.slow
def test_every_file_is_right_by_three_checkers(walked):
    """Ours, a strict one that shares no code with it, and icalendar; the mail carries the same object."""
    _, folder, _ = walked
    files = list(folder.glob("*/*.ics"))
    assert len(files) > 20
    for path in files:
        octets = path.read_bytes()
        method = str(Calendar.from_ical(octets)["METHOD"])
        assert validate(octets, method) == ()
        check(octets, method)
        mail = message_from_bytes(path.with_suffix(".eml").read_bytes(), policy=policy.default)
        carried = [
            each for each in mail.walk() if each.get_content_type() in ("text/calendar", "application/ics")
        ]
        assert [each.get_payload(decode=True) for each in carried] == [octets, octets]
        assert carried[0].get_param("method") == method


@pytest.mark.slow
def test_every_calendar_shows_the_programme_as_it_is(walked):
    """By the zones in the files and by a table of its own; and nothing once it is off."""
    name, folder, _ = walked
    conference = load_conference(folder / f"{name}.toml")
    last = [] if name == "hybrid" else sorted(folder.glob("off/*.ics"))
    before = [each for each in folder.glob("*/*.ics") if each not in last]
    for person in read_people(folder / "people.csv", conference, str):
        for table in (None, own_table):
            client = Client(person.mailbox.address, table)
            receive(client, before)
            concerning = person.concerning if person.is_invited else frozenset()
            assert client.programme() == programme(conference, concerning)
            receive(client, last)
            assert not last or client.programme() == set()


def receive(client: Client, files: Iterable[Path]) -> None:
    """The person's own messages, in the order in which they were written."""
    mine = [each for each in files if each.name.startswith(f"{client.address}.")]
    for each in sorted(mine, key=lambda path: path.stat().st_mtime_ns):
        client.receive(each.read_bytes())


def programme(
    conference: Conference, concerning: frozenset[str] | None
) -> set[tuple[str, datetime, datetime]]:
    """What takes place, and concerns somebody."""
    return {
        (event_uid(conference.uid, session.id), each.starts.instant, each.ends.instant)
        for session in conference.sessions
        if session.status != "cancelled" and (concerning is None or session.id in concerning)
        for each in session.dates
        if each.other is None or each.other.status != "cancelled"
    }


@pytest.mark.parametrize("page", ["how-to/send-invites.md", "explanation/calendar-clients.md"])
def test_commands_on_the_pages_can_be_typed(page):
    """With all their options."""
    commands = [line for block in blocks(page, "sh") for line in block.splitlines()]
    assert commands
    for each in commands:
        name, *words = shlex.split(each)
        assert name == "conferencekit"
        parser().parse_args(words)


def test_what_the_page_shows_is_a_document_and_its_people(tmp_path):
    """Both can be copied."""
    tables = blocks("how-to/send-invites.md", "toml")
    conference = conference_from_data(tomllib.loads("\n".join(tables)))
    assert [each.id for each in conference.sessions] == ["opening", "evening"]
    (tmp_path / "people.csv").write_text(blocks("how-to/send-invites.md", "text")[0], encoding="utf-8")
    people = read_people(tmp_path / "people.csv", conference, str)
    assert [each.is_invited for each in people] == [True, True, False]
    assert people[1].concerning == {"opening", "evening"}


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_fit_to_be_copied(name):
    """It says what it is about, its times lie ahead and on both sides of a change of clocks, and nobody is real."""
    conference = load_conference(EXAMPLES / name / f"{name}.toml")
    assert conference.calendar is not None
    assert all(2031 <= each.starts.wall.year <= 2036 for each in conference.sessions)
    people = read_people(EXAMPLES / name / "people.csv", conference, str)
    assert len(people) == 10
    assert all(each.mailbox.address.endswith("@example.org") for each in people)
    assert len({each.is_invited for each in people}) == 2
