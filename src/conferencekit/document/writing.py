"""From a conference to plain data, TOML and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, time
from typing import Any

from ..conference import Conference
from ..errors import MissingExtra
from ..mailbox import one_line
from ..programme.session import Session
from .lines import table_lines
from .place import Setting
from .sessions import SESSION
from .shape import ROOT


def conference_to_data(conference: Conference) -> dict[str, Any]:
    """The conference as dicts, lists, strings, numbers and booleans, as JSON has them; `conference_from_data` reads it.

    Keys at their default are left out, except `id` and `uid`, which identify the conference.
    """
    return _json_ready(_tree(conference))  # type: ignore[no-any-return]  # a dict stays a dict


def dump_json(conference: Conference) -> str:
    """The conference as a JSON document, two spaces of indentation, with a newline at the end."""
    return json.dumps(conference_to_data(conference), ensure_ascii=False, indent=2) + "\n"


def dump_toml(conference: Conference) -> str:
    """The conference as a TOML document. Comments of the document that it was read from are gone.

    Raises:
        MissingExtra: the extra `toml` is not installed.
    """
    return _toml()(_tree(conference))


def dump_sessions(
    sessions: Iterable[Session],
    *,
    zone: str | None,
    languages: tuple[str, ...] = ("en",),
    comments: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """Sessions as `[[sessions]]` of a TOML document with this time zone and these languages, to be put at its end.

    `comments` are written above the session of that id, each on a line. No extra is needed.
    """
    setting = Setting(languages=languages, zone=zone)
    pieces = []
    for each in sessions:
        lines = [f"# {one_line(text)}\n" for text in (comments or {}).get(each.id, ())]
        pieces.append("".join([*lines, "[[sessions]]\n", *table_lines(SESSION.write(each, setting))]))
    return "\n".join(pieces)


def _toml() -> Callable[[dict[str, Any]], str]:
    try:
        import tomli_w  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingExtra("toml", "Writing a conference document as TOML") from error
    return lambda tree: tomli_w.dumps(tree, multiline_strings=True)


def _tree(conference: Conference) -> dict[str, Any]:
    """Plain data with dates and times as they are in TOML."""
    tree: dict[str, Any] = ROOT.write(conference, Setting())
    return tree


def _json_ready(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _json_ready(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_json_ready(each) for each in value]
    return value.isoformat() if isinstance(value, date | time) else value
