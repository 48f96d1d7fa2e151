"""What is called odd changes no decision when it is taken away."""

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, event, given, settings

from empower.core.decide import decide
from empower.core.decision import Decision
from empower.core.plan import CompiledPolicy
from empower.core.policy import Policy
from empower.policy import odd_guards, odd_limits, read
from empower.policy.reach import Reach
from tests.core.build import limit
from tests.core.worlds import World, worlds

from .conftest import SHOP, Folder

CHECKS = (
    odd_limits.limits_are_reached,
    odd_limits.limits_are_once,
    odd_limits.limits_stop_something,
    odd_guards.guards_are_reached,
    odd_guards.guards_can_be_true,
    odd_guards.guards_are_once,
)


def odd_rules(policy: Policy, checks: Any = CHECKS) -> list[str]:
    """The addresses of rules that are odd as a whole."""
    reach: Any = Reach(None, policy)  # type: ignore[arg-type]
    faults = [fault for check in checks for fault in check(reach)]
    rules = {*reach.limits, *(guard.address for guard in policy.guards)}
    return [
        address
        for fault in faults
        for address in [".".join(map(str, fault.path)).removesuffix(".when").removesuffix(".when.amount_over")]
        if address in rules
    ]


def without(policy: Policy, address: str) -> Policy:
    roles = {
        name: role.model_copy(update={"limits": tuple(one for one in role.limits if one.address != address)})
        for name, role in policy.roles.items()
    }
    return policy.model_copy(
        update={
            "roles": roles,
            "limits": tuple(one for one in policy.limits if one.address != address),
            "guards": tuple(one for one in policy.guards if one.address != address),
        }
    )


def decided(world: World, policy: Policy) -> Decision:
    compiled = CompiledPolicy(policy)
    facts = world.facts._replace(accept_less=False)
    needed = compiled.counters(facts, world.now, offers=True)
    return decide(compiled, facts, world.counters.standing(needed), world.now)


@given(worlds())
@settings(max_examples=400, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
def test_a_decision_is_the_same_without_an_odd_rule(world: World):
    """Counters that only an odd limit measures are not lost: the history is charged under the whole policy."""
    assume(world.facts.remedy in world.policy.remedies and any(one in world.policy.roles for one in world.facts.roles))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(odd_limits, "_by_days", lambda *_: False)  # that one supposes what was given under this policy
        odd = odd_rules(world.policy)
    before = decided(world, world.policy)
    event(f"odd: {bool(odd)}")
    for address in odd:
        after = decided(world, without(world.policy, address))
        assert (after.outcome, after.approvers) == (before.outcome, before.approvers)


DAY = {"per": "employee", "every": "day"}
WEEK = {"per": "employee", "every": "week"}
LONG = {"per": "employee", "every": "30 days"}
SHORT = {"per": "employee", "every": "9 days"}
MONTH = {"per": "employee", "every": "month"}
HOUSE = {"per": "location", "every": "day"}
GUEST = {"per": "guest", "every": "day"}
CAKE = {"remedies": ("cake",)}


@pytest.mark.parametrize(
    ("one", "other", "is_beaten"),
    [
        ({**DAY, "amount": 75}, {**DAY, "amount": 75}, True),
        ({**DAY, "amount": 75}, {**DAY, "amount": 74}, False),
        ({**DAY, "amount": 75}, {**WEEK, "amount": 525}, True),
        ({**DAY, "amount": 75}, {**WEEK, "amount": 524}, False),
        ({**DAY, "amount": 75, "count": 2}, {**WEEK, "count": 14}, True),
        ({**WEEK, "amount": 75}, {**DAY, "amount": 75}, True),
        ({**WEEK, "amount": 75}, {**MONTH, "amount": 80}, False),
        ({**MONTH, "amount": 75}, {**WEEK, "amount": 80}, False),
        ({**MONTH, "amount": 75}, {**DAY, "amount": 75}, True),
        ({**LONG, "amount": 75}, {**SHORT, "amount": 75}, True),
        ({**SHORT, "amount": 75}, {**LONG, "amount": 75}, False),
        ({**HOUSE, "amount": 75}, {**DAY, "amount": 75}, True),
        ({**DAY, "amount": 75}, {**HOUSE, "amount": 75}, False),
        ({**DAY, "amount": 75}, {**GUEST, "amount": 80}, False),
        ({**HOUSE, "amount": 75}, {**GUEST, "amount": 80}, False),
        ({**DAY, "count": 3}, {**DAY, "count": 3, "amount": 1}, False),
        ({**DAY, "count": 3, "amount": 1}, {**DAY, "count": 3}, True),
        ({"amount": 20}, {**CAKE, "amount": 25}, True),
        ({**CAKE, "amount": 20}, {"amount": 25}, False),
        ({"amount": 20}, {"amount": 25, "beyond": "deny"}, False),
        ({"amount": 20, "beyond": "deny"}, {"amount": 25}, True),
        ({**DAY, "amount": 20}, {"amount": 25}, True),
        ({**DAY, "amount": 20}, {**DAY, **CAKE, "amount": 25}, True),
        ({**DAY, "amount": 20}, {"per": ("employee", "guest"), "every": "day", "amount": 25}, False),
    ],
)  # fmt: skip
def test_a_limit_is_beaten_by_what_stops_all_that_it_would(one: Any, other: Any, is_beaten: bool) -> None:
    """A limit on guests also asks who they are, which no limit without a guest does."""
    assert odd_limits.beats(limit("limits.one", **one), limit("limits.other", **other)) is is_beaten


def test_a_rule_of_the_house_is_odd_only_where_it_is_odd_in_every_place(folder: Folder) -> None:
    house = "[remedies.taxi]\ntitle = 'A ride'\n"
    rides = "[reasons.wrong_order]\nremedies = ['apology', 'dessert', 'taxi']\n"
    directory = folder(shop=SHOP, other=SHOP.replace("shop", "other"))
    (directory / "base.toml").write_text((directory / "base.toml").read_text() + house)
    assert [str(one) for one in read(directory).warnings] == [
        "base.toml:57:11: no reason offers `taxi`, so nobody can give it"
    ]
    (directory / "other.toml").write_text(SHOP.replace("shop", "other") + rides)
    assert read(directory).warnings == ()
