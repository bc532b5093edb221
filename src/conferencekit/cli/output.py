"""What the command line prints: lines and tables for people, JSON for machines, progress on the error stream."""

from __future__ import annotations

import io
import json
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Final, TextIO

Row = Sequence[object]

_REORDERS: Final = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Characters that change the direction of what follows them, beyond the cell that they stand in."""

_ESCAPED: Final = re.compile(f"[\x7f-\x9f\u200e\u200f\u2028\u2029{_REORDERS}]")


class Output:
    """Prints results to standard output and everything else to standard error.

    Whatever is printed is safe for a terminal: names of people and texts of others hold no character that it obeys,
    and none that its encoding does not have.
    """

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self._out = _usable(sys.stdout)
        self._err = _usable(sys.stderr)

    def say(self, text: str = "") -> None:
        """A line for people; silent where JSON is wanted."""
        if not self.as_json:
            self._out.write(f"{safe(text)}\n")

    def result(self, value: Mapping[str, object] | Sequence[object]) -> None:
        """The result for machines; silent where people read."""
        if self.as_json:
            is_narrow = not (self._out.encoding or "").lower().startswith("utf")
            text = json.dumps(value, ensure_ascii=is_narrow, indent=2, default=str)
            self._out.write(_ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n")

    def document(self, content: str | bytes) -> None:
        """The content of a file: for a terminal made safe, else exactly, in UTF-8, as it would stand in the file."""
        if self.as_json:
            return
        binary = getattr(self._out, "buffer", None)
        if binary is None or self._out.isatty():
            text = content if isinstance(content, str) else content.decode("utf-8", "replace")
            self._out.write(safe(text.replace("\r\n", "\n")))
            return
        self._out.flush()
        binary.write(content.encode() if isinstance(content, str) else content)

    def complain(self, text: str) -> None:
        """An error: what was wrong and the remedy."""
        self.note(f"conferencekit: {text}")

    def note(self, text: str) -> None:
        """Something to know that is no result. Nobody may be there to read it."""
        with suppress(OSError):
            self._err.write(f"{safe(text)}\n")
            self._err.flush()

    def table(self, title: str, header: Sequence[str], rows: Sequence[Row]) -> None:
        """A table for people: on a terminal with rich, where it is installed, else aligned by spaces."""
        if self.as_json:
            return
        texts = [[safe_cell(str(cell)) for cell in row] for row in rows]
        if not (self._out.isatty() and self._rich_table(title, header, texts)):
            self._out.write(_plain_table(title, header, texts))

    def _rich_table(self, title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
        try:
            from rich.console import Console  # noqa: PLC0415 - an extra
            from rich.table import Table  # noqa: PLC0415 - an extra
            from rich.text import Text  # noqa: PLC0415 - an extra
        except ImportError:
            return False
        table = Table(title=title or None, title_justify="left", show_header=any(header))
        for name in header:
            table.add_column(name, overflow="fold", min_width=_width(name))
        for row in rows:
            table.add_row(*map(Text, row))
        Console(file=self._out).print(table)
        return True

    @contextmanager
    def progress(self, what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
        """Shows how far long work has come; call what it yields with the number done."""
        if self.as_json or not self._err.isatty():
            yield lambda _: None
            return
        try:
            from rich.console import Console  # noqa: PLC0415 - an extra
            from rich.progress import Progress  # noqa: PLC0415 - an extra
        except ImportError:
            self.note(f"{what} ...")
            yield lambda _: None
            return
        with Progress(console=Console(file=self._err), transient=True) as bar:
            task = bar.add_task(what, total=total)
            yield lambda done: bar.update(task, completed=done)

    def flush(self) -> None:
        """Hand everything over. Raises `OSError` where it is not taken: a full disk, a reader who left."""
        self._out.flush()

    def leave(self) -> None:
        """At the end: what could not be written is dropped, so that the interpreter does not try it again."""
        for stream in (self._out, self._err):
            try:
                stream.flush()
            except (OSError, ValueError):
                _drop(stream)


def _usable(stream: TextIO | None) -> TextIO:
    """The stream, writing escapes for what its encoding does not have; a bin where the stream was closed."""
    if stream is None:
        return io.StringIO()
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream


def _drop(stream: TextIO) -> None:
    with suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


def safe(text: str) -> str:
    """The text without control characters that a terminal would obey; line breaks and tabs stay."""
    return "".join(
        each
        if each in "\n\t" or unicodedata.category(each) not in ("Cc", "Cs")
        else "\N{REPLACEMENT CHARACTER}"
        for each in text
    )


def safe_cell(text: str) -> str:
    """The text on one line, and without characters that would turn round the rest of the line."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if each in _REORDERS else " " if each in "\n\t\u2028\u2029" else each
        for each in safe(text)
    )


def count_of(count: int, one: str, many: str) -> str:
    """The number and the noun that belongs to it: "1 entry", "1,500 entries"."""
    return f"{count:,} {one if count == 1 else many}"


def _plain_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [title] if title else []
    shown = [header, ["-" * _width(name) for name in header], *rows] if any(header) else list(rows)
    widths = [max(map(_width, column)) for column in zip(*shown, strict=True)]
    if any(header):
        shown[1] = ["-" * width for width in widths]
    for row in shown:
        cells = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines) + "\n"


def _width(text: str) -> int:
    """How many columns of a terminal the text takes."""
    return sum(map(_columns, text))


def _columns(each: str) -> int:
    if unicodedata.category(each) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(each) in "WF" else 1
