"""Sentences by language: one TOML file per language, each with the same keys and placeholders.

A key is the table and the name in it: `verify.subject`. Values are put in for `{placeholders}`, never interpreted.
"""

from __future__ import annotations

import pkgutil
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from typing import Final

from attrs import frozen

from ...text import lookup

LANGUAGES: Final = ("en", "fr", "es", "ru", "zh", "ar")
"""The languages that are spoken here; English is the one to fall back to."""

Sentences = Mapping[str, str]


@cache
def sentences(language: str) -> Sentences:
    """The sentences of a language by their keys."""
    data = pkgutil.get_data(__name__, f"{language}.toml") or b""
    tables: dict[str, dict[str, str]] = tomllib.loads(data.decode())
    return {f"{table}.{name}": text for table, entries in tables.items() for name, text in entries.items()}


class _Package(Mapping[str, Sentences]):
    """The languages that are shipped, each read when somebody speaks it."""

    def __getitem__(self, language: str) -> Sentences:
        if language not in LANGUAGES:
            raise KeyError(language)
        return sentences(language)

    def __iter__(self) -> Iterator[str]:
        return iter(LANGUAGES)

    def __len__(self) -> int:
        return len(LANGUAGES)


@frozen
class Catalogue:
    """Sentences in several languages."""

    languages: Mapping[str, Sentences]

    @classmethod
    def of_package(cls) -> Catalogue:
        """Those that are shipped."""
        return cls(_Package())

    def updated(self, texts: Mapping[str, Sentences]) -> Catalogue:
        """With these before them: others for the same keys, or further languages, in English where they lack one."""
        if not texts:
            return self
        english = {**self.languages["en"], **texts.get("en", {})}
        changed = {
            language: {**self.languages.get(language, english), **given} for language, given in texts.items()
        }
        return Catalogue({**self.languages, **changed})

    def of(self, locale: str) -> Sentences:
        """The sentences of the language that fits best, or in English."""
        return self.languages[lookup(locale, self.languages) or "en"]

    def speaker(self, locale: str, *, escape: bool) -> Callable[..., str]:
        """What templates call `say`: `say(key, placeholder=value)`. With `escape`, values are escaped for HTML.

        It raises KeyError for a key or placeholder that is not there.
        """
        return partial(_say, _escaped(self.of(locale)) if escape else self.of(locale))


def _say(found: Sentences, key: str, /, **values: object) -> str:
    return found[key].format(**values)


def _escaped(found: Sentences) -> Sentences:
    """The sentences as HTML: what is put in is escaped as well."""
    from markupsafe import escape  # noqa: PLC0415 - loaded with jinja2, at the first mail

    return {key: escape(text) for key, text in found.items()}
