"""Calls that change a store as lines of JSON and back, for stores that write down what they are told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from attrs import fields, frozen

from ..limits import dump
from ..ports import (
    SEQ,
    AtMost,
    ChangeSet,
    Check,
    Committed,
    DumpedRow,
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
from .dump import row_from_text, row_text
from .state import State

_OPS: Final[Mapping[str, type[Op]]] = {
    each.__name__: each for each in (Put, Erase, Check, Limit, AtMost, Enqueue, Redact, Seal)
}


@frozen
class Call:
    """A call that may change a store: `commit`, `lease`, `settle` or `restore`, with its arguments by name.

    The same calls in the same order give the same `State`.
    """

    method: Literal["commit", "lease", "settle", "restore"]
    arguments: Mapping[str, Any]

    def told_to(self, state: State) -> Any:
        """What the state answers."""
        return getattr(state, self.method)(**self.arguments)

    def is_news(self, answer: Any) -> bool:
        """Whether the state is another one after it gave this answer: else nothing need be written down."""
        if self.method == "commit":
            return any(isinstance(each, Committed) and not each.replayed for each in answer)
        return bool(self.arguments["rows"]) if self.method == "restore" else any(answer)

    @property
    def line(self) -> str:
        """The call as compact JSON, without an end of line."""
        return dump({self.method: {name: _plain(value) for name, value in self.arguments.items()}})


def call_of(line: str | bytes) -> Call:
    """The call that `Call.line` wrote. Raises `KeyError`, `TypeError`, `ValueError` for anything else."""
    match json.loads(line):  # orjson reads numbers beyond 64 bits as floats
        case {"commit": {"batch": [*sets]}}:
            return Call("commit", {"batch": [_change_set(each) for each in sets]})
        case {"lease": {"limit": limit, "now": str(now), "until": str(until), "conference": conference}}:
            times = {"now": datetime.fromisoformat(now), "until": datetime.fromisoformat(until)}
            return Call("lease", {"limit": limit, **times, "conference": conference})
        case {"settle": {"marks": [*marks]}}:
            return Call("settle", {"marks": [_mark(each) for each in marks]})
        case {"restore": {"conference": str(conference), "rows": [*rows]}}:
            return Call("restore", {"conference": conference, "rows": [row_from_text(each) for each in rows]})
        case _:
            raise ValueError(f"no call of a store: {line[:80]!r}")


def _plain(value: Any) -> Any:
    match value:
        case ChangeSet():
            ops = [{"op": type(op).__name__, **_fields(op)} for op in value.ops]
            return {"conference": value.conference, "entry": _fields(value.entry), "ops": ops}
        case Mark():
            return _fields(value)
        case DumpedRow():
            return row_text(value)
        case datetime():
            return value.isoformat()
        case Index():
            return [value.key, None if value.order is SEQ else value.order]
        case Mapping():
            return {name: _plain(item) if isinstance(item, Index) else item for name, item in value.items()}
        case str():
            return value
        case Sequence():
            return [_plain(each) for each in value]
        case _:
            return value


def _fields(value: Any) -> dict[str, Any]:
    return {each.name: _plain(getattr(value, each.name)) for each in fields(type(value)) if each.init}


def _change_set(data: Mapping[str, Any]) -> ChangeSet:
    return ChangeSet(data["conference"], Entry(**data["entry"]), tuple(_op(op) for op in data["ops"]))


def _mark(data: Mapping[str, Any]) -> Mark:
    due = data["due"]
    return Mark(**{**data, "due": None if due is None else datetime.fromisoformat(due)})


def _op(data: Mapping[str, Any]) -> Op:
    values = {name: value for name, value in data.items() if name != "op"}
    if "indexes" in values:
        rows = values["indexes"].items()
        values["indexes"] = {name: Index(key, SEQ if order is None else order) for name, (key, order) in rows}
    if "due" in values:
        values["due"] = datetime.fromisoformat(values["due"])
    return _OPS[data["op"]](**values)
