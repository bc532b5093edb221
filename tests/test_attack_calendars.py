"""Attacks on calendars: plans that change while people come and go."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve
from tests.test_attack_registrations import form, one

from conferencekit.conference import Conference
from conferencekit.testing.secretariat import SecretariatForTests, conference_for_tests


def with_opening(conference: Conference, **changes: object) -> Conference:
    return evolve(conference, sessions=(evolve(conference.sessions[0], **changes),))


def an_hour_later(conference: Conference) -> Conference:
    opening = conference.sessions[0]
    hour = timedelta(hours=1)
    return with_opening(conference, starts=opening.starts.plus(hour), ends=opening.ends.plus(hour))


def told(secretariat: SecretariatForTests, name: str) -> list[tuple[str, int]]:
    """(method, sequence) of every calendar part that a person got, in order."""
    found = []
    for mail in secretariat.mails_to(f"{name.lower()}@"):
        for part in mail.walk():
            if part.get_content_type() == "text/calendar":
                lines = dict(line.partition(":")[::2] for line in part.get_content().splitlines())
                found.append((lines["METHOD"], int(lines["SEQUENCE"])))
    return found


def before(secretariat: SecretariatForTests, action: str, act) -> None:
    """Let something happen between the decision and the commit of the first entry with this action."""
    store, pending = secretariat.shell.store, [act]
    commit = store.commit

    def late(batch):
        if pending and batch[0].entry.body["action"] == action:
            pending.pop()()
        return commit(batch)

    store.commit = late


def registered(*names: str, quota: int = 100) -> SecretariatForTests:
    secretariat = SecretariatForTests(conference_for_tests(quota=quota))
    for name in names:
        secretariat.register(form(name))
    secretariat.deliver()
    secretariat.clock.move(timedelta(hours=1))
    return secretariat


def test_a_session_that_is_cancelled_leaves_the_calendar_of_whoever_cancels_before_the_news():
    """The news goes to those who are confirmed; who is not any more gets the CANCEL with their own cancellation."""
    secretariat = registered("Ada", "Bob")
    secretariat.reload(with_opening(secretariat.conference, status="cancelled"))
    secretariat.registrations.cancel(one(secretariat, "Ada").id)
    assert told(secretariat, "Ada") == [("REQUEST", 0), ("CANCEL", 2)]
    assert told(secretariat, "Bob") == [("REQUEST", 0), ("CANCEL", 1)]


def test_a_registration_after_the_session_was_cancelled_hears_nothing_of_it():
    """No invite at first, and no CANCEL of what was never there."""
    secretariat = registered()
    secretariat.reload(with_opening(secretariat.conference, status="cancelled"))
    secretariat.deliver()
    secretariat.register(form("Ada"))
    secretariat.registrations.cancel(one(secretariat, "Ada").id)
    assert told(secretariat, "Ada") == []


def test_whoever_cancels_while_the_news_is_written_gets_no_request_after_the_cancel():
    """Else the event would come back into a calendar that has forgotten it."""
    secretariat = registered("Ada", "Bob")
    secretariat.reload(an_hour_later(secretariat.conference))
    ada = one(secretariat, "Ada").id
    before(secretariat, "broadcast_expanded", lambda: secretariat.registrations.cancel(ada))
    assert told(secretariat, "Ada") == [("REQUEST", 0), ("CANCEL", 2)]
    assert told(secretariat, "Bob") == [("REQUEST", 0), ("REQUEST", 1)]


def test_whoever_registers_while_the_plan_is_changed_is_told():
    """A confirmation with the old time, later by the clock than the change and before it by commit."""
    secretariat = registered("Ada")

    def register() -> None:
        secretariat.clock.move(timedelta(milliseconds=5))
        secretariat.register(form("Bob"))

    before(secretariat, "conference_revised", register)
    secretariat.reload(an_hour_later(secretariat.conference))
    secretariat.register(form("Eve"))
    assert told(secretariat, "Bob") == [("REQUEST", 0), ("REQUEST", 1)]
    assert told(secretariat, "Eve") == [("REQUEST", 1)]


def test_a_clock_that_stands_still_silences_nobody():
    """Confirmed and moved in the same tick of the clock."""
    secretariat = SecretariatForTests()
    secretariat.register(form("Ada"))
    secretariat.reload(an_hour_later(secretariat.conference))
    assert told(secretariat, "Ada") == [("REQUEST", 0), ("REQUEST", 1)]


def test_going_back_to_an_earlier_document_does_not_bring_back_earlier_sequences():
    """A CANCEL with a sequence below that of the last REQUEST would be ignored."""
    secretariat = registered("Ada")
    first = secretariat.conference
    for document in (an_hour_later(first), first):
        secretariat.reload(document)
        secretariat.clock.move(timedelta(hours=1))
    secretariat.deliver()
    secretariat.registrations.cancel(one(secretariat, "Ada").id)
    assert told(secretariat, "Ada") == [("REQUEST", 0), ("REQUEST", 1), ("REQUEST", 2), ("CANCEL", 3)]


@pytest.mark.slow
def test_a_chunk_of_the_news_fits_into_a_commit():
    """More people than one change set can tell."""
    secretariat = registered(quota=1100)
    entered = secretariat.acting("office").registrations.enter_many(form(f"P{n}") for n in range(1100))
    assert sum(1 for _ in entered) == 1100
    secretariat.deliver()
    secretariat.clock.move(timedelta(hours=1))
    secretariat.reload(an_hour_later(secretariat.conference))
    assert secretariat.deliver().sent == 1100


def test_a_reload_in_another_thread_lets_no_decision_by_the_old_plan_through():
    """The version that counts is the one when the decision began, not the one when it is written."""
    secretariat = registered("Ada")
    later = an_hour_later(secretariat.conference)
    entry, pending = secretariat.shell.entry, [later]

    def reload_first(*facts, **more):
        if pending and facts[2] == "register":
            secretariat.reload(pending.pop())
        return entry(*facts, **more)

    secretariat.shell.entry = reload_first
    secretariat.register(form("Bob"))
    assert told(secretariat, "Bob")[-1] == ("REQUEST", 1)
