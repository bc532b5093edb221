"""Notices: what is owed, as data that is stored and read back."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from tests.invite_samples import invites
from tests.message_samples import SENDER, notice

from conferencekit.errors import InvalidBody, InvalidCalendar, InvalidText, NaiveTime, SchemaTooNew
from conferencekit.mailbox import Mailbox
from conferencekit.message.mails import MAILS
from conferencekit.message.notice import LinkSpec, message_id_for, notice_from_body, notice_to_body


@pytest.mark.parametrize("template", MAILS)
def test_a_stored_notice_is_the_same_notice(template):
    """Through JSON text."""
    made = notice(template, reply_to=Mailbox("Help", "help@example.org"))
    assert notice_from_body(json.loads(json.dumps(notice_to_body(made)))) == made


@given(
    invites(),
    st.dictionaries(st.text(max_size=5), st.recursive(st.text() | st.integers() | st.none(), st.lists)),
)
def test_any_invite_and_any_values_are_kept(invite, values):
    """Also at the hours that come twice."""
    made = notice(recipient=invite.attendee, invite=invite, values=values)
    assert notice_from_body(json.loads(json.dumps(notice_to_body(made)))) == made


def test_a_link_is_stored_without_its_token():
    """Purpose, subject, generation and expiry alone."""
    link = LinkSpec("verify", "r-1", 3, datetime(2020, 11, 14, tzinfo=UTC))
    body = notice_to_body(notice("registration_verify", links={"verify": link}))
    assert body["links"] == {
        "verify": {"purpose": "verify", "subject": "r-1", "generation": 3, "expires": "2020-11-14T00:00:00Z"}
    }


def test_moments_are_stored_with_their_zone():
    """Wall time, zone and fold."""
    body = notice_to_body(notice())
    assert body["invite"]["starts"] == {"wall": "2020-12-11T20:00:00", "zone": "Asia/Shanghai", "fold": 0}


def test_the_message_id_follows_from_conference_and_key():
    """The same in every process; its domain is the sender's."""
    made = message_id_for("gmc2020", "r-1.confirmed", SENDER)
    assert made == message_id_for("gmc2020", "r-1.confirmed", SENDER)
    assert made.startswith("<")
    assert made.endswith("@example.org>")
    assert (
        len(
            {
                made,
                message_id_for("gmc2020", "r-2", SENDER),
                message_id_for("gmc202", "0r-1.confirmed", SENDER),
            }
        )
        == 3
    )


def test_the_date_is_kept_in_utc_to_the_second():
    """Whatever zone it is given in."""
    east = timezone(timedelta(hours=8))
    made = notice(date=datetime(2020, 11, 12, 16, 30, 5, 9, tzinfo=east))
    assert made.date == datetime(2020, 11, 12, 8, 30, 5, tzinfo=UTC)


def test_values_are_copied():
    """What the caller changes later does not change what is owed."""
    values = {"conference": "GMC", "list": [1]}
    made = notice(values=values)
    values["list"].append(2)
    assert made.values["list"] == [1]


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"values": {"a": [{"b": 1.5}]}}, InvalidText, r"values.a\[0\].b"),
        ({"values": {"a": {1: 2}}}, InvalidText, "Names in values.a"),
        ({"values": {"when": datetime(2020, 1, 1, tzinfo=UTC)}}, InvalidText, "values.when"),
        ({"locale": "x"}, InvalidText, "'x'"),
        ({"stream": "spam"}, InvalidText, "'spam'"),
        ({"on_uncertain": "forget"}, InvalidText, "'forget'"),
        ({"date": datetime(2020, 1, 1)}, NaiveTime, "2020"),
        ({"recipient": Mailbox("", "bo@example.org")}, InvalidCalendar, "the mail for bo@example.org"),
    ],
)
def test_what_makes_no_notice_is_refused(changes, error, said):
    """With the value and where it stands."""
    with pytest.raises(error, match=said):
        notice(**changes)


@pytest.mark.parametrize(
    "text", ["", "a@example.org", "<a@example.org>\r\nBcc: x@y.org", "<a b@example.org>", "<a@>"]
)
def test_a_message_id_is_one(text):
    """It becomes a header."""
    with pytest.raises(InvalidText, match="A Message-ID is like"):
        evolve(notice(), message_id=text)


def test_a_newer_notice_is_left_alone():
    """It is not for this version to send."""
    with pytest.raises(SchemaTooNew, match="schema 7"):
        notice_from_body({**notice_to_body(notice()), "schema": 7})


@pytest.mark.parametrize(
    "change",
    [
        {"recipient": {"name": "Ada", "address": "ada"}},
        {"recipient": None},
        {"date": "yesterday"},
        {"links": []},
        {"extra": 1},
        {"invite": {"method": "REQUEST"}},
        {"message_id": 7},
        {"locale": None},
    ],
)
def test_a_damaged_body_is_named(change):
    """By the key of the notice, with the reason."""
    with pytest.raises(InvalidBody, match="r-1.registration_confirmed"):
        notice_from_body({**notice_to_body(notice()), **change})


def test_a_session_at_an_hour_that_is_gone_is_named():
    """A zone's rules may change between the day it is owed and the day it is sent."""
    body = notice_to_body(notice())
    body["invite"]["starts"] = {"wall": "2021-03-28T02:30:00", "zone": "Europe/Berlin", "fold": 0}
    with pytest.raises(InvalidBody, match="NonexistentTime"):
        notice_from_body(body)


def test_it_is_light_to_load():
    """What only writes notices loads no template engine, no calendar library, no mail library."""
    script = (
        "import sys, conferencekit.message.notice;"
        "print(sorted({'jinja2', 'icalendar', 'email', 'smtplib', 'tomllib'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)
    assert found.stdout.strip() == "[]"
