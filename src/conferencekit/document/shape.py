"""The shape of a whole document, and what its parts say against each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..conference import Conference, RegistrationPlan
from .about import CALENDAR, CONFERENCE, HOSTS, LETTER, SIGNATORY, SOURCE, VENUE, conference_setting
from .asking import CALL, REGISTRATION
from .deadlines import DEADLINES, check_deadlines
from .place import Place, Setting, nearest
from .sessions import SESSIONS
from .tables import Entries, Key, Table, Values


def _prepare(data: Mapping[str, object], at: Place) -> Place:
    return at.with_setting(conference_setting(data.get("conference"), at.setting))


def _inside(conference: Conference, _: Setting) -> Setting:
    return Setting(languages=conference.languages, zone=conference.timezone)


def _check(values: Values, at: Place) -> Values:
    _check_signatories(values, at)
    check_deadlines(values, at)
    about = values.pop("conference", {})
    return {**values, **about}


def _check_signatories(values: Values, at: Place) -> None:
    if at.has("hosts"):
        return
    known = [host.id for host in values.get("hosts", ())]
    for index, person in enumerate(values.get("signatories", ())):
        if person.organization is not None and person.organization not in known:
            place = at.key("signatories").item(index).key("organization")
            expected = f"expected the id of one of [[hosts]]: {', '.join(known) or 'there are none'}."
            place.report(person.organization, expected, nearest(person.organization, known))


ROOT: Final = Table(
    title="the document",
    of=Conference,
    doc="A conference: what its invitation says, as data.",
    prepare=_prepare,
    setting_for=_inside,
    check=_check,
    keys=(
        Key(
            name="conference",
            kind=CONFERENCE,
            doc="What the conference is.",
            example='{ title = "Global MOOC Conference 2020", timezone = "Asia/Shanghai" }',
            required=True,
            get=lambda conference: conference,
        ),
        Key(
            name="hosts",
            kind=HOSTS,
            doc="Who holds it, in the order of the invitation.",
            example='[{ id = "tsinghua", name = "Tsinghua University" }]',
        ),
        Key(
            name="signatories",
            kind=Entries(of=SIGNATORY, most=200),
            doc="Who signs the invitation.",
            example='[{ name = "QIU Yong" }]',
        ),
        Key(name="venue", kind=VENUE, doc="Where it takes place.", example='{ kind = "virtual" }'),
        Key(
            name="sessions",
            kind=SESSIONS,
            doc="What happens when.",
            example='[{ id = "opening", title = "Opening", starts = 2020-12-11T20:00:00, ends = 2020-12-11T22:30:00 }]',
        ),
        Key(
            name="deadlines",
            kind=DEADLINES,
            doc="Until when people may register and give input.",
            example="{ registration = { before = 2020-11-30 } }",
        ),
        Key(
            name="registration",
            kind=REGISTRATION,
            doc="How people register.",
            example='{ address = "trusted", quota = 240 }',
            default=RegistrationPlan(),
        ),
        Key(
            name="call",
            kind=CALL,
            doc="The call for input.",
            example='{ outcome = "Declaration", topics = [{ title = "Vision", question = "What should we build?" }] }',
        ),
        Key(name="calendar", kind=CALENDAR, doc="Who invites.", example='{ organizer = "gmc@example.org" }'),
        Key(
            name="letter",
            kind=LETTER,
            doc="The frame of the invitation.",
            example='{ salutation = "Dear all," }',
        ),
        Key(
            name="source",
            kind=SOURCE,
            doc="The page that the document was made from.",
            example="{ shortcode = '[user_registration_form id=\"642\"]' }",
        ),
    ),
)
