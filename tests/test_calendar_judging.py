"""Replies are judged: whose they are, to which version, and whether they count, in whatever order they come."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from tests.reply_samples import (
    CLIENTS,
    NOW,
    SENDER,
    Answer,
    address,
    conference,
    gmail,
    google_ics,
    judge_of,
    moved,
    token_of,
    told_of,
    with_tokens,
)

from conferencekit.calendar import validate
from conferencekit.calendar.countering import decline_counter
from conferencekit.calendar.incoming import Mail, read_mail
from conferencekit.calendar.judging import (
    Answered,
    Judged,
    Outdated,
    Proposed,
    Repeated,
    Stranger,
    Suspicious,
    Unread,
)
from conferencekit.calendar.told import AnswerNow, Told, attendance_now, renamed
from conferencekit.moment import Moment

PLAN = conference()
TOLD = told_of(PLAN, ["ada", "bea"])
LATER = NOW + timedelta(days=1)
MOVED = moved(PLAN, "opening", 2)
TOLD_AGAIN = told_of(MOVED, ["ada", "bea"], TOLD, now=LATER)


def mail(answer: Answer, client: object = gmail) -> Mail:
    """The mail of an answer."""
    return read_mail(client(answer), f"{answer.person} {answer.minute}")


def judged(*answers: Answer, told: Told = TOLD, plan: object = PLAN) -> Judged:
    """What becomes of answers, in their order."""
    return judge_of(plan, told).judge_all(map(mail, answers))


def verdict(answer: Answer, **options: object) -> object:
    """What becomes of one."""
    (found,) = judged(answer, **options).verdicts
    return found


def answer_of(told: Told, person: str = "ada", event: str = "opening") -> str:
    """The answer at present, in a word."""
    return attendance_now(told, person, event).answer


# -- what counts


@pytest.mark.parametrize("client", sorted(CLIENTS))
def test_an_answer_is_the_persons_about_the_event(client):
    """From every client: one person's about one event, and nobody else's about another."""
    judge = judge_of(PLAN, TOLD)
    told = judge.judge_all([mail(Answer(partstat="TENTATIVE"), CLIENTS[client])]).told
    assert answer_of(told) == "TENTATIVE"
    assert {answer_of(told, "bea"), answer_of(told, event="panel")} == {"NEEDS-ACTION"}


def test_nobody_answered_yet():
    """An invite that nobody answered."""
    assert attendance_now(TOLD, "ada", "opening") == AnswerNow()


def test_the_last_answer_counts():
    """By the stamp of the reply, not by when it is read."""
    yes, no = Answer(minute=1), Answer(minute=2, partstat="DECLINED")
    for answers in ((yes, no), (no, yes)):
        assert answer_of(judged(*answers).told) == "DECLINED"
    assert isinstance(judged(no, yes).verdicts[1], Outdated)
    assert isinstance(judged(no, no).verdicts[1], Repeated)


def test_a_higher_sequence_counts_whatever_the_stamps():
    """A clock that goes wrong does not bring an answer to an earlier version back."""
    old, new = Answer(minute=9, partstat="DECLINED"), Answer(sequence=1)
    for answers in ((old, new), (new, old)):
        assert answer_of(judged(*answers, told=TOLD_AGAIN, plan=MOVED).told) == "ACCEPTED"


def test_an_answer_to_an_earlier_version_accepts_no_new_time():
    """It is kept beside, and the person is asked again."""
    told = judged(Answer(), told=TOLD_AGAIN, plan=MOVED).told
    now = attendance_now(told, "ada", "opening")
    assert now.answer == "NEEDS-ACTION"
    assert now.earlier is not None
    assert now.earlier.answer == "ACCEPTED"


def test_whoever_is_told_anew_is_asked_anew():
    """Their answer before stays beside it, until they answer again."""
    before = judged(Answer()).told
    after = told_of(MOVED, ["ada", "bea"], before, now=LATER)
    now = attendance_now(after, "ada", "opening")
    assert now.answer == "NEEDS-ACTION"
    assert now.earlier == before.attendance["ada"]["opening"]
    again = judged(Answer(sequence=1, partstat="DECLINED"), told=after, plan=MOVED).told
    assert attendance_now(again, "ada", "opening") == AnswerNow(answer="DECLINED")


def test_a_change_of_words_leaves_answers():
    """Nobody is asked again for a better title."""
    told = judged(Answer()).told
    telling = told.people["ada"]["opening"]
    reworded = evolve(telling, words="other", dtstamp=telling.dtstamp + timedelta(hours=1))
    people = {**told.people, "ada": {**told.people["ada"], "opening": reworded}}
    assert answer_of(evolve(told, people=people)) == "ACCEPTED"


def test_a_version_that_was_never_told_is_suspicious():
    """Nothing changes: a person has to look at it."""
    found = judged(Answer(sequence=1))
    assert isinstance(found.verdicts[0], Suspicious)
    assert found.told == TOLD


def test_each_is_judged_by_what_they_were_told_themselves():
    """The same SEQUENCE may be new to one person and unknown to another."""
    ada = told_of(MOVED, ["ada"], TOLD, now=LATER)
    assert isinstance(verdict(Answer(sequence=1), told=ada, plan=MOVED), Answered)
    assert isinstance(verdict(Answer(sequence=1, person="bea"), told=ada, plan=MOVED), Suspicious)


def test_an_answer_to_a_cancellation_accepts_nothing():
    """Clients answer those too."""
    told = told_of(PLAN, ["ada"], TOLD, now=LATER, is_invited=False)
    telling = told.people["ada"]["opening"]
    assert telling.method == "CANCEL"
    found = verdict(Answer(sequence=telling.sequence), told=told)
    assert isinstance(found, Answered)
    assert found.is_current is False


def test_two_answers_of_one_second():
    """Nobody knows which was the last one: the same counts in either order."""
    yes, no = Answer(), Answer(partstat="DECLINED")
    first, second = judged(yes, no).told, judged(no, yes).told
    assert first == second != TOLD


def test_changes_are_from_what_was_before_all_of_them():
    """Of several answers of one person, the last one against what they had answered before."""
    (change,) = judged(Answer(minute=1), Answer(minute=2, partstat="DECLINED")).changes
    assert (change.before, change.attendance.answer) == (None, "DECLINED")


# -- dates of a series


def test_a_date_of_a_series_is_answered_by_itself():
    """And the other dates by the answer to the series."""
    whole = Answer(event="weekly")
    date = Answer(event="weekly", partstat="DECLINED", recurrence=":20270308T163000Z")
    told = judged(whole, date).told
    assert answer_of(told, event="weekly/2027-03-09") == "DECLINED"
    assert answer_of(told, event="weekly/2027-03-16") == answer_of(told, event="weekly") == "ACCEPTED"


def test_a_date_that_the_series_does_not_have_is_a_strangers():
    """The local day counts, not the one in UTC."""
    found = verdict(Answer(event="weekly", recurrence=":20270308T153000Z"))
    assert isinstance(found, Stranger)
    assert "date" in found.reason
    assert isinstance(verdict(Answer(recurrence=":20270301T010000Z")), Stranger)


# -- whose it is


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(event="other"), "event that nobody was invited to"),
        (Answer(person="eve"), "not invited"),
        (Answer(sender="eve@example.com"), "sent by eve@example.com"),
        (Answer(person="ada", attendee="eve@example.com"), "not invited"),
    ],
)
def test_strangers_change_nothing(answer, reason):
    """They are listed for a person, with why."""
    found = judged(answer)
    (stranger,) = found.verdicts
    assert isinstance(stranger, Stranger)
    assert reason in stranger.reason
    assert found.told == TOLD


def test_a_file_without_sender_is_believed():
    """An organiser saved it from a mail that they looked at."""
    found = judge_of(PLAN, TOLD).judge_all([read_mail(google_ics(Answer()), "reply.ics")])
    assert isinstance(found.verdicts[0], Answered)


def test_a_mail_without_sender_is_a_strangers():
    """A file that is no mail has none; a mail has."""
    data = gmail(Answer()).replace(b"From:", b"X-From:")
    (found,) = judge_of(PLAN, TOLD).judge_all([read_mail(data, "x")]).verdicts
    assert isinstance(found, Stranger)
    assert "(no sender)" in found.reason


@pytest.mark.parametrize("sender", ["ADA@Example.NET", "ada+calendar@example.net"])
def test_a_sender_is_the_same_in_another_dress(sender):
    """Case and tags make no other mailbox."""
    assert isinstance(verdict(Answer(sender=sender)), Answered)


def test_a_deputy_may_answer():
    """Where the calendar names them, and they are of the same house."""
    for office, kind in (("office@example.net", Answered), ("office@example.com", Stranger)):
        data = gmail(Answer(sender=office)).replace(b"X-NUM-GUESTS=0", f'SENT-BY="mailto:{office}"'.encode())
        (found,) = judge_of(PLAN, TOLD).judge_all([read_mail(data, "x")]).verdicts
        assert isinstance(found, kind)


def test_two_people_with_one_address():
    """Nobody knows which of them answered."""
    judge = evolve(judge_of(PLAN, TOLD), keys_of=lambda _: ["ada", "bea"])
    (found,) = judge.judge_all([mail(Answer())]).verdicts
    assert isinstance(found, Stranger)
    assert "several" in found.reason


def to(person: str) -> str:
    """The reply address of a person."""
    return f"replies+{token_of(person)}@example.org"


TOKENS = with_tokens("cancel")
TOLD_TOKENS = told_of(TOKENS, ["ada", "bea"])


@pytest.mark.parametrize(
    "answer",
    [
        Answer(to=to("ada"), attendee="alias@example.com"),
        Answer(to=to("ada").upper()),
        Answer(to=to("ada"), sender="phone@example.com"),
    ],
)
def test_a_token_proves_whose_it_is(answer):
    """Also from an alias, or through a program that writes addresses in capitals."""
    found = verdict(answer, told=TOLD_TOKENS, plan=TOKENS)
    assert isinstance(found, Answered)
    assert found.person == "ada"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(to=to("ada"), person="bea"), "of another"),
        (Answer(to=f"{to('ada')}>, <{to('bea')}"), "several people"),
        (Answer(to=to("eve"), attendee="eve@example.com"), "not invited"),
    ],
)
def test_tokens_that_contradict(answer, reason):
    """A token of one person and the address of another prove nothing."""
    found = verdict(answer, told=TOLD_TOKENS, plan=TOKENS)
    assert isinstance(found, Stranger)
    assert reason in found.reason


def test_a_token_of_an_older_secret_proves_as_well():
    """Where the judge is told what tokens were before."""
    answer = Answer(to=f"replies+{'b' * 26}@example.org", attendee="alias@example.com")
    mails = [read_mail(gmail(answer), "a mail")]
    judge = judge_of(TOKENS, TOLD_TOKENS)
    assert isinstance(judge.judge_all(mails).verdicts[0], Stranger)
    older = evolve(judge, other_tokens_of=lambda key: ["B" * 26] if key == "ada" else [])
    (found,) = older.judge_all(mails).verdicts
    assert isinstance(found, Answered)
    assert found.person == "ada"


def test_a_token_for_somebody_who_was_not_invited_to_this():
    """They were invited to other sessions only."""
    told = told_of(TOKENS, ["ada"], concerning=frozenset({"panel"}))
    found = verdict(Answer(to=to("ada")), told=told, plan=TOKENS)
    assert isinstance(found, Stranger)


# -- what is to be done


@pytest.mark.parametrize(
    ("rule", "proven", "action"),
    [
        ("note", True, "nothing"),
        ("ask", True, "ask"),
        ("ask", False, "ask"),
        ("cancel", True, "cancel"),
        ("cancel", False, "ask"),
    ],
)
def test_a_decline_does_what_the_document_says(rule, proven, action):
    """Without a token nothing is cancelled: somebody is asked."""
    plan = with_tokens(rule)
    told = told_of(plan, ["ada"])
    answer = Answer(partstat="DECLINED", to=to("ada") if proven else "replies@example.org")
    assert verdict(answer, told=told, plan=plan).action == action
    assert verdict(evolve(answer, partstat="ACCEPTED"), told=told, plan=plan).action == "nothing"


def test_an_alias_cancels_nothing():
    """A forwarded invite has the token in it, too."""
    answer = Answer(to=to("ada"), partstat="DECLINED", attendee="eve@example.com")
    assert verdict(answer, told=TOLD_TOKENS, plan=TOKENS).action == "ask"


def test_another_sender_cancels_nothing():
    """Whoever was forwarded an invite knows the token in it, and whose it is."""
    answer = Answer(to=to("ada"), partstat="DECLINED", sender="eve@example.com")
    assert verdict(answer, told=TOLD_TOKENS, plan=TOKENS).action == "ask"


def test_what_was_done_is_not_done_again():
    """The same answer once more, or a decline of an earlier version, asks for nothing."""
    no, again = (Answer(to=to("ada"), partstat="DECLINED", minute=minute) for minute in (1, 2))
    assert [each.action for each in judged(no, again, told=TOLD_TOKENS, plan=TOKENS).verdicts] == [
        "cancel",
        "nothing",
    ]
    plan = moved(TOKENS, "opening", 1)
    told = told_of(plan, ["ada", "bea"], TOLD_TOKENS, now=LATER)
    assert verdict(no, told=told, plan=plan).action == "nothing"


def test_a_decline_of_the_new_time_is_another_one():
    """Whoever declined the time before and declines the new one is asked about again."""
    no = Answer(to=to("ada"), partstat="DECLINED")
    before = judged(no, told=TOLD_TOKENS, plan=TOKENS).told
    plan = moved(TOKENS, "opening", 1)
    told = told_of(plan, ["ada", "bea"], before, now=LATER)
    assert verdict(evolve(no, sequence=1), told=told, plan=plan).action == "cancel"


def test_a_decline_that_was_taken_back_does_nothing():
    """What is to be done follows from the last answer, in whatever order they are read."""
    no = Answer(to=to("ada"), partstat="DECLINED", minute=1)
    yes = Answer(to=to("ada"), minute=2)
    for answers in ((no, yes), (yes, no)):
        changes = judged(*answers, told=TOLD_TOKENS, plan=TOKENS).changes
        assert [(each.attendance.answer, each.action) for each in changes] == [("ACCEPTED", "nothing")]


def test_whoever_comes_to_something_else_is_not_to_be_cancelled():
    """A state `cancelled` would uninvite them from everything; who declined everything is to be cancelled."""
    opening, weekly, panel = (
        Answer(to=to("ada"), partstat="DECLINED", event=each) for each in ("opening", "weekly", "panel")
    )
    told = told_of(TOKENS, ["ada"])
    assert [each.action for each in judged(opening, weekly, told=told, plan=TOKENS).changes] == ["ask", "ask"]
    everything = judged(opening, weekly, panel, told=told, plan=TOKENS)
    assert {each.action for each in everything.changes} == {"cancel"}
    one_date = evolve(weekly, recurrence=":20270308T163000Z")
    assert [each.action for each in judged(one_date, told=told, plan=TOKENS).changes] == ["ask"]


# -- clocks that are wrong


def test_a_reply_from_a_day_that_is_yet_to_come_is_for_a_person_to_look_at():
    """Counted, it would be later than whatever they answer afterwards."""
    judge = evolve(judge_of(PLAN, TOLD), now=NOW)
    never, ahead = (
        read_mail(gmail(Answer(partstat="DECLINED")).replace(b"DTSTAMP:20270110T0900", each), "a mail")
        for each in (b"DTSTAMP:99991231T2359", b"DTSTAMP:20270111T0800")
    )
    later = mail(Answer(minute=1))
    found = judge.judge_all([never, later])
    assert isinstance(found.verdicts[0], Suspicious)
    assert found.verdicts[0].reason.startswith("it is stamped 9999-12-31, which is yet to come")
    assert answer_of(found.told) == "ACCEPTED"
    assert isinstance(judge.judge_all([ahead]).verdicts[0], Answered)


def test_a_proposal_from_the_end_of_all_years_is_declined():
    """No answer can be stamped later than it; it is one all the same."""
    data = gmail(Answer(method="COUNTER")).replace(b"DTSTAMP:20270110T090000Z", b"DTSTAMP:99991231T235959Z")
    (proposed,) = judge_of(PLAN, TOLD).judge_all([read_mail(data, "a mail")]).verdicts
    answer = decline_counter(PLAN, TOLD, proposed, now=NOW, sender=SENDER, locale="en")
    assert b"\r\nDTSTAMP:99991231T235959Z\r\n" in answer


# -- sessions that went, and names that changed


def test_a_reply_to_a_session_that_is_gone_is_kept():
    """It answers a version before the cancellation, and accepts nothing."""
    plan = evolve(PLAN, sessions=tuple(each for each in PLAN.sessions if each.id != "opening"))
    told = told_of(plan, ["ada", "bea"], TOLD, now=LATER)
    assert told.people["ada"]["opening"].method == "CANCEL"
    found = judged(Answer(), told=told, plan=plan)
    assert isinstance(found.verdicts[0], Answered)
    assert found.verdicts[0].is_current is False
    assert answer_of(found.told) == "NEEDS-ACTION"


def test_a_renamed_session_keeps_its_replies():
    """Its UID is still made of the first id."""
    told = renamed(TOLD, {"opening": "welcome"})
    assert answer_of(judged(Answer(), told=told).told, event="welcome") == "ACCEPTED"


# -- proposals


def test_a_proposal_changes_nothing_and_is_declined():
    """A COUNTER is answered by a DECLINECOUNTER that keeps the rules, and says to what."""
    found = judged(Answer(method="COUNTER", event="weekly", recurrence=":20270308T163000Z"))
    (proposed,) = found.verdicts
    assert isinstance(proposed, Proposed)
    assert found.told == TOLD
    data = decline_counter(
        PLAN, TOLD, proposed, now=NOW, sender=SENDER, locale="en", comment="It stays, as\nannounced."
    )
    assert validate(data, "DECLINECOUNTER") == ()
    for line in (
        f"UID:{proposed.reply.uid}",
        "DTSTAMP:20270110T090001Z",
        "RECURRENCE-ID:20270308T163000Z",
        "COMMENT:It stays\\, as\\nannounced.",
    ):
        assert f"\r\n{line}\r\n".encode() in data
    assert b"ATTENDEE" not in data


def test_a_proposal_about_a_date_that_clocks_skip_is_declined():
    """By the zone data of the invite it was there, and the proposal says when."""
    recurrence = ":20270308T163000Z"
    (proposed,) = judged(Answer(method="COUNTER", event="weekly", recurrence=recurrence)).verdicts
    starts = Moment.at(datetime(2027, 3, 21, 2, 30), "Europe/Paris")
    events = {
        facts: evolve(each, event=evolve(each.event, starts=starts) if each.event.repeat else each.event)
        for facts, each in TOLD.events.items()
    }
    about = evolve(proposed, event="weekly/2027-03-28")
    data = decline_counter(PLAN, evolve(TOLD, events=events), about, now=NOW, sender=SENDER, locale="en")
    assert b"\r\nRECURRENCE-ID:20270308T163000Z\r\n" in data


# -- many, in any order


ANSWERS = st.builds(
    Answer,
    person=st.sampled_from(["ada", "bea", "eve"]),
    event=st.sampled_from(["opening", "panel", "weekly", "other"]),
    partstat=st.sampled_from(["ACCEPTED", "DECLINED", "TENTATIVE", "NEEDS-ACTION", "PERHAPS"]),
    sequence=st.integers(0, 2),
    minute=st.integers(0, 3),
    recurrence=st.sampled_from(["", "", ":20270308T163000Z", ":20270309T163000Z"]),
    comment=st.sampled_from(["", "a", "b"]),
    sender=st.sampled_from(["", "", "eve@example.com"]),
    method=st.sampled_from(["REPLY", "REPLY", "COUNTER", "REQUEST"]),
)


@given(st.lists(ANSWERS, max_size=8).flatmap(lambda each: st.tuples(st.just(each), st.permutations(each))))
def test_the_outcome_is_the_same_in_every_order(orders):
    """What counts, and what is to be done."""
    results = [judged(*each, told=TOLD_AGAIN, plan=MOVED) for each in orders]
    assert results[0].told == results[1].told
    done = [{(c.person, c.event): (c.attendance, c.action) for c in each.changes} for each in results]
    assert done[0] == done[1]


@given(st.lists(ANSWERS, max_size=8))
def test_read_twice_they_change_nothing_more(answers):
    """Whoever reads a mailbox again, reads all that is in it."""
    first = judged(*answers)
    again = judged(*answers, told=first.told)
    assert again.told == first.told
    assert again.changes == ()


@given(st.lists(ANSWERS, max_size=8), st.integers(0, 8))
def test_in_pieces_as_in_one(answers, cut):
    """It does not matter how many times somebody reads the mailbox in between."""
    first = judged(*answers[:cut])
    assert judged(*answers[cut:], told=first.told).told == judged(*answers).told


def test_a_thousand_times_the_same():
    """It counts once."""
    found = judged(*[Answer(partstat="DECLINED")] * 1_000)
    assert sum(isinstance(each, Answered) for each in found.verdicts) == 1
    assert len(found.changes) == 1


def test_what_is_no_reply_is_listed():
    """Mails with a problem, and objects that answer nothing; mails without calendars are counted."""
    found = judge_of(PLAN, TOLD).judge_all(
        [
            Mail(source="big", problem="too large"),
            Mail(source="newsletter"),
            mail(Answer(method="REQUEST")),
            mail(Answer(method="REQUEST", event="other")),
        ]
    )
    assert [type(each) for each in found.verdicts] == [Unread, Unread, Unread]
    # an invite of ours that came back is worth a look, one to something else is not
    assert [each.is_other for each in found.verdicts] == [False, False, True]
    assert found.silent == 1
    assert found.told == TOLD


def test_addresses_belong_to_keys():
    """The samples' own people are found by their addresses."""
    assert judge_of(PLAN, TOLD).keys_of(address("ada")) == ["ada"]
