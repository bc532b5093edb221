"""Passwords: hashed with scrypt, at most two at once, behind a small port.

The port is two methods; `[auth]` brings argon2id as another one. What an older scheme or cost wrote still verifies, and
is hashed anew at the next sign-in.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Final, Protocol

from attrs import field, frozen

from ..errors import MissingExtra

_COST: Final = (2**14, 8, 5)
"""n, r, p: 16 MiB of memory. One of the settings that OWASP's password storage cheat sheet holds to be enough;
another scheme or cost goes in through `Passwords(schemes=...)`."""

_AT_ONCE: Final = 2
_LONGEST: Final = 1024


class PasswordScheme(Protocol):
    """Turns a password into what is stored, and compares."""

    def hash(self, password: str, salt: bytes) -> str:
        """What to store."""

    def verify(self, password: str, stored: str) -> bool:
        """Whether the password is the one that was stored. False for what another scheme stored."""

    def is_current(self, stored: str) -> bool:
        """Whether the scheme would store it the same way today."""


@frozen
class Scrypt:
    """`hashlib.scrypt`, written as `scrypt$n$r$p$salt$key`."""

    n: int = _COST[0]
    r: int = _COST[1]
    p: int = _COST[2]

    def hash(self, password: str, salt: bytes) -> str:
        """As `PasswordScheme.hash`."""
        key = _scrypt(password, salt, self.n, self.r, self.p)
        return f"scrypt${self.n}${self.r}${self.p}${_b64(salt)}${_b64(key)}"

    def verify(self, password: str, stored: str) -> bool:
        """As `PasswordScheme.verify`."""
        parts = stored.split("$")
        if len(parts) != 6 or parts[0] != "scrypt":
            return False
        n, r, p = (int(part) for part in parts[1:4])
        salt, key = (base64.b64decode(part) for part in parts[4:])
        return hmac.compare_digest(_scrypt(password, salt, n, r, p), key)

    def is_current(self, stored: str) -> bool:
        """As `PasswordScheme.is_current`."""
        return stored.startswith(f"scrypt${self.n}${self.r}${self.p}$")


class Argon2:
    """argon2id by argon2-cffi (extra `auth`)."""

    def __init__(self) -> None:
        try:
            import argon2  # noqa: PLC0415 - the extra is optional
        except ImportError as error:
            raise MissingExtra("auth", "Hashing passwords with argon2id") from error
        self._hasher = argon2.PasswordHasher()
        self._wrong = (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError)

    def hash(self, password: str, salt: bytes) -> str:
        """As `PasswordScheme.hash`."""
        return self._hasher.hash(_bytes(password), salt=salt)

    def verify(self, password: str, stored: str) -> bool:
        """As `PasswordScheme.verify`."""
        try:
            return self._hasher.verify(stored, _bytes(password))
        except self._wrong:
            return False

    def is_current(self, stored: str) -> bool:
        """As `PasswordScheme.is_current`."""
        return stored.startswith("$argon2id$") and not self._hasher.check_needs_rehash(stored)


@frozen
class Passwords:
    """Hashes with the first scheme, verifies with any, two at a time so that sign-ins cannot eat the memory."""

    schemes: tuple[PasswordScheme, ...] = (Scrypt(),)
    _turnstile: threading.Semaphore = field(factory=lambda: threading.Semaphore(_AT_ONCE), repr=False)

    def hash(self, password: str, entropy: Callable[[int], bytes]) -> str:
        """What to store for this password."""
        with self._turnstile:
            return self.schemes[0].hash(password, entropy(16))

    def verify(self, password: str, stored: str | None) -> bool:
        """Whether it is the password. Without a stored one as much work is done, and the answer is no."""
        if len(password) > _LONGEST:
            return False
        with self._turnstile:
            if stored is None:
                self.schemes[0].hash(password, b"\0" * 16)
                return False
            return any(scheme.verify(password, stored) for scheme in self.schemes)

    def is_current(self, stored: str) -> bool:
        """Whether the first scheme would store it the same way today."""
        return self.schemes[0].is_current(stored)


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    work = partial(
        hashlib.scrypt,
        _bytes(password),
        salt=salt,
        n=n,
        r=r,
        p=p,
        maxmem=256 * n * r * p + 2**20,
        dklen=32,
    )
    if threading.current_thread() is threading.main_thread():
        return work()
    try:
        waiting = _own_threads(os.getpid()).submit(work)
    except RuntimeError:  # the interpreter ends, and starts nothing any more
        return work()
    return waiting.result()


@cache
def _own_threads(_process: int) -> ThreadPoolExecutor:
    """An allocator such as glibc's keeps what a thread gave back for that thread: 16 MiB for each of a server's.

    No thread survives a fork, so each process has its own.
    """
    return ThreadPoolExecutor(_AT_ONCE, "conferencekit-passwords")


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
