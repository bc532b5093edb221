"""Judging replies: whose each is, about what, to which version, and whether it counts.

A reply counts where its UID (and the date of a series) names something that its sender was told of, and it is later
than their last reply. It answers what they were told last, or an earlier version: then it is kept, and accepts nothing
new. What cannot be told apart from a stranger's changes nothing, and is left to a person. The outcome is the same in
whatever order replies come, and however often.

Source: RFC 5546, 2.1.5 (which of two messages is the later one), 3.2.3 and 3.2.7.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

from attrs import evolve, field, frozen

from ..conference import PLACEHOLDER, TOKEN_LENGTH, Conference, DeclineRule
from ..errors import InvalidAddress
from ..form.address import email_key
from .incoming import Mail
from .invite import event_uid
from .planning import TokenOf
from .replies import NoReply, Reply, day_of, read_replies
from .told import ANSWERS, Answer, Attendance, Told, answers_it, attendance_now

KeysOf = Callable[[str], Sequence[str]]
"""Gives the keys of everybody who has an address."""

TokensOf = Callable[[str], Sequence[str]]
"""Gives more tokens of a person, by their key."""

Action = Literal["nothing", "ask", "cancel"]

_AHEAD: Final = timedelta(days=1)
"""How far the clock of whoever answers may be ahead of ours."""


@frozen(kw_only=True)
class Answered:
    """A reply that counts from now on. `event` is an event's id, or `event/date` for a date of a series.

    `is_current`: it answers what they were told last; else it is kept, and accepts nothing new. `before` is their
    answer before. `is_proven`: it came to the person's own reply address, from and for their own address, so nobody
    wrote it who was not sent the invite, or forged the sender as well. `has_more`: they were invited to something else
    that they have not declined.
    """

    source: str
    person: str
    event: str
    reply: Reply
    attendance: Attendance
    is_current: bool
    before: Attendance | None = None
    is_proven: bool = False
    has_more: bool = False
    rule: DeclineRule = "note"

    @property
    def action(self) -> Action:
        """What is to be done: something where it newly declines what the person was told last, else nothing.

        Somebody who comes to other events is asked: a registration is for all of them.
        """
        now, before = self.attendance, self.before
        if self.rule == "note" or now.answer != "DECLINED" or not self.is_current:
            return "nothing"
        if before is not None and before.answer == "DECLINED" and before.sequence == now.sequence:
            return "nothing"
        return "cancel" if self.rule == "cancel" and self.is_proven and not self.has_more else "ask"


@frozen(kw_only=True)
class Repeated:
    """The reply that counts already, once more. `is_proven` as in `Answered`."""

    source: str
    person: str
    event: str
    answer: Answer
    is_proven: bool = False


@frozen(kw_only=True)
class Outdated:
    """A reply before the one that counts: it came late."""

    source: str
    person: str
    event: str


@frozen(kw_only=True)
class Proposed:
    """Another time that somebody proposes. It is answered by a DECLINECOUNTER, and changes nothing."""

    source: str
    person: str
    event: str
    reply: Reply


@frozen(kw_only=True)
class Stranger:
    """A reply that is not certainly from somebody who was invited: for a person to look at. It changes nothing.

    `event` is what it is about, "" for an event that is none of ours.
    """

    source: str
    address: str
    reason: str
    event: str = ""


@frozen(kw_only=True)
class Suspicious:
    """A reply to a version that was never told, or from a day that is yet to come: for a person to look at.

    It changes nothing: counted, it would be later than whatever the person answers from now on.
    """

    source: str
    person: str
    event: str
    reason: str


@frozen(kw_only=True)
class Unread:
    """What is no reply, or cannot be understood. `is_other`: something else about an event that is none of ours."""

    source: str
    reason: str
    is_other: bool = False


Verdict: TypeAlias = Answered | Repeated | Outdated | Proposed | Stranger | Suspicious | Unread


@frozen(kw_only=True)
class Judged:
    """Replies with their verdicts, in their order.

    `before` is what was told before them, `told` the same with the answers that count now. `silent` counts mails
    without a calendar in them.
    """

    before: Told
    told: Told
    verdicts: tuple[Verdict, ...]
    silent: int = 0

    @property
    def changes(self) -> tuple[Answered, ...]:
        """What is other than before: for each person and event the last answer, if it changed anything."""
        last = {(each.person, each.event): each for each in self.verdicts if isinstance(each, Answered)}
        told = self.told
        return tuple(
            evolve(
                each,
                before=self.before.attendance.get(person, {}).get(event),
                has_more=not has_declined_all(told, person),
            )
            for (person, event), each in last.items()
        )


@frozen(kw_only=True)
class Judge:
    """Judges the replies of one conference by what was told.

    `keys_of` gives the keys of the people with an address (as `email_key` writes it), `token_of` the token in the
    address that a person's replies go to, by their key. `other_tokens_of` gives more that may stand in
    their invites, where the secret that tokens are made with was changed. `now`: by when replies can have been stamped;
    None where that is not known.
    """

    conference: Conference
    told: Told
    keys_of: KeysOf
    token_of: TokenOf = lambda _: ""
    other_tokens_of: TokensOf = lambda _: ()
    now: datetime | None = None
    _events: Mapping[str, str] = field(init=False)
    _tokens: Mapping[str, str] = field(init=False)
    _reply_address: re.Pattern[str] | None = field(init=False)

    @_events.default
    def _every_event(self) -> Mapping[str, str]:
        ids = {known.event.id for known in self.told.events.values()}
        return {event_uid(self.conference.uid, self.told.first_id(each)): each for each in ids}

    @_reply_address.default
    def _with_token(self) -> re.Pattern[str] | None:
        return reply_address(self.conference)

    @_tokens.default
    def _every_token(self) -> Mapping[str, str]:
        if reply_address(self.conference) is None:
            return {}
        return {
            token.lower(): key
            for key in self.told.people
            for token in (self.token_of(key), *self.other_tokens_of(key))
            if token
        }

    def judge_all(self, mails: Iterable[Mail]) -> Judged:
        """Every reply in the mails, each judged by those before it as well."""
        attendance = {key: dict(answers) for key, answers in self.told.attendance.items()}
        verdicts: list[Verdict] = []
        silent = 0
        for mail in mails:
            if mail.problem:
                verdicts.append(Unread(source=mail.source, reason=mail.problem))
            silent += not mail.problem and not mail.calendars
            for data in mail.calendars:
                for reply in read_replies(data, sender=mail.sender):
                    verdict = self._verdict(mail, reply, attendance)
                    if isinstance(verdict, Answered):
                        attendance.setdefault(verdict.person, {})[verdict.event] = verdict.attendance
                    verdicts.append(verdict)
        told = evolve(self.told, attendance=attendance)
        return Judged(before=self.told, told=told, verdicts=tuple(verdicts), silent=silent)

    def _verdict(
        self, mail: Mail, reply: Reply | NoReply, attendance: Mapping[str, Mapping[str, Attendance]]
    ) -> Verdict:
        event = self._events.get(reply.uid)
        if isinstance(reply, NoReply):
            return Unread(source=mail.source, reason=reply.reason, is_other=reply.is_other and event is None)
        if event is None:
            return _stranger(mail, reply, "", "it is about an event that nobody was invited to")
        key = self._key(reply, event)
        if key is None:
            return _stranger(mail, reply, event, f"it is about a date that {event} does not have")
        person, doubt, is_proven = self._person(mail, reply, event)
        telling = self.told.telling(person, event)
        if doubt or telling is None:
            return _stranger(mail, reply, event, doubt)
        if reply.sequence > telling.sequence:
            reason = f"it answers version {reply.sequence}, and version {telling.sequence} is the last that was told"
            return Suspicious(source=mail.source, person=person, event=key, reason=reason)
        if self.now is not None and reply.dtstamp - self.now > _AHEAD:
            day = reply.dtstamp.date()
            reason = f"it is stamped {day}, which is yet to come: by a clock that is wrong, or forged"
            return Suspicious(source=mail.source, person=person, event=key, reason=reason)
        if reply.method == "COUNTER":
            return Proposed(source=mail.source, person=person, event=key, reply=reply)
        now, before = _attendance(reply), attendance.get(person, {}).get(key)
        if before is not None and _rank(now) <= _rank(before):
            if _rank(now) < _rank(before):
                return Outdated(source=mail.source, person=person, event=key)
            return Repeated(
                source=mail.source, person=person, event=key, answer=now.answer, is_proven=is_proven
            )
        plan = self.conference.calendar
        return Answered(
            source=mail.source,
            person=person,
            event=key,
            reply=reply,
            attendance=now,
            is_current=answers_it(now, telling),
            before=before,
            is_proven=is_proven,
            rule=plan.on_decline if plan else "note",
        )

    def _key(self, reply: Reply, event: str) -> str | None:
        """The event, or the date of a series; None where it has no such date."""
        if reply.recurrence is None:
            return event
        for known in self.told.history(event):
            told = known.event
            day = day_of(reply.recurrence, told.starts.zone)
            if told.repeat is not None and day in told.repeat.dates(told.starts.wall.date()):
                return f"{event}/{day.isoformat()}"
        return None

    def _person(self, mail: Mail, reply: Reply, event: str) -> tuple[str, str, bool]:
        """Whose the reply is; or why that is not certain. And whether it is proven."""
        named = [each for each in self._keys(reply.attendee) if self.told.telling(each, event)]
        proven = self._proven(mail)
        if len(proven) > 1:
            return "", "it went to the reply addresses of several people", False
        if proven:
            (person,) = proven
            if self.told.telling(person, event) is None:
                return "", "it went to the reply address of somebody who was not invited to this", False
            if named and person not in named:
                return "", "it answers for one person, and went to the reply address of another", False
            return person, "", bool(named) and (not mail.sender or _may_answer(mail.sender, reply))
        if not named:
            return "", "this address was not invited to it", False
        if len(named) > 1:
            return "", "several people who were invited have this address", False
        if mail.sender and not _may_answer(mail.sender, reply):
            return "", f"it was sent by {mail.sender[:100]}, for somebody else", False
        return named[0], "", False

    def _keys(self, address: str) -> Sequence[str]:
        try:
            return self.keys_of(email_key(address))
        except InvalidAddress:
            return ()

    def _proven(self, mail: Mail) -> set[str]:
        """The people whose reply addresses the mail was sent to."""
        if self._reply_address is None:
            return set()
        found = (self._reply_address.fullmatch(each.lower()) for each in mail.recipients)
        return {self._tokens[each[1]] for each in found if each and each[1] in self._tokens}


def has_declined_all(told: Told, person: str) -> bool:
    """Whether somebody declined every event that they are invited to, as they were told it last."""
    invited = (name for name, each in told.people[person].items() if each.method == "REQUEST")
    return all(attendance_now(told, person, each).answer == "DECLINED" for each in invited)


def reply_address(conference: Conference) -> re.Pattern[str] | None:
    """What an address looks like that a person's replies go to, in lower case; None where all share one."""
    plan = conference.calendar
    if plan is None or PLACEHOLDER not in plan.organizer:
        return None
    before, _, after = plan.organizer.lower().partition(PLACEHOLDER)
    return re.compile(f"{re.escape(before)}([a-z2-7]{{{TOKEN_LENGTH}}}){re.escape(after)}")


def _stranger(mail: Mail, reply: Reply, event: str, reason: str) -> Stranger:
    return Stranger(source=mail.source, address=reply.attendee, event=event, reason=reason)


def _attendance(reply: Reply) -> Attendance:
    return Attendance(
        answer=reply.answer,
        sequence=reply.sequence,
        dtstamp=reply.dtstamp,
        comment=reply.comment,
    )


def _rank(attendance: Attendance) -> tuple[int, datetime, int, str]:
    """Which of two answers of one person is the later one.

    Two of the same second tell nothing of their order, so it is by what they say: that is the same for everybody.
    """
    answer = ANSWERS.index(attendance.answer)
    return attendance.sequence, attendance.dtstamp, answer, attendance.comment


_TAG: Final = re.compile(r"\+[^@]*(?=@)")


def _may_answer(sender: str, reply: Reply) -> bool:
    """Whether a sender may answer for the attendee: it is theirs, or that of a deputy (SENT-BY) in the same house."""
    if _same(sender, reply.attendee):
        return True
    domain = reply.attendee.rpartition("@")[2]
    return bool(reply.sent_by) and _same(sender, reply.sent_by) and reply.sent_by.rpartition("@")[2] == domain


def _same(one: str, other: str) -> bool:
    """Whether two addresses are one mailbox's: a tag (`+news`) makes no other."""
    try:
        return _TAG.sub("", email_key(one)) == _TAG.sub("", email_key(other))
    except InvalidAddress:
        return False
