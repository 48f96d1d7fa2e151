"""Webhooks while serving: a courier in a thread of its own, which no request waits for."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from empower.engine import Engine
from empower.engine.webhook_courier import Courier
from empower.http import logs


@contextmanager
def delivering(engine: Engine) -> Iterator[None]:
    """Send to the webhooks what becomes due."""
    started = threading.Event()
    stopping: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def run() -> None:
        stop = asyncio.Event()
        stopping.append((asyncio.get_running_loop(), stop))
        started.set()
        await Courier(engine.webhooks).run(stop, _Teller())

    thread = threading.Thread(target=asyncio.run, args=(run(),), name="empower-webhooks", daemon=True)
    thread.start()
    started.wait()
    try:
        yield
    finally:
        [(loop, stop)] = stopping
        with suppress(RuntimeError):  # it has ended by itself
            loop.call_soon_threadsafe(stop.set)
        thread.join()


class _Teller:
    """Says once what keeps events from being sent; what an endpoint answers stands at the webhook, not in the log."""

    def __init__(self) -> None:
        self._told = ""

    def __call__(self, error: BaseException) -> None:
        if self._told != type(error).__name__:
            self._told = type(error).__name__
            logs.service.error("webhooks cannot be sent to now", extra=logs.about(**logs.where(error)))
