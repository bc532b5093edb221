"""The formal invitation: a letter as text and HTML, and as a mail.

It says what the conference's document says, in the reader's language where the document has it. What it has in another
language only is marked as such in the HTML.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Final

from attrs import frozen

from ..conference import Conference
from ..datewords import date_text
from ..errors import InvalidText
from ..mailbox import Mailbox
from ..moment import Moment, second_of
from ..text import direction
from .letter_parts import Voice, parts_of
from .letter_words import words_for
from .message import Message
from .mime import Mail, mail_to_bytes
from .notice import message_id_for
from .rendering import make_environment

if TYPE_CHECKING:
    from jinja2 import Template

WIDTH: Final = 78
"""Columns of the text."""
_NO_LINKS: Final[Mapping[str, str]] = {}


@frozen(kw_only=True)
class Letter:
    """The rendered invitation. `locale` is the language of its frame, one of the six that it is written in."""

    subject: str
    text: str
    html: str
    locale: str


def render_letter(
    conference: Conference,
    *,
    locale: str | None = None,
    recipient: Mailbox | None = None,
    day: date | None = None,
    links: Mapping[str, str] = _NO_LINKS,
    form: object = None,
) -> Letter:
    """The invitation to a conference.

    Args:
        conference: What is invited to.
        locale: The reader's language (BCP 47); by default the conference's first.
        recipient: Who is written to; without a name the letter is to everybody.
        day: The date of the letter, shown above it.
        links: Addresses of pages: `register` and `contribute`. People register at the conference's website by default.
        form: The rendered registration form (with `__html__`), to stand in the HTML where people register.
    """
    words = words_for(locale or conference.languages[0])
    frame = {
        "locale": words.locale,
        "direction": direction(words.locale),
        "addressee": recipient.name if recipient else "",
        "day": date_text(day, words.locale) if day else "",
        "form": form,
    }
    plain = parts_of(conference, Voice(words=words, html=False), links)
    marked = parts_of(conference, Voice(words=words, html=True), links)
    return Letter(
        subject=conference.title.text(words.locale),
        text=_wrapped(_template("letter.txt").render(frame | plain)),
        html=_template("letter.html").render(frame | marked),
        locale=words.locale,
    )


@cache
def _template(name: str) -> Template:
    """Compiled once: a letter goes to many."""
    return make_environment(escape=name.endswith(".html")).get_template(name)


def letter_message(
    conference: Conference,
    *,
    now: datetime,
    recipient: Mailbox | None = None,
    sender: Mailbox | None = None,
    locale: str | None = None,
    links: Mapping[str, str] = _NO_LINKS,
) -> Message:
    """The invitation as a mail. The same arguments give the same bytes.

    Args:
        conference: What is invited to.
        now: The date of the mail (aware), and in the conference's zone that of the letter.
        recipient: Who is written to; by default the sender, as a letter to forward.
        sender: Who writes; by default the organizer of the conference's calendar, else its contact.
        locale: As for `render_letter`.
        links: As for `render_letter`.

    Raises:
        NaiveTime: `now` without a zone.
        InvalidText: nobody is given as sender, and the conference has neither organizer nor contact.
    """
    sender = sender or _sender(conference)
    written = Moment.from_instant(now, conference.timezone)
    letter = render_letter(
        conference, locale=locale, recipient=recipient, day=written.wall.date(), links=links
    )
    recipient = recipient or sender
    message_id = message_id_for(conference.uid, f"letter\0{recipient.address}\0{letter.locale}", sender)
    mail = Mail(
        sender=sender,
        recipient=recipient,
        reply_to=Mailbox("", conference.contact) if conference.contact else None,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        locale=letter.locale,
        date=second_of(now),
        message_id=message_id,
    )
    return Message(
        sender=sender.address, recipient=recipient.address, message_id=message_id, data=mail_to_bytes(mail)
    )


def _sender(conference: Conference) -> Mailbox:
    plan = conference.calendar
    if plan is not None:
        return Mailbox((plan.organizer_name or conference.title).text(), plan.organizer)
    if conference.contact is None:
        raise InvalidText(conference.id, "Name a sender of its invitation, or give its document a contact.")
    return Mailbox(conference.title.text(), conference.contact)


def _wrapped(text: str) -> str:
    """Lines of at most 78 columns, those of a list indented under its mark; no blank line twice."""
    lines: list[str] = []
    for line in text.strip().splitlines():
        indent = len(line) - len(line.lstrip("0123456789.•- "))
        folded = textwrap.wrap(
            line, WIDTH, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False
        )
        if folded or (lines and lines[-1]):
            lines += folded or [""]
    return "\n".join(lines) + "\n"
