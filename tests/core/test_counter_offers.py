"""What may be offered instead of a no, and what is granted to who accepts less."""

from typing import Any

import pytest

from empower.core.canonical import LARGEST_INTEGER
from empower.core.codes import Outcome
from empower.core.decide import may_offer
from empower.core.decision import CounterOffer, Offer
from empower.core.plan import CompiledPolicy
from empower.core.policy import Policy

from .build import NOW, Used, approval, ask, capped, decided, guarded, limit, numbers, small, standing_from
from .cases import BISTRO, SPENT, THIRD

TWO_ROLES = {"roles": "server manager", "amount": 9000}
WAIT = {"reason": "long_wait", "amount": 3000}
DEAR = {"remedy": "dessert", "amount": 1501}
OFFERS = [
    ("the cap", {"amount": 3000}, {}, 2500, "apology 0, remake 2500, dessert 1500, discount 2500"),
    ("the day's rest", {}, {"employee/day": (7000, 1)}, 500, "apology 0, remake 500, dessert 500, discount 500"),
    ("a day without money left", {}, SPENT, None, "apology 0, remake 0"),
    ("more than the day has was given", {}, {"employee/day": (7501, 1)}, None, ""),
    ("a day without comps left", {}, {"employee/day": (0, 6)}, None, ""),
    ("nothing of the same, if that may be", {"remedy": "remake"}, SPENT, 0, "apology 0"),
    ("a guest who is not known", {"guest": None}, {}, None, ""),
    ("another role of theirs", {"roles": "server host"}, {"employee/day": (0, 6)}, None, "apology 0, dessert 1000"),
    ("the best of their roles", TWO_ROLES, {}, 8000, "apology 0, remake 8000, dessert 1500, discount 8000"),
    ("all, by name", WAIT, {}, 2500, "apology 0, dessert 1500, discount 2500, remake 2500"),
    ("what the role may not give", {"roles": "host"}, {}, None, "apology 0, dessert 1000"),
    ("what the reason does not list", {"reason": "cold_dish"}, {}, None, "remake 2500, dessert 1500"),
    ("what nobody may exceed", DEAR, {}, 1500, "apology 0, remake 2500, item 2500, discount 2500"),
    ("a remedy nobody knows", {"remedy": "unicorn"}, {}, None, ""),
    ("somebody inactive", {"active": False}, {}, None, ""),
]


@pytest.mark.parametrize(
    ("facts", "used", "amount", "others"), [row[1:] for row in OFFERS], ids=[row[0] for row in OFFERS]
)
def test_a_choice_instead_of_a_no(facts: dict[str, Any], used: Used, amount: int | None, others: str):
    decision = decided(BISTRO, ask(**facts), used)
    assert decision.outcome is not Outcome.APPROVE
    offer = decision.counter_offer
    assert offer is not None
    assert offer.amount_minor == amount
    assert ", ".join(f"{one.remedy} {one.most_minor}" for one in offer.remedies) == others


TEN = {"total": 1000, "amount": 900}
EITHER = guarded("deny", percent_over_bp=1250, amount_over=700)
BELOW = [
    ("a guard over an amount", guarded("deny", amount_over=700), {}, 700),
    ("a guard over a share", guarded("escalate", percent_over_bp=1250), {}, 1000),
    ("over a share that is no whole cent", guarded("deny", percent_over_bp=3333), TEN, 333),
    ("over both, so either keeps it silent", EITHER, {}, 1000),
    ("what is required over an amount", guarded("require", "photo", amount_over=700), {}, 700),
    ("a guard that never is silent", guarded("deny"), {}, None),
    ("over an amount and a share of no total", EITHER, {"total": None}, 700),
    ("where two people begin", small(approval=approval(700)), {}, 700),
    ("a share of the check", THIRD, {"total": 1000}, 333),
    ("no total to take a share of", THIRD, {"total": None}, None),
    ("a limit of each comp", capped(amount=700), {}, 700),
    ("a limit of none", capped(count=0), {}, None),
]


@pytest.mark.parametrize(("rules", "facts", "amount"), [row[1:] for row in BELOW], ids=[row[0] for row in BELOW])
def test_the_largest_amount_is_just_below_what_stops_it(rules: Policy, facts: dict[str, Any], amount: int | None):
    request = ask(roles="clerk", reason="late", **facts)
    decision = decided(rules, request)
    assert decision.counter_offer is not None
    assert decision.counter_offer.amount_minor == amount
    if amount is not None:
        assert decided(rules, request._replace(amount_minor=amount)).outcome == "approve"
        assert decided(rules, request._replace(amount_minor=amount + 1)).outcome != "approve"


def test_what_nothing_caps_is_offered_without_a_cap():
    rules = small(limit("roles.clerk.limits.a", amount=5, remedies=("item",)))
    decision = decided(rules, ask(roles="clerk", reason="late"))
    assert decision.counter_offer == CounterOffer(5, (Offer("dessert", None),))


def test_a_limit_on_the_number_of_comps_is_no_cap_on_the_amount():
    only = limit("roles.clerk.limits.a", amount=5, remedies=("item",))
    visits = limit("roles.clerk.limits.visits", "guest", every="day", count=3)
    decision = decided(small(only, visits), ask(roles="clerk", reason="late"), {"guest/day": (700, 1)})
    assert decision.counter_offer == CounterOffer(5, (Offer("dessert", None),))


def test_an_approval_offers_nothing_instead():
    assert decided(BISTRO, ask()).counter_offer is None
    assert decided(BISTRO, ask(amount=2501, accept_less=True)).counter_offer is None


def test_less_says_how_much_was_granted_and_how_much_less_that_is():
    decision = decided(BISTRO, ask(amount=2600, accept_less=True), {"employee/day": (6000, 1)})
    assert decision.granted_minor == 1500
    assert numbers(decision) == [
        ("", "granted_less", "amount", 1500, 0, 1100),
        ("roles.server.limits.comp", "within_limit", "amount", 2500, 0, 1000),
        ("roles.server.limits.day", "within_limit", "amount", 7500, 6000, 0),
        ("roles.server.limits.day", "within_limit", "count", 6, 1, 4),
        ("roles.server.limits.guest", "within_limit", "count", 2, 0, 1),
    ]


def test_less_is_granted_by_the_role_that_may_give_most():
    decision = decided(BISTRO, ask(roles="host server manager", amount=90_000, total=9000, accept_less=True))
    assert (decision.role, decision.granted_minor) == ("manager", 9000)


def test_less_is_granted_by_the_first_of_roles_that_may_give_as_much():
    facts = ask(remedy="dessert", amount=1600, accept_less=True)
    assert decided(BISTRO, facts._replace(roles=("server", "manager"))).role == "server"
    assert decided(BISTRO, facts._replace(roles=("manager", "server"))).role == "manager"


def test_nothing_is_granted_to_who_asked_for_nothing():
    """Asked for nothing of a remedy that costs something: accepting less is no way to be given more."""
    decision = decided(BISTRO, ask(amount=0, accept_less=True))
    assert (decision.outcome, decision.granted_minor) == ("deny", 0)


CLERK = {"roles": "clerk", "reason": "late"}
DENIED = guarded("deny", roles=("clerk",))
DENIED_OVER = guarded("deny", roles=("clerk",), amount_over=900)
MAY = [
    ("alone, and by whom one asks", {}, BISTRO, 2500, 200_000),
    ("what nobody may exceed", {"remedy": "dessert"}, BISTRO, 1500, 1500),
    ("what the role may not give", {"remedy": "gift_card"}, BISTRO, None, None),
    ("nothing to give alone", CLERK, capped(amount=0), None, LARGEST_INTEGER),
    ("where beyond is deny nobody is asked", CLERK, capped(amount=700, beyond="deny"), 700, 700),
    ("where a guard denies nobody is asked", CLERK, DENIED, None, None),
    ("below where a guard denies", CLERK, DENIED_OVER, 900, 900),
]


@pytest.mark.parametrize(("facts", "rules", "alone", "at_all"), [row[1:] for row in MAY], ids=[row[0] for row in MAY])
def test_how_much_may_be_offered(facts: dict[str, Any], rules: Policy, alone: int | None, at_all: int | None):
    """The most that is approved alone, and the most that is not denied: what another person could be asked for."""
    compiled, request = CompiledPolicy(rules), ask(**facts)
    standing = standing_from(compiled.counters(request, NOW, offers=True), {})
    by_oneself, by_another = may_offer(compiled, request, standing, NOW)
    most = max((amount for amount in (by_oneself, by_another) if amount is not None), default=None)
    assert (by_oneself, most) == (alone, at_all)
