"""Square's orders in, requests and discounts out."""

import copy
import importlib
import typing
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from empower.core.errors import ConflictError
from empower.core.request import Request
from empower.pos import square_models
from empower.pos.problems import TillError
from empower.pos.square import STATES, Account, discount_for, order_update, request_from

ACCOUNT = Account(locations={"L1": "bistro-soho"}, categories={"VTATIN": "dessert", "VKIR": "alcohol"})


def usd(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "USD"}


ORDER: dict[str, Any] = {
    "id": "O1",
    "location_id": "L1",
    "customer_id": "C9",
    "line_items": [
        {"uid": "a", "name": "Tarte Tatin", "quantity": "1", "catalog_object_id": "VTATIN", "total_money": usd(1524)},
        {"uid": "b", "name": "Kir", "quantity": "2", "catalog_object_id": "VKIR", "total_money": usd(3049)},
        {"uid": "c", "name": "Birthday candles", "quantity": "1", "total_money": usd(100)},
    ],
    "created_at": "2026-11-20T23:10:00.000Z",
    "updated_at": "2026-11-21T00:42:11.000Z",
    "state": "OPEN",
    "version": 4,
    "total_money": usd(4673),
    "total_tax_money": usd(381),
    "something_square_adds_next_year": {"deep": [1, 2.5, None]},
}
TIME = "expected a time with its offset, such as `2026-11-20T19:42:11Z`"
AMOUNT = "proposal.amount: missing: give the minor units that the remedy"
PROPOSAL: dict[str, Any] = {"remedy": "item", "reason": "wrong_order", "employee": "S21", "line_items": ["a"]}


def made(order: dict[str, Any] | None = None, **proposal: Any) -> dict[str, Any]:
    return request_from(ACCOUNT, ORDER if order is None else order, PROPOSAL | proposal)


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    order = copy.deepcopy(ORDER)
    change(order)
    return order


def told(order: object, proposal: object) -> list[str]:
    with pytest.raises(TillError) as caught:
        request_from(ACCOUNT, order, proposal)
    assert caught.value.detail == "; ".join(str(problem) for problem in caught.value.problems)
    return [str(problem) for problem in caught.value.problems]


def test_an_order_and_its_proposal_become_the_body_of_a_request():
    assert made(note="bacon", accept_less=True, incident="I7", shift="late", photo="p1") == {
        "location": "bistro-soho",
        "employee": "S21",
        "remedy": "item",
        "reason": "wrong_order",
        "amount": usd(1524),
        "check": {
            "id": "O1",
            "total": usd(4673),
            "state": "open",
            "items": [{"id": "a", "name": "Tarte Tatin", "category": "dessert", "amount": usd(1524)}],
        },
        "guest": "square:C9",
        "incident": "I7",
        "shift": "late",
        "note": "bacon",
        "photo": "p1",
        "accept_less": True,
        "occurred_at": "2026-11-21T00:42:11+00:00",
    }


def test_what_comes_out_is_a_request():
    assert Request.model_validate(made()).check.items[0].category == "dessert"


@pytest.mark.parametrize(
    ("proposal", "amount", "items"),
    [
        ({"remedy": "item", "line_items": ["a", "c"]}, 1624, ["a", "c"]),
        ({"remedy": "remake", "line_items": ["b"]}, 3049, ["b"]),
        ({"remedy": "item", "line_items": ["a"], "amount": 500}, 500, ["a"]),
        ({"remedy": "waive_check", "line_items": None}, 4673, ["a", "b", "c"]),
        ({"remedy": "waive_check", "line_items": ["a"]}, 4673, ["a"]),
        ({"remedy": "waive_check", "line_items": None, "amount": 4000}, 4000, ["a", "b", "c"]),
        ({"remedy": "apology", "line_items": None}, 0, []),
        ({"remedy": "discount", "line_items": None, "amount": 700}, 700, []),
        ({"remedy": "dessert", "line_items": [], "amount": 0}, 0, []),
    ],
)
def test_the_amount_is_the_proposals_or_that_of_what_it_touches(proposal, amount, items):
    request = made(**proposal)
    assert request["amount"] == usd(amount)
    assert [item["id"] for item in request["check"]["items"]] == items


@pytest.mark.parametrize(
    ("state", "ours"), [("OPEN", "open"), ("COMPLETED", "closed"), ("CANCELED", "canceled"), ("DRAFT", "draft")]
)
def test_states_are_said_in_our_words(state, ours):
    assert made(ORDER | {"state": state})["check"]["state"] == ours


@pytest.mark.parametrize(
    ("metadata", "variation", "category"),
    [
        ({"category": "pastry"}, "VTATIN", "pastry"),
        ({"category": None}, "VTATIN", "dessert"),
        ({"seat": "3"}, "VTATIN", "dessert"),
        (None, "UNHEARD", None),
        (None, None, None),
    ],
)
def test_a_lines_own_category_goes_before_the_catalogs(metadata, variation, category):
    order = changed(lambda order: order["line_items"][0].update(metadata=metadata, catalog_object_id=variation))
    assert made(order)["check"]["items"][0]["category"] == category


def test_the_guest_is_the_proposals_or_the_orders_customer_or_nobody():
    assert made(guest="room:1204")["guest"] == "room:1204"
    assert made()["guest"] == "square:C9"
    assert made(changed(lambda order: order.pop("customer_id")))["guest"] is None


def test_it_occurred_when_the_proposal_says_or_the_order_was_last_touched():
    assert made(occurred_at="2026-11-20T19:40:00-05:00")["occurred_at"] == "2026-11-20T19:40:00-05:00"
    assert made(changed(lambda order: order.pop("updated_at")))["occurred_at"] == "2026-11-20T23:10:00+00:00"
    bare = changed(lambda order: (order.pop("updated_at"), order.pop("created_at")))
    assert made(bare)["occurred_at"] is None


def test_nulls_are_as_good_as_nothing():
    nothing = {"customer_id", "created_at", "updated_at", "state", "version"}
    request = made(ORDER | dict.fromkeys(nothing))
    assert (request["guest"], request["occurred_at"], request["check"]["state"]) == (None, None, None)


def test_everything_wrong_is_told_at_once():
    order = {
        "id": 3,
        "location_id": "L1",
        "state": "SHUT",
        "created_at": "2026-01-01",
        "line_items": [
            {"uid": "a"},
            {"uid": "b", "quantity": 1, "total_money": {"amount": "12.50", "currency": "usd"}},
        ],
    }
    assert told(order, {"remedy": "item", "foo": 1, "amount": 12.5, "accept_less": "yes"}) == [
        "order.id: expected a string, got `3`",
        "order.line_items[0].quantity: missing",
        "order.line_items[1].quantity: expected a string, got `1`",
        'order.line_items[1].total_money.amount: expected an integer of minor units, got `"12.50"`',
        'order.line_items[1].total_money.currency: expected a currency code such as `USD`, got `"usd"`',
        f'order.created_at: {TIME}, got `"2026-01-01"`',
        'order.state: expected `OPEN`, `COMPLETED`, `CANCELED` or `DRAFT`, got `"SHUT"`',
        "order.total_money: missing",
        "proposal.reason: missing",
        "proposal.employee: missing",
        "proposal.amount: expected an integer of minor units, got `12.5`",
        'proposal.accept_less: expected true or false, got `"yes"`',
        "proposal.foo: unknown field; leave it out",
    ]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"total_money": usd(-1)}, "order.total_money.amount: expected 0 or more, got `-1`"),
        (
            {"total_money": usd(2**53)},
            "order.total_money.amount: expected 9007199254740991 or less, got `9007199254740992`",
        ),
        ({"total_money": usd(True)}, "order.total_money.amount: expected an integer of minor units, got `true`"),
        ({"total_money": 4673}, "order.total_money: expected an object, got `4673`"),
        ({"line_items": {}}, "order.line_items: expected a list, got `{}`"),
        ({"id": ""}, 'order.id: expected a string that is not empty, got `""`'),
        ({"version": "4"}, 'order.version: expected an integer, got `"4"`'),
        ({"location_id": "L\x1b2"}, "order.location_id: no location is mapped to `L\\u001b2`; mapped are `L1`"),
        (
            {"updated_at": "2026-11-20T19:42:11"},
            f'order.updated_at: {TIME}, got `"2026-11-20T19:42:11"`',
        ),
        (
            {"updated_at": 1763671331},
            "order.updated_at: expected a time with its offset, such as `2026-11-20T19:42:11Z`, got `1763671331`",
        ),
    ],
)
def test_what_an_order_lacks_is_told_with_its_path(change, problem):
    assert told(ORDER | change, PROPOSAL) == [problem]


@pytest.mark.parametrize(
    ("proposal", "problem"),
    [
        (
            {"line_items": ["z"]},
            "proposal.line_items[0]: no line of the order has the uid `z`; there are `a`, `b`, `c`",
        ),
        ({"line_items": ["a", "a"]}, "proposal.line_items[1]: `a` is named twice"),
        (
            {"remedy": "discount"},
            f"{AMOUNT} `discount` is worth",
        ),
        (
            {"line_items": None},
            f"{AMOUNT} `item` is worth; or name the line items that it is worth",
        ),
        ({"amount": -5}, "proposal.amount: expected 0 or more, got `-5`"),
        ({"employee": None}, "proposal.employee: expected a string, got `null`"),
    ],
)
def test_what_a_proposal_lacks_is_told_with_its_path(proposal, problem):
    assert told(ORDER, PROPOSAL | proposal) == [problem]


def test_a_line_without_a_total_is_only_missed_where_it_is_needed():
    order = changed(lambda order: order["line_items"][1].pop("total_money"))
    assert made(order)["amount"] == usd(1524)
    assert told(order, PROPOSAL | {"line_items": ["a", "b"]}) == ["order.line_items[1].total_money: missing"]


def test_lines_of_one_order_have_one_currency_and_their_own_uids():
    order = changed(lambda order: order["line_items"][1].update(uid="a", total_money={"amount": 1, "currency": "EUR"}))
    assert told(order, PROPOSAL) == [
        "order.line_items[1].uid: `a` is the uid of an earlier line",
        "order.line_items[1].total_money.currency: expected `USD` as in the order's total, got `EUR`",
    ]


@pytest.mark.parametrize("junk", [None, [], "order", 7, True])
def test_what_is_no_object_is_told(junk):
    order, proposal = told(junk, junk)
    assert order.startswith("order: expected an object, got `")
    assert proposal.startswith("proposal: expected an object, got `")


def test_errors_carry_json_pointers_too():
    with pytest.raises(TillError) as caught:
        request_from(ACCOUNT, changed(lambda order: order["line_items"][0].update(metadata={"a/b~c": 1})), PROPOSAL)
    assert [error.pointer for error in caught.value.errors] == ["/order/line_items/0/metadata/a~1b~0c"]


def test_what_is_deep_is_not_quoted():
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    assert told(ORDER | {"state": deep, "version": {"a": deep}}, PROPOSAL) == [
        "order.state: expected `OPEN`, `COMPLETED`, `CANCELED` or `DRAFT`, got `[…]`",
        "order.version: expected an integer, got `{…}`",
    ]


def test_a_long_or_strange_value_is_quoted_short_and_printable():
    (problem,) = told(ORDER | {"state": "\x1b[31m\u202e\x9b" + "x" * 500}, PROPOSAL)
    assert problem.isprintable()
    assert len(problem) < 150


# ── The way out ──────────────────────────────────────────────────────────────────────────────────────────────────


def comp(status: str = "approved", held: int = 1524, captured: int = 0, **proposal: Any) -> dict[str, Any]:
    amount = {"held": held, "captured": captured, "reversed": 0, "currency": "USD"}
    return {"id": "0193-7f", "status": status, "request": made(**proposal), "amount": amount}


DISCOUNT = {
    "uid": "empower-0193-7f",
    "name": "With our apologies",
    "type": "FIXED_AMOUNT",
    "amount_money": usd(1524),
    "scope": "LINE_ITEM",
    "metadata": {"empower_comp": "0193-7f", "empower_remedy": "item", "empower_reason": "wrong_order"},
}


def test_an_approved_item_comes_off_its_line():
    assert discount_for(comp()) == DISCOUNT


def test_the_guest_may_read_other_words():
    assert discount_for(comp(), name="On the house")["name"] == "On the house"


@pytest.mark.parametrize(
    ("proposal", "scope"),
    [
        ({"remedy": "item", "line_items": ["a", "c"]}, "ORDER"),
        ({"remedy": "discount", "line_items": None, "amount": 700}, "ORDER"),
        ({"remedy": "discount", "line_items": ["a"], "amount": 700}, "ORDER"),
        ({"remedy": "waive_check", "line_items": None}, "ORDER"),
        ({"remedy": "dessert", "line_items": ["a"], "amount": 700}, "LINE_ITEM"),
    ],
)
def test_what_is_not_of_one_line_comes_off_the_order(proposal, scope):
    assert discount_for(comp(**proposal))["scope"] == scope


@pytest.mark.parametrize(
    "proposal",
    [
        {"remedy": "remake"},
        {"remedy": "apology", "line_items": None},
        {"remedy": "gift_card", "line_items": None, "amount": 2000},
        {"remedy": "dessert", "line_items": None, "amount": 700},
    ],
)
def test_what_is_given_beside_the_order_takes_nothing_off_it(proposal):
    given = comp(**proposal)
    assert discount_for(given) is None
    assert order_update(given, ORDER) is None


def test_what_was_captured_goes_before_what_was_held():
    assert discount_for(comp("captured", held=0, captured=1200))["amount_money"] == usd(1200)
    assert discount_for(comp("captured", held=0, captured=0)) is None


@pytest.mark.parametrize("status", ["pending", "denied", "voided", "expired", "declined", "reversed"])
def test_nothing_else_than_an_approved_comp_comes_off_an_order(status):
    with pytest.raises(ConflictError, match=f"comp `0193-7f` is {status}"):
        discount_for(comp(status))


def test_the_update_brings_the_line_that_refers_to_its_discount():
    assert order_update(comp(), ORDER) == {
        "idempotency_key": "empower-0193-7f-4",
        "order": {
            "location_id": "L1",
            "version": 4,
            "discounts": [DISCOUNT],
            "line_items": [
                {
                    "uid": "a",
                    "quantity": "1",
                    "applied_discounts": [{"uid": "empower-0193-7f-line", "discount_uid": "empower-0193-7f"}],
                }
            ],
        },
    }


def test_the_update_of_a_whole_order_names_no_line():
    update = order_update(comp(remedy="waive_check", line_items=None, held=4673), ORDER)
    assert "line_items" not in update["order"]
    assert update["order"]["discounts"][0]["amount_money"] == usd(4673)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"version": None}, "order.version: missing: Square updates the version it is told of, and no other"),
        ({"id": "O2"}, "order.id: expected `O1`, the comp's check, got `O2`"),
        ({"line_items": []}, "order.line_items: no line has the uid `a`, which the comp is for"),
        ({"total_money": None}, "order.total_money: expected an object, got `null`"),
    ],
)
def test_an_order_that_the_comp_is_not_for_is_not_updated(change, problem):
    with pytest.raises(TillError) as caught:
        order_update(comp(), ORDER | change)
    assert [str(found) for found in caught.value.problems] == [problem]


# ── What Square publishes ────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def published() -> Callable[[str, str], Any]:
    """Square's own types, by module and name."""
    pytest.importorskip("square", reason="Square's models are not here: pip install squareup==46.0.0.20260916")
    return lambda module, name: getattr(importlib.import_module(f"square.types.{module}"), name)


@pytest.mark.parametrize(
    ("ours", "module", "name"),
    [
        (square_models.Order, "order", "Order"),
        (square_models.LineItem, "order_line_item", "OrderLineItem"),
        (square_models.Money, "money", "Money"),
    ],
)
def test_every_field_that_is_read_is_published_under_that_name(published, ours: type[BaseModel], module, name):
    theirs = published(module, name)
    assert set(ours.model_fields) - set(theirs.model_fields) == set()
    assert all(field.alias is None for field in ours.model_fields.values())


def test_the_published_states_are_those_that_are_known(published):
    known, _anything = typing.get_args(published("order_state", "OrderState"))
    assert set(typing.get_args(known)) == set(STATES) == set(typing.get_args(square_models.State))


def test_what_squares_models_write_is_read(published):
    theirs = published("order", "Order").model_validate(ORDER)
    assert request_from(ACCOUNT, theirs.model_dump(mode="json"), PROPOSAL) == made()


def test_the_discount_is_one_of_squares(published):
    theirs = published("order_line_item_discount", "OrderLineItemDiscount")
    assert set(DISCOUNT) - set(theirs.model_fields) == set()
    assert theirs.model_validate(DISCOUNT).model_dump(mode="json", exclude_none=True) == DISCOUNT
    kinds, _anything = typing.get_args(published("order_line_item_discount_type", "OrderLineItemDiscountType"))
    scopes, _anything = typing.get_args(published("order_line_item_discount_scope", "OrderLineItemDiscountScope"))
    assert DISCOUNT["type"] in typing.get_args(kinds)
    assert {"LINE_ITEM", "ORDER"} <= set(typing.get_args(scopes))


def test_the_update_is_a_sparse_order_of_squares(published):
    sparse = order_update(comp(), ORDER)["order"]
    line = sparse["line_items"][0]
    assert set(sparse) - set(published("order", "Order").model_fields) == set()
    assert set(line) - set(published("order_line_item", "OrderLineItem").model_fields) == set()
    applied = published("order_line_item_applied_discount", "OrderLineItemAppliedDiscount")
    assert applied.model_validate(line["applied_discounts"][0]).discount_uid == sparse["discounts"][0]["uid"]
