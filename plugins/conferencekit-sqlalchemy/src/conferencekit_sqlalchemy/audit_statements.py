"""The statements by which a store is audited: those of any engine."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from .flavour import Flavour
from .tables import Tables

STRAYS: Final = ("entry", "seal", "record", "listing", "quota", "notice")


def audits(flavour: Flavour, tables: Tables) -> dict[str, Any]:
    """The statements."""
    listing, record, quota, notice = tables.listing.c, tables.record.c, tables.quota.c, tables.notice.c
    conference: sa.BindParameter[str] = sa.bindparam("conference", type_=sa.Text())
    same = sa.and_(*(listing[name] == record[name] for name in ("conference", "kind", "id")))
    listed = sa.select(
        *(
            listing[name]
            for name in ("owned", "kind", "name", "key", "id", "walk", "is_text", "number", "text")
        ),
        record.version,
        flavour.shown(record.holds),
    ).join_from(tables.listing, tables.record, same, isouter=True)
    flags = [notice[name] for name in ("key", "lane", "state", "due", "until", "live", "waiting", "ready")]
    made: dict[str, Any] = {
        "audit_listing": listed.where(listing.conference == conference),
        "audit_quota": sa.select(quota.id, quota.taken, quota.capacity, quota.ceiling).where(
            quota.conference == conference
        ),
        "audit_notice": sa.select(*flags)
        .where(notice.conference == conference)
        .order_by(notice.lane, notice.place),
        "audit_numbers": flavour.drawn(tables),
    }
    for name in STRAYS:
        table = tables.metadata.tables[f"{tables.metadata.schema}.{name}" if tables.metadata.schema else name]
        known = sa.exists().where(tables.conference.c.id == table.c.conference)
        made[f"audit_stray_{name}"] = sa.select(table.c.conference).where(~known).distinct()
    return made
