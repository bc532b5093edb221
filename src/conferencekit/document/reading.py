"""From bytes to plain data: encoding, syntax and size of a TOML or JSON document."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, NoReturn

from ..errors import InvalidDocument, Problem

Syntax = Literal["toml", "json"]

MOST_BYTES: Final = 1_000_000
DEEPEST: Final = 16  # the shape of a document needs 6
_POSITION = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")
# tomllib takes time and memory in the square of the number of parts of one dotted key
_DOTTED = re.compile(r"""(?<![\w"'-])(?:(?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){32}""")


def parse(raw: bytes | str, *, source: str, syntax: Syntax | None = None) -> dict[str, Any]:
    """The plain data of a document.

    Args:
        raw: UTF-8, with or without a byte order mark, at most 1 MB; or a text.
        source: What messages call it: a file's name.
        syntax: By default JSON if the first character is `{`, else TOML.

    Raises:
        InvalidDocument: it is no such document; the problem names line and column where there are any.
    """
    text = _decoded(raw, source) if isinstance(raw, bytes) else _bounded(raw, source).removeprefix("\ufeff")
    if not text.strip():
        refuse(
            source,
            "document",
            "nothing",
            'is empty. Begin with [conference], title = "…" and timezone = "…".',
        )
    is_json = syntax == "json" or (syntax is None and text.lstrip().startswith("{"))
    data = _from_json(text, source) if is_json else _from_toml(text, source)
    refuse_deep(data, source)
    return data


def refuse(source: str, path: str, value: object, expected: str) -> NoReturn:
    """Raise `InvalidDocument` with one problem."""
    raise InvalidDocument(source, (Problem(path, value, expected),))


def too_large(source: str, size: str) -> NoReturn:
    """Raise the problem of a document above the limit."""
    refuse(
        source, "document", size, f"is too large for a conference document: {MOST_BYTES:,} bytes are allowed."
    )


def _bounded(text: str, source: str) -> str:
    if len(text) > MOST_BYTES:
        too_large(source, f"{len(text):,} characters")
    return text


def _decoded(raw: bytes, source: str) -> str:
    if len(raw) > MOST_BYTES:
        too_large(source, f"{len(raw):,} bytes")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in raw[:4]:
        refuse(source, "document", "UTF-16", "is in the encoding UTF-16. Save it as UTF-8.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = _position(raw[: error.start].decode("utf-8", "replace"))
        found = raw[error.start : error.start + 1]
        as_latin = f"{found.decode('latin-1')!r} in Latin-1" if found >= b"\xa0" else "no text"
        expected = (
            f"is not UTF-8: the byte 0x{found.hex().upper()} would be {as_latin}. Save the file as UTF-8."
        )
        refuse(source, f"line {line}, column {column}", found, expected)


def _position(before: str) -> tuple[int, int]:
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _from_toml(text: str, source: str) -> dict[str, Any]:
    if found := _DOTTED.search(text):
        line, column = _position(text[: found.start()])
        refuse(
            source,
            f"line {line}, column {column}",
            found[0][:40],
            "has too many dots for a key. Write tables.",
        )
    try:
        return tomllib.loads(text)
    except RecursionError:
        refuse(source, "document", "brackets", _NESTED)
    except ValueError as error:
        _refuse_toml(text, source, str(error))


_NESTED = f"is nested too deeply: {DEEPEST} levels are allowed. Take brackets away."


def _refuse_toml(text: str, source: str, message: str) -> NoReturn:
    reason = _POSITION.sub("", message)
    if not (match := _POSITION.search(message)):
        refuse(source, "document", "a number", f"{reason}. Write it in quotes or shorten it.")
    lines = text.replace("\r\n", "\n").split("\n")
    number, column = (int(match[1]), int(match[2])) if match[1] else _last(lines)
    shown = lines[number - 1].strip() or "the end of the file"
    refuse(source, f"line {number}, column {column}", shown, f"{reason}. {_remedy(reason, shown)}")


def _last(lines: list[str]) -> tuple[int, int]:
    numbers = [number for number, line in enumerate(lines, 1) if line.strip()]
    last = numbers[-1] if numbers else 1
    return last, len(lines[last - 1]) + 1


def _remedy(reason: str, line: str) -> str:
    if re.search("overwrite|twice|mutate|namespace", reason):
        return "The key or table stands here for the second time: keep one."
    if re.search("date or datetime", reason):
        return "There is no such day or time."
    if re.search(r"[“”„‘’″]", line):
        return "Use straight quotes (\" or ') around texts."
    if re.search("value", reason, re.IGNORECASE):
        return 'Texts stand in quotes, as in title = "…".'
    return "Write key = value lines and [table] headings, as TOML 1.0 wants them."


class _Refused(ValueError):
    """What JSON allows and a document does not."""


def _from_json(text: str, source: str) -> dict[str, Any]:
    try:
        data = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except RecursionError:
        refuse(source, "document", "brackets", _NESTED)
    except json.JSONDecodeError as error:
        line = text.split("\n")[error.lineno - 1].strip()
        refuse(
            source,
            f"line {error.lineno}, column {error.colno}",
            line,
            f"{error.msg}: this is not JSON. Correct it.",
        )
    except ValueError as error:
        refuse(
            source, "document", *(error.args if isinstance(error, _Refused) else ("a number", f"{error}."))
        )
    if not isinstance(data, dict):
        refuse(source, "document", type(data).__name__, 'expected an object: {"conference": {…}, …}.')
    return data


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for name, value in pairs:
        if name in data:
            raise _Refused(name, "stands twice in one object. Keep one.")
        data[name] = value
    return data


def _no_constant(name: str) -> NoReturn:
    raise _Refused(name, "is not a number of JSON. Take it out.")


def refuse_deep(data: object, source: str) -> None:
    """Raise `InvalidDocument` for what is nested deeper than any document, or contains itself."""
    level, depth = [data], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            refuse(source, "document", "brackets", _NESTED)
        level = [each for parent in level for each in _children(parent)]


def _children(value: object) -> Iterable[object]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list) else ()
