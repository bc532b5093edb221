"""A secretariat for tests: everything in memory, a clock that is moved by hand, and an outbox to look into."""

from __future__ import annotations

import email
import re
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage

from ..adapters.memory_mailer import MemoryMailer
from ..conference import Conference
from ..context import FixedEntropy
from ..document import conference_from_text
from ..errors import NaiveTime, NotFound
from ..secretariat import Passwords, Scrypt, Secretariat

_WORD = r"([A-Za-z0-9._-]+)"
SITE = "https://conference.example.org"

_DOCUMENT = """
[conference]
id = "testing"
title = "A Conference for Tests"
timezone = "Europe/Paris"
languages = ["en", "fr"]
contact = "office@example.org"

[[sessions]]
id = "opening"
title = "Opening"
starts = 2027-05-20T09:00:00
ends = 2027-05-20T10:30:00
join = "https://conference.example.org/live"

[deadlines.registration]
through = 2027-05-01

[deadlines.input]
before = 2027-05-01

[registration]
address = "trusted"
quota = 100

[call]
outcome = "Declaration on Tests"
prefix = "T"

[[call.topics]]
title = "What works"
question = "Which tests helped you most?"

[[call.topics]]
title = "Good practices"
question = "What do you do that others should copy?"
showcase = true
"""


def conference_for_tests(address: str = "trusted", approval: str = "none", quota: int = 100) -> Conference:
    """A conference in May 2027 in Paris, registration through 1 May, input before it, a call with two topics."""
    text = _DOCUMENT.replace('address = "trusted"', f'address = "{address}"\napproval = "{approval}"')
    return conference_from_text(text.replace("quota = 100", f"quota = {quota}"), syntax="toml")


class FrozenClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move_to(self, now: datetime) -> None:
        """Let it be this instant (aware). Raises `NaiveTime`."""
        if now.utcoffset() is None:
            raise NaiveTime(now)
        self.now = now.astimezone(UTC)

    def move(self, elapsed: timedelta) -> None:
        """Let this much time pass."""
        self.now += elapsed


class SecretariatForTests(Secretariat):
    """A `Secretariat` whose store, mails and files are gone with it, and whose passwords cost nothing."""

    def __init__(self, conference: Conference | None = None, **options: object) -> None:
        self.clock = FrozenClock(datetime(2027, 4, 1, 12, tzinfo=UTC))
        self.mailer = MemoryMailer()
        self._known: dict[bytes, EmailMessage] = {}
        given = {
            "store": "memory:",
            "mailer": self.mailer,
            "secret": b"only for tests, never elsewhere!",
            "site": SITE,
            "clock": self.clock,
            "entropy": FixedEntropy(b"conferencekit.testing"),
            "passwords": Passwords((Scrypt(n=2, r=1, p=1),)),
            **options,
        }
        super().__init__(conference or conference_for_tests(), **given)  # type: ignore[arg-type]  # options of Secretariat

    def _judge_store(self) -> None:
        """A store for tests may forget."""

    @property
    def outbox(self) -> list[EmailMessage]:
        """Every mail that was sent so far, parsed; calls `deliver` first."""
        self.deliver()
        return [self._parsed(each.data) for each in self.mailer.messages]

    def _parsed(self, data: bytes) -> EmailMessage:
        # each once: a test looks again and again
        if data not in self._known:
            self._known[data] = email.message_from_bytes(data, policy=policy.default)
        return self._known[data]

    def mails_to(self, address: str) -> list[EmailMessage]:
        """The mails to one address, oldest first."""
        return [each for each in self.outbox if address in str(each["To"])]

    def link(self, mail: EmailMessage, purpose: str) -> str:
        """The token behind the link of this purpose in a mail. Raises `NotFound`."""
        body = mail.get_body(("plain",))
        text = body.get_content() if body else ""
        links = {
            name: found[found.lastindex or 0]
            for name, address in self.shell.links.addresses.items()
            if (found := re.search(re.escape(address).replace(r"\{token\}", _WORD), text))
        }
        if purpose not in links:
            there = ", ".join(map(repr, links)) or "none"
            raise NotFound(f"link {purpose!r} in this mail, only {there}:", str(mail["Subject"]))
        return links[purpose]
