"""Calendars of those who registered: days, series, tokens for replies, and zone data that changes."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from attrs import evolve

from conferencekit.adapters.memory import MemoryStore
from conferencekit.calendar import validate
from conferencekit.calendar.reading import Component, read
from conferencekit.conference import CalendarPlan, Conference
from conferencekit.errors import ConferenceOutdated, InvalidText
from conferencekit.moment import Moment
from conferencekit.ports import Put
from conferencekit.programme.series import Occurrence, Repeat
from conferencekit.programme.session import Session
from conferencekit.secretariat.shell import SYSTEM
from conferencekit.testing.secretariat import SecretariatForTests, conference_for_tests
from conferencekit.text import LocalizedText

PERSON = {"full_name": "Ada Example", "country": "GB", "consent": "1", "password": "correct horse battery"}


def session(name: str, day: int, hour: int, **more: object) -> Session:
    starts = Moment.at(datetime(2027, 5, day, hour), "Europe/Paris")
    given = {
        "title": LocalizedText({"en": name.title()}),
        "starts": starts,
        "ends": starts.plus(timedelta(hours=1)),
    }
    return Session(id=name, **{**given, **more})


def desk_for(*sessions: Session, **calendar: object) -> SecretariatForTests:
    plan = CalendarPlan(**{"organizer": "office@example.org", **calendar})
    return SecretariatForTests(evolve(conference_for_tests(), sessions=sessions, calendar=plan))


def register(desk: SecretariatForTests, *names: str) -> None:
    for name in names:
        desk.register({**PERSON, "email": f"{name}@example.org"})
    desk.deliver()
    desk.clock.move(timedelta(days=1))


def event_of(mail: EmailMessage) -> Component:
    """The first VEVENT of the invite in a mail, which breaks no rule."""
    (part,) = [each for each in mail.walk() if each.get_content_type() == "text/calendar"]
    octets = part.get_payload(decode=True)
    assert validate(octets, part.get_param("method")) == ()
    calendar = read(octets).components[0]
    return next(each for each in calendar.components if each.name == "VEVENT")


def opening_of(feed: bytes) -> Component:
    """The session in a feed that is called Opening."""
    events = [each for each in read(feed).components[0].components if each.name == "VEVENT"]
    return next(each for each in events if each.value("SUMMARY") == "Opening")


def reload(desk: SecretariatForTests, *sessions: Session) -> list[EmailMessage]:
    """The mails that a changed programme sends."""
    before = len(desk.outbox)
    conference: Conference = evolve(desk.conference, sessions=sessions)
    desk.reload(conference)
    return desk.outbox[before:]


def test_sessions_of_a_day_are_one_event():
    """Somebody who registers gets one invite for each day."""
    with desk_for(session("opening", 20, 9), session("panel", 20, 14), session("closing", 21, 9)) as desk:
        register(desk, "ada")
        events = [event_of(each) for each in desk.mails_to("ada")]
        assert [each.value("DTSTART") for each in events] == ["20270520T090000", "20270521T090000"]
        assert "14:00-15:00 Panel" in events[0].value("DESCRIPTION")


def test_a_session_that_moves_to_another_day_changes_both():
    """The day that it leaves and the day that it comes to; a day without sessions is off."""
    opening, panel = session("opening", 20, 9), session("panel", 21, 14)
    with desk_for(opening, panel) as desk:
        register(desk, "ada")
        mails = reload(desk, opening, session("panel", 20, 14))
        told = {event_of(each).value("DTSTART"): event_of(each) for each in mails}
        assert told["20270520T090000"].value("SEQUENCE") == "1"
        assert told["20270521T140000"].value("STATUS") == "CANCELLED"


def test_the_mail_about_a_day_that_changed_has_its_programme_before_and_now():
    """As those have it who are invited from a list; where nothing else changed too."""
    opening, panel = session("opening", 20, 9), session("panel", 20, 14)
    with desk_for(opening, panel) as desk:
        register(desk, "ada")
        (mail,) = reload(desk, opening, session("panel", 20, 14, room="Hall 2"))
        was, now = mail.get_body(("plain",)).get_content().split("Now:")
        assert "14:00-15:00 Panel" in was
        assert "14:00-15:00 Panel (Hall 2" in now


def test_a_series_is_one_event_with_its_dates():
    """Its mail names each date; one that is moved is an override, one that is off is left out."""
    other = (
        Occurrence(date=datetime(2027, 5, 27).date(), status="cancelled"),
        Occurrence(
            date=datetime(2027, 6, 3).date(), starts=Moment.at(datetime(2027, 6, 4, 10), "Europe/Paris")
        ),
    )
    weekly = session("seminar", 20, 9, repeat=Repeat(every="week", count=4))
    with desk_for(weekly) as desk:
        register(desk, "ada")
        assert event_of(desk.outbox[0]).value("RRULE") == "FREQ=WEEKLY;COUNT=4"
        (mail,) = reload(desk, evolve(weekly, exceptions=other))
        event = event_of(mail)
        assert (event.value("SEQUENCE"), event.value("EXDATE")) == ("1", "20270527T090000")
        text = mail.get_body(("plain",)).get_content()
        assert "Friday 4 June 2027, 10:00-11:00" in text
        assert "27 May" not in text.partition("Now")[2]


def test_whoever_registers_is_invited_and_told_no_news():
    """Further invites beside the confirmation are no additions to the programme; that is what comes later."""
    with desk_for(session("opening", 20, 9), session("panel", 20, 14), invite="each session") as desk:
        register(desk, "ada")
        confirmed, invited = desk.outbox
        assert confirmed["Subject"].startswith("You are registered")
        assert invited["Subject"] == "Invitation: Panel"
        assert "/registration/" in invited.get_body(("plain",)).get_content()
        (added,) = reload(desk, *desk.conference.sessions, session("dinner", 20, 19))
        assert added["Subject"].startswith("New in the programme: Dinner")


def test_whoever_is_told_of_a_change_is_told_why():
    """In the mail, and in the invite that takes the event out; what is new needs no reason."""
    reason = "The hall\nis flooded: \u202e<b>sorry</b>"
    opening, panel = session("opening", 20, 9), session("panel", 20, 14)
    with desk_for(opening, panel, invite="each session") as desk:
        register(desk, "ada")
        before = len(desk.outbox)
        off, later = evolve(opening, status="cancelled"), session("panel", 20, 15)
        changed = evolve(desk.conference, sessions=(off, later, session("dinner", 20, 19)))
        desk.reload(changed, reason=reason)
        told = {each["Subject"].split(":")[0]: each for each in desk.outbox[before:]}
        texts = {key: each.get_body(("plain",)).get_content() for key, each in told.items()}
        assert [
            "The hall is flooded" in texts[each] for each in ("Cancelled", "Changed", "New in the programme")
        ] == [*(True, True, False)]
        assert event_of(told["Cancelled"]).value("COMMENT").startswith("The hall is flooded")
        assert "<b>" not in told["Cancelled"].get_body(("html",)).get_content()
        with pytest.raises(InvalidText, match="1,000"):
            desk.reload(evolve(desk.conference, theme=LocalizedText.of("x")), reason="x" * 1001)


def test_each_person_replies_to_an_address_of_their_own():
    """Made when the mail is sent: no store holds it."""
    with desk_for(session("opening", 20, 9), organizer="replies+{token}@example.org") as desk:
        register(desk, "ada", "bea")
        ada, bea = (
            event_of(mail).value("ORGANIZER") for name in ("ada", "bea") for mail in desk.mails_to(name)
        )
        assert ada != bea
        assert ada.startswith("mailto:replies+")
        assert "{" not in ada
        token = ada.partition("+")[2].partition("@")[0]
        (person,) = [each for each in desk.registrations.find("confirmed") if each.address.startswith("ada")]
        assert desk.shell.links.reply_token(person.id) == token
        stored = [str(each.body) for each in desk.shell.walk("~notice", "state", "sent")]
        assert not any(token in each for each in stored)


@pytest.mark.parametrize(
    ("calendar", "options", "wanted"),
    [
        ({"organizer": "days@example.org"}, {}, "A Conference for Tests <days@example.org>"),
        (
            {"organizer": "days@example.org", "organizer_name": LocalizedText.of("Ada, Bob")},
            {},
            '"Ada, Bob" <days@example.org>',
        ),
        ({"organizer": "days+{token}@example.org"}, {}, "A Conference for Tests <office@example.org>"),
        ({"organizer": "days@example.org"}, {"sender": "Desk <desk@example.org>"}, "Desk <desk@example.org>"),
    ],
)
def test_mails_with_an_invite_are_from_the_organizer(calendar, options, wanted):
    """Calendars trust such an invite most. A sender that the host names counts, and other mails are as ever."""
    conference = evolve(
        conference_for_tests(address="verify"),
        sessions=[session("opening", 20, 9)],
        calendar=CalendarPlan(**calendar),
        contact="office@example.org",
    )
    with SecretariatForTests(conference, **options) as desk:
        register(desk, "ada")
        desk.registrations.verify(desk.link(desk.outbox[0], "verify"))
        (person,) = desk.registrations.find("confirmed")
        desk.registrations.cancel(person.id)
        asked, invited, off = (str(each["From"]) for each in desk.outbox)
        assert asked == options.get("sender", f"{conference.title.text()} <office@example.org>")
        assert invited == off == wanted


@pytest.mark.parametrize(("calendar", "wanted"), [({}, "TRUE"), ({"rsvp": False}, "FALSE")])
def test_replies_are_asked_for_where_somebody_reads_them(calendar, wanted):
    """`[calendar] rsvp`."""
    with desk_for(session("opening", 20, 9), **calendar) as desk:
        register(desk, "ada")
        (attendee,) = event_of(desk.outbox[0]).all("ATTENDEE")
        assert attendee.parameters["RSVP"] == wanted


def test_without_an_organizer_nobody_is_asked():
    """The address that mails come from may be read by nobody."""
    with SecretariatForTests() as desk:
        register(desk, "ada")
        (attendee,) = event_of(desk.outbox[0]).all("ATTENDEE")
        assert attendee.parameters["RSVP"] == "FALSE"


# -- zone data


def with_older_data(desk: SecretariatForTests, event: str, earlier: timedelta) -> None:
    """Let the store have the event as it was told when the zone's clocks were thought to be other ones."""
    record = desk.shell.store.get("testing", "event", [event])[event]
    body = dict(record.body)
    for name in ("starts", "ends"):
        instant = datetime.fromisoformat(body[name]["instant"]) - earlier
        body[name] = {**body[name], "instant": f"{instant:%Y-%m-%dT%H:%M:%SZ}", "tzdata": "2020a"}
    entry = desk.shell.entry(desk.shell.context(), SYSTEM, "test", event, {})
    put = Put(kind="event", id=event, body=body, expect=record.version)
    desk.shell.commit(desk.shell.change(entry, [put], read_plan=False))


def test_newer_zone_data_is_told_in_utc():
    """A calendar that knows the old clocks would show the wall time an hour off."""
    with desk_for(session("opening", 20, 9)) as desk:
        register(desk, "ada")
        before = event_of(desk.outbox[0])
        with_older_data(desk, "opening", timedelta(hours=1))
        assert [each.was < each.now for each in desk.moved_moments()] == [True, True]
        assert desk.tell_moved_clocks() == 1
        after = event_of(desk.outbox[1])
        assert (after.value("UID"), after.value("SEQUENCE")) == (before.value("UID"), "1")
        assert after.value("DTSTART") == "20270520T070000Z"
        assert "The organisers have not moved it" in desk.outbox[1].get_body(("plain",)).get_content()
        assert desk.moved_moments() == ()
        assert desk.tell_moved_clocks() == 0


def test_who_registers_after_everybody_was_told_of_other_clocks_gets_the_event_as_told():
    """The same process has read the event before: what it remembers of it is read again."""
    with desk_for(session("opening", 20, 9)) as desk:
        register(desk, "ada")
        with_older_data(desk, "opening", timedelta(hours=1))
        assert desk.tell_moved_clocks() == 1
        register(desk, "bob")
        found = [event_of(each) for each in desk.mails_to("bob@") if each.get_body(("plain",))]
        assert [(each.value("SEQUENCE"), each.value("DTSTART")) for each in found] == [
            ("1", "20270520T070000Z")
        ]


@pytest.mark.parametrize("invite", ["each session", "one a day"])
def test_other_processes_hear_that_everybody_was_told_of_other_clocks(invite):
    """Nobody has to restart them: whoever registers there gets the event as told, and their feeds have it."""
    store = MemoryStore()
    conference = desk_for(session("opening", 20, 9), session("panel", 20, 14), invite=invite).conference
    one, two = (SecretariatForTests(conference, store=store, entropy=os.urandom) for _ in range(2))
    with one, two:
        register(one, "ada")
        before = opening_of(two.calendar.feed().body)
        for event in [
            each for each in ("opening", "panel", "day:2027-05-20") if one.shell.get("event", each)
        ]:
            with_older_data(one, event, timedelta(hours=1))
        one.clock.move(timedelta(hours=1))
        two.clock.move(timedelta(hours=1))
        assert one.tell_moved_clocks() > 0
        after = opening_of(two.calendar.feed().body)
        assert after.value("DTSTART") == "20270520T070000Z"
        assert int(after.value("SEQUENCE")) > int(before.value("SEQUENCE") or 0)
        register(two, "bob")
        invited = [event_of(each) for each in two.mails_to("bob@")]
        assert {each.value("SEQUENCE") for each in invited} == {"1"}
        assert min(each.value("DTSTART") for each in invited) == "20270520T070000Z"
        register(one, "cy")
        assert two.tell_moved_clocks() == 0
        reload(one, session("opening", 20, 10), session("panel", 20, 14))
        with pytest.raises(ConferenceOutdated):
            two.tell_moved_clocks()


def test_what_is_off_is_not_called_off_again_at_another_time():
    """Whoever has it cancelled need not know when it would be; on again, it is at the new time."""
    off = session("opening", 20, 9, status="cancelled")
    with desk_for(session("opening", 20, 9)) as desk:
        register(desk, "ada")
        (mail,) = reload(desk, off)
        assert event_of(mail).value("SEQUENCE") == "1"
        assert reload(desk, session("opening", 20, 14, status="cancelled")) == []
        (mail,) = reload(desk, session("opening", 20, 14))
        assert event_of(mail).value("SEQUENCE") == "2"
        assert event_of(mail).value("DTSTART") == "20270520T140000"


def test_what_was_told_in_utc_stays_in_utc():
    """A later move of the session is no reason to trust the client's clocks."""
    with desk_for(session("opening", 20, 9)) as desk:
        register(desk, "ada")
        with_older_data(desk, "opening", timedelta(hours=1))
        (mail,) = reload(desk, session("opening", 20, 11))
        assert event_of(mail).value("DTSTART") == "20270520T090000Z"
        assert "The organisers have not moved it" not in mail.get_body(("plain",)).get_content()
        (mail,) = reload(desk, session("opening", 20, 12))
        assert event_of(mail).value("DTSTART") == "20270520T100000Z"


def test_a_wall_time_that_the_clocks_skip_now_is_read_all_the_same():
    """What was told then is told to be moved."""
    with desk_for(session("opening", 20, 9)) as desk:
        register(desk, "ada")
        record = desk.shell.store.get("testing", "event", ["opening"])["opening"]
        skipped = {"wall": "2027-03-28T02:30:00", "instant": "2027-03-28T01:30:00Z", "tzdata": "2020a"}
        body = {**record.body, "starts": {**record.body["starts"], **skipped}}
        entry = desk.shell.entry(desk.shell.context(), SYSTEM, "test", "opening", {})
        put = Put(kind="event", id="opening", body=body, expect=record.version)
        desk.shell.commit(desk.shell.change(entry, [put], read_plan=False))
        assert desk.tell_moved_clocks() == 1
        mail = desk.outbox[1]
        assert event_of(mail).value("DTSTART") == "20270520T070000Z"
        assert "Sunday 28 March 2027, 01:30" in mail.get_body(("plain",)).get_content()


@pytest.mark.parametrize(
    "skipped",
    [
        {"starts": "2027-03-28T02:30:00", "ends": "2027-03-28T04:00:00"},
        {"starts": "2027-03-28T01:30:00", "ends": "2027-03-28T02:30:00"},
        {"starts": "2027-10-31T02:15:00", "ends": "2027-10-31T04:00:00"},
        {
            "starts": "2027-03-07T02:30:00",
            "ends": "2027-03-07T04:00:00",
            "repeat": {"every": "week", "count": 8},
        },
    ],
    ids=["skipped", "skipped at the end", "twice", "a date of a series"],
)
def test_a_document_whose_time_the_clocks_skip_now_gives_way_to_another(skipped):
    """Nobody can correct what is in force but by a document that follows it."""
    with desk_for(session("opening", 20, 9)) as desk:
        register(desk, "ada")
        digest = desk.shell.in_force.digest
        record = desk.shell.get("conference_revision", digest)
        (opening,) = record.body["document"]["sessions"]
        closed = {"registration": {"at": "2027-03-28T02:30:00", "timezone": "Europe/Paris"}}
        document = {
            **record.body["document"],
            "sessions": [{**opening, **skipped, "timezone": "Europe/Paris"}],
            "deadlines": closed,
        }
        body = {**record.body, "document": document}
        entry = desk.shell.entry(desk.shell.context(), SYSTEM, "test", "opening", {})
        put = Put(kind="conference_revision", id=digest, body=body, expect=record.version)
        desk.shell.commit(desk.shell.change(entry, [put], read_plan=False))
        (mail,) = reload(desk, session("opening", 20, 11))
        assert event_of(mail).value("DTSTART") == "20270520T110000"


def test_a_preview_changes_nothing():
    """`calendar plan` looks; the document in force stays."""
    from conferencekit.secretariat.plan import preview

    with desk_for(session("opening", 20, 9)) as desk:
        register(desk, "ada")
        in_force = desk.shell.get("conference", "current")
        (found,) = preview(desk.shell, evolve(desk.conference, sessions=(session("opening", 20, 11),)))
        assert (found.change, found.after.sequence, found.before.sequence) == ("moved", 1, 0)
        assert desk.shell.get("conference", "current") == in_force
        assert len(desk.outbox) == 1


def test_the_clock_of_a_stamp_never_goes_back():
    """A machine whose clock was set back still gives a later DTSTAMP."""
    with desk_for(session("opening", 20, 9)) as desk:
        register(desk, "ada")
        before = event_of(desk.outbox[0]).value("DTSTAMP")
        desk.clock.move_to(datetime(2027, 3, 1, tzinfo=UTC))
        (mail,) = reload(desk, session("opening", 20, 11))
        assert event_of(mail).value("DTSTAMP") > before
