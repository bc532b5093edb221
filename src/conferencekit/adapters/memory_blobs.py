"""Files in memory: for tests and demonstrations."""

from __future__ import annotations

import hashlib
import io
import threading
from typing import BinaryIO, Final

from ..errors import BlobMissing, BlobTooLarge, UnknownBackend
from ..ports import Blob
from .digests import check_digest

_PIECE: Final = 1 << 20


class MemoryBlobStore:
    """A `BlobStore` that forgets everything with the process."""

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}
        self._lock = threading.Lock()

    @classmethod
    def from_url(cls, url: str) -> MemoryBlobStore:
        """`memory:`. Raises `UnknownBackend` for another scheme."""
        if url.partition(":")[0] != "memory":
            raise UnknownBackend("blob store", url, ("memory:",))
        return cls()

    def put(self, stream: BinaryIO, *, limit: int | None = None) -> Blob:
        """Store what the stream holds from where it stands. Raises `BlobTooLarge` beyond `limit` bytes."""
        pieces, size = [], 0
        while piece := stream.read(_PIECE):
            size += len(piece)
            if limit is not None and size > limit:
                raise BlobTooLarge(limit)
            pieces.append(piece)
        data = b"".join(pieces)
        digest = hashlib.sha256(data).hexdigest()
        with self._lock:
            self._blobs.setdefault(digest, data)
        return Blob(digest, size)

    def open(self, sha256: str) -> BinaryIO:
        """The bytes, for reading. Raises `BlobMissing`, `InvalidDigest`."""
        check_digest(sha256)
        with self._lock:
            if sha256 not in self._blobs:
                raise BlobMissing(sha256)
            return io.BytesIO(self._blobs[sha256])

    def url(self, sha256: str) -> str | None:
        """None: the host serves them. Raises `InvalidDigest`."""
        check_digest(sha256)
        return None

    def delete(self, sha256: str) -> bool:
        """Remove the bytes; False if they were not there. Raises `InvalidDigest`."""
        check_digest(sha256)
        with self._lock:
            return self._blobs.pop(sha256, None) is not None

    def close(self) -> None:
        """Forget all files."""
        with self._lock:
            self._blobs.clear()
