"""What a verification keeps aside: the comps and counters that the entries come to, in a temporary database file.

So memory stays flat, however long a book is. Rows are those of the store, value by value, so that comparing them is
comparing tuples. A scratch may be kept as a file, to go on from at the next verification.
"""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

from empower.core.calendar import bucket_start
from empower.core.counter import Usage
from empower.core.errors import StoreError
from empower.core.measure import Measure
from empower.store.rows import COMP_COLUMNS

Row = tuple[Any, ...]

VERSION = 2
"""Of the form in which a verification is kept."""
MOST_AT_HAND = 20_000
"""Comps that are kept in memory before they are written aside."""
CHUNK = 1000
WIDTH = len(COMP_COLUMNS)
ID, LOCATION = COMP_COLUMNS.index("id"), COMP_COLUMNS.index("location")
USAGE = ("held", "spent", "held_count", "spent_count")

_COLUMNS = tuple("check_id" if name == "check" else name for name in COMP_COLUMNS)
_COUNTER = "place, measure, subject, start"
_APPROVAL = "location, comp, approver"
_SUBJECTS = {
    "employee": "authority",
    "role": "authority_role",
    "group": "policy_id",
    "check": "check_id",
}
"""Where the value of a scope stands in a comp's row, if not under its own name."""


class Scratch:
    """A database of its own that ends with it, unless it is kept under a path."""

    def __init__(self, path: Path | None = None) -> None:
        """A new one; with `path`, a copy of what was kept there. Raises `StoreError` for a file that is none."""
        self._db = sqlite3.connect("", isolation_level=None)
        if path is not None and not path.absolute().parent.is_dir():
            raise StoreError(f"`{path}` cannot be written: there is no such folder", code="since_unwritable")
        if path is not None and path.exists():
            self._load(path)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-16000", "temp_store=FILE"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute("BEGIN")
        self._at_hand: dict[tuple[str, str], Row] = {}
        self._answers: list[Row] = []
        self._newest: dict[str, str] = {}
        """By location, the largest id of its comps: most are in the order of time, so that a new one is above it."""
        self._make()
        columns = ", ".join((*_COLUMNS, *USAGE))
        marks = ", ".join("?" * (WIDTH + len(USAGE)))
        self._put = f"INSERT OR REPLACE INTO comp ({columns}) VALUES ({marks})"  # noqa: S608  names of our own
        self._get = f"SELECT {columns} FROM comp WHERE location = ? AND id = ?"  # noqa: S608
        comp = ", ".join(_COLUMNS)
        self._walk = f"SELECT {comp} FROM comp WHERE location = ? AND id > ? ORDER BY id LIMIT {CHUNK}"  # noqa: S608

    def _make(self) -> None:
        comp, usage = ", ".join((*_COLUMNS, *USAGE)), ", ".join(USAGE)
        for name, columns, end in (
            ("comp", f"{comp}, PRIMARY KEY (location, id)", " WITHOUT ROWID"),
            ("counter", f"{_COUNTER}, {usage}, PRIMARY KEY ({_COUNTER})", " WITHOUT ROWID"),
            ("guest", "pseudonym PRIMARY KEY", " WITHOUT ROWID"),
            ("answer", "location, comp, commitment, found DEFAULT 0, PRIMARY KEY (location, comp)", " WITHOUT ROWID"),
            ("approval", f"{_APPROVAL}, authority, requester, seq, PRIMARY KEY ({_APPROVAL})", " WITHOUT ROWID"),
            ("wide", f"{_COUNTER}, at, location, seq, {usage}, last, reads", ""),
            ("book", "location PRIMARY KEY, state", " WITHOUT ROWID"),
        ):
            self._db.execute(f"CREATE TABLE IF NOT EXISTS {name} ({columns}){end}")
        self._db.execute("CREATE TEMP TABLE bucket (day PRIMARY KEY, start) WITHOUT ROWID")

    def close(self) -> None:
        """Give it up."""
        self._db.close()

    def _load(self, path: Path) -> None:
        try:
            with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as kept:
                version = kept.execute("PRAGMA user_version").fetchone()[0]
                kept.backup(self._db)
        except sqlite3.Error as error:
            raise StoreError(f"`{path}` holds no verification: {error}", code="since_unreadable") from None
        if version != VERSION:
            raise StoreError(f"`{path}` holds no verification that can be gone on from", code="since_unreadable")

    def keep(self, path: Path) -> None:
        """Write a copy that can be gone on from, readable by its owner alone: it replaces what is there as a whole."""
        self.flush()
        for name in ("wide", "guest", "counter"):
            self._db.execute(f"DELETE FROM {name}")  # noqa: S608  names of our own
        self._db.execute("UPDATE answer SET found = 0")
        self._db.execute(f"PRAGMA user_version = {VERSION}")
        self._db.execute("COMMIT")
        new = path.with_name(f"{path.name}.{os.getpid()}.new")
        try:
            self._db.execute("VACUUM INTO ?", (str(new),))
            new.chmod(0o600)
            new.replace(path)
        except (sqlite3.Error, OSError) as error:
            new.unlink(missing_ok=True)
            raise StoreError(f"`{path}` cannot be written: {error}", code="since_unwritable") from None
        finally:
            self._db.execute("BEGIN")

    # Where a walk of a book stood

    def state(self, location: str) -> dict[str, Any] | None:
        """What was remembered of a book."""
        row = self._db.execute("SELECT state FROM book WHERE location = ?", (location,)).fetchone()
        if row is None:
            return None
        state: dict[str, Any] = json.loads(row[0])
        return state

    def remember(self, location: str, state: dict[str, Any]) -> None:
        """Remember where the walk of a book ended."""
        self._db.execute("INSERT OR REPLACE INTO book VALUES (?, ?)", (location, json.dumps(state)))

    def remembered(self) -> list[str]:
        """The books of which something is remembered."""
        return [location for (location,) in self._db.execute("SELECT location FROM book ORDER BY location")]

    # Comps

    def comp(self, location: str, comp_id: str) -> Row | None:
        """A comp's row, followed by what it has in each of its counters."""
        found = self._at_hand.get((location, comp_id))
        if found is None and comp_id <= self._top(location):
            found = self._db.execute(self._get, (location, comp_id)).fetchone()
        return found

    def put(self, location: str, comp_id: str, row: Row) -> None:
        """A new or changed comp; its row, followed by what it has in each of its counters."""
        self._at_hand[location, comp_id] = row
        if comp_id > self._top(location):
            self._newest[location] = comp_id

    def _top(self, location: str) -> str:
        found = self._newest.get(location)
        if found is None:
            row = self._db.execute("SELECT MAX(id) FROM comp WHERE location = ?", (location,)).fetchone()
            found = self._newest[location] = row[0] or ""
        return found

    def flush_if_full(self) -> None:
        """Write aside what is at hand if it is much."""
        if len(self._at_hand) + len(self._answers) > MOST_AT_HAND:
            self.flush()

    def flush(self) -> None:
        """Write aside what is at hand; raises `ValueError` for a row that no database can take."""
        self._db.executemany(
            "INSERT OR REPLACE INTO answer (location, comp, commitment) VALUES (?, ?, ?)", self._answers
        )
        self._answers.clear()
        rows = self._at_hand.values()
        try:
            self._db.executemany(self._put, rows)
        except (sqlite3.Error, OverflowError, UnicodeError) as error:
            for row in rows:
                self._put_alone(row)
            self._at_hand.clear()
            raise ValueError(f"an entry holds values that no comp can have: {error}") from error
        self._at_hand.clear()

    def _put_alone(self, row: Row) -> None:
        try:
            self._db.execute(self._put, row)
        except (sqlite3.Error, OverflowError, UnicodeError):
            return

    def comps(self, location: str) -> Iterator[list[Row]]:
        """The comps of a location by id, in chunks, without their usage."""
        after: Any = ""
        while found := self._db.execute(self._walk, (location, after)).fetchall():
            yield found
            after = found[-1][ID]

    def granted(self, location: str) -> Iterator[Row]:
        """The granted comps of a location that hold or have spent something, with their usage."""
        used = " OR ".join(f"{name} <> 0" for name in USAGE)
        sql = f"SELECT * FROM comp WHERE location = ? AND authority IS NOT NULL AND ({used})"  # noqa: S608
        yield from self._db.execute(sql, (location,))

    def first_expiry(self, location: str) -> str | None:
        """When the first open comp of a location expires."""
        row = self._db.execute("SELECT MIN(expires_at) FROM comp WHERE location = ?", (location,)).fetchone()
        found: str | None = row[0]
        return found

    def guests(self, location: str) -> Iterator[str]:
        """Every pseudonym that the comps of a location name."""
        sql = "SELECT DISTINCT guest FROM comp WHERE location = ? AND guest IS NOT NULL"
        return (guest for (guest,) in self._db.execute(sql, (location,)))

    def know_guests(self, pseudonyms: Iterable[str]) -> None:
        """Take in who can still be found by a reference."""
        self._db.executemany("INSERT OR IGNORE INTO guest VALUES (?)", ((name,) for name in pseudonyms))

    def note_answer(self, location: str, comp_id: str, commitment: str) -> None:
        """Note what a decision says of the idempotency key that it came with."""
        self._answers.append((location, comp_id, commitment))

    def answers(self, location: str, comps: set[Any]) -> dict[Any, str]:
        """What decisions say of the idempotency keys that they came with, of those not found yet, by comp."""
        marks = ", ".join("?" * len(comps))
        sql = f"SELECT comp, commitment FROM answer WHERE location = ? AND found = 0 AND comp IN ({marks})"  # noqa: S608
        return dict(self._db.execute(sql, (location, *comps)))

    def forget_answers(self, location: str, comps: Iterable[Any]) -> None:
        """Their keys were found."""
        sql = "UPDATE answer SET found = 1 WHERE location = ? AND comp = ?"
        self._db.executemany(sql, ((location, comp) for comp in comps))

    def unanswered(self, location: str) -> list[str]:
        """Comps whose idempotency keys were not found."""
        sql = "SELECT comp FROM answer WHERE location = ? AND found = 0 ORDER BY comp"
        return [comp for (comp,) in self._db.execute(sql, (location,))]

    def note_approval(self, location: str, row: Row) -> None:
        """Note a yes: comp, approver, authority, requester and seq."""
        self._db.execute("INSERT OR REPLACE INTO approval VALUES (?, ?, ?, ?, ?, ?)", (location, *row))

    def approvals(self, location: str) -> Iterator[list[Row]]:
        """Every yes of a location by comp and approver, in chunks."""
        sql = "SELECT comp, approver, authority, requester, seq FROM approval WHERE location = ?"
        cursor = self._db.execute(f"{sql} ORDER BY comp, approver", (location,))
        while found := cursor.fetchmany(CHUNK):
            yield found

    def knows_guest(self, pseudonym: str) -> bool:
        """Whether somebody can still be found by a reference."""
        return self._db.execute("SELECT 1 FROM guest WHERE pseudonym = ?", (pseudonym,)).fetchone() is not None

    def strangers(self, location: str) -> list[str]:
        """Pseudonyms in the comps of a location that no reference leads to any more."""
        sql = (
            "SELECT DISTINCT guest FROM comp WHERE location = ? AND guest IS NOT NULL "
            "AND guest NOT IN (SELECT pseudonym FROM guest)"
        )
        return [guest for (guest,) in self._db.execute(sql, (location,))]

    # Counters

    def count(
        self,
        place: str,
        measures: Iterable[Measure],
        *,
        location: str | None = None,
        policy_id: str | None = None,
    ) -> None:
        """Make the counters of a place anew from the comps of a location, or from those granted under a policy."""
        self._db.execute("DELETE FROM counter WHERE place = ?", (place,))
        field, value = ("location", location) if policy_id is None else ("policy_id", policy_id)
        days = self._db.execute(f"SELECT DISTINCT business_day FROM comp WHERE {field} = ?", (value,))  # noqa: S608
        found = [day for (day,) in days if isinstance(day, str)]
        for measure in measures:
            self._buckets(measure.bucket, found)
            self._count(place, measure, field, value)

    def _buckets(self, bucket: str, days: list[str]) -> None:
        self._db.execute("DELETE FROM bucket")
        rows = ((day, bucket_start(bucket, date.fromisoformat(day))) for day in days)
        self._db.executemany("INSERT INTO bucket VALUES (?, ?)", rows)

    def _count(self, place: str, measure: Measure, field: str, value: str | None) -> None:
        columns = [_SUBJECTS.get(name, name) for name in measure.scope]
        subject = " || '|' || ".join(_escaped(column) for column in columns) if len(columns) > 1 else columns[0]
        sums = ", ".join(f"SUM({name})" for name in USAGE)
        used = " OR ".join(f"{name} <> 0" for name in USAGE)
        where = [f"{field} = ?", "authority IS NOT NULL", f"({used})", *(f"{name} IS NOT NULL" for name in columns)]
        values: list[str | None] = [place, measure.name, value]
        for name, wanted in (("remedy", measure.remedies), ("reason", measure.reasons)):
            if wanted:
                where.append(f"{name} IN ({', '.join('?' * len(wanted))})")
                values.extend(wanted)
        self._db.execute(
            f"INSERT INTO counter SELECT ?, ?, {subject}, bucket.start, {sums} "  # noqa: S608  names of our own
            f"FROM comp JOIN bucket ON bucket.day = business_day WHERE {' AND '.join(where)} GROUP BY 3, 4",
            values,
        )

    def counters(self, place: str) -> Iterator[list[Row]]:
        """The counters of a place by their keys, in chunks."""
        sql = "SELECT measure, subject, start, held, spent, held_count, spent_count FROM counter WHERE place = ?"
        cursor = self._db.execute(f"{sql} ORDER BY measure, subject, start", (place,))
        while found := cursor.fetchmany(CHUNK):
            yield found

    def buckets(self, place: str, measure: str, subject: str) -> dict[str, Usage]:
        """What each bucket of one counter holds."""
        sql = "SELECT start, held, spent, held_count, spent_count FROM counter"
        rows = self._db.execute(f"{sql} WHERE place = ? AND measure = ? AND subject = ?", (place, measure, subject))
        return {start: Usage(*usage) for start, *usage in rows}

    def put_buckets(self, place: str, measure: str, subject: str, buckets: dict[str, Usage]) -> None:
        """Write back what each bucket of one counter holds."""
        rows = ((place, measure, subject, start, *usage) for start, usage in buckets.items())
        self._db.executemany("INSERT OR REPLACE INTO counter VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    # What crosses books

    def note_wide(self, rows: Iterable[Row]) -> None:
        """Note what moved, or read, a counter that spans books."""
        self._db.executemany(f"INSERT INTO wide VALUES ({', '.join('?' * 13)})", rows)  # noqa: S608

    def wide(self) -> Iterator[Row]:
        """Each of them by counter, then in the order of time, as far as there is one."""
        yield from self._db.execute("SELECT * FROM wide ORDER BY place, measure, subject, at, location, seq, reads")


def _escaped(column: str) -> str:
    return f"REPLACE(REPLACE({column}, '\\', '\\\\'), '|', '\\|')"
