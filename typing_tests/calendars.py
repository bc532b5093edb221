"""Never run, only checked by mypy --strict: `conferencekit.calendar` is typed, a `match` over verdicts exhaustive."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never, assert_type

from conferencekit import Conference, Secretariat
from conferencekit.calendar import (
    Answered,
    FeedAnswer,
    Invitee,
    InvitePlan,
    Judge,
    Mail,
    Outdated,
    Proposed,
    Repeated,
    Stranger,
    Suspicious,
    Told,
    Unread,
    Verdict,
    answer_feed,
    mark_sent,
    plan_invites,
    validate,
    vtimezone,
)
from conferencekit.mailbox import Mailbox


def words(verdict: Verdict) -> str:
    match verdict:
        case Answered(person=person, attendance=attendance):
            return f"{person} {attendance.answer}"
        case Repeated() | Outdated():
            return ""
        case Proposed(reply=reply):
            return reply.comment
        case Stranger(reason=reason) | Suspicious(reason=reason) | Unread(reason=reason):
            return reason
        case _:
            assert_never(verdict)


def send(conference: Conference, people: list[Invitee], told: Told, now: datetime, sender: Mailbox) -> Told:
    plan = plan_invites(conference, people, told, now=now, sender=sender)
    assert_type(plan, InvitePlan)
    for message in plan.messages:
        assert_type(message.to_ical(), bytes)
        assert_type(validate(message.to_ical(), message.telling.method), tuple[str, ...])
    assert_type(vtimezone("Europe/Berlin", 2037, 2037), bytes)
    return mark_sent(plan.after, plan.messages, at=now)


def judged(conference: Conference, told: Told, mails: list[Mail]) -> list[str]:
    judge = Judge(conference=conference, told=told, keys_of=lambda _: ())
    return [words(each) for each in judge.judge_all(mails).verdicts]


def feed(secretariat: Secretariat, data: bytes) -> FeedAnswer:
    assert_type(secretariat.calendar.session_file("opening"), FeedAnswer | None)
    return secretariat.calendar.feed() or answer_feed(data)
