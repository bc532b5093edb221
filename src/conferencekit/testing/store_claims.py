"""The contract of what records hold: uniques, places of quotas, and rows of indexes."""

from __future__ import annotations

import pytest

from ..ports import (
    SEQ,
    AtMost,
    Committed,
    Conflict,
    Erase,
    Full,
    Index,
    Limit,
    Owned,
    Stale,
    Store,
    UnknownQuota,
)
from .store_samples import CONFERENCE, Changes, committed, ids, put


def taken(store: Store, quota: str = "places") -> int:
    """How many are taken."""
    return store.quotas(CONFERENCE, [quota])[quota][0]


class UniqueContract:
    """A unique value has one owner; what a record had is replaced."""

    def test_a_unique_value_has_one_owner(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(put("ana", uniques={"address": "a"}))]))
        owned = Owned("address", "a", "person", "ana")
        assert store.commit([changes(put("bea", uniques={"address": "a"}))]) == [Conflict((owned,))]
        assert store.commit([changes(put("bea", kind="guest", uniques={"address": "a"}))]) == [
            Conflict((owned,))
        ]
        committed(store.commit([changes(put("bea", uniques={"phone": "a"}))]))

    def test_an_owner_keeps_its_value(self, store: Store, changes: Changes) -> None:
        batch = [changes(put("ana", version, uniques={"address": "a"})) for version in (0, 1)]
        committed(store.commit(batch))
        assert ids(store, "person", "address", "a") == ["ana"]

    def test_uniques_are_replaced_not_merged(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(put("ana", uniques={"address": "a", "phone": "1"}))]))
        committed(store.commit([changes(put("ana", 1, uniques={"address": "b"}))]))
        committed(store.commit([changes(put("bea", uniques={"address": "a", "phone": "1"}))]))
        assert ids(store, "person", "address", "a") == ["bea"]
        assert ids(store, "person", "address", "b") == ["ana"]

    def test_erasing_releases_a_value(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(put("ana", uniques={"address": "a"}))]))
        erase = Erase(kind="person", id="ana", expect=1)
        committed(store.commit([changes(erase), changes(put("bea", uniques={"address": "a"}))]))

    def test_two_records_may_swap_values(self, store: Store, changes: Changes) -> None:
        first = changes(put("ana", uniques={"address": "a"}), put("bea", uniques={"address": "b"}))
        swap = changes(put("ana", 1, uniques={"address": "b"}), put("bea", 1, uniques={"address": "a"}))
        committed(store.commit([first, swap]))
        assert ids(store, "person", "address", "a") == ["bea"]
        assert ids(store, "person", "address", "b") == ["ana"]

    def test_a_value_may_move_in_one_change_set(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(put("ana", uniques={"address": "a"}))]))
        move = changes(put("bea", uniques={"address": "a"}), Erase(kind="person", id="ana", expect=1))
        committed(store.commit([move]))
        assert ids(store, "person", "address", "a") == ["bea"]

    def test_two_records_of_one_change_set_may_not_share_a_value(
        self, store: Store, changes: Changes
    ) -> None:
        both = changes(put("ana", uniques={"address": "a"}), put("bea", uniques={"address": "a"}))
        assert store.commit([both]) == [Conflict((Owned("address", "a", "person", "ana"),))]

    def test_a_stale_holder_releases_nothing(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(put("ana", uniques={"address": "a"}))]))
        wrong = changes(Erase(kind="person", id="ana", expect=2), put("bea", uniques={"address": "a"}))
        assert store.commit([wrong]) == [Conflict((Stale("person", "ana", 1),))]
        assert ids(store, "person", "address", "a") == ["ana"]


class QuotaContract:
    """Capacity is decided in the commit; counters follow from records."""

    def test_a_full_quota_says_what_is_left(self, store: Store, changes: Changes) -> None:
        committed(
            store.commit(
                [changes(Limit(quota="places", capacity=3)), changes(put("ana", takes={"places": 2}))]
            )
        )
        assert store.commit([changes(put("bea", takes={"places": 2}))]) == [Conflict((Full("places", 1, 2),))]
        committed(store.commit([changes(put("bea", takes={"places": 1}))]))
        assert store.quotas(CONFERENCE, ["places", "none"]) == {"places": (3, 3)}

    def test_a_quota_that_was_never_limited_is_unknown(self, store: Store, changes: Changes) -> None:
        assert store.commit([changes(put("ana", takes={"plces": 1}))]) == [Conflict((UnknownQuota("plces"),))]
        assert store.commit([changes(AtMost(quota="plces", taken=5))]) == [Conflict((UnknownQuota("plces"),))]
        assert store.commit([changes(put("ana", takes={"plces": 1}, over=True))]) == [
            Conflict((UnknownQuota("plces"),))
        ]

    def test_quotas_that_fail_are_named_in_their_order(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(Limit(quota="b", capacity=0))]))
        outcome = store.commit([changes(put("ana", takes={"c": 1, "b": 2, "a": 1}))])
        assert outcome == [Conflict((UnknownQuota("a"), Full("b", 0, 2), UnknownQuota("c")))]

    def test_takes_are_replaced(self, store: Store, changes: Changes) -> None:
        committed(
            store.commit([changes(Limit(quota="places", capacity=3), Limit(quota="meals", capacity=None))])
        )
        committed(store.commit([changes(put("ana", takes={"places": 3, "meals": 2}))]))
        committed(store.commit([changes(put("ana", 1, takes={"places": 1}))]))
        assert (taken(store), taken(store, "meals")) == (1, 0)
        committed(store.commit([changes(put("ana", 2))]))
        assert taken(store) == 0

    def test_erasing_gives_back(self, store: Store, changes: Changes) -> None:
        committed(
            store.commit(
                [changes(Limit(quota="places", capacity=1)), changes(put("ana", takes={"places": 1}))]
            )
        )
        committed(store.commit([changes(Erase(kind="person", id="ana", expect=1))]))
        assert taken(store) == 0

    def test_net_effects_count(self, store: Store, changes: Changes) -> None:
        committed(
            store.commit(
                [changes(Limit(quota="places", capacity=1)), changes(put("ana", takes={"places": 1}))]
            )
        )
        swap = changes(put("bea", takes={"places": 1}), Erase(kind="person", id="ana", expect=1))
        committed(store.commit([swap]))
        assert taken(store) == 1

    def test_a_quota_without_limit_counts(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(Limit(quota="places", capacity=None))]))
        committed(store.commit([changes(put("ana", takes={"places": 1000}))]))
        assert store.quotas(CONFERENCE, ["places"]) == {"places": (1000, None)}

    def test_a_limit_counts_in_its_own_change_set(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(put("ana", takes={"places": 1}), Limit(quota="places", capacity=1))]))
        outcome = store.commit([changes(put("bea", takes={"places": 1}), Limit(quota="places", capacity=1))])
        assert outcome == [Conflict((Full("places", 0, 1),))]

    def test_lowering_below_taken_takes_nothing_away(self, store: Store, changes: Changes) -> None:
        committed(
            store.commit(
                [changes(Limit(quota="places", capacity=5)), changes(put("ana", takes={"places": 4}))]
            )
        )
        committed(store.commit([changes(Limit(quota="places", capacity=2))]))
        assert store.quotas(CONFERENCE, ["places"]) == {"places": (4, 2)}
        assert store.commit([changes(put("bea", takes={"places": 1}))]) == [Conflict((Full("places", 0, 1),))]
        committed(store.commit([changes(put("ana", 1, takes={"places": 3}))]))
        assert store.commit([changes(put("bea", takes={"places": 1}))]) == [Conflict((Full("places", 0, 1),))]
        committed(store.commit([changes(put("ana", 2, takes={"places": 1}))]))
        committed(store.commit([changes(put("bea", takes={"places": 1}))]))
        assert taken(store) == 2

    def test_an_organiser_may_go_over(self, store: Store, changes: Changes) -> None:
        committed(
            store.commit(
                [changes(Limit(quota="places", capacity=1)), changes(put("ana", takes={"places": 1}))]
            )
        )
        committed(store.commit([changes(put("bea", takes={"places": 2}, over=True))]))
        assert store.quotas(CONFERENCE, ["places"]) == {"places": (3, 1)}
        assert store.commit([changes(put("eve", takes={"places": 1}))]) == [Conflict((Full("places", 0, 1),))]

    def test_over_counts_for_its_own_quotas_only(self, store: Store, changes: Changes) -> None:
        committed(
            store.commit([changes(Limit(quota="places", capacity=0), Limit(quota="meals", capacity=0))])
        )
        both = changes(put("ana", takes={"places": 1}, over=True), put("bea", takes={"meals": 1}))
        assert store.commit([both]) == [Conflict((Full("meals", 0, 1),))]

    @pytest.mark.parametrize("waiting", [0, 1, 2])
    def test_at_most_is_tested_before_the_change(self, store: Store, changes: Changes, waiting: int) -> None:
        committed(store.commit([changes(Limit(quota="waiting", capacity=None))]))
        committed(store.commit([changes(put(f"w{at}", takes={"waiting": 1})) for at in range(waiting)]))
        (outcome,) = store.commit(
            [changes(put("ana", takes={"waiting": 1}), AtMost(quota="waiting", taken=1))]
        )
        if waiting <= 1:
            assert isinstance(outcome, Committed)
        else:
            assert outcome == Conflict((Full("waiting", -1, 0),))

    def test_the_second_of_a_batch_sees_what_the_first_took(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(Limit(quota="places", capacity=1))]))
        first, second = store.commit([changes(put(name, takes={"places": 1})) for name in ("ana", "bea")])
        assert isinstance(first, Committed)
        assert second == Conflict((Full("places", 0, 1),))

    def test_a_quota_may_be_limited_and_filled_in_one_batch(self, store: Store, changes: Changes) -> None:
        batch = [
            changes(Limit(quota="places", capacity=2)),
            *(changes(put(name, takes={"places": 1})) for name in ("ana", "bea", "eve")),
            changes(Limit(quota="places", capacity=1)),
            changes(Erase(kind="person", id="ana", expect=1)),
        ]
        outcomes = store.commit(batch)
        assert [type(each) for each in outcomes] == [
            Committed,
            Committed,
            Committed,
            Conflict,
            Committed,
            Committed,
        ]
        assert store.quotas(CONFERENCE, ["places"]) == {"places": (1, 1)}


class IndexContract:
    """Index rows follow from records, in the order that is declared."""

    def test_index_rows_are_replaced(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(put("ana", indexes={"state": Index("new"), "team": Index("a")}))]))
        committed(store.commit([changes(put("ana", 1, indexes={"state": Index("old")}))]))
        assert ids(store, "person", "state", "new") == []
        assert ids(store, "person", "state", "old") == ["ana"]
        assert ids(store, "person", "team", "a") == []
        committed(store.commit([changes(Erase(kind="person", id="ana", expect=2))]))
        assert ids(store, "person", "state", "old") == []

    def test_numbers_come_by_value_and_before_text(self, store: Store, changes: Changes) -> None:
        orders: list[int | str] = [
            10,
            9,
            -1,
            2**63 - 1,
            -(2**63),
            "10",
            "9",
            "",
            "a",
            "B",
            "é",
            "中",
            "\U0001f600",
            "ﬀ",
        ]
        people = {f"p{at}": order for at, order in enumerate(orders)}
        batch = [changes(put(name, indexes={"all": Index("k", order)})) for name, order in people.items()]
        committed(store.commit(batch))
        numbers = sorted(order for order in orders if isinstance(order, int))
        texts = sorted((order for order in orders if isinstance(order, str)), key=str.encode)
        for limit in (1, 3, 100):
            assert [people[id_] for id_ in ids(store, "person", "all", "k", limit=limit)] == [
                *numbers,
                *texts,
            ]

    def test_equal_orders_come_by_id(self, store: Store, changes: Changes) -> None:
        names = ["b", "a", "é", "B", "\U0001f600", "ﬀ"]
        committed(store.commit([changes(put(name, indexes={"all": Index("k", 1)})) for name in names]))
        assert ids(store, "person", "all", "k", limit=2) == sorted(names, key=str.encode)

    def test_long_orders_that_begin_alike_are_told_apart(self, store: Store, changes: Changes) -> None:
        names = ["b", "a", "é"]
        rows = {name: "x" * 500 + name for name in names}
        committed(
            store.commit([changes(put(name, indexes={"all": Index("k", rows[name])})) for name in names])
        )
        assert ids(store, "person", "all", "k", limit=1) == sorted(names, key=str.encode)
        committed(store.commit([changes(put("a", 1))]))
        assert ids(store, "person", "all", "k") == ["b", "é"]

    def test_arrival_orders_by_commit(self, store: Store, changes: Changes) -> None:
        for name in ("eve", "ana", "bea"):
            committed(store.commit([changes(put(name, indexes={"waiting": Index("k", SEQ)}))]))
        assert ids(store, "person", "waiting", "k") == ["eve", "ana", "bea"]
        committed(store.commit([changes(put("eve", 1, indexes={"waiting": Index("k", SEQ)}))]))
        assert ids(store, "person", "waiting", "k") == ["ana", "bea", "eve"]

    def test_a_place_can_be_kept_by_its_number(self, store: Store, changes: Changes) -> None:
        (first,) = committed(store.commit([changes(put("ana", indexes={"waiting": Index("k", SEQ)}))]))
        committed(store.commit([changes(put("bea", indexes={"waiting": Index("k", SEQ)}))]))
        committed(store.commit([changes(put("ana", 1, indexes={"waiting": Index("k", first)}))]))
        assert ids(store, "person", "waiting", "k") == ["ana", "bea"]

    def test_an_index_holds_one_kind(self, store: Store, changes: Changes) -> None:
        rows = {"state": Index("new")}
        committed(store.commit([changes(put("ana", indexes=rows), put("ana", kind="guest", indexes=rows))]))
        (record,), cursor = store.find(CONFERENCE, "guest", "state", "new")
        assert (record.kind, cursor) == ("guest", None)

    def test_a_unique_is_an_index_too(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(put("ana", uniques={"address": "a"}))]))
        assert ids(store, "person", "address", "a") == ["ana"]
        assert ids(store, "guest", "address", "a") == []
        assert ids(store, "person", "address", "A") == []

    def test_an_index_and_a_unique_of_one_name_are_walked_together(
        self, store: Store, changes: Changes
    ) -> None:
        batch = [
            changes(put("one", indexes={"name": Index("k", 5)})),
            changes(put("two", uniques={"name": "k"})),
            changes(put("three", indexes={"name": Index("k", "a")})),
            changes(put("four", indexes={"name": Index("k")})),
        ]
        committed(store.commit(batch))
        for limit in (1, 2, 3, 4, 5):
            assert ids(store, "person", "name", "k", limit=limit) == ["one", "four", "two", "three"]
