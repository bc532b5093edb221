"""The conference in force: revisions, moved and cancelled sessions, and what a document may not take away."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from attrs import evolve

from conferencekit import Secretariat
from conferencekit.conference import CalendarPlan, Conference
from conferencekit.context import FixedEntropy
from conferencekit.errors import ConferenceOutdated, InvalidAddress, InvalidText, MissingLink, PlanInUse
from conferencekit.message.notice import notice_from_body, notice_to_body
from conferencekit.moment import Moment
from conferencekit.secretariat.plan import MOST_EVENTS
from conferencekit.testing.secretariat import SITE, SecretariatForTests, conference_for_tests

PERSON = {"full_name": "Ada Example", "country": "GB", "consent": "1", "password": "correct horse battery"}


def with_session(conference: Conference, **changes) -> Conference:
    return evolve(conference, sessions=(evolve(conference.sessions[0], **changes),))


def moved(conference: Conference, hours: int = 1) -> Conference:
    session = conference.sessions[0]
    later = timedelta(hours=hours)
    return with_session(conference, starts=session.starts.plus(later), ends=session.ends.plus(later))


@pytest.fixture
def secretariat(tmp_path):
    with SecretariatForTests(store=f"sqlite:///{tmp_path}/records.db") as made:
        made.register({**PERSON, "email": "ada@example.org"})
        made.clock.move(timedelta(days=1))
        yield made


def bodies(secretariat: SecretariatForTests) -> list[dict]:
    """What is owed, with all its words in it."""
    from conferencekit.secretariat.broadcasts import expand_all

    expand_all(secretariat.shell, secretariat._correspondence)
    records, _ = secretariat.shell.store.find("testing", "~notice", "state", "queued", limit=1000)
    words = secretariat._correspondence.wordings.read
    return [notice_to_body(notice_from_body(record.body["body"], words)) for record in records]


def test_a_moved_session_goes_out_with_the_next_sequence(secretariat):
    """Everybody confirmed gets an update of the event that they have, with the times as they were."""
    lines = secretariat.reload(moved(secretariat.conference), by="Olga")
    assert any("sessions[0].starts" in line for line in lines)
    first, update = bodies(secretariat)
    assert (first["invite"]["sequence"], update["invite"]["sequence"]) == (0, 1)
    assert first["invite"]["uid"] == update["invite"]["uid"]
    assert update["template"] == "session_moved"
    assert "09:00" in update["values"]["was"]
    assert update["invite"]["dtstamp"] > first["invite"]["dtstamp"]


def test_whoever_registers_after_the_move_gets_the_news_once(secretariat):
    """Their confirmation has the new time; the broadcast passes them by."""
    secretariat.reload(moved(secretariat.conference))
    secretariat.register({**PERSON, "email": "bob@example.org"})
    to_bob = [each for each in bodies(secretariat) if each["recipient"]["address"] == "bob@example.org"]
    assert [(each["template"], each["invite"]["sequence"]) for each in to_bob] == [
        ("registration_confirmed", 1)
    ]


def test_wording_raises_no_sequence_and_writes_to_nobody(secretariat):
    """A corrected title is no reason to disturb a calendar."""
    from conferencekit.text import LocalizedText

    secretariat.reload(with_session(secretariat.conference, title=LocalizedText.of("Grand opening")))
    assert len(bodies(secretariat)) == 1


def test_a_cancelled_session_goes_out_as_a_cancel(secretariat):
    """STATUS cancelled, the next SEQUENCE, to everybody who has the event."""
    secretariat.reload(with_session(secretariat.conference, status="cancelled"))
    cancel = bodies(secretariat)[-1]
    assert (cancel["template"], cancel["invite"]["method"]) == ("session_cancelled", "CANCEL")
    assert (cancel["invite"]["sequence"], cancel["invite"]["status"]) == (1, "cancelled")


def test_a_personal_cancellation_is_newer_than_the_invite_and_older_than_the_next(secretariat):
    """Calendars follow by SEQUENCE, also when the person comes back."""
    (ada,) = secretariat.registrations.find()
    secretariat.registrations.cancel(ada.id)
    secretariat.clock.move(timedelta(hours=1))
    secretariat.register({**PERSON, "email": "ada@example.org"})
    invites = [each["invite"] for each in bodies(secretariat) if each["invite"]]
    assert [each["method"] for each in invites] == ["REQUEST", "CANCEL", "REQUEST"]
    assert [each["sequence"] for each in invites] == [0, 1, 2]
    assert invites[1]["status"] == "confirmed"


def test_broadcasts_reach_everybody_once_across_chunks(monkeypatch, tmp_path):
    """Seven people, three to a commit; a second expansion writes nothing more."""
    from conferencekit.secretariat import broadcasts

    monkeypatch.setattr(broadcasts, "CHUNK", 3)
    with SecretariatForTests(store=f"sqlite:///{tmp_path}/records.db") as made:
        for number in range(7):
            made.register({**PERSON, "email": f"p{number}@example.org"})
        made.clock.move(timedelta(days=1))
        made.reload(moved(made.conference))
        updates = [
            each["recipient"]["address"] for each in bodies(made) if each["template"] == "session_moved"
        ]
        assert sorted(updates) == [f"p{number}@example.org" for number in range(7)]
        assert broadcasts.expand_all(made.shell, made._correspondence) == 0


def test_the_same_document_again_changes_nothing(secretariat):
    """Reloading what is in force is no revision."""
    before = list(secretariat.ledger.entries())
    assert secretariat.reload(conference_for_tests()) == ()
    assert list(secretariat.ledger.entries()) == before


def test_a_process_with_an_older_document_is_told(secretariat, tmp_path):
    """It decides nothing by what no longer counts, at its next commit and when it starts anew."""
    other = SecretariatForTests(
        store=f"sqlite:///{tmp_path}/records.db", entropy=FixedEntropy(b"another process")
    )
    other.register({**PERSON, "email": "bob@example.org"})
    secretariat.reload(moved(secretariat.conference))
    with pytest.raises(ConferenceOutdated, match="reload"):
        other.register({**PERSON, "email": "cleo@example.org"})
    other.close()
    with pytest.raises(ConferenceOutdated, match="older"):
        other.register({**PERSON, "email": "cleo@example.org"})
    other.reload(moved(conference_for_tests()))
    other.register({**PERSON, "email": "cleo@example.org"})
    other.close()


def test_a_new_document_at_start_becomes_a_revision(tmp_path):
    """Editing the file and starting again is enough."""
    url = f"sqlite:///{tmp_path}/records.db"
    with SecretariatForTests(store=url) as first:
        first.register({**PERSON, "email": "ada@example.org"})
    with SecretariatForTests(moved(conference_for_tests()), store=url) as second:
        assert second.conference.sessions[0].starts.wall == datetime(2027, 5, 20, 10)
        entries = [each.body["action"] for each in second.ledger.entries()]
    assert entries.count("conference_revised") == 2


def test_going_back_to_an_earlier_document_is_a_revision_too(secretariat):
    """The session moves and moves back: two updates, each newer than the one before."""
    first = secretariat.conference
    secretariat.reload(moved(first))
    secretariat.clock.move(timedelta(hours=1))
    assert secretariat.reload(first) != ()
    assert [each["invite"]["sequence"] for each in bodies(secretariat)] == [0, 1, 2]
    assert [each["invite"]["starts"]["wall"][11:16] for each in bodies(secretariat)] == [
        "09:00",
        "10:00",
        "09:00",
    ]


def test_what_people_hold_cannot_be_removed(secretariat):
    """An invited session, an answered field, taken places: refused with the remedy, and nothing changes."""
    conference = secretariat.conference
    fields = conference.registration.form.fields
    fewer = evolve(
        conference.registration.form, fields=tuple(each for each in fields if each.name != "country")
    )
    cases = [
        (evolve(conference, sessions=()), 'status = "cancelled"'),
        (evolve(conference, registration=evolve(conference.registration, form=fewer)), "required = false"),
        (evolve(conference, registration=evolve(conference.registration, quota=0)), "1 places are taken"),
    ]
    for changed, remedy in cases:
        with pytest.raises(PlanInUse, match=remedy):
            secretariat.reload(changed)
    assert secretariat.conference == conference


def test_a_raised_quota_lets_the_waiting_in():
    """Nobody waits while the head of the line fits."""
    with SecretariatForTests(conference_for_tests(quota=1)) as made:
        for name in ("ada", "bob", "cleo"):
            made.register({**PERSON, "email": f"{name}@example.org"})
        made.reload(conference_for_tests(quota=2))
        assert made.registrations.places() == (2, 2, 1)


def test_zone_rules_that_moved_a_session_are_found(secretariat):
    """What was told under other rules differs from today's: a stored instant is wrong by an hour here."""
    from conferencekit.ports import Put

    assert secretariat.moved_moments() == ()
    shell = secretariat.shell
    record = shell.get("event", "opening")
    body = {**record.body, "starts": {**record.body["starts"], "instant": "2027-05-20T06:00:00Z"}}
    entry = shell.entry(shell.context(), secretariat.ledger._actor, "test", "opening", {})
    shell.commit(shell.change(entry, [Put(kind="event", id="opening", body=body, expect=record.version)]))
    (found,) = secretariat.moved_moments()
    assert found.path == "opening.starts"
    assert found.now == Moment.at(datetime(2027, 5, 20, 9), "Europe/Paris").instant


@pytest.mark.parametrize(
    ("options", "error", "remedy"),
    [
        ({"site": None}, MissingLink, "Give site="),
        ({"site": {"manage": "https://x.example/{token}"}}, MissingLink, "contribute"),
        ({"site": "gmc.example.org"}, InvalidText, "https://"),
        ({"site": "https://exa mple.org"}, InvalidText, "without spaces"),
        ({"secret": b"short"}, InvalidText, "16 random bytes"),
        ({"secret": []}, InvalidText, "16 random bytes"),
        ({"sender": "nobody"}, InvalidAddress, "nobody"),
    ],
)
def test_a_wrong_setting_is_an_error_at_start(options, error, remedy):
    """Not when the first mail is due."""
    given = {"store": "memory:", "mailer": "memory:", "secret": b"x" * 32, "site": SITE, **options}
    with pytest.raises(error, match=remedy):
        Secretariat(conference_for_tests(), **given)


def with_many(
    conference: Conference, count: int, *, hours: int = 0, name: str = "talk", **plan
) -> Conference:
    """So many sessions, a minute apart."""
    first = conference.sessions[0]
    sessions = (
        evolve(
            first,
            id=f"{name}-{each}",
            starts=first.starts.plus(timedelta(hours=hours, minutes=each)),
            ends=first.ends.plus(timedelta(hours=hours, minutes=each)),
        )
        for each in range(count)
    )
    calendar = CalendarPlan(organizer="office@example.org", **plan)
    return evolve(conference, sessions=tuple(sessions), calendar=calendar)


def test_a_document_of_more_events_than_anybody_wants_mails_about_is_refused_with_the_remedy():
    """Each session is a mail to everybody: a thousand of them fit into no commit, and into nobody's mailbox."""
    many = with_many(conference_for_tests(), 1200, invite="each session")
    with SecretariatForTests() as held, pytest.raises(InvalidText, match="1200 events.*one a day"):
        held.reload(many)
    with SecretariatForTests(many) as made, pytest.raises(InvalidText, match="1200 events.*one a day"):
        made.register({**PERSON, "email": "ada@example.org"})


@pytest.mark.slow
def test_as_many_events_as_a_store_takes_can_all_move_at_once():
    """Who is registered hears of each."""
    first = with_many(conference_for_tests(), MOST_EVENTS, invite="each session")
    with SecretariatForTests(first) as made:
        made.register({**PERSON, "email": "ada@example.org"})
        assert made.deliver().sent == MOST_EVENTS
        made.clock.move(timedelta(hours=1))
        made.reload(with_many(conference_for_tests(), MOST_EVENTS, hours=24, invite="each session"))
        assert made.deliver().sent == MOST_EVENTS


def test_more_sessions_than_that_are_a_few_events_where_each_day_is_one():
    """The remedy that the refusal names holds what it promises."""
    with SecretariatForTests(with_many(conference_for_tests(), MOST_EVENTS + 1, invite="one a day")) as made:
        made.register({**PERSON, "email": "ada@example.org"})
        assert made.deliver().sent == 1


@pytest.mark.slow
def test_a_programme_that_is_another_one_altogether_is_taken_in_two_steps():
    """The old events are cancelled and the new ones added: more than a commit holds."""
    with SecretariatForTests(with_many(conference_for_tests(), 260, invite="each session")) as made:
        assert len(made.conference.sessions) == 260
        other = with_many(conference_for_tests(), 260, name="other", invite="each session")
        with pytest.raises(InvalidText, match="520 events.*two steps"):
            made.reload(other)
        made.reload(with_many(conference_for_tests(), 1, name="other", invite="each session"))
        assert made.reload(other)
