"""The shell: the only place with effects, one service per concept."""

from .contributions import Accepted
from .deliveries import Deliveries
from .passwords import Argon2, Passwords, Scrypt
from .registrations import SignedIn
from .secretariat import Acting, Secretariat

__all__ = ["Accepted", "Acting", "Argon2", "Deliveries", "Passwords", "Scrypt", "Secretariat", "SignedIn"]
