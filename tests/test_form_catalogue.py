"""The words, in six languages."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import conferencekit
from conferencekit.form.catalogue import CODES, LOCALES, message, number_text, size_text, text
from conferencekit.form.fields import Field
from conferencekit.form.issues import FORM, Issue
from conferencekit.form.texts import INTERFACE, ISSUES
from conferencekit.text import LocalizedText

NAME = Field(name="full_name", kind="text", label=LocalizedText({"en": "Full name", "fr": "Nom complet"}))


def placeholders(words):
    """What a text wants filled in."""
    return set(re.findall(r"\{(\w*)\}", words))


@pytest.mark.parametrize("catalogue", [ISSUES, INTERFACE], ids=["issues", "interface"])
@pytest.mark.parametrize("locale", LOCALES)
def test_all_languages_have_the_same_codes_and_placeholders(catalogue, locale):
    """And none is empty."""
    assert catalogue[locale].keys() == catalogue["en"].keys()
    for key, words in catalogue["en"].items():
        assert placeholders(catalogue[locale][key]) == placeholders(words), key
        assert catalogue[locale][key].strip()


@pytest.mark.parametrize("locale", LOCALES[1:])
def test_no_text_was_left_in_english(locale):
    """A few words are spelt alike."""
    alike = {key for key in INTERFACE["en"] if INTERFACE[locale][key] == INTERFACE["en"][key]}

    assert alike <= {"title", "error_title", "error_prefix"}
    assert not [key for key in ISSUES["en"] if ISSUES[locale][key] == ISSUES["en"][key]]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_has_words_with_and_without_a_field(code, locale):
    """No placeholder is left, and no sentence ends with a full stop (they stand in lists)."""
    params = dict.fromkeys(placeholders(ISSUES["en"][code]) - {"phrase", "label"}, 7)
    for field in (NAME, None):
        said = message(Issue("x", code, params), field, locale)
        assert "{" not in said
        assert "?" not in said
        assert said
        assert not said.endswith((".", "。"))


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("Full name", "Enter your full name"),
        ("Your name", "Enter your name"),
        ("ORCID", "Enter your ORCID"),
        ("What did you learn?", "Answer “What did you learn?”"),
    ],
)
def test_an_english_error_repeats_the_label_within_its_sentence(label, said):
    """As the GOV.UK Design System asks."""
    field = Field(name="x", kind="text", label=LocalizedText.of(label))

    assert message(Issue("x", "required"), field, "en-GB") == said


def test_a_label_of_another_language_is_quoted():
    """Its words cannot be part of the sentence."""
    field = Field(name="x", kind="text", label=LocalizedText({"de": "Vollständiger Name"}))

    assert message(Issue("x", "required"), field, "de") == "Enter “Vollständiger Name”"
    assert message(Issue("x", "required"), NAME, "fr-CH") == "Renseignez «\u00a0Nom complet\u00a0»"
    assert message(Issue("x", "required"), NAME, "ru") == "Заполните поле «Full name»"


def test_a_code_without_words_gets_general_ones():
    """A plugin's own codes do not break the page."""
    assert message(Issue("full_name", "from_a_plugin"), NAME, "en") == "Check your full name"
    assert message(Issue(FORM, "from_a_plugin"), None, "en") == "Check the form and send it again"
    assert message(Issue("x", "required.question"), NAME, "en") == "Check your full name"


def test_values_are_never_templates():
    """What a person typed stands as it is."""
    said = message(Issue("x", "file_empty", {"file": "{phrase}{0}"}), NAME, "en")

    assert said == "Choose another file than {phrase}{0}, which is empty"


def test_a_missing_value_does_not_break_the_sentence():
    """The host may have forgotten one."""
    assert (
        message(Issue("x", "too_many_files", {"max": 3}), None, "en")
        == "Choose 3 files or fewer; you chose ?"
    )


def test_numbers_and_sizes_read_as_each_language_writes_them():
    """Thousands apart from 10,000 on, bytes in units of 1,000."""
    assert [number_text(9999), number_text(20000), number_text(20000, "fr")] == [
        "9999",
        "20,000",
        "20\u202f000",
    ]
    assert size_text(200_000_000) == "200\u00a0MB"
    assert size_text(1_500_000, "fr") == "1,5\u00a0Mo"
    assert size_text(5_000_000_000_000, "ru") == "5000\u00a0ГБ"
    assert size_text(0) == "0\u00a0B"


def test_values_in_arabic_are_isolated():
    """So that a Latin file name does not turn the sentence around."""
    assert "\u2068a.pdf\u2069" in message(Issue("x", "file_empty", {"file": "a.pdf"}), NAME, "ar")


@given(
    st.text(),
    st.dictionaries(st.text(), st.one_of(st.text(), st.integers(), st.none())),
    st.text(max_size=12),
)
def test_words_are_found_for_anything(code, params, locale):
    """Law: a message never raises, whatever code, values and locale there are."""
    assert message(Issue("full_name", code, params), NAME, locale)
    assert text("problem", locale)


def used_codes():
    """The codes that stand as texts in calls of `Issue` and of functions that make one."""
    for path in Path(conferencekit.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = getattr(getattr(node, "func", None), "id", "")
            if name in ("Issue", "_issue", "_refused") and node.args:
                code = node.args[1 if name == "Issue" and len(node.args) > 1 else 0]
                if isinstance(code, ast.Constant) and isinstance(code.value, str):
                    yield code.value


def test_every_code_that_the_library_uses_has_words():
    """A person never has to read the general ones for what we know better."""
    used = set(used_codes())

    assert {"required", "file_unsafe", "link_used"} & used
    assert used - CODES - {""} == set()
