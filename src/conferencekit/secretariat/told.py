"""What calendars were told, as it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..programme.event import Event
from ..wire import Body, Layout, recorded_moments
from ..zonecheck import moved


def event_with_parts(body: Body) -> Body:
    """The body of an event of schema 1 as one of schema 2."""
    return {**body, "repeat": None, "parts": [], "in_utc": False}


EVENTS: Final = Layout(Event, schema=2, upgrades={1: event_with_parts})
"""How stores keep an event."""


def clocks_moved(body: Mapping[str, object]) -> bool:
    """Whether a wall time in the body of an event is another instant now than when it was told."""
    return bool(moved(recorded_moments(body)))


def event_as_told(body: Mapping[str, object]) -> Event:
    """The event of a stored body. Wall times that today's clocks skip are given by their instants, in UTC.

    Raises:
        SchemaTooNew, InvalidBody: as for any body.
    """
    skipped = any(each.now is None for each in moved(recorded_moments(body)))
    return EVENTS.from_body(_by_instants(body) if skipped else body)  # type: ignore[arg-type]  # a mapping stays one


def _by_instants(value: object) -> object:
    if isinstance(value, Mapping):
        if "wall" in value and "instant" in value:
            wall = str(value["instant"]).removesuffix("Z")
            return {**value, "wall": wall, "zone": "UTC", "fold": 0}
        return {key: _by_instants(each) for key, each in value.items()}
    return [_by_instants(each) for each in value] if isinstance(value, list | tuple) else value
