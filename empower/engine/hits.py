"""What if a limit were wider: how often each was hit, by how much, and the least cap that would have sufficed.

Read from the findings that the books recorded, as the windows were. A wider cap fills its window further: a backtest
of the value shows by how much.
"""

from datetime import datetime
from typing import Any, NamedTuple

import orjson

from empower.core.codes import Code
from empower.core.entry import stamp
from empower.core.guard import PER_WHOLE_BP
from empower.engine.backtesting import EVERY, Progress
from empower.engine.backtesting import chosen as choose
from empower.store import Store
from empower.store.listing import books
from empower.store.publishing import history

STOPS = {Code.LIMIT_EXCEEDED: "amount", Code.COUNT_EXCEEDED: "count", Code.PERCENT_EXCEEDED: "percent"}
PASSED = Code.GRANTED_LESS
SHARES = (90, 95, 99)
"""Percent of the requests that only this limit stopped."""


class Suggestion(NamedTuple):
    """One limit of one policy."""

    policy: str
    limit: str
    unit: str
    """`amount` in minor units, `count` in comps, `percent` in hundredths of a percent."""
    cap: int
    """The last that was met."""
    asked: int
    """Decisions in which the limit had a say."""
    hit: int
    alone: int
    """Of the hits, those in which nothing else stopped the request."""
    over_median: int
    over_most: int
    """By how much requests passed the cap."""
    least: tuple[int | None, ...]
    """The least caps that would have let `SHARES` of `alone` pass; None where there were none."""


class _Met:
    def __init__(self) -> None:
        self.cap = 0
        self.asked = 0
        self.over: list[int] = []
        self.needed: list[int] = []


def what_if(
    store: Store,
    *,
    since: datetime | None = None,
    locations: list[str] | None = None,
    progress: Progress | None = None,
) -> list[Suggestion]:
    """Each limit that was ever hit, the one hit most often first; raises `InputError`."""
    met: dict[tuple[str, str, str], _Met] = {}
    begin, done = "" if since is None else stamp(since), 0
    with store.read() as unit:
        sizes = {book.location: book.size for book in books(unit)}
        names = choose(sizes, locations)
        total = sum(sizes[name] for name in names)
        for name in names:
            for entry in history(unit, name):
                done += 1
                if progress is not None and done % EVERY == 0:
                    progress(done, total)
                if entry.kind == "decision" and entry.at >= begin:
                    _note(met, orjson.loads(entry.leaf)["body"])
    found = [_suggestion(key, item) for key, item in met.items() if item.over]
    return sorted(found, key=lambda item: (-item.hit, item.policy, item.limit, item.unit))


def _note(met: dict[tuple[str, str, str], _Met], body: dict[str, Any]) -> None:
    findings, request = body["decision"]["findings"], body["request"]
    caps = [item for item in findings if "unit" in item and item["code"] != PASSED]
    stops = [item for item in findings if item["code"] not in LETS_PASS]
    for item in caps:
        known = met.setdefault((body["policy_id"], item["rule"], item["unit"]), _Met())
        known.asked += 1
        known.cap = _in_unit(item["cap"], item["unit"], request)
        if item["code"] in STOPS:
            more = 1 if item["unit"] == "count" else request["amount"]["amount"]
            needed = _in_unit(item["used"] + more, item["unit"], request)
            known.over.append(needed - known.cap)
            if stops == [item]:
                known.needed.append(needed)


def _in_unit(value: int, unit: str, request: dict[str, Any]) -> int:
    """A share of a check as hundredths of a percent, rounded up; anything else as it is."""
    if unit != "percent":
        return value
    total: int = request["check"]["total"]["amount"]
    return -(-value * PER_WHOLE_BP // total) if total else 0


LETS_PASS = frozenset({Code.GRANTED_LESS, Code.CHECK_TOTAL_CHANGED, Code.REQUIREMENT_MET, Code.WITHIN_LIMIT})


def _suggestion(key: tuple[str, str, str], met: _Met) -> Suggestion:
    over = sorted(met.over)
    needed = sorted(met.needed)
    least = tuple(quantile(needed, share) for share in SHARES)
    return Suggestion(*key, met.cap, met.asked, len(over), len(needed), over[(len(over) - 1) // 2], over[-1], least)


def quantile(ordered: list[int], percent: int) -> int | None:
    """The least of the values that `percent` of them do not exceed; None of none."""
    return ordered[-(-len(ordered) * percent // 100) - 1] if ordered else None
