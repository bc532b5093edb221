"""CSV in and out: records that may be damaged, and cells that no spreadsheet runs.

What `read_records` takes is RFC 4180 with two extensions: any line end, and the habit of PHP's `fputcsv` not to double
a quotation mark after a backslash. What `registrations_to_csv` writes is RFC 4180 in UTF-8 with a byte order mark, so
that spreadsheets show every script right.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from attrs import frozen

from ..errors import InvalidImport

MAX_RECORD: Final = 4_000_000
"""Characters of one record; more means that a quotation mark never closes."""

_SIMPLE: Final = 10_000  # characters; far below what the csv module takes for one cell
_RISKY: Final = re.compile(r"'*[=+\-@\t\r\n|\uff1d\uff0b\uff0d\uff20]")
_PHP_QUOTE: Final = re.compile(r'\\"(?=[^",;\t\r\n]|"(?:[,;\t\r\n]|\Z))')
_PHP_LINES: Final = 200  # looking again at all lines of a record takes time that a hostile file could use up


@frozen
class Record:
    """One record: the line of the file where it begins (from 1), its cells, and the code of what is wrong with it."""

    line: int
    cells: tuple[str, ...]
    problem: str = ""


def read_records(lines: Iterable[str | bytes], *, source: str, delimiter: str = ",") -> Iterator[Record]:
    """The records of a CSV file, blank lines left out. A damaged record says so; the others are read all the same.

    Args:
        lines: The lines of a file opened as binary, or as text in UTF-8 with `newline=""`.
        source: What to call the file in errors.
        delimiter: What stands between cells.

    Raises:
        InvalidImport: where the file as a whole cannot be read: not UTF-8, or a quotation mark that never closes.
    """
    first, pending, quotes, size = 0, list[str](), 0, 0
    for number, line in enumerate(_decoded(lines, source), start=1):
        if not pending:
            if not line.strip():
                continue
            text = line.rstrip("\r\n")
            if _is_simple(text):
                yield Record(number, tuple(text.split(delimiter)))
                continue
            first = number
        pending.append(line if line.endswith(("\n", "\r")) else line + "\n")
        quotes += line.count('"')
        size += len(line)
        whole = _whole(pending, quotes)
        if whole is not None:
            yield _record(first, whole, delimiter)
            pending, quotes, size = [], 0, 0
        elif size > MAX_RECORD:
            break
    if pending:
        raise InvalidImport(
            source, first, pending[0][:200], "Close the quotation mark that is open from here on."
        )


def _is_simple(text: str) -> bool:
    """Whether the cells stand between delimiters as they are, so that nothing else is to be seen to."""
    return (
        '"' not in text
        and "\r" not in text
        and "\n" not in text
        and "\0" not in text
        and len(text) <= _SIMPLE
    )


def _whole(pending: Sequence[str], quotes: int) -> str | None:
    """The text of a record, once its quotation marks pair up: as they are, or as PHP writes them."""
    if quotes % 2 == 0:
        return "".join(pending)
    if "\\" not in pending[-1] or len(pending) > _PHP_LINES:
        return None
    doubled, count = _PHP_QUOTE.subn('\\\\""', "".join(pending))
    return doubled if (quotes + count) % 2 == 0 else None


def _record(line: int, text: str, delimiter: str) -> Record:
    text = text.rstrip("\r\n")
    cells = _cells(text, delimiter)
    if cells is None:
        cells = _cells(_PHP_QUOTE.sub('\\\\""', text), delimiter)
    if cells is None:
        is_long = max(map(len, text.split(delimiter))) > csv.field_size_limit()
        return Record(line, (text[:200],), "row_too_long" if is_long else "row_quoting")
    return Record(line, cells, "row_nul" if "\0" in text else "")


def _cells(text: str, delimiter: str) -> tuple[str, ...] | None:
    try:
        return tuple(next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), ()))
    except csv.Error:
        return None


def _decoded(lines: Iterable[str | bytes], source: str) -> Iterator[str]:
    number = 0
    given = iter(lines)
    while True:
        try:
            raw = next(given)
            number += 1
            line = raw.decode("utf-8") if isinstance(raw, bytes) else raw
        except StopIteration:
            return
        except UnicodeDecodeError as error:
            # as the spreadsheets of Western Europe and America wrote it, most likely; it shows where to look
            wrong = error.object[max(error.start - 20, 0) : error.end + 20].decode("cp1252", "replace")
            remedy = "Save the file as UTF-8 (in a spreadsheet: “CSV UTF-8”) and try again."
            raise InvalidImport(source, max(number, 1), wrong, remedy) from None
        yield line.removeprefix("\ufeff") if number == 1 else line


def guard_cell(value: object) -> str:
    """A cell that no spreadsheet takes for a formula: `'` before what begins with `=`, `+`, `-`, `@` and the like.

    A cell that already has such a guard gets one more, so that `unguard_cell` gives back exactly what was there.
    """
    text = "" if value is None else str(value)
    return f"'{text}" if _RISKY.match(text) else text


def unguard_cell(text: str) -> str:
    """What `guard_cell` was given."""
    return text[1:] if text.startswith("'") and _RISKY.match(text[1:]) else text


def registrations_to_csv(
    rows: Iterable[Mapping[str, object] | Sequence[object]], header: Sequence[str] | None = None
) -> Iterator[str]:
    """Rows as the lines of a CSV file, every cell guarded; the first line begins with a byte order mark.

    Args:
        rows: Mappings by column, or sequences in the order of the header.
        header: The columns. None = the keys of the first row; without a row there is nothing then.
    """
    mark = "\ufeff"
    for row in rows:
        if header is None and isinstance(row, Mapping):
            header = list(row)
        if mark and header is not None:
            yield mark + _line(header)
            mark = ""
        yield mark + _line([row.get(key) for key in header or ()] if isinstance(row, Mapping) else row)
        mark = ""
    if mark and header is not None:
        yield mark + _line(header)


def _line(cells: Iterable[object]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerow([guard_cell(each) for each in cells])
    return out.getvalue()
