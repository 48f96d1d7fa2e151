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
from contextlib import ExitStack
from pathlib import Path

import psycopg
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from crowd import Crowd
from signals import ended_by_signals

from empower.engine import Engine
from tests.pair import Pair
from tests.postgres import DURABLE, Cluster

CROWD = Crowd(callers=8, locations=50)
AIM = 0.5


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
    return {name: CROWD.prepared(url) for name, url in urls.items()}


def measure(engines: dict[str, Engine], rounds: int, calls: int) -> dict[str, float]:
    """The median rate of each side; the first round warms up."""
    found: dict[str, list[float]] = {name: [] for name in engines}
    for turn in range(rounds + 1):
        for name, engine in engines.items():
            found[name].append(CROWD.rate(CROWD.through(engine), turn * calls, calls))
    return {name: statistics.median(rates[1:]) for name, rates in found.items()}


def main() -> None:
    """Measure, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=2000)
    options = parser.parse_args()
    if (options.rounds + 1) * options.calls > CROWD.most:
        parser.error(f"a round to warm up and the others come to more than {CROWD.most} calls")
    os.environ["EMPOWER_SECRET"] = "5e" * 32
    with ended_by_signals(), ExitStack() as stack, Cluster(*DURABLE) as single, Pair(*DURABLE) as pair:
        engines = sides(single, pair)
        for engine in engines.values():
            stack.callback(engine.close)
        found = measure(engines, options.rounds, options.calls)
        stack.close()
    table = Table(
        caption=f"{CROWD.callers} callers over {CROWD.locations} locations, {options.rounds} rounds of {options.calls}"
    )
    for title in ("side", "a second", "ratio", "aim"):
        table.add_column(title, justify="left" if title == "side" else "right")
    alone = found["single server"]
    for name, number in found.items():
        of = ("", "") if number == alone else (f"{number / alone:.2f}", f"≥ {AIM}")
        table.add_row(name, f"{number:,.0f}", *of)
    Console().print(table)


if __name__ == "__main__":
    main()
