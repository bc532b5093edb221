"""Registrations as rows for people and machines, with what calendars answered where they were asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ..calendar.told import Answer, AnswerNow
from ..conference import Conference
from ..moment import instant_text
from ..registration.registration import Registration

_FIRST = ("reference", "state", "received_at", "locale")
ANSWER_WORDS: Final[Mapping[Answer, str]] = {
    "ACCEPTED": "accepted",
    "DECLINED": "declined",
    "TENTATIVE": "tentative",
    "DELEGATED": "delegated",
    "NEEDS-ACTION": "not answered",
}
Answers = Mapping[str, AnswerNow]
"""What somebody answers at present, by event."""


def csv_header(conference: Conference) -> tuple[str, ...]:
    """The columns of a list of registrations: what the secretariat knows, then the answers in the order of the form."""
    asked = (
        each.name for each in conference.registration.form.fields if each.kind not in ("password", "file")
    )
    return (*_FIRST, *asked)


def cells(registration: Registration, header: Sequence[str], answers: Answers | None = None) -> list[str]:
    """One registration as a row of texts; "" for what it does not have."""
    values = {**plain(registration), "attendance": attendance_text(answers or {})}
    return ["" if values.get(key) is None else str(values[key]) for key in header]


def attendance_text(answers: Answers) -> str:
    """What somebody answers, in words: `opening accepted, panel not answered`."""
    return ", ".join(f"{event} {ANSWER_WORDS[each.answer]}" for event, each in answers.items())


def plain(registration: Registration) -> dict[str, object]:
    """One registration by column."""
    return {
        "reference": registration.reference,
        "state": registration.state,
        "received_at": instant_text(registration.received_at),
        "locale": registration.locale,
        **registration.answers,
    }
