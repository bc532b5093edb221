"""The mails that conferencekit sends, and what each has to be told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import evolve, frozen

COMMON: Final = ("contact", "website")
"""Values that every mail may have besides: an address for questions, and the page of the conference."""


@frozen(kw_only=True)
class MailKind:
    """What a mail says, and from what. `values` and `links` must be there, `options` and `optional_links` may.

    Every mail has the value `conference`, its title.
    """

    about: str
    values: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    optional_links: tuple[str, ...] = ()


_CONFIRMED: Final = MailKind(
    about="The place is theirs. What happens when, how to give input, the personal link, the fee, both deadlines. "
    "`topics` is a list of objects with `number`, `title` and `question`.",
    values=("reference", "fee"),
    options=("when", "where", "registration_deadline", "input_deadline", "outcome", "topics", "instructions"),
    optional_links=("contribute", "manage", "sign_in"),
)

MAILS: Final[Mapping[str, MailKind]] = {
    "registration_verify": MailKind(
        about="Prove that the address is yours. Says nothing that was typed into the form: it may go to a stranger. "
        "`until` says in words how long the link works; by default its expiry in UTC.",
        options=("until",),
        links=("verify",),
    ),
    "registration_received": MailKind(
        about="The registration was taken, and an organiser decides.",
        values=("reference",),
        optional_links=("manage",),
    ),
    "registration_confirmed": _CONFIRMED,
    "registration_offered": evolve(
        _CONFIRMED, about="A place became free and is theirs: otherwise as `registration_confirmed`."
    ),
    "registration_known": MailKind(
        about="The address was entered again: what its owner holds, and how to get in. "
        "`state` is confirmed, pending or waitlisted.",
        values=("reference",),
        options=("state", "input_deadline"),
        optional_links=("contribute", "manage", "sign_in"),
    ),
    "registration_waitlisted": MailKind(
        about="There is no place left; they wait in line.",
        values=("reference",),
        optional_links=("manage",),
    ),
    "registration_declined": MailKind(
        about="An organiser declined the registration.", values=("reference",), options=("reason",)
    ),
    "registration_cancelled": MailKind(
        about="The registration was cancelled; where an invite goes along, it takes the event out of their calendar, "
        "and `session` says which.",
        values=("reference",),
        options=("reason", "session"),
    ),
    "session_invited": MailKind(
        about="The invite to a session, a day or the whole conference: from a list of people, or beside a confirmation "
        "that carries the first. `programme` says what is in it.",
        values=("session", "now"),
        options=("where", "programme"),
        optional_links=("manage",),
    ),
    "session_uninvited": MailKind(
        about="They are not invited any more to something that takes place.",
        values=("session", "was"),
        options=("reason",),
    ),
    "session_added": MailKind(
        about="A session is new in the programme.",
        values=("session", "now"),
        options=("where",),
        optional_links=("manage",),
    ),
    "session_moved": MailKind(
        about="A session has another time, place or link. `was` and `now` are times in words; `programme` is that of a "
        "day, `programme_was` what of it was otherwise before, `reason` why a session of it is off; "
        "`clocks_moved` is there where nothing changed but the rules of a time zone.",
        values=("session", "now"),
        options=("was", "where", "where_was", "programme", "programme_was", "reason", "clocks_moved"),
        optional_links=("manage",),
    ),
    "session_cancelled": MailKind(
        about="A session does not take place.",
        values=("session", "was"),
        options=("reason",),
        optional_links=("manage",),
    ),
    "contribution_received": MailKind(
        about="Their input was taken. `digest` proves later that it was received and counted unchanged.",
        values=("reference", "digest"),
        options=("received", "revision", "outcome", "input_deadline"),
        links=("contribute",),
    ),
    "contribution_withdrawn": MailKind(
        about="Their input was taken back.",
        values=("reference",),
        options=("input_deadline",),
        optional_links=("contribute",),
    ),
    "good_practices_shared": MailKind(
        about="The page of good practices is there. `practices` is a list of objects with `title`, and `by` and "
        "`topic` or null: where there are several topics, the practices stand under them.",
        options=("practices",),
        links=("good_practices",),
        optional_links=("unsubscribe",),
    ),
    "declaration_published": MailKind(
        about="The text that was compiled from the input is there. `digest` is the SHA-256 of its Markdown.",
        values=("outcome",),
        options=("digest",),
        links=("declaration",),
        optional_links=("unsubscribe",),
    ),
}
"""Every mail by the name of its template, in the order of a conference."""
