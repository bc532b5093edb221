"""The page of good practices: only what may be published, nothing that betrays who wants to stay unnamed."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from tests.declaration_samples import CALL, CONFERENCE, DEADLINE, OPEN, at, data, digest_of, file, submitted
from tests.test_declaration_markdown import plain

from conferencekit.declaration.content import Material
from conferencekit.declaration.contribution import save_draft, withdraw
from conferencekit.declaration.showcase import BlobReference, good_practices

ANA = {"publish": "named", "name": "Ana Silva", "organisation": "Universidade X", "country": "BR"}
PHOTO = Material(
    kind="photo", name="Ana on stage.JPG", media_type="image/jpeg", size=12_345, sha256=digest_of(8)
)


def ana(**given):
    answers = {1: "Role.", 4: "We met\non Tuesdays.\n\nIt worked."}
    return submitted(
        17,
        answers,
        files=(file(1, "My slides.pptx"), PHOTO),
        links=("https://a.example/?a=1&b=2",),
        **ANA | given,
    )


def shown(*contributions, **given):
    return good_practices(CONFERENCE, contributions, **given)


class Page(HTMLParser):
    """What a browser would make of the page."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, content):
        self.words.append(content)


def test_a_practice_is_shown_with_its_author_files_and_links():
    """Page in two forms, files to copy under safe names, credits."""
    found = shown(ana())
    assert list(found.contents) == [
        "files/g-017-1-my-slides.pptx", "files/g-017-2-ana-on-stage.jpg", "index.html", "index.md",
    ]  # fmt: skip
    assert found.contents["files/g-017-2-ana-on-stage.jpg"] == BlobReference(
        sha256=digest_of(8), size=12_345, media_type="image/jpeg"
    )
    assert found.credits == ("Ana Silva, Universidade X, Brazil",)
    page = found.contents["index.md"]
    assert "### Ana Silva, Universidade X, Brazil\n\nWe met\\\non Tuesdays.\n\nIt worked." in page
    assert "- [My slides.pptx (PPTX, 10\u00a0B)](<files/g-017-1-my-slides.pptx>)" in page
    assert "(<https://a.example/?a=1&b=2>)" in page
    tags = Page(found.contents["index.html"]).tags
    assert (
        "img",
        {"src": "files/g-017-2-ana-on-stage.jpg", "alt": "Ana on stage.JPG (JPG, 12.3\u00a0kB)"},
    ) in tags
    assert [each["href"] for tag, each in tags if tag == "a"][-1] == "https://a.example/?a=1&b=2"


def test_only_what_may_be_published_is_there():
    """No drafts, no withdrawn ones, none without consent, none without an answer to the topic."""
    draft = save_draft(
        None, data({4: "Secret"}, publish="named"), call=CALL, deadline=DEADLINE, context=at(OPEN), person="r"
    )
    gone = withdraw(ana(), context=at(OPEN), person="r-17")
    refused = submitted(18, {4: "Secret"}, publish="no", quote="named", name="Secret")
    elsewhere = submitted(19, {1: "Secret"}, publish="named", name="Secret")
    rewriting = save_draft(
        ana(), data({4: "Secret"}), call=CALL, deadline=DEADLINE, context=at(OPEN), person="r-17"
    )
    assert shown(draft, gone, refused, elsewhere).practices == ()
    assert "Secret" not in repr(shown(draft, gone, refused, elsewhere, rewriting))


def test_an_anonymous_practice_names_nobody():
    """Neither heading, credits nor file names betray the author."""
    found = shown(ana(publish="anonymous"))
    for each in ("Ana", "ana", "Silva", "Universidade", "Brazil", "slides.pptx"):
        assert each not in str(found.contents)
    assert "Anonymous contribution G-017" in found.contents["index.md"]
    assert "Anonymous contributions: 1" in found.contents["index.html"]
    assert list(found.contents)[:2] == ["files/g-017-1-report.pptx", "files/g-017-2-photo.jpg"]


def test_an_empty_page_is_a_page():
    """Nothing to show is said, also where there is no call."""
    assert "contributed them: 0." in shown().contents["index.md"]
    assert good_practices(evolve(CONFERENCE, call=None), [ana()]).practices == ()


def test_the_page_follows_the_readers_language():
    """Fixed words, language and direction of the page; each text keeps its own language."""
    page = Page(shown(ana(language="pt"), locale="ar").contents["index.html"])
    assert page.tags[0] == ("html", {"lang": "ar", "dir": "rtl"})
    assert ("div", {"lang": "pt"}) in page.tags


def test_the_order_of_contributions_changes_no_byte():
    """Pages and files are the same in any order."""
    others = [submitted(n, {4: f"Practice {n}"}, publish="named", name=f"N{n % 3}") for n in range(1, 9)]
    assert shown(*others, ana()) == shown(ana(), *reversed(others))


HOSTILE = st.text("<>&\"'`*_[](){}#-.!|\\/: \nabscript=", max_size=40)


@given(HOSTILE, HOSTILE, HOSTILE)
def test_text_names_and_file_names_never_become_markup_or_paths(text, name, file_name):
    """For any text: the tags of the page are ours, no reader finds markup of theirs, and paths stay in their folder."""
    materials = (file(1, f"{file_name}x.pdf"),)
    mine = submitted(5, {4: text + "x"}, publish="named", name=name, organisation=name, files=materials)
    found = shown(mine)
    page = Page(found.contents["index.html"])
    allowed = {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "h1",
        "h2",
        "h3",
        "p",
        "section",
        "article",
        "div",
    }
    assert {tag for tag, _ in page.tags} <= allowed | {"ul", "li", "a", "img", "br"}
    assert not any(key.startswith("on") for _, attributes in page.tags for key in attributes)
    kinds, _ = plain(found.contents["index.md"])
    assert not kinds & {
        "html_inline",
        "html_block",
        "code_inline",
        "image",
        "fence",
        "code_block",
        "blockquote_open",
    }
    assert all(re.fullmatch(r"index\.(md|html)|files/[a-z0-9-]+\.pdf", path) for path in found.contents)
