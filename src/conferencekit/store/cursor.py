"""Cursors: a position in an index as an opaque text."""

from __future__ import annotations

import base64
import json

from ..errors import InvalidChangeSet
from ..limits import KEY_BYTES, NUMBER, PAGE, check_key, check_number, check_text
from .rows import ENTRY, NOTICE, Position

RESERVED_INDEXES = {
    NOTICE: frozenset({"state", "person"}),
    ENTRY: frozenset({"unsealed", "all", "person", "subject"}),
}


def cursor_of(position: Position) -> str:
    """The cursor that stands for "after this position"."""
    return base64.urlsafe_b64encode(json.dumps(position, separators=(",", ":")).encode()).decode()


def position_of(cursor: str) -> Position:
    """The position that a cursor stands for. Raises `InvalidChangeSet` for what `cursor_of` did not make."""
    try:
        order, id_ = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except (ValueError, TypeError, AttributeError, RecursionError):
        order = id_ = None
    if not _is_position(order, id_):
        raise InvalidChangeSet(cursor, "Give the cursor that find() answered, or None for the first page.")
    return order, id_


def _is_position(order: object, id_: object) -> bool:
    try:
        if isinstance(order, str):
            check_text(order, "An order", KEY_BYTES)
        else:
            check_number(order, "An order", -NUMBER - 1)
        check_key(id_, "An id")
    except InvalidChangeSet:
        return False
    return True


def sort_key(position: Position) -> tuple[bool, int | bytes, bytes]:
    """Sorts positions: integers by value, then text by its UTF-8 bytes, then ids by theirs."""
    order, id_ = position
    is_text = isinstance(order, str)
    return is_text, order.encode() if isinstance(order, str) else order, id_.encode()


def query_position(kind: str, index: str, key: str, after: str | None, limit: int) -> Position | None:
    """The position after which a page begins, None = at the start. Raises `InvalidChangeSet` for what no store has."""
    check_number(limit, "The limit of a page", 1)
    if limit > PAGE:
        raise InvalidChangeSet(limit, f"Read 1 to {PAGE} records at once and go on with the cursor.")
    if kind in RESERVED_INDEXES and index not in RESERVED_INDEXES[kind]:
        raise InvalidChangeSet(index, f"{kind} has the indexes {', '.join(sorted(RESERVED_INDEXES[kind]))}.")
    if kind == ENTRY and index in {"unsealed", "all"} and key:
        raise InvalidChangeSet(key, f"The index {index!r} of {kind} has one key, the empty text ''.")
    return None if after is None else position_of(after)
