"""The pages of a conference, for hosts that want them as they are: one method per address, GET and POST.

Each takes what was posted (None = somebody only looks) and gives an `Answer` that any web framework can send. A look
changes nothing, so mail scanners may open every link.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from ..errors import TransitionNotAllowed
from ..form.catalogue import message, text
from ..form.html import element
from ..form.issues import FORM, Issue
from ..form.pages import Link, RenderedPage, Said, confirm_page, form_page, page, received_page, sign_in_page
from ..form.rendering import spoken
from ..registration.outcomes import Received, Refused
from ..registration.registration import Registration
from ..text import lookup
from .answer import CONFLICT, NOT_FOUND, OK, SEE_OTHER, UNPROCESSABLE, Answer, Surroundings, one_value
from .contribution_pages import ContributionPages
from .contributions import MAY_CONTRIBUTE
from .registrations import SignedIn

if TYPE_CHECKING:
    from ..conference import Conference
    from .secretariat import Secretariat

__all__ = ["Answer", "Pages", "reader_locale"]

_SAID: Final[Mapping[str, tuple[Said, int]]] = {
    "link_used": ("link_used", CONFLICT),
    "link_expired": ("link_expired", CONFLICT),
    "link_invalid": ("not_found", NOT_FOUND),
}
_TEXT_BYTES: Final = 1_000_000
_LONGEST_HEADER: Final = 1000
_WEIGHT: Final = re.compile(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", re.IGNORECASE)


class Pages:
    """Registration, verification, sign-in, contribution and cancellation as pages. Cheap: make one for each request.

    Args:
        secretariat: Whose pages they are.
        locale: The reader's language, or a browser's whole `Accept-Language` header; what the conference does not speak
            gets its first language. Whoever is registered reads the language that they registered in.
        hidden: Values that go into every form, such as a CSRF token of the host.
    """

    def __init__(
        self, secretariat: Secretariat, *, locale: str | None = None, hidden: Mapping[str, str] | None = None
    ) -> None:
        self._secretariat = secretariat
        self._wanted = locale
        self._hidden = dict(hidden or {})

    @property
    def locale(self) -> str:
        """The language of the conference that the reader gets."""
        return reader_locale(self._wanted, self._conference.languages)

    @property
    def max_bytes(self) -> int:
        """How much a post may have: the texts, and as many of the largest files as the call takes.

        Hosts refuse longer ones before they read them.
        """
        call = self._conference.call
        return _TEXT_BYTES + (call.materials.max_files * call.materials.max_bytes if call else 0)

    @property
    def _conference(self) -> Conference:
        return self._secretariat.conference

    def _around(self, locale: str | None = None) -> Surroundings:
        return Surroundings(self._secretariat, locale or self.locale, self._hidden)

    # -- registration

    def register(self, posted: object = None) -> Answer:
        """The registration form, and what follows when it is sent."""
        around = self._around()
        if posted is None:
            return self._untimely(around) or Answer(OK, self._form_page(around))
        outcome = self._secretariat.registrations.register(posted, locale=around.locale)
        if isinstance(outcome, Refused):
            return Answer(UNPROCESSABLE, self._form_page(around, posted, outcome.issues))
        return Answer(OK, self._received(around, outcome))

    def _untimely(self, around: Surroundings) -> Answer | None:
        """The page outside the time of registration. What was posted is judged by the rules instead, and kept."""
        said = around.untimely("registration")
        return (
            around.said(said, detail=around.until("registration"), links=_sign_in(around)) if said else None
        )

    def _received(self, around: Surroundings, outcome: Received) -> RenderedPage:
        plan = self._conference.registration
        return received_page(
            outcome.reference,
            around.frame,
            sign_in=around.url("sign_in"),
            instructions=plan.instructions,
            note=plan.help,
        )

    def _form_page(
        self, around: Surroundings, posted: object = None, issues: Sequence[Issue] = ()
    ) -> RenderedPage:
        plan, locale = self._conference.registration, around.locale
        submission_id = self._secretariat.shell.context().new_id("s")
        return form_page(
            self._secretariat.shell.forms.render(
                plan.form,
                answers=posted,
                issues=issues,
                locale=locale,
                hidden={**self._hidden, "submission_id": submission_id},
            ),
            around.frame,
            title=plan.form.title.text(locale) if plan.form.title else None,
            fee=self._conference.fee.text(locale),
            deadline=around.until("registration"),
            introduction=plan.instructions,
            note=plan.help,
            sign_in=around.url("sign_in"),
            has_errors=bool(issues),
        )

    def verify(self, token: str, posted: object = None) -> Answer:
        """What the link in the first mail opens: a button, and what follows when it is pressed."""
        registration = self._secretariat.registrations.open(token, "verify")
        if registration is None:
            return self._around().said("not_found", NOT_FOUND)
        around = self._around(registration.locale)
        if posted is not None:
            outcome = self._secretariat.registrations.verify(token)
            return _refused(outcome, around) if isinstance(outcome, Refused) else _verified(around)
        if registration.state == "unverified":
            return Answer(OK, self._verify_page(registration, around))
        if registration.is_live and registration.verified_at:
            return _verified(around)
        return around.said("link_expired" if registration.state == "expired" else "link_used", CONFLICT)

    def _verify_page(self, registration: Registration, around: Surroundings) -> RenderedPage:
        """What is about to be verified: somebody else may have typed this address, or this name."""
        locale = around.locale
        known = [
            (text("name", locale), element("bdi", registration.name) if registration.name else None),
            (text("conference", locale), spoken(self._conference.title, locale)),
        ]
        return confirm_page(
            "verify", around.frame, subject=registration.address, known=known, hidden=self._hidden
        )

    def manage(self, token: str, posted: object = None) -> Answer:
        """What a person holds, and the button that gives it back."""
        registration = self._secretariat.registrations.open(token, "manage")
        if registration is None:
            return self._around().said("not_found", NOT_FOUND)
        around = self._around(registration.locale)
        if not registration.is_live:
            return _gone(registration, around)
        if posted is not None:
            return self._cancel(token, registration, around)
        subject = f"{registration.name} ({registration.reference})"
        return Answer(OK, confirm_page("cancel", around.frame, subject=subject, hidden=self._hidden))

    def _cancel(self, token: str, registration: Registration, around: Surroundings) -> Answer:
        try:
            self._secretariat.registrations.cancel(registration.id)
        except TransitionNotAllowed:  # pressed twice at once, or the organiser decided meanwhile
            return _gone(self._secretariat.registrations.open(token, "manage") or registration, around)
        return around.said("cancelled")

    # -- input

    def sign_in(self, posted: object = None) -> Answer:
        """For whoever has no mail at hand: address and password lead to the page for input.

        Hosts limit how often it may be tried (see `docs/how-to/embed.md`).
        """
        around = self._around()
        if posted is None:
            return Answer(OK, sign_in_page(around.frame, hidden=self._hidden))
        given = {key: one_value(posted, key) for key in ("email", "password")}
        outcome = self._secretariat.registrations.sign_in(given["email"], given["password"])
        if isinstance(outcome, SignedIn):
            contributes = self._conference.call and outcome.registration.state in MAY_CONTRIBUTE
            purpose = "contribute" if contributes else "manage"
            return Answer(SEE_OTHER, location=around.url(purpose, outcome.registration))
        shown = sign_in_page(around.frame, answers=given, issues=outcome.issues, hidden=self._hidden)
        return Answer(UNPROCESSABLE, shown)

    def contribute(self, token: str, posted: object = None, *, files: object = None) -> Answer:
        """The call for input to one person: what they wrote, and what follows when it is sent.

        A button `action=save` keeps a draft, `action=withdraw` leads to the page that takes the contribution back, any
        other submits. `files` holds the uploads of the framework under `materials`; None = they are in `posted`, as
        Starlette has it.
        """
        registration = self._secretariat.registrations.open(token, "contribute")
        if registration is None or self._conference.call is None:
            return self._around().said("not_found", NOT_FOUND)
        around = self._around(registration.locale)
        pages = ContributionPages(self._secretariat, registration, around)
        if not registration.is_live and not pages.holds_something:
            return _gone(registration, around)
        return pages.look() if posted is None else pages.take(posted, posted if files is None else files)


def reader_locale(wanted: str | None, languages: Sequence[str]) -> str:
    """The language that a reader wants most among these, else the first.

    Args:
        wanted: A language tag, or a whole `Accept-Language` header (RFC 9110, 12.5.4); it may hold anything.
        languages: BCP 47 tags; at least one.
    """
    weighed: list[tuple[float, str]] = []
    for part in (wanted or "")[:_LONGEST_HEADER].split(","):
        tag, _, rest = part.partition(";")
        found = _WEIGHT.fullmatch(rest)
        weighed.append((float(found[1]) if found else 1.0, tag.strip()))
    wishes = [tag for weight, tag in sorted(weighed, key=lambda each: -each[0]) if weight > 0]
    return lookup(wishes, languages) or languages[0]


def _sign_in(around: Surroundings) -> tuple[Link]:
    return ((text("sign_in", around.locale), around.url("sign_in")),)


def _verified(around: Surroundings) -> Answer:
    return around.said("verified", links=_sign_in(around))


def _gone(registration: Registration, around: Surroundings) -> Answer:
    """The page of a registration that is no more."""
    if registration.state == "cancelled":
        return around.said("cancelled")
    if registration.state == "expired":
        return around.said("link_expired", CONFLICT)
    return _told(Issue(FORM, "not_allowed"), around)


def _refused(outcome: Refused, around: Surroundings) -> Answer:
    first = outcome.issues[0]
    if first.code in _SAID:
        said, status = _SAID[first.code]
        return around.said(said, status)
    return _told(first, around)


def _told(issue: Issue, around: Surroundings) -> Answer:
    words = message(issue, None, around.locale)
    return Answer(CONFLICT, page(text("register", around.locale), words, around.frame))
