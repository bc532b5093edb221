"""The shelf keeps the contract of a store."""

from conferencekit.testing import store_suite

TestShelfStore = store_suite("shelf:{tmp}/records")
