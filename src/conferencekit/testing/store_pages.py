"""The contract of reading: pages, cursors, and the log entries that the store keeps by itself."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ..errors import InvalidChangeSet
from ..ports import SEQ, Conflict, Erase, Index, Redact, Reused, Seal, Stale, Store
from .store_samples import CONFERENCE, Changes, change, committed, entry_state, ids, put


class PageContract:
    """A cursor is a position: a record that matches throughout the walk comes once."""

    def test_pages_meet_without_gap_or_repeat(self, store: Store, changes: Changes) -> None:
        names = [f"p{at:02}" for at in range(10)]
        committed(store.commit([changes(put(name, indexes={"all": Index("k", SEQ)})) for name in names]))
        for limit in range(1, 12):
            assert ids(store, "person", "all", "k", limit=limit) == names

    def test_the_last_page_has_no_cursor(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(put(name, indexes={"all": Index("k")})) for name in "ab"]))
        assert store.find(CONFERENCE, "person", "all", "k", limit=2)[1] is None
        assert store.find(CONFERENCE, "person", "all", "k", limit=1)[1] is not None
        assert store.find(CONFERENCE, "person", "all", "none") == ([], None)
        assert store.find(CONFERENCE, "person", "none", "k") == ([], None)
        assert store.find("none", "person", "all", "k") == ([], None)
        assert store.find(CONFERENCE, "person", "all", "half \ud800") == ([], None)

    def test_writes_during_a_walk_move_nobody_else(self, store: Store, changes: Changes) -> None:
        names = [f"p{at:02}" for at in range(0, 20, 2)]
        committed(store.commit([changes(put(name, indexes={"all": Index("k", name)})) for name in names]))
        first, cursor = store.find(CONFERENCE, "person", "all", "k", limit=4)
        committed(
            store.commit(
                [
                    changes(Erase(kind="person", id="p06", expect=1)),  # the one at the cursor
                    changes(put("p05", indexes={"all": Index("k", "p05")})),  # before it
                    changes(put("p07", indexes={"all": Index("k", "p07")})),  # after it
                    changes(put("p00", 1, body={"changed": True}, indexes={"all": Index("k", "p00")})),
                ]
            )
        )
        rest, end = store.find(CONFERENCE, "person", "all", "k", after=cursor, limit=100)
        assert [record.id for record in first] == ["p00", "p02", "p04", "p06"]
        assert [record.id for record in rest] == ["p07", "p08", "p10", "p12", "p14", "p16", "p18"]
        assert end is None

    def test_a_walk_meets_whoever_stays_once_while_others_come_and_go(self, store: Store) -> None:
        """Also while those around it are written by other threads."""
        stay = [f"stay {at:02}" for at in range(40)]
        rows = {name: {"all": Index("k", name)} for name in stay}
        committed(
            store.commit([change(CONFERENCE, "stay", *(put(name, indexes=rows[name]) for name in stay))])
        )
        done = threading.Event()

        def write(thread: int) -> None:
            for at in itertools.count():
                name = f"stay {at % 40:02} and {thread} goes"
                there = put(name, indexes={"all": Index("k", name)})
                gone = Erase(kind="person", id=name, expect=1)
                store.commit(
                    [
                        change(CONFERENCE, f"{thread} {at}", there),
                        change(CONFERENCE, f"{thread} {at} end", gone),
                    ]
                )
                if done.is_set() or at > 2000:
                    return

        with ThreadPoolExecutor(2) as pool:
            writers = [pool.submit(write, at) for at in range(2)]
            try:
                for limit in (1, 3, 7, 100) * 2:
                    seen = [name for name in ids(store, "person", "all", "k", limit=limit) if name in rows]
                    assert seen == stay
            finally:
                done.set()
        assert [each.exception() for each in writers] == [None, None]

    @pytest.mark.parametrize(
        "cursor", ["", "x", "½", "WzEsMl0=", "e30=", "WyJhIiwgIiJd", "\ud800", "W" * 5000]
    )
    def test_a_cursor_of_somebody_else_is_refused(self, store: Store, cursor: str) -> None:
        with pytest.raises(InvalidChangeSet, match="cursor"):
            store.find(CONFERENCE, "person", "all", "k", after=cursor)

    @pytest.mark.parametrize("limit", [0, -1, 1001, True, None])
    def test_a_page_has_a_limit(self, store: Store, limit: int) -> None:
        with pytest.raises(InvalidChangeSet, match="1"):
            store.find(CONFERENCE, "person", "all", "k", limit=limit)

    def test_unknown_indexes_of_reserved_kinds_are_refused(self, store: Store) -> None:
        with pytest.raises(InvalidChangeSet, match="person, state"):
            store.find(CONFERENCE, "~notice", "lane", "x")
        with pytest.raises(InvalidChangeSet, match="unsealed"):
            store.find(CONFERENCE, "~entry", "sealed", "x")
        with pytest.raises(InvalidChangeSet, match="one key"):
            store.find(CONFERENCE, "~entry", "all", "x")

    def test_too_many_at_once_are_refused(self, store: Store) -> None:
        with pytest.raises(InvalidChangeSet, match="1000"):
            store.commit([change(CONFERENCE, f"e{at}") for at in range(1001)])
        assert store.conferences() == []


class EntryContract:
    """Every commit leaves its log entry; sealing marks exactly the entries named."""

    def test_entries_come_in_the_order_of_their_commits(self, store: Store) -> None:
        committed(store.commit([change(CONFERENCE, id_) for id_ in ("z", "a", "m")]))
        for index in ("all", "unsealed"):
            for limit in (1, 2, 3):
                assert ids(store, "~entry", index, "", limit=limit) == ["z", "a", "m"]

    def test_an_entry_is_found_by_person_and_subject(self, store: Store) -> None:
        made = change(CONFERENCE, "e", person="p-1", subject="r-1")
        (seq,) = committed(store.commit([made, change(CONFERENCE, "f")]))[:1]
        assert ids(store, "~entry", "person", "p-1") == ["e"]
        assert ids(store, "~entry", "subject", "r-1") == ["e"]
        assert ids(store, "~entry", "person", "") == []
        record = store.get(CONFERENCE, "~entry", ["e"])["e"]
        assert (record.version, record.seq) == (1, seq)
        assert record.body == {
            "body": made.entry.body,
            "digest": made.entry.digest,
            "person": "p-1",
            "subject": "r-1",
            "sealed": 0,
        }

    def test_a_conflict_leaves_no_entry(self, store: Store) -> None:
        store.commit([change(CONFERENCE, "e", put("ana", 3), subject="s")])
        assert ids(store, "~entry", "all", "") == []
        assert ids(store, "~entry", "subject", "s") == []

    def test_sealing_marks_exactly_what_it_names(self, store: Store) -> None:
        committed(store.commit([change(CONFERENCE, id_) for id_ in "abc"]))
        committed(store.commit([change(CONFERENCE, "s", Seal(number=1, entries=("a", "c")))]))
        assert ids(store, "~entry", "unsealed", "") == ["b", "s"]
        assert ids(store, "~entry", "all", "") == ["a", "b", "c", "s"]
        assert [entry_state(store, id_)["sealed"] for id_ in "abc"] == [1, 0, 1]

    def test_an_entry_is_sealed_once(self, store: Store) -> None:
        seal = change(CONFERENCE, "s", Seal(number=1, entries=("a",)))
        committed(store.commit([change(CONFERENCE, "a"), change(CONFERENCE, "b"), seal]))
        again = change(CONFERENCE, "t", Seal(number=2, entries=("b", "a")))
        assert store.commit([again]) == [Conflict((Reused("entry", "a"),))]
        assert entry_state(store, "b")["sealed"] == 0

    def test_the_number_of_a_seal_is_used_once(self, store: Store) -> None:
        batch = [change(CONFERENCE, "s", Seal(number=1, entries=("a",)))]
        committed(store.commit([change(CONFERENCE, "a"), change(CONFERENCE, "b"), *batch]))
        again = change(CONFERENCE, "t", Seal(number=1, entries=("b",)))
        assert store.commit([again]) == [Conflict((Reused("seal", "1"),))]
        other = change("another", "t", Seal(number=1, entries=("b",)))
        committed(store.commit([change("another", "b"), other]))

    def test_what_is_not_there_cannot_be_sealed(self, store: Store) -> None:
        seal = change(CONFERENCE, "s", Seal(number=1, entries=("none", "s")))
        assert store.commit([seal]) == [Conflict((Stale("~entry", "none", 0), Stale("~entry", "s", 0)))]

    def test_redacting_keeps_the_digest(self, store: Store) -> None:
        made = change(CONFERENCE, "e", person="p-1", subject="r-1")
        redact = Redact(what="entry", id="e")
        batch = [made, change(CONFERENCE, "f", redact), change(CONFERENCE, "g", redact)]
        committed(store.commit(batch))
        body = {"body": None, "digest": made.entry.digest, "person": "", "subject": "", "sealed": 0}
        assert entry_state(store, "e") == body
        assert ids(store, "~entry", "person", "p-1") == []
        assert ids(store, "~entry", "subject", "r-1") == []
        assert ids(store, "~entry", "unsealed", "") == ["e", "f", "g"]

    def test_a_redacted_entry_can_be_sealed_and_replayed(self, store: Store) -> None:
        made = change(CONFERENCE, "e", put("ana"))
        committed(store.commit([made, change(CONFERENCE, "f", Redact(what="entry", id="e"))]))
        committed(store.commit([change(CONFERENCE, "s", Seal(number=1, entries=("e",)))]))
        assert entry_state(store, "e")["sealed"] == 1
        assert entry_state(store, "e")["body"] is None
        assert getattr(store.commit([made])[0], "replayed", None) is True

    def test_one_change_set_may_redact_and_seal_an_entry(self, store: Store) -> None:
        both = (Redact(what="entry", id="e"), Seal(number=1, entries=("e",)))
        committed(store.commit([change(CONFERENCE, "e", subject="s"), change(CONFERENCE, "f", *both)]))
        assert entry_state(store, "e")["sealed"] == 1
        assert entry_state(store, "e")["body"] is None

    def test_what_is_not_there_cannot_be_redacted(self, store: Store) -> None:
        ops = (Redact(what="entry", id="none"), Redact(what="notice", id="none"))
        reasons = (Stale("~entry", "none", 0), Stale("~notice", "none", 0))
        assert store.commit([change(CONFERENCE, "e", *ops)]) == [Conflict(reasons)]
