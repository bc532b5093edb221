"""Wordings as records: written the first time somebody is told, and read when the mails are sent."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from ..errors import NotFound
from ..message.wording import Wording, check_wording
from ..ports import ABSENT, Put
from .shell import SYSTEM, InForce, Shell

KIND: Final = "wording"
Part = tuple[Hashable, Callable[[], Wording]]
"""What a wording is about under one document, and what makes it."""
_KNOWN: Final = 256
"""So many wordings a process remembers: two for each language suffice for most conferences."""


class Wordings:
    """The wordings of one secretariat. Each is durable before the first notice that names it."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._kept: tuple[InForce | None, dict[Hashable, str]] = (None, {})
        self.read = lru_cache(maxsize=_KNOWN)(self._read)

    def kept(self, in_force: InForce, parts: Sequence[Part]) -> tuple[str, ...]:
        """The ids of wordings under a document, in their order: made and stored, unless that was done before."""
        known, kept = self._kept  # both in one look: another thread may put others there
        if known is not in_force or len(kept) > _KNOWN:
            kept = {}
            self._kept = (in_force, kept)
        fresh = {about: make() for about, make in parts if about not in kept}
        if fresh:
            self._keep({each.id: each for each in fresh.values()})
            kept |= {about: each.id for about, each in fresh.items()}
        return tuple([kept[about] for about, _ in parts])

    def _keep(self, wordings: Mapping[str, Wording]) -> None:
        """Write those that are not there. Where another is faster, all are tried again: it writes the same."""
        while missing := wordings.keys() - self._shell.store.get(self._shell.id, KIND, wordings).keys():
            ids = sorted(missing)
            entry = self._shell.entry(
                self._shell.context(), SYSTEM, "wordings_kept", self._shell.id, {"wordings": ids}
            )
            puts = [Put(kind=KIND, id=each, body=wordings[each].body, expect=ABSENT) for each in ids]
            self._shell.commit(self._shell.change(entry, puts, read_plan=False))

    def _read(self, wording_id: str) -> Mapping[str, object]:
        """What a wording says. Raises `NotFound`, and `InvalidBody` for one that was tampered with."""
        record = self._shell.get(KIND, wording_id)
        if record is None:
            raise NotFound("wording", wording_id)
        return check_wording(wording_id, record.body)
