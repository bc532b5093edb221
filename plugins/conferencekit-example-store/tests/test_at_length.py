"""The shelf agrees with the reference at length."""

import pytest

from conferencekit.testing.store_beside import run_batches
from conferencekit_example_store import ShelfStore


@pytest.mark.slow
def test_ten_thousand_random_batches_agree_with_the_reference(tmp_path):
    """Some 25,000 change sets."""
    store = ShelfStore(tmp_path / "records")
    run_batches(store, 10_000, seed=1)
    store.close()
