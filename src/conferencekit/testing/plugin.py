"""A pytest plugin: the fixture `secretariat`, for testing a host against a secretariat that forgets.

It loads with `conferencekit[testing]`; a host's tests write `def test_...(secretariat):`. Another conference is given
by a fixture `conference` of the host's own.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ..conference import Conference
from .secretariat import SecretariatForTests, conference_for_tests


def pytest_configure(config: pytest.Config) -> None:
    """Which SQLite a machine links is no failure of the tests that run on it."""
    config.addinivalue_line("filterwarnings", "ignore::conferencekit.errors.OldSQLite")


@pytest.fixture
def conference() -> Conference:
    """A small conference with a registration, a session and a call; override it with your own."""
    return conference_for_tests()


@pytest.fixture
def secretariat(conference: Conference) -> Iterator[SecretariatForTests]:
    """A secretariat in memory, on a clock that stands still until `secretariat.clock.move_to(...)`."""
    made = SecretariatForTests(conference)
    yield made
    made.close()
