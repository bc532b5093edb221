"""Planning invites: whatever becomes of a programme, everybody's calendar shows it as it is, told once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from tests.calendar_client import Client
from tests.calendar_strict import check
from tests.laws import examples

from conferencekit.calendar.feed_events import known_sessions
from conferencekit.calendar.invite import event_uid
from conferencekit.calendar.planned import invite_rule
from conferencekit.calendar.planning import Invitee, InvitePlan, PlanOptions, plan_invites
from conferencekit.calendar.told import Told, facts_of, renamed
from conferencekit.conference import CalendarPlan, Conference
from conferencekit.mailbox import Mailbox
from conferencekit.moment import Moment
from conferencekit.programme.event import only_clocks_moved
from conferencekit.programme.series import Occurrence, Repeat
from conferencekit.programme.session import Session
from conferencekit.testing.secretariat import conference_for_tests
from conferencekit.text import LocalizedText

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
SENDER = Mailbox("Office", "office@example.org")
NINE = Moment.at(datetime(2027, 5, 20, 9), "Europe/Paris")
HOUR = timedelta(hours=1)


def session(name: str, starts: Moment = NINE, hours: float = 1, **more: object) -> Session:
    given = {"id": name, "title": LocalizedText.of(f"Session {name}"), "starts": starts}
    return Session(**{**given, "ends": starts.plus(hours * HOUR), **more})


def weekly(name: str, count: int = 4, **more: object) -> Session:
    return session(name, repeat=Repeat(every="week", count=count), **more)


def conference(*sessions: Session, rule: str = "each session", **more: object) -> Conference:
    plan = CalendarPlan(organizer="gmc@example.org", invite=rule)
    return evolve(conference_for_tests(), sessions=sessions, calendar=plan, deadlines={}, **more)


def person(name: str, **more: object) -> Invitee:
    return Invitee(key=name, mailbox=Mailbox(name.title(), f"{name}@example.org"), locale="en", **more)


ADA, BO = person("ada"), person("bo")


def plan(
    made: Conference, people: list[Invitee], told: Told, now: datetime = NOW, **options: object
) -> InvitePlan:
    return plan_invites(made, people, told, now=now, sender=SENDER, options=PlanOptions(**options))


def sent(told: Told, now: datetime = NOW) -> Told:
    """All that was prepared, taken by a server."""
    people = {
        key: {name: each if each.sent else evolve(each, sent=now) for name, each in tellings.items()}
        for key, tellings in told.people.items()
    }
    return evolve(told, people=people)


def clocks_moved(told: Told, event_id: str) -> Told:
    """As a state is read when zone data changed: what was said then has a digest that says the instants of then."""
    digests = {
        digest: hashlib.sha256(f"before {digest}".encode()).hexdigest()[:24]
        for digest, each in told.events.items()
        if each.event.id == event_id
    }
    return evolve(
        told,
        events={
            digests.get(digest, digest): evolve(each, clocks_moved=each.clocks_moved or digest in digests)
            for digest, each in told.events.items()
        },
        people={
            key: {
                name: evolve(each, facts=digests.get(each.facts, each.facts))
                for name, each in tellings.items()
            }
            for key, tellings in told.people.items()
        },
    )


# -- what a person should see, worked out from the document alone


def expected(made: Conference, who: Invitee, told: Told) -> set[tuple[str, datetime, datetime, str]]:
    found = set()
    sessions = [
        evolve(each, status="cancelled") if each.id in told.called_off else each
        for each in made.sessions
        if who.concerning is None or each.id in who.concerning
    ]
    groups: dict[str, list[Session]] = {}
    for each in sessions if who.is_invited else []:
        groups.setdefault(group_of(made, each), []).append(each)
    for name, members in groups.items():
        uid = event_uid(made.uid, told.first_id(name))
        for starts, ends, status in stretches(members):
            found.add((uid, starts.instant, ends.instant, status.upper()))
    return found


def group_of(made: Conference, each: Session) -> str:
    rule = invite_rule(made)
    if rule == "each session" or each.repeat:
        return each.id
    return (
        "whole:conference"
        if rule == "whole conference"
        else f"day:{each.starts.in_zone(made.timezone).wall.date()}"
    )


def stretches(members: list[Session]) -> Iterator[tuple[Moment, Moment, str]]:
    if members[0].repeat:
        for each in members[0].dates:
            status = (each.other and each.other.status) or members[0].status
            if status != "cancelled" and members[0].status != "cancelled":
                yield each.starts, each.ends, status
        return
    held = [each for each in members if each.status != "cancelled"]
    if held:
        statuses = {each.status for each in held}
        status = statuses.pop() if len(statuses) == 1 else "confirmed"
        yield min(each.starts for each in held), max(each.ends for each in held), status


# -- laws, over histories


class History:
    """A document, people and their calendars, and what they were told."""

    def __init__(self, draw: Callable[[st.SearchStrategy], object]) -> None:
        self.draw = draw
        self.conference = conference(session("a"), weekly("b"), rule=draw(st.sampled_from(RULES)))
        self.people = [ADA, BO, person("cy", concerning=frozenset({"a"}))]
        self.clients = {each.key: Client(each.mailbox.address) for each in self.people}
        self.told = Told()
        self.now = NOW
        self.added = 0
        self.shown: dict[str, tuple[tuple[int, datetime], str]] = {}

    # what happens

    def change(self, **values: object) -> None:
        """Change a session."""
        sessions = list(self.conference.sessions)
        position = self.draw(st.integers(0, len(sessions) - 1))
        sessions[position] = evolve(sessions[position], **values)
        self.conference = evolve(self.conference, sessions=tuple(sessions))

    def move(self) -> None:
        each = self.draw(st.sampled_from(self.conference.sessions))
        by = timedelta(minutes=self.draw(st.sampled_from([-1500, -60, 15, 60, 1440])))
        moved = evolve(each, starts=each.starts.plus(by), ends=each.ends.plus(by), exceptions=())
        self.replace(each, moved)

    def replace(self, old: Session, *new: Session) -> None:
        sessions = tuple(
            found for each in self.conference.sessions for found in (new if each is old else (each,))
        )
        self.conference = evolve(self.conference, sessions=sessions)

    def cancel(self) -> None:
        self.change(status="cancelled")

    def hold(self) -> None:
        self.change(status=self.draw(st.sampled_from(["confirmed", "tentative"])))

    def reword(self) -> None:
        self.change(title=LocalizedText.of(f"Title {self.draw(st.integers(0, 3))}"))

    def relocate(self) -> None:
        self.change(room=self.draw(st.sampled_from([None, "Hall 1", "Hall 2"])))

    def add(self) -> None:
        self.added += 1
        starts = NINE.plus(timedelta(hours=self.draw(st.sampled_from([0, 3, 24]))))
        free = [name for name in ("a", "b") if not (self.is_known(name) or self.conference.session(name))]
        new = session(self.draw(st.sampled_from([*free, f"n{self.added}"])), starts)
        self.conference = evolve(self.conference, sessions=(*self.conference.sessions, new))

    def remove(self) -> None:
        if len(self.conference.sessions) > 1:
            self.replace(self.draw(st.sampled_from(self.conference.sessions)))

    def is_known(self, name: str) -> bool:
        return any(each.event.id == name for each in self.told.events.values())

    def rename(self) -> None:
        each = self.draw(st.sampled_from(self.conference.sessions))
        name = self.draw(st.sampled_from(["a", "b", "x", "y"]))
        if self.is_known(name) or self.conference.session(name):
            return
        self.replace(each, evolve(each, id=name))
        if self.is_known(each.id):
            self.told = renamed(self.told, {each.id: name})

    def except_a_date(self) -> None:
        found = [each for each in self.conference.sessions if each.repeat]
        if not found:
            return
        each = self.draw(st.sampled_from(found))
        day = self.draw(st.sampled_from(each.repeat.dates(each.starts.wall.date())))
        others = [other for other in each.exceptions if other.date != day]
        start = Moment.at(datetime.combine(day, datetime(2027, 1, 1, 17).time()), "Europe/Paris")
        how = self.draw(
            st.sampled_from([{"status": "cancelled"}, {"starts": start}, {"room": "Hall 9"}, None])
        )
        if how is not None:
            others.append(Occurrence(date=day, **how))
        self.replace(each, evolve(each, exceptions=tuple(sorted(others, key=lambda other: other.date))))

    def change_rule(self) -> None:
        rule = self.draw(st.sampled_from(RULES))
        self.conference = evolve(self.conference, calendar=evolve(self.conference.calendar, invite=rule))

    def change_person(self) -> None:
        position = self.draw(st.integers(0, len(self.people) - 1))
        ids = [each.id for each in self.conference.sessions]
        concerning = self.draw(st.none() | st.frozensets(st.sampled_from(ids)))
        self.people[position] = evolve(
            self.people[position], concerning=concerning, is_invited=self.draw(st.booleans())
        )

    def call_off(self) -> None:
        ids = [each.id for each in self.conference.sessions]
        chosen = self.draw(st.sampled_from(ids))
        rest = {name: why for name, why in self.told.called_off.items() if name != chosen}
        self.told = evolve(
            self.told, called_off=rest if chosen in self.told.called_off else {**rest, chosen: "Snow"}
        )

    def move_clocks(self) -> None:
        ids = sorted({each.event.id for each in self.told.events.values()})
        if not ids:
            return
        chosen = self.draw(st.sampled_from(ids))
        self.told = clocks_moved(self.told, chosen)
        for each in self.clients.values():
            each.move_clocks(event_uid(self.conference.uid, self.told.first_id(chosen)), HOUR)

    # what is told

    def plan(self) -> InvitePlan:
        made = plan(self.conference, self.people, self.told, self.now, gone=frozenset("abxy"))
        again = plan(self.conference, self.people, self.told, self.now)
        assert [each.to_ical() for each in made.messages] == [each.to_ical() for each in again.messages]
        return made

    def tell(self, made: InvitePlan, *, all_of_it: bool) -> None:
        """Prepare everything; some of it leaves, and some of that is not recorded as sent."""
        people = {key: dict(tellings) for key, tellings in made.after.people.items()}
        for each in made.messages:
            left = all_of_it or self.draw(st.booleans())
            if left:
                octets, client = each.to_ical(), self.clients[each.person.key]
                check(octets, each.telling.method)
                if not client.receive(octets):
                    assert each.kind == "again"
                    assert client.events[each.base.uid].octets == octets
            if left and (all_of_it or self.draw(st.booleans())):
                people[each.person.key][each.event.id] = evolve(each.telling, sent=self.now)
        self.told = evolve(made.after, people=people)

    def check(self) -> None:
        """All was told: everybody sees what they should, and there is nothing more to tell."""
        for each in self.people:
            shown = self.clients[each.key].shown()
            found = {(one.uid, one.starts, one.ends, one.status) for one in shown}
            assert found == expected(self.conference, each, self.told), each.key
        assert self.plan().messages == ()

    def subscribe(self) -> None:
        """What a feed shows is never older than what was told: clients keep the newest by SEQUENCE, then DTSTAMP."""
        held, events = known_sessions(self.conference, self.told, since=self.now)
        for each in events:
            uid = event_uid(held.uid, self.told.first_id(each.id))
            version, said = (each.sequence, each.dtstamp), facts_of(evolve(each, id=uid))
            if uid in self.shown:
                last, before = self.shown[uid]
                assert version >= last, each.id
                assert said == before or version > last, each.id
            newest = self.told.history(each.id)[:1]
            said_last = [facts for facts, known in self.told.events.items() if known in newest]
            if said_last in ([], [facts_of(each)]):
                self.shown[uid] = version, said


# How often a long history exceeds what Hypothesis draws is a matter of its seed.
LARGE = [HealthCheck.data_too_large]
RULES = ["each session", "one a day", "whole conference"]
ACTIONS = [
    History.move, History.cancel, History.hold, History.reword, History.relocate, History.add, History.remove, History.rename,
    History.except_a_date, History.change_rule, History.change_person, History.call_off, History.move_clocks,
]  # fmt: skip


@examples(80, suppress_health_check=LARGE)
@given(st.data())
def test_whatever_happens_everybody_sees_the_programme_as_it_is(data):
    """Messages that are told late, twice, or never recorded as sent included."""
    history = History(data.draw)
    for actions in data.draw(
        st.lists(st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=3), max_size=6)
    ):
        for action in actions:
            action(history)
        history.now += timedelta(seconds=data.draw(st.sampled_from([0, 1, 3600])))
        history.tell(history.plan(), all_of_it=data.draw(st.booleans()))
    history.tell(history.plan(), all_of_it=True)
    history.check()


@examples(25, suppress_health_check=LARGE)
@given(st.data())
def test_whatever_happens_no_feed_goes_back(data):
    """Also where sessions come to be parts of a day or an event of their own again, or as they once were."""
    history = History(data.draw)
    for actions in data.draw(
        st.lists(st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=2), max_size=6)
    ):
        for action in actions:
            action(history)
        history.now += timedelta(hours=1)
        history.subscribe()
        history.tell(history.plan(), all_of_it=data.draw(st.booleans()))
        history.subscribe()


@examples(40, suppress_health_check=LARGE)
@given(st.data())
def test_what_was_prepared_and_not_sent_is_the_same_message(data):
    """Byte for byte, whenever it is planned again."""
    history = History(data.draw)
    for action in data.draw(st.lists(st.sampled_from(ACTIONS), max_size=5)):
        action(history)
        history.tell(history.plan(), all_of_it=data.draw(st.booleans()))
    first = history.plan()
    again = plan(history.conference, history.people, first.after, history.now + timedelta(days=3))
    assert [each.to_ical() for each in again.messages] == [each.to_ical() for each in first.messages]
    assert {each.kind for each in again.messages} <= {"again"}


# -- what became of it, case by case


def told_of(made: Conference, *people: Invitee) -> Told:
    """All that there is to tell, told."""
    return sent(plan(made, list(people), Told()).after)


def kinds(made: InvitePlan) -> list[tuple[str, str, str]]:
    """Of each message: to whom, about what, and why."""
    return [(each.person.key, each.event.id, each.kind) for each in made.messages]


LATER = NOW + timedelta(days=1)


def test_a_session_that_is_new_moved_or_gone_is_told_to_whom_it_concerns():
    """Each person only what concerns them."""
    first = conference(session("a"), session("b"))
    bo = evolve(BO, concerning=frozenset({"b"}))
    told = told_of(first, ADA, bo)
    moved = conference(session("a"), session("b", NINE.plus(HOUR)), session("c"))
    assert kinds(plan(moved, [ADA, bo], told, LATER)) == [
        ("ada", "c", "new"),
        ("ada", "b", "moved"),
        ("bo", "b", "moved"),
    ]
    gone = conference(session("a"))
    assert kinds(plan(gone, [ADA, bo], told, LATER)) == [("ada", "b", "cancelled"), ("bo", "b", "cancelled")]
    assert kinds(plan(first, [ADA, evolve(bo, is_invited=False)], told, LATER)) == [("bo", "b", "uninvited")]


@pytest.mark.parametrize(
    "fact",
    [
        {"starts": NINE.plus(HOUR / 2)},
        {"ends": NINE.plus(2 * HOUR)},
        {"starts": Moment.at(datetime(2027, 5, 20, 9), "Europe/Berlin"), "ends": NINE.plus(HOUR)},
        {"room": "Hall 2"},
        {"place": "Town Hall"},
        {"join": "https://example.org/other"},
        {"status": "tentative"},
    ],
    ids=["starts", "ends", "zone", "room", "place", "link", "status"],
)
@pytest.mark.parametrize("rule", ["each session", "one a day", "whole conference"])
def test_each_fact_raises_the_sequence(fact, rule):
    """Alone, and where it is one of several sessions of an event."""
    others = [] if rule == "each session" else [session("b", NINE.plus(5 * HOUR))]
    told = told_of(conference(session("a"), *others, rule=rule), ADA)
    (message,) = plan(conference(session("a", **fact), *others, rule=rule), [ADA], told).messages
    assert (message.kind, message.telling.sequence) == ("moved", 1)
    assert message.telling.dtstamp > NOW
    assert b"\r\nSEQUENCE:1\r\n" in message.to_ical()


@pytest.mark.parametrize("word", ["title", "description"])
def test_no_word_raises_the_sequence(word):
    """Where it is told at all, it is later and not another version."""
    told = told_of(conference(session("a")), ADA)
    changed = conference(session("a", **{word: LocalizedText.of("Other")}))
    assert plan(changed, [ADA], told).messages == ()
    (message,) = plan(changed, [ADA], told, sends_words=True).messages
    assert (message.kind, message.telling.sequence) == ("reworded", 0)
    assert message.telling.dtstamp > NOW


def test_uninviting_one_person_says_nothing_of_the_event():
    """No STATUS; to others the event goes on, with the SEQUENCE that it had."""
    first = conference(session("a"))
    made = plan(first, [evolve(ADA, is_invited=False), BO], told_of(first, ADA, BO), LATER)
    (message,) = made.messages
    assert b"STATUS" not in message.to_ical()
    assert message.telling.sequence == 1
    assert plan(first, [BO, person("cy")], sent(made.after), LATER).messages[0].telling.sequence == 0


@pytest.mark.parametrize("name", ["a", "b", "c", "d", "e", "f"])
def test_uninviting_while_clocks_move_leaves_others_in_utc(name):
    """The event as the one who goes knew it is no version that others are told."""
    first = conference(session(name))
    told = clocks_moved(told_of(first, ADA, BO), name)
    made = plan(first, [evolve(ADA, is_invited=False), BO], told, LATER)
    assert kinds(made) == [("ada", name, "uninvited"), ("bo", name, "moved")]
    assert b"DTSTART:20270520T070000Z" in made.messages[1].to_ical()
    assert plan(first, [BO], sent(made.after), LATER).messages == ()


@pytest.mark.parametrize("off", [session("a", status="cancelled"), session("z")], ids=["cancelled", "gone"])
def test_what_was_cancelled_after_clocks_moved_comes_back_in_utc(off):
    """Calendars with the old clocks cannot be told by wall time, then or later."""
    first = conference(session("a"))
    told = clocks_moved(told_of(first, ADA), "a")
    told = sent(plan(conference(off), [ADA], told, LATER).after)
    message = plan(first, [ADA], told, LATER).messages[0]
    assert b"DTSTART:20270520T070000Z" in message.to_ical()


@pytest.mark.parametrize("make", [session, weekly])
def test_a_move_that_was_taken_back_before_anybody_heard_of_it_is_no_move_of_clocks(make):
    """Its message stands prepared, so one goes out all the same; it has nothing to compare."""
    first, other = conference(make("a")), conference(make("a", starts=NINE.plus(HOUR)))
    told = told_of(first, ADA)
    prepared = plan(other, [ADA], told, LATER).after
    (back,) = plan(first, [ADA], prepared, LATER).messages
    assert (back.kind, back.was) == ("moved", None)
    (clocks,) = plan(first, [ADA], clocks_moved(told, "a"), LATER).messages
    assert only_clocks_moved(clocks.was, clocks.event)


def test_a_feed_says_in_utc_what_a_day_was_told_in_utc():
    """Newer zone data moved it: who subscribes may have a calendar with the old clocks, too."""
    made = conference(session("a"), session("b", NINE.plus(24 * HOUR)), weekly("c"), rule="one a day")
    told = clocks_moved(told_of(made, ADA), "day:2027-05-20")
    _, before = known_sessions(made, told, since=NOW)
    told = sent(plan(made, [ADA], told).after)
    _, after = known_sessions(made, told, since=NOW)
    assert [each.in_utc for each in before] == [False, False, False]
    assert [each.in_utc for each in after] == [True, False, False]
    assert after[0].sequence > before[0].sequence


def test_a_session_under_an_id_that_another_gave_up_is_another_event():
    """The renamed one keeps its UID; a new one may have its first id, and gets a UID of its own."""
    first = conference(session("a"))
    told = renamed(told_of(first, ADA), {"a": "b"})
    both = conference(session("b"), session("a", NINE.plus(HOUR)))
    made = plan(both, [ADA], told, LATER)
    assert kinds(made) == [("ada", "a", "new")]
    assert made.messages[0].base.uid not in {event_uid(both.uid, "a"), event_uid(both.uid, "b")}
    again = renamed(sent(made.after), {"a": "c"})
    assert plan(conference(session("b"), session("c", NINE.plus(HOUR))), [ADA], again, LATER).messages == ()


def test_a_renamed_series_is_told_of_clocks_that_moved():
    """Its instants of before are in what it was told by alone."""
    told = renamed(clocks_moved(told_of(conference(weekly("a")), ADA), "a"), {"a": "b"})
    assert kinds(plan(conference(weekly("b")), [ADA], told, LATER)) == [("ada", "b", "moved")]


def test_words_alone_are_told_where_somebody_wants_that():
    """With the same SEQUENCE and a later DTSTAMP."""
    first, other = conference(session("a")), conference(session("a", title=LocalizedText.of("Other")))
    told = told_of(first, ADA)
    made = plan(other, [ADA], told, LATER)
    assert (made.messages, made.reworded) == ((), 1)
    (message,) = plan(other, [ADA], told, LATER, sends_words=True).messages
    assert (message.kind, message.telling.sequence, message.telling.dtstamp) == ("reworded", 0, LATER)


def test_who_was_told_once_can_be_told_again():
    """Byte for byte."""
    first = conference(session("a"))
    made = plan(first, [ADA], Told())
    (again,) = plan(first, [ADA], sent(made.after), LATER, again=True).messages
    assert again.to_ical() == made.messages[0].to_ical()


def test_what_is_over_is_told_to_nobody():
    """Neither that it is new nor that it moved; a series as long as a date of it is to come."""
    made = conference(session("a"), weekly("b"))
    after = datetime(2027, 6, 1, tzinfo=UTC)
    found = plan(made, [ADA], Told(), after)
    assert (kinds(found), found.over) == ([("ada", "b", "new")], ("a",))
    assert len(plan(made, [ADA], Told(), after, past=True).messages) == 2
    assert plan(made, [ADA], Told(), datetime(2027, 7, 1, tzinfo=UTC)).messages == ()


def test_who_is_not_listed_any_more_is_named():
    """Nobody can write to them; of those who hold nothing, nothing is said."""
    first = conference(session("a"))
    told = told_of(first, ADA, BO, person("cy", is_invited=False))
    assert plan(first, [ADA], told, LATER).missing == ("bo",)


def test_who_was_never_reached_is_not_missed():
    """An address with a typing error got nothing, so there is nothing to take back when it is corrected."""
    first = conference(session("a"))
    unsent = plan(first, [ADA, BO], Told()).after
    assert plan(first, [ADA], unsent, LATER).missing == ()
    moved = conference(session("a", NINE.plus(HOUR)))
    unsent = plan(moved, [ADA, BO], told_of(first, ADA, BO), LATER).after
    assert plan(moved, [ADA], unsent, LATER).missing == ("bo",)


def test_a_session_that_is_gone_while_another_is_new_is_asked_about():
    """The likeliest first; not where somebody said that it is gone."""
    told = told_of(conference(session("a")), ADA)
    made = conference(session("x", NINE.plus(5 * HOUR)), session("y"))
    (question,) = plan(made, [ADA], told, LATER).questions
    assert (question.gone, question.new) == ("a", ("y", "x"))
    assert plan(made, [ADA], told, LATER, gone=frozenset("a")).questions == ()


def test_each_person_replies_to_an_address_of_their_own():
    """Where the organizer's address has room for a token."""
    made = conference(session("a"))
    made = evolve(made, calendar=evolve(made.calendar, organizer="gmc+{token}@example.org"))
    found = plan_invites(made, [ADA, BO], Told(), now=NOW, sender=SENDER, token_of=lambda key: key[::-1])
    assert [each.organizer.address for each in found.messages] == [
        "gmc+ada@example.org",
        "gmc+ob@example.org",
    ]
    assert b"mailto:gmc+ob@example.org" in found.messages[1].to_ical()


def test_a_day_is_one_event_for_each_who_has_something_on_it():
    """Two people whom different sessions of a day concern have the same event at other hours."""
    made = conference(session("a"), session("b", NINE.plus(3 * HOUR)), rule="one a day")
    bo = evolve(BO, concerning=frozenset({"b"}))
    first, second = plan(made, [ADA, bo], Told()).messages
    assert first.base.uid == second.base.uid
    assert (first.base.starts, second.base.starts) == (NINE, NINE.plus(3 * HOUR))
    assert "Session a" in first.base.description
    assert "Session a" not in second.base.description


def test_a_thousand_people_are_planned_for_in_no_time():
    """What follows is worked out once for all who were told the same."""
    made = conference(*(session(f"s{n}", NINE.plus(n * HOUR)) for n in range(5)))
    people = [person(f"p{n}") for n in range(1000)]
    first = plan(made, people, Told())
    assert len({id(each.base) for each in first.messages}) == 5
    moved = conference(*(session(f"s{n}", NINE.plus((n + 1) * HOUR)) for n in range(5)))
    second = plan(moved, people, sent(first.after), LATER)
    assert len(second.messages) == 5000
    assert len({id(each.base) for each in second.messages}) == 5
