"""Forms as HTML."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.html_page import Page
from tests.laws import examples

from conferencekit.adapters.html_forms import HtmlForms
from conferencekit.form.catalogue import text
from conferencekit.form.fields import Choice, Field, Form
from conferencekit.form.html import Html, element, escape
from conferencekit.form.issues import FORM, Issue
from conferencekit.form.reading import read
from conferencekit.form.rendering import Button, render
from conferencekit.form.standard import standard_form
from conferencekit.ports import FormBackend, RenderedForm
from conferencekit.text import LocalizedText

L = LocalizedText.of
EVERYTHING = Form(
    fields=(
        Field(name="name", kind="text", label=L("Name"), hint=L("As on your badge"), autocomplete="name"),
        Field(name="mail", kind="email", label=L("E-mail")),
        Field(name="essay", kind="textarea", label=L("Essay"), max_length=20_000, required=False),
        Field(
            name="diet",
            kind="choice",
            label=L("Diet"),
            choices=(Choice(value="a", label=L("A")), Choice(value="b", label=L("B"))),
        ),
        Field(
            name="track",
            kind="choice",
            required=False,
            label=L("Track"),
            choices=(Choice(value="a", label=L("A")), Choice(value="b", label=L("B"))),
        ),
        Field(name="land", kind="country", label=L("Country")),
        Field(name="yes", kind="consent", label=L("I agree")),
        Field(name="secret", kind="password", label=L("Secret")),
        Field(
            name="file", kind="file", label=L("Files"), accept=(".pdf",), max_files=2, max_bytes=10_000_000
        ),
    )
)


def controls(page):
    """The attributes of all controls that people see."""
    inputs = [each for each in page.all("input") if each["type"] != "hidden"]
    return [*inputs, *page.all("select"), *page.all("textarea")]


def test_every_control_has_a_label():
    """Groups have a legend, and each of their options a label."""
    page = Page(render(EVERYTHING)).check()
    labelled = {each["for"] for each in page.all("label")}

    assert {each["id"] for each in controls(page)} == labelled
    assert len(page.all("fieldset")) == len(page.all("legend")) == 1


def test_nothing_is_selected_before_the_person_does():
    """Selects begin with an empty option, boxes and dots are empty."""
    page = Page(render(EVERYTHING))

    assert not [each for each in controls(page) if "checked" in each]
    assert not [each for each in page.all("option") if "selected" in each]
    assert len(page.all("option", value="")) == len(page.all("select")) == 2


def test_the_server_is_the_judge():
    """No control is required or limited by the browser, whose counting differs."""
    page = Page(render(EVERYTHING))

    assert "novalidate" in page.all("form")[0]
    assert not [each for each in controls(page) if {"required", "maxlength", "pattern"} & each.keys()]


def test_a_form_with_files_is_multipart_and_says_what_is_taken():
    """Types, size and number stand in the hint."""
    page = Page(render(EVERYTHING))
    file = page.all("input", type="file")[0]

    assert page.all("form")[0]["enctype"] == "multipart/form-data"
    assert (file["accept"], "multiple" in file) == (".pdf", True)
    assert "Accepted: .pdf. At most 10\u00a0MB for each file. At most 2 files." in "".join(page.text)
    assert "enctype" not in Page(render(standard_form())).all("form")[0]


@pytest.mark.parametrize("locale", ["en", "fr", "es", "ru", "zh", "ar"])
def test_files_are_asked_for_again_where_something_else_is_wrong(locale):
    """A browser forgets them, and a form that comes back complete but for a file would lose it in silence."""
    again = text("hint_files_again", locale)
    wrong = [Issue("name", "required")]
    assert again not in "".join(Page(render(EVERYTHING, locale=locale)).text)
    page = Page(render(EVERYTHING, issues=wrong, locale=locale))
    assert "".join(page.text).count(again) == 1


def test_autofill_tokens_are_given():
    """WCAG 1.3.5; the defaults fit the kinds."""
    page = Page(render(EVERYTHING))
    tokens = {each["name"]: each.get("autocomplete") for each in controls(page)}

    assert [tokens[name] for name in ("name", "mail", "land", "secret")] == [
        "name",
        "email",
        "country",
        "new-password",
    ]


def test_optional_fields_say_so():
    """Required ones carry no asterisk."""
    assert "".join(Page(render(EVERYTHING)).text).count("(optional)") == 2


def test_errors_stand_in_a_summary_and_beside_their_fields():
    """In the same words, linked, described and marked."""
    reading = read(EVERYTHING, {"mail": "x"})
    form = render(EVERYTHING, answers=reading.answers, issues=[Issue(FORM, "empty"), *reading.issues])
    page = Page(form).check()
    said = "".join(page.text)

    assert form.has_errors
    assert page.all("div", role="alert", tabindex="-1")
    assert said.count("Enter your name") == said.count("Select your country") == 2
    assert said.count("Answer at least one topic, or add a file or a link") == 1
    name = page.all("input", name="name")[0]
    assert (name["aria-invalid"], name["aria-describedby"]) == ("true", "f-name.hint f-name.error")
    assert [each["href"] for each in page.all("a")] == [f"#f-{issue.path}" for issue in reading.issues]


def test_answers_are_kept_but_no_password():
    """A person corrects one field and sends the rest again."""
    posted = {
        "name": "Ann",
        "mail": "x",
        "essay": "\n\none\ntwo",
        "diet": "b",
        "land": "FR",
        "yes": "yes",
        "secret": "hidden!",
    }
    html = str(render(EVERYTHING, answers=posted, issues=read(EVERYTHING, posted).issues))
    page = Page(html)

    assert page.all("input", name="name")[0]["value"] == "Ann"
    assert [each["value"] for each in page.all("option") if "selected" in each] == ["FR"]
    assert [each["name"] for each in controls(page) if "checked" in each] == ["diet", "yes"]
    assert "one\ntwo</textarea>" in html
    assert "hidden!" not in html


def test_hidden_values_go_along():
    """The submission id makes a repeat harmless."""
    page = Page(render(standard_form(), hidden={"submission_id": 's-"1'}, action="/register?x=1&y=2"))

    assert page.all("input", type="hidden") == [{"type": "hidden", "name": "submission_id", "value": 's-"1'}]
    assert page.all("form")[0]["action"] == "/register?x=1&y=2"
    assert "action" not in Page(render(standard_form())).all("form")[0]


def test_several_buttons():
    """Such as saving a draft."""
    form = render(
        EVERYTHING, buttons=[Button("Submit", "do", "submit"), Button("Save", "do", "draft", is_second=True)]
    )

    assert [(each["name"], each["value"]) for each in Page(form).all("button")] == [
        ("do", "submit"),
        ("do", "draft"),
    ]


@pytest.mark.parametrize(
    ("locale", "lang", "dir_"), [("ar", "ar", "rtl"), ("zh_Hans_CN", "zh", "ltr"), ("de", "en", "ltr")]
)
def test_language_and_direction(locale, lang, dir_):
    """Of the words that the reader sees."""
    assert Page(render(standard_form(), locale=locale)).all("form", lang=lang, dir=dir_)


def test_a_label_that_is_not_in_the_readers_language_says_so():
    """Screen readers change their voice."""
    assert {"lang": "en", "dir": "ltr"} in Page(render(EVERYTHING, locale="ar")).all("span")


def test_long_and_optional_choices_are_selects():
    """A radio button cannot be taken back."""
    many = tuple(Choice(value=str(each), label=L(str(each))) for each in range(7))
    form = Form(fields=[Field(name="x", kind="choice", label=L("X"), choices=many)])

    assert len(Page(render(form)).all("option")) == 8


def test_templates_print_it_as_it_is():
    """Jinja2 and Django look for `__html__`."""
    jinja2 = pytest.importorskip("jinja2")
    form = render(standard_form())

    assert jinja2.Environment(autoescape=True).from_string("{{ form }}").render(form=form) == str(form)


def test_the_built_in_backend_does_what_the_port_asks():
    """Reading and showing, behind one object."""
    backend = HtmlForms()
    reading = backend.read(standard_form(), {"full_name": "Ann"})
    form = backend.render(standard_form(), answers=reading.answers, issues=reading.issues, locale="es")

    assert isinstance(backend, FormBackend)
    assert isinstance(form, RenderedForm)
    assert "Seleccione una respuesta para «País»" in str(form)


HOSTILE = st.one_of(
    st.text(),
    st.sampled_from(
        [
            "</textarea><script>alert(1)</script>",
            '"><img src=x onerror=alert(1)>',
            "'onfocus=x",
            "&lt;",
            "\0\ud800",
            "{{7*7}}",
        ]
    ),
)


@examples(100)
@given(st.dictionaries(st.sampled_from([each.name for each in EVERYTHING.fields]), HOSTILE), HOSTILE, HOSTILE)
def test_no_text_becomes_markup(posted, label, value):
    """Law: whatever people and organisers write, the elements of the page are the same, and it encodes as UTF-8."""
    tags = [tag for tag, _ in Page(render(EVERYTHING, answers={})).elements]
    page = Page(str(render(EVERYTHING, answers=posted, hidden={})).encode().decode()).check()
    assert [tag for tag, _ in page.elements] == tags

    form = Form(
        fields=[Field(name="x", kind="text", label=LocalizedText.of(label), hint=LocalizedText.of(value))]
    )
    plain = Form(fields=[Field(name="x", kind="text", label=L("x"), hint=L("x"))])
    found = [tag for tag, _ in Page(render(form, hidden={"h": value}, issues=[Issue("x", label)])).elements]
    assert found == [
        tag for tag, _ in Page(render(plain, hidden={"h": ""}, issues=[Issue("x", "y")])).elements
    ]


@examples(100)
@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_a_long_answer_comes_back_from_the_page_as_it_went_in(answer):
    """Law: read, shown and read again, a text is the same (browsers swallow the first newline of a text area)."""
    kept = read(EVERYTHING, {"essay": answer}).answers["essay"]
    html = str(render(EVERYTHING, answers={"essay": answer}))
    shown = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", html, re.DOTALL)[1]

    assert unescape(shown) == kept


def test_elements_escape_all_but_markup():
    """Safe by construction."""
    inner = element("b", "<i>")

    assert element("p", inner, "&", None, class_='"x"', hidden=True, lang=None) == Html(
        '<p class="&quot;x&quot;" hidden><b>&lt;i&gt;</b>&amp;</p>'
    )
    assert escape("a\x00\ud800\nb") == "a\ufffd\ufffd\nb"
