"""What calendars were told, in a file beside the document: `gmc.toml` has its own in `gmc.sent.json`.

It is for organisers who keep no store. People are in it by a keyed hash of their address, so the file tells nobody who
is invited; without the secret it says nothing. It is written as a whole, before the first message of a run (prepared)
and while messages leave (sent), by one process at a time.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from ..adapters.file_lock import FileLock
from ..calendar.told import Telling, Told
from ..conference import Conference
from ..errors import InvalidText, SchemaTooNew, StoreBusy
from ..form.address import email_key
from ..secretariat.links import reply_token
from ..secretariat.told import TOLD_SCHEMA, programme_to_body, read_programme, read_told, telling_to_body
from ..zones import zone_data_version
from .files import read_file, write_file

_MOST: Final = 500_000_000
_WAIT: Final = 10.0
_KEY: Final = 16
"""Octets of a person's key: nobody finds two addresses with the same one."""
_HEAD: Final = 500
"""Octets of a file within which it says of which conference it is."""
_MOST_BESIDE: Final = 100
_CHECK: Final = "sent-file"


def state_path(document: Path) -> Path:
    """Where the state of a document lies."""
    return document.with_suffix(".sent.json")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Nobody else works on the state at this path meanwhile. Raises `StoreBusy` after ten seconds."""
    lock = FileLock(path.with_name(f"{path.name}.lock"))
    try:
        if not lock.acquire(_WAIT):
            raise StoreBusy(str(path), _WAIT)
        yield
    finally:
        lock.close()


@frozen
class SentFile:
    """The file of one conference, and who its people are."""

    path: Path
    conference: Conference
    secret: bytes

    def key(self, address: str) -> str:
        """The key of the person with this address: 32 digits that say nothing without the secret."""
        return self._hash("person", email_key(address))

    def token(self, key: str) -> str:
        """The token in the address that this person's replies go to."""
        return reply_token(self.secret, self.conference.uid, key)

    def load(self) -> Told:
        """What was told; nothing where there is no file.

        Raises:
            InvalidText: the file is damaged, of another conference, or was written with another secret.
            SchemaTooNew: a newer version wrote it.
        """
        return _load(self.path, self.conference, self._of_people)

    def refuse_renamed(self) -> None:
        """A document that was renamed has left its state behind: without it, everybody would be invited anew.

        Raises:
            InvalidText: this file is not there, and beside it lies the state of the same conference.
        """
        other = None if self.path.exists() else self._beside()
        if other is not None:
            was, now = (each.name.removesuffix(".sent.json") for each in (other, self.path))
            why = (
                f"It tells of this conference. If the document was renamed, rename {was}.sent.json and {was}.secret "
                f"too, to {now}.sent.json and {now}.secret. If it is another conference, write another conference.uid."
            )
            raise InvalidText(str(other), why)

    def _beside(self) -> Path | None:
        """Another state of this conference in the same folder."""
        of_ours = f'"conference":"{self.conference.uid}"'.encode()
        beside = (each for each in sorted(self.path.parent.glob("*.sent.json")) if each.is_file())
        for other in islice(beside, _MOST_BESIDE):
            with other.open("rb") as stream:
                if of_ours in stream.read(_HEAD):
                    return other
        return None

    def _of_people(self, data: Mapping[str, Any]) -> Told:
        if not hmac.compare_digest(str(data["check"]), self._check()):
            why = (
                "It was written with another secret, so nobody in it can be recognised: restore the secret. "
            )
            raise InvalidText(str(self.path), why + _LOST)
        return read_told(data)

    def save(self, told: Told) -> None:
        """Keep what was told: the whole file or, if that fails, the one before."""
        write_file(self.path, self._lines(told), private=True, lasting=True)
        _hide_from_git(self.path)

    def _lines(self, told: Told) -> Iterator[str]:
        """The file, with a line for each person, so that a comparison of two files shows whom something was sent."""
        head = {
            "schema": TOLD_SCHEMA,
            "conference": self.conference.uid,
            "check": self._check(),
            "zone_data": zone_data_version(),
        }
        yield f"{_json(head)[:-1]},\n"
        yield f'{_json(programme_to_body(told))[1:-1]},\n"people":{{'
        tellings: dict[int, str] = {}
        between = "\n"
        for key, events in sorted(told.people.items()):
            found = [f"{_json(name)}:{_kept(events[name], tellings)}" for name in sorted(events)]
            yield f'{between}"{key}":{{{",".join(found)}}}'
            between = ",\n"
        yield "\n}}\n"

    def _check(self) -> str:
        return self._hash(_CHECK, "")

    def _hash(self, purpose: str, text: str) -> str:
        message = b"\0".join(each.encode() for each in (self.conference.uid, purpose, text))
        return hmac.digest(self.secret, message, "sha256")[:_KEY].hex()


_LOST: Final = (
    "If it is lost for good, take it away and send with --state-lost: calendars then take it as newer."
)


def load_programme(document: Path, conference: Conference) -> Told:
    """What calendars were told of the programme, nothing of people: no secret is needed. Raises as `SentFile.load`."""
    return _load(state_path(document), conference, read_programme)


def _load(path: Path, conference: Conference, read: Callable[[Mapping[str, Any]], Told]) -> Told:
    if not path.exists():
        return Told()
    if not path.is_file():
        raise InvalidText(str(path), "It is no file: take it away, or restore what was told from a backup.")
    try:
        data = json.loads(read_file(path, most=_MOST))
        _refuse_others(data, path, conference)
        return read(data)
    except (InvalidText, SchemaTooNew):
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        why = f"It is damaged ({type(error).__name__}: {str(error)[:80]}): restore it from a backup. {_LOST}"
        raise InvalidText(str(path), why) from error


def _refuse_others(data: Mapping[str, Any], path: Path, conference: Conference) -> None:
    if data["schema"] > TOLD_SCHEMA:
        raise SchemaTooNew(str(path), data["schema"], TOLD_SCHEMA)
    if data["conference"] != conference.uid:
        why = (
            f'It tells of another conference. If it is this one, write uid = "{data["conference"]!s:.40}" below '
            "[conference] in the document again; else take the file away."
        )
        raise InvalidText(str(path), why)


# -- as JSON


_json: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def _kept(telling: Telling, made: dict[int, str]) -> str:
    """The telling as JSON, made once for all who share it; they hold it as long as `made` is there."""
    if id(telling) not in made:
        made[id(telling)] = _json(telling_to_body(telling))
    return made[id(telling)]


# -- version control


def _hide_from_git(path: Path) -> None:
    """In a working copy of git, name it and the secret in its own list of what is ignored: nobody else's business."""
    for folder in path.absolute().parents:
        exclude = folder / ".git" / "info" / "exclude"
        if exclude.is_file():
            for name in ("*.sent.json", "*.sent.json.lock", "*.secret"):
                _add_line(exclude, name)
            return


def _add_line(path: Path, line: str) -> None:
    try:
        found = path.read_text(encoding="utf-8")
        if line not in found.splitlines():
            path.write_text(f"{found.rstrip()}\n{line}\n".lstrip(), encoding="utf-8")
    except OSError:
        return  # a list that cannot be written: the file is private all the same
