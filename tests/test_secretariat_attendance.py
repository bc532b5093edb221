"""Replies beside the registrations: kept once, told to plugins, and what a decline leads to."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve
from tests.docs_page import run_python
from tests.reply_samples import reply_to

from conferencekit.adapters.memory import MemoryStore
from conferencekit.calendar.incoming import Mail, read_mail
from conferencekit.calendar.judging import Answered, Stranger, Suspicious, Unread
from conferencekit.calendar.reading import read
from conferencekit.conference import CalendarPlan
from conferencekit.errors import NotFound
from conferencekit.secretariat.attendance import TakenReplies
from conferencekit.secretariat.registrations import Registrations
from conferencekit.testing.secretariat import SecretariatForTests, conference_for_tests

FORM = {"password": "correct horse battery staple", "country": "GB", "consent": "1"}


class Desk:
    """A secretariat with people, and their replies."""

    def __init__(self, *, sessions: int = 1, **calendar: str) -> None:
        plan = CalendarPlan(**{"organizer": "replies@example.org", "invite": "each session", **calendar})
        conference = evolve(conference_for_tests(), calendar=plan)
        (opening,) = conference.sessions
        more = [
            evolve(opening, id=f"s{number}", starts=opening.starts.plus(day), ends=opening.ends.plus(day))
            for number in range(1, sessions)
            for day in [timedelta(days=number)]
        ]
        self.secretariat = SecretariatForTests(evolve(conference, sessions=(opening, *more)))

    def register(self, name: str) -> str:
        """Somebody registers; the id."""
        self.secretariat.register({**FORM, "full_name": name, "email": f"{name}@example.org"})
        return next(each.id for each in self.secretariat.registrations.find() if each.name == name)

    def invites(self, name: str) -> list[bytes]:
        """The calendar parts of the mails to somebody, oldest first."""
        return [
            part.get_payload(decode=True)
            for mail in self.secretariat.mails_to(f"{name}@example.org")
            for part in mail.walk()
            if part.get_content_type() == "text/calendar"
        ]

    def take(self, *mails: bytes) -> TakenReplies:
        """Take replies in."""
        return self.secretariat.attendance.take_replies(read_mail(each, "a mail") for each in mails)

    def answers(self, person: str) -> dict[str, str]:
        """What somebody answers at present."""
        return {event: each.answer for event, each in self.secretariat.attendance.of(person).items()}

    def move(self) -> None:
        """The first session begins an hour later."""
        first, *others = self.secretariat.conference.sessions
        later = evolve(
            first, starts=first.starts.plus(timedelta(hours=1)), ends=first.ends.plus(timedelta(hours=1))
        )
        self.secretariat.reload(evolve(self.secretariat.conference, sessions=(later, *others)))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_an_answer_is_kept_beside_the_registration(desk):
    """The same mail again changes nothing, and is logged once."""
    ada, bea = desk.register("ada"), desk.register("bea")
    (invite,) = desk.invites("ada")
    assert desk.answers(ada) == {"opening": "NEEDS-ACTION"}
    assert len(desk.take(reply_to(invite, comment="with my dog")).kept) == 1
    assert desk.take(reply_to(invite, comment="with my dog")).kept == ()
    assert desk.answers(ada) == {"opening": "ACCEPTED"}
    assert desk.answers(bea) == {"opening": "NEEDS-ACTION"}
    assert desk.secretariat.attendance.of(ada)["opening"].comment == "with my dog"
    actions = [each.body["action"] for each in desk.secretariat.events().entries]
    assert actions.count("attendance_changed") == 1


def test_judging_keeps_nothing(desk):
    """For whoever wants to look first."""
    ada = desk.register("ada")
    (invite,) = desk.invites("ada")
    judged = desk.secretariat.attendance.judge([read_mail(reply_to(invite), "a mail")])
    assert isinstance(judged.verdicts[0], Answered)
    assert desk.answers(ada) == {"opening": "NEEDS-ACTION"}


def test_whoever_is_told_anew_is_asked_anew(desk):
    """An answer to the version before accepts no new time, whenever it comes."""
    ada, bea = desk.register("ada"), desk.register("bea")
    desk.take(reply_to(desk.invites("ada")[0]))
    desk.move()
    assert desk.answers(ada) == {"opening": "NEEDS-ACTION"}
    desk.take(reply_to(desk.invites("bea")[0]))
    assert desk.answers(bea) == {"opening": "NEEDS-ACTION"}
    assert desk.secretariat.attendance.of(bea)["opening"].earlier.answer == "ACCEPTED"
    desk.take(reply_to(desk.invites("ada")[1], "TENTATIVE"))
    assert desk.answers(ada) == {"opening": "TENTATIVE"}


def test_everybody_with_their_answers(desk):
    """Whoever is confirmed, in order of arrival."""
    desk.register("ada"), desk.register("bea")
    desk.take(reply_to(desk.invites("bea")[0], "DECLINED"))
    found = [(each.name, now["opening"].answer) for each, now in desk.secretariat.attendance.everybody()]
    assert found == [("ada", "NEEDS-ACTION"), ("bea", "DECLINED")]


def test_strangers_change_nothing(desk):
    """From another sender, for nobody who registered, to a version that was never told."""
    desk.register("ada")
    (invite,) = desk.invites("ada")
    taken = desk.take(
        reply_to(invite, sender="eve@example.com"),
        reply_to(invite.replace(b"ada@", b"eve@")),
        reply_to(invite.replace(b"SEQUENCE:0", b"SEQUENCE:7")),
    )
    assert [type(each) for each in taken.judged.verdicts] == [Stranger, Stranger, Suspicious]
    assert taken.kept == ()


def test_whoever_cancelled_is_not_invited(desk):
    """A reply that comes late is kept apart; after registering anew they are asked anew."""
    ada = desk.register("ada")
    (invite,) = desk.invites("ada")
    desk.secretariat.registrations.cancel(ada)
    taken = desk.take(reply_to(invite))
    assert [each.is_current for each in taken.kept] == [False]
    assert desk.answers(ada) == {}
    desk.register("ada")
    again = desk.invites("ada")[-1]
    assert desk.answers(ada) == {"opening": "NEEDS-ACTION"}
    desk.take(reply_to(again, minute=1))
    assert desk.answers(ada) == {"opening": "ACCEPTED"}


def test_a_reply_to_a_session_that_is_cancelled(desk):
    """It is kept apart: there is nothing to come to."""
    ada = desk.register("ada")
    (invite,) = desk.invites("ada")
    (opening,) = desk.secretariat.conference.sessions
    off = evolve(desk.secretariat.conference, sessions=(evolve(opening, status="cancelled"),))
    desk.secretariat.reload(off)
    assert [each.is_current for each in desk.take(reply_to(invite)).kept] == [False]
    assert desk.answers(ada) == {}


@pytest.mark.parametrize(
    ("rule", "organizer", "state", "asked"),
    [
        ("note", "r+{token}@example.org", "confirmed", False),
        ("ask", "r+{token}@example.org", "confirmed", True),
        ("cancel", "r+{token}@example.org", "cancelled", False),
        ("cancel", "replies@example.org", "confirmed", True),
    ],
)
def test_what_a_decline_leads_to(rule, organizer, state, asked):
    """As the document says; without a token nobody is cancelled."""
    desk = Desk(organizer=organizer, on_decline=rule)
    ada = desk.register("ada")
    taken = desk.take(reply_to(desk.invites("ada")[0], "DECLINED"))
    assert desk.secretariat.registrations.get(ada).state == state
    assert taken.asked == ((ada,) if asked else ())
    assert taken.cancelled == ((ada,) if state == "cancelled" else ())


def test_whoever_still_comes_to_something_is_not_cancelled():
    """A decline of one session asks somebody; only that of all of them cancels."""
    desk = Desk(sessions=2, organizer="r+{token}@example.org", on_decline="cancel")
    ada = desk.register("ada")
    first, second = desk.invites("ada")
    assert desk.take(reply_to(first, "DECLINED")).asked == (ada,)
    assert desk.take(reply_to(second, "DECLINED")).cancelled == (ada,)
    assert desk.secretariat.registrations.get(ada).state == "cancelled"


def test_a_decline_that_is_taken_back_in_the_same_mails_cancels_nothing():
    """The last answer counts, in whatever order they lie in the mailbox."""
    desk = Desk(organizer="r+{token}@example.org", on_decline="cancel")
    ada = desk.register("ada")
    (invite,) = desk.invites("ada")
    desk.take(reply_to(invite, minute=2), reply_to(invite, "DECLINED", minute=1))
    assert desk.secretariat.registrations.get(ada).state == "confirmed"
    assert desk.answers(ada) == {"opening": "ACCEPTED"}


def test_a_place_is_given_back_though_whoever_read_the_decline_was_stopped(monkeypatch):
    """The answer was kept and the place was not: the same mail gives it back the next time, once."""
    desk = Desk(organizer="r+{token}@example.org", on_decline="cancel")
    ada = desk.register("ada")
    declined = reply_to(desk.invites("ada")[0], "DECLINED")

    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Registrations, "cancel", stopped)
        with pytest.raises(KeyboardInterrupt):
            desk.take(declined)
    assert desk.answers(ada) == {"opening": "DECLINED"}
    assert [desk.take(declined).cancelled for _ in range(2)] == [(ada,), ()]
    assert desk.secretariat.registrations.get(ada).state == "cancelled"


def test_whoever_comes_back_is_not_cancelled_by_the_decline_of_before():
    """They were invited anew since."""
    desk = Desk(organizer="r+{token}@example.org", on_decline="cancel")
    ada = desk.register("ada")
    declined = reply_to(desk.invites("ada")[0], "DECLINED")
    assert desk.take(declined).cancelled == (ada,)
    desk.secretariat.clock.move(timedelta(hours=1))
    desk.register("ada")
    assert desk.take(declined).cancelled == ()
    assert desk.secretariat.registrations.get(ada).state == "confirmed"


def test_a_token_proves_a_reply_from_an_alias():
    """Whose it is follows from where it went."""
    desk = Desk(organizer="r+{token}@example.org")
    ada = desk.register("ada")
    (invite,) = desk.invites("ada")
    data = reply_to(invite).replace(b"mailto:ada@example.org", b"mailto:ada@work.example")
    desk.take(data.replace(b"From: ada@example.org", b"From: ada@work.example"))
    assert desk.answers(ada) == {"opening": "ACCEPTED"}


def test_a_token_of_the_secret_before_proves_as_well():
    """Invites that were sent before the secret was changed are answered for months, and updates come from the same."""
    store, old, new = MemoryStore(), b"the old one, of 32 random bytes.", b"the new one, of 32 random bytes."
    plan = CalendarPlan(organizer="r+{token}@example.org", on_decline="cancel", invite="each session")
    conference = evolve(conference_for_tests(), calendar=plan)
    desk = Desk()
    with SecretariatForTests(conference, store=store, secret=old) as desk.secretariat:
        ada, bea = desk.register("ada"), desk.register("bea")
        (declined,) = (reply_to(each, "DECLINED") for each in desk.invites("ada"))
        (invited,) = desk.invites("bea")
        alias = reply_to(invited).replace(b"bea@example.org", b"bea@work.example")
    with SecretariatForTests(conference, store=store, secret=new) as desk.secretariat:
        verdicts = desk.secretariat.attendance.judge([read_mail(alias, "a mail")]).verdicts
        assert isinstance(verdicts[0], Unread | Stranger)
    with SecretariatForTests(conference, store=store, secret=[new, old]) as desk.secretariat:
        assert desk.take(declined, alias).cancelled == (ada,)
        assert desk.answers(bea) == {"opening": "ACCEPTED"}
        desk.move()
        (moved,) = desk.invites("bea")
        organizers = [read(each).components[0].components[-1].value("ORGANIZER") for each in (invited, moved)]
        assert organizers[0] == organizers[1]


class Counting(MemoryStore):
    """A store that counts how many records of people were looked through."""

    def __init__(self) -> None:
        super().__init__()
        self.walked = 0

    def find(self, conference, kind, index, key, *, after=None, limit):
        found = super().find(conference, kind, index, key, after=after, limit=limit)
        self.walked += len(found[0]) if (kind, index) == ("registration", "state") else 0
        return found


def test_only_a_token_that_does_not_fit_its_address_is_looked_for():
    """Nobody else's registration is read where the address in the reply says whose it is, and once for each token."""
    store = Counting()
    conference = evolve(conference_for_tests(), calendar=CalendarPlan(organizer="r+{token}@example.org"))
    desk = Desk()
    with SecretariatForTests(conference, store=store) as desk.secretariat:
        for name in ("ada", "bea", "cy"):
            desk.register(name)
        own = reply_to(desk.invites("ada")[0])
        alias = reply_to(desk.invites("bea")[0]).replace(b"bea@example.org", b"bea@work.example")
        store.walked = 0
        assert len(desk.take(own).kept) == 1
        assert store.walked == 0
        assert len(desk.take(own, alias).kept) == 1
        assert store.walked == 3
        token = own.partition(b"r+")[2].partition(b"@")[0]
        nobodys = own.replace(token, b"a" * len(token)).replace(b"mailto:ada@", b"mailto:eve@")
        assert desk.take(alias, nobodys).kept == ()
        assert store.walked == 6
        declined = reply_to(desk.invites("ada")[0], "DECLINED", minute=5)
        assert len(desk.take(declined, alias, nobodys).kept) == 1
        assert store.walked == 6


def test_many_at_once():
    """Hundreds of replies in a handful of commits; each person's own."""
    desk = Desk()
    names = [f"p{number}" for number in range(250)]
    desk.secretariat.reload(
        evolve(
            desk.secretariat.conference,
            registration=evolve(desk.secretariat.conference.registration, quota=None),
        )
    )
    for each in names:
        desk.register(each)
    mails = [reply_to(desk_invite) for each in names for desk_invite in desk_invites(desk, each)]
    assert len(desk.take(*mails, *mails).kept) == 250
    assert {now["opening"].answer for _, now in desk.secretariat.attendance.everybody()} == {"ACCEPTED"}


def desk_invites(desk: Desk, name: str) -> list[bytes]:
    """The invite to somebody, without looking through all mails again."""
    if not hasattr(desk, "found"):
        desk.found = {str(mail["To"].addresses[0].username): mail for mail in desk.secretariat.outbox}
    parts = desk.found[name].walk()
    return [each.get_payload(decode=True) for each in parts if each.get_content_type() == "text/calendar"]


class Racing(MemoryStore):
    """A store in which somebody else takes the same reply in just before us."""

    def __init__(self) -> None:
        super().__init__()
        self.before = None

    def commit(self, batch):
        if self.before and any(each.entry.body["action"] == "attendance_changed" for each in batch):
            before, self.before = self.before, None
            before()
        return super().commit(batch)


def test_two_readers_of_one_mailbox():
    """Whoever comes second finds it kept; nobody hears of it twice."""
    store = Racing()
    conference = evolve(conference_for_tests(), calendar=CalendarPlan(organizer="replies@example.org"))
    with SecretariatForTests(conference, store=store) as first:
        desk = Desk()
        desk.secretariat = first
        ada = desk.register("ada")
        mails = [read_mail(reply_to(desk.invites("ada")[0]), "a mail")]
        store.before = lambda: first.acting("Olga").attendance.take_replies(mails)
        assert first.attendance.take_replies(mails).kept == ()
        assert desk.answers(ada) == {"opening": "ACCEPTED"}
        actions = [each.body["action"] for each in first.events().entries]
        assert actions.count("attendance_changed") == 1


def test_the_listeners_of_the_page_on_hooks_run(desk, capsys):
    """One of them hears who does not come."""
    declines = run_python("reference/hooks.md")["declines"]
    with SecretariatForTests(plugins=[declines]) as desk.secretariat:
        declines.secretariat = desk.secretariat
        desk.register("ada")
        desk.take(reply_to(desk.invites("ada")[0], "DECLINED"))
        assert desk.secretariat.failures == ()
    assert capsys.readouterr().out == "ada does not come to opening\n"


def test_nobody_of_that_id(desk):
    """It is named."""
    with pytest.raises(NotFound, match="registration"):
        desk.secretariat.attendance.of("nobody")
    assert desk.secretariat.attendance.take_replies([Mail(source="x")]).kept == ()
