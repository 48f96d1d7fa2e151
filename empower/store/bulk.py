"""One statement for many rows: on PostgreSQL all of them travel as one JSON text, elsewhere one after another.

A row that travels by itself costs the driver and the server more than the row is worth; in a process's own file it
costs nothing. Where the rows of a statement may lie on several servers, they go one by one too.
"""

from collections.abc import Collection
from typing import Any, NamedTuple

import orjson

Row = dict[str, Any]


class Bulk(NamedTuple):
    """A statement that takes any number of rows, by the names of their columns."""

    each: str
    """For one row."""
    whole: str | None = None
    """For all of them, as `rows`: a JSON array; None where they are sent one after another."""

    def run(self, cursor: Any, rows: Collection[Row]) -> None:
        """Write rows with the driver's cursor."""
        if not rows:
            return
        if self.whole is None:
            cursor.executemany(self.each, rows)
        else:
            cursor.execute(self.whole, {"rows": text_of(rows)})


def text_of(rows: Collection[Row]) -> str:
    """Rows as JSON; bytes in the hex form that PostgreSQL reads (its manual, 8.4.1)."""
    return orjson.dumps(list(rows), default=_hex).decode()


def _hex(value: object) -> str:
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    raise TypeError(f"`{type(value).__name__}` is no column's value")


def inserted(table: str, columns: Collection[str], *, conflict: str = "") -> str:
    """Inserts all rows into a table, in their order; `conflict` is what follows `ON CONFLICT`."""
    names = ", ".join(columns)
    end = f" ON CONFLICT {conflict}" if conflict else ""
    return f"INSERT INTO {table} ({names}) SELECT {names} FROM {_rows(table)}{end}"  # noqa: S608  no input


def updated(table: str, key: Collection[str], values: dict[str, str]) -> str:
    """Updates the row of each key: each column to an expression, in which `t` is what stands and `r` the row."""
    sets = ", ".join(f"{name} = {value}" for name, value in values.items())
    same = " AND ".join(f"t.{name} = r.{name}" for name in key)
    return f"UPDATE {table} AS t SET {sets} FROM {_rows(table)} AS r WHERE {same}"  # noqa: S608  no input


def _rows(table: str) -> str:
    return f"json_populate_recordset(NULL::{table}, %(rows)s::json)"
