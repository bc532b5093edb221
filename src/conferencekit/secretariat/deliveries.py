"""Sending what is owed: lease a few notices, render, hand over, record how it ended.

Each notice is sent at least once and never again after its acceptance was recorded. What a server defers goes back with
a growing pause; what it rejects, or what could not be handed over for five days, is failed and listed.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

from ..conference import PLACEHOLDER
from ..errors import ConferenceKitError, StoreBusy, StoreUnavailable
from ..mailbox import Mailbox
from ..message.message import Message
from ..message.notice import Notice, notice_from_body
from ..ports import Deferred, Delivery, Leased, Mailer, Mark, Rejected, Sent
from .broadcasts import expand_all
from .correspondence import Correspondence
from .shell import Shell

if TYPE_CHECKING:
    from ..message.rendering import Renderer

_LOG: Final = logging.getLogger("conferencekit.deliveries")
LEASE: Final = timedelta(minutes=5)
BATCH: Final = 20
_FIRST_PAUSE: Final = timedelta(minutes=1)
_LONGEST_PAUSE: Final = timedelta(hours=4)
_NO_ANSWER: Final = Deferred(60, "The mailer gave no answer for this message.", uncertain=True)
_GIVE_UP: Final = timedelta(days=5)
"""How long a message is tried, as RFC 5321 section 4.5.4.1 has it."""
_FEWEST_TRIES: Final = 10
"""So many at the least: nothing may have been sent for days, and many a server defers what it sees first."""


@frozen(kw_only=True)
class Deliveries:
    """What one call of `deliver` did. `failures` says of each failed or held notice why.

    `changed` says how many of them were handed over with other bytes than at their first try: they keep the Message-ID,
    so a mailbox that has the first one may not show the second. Each is logged.
    """

    sent: int = 0
    deferred: int = 0
    failed: int = 0
    held: int = 0
    changed: int = 0
    failures: tuple[str, ...] = ()

    @property
    def tried(self) -> int:
        """How many notices were taken up."""
        return self.sent + self.deferred + self.failed + self.held

    def plus(self, other: Deliveries) -> Deliveries:
        """Both together."""
        return Deliveries(
            sent=self.sent + other.sent,
            deferred=self.deferred + other.deferred,
            failed=self.failed + other.failed,
            held=self.held + other.held,
            changed=self.changed + other.changed,
            failures=(*self.failures, *other.failures),
        )


class DeliveryRun:
    """The service behind `secretariat.deliver`."""

    def __init__(
        self,
        shell: Shell,
        correspondence: Correspondence,
        mailer: Callable[[], Mailer],
        renderer: Renderer | None,
    ) -> None:
        self._shell = shell
        self._correspondence = correspondence
        self._mailer = mailer
        self._renderer = renderer

    def deliver(
        self,
        *,
        limit: int | None = None,
        progress: Callable[[int], None] | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> Deliveries:
        """Send everything that is due now, at most `limit` notices.

        `progress` hears how many were taken up so far. `stop` is asked before each batch of 20 whether to leave the
        rest for later.
        """
        expand_all(self._shell, self._correspondence)
        total = Deliveries()
        while not stop() and (limit is None or total.tried < limit):
            size = BATCH if limit is None else min(BATCH, limit - total.tried)
            done = self._batch(size)
            if done is None:
                break
            total = total.plus(done)
            if progress:
                progress(total.tried)
        return total

    def _batch(self, size: int) -> Deliveries | None:
        context = self._shell.context()
        mailer = self._mailer()  # a mailer that does not open leaves no lease behind
        leased = self._shell.store.lease(
            size, now=context.now, until=context.now + LEASE, conference=self._shell.id
        )
        if not leased:
            return None
        first = self._first_digests(leased)
        rendered = [self._render(each, context.now) for each in leased]
        messages = [each[1] for each in rendered if not isinstance(each, Mark)]
        answers = iter(mailer.send(messages) if messages else ())
        marks = []
        changed = 0
        for lease, each in zip(leased, rendered, strict=True):
            if isinstance(each, Mark):
                marks.append(each)
                continue
            notice, message = each
            sha256 = hashlib.sha256(message.data).hexdigest()
            marks.append(_mark(lease, notice, next(answers, _NO_ANSWER), sha256, context.now))
            changed += _is_changed(lease, first.get(lease.key, ""), sha256)
        self._shell.store.settle(marks)
        return evolve(_count(marks), changed=changed)

    def _first_digests(self, leased: Sequence[Leased]) -> Mapping[str, str]:
        """The SHA-256 of what was handed over at the first try of each notice that is tried again."""
        again = [each.key for each in leased if each.attempt > 1]
        records = self._shell.store.get(self._shell.id, "~notice", again) if again else {}
        return {key: str(record.body["sha256"]) for key, record in records.items()}

    def _render(self, leased: Leased, now: datetime) -> tuple[Notice, Message] | Mark:
        """The notice and its message; or why it is held for a person, or tried again."""
        from ..message.rendering import render  # noqa: PLC0415 - a process that only takes forms renders no mail

        try:
            notice = notice_from_body(leased.body, self._correspondence.wordings.read)
            if leased.uncertain and notice.on_uncertain == "hold":
                return _held(leased, "The last try ended without word whether it was accepted.")
            notice = self._addressed(notice, leased.lane)
            return notice, render(notice, links=self._links(notice), renderer=self._renderer)
        except (
            StoreBusy,
            StoreUnavailable,
        ) as error:
            # while its words were read: nothing is wrong with the mail
            mark = Mark(leased.conference, leased.key, leased.token, "queued", note=str(error))
            return evolve(mark, due=now + _pause(leased))
        except ConferenceKitError as error:
            return _held(leased, str(error))
        except Exception as error:  # noqa: BLE001 - a host's renderer may raise anything; the other mails go out
            return _held(leased, f"{type(error).__name__} while the mail was rendered: {error}")

    def _addressed(self, notice: Notice, person: str) -> Notice:
        """The notice with the person's token in the address that replies go to, where that has a place for one."""
        invite = notice.invite
        if invite is None or PLACEHOLDER not in invite.organizer.address:
            return notice
        address = invite.organizer.address.replace(PLACEHOLDER, self._shell.links.reply_token(person))
        return evolve(notice, invite=evolve(invite, organizer=Mailbox(invite.organizer.name, address)))

    def _links(self, notice: Notice) -> dict[str, str]:
        links = self._shell.links
        return {
            name: links.url(spec.purpose, spec.subject, spec.generation)
            for name, spec in notice.links.items()
        }


def _is_changed(leased: Leased, first: str, sha256: str) -> bool:
    """Whether the mail is another one than at its first try; that is logged, without a word of the mail."""
    if first in ("", sha256):
        return False
    _LOG.warning(
        "Notice %s of %s is another mail at try %d than at the first one, under the same Message-ID: "
        "SHA-256 %s, first %s. Templates, or the library's version, have changed.",
        leased.key,
        leased.conference,
        leased.attempt,
        sha256,
        first,
    )
    return True


def _held(leased: Leased, why: str) -> Mark:
    return Mark(leased.conference, leased.key, leased.token, "held", note=why)


def _mark(leased: Leased, notice: Notice, answer: Delivery, sha256: str, now: datetime) -> Mark:
    mark = Mark(leased.conference, leased.key, leased.token, "sent", sha256=sha256)
    match answer:
        case Sent(detail):
            return evolve(mark, note=detail)
        case Rejected(why):
            return evolve(mark, state="failed", note=why)
        case Deferred(_, why, uncertain=True) if notice.on_uncertain == "hold":
            return evolve(mark, state="held", note=why)
        case Deferred(after, why):
            return _again(mark, leased, notice.date, now, max(timedelta(seconds=after), _pause(leased)), why)


def _again(
    mark: Mark, leased: Leased, owed_since: datetime, now: datetime, pause: timedelta, why: str
) -> Mark:
    """Back into the outbox after a pause; failed once the notice has been owed for too long."""
    if now - owed_since >= _GIVE_UP and leased.attempt >= _FEWEST_TRIES:
        return evolve(mark, state="failed", note=f"given up after {_GIVE_UP.days} days: {why}")
    return evolve(mark, state="queued", due=now + pause, note=why)


def _pause(leased: Leased) -> timedelta:
    """Twice as long after each try."""
    return min(_FIRST_PAUSE * (1 << min(leased.attempt - 1, 10)), _LONGEST_PAUSE)


def _count(marks: Sequence[Mark]) -> Deliveries:
    states = [each.state for each in marks]
    return Deliveries(
        sent=states.count("sent"),
        deferred=states.count("queued"),
        failed=states.count("failed"),
        held=states.count("held"),
        failures=tuple(f"{each.key}: {each.note}" for each in marks if each.state in ("failed", "held")),
    )
