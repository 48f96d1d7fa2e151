"""A synchronous pair against a single server: `python benchmarks/standby.py`.

The same load, 8 callers over 50 locations, on a single PostgreSQL and on one with a synchronous standby, whose commits
are acknowledged when the standby has written them (`synchronous_commit=on`), or has made them visible as well
(`remote_apply`). In turn, round by round; the ratio is that of the medians. All servers, with `fsync`, and the callers
share one machine: its cores do the standby's work as well. The servers are those of the tests.
"""

import argparse
import os
import statistics
import sys
import threading
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from durable import body

from empower.core.request import Request
from empower.engine import Engine
from tests.pair import Pair
from tests.postgres import Cluster

HERE = Path(__file__).parent
DURABLE = ("fsync=on", "full_page_writes=on", "autovacuum=on")
CALLERS, LOCATIONS, EMPLOYEES = 8, 50, 80
MOST_CALLS = LOCATIONS * EMPLOYEES * 6
"""Of a side: then the day's counts of all employees are full."""
AIM = 0.5


def asked(number: int) -> dict[str, Any]:
    """The request of a number: each of another guest, on another check; no budget is ever full."""
    place, employee = number % LOCATIONS, number // LOCATIONS % EMPLOYEES
    usd = {"amount": 1, "currency": "USD"}
    return body(number) | {"location": f"bench-{place}", "employee": f"E{place}-{employee}", "amount": usd}


def prepared(url: str) -> Engine:
    """An engine with its locations and rosters, in a new database."""
    engine = Engine.open(url, policies=HERE / "policies", create=True)
    for place in range(LOCATIONS):
        engine.open_location(f"bench-{place}", by="benchmark")
    staff = (f"E{place}-{n},Employee,bench-{place},server" for place in range(LOCATIONS) for n in range(EMPLOYEES))
    engine.import_staff("id,name,location,role\n" + "\n".join(staff), by="benchmark")
    return engine


def rate(engine: Engine, first: int, count: int) -> float:
    """Calls a second of all callers, each of which must be approved."""
    numbers = iter(range(first, first + count))
    lock, wrong = threading.Lock(), []

    def call() -> None:
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            status = engine.request(Request.model_validate(asked(number)), key=f"key-{number}").status
            wrong.extend([status] * (status != "approved"))

    threads = [threading.Thread(target=call) for _ in range(CALLERS)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    if wrong:
        raise SystemExit(f"not approved: {wrong[:3]}, {len(wrong)} in all")
    return count / seconds


def sides(single: Cluster, pair: Pair) -> dict[str, Engine]:
    """An engine on a new database for each side."""
    for conninfo, names in ((single.conninfo(), ["single"]), (pair.primary.conninfo(), ["written", "applied"])):
        with psycopg.connect(conninfo, autocommit=True) as admin:
            for name in names:
                admin.execute(f"CREATE DATABASE {name}")
    applied = pair.url(pair.primary, database="applied") + "&options=-csynchronous_commit%3Dremote_apply"
    urls = {
        "single server": f"postgresql+psycopg://postgres@/single?host={single.folder}",
        "pair, synchronous_commit=on": pair.url(pair.primary, database="written"),
        "pair, remote_apply": applied,
    }
    return {name: prepared(url) for name, url in urls.items()}


def measure(engines: dict[str, Engine], rounds: int, calls: int) -> dict[str, float]:
    """The median rate of each side; the first round warms up."""
    found: dict[str, list[float]] = {name: [] for name in engines}
    for turn in range(rounds + 1):
        for name, engine in engines.items():
            found[name].append(rate(engine, turn * calls, calls))
    return {name: statistics.median(rates[1:]) for name, rates in found.items()}


def main() -> None:
    """Measure, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=2000)
    options = parser.parse_args()
    if (options.rounds + 1) * options.calls > MOST_CALLS:
        parser.error(f"a round to warm up and the others come to more than {MOST_CALLS} calls")
    os.environ["EMPOWER_SECRET"] = "5e" * 32
    with ExitStack() as stack, Cluster(*DURABLE) as single, closing(Pair(*DURABLE)) as pair:
        engines = sides(single, pair)
        for engine in engines.values():
            stack.callback(engine.close)
        found = measure(engines, options.rounds, options.calls)
        stack.close()
    table = Table(caption=f"{CALLERS} callers over {LOCATIONS} locations, {options.rounds} rounds of {options.calls}")
    for title in ("side", "a second", "ratio", "aim"):
        table.add_column(title, justify="left" if title == "side" else "right")
    alone = found["single server"]
    for name, number in found.items():
        of = ("", "") if number == alone else (f"{number / alone:.2f}", f"≥ {AIM}")
        table.add_row(name, f"{number:,.0f}", *of)
    Console().print(table)


if __name__ == "__main__":
    main()
