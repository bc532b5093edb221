"""The parts of the store suite that gain by repetition, repeated: kills and random histories."""

from __future__ import annotations

import pytest

from conferencekit.testing import store_suite

Long = store_suite("sqlite:///{tmp}/conferences.db", kills=40, examples=250)


@pytest.mark.slow
class TestSQLiteAtLength:
    """40 kills, 250 histories."""

    url_at = staticmethod(Long.url_at)
    plugins, kills, examples = Long.plugins, Long.kills, Long.examples
    case, changes = Long.case, Long.changes
    test_nothing_acknowledged_is_lost = Long.test_nothing_acknowledged_is_lost
    test_any_sequence_of_calls_agrees_with_the_reference = (
        Long.test_any_sequence_of_calls_agrees_with_the_reference
    )
