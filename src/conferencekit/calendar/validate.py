"""The rules of iCalendar and iTIP: what breaks one is named, and never sent.

Written without any calendar library: what makes an invite and what judges it share no code.

Source: RFC 5545; RFC 5546, whose tables are in `validate_tables`; RFC 7986.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .reading import Component, Property, read
from .validate_tables import ALARM, CALENDAR, FEED, METHODS, NONE, OBSERVANCE, ONE, ZONE, Table
from .validate_values import (
    is_duration,
    is_offset,
    is_plain_person,
    property_problems,
    rrule_problems,
    time_of,
)


def validate(data: bytes, method: str) -> tuple[str, ...]:
    """What is wrong with a calendar, in the order of the object; empty if it may be sent.

    Args:
        data: An iCalendar object as it would be sent.
        method: Its METHOD; `"FEED"` for a calendar without one. Methods that are in no table are wrong.
    """
    reading = read(data)
    problems = list(reading.problems)
    if method not in METHODS:
        problems.append(f"the method {method!r} is none of {', '.join(METHODS)}")
    elif [each.name for each in reading.components] != ["VCALENDAR"]:
        problems.append("it is not one VCALENDAR")
    else:
        problems += _calendar(reading.components[0], method)
    return tuple(dict.fromkeys(problems))


def validate_person(octets: bytes, name: str) -> tuple[str, ...]:
    """What is wrong with the line of an ORGANIZER or ATTENDEE, as `validate_line`; quick where it is plain."""
    return () if is_plain_person(octets, name) else validate_line(octets, name)


def validate_line(octets: bytes, name: str) -> tuple[str, ...]:
    """What is wrong with a line (folded, with its CRLF) of this name, put into an event that is right without it."""
    reading = read(b"BEGIN:VEVENT\r\n" + octets + b"END:VEVENT\r\n")
    lines = [found for each in reading.components for found in each.properties]
    found = [each.name for each in lines] if len(reading.components) == 1 else []
    others = () if found == [name] else (f"the lines are {', '.join(found)}, not one {name}",)
    problems = (problem for each in lines for problem in property_problems(each, set()))
    return (*reading.problems, *others, *problems)


def _calendar(calendar: Component, method: str) -> Iterator[str]:
    yield from _counts(calendar, {**CALENDAR, "METHOD": NONE if method == FEED else ONE})
    if calendar.value("VERSION") != "2.0":
        yield f"VERSION is {calendar.value('VERSION')!r}, not 2.0"
    if method != FEED and calendar.value("METHOD") != method:
        yield f"METHOD is {calendar.value('METHOD')!r}, and {method} was to be sent"
    for found in calendar.properties:
        yield from property_problems(found, set())
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
    yield from _together(events, method)


def _counts(component: Component, table: Table) -> Iterator[str]:
    names = [each.name for each in component.properties]
    for name, (least, most) in table.items():
        found = names.count(name)
        if found < least or (most is not None and found > most):
            yield f"{component.name} has {found} {name}, {_allowed(least, most)}"


def _allowed(least: int, most: int | None) -> str:
    if most is None:
        return f"at least {least} wanted"
    return f"{least} wanted" if least == most else f"at most {most} allowed"


# -- all events


def _together(events: Sequence[Component], method: str) -> Iterator[str]:
    by_uid: dict[str, list[Component]] = {}
    for each in events:
        by_uid.setdefault(each.value("UID"), []).append(each)
    if not events and method != FEED:
        yield f"a {method} without VEVENT"
    if len(by_uid) > 1 and METHODS[method].is_one_event:
        yield f"a {method} is about one event, and there is more than one UID"
    for found in by_uid.values():
        if len({each.value("RECURRENCE-ID") for each in found}) < len(found):
            yield "two VEVENT have the same UID and RECURRENCE-ID"
        # a reply answers some dates of a series, each by itself
        yield from _series(found) if method != "REPLY" else ()


def _series(events: Sequence[Component]) -> Iterator[str]:
    """What is wrong among the VEVENTs of one UID: a series, and its dates that are other than usual."""
    if len(events) > 1:
        for name in ("ORGANIZER", "SEQUENCE"):
            if len({each.value(name) for each in events}) > 1:
                yield f"the VEVENT of one UID have more than one {name}"
    master = next((each for each in events if not each.all("RECURRENCE-ID")), None)
    others = [each for each in events if each is not master]
    if master is None:
        if len(others) > 1:
            yield "there are dates of a series without the series"
        return
    if others and not master.all("RRULE"):
        yield "RECURRENCE-ID is of an event that is no series"
    for start in master.all("DTSTART"):
        for each in [
            *master.all("EXDATE"),
            *(found for other in others for found in other.all("RECURRENCE-ID")),
        ]:
            if _form(each) != _form(start):
                yield f"{each.name} is not in the zone and form of the series' DTSTART"


def _form(found: Property) -> tuple[str | None, str | None, bool]:
    """How a time is said: its zone, its type, and whether it is in UTC."""
    return found.parameters.get("TZID"), found.parameters.get("VALUE"), found.value.endswith("Z")


# -- one event


def _event(event: Component, method: str, zones: set[str]) -> Iterator[str]:
    yield from _counts(event, METHODS[method].event)
    for each in event.components:
        if each.name != "VALARM" or not METHODS[method].has_alarms:
            yield f"{each.name} has no place in the VEVENT of a {method}"
        else:
            yield from _alarm(each)
    for found in event.properties:
        yield from property_problems(found, zones)
    yield from _stretch(event)
    yield from _rule(event)
    status, statuses = event.value("STATUS"), METHODS[method].statuses
    if event.all("STATUS") and status not in statuses:
        yield f"STATUS is {status!r}; in a {method} it is {' or '.join(sorted(statuses))}"
    if not event.value("UID"):
        yield "UID is empty"
    sequence = event.value("SEQUENCE") or "0"
    if not re.fullmatch(r"\d{1,10}", sequence, re.ASCII) or int(sequence) >= 2**31:
        yield f"SEQUENCE is {sequence!r}, not a number from 0"


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


def _rule(event: Component) -> Iterator[str]:
    """Its rule, and that dates are taken out of a series only."""
    is_date = any(each.parameters.get("VALUE") == "DATE" for each in event.all("DTSTART"))
    for each in event.all("RRULE"):
        yield from rrule_problems(each.value, is_date=is_date)
    if event.all("EXDATE") and not event.all("RRULE"):
        yield "EXDATE is of an event that is no series"
    if event.all("RECURRENCE-ID") and event.all("RRULE"):
        yield "VEVENT has both RECURRENCE-ID and RRULE"


def _alarm(alarm: Component) -> Iterator[str]:
    yield from _counts(alarm, ALARM)
    if alarm.value("ACTION") != "DISPLAY":
        yield f"ACTION is {alarm.value('ACTION')[:20]!r}, not DISPLAY"
    if not is_duration(alarm.value("TRIGGER"), signed=True):
        yield f"TRIGGER is {alarm.value('TRIGGER')[:60]!r}, not a duration"
    if len(alarm.all("DURATION")) != len(alarm.all("REPEAT")):
        yield "VALARM has one of DURATION and REPEAT without the other"
    for found in alarm.properties:
        yield from property_problems(found, set())


# -- zones


def _zone(zone: Component, zones: set[str]) -> Iterator[str]:
    yield from _counts(zone, ZONE)
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
    yield from _counts(observance, OBSERVANCE)
    onset = observance.value("DTSTART")
    if time_of(onset, 15) is None:
        yield f"an onset of {zone} is {onset!r}, not a local time"
    for each in observance.all("RRULE"):
        yield from rrule_problems(each.value)
    for name in ("TZOFFSETFROM", "TZOFFSETTO"):
        if not is_offset(observance.value(name)):
            yield f"{name} of {zone} is {observance.value(name)!r}, not an offset"
