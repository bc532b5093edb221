"""`calendar replies` and `calendar attendance`: what people's calendars answered, and who comes by that.

Nothing is kept before --apply says so.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from attrs import define

from ..adapters.imap import Cursor, ImapMailbox
from ..adapters.mailboxes import read_mails
from ..calendar.incoming import Mail
from ..calendar.judging import Judge, Judged
from ..calendar.told import Answer
from ..document import load_conference
from ..errors import InvalidText, shown_url
from ..form.table import registrations_to_csv
from .calendar_countering import Counters
from .calendar_people import read_people
from .calendar_state import SentFile, locked, state_path
from .files import write_file
from .lists import ANSWER_WORDS
from .output import Output, count_of
from .password import password_from
from .replies_report import (
    COLUMNS,
    ORDER,
    Known,
    Names,
    attendance_of,
    attendance_rows,
    known_plain,
    order_of,
    report,
    report_plain,
)
from .secret import secret_of
from .store_place import has_store

PASSWORD_VARIABLE: Final = "CONFERENCEKIT_IMAP_PASSWORD"  # noqa: S105 - the name of a variable, not a password


def run_replies(given: argparse.Namespace, output: Output) -> int:
    """Say what replies change; with --apply keep it."""
    if _is_in_store(given, output):
        from .calendar_replies_store import replies_of_store  # noqa: PLC0415 - needs a secretariat

        return replies_of_store(given, output)
    file = _file(given)
    with locked(file.path) if given.apply else nullcontext():
        names = _names(file, given)
        judge = Judge(
            conference=names.conference,
            told=names.told,
            keys_of=lambda address: (file.key(address),),
            token_of=file.token,
            now=datetime.now(UTC),
        )
        with mails_of(given, output) as read:
            judged = judge.judge_all(read.mails)
            names.learn(judged)
            if given.apply:
                file.save(judged.told)
            read.finish()
    tell(judged, names, read, file.token, given, output)
    return 0


def run_attendance(given: argparse.Namespace, output: Output) -> int:
    """Say what everybody answers at present."""
    if _is_in_store(given, output):
        from .calendar_replies_store import attendance_of_store  # noqa: PLC0415 - needs a secretariat

        return attendance_of_store(given, output)
    names = _names(_file(given), given)
    tell_attendance(sorted(attendance_of(names.told), key=order_of(names)), names, given, output)
    return 0


def tell(
    judged: Judged,
    names: Names,
    read: Reading,
    token_of: Callable[[str], str],
    given: argparse.Namespace,
    output: Output,
    *,
    cancelled: Sequence[str] = (),
) -> None:
    """What changed, what is answered to proposals, and how far was read. `cancelled`: keys of who lost a place."""
    report(judged, names, given.apply, output)
    if given.counters is not None:
        counters = Counters(
            conference=names.conference,
            mailboxes=names.mailboxes,
            token_of=token_of,
            comment=given.comment,
        )
        written = counters.write(judged, given.counters)
        output.say(f"Wrote {count_of(written, 'answer', 'answers')} to {given.counters}.")
    if read.cursor:
        output.say(f"Read up to {read.cursor}; --after {read.cursor} reads what comes later.")
    for each in cancelled:
        output.say(f"Cancelled: {names.person(each)}.")
    more = {"cursor": read.cursor or None, "marked_read": read.marked, "applied": given.apply}
    lost = [names.mailboxes[each].address for each in cancelled]
    output.result({**report_plain(judged, names), **more, "cancelled": lost})


def tell_attendance(known: list[Known], names: Names, given: argparse.Namespace, output: Output) -> None:
    """For each event how many answered what; and the list of everybody."""
    for event in dict.fromkeys(each.event for each in known):
        answers = [each.now for each in known if each.event == event]
        shown = _counts(each.answer for each in answers)
        # whoever said yes to the time before is no guest yet, and no stranger to it either
        earlier = _counts(
            each.earlier.answer for each in answers if each.answer == "NEEDS-ACTION" and each.earlier
        )
        output.say(
            f"{names.event(event)}: {shown}{f' (to an earlier version: {earlier})' if earlier else ''}."
        )
    if given.out is not None:
        write_file(given.out, registrations_to_csv(attendance_rows(known, names), COLUMNS))
        output.say(f"Wrote {count_of(len(known), 'line', 'lines')} to {given.out}.")
    output.result([known_plain(each, names) for each in known])


def _counts(answers: Iterable[Answer]) -> str:
    counts = Counter(answers)
    return ", ".join(f"{ANSWER_WORDS[each]} {counts[each]}" for each in ORDER if counts[each])


def _is_in_store(given: argparse.Namespace, output: Output) -> bool:
    """Whether the store is asked who was invited: where there is one and no list is named, as for `calendar send`."""
    if given.people is not None or not has_store(given):
        return False
    path = state_path(given.conference)
    if path.exists():
        output.note(f"By {path.name} people of a list were invited, too: --people FILE.csv is about those.")
    return True


def _file(given: argparse.Namespace) -> SentFile:
    conference = load_conference(given.conference)
    secret, _ = secret_of(given)
    file = SentFile(state_path(given.conference), conference, secret)
    if not file.path.exists():
        remedy = (
            "There is no such file, so it is not known who was invited. Send invites first with `conferencekit "
            "calendar send`, name the document that they were sent by, or put the file back from a backup."
        )
        raise InvalidText(str(file.path), remedy)
    return file


def _names(file: SentFile, given: argparse.Namespace) -> Names:
    people = read_people(given.people, file.conference, file.key) if given.people else ()
    return Names(file.conference, file.load(), {each.key: each.mailbox for each in people})


# -- where replies are read


@define
class Reading:
    """The mails of a place. `finish` is called once they were read and what they say is kept."""

    mails: Iterable[Mail]
    imap: ImapMailbox | None = None
    marks: bool = False
    cursor: str = ""
    marked: int = 0

    def finish(self) -> None:
        """Note how far an IMAP folder was read, and mark mails in it where that was asked."""
        if self.imap is not None:
            self.cursor = str(self.imap.cursor)
            self.marked = self.imap.mark_read() if self.marks else 0


@contextmanager
def mails_of(given: argparse.Namespace, output: Output) -> Iterator[Reading]:
    """The mails that are to be read, while their place is open."""
    place: str = given.place
    with output.progress("Reading") as done:
        if not place.lower().startswith(("imaps:", "imap:")):
            if given.after or given.mark_read:
                raise InvalidText(place, "--after and --mark-read are for IMAP: leave them out.")
            yield Reading(_counted(read_mails(Path(place)), done))
            return
        after = Cursor.of(given.after) if given.after else None
        with ImapMailbox.open(place, _password(given)) as imap:
            yield Reading(_counted(imap.mails(after), done), imap, given.mark_read)


def _password(given: argparse.Namespace) -> str:
    found = password_from(given.password_file, PASSWORD_VARIABLE)
    if found is not None:
        return found
    remedy = (
        f"Give the mailbox's password: --password-file FILE, or ${PASSWORD_VARIABLE}; never in the address."
    )
    raise InvalidText(shown_url(given.place), remedy)


def _counted(mails: Iterable[Mail], done: Callable[[int], None]) -> Iterator[Mail]:
    for number, mail in enumerate(mails, start=1):
        if number % 100 == 0:
            done(number)
        yield mail
