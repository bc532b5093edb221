"""Clients in a closed loop: each begins anew as soon as it has its answer, until the time is up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Clients:
    """Threads that work until the time is up. `waits` has the seconds of each piece of work done in that time."""

    def __init__(self, work: Callable[[int], object], count: int, seconds: float) -> None:
        self._work = work
        self._count = count
        self._seconds = seconds
        self._start = threading.Barrier(count)
        self._errors: list[BaseException] = []
        self.waits: list[float] = []
        self.written = 0

    def run(self) -> Clients:
        threads = [threading.Thread(target=self._client, args=(at,)) for at in range(self._count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._errors:
            raise self._errors[0]
        self.written += len(self.waits)
        return self

    def _client(self, client: int) -> None:
        waits: list[float] = []
        late = 0
        try:
            self._start.wait()
            began = time.perf_counter()
            end = began + self._seconds
            while began < end:
                self._work(client)
                now = time.perf_counter()
                if now <= end:
                    waits.append(now - began)
                else:
                    late += 1
                began = now
        except BaseException as error:  # noqa: BLE001 - raised by `run`
            self._errors.append(error)
        self.waits += waits
        self.written += late
