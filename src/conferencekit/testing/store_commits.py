"""The contract of `commit`: versions, batches, repeated entries, bodies and keys."""

from __future__ import annotations

import pytest

from ..ports import (
    ABSENT,
    ChangeSet,
    Check,
    Committed,
    Conflict,
    Enqueue,
    Entry,
    Erase,
    Limit,
    Reused,
    Stale,
    Store,
)
from .store_samples import CONFERENCE, NOW, SECOND, Changes, change, committed, ids, notice, put, read


class CommitContract:
    """Each change set is atomic, sees those before it, and is applied once."""

    def test_what_was_committed_is_read_back(self, store: Store, changes: Changes) -> None:
        (seq,) = committed(store.commit([changes(put("ana", body={"name": "Ana"}))]))
        record = read(store, "ana")
        assert record is not None
        assert (record.kind, record.id, record.version, record.seq) == ("person", "ana", 1, seq)
        assert record.body == {"name": "Ana"}

    def test_what_is_not_there_is_missing(self, store: Store, changes: Changes) -> None:
        store.commit([changes(put("ana"))])
        assert list(store.get(CONFERENCE, "person", ["ana", "bea", "ana"])) == ["ana"]
        assert store.get(CONFERENCE, "other kind", ["ana"]) == {}
        assert store.get("another conference", "person", ["ana"]) == {}
        assert store.get(CONFERENCE, "person", []) == {}
        assert store.get(CONFERENCE, "person", ["half \ud800", "nul \0", "x" * 2000]) == {}

    def test_versions_count_from_one(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(put("ana", version)) for version in (0, 1, 2)]))
        record = read(store, "ana")
        assert record is not None
        assert record.version == 3

    def test_a_version_begins_anew_after_an_erasure(self, store: Store, changes: Changes) -> None:
        erase = changes(Erase(kind="person", id="ana", expect=2))
        committed(store.commit([changes(put("ana")), changes(put("ana", 1)), erase]))
        assert read(store, "ana") is None
        committed(store.commit([changes(put("ana", ABSENT))]))
        record = read(store, "ana")
        assert record is not None
        assert record.version == 1

    @pytest.mark.parametrize("expect", [0, 2, 7])
    def test_another_version_is_stale(self, store: Store, changes: Changes, expect: int) -> None:
        store.commit([changes(put("ana"))])
        assert store.commit([changes(put("ana", expect))]) == [Conflict((Stale("person", "ana", 1),))]

    def test_what_is_gone_is_stale(self, store: Store, changes: Changes) -> None:
        erase = changes(Erase(kind="person", id="ana", expect=1))
        assert store.commit([changes(put("ana", 1)), erase]) == [Conflict((Stale("person", "ana", 0),))] * 2

    def test_a_check_reads_without_writing(self, store: Store, changes: Changes) -> None:
        store.commit([changes(put("ana"))])
        right = changes(Check(kind="person", id="ana", expect=1), Check(kind="person", id="bea", expect=0))
        wrong = changes(Check(kind="person", id="ana", expect=0), Check(kind="person", id="bea", expect=1))
        first, second = store.commit([right, wrong])
        assert isinstance(first, Committed)
        assert second == Conflict((Stale("person", "ana", 1), Stale("person", "bea", 0)))
        record = read(store, "ana")
        assert record is not None
        assert record.version == 1

    def test_a_conflict_leaves_no_trace(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(Limit(quota="places", capacity=5)), changes(put("ana"))]))
        bad = changes(
            put("bea", indexes={}, uniques={"address": "bea@example.org"}, takes={"places": 1}),
            Enqueue(key="to bea", body={}, due=NOW, lane="bea"),
            Limit(quota="new", capacity=1),
            put("ana", 9),
            id_="bad",
        )
        assert store.commit([bad]) == [Conflict((Stale("person", "ana", 1),))]
        assert read(store, "bea") is None
        assert ids(store, "person", "address", "bea@example.org") == []
        assert store.quotas(CONFERENCE, ["places", "new"]) == {"places": (0, 5)}
        assert store.get(CONFERENCE, "~notice", ["to bea"]) == {}
        assert store.get(CONFERENCE, "~entry", ["bad"]) == {}

    def test_a_batch_is_a_sequence(self, store: Store, changes: Changes) -> None:
        outcomes = store.commit(
            [
                changes(put("ana")),
                changes(put("ana", 1, body={"second": True})),
                changes(put("ana", 1)),
                changes(put("bea")),
            ]
        )
        assert [type(outcome) for outcome in outcomes] == [Committed, Committed, Conflict, Committed]
        assert outcomes[2] == Conflict((Stale("person", "ana", 2),))
        record = read(store, "ana")
        assert record is not None
        assert record.body == {"second": True}

    def test_nothing_to_commit_is_nothing(self, store: Store) -> None:
        assert store.commit([]) == []
        assert store.conferences() == []

    def test_an_entry_alone_can_be_committed(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(id_="alone")]))
        assert list(store.get(CONFERENCE, "~entry", ["alone"])) == ["alone"]

    def test_all_stale_records_are_named(self, store: Store, changes: Changes) -> None:
        conflict = Conflict((Stale("person", "bea", 0), Stale("person", "ana", 0)))
        assert store.commit([changes(put("bea", 1), put("ana", 4))]) == [conflict]

    def test_a_repeated_entry_is_replayed(self, store: Store, changes: Changes) -> None:
        once = changes(put("ana", takes={}, uniques={"address": "a"}), notice("n"))
        (seq,) = committed(store.commit([once]))
        assert store.commit([once, once]) == [Committed(seq, replayed=True)] * 2
        record = read(store, "ana")
        assert record is not None
        assert record.version == 1

    def test_an_entry_twice_in_one_batch_is_replayed(self, store: Store, changes: Changes) -> None:
        once = changes(put("ana"))
        first, second = store.commit([once, once])
        assert isinstance(first, Committed)
        assert second == Committed(first.seq, replayed=True)

    def test_a_batch_of_updates_can_be_repeated_as_a_whole(self, store: Store, changes: Changes) -> None:
        batch = [
            changes(put("ana")),
            changes(put("ana", 1)),
            changes(Erase(kind="person", id="ana", expect=2)),
        ]
        numbers = committed(store.commit(batch))
        committed(store.commit([changes(put("ana", 0))]))
        assert store.commit(batch) == [Committed(seq, replayed=True) for seq in numbers]

    def test_an_entry_with_another_digest_is_reused(self, store: Store) -> None:
        store.commit([change(CONFERENCE, "e", put("ana"))])
        other = change(CONFERENCE, "e", put("bea"), salt="other")
        assert store.commit([other]) == [Conflict((Reused("entry", "e"),))]
        assert read(store, "bea") is None

    def test_a_conflict_may_be_tried_again_under_the_same_entry(self, store: Store, changes: Changes) -> None:
        early = changes(put("ana", 1))
        assert isinstance(store.commit([early])[0], Conflict)
        committed(store.commit([changes(put("ana"))]))
        committed(store.commit([early]))

    def test_numbers_rise_with_each_commit(self, store: Store, changes: Changes) -> None:
        numbers = [
            seq for at in range(5) for seq in committed(store.commit([changes(put(f"a{at}")), changes()]))
        ]
        assert numbers == sorted(set(numbers))
        assert numbers[0] > 0

    def test_a_notice_key_is_used_once(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(notice("n"))]))
        assert store.commit([changes(notice("n"), put("ana"))]) == [Conflict((Reused("notice", "n"),))]
        assert read(store, "ana") is None

    def test_conferences_do_not_meet(self, store: Store) -> None:
        one = change(
            "one", "e", put("ana", uniques={"address": "a"}), Limit(quota="q", capacity=1), notice("n")
        )
        two = change(
            "two", "e", put("ana", uniques={"address": "a"}), Limit(quota="q", capacity=2), notice("n")
        )
        committed(store.commit([one, two]))
        assert store.conferences() == ["one", "two"]
        assert store.quotas("two", ["q"]) == {"q": (0, 2)}
        committed(store.commit([change("two", "f", Erase(kind="person", id="ana", expect=1))]))
        assert ids(store, "person", "address", "a", conference="one") == ["ana"]
        assert ids(store, "person", "address", "a", conference="two") == []

    def test_conferences_are_in_the_order_of_their_bytes(self, store: Store) -> None:
        names = ["Z", "a", "é", "z", "中", "\U0001f600", "ﬀ"]
        committed(store.commit([change(name, "e") for name in names]))
        assert store.conferences() == sorted(names, key=str.encode)

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"text": "é 中文 العربية \U0001f600 \u202e \x01 \x7f \\u0000 ' \" % _", "": ""},
            {"numbers": [0, -1, 2**53 + 1, 2**63, -(2**70), 0.1, 1e300, -0.0, 1e-300]},
            {"nested": {"a": [{"b": [[], {}, None, True, False]}]}, "null": None},
            {"long": "x" * 65536, "wide": "中" * 65536},
            {f"key {at}": at for at in range(500)},
        ],
        ids=["empty", "text", "numbers", "nested", "long", "wide"],
    )
    def test_bodies_read_back_equal(self, store: Store, changes: Changes, body: dict[str, object]) -> None:
        entry = changes(put("ana", body=body), Enqueue(key="n", body=body, due=NOW, lane="l"))
        committed(store.commit([entry]))
        record = read(store, "ana")
        assert record is not None
        assert record.body == body
        assert store.get(CONFERENCE, "~notice", ["n"])["n"].body["body"] == body

    def test_a_body_of_four_mebibytes_fits(self, store: Store) -> None:
        """Of records, notices and entries alike; wide characters count as they are written."""
        body: dict[str, object] = {"text": "x" * (4 * 2**20 - 11)}
        large = Enqueue(key="n", body=body, due=NOW, lane="l")
        entry = Entry("large", body, "digest")
        committed(store.commit([ChangeSet(CONFERENCE, entry, (put("ana", body=body), large))]))
        record = read(store, "ana")
        assert record is not None
        assert record.body == body
        assert store.get(CONFERENCE, "~notice", ["n"])["n"].body["body"] == body
        assert store.get(CONFERENCE, "~entry", ["large"])["large"].body["body"] == body
        (leased,) = store.lease(1, now=NOW, until=NOW + SECOND)
        assert leased.body == body

    @pytest.mark.parametrize("no_key", ["", "half \ud800", "nul \0", "x" * 513, "\U0001f600" * 129])
    def test_what_cannot_be_a_key_is_not_there(self, store: Store, no_key: str) -> None:
        """Reading never fails for it, wherever it stands, whatever the database underneath would say."""
        committed(
            store.commit([change(CONFERENCE, "e", put("ana"), notice("n"), Limit(quota="q", capacity=1))])
        )
        for conference, kind, id_ in (
            (no_key, "person", "ana"),
            (CONFERENCE, no_key, "ana"),
            (CONFERENCE, "person", no_key),
        ):
            assert store.get(conference, kind, [id_]) == {}
            assert store.find(conference, kind, "all", id_) == ([], None)
        assert store.find(CONFERENCE, "person", no_key, "k") == ([], None)
        assert store.get(CONFERENCE, "~entry", [no_key, "e"]).keys() == {"e"}
        assert store.get(CONFERENCE, "~notice", [no_key, "n"]).keys() == {"n"}
        assert store.find(CONFERENCE, "~notice", "person", no_key) == ([], None)
        assert store.quotas(CONFERENCE, [no_key, "q"]) == {"q": (0, 1)}
        assert store.quotas(no_key, ["q"]) == {}
        assert store.lease(1, now=NOW, until=NOW + SECOND, conference=no_key) == []

    def test_a_body_is_a_copy(self, store: Store, changes: Changes) -> None:
        mine: dict[str, object] = {"list": [1]}
        change_set = changes(put("ana", body=mine))
        mine["list"] = [2]
        store.commit([change_set])
        first = read(store, "ana")
        assert first is not None
        assert first.body == {"list": [1]}
        first.body["list"].append(3)  # type: ignore[attr-defined]  # a reader may do what it likes with its copy
        again = read(store, "ana")
        assert again is not None
        assert again.body == {"list": [1]}

    @pytest.mark.parametrize(
        "key",
        [
            "a",
            " ",
            "a b\n\tc",
            "'; DROP TABLE record; --",
            "100%_",
            "../../x",
            "é",
            "中" * 170,
            "x" * 512,
            "\U0001f600",
        ],
    )
    def test_keys_of_every_kind(self, store: Store, key: str) -> None:
        claims = put(key, kind=key, uniques={key: key}, takes={key: 1})
        ops = (claims, Limit(quota=key, capacity=1), Enqueue(key=key, body={}, due=NOW, lane=key, person=key))
        committed(store.commit([change(key, key, *ops, person=key, subject=key)]))
        assert store.conferences() == [key]
        assert list(store.get(key, key, [key])) == [key]
        assert store.quotas(key, [key]) == {key: (1, 1)}
        assert ids(store, key, key, key, conference=key) == [key]
        assert ids(store, "~notice", "person", key, conference=key) == [key]
        assert ids(store, "~entry", "subject", key, conference=key) == [key]

    def test_keys_differ_by_case_and_normal_form(self, store: Store, changes: Changes) -> None:
        names = ["ana", "Ana", "ANA", "ané", "ane\u0301", "ana ", " ana"]
        committed(store.commit([changes(put(name, uniques={"address": name})) for name in names]))
        assert len(store.get(CONFERENCE, "person", names)) == len(names)
        assert all(ids(store, "person", "address", name) == [name] for name in names)

    def test_a_thousand_change_sets_of_many_ops(self, store: Store) -> None:
        batch = [change(CONFERENCE, f"e{at}", put(f"p{at}"), put(f"q{at}")) for at in range(1000)]
        numbers = committed(store.commit(batch))
        assert numbers == sorted(set(numbers))
        assert len(store.get(CONFERENCE, "person", [f"q{at}" for at in range(1000)])) == 1000
        committed(store.commit([change(CONFERENCE, "wide", *(put(f"r{at}") for at in range(1000)))]))
        assert len(store.get(CONFERENCE, "person", [f"r{at}" for at in range(1000)])) == 1000
