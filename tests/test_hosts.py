"""The hosts of `examples/`, driven over HTTP: each framework hands over forms and files in its own way."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from tests.hosts import EXAMPLES, PASSWORD, SERVERS, credentials, hidden, running
from tests.html_page import Page
from tests.material_samples import PDF, png

from conferencekit.calendar import validate
from conferencekit.calendar.validate_tables import FEED
from conferencekit.testing.loopback import kept_port

PNG = png()


@pytest.fixture(scope="session", params=sorted(SERVERS))
def host(request, tmp_path_factory):
    """Each host, with a store of its own; every test brings people of its own."""
    with running(request.param, tmp_path_factory.mktemp(request.param)) as running_host:
        yield running_host


@pytest.fixture
def someone(request) -> str:
    """A name that nobody else has: that of the test."""
    return re.sub(r"[^a-z]+", "-", request.node.originalname.removeprefix("test_"))[:50].strip("-")


def answers(**changes: str) -> dict[str, str]:
    return {
        "topic-1": "Tests that fail first.",
        "language": "en",
        "quote": "named",
        "publish": "no",
        **changes,
    }


def shape(page: str) -> str:
    """A page without what differs from one to the next."""
    return re.sub(r"[0-9A-Z]{4}-[0-9A-Z]{4}|s-[0-9a-z]{16}", "…", page)


def test_the_form_says_what_it_costs_and_until_when(host):
    """Fee and deadline stand where a person decides."""
    page = host.client.get("/register")
    assert page.status_code == 200
    assert "<dd>free</dd>" in page.text
    assert "1 May 2036, 23:59:59 (Europe/Paris, UTC+02:00)" in page.text
    Page(page.text).check()


def test_pages_go_out_with_headers_that_protect_them(host):
    """Nobody stores or frames them, no script runs, no address with a proof leaves by a referrer."""
    headers = host.client.get("/sign-in").headers
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_a_wrong_form_comes_back_with_its_answers(host, someone):
    """422, the answers kept and the error beside its field; the password is not repeated."""
    page = host.register(someone, email="<not> an address", country="XX")
    assert page.status_code == 422
    assert f'value="{someone} Example"' in page.text
    assert 'value="&lt;not&gt; an address"' in page.text
    assert 'href="#f-email"' in page.text
    assert PASSWORD not in page.text


def test_a_known_address_gets_the_same_page_as_a_new_one(host, someone):
    """Nobody learns from the page whether an address is registered; its owner gets a mail."""
    first, again = host.register(someone), host.register(someone, full_name="Somebody Else")
    assert (first.status_code, again.status_code) == (200, 200)
    assert shape(first.text) == shape(again.text)
    assert len(host.mails(someone)) == 2


def test_the_whole_way_from_the_form_to_the_declaration(host, someone):
    """Register, verify, get the invite, sign in, contribute with two files."""
    reference = re.search("[0-9A-Z]{4}-[0-9A-Z]{4}", host.register(someone).text)[0]
    assert "address is verified" in host.client.post(host.link(someone, "verify")).text
    confirmed = host.mails(someone)[-1]
    assert reference in confirmed.get_body(("plain",)).get_content()
    assert any(each.get_content_type() == "text/calendar" for each in confirmed.walk())
    page = host.client.post("/sign-in", data=credentials(someone)).headers["Location"]
    assert page == host.site + host.link(someone, "contribute")
    files = [
        ("materials", ("carte.png", PNG, "image/png")),
        ("materials", ("Bericht.pdf", PDF, "application/pdf")),
    ]
    done = host.client.post(page, data=answers(), files=files)
    assert done.status_code == 200
    label = re.search(r"T-\d{3}", done.text)[0]
    (given,) = [each for each in host.secretariat.contributions.live() if each.name == f"{someone} Example"]
    assert host.secretariat.contributions.label(given) == label
    assert [(each.name, each.size) for each in given.latest.materials] == [
        ("carte.png", len(PNG)),
        ("Bericht.pdf", len(PDF)),
    ]
    assert (host.folder / "records.db.files").is_dir()
    assert label in host.mails(someone)[-1].get_body(("plain",)).get_content()


def test_opening_a_link_changes_nothing(host, someone):
    """A mail scanner may look at any of them, as often as it likes."""
    host.register(someone)
    verify = host.link(someone, "verify")
    before = host.entries()
    for _ in range(2):
        assert "<button" in host.client.get(verify).text
        assert host.client.head(verify).status_code == 200
    assert host.entries() == before
    assert host.client.post(verify).status_code == 200
    links = [host.link(someone, purpose) for purpose in ("verify", "contribute", "registration")]
    before = host.entries()
    assert [host.client.get(link).status_code for link in links] == [200, 200, 200]
    assert host.entries() == before


def test_sign_in_tells_a_stranger_nothing(host, someone):
    """An unknown address and a wrong password get the same page."""
    host.register(someone)
    wrong = host.client.post("/sign-in", data=credentials(someone, "wrong"))
    unknown = host.client.post("/sign-in", data=credentials("n" * len(someone)))
    assert (wrong.status_code, unknown.status_code) == (422, 422)
    assert wrong.text.replace(someone, "…") == unknown.text.replace("n" * len(someone), "…")
    assert "wrong" not in re.findall('type="password".*?>', wrong.text)[0]


def test_a_form_without_a_file_is_taken(host, someone):
    """Browsers send an empty part for an empty file input."""
    page = host.contributor(someone)
    done = host.client.post(page, data=answers(), files={"materials": ("", b"", "application/octet-stream")})
    assert done.status_code == 200
    assert "T-" in done.text


def test_a_large_file_arrives_whole(host, someone):
    """Beyond what any framework keeps in memory."""
    data = PNG + os.urandom(64) * 60_000
    page = host.contributor(someone)
    done = host.client.post(page, data=answers(), files={"materials": ("large.png", data, "image/png")})
    assert done.status_code == 200
    digest = hashlib.sha256(data).hexdigest()
    assert [each.read_bytes() == data for each in host.folder.rglob(digest)] == [True]


def test_a_draft_is_kept_and_shown_again(host, someone):
    """What was saved stands in the form at the next visit, its file beneath it; nobody else sees it."""
    page = host.contributor(someone)
    before = len(host.secretariat.contributions.live())
    draft = {**answers(**{"topic-1": "Half a thought"}), "action": "save"}
    saved = host.client.post(page, data=draft, files={"materials": ("a.png", PNG, "image/png")})
    assert (saved.status_code, "Your draft is saved" in saved.text) == (200, True)
    again = host.client.get(page).text
    assert "Half a thought</textarea>" in again
    assert "<bdi>a.png</bdi>" in again
    assert len(host.secretariat.contributions.live()) == before


@pytest.mark.parametrize(
    ("name", "data", "media_type", "words"),
    [
        ("report.pdf", b"<html><script>alert(1)</script>", "application/pdf", "report.pdf"),
        ("photo.jpg", b"MZ" + bytes(100), "image/jpeg", "photo.jpg"),
        ("macro<b>.exe", b"MZ" + bytes(100), "application/pdf", "macro&lt;b&gt;.exe"),
        ("large.png", PNG + bytes(5_000_000), "image/png", "large.png: it may have 5"),
    ],
)
def test_a_hostile_file_is_refused_and_the_answers_stay(host, someone, name, data, media_type, words):
    """422, with what was written and what is wrong with the file; no byte of it stays."""
    page = host.contributor(f"{someone}-{len(data)}-{name[0]}")
    found = host.client.post(page, data=answers(), files={"materials": (name, data, media_type)})
    assert found.status_code == 422
    assert "Tests that fail first.</textarea>" in found.text
    assert words in found.text
    assert not any(each.stat().st_size == len(data) for each in host.folder.rglob("*"))


def test_a_text_where_a_file_belongs_is_no_file(host, someone):
    """And a file where a text belongs is no text."""
    page = host.contributor(someone)
    found = host.client.post(page, data={**answers(), "materials": "figure.png"})
    assert (found.status_code, "figure.png" in found.text) == (200, False)
    files = {"topic-1": ("a.txt", b"text", "text/plain"), "action": ("a.txt", b"withdraw", "text/plain")}
    found = host.client.post(page, data={"language": "en", "quote": "no", "publish": "no"}, files=files)
    assert found.status_code == 422


@pytest.mark.parametrize("path", ["/register", "/contribute/r-nobody.AAAA"])
def test_a_post_beyond_all_measure_is_refused_before_it_is_read(host, path):
    """413 by the announced length alone."""
    connection = http.client.HTTPConnection(host.site.removeprefix("http://"), timeout=30)
    connection.putrequest("POST", path)
    connection.putheader("Content-Type", "multipart/form-data; boundary=b")
    connection.putheader("Content-Length", "10000000000")
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_withdrawing_takes_two_buttons(host, someone):
    """It cannot be undone; afterwards the page says so, and the texts are gone."""
    page = host.contributor(someone)
    host.client.post(page, data=answers(**{"topic-1": "Words to be taken back"}))
    sure = host.client.post(page, data=hidden(host.client.get(page), 1))
    assert "Withdraw my contribution" in sure.text
    assert "Words to be taken back" in host.client.get(page).text
    gone = host.client.post(page, data=hidden(sure))
    assert "Your contribution is withdrawn" in gone.text
    assert "Words to be taken back" not in host.client.get(page).text


def test_cancelling_gives_the_place_back_once(host, someone):
    """GET shows the button, POST acts, a second press says the same; the personal links are dead."""
    page = host.contributor(someone)
    manage = host.link(someone, "registration")
    assert "Cancel my registration" in host.client.get(manage).text
    assert [host.client.post(manage).status_code for _ in range(2)] == [200, 200]
    assert "<form" not in host.client.get(page).text
    cancelled = host.mails(someone)[-1]
    assert any("CANCEL" in str(each["Content-Type"]) for each in cancelled.walk())


def test_calendars_are_served(host, someone):
    """The conference's and one's own, with the link to take part in that alone; not again to whoever has it."""
    registered = host.contributor(someone).split("/")[-1].partition(".")[0]
    mine = host.secretariat.calendar.person_url(registered).removeprefix(host.site)
    for path, is_mine in (("/calendar.ics", False), (mine, True)):
        found = host.client.get(path)
        assert (found.status_code, found.headers["Content-Type"]) == (200, "text/calendar; charset=utf-8")
        assert validate(found.content, FEED) == ()
        assert (b"CONFERENCE;" in found.content) == is_mine
        assert int(found.headers["Content-Length"]) == len(found.content)
        again = host.client.get(path, headers={"If-None-Match": found.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == found.headers["ETag"]
        assert host.client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
        head = host.client.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["ETag"] == found.headers["ETag"]
        assert host.client.post(path).status_code == 405
        assert ("private" in found.headers["Cache-Control"]) == is_mine


@pytest.mark.parametrize("token", ["x", "r-1.AAAA", "%00.x", "%ff", "a" * 3000, "..%2f..", "<script>"])
def test_an_unknown_calendar_is_not_found(host, token):
    """Whatever its address holds; nothing of it is repeated."""
    found = host.client.get(f"/calendar/{token}.ics")
    assert found.status_code == 404
    assert "script>" not in found.text


@pytest.mark.parametrize("purpose", ["verify", "registration", "contribute"])
@pytest.mark.parametrize("token", ["x", "r-1.AAAA", "%00.x", "%ff", "a" * 3000, "..%2f..", "<script>"])
def test_an_unknown_link_is_not_found(host, purpose, token):
    """Looked at or posted to, whatever it holds; nothing of it is repeated."""
    for method in ("GET", "HEAD", "POST"):
        found = host.client.request(method, f"/{purpose}/{token}")
        assert found.status_code == 404
        assert "script>" not in found.text


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"\xff\xfe=\x00&email=%ff%fe", "application/x-www-form-urlencoded"),
        (b"--b\r\nContent-Disposition: form-data; name=email\r\n\r\nx", "multipart/form-data; boundary=b"),
        (b"no multipart at all", "multipart/form-data; boundary=b"),
        (b'{"email": {"$ne": 1}}', "application/json"),
        (b"", "text/plain"),
        (b"a=1&" * 5000, "application/x-www-form-urlencoded"),
    ],
)
def test_a_broken_post_is_the_senders_fault(host, body, media_type):
    """Whatever comes: never an error of the server, never a registration."""
    before = host.entries()
    found = host.client.post("/register", content=body, headers={"Content-Type": media_type})
    assert 400 <= found.status_code < 500
    assert host.entries() == before


def test_double_clicks_lead_to_one_registration(host, someone):
    """The same form four times at once: the same page four times, one mail."""
    form = host.form(someone)
    with ThreadPoolExecutor(4) as pool:
        pages = list(pool.map(lambda _: host.client.post("/register", data=form), range(4)))
    assert {each.status_code for each in pages} == {200}
    assert len({each.text for each in pages}) == 1
    assert len(host.mails(someone)) == 1


def test_people_who_come_at_once_are_all_taken(host, someone):
    """Forms of many people in parallel, and their contributions too."""
    names = [f"{someone[:20]}-{number}" for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert [each.status_code for each in pool.map(host.register, names)] == [200] * 4
    pages = []
    for name in names:
        host.client.post(host.link(name, "verify"))
        pages.append(host.link(name, "contribute"))
    files = {"materials": ("a.png", PNG, "image/png")}
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda page: host.client.post(page, data=answers(), files=files), pages))
    assert {each.status_code for each in done} == {200}
    assert len({re.search(r"T-\d{3}", each.text)[0] for each in done}) == 4


def test_the_reader_s_language_is_asked_for(host, someone):
    """The browser's wish counts; whoever registered reads that language from then on."""
    arabic = {"Accept-Language": "ar-EG, en;q=0.5"}
    page = host.client.get("/register", headers=arabic)
    assert 'lang="ar" dir="rtl"' in page.text
    host.client.post("/register", data=host.form(someone), headers=arabic)
    assert 'lang="ar" dir="rtl"' in host.client.get(host.link(someone, "verify")).text
    assert (
        'lang="en"' in host.client.get("/register", headers={"Accept-Language": "tlh, *;q=0.1, \t;;q=x"}).text
    )


@pytest.mark.parametrize("name", sorted(SERVERS))
def test_the_program_serves_the_form(name, tmp_path):
    """`python embed_….py` is what a reader starts first."""
    port, kept = kept_port()
    settings = {
        "STORE": f"sqlite:///{tmp_path}/a.db",
        "MAILER": f"maildir:{tmp_path}/outbox",
        "PORT": str(port),
    }
    argv = [sys.executable, str(EXAMPLES / f"embed_{name}.py")]
    with (
        kept,
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(
            argv, env={**os.environ, **settings}, cwd=EXAMPLES.parent, stdout=log, stderr=log
        ) as program,
    ):
        try:
            page = first_page(f"http://127.0.0.1:{port}/register", program)
        finally:
            program.terminate()
    assert page is not None, (tmp_path / "log").read_text()
    assert "A Conference to Try" in page.text


def first_page(address: str, program: subprocess.Popen) -> httpx.Response | None:
    """The answer once the program listens; None if it ended, or does not listen within a minute."""
    for _ in range(600):
        if program.poll() is not None:
            return None
        try:
            return httpx.get(address, timeout=60, trust_env=False)
        except httpx.ConnectError:
            time.sleep(0.1)
    return None


@pytest.mark.parametrize("name", sorted(SERVERS))
def test_the_program_sends_what_is_owed(name, tmp_path):
    """`python embed_….py deliver` is what cron runs."""
    settings = {"STORE": f"sqlite:///{tmp_path}/a.db", "MAILER": f"maildir:{tmp_path}/outbox"}
    strict = ("-W", "error", "-W", "ignore:SQLite:RuntimeWarning")  # of an old SQLite, which the machine has
    argv = [sys.executable, *strict, str(EXAMPLES / f"embed_{name}.py"), "deliver"]
    found = subprocess.run(
        argv, env={**os.environ, **settings}, cwd=EXAMPLES.parent, capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout.startswith("Deliveries(sent=0")
