"""From WordPress' plugin "User Registration": its export of users. `shortcode` reads what stands on a page.

The export is CSV in UTF-8 with a byte order mark. Its header has the labels of the form, not the names of the fields,
in whatever language the form was; two fields with one label make two equal columns. Around them stand columns of
WordPress: `User ID`, `User Role`, `User Status`, `User Registered` (the site's wall time), `User Registered GMT`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from attrs import field, frozen

from ..errors import InvalidImport
from .countries import country_code, fold
from .fields import Field, Form
from .issues import FORM, Issue
from .table import Record, read_records, unguard_cell

USER_COLUMNS: Final = {
    "User ID": "user_id",
    "User Role": "role",
    "User Status": "status",
    "User Registered": "registered_wall",
    "User Registered GMT": "registered",
}
"""The columns of WordPress, and the attributes of `ExportRow` that they go to."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}")
_DATES: Final = frozenset({"registered", "registered_wall"})
_NO_DATE: Final = "0000-00-00 00:00:00"
_DELIMITERS: Final = (",", ";", "\t")


@frozen(kw_only=True)
class ExportRow:
    """One user of an export.

    `line` is where the record begins in the file, from 1. `values` are in the order of the header. `registered` is UTC,
    `registered_wall` the site's wall time, whose zone the file does not tell. `issues` say what is wrong with the row
    as such; what is wrong with its answers shows when the form reads them. A row that could not be taken apart has one
    value, how it begins.
    """

    line: int
    values: tuple[str, ...]
    user_id: str = ""
    role: str = ""
    status: str = ""
    registered: datetime | None = None
    registered_wall: datetime | None = None
    issues: tuple[Issue, ...] = ()


@frozen(kw_only=True)
class UserExport:
    """An export that is being read: its header, and its rows, one by one, as they come from the file."""

    header: tuple[str, ...]
    rows: Iterator[ExportRow] = field(eq=False)

    def __iter__(self) -> Iterator[ExportRow]:
        return self.rows


@frozen(kw_only=True)
class ColumnMatch:
    """Which column answers which field.

    `columns` maps names of fields to places in the header. `unused` are labels that no field took (WordPress' own left
    out), `missing` the names of required fields without a column.
    """

    columns: Mapping[str, int]
    unused: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def read_user_export(lines: Iterable[str | bytes], *, source: str = "the export") -> UserExport:
    """Read an export of users. Rows come one by one, so that a file of any size needs little memory.

    Args:
        lines: The lines of a file opened as binary, or as text in UTF-8 with `newline=""`.
        source: What to call the file in errors.

    Raises:
        InvalidImport: at once where the file is empty or its header cannot be read, later (from the rows) where it
            stops being UTF-8 or a quotation mark never closes.
    """
    labels, records = _opened(lines, source)
    of_users = tuple((place, label) for place, label in enumerate(labels) if label in USER_COLUMNS)
    return UserExport(header=labels, rows=(_row(record, labels, of_users) for record in records))


def count_rows(lines: Iterable[str | bytes], *, source: str = "the export") -> int:
    """How many rows an export has: reads it to its end, so that a file that is damaged anywhere is known to be.

    Raises as `read_user_export`.
    """
    return sum(1 for _ in _opened(lines, source)[1])


def _opened(lines: Iterable[str | bytes], source: str) -> tuple[tuple[str, ...], Iterator[Record]]:
    """The labels, and the records below them."""
    given = iter(lines)
    first = next(given, None)
    if first is None or not first.strip():
        raise InvalidImport(source, 0, "", "The file is empty. Export the users again, with a header.")
    delimiter = _delimiter(first, source)
    records = read_records(_again(first, given), source=source, delimiter=delimiter)
    header = next(records, None)
    labels = tuple(cell.strip() for cell in header.cells) if header else ()
    if header is None or header.problem or not any(labels):
        raise InvalidImport(
            source, 1, labels[:3], "Let the first line be the header: the labels of the columns."
        )
    return labels, records


def match_columns(header: Sequence[str], form: Form) -> ColumnMatch:
    """Find the column of each field: by its label in any language, or by its name; case and accents do not matter.

    Where several fields, or several columns, go by one name, they meet in their order.
    """
    free = [(place, fold(label)) for place, label in enumerate(header) if label not in USER_COLUMNS]
    columns: dict[str, int] = {}
    for each in (each for each in form.fields if each.kind != "file"):
        usual = ("User Email",) if each.kind == "email" else ()  # the plugin's own label of its e-mail field
        names = {fold(name) for name in (*each.label, each.name, each.name.replace("_", " "), *usual)} - {""}
        place = next((place for place, label in free if label in names), None)
        if place is not None:
            columns[each.name] = place
            free = [taken for taken in free if taken[0] != place]
    missing = (each.name for each in form.fields if each.required and each.kind not in ("password", "file"))
    return ColumnMatch(
        columns=columns,
        unused=tuple(header[place] for place, _ in free),
        missing=tuple(name for name in missing if name not in columns),
    )


def posted_from_row(row: ExportRow, match: ColumnMatch, form: Form) -> dict[str, str]:
    """The row as if its user had posted the form: what `conferencekit.form.reading.read` takes.

    Countries become codes and options values, from their labels in any language; what is not recognised stays, so that
    reading it gives the issue.
    """
    columns, values = match.columns, row.values
    count = len(values)
    return {
        each.name: _value(each, values[place])
        for each in form.fields
        if (place := columns.get(each.name, count)) < count
    }


def _value(asked: Field, cell: str) -> str:
    text = unguard_cell(cell) if cell.startswith("'") else cell
    if asked.kind == "country":
        return country_code(text) or text
    if asked.kind == "choice" and all(each.value != text for each in asked.choices):
        wanted = fold(text)
        return next((each.value for each in asked.choices if wanted in map(fold, each.label)), text)
    return text


def _delimiter(first: str | bytes, source: str) -> str:
    """The delimiter of the header: spreadsheets in many countries write semicolons."""
    if b"\0" in first if isinstance(first, bytes) else "\0" in first:
        remedy = "Save the file as UTF-8 (in a spreadsheet: “CSV UTF-8”) and try again."
        raise InvalidImport(source, 1, first[:40], remedy)
    text = first.decode("utf-8", "replace") if isinstance(first, bytes) else first
    outside = "".join(text.split('"')[::2])
    return max(_DELIMITERS, key=outside.count)


def _again(first: str | bytes, others: Iterator[str | bytes]) -> Iterator[str | bytes]:
    yield first
    yield from others


def _row(record: Record, header: tuple[str, ...], of_users: Sequence[tuple[int, str]]) -> ExportRow:
    """`of_users`: the columns of WordPress, by place and label."""
    cells = record.cells
    issues = [_problem(record, header)] if record.problem else []
    if not record.problem and len(cells) != len(header):
        issues.append(Issue(FORM, "row_columns", {"expected": len(header), "found": len(cells)}))
    user: dict[str, str] = {}
    dates: dict[str, datetime | None] = {}
    for place, label in of_users if not record.problem else ():
        if place >= len(cells):
            break
        name, cell = USER_COLUMNS[label], cells[place]
        if name in _DATES:
            dates[name] = _date(cell)
            if dates[name] is None and cell.strip() not in ("", _NO_DATE):
                issues.append(Issue(label, "row_date", {"value": cell[:40]}))
        else:
            user[name] = cell.strip()
    registered = dates.get("registered")
    return ExportRow(
        line=record.line,
        values=record.cells,
        **user,
        registered=registered.replace(tzinfo=UTC) if registered else None,
        registered_wall=dates.get("registered_wall"),
        issues=tuple(issues),
    )


def _problem(record: Record, header: tuple[str, ...]) -> Issue:
    values = {"max": csv.field_size_limit(), "expected": len(header), "found": len(record.cells)}
    return Issue(FORM, record.problem, values if record.problem == "row_too_long" else {})


def _date(cell: str) -> datetime | None:
    text = cell.strip()
    if not _DATE.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
