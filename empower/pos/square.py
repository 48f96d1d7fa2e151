"""Square: an order of its Orders API with a proposed remedy beside it, in; a discount for the order, out.

Field names and values are those that Square publishes for API version 2026-09-16 (Python package `squareup`
46.0.0.20260916; types `Order`, `OrderLineItem`, `OrderLineItemDiscount`, `Money`). Only what a decision needs is
read, and what is read must have its published type; all other fields of Square's are left alone.

What Square's orders do not say:

- Which of our locations a `location_id` is: `Account.locations` says it.
- The category of a line. It is the line's own `metadata.category`, where a till plugin writes one, else what
  `Account.categories` has for its `catalog_object_id`, else unknown: a custom amount has none.
- Who proposes what for whom and why: the proposal beside the order.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from empower.core.errors import ConflictError
from empower.pos.problems import Path, Problem, TillError, named, problems_of
from empower.pos.square_models import LineItem, Order, Proposal

STATES = {"OPEN": "open", "COMPLETED": "closed", "CANCELED": "canceled", "DRAFT": "draft"}

BY_LINE = frozenset({"item", "remake"})
"""Remedies worth what the lines they touch are, where the proposal gives no amount."""
WHOLE_CHECK = "waive_check"
NO_MONEY = "apology"

OFF_TOTAL = frozenset({"discount", "waive_check", "waive_fee", "waive_night"})
"""Remedies that come off the order as a whole."""
NEVER_OFF = frozenset({"apology", "remake", "refund", "gift_card", "points", "taxi", "cleaning"})
"""Remedies that are given beside the order: the guest still pays it, or has paid it."""

LONGEST_NAME = 200

Model = TypeVar("Model", bound=BaseModel)


class Account(BaseModel):
    """What the ids of a Square account mean here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    locations: dict[str, str]
    """Square's `location_id` → our location."""
    categories: dict[str, str] = {}
    """Square's `catalog_object_id` → the category that policies speak of (`alcohol`, `dessert`)."""


def request_from(account: Account, order: object, proposal: object) -> dict[str, Any]:
    """The body of a request, from an order and the proposal beside it, both as JSON gives them.

    The amount, in minor units, is the proposal's; where it gives none it is derived: `item` and `remake` are worth
    the total of the lines they touch, `waive_check` the order's total, `apology` nothing. `waive_check` touches all
    lines unless it names some. The guest is the proposal's, or else `square:` with the order's customer. It occurred
    when the proposal says, or else when the order was last updated.

    Raises `TillError` with everything that is missing or mistyped in either.
    """
    found: list[Problem] = []
    parsed = _parsed(Order, order, "order", found)
    proposed = _parsed(Proposal, proposal, "proposal", found)
    if parsed is not None:
        found += _order_problems(account, parsed)
    if parsed is None or proposed is None:
        raise TillError(found)
    lines = _touched(parsed, proposed, found)
    amount = _amount(parsed, proposed, lines, found)
    if found:
        raise TillError(found)
    return {
        "location": account.locations[parsed.location_id],
        "employee": proposed.employee,
        "remedy": proposed.remedy,
        "reason": proposed.reason,
        "amount": {"amount": amount, "currency": parsed.total_money.currency},
        "check": _check(account, parsed, lines),
        "guest": proposed.guest or (f"square:{parsed.customer_id}" if parsed.customer_id else None),
        "incident": proposed.incident,
        "shift": proposed.shift,
        "note": proposed.note,
        "photo": proposed.photo,
        "accept_less": proposed.accept_less,
        "occurred_at": _occurred_at(parsed, proposed),
    }


def _parsed(model: type[Model], value: object, root: str, found: list[Problem]) -> Model | None:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        found += problems_of(error, root)
        return None


def _order_problems(account: Account, order: Order) -> list[Problem]:
    """What is wrong with an order whose fields have their types."""
    found = []
    if order.location_id not in account.locations:
        known = ", ".join(map(named, sorted(account.locations))) or "none"
        message = f"no location is mapped to {named(order.location_id)}; mapped are {known}"
        found.append(Problem(("order", "location_id"), message))
    seen: set[str] = set()
    for number, line in enumerate(order.line_items or ()):
        place: Path = ("order", "line_items", number)
        if line.uid in seen:
            found.append(Problem((*place, "uid"), f"{named(line.uid)} is the uid of an earlier line"))
        if line.uid is not None:
            seen.add(line.uid)
        if line.total_money is not None and line.total_money.currency != order.total_money.currency:
            message = f"expected {named(order.total_money.currency)} as in the order's total, got"
            path = (*place, "total_money", "currency")
            found.append(Problem(path, f"{message} {named(line.total_money.currency)}"))
    return found


def _touched(order: Order, proposal: Proposal, found: list[Problem]) -> list[LineItem]:
    """The lines that the remedy touches, in the order the proposal names them."""
    lines = order.line_items or []
    if proposal.line_items is None:
        return list(lines) if proposal.remedy == WHOLE_CHECK else []
    by_uid = {line.uid: line for line in lines if line.uid is not None}
    for number, uid in enumerate(proposal.line_items):
        place: Path = ("proposal", "line_items", number)
        if uid not in by_uid:
            known = ", ".join(map(named, by_uid)) or "none"
            found.append(Problem(place, f"no line of the order has the uid {named(uid)}; there are {known}"))
        elif uid in proposal.line_items[:number]:
            found.append(Problem(place, f"{named(uid)} is named twice"))
    return [by_uid[uid] for uid in dict.fromkeys(proposal.line_items) if uid in by_uid]


def _amount(order: Order, proposal: Proposal, lines: Sequence[LineItem], found: list[Problem]) -> int:
    """The amount proposed, or what it can be derived from, in minor units."""
    if proposal.amount is not None:
        return proposal.amount
    if proposal.remedy == NO_MONEY:
        return 0
    if proposal.remedy == WHOLE_CHECK:
        return order.total_money.amount
    if proposal.remedy in BY_LINE and proposal.line_items:
        return _total(order, lines, found)
    hint = "; or name the line items that it is worth" if proposal.remedy in BY_LINE else ""
    message = f"missing: give the minor units that the remedy {named(proposal.remedy)} is worth{hint}"
    found.append(Problem(("proposal", "amount"), message))
    return 0


def _total(order: Order, lines: Sequence[LineItem], found: list[Problem]) -> int:
    total = 0
    for line in lines:
        if line.total_money is None:
            number = (order.line_items or []).index(line)
            found.append(Problem(("order", "line_items", number, "total_money"), "missing"))
        else:
            total += line.total_money.amount
    return total


def _check(account: Account, order: Order, lines: Sequence[LineItem]) -> dict[str, Any]:
    return {
        "id": order.id,
        "total": order.total_money.model_dump(),
        "state": STATES[order.state] if order.state else None,
        "items": [_item(account, line) for line in lines],
    }


def _item(account: Account, line: LineItem) -> dict[str, Any]:
    return {
        "id": line.uid,
        "name": line.name[:LONGEST_NAME] if line.name else None,
        "category": category(account, line),
        "amount": line.total_money.model_dump() if line.total_money else None,
    }


def category(account: Account, line: LineItem) -> str | None:
    """The category of a line: its own metadata's, or the catalog's."""
    own = (line.metadata or {}).get("category")
    return own or account.categories.get(line.catalog_object_id or "")


def _occurred_at(order: Order, proposal: Proposal) -> str | None:
    moment = proposal.occurred_at or order.updated_at or order.created_at
    return moment.isoformat() if moment else None


def discount_for(comp: Mapping[str, Any], *, name: str = "With our apologies") -> dict[str, Any] | None:
    """The `OrderLineItemDiscount` that takes an approved comp off its order; `name` is what the guest reads.

    `comp` is the JSON of a comp. It is `LINE_ITEM` scoped where the remedy touches one line of the check, else
    `ORDER` scoped, which Square spreads over all lines. None where nothing comes off: the amount is zero, or the
    remedy is given beside the order. A fixed amount comes off before taxes that are added on top, and never more
    than the line costs before them: so a line comped at its total is free.

    Raises `ConflictError` if the comp is not approved.
    """
    if comp["status"] not in {"approved", "captured"}:
        raise ConflictError(f"comp `{comp['id']}` is {comp['status']}: only an approved one comes off an order")
    amount = comp["amount"]["captured"] or comp["amount"]["held"]
    remedy, uids = comp["request"]["remedy"], _uids(comp)
    if not amount or remedy in NEVER_OFF or (remedy not in OFF_TOTAL and not uids):
        return None
    return {
        "uid": f"empower-{comp['id']}",
        "name": name,
        "type": "FIXED_AMOUNT",
        "amount_money": {"amount": amount, "currency": comp["amount"]["currency"]},
        "scope": "LINE_ITEM" if _is_of_one_line(comp) else "ORDER",
        "metadata": {
            "empower_comp": comp["id"],
            "empower_remedy": remedy,
            "empower_reason": comp["request"]["reason"],
        },
    }


def order_update(comp: Mapping[str, Any], order: object) -> dict[str, Any] | None:
    """The body of Square's `UpdateOrder` that puts the discount of an approved comp on `order`; None without one.

    A `LINE_ITEM` scoped discount only holds for a line that refers to it, so the line comes with it. The key that
    keeps Square from doing it twice is the comp's, at this version of the order.

    Raises `TillError` if the order cannot be read, has no version, or is not the one of the comp, and
    `ConflictError` as `discount_for` does.
    """
    discount = discount_for(comp)
    if discount is None:
        return None
    found: list[Problem] = []
    parsed = _parsed(Order, order, "order", found)
    if parsed is not None:
        found += _update_problems(comp, parsed)
    if parsed is None or found:
        raise TillError(found)
    sparse: dict[str, Any] = {"location_id": parsed.location_id, "version": parsed.version, "discounts": [discount]}
    if discount["scope"] == "LINE_ITEM":
        line = next(line for line in parsed.line_items or () if line.uid == _uids(comp)[0])
        applied = {"uid": f"{discount['uid']}-line", "discount_uid": discount["uid"]}
        sparse["line_items"] = [{"uid": line.uid, "quantity": line.quantity, "applied_discounts": [applied]}]
    return {"idempotency_key": f"{discount['uid']}-{parsed.version}", "order": sparse}


def _update_problems(comp: Mapping[str, Any], order: Order) -> list[Problem]:
    found = []
    if order.version is None:
        found.append(Problem(("order", "version"), "missing: Square updates the version it is told of, and no other"))
    check = comp["request"]["check"]
    if check is not None and order.id != check["id"]:
        message = f"expected {named(check['id'])}, the comp's check, got {named(order.id)}"
        found.append(Problem(("order", "id"), message))
    elif _is_of_one_line(comp) and _uids(comp)[0] not in {line.uid for line in order.line_items or ()}:
        message = f"no line has the uid {named(_uids(comp)[0])}, which the comp is for"
        found.append(Problem(("order", "line_items"), message))
    return found


def _uids(comp: Mapping[str, Any]) -> list[str]:
    check = comp["request"]["check"]
    return [item["id"] for item in (check or {}).get("items", ()) if item["id"]]


def _is_of_one_line(comp: Mapping[str, Any]) -> bool:
    return comp["request"]["remedy"] not in OFF_TOTAL and len(_uids(comp)) == 1
