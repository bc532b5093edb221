"""A plan with all kinds of events, as digests of its bytes: `python -m tests.calendar_plan_sample`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from attrs import evolve

from conferencekit.calendar.composing import composed
from conferencekit.calendar.invite import CalendarEvent
from conferencekit.calendar.planned import planned_events
from conferencekit.calendar.planning import Invitee, plan_invites
from conferencekit.calendar.told import Told
from conferencekit.calendar.writing import calendar_of, event_lines, zone_years
from conferencekit.conference import CalendarPlan, Conference
from conferencekit.mailbox import Mailbox
from conferencekit.moment import Moment
from conferencekit.programme.series import Occurrence, Repeat
from conferencekit.programme.session import Session
from conferencekit.testing.secretariat import conference_for_tests
from conferencekit.text import LocalizedText

NOW = datetime(2027, 3, 1, tzinfo=UTC)
SENDER = Mailbox('Büro, "GMC"', "office@example.org")
ZONES = ("Europe/Berlin", "Africa/Cairo", "America/Nuuk", "Asia/Shanghai", "Australia/Lord_Howe")


def conference() -> Conference:
    """A session in each zone and a series with dates that differ."""
    hour = timedelta(hours=1)
    sessions = []
    for number, zone in enumerate(ZONES):
        starts = Moment.at(datetime(2027, 5, 20 + number % 2, 9), zone)
        title = LocalizedText({"en": f"Session, {number}; \\N", "zh": "学习革命" * 9})
        sessions.append(Session(id=f"s{number}", title=title, starts=starts, ends=starts.plus(hour)))
    others = (
        Occurrence(date=date(2027, 5, 27), status="cancelled"),
        Occurrence(date=date(2027, 6, 3), room="Hall 2", join="https://example.org/é"),
    )
    weekly = evolve(sessions[0], id="weekly", repeat=Repeat(every="week", count=30), exceptions=others)
    plan = CalendarPlan(organizer="gmc@example.org", alarm=timedelta(minutes=15))
    return evolve(conference_for_tests(), sessions=(*sessions, weekly), deadlines={}, calendar=plan)


def octets() -> Iterator[bytes]:
    """Invites by each rule to people whom different sessions concern, and a feed."""
    whole = conference()
    people = [
        Invitee(
            key=f"{n}", mailbox=Mailbox(f"Zoë {n}", f"p{n}@example.org"), locale=locale, concerning=concerning
        )
        for n, (locale, concerning) in enumerate(
            [("en", None), ("zh", frozenset({"s0", "s2", "weekly"})), ("fr", frozenset({"s1", "s3", "s4"}))]
        )
    ]
    for rule in ("each session", "one a day", "whole conference"):
        made = evolve(whole, calendar=evolve(whole.calendar, invite=rule))
        for each in plan_invites(made, people, Told(), now=NOW, sender=SENDER).messages:
            yield each.to_ical()
        events = [
            CalendarEvent(organizer=SENDER, **composed(made, event, "zh"))
            for event in planned_events(made, now=NOW)
        ]
        years = (found for each in events for found in zone_years(each))
        yield calendar_of(years, map(event_lines, events), method="PUBLISH")


if __name__ == "__main__":
    for each in octets():
        print(hashlib.sha256(each).hexdigest())
