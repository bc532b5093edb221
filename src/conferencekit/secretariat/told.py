"""What calendars were told, as it is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, TypeVar, get_args

from attrs import asdict, evolve

from ..calendar.invite import HIGHEST_SEQUENCE, Method
from ..calendar.told import Answer, Attendance, KnownEvent, Telling, TellingKind, Told
from ..errors import ConferenceKitError, InvalidBody, SchemaTooNew
from ..moment import instant_text
from ..programme.event import Event
from ..wire import Body, Layout, recorded_moments
from ..zonecheck import moved

T = TypeVar("T")

TOLD_SCHEMA: Final = 1
"""The layout of all that was told, as one body."""


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


# -- all that was told of a conference, for those who have no store


def told_to_body(told: Told) -> Body:
    """All that was told as plain JSON: for a column or a file of a program that keeps it by itself.

    People are in it by the keys that the program gave them, with no name or address, and with what they answered.
    """
    people = {
        key: {name: telling_to_body(each) for name, each in tellings.items()}
        for key, tellings in told.people.items()
    }
    return {"schema": TOLD_SCHEMA, **programme_to_body(told), "people": people}


def told_from_body(body: Mapping[str, object]) -> Told:
    """What was told, of such a body; further keys in it do not matter.

    Raises:
        SchemaTooNew: a newer version wrote it.
        InvalidBody: it is damaged, or something else.
    """
    schema = body.get("schema")
    if type(schema) is not int or schema < 1:
        raise InvalidBody("What calendars were told", schema, "it says no schema, a number from 1")
    if schema > TOLD_SCHEMA:
        raise SchemaTooNew("What calendars were told", schema, TOLD_SCHEMA)
    try:
        return read_told(body)
    except ConferenceKitError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = f"{type(error).__name__}: {str(error)[:80]}"
        raise InvalidBody("What calendars were told", {"schema": schema}, reason) from error


def programme_to_body(told: Told) -> Body:
    """All but the people, of whom there may be very many."""
    return {
        "known_as": dict(told.known_as),
        "called_off": dict(told.called_off),
        "events": {facts: EVENTS.to_body(known.event) for facts, known in told.events.items()},
        "attendance": {
            key: {name: _attendance_to_body(each) for name, each in answers.items()}
            for key, answers in told.attendance.items()
        },
    }


def telling_to_body(telling: Telling) -> Body:
    """The last message to one person about one event."""
    return {
        "dtstamp": _stamp(telling.dtstamp),
        "facts": telling.facts,
        "kind": telling.kind,
        "method": telling.method,
        "sent": _stamp(telling.sent) if telling.sent else None,
        "sequence": telling.sequence,
        "was": telling.was,
        "words": telling.words,
    }


_stamp: Final = lru_cache(maxsize=256)(instant_text)
"""Many people are told something in the same second."""


def _attendance_to_body(attendance: Attendance) -> object:
    return {**asdict(attendance), "dtstamp": instant_text(attendance.dtstamp)}


def read_told(data: Mapping[str, Any]) -> Told:
    """What was told. Raises KeyError, TypeError, ValueError and more of what is no such body."""
    return evolve(
        read_programme(data),
        people=_read_nested(data["people"], _telling),
        attendance=_read_nested(data["attendance"], _attendance),
    )


def read_programme(data: Mapping[str, Any]) -> Told:
    """The same without the people and their answers."""
    return Told(
        events={facts: _known(body) for facts, body in data["events"].items()},
        known_as=_texts(data["known_as"]),
        called_off=_texts(data["called_off"]),
    )


def _read_nested(found: Mapping[str, Any], read: Callable[[Any], T]) -> dict[str, dict[str, T]]:
    return {key: {name: read(each) for name, each in inner.items()} for key, inner in found.items()}


def _texts(found: Mapping[str, object]) -> dict[str, str]:
    return {str(key): str(value) for key, value in found.items()}


def _known(body: Mapping[str, Any]) -> KnownEvent:
    return KnownEvent(event=event_as_told(body), clocks_moved=clocks_moved(body))


def _telling(data: Mapping[str, Any]) -> Telling:
    if data["method"] not in get_args(Method) or data["kind"] not in get_args(TellingKind):
        raise ValueError(f"{data['method']!r} is no method, or {data['kind']!r} no kind of message")
    return Telling(
        kind=data["kind"],
        was=str(data["was"]),
        method=data["method"],
        facts=str(data["facts"]),
        words=str(data["words"]),
        sequence=_sequence(data["sequence"]),
        dtstamp=_instant(data["dtstamp"]),
        sent=_instant(data["sent"]) if data["sent"] else None,
    )


def _attendance(data: Mapping[str, Any]) -> Attendance:
    if data["answer"] not in get_args(Answer):
        raise ValueError(f"{data['answer']!r} is no answer")
    return Attendance(
        answer=data["answer"],
        sequence=_sequence(data["sequence"]),
        dtstamp=_instant(data["dtstamp"]),
        comment=str(data["comment"]),
    )


def _sequence(value: object) -> int:
    if type(value) is not int or not 0 <= value <= HIGHEST_SEQUENCE:
        raise ValueError(f"{str(value)[:40]!r} is no SEQUENCE, a number from 0 to {HIGHEST_SEQUENCE}")
    return value


def _instant(text: object) -> datetime:
    found = datetime.fromisoformat(str(text))
    if found.tzinfo is None:
        raise ValueError(f"{text!r} has no zone")
    return found
