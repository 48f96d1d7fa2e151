"""May I comp this? The outcome and the codes of each case, who decides it, and the numbers in what is said."""

from datetime import timedelta
from typing import Any

import pytest

from empower.core.canonical import LARGEST_INTEGER
from empower.core.codes import Code, Outcome
from empower.core.decide import approves, decide, outcome
from empower.core.decision import CounterOffer, Finding
from empower.core.plan import CompiledPolicy
from empower.core.policy import Policy, Role

from .build import (
    NOW,
    ROLES,
    Used,
    approval,
    ask,
    capped,
    decided,
    guarded,
    limit,
    numbers,
    policy,
    role,
    said,
    standing_from,
)
from .cases import ASKS_TWICE, BISTRO, TABLES, THIRD, WHOLE, Case

ALL = [pytest.param(row, id=f"{table}: {row.what}") for table, rows in TABLES.items() for row in rows]


@pytest.mark.parametrize("row", ALL)
def test_outcome_and_codes(row: Case):
    decision = decided(row.rules, ask(**row.facts), row.used)
    assert " ".join([decision.outcome, *said(decision)]) == row.expected


@pytest.mark.parametrize("row", ALL)
def test_the_bare_outcome_is_the_same(row: Case):
    facts = ask(**row.facts)._replace(accept_less=False)
    compiled = CompiledPolicy(row.rules)
    decision = decided(row.rules, facts, row.used)
    known = facts.remedy in row.rules.remedies and facts.reason in row.rules.reasons
    needed = compiled.counters(facts, NOW, offers=True) if known else []
    standing = standing_from(needed, row.used)
    assert outcome(compiled, facts, standing, NOW) is decision.outcome
    assert approves(compiled, facts, standing, NOW) == (decision.outcome is Outcome.APPROVE)


def test_every_code_is_in_a_table():
    seen = {Code(code) for rows in TABLES.values() for row in rows for code in row.expected.split()[1:]}
    assert set(Code) - seen == {Code.EVALUATION_ERROR, Code.WITHIN_LIMIT}


def test_a_limit_says_what_is_left_after_a_comp_that_fits():
    decision = decided(BISTRO, ask(amount=1200), {"employee/day": (2400, 2), "guest/day": (500, 1)})
    assert numbers(decision) == [
        ("roles.server.limits.comp", "within_limit", "amount", 2500, 0, 1300),
        ("roles.server.limits.day", "within_limit", "amount", 7500, 2400, 3900),
        ("roles.server.limits.day", "within_limit", "count", 6, 2, 3),
        ("roles.server.limits.guest", "within_limit", "count", 2, 1, 0),
    ]
    assert (decision.role, decision.granted_minor, decision.counter_offer) == ("server", 1200, None)


def test_a_limit_says_what_there_is_without_a_comp_that_does_not_fit():
    decision = decided(BISTRO, ask(amount=2600), {"employee/day": (7400, 6), "guest/day": (500, 3)})
    assert numbers(decision) == [
        ("roles.server.limits.comp", "limit_exceeded", "amount", 2500, 0, 2500),
        ("roles.server.limits.day", "limit_exceeded", "amount", 7500, 7400, 100),
        ("roles.server.limits.day", "count_exceeded", "count", 6, 6, 0),
        ("roles.server.limits.guest", "count_exceeded", "count", 2, 3, 0),
    ]


def test_a_share_of_the_check_is_worked_out_in_minor_units():
    decision = decided(THIRD, ask(roles="clerk", reason="late", total=1000, amount=300), {"check/ever": (30, 1)})
    assert numbers(decision) == [("roles.clerk.limits.a", "within_limit", "percent", 333, 30, 3)]
    decision = decided(THIRD, ask(roles="clerk", reason="late", total=1000, amount=304), {"check/ever": (30, 1)})
    assert numbers(decision) == [("roles.clerk.limits.a", "percent_exceeded", "percent", 333, 30, 303)]


def test_a_total_that_changed_says_what_it_was():
    facts = ask(roles="clerk", reason="late", amount=800, check_total_before_minor=2000)
    changed = decided(WHOLE, facts).findings[-1]
    assert (changed.rule, changed.code, changed.cap) == ("roles.clerk.limits.a", Code.CHECK_TOTAL_CHANGED, 2000)


@pytest.mark.parametrize(
    ("facts", "rule", "fact"),
    [
        ({"active": False}, "staff", "E1"),
        ({"roles": ()}, "staff", "E1"),
        ({"roles": ("sommelier", "sommelier_2")}, "roles", "sommelier"),
        ({"remedy": "unicorn"}, "remedies", "unicorn"),
        ({"reason": "full_moon"}, "reasons", "full_moon"),
        ({"currency": "EUR"}, "calendar.currency", "EUR"),
        ({"remedy": "gift_card"}, "roles.server.remedies", "gift_card"),
        ({"reason": "cold_dish"}, "reasons.cold_dish.remedies", "item"),
        ({"guest": None}, "roles.server.limits.guest", "guest"),
        ({"roles": ("relations",), "incident": None}, "roles.relations.limits.incident", "incident"),
        ({"roles": ("manager",), "total": None}, "roles.manager.limits.check", "check.total"),
        ({"roles": ("manager",), "total": None, "check": None}, "roles.manager.limits.check", "check"),
    ],
)
def test_a_finding_names_the_rule_and_the_fact(facts: dict[str, Any], rule: str, fact: str):
    found = [f for f in decided(BISTRO, ask(**facts)).findings if f.code is not Code.WITHIN_LIMIT]
    assert [(f.rule, f.fact) for f in found] == [(rule, fact)]


def test_rules_on_the_amount_name_where_they_stand():
    rules = policy(approval=approval(1000))
    assert decided(rules, ask(remedy="dessert", amount=1600)).findings[:2] == (
        Finding("remedies.dessert.most", Code.OVER_MOST, "amount", 1500, 0, 1500),
        Finding("approval.two_people_over", Code.TWO_PEOPLE, "amount", 1000, 0, 1000),
    )
    assert decided(rules, ask(amount=0)).findings[0] == Finding("remedies.item.zero", Code.NO_AMOUNT)


OWED = [
    (("note",), {}, ("note",)),
    (("note", "photo"), {}, ("note", "photo")),
    (("note", "photo"), {"has_note": True}, ("photo",)),
    (("photo", "guest"), {"has_photo": True, "guest": None}, ("guest",)),
    (("note",), {"has_note": True}, ()),
]


@pytest.mark.parametrize(("require", "facts", "owed"), OWED)
def test_what_is_required_and_missing_is_owed(require: tuple[str, ...], facts: dict[str, Any], owed: tuple[str, ...]):
    assert decided(guarded("require", *require), ask(roles="clerk", reason="late", **facts)).obligations == owed


def test_what_two_guards_require_is_owed_once():
    decision = decided(ASKS_TWICE, ask(roles="clerk", reason="late", guest=None))
    assert decision.obligations == ("note", "photo", "guest")
    assert [finding.fact for finding in decision.findings] == ["note", "guest"]


LEAD = Role(title="Lead", remedies=("*",), limits=ROLES["server"].limits)

TREAT = {"remedy": "dessert", "amount": 500}
FULL = {"employee/day": (0, 6)}
ROLES_HELD = [
    ("one approves, one may not", "host server", {}, {}, "approve", "server"),
    ("a tie goes to the first", "host server", TREAT, {}, "approve", "host"),
    ("a tie goes to the first, turned round", "server host", TREAT, {}, "approve", "server"),
    ("the better one wins though named last", "host server", {"remedy": "dessert"}, {}, "approve", "server"),
    ("a manager who also serves", "server manager", {"amount": 5000}, {}, "approve", "manager"),
    ("a server whose day is full, as a host", "server host", TREAT, FULL, "approve", "host"),
    ("escalating is better than denying", "host server", {"amount": 2501}, {}, "escalate", "server"),
    ("both escalate", "host server", {"remedy": "dessert"}, FULL, "escalate", "host"),
    ("both deny", "host server", {"remedy": "gift_card"}, {}, "deny", "host"),
    ("an unknown one beside", "sommelier host server", {}, {}, "approve", "server"),
]


@pytest.mark.parametrize(
    ("roles", "facts", "used", "expected", "by"), [row[1:] for row in ROLES_HELD], ids=[row[0] for row in ROLES_HELD]
)
def test_the_best_role_decides(roles: str, facts: dict[str, Any], used: Used, expected: str, by: str):
    decision = decided(BISTRO, ask(roles=roles, **facts), used)
    assert (decision.outcome, decision.role) == (expected, by)


def test_a_role_for_which_nobody_could_say_yes_gives_way_to_one_that_has_somebody():
    rules = policy(roles={"waiter": role("waiter", comp={"amount": 100})}, limits=())
    without = rules.model_copy(update={"roles": rules.roles | {"relations": role("relations")}})
    decision = decided(without, ask(roles="waiter server", amount=5000))
    assert (decision.outcome, decision.role, decision.approvers) == ("escalate", "server", ("manager",))


def test_an_inherited_limit_keeps_the_address_of_the_role_that_wrote_it():
    decision = decided(policy(roles={"lead": LEAD}), ask(roles="lead", amount=2501))
    assert [finding.rule for finding in decision.findings] == [
        "roles.server.limits.comp",
        "roles.server.limits.day",
        "roles.server.limits.day",
        "roles.server.limits.guest",
    ]


def test_a_house_limit_comes_behind_the_role_s_own():
    rules = policy(limits=(limit("limits.month", "location", every="month", amount=600_000, beyond="deny"),))
    decision = decided(rules, ask(), {"location/month": (598_801, 70)})
    assert numbers(decision)[-1] == ("limits.month", "limit_exceeded", "amount", 600_000, 598_801, 1199)
    assert decision.outcome == "deny"


def test_roles_that_measure_the_same_share_the_counter():
    """A guest cannot collect twice from two roles, and a promotion does not empty a day."""
    used = {"employee/day E1": (7000, 1), "guest/day guest-1": (100, 1)}
    assert said(decided(policy(roles={"lead": LEAD}), ask(roles="lead", amount=501), used)) == [Code.LIMIT_EXCEEDED]
    promoted = decided(BISTRO, ask(roles="manager"), {"employee/day E1": (74_000, 9)})
    assert said(promoted) == [Code.LIMIT_EXCEEDED]


SHORT: list[list[Any]] = [[], [None], ["full"], [3]]


@pytest.mark.parametrize("standing", SHORT)
@pytest.mark.parametrize("accept_less", [False, True])
def test_what_goes_wrong_is_for_a_person_and_never_approved(standing: list[Any], accept_less: bool):
    """The server's day and guest counters are read: these standings do not have them."""
    decision = decide(CompiledPolicy(BISTRO), ask(accept_less=accept_less), standing, NOW)
    assert (decision.outcome, decision.granted_minor, decision.role) == ("escalate", 0, None)
    assert decision.findings == (Finding("", Code.EVALUATION_ERROR),)
    assert decision.approvals == 1
    assert decision.counter_offer == CounterOffer(None, ())


def test_what_goes_wrong_is_answered_the_same_by_the_policy_as_it_is_stored():
    """A replay reads the policy from its canonical text, in which names are sorted."""
    stored = Policy.load(BISTRO.text)
    assert decide(CompiledPolicy(stored), ask(), [], NOW) == decide(CompiledPolicy(BISTRO), ask(), [], NOW)


def test_the_first_counters_are_enough_to_approve_and_not_to_refuse():
    compiled = CompiledPolicy(BISTRO)
    few = standing_from(compiled.counters(ask(), NOW), {})
    assert len(few) < len(compiled.counters(ask(), NOW, offers=True))
    assert decide(compiled, ask(), few, NOW).outcome == "approve"
    assert said(decide(compiled, ask(amount=2501), few, NOW)) == [Code.EVALUATION_ERROR]


def test_windows_are_those_of_the_decision_and_not_of_when_it_happened():
    compiled = CompiledPolicy(BISTRO)
    yesterday = ask(occurred_at=NOW - timedelta(days=1))
    assert compiled.counters(yesterday, NOW, offers=True) == compiled.counters(ask(), NOW, offers=True)
    days = [need.key.start for need in compiled.counters(yesterday, NOW) if need and need.key.measure == "employee/day"]
    assert days == ["2026-11-23"]


@pytest.mark.parametrize("used", [0, 1, 500])
def test_amounts_as_large_as_they_can_be(used: int):
    """A limit on the number alone has no say on the amount, however large."""
    rules = capped("guest", count=3)
    compiled, facts = CompiledPolicy(rules), ask(roles="clerk", reason="late", amount=LARGEST_INTEGER)
    standing = standing_from(compiled.counters(facts, NOW, offers=True), {"guest/ever": (used, 1)})
    assert decide(compiled, facts, standing, NOW).outcome == "approve"
    assert approves(compiled, facts, standing, NOW)
