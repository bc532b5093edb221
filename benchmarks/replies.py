"""Replies to invites, read from mails in a folder: `python benchmarks/replies.py [--count N]`.

Beside ours stands what one writes first: Python's modern mail policy, and icalendar for the object. Both read the same
files in turns, and have to come to the same answers.
"""

from __future__ import annotations

import argparse
import email
import email.policy
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Final

import icalendar
from disks import Disk, Scale
from table import Line

from conferencekit.adapters.mailboxes import read_mails
from conferencekit.calendar.lines import fold
from conferencekit.calendar.replies import Reply, read_replies
from conferencekit.calendar.vtimezone import vtimezone

COUNT: Final = 10_000
ROUNDS: Final = 3
AIM: Final = 2_000.0

Answer = tuple[str, str, str, str, int, datetime]
"""The sender, the UID, the attendee, the PARTSTAT, the SEQUENCE and the stamp."""

_ANSWERS: Final = ("ACCEPTED", "DECLINED", "TENTATIVE")
_FIRST: Final = datetime(2027, 1, 1, tzinfo=UTC)
_ZONE: Final = vtimezone("Europe/Berlin", 2027, 2027).decode().splitlines()


def reply(number: int) -> bytes:
    """One mail, as Gmail (in three of four) or another client writes it."""
    person, stamp = f"person{number}@example.net", _FIRST + timedelta(minutes=number)
    is_google = number % 4 != 0
    lines = [
        "BEGIN:VCALENDAR",
        "PRODID:-//Google Inc//Google Calendar 70.9054//EN",
        "VERSION:2.0",
        "CALSCALE:GREGORIAN",
        "METHOD:REPLY",
        *([] if is_google else _ZONE),
        "BEGIN:VEVENT",
        *(["DTSTART:20270301T010000Z"] if is_google else ["DTSTART;TZID=Europe/Berlin:20270301T020000"]),
        *(["DTEND:20270301T020000Z"] if is_google else ["DTEND;TZID=Europe/Berlin:20270301T030000"]),
        f"DTSTAMP:{stamp:%Y%m%dT%H%M%SZ}",
        "ORGANIZER;CN=GMC:mailto:replies@example.org",
        f"UID:6f9619ff-8b86-4011-b42d-{number % 7:012}",
        (
            f'ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT={_ANSWERS[number % 3]};CN="Person, {number}"'
            f";X-NUM-GUESTS=0:mailto:{person}"
        ),
        "CREATED:20270101T000000Z",
        "DESCRIPTION:Bring a friend\\, and tea\\; there is cake.\\n" + "All is well. " * 15,
        "LOCATION:Hall 1",
        f"SEQUENCE:{number % 3}",
        "STATUS:CONFIRMED",
        "SUMMARY:Opening of the conference",
        "TRANSP:OPAQUE",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    calendar = b"".join(fold(line.encode()) for line in lines)
    mail = EmailMessage()
    mail["From"], mail["To"] = f"Person {number} <{person}>", "GMC <replies@example.org>"
    mail["Subject"], mail["Date"] = "Accepted: Opening of the conference", stamp
    mail["Message-ID"] = f"<{number}@example.net>"
    mail.set_content(f"Person {number} has answered your invitation.\n" * 5)
    mail.add_alternative(
        calendar, "text", "calendar", cte="base64", params={"method": "REPLY", "charset": "UTF-8"}
    )
    if is_google:
        mail.add_attachment(calendar, "application", "ics", filename="invite.ics", cte="base64")
    return mail.as_bytes(policy=email.policy.SMTP)


def by_ours(folder: Path) -> list[Answer]:
    """What the mails say."""
    found = []
    for mail in read_mails(folder):
        for data in mail.calendars:
            for each in read_replies(data, sender=mail.sender):
                assert isinstance(each, Reply), each
                found.append((mail.sender, each.uid, each.attendee, each.answer, each.sequence, each.dtstamp))
    return found


def by_icalendar(folder: Path) -> list[Answer]:
    """The same, by Python's modern mail policy and icalendar."""
    found = []
    for path in sorted(folder.iterdir()):
        mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        sender = mail["From"].addresses[0].addr_spec
        part = next(each for each in mail.walk() if each.get_content_type() == "text/calendar")
        calendar = icalendar.Calendar.from_ical(part.get_payload(decode=True))
        for event in calendar.walk("VEVENT"):
            attendee = event["ATTENDEE"]
            address, answer = str(attendee).removeprefix("mailto:"), str(attendee.params["PARTSTAT"])
            sequence, stamp = int(event.get("SEQUENCE", 0)), event["DTSTAMP"].dt
            found.append((sender, str(event["UID"]), address, answer, sequence, stamp))
    return found


def measure(disk: Disk, scale: Scale) -> Iterator[Line]:
    """Replies a second of CPU: medians of rounds in turns."""
    count = scale.count(COUNT)
    with tempfile.TemporaryDirectory(dir=disk.directory) as made:
        folder = Path(made)
        for number in range(count):
            (folder / f"{number:06}.eml").write_bytes(reply(number))
        rates: dict[str, list[float]] = {"ours": [], "beside": []}
        for _ in range(scale.rounds(ROUNDS)):
            ours, rate = _timed(by_ours, folder)
            rates["ours"].append(rate)
            others, rate = _timed(by_icalendar, folder)
            rates["beside"].append(rate)
            if ours != others:
                raise SystemExit("The replies were read as something else than by icalendar.")
    ours, beside = (statistics.median(each) for each in rates.values())
    yield Line(
        what=f"read {count:,} replies from mails; beside: Python's mail policy and icalendar",
        ours=ours,
        beside=beside,
        ratio=ours / beside,
        unit="/s of CPU",
        aim=f">= {AIM:,.0f}",
        met=ours >= AIM,
    )


def _timed(read: Callable[[Path], list[Answer]], folder: Path) -> tuple[list[Answer], float]:
    began = time.process_time()
    found = read(folder)
    return found, len(found) / (time.process_time() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        for number in range(given.count):
            (Path(made) / f"{number:06}.eml").write_bytes(reply(number))
        for name, read in (("ours", by_ours), ("icalendar", by_icalendar)):
            print(f"{name}: {_timed(read, Path(made))[1]:,.0f} replies a second of CPU")


if __name__ == "__main__":
    main()
