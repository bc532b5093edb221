"""The judge of races: right histories pass, and each wrong one is told by what is wrong with it."""

from __future__ import annotations

import math
import random
import re
from pathlib import Path

import pytest
from attrs import evolve

from conferencekit.adapters.memory import MemoryStore
from conferencekit.ports import Committed, Conflict, Full, Owned
from conferencekit.testing import store_suite
from conferencekit.testing.store_history import Call, Found, Glance, Wish, violations
from conferencekit.testing.store_racers import Mix, Racer, found_in, history_of
from conferencekit.testing.store_races import begin

ANA, BEA, EVE = Wish("ana", 2), Wish("bea", 1), Wish("eve", 1, "bea")
GONE = Wish("ana", erases=True)


def call(wish: Wish, began: float, ended: float = math.inf, seq: int = 0, *, replayed: bool = False) -> Call:
    """An ok; without a number: unknown."""
    return Call(wish, began, ended, Committed(seq, replayed=replayed) if seq else None)


def refused(wish: Wish, began: float, ended: float, *reasons: object) -> Call:
    return Call(wish, began, ended, Conflict(reasons))


def found(**entries: int) -> Found:
    """What a right store holds after these commits; `gone` is the erasure of ana."""
    wishes = {"ana": ANA, "bea": BEA, "eve": EVE, "gone": GONE}
    made = {wishes[name].entry: seq for name, seq in entries.items()}
    there = {
        name: wishes[name] for name in entries if name != "gone" and not (name == "ana" and "gone" in entries)
    }
    return Found(
        entries=made,
        records={name: (entries[name], wish.places, wish.value or name) for name, wish in there.items()},
        listed=sorted(there),
        notices=frozenset(set(entries) - {"gone"}),
        owners={wish.value or name: [name] for name, wish in there.items()},
        taken=sum(wish.places for wish in there.values()),
    )


def told(history, found, capacity=3):
    return list(violations(history, found, capacity))


RIGHT = {
    "one after the other": ([call(ANA, 1, 2, 1), call(BEA, 3, 4, 2)], found(ana=1, bea=2)),
    "at once, in any order": ([call(ANA, 1, 9, 2), call(BEA, 2, 8, 1)], found(ana=2, bea=1)),
    "an unknown that happened": ([call(ANA, 1)], found(ana=1)),
    "an unknown that did not": ([call(ANA, 1)], found()),
    "a repeat": ([call(ANA, 1, 2, 1), call(ANA, 3, 4, 1, replayed=True)], found(ana=1)),
    "a repeat of an unknown": ([call(ANA, 1), call(ANA, 3, 4, 1, replayed=True)], found(ana=1)),
    "who leaves makes room": (
        [call(ANA, 1, 2, 1), call(GONE, 3, 4, 2), call(BEA, 3, 5, 3), call(EVE, 6), refused(EVE, 7, 8, Owned("address", "bea", "person", "bea"))],
        found(ana=1, gone=2, bea=3),
    ),
    "full while it was full": (
        [call(ANA, 1, 5, 1), refused(BEA, 2, 3, Full("places", 0, 1)), call(GONE, 6, 7, 2), call(BEA, 8, 9, 3)],
        found(ana=1, gone=2, bea=3),
    ),
    "an error that says that nothing was applied": ([refused(ANA, 1, 2)], found()),
    "a glance at either time": ([call(ANA, 1, 9, 1), Glance(2, 3, 0), Glance(2, 3, 2), Glance(10, 11, 2)], found(ana=1)),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_history_passes(name):
    """Whatever a store that keeps the contract may answer is let through."""
    assert told(*RIGHT[name], capacity=2 if name.startswith("full") else 3) == []


BOTH = [call(ANA, 1, 2, 1), call(BEA, 3, 4, 2)]
HELD = found(ana=1, bea=2)
WRONG = {
    "lost": (BOTH, found(ana=1), "race: bea: acknowledged as 2, found None"),
    "another number": (BOTH, found(ana=1, bea=3), "race: bea: acknowledged as 2, found 3"),
    "new twice": ([*BOTH, call(BEA, 5, 6, 2)], HELD, "race: bea: 2 of 2 answers say that it was new"),
    "new never": ([call(ANA, 1, 2, 1, replayed=True)], found(ana=1), "0 of 1 answers say that it was new"),
    "refused and there": ([refused(ANA, 1, 2, Full("places", 0, 2))], found(ana=1), "race: ana: refused, and yet there"),
    "nobody's": ([], found(ana=1), "race: ana: nobody wanted it"),
    "refused after all": ([*BOTH, refused(ANA, 5, 6, Full("places", 0, 2))], HELD, "refused although it had been applied"),
    "one number for two": ([call(ANA, 1, 4, 1), call(BEA, 3, 4, 1)], found(ana=1, bea=1), "the same number"),
    "numbers against time": ([call(ANA, 1, 2, 2), call(BEA, 3, 4, 1)], found(ana=2, bea=1), "race: bea: has number 1, but began after race: ana"),
    "no record": (BOTH, evolve(HELD, records={"ana": (1, 2, "ana")}), "record missing: ('bea', (2, 1, 'bea'))"),
    "no notice": (BOTH, evolve(HELD, notices=frozenset({"ana"})), "notice missing: bea"),
    "no row": (BOTH, evolve(HELD, listed=["ana"]), "row of the index missing: bea"),
    "a row twice": (BOTH, evolve(HELD, listed=["ana", "bea", "bea"]), "one stands there twice"),
    "no owner": (BOTH, evolve(HELD, owners={"ana": ["ana"], "bea": []}), "owner missing: ('bea', 'bea')"),
    "half of an unknown": ([call(ANA, 1)], evolve(found(), notices=frozenset({"ana"})), "notice too many: ana"),
    "erased and there": ([call(ANA, 1, 2, 1), call(GONE, 3, 4, 2)], evolve(found(ana=1, gone=2), listed=["ana"]), "row of the index too many: ana"),
    "a wrong counter": (BOTH, evolve(HELD, taken=2), "the quota says that 2 are taken, its records take 3"),
    "oversold": ([*BOTH, call(EVE, 1, 9, 3)], found(ana=1, bea=2, eve=3), "oversold: 4 of 3"),
    "oversold for a while": ([call(ANA, 1, 2, 1), call(BEA, 3, 4, 2), call(GONE, 5, 6, 3)], found(ana=1, bea=2, gone=3), "oversold: 3 of 2"),
    "two owners": ([call(BEA, 1, 2, 1), call(EVE, 3, 4, 2)], found(bea=1, eve=2), "bea: both bea and eve had it"),
    "full too early": ([refused(BEA, 1, 2, Full("places", 0, 1)), call(ANA, 3, 4, 1)], found(ana=1), "where at least 3 must have been left"),
    "full in vain": ([refused(BEA, 1, 2, Full("places", 1, 1))], found(), "where at least"),
    "owned by nobody": ([refused(EVE, 1, 2, Owned("address", "bea", "person", "bea"))], found(), "who cannot have had it then"),
    "owned too early": ([refused(EVE, 1, 2, Owned("address", "bea", "person", "bea")), call(BEA, 3, 4, 1)], found(bea=1), "who cannot have had it then"),
    "owned by itself": ([refused(BEA, 1, 2, Owned("address", "bea", "person", "bea")), call(BEA, 1, 4, 1)], found(bea=1), "who cannot have had it then"),
    "without a cause": ([refused(GONE, 1, 2, Full("places", 0, 1))], found(), "without a cause"),
    "a glance from before": ([*BOTH, Glance(5, 6, 2)], HELD, "read that 2 were taken, where it must have been 3 to 3"),
    "a glance ahead": ([Glance(0, 0.5, 2), call(ANA, 1, 2, 1)], found(ana=1), "read that 2 were taken, where it must have been 0 to 0"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_history_is_told(name):
    """By a sentence that says what cannot be."""
    history, found, sentence = WRONG[name]
    said = told(history, found, capacity=2 if name.endswith("while") else 3)
    assert any(sentence in each for each in said), said


def test_a_race_of_one_is_written_down_and_judged():
    """What racers say is read back; a last line without its end is an unknown."""
    store, lines = MemoryStore(), []
    begin(store)
    mix = Mix(sizes=(1, 3), values=5, shared=3, repeating=0.3)
    Racer(store, "r", lines.append, mix).run(60)
    history = history_of(lines)
    assert told(history, found_in(store, history), 20) == []
    history = history_of(lines[:-1])
    assert history[-1].answer is None
    assert told(history, found_in(store, history), 20) == []


def test_an_ok_that_is_struck_out_is_missed():
    """Whichever of the acknowledged commits is lost, the judge says so."""
    store, lines = MemoryStore(), []
    begin(store)
    Racer(store, "r", lines.append, Mix()).run(30)
    history = history_of(lines)
    held = found_in(store, history)
    lost = random.Random(1).choice(sorted(held.records))
    records = {id_: row for id_, row in held.records.items() if id_ != lost}
    assert told(history, evolve(held, records=records), 20) == [
        f"record missing: {(lost, held.records[lost])}"
    ]


PAGES = Path(__file__).parent.parent / "docs"


@pytest.mark.parametrize("page", ["reference/store.md", "how-to/write-a-storage-plugin.md"])
def test_every_test_that_a_page_names_is_in_the_kit(page):
    """And the reference has tests for each of the nine points, for reading, and for all together."""
    text = (PAGES / page).read_text(encoding="utf-8")
    suite = store_suite("memory:")
    named = re.findall(r"`(test_\w+)`", text)
    assert named
    assert [name for name in named if not hasattr(suite, name)] == []
    if page.startswith("reference"):
        points = re.findall(r"^\| (\w+) \| [^|]+ \| `test_", text, re.MULTILINE)
        assert points == [*map(str, range(1, 10)), "reading", "all"]
