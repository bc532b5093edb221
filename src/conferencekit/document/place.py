"""Where in a document the reader stands, and the problems that it found on the way."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from attrs import evolve, field, frozen

from ..errors import Problem

Step = str | int
Path = tuple[Step, ...]

MOST_PROBLEMS = 200  # more are counted, not listed: a person corrects the first ones and runs again
_BARE = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


class Bad:
    """What a reader returns for a value that it refused; the problem is in the list."""


BAD: Final = Bad()


@frozen
class Setting:
    """What the values around a key decide about it: the languages of the conference, the zone of its wall times.

    `zone` None: the document names none that exists, which is a problem of its own.
    """

    languages: tuple[str, ...] = ("en",)
    zone: str | None = None


@frozen
class Place:
    """A key of the document: its path, its setting, and the list that problems go to."""

    path: Path = ()
    setting: Setting = Setting()
    findings: list[tuple[Path, Problem]] = field(factory=list)

    def key(self, name: str) -> Place:
        """The place of a key of this table."""
        return evolve(self, path=(*self.path, name))

    def item(self, index: int) -> Place:
        """The place of an entry of this list, counted from 0."""
        return evolve(self, path=(*self.path, index))

    def with_setting(self, setting: Setting) -> Place:
        """The same place under another setting."""
        return evolve(self, setting=setting)

    def report(self, value: object, expected: str, nearest: str | None = None) -> Bad:
        """Note a problem. `value` None = the key is missing."""
        self.findings.append((self.path, Problem(path_text(self.path), value, expected, nearest)))
        return BAD

    def has(self, name: str) -> bool:
        """Whether a problem was reported under this key."""
        path = (*self.path, name)
        return any(found[: len(path)] == path for found, _ in self.findings)

    def nearest(self, name: object, known: Iterable[str]) -> str | None:
        """The known name that a person who wrote `name` probably meant."""
        crowded = len(self.findings) > MOST_PROBLEMS  # nobody reads the hints of thousands of problems
        return None if crowded else nearest(name, known)


def path_text(path: Path) -> str:
    """`("sessions", 2, "ends")` -> `sessions[2].ends`; what is no bare key is quoted."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{_quoted(step)}" if text else _quoted(step)
    return text or "document"


def _quoted(name: str) -> str:
    if _BARE.match(name):
        return name
    return json.dumps(name if len(name) <= 64 else name[:60] + "…")


def nearest(name: object, known: Iterable[str]) -> str | None:
    """The known name that a person who wrote `name` probably meant."""
    if not isinstance(name, str) or len(name) > 64:
        return None
    plain = {_plain(each): each for each in known}
    found = difflib.get_close_matches(_plain(name), plain, n=1, cutoff=0.6)
    return plain[found[0]] if found else None


def _plain(name: str) -> str:
    return name.casefold().replace("-", "_").replace(" ", "_")


def in_order(findings: Sequence[tuple[Path, Problem]], data: object) -> tuple[Problem, ...]:
    """The problems in the order of the document; what is missing comes at the end of its table."""
    orders: dict[int, dict[object, int]] = {}
    ranked = sorted(findings, key=lambda each: _rank(each[0], data, orders))
    problems = [problem for _, problem in ranked[:MOST_PROBLEMS]]
    if more := len(ranked) - len(problems):
        problems.append(Problem("document", f"{more} more problems", "correct the ones above first."))
    return tuple(problems)


def _rank(path: Path, data: object, orders: dict[int, dict[object, int]]) -> tuple[int, ...]:
    ranks = []
    for step in path:
        if isinstance(data, Mapping):
            if id(data) not in orders:
                orders[id(data)] = {name: place for place, name in enumerate(data)}
            ranks.append(orders[id(data)].get(step, len(data)))
            data = data.get(step)
        elif isinstance(data, Sequence) and isinstance(step, int):
            ranks.append(step)
            data = data[step] if step < len(data) else None
    return tuple(ranks)
