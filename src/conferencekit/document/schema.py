"""The JSON Schema of a document, for editors: completion, descriptions, and most mistakes underlined while typing."""

from __future__ import annotations

from typing import Any, Final

from .kinds import text_definition
from .shape import ROOT
from .times import time_definition

SCHEMA_ID: Final = "urn:conferencekit:conference-document"


def json_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of a conference document, made from the same tables that read it.

    Dates and times are strings, as editors see TOML's. What one key says against another (a session that ends before it
    starts) is beyond it; `load_conference` has the last word.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "Conference document",
        **ROOT.schema(),
        "$defs": {
            "text": text_definition(lines=False),
            "longText": text_definition(lines=True),
            "time": time_definition(),
        },
    }
