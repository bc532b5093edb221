"""The SMTP server that a URL names, and how to speak to it."""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, get_args
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from attrs import field, frozen

from ..errors import InvalidText

Tls = Literal["starttls", "ssl", "none"]

_PORTS: Final[Mapping[Tls, int]] = {"starttls": 587, "ssl": 465, "none": 25}
_OPTIONS: Final = ("tls", "timeout", "ca", "ehlo")
_LONGEST_WAIT: Final = 60.0
_PORT: Final = re.compile(r"\d{1,5}(/?\?.*)?")
_SHAPE: Final = "smtp://user:password@host:port?tls=starttls"


@frozen(kw_only=True)
class Relay:
    """A server that takes mail.

    Attributes:
        tls: From the start (`ssl`), before anything else is said (`starttls`), or not at all.
        timeout: Seconds to wait for an answer; three times as long after a message.
        ca: A file of certificates to trust in place of the system's; "" for those.
        ehlo: How to introduce ourselves; "" for the name of this machine.
    """

    host: str
    port: int
    tls: Tls
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    timeout: float = 30.0
    ca: str = ""
    ehlo: str = ""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"smtp://{host}:{self.port}?tls={self.tls}"


def relay_from_url(url: str) -> Relay:
    """The relay of `smtp://user:password@host:port?tls=starttls`; all but the host may be left out.

    User and password are percent-encoded. Without `tls` it is `none` for a server on this machine and `starttls`
    elsewhere; without a port it is 587, 465 (ssl) or 25 (none). Besides there are `timeout`, `ca` and `ehlo`, as in
    `Relay`.

    Raises:
        InvalidText: something in it cannot be meant. The value never shows user and password.
    """
    parts = _parts(url)
    if parts is None:
        raise InvalidText(
            _shown(url),
            f"Write {_SHAPE}; in user and password, write % : / ? # @ as %25 %3A %2F %3F %23 %40.",
        )
    split, port, given = parts
    host = split.hostname or ""
    tls = _tls(given.get("tls"), host)
    user, password = _credentials(url, split)
    return Relay(
        host=host,
        port=port or _PORTS[tls],
        tls=tls,
        user=user,
        password=password,
        timeout=_seconds(given.get("timeout", "30")),
        ca=_file(given.get("ca", "")),
        ehlo=_name(given.get("ehlo", "")),
    )


def _parts(url: str) -> tuple[SplitResult, int | None, dict[str, str]] | None:
    """The URL taken apart; None if it is none. An error of urllib could hold the password, so it goes no further."""
    try:
        split = urlsplit(url)
        port = split.port
        pairs = parse_qsl(split.query, keep_blank_values=True, strict_parsing=True) if split.query else []
    except ValueError:
        return None
    if split.scheme != "smtp" or not split.hostname or split.path not in {"", "/"} or split.fragment:
        return None
    if port == 0 or "@" in split.query or not url.isprintable():
        return None
    for name, _ in pairs:
        if name not in _OPTIONS:
            raise InvalidText(name, f"The address of an SMTP server takes {', '.join(_OPTIONS)}.")
    if len(dict(pairs)) < len(pairs):
        raise InvalidText(_shown(url), "Say each of its parameters once.")
    return split, port, dict(pairs)


def _shown(url: str) -> str:
    """The URL without anything that could be user and password, wherever they were put by mistake."""
    _, at, rest = url.rpartition("@")
    if at:
        return f"smtp://***@{rest}"
    host, colon, rest = url.removeprefix("smtp://").partition(":")
    return f"{host}:***" if colon and not _PORT.fullmatch(rest) else url


def _tls(given: str | None, host: str) -> Tls:
    if given is None:
        return "none" if is_here(host) else "starttls"
    for each in get_args(Tls):
        if given == each:
            return each  # type: ignore[no-any-return]  # get_args gives the values of the Literal
    raise InvalidText(f"tls={given}", "Write tls=starttls, tls=ssl or tls=none.")


def is_here(host: str) -> bool:
    """Whether a host is this machine itself, so that nobody listens in between."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _credentials(url: str, split: SplitResult) -> tuple[str, str]:
    user, password = unquote(split.username or ""), unquote(split.password or "")
    if bool(user) != bool(password):
        raise InvalidText(_shown(url), f"Give both user and password, or neither: {_SHAPE}.")
    if not all(each.isascii() and (not each or each.isprintable()) for each in (user, password)):
        raise InvalidText(_shown(url), "Take a user and a password of printable ASCII characters.")
    return user, password


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= _LONGEST_WAIT:  # NaN is not either
        raise InvalidText(f"timeout={text}", f"Write seconds above 0, at most {_LONGEST_WAIT:g}.")
    return seconds


def _file(path: str) -> str:
    if path and not Path(path).is_file():
        raise InvalidText(f"ca={path}", "Name a file of certificates in PEM form.")
    return path


def _name(text: str) -> str:
    if not text.isascii() or not text.isprintable() or " " in text:
        raise InvalidText(f"ehlo={text}", "Write the domain name of this machine, such as mail.example.org.")
    return text
