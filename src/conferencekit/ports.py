"""What an adapter must do: the one page that the author of a store, mailer, form backend or blob store reads.

Everything here is plain data and protocols. `evaluate` in `conferencekit.store` is the exact meaning of a commit; a
store loads the rows that a change set touches, calls it under a lock, writes what it marks, and commits.
"""

from __future__ import annotations

import enum
from collections.abc import Generator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import BinaryIO, Final, Literal, Protocol, get_args, runtime_checkable

from attrs import field, frozen
from attrs.converters import optional

from .context import utc
from .errors import InvalidChangeSet
from .form.fields import Form
from .form.issues import Issue
from .form.reading import NamedFile, Reading
from .limits import (
    KEY_BYTES,
    NUMBER,
    OPS,
    PLACES,
    SEALED_AT_ONCE,
    body_text,
    check_key,
    check_kind,
    check_number,
    check_text,
)
from .message.message import Message

Json = Mapping[str, object]

ABSENT: Final = 0
"""The version of a record that is not there. Versions of records are 1, 2, 3, ..."""


class _Seq(enum.Enum):
    SEQ = "seq"

    def __repr__(self) -> str:
        return "SEQ"


SEQ: Final = _Seq.SEQ
"""As `Index.order`: the number that the store gives to this commit, the order of arrival."""

Order = int | str | Literal[_Seq.SEQ]


# -- stores: what is written ------------------------------------------------------------------------------------------
#
# The limits live in these types: a value outside them raises `InvalidChangeSet` where it is made, so a store never sees
# it. Keys (kinds, ids, names, values, lanes, quotas) are 1 to 512 bytes of UTF-8 without NUL and lone surrogates.


@frozen
class Index:
    """One row of a declared index: records with this `key`, in ascending order of (`order`, id).

    Integers (64 bits) are ordered by value and come before text, text by its UTF-8 bytes. With `SEQ` each write of the
    record moves it to the end; to keep its place, write the number that it had (`Committed.seq`, `Record.seq`).
    """

    key: str
    order: Order = ""

    def __attrs_post_init__(self) -> None:
        check_key(self.key, "The key of an index")
        if isinstance(self.order, str):
            check_text(self.order, "The order of an index", KEY_BYTES)
        elif self.order is not SEQ:
            check_number(self.order, "The order of an index", -NUMBER - 1)


@frozen
class Record:
    """A record as the store holds it. `body` is JSON that reads back value-equal, a copy of the caller's own.

    `seq` is the number of the commit that wrote this version.
    """

    kind: str
    id: str
    version: int
    body: Json
    seq: int = 0


@frozen
class Entry:
    """The log entry of a change set and its idempotency key in one. The salt is in the body.

    A store indexes it by `person` and by `subject`, where they are not empty. Both must be ids, never names or
    addresses.

    Attributes:
        text: the body as compact JSON, made once.
    """

    id: str
    body: Json
    digest: str
    person: str = ""
    text: str = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        check_key(self.id, "The id of an entry")
        check_key(self.digest, "The digest of an entry")
        check_text(self.person, "The person of an entry", KEY_BYTES)
        check_text(self.subject, "The subject of an entry", KEY_BYTES)
        object.__setattr__(self, "text", body_text(self.body, "The body of an entry"))

    @property
    def subject(self) -> str:
        """What the entry is about: `body["subject"]` where that is a text, else empty."""
        subject = self.body.get("subject")
        return subject if isinstance(subject, str) else ""


def _indexes(rows: Mapping[str, Index]) -> Mapping[str, Index]:
    return dict(rows)


def _uniques(values: Mapping[str, str]) -> Mapping[str, str]:
    return dict(values)


def _takes(places: Mapping[str, int]) -> Mapping[str, int]:
    return dict(places)


@frozen(kw_only=True)
class Put:
    """Write a record, if its version is `expect` (`ABSENT`: if it is not there); the version becomes `expect + 1`.

    `indexes`, `uniques` and `takes` replace what the record had: `{}` gives everything back. A name stands in `indexes`
    or in `uniques`, not in both: every unique is an index too. A unique value has one owner among all kinds. `takes`
    says how many of each quota the record holds (1 to 1,000,000,000). `over` lets an organiser exceed these quotas.

    Attributes:
        text: the body as compact JSON, made once.
    """

    kind: str
    id: str
    body: Json
    expect: int
    indexes: Mapping[str, Index] = field(factory=dict, converter=_indexes)
    uniques: Mapping[str, str] = field(factory=dict, converter=_uniques)
    takes: Mapping[str, int] = field(factory=dict, converter=_takes)
    over: bool = False
    text: str = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        _check_record(self.kind, self.id, self.expect)
        for name in self.indexes:
            check_key(name, "The name of an index")
        for name, value in self.uniques.items():
            check_key(name, "The name of a unique")
            check_key(value, "A unique value")
            if name in self.indexes:
                raise InvalidChangeSet(name, "Name it in `uniques` only: every unique is an index too.")
        for quota, places in self.takes.items():
            check_key(quota, "The name of a quota")
            check_number(places, "What is taken of a quota", 1, PLACES)
        object.__setattr__(self, "text", body_text(self.body))


@frozen(kw_only=True)
class Erase:
    """Remove a record, if its version is `expect` (1 or more); what it held is given back."""

    kind: str
    id: str
    expect: int

    def __attrs_post_init__(self) -> None:
        _check_record(self.kind, self.id, self.expect)
        check_number(self.expect, "The version of a record to erase", 1)


@frozen(kw_only=True)
class Check:
    """A read dependency: the commit conflicts unless the record still has the version `expect`.

    `ABSENT`: unless it is still not there.
    """

    kind: str
    id: str
    expect: int

    def __attrs_post_init__(self) -> None:
        _check_record(self.kind, self.id, self.expect)


@frozen(kw_only=True)
class Limit:
    """Create a quota or set its capacity, also below what is taken. None counts without a limit.

    A `Put` in the same change set is tested against the new capacity.
    """

    quota: str
    capacity: int | None

    def __attrs_post_init__(self) -> None:
        check_key(self.quota, "The name of a quota")
        if self.capacity is not None:
            check_number(self.capacity, "A capacity")


@frozen(kw_only=True)
class AtMost:
    """A condition: at most `taken` are taken of the quota before this commit (0 = nobody)."""

    quota: str
    taken: int

    def __attrs_post_init__(self) -> None:
        check_key(self.quota, "The name of a quota")
        check_number(self.taken, "AtMost")


@frozen(kw_only=True)
class Enqueue:
    """A notice that is owed: one row of the outbox, under a key that no notice of the conference ever had.

    Notices of one `lane` leave in the order of their commits, within one change set in the order of the ops. It may be
    sent from `due` on (aware, kept in UTC).

    Attributes:
        text: the body as compact JSON, made once.
    """

    key: str
    body: Json
    due: datetime = field(converter=utc)
    lane: str
    person: str = ""
    text: str = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        check_key(self.key, "The key of a notice")
        check_key(self.lane, "The lane of a notice")
        check_text(self.person, "The person of a notice", KEY_BYTES)
        object.__setattr__(self, "text", body_text(self.body, "The body of a notice"))


@frozen(kw_only=True)
class Redact:
    """Remove the body of a notice or of a log entry, keeping its digest. Doing it again changes nothing.

    Its `person` and `subject` are forgotten too, so it is no longer found by them. A notice that was still to be sent
    becomes `failed` with the note "redacted".
    """

    what: Literal["notice", "entry"]
    id: str

    def __attrs_post_init__(self) -> None:
        if self.what not in {"notice", "entry"}:
            raise InvalidChangeSet(
                self.what, "Only a 'notice' or an 'entry' can be redacted; erase a record."
            )
        check_key(self.id, f"The id of a redacted {self.what}")


def _ids(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(ids)


@frozen(kw_only=True)
class Seal:
    """Mark 1 to 10,000 log entries as sealed under the seal `number` (1 or more).

    An entry that is sealed already, or a number that was used, is a conflict (`Reused`).
    """

    number: int
    entries: tuple[str, ...] = field(converter=_ids)

    def __attrs_post_init__(self) -> None:
        check_number(self.number, "The number of a seal", 1)
        if not 1 <= len(self.entries) <= SEALED_AT_ONCE or len(set(self.entries)) < len(self.entries):
            raise InvalidChangeSet(self.entries, f"A seal marks 1 to {SEALED_AT_ONCE} entries, each once.")
        for entry in self.entries:
            check_key(entry, "The id of a sealed entry")


Op = Put | Erase | Check | Limit | AtMost | Enqueue | Redact | Seal


def _ops(ops: Iterable[Op]) -> tuple[Op, ...]:
    return tuple(ops)


@frozen
class ChangeSet:
    """What is committed together or not at all, within one conference: at most 1,000 ops.

    A (kind, id), a quota in `Limit` or `AtMost`, a notice key, a redacted entry and a seal number occur at most once.
    """

    conference: str
    entry: Entry
    ops: tuple[Op, ...] = field(converter=_ops, default=())

    def __attrs_post_init__(self) -> None:
        check_key(self.conference, "The id of a conference")
        if len(self.ops) > OPS:
            raise InvalidChangeSet(len(self.ops), f"A change set has at most {OPS} ops: split it.")
        seen = set()
        for op in self.ops:
            touched = _touched(op)
            if touched in seen:
                raise InvalidChangeSet(
                    touched, "It occurs twice in one change set: say once what becomes of it."
                )
            seen.add(touched)


def _check_record(kind: str, id_: str, expect: int) -> None:
    check_kind(kind)
    check_key(id_, "The id of a record")
    check_number(expect, "The expected version")


def _touched(op: Op) -> tuple[str, ...]:
    match op:
        case Put() | Erase() | Check():
            return ("record", op.kind, op.id)
        case Limit() | AtMost():
            return ("quota", op.quota)
        case Enqueue():
            return ("notice", op.key)
        case Redact():
            return (op.what, op.id)
        case Seal():
            return ("seal", str(op.number))
        case _:
            raise InvalidChangeSet(
                op, "An op is one of Put, Erase, Check, Limit, AtMost, Enqueue, Redact, Seal."
            )


# -- stores: what comes back ------------------------------------------------------------------------------------------


@frozen
class Committed:
    """The change set is durable. `replayed`: it had been applied before, as `seq`, and nothing was done now."""

    seq: int
    replayed: bool = False


@frozen
class Stale:
    """A record has another version than expected (`found`; 0 = it is not there).

    Also for a notice or an entry that is to be redacted or sealed and is not there: kind `~notice` or `~entry`.
    """

    kind: str
    id: str
    found: int


@frozen
class Owned:
    """A unique value belongs to another record, or two records of the change set want it."""

    unique: str
    value: str
    kind: str
    id: str


@frozen
class Reused:
    """What exists already: an `entry` with another digest or another seal, a `notice` key, the number of a `seal`."""

    what: str
    id: str


@frozen
class UnknownQuota:
    """A quota that was never limited is taken from, or asked about: a typo must not mean unlimited."""

    quota: str


@frozen
class Full:
    """A quota has `left` places and the change set wants `wanted`.

    For an `AtMost`: `wanted` is 0 and `left` says by how many (negative) the condition was missed.
    """

    quota: str
    left: int
    wanted: int


Reason = Stale | Owned | Reused | UnknownQuota | Full


@frozen
class Conflict:
    """The change set was not applied and left no trace: why.

    First what the ops met in their order (`Stale`, `Reused`, `AtMost`), then `Owned` in the order of the ops, then
    quotas by name. A reused entry is reported alone.
    """

    reasons: tuple[Reason, ...]


Outcome = Committed | Conflict


@frozen
class Leased:
    """A notice lent to one worker until its lease runs out. `token` rises with each lease of the notice.

    `attempt` counts leases from 1. `uncertain`: the lease before ran out without word of how it ended.
    """

    conference: str
    key: str
    token: int
    attempt: int
    uncertain: bool
    body: Json
    lane: str


NoticeState = Literal["sent", "failed", "held", "queued"]
NOTICE_STATES: Final = get_args(NoticeState)


@frozen
class Mark:
    """How a leased notice ended.

    `queued` puts it back until `due`; `sent` and `failed` are final; `held` waits for a person. Without `due`, a notice
    that is put back keeps its own. `note` is kept beside the notice for people (a server's answer, never a secret)
    until a mark with another one; `sha256` is the digest of the rendered bytes, kept from the first one given.
    Both are read in the body of the `~notice` record.
    """

    conference: str
    key: str
    token: int
    state: NoticeState
    due: datetime | None = field(default=None, converter=optional(utc))
    note: str = ""
    sha256: str = ""

    def __attrs_post_init__(self) -> None:
        check_key(self.conference, "The id of a conference")
        check_key(self.key, "The key of a notice")
        check_number(self.token, "A token")
        if self.state not in NOTICE_STATES:
            raise InvalidChangeSet(self.state, "A notice becomes sent, failed, held or queued.")
        check_text(self.note, "A note")
        check_text(self.sha256, "A digest", KEY_BYTES)


@runtime_checkable
class Store(Protocol):
    """Where conferences are kept.

    Every method may be called from several threads at once, and after a fork in the child, where the store opens again
    by itself. Conferences are independent of each other. Reads see every write whose `commit` returned, in any process.

    What every method raises, never a driver's own error:
        StoreBusy, StoreFull, StoreReadOnly, StoreUnavailable: the call did nothing.
        CommitInDoubt: the call (`commit`, `lease`, `settle`) was applied as a whole or not at all.
        SchemaTooNew, SchemaTooOld, NotOurFile: at the first use, what is there is of another version, or no store.
        InvalidChangeSet: the arguments are outside the limits that all stores share; the call did nothing.
    """

    @property
    def capabilities(self) -> Mapping[str, str]:
        """What the store claims, each with its reason in words.

        `durable`: what was committed survives kill -9 and loss of power. `processes`: several processes of one machine
        may have it open. `hosts`: several machines may. `exclusive`: a second process that opens it gets `StoreBusy`.
        Whatever is not named is not promised. To hold registrations a store needs `durable` and one of the others.
        """

    def conferences(self) -> list[str]:
        """The ids of all conferences that something was committed to, in ascending order of UTF-8 bytes."""

    def get(self, conference: str, kind: str, ids: Iterable[str]) -> dict[str, Record]:
        """The records with these ids; an id that is not there is missing in the answer. Reserved kinds: see `find`."""

    def quotas(self, conference: str, ids: Iterable[str]) -> dict[str, tuple[int, int | None]]:
        """(taken, capacity) of quotas that were limited at some time; None = counted without a limit."""

    def find(
        self, conference: str, kind: str, index: str, key: str, *, after: str | None = None, limit: int = 100
    ) -> tuple[list[Record], str | None]:
        """The records under one key of one declared index, ascending by (order, id), at most `limit` (1 to 1,000).

        Each name in `uniques` is an index too, with the value as key. The second answer is the cursor to go on with as
        `after`, None at the end. It is opaque and a position, not a snapshot: a record that matches throughout the walk
        comes once.

        Two kinds are the store's own. Their records have version 1, come in the order of their commits, and have these
        indexes and bodies:
            "~notice": `state` (key: queued, held, sent, failed) and `person`. The body has `body` (None once redacted),
                `state`, `due`, `until` (ISO 8601 in UTC; `until`: end of the lease, or None), `lane`, `person`,
                `token` (of the last lease, 0 = none yet), `note`, `sha256`.
            "~entry": `unsealed` and `all` (key: ""), `person`, `subject`. The body has `body` (None once redacted),
                `digest`, `person`, `subject`, `sealed` (the number of the seal, 0 = not sealed).
        """

    def commit(self, batch: Sequence[ChangeSet]) -> list[Outcome]:
        """Apply at most 1,000 change sets in order; one outcome for each, in the same order.

        Each change set is applied as `conferencekit.store.evaluate` says, atomically and serializably within its
        conference, and sees those before it in the batch. One that conflicts leaves no trace and harms no other.
        All is durable when the call returns. `seq` is unique in a conference, with gaps; if one call returned before
        another began, its numbers are lower. They may become visible out of order, so build nothing on "greater than
        the last seen". After `CommitInDoubt` repeat the same batch: what was applied is answered as replayed.
        """

    def lease(
        self, limit: int, *, now: datetime, until: datetime, conference: str | None = None
    ) -> list[Leased]:
        """Lend at most `limit` (1 to 1,000) notices that are due at `now`, earliest first, to the caller until `until`.

        Of a lane only the lowest notice that is not final is lent, and not while it is held or its lease runs: leases
        are half-open, `[now, until)`. Durable when the call returns. Take few at once (20; 1 where a repeat hurts):
        what a worker holds when it dies comes back as `uncertain`. None as `conference` looks at all of them.
        """

    def settle(self, marks: Sequence[Mark]) -> list[bool]:
        """Record how notices ended, in order; False where nothing was settled. At most 1,000 marks.

        Only the token of the last lease settles (0 for a notice that was never leased: so a person may hold, release or
        give up what waits, by the `token` in its record). An earlier token settles `sent` all the same, for that
        happened. What is final stays; the same final state again is True.
        """

    def close(self) -> None:
        """Wait for calls that run, then let go of files and connections. Calling it again does nothing.

        Any other call afterwards raises `StoreUnavailable`.
        """


def missing_claims(capabilities: Mapping[str, str]) -> tuple[str, ...]:
    """What a store would have to claim besides to hold registrations; nothing, if it is fit to.

    It must be `durable`, and a second process must find it shared (`processes`, `hosts`) or closed (`exclusive`).
    """
    opened = () if {"processes", "hosts", "exclusive"} & set(capabilities) else ("processes or exclusive",)
    return (*(() if "durable" in capabilities else ("durable",)), *opened)


# -- stores: what they may offer beside -------------------------------------------------------------------------------


@frozen
class DumpedRow:
    """One row of a conference as plain data, as `dump` gives it and `restore` takes it.

    Attributes:
        table: `entry`, `seal`, `quota`, `record` or `notice`.
        key: what is unique within the table and orders it: `(seq, id)`, `(number,)`, `(quota,)`, `(kind, id)`,
            `(place, key)`.
        value: the other columns as JSON data, see `conferencekit.store.dump`. None: the record is gone.
    """

    table: str
    key: tuple[int | str, ...]
    value: Json | None


@runtime_checkable
class Dumpable(Protocol):
    """What a store may offer beside `Store`, so that it can be audited, copied and backed up."""

    def conferences(self) -> list[str]:
        """As `Store.conferences`."""

    def dump(self, conference: str) -> Generator[DumpedRow, None, None]:
        """All rows of a conference as they are at one moment, also while others write.

        The tables come in the order that `DumpedRow.table` lists, each in ascending order of its keys (integers by
        value, text by its UTF-8 bytes). Close it if you do not read to its end.
        """

    def restore(self, conference: str, rows: Sequence[DumpedRow]) -> None:
        """Write these rows as they are, in one atomic and durable step.

        A row replaces the one with its key; index rows and owners of unique values follow from the records. Nothing is
        tested. Later commits get higher numbers than any in the rows. Only for a conference that nobody else writes to.

        Raises `InvalidChangeSet` for more than 1,000 rows or one that no `dump` gives (`conferencekit.store.restored`
        sees to that), and for an id of a conference that is no key (`conferencekit.limits.check_key`).
        """


@frozen
class Discrepancy:
    """Something that a store says and its rows do not. `where` names the table and the key."""

    where: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.where}: found {self.found}, expected {self.expected}"


@runtime_checkable
class Auditable(Protocol):
    """What a store may offer beside `Dumpable`, if it keeps tables that follow from others.

    An audit reads what `find` lists and `dump` tells. It cannot see an index row under a key that no record has, nor a
    flag that only `lease` reads: those the store must look for by itself. `conferencekit.store.derived` helps.
    """

    def faults(self, conference: str | None) -> Generator[Discrepancy, None, None]:
        """Whatever of a conference's derived rows does not follow from its others, as of one moment.

        None: what is wrong with the store as a whole, such as damaged pages, or rows of a conference that it does not
        list. Nothing is changed. Close it if you do not read to its end.
        """


@runtime_checkable
class Migratable(Protocol):
    """What a store may offer beside `Store`, if its layout has changed between versions.

    Opening a store with an older layout raises `SchemaTooOld`; nothing is migrated by itself.
    """

    def pending(self) -> list[str]:
        """What `migrate` would do, step by step in words; nothing if the layout is that of this version."""

    def migrate(self) -> None:
        """Bring the layout to that of this version. Each step is atomic; stopped in between, call it again."""


# -- mail -------------------------------------------------------------------------------------------------------------


@frozen
class Sent:
    """The server took the message. `detail` is its answer."""

    detail: str = ""


@frozen
class Deferred:
    """Not taken now; try again `after` this many seconds.

    `uncertain`: perhaps taken all the same. A notice that must not be sent twice is then held for a person.
    """

    after: float
    why: str
    uncertain: bool = False


@frozen
class Rejected:
    """Not taken, and trying again would not help."""

    why: str


Delivery = Sent | Deferred | Rejected


@runtime_checkable
class Mailer(Protocol):
    """Hands messages over to somebody who delivers them."""

    def send(self, messages: Sequence[Message]) -> list[Delivery]:
        """One answer per message, in the same order. Raises nothing for what a server or network does."""

    def close(self) -> None:
        """Let go of files and connections. Calling it again does nothing."""


# -- blobs ------------------------------------------------------------------------------------------------------------


@frozen
class Blob:
    """A stored file: its SHA-256 in lower-case hexadecimal and its size in bytes."""

    sha256: str
    size: int


@runtime_checkable
class BlobStore(Protocol):
    """Files by their content. No name or path from outside ever reaches it."""

    def put(self, stream: BinaryIO, *, limit: int | None = None) -> Blob:
        """Store what the stream holds, reading in pieces. More than `limit` bytes: `BlobTooLarge`, nothing is kept."""

    def open(self, sha256: str) -> BinaryIO:
        """The bytes, for reading. Raises `BlobMissing`, `InvalidDigest`."""

    def url(self, sha256: str) -> str | None:
        """Where the bytes can be fetched directly, or None if the host has to serve them."""

    def delete(self, sha256: str) -> bool:
        """Remove the bytes; False if they were not there."""

    def close(self) -> None:
        """Let go of files and connections. Calling it again does nothing."""


# -- forms ------------------------------------------------------------------------------------------------------------


@runtime_checkable
class RenderedForm(Protocol):
    """A form that templates print."""

    def __html__(self) -> str:
        """The form as markup, every text in it escaped."""


@runtime_checkable
class FormBackend(Protocol):
    """Shows forms and reads what people send. Both are pure: no clock, no store, no request."""

    def read(
        self,
        form: Form,
        posted: object,
        *,
        files: Mapping[str, Sequence[NamedFile]] | None = None,
        draft: bool = False,
    ) -> Reading:
        """Clean and check what was posted, by the rules of `conferencekit.form.reading.read`. Raises nothing for it."""

    def render(
        self,
        form: Form,
        *,
        answers: object = None,
        issues: Sequence[Issue] = (),
        locale: str | None = None,
        hidden: Mapping[str, str] | None = None,
        action: str = "",
    ) -> RenderedForm:
        """The form, with answers kept (never passwords) and issues beside their fields.

        `hidden` goes back unchanged with the form; `submission_id` in it makes a repeat harmless. `action` is where to
        post, "" the page's own address.
        """
