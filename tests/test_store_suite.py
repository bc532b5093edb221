"""The built-in stores keep the contract that every store has to keep."""

from __future__ import annotations

import pytest

from conferencekit.testing import store_suite

TestMemoryStore = store_suite("memory:")
TestSQLiteStore = store_suite("sqlite:///{tmp}/conferences.db", kills=8)
TestSQLiteStoreThatSyncsAfter = pytest.mark.slow(
    store_suite("sqlite:///{tmp}/conferences.db?sync=after", kills=2, examples=10, batches=500)
)
