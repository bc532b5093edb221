"""Mails in a folder on an IMAP server. They are read and stay as they are: unread, unmoved, undeleted.

Source: RFC 9051 and RFC 3501 (IMAP), RFC 2595 and 8314 (TLS), RFC 4616 (PLAIN), RFC 3501, 5.1.3 (names of folders).
"""

from __future__ import annotations

import base64
import contextlib
import imaplib
import re
import ssl
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from math import inf
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from attrs import define, field, frozen

from ..calendar.incoming import LARGEST_MAIL, Mail, read_mail, too_large
from ..errors import InvalidText, MailboxUnavailable
from ..mailbox import one_line
from .smtp_relay import is_here

_SHAPE: Final = "imaps://USER@HOST/FOLDER"
_PORTS: Final = {"imaps": 993, "imap": 143}
_TIMEOUT: Final = 60.0
_BATCH: Final = 100
"""Mails that are asked for at once, if they are small."""
_BATCH_BYTES: Final = 5_000_000
_MOST_ANSWERED: Final = 3 * LARGEST_MAIL
"""Bytes of all that a server says to one command: some tell sizes that are not quite right."""
_LINE: Final = 2_000
"""Bytes that a line counts in that besides its own: each costs as much time and memory."""
_LONGEST_ANSWER: Final = 600.0
"""Seconds that it may take to say it."""
_SIZES: Final = 500
_SIZE: Final = re.compile(rb"RFC822\.SIZE (\d{1,20})(?!\d)", re.IGNORECASE)
_UID: Final = re.compile(rb"\bUID (\d{1,10})(?!\d)", re.IGNORECASE)
_NUMBER: Final = re.compile(rb"\d{1,10}")
_PLAIN: Final = re.compile(r"[&\x20-\x25\x27-\x7e]+|[^\x20-\x7e]+")


@frozen
class Cursor:
    """How far a folder was read: mails up to this UID, as long as the folder's UIDVALIDITY is this one.

    Written as `validity:uid`.
    """

    validity: int
    uid: int

    @classmethod
    def of(cls, text: str) -> Cursor:
        """The cursor that was written so. Raises `InvalidText`."""
        found = re.fullmatch(r"(\d{1,10}):(\d{1,10})", text, re.ASCII)
        if found is None:
            raise InvalidText(text, "Give what the last reading said, such as 1700000000:42.")
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.validity}:{self.uid}"


@frozen(kw_only=True)
class ImapPlace:
    """A folder on a server, taken from its URL. The connection is encrypted, unless the server is this machine."""

    host: str
    port: int
    user: str
    folder: str
    is_tls: bool
    ca: str = ""

    @classmethod
    def of(cls, url: str) -> ImapPlace:
        """The place that `imaps://user@host:port/Folder?ca=FILE` names; `imap:` begins in the clear (STARTTLS).

        Raises:
            InvalidText: something in the URL cannot be meant, or it has a password in it.
        """
        try:
            split = urlsplit(url)
            port = split.port
            pairs = parse_qsl(split.query, keep_blank_values=True, strict_parsing=True) if split.query else []
        except ValueError:
            raise InvalidText("the address of the mailbox", f"Write {_SHAPE}.") from None
        if split.password is not None:
            host = split.hostname or ""
            remedy = "Take the password out of the address: others see it there. Put it into a file or the environment."
            raise InvalidText(f"{split.scheme}://***@{host}", remedy)
        user, folder = unquote(split.username or ""), unquote(split.path.removeprefix("/")) or "INBOX"
        is_whole = split.scheme in _PORTS and split.hostname and user and port != 0 and not split.fragment
        if not is_whole or not (user + folder).isprintable() or {name for name, _ in pairs} - {"ca"}:
            raise InvalidText(
                url, f"Write {_SHAPE}, in user and folder % : / ? # @ as %25 %3A %2F %3F %23 %40."
            )
        return cls(
            host=split.hostname or "",
            port=port or _PORTS[split.scheme],
            user=user,
            folder=folder,
            is_tls=split.scheme == "imaps",
            ca=_file(dict(pairs).get("ca", "")),
        )

    def __str__(self) -> str:
        return f"{'imaps' if self.is_tls else 'imap'}://{self.user}@{self.host}:{self.port}/{self.folder}"


@define(eq=False)
class ImapMailbox:
    """A folder that is open for reading. Use it in a `with`, or close it.

    `cursor` says how far it was read; given again as `after`, only newer mails are read.
    """

    place: ImapPlace
    validity: int
    _imap: imaplib.IMAP4
    _read_up_to: int = field(init=False, default=0)
    _found: list[int] = field(init=False, factory=list)

    @classmethod
    def open(cls, url: str, password: str) -> ImapMailbox:
        """Sign in, and open the folder without the right to change anything.

        Raises:
            InvalidText: the URL, or a password of which no server knows what it means.
            MailboxUnavailable: no connection, no TLS, a wrong password, no such folder.
        """
        place = ImapPlace.of(url)
        if not password or not password.isprintable():
            raise InvalidText("the password", f"Give the password of {place.user} on one line.")
        imap = None
        try:
            imap = _connected(place)
            _sign_in(imap, place, password)
            validity = _selected(imap, place, readonly=True)
        except (imaplib.IMAP4.error, OSError, EOFError, ValueError) as error:
            if imap is not None:
                _leave(imap)
            raise MailboxUnavailable(str(place), _reason(error)) from None
        return cls(place, validity, imap)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def cursor(self) -> Cursor:
        """How far it was read."""
        return Cursor(self.validity, self._read_up_to)

    def mails(self, after: Cursor | None = None) -> Iterator[Mail]:
        """The mails in the folder, in the order in which they came; those that came after a cursor, where one is given.

        After a new UIDVALIDITY every mail is new, and always on a server that has none.

        Raises:
            MailboxUnavailable: the connection ended, or the server refused. What was read before was read.
        """
        first = after.uid if after and after.validity == self.validity != 0 else 0
        self._read_up_to = max(first, self._read_up_to)
        try:
            for batch in self._batches(first + 1):
                yield from self._read(batch)
        except (imaplib.IMAP4.error, OSError, EOFError) as error:
            raise MailboxUnavailable(str(self.place), _reason(error)) from None

    def mark_read(self) -> int:
        """Mark the mails with calendars in them as read; how many there were. Nothing else marks anything.

        Raises:
            MailboxUnavailable: the connection ended, or the server refused.
        """
        try:
            if self._found:
                _selected(self._imap, self.place, readonly=False)
                for part in _chunks(self._found, _SIZES):
                    _asked(self._imap.uid("STORE", _set(part), "+FLAGS.SILENT", r"(\Seen)"))
        except (imaplib.IMAP4.error, OSError, EOFError) as error:
            raise MailboxUnavailable(str(self.place), _reason(error)) from None
        return len(self._found)

    def close(self) -> None:
        """Take leave of the server."""
        _leave(self._imap)

    def _batches(self, first: int) -> Iterator[list[tuple[int, int]]]:
        """UIDs and sizes of mails, those together that are asked for at once."""
        data = _asked(self._imap.uid("SEARCH", "UID", f"{first}:*"))
        said = [each for line in data if isinstance(line, bytes) for each in line.split()]
        listed = {int(each) for each in said if _NUMBER.fullmatch(each)}
        batch: list[tuple[int, int]] = []
        size = 0
        for uid, octets in self._sizes(sorted(each for each in listed if each >= first)):
            if batch and (len(batch) == _BATCH or size + octets > _BATCH_BYTES):
                yield batch
                batch, size = [], 0
            batch.append((uid, octets))
            size += octets
        if batch:
            yield batch

    def _sizes(self, uids: Sequence[int]) -> Iterator[tuple[int, int]]:
        for part in _chunks(uids, _SIZES):
            found = {}
            for meta, _ in _fetched(_asked(self._imap.uid("FETCH", _set(part), "(UID RFC822.SIZE)"))):
                uid, size = _UID.search(meta), _SIZE.search(meta)
                if uid and size:
                    found[int(uid[1])] = int(size[1])
            yield from ((each, found[each]) for each in part if each in found)

    def _read(self, batch: Sequence[tuple[int, int]]) -> Iterator[Mail]:
        wanted = [uid for uid, size in batch if size <= LARGEST_MAIL]
        bodies = {}
        if wanted:
            for meta, body in _fetched(_asked(self._imap.uid("FETCH", _set(wanted), "(UID BODY.PEEK[])"))):
                found = _UID.search(meta)
                if found and body is not None:
                    bodies[int(found[1])] = body
        for uid, size in batch:
            source = f"{self.place.folder}, mail {uid}"
            if size > LARGEST_MAIL:
                yield too_large(source)
            elif uid in bodies:
                mail = read_mail(bodies.pop(uid), source)
                if mail.calendars:
                    self._found.append(uid)
                yield mail
            self._read_up_to = max(self._read_up_to, uid)


# -- the connection


class _Bounded(imaplib.IMAP4):
    """A connection on which no answer is endless, whatever the server sends and however slowly.

    Raises `imaplib.IMAP4.abort` for what is more, and for a literal of no length.
    """

    _left: int = _MOST_ANSWERED
    _until: float = inf

    def uid(self, command: str, *args: str) -> tuple[str, list[object]]:
        """A command by UIDs, each with an answer of its own."""
        self._left, self._until = _MOST_ANSWERED, time.monotonic() + _LONGEST_ANSWER
        try:
            return super().uid(command, *args)
        except ValueError:
            raise self.abort("the server sent a number that is none") from None

    def readline(self) -> bytes:
        """A line of an answer."""
        found = super().readline()
        self._take(len(found) + _LINE)
        return found

    def read(self, size: int) -> bytes:
        """A literal, whose length the server has said."""
        self._take(size)
        return super().read(size)

    def _take(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise self.abort(f"the server sends more than {_MOST_ANSWERED:,} bytes at once")
        if time.monotonic() > self._until:
            raise self.abort(f"the server did not come to an end within {_LONGEST_ANSWER:.0f} seconds")


class _BoundedTls(_Bounded, imaplib.IMAP4_SSL):
    """The same, encrypted."""


def _file(path: str) -> str:
    if path and not Path(path).is_file():
        raise InvalidText(f"ca={path}", "Name a file of certificates in PEM form.")
    return path


def _connected(place: ImapPlace) -> imaplib.IMAP4:
    """A connection that nobody can listen in on: TLS, or a server on this machine."""
    context = ssl.create_default_context(cafile=place.ca or None)
    if place.is_tls:
        return _BoundedTls(place.host, place.port, ssl_context=context, timeout=_TIMEOUT)
    imap = _Bounded(place.host, place.port, timeout=_TIMEOUT)
    if not is_here(place.host):
        try:
            imap.starttls(ssl_context=context)
        except BaseException:
            _leave(imap)
            raise
    return imap


def _sign_in(imap: imaplib.IMAP4, place: ImapPlace, password: str) -> None:
    if "AUTH=PLAIN" in imap.capabilities:
        response = f"\0{place.user}\0{password}".encode()
        imap.authenticate("PLAIN", lambda _: response)
        return
    if not (place.user + password).isascii():
        raise imaplib.IMAP4.error("the server takes names and passwords in ASCII only")
    imap.login(_quoted(place.user), password)


def _selected(imap: imaplib.IMAP4, place: ImapPlace, *, readonly: bool) -> int:
    """The folder's UIDVALIDITY, once it is open."""
    _asked(imap.select(_quoted(_folder_name(place.folder)), readonly=readonly))
    _, data = imap.response("UIDVALIDITY")
    found = data[-1] if data else None
    return int(found) if isinstance(found, bytes) and _NUMBER.fullmatch(found) else 0


def _leave(imap: imaplib.IMAP4) -> None:
    with contextlib.suppress(imaplib.IMAP4.error, OSError, EOFError):
        imap.logout()
    with contextlib.suppress(OSError):
        imap.shutdown()


def _asked(answer: tuple[str, Sequence[object]]) -> Sequence[object]:
    """What the server says to a command that it carried out."""
    kind, data = answer
    if kind != "OK":
        raise imaplib.IMAP4.error(_said(data[-1] if data else kind))
    return data


def _fetched(data: Sequence[object]) -> Iterator[tuple[bytes, bytes | None]]:
    """What stands around the body of each mail, and the body where there is one."""
    for number, each in enumerate(data):
        if isinstance(each, tuple):
            follows = data[number + 1] if number + 1 < len(data) else b""
            yield each[0] + b" " + (follows if isinstance(follows, bytes) else b""), each[1]
        elif isinstance(each, bytes) and b"(" in each:
            yield each, None


def _reason(error: Exception) -> str:
    """What went wrong, in one line; never the command, in which the password may stand."""
    return _said(error.args[0] if error.args and isinstance(error, imaplib.IMAP4.error) else error)


def _said(found: object) -> str:
    text = found.decode("utf-8", "replace") if isinstance(found, bytes) else str(found)
    return one_line(text)[:200].rstrip(". ") or type(found).__name__


# -- words of the protocol


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _folder_name(name: str) -> str:
    """The name of a folder in the UTF-7 of IMAP: `Réponses` -> `R&AOk-ponses`."""
    pieces = []
    for piece in _PLAIN.findall(name):
        if piece.isascii():
            pieces.append(piece.replace("&", "&-"))
        else:
            encoded = base64.b64encode(piece.encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
            pieces.append(f"&{encoded}-")
    return "".join(pieces)


def _set(uids: Iterable[int]) -> str:
    """UIDs as a set of ranges: `1:3,7`."""
    runs = [
        [uid for _, uid in run] for _, run in groupby(enumerate(sorted(uids)), lambda each: each[1] - each[0])
    ]
    return ",".join(f"{run[0]}:{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def _chunks(uids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    return (uids[at : at + size] for at in range(0, len(uids), size))
