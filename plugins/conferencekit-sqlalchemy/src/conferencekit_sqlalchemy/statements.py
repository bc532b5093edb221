"""Every statement of the store, built once per store with SQLAlchemy Core and compiled for its engine.

Each takes its rows as one parameter (see `Flavour`), so a statement is sent once however many rows it concerns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from attrs import define, field, frozen

from .audit_statements import audits
from .flavour import Columns, Flavour
from .tables import WALK, Tables

_TEXT: Final = sa.Text()
_NUMBER: Final = sa.BigInteger()
_FLAG: Final = sa.Boolean()

ID: Final[Columns] = {"conference": _TEXT, "id": _TEXT}
RECORD: Final[Columns] = {"conference": _TEXT, "kind": _TEXT, "id": _TEXT}
NOTICE: Final[Columns] = {"conference": _TEXT, "key": _TEXT}
LANE: Final[Columns] = {"conference": _TEXT, "lane": _TEXT}
OWNED: Final[Columns] = {"conference": _TEXT, "name": _TEXT, "key": _TEXT}


@frozen
class Statement:
    """SQL as the driver takes it, and the values that are always the same. `order`: the names of $1, $2, ..."""

    name: str
    sql: str
    fixed: Mapping[str, Any]
    order: Sequence[str]


@define
class Statements:
    """All statements of one store by name."""

    flavour: Flavour
    tables: Tables
    found: dict[str, Statement] = field(factory=dict)

    @classmethod
    def make(cls, flavour: Flavour, tables: Tables) -> Statements:
        """Compile them all."""
        self = cls(flavour, tables)
        made = {**_loads(flavour, tables), **_reads(flavour, tables), **_finds(flavour, tables)}
        made.update({**_writes(flavour, tables), **_changes(flavour, tables), **_outbox(flavour, tables)})
        made.update(_dumps(flavour, tables))
        made.update(audits(flavour, tables))
        for name, statement in made.items():
            compiled = statement.compile(dialect=flavour.dialect)
            fixed = {name: value for name, value in compiled.params.items() if value is not None}
            self.found[name] = Statement(name, str(compiled), fixed, tuple(compiled.positiontup or ()))
        return self

    def __getitem__(self, name: str) -> Statement:
        return self.found[name]


Made = dict[str, Any]


def _matches(table: sa.Table, new: sa.FromClause, columns: Columns) -> sa.ColumnElement[bool]:
    return sa.and_(*(table.c[name] == new.c[name] for name in columns))


def _listed(flavour: Flavour, table: sa.Table, keys: Columns, *shown: Any) -> sa.Select[Any]:
    """The rows of a table with the keys that are given."""
    new = flavour.incoming(keys)
    return sa.select(*shown).select_from(table.join(new, _matches(table, new, keys)))


def _notice_columns(flavour: Flavour, tables: Tables) -> list[Any]:
    c = tables.notice.c
    text = flavour.shown(c.body)
    return [
        c.key, c.place, text, c.due, c.lane, c.person, c.state, c.token, c.until, c.note, c.sha256
    ]  # fmt: skip


# -- what a batch touches, locked


def _loads(flavour: Flavour, tables: Tables) -> Made:
    """In the order of their keys, so that two batches wait for each other in one direction."""
    entry, record, listing, quota = tables.entry, tables.record, tables.listing, tables.quota
    c = entry.c
    entries = _listed(flavour, entry, ID, c.conference, c.id, c.seq, c.digest, c.body.is_(None), c.sealed)
    r = record.c
    records = _listed(
        flavour, record, RECORD, r.conference, r.kind, r.id, r.version, r.seq, flavour.shown(r.holds)
    ).order_by(r.conference, r.kind, r.id)
    o = listing.c
    owners = _listed(flavour, listing, OWNED, o.conference, o.name, o.key, o.kind, o.id).where(o.owned)
    q = quota.c
    quotas = _listed(flavour, quota, ID, q.conference, q.id, q.taken, q.capacity)
    return {
        "load_entries": entries.order_by(c.conference, c.id).with_for_update(of=entry),
        "load_records": records.with_for_update(of=record),
        "load_checked": records.with_for_update(of=record, read=True),
        "load_owners": owners,
        "load_quotas": quotas.order_by(q.conference, q.id).with_for_update(of=quota),
        "load_seals": _load_seals(flavour, tables),
        "load_notices": _load_notices(flavour, tables),
        "load_heads": _load_heads(flavour, tables, LANE),
        "load_heads_of": _load_heads_of(flavour, tables),
        "numbers": flavour.numbering(tables),
    }


def _load_seals(flavour: Flavour, tables: Tables) -> sa.Select[Any]:
    c = tables.seal.c
    return _listed(flavour, tables.seal, {"conference": _TEXT, "number": _NUMBER}, c.conference, c.number)


def _load_notices(flavour: Flavour, tables: Tables) -> sa.Select[Any]:
    notice = tables.notice
    c = notice.c
    head = [c.conference, c.live, *_notice_columns(flavour, tables)]
    head[4] = c.body.is_(None)
    loaded = _listed(flavour, notice, NOTICE, *head).order_by(c.conference, c.lane, c.place)
    return loaded.with_for_update(of=notice)


def _load_heads(flavour: Flavour, tables: Tables, keys: Columns) -> sa.Select[Any]:
    """Whoever changes a lane holds its head: the lowest notice that is not final."""
    notice = tables.notice
    c = notice.c
    heads = _listed(flavour, notice, keys, c.conference, c.lane).where(c.live)
    return heads.order_by(c.conference, c.lane).with_for_update(of=notice)


def _load_heads_of(flavour: Flavour, tables: Tables) -> sa.Select[Any]:
    """The heads of the lanes in which these notices are."""
    notice, other = tables.notice, tables.notice.alias("other")
    new = flavour.incoming(NOTICE)
    lanes = sa.select(other.c.conference, other.c.lane).join(
        new, sa.and_(*(other.c[name] == new.c[name] for name in NOTICE))
    )
    chosen = lanes.distinct().subquery("lanes")
    same = sa.and_(notice.c.conference == chosen.c.conference, notice.c.lane == chosen.c.lane)
    heads = sa.select(notice.c.conference, notice.c.lane).join(chosen, same).where(notice.c.live)
    return heads.order_by(notice.c.conference, notice.c.lane).with_for_update(of=notice)


# -- reading


def _reads(flavour: Flavour, tables: Tables) -> Made:
    r, c, q = tables.record.c, tables.entry.c, tables.quota.c
    body = flavour.shown(c.body)
    return {
        "conferences": sa.select(tables.conference.c.id).order_by(tables.conference.c.id),
        "records": _listed(flavour, tables.record, RECORD, r.id, r.version, flavour.shown(r.body), r.seq),
        "entries": _listed(
            flavour, tables.entry, ID, c.id, c.seq, c.digest, body, c.person, c.subject, c.sealed
        ),
        "notices": _listed(flavour, tables.notice, NOTICE, *_notice_columns(flavour, tables)),
        "quotas": _listed(flavour, tables.quota, ID, q.id, q.taken, q.capacity),
    }


def _finds(flavour: Flavour, tables: Tables) -> Made:
    limit = sa.bindparam("limit", type_=sa.Integer())
    made: Made = {}
    listing, record = tables.listing, tables.record
    c, r = listing.c, record.c
    same = sa.and_(*(c[name] == r[name] for name in RECORD))
    place = (c.is_text, c.number, c.text, c.id)
    shown = sa.select(c.is_text, c.number, c.text, r.id, r.version, flavour.shown(r.body), r.seq)
    found = shown.join_from(listing, record, same).where(
        c.conference == _given("conference"), c.walk == sa.bindparam("walk", type_=WALK)
    )
    made["find"] = found.order_by(*place).limit(limit)
    after = sa.tuple_(
        sa.bindparam("is_text", type_=sa.SmallInteger()),
        sa.bindparam("number", type_=_NUMBER),
        _given("text"),
        _given("id"),
    )
    made["find_after"] = found.where(sa.tuple_(*place) > after).order_by(*place).limit(limit)
    for kind, index, condition in _walks(tables):
        table = tables.notice if kind == "notice" else tables.entry
        order = table.c.place if kind == "notice" else table.c.seq
        made[f"find_{kind}_{index}"] = (
            sa.select(*(_notice_columns if kind == "notice" else _entry_columns)(flavour, tables))
            .where(table.c.conference == _given("conference"), condition)
            .where(order > sa.bindparam("start", type_=_NUMBER))
            .order_by(order)
            .limit(limit)
        )
    return made


def _given(name: str) -> sa.BindParameter[str]:
    return sa.bindparam(name, type_=_TEXT)


def _entry_columns(flavour: Flavour, tables: Tables) -> list[Any]:
    c = tables.entry.c
    return [c.id, c.seq, c.digest, flavour.shown(c.body), c.person, c.subject, c.sealed]


def _walks(tables: Tables) -> list[tuple[str, str, sa.ColumnElement[bool]]]:
    """The indexes of the reserved kinds. The conditions of partial indexes stand in them word for word."""
    notice, entry, key = tables.notice.c, tables.entry.c, _given("key")
    empty: sa.ColumnElement[str] = sa.literal_column("''")
    return [
        ("notice", "state", notice.state == key),
        ("notice", "person", sa.and_(notice.person == key, notice.person != empty)),
        ("entry", "all", sa.true()),
        ("entry", "unsealed", entry.sealed == sa.literal_column("0")),
        ("entry", "person", sa.and_(entry.person == key, entry.person != empty)),
        ("entry", "subject", sa.and_(entry.subject == key, entry.subject != empty)),
    ]


# -- writing


def _inserted(flavour: Flavour, table: sa.Table) -> sa.Insert:
    """New rows. Columns of JSON come as text."""
    columns = {each.name: each.type for each in table.c}
    bodies = {name for name in ("body", "holds") if name in columns}
    new = flavour.incoming(
        {name: _TEXT if name in bodies else type_ for name, type_ in _plain(columns).items()}
    )
    values = [flavour.kept(new.c[name]) if name in bodies else new.c[name] for name in columns]
    return sa.insert(table).from_select(list(columns), sa.select(*values))


def _plain(columns: Columns) -> Columns:
    """Types without a collation, which the rows of a parameter do not have."""
    return {name: _TEXT if isinstance(type_, sa.Text) else type_ for name, type_ in columns.items()}


def _writes(flavour: Flavour, tables: Tables) -> Made:
    made: Made = {
        f"insert_{table.name}": _inserted(flavour, table)
        for table in (tables.entry, tables.seal, tables.record, tables.listing, tables.quota, tables.notice)
    }
    table, new = tables.conference, flavour.incoming({"id": _TEXT})
    known = sa.exists().where(table.c.id == new.c.id)
    made["insert_conference"] = sa.insert(table).from_select(["id"], sa.select(new.c.id).where(~known))
    return made


def _changes(flavour: Flavour, tables: Tables) -> Made:
    record = tables.record
    free: sa.ColumnElement[int] = sa.literal_column("0")
    return {
        "keep_absent": _keep_absent(flavour, tables),
        "release_absent": _deleted(flavour, record, RECORD).where(record.c.seq == free),
        "delete_records": _deleted(flavour, tables.record, RECORD),
        "delete_listings": _deleted(
            flavour, tables.listing, _plain({each.name: each.type for each in tables.listing.primary_key})
        ),
        "update_entries": _update_entries(flavour, tables),
        "update_records": _update_records(flavour, tables),
        "lift_quotas": _lift_quotas(flavour, tables),
        "move_quotas": _move_quotas(flavour, tables),
    }


def _deleted(flavour: Flavour, table: sa.Table, keys: Columns) -> sa.Delete:
    new = flavour.incoming(keys)
    named = sa.tuple_(*(table.c[name] for name in keys))
    return sa.delete(table).where(named.in_(sa.select(*(new.c[name] for name in keys))))


def _keep_absent(flavour: Flavour, tables: Tables) -> sa.Insert:
    """Records that must not be there: a row without a number keeps others from making them until the commit."""
    record, new = tables.record, flavour.incoming(RECORD)
    there = sa.exists().where(_matches(record, new, RECORD))
    free = [sa.literal_column("1"), sa.literal_column("0"), flavour.kept(sa.literal_column("'{}'"))]
    values = sa.select(*(new.c[name] for name in RECORD), *free).where(~there)
    return sa.insert(record).from_select([*RECORD, "version", "seq", "body"], values)


def _update_entries(flavour: Flavour, tables: Tables) -> sa.Update:
    entry = tables.entry
    new = flavour.incoming({**ID, "sealed": _NUMBER, "redacted": _FLAG})
    empty: sa.ColumnElement[str] = sa.literal_column("''")
    return (
        sa.update(entry)
        .where(_matches(entry, new, ID))
        .values(
            sealed=new.c.sealed,
            body=sa.case((new.c.redacted, sa.null()), else_=entry.c.body),
            person=sa.case((new.c.redacted, empty), else_=entry.c.person),
            subject=sa.case((new.c.redacted, empty), else_=entry.c.subject),
        )
    )


def _update_records(flavour: Flavour, tables: Tables) -> sa.Update:
    record = tables.record
    new = flavour.incoming({**RECORD, "version": _NUMBER, "seq": _NUMBER, "body": _TEXT, "holds": _TEXT})
    return (
        sa.update(record)
        .where(_matches(record, new, RECORD))
        .values(
            version=new.c.version,
            seq=new.c.seq,
            body=flavour.kept(new.c.body),
            holds=flavour.kept(new.c.holds),
        )
    )


def _lift_quotas(flavour: Flavour, tables: Tables) -> sa.Update:
    """Also above the capacity: an organiser said so, or a limit was lowered."""
    quota = tables.quota
    new = flavour.incoming({**ID, "taken": _NUMBER, "capacity": _NUMBER, "ceiling": _NUMBER})
    return (
        sa.update(quota)
        .where(_matches(quota, new, ID))
        .values(taken=new.c.taken, capacity=new.c.capacity, ceiling=new.c.ceiling)
    )


def _move_quotas(flavour: Flavour, tables: Tables) -> sa.Update:
    """Never above what was taken before or the capacity: the CHECK sees to it."""
    quota = tables.quota
    new = flavour.incoming({**ID, "moved": _NUMBER})
    given_back = sa.case((new.c.moved < sa.literal_column("0"), new.c.moved), else_=sa.literal_column("0"))
    allowed = quota.c.taken + given_back
    ceiling = sa.case((quota.c.capacity < allowed, allowed), else_=quota.c.capacity)
    return (
        sa.update(quota)
        .where(_matches(quota, new, ID))
        .values(taken=quota.c.taken + new.c.moved, ceiling=ceiling)
    )


# -- the outbox


def _outbox(flavour: Flavour, tables: Tables) -> Made:
    notice = tables.notice
    c = notice.c
    due = (
        sa.select(c.conference, c.ready, *_notice_columns(flavour, tables))
        .where(c.ready.is_not(None), c.ready <= sa.bindparam("now", type_=_NUMBER))
        .order_by(c.ready, c.conference, c.place)
        .limit(sa.bindparam("limit", type_=sa.Integer()))
    ).with_for_update(of=notice, skip_locked=True)
    new = flavour.incoming(NOTICE)
    until = sa.bindparam("until", type_=_NUMBER)
    lent = sa.update(notice).where(_matches(notice, new, NOTICE))
    return {
        "due": due,
        "due_here": due.where(c.conference == _given("conference")),
        "lend": lent.values(token=c.token + sa.literal_column("1"), until=until, ready=until),
        "save_notices": _save_notices(flavour, tables),
        "move_up": _move_up(flavour, tables),
    }


def _save_notices(flavour: Flavour, tables: Tables) -> sa.Update:
    """A notice that was there. `final`: it leaves its lane; else it keeps its turn."""
    notice = tables.notice
    c = notice.c
    columns: Columns = {
        **NOTICE, "state": _TEXT, "token": _NUMBER, "due": _NUMBER, "until": _NUMBER, "note": _TEXT,
        "sha256": _TEXT, "final": _FLAG, "redacted": _FLAG,
    }  # fmt: skip
    new = flavour.incoming(columns)
    no = sa.false()
    return (
        sa.update(notice)
        .where(_matches(notice, new, NOTICE))
        .values(
            state=new.c.state,
            token=new.c.token,
            due=new.c.due,
            until=new.c.until,
            note=new.c.note,
            sha256=new.c.sha256,
            live=sa.case((new.c.final, no), else_=c.live),
            waiting=sa.case((new.c.final, no), else_=c.waiting),
            ready=sa.case(
                (
                    sa.and_(c.live, new.c.state == sa.literal_column("'queued'")),
                    sa.func.coalesce(new.c.until, new.c.due),
                )
            ),
            body=sa.case((new.c.redacted, sa.null()), else_=c.body),
            person=sa.case((new.c.redacted, sa.literal_column("''")), else_=c.person),
        )
    )


def _move_up(flavour: Flavour, tables: Tables) -> sa.Update:
    """In these lanes, whose head is final, the lowest that waits becomes the head."""
    notice, other = tables.notice, tables.notice.alias("other")
    c = notice.c
    new = flavour.incoming(LANE)
    same = sa.and_(*(other.c[name] == new.c[name] for name in LANE), other.c.waiting)
    lowest = sa.select(sa.func.min(other.c.place)).where(same).correlate(new).scalar_subquery()
    heads = sa.select(new.c.conference, new.c.lane, lowest.label("place")).subquery("heads")
    queued = c.state == sa.literal_column("'queued'")
    return (
        sa.update(notice)
        .where(c.waiting, *(c[name] == heads.c[name] for name in ("conference", "lane", "place")))
        .values(live=sa.true(), waiting=sa.false(), ready=sa.case((queued, sa.func.coalesce(c.until, c.due))))
    )


# -- dumps


def _dumps(flavour: Flavour, tables: Tables) -> Made:
    record, notice = tables.record, tables.notice
    keys = (tables.seal.c.number, tables.quota.c.id)
    quota = (keys[1], tables.quota.c.taken, tables.quota.c.capacity)
    shown = (flavour.shown(record.c.body), flavour.shown(record.c.holds))
    listed: dict[str, tuple[sa.Table, tuple[Any, ...], tuple[Any, ...]]] = {
        "entry": (tables.entry, (*_entry_columns(flavour, tables),), (tables.entry.c.seq,)),
        "seal": (tables.seal, keys[:1], keys[:1]),
        "quota": (tables.quota, quota, keys[1:]),
        "record": (
            record,
            (record.c.kind, record.c.id, record.c.version, record.c.seq, *shown),
            (record.c.kind, record.c.id),
        ),
        "notice": (notice, (*_notice_columns(flavour, tables),), (notice.c.place,)),
    }
    made: Made = {
        f"dump_{name}": sa.select(*columns).where(table.c.conference == _given("conference")).order_by(*order)
        for name, (table, columns, order) in listed.items()
    }
    owned = _deleted(flavour, tables.listing, OWNED).where(tables.listing.c.owned)
    return {
        **made,
        "delete_entries": _deleted(flavour, tables.entry, ID),
        "delete_seals": _deleted(flavour, tables.seal, {"conference": _TEXT, "number": _NUMBER}),
        "delete_quotas": _deleted(flavour, tables.quota, ID),
        "delete_notices": _deleted(flavour, tables.notice, NOTICE),
        "delete_owned": owned,
        "reset_lanes": _reset_lanes(flavour, tables),
        "raise_numbers": flavour.raising(tables),
    }


def _reset_lanes(flavour: Flavour, tables: Tables) -> sa.Update:
    """Lanes without a head, in which all that is not final waits."""
    notice, new = tables.notice, flavour.incoming(LANE)
    states: list[sa.ColumnElement[str]] = [sa.literal_column("'queued'"), sa.literal_column("'held'")]
    return (
        sa.update(notice)
        .where(_matches(notice, new, LANE))
        .values(live=sa.false(), waiting=notice.c.state.in_(states), ready=sa.null())
    )
