"""A shadow while serving: a thread of its own follows the books, and `/metrics` tells where the answers differ."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from empower.engine import Engine
from empower.engine.shadowing import Follower, running
from empower.http import logs

ROUND_SECONDS = 1.0
PAUSE_SECONDS = 0.02
"""Between two handfuls of entries, so that live answers come first."""


class Watch(Collector):
    """Follows whatever candidate is watched; never raises into the service."""

    def __init__(self, engine: Engine) -> None:
        """Of `engine`'s store."""
        self._store = engine.store
        self._follower: Follower | None = None
        self._failed = 0
        self._told = ""

    def advance(self) -> bool:
        """Look at some entries more; whether there were any."""
        try:
            with self._store.read() as unit:
                row = running(unit)
                if row is None:
                    self._follower = None
                    return False
                if self._follower is None or self._follower.shadow.id != row.id:
                    self._follower = Follower(row)
                return self._follower.advance(unit) > 0
        except Exception as error:  # noqa: BLE001  a shadow may not disturb anybody
            self._failed += 1
            if self._told != type(error).__name__:
                self._told = type(error).__name__
                logs.service.error("the shadow cannot be followed", extra=logs.about(**logs.where(error)))
            return False

    def collect(self) -> Iterator[CounterMetricFamily]:
        """What Prometheus is told."""
        follower = self._follower
        differ = CounterMetricFamily(
            "empower_shadow_differences", "Answers that the watched candidate gives otherwise.", labels=["change"]
        )
        decided = CounterMetricFamily("empower_shadow_decisions", "Requests that the candidate decided as well.")
        errors = CounterMetricFamily("empower_shadow_errors", "Requests that the candidate could not decide.")
        decided.add_metric([], follower.flips.decided if follower else 0)
        errors.add_metric([], self._failed + (follower.errors if follower else 0))
        for change, number in dict(follower.flips.by["outcome"] if follower else {}).items():
            differ.add_metric([change.replace(" → ", "_to_")], number)
        yield from (decided, differ, errors)


@contextmanager
def watching(engine: Engine, registry: CollectorRegistry) -> Iterator[None]:
    """Follow the books from a thread of its own."""
    watch, stop = Watch(engine), threading.Event()
    registry.register(watch)

    def rounds() -> None:
        while not stop.wait(PAUSE_SECONDS if watch.advance() else ROUND_SECONDS):
            pass

    thread = threading.Thread(target=rounds, name="empower-shadow", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        registry.unregister(watch)
