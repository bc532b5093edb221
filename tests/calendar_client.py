"""A calendar program as it is on people's machines: keyed by UID, and a later message is one with a higher SEQUENCE, or
with the same one and a later DTSTAMP (RFC 5546, 2.1.5).

It reads by `calendar_strict`, which shares no code with what writes invites, nor with icalendar; times by the zones in the
file, or by a table of its own, which may be older than the file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.calendar_clock import zones_of
from tests.calendar_strict import Block, Shown, occurrences, parse, witness

Table = Callable[[datetime, str], datetime]
"""A table of zones: gives the instant (UTC) that a wall time is in a zone."""


def own_table(wall: datetime, name: str) -> datetime:
    """The zone data of today."""
    return wall.replace(tzinfo=witness(name)).astimezone(UTC)


@dataclass
class TableClock:
    """The clocks of a zone by a table, whatever a file says of them."""

    table: Table
    name: str

    def readings(self, wall: datetime) -> list[datetime]:
        return [self.table(wall, self.name)]


@dataclass
class Held:
    """What the calendar has of an event: nothing is shown after a CANCEL, and the version is not forgotten."""

    sequence: int
    stamp: str
    octets: bytes
    event: Block
    shown: list[Shown]
    is_cancelled: bool
    answer: str = "NEEDS-ACTION"

    @property
    def organizer(self) -> str:
        """Where replies go, as a URI."""
        return self.event.value("ORGANIZER")


@dataclass
class Client:
    """The calendar of one person. Without a table, times are read by the zones in the files."""

    address: str
    table: Table | None = None
    events: dict[str, Held] = field(default_factory=dict)
    moved: set[str] = field(default_factory=set)

    def receive(self, octets: bytes) -> bool:
        """What a mail program does with an invite: newer than what it has, it counts. Whether it did."""
        whole = parse(octets)
        event = next(each for each in whole.blocks if each.name == "VEVENT")
        assert [each.value for each in event.all("ATTENDEE")] == [f"mailto:{self.address}"]
        uid, is_cancelled = event.value("UID"), whole.value("METHOD") == "CANCEL"
        if uid in self.moved and not is_cancelled and not event.all("RRULE"):
            assert event.value("DTSTART").endswith("Z"), (
                "told by wall time, which this calendar reads by old clocks"
            )
        version = int(event.value("SEQUENCE")), event.value("DTSTAMP")
        held = self.events.get(uid)
        if held and version <= (held.sequence, held.stamp):
            same = version < (held.sequence, held.stamp) or octets == held.octets
            assert same, f"two messages about {uid} are of one version, {version}"
            return False
        clocks = zones_of(octets)
        if self.table is not None:
            clocks = {name: TableClock(self.table, name) for name in clocks}
        found = [] if is_cancelled else occurrences(whole, clocks)
        self.events[uid] = Held(*version, octets, event, found, is_cancelled)
        return True

    def move_clocks(self, uid: str, by: timedelta) -> None:
        """As if zone data had changed since, and not here: what was told of this event is other instants now."""
        if uid in self.events:
            self.moved.add(uid)
            for each in self.events[uid].shown:
                each.starts += by
                each.ends += by

    def shown(self) -> list[Shown]:
        """Everything that it shows."""
        return [each for held in self.events.values() for each in held.shown]

    def programme(self) -> set[tuple[str, datetime, datetime]]:
        """UID, start and end (UTC) of everything that it shows."""
        return {(each.uid, each.starts, each.ends) for each in self.shown()}

    def reply(self, uid: str, answer: str, stamp: datetime) -> bytes:
        """The mail program's answer: it echoes UID, SEQUENCE, ORGANIZER and ATTENDEE, and drops the rest."""
        held = self.events[uid]
        held.answer = answer
        lines = [
            "BEGIN:VCALENDAR",
            "PRODID:-//Somebody//Mail 1.0//EN",
            "VERSION:2.0",
            "METHOD:REPLY",
            "BEGIN:VEVENT",
            f"UID:{uid}",
            f"SEQUENCE:{held.sequence}",
            f"DTSTAMP:{stamp:%Y%m%dT%H%M%SZ}",
            f"ORGANIZER:{held.organizer}",
            f"ATTENDEE;PARTSTAT={answer}:mailto:{self.address}",
            "END:VEVENT",
            "END:VCALENDAR",
        ]
        return "".join(f"{each}\r\n" for each in lines).encode()
