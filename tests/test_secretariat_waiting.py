"""The waiting list: the laws that the conformance suite checks, each moment that broke one, and that the checks see it."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from attrs import evolve

from conferencekit import Received, Registered, Waitlisted
from conferencekit.adapters.memory import MemoryStore
from conferencekit.errors import ConferenceOutdated, StoreBusy
from conferencekit.ports import AtMost, ChangeSet, Conflict, Outcome
from conferencekit.registration.rules import Override
from conferencekit.secretariat import Passwords, Scrypt, SignedIn
from conferencekit.secretariat.records import LAYOUT
from conferencekit.testing.secretariat import SecretariatForTests, conference_for_tests
from conferencekit.testing.store_waiting import (
    PASSWORD,
    check_between,
    check_now,
    form,
    open_desk,
    run_waiting,
    standing_of,
    with_quota,
)


def line(secretariat: SecretariatForTests) -> list[str]:
    """The addresses of those who wait, in order."""
    now = standing_of(secretariat)
    return [now.people[each].address.partition("@")[0] for each in now.line]


def who(secretariat: SecretariatForTests, name: object) -> str:
    """The id of somebody's registration."""
    address = form(name)["email"]
    return next(each.id for each in secretariat.registrations.find() if each.address == address)


class Meddled(MemoryStore):
    """A store where others are faster: they act just before a commit, or just after a conflict, once."""

    def __init__(self) -> None:
        super().__init__()
        self.before: Callable[[], object] | None = None
        self.after_conflict: Callable[[], object] | None = None
        self.asked: list[int] = []

    def commit(self, batch: Sequence[ChangeSet]) -> list[Outcome]:
        meddle, self.before = self.before, None
        if meddle:
            meddle()
        outcomes = super().commit(batch)
        if self.after_conflict and any(isinstance(each, Conflict) for each in outcomes):
            meddle, self.after_conflict = self.after_conflict, None
            meddle()
        return outcomes

    def find(self, *args, **options):
        found = super().find(*args, **options)
        self.asked.append(len(found[0]))
        return found


class Passing(MemoryStore):
    """A store that tests no `AtMost`."""

    def commit(self, batch: Sequence[ChangeSet]) -> list[Outcome]:
        return super().commit(
            [evolve(each, ops=[op for op in each.ops if not isinstance(op, AtMost)]) for each in batch]
        )


class Uncounted(MemoryStore):
    """A store whose count of those who wait is always none."""

    def quotas(self, conference, ids):
        return {
            name: (0, None) if name.endswith(":waiting") else found
            for name, found in super().quotas(conference, ids).items()
        }


class TestTheChecksSeeIt:
    """Negative controls: rules that break a law do not pass."""

    @pytest.mark.parametrize("kind", [MemoryStore, Passing])
    def test_newcomers_that_pass_the_line_are_seen(self, kind):
        """Without the condition that nobody waits, whoever comes when a place is free takes it."""
        desk = open_desk(conference_for_tests(quota=1), kind(), ())
        for name in ("holder", "first"):
            desk.register(form(name))
        desk.registrations.promote = lambda: 0  # killed before it promotes
        desk.registrations.cancel(who(desk, "holder"))
        before = standing_of(desk)
        desk.register(form("newcomer"))
        if kind is MemoryStore:
            check_between(before, standing_of(desk))
        else:
            with pytest.raises(AssertionError, match="got a place while"):
                check_between(before, standing_of(desk))

    def test_a_store_that_counts_nobody_who_waits_is_seen(self):
        """Its answers are held against its records."""
        with pytest.raises(AssertionError, match="are counted as waiting"):
            run_waiting(
                lambda conference: open_desk(conference, Uncounted(), ()),
                examples=1000,
                steps=20,
                shrink=False,
            )

    def test_places_that_nobody_gives_on_are_seen(self):
        """A desk that forgets to promote leaves people waiting beside a free place."""

        def opened(conference):
            desk = open_desk(conference, "memory:", ())
            desk.registrations.promote = lambda: 0
            return desk

        with pytest.raises(AssertionError, match="waits, and"):
            run_waiting(opened, examples=1000, steps=20, shrink=False)

    def test_a_line_in_another_order_is_seen(self, monkeypatch):
        """Whoever signs in goes to the end, where the place is not kept."""
        from conferencekit.secretariat import records

        monkeypatch.setattr(
            records,
            "rewrite_registration",
            lambda record, registration: records.put_registration(registration, record.version),
        )
        desk = open_desk(conference_for_tests(quota=1), MemoryStore(), ())
        for name in ("holder", "first", "second"):
            desk.register(form(name))
        before = standing_of(desk)
        assert isinstance(desk.registrations.sign_in(form("first")["email"], PASSWORD), SignedIn)
        with pytest.raises(AssertionError, match="the line was"):
            check_between(before, standing_of(desk))


class TestPlacesAreKept:
    def test_whoever_waits_keeps_the_place_in_line_when_the_password_is_hashed_anew(self):
        """Signing in writes the record again, under the number by which they stand in line."""
        store = MemoryStore()
        with SecretariatForTests(conference_for_tests(quota=1), store=store) as desk:
            for name in ("holder", "first", "second"):
                desk.register(form(name))
        stronger = Passwords((Scrypt(n=4, r=1, p=1), Scrypt(n=2, r=1, p=1)))
        with SecretariatForTests(conference_for_tests(quota=1), store=store, passwords=stronger) as desk:
            desk.shell._entropy(99)
            for _ in range(2):
                assert isinstance(desk.registrations.sign_in(form("first")["email"], PASSWORD), SignedIn)
            assert desk.registrations.get(who(desk, "first")).password.startswith("scrypt$4$")
            assert line(desk) == ["pfirst", "psecond"]
            desk.registrations.cancel(who(desk, "holder"))
            assert line(desk) == ["psecond"]

    def test_a_line_joined_anew_is_joined_at_its_end(self):
        """The number that was kept is that of one stay in the line, not of the person."""
        desk = open_desk(conference_for_tests(quota=1), "memory:", ())
        for name in ("holder", "first", "second"):
            desk.register(form(name))
        desk.registrations.sign_in(form("first")["email"], PASSWORD)
        desk.registrations.cancel(who(desk, "first"))
        desk.register(form("first"))
        assert line(desk) == ["psecond", "pfirst"]

    def test_sending_the_form_again_keeps_the_place_that_is_held(self):
        """Before it is verified the newest form counts; the place is held either way, also when all are taken."""
        desk = SecretariatForTests(conference_for_tests("verify", quota=1))
        desk.register(form("ana"))
        desk.register(form("bea"))
        desk.register(form("ana"))
        ana, bea = (desk.registrations.get(who(desk, name)) for name in ("ana", "bea"))
        assert (ana.waiting, bea.waiting) == (False, True)
        verified = desk.registrations.verify(desk.shell.links.token("verify", ana.id, 1))
        assert isinstance(verified, Registered)

    def test_a_record_of_the_first_schema_is_read(self):
        """It says nothing of the number that is kept: its own commit brought its state."""
        desk = SecretariatForTests()
        desk.register(form("ana"))
        (found,) = desk.registrations.find()
        body = {key: each for key, each in LAYOUT.to_body(found).items() if key != "stands_since"}
        assert LAYOUT.from_body({**body, "schema": 1}) == found


class TestPlacesAreGiven:
    def test_a_raise_in_the_document_at_start_lets_the_waiting_in(self, tmp_path):
        """Editing the file and starting again gives the new places to those who wait."""
        url = f"sqlite:///{tmp_path}/records.db"
        plan = conference_for_tests(quota=1)
        with open_desk(plan, url, ()) as desk:
            for name in range(3):
                desk.register(form(name))
        with open_desk(with_quota(plan, 2), url, ()) as desk:
            desk.shell.in_force  # noqa: B018 - the first use takes the document up
            assert desk.registrations.places() == (2, 2, 1)

    @pytest.mark.parametrize("by", ["verify", "approve"])
    def test_whoever_joins_the_line_when_it_has_just_emptied_gets_the_place(self, by):
        """There was no place when the decision was taken; there is one when the person joins."""
        store = Meddled()
        address, approval = ("verify", "none") if by == "verify" else ("trusted", "organiser")
        plan = conference_for_tests(address, approval, quota=1)
        one, two = (open_desk(plan, store, ()) for _ in range(2))
        acting = one.acting("Olga").registrations
        if by == "approve":
            one.register(form("ana"))
            acting.decline(who(one, "ana"))
            acting.enter(form("holder"))
        else:
            acting.enter(form("holder"))
            one.register(form("ana"))
        store.after_conflict = lambda: two.registrations.cancel(who(two, "holder"))
        ana = one.registrations.get(who(one, "ana"))
        if by == "approve":
            outcome = acting.approve(ana.id)
        else:
            outcome = one.registrations.verify(one.shell.links.token("verify", ana.id))
        assert isinstance(outcome, Registered)
        assert one.registrations.places() == (1, 1, 0)

    def test_an_imported_person_who_waits_beside_a_free_place_gets_it(self):
        """The rows of an import join the line as any other."""
        store = Meddled()
        plan = conference_for_tests(quota=1)
        one, two = (open_desk(plan, store, ()) for _ in range(2))
        one.register(form("holder"))
        store.after_conflict = lambda: setattr(
            store, "after_conflict", lambda: two.registrations.cancel(who(two, "holder"))
        )
        (outcome,) = one.acting("import", kind="import").registrations.enter_many([form("ana")])
        assert isinstance(outcome, Registered)
        assert one.registrations.places() == (1, 1, 0)

    def test_the_next_is_let_in_when_the_first_leaves_at_that_moment(self):
        """Promoting looks again: the head of the line is another one by then."""
        store = Meddled()
        plan = conference_for_tests(quota=1)
        one, two = (open_desk(plan, store, ()) for _ in range(2))
        for name in ("holder", "first", "second"):
            one.register(form(name))

        def leave() -> None:
            two.registrations.let_in = lambda: 0  # that process is killed before it promotes
            two.registrations.cancel(who(two, "first"))

        holder = who(one, "holder")
        store.before = lambda: setattr(store, "before", leave)
        one.registrations.cancel(holder)
        assert one.registrations.places() == (1, 1, 0)
        assert one.registrations.get(who(one, "second")).state == "confirmed"

    def test_who_cancels_hears_that_it_is_done_whatever_hinders_the_promotion(self, caplog):
        """The cancellation is durable: an error would say that nothing was done. The next tick gives the place."""
        store = Meddled()
        desk = open_desk(conference_for_tests(quota=1), store, ())
        for name in ("holder", "first"):
            desk.register(form(name))

        def busy() -> None:
            raise StoreBusy("meddled:", 1)

        store.before = lambda: setattr(store, "before", busy)
        with caplog.at_level(logging.WARNING, logger="conferencekit.registrations"):
            desk.registrations.cancel(who(desk, "holder"))
        assert "tick()" in caplog.text
        assert line(desk) == ["pfirst"]
        desk.tick()
        assert line(desk) == []

    def test_expiry_reads_no_more_than_what_is_due_and_gives_the_places_on(self):
        """Hundreds that are not due are not read; those that are go in one commit for each hundred."""
        store = Meddled()
        desk = open_desk(conference_for_tests("verify", quota=150), store, ())
        for number in range(150):
            desk.register(form(f"early{number}"))
        desk.acting("Olga").register(form("waits"))
        desk.clock.move(timedelta(hours=24))
        desk.reload(with_quota(desk.conference, 500))
        for number in range(300):
            desk.register(form(f"late{number}"))
        desk.clock.move(timedelta(hours=24))
        store.asked.clear()
        assert desk.registrations.expire() == 150
        assert max(store.asked) <= 100
        assert sum(store.asked) <= 300
        assert desk.registrations.places() == (301, 500, 0)


class TestTheDocumentInForce:
    def test_two_processes_that_take_up_one_change_at_once_both_do(self):
        """Whoever is second finds its own document in force, and goes on."""
        store = Meddled()
        plan = conference_for_tests(quota=1)
        one, two = (open_desk(plan, store, ()) for _ in range(2))
        for desk, name in ((one, "ana"), (two, "bea")):
            desk.register(form(name))
        store.before = lambda: two.reload(with_quota(plan, 2))
        one.reload(with_quota(plan, 2))
        for desk, name in ((one, "cleo"), (two, "dan")):
            assert isinstance(desk.register(form(name)), Received)
        assert one.registrations.places() == (2, 2, 2)

    def test_threads_of_the_process_that_reloads_notice_nothing(self):
        """The document in force is never an older one for the process that changes it."""
        desk = open_desk(conference_for_tests(quota=3), "memory:", ())
        desk.shell.in_force  # noqa: B018 - opened before the rush
        raised: list[Exception] = []
        is_over = threading.Event()

        def rush(number: int) -> None:
            at = 0
            while not is_over.is_set():
                at += 1
                try:
                    desk.register(form(f"{number}-{at}"))
                except ConferenceOutdated as error:
                    raised.append(error)

        threads = [threading.Thread(target=rush, args=(number,)) for number in range(3)]
        for thread in threads:
            thread.start()
        for quota in range(4, 40):
            desk.reload(with_quota(desk.conference, quota))
        is_over.set()
        for thread in threads:
            thread.join()
        assert raised == []

    @pytest.mark.parametrize("by", ["form", "link"])
    def test_a_reload_in_another_thread_costs_nobody_the_mail_that_was_asked_for(self, by):
        """The reminder to a known address is decided again, not left out."""
        store = Meddled()
        desk = open_desk(conference_for_tests(quota=3), store, ())
        desk.register(form("ana"))

        def reload() -> None:
            desk.reload(with_quota(desk.conference, 4))

        if by == "form":
            store.before = lambda: setattr(store, "before", reload)  # the first commit finds the address
            desk.register(form("ana"))
        else:
            store.before = reload
            desk.registrations.send_link(form("ana")["email"])
        queued = desk.shell.walk("~notice", "state", "queued")
        assert [each.body["body"]["template"] for each in queued] == [
            "registration_confirmed",
            "registration_known",
        ]

    def test_a_process_of_its_own_with_an_older_document_decides_nothing(self, tmp_path):
        """It is told at its next commit; with the new document it goes on."""
        url = f"sqlite:///{tmp_path}/records.db"
        script = """
import sys
from conferencekit.errors import ConferenceOutdated
from conferencekit.testing.secretariat import conference_for_tests
from conferencekit.testing.store_waiting import form, open_desk, with_quota
desk = open_desk(conference_for_tests(quota=1), sys.argv[1], ())
for name in sys.stdin:
    try:
        print(type(desk.acting("Olga").register(form(name.strip()))).__name__, flush=True)
    except ConferenceOutdated as error:
        print("outdated", flush=True)
        desk.reload(with_quota(desk.conference, 3))
"""
        with (
            open_desk(conference_for_tests(quota=1), url, ()) as desk,
            subprocess.Popen(
                [sys.executable, "-c", script, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            ) as other,
        ):

            def enter(name: str) -> str:
                other.stdin.write(name + "\n")
                other.stdin.flush()
                return other.stdout.readline().strip()

            assert [enter("ana"), enter("bea")] == ["Registered", "Waitlisted"]
            desk.reload(with_quota(desk.conference, 3))
            assert desk.registrations.places() == (2, 3, 0)
            assert [enter("cleo"), enter("cleo"), enter("dan")] == ["outdated", "Registered", "Waitlisted"]
            other.stdin.close()
            check_now(standing_of(desk))

    def test_a_listener_of_a_revision_acts_by_it(self):
        """It hears of the revision when that is in force."""
        from conferencekit import hookimpl

        seen = []

        class Listener:
            @hookimpl
            def conferencekit_conference_revised(self, event):
                seen.append(desk.conference.registration.quota)

        desk = SecretariatForTests(conference_for_tests(quota=1), plugins=[Listener()])
        desk.shell.in_force  # noqa: B018 - takes the document up
        desk.reload(with_quota(desk.conference, 7))
        assert seen == [1, 7]

    def test_the_number_of_places_may_be_raised_to_less_than_an_override_took(self):
        """A raise takes nothing away; lowering below what is taken is refused."""
        desk = SecretariatForTests(conference_for_tests(quota=1))
        over = Override(reason="speakers", over_capacity=True)
        for number in range(4):
            desk.acting("Olga").register(form(number), override=over)
        desk.reload(with_quota(desk.conference, 2))
        assert desk.registrations.places() == (4, 2, 0)
        assert isinstance(desk.acting("Olga").register(form("late")), Waitlisted)
