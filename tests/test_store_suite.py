"""The built-in stores keep the contract that every store has to keep."""

from __future__ import annotations

import pytest

from conferencekit.testing import store_suite

# at length in test_store_at_length.py; this much on every interpreter
TestMemoryStore = store_suite("memory:", examples=20, batches=500)
TestSQLiteStore = store_suite("sqlite:///{tmp}/conferences.db", kills=4, examples=20, batches=500)
TestSQLiteStoreThatSyncsAfter = pytest.mark.slow(
    store_suite("sqlite:///{tmp}/conferences.db?sync=after", kills=2, examples=10, batches=500)
)
