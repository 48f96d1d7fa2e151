"""What finance's work costs the tills: `python benchmarks/finance.py`.

One till asks for a comp every few milliseconds, and its waits are measured: with nobody beside it; while another
process verifies all books with `--replay` and backtests over them, again and again, on the store that the till writes;
while it does so on a standby (PostgreSQL) or on a copy by `empower backup` (SQLite); and while it computes and asks no
database at all. In turn, round by round. All of it shares one machine's cores, the standby's server too: the last line
is what a busy core alone costs the till, and would be gone where finance has a machine of its own.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from crowd import Crowd
from durable import HERE
from rich.console import Console
from rich.table import Table
from signals import ended_by_signals

from empower.core.request import Request
from empower.engine import Engine
from empower.engine.backtesting import backtest
from empower.ledger import verify
from empower.policy import read
from empower.store import Store
from tests.pair import Pair
from tests.postgres import DURABLE

COMPUTE = "compute"
CROWD = Crowd(callers=8, locations=50)
"""Who makes the books."""
EACH_SECONDS = 0.008


def work(where: str) -> None:
    """Finance's process, until it is ended; says when the first round is done."""
    if where == COMPUTE:
        print("working", flush=True)
        while True:
            sum(number * number for number in range(100_000))
    store, candidate = Store.open(where), read(HERE / "policies").policies
    while True:
        if not verify(store, replay=True).ok:
            raise SystemExit("the books do not hold")
        backtest(store, candidate)
        print("working", flush=True)


@contextmanager
def beside(where: str | None) -> Iterator[None]:
    """While finance works."""
    if where is None:
        yield
        return
    command = [sys.executable, __file__, "--work", where]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as desk:
        try:
            if desk.stdout is None or desk.stdout.readline().strip() != "working":
                raise SystemExit("finance's process ended")
            yield
            if desk.poll() is not None:
                raise SystemExit("finance's process ended")
        finally:
            desk.kill()


def waits(engine: Engine, first: int, calls: int) -> list[float]:
    """Seconds of each call of one till, which begins one every so often."""
    found, due = [], time.perf_counter()
    for number in range(first, first + calls):
        due = max(due + EACH_SECONDS, time.perf_counter())
        time.sleep(max(0.0, due - time.perf_counter()))
        request, begun = Request.model_validate(CROWD.asked(number)), time.perf_counter()
        status = engine.request(request, key=f"key-{number}").status
        found.append(time.perf_counter() - begun)
        if status != "approved":
            raise SystemExit(f"not approved: {status}")
    return found


def measure(
    engine: Engine, sides: dict[str, str | None], first: int, rounds: int, calls: int
) -> dict[str, list[float]]:
    """The waits of each side."""
    found: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, where in sides.items():
            with beside(where):
                found[name] += waits(engine, first, calls)
            first += calls
    return found


def told(title: str, found: dict[str, list[float]]) -> Table:
    table = Table(title=title, title_justify="left", caption=f"{len(next(iter(found.values())))} calls a side")
    for name in ("finance", "median ms", "ratio", "p99 ms", "ratio"):
        table.add_column(name, justify="left" if name == "finance" else "right")
    numbers = {name: _median_and_p99(side) for name, side in found.items()}
    alone = next(iter(numbers.values()))
    for name, mine in numbers.items():
        cells = [text for one, base in zip(mine, alone, strict=True) for text in (f"{one:.1f}", f"{one / base:.2f}")]
        table.add_row(name, *cells)
    return table


def _median_and_p99(side: list[float]) -> tuple[float, float]:
    return statistics.median(side) * 1000, statistics.quantiles(side, n=100)[98] * 1000


def main() -> None:
    """Measure, and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--calls", type=int, default=400, help="of the till, in each round of each side")
    parser.add_argument("--books", type=int, default=10_000, help="comps that are there before")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.environ["EMPOWER_SECRET"] = "5e" * 32
    if options.work:
        work(options.work)
    if options.books + 4 * options.rounds * options.calls > CROWD.most:
        parser.error(f"the books and four sides' calls come to more than {CROWD.most}")
    size = (options.books, options.rounds, options.calls)
    with ended_by_signals(), ExitStack() as stack, Pair(*DURABLE) as pair:
        engine = CROWD.prepared(pair.url(pair.primary))
        stack.callback(engine.close)
        CROWD.rate(CROWD.through(engine), 0, options.books)
        sides = {"none": None, "on the primary": pair.url(pair.primary), "on the standby": pair.url(pair.standby)}
        found = measure(engine, sides | {"computes, asks nothing": COMPUTE}, *size)
        stack.close()
    Console(width=80).print(told("PostgreSQL, a synchronous pair", found))
    with ended_by_signals(), tempfile.TemporaryDirectory() as name:
        file, copy = Path(name) / "empower.db", Path(name) / "copy.db"
        with CROWD.prepared(f"sqlite:///{file}") as engine:
            CROWD.rate(CROWD.through(engine), 0, options.books)
            command = [sys.executable, "-m", "empower", "--store", f"sqlite:///{file}", "backup", str(copy)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            sides = {"none": None, "on the same file": f"sqlite:///{file}", "on a copy": f"sqlite:///{copy}"}
            found = measure(engine, sides | {"computes, asks nothing": COMPUTE}, *size)
    Console(width=80).print(told("SQLite", found))


if __name__ == "__main__":
    main()
