"""`calendar plan`, `send` and `cancel`: what calendars have to be told, and telling them.

With a people file everything else lies beside the document: what was told in `gmc.sent.json`, the secret in
`gmc.secret`. Without one, the conference's store knows the people, and its mailer sends.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from attrs import evolve, frozen

from ..calendar.composing import published_organizer
from ..calendar.planning import Invitee, InviteMessage, InvitePlan, PlanOptions, plan_invites
from ..calendar.told import Told, renamed
from ..conference import Conference
from ..document import load_conference
from ..document.about import uid_of
from ..document.place import nearest
from ..errors import InvalidText
from ..mailbox import Mailbox, parse_mailbox
from .calendar_people import read_people
from .calendar_report import plan_to_data, questions, report
from .calendar_sending import deliver
from .calendar_state import SentFile, locked, state_path
from .output import Output, count_of
from .password import server_with_password
from .secret import keep_secret, secret_of
from .store_place import has_store

_MINUTE: Final = 60


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
    work = _work(given, load_conference(given.conference), secret, output)
    told = _told(given, work.file)
    plan = work.plan(told)
    report(plan, work.conference, given.people, output)
    if lost := _seems_lost(given, work.file):
        output.note(lost)
    _note_called_off(told, work.conference, output)
    questions(plan, output)
    output.result(plan_to_data(plan))
    return 1 if plan.questions else 0


def _note_called_off(told: Told, conference: Conference, output: Output) -> None:
    """Sessions that are off although the document has them: whoever wrote it may have forgotten."""
    ids = [
        each.id for each in conference.sessions if each.id in told.called_off and each.status != "cancelled"
    ]
    if ids:
        is_off = f"{', '.join(ids)} {'is' if len(ids) == 1 else 'are'} off"
        output.note(
            f"{is_off} by `calendar cancel`, whatever the document says. --reinstate {ids[0]} invites again."
        )


def run_send(given: argparse.Namespace, output: Output) -> int:
    """Send what the plan says; what was prepared and not sent goes along, the same as before."""
    if given.people is None:
        from .calendar_store import send_of_store  # noqa: PLC0415 - needs a secretariat

        return send_of_store(given, output)
    if given.why:
        raise InvalidText(
            given.why, "People of a list are told why by `conferencekit calendar cancel --reason`."
        )
    return _send(given, load_conference(given.conference), output, {})


def run_cancel(given: argparse.Namespace, output: Output) -> int:
    """Call a session off, or all of them, and tell everybody who was invited."""
    conference = load_conference(given.conference)
    ids = [each.id for each in conference.sessions]
    if given.session is not None and given.session not in ids:
        near = nearest(given.session, ids)
        hint = f" Did you mean {near!r}?" if near else ""
        raise InvalidText(
            given.session, f"The document has no session of this id; it has {', '.join(ids)}.{hint}"
        )
    if given.people is None:
        raise InvalidText(given.session or "every session", _off_in_store(given))
    if given.session is None and not _is_meant(conference, output):
        output.say("Nothing was sent.")
        return 1
    called_off = dict.fromkeys([given.session] if given.session else ids, given.reason)
    return _send(given, conference, output, called_off)


def _is_meant(conference: Conference, output: Output) -> bool:
    """Whether everything is to be called off. It is asked at a terminal only, where an id is easily left out."""
    sessions = count_of(len(conference.sessions), "session", "sessions")
    return _agrees(
        f"No session is named: this calls off {conference.title.text()} as a whole ({sessions}), and tells everybody "
        "who was invited. Write yes to go on.",
        output,
    )


def _agrees(question: str, output: Output) -> bool:
    """Whether somebody who sits at a terminal says yes. Where nobody does, it is taken as meant."""
    if output.as_json or sys.stdin is None or not sys.stdin.isatty():
        return True
    output.note(question)
    return sys.stdin.readline().strip().casefold() == "yes"


def _off_in_store(given: argparse.Namespace) -> str:
    """How a session is called off where the document says what is true, or who has to be named where it does not."""
    if not has_store(given):
        return "Say who was invited: --people FILE.csv."
    where = "at this session" if given.session else "at each session"
    return (
        f'The people are in a store, which goes by the document: write status = "cancelled" {where} in '
        f"{given.conference}. `conferencekit calendar plan {given.conference}` says then who will be told, and "
        f"`calendar send --reason TEXT` tells them. (--people FILE.csv is for those who were invited from a list.)"
    )


def _send(
    given: argparse.Namespace, conference: Conference, output: Output, called_off: dict[str, str]
) -> int:
    if given.out is None and given.smtp is None:
        raise InvalidText(str(given.people), "Say where the messages go: --out DIR for files, or --smtp URL.")
    if given.smtp is not None:
        given.smtp = server_with_password(given.smtp, given.password_file)
    with locked(state_path(given.conference)):
        secret, new_at = secret_of(given)
        work = _work(given, conference, secret, output)
        told = _told(given, work.file)
        told = evolve(told, called_off={**told.called_off, **called_off})
        plan = work.plan(told)
        if plan.questions or not _is_known_or_meant(given, work.file, output):
            questions(plan, output, "Nothing was sent.")
            output.result(plan_to_data(plan))
            return 1
        pending, plan = plan, _about(plan, called_off)
        messages = _chosen(plan.messages, given, work)
        if given.out is not None:
            given.out.mkdir(parents=True, exist_ok=True)
        if new_at is not None:
            keep_secret(
                secret, new_at, output, f"Keep it with {work.file.path.name}, which is of no use without it."
            )
            _say_at_first(given, conference, output)
        report(plan, work.conference, given.people, output, messages)
        if given.only is not None:
            rest = 0 if getattr(given, "again", False) else len(plan.messages) - len(messages)
            follow = "1 message to others follows" if rest == 1 else f"{rest:,} messages to others follow"
            more = f", on trial; {follow} without --only" if rest else ""
            output.say(f"Only {given.only} is written to{more}.")
        if left := len(pending.messages) - len(plan.messages):
            others = count_of(left, "message that has", "messages that have")
            output.note(f"{others} nothing to do with it: `conferencekit calendar send` is for them.")
        prepared = _prepared(told, pending, messages)
        work.file.save(prepared)
        done = deliver(messages, prepared, work.file, work.conference, work.sender, given, output)
    output.say(done.text())
    output.result({**plan_to_data(plan), **done.plain()})
    return done.exit_code


def _is_known_or_meant(given: argparse.Namespace, file: SentFile, output: Output) -> bool:
    """Whether it may go on: what was told is known, or nobody who sits there says that invites went out before."""
    lost = _seems_lost(given, file)
    if not lost:
        return True
    output.note(lost)
    agrees = _agrees("Write yes if none did.", output)
    if not agrees:
        output.say("Nothing was sent.")
    return agrees


def _seems_lost(given: argparse.Namespace, file: SentFile) -> str:
    """What to do where invites went out, as far as can be seen, and what they said is lost; else "".

    The secret is made with the first invites, or for a store.
    """
    secret = given.conference.with_suffix(".secret")
    if given.state_lost or given.secret_file or file.path.exists() or has_store(given) or not secret.exists():
        return ""
    return (
        f"There is {secret.name}, and no {file.path.name}. If invites went out before, calendars will not take these "
        "as newer: put it back from a backup. If there is none, give sessions that were renamed their first ids again, "
        'write status = "cancelled" for those that were called off, and send with --state-lost.'
    )


def _say_at_first(given: argparse.Namespace, conference: Conference, output: Output) -> None:
    """What is better known before anything was sent than afterwards."""
    if conference.uid == uid_of(conference.id):
        output.note(
            f'If there is none yet, write uid = "{conference.uid}" below [conference]: else a change of its title '
            "makes other events of these."
        )
    if given.out is not None:
        output.note(
            "What is written counts as sent: it is yours to send. `--smtp URL --again` lets a server send it all "
            "the same."
        )


def _about(plan: InvitePlan, called_off: Collection[str]) -> InvitePlan:
    """Of the plan, what tells people who were invited that these sessions are off; all of it where none are."""
    if not called_off:
        return plan
    messages = (
        each
        for each in plan.messages
        if each.kind != "new"
        and not {each.event.id, *(part.id for part in each.event.parts)}.isdisjoint(called_off)
    )
    return evolve(plan, messages=tuple(messages))


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


def _work(given: argparse.Namespace, conference: Conference, secret: bytes, output: Output) -> _Work:
    file = SentFile(state_path(given.conference), conference, secret)
    if has_store(given) and not file.path.exists():
        output.note(
            "The conference has a store, too: who registered there was told by `conferencekit deliver`, and would be "
            "told twice by a list. Leave --people out for them."
        )
    people = read_people(given.people, conference, file.key, output.note)
    if not any(each.is_invited for each in people):
        rows = (
            "it has no row" if not people else f"the state of {count_of(len(people), 'row', 'rows')} says so"
        )
        output.note(f"Nobody in {given.people} is invited: {rows}.")
    now = datetime.now(UTC)
    options = PlanOptions(
        sends_words=given.reworded,
        again=given.again,
        past=given.past,
        gone=frozenset(given.gone or ()),
        first_sequence=int(now.timestamp()) // _MINUTE if given.state_lost else 0,
    )
    return _Work(
        conference=conference,
        file=file,
        people=people,
        sender=_sender(given, conference),
        options=options,
        now=now,
    )


def _sender(given: argparse.Namespace, conference: Conference) -> Mailbox:
    """Who the mails are from: as given, else the organizer, else the contact. Raises `InvalidText` where nobody is."""
    if given.sender:
        return parse_mailbox(given.sender)
    found = published_organizer(conference, conference.languages[0])
    if found is None:
        remedy = "Invites need a sender: give --from, or conference.contact or [calendar] organizer in the document."
        raise InvalidText(str(given.conference), remedy)
    return found


def _told(given: argparse.Namespace, file: SentFile) -> Told:
    """What was told, as the options have it: sessions under their new ids, and held that were called off."""
    if not given.state_lost:
        file.refuse_renamed()
    told = file.load()
    names = _new_names(given.renamed or (), told, file.conference)
    told = renamed(told, names) if names else told
    for each in given.gone or ():
        if file.conference.session(each):
            remedy = (
                'The document has it still, so it is not gone: take it out, or write status = "cancelled".'
            )
            raise InvalidText(each, remedy)
    called_off = dict(told.called_off)
    for each in given.reinstate:
        # one that takes place already was reinstated by the same command, which is given again
        if called_off.pop(each, None) is None and file.conference.session(each) is None:
            raise InvalidText(each, "No session of this id was called off by `calendar cancel`.")
    return evolve(told, called_off=called_off)


def _new_names(given: Iterable[tuple[str, str]], told: Told, conference: Conference) -> dict[str, str]:
    """The new ids of sessions by their earlier ones, but those that an earlier run has given. Raises `InvalidText`."""
    known = {each.event.id for each in told.events.values()}
    names: dict[str, str] = {}
    for old, new in given:
        if old not in known and new in told.known_as:
            continue
        if old not in known:
            remedy = (
                "Nobody was invited to a session of this id: --renamed OLD=NEW names the earlier one first."
            )
            raise InvalidText(old, remedy)
        if conference.session(new) is None:
            ids = ", ".join(each.id for each in conference.sessions)
            raise InvalidText(new, f"The document has no session of this id; it has {ids}.")
        names[old] = new
    for old, new in names.items():
        if (new in known and new not in names) or list(names.values()).count(new) > 1:
            remedy = f"People were invited to it besides {old!r}, which cannot become the same event: say --gone {old}."
            raise InvalidText(new, remedy)
    return names
