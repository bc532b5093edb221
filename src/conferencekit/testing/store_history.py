"""What a race wrote down, and whether a store that keeps the contract can have answered so.

Threads and processes commit change sets at the same time; each says before a call what it wants (*invoke*) and after
it what it was told (*ok*, *conflict*), with times from one clock. Who was killed in between leaves an *unknown*: it
happened as a whole or not at all. `violations` compares that history with what is in the store afterwards. It is pure:
it knows calls and rows, and no store.

The bounds that it works with: a change set was applied after its first call began, and before the first call that
answered `Committed` ended. So a record lives surely from then until somebody begins to erase it, and possibly from the
beginning of its first call until an erasure has surely ended.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from attrs import field, frozen

from ..ports import ChangeSet, Committed, Conflict, Erase, Full, Index, Outcome, Owned, Put
from .store_samples import change, notice, put

QUOTA: Final = "places"
ENTRY: Final = "race: "


@frozen
class Wish:
    """What one change set wants: a record that takes places and owns a value, and its notice; or that the record goes.

    Each record is made by one entry and erased by at most one; whoever has the same wish repeats it.
    """

    id: str
    places: int = 1
    value: str = ""
    erases: bool = False

    @property
    def entry(self) -> str:
        """The id of its entry."""
        return f"{ENTRY}{'end of ' if self.erases else ''}{self.id}"

    def change_set(self, conference: str) -> ChangeSet:
        """The same wish gives the same one."""
        op: Put | Erase
        if self.erases:
            op = Erase(kind="person", id=self.id, expect=1)
            return change(conference, self.entry, op, person=self.id, subject=self.id)
        op = put(
            self.id,
            indexes={"all": Index("k", self.id)},
            uniques={"address": self.value or self.id},
            takes={QUOTA: self.places} if self.places else {},
        )
        return change(conference, self.entry, op, notice(self.id), person=self.id, subject=self.id)


@frozen
class Call:
    """One wish of one commit. Times are nanoseconds of a clock that all processes share.

    Attributes:
        ended: infinite, if the call never came back.
        answer: None, if nobody knows what became of it. `Conflict(())`: the store raised an error that says that
            nothing was applied.
    """

    wish: Wish
    began: float
    ended: float = math.inf
    answer: Outcome | None = None


@frozen
class Glance:
    """Somebody read how many places are taken."""

    began: float
    ended: float
    taken: int


@frozen
class Found:
    """What is in the store when all is over.

    Attributes:
        entries: id -> number of its commit.
        records: id -> (number of the commit that wrote it, places, value).
        listed: ids, as the index lists them. notices: their keys. owners: value -> ids that are found by it.
        taken: what the counter of the quota says.
    """

    entries: Mapping[str, int]
    records: Mapping[str, tuple[int, int, str]]
    listed: Sequence[str]
    notices: frozenset[str]
    owners: Mapping[str, Sequence[str]]
    taken: int


@frozen
class _Story:
    """All calls of one entry. `first`, `sure`: it was applied after the one and before the other time."""

    wish: Wish
    calls: Sequence[Call]
    oks: Sequence[Committed] = field(init=False)
    first: float = field(init=False)
    sure: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        oks = [call for call in self.calls if isinstance(call.answer, Committed)]
        perhaps = [call for call in self.calls if not isinstance(call.answer, Conflict)]
        answers = [call.answer for call in oks if isinstance(call.answer, Committed)]
        object.__setattr__(self, "oks", answers)
        object.__setattr__(self, "first", min((call.began for call in perhaps), default=math.inf))
        object.__setattr__(self, "sure", min((call.ended for call in oks), default=math.inf))


@frozen
class _Life:
    """When a record was there: at most within [first, last], surely within [sure, until]."""

    wish: Wish
    first: float
    last: float
    sure: float
    until: float

    def may_meet(self, began: float, ended: float) -> bool:
        """Whether it can have been there at some time between."""
        return self.first <= ended and self.last >= began


def violations(history: Iterable[Call | Glance], found: Found, capacity: int | None = None) -> Iterator[str]:
    """What a store that keeps the contract cannot have answered or kept; nothing if all is well."""
    history = list(history)
    by_entry = defaultdict(list)
    for call in history:
        if isinstance(call, Call):
            by_entry[call.wish.entry].append(call)
    stories = {entry: _Story(calls[0].wish, calls) for entry, calls in by_entry.items()}
    applied = {entry: stories[entry] for entry in found.entries.keys() & stories.keys()}
    lives = {story.wish.id: _life(story, applied) for story in applied.values() if not story.wish.erases}
    yield from _answers(stories, found)
    yield from _numbers(applied, found)
    yield from _contents(applied, found)
    yield from _sold(lives, capacity)
    yield from _owned(lives)
    for each in history:
        if isinstance(each, Glance):
            yield from _glance(each, lives)
        elif isinstance(each.answer, Conflict):
            yield from _refusals(each, each.answer, lives, capacity)


def _life(story: _Story, applied: Mapping[str, _Story]) -> _Life:
    end = applied.get(Wish(story.wish.id, erases=True).entry)
    last, until = (end.sure, end.first) if end else (math.inf, math.inf)
    return _Life(story.wish, story.first, last, story.sure, until)


def _answers(stories: Mapping[str, _Story], found: Found) -> Iterator[str]:
    """Each ok is there, once, under its number; what is there was wanted, and not refused by everybody."""
    for entry, story in stories.items():
        there = found.entries.get(entry)
        for ok in story.oks:
            if ok.seq != there:
                yield f"{entry}: acknowledged as {ok.seq}, found {there}"
        fresh = sum(not ok.replayed for ok in story.oks)
        is_known = all(call.answer is not None for call in story.calls)
        if fresh > 1 or (story.oks and is_known and not fresh):
            yield f"{entry}: {fresh} of {len(story.oks)} answers say that it was new"
        if there is not None and story.first == math.inf:
            yield f"{entry}: refused, and yet there"
        for call in story.calls:
            if isinstance(call.answer, Conflict) and call.answer.reasons and call.began > story.sure:
                yield f"{entry}: refused although it had been applied"
    yield from (f"{entry}: nobody wanted it" for entry in found.entries.keys() - stories.keys())


def _numbers(applied: Mapping[str, _Story], found: Found) -> Iterator[str]:
    """Numbers are unique; if one call returned before another began, its number is lower."""
    if len(set(found.entries.values())) < len(found.entries):
        yield "two entries have the same number"
    by_beginning = sorted(applied, key=lambda entry: applied[entry].first)
    by_end = sorted((entry for entry in applied if applied[entry].oks), key=lambda entry: applied[entry].sure)
    at, highest, whose = 0, 0, ""
    for entry in by_beginning:
        while at < len(by_end) and applied[by_end[at]].sure < applied[entry].first:
            if found.entries[by_end[at]] > highest:
                highest, whose = found.entries[by_end[at]], by_end[at]
            at += 1
        if found.entries[entry] < highest:
            yield f"{entry}: has number {found.entries[entry]}, but began after {whose} had got {highest}"


def _contents(applied: Mapping[str, _Story], found: Found) -> Iterator[str]:
    """What was applied is there whole (record, notice, unique value, index row, places), and nothing else."""
    made = {story.wish.id: story for story in applied.values() if not story.wish.erases}
    gone = {story.wish.id for story in applied.values() if story.wish.erases}
    wanted = {
        id_: (found.entries[story.wish.entry], story.wish.places, story.wish.value or id_)
        for id_, story in made.items()
        if id_ not in gone
    }
    yield from _difference("record", wanted.items(), found.records.items())
    yield from _difference("row of the index", wanted, found.listed)
    yield from _difference("notice", made, found.notices)
    owners = [(value, id_) for id_, (_, _, value) in wanted.items()]
    yield from _difference(
        "owner", owners, [(value, id_) for value, ids in found.owners.items() for id_ in ids]
    )
    if (count := sum(places for _, places, _ in wanted.values())) != found.taken:
        yield f"the quota says that {found.taken} are taken, its records take {count}"


def _difference(what: str, wanted: Iterable[object], found: Iterable[object]) -> Iterator[str]:
    found, wanted = list(found), set(wanted)
    yield from (f"{what} missing: {each}" for each in sorted(wanted - set(found), key=repr))
    yield from (f"{what} too many: {each}" for each in sorted(set(found) - wanted, key=repr))
    if len(found) > len(set(found)):
        yield f"{what}: one stands there twice"


def _sold(lives: Mapping[str, _Life], capacity: int | None) -> Iterator[str]:
    """At no time do records that are surely there take more than the capacity."""
    steps = [(life.sure, 1, life.wish.places) for life in lives.values() if life.sure < life.until]
    steps += [(life.until, 0, -life.wish.places) for life in lives.values() if life.sure < life.until]
    taken = 0
    for _, _, places in sorted(steps):
        taken += places
        if capacity is not None and taken > capacity:
            yield f"oversold: {taken} of {capacity}"
            return


def _owned(lives: Mapping[str, _Life]) -> Iterator[str]:
    """At no time do two records surely have one value."""
    by_value = defaultdict(list)
    for life in lives.values():
        if life.sure < life.until:
            by_value[life.wish.value or life.wish.id].append(life)
    for value, owners in by_value.items():
        owners.sort(key=lambda life: life.sure)
        for one, two in itertools.pairwise(owners):
            if two.sure < one.until:
                yield f"{value}: both {one.wish.id} and {two.wish.id} had it"


def _glance(each: Glance, lives: Mapping[str, _Life]) -> Iterator[str]:
    """A read sees what was committed before it began."""
    among = lives.values()
    least = sum(life.wish.places for life in among if life.sure < each.began and life.until > each.ended)
    most = sum(life.wish.places for life in among if life.may_meet(each.began, each.ended))
    if not least <= each.taken <= most:
        yield f"read that {each.taken} were taken, where it must have been {least} to {most}"


def _refusals(
    call: Call, answer: Conflict, lives: Mapping[str, _Life], capacity: int | None
) -> Iterator[str]:
    """`Full` only where so many can have been taken, `Owned` only where that one can have had it, nothing else."""
    wish, entry = call.wish, call.wish.entry
    for reason in answer.reasons:
        if isinstance(reason, Full) and not wish.erases:
            among = lives.values()
            most = sum(life.wish.places for life in among if life.may_meet(call.began, call.ended))
            left = capacity - most if capacity is not None else math.inf
            if reason.wanted != wish.places or not left <= reason.left < wish.places:
                yield f"{entry}: {reason}, where at least {left} must have been left"
        elif isinstance(reason, Owned) and not wish.erases:
            owner = lives.get(reason.id)
            has = owner and (owner.wish.value or owner.wish.id) == (wish.value or wish.id)
            if not owner or not has or reason.id == wish.id or not owner.may_meet(call.began, call.ended):
                yield f"{entry}: {reason}, who cannot have had it then"
        else:
            yield f"{entry}: {reason} without a cause"
