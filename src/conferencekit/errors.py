"""Every error that conferencekit raises.

What a person did wrong is data (an `Issue`, a `Refused`); what a programmer, an organiser's file or a machine did
wrong is an exception. Each carries the value that caused it as attributes, and its message says the remedy.
Two warnings stand beside them, which are never raised.

    ConferenceKitError
    ├── InvalidTime (ValueError)
    │   ├── NaiveTime                a datetime without a zone
    │   ├── NotWallTime              a wall time that has an offset, or no date-time at all
    │   ├── UnknownZone              not an IANA name
    │   ├── NonexistentTime          skipped by a change of clocks
    │   ├── AmbiguousTime            occurs twice at a change of clocks
    │   ├── MislocalizedTime         tzinfo=pytz.timezone(...): local mean time
    │   ├── OffsetDisagrees          an offset that the named zone does not have then
    │   └── TimeOutOfRange           not within the years 1 to 9999
    ├── InvalidDeadline (ValueError)
    ├── InvalidText (ValueError)     a text that cannot stand where it was put
    ├── InvalidDocument (ValueError) all problems of a conference document at once
    ├── InvalidImport (ValueError)   a CSV or calendar file that cannot be read
    ├── TransitionNotAllowed         an action that the state does not allow
    ├── NotFound (LookupError)       no such record
    ├── ConferenceOutdated           the conference in force is newer than the one at hand
    ├── PlanInUse                    a change of the document removes what people hold
    ├── MissingLink                  a mail needs a link for which no address was given
    ├── MissingExtra (ImportError)   an optional dependency is not installed
    ├── StoreError
    │   ├── InvalidChangeSet (ValueError)
    │   ├── StoreBusy  StoreFull  StoreReadOnly  StoreUnavailable     nothing was applied
    │   ├── CommitInDoubt            applied or not: repeat the batch
    │   ├── SchemaTooNew             written by a newer version
    │   ├── SchemaTooOld             written by an older version, and to be migrated first
    │   ├── CopyRefused              two stores that hold different histories of a conference
    │   ├── InvalidBody (ValueError) a stored body that does not read as its class
    │   └── NotOurFile               another program's database
    ├── PluginError
    │   ├── DuplicateName            two plugins offer the same name
    │   ├── UnknownBackend           nobody offers it
    │   ├── PluginBroken             a distribution that does not load
    │   └── InvalidHook              misspelt, async, or a class instead of an object
    ├── MessageError
    │   ├── TemplateBroken           a template that does not render
    │   └── InvalidAddress (ValueError)
    ├── InvalidCalendar (ValueError) a calendar object that RFC 5546 does not allow
    ├── MailboxUnavailable           a mailbox on a server that cannot be read
    ├── BlobError
    │   ├── BlobTooLarge             more bytes than allowed
    │   ├── BlobMissing (LookupError)
    │   ├── BlobsUnavailable         the folder cannot be read or written, or is full
    │   └── InvalidDigest (ValueError)
    ├── DeclarationRefused (ValueError)  quotes that are not found, sources that may not be quoted
    ├── NotCanonical (ValueError)    a value that has no canonical JSON, so no digest
    └── LedgerBroken                 the sealed log does not verify
    RuntimeWarning
    ├── OldSQLite                    the SQLite that is linked has a fault
    └── UnfitStore                   a store that does not claim enough to hold registrations
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from attrs import define, field


class ConferenceKitError(Exception):
    """The base of every error of this library."""


@define(eq=False, slots=False, repr=False)
class OldSQLite(RuntimeWarning):
    """The SQLite that is linked can damage a store's file when another program writes to it. `version`: its own."""

    version: str

    def __str__(self) -> str:
        return (
            f"SQLite {self.version} is linked. Versions 3.7.0 to 3.51.2 can damage a file in WAL mode when two "
            "connections write or checkpoint at the same moment. Stores keep their own processes apart, so let no "
            "other program (the sqlite3 shell, a browser of databases) write to the file while a host has it open; or "
            "pip install 'conferencekit[sqlite]', or take a Python with a newer SQLite."
        )


@define(eq=False, slots=False, repr=False)
class UnfitStore(RuntimeWarning):
    """A secretariat works on a store that may lose registrations or sell a place twice. Said once for each store.

    Whoever means it says so: `warnings.simplefilter("ignore", UnfitStore)`. `missing`: what the store does not claim.
    """

    name: str
    missing: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"The store {self.name} does not claim to be {' and '.join(self.missing)}: it may lose registrations, or "
            "sell a place twice. Use sqlite:///PATH or another store that `conferencekit storage check` finds fit; for "
            "tests there is conferencekit.testing, which is not warned of."
        )


# -- time -------------------------------------------------------------------------------------------------------------


class InvalidTime(ConferenceKitError, ValueError):
    """A date-time that cannot be taken as it stands."""


@define(eq=False, slots=False, repr=False)
class NaiveTime(InvalidTime):
    """A datetime without a zone, or a value that is no datetime."""

    value: object

    def __str__(self) -> str:
        return (
            f"{self.value!r} names no time zone. Give an aware datetime, "
            'or Moment.at(wall, "Area/City") with the zone that the wall time is meant in.'
        )


@define(eq=False, slots=False, repr=False)
class NotWallTime(InvalidTime):
    """A value given as a wall time that has a zone already, or is no datetime."""

    value: object

    def __str__(self) -> str:
        return (
            f"{self.value!r} is not a wall time. Give a datetime without tzinfo and name its zone, "
            "or take Moment.from_datetime for a datetime that has one."
        )


@define(eq=False, slots=False, repr=False)
class UnknownZone(InvalidTime):
    """A name that is not in the IANA time zone database."""

    name: object
    nearest: tuple[str, ...] = ()

    def __str__(self) -> str:
        hint = f" Did you mean {' or '.join(self.nearest)}?" if self.nearest else ""
        return f"{self.name!r} is not an IANA time zone name such as 'Asia/Shanghai'.{hint}"


@define(eq=False, slots=False, repr=False)
class NonexistentTime(InvalidTime):
    """A wall time that the zone's clocks skip. `before` and `after` are the neighbouring times that exist."""

    wall: datetime
    zone: str
    before: str
    after: str

    def __str__(self) -> str:
        return (
            f"{self.wall.isoformat(' ')} does not exist in {self.zone}: the clocks skip it. "
            f"Take {self.before} or {self.after}."
        )


@define(eq=False, slots=False, repr=False)
class AmbiguousTime(InvalidTime):
    """A wall time that the zone's clocks show twice. `first` and `second` are the two candidates."""

    wall: datetime
    zone: str
    first: str
    second: str

    def __str__(self) -> str:
        return (
            f"{self.wall.isoformat(' ')} occurs twice in {self.zone}: {self.first} (fold=0) "
            f"and {self.second} (fold=1). Say which by fold."
        )


@define(eq=False, slots=False, repr=False)
class MislocalizedTime(InvalidTime):
    """A datetime whose offset its own zone does not have then: made by `tzinfo=` instead of `localize`."""

    value: datetime
    zone: str
    offset: timedelta

    def __str__(self) -> str:
        return (
            f"{self.value.isoformat()} has the offset {self.offset}, which {self.zone} does not have then. "
            f"It was probably made by datetime(..., tzinfo=pytz.timezone({self.zone!r})): "
            f"use pytz.timezone({self.zone!r}).localize(...) or Moment.at(wall, {self.zone!r})."
        )


@define(eq=False, slots=False, repr=False)
class OffsetDisagrees(InvalidTime):
    """A time written with an offset that the named zone does not have at that wall time."""

    value: str
    zone: str
    expected: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"{self.value} disagrees with {self.zone}, whose offset then is {' or '.join(self.expected)}. "
            "Correct the offset, leave it out, or name another zone."
        )


@define(eq=False, slots=False, repr=False)
class TimeOutOfRange(InvalidTime):
    """A time, or the result of a calculation, that lies outside the years 1 to 9999."""

    value: str

    def __str__(self) -> str:
        return f"{self.value} lies outside the years 1 to 9999. Take a time within them."


@define(eq=False, slots=False, repr=False)
class InvalidDeadline(ConferenceKitError, ValueError):
    """A deadline that says too little, too much, or contradicts itself."""

    value: object
    remedy: str

    def __str__(self) -> str:
        return f"{self.value!r} does not make a deadline. {self.remedy}"


# -- documents, people, rules -----------------------------------------------------------------------------------------


@define(eq=False, slots=False, repr=False)
class InvalidText(ConferenceKitError, ValueError):
    """A text, locale or name that cannot stand where it was put."""

    value: object
    remedy: str

    def __str__(self) -> str:
        return f"{_short(self.value)} cannot stand here. {self.remedy}"


@define(frozen=True)
class Problem:
    """One thing wrong in a document: where, what it was, what was expected.

    `path` is the key's path, such as `deadlines.registration.before` or `sessions[2].ends`. `value` None:
    it is missing.
    """

    path: str
    value: object
    expected: str
    nearest: str | None = None

    def __str__(self) -> str:
        hint = f" Did you mean {self.nearest!r}?" if self.nearest else ""
        shown = "missing" if self.value is None else _short(self.value)
        return f"{self.path}: {shown}: {self.expected}{hint}"


@define(eq=False, slots=False, repr=False)
class InvalidDocument(ConferenceKitError, ValueError):
    """A conference document with problems: all of them, in the order of the document."""

    source: str
    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        return f"{self.source} has {count}:\n{lines}"


@define(eq=False, slots=False, repr=False)
class InvalidImport(ConferenceKitError, ValueError):
    """A file of registrations, or a calendar, that cannot be read. `line` counts from 1, 0 = the file as a whole.

    `others` are further lines of the same file that have to be corrected.
    """

    source: str
    line: int
    value: object
    remedy: str
    others: tuple[InvalidImport, ...] = ()

    def __str__(self) -> str:
        if not self.others:
            where = f"{self.source}, line {self.line}" if self.line else self.source
            return f"{where}: {_short(self.value)}. {self.remedy}"
        found = (self, *self.others)
        lines = [f"  line {each.line}: {_short(each.value)}. {each.remedy}" for each in found[:_MOST_LINES]]
        if found[_MOST_LINES:]:
            lines.append(f"  and {len(found) - _MOST_LINES:,} more")
        return "\n".join([f"{self.source} has {len(found):,} problems:", *lines])


@define(eq=False, slots=False, repr=False)
class TransitionNotAllowed(ConferenceKitError):
    """An action that the state of the subject does not allow. `allowed` lists the actions that it does."""

    subject: str
    state: str
    action: str
    allowed: tuple[str, ...]

    def __str__(self) -> str:
        options = ", ".join(self.allowed) or "nothing more"
        return f"{self.subject} is {self.state!r} and cannot {self.action!r}. What it allows: {options}."


@define(eq=False, slots=False, repr=False)
class NotFound(ConferenceKitError, LookupError):
    """There is no such record."""

    kind: str
    id: str

    def __str__(self) -> str:
        return (
            f"There is no {self.kind} {self.id!r} here. Check the id and the conference that it belongs to."
        )


@define(eq=False, slots=False, repr=False)
class ConferenceOutdated(ConferenceKitError):
    """Another process put a newer document in force."""

    held: str
    in_force: str

    def __str__(self) -> str:
        return (
            f"The conference document at hand ({self.held[:12]}) is older than the one in force "
            f"({self.in_force[:12]}). Load the newer document and call secretariat.reload(conference)."
        )


@define(eq=False, slots=False, repr=False)
class PlanInUse(ConferenceKitError):
    """A changed document would take away what people already hold."""

    path: str
    value: object
    remedy: str

    def __str__(self) -> str:
        return f"{self.path}: {_short(self.value)} is in use and cannot go. {self.remedy}"


@define(eq=False, slots=False, repr=False)
class MissingLink(ConferenceKitError):
    """A mail of this conference needs a link for which the secretariat has no address."""

    purpose: str

    def __str__(self) -> str:
        return (
            f"Mails of this conference contain a link {self.purpose!r}, and the secretariat has no address for it. "
            f'Give site="https://..." or site={{{self.purpose!r}: "https://.../{{token}}"}}.'
        )


@define(eq=False, slots=False, repr=False)
class MissingExtra(ConferenceKitError, ImportError):
    """An optional dependency is needed and not installed."""

    extra: str
    purpose: str

    def __str__(self) -> str:
        return f"{self.purpose} needs the extra {self.extra!r}: pip install 'conferencekit[{self.extra}]'."


# -- stores -----------------------------------------------------------------------------------------------------------


_MOST_LINES = 20
"""So many lines of a file that have to be corrected are shown."""
_PASSWORD = re.compile(r"(?<!/)//(?!/)([^:@/]*):(.*)@", re.DOTALL)
_SECRETS = re.compile(r"([?&](?:\w*password|\w*secret|\w*token)=)([^&]*)", re.IGNORECASE)


def secrets_in(url: str) -> list[str]:
    """Whatever could be a password in a URL."""
    return [found for _, found in (*_PASSWORD.findall(url), *_SECRETS.findall(url)) if found]


def shown_url(url: str) -> str:
    """A URL as messages may show it: whatever could be a password in it, also in one that is malformed, is masked."""
    return _SECRETS.sub(r"\1***", _PASSWORD.sub(r"//\1:***@", url))


class StoreError(ConferenceKitError):
    """Something about a store, never about one change set in a batch (that is a `Conflict`)."""


@define(eq=False, slots=False, repr=False)
class InvalidChangeSet(StoreError, ValueError):
    """A change set or a query outside the limits that all stores share."""

    value: object
    remedy: str

    def __str__(self) -> str:
        return f"{_short(self.value)} cannot be stored. {self.remedy}"


@define(eq=False, slots=False, repr=False)
class StoreBusy(StoreError):
    """Others held the store for longer than the time that was allowed. Nothing was applied."""

    url: str = field(converter=shown_url)
    seconds: float

    def __str__(self) -> str:
        return f"{self.url} stayed locked for {self.seconds:g} s; nothing was applied. Try again."


@define(eq=False, slots=False, repr=False)
class StoreFull(StoreError):
    """The disk, or the store's quota on it, is full. Nothing was applied."""

    url: str = field(converter=shown_url)
    reason: str

    def __str__(self) -> str:
        return f"{self.url} has no room left ({self.reason}); nothing was applied. Free some space and try again."


@define(eq=False, slots=False, repr=False)
class StoreReadOnly(StoreError):
    """The store may be read but not written. Nothing was applied."""

    url: str = field(converter=shown_url)
    reason: str

    def __str__(self) -> str:
        return f"{self.url} cannot be written ({self.reason}); nothing was applied. Give this user the right to write."


@define(eq=False, slots=False, repr=False)
class StoreUnavailable(StoreError):
    """The store cannot be opened or reached. Nothing was applied."""

    url: str = field(converter=shown_url)
    reason: str

    def __str__(self) -> str:
        return f"{self.url} cannot be used ({self.reason}); nothing was applied. Check the address and try again."


@define(eq=False, slots=False, repr=False)
class CommitInDoubt(StoreError):
    """The store failed while committing: the batch was applied as a whole or not at all."""

    url: str = field(converter=shown_url)
    reason: str

    def __str__(self) -> str:
        return (
            f"{self.url} failed during a commit ({self.reason}): it was applied, or it was not. "
            "Repeat the same batch: what was applied is answered as replayed."
        )


@define(eq=False, slots=False, repr=False)
class SchemaTooNew(StoreError):
    """The store or a record in it was written by a newer version of conferencekit."""

    where: str
    found: int
    known: int

    def __str__(self) -> str:
        return f"{self.where} has schema {self.found}, and this version knows up to {self.known}. Update conferencekit."


@define(eq=False, slots=False, repr=False)
class SchemaTooOld(StoreError):
    """The store was laid out by an older version of conferencekit."""

    url: str = field(converter=shown_url)
    found: int
    known: int

    def __str__(self) -> str:
        return (
            f"{self.url} has schema {self.found}, and this version needs {self.known}. Nothing was changed. Make a "
            f"backup with the older version, then run: conferencekit storage migrate {self.url}"
        )


@define(eq=False, slots=False, repr=False)
class CopyRefused(StoreError):
    """A conference that cannot be copied from one store to another."""

    conference: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"The conference {self.conference!r} was not copied: {self.reason}. {self.remedy}"


@define(eq=False, slots=False, repr=False)
class InvalidBody(StoreError, ValueError):
    """A stored body that does not read as the class that it should be: damaged, or written by something else."""

    where: str
    value: object
    reason: str

    def __str__(self) -> str:
        return (
            f"{self.where} cannot be read from {_short(self.value)}: {self.reason}. "
            "Restore the record from a backup, or correct what wrote it."
        )


@define(eq=False, slots=False, repr=False)
class NotOurFile(StoreError):
    """The file exists and is not a store of this kind."""

    url: str = field(converter=shown_url)
    reason: str

    def __str__(self) -> str:
        return f"{self.url} is not a conferencekit store ({self.reason}). Nothing was changed; name another file."


# -- plugins ----------------------------------------------------------------------------------------------------------


class PluginError(ConferenceKitError):
    """Something about a plugin."""


@define(eq=False, slots=False, repr=False)
class DuplicateName(PluginError):
    """Two plugins offer something under one name."""

    what: str
    name: str
    plugins: tuple[str, str]

    def __str__(self) -> str:
        first, second = self.plugins
        return f"Both {first} and {second} offer a {self.what} named {self.name!r}. Disable one of them."


@define(eq=False, slots=False, repr=False)
class UnknownBackend(PluginError):
    """No plugin offers what was asked for. `broken` names distributions that failed to load."""

    what: str
    name: str
    known: tuple[str, ...]
    broken: tuple[str, ...] = ()

    def __str__(self) -> str:
        broken = f" These plugins did not load: {'; '.join(self.broken)}." if self.broken else ""
        return (
            f"No {self.what} is named {self.name!r}. Known: {', '.join(self.known) or 'none'}. "
            f"Correct the name or install the plugin that offers it.{broken}"
        )


@define(eq=False, slots=False, repr=False)
class PluginBroken(PluginError):
    """A distribution whose entry point does not load."""

    plugin: str
    reason: str

    def __str__(self) -> str:
        return f"The plugin {self.plugin} does not load ({self.reason}). Update or uninstall it."


@define(eq=False, slots=False, repr=False)
class InvalidHook(PluginError):
    """A hook implementation that could never be called as its author meant."""

    plugin: str
    hook: str
    remedy: str

    def __str__(self) -> str:
        return f"The plugin {self.plugin} implements {self.hook!r} in a way that cannot work. {self.remedy}"


# -- messages, calendar, blobs, declaration, ledger -------------------------------------------------------------------


class MessageError(ConferenceKitError):
    """Something about a mail."""


@define(eq=False, slots=False, repr=False)
class TemplateBroken(MessageError):
    """A template that does not render with the values of its notice."""

    template: str
    reason: str

    def __str__(self) -> str:
        return f"The template {self.template!r} does not render: {self.reason}. Correct the template and deliver again."


@define(eq=False, slots=False, repr=False)
class InvalidAddress(MessageError, ValueError):
    """Not an e-mail address that mail can be sent to."""

    value: object

    def __str__(self) -> str:
        return f"{_short(self.value)} is not an e-mail address. Give one like name@example.org."


@define(eq=False, slots=False, repr=False)
class InvalidCalendar(ConferenceKitError, ValueError):
    """A calendar object, or the data for one, that RFC 5545 or RFC 5546 does not allow."""

    problems: tuple[str, ...]

    def __str__(self) -> str:
        return f"Not a valid calendar object: {'; '.join(self.problems)}. Correct that and try again."


@define(eq=False, slots=False, repr=False)
class MailboxUnavailable(ConferenceKitError):
    """A mailbox on a server that cannot be read: no connection, no right, no such folder. Nothing in it was changed."""

    url: str = field(converter=shown_url)
    reason: str

    def __str__(self) -> str:
        return (
            f"{self.url} cannot be read ({self.reason}); nothing in it was changed. "
            "Correct the address or the password, or try again later."
        )


class BlobError(ConferenceKitError):
    """Something about an uploaded file."""


@define(eq=False, slots=False, repr=False)
class BlobTooLarge(BlobError):
    """More bytes than allowed. Nothing of it was kept."""

    limit: int

    def __str__(self) -> str:
        return f"The file is larger than the {self.limit} bytes allowed; nothing of it was kept. Send a smaller one."


@define(eq=False, slots=False, repr=False)
class BlobMissing(BlobError, LookupError):
    """There is no blob with this digest."""

    sha256: str

    def __str__(self) -> str:
        return f"There is no file with the digest {self.sha256}. Restore it from a backup or ask for a new upload."


@define(eq=False, slots=False, repr=False)
class BlobsUnavailable(BlobError):
    """Files cannot be stored or read here: no room, no right, no such folder. Nothing was kept or lost."""

    url: str
    reason: str

    def __str__(self) -> str:
        return (
            f"{self.url} cannot be used for files ({self.reason}); nothing was kept. "
            "Free some space or correct the folder and its rights, and try again."
        )


@define(eq=False, slots=False, repr=False)
class InvalidDigest(BlobError, ValueError):
    """Not a SHA-256 in lower-case hexadecimal."""

    value: object

    def __str__(self) -> str:
        return f"{_short(self.value)} is not a SHA-256 digest: 64 lower-case hexadecimal digits are expected."


@define(eq=False, slots=False, repr=False)
class DeclarationRefused(ConferenceKitError, ValueError):
    """A text of clauses that cannot become a declaration: all its problems, in the order of the text."""

    source: str
    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        return f"{self.source} cannot be compiled:\n{lines}"


@define(eq=False, slots=False, repr=False)
class NotCanonical(ConferenceKitError, ValueError):
    """A value that has no canonical JSON, and so no digest. `path` leads to it from `$`, the whole."""

    path: str
    value: object
    remedy: str

    def __str__(self) -> str:
        return f"{self.path}: {_short(self.value)} has no canonical JSON. {self.remedy}"


@define(eq=False, slots=False, repr=False)
class LedgerBroken(ConferenceKitError):
    """The log does not verify. `where` names the entry or the seal."""

    where: str
    reason: str

    def __str__(self) -> str:
        return f"The log is broken at {self.where}: {self.reason}. Restore it from a backup made before the change."


def _as_written(value: object, depth: int = 3) -> str:
    """The value as a person would write it, dates in tables and lists too. What lies deeper is shown by `repr`."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict) and depth:
        return f"{{ {', '.join(f'{key} = {_as_written(each, depth - 1)}' for key, each in value.items())} }}"
    if isinstance(value, list) and depth:
        return f"[{', '.join(_as_written(each, depth - 1) for each in value)}]"
    return repr(value)


def _short(value: object) -> str:
    text = _as_written(value)
    return text if len(text) <= 80 else f"{text[:60]}… ({len(text)} characters)"
