"""Reading what people post."""

from __future__ import annotations

import time
import unicodedata

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st
from tests.laws import examples

from conferencekit.errors import InvalidText
from conferencekit.form.fields import Choice, Field, Form
from conferencekit.form.issues import Issue, issues_by_path
from conferencekit.form.reading import MAX_TEXT, read, storable
from conferencekit.form.standard import standard_form
from conferencekit.text import LocalizedText

L = LocalizedText.of
GOOD = {
    "full_name": "Amina Diallo",
    "email": "amina@example.org",
    "password": "correct horse battery",
    "country": "SN",
    "organisation": "",
    "consent": "yes",
}
EVERYTHING = Form(
    fields=(
        Field(name="name", kind="text", label=L("Name"), min_length=2, max_length=40),
        Field(name="mail", kind="email", label=L("E-mail")),
        Field(name="essay", kind="textarea", label=L("Essay"), max_length=100),
        Field(
            name="diet",
            kind="choice",
            label=L("Diet"),
            choices=(Choice(value="a", label=L("A")), Choice(value="b c", label=L("B"))),
        ),
        Field(name="land", kind="country", label=L("Country")),
        Field(name="yes", kind="consent", label=L("Yes")),
        Field(name="secret", kind="password", label=L("Secret")),
        Field(name="file", kind="file", label=L("Files"), accept=(".pdf",), max_files=2),
    )
)


@frozen
class Sent:
    """An upload as far as a form looks at it."""

    filename: str


class Multi(dict):
    """The multi-value mapping of Flask, Django and Starlette."""

    def getlist(self, key):
        """All values of a key."""
        return self.get(key, [])


def codes(reading):
    """(path, code) of the issues."""
    return [(issue.path, issue.code) for issue in reading.issues]


def test_a_good_form_has_no_issues():
    """Clean answers come back as they are, with every field of the form."""
    reading = read(standard_form(), GOOD)

    assert reading.is_valid
    assert reading.answers == {**GOOD, "consent": True}


def test_an_empty_form_gives_all_issues_in_the_order_of_the_fields():
    """Nothing is reported one by one."""
    assert codes(read(EVERYTHING, {})) == [
        ("name", "required"),
        ("mail", "required"),
        ("essay", "required"),
        ("diet", "choose"),
        ("land", "choose"),
        ("yes", "consent"),
        ("secret", "required"),
        ("file", "file_required"),
    ]


def test_a_draft_may_be_incomplete_but_not_wrong():
    """Only what completeness asks is left out."""
    reading = read(EVERYTHING, {"name": "x", "mail": "not an address", "land": "Atlantis"}, draft=True)

    assert codes(reading) == [("mail", "email"), ("land", "country")]


@pytest.mark.parametrize("posted", [None, 7, "text", [], b"x", object(), {"full_name": object(), 3: "x"}])
def test_what_is_no_form_counts_as_nothing_posted(posted):
    """A broken caller's body gives issues, not a traceback."""
    assert "required" in {issue.code for issue in read(standard_form(), posted).issues}


def test_a_host_whose_form_parser_fails_gives_issues():
    """Frameworks parse a body at the first access, and fail in their own ways."""

    class Broken:
        def getlist(self, key):
            raise RuntimeError(key)

    assert not read(standard_form(), Broken()).is_valid


def test_getlist_is_used_where_there_is_one_and_the_last_value_counts():
    """A hidden default before a control is a habit of some hosts."""
    posted = Multi({**{key: [value] for key, value in GOOD.items()}, "country": ["", "FR"]})

    assert read(standard_form(), posted).answers["country"] == "FR"


def test_unknown_keys_are_ignored():
    """Nothing that the form did not ask gets into the answers."""
    assert "role" not in read(standard_form(), {**GOOD, "role": "admin"}).answers


@pytest.mark.parametrize(
    ("typed", "read_as"),
    [
        ("  Zoe\u0301   Müller ", "Zoé Müller"),
        ("Ann\r\nBcc: x@example.org", "Ann Bcc: x@example.org"),
        ("a\u202eb\u2066c\u200bd\ufeff\u00ade\x00\x1b[31m", "abcde[31m"),
        ("\u200fمحمد\u200f", "محمد"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("葛\U000e0100飾", "葛\U000e0100飾"),
        ("\u3164\u2800\u200d", ""),
        ("a\ud800b", "ab"),
        ("山田\u3000太郎", "山田 太郎"),
        ("a\tb\u2028c", "a b c"),
    ],
)
def test_a_name_is_one_clean_line(typed, read_as):
    """Controls, bidirectional overrides and invisible characters go; what scripts need stays."""
    assert read(standard_form(), {**GOOD, "full_name": typed}).answers["full_name"] == read_as


def test_a_long_text_keeps_its_lines_and_marks():
    """Line ends become one kind, overrides go, directional marks stay."""
    posted = {"essay": " one\r\ntwo\rthree\u202e\u200f \n\n"}

    assert read(EVERYTHING, posted).answers["essay"] == "one\ntwo\nthree\u200f"


def test_lengths_count_code_points_after_cleaning():
    """An emoji is one, a letter with a combining accent too."""
    form = Form(fields=(Field(name="x", kind="text", label=L("X"), max_length=3, min_length=3),))

    assert read(form, {"x": " 😀e\u0301😀 "}).is_valid
    assert codes(read(form, {"x": "😀😀"})) == [("x", "too_short")]
    assert read(form, {"x": "😀😀😀😀"}).issues == (Issue("x", "too_long", {"max": 3, "length": 4}),)


def test_ten_megabytes_are_refused_at_once():
    """A huge answer costs no more than a long one, and is not carried on."""
    huge = "e\u0301 " * 4_000_000
    started = time.process_time()
    reading = read(
        EVERYTHING, {**dict.fromkeys(("name", "mail", "essay", "diet", "land", "yes", "secret"), huge)}
    )

    assert time.process_time() - started < 0.2
    assert all(len(str(value)) < 3 * MAX_TEXT for value in reading.answers.values())
    assert ("essay", "too_long") in codes(reading)
    assert next(issue for issue in reading.issues if issue.path == "essay").params["length"] == len(huge)


def test_ten_megabytes_of_space_around_an_answer_do_not_hide_it_being_too_long():
    """What was cut counts."""
    assert ("name", "too_long") in codes(read(EVERYTHING, {"name": "Ann" + " " * 10_000_000}))


@pytest.mark.parametrize("value", ["XX", "UK", "China", "C", "CHN", "<b>", "ＣＮ"])
def test_only_assigned_country_codes_are_taken(value):
    """ISO 3166-1 alpha-2, as the select posts them."""
    assert codes(read(standard_form(), {**GOOD, "country": value})) == [("country", "country")]


def test_a_country_code_may_be_typed_small():
    """An API's caller need not shout."""
    assert read(standard_form(), {**GOOD, "country": " cn "}).answers["country"] == "CN"


def test_a_choice_is_one_of_its_options():
    """Labels and other values are not."""
    assert ("diet", "choice") in codes(read(EVERYTHING, {"diet": "B"}))
    assert read(EVERYTHING, {"diet": " b  c "}).answers["diet"] == "b c"


@pytest.mark.parametrize(
    ("value", "given"), [("yes", True), ("on", True), (True, True), ("1", True), (1, True)]
)
def test_a_consent_that_is_there_is_given(value, given):
    """Browsers send the box's value, APIs true."""
    assert read(EVERYTHING, {"yes": value}).answers["yes"] is given


@pytest.mark.parametrize("value", ["", "0", "false", "off", "No", False, None, 0, []])
def test_a_consent_is_never_given_by_a_no(value):
    """An import or an API may say no in words."""
    assert ("yes", "consent") in codes(read(EVERYTHING, {"yes": value}))


def test_a_password_is_kept_as_typed():
    """Spaces count, NFC makes two keyboards agree."""
    assert read(EVERYTHING, {"secret": "  pa\u0301ss wörd  "}).answers["secret"] == "  páss wörd  "


@pytest.mark.parametrize(
    ("value", "code"), [("short", "too_short"), ("x" * 1025, "too_long"), ("Password123", "password_known")]
)
def test_a_weak_password_is_refused(value, code):
    """At least eight characters, at most 1,024, and not the first that anybody tries."""
    assert ("secret", code) in codes(read(EVERYTHING, {"secret": value}))


def test_files_are_counted_and_named():
    """Empty parts, which browsers send for an empty input, do not count."""
    sent = {"file": [Sent("a.PDF"), Sent(""), Sent("b.exe"), Sent("c.pdf")]}
    reading = read(EVERYTHING, {}, files=sent)

    assert [issue for issue in reading.issues if issue.path == "file"] == [
        Issue("file", "file_type", {"file": "b.exe", "accept": ".pdf"}),
        Issue("file", "too_many_files", {"max": 2, "count": 3}),
    ]
    assert reading.answers["file"] == (Sent("a.PDF"), Sent("b.exe"), Sent("c.pdf"))


def test_what_is_stored_has_no_passwords_and_no_files():
    """They go elsewhere, or nowhere."""
    kept = storable(EVERYTHING, read(EVERYTHING, {"secret": "s" * 10}).answers)

    assert list(kept) == ["name", "mail", "essay", "diet", "land", "yes"]


def test_issues_can_be_looked_up_by_path():
    """For showing them beside their fields."""
    one, two, other = Issue("a", "x"), Issue("a", "y"), Issue("", "z")

    assert issues_by_path([one, other, two]) == {"a": (one, two), "": (other,)}


values = st.one_of(
    st.text(),
    st.text(st.characters(categories=("Cc", "Cf", "Cs", "Mn", "Zs", "Lo"))),
    st.sampled_from(["a@b.example", "A@Bücher。example", "CN", "cn", "b  c", "yes", "x" * 300]),
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.binary(),
)
posts = st.dictionaries(
    st.sampled_from([*(each.name for each in EVERYTHING.fields), "other"]),
    st.one_of(values, st.lists(values, max_size=3)),
)


@examples(200)
@given(posts)
def test_reading_never_raises_and_reading_again_changes_nothing(posted):
    """Law: answers are a fixed point, and so are their issues."""
    first = read(EVERYTHING, posted)
    second = read(EVERYTHING, first.answers)

    assert second.answers == first.answers
    assert codes(second) == codes(first)


@examples(200)
@given(posts)
def test_issues_stand_in_the_order_of_the_fields(posted):
    """Law: a reader goes through the form once."""
    order = [each.name for each in EVERYTHING.fields]
    places = [order.index(issue.path) for issue in read(EVERYTHING, posted).issues]

    assert places == sorted(places)


@examples(200)
@given(posts)
def test_answers_can_be_stored(posted):
    """Law: what is read is NFC, encodes as UTF-8, and a line has no line ends."""
    for name, value in storable(EVERYTHING, read(EVERYTHING, posted).answers).items():
        text = str(value)
        assert text.encode().decode() == text
        assert unicodedata.is_normalized("NFC", text)
        assert "\0" not in text
        assert name == "essay" or "\n" not in text


@pytest.mark.parametrize(
    "make",
    [
        lambda: Field(name="", kind="text", label=L("X")),
        lambda: Field(name="a b", kind="text", label=L("X")),
        lambda: Field(name="1", kind="text", label=L("X")),
        lambda: Field(name="x", kind="choice", label=L("X")),
        lambda: Field(name="x", kind="choice", label=L("X"), choices=[Choice(value=" ", label=L("X"))]),
        lambda: Field(
            name="x",
            kind="choice",
            label=L("X"),
            choices=[Choice(value="a", label=L("X")), Choice(value=" a", label=L("Y"))],
        ),
        lambda: Field(name="x", kind="text", label=L("X"), min_length=5, max_length=4),
        lambda: Field(name="x", kind="file", label=L("X"), accept=["pdf"]),
        lambda: Form(fields=[Field(name="x", kind="text", label=L("X"))] * 2),
    ],
)
def test_a_form_that_nobody_could_answer_is_refused(make):
    """By the value, with what to do."""
    with pytest.raises(InvalidText, match=r"cannot stand here\. .+"):
        make()
