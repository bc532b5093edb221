"""Mailboxes: names that are one line, addresses that mail can be sent to."""

from __future__ import annotations

import pytest
from hypothesis import given
from tests.invite_samples import HOSTILE

from conferencekit.errors import InvalidAddress
from conferencekit.mailbox import LONGEST_NAME, Mailbox, one_line, parse_mailbox


@given(HOSTILE)
def test_a_name_is_always_one_line(text):
    """Without control characters, line ends, or marks that turn the direction of what follows."""
    name = Mailbox(text, "ada@example.org").name
    assert "\n" not in name
    assert len(name.splitlines()) <= 1
    assert not any(each in name for each in "\x00\x07\r\x7f\x85\u2028\u202e\ufeff")
    assert len(name) <= LONGEST_NAME


@given(HOSTILE)
def test_making_one_line_is_idempotent(text):
    """One line of one line is the same."""
    assert one_line(one_line(text)) == one_line(text)


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("ada@example.org", "", "ada@example.org"),
        (" Ada <ada@example.org> ", "Ada", "ada@example.org"),
        ('"Lovelace, Ada" <ada@example.org>', "Lovelace, Ada", "ada@example.org"),
        (r'"A \"the\" B" <ada@example.org>', 'A "the" B', "ada@example.org"),
        ("<ada@example.org>", "", "ada@example.org"),
        ("Ada <Ada@EXÄMPLE.org>", "Ada", "Ada@xn--exmple-cua.org"),
        ("Zoë <zoë@example.org>", "Zoë", "zoë@example.org"),
        ("a <b> <ada@example.org>", "a <b>", "ada@example.org"),
    ],
)
def test_a_mailbox_is_read_as_people_write_it(text, name, address):
    """The domain becomes lower-case ASCII; what stands before the @ is left as it is."""
    assert parse_mailbox(text) == Mailbox(name, address)
    assert parse_mailbox(text).address == address


@pytest.mark.parametrize(
    "text", ["", "ada", "ada@", "@example.org", "ada@localhost", "a b@example.org", "Ada <>", "a@b.org, c@d.org", "ada@example.org>"]
)  # fmt: skip
def test_what_is_no_mailbox_is_refused(text):
    """With what was given."""
    with pytest.raises(InvalidAddress, match="is not an e-mail address"):
        parse_mailbox(text)


@pytest.mark.parametrize("address", [None, 7, "ada@example.org\r\nBcc: eve@example.org", "ada@example.org\0"])
def test_no_address_holds_more_than_one(address):
    """No header can be smuggled in by it."""
    with pytest.raises(InvalidAddress):
        Mailbox("Ada", address)


def test_what_every_server_takes_is_told_apart():
    """Addresses with letters outside ASCII before the @ need SMTPUTF8."""
    assert Mailbox("", "ada@exämple.org").address.isascii()
    assert not Mailbox("", "zoë@example.org").address.isascii()
    assert Mailbox("", "ada@exämple.org").domain == "xn--exmple-cua.org"
    assert str(Mailbox("Ada", "ada@example.org")) == "Ada <ada@example.org>"
