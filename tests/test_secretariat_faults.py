"""Clocks that jump back and randomness that repeats: whoever was accepted stays so, and nothing is half written."""

from __future__ import annotations

from datetime import timedelta

import pytest

from conferencekit.adapters.memory import MemoryStore
from conferencekit.context import FixedEntropy
from conferencekit.errors import StoreBusy
from conferencekit.registration.outcomes import Refused
from conferencekit.secretariat.log_audit import audit_log
from conferencekit.store.audit import audit
from conferencekit.testing.secretariat import SecretariatForTests, conference_for_tests

ANSWERS = {
    "topic-1": "Tests.",
    "topic-2": "Break it.",
    "language": "en",
    "quote": "named",
    "publish": "named",
}


def register(secretariat: SecretariatForTests, name: str) -> object:
    form = {"full_name": name, "email": f"{name}@example.org", "password": "correct horse battery staple"}
    return secretariat.register({**form, "country": "GB", "consent": "1"})


def names(secretariat: SecretariatForTests, *states: str) -> list[str]:
    return [each.name for each in secretariat.registrations.find(*states)]


def whole(store: MemoryStore) -> bool:
    return [*audit(store, "testing"), *audit_log(store, "testing")] == []


def test_a_source_of_randomness_that_is_stuck_is_told_of():
    """Every id is the same: nobody is registered, nobody waits for ever, and nothing is written by halves."""
    store = MemoryStore()
    with SecretariatForTests(store=store, entropy=bytes) as secretariat:
        for name in ("ada", "bea"):
            with pytest.raises(StoreBusy):
                register(secretariat, name)
        assert names(secretariat) == []
        assert whole(store)


def test_a_machine_that_was_cloned_draws_again():
    """Two processes with the same randomness: ids that are taken are left to whom they belong."""
    store = MemoryStore()
    first, second = (SecretariatForTests(store=store, entropy=FixedEntropy(b"clone")) for _ in range(2))
    for number in range(6):
        for which, secretariat in (("a", first), ("b", second)):
            assert not isinstance(register(secretariat, f"{which}{number}"), Refused)
    people = list(first.registrations.find())
    assert {each.name for each in people} == {f"{which}{number}" for which in "ab" for number in range(6)}
    assert len({each.id for each in people}) == len({each.reference for each in people}) == 12
    for person in people:
        secretariat = first if person.name.startswith("a") else second
        assert not isinstance(secretariat.contributions.submit(person.id, ANSWERS), Refused)
    assert len({each.number for each in first.contributions.live()}) == 12
    first.deliver()
    second.deliver()
    assert len(first.mailer.messages) + len(second.mailer.messages) == 24
    first.ledger.seal()
    second.ledger.seal()
    assert whole(store)


def test_a_clock_that_jumps_back_changes_no_order():
    """Who came first is first: in the log, on the waiting list, and among those who get a place."""
    store = MemoryStore()
    with SecretariatForTests(conference_for_tests(quota=1), store=store) as secretariat:
        for name in ("ada", "bea", "chi"):
            register(secretariat, name)
            secretariat.clock.move(timedelta(days=-2))
        line = secretariat.shell.walk("registration", "waiting", "registration")
        assert [each.body["name"] for each in line] == ["bea", "chi"]
        (ada,) = secretariat.registrations.find("confirmed")
        secretariat.registrations.cancel(ada.id)
        secretariat.tick()
        assert names(secretariat, "confirmed") == ["bea"]
        seen = [entry.body["action"] for entry in secretariat.ledger.entries()]
        assert seen.count("register") == 3
        assert seen.index("cancel") > seen.index("register")
        secretariat.ledger.seal()
        assert whole(store)


def test_a_clock_that_jumps_back_sends_nothing_twice():
    """What was sent stays sent; what is owed goes out once the clock has come to it again."""
    with SecretariatForTests() as secretariat:
        register(secretariat, "ada")
        assert secretariat.deliver().sent == 1
        secretariat.clock.move(timedelta(days=-1))
        assert secretariat.deliver().sent == 0
        register(secretariat, "bea")
        assert secretariat.deliver().sent == 1
        secretariat.clock.move(timedelta(days=2))
        assert secretariat.deliver().sent == 0
        assert len(secretariat.mailer.messages) == 2
