"""A durable request on SQLite against a bare commit: `python benchmarks/durable.py [--folder DIR]`.

One caller, the two sides in turn, the same settings (WAL, synchronous=FULL) on the same disk: the median of the
pairs' ratios. The bare side begins, inserts one row and commits.
"""

import argparse
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from empower.core.request import Request
from empower.engine import Engine
from empower.memory import settle

HERE = Path(__file__).parent
EMPLOYEES = 500
WARM_UP = 100


def prepare(folder: Path, *, again: bool = False, employees: int = EMPLOYEES) -> Engine:
    """An engine with one location and a roster, or the one that was made there before."""
    engine = Engine.open(f"sqlite:///{folder / 'ours.db'}", policies=HERE / "policies", create=not again)
    if again:
        return engine
    engine.open_location("bench-soho", by="benchmark")
    rows = "\n".join(f"E{index},Employee {index},bench-soho,server" for index in range(employees))
    engine.import_staff(f"id,name,location,role\n{rows}", by="benchmark")
    return engine


def body(index: int) -> dict[str, Any]:
    """The request of DESIGN's example, each from another employee, on another check, of another guest."""
    return {
        "location": "bench-soho",
        "employee": f"E{index % EMPLOYEES}",
        "remedy": "dessert",
        "reason": "wrong_order",
        "amount": {"amount": 100, "currency": "USD"},
        "check": {
            "id": f"C-{index}",
            "total": {"amount": 8450, "currency": "USD"},
            "state": "open",
            "items": [{"id": "i1", "name": "Tiramisu", "category": "dessert"}],
        },
        "guest": f"loyalty:{index}",
    }


def bare(path: Path) -> Callable[[int], None]:
    """A commit of one row, and nothing else."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL").close()
    connection.execute("PRAGMA synchronous=FULL").close()
    connection.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, said TEXT)")

    def commit(index: int) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO row VALUES (?, ?)", (index, "x" * 200))
        connection.execute("COMMIT")

    return commit


def timed(call: Callable[[], object]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main() -> None:
    """Measure, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=None, help="where the files go: the disk that is measured")
    parser.add_argument("--calls", type=int, default=1500)
    options = parser.parse_args()
    settle()  # as `empower serve` does
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        pairs = measure(folder, options.calls)
    ours, theirs = (statistics.median(side) * 1e6 for side in zip(*pairs, strict=True))
    table = Table(caption=f"{options.calls} pairs in turn, one caller")
    for title in ("figure", "against", "ratio", "aim", "µs", "bare µs"):
        table.add_column(title, justify="left" if title in ("figure", "against") else "right")
    found = statistics.median(a / b for a, b in pairs)
    table.add_row("a durable request", "a bare commit", f"{found:.2f}", "≤ 2", f"{ours:.0f}", f"{theirs:.0f}")
    Console().print(table)


def measure(folder: Path, calls: int) -> list[tuple[float, float]]:
    """Seconds of each request, and of the bare commit beside it."""
    commit = bare(folder / "bare.db")
    with prepare(folder) as engine:
        pairs = []
        for index in range(calls + WARM_UP):
            request = Request.model_validate(body(index))
            ours = timed(lambda request=request, index=index: engine.request(request, key=f"key-{index}"))  # type: ignore[misc]
            pairs.append((ours, timed(lambda index=index: commit(index))))  # type: ignore[misc]
        return pairs[WARM_UP:]


if __name__ == "__main__":
    main()
