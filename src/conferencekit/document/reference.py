"""The reference of every key, as Markdown, from the same tables that read a document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

import attrs

from .about import CALENDAR, CONFERENCE, HOST, LETTER, SIGNATORY, SOURCE, VENUE
from .asking import CALL, CHOICE, FIELD, MATERIALS, REGISTRATION, TOPIC
from .deadlines import DEADLINE, EXTENSION, RELATIVE
from .place import Setting
from .series import EXCEPTION, REPEAT
from .sessions import SESSION
from .shape import ROOT
from .tables import Key, Table

TABLES: Final[tuple[tuple[str, Table], ...]] = (
    ("The document", ROOT),
    ("`[conference]`", CONFERENCE),
    ("`[[hosts]]`", HOST),
    ("`[[signatories]]`", SIGNATORY),
    ("`[venue]`", VENUE),
    ("`[[sessions]]`", SESSION),
    ("`repeat` of a session", REPEAT),
    ("`exceptions` of a session", EXCEPTION),
    ("`[deadlines.registration]` and `[deadlines.input]`", DEADLINE),
    ("`relative` of a deadline", RELATIVE),
    ("`extensions` of a deadline", EXTENSION),
    ("`[registration]`", REGISTRATION),
    ("`[[registration.fields]]`", FIELD),
    ("`choices` of a field", CHOICE),
    ("`[call]`", CALL),
    ("`[[call.topics]]`", TOPIC),
    ("`[call.materials]`", MATERIALS),
    ("`[calendar]`", CALENDAR),
    ("`[letter]`", LETTER),
    ("`[source]`", SOURCE),
)


def keys_as_markdown() -> str:
    """A section for every table, with every key: its type, default, meaning and an example."""
    return "\n".join(line for title, table in TABLES for line in _section(title, table))


def _section(title: str, table: Table) -> Iterator[str]:
    yield f"### {title}\n"
    yield f"{table.doc}\n"
    yield "| key | type | default | meaning | example |"
    yield "| --- | --- | --- | --- | --- |"
    for key in table.keys:
        cells = (f"`{key.name}`", key.kind.name, _default(table, key), key.doc, f"`{key.example}`")
        yield f"| {' | '.join(cells)} |"
    yield ""


def _default(table: Table, key: Key) -> str:
    if key.required:
        return "required"
    if key.default_doc:
        return key.default_doc
    value = table.defaults.get(key.name, attrs.NOTHING)
    if value in (None, attrs.NOTHING, (), {}) or attrs.has(type(value)):
        return "none"
    return f"`{json.dumps(key.kind.write(value, Setting()), ensure_ascii=False)}`"
