"""Backtests: the books read once, in the order of time, and decided again under a candidate."""

import gc
import heapq
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from empower.core.backtest import Backtest, Counters, facts_of_body
from empower.core.entry import stamp
from empower.core.errors import InputError, PolicyError, unknown_name
from empower.core.flips import Flips
from empower.core.plan import CompiledPolicy
from empower.policy import PolicySet
from empower.store import Store, Unit
from empower.store.listing import books
from empower.store.publishing import History, history

STEPS = frozenset({"capture", "void", "expire", "reverse", "approve", "decline"})
Progress = Callable[[int, int], None]
EVERY = 2000
"""Entries between two words of progress."""
SELDOM = (200_000, 50, 100)
"""When to look for garbage in circles: entries make none, and looking for it would take a quarter of the time."""


class Backtested(NamedTuple):
    """What came of a backtest."""

    flips: Flips
    entries: int
    errors: int
    locations: list[str]
    left_out: list[str]
    """Locations that the candidate does not govern."""


def backtest(
    store: Store,
    candidate: PolicySet,
    *,
    since: datetime | None = None,
    locations: list[str] | None = None,
    progress: Progress | None = None,
) -> Backtested:
    """Decide every request in the books since a moment again; raises `InputError` or `PolicyError`.

    What the books held before fills the windows, as it really was.
    """
    begin = "" if since is None else stamp(since)
    flips, done, errors = Flips(), 0, 0
    with store.read() as unit, _little_tidying():
        sizes = {book.location: book.size for book in books(unit)}
        names = chosen(sizes, locations)
        governed = {name: policy for name in names if (policy := candidate.policy_for(name))}
        if not governed:
            raise PolicyError("the candidate governs none of these locations", code="governs_nothing")
        total = sum(sizes[name] for name in governed)
        for policy in {item.digest: item for item in governed.values()}.values():
            compiled, wide = CompiledPolicy(policy), Counters()
            under = [name for name, item in governed.items() if item.digest == policy.digest]
            for group in [under] if compiled.wide_measures else [[name] for name in under]:
                tests = {name: Backtest(compiled, flips.take, wide) for name in group}
                for entry in _merged(unit, group):
                    take_entry(tests[entry.location], flips, entry, begin)
                    done += 1
                    if progress is not None and done % EVERY == 0:
                        progress(done, total)
                errors += sum(test.errors for test in tests.values())
    if progress is not None:
        progress(total, total)
    return Backtested(flips, done, errors, sorted(governed), sorted(set(names) - governed.keys()))


@contextmanager
def _little_tidying() -> Iterator[None]:
    """While many objects come and go that reference counts let go of."""
    before = gc.get_threshold()
    gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def chosen(sizes: dict[str, int], locations: list[str] | None) -> list[str]:
    """The locations that were named, or all; raises `InputError` with the nearest name."""
    errors = [unknown_name("/location", "location", name, sizes) for name in locations or () if name not in sizes]
    if errors:
        raise InputError(errors[0].message, code="unknown_location", errors=errors)
    return sorted(sizes if locations is None else set(locations))


def _merged(unit: Unit, locations: list[str]) -> Iterator[History]:
    """The entries of several books by time; within a book in its order."""
    if len(locations) == 1:
        return history(unit, locations[0])
    return heapq.merge(*(history(unit, name) for name in locations), key=lambda entry: entry.at)


def take_entry(test: Backtest, flips: Flips, entry: History, begin: str) -> None:
    """One entry: decided again if it is a request of the moment `begin` or later, and else counted as it was."""
    kind, comp = entry.kind, entry.comp
    if comp is None:
        return
    if kind == "decision":
        body: dict[str, Any] = orjson.loads(entry.leaf)["body"]
        if entry.at < begin:
            test.before(facts_of_body(body), comp, body)
        else:
            test.decision(facts_of_body(body), comp, entry.at, body)
    elif kind in STEPS:
        body = orjson.loads(entry.leaf)["body"]
        test.step(kind, comp, body)
        flips.step(kind, comp, body)
