"""Laws of the conference document: what is written is read back, and every judge of it agrees."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import attrs
import jsonschema
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from tests.laws import examples

from conferencekit.conference import Conference
from conferencekit.document import (
    conference_from_data,
    conference_to_data,
    dump_json,
    dump_toml,
    json_schema,
    load_conference,
)
from conferencekit.document.loading import conference_from_text
from conferencekit.errors import InvalidDocument
from conferencekit.testing.conferences import conferences

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples/global_mooc_2020/conference.toml"
SLOW_TO_DRAW = examples(25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
JUDGE = jsonschema.Draft202012Validator(json_schema())


@SLOW_TO_DRAW
@given(conferences())
def test_a_conference_survives_plain_data(conference):
    """Model to data to model is the identity, and the data is JSON."""
    data = json.loads(json.dumps(conference_to_data(conference)))
    assert conference_from_data(data) == conference


@SLOW_TO_DRAW
@given(conferences())
def test_a_conference_survives_toml_and_json(conference):
    """What is dumped is read back equal, in both syntaxes, and dumping it again gives the same text."""
    for dump in (dump_toml, dump_json):
        text = dump(conference)
        again = conference_from_text(text)
        assert again == conference
        assert dump(again) == text


@SLOW_TO_DRAW
@given(conferences())
def test_the_order_of_keys_in_an_object_does_not_matter(conference):
    """A store may reorder the keys of an object: no language becomes another text's fallback by that."""
    data = json.loads(json.dumps(conference_to_data(conference), sort_keys=True))
    again = conference_from_data(data)
    assert again.title.text() == conference_from_data(conference_to_data(conference)).title.text()
    assert dump_json(again) == dump_json(conference)


@SLOW_TO_DRAW
@given(conferences())
def test_every_written_document_satisfies_the_schema(conference):
    """The JSON Schema accepts what the library writes."""
    JUDGE.validate(conference_to_data(conference))


@SLOW_TO_DRAW
@given(st.data())
def test_an_unknown_key_anywhere_fails_both_judges(data):
    """A key that is not in the model is refused by the reader, with its path, and by the schema."""
    plain = conference_to_data(data.draw(conferences()))
    tables = list(_tables(plain, ""))
    path, table = data.draw(st.sampled_from(tables))
    table["zzz_unknown"] = 1
    with pytest.raises(InvalidDocument) as caught:
        conference_from_data(plain)
    assert f"{path}zzz_unknown" in [problem.path for problem in caught.value.problems]
    assert not JUDGE.is_valid(plain)


def _tables(value, path):
    """Every table of plain data that is not a text in several languages."""
    if isinstance(value, dict) and not _is_text(value):
        yield path, value
        for name, each in value.items():
            yield from _tables(each, f"{path}{name}.")
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _tables(each, f"{path[:-1]}[{index}].")


def _is_text(table):
    return all(len(tag) == 2 or "-" in tag for tag in table) and "at" not in table and "id" not in table


def test_the_example_satisfies_the_schema_and_survives():
    """The model conference passes every judge."""
    conference = load_conference(EXAMPLE)
    JUDGE.validate(conference_to_data(conference))
    assert conference_from_text(dump_toml(conference)) == conference


def test_the_schema_in_the_docs_is_the_one_that_is_made():
    """The file that editors load is up to date: run `python tests/test_document_laws.py` to write it anew."""
    shown = json.loads((ROOT / "docs/schema/conference.schema.json").read_text(encoding="utf-8"))
    assert shown == json_schema()
    jsonschema.Draft202012Validator.check_schema(shown)


def test_the_schema_describes_every_key():
    """An editor has something to show for every key."""
    for path, shape in _shapes(json_schema(), ""):
        assert shape.get("description"), path


def _shapes(shape, path):
    for name, each in shape.get("properties", {}).items():
        if "description" in shape:  # parts of the long form of a time have none
            yield f"{path}.{name}", each
        yield from _shapes(each, f"{path}.{name}")
    if "items" in shape:
        yield from _shapes(shape["items"], f"{path}[]")


def test_every_attribute_of_a_conference_has_a_key():
    """A field that the model gains must be said in the document."""
    keys = json_schema()["properties"]
    known = {*keys, *keys["conference"]["properties"]} - {"conference"}
    assert {each.name for each in attrs.fields(Conference)} == known


def test_a_minimal_document_loads():
    """Title, zone, a session and a deadline are enough; id and uid are derived from the title."""
    text = """
[conference]
title = "Global MOOC Conference 2020"
timezone = "Asia/Shanghai"

[[sessions]]
id = "opening"
title = "Opening"
starts = 2020-12-11T20:00:00
ends = 2020-12-11T22:30:00

[deadlines.registration]
before = 2020-11-30
"""
    conference = load_conference(text)
    assert conference.id == "global-mooc-conference-2020"
    assert conference.uid == load_conference(text.replace("Global MOOC", "Global Mooc")).uid
    assert conference.deadlines["registration"].cutoff().instant.isoformat() == "2020-11-29T16:00:00+00:00"
    assert [field.kind for field in conference.registration.form.fields] == [
        "text", "email", "password", "country", "text", "consent",
    ]  # fmt: skip


def test_toml_of_the_example_has_dates_as_dates():
    """Dates and times are TOML's own, not strings."""
    data = tomllib.loads(dump_toml(load_conference(EXAMPLE)))
    assert data["deadlines"]["registration"]["before"].isoformat() == "2020-11-30"
    assert data["sessions"][0]["starts"].isoformat() == "2020-12-11T20:00:00"


if __name__ == "__main__":
    target = ROOT / "docs/schema/conference.schema.json"
    target.write_text(json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
