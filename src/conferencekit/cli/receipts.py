"""Receipts as files: what a contributor keeps, and checks without the store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import attrs

from ..errors import InvalidText
from ..ledger import Receipt
from ..secretariat import Secretariat
from .files import read_file, write_file

_LARGEST: Final = 100_000
_NUMBERS: Final = ("index", "size", "seal")


def write_receipts(secretariat: Secretariat, folder: Path) -> int:
    """The newest receipt of each live contribution that is sealed, as a file named by its label; how many."""
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    for each in secretariat.contributions.live():
        receipts = secretariat.ledger.receipts_for(each.id)
        if receipts:
            text = json.dumps(attrs.asdict(receipts[-1]), indent=1, sort_keys=True)
            write_file(folder / f"{secretariat.contributions.label(each)}.json", [text, "\n"])
            written += 1
    return written


def read_receipt(path: Path) -> Receipt:
    """A receipt from its file. Raises `InvalidText` for what is none, and `OSError`."""
    data = read_file(path, most=_LARGEST)
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    names = {each.name for each in attrs.fields(Receipt)}
    if not isinstance(found, dict) or set(found) != names or not _is_typed(found):
        shown = data[:40].decode("utf-8", "replace")
        raise InvalidText(shown, f"{path} is no receipt: give it as it was handed out (JSON).")
    return Receipt(**{**found, "path": tuple(found["path"])})


def _is_typed(found: dict[str, object]) -> bool:
    path = found["path"]
    return (
        isinstance(path, list)
        and all(isinstance(each, str) for each in path)
        and all(type(found[name]) is int for name in _NUMBERS)
        and all(isinstance(value, str) for name, value in found.items() if name not in ("path", *_NUMBERS))
    )
