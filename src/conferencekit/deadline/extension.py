"""Extensions of a deadline: to when, for whom, why, and since when that is known."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from attrs import field, frozen

from ..errors import InvalidDeadline
from ..moment import Moment, instant_of
from .closing import is_moment


def _is_a_moment(_: object, __: object, value: Any) -> None:
    if not is_moment(value):
        raise InvalidDeadline(
            value, "Give `until` as a Moment, or use Deadline.extended with a day or a wall time."
        )


def _has_reason(_: object, __: object, value: Any) -> None:
    if not isinstance(value, str) or not value.strip():
        raise InvalidDeadline(value, "Give the reason of an extension: it is shown to people and kept.")


def _names_a_person(_: object, __: object, value: Any) -> None:
    if value is not None and (not isinstance(value, str) or not value):
        raise InvalidDeadline(value, "Name the person by their id, or leave `person` out for everybody.")


@frozen(kw_only=True)
class Extension:
    """A later closing, `until` (exclusive), for everybody, or for one `person` only.

    `announced_at` (UTC) is when people could know. An extension never makes a deadline earlier: of all that apply, the
    latest counts.
    """

    until: Moment = field(validator=_is_a_moment)
    reason: str = field(validator=_has_reason)
    announced_at: datetime = field(converter=instant_of)
    person: str | None = field(default=None, validator=_names_a_person)
