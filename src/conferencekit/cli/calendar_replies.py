"""`calendar replies` and `calendar attendance`: what people's calendars answered, and who comes by that.

Nothing is kept before --apply says so.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

from attrs import field, frozen

from ..adapters.imap import Cursor, ImapMailbox
from ..adapters.mailboxes import read_mails
from ..calendar.incoming import Mail
from ..calendar.judging import (
    Answered,
    Judge,
    Judged,
    Outdated,
    Proposed,
    Repeated,
    Stranger,
    Suspicious,
    Unread,
)
from ..calendar.planning import Invitee
from ..calendar.replies import Written
from ..calendar.told import ANSWERS, Answer, AnswerNow, Told, attendance_now
from ..calendar.words import event_words
from ..conference import Conference
from ..document import load_conference
from ..errors import InvalidText
from ..form.table import registrations_to_csv
from ..mailbox import Mailbox
from ..moment import Moment
from .calendar_countering import Counters
from .calendar_people import read_people
from .calendar_state import SentFile, state_path
from .files import read_file, write_file
from .output import Output, count_of
from .secret import secret_of

PASSWORD_VARIABLE: Final = "CONFERENCEKIT_IMAP_PASSWORD"  # noqa: S105 - the name of a variable, not a password

T = TypeVar("T")

_MOST_SHOWN: Final = 20
"""Lines of one kind that are shown; JSON has them all."""
_COLUMNS: Final = ("email", "name", "event", "title", "answer", "earlier", "comment")
_ORDER: Final = (*ANSWERS[1:], "NEEDS-ACTION")
_WORDS: Final[Mapping[Answer, str]] = {
    "ACCEPTED": "accepted",
    "DECLINED": "declined",
    "TENTATIVE": "tentative",
    "DELEGATED": "delegated",
    "NEEDS-ACTION": "not answered",
}


def run_replies(given: argparse.Namespace, output: Output) -> int:
    """Say what replies change; with --apply keep it."""
    file = _file(given)
    with file.locked() if given.apply else nullcontext():
        names = _names(file, given)
        judged, read = _judge(names, file, given, output)
    _report(judged, names, given, output)
    _answer_proposals(judged, names, file, given, output)
    if cursor := read["cursor"]:
        output.say(f"Read up to {cursor}; --after {cursor} reads what comes later.")
    output.result({**_plain(judged, names), **read, "applied": given.apply})
    return 0


def run_attendance(given: argparse.Namespace, output: Output) -> int:
    """Say what everybody answers at present."""
    names = _names(_file(given), given)
    known = sorted(_attendance(names.told), key=_order(names))
    for event in dict.fromkeys(each.event for each in known):
        counts = Counter(each.now.answer for each in known if each.event == event)
        shown = ", ".join(f"{_WORDS[each]} {counts[each]}" for each in _ORDER if counts[each])
        output.say(f"{names.event(event)}: {shown}.")
    if given.out is not None:
        write_file(given.out, registrations_to_csv(_rows(known, names), _COLUMNS))
        output.say(f"Wrote {count_of(len(known), 'line', 'lines')} to {given.out}.")
    output.result([_known_plain(each, names) for each in known])
    return 0


def _file(given: argparse.Namespace) -> SentFile:
    conference = load_conference(given.conference)
    secret, _ = secret_of(given)
    file = SentFile(state_path(given.conference), conference, secret)
    if not file.path.exists():
        remedy = "Send invites first with `conferencekit calendar send`, or name the document that they were sent by."
        raise InvalidText(str(file.path), f"There is no such file, so nobody was invited. {remedy}")
    return file


def _names(file: SentFile, given: argparse.Namespace) -> Names:
    people = read_people(given.people, file.conference, file.key) if given.people else ()
    return Names(file.conference, file.load(), people)


def _judge(
    names: Names, file: SentFile, given: argparse.Namespace, output: Output
) -> tuple[Judged, dict[str, object]]:
    """What becomes of the replies, kept where that was asked; how far an IMAP folder was read, and what was marked."""
    judge = Judge(
        conference=names.conference,
        told=names.told,
        keys_of=lambda address: (file.key(address),),
        token_of=file.token,
    )
    with _mails(given) as (mails, imap):
        with output.progress("Reading") as done:
            judged = judge.judge_all(_counted(mails, done))
        names.learn(judged)
        if given.apply:
            file.save(judged.told)
        marked = imap.mark_read() if imap and given.mark_read else 0
        return judged, {"cursor": str(imap.cursor) if imap else None, "marked_read": marked}


def _answer_proposals(
    judged: Judged, names: Names, file: SentFile, given: argparse.Namespace, output: Output
) -> None:
    if given.counters is None:
        return
    counters = Counters(
        conference=names.conference,
        mailboxes=names.mailboxes,
        token_of=file.token,
        comment=given.comment,
    )
    written = counters.write(judged, given.counters)
    output.say(f"Wrote {count_of(written, 'answer', 'answers')} to {given.counters}.")


@frozen
class Names:
    """Who and what stands behind keys and ids, as far as it is known here."""

    conference: Conference
    told: Told
    people: Iterable[Invitee]
    mailboxes: dict[str, Mailbox] = field(init=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        self.mailboxes.update({each.key: each.mailbox for each in self.people})

    def learn(self, judged: Judged) -> None:
        """Take names and addresses from replies, for people who are on no list here."""
        for each in judged.verdicts:
            if isinstance(each, Answered | Proposed):
                self.mailboxes.setdefault(each.person, Mailbox(each.reply.name, each.reply.attendee))

    def person(self, key: str) -> str:
        """A person, in words."""
        found = self.mailboxes.get(key)
        return str(found) if found else f"somebody ({key[:8]})"

    def event(self, name: str) -> str:
        """An event, or a date of a series, in words."""
        event_id, slash, date = name.partition("/")
        _, known = next(self.told.history(event_id))
        title = event_words(self.conference, known.event, self.conference.languages[0]).summary
        return f"{title} on {date}" if slash else title


# -- where replies are read


@contextmanager
def _mails(given: argparse.Namespace) -> Iterator[tuple[Iterable[Mail], ImapMailbox | None]]:
    place: str = given.place
    if not place.lower().startswith(("imaps:", "imap:")):
        if given.after or given.mark_read:
            raise InvalidText(place, "--after and --mark-read are for IMAP: leave them out.")
        yield read_mails(Path(place)), None
        return
    after = Cursor.of(given.after) if given.after else None
    with ImapMailbox.open(place, _password(given)) as imap:
        yield imap.mails(after), imap


def _password(given: argparse.Namespace) -> str:
    if given.password_file is not None:
        return read_file(given.password_file, most=1_000).decode("utf-8", "replace").strip("\r\n")
    if value := os.environ.get(PASSWORD_VARIABLE):
        return value
    raise InvalidText(
        given.place, f"Give the mailbox's password: --password-file FILE, or ${PASSWORD_VARIABLE}."
    )


def _counted(mails: Iterable[Mail], done: Callable[[int], None]) -> Iterator[Mail]:
    for number, mail in enumerate(mails, start=1):
        if number % 100 == 0:
            done(number)
        yield mail


# -- what it says


def _report(judged: Judged, names: Names, given: argparse.Namespace, output: Output) -> None:
    output.say(_counts(judged))
    for line in _change_lines(judged, names):
        output.say(line)
    _section(output, "Somebody has to decide", list(_to_decide(judged, names)))
    _section(output, "Other times were proposed, and nothing moves by that", list(_proposals(judged, names)))
    _section(
        output, "Not certainly from an invited person, so nothing changes", list(_strangers(judged, names))
    )
    _section(output, "No replies", [f"{each.source}: {each.reason}" for each in _all(judged, Unread)])
    if judged.changes:
        output.say("This is kept." if given.apply else "Nothing was kept; --apply does it.")


def _section(output: Output, title: str, lines: list[str]) -> None:
    if lines:
        output.say(f"{title}:")
    for line in lines[:_MOST_SHOWN]:
        output.say(f"  {line}")
    if len(lines) > _MOST_SHOWN:
        output.say(f"  and {len(lines) - _MOST_SHOWN:,} more; --json lists them all.")


def _counts(judged: Judged) -> str:
    current = Counter(each.attendance.answer for each in judged.changes if each.attendance.is_current)
    pieces = [f"{_WORDS[answer]} {current[answer]}" for answer in ("ACCEPTED", "DECLINED", "TENTATIVE")]
    pieces += [f"{_WORDS[each]} {current[each]}" for each in ("DELEGATED", "NEEDS-ACTION") if current[each]]
    counted = {
        "answered an earlier version": sum(not each.attendance.is_current for each in judged.changes),
        "repeated": len(_all(judged, Repeated)),
        "came late": len(_all(judged, Outdated)),
        "proposals": len(_all(judged, Proposed)),
        "strangers": len(_all(judged, Stranger)) + len(_all(judged, Suspicious)),
        "no replies": len(_all(judged, Unread)),
        "other mails": judged.silent,
    }
    pieces += [f"{name} {count}" for name, count in counted.items() if count]
    text = ", ".join(pieces)
    return f"{text[:1].upper()}{text[1:]}."


def _change_lines(judged: Judged, names: Names) -> Iterator[str]:
    """For each event and answer: how many, and who, where they do not simply come."""
    groups: dict[tuple[str, Answer, bool], list[Answered]] = {}
    for each in judged.changes:
        groups.setdefault((each.event, each.attendance.answer, each.attendance.is_current), []).append(each)
    for (event, answer, is_current), found in sorted(
        groups.items(), key=lambda each: (each[0][0], not each[0][2])
    ):
        what = _WORDS[answer] if is_current else f"{_WORDS[answer]}, but an earlier version"
        line = f"  {names.event(event)}: {len(found)} {what}"
        if answer == "ACCEPTED" and is_current:
            yield line
            continue
        who = [
            _with_comment(names.person(each.person), each.attendance.comment) for each in found[:_MOST_SHOWN]
        ]
        more = [f"and {len(found) - _MOST_SHOWN:,} more"] if len(found) > _MOST_SHOWN else []
        yield f"{line}: {', '.join([*who, *more])}"


def _with_comment(person: str, comment: str) -> str:
    shown = " ".join(comment.split())
    return f"{person} ({shown[:100]}{'…' if len(shown) > 100 else ''})" if shown else person


def _to_decide(judged: Judged, names: Names) -> Iterator[str]:
    for each in judged.changes:
        who, what = names.person(each.person), names.event(each.event)
        if each.action == "ask":
            yield f"{who} declined {what}: ask them, or write `cancelled` as the state of their row and send."
        elif each.action == "cancel":
            yield f"{who} declined {what} and is to be cancelled: write that as the state of their row and send."


def _proposals(judged: Judged, names: Names) -> Iterator[str]:
    for each in _all(judged, Proposed):
        when = _when(each.reply.starts)
        yield f"{names.person(each.person)}, {names.event(each.event)}: {when} ({each.source})"


def _when(written: Written | None) -> str:
    if written is None:
        return "at no time that can be read"
    shown = written.wall if isinstance(written, Moment) else written
    return f"{shown} {written.zone}" if isinstance(written, Moment) else str(shown)


def _strangers(judged: Judged, names: Names) -> Iterator[str]:
    for each in _all(judged, Stranger):
        yield f"{each.source}: {each.address}: {each.reason}"
    for found in _all(judged, Suspicious):
        yield f"{found.source}: {names.event(found.event)}: {found.reason}"


def _all(judged: Judged, kind: type[T]) -> list[T]:
    return [each for each in judged.verdicts if isinstance(each, kind)]


def _plain(judged: Judged, names: Names) -> dict[str, object]:
    return {
        "changes": [
            {
                "person": names.mailboxes[each.person].address,
                "event": each.event,
                "answer": each.attendance.answer,
                "current": each.attendance.is_current,
                "before": each.before.answer if each.before else None,
                "comment": each.attendance.comment,
                "action": each.action,
            }
            for each in judged.changes
        ],
        "proposals": [
            {"source": each.source, "event": each.event, "person": each.reply.attendee}
            for each in _all(judged, Proposed)
        ],
        "strangers": [
            {"source": each.source, "address": each.address, "reason": each.reason}
            for each in _all(judged, Stranger)
        ],
        "suspicious": [
            {"source": each.source, "event": each.event, "reason": each.reason}
            for each in _all(judged, Suspicious)
        ],
        "unread": [{"source": each.source, "reason": each.reason} for each in _all(judged, Unread)],
        "repeated": len(_all(judged, Repeated)),
        "outdated": len(_all(judged, Outdated)),
        "other_mails": judged.silent,
    }


# -- what is known


@frozen
class _Known:
    """What one person answered about one event."""

    person: str
    event: str
    now: AnswerNow


def _attendance(told: Told) -> Iterator[_Known]:
    """What everybody answers who is invited now, event by event."""
    for person, tellings in sorted(told.people.items()):
        for event, telling in sorted(tellings.items()):
            if telling.method != "REQUEST":
                continue
            dates = (each for each in told.attendance.get(person, {}) if each.startswith(f"{event}/"))
            for name in (event, *sorted(dates)):
                yield _Known(person, name, attendance_now(told, person, name))


_NEVER: Final = datetime.max.replace(tzinfo=UTC)


def _order(names: Names) -> Callable[[_Known], tuple[object, ...]]:
    """By when the events are, then as people stand in their file."""
    versions = sorted((each.event for each in names.told.events.values()), key=lambda each: each.sequence)
    starts = {each.id: each.starts.instant for each in versions}
    places = {key: place for place, key in enumerate(names.mailboxes)}

    def key(known: _Known) -> tuple[object, ...]:
        whole = known.event.partition("/")[0]
        begins = starts.get(whole, _NEVER)
        return (begins, known.event, places.get(known.person, len(places)), known.person)

    return key


def _rows(known: Iterable[_Known], names: Names) -> Iterator[tuple[str, ...]]:
    for each in known:
        mailbox = names.mailboxes.get(each.person)
        who = (mailbox.address, mailbox.name) if mailbox else (each.person, "")
        earlier = each.now.earlier.answer if each.now.earlier else ""
        yield (*who, each.event, names.event(each.event), each.now.answer, earlier, each.now.comment)


def _known_plain(known: _Known, names: Names) -> dict[str, object]:
    mailbox = names.mailboxes.get(known.person)
    return {
        "person": mailbox.address if mailbox else known.person,
        "event": known.event,
        "answer": known.now.answer,
        "earlier": known.now.earlier.answer if known.now.earlier else None,
        "comment": known.now.comment,
    }
