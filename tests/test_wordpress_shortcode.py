"""WordPress shortcodes: the grammar exactly, and the repair of scraped pages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.growth import in_proportion
from tests.laws import examples

from conferencekit.form.shortcode import find_shortcodes, parse_attributes, parse_shortcode

FORM = "user_registration_form"


@pytest.mark.parametrize("text", ['id="642"', "id='642'", "id=642", 'id = "642"', 'ID="642"', "\tid=642\n"])
def test_the_ways_to_write_an_attribute(text):
    """Straight quotes of both kinds, none, spaces around the sign, capitals."""
    assert parse_attributes(text) == {"id": "642"}


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        ("id=”642″", {"id": "”642″"}),
        ("id=&quot;642&quot;", {"id": "&quot;642&quot;"}),
        ("title=”a b″", {"title": "”a", "0": "b″"}),
        ('id="642', {"0": 'id="642'}),
        ('id=642"', {"0": 'id=642"'}),
        ('id="642"x=1', {"0": 'id="642"x=1'}),
        (r'a="c:\temp\new"', {"a": "c:\temp\new"}),
        (r'a="\x41\101\q\\"', {"a": "AAq\\"}),
        (r'a="\xe9"', {"a": "\ufffd"}),
        ('a="1 < 2"', {"a": ""}),
        ('a="<b>x</b>"', {"a": "<b>x</b>"}),
        ("a=1 A=2", {"a": "2"}),
        ("0=5 a=1", {"a": "1"}),
        ("7=x y", {"7": "x", "8": "y"}),
        ("\"\" '' x", {"0": "x"}),
        ("a\u00a0\u200b=\u00a01", {"a": "1"}),
        ("a=1\u3000b=2", {"a": "1\u3000b=2"}),
        ("", {}),
    ],
)
def test_attributes_read_as_wordpress_reads_them(text, attributes):
    """Measured against WordPress 6.1: typographer's marks are part of the value, damaged quotes make positions."""
    assert parse_attributes(text) == attributes


@pytest.mark.parametrize(
    "text",
    [
        "[user_registration_form id=”642″]",
        "[user_registration_form id=“642”]",
        "[user_registration_form id=&#8221;642&#8243;]",
        "[user_registration_form id=&quot;642&quot;]",
        "[user_registration_form id=&#8217;642&#8242;]",
        "[user_registration_form id=«642»]",
        '[user_registration_form id="642"]',
        "<p>Register: [user_registration_form\u00a0id=642/]</p>",
    ],
)
def test_a_scraped_page_gives_the_stored_value(text):
    """Whatever the typographer made of its quotes."""
    found = parse_shortcode(text, repair=True)

    assert (found.tag, found.attributes) == (FORM, {"id": "642"})


def test_a_repair_is_reported_and_never_made_unasked():
    """The raw text stays at hand."""
    text = "see [user_registration_form id=”642″] below"
    repaired, exact = parse_shortcode(text, repair=True), parse_shortcode(text, repair=False)

    assert repaired.repaired
    assert repaired.raw == exact.raw == "[user_registration_form id=”642″]"
    assert not exact.repaired
    assert exact.attributes == {"id": "”642″"}
    assert not parse_shortcode('[user_registration_form id="642"]', repair=True).repaired


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no shortcode",
        "[user_registration_form",
        "[user_registration_forms id=1]",
        "[user_registration_form-x id=1]",
        "[User_Registration_Form id=1]",
        "[[user_registration_form id=1]]",
        "[user_registration_formé]",
        "<!-- [user_registration_form id=1] -->",
        '<a title="[user_registration_form id=1]">x</a>',
        "[other id=1]",
    ],
)
def test_what_is_no_shortcode(text):
    """Escaped, hidden in markup, of another name, or never closed."""
    assert parse_shortcode(text, repair=True) is None


@pytest.mark.parametrize(
    ("text", "attributes", "content"),
    [
        ("[user_registration_form]", {}, ""),
        ("[user_registration_form/]", {}, ""),
        ("[user_registration_form id=642/]", {"id": "642"}, ""),
        ('[user_registration_form id="a]b"]', {"0": 'id="a'}, ""),
        ("[[user_registration_form id=1]", {"id": "1"}, ""),
        ("[user_registration_form id=1]]", {"id": "1"}, ""),
        ("[user_registration_form a=1]x[/user_registration_form]", {"a": "1"}, "x"),
        ('[user_registration_form="1"]', {"0": '="1"'}, ""),
    ],
)
def test_where_a_shortcode_ends(text, attributes, content):
    """At the first bracket, quoted or not; the content at the first closing tag."""
    found = parse_shortcode(text)

    assert (found.attributes, found.content) == (attributes, content)


def test_several_shortcodes():
    """From left to right, an escaped one and the content of another left out."""
    text = (
        "[user_registration_login][[user_registration_login]] [user_registration_form id=1]"
        "[user_registration_form id=2]x[/user_registration_form] [user_registration_form id=3]"
    )

    assert [(each.tag, each.attributes.get("id")) for each in find_shortcodes(text)] == [
        ("user_registration_login", None),
        (FORM, "1"),
        (FORM, "3"),
    ]


def test_other_tags_can_be_looked_for():
    """The plugin's are only the default."""
    assert parse_shortcode("[gallery ids=1,2]", tags=("gallery",)).attributes == {"ids": "1,2"}


@examples(200)
@given(st.text(alphabet="[]/=\"'\\ x1<>!-&;”″\n" + FORM))
def test_parsing_never_raises(text):
    """Law: neither exactly nor repaired, and both find the same shortcodes."""
    text = f"{text}[{FORM} {text}]{text}"
    exact = [each.raw for each in find_shortcodes(text)]

    assert [each.raw for each in find_shortcodes(text, repair=True)] == exact


@pytest.mark.parametrize(
    "text",
    [
        lambda size: f"[{FORM} " * (size // 10),
        lambda size: f"[{FORM}]" * (size // 10),
        lambda size: "<" * size + f"[{FORM}]",
        lambda size: f"[{FORM} " + "a=" * (size // 2) + "]",
        lambda size: f"[{FORM} " + "a " * (size // 2) + "]",
        lambda size: f"[{FORM} " + "a" * (size // 2) + '="]',
        lambda size: "<!--" * (size // 4) + f"[{FORM}]",
        lambda size: "<!--" * (size // 4) + f"[{FORM}]-->",
        lambda size: "<a>" * (size // 4) + f"[{FORM}]" * (size // 200),
    ],
)
def test_hostile_text_takes_no_more_time(text):
    """Long runs of openings do not multiply."""
    in_proportion(lambda size: list(find_shortcodes(text(size), repair=True)), 200_000)
