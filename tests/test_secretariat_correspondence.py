"""What notices say while another thread reloads the conference."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle

from attrs import evolve

from conferencekit.message.notice import notice_from_body
from conferencekit.registration.rules import Owed
from conferencekit.secretariat.correspondence import Correspondence
from conferencekit.secretariat.shell import InForce
from conferencekit.testing.secretariat import SecretariatForTests
from conferencekit.text import LocalizedText

PERSON = {
    "full_name": "Ada",
    "email": "ada@example.org",
    "country": "GB",
    "consent": "1",
    "password": "correct horse",
}


class ReloadedMeanwhile:
    """A shell whose conference in force is another one at each look."""

    def __init__(self, shell, *plans: InForce) -> None:
        self._shell = shell
        self._plans: Iterator[InForce] = cycle(plans)

    @property
    def in_force(self) -> InForce:
        return next(self._plans)

    @property
    def conference(self):
        return self.in_force.conference

    def __getattr__(self, name: str) -> object:
        return getattr(self._shell, name)


def test_no_text_of_one_document_is_kept_under_the_other():
    """A reload between two reads of a notice costs nothing later: each document has its own words."""
    with SecretariatForTests() as made:
        made.register(PERSON)
        (ada,) = made.registrations.find()
        old = made.shell.in_force
        (session,) = old.conference.sessions
        conference = evolve(
            old.conference,
            title=LocalizedText.of("Renamed"),
            sessions=[evolve(session, title=LocalizedText.of("Renamed"))],
        )
        plans = (old, InForce(conference, "0" * 64, 2))
        correspondence = Correspondence(made.shell, made._correspondence._sender)
        correspondence._shell = ReloadedMeanwhile(made.shell, *plans)
        context = made.shell.context()
        invited = Owed(template="registration_confirmed", calendar="REQUEST")
        for about in ("1", "2", "3", "4"):  # whichever comes first
            correspondence.owed(ada, [invited], context, about=about)
            next(correspondence._shell._plans)
        for plan in plans:
            correspondence._shell = ReloadedMeanwhile(made.shell, plan)
            (owed,) = correspondence.owed(ada, [invited], context, about="5")
            notice = notice_from_body(owed.body, correspondence.wordings.read)
            assert notice.values["conference"] == plan.conference.title.text()
            assert notice.invite.summary == plan.conference.sessions[0].title.text()
