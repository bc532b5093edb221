"""HTML, safe by construction: whatever is not `Html` (or has no `__html__`) is escaped where it is put.

element("label", "Full name", for_="full_name")    <label for="full_name">Full name</label>
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_VOID: Final = frozenset({"input", "img", "meta", "link", "br", "hr"})
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class Html(str):
    """Markup: a text that is put into a page as it is."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def escape(value: object) -> Html:
    """The value as markup: as it is where it has `__html__`, else as text."""
    if hasattr(value, "__html__"):
        return Html(value.__html__())
    text = _UNFIT.sub("\ufffd", str(value))
    return Html(
        text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace('"', "&quot;")
        .replace("'", "&#39;")
    )


def element(tag: str, /, *children: object, **attributes: str | int | bool | None) -> Html:
    """An element with its attributes and children.

    `for_` and `class_` lose their underscore, others become hyphens. True gives an attribute without a value; None and
    False leave it out.
    """
    given = "".join(_attribute(key, value) for key, value in attributes.items())
    content = "" if tag in _VOID else f"{join(children)}</{tag}>"
    return Html(f"<{tag}{given}>{content}")


def join(children: Iterable[object]) -> Html:
    """Several pieces, one after the other; None is left out."""
    return Html("".join(escape(each) for each in children if each is not None))


def in_lines(children: Iterable[object]) -> Html:
    """Several pieces, each on a line of its own in the source."""
    return Html("\n".join(map(escape, children)))


def _attribute(key: str, value: str | int | bool | None) -> str:  # noqa: FBT001 - an HTML attribute without a value
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(value)}"'
