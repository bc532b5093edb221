"""How many examples a law gets that is worth more, or costs more, than others."""

from __future__ import annotations

from typing import Any

from hypothesis import settings


def examples(number: int, **more: Any) -> settings:
    """So many under the profile of these tests, which gives a law 100; in proportion under one that gives fewer.

    A number in `settings` alone would stand whatever the profile says. `more`: further settings; health checks that are
    left out are so beside those that the profile leaves out.
    """
    given = settings()
    more["suppress_health_check"] = [*given.suppress_health_check, *more.get("suppress_health_check", ())]
    return settings(max_examples=max(1, number * given.max_examples // 100), **more)
