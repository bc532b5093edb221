"""Reading a feed of 1,000 events, beside icalendar's parser: `python benchmarks/run.py --only calendar-import`.

Ours to components, which is what icalendar makes, and ours to sessions: zones resolved, texts cleaned, repairs told.
Then files that are meant to do harm: what they take, beside a feed of the same number of bytes.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

import icalendar
from disks import Disk, Scale
from table import Line, at_most

from conferencekit.calendar.importing import read_calendar
from conferencekit.calendar.invite import CalendarEvent
from conferencekit.calendar.reading import read_tolerantly
from conferencekit.calendar.writing import calendar_of, event_lines, zone_years
from conferencekit.errors import InvalidImport
from conferencekit.mailbox import Mailbox
from conferencekit.moment import Moment

EVENTS: Final = 1_000
AIM: Final = 1.1

_ZONES: Final = ("Europe/Berlin", "Asia/Shanghai", "America/New_York")
_LATIN: Final = "What happens, who speaks; bring a cup of tea and a friend. "
_CHINESE: Final = "学习革命与高等教育变革：开幕式、主旨演讲和圆桌讨论。"


def measure(_: Disk, scale: Scale) -> Iterator[Line]:
    """A feed in English, one in Chinese, and bombs."""
    count, rounds = scale.count(EVENTS), scale.rounds(7)
    for language, text in (("English", _LATIN), ("Chinese", _CHINESE)):
        data = feed(count, text * (300 // len(text)))
        to_components, to_sessions, theirs = best(
            [
                lambda data=data: read_tolerantly(data),
                lambda data=data: read_calendar(data),
                lambda data=data: icalendar.Calendar.from_ical(data),
            ],
            rounds,
        )
        for what, ours in (("components", to_components), ("sessions", to_sessions)):
            yield Line(
                what=f"{count:,} events in {language} to {what}, beside icalendar",
                ours=ours * 1000,
                beside=theirs * 1000,
                unit="ms CPU",
                **at_most(AIM, ours / theirs),
            )
    for name, bomb in bombs(count).items():
        plain = feed(max(1, len(bomb) // 800), "")
        ours, theirs = best(
            [lambda bomb=bomb: _tried(bomb), lambda plain=plain: read_calendar(plain)], min(rounds, 3)
        )
        yield Line(
            what=f"{name} ({len(bomb):,} bytes), beside a feed as large",
            ours=ours * 1000,
            beside=theirs * 1000,
            unit="ms CPU",
            ratio=ours / theirs,
        )


def best(tasks: list[Callable[[], object]], rounds: int) -> list[float]:
    """Seconds of CPU of each task: the least of runs that took turns."""
    found = [float("inf")] * len(tasks)
    for _ in range(rounds):
        for number, task in enumerate(tasks):
            gc.collect()
            began = time.process_time()
            task()
            found[number] = min(found[number], time.process_time() - began)
    return found


def _tried(data: bytes) -> None:
    with suppress(InvalidImport):
        read_calendar(data)


def feed(count: int, text: str) -> bytes:
    """A feed of ours, in three zones."""
    events = []
    for number in range(count):
        first = Moment.at(datetime(2027, 5, 3, 9), _ZONES[number % 3])  # noqa: DTZ001 - a wall time
        starts = first.plus(timedelta(hours=number // 4))
        event = CalendarEvent(
            uid=f"{number}@example.org",
            sequence=0,
            dtstamp=datetime(2027, 1, 1, tzinfo=UTC),
            summary=f"Talk {number}",
            description=text,
            location=f"Room {number % 7}",
            starts=starts,
            ends=starts.plus(timedelta(minutes=45)),
            organizer=Mailbox("Secretariat", "gmc@example.org"),
            join=f"https://example.org/live/{number}",
        )
        events.append(event)
    return calendar_of((found for each in events for found in zone_years(each)), map(event_lines, events))


def bombs(count: int) -> dict[str, bytes]:
    """Files that promise more than they have."""
    event = "BEGIN:VEVENT\r\nUID:{}\r\nDTSTART;TZID={}:20270704T100000\r\nDURATION:PT1H\r\n{}END:VEVENT\r\n"
    zone = (
        "BEGIN:VTIMEZONE\r\nTZID:Z{}\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0117\r\n"
        "TZOFFSETTO:+0217\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    )
    never = "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=9\r\n"
    bodies = {
        "rules by the second": [
            event.format(n, "UTC", "RRULE:FREQ=SECONDLY;COUNT=999999999\r\n") for n in range(count)
        ],
        "rules that have no date": [event.format(n, "UTC", never) for n in range(count)],
        "zones that are no zone's": [zone.format(n) + event.format(n, f"Z{n}", "") for n in range(count)],
        "components in one another": ["BEGIN:X\r\n" * count * 100],
        "a line of more than 1 MB": ["X-A:" + "x" * 1_100_000 + "\r\n"],
        "lines of three octets": ["A:\r\n" * count * 100],
    }
    return {
        name: f"BEGIN:VCALENDAR\r\n{''.join(lines)}END:VCALENDAR\r\n".encode()
        for name, lines in bodies.items()
    }
