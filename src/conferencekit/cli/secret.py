"""The secret: what proves the links in mails and hides who is in a state file. It lies beside the document."""

from __future__ import annotations

import argparse
import os
import secrets
from pathlib import Path
from typing import Final

from ..errors import InvalidText
from ..secretariat.links import SHORTEST_SECRET
from .arguments import SECRET_VARIABLE
from .files import read_file, write_file
from .output import Output

LINKS: Final = "It proves the links in mails: the host must be given the same."
"""What a new secret is for, where mails hold links."""

_MOST: Final = 10_000


def secret_of(given: argparse.Namespace) -> tuple[bytes, Path | None]:
    """The secret from a file or the environment, or else a new one and where it is to be kept."""
    if given.secret_file is None and (value := os.environ.get(SECRET_VARIABLE)):
        return _long_enough(value.encode(), f"${SECRET_VARIABLE}"), None
    path: Path = given.secret_file or given.conference.with_suffix(".secret")
    if given.secret_file is None and not path.exists():
        return secrets.token_urlsafe(32).encode(), path
    return _long_enough(read_file(path, most=_MOST).strip(), str(path)), None


def keep_secret(secret: bytes, path: Path, output: Output, what_for: str = LINKS) -> None:
    """Write a new secret where only its owner can read it, before anything is made with it."""
    write_file(path, secret + b"\n", private=True, fresh=True, lasting=True)
    output.note(f"Wrote a new secret to {path}. {what_for}")


def _long_enough(secret: bytes, source: str) -> bytes:
    if len(secret) < SHORTEST_SECRET:
        held = "is empty" if not secret else f"has {len(secret)} bytes, and {SHORTEST_SECRET} are the least"
        remedy = f"The secret there {held}: restore it, or links that were sent so far will not work."
        raise InvalidText(source, remedy)
    return secret
