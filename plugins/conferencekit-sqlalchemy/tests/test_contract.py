"""Both engines keep the contract of a store."""

from pathlib import Path

from conferencekit.testing import store_suite
from conferencekit.testing.postgresql import shared_server


def postgresql(place: Path) -> str:
    return shared_server().url_for(place)


TestPostgreSQL = store_suite(postgresql, kills=12, examples=20, batches=500)
TestSQLite = store_suite("sqlite+pysqlite:///{tmp}/store.db", kills=3, examples=10, batches=300)
