"""Notices for tests: one of every mail that is sent, with all that it may say."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.invite_samples import ADA, invite

from conferencekit.mailbox import Mailbox
from conferencekit.message.mails import MAILS
from conferencekit.message.notice import LinkSpec, Notice, make_notice

SENDER = Mailbox("Global MOOC Conference 2020", "gmc@example.org")
VALUES: dict[str, object] = {
    "conference": "Global MOOC Conference 2020",
    "contact": "help@example.org",
    "website": "https://gmc.example.org/",
    "reference": "6F0C-2M9T",
    "fee": "free",
    "when": "Friday 11 December 2020, 20:00-22:30 (Asia/Shanghai, UTC+08:00)",
    "where": "Online\nhttps://example.org/live",
    "where_was": "Room 1",
    "was": "Friday 11 December 2020, 20:00-22:30 (Asia/Shanghai, UTC+08:00)",
    "now": "Friday 11 December 2020, 21:00-23:30 (Asia/Shanghai, UTC+08:00)",
    "registration_deadline": "closes when Monday 30 November 2020 begins in Asia/Shanghai",
    "input_deadline": "closes when Tuesday 1 December 2020 begins in Asia/Shanghai",
    "outcome": "Beijing Declaration on MOOC Development",
    "topics": [
        {"number": 1, "title": "Role and impact", "question": "What was the most defining role?"},
        {"number": 4, "title": "Good practices", "question": "What were the major highlights?"},
    ],
    "programme": "09:00-10:30 Opening\n10:30-11:00 Tea",
    "programme_was": "09:00-10:15 Opening\n10:30-11:00 Tea",
    "instructions": "Read the concept note.\n\nThen write.",
    "state": "waitlisted",
    "reason": "The room is full.",
    "clocks_moved": None,
    "session": "Opening",
    "digest": "0f" * 32,
    "received": "Thursday 12 November 2020, 16:30 (Asia/Shanghai, UTC+08:00)",
    "revision": 2,
    "practices": [{"title": "A MOOC for nurses", "by": "Ada, Kenya"}, {"title": "Radio lessons", "by": None}],
    "until": "Saturday 14 November 2020, 16:30 (Asia/Shanghai, UTC+08:00)",
}
REQUESTS = (
    "registration_confirmed",
    "registration_offered",
    "session_invited",
    "session_added",
    "session_moved",
)
CANCELS = ("registration_cancelled", "session_cancelled")


def address_of(name: str) -> str:
    """The address behind a link in tests."""
    return f"https://gmc.example.org/{name}/r-1.token?a=1&b=2"


def notice(
    template: str = "registration_confirmed", *, locale: str = "en", full: bool = True, **changes: object
) -> Notice:
    """The notice of a mail: with all that it may say (`full`), or with what it must say only."""
    kind = MAILS[template]
    wanted = ("conference", *kind.values, *(("contact", "website", *kind.options) if full else ()))
    links = (*kind.links, *(kind.optional_links if full else ()))
    given: dict[str, object] = {
        "template": template,
        "recipient": ADA,
        "sender": SENDER,
        "locale": locale,
        "date": datetime(2020, 11, 12, 8, 30, tzinfo=UTC),
        "values": {name: VALUES[name] for name in wanted},
        "links": {name: LinkSpec(name, "r-1") for name in links},
        "invite": invite_for(template) if full else None,
    }
    return make_notice("gmc2020", f"r-1.{template}", **{**given, **changes})


def invite_for(template: str):
    """The invite that goes along with a mail."""
    if template in REQUESTS:
        return invite(join="https://example.org/live")
    return invite(method="CANCEL", status="cancelled", sequence=1) if template in CANCELS else None


def links_of(given: Notice) -> dict[str, str]:
    """The addresses of a notice's links."""
    return {name: address_of(name) for name in given.links}
