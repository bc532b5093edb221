"""Every event is told by the use case that it is about, after its commit, and once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve
from tests.reply_samples import reply_to

from conferencekit import hookimpl
from conferencekit.calendar.incoming import read_mail
from conferencekit.conference import Conference
from conferencekit.events import EVENTS, Event, hook_name
from conferencekit.moment import Moment
from conferencekit.testing.secretariat import SecretariatForTests, conference_for_tests

CLAUSES = """# Declaration

## Recommends

To break the code once before believing a test [T1-001 "Tests that failed first"].
"""


class Listener:
    """Hears everything, and looks at once whether the log has it."""

    def __init__(self) -> None:
        self.heard: list[Event] = []
        self.secretariat: SecretariatForTests | None = None

    def hear(self, event: Event) -> None:
        assert self.secretariat is not None
        assert event.entry in {each.id for each in self.secretariat.events().entries}, (
            "told before its commit"
        )
        self.heard.append(event)


for _kind in EVENTS:
    _name = hook_name(_kind)
    setattr(Listener, _name, hookimpl(specname=_name)(lambda self, event: self.hear(event)))


class Desk:
    """A secretariat with a listener."""

    def __init__(self, folder: Path, conference: Conference) -> None:
        self.folder = folder
        self.listener = Listener()
        self.secretariat = SecretariatForTests(conference, plugins=[self.listener])
        self.listener.secretariat = self.secretariat

    def register(self, name: str) -> str:
        """Post the form; the registration's id."""
        form = {"full_name": name, "email": f"{name}@example.org", "password": "correct horse battery staple"}
        self.secretariat.register({**form, "country": "GB", "consent": "1"})
        return next(
            each.id for each in self.secretariat.registrations.find() if each.address.startswith(f"{name}@")
        )

    def contribute(self, person: str, **changes: str) -> None:
        """Answer both topics, with both consents."""
        answers = {"topic-1": "Tests that failed first.", "topic-2": "Break it.", "language": "en"}
        self.secretariat.contributions.submit(
            person, {**answers, "quote": "named", "publish": "named", **changes}
        )


def verifying(desk: Desk) -> None:
    """Somebody registers and presses the button behind the link."""
    desk.register("ada")
    (mail,) = desk.secretariat.outbox
    desk.secretariat.registrations.verify(desk.secretariat.link(mail, "verify"))


def waiting(desk: Desk) -> None:
    """One place, two people; the first gives it back."""
    first, _ = desk.register("ada"), desk.register("bea")
    desk.secretariat.registrations.cancel(first)
    desk.secretariat.tick()


def declining(desk: Desk) -> None:
    """An organiser says no to one and yes to the other."""
    first, second = desk.register("ada"), desk.register("bea")
    desk.secretariat.acting("Olga").registrations.decline(first)
    desk.secretariat.acting("Olga").registrations.approve(second)


def moving(desk: Desk) -> None:
    """The session is an hour later, and then not at all."""
    (session,) = desk.secretariat.conference.sessions
    starts, ends = (
        Moment.at(each.wall.replace(hour=each.wall.hour + 1), each.zone)
        for each in (session.starts, session.ends)
    )
    later = evolve(session, starts=starts, ends=ends)
    desk.secretariat.reload(evolve(desk.secretariat.conference, sessions=[later]))
    desk.secretariat.reload(evolve(desk.secretariat.conference, sessions=[evolve(later, status="cancelled")]))


def answering(desk: Desk) -> None:
    """Somebody's calendar says yes, once more, and then no."""
    ada = desk.register("ada")
    (mail,) = desk.secretariat.outbox
    (invite,) = (each for each in mail.walk() if each.get_content_type() == "text/calendar")
    octets = invite.get_payload(decode=True)
    for number, partstat in enumerate(("ACCEPTED", "ACCEPTED", "DECLINED")):
        answer = reply_to(octets, partstat, minute=number // 2)
        desk.secretariat.attendance.take_replies([read_mail(answer, "a mail")])
    assert desk.secretariat.attendance.of(ada)["opening"].answer == "DECLINED"


def contributing(desk: Desk) -> None:
    """Submitted, revised, withdrawn."""
    ada = desk.register("ada")
    desk.contribute(ada)
    desk.contribute(ada, **{"topic-1": "Tests."})
    desk.secretariat.contributions.withdraw(ada)


def publishing(desk: Desk) -> None:
    """The declaration, the good practices, the seal; the same text again is no news, nor is a seal of nothing."""
    desk.contribute(desk.register("ada"))
    acting = desk.secretariat.acting("Olga")
    for _ in range(2):
        acting.declaration.compile(CLAUSES)
    acting.declaration.publish_good_practices(desk.folder / "practices")
    for _ in range(2):
        acting.ledger.seal()


STORIES: dict[Callable[[Desk], None], tuple[dict[str, object], list[str]]] = {
    verifying: (
        {"address": "verify"},
        ["ConferenceRevised", "RegistrationReceived", "AddressVerified", "RegistrationConfirmed"],
    ),
    waiting: (
        {"quota": 1},
        [
            "ConferenceRevised",
            "RegistrationConfirmed",
            "RegistrationWaitlisted",
            "RegistrationCancelled",
            "RegistrationConfirmed",
        ],
    ),
    declining: (
        {"approval": "organiser"},
        [
            "ConferenceRevised",
            "RegistrationReceived",
            "RegistrationReceived",
            "RegistrationDeclined",
            "RegistrationConfirmed",
        ],
    ),
    moving: (
        {},
        ["ConferenceRevised", "ConferenceRevised", "SessionMoved", "ConferenceRevised", "SessionCancelled"],
    ),
    answering: (
        {},
        ["ConferenceRevised", "RegistrationConfirmed", "AttendanceChanged", "AttendanceChanged"],
    ),
    contributing: (
        {},
        [
            "ConferenceRevised",
            "RegistrationConfirmed",
            "ContributionSubmitted",
            "ContributionRevised",
            "ContributionWithdrawn",
        ],
    ),
    publishing: (
        {},
        [
            "ConferenceRevised",
            "RegistrationConfirmed",
            "ContributionSubmitted",
            "DeclarationCompiled",
            "GoodPracticesPublished",
            "LedgerSealed",
        ],
    ),
}


@pytest.mark.parametrize("story", STORIES, ids=lambda each: each.__name__)
def test_a_use_case_tells_what_happened(story, tmp_path):
    """In its order, each once, by the hook of its name."""
    options, expected = STORIES[story]
    desk = Desk(tmp_path, conference_for_tests(**options))
    with desk.secretariat as secretariat:
        story(desk)
        assert secretariat.failures == ()
    assert [type(each).__name__ for each in desk.listener.heard] == expected


def test_every_event_has_its_story():
    """A new kind of event needs one."""
    told = {name for _, names in STORIES.values() for name in names}
    assert told == {each.__name__ for each in EVENTS}
