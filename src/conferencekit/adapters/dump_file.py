"""A backup: all rows of all conferences of a store in one text file, which no database is needed to read.

Each line is JSON. The first says what the file is; each conference begins with its id and ends with the number of its
rows and the SHA-256 over them; the last line says that the file is complete.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from ..errors import InvalidChangeSet, NotOurFile, SchemaTooNew, StoreReadOnly, StoreUnavailable
from ..limits import BODY_BYTES
from ..ports import Dumpable, DumpedRow
from ..store import DumpDigest, row_from_text, row_text

SCHEMA: Final = 1
_BEGIN, _END, _COMPLETE = "~conference", "~end", "~complete"
_LONGEST: Final = 2 * BODY_BYTES
_MARK: Final = "conferencekit-dump"


def dump_lines(source: Dumpable, *, progress: Callable[[int], None] = lambda _: None) -> Iterator[str]:
    """The lines of a backup. Each conference is as it was at one moment. `progress` gets the number of rows so far."""
    yield _line({_MARK: SCHEMA})
    written = 0
    names = source.conferences()
    for conference in names:
        yield _line([_BEGIN, conference])
        digest, before = DumpDigest(), written
        with closing(source.dump(conference)) as rows:
            for text in map(row_text, rows):
                digest.add(text)
                yield f"{text}\n"
                written += 1
                progress(written)
        yield _line([_END, written - before, digest.hexadecimal()])
    yield _line([_COMPLETE, len(names)])


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


class DumpFile:
    """A backup as something to copy from.

    Raises, at every method:
        NotOurFile: the file is no backup.
        SchemaTooNew: a newer version wrote it.
        StoreUnavailable: it cannot be read, is cut off, or was changed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def is_backup(self) -> bool:
        """Whether a backup begins there, whole or not."""
        try:
            self._check_head(next(self._lines(), None))
        except (NotOurFile, StoreUnavailable):
            return False
        except SchemaTooNew:
            pass
        return True

    def conferences(self) -> list[str]:
        """The ids of the conferences in it. The whole file is checked."""
        return [name for name, row in self._read() if row is None]

    def dump(self, conference: str) -> Generator[DumpedRow, None, None]:
        """As `Dumpable.dump`."""
        yield from (row for name, row in self._read() if name == conference and row is not None)

    def restore(self, conference: str, rows: Sequence[DumpedRow]) -> None:
        """Raises `StoreReadOnly`: a backup is never changed."""
        raise StoreReadOnly(
            str(self._path), f"it is a backup, {conference!r} and {len(rows)} rows were not written"
        )

    def _read(self) -> Iterator[tuple[str, DumpedRow | None]]:
        """(conference, row) for each row, and after its last one (conference, None)."""
        lines = self._lines()
        self._check_head(next(lines, None))
        for line in lines:
            what, *values = self._parsed(line)
            if what == _COMPLETE:
                return
            if what != _BEGIN:
                raise self._broken("a conference should begin there", line)
            yield from self._conference(str(values[0]), lines)
        raise self._broken("it ends in the middle")

    def _conference(self, name: str, lines: Iterator[str]) -> Iterator[tuple[str, DumpedRow | None]]:
        digest = DumpDigest()
        for count, line in enumerate(lines):
            if line.startswith(f'["{_END}"'):
                if self._parsed(line) != [_END, count, digest.hexadecimal()]:
                    raise self._broken(f"the rows of {name!r} are not those that were written")
                yield name, None
                return
            digest.add(line)
            try:
                yield name, row_from_text(line)
            except InvalidChangeSet as error:
                raise self._broken("a row should stand there", line) from error
        raise self._broken("it ends in the middle")

    def _lines(self) -> Iterator[str]:
        try:
            with self._path.open("rb") as file:
                while line := file.readline(_LONGEST):
                    yield line.removesuffix(b"\n").decode()
        except OSError as error:
            raise StoreUnavailable(str(self._path), error.strerror or str(error)) from error
        except UnicodeDecodeError as error:
            raise NotOurFile(
                str(self._path), "it is no text in UTF-8; `conferencekit storage copy` takes a store"
            ) from error

    def _check_head(self, line: str | None) -> None:
        try:
            schema = int(json.loads(line or "")[_MARK])
        except (KeyError, TypeError, ValueError, RecursionError):
            raise NotOurFile(str(self._path), "it does not begin as a backup does") from None
        if schema > SCHEMA:
            raise SchemaTooNew(str(self._path), schema, SCHEMA)

    def _parsed(self, line: str) -> list[Any]:
        try:
            what, first, *rest = json.loads(line)
        except (TypeError, ValueError, RecursionError):
            raise self._broken("it was changed", line) from None
        return [what, first, *rest]

    def _broken(self, reason: str, line: str = "") -> StoreUnavailable:
        shown = f", at {line[:60]!r}" if line else ""
        return StoreUnavailable(str(self._path), f"the backup is damaged: {reason}{shown}")
