"""What earlier versions stored is read for ever: conferences of theirs are kept as files, with a record of every kind."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import pytest
from tests.stored_conference import write

from conferencekit.adapters.dump_file import DumpFile
from conferencekit.adapters.memory import MemoryStore
from conferencekit.adapters.sqlite import SQLiteStore
from conferencekit.document import conference_from_data
from conferencekit.message.notice import notice_from_body
from conferencekit.message.wording import check_wording
from conferencekit.ports import Mark
from conferencekit.secretariat import attendance, broadcasts, contributions, ledger, records, told
from conferencekit.secretariat.log_audit import audit_log
from conferencekit.store import digest_of
from conferencekit.store.audit import audit
from conferencekit.store.copying import copy_conference
from conferencekit.testing.secretariat import SecretariatForTests
from conferencekit.wire import Layout

STORED = sorted((Path(__file__).parent / "stored").glob("*.backup"))
ID = "testing"
Body = Mapping[str, object]

LAYOUTS: dict[str, Layout] = {
    "attendance": attendance.LAYOUT,
    "registration": records.LAYOUT,
    "contribution": contributions.CONTRIBUTIONS,
    "broadcast": broadcasts.BROADCASTS,
    "event": told.EVENTS,
    "seal": ledger.SEALS,
}
# Bodies that are read as they are; a new schema of one of them needs a reader beside it.
PLAIN: dict[str, Callable[[str, Body], object]] = {
    "blob": lambda _, body: (body["state"], body["at"]),
    "conference": lambda _, body: (body["digest"], body["at"]),
    "conference_revision": lambda _, body: conference_from_data(body["document"]),
    "counter": lambda _, body: body["last"],
    "declaration": lambda _, body: (body["markdown"], body["at"]),
    "wording": check_wording,
}


def rows_of(path: Path) -> list[tuple[str, str, dict]]:
    """(kind, id, body) of every record in a backup, and of the notices that were not redacted."""
    found = []
    for row in DumpFile(path).dump(ID):
        if row.table == "record":
            found.append((str(row.key[0]), str(row.key[1]), row.value["body"]))
        elif row.table == "notice" and row.value["body"] is not None:
            found.append(("~notice", str(row.key[1]), row.value["body"]))
    return found


def schemas(rows: list[tuple[str, str, dict]]) -> set[tuple[str, int]]:
    """(kind, schema); what has no schema, since its id is its digest, counts as 1."""
    return {(kind, body.get("schema", 1)) for kind, _, body in rows}


@pytest.fixture(params=STORED, ids=lambda path: path.stem)
def stored(request) -> Path:
    return request.param


def test_every_layout_that_is_written_is_kept(tmp_path):
    """Who makes a new schema keeps a file with it: `python -m tests.stored_conference tests/stored/NUMBER.backup`."""
    write(tmp_path / "now.backup")
    now = schemas(rows_of(tmp_path / "now.backup"))
    kept = set().union(*(schemas(rows_of(path)) for path in STORED))
    assert now <= kept
    assert {kind for kind, _ in now} == {*LAYOUTS, *PLAIN, "~notice"}
    for kind, layout in LAYOUTS.items():
        assert {(kind, schema) for schema in range(1, layout.schema + 1)} <= kept


def timeless(value):
    """Without the version of the zone data, which is that of whoever writes."""
    if isinstance(value, dict):
        return {name: timeless(each) for name, each in value.items() if name != "tzdata"}
    return [timeless(each) for each in value] if isinstance(value, list) else value


def test_every_stored_body_is_read(stored):
    """By the class as it is now; and a body of the present schema says all that the class would write."""
    rows = rows_of(stored)
    words = {id_: body for kind, id_, body in rows if kind == "wording"}
    for kind, id_, body in rows:
        if kind == "~notice":
            assert notice_from_body(body, words.__getitem__).key == body["key"]
        elif kind in PLAIN:
            PLAIN[kind](id_, body)
        else:
            layout = LAYOUTS[kind]
            written = json.loads(json.dumps(layout.to_body(layout.from_body(body))))
            if body["schema"] == layout.schema:
                assert timeless(written) == timeless(body), (
                    f"{kind} has another layout now: give it a new schema and a reader"
                )


@pytest.mark.parametrize("schema", [1])
def test_an_older_body_is_not_read_without_its_reader(schema):
    """Dropping it is noticed."""
    older = [body for path in STORED for kind, _, body in rows_of(path) if kind == "registration"]
    (*_, body) = [each for each in older if each["schema"] == schema]
    with pytest.raises(TypeError, match="no upgrade"):
        Layout(records.Registration, schema=records.LAYOUT.schema)
    assert records.LAYOUT.from_body(body).stands_since is None


def test_a_stored_conference_goes_on(stored, tmp_path):
    """In any store: audited, its log verified, its people found, and the mail that waits is sent."""
    backup = DumpFile(stored)
    with closing(SQLiteStore(tmp_path / "a.db")) as file:
        copied = copy_conference(backup, file, ID)
        assert copied.digest == digest_of(backup.dump(ID))
        assert [*audit(file, ID), *audit_log(file, ID), *file.faults(None)] == []
        memory = MemoryStore()
        copy_conference(file, memory, ID)
    digest = str(memory.get(ID, "conference", ["current"])["current"].body["digest"])
    document = memory.get(ID, "conference_revision", [digest])[digest].body["document"]
    with SecretariatForTests(conference_from_data(document), store=memory) as secretariat:
        assert secretariat.ledger.verify() == ()
        assert secretariat.registrations.places() == (2, 2, 1)
        assert [each.name for each in secretariat.contributions.live()] == ["ada"]
        (held,) = memory.find(ID, "~notice", "state", "held")[0]
        assert memory.settle([Mark(ID, held.id, int(str(held.body["token"])), "queued")]) == [True]
        done = secretariat.deliver()
        assert done.sent >= 1
        assert done.failed == done.held == 0
        secretariat.tick()
        assert list(audit(memory, ID)) == []
