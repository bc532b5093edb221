"""The letter of invitation says everything that the invitation of 2020 said, and nothing that it should not."""

from __future__ import annotations

import email
import re
from datetime import UTC, date, datetime
from email.policy import default
from html.parser import HTMLParser
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given
from tests.laws import examples

from conferencekit.conference import LetterPlan, RegistrationPlan, Venue
from conferencekit.document import conference_from_text, load_conference
from conferencekit.errors import InvalidText, NaiveTime
from conferencekit.form.fields import Field, Form
from conferencekit.form.rendering import render as render_form
from conferencekit.mailbox import Mailbox
from conferencekit.message.letter import letter_message, render_letter
from conferencekit.testing.conferences import conferences
from conferencekit.text import LocalizedText

EXAMPLE = Path(__file__).parent.parent / "examples/global_mooc_2020/conference.toml"
CONFERENCE = load_conference(EXAMPLE)
SIX = ("en", "fr", "es", "ru", "zh", "ar")
NOW = datetime(2020, 11, 1, 8, 0, tzinfo=UTC)

# The invitation of 2020, paragraph by paragraph: what it said, and the words that the letter says it in.
PARTS = {
    "heading of the page": "Conference registration & call for input",
    "salutation": "Dear colleague,",
    "hosts": "On behalf of Tsinghua University and UNESCO IITE",
    "formal invitation": "our honour to formally invite you",
    "attendance is virtual": "virtually attend",
    "name of the conference": "2020 Global MOOC Conference",
    "date": "11 December 2020",
    "times": "20:00-22:30",
    "zone as people call it": "Beijing local time",
    "zone as computers call it": "Asia/Shanghai, UTC+08:00",
    "context": "every region of the world",
    "context: the pandemic": "pandemic",
    "theme": "With the theme “Learning Revolution and Higher Education Transformation”",
    "aim 1": "promote good practices and resources of MOOC development and online education",
    "aim 2": "explore the role of technology in shaping the future of higher education",
    "aim 3": "encourage international cooperation on innovation in educational technology",
    "aim 4": "inclusion and equity in education",
    "aim 4: the goal": "UN SDG 4",
    "concept note": "please see the concept note: https://example.org/gmc2020/concept-note.pdf",
    "declaration": "compiled into the “Beijing Declaration on MOOC Development”",
    "collective drafting": "everybody is welcome to take part",
    "request for input": "share your ideas or input on the following topics",
    "topic 1": "1. Role and impact:",
    "topic 1: context": "Higher education has changed profoundly",
    "topic 1: question": "the most defining",
    "topic 2": "2. Characteristics and advantages:",
    "topic 2: context": "universities explored new ways",
    "topic 2: question": "Which characteristics",
    "topic 3": "3. Vision and recommendations:",
    "topic 3: context": "solidarity across borders and by multilateral cooperation",
    "topic 3: question": "build, develop and promote MOOCs",
    "topic 4": "4. Good practices showcase:",
    "topic 4: context": "In 2020 teaching moved online",
    "topic 4: question": "the highlights, the challenges and the decisions",
    "topic 4: cases": "Which case of using MOOCs or tools",
    "deadline of input": "The call for input closes when Monday 30 November 2020 begins in Beijing local time",
    "materials": "materials (toolkits, reports, slides, photos, videos, links and other files)",
    "good practices will be shared": "put the good practices together and to share them",
    "do not forget to register": "do not forget to register",
    "it is free": "Taking part: free.",
    "deadline of registration": "Registration closes when Monday 30 November 2020 begins in Beijing local time",
    "last moment": "last moment Sunday 29 November 2020, 23:59:59 (Asia/Shanghai, UTC+08:00)",
    "contact": "If you have questions, please write to gmc@example.org",
    "closing": "Yours sincerely,",
    "signatory 1": "QIU Yong (President, Tsinghua University)",
    "signatory 2": "Tao Zhan (Director, UNESCO IITE)",
    "place of the form": "Please register here: https://example.org/gmc2020",
    "note: instructions follow": "“Beijing Declaration on MOOC Development” is explained once your registration is complete",
    "note: no confirmation e-mail": "If no confirmation e-mail reached you, sign in all the same with the e-mail address and the password",
    "note: other questions": "For anything else, write to gmc@example.org",
}


class Page(HTMLParser):
    """The text of a page, its links, and which tags it has."""

    VOID = ("meta", "br", "input")

    def __init__(self, html):
        super().__init__()
        self.text, self.links, self.tags, self.open = "", [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.links += [value for name, value in attrs if name in ("href", "src", "action")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style", "title"} & set(self.open):
            self.text += data


def flat(text):
    """Without line breaks and repeated spaces."""
    return " ".join(text.split())


@pytest.mark.parametrize(("part", "words"), PARTS.items(), ids=PARTS)
def test_the_letter_says_what_the_invitation_said(part, words):
    """Every part and fact of it, as text and as HTML."""
    letter = render_letter(CONFERENCE, locale="en")
    assert words in flat(letter.text)
    in_html = re.sub(r"^\d\. (.*):$", r"\1", words)  # the browser numbers the list
    in_html = re.sub(r"^(.*) \((President|Director)(.*)\)$", r"\1\2\3", in_html)  # on a line of its own
    if part == "place of the form":
        in_html = "Please register here"
    assert in_html in flat(Page(letter.html).text)


@pytest.mark.parametrize("locale", SIX)
def test_the_letter_speaks_six_languages(locale):
    """Its frame is in the language, and page and direction say so."""
    letter = render_letter(CONFERENCE, locale=locale)
    page = Page(letter.html)
    assert letter.locale == locale
    assert dict(page.tags)["html"] == {"lang": locale, "dir": "rtl" if locale == "ar" else "ltr"}
    assert letter.subject == CONFERENCE.title.texts[locale]
    assert CONFERENCE.call.topics[3].title.texts[locale] in letter.text
    assert CONFERENCE.fee.texts[locale] in letter.text
    assert "2020" in letter.text
    assert not {"{", "}"} & set(letter.text)


def test_another_language_gets_english_words():
    """And what the document says in its own."""
    letter = render_letter(CONFERENCE, locale="sw")
    assert letter.locale == "en"


def test_a_text_in_another_language_is_marked():
    """A screen reader switches its voice for it."""
    theme = evolve(CONFERENCE, theme=LocalizedText({"fr": "Révolution"}))
    letter = render_letter(theme, locale="ar")
    assert '<span lang="fr" dir="ltr">Révolution</span>' in letter.html
    assert "«Révolution»" in letter.text


def test_the_letter_is_addressed_and_dated():
    """Where somebody is written to."""
    letter = render_letter(
        CONFERENCE, recipient=Mailbox("Ada Lovelace", "ada@example.org"), day=date(2020, 11, 1)
    )
    assert "Sunday 1 November 2020\nAda Lovelace\n\nDear colleague," in letter.text


HOSTILE = '<script>alert(1)</script> & "quotes" {{ 7 * 7 }} {0} {title}'


def test_everything_is_escaped():
    """Markup, templates and placeholders of whoever wrote the document stay text."""
    text = LocalizedText({"en": HOSTILE, "fr": HOSTILE})
    conference = evolve(
        CONFERENCE,
        title=text,
        theme=text,
        context=text,
        aims=(text,),
        fee=text,
        timezone_label=text,
        hosts=tuple(evolve(each, name=text) for each in CONFERENCE.hosts),
        signatories=tuple(evolve(each, name=text, capacity=text) for each in CONFERENCE.signatories),
        venue=Venue(kind="hybrid", name=text, address=text),
        call=evolve(CONFERENCE.call, outcome=text, introduction=text, sharing=text),
        registration=evolve(CONFERENCE.registration, instructions=text, help=text),
        letter=LetterPlan(heading=text, salutation=text, closing=text),
    )
    for locale in ("en", "fr", "ar"):
        letter = render_letter(conference, locale=locale, recipient=Mailbox(HOSTILE, "a@example.org"))
        page = Page(letter.html)
        assert "script" not in [tag for tag, _ in page.tags]
        assert "49" not in letter.text
        assert flat(page.text).count("{{ 7 * 7 }}") > 15
        assert HOSTILE in flat(letter.text)


def test_only_addresses_of_pages_become_links():
    """A conference made by code may hold anything."""
    conference = evolve(
        CONFERENCE, concept_note="javascript:alert(1)", website='https://x.example/"onclick="y'
    )
    page = Page(render_letter(conference).html)
    assert set(page.links) == {"mailto:gmc@example.org"}
    assert "javascript:alert(1)" in page.text


def test_the_html_needs_nothing_from_elsewhere():
    """No scripts, images, fonts or styles from the network; headings in order; a language; a title; fits small screens."""
    html = render_letter(CONFERENCE).html
    tags = [tag for tag, _ in Page(html).tags]
    assert not {"script", "link", "img", "iframe", "object"} & set(tags)
    assert "url(" not in html
    assert "@import" not in html
    assert tags.count("h1") == tags.count("main") == tags.count("title") == 1
    assert ("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}) in Page(html).tags


def test_the_form_stands_where_people_register():
    """Between the two notes, as on the conference's own page."""
    form = render_form(
        CONFERENCE.registration.form, answers={}, issues=(), locale="en", hidden={}, action="/register"
    )
    html = render_letter(CONFERENCE, form=form).html
    page = Page(html)
    assert "/register" in page.links
    instructions, name, note = (
        html.index(each) for each in ("explained once", "Full name", "If no confirmation")
    )
    assert instructions < name < note


@pytest.mark.parametrize("locale", SIX)
def test_without_a_page_people_write_to_register(locale):
    """Neither a sentence that ends in nothing nor an empty heading, and where there is no contact, nothing at all."""
    without = evolve(CONFERENCE, website=None, source=None)
    page, nobody = (
        render_letter(CONFERENCE, locale=locale),
        render_letter(evolve(without, contact=None), locale=locale),
    )
    letter = render_letter(without, locale=locale)
    (here,) = re.findall(r'<h2 id="register">(.*?)</h2>', page.html)
    assert f"{here}: {CONFERENCE.website}" in page.text
    for found in (letter, nobody):
        assert here not in found.text.split("----")[1]
        assert f">{here}<" not in found.html
    said = letter.text.split("----")[1].strip().splitlines()[0]
    assert said.endswith(f" {CONFERENCE.contact}")
    assert said.count(CONFERENCE.contact) == 1
    assert f'<a href="mailto:{CONFERENCE.contact}">' in letter.html.split("<section")[1]


@pytest.mark.parametrize("locale", SIX)
def test_only_a_virtual_venue_invites_to_attend_virtually(locale):
    """Who says nothing of the place has not said that there is none."""
    virtual = render_letter(evolve(CONFERENCE, venue=Venue(kind="virtual")), locale=locale).text
    unsaid = render_letter(evolve(CONFERENCE, venue=None), locale=locale).text
    words = {
        "en": "virtually",
        "fr": "en ligne",
        "es": "en línea",
        "ru": "онлайн",
        "zh": "在线",
        "ar": "عبر الإنترنت",
    }
    opening = [flat(text.split("\n\n")[2]) for text in (virtual, unsaid)]
    assert [words[locale] in each for each in opening] == [True, False]
    assert CONFERENCE.title.text(locale) in opening[1]


def test_notes_fit_the_rules_of_registration():
    """Who has no password is not told to sign in; without a call nobody is told of input."""
    field = Field(name="email", kind="email", label=LocalizedText.of("E-mail"))
    plain = RegistrationPlan(form=Form(fields=(field,)))
    letter = render_letter(evolve(CONFERENCE, registration=plain))
    assert "sign in" not in letter.text
    assert "look among the unwanted mail" in flat(letter.text)
    bare = evolve(CONFERENCE, registration=RegistrationPlan(), call=None, deadlines={}, letter=LetterPlan())
    assert "input" not in render_letter(bare).text
    assert "sign in all the same" in flat(
        render_letter(evolve(CONFERENCE, registration=RegistrationPlan())).text
    )


def test_several_sessions_are_a_programme():
    """Each with its time; cancelled ones are not announced."""
    (session,) = CONFERENCE.sessions
    second = evolve(
        session, id="b", title=LocalizedText.of("Panel"), starts=session.ends, ends=session.ends.plus_days(1)
    )
    gone = evolve(session, id="c", title=LocalizedText.of("Gone"), status="cancelled")
    letter = render_letter(evolve(CONFERENCE, sessions=(session, second, gone)))
    assert "Programme" in letter.text
    assert "Panel: Friday 11 December 2020, 22:30" in flat(letter.text)
    assert "Gone" not in letter.text


def test_an_extension_is_told():
    """With what the deadline was."""
    extended = CONFERENCE.deadlines["registration"].extended(
        through=date(2020, 12, 4), reason="Many asked.", announced_at=NOW
    )
    conference = evolve(CONFERENCE, deadlines={**CONFERENCE.deadlines, "registration": extended})
    text = flat(render_letter(conference).text)
    assert "4 December 2020" in text
    assert "extended, was Sunday 29 November 2020" in text


@examples(40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(conferences())
def test_any_conference_has_a_letter(conference):
    """In each language, well-formed, with title and fee."""
    for locale in ("en", "ar", "ja"):
        letter = render_letter(conference, locale=locale)
        Page(letter.html)
        assert flat(conference.title.text(letter.locale)) in flat(letter.text)
        assert flat(conference.fee.text(letter.locale)) in flat(letter.text)


def test_the_mail_is_the_letter():
    """Subject, both texts, date, and whom to answer; twice the same bytes."""
    given = {
        "recipient": Mailbox("Ada", "ada@example.org"),
        "sender": Mailbox("GMC", "gmc@example.org"),
        "now": NOW,
    }
    message = letter_message(CONFERENCE, locale="fr", **given)
    assert message.data == letter_message(CONFERENCE, locale="fr", **given).data
    mail = email.message_from_bytes(message.data, policy=default)
    assert mail["Subject"] == "Conférence mondiale sur les MOOC 2020"
    assert mail["Date"].datetime == NOW
    assert mail["To"].addresses[0].addr_spec == message.recipient == "ada@example.org"
    letter = render_letter(CONFERENCE, locale="fr", recipient=given["recipient"], day=date(2020, 11, 1))
    assert mail.get_body(("plain",)).get_content().splitlines() == letter.text.splitlines()
    assert mail.get_body(("html",)).get_content().splitlines() == letter.html.splitlines()
    assert message.message_id != letter_message(CONFERENCE, locale="en", **given).message_id


def test_a_mail_is_from_the_organizer_or_the_contact():
    """To forward, where nobody is named."""
    message = letter_message(CONFERENCE, now=NOW)
    mail = email.message_from_bytes(message.data, policy=default)
    assert str(mail["From"]) == str(mail["To"]) == "Global MOOC Conference <gmc@example.org>"
    contact = letter_message(evolve(CONFERENCE, calendar=None), now=NOW)
    assert contact.sender == contact.recipient == "gmc@example.org"
    with pytest.raises(InvalidText, match="'gmc2020' cannot stand here. Name a sender"):
        letter_message(evolve(CONFERENCE, calendar=None, contact=None), now=NOW)


def test_a_mail_without_a_zone_in_its_date_is_refused():
    """As everywhere."""
    with pytest.raises(NaiveTime):
        letter_message(
            CONFERENCE,
            recipient=Mailbox("", "ada@example.org"),
            sender=Mailbox("", "gmc@example.org"),
            now=datetime(2020, 11, 1),
        )


def test_a_series_is_listed_date_by_date():
    """Those that are held, each when it is."""
    conference = conference_from_text(
        """
        [conference]
        title = "Seminars"
        timezone = "Europe/Berlin"

        [[sessions]]
        id = "seminar"
        title = "Seminar"
        starts = 2036-10-08T18:00:00
        ends = 2036-10-08T19:30:00
        repeat = { every = "week", count = 3 }
        exceptions = [{ date = 2036-10-15, status = "cancelled" }, { date = 2036-10-22, starts = 2036-10-23T10:00:00 }]
        """,
        syntax="toml",
    )
    text = render_letter(conference).text
    assert "Wednesday 8 October 2036, 18:00-19:30" in text
    assert "Thursday 23 October 2036, 10:00-11:30" in text
    assert "15 October" not in text
    assert "22 October" not in text
