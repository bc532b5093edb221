"""Mails as people get them: every one in every language, safe for any value, and in words that a host may change."""

from __future__ import annotations

import email
import email.policy
import string
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from attrs import evolve
from hypothesis import given
from jinja2 import DictLoader
from tests.invite_samples import HOSTILE, invite
from tests.laws import examples
from tests.message_samples import SENDER, VALUES, links_of, notice

from conferencekit.calendar import invite_to_ical, validate
from conferencekit.errors import InvalidCalendar, TemplateBroken
from conferencekit.mailbox import Mailbox
from conferencekit.message.mails import COMMON, MAILS
from conferencekit.message.notice import LinkSpec
from conferencekit.message.rendering import LONGEST_PART, JinjaRenderer, default_renderer, render
from conferencekit.message.texts import LANGUAGES, sentences

VOID = {"meta", "br"}


def parsed(message):
    """The mail as the standard library reads it."""
    return email.message_from_bytes(message.data, policy=email.policy.default)


def rendered(made, renderer=None) -> dict[str, str]:
    """Subject, text and HTML."""
    found = parsed(render(made, links=links_of(made), renderer=renderer))
    plain, html = (found.get_body((each,)).get_content().replace("\r\n", "\n") for each in ("plain", "html"))
    return {"subject": found["Subject"], "text": plain, "html": html}


class Page(HTMLParser):
    """Tags in order, what is open at the end, addresses of links, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags, self.open, self.links, self.text = [], [], [], ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.open += [] if tag in VOID else [tag]
        self.links += [value for name, value in attrs if name == "href"]
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


# -- every mail


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize("template", MAILS)
def test_every_mail_says_all_that_it_was_told(template, locale):
    """In text and in HTML, in every language; no placeholder is left."""
    made = notice(template, locale=locale)
    found = rendered(made)
    page = Page(found["html"])
    assert page.open == []
    for part in (found["text"], page.text):
        assert "{" not in part
        for name, value in made.values.items():
            if name in (
                "contact",
                "website",
                "conference",
                "reference",
                "digest",
                "session",
                "reason",
                "outcome",
            ):
                assert str(value) in part, name
        assert "None" not in part
    assert 5 < len(found["subject"]) < 120
    assert "\n" not in found["subject"]
    for name, address in links_of(made).items():
        is_early = template == "registration_known" and name == "contribute"  # the sample waits for a place
        assert (address in found["text"].split()) is not is_early
        assert (address in page.links) is not is_early


@pytest.mark.parametrize("template", MAILS)
def test_every_mail_does_with_the_least(template):
    """Only the values and links that it must have."""
    found = rendered(notice(template, full=False))
    assert "None" not in found["text"]
    assert "\n\n\n" not in found["text"]
    assert Page(found["html"]).open == []


@pytest.mark.parametrize("template", MAILS)
def test_the_same_notice_gives_the_same_mail(template):
    """Byte for byte, so that a repeat is a repeat."""
    made = notice(template)
    one, other = (render(made, links=links_of(made), renderer=JinjaRenderer()) for _ in range(2))
    assert one == other
    assert one.message_id == made.message_id
    assert parsed(one)["Message-ID"] == made.message_id


def test_every_template_is_listed_and_every_listed_one_is_there():
    """`MAILS` is the list of what is sent."""
    from jinja2 import PackageLoader

    found = {
        each.removesuffix(".mail")
        for each in PackageLoader("conferencekit.message").list_templates()
        if each.endswith(".mail")
    }
    assert found == set(MAILS)


def test_a_confirmation_says_what_the_invitation_promises():
    """Instructions for giving input, personal link, sign-in, fee, both deadlines, and the invite."""
    made = notice()
    message = render(made, links=links_of(made))
    text = rendered(made)["text"]
    for part in (
        "1. Role and impact: What was the most defining role?",
        "4. Good practices: What were the major highlights?",
        "Beijing Declaration on MOOC Development",
        "https://gmc.example.org/contribute/r-1.token?a=1&b=2",
        "https://gmc.example.org/sign_in/r-1.token?a=1&b=2",
        "sign in with your e-mail address and the password",
        "Taking part: free",
        "Registration: closes when Monday 30 November 2020 begins in Asia/Shanghai",
        "Your input: closes when Tuesday 1 December 2020",
        "Read the concept note.",
    ):
        assert part in text
    (attached,) = parsed(message).iter_attachments()
    assert attached.get_payload(decode=True) == invite_to_ical(made.invite)
    assert (message.sender, message.recipient) == ("gmc@example.org", "ada@example.org")


def test_a_cancellation_carries_a_cancel():
    """That takes the event out of the calendar."""
    made = notice("session_cancelled")
    parts = [
        each
        for each in parsed(render(made, links=links_of(made))).walk()
        if each.get_content_type() == "text/calendar"
    ]
    assert parts[0].get_param("method") == "CANCEL"
    assert validate(parts[0].get_payload(decode=True), "CANCEL") == ()


def test_a_mail_without_an_invite_has_no_calendar():
    """Nobody rejected or unverified gets one."""
    made = notice("registration_verify")
    assert b"text/calendar" not in render(made, links=links_of(made)).data


def test_a_moved_session_says_what_was_and_what_is():
    """Only what changed is told twice."""
    text = rendered(notice("session_moved"))["text"]
    assert f"Before: {VALUES['was']}\nNow: {VALUES['now']}" in text
    assert "Before: Room 1\nNow: Online" in text
    assert f"Before: {VALUES['programme_was']}\nNow: {VALUES['programme']}" in text
    same = {
        **notice("session_moved").values,
        "was": VALUES["now"],
        "where_was": None,
        "programme_was": None,
    }
    assert "Before" not in rendered(notice("session_moved", values=same))["text"]


@pytest.mark.parametrize("locale", LANGUAGES)
def test_a_session_that_only_clocks_moved_is_said_to_be_so(locale):
    """In every language; of others nothing of the kind is said."""
    values = {**notice("session_moved").values, "was": None, "where_was": None, "programme_was": None}
    usual, other = (
        rendered(notice("session_moved", locale=locale, values={**values, "clocks_moved": each}))
        for each in (None, "yes")
    )
    for part in ("text", "html"):
        assert len(other[part]) > len(usual[part]) + 20
        assert (part == "html") or set(usual[part].splitlines()) < set(other[part].splitlines())


# -- languages


def placeholders(text: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_everything(language):
    """The same keys, and in each sentence the same placeholders."""
    english, found = sentences("en"), sentences(language)
    assert list(found) == list(english)
    for key, text in found.items():
        assert placeholders(text) == placeholders(english[key]), key
        assert text.strip() == text
        assert "\n" not in text


@pytest.mark.parametrize("key", sentences("en"))
def test_every_sentence_is_said_somewhere(key):
    """None is left over."""
    from jinja2 import PackageLoader

    loader = PackageLoader("conferencekit.message")
    sources = "".join(loader.get_source(None, each)[0] for each in loader.list_templates())  # type: ignore[arg-type]  # unused
    table, _, name = key.partition(".")
    assert f'say("{key}"' in sources or (table == "known" and name in ("pending", "waitlisted"))


@pytest.mark.parametrize(
    ("locale", "language"), [("zh-Hans-CN", "zh"), ("fr_CA", "fr"), ("de", "en"), ("pt-BR", "en")]
)
def test_the_nearest_language_is_spoken(locale, language):
    """And English where none is near."""
    assert rendered(notice(locale=locale))["subject"] == sentences(language)["confirmed.subject"].format(
        **VALUES
    )


def test_arabic_is_written_from_right_to_left():
    """The whole page."""
    html = rendered(notice(locale="ar"))["html"]
    assert '<html lang="ar" dir="rtl">' in html
    assert '<html lang="fr" dir="ltr">' in rendered(notice(locale="fr"))["html"]


def test_the_mail_names_its_language():
    """For screen readers and translators."""
    made = notice(locale="fr")
    assert parsed(render(made, links=links_of(made)))["Content-Language"] == "fr"


# -- hostile values


@given(HOSTILE, HOSTILE)
@examples(60)
def test_no_value_becomes_markup(text, name):
    """The tags are those of the template, whatever is put in."""
    harmless, hostile = (
        notice(
            "registration_declined",
            values={"conference": each, "reference": each, "reason": each},
            invite=None,
        )
        for each in ("x", text + "<script>alert(1)</script><img src=x onerror=y>")
    )
    expected, found = (Page(rendered(each)["html"]) for each in (harmless, hostile))
    assert found.tags == expected.tags
    assert found.links == expected.links


def test_no_value_becomes_a_template():
    """Neither Jinja's nor that of the sentences."""
    text = "{{ 7 * 7 }} {% include 'x' %} {reference} {0.__class__} %s"
    found = rendered(notice("registration_declined", values={**VALUES, "conference": text}, invite=None))
    assert text in found["text"]
    assert text in found["subject"]
    assert "49" not in found["html"]


@given(HOSTILE)
def test_no_subject_has_a_second_line(text):
    """Whatever the title."""
    made = notice("registration_declined", values={**VALUES, "conference": text}, invite=None)
    head = render(made, links=links_of(made)).data.split(b"\r\n\r\n")[0]
    assert head.count(b"\r\nSubject: ") == 1
    assert b"\r\nBcc:" not in head


@pytest.mark.parametrize(
    "name",
    [
        "Visit https://evil.example",
        "www.evil.example",
        "evil.example",
        "call +1/555",
        "a@b.org",
        "<b>x</b>",
        "x" * 90,
    ],
)
def test_names_that_are_messages_are_not_greeted(name):
    """Anybody can type a stranger's address and any name into a form."""
    found = rendered(notice("registration_received", recipient=Mailbox(name, "ada@example.org")))
    assert name not in found["text"]
    assert found["text"].startswith("Hello,")


@pytest.mark.parametrize("name", ["Ada", "Zoë O'Neil-Smith, Jr.", "王永", "محمد", "J. R. R. Tolkien"])
def test_names_are_greeted(name):
    """Of all kinds."""
    assert (
        name in rendered(notice("registration_received", recipient=Mailbox(name, "ada@example.org")))["text"]
    )


@pytest.mark.parametrize("template", ["registration_verify", "registration_known"])
def test_a_stranger_gets_no_words_of_who_typed_their_address(template):
    """The name in the form is not in these mails."""
    made = notice(template, recipient=Mailbox("Buy now", "ada@example.org"))
    assert "Buy now" not in str(rendered(made))


def test_control_characters_are_gone():
    """From all values, deep ones too."""
    values = {
        **notice("good_practices_shared").values,
        "practices": [{"title": "a\x00b\x1b[31m", "by": None}],
    }
    text = rendered(notice("good_practices_shared", values=values))["text"]
    assert "- ab[31m" in text


# -- what must not be sent


@pytest.mark.parametrize(
    ("template", "changes", "said"),
    [
        ("registration_confirmed", {"values": {"conference": "GMC"}}, "lacks the value 'reference'"),
        ("registration_confirmed", {"values": {**VALUES, "fee": None}}, "lacks the value 'fee'"),
        ("registration_verify", {"links": {}}, "lacks the link 'verify'"),
        ("no_such_mail", {}, "no_such_mail.mail"),
    ],
)
def test_a_notice_that_lacks_something_is_named(template, changes, said):
    """With its key, before anything is sent."""
    made = evolve(notice("registration_confirmed"), template=template, **changes)
    with pytest.raises(TemplateBroken, match=said):
        render(made, links=links_of(made))


def test_an_invite_that_breaks_a_rule_is_not_sent():
    """It is found when it is rendered."""
    short = invite(ends=invite().starts.plus(invite().starts.offset / 10**9))
    with pytest.raises(InvalidCalendar, match="DTEND"):
        render(notice(invite=short), links=links_of(notice()))


# -- what a host may change


def test_a_host_may_say_it_in_other_words():
    """Single sentences, by language; the others stay."""
    renderer = JinjaRenderer(texts={"en": {"confirmed.subject": "Welcome to {conference}"}})
    found = rendered(notice(), renderer)
    assert found["subject"] == "Welcome to Global MOOC Conference 2020"
    assert "is confirmed" in found["text"]
    assert rendered(notice())["subject"].startswith("You are registered")


def test_a_host_may_speak_another_language():
    """What it does not say in it, is said in English."""
    renderer = JinjaRenderer(texts={"de": {"confirmed.subject": "Sie sind angemeldet: {conference}"}})
    found = rendered(notice(locale="de-AT"), renderer)
    assert found["subject"] == "Sie sind angemeldet: Global MOOC Conference 2020"
    assert "is confirmed" in found["text"]


def test_a_host_may_replace_a_mail_or_a_part_of_it():
    """By a loader of its own, with the blocks and sentences of the package."""
    loader = DictLoader(
        {
            "registration_declined.mail": "{% extends layout %}{% block subject %}No{% endblock %}"
            "{% block body %}{{ p('Sorry & goodbye') }}{% endblock %}",
            "registration_received.txt": "Only the text, {{ recipient.name }}: {{ reference }}",
            "registration_waitlisted.subject": "Wait, please",
        }
    )
    renderer = JinjaRenderer(loader)
    declined = rendered(notice("registration_declined"), renderer)
    assert declined["subject"] == "No"
    assert "Sorry & goodbye" in declined["text"]
    assert "Sorry &amp; goodbye" in declined["html"]
    received = rendered(notice("registration_received"), renderer)
    assert received["text"].strip() == "Only the text, Ada: 6F0C-2M9T"
    assert "Thank you for registering" in received["html"]
    assert rendered(notice("registration_waitlisted"), renderer)["subject"] == "Wait, please"


def test_a_host_may_bring_another_engine():
    """Anything with `render(name, part, values)`."""

    class Shouting:
        def render(self, name, part, values):
            return f"{part}: {name} for {values['recipient']['name']} in {values['locale']}".upper()

    assert rendered(notice(), Shouting())["subject"] == "SUBJECT: REGISTRATION_CONFIRMED FOR ADA IN EN"


def test_a_host_may_send_mails_of_its_own():
    """Under a name that is not in the list; what it needs is its own affair."""
    renderer = JinjaRenderer(
        DictLoader(
            {
                "dinner.mail": "{% extends layout %}{% block subject %}Dinner{% endblock %}{% block body %}{{ p(menu) }}{% endblock %}"
            }
        )
    )
    made = evolve(
        notice("registration_declined"), template="dinner", values={"conference": "GMC", "menu": "Soup"}
    )
    assert "Soup" in rendered(made, renderer)["text"]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ nobody }}", "'nobody' is undefined"),
        ("{{ say('no.such') }}", "no.such"),
        ("{{ say('common.greeting') }}", "name"),
        ("{{ ''.__class__.__mro__ }}", "SecurityError"),
        (
            "{% for a in range(99999) %}{% for b in range(99999) %}xxxxxxxxxx{% endfor %}{% endfor %}",
            str(LONGEST_PART),
        ),
        ("{{ topics.append(1) }}", "SecurityError"),
        ("{% if %}", "TemplateSyntaxError"),
        ("{{ 1 / 0 }}", "ZeroDivisionError"),
        ("{% extends 'nothing' %}", "TemplateNotFound"),
    ],
)
def test_a_broken_template_is_named(source, said):
    """With the reason; it cannot reach Python, change a value, or fill the memory."""
    renderer = JinjaRenderer(DictLoader({"registration_confirmed.txt": source}))
    with pytest.raises(TemplateBroken, match=r"registration_confirmed\.txt") as caught:
        rendered(notice(), renderer)
    assert said in str(caught.value)


# -- details


def test_a_link_that_ends_says_when():
    """In the words of the caller, else in UTC."""
    link = LinkSpec("verify", "r-1", 0, datetime(2020, 11, 14, 8, 30, tzinfo=UTC))
    plain = rendered(notice("registration_verify", values={"conference": "GMC"}, links={"verify": link}))
    assert "The link works until Saturday 14 November 2020, 08:30 (UTC" in plain["text"]
    assert str(VALUES["until"]) in rendered(notice("registration_verify"))["text"]


def test_only_bulk_mail_is_unsubscribed_from():
    """By a header that takes one click, and by a link at the end."""
    made = notice("good_practices_shared", stream="bulk")
    assert (
        parsed(render(made, links=links_of(made)))["List-Unsubscribe"] == f"<{links_of(made)['unsubscribe']}>"
    )
    personal = notice("good_practices_shared")
    assert parsed(render(personal, links=links_of(personal)))["List-Unsubscribe"] is None


def test_replies_go_where_somebody_reads():
    """Where a notice says so."""
    made = notice(reply_to=Mailbox("Help", "help@example.org"))
    assert parsed(render(made, links=links_of(made)))["Reply-To"] == "Help <help@example.org>"


def test_the_default_renderer_is_made_once():
    """Templates are compiled for the first mail, not for each."""
    assert default_renderer() is default_renderer()


def test_every_value_in_the_samples_is_known():
    """The samples keep up with the list."""
    known = {
        "conference",
        *COMMON,
        *(name for kind in MAILS.values() for name in (*kind.values, *kind.options)),
    }
    assert set(VALUES) == known
    assert SENDER.address == "gmc@example.org"


# -- good practices, and which reference it is


def test_practices_of_several_topics_stand_under_their_topics():
    """Each title once, in the order in which the practices come."""
    practices = [
        {"title": "G3-001", "by": "Ada, Kenya", "topic": "What works"},
        {"title": "G3-007", "by": None, "topic": "What works"},
        {"title": "G1-001", "by": None, "topic": "Good practices"},
    ]
    values = {**notice("good_practices_shared").values, "practices": practices}
    found = rendered(notice("good_practices_shared", values=values))
    assert (
        "\nWhat works\n\n- G3-001, by Ada, Kenya\n- G3-007\n\nGood practices\n\n- G1-001\n" in found["text"]
    )
    text = Page(found["html"]).text
    assert [text.count(each) for each in ("What works", "G3-007", "G1-001")] == [1, 1, 1]


def test_practices_of_one_topic_need_no_title_of_it():
    """Nor do those of a host that names no topic."""
    for topic in ({"topic": "What works"}, {}, {"topic": None}):
        practices = [{"title": "G3-001", "by": None, **topic}, {"title": "G3-002", "by": None, **topic}]
        values = {**notice("good_practices_shared").values, "practices": practices}
        text = rendered(notice("good_practices_shared", values=values))["text"]
        assert "\n- G3-001\n- G3-002\n" in text
        assert "What works" not in text


@pytest.mark.parametrize("locale", LANGUAGES)
def test_a_mail_says_whose_reference_it_is(locale):
    """That of the registration, or that of the contribution: people have both."""
    mine = sentences(locale)
    registration, contribution = mine["common.reference"], mine["input.reference"]
    assert registration != contribution
    assert registration in rendered(notice("registration_confirmed", locale=locale))["text"]
    received = rendered(notice("contribution_received", locale=locale))["text"]
    assert contribution in received
    assert registration not in received
