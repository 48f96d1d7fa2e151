"""From a till's request to the event at who listens: `python benchmarks/events.py [--folder DIR] [--calls N]`.

A server of its own, one till, every request waits for a manager. Each is timed from before the request is sent until
the till has its answer, and until the event has come to a listener: on a stream (`/v1/events`), alone, among a
hundred listeners, and with 10,000 comps waiting under a ladder; and at a webhook on loopback. The other process is
one that asks past the server, whose listeners look twice a second.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
from rich.console import Console
from rich.table import Table

from empower.engine import Engine

POLICY = """\
[policy]
id = "bench"
locations = ["bench-*"]

[calendar]
timezone = "America/New_York"
currency = "USD"
day_starts = 04:00:00
week_starts = "monday"

[remedies.waive_check]
title = "The whole check"

[reasons.wrong_order]
title = "Wrong item served"
dimension = "reliability"
stage = "serving"
remedies = ["waive_check"]

[roles.server]
title = "Server"
remedies = ["waive_check"]
limits.comp = { amount = 12.00 }

[roles.manager]
title = "Manager"
remedies = ["*"]
approves = ["server"]
limits.comp = { amount = 200.00 }

[roles.owner]
title = "Owner"
remedies = ["*"]
approves = ["*"]
limits.comp = { amount = 500.00 }

[approval]
expires = "6 hours"
climb_after = "3 hours"
"""
BODY = {
    "location": "bench-soho",
    "employee": "E1",
    "remedy": "waive_check",
    "reason": "wrong_order",
    "amount": {"amount": 5000, "currency": "USD"},
}
WAITING = 10_000
LISTENERS = 100


class Times(NamedTuple):
    """Seconds to the answer, and to the event."""

    answer: list[float]
    event: list[float]


class Arrivals:
    """When the event of each comp came."""

    def __init__(self) -> None:
        self._at: dict[str, asyncio.Future[float]] = {}

    def of(self, comp: str) -> "asyncio.Future[float]":
        return self._at.setdefault(comp, asyncio.get_running_loop().create_future())

    def came(self, payload: str | bytes) -> None:
        at = time.perf_counter()
        found = self.of(json.loads(payload)["data"]["comp"])
        if not found.done():
            found.set_result(at)


def prepare(folder: Path) -> Engine:
    (folder / "policies").mkdir()
    (folder / "policies" / "bench.toml").write_text(POLICY)
    engine = Engine.open(f"sqlite:///{folder / 'empower.db'}", policies=folder / "policies", create=True)
    engine.open_location("bench-soho", by="benchmark")
    for name, role in (("E1", "server"), ("E2", "manager"), ("E3", "owner")):
        engine.add_staff(name, name=name, role=role, at=["bench-soho"], by="benchmark")
    return engine


@contextmanager
def serving(folder: Path) -> Any:
    where = ["--store", f"sqlite:///{folder / 'empower.db'}", "--policies", str(folder / "policies")]
    command = [sys.executable, "-m", "empower", "serve", "--port", "0", *where]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().split()[2].rstrip(",")
        finally:
            server.terminate()


@asynccontextmanager
async def listening(client: httpx2.AsyncClient, arrivals: Arrivals | None) -> AsyncIterator[None]:
    """A listener on a stream of its own."""
    async with client.stream("GET", "/v1/events") as response:
        lines = response.aiter_lines()
        await anext(lines)

        async def read() -> None:
            async for line in lines:
                if arrivals is not None and line.startswith("data: "):
                    arrivals.came(line[6:])

        reader = asyncio.create_task(read())
        try:
            yield
        finally:
            reader.cancel()


@asynccontextmanager
async def receiving(engine: Engine, arrivals: Arrivals) -> AsyncIterator[None]:
    """A webhook on loopback."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                [size] = [int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
                arrivals.came(await reader.readexactly(size))
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        except (asyncio.IncompleteReadError, OSError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    made = engine.webhooks.add(f"http://127.0.0.1:{port}/", at=["*"], allow_private=True, by="benchmark")
    await asyncio.sleep(2)  # the server looks once a second whether there are any
    try:
        yield
    finally:
        engine.webhooks.remove(made.id, by="benchmark")
        server.close()


async def measure(ask: Callable[[int], Awaitable[str]], arrivals: Arrivals | None, calls: int) -> Times:
    """One request after another."""
    times = Times([], [])
    for number in range(calls):
        start = time.perf_counter()
        comp = await ask(number)
        times.answer.append(time.perf_counter() - start)
        if arrivals is not None:
            times.event.append(await arrivals.of(comp) - start)
    return times


async def run(engine: Engine, address: str, calls: int) -> list[tuple[str, Times]]:
    key = engine.create_key(scopes=["pos"], at=["bench-soho"], by="benchmark").key
    asked = iter(range(10**9))

    async with AsyncExitStack() as stack:
        limits = httpx2.Limits(max_connections=None)
        client = httpx2.AsyncClient(
            base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=60, limits=limits
        )
        await stack.enter_async_context(client)

        async def ask(_number: int) -> str:
            done = await client.post("/v1/comps", json=BODY, headers={"Idempotency-Key": str(next(asked))})
            return str(done.json()["id"])

        async def past(_number: int) -> str:
            return (await asyncio.to_thread(engine.request, BODY)).id

        found = []
        await measure(ask, None, 50)
        found.append(("nobody listens", await measure(ask, None, calls)))
        hook = Arrivals()
        async with receiving(engine, hook):
            found.append(("a webhook", await measure(ask, hook, calls)))
        arrivals = Arrivals()
        await stack.enter_async_context(listening(client, arrivals))
        found.append(("one listener", await measure(ask, arrivals, calls)))
        found.append(("another process asks", await measure(past, arrivals, min(calls, 40))))
        async with AsyncExitStack() as more:
            for _ in range(LISTENERS - 1):
                await more.enter_async_context(listening(client, None))
            found.append((f"{LISTENERS} listeners", await measure(ask, arrivals, calls)))
        for _ in range(WAITING):
            await asyncio.to_thread(engine.request, BODY)
        found.append((f"{WAITING:,} waiting", await measure(ask, arrivals, calls)))
        begin = time.perf_counter()
        async with listening(client, None):
            found.append((f"to begin with {WAITING:,}", Times([time.perf_counter() - begin], [])))
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=None, help="where the files go: the disk that is measured")
    parser.add_argument("--calls", type=int, default=300)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name)
        with prepare(folder) as engine, serving(folder) as address:
            found = asyncio.run(run(engine, address, given.calls))
    base = statistics.median(found[0][1].answer)
    table = Table("", "answer, median", "p99", "event, median", "p99", "answer, ratio", "event, ratio")
    for what, times in found:
        table.add_row(what, *shown(times.answer), *shown(times.event), *(ratio(side, base) for side in times))
    Console(width=110).print(table)


def shown(seconds: list[float]) -> tuple[str, str]:
    if not seconds:
        return "", ""
    ordered = sorted(seconds)
    return f"{statistics.median(ordered) * 1000:.1f} ms", f"{ordered[int(len(ordered) * 0.99)] * 1000:.1f} ms"


def ratio(seconds: list[float], base: float) -> str:
    return f"{statistics.median(seconds) / base:.2f}" if seconds else ""


if __name__ == "__main__":
    main()
