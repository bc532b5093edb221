"""Every class of error is raised by the public API for bad data, with the value that caused it and the remedy."""

from __future__ import annotations

import inspect
import io
import pickle
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import attrs
import pytest
import pytz

from conferencekit import errors, hookimpl, load_conference, make_plugin_manager
from conferencekit.adapters.imap import ImapMailbox
from conferencekit.adapters.memory import MemoryStore
from conferencekit.adapters.sqlite import SQLiteStore
from conferencekit.adapters.sqlite_driver import sqlite3
from conferencekit.context import Context
from conferencekit.deadline import Deadline
from conferencekit.declaration.clauses import parse
from conferencekit.declaration.synthesis import compile_declaration
from conferencekit.document import dump_toml
from conferencekit.ledger import Finding, canonical_json, make_seal, receipt, require_intact
from conferencekit.moment import Moment
from conferencekit.plugins import open_blobs, open_store
from conferencekit.ports import ChangeSet, Entry, Put
from conferencekit.registration.registration import Registration, check_transition
from conferencekit.store.copying import copy_conference
from conferencekit.text import LocalizedText
from conferencekit.wire import from_body

ROOT = Path(__file__).parent.parent
WALL = datetime(2021, 3, 14, 2, 30)
DOCUMENT = """
[conference]
title = "Global MOOC Conference 2020"
timezone = "Asia/Shanghai"
contact = "secretariat@example.org"

[[sessions]]
id = "opening"
title = "Opening"
starts = 2020-12-11T20:00:00
ends = 2020-12-11T22:30:00
"""


def opened(path: Path, text: str = DOCUMENT, **options: object):
    """A secretariat over an SQLite store in this folder."""
    from conferencekit import Secretariat

    given = {"site": "https://gmc.example.org", "secret": bytes(32), **options}
    store, mailer = f"sqlite:///{path / 'a.db'}", f"maildir:{path / 'out'}"
    return Secretariat(load_conference(text), store=store, mailer=mailer, **given)


def two_processes(path: Path) -> None:
    """A host that holds an older document than the one in force."""
    changed = DOCUMENT.replace('"Opening"', '"Welcome"')
    with opened(path) as old, opened(path, changed) as new:
        assert old.conference.id
        assert new.conference.sessions[0].title.text() == "Welcome"
        old.acting("ada").register(answers_for(old.conference.registration.form))


def lost_session(path: Path) -> None:
    """A document that drops the session to which somebody was invited."""
    text = DOCUMENT + '[registration]\naddress = "trusted"\n'
    with opened(path, text) as secretariat:
        form = secretariat.conference.registration.form
        secretariat.acting("ada").register(answers_for(form))
        secretariat.reload(load_conference(text.replace('"opening"', '"closing"')))


def answers_for(form) -> dict[str, str]:
    """Something valid for every field of a form."""
    by_kind = {
        "email": "ada@example.org",
        "country": "CN",
        "consent": "yes",
        "password": "correct horse battery",
    }
    return {
        each.name: each.choices[0].value if each.choices else by_kind.get(each.kind, "Ada Lovelace")
        for each in form.fields
    }


def without(module: str, call: Callable[[], object]) -> None:
    """Call where a module is not installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, module, None)
        call()


def locked_store(path: Path) -> None:
    """Another program writes to the file and does not stop."""
    first = store(path)
    first.conferences()
    other = sqlite3.connect(path / "a.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    busy = store(path, "?timeout=0.05")
    try:
        now = datetime(2020, 11, 12, tzinfo=UTC)
        busy.lease(1, now=now, until=now + timedelta(minutes=1))
    finally:
        other.close()
        busy.close()
        first.close()


def a_change(size: int) -> ChangeSet:
    """A record of so many bytes."""
    body = {"text": "x" * size}
    return ChangeSet("c", Entry("e-1", {}, "0" * 64), (Put(kind="k", id="1", body=body, expect=0),))


def full_store(path: Path) -> None:
    """A file that may not grow."""
    opened_store = store(path)
    opened_store.conferences()
    writer = opened_store._session._writer
    writer.execute(f"PRAGMA max_page_count = {writer.execute('PRAGMA page_count').fetchone()[0]}")
    try:
        opened_store.commit([a_change(1_000_000)])
    finally:
        opened_store.close()


def read_only_store(path: Path) -> None:
    """A file whose header says that a later SQLite has to write it (a right to write would not stop root)."""
    first = store(path)
    first.conferences()
    first.close()
    with (path / "a.db").open("r+b") as file:
        file.seek(18)
        file.write(b"\x03")
    second = store(path)
    try:
        second.commit([a_change(1)])
    finally:
        second.close()


def failing_commit(path: Path) -> None:
    """The system refuses to write more in the middle of a commit."""
    resource = pytest.importorskip("resource")
    opened_store = store(path)
    opened_store.conferences()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, hard))
    try:
        opened_store.commit([a_change(1_000_000)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        opened_store.close()


def foreign_file(path: Path) -> None:
    """A file that is another program's."""
    (path / "a.db").write_bytes(b"no database, a letter")
    store(path).conferences()


def store(path: Path, options: str = ""):
    """The SQLite store of this folder."""
    return open_store(f"sqlite:///{path / 'a.db'}{options}", make_plugin_manager(entry_points=False))


def blobs(path: Path):
    """The blob store of this folder."""
    return open_blobs(f"folder:{path / 'files'}", make_plugin_manager(entry_points=False))


def blobs_in_a_file(path: Path) -> None:
    """The folder for files is a file."""
    (path / "files").write_text("a letter", encoding="utf-8")
    blobs(path).put(io.BytesIO(b"12345"))


def read_export() -> None:
    """A CSV that is no user export."""
    from conferencekit.form.wordpress import read_user_export

    list(read_user_export([b"Name\r\n", b"M\xfcller\r\n"]).rows)


def broken_template() -> None:
    """A template that is not there."""
    from conferencekit.message.rendering import default_renderer

    default_renderer().render("no_such_letter", "text", {})


def bad_event() -> None:
    """A conference without a UUID has no calendar events."""
    from conferencekit.calendar import event_uid

    event_uid("gmc2020", "opening")


def address(text: str) -> None:
    """A mailbox of this text."""
    from conferencekit.mailbox import parse_mailbox

    parse_mailbox(text)


class Misspelt:
    """A hook with a typo."""

    @hookimpl
    def conferencekit_registration_confirm(self, event): ...


class Sad:
    """A registration that raises."""

    @hookimpl
    def conferencekit_register_stores(self, registry):
        raise OSError("no shelf here")


class Sqlite:
    """Offers what is built in."""

    @hookimpl
    def conferencekit_register_stores(self, registry):
        registry.add("sqlite", print)


CANCELLED = Registration(
    id="r-1",
    reference="GMC-17",
    state="cancelled",
    address="ada@example.org",
    name="Ada",
    locale="en",
    answers={},
    form="0" * 64,
    received_at=datetime(2020, 11, 12, tzinfo=UTC),
)


# class: (what a caller does, what of the value the message shows, what of the remedy)
def older_store(path: Path) -> None:
    """An SQLite store whose layout no version has now."""
    with closing(SQLiteStore(path / "a.db")) as store:
        store.conferences()
    with closing(sqlite3.connect(path / "a.db")) as raw:
        raw.execute("PRAGMA user_version = 0")
    SQLiteStore(path / "a.db").conferences()


def two_histories(_: Path) -> None:
    """A copy onto a store that knows the conference from somewhere else."""
    source, target = MemoryStore(), MemoryStore()
    source.commit([ChangeSet("gmc2020", Entry("entry-ana", {}, "digest"))])
    target.commit([ChangeSet("gmc2020", Entry("entry-zoe", {}, "digest"))])
    copy_conference(source, target, "gmc2020")


TRIGGERS: dict[type[errors.ConferenceKitError], tuple[Callable[[Path], object], str, str]] = {
    errors.NaiveTime: (lambda _: Moment.from_datetime(WALL), "2021, 3, 14, 2, 30", "Give an aware datetime"),
    errors.NotWallTime: (lambda _: Moment.at(WALL.replace(tzinfo=UTC), "UTC"), "2021", "from_datetime"),
    errors.UnknownZone: (
        lambda _: Moment.at(WALL, "Asia/Peking"),
        "Asia/Peking",
        "IANA time zone name such as",
    ),
    errors.NonexistentTime: (
        lambda _: Moment.at(WALL, "America/New_York"),
        "2021-03-14 02:30",
        "Take 2021-03-14",
    ),
    errors.AmbiguousTime: (
        lambda _: Moment.at(datetime(2021, 11, 7, 1, 30), "America/New_York"),
        "2021-11-07 01:30",
        "Say which by fold",
    ),
    errors.MislocalizedTime: (
        lambda _: Moment.from_datetime(WALL.replace(tzinfo=pytz.timezone("Asia/Shanghai"))),
        "+08:06",
        "localize",
    ),
    errors.OffsetDisagrees: (
        lambda _: Moment.from_datetime(pytz.timezone("America/New_York").localize(datetime(2045, 7, 1))),
        "2045-07-01T00:00:00-05:00",
        "Correct the offset",
    ),
    errors.TimeOutOfRange: (
        lambda _: Moment.at(datetime(9999, 12, 31, 23), "America/New_York"),
        "9999-12-31",
        "Take a time within them",
    ),
    errors.InvalidDeadline: (
        lambda _: Deadline(before=date(2020, 11, 30), through=date(2020, 11, 30), zone="UTC"),
        "2020",
        "Give",
    ),
    errors.InvalidText: (lambda _: LocalizedText({"e": "x"}), "'e'", "Give a language tag"),
    errors.InvalidDocument: (
        lambda _: load_conference(DOCUMENT.replace("timezone", "timezoen")),
        "timezoen",
        "Did you mean 'timezone'?",
    ),
    errors.InvalidImport: (lambda _: read_export(), "line 2", "UTF-8"),
    errors.TransitionNotAllowed: (
        lambda _: check_transition(CANCELLED, "approve", "confirmed"),
        "GMC-17 is 'cancelled' and cannot 'approve'",
        "What it allows: register",
    ),
    errors.NotFound: (
        lambda _: receipt(
            make_seal([("e-1", "0" * 64)], None, Context(datetime(2020, 1, 1, tzinfo=UTC))), "e-9"
        ),
        "'e-9'",
        "Check the id",
    ),
    errors.ConferenceOutdated: (two_processes, "older than the one in force", "reload(conference)"),
    errors.PlanInUse: (lost_session, "'opening'", 'set status = "cancelled"'),
    errors.MissingLink: (lambda path: opened(path, site=None), "a link '", 'site="https://'),
    errors.MissingExtra: (
        lambda _: without("tomli_w", lambda: dump_toml(load_conference(DOCUMENT))),
        "'toml'",
        "pip install 'conferencekit[toml]'",
    ),
    errors.InvalidChangeSet: (lambda _: Entry("e\0", {}, "0" * 64), "e\\x00", "remove it"),
    errors.StoreBusy: (locked_store, "a.db", "Try again"),
    errors.StoreFull: (full_store, "a.db", "Free some space"),
    errors.StoreReadOnly: (read_only_store, "a.db", "the right to write"),
    errors.CommitInDoubt: (failing_commit, "a.db", "Repeat the same batch"),
    errors.StoreUnavailable: (
        lambda path: open_store(f"sqlite:///{path / 'no' / 'a.db'}", make_plugin_manager()).conferences(),
        "a.db",
        "Check the address",
    ),
    errors.SchemaTooNew: (lambda _: from_body(Finding, {"schema": 7}), "schema 7", "Update conferencekit"),
    errors.SchemaTooOld: (older_store, "schema 0", "storage migrate"),
    errors.CopyRefused: (two_histories, "entry-zoe", "Name a store"),
    errors.InvalidBody: (lambda _: from_body(Finding, {"schema": 1, "id": "x"}), "'x'", "Restore the record"),
    errors.NotOurFile: (foreign_file, "a.db", "name another file"),
    errors.DuplicateName: (lambda _: make_plugin_manager(Sqlite()), "'sqlite'", "Disable one"),
    errors.UnknownBackend: (
        lambda _: open_store("redis://host", make_plugin_manager()),
        "'redis'",
        "install the plugin",
    ),
    errors.PluginBroken: (lambda _: make_plugin_manager(Sad()), "Sad", "Update or uninstall"),
    errors.InvalidHook: (lambda _: make_plugin_manager(Misspelt()), "registration_confirm'", "did you mean"),
    errors.InvalidAddress: (
        lambda _: address("ada at example.org"),
        "ada at example.org",
        "name@example.org",
    ),
    errors.TemplateBroken: (lambda _: broken_template(), "no_such_letter", "Correct the template"),
    errors.InvalidCalendar: (lambda _: bad_event(), "gmc2020", "UUID"),
    errors.MailboxUnavailable: (
        lambda _: ImapMailbox.open("imap://ada@127.0.0.1:1/Replies", "secret"),
        "imap://ada@127.0.0.1:1/Replies",
        "Correct the address",
    ),
    errors.BlobsUnavailable: (blobs_in_a_file, "files", "try again"),
    errors.BlobTooLarge: (lambda path: blobs(path).put(io.BytesIO(b"12345"), limit=4), "4 bytes", "smaller"),
    errors.BlobMissing: (lambda path: blobs(path).open("0" * 64), "0" * 64, "new upload"),
    errors.InvalidDigest: (lambda path: blobs(path).open("../passwd"), "../passwd", "64 lower-case"),
    errors.DeclarationRefused: (
        lambda _: compile_declaration(parse('# One\n\nWe agree [G4-017 "words"].\n', "G"), []),
        "G4-017",
        "submitted",
    ),
    errors.NotCanonical: (lambda _: canonical_json({"a": 1.5}), "$.a: 1.5", "as text"),
    errors.LedgerBroken: (
        lambda _: require_intact([Finding("entry e-1", "changed")]),
        "entry e-1",
        "Restore",
    ),
}

CLASSES = [
    each
    for each in vars(errors).values()
    if inspect.isclass(each) and issubclass(each, errors.ConferenceKitError)
]
RAISED = [each for each in CLASSES if not each.__subclasses__()]


def test_every_class_has_a_trigger():
    """A new class of error needs one."""
    assert {each.__name__ for each in RAISED} == {each.__name__ for each in TRIGGERS}


@pytest.mark.parametrize("cls", TRIGGERS, ids=lambda each: each.__name__)
def test_the_message_shows_value_and_remedy(cls, tmp_path):
    """And the error survives pickling, for those who work with several processes."""
    call, value, remedy = TRIGGERS[cls]
    with pytest.raises(cls) as caught:
        call(tmp_path)
    assert type(caught.value) is cls
    assert value in str(caught.value)
    assert remedy in str(caught.value)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again)) == (cls, str(caught.value))


def test_the_tree_is_drawn_whole():
    """Every class stands at the top of the module, below its base."""
    drawing = inspect.getdoc(errors).split("\n\n")[-1]
    for each in CLASSES:
        assert f" {each.__name__}" in f" {drawing}", (
            f"{each.__name__} is missing in the tree at the top of errors.py"
        )


@pytest.mark.parametrize("cls", CLASSES, ids=lambda each: each.__name__)
def test_the_reference_has_its_row(cls):
    """`docs/reference/errors.md` says when, and which attributes."""
    outside = next(each.__name__ for each in cls.__mro__ if each.__module__ == "builtins")
    also = f"`{outside}`" if outside != "Exception" else ""
    fields = ", ".join(f"`{each.name}`" for each in attrs.fields(cls)) if attrs.has(cls) else ""
    doc = inspect.getdoc(cls).split("\n")[0].rstrip(".")
    row = f"| `{cls.__name__}` | {also} | {doc} | {fields} |"
    page = (ROOT / "docs/reference/errors.md").read_text(encoding="utf-8")
    squeezed = [" ".join(line.split()) for line in page.splitlines()]
    assert " ".join(row.split()) in squeezed, f"put this row into docs/reference/errors.md:\n{row}"
