"""Mails are scanned for calendars: the same are found as by Python's parser, and hostile ones cost little."""

from __future__ import annotations

import email
import email.policy
import time
from email.message import EmailMessage
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reply_samples import CLIENTS, Answer, gmail, google_ics

from conferencekit.calendar.incoming import DEEPEST, LARGEST_MAIL, MOST_PARTS, NO_SENDER, Mail, read_mail

OBJECT = google_ics(Answer())


def by_python(data: bytes) -> tuple[str, list[bytes]]:
    """The sender and the calendars, as Python's own parser finds them."""
    message = email.message_from_bytes(data, policy=email.policy.compat32)
    parts = [each for each in message.walk() if each.get_content_type() == "text/calendar"]
    found = [each.get_payload(decode=True) or b"" for each in parts]
    return parseaddr(message["From"] or "")[1] or NO_SENDER, list(dict.fromkeys(map(lines, found)))


def lines(data: bytes) -> bytes:
    """The bytes with one kind of line end, and none at the end: a delimiter takes one with it."""
    return data.replace(b"\r\n", b"\n").rstrip(b"\n")


def found(data: bytes) -> tuple[str, list[bytes]]:
    """The same by ours."""
    mail = read_mail(data, "x")
    assert mail.problem == ""
    return mail.sender, list(dict.fromkeys(map(lines, mail.calendars)))


@pytest.mark.parametrize("client", sorted(CLIENTS))
@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"], ids=["CRLF", "LF"])
def test_the_same_calendars_as_pythons_parser(client, line_end):
    """In the mails of all clients, with either line end."""
    data = CLIENTS[client](Answer(comment="x" * 200)).replace(b"\r\n", line_end)
    assert found(data) == by_python(data)
    assert len(found(data)[1]) == 1


@st.composite
def mails(draw: st.DrawFn) -> bytes:
    """Mails with calendars somewhere in them, encoded in any way."""

    names: list[str] = []

    def part(depth: int) -> EmailMessage:
        made = EmailMessage()
        if depth < 3 and draw(st.booleans()):
            made.add_header(
                "Content-Type", draw(st.sampled_from(["multipart/mixed", "multipart/alternative"]))
            )
            for _ in range(draw(st.integers(1, 3))):
                made.attach(part(depth + 1))
            names.append(f"={len(names)}")
            made.set_boundary(names[-1])
        elif draw(st.booleans()):
            made.set_content(draw(st.text(st.characters(exclude_categories=("C",)), max_size=200)))
        else:
            text = draw(st.sampled_from([OBJECT, OBJECT.replace(b"Hall", "Säle 学".encode())]))
            cte = draw(st.sampled_from(["base64", "quoted-printable", "8bit"]))
            made.set_content(
                text.decode(), subtype="calendar", charset="utf-8", cte=cte, params={"method": "REPLY"}
            )
        return made

    message = part(0)
    message["From"] = draw(
        st.sampled_from(["ada@example.net", "Ada <ada@example.net>", '"A, B" <a@example.net>'])
    )
    message["To"] = "replies@example.org"
    message["Subject"] = draw(st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), max_size=100))
    policy = draw(st.sampled_from([email.policy.SMTP, email.policy.default]))
    return message.as_bytes(policy=policy)


@given(mails())
def test_any_mail_as_pythons_parser_reads_it(data):
    """However it is nested and encoded."""
    assert found(data) == by_python(data)


@pytest.mark.parametrize(
    "value",
    [
        b"ada@example.net",
        b"Ada <ada@example.net>",
        b'"<bea@example.net>" <ada@example.net>',
        b"ada@example.net (Ada)",
        b'"Lovelace, Ada" <ada@example.net>',
        b"=?UTF-8?B?QWRh?= <ada@example.net>",
        b"Ada\r\n <ada@example.net>",
    ],
)
def test_senders_in_any_dress(value):
    """The address of the From, as mail programs write it."""
    assert read_mail(b"From: " + value + b"\r\n\r\n", "x").sender == "ada@example.net"


def test_recipients_are_those_it_was_sent_and_delivered_to():
    """An alias may stand in To, and the reply address in Delivered-To alone; each counts once."""
    head = b"To: GMC <gmc@example.org>, x@example.org\r\nCc: y@example.org\r\n"
    more = b"X-Original-To: replies+a@example.org\r\nDelivered-To: gmc@example.org\r\nReply-To: no@example.org\r\n"
    expected = ("gmc@example.org", "x@example.org", "y@example.org", "replies+a@example.org")
    assert read_mail(head + more + b"\r\n", "x").recipients == expected


def test_a_calendar_by_itself_is_a_mail_without_sender():
    """A file that somebody saved from a mail."""
    assert read_mail(b"\xef\xbb\xbf\r\n" + OBJECT, "x.ics") == Mail(
        source="x.ics", calendars=(b"\xef\xbb\xbf\r\n" + OBJECT,)
    )


def test_an_attachment_counts_where_no_part_does():
    """Some relays leave only the attached file of a reply."""
    message = EmailMessage()
    message["From"] = "ada@example.net"
    message.set_content("see attachment")
    message.add_attachment(OBJECT, "application", "octet-stream", filename="Invite.ICS")
    message.add_attachment(b"no calendar", "application", "octet-stream", filename="a.pdf")
    (data,) = read_mail(message.as_bytes(), "x").calendars
    assert lines(data) == lines(OBJECT)


def test_what_only_outlook_reads_is_named():
    """A reply may be in a winmail.dat: somebody has to look at it there."""
    message = EmailMessage()
    message["From"] = "ada@example.net"
    message.set_content("see attachment")
    message.add_attachment(b"\x78\x9f\x3e\x22", "application", "ms-tnef", filename="winmail.dat")
    assert "winmail.dat" in read_mail(message.as_bytes(), "x").problem
    message.add_attachment(OBJECT, "text", "calendar")
    assert read_mail(message.as_bytes(), "x").problem == ""


def test_other_charsets_become_utf_8():
    """Calendars in Latin letters or Chinese ones of before."""
    text = OBJECT.decode().replace("Hall", "Café")
    message = EmailMessage()
    message.set_content(text, subtype="calendar", charset="iso-8859-1", cte="quoted-printable")
    (data,) = read_mail(message.as_bytes(), "x").calendars
    assert "Café".encode() in data


def test_a_forwarded_reply_keeps_who_forwarded_it():
    """The mail in the mail is read; its sender is whoever sent the outer one."""
    outer = EmailMessage()
    outer["From"] = "colleague@example.org"
    outer.set_content("fwd")
    outer.add_attachment(email.message_from_bytes(gmail(Answer()), policy=email.policy.default))
    mail = read_mail(outer.as_bytes(), "x")
    assert (mail.sender, len(mail.calendars)) == ("colleague@example.org", 1)


def nested(depth: int) -> bytes:
    """Parts in parts."""
    body = b"text/plain\r\n\r\nx"
    for level in range(depth):
        name = str(level).encode()
        body = b'multipart/mixed; boundary="' + name + b'"\r\n\r\n--' + name + b"\r\nContent-Type: " + body
    return b"From: ada@example.net\r\nContent-Type: " + body


# made when they are needed: all together they are as large as everything else that a run of these tests holds
BOMBS = {
    "nesting": (lambda: nested(1_000), f"more than {DEEPEST} deep"),
    "parts": (
        lambda: b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a\r\n\r\n" * 2_000_000,
        f"more than {MOST_PARTS} parts",
    ),
    "lookalikes": (
        lambda: b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--ab\r\n" * 2_000_000,
        f"more than {MOST_PARTS} parts",
    ),
    "size": (lambda: b"x" * (LARGEST_MAIL + 1), f"{LARGEST_MAIL:,} bytes"),
    "head": (lambda: b"To: " + b"x" * 15_000_000, ""),
    "headers": (lambda: b"To: a@b.example\r\n" * 1_000_000, ""),
    "folds": (lambda: b"To: a@b.example,\r\n" + b" c@d.example,\r\n" * 1_000_000, ""),
    "no letters": (lambda: b"From: " + b"<" * 10_000_000, ""),
    "parameters": (lambda: b"Content-Type: text/calendar" + b"; name=a" * 1_000_000, ""),
    "charset": (
        lambda: b"Content-Type: text/calendar; charset=punycode\r\n\r\n" + b"a-" * 2_000_000,
        "",
    ),
}


@pytest.mark.parametrize(("made", "problem"), BOMBS.values(), ids=BOMBS)
def test_hostile_mails_are_bounded(made, problem):
    """In time; what is too much is named."""
    data = made()
    began = time.process_time()
    mail = read_mail(data, "x")
    assert time.process_time() - began < 3
    assert problem in mail.problem if problem else not mail.problem


@given(st.binary(max_size=400), st.integers(0, 3_000), st.integers(0, 3_000))
def test_anything_is_read(junk, start, stop):
    """Bytes put into a mail, or cut out of it, never raise."""
    whole = gmail(Answer())
    for data in (junk, whole[:start] + junk + whole[start:], whole[:start] + junk + whole[stop:]):
        assert isinstance(read_mail(data, "x"), Mail)
