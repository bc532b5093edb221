"""Uploaded files between the blob store and the records that refer to them.

A blob store has no transactions, so the store decides. Of each file there is a record (`blob`, SHA-256). A
contribution that begins to refer to a file writes that record in its own commit; a file that nobody refers to is marked
in it before its bytes go. Both expect the version that they read: of two that meet, one finds that it lost, and no
contribution ever refers to bytes that are gone.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import BinaryIO, Final, cast

from ..conference import MaterialKind, MaterialRules
from ..declaration.content import MATERIALS, Material, NotAccepted
from ..declaration.materials import MAX_NAME, check_material
from ..errors import BlobMissing, BlobTooLarge
from ..moment import instant_text
from ..ports import BlobStore, Committed, Put
from ..registration.outcomes import Refused, refused
from .shell import SYSTEM, Shell
from .uploads import Upload

_KIND: Final = "blob"
_USERS: Final = "contribution"
_IN_MEMORY: Final = 1_000_000
_PIECE: Final = 65_536
_STALE: Final = timedelta(minutes=10)
"""After so long whoever was deleting a file has died, and somebody else may finish it."""


def index_of(sha256: str) -> str:
    """The index by which the contributions that refer to a file are found."""
    return f"file {sha256}"


class Files:
    """Takes files in and lets them go."""

    def __init__(self, shell: Shell, blobs: Callable[[], BlobStore]) -> None:
        self._shell = shell
        self._blobs = blobs

    def take(
        self, upload: Upload, rules: MaterialRules, kind: MaterialKind | None = None
    ) -> Material | Refused:
        """Check a file and put it into the blob store. Nothing of a file that is refused gets there."""
        with _seekable(upload.stream, rules.max_bytes) as stream:
            if stream is None:
                return _too_large(upload, rules.max_bytes)
            found = check_material(upload.filename, upload.content_type, stream, rules, kind=kind)
            if isinstance(found, NotAccepted):
                return Refused(found.issues)
            try:
                blob = self._blobs().put(stream, limit=rules.max_bytes)
            except BlobTooLarge:
                return _too_large(upload, rules.max_bytes)
        return found.stored_as(blob.sha256)

    def hold(self, digests: Iterable[str]) -> list[Put] | None:
        """What a commit writes that begins to refer to files; None if one is gone and has to be sent again."""
        held = []
        for sha256 in sorted(digests):
            state, version = self._state(sha256)
            if state == "deleting" or not self._is_there(sha256):
                return None
            held.append(self._put(sha256, "kept", version))
        return held

    def release(self, digests: Iterable[str]) -> None:
        """Delete files that no contribution refers to."""
        for sha256 in sorted(digests):
            state, version = self._state(sha256)
            if (
                state != "deleting"
                and not self._has_users(sha256)
                and self._mark(sha256, "deleting", version)
            ):
                self._finish(sha256, version + 1)

    def _finish(self, sha256: str, version: int) -> None:
        self._blobs().delete(sha256)
        self._mark(sha256, "gone", version)

    def _state(self, sha256: str) -> tuple[str, int]:
        """What the record of a file says. A deletion whose process died is finished here."""
        record = self._shell.get(_KIND, sha256)
        if record is None:
            return "kept", 0
        state, since = str(record.body["state"]), datetime.fromisoformat(str(record.body["at"]))
        if state == "deleting" and self._shell.context().now - since > _STALE:
            self._finish(sha256, record.version)
            return "gone", record.version + 1
        return state, record.version

    def _has_users(self, sha256: str) -> bool:
        found, _ = self._shell.store.find(self._shell.id, _USERS, index_of(sha256), sha256, limit=1)
        return bool(found)

    def _is_there(self, sha256: str) -> bool:
        try:
            self._blobs().open(sha256).close()
        except BlobMissing:
            return False
        return True

    def _put(self, sha256: str, state: str, version: int) -> Put:
        body = {"schema": 1, "state": state, "at": instant_text(self._shell.context().now)}
        return Put(kind=_KIND, id=sha256, body=body, expect=version)

    def _mark(self, sha256: str, state: str, version: int) -> bool:
        context = self._shell.context()
        entry = self._shell.entry(context, SYSTEM, f"file_{state}", sha256, {"sha256": sha256})
        change = self._shell.change(entry, [self._put(sha256, state, version)], read_plan=False)
        return isinstance(self._shell.commit(change), Committed)


def _too_large(upload: Upload, limit: int) -> Refused:
    return refused("file_too_large", MATERIALS, file=upload.filename[:MAX_NAME], size=limit)


class _seekable:  # noqa: N801 - used like a function
    """The stream if it can seek, else a copy that can, on disk beyond a megabyte; None if it is over the limit."""

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self._copy: tempfile.SpooledTemporaryFile[bytes] | None = None

    def __enter__(self) -> BinaryIO | None:
        if hasattr(self._stream, "seekable") and self._stream.seekable():
            return self._stream
        self._copy = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)
        left = self._limit + 1
        while left and (piece := self._stream.read(min(left, _PIECE))):
            self._copy.write(piece)
            left -= len(piece)
        self._copy.seek(0)
        return cast("BinaryIO", self._copy) if left else None

    def __exit__(self, *_: object) -> None:
        if self._copy is not None:
            self._copy.close()
