"""What follows from a conference document, for people to proofread: times in three zones, what closes when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from ..calendar.planned import invite_rule, place_of
from ..conference import Conference
from ..datewords import range_text
from ..message.texts import LANGUAGES
from ..moment import Moment
from ..programme.series import Date
from ..programme.session import Session
from ..text import lookup
from .output import count_of

_ELSEWHERE: Final = ("UTC", "America/New_York", "Asia/Tokyo")
_ZONES: Final = 3
_LONGEST: Final = timedelta(hours=24)


def shown_zones(conference: Conference, asked: Sequence[str]) -> tuple[str, ...]:
    """The conference's zone, then those asked for; by default two far away."""
    zones = dict.fromkeys((conference.timezone, *(asked or _ELSEWHERE)))
    return tuple(zones) if asked else tuple(zones)[:_ZONES]


def summary(conference: Conference, asked: Sequence[str], now: datetime) -> Iterator[str]:
    """The conference, line by line."""
    zones = shown_zones(conference, asked)
    yield conference.title.text()
    yield from (f"  {label + ':':11}{text}" for label, text in _about(conference) if text)
    yield from _sessions(conference, zones)
    yield from _deadlines(conference, zones, now)
    yield from _registration(conference)
    yield from _call(conference)
    found = tuple(remarks(conference, now))
    if found:
        yield from ("", "Worth a look:", *(f"  - {each}" for each in found))


def _about(conference: Conference) -> Iterator[tuple[str, str]]:
    yield "Theme", conference.theme.text() if conference.theme else ""
    for host in conference.hosts:
        yield host.role.capitalize(), host.name.text()
    venue = conference.venue
    if venue:
        names = [each.text() for each in (venue.name, venue.address) if each]
        yield "Venue", ", ".join([venue.kind, *names])
    yield "Fee", conference.fee.text()
    yield "Languages", ", ".join(conference.languages)
    yield "Contact", conference.contact or ""
    yield "Website", conference.website or ""
    yield "Invites", _invites(conference)


def _invites(conference: Conference) -> str:
    """To what calendars are invited, and by whom, where the document says who."""
    plan = conference.calendar
    if plan is None or not conference.sessions:
        return ""
    name = f"{plan.organizer_name.text()} <{plan.organizer}>" if plan.organizer_name else plan.organizer
    pieces = [invite_rule(conference), f"organizer {name}"]
    if not plan.rsvp:
        pieces.append("no replies are asked for")
    if plan.alarm:
        pieces.append(f"they ring {_duration(plan.alarm)} before")
    return "; ".join(pieces)


def _duration(time: timedelta) -> str:
    """In the largest unit of which it is a whole number."""
    minutes = time // timedelta(minutes=1)
    for length, one, many in ((1440, "day", "days"), (60, "hour", "hours")):
        if minutes and minutes % length == 0:
            return count_of(minutes // length, one, many)
    return count_of(minutes, "minute", "minutes")


def _sessions(conference: Conference, zones: Sequence[str]) -> Iterator[str]:
    for session in conference.sessions:
        status = "" if session.status == "confirmed" else f" ({session.status})"
        yield from ("", f"Session {session.id}: {session.title}{status}")
        yield from (f"  {each}" for each in _in_zones(session, zones))
        yield from (f"  {each}" for each in _series(session))
        where = [
            f"{label}: {text}"
            for label, text in (("Room", session.room), ("Place", session.place), ("Track", session.track))
            if text
        ]
        if where:
            yield f"  {', '.join(where)}"
        join = conference.join_of(session)
        if join:
            yield f"  Link for registered people: {join}"


def _in_zones(session: Session, zones: Sequence[str]) -> Iterator[str]:
    for zone in zones:
        yield range_text(session.starts.in_zone(zone), session.ends.in_zone(zone))


def _series(session: Session) -> Iterator[str]:
    """The dates of a series after the first, and what is other than usual on them."""
    if session.repeat is None:
        return
    interval, unit = session.repeat.interval, session.repeat.every
    yield f"Every {f'{interval} {unit}s' if interval > 1 else unit}, {session.repeat.count} dates in all:"
    for each in session.dates[1:]:
        other = each.other
        if not each.is_held:
            yield f"  {range_text(each.planned, each.planned)} is cancelled"
        elif other is None:
            yield f"  {range_text(each.starts, each.ends)}"
        else:
            where = "".join(f", {text}" for text in (other.room, other.place) if text)
            yield f"  {range_text(each.starts, each.ends)}{where}, in place of {each.planned.wall:%Y-%m-%d %H:%M}"


def _deadlines(conference: Conference, zones: Sequence[str], now: datetime) -> Iterator[str]:
    for name, (closes, state) in _closings(conference, now).items():
        yield from ("", f"Deadline {name}: {conference.deadline_text(name)}")
        yield f"  Not accepted any more from this moment on; now it is {state}:"
        yield from (f"  {closes.in_zone(zone).text()}" for zone in zones)


def _closings(conference: Conference, now: datetime) -> dict[str, tuple[Moment, str]]:
    """When each deadline closes, grace included, and what holds now."""
    return {name: (each.final_cutoff(), each.state(now)) for name, each in conference.deadlines.items()}


def _registration(conference: Conference) -> Iterator[str]:
    plan = conference.registration
    address = "addresses are verified by a link" if plan.address == "verify" else "addresses are trusted"
    approval = "the organiser decides" if plan.approval == "organiser" else "confirmed at once"
    quota = "no limit" if plan.quota is None else f"{plan.quota} places"
    asked = "; ".join(
        each.label.text().rstrip(".") + ("" if each.required else " (optional)") for each in plan.form.fields
    )
    yield from ("", f"Registration: {quota}, {address}, {approval}", f"  It asks for: {asked}")


def _call(conference: Conference) -> Iterator[str]:
    call = conference.call
    if call is None:
        return
    yield from ("", f"Call for input to the {call.outcome}")
    for topic in call.topics:
        shown = " (to be shown as good practices)" if topic.showcase else ""
        yield f"  {topic.number}. {topic.title}{shown}"


# -- what may have been forgotten


def remarks(conference: Conference, now: datetime) -> Iterator[str]:
    """What is allowed and yet probably not meant, a sentence each."""
    if not conference.sessions:
        yield "There is no session, so nobody gets a calendar invite."
    if not conference.contact:
        yield "There is no contact address: mails have no sender, and nobody knows whom to ask."
    if not conference.website:
        yield "There is no website: the invitation cannot say where to register, and deliver needs --site."
    if not conference.signatories:
        yield "Nobody signs the invitation."
    if "registration" not in conference.deadlines:
        yield "There is no deadline for registration: it never closes."
    if conference.call and "input" not in conference.deadlines:
        yield "There is no deadline for input: it never closes."
    if conference.venue and conference.venue.kind != "physical":
        # a dinner in a place of its own is where it is
        lost = [each.id for each in conference.sessions if not (conference.join_of(each) or each.place)]
        if lost:
            yield f"There is no link to join: {', '.join(lost)}."
    yield from _unspoken(conference)
    yield from _long(conference)
    yield from _crowded(conference)
    yield from _past(conference, now)


def _unspoken(conference: Conference) -> Iterator[str]:
    """Languages of the document that mails have no sentences in."""
    unspoken = [each for each in conference.languages if lookup(each, LANGUAGES) is None]
    if unspoken:
        yield (
            f"Mails do not speak {' or '.join(unspoken)}: whoever reads it gets your titles in it, and the sentences "
            "around them in English."
        )


def _long(conference: Conference) -> Iterator[str]:
    """Sessions that were hardly meant as one."""
    for session in conference.sessions:
        lasts = session.ends.instant - session.starts.instant
        if lasts > _LONGEST:
            hours = lasts // timedelta(hours=1)
            yield (
                f"{session.id} lasts {hours} hours without a break, and calendars show all of it as busy. Is it "
                "several sessions?"
            )


def _crowded(conference: Conference) -> Iterator[str]:
    """Rooms in which two sessions are held at once; of each room the first pair."""
    held: dict[str, list[tuple[datetime, datetime, str]]] = {}
    for session in conference.sessions:
        for each in session.dates if session.status != "cancelled" else ():
            if each.is_held and ((each.other and each.other.room) or session.room):
                held.setdefault(place_of(conference, session, each.other), []).append(
                    (each.starts.instant, each.ends.instant, session.id)
                )
    for room, times in held.items():
        times.sort()
        pair = next(
            ((one, two) for one, two in pairwise(times) if two[0] < one[1] and one[2] != two[2]), None
        )
        if pair is not None:
            yield f"{room} has two sessions at once: {pair[0][2]} and {pair[1][2]}."


def _past(conference: Conference, now: datetime) -> Iterator[str]:
    ends = conference.ends
    if ends is not None and ends.instant < now:
        yield "The conference is over."
    for name, (_, state) in _closings(conference, now).items():
        if state == "closed":
            yield f"The deadline {name} has passed."


# -- for machines


def facts(conference: Conference, asked: Sequence[str], now: datetime) -> dict[str, object]:
    """The same for machines; times in ISO 8601 with offset."""
    zones = shown_zones(conference, asked)
    return {
        "conference": conference.id,
        "title": conference.title.text(),
        "sessions": [_session_facts(each, zones) for each in conference.sessions],
        "deadlines": [
            {
                "name": name,
                "text": conference.deadline_text(name),
                "closes": {zone: _iso(closes, zone) for zone in zones},
                "state": state,
            }
            for name, (closes, state) in _closings(conference, now).items()
        ],
        "remarks": list(remarks(conference, now)),
    }


def _session_facts(session: Session, zones: Sequence[str]) -> dict[str, object]:
    return {
        "id": session.id,
        "title": session.title.text(),
        "status": session.status,
        "starts": {zone: _iso(session.starts, zone) for zone in zones},
        "ends": {zone: _iso(session.ends, zone) for zone in zones},
        "dates": [_date_facts(each) for each in session.dates] if session.repeat else None,
    }


def _date_facts(date: Date) -> dict[str, object]:
    return {
        "planned": date.planned.datetime.isoformat(),
        "starts": date.starts.datetime.isoformat(),
        "ends": date.ends.datetime.isoformat(),
        "status": (date.other and date.other.status) or "confirmed",
    }


def _iso(moment: Moment, zone: str) -> str:
    return moment.in_zone(zone).datetime.isoformat()
