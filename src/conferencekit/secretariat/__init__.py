"""The shell: the only place with effects, one service per concept.

The names here load at their first use: much that lies in this package (links, what was told) needs no store.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .contributions import Accepted
    from .deliveries import Deliveries
    from .passwords import Argon2, Passwords, Scrypt
    from .registrations import SignedIn
    from .secretariat import Acting, Secretariat

_MODULES: Final = {
    "Accepted": ".contributions",
    "Acting": ".secretariat",
    "Argon2": ".passwords",
    "Deliveries": ".deliveries",
    "Passwords": ".passwords",
    "Scrypt": ".passwords",
    "Secretariat": ".secretariat",
    "SignedIn": ".registrations",
}

__all__ = ["Accepted", "Acting", "Argon2", "Deliveries", "Passwords", "Scrypt", "Secretariat", "SignedIn"]


def __getattr__(name: str) -> object:
    """Load a public name from its module (PEP 562), and keep it."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(importlib.import_module(_MODULES[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
