"""The pages that hosts send as they are: what each look and each button answers, and that looking changes nothing."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from tests.html_page import Page
from tests.laws import examples
from tests.material_samples import PDF, png

from conferencekit.document import conference_from_text
from conferencekit.form.catalogue import LOCALES, text
from conferencekit.form.texts import ISSUES
from conferencekit.registration.rules import Override
from conferencekit.secretariat.pages import Answer, Pages, reader_locale
from conferencekit.testing.secretariat import SecretariatForTests, conference_for_tests
from conferencekit.text import LocalizedText

PASSWORD = "correct horse battery staple"
PNG = png()


class Desk:
    """A secretariat in memory with its pages, and how people come to it."""

    def __init__(self, conference=None, **options) -> None:
        self.secretariat = SecretariatForTests(conference or conference_for_tests(address="verify"))
        self.options = options

    @property
    def pages(self) -> Pages:
        return Pages(self.secretariat, **self.options)

    def form(self, **changes: object) -> dict[str, object]:
        facts = {"full_name": "Ada Example", "email": "ada@example.org", "password": PASSWORD}
        return {**facts, "country": "GB", "consent": "yes", **changes}

    def token(self, purpose: str) -> str:
        """The only registrant's token."""
        (found,) = self.secretariat.registrations.find()
        return self.secretariat.shell.links.token(purpose, found.id)

    def verified(self) -> str:
        """Somebody who is registered for good; their token for input."""
        self.pages.register(self.form())
        self.pages.verify(self.token("verify"), {})
        return self.token("contribute")

    def close(self, name: str) -> None:
        """Let the deadline pass."""
        self.secretariat.clock.move_to(self.secretariat.conference.deadline(name).cutoff().instant)

    def entries(self) -> list[str]:
        return [each.body["action"] for each in self.secretariat.ledger.entries()]


@pytest.fixture
def desk():
    made = Desk()
    with made.secretariat:
        yield made


def answers(**changes: object) -> dict[str, object]:
    return {
        "topic-1": "Tests that fail first.",
        "language": "en",
        "quote": "named",
        "publish": "no",
        **changes,
    }


def upload(data: bytes = PNG, name: str = "figure.png", media_type: str = "image/png"):
    return {"materials": [(name, io.BytesIO(data), media_type)]}


def read(answer: Answer) -> Page:
    return Page(answer.body.decode()).check()


def said(answer: Answer) -> str:
    """The heading of a page."""
    return re.search("<h1>(.*?)</h1>", str(answer.page))[1]


# -- statuses


def test_registering_is_answered_by_status(desk):
    """200 for the form and the reference, 422 for the form with its errors."""
    assert (desk.pages.register().status, said(desk.pages.register())) == (200, "Registration")
    wrong = desk.pages.register(desk.form(email="x"))
    assert wrong.status == 422
    assert 'value="Ada Example"' in str(wrong.page)
    assert PASSWORD not in str(wrong.page)
    done = desk.pages.register(desk.form())
    assert (done.status, said(done)) == (200, "We have received your registration")
    assert desk.pages.register({}).status == 422


def test_what_to_do_if_no_mail_comes_stands_below_the_form_and_after_it():
    """As the document has it, in the reader's language, escaped; without a word of its own, the usual ones."""
    words = LocalizedText({"en": "Look again.\n\nAsk <b>us</b>.", "fr": "Regardez encore."})
    conference = conference_for_tests(address="verify")
    desk = Desk(evolve(conference, registration=evolve(conference.registration, help=words)), locale="en")
    for page in (desk.pages.register(), desk.pages.register(desk.form())):
        html = str(page.page)
        assert "<p>Ask &lt;b&gt;us&lt;/b&gt;.</p>" in html
        assert html.find("</form>") < html.index("<p>Look again.</p>")
        assert text("received_sign_in", "en") not in html
    usual = Desk().pages
    assert text("received_sign_in", "en") in str(usual.register(desk.form()).page)


def test_verifying_is_answered_by_status(desk):
    """A button, done, done again; 404 for what is no link, 409 for one that is out of date."""
    desk.pages.register(desk.form())
    token = desk.token("verify")
    assert said(desk.pages.verify(token)) == "Is this your e-mail address?"
    assert said(desk.pages.verify(token, {})) == "Your address is verified"
    assert (desk.pages.verify(token).status, desk.pages.verify(token, {}).status) == (200, 200)
    assert (desk.pages.verify("r-x.y").status, desk.pages.verify("r-x.y", {}).status) == (404, 404)
    assert desk.pages.verify(desk.token("manage")).status == 404


def test_who_verifies_sees_what_they_verify(desk):
    """Address, name and conference, escaped; nothing of it without the right token, and looking changes nothing."""
    desk.pages.register(desk.form(full_name="Ada <b>Example</b>"))
    token, before = desk.token("verify"), desk.entries()
    page = str(desk.pages.verify(token).page).split("<main")[1]
    for each in ("ada@example.org", "Ada &lt;b&gt;Example&lt;/b&gt;", "A Conference for Tests"):
        assert each in page
    read(desk.pages.verify(token)).check()
    assert desk.entries() == before
    for wrong in (token[:-1] + ("A" if token[-1] != "A" else "B"), desk.token("manage"), token.split(".")[0]):
        answer = desk.pages.verify(wrong)
        assert answer.status == 404
        assert "Ada" not in str(answer.page)
    desk.pages.verify(token, {})
    assert "Ada" not in str(desk.pages.verify(token).page)


def test_a_link_that_came_too_late_says_so(desk):
    """409, when it is looked at after its place was given back too."""
    desk.pages.register(desk.form())
    token = desk.token("verify")
    desk.secretariat.clock.move(timedelta(hours=49))
    assert (desk.pages.verify(token, {}).status, said(desk.pages.verify(token, {}))) == (
        409,
        "This link is out of date",
    )
    desk.secretariat.tick()
    assert (desk.pages.verify(token).status, said(desk.pages.verify(token))) == (
        409,
        "This link is out of date",
    )
    assert desk.pages.manage(desk.token("manage"), {}).status == 409


def test_a_link_of_somebody_who_cancelled_was_used(desk):
    """What it was for is done."""
    desk.verified()
    desk.pages.manage(desk.token("manage"), {})
    for posted in (None, {}):
        found = desk.pages.verify(desk.token("verify"), posted)
        assert (found.status, said(found)) == (409, "This link was used before")


def test_cancelling_is_answered_by_status(desk):
    """A button with name and reference, done, and done again; an organiser's no is none of theirs."""
    contribute = desk.verified()
    token = desk.token("manage")
    assert "Ada Example (" in str(desk.pages.manage(token).page)
    assert [said(desk.pages.manage(token, posted)) for posted in ({}, None, {})] == [
        "Your registration is cancelled"
    ] * 3
    assert said(desk.pages.contribute(contribute)) == "Your registration is cancelled"
    assert desk.pages.manage("r-x.y", {}).status == 404


def test_a_declined_person_is_told_that_nothing_can_be_done():
    """409: neither cancelling nor contributing is possible."""
    desk = Desk(conference_for_tests(approval="organiser"))
    desk.pages.register(desk.form())
    (found,) = desk.secretariat.registrations.find()
    desk.secretariat.acting("Olga").registrations.decline(found.id)
    assert [desk.pages.manage(desk.token("manage"), posted).status for posted in (None, {})] == [409, 409]
    assert desk.pages.contribute(desk.token("contribute"), answers()).status == 409


def test_cancelling_while_the_organiser_declines_is_answered(desk, monkeypatch):
    """The state changes between the look and the act: still a page, no exception."""
    desk.verified()
    token = desk.token("manage")
    registrations = desk.secretariat.registrations
    cancel = registrations.cancel
    monkeypatch.setattr(registrations, "cancel", lambda person: (cancel(person), cancel(person)))
    assert said(desk.pages.manage(token, {})) == "Your registration is cancelled"


def test_signing_in_is_answered_by_status(desk):
    """303 to the personal page, 422 for everything else, alike."""
    token = desk.verified()
    right = desk.pages.sign_in({"email": "ADA@example.org", "password": PASSWORD})
    assert (right.status, right.body) == (303, b"")
    assert right.location == right.headers["Location"] == f"https://conference.example.org/contribute/{token}"
    wrong = [
        {"email": "ada@example.org", "password": "x"},
        {},
        {"email": ["a"], "password": 7},
        "text",
        7,
        [],
    ]
    assert {desk.pages.sign_in(posted).status for posted in wrong} == {422}
    assert desk.pages.sign_in().status == 200


def test_whoever_waits_for_a_decision_signs_in_to_their_registration():
    """There is nothing to contribute yet, and the page says so."""
    desk = Desk(conference_for_tests(approval="organiser"))
    desk.pages.register(desk.form())
    found = desk.pages.sign_in({"email": "ada@example.org", "password": PASSWORD})
    assert "/registration/" in found.location
    page = desk.pages.contribute(desk.token("contribute"))
    assert (page.status, "Register first" in str(page.page)) == (409, True)
    assert desk.pages.contribute(desk.token("contribute"), answers()).status == 422


def test_contributing_is_answered_by_status(desk):
    """200 for the form, a draft and a submission, 422 for what is wrong, 404 for what is no link."""
    token = desk.verified()
    assert said(desk.pages.contribute(token)) == "Declaration on Tests"
    draft = desk.pages.contribute(token, {"topic-1": "Half", "action": "save"})
    assert (draft.status, "Your draft is saved" in str(draft.page)) == (200, True)
    assert desk.pages.contribute(token, {}).status == 422
    done = desk.pages.contribute(token, answers(), files=upload())
    assert (done.status, "T-001" in str(done.page), "figure.png" in str(done.page)) == (200, True, True)
    assert desk.pages.contribute("r-x.y", answers()).status == 404


def test_a_conference_without_a_call_takes_no_input():
    """Signing in leads to the registration instead."""
    desk = Desk(evolve(conference_for_tests(), call=None))
    desk.pages.register(desk.form())
    assert "/registration/" in desk.pages.sign_in({"email": "ada@example.org", "password": PASSWORD}).location
    assert desk.pages.contribute(desk.token("contribute")).status == 404
    assert desk.pages.max_bytes < 10_000_000


def test_every_page_is_well_formed_and_leads_somewhere(desk):
    """Ids are unique, labels and descriptions find what they name."""
    token = desk.verified()
    for each in (
        desk.pages.register(),
        desk.pages.register({}),
        desk.pages.sign_in({}),
        desk.pages.contribute(token, {}),
        desk.pages.contribute(token, answers(), files=upload()),
        desk.pages.contribute(token),
        desk.pages.contribute(token, {"action": "withdraw"}),
        desk.pages.manage(desk.token("manage")),
    ):
        read(each)


# -- looking


def test_looking_changes_nothing(desk):
    """In every state, all pages, whichever the link: the log and the outbox stay as they are."""

    def look() -> None:
        before, mails = desk.entries(), len(desk.secretariat.outbox)
        tokens = (
            [desk.token(purpose) for purpose in ("verify", "manage", "contribute")]
            if "register" in before
            else []
        )
        for token in [*tokens, "r-x.y", "", "\0", "x" * 1000]:
            for page in (desk.pages.verify, desk.pages.manage, desk.pages.contribute):
                assert page(token).status in (200, 404, 409)
        assert desk.pages.register().status == desk.pages.sign_in().status == 200
        assert (desk.entries(), len(desk.secretariat.outbox)) == (before, mails)

    desk.pages.register()  # the first use of a store writes the conference into it
    look()
    desk.pages.register(desk.form())
    look()
    desk.pages.verify(desk.token("verify"), {})
    look()
    for posted in ({**answers(), "action": "save"}, answers(), {"action": "withdraw", "sure": "yes"}):
        desk.pages.contribute(desk.token("contribute"), posted)
        look()
    desk.pages.manage(desk.token("manage"), {})
    look()
    desk.close("registration")
    look()


# -- before and after the time


def test_after_the_deadline_the_form_makes_way_for_words(desk):
    """With the last moment and the way to sign in; what is posted all the same is refused and kept."""
    desk.close("registration")
    page = desk.pages.register()
    assert said(page) == "This is closed"
    assert "1 May 2027, 23:59:59" in str(page.page)
    assert read(page).all("a", href="https://conference.example.org/sign-in")
    late = desk.pages.register(desk.form())
    assert (late.status, 'value="Ada Example"' in str(late.page)) == (422, True)


def test_before_it_opens_the_page_says_when(desk):
    """The same, the other way round."""
    document = """
    [conference]
    id = "soon"
    title = "Soon"
    timezone = "Asia/Shanghai"
    timezone_label = "Beijing time"
    contact = "a@example.org"
    [[sessions]]
    id = "a"
    title = "A"
    starts = 2027-05-20T09:00:00
    ends = 2027-05-20T10:30:00
    [deadlines.registration]
    opens = 2027-04-10T09:00:00
    through = 2027-05-01
    """
    desk = Desk(conference_from_text(document, syntax="toml"))
    page = desk.pages.register()
    assert said(page) == "This is not open yet"
    assert "10 April 2027" in str(page.page)
    assert "Beijing time" in str(page.page)


def test_after_the_cutoff_people_read_what_they_gave_and_may_take_it_back(desk):
    """No form any more, the answers and files, and the button that withdraws."""
    token = desk.verified()
    desk.pages.contribute(token, answers(), files=upload())
    desk.close("input")
    page = str(desk.pages.contribute(token).page)
    assert "<textarea" not in page
    assert all(
        each in page for each in ("T-001", "Tests that fail first.", "figure.png", "The deadline has passed")
    )
    assert desk.pages.contribute(token, answers(**{"topic-1": "Too late"})).status == 422
    assert (
        said(desk.pages.contribute(token, {"action": "withdraw", "sure": "yes"}))
        == "Your contribution is withdrawn"
    )


def test_whoever_gave_nothing_reads_that_it_is_over(desk):
    """And until when it was open."""
    token = desk.verified()
    desk.close("input")
    page = desk.pages.contribute(token)
    assert (page.status, said(page)) == (200, "This is closed")
    assert "30 April 2027" in str(page.page)


# -- contributions


def test_what_is_there_already_is_shown_with_the_form(desk):
    """Texts and links in the form, files by name, the number, and the button that withdraws."""
    token = desk.verified()
    desk.pages.contribute(
        token, answers(links="https://example.org/a"), files=upload(PDF, "<b>.pdf", "application/pdf")
    )
    page = str(desk.pages.contribute(token).page)
    assert "Tests that fail first.</textarea>" in page
    assert "https://example.org/a</textarea>" in page
    assert "&lt;b&gt;.pdf" in page
    assert "T-001" in page


def test_a_file_is_removed_by_its_button(desk):
    """It leaves the draft; what was submitted changes with the next submission, and the file goes with it."""
    token = desk.verified()
    desk.pages.contribute(token, answers(), files=upload(PDF, "<b>.pdf", "application/pdf"))
    page = desk.pages.contribute(token)
    assert "Remove &lt;b&gt;.pdf</button>" in str(page.page)
    fields = {each["name"]: each["value"] for each in read(page).all("input", type="hidden", name="material")}
    removed = desk.pages.contribute(token, {"action": "remove", **fields})
    assert (removed.status, "Your draft is saved" in str(removed.page)) == (200, True)
    assert len(desk.secretariat.contributions.live()[0].latest.materials) == 1
    assert "&lt;b&gt;.pdf" not in str(desk.pages.contribute(token).page)
    assert desk.pages.contribute(token, {"action": "remove", **fields}).status == 422
    desk.pages.contribute(token, answers())
    assert desk.secretariat.contributions.live()[0].latest.materials == ()


@pytest.mark.parametrize("material", [{}, {"material": "x"}, {"material": ["x"]}])
def test_removing_what_is_not_there_is_refused(desk, material):
    """Also before anything was given."""
    token = desk.verified()
    assert desk.pages.contribute(token, {"action": "remove", **material}).status == 422


def test_withdrawing_is_asked_twice(desk):
    """The first press changes nothing; the second one cannot be undone, and nothing can be sent afterwards."""
    token = desk.verified()
    desk.pages.contribute(token, answers())
    before = desk.entries()
    sure = desk.pages.contribute(token, {"action": "withdraw"})
    assert (said(sure), desk.entries()) == ("Withdraw your contribution", before)
    assert {"action", "sure"} == {each["name"] for each in read(sure).all("input", type="hidden")}
    assert desk.pages.contribute(token, {"action": "withdraw", "sure": "yes"}).status == 200
    assert said(desk.pages.contribute(token)) == "Your contribution is withdrawn"
    assert desk.pages.contribute(token, answers()).status == 422


def test_whoever_cancelled_may_still_take_back_what_they_gave(desk):
    """What they wrote and the button that withdraws, but no form."""
    token = desk.verified()
    desk.pages.contribute(token, answers())
    desk.pages.manage(desk.token("manage"), {})
    page = str(desk.pages.contribute(token).page)
    assert "<textarea" not in page
    assert "Tests that fail first." in page
    assert desk.pages.contribute(token, answers(**{"topic-1": "More"})).status == 422
    assert said(desk.pages.contribute(token, {"action": "withdraw"})) == "Withdraw your contribution"
    assert (
        said(desk.pages.contribute(token, {"action": "withdraw", "sure": "yes"}))
        == "Your contribution is withdrawn"
    )
    assert said(desk.pages.contribute(token)) == "Your registration is cancelled"


@pytest.mark.parametrize("end", ["cancelled", "closed"])
def test_whoever_may_change_nothing_else_takes_a_consent_back(desk, end):
    """Only what is less than before is offered, and taken."""
    token = desk.verified()
    desk.pages.contribute(token, answers(publish="anonymous"))
    if end == "cancelled":
        desk.pages.manage(desk.token("manage"), {})
    else:
        desk.close("input")
    page = read(desk.pages.contribute(token))
    offered = [
        [each["value"] for each in page.all("input", type="radio", name=name)]
        for name in ("quote", "publish")
    ]
    assert offered == [["no", "anonymous", "named"], ["no", "anonymous"]]
    wider = desk.pages.contribute(token, {"action": "consent", "quote": "no", "publish": "named"})
    assert (wider.status, "<textarea" in str(wider.page)) == (422, False)
    done = desk.pages.contribute(token, {"action": "consent", "quote": "no", "publish": "anonymous"})
    assert (done.status, "What you agree to is changed" in str(done.page)) == (200, True)
    (kept,) = desk.secretariat.contributions.live()
    assert (kept.quote, kept.publish) == ("no", "anonymous")
    page = read(desk.pages.contribute(token))
    assert not page.all("input", type="radio", name="quote")
    desk.pages.contribute(token, {"action": "consent", "publish": "no"})
    assert b'value="consent"' not in desk.pages.contribute(token).body


def test_withdrawing_nothing_is_refused(desk):
    """There is nothing, and the page says so."""
    page = desk.pages.contribute(desk.verified(), {"action": "withdraw", "sure": "yes"})
    assert (page.status, "There is no contribution to withdraw" in str(page.page)) == (422, True)


def test_uploads_may_come_with_the_form(desk):
    """As Starlette hands them over: without `files`, those of the form count."""
    token = desk.verified()
    assert "figure.png" in str(desk.pages.contribute(token, {**answers(), **upload()}).page)


# -- words


@pytest.mark.parametrize("locale", LOCALES)
def test_every_page_speaks_the_reader_s_language(locale):
    """And is written in its direction."""
    conference = evolve(conference_for_tests(address="verify"), languages=LOCALES)
    desk = Desk(conference, locale=locale)
    direction = "rtl" if locale == "ar" else "ltr"
    found = [desk.pages.register(), desk.pages.register({}), desk.pages.sign_in(), desk.pages.sign_in({})]
    found += [desk.pages.verify("x"), desk.pages.register(desk.form())]
    desk.options = {}  # from here on the language of the registration counts
    found += [desk.pages.verify(desk.token("verify")), desk.pages.verify(desk.token("verify"), {})]
    token = desk.token("contribute")
    found += [
        desk.pages.contribute(token),
        desk.pages.contribute(token, {}),
        desk.pages.contribute(token, answers()),
    ]
    found += [desk.pages.manage(desk.token("manage")), desk.pages.manage(desk.token("manage"), {})]
    for each in found:
        assert read(each).all("html", lang=locale, dir=direction)
    assert text("register", locale) in str(found[0].page)


REFUSED = [
    ("too_long", answers(**{"topic-1": "x" * 30_000}), None),
    ("empty", {"language": "en", "quote": "no", "publish": "no"}, None),
    ("choose", answers(language=""), None),
    ("choice", answers(quote="maybe"), None),
    ("link_scheme", answers(links="ftp://example.org"), None),
    ("link_credentials", answers(links="https://a:b@example.org"), None),
    ("link", answers(links="https://"), None),
    ("too_many_links", answers(links="\n".join(f"https://example.org/{n}" for n in range(30))), None),
    ("file_mismatch", answers(), upload(PNG, "a.pdf", "application/pdf")),
    ("file_unsafe", answers(), upload(b"MZ" + bytes(99), "a.pdf", "application/pdf")),
    ("file_empty", answers(), upload(b"")),
    ("file_type", answers(), upload(PNG, "a.exe", "image/png")),
    ("file_name", answers(), upload(PNG, "../a.png", "image/png")),
    ("file_not_text", answers(), upload(b"caf\xe9", "a.txt", "text/plain")),
    ("file_archive", answers(), upload(b"PK\3\4" + bytes(99), "a.docx", "")),
    ("too_many_files", answers(), {"materials": [("a.png", io.BytesIO(PNG), "image/png")] * 11}),
]


@pytest.mark.parametrize(("code", "posted", "files"), REFUSED, ids=[each[0] for each in REFUSED])
def test_every_reason_has_words(desk, code, posted, files):
    """Its own, in the summary, with every value filled in."""
    found = desk.pages.contribute(desk.verified(), posted, files=files)
    assert found.status == 422
    summary = str(found.page).split('class="ck-summary"')[1].split("</div>")[0]
    words = [
        re.sub(r"\\{\w+\\}", ".+", re.escape(ISSUES["en"][key]))
        for key in (code, f"{code}.question", f"{code}.program")
        if key in ISSUES["en"]
    ]
    assert any(re.search(each, summary) for each in words), summary
    assert not re.search(r"\?(?! with)[ ;:]|\{", summary)


def test_hidden_values_go_into_every_form():
    """Such as a CSRF token of the host."""
    desk = Desk(hidden={"csrf": 'a"<b'})
    token = desk.verified()
    for each in (
        desk.pages.register(),
        desk.pages.register({}),
        desk.pages.sign_in(),
        desk.pages.sign_in({}),
        desk.pages.contribute(token),
        desk.pages.contribute(token, answers()),
        desk.pages.contribute(token),
        desk.pages.contribute(token, {"action": "withdraw"}),
        desk.pages.manage(desk.token("manage")),
    ):
        page = read(each)
        assert len(page.all("input", name="csrf", value='a"<b')) == len(page.all("form"))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (None, "en"),
        ("", "en"),
        ("fr", "fr"),
        ("fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", "fr"),
        ("en;q=0.1, ar", "ar"),
        ("fr;q=0, ar ; q=0.3", "ar"),
        ("tlh, zh-Hant-TW", "en"),
        ("*", "en"),
        (";;,,q=,\0,fr;q=9", "fr"),
        ("x" * 1000 + ",fr", "en"),
    ],
)
def test_the_reader_s_language_is_the_one_wished_for_most(wanted, found):
    """A whole Accept-Language header, whatever it holds."""
    assert reader_locale(wanted, ("en", "fr", "ar")) == found


@given(st.text(max_size=200))
def test_any_header_finds_a_language(wanted):
    """Nothing that a browser sends raises."""
    assert reader_locale(wanted, ("en", "fr")) in ("en", "fr")


anything = st.recursive(
    st.none() | st.text(max_size=50) | st.binary(max_size=20) | st.integers() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=5,
)
NAMES = (
    "full_name",
    "email",
    "password",
    "country",
    "consent",
    "submission_id",
    "action",
    "sure",
    "topic-1",
    "language",
)


@examples(60)
@given(
    st.dictionaries(st.sampled_from([*NAMES, "quote", "publish", "links", "materials"]), anything, max_size=8)
)
def test_nothing_that_is_posted_raises(posted):
    """As a form, or as somebody's JSON: every page answers."""
    desk = Desk()
    with desk.secretariat:
        token = desk.verified()
        assert desk.pages.register(posted).status in (200, 422)
        assert desk.pages.sign_in(posted).status in (303, 422)
        assert desk.pages.contribute(token, posted).status in (200, 422)


def test_the_pages_follow_a_reloaded_conference(desk):
    """They hold nothing that could be out of date."""
    pages = desk.pages
    assert "free" in str(pages.register().page)
    changed = evolve(
        desk.secretariat.conference, fee=evolve(desk.secretariat.conference.fee, texts={"en": "20 euros"})
    )
    desk.secretariat.reload(changed, by="Olga")
    assert "20 euros" in str(pages.register().page)


def test_late_entries_of_organisers_read_their_own_pages(desk):
    """Who was entered after the deadline has the same pages."""
    desk.close("registration")
    entered = desk.secretariat.acting("Olga").register(
        desk.form(), override=Override(reason="by post", late=True)
    )
    assert entered.registration.late
    assert desk.pages.manage(desk.token("manage")).status == 200
    assert said(desk.pages.contribute(desk.token("contribute"))) == "This is closed"
