"""Registrations as rows for people and machines."""

from __future__ import annotations

from collections.abc import Sequence

from ..conference import Conference
from ..moment import instant_text
from ..registration.registration import Registration

_FIRST = ("reference", "state", "received_at", "locale")


def csv_header(conference: Conference) -> tuple[str, ...]:
    """The columns of a list of registrations: what the secretariat knows, then the answers in the order of the form."""
    asked = (
        each.name for each in conference.registration.form.fields if each.kind not in ("password", "file")
    )
    return (*_FIRST, *asked)


def cells(registration: Registration, header: Sequence[str]) -> list[str]:
    """One registration as a row of texts; "" for what it does not have."""
    values = plain(registration)
    return ["" if values.get(key) is None else str(values[key]) for key in header]


def plain(registration: Registration) -> dict[str, object]:
    """One registration by column."""
    return {
        "reference": registration.reference,
        "state": registration.state,
        "received_at": instant_text(registration.received_at),
        "locale": registration.locale,
        **registration.answers,
    }
