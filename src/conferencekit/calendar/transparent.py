"""What stands in feeds beside sessions and takes nobody's time: the days of the conference, and deadlines.

Source: RFC 5545, 3.6.1 (days: VALUE=DATE, the end exclusive) and 3.8.2.7 (TRANSP).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Final

from attrs import frozen

from ..conference import Conference
from ..errors import InvalidDeadline
from ..mailbox import one_line
from ..moment import Moment
from ..programme.event import Event
from ..text import lookup
from .invite import event_uid
from .lines import line, plain_text, text_value, uri_value
from .planned import held_dates, venue_text
from .writing import utc_value

_NEAR: Final = timedelta(days=3)
_TICK: Final = timedelta(microseconds=1)


@frozen(kw_only=True)
class _Transparent:
    """An event that shows as free time. `times` are its lines DTSTART and DTEND."""

    uid: str
    sequence: int
    stamp: datetime
    summary: str
    times: bytes
    description: str = ""
    location: str = ""
    url: str | None = None

    def lines(self) -> Iterator[bytes]:
        """The VEVENT."""
        yield b"BEGIN:VEVENT\r\n"
        yield line("UID", self.uid)
        yield line("DTSTAMP", utc_value(self.stamp))
        yield line("SEQUENCE", str(self.sequence))
        yield line("SUMMARY", text_value(one_line(self.summary)))
        yield self.times
        if description := plain_text(self.description).strip():
            yield line("DESCRIPTION", text_value(description))
        if location := one_line(self.location):
            yield line("LOCATION", text_value(location))
        if self.url:
            yield line("URL", uri_value(self.url))
        yield line("LAST-MODIFIED", utc_value(self.stamp))
        yield b"STATUS:CONFIRMED\r\nTRANSP:TRANSPARENT\r\nEND:VEVENT\r\n"


# -- days


def day_bars(
    conference: Conference, days: Iterable[date], locale: str, *, sequence: int, stamp: datetime
) -> Iterator[bytes]:
    """An event for each run of two or more days on which something is held: a bar above the days of a calendar.

    One or two free days belong to the run around them. The first run has one UID, the second another, so a conference
    that is put off keeps its bar.
    """
    for number, (first, last) in enumerate(_runs(days), 1):
        after = last + timedelta(days=1)
        bar = _Transparent(
            uid=event_uid(conference.uid, f"days:{number}"),
            sequence=sequence,
            stamp=stamp,
            summary=conference.title.text(locale),
            times=_date("DTSTART", first) + _date("DTEND", after),
            location=venue_text(conference, locale),
            url=conference.website,
        )
        yield b"".join(bar.lines())


def _date(name: str, day: date) -> bytes:
    return line(name, f"{day.year:04}{day.month:02}{day.day:02}", VALUE="DATE")


def _runs(days: Iterable[date]) -> Iterator[tuple[date, date]]:
    """The first and the last day of each run of more than one."""
    first = last = date.min
    for day in [*sorted(set(days)), date.max]:
        if day - last <= _NEAR:
            last = day
            continue
        if first < last < date.max:
            yield first, last
        first = last = day


def days_held(event: Event, zone: str) -> Iterator[date]:
    """The days of a zone on which an event is held. One that ends at midnight is not held on the next day.

    A series counts only if it is held day by day: nobody is away for the months of a weekly one.
    """
    if event.status == "cancelled" or (event.repeat and event.repeat.every != "day"):
        return
    for starts, ends in held_dates(event):
        first = _wall(starts, zone).date()
        last = max(first, (_wall(ends, zone) - _TICK).date())
        for number in range((last - first).days + 1):
            yield first + timedelta(days=number)


def _wall(moment: Moment, zone: str) -> datetime:
    return moment.wall if moment.zone == zone else moment.in_zone(zone).wall


# -- deadlines


@frozen(kw_only=True)
class _Words:
    """How one language says what closes; `other` is for names that an organiser made."""

    deadlines: str
    registration: str
    input: str
    other: str


_WORDS: Final[Mapping[str, _Words]] = {
    "en": _Words(
        deadlines="Deadlines",
        registration="Registration closes",
        input="Call for input closes",
        other="Deadline: {name}",
    ),
    "fr": _Words(
        deadlines="Dates limites",
        registration="Clôture des inscriptions",
        input="Clôture de l'appel à contributions",
        other="Date limite : {name}",
    ),
    "es": _Words(
        deadlines="Plazos",
        registration="Cierre de la inscripción",
        input="Cierre de la convocatoria de aportaciones",
        other="Plazo: {name}",
    ),
    "ru": _Words(
        deadlines="Сроки",
        registration="Окончание регистрации",
        input="Окончание приёма предложений",
        other="Срок: {name}",
    ),
    "zh": _Words(
        deadlines="截止日期", registration="报名截止", input="意见征集截止", other="截止日期：{name}"
    ),
    "ar": _Words(
        deadlines="المواعيد النهائية",
        registration="إغلاق باب التسجيل",
        input="إغلاق باب تقديم المساهمات",
        other="آخر موعد: {name}",
    ),
}


def deadlines_text(locale: str) -> str:
    """What a list of deadlines is called."""
    return _words(locale).deadlines


def _words(locale: str) -> _Words:
    return _WORDS[lookup(locale, _WORDS) or "en"]


def deadline_events(conference: Conference, locale: str, *, stamp: datetime) -> Iterator[bytes]:
    """An event at the instant when each deadline closes for everybody, in the order of closing.

    It has no length, and is said in UTC: a deadline is an instant, whatever clocks show. Its SEQUENCE counts the
    extensions that were announced to all. A deadline that follows sessions which are not known is left out.
    """
    found: list[tuple[datetime, str]] = []
    for name, deadline in conference.deadlines.items():
        try:
            found.append((deadline.closes().instant, name))
        except InvalidDeadline:
            continue
    for closes, name in sorted(found):
        yield b"".join(_closing(conference, name, closes, locale, stamp).lines())


def _closing(
    conference: Conference, name: str, closes: datetime, locale: str, stamp: datetime
) -> _Transparent:
    words = _words(locale)
    known = {"registration": words.registration, "input": words.input}
    what = known.get(name) or words.other.format(name=name.replace("_", " "))
    text = conference.deadline_text(name, locale, opening=True) or ""
    return _Transparent(
        uid=event_uid(conference.uid, f"deadline:{name}"),
        sequence=sum(each.person is None for each in conference.deadlines[name].extensions),
        stamp=stamp,
        summary=f"{what} ({conference.title.text(locale)})",
        times=line("DTSTART", utc_value(closes)),
        description=text[:1].upper() + text[1:],
        url=conference.website,
    )
