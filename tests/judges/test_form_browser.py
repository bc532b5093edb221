"""The shipped pages in a real browser: without JavaScript, at 320 px, by keyboard, and under axe-core.

Needs Debian's `chromium` (or CHROMIUM=path), `playwright` from PyPI (its own browsers are not needed), and for the
accessibility rules axe-core from npm: AXE=path/to/axe.min.js, or `npm install axe-core` in the working directory.
What is missing is skipped with its reason.
"""

from __future__ import annotations

import os
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from conferencekit.conference import FREE
from conferencekit.form.fields import Choice, Field, Form
from conferencekit.form.pages import (
    Frame,
    confirm_page,
    contribution_page,
    form_page,
    message_page,
    received_page,
    sign_in_page,
)
from conferencekit.form.reading import read
from conferencekit.form.rendering import Button, render
from conferencekit.form.standard import standard_form
from conferencekit.form.style import content_security_policy
from conferencekit.text import LocalizedText

playwright = pytest.importorskip("playwright.sync_api", reason="playwright (PyPI) drives the browser")

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-headless-shell")
AXE = Path(os.environ.get("AXE", "node_modules/axe-core/axe.min.js"))
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium here: apt-get install chromium, or CHROMIUM=path"),
]

L = LocalizedText.of
GOOD = {
    "full_name": "Amina Diallo",
    "email": "amina@example.org",
    "password": "correct horse battery",
    "country": "SN",
    "consent": True,
}
DEADLINE = {
    "en": "closes when Monday 30 November 2020 begins in Beijing: last moment Sunday 29 November 2020, 23:59:59 (UTC+08:00)",
    "ar": "آخر لحظة الأحد 29 نوفمبر 2020، 23:59:59 بتوقيت بكين (UTC+08:00)",
}
CONTRIBUTION = Form(
    title=L("Contribution"),
    fields=(
        Field(
            name="topic-1",
            kind="textarea",
            label=L("How do you ensure quality?"),
            max_length=20_000,
            required=False,
        ),
        Field(
            name="quoted",
            kind="choice",
            label=L("May we quote you?"),
            choices=(Choice(value="name", label=L("Yes, by name")), Choice(value="no", label=L("No"))),
        ),
        Field(
            name="files",
            kind="file",
            label=L("Materials"),
            accept=(".pdf", ".pptx"),
            max_files=10,
            max_bytes=200_000_000,
        ),
    ),
)


def frame(locale):
    """The model conference's frame."""
    return Frame(
        conference=LocalizedText({"en": "Global MOOC Conference 2020"}),
        theme=LocalizedText({"en": "Learning Revolution and Higher Education Transformation"}),
        locale=locale,
        contact="gmc2020@example.org",
        home="/",
    )


def registration(locale, posted=None):
    """The registration page: empty, or with what was wrong."""
    reading = read(standard_form(), posted) if posted is not None else None
    form = render(
        standard_form(),
        answers=posted,
        issues=reading.issues if reading else (),
        locale=locale,
        hidden={"submission_id": "s-1"},
        action=f"/register?{locale}",
    )
    deadline = DEADLINE.get(locale, DEADLINE["en"])
    return form_page(form, frame(locale), fee=FREE.text(locale), deadline=deadline, sign_in="/sign-in")


def contribution(locale):
    """The call's form with files and two buttons, as it is after an error."""
    form = render(
        CONTRIBUTION,
        answers={"topic-1": "An answer.\n" * 30},
        issues=read(CONTRIBUTION, {}).issues,
        locale=locale,
        buttons=(Button("Submit", "do", "submit"), Button("Save as a draft", "do", "draft", is_second=True)),
    )
    return form_page(form, frame(locale), title="Your contribution")


PAGES = {
    "registration": registration,
    "registration with errors": lambda locale: registration(
        locale, {"email": "nobody", "organisation": "x" * 300}
    ),
    "contribution": contribution,
    "received": lambda locale: received_page("GMC-7KQ2", frame(locale), sign_in="/sign-in"),
    "verify": lambda locale: confirm_page("verify", frame(locale), subject="amina@example.org"),
    "sign in": lambda locale: sign_in_page(frame(locale)),
    "closed": lambda locale: message_page("closed", frame(locale), links=[("Declaration", "/declaration")]),
    "status": lambda locale: contribution_page(
        "submitted",
        frame(locale),
        reference="G-017",
        deadline=DEADLINE["en"],
        answers=[("How do you ensure quality?", "By peer review.\nAlways."), ("Other?", "")],
        materials=[("a-very-long-file-name-without-any-space-in-it-" * 4 + ".pdf", "/x")],
        links=[("Change", "/change")],
        notice="submitted",
    ),
}
EVERY_PAGE = [(name, locale) for name in PAGES for locale in ("en", "ar")]


class Host(BaseHTTPRequestHandler):
    """The smallest host: shows the pages, takes the form."""

    def do_GET(self):
        path, locale = (
            urlsplit(self.path).path.strip("/").replace("%20", " "),
            urlsplit(self.path).query or "en",
        )
        self.answer(PAGES[path](locale) if path in PAGES else message_page("not_found", frame(locale)))

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        posted, locale = parse_qs(body, keep_blank_values=True), urlsplit(self.path).query or "en"
        reading = read(standard_form(), posted)
        assert posted["submission_id"] == ["s-1"]
        self.answer(
            received_page("GMC-1", frame(locale)) if reading.is_valid else registration(locale, posted)
        )

    def answer(self, page):
        """Send a page under its own policy."""
        data = str(page).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Content-Security-Policy", content_security_policy())
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(scope="module")
def site():
    """The address of a running host."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Host)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser():
    """A Chromium that asks nothing of the network."""
    with playwright.sync_playwright() as running:
        chromium = running.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser, site):
    """Opens a page of the host in a window of its own."""
    contexts = []

    def opened(name, locale="en", width=1024, javascript=True):
        context = browser.new_context(
            viewport={"width": width, "height": 800}, java_script_enabled=javascript, bypass_csp=javascript
        )
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{site}/{name}?{locale}")
        return page

    yield opened
    for context in contexts:
        context.close()


def send(page):
    """Press the button, and wait for the page that answers: a click alone does not wait for it."""
    with page.expect_navigation():
        page.get_by_role("button", name="Send").click()


def test_a_person_without_javascript_corrects_a_form_and_is_registered(open_page):
    """Everything wrong, then one thing, then nothing."""
    page = open_page("registration", javascript=False)
    send(page)
    assert page.title().startswith("Error: Registration")
    assert page.get_by_role("alert").get_by_role("link").count() == 5

    page.get_by_label("Full name").fill(GOOD["full_name"])
    page.get_by_label("E-mail address").fill("amina@nowhere")
    page.get_by_label("Password").fill(GOOD["password"])
    page.get_by_label("Country").select_option("SN")
    page.get_by_label("I agree").check()
    send(page)
    assert page.get_by_role("alert").get_by_role("link").all_inner_texts() == [
        "Enter your e-mail address in full, like name@example.org",
    ]
    assert page.get_by_label("Full name").input_value() == GOOD["full_name"]
    assert page.get_by_label("Country").input_value() == "SN"
    assert page.get_by_label("I agree").is_checked()
    assert page.get_by_label("Password").input_value() == ""

    page.get_by_label("E-mail address").fill(GOOD["email"])
    page.get_by_label("Password").fill(GOOD["password"])
    send(page)
    assert page.get_by_role("heading", level=1).inner_text() == "We have received your registration"
    assert page.get_by_text("GMC-1").is_visible()


def test_the_summary_has_the_focus_and_leads_to_the_fields(open_page):
    """Screen readers and keyboards begin where the problem is."""
    page = open_page("registration with errors")

    # a browser gives the focus when it draws the page, which may be after it was loaded
    page.wait_for_function("document.activeElement.getAttribute('role') === 'alert'")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.id === 'f-full_name'")


def test_the_tab_key_goes_through_the_form_in_order(open_page):
    """As it reads."""
    page = open_page("registration")
    page.get_by_label("Full name").focus()
    visited = ["full_name"]
    for _ in range(5):
        page.keyboard.press("Tab")
        visited.append(page.evaluate("document.activeElement.name"))
    page.keyboard.press("Tab")

    assert visited == [each.name for each in standard_form().fields]
    assert page.evaluate("document.activeElement.type") == "submit"


@pytest.mark.parametrize(("name", "locale"), EVERY_PAGE)
def test_no_page_scrolls_sideways_at_320_px_and_every_target_can_be_hit(open_page, name, locale):
    """WCAG 1.4.10 and 2.5.8: what axe does not see."""
    page = open_page(name, locale, width=320)
    small = page.evaluate(
        """() => [...document.querySelectorAll('input:not([type=hidden]), select, textarea, button, a')]
            .map(each => [each.outerHTML.slice(0, 120), each.getBoundingClientRect()])
            .filter(([_, box]) => box.height < 24 || box.width < 24).map(([html]) => html)"""
    )

    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert small == []


@pytest.mark.parametrize(("name", "locale"), EVERY_PAGE)
def test_axe_finds_nothing_wrong(open_page, name, locale):
    """All rules of WCAG 2.2 A and AA that a program can check, and axe's best practices."""
    if not AXE.exists():
        pytest.skip("no axe-core here: npm install axe-core, or AXE=path/to/axe.min.js")
    page = open_page(name, locale)
    page.add_script_tag(path=AXE)
    result = page.evaluate("tags => axe.run(document, {runOnly: tags})", AXE_TAGS)

    assert [(each["id"], each["nodes"][0]["html"]) for each in result["violations"]] == []
    assert len(result["passes"]) > 15


def test_axe_can_find_something(open_page):
    """A judge that never objects proves nothing."""
    if not AXE.exists():
        pytest.skip("no axe-core here: npm install axe-core, or AXE=path/to/axe.min.js")
    page = open_page("registration")
    page.evaluate("document.querySelectorAll('label').forEach(each => each.remove())")
    page.add_script_tag(path=AXE)
    result = page.evaluate("tags => axe.run(document, {runOnly: tags})", AXE_TAGS)

    assert {"label", "select-name"} <= {each["id"] for each in result["violations"]}


def test_the_stylesheet_is_allowed_by_the_pages_own_policy(open_page):
    """And without JavaScript it is all that the page needs."""
    page = open_page("registration", javascript=False)

    assert page.get_by_role("button", name="Send").bounding_box()["height"] >= 44
