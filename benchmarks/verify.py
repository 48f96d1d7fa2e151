"""Verification of a store against a bare loop: `python benchmarks/verify.py [--entries 1000000] [--folder DIR]`.

The bare loop reads each leaf of the same file in order with `sqlite3` and hashes it with SHA-256, and does nothing
else. Each side runs in a process of its own, in turn, and counts processor time, and time by the clock on the wall;
printed are the medians of both ratios, and the most memory that a verification held, at a tenth of the entries and at
all. Books once made in DIR stay there.
"""

import argparse
import hashlib
import json
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

from books import Maker
from rich.console import Console
from rich.table import Table

from empower.ledger import verify
from empower.store import Store

ENTRIES_PER_REQUEST = 1.7
"""A comp is a decision and, mostly, what became of it."""
AT_ONCE = 200


def entries(path: Path) -> int:
    """How many a store has."""
    with closing(sqlite3.connect(path)) as db:
        found: int = db.execute("SELECT COUNT(*) FROM entry").fetchone()[0]
    return found


def make(folder: Path, wanted: int) -> Path:
    """A store of about so many entries in a folder, unless it is there."""
    path = folder / "empower.db"
    if path.exists():
        return path
    maker = Maker(folder, guests=50_000)
    while (left := wanted - entries(path)) > 0:
        maker.play(max(AT_ONCE, min(20_000, int(left / ENTRIES_PER_REQUEST))), at_once=AT_ONCE)
    maker.engine.close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode=DELETE")
    return path


def bare(path: Path) -> None:
    """Read every leaf, and hash it."""
    with closing(sqlite3.connect(path)) as db:
        for (leaf,) in db.execute("SELECT leaf FROM entry ORDER BY location, seq"):
            hashlib.sha256(leaf).digest()


def verified(path: Path, *, replay: bool = False) -> None:
    """Verify the store."""
    store = Store.open(f"sqlite:///{path}")
    if not verify(store, replay=replay).ok:
        raise SystemExit("the books do not hold")
    store.close()


class Run(NamedTuple):
    """One process."""

    seconds: float
    wall: float
    most_mib: float


def run(side: str, path: Path) -> Run:
    """Time one side, without its start."""
    done = subprocess.run([sys.executable, __file__, "--side", side, str(path)], check=True, capture_output=True)
    said: dict[str, Any] = json.loads(done.stdout)
    return Run(**said)


def one(side: str, path: Path) -> None:
    """Be one process."""
    begin, wall = time.process_time(), time.perf_counter()
    if side == "bare":
        bare(path)
    else:
        verified(path, replay=side == "replay")
    took = {"seconds": time.process_time() - begin, "wall": time.perf_counter() - wall}
    print(json.dumps(took | {"most_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def measure(folder: Path, wanted: int, pairs: int, *, replay: bool) -> Table:
    """Both sides over a tenth of the entries and over all of them."""
    table = Table()
    for title in ("entries", "figure", "against", "ratio", "by the wall", "seconds", "bare seconds", "most MiB"):
        table.add_column(title, justify="left" if title in ("figure", "against") else "right")
    for size in (wanted // 10, wanted):
        place = folder / str(size)
        place.mkdir(exist_ok=True)
        path = make(place, size)
        run("bare", path)
        for side in ("verify", "replay") if replay else ("verify",):
            turns = [(run(side, path), run("bare", path)) for _ in range(pairs)]
            ratio = statistics.median(ours.seconds / theirs.seconds for ours, theirs in turns)
            by_the_wall = statistics.median(ours.wall / theirs.wall for ours, theirs in turns)
            ours, theirs = (statistics.median(part.seconds for part in half) for half in zip(*turns, strict=True))
            most = max(ours.most_mib for ours, _ in turns)
            table.add_row(
                f"{entries(path):,}",
                side,
                "read and SHA-256",
                f"{ratio:.1f}",
                f"{by_the_wall:.1f}",
                f"{ours:.1f}",
                f"{theirs:.1f}",
                f"{most:.0f}",
            )
    return table


def main() -> None:
    """Measure, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--replay", action="store_true", help="also decide every decision again")
    parser.add_argument("--folder", type=Path, help="where the books are made, and kept")
    parser.add_argument("--side", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.side:
        one(asked.side[0], Path(asked.side[1]))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = asked.folder or Path(name)
        Console().print(measure(folder, asked.entries, asked.pairs, replay=asked.replay))


if __name__ == "__main__":
    main()
