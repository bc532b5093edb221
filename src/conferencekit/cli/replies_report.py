"""What replies changed, and who comes by them: in words, as rows of a table, and for machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Final, TypeVar

from attrs import field, frozen

from ..calendar.judging import (
    Answered,
    Judged,
    Outdated,
    Proposed,
    Repeated,
    Stranger,
    Suspicious,
    Unread,
)
from ..calendar.replies import Written
from ..calendar.told import ANSWERS, Answer, AnswerNow, Told, answers_now
from ..calendar.words import title_text
from ..conference import Conference
from ..mailbox import Mailbox
from ..moment import Moment
from .lists import ANSWER_WORDS
from .output import Output, safe_cell

T = TypeVar("T")

_MOST_SHOWN: Final = 20
"""Lines of one kind that are shown; JSON has them all."""
COLUMNS: Final = ("email", "name", "event", "title", "answer", "earlier", "comment")
ORDER: Final = (*ANSWERS[1:], "NEEDS-ACTION")


@frozen
class Names:
    """Who and what stands behind keys and ids, as far as it is known here.

    `asks` and `cancels` say what somebody who declined leads to, where something has to be done.
    """

    conference: Conference
    told: Told
    mailboxes: dict[str, Mailbox] = field(factory=dict)
    asks: str = "ask them, or write `cancelled` as the state of their row and send."
    cancels: str = "and is to be cancelled: write that as the state of their row and send."

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
        known = self.told.history(event_id)[0]
        title = title_text(self.conference, known.event, self.conference.languages[0])
        return f"{title} on {date}" if slash else title


# -- what it says


def report(judged: Judged, names: Names, is_kept: bool, output: Output) -> None:  # noqa: FBT001 - what was said
    """What changed, and what a person has to look at."""
    output.say(_counts(judged))
    for line in _change_lines(judged, names):
        output.say(safe_cell(line))
    _section(output, "Somebody has to decide", list(_to_decide(judged, names)))
    _section(output, "Other times were proposed, and nothing moves by that", list(_proposals(judged, names)))
    _section(
        output, "Not certainly from an invited person, so nothing changes", list(_strangers(judged, names))
    )
    unread = [f"{each.source}: {each.reason}" for each in _all(judged, Unread) if not each.is_other]
    _section(output, "No replies", unread)
    if judged.changes:
        output.say("This is kept." if is_kept else "Nothing was kept; --apply does it.")


def _section(output: Output, title: str, lines: list[str]) -> None:
    if lines:
        output.say(f"{title}:")
    # others wrote it: none of it may begin another line, or turn round what follows
    for line in lines[:_MOST_SHOWN]:
        output.say(f"  {safe_cell(line)}")
    if len(lines) > _MOST_SHOWN:
        output.say(f"  and {len(lines) - _MOST_SHOWN:,} more; --json lists them all.")


def _counts(judged: Judged) -> str:
    current = Counter(each.attendance.answer for each in judged.changes if each.is_current)
    pieces = [f"{ANSWER_WORDS[answer]} {current[answer]}" for answer in ("ACCEPTED", "DECLINED", "TENTATIVE")]
    pieces += [
        f"{ANSWER_WORDS[each]} {current[each]}" for each in ("DELEGATED", "NEEDS-ACTION") if current[each]
    ]
    counted = {
        "answered an earlier version": sum(not each.is_current for each in judged.changes),
        "repeated": len(_all(judged, Repeated)),
        "came late": len(_all(judged, Outdated)),
        "proposals": len(_all(judged, Proposed)),
        "strangers": len(_all(judged, Stranger)) + len(_all(judged, Suspicious)),
        "no replies": sum(not each.is_other for each in _all(judged, Unread)),
        "about other events": sum(each.is_other for each in _all(judged, Unread)),
        "other mails": judged.silent,
    }
    pieces += [f"{name} {count}" for name, count in counted.items() if count]
    text = ", ".join(pieces)
    return f"{text[:1].upper()}{text[1:]}."


def _change_lines(judged: Judged, names: Names) -> Iterator[str]:
    """For each event and answer: how many, and who, where they do not simply come."""
    groups: dict[tuple[str, Answer, bool], list[Answered]] = {}
    for each in judged.changes:
        groups.setdefault((each.event, each.attendance.answer, each.is_current), []).append(each)
    for (event, answer, is_current), found in sorted(
        groups.items(), key=lambda each: (each[0][0], not each[0][2])
    ):
        what = ANSWER_WORDS[answer] if is_current else f"{ANSWER_WORDS[answer]}, but an earlier version"
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
            yield f"{who} declined {what}: {names.asks}"
        elif each.action == "cancel":
            yield f"{who} declined {what} {names.cancels}"


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
    """Those first that are about our events: a mailbox may hold replies to anything else as well."""
    for each in sorted(_all(judged, Stranger), key=lambda each: not each.event):
        yield f"{each.source}: {each.address}: {each.reason}"
    for found in _all(judged, Suspicious):
        yield f"{found.source}: {names.event(found.event)}: {found.reason}"


def _all(judged: Judged, kind: type[T]) -> list[T]:
    return [each for each in judged.verdicts if isinstance(each, kind)]


def report_plain(judged: Judged, names: Names) -> dict[str, object]:
    """All of it for machines."""
    return {
        "changes": [
            {
                "person": names.mailboxes[each.person].address,
                "event": each.event,
                "answer": each.attendance.answer,
                "current": each.is_current,
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
class Known:
    """What one person answered about one event."""

    person: str
    event: str
    now: AnswerNow


def attendance_of(told: Told) -> Iterator[Known]:
    """What everybody answers who is invited now."""
    for person in told.people:
        for event, now in answers_now(told, person):
            yield Known(person, event, now)


_NEVER: Final = datetime.max.replace(tzinfo=UTC)


def order_of(names: Names) -> Callable[[Known], tuple[object, ...]]:
    """By when the events are, then as people stand in their file."""
    versions = sorted((each.event for each in names.told.events.values()), key=lambda each: each.sequence)
    starts = {each.id: each.starts.instant for each in versions}
    places = {key: place for place, key in enumerate(names.mailboxes)}

    def key(known: Known) -> tuple[object, ...]:
        whole = known.event.partition("/")[0]
        begins = starts.get(whole, _NEVER)
        return (begins, known.event, places.get(known.person, len(places)), known.person)

    return key


def attendance_rows(known: Iterable[Known], names: Names) -> Iterator[tuple[str, ...]]:
    """Answers as rows of a table, with these columns: `COLUMNS`."""
    for each in known:
        mailbox = names.mailboxes.get(each.person)
        who = (mailbox.address, mailbox.name) if mailbox else (each.person, "")
        earlier = ANSWER_WORDS[each.now.earlier.answer] if each.now.earlier else ""
        answer = ANSWER_WORDS[each.now.answer]
        yield (*who, each.event, names.event(each.event), answer, earlier, each.now.comment)


def known_plain(known: Known, names: Names) -> dict[str, object]:
    """One answer for machines."""
    mailbox = names.mailboxes.get(known.person)
    return {
        "person": mailbox.address if mailbox else known.person,
        "event": known.event,
        "answer": known.now.answer,
        "earlier": known.now.earlier.answer if known.now.earlier else None,
        "comment": known.now.comment,
    }
