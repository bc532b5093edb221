"""The tables, as they are now. How they became so is told by `migrations`."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.dialects import postgresql

VERSION_TABLE: Final = "conferencekit_version"
NAMES: Final = ("conference", "entry", "seal", "record", "listing", "quota", "notice")

TEXT: Final = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""Text that is compared and ordered by its bytes."""
BODY: Final = sa.Text().with_variant(postgresql.JSONB(), "postgresql")
WALK: Final = sa.Uuid(as_uuid=False)


@frozen(kw_only=True)
class Tables:
    """All tables of one schema, and the sequence that numbers commits where the engine has sequences."""

    metadata: sa.MetaData
    conference: sa.Table
    entry: sa.Table
    seal: sa.Table
    record: sa.Table
    listing: sa.Table
    quota: sa.Table
    notice: sa.Table
    numbers: sa.Sequence


def make_tables(schema: str | None) -> Tables:
    """The tables of a schema."""
    metadata = sa.MetaData(schema=schema)
    return Tables(
        metadata=metadata,
        conference=sa.Table("conference", metadata, _key("id")),
        entry=_entry(metadata),
        seal=sa.Table("seal", metadata, _key("conference"), _key("number", sa.BigInteger())),
        record=_record(metadata),
        listing=_listing(metadata),
        quota=_quota(metadata),
        notice=_notice(metadata),
        numbers=sa.Sequence("numbers", metadata=metadata),
    )


def _key(name: str, type_: sa.types.TypeEngine[Any] = TEXT) -> sa.Column[Any]:
    return sa.Column(name, type_, primary_key=True, autoincrement=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=False)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _partial(name: str, *columns: str, where: str, unique: bool = False) -> sa.Index:
    """An index over some of the rows. MariaDB has none: leave the condition out there."""
    # it has no booleans, and compares conditions as text
    in_sqlite = where if " " in where else f"{where} = 1"
    return sa.Index(
        name, *columns, unique=unique, postgresql_where=sa.text(where), sqlite_where=sa.text(in_sqlite)
    )


def _entry(metadata: sa.MetaData) -> sa.Table:
    return sa.Table(
        "entry",
        metadata,
        _key("conference"),
        _key("id"),
        _number("seq"),
        _text("digest"),
        sa.Column("body", BODY),
        _text("person"),
        _text("subject"),
        _number("sealed"),
        sa.CheckConstraint("sealed >= 0", name="entry_sealed"),
        sa.Index("entry_seq", "conference", "seq", unique=True),
        _partial("entry_unsealed", "conference", "seq", where="sealed = 0"),
        _partial("entry_person", "conference", "person", "seq", where="person <> ''"),
        _partial("entry_subject", "conference", "subject", "seq", where="subject <> ''"),
    )


def _record(metadata: sa.MetaData) -> sa.Table:
    """`holds` is what the record declares: {"indexes": {name: [key, order]}, "uniques": {}, "takes": {}}."""
    return sa.Table(
        "record",
        metadata,
        _key("conference"),
        _key("kind"),
        _key("id"),
        _number("version"),
        _number("seq"),
        sa.Column("body", BODY, nullable=False),
        sa.Column("holds", BODY),
        sa.CheckConstraint("version >= 1", name="record_version"),
    )


def _listing(metadata: sa.MetaData) -> sa.Table:
    """One row for each index of each record, and one for each unique value, which is `owned`.

    `walk` is a digest of kind, name and key: so the longest keys fit into an index. Numbers come before text by
    `is_text`, which is 0 for them; the other one of `number` and `text` is then 0 or empty.
    """
    return sa.Table(
        "listing",
        metadata,
        _key("conference"),
        _key("walk", WALK),
        _key("is_text", sa.SmallInteger()),
        _key("number", sa.BigInteger()),
        _key("text"),
        _key("id"),
        _text("kind"),
        _text("name"),
        _text("key"),
        sa.Column("owned", sa.Boolean(), nullable=False),
        _partial("listing_owner", "conference", "name", "key", where="owned", unique=True),
    )


def _quota(metadata: sa.MetaData) -> sa.Table:
    """The second wall against overselling: `ceiling` is the capacity, or what was taken before where that is more."""
    return sa.Table(
        "quota",
        metadata,
        _key("conference"),
        _key("id"),
        _number("taken"),
        _number("capacity", nullable=True),
        _number("ceiling", nullable=True),
        sa.CheckConstraint("0 <= taken AND (ceiling IS NULL OR taken <= ceiling)", name="quota_taken"),
        sa.CheckConstraint("capacity >= 0 AND (capacity IS NULL) = (ceiling IS NULL)", name="quota_capacity"),
        postgresql_with={"fillfactor": 50},
    )


def _notice(metadata: sa.MetaData) -> sa.Table:
    """The outbox. Times are microseconds since 1970 in UTC.

    `live`: the lowest of its lane that is not final. `waiting`: behind it. `ready`: when a live one that is queued may
    be leased, at `due` or, while it is lent, at `until`; so leasing walks one column of one index.
    """
    return sa.Table(
        "notice",
        metadata,
        _key("conference"),
        _key("key"),
        _number("place"),
        sa.Column("body", BODY),
        _number("due"),
        _text("lane"),
        _text("person"),
        _text("state"),
        _number("token"),
        _number("until", nullable=True),
        _text("note"),
        _text("sha256"),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("waiting", sa.Boolean(), nullable=False),
        _number("ready", nullable=True),
        sa.CheckConstraint("state IN ('queued', 'held', 'sent', 'failed')", name="notice_state_known"),
        sa.Index("notice_state", "conference", "state", "place"),
        _partial("notice_person", "conference", "person", "place", where="person <> ''"),
        _partial("notice_live", "conference", "lane", where="live", unique=True),
        _partial("notice_waiting", "conference", "lane", "place", where="waiting"),
        _partial("notice_ready", "ready", "conference", "place", where="ready IS NOT NULL"),
        postgresql_with={"fillfactor": 80},
    )
