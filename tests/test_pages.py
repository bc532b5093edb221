"""Whole pages."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.html_page import Page
from tests.laws import examples

from conferencekit.errors import InvalidText
from conferencekit.form.catalogue import LOCALES, text
from conferencekit.form.html import element
from conferencekit.form.issues import FORM, Issue
from conferencekit.form.pages import (
    Frame,
    Purpose,
    Said,
    confirm_page,
    contribution_page,
    form_page,
    message_page,
    page,
    received_page,
    sign_in_form,
    sign_in_page,
)
from conferencekit.form.reading import read
from conferencekit.form.rendering import render
from conferencekit.form.standard import standard_form
from conferencekit.form.style import content_security_policy
from conferencekit.text import LocalizedText

FRAME = Frame(
    conference=LocalizedText({"en": "Global MOOC Conference 2020", "fr": "Conférence mondiale"}),
    theme=LocalizedText({"en": "Learning Revolution"}),
    contact="info@example.org",
    home="https://gmc.example.org/",
)


def frame(locale):
    """The frame for a reader."""
    return Frame(conference="A & B", locale=locale, contact="info@example.org")


def every_page(locale):
    """One of each."""
    framed = frame(locale)
    form = render(standard_form(), locale=locale, issues=read(standard_form(), {}).issues)
    yield form_page(
        form, framed, fee="free", deadline="29 Nov", introduction="One\n\nTwo", sign_in="/sign-in"
    )
    yield received_page("GMC-7", framed, sign_in="/sign-in", instructions="Then.")
    yield sign_in_page(framed, issues=[Issue(FORM, "sign_in")])
    yield contribution_page(
        "submitted", framed, answers=[("Q", "A")], materials=[("a.pdf", "/a")], notice="submitted"
    )
    yield from (confirm_page(purpose, framed, subject="x@example.org") for purpose in Purpose.__args__)
    yield from (message_page(said, framed, links=[("Back", "/")]) for said in Said.__args__)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_page_is_a_whole_document_in_its_language(locale):
    """One heading, landmarks, language and direction, no script, nothing loaded."""
    for each in every_page(locale):
        html = str(each)
        parsed = Page(html.removeprefix("<!doctype html>")).check()

        assert html.startswith("<!doctype html><html lang=")
        assert parsed.all("html", lang=locale, dir="rtl" if locale == "ar" else "ltr")
        assert [len(parsed.all(tag)) for tag in ("main", "header", "footer", "h1", "title")] == [1] * 5
        assert not parsed.all("script")
        assert not [
            attributes for _, attributes in parsed.elements if "src" in attributes or "style" in attributes
        ]
        assert "{" not in re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)


def test_a_form_page_shows_what_a_person_decides_by():
    """The conference, the fee and the deadline."""
    said = "".join(
        Page(
            form_page(render(standard_form()), FRAME, fee="free", deadline="29 November 2020").html[15:]
        ).text
    )

    assert "Global MOOC Conference 2020" in said
    assert "Fee" in said
    assert "free" in said
    assert "29 November 2020" in said


def test_a_page_with_errors_says_so_first():
    """Screen readers begin with the title."""
    form = render(standard_form(), issues=read(standard_form(), {}).issues)

    assert form_page(form, FRAME).title.startswith("Error: ")
    assert not form_page(render(standard_form()), FRAME).title.startswith("Error: ")
    assert sign_in_page(FRAME, issues=[Issue(FORM, "sign_in")]).title.startswith("Error: ")


def test_a_confirm_page_does_nothing_until_its_button_posts():
    """Mail scanners open links."""
    parsed = Page(confirm_page("verify", FRAME, action="/verify", hidden={"token": "t"}).html[15:])

    assert parsed.all("form", method="post", action="/verify")
    assert parsed.all("input", type="hidden", name="token", value="t")
    assert len(parsed.all("button", type="submit")) == 1


def test_signing_in_asks_what_password_managers_know():
    """By the tokens for an existing account; any password can be tried."""
    parsed = Page(sign_in_page(FRAME, answers={"email": "a@example.org", "password": "secret"}).html[15:])

    assert parsed.all("input", autocomplete="username", value="a@example.org")
    assert parsed.all("input", autocomplete="current-password")
    assert "secret" not in str(parsed.elements)
    assert read(sign_in_form(), {"email": "a@example.org", "password": "x"}).is_valid


def test_a_body_of_ones_own_is_escaped_unless_it_is_markup():
    """User text never becomes markup."""
    assert "&lt;b&gt;" in str(page("T", "<b>", FRAME))
    assert "<b>x</b>" in str(page("T", element("b", "x"), FRAME))


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "JaVa\tscript:alert(1)", " data:text/html,x", "vbscript:x", "", "java\nscript:x"],
)
def test_no_link_leads_to_a_program(address):
    """Its words stay."""
    parsed = Page(message_page("closed", FRAME, links=[("words", address)]).html[15:])

    assert [each["href"] for each in parsed.all("a")] == [
        "https://gmc.example.org/",
        "mailto:info@example.org",
    ]
    assert "words" in parsed.text


@pytest.mark.parametrize(
    "address", ["/a", "a?b=c:d", "https://example.org/", "mailto:a@example.org", "#x", "a/b:c"]
)
def test_other_links_are_links(address):
    """Relative ones too."""
    assert Page(message_page("closed", FRAME, links=[("words", address)]).html[15:]).all("a", href=address)


def test_the_policy_knows_the_stylesheet():
    """A host can send it as it is."""
    style = re.search(r"<style>(.*?)</style>", str(page("T", "x", FRAME)), re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert f"'sha256-{digest}'" in content_security_policy()


@pytest.mark.parametrize(
    "make",
    [
        lambda: confirm_page("explode", FRAME),
        lambda: message_page("email", FRAME),
        lambda: contribution_page("lost", FRAME),
        lambda: contribution_page("draft", FRAME, notice="lost"),
    ],
)
def test_a_page_that_does_not_exist_is_refused(make):
    """Naming those that do."""
    with pytest.raises(InvalidText, match="There is a page for each of"):
        make()


@examples(50)
@given(st.text(), st.text())
def test_no_text_becomes_markup(one, two):
    """Law: the elements of a page do not depend on what people wrote."""

    def tags(first, second):
        made = contribution_page(
            "draft",
            Frame(conference=first, theme=second or "x", contact="a@example.org"),
            reference=first or "x",
            answers=[(first, second)],
            materials=[(first, "/x")],
        )
        return [tag for tag, _ in Page(str(made).removeprefix("<!doctype html>")).elements]

    assert [tag for tag in tags(one, two) if tag != "span"] == [
        tag for tag in tags("x", "y") if tag != "span"
    ]


@pytest.mark.parametrize("locale", LOCALES)
def test_a_page_says_whose_reference_it_is(locale):
    """That of the registration, or that of the contribution."""
    registration, contribution = text("reference", locale), text("contribution_reference", locale)
    frame = Frame(conference="C", locale=locale)
    assert registration != contribution
    assert registration in str(received_page("GMC-7", frame))
    page = str(contribution_page("submitted", frame, reference="G-001"))
    assert contribution in page
    assert registration not in page
