"""What a plan of invites says: in words for organisers, as data for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from ..calendar.planned import held_by_day
from ..calendar.planning import KINDS, InviteMessage, InvitePlan
from ..calendar.words import event_words
from ..conference import Conference
from ..datewords import range_text
from ..programme.event import Event, Part, only_clocks_moved
from ..programme.series import Repeat
from .output import Output, count_of

_WORDS: Final = {
    "new": "invited",
    "moved": "told that it changed",
    "reworded": "told of other words",
    "cancelled": "told that it is off",
    "uninvited": "uninvited",
    "again": "told what was prepared before",
}
_MOST_DATES: Final = 6
_MOST_IN_LINE: Final = 2


def report(
    plan: InvitePlan,
    conference: Conference,
    people: Path,
    output: Output,
    messages: Sequence[InviteMessage] | None = None,
) -> None:
    """Say how many are told what, and what about whom nothing can be done.

    `messages`: those of the plan that are about to be sent, where it is not all of them.
    """
    counts = ", ".join(f"{kind} {plan.count(kind)}" for kind in KINDS if kind != "again" or plan.count(kind))
    output.say(f"{counts[:1].upper()}{counts[1:]}, unchanged {plan.unchanged}.")
    for line in _lines(plan.messages if messages is None else messages, conference):
        output.say(line)
    if plan.reworded:
        output.say(
            f"{count_of(plan.reworded, 'invite differs', 'invites differ')} in words only; --reworded sends them too."
        )
    if plan.over:
        output.note(f"Nobody is told of what is over: {', '.join(plan.over)}. --past includes it.")
    if any(
        each.person.mailbox.address.casefold() == each.organizer.address.casefold() for each in plan.messages
    ):
        output.note(
            "One of them has the organizer's own address. Most calendars do not invite you to what you organize: try "
            "invites out with another one."
        )
    if plan.missing:
        output.note(
            f"{count_of(len(plan.missing), 'person who was invited is', 'people who were invited are')} not in "
            f"{people.name} any more. Nobody can write to them: put their rows back, with the state `cancelled`, and "
            "they are uninvited."
        )


def questions(plan: InvitePlan, output: Output, before: str = "") -> None:
    """Ask what has to be known before anything is sent, each with the options that answer it."""
    for each in plan.questions:
        output.complain(
            f"{before} The session {each.gone!r} is gone from the document, and people were invited to it. Was it "
            f"renamed? Then say --renamed {each.gone}={each.new[0]}. If it is off, say --gone {each.gone}.".lstrip()
        )


def _lines(found: Iterable[InviteMessage], conference: Conference) -> Iterator[str]:
    """For each event and what is told of it: how many, when it was and when it is."""
    groups = _grouped(found)
    versions = Counter(event for event, _ in {(each[0].event.id, each[0].telling.facts) for each in groups})
    for messages in groups:
        first = messages[0]
        title = event_words(conference, first.event, conference.languages[0]).summary
        if first.event.is_of_sessions and versions[first.event.id] > 1:
            title = f"{title} ({_titles(first.event, conference)})"
        people = count_of(len(messages), "person is", "people are")
        head, facts = f"  {title}: {people} {_told(first)}:", _facts(first, conference)
        if len(facts) <= _MOST_IN_LINE:
            yield f"{head} {'; '.join(facts)}"
            continue
        if facts[-1] == _when(first.event):
            head = f"{head} {facts.pop()}"
        yield from (head, *(f"    {each}" for each in facts))


def _titles(event: Event, conference: Conference) -> str:
    """The sessions of a day, by which it differs from the same day of others."""
    known = (conference.session(each.id) for each in event.parts)
    return ", ".join(each.title.text() for each in known if each)


def _told(message: InviteMessage) -> str:
    is_repeated = message.kind == "again" and message.telling.sent is not None
    return "told the same once more" if is_repeated else _WORDS[message.kind]


def _grouped(messages: Iterable[InviteMessage]) -> list[list[InviteMessage]]:
    """Who is told the same of the same event, in order of time."""
    groups: dict[tuple[object, ...], list[InviteMessage]] = {}
    for each in messages:
        groups.setdefault((each.event.id, _told(each), each.telling.facts, each.was), []).append(each)
    return sorted(groups.values(), key=lambda group: _order(group[0]))


def _order(message: InviteMessage) -> tuple[object, ...]:
    return (message.event.starts.instant, message.event.id, KINDS.index(message.kind), message.telling.facts)


def _facts(message: InviteMessage, conference: Conference) -> list[str]:
    """When it is; of what has changed, each change."""
    event, was = message.event, message.was
    if message.kind != "moved" or was is None:
        return [_when(event)]
    times = list(_times(was, event))
    changes = [*times, *_parts(was, event, conference), *_dates(was, event), *_others(was, event)]
    return changes if any(each.startswith("was ") for each in times) else [*changes, _when(event)]


def _when(event: Event) -> str:
    first = range_text(event.starts, event.ends)
    return f"{first}, {_repeats(event, event.repeat)}" if event.repeat else first


def _repeats(event: Event, repeat: Repeat) -> str:
    every = f"{repeat.interval} {repeat.every}s" if repeat.interval > 1 else repeat.every
    held = len(held_by_day(event))
    of = f"{held} of " if 0 < held < repeat.count else ""
    return f"every {every}, {of}{repeat.count} dates"


def _times(was: Event, event: Event) -> Iterator[str]:
    """When it was and when it is: the event, or the dates of a series that differ."""
    if (was.starts, was.ends, was.repeat) != (event.starts, event.ends, event.repeat):
        yield f"was {_when(was)}, now {_when(event)}"
        return
    before, after = (
        {day: range_text(*held) for day, held in held_by_day(each).items()} for each in (was, event)
    )
    moved = [(before[day], after[day]) for day in before if after.get(day, before[day]) != before[day]]
    gone = [text for day, text in before.items() if day not in after]
    come = [text for day, text in after.items() if day not in before]
    if moved:
        yield f"was {_few([one for one, _ in moved])}, now {_few([other for _, other in moved])}"
    if gone:
        yield f"no more {_few(gone)}"
    if come:
        yield f"also {_few(come)}"
    if only_clocks_moved(was, event):
        yield "the clocks of its zone change on other days than they were said to"


def _few(dates: list[str]) -> str:
    more = len(dates) - _MOST_DATES
    shown = " and ".join(dates[:_MOST_DATES])
    return f"{shown} and {more} more" if more > 0 else shown


def _dates(was: Event, event: Event) -> Iterator[str]:
    """The dates of a series that have another place or link than before, unless all of it has."""
    if not event.repeat or (was.place, was.join, was.status) != (event.place, event.join, event.status):
        return
    before, after = ({part.id: part for part in each.parts} for each in (was, event))
    known = held_by_day(was)
    for day, held in held_by_day(event).items():
        found = ", ".join(_others(before.get(day, was), after.get(day, event)))
        if found and day in known:
            yield f"{range_text(*held)}: {found}"


def _parts(was: Event, event: Event, conference: Conference) -> Iterator[str]:
    """What changed in the programme of a day, or of the conference."""
    if event.repeat or was.repeat:
        return
    before, after = ({part.id: part for part in each.parts} for each in (was, event))
    for name in [*before, *(each for each in after if each not in before)]:
        session = conference.session(name)
        title = session.title.text() if session else name
        found = _part(before, after, name)
        if found:
            yield f"{title}: {found}"


def _part(before: Mapping[str, Part], after: Mapping[str, Part], name: str) -> str:
    was, now = before.get(name), after.get(name)
    if now is None or (was and now.status == "cancelled" != was.status):
        return "off"
    when = range_text(now.starts, now.ends)
    if was is None:
        return f"new, {when}"
    times = range_text(was.starts, was.ends)
    changes = [f"was {times}, now {when}"] if times != when else []
    return ", ".join([*changes, *_others(was, now)])


def _others(was: Event | Part, now: Event | Part) -> Iterator[str]:
    if was.place != now.place:
        yield f"was in {was.place or 'no place'}, now in {now.place or 'no place'}"
    if was.join != now.join:
        yield "has another link"
    if was.status != now.status:
        yield f"was {was.status}, now {now.status}"


def plan_to_data(plan: InvitePlan) -> dict[str, object]:
    """For `--json`."""
    return {
        **{kind: plan.count(kind) for kind in KINDS},
        "unchanged": plan.unchanged,
        "reworded_unsent": plan.reworded,
        "missing": len(plan.missing),
        "over": plan.over,
        "questions": [{"gone": each.gone, "new": each.new} for each in plan.questions],
        "events": [_group_to_data(each) for each in _grouped(plan.messages)],
    }


def _group_to_data(messages: list[InviteMessage]) -> dict[str, object]:
    first = messages[0]
    return {
        "event": first.event.id,
        "uid": first.base.uid,
        "kind": first.kind,
        "people": len(messages),
        "sequence": first.telling.sequence,
        "starts": first.event.starts.instant.isoformat(),
        "ends": first.event.ends.instant.isoformat(),
        "was": first.was.starts.instant.isoformat() if first.was else None,
    }
