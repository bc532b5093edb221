"""Feeds from what was told: public ones, and one for each person at an address that proves who asks."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from tests.docs_page import run_python
from tests.laws import examples
from tests.test_secretariat_calendars import PERSON, desk_for, event_of, register, reload, session

from conferencekit.adapters.memory import MemoryStore
from conferencekit.calendar import validate
from conferencekit.calendar.reading import Component, read
from conferencekit.calendar.serving import FeedAnswer, etag_of
from conferencekit.calendar.validate_tables import FEED
from conferencekit.conference import Conference
from conferencekit.errors import InvalidCalendar, MissingLink, NotFound
from conferencekit.programme.session import Session
from conferencekit.registration.registration import Registration
from conferencekit.secretariat.calendars import PURPOSE
from conferencekit.testing.secretariat import SITE, SecretariatForTests
from conferencekit.text import LocalizedText

MODEL = Path(__file__).parent.parent / "examples/global_mooc_2020/conference.toml"
JOIN = "https://conference.example.org/live"


def sessions_in(found: FeedAnswer | None) -> dict[str, Component]:
    """The sessions of a feed by title, found valid; without days and deadlines."""
    assert found is not None
    assert found.status == 200
    assert validate(found.body, FEED) == ()
    events = [each for each in read(found.body).components[0].components if each.name == "VEVENT"]
    return {each.value("SUMMARY"): each for each in events if not each.all("TRANSP")}


def person(desk: SecretariatForTests, name: str = "ada") -> Registration:
    """Who registered under this name."""
    return next(each for each in desk.registrations.find() if each.address.startswith(name))


def token(desk: SecretariatForTests, name: str = "ada") -> str:
    """The token in the address of somebody's feed."""
    url = desk.calendar.person_url(person(desk, name).id)
    assert url.startswith(f"{SITE}/calendar/")
    assert url.endswith(".ics")
    return url.removeprefix(f"{SITE}/calendar/").removesuffix(".ics")


@pytest.fixture
def desk():
    """Two sessions, and Ada."""
    made = desk_for(
        session("opening", 20, 9, track="Teaching", room="Hall", join=JOIN),
        session("panel", 20, 14, room="Room 2"),
        invite="each session",
    )
    with made:
        register(made, "ada")
        yield made


# -- public feeds


def test_a_feed_has_what_invites_have(desk):
    """UID, SEQUENCE, DTSTAMP and times, before and after a change."""
    invited = {found.value("SUMMARY"): found for found in map(event_of, desk.mails_to("ada"))}
    before = sessions_in(desk.calendar.feed())
    (mail,) = reload(desk, desk.conference.sessions[0], session("panel", 20, 16, room="Room 2"))
    moved = event_of(mail)
    after = sessions_in(desk.calendar.feed())
    assert moved.value("SEQUENCE") == "1"
    for name in ("UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND"):
        assert before["Opening"].value(name) == invited["Opening"].value(name) == after["Opening"].value(name)
        assert before["Panel"].value(name) == invited["Panel"].value(name)
        assert after["Panel"].value(name) == moved.value(name)


def test_each_kind_of_feed(desk):
    """Of the conference, a track, a room and the deadlines, without the link to take part."""
    calendar = desk.calendar
    assert set(sessions_in(calendar.feed())) == {"Opening", "Panel"}
    assert set(sessions_in(calendar.feed("track", "Teaching"))) == {"Opening"}
    assert set(sessions_in(calendar.feed("room", "Room 2"))) == {"Panel"}
    assert sessions_in(calendar.feed("deadlines")) == {}
    assert calendar.names("track") == ("Teaching",)
    assert calendar.names("room") == ("Hall", "Room 2")
    for kind, about in (("conference", ""), ("track", "Teaching"), ("room", "Hall"), ("deadlines", "")):
        found = calendar.feed(kind, about)
        assert JOIN.encode() not in found.body
        assert found.headers["Cache-Control"] == "no-cache"
    assert (
        'filename="testing-track-teaching.ics"'
        in calendar.feed("track", "Teaching").headers["Content-Disposition"]
    )


@pytest.mark.parametrize(
    ("kind", "about"),
    [
        ("track", "Tech"),
        ("room", ""),
        ("person", "r-1"),
        ("everything", ""),
        ("", ""),
        ("track", "\ud800\r\n" * 1000),
    ],
)
def test_what_there_is_not_is_not_found(desk, kind, about):
    """Whatever stands in an address."""
    assert desk.calendar.feed(kind, about) is None


@pytest.mark.parametrize("locale", ["fr", "fr-CA", "de", "", "\ud800", "x" * 10_000, None])
def test_a_language_that_is_not_spoken_gets_the_first(desk, locale):
    """Whatever stands in an address."""
    found = desk.calendar.feed("deadlines", locale=locale)
    french = "Clôture des inscriptions".encode() in found.body
    assert french == (locale in ("fr", "fr-CA"))


def test_whoever_has_it_is_told_so(desk):
    """By tag and by time; and hears of a change."""
    first = desk.calendar.feed()
    tag, since = first.headers["ETag"], first.headers["Last-Modified"]
    assert desk.calendar.feed(if_none_match=tag).status == 304
    assert desk.calendar.feed(if_modified_since=since).status == 304
    desk.clock.move(timedelta(days=3))
    assert desk.calendar.feed(if_none_match=tag).status == 304
    desk.reload(evolve(desk.conference, theme=desk.conference.title))
    assert desk.calendar.feed(if_none_match=tag).status == 200
    assert desk.calendar.feed(if_modified_since=since).status == 200


class Counting(MemoryStore):
    """A store that counts the records that are read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []

    def get(self, conference, kind, ids):
        self.read += [f"{kind} {each}" for each in ids]
        return super().get(conference, kind, ids)


def test_an_unchanged_feed_reads_one_record():
    """However many sessions there are: that of the document in force, which is another one whenever anything changed."""
    store = Counting()
    sessions = [session(f"s{number}", 20, 9 + number % 8) for number in range(20)]
    conference = desk_for(*sessions, invite="each session").conference
    with SecretariatForTests(conference, store=store) as desk:
        tag = desk.calendar.feed().headers["ETag"]
        store.read.clear()
        assert desk.calendar.feed(if_none_match=tag).status == 304
        assert store.read == ["conference current"]
        reload(desk, *(later(each, 1) for each in sessions))
        assert desk.calendar.feed(if_none_match=tag).status == 200


def test_what_a_host_says_of_a_feed_is_in_it(desk):
    """Its address and colour; those that are none raise, since no reader chose them."""
    found = desk.calendar.feed(source=f"{SITE}/all.ics", colour="teal")
    assert f"SOURCE;VALUE=URI:{SITE}/all.ics".encode() in found.body
    assert b"COLOR:teal" in found.body
    with pytest.raises(InvalidCalendar):
        desk.calendar.feed(colour="#00ff00")


def test_another_process_has_the_same_feed(tmp_path):
    """Byte for byte; and the newest programme, though it holds an older document."""
    store = f"sqlite:///{tmp_path / 'gmc.db'}"
    sessions = (session("opening", 20, 9), session("panel", 20, 14))
    conference = evolve(desk_for(*sessions).conference, sessions=sessions)
    with (
        SecretariatForTests(conference, store=store) as one,
        SecretariatForTests(conference, store=store) as two,
    ):
        assert one.calendar.feed().body == two.calendar.feed().body
        one.clock.move(timedelta(days=1))
        one.reload(evolve(conference, sessions=(sessions[0], session("panel", 20, 17))))
        assert sessions_in(two.calendar.feed())["Panel"].value("DTSTART") == "20270520T170000"
        assert one.calendar.feed().body == two.calendar.feed().body
        assert two.calendar.feed().body == two.calendar.feed().body


def test_an_organisers_feed_is_the_same(desk):
    """Whoever acts shares what was kept."""
    assert desk.acting("Eve").calendar.feed().body is desk.calendar.feed().body


# -- by day


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(20, 22), st.integers(8, 18), st.booleans()), max_size=5))  # fmt: skip
@examples(25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_in_days_no_sequence_falls_and_every_move_is_newer(changes):
    """Whatever moves, also to a day that changed less often: clients keep the newest by SEQUENCE, then DTSTAMP."""
    held = {name: session(name, 20, 9 + number) for number, name in enumerate("abc")}
    with desk_for(*held.values(), invite="one a day") as desk:
        before = versions(desk)
        for name, day, hour, off in changes:
            held[name] = session(name, day, hour, status="cancelled" if off else "confirmed")
            desk.clock.move(timedelta(hours=1))
            desk.reload(evolve(desk.conference, sessions=tuple(held.values())))
            after = versions(desk)
            for each, (version, said) in after.items():
                assert version >= before[each][0]
                assert said == before[each][1] or version > before[each][0]
            before = after


def test_no_sequence_falls_when_sessions_become_events_of_their_own():
    """Nor when they are parts of a day again, and alone once more."""
    with desk_for(session("a", 20, 9), session("b", 20, 11), invite="one a day") as desk:
        found = [versions(desk)]
        for position, rule in enumerate(
            ["one a day", "each session", "one a day", "one a day", "each session"]
        ):
            plan = evolve(desk.conference.calendar, invite=rule)
            held = (session("a", 20, 9 + position), session("b", 20, 11))
            desk.clock.move(timedelta(hours=1))
            desk.reload(evolve(desk.conference, calendar=plan, sessions=held))
            found.append(versions(desk))
    for before, after in pairwise(found):
        assert after["A"][0] > before["A"][0] or after["A"][1] == before["A"][1]
        assert int(after["B"][0][0]) >= int(before["B"][0][0])


def versions(desk: SecretariatForTests) -> dict[str, tuple[tuple[int, str], tuple[str, ...]]]:
    """Of each session, what makes it newer than another version, and what it says."""
    return {
        name: (
            (int(each.value("SEQUENCE")), each.value("DTSTAMP")),
            tuple(each.value(fact) for fact in ("DTSTART", "DTEND", "STATUS", "LOCATION")),
        )
        for name, each in sessions_in(desk.calendar.feed()).items()
    }


# -- a person's feed


def test_a_session_is_a_file_of_its_own(desk):
    """As feeds have it, for everybody: no link to take part, nobody's name; not sent again to whoever has it."""
    found = desk.calendar.session_file("opening", locale="de")
    assert found.headers["Content-Disposition"] == 'attachment; filename="testing-session-opening.ics"'
    assert found.headers["Cache-Control"] == "no-cache"
    (event,) = sessions_in(found).values()
    in_feed = sessions_in(desk.calendar.feed())["Opening"]
    for name in ("UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "ORGANIZER", "STATUS"):
        assert event.value(name) == in_feed.value(name)
    assert not event.all("ATTENDEE")
    assert JOIN.encode() not in found.body
    assert desk.calendar.session_file("opening", if_none_match=found.headers["ETag"]).status == 304
    reload(
        desk,
        session("opening", 20, 10, track="Teaching", room="Hall", join=JOIN),
        desk.conference.sessions[1],
    )
    assert desk.calendar.session_file("opening", if_none_match=found.headers["ETag"]).status == 200


def test_a_session_with_other_words_is_sent_again(desk):
    """Nobody is told of a title, and the event has the stamp that it had."""
    since = desk.calendar.session_file("opening").headers["Last-Modified"]
    desk.clock.move(timedelta(hours=1))
    assert desk.calendar.session_file("opening", if_modified_since=since).status == 304
    first, second = desk.conference.sessions
    assert reload(desk, evolve(first, title=LocalizedText.of("Welcome")), second) == []
    assert desk.calendar.session_file("opening", if_modified_since=since).status == 200


@pytest.mark.parametrize("wrong", ["", "Opening", "../opening", "\ud800\r\n" * 1000])
def test_a_session_that_there_is_not_is_not_found(desk, wrong):
    """Whatever stands in an address."""
    assert desk.calendar.session_file(wrong) is None


def test_a_persons_feed_has_the_link_to_take_part(desk):
    """At an address that is theirs; no shared cache keeps it."""
    found = desk.calendar.person_feed(token(desk))
    events = sessions_in(found)
    assert events["Opening"].value("CONFERENCE") == JOIN
    assert found.headers["Cache-Control"] == "private, no-cache"
    assert 'filename="testing-person.ics"' in found.headers["Content-Disposition"]
    again = desk.calendar.person_feed(f"{token(desk)}.ics", if_none_match=found.headers["ETag"])
    assert again.status == 304
    assert person(desk).address.encode() not in found.body


def test_each_person_has_an_address_of_their_own(desk):
    """With at least 128 bits that nobody guesses, and a UID for the calendar that says nothing of them."""
    register(desk, "eve")
    mine, theirs = token(desk), token(desk, "eve")
    assert mine != theirs
    assert len(mine.rpartition(".")[2]) * 6 >= 128
    feeds = [desk.calendar.person_feed(each).body for each in (mine, theirs)]
    assert len({read(each).components[0].value("UID") for each in feeds}) == 2
    forged = f"{theirs.rpartition('.')[0]}.{mine.rpartition('.')[2]}"
    assert desk.calendar.person_feed(forged) is None


@pytest.mark.parametrize("wrong", ["", ".", "r-1.x", "\ud800", "x" * 100_000, "../../gmc.db", ".ics"])
def test_a_wrong_address_is_not_found(desk, wrong):
    """Whatever it holds; nor does a link made for something else open a feed."""
    assert desk.calendar.person_feed(wrong) is None
    other = desk.shell.links.token("manage", person(desk).id)
    assert desk.calendar.person_feed(other) is None


def test_a_revoked_address_leads_nowhere_and_the_new_one_does(desk):
    """The organiser who did it is in the log; other links of the person stay good."""
    old, manage = token(desk), desk.shell.links.token("manage", person(desk).id)
    desk.acting("Eve").calendar.revoke_feed(person(desk).id)
    assert desk.calendar.person_feed(old) is None
    assert token(desk) != old
    assert set(sessions_in(desk.calendar.person_feed(token(desk)))) == {"Opening", "Panel"}
    assert desk.registrations.open(manage, "manage") is not None
    entry = list(desk.ledger.entries())[-1].body
    assert (entry["action"], entry["by"], entry["subject"]) == ("feed_revoked", "Eve", person(desk).id)
    desk.calendar.revoke_feed(person(desk).id)
    assert person(desk).generations[PURPOSE] == 2


def test_whoever_cancelled_has_a_feed_without_events(desk):
    """So that their calendar empties; it would go on showing what it has if it heard "not found"."""
    theirs = token(desk)
    desk.registrations.cancel(person(desk).id)
    found = desk.calendar.person_feed(theirs)
    assert sessions_in(found) == {}
    assert b"VEVENT" not in found.body
    assert JOIN.encode() not in found.body
    desk.register({**PERSON, "email": "ada@example.org"})
    desk.clock.move(timedelta(days=1))
    assert set(sessions_in(desk.calendar.person_feed(theirs))) == {"Opening", "Panel"}


def test_whoever_came_back_has_the_sequence_that_their_invites_have(desk):
    """Higher by what their cancellation took; everybody else's stays."""
    theirs = token(desk)
    desk.registrations.cancel(person(desk).id)
    desk.clock.move(timedelta(days=1))
    desk.register({**PERSON, "email": "ada@example.org"})
    register(desk, "eve")
    invited = {found.value("SUMMARY"): found for found in map(event_of, desk.mails_to("ada"))}
    mine = sessions_in(desk.calendar.person_feed(theirs))
    assert person(desk).sequence_offset > 0
    for name in ("Opening", "Panel"):
        assert mine[name].value("SEQUENCE") == invited[name].value("SEQUENCE") != "0"
        assert sessions_in(desk.calendar.person_feed(token(desk, "eve")))[name].value("SEQUENCE") == "0"


def test_nobody_waiting_sees_the_link_to_take_part():
    """A place on the waiting list is none."""
    made = desk_for(session("opening", 20, 9, join=JOIN))
    conference: Conference = evolve(
        made.conference, registration=evolve(made.conference.registration, quota=1)
    )
    with SecretariatForTests(conference) as desk:
        register(desk, "ada", "eve")
        assert person(desk, "eve").state == "waitlisted"
        assert JOIN.encode() not in desk.calendar.person_feed(token(desk, "eve")).body
        assert JOIN.encode() in desk.calendar.person_feed(token(desk)).body


def test_nobody_unknown_has_an_address(desk):
    """And a host that gave no address for feeds hears so when it asks, not before."""
    for act in (desk.calendar.person_url, desk.calendar.revoke_feed):
        with pytest.raises(NotFound, match="r-nobody"):
            act("r-nobody")
    site = {
        purpose: f"https://x.example.org/{purpose}/{{token}}"
        for purpose in ("verify", "contribute", "manage", "sign_in")
    }
    with SecretariatForTests(desk.conference, site=site) as other:
        register(other, "ada")
        assert other.calendar.feed().status == 200
        with pytest.raises(MissingLink, match="'feed'"):
            other.calendar.person_url(person(other).id)


def test_the_page_on_feeds_runs_as_it_stands(tmp_path, monkeypatch, capsys):
    """A host that copies it has feeds."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conference.toml").write_bytes(MODEL.read_bytes())
    names = run_python("how-to/publish-a-feed.md")
    names["secretariat"].close()
    assert "https://calendar.google.com/calendar/render?" in capsys.readouterr().out
    assert names["my_feed"]("r-1.x", {})[0] == 404


def test_many_may_ask_at_once_while_the_programme_changes(tmp_path):
    """Every answer is a whole feed of one moment: as it was before or after a change."""
    sessions = tuple(session(f"s{number}", 20 + number % 3, 9 + number % 8) for number in range(24))
    conference = evolve(desk_for(*sessions).conference, sessions=sessions)
    with SecretariatForTests(conference, store=f"sqlite:///{tmp_path / 'gmc.db'}") as desk:
        register(desk, "ada")
        mine, over = token(desk), threading.Event()

        def ask(number: int) -> set[frozenset[int]]:
            seen = set()
            while not over.is_set():
                found = desk.calendar.feed() if number % 2 else desk.calendar.person_feed(mine)
                hours = {int(each.value("DTSTART")[9:11]) for each in sessions_in(found).values()}
                assert found.headers["ETag"] == etag_of(found.body)
                seen.add(frozenset(hours))
            return seen

        with ThreadPoolExecutor(4) as pool:
            asking = [pool.submit(ask, number) for number in range(4)]
            for hours in (1, 2, 3):
                desk.clock.move(timedelta(hours=1))
                desk.reload(evolve(desk.conference, sessions=tuple(later(each, hours) for each in sessions)))
            over.set()
            seen = set().union(*(each.result() for each in asking))
        assert seen <= {frozenset(range(9 + hours, 17 + hours)) for hours in range(4)}


def later(found: Session, hours: int) -> Session:
    """The session so many hours later."""
    by = timedelta(hours=hours)
    return evolve(found, starts=found.starts.plus(by), ends=found.ends.plus(by))
