"""The contract under bad input: what no store keeps is not there, what no dump gives is refused, clocks may jump."""

from __future__ import annotations

from typing import Any, Final

import pytest

from ..errors import InvalidChangeSet
from ..ports import Conflict, DumpedRow, Enqueue, Index, Limit, Mark, Reused, Stale, Store
from ..store import digest_of
from .store_dump import dumping
from .store_outbox import keys, mark
from .store_samples import CONFERENCE, NOW, SECOND, Changes, committed, notice, put

_HOSTILE: Final = ("", "a\0b", "\ud800", "half \udfff", "x" * 600, "中" * 200)
_RECORD: Final = {"version": 1, "seq": 1, "body": {}, "indexes": {}, "uniques": {}, "takes": {}}
_ENTRY: Final = {"digest": "d", "body": {}, "person": "", "subject": "", "sealed": 0}
_NOTICE: Final = {
    "body": {}, "due": "2020-11-01T12:00:00+00:00", "lane": "l", "person": "", "state": "queued", "token": 0,
    "until": None, "note": "", "sha256": "",
}  # fmt: skip
_BIG: Final = 2**70


def _record(*key: object, **changes: object) -> DumpedRow:
    return DumpedRow("record", key or ("person", "x"), {**_RECORD, **changes})  # type: ignore[arg-type]  # hostile


def _row(table: str, key: tuple[Any, ...], columns: dict[str, Any], **changes: object) -> DumpedRow:
    return DumpedRow(table, key, {**columns, **changes})


_NO_ROWS: Final = [
    *(_record("person", key) for key in (*_HOSTILE, 7)),
    *(_record(kind, "x") for kind in ("a\0b", "~notice")),
    *(_record(body=body) for body in (None, [1], {"a": "\0"}, {"a": "\ud800"}, {"a": float("nan")})),
    _record(body={"a": "x" * 20_000_000}),
    *(_record(version=number) for number in (0, -1, "1", _BIG, True)),
    *(_record(seq=number) for number in (0, -1, _BIG)),
    *(_record(indexes={"a": place}) for place in (["\0", 1], ["k", 1.5], ["k", _BIG], ["k"], 1)),
    _record(indexes={"a\0": ["k", 1]}),
    *(_record(uniques={"a": value}) for value in ("", "\0", 1)),
    *(_record(takes={"q": places}) for places in (0, -1, "1", 10**9 + 1, _BIG)),
    *(_row("entry", (5, "e"), _ENTRY, **changes) for changes in (
        {"sealed": -1}, {"digest": None}, {"digest": "\0"}, {"person": "\0"}, {"subject": 1}, {"body": "text"},
    )),
    *(_row("entry", key, _ENTRY) for key in (("5", "e"), (0, "e"), (5, "\0"), (_BIG, "e"))),
    *(DumpedRow("seal", (number,), {}) for number in (0, -1, "1", _BIG)),
    *(DumpedRow("quota", ("q",), {"taken": taken, "capacity": 1}) for taken in (-1, "1", None, _BIG)),
    *(DumpedRow("quota", ("q",), {"taken": 1, "capacity": capacity}) for capacity in (-1, "1", _BIG)),
    *(_row("notice", (1024, "n"), _NOTICE, **changes) for changes in (
        {"due": "2020-11-01T12:00:00"}, {"due": "soon"}, {"due": 7}, {"due": "0001-01-01T00:00:00+14:00"},
        {"until": "2020-11-01T12:00:00"}, {"state": "lost"}, {"lane": ""}, {"lane": "\0"}, {"person": "\0"},
        {"note": "\0"}, {"note": "x" * 5000}, {"token": -1}, {"sha256": "\ud800"},
    )),
    _row("notice", (_BIG, "n"), _NOTICE),
]  # fmt: skip


class HostileContract:
    """Values and clocks that are not as they should be: one behaviour in every store."""

    @pytest.mark.parametrize("text", _HOSTILE, ids=ascii)
    def test_what_no_type_lets_in_is_not_there(self, store: Store, changes: Changes, text: str) -> None:
        committed(store.commit([changes(put("ana", indexes={"i": Index("k", 1)}), notice("n"))]))
        committed(store.commit([changes(Limit(quota="q", capacity=1))]))
        assert store.get(text, "person", ["ana"]) == store.get(CONFERENCE, text, ["ana"]) == {}
        assert list(store.get(CONFERENCE, "person", [text, "ana"])) == ["ana"]
        assert store.get(CONFERENCE, "~notice", [text]) == store.get(CONFERENCE, "~entry", [text]) == {}
        assert store.quotas(text, ["q"]) == {}
        assert store.quotas(CONFERENCE, [text, "q"]) == {"q": (0, 1)}
        for query in (
            (text, "person", "i", "k"),
            (CONFERENCE, text, "i", "k"),
            (CONFERENCE, "person", text, "k"),
            (CONFERENCE, "person", "i", text),
            (CONFERENCE, "~notice", "person", text),
            (CONFERENCE, "~entry", "subject", text),
        ):
            assert store.find(*query) == ([], None)
        assert store.lease(1, now=NOW, until=NOW + SECOND, conference=text) == []

    @pytest.mark.parametrize("text", _HOSTILE, ids=ascii)
    def test_what_no_type_lets_in_has_no_rows(self, store: Store, text: str) -> None:
        dumped = dumping(store)
        assert list(dumped.dump(text)) == []
        with pytest.raises(InvalidChangeSet, match="The id of a conference"):
            dumped.restore(text, [DumpedRow("seal", (1,), {})])
        assert store.conferences() == []

    def test_what_no_dump_gives_is_not_restored(self, store: Store, changes: Changes) -> None:
        dumped = dumping(store)
        committed(store.commit([changes(put("ana"))]))
        before = digest_of(dumped.dump(CONFERENCE))
        for row in _NO_ROWS:
            with pytest.raises(InvalidChangeSet, match="not a row that dump"):
                dumped.restore(CONFERENCE, [_record("person", "zoe"), row])
        assert digest_of(dumped.dump(CONFERENCE)) == before

    def test_a_body_of_twenty_megabytes_is_refused(self, store: Store, changes: Changes) -> None:
        with pytest.raises(InvalidChangeSet, match="Store files as blobs"):
            store.commit([changes(put("ana", body={"text": "x" * 20_000_000}))])
        with pytest.raises(InvalidChangeSet, match="Store files as blobs"):
            store.commit([changes(Enqueue(key="n", body={"a": "x" * 20_000_000}, due=NOW, lane="l"))])
        assert store.conferences() == []

    def test_bodies_of_twenty_megabytes_together_are_kept(self, store: Store, changes: Changes) -> None:
        bodies = {f"p{at}": {"text": f"{at} " + "é" * 2_000_000} for at in range(5)}
        committed(store.commit([changes(*(put(id_, body=body) for id_, body in bodies.items()))]))
        found = store.get(CONFERENCE, "person", bodies)
        assert {id_: record.body for id_, record in found.items()} == bodies

    def test_a_clock_that_jumps_back_lends_nothing_twice(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(notice("a", "lane"), notice("b", "lane"))]))
        ahead = 3600 * SECOND
        assert keys(store.lease(9, now=NOW + ahead, until=NOW + ahead + 60 * SECOND)) == ["a"]
        for back in (-ahead, 0 * SECOND, 60 * SECOND, ahead):
            assert store.lease(9, now=NOW + back, until=NOW + back + SECOND) == []
        (again,) = store.lease(9, now=NOW + ahead + 60 * SECOND, until=NOW + 2 * ahead)
        assert (again.key, again.token, again.uncertain) == ("a", 2, True)

    def test_a_mark_counts_by_its_token_not_by_the_clock(self, store: Store, changes: Changes) -> None:
        committed(store.commit([changes(notice("a", "lane"), notice("b", "lane"))]))
        store.lease(1, now=NOW + 3600 * SECOND, until=NOW + 7200 * SECOND)
        past = Mark(CONFERENCE, "a", 1, "queued", NOW - 3600 * SECOND)
        assert store.settle([past]) == [True]
        assert keys(store.lease(9, now=NOW - 3600 * SECOND, until=NOW)) == ["a"]
        assert store.settle([mark("a", "sent", 1), mark("a", "sent", 2)]) == [True, True]
        assert keys(store.lease(9, now=NOW, until=NOW + SECOND)) == ["b"]

    def test_order_is_that_of_commits_whatever_the_clocks_say(self, store: Store, changes: Changes) -> None:
        for at, due in enumerate((3, 2, 1)):
            enqueued = notice(f"n{at}", person="p", due=NOW + due * SECOND)
            committed(store.commit([changes(enqueued, id_=f"e{at}", person="p")]))
        for kind, names in (("~notice", ["n0", "n1", "n2"]), ("~entry", ["e0", "e1", "e2"])):
            assert [each.id for each in store.find(CONFERENCE, kind, "person", "p")[0]] == names

    def test_ids_that_collide_overwrite_nothing(self, store: Store, changes: Changes) -> None:
        first = changes(put("id", body={"n": 1}, uniques={"u": "1"}), notice("id"), id_="id")
        committed(store.commit([first]))
        same = changes(put("id", body={"n": 2}), notice("id"), id_="other")
        (outcome,) = store.commit([same])
        assert isinstance(outcome, Conflict)
        assert {type(reason) for reason in outcome.reasons} == {Stale, Reused}
        (record,) = store.get(CONFERENCE, "person", ["id"]).values()
        assert (record.version, record.body) == (1, {"n": 1})
        elsewhere = Changes("elsewhere")(put("id", uniques={"u": "1"}), notice("id"), id_="id")
        committed(store.commit([elsewhere]))
