"""What a key, a body and a number may be in every store, so that none accepts what another refuses.

The types of `ports` call these checks when they are made: a store never sees a value outside them. PostgreSQL's
`jsonb` and `text` refuse NUL, SQLite and files do not; half of a surrogate pair is no UTF-8; integers end at 64 bits.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any, Final

from .errors import InvalidChangeSet

try:
    import orjson
except ImportError:  # the extra [fast] is not installed
    orjson = None  # type: ignore[assignment]  # a module that may be missing

KEY_BYTES: Final = 512
BODY_BYTES: Final = 4 * 1024 * 1024
TEXT_BYTES: Final = 4096
OPS: Final = 1000
BATCH: Final = 1000
PAGE: Final = 1000
NESTING: Final = 100
SEALED_AT_ONCE: Final = 10_000
NUMBER: Final = 2**63 - 1
PLACES: Final = 10**9  # that one record takes of a quota: so the sum of all stays a number of 64 bits

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def check_key(value: object, what: str) -> None:
    """A key: 1 to 512 bytes of UTF-8, without NUL and without lone surrogates. Raises `InvalidChangeSet`."""
    if type(value) is str and value.isascii() and 0 < len(value) <= KEY_BYTES and "\0" not in value:
        return  # nearly all keys: each registration has fifteen
    check_text(value, what, KEY_BYTES)
    if not value:
        raise InvalidChangeSet(value, f"{what} must not be empty: give 1 to {KEY_BYTES} bytes.")


def storable(keys: Iterable[str], *within: str) -> list[str]:
    """The keys that a store could hold, each once: what `check_key` refuses is never there, nor anything within it."""
    if not all(map(_is_storable, within)):
        return []
    return [key for key in dict.fromkeys(keys) if _is_storable(key)]


def _is_storable(text: str) -> bool:
    try:
        return bool(text.encode()) and "\0" not in text
    except UnicodeEncodeError:
        return False


def check_text(value: object, what: str, limit: int = TEXT_BYTES) -> None:
    """A text that may be empty, of at most `limit` bytes, else as a key. Raises `InvalidChangeSet`."""
    if not value and type(value) is str:
        return
    if not isinstance(value, str):
        raise InvalidChangeSet(value, f"{what} must be text.")
    if "\0" in value:
        raise InvalidChangeSet(value, f"{what} must not hold the character NUL: remove it.")
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise InvalidChangeSet(
            value, f"{what} holds half of a surrogate pair: it must be valid Unicode."
        ) from None
    if size > limit:
        raise InvalidChangeSet(value, f"{what} has {size} bytes in UTF-8: at most {limit} are allowed.")


def check_kind(value: object) -> None:
    """The kind of a record: a key that does not begin with `~`, which marks what the store keeps by itself."""
    check_key(value, "A kind")
    if isinstance(value, str) and value.startswith("~"):
        raise InvalidChangeSet(value, "Kinds that begin with '~' are the store's own: choose another name.")


def check_number(value: object, what: str, lowest: int = 0, highest: int = NUMBER) -> None:
    """A whole number from `lowest` to `highest`; True and False are none. Raises `InvalidChangeSet`."""
    if type(value) is not int or not lowest <= value <= highest:
        end = "2**63 - 1" if highest == NUMBER else f"{highest:,}"
        raise InvalidChangeSet(value, f"{what} must be a whole number from {lowest} to {end}.")


def body_text(body: object, what: str = "A body") -> str:
    """The body as compact JSON that reads back value-equal (a tuple reads back as a list), of at most 4 MiB.

    Raises:
        InvalidChangeSet: no mapping, keys that are not text, NaN, what JSON does not know, NUL, lone surrogates,
            nested deeper than 100 levels, too large.
    """
    if not isinstance(body, Mapping):
        raise InvalidChangeSet(body, f"{what} must be a mapping.")
    plain = body if type(body) is dict else dict(body)
    data = _dump_equal(plain) or _dump_checked(plain, what)
    if len(data) > BODY_BYTES:
        raise InvalidChangeSet(
            body, f"{what} has {len(data)} bytes: at most {BODY_BYTES} are allowed. Store files as blobs."
        )
    if b"\\u0000" in data:  # or an escaped backslash before "u0000": only a walk over the values can tell
        _check_no_nul(plain, what)
    return str(data, "utf-8")


def _dump_equal(plain: dict[object, object]) -> bytes:
    """The JSON, if it reads back value-equal as it is: a quicker proof than a walk. Else empty: a walk tells more."""
    if orjson is None:
        return b""
    try:
        data = orjson.dumps(plain)
        is_flat = data.count(b"{") + data.count(b"[") < NESTING
        return data if is_flat and orjson.loads(data) == plain else b""
    except (TypeError, ValueError):
        return b""


def _dump_checked(plain: dict[object, object], what: str) -> bytes:
    _check_plain(plain, what, NESTING)
    try:
        return _dump(plain)
    except UnicodeEncodeError:
        raise InvalidChangeSet(
            plain, f"{what} holds half of a surrogate pair: it must be valid Unicode."
        ) from None


def dump(value: object) -> str:
    """Compact JSON, by orjson where it is installed and can: its text differs, the values do not.

    For values that `body_text` takes: orjson writes dates and NaN in ways of its own.
    """
    return str(_dump(value), "utf-8")


def _dump(value: object) -> bytes:
    if orjson is None:
        return _encode(value).encode()
    try:
        return orjson.dumps(value)
    except TypeError:  # whole numbers beyond 64 bits, half of a surrogate pair, a subclass of str as a key
        return _encode(value).encode()


def parse(text: str) -> Any:
    """The value of a JSON text that `dump` wrote, without numbers beyond 64 bits: orjson reads those as floats."""
    if orjson is None:
        return json.loads(text)
    try:
        return orjson.loads(text)
    except ValueError:  # half of a surrogate pair, which the standard library reads
        return json.loads(text)


def _check_no_nul(value: object, what: str) -> None:
    if isinstance(value, str) and "\0" in value:
        raise InvalidChangeSet(value, f"{what} must not hold the character NUL: remove it.")
    if isinstance(value, dict):
        for name, item in value.items():
            _check_no_nul(name, what)
            _check_no_nul(item, what)
    elif isinstance(value, list | tuple):
        for item in value:
            _check_no_nul(item, what)


def _check_plain(value: object, what: str, depth: int) -> None:
    """Refuses what would read back as something else; a tuple reads back as a list."""
    if isinstance(value, dict):
        for name in value:
            if type(name) is not str and not isinstance(name, str):
                raise InvalidChangeSet(name, f"{what} must have texts as keys: JSON knows no others.")
        items: Iterable[object] = value.values()
    elif isinstance(value, list | tuple):
        items = value
    elif isinstance(value, str | int) or (isinstance(value, float) and isfinite(value)):
        return
    else:
        raise InvalidChangeSet(value, f"{what} must be JSON: give text, numbers, lists and mappings.")
    if not depth:
        raise InvalidChangeSet(
            type(value).__name__, f"{what} is nested deeper than {NESTING} levels: make it flatter."
        )
    for item in items:
        if type(item) not in _LEAVES:
            _check_plain(item, what, depth - 1)


_LEAVES: Final = frozenset({str, int, bool, type(None)})
"""What most values of a body are; nothing is wrong with them but what a text may hold."""
