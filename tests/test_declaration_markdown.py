"""The declaration as Markdown: sources of every clause, names only by consent, user text stays text."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from tests.declaration_samples import CONFERENCE, OPEN, at, submitted

from conferencekit.declaration.clauses import parse
from conferencekit.declaration.contribution import Consents, change_consent, withdraw
from conferencekit.declaration.escaping import html_paragraphs, markdown, markdown_paragraphs
from conferencekit.declaration.markdown import to_markdown
from conferencekit.declaration.synthesis import compile_declaration
from conferencekit.declaration.words import say_count

TEXT = """\
# Beijing Declaration

## Preamble

Recalling [G1-017 "nobody had to leave"],

## Declares

Courses shall be open [G3-018 "Права"; G4-017].

## Recommends

Teachers shall have time [G1-019].
"""
AUTHORS = {
    17: {"quote": "named", "name": "Ana Silva", "organisation": "Universidade X", "country": "BR"},
    18: {"quote": "anonymous", "name": "Boris Hidden", "organisation": "Hidden U", "country": "RU"},
    19: {"quote": "no", "name": "Carla Hidden", "country": "IT"},
}
ANSWERS = {
    17: {1: "The lecture came, and nobody had\nto leave.", 4: "Tuesdays."},
    18: {3: "Права для всех."},
    19: {1: "Time."},
}


def contributions():
    return [submitted(number, ANSWERS[number], **AUTHORS[number]) for number in ANSWERS]


def written(sources=None, rendered=None, **given_):
    declaration = compile_declaration(parse(TEXT, "G"), sources or contributions())
    return to_markdown(declaration, CONFERENCE, rendered or sources or contributions(), **given_)


def test_the_whole_text():
    """Title, parts, running numbers, references, sources, and what it was compiled from."""
    expected = """\
# Beijing Declaration

*Global MOOC Conference 2020: Learning Revolution*

## Preamble

Recalling, (G1-017)

## Declares

1. Courses shall be open. (G3-018, G4-017)

## Recommends

2. Teachers shall have time. (G1-019)

## Sources

### Preamble, paragraph 1

- G1-017: “nobody had to leave” – Ana Silva, Universidade X, Brazil

### Clause 1

- G3-018: “Права” – anonymous contribution
- G4-017: Ana Silva, Universidade X, Brazil

### Clause 2

- G1-019: anonymous contribution

Compiled from 3 contributions (languages: 1, countries: 3). Cited by the clauses: 3.
"""
    assert written() == expected


def test_the_order_of_contributions_changes_no_byte():
    """Any order gives the same text."""
    mixed = contributions()
    random.Random(7).shuffle(mixed)
    assert written() == written(mixed)


def test_nobody_is_named_without_the_consent():
    """Neither name, organisation nor country of the others stands anywhere."""
    assert "Hidden" not in written()
    assert "Russia" not in written()
    assert "Italy" not in written()


def test_what_was_taken_back_since_is_not_shown():
    """A consent withdrawn, or the whole contribution, is out of the next rendering without compiling again."""
    ana, *others = contributions()
    silent = change_consent(
        ana, Consents(quote="no", publish="no"), deadline=None, context=at(OPEN), person="r-17"
    )
    text = written([ana, *others], [silent, *others])
    assert "Ana" not in text
    assert "nobody had" not in text
    gone = written([ana, *others], [withdraw(ana, context=at(OPEN), person="r-17"), *others])
    assert "G1-017: contribution withdrawn" in gone
    assert "Ana" not in gone
    assert "nobody had" not in gone


@pytest.mark.parametrize("locale", ["fr", "es", "ru", "zh-Hans", "ar", "xx"])
def test_the_frame_is_written_in_the_readers_language(locale):
    """Fixed words follow the locale, English where there are none."""
    text = written(locale=locale)
    assert ("## Sources" in text) == (locale in ("xx", "fr"))
    assert "{" not in text


HOSTILE = [
    "<script>alert(1)</script>", "[x](javascript:alert(1))", "![x](http://evil.example/x.png)", "# heading", "- item",
    "1. one", "+ item", "> quote", "```", "~~~", "    code", "***", "---", "===", "| a | b |", "<!-- x", "&lt;b&gt;", "&copy;",
    "http://evil.example", "www.evil.example", "<http://evil.example>", "a\\", "\\*x*", "_x_", "**x**", "~~x~~", "`x`",
    "[^1]", "[^1]: x", "[x]: http://evil.example", "$x$", ": definition", "Term\n: x", "a  \nb", "{#key}", "<a name=x>",
    "10) x", "123456789. x", "x\n===", "x\n---", "* x", "a <b", "http\\://x.example", "[x][y]", "a&b", "==x==", "^x^", "!!! note",
]  # fmt: skip


def plain(source: str) -> tuple[set[str], str]:
    """The kinds of tokens that a Markdown reader finds, and the text that it shows."""
    kinds, shown = set(), []
    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    for token in reader.parse(source):
        kinds.add(token.type)
        for each in token.children or []:
            kinds.add(each.type)
            shown.append("\n" if each.type in ("softbreak", "hardbreak") else each.content)
    return kinds, "".join(shown)


TEXT_ONLY = {"paragraph_open", "paragraph_close", "inline", "text", "softbreak", "hardbreak", "text_special"}


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_it_is_written(text):
    """A real Markdown reader finds only text in it, and shows the same characters."""
    kinds, shown = plain(markdown(text))
    assert kinds <= TEXT_ONLY
    assert shown == " ".join(text.split())


@given(st.text("<>&\"'`*_[](){}#+-.!|~^=:\\$ \n1abw/htp", max_size=60))
def test_text_never_becomes_markup(text):
    """For any text: only text tokens, the same characters; paragraphs too, and HTML has no tag of the text's own."""
    kinds, shown = plain(markdown(text))
    assert kinds <= TEXT_ONLY
    assert shown == " ".join(text.split())
    kinds, _ = plain(markdown_paragraphs(text))
    assert kinds <= TEXT_ONLY
    assert set(re.findall(r"<[^>]*>", html_paragraphs(text))) <= {'<p dir="auto">', "</p>", "<br>"}


def test_links_are_not_made_by_dialects_that_find_them_in_text():
    """GitHub makes links of bare addresses; ours are broken up by an escape that no reader shows."""
    assert markdown("see http://x.example and www.x.example") == "see http\\://x.example and www\\.x.example"


def test_a_hostile_clause_and_quote_stay_text_in_the_declaration():
    """Nothing of them becomes a heading, link, list or tag in the whole text."""
    answer = "<b>x</b> [y](http://e.example) # z"
    sources = [
        submitted(
            1, {1: answer}, quote="named", name="*<i>Eve</i>*\n# x", organisation="[o](http://e.example)"
        )
    ]
    text = f'# <h1>T</h1> *t*\n\n## <h2> `s`\n\nDo <b>this</b> *now* [G1-001 "{answer}"].\n'
    declaration = compile_declaration(parse(text, "G"), sources)
    kinds, shown = plain(to_markdown(declaration, CONFERENCE, sources))
    assert not kinds & {"html_inline", "html_block", "link_open", "code_inline", "image", "strong_open"}
    assert f"“{answer}” – *<i>Eve</i>* # x, [o](http://e.example)" in shown


@pytest.mark.parametrize(
    ("locale", "one", "two"),
    [
        ("en", "Compiled from 1 contribution (", "Compiled from 2 contributions ("),
        ("fr", "Établi à partir de 1 contribution (", "Établi à partir de 2 contributions ("),
        ("es", "Elaborado a partir de 1 contribución (", "Elaborado a partir de 2 contribuciones ("),
        ("ru", "материалам участников: 1 (", "материалам участников: 2 ("),
        ("zh", "根据 1 份稿件汇编", "根据 2 份稿件汇编"),
        ("ar", "المساهمات الواردة: 1 (", "المساهمات الواردة: 2 ("),
        ("fr-CH", "de 1 contribution (", "de 2 contributions ("),
        ("de", "from 1 contribution (", "from 2 contributions ("),
    ],
)
def test_one_contribution_is_one(locale, one, two):
    """Counted things agree with their number, in every language."""
    values = {"languages": 1, "countries": 1, "cited": 1}
    assert one in say_count("compiled", 1, locale, **values)
    assert two in say_count("compiled", 2, locale, **values)


def test_no_contribution_is_said_as_the_language_has_it():
    """French counts nothing as one, English as many."""
    values = {"languages": 0, "countries": 0, "cited": 0}
    assert "de 0 contribution (" in say_count("compiled", 0, "fr", **values)
    assert "from 0 contributions (" in say_count("compiled", 0, "en", **values)
