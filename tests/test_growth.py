"""What judges whether work grows in proportion judges right."""

from __future__ import annotations

import pytest
from tests.growth import in_proportion


def test_a_loop_in_a_loop_is_found():
    """And one loop is not."""
    in_proportion(lambda size: sum(range(size * 200)), 4_000)
    with pytest.raises(AssertionError, match="4,000"):
        in_proportion(lambda size: sum(sum(range(size // 8)) for _ in range(size)), 4_000)
