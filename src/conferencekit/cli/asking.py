"""The six questions of `conferencekit new`, and the document that comes of the answers."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import date, datetime

from ..deadline import Deadline
from ..document.about import id_from
from ..errors import ConferenceKitError
from ..form.address import parse_address
from ..moment import Moment
from ..zones import exact_zone

Check = Callable[[str], str]

_TEMPLATE = """\
# A conference document. `conferencekit check` finds what is wrong and prints a summary to proofread.

[conference]
id = {id}
uid = {uid}          # names it in calendars everywhere: keep it
title = {title}
timezone = {zone}
languages = ["en"]
contact = {contact}
# theme = "..."
# aims = ["...", "..."]
# concept_note = "https://..."

# [[hosts]]
# id = "us"
# name = "..."

[[sessions]]
id = "opening"
title = {title}
starts = {starts}          # wall time in the conference's zone
ends = {ends}
# room = "..."
# join = "https://..."     # only registered people see it

# [calendar]               # invites to a list of people: who calendars show as the organizer, and where replies go
# organizer = {contact}

[deadlines.registration]
through = {closes}          # the last day; closes when it ends, in the conference's zone

[registration]
address = "verify"         # people prove their address by a link
approval = "none"          # or "organiser"
# quota = 100
"""


def ask_for_document(name: str) -> str | None:
    """Ask the questions on standard input; the TOML, or None if the input ended early."""
    try:
        title = _ask("Title of the conference", _one_line)
        contact = _ask("Contact e-mail address", _address)
        zone = _ask("Time zone (IANA name, such as Asia/Shanghai)", exact_zone)
        starts = _ask("It starts at (YYYY-MM-DD HH:MM, local time there)", lambda text: _wall(text, zone))
        ends = _ask("It ends at (YYYY-MM-DD HH:MM)", lambda text: _after(_wall(text, zone), starts))
        closes = _ask("Last day to register (YYYY-MM-DD)", lambda text: _last_day(text, ends, zone))
    except EOFError:
        return None
    return _TEMPLATE.format(
        id=json.dumps(id_from(name) or "conference"),
        uid=json.dumps(str(uuid.uuid4())),
        title=json.dumps(title, ensure_ascii=False),
        contact=json.dumps(contact, ensure_ascii=False),
        zone=json.dumps(zone),
        starts=starts,
        ends=ends,
        closes=closes,
    )


def _ask(question: str, check: Check) -> str:
    while True:
        answer = input(f"{question}: ").strip()
        try:
            return check(answer)
        except (ConferenceKitError, ValueError) as error:
            print(f"  {error}")


def _one_line(text: str) -> str:
    if not text or not text.isprintable():
        raise ValueError("A title is one line of text.")
    return text


def _address(text: str) -> str:
    if not parse_address(text):
        raise ValueError(f"{text!r} is not an e-mail address such as name@example.org.")
    return text


def _wall(text: str, zone: str) -> str:
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a date and time such as 2027-05-20 09:00.") from None
    if wall.tzinfo is not None:
        raise ValueError(f"{text!r}: leave the offset out; it is the time on the clocks in {zone}.")
    Moment.at(wall, zone)
    return wall.isoformat()


def _after(ends: str, starts: str) -> str:
    if ends <= starts:
        raise ValueError(f"{ends} is not after the start, {starts}.")
    return ends


def _last_day(text: str, ends: str, zone: str) -> str:
    """A day that is over when the conference ends, as the document wants it."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a date such as 2027-05-01.") from None
    over = Moment.at(datetime.fromisoformat(ends), zone)
    if Deadline(through=day, zone=zone).closes() > over:
        raise ValueError(
            f"{day} is not over when the conference ends, {ends}. Take an earlier day; the document can have a time."
        )
    return day.isoformat()
