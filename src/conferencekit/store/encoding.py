"""Rows as text and back, for stores that keep a row as one value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

from attrs import fields

from ..limits import dump
from .rows import EntryRow, NoticeRow, QuotaRow, RecordRow

Row = TypeVar("Row", RecordRow, EntryRow, QuotaRow, NoticeRow)

_TIMES: Final = frozenset({"due", "until"})


def row_to_json(row: RecordRow | EntryRow | QuotaRow | NoticeRow) -> str:
    """A row as a JSON list of its values, in the order of its fields."""
    return dump([_plain(getattr(row, each.name)) for each in fields(type(row))])


def row_from_json(kind: type[Row], text: str | bytes) -> Row:
    """The row of this class that `row_to_json` wrote. Raises `TypeError`, `ValueError` for another text."""
    names = [each.name for each in fields(kind)]
    values = dict(zip(names, json.loads(text), strict=True))
    for name in _TIMES & values.keys():
        values[name] = None if values[name] is None else datetime.fromisoformat(values[name])
    if "indexes" in values:
        values["indexes"] = {name: (key, order) for name, (key, order) in values["indexes"].items()}
    return kind(**values)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return dict(value) if isinstance(value, Mapping) else value
