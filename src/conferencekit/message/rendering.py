"""From a notice to the mail that goes out: the words, the invite, the bytes.

Which words: a `Renderer`. The default one takes the templates of `templates/` and the sentences of `texts/`; a host may
put its own templates or sentences before them, or bring another engine. jinja2 is loaded at the first mail.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from attrs import frozen

from ..calendar.invite import Invite
from ..calendar.lines import plain_text
from ..calendar.writing import invite_to_ical
from ..errors import TemplateBroken
from ..mailbox import one_line
from ..moment import Moment
from ..text import direction
from .mails import COMMON, MAILS, MailKind
from .message import Message
from .mime import Calendar, Mail, mail_to_bytes
from .notice import Notice
from .texts import Catalogue

if TYPE_CHECKING:
    from jinja2 import BaseLoader, Environment, Template

Part = Literal["subject", "text", "html"]

LONGEST_PART: Final = 500_000
"""Characters of a rendered part; more is a template gone wrong."""

_SUFFIXES: Final[Mapping[Part, str]] = {"subject": "txt", "text": "txt", "html": "html"}
_BLOCKS: Final = ("p", "prose", "heading", "button", "link", "facts", "items")
_BLANK_LINES: Final = re.compile(r"\n{3,}")
_LONGEST_GREETED: Final = 80


class Renderer(Protocol):
    """A template engine."""

    def render(self, name: str, part: Part, values: Mapping[str, object]) -> str:
        """One part of the mail `name`. In the part `html` every value is escaped.

        `values` are those of the notice, and `recipient` (an object with `name`, `address`, and `greeting`, the name if
        it is fit to be greeted by), `links` (addresses by name), `locale`, `direction` ("ltr" or "rtl"), `invite`
        ("REQUEST", "CANCEL", or None without one) and `asks_reply` (whether the invite wants an answer). Values and
        links that a mail of `MAILS` may do without are None.

        Raises:
            TemplateBroken: the template is not there, or does not render with these values.
        """


def render(notice: Notice, *, links: Mapping[str, str], renderer: Renderer | None = None) -> Message:
    """The mail of a notice. The same notice, links, templates and library versions give the same bytes.

    Args:
        notice: What is owed.
        links: The addresses of `notice.links`, by the same names.
        renderer: Where the words come from; None for the default.

    Raises:
        TemplateBroken: the template does not render, or the notice lacks what it needs.
        InvalidCalendar: the invite would break RFC 5545 or RFC 5546.
    """
    words = render_words(notice, links=links, renderer=renderer)
    mail = Mail(
        sender=notice.sender,
        recipient=notice.recipient,
        reply_to=notice.reply_to,
        subject=words.subject,
        text=words.text,
        html=words.html,
        locale=notice.locale,
        date=notice.date,
        message_id=notice.message_id,
        calendar=_calendar(notice.invite),
        unsubscribe=links.get("unsubscribe") if notice.stream == "bulk" else None,
    )
    return Message(
        sender=notice.sender.address,
        recipient=notice.recipient.address,
        message_id=notice.message_id,
        data=mail_to_bytes(mail),
    )


@frozen(kw_only=True)
class Words:
    """What a mail says, in both of its forms. `subject` is one line."""

    subject: str
    text: str
    html: str


def render_words(notice: Notice, *, links: Mapping[str, str], renderer: Renderer | None = None) -> Words:
    """The words of a notice's mail, for whoever puts them into mails to many. Raises `TemplateBroken`."""
    engine = renderer or default_renderer()
    values = _values(notice, links)
    subject, text, html = (engine.render(notice.template, part, values) for part in _SUFFIXES)
    return Words(subject=one_line(subject), text=text, html=html)


def _calendar(invite: Invite | None) -> Calendar | None:
    return Calendar(octets=invite_to_ical(invite), method=invite.method) if invite else None


def _values(notice: Notice, links: Mapping[str, str]) -> dict[str, object]:
    kind = MAILS.get(notice.template, MailKind(about="a host's own mail"))
    given = {name: links[name] for name in notice.links}
    _require(notice, kind, given)
    values: dict[str, object] = dict.fromkeys((*COMMON, *kind.options))
    values["until"] = _until(notice)
    values |= {name: _clean(value) for name, value in notice.values.items()}
    return values | {
        "recipient": {
            "name": notice.recipient.name,
            "address": notice.recipient.address,
            "greeting": _greeting(notice.recipient.name),
        },
        "links": dict.fromkeys((*kind.optional_links, "unsubscribe")) | given,
        "locale": notice.locale,
        "direction": direction(notice.locale),
        "invite": notice.invite.method if notice.invite else None,
        "asks_reply": notice.invite is not None and notice.invite.rsvp,
    }


def _until(notice: Notice) -> str | None:
    """When the first of the links ends, in words; said in UTC, for want of a better zone."""
    ends = [link.expires for link in notice.links.values() if link.expires]
    return Moment.from_instant(min(ends), "UTC").text(notice.locale) if ends else None


def _require(notice: Notice, kind: MailKind, links: Mapping[str, str]) -> None:
    wanted = ("conference", *kind.values) if notice.template in MAILS else ()
    for name in wanted:
        if notice.values.get(name) is None:
            raise TemplateBroken(notice.template, f"the notice {notice.key!r} lacks the value {name!r}")
    for name in kind.links:
        if name not in links:
            raise TemplateBroken(notice.template, f"the notice {notice.key!r} lacks the link {name!r}")


def _clean(value: object) -> object:
    """The value without control characters, line ends as LF."""
    if isinstance(value, str):
        return plain_text(value)
    if isinstance(value, Mapping):
        return {key: _clean(each) for key, each in value.items()}
    return [_clean(each) for each in value] if isinstance(value, list) else value


def _greeting(name: str) -> str:
    """The name, unless it is made to be more than one: anybody can type anybody's address and any name into a form."""
    is_suspect = len(name) > _LONGEST_GREETED or re.search(r"[/:@\\<>]|\.\w{2,}|www", name)
    return "" if is_suspect else name


# -- the default renderer


@cache
def default_renderer() -> Renderer:
    """The renderer with the templates and sentences of this package alone."""
    return JinjaRenderer()


class JinjaRenderer:
    """Templates in Jinja, in a sandbox, with sentences from a catalogue per language.

    A mail is one template, `NAME.mail`, from which subject, text and HTML are made, so that they always say the same.
    Where there is a `NAME.subject`, `NAME.txt` or `NAME.html`, that part is taken from it. `say(key, ...)` is the
    sentence of the catalogue in the reader's language.

    Args:
        loader: Where to look for templates first: any loader of Jinja.
        texts: Sentences that go before those of the package, by language and key: `{"en": {"verify.subject": "..."}}`.
            A language of which only some are given falls back to English for the others.
    """

    def __init__(
        self, loader: BaseLoader | None = None, *, texts: Mapping[str, Mapping[str, str]] | None = None
    ) -> None:
        catalogue = Catalogue.of_package().updated(texts or {})
        self._speaker = lru_cache(maxsize=64)(lambda locale, escape: catalogue.speaker(locale, escape=escape))
        self._text = make_environment(loader, escape=False)
        self._html = make_environment(loader, escape=True)

    def render(self, name: str, part: Part, values: Mapping[str, object]) -> str:
        """One part of a mail. Raises `TemplateBroken`."""
        environment = self._html if part == "html" else self._text
        suffix = _SUFFIXES[part]
        say = self._speaker(str(values.get("locale", "en")), part == "html")
        given = {**values, "say": say, "layout": f"layout.{suffix}"}
        own = f"{name}.subject" if part == "subject" else f"{name}.{suffix}"
        try:
            template = environment.select_template([own, f"{name}.mail"])
            text = _bounded(
                template, "subject" if part == "subject" and template.name != own else None, given
            )
        except Exception as error:  # a template can raise anything
            raise TemplateBroken(own, f"{type(error).__name__}: {error}") from error
        return _tidy(text) if part == "text" else text.strip()


def make_environment(loader: BaseLoader | None = None, *, escape: bool) -> Environment:
    """A sandboxed environment over the templates of this package, those of `loader` first.

    Nothing undefined passes silently, and templates can change nothing. With `escape`, every value is escaped for HTML.
    """
    from jinja2 import ChoiceLoader, PackageLoader, StrictUndefined  # noqa: PLC0415 - loaded at the first mail
    from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415 - as above

    own = PackageLoader("conferencekit.message")
    environment = ImmutableSandboxedEnvironment(
        loader=ChoiceLoader([loader, own]) if loader else own,
        undefined=StrictUndefined,
        autoescape=escape,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    blocks = environment.get_template(f"blocks.{'html' if escape else 'txt'}").module
    environment.globals.update({name: getattr(blocks, name) for name in _BLOCKS})
    return environment


def _bounded(template: Template, block: str | None, values: Mapping[str, Any]) -> str:
    """What a template, or one block of it, gives; at most `LONGEST_PART` characters."""
    stream = (
        template.blocks[block](template.new_context(dict(values))) if block else template.generate(values)
    )
    pieces, length = [], 0
    for piece in stream:
        pieces.append(piece)
        length += len(piece)
        if length > LONGEST_PART:
            raise ValueError(f"it gives more than {LONGEST_PART} characters")
    return "".join(pieces)


def _tidy(text: str) -> str:
    """No more than one blank line in a row, no spaces at ends of lines, one line end at the end."""
    lines = "\n".join([line.rstrip() for line in text.split("\n")])
    return _BLANK_LINES.sub("\n\n", lines).strip() + "\n"
