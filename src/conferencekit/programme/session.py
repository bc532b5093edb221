"""Sessions: what happens when, and where."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from ..moment import Moment
from ..text import LocalizedText

SessionStatus = Literal["confirmed", "tentative", "cancelled"]


@frozen(kw_only=True)
class Session:
    """A session from `starts` until `ends` (half-open). `join` is shown to registered people only."""

    id: str
    title: LocalizedText
    starts: Moment
    ends: Moment
    description: LocalizedText | None = None
    room: str | None = None
    join: str | None = None
    status: SessionStatus = "confirmed"
