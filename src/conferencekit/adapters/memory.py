"""The store that forgets: the reference for all others, for tests and for trying things out."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ..errors import StoreUnavailable
from ..store import Call, State
from .state_store import StateStore

URL = "memory:"


class MemoryStore(StateStore):
    """It ends with the process; after a fork each process goes on with a copy of its own."""

    def __init__(self) -> None:
        super().__init__(URL)

    @classmethod
    def open(cls, url: str = URL) -> MemoryStore:
        """A new, empty store. The URL is `memory:`; two of them never meet."""
        if url != URL:
            raise StoreUnavailable(url, f"a memory store has no address but {URL!r}")
        return cls()

    @property
    def capabilities(self) -> Mapping[str, str]:
        """Nothing is claimed: all is lost with the process."""
        return MappingProxyType({})

    def read_state(self) -> State:
        """Empty: it is only asked for once."""
        return State()

    def write_down(self, call: Call) -> None:
        """Nothing lasts."""

    def enter_child(self) -> None:
        """The copy goes on."""
