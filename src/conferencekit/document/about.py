"""The part of a document's shape that says what the conference is, who holds it, and where."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final, get_args

from ..conference import (
    CalendarPlan,
    Conference,
    DeclineRule,
    HostRole,
    InviteRule,
    LetterPlan,
    Organization,
    Person,
    Source,
    Venue,
    VenueKind,
)
from ..form.shortcode import parse_shortcode
from ..text import LocalizedText, slug
from .addresses import Email, EmailWithToken, Url
from .kinds import Flag, Id, Language, Line, LongText, Text, matching, one_of
from .place import Place, Setting
from .tables import Entries, Key, Table, Values
from .times import Length, Zone

Uuid: Final = matching(
    "a UUID",
    "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "a UUID in lower case, such as 6ba7b810-9dad-11d1-80b4-00c04fd430c8",
)


def id_from(text: str) -> str:
    """`Global MOOC Conference 2020` -> `global-mooc-conference-2020`; "" where no letter or digit is ASCII."""
    return slug(text)[:64].rstrip("-")


def uid_of(conference_id: str) -> str:
    """The uid of a conference whose document gives none: a UUID of version 5 over its id."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:conferencekit:conference:{conference_id}"))


def _name_it(values: Values, at: Place) -> Values:
    title = values.get("title")
    if "id" not in values and isinstance(title, LocalizedText):
        values["id"] = next(filter(None, map(id_from, title)), "")
        if not values["id"]:
            at.key("id").report(None, "the title has no Latin letters to make one from: give an id.")
    if "uid" not in values:
        values["uid"] = uid_of(values.get("id", ""))
    return values


CONFERENCE: Final = Table(
    title="[conference]",
    of=Conference,
    make=dict,
    doc="What the conference is.",
    check=_name_it,
    keys=(
        Key(
            name="id",
            kind=Id,
            doc="A short name, unique among the conferences of a store. With another id it is another conference.",
            example='"gmc2020"',
            default_doc="made from the title",
        ),
        Key(
            name="uid",
            kind=Uuid,
            doc="Identifies the conference and its calendar events worldwide. Keep it once invites are out.",
            example='"6ba7b810-9dad-11d1-80b4-00c04fd430c8"',
            default_doc="made from the id: set it where another organiser could choose the same id",
        ),
        Key(
            name="title",
            kind=Text,
            doc="The name of the conference.",
            example='"Global MOOC Conference 2020"',
            required=True,
        ),
        Key(
            name="timezone",
            kind=Zone,
            doc="The IANA zone in which times and days of this document are meant.",
            example='"Asia/Shanghai"',
            required=True,
        ),
        Key(
            name="timezone_label",
            kind=Text,
            doc="What people call that zone's time.",
            example='{ en = "Beijing time", zh = "北京时间" }',
        ),
        Key(
            name="languages",
            kind=Entries(of=Language, least=1, most=100, unique=True),
            doc="BCP 47 tags. The first is the language of texts that name none, and the one to fall back to.",
            example='["en", "fr", "zh-Hans"]',
        ),
        Key(name="theme", kind=Text, doc="What it is about, in a line.", example='"Learning for All"'),
        Key(
            name="context",
            kind=LongText,
            doc="Why it is held: the paragraph after the invitation's first sentence.",
            example='"Universities of all regions meet."',
        ),
        Key(
            name="aims",
            kind=Entries(of=Text, most=50),
            doc="What it wants to reach, one text each.",
            example='["share good practices", "widen access"]',
        ),
        Key(
            name="concept_note",
            kind=Url,
            doc="Where the concept note is.",
            example='"https://example.org/note.pdf"',
        ),
        Key(
            name="website",
            kind=Url,
            doc="The conference's public page.",
            example='"https://example.org/gmc2020"',
        ),
        Key(name="contact", kind=Email, doc="Whom to write to with questions.", example='"gmc@example.org"'),
        Key(
            name="fee",
            kind=Text,
            doc="What taking part costs, shown wherever a person decides.",
            example='"EUR 50, free for students"',
            default_doc="free, in the six languages of the United Nations",
        ),
    ),
)

HOST: Final = Table(
    title="[[hosts]]",
    of=Organization,
    doc="A body that holds or supports the conference.",
    keys=(
        Key(name="id", kind=Id, doc="What signatories refer to it by.", example='"tsinghua"', required=True),
        Key(name="name", kind=Text, doc="Its name.", example='"Tsinghua University"', required=True),
        Key(name="role", kind=one_of(get_args(HostRole)), doc="Its part.", example='"co-host"'),
        Key(name="url", kind=Url, doc="Its page.", example='"https://www.tsinghua.edu.cn"'),
    ),
)
HOSTS: Final = Entries(of=HOST, most=200, unique_by="id")

SIGNATORY: Final = Table(
    title="[[signatories]]",
    of=Person,
    doc="Somebody who signs the invitation, in order.",
    keys=(
        Key(name="name", kind=Text, doc="Their name as they write it.", example='"QIU Yong"', required=True),
        Key(
            name="capacity",
            kind=Text,
            doc="In what function they sign.",
            example='"President, Tsinghua University"',
        ),
        Key(name="organization", kind=Id, doc="The id of the host that they sign for.", example='"tsinghua"'),
        Key(
            name="email",
            kind=Email,
            doc="Their address; not shown in the invitation.",
            example='"qiu@example.org"',
        ),
    ),
)

VENUE: Final = Table(
    title="[venue]",
    of=Venue,
    doc="Where it takes place.",
    keys=(
        Key(
            name="kind",
            kind=one_of(get_args(VenueKind)),
            doc="A place, the network, or both.",
            example='"virtual"',
            required=True,
        ),
        Key(name="name", kind=Text, doc="The name of the place or platform.", example='"Main Building"'),
        Key(
            name="address",
            kind=LongText,
            doc="The postal address; calendars show it behind the name.",
            example='"30 Shuangqing Road, Beijing"',
        ),
        Key(
            name="join",
            kind=Url,
            doc="The link to join by; only registered people see it.",
            example='"https://example.org/live"',
        ),
    ),
)

CALENDAR: Final = Table(
    title="[calendar]",
    of=CalendarPlan,
    doc="Who invites, in calendars.",
    keys=(
        Key(
            name="organizer",
            kind=EmailWithToken,
            doc="The ORGANIZER of calendar invites; replies to them go there. With `{token}` in it, each person's "
            "go to an address of their own, which proves whose they are.",
            example='"gmc+{token}@example.org"',
            required=True,
        ),
        Key(name="organizer_name", kind=Text, doc="The name beside it.", example='"GMC secretariat"'),
        Key(
            name="invite",
            kind=one_of(get_args(InviteRule)),
            doc="What people are invited to: one event for each session, for each day, or for everything.",
            example='"one a day"',
            default_doc="each session where there is one, else one a day",
        ),
        Key(
            name="rsvp",
            kind=Flag,
            doc="Whether calendars ask people for a reply.",
            example="false",
        ),
        Key(
            name="on_decline",
            kind=one_of(get_args(DeclineRule)),
            doc="What a declined invite does to the registration: it is noted; or an organiser is asked; or it is "
            "cancelled (without a `{token}`, an organiser is asked).",
            example='"ask"',
        ),
        Key(
            name="alarm",
            kind=Length,
            doc="How long before the start the invited person's calendar rings.",
            example='"15 minutes"',
            default_doc="no alarm",
        ),
        Key(
            name="cancelled_for",
            kind=Length,
            doc="How long after its end a cancelled session stays in feeds.",
            example='"7 days"',
        ),
    ),
)

LETTER: Final = Table(
    title="[letter]",
    of=LetterPlan,
    doc="The frame of the invitation in words of your own.",
    keys=(
        Key(
            name="heading",
            kind=Text,
            doc="The line above the letter.",
            example='"Registration and call for input"',
        ),
        Key(name="salutation", kind=Text, doc="How it begins.", example='"Dear colleague,"'),
        Key(name="closing", kind=Text, doc="How it ends, before the names.", example='"Yours sincerely,"'),
    ),
)


def _read_source(values: Values, at: Place) -> Values:
    raw = values.get("shortcode")
    if raw is None:
        return values
    found = parse_shortcode(raw, repair=True)
    form_id = found and found.attributes.get("id")
    if found is None:
        at.key("shortcode").report(raw, 'expected a shortcode such as [user_registration_form id="642"].')
    elif form_id and values.setdefault("form_id", form_id) != form_id:
        at.key("form_id").report(values["form_id"], f"the shortcode says {form_id!r}. Leave this key out.")
    return values


def _form_id(source: Source) -> str | None:
    """Written only where the shortcode does not say it."""
    found = parse_shortcode(source.shortcode, repair=True)
    return None if found and found.attributes.get("id") == source.form_id else source.form_id


SOURCE: Final = Table(
    title="[source]",
    of=Source,
    doc="The WordPress page that this document was made from.",
    check=_read_source,
    keys=(
        Key(
            name="shortcode",
            kind=Line,
            doc="As it stands on the page, in straight or curly quotes.",
            example="'[user_registration_form id=\"642\"]'",
            required=True,
        ),
        Key(
            name="form_id",
            kind=Line,
            doc="The number of the form.",
            example='"642"',
            get=_form_id,
            default_doc="read from the shortcode",
        ),
        Key(name="url", kind=Url, doc="Where the page is.", example='"https://example.org/register"'),
    ),
)


def conference_setting(data: Any, setting: Setting) -> Setting:
    """The setting that `[conference]` makes for the whole document, before anything is reported."""
    silent = Place()
    about = data if isinstance(data, Mapping) else {}
    languages = CONFERENCE_LANGUAGES.read(about.get("languages", ["en"]), silent)
    zone = Zone.read(about.get("timezone"), silent)
    return Setting(
        languages=languages if isinstance(languages, tuple) else setting.languages,
        zone=zone if isinstance(zone, str) else None,
    )


CONFERENCE_LANGUAGES: Final = next(key.kind for key in CONFERENCE.keys if key.name == "languages")
