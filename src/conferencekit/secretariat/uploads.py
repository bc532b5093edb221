"""Uploaded files as web frameworks hand them over, in one shape.

Werkzeug (Flask), Django and Starlette (FastAPI) name the same three things differently; a tuple
`(filename, stream, content_type)` does as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO, cast

from attrs import frozen


@frozen(kw_only=True)
class Upload:
    """One file of a form: its name and declared media type as the browser sent them, and its bytes."""

    filename: str
    content_type: str
    stream: BinaryIO


def uploads_from(files: object, name: str) -> tuple[Upload, ...]:
    """The files posted under a name, without the empty ones that browsers send for an empty file input."""
    return tuple(upload for upload in map(_upload, _values(files, name)) if upload.filename)


def _values(files: object, name: str) -> Iterable[object]:
    if files is None:
        return ()
    if hasattr(files, "getlist"):
        return cast("Iterable[object]", files.getlist(name))
    if not isinstance(files, Mapping):
        return ()  # what was posted is no form at all, such as a JSON list
    value = files.get(name, ())
    return value if isinstance(value, list) else _flatten(value)


def _flatten(value: object) -> Iterator[object]:
    if isinstance(value, tuple) and (not value or not isinstance(value[0], str)):
        yield from value
    elif value is not None:
        yield value


def _upload(value: object) -> Upload:
    if isinstance(value, Upload):
        return value
    if isinstance(value, tuple):
        filename, stream, *rest = value
        return Upload(filename=filename, stream=stream, content_type=str(rest[0]) if rest else "")
    filename = _first(value, "filename", "name")  # a `name` beside a `filename` is that of the form's field
    stream = _first(value, "stream", "file")
    return Upload(
        filename=str(filename or ""),
        content_type=str(getattr(value, "content_type", None) or ""),
        stream=cast("BinaryIO", value if stream is None else stream),
    )


def _first(value: object, *attributes: str) -> object:
    """The first of these attributes that there is, whatever it holds."""
    return next((getattr(value, each) for each in attributes if hasattr(value, each)), None)
