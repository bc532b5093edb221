"""Invites by SMTP: at most so many a minute, and each recorded as soon as a server took it."""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final, TypeGuard

from attrs import define

from ..calendar.planning import InviteMessage
from ..message.invitation import InviteMails
from ..plugins import open_mailer
from ..ports import Deferred, Delivery, Mailer, Rejected, Sent
from .calendar_sending import Done, Record
from .output import Output, count_of
from .plugging import installed_plugins
from .stopping import Stop, Stopped

_SHOWN: Final = 20
"""So many lines name addresses that a server did not take messages for."""
_ENOUGH: Final = 3
"""So many messages in a row are tried that a server cannot be reached for."""
_CODE: Final = re.compile(r"(?<![\d:.])4\d\d(?!\d)")


def send_all(
    messages: Sequence[InviteMessage],
    mails: InviteMails,
    record: Record,
    given: argparse.Namespace,
    stop: Stop,
    output: Output,
) -> Done:
    """Send the messages, one after the other; what a server did not take goes again with the next run."""
    done, refusals = Done(), _Refusals(output)
    mailer = open_mailer(given.smtp, installed_plugins())
    try:
        with output.progress("Sending", len(messages)) as shown:
            unheard: list[str] = []
            for number, message in enumerate(_paced(messages, given.rate, stop), 1):
                (answer,) = _answers(mailer, mails, message)
                _count(answer, message, record, done, refusals)
                shown(number)
                unheard = [*unheard, answer.why][-_ENOUGH:] if _is_no_answer(answer) else []
                if len(unheard) == _ENOUGH and len(set(unheard)) == 1 and number < len(messages):
                    refusals.end()
                    done.deferred += len(messages) - number
                    output.note(
                        f"The server gives no answer: {len(messages) - number} more are left for later. Run the same "
                        "command again then."
                    )
                    break
    finally:
        refusals.end()
        mailer.close()
    done.stopped = stop.signal
    return done


def _is_no_answer(answer: Delivery) -> TypeGuard[Deferred]:
    """Whether nobody answered: a server that defers a message says so with a code of its own."""
    return isinstance(answer, Deferred) and _CODE.search(answer.why) is None


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


def _count(answer: Delivery, message: InviteMessage, record: Record, done: Done, refusals: _Refusals) -> None:
    if isinstance(answer, Sent):
        record.left(message)
        done.sent += 1
        return
    is_final = isinstance(answer, Rejected)
    done.rejected, done.deferred = done.rejected + is_final, done.deferred + (not is_final)
    state = "rejected" if is_final else "deferred; send again later"
    refusals.add(message.person.mailbox.address, f"{state}: {answer.why}")


@define
class _Refusals:
    """Says of whom a server did not take messages, and why: a line for all that it refused for one reason in a row."""

    output: Output
    address: str = ""
    why: str = ""
    count: int = 0
    lines: int = 0
    unnamed: int = 0

    def add(self, address: str, why: str) -> None:
        """One more message was not taken."""
        if (address, why) != (self.address, self.why):
            self._say()
            self.address, self.why = address, why
        self.count += 1

    def end(self) -> None:
        """Nothing follows: say what was not said yet."""
        self._say()
        if self.unnamed:
            self.output.note(f"{count_of(self.unnamed, 'message', 'messages')} more did not leave.")
            self.unnamed = 0

    def _say(self) -> None:
        if self.count and self.lines < _SHOWN:
            messages = f" ({self.count} messages)" if self.count > 1 else ""
            self.output.note(f"{self.address}{messages}: {self.why}")
            self.lines += 1
        else:
            self.unnamed += self.count
        self.count = 0
