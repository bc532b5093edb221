"""From a conference to plain data, TOML and JSON."""

from __future__ import annotations

import json
from datetime import date, time
from typing import Any

from ..conference import Conference
from ..errors import MissingExtra
from .place import Setting
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
    try:
        import tomli_w  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingExtra("toml", "Writing a conference document as TOML") from error
    return tomli_w.dumps(_tree(conference), multiline_strings=True)


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
