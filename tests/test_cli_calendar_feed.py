"""`calendar feed`: from the document alone, and from what was told where there is a store."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest
from tests.cli_line import new_line, one_message, process

from conferencekit.calendar import event_uid, validate
from conferencekit.calendar.reading import Component, read
from conferencekit.calendar.validate_tables import FEED
from conferencekit.cli import calendar_feed

line = pytest.fixture(new_line)

ADA = "Ada,ada@example.org,GB,1"
SECOND = """
[[sessions]]
id = "panel"
title = "Panel"
track = "Policy"
room = "Room 2"
join = "https://example.org/live"
starts = 2036-05-21T09:00:00
ends = 2036-05-21T10:30:00
"""


def calendar_in(data: bytes) -> Component:
    """The calendar, found valid."""
    assert validate(data, FEED) == ()
    return read(data).components[0]


def events_in(data: bytes) -> dict[str, Component]:
    """Its events by title."""
    return {each.value("SUMMARY"): each for each in calendar_in(data).components if each.name == "VEVENT"}


@pytest.fixture
def two(line):
    """A document of two days."""
    line.add_sessions(SECOND)
    return line


def test_a_feed_is_written_from_the_document_alone(two):
    """No store is made; the link to take part is not in it."""
    done = two.run("calendar feed gmc.toml --out gmc.ics --url https://gmc.example.org/gmc.ics --color teal")
    assert (done.code, done.err) == (0, "")
    assert done.out == "Wrote gmc.ics: Testing Days, 3 events.\n"
    data = two.path("gmc.ics").read_bytes()
    assert set(events_in(data)) == {"Testing Days", "Opening", "Panel"}
    assert b"example.org/live" not in data
    assert calendar_in(data).value("SOURCE") == "https://gmc.example.org/gmc.ics"
    assert calendar_in(data).value("COLOR") == "teal"
    assert two.names() == {"gmc.toml", "gmc.ics"}


def test_the_same_document_gives_the_same_bytes(two):
    """Stamped with when it was saved last, not with when the command ran."""
    os.utime(two.path("gmc.toml"), (1_700_000_000, 1_700_000_000))
    first = two.run("calendar feed gmc.toml --out a.ics")
    assert first.code == 0
    two.run("calendar feed gmc.toml --out b.ics")
    assert two.path("a.ics").read_bytes() == two.path("b.ics").read_bytes()
    assert events_in(two.path("a.ics").read_bytes())["Panel"].value("DTSTAMP") == "20231114T221320Z"


def test_a_file_that_is_up_to_date_is_left_alone(two):
    """Web servers make their tags of when it was written: nobody fetches it again because cron ran."""
    assert two.run("calendar feed gmc.toml --out gmc.ics --json").json["changed"]
    os.utime(two.path("gmc.ics"), (1_800_000_000, 1_800_000_000))
    done = two.run("calendar feed gmc.toml --out gmc.ics")
    assert (done.code, done.out) == (0, "gmc.ics is up to date: Testing Days, 3 events.\n")
    assert not two.run("calendar feed gmc.toml --out gmc.ics --json").json["changed"]
    assert two.path("gmc.ics").stat().st_mtime == 1_800_000_000
    two.edit(('title = "Panel"', 'title = "Talk"'))
    assert two.run("calendar feed gmc.toml --out gmc.ics").out.startswith("Wrote gmc.ics: ")
    assert "Talk" in events_in(two.path("gmc.ics").read_bytes())


def test_nothing_that_breaks_a_rule_is_written(two, monkeypatch):
    """Should what writes and what judges ever disagree."""
    monkeypatch.setattr(
        calendar_feed, "feed_to_ical", lambda *_, **__: b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
    )
    one_message(two.run("calendar feed gmc.toml --out gmc.ics"), "0 PRODID")
    assert two.names() == {"gmc.toml"}


def test_a_feed_of_some_of_it(two):
    """A track, a room, or the deadlines."""
    for words, titles in (
        (("--track", "Policy"), {"Panel"}),
        (("--room", "Room 2"), {"Panel"}),
        (("--deadlines",), {"Registration closes (Testing Days)", "Call for input closes (Testing Days)"}),
    ):
        assert two.run("calendar feed gmc.toml --out gmc.ics", *words).code == 0
        assert set(events_in(two.path("gmc.ics").read_bytes())) == titles


def test_it_is_printed_where_no_file_is_named(two):
    """Byte for byte, for a pipe."""
    done = process("calendar", "feed", two.path("gmc.toml"))
    out, err = done.communicate()
    assert (done.returncode, err) == (0, b"")
    assert set(events_in(out)) == {"Testing Days", "Opening", "Panel"}


def test_the_result_as_json(two):
    """What was written, and the feed itself where no file was named."""
    found = two.run("calendar feed gmc.toml --json --deadlines --locale fr --out gmc.ics").json
    stamp = datetime.fromtimestamp(int(two.path("gmc.toml").stat().st_mtime), UTC)
    assert found == {
        "kind": "deadlines",
        "about": "",
        "name": "Testing Days: Dates limites",
        "events": 2,
        "modified": f"{stamp:%Y-%m-%dT%H:%M:%SZ}",
        "file": "gmc.ics",
        "changed": True,
    }
    printed = two.run("calendar feed gmc.toml --json").json
    assert set(events_in(printed["feed"].encode())) == {"Testing Days", "Opening", "Panel"}


def test_a_language_that_the_document_does_not_have_is_said(two):
    """The feed is written all the same."""
    done = two.run("calendar feed gmc.toml --locale fr --out gmc.ics")
    assert done.code == 0
    assert "no texts in 'fr'" in done.err


def test_where_there_is_a_store_events_are_as_they_were_told(line):
    """With the SEQUENCE and the stamp that invites had, and the UID; a moved session rises."""
    line.people(ADA)
    assert line.run("import gmc.toml people.csv").code == 0
    line.run("calendar feed gmc.toml --out a.ics")
    before = events_in(line.path("a.ics").read_bytes())["Opening"]
    line.edit(("starts = 2036-05-20T09:00:00", "starts = 2036-05-20T08:00:00"))
    done = line.run("calendar feed gmc.toml --out b.ics")
    assert "sessions[0].starts" in done.err
    after = events_in(line.path("b.ics").read_bytes())["Opening"]
    uid = line.secretariat().conference.uid
    assert before.value("UID") == after.value("UID") == event_uid(uid, "opening")
    assert (before.value("SEQUENCE"), after.value("SEQUENCE")) == ("0", "1")
    assert (before.value("DTSTART"), after.value("DTSTART")) == ("20360520T090000", "20360520T080000")
    assert before.value("DTSTAMP") < after.value("DTSTAMP")


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("--track", "Polcy"), ("'Polcy'", "There are: 'Policy'")),
        (("--room", ""), ("There are: 'Room 2'",)),
        (("--color", "#ff0000"), ("#ff0000", "steelblue")),
        (("--url", "gmc.ics"), ("'gmc.ics'", "address")),
        (("--locale", "x y"), ("'x y'",)),
        (("--store", "nowhere.db"), ("nowhere.db", "no such file")),
        (("--out", "no/such/place.ics"), ("no/such/place.ics",)),
    ],
)
def test_what_cannot_be_done_is_said(two, words, parts):
    """With the value and the remedy; nothing is written."""
    one_message(two.run("calendar feed gmc.toml", *words), *parts)
    assert two.names() == {"gmc.toml"}


def test_a_feed_without_anything_in_it_says_so(line):
    """It is written all the same: a deadline may come."""
    text = line.path("gmc.toml").read_text(encoding="utf-8")
    start = text.index("[deadlines.")
    ends = [text.index(each, start) for each in ("[registration]", "[call]") if each in text[start:]]
    line.write("gmc.toml", text[:start] + (text[min(ends) :] if ends else ""))
    done = line.run("calendar feed gmc.toml --deadlines --out empty.ics")
    assert (done.code, done.err) == (0, "There is nothing in it: the document has no deadlines.\n")
    assert "0 events" in done.out


def test_two_kinds_at_once_are_wrong_usage(two):
    """And so is the group without a command."""
    assert two.run("calendar feed gmc.toml --deadlines --track Policy").code == 2
    assert two.run("calendar").code == 2


# -- without a store: what `calendar send` told

EVERYBODY = "email\nada@example.org\neve@example.org\n"


@pytest.fixture
def invited(two):
    """The document of two days, with sessions as events, of which two people were told."""
    two.edit(("[deadlines.registration]", '[calendar]\norganizer = "gmc@example.org"\ninvite = "each session"\n\n[deadlines.registration]'))  # fmt: skip
    two.write("people.csv", EVERYBODY)
    return two


def send(line, name: str, *words: str) -> dict[str, Component]:
    """The events that were sent to a folder, by title."""
    done = line.run("calendar send gmc.toml --people people.csv --out", name, *words)
    assert done.code == 0, done
    found = [read(each.read_bytes()).components[0] for each in sorted(line.path(name).rglob("*.ics"))]
    return {each.components[-1].value("SUMMARY"): each.components[-1] for each in found}


def feed(line) -> dict[str, Component]:
    """The events of the feed, without the bar over the days."""
    assert line.run("calendar feed gmc.toml --out gmc.ics").code == 0
    return {
        key: each
        for key, each in events_in(line.path("gmc.ics").read_bytes()).items()
        if not each.all("TRANSP")
    }


SAME = ("UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND")


def test_a_feed_has_what_was_sent_without_a_store(invited):
    """UID, SEQUENCE and stamp of the messages; no secret is needed to read them."""
    sent = send(invited, "first")
    invited.path("gmc.secret").unlink()
    shown = feed(invited)
    assert set(sent) == set(shown) == {"Opening", "Panel"}
    for title, event in shown.items():
        assert [event.value(name) for name in SAME] == [sent[title].value(name) for name in SAME]


def test_what_changed_and_was_not_sent_yet_has_the_next_sequence(invited):
    """Which the message will have."""
    send(invited, "first")
    invited.edit(("starts = 2036-05-21T09:00:00", "starts = 2036-05-21T08:00:00"))
    shown = feed(invited)
    assert (shown["Panel"].value("SEQUENCE"), shown["Opening"].value("SEQUENCE")) == ("1", "0")
    assert shown["Panel"].value("DTSTART") == "20360521T080000"
    sent = send(invited, "second")
    assert sent["Panel"].value("SEQUENCE") == "1"
    assert feed(invited)["Panel"].value("DTSTAMP") == sent["Panel"].value("DTSTAMP")


def test_a_session_that_was_called_off_is_cancelled_in_the_feed(invited):
    """Though the document has it still."""
    send(invited, "first")
    done = invited.run("calendar cancel gmc.toml panel --reason Ill --people people.csv --out off")
    assert done.code == 0, done
    assert feed(invited)["Panel"].value("STATUS") == "CANCELLED"
    assert feed(invited)["Opening"].value("STATUS") == "CONFIRMED"


def test_a_renamed_session_keeps_its_uid(invited):
    """That of the id under which it was told first."""
    sent = send(invited, "first")
    invited.edit(('id = "panel"', 'id = "debate"'))
    send(invited, "second", "--renamed", "panel=debate")
    assert feed(invited)["Panel"].value("UID") == sent["Panel"].value("UID")


def test_in_days_the_sequence_of_a_session_rises_with_what_was_told(invited):
    """A session has none of its own there."""
    invited.edit(('invite = "each session"', 'invite = "one a day"'))
    assert feed(invited)["Panel"].value("SEQUENCE") == "0"
    send(invited, "first")
    before = feed(invited)["Panel"]
    invited.edit(("starts = 2036-05-21T09:00:00", "starts = 2036-05-21T08:00:00"))
    send(invited, "second")
    after = feed(invited)["Panel"]
    assert int(before.value("SEQUENCE")) < int(after.value("SEQUENCE"))
    assert after.value("DTSTART") == "20360521T080000"


@pytest.mark.parametrize(
    ("content", "part"),
    [("{", "damaged"), ('{"schema": 99, "conference": ""}', "schema 99"), ('{"schema": 1, "conference": "x"}', "another conference")],
)  # fmt: skip
def test_a_state_that_cannot_be_read_is_named(invited, content, part):
    """No feed is made with other UIDs than those that were sent."""
    invited.write("gmc.sent.json", content)
    one_message(invited.run("calendar feed gmc.toml --out gmc.ics"), "gmc.sent.json", part)
