"""Calendars for a program with a database of its own: the page on it runs, and what it relies on holds."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.calendar_strict import check
from tests.docs_page import run_python
from tests.reply_samples import NOW, SENDER, Answer, conference, gmail, invitees, moved, reply_to, told_of

from conferencekit.calendar import (
    Judge,
    Told,
    attendance_now,
    invite_to_ical,
    mark_sent,
    plan_invites,
    read_mail,
)
from conferencekit.errors import InvalidBody, SchemaTooNew
from conferencekit.secretariat.told import TOLD_SCHEMA, told_from_body, told_to_body

PAGE = "how-to/calendars-without-a-store.md"
PLAN = conference()


def test_the_page_runs_as_it_stands(tmp_path, monkeypatch, capsys):
    """Invites, a change, answers and a feed, from tables of an application."""
    monkeypatch.chdir(tmp_path)
    names = run_python(PAGE)
    told_of_ada = [data for recipient, data in names["outbox"] if recipient == "ada@example.org"]
    invites = [each for mail in told_of_ada for each in read_mail(mail, "sent").calendars]
    names["take"](
        [reply_to(invites[-1], sender="ada@example.org"), reply_to(invites[0], sender="eve@example.com")]
    )
    said = capsys.readouterr().out
    assert "1 talk-1 ACCEPTED" in said
    assert "somebody has to look at it: it was sent by eve@example.com" in said
    assert attendance_now(names["load"](), "1", "talk-1").answer == "ACCEPTED"
    assert names["feed"]({}).body.count(b"BEGIN:VEVENT") == 2
    assert b"ATTENDEE" not in names["feed"]({}).body
    check(invite_to_ical(names["invite"]), "REQUEST")
    names["database"].close()


def test_what_is_not_marked_is_planned_again_the_same():
    """Sent is what was said to be sent, nobody else's message."""
    people = invitees(["ada", "bea"])
    plan = plan_invites(PLAN, people, Told(), now=NOW, sender=SENDER)
    first, *others = plan.messages
    told = mark_sent(plan.after, [first], at=NOW)
    later = plan_invites(PLAN, people, told, now=NOW + timedelta(hours=1), sender=SENDER)
    assert [each.to_ical() for each in later.messages] == [each.to_ical() for each in others]
    done = mark_sent(later.after, later.messages, at=NOW)
    assert plan_invites(PLAN, people, done, now=NOW, sender=SENDER).messages == ()
    assert plan.after.people["ada"][first.event.id].sent is None


@given(st.sets(st.sampled_from(["ada", "bea", "cy"])), st.integers(-3, 3), st.booleans())
def test_what_was_told_survives_as_json(keys, hours, is_answered):
    """Read back it is equal, and leads to the same plan."""
    told = told_of(PLAN, sorted(keys))
    if is_answered:
        judge = Judge(conference=PLAN, told=told, keys_of=lambda found: [found.partition("@")[0]])
        told = judge.judge_all([read_mail(gmail(Answer(comment="Ünd \\n so")), "a mail")]).told
    read = told_from_body(json.loads(json.dumps(told_to_body(told))))
    assert read == told
    changed = moved(PLAN, "opening", hours)
    plans = [plan_invites(changed, invitees(keys), each, now=NOW, sender=SENDER) for each in (told, read)]
    assert plans[0] == plans[1]


@pytest.mark.parametrize(
    "damage",
    [
        {"schema": None},
        {"schema": True},
        {"events": None},
        {"people": {"ada": {"opening": {}}}},
        {"people": []},
        {"attendance": {"ada": {"opening": {"answer": "PERHAPS"}}}},
        {"events": {"x": {"schema": 2}}},
    ],
)
def test_what_is_damaged_is_refused(damage):
    """With an error of ours, whatever it is."""
    body = {**told_to_body(told_of(PLAN, ["ada"])), **damage}
    with pytest.raises(InvalidBody):
        told_from_body(body)


def test_what_a_newer_version_wrote_is_refused():
    """It may mean something else."""
    with pytest.raises(SchemaTooNew):
        told_from_body({**told_to_body(Told()), "schema": TOLD_SCHEMA + 1})
