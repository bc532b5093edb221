"""What stands beside `invites`: prints the seconds of CPU that one of them takes, without its start and imports."""

from __future__ import annotations

import csv
import os
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

_TEXT: Final = ("What teachers of large courses learned, and what they would do otherwise. " * 5)[:300]
_HTML: Final = "<!doctype html><p>You are invited.</p>" + f"<p>{_TEXT}</p>" * 8


def people() -> list[list[str]]:
    """Names, addresses and languages."""
    with Path("people.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))[1:]


def mails() -> Callable[[], None]:
    """The standard library's, of the shape that ours have, in memory."""
    from email.message import EmailMessage
    from email.policy import SMTP

    (path,) = Path("invites").glob("p0@*.ics")
    octets, rows = path.read_bytes(), people()

    def make() -> None:
        for name, address, locale in rows:
            mail = EmailMessage(policy=SMTP)
            quoted = name.replace('"', "")
            mail["From"], mail["To"] = "GMC <gmc@example.org>", f'"{quoted}" <{address}>'
            mail["Subject"], mail["Date"] = "Invitation: Opening", datetime.now(UTC)
            mail["Message-ID"], mail["Content-Language"] = f"<{address}>", locale
            mail.set_content(f"You are invited.\n{_TEXT}\n", cte="quoted-printable")
            mail.add_alternative(_HTML, subtype="html", cte="quoted-printable")
            mail.add_alternative(octets, "text", "calendar", params={"method": "REQUEST", "charset": "utf-8"})
            mail.add_attachment(octets, "application", "ics", filename="invite.ics")
            assert mail.as_bytes()

    return make


def objects() -> Callable[[], None]:
    """icalendar's, each with the zone that it refers to, for the year of the event."""
    import icalendar

    zone, rows = ZoneInfo("Europe/Berlin"), people()

    def make() -> None:
        for name, address, _ in rows:
            calendar, event, alarm = icalendar.Calendar(), icalendar.Event(), icalendar.Alarm()
            _add(
                calendar,
                [("prodid", "-//conferencekit//benchmark//EN"), ("version", "2.0"), ("method", "REQUEST")],
            )
            said = {"uid": "6f9619ff-8b86-4011-b42d-00cf4fc964ff", "sequence": 0, "summary": "Opening"}
            said |= {"description": _TEXT, "location": "Hall 1, Main Building", "status": "CONFIRMED"}
            said |= {"dtstamp": datetime(2036, 1, 1, tzinfo=UTC)}
            said |= {
                "dtstart": datetime(2036, 5, 20, 9, tzinfo=zone),
                "dtend": datetime(2036, 5, 20, 10, tzinfo=zone),
            }
            _add(event, said.items())
            event.add("organizer", "mailto:gmc@example.org", parameters={"CN": "GMC"})
            event.add("attendee", f"mailto:{address}", parameters={"CN": name, "RSVP": "TRUE"})
            _add(
                alarm,
                [("action", "DISPLAY"), ("description", "Opening"), ("trigger", timedelta(minutes=-15))],
            )
            event.add_component(alarm)
            calendar.add_component(event)
            calendar.add_missing_timezones(first_date=date(2036, 1, 1), last_date=date(2036, 12, 31))
            assert calendar.to_ical()

    return make


def _add(component: object, values: Iterable[tuple[str, object]]) -> None:
    for name, value in values:
        component.add(name, value)  # type: ignore[attr-defined]  # icalendar's components


def files() -> Callable[[], None]:
    """Files of the same names and sizes: what the system takes for that."""
    sizes = [(each.name, each.stat().st_size) for each in Path("invites").iterdir()]
    Path("files").mkdir()
    octets = b"x" * max(size for _, size in sizes)

    def make() -> None:
        for name, size in sizes:
            descriptor = os.open(f"files/{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
            os.write(descriptor, octets[:size])
            os.close(descriptor)

    return make


def main() -> None:
    make = {"mails": mails, "objects": objects, "files": files}[sys.argv[1]]()
    began = time.process_time()
    make()
    print(time.process_time() - began)


if __name__ == "__main__":
    main()
