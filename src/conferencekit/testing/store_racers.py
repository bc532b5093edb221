"""Who takes part in a race: draws what it wants, commits it, and writes down both, so that it can be judged afterwards.

The lines are plain data, for they come from other processes too.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from attrs import astuple, define, field, frozen

from ..errors import CommitInDoubt, StoreError
from ..ports import Committed, Conflict, Full, Outcome, Owned, Reason, Reused, Stale, Store, UnknownQuota
from .store_history import ENTRY, QUOTA, Call, Found, Glance, Wish
from .store_samples import CONFERENCE, walk

Line = dict[str, Any]

_REASONS: Final = {each.__name__: each for each in (Stale, Owned, Reused, UnknownQuota, Full)}


@frozen
class Mix:
    """What racers want.

    Attributes:
        sizes: how many change sets they commit at once.
        values: how many unique values there are for all; 0: everybody has one of their own.
        shared: how many entries all of them commit.
        leaving: the part of their steps in which they erase a record of their own. repeating: commit a wish again.
        places: how many places a record may take.
    """

    sizes: tuple[int, ...] = (1,)
    values: int = 0
    shared: int = 0
    leaving: float = 0.2
    repeating: float = 0.1
    places: tuple[int, ...] = (1, 2)


@define
class Racer:
    """One thread of a race."""

    store: Store
    name: str
    say: Callable[[Line], None]
    mix: Mix
    conference: str = CONFERENCE
    _chance: random.Random = field(init=False)
    _mine: list[Wish] = field(factory=list, init=False)
    _before: list[Wish] = field(factory=list, init=False)
    _number: int = field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        self._chance = random.Random(self.name)  # noqa: S311 - the same name draws the same

    def run(self, steps: int | None) -> None:
        """So many commits; None: until the process is killed."""
        done = 0
        while steps is None or done < steps:
            if done % 8 == 7:
                self._look()
            self._commit([self._draw() for _ in range(self._chance.choice(self.mix.sizes))])
            done += 1

    def _draw(self) -> Wish:
        mix, chance, roll = self.mix, self._chance, self._chance.random()
        if self._mine and roll < mix.leaving:
            return Wish(self._mine.pop(chance.randrange(len(self._mine))).id, erases=True)
        if self._before and roll < mix.leaving + mix.repeating:
            return chance.choice(self._before)
        if mix.shared and chance.random() < 0.5:
            return Wish(f"shared-{chance.randrange(mix.shared)}")
        self._number += 1
        value = f"value-{chance.randrange(mix.values)}" if mix.values else ""
        return Wish(f"{self.name}-{self._number}", chance.choice(mix.places), value)

    def _commit(self, wishes: list[Wish]) -> None:
        batch = [wish.change_set(self.conference) for wish in wishes]
        self.say(
            {"by": self.name, "began": time.monotonic_ns(), "wishes": [astuple(each) for each in wishes]}
        )
        answers = answers_of(self.store, batch)
        self.say({"by": self.name, "ended": time.monotonic_ns(), "answers": answers})
        self._before = (self._before + wishes)[-20:]
        for wish, answer in zip(wishes, answers, strict=True):
            if answer is not None and answer["seq"] and not wish.erases and wish.id.startswith(self.name):
                self._mine.append(wish)

    def _look(self) -> None:
        self.say({"by": self.name, "began": time.monotonic_ns(), "wishes": None})
        taken, _ = self.store.quotas(self.conference, [QUOTA])[QUOTA]
        self.say({"by": self.name, "ended": time.monotonic_ns(), "taken": taken})


def answers_of(store: Store, batch: list[Any]) -> list[Line | None]:
    """What a store answered, as plain data. None: in doubt. With an `error`: nothing was applied."""
    try:
        return [_line_of(outcome) for outcome in store.commit(batch)]
    except CommitInDoubt:
        return [None] * len(batch)
    except StoreError as error:
        return [{"seq": 0, "error": type(error).__name__, "reasons": []}] * len(batch)


def _line_of(outcome: Outcome) -> Line:
    if isinstance(outcome, Committed):
        return {"seq": outcome.seq, "replayed": outcome.replayed}
    return {"seq": 0, "reasons": [[type(each).__name__, *astuple(each)] for each in outcome.reasons]}


def _outcome_of(line: Line | None) -> Outcome | None:
    if line is None:
        return None
    if line["seq"]:
        return Committed(line["seq"], replayed=line["replayed"])
    reasons: Iterator[Reason] = (_REASONS[name](*values) for name, *values in line["reasons"])
    return Conflict(tuple(reasons))


def history_of(lines: Iterable[Mapping[str, Any]]) -> list[Call | Glance]:
    """The calls that racers wrote down. Each racer's lines are in their order; the last call of one may have no end."""
    history: list[Call | Glance] = []
    open_: dict[str, Mapping[str, Any]] = {}
    for line in lines:
        if "began" in line:
            open_[line["by"]] = line
        elif "taken" in line:
            history.append(Glance(open_.pop(line["by"])["began"], line["ended"], line["taken"]))
        elif "answers" in line:
            began = open_.pop(line["by"])
            for wish, answer in zip(began["wishes"], line["answers"], strict=True):
                history.append(Call(Wish(*wish), began["began"], line["ended"], _outcome_of(answer)))
    for line in open_.values():
        history += [Call(Wish(*wish), line["began"]) for wish in line["wishes"] or ()]
    return history


def found_in(store: Store, history: Iterable[Call | Glance], conference: str = CONFERENCE) -> Found:
    """What a race left in a store, read in every way that there is."""
    wanted = (each.wish for each in history if isinstance(each, Call))
    wishes = {wish.id: wish for wish in wanted if not wish.erases}
    values = {wish.value or id_ for id_, wish in wishes.items()}
    listed = list(walk(store, "person", "all", "k", conference=conference))
    records = {}
    for first in range(0, len(wishes), 500):
        held = store.get(conference, "person", list(wishes)[first : first + 500])
        for id_, record in held.items():
            records[id_] = (record.seq, wishes[id_].places, wishes[id_].value or id_)
    notices = frozenset(
        key
        for first in range(0, len(wishes), 500)
        for key in store.get(conference, "~notice", list(wishes)[first : first + 500])
    )
    owners = {
        value: [each.id for each in store.find(conference, "person", "address", value)[0]] for value in values
    }
    entries = walk(store, "~entry", "all", "", conference=conference)
    return Found(
        entries={each.id: each.seq for each in entries if each.id.startswith(ENTRY)},
        records=records,
        listed=[record.id for record in listed],
        notices=notices,
        owners=owners,
        taken=store.quotas(conference, [QUOTA])[QUOTA][0],
    )
