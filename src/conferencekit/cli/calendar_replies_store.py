"""`calendar replies` and `attendance` where the conference has a store: its people, and their answers beside them."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from ..calendar.judging import Judged
from ..mailbox import Mailbox
from ..registration.registration import Registration
from ..secretariat import Secretariat
from .calendar_replies import mails_of, tell, tell_attendance
from .opening import opened
from .output import Output
from .replies_report import Known, Names, order_of

_ASKS = "ask them; the host or an organiser cancels their registration."
_CANCELS = "and proved it: whoever declined everything is cancelled."


def replies_of_store(given: argparse.Namespace, output: Output) -> int:
    """Say what replies of registered people change; with --apply keep it."""
    with opened(given, output, proves=True, looks=not given.apply) as secretariat:
        attendance = secretariat.acting(given.by).attendance
        with mails_of(given, output) as read:
            if given.apply:
                taken = attendance.take_replies(read.mails)
                judged, cancelled = taken.judged, taken.cancelled
            else:
                judged, cancelled = attendance.judge(read.mails), ()
            read.finish()
        keys = {each.person for each in judged.changes} | {*judged.before.people}
        names = _names(secretariat, judged, map(secretariat.registrations.get, sorted(keys)))
        token_of = secretariat.shell.links.reply_token
        tell(judged, names, read, token_of, given, output, cancelled=cancelled)
    return 0


def attendance_of_store(given: argparse.Namespace, output: Output) -> int:
    """Say what everybody who is confirmed answers at present."""
    with opened(given, output, looks=True) as secretariat:
        found = list(secretariat.attendance.everybody())
        names = _names(secretariat, secretariat.attendance.judge(()), (person for person, _ in found))
    known = [Known(person.id, event, now) for person, answers in found for event, now in answers.items()]
    tell_attendance(sorted(known, key=order_of(names)), names, given, output)
    return 0


def _names(secretariat: Secretariat, judged: Judged, people: Iterable[Registration]) -> Names:
    mailboxes = {each.id: Mailbox(each.name, each.address) for each in people}
    return Names(secretariat.conference, judged.before, mailboxes, asks=_ASKS, cancels=_CANCELS)
