"""The kinds of values that stand in a document: how each is read, written, and described to an editor.

A text that a person will see is refused, never repaired, when it holds what nobody can see: the organiser would not
know what became of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from attrs import frozen

from ..errors import InvalidText
from ..text import LocalizedText, normalise_locale
from .languages import language_problem
from .place import BAD, Bad, Place, Setting

Plain = Any  # str, int, bool, date, datetime, and lists and dicts of them
Schema = dict[str, Plain]

LINE: Final = 500  # code points in a text of one line
LINES: Final = 20_000  # and in one of several
_SPLITS = "\u2028\u2029"
_OVERRIDES = "\u202d\u202e"
_OPENING = {
    "\u202a": "\u202c",
    "\u202b": "\u202c",
    "\u2066": "\u2069",
    "\u2067": "\u2069",
    "\u2068": "\u2069",
}
_TAG: Final = "^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$"


class Kind(Protocol):
    """One kind of value."""

    @property
    def name(self) -> str:
        """What a person calls it, with an article."""

    def read(self, value: object, at: Place) -> Any:
        """What the model has for a plain value, or a `Bad` where a problem was reported."""

    def write(self, value: Any, setting: Setting) -> Plain:
        """The plain value that `read` takes back."""

    def schema(self) -> Schema:
        """Its JSON Schema."""


def _as_it_is(value: Any, _: Setting) -> Plain:
    return value


@frozen
class Scalar:
    """A kind made of functions: `reader` reads and reports, `writer` is its inverse."""

    name: str
    reader: Callable[[object, Place], Any]
    json: Schema
    writer: Callable[[Any, Setting], Plain] = _as_it_is

    def read(self, value: object, at: Place) -> Any:
        """What the model has for a plain value, or a `Bad` where a problem was reported."""
        return self.reader(value, at)

    def write(self, value: Any, setting: Setting) -> Plain:
        """The plain value that `read` takes back."""
        return self.writer(value, setting)

    def schema(self) -> Schema:
        """Its JSON Schema."""
        return dict(self.json)


def text_problem(text: str, *, lines: bool) -> str | None:
    """Why this text cannot stand in a document, or None."""
    longest = LINES if lines else LINE
    if not text.strip():
        return "is empty: give a text, or leave the key out"
    if len(text) > longest:
        return f"has {len(text)} characters, {longest} are allowed: shorten it"
    for place, character in enumerate(text, 1):
        if problem := _character_problem(character, lines=lines):
            return f"{problem} at character {place}: take it out"
    return _balance_problem(text)


def _character_problem(character: str, *, lines: bool) -> str | None:
    if character.isascii() and character.isprintable():
        return None
    if lines and character in "\n\t":
        return None
    if character in "\r\n" or character in _SPLITS:
        return f"has to be one line, and has a line break (U+{ord(character):04X})"
    if character in _OVERRIDES:
        return (
            f"has a directional override (U+{ord(character):04X}), which makes text read as what it is not,"
        )
    if unicodedata.category(character) in {"Cc", "Cs"} or ord(character) & 0xFFFE == 0xFFFE:
        return f"has a control character (U+{ord(character):04X})"
    return None


def _balance_problem(text: str) -> str | None:
    open_marks: list[str] = []
    for character in text:
        if character in _OPENING:
            open_marks.append(_OPENING[character])
        elif character in "\u202c\u2069" and (not open_marks or open_marks.pop() != character):
            return f"closes a direction (U+{ord(character):04X}) that it did not open: take the mark out"
    if open_marks:
        return f"opens a direction of writing and does not close it: add U+{ord(open_marks[-1]):04X} or take it out"
    return None


def _plain_schema(*, lines: bool) -> Schema:
    """The JSON Schema of a text in one language."""
    inside = r"[^\u0000-\u0008\u000B-\u001F\u007F-\u009F]" if lines else r"[^\u0000-\u001F\u007F-\u009F]"
    return {"type": "string", "minLength": 1, "pattern": f"^{inside}*$"}


def _text_kind(name: str, reference: str, *, lines: bool) -> Scalar:
    return Scalar(
        name, lambda value, at: _read_text(value, at, lines=lines), {"$ref": reference}, _write_text
    )


def _read_text(value: object, at: Place, *, lines: bool) -> LocalizedText | Bad:
    if isinstance(value, str):
        text = _read_plain(value, at, lines=lines)
        return text if isinstance(text, Bad) else LocalizedText({at.setting.languages[0]: text})
    if isinstance(value, Mapping) and value:
        return _read_languages(value, at, lines=lines)
    return at.report(value, 'expected a text, or one per language such as { en = "…", fr = "…" }.')


def _read_languages(value: Mapping[object, object], at: Place, *, lines: bool) -> LocalizedText | Bad:
    texts: dict[str, str] = {}
    for tag, raw in value.items():
        here = at.key(str(tag))
        locale = read_language(tag, here)
        text = _read_plain(raw, here, lines=lines)
        if isinstance(locale, Bad) or isinstance(text, Bad):
            continue
        if locale in texts:
            here.report(tag, f"the language {locale!r} stands here twice. Keep one.")
        texts[locale] = text
    return LocalizedText(_ordered(texts, at.setting.languages)) if len(texts) == len(value) else BAD


def _read_plain(value: object, at: Place, *, lines: bool) -> str | Bad:
    """A text in one language, without white space around it."""
    if not isinstance(value, str):
        return at.report(value, "expected a text in quotes.")
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n").strip(" \t\n"))
    problem = text_problem(text, lines=lines)
    return at.report(value, f"{problem}.") if problem else text


def _write_text(value: LocalizedText, setting: Setting) -> Plain:
    texts = _ordered(value.texts, setting.languages)
    return texts[setting.languages[0]] if list(texts) == [setting.languages[0]] else texts


def text_definition(*, lines: bool) -> Schema:
    """What the `$ref` of a text leads to."""
    one = _plain_schema(lines=lines)
    several = {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": _TAG},
        "additionalProperties": one,
    }
    return {"description": "A text, or a table with one per language (BCP 47).", "anyOf": [one, several]}


def _ordered(texts: Mapping[str, str], languages: tuple[str, ...]) -> dict[str, str]:
    """In the order of the conference's languages, so that the fallback does not hang on the order of a JSON object."""
    first = [tag for tag in languages if tag in texts]
    return {tag: texts[tag] for tag in [*first, *sorted(set(texts) - set(first))]}


Text: Final = _text_kind("a text, or one per language", "#/$defs/text", lines=False)
LongText: Final = _text_kind("a longer text, or one per language", "#/$defs/longText", lines=True)


def plain_kind(name: str, *, lines: bool) -> Scalar:
    """A text in one language, of one line or of several."""
    return Scalar(name, lambda value, at: _read_plain(value, at, lines=lines), _plain_schema(lines=lines))


def matching(name: str, pattern: str, expected: str) -> Scalar:
    """A string that matches a regular expression as a whole; `expected` says in words what that means."""
    compiled = re.compile(pattern)

    def read(value: object, at: Place) -> str | Bad:
        if isinstance(value, str) and compiled.fullmatch(value):
            return value
        return at.report(value, f"expected {expected}.")

    return Scalar(name, read, {"type": "string", "pattern": f"^({pattern})$"})


def one_of(options: tuple[str, ...]) -> Scalar:
    """One of a few words."""

    def read(value: object, at: Place) -> str | Bad:
        if isinstance(value, str) and value in options:
            return value
        return at.report(value, f"expected one of {', '.join(options)}.", at.nearest(value, options))

    return Scalar(" or ".join(f'`"{option}"`' for option in options), read, {"enum": list(options)})


def whole(least: int, most: int) -> Scalar:
    """A whole number, bounds inclusive."""
    name = f"a whole number from {least} to {most}"

    def read(value: object, at: Place) -> int | Bad:
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        return at.report(value, f"expected {name}.")

    return Scalar(name, read, {"type": "integer", "minimum": least, "maximum": most})


def _read_flag(value: object, at: Place) -> bool | Bad:
    return value if isinstance(value, bool) else at.report(value, "expected true or false, without quotes.")


def read_language(value: object, at: Place) -> str | Bad:
    """The tag in its usual spelling; what is no tag or a country's code is reported."""
    try:
        tag = normalise_locale(value)
    except InvalidText:
        return at.report(value, "expected a language tag such as 'en', 'fr' or 'zh-Hans' (BCP 47).")
    problem, nearest = language_problem(tag)
    return at.report(value, problem, nearest) if problem else tag


Line: Final = plain_kind("a string", lines=False)
Flag: Final = Scalar("true or false", _read_flag, {"type": "boolean"})
Language: Final = Scalar("a language tag", read_language, {"type": "string", "pattern": _TAG})
Id: Final = matching(
    "an id",
    "[a-z0-9][a-z0-9_-]{0,63}",
    "an id: up to 64 of a-z, 0-9, hyphen and underscore, beginning with a letter or digit",
)
