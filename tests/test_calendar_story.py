"""A whole story: 300 people in 60 zones are invited, things change, replies come back; every calendar shows what is so."""

from __future__ import annotations

import copy
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytz
from tests.calendar_client import Client, Held, own_table
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


@pytest.mark.slow
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


# -- replies


class Postbox:
    """Replies on their way to the organiser, and what they have to amount to."""

    def __init__(self, line: Line, chance: random.Random) -> None:
        self.folder = line.path("inbox")
        self.folder.mkdir()
        self.chance = chance
        self.given: dict[tuple[str, str], tuple[int, datetime, str]] = {}
        self.mails: list[bytes] = []

    def answer(self, client: Client, uid: str, at: datetime) -> None:
        """A person answers what their calendar shows now."""
        held = client.events[uid]
        answer = self.chance.choice(["ACCEPTED", "DECLINED", "TENTATIVE"])
        self.mails.append(mail(client.address, held, client.reply(uid, answer, at)))
        known = self.given.get((client.address, uid))
        if known is None or (held.sequence, at) > known[:2]:
            self.given[client.address, uid] = (held.sequence, at, answer)

    def arrive(self) -> int:
        """Everything at once: out of order, and a third of it twice."""
        mails = self.mails + self.chance.sample(self.mails, len(self.mails) // 3)
        self.chance.shuffle(mails)
        for number, each in enumerate(mails):
            (self.folder / f"{number:05}.eml").write_bytes(each)
        return len(mails)


def mail(sender: str, held: Held, calendar: bytes) -> bytes:
    """As a mail program sends it: to the ORGANIZER."""
    to = held.organizer.removeprefix("mailto:")
    head = f"From: {sender}\r\nTo: {to}\r\nSubject: Answer\r\nMIME-Version: 1.0\r\n"
    return f"{head}Content-Type: text/calendar; method=REPLY; charset=UTF-8\r\n\r\n".encode() + calendar


def attendance(line: Line) -> dict[tuple[str, str], tuple[str, str | None]]:
    """By person and session: what they answer at present, and what they answered to an earlier version."""
    done = line.run("calendar attendance gmc.toml --people people.csv --json")
    assert done.code == 0, done
    return {(each["person"], each["event"]): (each["answer"], each["earlier"]) for each in done.json}


@pytest.mark.slow
def test_every_answer_is_the_attendance(line):
    """Before and after a move, out of order, twice, for somebody else, and from strangers."""
    chance = random.Random(2020)
    line.write("gmc.toml", DOCUMENT)
    write_people(line)
    clients = [Client(address(number)) for number in range(PEOPLE)]
    send(line, "first")
    deliver(line, clients, "first", chance=chance)
    post = Postbox(line, chance)
    start = datetime(2026, 9, 1, tzinfo=UTC)
    for minute, client in enumerate(clients):
        for uid in chance.sample(sorted(client.events), 1 + len(client.events) // 2):
            post.answer(client, uid, start + timedelta(minutes=minute))
            if chance.random() < 0.3:
                post.answer(client, uid, start + timedelta(minutes=minute, hours=9))
    line.edit(*MOVED, ('title = "Closing"', 'title = "Closing"\nstatus = "cancelled"'))
    write_people(line, uninvited=7)
    send(line, "second")
    deliver(line, clients, "second", chance=chance)
    for minute, client in enumerate(clients):
        for uid in sorted(client.events):
            if (
                client.events[uid].sequence == 1
                and not client.events[uid].is_cancelled
                and chance.random() < 0.5
            ):
                post.answer(client, uid, start + timedelta(days=1, minutes=minute))
    ids = {
        event_uid(load_conference(line.path("gmc.toml")).uid, each): each
        for each in ("opening", "closing", "west")
    }
    (opening,) = [uid for uid, each in ids.items() if each == "opening"]
    for victim, villain in ((0, 2), (4, 6)):
        forger = Client(clients[victim].address, events=copy.deepcopy(clients[victim].events))
        for_another = forger.reply(opening, "DECLINED", start + timedelta(days=9))
        own_way = next(iter(clients[villain].events.values()))
        post.mails.append(mail(clients[villain].address, own_way, for_another))
    stranger = Client("eve@example.com", events=copy.deepcopy(clients[0].events))
    unknown = stranger.reply(opening, "DECLINED", start + timedelta(days=9))
    post.mails.append(
        mail(stranger.address, clients[0].events[opening], unknown).replace(b"replies+", b"office+")
    )
    arrived = post.arrive()
    done = line.run("calendar replies gmc.toml inbox --people people.csv --apply --json")
    assert done.code == 0, done
    assert arrived > 500
    check(line, clients, post)
    again = line.run("calendar replies gmc.toml inbox --people people.csv --apply --json").json
    assert again["changes"] == []
    check(line, clients, post)


def check(line: Line, clients: list[Client], post: Postbox) -> None:
    """Each PARTSTAT in the calendars is the attendance, unless the person was told something new since."""
    conference = load_conference(line.path("gmc.toml"))
    found = attendance(line)
    for client in clients:
        for session in conference.sessions:
            uid = event_uid(conference.uid, session.id)
            if uid not in client.events:
                continue
            held, given = client.events[uid], post.given.get((client.address, uid))
            now, earlier = found.get((client.address, session.id), ("NEEDS-ACTION", None))
            if held.is_cancelled:
                assert (client.address, session.id) not in found
            elif given is None:
                assert (now, earlier) == ("NEEDS-ACTION", None)
            elif given[0] == held.sequence:
                assert now == given[2] == held.answer, (client.address, session.id)
            else:
                assert (now, earlier) == ("NEEDS-ACTION", given[2]), (client.address, session.id)
