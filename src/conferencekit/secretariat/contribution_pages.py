"""The pages of one person's contribution: writing it, how it stands, and taking it back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from attrs import frozen

from ..declaration.call_form import answers_of, consent_form
from ..declaration.content import ConsentLevel, Material
from ..declaration.contribution import Consents, Contribution
from ..form.catalogue import message, text
from ..form.fields import Form
from ..form.html import Html, element, join
from ..form.issues import FORM, Issue
from ..form.pages import RenderedPage, Said, confirm_page, contribution_page, facts, form_page, page
from ..form.reading import Reading, read
from ..form.rendering import Button, RenderedForm, render, spoken
from ..registration.outcomes import Refused
from ..registration.registration import Registration
from .answer import CONFLICT, OK, UNPROCESSABLE, Answer, Surroundings, one_value
from .contributions import MAY_CONTRIBUTE, Accepted

if TYPE_CHECKING:
    from .contributions import ContributionOutcome
    from .secretariat import Secretariat


@frozen
class ContributionPages:
    """The pages for one person, in the language that they registered in."""

    secretariat: Secretariat
    registration: Registration
    around: Surroundings

    @property
    def holds_something(self) -> bool:
        """Whether there is anything to be taken back: a draft or a submission."""
        contribution = self._contribution
        return contribution is not None and contribution.state != "withdrawn"

    def look(self, *, issues: Sequence[Issue] = (), done: str = "") -> Answer:
        """The form with what they wrote so far; outside its time, what they wrote. `done` says what just happened."""
        around, contribution = self.around, self._contribution
        if contribution and contribution.state == "withdrawn":
            return around.said("withdrawn")
        untimely = around.untimely("input", self.registration.id)
        if not self.registration.is_live:
            untimely = "cancelled"
        elif self.registration.state not in MAY_CONTRIBUTE:
            words = message(Issue(FORM, "not_registered"), None, around.locale)
            return Answer(CONFLICT, page(text("contribution", around.locale), words, around.frame))
        if untimely is None:
            return Answer(UNPROCESSABLE if issues else OK, self._call_page(issues=issues))
        if contribution is None:
            return around.said(untimely, detail=around.until("input", self.registration.id))
        return Answer(
            UNPROCESSABLE if issues else OK, self._reading_page(contribution, untimely, issues, done)
        )

    def take(self, posted: object, files: object) -> Answer:
        """What follows when a button of the page is pressed."""
        if one_value(posted, "action") == "withdraw" and one_value(posted, "sure") != "yes":
            return Answer(OK, self._sure_page())
        if one_value(posted, "action") == "consent":
            return self._take_consents(posted)
        outcome = self._act(posted, files)
        if isinstance(outcome, Refused):
            return Answer(UNPROCESSABLE, self._call_page(posted, outcome.issues))
        if outcome.contribution.state == "withdrawn":
            return self.around.said("withdrawn")
        return Answer(OK, self._status_page(outcome))

    def _take_consents(self, posted: object) -> Answer:
        contribution = self._contribution
        if contribution is None or contribution.state == "withdrawn":
            return self.look()
        reading = read(consent_form(contribution.quote, contribution.publish), posted)
        if reading.issues:
            return self.look(issues=reading.issues)
        outcome = self.secretariat.contributions.change_consent(
            self.registration.id, _wanted(reading, contribution)
        )
        if isinstance(outcome, Refused):
            return self.look(issues=outcome.issues)
        return self.look(done="consents_changed")

    def _act(self, posted: object, files: object) -> ContributionOutcome:
        contributions, person = self.secretariat.contributions, self.registration.id
        match one_value(posted, "action"):
            case "withdraw":
                return contributions.withdraw(person)
            case "save":
                return contributions.save_draft(person, posted, files=files)
            case "remove":
                return contributions.remove_material(person, one_value(posted, "material"))
            case _:
                return contributions.submit(person, posted, files=files)

    # -- the pages

    def _call_page(self, posted: object = None, issues: Sequence[Issue] = ()) -> RenderedPage:
        locale, contribution = self.around.locale, self._contribution
        written = answers_of(contribution.editing) if contribution else {"language": locale}
        form = render(
            self.secretariat.contributions.form(),
            answers=written if posted is None else posted,
            issues=issues,
            locale=locale,
            hidden=self.around.hidden,
            buttons=(
                Button(text("submit_contribution", locale)),
                Button(text("save_draft", locale), name="action", value="save", is_second=True),
            ),
        )
        parts = [
            self._standing(contribution),
            form,
            self._held(contribution, removable=True),
            self._withdrawing(contribution),
        ]
        return self._page(RenderedForm(join(parts), form.locale, form.has_errors))

    def _reading_page(
        self, contribution: Contribution, untimely: Said, issues: Sequence[Issue], done: str
    ) -> RenderedPage:
        """What they wrote, where it cannot be changed any more, but still taken back."""
        locale = self.around.locale
        told = element("p", text(done, locale), class_="ck-notice", role="status") if done else None
        parts = [
            told,
            element("p", text(f"{untimely}_text", locale), class_="ck-notice"),
            self._standing(contribution),
            *self._answers(contribution),
            self._held(contribution),
            self._consenting(contribution, issues),
            self._withdrawing(contribution),
        ]
        return self._page(RenderedForm(join(parts), locale, bool(issues)))

    def _page(self, form: RenderedForm) -> RenderedPage:
        call = self.secretariat.contributions.call
        return form_page(
            form,
            self.around.frame,
            title=call.outcome.text(self.around.locale),
            fee=self.secretariat.conference.fee.text(self.around.locale),
            deadline=self.around.until("input", self.registration.id),
            introduction=call.introduction,
        )

    def _status_page(self, outcome: Accepted) -> RenderedPage:
        contribution, locale = outcome.contribution, self.around.locale
        editing = contribution.editing
        topics = self.secretariat.contributions.call.topics
        return contribution_page(
            contribution.state,
            self.around.frame,
            reference=outcome.label or None,
            deadline=self.around.until("input", self.registration.id),
            answers=[(topic.title, editing.answers.get(topic.number, "")) for topic in topics],
            materials=[(each.name, each.url or None) for each in editing.materials],
            links=((text("edit", locale), self.around.url("contribute", self.registration)),),
            notice="saved" if contribution.draft is not None else "submitted",
        )

    def _sure_page(self) -> RenderedPage:
        """Withdrawing cannot be undone, so it takes a second button."""
        contribution = self._contribution
        label = self.secretariat.contributions.label(contribution) if contribution else ""
        hidden = {**self.around.hidden, "action": "withdraw", "sure": "yes"}
        return confirm_page("withdraw", self.around.frame, subject=label or None, hidden=hidden)

    # -- their parts

    @property
    def _contribution(self) -> Contribution | None:
        return self.secretariat.contributions.of(self.registration.id)

    def _standing(self, contribution: Contribution | None) -> Html | None:
        if contribution is None:
            return None
        locale = self.around.locale
        label = self.secretariat.contributions.label(contribution)
        status = text(f"status_{contribution.state}", locale)
        return facts([(text("status", locale), status), (text("contribution_reference", locale), label)])

    def _answers(self, contribution: Contribution) -> list[Html]:
        answers = contribution.editing.answers
        given = [each for each in self.secretariat.contributions.call.topics if each.number in answers]
        return [
            part
            for topic in given
            for part in (
                element("h3", spoken(topic.title, self.around.locale)),
                element("p", answers[topic.number], class_="ck-answer", dir="auto"),
            )
        ]

    def _held(self, contribution: Contribution | None, *, removable: bool = False) -> Html | None:
        """The files that are there already, each with the button that removes it; links are in the form."""
        files = [each for each in contribution.editing.materials if not each.url] if contribution else []
        if not files:
            return None
        items = (
            element("li", element("bdi", each.name), self._removing(each) if removable else None)
            for each in files
        )
        title = element("h2", text("materials", self.around.locale))
        return join([title, element("ul", *items, class_="ck-list")])

    def _removing(self, material: Material) -> Html:
        locale = self.around.locale
        button = Button(text("remove_file", locale, file=material.name), is_second=True)
        hidden = {**self.around.hidden, "action": "remove", "material": material.id}
        return render(Form(fields=()), locale=locale, hidden=hidden, buttons=(button,)).html

    def _consenting(self, contribution: Contribution, issues: Sequence[Issue]) -> Html | None:
        """The consents that were given, to be taken back. Those of a draft are in force nowhere."""
        asked, locale = consent_form(contribution.quote, contribution.publish), self.around.locale
        if not asked.fields:
            return None
        button = Button(text("consents_button", locale), name="action", value="consent", is_second=True)
        answers = {"quote": contribution.quote, "publish": contribution.publish}
        form = render(
            asked, answers=answers, issues=issues, locale=locale, hidden=self.around.hidden, buttons=(button,)
        )
        title = element("h2", text("consents", locale))
        return join([title, element("p", text("consents_text", locale)), form.html])

    def _withdrawing(self, contribution: Contribution | None) -> Html | None:
        if contribution is None or contribution.state == "withdrawn":
            return None
        button = Button(text("withdraw_button", self.around.locale), is_second=True)
        hidden = {**self.around.hidden, "action": "withdraw"}
        return render(Form(fields=()), locale=self.around.locale, hidden=hidden, buttons=(button,)).html


def _wanted(reading: Reading, contribution: Contribution) -> Consents:
    """What was chosen; what was not asked stays as it is."""

    def level(name: str, held: ConsentLevel) -> ConsentLevel:
        return cast("ConsentLevel", reading.answers.get(name, held))

    return Consents(quote=level("quote", contribution.quote), publish=level("publish", contribution.publish))
