"""Who may say yes to what somebody may not give alone."""

from typing import Any

import pytest

from empower.core.codes import Code
from empower.core.decision import Finding
from empower.core.policy import Policy, Role

from .build import Used, approval, ask, decided, guard, policy, role, said, small
from .cases import ALONE, BISTRO, OVER_200

OVER = {"amount": 2501}
ALL_TWO = ("manager", "relations")
UNKNOWN = {"amount": 2501, "guest": None, "check": None, "total": None}
BIG = {"roles": "manager", "amount": 25_001, "total": 90_000}
DESSERTS = policy(roles={"manager": role("manager", ["dessert"], ["server"])})
NOT_MANAGERS = {"roles": ("manager",)}


def against(then: str, *require: str, **when: Any) -> Policy:
    """The bistro with one guard."""
    return policy(guards=(guard("g", then, require, **when),))


APPROVERS = [
    ("the least powerful first", BISTRO, OVER, {}, ALL_TWO),
    ("only who can grant so much", BISTRO, {"amount": 25_001, "total": 90_000}, {}, ("relations",)),
    ("not over the check by a manager", BISTRO, {"amount": 8001}, {}, ("relations",)),
    ("not more of the check than is left", BISTRO, OVER, {"check/ever": (5500, 1)}, ("relations",)),
    ("just what is left of the check", BISTRO, OVER, {"check/ever": (5499, 1)}, ALL_TWO),
    ("not from an incident that is full", BISTRO, OVER, {"guest+incident/ever": (199_000, 1)}, ("manager",)),
    ("the requester's full day is not theirs", BISTRO, {}, {"employee/day": (75_000, 6)}, ALL_TWO),
    ("a missing fact does not stop them", BISTRO, UNKNOWN, {}, ALL_TWO),
    ("who escalates themselves", BISTRO, {"roles": "relations", "incident": None}, {}, ("relations",)),
    ("nobody but who approves managers", BISTRO, BIG, {}, ("relations",)),
    ("no role that may not give it", DESSERTS, OVER, {}, ("relations",)),
    ("no role that a guard denies", against("deny", **NOT_MANAGERS), OVER, {}, ("relations",)),
    ("a guard denies only more", against("deny", amount_over=2501, **NOT_MANAGERS), OVER, {}, ALL_TWO),
    ("a guard that escalates asked for them", against("escalate"), {}, {}, ALL_TWO),
    ("a requirement asked for them", against("require", "note"), {}, {}, ALL_TWO),
    ("a share of no total", against("deny", percent_over_bp=1, **NOT_MANAGERS), UNKNOWN, {}, ALL_TWO),
    ("two people do not stop them", policy(approval=approval(2000)), {"amount": 2400}, {}, ALL_TWO),
]


@pytest.mark.parametrize(
    ("rules", "facts", "used", "expected"), [row[1:] for row in APPROVERS], ids=[row[0] for row in APPROVERS]
)
def test_who_may_say_yes(rules: Policy, facts: dict[str, Any], used: Used, expected: tuple[str, ...]):
    decision = decided(rules, ask(**facts), used)
    assert (decision.outcome, decision.approvers) == ("escalate", expected)


def chiefs(**roles: Role) -> Policy:
    """The small policy with a clerk who may give nothing alone, and other approvers."""
    nothing = role("clerk", comp={"amount": 0})
    return small(roles={"clerk": nothing, **roles})


TWO_CAPS = {"ann": {"a": {"amount": 9000}, "b": {"amount": 1300}}, "bob": {"a": {"amount": 2400}}}
OFF_TOPIC = {"ann": {"a": {"amount": 1, "remedies": ["dessert"]}}, "bob": {"a": {"amount": 2400}}}
BY_POWER = [
    ("by the amount at once", {"zed": {"comp": {"amount": 2000}}, "ann": {"comp": {"amount": 3000}}}, "zed ann"),
    ("who has no limit is the most powerful", {"ann": {}, "zed": {"comp": {"amount": 3000}}}, "zed ann"),
    ("by the least of their limits", TWO_CAPS, "ann bob"),
    ("a limit on something else is none", OFF_TOPIC, "bob ann"),
    ("else by name", {"zed": {"comp": {"amount": 2000}}, "ann": {"comp": {"amount": 2000}}}, "ann zed"),
]


@pytest.mark.parametrize(("limits", "order"), [row[1:] for row in BY_POWER], ids=[row[0] for row in BY_POWER])
def test_the_least_powerful_is_asked_first(limits: dict[str, dict[str, Any]], order: str):
    rules = chiefs(**{name: role(name, approves=["clerk"], **caps) for name, caps in limits.items()})
    assert " ".join(decided(rules, ask(roles="clerk", reason="late")).approvers) == order


def test_an_approver_who_is_not_known_yet_has_empty_counters_and_no_more_than_those():
    day = {"per": "employee", "every": "day", "amount": 1200}
    rules = chiefs(chief=role("chief", approves=["clerk"], day=day))
    assert decided(rules, ask(roles="clerk", reason="late"), {"employee/day": (9999, 9)}).approvers == ("chief",)
    more = decided(rules, ask(roles="clerk", reason="late", amount=1201))
    assert (more.outcome, said(more)) == ("deny", [Code.NO_APPROVER, Code.LIMIT_EXCEEDED])


def test_an_approver_who_is_not_known_yet_is_held_to_the_share_of_the_check():
    share = {"per": ("check", "employee"), "percent_bp": 1000}
    rules = chiefs(chief=role("chief", approves=["clerk"], share=share))
    assert decided(rules, ask(roles="clerk", reason="late", amount=800)).approvers == ("chief",)
    assert decided(rules, ask(roles="clerk", reason="late", amount=801)).outcome == "deny"


def test_what_an_approver_s_role_has_used_is_known():
    rules = chiefs(chief=role("chief", approves=["clerk"], day={"per": "role", "every": "day", "amount": 5000}))
    facts = ask(roles="clerk", reason="late")
    assert decided(rules, facts, {"role/day chief": (3800, 1), "role/day clerk": (9999, 9)}).outcome == "escalate"
    assert decided(rules, facts, {"role/day chief": (3801, 1)}).outcome == "deny"


def test_one_person_or_two():
    facts = ask(roles="manager", total=90_000)
    assert decided(OVER_200, facts._replace(amount_minor=20_001)).approvals == 2
    assert decided(OVER_200, ask(amount=2501)).approvals == 1
    assert decided(OVER_200, ask(amount=20_000, total=90_000)).approvals == 1
    assert decided(OVER_200, ask(amount=20_001, total=90_000)).approvals == 2
    assert decided(OVER_200, ask(amount=2500)).approvals == 0
    assert decided(OVER_200, ask(amount=2501, roles="host")).approvals == 0


def test_nobody_to_ask_is_said_first():
    decision = decided(ALONE, ask(amount=2501))
    assert decision.findings[0] == Finding("roles.server", Code.NO_APPROVER)
    assert (decision.approvers, decision.approvals, decision.role) == ((), 0, "server")
