"""The exporter that is built in: CSV for spreadsheets, as `conferencekit.form.table` writes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..form.table import registrations_to_csv


def export(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """The file, line by line: UTF-8 with a byte order mark, every cell guarded."""
    return (line.encode() for line in registrations_to_csv(rows, header))
