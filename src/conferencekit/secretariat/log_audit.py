"""Auditing the log as a store keeps it: digests, seals, and whether both agree with the marks on the entries."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Any

from attrs import define, field

from ..errors import InvalidBody, SchemaTooNew
from ..ledger import LoggedEntry, verify
from ..ledger import Seal as SealedEntries
from ..ports import Discrepancy, Store
from ..store.audit import AuditedStore
from .ledger import SEALS


def audit_log(store: AuditedStore, conference: str) -> Iterator[Discrepancy]:
    """Whatever of a conference's log does not verify. Memory grows with its entries, not with their bodies.

    An entry whose body and digest disagree is named, and so are seals that are gone, stand at another place, or hold
    other entries than those that are marked with their number.
    """
    log = _Log(store, conference)
    with closing(log.entries()) as entries:
        found = verify(log.seals(), entries)
    yield from (Discrepancy(each.where, each.reason, "a log that verifies") for each in found)
    yield from log.problems
    for id_, number in sorted(log.marks.items()):
        if number:
            yield Discrepancy(f"entry {id_}", f"sealed under {number}", "a seal that holds it")


@define
class _Log:
    """Reads a log once, and notes what `verify` is not told. First all entries, then the seals."""

    store: AuditedStore
    conference: str
    marks: dict[str, int] = field(factory=dict)
    last: int = 0
    problems: list[Discrepancy] = field(factory=list)

    def entries(self) -> Generator[LoggedEntry, None, None]:
        """All entries, each with the number of its seal noted."""
        with closing(self.store.dump(self.conference)) as rows:
            for row in rows:
                value: Any = row.value
                if row.table == "entry":
                    self.marks[str(row.key[1])] = value["sealed"]
                    yield LoggedEntry(str(row.key[1]), value["digest"], value["body"])
                elif row.table == "seal":
                    self.last = max(self.last, int(row.key[0]))
                else:
                    return

    def seals(self) -> Iterator[SealedEntries]:
        """The seals by number, up to the last one that was ever made."""
        for number in range(1, max(self.last, _counted(self.store, self.conference)) + 1):
            sealed = self._seal(number)
            if sealed is not None:
                self._compare(number, sealed)
                yield sealed

    def _seal(self, number: int) -> SealedEntries | None:
        found = self.store.get(self.conference, "seal", [str(number)])
        if not found:
            self.problems.append(Discrepancy(f"seal {number}", "no such record", f"the record seal/{number}"))
            return None
        try:
            return SEALS.from_body(found[str(number)].body)
        except (InvalidBody, SchemaTooNew) as error:
            self.problems.append(Discrepancy(f"seal {number}", str(error), "a seal"))
            return None

    def _compare(self, number: int, sealed: SealedEntries) -> None:
        for id_, _ in sealed.entries:
            mark = self.marks.pop(id_, number)
            if mark != number:
                shown = f"sealed under {mark}" if mark else "not sealed"
                self.problems.append(Discrepancy(f"entry {id_}", shown, f"sealed under {number}"))


def _counted(store: Store, conference: str) -> int:
    """The number of the last seal, as the counter says."""
    counter = store.get(conference, "counter", ["seal"]).get("seal")
    last = counter.body.get("last") if counter else 0
    return last if isinstance(last, int) else 0
