"""Wordings as records: written the first time somebody is told, and read when the mails are sent."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import lru_cache
from typing import Final

from ..errors import NotFound, StoreBusy
from ..message.wording import Wording, check_wording
from ..ports import ABSENT, Put
from .shell import SYSTEM, InForce, Shell

KIND: Final = "wording"
_TRIES: Final = 20
_KNOWN: Final = 256
"""So much a process remembers: two wordings for each language suffice for most conferences."""


class Wordings:
    """The wordings of one secretariat. Each is durable before the first notice that names it."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._kept: tuple[InForce | None, dict[Hashable, tuple[str, ...]]] = (None, {})
        self.read = lru_cache(maxsize=_KNOWN)(self._read)

    def kept(
        self, in_force: InForce, about: Hashable, make: Callable[[], Iterable[Wording]]
    ) -> tuple[str, ...]:
        """The ids of what is said `about` something under a document: made and stored, unless that was done before."""
        known, kept = self._kept  # both in one look: another thread may put others there
        if known is not in_force or len(kept) > _KNOWN:
            kept = {}
            self._kept = (in_force, kept)
        ids = kept.get(about)
        if ids is None:
            made = {each.id: each for each in make()}
            self._keep(made)
            ids = kept[about] = tuple(made)
        return ids

    def _keep(self, wordings: Mapping[str, Wording]) -> None:
        """Write those that are not there. Where another is faster, all are tried again: it writes the same.

        Raises `StoreBusy` if that never ends, as where the ids of entries repeat.
        """
        for _ in range(_TRIES):
            missing = wordings.keys() - self._shell.store.get(self._shell.id, KIND, wordings).keys()
            if not missing:
                return
            ids = sorted(missing)
            entry = self._shell.entry(
                self._shell.context(), SYSTEM, "wordings_kept", self._shell.id, {"wordings": ids}
            )
            puts = [Put(kind=KIND, id=each, body=wordings[each].body, expect=ABSENT) for each in ids]
            self._shell.commit(self._shell.change(entry, puts, read_plan=False))
        raise StoreBusy(self._shell.id, 0)

    def _read(self, wording_id: str) -> Mapping[str, object]:
        """What a wording says. Raises `NotFound`, and `InvalidBody` for one that was tampered with."""
        record = self._shell.get(KIND, wording_id)
        if record is None:
            raise NotFound("wording", wording_id)
        return check_wording(wording_id, record.body)
