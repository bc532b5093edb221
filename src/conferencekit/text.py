"""Texts in several languages, and the choice among them.

Locales are BCP 47 tags, matched by RFC 4647 lookup: `zh-CN` and `zh_Hans` find `zh`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from attrs import field, frozen

from .errors import InvalidText

_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*\Z")
RIGHT_TO_LEFT = frozenset({"ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"})


def normalise_locale(tag: object) -> str:
    """`zh_hans_CN` -> `zh-Hans-CN`. Raises `InvalidText` for what is no BCP 47 tag."""
    text = tag.replace("_", "-").strip() if isinstance(tag, str) else ""
    if not _TAG.match(text):
        raise InvalidText(tag, "Give a language tag such as 'en', 'fr' or 'zh-Hans' (BCP 47).")
    first, *rest = text.split("-")
    return "-".join([first.lower(), *(_subtag(part) for part in rest)])


def _subtag(part: str) -> str:
    if len(part) == 4 and part.isalpha():
        return part.title()
    return part.upper() if len(part) == 2 else part.lower()


def lookup(wanted: str | Iterable[str], available: Iterable[str]) -> str | None:
    """The available locale that fits best, or None: RFC 4647 section 3.4, each wanted range cut from the right."""
    offered = {tag.lower(): tag for tag in available}
    for tag in [wanted] if isinstance(wanted, str) else wanted:
        if not _TAG.match(tag.replace("_", "-")):
            continue  # a visitor's Accept-Language may hold anything
        parts = tag.replace("_", "-").lower().split("-")
        while parts:
            if found := offered.get("-".join(parts)):
                return found
            parts = parts[:-1] if len(parts) < 2 or len(parts[-2]) > 1 else parts[:-2]
    return None


def slug(text: str) -> str:
    """`Café au lait` -> `cafe-au-lait`: lower-case ASCII letters and digits; "" where the text has none."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def direction(locale: str) -> str:
    """`rtl` or `ltr`, as HTML's `dir` wants it."""
    return "rtl" if locale.partition("-")[0].lower() in RIGHT_TO_LEFT else "ltr"


def _texts(value: Mapping[str, str]) -> Mapping[str, str]:
    return {normalise_locale(tag): unicodedata.normalize("NFC", text) for tag, text in value.items()}


@frozen(repr=False)
class LocalizedText:
    """A text in one or more languages; the first is the one to fall back to."""

    texts: Mapping[str, str] = field(converter=_texts)

    @texts.validator
    def _not_empty(self, _: object, value: Mapping[str, str]) -> None:
        if not value:
            raise InvalidText(dict(value), "Give the text in at least one language.")

    @classmethod
    def of(cls, text: str, locale: str = "en") -> LocalizedText:
        """A text in one language."""
        return cls({locale: text})

    def best(self, locale: str | Iterable[str] | None) -> tuple[str, str]:
        """The text that fits the locale best, and the locale that it is in."""
        found = lookup(locale, self.texts) if locale else None
        chosen = found or next(iter(self.texts))
        return self.texts[chosen], chosen

    def text(self, locale: str | Iterable[str] | None = None) -> str:
        """The text that fits the locale best."""
        return self.best(locale)[0]

    def __iter__(self) -> Iterator[str]:
        return iter(self.texts.values())

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"LocalizedText({dict(self.texts)!r})"

    def __hash__(self) -> int:
        return hash(frozenset(self.texts.items()))
