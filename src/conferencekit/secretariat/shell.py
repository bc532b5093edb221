"""What the services share: the open store, the conference in force, the time, links and plugins.

Every use case is load, decide, commit, announce. Loading and committing are here; deciding is in the concepts.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Final

from attrs import evolve, frozen

from ..conference import Conference
from ..context import Clock, Context, Entropy
from ..errors import CommitInDoubt, ConferenceOutdated
from ..events import Event
from ..ledger import ActorKind, digest, entry_body
from ..plugins import PluginFailure, Plugins
from ..ports import ChangeSet, Check, Committed, Conflict, Entry, FormBackend, Op, Record, Stale, Store
from .links import Links

_CHUNK: Final = 500
_REPEATS: Final = 5
_FAILURES: Final = 1_000
"""So many failures of plugins are remembered, the newest."""


@frozen
class Actor:
    """Who acts, and under which id or name."""

    kind: ActorKind
    name: str = ""


REGISTRANT: Final = Actor("registrant")
SYSTEM: Final = Actor("system")


@frozen(eq=False)
class InForce:
    """The conference document in force, its digest, and the version of the record that says so.

    That is another one whenever what calendars are told of its events changed, also where the document is the same.
    """

    conference: Conference
    digest: str
    version: int


class Shell:
    """The only place with effects. Opens its store at the first use; safe to share between threads and after a fork."""

    def __init__(
        self,
        *,
        open_store: Callable[[], Store],
        take_up: Callable[[], InForce],
        links: Links,
        plugins: Plugins,
        forms: Callable[[], FormBackend],
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self.links = links
        self.plugins = plugins
        self.failures: deque[PluginFailure] = deque(maxlen=_FAILURES)
        self._forms = forms
        self._open_store = open_store
        self._take_up = take_up
        self._clock = clock
        self._entropy = entropy
        self._in_force: InForce | None = None
        self._lock = threading.RLock()

    @property
    def store(self) -> Store:
        """The open store."""
        return self._open_store()

    @property
    def forms(self) -> FormBackend:
        """What shows and reads the registration form."""
        return self._forms()

    @property
    def in_force(self) -> InForce:
        """The conference in force, as this process knows it. The first use writes the document into the store."""
        if self._in_force is None:
            with self._lock:
                if self._in_force is None:
                    self._in_force = self._take_up()
        return self._in_force

    @in_force.setter
    def in_force(self, value: InForce) -> None:
        self._in_force = value

    @property
    def conference(self) -> Conference:
        """The conference in force."""
        return self.in_force.conference

    @property
    def id(self) -> str:
        """The conference's id, which leads every key in the store."""
        return self.links.conference

    def context(self) -> Context:
        """The instant and the randomness of one use case."""
        return Context(self._clock(), self._entropy)

    def get(self, kind: str, record_id: str) -> Record | None:
        """One record, or None."""
        return self.store.get(self.id, kind, [record_id]).get(record_id)

    def walk(self, kind: str, index: str, key: str) -> Iterable[Record]:
        """All records of an index, in its order, read in chunks."""
        cursor: str | None = None
        while True:
            records, cursor = self.store.find(self.id, kind, index, key, after=cursor, limit=_CHUNK)
            yield from records
            if cursor is None:
                return

    def entry(  # noqa: PLR0913 - what an entry says, by name
        self,
        context: Context,
        actor: Actor,
        action: str,
        subject: str,
        payload: Mapping[str, object],
        *,
        entry_id: str = "",
        person: str = "",
        revision: str | int | None = None,
        about: Mapping[str, object] | None = None,
    ) -> Entry:
        """The log entry of a change set. A given `entry_id` makes the change set idempotent.

        The entry holds a salted digest of the `payload`, and what is `about` it as it is.
        """
        body = entry_body(
            context, actor=actor.kind, action=action, subject=subject, revision=revision, payload=payload
        )
        if actor.name:
            body["by"] = actor.name
        if about:
            body.update(about)
        return Entry(entry_id or context.new_id("e"), body, digest(body), person)

    def change(
        self, entry: Entry, ops: Sequence[Op], *, read_plan: bool = True, plan: int | None = None
    ) -> ChangeSet:
        """A change set. `read_plan`: it rests on the conference in force and conflicts if that has changed.

        `plan` is the version in force when the decision began, where another thread may reload while it is taken.
        """
        if not read_plan:
            return ChangeSet(self.id, entry, tuple(ops))
        version = self.in_force.version if plan is None else plan
        return ChangeSet(self.id, entry, (Check(kind="conference", id="current", expect=version), *ops))

    def commit(self, change_set: ChangeSet) -> Committed | Conflict:
        """Commit one change set."""
        return self.commit_all([change_set])[0]

    def commit_all(self, batch: Sequence[ChangeSet]) -> list[Committed | Conflict]:
        """Commit a batch; what is in doubt is repeated. Raises `ConferenceOutdated` if another document is in force."""
        for repeat in range(_REPEATS):
            try:
                results = self.store.commit(batch)
                break
            except CommitInDoubt:
                if repeat == _REPEATS - 1:
                    raise
        for change_set, result in zip(batch, results, strict=True):
            if isinstance(result, Conflict) and _read_another_plan(change_set, result):
                self.check_in_force()
        return results

    def check_in_force(self) -> None:
        """Let it be the one that the store has. Raises `ConferenceOutdated` if that is another document."""
        with self.revising():  # a revision that another thread is putting in force is here by then
            current = self.get("conference", "current")
            if current and current.version == self.in_force.version:
                return  # this process has the new one by now: decide again
            if current and current.body["digest"] == self.in_force.digest:
                # the same document, whose events were told anew or that was put back: decide again by them
                self.in_force = evolve(self.in_force, version=current.version)
                return
            raise ConferenceOutdated(self.in_force.digest, str(current.body["digest"]) if current else "none")

    def revising(self) -> AbstractContextManager[object]:
        """While a thread of this process puts a revision in force, others wait to hear which one counts."""
        return self._lock

    def announce(self, events: Iterable[Event]) -> None:
        """Tell the plugins what is durable now. What a listener raises is kept in `failures` and stops nobody."""
        for event in events:
            self.failures.extend(self.plugins.announce(event))

    def close(self) -> None:
        """Forget what was read. The next use reads it again."""
        with self._lock:
            self._in_force = None


def _read_another_plan(change_set: ChangeSet, conflict: Conflict) -> bool:
    """Whether it rests on the conference in force, and another one is. A revision itself rests on none."""
    reads = any(isinstance(op, Check) and op.kind == "conference" for op in change_set.ops[:1])
    return reads and any(isinstance(each, Stale) and each.kind == "conference" for each in conflict.reasons)
