"""The contract of the outbox: lanes, leases, tokens and marks."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import pytest

from ..errors import InvalidChangeSet, NaiveTime
from ..ports import Leased, Mark, NoticeState, Redact, Store
from .store_samples import CONFERENCE, NOW, SECOND, Changes, change, committed, ids, notice, notice_state


def lease(store: Store, at: int = 0, *, limit: int = 20, seconds: int = 60) -> list[Leased]:
    """Lease what is due `at` seconds after noon, for so many seconds."""
    now = NOW + at * SECOND
    return store.lease(limit, now=now, until=now + seconds * SECOND)


def keys(leased: list[Leased]) -> list[str]:
    """The keys of leased notices."""
    return [each.key for each in leased]


def mark(key: str, state: NoticeState, token: int = 1, *, due: datetime | None = None, **kept: str) -> Mark:
    """How a notice of the usual conference ended."""
    return Mark(CONFERENCE, key, token, state, due, kept.get("note", ""), kept.get("sha256", ""))


class LeaseContract:
    """A notice is lent to one worker at a time, the lowest of its lane first."""

    def test_a_lease_says_what_to_send(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(notice("n", "lane"))]))
        assert lease(store) == [
            Leased(CONFERENCE, "n", 1, 1, uncertain=False, body={"key": "n"}, lane="lane")
        ]
        assert lease(store) == []

    def test_nothing_is_lent_before_it_is_due(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(notice("later", due=NOW + SECOND), notice("now"))]))
        assert keys(lease(store)) == ["now"]
        assert keys(lease(store, at=1)) == ["later"]

    def test_the_earliest_are_lent_first(self, store: Store, changes: Changes) -> None:
        for key, seconds in (("c", 3), ("a", 1), ("d", 4), ("b", 2)):
            committed(store.commit([changes(notice(key, due=NOW + seconds * SECOND))]))
        assert keys(lease(store, at=9, limit=3)) == ["a", "b", "c"]
        assert keys(lease(store, at=9, limit=3)) == ["d"]

    def test_of_a_lane_only_the_lowest_is_lent(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(notice("request", "lane"), notice("update", "lane"))]))
        committed(store.commit([changes(notice("cancel", "lane", due=NOW - SECOND))]))
        for key in ("request", "update", "cancel"):
            assert keys(lease(store)) == [key]
            assert store.settle([mark(key, "sent")]) == [True]
        assert lease(store, at=99) == []

    def test_the_lowest_of_a_lane_holds_the_others_up(self, store: Store, changes: Changes) -> None:
        committed(
            store.commit([changes(notice("first", "lane", due=NOW + 5 * SECOND), notice("next", "lane"))])
        )
        assert lease(store) == []
        assert keys(lease(store, at=5)) == ["first"]

    @pytest.mark.parametrize(("state", "following"), [("failed", ["next"]), ("sent", ["next"]), ("held", [])])
    def test_what_is_final_lets_the_next_pass(
        self, store: Store, changes: Changes, state: NoticeState, following: list[str]
    ) -> None:
        committed(store.commit([changes(notice("first", "lane"), notice("next", "lane"))]))
        lease(store)
        assert store.settle([mark("first", state)]) == [True]
        assert keys(lease(store, at=999)) == following

    def test_a_new_notice_joins_the_end_of_its_lane(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(notice("first", "lane"))]))
        lease(store)
        committed(store.commit([changes(notice("next", "lane"))]))
        assert lease(store, at=1) == []
        store.settle([mark("first", "sent")])
        assert keys(lease(store, at=1)) == ["next"]

    def test_lanes_of_conferences_do_not_meet(self, store: Store) -> None:
        committed(
            store.commit([change("one", "e", notice("n", "lane")), change("two", "e", notice("n", "lane"))])
        )
        until = NOW + SECOND
        (two,) = store.lease(9, now=NOW, until=until, conference="two")
        (one,) = store.lease(9, now=NOW, until=until)
        assert (one.conference, two.conference) == ("one", "two")
        assert store.lease(9, now=NOW, until=until, conference="none") == []

    def test_what_is_due_at_once_comes_by_conference_and_commit(self, store: Store) -> None:
        for number, conference in enumerate(("two", "one", "two", "one")):
            committed(store.commit([change(conference, f"e{number}", notice(f"n{number}"))]))
        leased = store.lease(9, now=NOW, until=NOW + SECOND)
        assert [(each.conference, each.key) for each in leased] == [
            ("one", "n1"), ("one", "n3"), ("two", "n0"), ("two", "n2"),
        ]  # fmt: skip

    def test_a_lease_is_half_open(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(notice("n"))]))
        assert keys(lease(store, seconds=60)) == ["n"]
        assert lease(store, at=59) == []
        (again,) = lease(store, at=60)
        assert (again.token, again.attempt, again.uncertain) == (2, 2, True)
        assert notice_state(store, "n")["until"] == (NOW + 120 * SECOND).isoformat()

    def test_fractions_of_a_second_count(self, store: Store, changes: Changes) -> None:
        instant = NOW.replace(microsecond=1)
        committed(store.commit([changes(notice("n", due=instant))]))
        assert store.lease(1, now=NOW, until=NOW + SECOND) == []
        assert keys(store.lease(1, now=instant, until=NOW + SECOND)) == ["n"]

    def test_terms_that_make_no_lease_are_refused(self, store: Store) -> None:
        for limit in (0, 1001, True):
            with pytest.raises(InvalidChangeSet, match="1"):
                store.lease(limit, now=NOW, until=NOW + SECOND)
        with pytest.raises(InvalidChangeSet, match="end after it begins"):
            store.lease(1, now=NOW, until=NOW)
        with pytest.raises(NaiveTime):
            store.lease(1, now=NOW.replace(tzinfo=None), until=NOW)


class SettleContract:
    """What a worker says about its notice counts while its token is the last one; `sent` counts always."""

    @pytest.mark.parametrize("state", ["sent", "failed"])
    def test_what_is_final_stays(
        self, store: Store, changes: Changes, state: Literal["sent", "failed"]
    ) -> None:
        committed(store.commit([changes(notice("n"))]))
        lease(store)
        assert store.settle([mark("n", state), mark("n", state), mark("n", "queued"), mark("n", "held")]) == [
            True,
            True,
            False,
            False,
        ]
        assert notice_state(store, "n")["state"] == state
        assert lease(store, at=9999) == []

    def test_a_deferred_notice_waits_until_it_is_due(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(notice("n"))]))
        lease(store)
        later = NOW + 30 * SECOND
        assert store.settle([mark("n", "queued", due=later, note="450 try later")]) == [True]
        assert notice_state(store, "n")["due"] == later.isoformat()
        assert notice_state(store, "n")["until"] is None
        assert lease(store, at=29) == []
        (again,) = lease(store, at=30)
        assert (again.attempt, again.uncertain) == (2, False)

    def test_a_notice_put_back_without_a_time_is_due_as_before(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(notice("n"))]))
        lease(store)
        assert store.settle([mark("n", "queued")]) == [True]
        assert keys(lease(store)) == ["n"]

    def test_an_old_token_settles_nothing(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(notice("n"))]))
        lease(store)
        lease(store, at=60)
        for state in ("failed", "held", "queued"):
            assert store.settle([mark("n", state, 1)]) == [False]
        assert notice_state(store, "n")["token"] == 2
        assert store.settle([mark("n", "failed", 2)]) == [True]

    def test_an_old_token_settles_what_was_sent(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(notice("n"), notice("m"))]))
        lease(store)
        lease(store, at=60)
        assert (
            store.settle([mark("n", "sent", 1), mark("m", "failed", 2), mark("m", "sent", 1)]) == [True] * 3
        )
        assert notice_state(store, "n")["state"] == "sent"
        assert notice_state(store, "m")["state"] == "sent"

    def test_a_token_of_the_future_settles_nothing(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(notice("n"))]))
        assert (
            store.settle([mark("n", "sent", 1), mark("none", "sent"), Mark("none", "n", 1, "sent")])
            == [False] * 3
        )

    def test_a_lease_that_ran_out_may_still_be_settled(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(notice("n"))]))
        lease(store, seconds=1)
        assert store.settle([mark("n", "sent")]) == [True]
        assert lease(store, at=99) == []

    def test_a_person_may_release_what_is_held(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(notice("n"))]))
        lease(store)
        assert store.settle([mark("n", "held", note="sent or not?")]) == [True]
        assert ids(store, "~notice", "state", "held") == ["n"]
        assert lease(store, at=9999) == []
        assert store.settle([mark("n", "queued", due=NOW)]) == [True]
        assert [(each.attempt, each.uncertain) for each in lease(store)] == [(2, False)]

    def test_what_waits_may_be_given_up_before_any_lease(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(notice("n"))]))
        assert store.settle([mark("n", "failed", 0)]) == [True]
        assert lease(store) == []

    def test_notes_and_the_first_digest_are_kept(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(notice("n"))]))
        lease(store)
        store.settle([mark("n", "queued", note="one", sha256="aa")])
        store.settle([mark("n", "queued"), mark("n", "held", note="two", sha256="bb")])
        state = notice_state(store, "n")
        assert (state["note"], state["sha256"], state["state"]) == ("two", "aa", "held")

    def test_a_notice_can_be_read(self, store: Store, changes: Changes) -> None:
        (seq,) = committed(store.commit([changes(notice("n", "lane", person="p-1"))]))
        record = store.get(CONFERENCE, "~notice", ["n"])["n"]
        assert (record.kind, record.version, record.seq) == ("~notice", 1, seq)
        assert record.body == {
            "body": {"key": "n"},
            "state": "queued",
            "due": NOW.isoformat(),
            "until": None,
            "lane": "lane",
            "person": "p-1",
            "token": 0,
            "note": "",
            "sha256": "",
        }

    def test_notices_are_found_by_state_and_person(self, store: Store, changes: Changes) -> None:
        names = ["z", "a", "m", "b"]
        committed(
            store.commit([changes(*(notice(name, person="p-1") for name in names)), changes(notice("x"))])
        )
        lease(store, limit=1)
        store.settle([mark("z", "sent")])
        for limit in (1, 2, 5):
            assert ids(store, "~notice", "state", "queued", limit=limit) == ["a", "m", "b", "x"]
            assert ids(store, "~notice", "person", "p-1", limit=limit) == names
        assert ids(store, "~notice", "state", "sent") == ["z"]
        assert ids(store, "~notice", "person", "") == []

    def test_a_redacted_notice_is_not_sent(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(notice("n", "lane", person="p-1"), notice("next", "lane"))]))
        committed(store.commit([changes(Redact(what="notice", id="n"))]))
        state = notice_state(store, "n")
        assert (state["body"], state["state"], state["note"], state["person"]) == (
            None,
            "failed",
            "redacted",
            "",
        )
        assert ids(store, "~notice", "person", "p-1") == []
        assert keys(lease(store)) == ["next"]

    def test_redacting_what_was_sent_keeps_that_it_was(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(notice("n"))]))
        lease(store)
        store.settle([mark("n", "sent", note="250 ok", sha256="aa")])
        committed(store.commit([changes(Redact(what="notice", id="n"))]))
        state = notice_state(store, "n")
        assert (state["body"], state["state"], state["note"], state["sha256"]) == (
            None,
            "sent",
            "250 ok",
            "aa",
        )

    def test_redacting_what_is_out_lets_its_worker_say_sent(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(notice("n"))]))
        lease(store)
        committed(store.commit([changes(Redact(what="notice", id="n"))]))
        assert lease(store, at=999) == []
        assert store.settle([mark("n", "sent")]) == [True]

    def test_too_many_marks_are_refused(self, store: Store) -> None:
        with pytest.raises(InvalidChangeSet, match="1000"):
            store.settle([mark("n", "sent")] * 1001)
        assert store.settle([]) == []
