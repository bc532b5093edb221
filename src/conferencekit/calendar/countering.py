"""Declining the other times that people propose: nobody can move a conference by themselves.

Source: RFC 5546, 3.2.8 (DECLINECOUNTER).
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime

from ..conference import Conference
from ..errors import InvalidCalendar, InvalidTime
from ..mailbox import Mailbox
from ..moment import Moment, instant_of
from ..programme.event import stamp_after
from ..programme.series import moment_on
from .composing import organizer_of
from .judging import Proposed
from .lines import line, text_value
from .told import Told
from .validate import validate
from .writing import calendar_of, organizer_line, utc_value


def decline_counter(
    conference: Conference,
    told: Told,
    proposed: Proposed,
    *,
    now: datetime,
    sender: Mailbox,
    locale: str,
    token: str = "",
    comment: str = "",
) -> bytes:
    """The iCalendar object that declines a proposal of another time, for the one person who made it.

    `comment` says why. It is stamped `now`, and later than the proposal.

    Raises:
        InvalidCalendar: the object would break a rule of RFC 5545 or RFC 5546.
    """
    reply = proposed.reply
    organizer = organizer_of(conference, sender, locale, token)
    lines = [
        b"BEGIN:VEVENT\r\n",
        line("UID", text_value(reply.uid)),
        line("DTSTAMP", utc_value(stamp_after(reply.dtstamp, instant_of(now)))),
        line("SEQUENCE", str(reply.sequence)),
        organizer_line(organizer),
    ]
    if recurrence := _recurrence(told, proposed):
        # in UTC, because no VTIMEZONE may stand in it
        lines.append(line("RECURRENCE-ID", utc_value(recurrence.instant)))
    if comment:
        lines.append(line("COMMENT", text_value(comment)))
    data = calendar_of((), [*lines, b"END:VEVENT\r\n"], method="DECLINECOUNTER")
    if problems := validate(data, "DECLINECOUNTER"):
        raise InvalidCalendar(problems)
    return data


def _recurrence(told: Told, proposed: Proposed) -> Moment | None:
    """When the rule of the series has the date that the proposal is about; by newer zone data it may have none.

    Then the proposal says when it was.
    """
    event_id, _, day = proposed.event.partition("/")
    for known in told.history(event_id) if day else ():
        event, first, named = known.event, known.event.starts.wall.date(), date.fromisoformat(day)
        if event.repeat and named in event.repeat.dates(first):
            with suppress(InvalidTime):
                return moment_on(event.starts, named, first)
    said = proposed.reply.recurrence
    return said if day and isinstance(said, Moment) else None
