"""Mails to an SMTP server, one transaction each over a connection that is kept.

What a server says about a message is the answer for that message. What it says about us (no TLS, a wrong password, no
connection) defers that message and all the rest: none of them is at fault.

Source: RFC 5321 (SMTP), 1870 (SIZE), 3207 (STARTTLS), 4954 (AUTH), 6152 (8BITMIME), 6531 (SMTPUTF8).
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
import threading
import time
from base64 import b64encode
from collections.abc import Sequence
from typing import BinaryIO, Final

from ..mailbox import one_line
from ..message.message import Message
from ..ports import Deferred, Delivery, Rejected, Sent
from .forks import watch_forks
from .smtp_relay import Relay, relay_from_url

_PAUSE: Final = 60.0
"""Seconds after which a server that refused for now may be asked again; who owes the mail lets it grow."""
_PATIENCE: Final = 3
"""How many times longer than for other answers to wait for the one after a message: filters look at it meanwhile."""
_ENOUGH: Final = 120.0
"""Seconds after which a call begins no further message, so that it ends well before the lease of its notices."""
_LONGEST_ANSWER: Final = 500
_MOST_LINES: Final = 1_000
"""Lines of one answer of a server, and it may take `_ENOUGH` seconds to say them."""
_LONE_LINE_END: Final = re.compile(rb"(?<!\r)\n|\r(?!\n)")

_ADDRESS: Final = re.compile(
    r"""(?:"(?:[^"\\]|\\.)*"|[^\s"(),:;<>\[\]\\@]+)@(?:\[[^\s\[\]<>]+\]|[^\s"(),:;<>\[\]\\@]+)"""
)
"""A path of RFC 5321, 4.1.2, in outline: enough that it cannot be read as anything else."""

_NOT_THE_MESSAGE: Final = frozenset({530, 534, 535, 538})
"""Replies that ask for TLS or a sign-in (RFC 3207, 4954): about the connection, whatever the command."""


class SmtpMailer:
    """A `Mailer` that hands messages to one SMTP server. Thread-safe: threads wait for each other.

    The connection opens at the first message and is kept for the next ones. One that went stale meanwhile is opened
    again, and the message tried once more, unless its text was on the way already: then it may have been taken, so it
    is deferred, and goes out again under the same Message-ID. A forked child opens a connection of its own.
    """

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self._smtp: smtplib.SMTP | None = None
        self._lock = threading.Lock()
        # two processes never speak over one connection
        watch_forks(self, in_child=SmtpMailer._leave_to_parent)

    @classmethod
    def open(cls, url: str) -> SmtpMailer:
        """The mailer of `smtp://user:password@host:port?tls=starttls`: see `relay_from_url`. Connects later.

        Raises:
            InvalidText: something in the URL cannot be meant.
        """
        return cls(relay_from_url(url))

    def __repr__(self) -> str:
        return f"SmtpMailer({self.relay})"

    def send(self, messages: Sequence[Message]) -> list[Delivery]:
        """As `Mailer.send`. 2xx is `Sent`, 4xx `Deferred`, 5xx `Rejected`, and a lost connection `Deferred`.

        A call takes about two minutes at most: what is left by then is deferred.
        """
        answers: list[Delivery] = []
        with self._lock:
            enough = time.monotonic() + _ENOUGH
            try:
                for each in messages:
                    answers.append(self._deliver(each, enough))  # noqa: PERF401 - kept when the next one raises
            except _Unusable as error:
                answers += [Deferred(_PAUSE, str(error))] * (len(messages) - len(answers))
        return answers

    def close(self) -> None:
        """Take leave of the server. Sending afterwards connects again."""
        with self._lock:
            if self._smtp is not None:
                with contextlib.suppress(OSError):
                    self._smtp.docmd("QUIT")
            self._drop()

    # -- one message

    def _deliver(self, message: Message, enough: float) -> Delivery:
        if fault := _fault(message):
            return Rejected(fault)
        if time.monotonic() > enough:
            raise _Unusable(f"{self.relay} is slow: there was no time left for this message.")
        if self._smtp is not None:  # kept from before: if it went stale, that says nothing about the message
            with contextlib.suppress(_Lost):
                return self._transact(self._smtp, message)
        try:
            return self._transact(self._connected(), message)
        except _Lost as lost:
            return Deferred(_PAUSE, f"{self.relay} broke off before it took the message: {lost}")

    def _transact(self, smtp: smtplib.SMTP, message: Message) -> Delivery:
        """Raises `_Lost` if the connection ended before the message was on the way."""
        if fault := _unable(smtp, message):
            return Rejected(f"{self.relay} {fault}")
        self._wait(smtp, self.relay.timeout)
        try:
            code, text = smtp.mail(message.sender, _options(smtp, message))
            if 200 <= code < 300:
                code, text = smtp.rcpt(message.recipient)
        except OSError as error:  # SMTPException is one
            self._drop()
            raise _Lost(self._reason(error)) from None
        if not 200 <= code < 300:
            return self._refused(smtp, code, text)
        return self._hand_over(smtp, message)

    def _hand_over(self, smtp: smtplib.SMTP, message: Message) -> Delivery:
        try:
            self._wait(smtp, self.relay.timeout * _PATIENCE)
            code, text = smtp.data(message.data)
        except smtplib.SMTPDataError as error:  # the answer to DATA: it wanted no text
            return self._refused(smtp, error.smtp_code, error.smtp_error)
        except OSError as error:
            return self._uncertain(self._reason(error))
        if 200 <= code < 300:
            return Sent(self._said(code, text))
        if 400 <= code < 600:
            return self._refused(smtp, code, text)
        return self._uncertain(self._said(code, text))

    def _refused(self, smtp: smtplib.SMTP, code: int, text: bytes | str) -> Delivery:
        """What a reply other than 2xx means. Raises `_Lost` or `_Unusable` where it is not about the message."""
        said = self._said(code, text)
        if code in _NOT_THE_MESSAGE:
            self._drop()
            raise _Unusable(f"{self.relay} wants TLS or a sign-in: {said}. {_CHECK_SIGN_IN}")
        if code == 421 or not 400 <= code < 600:  # it closes the connection, or does not speak SMTP
            self._drop()
            raise _Lost(said)
        self._reset(smtp)
        return Rejected(said) if code >= 500 else Deferred(_PAUSE, said)

    def _uncertain(self, reason: str) -> Deferred:
        self._drop()
        return Deferred(
            _PAUSE,
            f"{self.relay} broke off while it took the message, and may have taken it: "
            f"{reason}. It goes out again under the same Message-ID.",
            uncertain=True,
        )

    # -- the connection

    def _connected(self) -> smtplib.SMTP:
        """A fresh connection, secured and signed in as the relay's address says. Raises `_Unusable`."""
        try:
            smtp = self._dialled()
        except (OSError, ValueError) as error:  # ValueError: a host name that cannot be one
            raise _Unusable(
                f"{self.relay} cannot be reached: {self._reason(error)}. Check host, port and tls."
            ) from None
        try:
            self._introduce(smtp)
        except _Unusable:
            smtp.close()
            raise
        except OSError as error:
            smtp.close()
            raise _Unusable(f"{self.relay} cannot be used: {self._reason(error)}.") from None
        self._smtp = smtp
        return smtp

    def _dialled(self) -> smtplib.SMTP:
        relay = self.relay
        name = relay.ehlo or None
        if relay.tls == "ssl":
            return _BoundedTls(
                relay.host, relay.port, local_hostname=name, timeout=relay.timeout, context=self._trust()
            )
        return _Bounded(relay.host, relay.port, local_hostname=name, timeout=relay.timeout)

    def _introduce(self, smtp: smtplib.SMTP) -> None:
        """EHLO, STARTTLS, AUTH. Raises `_Unusable` with the remedy, or OSError."""
        smtp.ehlo_or_helo_if_needed()
        if self.relay.tls == "starttls":
            try:
                smtp.starttls(context=self._trust())
            except (OSError, ValueError) as error:
                raise _Unusable(
                    f"{self.relay} cannot be spoken to in secret, and nothing was sent in clear: "
                    f"{self._reason(error)}. {_CHECK_TLS}"
                ) from None
            smtp.ehlo_or_helo_if_needed()
        if self.relay.user:
            try:
                smtp.login(self.relay.user, self.relay.password)
            except (OSError, ValueError) as error:  # ValueError: what it sent is not base64
                raise _Unusable(
                    f"{self.relay} does not let us sign in: {self._reason(error)}. {_CHECK_SIGN_IN}"
                ) from None

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.relay.ca or None)

    def _wait(self, smtp: smtplib.SMTP, seconds: float) -> None:
        if smtp.sock is not None:
            smtp.sock.settimeout(seconds)

    def _reset(self, smtp: smtplib.SMTP) -> None:
        """Ends the transaction, so that the connection is fit for the next."""
        with contextlib.suppress(OSError):
            if smtp.rset()[0] == 250:
                return
        self._drop()

    def _drop(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()

    def _leave_to_parent(self) -> None:
        """After a fork, in the child: the connection is the parent's, and whoever held the lock is not here."""
        self._lock = threading.Lock()
        self._drop()  # closes this process's handle and says nothing to the server

    # -- what the server said

    def _said(self, code: int, text: bytes | str) -> str:
        shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        return self._without_secrets(f"{code} {shown}" if code >= 0 else f"not an SMTP reply: {shown}")

    def _reason(self, error: Exception) -> str:
        if isinstance(error, smtplib.SMTPResponseException):
            return self._said(error.smtp_code, error.smtp_error)
        return self._without_secrets(str(error) or type(error).__name__)

    def _without_secrets(self, text: str) -> str:
        """The text on one line, cut, and without the password in the forms in which a server could send it back."""
        relay = self.relay
        forms = [relay.password] if relay.password else []
        forms += [f"\0{relay.user}\0{each}" for each in forms]
        for each in [*forms, *(b64encode(form.encode()).decode().rstrip("=") for form in forms)]:
            text = text.replace(each, "***")
        return one_line(text)[:_LONGEST_ANSWER]


class _Answer:
    """What a server says, as a file of lines that ends, whatever it sends."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.begin()

    def begin(self) -> None:
        """The next answer begins."""
        self._left, self._until = _MOST_LINES, time.monotonic() + _ENOUGH

    def readline(self, size: int) -> bytes:
        """The next line. Raises OSError where the answer is one without end."""
        self._left -= 1
        if self._left < 0 or time.monotonic() > self._until:
            raise OSError("the answer of the server has no end")
        return self._stream.readline(size)

    def close(self) -> None:
        """Let go of the connection."""
        self._stream.close()


class _Bounded(smtplib.SMTP):
    """A connection on which no answer is endless."""

    def getreply(self) -> tuple[int, bytes]:
        """The next answer. Raises `SMTPServerDisconnected`."""
        if self.file is None and self.sock is not None:
            self.file = _Answer(self.sock.makefile("rb"))
        if isinstance(self.file, _Answer):
            self.file.begin()
        return super().getreply()


class _BoundedTls(_Bounded, smtplib.SMTP_SSL):
    """The same, encrypted from the begin on."""


class _Lost(Exception):
    """The connection ended, and nothing of the message was taken."""


class _Unusable(Exception):
    """The server cannot be used now, whatever the message."""


_CHECK_TLS: Final = (
    "Write tls=ssl if the port begins with TLS, ca=FILE if a private authority signed the certificate, and tls=none "
    "only for a server on this machine or in a network that you trust."
)
_CHECK_SIGN_IN: Final = "Check user, password and tls in the address of the mailer."


def _fault(message: Message) -> str | None:
    """Why no server should be given this message."""
    for address in (message.sender, message.recipient):
        # smtplib writes what it understands of an address, which must be all of it.
        is_whole = _ADDRESS.fullmatch(address) and smtplib.quoteaddr(address) == f"<{address}>"
        if not (address.isprintable() and is_whole):
            return f"{one_line(address)[:_LONGEST_ANSWER]!r} is not an address that mail can be sent to. Correct it."
    if found := _LONE_LINE_END.search(message.data):
        # where a line ends would be the server's guess (RFC 5321, 2.3.8)
        return (
            f"The message has a line end at byte {found.start()} that is not CRLF. Correct what rendered it."
        )
    return None


def _unable(smtp: smtplib.SMTP, message: Message) -> str | None:
    """Why this server cannot be given this message."""
    if _is_international(message) and not smtp.has_extn("smtputf8"):
        return "does not offer SMTPUTF8, which letters outside ASCII in an address need. Use another address or server."
    if not message.data.isascii() and not smtp.has_extn("8bitmime"):
        return "does not offer 8BITMIME, which this message needs. Render it with 7-bit parts, or use another server."
    return None


def _options(smtp: smtplib.SMTP, message: Message) -> list[str]:
    options = [f"SIZE={len(message.data)}"] if smtp.has_extn("size") else []
    if not message.data.isascii():
        options.append("BODY=8BITMIME")
    if _is_international(message):
        options.append("SMTPUTF8")
    return options


def _is_international(message: Message) -> bool:
    head = message.data.partition(b"\r\n\r\n")[0]
    return not (message.sender.isascii() and message.recipient.isascii() and head.isascii())
