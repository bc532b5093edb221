"""The page of good practices: what people gave to the topics that are to be shown, and agreed to publish."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from attrs import field, frozen

from ..conference import Call, Conference, Topic
from ..form.catalogue import size_text
from ..form.html import Html, element, escape, in_lines
from ..text import direction
from .content import Material
from .contribution import Contribution, live
from .credits import credit
from .escaping import html_paragraphs, markdown, markdown_paragraphs, markdown_target
from .materials import safe_file_name
from .references import contribution_label
from .words import say

PAGE_MARKDOWN: Final = "index.md"
PAGE_HTML: Final = "index.html"

_SHOWN: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""Images that every browser shows; none of these can hold a script."""


@frozen(kw_only=True)
class BlobReference:
    """A file to be copied from the blob store."""

    sha256: str
    size: int
    media_type: str


@frozen(kw_only=True)
class Practice:
    """One answer to a topic that is shown. `credit` None = anonymous. `files` by their paths."""

    topic: int
    label: str
    language: str
    text: str
    credit: str | None
    files: Mapping[str, Material] = field(factory=dict)
    links: tuple[Material, ...] = ()


@frozen(kw_only=True)
class Showcase:
    """What to write below one folder: `contents` by relative path (`/` between its parts), sorted by path."""

    practices: tuple[Practice, ...]
    contents: Mapping[str, str | BlobReference]

    @property
    def credits(self) -> tuple[str, ...]:
        """Who is to be thanked by name, each once, sorted."""
        return tuple(sorted({each.credit for each in self.practices if each.credit}, key=_name_order))


def good_practices(
    conference: Conference, contributions: Iterable[Contribution], *, locale: str | None = None
) -> Showcase:
    """The pages (Markdown and HTML) and files of the good practices.

    Shown are the answers to topics with `showcase`, of submitted contributions whose consent to publish is not "no",
    with the materials of the contribution. With the consent "anonymous" there is no name, organisation or country, and
    files are called by their kind, since file names often name their authors. What stands inside a file, and the
    links, are published as they are.
    """
    practices = _practices(conference.call, contributions, locale)
    page = _Page(conference, practices, locale)
    contents: dict[str, str | BlobReference] = {PAGE_MARKDOWN: page.markdown(), PAGE_HTML: page.html()}
    for each in practices:
        for path, material in each.files.items():
            contents[path] = BlobReference(
                sha256=material.sha256, size=material.size, media_type=material.media_type
            )
    return Showcase(practices=practices, contents={path: contents[path] for path in sorted(contents)})


def _name_order(name: str) -> tuple[str, str]:
    return name.casefold(), name


def _practices(
    call: Call | None, contributions: Iterable[Contribution], locale: str | None
) -> tuple[Practice, ...]:
    if call is None:
        return ()
    topics = [topic.number for topic in call.topics if topic.showcase]
    published = [each for each in live(contributions) if each.publish != "no"]
    found = [_practice(each, topic, call.prefix, locale) for topic in topics for each in published]
    return tuple(each for each in found if each)


def _practice(contribution: Contribution, topic: int, prefix: str, locale: str | None) -> Practice | None:
    revision = contribution.latest
    if revision is None or topic not in revision.answers:
        return None
    by = credit(contribution, contribution.publish, locale)
    label = contribution_label(prefix, contribution.number or 0)
    files = [each for each in revision.materials if each.sha256]
    return Practice(
        topic=topic,
        label=label,
        language=revision.language,
        text=revision.answers[topic],
        credit=by,
        files={
            f"files/{label.lower()}-{number}-{_file_name(each, is_named=by is not None)}": each
            for number, each in enumerate(files, 1)
        },
        links=tuple(each for each in revision.materials if each.url),
    )


def _file_name(material: Material, *, is_named: bool) -> str:
    extension = material.name.rpartition(".")[2]
    return safe_file_name(material.name if is_named else f"{material.kind}.{extension}")


class _Page:
    """Writes the same page as Markdown and as HTML."""

    def __init__(self, conference: Conference, practices: tuple[Practice, ...], locale: str | None) -> None:
        self.conference, self.practices, self.locale = conference, practices, locale
        topics = conference.call.topics if conference.call else ()
        self.topics: dict[int, Topic] = {topic.number: topic for topic in topics}
        names = {each.credit for each in practices if each.credit}
        self.credits = sorted(names, key=_name_order)
        self.anonymous = len({each.label for each in practices if not each.credit})

    def say(self, key: str, **values: object) -> str:
        return say(key, self.locale, **values)

    def title(self) -> str:
        return f"{self.say('good_practices')}: {self.conference.title.text(self.locale)}"

    def by_topic(self) -> list[tuple[str, list[Practice]]]:
        numbers = dict.fromkeys(each.topic for each in self.practices)
        return [
            (
                self.topics[number].title.text(self.locale),
                [each for each in self.practices if each.topic == number],
            )
            for number in numbers
        ]

    def heading(self, practice: Practice) -> str:
        return practice.credit or f"{self.say('anonymous_practice')} {practice.label}"

    def material(self, practice: Practice, material: Material) -> str:
        """What a file or link is called on the page."""
        if material.url:
            return material.url
        size = size_text(material.size, self.locale)
        name = material.name if practice.credit else material.kind
        extension = material.name.rpartition(".")[2].upper()
        return f"{name} ({extension}, {size})"

    # -- Markdown

    def markdown(self) -> str:
        parts = [f"# {markdown(self.title())}", markdown(self.say("shared", practices=len(self.practices)))]
        for title, practices in self.by_topic():
            parts.append(f"## {markdown(title)}")
            for each in practices:
                parts += [f"### {markdown(self.heading(each))}", markdown_paragraphs(each.text)]
                parts += self.markdown_materials(each)
        parts.append(f"## {markdown(self.say('credits'))}")
        lines = [*self.credits, *self.anonymous_line()]
        parts.append("\n".join(f"- {markdown(line)}" for line in lines))
        return "\n\n".join(part for part in parts if part) + "\n"

    def markdown_materials(self, practice: Practice) -> list[str]:
        targets = [*practice.files.items(), *((each.url, each) for each in practice.links)]
        lines = [
            f"- [{markdown(self.material(practice, each))}]({markdown_target(target)})"
            for target, each in targets
        ]
        return ["\n".join(lines)] if lines else []

    def anonymous_line(self) -> list[str]:
        return [self.say("anonymous_credits", count=self.anonymous)] if self.anonymous else []

    # -- HTML

    def html(self) -> str:
        language = self.locale or self.conference.languages[0]
        thanks = [element("li", each, dir="auto") for each in (*self.credits, *self.anonymous_line())]
        return _HTML.format(
            language=escape(language),
            direction=direction(language),
            title=escape(self.title()),
            intro=escape(self.say("shared", practices=len(self.practices))),
            sections=in_lines(self.html_topic(*each) for each in self.by_topic()),
            credits_title=escape(self.say("credits")),
            credits=element("ul", "\n", in_lines(thanks), "\n") if thanks else "",
        )

    def html_topic(self, title: str, practices: list[Practice]) -> Html:
        parts = (element("h2", title), *(self.html_practice(each) for each in practices))
        return element("section", "\n", in_lines(parts), "\n")

    def html_practice(self, practice: Practice) -> Html:
        text = element("div", "\n", html_paragraphs(practice.text), "\n", lang=practice.language or None)
        parts = (element("h3", self.heading(practice), dir="auto"), text, *self.html_materials(practice))
        return element(
            "article", "\n", in_lines(parts), "\n", id=f"{practice.label}-{practice.topic}".lower()
        )

    def html_materials(self, practice: Practice) -> list[Html]:
        images = [
            element("p", element("img", src=path, alt=self.material(practice, each)))
            for path, each in practice.files.items()
            if each.media_type in _SHOWN
        ]
        targets = (*practice.files.items(), *((each.url, each) for each in practice.links))
        items = [self.html_item(target, practice, each) for target, each in targets]
        return [*images, element("ul", "\n", in_lines(items), "\n")] if items else images

    def html_item(self, target: str, practice: Practice, material: Material) -> Html:
        rel = "nofollow ugc noopener noreferrer" if material.url else None
        return element(
            "li", element("a", self.material(practice, material), href=target, rel=rel, dir="auto")
        )


_HTML: Final = """<!doctype html>
<html lang="{language}" dir="{direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; img-src 'self' file:; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
body {{ font: 1rem/1.6 system-ui, sans-serif; max-width: 44rem; margin: 0 auto; padding: 1.5rem;
  color: #1b1b1b; background: #fff; overflow-wrap: anywhere; }}
h1, h2, h3 {{ line-height: 1.25; }}
h2 {{ margin-top: 2.5rem; border-bottom: 1px solid #767676; }}
article {{ margin: 2rem 0; }}
img {{ max-width: 100%; height: auto; }}
a {{ color: #0b4f9e; }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{intro}</p>
{sections}
<section>
<h2>{credits_title}</h2>
{credits}
</section>
</main>
</body>
</html>
"""
