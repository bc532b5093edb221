"""The tables of iTIP: how often each property stands in an event of each method, and what else has a place there.

Source: RFC 5546, 3.2.1 (PUBLISH), 3.2.2 (REQUEST), 3.2.3 (REPLY), 3.2.5 (CANCEL), 3.2.7 (COUNTER) and 3.2.8
(DECLINECOUNTER); RFC 5545, 3.6; RFC 7986, 4. What no table names may stand any number of times.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import frozen

Counts = tuple[int, int | None]
Table = Mapping[str, Counts]

FEED: Final = "FEED"
"""Stands for the METHOD of a calendar that has none: a feed or a file to download, which names no attendees."""

ONE: Final = (1, 1)
OPTIONAL: Final = (0, 1)
_SOME: Final = (1, None)
_ANY: Final = (0, None)
NONE: Final = (0, 0)
_STATUSES: Final = frozenset({"TENTATIVE", "CONFIRMED", "CANCELLED"})


def _each(names: str, counts: Counts) -> dict[str, Counts]:
    return dict.fromkeys(names.split(), counts)


_EVENT: Final[Table] = {
    **_each("DTSTAMP UID", ONE),
    **_each("CLASS COLOR CREATED DESCRIPTION DTEND DTSTART DURATION GEO LAST-MODIFIED LOCATION", OPTIONAL),
    **_each("ORGANIZER PRIORITY RECURRENCE-ID RRULE SEQUENCE STATUS SUMMARY TRANSP URL", OPTIONAL),
    "REQUEST-STATUS": NONE,
}
_NOT_IN_DECLINECOUNTER: Final = (
    "ATTACH ATTENDEE CATEGORIES CLASS CONTACT CREATED DESCRIPTION DTEND DTSTART DURATION EXDATE GEO LAST-MODIFIED "
    "LOCATION PRIORITY RDATE RELATED-TO RESOURCES RRULE STATUS SUMMARY TRANSP URL"
)


@frozen(kw_only=True)
class Rules:
    """What a method allows. `is_one_event`: all its VEVENTs have one UID."""

    event: Table
    statuses: frozenset[str] = _STATUSES
    has_alarms: bool = False
    is_one_event: bool = True


METHODS: Final[Mapping[str, Rules]] = {
    "REQUEST": Rules(
        event={**_EVENT, **_each("DTSTART ORGANIZER SUMMARY", ONE), "ATTENDEE": _SOME},
        statuses=frozenset({"TENTATIVE", "CONFIRMED"}),
        has_alarms=True,
    ),
    "CANCEL": Rules(
        event={**_EVENT, **_each("ORGANIZER SEQUENCE", ONE), "ATTENDEE": _SOME},
        statuses=frozenset({"CANCELLED"}),
    ),
    "REPLY": Rules(event={**_EVENT, **_each("ATTENDEE ORGANIZER", ONE), "REQUEST-STATUS": _ANY}),
    "COUNTER": Rules(
        event={**_EVENT, **_each("DTSTART ORGANIZER SEQUENCE SUMMARY", ONE), "REQUEST-STATUS": _ANY},
        has_alarms=True,
    ),
    "DECLINECOUNTER": Rules(
        event={**_EVENT, **_each(_NOT_IN_DECLINECOUNTER, NONE), "ORGANIZER": ONE, "REQUEST-STATUS": _ANY},
    ),
    "PUBLISH": Rules(
        event={**_EVENT, **_each("DTSTART ORGANIZER SUMMARY", ONE), "ATTENDEE": NONE},
        has_alarms=True,
        is_one_event=False,
    ),
    FEED: Rules(
        event={**_EVENT, **_each("DTSTART SUMMARY", ONE), "ATTENDEE": NONE},
        has_alarms=True,
        is_one_event=False,
    ),
}

CALENDAR: Final[Table] = {
    **_each("PRODID VERSION", ONE),
    **_each("CALSCALE COLOR LAST-MODIFIED REFRESH-INTERVAL SOURCE UID URL", OPTIONAL),
}
ZONE: Final[Table] = {"TZID": ONE, **_each("LAST-MODIFIED TZURL", OPTIONAL)}
OBSERVANCE: Final[Table] = {**_each("DTSTART TZOFFSETFROM TZOFFSETTO", ONE), "RRULE": OPTIONAL}
ALARM: Final[Table] = {**_each("ACTION DESCRIPTION TRIGGER", ONE), **_each("DURATION REPEAT", OPTIONAL)}
