"""How often a disk makes 4 KiB durable in a second, over what is there, as a WAL does once it has its size."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

_BLOCK: Final = 4096
_BLOCKS: Final = 1000  # after so many pages SQLite begins its WAL anew


@contextmanager
def probing(order: Mapping[str, Any]) -> Iterator[Callable[..., Mapping[str, Any]]]:
    path = Path(order["directory"]) / "probe"
    sync = getattr(os, "fdatasync", os.fsync)
    with path.open("wb", buffering=0) as file:
        file.write(bytes(_BLOCK * _BLOCKS))
        os.fsync(file.fileno())

        def probe(seconds: float) -> dict[str, Any]:
            began, count = time.perf_counter(), 0
            while time.perf_counter() - began < seconds:
                file.seek(_BLOCK * (count % _BLOCKS))
                file.write(b"x" * _BLOCK)
                sync(file.fileno())
                count += 1
            return {"fsyncs": count / (time.perf_counter() - began)}

        yield probe
    path.unlink()
