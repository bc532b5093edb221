"""Conformance suites for plugins, strategies, and what hosts test with. Needs the extra `[testing]`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .store_contract import store_suite

__all__ = ["store_suite"]

_ASSERTING: Final = (
    "beside", "claims", "commits", "crashes", "disk", "dump", "hostile", "life", "model", "outbox", "pages", "races",
    "samples", "seals", "waiting",
)  # fmt: skip


def explain_asserts() -> None:
    """Let pytest say what was compared where an assert of a suite fails. Before the suites are imported."""
    import pytest  # noqa: PLC0415 - worker processes do without it: it is half of what they would load

    pytest.register_assert_rewrite(*(f"{__name__}.store_{part}" for part in _ASSERTING))


if "pytest" in sys.modules:
    explain_asserts()


def __getattr__(name: str) -> object:
    """Loads a suite when it is asked for."""
    if name == "store_suite":
        from .store_contract import store_suite  # noqa: PLC0415 - its imports are heavy, and strategies are used alone

        return store_suite
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
