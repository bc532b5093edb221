"""Invites as files or by SMTP, with a record of what left: stopped at any moment, the next run goes on from there."""

from __future__ import annotations

import argparse
import os
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from typing import Final

from attrs import define, field

from ..calendar.planned import DAY, WHOLE
from ..calendar.planning import InviteMessage, mark_sent
from ..calendar.told import Told
from ..conference import Conference
from ..mailbox import Mailbox
from ..message.invitation import InviteMails
from .calendar_state import SentFile
from .output import Output, count_of
from .stopping import Stop, stopping

_EVERY: Final = 1.0
"""Seconds between two savings of what was sent. What left meanwhile goes again after a crash, the same."""

_WRITING: Final = (
    # a pipe of that name, which nobody reads, is refused at once
    os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
)
_LIKE_DAYS: Final = tuple(each.replace(":", "-") for each in (DAY, WHOLE))
_SIMPLE: Final = re.compile(r"[a-z0-9@+_-][a-z0-9@.+_-]{0,80}")


@define
class Done:
    """What became of the messages."""

    sent: int = 0
    deferred: int = 0
    rejected: int = 0
    folder: Path | None = None
    stopped: int = 0

    def text(self) -> str:
        """For people."""
        if not (self.sent or self.deferred or self.rejected):
            return "Nothing had to be sent." if not self.stopped else "Nothing was sent."
        messages = count_of(self.sent, "message", "messages")
        if self.folder is not None:
            return f"Wrote {messages} to {self.folder}."
        return f"Sent {messages}, deferred {self.deferred}, rejected {self.rejected}."

    def plain(self) -> dict[str, object]:
        """For machines."""
        return {"sent": self.sent, "deferred": self.deferred, "rejected": self.rejected}

    @property
    def exit_code(self) -> int:
        """0 if everything left."""
        return 128 + self.stopped if self.stopped else int(self.deferred + self.rejected > 0)


def deliver(
    messages: Sequence[InviteMessage],
    told: Told,
    file: SentFile,
    conference: Conference,
    sender: Mailbox,
    given: argparse.Namespace,
    output: Output,
) -> Done:
    """Write or send the messages, which `told` has as prepared, and keep which of them left."""
    record = Record(file, told)
    mails = InviteMails(conference, sender)
    try:
        with stopping() as stop:
            if given.out is not None:
                done = _write_all(messages, mails, record, given.out, stop, output)
            else:
                from .calendar_smtp import send_all  # noqa: PLC0415 - loads mailers and plugins

                done = send_all(messages, mails, record, given, stop, output)
    finally:
        record.save()
    if done.stopped:
        output.note(_stopped(len(messages) - done.sent - done.rejected, given))
    return done


def _stopped(left: int, given: argparse.Namespace) -> str:
    """What becomes of the rest."""
    said = f"Stopped: {count_of(left, 'message is', 'messages are')} left."
    # what is sent once more was sent before, so nothing says to whom it was
    goes_on = (
        "--again begins anew" if getattr(given, "again", False) else "The same command goes on with them"
    )
    return f"{said} {goes_on}."


@define
class Record:
    """What left, kept from time to time and at the end."""

    file: SentFile
    told: Told
    every: float = _EVERY
    saved_at: float = 0.0
    _left: list[InviteMessage] = field(init=False, factory=list)

    def left(self, message: InviteMessage) -> None:
        """The message is out of our hands."""
        self._left.append(message)
        if time.monotonic() - self.saved_at > self.every:
            self.save()

    def save(self) -> None:
        """Keep it now."""
        if self._left:
            self.told = mark_sent(self.told, self._left, at=datetime.now(UTC))
            self.file.save(self.told)
            self.saved_at = time.monotonic()
            self._left.clear()


# -- files


def _write_all(
    messages: Sequence[InviteMessage],
    mails: InviteMails,
    record: Record,
    folder: Path,
    stop: Stop,
    output: Output,
) -> Done:
    done, was_empty = Done(folder=folder), not any(folder.iterdir())
    record.every = inf  # once, at the end: whoever is killed before that finds the same files written again
    with output.progress("Writing", len(messages)) as shown:
        for number, message in enumerate(messages, 1):
            if stop.signal:
                done.stopped = stop.signal
                break
            calendar = message.to_ical()
            name = _name(message)
            _write(f"{folder}/{name}.ics", calendar)
            _write(f"{folder}/{name}.eml", mails.message(message, calendar, is_draft=True).data)
            record.left(message)
            done.sent = number
            if number % 50 == 0:
                shown(number)
    if not was_empty:
        _warn_of_others(folder, messages, output)
    return done


def _warn_of_others(folder: Path, messages: Sequence[InviteMessage], output: Output) -> None:
    """Drafts of earlier runs lie among the new ones, and may be sent by mistake."""
    names = {f"{_name(each)}.eml" for each in messages}
    others = (
        sum(each.suffix == ".eml" and each.name not in names for each in folder.iterdir()) if names else 0
    )
    if others:
        output.note(
            f"{folder} has {count_of(others, 'message', 'messages')} of before too: send only the new ones, or take a "
            "new folder each time."
        )


def _write(path: str, content: bytes) -> None:
    """Write a file without a buffer, at half of the cost: there are thousands. What fails leaves no half of one."""
    try:
        descriptor = os.open(path, _WRITING, 0o666)
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        finally:
            os.close(descriptor)
    except OSError as error:
        with suppress(OSError):
            Path(path).unlink()
        raise OSError(error.errno, error.strerror, path) from error


def _name(message: InviteMessage) -> str:
    """A name for the files of a message that every file system takes, and no other message of it has."""
    address = message.person.mailbox.address
    who = address
    if not _SIMPLE.fullmatch(address):
        who = f"{re.sub(r'[^A-Za-z0-9@.+_-]+', '-', address)[:80]}-{message.person.key[:8]}"
    event = message.event.id
    if event.startswith(_LIKE_DAYS):
        event = f"~{event}"  # a session of that id is not the event of the day
    return f"{who}.{event.replace(':', '-')}.{message.telling.sequence}"
