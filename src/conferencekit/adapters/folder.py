"""Files in a folder, each under the SHA-256 of its bytes: `folder/sha256/ab/cd/abcd...`.

A file is written under a temporary name, brought to the disk and then moved, so that whatever stands in its place is
whole, also after a crash. The same bytes are kept once.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import unquote

from ..errors import BlobMissing, BlobsUnavailable, BlobTooLarge, UnknownBackend
from ..ports import Blob
from .digests import check_digest
from .lasting import make_folder, sweep, sync_folder

_PIECE: Final = 1 << 20
_ABANDONED: Final = 24 * 3600
"""Seconds after which an upload that nobody finished is swept away."""


class FolderBlobStore:
    """A `BlobStore` in a local folder, which is made when the first file comes. Many processes may share it."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self._swept = False

    @classmethod
    def from_url(cls, url: str) -> FolderBlobStore:
        """`folder:path`, percent-encoded where needed. Raises `UnknownBackend` for another scheme or no path."""
        scheme, _, path = url.partition(":")
        if scheme != "folder" or not path.removeprefix("//"):
            raise UnknownBackend("blob store", url, ("folder:path",))
        return cls(unquote(path.removeprefix("//")))

    def put(self, stream: BinaryIO, *, limit: int | None = None) -> Blob:
        """Store what the stream holds from where it stands, reading 1 MiB at a time.

        Raises:
            BlobTooLarge: it holds more than `limit` bytes.
            BlobsUnavailable: no room, no right. In both cases nothing is kept.
        """
        with self._failing_well():
            temporary = self._temporary()
            try:
                blob = _copy(stream, temporary, limit)
                self._settle(temporary, blob)
            finally:
                with contextlib.suppress(FileNotFoundError):
                    temporary.unlink()
        return blob

    def open(self, sha256: str) -> BinaryIO:
        """The bytes, for reading. Raises `BlobMissing`, `InvalidDigest`, `BlobsUnavailable`."""
        with self._failing_well():
            try:
                return self._path(sha256).open("rb")
            except FileNotFoundError:
                raise BlobMissing(sha256) from None

    def url(self, sha256: str) -> str | None:
        """None: files are served by the host, with their type and as attachments. Raises `InvalidDigest`."""
        check_digest(sha256)
        return None

    def delete(self, sha256: str) -> bool:
        """Remove the bytes; False if they were not there. Raises `InvalidDigest`, `BlobsUnavailable`."""
        path = self._path(sha256)
        with self._failing_well():
            try:
                path.unlink()
            except FileNotFoundError:
                return False
            sync_folder(path.parent)
        return True

    def close(self) -> None:
        """Nothing is held open."""

    def _path(self, sha256: str) -> Path:
        check_digest(sha256)
        return self.folder / "sha256" / sha256[:2] / sha256[2:4] / sha256

    def _temporary(self) -> Path:
        uploads = self.folder / "uploads"
        make_folder(uploads)
        if not self._swept:
            self._swept = True
            sweep(uploads, older_than=_ABANDONED)
        return uploads / secrets.token_hex(16)

    def _settle(self, temporary: Path, blob: Blob) -> None:
        path = self._path(blob.sha256)
        if path.exists():
            return
        make_folder(path.parent)
        temporary.replace(path)
        sync_folder(path.parent)

    @contextlib.contextmanager
    def _failing_well(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or str(error) or type(error).__name__
            raise BlobsUnavailable(f"folder:{self.folder}", reason) from error


def _copy(stream: BinaryIO, path: Path, limit: int | None) -> Blob:
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as file:
        while piece := stream.read(_PIECE):
            size += len(piece)
            if limit is not None and size > limit:
                raise BlobTooLarge(limit)
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return Blob(digest.hexdigest(), size)
