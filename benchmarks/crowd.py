"""Callers in one process, over many locations, each of whom asks again as soon as the last comp was approved."""

import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from durable import HERE, body

from empower.core.request import Request
from empower.engine import Engine

EMPLOYEES = 300
"""At each location."""
A_DAY = 6
"""Comps of one employee: then the day's count is full."""

Ask = Callable[[int], str]
"""Asks for the comp of a number, and gives its status."""


class Crowd(NamedTuple):
    """Who asks, and where."""

    callers: int
    locations: int

    @property
    def most(self) -> int:
        """How many comps are approved at the least before the first budget is full."""
        return self.locations * EMPLOYEES * A_DAY

    def asked(self, number: int) -> dict[str, Any]:
        """The request of a number: each of another guest, on another check."""
        place, employee = number % self.locations, number // self.locations % EMPLOYEES
        usd = {"amount": 1, "currency": "USD"}
        return body(number) | {"location": f"bench-{place}", "employee": f"E{place}-{employee}", "amount": usd}

    def prepared(self, url: str, policies: Path = HERE / "policies") -> Engine:
        """An engine on a new store, with the locations and their rosters."""
        engine = Engine.open(url, policies=policies, create=True)
        for place in range(self.locations):
            engine.open_location(f"bench-{place}", by="benchmark")
        staff = (
            f"E{place}-{number},Employee,bench-{place},server"
            for place in range(self.locations)
            for number in range(EMPLOYEES)
        )
        engine.import_staff("id,name,location,role\n" + "\n".join(staff), by="benchmark")
        return engine

    def through(self, engine: Engine) -> Ask:
        """Ask an engine, in process."""
        return lambda number: engine.request(Request.model_validate(self.asked(number)), key=f"key-{number}").status

    def rate(self, ask: Ask, first: int, count: int) -> float:
        """Calls a second of all callers, each of which must be approved."""
        # One `next` of a range is one step of the interpreter, so no two get the same number.
        numbers, wrong = iter(range(first, first + count)), list[tuple[int, str]]()

        def call() -> None:
            for number in numbers:
                status = ask(number)
                if status != "approved":
                    wrong.append((number, status))

        threads = [threading.Thread(target=call) for _ in range(self.callers)]
        start = time.perf_counter()
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            deque(numbers, maxlen=0)  # nobody goes on after it was broken off
        seconds = time.perf_counter() - start
        if wrong:
            raise SystemExit(f"not approved: {wrong[:3]}, {len(wrong)} in all")
        return count / seconds
