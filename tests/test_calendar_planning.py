"""Planning invites: whatever becomes of a programme, everybody's calendar shows it as it is, told once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulated_client import Client

from conferencekit.calendar.invite import event_uid
from conferencekit.calendar.planned import invite_rule
from conferencekit.calendar.planning import Invitee, InvitePlan, PlanOptions, plan_invites
from conferencekit.calendar.told import Told, renamed
from conferencekit.conference import CalendarPlan, Conference
from conferencekit.mailbox import Mailbox
from conferencekit.moment import Moment
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


def expected(made: Conference, who: Invitee, told: Told) -> set[tuple[str, str, str, str]]:
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
            times = (each.instant.isoformat() for each in (starts, ends))
            found.add((uid, *times, status.upper()))
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
        new = session(f"n{self.added}", starts)
        self.conference = evolve(self.conference, sessions=(*self.conference.sessions, new))

    def remove(self) -> None:
        if len(self.conference.sessions) > 1:
            self.replace(self.draw(st.sampled_from(self.conference.sessions)))

    def rename(self) -> None:
        each = self.draw(st.sampled_from(self.conference.sessions))
        name = self.draw(st.sampled_from(["a", "b", "x", "y"]))
        known = {found.event.id for found in self.told.events.values()}
        if name in known or self.conference.session(name):
            return
        self.replace(each, evolve(each, id=name))
        if each.id in known:
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
                changed = self.clients[each.person.key].receive(each.to_ical(), each.telling.method)
                assert changed or each.kind == "again"
            if left and (all_of_it or self.draw(st.booleans())):
                people[each.person.key][each.event.id] = evolve(each.telling, sent=self.now)
        self.told = evolve(made.after, people=people)

    def check(self) -> None:
        """All was told: everybody sees what they should, and there is nothing more to tell."""
        for each in self.people:
            assert self.clients[each.key].sees() == expected(self.conference, each, self.told), each.key
        assert self.plan().messages == ()


RULES = ["each session", "one a day", "whole conference"]
ACTIONS = [
    History.move, History.cancel, History.hold, History.reword, History.relocate, History.add, History.remove, History.rename,
    History.except_a_date, History.change_rule, History.change_person, History.call_off, History.move_clocks,
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_happens_everybody_sees_the_programme_as_it_is(data):
    """Messages that are told late, twice, or never recorded as sent included."""
    history = History(data.draw)
    for action in data.draw(st.lists(st.sampled_from(ACTIONS), max_size=10)):
        action(history)
        history.now += timedelta(seconds=data.draw(st.sampled_from([0, 1, 3600])))
        history.tell(history.plan(), all_of_it=data.draw(st.booleans()))
    history.tell(history.plan(), all_of_it=True)
    history.check()


@settings(max_examples=60, deadline=None)
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
