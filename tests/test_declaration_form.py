"""The call's form: what is asked, and what a filled-in form says."""

from __future__ import annotations

import re

from attrs import evolve
from tests.declaration_samples import CALL, file, submitted

from conferencekit.conference import MaterialRules, Topic
from conferencekit.declaration.call_form import answers_of, call_form, read_contribution
from conferencekit.declaration.content import NotAccepted, read_content
from conferencekit.declaration.words import language_name, say
from conferencekit.form.catalogue import message
from conferencekit.form.fields import Form
from conferencekit.form.reading import read
from conferencekit.form.rendering import render
from conferencekit.text import LocalizedText


def test_the_form_asks_for_all_topics_language_materials_and_consents():
    """Fields in the order in which they are read."""
    form = call_form(CALL, languages=("en", "zh"))
    names = ["topic-1", "topic-2", "topic-3", "topic-4", "language", "links", "materials", "quote", "publish"]
    assert [each.name for each in form.fields] == names
    assert form.field("topic-1").label.text() == "1. Role"
    assert [each.label.text() for each in form.field("language").choices] == ["English", "中文"]
    assert ".pptx" in form.field("materials").accept
    assert (3, 1_000_000) == (form.field("materials").max_files, form.field("materials").max_bytes)


def test_the_form_asks_only_for_materials_that_the_call_wants():
    """Photos only: no field for links, no office documents."""
    photos = call_form(evolve(CALL, materials=MaterialRules(kinds=("photo",))))
    assert photos.field("links") is None
    assert ".pptx" not in photos.field("materials").accept
    links = call_form(evolve(CALL, materials=MaterialRules(kinds=("link",))))
    assert links.field("materials") is None


def test_the_field_for_links_says_how_many_and_how_long():
    """In words, in every language, and not as one large number of characters."""
    field = call_form(CALL).field("links")
    for locale in ("en", "fr", "es", "ru", "zh", "ar"):
        hint = field.hint.text(locale)
        assert all(each in hint for each in ("https://", "20", "2000"))
        page = str(render(Form(fields=[field]), locale=locale).html)
        assert hint in page
        assert not re.search(r"4\d{2}|4\d[,\u202f]", page)


def test_a_link_that_is_too_long_is_named_alone():
    """Whoever sends one reads which, also where all of them together are longer than twenty may be."""
    long = "https://example.org/" + "x" * 3000
    form = call_form(CALL)
    posted = {
        "topic-1": "A",
        "language": "en",
        "quote": "no",
        "publish": "no",
        "links": "\n".join([long] * 15),
    }
    reading = read(form, posted)
    assert reading.issues == ()
    _, issues = read_content(read_contribution(reading.answers), (), CALL)
    assert [(each.path, each.code, each.params["max"]) for each in issues] == [
        ("links", "link_too_long", 2000)
    ]
    told = message(issues[0], form.field("links"), "en")
    assert told.startswith("Shorten the link https://example.org/xxx")
    assert len(told) < 200


def test_context_and_question_stand_below_each_topic():
    """In every language that the question has."""
    topic = Topic(
        number=1,
        title=LocalizedText.of("Role"),
        context=LocalizedText.of("Much has changed."),
        question=LocalizedText({"en": "What most?", "fr": "Quoi surtout ?"}),
    )
    hint = call_form(evolve(CALL, topics=(topic,))).field("topic-1").hint
    assert ("Much has changed. What most?", "Much has changed. Quoi surtout ?") == (
        hint.text("en"),
        hint.text("fr"),
    )


def test_a_filled_in_form_becomes_a_contribution():
    """From what a browser posts to the command, without the rest of the form."""
    form = call_form(CALL, languages=("en", "fr"))
    posted = {
        "topic-1": " Un rôle ", "topic-2": "", "topic-9": "not asked", "language": "fr", "quote": "named", "publish": "no",
        "links": "https://a.example/\r\n\r\nhttps://b.example/",
    }  # fmt: skip
    reading = read(form, posted)
    assert reading.issues == ()
    found = read_contribution(reading.answers, files=(file(),))
    assert ({1: "Un rôle"}, "fr", "named", "no") == (
        found.answers,
        found.language,
        found.quote,
        found.publish,
    )
    assert found.links == ("https://a.example/", "https://b.example/")
    assert ("", "", "", (file(),)) == (found.name, found.organisation, found.country, found.files)


def test_unanswered_consents_mean_no():
    """Nothing, an unknown value, or a true box is never a yes."""
    for answers in ({}, {"quote": "", "publish": None}, {"quote": True, "publish": "NAMED"}):
        found = read_contribution(answers)
        assert ("no", "no", None) == (found.quote, found.publish, found.links)


def test_keys_that_are_no_topics_are_left_out():
    """Hostile names raise nothing."""
    found = read_contribution(
        {"topic-": "a", "topic-x": "b", "topic-²": "c", "topic--1": "d", "topic-٣": "e", "topic-1": "f"}
    )
    assert found.answers == {1: "f"}


def test_going_on_writing_shows_what_was_written():
    """Filling the form from a contribution and reading it again is the identity."""
    mine = submitted(17, {1: "a", 4: "b"}, quote="anonymous", links=("https://a.example/",), files=(file(),))
    assert not isinstance(mine, NotAccepted)
    shown = answers_of(mine.editing)
    again = read_contribution(read(call_form(CALL), shown).answers)
    assert (mine.latest.answers, "en", "anonymous") == (again.answers, again.language, again.quote)
    assert again.links == ("https://a.example/",)


def test_every_fixed_text_is_in_the_six_languages_with_the_same_values():
    """No language lacks a text or a value of it."""
    from conferencekit.declaration import words

    for key, texts in words._TEXTS.items():
        assert set(texts) == {"en", "fr", "es", "ru", "zh", "ar"}, key
        values = {tuple(sorted(_values(text))) for text in texts.values()}
        assert len(values) == 1, key
    assert say("clause", "fr", number=3) == "Paragraphe 3"
    assert ["Français", "中文 (zh-Hans)", "tlh"] == [language_name(tag) for tag in ("fr", "zh-Hans", "tlh")]


def _values(text: str) -> list[str]:
    return [part.partition("}")[0] for part in text.split("{")[1:]]
