"""The statements do what `evaluate` says, also on more random batches than a store needs that calls it."""

import pytest

from conferencekit.testing.store_beside import run_batches


@pytest.mark.slow
def test_thousands_of_random_batches_agree_with_the_reference(any_url, opened):
    """Some 10,000 change sets on PostgreSQL; SQLite, with the same statements and a slow journal, gets a fifth."""
    run_batches(opened(any_url), 4_000 if any_url.startswith("postgresql") else 800, seed=1)
