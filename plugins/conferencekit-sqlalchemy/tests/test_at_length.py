"""The statements do what `evaluate` says: on as many random batches as a store needs that does not call it alone."""

import pytest

from conferencekit.testing.store_beside import run_batches


@pytest.mark.slow
def test_ten_thousand_random_batches_agree_with_the_reference(any_url, opened):
    """Some 25,000 change sets on PostgreSQL; SQLite, with the same statements and a slow journal, gets a fifth."""
    run_batches(opened(any_url), 10_000 if any_url.startswith("postgresql") else 2_000, seed=1)
