"""Invites as files or by SMTP, with a record of what left: stopped at any moment, the next run goes on from there."""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from attrs import define, evolve

from ..calendar.planning import InviteMessage
from ..calendar.told import Telling, Told
from ..conference import Conference
from ..mailbox import Mailbox
from ..message.invitation import InviteMails
from ..plugins import open_mailer
from ..ports import Delivery, Mailer, Rejected, Sent
from .calendar_state import SentFile
from .output import Output, count_of
from .plugging import installed_plugins
from .stopping import Stop, Stopped, stopping

_EVERY: Final = 1.0
"""Seconds between two savings of what was sent. What left meanwhile is sent again after a crash, the same."""

_SIMPLE: Final = re.compile(r"[a-z0-9@+_-][a-z0-9@.+_-]{0,80}")
_SHOWN: Final = 20


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
    record = _Record(file, {key: dict(each) for key, each in told.people.items()}, told)
    mails = InviteMails(conference, sender)
    try:
        with stopping() as stop:
            if given.out is not None:
                return _write_all(messages, mails, record, given.out, stop, output)
            return _send_all(messages, mails, record, given, stop, output)
    finally:
        record.save()


@define
class _Record:
    """What left, kept from time to time."""

    file: SentFile
    people: dict[str, dict[str, Telling]]
    told: Told
    saved_at: float = 0.0
    is_new: bool = False

    def left(self, message: InviteMessage) -> None:
        """The message is out of our hands."""
        telling = evolve(message.telling, sent=datetime.now(UTC).replace(microsecond=0))
        self.people.setdefault(message.person.key, {})[message.event.id] = telling
        self.is_new = True
        if time.monotonic() - self.saved_at > _EVERY:
            self.save()

    def save(self) -> None:
        """Keep it now."""
        if self.is_new:
            self.file.save(evolve(self.told, people=self.people))
            self.saved_at, self.is_new = time.monotonic(), False


# -- files


def _write_all(
    messages: Sequence[InviteMessage],
    mails: InviteMails,
    record: _Record,
    folder: Path,
    stop: Stop,
    output: Output,
) -> Done:
    folder.mkdir(parents=True, exist_ok=True)
    done = Done(folder=folder)
    record.saved_at = time.monotonic()
    with output.progress("Writing", len(messages)) as shown:
        for number, message in enumerate(messages, 1):
            if stop.signal:
                done.stopped = stop.signal
                break
            calendar = message.to_ical()
            name = _name(message)
            (folder / f"{name}.ics").write_bytes(calendar)
            (folder / f"{name}.eml").write_bytes(mails.message(message, calendar, is_draft=True).data)
            record.left(message)
            done.sent = number
            if number % 50 == 0:
                shown(number)
    return done


def _name(message: InviteMessage) -> str:
    """A name for the files of a message that every file system takes, and no other message of it has."""
    address = message.person.mailbox.address
    who = address
    if not _SIMPLE.fullmatch(address):
        who = f"{re.sub(r'[^A-Za-z0-9@.+_-]+', '-', address)[:80]}-{message.person.key[:8]}"
    return f"{who}.{message.event.id.replace(':', '-')}.{message.telling.sequence}"


# -- SMTP


def _send_all(
    messages: Sequence[InviteMessage],
    mails: InviteMails,
    record: _Record,
    given: argparse.Namespace,
    stop: Stop,
    output: Output,
) -> Done:
    done = Done()
    mailer = open_mailer(given.smtp, installed_plugins())
    try:
        with output.progress("Sending", len(messages)) as shown:
            for number, message in enumerate(_paced(messages, given.rate, stop), 1):
                (answer,) = _answers(mailer, mails, message)
                _count(answer, message, record, done, output)
                shown(number)
    finally:
        mailer.close()
    done.stopped = stop.signal
    return done


def _answers(mailer: Mailer, mails: InviteMails, message: InviteMessage) -> list[Delivery]:
    return mailer.send([mails.message(message, message.to_ical())])


def _paced(messages: Sequence[InviteMessage], rate: int | None, stop: Stop) -> Iterator[InviteMessage]:
    """The messages, at most `rate` of them a minute, until somebody stops it."""
    pause = 60 / rate if rate else 0.0
    due = time.monotonic()
    for each in messages:
        if pause and (wait := due - time.monotonic()) > 0:
            with suppress(Stopped):
                stop.wait(wait)
        if stop.signal:
            return
        due = max(due, time.monotonic() - pause) + pause
        yield each


def _count(answer: Delivery, message: InviteMessage, record: _Record, done: Done, output: Output) -> None:
    if isinstance(answer, Sent):
        record.left(message)
        done.sent += 1
        return
    is_final = isinstance(answer, Rejected)
    done.rejected, done.deferred = done.rejected + is_final, done.deferred + (not is_final)
    if done.rejected + done.deferred <= _SHOWN:
        state = "rejected" if is_final else "deferred; send again later"
        output.note(f"{message.person.mailbox.address}: {state}: {answer.why}")
