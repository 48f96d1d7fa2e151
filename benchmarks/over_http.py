"""`POST /v1/comps` against doing less, and against doing it naively: `python benchmarks/over_http.py [--folder DIR]`.

32 kept connections; servers of one process each, set up as `empower serve` sets its own up, on SQLite with WAL and
synchronous=FULL:

- ours, as it is served, with one route more: it reads our body and validates it, and answers nothing of interest;
- FastAPI doing nothing but validate the same model, the way its documentation has it;
- the handler of naive.py.

All are asked the same, in turn, round by round; a rate's ratio is that of the medians. In the end there must be as many
comps in our book, and in naive's table, as were answered.
"""

import argparse
import multiprocessing
import os
import statistics
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import naive
from durable import HERE, body
from fastapi import FastAPI
from load import Load, drive, posted
from rich.console import Console
from rich.table import Table
from sqlalchemy import func
from sqlmodel import Session, select

from empower.core.request import Request
from empower.core.validation import validated
from empower.engine import Engine
from empower.http.app import create_app
from empower.http.bodies import JsonBody
from empower.http.server import listening, server_of
from empower.memory import settle
from empower.store.listing import books

LOCATION = "bench-soho"
KEY = "emp_" + "k" * 43
PER_EMPLOYEE = 6
"""Comps that the policy lets one employee give in a day."""
VALIDATED = b'"valid":true'
START_SECONDS = 60


class Side(NamedTuple):
    """What is measured: a path of a server, and how large a part of a round it is asked."""

    server: str
    path: str
    expect: bytes
    within: bytes
    part: float = 1.0


SIDES = {
    "ours": Side("ours", "/v1/comps", b"HTTP/1.1 201", b'"status":"approved"'),
    "validates": Side("ours", "/validates", b"HTTP/1.1 200", VALIDATED, 2),
    "fastapi": Side("fastapi", "/validates", b"HTTP/1.1 200", VALIDATED, 2),
    "naive": Side("naive", "/v1/comps", b"HTTP/1.1 201", b'"status":"approved"', 0.1),
}
FIGURES = (
    ("validates", "the same server's route that only validates", 0.5),
    ("fastapi", "FastAPI that does nothing but validate", 1.0),
    ("naive", "FastAPI and SQLModel as written in a day", 20.0),
)


def ours(folder: Path) -> FastAPI:
    """Our application, and beside it the route that does nothing but validate."""
    app = create_app(Engine.open(url(folder), policies=HERE / "policies"))

    @app.post("/validates")
    async def validates(body: JsonBody) -> dict[str, bool]:
        validated(Request, body.object())
        return {"valid": True}

    return app


def fastapi(_folder: Path) -> FastAPI:
    """The usual way to validate."""
    app = FastAPI()

    @app.post("/validates")
    async def validates(request: Request) -> dict[str, bool]:
        return {"valid": bool(request.location)}

    return app


def by_naive(folder: Path) -> FastAPI:
    return naive.create_app(naive.opened(folder / "naive.db"))


SERVERS: dict[str, Callable[[Path], FastAPI]] = {"ours": ours, "fastapi": fastapi, "naive": by_naive}


def url(folder: Path) -> str:
    return f"sqlite:///{folder / 'ours.db'}"


def serve(name: str, folder: Path, ready: Connection) -> None:
    """Serve until told to end; a process of its own."""
    # The log is written as ever, and nobody reads it.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    app = SERVERS[name](folder)
    with listening("127.0.0.1", 0) as listener:
        ready.send(listener.getsockname()[1])
        settle()
        server_of(app).run(sockets=[listener])


@contextmanager
def serving(name: str, folder: Path) -> Iterator[int]:
    """The port of a server that is there meanwhile."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(name, folder, there), daemon=True)
    process.start()
    try:
        assert here.poll(START_SECONDS), f"{name} does not start"
        yield here.recv()
    finally:
        process.terminate()
        process.join(START_SECONDS)


def prepare(folder: Path, employees: int) -> str:
    """Both stores, each with a roster; our till's key."""
    naive.furnish(naive.opened(folder / "naive.db"), LOCATION, employees, KEY)
    rows = "\n".join(f"E{index},Employee {index},{LOCATION},server" for index in range(employees))
    with Engine.open(url(folder), policies=HERE / "policies", create=True) as engine:
        engine.open_location(LOCATION, by="benchmark")
        engine.import_staff(f"id,name,location,role\n{rows}", by="benchmark")
        return engine.create_key(scopes=["pos"], at=[LOCATION], by="benchmark").key


def asked(number: int) -> dict[str, Any]:
    """The request of a number: each of another guest, on another check, six of an employee."""
    amount = {"amount": 1, "currency": "USD"}
    return body(number) | {"location": LOCATION, "employee": f"E{number // PER_EMPLOYEE}", "amount": amount}


class Run:
    """The servers' ports, and how far each has been asked."""

    def __init__(self, ports: dict[str, int], key: str, connections: int) -> None:
        self._ports = ports
        self._keys = {"ours": key, "naive": KEY}
        self._connections = connections
        self.asked = dict.fromkeys(SIDES, 0)

    def ask(self, name: str, many: int) -> Load:
        """One side, so many times, each time something new."""
        side, first = SIDES[name], self.asked[name]
        self.asked[name] += many
        bearer = f"Bearer {self._keys.get(side.server, KEY)}"
        requests = [
            posted(side.path, asked(number), authorization=bearer, idempotency_key=str(uuid.uuid4()))
            for number in range(first, first + many)
        ]
        return drive(self._ports[side.server], requests, self._connections, expect=side.expect, within=side.within)


def measure(folder: Path, *, rounds: int, requests: int, connections: int) -> dict[str, list[Load]]:
    """Each side's rounds, after one that is not counted."""
    most = {name: int(requests * side.part) for name, side in SIDES.items()}
    key = prepare(folder, (rounds + 1) * requests // PER_EMPLOYEE + 1)
    with ExitStack() as stack:
        ports = {name: stack.enter_context(serving(name, folder)) for name in SERVERS}
        run = Run(ports, key, connections)
        found: dict[str, list[Load]] = {name: [] for name in SIDES}
        for number in range(rounds + 1):
            # Now from the first, now from the last, so that none comes always after the same.
            for name in list(SIDES)[:: 1 if number % 2 else -1]:
                load = run.ask(name, most[name])
                if number:
                    found[name].append(load)
        check(folder, run.asked)
    return found


def check(folder: Path, answered: dict[str, int]) -> None:
    """As many comps as answers, on both sides that write."""
    with Engine.open(url(folder), policies=HERE / "policies") as engine, engine.store.read() as unit:
        (book,) = books(unit)
        written = unit.row("SELECT count(*) FROM comp WHERE location = :at", {"at": book.location})
    with Session(naive.opened(folder / "naive.db")) as session:
        theirs = session.exec(select(func.count()).select_from(naive.Comp)).one()
    assert written == (answered["ours"],), (written, answered)
    assert theirs == answered["naive"], (theirs, answered)


def table(found: dict[str, list[Load]], connections: int) -> Table:
    """The figures; where the tills took most of their core, they are what was measured, and it is said."""
    made = Table(caption=f"medians of {len(found['ours'])} rounds in turn, {connections} connections")
    for title in ("POST /v1/comps against", "ratio", "aim", "a second", "theirs", "p99 ms", "theirs"):
        made.add_column(title, justify="left" if "against" in title else "right")
    rate = {name: statistics.median(load.rate for load in loads) for name, loads in found.items()}
    p99 = {name: statistics.median(_p99(load.waits) for load in loads) * 1000 for name, loads in found.items()}
    for name, what, aim in FIGURES:
        made.add_row(
            what,
            f"{rate['ours'] / rate[name]:.2f}",
            f"≥ {aim:g}",
            f"{rate['ours']:,.0f}",
            f"{rate[name]:,.0f}",
            f"{p99['ours']:.1f}",
            f"{p99[name]:.1f}",
        )
    busy = max(load.busy for loads in found.values() for load in loads)
    made.caption += f"; the tills took at most {busy:.0%} of a core"  # type: ignore[operator]
    return made


def _p99(waits: list[float]) -> float:
    return sorted(waits)[-(-len(waits) * 99 // 100) - 1]


def main() -> None:
    """Measure, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=None, help="where the files go: the disk that is measured")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--requests", type=int, default=4000, help="of ours in a round")
    parser.add_argument("--connections", type=int, default=32)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        found = measure(Path(name), rounds=options.rounds, requests=options.requests, connections=options.connections)
    Console().print(table(found, options.connections))


if __name__ == "__main__":
    main()
