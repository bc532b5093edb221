"""The rules of iCalendar and iTIP: what breaks one is named, and never sent.

Written without any calendar library: what makes an invite and what judges it share no code.

Source: RFC 5545; the tables of RFC 5546, 3.2.2 (REQUEST), 3.2.3 (REPLY), 3.2.5 (CANCEL), 3.2.7 (COUNTER) and 3.2.8
(DECLINECOUNTER); RFC 7986, 5.11 (CONFERENCE).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final

from .reading import Component, Property, read

Counts = tuple[int, int | None]

_ONE: Final = (1, 1)
_OPTIONAL: Final = (0, 1)
_SOME: Final = (1, None)
_ANY: Final = (0, None)
_NONE: Final = (0, 0)
_EVENT: Final[Mapping[str, Counts]] = {
    **dict.fromkeys(("DTSTAMP", "UID"), _ONE),
    **dict.fromkeys(("CLASS", "CREATED", "DESCRIPTION", "DTEND", "DTSTART", "DURATION", "GEO"), _OPTIONAL),
    **dict.fromkeys(("LAST-MODIFIED", "LOCATION", "ORGANIZER", "PRIORITY", "RECURRENCE-ID"), _OPTIONAL),
    **dict.fromkeys(("RRULE", "SEQUENCE", "STATUS", "SUMMARY", "TRANSP", "URL"), _OPTIONAL),
    "REQUEST-STATUS": _NONE,
}
_NOT_IN_DECLINECOUNTER: Final = (
    *("ATTACH", "ATTENDEE", "CATEGORIES", "CLASS", "CONTACT", "CREATED", "DESCRIPTION", "DTEND", "DTSTART"),
    *(
        "DURATION",
        "EXDATE",
        "GEO",
        "LAST-MODIFIED",
        "LOCATION",
        "PRIORITY",
        "RDATE",
        "RELATED-TO",
        "RESOURCES",
    ),
    *("RRULE", "STATUS", "SUMMARY", "TRANSP", "URL"),
)
_EVENTS: Final[Mapping[str, Mapping[str, Counts]]] = {
    "REQUEST": {**_EVENT, **dict.fromkeys(("DTSTART", "ORGANIZER", "SUMMARY"), _ONE), "ATTENDEE": _SOME},
    "CANCEL": {**_EVENT, **dict.fromkeys(("ORGANIZER", "SEQUENCE"), _ONE), "ATTENDEE": _SOME},
    "REPLY": {**_EVENT, **dict.fromkeys(("ATTENDEE", "ORGANIZER"), _ONE), "REQUEST-STATUS": _ANY},
    "COUNTER": {
        **_EVENT,
        **dict.fromkeys(("DTSTART", "ORGANIZER", "SEQUENCE", "SUMMARY"), _ONE),
        "REQUEST-STATUS": _ANY,
    },
    "DECLINECOUNTER": {
        **_EVENT,
        **dict.fromkeys(_NOT_IN_DECLINECOUNTER, _NONE),
        "ORGANIZER": _ONE,
        "REQUEST-STATUS": _ANY,
    },
}
_CALENDAR: Final[Mapping[str, Counts]] = {
    "PRODID": _ONE,
    "VERSION": _ONE,
    "METHOD": _ONE,
    "CALSCALE": _OPTIONAL,
}
_ZONE: Final[Mapping[str, Counts]] = {"TZID": _ONE, "LAST-MODIFIED": _OPTIONAL, "TZURL": _OPTIONAL}
_OBSERVANCE: Final[Mapping[str, Counts]] = {
    **dict.fromkeys(("DTSTART", "TZOFFSETFROM", "TZOFFSETTO"), _ONE),
    "RRULE": _OPTIONAL,
}
_IN_EVENTS: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(("REQUEST", "COUNTER"), frozenset({"VALARM"})),
    **dict.fromkeys(("CANCEL", "REPLY", "DECLINECOUNTER"), frozenset[str]()),
}
_STATUSES: Final[Mapping[str, frozenset[str]]] = {
    "REQUEST": frozenset({"TENTATIVE", "CONFIRMED"}),
    "CANCEL": frozenset({"CANCELLED"}),
    **dict.fromkeys(("REPLY", "COUNTER"), frozenset({"TENTATIVE", "CONFIRMED", "CANCELLED"})),
    "DECLINECOUNTER": frozenset(),
}
_CHOICES: Final = {
    "PARTSTAT": {"NEEDS-ACTION", "ACCEPTED", "DECLINED", "TENTATIVE", "DELEGATED"},
    "RSVP": {"TRUE", "FALSE"},
    "CUTYPE": {"INDIVIDUAL", "GROUP", "RESOURCE", "ROOM", "UNKNOWN"},
    "ROLE": {"CHAIR", "REQ-PARTICIPANT", "OPT-PARTICIPANT", "NON-PARTICIPANT"},
}
_TEXTS: Final = frozenset(
    {"COMMENT", "CONTACT", "DESCRIPTION", "LOCATION", "PRODID", "SUMMARY", "TZNAME", "UID"}
)
_TIMES: Final = frozenset({"DTSTART", "DTEND", "RECURRENCE-ID"})
_STAMPS: Final = frozenset({"DTSTAMP", "CREATED", "LAST-MODIFIED"})

_TEXT: Final = re.compile(r"(?:[^\\;,]++|\\[\\;,nN])*+")
_OFFSET: Final = re.compile(r"(?!-0000(?:00)?$)[+-](?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?")
_MAILTO: Final = re.compile(r"(?i:mailto):[!-;=?A-~]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!#-;=?-\[\]_a-z~]+")
_FORMATS: Final = {8: "%Y%m%d", 15: "%Y%m%dT%H%M%S", 16: "%Y%m%dT%H%M%SZ"}


def validate(data: bytes, method: str) -> tuple[str, ...]:
    """What is wrong with an iTIP message, in the order of the object; empty if it may be sent.

    Args:
        data: An iCalendar object as it would be sent.
        method: Its METHOD: one of those above. Others are not known and so wrong.
    """
    reading = read(data)
    problems = list(reading.problems)
    if method not in _EVENTS:
        problems.append(f"the method {method!r} is none of {', '.join(_EVENTS)}")
    elif [each.name for each in reading.components] != ["VCALENDAR"]:
        problems.append("it is not one VCALENDAR")
    else:
        problems += _calendar(reading.components[0], method)
    return tuple(dict.fromkeys(problems))


def validate_lines(octets: bytes, names: Sequence[str]) -> tuple[str, ...]:
    """What is wrong with lines (folded, with their CRLF) that are put into an event which is right without them.

    `names` are the properties that they have to be, in this order, and no others.
    """
    reading = read(b"BEGIN:VEVENT\r\n" + octets + b"END:VEVENT\r\n")
    lines = [found for each in reading.components for found in each.properties]
    found = [each.name for each in lines] if len(reading.components) == 1 else []
    others = () if found == list(names) else (f"the lines are {', '.join(found)}, not {', '.join(names)}",)
    return (*reading.problems, *others, *(problem for each in lines for problem in _property(each, set())))


def _calendar(calendar: Component, method: str) -> Iterator[str]:
    yield from _counts(calendar, _CALENDAR)
    if calendar.value("VERSION") != "2.0":
        yield f"VERSION is {calendar.value('VERSION')!r}, not 2.0"
    if calendar.value("METHOD") != method:
        yield f"METHOD is {calendar.value('METHOD')!r}, and {method} was to be sent"
    zones: set[str] = set()
    events: list[Component] = []
    for each in calendar.components:
        if each.name == "VTIMEZONE":
            yield from _zone(each, zones)
        elif each.name == "VEVENT":
            events.append(each)
            yield from _event(each, method, zones)
        else:
            yield f"{each.name} has no place in a {method}"
    yield from _one_event(events, method)


def _counts(component: Component, table: Mapping[str, Counts]) -> Iterator[str]:
    names = [each.name for each in component.properties]
    for name, (least, most) in table.items():
        found = names.count(name)
        if found < least or (most is not None and found > most):
            yield f"{component.name} has {found} {name}, {_allowed(least, most)}"


def _allowed(least: int, most: int | None) -> str:
    if most is None:
        return f"at least {least} wanted"
    return f"{least} wanted" if least == most else f"at most {most} allowed"


def _one_event(events: Sequence[Component], method: str) -> Iterator[str]:
    if not events:
        yield f"a {method} without VEVENT"
    if len({each.value("UID") for each in events}) > 1:
        yield f"a {method} is about one event, and there is more than one UID"
    whole = [(each.value("UID"), each.value("RECURRENCE-ID")) for each in events]
    if len(set(whole)) < len(whole):
        yield "two VEVENT have the same UID and RECURRENCE-ID"


# -- events


def _event(event: Component, method: str, zones: set[str]) -> Iterator[str]:
    yield from _counts(event, _EVENTS[method])
    for each in event.components:
        if each.name not in _IN_EVENTS[method]:
            yield f"{each.name} has no place in the VEVENT of a {method}"
    for found in event.properties:
        yield from _property(found, zones)
    yield from _stretch(event)
    status = event.value("STATUS")
    if event.all("STATUS") and _STATUSES[method] and status not in _STATUSES[method]:
        yield f"STATUS is {status!r}; in a {method} it is {' or '.join(sorted(_STATUSES[method]))}"
    if not event.value("UID"):
        yield "UID is empty"
    sequence = event.value("SEQUENCE") or "0"
    if not re.fullmatch(r"\d{1,10}", sequence, re.ASCII) or int(sequence) >= 2**31:
        yield f"SEQUENCE is {sequence!r}, not a number from 0"


def _property(found: Property, zones: set[str]) -> Iterator[str]:
    name, value = found.name, found.value
    if name in _TEXTS and not _TEXT.fullmatch(value):
        yield f"{name} has a comma, semicolon or backslash that is not escaped"
    elif name in _STAMPS and _time(value, 16) is None:
        yield f"{name} is {value!r}, not a time in UTC"
    elif name in _TIMES:
        yield from _zoned(found, zones)
    elif name in ("ATTENDEE", "ORGANIZER"):
        yield from _person(found)
    elif name == "CONFERENCE" and found.parameters.get("VALUE") != "URI":
        yield "CONFERENCE says no VALUE=URI"
    if name in ("CONFERENCE", "URL") and not _URI.fullmatch(value):
        yield f"{name} is {value[:60]!r}, not a URI"


@lru_cache(maxsize=512)
def _time(value: str, *lengths: int) -> datetime | None:
    """The date-time that a value of one of these lengths says, without its zone."""
    if len(value) not in lengths or not value.isascii():
        return None
    try:
        return datetime.strptime(value, _FORMATS[len(value)])  # noqa: DTZ007 - whether it is in UTC is its last letter
    except ValueError:
        return None


def _zoned(found: Property, zones: set[str]) -> Iterator[str]:
    """A date alone, a time in UTC, or a time in a zone that stands before it. Floating times are refused."""
    zone = found.parameters.get("TZID")
    if found.parameters.get("VALUE") == "DATE":
        if _time(found.value, 8) is None or zone:
            yield f"{found.name} is {found.value!r}, not a date"
    elif _time(found.value, 15, 16) is None:
        yield f"{found.name} is {found.value!r}, not a date-time"
    elif found.value.endswith("Z"):
        if zone:
            yield f"{found.name} is in UTC and has a TZID"
    elif zone is None:
        yield f"{found.name} is {found.value!r} in no zone"
    elif zone.strip('"') not in zones:
        yield f"{found.name} is in {zone}, for which no VTIMEZONE stands before it"


def _stretch(event: Component) -> Iterator[str]:
    """It ends after it begins. Two zones cannot be compared here."""
    if event.all("DTEND") and event.all("DURATION"):
        yield "VEVENT has both DTEND and DURATION"
    for start in event.all("DTSTART"):
        for end in event.all("DTEND"):
            if len(start.value) != len(end.value) and 8 in (len(start.value), len(end.value)):
                yield "DTSTART and DTEND are a date and a date-time"
            if start.parameters == end.parameters and start.value >= end.value:
                yield f"DTEND {end.value} is not after DTSTART {start.value}"


def _person(found: Property) -> Iterator[str]:
    if not _MAILTO.fullmatch(found.value):
        yield f"{found.name} is {found.value[:60]!r}, not a mailto address"
    for name, choices in _CHOICES.items():
        if found.parameters.get(name, min(choices)) not in choices:
            yield f"{name} is {found.parameters[name]!r}, none of {', '.join(sorted(choices))}"


# -- zones


def _zone(zone: Component, zones: set[str]) -> Iterator[str]:
    yield from _counts(zone, _ZONE)
    name = zone.value("TZID")
    if name in zones:
        yield f"there are two VTIMEZONE of {name}"
    zones.add(name)
    if not zone.components:
        yield f"the VTIMEZONE of {name} says nothing"
    for each in zone.components:
        yield from _observance(each, name)


def _observance(observance: Component, zone: str) -> Iterator[str]:
    if observance.name not in ("STANDARD", "DAYLIGHT"):
        yield f"{observance.name} has no place in a VTIMEZONE"
    yield from _counts(observance, _OBSERVANCE)
    onset = observance.value("DTSTART")
    if _time(onset, 15) is None:
        yield f"an onset of {zone} is {onset!r}, not a local time"
    for name in ("TZOFFSETFROM", "TZOFFSETTO"):
        if not _OFFSET.fullmatch(observance.value(name)):
            yield f"{name} of {zone} is {observance.value(name)!r}, not an offset"
