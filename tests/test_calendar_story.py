"""A whole story: 300 people in 60 zones are invited, things change, replies come back; every calendar shows what is so."""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import pytz
from tests.calendar_client import Client, own_table
from tests.cli_line import Line, new_line

from conferencekit import load_conference
from conferencekit.calendar import event_uid, validate

line = pytest.fixture(new_line)

DOCUMENT = """\
[conference]
id = "story"
title = "A Story"
timezone = "Asia/Shanghai"
contact = "office@example.org"

[calendar]
organizer = "replies+{token}@example.org"
invite = "each session"
alarm = "15 minutes"

[[sessions]]
id = "opening"
title = "Opening"
starts = 2036-10-20T20:00:00
ends = 2036-10-20T22:30:00
join = "https://example.org/live"

[[sessions]]
id = "night"
title = "In the hour that comes twice"
timezone = "Europe/Berlin"
starts = { at = 2036-10-26T02:30:00, fold = 1 }
ends = 2036-10-26T04:00:00

[[sessions]]
id = "west"
title = "Where the clocks will change"
timezone = "America/Vancouver"
starts = 2036-11-20T09:00:00
ends = 2036-11-20T10:00:00

[[sessions]]
id = "seminar"
title = "Seminar"
timezone = "Europe/Berlin"
starts = 2036-10-08T18:00:00
ends = 2036-10-08T19:30:00
repeat = { every = "week", count = 6 }
exceptions = [{ date = 2036-10-15, status = "cancelled" }, { date = 2036-10-29, starts = 2036-10-30T18:30:00 }]

[[sessions]]
id = "closing"
title = "Closing"
starts = 2036-10-21T20:00:00
ends = 2036-10-21T21:00:00
"""
SESSIONS = ("", "opening closing", "west seminar", "night", "opening west", "seminar closing night")
PEOPLE = 300
ZONES = [each for each in pytz.common_timezones if "/" in each][::7][:60]
CHANGED = "America/Vancouver"
MOVED = (("2036-10-20T20:00:00", "2036-10-20T21:00:00"), ("2036-10-20T22:30:00", "2036-10-20T23:30:00"))


def older_table(wall: datetime, zone: str) -> datetime:
    """The table of a client that has not heard of a country's new clocks."""
    return own_table(wall, zone) - (timedelta(hours=1) if zone == CHANGED else timedelta(0))


def address(number: int) -> str:
    return f"p{number}@example.org"


def write_people(line: Line, uninvited: int | None = None) -> None:
    rows = [
        f'{address(number)},"Person {number}, {ZONES[number % 60]}",{SESSIONS[number % len(SESSIONS)]},'
        f"{'cancelled' if number == uninvited else 'confirmed'}"
        for number in range(PEOPLE)
    ]
    line.write("people.csv", "\n".join(["email,name,sessions,state", *rows, ""]))


def send(line: Line, folder: str) -> dict:
    done = line.run("calendar send gmc.toml --people people.csv --json --out", folder)
    assert done.code == 0, done
    return done.json


def deliver(line: Line, clients: list[Client], *folders: str, chance: random.Random) -> None:
    """Every message of these folders, in any order, and some of them twice."""
    files = [each for folder in folders for each in line.path(folder).glob("*.ics")]
    files += chance.sample(files, len(files) // 5)
    chance.shuffle(files)
    by_address = {each.address: each for each in clients}
    for each in files:
        octets = each.read_bytes()
        assert validate(octets, "CANCEL" if b"METHOD:CANCEL" in octets else "REQUEST") == ()
        by_address["@".join((each.name.split("@")[0], "example.org"))].receive(octets)


def programme(path: Path, number: int) -> set[tuple[str, datetime, datetime]]:
    """What somebody's calendar has to show, by the document."""
    conference = load_conference(path)
    mine = SESSIONS[number % len(SESSIONS)].split()
    return {
        (event_uid(conference.uid, session.id), date.starts.instant, date.ends.instant)
        for session in conference.sessions
        if session.status != "cancelled" and (not mine or session.id in mine)
        for date in session.dates
        if date.other is None or date.other.status != "cancelled"
    }


def with_older_data(state: Path) -> None:
    """Let everybody have been told by zone data in which the clocks of a country stood otherwise."""
    data = json.loads(state.read_text(encoding="utf-8"))
    for event in data["events"].values():
        for moment in (event["starts"], event["ends"]):
            if moment["zone"] == CHANGED:
                instant = datetime.fromisoformat(moment["instant"]) - timedelta(hours=1)
                moment |= {"instant": f"{instant:%Y-%m-%dT%H:%M:%SZ}", "tzdata": "2020a"}
    state.write_text(json.dumps(data), encoding="utf-8")


@pytest.mark.parametrize(
    "table", [None, older_table], ids=["zones of the files", "an older table of its own"]
)
def test_every_calendar_shows_the_programme_as_it_is(line, table):
    """Invited, moved, cancelled, uninvited, and told of new clocks, in any order of arrival."""
    chance = random.Random(2036)
    line.write("gmc.toml", DOCUMENT)
    write_people(line)
    clients = [Client(address(number), table) for number in range(PEOPLE)]
    first = send(line, "first")
    assert first["new"] == sum(len(each.split()) or 5 for each in SESSIONS) * PEOPLE // len(SESSIONS)
    deliver(line, clients, "first", chance=chance)

    line.edit(*MOVED, ('title = "Closing"', 'title = "Closing"\nstatus = "cancelled"'))
    write_people(line, uninvited=7)
    with_older_data(line.path("gmc.sent.json"))
    second = send(line, "second")
    assert second["moved"] == 3 * PEOPLE // 6 - 1 + 3 * PEOPLE // 6
    assert second["cancelled"] == 3 * PEOPLE // 6 - 1
    assert second["uninvited"] + second["cancelled"] > second["cancelled"]
    deliver(line, clients, "second", "first", chance=chance)
    for number, client in enumerate(clients):
        expected = set() if number == 7 else programme(line.path("gmc.toml"), number)
        assert client.programme() == expected, client.address
    assert line.run("calendar plan gmc.toml --people people.csv --json").json["unchanged"] > 0
    assert send(line, "third")["sent"] == 0
