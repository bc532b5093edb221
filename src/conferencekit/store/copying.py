"""Copying conferences from one store to another, or to a file and back, verified by a digest over all rows."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing

from attrs import frozen

from ..errors import CopyRefused
from ..limits import BATCH
from ..ports import Dumpable, DumpedRow
from .dump import differences, digest_of, row_text

_PIECE_BYTES = 8 * 1024 * 1024


@frozen
class Copied:
    """What became of one conference: how many rows were written now, and the digest that both have."""

    conference: str
    written: int
    digest: str


def copy_conference(
    source: Dumpable, target: Dumpable, conference: str, *, progress: Callable[[int], None] = lambda _: None
) -> Copied:
    """Make the conference in `target` what it is in `source`.

    Only what differs is written, in pieces that are atomic and durable: a copy that was interrupted, or a later one of
    a source that went on, goes on from there. Let nobody write to either meanwhile. `progress` is called with the
    number of rows written so far.

    Raises:
        CopyRefused: the target holds a log that is no beginning of the source's (nothing was written), or after
            writing the two have different digests: somebody wrote meanwhile.
    """
    _require_beginning(source, target, conference)
    written = 0
    with closing(_changes(source, target, conference)) as changes:
        for piece in _pieces(changes):
            target.restore(conference, piece)
            written += len(piece)
            progress(written)
    ours, theirs = digest_of(source.dump(conference)), digest_of(target.dump(conference))
    if ours != theirs:
        reason = (
            f"after writing, the digests differ ({ours[:12]} and {theirs[:12]}): somebody wrote meanwhile"
        )
        raise CopyRefused(conference, reason, "Stop whatever uses the stores and copy again.")
    return Copied(conference, written, ours)


def _require_beginning(source: Dumpable, target: Dumpable, conference: str) -> None:
    with closing(_entries(source, conference)) as ours, closing(_entries(target, conference)) as theirs:
        for mine, other in differences(ours, theirs):
            if other is not None and (mine is None or _digest(mine) != _digest(other)):
                reason = f"the target has the log entry {other.key[-1]}, which the source has not"
                raise CopyRefused(
                    conference, reason, "Name a store that does not hold another history of it."
                )


def _digest(entry: DumpedRow) -> object:
    return entry.value and entry.value["digest"]


def _entries(store: Dumpable, conference: str) -> Generator[DumpedRow, None, None]:
    with closing(store.dump(conference)) as rows:
        for row in rows:
            if row.table != "entry":
                return
            yield row


def _changes(source: Dumpable, target: Dumpable, conference: str) -> Generator[DumpedRow, None, None]:
    """The rows to write: what the source has, and records that it has no more."""
    with closing(source.dump(conference)) as ours, closing(target.dump(conference)) as theirs:
        for mine, other in differences(ours, theirs):
            if mine is not None:
                yield mine
            elif other is not None and other.table == "record":
                yield DumpedRow(other.table, other.key, None)


def _pieces(rows: Iterable[DumpedRow]) -> Iterator[list[DumpedRow]]:
    piece: list[DumpedRow] = []
    size = 0
    for row in rows:
        piece.append(row)
        size += len(row_text(row))
        if len(piece) == BATCH or size > _PIECE_BYTES:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece
