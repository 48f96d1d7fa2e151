"""Deciding against a plain function: `python benchmarks/decide.py`.

Ratios of medians in one run, the two sides in turn, so that a machine that changes its speed changes both.
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from plain import Used, plain
from rich.console import Console
from rich.table import Table

from empower.core.counter import Usage
from empower.core.decide import approves, decide, outcome
from empower.core.plan import CompiledPolicy
from empower.core.policy import Policy
from empower.core.request import Context, Facts, Request, facts_of
from empower.core.trial import Standing
from empower.engine.showing import decision_json
from empower.policy import read

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 20, 19, 42, tzinfo=UTC)
ROUNDS = 41
CALLS = 400

BODY: dict[str, Any] = {
    "location": "bench-soho",
    "employee": "E1042",
    "remedy": "dessert",
    "reason": "wrong_order",
    "amount": {"amount": 1200, "currency": "USD"},
    "check": {
        "id": "C-88123",
        "total": {"amount": 8450, "currency": "USD"},
        "state": "open",
        "items": [
            {"id": "i1", "name": "Tiramisu", "category": "dessert", "amount": {"amount": 1200, "currency": "USD"}}
        ],
    },
    "guest": "loyalty:778812",
}


class Example(NamedTuple):
    """A request with the counters as both sides read them."""

    facts: Facts
    used: Used
    first: Standing
    standing: Standing


def usage_of(measure: str, day_minor: int) -> Usage:
    """Some of each counter used, and `day_minor` of the employee's day."""
    if measure.startswith("employee/day"):
        return Usage(400, day_minor, 1, 1)
    return Usage(600, 900, 0, 1)


def example(policy: CompiledPolicy, day_minor: int = 1500, **changes: object) -> Example:
    """The body with `changes`, at a day of `day_minor` spent."""
    request = Request.model_validate(BODY)
    facts = facts_of(request, Context(("server",), guest="g_1"))._replace(**changes)  # type: ignore[arg-type]
    needed = policy.counters(facts, NOW, offers=True)
    standing = [
        None if need is None else usage_of(need.key.measure, day_minor if need.key.subject == "E1042" else 0)
        for need in needed
    ]
    other = usage_of("", 0)
    used = Used(
        usage_of("employee/day", day_minor),
        other,
        other if facts.guest else None,
        other,
        other if facts.check else None,
    )
    return Example(facts, used, standing[: len(policy.counters(facts, NOW))], standing)


def examples(policy: CompiledPolicy) -> list[Example]:
    """What a busy evening asks: most of it approved."""
    approved = [example(policy, amount_minor=minor, remedy="item") for minor in (300, 700, 1100, 1400, 1800, 2000)]
    return [
        *approved,
        example(policy),
        example(policy, day_minor=7000),
        example(policy, amount_minor=2400, remedy="item"),
        example(policy, categories=("alcohol",)),
        example(policy, remedy="waive_check"),
        example(policy, guest=None),
    ]


def many_rules(policy: Policy, times: int) -> Policy:
    """The same policy with `times` its rules: roles, limits, guards, remedies and reasons that are somebody else's."""
    value = json.loads(policy.text)
    for index in range(1, times):
        for part in ("remedies", "reasons", "roles"):
            for name, rule in list(value[part].items()):
                if "_copy" not in name:
                    value[part][f"{name}_copy{index}"] = rule
        for guard in policy.guards:
            copy = guard.model_dump(mode="json", exclude_none=True)
            copy["address"] += f"_copy{index}"
            copy["when"]["roles"] = [f"server_copy{index}"]
            value["guards"].append(copy)
    return Policy.load(json.dumps(value))


def seconds(call: Callable[[], object]) -> float:
    """How long `CALLS` calls take."""
    start = time.perf_counter()
    for _ in range(CALLS):
        call()
    return time.perf_counter() - start


def ratio(ours: Callable[[], object], theirs: Callable[[], object]) -> tuple[float, float]:
    """The median of the ratios of two calls made in turn, and our median time in microseconds."""
    seconds(ours), seconds(theirs)
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(ROUNDS)]
    return statistics.median(a / b for a, b in pairs), statistics.median(a for a, _ in pairs) / CALLS * 1e6


def over(cases: list[Example], call: Callable[[Example], object]) -> Callable[[], object]:
    """One call for all cases."""

    def run() -> None:
        for case in cases:
            call(case)

    return run


def start_up(arguments: list[str]) -> float:
    """Seconds of a whole process."""
    start = time.perf_counter()
    subprocess.run(arguments, check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    """Measure, and print one table."""
    policy = next(iter(read(HERE / "policies").policies))
    compiled, large = CompiledPolicy(policy), CompiledPolicy(many_rules(policy, 10))
    cases = examples(compiled)
    for case in cases:
        expected = plain(case.facts, case.used)
        found = outcome(compiled, case.facts, case.standing, NOW)
        if expected != found:
            raise SystemExit(f"the two sides disagree: {expected} and {found} on {case.facts}")
    approved = [case for case in cases if plain(case.facts, case.used) == "approve"]
    by_hand, by_hand_approved = (
        over(cases, lambda c: plain(c.facts, c.used)),
        over(approved, lambda c: plain(c.facts, c.used)),
    )
    text = json.dumps(BODY).encode()
    one = example(compiled)

    def explained() -> bytes:
        request = Request.model_validate_json(text)
        facts = facts_of(request, Context(("server",), guest="g_1"))
        return decision_json(decide(compiled, facts, one.first, NOW), policy)

    rows: list[tuple[str, str, float, tuple[float, float]]] = [
        (
            "bare outcome, approved",
            "the plain function",
            1.5,
            ratio(over(approved, lambda c: approves(compiled, c.facts, c.first, NOW)), by_hand_approved),
        ),
        (
            "bare outcome, an evening's mixture",
            "the plain function",
            1.5,
            ratio(over(cases, lambda c: outcome(compiled, c.facts, c.standing, NOW)), by_hand),
        ),
        (
            "decide, full findings, approved",
            "the plain function",
            4.0,
            ratio(over(approved, lambda c: decide(compiled, c.facts, c.first, NOW)), by_hand_approved),
        ),
        (
            "decide with counter-offers, the mixture",
            "the plain function",
            0.0,
            ratio(over(cases, lambda c: decide(compiled, c.facts, c.standing, NOW)), by_hand),
        ),
        (
            "decide at ten times the rules",
            "at one",
            1.1,
            ratio(
                over(approved, lambda c: decide(large, c.facts, c.first, NOW)),
                over(approved, lambda c: decide(compiled, c.facts, c.first, NOW)),
            ),
        ),
        (
            "JSON in, explained, JSON out",
            "the plain function",
            20.0,
            ratio(explained, lambda: plain(one.facts, one.used)),
        ),
    ]
    script = str(Path(sys.executable).with_name("empower"))
    bare = [sys.executable, "-c", "pass"]
    starts = [(start_up([script, "--help"]), start_up(bare)) for _ in range(15)]
    help_ratio = statistics.median(a / b for a, b in starts), statistics.median(a for a, _ in starts) * 1e6
    rows.append(("`empower --help`", "`python -c pass`", 0.0, help_ratio))
    _print(rows, len(cases), len(approved))


def _print(rows: list[tuple[str, str, float, tuple[float, float]]], cases: int, approved: int) -> None:
    table = Table(caption=f"{cases} requests, {approved} of them approved; medians of {ROUNDS} rounds in turn")
    for name in ("figure", "against"):
        table.add_column(name)
    for name in ("ratio", "aim"):
        table.add_column(name, justify="right")
    for name, against, aim, (found, _) in rows:
        table.add_row(name, against, f"{found:.2f}", f"≤ {aim:g}" if aim else "–")
    Console().print(table)


if __name__ == "__main__":
    main()
