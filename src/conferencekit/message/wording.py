"""Wordings: what notices say to everybody who reads one language, kept once, under a digest that each notice names.

The words of a conference, of one of its events and of a broadcast are the same for all who get a mail about them, and
most of what a notice would hold. A wording never changes, since its id is the digest of what it says: a notice that
names some depends on nothing that can change, as if the words stood in it. Nothing in a wording is about a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypedDict, Unpack

from attrs import field, frozen
from attrs.converters import optional

from ..calendar.invite import Invite, invite_to_body
from ..errors import InvalidBody
from ..ledger import digest
from ..mailbox import Mailbox
from ..moment import instant_text, second_of
from ..text import normalise_locale
from .notice import (
    WORDED,
    LinkSpec,
    Stream,
    link_to_body,
    mailbox_to_body,
    message_id_for,
    plain_values,
)


@frozen(kw_only=True)
class Wording:
    """A part of notices that many share; what is not given it says nothing about.

    `invite` is that of anybody: each notice says for whom it is, and what differs.

    Attributes:
        body: the wording as JSON, with its digest as `id`.

    Raises:
        InvalidText: a locale that is none, or a value that is not plain JSON.
        NotCanonical: half of a surrogate pair in a text.
    """

    values: Mapping[str, object] = field(converter=plain_values)
    sender: Mailbox | None = None
    locale: str | None = field(default=None, converter=optional(normalise_locale))
    invite: Invite | None = None
    body: Mapping[str, object] = field(init=False, eq=False, repr=False)
    id: str = field(init=False)

    def __attrs_post_init__(self) -> None:
        body: dict[str, object] = {"values": self.values}
        if self.sender is not None:
            body["sender"] = mailbox_to_body(self.sender)
        if self.locale is not None:
            body["locale"] = self.locale
        if self.invite is not None:
            invite = invite_to_body(self.invite)
            del invite["attendee"]
            body["invite"] = invite
        object.__setattr__(self, "body", body)
        object.__setattr__(self, "id", digest(body))


class Own(TypedDict, total=False):
    """What a notice says of its person besides the wordings.

    `invite`: what is other than in the wording's invite (`{}`: nothing is); None where no invite goes along.
    """

    values: Mapping[str, object]
    links: Mapping[str, LinkSpec]
    invite: Mapping[str, object] | None
    stream: Stream


def worded_body(
    conference: str,
    key: str,
    *,
    wordings: Sequence[str],
    template: str,
    recipient: Mailbox,
    sender: Mailbox,
    date: datetime,
    **own: Unpack[Own],
) -> dict[str, object]:
    """A notice as the JSON that an outbox keeps, without what its wordings say: see `notice_from_body`.

    `wordings` are ids; a later one counts before an earlier one. `sender` is whom they name: the Message-ID is theirs.

    Raises:
        NaiveTime: `date` without a zone.
    """
    return {
        "schema": WORDED,
        "wordings": wordings,
        "key": key,
        "template": template,
        "recipient": mailbox_to_body(recipient),
        "values": own.get("values", {}),
        "links": {name: link_to_body(link) for name, link in own.get("links", {}).items()},
        "invite": own.get("invite"),
        "message_id": message_id_for(conference, key, sender),
        "date": instant_text(second_of(date)),
        "reply_to": None,
        "stream": own.get("stream", "transactional"),
        "on_uncertain": "resend",
    }


def check_wording(wording_id: str, body: Mapping[str, object]) -> Mapping[str, object]:
    """The body, if it is what was kept under this id. Raises `InvalidBody` for any other."""
    if digest(body) != wording_id:
        raise InvalidBody("A stored wording", {"id": wording_id}, "it is not what its digest says")
    return body
