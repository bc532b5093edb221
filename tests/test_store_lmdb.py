"""A store over a database that was written by the page "Write a storage plugin" alone: the page is enough."""

from __future__ import annotations

import pytest

pytest.importorskip("lmdb", reason="the database of the store that the page leads to")

from tests import lmdb_store

from conferencekit.testing import store_suite

TestLmdbStore = pytest.mark.slow(
    store_suite("lmdb:{tmp}/records", plugins=[lmdb_store], kills=4, examples=10, batches=500)
)
