"""The shelf's own part: the journal, its torn end, and journals that are not ours."""

import os
from pathlib import Path

import pytest

from conferencekit.errors import NotOurFile, SchemaTooNew, StoreFull, StoreUnavailable
from conferencekit.ports import Committed
from conferencekit.testing.store_samples import CONFERENCE, change, put
from conferencekit_example_store import ShelfStore


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A journal of two commits."""
    store = ShelfStore(tmp_path / "shelf")
    store.commit([change(CONFERENCE, "one", put("ana"))])
    store.commit([change(CONFERENCE, "two", put("bea"))])
    store.close()
    return tmp_path / "shelf" / "journal.jsonl"


def people(journal: Path) -> list[str]:
    """Who is there after opening again."""
    store = ShelfStore(journal.parent)
    try:
        return sorted(store.get(CONFERENCE, "person", ["ana", "bea", "eve"]))
    finally:
        store.close()


@pytest.mark.parametrize("cut", [1, 5, 50])
def test_a_torn_last_line_is_dropped(journal, cut):
    """It was never acknowledged; what comes next begins on a line of its own."""
    os.truncate(journal, journal.stat().st_size - cut)
    assert people(journal) == ["ana"]
    store = ShelfStore(journal.parent)
    assert store.commit([change(CONFERENCE, "two", put("bea"))]) == [Committed(2)]
    store.close()
    assert people(journal) == ["ana", "bea"]


def test_damage_in_the_middle_is_named(journal):
    """Nothing is guessed."""
    head, first, second = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(head + first.replace(b'"ops"', b'"opz"') + second)
    with pytest.raises(StoreUnavailable, match="line 2 of the journal is damaged"):
        people(journal)


@pytest.mark.parametrize("content", [b"hello\n", b'{"commit": []}\n', b"[]\n", b"no line"])
def test_another_file_is_left_alone(journal, content):
    """It does not begin as a shelf does."""
    journal.write_bytes(content)
    with pytest.raises(NotOurFile, match="does not begin as a shelf does"):
        people(journal)
    assert journal.read_bytes() == content


def test_a_newer_journal_is_refused(journal):
    """The message says what to update."""
    journal.write_bytes(b'{"shelf": 2}\n')
    with pytest.raises(SchemaTooNew, match="Update conferencekit"):
        people(journal)


def test_a_directory_without_parent_is_unavailable(tmp_path):
    """Only the last part of the path is made."""
    with pytest.raises(StoreUnavailable, match="No such file"):
        ShelfStore(tmp_path / "none" / "shelf").conferences()
    with pytest.raises(StoreUnavailable, match="shelf:DIRECTORY"):
        ShelfStore.open("shelf:")


def test_a_line_that_does_not_fit_leaves_nothing(journal):
    """The file ends where it ended, and the memory does not run ahead of it."""
    resource = pytest.importorskip("resource", reason="file size limits are POSIX's")
    store = ShelfStore(journal.parent)
    size = journal.stat().st_size
    large = change(CONFERENCE, "three", put("eve", body={"text": "x" * 100_000}))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 50_000, hard))
    try:
        with pytest.raises((StoreFull, StoreUnavailable), match="nothing was applied"):
            store.commit([large])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert journal.stat().st_size == size
    assert sorted(store.get(CONFERENCE, "person", ["ana", "eve"])) == ["ana"]
    assert store.commit([large]) == [Committed(3)]
    store.close()
    assert people(journal) == ["ana", "bea", "eve"]


def test_room_that_comes_back_brings_no_line_back(journal):
    """What did not fit is not written by a later flush, when nobody waits for it any more."""
    resource = pytest.importorskip("resource", reason="file size limits are POSIX's")
    store = ShelfStore(journal.parent)
    size = journal.stat().st_size
    large = change(CONFERENCE, "three", put("eve", body={"text": "x" * 5000}))  # less than a buffer holds
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 2000, hard))
    try:
        with pytest.raises(StoreFull, match="nothing was applied"):
            store.commit([large])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    store.close()
    assert journal.stat().st_size == size
    assert people(journal) == ["ana", "bea"]
