"""A calendar client as RFC 5546, 2.1.5 wants it: keyed by UID, and a later message is one with a higher SEQUENCE, or
with the same one and a later DTSTAMP. It reads by `calendar_strict`, which shares no code with what writes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from tests.calendar_strict import Shown, check, shown


@dataclass
class Held:
    """What the client keeps of an event: nothing is shown after a CANCEL, and the version is not forgotten."""

    version: tuple[int, str]
    octets: bytes
    shown: list[Shown]


@dataclass
class Client:
    """One person's calendar."""

    address: str
    events: dict[str, Held] = field(default_factory=dict)
    moved: set[str] = field(default_factory=set)

    def receive(self, octets: bytes, method: str) -> bool:
        """Take a message; whether it changed anything."""
        event = next(each for each in check(octets, method).blocks if each.name == "VEVENT")
        assert event.one("ATTENDEE").value == f"mailto:{self.address}"
        if event.one("UID").value in self.moved and method == "REQUEST" and not event.all("RRULE"):
            assert event.one("DTSTART").value.endswith("Z"), (
                "told by wall time, which this calendar reads by old clocks"
            )
        uid, version = event.one("UID").value, (int(event.one("SEQUENCE").value), event.one("DTSTAMP").value)
        before = self.events.get(uid)
        if before is not None and version <= before.version:
            assert octets == before.octets, (
                f"{uid}: {version} says something else than before, and comes after {before.version}"
            )
            return False
        found = shown(octets, method) if method == "REQUEST" else []
        self.events[uid] = Held(version, octets, found)
        return True

    def move_clocks(self, uid: str, by: timedelta) -> None:
        """As if zone data had changed since, and not here: what was told of this event is other instants now."""
        if uid in self.events:
            self.moved.add(uid)
            for each in self.events[uid].shown:
                each.starts += by
                each.ends += by

    def sees(self) -> set[tuple[str, str, str, str]]:
        """What is shown: UID, start, end and status of each occurrence."""
        return {
            (each.uid, each.starts.isoformat(), each.ends.isoformat(), each.status)
            for held in self.events.values()
            for each in held.shown
        }
