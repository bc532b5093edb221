"""The declaration as a Markdown text, with the sources of every clause."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..conference import Conference
from .contribution import Contribution, live
from .credits import credit
from .escaping import markdown
from .synthesis import Declaration, DeclaredClause, Excerpt, coverage
from .words import say, say_count


def to_markdown(
    declaration: Declaration,
    conference: Conference,
    contributions: Iterable[Contribution],
    *,
    locale: str | None = None,
) -> str:
    """The text, and below it the sources of each clause: the words quoted and, only with that consent, the name.

    The consents that count are those of `contributions`, now: what was withdrawn or is no longer to be quoted since the
    declaration was compiled is not shown. The same input gives the same bytes, in whatever order it comes.
    """
    sources = {each.number or 0: each for each in live(contributions)}
    title = [f"# {markdown(declaration.title)}", f"*{markdown(conference.title.text(locale))}*"]
    if conference.theme:
        title[-1] = f"*{markdown(conference.title.text(locale))}: {markdown(conference.theme.text(locale))}*"
    parts = [*title, *_clauses(declaration), f"## {say('sources', locale)}"]
    parts += _sources(declaration, sources, locale)
    parts.append(markdown(_summary(declaration, sources, locale)))
    return "\n\n".join(parts) + "\n"


def _clauses(declaration: Declaration) -> list[str]:
    parts: list[str] = []
    heading = ""
    for clause in declaration.clauses:
        if clause.heading != heading:
            heading = clause.heading
            parts.append(f"## {markdown(heading)}")
        cited = ", ".join(dict.fromkeys(source.reference for source in clause.sources))
        text = markdown(clause.text) + (f" ({cited})" if cited else "")
        parts.append(f"{clause.number}. {text}" if clause.number else text)
    return parts


def _sources(
    declaration: Declaration, contributions: Mapping[int, Contribution], locale: str | None
) -> list[str]:
    parts: list[str] = []
    preambular = 0
    for clause in declaration.clauses:
        preambular += clause.number is None
        if clause.sources:
            parts.append(_clause_name(clause, preambular, locale))
            parts.append("\n".join(f"- {_source(each, contributions, locale)}" for each in clause.sources))
    return parts


def _clause_name(clause: DeclaredClause, preambular: int, locale: str | None) -> str:
    if clause.number is None:
        return f"### {say('preambular', locale, number=preambular)}"
    return f"### {say('clause', locale, number=clause.number)}"


def _source(source: Excerpt, contributions: Mapping[int, Contribution], locale: str | None) -> str:
    contribution = contributions.get(source.number)
    if contribution is None or contribution.id != source.contribution:
        return f"{source.reference}: {say('withdrawn_source', locale)}"
    by = credit(contribution, contribution.quote, locale)
    who = markdown(by) if by else say("anonymous_source", locale)
    if not source.text or contribution.quote == "no":
        return f"{source.reference}: {who}"
    return f"{source.reference}: “{markdown(source.text)}” – {who}"


def _summary(declaration: Declaration, contributions: Mapping[int, Contribution], locale: str | None) -> str:
    covered = coverage(declaration, contributions.values())
    return say_count(
        "compiled",
        covered.contributions,
        locale,
        languages=len(covered.by_language.keys() - {""}),
        countries=len(covered.by_country.keys() - {""}),
        cited=covered.cited_contributions,
    )
