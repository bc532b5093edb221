"""Finding exact words in an answer, and where they are not there, the words that come nearest."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final, NamedTuple

_UNSPACED: Final = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff"  # Tibetan, Myanmar, Khmer
    "\u2e80-\u2fff\u3005-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"  # Han, kana
)
_IS_UNSPACED: Final = re.compile(f"[{_UNSPACED}]")
_TOKEN: Final = re.compile(f"[{_UNSPACED}]|[^\\W{_UNSPACED}]+")

_MAX_TOKENS: Final = 80
_MAX_SHOWN: Final = 240
_LEAST_LIKENESS: Final = 0.5
_CANDIDATES: Final = 3


class Span(NamedTuple):
    """A stretch of a text, half-open, in code points."""

    start: int
    end: int


def squeezed(text: str) -> str:
    """NFC, with every run of white space as one space."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def find_words(words: str, text: str) -> Span | None:
    """Where exactly these words stand in the text (NFC); the first place, or None.

    Case, accents and punctuation count; how much white space lies between the words does not. The words must be
    whole: "art" is not found in "party". Scripts that are written without spaces have no such borders.
    """
    parts = squeezed(words).split()
    if not parts:
        return None
    pattern = re.compile(r"\s+".join(re.escape(part) for part in parts))
    found = pattern.search(text)
    while found:
        if not (_inside_word(text, found.start()) or _inside_word(text, found.end())):
            return Span(*found.span())
        found = pattern.search(text, found.start() + 1)
    return None


def _inside_word(text: str, at: int) -> bool:
    return 0 < at < len(text) and _joins(text[at - 1]) and _joins(text[at])


def _joins(letter: str) -> bool:
    if _IS_UNSPACED.match(letter):
        return False
    return letter.isalnum() or unicodedata.category(letter)[0] == "M"


def nearest_words(words: str, text: str) -> str | None:
    """The passage of the text that is most like these words, in one line; None where nothing is like them.

    The work is bounded: windows of as many words as are looked for (80 at most) are weighed by the words that they
    share, and only the best three are compared closely.
    """
    wanted = [found[0].casefold() for found in _TOKEN.finditer(squeezed(words))][:_MAX_TOKENS]
    tokens = list(_TOKEN.finditer(text))
    if not wanted or not tokens:
        return None
    folded = [found[0].casefold() for found in tokens]
    size = min(len(wanted), len(tokens))
    windows = {start: folded[start : start + size] for start in _promising(wanted, folded, size)}
    scored = [
        (_likeness(wanted, window), _likeness(_letters(wanted), _letters(window)), -start)
        for start, window in windows.items()
    ]
    likeness, _, last = max(scored)  # as many of the words; of those the letters; of those the first
    if likeness < _LEAST_LIKENESS:
        return None
    passage = squeezed(text[tokens[-last].start() : tokens[-last + size - 1].end()])
    return passage if len(passage) <= _MAX_SHOWN else passage[: _MAX_SHOWN - 1] + "…"


def _letters(words: Sequence[str]) -> str:
    return " ".join(words)[:_MAX_SHOWN]


def _likeness(one: Sequence[str], other: Sequence[str]) -> float:
    """0 to 1."""
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _promising(wanted: list[str], tokens: list[str], size: int) -> list[int]:
    """The starts of the windows that share most words with what is wanted; of equal ones the first."""
    need = Counter(wanted)
    have: Counter[str] = Counter()
    shared = 0
    weighed: list[tuple[int, int]] = []
    for position, token in enumerate(tokens):
        have[token] += 1
        shared += have[token] <= need[token]
        if position >= size:
            gone = tokens[position - size]
            shared -= have[gone] <= need[gone]
            have[gone] -= 1
        if position >= size - 1:
            weighed.append((-shared, position - size + 1))
    return [start for _, start in sorted(weighed)[:_CANDIDATES]]
