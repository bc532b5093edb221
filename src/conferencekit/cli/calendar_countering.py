"""Answers to proposals of another time, as files to send by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Final

from attrs import frozen

from ..calendar.composing import published_organizer
from ..calendar.countering import decline_counter
from ..calendar.judging import Judged, Proposed
from ..conference import Conference
from ..errors import InvalidText
from ..mailbox import Mailbox
from ..message.mime import Calendar, Mail, mail_to_bytes
from ..message.notice import message_id_for
from .files import write_file

_NAME: Final = 24


@frozen(kw_only=True)
class Counters:
    """Makes the answers of one run. `token_of` gives the token in a person's reply address."""

    conference: Conference
    mailboxes: Mapping[str, Mailbox]
    token_of: Callable[[str], str]
    comment: str

    def write(self, judged: Judged, folder: Path) -> int:
        """Write an .ics and an .eml for each proposal; how many there were. The same proposal has the same names."""
        found = {
            (each.person, each.event, each.reply.dtstamp): each
            for each in judged.verdicts
            if isinstance(each, Proposed)
        }
        if found:
            folder.mkdir(parents=True, exist_ok=True)
        for about, proposed in found.items():
            name = hashlib.sha256(repr(about).encode()).hexdigest()[:_NAME]
            calendar, mail = self._answer(judged, proposed, name)
            write_file(folder / f"{name}.ics", calendar)
            write_file(folder / f"{name}.eml", mail)
        return len(found)

    def _answer(self, judged: Judged, proposed: Proposed, name: str) -> tuple[bytes, bytes]:
        now = datetime.now(UTC).replace(microsecond=0)
        locale = self.conference.languages[0]
        token = self.token_of(proposed.person)
        sender = self._sender()
        calendar = decline_counter(
            self.conference,
            judged.before,
            proposed,
            now=now,
            sender=sender,
            locale=locale,
            token=token,
            comment=self.comment,
        )
        mail = Mail(
            sender=sender,
            recipient=self.mailboxes[proposed.person],
            subject=self.conference.title.text(locale),
            text=f"{self.comment}\n",
            html=f"<p>{escape(self.comment)}</p>\n",
            locale=locale,
            date=now,
            message_id=message_id_for(self.conference.uid, f"counter.{name}", sender),
            calendar=Calendar(octets=calendar, method="DECLINECOUNTER"),
            is_draft=True,
        )
        return calendar, mail_to_bytes(mail)

    def _sender(self) -> Mailbox:
        found = published_organizer(self.conference, self.conference.languages[0])
        if found is None:
            raise InvalidText("--counters", "Answers need a sender: give the document a conference.contact.")
        return found
