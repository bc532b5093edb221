"""What a person did wrong, as data: where, which rule, with which values. The words are in `catalogue`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from attrs import field, frozen

FORM: Final = ""
"""The path of an issue that concerns the form as a whole and no single field."""


@frozen
class Issue:
    """One problem with what somebody sent.

    `path` is the name of the field, or `FORM`. `code` is stable and may be relied upon (`catalogue.CODES` lists those
    that have words); `params` are what the words need: numbers and short texts, JSON-compatible.
    """

    path: str
    code: str
    params: Mapping[str, object] = field(factory=dict)


def issues_by_path(issues: Iterable[Issue]) -> dict[str, tuple[Issue, ...]]:
    """The issues of each path, in the order given."""
    found: dict[str, tuple[Issue, ...]] = {}
    for issue in issues:
        found[issue.path] = (*found.get(issue.path, ()), issue)
    return found
