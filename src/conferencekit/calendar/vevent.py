"""Events as they come in other people's calendars: texts, links and times of a VEVENT, before any zone is known."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from itertools import islice
from typing import Final

from attrs import define, field

from ..document.addresses import url_problem
from ..document.kinds import LINE, LINES, text_problem
from ..mailbox import one_line
from ..programme.series import SessionStatus
from .lines import plain_text
from .reading import Component, Property, text_of, texts_of
from .when import When, read_when, when_from

MOST_TIMES: Final = 2_000
"""Times of all RDATE, and of all EXDATE, of an event that are read."""

_MOST_LINKS: Final = 20
_MOST_MARKS: Final = 30
_LONGEST_CATEGORY: Final = 2_000

_STATUSES: Final[dict[str, SessionStatus]] = {
    "CONFIRMED": "confirmed",
    "TENTATIVE": "tentative",
    "CANCELLED": "cancelled",
    "CANCELED": "cancelled",
}
_LINKS: Final = (
    "CONFERENCE",
    "X-GOOGLE-CONFERENCE",
    "X-MICROSOFT-SKYPETEAMSMEETINGURL",
    "X-MICROSOFT-ONLINEMEETINGEXTERNALLINK",
    "X-ZOOM-MEETING-URL",
)
_URL: Final = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
# What `plain_text` leaves and no document takes: marks that turn the direction, and what is no character.
_NO_CHARACTERS: Final = "".join(
    f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(1 << 16, 17 << 16, 1 << 16)
)
_SUSPECT: Final = re.compile(f"[\u202a-\u202e\u2066-\u2069{_NO_CHARACTERS}]")
_TAG: Final = re.compile(r"<(/?[a-z]{1,10}[0-9]?)\b[^<>]{0,4000}>", re.IGNORECASE)
_BREAKS: Final = frozenset({"br", "/p", "/div", "/li", "/tr", "/ul", "/ol"})
_ONCE: Final = frozenset(
    {
        "UID",
        "RRULE",
        "DTSTART",
        "DTEND",
        "DURATION",
        "SUMMARY",
        "STATUS",
        "RECURRENCE-ID",
        "LOCATION",
        "DESCRIPTION",
    }
)


@define(kw_only=True)
class Incoming:
    """A VEVENT. `notes` are what had to be repaired in it."""

    uid: str
    title: str = ""
    description: str = ""
    room: str | None = None
    join: str | None = None
    track: str | None = None
    status: SessionStatus | None = None
    starts: When | None = None
    ends: When | None = None
    duration: str = ""
    rule: str = ""
    more: tuple[When, ...] = ()
    without: tuple[When, ...] = ()
    recurrence: When | None = None
    is_this_and_future: bool = False
    is_whole_day: bool = False
    sequence: int = 0
    stamp: str = ""
    notes: list[str] = field(factory=list)

    def whens(self) -> Sequence[When]:
        """Every time in it."""
        own = [each for each in (self.starts, self.ends, self.recurrence) if each]
        return [*own, *self.more, *self.without]


def incoming_from(event: Component, *, has_html: bool) -> Incoming:
    """The event of a VEVENT. `has_html`: its program writes descriptions in HTML."""
    lines: dict[str, list[Property]] = {}
    for each in event.properties:
        lines.setdefault(each.name, []).append(each)
    first = {name: found[0].value for name, found in lines.items()}
    found = Incoming(uid=text_of(first.get("UID", "")).strip())
    for name in _ONCE & lines.keys():
        if len(lines[name]) > 1:
            found.notes.append(f"has {len(lines[name])} {name}: the first counts")
    _read_times(found, lines)
    found.duration = first.get("DURATION", "")
    found.rule = first.get("RRULE", "").strip()
    found.status = _status(found, first.get("STATUS", ""))
    found.stamp = first.get("DTSTAMP", "").strip()
    number = first.get("SEQUENCE", "").strip()
    found.sequence = int(number) if number.isdecimal() and len(number) < 12 else 0
    found.is_whole_day = first.get("X-MICROSOFT-CDO-ALLDAYEVENT", "").strip().upper() == "TRUE"
    found.title = _line(found, "title", text_of(first.get("SUMMARY", "")))
    found.description = _lines(found, text_of(first.get("DESCRIPTION", "")), has_html=has_html)
    _read_place(found, lines, text_of(first.get("LOCATION", "")))
    _read_track(found, lines.get("CATEGORIES", ()))
    return found


# -- times


def _read_times(found: Incoming, lines: dict[str, list[Property]]) -> None:
    found.starts, found.ends = _time(found, lines, "DTSTART"), _time(found, lines, "DTEND")
    if "RECURRENCE-ID" in lines:
        found.recurrence = _time(found, lines, "RECURRENCE-ID")
        found.is_this_and_future = "RANGE" in lines["RECURRENCE-ID"][0].parameters
    found.more = _times(found, lines.get("RDATE", ()), "RDATE")
    found.without = _times(found, lines.get("EXDATE", ()), "EXDATE")


def _time(found: Incoming, lines: dict[str, list[Property]], name: str) -> When | None:
    if name not in lines:
        return None
    when = when_from(lines[name][0])
    if when is None:
        found.notes.append(f"{name} is {lines[name][0].value[:40]!r}, which is no time")
    elif when.is_odd:
        found.notes.append(f"{name} is not written as it should be, and was read as {_shown(when)}")
    return when


def _shown(when: When) -> str:
    return f"{when.wall:%Y-%m-%d %H:%M}" + (" UTC" if when.kind == "utc" else "")


def _times(found: Incoming, properties: Sequence[Property], name: str) -> tuple[When, ...]:
    written = ((text, each) for each in properties for text in each.value.split(",", MOST_TIMES))
    times = []
    wrong = 0
    for text, each in islice(written, MOST_TIMES):
        when = read_when(text.partition("/")[0], each.parameters.get("TZID", ""))
        if when is not None:
            times.append(when)
        wrong += when is None
    if wrong:
        found.notes.append(f"{name} has {wrong} that are no time, and were left out")
    if next(written, None):
        found.notes.append(f"{name} has more than {MOST_TIMES:,} times: the rest was left out")
    return tuple(times)


# -- texts


def _status(found: Incoming, text: str) -> SessionStatus | None:
    status = _STATUSES.get(text.strip().upper())
    if text and status is None:
        found.notes.append(f"STATUS is {text[:20]!r}, and was taken for confirmed")
    return status


def _line(found: Incoming, what: str, text: str) -> str:
    """A text on one line, as it may stand in a document."""
    line = _composed(found, one_line(_SUSPECT.sub("", text)))
    if len(line) > LINE:
        found.notes.append(f"its {what} was cut to {LINE} characters")
        line = line[:LINE].rstrip()
    return line


def _lines(found: Incoming, text: str, *, has_html: bool) -> str:
    plain = plain_text(text)
    if has_html and _TAG.search(plain):
        plain = html.unescape(_TAG.sub(_instead_of_tag, plain))
        found.notes.append("its description was HTML, and became plain text")
    plain = plain_text(plain).strip()
    if _SUSPECT.search(plain) and text_problem(plain[:LINES], lines=True):
        found.notes.append("its description had marks that turn the direction of text: they were taken out")
        plain = _SUSPECT.sub("", plain)
    plain = _composed(found, plain)
    if len(plain) > LINES:
        found.notes.append(f"its description was cut to {LINES:,} characters")
    return plain[:LINES].strip()


def _composed(found: Incoming, text: str) -> str:
    """In the form NFC, for which Python takes the square of the marks that follow a letter: 30 are enough (UAX #15)."""
    if text.isascii() or not any(map(unicodedata.combining, text)):
        return text if text.isascii() else unicodedata.normalize("NFC", text)
    kept, run = [], 0
    for each in text:
        run = run + 1 if unicodedata.combining(each) else 0
        if run <= _MOST_MARKS:
            kept.append(each)
    if len(kept) < len(text):
        found.notes.append("has letters with more marks than anybody reads: the rest was left out")
    return unicodedata.normalize("NFC", "".join(kept))


def _instead_of_tag(found: re.Match[str]) -> str:
    return "\n" if found[1].lower() in _BREAKS else ""


def _read_place(found: Incoming, lines: dict[str, list[Property]], location: str) -> None:
    """The room from LOCATION, and the link from wherever programs put it."""
    room = _line(found, "room", location)
    links = [text_of(each.value).strip() for name in _LINKS for each in lines.get(name, ())]
    links = [each for each in links[:_MOST_LINKS] if each[:4].lower() == "http"]
    if in_room := _URL.search(room):
        links.append(in_room[0].rstrip(".,;:!)]"))
    for each in dict.fromkeys(links):
        problem = url_problem(each)
        if problem is None:
            found.join = each
            break
        found.notes.append(
            f"its link {each[:60]!r} {problem.partition(':')[0].rstrip('.')}, and was left out"
        )
    link = found.join
    if link and link in room:
        room = one_line(room.replace(link, " ").replace("( )", " ")).strip(" ,;|-")
    found.room = room or None
    if link and found.description.endswith(link):
        found.description = _without_link(found.description, link)


def _without_link(description: str, link: str) -> str:
    """Where the link stands alone at the end, as in calendars of ours, it is said already."""
    text = description.removesuffix(link)
    return text.rstrip("\n") if not text or text.endswith("\n\n") else description


def _read_track(found: Incoming, properties: Sequence[Property]) -> None:
    texts = (text for each in properties for text in texts_of(each.value[:_LONGEST_CATEGORY]))
    names = list(islice(filter(None, (_line(found, "track", text) for text in texts)), 2))
    if names:
        found.track = names[0]
    if len(names) > 1:
        found.notes.append("has more than one category: the first is its track")
