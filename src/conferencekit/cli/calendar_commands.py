"""`calendar plan`, `send` and `cancel`: what calendars have to be told, and telling them.

With a people file everything else lies beside the document: what was told in `gmc.sent.json`, the secret in
`gmc.secret`. Without one, the conference's store knows the people, and its mailer sends.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from attrs import evolve, frozen

from ..calendar.planning import KINDS, Invitee, InviteMessage, InvitePlan, PlanOptions, plan_invites
from ..calendar.told import Told, renamed
from ..calendar.words import event_words
from ..conference import PLACEHOLDER, Conference
from ..datewords import range_text
from ..document import load_conference
from ..errors import InvalidText, NotFound
from ..mailbox import Mailbox, parse_mailbox
from .calendar_people import read_people
from .calendar_sending import deliver
from .calendar_state import SentFile, state_path
from .output import Output, count_of
from .secret import keep_secret, secret_of

_MINUTE: Final = 60
_WORDS: Final = {
    "new": "invited",
    "moved": "told that it changed",
    "reworded": "told of other words",
    "cancelled": "told that it is off",
    "uninvited": "uninvited",
    "again": "told what was prepared before",
}


@frozen(kw_only=True)
class _Work:
    """What a command works on."""

    conference: Conference
    file: SentFile
    people: tuple[Invitee, ...]
    sender: Mailbox
    options: PlanOptions
    now: datetime

    def plan(self, told: Told) -> InvitePlan:
        return plan_invites(
            self.conference,
            self.people,
            told,
            now=self.now,
            sender=self.sender,
            token_of=self.file.token,
            options=self.options,
        )


def run_plan(given: argparse.Namespace, output: Output) -> int:
    """Say what would be sent. Nothing is written."""
    if given.people is None:
        from .calendar_store import plan_of_store  # noqa: PLC0415 - needs a secretariat

        return plan_of_store(given, output)
    secret, _ = secret_of(given)
    work = _work(given, secret)
    plan = work.plan(_renamed(given, work.file.load()))
    _report(plan, work, output)
    output.result(_plain(plan))
    return 1 if plan.questions else 0


def run_send(given: argparse.Namespace, output: Output) -> int:
    """Send what the plan says; what was prepared and not sent goes along, the same as before."""
    if given.people is None:
        from .calendar_store import send_of_store  # noqa: PLC0415 - needs a secretariat

        return send_of_store(given, output)
    return _send(given, output, {})


def run_cancel(given: argparse.Namespace, output: Output) -> int:
    """Call a session off, or all of them, and tell everybody who was invited."""
    conference = load_conference(given.conference)
    ids = [each.id for each in conference.sessions]
    if given.session is not None and given.session not in ids:
        raise NotFound("session", f"{given.session} (the document has {', '.join(ids)})")
    return _send(given, output, dict.fromkeys([given.session] if given.session else ids, given.reason))


def _send(given: argparse.Namespace, output: Output, called_off: dict[str, str]) -> int:
    if given.out is None and given.smtp is None:
        raise InvalidText(str(given.people), "Say where the messages go: --out DIR for files, or --smtp URL.")
    secret, new_at = secret_of(given)
    work = _work(given, secret)
    with work.file.locked():
        told = _renamed(given, work.file.load())
        told = evolve(told, called_off={**told.called_off, **called_off})
        plan = work.plan(told)
        _report(plan, work, output)
        if plan.questions:
            output.result(_plain(plan))
            return 1
        messages = _chosen(plan.messages, given, work)
        if new_at is not None:
            keep_secret(secret, new_at, output)
        prepared = _prepared(told, plan, messages)
        work.file.save(prepared)
        done = deliver(messages, prepared, work.file, work.conference, work.sender, given, output)
    output.say(done.text())
    output.result({**_plain(plan), **done.plain()})
    return done.exit_code


def _chosen(
    messages: Sequence[InviteMessage], given: argparse.Namespace, work: _Work
) -> tuple[InviteMessage, ...]:
    """All messages, or those to one person on trial. Raises `InvalidText` for an address that is not listed."""
    if given.only is None:
        return tuple(messages)
    key = work.file.key(Mailbox("", given.only).address)
    if key not in {each.key for each in work.people}:
        raise InvalidText(
            given.only, f"--only names somebody of {given.people}: add a row with this address."
        )
    return tuple(each for each in messages if each.person.key == key)


def _prepared(told: Told, plan: InvitePlan, messages: Sequence[InviteMessage]) -> Told:
    """What was told once these messages are sent; the others count as never prepared."""
    if len(messages) == len(plan.messages):
        return plan.after
    people = {key: dict(each) for key, each in told.people.items()}
    for each in messages:
        people.setdefault(each.person.key, {})[each.event.id] = each.telling
    return evolve(plan.after, people=people)


# -- what it works on


def _work(given: argparse.Namespace, secret: bytes) -> _Work:
    conference = load_conference(given.conference)
    file = SentFile(state_path(given.conference), conference, secret)
    now = datetime.now(UTC)
    options = PlanOptions(
        sends_words=given.reworded,
        again=getattr(given, "again", False),
        past=given.past,
        gone=frozenset(given.gone or ()),
        first_sequence=int(now.timestamp()) // _MINUTE if getattr(given, "state_lost", False) else 0,
    )
    return _Work(
        conference=conference,
        file=file,
        people=read_people(given.people, conference, file.key),
        sender=_sender(given, conference),
        options=options,
        now=now,
    )


def _sender(given: argparse.Namespace, conference: Conference) -> Mailbox:
    """Who the mails are from: as given, else the organizer, else the contact. Raises `InvalidText` where nobody is."""
    if given.sender:
        return parse_mailbox(given.sender)
    plan = conference.calendar
    name = plan.organizer_name.text() if plan and plan.organizer_name else conference.title.text()
    if plan and PLACEHOLDER not in plan.organizer:
        return Mailbox(name, plan.organizer)
    if conference.contact:
        return Mailbox(name, conference.contact)
    remedy = (
        "Invites need a sender: give --from, or conference.contact or [calendar] organizer in the document."
    )
    raise InvalidText(str(given.conference), remedy)


def _renamed(given: argparse.Namespace, told: Told) -> Told:
    names = dict(given.renamed or ())
    try:
        return renamed(told, names) if names else told
    except KeyError as error:
        raise NotFound("session that anybody was invited to", str(error.args[0])) from None


# -- what it says


def _report(plan: InvitePlan, work: _Work, output: Output) -> None:
    counts = ", ".join(f"{kind} {plan.count(kind)}" for kind in KINDS if kind != "again" or plan.count(kind))
    output.say(f"{counts[:1].upper()}{counts[1:]}, unchanged {plan.unchanged}.")
    for line in _lines(plan, work):
        output.say(line)
    if plan.reworded:
        output.say(
            f"{count_of(plan.reworded, 'invite differs', 'invites differ')} in words only; --reworded sends them too."
        )
    if plan.over:
        output.note(f"Nobody is told of what is over: {', '.join(plan.over)}. --past includes it.")
    if plan.missing:
        output.note(
            f"{count_of(len(plan.missing), 'person who was invited is', 'people who were invited are')} not in "
            f"{work.file.path.name.removesuffix('.sent.json')}'s people file any more. Nobody can write to them: keep "
            "their rows, with the state `cancelled`, and they are uninvited."
        )
    for each in plan.questions:
        output.complain(
            f"The session {each.gone!r} is gone from the document, and people were invited to it. Was it renamed? "
            f"Then say --renamed {each.gone}={each.new[0]}. If it is off, say --gone {each.gone}."
        )


def _lines(plan: InvitePlan, work: _Work) -> Iterator[str]:
    """For each event and what is told of it: how many, when it was and when it is."""
    for found, messages in _grouped(plan.messages):
        first = messages[0]
        title = event_words(work.conference, first.event, work.conference.languages[0]).summary
        yield f"  {title}: {count_of(len(messages), 'person is', 'people are')} {_WORDS[first.kind]}{found}"


def _grouped(messages: Iterable[InviteMessage]) -> Iterator[tuple[str, list[InviteMessage]]]:
    groups: dict[tuple[object, ...], list[InviteMessage]] = {}
    for each in messages:
        groups.setdefault((each.event.id, each.kind, each.telling.facts, each.was), []).append(each)
    for group in groups.values():
        yield _times(group[0]), group


def _times(message: InviteMessage) -> str:
    event, was = message.event, message.was
    now = range_text(event.starts, event.ends)
    if message.kind == "moved" and was is not None:
        before = range_text(was.starts, was.ends)
        if before != now:
            return f": was {before}, now {now}"
        changed = [each for each in (_place(was, event), _join(was, event), _status(was, event)) if each]
        return f": {', '.join(changed)}; {now}" if changed else f": {now}"
    return f": {now}"


def _place(was: object, event: object) -> str:
    before, after = getattr(was, "place", ""), getattr(event, "place", "")
    return f"was in {before or 'no place'}, now in {after or 'no place'}" if before != after else ""


def _join(was: object, event: object) -> str:
    return "has another link" if getattr(was, "join", None) != getattr(event, "join", None) else ""


def _status(was: object, event: object) -> str:
    before, after = getattr(was, "status", ""), getattr(event, "status", "")
    return f"was {before}, now {after}" if before != after else ""


def _plain(plan: InvitePlan) -> dict[str, object]:
    return {
        **{kind: plan.count(kind) for kind in KINDS},
        "unchanged": plan.unchanged,
        "reworded_unsent": plan.reworded,
        "missing": len(plan.missing),
        "over": plan.over,
        "questions": [{"gone": each.gone, "new": each.new} for each in plan.questions],
        "events": [
            {
                "event": messages[0].event.id,
                "uid": messages[0].base.uid,
                "kind": messages[0].kind,
                "people": len(messages),
                "sequence": messages[0].telling.sequence,
                "starts": messages[0].event.starts.instant.isoformat(),
                "ends": messages[0].event.ends.instant.isoformat(),
                "was": was.starts.instant.isoformat() if (was := messages[0].was) else None,
            }
            for _, messages in _grouped(plan.messages)
        ],
    }
