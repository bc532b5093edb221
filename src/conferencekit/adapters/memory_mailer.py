"""The mailer that keeps what it is given: for tests and for trying things out."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from ..message.message import Message
from ..ports import Delivery, Sent


class MemoryMailer:
    """Messages in a list, in the order in which they were handed over."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._lock = threading.Lock()

    @classmethod
    def open(cls, url: str = "memory:") -> MemoryMailer:  # noqa: ARG003 - all mailers open alike
        """A new, empty mailer. The URL is `memory:`."""
        return cls()

    def send(self, messages: Sequence[Message]) -> list[Delivery]:
        """As `Mailer.send`: all are taken."""
        with self._lock:
            self.messages.extend(messages)
        return [Sent() for _ in messages]

    def close(self) -> None:
        """Nothing to close: what was sent can still be looked at."""
