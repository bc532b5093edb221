"""The waiting list on a store: nobody waits while there is a place for the first in line, and nobody is passed.

What an author of a store claims about commits is here put to its use: a real secretariat works on the store. Four laws
hold after every call that has returned:

1. Nobody waits while a place is free.
2. A newcomer never passes somebody who waits, and places are given in the order of the line.
3. The capacity is never exceeded, except by an organiser's override.
4. The counters are those of the records.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from attrs import evolve, frozen
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
)

from ..conference import Conference
from ..errors import ConferenceOutdated, NotFound, PlanInUse, TransitionNotAllowed
from ..events import Event
from ..hookspecs import hookimpl
from ..ports import Store
from ..registration.outcomes import Refused
from ..registration.registration import Registration
from ..registration.rules import Override
from ..secretariat import Passwords, Scrypt
from ..secretariat.records import KIND, QUOTA, WAITING, read_record
from .secretariat import SecretariatForTests, conference_for_tests
from .store_cases import Case
from .store_model import run_machine
from .store_races import THREADS
from .store_worker import in_threads

PEOPLE: Final = st.integers(0, 7)
CAPACITIES: Final = st.integers(1, 4)
OVER: Final = Override(reason="the speakers of the opening", over_capacity=True)
PASSWORD: Final = "correct horse battery"  # noqa: S105 - of people who do not exist
RAISED: Final = 5
_NOT_NOW: Final = (TransitionNotAllowed, PlanInUse, NotFound)

Open = Callable[[Conference], SecretariatForTests]


@frozen
class OldScrypt(Scrypt):
    """A scheme that is never today's: every sign-in writes the registration again."""

    def is_current(self, stored: str) -> bool:  # noqa: ARG002 - whatever is stored
        """As `PasswordScheme.is_current`."""
        return False


def open_desk(conference: Conference, store: str | Store, plugins: Any) -> SecretariatForTests:
    """A secretariat whose ids no other one on the same store has."""
    return SecretariatForTests(
        conference,
        store=store,
        plugins=plugins,
        passwords=Passwords((OldScrypt(n=2, r=1, p=1),)),
        entropy=os.urandom,
    )


def new_conference(quota: int, address: str = "trusted", approval: str = "none") -> Conference:
    """A conference that no store knows."""
    return evolve(conference_for_tests(address, approval, quota), id=f"waiting-{os.urandom(6).hex()}")


def with_quota(conference: Conference, quota: int | None) -> Conference:
    """The same conference with so many places."""
    return evolve(conference, registration=evolve(conference.registration, quota=quota))


def form(who: object, **more: str) -> dict[str, str]:
    """The form of one person."""
    facts = {"full_name": f"Person {who}", "country": "GB", "consent": "1", "password": PASSWORD}
    return {**facts, "email": f"p{who}@example.org", **more}


# -- the laws


@frozen(kw_only=True)
class Standing:
    """How everybody stands at one moment: who holds how many places, who waits in which order, what is counted."""

    people: Mapping[str, Registration]
    line: Sequence[str]
    taken: int
    capacity: int | None
    waiting: int

    def places(self, person: str) -> int:
        """How many places a person holds."""
        return self.people[person].places if person in self.people else 0


def standing_of(desk: SecretariatForTests) -> Standing:
    """How everybody stands, read from the store."""
    store, conference = desk.shell.store, desk.shell.id
    quotas = store.quotas(conference, [QUOTA, WAITING])
    taken, capacity = quotas[QUOTA]
    people = {each.id: each for each in desk.registrations.find()}
    line = [read_record(each).id for each in desk.shell.walk(KIND, "waiting", QUOTA)]
    return Standing(people=people, line=line, taken=taken, capacity=capacity, waiting=quotas[WAITING][0])


def check_now(now: Standing) -> None:
    """The laws that can be seen at one moment: the first and the fourth."""
    is_full = now.capacity is not None and now.taken >= now.capacity
    assert is_full or not now.line, f"{now.line[0]} waits, and {now.taken} of {now.capacity} places are taken"
    held = sum(each.places for each in now.people.values())
    assert now.taken == held, f"{now.taken} places are counted, and people hold {held}"
    waiting = sorted(each.id for each in now.people.values() if each.state == "waitlisted")
    assert now.waiting == len(waiting), f"{now.waiting} are counted as waiting, and {len(waiting)} wait"
    assert sorted(now.line) == waiting, f"the line is {now.line}, and those who wait are {waiting}"


def check_between(before: Standing, after: Standing, *, over: bool = False) -> None:
    """The laws that can be seen between two moments: the second and the third. `over`: an organiser overrode them."""
    still = [each for each in before.line if each in after.line]
    assert list(after.line[: len(still)]) == still, f"the line was {before.line} and is {after.line}"
    promoted = [each for each in before.line if after.places(each)]
    behind = [each for each in promoted if still and before.line.index(each) > before.line.index(still[0])]
    assert not behind, f"{behind} got a place before {still[0]}, who stood before them"
    if over:
        return
    newcomers = [
        each for each in after.people if after.places(each) > before.places(each) and each not in before.line
    ]
    assert not (newcomers and still), f"{newcomers} got a place while {still} waited"
    ceiling = max(before.taken, after.capacity or 0)
    assert after.capacity is None or after.taken <= ceiling, f"{after.taken} of {after.capacity} are taken"


# -- any history


class WaitingMachine(RuleBasedStateMachine):
    """Does what people, organisers and time do to a conference, and checks the laws after each step."""

    def open(self, conference: Conference) -> SecretariatForTests:
        """The secretariat of a conference."""
        raise NotImplementedError

    @initialize(
        address=st.sampled_from(("trusted", "verify")),
        approval=st.sampled_from(("none", "none", "organiser")),
        quota=CAPACITIES,
    )
    def begin(self, address: str, approval: str, quota: int) -> None:
        """Opens a conference that the store does not know."""
        self.desk = self.open(new_conference(quota, address, approval))
        self.is_durable = "durable" in self.desk.shell.store.capabilities
        self.desk.shell.in_force  # noqa: B018 - takes up the document
        self.standing = standing_of(self.desk)

    def act(self, action: Callable[[], object], *, over: bool = False) -> None:
        """Do something that may not be allowed now; the laws hold either way."""
        with suppress(*_NOT_NOW):
            action()
        before, self.standing = self.standing, standing_of(self.desk)
        check_now(self.standing)
        check_between(before, self.standing, over=over)

    def person(self, who: int) -> str:
        """The id of a person's registration; one that does not exist if there is none."""
        address = form(who)["email"]
        return next((each.id for each in self.standing.people.values() if each.address == address), "r-none")

    @rule(who=PEOPLE)
    def register(self, who: int) -> None:
        """Somebody sends the form."""
        self.act(lambda: self.desk.register(form(who)))

    @rule(who=PEOPLE, number=st.integers(0, 1))
    def repeat(self, who: int, number: int) -> None:
        """Somebody sends the form, perhaps for the second time: its id says so."""
        self.act(lambda: self.desk.register(form(who), submission_id=f"s{who}-{number}"))

    @rule(who=PEOPLE, over=st.sampled_from((False, False, True)))
    def enter(self, who: int, over: bool) -> None:  # noqa: FBT001 - Hypothesis gives it by name
        """An organiser enters somebody, sometimes beyond the capacity."""
        desk = self.desk.acting("Olga")
        self.act(lambda: desk.register(form(who), override=OVER if over else None), over=over)

    @rule(people=st.lists(PEOPLE, min_size=2, max_size=4))
    def enter_many(self, people: list[int]) -> None:
        """An organiser enters a list."""
        desk = self.desk.acting("Olga", kind="import").registrations
        self.act(lambda: list(desk.enter_many(map(form, people))))

    @rule(who=PEOPLE)
    def verify(self, who: int) -> None:
        """Somebody presses the button behind the link in the mail."""
        person = self.standing.people.get(self.person(who))
        generation = person.generations.get("verify", 0) if person else 0
        token = self.desk.shell.links.token("verify", self.person(who), generation)
        self.act(lambda: self.desk.registrations.verify(token))

    @rule(who=PEOPLE)
    def sign_in(self, who: int) -> None:
        """Somebody signs in, and their registration is written again."""
        self.act(lambda: self.desk.registrations.sign_in(form(who)["email"], PASSWORD))

    @rule(who=PEOPLE)
    def cancel(self, who: int) -> None:
        """Somebody gives the place back, or leaves the line."""
        self.act(lambda: self.desk.registrations.cancel(self.person(who)))

    @rule(who=PEOPLE)
    def decline(self, who: int) -> None:
        """The organiser says no."""
        self.act(lambda: self.desk.acting("Olga").registrations.decline(self.person(who)))

    @rule(who=PEOPLE, over=st.sampled_from((False, False, True)))
    def approve(self, who: int, over: bool) -> None:  # noqa: FBT001 - as above
        """The organiser says yes, sometimes beyond the capacity."""
        desk = self.desk.acting("Olga").registrations
        self.act(lambda: desk.approve(self.person(who), override=OVER if over else None), over=over)

    @rule(quota=st.none() | CAPACITIES)
    def change_places(self, quota: int | None) -> None:
        """The document says another number of places."""
        self.act(lambda: self.desk.reload(with_quota(self.desk.conference, quota)))

    @rule(hours=st.sampled_from((1, 47, 49)))
    def wait(self, hours: int) -> None:
        """Time passes; addresses that nobody verified give their places back."""
        self.desk.clock.move(timedelta(hours=hours))
        self.act(self.desk.tick)

    @precondition(lambda self: self.is_durable)
    @rule(quota=st.none() | CAPACITIES)
    def open_again(self, quota: int | None) -> None:
        """The host starts again, with a document that may have changed."""
        now, plan = self.desk.clock.now, with_quota(self.desk.conference, quota)
        in_force = self.desk.conference
        self.desk.close()
        self.desk = self.open(plan)
        self.desk.clock.move_to(now)
        try:
            self.desk.shell.in_force  # noqa: B018 - takes up the document
        except (PlanInUse, ConferenceOutdated):
            self.desk.close()
            self.desk = self.open(in_force)
            self.desk.clock.move_to(now)
        self.act(lambda: self.desk.conference)

    def teardown(self) -> None:
        """Closes what is open."""
        if hasattr(self, "desk"):
            self.desk.close()


def run_waiting(open_at: Open, *, examples: int, steps: int, shrink: bool = True) -> None:
    """Run the machine on secretariats that `open_at` makes for conferences which their stores do not know yet."""

    class Machine(WaitingMachine):
        def open(self, conference: Conference) -> SecretariatForTests:
            return open_at(conference)

    run_machine(Machine, examples=examples, steps=steps, shrink=shrink)


# -- the contract


class WaitingContract:
    """The laws of the waiting list, with a secretariat on the store."""

    examples: int
    shrink: bool

    def test_any_history_keeps_the_laws_of_the_waiting_list(self, case: Case) -> None:
        run_waiting(
            lambda conference: open_desk(conference, case.url, case.manager),
            examples=max(5, self.examples // 2),
            steps=20,
            shrink=self.shrink,
        )

    def test_threads_keep_the_laws_of_the_waiting_list(self, case: Case) -> None:
        with open_desk(new_conference(3), case.url, case.manager) as desk:
            people = _enter(desk, range(9))
            before = standing_of(desk)
            in_threads(THREADS, lambda number: _rush(desk, number, people))
            _check_rush(before, standing_of(desk))
            desk.tick()
            check_now(standing_of(desk))

    def test_two_openers_keep_the_laws_of_the_waiting_list(self, case: Case) -> None:
        case.needs("processes")
        conference = new_conference(3)
        with (
            open_desk(conference, case.url, case.manager) as one,
            open_desk(conference, case.url, case.manager) as two,
        ):
            people = _enter(one, range(9))
            two.shell.in_force  # noqa: B018 - takes up the document, before the other one changes it
            before = standing_of(one)
            in_threads(THREADS, lambda number: _rush((one, two)[number % 2], number, people))
            _check_rush(before, standing_of(two))

    def test_a_place_that_a_killed_process_freed_is_given_by_the_next_tick(self, case: Case) -> None:
        case.needs("durable", "processes")
        conference = new_conference(1)
        with open_desk(conference, case.url, case.manager) as desk:
            holder, first, second = _enter(desk, range(3))
            worker = case.work("cancel", conference=conference.id, person=holder)
            worker.go()
            assert worker.next_line() == {"cancelled": holder}
            worker.kill()
            assert standing_of(desk).line == [first, second]
            desk.tick()
            now = standing_of(desk)
            check_now(now)
            assert (now.places(first), list(now.line)) == (1, [second])


def _enter(desk: SecretariatForTests, people: Iterable[int]) -> list[str]:
    """Enter people one after the other; the ids of their registrations."""
    acting = desk.acting("Olga")
    outcomes = [acting.register(form(who)) for who in people]
    return [each.registration.id for each in outcomes if not isinstance(each, Refused)]


def _rush(desk: SecretariatForTests, number: int, people: Sequence[str]) -> None:
    """What one of the threads does: people come, go and sign in; the first raises the capacity."""
    chance = random.Random(number)  # noqa: S311 - the same rush each time
    for at in range(6):
        try:
            if number == 0 and at == 3:
                desk.reload(with_quota(desk.conference, RAISED))
            elif at % 3 == 0:
                desk.register(form(f"{number}-{at}"))
            elif at % 3 == 1:
                desk.registrations.cancel(chance.choice(people))
            else:
                desk.registrations.sign_in(form(chance.randrange(9))["email"], PASSWORD)
        except TransitionNotAllowed:
            pass  # another thread did the same
        except ConferenceOutdated:
            desk.reload(with_quota(desk.conference, RAISED))  # as the other handle did


def _check_rush(before: Standing, after: Standing) -> None:
    check_now(after)
    check_between(before, after)
    assert after.capacity == RAISED


# -- what a process of its own does


class _Killed:
    """A plugin that hears of a cancellation, says so, and then waits to be killed: nothing that follows is done."""

    @hookimpl
    def conferencekit_registration_cancelled(self, event: Event) -> None:
        """Between the commit that frees the place and the promotion."""
        sys.stdout.write(json.dumps({"cancelled": event.subject}) + "\n")
        sys.stdout.flush()
        time.sleep(600)


def cancel_and_stop(store: Store, conference: str, person: str) -> Iterator[dict[str, object]]:
    """Cancels the registration of somebody, and stops before the place is given to the next."""
    plan = evolve(new_conference(1), id=conference)
    desk = SecretariatForTests(plan, store=store, plugins=[_Killed()], entropy=os.urandom)
    desk.registrations.cancel(person)
    yield {"cancelled": None}
