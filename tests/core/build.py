"""Policies, requests and books for the tests of core, with defaults for all that a case does not speak of."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple

from empower.core.codes import Code
from empower.core.counter import UNUSED, CounterKey, Move, Needed, Usage, moved
from empower.core.decide import decide
from empower.core.decision import Decision
from empower.core.measure import Authority, Charging
from empower.core.plan import CompiledPolicy
from empower.core.policy import Approval, CalendarRules, Guard, Limit, Policy, Reason, Remedy, Role, When
from empower.core.request import Facts

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
"""Monday noon in New York."""


def limit(address: str, per: str | tuple[str, ...] = "comp", **keys: Any) -> Limit:
    return Limit.model_validate({"address": address, "per": (per,) if isinstance(per, str) else per, **keys})


def role(name: str, remedies: Iterable[str] = ("*",), approves: Iterable[str] = (), **limits: dict[str, Any]) -> Role:
    """A role whose limits are given by name, each as the keys of a limit."""
    made = tuple(limit(f"roles.{name}.limits.{word}", **keys) for word, keys in limits.items())
    return Role(title=name.title(), remedies=tuple(remedies), approves=tuple(approves), limits=made)


def guard(name: str, then: str, require: Iterable[str] = (), say: str = "", **when: Any) -> Guard:
    conditions = When.model_validate(when)
    return Guard.model_validate(
        {"address": f"guards.{name}", "when": conditions, "then": then, "require": tuple(require), "say": say}
    )


def reason(*remedies: str) -> Reason:
    return Reason(title="A reason", dimension="reliability", stage="serving", remedies=remedies)


CALENDAR = {
    "timezone": "America/New_York",
    "currency": "USD",
    "decimals": 2,
    "symbol": "$",
    "day_starts": time(4),
    "week_starts": "monday",
}


def calendar_rules(**keys: Any) -> CalendarRules:
    return CalendarRules.model_validate(CALENDAR | keys)


REMEDIES = {
    "apology": Remedy(title="Apology", most=0, zero=True),
    "remake": Remedy(title="Remake", zero=True),
    "dessert": Remedy(title="Dessert", most=1500),
    "item": Remedy(title="Item"),
    "discount": Remedy(title="Discount"),
    "gift_card": Remedy(title="Gift card", most=50_000),
}
REASONS = {
    "wrong_order": reason("apology", "remake", "dessert", "item", "discount"),
    "long_wait": reason("*"),
    "cold_dish": reason("remake", "dessert"),
}
ROLES = {
    "host": role("host", ["apology", "dessert"], comp={"amount": 1000}),
    "server": role(
        "server",
        ["apology", "remake", "dessert", "item", "discount"],
        comp={"amount": 2500},
        day={"per": "employee", "every": "day", "amount": 7500, "count": 6},
        guest={"per": "guest", "every": "30 days", "count": 2},
    ),
    "manager": role(
        "manager",
        approves=["server", "host"],
        comp={"amount": 25_000},
        check={"per": "check", "percent_bp": 10_000},
        day={"per": "employee", "every": "day", "amount": 75_000},
    ),
    "relations": role("relations", approves=["*"], incident={"per": ("guest", "incident"), "amount": 200_000}),
}


def policy(**parts: Any) -> Policy:
    """The house of these tests, with other parts where a case says so; `roles` are added to its own."""
    whole: dict[str, Any] = {
        "id": "bistro",
        "title": "Bistro",
        "calendar": calendar_rules(),
        "remedies": REMEDIES,
        "reasons": REASONS,
        **parts,
        "roles": ROLES | parts.get("roles", {}),
    }
    return Policy.model_validate(whole)


def small(*limits: Limit, **parts: Any) -> Policy:
    """A policy in which a `clerk` may give everything within `limits`, and a `chief` whom nothing limits approves."""
    return Policy.model_validate(
        {
            "id": "small",
            "calendar": calendar_rules(),
            "remedies": {"item": Remedy(title="Item"), "dessert": Remedy(title="Dessert")},
            "reasons": {"late": reason("*"), "cold": reason("*")},
            "roles": {
                "clerk": Role(title="Clerk", remedies=("*",), limits=limits),
                "chief": role("chief", approves=["clerk"]),
            },
        }
        | parts
    )


def capped(per: str | tuple[str, ...] = "comp", **keys: Any) -> Policy:
    """The small policy with one limit."""
    return small(limit("roles.clerk.limits.a", per, **keys))


ASK = Facts(
    location="bistro-soho",
    employee="E1",
    roles=("server",),
    active=True,
    remedy="item",
    reason="wrong_order",
    amount_minor=1200,
    currency="USD",
    check="C-1",
    check_total_minor=8000,
    check_state="open",
    check_total_before_minor=None,
    categories=("food",),
    guest="guest-1",
    incident="I-1",
    shift="S-1",
    has_note=False,
    has_photo=False,
    employee_is_guest=False,
    accept_less=False,
    occurred_at=None,
)


def ask(**facts: Any) -> Facts:
    """A server's $12.00 item for a wrong order, with other facts where a case says so."""
    if isinstance(facts.get("roles"), str):
        facts["roles"] = tuple(facts["roles"].split())
    if "amount" in facts:
        facts["amount_minor"] = facts.pop("amount")
    if "total" in facts:
        facts["check_total_minor"] = facts.pop("total")
    return ASK._replace(**facts)


Used = Mapping[str, tuple[int, int]]
"""Minor units and comps that counters have, by measure, or by measure and subject with a blank between."""


def standing_from(needed: Iterable[Needed | None], used: Used) -> list[Usage | None]:
    """The standing of counters that `used` speaks of, half held and half spent; the others are unused."""
    standing: list[Usage | None] = []
    for need in needed:
        if need is None:
            standing.append(None)
            continue
        key = need.key
        minor, comps = used.get(f"{key.measure} {key.subject}", used.get(key.measure, (0, 0)))
        standing.append(Usage(minor // 2, minor - minor // 2, comps - comps // 2, comps // 2))
    return standing


def decided(rules: Policy, facts: Facts, used: Used | None = None, now: datetime = NOW) -> Decision:
    """The decision where the counters hold what `used` says."""
    compiled = CompiledPolicy(rules)
    try:
        needed = compiled.counters(facts, now, offers=True)
    except KeyError:  # a name that the policy does not know: no counter is read
        needed = []
    return decide(compiled, facts, standing_from(needed, used or {}), now)


def said(decision: Decision) -> list[Code]:
    """What was said besides that a limit has room, in the order of the findings."""
    return [finding.code for finding in decision.findings if finding.code is not Code.WITHIN_LIMIT]


def guarded(then: str, *require: str, **when: Any) -> Policy:
    """The small policy with one guard."""
    return small(guards=(guard("g", then, require, **when),))


Numbers = tuple[str, str, str | None, int | None, int | None, int | None]


def numbers(decision: Decision) -> list[Numbers]:
    """Of each finding: rule, code, unit, cap, used, left."""
    return [(f.rule, f.code, f.unit, f.cap, f.used, f.left) for f in decision.findings]


class Given(NamedTuple):
    """A comp that was given before, with the facts that counters ask of it."""

    location: str
    policy: str
    employee: str
    role: str
    remedy: str
    reason: str
    check: str | None
    guest: str | None
    incident: str | None
    shift: str | None
    amount: int
    captured: bool
    day: date


class Counters:
    """The counters of one location's book and of its policy's group, charged comp by comp."""

    def __init__(self, compiled: CompiledPolicy, location: str, given: Iterable[Given]) -> None:
        self._own: dict[CounterKey, Usage] = {}
        self._wide: dict[CounterKey, Usage] = {}
        wide = Charging(compiled.wide_measures)
        for comp in given:
            if comp.location == location:
                _charge(self._own, compiled.charging, comp)
            _charge(self._wide, wide, comp)

    def usage(self, need: Needed | None) -> Usage | None:
        """A counter's buckets from the first to the last, summed."""
        if need is None:
            return None
        kept = self._wide if need.wide else self._own
        total = UNUSED
        for key, usage in kept.items():
            if key[:2] == need.key[:2] and need.key.start <= key.start <= need.last:
                total = moved(total, Move(*usage))
        return total

    def standing(self, needed: Iterable[Needed | None]) -> list[Usage | None]:
        return [self.usage(need) for need in needed]


def _charge(kept: dict[CounterKey, Usage], charging: Charging, comp: Given) -> None:
    move = Move(0, comp.amount, 0, 1) if comp.captured else Move(comp.amount, 0, 1, 0)
    for key in charging.charges(comp, Authority(comp.employee, comp.role), comp.policy, comp.day):
        kept[key] = moved(kept.get(key, UNUSED), move)


def approval(two_people_over: int | None) -> Approval:
    return Approval(two_people_over=two_people_over)
