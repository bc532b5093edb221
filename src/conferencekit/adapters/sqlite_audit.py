"""What is wrong in what a SQLite store derives by itself: index rows, owners, ceilings, who may be leased."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..ports import Discrepancy
from ..store import RecordRow
from ..store.derived import Lanes, no_time, wrong_ceiling, wrongly_listed, wrongly_owned, wrongly_ready
from .sqlite_driver import code_of, sqlite3
from .sqlite_rows import held_record

_TABLES: Final = ("entry", "seal", "record", "listing", "claim", "quota", "notice")
_WHOLE: Final = "pages and constraints that are whole"
_FAULTS: Final = 100
"""How many faults of pages are listed: they are seldom single."""


def faults(reader: sqlite3.Connection, conference: str) -> Iterator[Discrepancy]:
    """Whatever of a conference's derived rows does not follow from the others. The connection sees one moment."""
    mine = (conference,)
    yield from _number(reader, conference)
    for kind, id_, body, holds in reader.execute(_NO_JSON, mine):
        wrong = " and ".join(name for name, is_json in (("body", body), ("holds", holds)) if not is_json)
        yield Discrepancy(f"record {kind}/{id_}", f"no JSON as its {wrong}", "JSON")
    for table, id_ in reader.execute(_NO_JSON_ELSEWHERE, mine + mine):
        yield Discrepancy(f"{table} {id_}", "no JSON as its body", "JSON")
    for kind, name, key, order, id_, version, holds in reader.execute(_LISTED, mine):
        yield from wrongly_listed(kind, name, key, order, id_, _held(version, holds))
    for name, value, kind, id_, version, holds in reader.execute(_CLAIMED, mine):
        yield from wrongly_owned(name, value, kind, id_, _held(version, holds))
    for row in reader.execute("SELECT id, taken, capacity, ceiling FROM quota WHERE conference = ?", mine):
        yield from wrong_ceiling(*row)
    lanes = Lanes()
    for key, lane, state, due, until, ready in reader.execute(_NOTICES, mine):
        since = due if until is None else until
        yield from wrongly_ready(
            key, ready, since if lanes.is_head(lane, state) and state == "queued" else None
        )
        yield from no_time(key, due)
        yield from no_time(key, until)


def _held(version: int | None, holds: str | None) -> RecordRow | None:
    return None if version is None else held_record(version, 0, "", holds)


def _number(reader: sqlite3.Connection, conference: str) -> Iterator[Discrepancy]:
    """The number of the last commit: the next one must be higher than all that are there."""
    (found,) = reader.execute("SELECT max(seq) FROM conference WHERE id = ?", (conference,)).fetchone()
    (highest,) = reader.execute("SELECT max(seq) FROM entry WHERE conference = ?", (conference,)).fetchone()
    if highest is not None and (found is None or found < highest):
        yield Discrepancy(f"conference {conference}", f"{found} as its last commit", f"{highest} or more")


def store_faults(reader: sqlite3.Connection) -> Iterator[Discrepancy]:
    """Damaged pages, broken constraints, and rows of conferences that are not listed."""
    try:
        for (said,) in reader.execute(f"PRAGMA integrity_check({_FAULTS})"):
            if said != "ok":
                yield Discrepancy("file", " ".join(said.split()), _WHOLE)
    except sqlite3.DatabaseError as error:  # it gives up where it cannot go on
        if code_of(error) != sqlite3.SQLITE_CORRUPT:
            raise
        yield Discrepancy("file", str(error), _WHOLE)
        return
    for table in _TABLES:
        for (conference,) in reader.execute(_STRAY.format(table)):
            yield Discrepancy(f"conference {conference}", f"rows in {table}", "none, for it is not listed")


_NO_JSON: Final = """
    SELECT kind, id, json_valid(body), holds IS NULL OR json_valid(holds) FROM record
    WHERE conference = ? AND NOT (json_valid(body) AND (holds IS NULL OR json_valid(holds)))"""
_NO_JSON_ELSEWHERE: Final = """
    SELECT 'entry', id FROM entry WHERE conference = ? AND body IS NOT NULL AND NOT json_valid(body)
    UNION ALL
    SELECT 'notice', key FROM notice WHERE conference = ? AND body IS NOT NULL AND NOT json_valid(body)"""
_HOLDS: Final = "record.version, CASE WHEN json_valid(record.holds) THEN record.holds END"
_LISTED: Final = f"""
    SELECT kind, name, key, position, id, {_HOLDS} FROM listing LEFT JOIN record USING (conference, kind, id)
    WHERE conference = ?"""  # noqa: S608 - no outside text
_CLAIMED: Final = f"""
    SELECT name, value, kind, id, {_HOLDS} FROM claim LEFT JOIN record USING (conference, kind, id)
    WHERE conference = ?"""  # noqa: S608 - no outside text
_NOTICES: Final = """
    SELECT key, lane, state, due, until, ready FROM notice WHERE conference = ? ORDER BY lane, place"""
_STRAY: Final = "SELECT DISTINCT conference FROM {} WHERE conference NOT IN (SELECT id FROM conference)"
