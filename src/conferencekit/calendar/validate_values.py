"""The rules of iCalendar for single values: texts, times, rules of series, durations, people and links.

Written without any calendar library: what makes an invite and what judges it share no code.

Source: RFC 5545, 3.3 and 3.8; RFC 7986, 5 (COLOR, REFRESH-INTERVAL, SOURCE, CONFERENCE).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Final

from .reading import CUT_LETTER, LONGEST_LINE, Property

_CHOICES: Final = {
    "PARTSTAT": {"NEEDS-ACTION", "ACCEPTED", "DECLINED", "TENTATIVE", "DELEGATED"},
    "RSVP": {"TRUE", "FALSE"},
    "CUTYPE": {"INDIVIDUAL", "GROUP", "RESOURCE", "ROOM", "UNKNOWN"},
    "ROLE": {"CHAIR", "REQ-PARTICIPANT", "OPT-PARTICIPANT", "NON-PARTICIPANT"},
}
_FEATURES: Final = {"AUDIO", "CHAT", "FEED", "MODERATOR", "PHONE", "SCREEN", "VIDEO"}
_TYPES: Final = {"CONFERENCE": "URI", "IMAGE": "URI", "SOURCE": "URI", "REFRESH-INTERVAL": "DURATION"}
"""Properties without a type of their own (RFC 7986): they have to say it."""
_TEXTS: Final = frozenset(
    {"COMMENT", "CONTACT", "DESCRIPTION", "LOCATION", "NAME", "PRODID", "SUMMARY", "TZNAME", "UID"}
)
_TIMES: Final = frozenset({"DTSTART", "DTEND", "RECURRENCE-ID"})
_STAMPS: Final = frozenset({"DTSTAMP", "CREATED", "LAST-MODIFIED"})

_TEXT: Final = re.compile(r"(?:[^\\;,]++|\\[\\;,nN])*+")
_OFFSET: Final = re.compile(r"(?!-0000(?:00)?$)[+-](?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?", re.ASCII)
_ADDRESS: Final = r"(?i:mailto):[!-;=?A-~]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
_MAILTO: Final = re.compile(_ADDRESS)
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!#-;=?-\[\]_a-z~]+")
_COLOR: Final = re.compile(r"[a-z]{3,30}")
_PERIOD: Final = r"(?:\d+W|\d+D(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+S)?)?|T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+S)?)"
_DURATION: Final = re.compile(rf"[+-]?P{_PERIOD}", re.ASCII)
_FORMATS: Final = {8: "%Y%m%d", 15: "%Y%m%dT%H%M%S", 16: "%Y%m%dT%H%M%SZ"}

_NUMBER: Final = r"[1-9]\d{0,4}"
_DAY: Final = r"(?:[+-]?[1-9]\d?)?(?:MO|TU|WE|TH|FR|SA|SU)"
_MONTH_DAY: Final = r"-?(?:[1-9]|[12]\d|3[01])"
_PARTS: Final = {
    "FREQ": re.compile("DAILY|WEEKLY|MONTHLY|YEARLY"),
    "INTERVAL": re.compile(_NUMBER, re.ASCII),
    "COUNT": re.compile(_NUMBER, re.ASCII),
    "UNTIL": re.compile(r"\d{8}(?:T\d{6}Z)?", re.ASCII),
    "BYDAY": re.compile(rf"{_DAY}(?:,{_DAY})*", re.ASCII),
    "BYMONTH": re.compile(r"(?:[1-9]|1[0-2])(?:,(?:[1-9]|1[0-2]))*"),
    "BYMONTHDAY": re.compile(rf"{_MONTH_DAY}(?:,{_MONTH_DAY})*"),
}

_NAME: Final = r"""(?:"[^"\x00-\x1f\x7f]*"|[^",;:\x00-\x1f\x7f]*)"""
_PLAIN: Final = {
    "ORGANIZER": re.compile(rf"ORGANIZER(?:;CN={_NAME})?:{_ADDRESS}\r\n"),
    "ATTENDEE": re.compile(
        r"ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT(?:;PARTSTAT=NEEDS-ACTION;RSVP=(?:TRUE|FALSE))?"
        rf"(?:;CN={_NAME})?:{_ADDRESS}\r\n"
    ),
}
# Most people: a first line of 75 octets which is always the same, and a second one.
_USUAL: Final = re.compile(
    r"ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=\r\n (?:TRUE|FALSE)"
    rf"(?:;CN={_NAME})?:{_ADDRESS}\r\n"
)


def is_plain_person(octets: bytes, name: str) -> bool:
    """Whether it is an ORGANIZER or ATTENDEE (folded, with its CRLF) that breaks no rule, seen at a glance.

    Some that are right are not plain: whoever asks has to look closer then.
    """
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        return False
    if len(octets) <= 2 * LONGEST_LINE + 4 and _USUAL.fullmatch(text):
        return True
    if (
        max(map(len, octets.split(b"\r\n"))) > LONGEST_LINE
        or b"\\\r\n" in octets
        or CUT_LETTER.search(octets)
    ):
        return False
    return _PLAIN[name].fullmatch(text.replace("\r\n ", "")) is not None


def property_problems(found: Property, zones: set[str]) -> Iterator[str]:
    """What is wrong with a line. `zones` are the TZIDs that are explained before it."""
    name, value = found.name, found.value
    if name in _TEXTS and not _TEXT.fullmatch(value):
        yield f"{name} has a comma, semicolon or backslash that is not escaped"
    elif name in _STAMPS and time_of(value, 16) is None:
        yield f"{name} is {value!r}, not a time in UTC"
    elif name in _TIMES:
        yield from _zoned(found, value, zones)
    elif name == "EXDATE":
        for each in value.split(","):
            yield from _zoned(found, each, zones)
    elif name in ("ATTENDEE", "ORGANIZER"):
        yield from _person(found)
    elif name == "COLOR" and not _COLOR.fullmatch(value):
        yield f"COLOR is {value[:60]!r}, not a name of CSS"
    elif name in ("DURATION", "REFRESH-INTERVAL") and not is_duration(value):
        yield f"{name} is {value[:60]!r}, not a duration"
    yield from _typed(found)


def is_duration(value: str, *, signed: bool = False) -> bool:
    """Whether it is a DURATION; without `signed` one that is not negative."""
    return _DURATION.fullmatch(value) is not None and (signed or value[0] != "-")


def is_offset(value: str) -> bool:
    """Whether it is a UTC-OFFSET."""
    return _OFFSET.fullmatch(value) is not None


@lru_cache(maxsize=512)
def time_of(value: str, *lengths: int) -> datetime | None:
    """The date-time that a value of one of these lengths says, without its zone."""
    if len(value) not in lengths or not value.isascii():
        return None
    try:
        return datetime.strptime(value, _FORMATS[len(value)])  # noqa: DTZ007 - whether it is in UTC is its last letter
    except ValueError:
        return None


def rrule_problems(value: str, *, is_date: bool = False) -> Iterator[str]:
    """What is wrong with the value of an RRULE, of those that are written here. `is_date`: the series is of days."""
    parts: dict[str, str] = {}
    for part in value.split(";"):
        name, _, given = part.partition("=")
        if name in parts:
            yield f"RRULE has two {name}"
        elif name not in _PARTS or not _PARTS[name].fullmatch(given):
            yield f"RRULE has {part[:60]!r} in it"
        parts[name] = given
    if "FREQ" not in parts:
        yield "RRULE has no FREQ"
    if "COUNT" in parts and "UNTIL" in parts:
        yield "RRULE has both COUNT and UNTIL"
    if "UNTIL" in parts and time_of(parts["UNTIL"], 8 if is_date else 16) is None:
        yield f"UNTIL is {parts['UNTIL'][:20]!r}, not a {'date' if is_date else 'time in UTC'}"
    if parts.get("FREQ") in ("DAILY", "WEEKLY") and re.search(r"\d", parts.get("BYDAY", "")):
        yield f"RRULE counts weekdays in {parts['FREQ']}"
    if parts.get("FREQ") == "WEEKLY" and "BYMONTHDAY" in parts:
        yield "RRULE has BYMONTHDAY in WEEKLY"


def _zoned(found: Property, value: str, zones: set[str]) -> Iterator[str]:
    """A date alone, a time in UTC, or a time in a zone that stands before it. Floating times are refused."""
    zone = found.parameters.get("TZID")
    if found.parameters.get("VALUE") == "DATE":
        if time_of(value, 8) is None or zone:
            yield f"{found.name} is {value!r}, not a date"
    elif time_of(value, 15, 16) is None:
        yield f"{found.name} is {value!r}, not a date-time"
    elif value.endswith("Z"):
        if zone:
            yield f"{found.name} is in UTC and has a TZID"
    elif zone is None:
        yield f"{found.name} is {value!r} in no zone"
    elif zone.strip('"') not in zones:
        yield f"{found.name} is in {zone}, for which no VTIMEZONE stands before it"


def _person(found: Property) -> Iterator[str]:
    if not _MAILTO.fullmatch(found.value):
        yield f"{found.name} is {found.value[:60]!r}, not a mailto address"
    for name, choices in _CHOICES.items():
        if found.parameters.get(name, min(choices)) not in choices:
            yield f"{name} is {found.parameters[name]!r}, none of {', '.join(sorted(choices))}"


def _typed(found: Property) -> Iterator[str]:
    """What RFC 7986 wants of its properties: their VALUE, each FEATURE by itself, and a URI where there is one."""
    name, parameters = found.name, found.parameters
    if name in _TYPES and parameters.get("VALUE") != _TYPES[name]:
        yield f"{name} says no VALUE={_TYPES[name]}"
    if name == "CONFERENCE" and not _FEATURES.issuperset(parameters.get("FEATURE", "AUDIO").split(",")):
        yield f"FEATURE is {parameters['FEATURE'][:60]}, none of {', '.join(sorted(_FEATURES))}"
    if name in ("CONFERENCE", "IMAGE", "SOURCE", "URL") and not _URI.fullmatch(found.value):
        yield f"{name} is {found.value[:60]!r}, not a URI"
