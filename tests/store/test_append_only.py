"""What the database itself refuses: to change a book, and to hold what cannot be."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from empower.core.errors import StoreError
from empower.store import Store

ENTRY = "('cafe', 0, 'open', '2026-11-20T23:00:00.000000Z', NULL, x'7b7d', x'00')"
OTHER = "('cafe', 0, 'open', '2026-11-20T23:00:00.000000Z', NULL, x'7b207d', x'01')"
COMP = {
    "location": "cafe",
    "id": "c",
    "status": "approved",
    "employee": "ana",
    "remedy": "discount",
    "reason": "wrong_order",
    "currency": "USD",
    "asked_minor": 1000,
    "granted_minor": 1000,
    "held_minor": 1000,
    "captured_minor": 0,
    "reversed_minor": 0,
    "forced": 0,
    "policy_id": "cafe",
    "business_day": "2026-11-20",
    "created_at": "",
    "updated_at": "",
    "seq": 0,
    "last_seq": 0,
}
TAMPERING = {
    "update": "UPDATE entry SET leaf = x'5b5d'",
    "update of a column beside": "UPDATE entry SET comp = 'c'",
    "update of nothing": "UPDATE entry SET seq = seq",
    "delete": "DELETE FROM entry",
    "replace": f"INSERT OR REPLACE INTO entry VALUES {OTHER}",
    "replace, as SQLite also spells it": f"REPLACE INTO entry VALUES {OTHER}",
    "upsert": f"INSERT INTO entry VALUES {OTHER} ON CONFLICT DO UPDATE SET leaf = excluded.leaf",
    "update or replace": "UPDATE OR REPLACE entry SET seq = 0 WHERE seq = 1",
}


@pytest.fixture
def other(store: Store, file: Path) -> Iterator[sqlite3.Connection]:
    """Somebody else's connection, as any tool opens one; two entries are there."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute(f"INSERT INTO entry VALUES {ENTRY}")
    connection.execute(f"INSERT INTO entry VALUES {ENTRY.replace('0', '1', 1)}")
    yield connection
    connection.close()


@pytest.mark.parametrize("statement", TAMPERING.values(), ids=TAMPERING)
def test_a_book_is_append_only_for_any_connection(other: sqlite3.Connection, statement: str) -> None:
    before = other.execute("SELECT * FROM entry").fetchall()
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        other.execute(statement)
    assert other.execute("SELECT * FROM entry").fetchall() == before


@pytest.mark.parametrize("statement", TAMPERING.values(), ids=TAMPERING)
def test_a_book_is_append_only_for_the_store_itself(store: Store, other: sqlite3.Connection, statement: str) -> None:
    before = other.execute("SELECT * FROM entry").fetchall()
    with pytest.raises(StoreError, match="append-only"):
        store.write(lambda unit: unit.write(statement, {}))
    assert other.execute("SELECT * FROM entry").fetchall() == before


def test_two_entries_have_no_one_place(other: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        other.execute(f"INSERT INTO entry VALUES {OTHER}")
    with pytest.raises(sqlite3.IntegrityError):
        other.execute(f"INSERT OR IGNORE INTO entry VALUES {OTHER}")
    assert other.execute("SELECT leaf FROM entry WHERE seq = 0").fetchall() == [(b"{}",)]


@pytest.mark.parametrize(
    "change",
    [
        {"held_minor": -1},
        {"captured_minor": -1},
        {"reversed_minor": -1},
        {"held_minor": 1001},
        {"held_minor": 600, "captured_minor": 401},
        {"held_minor": 0, "captured_minor": 500, "reversed_minor": 501},
        {"held_minor": None},
        {"location": None},
    ],
)
def test_a_comp_that_cannot_be_is_refused(other: sqlite3.Connection, change: dict) -> None:
    def put(row: dict) -> None:
        marks = ", ".join(f":{name}" for name in row)
        other.execute(f"INSERT INTO comp ({', '.join(row)}) VALUES ({marks})", row)

    put(COMP)
    with pytest.raises(sqlite3.IntegrityError):
        put(COMP | {"id": "d"} | change)


@pytest.mark.parametrize("column", ["held_minor", "spent_minor", "held_count", "spent_count"])
def test_a_counter_never_falls_below_zero(other: sqlite3.Connection, column: str) -> None:
    other.execute("INSERT INTO counter VALUES ('cafe', 'employee/day', 'ana', '2026-11-20', 1, 1, 1, 1)")
    with pytest.raises(sqlite3.IntegrityError):
        other.execute(f"UPDATE counter SET {column} = {column} - 2")
    assert other.execute("SELECT * FROM counter").fetchall()[0][4:] == (1, 1, 1, 1)
