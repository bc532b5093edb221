"""Where a store is: its URL with our own options taken out, and a way to show it without its password."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import sqlalchemy as sa
from attrs import field, frozen

from conferencekit.errors import StoreUnavailable

from .schemes import POSTGRESQL, SQLITE

SCHEMA: Final = "conferencekit"
SECONDS: Final = 10.0
CONNECTIONS: Final = 5
_SECRETS: Final = frozenset({"password", "sslpassword", "oauth_client_secret"})
_OURS: Final = frozenset({"schema", "timeout", "pool", "upgrade"})


@frozen(kw_only=True)
class Place:
    """What a URL says.

    Attributes:
        shown: the URL for messages, every secret in it masked.
        schema: the schema of the database that holds the tables; None in SQLite, which has none.
        seconds: how long a call waits for others, and for a connection.
        connections: how many connections stay open; as many again open in a rush.
        upgrade: whether the first use brings tables of an older version forward.
    """

    url: sa.URL = field(repr=False)
    shown: str
    schema: str | None
    seconds: float
    connections: int
    upgrade: bool

    @property
    def is_postgresql(self) -> bool:
        """Whether PostgreSQL holds it; else SQLite does."""
        return self.url.drivername == POSTGRESQL

    def reason(self, error: BaseException) -> str:
        """What an error says, in one line and without the password."""
        text = " ".join(str(error).split()) or type(error).__name__
        password = self.url.password
        return text.replace(str(password), "***") if password else text


def read_url(text: str) -> Place:
    """The place that a URL names. Raises `StoreUnavailable` for one that names none."""
    try:
        has_nul = b"\0" in text.encode()
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        raise StoreUnavailable(_hidden(text), _EXPECTED) from None
    shown = _shown(url)
    if has_nul or url.drivername not in {POSTGRESQL, SQLITE}:
        raise StoreUnavailable(shown, _EXPECTED)
    options = {name: value for name, value in url.query.items() if name in _OURS}
    is_postgresql = url.drivername == POSTGRESQL
    if not is_postgresql and (not url.database or url.database == ":memory:" or url.host):
        raise StoreUnavailable(shown, _EXPECTED)
    return Place(
        url=url.difference_update_query(sorted(_OURS)),
        shown=shown,
        schema=_schema(shown, options) if is_postgresql else None,
        seconds=_number(shown, options, "timeout", SECONDS, 3600),
        connections=int(_number(shown, options, "pool", CONNECTIONS, 1000)),
        upgrade=_switch(shown, options, "upgrade"),
    )


_EXPECTED: Final = (
    f"write {POSTGRESQL}://USER:PASSWORD@HOST/DATABASE or {SQLITE}:///PATH, special characters as %XX"
)

Options = Mapping[str, str | tuple[str, ...]]


def _shown(url: sa.URL) -> str:
    secrets = {name: "***" for name in url.query if name in _SECRETS}
    return url.update_query_dict(secrets).render_as_string(hide_password=True).replace("%2A%2A%2A", "***")


def _hidden(text: str) -> str:
    """A URL that cannot be read, without whatever could be its password."""
    shown = re.sub(r"//.*@", "//***@", text, flags=re.DOTALL).partition("?")[0]
    return shown.encode("ascii", "backslashreplace").decode()


def _schema(shown: str, options: Options) -> str:
    name = options.get("schema", SCHEMA)
    if not isinstance(name, str) or not 0 < len(name.encode()) <= 56 or "\0" in name:
        raise StoreUnavailable(shown, "?schema=NAME takes a name of 1 to 56 bytes")
    return name


def _number(shown: str, options: Options, name: str, default: float, most: float) -> float:
    value = options.get(name)
    try:
        number = default if value is None else float(str(value))
    except ValueError:
        number = -1.0
    if not 0 < number <= most:
        raise StoreUnavailable(shown, f"?{name}={value} must be a number above 0, at most {most:g}")
    return number


def _switch(shown: str, options: Options, name: str) -> bool:
    value = options.get(name, "off")
    if value not in {"on", "off"}:
        raise StoreUnavailable(shown, f"?{name}={value} must be on or off")
    return value == "on"
