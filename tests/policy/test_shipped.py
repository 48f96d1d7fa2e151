"""The policies that ship: whole, coherent, and as generous as they say."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from empower.core.codes import Code, Outcome
from empower.core.counter import UNUSED, Usage
from empower.core.decide import decide
from empower.core.decision import Decision
from empower.core.plan import CompiledPolicy
from empower.core.policy import Policy
from empower.core.request import Facts
from empower.policy import read

FOLDER = Path(__file__).parent.parent.parent / "policies"
NAMES = ("bakery", "bistro", "hotel")
NOON = datetime(2026, 11, 20, 18, tzinfo=UTC)
FACTS = Facts(
    location="somewhere",
    employee="E1",
    roles=(),
    active=True,
    remedy="apology",
    reason="long_wait",
    amount_minor=0,
    currency="USD",
    check="C1",
    check_total_minor=1_000_000,
    check_state="open",
    check_total_before_minor=None,
    categories=(),
    guest="G1",
    incident="I1",
    shift="S1",
    has_note=True,
    has_photo=True,
    employee_is_guest=False,
    accept_less=False,
    occurred_at=None,
)


@cache
def policy(name: str) -> Policy:
    reading = read(FOLDER)
    assert reading.problems == ()
    return reading.policies.by_id[name]


def asked(name: str, role: str, used: Usage = UNUSED, **facts: Any) -> Decision:
    """The decision on a request that lacks nothing, with `used` in every counter."""
    compiled = CompiledPolicy(policy(name))
    whole = FACTS._replace(roles=(role,), currency=policy(name).calendar.currency, **facts)
    return decide(compiled, whole, [used] * len(compiled.counters(whole, NOON, offers=True)), NOON)


def codes(decision: Decision) -> set[Code]:
    return {finding.code for finding in decision.findings} - {Code.WITHIN_LIMIT, Code.REQUIREMENT_MET}


def test_all_of_them_are_in_force():
    assert {name: policy(name).locations for name in NAMES} == {
        "bakery": ("bakery-*",),
        "bistro": ("bistro-*",),
        "hotel": ("hotel-*",),
    }
    assert {name: (policy(name).calendar.timezone, policy(name).calendar.currency) for name in NAMES} == {
        "bakery": ("Europe/Lisbon", "EUR"),
        "bistro": ("America/New_York", "USD"),
        "hotel": ("America/Chicago", "USD"),
    }
    assert {name: policy(name).holds.expires_seconds for name in NAMES} == {
        "bakery": 30 * 60,
        "bistro": 3 * 3600,
        "hotel": 2 * 86_400,
    }


@pytest.mark.parametrize("name", NAMES)
def test_there_is_enough_in_each_to_adopt_it(name):
    found = policy(name)
    assert len(found.remedies) >= 12
    assert len(found.reasons) >= 15
    assert {reason.dimension for reason in found.reasons.values()} == {
        "reliability", "assurance", "tangibles", "empathy", "responsiveness",
    }  # fmt: skip
    assert all(reason.say for reason in found.reasons.values())
    assert all(remedy.account and remedy.cost_bp is not None for remedy in found.remedies.values())
    assert all(guard.say for guard in found.guards)


def test_there_are_more_than_six_roles_among_them():
    assert len({role for name in NAMES for role in policy(name).roles}) >= 12


@pytest.mark.parametrize("name", NAMES)
def test_every_reason_begins_with_an_apology_that_everybody_may_give(name):
    found = policy(name)
    assert all(found.remedies_for(reason)[0] == "apology" for reason in found.reasons)
    assert (found.remedies["apology"].most, found.remedies["apology"].zero) == (0, True)
    outcomes = {
        asked(name, role, remedy="apology", reason=reason).outcome for role in found.roles for reason in found.reasons
    }
    assert outcomes == {Outcome.APPROVE}


@pytest.mark.parametrize("name", NAMES)
def test_what_a_role_may_not_give_alone_somebody_answers(name):
    """One cent above what each role may give of each remedy, with nothing used yet, is asked of somebody."""
    found, alone = policy(name), set()
    for role in set(found.roles) - {"general_manager"}:
        for reason in found.reasons:
            for remedy in found.remedies_for(reason):
                most = found.remedies[remedy].most
                if not found.roles[role].may(remedy):
                    continue
                offer = asked(name, role, remedy=remedy, reason=reason, amount_minor=900_000).counter_offer
                over = (offer.amount_minor or 0) + 1
                if most is not None and over > most:
                    continue
                decision = asked(name, role, remedy=remedy, reason=reason, amount_minor=over)
                if decision.outcome is not Outcome.ESCALATE or "general_manager" not in decision.approvers:
                    alone.add((role, reason, remedy, decision.outcome))
    assert alone == set()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"remedy": "item", "categories": ("alcohol",)}, Code.GUARD_DENIES),
        ({"remedy": "item", "check_state": "closed"}, Code.GUARD_DENIES),
        ({"remedy": "item", "employee_is_guest": True}, Code.GUARD_DENIES),
        ({"remedy": "refund", "reason": "foreign_object", "has_photo": False}, Code.REQUIREMENT_MISSING),
        ({"remedy": "cleaning", "reason": "spilled_drink", "has_photo": False}, Code.REQUIREMENT_MISSING),
        ({"remedy": "item", "amount_minor": 15_001, "has_note": False}, Code.REQUIREMENT_MISSING),
    ],
)
def test_the_guards_of_the_house_hold_in_every_place(name, facts, code):
    asking = {"reason": "wrong_order", "amount_minor": 1000} | facts
    decision = asked(name, "general_manager", **asking)
    assert code in codes(decision)
    assert decision.outcome is not Outcome.APPROVE


@pytest.mark.parametrize(
    ("spent", "amount", "outcome"),
    [
        (0, 180_000, Outcome.APPROVE),
        (0, 200_000, Outcome.APPROVE),
        (0, 200_001, Outcome.ESCALATE),
        (180_000, 20_000, Outcome.APPROVE),
        (180_000, 20_001, Outcome.ESCALATE),
    ],
)
def test_guest_relations_may_spend_two_thousand_dollars_on_a_guest_and_an_incident(spent, amount, outcome):
    used = Usage(spent_minor=spent, spent_count=1 if spent else 0)
    decision = asked(
        "hotel", "guest_relations", used, remedy="waive_night", reason="ruined_occasion", amount_minor=amount
    )
    assert decision.outcome is outcome
    if outcome is Outcome.ESCALATE:
        assert decision.approvers == ("manager", "general_manager")
        assert decision.counter_offer.amount_minor == 200_000 - spent


def test_no_rule_of_two_people_stands_in_the_way_of_the_two_thousand():
    assert policy("hotel").approval.two_people_over > 200_000


def test_a_counter_needs_no_name_of_the_guest():
    for role in ("barista", "shift_lead"):
        decision = asked("bakery", role, remedy="treat", amount_minor=140, guest=None, incident=None, shift=None)
        assert decision.outcome is Outcome.APPROVE


@pytest.mark.parametrize(
    ("name", "role", "facts", "utc_hour", "outcome"),
    [
        ("bakery", "manager", {"remedy": "refund", "reason": "wrong_bill"}, 4, Outcome.DENY),
        ("bakery", "manager", {"remedy": "refund", "reason": "wrong_bill"}, 6, Outcome.APPROVE),
        ("bistro", "shift_lead", {"remedy": "refund", "reason": "wrong_bill"}, 3, Outcome.APPROVE),
        ("bistro", "shift_lead", {"remedy": "refund", "reason": "wrong_bill"}, 4, Outcome.ESCALATE),
        ("hotel", "front_desk", {"remedy": "discount", "reason": "wrong_bill"}, 6, Outcome.APPROVE),
        ("hotel", "front_desk", {"remedy": "discount", "reason": "wrong_bill"}, 7, Outcome.ESCALATE),
    ],
)
def test_guards_by_the_clock_go_by_the_wall_of_the_place(name, role, facts, utc_hour, outcome):
    """In November Lisbon is at UTC, New York five hours behind it, Chicago six."""
    amount = 8000 if name == "hotel" else 1000
    when = datetime(2026, 11, 20, utc_hour, tzinfo=UTC)
    assert asked(name, role, amount_minor=amount, occurred_at=when, **facts).outcome is outcome
