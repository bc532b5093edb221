"""Links that people send: http and https only, nothing hidden in them."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from ..form.cleaning import clean_line
from ..form.issues import Issue

LINKS: Final = "links"
"""The field of the call's form, which issues about links belong to."""
MAX_LINK: Final = 2_000
"""Code points of a link, inclusive."""
MAX_LINKS: Final = 20
"""Links of one contribution, inclusive."""

_HOST: Final = re.compile(r"(?!-)[\w-]{1,63}(?:\.[\w-]{1,63})*\.?|\[[0-9A-Fa-f:.]{2,45}\]")
_REFUSED: Final = re.compile(
    r"[\s\x00-\x20\x7f-\xa0\\\"<>^`{|}\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


def check_link(link: str) -> str | Issue:
    """The link as it may be stored, or what is wrong with it.

    Refused: other schemes, credentials (`https://user:pass@host` also serves to disguise a host), white space, control
    and invisible characters, what no URL may hold unescaped, no host, impossible ports, more than 2,000 code points.
    """
    url = link.strip(" \t\r\n")
    if len(url) > MAX_LINK:
        beginning = f"{clean_line(url[:60])}…"
        return Issue(LINKS, "link_too_long", {"link": beginning, "max": MAX_LINK, "length": len(url)})
    shown = {"link": clean_line(url)[:200]}
    if not re.match(r"(?i)https?://", url):
        return Issue(LINKS, "link_scheme", shown)
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return Issue(LINKS, "link", shown)
    if "@" in parts.netloc:
        return Issue(LINKS, "link_credentials", shown)
    host = parts.netloc.rpartition(":")[0] if parts.port is not None else parts.netloc.removesuffix(":")
    if _REFUSED.search(url) or not _HOST.fullmatch(host):
        return Issue(LINKS, "link", shown)
    return url
