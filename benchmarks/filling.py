"""A store with a million people in it, within a minute: the rows of `samples.change_set`, made by the database itself.

The rows that are written by hand for one number are turned into an INSERT ... SELECT for many: wherever the number
stands in a value, decimal or hexadecimal, the statement has the number of its row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from attrs import frozen

NUMBER: Final = 987_654_321
SEQ: Final = 876_543_210_123
FIRST: Final = 100_000_000
"""The lowest number: all have nine digits, so that a number looks the same everywhere."""

STEP: Final = 800
"""From one number to the next. What is registered later gets numbers between them: its rows go everywhere."""

OP_BITS: Final = 10

Rows = Mapping[str, Sequence[Sequence[Any]]]


@frozen
class Dialect:
    """What is written differently: a number in hexadecimal with eight digits, and a parameter's rows `n`, `s`."""

    hexadecimal: str
    people: str


SQLITE: Final = Dialect(
    "printf('%08x', n)",
    "WITH RECURSIVE c(k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM c WHERE k + 1 < {count}),"
    f" people(n, s) AS (SELECT {FIRST} + k * {STEP}, k + 2 FROM c)",
)
POSTGRESQL: Final = Dialect(
    "lpad(to_hex(n), 8, '0')",
    f"WITH people(n, s) AS (SELECT {FIRST} + k * {STEP}, k + 2 FROM generate_series(0, {{count}} - 1) AS c(k))",
)


def statements(rows: Rows, dialect: Dialect, count: int) -> list[str]:
    """One INSERT for each row of the template, for so many people."""
    found = []
    for table, templates in rows.items():
        for row in templates:
            values = ", ".join(_expression(value, dialect) for value in row)
            people = dialect.people.format(count=count)
            found.append(f"INSERT INTO {table} {people} SELECT {values} FROM people")
    return found


def _expression(value: object, dialect: Dialect) -> str:
    if value is None or isinstance(value, bool):
        return {None: "NULL", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return {NUMBER: "n", SEQ: "s", SEQ << OP_BITS | 2: f"(s * {1 << OP_BITS} + 2)"}.get(value, str(value))
    text = "'" + str(value).replace("'", "''") + "'"
    text = text.replace(f"{NUMBER:08x}", f"' || {dialect.hexadecimal} || '")
    for marker, name in ((str(NUMBER), "n"), (str(SEQ), "s")):
        text = text.replace(marker, f"' || {name} || '")
    return text if text.endswith("'") else text + "'"


def between(count: int, amount: int, draw: Callable[[int], int]) -> list[int]:
    """So many numbers that are free, anywhere between those that are there. `draw(n)` chooses below n."""
    chosen: dict[int, None] = {}
    while len(chosen) < amount:
        gap, offset = draw(count), 1 + draw(STEP - 1)
        chosen[FIRST + gap * STEP + offset] = None
    return list(chosen)
