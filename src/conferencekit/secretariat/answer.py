"""What a page answers, and what surrounds every page: the conference, the reader's language, links, deadlines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from attrs import frozen

from ..form.pages import Frame, Link, RenderedPage, Said, message_page
from ..form.style import content_security_policy
from ..registration.registration import Registration

if TYPE_CHECKING:
    from .secretariat import Secretariat

OK: Final = 200
SEE_OTHER: Final = 303
NOT_FOUND: Final = 404
CONFLICT: Final = 409
UNPROCESSABLE: Final = 422

_HEADERS: Final = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": content_security_policy(),
}


@frozen
class Answer:
    """What to send: the status, and the page or where to go instead."""

    status: int
    page: RenderedPage | None = None
    location: str | None = None

    @property
    def body(self) -> bytes:
        """The page in UTF-8."""
        return str(self.page).encode() if self.page else b""

    @property
    def headers(self) -> dict[str, str]:
        """The headers that go with it.

        Pages hold personal data and addresses with proofs: nobody stores them, no site frames them or is told where a
        visitor came from.
        """
        return {**_HEADERS, "Location": self.location} if self.location else dict(_HEADERS)


@frozen
class Surroundings:
    """What is around the pages of one request."""

    secretariat: Secretariat
    locale: str
    hidden: Mapping[str, str]

    @property
    def frame(self) -> Frame:
        """The frame of the conference, in the reader's language."""
        conference = self.secretariat.conference
        return Frame(
            conference=conference.title,
            locale=self.locale,
            theme=conference.theme,
            contact=conference.contact,
            home=conference.website,
        )

    def url(self, purpose: str, registration: Registration | None = None) -> str:
        """The address of a page, personal if it is about a registration."""
        links = self.secretariat.shell.links
        if registration is None:
            return links.url(purpose)
        return links.url(purpose, registration.id, registration.generations.get(purpose, 0))

    def said(
        self, what: Said, status: int = OK, *, detail: str | None = None, links: Sequence[Link] = ()
    ) -> Answer:
        """A page that says one thing."""
        return Answer(status, message_page(what, self.frame, detail=detail, links=links))

    def until(self, name: str, person: str | None = None) -> str | None:
        """Until when, for people; from when, where that is still to come."""
        opening = self.untimely(name, person) == "not_open_yet"
        return self.secretariat.conference.deadline_text(name, self.locale, person=person, opening=opening)

    def untimely(self, name: str, person: str | None = None) -> Said | None:
        """What to say where nothing is accepted now: `closed` or `not_open_yet`."""
        deadline = self.secretariat.conference.deadline(name)
        now = self.secretariat.shell.context().now
        if deadline is None or deadline.accepts(now, person):
            return None
        return "not_open_yet" if deadline.state(now, person) == "upcoming" else "closed"


def one_value(posted: object, key: str) -> str:
    """One posted value as text; nothing for what is none."""
    value = posted.get(key, "") if hasattr(posted, "get") else ""
    return value if isinstance(value, str) else ""
