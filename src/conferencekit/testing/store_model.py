"""A store beside its reference: any sequence of calls gives the same answers, and afterwards the same contents."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

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

SEEDS: Final = st.integers(0, 2**32)

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


def audit(store: Store, model: State, numbers: dict[tuple[str, int], int]) -> None:
    """Compares all that can be read of a store with its reference, and counts the reference itself.

    Taken is the sum of what live records take, a unique value has one owner, index rows are those of records.
    """
    assert store.conferences() == model.conferences()
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


class _Script:
    """Makes up change sets that mostly fit the state of the reference. By chance, which is faster than drawing."""

    def __init__(self, chance: random.Random, model: State) -> None:
        self.one = chance.choice
        self._chance = chance
        self._model = model

    def change_set(self) -> ChangeSet:
        conference = self.one(CONFERENCES)
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


class StoreMachine(RuleBasedStateMachine):
    """Does the same to a store and to the reference. Subclasses say how the store is opened."""

    keeps = False

    def __init__(self) -> None:
        super().__init__()
        self.model = State()
        self.store = self.open(fresh=True)
        self.numbers: dict[tuple[str, int], int] = {}
        self.batches: list[list[ChangeSet]] = []
        self.leases: list[Leased] = []
        self.clock = 0

    def open(self, *, fresh: bool = False) -> Store:
        """The store; `fresh`: an empty one."""
        raise NotImplementedError

    @rule(seed=SEEDS, count=st.integers(1, 4))
    def commit(self, seed: int, count: int) -> None:
        """Commits a batch."""
        script = _Script(random.Random(seed), self.model)  # noqa: S311 - the same seed gives the same history
        batch = [script.change_set() for _ in range(count)]
        note(f"batch: {batch}")
        self._commit(batch)

    @precondition(lambda self: self.batches)
    @rule(number=st.integers(0, 99))
    def repeat(self, number: int) -> None:
        """Commits an earlier batch again, as after a commit in doubt."""
        self._commit(self.batches[number % len(self.batches)])

    def _commit(self, batch: list[ChangeSet]) -> None:
        found, expected = self.store.commit(batch), self.model.commit(batch)
        assert len(found) == len(expected)
        for change_set, outcome, wanted in zip(batch, found, expected, strict=True):
            self._same_outcome(change_set.conference, outcome, wanted)
        self.batches.append(batch)

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

    @rule(
        wait=st.integers(0, 4),
        limit=st.integers(1, 4),
        seconds=st.integers(1, 3),
        conference=st.sampled_from((None, *CONFERENCES)),
    )
    def lease(self, wait: int, limit: int, seconds: int, conference: str | None) -> None:
        """Leases what is due, after a while in which earlier leases may run out."""
        self.clock += wait
        now = NOW + self.clock * SECOND
        until = now + seconds * SECOND
        found = self.store.lease(limit, now=now, until=until, conference=conference)
        assert found == self.model.lease(limit, now=now, until=until, conference=conference)
        self.leases += found

    @precondition(lambda self: self.leases)
    @rule(seed=SEEDS, count=st.integers(1, 4))
    def settle(self, seed: int, count: int) -> None:
        """Marks notices, also with old tokens."""
        chance = random.Random(seed)  # noqa: S311 - see above
        marks = []
        for _ in range(count):
            leased, state = chance.choice(self.leases), chance.choice(STATES)
            due = chance.choice((None, NOW + (self.clock + 2) * SECOND))
            said = chance.choice(("", "250", "450"))
            marks.append(Mark(leased.conference, leased.key, leased.token, state, due, said, said))
        note(f"marks: {marks}")
        assert self.store.settle(marks) == self.model.settle(marks)

    @precondition(lambda self: self.keeps)
    @rule()
    def open_again(self) -> None:
        """Closes the store and opens it again."""
        self.store.close()
        self.store = self.open()

    @invariant()
    def agrees(self) -> None:
        """Audits the store."""
        audit(self.store, self.model, self.numbers)

    def teardown(self) -> None:
        """Closes the store."""
        self.store.close()


def run_model(
    open_at: Callable[[Path], Store], directory: Path, *, examples: int, steps: int, shrink: bool = True
) -> None:
    """Run the state machine on stores that `open_at` makes, each in a directory of its own.

    `shrink`: look for the shortest history that fails, which may take minutes.
    """

    class Machine(StoreMachine):
        count = 0

        def open(self, *, fresh: bool = False) -> Store:
            if fresh:
                Machine.count += 1
            place = directory / str(Machine.count)
            place.mkdir(exist_ok=not fresh)
            store = open_at(place)
            self.keeps = "durable" in store.capabilities
            return store

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
