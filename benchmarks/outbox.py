"""The outbox in PostgreSQL: 8 workers lease and settle notices in lanes, a hundred at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from statistics import median
from typing import Any, Final

from disks import Disk, Scale
from postgresql import server_on
from samples import CONFERENCE, NOW, check, notice_body, open_store
from table import Line
from workers import Work, crew

from conferencekit.ports import ChangeSet, Enqueue, Entry, Mark
from conferencekit.testing.postgresql import find_binaries

WORKERS: Final = 8
BATCH: Final = 100
AIM: Final = 15_000
_WHAT: Final = f"PostgreSQL, lease and settle with lanes, {WORKERS} workers x {BATCH}"


def measure(disk: Disk, scale: Scale) -> Iterator[Line]:
    """Notices a second, from the first lease to the last mark."""
    if find_binaries() is None:
        yield Line(what=_WHAT, note="not measured: no PostgreSQL on this machine")
        return
    notices = scale.count(40_000)
    with server_on(disk) as server:
        urls = [server.url_for(f"outbox {number}") for number in range(scale.rounds(3) + 1)]
        for url in urls:
            _fill(url, notices)
        orders = [{"urls": urls}] * WORKERS
        rates = []
        with crew(disk, "outbox", "delivering", orders) as workers:
            for number in range(len(urls)):
                answers = workers.each(number=number)
                assert sum(answer["done"] for answer in answers) == notices
                took = max(each["ended"] for each in answers) - min(each["began"] for each in answers)
                rates.append(notices / took)
    rate = median(rates[1:])  # the first round opens connections
    yield Line(what=_WHAT, ours=rate, unit="1/s", aim=f">= {AIM:,} a second", met=rate >= AIM)


def _fill(url: str, notices: int) -> None:
    """Two notices to a lane."""
    store = open_store(url)
    for first in range(0, notices, 500):
        ops = [
            Enqueue(key=f"n{at}", body=notice_body(at), due=NOW, lane=f"lane {at // 2}")
            for at in range(first, min(first + 500, notices))
        ]
        check(store.commit([ChangeSet(CONFERENCE, Entry(f"e{first}", {}, "digest"), ops)]))
    store.close()


@contextmanager
def delivering(order: Mapping[str, Any]) -> Iterator[Work]:
    """One worker, until nothing is due."""
    stores = [open_store(url) for url in order["urls"]]
    for store in stores:
        store.conferences()

    def round_(number: int) -> dict[str, Any]:
        store, done, until = stores[number], 0, NOW + timedelta(hours=1)
        began = time.time()
        while leased := store.lease(BATCH, now=NOW, until=until):
            marks = [Mark(each.conference, each.key, each.token, "sent", sha256="ab" * 32) for each in leased]
            done += sum(store.settle(marks))
        return {"done": done, "began": began, "ended": time.time()}

    yield round_
    for store in stores:
        store.close()
