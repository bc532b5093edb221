"""The words for issues, forms and pages, in the six languages of the United Nations.

Codes are stable; the words may get better. A host that wants other words, or another language, maps the codes itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from ..text import direction, lookup
from .fields import Field
from .issues import Issue
from .texts import INTERFACE, ISSUES

LOCALES: Final = tuple(ISSUES)

CODES: Final = frozenset(code for code in ISSUES["en"] if "." not in code)
"""The codes of issues that have words of their own; any other gets the general ones."""

_QUOTES: Final = {
    "en": "“{}”",
    "fr": "«\u00a0{}\u00a0»",
    "es": "«{}»",
    "ru": "«{}»",
    "zh": "“{}”",
    "ar": "«{}»",
}
_THOUSANDS: Final = {"en": ",", "fr": "\u202f", "es": "\u202f", "ru": "\u202f", "zh": ",", "ar": ","}
_DECIMAL: Final = {"fr": ",", "es": ",", "ru": ","}
_BYTE: Final = {"fr": "o", "ru": "Б"}
_PREFIXES: Final = {"ru": ("", "к", "М", "Г")}
_SENTENCE = re.compile("[?？؟.。!]\\s*\\Z")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_FRENCH_MARKS = re.compile(" (?=[:;?!»])")
_LONGEST_INLINE: Final = 60


def message(issue: Issue, field: Field | None, locale: str | None = None) -> str:
    """What to tell the person: one sentence that says what to do, without a full stop.

    Args:
        issue: What is wrong. A code without words of its own gets general ones.
        field: The field that it concerns, whose label is repeated; None for the form as a whole.
        locale: The reader's language. Where the catalogue does not have it, English.
    """
    chosen = catalogue_locale(locale)
    label, spoken = field.label.best(locale) if field else ("", chosen)
    values = {
        **issue.params,
        "label": label,
        "phrase": _phrase(label, chosen, is_same=spoken.split("-")[0] == chosen),
    }
    code = f"{issue.code}.{issue.params.get('reason')}"
    template = ISSUES[chosen].get(code) or _template(issue.code, label, chosen)
    return _fill(template, values, chosen)


def _template(code: str, label: str, locale: str) -> str:
    words = ISSUES[locale]
    if is_question(label) and f"{code}.question" in words:
        return words[f"{code}.question"]
    found = words.get(code) if "." not in code else None
    if found and (label or "{phrase}" not in found):
        return found
    return words["generic" if label else "generic.form"]


def is_question(label: str) -> bool:
    """Whether a label is a whole sentence, which does not read well inside another."""
    return len(label) > _LONGEST_INLINE or bool(_SENTENCE.search(label))


def text(key: str, locale: str | None = None, **values: object) -> str:
    """A text of forms and pages by its key."""
    chosen = catalogue_locale(locale)
    return _fill(INTERFACE[chosen][key], values, chosen)


def catalogue_locale(locale: str | None) -> str:
    """The language of the catalogue that fits best: `zh-Hans-CN` finds `zh`, and what is not there finds `en`."""
    return lookup(locale or "en", LOCALES) or "en"


def number_text(value: int, locale: str | None = None) -> str:
    """A whole number with its thousands apart from 10,000 on, as the language sets it."""
    separator = _THOUSANDS[catalogue_locale(locale)]
    return f"{value:,}".replace(",", separator) if abs(value) >= 10_000 else str(value)


def size_text(count: int, locale: str | None = None) -> str:
    """A number of bytes in units of 1,000, to be read by people: `200 MB`, `1,5 Mo`."""
    chosen = catalogue_locale(locale)
    power = min((len(str(max(count, 1))) - 1) // 3, 3)
    value = f"{count / 1000**power:.1f}".removesuffix(".0").replace(".", _DECIMAL.get(chosen, "."))
    return f"{value}\u00a0{_PREFIXES.get(chosen, ('', 'k', 'M', 'G'))[power]}{_BYTE.get(chosen, 'B')}"


def _phrase(label: str, locale: str, *, is_same: bool) -> str:
    """The label inside a sentence: in English as words of the sentence, elsewhere (grammar bends words) in quotes."""
    if locale != "en" or not is_same or is_question(label):
        return _QUOTES[locale].format(label)
    is_acronym = label[1:2].isupper() and label[:1].isupper()
    words = label if is_acronym else label[:1].lower() + label[1:]
    return words if words.startswith(("your ", "the ", "a ", "an ", "my ")) else f"your {words}"


def _fill(template: str, values: Mapping[str, object], locale: str) -> str:
    """The template with its values. One pass, so that a value is never read as a template; a missing one is `?`."""

    def value(found: re.Match[str]) -> str:
        given = values.get(found[1], "?")
        if isinstance(given, (list, tuple)):
            given = ", ".join(str(each) for each in given)
        if isinstance(given, int):
            return size_text(given, locale) if found[1] == "size" else number_text(given, locale)
        isolate = found[1] not in ("label", "phrase") and direction(locale) == "rtl"
        return f"\u2068{given}\u2069" if isolate else str(given)

    if locale == "fr":
        template = _FRENCH_MARKS.sub("\u00a0", template)
    return _PLACEHOLDER.sub(value, template)
