"""The parts of the store suite that gain by repetition, repeated: kills, random histories, random batches."""

from __future__ import annotations

import pytest

from conferencekit.testing import store_suite

Long = store_suite("sqlite:///{tmp}/conferences.db", kills=20, examples=120, batches=5_000)


@pytest.mark.slow
class TestSQLiteAtLength:
    """20 kills, 120 histories, 5,000 batches."""

    url_at = staticmethod(Long.url_at)
    plugins, kills, examples, batches, shrink = (
        Long.plugins,
        Long.kills,
        Long.examples,
        Long.batches,
        Long.shrink,
    )
    case, store, changes = Long.case, Long.store, Long.changes
    test_nothing_acknowledged_is_lost = Long.test_nothing_acknowledged_is_lost
    test_random_batches_agree_with_the_reference = Long.test_random_batches_agree_with_the_reference
    test_any_sequence_of_calls_agrees_with_the_reference = (
        Long.test_any_sequence_of_calls_agrees_with_the_reference
    )
