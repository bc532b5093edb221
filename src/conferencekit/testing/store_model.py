"""Any sequence of calls, drawn and shrunk by Hypothesis: a store gives the same answers as its reference."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Final

from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ..ports import ChangeSet, Leased, Mark, Store
from .store_beside import CONFERENCES, STATES, Beside, Script
from .store_samples import NOW, SECOND

SEEDS: Final = st.integers(0, 2**32)


class StoreMachine(RuleBasedStateMachine):
    """Does the same to a store and to the reference. Subclasses say how the store is opened."""

    keeps = False

    def __init__(self) -> None:
        super().__init__()
        self.both = Beside(self.open(fresh=True))
        self.batches: list[list[ChangeSet]] = []
        self.leases: list[Leased] = []
        self.clock = 0

    def open(self, *, fresh: bool = False) -> Store:
        """The store; `fresh`: an empty one."""
        raise NotImplementedError

    @rule(seed=SEEDS, count=st.integers(1, 4))
    def commit(self, seed: int, count: int) -> None:
        """Commits a batch."""
        script = Script(random.Random(seed), self.both.model)  # noqa: S311 - the same seed gives the same history
        batch = [script.change_set() for _ in range(count)]
        note(f"batch: {batch}")
        self._commit(batch)

    @precondition(lambda self: self.batches)
    @rule(number=st.integers(0, 99))
    def repeat(self, number: int) -> None:
        """Commits an earlier batch again, as after a commit in doubt."""
        self._commit(self.batches[number % len(self.batches)])

    def _commit(self, batch: list[ChangeSet]) -> None:
        self.both.commit(batch)
        self.batches.append(batch)

    @rule(
        wait=st.integers(0, 4),
        limit=st.integers(1, 4),
        seconds=st.integers(1, 3),
        conference=st.sampled_from((None, *CONFERENCES)),
    )
    def lease(self, wait: int, limit: int, seconds: int, conference: str | None) -> None:
        """Leases what is due, after a while in which earlier leases may run out."""
        self.clock += wait
        self.leases += self.both.lease(limit, (self.clock, self.clock + seconds), conference)

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
        self.both.settle(marks)

    @precondition(lambda self: self.keeps)
    @rule()
    def open_again(self) -> None:
        """Closes the store and opens it again."""
        self.both.store.close()
        self.both.store = self.open()

    @invariant()
    def agrees(self) -> None:
        """Audits the store."""
        assert self.both.store.conferences() == self.both.model.conferences()
        self.both.audit()

    def teardown(self) -> None:
        """Closes the store."""
        self.both.store.close()


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

    run_machine(Machine, examples=examples, steps=steps, shrink=shrink)


def run_machine(machine: type[RuleBasedStateMachine], *, examples: int, steps: int, shrink: bool) -> None:
    """Run a machine whose steps take as long as a store does, without keeping what it found."""
    run_state_machine_as_test(
        machine,
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
