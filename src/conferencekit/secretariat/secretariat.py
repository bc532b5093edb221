"""The one object that acts: it opens, shares and closes what the services need."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Self, TypeVar
from urllib.parse import quote

from attrs import evolve

from ..calendar.planned import planned_events
from ..conference import Conference
from ..context import Clock, Entropy, system_clock
from ..errors import InvalidText, UnfitStore, shown_url
from ..form.issues import Issue
from ..mailbox import Mailbox, parse_mailbox
from ..plugins import PluginFailure, Plugins, make_plugin_manager, open_blobs, open_mailer, open_store
from ..ports import BlobStore, FormBackend, Mailer, RenderedForm, Store, missing_claims
from ..registration.outcomes import PublicOutcome, Received, Refused
from ..wire import recorded_moments
from ..zonecheck import Moved, moved
from . import plan
from .contributions import Contributions
from .correspondence import Correspondence
from .deliveries import Deliveries, DeliveryRun
from .ledger import Ledger, LogPage
from .links import Links
from .notices import Notices
from .passwords import Passwords
from .registrations import Registrations
from .shell import REGISTRANT, Actor, InForce, Shell

if TYPE_CHECKING:
    from ..message.rendering import Renderer
    from .attendance import AttendanceList
    from .calendars import Calendars, Remembered
    from .declarations import Declarations

T = TypeVar("T")


class _Shared(Generic[T]):
    """Something opened at its first use: owned if it was named by a URL, left open if it was handed in."""

    def __init__(self, given: T | str, open_url: Callable[[str], T]) -> None:
        self._given = given
        self._open_url = open_url
        self._opened: T | None = None
        self._lock = threading.Lock()

    def __call__(self) -> T:
        if not isinstance(self._given, str):
            return self._given
        with self._lock:
            if self._opened is None:
                self._opened = self._open_url(self._given)
            return self._opened

    @property
    def name(self) -> str:
        """What people know it by: its URL without a password or options, else its class."""
        if not isinstance(self._given, str):
            return type(self._given).__name__
        return shown_url(self._given).partition("?")[0]

    def close(self) -> None:
        """Close what was opened here; the next use opens it again."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()  # type: ignore[attr-defined]  # stores, mailers and blob stores all have it


class Acting:
    """The secretariat as an organiser, an import or a plugin uses it: trusted, and named in the log."""

    def __init__(self, secretariat: Secretariat, actor: Actor) -> None:
        self.registrations = secretariat._registrations_for(actor)  # noqa: SLF001 - the two classes are one room
        self.contributions = secretariat._contributions_for(actor)  # noqa: SLF001 - see above
        self.ledger = Ledger(secretariat.shell, actor)
        self.register = self.registrations.enter
        self._declaration_for = secretariat._declaration_for  # noqa: SLF001 - see above
        self._calendar_for = secretariat._calendar_for  # noqa: SLF001 - see above
        self._attendance_for = secretariat._attendance_for  # noqa: SLF001 - see above
        self._actor = actor

    @cached_property
    def declaration(self) -> Declarations:
        """The declaration that is compiled from the contributions."""
        return self._declaration_for(self._actor)

    @cached_property
    def calendar(self) -> Calendars:
        """Calendars to subscribe to, and sessions to download, as calendars were told of them."""
        return self._calendar_for(self._actor)

    @cached_property
    def attendance(self) -> AttendanceList:
        """Who comes, by what their calendars answered."""
        return self._attendance_for(self._actor)


class Secretariat:
    """Everything that happens to one conference goes through here. Thread-safe; safe to make before a fork.

    Args:
        conference: The plan, as `load_conference` reads it.
        store: A URL such as `sqlite:///gmc.db` (opened at the first use, owned and closed; threads that commit at once
            share one sync of the disk), or a store (used as it is, and left open).
        mailer: A URL such as `maildir:outbox` or `smtp://localhost:25`, or a mailer.
        secret: At least 16 random bytes that prove links; `[new, old]` while it is being changed.
        site: Where people reach the host: one address, or one per purpose with `{token}` in it (see `links.PATHS`).
        blobs: A URL such as `folder:files`, or a blob store, for this conference alone; default: a folder beside an
            SQLite store, else memory.
        sender: Who mails come from, `Name <address>`; default: the conference's title and contact, and of mails with an
            invite the document's organizer, unless each person replies to an address of their own.
        forms: What shows and reads the registration form: a name that plugins offer, or a form backend.
        plugins: Plugin objects or modules beside the installed ones, or a ready `Plugins`.
        passwords: How passwords are hashed.
        renderer: Another template engine, or the default one with other templates.
        clock: The time, for tests: a callable that returns an aware datetime.
        entropy: Random bytes, for tests and demonstrations only.

    Raises:
        InvalidText: for a secret that is too short, a site that is no address, or if there is nobody to send mails.
        MissingLink: if a mail of this conference needs a link for which `site` says nothing.
        InvalidAddress: for a sender that is no address.
        UnknownBackend: for a form backend, or a subtype of a form's field, that no plugin offers.
    """

    def __init__(  # noqa: PLR0913 - each is one thing that a host decides, by name
        self,
        conference: Conference,
        *,
        store: Store | str,
        mailer: Mailer | str,
        secret: bytes | Sequence[bytes],
        site: str | Mapping[str, str] | None = None,
        blobs: BlobStore | str | None = None,
        sender: str | None = None,
        forms: FormBackend | str = "html",
        plugins: Plugins | Sequence[object] = (),
        passwords: Passwords | None = None,
        renderer: Renderer | None = None,
        clock: Clock = system_clock,
        entropy: Entropy = os.urandom,
    ) -> None:
        found = plugins if isinstance(plugins, Plugins) else make_plugin_manager(*plugins)
        links = Links(conference.id, secret, site)
        links.require(_needed_links(conference))
        _require_types(conference, found)
        self.plugins = found
        self._store = _Shared(store, lambda url: _open_shared(url, found))
        self._mailer = _Shared(mailer, lambda url: open_mailer(url, found))
        self._blobs = _Shared(blobs or _blobs_beside(store, conference), lambda url: open_blobs(url, found))
        self._passwords = passwords or Passwords()
        self._renderer = renderer
        self.shell = Shell(
            open_store=self._store,
            take_up=lambda: self._take_up(conference),
            links=links,
            plugins=found,
            forms=_forms(forms, found),
            clock=clock,
            entropy=entropy,
        )
        self._correspondence = Correspondence(self.shell, _sender(conference, sender), is_default=not sender)
        self.registrations = self._registrations_for(REGISTRANT)
        self.contributions = self._contributions_for(REGISTRANT)
        self.ledger = Ledger(self.shell)
        self.notices = Notices(self.shell)

    # -- what hosts call most

    @property
    def conference(self) -> Conference:
        """The conference in force."""
        return self.shell.conference

    @cached_property
    def declaration(self) -> Declarations:
        """The declaration that is compiled from the contributions."""
        return self._declaration_for(REGISTRANT)

    @cached_property
    def calendar(self) -> Calendars:
        """Calendars to subscribe to, and sessions to download, as calendars were told of them."""
        return self._calendar_for(REGISTRANT)

    @cached_property
    def attendance(self) -> AttendanceList:
        """Who comes, by what their calendars answered."""
        return self._attendance_for(REGISTRANT)

    def form(
        self,
        *,
        locale: str | None = None,
        answers: object = None,
        issues: Sequence[Issue] = (),
        action: str = "",
    ) -> RenderedForm:
        """The registration form as HTML, with a fresh `submission_id` in it."""
        return self.shell.forms.render(
            self.conference.registration.form,
            answers=answers,
            issues=issues,
            locale=locale or self.conference.languages[0],
            hidden={"submission_id": self.shell.context().new_id("s")},
            action=action,
        )

    def register(
        self, posted: object, *, locale: str | None = None, submission_id: str | None = None
    ) -> PublicOutcome:
        """Take a posted registration form. `Refused.form` shows it again, answers kept, errors beside their fields."""
        outcome = self.registrations.register(posted, locale=locale, submission_id=submission_id)
        if isinstance(outcome, Received):
            return outcome
        return Refused(outcome.issues, self.form(locale=locale, answers=posted, issues=outcome.issues))

    def acting(self, organiser: str, *, kind: str = "organiser") -> Acting:
        """The same, trusted and under a name that the log keeps: `organiser`, `import` or `plugin`."""
        return Acting(self, Actor(kind, organiser))  # type: ignore[arg-type]  # entry_body refuses other kinds

    def deliver(
        self,
        *,
        limit: int | None = None,
        progress: Callable[[int], None] | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> Deliveries:
        """Send what is owed and due: from cron, a task queue, or `conferencekit deliver --watch`.

        At most `limit` mails. `progress` hears how many were taken up so far; `stop` is asked before each batch of 20
        whether to leave the rest for later.
        """
        run = DeliveryRun(self.shell, self._correspondence, self._mailer, self._renderer)
        self.tick()
        return run.deliver(limit=limit, progress=progress, stop=stop)

    def tick(self) -> None:
        """What time brings about: places of unverified addresses expire, and whoever waits gets what is free."""
        self.registrations.expire()
        self.registrations.promote()

    def reload(self, conference: Conference, *, by: str = "", reason: str = "") -> tuple[str, ...]:
        """Put a changed document in force; what changed, line by line. Moved sessions are told to everybody.

        `reason` is told with what moved or is cancelled: one line, as everybody reads it, in no other language.

        Raises `PlanInUse` where it would take away what people hold, and `UnknownBackend` for the subtype of a field
        that no plugin offers.
        """
        _require_types(conference, self.plugins)
        with self.shell.revising():
            current = self.shell.get("conference", "current")
            if current is None or current.body["digest"] == plan.document_digest(conference):
                self.shell.in_force = plan.take_up(self.shell, conference, current)
                return ()
            in_force, lines = plan.revise(self.shell, conference, current, Actor("organiser", by), reason)
            self.shell.in_force = in_force
        self.registrations.let_in()
        return lines

    def tell_moved_clocks(self, *, by: str = "") -> int:
        """Tell everybody of events that newer zone data moved (`moved_moments` names them); how many events.

        Their wall times stay; calendars are told the instants, in UTC, since they may know other clocks than ours.
        """
        return plan.tell_moved_clocks(self.shell, self.conference, Actor("organiser", by))

    def _take_up(self, conference: Conference) -> InForce:
        """The document in force at the first use; if it is a revision, it may have brought places."""
        self._judge_store()
        current = self.shell.get("conference", "current")
        self.shell.in_force = in_force = plan.take_up(self.shell, conference, current)
        if current is not None and current.version < in_force.version:
            self.registrations.let_in()
        return in_force

    def _judge_store(self) -> None:
        """Warn of a store that does not claim enough. Python shows a warning of the same words once in a process."""
        if missing := missing_claims(self.shell.store.capabilities):
            warnings.warn(UnfitStore(self._store.name, tuple(missing)), stacklevel=1)

    def moved_moments(self) -> tuple[Moved, ...]:
        """Stored times of the programme that are another instant under today's zone data than when they were told."""
        ids = [each.id for each in planned_events(self.conference, now=self.shell.context().now)]
        bodies = self.shell.store.get(self.shell.id, "event", ids)
        return moved(
            evolve(each, path=f"{key}{each.path.removeprefix('$')}")
            for key, record in sorted(bodies.items())
            for each in recorded_moments(record.body)
        )

    def events(self, *, after: str | None = None, limit: int = 500) -> LogPage:
        """What happened, in order, from a cursor on: for what must not be lost (plugins' events may be, in a crash)."""
        return self.ledger.read(after=after, limit=limit)

    @property
    def failures(self) -> tuple[PluginFailure, ...]:
        """What listeners raised, the newest thousand, each with its plugin and hook."""
        return tuple(self.shell.failures)

    # -- life cycle

    def close(self) -> None:
        """Close what was opened from URLs. Another call opens it again."""
        self.shell.close()
        for shared in (self._store, self._mailer, self._blobs):
            shared.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _registrations_for(self, actor: Actor) -> Registrations:
        return Registrations(self.shell, self._correspondence, self._passwords, actor)

    def _contributions_for(self, actor: Actor) -> Contributions:
        registrations = self._registrations_for(actor)
        return Contributions(self.shell, self._correspondence, registrations, self._blobs, actor)

    def _declaration_for(self, actor: Actor) -> Declarations:
        from .declarations import Declarations  # noqa: PLC0415 - most processes of a host never compile one

        return Declarations(self.shell, self._contributions_for(actor), self._blobs, actor)

    def _attendance_for(self, actor: Actor) -> AttendanceList:
        from .attendance import AttendanceList  # noqa: PLC0415 - as above

        return AttendanceList(self.shell, self._registrations_for(actor), actor)

    @cached_property
    def _remembered(self) -> Remembered:
        from .calendars import Remembered  # noqa: PLC0415 - as above

        return Remembered()

    def _calendar_for(self, actor: Actor) -> Calendars:
        from .calendars import Calendars  # noqa: PLC0415 - as above

        return Calendars(self.shell, self._registrations_for(actor), actor, self._remembered)


def _open_shared(url: str, plugins: Plugins) -> Store:
    """The store of this URL, whose commits share their syncs."""
    from ..adapters.group_commit import GroupCommit  # noqa: PLC0415 - adapters load when they are used

    return GroupCommit(open_store(url, plugins))


def _needed_links(conference: Conference) -> tuple[str, ...]:
    verify = ("verify",) if conference.registration.address == "verify" else ()
    contribute = ("contribute",) if conference.call else ()
    return (*verify, *contribute, "manage", "sign_in")


def _require_types(conference: Conference, plugins: Plugins) -> None:
    for each in conference.registration.form.fields:
        if each.subtype is not None:
            plugins.field_types.get(each.subtype)


def _forms(given: FormBackend | str, plugins: Plugins) -> Callable[[], FormBackend]:
    """The form backend, made at its first use."""
    return cache(plugins.form_backends.get(given)) if isinstance(given, str) else lambda: given


def _blobs_beside(store: object, conference: Conference) -> str:
    if isinstance(store, str) and store.startswith("sqlite:///"):
        path, _, _ = store.removeprefix("sqlite:///").partition("?")  # the options say nothing of the place
        return f"folder:{quote(path)}.files/{quote(conference.id)}"
    return "memory:"


def _sender(conference: Conference, given: str | None) -> Mailbox:
    if given:
        return parse_mailbox(given)
    if not conference.contact:
        raise InvalidText(None, "Mails need a sender: give sender='Name <address>', or conference.contact.")
    return Mailbox(conference.title.text(), conference.contact)
