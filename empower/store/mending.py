"""Projections replaced: what a rebuild writes. Each call drops what stands and writes what should."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Boolean, Table, bindparam, delete

from empower.store.approvers import APPROVAL, DELEGATION
from empower.store.queries import API_KEY, COMP, COUNTER, EMPLOYEE, LOCATION, MEASURE, STAFF
from empower.store.unit import Unit

Row = tuple[Any, ...]


@contextmanager
def undone(unit: Unit, *, always: bool = False) -> Iterator[None]:
    """Undo at the end what was written within, if it failed; or `always`: what is here is written at once."""
    unit.cursor.execute("SAVEPOINT mending")
    kept = False
    try:
        yield
        kept = not always
    finally:
        if not kept:
            unit.cursor.execute("ROLLBACK TO SAVEPOINT mending")
        unit.cursor.execute("RELEASE SAVEPOINT mending")


def replace_comps(unit: Unit, location: str, chunks: Iterable[list[Row]]) -> None:
    """All comps of a location; rows in the order of the table's columns."""
    drop(unit, COMP, location)
    for rows in chunks:
        _add(unit, COMP, rows)


def replace_counters(unit: Unit, place: str, chunks: Iterable[list[Row]]) -> None:
    """All counters of a place; rows without it."""
    drop(unit, COUNTER, place)
    for rows in chunks:
        _add(unit, COUNTER, [(place, *row) for row in rows])


def replace_measures(unit: Unit, place: str, names: Iterable[str]) -> None:
    """All that is counted at a place."""
    drop(unit, MEASURE, place)
    _add(unit, MEASURE, [(place, name) for name in names])


def replace_staff(unit: Unit, location: str, rows: Iterable[Row]) -> None:
    """The roster of a location: employee, role, position, since, until. Who is not known gets their id as name."""
    roster = list(rows)
    people = [(employee, employee, None) for employee in {row[0] for row in roster}]
    sql = unit.queries.add_if_absent(EMPLOYEE)
    unit.cursor.executemany(sql, [_named(EMPLOYEE, row) for row in people])
    drop(unit, STAFF, location)
    _add(unit, STAFF, [(location, *row) for row in roster])


def replace_approvals(unit: Unit, location: str, chunks: Iterable[list[Row]]) -> None:
    """Who said yes at a location; rows without it."""
    drop(unit, APPROVAL, location)
    for rows in chunks:
        _add(unit, APPROVAL, [(location, *row) for row in rows])


def replace_delegations(unit: Unit, location: str, rows: Iterable[Row]) -> None:
    """Who stands in for whom at a location; rows without it."""
    drop(unit, DELEGATION, location)
    _add(unit, DELEGATION, [(location, *row) for row in rows])


def replace_head(unit: Unit, row: Row) -> None:
    """The row of `location`."""
    sql = unit.queries.upsert(LOCATION, "id")
    unit.cursor.execute(sql, _named(LOCATION, row))


def replace_key(unit: Unit, row: Row) -> None:
    """The row of an API key."""
    unit.cursor.execute(unit.queries.upsert(API_KEY, "id"), _named(API_KEY, row))


def drop(unit: Unit, table: Table, location: str) -> None:
    """All rows of a table at a place."""
    query = delete(table).where(table.c.location == bindparam("location"))
    unit.cursor.execute(unit.queries.cached(f"drop {table.name}", query), {"location": location})


def _add(unit: Unit, table: Table, rows: list[Row]) -> None:
    if rows:
        unit.cursor.executemany(unit.queries.add(table), [_named(table, row) for row in rows])


def _named(table: Table, row: Row) -> dict[str, Any]:
    """By column; SQLite has no truth values, and PostgreSQL takes nothing else for one."""
    return {
        column.name: bool(value) if value in (0, 1) and isinstance(column.type, Boolean) else value
        for column, value in zip(table.columns, row, strict=True)
    }
