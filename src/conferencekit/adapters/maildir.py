"""Mails as files in a Maildir, which any mail program or delivery agent can read.

A mail is written under `tmp/`, brought to the disk and then moved into `new/`, so that what stands there is whole, also
after a crash. Its name follows from its Message-ID alone: the same mails make the same files, whenever and wherever.

Source: https://cr.yp.to/proto/maildir.html (folders, delivery, flags after a colon, a day and a half for `tmp/`).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ..errors import InvalidText
from ..mailbox import one_line
from ..message.message import Message
from ..ports import Deferred, Delivery, Sent
from .lasting import make_folder, sweep, sync_folder

_SCHEME: Final = "maildir:"
_PAUSE: Final = 60.0
"""Seconds after which a disk that refused a mail may be asked again."""
_ABANDONED: Final = 36 * 3600
"""Seconds after which a file in `tmp/` is nobody's any more."""
_NAME: Final = re.compile(r"[0-9a-f]{64}")


class MaildirMailer:
    """A `Mailer` into a local Maildir. Thread-safe; many processes may share the folder.

    The folders are made when the first mail comes, and only their owner may look into them: mails hold personal links.
    A file holds exactly the bytes of the message, so its SHA-256 is the one that the outbox keeps.

    A message whose Message-ID lies in `new/` replaces that file. One that a mail program moved to `cur/` was delivered:
    the answer is `Sent`, and nothing is written. What a person deleted or filed elsewhere is not known any more.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self._lock = threading.Lock()
        self._swept = False

    @classmethod
    def open(cls, url: str) -> MaildirMailer:
        """`maildir:PATH`, the path as it is, relative or absolute; two slashes in front of it are passed over.

        Raises:
            InvalidText: another scheme, or no path.
        """
        path = url.removeprefix(_SCHEME).removeprefix("//")
        if not url.startswith(_SCHEME) or not path or "\0" in path:
            raise InvalidText(url, "Write maildir:PATH, such as maildir:outbox.")
        return cls(path)

    def __repr__(self) -> str:
        return f"MaildirMailer({str(self.folder)!r})"

    def send(self, messages: Sequence[Message]) -> list[Delivery]:
        """As `Mailer.send`: `Sent` once the file would survive a loss of power, `Deferred` with what the disk said."""
        if not messages:
            return []
        with self._lock:
            try:
                read = self._prepared()
            except OSError as error:
                return [self._deferred(error) for _ in messages]
            answers = [self._file(each, read) for each in messages]
            return self._settled(answers)

    def close(self) -> None:
        """Nothing is held open."""

    def _prepared(self) -> frozenset[str]:
        """Makes the folders; the names of the mails that somebody has read."""
        for each in ("tmp", "new", "cur"):
            make_folder(self.folder / each, 0o700)
        if not self._swept:
            self._swept = True
            sweep(self.folder / "tmp", older_than=_ABANDONED)
        # After the digest come the flags, behind a colon or what a system takes in its place.
        names = (_NAME.match(each.name) for each in (self.folder / "cur").iterdir())
        return frozenset(each[0] for each in names if each)

    def _file(self, message: Message, read: frozenset[str]) -> Delivery:
        name = hashlib.sha256(message.message_id.encode("utf-8", "surrogatepass")).hexdigest()
        if name in read:
            return Sent("read already")
        temporary = self.folder / "tmp" / f"{name}.{secrets.token_hex(8)}"
        try:
            _write(temporary, message.data)
            temporary.replace(self.folder / "new" / name)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink()
            return self._deferred(error)
        return Sent(f"new/{name}")

    def _settled(self, answers: list[Delivery]) -> list[Delivery]:
        """The answers once the names are on the disk too: one sync for all of them."""
        try:
            sync_folder(self.folder / "new")
        except OSError as error:
            return [self._deferred(error) for _ in answers]
        return answers

    def _deferred(self, error: OSError) -> Deferred:
        reason = error.strerror or str(error) or type(error).__name__
        why = f"{self.folder} takes no mail: {reason}. Make room, or give this user the right to write there."
        return Deferred(_PAUSE, one_line(why))


def _write(path: Path, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
