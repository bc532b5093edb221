"""A notice: a mail that is owed. It is stored with the fact that it tells, and rendered when it is sent.

A notice depends on nothing that can change, so that a mail that is sent again is the same, byte for byte. It is plain
data: no token is in it (links are derived when it is sent), and nothing is rendered yet. What it tells everybody alike
may be kept once for all, in wordings that it names by their digests: see `wording`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, TypedDict, Unpack, get_args

from attrs import field, frozen

from ..calendar.invite import Invite, invite_from_body, invite_to_body
from ..errors import (
    ConferenceKitError,
    InvalidBody,
    InvalidCalendar,
    InvalidText,
    SchemaTooNew,
    StoreBusy,
    StoreUnavailable,
)
from ..mailbox import Mailbox
from ..moment import instant_text, second_of
from ..text import normalise_locale

SCHEMA: Final = 1
"""The layout of a stored notice that is complete in itself."""
WORDED: Final = 2
"""The layout of one that names wordings, and holds what is its person's own."""

WordsOf = Callable[[str], Mapping[str, object]]
"""Gives what a wording says by its id."""

_MESSAGE_ID: Final = re.compile(r"<[!-;=?A-~]{1,128}@[!-;=?A-~]{1,255}>")

Stream = Literal["transactional", "bulk"]
OnUncertain = Literal["resend", "hold"]


def _optional_second(value: datetime | None) -> datetime | None:
    return None if value is None else second_of(value)


@frozen
class LinkSpec:
    """A link without its token: for what, for whom, and the generation that it belongs to.

    `expires` (an aware datetime, kept in UTC to the second) is only told; what opens the link enforces it.
    """

    purpose: str
    subject: str = ""
    generation: int = 0
    expires: datetime | None = field(default=None, converter=_optional_second)


_LEAVES: Final = frozenset({str, int, bool, type(None)})
"""What most values are; they are right, and need no path to say what is wrong."""


def _json(value: object, path: str) -> object:
    """A copy of plain JSON."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, (dict, Mapping)):  # dict first: an abstract class takes longer to ask
        return _object_of(value, path)
    if isinstance(value, list | tuple):
        return [_json(each, f"{path}[{position}]") for position, each in enumerate(value)]
    raise InvalidText(
        value, f"{path} of a notice is text, a whole number, true, false, null, a list or an object."
    )


def _object_of(value: Mapping[str, object], path: str) -> Mapping[str, object]:
    """A copy of a JSON object."""
    for key in value:
        if not isinstance(key, str):
            raise InvalidText(key, f"Names in {path} of a notice are text.")
    return {
        key: each if type(each) in _LEAVES else _json(each, f"{path}.{key}") for key, each in value.items()
    }


def plain_values(value: Mapping[str, object]) -> Mapping[str, object]:
    """A copy of what a text says. Raises `InvalidText` for what is not plain JSON."""
    return _object_of(value, "values")


def _links(value: Mapping[str, LinkSpec]) -> Mapping[str, LinkSpec]:
    return dict(value)


def _is_message_id(_: object, __: object, value: str) -> None:
    if not _MESSAGE_ID.fullmatch(value):
        raise InvalidText(value, "A Message-ID is like <name@example.org>: see message_id_for.")


def _is_one_of(options: tuple[str, ...]) -> Callable[[object, object, object], None]:
    def check(_: object, attribute: object, value: object) -> None:
        if value not in options:
            name = getattr(attribute, "name", "it")
            raise InvalidText(value, f"{name} of a notice is one of {', '.join(options)}.")

    return check


@frozen(kw_only=True)
class Notice:
    """A mail that is owed to `recipient`, about whatever `key` names.

    `template` names the mail, `values` are what its text says: plain JSON, with times and deadlines in words already,
    in `locale`. `links` become addresses when the mail is sent. `date` (an aware datetime, kept in UTC to the second)
    is when it became owed. `stream`: "bulk" goes to many, and may be unsubscribed from by a link `unsubscribe`.
    `on_uncertain` says what to do when a crash leaves open whether it was sent: send it again (the same Message-ID),
    or hold it for a person.

    Raises:
        InvalidText: a locale that is none, a value that is not plain JSON, another `stream` or `on_uncertain`.
        NaiveTime: `date` without a zone.
        InvalidCalendar: the invite is for another address than the mail.
    """

    key: str
    template: str
    recipient: Mailbox
    sender: Mailbox
    locale: str = field(converter=normalise_locale)
    values: Mapping[str, object] = field(factory=dict, converter=plain_values)
    links: Mapping[str, LinkSpec] = field(factory=dict, converter=_links)
    invite: Invite | None = None
    message_id: str = field(validator=_is_message_id)
    date: datetime = field(converter=second_of)
    reply_to: Mailbox | None = None
    stream: Stream = field(default="transactional", validator=_is_one_of(get_args(Stream)))
    on_uncertain: OnUncertain = field(default="resend", validator=_is_one_of(get_args(OnUncertain)))

    def __attrs_post_init__(self) -> None:
        if self.invite and self.invite.attendee.address != self.recipient.address:
            # Clients look for themselves among the attendees (RFC 6047, 2.3).
            problem = (
                f"the invite is for {self.invite.attendee.address}, and the mail for {self.recipient.address}"
            )
            raise InvalidCalendar((problem,))


class Details(TypedDict, total=False):
    """What a notice may have besides: see `Notice`."""

    values: Mapping[str, object]
    links: Mapping[str, LinkSpec]
    invite: Invite | None
    reply_to: Mailbox | None
    stream: Stream
    on_uncertain: OnUncertain


def message_id_for(conference: str, key: str, sender: Mailbox) -> str:
    """The Message-ID of the mail that a notice becomes: the same whenever and wherever it is rendered."""
    name = hashlib.sha256(f"{conference}\0{key}".encode()).hexdigest()[:32]
    return f"<{name}@{sender.domain}>"


def make_notice(
    conference: str,
    key: str,
    *,
    template: str,
    recipient: Mailbox,
    sender: Mailbox,
    locale: str,
    date: datetime,
    **details: Unpack[Details],
) -> Notice:
    """A notice with the Message-ID that follows from the conference's id and the notice's `key`.

    Raises as `Notice`.
    """
    return Notice(
        key=key,
        template=template,
        recipient=recipient,
        sender=sender,
        locale=locale,
        message_id=message_id_for(conference, key, sender),
        date=date,
        **details,
    )


# -- to and from plain JSON


def notice_to_body(notice: Notice) -> dict[str, object]:
    """The notice as the JSON that an outbox keeps."""
    return {
        "schema": SCHEMA,
        "key": notice.key,
        "template": notice.template,
        "recipient": mailbox_to_body(notice.recipient),
        "sender": mailbox_to_body(notice.sender),
        "locale": notice.locale,
        "values": dict(notice.values),
        "links": {name: link_to_body(link) for name, link in notice.links.items()},
        "invite": invite_to_body(notice.invite) if notice.invite else None,
        "message_id": notice.message_id,
        "date": instant_text(notice.date),
        "reply_to": mailbox_to_body(notice.reply_to),
        "stream": notice.stream,
        "on_uncertain": notice.on_uncertain,
    }


def notice_from_body(body: Mapping[str, object], words_of: WordsOf | None = None) -> Notice:
    """The notice of such JSON. `words_of` gives what a wording says by its digest, for notices that name some.

    Raises:
        SchemaTooNew: a newer version wrote it.
        InvalidBody: it is not a notice, or its session lies at a time that does not exist any more.
        StoreBusy, StoreUnavailable: what `words_of` raised.
    """
    schema = body.get("schema")
    if isinstance(schema, int) and schema > WORDED:
        raise SchemaTooNew("A stored notice", schema, WORDED)
    try:
        return _notice(_with_words(body, words_of) if schema == WORDED and words_of else body)
    except (StoreBusy, StoreUnavailable):
        raise  # nothing is wrong with the notice
    except (KeyError, TypeError, ValueError, AttributeError, ConferenceKitError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise InvalidBody("A stored notice", {"schema": schema, "key": body.get("key")}, reason) from error


def _with_words(body: Mapping[str, object], words_of: WordsOf) -> Mapping[str, object]:
    """The body with what its wordings say; what it says itself counts before them."""
    own = {name: value for name, value in body.items() if name != "wordings"}
    found: dict[str, object] = {"invite": {}}
    values: dict[str, object] = {}
    for each in _list(body["wordings"]):
        words = words_of(str(each))
        found |= words
        values |= _object(words["values"])
    invite = None
    if own["invite"] is not None:
        invite = {**_object(found["invite"]), **_object(own["invite"]), "attendee": own["recipient"]}
    return {**found, **own, "values": values | dict(_object(own["values"])), "invite": invite}


def _notice(body: Mapping[str, object]) -> Notice:
    fields = {name: value for name, value in body.items() if name != "schema"}
    fields["recipient"] = _mailbox_from_body(body["recipient"])
    fields["sender"] = _mailbox_from_body(body["sender"])
    fields["reply_to"] = _mailbox_from_body(body["reply_to"]) if body["reply_to"] else None
    fields["links"] = {name: _link_from_body(link) for name, link in _object(body["links"]).items()}
    fields["invite"] = invite_from_body(_object(body["invite"])) if body["invite"] else None
    fields["date"] = datetime.fromisoformat(str(body["date"]))
    return Notice(**fields)  # type: ignore[arg-type]  # JSON: the class checks what it is given


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{value!r} is not a JSON object.")
    return value


def _list(value: object) -> Sequence[object]:
    if not isinstance(value, list | tuple):
        raise TypeError(f"{value!r} is not a JSON list.")
    return value


def mailbox_to_body(mailbox: Mailbox | None) -> dict[str, str] | None:
    """A mailbox as the JSON that an outbox keeps."""
    return {"name": mailbox.name, "address": mailbox.address} if mailbox else None


def _mailbox_from_body(body: object) -> Mailbox:
    return Mailbox(**_object(body))  # type: ignore[arg-type]  # JSON: the class checks what it is given


def link_to_body(link: LinkSpec) -> dict[str, object]:
    """A link as the JSON that an outbox keeps."""
    return {
        "purpose": link.purpose,
        "subject": link.subject,
        "generation": link.generation,
        "expires": instant_text(link.expires) if link.expires else None,
    }


def _link_from_body(body: object) -> LinkSpec:
    fields = dict(_object(body))
    expires = fields["expires"]
    fields["expires"] = datetime.fromisoformat(str(expires)) if expires else None
    return LinkSpec(**fields)  # type: ignore[arg-type]  # JSON: the class checks what it is given
