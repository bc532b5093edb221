"""The conference document: TOML or JSON to a `Conference` and back, all mistakes at once.

Reading, writing, the JSON Schema for editors and the reference page follow from one description of the document's
shape (`shape.py`), so that they cannot disagree.
"""

from __future__ import annotations

from .loading import conference_from_data, conference_from_text, load_conference
from .schema import json_schema
from .writing import conference_to_data, dump_json, dump_sessions, dump_toml

__all__ = [
    "conference_from_data",
    "conference_from_text",
    "conference_to_data",
    "dump_json",
    "dump_sessions",
    "dump_toml",
    "json_schema",
    "load_conference",
]
