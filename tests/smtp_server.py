"""A real SMTP server on loopback that does what a test says: answers, hangs up, stops and starts again."""

# ruff: noqa: N802 - the names of commands and hooks are aiosmtpd's

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
import threading
from collections import defaultdict
from pathlib import Path
from typing import Any, Self

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from tests.held import LONG

from conferencekit.message.message import Message
from conferencekit.testing.loopback import kept_port

DROP = "hang up without an answer"
THEN_DROP = ", and goodbye"
"""At the end of an answer: hang up after it."""


class Protocol(SMTP):
    """Hangs up where the handler says so, and notes every connection and command."""

    is_knock = False

    async def push(self, status: Any) -> None:
        if status == DROP:
            self.transport.abort()
            raise ConnectionResetError
        await super().push(status)
        if isinstance(status, str) and status.endswith(THEN_DROP):
            self.transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not self.is_knock:
            self.event_handler.note("connection")
        self.event_handler.transports.add(transport)
        super().connection_made(transport)

    async def smtp_NOOP(self, arg: str) -> None:
        self.event_handler.note("NOOP")
        await super().smtp_NOOP(arg)

    async def smtp_RSET(self, arg: str) -> None:
        self.event_handler.note("RSET")
        await super().smtp_RSET(arg)

    async def smtp_QUIT(self, arg: str) -> None:
        self.event_handler.note("QUIT")
        await super().smtp_QUIT(arg)


class SmtpServer:
    """Takes mails into `taken` (envelopes), whatever it answers then.

    `will("RCPT", "450 later", DROP)` says how the next commands of a kind are answered; the ones after them are taken.
    `hold_at(3)` keeps back the answer to the third mail, until `go_on()`. `said` has what happened, in order. Options are
    those of aiosmtpd's SMTP, and `ssl_context`.
    """

    def __init__(self, **options: Any) -> None:
        self.port, self._kept = kept_port()
        self.options = {"enable_SMTPUTF8": False, **options}
        self.taken: list[Envelope] = []
        self.said: list[str] = []
        self.transports: set[Any] = set()
        self._answers: defaultdict[str, list[str]] = defaultdict(list)
        self._held_at = 0
        self._goes_on = threading.Event()
        self._controller: Controller | None = None

    def url(self, query: str = "", login: str = "") -> str:
        return f"smtp://{login}127.0.0.1:{self.port}?timeout=60{query}"

    def will(self, command: str, *answers: str) -> None:
        self._answers[command] += answers

    def hold_at(self, number: int) -> None:
        self._held_at = number

    def go_on(self) -> None:
        self._goes_on.set()

    def note(self, what: str) -> None:
        self.said.append(what)

    def count(self, what: str) -> int:
        return self.said.count(what)

    @property
    def contents(self) -> list[bytes]:
        return [each.original_content or b"" for each in self.taken]

    # -- life

    def start(self) -> None:
        handler, options = self, dict(self.options)
        context = options.pop("ssl_context", None)

        class Server(Controller):
            has_knocked = False

            def factory(self) -> SMTP:
                made = Protocol(handler, **self.SMTP_kwargs)
                # the controller knocks at its own door first
                made.is_knock, self.has_knocked = not self.has_knocked, True
                return made

        self._controller = Server(
            handler,
            hostname="127.0.0.1",
            port=self.port,
            ssl_context=context,
            ready_timeout=LONG,
            **options,
        )
        self._controller.start()

    def stop(self) -> None:
        """Hangs up on everybody and closes the port."""
        controller, self._controller = self._controller, None
        if controller is None:
            return
        done = asyncio.run_coroutine_threadsafe(self._hang_up(), controller.loop)
        done.result(timeout=LONG)
        controller.stop()

    async def _hang_up(self) -> None:
        for each in self.transports:
            each.abort()
        self.transports.clear()
        await asyncio.sleep(0.01)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.go_on()
        self.stop()
        self._kept.close()

    # -- what aiosmtpd calls

    async def handle_MAIL(self, server, session, envelope, address, options):
        answer = self._answer("MAIL", "250 go on")
        if answer.startswith("250"):
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return answer

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = self._answer("RCPT", "250 go on")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):
        self.taken.append(envelope)
        if len(self.taken) == self._held_at:
            await asyncio.to_thread(self._goes_on.wait)
        return self._answer("DATA", "250 taken")

    def _answer(self, command: str, otherwise: str) -> str:
        self.note(command)
        return self._answers[command].pop(0) if self._answers[command] else otherwise


def only(user: str, password: str) -> Any:
    """An authenticator that lets in one user."""

    def authenticate(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        matches = isinstance(data, LoginPassword) and data == LoginPassword(user.encode(), password.encode())
        return AuthResult(success=matches, handled=False)

    return authenticate


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1 that signed itself, and a server's context with it."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed, which makes the server's certificate")
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", str(key), "-out", str(cert), "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context


def message(number: int = 1, recipient: str = "ada@example.org", data: bytes | None = None) -> Message:
    """A small message; its Message-ID follows from the number."""
    message_id = f"<{number}@example.org>"
    text = (
        f"From: office@example.org\r\nTo: {recipient}\r\nMessage-ID: {message_id}\r\n\r\nHello {number}\r\n"
    )
    return Message(
        sender="office@example.org",
        recipient=recipient,
        message_id=message_id,
        data=text.encode() if data is None else data,
    )
