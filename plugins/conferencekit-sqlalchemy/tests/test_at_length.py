"""The statements do what `evaluate` says: on as many random batches as a store needs that does not call it alone."""

import pytest

from conferencekit.testing.store_beside import run_batches


@pytest.mark.slow
def test_ten_thousand_random_batches_agree_with_the_reference(any_url, opened):
    """On both engines; some 25,000 change sets each."""
    run_batches(opened(any_url), 10_000, seed=1)
