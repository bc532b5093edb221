"""Who filled in a form: which answers are their name, address, organisation and country."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from ..form.fields import Field, Form

_NAMES = ("full_name", "name", "display_name")
_GIVEN = ("given_name", "first_name", "given-name")
_FAMILY = ("family_name", "last_name", "family-name")
_ORGANISATIONS = ("organisation", "organization", "affiliation", "institution")


@frozen(kw_only=True)
class PersonAnswers:
    """What a form says of the person. Empty where it did not ask."""

    name: str
    address: str
    organisation: str
    country: str


def person_of(form: Form, answers: Mapping[str, object]) -> PersonAnswers:
    """The person behind the answers: by the kind of the field, its autofill token, or its usual name."""
    return PersonAnswers(
        name=_name(form, answers),
        address=_answer(answers, _by_kind(form, "email")),
        organisation=_answer(answers, _by_token(form, "organization", _ORGANISATIONS)),
        country=_answer(answers, _by_kind(form, "country")),
    )


def password_of(form: Form, answers: Mapping[str, object]) -> str:
    """The password that the person chose, or nothing."""
    return _answer(answers, _by_kind(form, "password"))


def _name(form: Form, answers: Mapping[str, object]) -> str:
    whole = _answer(answers, _by_token(form, "name", _NAMES))
    if whole:
        return whole
    parts = (_by_token(form, "given-name", _GIVEN), _by_token(form, "family-name", _FAMILY))
    return " ".join(part for part in (_answer(answers, each) for each in parts) if part)


def _by_kind(form: Form, kind: str) -> Field | None:
    return next((each for each in form.fields if each.kind == kind), None)


def _by_token(form: Form, token: str, names: tuple[str, ...]) -> Field | None:
    fields = [each for each in form.fields if each.kind == "text"]
    by_token = (each for each in fields if each.autocomplete == token)
    return next(by_token, None) or next((each for each in fields if each.name in names), None)


def _answer(answers: Mapping[str, object], asked: Field | None) -> str:
    return str(answers.get(asked.name, "")) if asked else ""
