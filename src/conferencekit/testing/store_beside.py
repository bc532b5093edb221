"""A store beside its reference: the same calls, the same answers, the same contents afterwards.

`Script` makes the calls up, by chance, so that most of them fit; `Beside` compares. Without Hypothesis, which takes
longer to draw a batch than a store to commit it: so ten thousand batches take less than a minute, and a store that
replaces `evaluate` by something faster can be held to it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Final, Literal

from attrs import define, field

from ..ports import (
    SEQ,
    AtMost,
    ChangeSet,
    Check,
    Committed,
    Enqueue,
    Entry,
    Erase,
    Index,
    Leased,
    Limit,
    Mark,
    NoticeState,
    Op,
    Outcome,
    Put,
    Record,
    Redact,
    Seal,
    Store,
)
from ..store import State
from .store_samples import NOW, SECOND, walk

CONFERENCES: Final = ("one", "two")
KINDS: Final = ("person", "guest")
IDS: Final = ("a", "b", "c", "é")
QUOTAS: Final = ("places", "meals")
VALUES: Final = ("x", "y")
LANES: Final = ("l", "m")
ENTRIES: Final = tuple(f"e{at}" for at in range(30))
NOTICES: Final = tuple(f"n{at}" for at in range(8))
STATES: Final[tuple[NoticeState, ...]] = ("sent", "failed", "held", "queued")
REDACTED: Final[tuple[Literal["notice", "entry"], ...]] = ("notice", "entry")
PEOPLE: Final = ("", "p", "q")
ORDERS: Final[tuple[int | str, ...]] = (-1, 3, "", "b", "é")


ROUND: Final = 25
"""So many batches go into one pair of conferences: later ones would find every entry used."""


@define
class Beside:
    """A store and its reference. `numbers`: (conference, number of the reference) -> number of the store."""

    store: Store
    model: State = field(factory=State)
    numbers: dict[tuple[str, int], int] = field(factory=dict)

    def commit(self, batch: Sequence[ChangeSet]) -> None:
        """Commits to both, and compares the outcomes."""
        found, expected = self.store.commit(batch), self.model.commit(batch)
        assert len(found) == len(expected)
        for change_set, outcome, wanted in zip(batch, found, expected, strict=True):
            self._same_outcome(change_set.conference, outcome, wanted)

    def _same_outcome(self, conference: str, found: Outcome, expected: Outcome) -> None:
        if not isinstance(found, Committed) or not isinstance(expected, Committed):
            assert found == expected
            return
        assert found.replayed == expected.replayed
        if found.replayed:
            assert found.seq == self.numbers[conference, expected.seq]
        else:
            earlier = [number for (name, _), number in self.numbers.items() if name == conference]
            assert found.seq > max(earlier, default=0)
            self.numbers[conference, expected.seq] = found.seq

    def lease(self, limit: int, seconds: tuple[int, int], conference: str | None) -> list[Leased]:
        """Leases from both, from and until so many seconds after noon, and compares what is lent."""
        now, until = (NOW + each * SECOND for each in seconds)
        found = self.store.lease(limit, now=now, until=until, conference=conference)
        assert found == self.model.lease(limit, now=now, until=until, conference=conference)
        return found

    def settle(self, marks: Sequence[Mark]) -> None:
        """Settles with both, and compares the answers."""
        assert self.store.settle(marks) == self.model.settle(marks)

    def audit(self) -> None:
        """Compares all that can be read."""
        audit(self.store, self.model, self.numbers)


def audit(store: Store, model: State, numbers: dict[tuple[str, int], int]) -> None:
    """Compares all that can be read of the reference's conferences, and counts the reference itself.

    Taken is the sum of what live records take, a unique value has one owner, index rows are those of records.
    """
    assert [each for each in store.conferences() if each in model.tables] == model.conferences()
    for conference, tables in model.tables.items():
        counted = dict.fromkeys(tables.quotas, 0)
        for row in tables.records.values():
            for quota, places in row.takes.items():
                counted[quota] += places
        assert {quota: row.taken for quota, row in tables.quotas.items()} == counted
        assert store.quotas(conference, QUOTAS) == model.quotas(conference, QUOTAS)
        for kind in (*KINDS, "~notice", "~entry"):
            wanted = {"~notice": NOTICES, "~entry": ENTRIES}.get(kind, IDS)
            found, expected = store.get(conference, kind, wanted), model.get(conference, kind, wanted)
            assert set(found) == set(expected)
            for id_, record in expected.items():
                _same_record(conference, found[id_], record, numbers)
        for kind, index, key in _indexes():
            rows = [record.id for record in walk(store, kind, index, key, conference=conference, limit=2)]
            assert rows == [record.id for record in model.find(conference, kind, index, key)[0]], (
                kind,
                index,
                key,
            )


def _same_record(
    conference: str, found: Record, expected: Record, numbers: dict[tuple[str, int], int]
) -> None:
    assert (found.kind, found.id, found.version) == (expected.kind, expected.id, expected.version)
    assert found.body == expected.body
    assert found.seq == numbers[conference, expected.seq]


def _indexes() -> list[tuple[str, str, str]]:
    rows = [
        (kind, index, key) for kind in KINDS for index in ("state", "waiting", "address") for key in VALUES
    ]
    rows += [("~notice", "state", state) for state in ("queued", "held", "sent", "failed")]
    rows += [(kind, "person", person) for kind in ("~notice", "~entry") for person in PEOPLE[1:]]
    return [
        *rows,
        ("~entry", "all", ""),
        ("~entry", "unsealed", ""),
        *(("~entry", "subject", id_) for id_ in IDS),
    ]


class Script:
    """Makes up change sets that mostly fit the state of the reference. By chance, which is faster than drawing."""

    def __init__(self, chance: random.Random, model: State, conferences: Sequence[str] = CONFERENCES) -> None:
        self.one = chance.choice
        self._conferences = conferences
        self._chance = chance
        self._model = model

    def change_set(self) -> ChangeSet:
        conference = self.one(self._conferences)
        ops: dict[tuple[str, ...], Op] = {}
        for make in self._chance.choices(self._makers(), k=self.one(range(5))):
            key, op = make(conference)
            ops.setdefault(key, op)
        id_, salt = self.one(ENTRIES), self.one(("", "", "", "other"))
        body = {"subject": self.one(IDS), "salt": salt}
        return ChangeSet(
            conference, Entry(id_, body, f"digest {id_} {salt}", self.one(PEOPLE)), tuple(ops.values())
        )

    def _makers(self) -> list[Callable[[str], tuple[tuple[str, ...], Op]]]:
        often = [self.put] * 4 + [self.erase, self.limit, self.limit, *[self.enqueue] * 4]
        return [*often, self.check, self.at_most, self.redact, self.seal]

    def _record(self, conference: str) -> tuple[str, str, int]:
        kind, id_ = self.one(KINDS), self.one(IDS)
        found = self._model.get(conference, kind, [id_]).get(id_)
        version = found.version if found else 0
        return kind, id_, self.one((version, version, version, version, 0, 1))

    def put(self, conference: str) -> tuple[tuple[str, ...], Op]:
        kind, id_, expect = self._record(conference)
        rows = {"state": Index(self.one(VALUES), self.one(ORDERS)), "waiting": Index(self.one(VALUES), SEQ)}
        return ("record", kind, id_), Put(
            kind=kind,
            id=id_,
            body={"drawn": self._chance.randrange(2**70)},
            expect=expect,
            indexes={name: row for name, row in rows.items() if self.one((True, False))},
            uniques={"address": self.one(VALUES)} if self.one((True, False)) else {},
            takes={quota: self.one((1, 2)) for quota in QUOTAS if self.one((True, False))},
            over=self.one((False, False, False, True)),
        )

    def erase(self, conference: str) -> tuple[tuple[str, ...], Op]:
        kind, id_, expect = self._record(conference)
        return ("record", kind, id_), Erase(kind=kind, id=id_, expect=max(expect, 1))

    def check(self, conference: str) -> tuple[tuple[str, ...], Op]:
        kind, id_, expect = self._record(conference)
        return ("record", kind, id_), Check(kind=kind, id=id_, expect=expect)

    def limit(self, _: str) -> tuple[tuple[str, ...], Op]:
        quota = self.one(QUOTAS)
        return ("quota", quota), Limit(quota=quota, capacity=self.one((0, 1, 2, 3, 3, None)))

    def at_most(self, _: str) -> tuple[tuple[str, ...], Op]:
        quota = self.one(QUOTAS)
        return ("quota", quota), AtMost(quota=quota, taken=self.one((0, 1, 2)))

    def enqueue(self, _: str) -> tuple[tuple[str, ...], Op]:
        key, due = self.one(NOTICES), NOW + self.one((0, 0, 3, 9)) * SECOND
        op = Enqueue(key=key, body={"to": key}, due=due, lane=self.one(LANES), person=self.one(PEOPLE))
        return ("notice", key), op

    def redact(self, _: str) -> tuple[tuple[str, ...], Op]:
        what = self.one(REDACTED)
        id_ = self.one(NOTICES if what == "notice" else ENTRIES)
        return (what, id_), Redact(what=what, id=id_)

    def seal(self, conference: str) -> tuple[tuple[str, ...], Op]:
        number = self.one((1, 2, 3))
        waiting = [each.id for each in self._model.find(conference, "~entry", "unsealed", "")[0]]
        among = waiting if waiting and self._chance.random() < 0.75 else ENTRIES
        names = self._chance.sample(among, min(len(among), self.one((1, 2, 3))))
        return ("seal", str(number)), Seal(number=number, entries=tuple(names))


def run_batches(store: Store, count: int, seed: int = 2020) -> None:
    """Commits so many random batches to the store and to its reference, and audits after each 25.

    What went wrong says in which round and with which batch.
    """
    for number in range(0, count, ROUND):
        chance = random.Random(f"{seed} {number}")  # noqa: S311 - the same seed gives the same batches
        names = [f"batches {number} {each}" for each in CONFERENCES]
        try:
            _run_round(Beside(store), chance, names, min(ROUND, count - number))
        except AssertionError as error:
            error.add_note(f"seed {seed}, batches {number} to {number + ROUND - 1}")
            raise


def _run_round(both: Beside, chance: random.Random, names: Sequence[str], count: int) -> None:
    script = Script(chance, both.model, names)
    batch: list[ChangeSet] = []
    leased: list[Leased] = []
    try:
        for at in range(count):
            if chance.random() < 0.9:  # else once more, as after a commit in doubt
                batch = [script.change_set() for _ in range(chance.choice((1, 1, 2, 4, 12)))]
            both.commit(batch)
            if at % 3 == 0:
                leased += both.lease(chance.randrange(1, 4), (at, at + 2), chance.choice(names))
            if leased and at % 4 == 0:
                both.settle([_mark(chance, leased) for _ in range(2)])
        both.audit()
    except AssertionError as error:
        error.add_note(f"the last batch: {batch}")
        raise


def _mark(chance: random.Random, leased: Sequence[Leased]) -> Mark:
    each = chance.choice(leased)
    due = chance.choice((None, NOW + 5 * SECOND))
    return Mark(each.conference, each.key, each.token, chance.choice(STATES), due)
