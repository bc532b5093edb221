"""TOML as an organiser would write it, for the sessions that are put into a document. No package is needed for it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, time
from typing import Any, Final

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_WIDEST: Final = 100


def table_lines(table: Mapping[str, Any]) -> Iterator[str]:
    """What stands below `[[name]]`: a line for each key, tables and lists within it.

    The values are strings, whole numbers, booleans, dates and times, and dicts and lists of them. Any string comes
    back as it was.
    """
    for name, value in table.items():
        if isinstance(value, str) and "\n" in value:
            yield f'{_key(name)} = """\n{_several(value)}"""\n'
        elif isinstance(value, list) and len(_value(value)) > _WIDEST:
            yield f"{_key(name)} = [\n{''.join(f'  {_value(each)},{chr(10)}' for each in value)}]\n"
        else:
            yield f"{_key(name)} = {_value(value)}\n"


def _value(value: Any) -> str:
    if isinstance(value, str):
        return f'"{_escaped(value)}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_key(name)} = {_value(each)}' for name, each in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return repr(value)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else f'"{_escaped(name)}"'


def _escaped(text: str) -> str:
    """As JSON has it, and DEL, which JSON leaves as it is."""
    return json.dumps(text, ensure_ascii=False)[1:-1].replace("\x7f", "\\u007F")


def _several(text: str) -> str:
    """Lines between three quotation marks. Those in the text are escaped, so that no three of them end it."""
    return "\n".join(map(_escaped, text.split("\n")))
