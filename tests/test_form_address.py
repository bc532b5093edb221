"""E-mail addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.laws import examples

from conferencekit.errors import InvalidAddress
from conferencekit.form.address import email_key, parse_address, tidy_address


@pytest.mark.parametrize(
    "address",
    [
        "name@example.org",
        "first.last+tag@sub.example.co",
        "o'brien_%x@example.org",
        "用户@例子.公司",
        "محمد@مثال.مصر",
        "δοκιμή@παράδειγμα.δοκιμή",
        "x@xn--bcher-kva.example",
        "a" * 64 + "@example.org",
        "x@" + "a" * 63 + ".org",
        "digits@123.example",
    ],
)
def test_addresses_that_mail_can_be_sent_to(address):
    """Of any script."""
    assert parse_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "@",
        "name",
        "name@",
        "@example.org",
        "name@localhost",
        "a@b@example.org",
        ".a@example.org",
        "a..b@example.org",
        "a.@example.org",
        "a@.example.org",
        "a@example..org",
        "a@example.org.",
        "a@-x.org",
        "a@x-.org",
        "a@ex_ample.org",
        "a@exa mple.org",
        "a b@example.org",
        '"a b"@example.org',
        "a@[127.0.0.1]",
        "a@127.0.0.1",
        "Name <name@example.org>",
        "mailto:name@example.org",
        "a@example.org\r\nBcc: b@example.org",
        "a\u202e@example.org",
        "a\u200b@example.org",
        "a@exam\u00adple.org",
        "a\ud800@example.org",
        "a@\ud800.org",
        "a@😀.org",
        "a" * 65 + "@example.org",
        "é" * 33 + "@example.org",
        "x@" + "a" * 64 + ".org",
        "x@" + ".".join(["a" * 49] * 6),
        "x@" + "ü" * 63 + ".org",
        "a@" + "b." * 200_000 + "org",
    ],
)
def test_what_is_no_address(address):
    """Is refused, and as a key with the value."""
    assert parse_address(address) is None
    with pytest.raises(InvalidAddress, match="name@example.org"):
        email_key(address)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Name@Example.ORG", "name@example.org"),
        ("x@BÜCHER.example", "x@xn--bcher-kva.example"),
        ("x@bücher.example", "x@bu\u0308cher.example"),
        ("e\u0301@example.org", "é@example.org"),
        ("用户@例子。公司", "用户@例子.公司"),
        ("x\uff20example.org", "x@example.org"),
        ("x@ｅｘａｍｐｌé.org", "x@examplé.org"),
    ],
)
def test_two_ways_to_write_one_address(one, other):
    """Have one key."""
    assert email_key(one) == email_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("maß@example.org", "mass@example.org"),
        ("x@straße.example", "x@strasse.example"),
        ("a+b@example.org", "a@example.org"),
        ("a.b@example.org", "ab@example.org"),
    ],
)
def test_two_addresses_stay_two(one, other):
    """Nobody is told that they are registered because somebody like them is."""
    assert email_key(one) != email_key(other)


def test_the_key_of_an_internationalised_domain_is_what_the_dns_has():
    """By the example of RFC 3492 and IDNA 2008's treatment of the sharp s."""
    assert email_key("x@Bücher.example") == "x@xn--bcher-kva.example"
    assert email_key("x@straße.example") == "x@xn--strae-oqa.example"


@examples(200)
@given(st.one_of(st.text(), st.emails(), st.text(alphabet="a.@\uff20\u3002-ü\u0301 A")))
def test_a_key_is_its_own_key(text):
    """Law: keys are a fixed point; nothing raises but the error for what is no address."""
    if parse_address(text):
        assert email_key(email_key(text)) == email_key(text)
        assert email_key(text.upper() if text.isascii() else text) == email_key(text)
    assert tidy_address(tidy_address(text)) == tidy_address(text)
