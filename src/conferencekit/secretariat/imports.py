"""Registrations from elsewhere: the rows of a file as the form would have posted them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from attrs import field, frozen

from ..errors import InvalidImport
from ..form.fields import Form
from ..form.issues import Issue
from ..form.wordpress import ExportRow, match_columns, posted_from_row, read_user_export
from ..zones import first_instant_from


@frozen(kw_only=True)
class ImportRow:
    """One row: where it stands in the file (from 1), what it answers, and what is wrong with it as a row.

    `locale` is the language that its person reads, where the file or the caller knows it.
    """

    line: int
    posted: Mapping[str, object] = field(factory=dict)
    received_at: datetime | None = None
    locale: str | None = None
    submission_id: str | None = None
    issues: tuple[Issue, ...] = ()


def export_rows(
    lines: Iterable[str | bytes], form: Form, *, source: str = "the export", zone: str = "UTC"
) -> Iterator[ImportRow]:
    """The rows of a user export of the WordPress plugin "User Registration", or of any CSV with the form's labels.

    Args:
        lines: The lines of a file opened as binary.
        form: What was asked; columns are found by its labels in any language, or by the names of its fields.
        source: What to call the file in errors.
        zone: The zone of the site's wall times, where the file has no GMT times.

    Raises:
        InvalidImport: the file cannot be read, or a required field has no column.
    """
    export = read_user_export(lines, source=source)
    match = match_columns(export.header, form)
    if match.missing:
        labels = ", ".join(repr(str(asked.label)) for name in match.missing if (asked := form.field(name)))
        raise InvalidImport(
            source, 1, ", ".join(export.header), f"Add a column for {labels}: a required question has none."
        )
    for row in export:
        yield ImportRow(
            line=row.line,
            posted=posted_from_row(row, match, form),
            received_at=_received_at(row, zone),
            submission_id=f"export:{row.user_id}" if row.user_id else None,
            issues=row.issues,
        )


def _received_at(row: ExportRow, zone: str) -> datetime | None:
    if row.registered is not None:
        return row.registered
    if row.registered_wall is None:
        return None
    # of an hour that comes twice the earlier reading: in the person's favour
    return first_instant_from(row.registered_wall, zone).replace(tzinfo=UTC)
