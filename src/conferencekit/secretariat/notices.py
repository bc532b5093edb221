"""Looking at the mails that are owed, and letting go of those that wait for a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from attrs import frozen

from ..errors import NotFound
from ..ports import Mark, NoticeState, Record
from .shell import Shell


@frozen(kw_only=True)
class Owed:
    """One notice of the outbox. `person` is the id of a registration; `note` says how the last try ended."""

    key: str
    state: NoticeState
    person: str
    note: str


class Notices:
    """The service behind `secretariat.notices`."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def find(self, state: NoticeState) -> Iterator[Owed]:
        """Notices in a state: `queued`, `sent`, `failed` (given up), or `held` (waiting for a person)."""
        return map(_owed, self._shell.walk("~notice", "state", state))

    def retry(self, key: str) -> bool:
        """Let a held notice go out with the next delivery; False if it is not held. Raises `NotFound`."""
        record = self._record(key)
        if record.body["state"] != "held":
            return False
        return self._settle(record, "queued")

    def give_up(self, key: str, *, note: str = "given up") -> bool:
        """Give up a notice that is queued or held; later ones to the same person go out. Raises `NotFound`."""
        record = self._record(key)
        if record.body["state"] not in ("queued", "held"):
            return False
        return self._settle(record, "failed", note)

    def _record(self, key: str) -> Record:
        record = self._shell.get("~notice", key)
        if record is None:
            raise NotFound("notice", key)
        return record

    def _settle(self, record: Record, state: NoticeState, note: str = "") -> bool:
        token = cast("int", record.body["token"])
        now = self._shell.context().now
        due = now if state == "queued" else None
        return self._shell.store.settle([Mark(self._shell.id, record.id, token, state, due, note)])[0]


def _owed(record: Record) -> Owed:
    body = record.body
    return Owed(
        key=record.id,
        state=cast("NoticeState", body["state"]),
        person=str(body["person"]),
        note=str(body["note"]),
    )
