"""A decision in a large book, and over many locations: `python benchmarks/large.py [--entries N] [--locations M]`.

The same request to a store whose book has ten thousand entries, and to one that has `--entries`, in turn: the median of
the pairs' ratios. The large book's rows are put into the tables as they would stand there (an entry, a comp, an
idempotency key and a guest each, counters of every check, guest and day), with a short leaf: what is measured is
deciding, which never reads an old leaf. Then requests to a different location each time against requests to one, in
stores of `--locations`, and what the process holds in memory after each of them was asked once.
"""

import argparse
import resource
import sqlite3
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from durable import EMPLOYEES, body, prepare, timed
from rich.console import Console
from rich.table import Table

from empower.core.entry import stamp
from empower.core.merkle import append, pack, unpack
from empower.core.request import Request
from empower.engine import Engine

PLACE = "bench-soho"
SMALL = 10_000
PER_DAY = 500
"""Comps a day: so that an employee's counters reach back as they would."""
CHUNK = 50_000
WARM_UP = 50
LAST = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def fill(path: Path, entries: int) -> None:
    """Put rows into a store as if its book had grown to `entries`."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA synchronous=OFF")
        size, frontier = database.execute("SELECT size, frontier FROM location WHERE id = ?", (PLACE,)).fetchone()
        (policy,) = database.execute("SELECT policy FROM location WHERE id = ?", (PLACE,)).fetchone()
        peaks = unpack(frontier)
        for first in range(size, entries, CHUNK):
            numbers = range(first, min(first + CHUNK, entries))
            database.execute("BEGIN")
            for sql, rows in _rows(numbers, entries):
                database.executemany(sql, rows)
            for number in numbers:
                peaks = append(peaks, number, _hash(number))
            database.execute("COMMIT")
        head = (entries, pack(peaks), policy, PLACE)
        database.execute("UPDATE location SET size = ?, frontier = ?, policy = ? WHERE id = ?", head)
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()


_COMP = (
    "INSERT INTO comp (location, id, status, employee, authority, authority_role, remedy, reason, guest, check_id, "
    "check_total_minor, currency, asked_minor, granted_minor, held_minor, captured_minor, reversed_minor, forced, "
    "policy_id, business_day, created_at, updated_at, expires_at, seq, last_seq) VALUES (?, ?, 'captured', ?, ?, "
    "'server', 'dessert', 'wrong_order', ?, ?, 8450, 'USD', 100, 100, 0, 100, 0, 0, 'bench', ?, ?, ?, NULL, ?, ?)"
)
_COUNTER = (
    "INSERT INTO counter VALUES (?, ?, ?, ?, 0, 100, 0, 1) ON CONFLICT DO UPDATE SET "
    "spent_minor = spent_minor + 100, spent_count = spent_count + 1"
)


def _rows(numbers: range, entries: int) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    """The rows of some comps that were given and captured, by statement."""
    said = [_Said(number, entries) for number in numbers]
    yield (
        "INSERT INTO entry VALUES (?, ?, 'decision', ?, ?, ?, ?)",
        [(PLACE, one.number, one.at, one.comp, one.leaf, _hash(one.number)) for one in said],
    )
    yield (
        _COMP,
        [
            (
                PLACE,
                one.comp,
                one.who,
                one.who,
                one.guest,
                one.check,
                one.day,
                one.at,
                one.at,
                one.number,
                one.number,
            )
            for one in said
        ],
    )
    yield (
        "INSERT INTO idempotency VALUES (?, '', ?, ?, ?)",
        [(PLACE, f"old-{one.number:012}", _hash(one.number), one.comp) for one in said],
    )
    yield "INSERT INTO guest VALUES (?, ?)", [(_hash(one.number), one.guest) for one in said]
    yield (
        _COUNTER,
        [key for one in said for key in one.counters],
    )


def _hash(number: int) -> bytes:
    """In place of a hash: as long, and in the order in which it is inserted, which makes it quick."""
    return number.to_bytes(32, "big")


class _Said:
    """What the rows of one comp have in common."""

    def __init__(self, number: int, entries: int) -> None:
        moment = LAST - timedelta(days=(entries - number) / PER_DAY)
        self.number, self.at, self.day = number, stamp(moment), moment.date().isoformat()
        self.comp = f"01950000-0000-7000-8000-{number:012x}"
        self.who, self.guest, self.check = f"E{number % EMPLOYEES}", f"g_{number:032x}", f"D-{number:012}"
        self.leaf = b'{"at":"%b","seq":%d}' % (self.at.encode(), number)

    @property
    def counters(self) -> list[tuple[str, str, str, str]]:
        return [
            (PLACE, "check/ever", self.check, ""),
            (PLACE, "employee/day", self.who, self.day),
            (PLACE, "guest/day", self.guest, self.day),
            (PLACE, "location/month", PLACE, self.day[:8] + "01"),
        ]


def ask(engine: Engine, number: int, place: str = PLACE) -> float:
    """Seconds of one durable request."""
    request = Request.model_validate(body(number) | {"location": place})
    return timed(lambda: engine.request(request, key=f"key-{number}"))


def grown(folder: Path, entries: int) -> Engine:
    """A store with a book of a size."""
    folder.mkdir()
    prepare(folder).close()
    fill(folder / "ours.db", entries)
    return prepare(folder, again=True)


def by_size(folder: Path, entries: int, calls: int) -> list[float]:
    """Of each pair of requests, the large book's time over the small one's."""
    with grown(folder / "small", SMALL) as small, grown(folder / "large", entries) as large:
        pairs = [(ask(large, number), ask(small, number)) for number in range(calls + WARM_UP)]
    return [a / b for a, b in pairs[WARM_UP:]]


def by_place(folder: Path, locations: int, calls: int) -> tuple[list[float], list[int]]:
    """Of each pair, the time at another location over that at one; memory (KiB) before and after all were asked."""
    folder.mkdir()
    with prepare(folder) as engine:
        places = [f"bench-{number}" for number in range(locations)]
        for place in places:
            engine.open_location(place, by="benchmark")
        rows = "\n".join(f"E{number % EMPLOYEES},Employee,{place},server" for number, place in enumerate(places))
        engine.import_staff(f"id,name,location,role\n{rows}", by="benchmark")
        memory = [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]
        step = max(1, locations // (calls + WARM_UP))
        found = [
            (ask(engine, number, places[number]), ask(engine, number * EMPLOYEES + locations * EMPLOYEES, places[0]))
            for number in range(0, step * (calls + WARM_UP), step)
        ]
        for number in range(locations):
            ask(engine, number, places[number])
        memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return [a / b for a, b in found[WARM_UP:]], memory


def main() -> None:
    """Measure, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--locations", type=int, default=10_000)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--folder", type=Path, default=None, help="where the files go: the disk that is measured")
    options = parser.parse_args()
    table = Table(caption=f"{options.calls} pairs in turn, one caller")
    for title in ("a durable request", "against", "ratio", "aim"):
        table.add_column(title, justify="left" if title in ("a durable request", "against") else "right")
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        found = statistics.median(by_size(Path(name), options.entries, options.calls))
        table.add_row(f"at {options.entries:,} entries", f"at {SMALL:,}", f"{found:.2f}", "≤ 1.2")
        places, memory = by_place(Path(name) / "places", options.locations, options.calls)
        at_many = statistics.median(places)
        table.add_row(f"at {options.locations:,} locations, another each", "at one", f"{at_many:.2f}", "≤ 1.2")
        before, after = memory
        table.add_row(f"memory, all of them asked ({after // 1024} MiB)", "before", f"{after / before:.2f}", "–")
    Console().print(table)


if __name__ == "__main__":
    main()
