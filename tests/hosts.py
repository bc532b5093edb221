"""The three hosts of `examples/`, each served on the loopback interface by a real server."""

from __future__ import annotations

import importlib.util
import re
import socketserver
import sys
import threading
import time
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import httpx
from tests.html_page import Page

from conferencekit.testing.loopback import kept_port

EXAMPLES = Path(__file__).parent.parent / "examples"
PASSWORD = "correct horse battery staple"


def load(name: str):
    """The module of an example, once per process: Django takes its settings only once."""
    module = f"example_{name}"
    if module not in sys.modules:
        spec = importlib.util.spec_from_file_location(module, EXAMPLES / f"embed_{name}.py")
        sys.modules[module] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[module])
    return sys.modules[module]


class Host:
    """A host that runs: a client for it, its secretariat, and the mails that it sent."""

    def __init__(self, secretariat, site: str, folder: Path) -> None:
        self.secretariat = secretariat
        self.site = site
        self.folder = folder
        # plain HTTP: to read the certificates of all authorities would take longer than a request
        self.client = httpx.Client(base_url=site, timeout=60, trust_env=False, verify=False)

    def form(self, name: str, **changes: str) -> dict[str, str]:
        """A filled-in registration form with the hidden values of a fresh page."""
        answers = {"full_name": f"{name} Example", "email": f"{name}@example.org", "password": PASSWORD}
        return {
            **hidden(self.client.get("/register")),
            **answers,
            "country": "GB",
            "consent": "yes",
            **changes,
        }

    def register(self, name: str, **changes: str) -> httpx.Response:
        """Register somebody."""
        return self.client.post("/register", data=self.form(name, **changes))

    def mails(self, name: str) -> list:
        """The mails to somebody, oldest first, after what is owed was sent."""
        assert self.secretariat.deliver().failures == ()
        files = sorted((self.folder / "outbox/new").iterdir(), key=lambda each: each.stat().st_mtime_ns)
        address = f"{name}@example.org"
        mine = [data for each in files if address.encode() in (data := each.read_bytes())]
        found = [message_from_bytes(data, policy=policy.default) for data in mine]
        return [each for each in found if address in each["To"]]

    def link(self, name: str, purpose: str) -> str:
        """The newest link of this purpose that somebody got."""
        texts = [each.get_body(("plain",)).get_content() for each in self.mails(name)]
        return re.findall(rf"{re.escape(self.site)}(/{purpose}/\S+)", "\n".join(texts))[-1]

    def contributor(self, name: str) -> str:
        """Enter somebody as an organiser does, which hashes no password; the address of their page for input."""
        answers = {
            "full_name": f"{name} Example",
            "email": f"{name}@example.org",
            "country": "GB",
            "consent": "yes",
        }
        entered = self.secretariat.acting("tests").register(answers)
        return self.secretariat.shell.links.url("contribute", entered.registration.id)

    def entries(self) -> int:
        """How long the log is, with the entry that the first use of a store writes."""
        assert self.secretariat.conference
        return len(list(self.secretariat.ledger.entries()))


def credentials(name: str, password: str = PASSWORD) -> dict[str, str]:
    """What signs somebody in."""
    return {"email": f"{name}@example.org", "password": password}


def hidden(response: httpx.Response, number: int = 0) -> dict[str, str]:
    """The hidden values of a form on a page."""
    form = re.findall(r"<form.*?</form>", response.text, re.DOTALL)[number]
    return {each["name"]: each["value"] for each in Page(form).all("input", type="hidden")}


@contextmanager
def running(name: str, folder: Path):
    """A host of `examples/` with a store, an outbox and uploads in a folder."""
    port, kept = kept_port()
    settings = {
        "CONFERENCE": str(EXAMPLES / "tryout.toml"),
        "STORE": f"sqlite:///{folder}/records.db",
        "MAILER": f"maildir:{folder}/outbox",
        "SITE": f"http://127.0.0.1:{port}",
        "SECRET": "only for this test, and no other",
    }
    example = load(name)
    with kept, example.make_secretariat(settings) as secretariat:
        host = Host(secretariat, settings["SITE"], folder)
        with host.client, SERVERS[name](example.make_app(secretariat), port):
            yield host


@contextmanager
def _threaded(server):
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _flask(app, port):
    from werkzeug.serving import WSGIRequestHandler as Handler
    from werkzeug.serving import make_server as make

    class Quiet(Handler):
        def log(self, *_) -> None:
            """Say nothing."""

    return _threaded(make("127.0.0.1", port, app, threaded=True, request_handler=Quiet))


@contextmanager
def _fastapi(app, port):
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="critical", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server ended before it began"
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


def _django(app, port):
    class Threaded(socketserver.ThreadingMixIn, WSGIServer):
        """A thread for each request; ends with the last of them."""

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_) -> None:
            """Say nothing."""

    return _threaded(make_server("127.0.0.1", port, app, server_class=Threaded, handler_class=Quiet))


SERVERS = {"flask": _flask, "fastapi": _fastapi, "django": _django}
