"""Replies for tests, as clients write them, and a conference whose people were invited."""

from __future__ import annotations

import base64
import quopri
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from attrs import evolve, frozen

from conferencekit.calendar.invite import event_uid
from conferencekit.calendar.judging import Judge
from conferencekit.calendar.lines import fold
from conferencekit.calendar.planning import Invitee, plan_invites
from conferencekit.calendar.told import Told
from conferencekit.conference import Conference
from conferencekit.document import conference_from_text
from conferencekit.mailbox import Mailbox
from conferencekit.secretariat.links import reply_token

UID = "6f9619ff-8b86-4011-b42d-00cf4fc964ff"
SECRET = b"0123456789abcdef0123456789abcdef"
NOW = datetime(2027, 1, 10, 9, tzinfo=UTC)
SENDER = Mailbox("GMC", "gmc@example.org")
DOCUMENT = """
[conference]
id = "gmc"
uid = "6f9619ff-8b86-4011-b42d-00cf4fc964ff"
title = "Global MOOC Conference"
timezone = "Asia/Shanghai"
contact = "gmc@example.org"

[calendar]
organizer = "replies@example.org"
invite = "each session"

[[sessions]]
id = "opening"
title = "Opening"
starts = 2027-03-01T09:00:00
ends = 2027-03-01T10:00:00

[[sessions]]
id = "panel"
title = "Panel"
starts = 2027-03-01T11:00:00
ends = 2027-03-01T12:00:00

[[sessions]]
id = "weekly"
title = "Weekly seminar"
starts = 2027-03-02T00:30:00
ends = 2027-03-02T01:30:00
repeat = { every = "week", count = 4 }
"""


def conference(**calendar: str) -> Conference:
    """The conference, with changes of how it invites."""
    found = conference_from_text(DOCUMENT, source="gmc.toml")
    return evolve(found, calendar=evolve(found.calendar, **calendar))


def with_tokens(on_decline: str = "note") -> Conference:
    """The conference, with a reply address for each person."""
    return conference(organizer="replies+{token}@example.org", on_decline=on_decline)


def address(key: str) -> str:
    """The address of the person with this key."""
    return f"{key}@example.net"


def token_of(key: str) -> str:
    """The token of a person."""
    return reply_token(SECRET, UID, key)


def invitees(keys: Iterable[str], **changes: object) -> list[Invitee]:
    """People by their keys."""
    given = {"locale": "en", **changes}
    return [Invitee(key=each, mailbox=Mailbox(each.title(), address(each)), **given) for each in keys]


def told_of(
    plan: Conference,
    keys: Iterable[str],
    before: Told | None = None,
    *,
    now: datetime = NOW,
    **changes: object,
) -> Told:
    """What calendars are told once everything was sent that the plan says."""
    people = invitees(keys, **changes)
    made = plan_invites(plan, people, before or Told(), now=now, sender=SENDER, token_of=token_of)
    sent = {
        key: {name: evolve(each, sent=now) for name, each in tellings.items()}
        for key, tellings in made.after.people.items()
    }
    return evolve(made.after, people=sent)


def moved(plan: Conference, session_id: str, hours: int) -> Conference:
    """The conference with a session so many hours later."""

    def later(moment):
        return moment.plus(timedelta(hours=hours))

    sessions = [
        evolve(each, starts=later(each.starts), ends=later(each.ends)) if each.id == session_id else each
        for each in plan.sessions
    ]
    return evolve(plan, sessions=tuple(sessions))


def judge_of(plan: Conference, told: Told) -> Judge:
    """The judge, for people whose addresses are made of their keys."""

    def keys_of(given: str) -> list[str]:
        return [each for each in told.people if address(each) == given]

    return Judge(conference=plan, told=told, keys_of=keys_of, token_of=token_of)


# -- as clients write them


@frozen(kw_only=True)
class Answer:
    """What a person answers."""

    person: str = "ada"
    event: str = "opening"
    partstat: str = "ACCEPTED"
    sequence: int = 0
    minute: int = 0
    recurrence: str = ""
    method: str = "REPLY"
    comment: str = ""
    attendee: str = ""
    sender: str = ""
    to: str = "replies@example.org"

    @property
    def dtstamp(self) -> str:
        """When it was answered."""
        return f"{NOW + timedelta(minutes=self.minute):%Y%m%dT%H%M%SZ}"

    @property
    def uid(self) -> str:
        """The UID of the event."""
        return event_uid(UID, self.event)

    @property
    def address(self) -> str:
        """Whom it answers for."""
        return self.attendee or address(self.person)


def _folded(lines: Iterable[str]) -> bytes:
    return b"".join(fold(each.encode()) for each in lines)


def _comment(answer: Answer, parameters: str = "") -> list[str]:
    return [f"COMMENT{parameters}:{answer.comment}"] if answer.comment else []


def _recurrence(answer: Answer) -> list[str]:
    return [f"RECURRENCE-ID{answer.recurrence}"] if answer.recurrence else []


def google_ics(answer: Answer) -> bytes:
    """Google Calendar: times in UTC, the guests counted, a DESCRIPTION of its own."""
    return _folded(
        [
            *("BEGIN:VCALENDAR", "PRODID:-//Google Inc//Google Calendar 70.9054//EN", "VERSION:2.0"),
            *("CALSCALE:GREGORIAN", f"METHOD:{answer.method}", "BEGIN:VEVENT", "DTSTART:20270301T010000Z"),
            *("DTEND:20270301T020000Z", f"DTSTAMP:{answer.dtstamp}"),
            f"ORGANIZER;CN=GMC:mailto:{answer.to}",
            f"UID:{answer.uid}",
            "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT="
            f"{answer.partstat};CN={answer.person}, the first;X-NUM-GUESTS=0:mailto:{answer.address}".replace(
                f"CN={answer.person}, the first", f'CN="{answer.person}, the first"'
            ),
            *_recurrence(answer),
            *_comment(answer),
            *(
                "CREATED:20270101T000000Z",
                "DESCRIPTION:",
                f"LAST-MODIFIED:{answer.dtstamp}",
                "LOCATION:Hall 1",
            ),
            f"SEQUENCE:{answer.sequence}",
            *("STATUS:CONFIRMED", "SUMMARY:Opening", "TRANSP:OPAQUE", "END:VEVENT", "END:VCALENDAR"),
        ]
    )


def outlook_ics(answer: Answer) -> bytes:
    """Outlook and Exchange: Windows names of zones with their rules, MAILTO in capitals, a COMMENT in a language."""
    return _folded(
        [
            *("BEGIN:VCALENDAR", f"METHOD:{answer.method}", "PRODID:Microsoft Exchange Server 2010"),
            *("VERSION:2.0", "BEGIN:VTIMEZONE", "TZID:China Standard Time", "BEGIN:STANDARD"),
            *("DTSTART:16010101T000000", "TZOFFSETFROM:+0800", "TZOFFSETTO:+0800", "END:STANDARD"),
            *("END:VTIMEZONE", "BEGIN:VEVENT"),
            f"ATTENDEE;PARTSTAT={answer.partstat};CN={answer.person}:MAILTO:{answer.address}",
            *(_comment(answer, ";LANGUAGE=en-US") or ["COMMENT;LANGUAGE=en-US:\\n"]),
            *_recurrence(answer),
            f"UID:{answer.uid}",
            *("SUMMARY;LANGUAGE=en-US:Accepted: Opening", "DTSTART;TZID=China Standard Time:20270301T090000"),
            *("DTEND;TZID=China Standard Time:20270301T100000", "CLASS:PUBLIC", "PRIORITY:5"),
            f"DTSTAMP:{answer.dtstamp}",
            *(
                "TRANSP:OPAQUE",
                "STATUS:CONFIRMED",
                f"SEQUENCE:{answer.sequence}",
                "LOCATION;LANGUAGE=en-US:Hall 1",
            ),
            *(
                "X-MICROSOFT-CDO-APPT-SEQUENCE:0",
                "X-MICROSOFT-CDO-BUSYSTATUS:BUSY",
                "END:VEVENT",
                "END:VCALENDAR",
            ),
        ]
    )


def apple_ics(answer: Answer) -> bytes:
    """Apple's Calendar: the address once more in EMAIL, times by zone, no VERSION in front."""
    return _folded(
        [
            *("BEGIN:VCALENDAR", "CALSCALE:GREGORIAN", f"METHOD:{answer.method}"),
            *("PRODID:-//Apple Inc.//macOS 14.5//EN", "VERSION:2.0", "BEGIN:VTIMEZONE", "TZID:Asia/Shanghai"),
            *("BEGIN:STANDARD", "DTSTART:19010101T000000", "TZNAME:GMT+8", "TZOFFSETFROM:+080543"),
            *("TZOFFSETTO:+0800", "END:STANDARD", "END:VTIMEZONE", "BEGIN:VEVENT"),
            f"UID:{answer.uid}",
            *_recurrence(answer),
            *("DTSTART;TZID=Asia/Shanghai:20270301T090000", "DTEND;TZID=Asia/Shanghai:20270301T100000"),
            (
                f'ATTENDEE;CN="{answer.person}";CUTYPE=INDIVIDUAL;EMAIL="{answer.address}";PARTSTAT={answer.partstat};'
                f"ROLE=REQ-PARTICIPANT:mailto:{answer.address}"
            ),
            *_comment(answer),
            f"DTSTAMP:{answer.dtstamp}",
            f'ORGANIZER;CN="GMC";EMAIL="{answer.to}":mailto:{answer.to}',
            *("SUMMARY:Opening", f"SEQUENCE:{answer.sequence}", "END:VEVENT", "END:VCALENDAR"),
        ]
    )


def thunderbird_ics(answer: Answer) -> bytes:
    """Thunderbird: the whole event given back, with its description."""
    return _folded(
        [
            *("BEGIN:VCALENDAR", "PRODID:-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN", "VERSION:2.0"),
            *(f"METHOD:{answer.method}", "BEGIN:VEVENT", "CREATED:20270109T093000Z"),
            *(f"LAST-MODIFIED:{answer.dtstamp}", f"DTSTAMP:{answer.dtstamp}", f"UID:{answer.uid}"),
            *("SUMMARY:Opening", "STATUS:CONFIRMED", f"ORGANIZER;CN=GMC:mailto:{answer.to}"),
            (
                f"ATTENDEE;CN={answer.person};PARTSTAT={answer.partstat};CUTYPE=INDIVIDUAL;"
                f"ROLE=REQ-PARTICIPANT:mailto:{answer.address}"
            ),
            *_recurrence(answer),
            *_comment(answer),
            *("DTSTART:20270301T010000Z", "DTEND:20270301T020000Z"),
            "DESCRIPTION:Bring a friend\\, and tea\\; there is cake.\\n\\nWith a long line that has to be folded.",
            *(
                f"SEQUENCE:{answer.sequence}",
                "LOCATION:Hall 1",
                "TRANSP:OPAQUE",
                "END:VEVENT",
                "END:VCALENDAR",
            ),
        ]
    )


def _mail(answer: Answer, kind: str, body: bytes) -> bytes:
    head = [
        "Return-Path: <x@example.net>",
        f"Delivered-To: {answer.to}",
        "Received: from mx.example.net (mx.example.net [192.0.2.1])",
        "\tby mx.example.org; Sun, 10 Jan 2027 09:00:00 +0000",
        f"From: =?UTF-8?Q?{answer.person.title()}?= <{answer.sender or answer.address}>",
        f"To: GMC <{answer.to}>",
        f"Subject: {answer.partstat.title()}: Opening",
        "Date: Sun, 10 Jan 2027 09:00:00 +0000",
        f"Message-ID: <{answer.minute}.{answer.person}@example.net>",
        "MIME-Version: 1.0",
        f"Content-Type: {kind}",
    ]
    return "\r\n".join(head).encode() + b"\r\n" + body


def _part(kind: str, encoding: str, data: bytes, more: str = "") -> bytes:
    if encoding == "base64":
        data = base64.encodebytes(data).replace(b"\n", b"\r\n")
    elif encoding == "quoted-printable":
        data = quopri.encodestring(data.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    head = f"Content-Type: {kind}\r\n{more}Content-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + data


def _multipart(boundary: str, parts: Iterable[bytes]) -> bytes:
    lines = [b"\r\n--" + boundary.encode() + b"\r\n" + each for each in parts]
    return b"".join(lines) + b"\r\n--" + boundary.encode() + b"--\r\n"


def gmail(answer: Answer) -> bytes:
    """The reply as part of an alternative, and once more as an attachment."""
    data = google_ics(answer)
    alternative = _multipart(
        "000000000000b",
        [
            _part('text/plain; charset="UTF-8"; format=flowed', "7bit", b"ada has accepted.\r\n"),
            _part('text/html; charset="UTF-8"', "quoted-printable", b"<p>ada has accepted.</p>\r\n"),
            _part('text/calendar; charset="UTF-8"; method=REPLY', "7bit", data),
        ],
    )
    outer = _multipart(
        "000000000000",
        [
            b'Content-Type: multipart/alternative; boundary="000000000000b"\r\n' + alternative,
            _part(
                'application/ics; name="invite.ics"',
                "base64",
                data,
                'Content-Disposition: attachment; filename="invite.ics"\r\n',
            ),
        ],
    )
    return _mail(answer, 'multipart/mixed; boundary="000000000000"', outer)


def outlook(answer: Answer) -> bytes:
    """An alternative, the calendar in base64."""
    parts = [
        _part('text/plain; charset="us-ascii"', "quoted-printable", b"\r\n"),
        _part('text/calendar; charset="utf-8"; method=REPLY', "base64", outlook_ics(answer)),
    ]
    boundary = "_000_AM0PR01MB1234_"
    return _mail(answer, f'multipart/alternative;\r\n\tboundary="{boundary}"', _multipart(boundary, parts))


def apple(answer: Answer) -> bytes:
    """The calendar as quoted-printable, and beside it a text."""
    parts = [
        _part("text/plain;\r\n\tcharset=us-ascii", "7bit", b"ada accepted\r\n"),
        _part("text/calendar;\r\n\tcharset=utf-8;\r\n\tmethod=REPLY", "quoted-printable", apple_ics(answer)),
    ]
    boundary = "Apple-Mail=_8A4C7E2E-0B7C-4C5E"
    return _mail(answer, f'multipart/alternative;\r\n\tboundary="{boundary}"', _multipart(boundary, parts))


def thunderbird(answer: Answer) -> bytes:
    """The calendar in 8bit, and attached."""
    data = thunderbird_ics(answer)
    inner = "------------sub"
    alternative = _multipart(
        inner,
        [
            _part(
                "text/plain; charset=UTF-8; format=flowed", "8bit", b"ada has accepted your invitation\r\n"
            ),
            _part("text/calendar; method=REPLY; charset=UTF-8", "8bit", data),
        ],
    )
    attached = _part(
        'application/ics; name="invite.ics"',
        "8bit",
        data,
        'Content-Disposition: attachment; filename="invite.ics"\r\n',
    )
    body = _multipart(
        "------------top",
        [f'Content-Type: multipart/alternative; boundary="{inner}"\r\n'.encode() + alternative, attached],
    )
    return _mail(answer, 'multipart/mixed; boundary="------------top"', body)


Client = Callable[[Answer], bytes]
CLIENTS: dict[str, Client] = {
    "gmail": gmail,
    "outlook": outlook,
    "apple": apple,
    "thunderbird": thunderbird,
}
OBJECTS: dict[str, Client] = {
    "gmail": google_ics,
    "outlook": outlook_ics,
    "apple": apple_ics,
    "thunderbird": thunderbird_ics,
}


def reply_to(
    invite: bytes,
    partstat: str = "ACCEPTED",
    *,
    minute: int = 0,
    sender: str = "",
    comment: str = "",
    method: str = "REPLY",
) -> bytes:
    """The mail by which a client answers an invite, which it gives back with the answer in it."""
    lines = []
    for each in invite.replace(b"\r\n ", b"").decode().split("\r\n"):
        if each.startswith("METHOD"):
            lines.append(f"METHOD:{method}")
        elif each.startswith("DTSTAMP"):
            lines.append(f"DTSTAMP:20240101T00{minute:02}00Z")
        elif each.startswith("ATTENDEE"):
            lines += [each.replace("NEEDS-ACTION", partstat)]
            lines += [f"COMMENT:{comment}"] if comment else []
        else:
            lines.append(each)
    calendar = "\r\n".join(lines)
    attendee, organizer = (
        calendar.partition(f"\r\n{name}")[2].partition("mailto:")[2].partition("\r\n")[0]
        for name in ("ATTENDEE", "ORGANIZER")
    )
    kind = f"text/calendar; method={method}; charset=UTF-8"
    head = f"From: {sender or attendee}\r\nTo: {organizer}\r\nContent-Type: {kind}\r\n\r\n"
    return (head + calendar).encode()
