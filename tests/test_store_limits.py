"""The limits that all stores share live in the types of the port."""

from __future__ import annotations

import enum
import json
import math
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conferencekit import limits
from conferencekit.errors import InvalidChangeSet, NaiveTime
from conferencekit.ports import (
    SEQ,
    AtMost,
    ChangeSet,
    Check,
    DumpedRow,
    Enqueue,
    Entry,
    Erase,
    Index,
    Limit,
    Mark,
    Put,
    Redact,
    Seal,
)
from conferencekit.store import (
    Call,
    EntryRow,
    NoticeRow,
    QuotaRow,
    RecordRow,
    call_of,
    cursor_of,
    position_of,
    row_from_json,
    row_to_json,
    sort_key,
)

NOW = datetime(2020, 11, 1, 12, tzinfo=UTC)
BAD_KEYS = ["", "a\0b", "half \ud800", "x" * 513, "中" * 171, 7, None, b"bytes"]
PUT = {"kind": "k", "id": "i", "body": {}, "expect": 0}
ENQUEUE = {"key": "n", "body": {}, "due": NOW, "lane": "l"}


@pytest.mark.parametrize("key", BAD_KEYS)
@pytest.mark.parametrize(
    "make",
    [
        Index,
        lambda key: Entry(key, {}, "d"),
        lambda key: Entry("e", {}, key),
        lambda key: Put(**{**PUT, "id": key}),
        lambda key: Put(**{**PUT, "kind": key}),
        lambda key: Put(**PUT, indexes={key: Index("k")}),
        lambda key: Put(**PUT, uniques={key: "v"}),
        lambda key: Put(**PUT, uniques={"u": key}),
        lambda key: Put(**PUT, takes={key: 1}),
        lambda key: Erase(kind="k", id=key, expect=1),
        lambda key: Check(kind=key, id="i", expect=1),
        lambda key: Limit(quota=key, capacity=1),
        lambda key: AtMost(quota=key, taken=1),
        lambda key: Enqueue(**{**ENQUEUE, "key": key}),
        lambda key: Enqueue(**{**ENQUEUE, "lane": key}),
        lambda key: Redact(what="entry", id=key),
        lambda key: Seal(number=1, entries=[key]),
        lambda key: ChangeSet(key, Entry("e", {}, "d")),
        lambda key: Mark(key, "n", 1, "sent"),
        lambda key: Mark("c", key, 1, "sent"),
    ],
)
def test_keys_have_limits(make, key):
    """1 to 512 bytes of UTF-8 without NUL and halves of surrogate pairs, everywhere."""
    with pytest.raises(InvalidChangeSet):
        make(key)


@pytest.mark.parametrize(
    ("key", "remedy"),
    [
        ("", "must not be empty: give 1 to 512 bytes"),
        ("a\0b", "must not hold the character NUL: remove it"),
        ("\ud800", "half of a surrogate pair"),
        ("x" * 600, "600 bytes in UTF-8: at most 512"),
        (7, "must be text"),
    ],
)
def test_a_refused_key_says_why(key, remedy):
    """The message has the value, its role and the remedy."""
    with pytest.raises(InvalidChangeSet, match=f"The id of an entry.*{remedy}") as raised:
        Entry(key, {}, "d")
    assert raised.value.value == key


@pytest.mark.parametrize("key", ["a", "x" * 512, "中" * 170 + "xx", "\U0001f600", "\x01", " "])
def test_keys_within_the_limits_are_taken_as_they_are(key):
    """Nothing is stripped or normalised."""
    assert Index(key).key == key


def test_an_empty_person_means_none():
    """So does an empty or missing subject, or one that is no text."""
    assert Entry("e", {}, "d").subject == ""
    assert Entry("e", {"subject": 7}, "d").subject == ""
    assert Entry("e", {"subject": "r-1"}, "d").subject == "r-1"
    with pytest.raises(InvalidChangeSet, match="subject"):
        Entry("e", {"subject": "x" * 513}, "d")
    with pytest.raises(InvalidChangeSet, match="person"):
        Enqueue(**ENQUEUE, person="a\0b")


def test_reserved_kinds_cannot_be_written():
    """What begins with a tilde is the store's own."""
    for make in (lambda kind: Put(**{**PUT, "kind": kind}), lambda kind: Check(kind=kind, id="i", expect=0)):
        with pytest.raises(InvalidChangeSet, match="the store's own"):
            make("~notice")


@pytest.mark.parametrize("number", [-1, 2**63, 1.0, True, "1", None])
def test_numbers_have_limits(number):
    """Whole, 64 bits, no booleans."""
    for make in (
        lambda: Put(**{**PUT, "expect": number}),
        lambda: Put(**PUT, takes={"q": number}),
        lambda: AtMost(quota="q", taken=number),
        lambda: Seal(number=number, entries=["e"]),
        lambda: Mark("c", "n", number, "sent"),
    ):
        with pytest.raises(InvalidChangeSet, match="whole number"):
            make()


def test_numbers_begin_where_they_make_sense():
    """Nothing is taken zero times, no version 0 is erased, seals count from 1."""
    for make in (
        lambda: Put(**PUT, takes={"q": 0}),
        lambda: Erase(kind="k", id="i", expect=0),
        lambda: Seal(number=0, entries=["e"]),
        lambda: Limit(quota="q", capacity=-1),
        lambda: Limit(quota="q", capacity=1.5),
    ):
        with pytest.raises(InvalidChangeSet, match="whole number"):
            make()


def test_one_record_takes_so_few_places_that_no_counter_overflows():
    """Counters are numbers of 64 bits in every database."""
    Put(**PUT, takes={"q": 10**9})
    with pytest.raises(InvalidChangeSet, match="from 1 to 1,000,000,000"):
        Put(**PUT, takes={"q": 10**9 + 1})


@pytest.mark.parametrize("order", [2**63, -(2**63) - 1, 1.5, True, None, b"x", "x" * 513, "\0"])
def test_orders_have_limits(order):
    """A 64-bit number, a short text, or SEQ."""
    with pytest.raises(InvalidChangeSet):
        Index("k", order)


def test_orders_within_the_limits():
    """The lowest and the highest number, the empty text, SEQ."""
    for order in (2**63 - 1, -(2**63), "", "x" * 512, SEQ):
        assert Index("k", order).order == order


class Colour(enum.Enum):
    RED = "red"


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "text",
        {1: "a"},
        {None: "a"},
        {True: "a"},
        {"a": {2: "b"}},
        {"a": math.nan},
        {"a": math.inf},
        {"a": {1, 2}},
        {"a": b"bytes"},
        {"a": date(2020, 11, 30)},
        {"a": NOW},
        {"a": Colour.RED},
        {"a": object()},
        {"a": "\0"},
        {"\0": 1},
        {"a": ["x", {"b": "\0"}]},
        {"a": "\ud800"},
        {"\udfff": 1},
    ],
)
def test_bodies_are_json_that_reads_back_equal(body):
    """What would come back as something else is refused."""
    with pytest.raises(InvalidChangeSet):
        Put(**{**PUT, "body": body})


def test_a_tuple_in_a_body_reads_back_as_a_list():
    """Classes with tuples are common, and nothing is lost."""
    assert limits.body_text({"a": (1, (2, "x"))}) == '{"a":[1,[2,"x"]]}'


def test_what_looks_like_nul_is_none():
    """A backslash before u0000 is a text of six characters."""
    text = limits.body_text({"a": "\\u0000", "\\u0000": "\\\\u0000"})
    assert limits.parse(text) == {"a": "\\u0000", "\\u0000": "\\\\u0000"}


def test_bodies_end_at_four_mebibytes():
    """The limit counts bytes, and the message sends files elsewhere."""
    limits.body_text({"a": "x" * (limits.BODY_BYTES - 8)})
    for text in ("x" * (limits.BODY_BYTES - 7), "中" * (limits.BODY_BYTES // 3)):
        with pytest.raises(InvalidChangeSet, match=r"at most 4194304 are allowed\. Store files as blobs"):
            limits.body_text({"a": text})


def test_bodies_are_not_nested_without_end():
    """A hundred levels, so that no reader runs out of stack."""
    deep: object = 1
    for _ in range(99):
        deep = [deep]
    limits.body_text({"a": deep})
    for levels in (1, 900, 100_000):
        for _ in range(levels):
            deep = [deep]
        with pytest.raises(InvalidChangeSet, match="nested|JSON"):
            limits.body_text({"a": deep})


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abé中\\u0", max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text("abé", max_size=3), JSON, max_size=4))
def test_every_json_body_round_trips(body):
    """Whichever encoder wrote it, the standard library reads back an equal value."""
    assert json.loads(limits.body_text(body)) == body


@pytest.mark.parametrize("due", [datetime(2020, 1, 1), "2020-01-01", None, date(2020, 1, 1)])
def test_times_name_their_zone(due):
    """Naive times are refused."""
    with pytest.raises(NaiveTime):
        Enqueue(**{**ENQUEUE, "due": due})


def test_times_are_kept_in_utc():
    """Whatever zone they came in."""
    beijing = NOW.astimezone(timezone(timedelta(hours=8)))
    assert Enqueue(**{**ENQUEUE, "due": beijing}).due.tzinfo is UTC
    assert Mark("c", "n", 1, "queued", beijing).due == NOW


def test_marks_and_redactions_have_few_words():
    """Others are refused with the ones that there are."""
    with pytest.raises(InvalidChangeSet, match="sent, failed, held or queued"):
        Mark("c", "n", 1, "lost")
    with pytest.raises(InvalidChangeSet, match="erase a record"):
        Redact(what="record", id="r")
    with pytest.raises(InvalidChangeSet, match="4096"):
        Mark("c", "n", 1, "sent", note="x" * 5000)


def test_a_name_is_an_index_or_a_unique():
    """Not both in one record."""
    with pytest.raises(InvalidChangeSet, match="every unique is an index too"):
        Put(**PUT, indexes={"a": Index("k")}, uniques={"a": "k"})


def test_a_seal_names_each_entry_once():
    """Some, not none, and not more than 10,000."""
    for entries in ([], ["e", "e"], [f"e{at}" for at in range(10_001)]):
        with pytest.raises(InvalidChangeSet, match="1 to 10000 entries, each once"):
            Seal(number=1, entries=entries)


@pytest.mark.parametrize(
    "ops",
    [
        (Put(**PUT), Erase(kind="k", id="i", expect=1)),
        (Put(**PUT), Check(kind="k", id="i", expect=1)),
        (Limit(quota="q", capacity=1), AtMost(quota="q", taken=1)),
        (Enqueue(**ENQUEUE), Redact(what="notice", id="n")),
        (Redact(what="entry", id="e"), Redact(what="entry", id="e")),
        (Seal(number=1, entries=["a"]), Seal(number=1, entries=["b"])),
    ],
)
def test_a_change_set_says_once_what_becomes_of_a_thing(ops):
    """Records, quotas, notices, entries and seals."""
    with pytest.raises(InvalidChangeSet, match="occurs twice"):
        ChangeSet("c", Entry("e", {}, "d"), ops)


def test_a_change_set_has_a_thousand_ops_at_most():
    """And only ops."""
    with pytest.raises(InvalidChangeSet, match="at most 1000 ops: split it"):
        ChangeSet("c", Entry("e", {}, "d"), [Put(**{**PUT, "id": str(at)}) for at in range(1001)])
    with pytest.raises(InvalidChangeSet, match="An op is one of Put"):
        ChangeSet("c", Entry("e", {}, "d"), ["put"])


def test_what_was_given_may_change_afterwards():
    """A change set is a copy of its body, indexes, uniques and takes."""
    body, takes = {"a": [1]}, {"q": 1}
    record = Put(**{**PUT, "body": body}, takes=takes)
    body["a"].append(2)
    takes["q"] = 9
    assert record.text == '{"a":[1]}'
    assert record.takes == {"q": 1}


# -- as data

KEYS = st.text("abé/ ", min_size=1, max_size=5)
BODIES = st.dictionaries(KEYS, JSON, max_size=3)
TIMES = st.datetimes(timezones=st.just(UTC))
INDEXES = st.builds(Index, KEYS, st.integers(-(2**63), 2**63 - 1) | st.text("ab", max_size=3) | st.just(SEQ))
VERSIONS = st.integers(1, 9)
OPS = st.one_of(
    st.builds(
        Put,
        kind=KEYS,
        id=KEYS,
        body=BODIES,
        expect=VERSIONS,
        indexes=st.dictionaries(KEYS.map(lambda key: "i" + key), INDEXES, max_size=2),
        uniques=st.dictionaries(KEYS.map(lambda key: "u" + key), KEYS, max_size=2),
        takes=st.dictionaries(KEYS, VERSIONS, max_size=2),
        over=st.booleans(),
    ),
    st.builds(Erase, kind=KEYS, id=KEYS, expect=VERSIONS),
    st.builds(Check, kind=KEYS, id=KEYS, expect=VERSIONS),
    st.builds(Limit, quota=KEYS, capacity=st.none() | VERSIONS),
    st.builds(AtMost, quota=KEYS, taken=VERSIONS),
    st.builds(Enqueue, key=KEYS, body=BODIES, due=TIMES, lane=KEYS, person=KEYS),
    st.builds(Redact, what=st.sampled_from(["notice", "entry"]), id=KEYS),
    st.builds(Seal, number=VERSIONS, entries=st.lists(KEYS, min_size=1, max_size=3, unique=True)),
)


CHANGE_SETS = st.builds(
    ChangeSet, KEYS, st.builds(Entry, KEYS, BODIES, KEYS, KEYS), OPS.map(lambda op: (op,))
)
MARKS = st.builds(
    Mark, KEYS, KEYS, VERSIONS, st.sampled_from(["sent", "queued"]), st.none() | TIMES, KEYS, KEYS
)
CALLS = st.one_of(
    st.builds(lambda batch: Call("commit", {"batch": batch}), st.lists(CHANGE_SETS, max_size=2)),
    st.builds(lambda marks: Call("settle", {"marks": marks}), st.lists(MARKS, max_size=2)),
    st.builds(
        lambda limit, now, until, conference: Call(
            "lease", {"limit": limit, "now": now, "until": until, "conference": conference}
        ),
        VERSIONS, TIMES, TIMES, st.none() | KEYS,
    ),
    st.builds(
        lambda conference, key, value: Call(
            "restore", {"conference": conference, "rows": [DumpedRow("quota", (key,), value)]}
        ),
        KEYS, KEYS, st.none() | BODIES,
    ),
)  # fmt: skip


@given(CALLS)
def test_calls_round_trip_as_lines(call):
    """A store may write them down and read them again, each on one line."""
    assert "\n" not in call.line
    assert call_of(call.line) == call
    assert call_of(call.line.encode()) == call


@pytest.mark.parametrize(
    "line", ["{}", "[]", "null", "x", '{"commit": 1}', '{"drop": {}}', '{"lease": {"now": 1}}']
)
def test_what_is_no_call_is_refused(line):
    """Nothing is guessed."""
    with pytest.raises(ValueError):
        call_of(line)


ROWS = st.one_of(
    st.builds(
        RecordRow,
        VERSIONS,
        VERSIONS,
        KEYS,
        st.dictionaries(KEYS, st.tuples(KEYS, st.integers(-(2**63), 2**63 - 1) | KEYS), max_size=2),
        st.dictionaries(KEYS, KEYS, max_size=2),
        st.dictionaries(KEYS, VERSIONS, max_size=2),
    ),
    st.builds(EntryRow, VERSIONS, KEYS, st.none() | KEYS, KEYS, KEYS, VERSIONS),
    st.builds(QuotaRow, VERSIONS, st.none() | VERSIONS),
    st.builds(
        NoticeRow, VERSIONS, st.none() | KEYS, TIMES, KEYS, KEYS, st.sampled_from(["held", "sent"]), VERSIONS,
        st.none() | TIMES, KEYS, KEYS,
    ),
)  # fmt: skip


@given(ROWS)
def test_rows_round_trip_as_json(row):
    """A store may keep a row as one value: to the microsecond, and with pairs as pairs."""
    assert row_from_json(type(row), row_to_json(row)) == row
    assert row_from_json(type(row), row_to_json(row).encode()) == row


@pytest.mark.parametrize("text", ["{}", "[]", "[1]", "null", "x", '[1, 2, "three", "four"]'])
def test_what_is_no_row_is_refused(text):
    """Nothing is guessed."""
    with pytest.raises((TypeError, ValueError)):
        row_from_json(NoticeRow, text)


POSITIONS = st.tuples(st.integers(-(2**63), 2**63 - 1) | st.text("abé中", max_size=4), KEYS)


@given(POSITIONS)
def test_cursors_round_trip(position):
    """A cursor stands for its position."""
    assert position_of(cursor_of(position)) == position


@given(st.lists(POSITIONS, max_size=8))
def test_numbers_sort_before_text(positions):
    """Integers by value, then texts by their bytes, then ids by theirs."""
    kinds = [isinstance(order, str) for order, _ in sorted(positions, key=sort_key)]
    assert kinds == sorted(kinds)
