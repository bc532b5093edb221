"""User text inside Markdown and HTML: it stays text."""

from __future__ import annotations

import re
from typing import Final

from ..form.html import Html, element, escape, in_lines

_SPECIAL: Final = re.compile(r"[\\`*_\[\]{}|~$^=#!]")
_SPACE: Final = re.compile("[\\s\x1c-\x1f\x85\u2028\u2029]+", re.ASCII)  # no-break spaces stay
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_LINE_START: Final = re.compile(r"[-+:]|[0-9]{1,9}[.)]")
_AUTOLINK: Final = re.compile(r"(?i)\b(https?|ftp|xmpp|mailto)(?=:)|(?<![a-z0-9])(www)(?=\.)")


def markdown(text: str) -> str:
    """Text for one line of Markdown, CommonMark or GitHub's: nothing in it is markup or a link."""
    line = _SPACE.sub(" ", text).strip(" ")
    line = re.sub(
        "[&<>]", lambda found: _ENTITIES[found[0]], _SPECIAL.sub(lambda found: "\\" + found[0], line)
    )
    line = _AUTOLINK.sub(lambda found: found[0] + "\\", line)
    if start := _LINE_START.match(line):
        line = line[: start.end() - 1] + "\\" + line[start.end() - 1 :]
    return line


def markdown_paragraphs(text: str) -> str:
    """Text of several lines as paragraphs of Markdown; a single line end becomes a line break."""
    return "\n\n".join(
        "\\\n".join(markdown(line) for line in paragraph.split("\n") if line.strip())
        for paragraph in re.split(r"\n[ \t]*\n+", text.strip())
    )


def markdown_target(path: str) -> str:
    """A link target (a checked URL, or a path of ours) between the brackets of `[text](...)`."""
    return "<" + "".join(_PERCENT.get(each, each) for each in path) + ">"


_PERCENT: Final = {"<": "%3C", ">": "%3E", "\\": "%5C", "\n": "", "\r": ""}


def html_paragraphs(text: str) -> Html:
    """Text of several lines as paragraphs of HTML, each in the direction of its own letters."""
    paragraphs = re.split(r"\n[ \t]*\n+", text.strip())
    return in_lines(element("p", _with_breaks(each), dir="auto") for each in paragraphs)


def _with_breaks(paragraph: str) -> Html:
    lines = (line.strip() for line in paragraph.split("\n") if line.strip())
    return Html("<br>\n".join(map(escape, lines)))
