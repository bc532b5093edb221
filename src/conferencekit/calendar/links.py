"""Links for public pages: "add to calendar", also as a file, and the addresses by which calendars subscribe.

What is added so is a copy: it does not move when the session does. So they stand beside a feed, on pages,
and never in a mail that carries an invite. None has the link to take part.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlencode

from attrs import frozen

from ..conference import Conference
from ..errors import InvalidText
from ..mailbox import one_line
from ..moment import second_of
from ..programme.event import Event
from .composing import published, published_organizer
from .invite import CalendarEvent
from .lines import plain_text
from .writing import event_to_ical, utc_value

GOOGLE: Final = "https://calendar.google.com/calendar/render"
OUTLOOK: Final = "https://outlook.live.com/calendar/0/deeplink/compose"
OFFICE: Final = "https://outlook.office.com/calendar/0/deeplink/compose"

LONGEST_DETAILS: Final = 2_000
"""Octets of an encoded description: servers refuse addresses that are much longer."""
_WEB: Final = ("https://", "http://")


@frozen(kw_only=True)
class AddLinks:
    """Links that add an event to somebody's calendar: a copy that never changes.

    `outlook` is for outlook.com, `office` for Microsoft 365. They are None for a series, which Outlook's links cannot
    say. Google's adds a series by its rule: dates that are other than usual are as usual there.
    """

    google: str
    outlook: str | None
    office: str | None


@frozen(kw_only=True)
class SubscribeLinks:
    """Links that subscribe to a feed: what changes there changes in the calendar, within a day."""

    webcal: str
    google: str
    outlook: str
    office: str


def add_links(conference: Conference, event: Event, locale: str) -> AddLinks:
    """The links to add one event, in a language: none of a cancelled one should be shown."""
    shown = published(conference, event, locale)
    return AddLinks(
        google=google_link(shown),
        outlook=None if shown.rrule else outlook_link(shown),
        office=None if shown.rrule else outlook_link(shown, OFFICE),
    )


def session_file(
    conference: Conference, event: Event, locale: str, *, since: datetime, known_as: str = ""
) -> bytes:
    """One event as a file that any calendar program opens, and adds: a copy too, without the link to take part.

    `since`: since when the conference is as it is (aware): words may have changed after the event was told. `known_as`:
    the id under which it was told first, where its session was renamed since. Raises `InvalidCalendar`.
    """
    organizer = published_organizer(conference, locale)
    shown = published(conference, event, locale, known_as=known_as, organizer=organizer)
    return event_to_ical(shown, modified=max(second_of(since), shown.dtstamp))


def google_link(event: CalendarEvent) -> str:
    """The link to Google's calendar. Times are in UTC; those of a series by its clocks, since its rule follows them."""
    if event.rrule:
        first, last = f"{event.starts.wall:%Y%m%dT%H%M%S}", f"{event.ends.wall:%Y%m%dT%H%M%S}"
    else:
        first, last = utc_value(event.starts.instant), utc_value(event.ends.instant)
    rule = {"recur": f"RRULE:{event.rrule}"} if event.rrule else {}
    return _link(
        GOOGLE,
        {
            "action": "TEMPLATE",
            "text": one_line(event.summary),
            "dates": f"{first}/{last}",
            "ctz": event.starts.zone,
            **rule,
            "details": _details(event),
            "location": one_line(event.location),
        },
    )


def outlook_link(event: CalendarEvent, page: str = OUTLOOK) -> str:
    """The link to one of Outlook's calendars on the web, `OUTLOOK` or `OFFICE`.

    Raises:
        InvalidText: the event is a series, which such a link cannot say.
    """
    if event.rrule:
        raise InvalidText(event.rrule, "Outlook's links cannot say a series: offer the feed instead.")
    return _link(
        page,
        {
            "path": "/calendar/action/compose",
            "rru": "addevent",
            "subject": one_line(event.summary),
            "startdt": f"{event.starts.instant:%Y-%m-%dT%H:%M:%S}Z".rjust(20, "0"),
            "enddt": f"{event.ends.instant:%Y-%m-%dT%H:%M:%S}Z".rjust(20, "0"),
            "body": _details(event),
            "location": one_line(event.location),
        },
    )


def subscribe_links(url: str, name: str) -> SubscribeLinks:
    """The links to subscribe to the feed at this address. Raises as `webcal`."""
    page = {"url": url, "name": one_line(name)}
    return SubscribeLinks(
        webcal=webcal(url),
        google=_link("https://calendar.google.com/calendar/r", {"cid": webcal(url)}),
        outlook=_link("https://outlook.live.com/calendar/0/addfromweb", page),
        office=_link("https://outlook.office.com/calendar/0/addfromweb", page),
    )


def webcal(url: str) -> str:
    """The address of a feed as calendars on computers and telephones open it: `webcal://...`.

    Raises:
        InvalidText: not an `http` or `https` address.
    """
    for scheme in _WEB:
        rest = url.removeprefix(scheme)
        if rest not in ("", url) and not any(each <= " " or each == "\x7f" for each in url):
            return f"webcal://{rest}"
    raise InvalidText(url, "Give the feed's address, such as 'https://gmc.example.org/calendar.ics'.")


def _link(page: str, values: Mapping[str, str]) -> str:
    """Spaces become %20: some of these pages show a plus as it stands."""
    return (
        f"{page}?{urlencode({key: each for key, each in values.items() if each}, quote_via=quote, safe='')}"
    )


def _details(event: CalendarEvent) -> str:
    """The description and the page of the event; a long description is cut."""
    text = plain_text(event.description).strip()
    if len(quote(text)) > LONGEST_DETAILS:
        text = f"{_beginning(text).rstrip()}…"
    return plain_text(f"{text}\n\n{event.url}").strip() if event.url else text


def _beginning(text: str) -> str:
    """As much of a text as fits."""
    length, room = 0, LONGEST_DETAILS
    for each in text:
        room -= len(quote(each))
        if room < 0:
            break
        length += 1
    return text[:length]
