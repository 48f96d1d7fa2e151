"""Many callers in one process, on SQLite: `python benchmarks/callers.py [--folder DIR]`.

First 64 callers against a bare writer: a thread of its own that takes what waits into one transaction, four counter
updates and one insert each, and tells whoever asked; the same settings (WAL, synchronous=FULL) on the same disk, in
turn, the ratio of the medians. Then 16 callers ask for 100,000 comps: the slowest answer against the 99th percentile.
"""

import argparse
import queue
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from durable import body, prepare
from rich.console import Console
from rich.table import Table

from empower.core.request import Request
from empower.engine import Engine
from empower.memory import settle

COMPS_A_DAY = 5
"""Of one employee: less than the policy's limit."""
CALLERS = 64
WRITERS = 16
MOST_AT_ONCE = 256

Ask = Callable[[int], None]
"""Asks for what has a number, and returns once it is durable."""


class Bare:
    """The least that a group commit has to do, beside what a decision is."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._waiting: queue.SimpleQueue[tuple[int, threading.Event] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write)
        self._thread.start()

    def ask(self, number: int) -> None:
        done = threading.Event()
        self._waiting.put((number, done))
        done.wait()

    def close(self) -> None:
        self._waiting.put(None)
        self._thread.join()

    def _write(self) -> None:
        connection = sqlite3.connect(self._path, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}").close()
        connection.execute("CREATE TABLE counter (name TEXT PRIMARY KEY, used INTEGER) WITHOUT ROWID")
        connection.execute("CREATE TABLE entry (id INTEGER PRIMARY KEY, said TEXT)")
        while (first := self._waiting.get()) is not None:
            batch = [first]
            while len(batch) < MOST_AT_ONCE and not self._waiting.empty():
                one = self._waiting.get()
                if one is None:
                    self._waiting.put(None)
                    break
                batch.append(one)
            connection.execute("BEGIN IMMEDIATE")
            for number, _ in batch:
                for name in (f"e{number % 500}", f"w{number % 500}", f"g{number}", "month"):
                    connection.execute(
                        "INSERT INTO counter VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET used = used + 1", (name,)
                    )
                connection.execute("INSERT INTO entry VALUES (?, ?)", (number, "x" * 1000))
            connection.execute("COMMIT")
            for _, done in batch:
                done.set()
        connection.close()


def ours(engine: Engine, employees: int) -> Ask:
    """Empower: each request of another guest, on another check."""

    def ask(number: int) -> None:
        said = body(number) | {
            "employee": f"E{number % employees}",
            "amount": {"amount": 1, "currency": "USD"},
        }
        status = engine.request(Request.model_validate(said), key=f"key-{number}").status
        if status != "approved":
            raise SystemExit(f"comp {number} is {status}")

    return ask


class Run(NamedTuple):
    """What came of many calls at the same time."""

    rate: float
    """Calls a second."""
    waits: list[float]
    """Seconds of each, the shortest first."""


def run(ask: Ask, callers: int, first: int, count: int) -> Run:
    """`count` calls by so many callers, each of which asks again as soon as it is answered."""
    numbers = iter(range(first, first + count))
    waits: list[list[float]] = [[] for _ in range(callers)]

    def call(mine: list[float]) -> None:
        # One `next` of a range is one step of the interpreter, so no two get the same number.
        for number in numbers:
            began = time.perf_counter()
            ask(number)
            mine.append(time.perf_counter() - began)

    threads = [threading.Thread(target=call, args=(mine,)) for mine in waits]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    every = sorted(wait for mine in waits for wait in mine)
    if len(every) != count:
        raise SystemExit(f"{len(every)} answers to {count} calls")
    return Run(count / seconds, every)


def compared(folder: Path, rounds: int, calls: int) -> tuple[float, float]:
    """Median rates, ours and the bare writer's, in turn."""
    employees = -(-(rounds + 1) * calls // COMPS_A_DAY)
    bare = Bare(folder / "bare.db")
    found: tuple[list[float], list[float]] = ([], [])
    with prepare(folder, employees=employees) as engine:
        for turn in range(rounds + 1):
            for side, ask in zip(found, (ours(engine, employees), bare.ask), strict=True):
                side.append(run(ask, CALLERS, turn * calls, calls).rate)
    bare.close()
    mine, least = (statistics.median(side[1:]) for side in found)
    return mine, least


def slowest(folder: Path, calls: int) -> tuple[float, float, float]:
    """Seconds: the slowest answer, the 99th percentile and the median."""
    employees = -(-calls // COMPS_A_DAY)
    with prepare(folder, employees=employees) as engine:
        waits = run(ours(engine, employees), WRITERS, 0, calls).waits
    return waits[-1], waits[int(calls * 0.99)], waits[calls // 2]


def main() -> None:
    """Measure, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=None, help="where the files go: the disk that is measured")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=4000, help="of a round of 64 callers")
    parser.add_argument(
        "--answers", type=int, default=100_000, help="of 16 callers, of which the slowest is looked for"
    )
    options = parser.parse_args()
    settle()
    with tempfile.TemporaryDirectory(dir=options.folder) as one, tempfile.TemporaryDirectory(dir=options.folder) as two:
        mine, least = compared(Path(one), options.rounds, options.calls)
        worst, most, usual = (seconds * 1000 for seconds in slowest(Path(two), options.answers))
    table = Table(caption=f"{options.rounds} rounds of {options.calls}; {options.answers:,} answers")
    for title in ("figure", "against", "ratio", "aim", ""):
        table.add_column(title, justify="right" if title in ("ratio", "aim") else "left")
    table.add_row(
        f"{CALLERS} callers", "a bare writer", f"{mine / least:.2f}", "≥ 0.5", f"{mine:,.0f}/s, {least:,.0f}/s"
    )
    table.add_row(
        f"the slowest, {WRITERS} callers",
        "their p99",
        f"{worst / most:.1f}",
        "≤ 10",
        f"{worst:.0f} ms, p99 {most:.0f}, median {usual:.0f}",
    )
    Console().print(table)


if __name__ == "__main__":
    main()
