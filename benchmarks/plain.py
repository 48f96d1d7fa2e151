"""The policy of policies/bench.toml as a plain function written by hand: what every figure of deciding is held against.

It takes the same facts and the same counters, named instead of found, and gives the bare outcome.
"""

from typing import NamedTuple

from empower.core.counter import Usage
from empower.core.request import Facts

SERVER = frozenset({"apology", "remake", "dessert", "item"})
WRONG_ORDER = frozenset({"apology", "remake", "dessert", "item", "discount"})
LONG_WAIT = frozenset({"apology", "dessert", "discount", "waive_check"})
REMEDIES = WRONG_ORDER | LONG_WAIT


class Used(NamedTuple):
    """The counters, by name; None where the request lacks the fact."""

    day: Usage
    week: Usage
    guest: Usage | None
    month: Usage
    check: Usage | None


def _manager_grants(facts: Facts, used: Used) -> bool:
    """Whether a manager could say yes: a day of their own is not known yet."""
    amount = facts.amount_minor
    if amount > 25000 or (facts.remedy == "dessert" and amount > 1500):
        return False
    if "alcohol" in facts.categories or facts.employee_is_guest:
        return False
    if amount > 75000 or amount > 30000:
        return False
    guest = used.guest
    if guest is not None:
        if guest.held_minor + guest.spent_minor + amount > 6000:
            return False
        if guest.held_count + guest.spent_count >= 2:
            return False
    month = used.month
    if month.held_minor + month.spent_minor + amount > 600000:
        return False
    check, total = used.check, facts.check_total_minor
    return check is None or total is None or check.held_minor + check.spent_minor + amount <= total


def plain(facts: Facts, used: Used) -> str:
    """The bare outcome for a server's request."""
    if not facts.active or facts.currency != "USD" or "server" not in facts.roles:
        return "deny"
    remedy, amount = facts.remedy, facts.amount_minor
    if remedy not in SERVER or remedy not in (WRONG_ORDER if facts.reason == "wrong_order" else LONG_WAIT):
        return "deny"
    if "alcohol" in facts.categories or facts.employee_is_guest:
        return "deny"
    if amount == 0 and remedy not in ("apology", "remake"):
        return "deny"
    if (remedy == "apology" and amount > 0) or (remedy == "dessert" and amount > 1500):
        return "deny"
    escalate = facts.check_state == "closed"
    if amount > 2000 and not facts.has_note:
        escalate = True
    if amount > 20000 or amount > 2500:
        escalate = True
    day = used.day
    if day.held_minor + day.spent_minor + amount > 7500 or day.held_count + day.spent_count >= 6:
        escalate = True
    week = used.week
    if week.held_minor + week.spent_minor + amount > 30000:
        escalate = True
    guest = used.guest
    if (
        guest is None
        or guest.held_minor + guest.spent_minor + amount > 6000
        or guest.held_count + guest.spent_count >= 2
    ):
        escalate = True
    month = used.month
    if month.held_minor + month.spent_minor + amount > 600000:
        return "deny"
    check, total = used.check, facts.check_total_minor
    if check is None or total is None or check.held_minor + check.spent_minor + amount > total:
        escalate = True
    if not escalate:
        return "approve"
    return "escalate" if _manager_grants(facts, used) else "deny"
