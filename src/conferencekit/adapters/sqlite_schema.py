"""The layout of a SQLite store, the numbers that mark it as ours, and the steps from older layouts."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from attrs import frozen

from ..errors import NotOurFile, SchemaTooNew, SchemaTooOld
from .lasting import sync_folder
from .sqlite_driver import code_of, sqlite3

APPLICATION: Final = 0x434B6974  # "CKit", at offset 68 of the file
SCHEMA: Final = 1
_SMALLEST: Final = 512  # bytes: one page

LAYOUT: Final = (
    "CREATE TABLE conference (id TEXT NOT NULL PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID",
    """CREATE TABLE entry (
        conference TEXT NOT NULL, seq INTEGER NOT NULL, id TEXT NOT NULL, digest TEXT NOT NULL, body TEXT,
        person TEXT NOT NULL, subject TEXT NOT NULL, sealed INTEGER NOT NULL CHECK (sealed >= 0),
        UNIQUE (conference, id), UNIQUE (conference, seq))""",
    "CREATE INDEX entry_unsealed ON entry (conference, seq) WHERE sealed = 0",
    "CREATE INDEX entry_person ON entry (conference, person, seq) WHERE person <> ''",
    "CREATE INDEX entry_subject ON entry (conference, subject, seq) WHERE subject <> ''",
    """CREATE TABLE seal (
        conference TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (conference, number)) WITHOUT ROWID""",
    """CREATE TABLE record (
        conference TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL CHECK (version >= 1),
        seq INTEGER NOT NULL, body TEXT NOT NULL, holds TEXT, UNIQUE (conference, kind, id))""",
    # `position` has no type, so integers sort before text and text by its bytes
    """CREATE TABLE listing (
        conference TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL, position NOT NULL,
        id TEXT NOT NULL, PRIMARY KEY (conference, kind, name, key, position, id)) WITHOUT ROWID""",
    """CREATE TABLE claim (
        conference TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
        PRIMARY KEY (conference, name, value)) WITHOUT ROWID""",
    # the second wall: `ceiling` is the capacity, or what was taken already where that was more
    """CREATE TABLE quota (
        conference TEXT NOT NULL, id TEXT NOT NULL, taken INTEGER NOT NULL, capacity INTEGER, ceiling INTEGER,
        PRIMARY KEY (conference, id), CHECK (0 <= taken AND (ceiling IS NULL OR taken <= ceiling)),
        CHECK (capacity >= 0 AND (capacity IS NULL) = (ceiling IS NULL))) WITHOUT ROWID""",
    # times are microseconds since 1970 in UTC; `ready` is set where a notice is queued and the lowest of its lane
    """CREATE TABLE notice (
        conference TEXT NOT NULL, key TEXT NOT NULL, place INTEGER NOT NULL, body TEXT, due INTEGER NOT NULL,
        lane TEXT NOT NULL, person TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('queued', 'held', 'sent', 'failed')),
        token INTEGER NOT NULL, until INTEGER, note TEXT NOT NULL, sha256 TEXT NOT NULL, ready INTEGER,
        UNIQUE (conference, key))""",
    "CREATE INDEX notice_state ON notice (conference, state, place)",
    "CREATE INDEX notice_person ON notice (conference, person, place) WHERE person <> ''",
    "CREATE INDEX notice_lane ON notice (conference, lane, place) WHERE state IN ('queued', 'held')",
    "CREATE INDEX notice_ready ON notice (ready, conference, place) WHERE ready IS NOT NULL",
)


@frozen
class Upgrade:
    """The step from a schema to the next one: in words for people, and as statements, all or nothing."""

    words: str
    statements: Sequence[str]


UPGRADES: Final[Mapping[int, Upgrade]] = {}
"""The steps by the schema that they begin from. Kept for ever: files of every schema can be brought forward."""


def is_ours(path: Path, url: str) -> bool:
    """Whether the file may hold a store; False if it is not there or empty. Only its header is read, by SQLite itself.

    Opening the file beside SQLite would be its ruin: on POSIX a process loses all its locks on a file as soon as it
    closes any descriptor of it. Another process would then believe to be the last, and remove the WAL that is in use.

    Raises:
        NotOurFile: it holds something else.
        sqlite3.Error: it cannot be read.
    """
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return False
    if not size:
        return False
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            (application,) = connection.execute("PRAGMA application_id").fetchone()
    except sqlite3.DatabaseError as error:
        match code_of(error):
            case sqlite3.SQLITE_NOTADB:
                raise NotOurFile(url, "it is not an SQLite database") from error
            case sqlite3.SQLITE_CORRUPT:
                # the power went in the middle of a checkpoint: the WAL has what is missing
                return True
            case _:
                raise
    if size < _SMALLEST:  # SQLite takes it for an empty one
        raise NotOurFile(url, "it is not an SQLite database")
    _check_application(application, url)
    return True


def _check_application(application: int, url: str) -> None:
    if application != APPLICATION:
        raise NotOurFile(
            url, f"it is an SQLite database of another program, with the application id {application}"
        )


def create(path: Path) -> None:
    """Lay out a new file in WAL mode, all or nothing: it gets its name when it is complete and on the disk.

    Only its owner can read and write it. An empty file that is there is laid out where it is, for it has the owner and
    the rights that a host gave it.
    """
    if path.exists():
        _lay_out(path)
        return
    part = path.with_name(f"{path.name}-new")
    for left in (part, part.with_name(f"{part.name}-journal")):  # by a process that was killed
        left.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))  # it holds what people told you
    _lay_out(part)
    part.replace(path)
    sync_folder(path.parent)


def _lay_out(path: Path) -> None:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=rwc", uri=True, isolation_level=None)) as connection:
        for setting in ("synchronous = FULL", "fullfsync = ON", "journal_mode = DELETE"):
            connection.execute(f"PRAGMA {setting}")
        marks = (f"PRAGMA application_id = {APPLICATION}", f"PRAGMA user_version = {SCHEMA}")
        _run(connection, (*LAYOUT, *marks))
        connection.execute("PRAGMA journal_mode = WAL")


def check_schema(connection: sqlite3.Connection, url: str) -> None:
    """Raises `NotOurFile`, `SchemaTooNew` and `SchemaTooOld` unless it is a store with the schema of this version."""
    found = _schema_of(connection, url)
    if found > SCHEMA:
        raise SchemaTooNew(url, found, SCHEMA)
    if found < SCHEMA:
        raise SchemaTooOld(url, found, SCHEMA)


def pending(connection: sqlite3.Connection, url: str) -> list[str]:
    """What `upgrade` would do, in words.

    Raises:
        SchemaTooNew: a newer version wrote the file.
        NotOurFile: no version wrote such a file.
    """
    found = _schema_of(connection, url)
    if found > SCHEMA:
        raise SchemaTooNew(url, found, SCHEMA)
    unknown = [step for step in range(found, SCHEMA) if step not in UPGRADES]
    if unknown:
        raise NotOurFile(url, f"no version of conferencekit had a schema {unknown[0]}")
    return [f"schema {step} to {step + 1}: {UPGRADES[step].words}" for step in range(found, SCHEMA)]


def upgrade(connection: sqlite3.Connection, url: str) -> None:
    """Bring an older file to the schema of this version, step by step. Raises what `pending` raises."""
    pending(connection, url)
    for step in range(_schema_of(connection, url), SCHEMA):
        _run(connection, (*UPGRADES[step].statements, f"PRAGMA user_version = {step + 1}"))


def _schema_of(connection: sqlite3.Connection, url: str) -> int:
    _check_application(connection.execute("PRAGMA application_id").fetchone()[0], url)
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _run(connection: sqlite3.Connection, statements: Sequence[str]) -> None:
    connection.execute("BEGIN EXCLUSIVE")
    try:
        for statement in statements:
            connection.execute(statement)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
