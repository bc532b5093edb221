"""The text of clauses: what a person writes, and what is said about it when it is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.growth import in_proportion

from conferencekit.declaration.clauses import MAX_CLAUSE, MAX_TEXT, ClauseText, parse
from conferencekit.declaration.references import contribution_label, parse_reference, reference
from conferencekit.errors import InvalidText

TEXT = """\
# Beijing Declaration on MOOC Development

## Preamble

Recalling that distance no longer decides
who may learn [G1-003 "the lecture  came
to the village"],

## Declares

1. Courses shall be open [G3-011 "nobody should pay"; G3-020]. {#access}
2. Teachers shall be heard [g4-17].
"""


def problems(text: str | bytes) -> list[tuple[str, str]]:
    return [(each.path, each.expected) for each in parse(text, "G").problems]


def one(text: str):
    """The only clause of a text without problems."""
    read = parse(f"# T\n\n{text}\n", "G")
    assert read.problems == ()
    assert len(read.clauses) == 1
    return read.clauses[0]


def test_a_text_is_read_whole():
    """Title, parts, numbers, keys, text without citations, and citations with their place."""
    read = parse(TEXT, "G")
    assert ((), "Beijing Declaration on MOOC Development") == (read.problems, read.title)
    preamble, access, teachers = read.clauses
    assert ("preamble", None, 5) == (preamble.part, preamble.number, preamble.line)
    assert preamble.text == "Recalling that distance no longer decides who may learn,"
    assert preamble.citations[0].quote == "the lecture came to the village"
    assert (6, 16) == (preamble.citations[0].line, preamble.citations[0].column)
    assert ("operative", "Declares", 1, "access") == (access.part, access.heading, access.number, access.key)
    assert access.text == "Courses shall be open."
    assert [("G3-011", "nobody should pay"), ("G3-020", "")] == [
        (c.reference, c.quote) for c in access.citations
    ]
    assert (2, "G4-017") == (teachers.number, teachers.citations[0].reference)


@pytest.mark.parametrize(
    "quoted",
    ['"exact words"', "“exact words”", "«exact words»", "« exact\u00a0words »", "「exact words」", "『exact words』",
     "„exact words“", "»exact words«", "‹exact words›", '“exact words"', "”exact words”"],
)  # fmt: skip
def test_quotation_marks_of_many_languages_are_understood(quoted):
    """What a word processor makes of a quotation mark does not matter."""
    assert one(f"A [G4-017 {quoted}] b.").citations[0].quote == "exact words"


def test_a_quote_may_hold_quotes_and_brackets():
    """The quote ends where a quotation mark stands before ']' or the next reference."""
    assert one('A [G1-001 "he said "yes" [sic] to it"].').citations[0].quote == 'he said "yes" [sic] to it'
    assert one("A [G1-001 “he said “yes” to it”; G1-002 «b»].").citations[0].quote == "he said “yes” to it"


def test_brackets_braces_and_markup_that_cite_nothing_are_text():
    """Only what looks like a citation or a key is one."""
    text = "States [should] act {soon}, <b>now</b> *today* [see](http://x.example) SDG [4]."
    assert one(text).text == text


def test_a_key_of_the_text_does_not_depend_on_the_place():
    """A clause without a key of its own keeps its key when numbers change."""
    first, second = parse("# T\n\nAlpha.\n\nBeta.\n", "G").clauses
    again = parse("# T\n\nBeta.\n\nGamma.\n\nAlpha.\n", "G").clauses
    assert {first.key, second.key} < {each.key for each in again}


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("Words.", "line 1", "title"),
        ("# T\n\n# U\n\nWords.", "line 3", "title already"),
        ("# T\n\n### Deep\n\nWords.", "line 3", "'## '"),
        ("# T\n\n##\n\nWords.", "line 3", "heading's words"),
        ("# T\n\n## Preamble\n\nRecalling,", "line 5", "below a heading"),
        ("# T\n\nA [G4-017 exact words].", "line 3, column 11", "quotation marks"),
        ('# T\n\nA [G4-017 "exact words].', "line 3, column 11", "not closed"),
        ('# T\n\nA [G4-017 "exact words".', "line 3, column 11", "not closed"),
        ('# T\n\nA [G4-017 ""].', "line 3, column 4", "empty"),
        ("# T\n\nA [G4-017", "line 3, column 10", "expected ']'"),
        ("# T\n\nA [H4-017 “x”].", "line 3, column 4", "begin with G"),
        ("# T\n\nA [G0-017].", "line 3, column 4", "count from 1"),
        ("# T\n\nA [G4-000].", "line 3, column 4", "count from 1"),
        ("# T\n\nA [G 4-17 “x”].", "line 3, column 3", 'looks like [G4-017 "exact words"]'),
        ("# T\n\nA [open.", "line 3, column 3", "not closed"),
        ("# T\n\nA open].", "line 3, column 7", "closes nothing"),
        ("# T\n\n[G4-017].", "line 3", "words of its own"),
        ("# T\n\nA {#A B}.", "line 3, column 3", "lower case"),
        ("# T\n\nA {#a} {#b}.", "line 3, column 8", "already"),
        ("# T\n\nA {#a}.\n\nB {#a}.", "line 5", "line 3 has this key"),
        ("# T\n\nSame.\n\nSame.", "line 5", "line 3 has this key"),
        ("# T\n\nA \x07 bell.", "line 3, column 3", "control"),
        ("# T\n\nA \u202e override.", "line 3, column 3", "control"),
        (b"# T\n\nA \xff.", "line 3", "UTF-8"),
        ("# T\n\n" + "a" * (MAX_CLAUSE + 1), "line 3", "split"),
        ("a" * (MAX_TEXT + 1), "the text", "shorten"),
        ("", "line 1", "title"),
        (f"# T\n\nA [G4-017 “{'x' * 2001}”].", "line 3, column 4", "2000"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(text, path, expected):
    """Each problem names line and column, and what to do."""
    assert [where for where, what in problems(text) if expected in what] == [path]


def test_all_problems_are_found_at_once():
    """One reading finds what is wrong in every clause."""
    text = "# T\n\nA [G4-017 x].\n\nB ].\n\nC {#?}.\n"
    assert [path for path, _ in problems(text)] == [
        "line 3, column 11",
        "line 5, column 3",
        "line 7, column 3",
    ]


def test_line_ends_and_a_byte_order_mark_do_not_matter():
    """Windows' text is the same text."""
    assert parse(TEXT, "G") == parse(TEXT.replace("\n", "\r\n").encode("utf-8-sig"), "G")


@pytest.mark.parametrize(
    "hostile",
    ["[" * 200_000, "[G1-001 “" * 30_000, "]" * 200_000, "{#a" * 100_000, '"]' * 150_000, "[G1-001] " * 40_000,
     "# T\n" * 90_000, "\n\n".join(["[G1-001 “x"] * 30_000), "[G1-001;" * 40_000, "\x07" * 300_000, "- " * 190_000,
     ('[G1-001 "' + '" ' * 9_000 + "\n\n") * 20],
)  # fmt: skip
def test_hostile_texts_are_read_in_bounded_time(hostile):
    """No text takes longer than its length says."""
    assert isinstance(parse(hostile, "G"), ClauseText)
    in_proportion(lambda size: parse(hostile[:size], "G"), len(hostile))


@given(st.text("[]{}#\"“”«»G1-0;, \n\rab'\\<&*_`", max_size=200))
def test_any_text_is_read_and_nothing_is_lost_silently(text):
    """Reading never raises; numbers are 1..n; without brackets and braces every letter is kept."""
    read = parse("# T\n\n" + text, "G")
    numbers = [each.number for each in read.clauses if each.number]
    assert numbers == list(range(1, len(numbers) + 1))
    if not set("[]{#") & set(text) and not read.problems:
        kept = "".join(each.text for each in read.clauses)
        assert [each for each in text if each in "abG"] == [each for each in kept if each in "abG"]


@given(st.integers(1, 9999), st.integers(1, 10**9 - 1))
def test_a_reference_is_read_back(topic, number):
    """Writing and reading are inverse, for any number."""
    assert (topic, number) == parse_reference(reference("G", topic, number), "G")


def test_references_look_as_the_conference_wants():
    """Three digits or more, and a prefix of letters."""
    assert ("G4-017", "G4-1234", "G-017") == (
        reference("G", 4, 17),
        reference("G", 4, 1234),
        contribution_label("G", 17),
    )
    assert [None] * 4 == [parse_reference(each, "G") for each in ("C4-017", "G4", "G4-17x", "G٤-٠١٧")]
    with pytest.raises(InvalidText, match=r"G4.*one to eight letters"):
        reference("G4", 1, 1)
    with pytest.raises(InvalidText, match="letters"):
        parse("# T", "[")
