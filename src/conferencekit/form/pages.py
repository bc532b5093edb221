"""Whole pages, for hosts that have none of their own: plain HTML 5, works without JavaScript, nothing is loaded.

Each is a pure function of what it shows. Nothing on a page changes anything until its button posts: links from mails
open with GET, and mail scanners open them too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal, Protocol, get_args

from attrs import frozen

from ..errors import InvalidText
from ..text import LocalizedText, direction
from .catalogue import catalogue_locale, text
from .fields import Field, Form
from .html import Html, element, join
from .issues import Issue
from .rendering import Button, render, spoken
from .style import STYLESHEET
from .texts import INTERFACE

Purpose = Literal["verify", "cancel", "withdraw"]
"""What a button of a `confirm_page` does."""

Said = Literal[
    "verified", "cancelled", "withdrawn", "saved", "submitted", "closed", "not_open_yet", "not_found",
    "link_used", "link_expired",
]  # fmt: skip
"""What a `message_page` says."""

ContributionState = Literal["draft", "submitted", "withdrawn"]

Link = tuple[str, str]
"""(words, address)"""

_SAFE_LINK: Final = re.compile(r"(?:https?:|mailto:|[^:]*$|[^:]*[/?#])", re.IGNORECASE)
_SAFE_LETTERS: Final = re.compile("[\x00-\x20\x7f]")


class ShowsItself(Protocol):
    """Markup that templates print, such as a rendered form."""

    def __html__(self) -> str:
        """The markup, every text in it escaped."""


@frozen(kw_only=True)
class Frame:
    """What all pages of a conference have in common.

    `locale` is the reader's language, `contact` an e-mail address for questions, `home` the conference's own page.
    """

    conference: LocalizedText | str
    locale: str = "en"
    theme: LocalizedText | str | None = None
    contact: str | None = None
    home: str | None = None


@frozen
class RenderedPage:
    """A whole HTML document."""

    html: Html
    title: str
    locale: str

    def __html__(self) -> str:
        return str(self.html)

    def __str__(self) -> str:
        return str(self.html)


def page(title: str, body: object, frame: Frame, *, has_errors: bool = False) -> RenderedPage:
    """A page of your own in the conference's frame.

    Args:
        title: The heading, and with the conference's name the title of the window.
        body: What stands below: markup where it has `__html__`, else text.
        frame: What is around it.
        has_errors: Say so in the title of the window, which screen readers read first.
    """
    locale = catalogue_locale(frame.locale)
    conference = (
        frame.conference if isinstance(frame.conference, str) else frame.conference.text(frame.locale)
    )
    window = text("title", locale, page=title, conference=conference)
    window = text("error_title", locale, page=window) if has_errors else window
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="same-origin"),
        element("meta", name="robots", content="noindex"),
        element("title", window),
        Html(f"<style>{STYLESHEET}</style>"),
    )
    main = element("main", element("h1", title), body, id="main")
    document = element(
        "html",
        head,
        element("body", _header(frame), main, _footer(frame)),
        lang=locale,
        dir=direction(locale),
    )
    return RenderedPage(Html(f"<!doctype html>{document}\n"), window, locale)


def form_page(  # noqa: PLR0913 - all but two are keywords
    form: ShowsItself,
    frame: Frame,
    *,
    title: str | None = None,
    fee: str | None = None,
    deadline: str | None = None,
    introduction: LocalizedText | str | None = None,
    note: LocalizedText | str | None = None,
    sign_in: str | None = None,
    has_errors: bool = False,
) -> RenderedPage:
    """A form with what one needs to know before filling it in: the fee, and until when.

    `title` is "Registration" where none is given; `introduction` stands above the form and `note` below it; `sign_in`
    is the address for those who registered already; `has_errors` is said in the title of the window, also where the
    form itself does not say so.
    """
    locale = frame.locale
    known = (
        element("p", text("registered_already", locale), " ", _link((text("sign_in", locale), sign_in)))
        if sign_in
        else None
    )
    body = [
        facts([(text("fee", locale), fee), (text("deadline", locale), deadline)]),
        _paragraphs(introduction, locale),
        known,
        form,
        _paragraphs(note, locale),
    ]
    return page(
        title or text("register", locale),
        join(body),
        frame,
        has_errors=has_errors or getattr(form, "has_errors", False),
    )


def received_page(
    reference: str,
    frame: Frame,
    *,
    sign_in: str | None = None,
    instructions: LocalizedText | str | None = None,
    note: LocalizedText | str | None = None,
) -> RenderedPage:
    """After registering: the reference and what happens next. The same for a new address and one that is known.

    `note` says what to do if no mail comes; without it the usual words lead to `sign_in`.
    """
    locale = frame.locale
    body = [
        facts([(text("reference", locale), element("bdi", reference, class_="ck-reference"))]),
        element("p", text("received_keep", locale)),
        element("h2", text("next", locale)),
        element("p", text("received_next", locale)),
        _paragraphs(instructions, locale),
        _paragraphs(note or (text("received_sign_in", locale) if sign_in else None), locale),
        element("p", _link((text("sign_in", locale), sign_in))) if sign_in else None,
    ]
    return page(text("received", locale), join(body), frame)


def confirm_page(
    purpose: Purpose,
    frame: Frame,
    *,
    subject: str | None = None,
    known: Sequence[tuple[object, object]] = (),
    action: str = "",
    hidden: Mapping[str, str] | None = None,
) -> RenderedPage:
    """What a link of a mail opens: what it is about, and the button that does it.

    `subject` says it in a line; `known` adds names and values, such as whose registration it is.

    Raises:
        InvalidText: for a purpose that has no words.
    """
    _check(purpose, get_args(Purpose))
    locale = frame.locale
    form = render(
        Form(fields=()),
        locale=locale,
        hidden=hidden,
        action=action,
        buttons=(Button(text(f"{purpose}_button", locale)),),
    )
    about = element("p", element("strong", element("bdi", subject))) if subject else None
    return page(
        text(purpose, locale),
        join([about, facts(known), element("p", text(f"{purpose}_text", locale)), form]),
        frame,
    )


def sign_in_form() -> Form:
    """What a sign-in page asks: `email` and `password`."""
    return Form(
        fields=(
            Field(name="email", kind="email", label=_all("email"), autocomplete="username"),
            Field(
                name="password",
                kind="password",
                label=_all("password"),
                autocomplete="current-password",
                min_length=0,
            ),
        ),
        submit=_all("sign_in"),
    )


def sign_in_page(
    frame: Frame,
    *,
    answers: object = None,
    issues: Sequence[Issue] = (),
    hidden: Mapping[str, str] | None = None,
    action: str = "",
) -> RenderedPage:
    """Where a registrant signs in. `Issue(FORM, "sign_in")` answers a wrong address and a wrong password alike."""
    form = render(
        sign_in_form(), answers=answers, issues=issues, locale=frame.locale, hidden=hidden, action=action
    )
    body = join([element("p", text("sign_in_intro", frame.locale)), form])
    return page(text("sign_in", frame.locale), body, frame, has_errors=form.has_errors)


def message_page(
    said: Said, frame: Frame, *, detail: LocalizedText | str | None = None, links: Sequence[Link] = ()
) -> RenderedPage:
    """A page that says one thing: done, closed, not found. `detail` says more, `links` lead on.

    Raises:
        InvalidText: for something that has no words.
    """
    _check(said, get_args(Said))
    locale = frame.locale
    body = [element("p", text(f"{said}_text", locale)), _paragraphs(detail, locale), _links(links)]
    return page(text(said, locale), join(body), frame)


def contribution_page(
    state: ContributionState,
    frame: Frame,
    *,
    reference: str | None = None,
    deadline: str | None = None,
    answers: Sequence[tuple[LocalizedText | str, str]] = (),
    materials: Sequence[tuple[str, str | None]] = (),
    links: Sequence[Link] = (),
    notice: Said | None = None,
) -> RenderedPage:
    """How a person's contribution stands.

    Args:
        state: Where it is.
        frame: What is around it.
        reference: What it is called.
        deadline: Until when it can be changed, as text.
        answers: (question, answer), in the order of the topics; "" = not answered.
        materials: (name, address or None).
        links: What can be done next, such as changing or withdrawing it.
        notice: What has just happened (`saved`, `submitted`).
    """
    _check(state, get_args(ContributionState))
    locale = frame.locale
    known = {
        "status": text(f"status_{state}", locale),
        "contribution_reference": reference,
        "deadline": deadline,
    }
    body = [
        _notice(notice, locale),
        facts([(text(key, locale), value) for key, value in known.items()]),
        _steps(links),
        _answers(answers, locale),
        element("h2", text("materials", locale)),
        _materials(materials, locale),
    ]
    return page(text("contribution", locale), join(body), frame)


def _notice(notice: Said | None, locale: str) -> Html | None:
    if notice is None:
        return None
    _check(notice, get_args(Said))
    told = element("strong", text(notice, locale))
    return element("p", told, " – ", text(f"{notice}_text", locale), class_="ck-notice", role="status")


def _all(key: str) -> LocalizedText:
    return LocalizedText({locale: words[key] for locale, words in INTERFACE.items()})


def _check(value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise InvalidText(value, f"There is a page for each of {', '.join(known)}.")


def _header(frame: Frame) -> Html:
    title = spoken(frame.conference, frame.locale)
    named = _link((title, frame.home)) if frame.home else title
    theme = element("p", spoken(frame.theme, frame.locale), class_="ck-theme") if frame.theme else None
    return element(
        "header", element("div", element("p", named, class_="ck-title"), theme), class_="ck-header"
    )


def _footer(frame: Frame) -> Html | None:
    if not frame.contact:
        return None
    link = _link((frame.contact, f"mailto:{frame.contact}"))
    asked = element("p", text("questions", frame.locale), " ", element("bdi", link))
    return element("footer", element("div", asked), class_="ck-footer")


def facts(named: Sequence[tuple[object, object]]) -> Html | None:
    """Names and values, one under the other; what has no value is left out."""
    given = [(name, value) for name, value in named if value]
    parts = (part for name, value in given for part in (element("dt", name), element("dd", value)))
    return element("dl", *parts, class_="ck-facts") if given else None


def _paragraphs(value: LocalizedText | str | None, locale: str) -> Html | None:
    if not value:
        return None
    if not isinstance(value, str):
        words, language = value.best(locale)
        is_own = language.split("-")[0] == catalogue_locale(locale)
        marks = {} if is_own else {"lang": language, "dir": direction(language)}
    else:
        words, marks = value, {}
    return join(element("p", part, **marks) for part in re.split(r"\n\s*\n", words.strip()))


def _link(link: tuple[str, str | None], *, class_: str | None = None) -> Html:
    """A link; its words alone where the address is none that a page should lead to."""
    words, address = link
    safe = _SAFE_LETTERS.sub("", address or "")
    return (
        element("a", words, href=safe, class_=class_)
        if _SAFE_LINK.match(safe) and safe
        else element("span", words)
    )


def _links(links: Sequence[Link]) -> Html | None:
    return element("ul", *(element("li", _link(each)) for each in links), class_="ck-list") if links else None


def _steps(links: Sequence[Link]) -> Html | None:
    """Links that look like buttons: what one comes to the page for."""
    made = (_link(each, class_="ck-button ck-second") for each in links)
    return element("div", *made, class_="ck-buttons") if links else None


def _answers(answers: Sequence[tuple[LocalizedText | str, str]], locale: str) -> Html | None:
    if not answers:
        return None
    open_ = element("span", text("not_answered", locale), class_="ck-optional")
    return join(
        [
            element("h2", text("answers", locale)),
            *(
                part
                for question, answer in answers
                for part in (
                    element("h3", spoken(question, locale)),
                    element("p", answer or open_, class_="ck-answer", dir="auto"),
                )
            ),
        ]
    )


def _materials(materials: Sequence[tuple[str, str | None]], locale: str) -> Html:
    if not materials:
        return element("p", text("none", locale))
    items = (element("li", element("bdi", _link((name, address)))) for name, address in materials)
    return element("ul", *items, class_="ck-list")
