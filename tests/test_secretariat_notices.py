"""Mails that wait for a person: seen, let go, given up."""

from __future__ import annotations

import pytest

from conferencekit.errors import NotFound
from conferencekit.ports import Deferred
from conferencekit.testing.secretariat import SecretariatForTests

PERSON = {
    "full_name": "Ada",
    "email": "ada@example.org",
    "country": "GB",
    "consent": "1",
    "password": "correct horse",
}


class BrokenRenderer:
    """A host's template engine on a bad day."""

    def __init__(self) -> None:
        self.works = False

    def render(self, name: str, part: str, values: object) -> str:
        if not self.works:
            raise ZeroDivisionError("template")
        return "words"


def test_a_mail_that_cannot_be_rendered_waits_and_goes_out_when_it_can():
    """Held with the reason, never silently not sent; retry lets it go."""
    renderer = BrokenRenderer()
    with SecretariatForTests(renderer=renderer) as made:
        made.register(PERSON)
        assert made.deliver().held == 1
        (held,) = made.notices.find("held")
        assert "ZeroDivisionError" in held.note
        renderer.works = True
        assert made.notices.retry(held.key)
        assert made.deliver().sent == 1
        assert not made.notices.retry(held.key)


def test_giving_up_lets_later_mails_to_the_same_person_go():
    """A held mail keeps the lane; given up, it no longer does."""
    renderer = BrokenRenderer()
    with SecretariatForTests(renderer=renderer) as made:
        made.register(PERSON)
        made.deliver()
        renderer.works = True
        (ada,) = made.registrations.find()
        made.registrations.cancel(ada.id)
        assert made.deliver().sent == 0
        (held,) = made.notices.find("held")
        assert made.notices.give_up(held.key)
        assert made.deliver().sent == 1
        assert [each.key for each in made.notices.find("failed")] == [held.key]


def test_an_unknown_notice_is_an_error():
    """With its key."""
    with SecretariatForTests() as made, pytest.raises(NotFound, match="n-1"):
        made.notices.retry("n-1")


def test_a_mailer_that_does_not_open_leaves_no_lease_behind():
    """The next delivery finds the mail due at once, and not as uncertain."""
    with SecretariatForTests(mailer="nowhere:") as made:
        made.register(PERSON)
        with pytest.raises(Exception, match="nowhere"):
            made.deliver()
        (owed,) = made.notices.find("queued")
        leased = made.shell.store.lease(1, now=made.clock(), until=made.clock().replace(year=2030))
        assert [(each.key, each.attempt, each.uncertain) for each in leased] == [(owed.key, 1, False)]


def test_what_must_not_go_twice_is_held_where_the_server_broke_off(monkeypatch):
    """A mailer says "perhaps taken": a person decides."""
    from attrs import evolve

    from conferencekit.secretariat import deliveries

    read = deliveries.notice_from_body
    monkeypatch.setattr(
        deliveries, "notice_from_body", lambda body, words: evolve(read(body, words), on_uncertain="hold")
    )

    class BreaksOff:
        def send(self, messages):
            return [Deferred(60, "broke off", uncertain=True) for _ in messages]

        def close(self):
            pass

    with SecretariatForTests(mailer=BreaksOff()) as made:
        made.register(PERSON)
        assert made.deliver().held == 1
        assert [each.note for each in made.notices.find("held")] == ["broke off"]


def test_nobody_is_asked_for_input_that_is_not_taken_any_more():
    """Somebody who gets a place after the deadline for input hears nothing of it."""
    from datetime import timedelta

    from conferencekit.testing.secretariat import conference_for_tests

    with SecretariatForTests(conference_for_tests(quota=1)) as made:
        made.register(PERSON)
        made.register({**PERSON, "email": "bob@example.org"})
        made.deliver()
        made.clock.move_to(made.conference.deadline("input").cutoff().instant + timedelta(hours=1))
        ada = next(made.registrations.find("confirmed"))
        made.registrations.cancel(ada.id)
        (*_, offered) = made.mails_to("bob@example.org")
        text = offered.get_body(("plain",)).get_content()
        assert "/contribute/" not in text
        assert "YOUR INPUT" not in text
