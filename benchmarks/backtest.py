"""How many decisions a second a backtest makes, on one core: of the shipped bistro's policy, over a book of requests.

    python benchmarks/backtest.py [DECISIONS]

The book is made by the engine itself from a seed: servers and managers at twenty locations over ninety days, most comps
captured. Printed are the whole backtest, the reading of the entries alone, and the rate without it: of processor time,
whoever else is on the machine, and beside it what a million steps of plain Python take there.
"""

import random
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from empower.core.request import Request
from empower.engine import Engine, moving
from empower.engine.backtesting import backtest
from empower.policy import read
from empower.store.publishing import history

BEGIN = datetime(2026, 6, 1, 21, 0, tzinfo=UTC)
PLACES = tuple(f"bistro-{number}" for number in range(20))
POLICIES = Path(__file__).parent.parent / "policies"
AT_ONCE = 500


class Clock:
    now = BEGIN

    def __call__(self):
        return self.now


def asked(chance: random.Random, number: int) -> Request:
    remedy = chance.choice(["apology", "dessert", "item", "discount"])
    amount = 0 if remedy == "apology" else chance.randrange(2, 30) * 100
    usd = {"currency": "USD"}
    return Request.model_validate(
        {
            "location": PLACES[number % len(PLACES)],
            "employee": f"e{chance.randrange(12)}",
            "remedy": remedy,
            "reason": chance.choice(["wrong_order", "long_wait"]),
            "amount": {"amount": amount, **usd},
            "check": {"id": f"c{number // 40}", "total": {"amount": 9000, **usd}, "state": "open"},
            "guest": f"loyalty:{chance.randrange(3000)}",
        }
    )


def make(engine: Engine, clock: Clock, decisions: int) -> None:
    chance = random.Random(1)
    for place in PLACES:
        engine.open_location(place, by="benchmark")
        for number in range(12):
            role = "manager" if number < 2 else "server"
            engine.add_staff(f"e{number}", name=f"E{number}", role=role, at=[place], by="benchmark")
    pause = timedelta(days=90) / decisions

    def some(first: int):
        def job(unit):
            def captured(comp, place):
                return moving.capture(engine._desk.rules, unit, comp, place, None)

            for number in range(first, min(first + AT_ONCE, decisions)):
                clock.now += pause
                made = engine._hold(unit, asked(chance, number), None, "", "benchmark")
                if made.status == "approved":
                    moving.move(engine._desk, unit, made.id, "benchmark", None, captured)

        return job

    for first in range(0, decisions, AT_ONCE):
        engine.store.write(some(first), alone=True)


def measured(what: str, number: int, run) -> float:
    best = min(run() for _ in range(3))
    print(f"{what:<38}{number / best:>12,.0f} a second {best * 1e6 / number:>8.2f} µs each")
    return best


def main() -> None:
    decisions = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock()
        engine = Engine.open(f"sqlite:///{folder}/empower.db", policies=POLICIES, clock=clock, create=True)
        began = time.perf_counter()
        make(engine, clock, decisions)
        candidate = read(POLICIES).policies
        found = backtest(engine.store, candidate)
        with engine.store.read() as unit:
            rows = unit.rows("SELECT status, count(*) FROM comp GROUP BY 1 ORDER BY 2 DESC", {})
        print(f"{found.flips.decided:,} decisions in {found.entries:,} entries, {dict(rows)},")
        print(
            f"made in {time.perf_counter() - began:.0f} s; {found.flips.flips} flips under the policy in force itself"
        )

        def whole() -> float:
            began = time.process_time()
            backtest(engine.store, candidate)
            return time.process_time() - began

        def reading() -> float:
            began = time.process_time()
            with engine.store.read() as unit:
                for place in PLACES:
                    for entry in history(unit, place):
                        orjson.loads(entry.leaf)
            return time.process_time() - began

        def bare() -> float:
            """The same sum of plain Python each time: what a machine is worth, beside which the rest is read."""
            began = time.process_time()
            sum(number * number for number in range(1_000_000))
            return time.process_time() - began

        all_of_it = measured("backtest, reading the books included", decisions, whole)
        books = measured("  of that: reading and parsing entries", decisions, reading)
        print(f"{'  of that: deciding and counting':<38}{decisions / (all_of_it - books):>12,.0f} a second")
        print(f"{'  a million steps of plain Python':<38}{min(bare() for _ in range(3)) * 1000:>12,.0f} ms")
        engine.close()


if __name__ == "__main__":
    main()
