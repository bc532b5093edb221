"""Invites by mail to a list of people: the words once for all who are told the same, the calendar part for each.

A message depends on nothing but what was prepared (`Telling`): made again, it is the same, byte for byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import evolve, field, frozen

from ..calendar.planning import InviteMessage
from ..calendar.told import TellingKind
from ..calendar.words import change_values, times_text, title_text
from ..conference import Conference
from ..mailbox import Mailbox
from .message import Message
from .mime import Calendar, Mail, mail_to_bytes
from .notice import make_notice, message_id_for
from .rendering import Renderer, Words, render_words

_TEMPLATES: Final[Mapping[TellingKind, str]] = {
    "new": "session_invited",
    "moved": "session_moved",
    "reworded": "session_moved",
    "cancelled": "session_cancelled",
    "uninvited": "session_uninvited",
}


@frozen
class InviteMails:
    """Makes the mails of one conference's invites, from one sender."""

    conference: Conference
    sender: Mailbox
    renderer: Renderer | None = None
    _words: dict[tuple[object, ...], Words] = field(init=False, factory=dict, repr=False)

    def message(self, found: InviteMessage, calendar: bytes, *, is_draft: bool = False) -> Message:
        """The mail of an invite; `calendar` is its iCalendar object.

        Raises:
            TemplateBroken: a template does not render.
        """
        words = self._words_of(found)
        message_id = message_id_for(self.conference.uid, f"{found.person.key}.{found.id}", self.sender)
        mail = Mail(
            sender=self.sender,
            recipient=found.person.mailbox,
            subject=words.subject,
            text=words.text,
            html=words.html,
            locale=found.person.locale,
            date=found.telling.dtstamp,
            message_id=message_id,
            calendar=Calendar(octets=calendar, method=found.telling.method),
            is_draft=is_draft,
        )
        return Message(
            sender=self.sender.address,
            recipient=found.person.mailbox.address,
            message_id=message_id,
            data=mail_to_bytes(mail),
        )

    def _words_of(self, found: InviteMessage) -> Words:
        telling, was = found.telling, found.was
        template = _TEMPLATES[found.telling.kind]
        about = (template, telling.facts, telling.words, found.person.locale, was, found.reason)
        if about not in self._words:
            self._words[about] = self._render(found, template)
        return self._words[about]

    def _render(self, found: InviteMessage, template: str) -> Words:
        base = found.base
        nobody = Mailbox("", base.attendee.address)
        notice = make_notice(
            self.conference.uid,
            found.id,
            template=template,
            recipient=nobody,
            sender=self.sender,
            locale=found.person.locale,
            date=found.telling.dtstamp,
            invite=evolve(base, attendee=nobody),
            values=self._values(found, template),
        )
        return render_words(notice, links={}, renderer=self.renderer)

    def _values(self, found: InviteMessage, template: str) -> Mapping[str, object]:
        locale, event, was = found.person.locale, found.event, found.was
        values: dict[str, object] = {
            "conference": self.conference.title.text(locale),
            "contact": self.conference.contact or self.sender.address,
            "website": self.conference.website,
            "session": title_text(self.conference, event, locale),
        }
        if template in ("session_cancelled", "session_uninvited"):
            return {**values, "was": times_text(was or event, locale), "reason": found.reason or None}
        if template == "session_invited":
            return {**values, **change_values(self.conference, event, None, locale)}
        reason = {"reason": found.reason or None} if was else {}
        return {**values, **change_values(self.conference, event, was, locale), **reason}
