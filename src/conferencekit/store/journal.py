"""Change sets and marks as plain data and back, for stores that write down what they are told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from attrs import fields

from ..ports import (
    SEQ,
    AtMost,
    ChangeSet,
    Check,
    Enqueue,
    Entry,
    Erase,
    Index,
    Limit,
    Mark,
    Op,
    Put,
    Redact,
    Seal,
)

_OPS: Final[Mapping[str, type[Op]]] = {
    each.__name__: each for each in (Put, Erase, Check, Limit, AtMost, Enqueue, Redact, Seal)
}


def change_set_to_data(change_set: ChangeSet) -> dict[str, Any]:
    """The change set as JSON data."""
    return {
        "conference": change_set.conference,
        "entry": _to_data(change_set.entry),
        "ops": [{"op": type(op).__name__, **_to_data(op)} for op in change_set.ops],
    }


def change_set_from_data(data: Mapping[str, Any]) -> ChangeSet:
    """The change set that `change_set_to_data` wrote. Raises `KeyError`, `TypeError`, `ValueError` for other data."""
    return ChangeSet(data["conference"], Entry(**data["entry"]), tuple(_op(op) for op in data["ops"]))


def mark_to_data(mark: Mark) -> dict[str, Any]:
    """The mark as JSON data."""
    return _to_data(mark)


def mark_from_data(data: Mapping[str, Any]) -> Mark:
    """The mark that `mark_to_data` wrote. Raises `KeyError`, `TypeError`, `ValueError` for other data."""
    due = data["due"]
    return Mark(**{**data, "due": None if due is None else datetime.fromisoformat(due)})


def _to_data(value: Any) -> dict[str, Any]:
    return {each.name: _plain(getattr(value, each.name)) for each in fields(type(value)) if each.init}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {name: _row(item) if isinstance(item, Index) else item for name, item in value.items()}
    return list(value) if isinstance(value, tuple) else value


def _row(index: Index) -> list[Any]:
    return [index.key, None if index.order is SEQ else index.order]


def _op(data: Mapping[str, Any]) -> Op:
    values = {name: value for name, value in data.items() if name != "op"}
    if "indexes" in values:
        rows = values["indexes"].items()
        values["indexes"] = {name: Index(key, SEQ if order is None else order) for name, (key, order) in rows}
    if "due" in values:
        values["due"] = datetime.fromisoformat(values["due"])
    return _OPS[data["op"]](**values)
