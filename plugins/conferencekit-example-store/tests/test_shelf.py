"""The shelf keeps the contract of a store."""

from conferencekit.testing import store_suite

# random batches at length in test_at_length.py
TestShelfStore = store_suite("shelf:{tmp}/records", kills=10, batches=500)
