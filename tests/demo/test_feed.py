"""The demo's data: orders that Square could have sent, and a roster that goes with them."""

import csv
import json
from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from empower import demo
from empower.core.request import Request
from empower.policy import read
from empower.pos.square import Account, request_from

PLACES = {"bakery-chiado": "EUR", "bistro-soho": "USD", "hotel-lakeshore": "USD"}


@cache
def feed() -> list[dict[str, Any]]:
    return [json.loads(line) for line in demo.feed().splitlines()]


@cache
def account() -> Account:
    return Account.model_validate_json(demo.account())


@cache
def requests() -> list[dict[str, Any]]:
    return [request_from(account(), line["order"], line["proposal"]) for line in feed()]


def roster() -> list[dict[str, str]]:
    return list(csv.DictReader(demo.roster().splitlines()))


def orders() -> list[Any]:
    return [
        pytest.param(line["order"], id=f"{number}-{line['order']['reference_id']}")
        for number, line in enumerate(feed(), 1)
    ]


def money(holder: dict[str, Any], *names: str) -> list[int]:
    assert all(set(holder[name]) == {"amount", "currency"} for name in names)
    return [holder[name]["amount"] for name in names]


def currencies(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {value["currency"]} if "currency" in value else set().union(*map(currencies, value.values()))
    return set().union(*map(currencies, value)) if isinstance(value, list) else set()


def test_there_are_enough_lines_in_the_order_of_the_evening():
    shares = [line["at"] for line in feed()]
    assert len(shares) >= 64
    assert shares == sorted(shares)
    assert shares[0] >= 0
    assert shares[-1] <= 1


def test_every_line_has_the_same_fields_and_a_story_of_one_line():
    for line in feed():
        assert set(line) == {"at", "order", "proposal", "then", "expect", "story"}
        assert line["story"].isprintable()
        assert line["story"][-1] in ".?"


def test_two_thirds_are_approved_and_the_rest_mostly_escalated():
    found = Counter(line["expect"] for line in feed())
    shares = {name: 100 * count // len(feed()) for name, count in found.items()}
    assert 60 <= shares["approve"] <= 70
    assert 15 <= shares["escalate"] <= 25
    assert 10 <= shares["deny"] <= 20
    assert len(shares) == 3


def test_everything_that_can_become_of_a_comp_does():
    found = [line["then"] for line in feed()]
    for then in (None, "capture", "void", "reverse", "expire"):
        assert then in found
    parts = [
        (line["then"][kind], line["proposal"]["amount"])
        for line in feed()
        for kind in ("capture", "amount")
        if isinstance(line["then"], dict) and line["then"].get(kind) is not None
    ]
    assert len(parts) >= 3
    assert all(part < whole for part, whole in parts)


def test_only_what_is_approved_goes_on_by_itself_and_only_what_is_escalated_is_answered():
    going = {line["expect"] for line in feed() if line["then"] is not None and not answered(line)}
    assert going == {"approve"}
    assert {line["expect"] for line in feed() if answered(line)} == {"escalate"}
    assert any("decline" in line["then"] for line in feed() if answered(line))


def answered(line: dict[str, Any]) -> bool:
    """Whether a manager says yes or no to it."""
    return isinstance(line["then"], dict) and bool({"approve", "decline"} & set(line["then"]))


def test_whoever_answers_works_there_and_is_somebody_else():
    working = {(row["id"], row["location"]) for row in roster()}
    for line, request in zip(feed(), requests(), strict=True):
        if answered(line):
            who = line["then"].get("approve") or line["then"]["decline"]
            assert (who, request["location"]) in working
            assert who != request["employee"]


def test_each_line_is_a_request_at_one_of_the_places():
    assert {request["location"] for request in requests()} == set(PLACES) == set(account().locations.values())
    for request in requests():
        assert Request.model_validate(request).amount.currency == PLACES[request["location"]]


def test_every_name_is_one_of_the_policies():
    policies = read(demo.policies()).policies
    for request in requests():
        policy = policies.policy_for(request["location"])
        assert request["remedy"] in policy.remedies
        assert request["reason"] in policy.reasons
    for row in roster():
        assert row["role"] in policies.policy_for(row["location"]).roles


def test_whoever_proposes_works_there():
    working = {(row["id"], row["location"]) for row in roster()}
    assert {(request["employee"], request["location"]) for request in requests()} <= working


def test_the_roster_has_some_with_two_roles_and_somebody_who_left():
    roles = Counter((row["id"], row["location"]) for row in roster())
    assert [count for count in roles.values() if count == 2] == [2, 2]
    assert len(roles) >= 16
    assert [row["id"] for row in roster() if row["until"]] == ["B15"]
    assert all(date.fromisoformat(row["from"]) < date(2025, 6, 1) for row in roster())
    assert date.fromisoformat(next(row["until"] for row in roster() if row["until"])) < date(2025, 9, 1)


def test_a_recovery_of_1800_dollars_is_followed_by_what_would_pass_2000():
    incident = [
        (request["amount"]["amount"], request["accept_less"], line["expect"], line["then"])
        for line, request in zip(feed(), requests(), strict=True)
        if request["incident"] == "INC-2026-1120-01"
    ]
    assert incident == [
        (180_000, False, "approve", "capture"),
        (33_000, False, "escalate", None),
        (33_000, True, "approve", "capture"),
    ]


@pytest.mark.parametrize("order", orders())
def test_the_lines_of_an_order_add_up(order):
    for line in order["line_items"]:
        price, gross, net, tax, discount = money(
            line, "base_price_money", "gross_sales_money", "total_money", "total_tax_money", "total_discount_money"
        )
        assert gross == price * int(line["quantity"]) == line["variation_total_price_money"]["amount"]
        assert discount == sum(part["applied_money"]["amount"] for part in line.get("applied_discounts", ()))
        assert tax == sum(part["applied_money"]["amount"] for part in line.get("applied_taxes", ()))
        assert net == gross - discount + added(order, line)


def added(order: dict[str, Any], line: dict[str, Any]) -> int:
    """The taxes that come on top of a line's price, each of them recomputed."""
    taxes = {tax["uid"]: tax for tax in order.get("taxes", ())}
    base = line["gross_sales_money"]["amount"] - line["total_discount_money"]["amount"]
    on_top = 0
    for part in line.get("applied_taxes", ()):
        tax, amount = taxes[part["tax_uid"]], part["applied_money"]["amount"]
        rate = Decimal(tax["percentage"]) / 100
        exact = base * rate if tax["type"] == "ADDITIVE" else base * rate / (1 + rate)
        assert abs(exact - amount) <= Decimal("0.5")
        on_top += amount if tax["type"] == "ADDITIVE" else 0
    return on_top


@pytest.mark.parametrize("order", orders())
def test_an_order_is_the_sum_of_its_lines(order):
    for name in ("total_money", "total_tax_money", "total_discount_money"):
        assert order[name]["amount"] == sum(line[name]["amount"] for line in order["line_items"])
    for kind, name in (("taxes", "applied_taxes"), ("discounts", "applied_discounts")):
        for whole in order.get(kind, ()):
            uid = kind.replace("taxes", "tax").replace("discounts", "discount") + "_uid"
            parts = [part for line in order["line_items"] for part in line.get(name, ()) if part[uid] == whole["uid"]]
            assert parts
            assert whole["applied_money"]["amount"] == sum(part["applied_money"]["amount"] for part in parts)
    net = order["net_amounts"]
    assert money(net, "total_money", "tax_money", "discount_money") == money(
        order, "total_money", "total_tax_money", "total_discount_money"
    )
    assert currencies(order) == {PLACES[account().locations[order["location_id"]]]}


@pytest.mark.parametrize("order", orders())
def test_an_order_is_paid_if_it_is_closed(order):
    paid = sum(tender["amount_money"]["amount"] for tender in order.get("tenders", ()))
    assert order["net_amount_due_money"]["amount"] == order["total_money"]["amount"] - paid
    assert (order["state"] == "COMPLETED") == (paid > 0) == ("closed_at" in order)
    assert order["state"] in {"OPEN", "COMPLETED"}
    assert datetime.fromisoformat(order["created_at"]) < datetime.fromisoformat(order["updated_at"])
    uids = [line["uid"] for line in order["line_items"]]
    assert len(uids) == len(set(uids))


def test_an_order_that_comes_again_is_the_same_one_later():
    last: dict[str, dict[str, Any]] = {}
    for line in feed():
        order = line["order"]
        before = last.get(order["id"])
        if before is not None:
            assert order["created_at"] == before["created_at"]
            assert order["updated_at"] > before["updated_at"]
            assert order["version"] > before["version"]
        last[order["id"]] = order
    assert len(last) < len(feed())


def test_the_orders_are_squares():
    types = pytest.importorskip(
        "square.types.order", reason="Square's models are not here: pip install squareup==46.0.0.20260916"
    )
    for line in feed():
        theirs = types.Order.model_validate(line["order"])
        assert theirs.model_extra == {}
        assert all(item.model_extra == {} for item in theirs.line_items)
        assert theirs.model_dump(mode="json", exclude_none=True) == line["order"]


def test_some_orders_have_discounts_and_some_lines_a_category_of_their_own():
    assert any(line["order"].get("discounts") for line in feed())
    own = [item for line in feed() for item in line["order"]["line_items"] if "category" in item.get("metadata", {})]
    assert own
    assert all(item["catalog_object_id"] not in account().categories for item in own)
