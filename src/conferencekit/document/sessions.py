"""The part of a document's shape that says what happens when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

from attrs import evolve

from ..programme.series import MOST_DATES, SessionStatus
from ..programme.session import Session
from .addresses import Url
from .kinds import Id, Line, LongText, Text, one_of
from .place import Bad, Place, Setting
from .series import EXCEPTION, REPEAT, checked_series
from .tables import Entries, Key, Table, Values
from .times import Time, Zone, ZoneOrAnywhere


def own_zone(data: Mapping[str, object], at: Place, *, anywhere: bool = False) -> Place:
    """The place of a table that may name a zone of its own, in `timezone`."""
    if "timezone" not in data:
        return at
    zone = (ZoneOrAnywhere if anywhere else Zone).read(data["timezone"], Place())
    return at.with_setting(evolve(at.setting, zone=None if isinstance(zone, Bad) else zone))


def _zone_of(session: Session, setting: Setting) -> str | None:
    same = session.starts.zone == session.ends.zone
    return session.starts.zone if same else setting.zone


def _extra(session: Session, setting: Setting) -> Values:
    zone = _zone_of(session, setting)
    return {} if zone == setting.zone else {"timezone": zone}


def _check(values: Values, at: Place) -> Values:
    starts, ends = values.get("starts"), values.get("ends")
    if starts is not None and ends is not None:
        if ends <= starts:
            expected = f"the session starts at {starts} and would end at {ends}. Let it end after it starts."
            at.key("ends").report(ends.wall, expected)
        elif "repeat" in values:
            values["repeat"] = checked_series(starts, ends, values, at)
    if "exceptions" in values and "repeat" not in values and not at.has("repeat"):
        at.key("exceptions").report(
            "exceptions", "only a series has dates that differ. Add `repeat`, or leave it out."
        )
    return {name: value for name, value in values.items() if name != "timezone"}


def _inside(session: Any, setting: Setting) -> Setting:
    return evolve(setting, zone=_zone_of(session, setting))


SESSION: Final = Table(
    title="[[sessions]]",
    of=Session,
    doc="Something that happens at a time: an event in people's calendars.",
    prepare=own_zone,
    check=_check,
    setting_for=_inside,
    rest=_extra,
    keys=(
        Key(
            name="id",
            kind=Id,
            doc="Identifies the session, also in calendars. Keep it when title or time change.",
            example='"opening"',
            required=True,
        ),
        Key(name="title", kind=Text, doc="Its name.", example='"Opening"', required=True),
        Key(
            name="timezone",
            kind=Zone,
            doc="The zone of its wall times, where it is not the conference's.",
            example='"Europe/Paris"',
            get=lambda _: None,
            default_doc="the conference's",
        ),
        Key(name="starts", kind=Time, doc="When it begins.", example="2020-12-11T20:00:00", required=True),
        Key(
            name="ends",
            kind=Time,
            doc="When it is over, later than `starts`.",
            example="2020-12-11T22:30:00+08:00",
            required=True,
        ),
        Key(
            name="description",
            kind=LongText,
            doc="What happens in it.",
            example='"Speeches and a panel."',
        ),
        Key(name="room", kind=Line, doc="Where in the venue.", example='"Hall 1"'),
        Key(
            name="place",
            kind=Line,
            doc="Where it is, if not in the venue; a `room` is there then, and the venue's link is not for it.",
            example='"Town Hall, Market Square 1"',
        ),
        Key(
            name="join",
            kind=Url,
            doc="The link to join by; only registered people see it.",
            example='"https://example.org/live"',
        ),
        Key(
            name="track",
            kind=Line,
            doc="The group of sessions that it belongs to; each has a calendar feed of its own.",
            example='"Teaching"',
        ),
        Key(
            name="repeat",
            kind=REPEAT,
            doc="It comes again and again: `starts` and `ends` are its first date.",
            example='{ every = "week", count = 10 }',
        ),
        Key(
            name="exceptions",
            kind=Entries(of=EXCEPTION, most=MOST_DATES, unique_by="date"),
            doc="The dates of a series that are other than usual.",
            example='[{ date = 2026-10-22, status = "cancelled" }]',
        ),
        Key(
            name="status",
            kind=one_of(get_args(SessionStatus)),
            doc="`cancelled` tells everybody's calendar; do not remove a session that people were invited to.",
            example='"tentative"',
        ),
    ),
)
SESSIONS: Final = Entries(of=SESSION, unique_by="id")
