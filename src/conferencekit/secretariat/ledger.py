"""Sealing the log, verifying it, and giving out receipts.

`seal` takes the entries that it sees unsealed, in order of arrival, and marks exactly those; one that becomes visible
later goes into the next seal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final, cast

from attrs import frozen

from ..context import Context
from ..errors import NotFound, StoreBusy
from ..events import LedgerSealed
from ..ledger import Finding, LoggedEntry, Receipt, make_seal, receipt, require_intact, verify
from ..ledger import Seal as SealedEntries
from ..limits import SEALED_AT_ONCE
from ..ports import Committed, Index, Put, Record, Seal
from ..store import cursor_of
from ..wire import Layout
from .shell import REGISTRANT, Actor, Shell

SEALS: Final = Layout(SealedEntries)
_SEALED: Final = "ledger_sealed"
_TRIES: Final = 20


@frozen(kw_only=True)
class LogPage:
    """Entries of the log, and where the next reading begins. No entries: nothing has happened since."""

    entries: tuple[LoggedEntry, ...]
    cursor: str | None


class Ledger:
    """The service behind `secretariat.ledger`."""

    def __init__(self, shell: Shell, actor: Actor = REGISTRANT) -> None:
        self._shell = shell
        self._actor = actor

    def seal(self) -> tuple[SealedEntries, ...]:
        """Seal what is unsealed, in several seals where there are very many entries.

        Nothing if nothing has happened: the log's own entries about earlier seals wait for others to be sealed with.
        """
        unsealed = [_logged(each) for each in self._shell.walk("~entry", "unsealed", "")]
        is_news = any(each.body is None or each.body["action"] != _SEALED for each in unsealed)
        waiting = len(unsealed) if is_news else 0
        made: list[SealedEntries] = []
        while waiting > 0 and (sealed := self._seal_once()):
            made.append(sealed)
            waiting -= sealed.size
        return tuple(made)

    def _seal_once(self) -> SealedEntries | None:
        for _ in range(_TRIES):
            found = islice(self._shell.walk("~entry", "unsealed", ""), SEALED_AT_ONCE)
            leaves = [(each.id, str(each.body["digest"])) for each in found]
            if not leaves:
                return None
            context = self._shell.context()
            last, version = self._last()
            sealed = make_seal(leaves, last, context)
            if self._commit(sealed, version, context):
                return sealed
        raise StoreBusy(self._shell.id, 0)

    def _commit(self, sealed: SealedEntries, version: int, context: Context) -> bool:
        number = str(sealed.number)
        entry = self._shell.entry(context, self._actor, _SEALED, number, {"chain": sealed.chain})
        ops = (
            Put(
                kind="seal",
                id=number,
                body=SEALS.to_body(sealed),
                expect=0,
                indexes={"all": Index("seal", sealed.number)},
            ),
            Put(kind="counter", id="seal", body={"schema": 1, "last": sealed.number}, expect=version),
            Seal(number=sealed.number, entries=tuple(leaf[0] for leaf in sealed.entries)),
        )
        done = isinstance(self._shell.commit(self._shell.change(entry, ops, read_plan=False)), Committed)
        if done:
            self._shell.announce([_announcement(sealed, self._shell.id, entry.id, context)])
        return done

    def seals(self) -> Iterator[SealedEntries]:
        """All seals, by number."""
        return (SEALS.from_body(each.body) for each in self._shell.walk("seal", "all", "seal"))

    def _last(self) -> tuple[SealedEntries | None, int]:
        """The newest seal, and the version of the record that names it."""
        counter = self._shell.get("counter", "seal")
        if counter is None:
            return None, 0
        found = self._shell.get("seal", str(counter.body["last"]))
        return (SEALS.from_body(found.body) if found else None), counter.version

    def entries(self) -> Iterator[LoggedEntry]:
        """The whole log, in order of arrival."""
        return map(_logged, self._shell.walk("~entry", "all", ""))

    def read(self, *, after: str | None = None, limit: int = 500) -> LogPage:
        """What happened, in order of arrival, from where the last reading ended (`LogPage.cursor`).

        Nothing is missed: a reader keeps the cursor beside what it made of the entries, and goes on from there.
        """
        records, _ = self._shell.store.find(self._shell.id, "~entry", "all", "", after=after, limit=limit)
        cursor = cursor_of((records[-1].seq, records[-1].id)) if records else after
        return LogPage(entries=tuple(map(_logged, records)), cursor=cursor)

    def verify(self, *, published: Mapping[int, str] | None = None) -> tuple[Finding, ...]:
        """What does not verify: nothing if the log holds. `published` are chains (or roots) by number of seal."""
        return verify(self.seals(), self.entries(), published=published)

    def require_intact(self, *, published: Mapping[int, str] | None = None) -> None:
        """Raise `LedgerBroken` unless the log verifies."""
        require_intact(self.verify(published=published))

    def receipt(self, entry_id: str) -> Receipt:
        """The proof that an entry is sealed. Raises `NotFound` for one that is unknown or not sealed yet."""
        record = self._shell.get("~entry", entry_id)
        number = record.body["sealed"] if record else None
        if not number:
            raise NotFound("sealed entry", entry_id)
        sealed = self._shell.get("seal", str(number))
        if sealed is None:
            raise NotFound("seal", str(number))
        return receipt(SEALS.from_body(sealed.body), entry_id)

    def receipts_for(self, subject: str) -> tuple[Receipt, ...]:
        """Receipts for every sealed entry about a subject, such as a contribution, in order of arrival."""
        found = self._shell.walk("~entry", "subject", subject)
        return tuple(self.receipt(each.id) for each in found if each.body["sealed"])


def _logged(record: Record) -> LoggedEntry:
    body = cast("Mapping[str, object] | None", record.body["body"])
    return LoggedEntry(record.id, str(record.body["digest"]), body)


def _announcement(sealed: SealedEntries, conference: str, entry: str, context: Context) -> LedgerSealed:
    return LedgerSealed(
        conference=conference,
        subject=str(sealed.number),
        at=context.now,
        entry=entry,
        number=sealed.number,
        size=sealed.size,
        root=sealed.root,
        chain=sealed.chain,
    )
