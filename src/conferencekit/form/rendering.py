"""A form as HTML that works without JavaScript and for everybody: labels, described errors, a summary with links.

Source: the patterns of the GOV.UK Design System; WCAG 2.2, level AA. The server is the judge, so `novalidate` is set
and no control has `required` or `maxlength` (which counts UTF-16 units where we count characters).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from attrs import frozen

from ..text import LocalizedText, direction
from .catalogue import catalogue_locale, message, size_text, text
from .countries import countries_for
from .fields import Field, Form
from .html import Html, element, join
from .issues import Issue, issues_by_path
from .reading import read

MAX_RADIOS: Final = 6
"""A choice with more options, or one that may be left open, is a select: nobody can take back a radio button."""

_AUTOCOMPLETE: Final = {"email": "email", "country": "country", "password": "new-password"}


@frozen
class RenderedForm:
    """A form as HTML. Templates that escape (`{{ form }}`) print it as it is, by `__html__`."""

    html: Html
    locale: str
    has_errors: bool = False

    def __html__(self) -> str:
        return str(self.html)

    def __str__(self) -> str:
        return str(self.html)


@frozen
class Button:
    """A way to send the form: `name=value` is posted. `is_second` looks less important."""

    label: str
    name: str | None = None
    value: str = ""
    is_second: bool = False


@frozen(kw_only=True)
class _Shown:
    """A field with what stands around it."""

    field: Field
    answer: object
    errors: tuple[str, ...]
    locale: str
    is_again: bool = False

    @property
    def id(self) -> str:
        return control_id(self.field.name)

    @property
    def described_by(self) -> str | None:
        parts = [f"{self.id}.hint"] if _hints(self) else []
        return " ".join([*parts, *([f"{self.id}.error"] if self.errors else [])]) or None

    @property
    def autocomplete(self) -> str | None:
        return self.field.autocomplete or _AUTOCOMPLETE.get(self.field.kind)

    @property
    def common(self) -> dict[str, str | None]:
        """The attributes that every control has."""
        return {
            "id": self.id,
            "name": self.field.name,
            "aria_describedby": self.described_by,
            "aria_invalid": "true" if self.errors else None,
        }


def render(
    form: Form,
    *,
    answers: object = None,
    issues: Iterable[Issue] = (),
    locale: str | None = None,
    hidden: Mapping[str, str] | None = None,
    action: str = "",
    buttons: Sequence[Button] = (),
) -> RenderedForm:
    """The form as HTML.

    Args:
        form: What is asked.
        answers: What to show as answered: a reading's answers, or what was posted. Passwords and files are never shown.
        issues: What is wrong, shown in a summary on top and beside the fields.
        locale: The reader's language. Labels fall back as they do, the rest to English.
        hidden: Hidden values to be posted along, such as `submission_id` and the host's CSRF token.
        action: Where to post; "" is the page's own address.
        buttons: The ways to send it; none = one button with the form's own words.
    """
    wrong = issues_by_path(issues)
    chosen = locale or "en"
    shown = _shown(form, answers, wrong, chosen)
    html = element(
        "form",
        _summary(shown, wrong, chosen),
        *(element("input", type="hidden", name=name, value=value) for name, value in (hidden or {}).items()),
        *(_field(each) for each in shown),
        _buttons(form, buttons, chosen),
        class_="ck-form",
        method="post",
        action=action or None,
        enctype="multipart/form-data" if any(each.kind == "file" for each in form.fields) else None,
        accept_charset="utf-8",
        novalidate=True,
        lang=catalogue_locale(chosen),
        dir=direction(catalogue_locale(chosen)),
    )
    return RenderedForm(html, catalogue_locale(chosen), has_errors=bool(wrong))


def _shown(form: Form, answers: object, wrong: Mapping[str, Sequence[Issue]], locale: str) -> list[_Shown]:
    given = read(form, answers).answers if answers is not None else {}
    return [
        _Shown(
            field=each,
            answer=given.get(each.name, ""),
            errors=tuple(message(issue, each, locale) for issue in wrong.get(each.name, ())),
            locale=locale,
            is_again=bool(wrong),
        )
        for each in form.fields
    ]


def control_id(name: str) -> str:
    """The id of a field's (first) control. Other ids of the field begin with it and a dot, which no name has."""
    return f"f-{name}"


def spoken(value: LocalizedText | str, locale: str) -> Html:
    """A text in the language that fits, marked where that is not the one of the page around it."""
    if isinstance(value, str):
        return join([value])
    words, language = value.best(locale)
    if language.split("-")[0] == catalogue_locale(locale):
        return join([words])
    return element("span", words, lang=language, dir=direction(language))


def _summary(shown: Sequence[_Shown], wrong: Mapping[str, Sequence[Issue]], locale: str) -> Html | None:
    if not wrong:
        return None
    known = {each.field.name for each in shown}
    general = [
        element("li", message(issue, None, locale))
        for path, issues in wrong.items()
        if path not in known
        for issue in issues
    ]
    linked = [
        element("li", element("a", error, href=f"#{each.id}")) for each in shown for error in each.errors
    ]
    return element(
        "div",
        element("h2", text("problem", locale), id="f.problem"),
        element("ul", *general, *linked),
        class_="ck-summary",
        role="alert",
        aria_labelledby="f.problem",
        tabindex="-1",
        autofocus=True,
    )


def _field(shown: _Shown) -> Html:
    asked = shown.field
    class_ = "ck-field ck-wrong" if shown.errors else "ck-field"
    if asked.kind == "consent":
        return element("div", *_notes(shown), _consent(shown), class_=class_)
    if asked.kind == "choice" and asked.required and len(asked.choices) <= MAX_RADIOS:
        legend = element("legend", _label(shown))
        group = {"role": "radiogroup", "aria_describedby": shown.described_by}
        if shown.errors:
            group["aria_invalid"] = "true"
        return element("fieldset", legend, *_notes(shown), *_radios(shown), class_=class_, **group)
    label = element("label", _label(shown), for_=shown.id)
    return element("div", label, *_notes(shown), _control(shown), class_=class_)


def _label(shown: _Shown) -> Html:
    label = spoken(shown.field.label, shown.locale)
    if shown.field.required:
        return label
    return join([label, " ", element("span", f"({text('optional', shown.locale)})", class_="ck-optional")])


def _notes(shown: _Shown) -> list[Html]:
    """The hint and the errors, in the order in which they are described."""
    hints = _hints(shown)
    notes = [element("p", *_spaced(hints), class_="ck-hint", id=f"{shown.id}.hint")] if hints else []
    if shown.errors:
        prefix = element("span", text("error_prefix", shown.locale), class_="ck-hidden")
        lines = [part for error in shown.errors for part in (element("br"), error)][1:]
        notes.append(element("p", prefix, " ", *lines, class_="ck-error", id=f"{shown.id}.error"))
    return notes


def _hints(shown: _Shown) -> list[Html | str]:
    asked, locale = shown.field, shown.locale
    hints: list[Html | str] = [spoken(asked.hint, locale)] if asked.hint else []
    if asked.kind == "textarea" and asked.max_length and asked.tells_length:
        hints.append(text("hint_length", locale, max=asked.max_length))
    if asked.kind == "file":
        if asked.accept:
            hints.append(text("hint_accept", locale, accept=asked.accept))
        if asked.max_bytes:
            hints.append(text("hint_size", locale, size=size_text(asked.max_bytes, locale)))
        if asked.max_files > 1:
            hints.append(text("hint_files", locale, max=asked.max_files))
        if shown.is_again:
            # no browser fills them in, and an optional field would be sent empty without a word
            hints.append(text("hint_files_again", locale))
    return hints


def _spaced(parts: Sequence[object]) -> list[object]:
    return [piece for part in parts for piece in (" ", part)][1:]


def _control(shown: _Shown) -> Html:
    match shown.field.kind:
        case "textarea":
            # a newline right after the tag is swallowed, so one is given for the answer that begins with one
            return element(
                "textarea",
                f"\n{shown.answer}",
                rows=8,
                dir="auto",
                autocomplete=shown.autocomplete,
                **shown.common,
            )
        case "choice":
            return _select(shown, [(each.value, each.label) for each in shown.field.choices])
        case "country":
            return _select(shown, countries_for(shown.locale))
        case "file":
            accept = ",".join(shown.field.accept) or None
            return element(
                "input", type="file", accept=accept, multiple=shown.field.max_files > 1, **shown.common
            )
        case "password":
            return element("input", type="password", autocomplete=shown.autocomplete, **shown.common)
        case "email":
            plain = {"spellcheck": "false", "autocapitalize": "none", "dir": "ltr"}
            return _input(shown, "email", plain)
        case _:
            return _input(shown, "text", {"dir": "auto"})


def _input(shown: _Shown, kind: str, more: Mapping[str, str]) -> Html:
    value = str(shown.answer) or None
    return element("input", type=kind, value=value, autocomplete=shown.autocomplete, **more, **shown.common)


def _select(shown: _Shown, options: Iterable[tuple[str, LocalizedText | str]]) -> Html:
    first = element("option", text("select", shown.locale), value="")
    others = (
        element("option", _option(label, shown.locale), value=value, selected=value == shown.answer)
        for value, label in options
    )
    return element("select", first, *others, autocomplete=shown.autocomplete, **shown.common)


def _option(label: LocalizedText | str, locale: str) -> str:
    return label if isinstance(label, str) else label.text(locale)


def _radios(shown: _Shown) -> list[Html]:
    return [
        element(
            "div",
            element(
                "input",
                type="radio",
                id=shown.id if number == 0 else f"{shown.id}.{number}",
                name=shown.field.name,
                value=each.value,
                checked=each.value == shown.answer,
            ),
            element(
                "label",
                spoken(each.label, shown.locale),
                for_=shown.id if number == 0 else f"{shown.id}.{number}",
            ),
            class_="ck-option",
        )
        for number, each in enumerate(shown.field.choices)
    ]


def _consent(shown: _Shown) -> Html:
    box = element("input", type="checkbox", value="yes", checked=shown.answer is True, **shown.common)
    return element("div", box, element("label", _label(shown), for_=shown.id), class_="ck-option")


def _buttons(form: Form, buttons: Sequence[Button], locale: str) -> Html:
    words = form.submit.text(locale) if form.submit else text("submit", locale)
    made = (
        element(
            "button",
            each.label,
            type="submit",
            name=each.name,
            value=each.value if each.name else None,
            class_="ck-button ck-second" if each.is_second else "ck-button",
        )
        for each in buttons or (Button(words),)
    )
    return element("div", *made, class_="ck-buttons")
