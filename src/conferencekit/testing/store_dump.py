"""Contract of a store that offers `ports.Dumpable`: its rows go out and in again, as they are."""

from __future__ import annotations

import random
from contextlib import closing
from typing import cast

import pytest

from ..adapters.memory import MemoryStore
from ..errors import CopyRefused, InvalidChangeSet
from ..ports import Committed, Dumpable, DumpedRow, Erase, Limit, Mark, Put, Store
from ..store import State, digest_of, row_from_text, row_text
from ..store.audit import AuditedStore, audit
from ..store.copying import copy_conference
from .store_beside import STATES, Script
from .store_samples import CONFERENCE, NOW, SECOND, Changes, change, committed, notice, put, read

COPY = "copy"


def dumping(store: Store) -> AuditedStore:
    """The store as one that dumps. Skips the test if it does not."""
    if not isinstance(store, Dumpable):
        pytest.skip("dump: not offered and so not proven")
    return cast("AuditedStore", store)


def live(store: Store, seed: int, steps: int = 40) -> list[str]:
    """Let something happen in a store, and say in which conferences."""
    chance, model = random.Random(seed), State()  # noqa: S311 - the same seed gives the same history
    script = Script(chance, model)
    for step in range(steps):
        batch = [script.change_set() for _ in range(chance.randrange(1, 5))]
        model.commit(batch)
        store.commit(batch)
        now = NOW + step * SECOND
        leased = store.lease(chance.randrange(1, 4), now=now, until=now + 3 * SECOND)
        marks = [Mark(each.conference, each.key, each.token, chance.choice(STATES)) for each in leased]
        store.settle(marks[step % 2 :])
    return store.conferences()


class DumpContract:
    """`dump`, `restore`, and what is built on them."""

    @pytest.mark.parametrize("seed", range(3))
    def test_what_was_restored_is_what_was_dumped(self, store: Store, seed: int) -> None:
        dumped = dumping(store)
        for conference in live(store, seed):
            rows = list(dumped.dump(conference))
            lines = [row_from_text(row_text(row)) for row in rows]
            for first in range(0, len(lines), 7):
                dumped.restore(f"{COPY} {conference}", lines[first : first + 7])
            assert [*map(row_text, dumped.dump(f"{COPY} {conference}"))] == [*map(row_text, rows)]
            assert list(audit(dumped, conference)) == list(audit(dumped, f"{COPY} {conference}")) == []

    def test_a_reference_takes_the_copy_and_gives_it_back(self, store: Store) -> None:
        dumped, state = dumping(store), State()
        for conference in live(store, 7):
            rows = list(dumped.dump(conference))
            state.restore(conference, rows)
            assert digest_of(state.dump(conference)) == digest_of(rows)
            for kind, id_ in (row.key for row in rows if row.table == "record"):
                found = store.get(conference, str(kind), [str(id_)])
                assert found == state.get(conference, str(kind), [str(id_)])

    def test_a_copy_follows_its_source(self, store: Store, changes: Changes) -> None:
        """Also where a unique value and a place moved from one record to another and back, and one is gone."""
        target, source = dumping(store), MemoryStore()

        def holder(id_: str, expect: int) -> Put:
            return put(id_, expect, uniques={"address": "ana@example.org"}, takes={"places": 1})

        history = [
            changes(Limit(quota="places", capacity=1), Limit(quota="b", capacity=2)),
            changes(holder("ana", 0), put("zoe", takes={"b": 1}), put("gone"), notice("letter")),
            changes(put("ana", expect=1), holder("zoe", 1)),
            changes(holder("ana", 2), put("zoe", expect=2), Erase(kind="person", id="gone", expect=1)),
        ]
        for change_set in history:
            committed(source.commit([change_set]))
            copied = copy_conference(source, target, CONFERENCE)
            assert copied.written > 0
            assert copied.digest == digest_of(source.dump(CONFERENCE)) == digest_of(target.dump(CONFERENCE))
        assert list(audit(target, CONFERENCE)) == []
        assert read(store, "gone") is None
        assert copy_conference(source, target, CONFERENCE).written == 0

    def test_another_history_is_not_overwritten(self, store: Store, changes: Changes) -> None:
        target, source = dumping(store), MemoryStore()
        committed(store.commit([changes(put("ana"))]))
        committed(source.commit([changes(put("zoe"))]))
        before = digest_of(target.dump(CONFERENCE))
        with pytest.raises(CopyRefused, match="entry-1"):
            copy_conference(source, target, CONFERENCE)
        assert digest_of(target.dump(CONFERENCE)) == before

    def test_a_dump_is_one_moment(self, store: Store, changes: Changes) -> None:
        dumped = dumping(store)
        committed(store.commit([changes(put("ana"), put("bob"))]))
        before = digest_of(dumped.dump(CONFERENCE))
        with closing(dumped.dump(CONFERENCE)) as rows:
            first = next(rows)
            committed(store.commit([changes(put("ana", expect=1), put("zoe"))]))
            assert digest_of([first, *rows]) == before
        assert digest_of(dumped.dump(CONFERENCE)) != before

    def test_commits_after_a_restore_get_higher_numbers(self, store: Store, changes: Changes) -> None:
        dumped = dumping(store)
        numbers = committed(store.commit([changes(put(f"person{each}")) for each in range(5)]))
        dumped.restore(COPY, list(dumped.dump(CONFERENCE)))
        (outcome,) = store.commit([change(COPY, "later", put("later"))])
        assert isinstance(outcome, Committed)
        assert outcome.seq > max(numbers)

    def test_older_rows_do_not_set_the_numbers_back(self, store: Store, changes: Changes) -> None:
        dumped = dumping(store)
        committed(store.commit([changes(put("ana"))]))
        early = list(dumped.dump(CONFERENCE))
        latest = committed(store.commit([changes(put(name)) for name in ("bea", "eve")]))[-1]
        dumped.restore(CONFERENCE, early)
        assert committed(store.commit([changes(put("zoe"))]))[0] > latest

    def test_a_dump_of_nothing_is_empty(self, store: Store) -> None:
        dumped = dumping(store)
        assert list(dumped.dump("nowhere")) == []
        dumped.restore(COPY, [])

    @pytest.mark.parametrize(
        "row",
        [
            DumpedRow("table", ("key",), {}),
            DumpedRow("entry", ("id",), {}),
            DumpedRow("record", ("person", "ana"), {"version": 1}),
            DumpedRow("notice", (1, "key"), None),
        ],
        ids=["table", "key", "columns", "gone"],
    )
    def test_what_is_no_row_is_refused(self, store: Store, row: DumpedRow) -> None:
        dumped = dumping(store)
        with pytest.raises(InvalidChangeSet, match="not a row"):
            dumped.restore(COPY, [DumpedRow("quota", ("places",), {"taken": 0, "capacity": 1}), row])
        with pytest.raises(InvalidChangeSet, match="1001"):
            dumped.restore(COPY, [DumpedRow("seal", (number,), {}) for number in range(1, 1002)])
        assert store.conferences() == []
