"""From a file, a text or plain data to a `Conference`, or to everything that is wrong with it.

Reading a file is the one thing here that touches the machine; everything behind it is pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike, fspath
from pathlib import Path
from typing import Final

from ..conference import Conference
from ..errors import InvalidDocument
from .place import Bad, Place, in_order
from .reading import MOST_BYTES, Syntax, parse, refuse, refuse_deep
from .shape import ROOT

_LONGEST_PATH: Final = 4_096  # of what any system takes


def load_conference(source: str | PathLike[str], *, syntax: Syntax | None = None) -> Conference:
    """The conference that a TOML or JSON document describes.

    Args:
        source: The path of a file, or the document itself: a string with a line break, or one that begins with `{`,
            is taken as the document.
        syntax: `toml` or `json`; by default what the file's name ends in, else JSON if the text begins with `{`.

    Raises:
        InvalidDocument: all its problems at once, each with the key's path, the value and what was expected.
    """
    if isinstance(source, str) and ("\n" in source or source.lstrip().startswith("{")):
        return conference_from_text(source, syntax=syntax)
    path = Path(fspath(source))
    if syntax is None and path.suffix.lower() in {".toml", ".json"}:
        syntax = "json" if path.suffix.lower() == ".json" else "toml"
    return conference_from_text(_bytes_of(path), source=str(path), syntax=syntax)


def _bytes_of(path: Path) -> bytes:
    source = str(path)
    if not source.isprintable() or len(source) > _LONGEST_PATH:
        remedy = "is not a path. Give the path of a file, or a document of several lines."
        refuse("the document", "path", source, remedy)
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        refuse(
            source,
            "path",
            source,
            "there is no such file. Correct the path, or write one: conferencekit new.",
        )
    except OSError as error:
        folder = isinstance(error, IsADirectoryError) or (
            isinstance(error, PermissionError) and path.is_dir()
        )
        reason = "is a folder" if folder else f"cannot be read ({error.strerror or error})"
        refuse(source, "path", source, f"{reason}. Give the path of a document that you may read.")


def conference_from_text(
    text: str | bytes, *, source: str = "document", syntax: Syntax | None = None
) -> Conference:
    """The conference of a TOML or JSON text. Bytes are UTF-8.

    Raises:
        InvalidDocument: all its problems at once.
    """
    return conference_from_data(parse(text, source=source, syntax=syntax), source=source)


def conference_from_data(data: Mapping[str, object], *, source: str = "document") -> Conference:
    """The conference of plain data: what TOML or JSON gave, or `conference_to_data`. Dates and times may be ISO texts.

    Args:
        data: The document's tables.
        source: What messages call it.

    Raises:
        InvalidDocument: all its problems at once, in the order of the document.
    """
    refuse_deep(data, source)
    place = Place()
    conference = ROOT.read(data, place)
    if isinstance(conference, Bad) or place.findings:
        raise InvalidDocument(source, in_order(place.findings, data))
    return conference  # type: ignore[no-any-return]  # the root table makes a Conference
