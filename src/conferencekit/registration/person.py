"""Who filled in a form: which answers are their name, address, organisation and country."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from ..form.fields import Form

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


@frozen(kw_only=True)
class PersonFields:
    """Which fields of a form tell of the person, by name; None where it does not ask. The same for all its answers."""

    name: str | None
    given: str | None
    family: str | None
    address: str | None
    organisation: str | None
    country: str | None
    password: str | None

    def person(self, answers: Mapping[str, object]) -> PersonAnswers:
        """The person behind the answers."""
        return PersonAnswers(
            name=self._name(answers),
            address=_answer(answers, self.address),
            organisation=_answer(answers, self.organisation),
            country=_answer(answers, self.country),
        )

    def _name(self, answers: Mapping[str, object]) -> str:
        whole = _answer(answers, self.name)
        if whole:
            return whole
        return " ".join(
            part for part in (_answer(answers, self.given), _answer(answers, self.family)) if part
        )

    def password_of(self, answers: Mapping[str, object]) -> str:
        """The password that the person chose, or nothing."""
        return _answer(answers, self.password)


def person_fields(form: Form) -> PersonFields:
    """Which fields tell of the person: by the kind of the field, its autofill token, or its usual name."""
    return PersonFields(
        name=_by_token(form, "name", _NAMES),
        given=_by_token(form, "given-name", _GIVEN),
        family=_by_token(form, "family-name", _FAMILY),
        address=_by_kind(form, "email"),
        organisation=_by_token(form, "organization", _ORGANISATIONS),
        country=_by_kind(form, "country"),
        password=_by_kind(form, "password"),
    )


def person_of(form: Form, answers: Mapping[str, object]) -> PersonAnswers:
    """The person behind the answers to a form."""
    return person_fields(form).person(answers)


def _by_kind(form: Form, kind: str) -> str | None:
    return next((each.name for each in form.fields if each.kind == kind), None)


def _by_token(form: Form, token: str, names: tuple[str, ...]) -> str | None:
    fields = [each for each in form.fields if each.kind == "text"]
    by_token = (each.name for each in fields if each.autocomplete == token)
    return next(by_token, None) or next((each.name for each in fields if each.name in names), None)


def _answer(answers: Mapping[str, object], name: str | None) -> str:
    return str(answers.get(name, "")) if name else ""
