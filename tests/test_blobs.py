"""Files by their content: whole or not at all, once, never by a path from outside."""

from __future__ import annotations

import hashlib
import io
import multiprocessing
import os
import subprocess
import sys
import threading
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conferencekit.adapters.folder import FolderBlobStore
from conferencekit.adapters.memory_blobs import MemoryBlobStore
from conferencekit.errors import BlobMissing, BlobsUnavailable, BlobTooLarge, InvalidDigest, UnknownBackend
from conferencekit.ports import BlobStore
from conferencekit.secretariat.secretariat import _blobs_beside
from conferencekit.testing.secretariat import conference_for_tests

PIECE = 1 << 20


@pytest.fixture(params=["folder", "memory"])
def store(request, tmp_path):
    if request.param == "memory":
        return MemoryBlobStore.from_url("memory:")
    return FolderBlobStore.from_url(f"folder:{tmp_path}/blobs")


def read(store, digest: str) -> bytes:
    with store.open(digest) as stream:
        return stream.read()


def files_below(folder) -> list[str]:
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file())


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_what_is_put_is_read_back(store, size):
    """Any size, under the SHA-256 of its bytes."""
    content = os.urandom(size)
    blob = store.put(io.BytesIO(content))
    assert (hashlib.sha256(content).hexdigest(), size) == (blob.sha256, blob.size)
    with store.open(blob.sha256) as stream:
        assert stream.read() == content
    assert isinstance(store, BlobStore)
    assert store.url(blob.sha256) is None


def test_the_same_bytes_are_kept_once_and_deleted_once(store):
    """Putting again changes nothing; deleting says whether there was something."""
    blob = store.put(io.BytesIO(b"x"))
    assert blob == store.put(io.BytesIO(b"x"))
    assert store.delete(blob.sha256)
    assert not store.delete(blob.sha256)
    with pytest.raises(BlobMissing, match=blob.sha256) as caught:
        store.open(blob.sha256)
    assert caught.value.sha256 == blob.sha256
    store.close()


def test_the_limit_is_inclusive_and_nothing_is_kept_beyond_it(store, tmp_path):
    """One byte more is refused, and leaves no trace."""
    store.put(io.BytesIO(b"12345"), limit=5)
    with pytest.raises(BlobTooLarge, match=r"5 bytes allowed.*smaller"):
        store.put(io.BytesIO(b"123456"), limit=5)
    with pytest.raises(BlobTooLarge):
        store.put(io.BytesIO(bytes(2 * PIECE)), limit=PIECE + 1)
    assert len(files_below(tmp_path)) <= 1


@pytest.mark.parametrize(
    "digest",
    [
        "",
        "..",
        "../../etc/passwd",
        "a" * 63,
        "A" * 64,
        "a" * 64 + "\n",
        "g" * 64,
        "a/" * 32,
        None,
        7,
        b"a" * 64,
    ],
)
def test_only_a_digest_leads_to_a_blob(store, digest):
    """Paths, upper case and other types are refused by every method."""
    for method in (store.open, store.delete, store.url):
        with pytest.raises(InvalidDigest, match="64 lower-case hexadecimal"):
            method(digest)


def test_a_folder_store_lies_where_its_address_says(tmp_path):
    """`folder:path`, with the documented layout; the folder is made when the first file comes."""
    store = FolderBlobStore.from_url(f"folder:{tmp_path}/with%20space")
    assert not (tmp_path / "with space").exists()
    digest = store.put(io.BytesIO(b"x")).sha256
    assert files_below(tmp_path) == [f"with space/sha256/{digest[:2]}/{digest[2:4]}/{digest}"]
    for wrong in ("file:/x", "folder:", "folder", "folder://"):
        with pytest.raises(UnknownBackend, match="folder:path"):
            FolderBlobStore.from_url(wrong)
    with pytest.raises(UnknownBackend, match="memory:"):
        MemoryBlobStore.from_url("folder:x")


class FullDisk(io.BytesIO):
    """Fails as a full disk does, after some bytes."""

    def read(self, size=-1):
        piece = super().read(size)
        if self.tell() > 2 * PIECE:
            raise OSError(28, "No space left on device")
        return piece


def test_options_of_a_store_do_not_move_the_uploads_beside_it():
    """A host that adds `?timeout=` finds its files again."""
    conference = conference_for_tests()
    beside = _blobs_beside("sqlite:///sub/a b.db", conference)
    assert beside == f"folder:sub/a%20b.db.files/{conference.id}"
    assert _blobs_beside("sqlite:///sub/a b.db?timeout=3", conference) == beside


def test_a_failing_stream_leaves_nothing(store, tmp_path):
    """Whatever breaks on the way, no part of the file stays."""
    with pytest.raises((BlobsUnavailable, OSError), match="No space left"):
        store.put(FullDisk(bytes(3 * PIECE)))
    assert files_below(tmp_path) == []


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="mounting a small disk needs root on Linux"
)
def test_a_full_disk_leaves_nothing_half_written(tmp_path):
    """On a real file system of 1 MB: an error that names the folder, and the files before it are whole."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("this machine does not allow mounting")
    try:
        store = FolderBlobStore(disk / "blobs")
        small = store.put(io.BytesIO(b"small"))
        with pytest.raises(BlobsUnavailable, match=r"No space left on device.*Free some space") as caught:
            store.put(io.BytesIO(os.urandom(2 * PIECE)))
        assert caught.value.url == f"folder:{disk}/blobs"
        assert len(files_below(disk)) == 1
        assert read(store, small.sha256) == b"small"
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    """A file stands where the folder should be."""
    (tmp_path / "taken").write_text("x")
    store = FolderBlobStore(tmp_path / "taken")
    with pytest.raises(BlobsUnavailable, match="taken"):
        store.put(io.BytesIO(b"x"))


def test_abandoned_uploads_are_swept_after_a_day(tmp_path):
    """What a killed process left is removed, what another one is writing now is not."""
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    for name, age in (("old", 25 * 3600), ("new", 60)):
        (uploads / name).write_bytes(b"half")
        os.utime(uploads / name, (time.time() - age,) * 2)
    FolderBlobStore(tmp_path).put(io.BytesIO(b"x"))
    assert [each for each in files_below(tmp_path) if each.startswith("uploads")] == ["uploads/new"]


def test_many_threads_put_the_same_file(store):
    """Racing writers agree on one whole blob."""
    content = os.urandom(PIECE + 7)
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(store.put(io.BytesIO(content)))) for _ in range(8)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert read(store, found[0].sha256) == content


def _put_slowly(folder, started):
    class Slow(io.RawIOBase):
        def read(self, size=-1):
            started.set()
            time.sleep(0.02)
            return b"x" * 1000

    FolderBlobStore(folder).put(Slow())


def test_a_killed_process_leaves_no_blob(tmp_path):
    """SIGKILL in the middle of an upload: nothing stands under a digest."""
    spawn = multiprocessing.get_context("spawn")
    started = spawn.Event()
    process = spawn.Process(target=_put_slowly, args=(tmp_path, started))
    process.start()
    assert started.wait(30)
    time.sleep(0.1)
    process.kill()
    process.join()
    assert [each for each in files_below(tmp_path) if not each.startswith("uploads")] == []


@pytest.mark.slow
def test_200_megabytes_are_stored_at_flat_memory(tmp_path):
    """Peak memory is a few pieces, whatever the size."""

    class Large(io.RawIOBase):
        left = 200

        def read(self, size=-1):
            self.left -= 1
            return bytes(PIECE) if self.left >= 0 else b""

    tracemalloc.start()
    blob = FolderBlobStore(tmp_path).put(Large(), limit=200 * PIECE)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert blob.size == 200 * PIECE
    assert peak < 5 * PIECE


@given(st.lists(st.binary(max_size=50), max_size=8))
def test_a_memory_store_holds_exactly_what_was_put(contents):
    """Every content is there under its own digest, and nothing else is."""
    store = MemoryBlobStore()
    digests = {store.put(io.BytesIO(each)).sha256 for each in contents}
    assert {hashlib.sha256(each).hexdigest() for each in contents} == digests
    assert all(store.delete(each) for each in digests)
