"""From a text of clauses and the contributions to a declaration whose every quote was found in its source."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Final, TypeVar

from attrs import field, frozen

from ..errors import DeclarationRefused, Problem
from .clauses import Citation, Clause, ClauseText, Part
from .content import Revision
from .contribution import Contribution, live
from .quotes import find_words, nearest_words
from .references import contribution_label, reference

_Key = TypeVar("_Key", int, str)

UNKNOWN: Final = ""
"""The row of those who gave no language or country."""

MAX_PROBLEMS: Final = 200
"""How many problems are named one by one."""

_MAX_HINTS: Final = 100
_MAX_SEARCHED: Final = 50_000_000
_MAX_NAMES: Final = 5_000


@frozen(kw_only=True)
class Excerpt:
    """What a clause rests on: words of an answer, or the answer as a whole.

    `text` is the stretch `[start, end)`, in code points, of the answer to `topic` in revision `revision` of
    contribution `number`; `digest` is that of the revision. Without a quote `text` is empty and `start == end == 0`.
    """

    reference: str
    contribution: str
    number: int
    topic: int
    revision: int
    digest: str
    start: int = 0
    end: int = 0
    text: str = ""


@frozen(kw_only=True)
class DeclaredClause:
    """A clause with its sources, in the order in which it cites them."""

    part: Part
    heading: str
    number: int | None
    key: str
    text: str
    sources: tuple[Excerpt, ...]


@frozen(kw_only=True)
class Declaration:
    """The compiled text."""

    title: str
    prefix: str
    clauses: tuple[DeclaredClause, ...]


def compile_declaration(text: ClauseText, contributions: Iterable[Contribution]) -> Declaration:
    """Find every quote in the latest submitted revision of its source.

    The order of the contributions does not matter. Drafts and withdrawn ones are never a source.

    Raises:
        DeclarationRefused: with all problems of the text and of its citations, in the order of the text.
    """
    sources = _Sources(tuple(contributions), text.prefix)
    problems = [*text.problems, *sources.problems]
    clauses = []
    for clause in text.clauses:
        found = [sources.find(citation) for citation in clause.citations]
        problems += [each for each in found if isinstance(each, Problem)]
        clauses.append(_declared(clause, tuple(each for each in found if isinstance(each, Excerpt))))
    if problems:
        raise DeclarationRefused(text.source, _in_order(problems))
    return Declaration(title=text.title, prefix=text.prefix, clauses=tuple(clauses))


def _in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    """By line and column, and not more of them than a person can use."""
    ordered = sorted(problems, key=_line_and_column)
    if len(ordered) <= MAX_PROBLEMS:
        return tuple(ordered)
    more = Problem(
        "and", f"{len(ordered) - MAX_PROBLEMS} more", "correct these first; others may go with them."
    )
    return (*ordered[:MAX_PROBLEMS], more)


def _line_and_column(problem: Problem) -> tuple[int, ...]:
    """Problems of the text as a whole come first, its line and column decide about the others."""
    if not problem.path.startswith("line "):
        return ()
    return tuple(int(number) for number in re.findall(r"[0-9]+", problem.path))


def _declared(clause: Clause, sources: tuple[Excerpt, ...]) -> DeclaredClause:
    return DeclaredClause(
        part=clause.part,
        heading=clause.heading,
        number=clause.number,
        key=clause.key,
        text=clause.text,
        sources=sources,
    )


class _Sources:
    """The contributions that may be cited, by number."""

    def __init__(self, contributions: tuple[Contribution, ...], prefix: str) -> None:
        self.prefix = prefix
        self.live: dict[int, Contribution] = {}
        self.withdrawn = {each.number for each in contributions if each.state == "withdrawn"}
        self.problems: list[Problem] = []
        self.hints, self.searchable = _MAX_HINTS, _MAX_SEARCHED
        for each in live(contributions):
            number = each.number or 0
            if number in self.live:
                label = contribution_label(prefix, number)
                ids = f"{self.live[number].id} and {each.id}"
                self.problems.append(
                    Problem(label, ids, "two contributions have this number: correct the records.")
                )
            self.live.setdefault(number, each)

    def find(self, citation: Citation) -> Excerpt | Problem:
        contribution = self.live.get(citation.number)
        if contribution is None or contribution.latest is None:
            return self._no_source(citation)
        answer = contribution.latest.answers.get(citation.topic)
        if answer is None:
            return self._no_answer(citation, contribution.latest)
        if not citation.quote:
            return self._excerpt(citation, contribution, contribution.latest)
        if contribution.quote == "no":
            return _problem(
                citation,
                "its author did not agree to be quoted: take the quote out, or ask the author to change the consent.",
            )
        span = find_words(citation.quote, answer)
        if span is None:
            return self._not_found(citation, answer)
        return self._excerpt(citation, contribution, contribution.latest, span)

    def _excerpt(
        self, citation: Citation, source: Contribution, revision: Revision, span: tuple[int, int] = (0, 0)
    ) -> Excerpt:
        return Excerpt(
            reference=citation.reference,
            contribution=source.id,
            number=citation.number,
            topic=citation.topic,
            revision=revision.n,
            digest=revision.digest,
            start=span[0],
            end=span[1],
            text=revision.answers[citation.topic][span[0] : span[1]],
        )

    def _no_source(self, citation: Citation) -> Problem:
        if citation.number in self.withdrawn:
            return _problem(citation, "its author withdrew this contribution: cite another one.")
        nearest = self._elsewhere(citation)
        if nearest is None:
            names = [
                reference(self.prefix, citation.topic, number) for number in list(self.live)[:_MAX_NAMES]
            ]
            nearest = next(iter(get_close_matches(citation.reference, names, 1)), None)
        return _problem(citation, "no contribution with this number was submitted.", nearest)

    def _no_answer(self, citation: Citation, revision: Revision) -> Problem:
        answered = ", ".join(str(topic) for topic in revision.answers) or "none"
        nearest = self._elsewhere(citation)
        return _problem(
            citation,
            f"this contribution does not answer topic {citation.topic}; it answers: {answered}.",
            nearest,
        )

    def _not_found(self, citation: Citation, answer: str) -> Problem:
        expected = "the answer does not have these exact words: quote it as it stands."
        nearest = self._elsewhere(citation)
        if nearest is None and self.hints >= 0:
            nearest = nearest_words(citation.quote, answer)
        value = f'{citation.reference} "{citation.quote}"'
        return Problem(_place(citation), value, expected, nearest)

    def _elsewhere(self, citation: Citation) -> str | None:
        """The reference of the answer where the quoted words do stand. Only so many are looked for."""
        self.hints -= 1
        if not citation.quote or self.hints < 0:
            return None
        for number, topic, answer in self._answers():
            self.searchable -= len(answer)
            if self.searchable < 0:
                return None
            if find_words(citation.quote, answer):
                return reference(self.prefix, topic, number)
        return None

    def _answers(self) -> Iterator[tuple[int, int, str]]:
        for number, each in self.live.items():
            if each.latest is not None:
                yield from ((number, topic, answer) for topic, answer in each.latest.answers.items())


def _place(citation: Citation) -> str:
    return f"line {citation.line}, column {citation.column}"


def _problem(citation: Citation, expected: str, nearest: str | None = None) -> Problem:
    return Problem(_place(citation), citation.reference, expected, nearest)


# -- coverage


@frozen
class Count:
    """How many answers there are, and how many of them a clause cites."""

    answers: int
    cited: int


@frozen(kw_only=True)
class Coverage:
    """What the declaration takes up of what was given, and what it passes over.

    Each of the three tables adds up to `answers`. The row `UNKNOWN` ("") counts those who gave no language or country.
    The lists are sorted by number, then by topic.
    """

    contributions: int
    cited_contributions: int
    answers: Count
    by_topic: Mapping[int, Count] = field(factory=dict)
    by_language: Mapping[str, Count] = field(factory=dict)
    by_country: Mapping[str, Count] = field(factory=dict)
    uncited_answers: tuple[str, ...] = ()
    uncited_contributions: tuple[str, ...] = ()


def coverage(declaration: Declaration, contributions: Iterable[Contribution]) -> Coverage:
    """Which answers no clause cites, and counts by topic, language and country. Only what was submitted counts."""
    cited = {(source.number, source.topic) for clause in declaration.clauses for source in clause.sources}
    sources = live(contributions)
    given = [
        (each, (each.number or 0, topic)) for each in sources if each.latest for topic in each.latest.answers
    ]
    moved = {number for number, _ in cited}
    return Coverage(
        contributions=len(sources),
        cited_contributions=sum(each.number in moved for each in sources),
        answers=Count(len(given), sum(answer in cited for _, answer in given)),
        by_topic=_table((answer[1], answer in cited) for _, answer in given),
        by_language=_table((each.language or UNKNOWN, answer in cited) for each, answer in given),
        by_country=_table((each.country or UNKNOWN, answer in cited) for each, answer in given),
        uncited_answers=tuple(
            reference(declaration.prefix, topic, number)
            for _, (number, topic) in given
            if (number, topic) not in cited
        ),
        uncited_contributions=tuple(
            contribution_label(declaration.prefix, each.number or 0)
            for each in sources
            if each.number not in moved
        ),
    )


def _table(rows: Iterable[tuple[_Key, bool]]) -> dict[_Key, Count]:
    given = tuple(rows)
    total, cited = Counter(key for key, _ in given), Counter(key for key, is_cited in given if is_cited)
    return {key: Count(total[key], cited[key]) for key in sorted(total)}
