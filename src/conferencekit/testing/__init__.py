"""Conformance suites for plugins, strategies, and what hosts test with. Needs the extra `[testing]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .store_contract import store_suite

__all__ = ["store_suite"]

pytest.register_assert_rewrite(
    *(f"{__name__}.store_{part}" for part in ("commits", "claims", "pages", "outbox"))
)
pytest.register_assert_rewrite(
    *(f"{__name__}.store_{part}" for part in ("dump", "life", "model", "races", "samples", "waiting"))
)


def __getattr__(name: str) -> object:
    """Loads a suite when it is asked for."""
    if name == "store_suite":
        from .store_contract import store_suite  # noqa: PLC0415 - its imports are heavy, and strategies are used alone

        return store_suite
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
