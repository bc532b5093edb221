"""Rounds that take turns, and what one registration cost in each."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence

from attrs import frozen


@frozen
class Cost:
    """What one registration cost: seconds on the wall, seconds of CPU."""

    wall: float
    cpu: float


Costs = Sequence[Cost]


def timed(run: Callable[[], object], count: int) -> Cost:
    """Run what takes care of so many registrations."""
    gc.collect()
    began, cpu_began = time.perf_counter(), time.process_time()
    run()
    return Cost((time.perf_counter() - began) / count, (time.process_time() - cpu_began) / count)


def rate(costs: Costs) -> float:
    """Registrations a second, median of the rounds."""
    return 1 / statistics.median(each.wall for each in costs)


def microseconds(costs: Costs) -> float:
    """CPU for one registration, median of the rounds."""
    return statistics.median(each.cpu for each in costs) * 1e6


def speed_ratio(ours: Costs, beside: Costs) -> float:
    """How fast ours is: median of the pairs, so that a disk that drifts counts for both."""
    return statistics.median(other.wall / our.wall for our, other in zip(ours, beside, strict=True))


def cpu_ratio(ours: Costs, beside: Costs, without: float = 0.0) -> float:
    """How much CPU ours takes, less so many microseconds: median of the pairs, as above."""
    pairs = zip(ours, beside, strict=True)
    return statistics.median((our.cpu - without / 1e6) / other.cpu for our, other in pairs)


def pairs_ratio(ours: Sequence[float], beside: Sequence[float]) -> float:
    """The same for speeds: median of the pairs."""
    return statistics.median(our / other for our, other in zip(ours, beside, strict=True))


def percentile(values: Sequence[float], part: float) -> float:
    """The value that this part of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]
