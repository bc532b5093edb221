"""Whether work grows with its size and no faster, on a machine of any speed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

TIMES = 4
MOST = 10
"""Four times as much may take so many times as long: 4 is what it should, 16 what a loop in a loop does."""
TOO_SHORT = 0.02
"""Seconds that are too few to say anything."""


def in_proportion(work: Callable[[int], object], size: int) -> None:
    """Work of this size takes about four times as long as of a quarter of it, in time of the processor.

    Whatever else the machine does only adds to a time, so the shortest of several counts.
    """
    small = large = math.inf
    for _ in range(10):
        small, large = min(small, _seconds(work, size // TIMES)), min(large, _seconds(work, size))
        if large <= max(MOST * small, TOO_SHORT):
            return
    raise AssertionError(f"{large:.3f} s for {size:,}, {small:.3f} s for a quarter of it")


def _seconds(work: Callable[[int], object], size: int) -> float:
    began = time.process_time()
    work(size)
    return time.process_time() - began
