"""The pure rules of registering."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from conferencekit.conference import RegistrationPlan
from conferencekit.context import Context, FixedEntropy
from conferencekit.deadline import Deadline
from conferencekit.errors import TransitionNotAllowed
from conferencekit.form.issues import Issue
from conferencekit.registration import rules
from conferencekit.registration.registration import HOLDING, LIVE, TRANSITIONS, allowed_actions
from conferencekit.registration.rules import Decision, Override, Register

DEADLINE = Deadline(before=date(2020, 11, 30), zone="Asia/Shanghai")
CUTOFF = datetime(2020, 11, 29, 16, tzinfo=UTC)
TRUSTED = RegistrationPlan(address="trusted")
VERIFY = RegistrationPlan(address="verify")
ASKED = RegistrationPlan(address="trusted", approval="organiser")


def at(now: datetime) -> Context:
    return Context(now, FixedEntropy(b"rules"))


def command(received_at: datetime = CUTOFF - timedelta(days=1), **changes) -> Register:
    facts = {
        "answers": {"full_name": "Ada"},
        "address": "ada@example.org",
        "name": "Ada",
        "locale": "en",
        "form": "f" * 64,
        "received_at": received_at,
    }
    return Register(**{**facts, **changes})


def decided(plan: RegistrationPlan = TRUSTED, **options) -> Decision:
    found = rules.register(command(), plan, DEADLINE, at(CUTOFF - timedelta(days=1)), **options)
    assert isinstance(found, Decision)
    return found


@given(st.integers(-(10**7), 10**7), st.sampled_from(["UTC", "Asia/Shanghai", "Pacific/Apia"]))
def test_accepts_before_the_cutoff_and_never_at_or_after_it(seconds, zone):
    """Half-open, in whatever zone the instant is written."""
    from zoneinfo import ZoneInfo

    moment = (CUTOFF + timedelta(seconds=seconds)).astimezone(ZoneInfo(zone))
    found = rules.register(command(moment), TRUSTED, DEADLINE, at(moment))
    assert isinstance(found, Decision) == (seconds < 0)


def test_refusal_says_until_when():
    """A late person hears the deadline in words."""
    found = rules.register(command(CUTOFF), TRUSTED, DEADLINE, at(CUTOFF))
    assert isinstance(found, Issue)
    assert (found.path, found.code) == ("", "closed")
    assert "2020" in str(found.params["deadline"])


def test_too_early_is_told_apart_from_too_late():
    """Before the opening the code is another."""
    from conferencekit.moment import Moment

    opens = Moment.at(datetime(2020, 11, 1), "Asia/Shanghai")
    deadline = evolve(DEADLINE, opens=opens)
    early = datetime(2020, 10, 1, tzinfo=UTC)
    found = rules.register(command(early), TRUSTED, deadline, at(early))
    assert isinstance(found, Issue)
    assert found.code == "not_open_yet"


def test_organiser_overrides_the_deadline_with_a_reason_and_it_is_marked():
    """What came late stays marked late, for this reason."""
    override = Override(reason="power cut in Lagos", late=True)
    found = rules.register(command(CUTOFF, override=override), TRUSTED, DEADLINE, at(CUTOFF))
    assert isinstance(found, Decision)
    assert found.registration.late
    assert found.reason == "power cut in Lagos"


@pytest.mark.parametrize(
    ("plan", "full", "state", "template"),
    [
        (TRUSTED, False, "confirmed", "registration_confirmed"),
        (TRUSTED, True, "waitlisted", "registration_waitlisted"),
        (VERIFY, False, "unverified", "registration_verify"),
        (VERIFY, True, "unverified", "registration_verify"),
        (ASKED, False, "pending", "registration_received"),
    ],
)
def test_where_a_form_leads(plan, full, state, template):
    """The rules as data decide the state and the mail."""
    found = decided(plan, full=full)
    assert (found.registration.state, found.owed[0].template) == (state, template)


def test_only_a_confirmed_person_gets_a_calendar_invite():
    """Unverified, pending, waiting and declined people never get one."""
    for plan in (VERIFY, ASKED):
        assert all(each.calendar is None for each in decided(plan).owed)
    assert decided(TRUSTED).owed[0].calendar == "REQUEST"


def test_unverified_person_without_a_place_holds_none():
    """Somebody for whom there was no room does not take one by not verifying."""
    assert decided(VERIFY).registration.places == 1
    assert decided(VERIFY, full=True).registration.places == 0


def test_verifying_late_arrivals_takes_a_free_place_or_waits():
    """Who waited unverified gets what is free by now, and stands behind everybody in line."""
    waiting = decided(VERIFY, full=True).registration
    found = rules.verify(waiting, VERIFY, at(CUTOFF))
    assert (found.registration.state, found.first_in_line) == ("confirmed", True)
    assert rules.verify(waiting, VERIFY, at(CUTOFF), full=True).registration.state == "waitlisted"


def test_registering_again_after_cancelling_raises_the_sequence():
    """A calendar takes the new invite for newer than the cancellation."""
    first = decided().registration
    off = rules.move(first, "cancel", "cancelled", at(CUTOFF)).registration
    again = decided(known=off).registration
    assert again.id == first.id
    assert first.sequence_offset < off.sequence_offset < again.sequence_offset


def test_links_of_an_earlier_registration_are_revoked():
    """Registering anew raises the generation of every personal link, those too that were never revoked before."""
    off = evolve(
        rules.move(decided().registration, "cancel", "cancelled", at(CUTOFF)).registration,
        generations={"manage": 2},
    )
    assert decided(known=off).registration.generations == {
        "verify": 1,
        "contribute": 1,
        "manage": 3,
    }


def test_cancelling_an_unverified_address_writes_to_nobody():
    """Nobody has proven that the address is theirs."""
    found = rules.move(decided(VERIFY).registration, "cancel", "cancelled", at(CUTOFF))
    assert found.owed == ()


def test_what_the_table_does_not_allow_raises_with_what_it_allows():
    """Never a silent no-op."""
    off = rules.move(decided().registration, "cancel", "cancelled", at(CUTOFF)).registration
    with pytest.raises(TransitionNotAllowed, match="'cancelled' and cannot 'approve'.*register"):
        rules.move(off, "approve", "confirmed", at(CUTOFF))


def test_every_state_of_the_table_is_reachable_and_leaves_it_only_by_the_table():
    """Targets and sources are the same states; final ones allow nothing or a new registration."""
    targets = {target for targets in TRANSITIONS.values() for target in targets}
    sources = {state for state, _ in TRANSITIONS} - {"new"}
    assert sources == targets
    assert allowed_actions("cancelled") == allowed_actions("expired") == ("register",)
    assert allowed_actions("declined") == ("approve",)
    assert HOLDING < LIVE
