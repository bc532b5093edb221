"""The bytes of a mail: read back by the standard library, for values of any kind."""

from __future__ import annotations

import email
import email.header
import email.policy
import email.utils
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.invite_samples import ADDRESSES, HOSTILE
from tests.laws import examples

from conferencekit.mailbox import Mailbox, one_line
from conferencekit.message.mime import Calendar, Mail, mail_to_bytes

ICS = "BEGIN:VCALENDAR\r\nSUMMARY:学习\r\nEND:VCALENDAR\r\n".encode()
TEXTS = (
    st.lists(HOSTILE, max_size=5).map("\n".join).map(lambda text: text.encode("utf-8", "replace").decode())
)


def mail(**changes: object) -> Mail:
    """A mail, with changes."""
    given = {
        "sender": Mailbox("GMC", "gmc@example.org"),
        "recipient": Mailbox("Ada", "ada@example.org"),
        "subject": "You are registered",
        "text": "Hello\n",
        "html": "<p>Hello</p>",
        "locale": "en",
        "date": datetime(2020, 11, 12, 8, 30, tzinfo=UTC),
        "message_id": "<a@example.org>",
    }
    return Mail(**{**given, **changes})


@st.composite
def mails(draw: st.DrawFn) -> Mail:
    """Any mail."""
    return mail(
        sender=Mailbox(draw(HOSTILE), "gmc@example.org"),
        recipient=Mailbox(draw(HOSTILE), draw(ADDRESSES)),
        reply_to=draw(st.none() | HOSTILE.map(lambda name: Mailbox(name, "help@example.org"))),
        subject=draw(HOSTILE),
        text=draw(TEXTS),
        html=draw(TEXTS),
        calendar=draw(st.sampled_from([None, Calendar(octets=ICS, method="REQUEST")])),
        unsubscribe=draw(st.sampled_from([None, "https://example.org/u?a=1&b=>\r\nBcc: x@y.org"])),
    )


def parsed(octets: bytes):
    """As the standard library reads it."""
    return email.message_from_bytes(octets, policy=email.policy.default)


def mailbox(octets: bytes, name: str) -> tuple[str, str]:
    """Name and address of a header: by RFC 2047 as the older reader has it.

    The newer one keeps the space between two encoded words in a name.
    """
    raw = dict(email.message_from_bytes(octets).raw_items())[name]
    unfolded = raw.replace("\r\n", "").encode("ascii", "surrogateescape").decode()
    shown, address = email.utils.parseaddr(unfolded)
    return str(email.header.make_header(email.header.decode_header(shown))), address


def lines(text: str) -> list[str]:
    """Lines, whatever ends them."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


@given(mails())
@examples(200)
def test_what_goes_in_comes_out(made):
    """Names, addresses, subject and all parts."""
    octets = mail_to_bytes(made)
    found = parsed(octets)
    assert not found.defects
    assert found["Subject"] == one_line(made.subject)
    assert mailbox(octets, "To") == (made.recipient.name, made.recipient.address)
    assert mailbox(octets, "From") == (made.sender.name, made.sender.address)
    texts = {part.get_content_type(): part for part in found.walk()}
    assert lines(texts["text/plain"].get_payload(decode=True).decode()) == lines(made.text)
    assert lines(texts["text/html"].get_payload(decode=True).decode()) == lines(made.html)
    if made.calendar:
        assert texts["text/calendar"].get_payload(decode=True) == ICS
        assert texts["application/ics"].get_payload(decode=True) == ICS


@given(mails())
@examples(200)
def test_nothing_breaks_out_of_its_header(made):
    """The headers are those that were meant, each once."""
    head = mail_to_bytes(made).split(b"\r\n\r\n")[0]
    names = re.findall(rb"^([^ \t:]+):", head, re.MULTILINE)
    expected = [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "Content-Language",
        "MIME-Version",
    ]
    expected += ["Content-Type"] + ["Reply-To"] * bool(made.reply_to)
    expected += ["List-Unsubscribe", "List-Unsubscribe-Post"] * bool(made.unsubscribe)
    assert sorted(name.decode() for name in names) == sorted(expected)


@given(mails())
@examples(200)
def test_every_line_is_short_and_ends_in_crlf(made):
    """7 bits in the body; in the headers too, where every server takes the address."""
    octets = mail_to_bytes(made)
    assert octets.count(b"\r\n") == octets.count(b"\r") == octets.count(b"\n")
    assert max(map(len, octets.split(b"\r\n"))) <= 320
    head, _, body = octets.partition(b"\r\n\r\n")
    assert body.isascii()
    assert head.isascii() == made.recipient.address.isascii()
    assert b"\0" not in octets
    assert octets.endswith(b"\r\n")


@given(mails())
@examples(50)
def test_the_same_mail_gives_the_same_bytes(made):
    """Nothing comes from clock, host or chance."""
    assert mail_to_bytes(made) == mail_to_bytes(made)


def shape(part: object) -> object:
    """The types of the parts, nested."""
    if part.is_multipart():
        return (part.get_content_subtype(), [shape(each) for each in part.iter_parts()])
    return part.get_content_type()


def test_without_a_calendar_there_are_two_choices():
    """Text first."""
    assert shape(parsed(mail_to_bytes(mail()))) == ("alternative", ["text/plain", "text/html"])


def test_the_calendar_is_the_last_choice_and_a_file():
    """RFC 6047; Outlook looks at the first part of multipart/mixed only."""
    found = parsed(mail_to_bytes(mail(calendar=Calendar(octets=ICS, method="CANCEL"))))
    choices = ("alternative", ["text/plain", "text/html", "text/calendar"])
    assert shape(found) == ("mixed", [choices, "application/ics"])
    calendar = next(part for part in found.walk() if part.get_content_type() == "text/calendar")
    assert calendar.get_param("method") == "CANCEL"
    assert calendar.get_content_charset() == "utf-8"
    assert calendar["Content-Transfer-Encoding"] == "base64"
    assert next(found.iter_attachments()).get_filename() == "invite.ics"


def test_no_boundary_begins_as_another_does():
    """Some readers compare beginnings only."""
    octets = mail_to_bytes(mail(calendar=Calendar(octets=ICS, method="REQUEST")))
    one, other = re.findall(rb'boundary="([^"]+)"', octets)
    assert not one.startswith(other)
    assert not other.startswith(one)


def test_a_text_like_a_boundary_is_none():
    """What stands in a part never ends it."""
    octets = mail_to_bytes(mail())
    boundary = re.search(rb'boundary="([^"]+)"', octets)[1].decode()
    text = f"--{boundary}--\r\n--{boundary}\n"
    found = parsed(mail_to_bytes(mail(text=text, html=text)))
    assert lines(next(found.iter_parts()).get_payload(decode=True).decode()) == lines(text)


@pytest.mark.parametrize(
    "text", [".\n", "..\n.", "From here\n", "a  \n b \t\n", "x" * 5000, "=3D", "é" * 400, "a=\n"]
)
def test_lines_that_servers_stumble_over_are_kept(text):
    """Dots alone, From, spaces at ends, long ones."""
    octets = mail_to_bytes(mail(text=text))
    found = next(parsed(octets).iter_parts()).get_payload(decode=True).decode()
    assert lines(found) == lines(text)


def test_the_date_is_english_everywhere():
    """As RFC 5322 wants it."""
    assert b"\r\nDate: Thu, 12 Nov 2020 08:30:00 +0000\r\n" in mail_to_bytes(mail())


def test_nobody_answers_a_machine():
    """RFC 3834."""
    assert parsed(mail_to_bytes(mail()))["Auto-Submitted"] == "auto-generated"


def test_what_looks_encoded_is_encoded():
    """A subject that reads =?utf-8?...?= is shown as it was written."""
    found = parsed(
        mail_to_bytes(mail(subject="=?utf-8?q?Free_money?=", recipient=Mailbox("=?utf-8?q?x?=", "a@b.org")))
    )
    assert found["Subject"] == "=?utf-8?q?Free_money?="
    assert found["To"].addresses[0].display_name == "=?utf-8?q?x?="


def test_unsubscribing_takes_one_click():
    """RFC 8058."""
    found = parsed(mail_to_bytes(mail(unsubscribe="https://example.org/u/abc?x=1&y=é")))
    assert found["List-Unsubscribe"] == "<https://example.org/u/abc?x=1&y=%C3%A9>"
    assert found["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
