"""Attacks on registering: strangers who ask, visitors who take what is not theirs, and moments that coincide."""

from __future__ import annotations

from datetime import timedelta

import pytest

from conferencekit import Received, Refused, Registered
from conferencekit.ports import Deferred
from conferencekit.secretariat import SignedIn
from conferencekit.secretariat.pages import Pages
from conferencekit.testing.secretariat import SecretariatForTests, conference_for_tests


def form(name: str, **changes: object) -> dict[str, object]:
    facts = {
        "full_name": f"{name} Example",
        "email": f"{name.lower()}@example.org",
        "password": "correct horse battery staple",
        "country": "GB",
        "consent": "1",
    }
    return {**facts, **changes}


def one(secretariat: SecretariatForTests, name: str):
    address = form(name)["email"]
    (found,) = (each for each in secretariat.registrations.find() if each.address == address)
    return found


class TestStrangers:
    def test_signing_in_after_registering_does_not_tell_whether_the_address_was_known(self):
        """Whoever posts a form with another's address and signs in with its password gets the same answers."""
        secretariat = SecretariatForTests(conference_for_tests("verify"))
        secretariat.register(form("Known"))
        token = secretariat.link(secretariat.mails_to("known@")[-1], "verify")
        assert isinstance(secretariat.registrations.verify(token), Registered)
        answers = []
        for name in ("Known", "New"):
            registered = secretariat.register(form(name, password="of the stranger"))
            signed_in = secretariat.registrations.sign_in(f"{name.lower()}@example.org", "of the stranger")
            answers.append((type(registered), type(signed_in)))
        assert answers == [(Received, Refused)] * 2

    def test_whoever_has_verified_signs_in(self):
        """The password counts from the moment that the address is proven."""
        secretariat = SecretariatForTests(conference_for_tests("verify"))
        secretariat.register(form("Ada"))
        secretariat.registrations.verify(secretariat.link(secretariat.mails_to("ada@")[-1], "verify"))
        signed_in = secretariat.registrations.sign_in("ada@example.org", str(form("Ada")["password"]))
        assert isinstance(signed_in, SignedIn)

    @pytest.mark.parametrize("address", ["ada@example.org", "nobody@example.org"])
    def test_asking_for_a_link_is_one_commit_for_every_address(self, address):
        """What is written for one address and not for another could be told by the time that it takes."""
        secretariat = SecretariatForTests()
        secretariat.register(form("Ada"))
        before = len(list(secretariat.ledger.entries()))
        for _ in range(2):  # the second within ten minutes sends nothing
            secretariat.registrations.send_link(address)
        assert len(list(secretariat.ledger.entries())) == before + 2

    def test_a_visitor_cannot_take_the_id_of_a_row_that_will_be_imported(self):
        """Ids of submissions from the web and of imports are kept apart."""
        secretariat = SecretariatForTests()
        secretariat.register(form("Eve"), submission_id="export:7")
        entered = secretariat.acting("office", kind="import").registrations.enter(
            form("Ada"), submission_id="export:7"
        )
        assert isinstance(entered, Registered)

    def test_a_link_of_an_expired_registration_does_not_verify_a_later_one(self):
        """The mail told of other data than what somebody entered since."""
        secretariat = SecretariatForTests(conference_for_tests("verify"))
        secretariat.register(form("Ada"))
        old = secretariat.link(secretariat.mails_to("ada@")[-1], "verify")
        secretariat.clock.move(timedelta(days=3))
        secretariat.tick()
        expired = secretariat.registrations.verify(old)
        assert isinstance(expired, Refused)
        assert expired.issues[0].code == "link_expired"
        secretariat.register(form("Ada", full_name="Somebody Else"))
        assert isinstance(secretariat.registrations.verify(old), Refused)
        new = secretariat.link(secretariat.mails_to("ada@")[-1], "verify")
        assert isinstance(secretariat.registrations.verify(new), Registered)

    def test_what_is_printed_of_a_registration_has_no_hash(self):
        """A log line that shows a registration holds nothing to guess passwords by."""
        secretariat = SecretariatForTests()
        secretariat.register(form("Ada"))
        assert one(secretariat, "Ada").password
        assert "scrypt" not in repr(one(secretariat, "Ada"))


class TestApproval:
    def full(self) -> SecretariatForTests:
        secretariat = SecretariatForTests(conference_for_tests("trusted", "organiser", 1))
        for name in ("Ada", "Bob"):
            secretariat.register(form(name))
        return secretariat

    def test_a_free_place_does_not_replace_the_organisers_yes(self):
        """Who waits gets the place held, and no invite before an organiser approves."""
        secretariat = self.full()
        assert (one(secretariat, "Ada").state, one(secretariat, "Bob").state) == ("pending", "waitlisted")
        organiser = secretariat.acting("office").registrations
        organiser.decline(one(secretariat, "Ada").id)
        assert one(secretariat, "Bob").state == "pending"
        assert not any("BEGIN:VCALENDAR" in str(each) for each in secretariat.mails_to("bob@"))
        organiser.approve(one(secretariat, "Bob").id)
        assert one(secretariat, "Bob").state == "confirmed"

    def test_whoever_was_approved_before_is_confirmed_by_a_place(self):
        """One yes is enough: approved without a place left, then promoted."""
        secretariat = self.full()
        organiser = secretariat.acting("office").registrations
        organiser.decline(one(secretariat, "Bob").id)
        organiser.approve(one(secretariat, "Bob").id)
        assert one(secretariat, "Bob").state == "waitlisted"
        secretariat.registrations.cancel(one(secretariat, "Ada").id)
        assert one(secretariat, "Bob").state == "confirmed"


def test_a_message_that_waited_for_days_is_tried_more_than_once():
    """After an outage of the host the first "try again later" of a server is not the end."""
    secretariat = SecretariatForTests()
    secretariat.register(form("Ada"))
    secretariat.clock.move(timedelta(days=6))
    send = secretariat.mailer.send
    secretariat.mailer.send = lambda messages: [Deferred(60, "451 greylisted") for _ in messages]
    done = secretariat.deliver()
    assert (done.deferred, done.failed) == (1, 0)
    secretariat.mailer.send = send
    secretariat.clock.move(timedelta(hours=1))
    assert secretariat.deliver().sent == 1


def test_two_who_come_back_at_once_with_one_address_get_the_same_answer():
    """The second finds the registration alive that was cancelled when it began."""
    secretariat = SecretariatForTests()
    secretariat.register(form("Ada"))
    secretariat.registrations.cancel(one(secretariat, "Ada").id)
    store, pending = secretariat.shell.store, [2]
    commit = store.commit

    def second(batch):
        pending[0] -= 1
        if pending[0] == 0:  # the first finds the owner of the address, the second is the one that comes back
            secretariat.register(form("Ada"))
        return commit(batch)

    store.commit = second
    assert isinstance(secretariat.register(form("Ada")), Received)
    assert one(secretariat, "Ada").state == "confirmed"


@pytest.mark.parametrize("posted", [1, "x", b"x", [], [1]])
def test_a_post_that_is_no_form_is_refused(posted):
    """A body of JSON may be anything; where the uploads are looked for in it, it is still data."""
    secretariat = SecretariatForTests()
    secretariat.register(form("Ada"))
    token = secretariat.shell.links.token("contribute", one(secretariat, "Ada").id)
    assert Pages(secretariat).contribute(token, posted).status == 422
