"""What somebody writes by hand with psycopg: the rows of `samples.change_set`, the counter locked first.

SELECT ... FOR UPDATE on the quota, INSERTs, UPDATE, COMMIT. `prove` shows that the rows are the same.
"""

from __future__ import annotations

import json
from typing import Any, Final

import psycopg
from samples import (
    CONFERENCE,
    PLACES,
    STAMP,
    WAITING,
    body,
    change_set,
    check,
    entry_body,
    lay_out,
    notice_body,
    open_store,
)

from conferencekit.testing.postgresql import PostgreSQLServer
from conferencekit_sqlalchemy.rows import walk_of

TABLES: Final = ("conference", "entry", "record", "listing", "quota", "notice")
_ROW: Final = ", ".join(["%s"] * 10)


class HandWritten:
    """One connection, in the schema of a store's URL."""

    def __init__(self, url: str) -> None:
        plain, _, schema = url.replace("+psycopg", "").partition("?schema=")
        self._db = psycopg.connect(plain, options=f"-c search_path={schema}")

    def write(self, number: int) -> None:
        """One registration."""
        id_ = f"{number:09}"
        with self._db.transaction(), self._db.cursor() as cursor:
            lock = "SELECT taken, capacity FROM quota WHERE conference = %s AND id = %s FOR UPDATE"
            places = cursor.execute(lock, (CONFERENCE, PLACES)).fetchone()
            assert places is not None
            assert places[0] < places[1]
            read = "SELECT taken FROM quota WHERE conference = %s AND id = %s"
            assert cursor.execute(read, (CONFERENCE, WAITING)).fetchone() == (0,)
            (seq,) = cursor.execute("SELECT nextval('numbers')").fetchone() or (0,)
            cursor.execute(
                "INSERT INTO entry VALUES (%s, %s, %s, %s, %s, %s, %s, 0)", _entry(id_, number, seq)
            )
            cursor.execute("INSERT INTO record VALUES (%s, %s, %s, 1, %s, %s, %s)", _record(id_, number, seq))
            for row in _listing(id_, seq):
                cursor.execute(f"INSERT INTO listing VALUES ({_ROW})", row)
            cursor.execute(
                "INSERT INTO notice VALUES (%s, %s, %s, %s, %s, %s, %s, 'queued', 0, NULL, '', '', true, false, %s)",
                _notice(id_, number, seq),
            )
            take = "UPDATE quota SET taken = taken + 1 WHERE conference = %s AND id = %s"
            cursor.execute(take, (CONFERENCE, PLACES))

    def close(self) -> None:
        self._db.close()


def _entry(id_: str, number: int, seq: int) -> tuple[Any, ...]:
    text = json.dumps(entry_body(number))
    return (CONFERENCE, f"e-{id_}", seq, f"{number:064x}", text, f"p-{id_}", f"r-{id_}")


def _record(id_: str, number: int, seq: int) -> tuple[Any, ...]:
    holds = {
        "indexes": {"state": ["confirmed", seq], "country": ["MR", "ould cheikh"]},
        "uniques": {"address": f"p{id_}@example.org"},
        "takes": {PLACES: 1},
    }
    return (CONFERENCE, "registration", f"r-{id_}", seq, json.dumps(body(number)), json.dumps(holds))


def _listing(id_: str, seq: int) -> list[tuple[Any, ...]]:
    rows = (
        ("state", "confirmed", 0, seq, "", False),
        ("country", "MR", 1, 0, "ould cheikh", False),
        ("address", f"p{id_}@example.org", 1, 0, "", True),
    )
    kind = "registration"
    return [
        (CONFERENCE, walk_of(kind, name, key), is_text, order, text, f"r-{id_}", kind, name, key, owned)
        for name, key, is_text, order, text, owned in rows
    ]


def _notice(id_: str, number: int, seq: int) -> tuple[Any, ...]:
    head = (CONFERENCE, f"n-{id_}", seq << 10 | 2, json.dumps(notice_body(number)), STAMP)
    return (*head, f"r-{id_}", f"p-{id_}", STAMP)


def prove(server: PostgreSQLServer) -> None:
    """Both sides write the same people into schemas of their own, which must then hold the same rows."""
    urls = [server.url_for(f"proof {side}") for side in ("ours", "raw")]
    for url in urls:
        lay_out(url)
    store, hand = open_store(urls[0]), HandWritten(urls[1])
    for number in (7, 1, 5):
        check(store.commit([change_set(number)]))
        hand.write(number)
    store.close()
    hand.close()
    plain = urls[0].replace("+psycopg", "").partition("?")[0]
    one, other = (url.partition("?schema=")[2] for url in urls)
    with psycopg.connect(plain) as db:
        for table in TABLES:
            rows = [_rows(db, schema, table) for schema in (one, other)]
            if rows[0] != rows[1]:
                raise AssertionError(f"Raw did not write the same rows to {table}:\n{rows[0]}\n{rows[1]}")


def _rows(db: psycopg.Connection[Any], schema: str, table: str) -> list[Any]:
    """All rows in order. Numbers of commits have gaps: what counts is their order."""
    seqs = [seq for (seq,) in db.execute(f'SELECT seq FROM "{schema}".entry ORDER BY seq')]
    rank = {seq: at for at, seq in enumerate(seqs)}
    rows = [row for (row,) in db.execute(f'SELECT to_jsonb(t) FROM "{schema}".{table} t')]
    for row in rows:
        if "seq" in row:
            row["seq"] = rank[row["seq"]]
        if "place" in row:
            row["place"] = (rank[row["place"] >> 10], row["place"] & 1023)
        if row.get("name") == "state":
            row["number"] = rank[row["number"]]
        if row.get("holds"):
            row["holds"]["indexes"]["state"][1] = rank[row["holds"]["indexes"]["state"][1]]
    return sorted(rows, key=json.dumps)
