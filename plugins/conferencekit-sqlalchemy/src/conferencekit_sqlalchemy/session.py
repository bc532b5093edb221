"""What both engines share: calls of statements, the gate that closing waits at, and turns after a conflict."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, Protocol, TypeVar

from attrs import field, frozen

from conferencekit.errors import StoreUnavailable
from conferencekit.limits import dump

from .rows import Row
from .statements import Statement

T = TypeVar("T")

Found = list[tuple[Any, ...]]

PIECE: Final = 16 * 1024 * 1024
"""About how many characters of rows go over at once: PostgreSQL takes a parameter of 1 GB at most."""


@frozen
class Call:
    """A statement by its name, the rows that it takes, if any, and other values."""

    name: str
    rows: Sequence[Row] | None = None
    values: Mapping[str, Any] = field(factory=dict)

    def pieces(self, statement: Statement) -> Iterator[dict[str, Any]]:
        """The parameters; more than once where the rows are many and large."""
        if self.rows is None:
            yield {**statement.fixed, **self.values}
            return
        for rows in _pieces(self.rows):
            yield {**statement.fixed, **self.values, "rows": dump(rows)}


def _pieces(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    piece: list[Row] = []
    size = 0
    for row in rows:
        length = len(row.get("body") or "")
        if piece and size + length > PIECE:
            yield piece
            piece, size = [], 0
        piece.append(row)
        size += length
    yield piece


def rows_call(name: str, rows: Sequence[Row], **values: Any) -> Call:
    """A statement over these rows."""
    return Call(name, rows, values)


class Gate:
    """Counts the calls that run, so that closing can wait for them."""

    def __init__(self, shown: str, *, closed: bool = False) -> None:
        self.closed = closed
        self._shown = shown
        self._running = 0
        self._changed = threading.Condition()

    @contextmanager
    def inside(self) -> Iterator[None]:
        """While a call runs. Raises `StoreUnavailable` once it was closed."""
        with self._changed:
            if self.closed:
                raise StoreUnavailable(self._shown, "it was closed")
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def close(self) -> None:
        """Let nobody in any more, and wait until all are out."""
        with self._changed:
            self.closed = True
            self._changed.wait_for(lambda: not self._running)


class Transaction(Protocol):
    """What happens within one transaction."""

    def ask(self, *calls: Call) -> list[Found]:
        """Run statements in one round trip; what each found."""

    def finish(self, *calls: Call) -> None:
        """Run statements and commit, in one round trip."""


class Session(Protocol):
    """The connections of one process to a store. No error of a driver leaves it."""

    gate: Gate

    def read(self, call: Call) -> Found:
        """What a statement finds now."""

    def stream(self, calls: Sequence[Call]) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """What statements find at one moment, with their names, not all of it in memory."""

    def transact(self, action: Callable[[Transaction], T]) -> T:
        """Run an action in a transaction; again, if another one was in its way. Rolled back unless it finishes it."""

    def close(self) -> None:
        """Wait for what runs, then let go."""

    def pause(self) -> None:
        """Before a fork."""

    def resume(self) -> None:
        """After a fork, in the parent."""


class Turns:
    """Tries after a conflict, each a little later, until the time is up."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._pause = 0.001

    def another(self) -> bool:
        """Whether to try again, after a pause."""
        if time.monotonic() + self._pause > self._end:
            return False
        time.sleep(random.uniform(0, self._pause))  # noqa: S311 - so that two do not meet again, no secret
        self._pause = min(self._pause * 2, 0.1)
        return True
