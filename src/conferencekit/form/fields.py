"""What a form asks: fields as data."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Literal

from attrs import Attribute, field, frozen

from ..errors import InvalidText
from ..text import LocalizedText
from .cleaning import clean_line

FieldKind = Literal["text", "email", "textarea", "choice", "country", "consent", "password", "file"]

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_SUBTYPE = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_EXTENSION = re.compile(r"\.[a-z0-9]{1,10}")


@frozen(kw_only=True)
class Choice:
    """One option of a choice: `value` is stored (as one clean line), `label` is shown."""

    value: str = field(converter=clean_line)
    label: LocalizedText


def _choices(value: Iterable[Choice]) -> tuple[Choice, ...]:
    return tuple(value)


def _extensions(value: Iterable[str]) -> tuple[str, ...]:
    return tuple(each.lower() for each in value)


@frozen(kw_only=True)
class Field:
    """One question of a form.

    `name` is unique in the form: a letter, then letters, digits, `_` and `-`, at most 64. Lengths count code points
    after normalisation, inclusive. `subtype` names a field type of a plugin, which looks at the answer of a `text` or
    `textarea` beyond its kind. `autocomplete` is an HTML autofill token. A `consent` that is required must be
    given. `password` answers never reach a store. Of a `file` field, `accept` lists the extensions that may be sent
    (such as `.pdf`; empty = any), `max_files` how many and `max_bytes` how large each may be, both inclusive.
    `tells_length` is False where the hint says in words of its own how long a long text may be.

    Raises `InvalidText` for a field that nobody could answer.
    """

    name: str = field()
    kind: FieldKind
    subtype: str | None = field(default=None)
    label: LocalizedText
    hint: LocalizedText | None = None
    required: bool = True
    choices: tuple[Choice, ...] = field(default=(), converter=_choices)
    min_length: int | None = None
    max_length: int | None = field(default=None)
    tells_length: bool = True
    autocomplete: str | None = None
    accept: tuple[str, ...] = field(default=(), converter=_extensions)
    max_files: int = 1
    max_bytes: int | None = None

    @name.validator
    def _check_name(self, _: Attribute[str], value: str) -> None:
        if not _NAME.fullmatch(str(value)):
            raise InvalidText(
                value,
                "Name a field by a letter, then letters, digits, _ or - (at most 64), like 'full_name'.",
            )

    @subtype.validator
    def _check_subtype(self, _: Attribute[str | None], value: str | None) -> None:
        if value is None:
            return
        if not _SUBTYPE.fullmatch(str(value)):
            raise InvalidText(value, "Name a subtype by a-z, 0-9, _, - and . after a letter, like 'orcid'.")
        if self.kind not in ("text", "textarea"):
            raise InvalidText(value, f"Only text has a subtype, and {self.name!r} is a {self.kind}: drop it.")

    @choices.validator
    def _check_choices(self, _: Attribute[tuple[Choice, ...]], value: tuple[Choice, ...]) -> None:
        if self.kind == "choice" and not value:
            raise InvalidText(self.name, "Give the choice at least one option.")
        if twice := _repeated(each.value for each in value):
            raise InvalidText(twice, f"Give each option of {self.name!r} a value of its own.")
        if empty := [each for each in value if not each.value.strip()]:
            raise InvalidText(
                empty[0].value, f"An option of {self.name!r} needs a value; an empty one means no answer."
            )

    @max_length.validator
    def _check_lengths(self, _: Attribute[int | None], value: int | None) -> None:
        if value is not None and value < max(self.min_length or 0, 1):
            raise InvalidText(
                value, f"Let {self.name!r} take at least {max(self.min_length or 0, 1)} characters."
            )

    @accept.validator
    def _check_accept(self, _: Attribute[tuple[str, ...]], value: tuple[str, ...]) -> None:
        if wrong := [each for each in value if not _EXTENSION.fullmatch(each)]:
            raise InvalidText(wrong[0], "Name accepted files by extension, like '.pdf'.")


def _fields(value: Iterable[Field]) -> tuple[Field, ...]:
    return tuple(value)


@frozen(kw_only=True)
class Form:
    """The questions, in order. Raises `InvalidText` where two fields have one name."""

    fields: tuple[Field, ...] = field(converter=_fields)
    title: LocalizedText | None = None
    submit: LocalizedText | None = None

    @fields.validator
    def _check_names(self, _: Attribute[tuple[Field, ...]], value: tuple[Field, ...]) -> None:
        if twice := _repeated(each.name for each in value):
            raise InvalidText(twice, "Give each field of a form a name of its own.")

    def field(self, name: str) -> Field | None:
        """The field with this name."""
        return next((each for each in self.fields if each.name == name), None)


def _repeated(values: Iterable[str]) -> str | None:
    return next((value for value, count in Counter(values).items() if count > 1), None)
