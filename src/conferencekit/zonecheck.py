"""Which recorded moments a change of zone rules has moved.

Governments change clocks, sometimes with weeks of notice. A moment is recorded with the instant that followed from its
wall time and zone, and with the release of the zone data that said so; read again under newer data, the wall time
stays what was announced, and the instant may be another.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from attrs import frozen

from .errors import InvalidTime
from .moment import Moment
from .zones import zone_data_version


@frozen(kw_only=True)
class RecordedMoment:
    """A moment as it was recorded: `instant` (UTC) followed from wall time and zone under the release `tzdata`."""

    path: str
    wall: str
    zone: str
    fold: int
    instant: datetime
    tzdata: str


@frozen(kw_only=True)
class Moved:
    """A recorded moment whose wall time is now another instant: `was` under `tzdata`, `now` under today's data.

    `now` is None where the wall time no longer exists, or the zone; `problem` then says so, with the remedy.
    """

    path: str
    wall: str
    zone: str
    was: datetime
    now: datetime | None
    tzdata: str
    problem: str = ""


def record(moment: Moment, path: str = "") -> RecordedMoment:
    """What to keep of a moment, so that `moved` can tell later."""
    return RecordedMoment(
        path=path,
        wall=moment.wall.isoformat(),
        zone=moment.zone,
        fold=moment.fold,
        instant=moment.instant,
        tzdata=zone_data_version(),
    )


def moved(recorded: Iterable[RecordedMoment]) -> tuple[Moved, ...]:
    """Those whose wall time is another instant under today's zone data than when they were recorded, in their order."""
    return tuple(found for found in map(_compare, recorded) if found is not None)


def _compare(then: RecordedMoment) -> Moved | None:
    now, problem = _today(then)
    if now == then.instant:
        return None
    return Moved(
        path=then.path,
        wall=then.wall,
        zone=then.zone,
        was=then.instant.astimezone(UTC),
        now=now,
        tzdata=then.tzdata,
        problem=problem,
    )


def _today(then: RecordedMoment) -> tuple[datetime | None, str]:
    try:
        wall = datetime.fromisoformat(then.wall)
        return Moment(wall=wall, zone=then.zone, fold=then.fold).instant, ""
    except InvalidTime as error:
        return None, str(error)
