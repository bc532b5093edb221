"""Links that prove who opens them: derived from the secret, never stored.

token = subject "." base64url(HMAC-SHA-256(secret, conference, purpose, subject, generation)), cut to 192 bits.
Raising the generation of a purpose revokes the links that were sent before.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

from attrs import field, frozen

from ..conference import TOKEN_LENGTH
from ..errors import InvalidText, MissingLink

PATHS: Final[Mapping[str, str]] = {
    "verify": "/verify/{token}",
    "contribute": "/contribute/{token}",
    "manage": "/registration/{token}",
    "feed": "/calendar/{token}.ics",
    "sign_in": "/sign-in",
    "good_practices": "/good-practices/",
    "declaration": "/declaration",
}
"""Where each purpose lies below a site given as one address. Those without `{token}` are the same for everybody."""

SHORTEST_SECRET: Final = 16
"""Bytes, inclusive."""
_LONGEST_TOKEN: Final = 200


def _secrets(secret: bytes | Sequence[bytes]) -> tuple[bytes, ...]:
    """The secrets, the one to sign with first. Raises `InvalidText` for none, or one shorter than 16 bytes."""
    secrets = (secret,) if isinstance(secret, bytes) else tuple(secret)
    if not secrets or any(len(each) < SHORTEST_SECRET for each in secrets):
        raise InvalidText(
            "the secret",
            f"Give at least {SHORTEST_SECRET} random bytes (or [new, old]), for example from secrets.token_bytes(32).",
        )
    return secrets


def _addresses(site: str | Mapping[str, str] | None) -> Mapping[str, str]:
    if site is None:
        return {}
    if isinstance(site, str):
        base = site.rstrip("/")
        return {purpose: _checked(base + path, site) for purpose, path in PATHS.items()}
    return {purpose: _checked(address, address) for purpose, address in site.items()}


def _checked(address: str, given: str) -> str:
    if not address.startswith(("https://", "http://")) or any(
        each <= " " or each == "\x7f" for each in address
    ):
        raise InvalidText(given, "A site is an address such as 'https://gmc.example.org', without spaces.")
    return address


def reply_token(secret: bytes, conference: str, subject: str) -> str:
    """`TOKEN_LENGTH` letters and digits in lower case (RFC 4648 base 32, 130 bits of an HMAC-SHA-256)."""
    parts = [part.encode() for part in (conference, "reply", subject)]
    message = b"".join(len(part).to_bytes(4) + part for part in parts)
    return base64.b32encode(hmac.digest(secret, message, hashlib.sha256)).decode().lower()[:TOKEN_LENGTH]


@frozen
class Links:
    """Makes and reads the links of one conference."""

    conference: str
    secrets: tuple[bytes, ...] = field(converter=_secrets, repr=False)
    addresses: Mapping[str, str] = field(converter=_addresses, default=None)

    def require(self, purposes: Sequence[str]) -> None:
        """Raise `MissingLink` for the first purpose without an address."""
        for purpose in purposes:
            if purpose not in self.addresses:
                raise MissingLink(purpose)

    def token(self, purpose: str, subject: str, generation: int = 0) -> str:
        """The token that proves `subject` for this purpose."""
        return f"{subject}.{self._proof(self.secrets[0], purpose, subject, generation)}"

    def url(self, purpose: str, subject: str = "", generation: int = 0) -> str:
        """The address to send. Raises `MissingLink`."""
        self.require([purpose])
        address = self.addresses[purpose]
        if "{token}" not in address:
            return address
        return address.replace("{token}", quote(self.token(purpose, subject, generation), safe=""))

    def subject(self, token: str) -> str:
        """Whom a token speaks of: a claim until `proves` was asked."""
        return token.rpartition(".")[0] if len(token) <= _LONGEST_TOKEN else ""

    def proves(self, token: str, purpose: str, subject: str, generation: int = 0) -> bool:
        """Whether the token was made by one of our secrets for exactly this."""
        proof = token.rpartition(".")[2].encode("utf-8", "replace")
        return any(
            hmac.compare_digest(proof, self._proof(secret, purpose, subject, generation).encode())
            for secret in self.secrets
        )

    def reply_token(self, subject: str) -> str:
        """The token by which replies to invites prove whose they are: letters that any mail server keeps as they are.

        It names nobody: who it belongs to is found by asking for each person's. It stands in the organizer's address,
        and an update from another organizer may not be taken: so it is made with the oldest secret that is given.
        """
        return self.reply_tokens(subject)[0]

    def reply_tokens(self, subject: str) -> tuple[str, ...]:
        """The same by each of our secrets, the oldest first: any of them may stand in an invite that was sent."""
        return tuple(reply_token(secret, self.conference, subject) for secret in reversed(self.secrets))

    def _proof(self, secret: bytes, purpose: str, subject: str, generation: int) -> str:
        parts = [part.encode() for part in (self.conference, purpose, subject, str(generation))]
        message = b"".join(len(part).to_bytes(4) + part for part in parts)
        return base64.urlsafe_b64encode(hmac.digest(secret, message, hashlib.sha256)[:24]).decode()
