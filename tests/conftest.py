"""What all tests share: Hypothesis profiles, a look for garbage that leaves out the tests, and fixed time and entropy."""

from __future__ import annotations

import gc
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, settings

from conferencekit.context import Context, FixedEntropy

settings.register_profile(
    "conferencekit", deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("few", settings.get_profile("conferencekit"), max_examples=25)
settings.load_profile("conferencekit")

# Thousands of tests are some hundred thousand objects, and all stay: to look for garbage among them again and again takes
# as long as many a test.
gc.disable()


def pytest_collection_finish() -> None:
    """From here on garbage is looked for, among what is new."""
    gc.freeze()
    gc.enable()


@pytest.fixture
def context() -> Context:
    """A use case on 12 November 2020 with entropy that repeats."""
    return Context(datetime(2020, 11, 12, 8, 30, tzinfo=UTC), FixedEntropy(b"tests"))
