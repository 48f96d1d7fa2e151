"""All rows of a store, moved into another: SQLite or PostgreSQL, in either direction.

Rows go in the order of their keys, some at a time, each lot in a transaction of its own; what says that a store is one
(`deployment`) goes last, so that a copy which was broken off is no store yet, and can be gone on with.
"""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Boolean, Table, bindparam, delete, func, literal_column, select, tuple_
from sqlmodel import SQLModel

from empower.core.errors import StoreError
from empower.store.database import Store
from empower.store.grants import tables
from empower.store.queries import (
    COMP,
    COUNTER,
    DEPLOYMENT,
    ENTRY,
    GUEST,
    IDEMPOTENCY,
    LOCATION,
    MEASURE,
    NOTE,
    table,
)
from empower.store.tables import CheckpointRow, VerifierRow, WideRow
from empower.store.unit import Unit

Row = tuple[Any, ...]
Tell = Callable[[int, int], None]
"""Told how many rows are there, of how many."""

LOT = 1000
SIGNED = (table(CheckpointRow), table(VerifierRow))
"""Like entries these are only ever added: what is there already is left."""
ALONG = (COMP, COUNTER, IDEMPOTENCY, NOTE, GUEST, MEASURE)
"""Large, and the same as long as the books are: a broken copy goes on after the last key."""


def moved() -> list[Table]:
    """All tables but those that a store keeps for itself, in the order in which they go."""
    first, last = [LOCATION, ENTRY], [DEPLOYMENT]
    every = [SQLModel.metadata.tables[name] for name in tables()]
    others = [one for one in every if one not in (*first, *last, table(WideRow))]
    return [*first, *others, *last]


def copy(source: Unit, target: Store, tell: Tell) -> dict[str, int]:
    """Move all that a unit reads into a store without contents, or with the beginning of the same; rows by table.

    Raises `StoreError` where the target holds something else, or in the end not the same.
    """
    with target.read() as there:
        if count(there, DEPLOYMENT):
            raise StoreError("there is a whole store already: name a place where there is none", code="store_exists")
        same = _rows(source, LOCATION) == _rows(there, LOCATION)
    total = {one.name: count(source, one) for one in moved()}
    done = 0
    for one in moved():
        for lot in _missing(source, target, one, same=same):
            target.write(lambda unit, one=one, lot=lot: _put(unit, one, lot), alone=True)  # type: ignore[misc]
            done += len(lot)
            tell(done, max(done, sum(total.values())))
    _compare(source, target)
    return total


def count(unit: Unit, one: Table) -> int:
    """How many rows a table has."""
    row = unit.row(unit.queries.cached(f"count {one.name}", select(func.count()).select_from(one)), {})
    return 0 if row is None else row[0]


def _missing(source: Unit, target: Store, one: Table, *, same: bool) -> Iterator[list[Row]]:
    """The rows of a table that the target lacks, in lots."""
    if one is ENTRY:
        yield from _missing_entries(source, target)
        return
    after: Row | None = None
    if one in ALONG and same:
        with target.read() as unit:
            after = _last(unit, one)
    elif one not in (LOCATION, *SIGNED):
        target.write(lambda unit: _clear(unit, one), alone=True)
    yield from lots(source, one, after)


def _missing_entries(source: Unit, target: Store) -> Iterator[list[Row]]:
    """Book by book from where the target's ends; raises `StoreError` where that is not the same book."""
    for location, *_ in _rows(source, LOCATION):
        with target.read() as unit:
            sql = unit.queries.cached(
                "last seq", select(func.max(ENTRY.c.seq)).where(ENTRY.c.location == bindparam("location"))
            )
            row = unit.row(sql, {"location": location})
            last = -1 if row is None or row[0] is None else row[0]
            if last >= 0 and _entry(unit, location, last) != _entry(source, location, last):
                message = f"there is the beginning of another store: its book of `{location}` is not this one's"
                raise StoreError(message, code="store_exists")
        for lot in lots(source, ENTRY, (location, last)):
            here = [found for found in lot if found[0] == location]
            if here:
                yield here
            if len(here) < len(lot):
                break


def _entry(unit: Unit, location: str, seq: int) -> bytes | None:
    found = unit.entry(location, seq)
    return None if found is None else found.hash


def lots(unit: Unit, one: Table, after: Row | None = None) -> Iterator[list[Row]]:
    """The rows of a table in the order of its key, some at a time, after that of a key."""
    keys = list(one.primary_key.columns)
    places = [list(one.columns).index(key) for key in keys]
    query = select(one).order_by(*keys).limit(literal_column(str(LOT))).offset(literal_column("0"))
    later = query.where(tuple_(*keys) > tuple_(*(bindparam(f"after_{key.name}", type_=key.type) for key in keys)))
    first_sql = unit.queries.cached(f"copy {one.name}", query)
    later_sql = unit.queries.cached(f"copy later {one.name}", later)
    while True:
        if after is None:
            found = unit.rows(first_sql, {})
        else:
            named = {f"after_{key.name}": value for key, value in zip(keys, after, strict=True)}
            found = unit.rows(later_sql, named)
        if not found:
            return
        yield found
        after = tuple(found[-1][place] for place in places)


def _rows(unit: Unit, one: Table) -> list[Row]:
    return [_plain(row) for lot in lots(unit, one) for row in lot]


def _last(unit: Unit, one: Table) -> Row | None:
    """The greatest key of a table."""
    keys = list(one.primary_key.columns)
    query = select(*keys).order_by(*(key.desc() for key in keys)).limit(literal_column("1")).offset(literal_column("0"))
    return unit.row(unit.queries.cached(f"copy last {one.name}", query), {})


def _clear(unit: Unit, one: Table) -> None:
    unit.cursor.execute(unit.queries.cached(f"copy clear {one.name}", delete(one)), {})


def _put(unit: Unit, one: Table, rows: list[Row]) -> None:
    """Write some rows; what stands there already of a book's head is replaced, of what was signed it is left."""
    sql = unit.queries.add(one)
    if one is LOCATION:
        sql = unit.queries.upsert(one, "id")
    elif one in SIGNED:
        sql = unit.queries.add_if_absent(one)
    truths = [isinstance(column.type, Boolean) for column in one.columns]
    names = [column.name for column in one.columns]
    unit.cursor.executemany(
        sql,
        [
            {
                name: bool(value) if truth and value is not None else value
                for name, truth, value in zip(names, truths, row, strict=True)
            }
            for row in rows
        ],
    )


# Both ends


def fingerprint(unit: Unit, one: Table) -> tuple[int, str]:
    """How many rows a table has, and a SHA-256 over all of them in the order of the key."""
    number, digest = 0, hashlib.sha256()
    for lot in lots(unit, one):
        for row in lot:
            number += 1
            digest.update(repr(_plain(row)).encode())
    return number, digest.hexdigest()


def _plain(row: Row) -> Row:
    """The same values in the same types, whichever driver read them."""
    return tuple(
        int(value) if isinstance(value, bool) else bytes(value) if isinstance(value, memoryview) else value
        for value in row
    )


def _compare(source: Unit, target: Store) -> None:
    with target.read() as there:
        other = [one.name for one in moved() if fingerprint(source, one) != fingerprint(there, one)]
    if other:
        raise StoreError(
            f"the copy is not the same in: {', '.join(other)}; copy once more while nobody else writes there",
            code="copy_differs",
        )
