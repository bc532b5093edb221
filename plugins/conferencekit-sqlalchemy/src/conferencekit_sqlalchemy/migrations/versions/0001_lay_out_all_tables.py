"""The first layout."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
BODY = sa.Text().with_variant(postgresql.JSONB(), "postgresql")
NUMBER = sa.BigInteger()
FLAG = sa.Boolean()
SCHEMA = context.config.attributes["schema"]


def upgrade() -> None:
    """Lay out all tables."""
    if op.get_context().dialect.supports_sequences:
        op.execute(sa.schema.CreateSequence(sa.Sequence("numbers", schema=SCHEMA)))
    _table("conference", [("id", TEXT)], [])
    _entry()
    _table("seal", [("conference", TEXT), ("number", NUMBER)], [])
    _table(
        "record",
        [("conference", TEXT), ("kind", TEXT), ("id", TEXT)],
        [("version", NUMBER), ("seq", NUMBER), ("body", BODY)],
        sa.Column("holds", BODY),
        sa.CheckConstraint("version >= 1", name="record_version"),
    )
    _listing()
    _quota()
    _notice()


def _table(
    name: str, keys: list[tuple[str, Any]], columns: list[tuple[str, Any]], *more: Any, **options: Any
) -> None:
    op.create_table(
        name,
        *(sa.Column(each, type_, primary_key=True, autoincrement=False) for each, type_ in keys),
        *(sa.Column(each, type_, nullable=False) for each, type_ in columns),
        *more,
        schema=SCHEMA,
        **options,
    )


def _index(table: str, suffix: str, *columns: str, unique: bool = False, where: str = "") -> None:
    options: dict[str, Any] = {}
    if where:
        in_sqlite = where if " " in where else f"{where} = 1"
        options = {"postgresql_where": sa.text(where), "sqlite_where": sa.text(in_sqlite)}
    op.create_index(f"{table}_{suffix}", table, list(columns), unique=unique, schema=SCHEMA, **options)


def _entry() -> None:
    _table(
        "entry",
        [("conference", TEXT), ("id", TEXT)],
        [("seq", NUMBER), ("digest", TEXT)],
        sa.Column("body", BODY),
        sa.Column("person", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("sealed", NUMBER, nullable=False),
        sa.CheckConstraint("sealed >= 0", name="entry_sealed"),
    )
    _index("entry", "seq", "conference", "seq", unique=True)
    _index("entry", "unsealed", "conference", "seq", where="sealed = 0")
    _index("entry", "person", "conference", "person", "seq", where="person <> ''")
    _index("entry", "subject", "conference", "subject", "seq", where="subject <> ''")


def _listing() -> None:
    walk, small = sa.Uuid(as_uuid=False), sa.SmallInteger()
    keys = [
        ("conference", TEXT),
        ("walk", walk),
        ("is_text", small),
        ("number", NUMBER),
        ("text", TEXT),
        ("id", TEXT),
    ]
    _table("listing", keys, [("kind", TEXT), ("name", TEXT), ("key", TEXT), ("owned", FLAG)])
    _index("listing", "owner", "conference", "name", "key", where="owned", unique=True)


def _quota() -> None:
    _table(
        "quota",
        [("conference", TEXT), ("id", TEXT)],
        [("taken", NUMBER)],
        sa.Column("capacity", NUMBER),
        sa.Column("ceiling", NUMBER),
        sa.CheckConstraint("0 <= taken AND (ceiling IS NULL OR taken <= ceiling)", name="quota_taken"),
        sa.CheckConstraint("capacity >= 0 AND (capacity IS NULL) = (ceiling IS NULL)", name="quota_capacity"),
        postgresql_with={"fillfactor": 50},
    )


def _notice() -> None:
    _table(
        "notice",
        [("conference", TEXT), ("key", TEXT)],
        [("place", NUMBER)],
        sa.Column("body", BODY),
        *(sa.Column(name, NUMBER, nullable=False) for name in ("due",)),
        *(sa.Column(name, TEXT, nullable=False) for name in ("lane", "person", "state")),
        sa.Column("token", NUMBER, nullable=False),
        sa.Column("until", NUMBER),
        *(sa.Column(name, TEXT, nullable=False) for name in ("note", "sha256")),
        *(sa.Column(name, FLAG, nullable=False) for name in ("live", "waiting")),
        sa.Column("ready", NUMBER),
        sa.CheckConstraint("state IN ('queued', 'held', 'sent', 'failed')", name="notice_state_known"),
        postgresql_with={"fillfactor": 80},
    )
    _index("notice", "state", "conference", "state", "place")
    _index("notice", "person", "conference", "person", "place", where="person <> ''")
    _index("notice", "live", "conference", "lane", where="live", unique=True)
    _index("notice", "waiting", "conference", "lane", "place", where="waiting")
    _index("notice", "ready", "ready", "conference", "place", where="ready IS NOT NULL")
