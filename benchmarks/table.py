"""The one table of all measurements: for people in the terminal, as Markdown for the page, as JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from attrs import asdict, frozen

BEGIN: Final = "<!-- figures: begin -->"
END: Final = "<!-- figures: end -->"
_HEADER: Final = ("", "disk", "fsyncs/s", "ours", "beside", "unit", "ratio", "aim", "")


@frozen(kw_only=True)
class Line:
    """One line. `ratio` is ours to what stands beside; `aim` is in words; a line that was not measured has a `note`."""

    what: str
    ours: float | None = None
    beside: float | None = None
    ratio: float | None = None
    unit: str = ""
    aim: str = ""
    met: bool | None = None
    note: str = ""
    disk: str = ""
    fsyncs: float | None = None


def at_least(wanted: float | None, ratio: float) -> dict[str, object]:
    """The fields of a ratio that should be as high as that; without an aim, where there is none."""
    if wanted is None:
        return {"ratio": ratio}
    return {"ratio": ratio, "aim": f">= {wanted:g} x", "met": ratio >= wanted}


def at_most(wanted: float, ratio: float) -> dict[str, object]:
    """The fields of a ratio that should be as low as that."""
    return {"ratio": ratio, "aim": f"<= {wanted:g} x", "met": ratio <= wanted}


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}" if value >= 1 else f"{value:,.3f}"


def _cells(line: Line) -> tuple[str, ...]:
    ratio = "" if line.ratio is None else f"{line.ratio:.2f}"
    met = {None: line.note, True: "met", False: "missed"}[line.met]
    figures = (_number(line.ours), _number(line.beside), line.unit, ratio)
    return (line.what, line.disk, _number(line.fsyncs), *figures, line.aim, met)


def as_json(title: str, lines: Sequence[Line]) -> str:
    return json.dumps({"where": title, "lines": [asdict(line) for line in lines]}, indent=2)


def as_markdown(title: str, lines: Sequence[Line]) -> str:
    """A sentence that says where, and the table."""
    rows = ["| " + " | ".join(cells) + " |" for cells in (_HEADER, *map(_cells, lines))]
    rows.insert(1, "|---|---|---:|---:|---:|---|---:|---|---|")
    return f"{title}:\n\n" + "\n".join(rows) + "\n"


def write_markdown(path: Path, title: str, lines: Sequence[Line]) -> None:
    """Into a file of its own, or between the marks of a page that has them. Another page is left as it is."""
    made = as_markdown(title, lines)
    page = path.read_text(encoding="utf-8") if path.exists() else ""
    if BEGIN in page and END in page:
        before, _, rest = page.partition(BEGIN)
        made = f"{before}{BEGIN}\n{made}{END}{rest.partition(END)[2]}"
    elif page:
        raise SystemExit(
            f"{path} has no place for the table: put {BEGIN} and {END} there, or name a new file."
        )
    path.write_text(made, encoding="utf-8")


def show(title: str, lines: Sequence[Line]) -> None:
    """In the terminal, with rich where it is installed."""
    rows = [_cells(line) for line in lines]
    try:
        from rich.console import Console
        from rich.table import Table
    except ImportError:
        widths = [max(map(len, column)) for column in zip(_HEADER, *rows, strict=True)]
        print(title)
        for row in (_HEADER, *rows):
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        return
    table = Table(title=title, title_justify="left")
    for name in _HEADER:
        right = name in {"fsyncs/s", "ours", "beside", "ratio"}
        table.add_column(name, justify="right" if right else "left", no_wrap=name != "")
    before = None
    for line, row in zip(lines, rows, strict=True):
        if before is not None and line.disk != before:
            table.add_section()
        before = line.disk
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 200).print(table)
