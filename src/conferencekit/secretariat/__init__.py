"""The shell: the only place with effects, one service per concept.

The names here load at their first use: much that lies in this package (links, what was told) needs no store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..lazy import lazy_names

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

__getattr__, __dir__ = lazy_names(__name__, _MODULES)
