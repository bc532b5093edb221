"""Compiling: every quote is found in its source or the build fails; coverage adds up."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from tests.declaration_samples import CALL, DEADLINE, OPEN, at, data, submitted
from tests.growth import in_proportion

from conferencekit.declaration.clauses import parse
from conferencekit.declaration.contribution import Consents, change_consent, save_draft, submit, withdraw
from conferencekit.declaration.quotes import find_words, nearest_words, squeezed
from conferencekit.declaration.synthesis import compile_declaration, coverage
from conferencekit.errors import DeclarationRefused

ANSWERS = {
    17: {1: "The lecture came to\nthe village, and nobody\thad to leave.", 4: "We met on Tuesdays."},
    18: {1: "远程教育让每个人都能学习。", 3: "Права на обучение — для всех."},
    19: {1: "Teachers need time to prepare courses that are worth following."},
}


def sources(**given):
    return [submitted(number, answers, quote="anonymous", **given) for number, answers in ANSWERS.items()]


def compiled(clause: str, contributions=None):
    text = parse(f"# T\n\n{clause}\n", "G")
    return compile_declaration(text, sources() if contributions is None else contributions)


def refused(clause: str, contributions=None) -> list[tuple[str, str | None]]:
    with pytest.raises(DeclarationRefused) as caught:
        compiled(clause, contributions)
    return [(each.expected, each.nearest) for each in caught.value.problems]


def test_a_quote_becomes_the_span_of_its_source():
    """White space may differ; the recorded text is what stands in the revision, from start to end."""
    [excerpt] = compiled('A [G1-017 "came to the village, and nobody had"].').clauses[0].sources
    answer = ANSWERS[17][1]
    assert answer[excerpt.start : excerpt.end] == excerpt.text == "came to\nthe village, and nobody\thad"
    source = sources()[0]
    assert (source.id, 17, 1, source.latest.digest) == (
        excerpt.contribution, excerpt.number, excerpt.revision, excerpt.digest
    )  # fmt: skip


@pytest.mark.parametrize("quote", ["人都能学", "Права на обучение", "Tuesdays", "мама"])
def test_quotes_in_any_script(quote):
    """Words of scripts without spaces are found anywhere; others must be whole words."""
    everywhere = " ".join(
        f"[G{topic}-{number:03d} “{quote}”]" for number, topics in ANSWERS.items() for topic in topics
    )
    found = refused(f"A {everywhere}.")
    assert len(found) == 5 - (quote != "мама")


@pytest.mark.parametrize(
    ("words", "text", "span"),
    [
        ("art", "a party of art", (11, 14)),
        ("art", "a party", None),
        ("Art", "art", None),
        ("cafe\u0301", "un caf\u00e9 noir", (3, 7)),
        ("caf\u00e9", "un caf\u00e9s noir", None),
        ("नमस", "नमस्ते", None),
        ("学习", "每个人都能学习。", (5, 7)),
        ("a b", "a\u00a0\n b", (0, 5)),
        ("(x) [y].*", "see (x) [y].* z", (4, 13)),
        ("", "anything", None),
        (" ", "anything", None),
        ("على", "على الجميع", (0, 3)),
        ("-based", "web-based", (3, 9)),
    ],
)
def test_exact_words_are_whole_words_in_their_case(words, text, span):
    """Case, accents and punctuation count; half a word is no word."""
    assert span == find_words(words, text)


def test_a_quote_that_is_not_there_shows_the_nearest_words():
    """A changed word, another case or a typo is answered with what the source says."""
    [(expected, nearest)] = refused('A [G1-017 "the lecture came to the town, and nobody"].')
    assert "exact words" in expected
    assert nearest == "The lecture came to the village, and nobody"
    assert refused('A [G1-019 "teachers need Time"].') == [(expected, "Teachers need time")]
    assert refused('A [G1-019 "quantum chromodynamics"].') == [(expected, None)]


def test_words_of_another_source_are_shown_where_they_stand():
    """A wrong reference is answered with the right one."""
    assert [nearest for _, nearest in refused('A [G1-017 "time to prepare courses"].')] == ["G1-019"]
    assert [nearest for _, nearest in refused('A [G4-017 "nobody had to leave"].')] == ["G1-017"]
    assert [nearest for _, nearest in refused('A [G1-071 "nobody had to leave"].')] == ["G1-017"]


def test_unknown_references_name_the_nearest_one():
    """A number that nobody has, and a topic that was not answered."""
    [(expected, nearest)] = refused("A [G1-170].")
    assert ("no contribution" in expected, nearest) == (True, "G1-017")
    [(expected, _)] = refused("A [G2-017].")
    assert "does not answer topic 2; it answers: 1, 4" in expected


def test_withdrawn_sources_are_refused_and_drafts_do_not_exist():
    """Nothing of either can be cited, quoted or moved by."""
    gone = withdraw(submitted(5), context=at(OPEN), person="r-5")
    draft = save_draft(
        None, data({1: "Draft words"}), call=CALL, deadline=DEADLINE, context=at(OPEN), person="r-6"
    )
    [(expected, nearest)] = refused('A [G1-005 "Distance no longer"].', [gone, draft])
    assert ("withdrew" in expected, nearest) == (True, None)
    [(expected, nearest)] = refused('A [G1-001 "Draft words"].', [gone, draft])
    assert ("no contribution" in expected, nearest) == (True, None)


def test_quoting_needs_the_consent_and_being_moved_does_not():
    """Without consent a quote is refused; the bare reference stays possible."""
    silent = [submitted(17, ANSWERS[17], quote="no")]
    [(expected, _)] = refused('A [G1-017 "the village"].', silent)
    assert "did not agree to be quoted" in expected
    assert compiled("A [G1-017].", silent).clauses[0].sources[0].text == ""


def test_a_revised_answer_is_searched_in_its_latest_revision():
    """Words that were revised away are no longer there, nor are those of a draft."""
    first = submitted(17, {1: "Old words stand."}, quote="named")
    rules = {"call": CALL, "deadline": DEADLINE, "context": at(OPEN), "person": "r-17"}
    second = submit(first, data({1: "New words stand."}, quote="named"), number=17, **rules)
    second = save_draft(second, data({1: "Future words stand."}), **rules)
    assert compiled('A [G1-017 "New words"].', [second]).clauses[0].sources[0].revision == 2
    assert len(refused('A [G1-017 "Old words"] [G1-017 "Future words"].', [second])) == 2


def test_a_consent_taken_back_stops_the_build():
    """The next compilation refuses the quote."""
    mine = submitted(17, ANSWERS[17], quote="named")
    changed = change_consent(
        mine, Consents(quote="no", publish="no"), deadline=DEADLINE, context=at(OPEN), person="r-17"
    )
    assert compiled('A [G1-017 "the village"].', [mine])
    assert refused('A [G1-017 "the village"].', [changed])


def test_all_problems_come_at_once_in_the_order_of_the_text():
    """Those of the text and those of its citations, with value, place and remedy in the message."""
    text = parse('# T\n\nA [G1-017 "not there"].\n\nB ].\n\nC [G1-099].\n', "G", source="clauses.md")
    with pytest.raises(DeclarationRefused, match="not there") as caught:
        compile_declaration(text, sources())
    assert [each.path.split(",")[0] for each in caught.value.problems] == ["line 3", "line 5", "line 7"]
    assert str(caught.value).startswith("clauses.md cannot be compiled:\n  line 3, column 4: ")


def test_two_contributions_with_one_number_are_refused():
    """Records that contradict each other are no source."""
    other = evolve(submitted(17, {1: "other"}), id="c-x")
    [(expected, _)] = refused("A.", [submitted(17), other])
    assert "two contributions have this number" in expected


def test_many_problems_are_bounded():
    """A message stays readable, and the work too, however many wrong quotes there are."""
    long = [submitted(n, {1: "word " * 79 + str(n)}, quote="named") for n in range(1, 60)]

    def work(size: int) -> None:
        clauses = "\n\n".join(f'C{n} [G1-001 "words that nobody wrote {n}"].' for n in range(size))
        assert len(refused(clauses, long)) == 201

    in_proportion(work, 5_000)


def test_coverage_tells_what_no_clause_cites():
    """Counts by topic, language and country, and the references that were passed over."""
    given_ = [
        submitted(17, ANSWERS[17], quote="named", country="BR", language="pt"),
        submitted(18, ANSWERS[18], quote="named", country="CN", language="zh"),
        submitted(19, ANSWERS[19], quote="named"),
    ]
    found = coverage(compiled("A [G1-017] [G3-018].", given_), given_)
    assert (3, 2, 5, 2) == (
        found.contributions, found.cited_contributions, found.answers.answers, found.answers.cited
    )  # fmt: skip
    assert found.uncited_answers == ("G4-017", "G1-018", "G1-019")
    assert found.uncited_contributions == ("G-019",)
    assert {1: (3, 1), 3: (1, 1), 4: (1, 0)} == {k: (c.answers, c.cited) for k, c in found.by_topic.items()}
    assert ["", "BR", "CN"] == list(found.by_country)


@given(st.permutations(range(1, 9)), st.sets(st.integers(1, 8)), st.sets(st.integers(1, 8)))
def test_the_order_of_contributions_does_not_matter_and_tables_add_up(order, withdrawn, cited):
    """The same input in any order gives the same declaration; each table adds up to all answers."""
    given_ = {n: submitted(n, {1 + n % 4: f"words {n}"}, country="BR" if n % 2 else "") for n in order}
    given_ |= {n: withdraw(given_[n], context=at(OPEN), person=f"r-{n}") for n in withdrawn}
    clause = "A " + " ".join(f"[G{1 + n % 4}-{n:03d}]" for n in sorted(cited - withdrawn)) + "."
    mixed, ordered = [given_[n] for n in order], [given_[n] for n in sorted(given_)]
    assert compiled(clause, mixed) == compiled(clause, ordered)
    found = coverage(compiled(clause, mixed), mixed)
    assert found == coverage(compiled(clause, ordered), ordered)
    assert found.answers.answers == 8 - len(withdrawn)
    assert len(found.uncited_answers) == found.answers.answers - found.answers.cited
    for table in (found.by_topic, found.by_language, found.by_country):
        assert sum(each.answers for each in table.values()) == found.answers.answers
        assert sum(each.cited for each in table.values()) == found.answers.cited


@given(st.text(min_size=1, max_size=60), st.data())
def test_a_passage_of_an_answer_is_found_where_it_stands(text, draw):
    """Any run of whole words of a text is found, and the span says these words."""
    words = squeezed(text).split()
    if not words:
        return
    start = draw.draw(st.integers(0, len(words) - 1))
    end = draw.draw(st.integers(start + 1, len(words)))
    quote = " ".join(words[start:end])
    stored = squeezed(text)
    span = find_words(quote, stored)
    assert span is not None
    assert squeezed(stored[span.start : span.end]) == quote


@given(st.text(max_size=200), st.text(max_size=400))
def test_the_nearest_words_are_words_of_the_text(words, text):
    """A hint is never invented, and never raises."""
    found = nearest_words(words, text)
    assert found is None or found.removesuffix("…") in squeezed(text)


@pytest.mark.parametrize("wrong", ["had acquired a return rod", "hat acquired a return road"])
def test_a_wrong_letter_at_either_end_leads_to_the_very_words(wrong):
    """As many words agree one word further; the letters decide."""
    text = "The one-way direction had acquired a return road in May."
    assert nearest_words(wrong, text) == "had acquired a return road"


def test_the_nearest_words_in_a_long_answer_come_quickly():
    """20,000 letters of one word, and of Chinese, are bounded."""
    in_proportion(lambda size: nearest_words("a " * (size // 10), "a " * size), 10_000)
    in_proportion(lambda size: nearest_words("学习" * (size // 20), "学习" * size), 10_000)
    in_proportion(lambda size: nearest_words("one " + "x" * size + "y" * 9, "one " + "x" * size), 20_000)
