"""Sessions: what happens when, and where."""

from __future__ import annotations

from attrs import frozen

from ..moment import Moment
from ..text import LocalizedText
from .series import Date, Occurrence, Repeat, SessionStatus, dates_of


@frozen(kw_only=True)
class Session:
    """A session from `starts` until `ends` (half-open). `join` is shown to registered people only.

    `room` is in the venue, or in `place`, where the session is elsewhere.

    With `repeat` it is a series, of which these are the first date; `exceptions` are the dates that are other than
    usual. `track` groups sessions, in feeds of their own.
    """

    id: str
    title: LocalizedText
    starts: Moment
    ends: Moment
    description: LocalizedText | None = None
    room: str | None = None
    place: str | None = None
    join: str | None = None
    track: str | None = None
    status: SessionStatus = "confirmed"
    repeat: Repeat | None = None
    exceptions: tuple[Occurrence, ...] = ()

    @property
    def dates(self) -> tuple[Date, ...]:
        """Every date of a series, or the one date of any other session. Raises as `dates_of`."""
        if self.repeat is None:
            return (Date(self.starts, self.starts, self.ends),)
        return dates_of(self.starts, self.ends, self.repeat, self.exceptions)

    @property
    def last_ends(self) -> Moment:
        """When it is over for good: the end of its last date that is held (of the last one, if none is)."""
        if self.repeat is None:
            return self.ends
        held = [each for each in self.dates if each.is_held]
        return max(each.ends for each in held or self.dates)
