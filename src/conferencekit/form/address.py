"""E-mail addresses: whether mail can be sent to one, and which two are the same.

Taken are addresses as people write them: a dot-atom of RFC 5322 (with the letters of any script, RFC 6531), `@`, and a
domain name of at least two labels (RFC 1034, internationalised ones by RFC 5891). Quoted local parts, comments and IP
literals are legal and refused: nobody has one, and half of the world's software breaks on them. There is no DNS lookup.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from attrs import frozen

from ..errors import InvalidAddress

MAX_ADDRESS: Final = 254
"""Octets of a whole address: RFC 5321, 4.5.3.1.3, less the angle brackets of the path."""
MAX_LOCAL: Final = 64
"""Octets of the part before the `@`: RFC 5321, 4.5.3.1.1."""

# what no atom holds (RFC 5322, 3.2.3): a set of all that it may hold takes milliseconds to compile
_NO_ATOM = r"\x00-\x20\x7f\"(),.:;<>@\[\\\]"
_LOCAL = re.compile(rf"[^{_NO_ATOM}]+(\.[^{_NO_ATOM}]+)*")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?![0-9]+\Z){_LABEL}")
# what keyboards for Chinese and Japanese write for a dot: RFC 3490, 3.1
_DOTS = re.compile("[\u3002\uff0e\uff61]")
_OUTSIDE_TEXT = frozenset({"Cc", "Cf", "Cs", "Cn", "Zs", "Zl", "Zp"})
_IN_LABELS = frozenset({"Ll", "Lm", "Lo", "Mn", "Mc", "Nd"})  # RFC 5892, 2.1, after mapping to lower case
_JOINERS = frozenset("\u200c\u200d\u00b7\u30fb")


@frozen
class Address:
    """An address in two parts: `local` as it was typed, `domain` in lower case and ASCII (A-labels)."""

    local: str
    domain: str


def tidy_address(text: str) -> str:
    """The address as it was meant: full-width `＠` and ideographic dots of the domain become the ASCII ones."""
    local, at, domain = text.replace("\uff20", "@").rpartition("@")
    return local + at + _DOTS.sub(".", domain)


def parse_address(text: str) -> Address | None:
    """The parts of an address, or None where it is not one that mail can be sent to."""
    return _parse(text) if len(text) <= MAX_LOCAL + 1 + MAX_ADDRESS else None


# a form, a record and its mails ask about the same address, and imports about 500 at a time
@lru_cache(maxsize=1024)
def _parse(text: str) -> Address | None:
    local, _, domain = tidy_address(text).rpartition("@")
    host = ascii_domain(domain)
    if host is None or not _LOCAL.fullmatch(local) or not _is_visible(local):
        return None
    octets = len(local.encode())
    if octets > MAX_LOCAL or octets + 1 + len(host) > MAX_ADDRESS:
        return None
    return Address(unicodedata.normalize("NFC", local), host)


def email_key(address: str) -> str:
    """What makes an address unique: compared without regard to case, the domain in ASCII.

    Mail goes to the address as it was typed; this is only for telling whether two are the same. Tags (`+news`) and dots
    are not taken away: they make different addresses.

    Raises:
        InvalidAddress: for what is not an address.
    """
    parts = parse_address(address)
    if parts is None:
        raise InvalidAddress(address)
    return f"{unicodedata.normalize('NFC', parts.local.lower())}@{parts.domain}"


def _is_visible(text: str) -> bool:
    return text.isascii() or not any(unicodedata.category(each) in _OUTSIDE_TEXT for each in text)


def ascii_domain(domain: str) -> str | None:
    """The name of a host as DNS has it, in ASCII and small letters; None for what is none."""
    if len(domain) > MAX_ADDRESS:
        return None
    if not domain.isascii():
        domain = ".".join(_ascii_label(label) for label in domain.split("."))
    domain = domain.lower()
    return domain if _DOMAIN.fullmatch(domain) else None


def _ascii_label(label: str) -> str:
    """The label in ASCII; empty, which no label may be, where it has characters that no domain has."""
    if label.isascii():
        return label
    label = unicodedata.normalize("NFKC", label.lower()).lower()
    if not all(each in _JOINERS or each == "-" or unicodedata.category(each) in _IN_LABELS for each in label):
        return ""
    return label if label.isascii() else "xn--" + label.encode("punycode").decode()
