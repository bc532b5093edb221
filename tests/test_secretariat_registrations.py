"""Registering through the secretariat, on a real store in memory and on SQLite."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from conferencekit import AlreadyRegistered, Received, Refused, Registered, Waitlisted
from conferencekit.errors import NotFound, TransitionNotAllowed
from conferencekit.registration.rules import Override
from conferencekit.secretariat import SignedIn
from conferencekit.testing.secretariat import SecretariatForTests, conference_for_tests

PASSWORD = "correct horse battery staple"


def form(name: str = "Ada", **changes: object) -> dict[str, object]:
    facts = {
        "full_name": f"{name} Example",
        "email": f"{name.lower()}@example.org",
        "password": PASSWORD,
        "country": "GB",
        "consent": "1",
    }
    return {**facts, **changes}


@pytest.fixture(params=["memory:", "sqlite:///{tmp}/records.db"])
def made(request, tmp_path):
    """A maker of secretariats on each store."""
    opened: list[SecretariatForTests] = []

    def make(**rules) -> SecretariatForTests:
        store = request.param.replace("{tmp}", str(tmp_path))
        opened.append(SecretariatForTests(conference_for_tests(**rules), store=store))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def templates(secretariat: SecretariatForTests) -> list[str]:
    records, _ = secretariat.shell.store.find("testing", "~notice", "state", "queued", limit=1000)
    return [record.body["body"]["template"] for record in records]


def test_a_valid_form_is_confirmed_at_once(made):
    """Trusted and without approval, as the model conference is."""
    secretariat = made()
    assert isinstance(secretariat.register(form()), Received)
    (found,) = secretariat.registrations.find()
    assert (found.state, found.name, found.address) == ("confirmed", "Ada Example", "ada@example.org")
    assert templates(secretariat) == ["registration_confirmed"]


def test_the_password_is_neither_among_the_answers_nor_in_clear(made):
    """Only a hash stays."""
    secretariat = made()
    secretariat.register(form())
    (found,) = secretariat.registrations.find()
    assert "password" not in found.answers
    assert PASSWORD not in str(found)
    assert found.password.startswith("scrypt$")


def test_a_known_address_gets_the_same_answer_and_its_owner_a_mail(made):
    """Nobody learns from the answer whether an address is registered; nothing that is stored changes."""
    secretariat = made()
    first = secretariat.register(form())
    before = list(secretariat.registrations.find())
    second = secretariat.register(
        form(email="ADA@Example.org", full_name="Mallory", password="another password")
    )
    assert type(first) is type(second)
    assert len(first.reference) == len(second.reference)
    assert list(secretariat.registrations.find()) == before
    assert templates(secretariat) == ["registration_confirmed", "registration_known"]


def test_reminders_to_a_known_address_are_at_most_one_in_ten_minutes(made):
    """Nobody can fill somebody's mailbox through the form."""
    secretariat = made()
    for _ in range(5):
        assert isinstance(secretariat.register(form()), Received)
    assert templates(secretariat).count("registration_known") == 1
    secretariat.clock.move(timedelta(minutes=11))
    secretariat.register(form())
    assert templates(secretariat).count("registration_known") == 2


def test_a_repeated_submission_gets_the_first_answer(made):
    """A double click, or a retry after a lost answer: one registration, one mail, one reference."""
    secretariat = made()
    first = secretariat.register(form(submission_id="s-1"))
    assert secretariat.register(form(submission_id="s-1")) == first
    assert templates(secretariat) == ["registration_confirmed"]


def test_a_repeat_to_a_known_address_gets_its_first_answer_too(made):
    """The reference is the one of that submission, not the owner's."""
    secretariat = made()
    owner = secretariat.register(form())
    first = secretariat.register(form(submission_id="s-2"))
    assert secretariat.register(form(submission_id="s-2")) == first
    assert first != owner


def test_a_submission_id_with_other_content_is_refused(made):
    """The same id never stands for two things."""
    secretariat = made()
    secretariat.register(form(submission_id="s-1"))
    found = secretariat.register(form("Bob", submission_id="s-1"))
    assert isinstance(found, Refused)
    assert found.issues[0].code == "submission_reused"


@pytest.mark.parametrize("hostile", ["x" * 100_000, "\0", "a\r\nb", "\u202e", "𝒳" * 300, ["a", "b"], 7, None])
def test_hostile_submission_ids_do_no_harm(made, hostile):
    """Whatever a browser sends is cut or ignored."""
    assert isinstance(made().register(form(submission_id=hostile)), Received)


def test_a_refused_form_is_shown_again_with_its_answers(made):
    """Answers are kept, the password is not."""
    found = made().register(form(email="not an address"))
    assert isinstance(found, Refused)
    assert [(each.path, each.code) for each in found.issues] == [("email", "email")]
    page = found.form.__html__()
    assert "Ada Example" in page
    assert "not an address" in page
    assert PASSWORD not in page


def test_after_the_deadline_nothing_is_taken(made):
    """At the first instant of 2 May in Paris it is over."""
    secretariat = made()
    cutoff = secretariat.conference.deadline("registration").cutoff().instant
    secretariat.clock.move_to(cutoff - timedelta(seconds=1))
    assert isinstance(secretariat.register(form()), Received)
    secretariat.clock.move_to(cutoff)
    found = secretariat.register(form("Bob"))
    assert found.issues[0].code == "closed"


def test_organiser_enters_late_with_a_reason_that_the_log_keeps(made):
    """The exception is marked, named and reasoned."""
    secretariat = made()
    secretariat.clock.move_to(secretariat.conference.deadline("registration").cutoff().instant)
    acting = secretariat.acting("Olga")
    assert isinstance(acting.register(form()), Refused)
    found = acting.register(form(), override=Override(reason="letter was lost", late=True))
    assert isinstance(found, Registered)
    assert found.registration.late
    bodies = [entry.body for entry in secretariat.ledger.entries()]
    assert any(body.get("by") == "Olga" and body.get("reason") == "letter was lost" for body in bodies)


def test_the_quota_is_never_exceeded_and_the_rest_waits_in_order(made):
    """The third waits; when a place becomes free it is theirs, and a newcomer stands behind."""
    secretariat = made(quota=2)
    acting = secretariat.acting("Olga")
    first, second, third = (acting.register(form(name)) for name in ("Ada", "Bob", "Cleo"))
    assert isinstance(second, Registered)
    assert isinstance(third, Waitlisted)
    assert isinstance(acting.register(form("Dan")), Waitlisted)
    secretariat.registrations.cancel(first.registration.id)
    assert secretariat.registrations.get(third.registration.id).state == "confirmed"
    assert secretariat.registrations.places() == (2, 2, 1)
    assert isinstance(acting.register(form("Eve")), Waitlisted)


def test_an_organiser_may_exceed_the_quota_with_a_reason(made):
    """Over capacity is explicit and stays in the log."""
    secretariat = made(quota=1)
    secretariat.register(form("Bob"))
    override = Override(reason="the keynote speaker", over_capacity=True)
    found = secretariat.acting("Olga").register(form(), override=override)
    assert isinstance(found, Registered)
    assert secretariat.registrations.places() == (2, 1, 0)


def test_threads_on_the_last_places_never_oversell(made):
    """Ten places, forty people at once."""
    secretariat = made(quota=10)
    secretariat.shell.in_force  # noqa: B018 - opened before the rush
    acting = secretariat.acting("Olga")
    outcomes = []

    def register(number: int) -> None:
        outcomes.append(acting.register(form(f"p{number}")))

    threads = [threading.Thread(target=register, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(each, Registered) for each in outcomes) == 10
    assert sum(isinstance(each, Waitlisted) for each in outcomes) == 30
    assert secretariat.registrations.places() == (10, 10, 30)


def test_one_address_from_many_threads_is_registered_once(made):
    """The unique address is decided by the commit."""
    secretariat = made()
    acting = secretariat.acting("Olga")
    outcomes = []
    threads = [threading.Thread(target=lambda: outcomes.append(acting.register(form()))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(each, Registered) for each in outcomes) == 1
    assert sum(isinstance(each, AlreadyRegistered) for each in outcomes) == 11


def test_many_rows_give_one_outcome_each_in_order(made):
    """Good ones, a bad one, a repeated address and one too many."""
    secretariat = made(quota=2)
    rows = [form("Ada"), form("Bob", country="XX"), form("ada"), form("Cleo"), form("Dan")]
    kinds = [
        type(each) for each in secretariat.acting("import", kind="import").registrations.enter_many(rows)
    ]
    assert kinds == [Registered, Refused, AlreadyRegistered, Registered, Waitlisted]


def test_a_link_verifies_once_and_pressing_again_is_the_same(made):
    """GET shows, POST acts; the second POST finds what it wants."""
    secretariat = made(address="verify")
    secretariat.register(form())
    (found,) = secretariat.registrations.find("unverified")
    token = secretariat.shell.links.token("verify", found.id)
    assert secretariat.registrations.open(token, "verify") == found
    assert isinstance(secretariat.registrations.verify(token), Registered)
    assert isinstance(secretariat.registrations.verify(token), Registered)
    assert secretariat.registrations.get(found.id).state == "confirmed"
    assert templates(secretariat) == ["registration_verify", "registration_confirmed"]


def test_links_of_others_and_other_purposes_prove_nothing(made):
    """A token is for one person and one purpose."""
    secretariat = made(address="verify")
    secretariat.register(form())
    secretariat.register(form("Bob"))
    ada, bob = secretariat.registrations.find("unverified")
    links = secretariat.shell.links
    stolen = f"{bob.id}.{links.token('verify', ada.id).rpartition('.')[2]}"
    for token in (stolen, links.token("manage", ada.id), "", ".", "x" * 10_000, "r-1.\udcff", "\0.x"):
        found = secretariat.registrations.verify(token)
        assert isinstance(found, Refused)
        assert found.issues[0].code == "link_invalid"


def test_an_expired_link_frees_its_place_and_a_new_form_starts_again(made):
    """An address that nobody proved does not keep a place for ever."""
    secretariat = made(address="verify", quota=1)
    secretariat.register(form())
    (found,) = secretariat.registrations.find("unverified")
    token = secretariat.shell.links.token("verify", found.id)
    secretariat.clock.move(timedelta(hours=49))
    assert secretariat.registrations.verify(token).issues[0].code == "link_expired"
    secretariat.tick()
    assert secretariat.registrations.places() == (0, 1, 0)
    secretariat.register(form())
    assert secretariat.registrations.get(found.id).state == "unverified"


def test_sign_in_takes_the_password_and_nothing_else(made):
    """A wrong password and an unknown address are refused alike."""
    secretariat = made()
    secretariat.register(form())
    assert isinstance(secretariat.registrations.sign_in("ADA@example.org", PASSWORD), SignedIn)
    wrong = secretariat.registrations.sign_in("ada@example.org", "wrong")
    unknown = secretariat.registrations.sign_in("nobody@example.org", PASSWORD)
    hostile = secretariat.registrations.sign_in("\0" * 1000, "x" * 100_000)
    assert wrong == unknown == hostile
    assert isinstance(wrong, Refused)


def test_who_cancelled_cannot_sign_in(made):
    """The registration is gone; its password opens nothing."""
    secretariat = made()
    secretariat.register(form())
    (found,) = secretariat.registrations.find()
    secretariat.registrations.cancel(found.id)
    assert isinstance(secretariat.registrations.sign_in("ada@example.org", PASSWORD), Refused)


def test_an_organiser_decides_where_the_conference_says_so(made):
    """Approve and decline, each once; what the state forbids raises."""
    secretariat = made(approval="organiser")
    secretariat.register(form())
    secretariat.register(form("Bob"))
    ada, bob = secretariat.registrations.find("pending")
    registrations = secretariat.acting("Olga").registrations
    assert registrations.approve(ada.id).registration.state == "confirmed"
    assert registrations.decline(bob.id, reason="no seat").registration.state == "declined"
    with pytest.raises(TransitionNotAllowed, match="declined"):
        registrations.decline(bob.id)
    with pytest.raises(NotFound, match="r-nobody"):
        registrations.approve("r-nobody")


def test_a_declined_person_gets_the_same_answer_and_no_mail(made):
    """The form does not tell, and does not write again."""
    secretariat = made(approval="organiser")
    secretariat.register(form())
    (ada,) = secretariat.registrations.find()
    secretariat.acting("Olga").registrations.decline(ada.id)
    before = templates(secretariat)
    assert isinstance(secretariat.register(form()), Received)
    assert templates(secretariat) == before


def test_a_reader_of_events_misses_nothing_and_goes_on_from_its_cursor(made):
    """Two pages, then nothing, then what came since."""
    secretariat = made()
    for name in ("Ada", "Bob", "Cleo"):
        secretariat.register(form(name))
    first = secretariat.events(limit=2)
    rest = secretariat.events(after=first.cursor)
    assert [len(first.entries), len(rest.entries)] == [2, 3]
    none = secretariat.events(after=rest.cursor)
    assert (none.entries, none.cursor) == ((), rest.cursor)
    secretariat.register(form("Dan"))
    assert [each.body["action"] for each in secretariat.events(after=none.cursor).entries] == ["register"]


def test_everything_is_in_the_log_and_verifies(made):
    """Every commit has its entry; the sealed log holds."""
    secretariat = made()
    secretariat.register(form())
    (found,) = secretariat.registrations.find()
    secretariat.registrations.cancel(found.id)
    secretariat.ledger.seal()
    actions = [entry.body["action"] for entry in secretariat.ledger.entries()]
    assert actions == ["conference_revised", "wordings_kept", "register", "cancel", "ledger_sealed"]
    assert secretariat.ledger.verify() == ()


def test_sealing_again_seals_what_happened_and_not_the_sealing(made):
    """A seal each night is no news of itself: without anything between them there is one, else its own entry goes along."""
    secretariat = made()
    secretariat.register(form())
    assert [each.size for each in secretariat.ledger.seal()] == [3]
    assert secretariat.ledger.seal() == ()
    (found,) = secretariat.registrations.find()
    secretariat.registrations.cancel(found.id)
    (sealed,) = secretariat.ledger.seal()
    assert (sealed.number, sealed.size) == (2, 2)
    assert secretariat.ledger.verify() == ()


def test_nobody_chooses_a_password_for_an_address_that_is_not_theirs(made):
    """A stranger fills in the form first; the owner's own form and link count, the stranger's password does not."""
    secretariat = made(address="verify")
    secretariat.register(form(full_name="Mallory", password="chosen by mallory"))
    (strangers,) = secretariat.registrations.find("unverified")
    first_link = secretariat.shell.links.token("verify", strangers.id)
    assert isinstance(secretariat.register(form()), Received)
    (ada,) = secretariat.registrations.find("unverified")
    assert (ada.id, ada.name, ada.password) == (strangers.id, "Ada Example", None)
    assert isinstance(secretariat.registrations.verify(first_link), Refused)
    token = secretariat.shell.links.token("verify", ada.id, ada.generations["verify"])
    assert isinstance(secretariat.registrations.verify(token), Registered)
    for password in ("chosen by mallory", PASSWORD):
        assert isinstance(secretariat.registrations.sign_in("ada@example.org", password), Refused)
    assert secretariat.registrations.places()[0] == 1


def test_signing_in_with_what_is_no_text_is_refused(made):
    """An API may be sent anything."""
    secretariat = made()
    secretariat.register(form())
    for address, password in ((None, None), (["ada@example.org"], PASSWORD), ("ada@example.org", {"a": 1})):
        assert isinstance(secretariat.registrations.sign_in(address, password), Refused)
    secretariat.registrations.send_link(7)
