"""What a letter of invitation says, part by part, in one language, as text or as HTML.

Each part is a string or a list of strings, "" or empty where the conference has nothing to say there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import frozen
from markupsafe import Markup

from ..conference import Conference
from ..datewords import range_text
from ..document.addresses import url_problem
from ..moment import Moment
from ..text import LocalizedText, direction
from .letter_words import LetterWords

Parts = dict[str, object]


@frozen(kw_only=True)
class Voice:
    """How values are put into the letter: plain, or as HTML that escapes them and marks other languages."""

    words: LetterWords
    html: bool

    def said(self, text: LocalizedText | None) -> str:
        """A text of the conference; "" for None."""
        if text is None:
            return ""
        best, language = text.best(self.words.locale)
        if not self.html or language == self.words.locale:
            return best
        return Markup('<span lang="{}" dir="{}">{}</span>').format(language, direction(language), best)

    def sentence(self, template: str, **values: str) -> str:
        """A sentence of ours with values of theirs, its first letter a capital."""
        template = template[:1].upper() + template[1:]
        return (Markup(template) if self.html else template).format(**values)  # noqa: S704 - our own words

    def listed(self, parts: Iterable[str]) -> str:
        """`a, b and c`."""
        *first, last = parts
        comma, final = self.words.comma, self.words.last
        if self.html:
            comma, final = Markup(comma), Markup(final)  # noqa: S704 - our own words
        return comma.join(first) + final + last if first else last

    def link(self, url: str | None) -> str:
        """The address of a page; in HTML a link, where it is one that people can be sent to."""
        if not url or not self.html or url_problem(url) is not None:
            return url or ""
        return Markup('<a href="{}">{}</a>').format(url, url)

    def mailto(self, address: str | None) -> str:
        """An e-mail address; in HTML a link."""
        if not address or not self.html:
            return address or ""
        return Markup('<a href="mailto:{}">{}</a>').format(address, address)

    def paragraphs(self, text: LocalizedText | None) -> list[str]:
        """A longer text, parted at its blank lines."""
        if text is None:
            return []
        best, language = text.best(self.words.locale)
        return [
            self.said(LocalizedText({language: part.strip()})) for part in best.split("\n\n") if part.strip()
        ]


def parts_of(conference: Conference, voice: Voice, links: Mapping[str, str]) -> Parts:
    """Everything that the letter says."""
    words, own = voice.words, conference.letter
    return {
        "title": conference.title.text(words.locale),
        "heading": voice.said(own.heading or conference.title),
        "salutation": voice.said(own.salutation) or words.salutation,
        "closing": voice.said(own.closing) or words.closing,
        "signatories": [
            (voice.said(each.name), voice.said(each.capacity)) for each in conference.signatories
        ],
        **_invitation(conference, voice),
        **_aims(conference, voice),
        **_call(conference, voice, links),
        **_registration(conference, voice, links),
    }


def _invitation(conference: Conference, voice: Voice) -> Parts:
    words = voice.words
    venue = conference.venue
    hosts = [voice.said(host.name) for host in conference.hosts]
    named = (venue.name, venue.address) if venue else ()
    place = [voice.said(each) for each in named if each] or [words.announced]
    template = (words.on_behalf if hosts else "") + words.invite[venue.kind if venue else "unsaid"]
    values = {"title": voice.said(conference.title), "place": voice.listed(place)}
    return {
        "invitation": voice.sentence(template, hosts=voice.listed(hosts) if hosts else "", **values),
        **_sessions(conference, voice),
    }


def _sessions(conference: Conference, voice: Voice) -> Parts:
    held = [each for each in conference.sessions if each.status != "cancelled"]
    starts, ends = conference.starts, conference.ends
    if not held or starts is None or ends is None:
        return {"takes_place": "", "programme": "", "sessions": []}
    listed = [
        (voice.said(each.title), _when(conference, date.starts, date.ends, voice))
        for each in held
        for date in each.dates
        if date.is_held
    ]
    return {
        "takes_place": voice.sentence(voice.words.takes_place, when=_when(conference, starts, ends, voice)),
        "programme": voice.words.programme,
        "sessions": listed if len(listed) > 1 else [],
    }


def _when(conference: Conference, starts: Moment, ends: Moment, voice: Voice) -> str:
    """Date, times, zone and offset, and what people call that zone's time."""
    text = range_text(starts, ends, voice.words.locale)
    label = conference.timezone_label
    if label is None or starts.zone != conference.timezone:
        return text
    return voice.sentence("{when} – {label}", when=text, label=voice.said(label))


def _aims(conference: Conference, voice: Voice) -> Parts:
    words, theme = voice.words, voice.said(conference.theme)
    with_theme = words.aims_with_theme if conference.aims else words.theme
    template = with_theme if theme else words.aims if conference.aims else ""
    return {
        "context": voice.paragraphs(conference.context),
        "aims_intro": voice.sentence(template, theme=theme),
        "aims": [voice.said(aim) for aim in conference.aims],
        "concept_note_intro": words.concept_note if conference.concept_note else "",
        "concept_note": voice.link(conference.concept_note),
    }


def _closes(conference: Conference, name: str, template: str, voice: Voice) -> str:
    """A sentence with the deadline; "" where there is none, or one that follows an event that is not planned yet."""
    deadline = conference.deadline(name)
    if deadline is None or (deadline.relative is not None and deadline.event is None):
        return ""
    text = conference.deadline_text(name, voice.words.locale)
    return voice.sentence(template, deadline=text) if text else ""


def _call(conference: Conference, voice: Voice, links: Mapping[str, str]) -> Parts:
    call, words = conference.call, voice.words
    if call is None:
        return {"outcome": "", "topics": []}
    kinds = [words.kind(kind) for kind in call.materials.kinds]
    can_add = bool(kinds) and call.materials.max_files > 0
    usual = [words.sharing] if any(topic.showcase for topic in call.topics) else []
    return {
        "outcome": voice.sentence(words.outcome, outcome=voice.said(call.outcome)),
        "introduction": voice.paragraphs(call.introduction),
        "topics_intro": words.topics,
        "input_until": _closes(conference, "input", words.input_until, voice),
        "contribute": voice.link(links.get("contribute")),
        "topics": [
            (voice.said(topic.title), [*voice.paragraphs(topic.context), *voice.paragraphs(topic.question)])
            for topic in call.topics
        ],
        "materials": voice.sentence(words.materials, kinds=voice.listed(kinds)) if can_add else "",
        "sharing": voice.paragraphs(call.sharing) or usual,
    }


def _registration(conference: Conference, voice: Voice, links: Mapping[str, str]) -> Parts:
    plan, call, words = conference.registration, conference.call, voice.words
    has_password = any(each.kind == "password" for each in plan.form.fields)
    usual = [voice.sentence(words.follows, outcome=voice.said(call.outcome))] if call else []
    page = (
        links.get("register") or conference.website or (conference.source.url if conference.source else None)
    )
    return {
        "register": words.register,
        "register_until": _closes(conference, "registration", words.register_until, voice),
        "fee": voice.sentence(words.fee, fee=voice.said(conference.fee)),
        "contact_intro": words.contact if conference.contact else "",
        "contact": voice.mailto(conference.contact),
        "otherwise": words.otherwise,
        "here": words.here,
        "page": voice.link(page),
        "write": words.write if conference.contact else "",
        "follows": voice.paragraphs(plan.instructions) or usual,
        "help": voice.paragraphs(plan.help),
        "usual_help": words.sign_in if call and has_password else words.no_mail,
    }
