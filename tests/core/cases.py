"""Cases of one decision each, one a row: what is asked, in the end the outcome and the codes of what was said."""

from datetime import UTC, datetime, time, timedelta
from typing import Any, NamedTuple

from empower.core.canonical import LARGEST_INTEGER
from empower.core.policy import Policy, Remedy

from .build import NOW, ROLES, Used, approval, capped, guard, guarded, limit, policy, reason, role, small

BISTRO = policy()


class Case(NamedTuple):
    what: str
    expected: str
    """The outcome, then the codes in the order of the findings, without `within_limit`."""
    facts: dict[str, Any]
    used: Used
    rules: Policy


def case(what: str, expected: str, used: Used | None = None, rules: Policy = BISTRO, **facts: Any) -> Case:
    return Case(what, expected, facts, used or {}, rules)


def clerk(what: str, expected: str, rules: Policy, used: Used | None = None, **facts: Any) -> Case:
    """A case of the small policy, in which nothing but the rule in question stands in a clerk's way."""
    return Case(what, expected, {"roles": "clerk", "reason": "late", **facts}, used or {}, rules)


def denies(what: str, facts: dict[str, Any] | None = None, **when: Any) -> Case:
    return clerk(what, "deny guard_denies", guarded("deny", **when), **(facts or {}))


def silent(what: str, facts: dict[str, Any] | None = None, **when: Any) -> Case:
    return clerk(what, "approve", guarded("deny", **when), **(facts or {}))


FACTS = [
    case("all is well", "approve"),
    case("no longer employed here", "deny employee_inactive", active=False),
    case("without a role", "deny no_role", roles=()),
    case("a role that the policy dropped", "deny unknown_role", roles="sommelier"),
    case("one role known, one not", "approve", roles="sommelier server"),
    case("a remedy nobody has heard of", "deny unknown_remedy", remedy="unicorn"),
    case("a reason nobody has heard of", "deny unknown_reason", reason="full_moon"),
    case("euros where dollars are taken", "deny wrong_currency", currency="EUR"),
    case("inactive stands before all else", "deny employee_inactive", active=False, roles=(), remedy="unicorn"),
    case("no role stands before the remedy", "deny no_role", roles=(), remedy="unicorn"),
    case("an unknown role stands before the remedy", "deny unknown_role", roles="sommelier", remedy="unicorn"),
    case("the remedy stands before the reason", "deny unknown_remedy", remedy="unicorn", reason="full_moon"),
    case("the reason stands before the currency", "deny unknown_reason", reason="full_moon", currency="EUR"),
]

FREE = policy(remedies={"item": Remedy(title="Item", most=0)}, reasons={"wrong_order": reason("item")})

REMEDIES = [
    case("a remedy the role does not list", "deny remedy_not_allowed", roles="host"),
    case("a remedy the reason does not list", "deny remedy_not_for_reason", reason="cold_dish"),
    case("neither the role nor the reason lists it", "deny remedy_not_allowed", remedy="gift_card", reason="cold_dish"),
    case("a reason for which everything goes", "approve", reason="long_wait"),
    case("a role that may give everything", "approve", roles="manager", remedy="gift_card", reason="long_wait"),
    case("all a dessert may cost", "approve", remedy="dessert", amount=1500),
    case("a dessert too dear for anybody", "deny over_most", remedy="dessert", amount=1501),
    case("a dessert too dear for the manager too", "deny over_most", roles="manager", remedy="dessert", amount=1501),
    case("nothing at all of what costs something", "deny no_amount", amount=0),
    case("an apology costs nothing", "approve", remedy="apology", amount=0),
    case("a remake may cost nothing", "approve", remedy="remake", amount=0),
    case("a remake may cost something", "approve", remedy="remake", amount=900),
    case("an apology that costs something", "deny over_most", remedy="apology", amount=1),
    case("a `most` of nothing is leave to give nothing", "approve", rules=FREE, amount=0),
]

A_DAY = limit("roles.clerk.limits.a", "employee", every="day", amount=1500, count=2)
BEYOND = {"amount": 1199, "beyond": "deny"}
BOTH = small(A_DAY, limit("roles.clerk.limits.b", **BEYOND))
ELSEWHERE = capped("guest", count=0, reasons=("cold",))

LIMITS = [
    case("just the cap", "approve", amount=2500),
    case("a cent more", "escalate limit_exceeded", amount=2501),
    case("the last of the day", "approve", {"employee/day": (6300, 5)}),
    case("a cent more than the day has", "escalate limit_exceeded", {"employee/day": (6301, 5)}),
    case("the day's last comp was given", "escalate count_exceeded", {"employee/day": (600, 6)}),
    case("even an apology counts", "escalate count_exceeded", {"employee/day": (0, 6)}, remedy="apology", amount=0),
    case("two limits at once", "escalate limit_exceeded limit_exceeded", {"employee/day": (6000, 1)}, amount=2501),
    case("the guest's second", "approve", {"guest/day": (9000, 1)}),
    case("the guest's third", "escalate count_exceeded", {"guest/day": (0, 2)}),
    case("$2000 for a guest's incident", "approve", {"guest+incident/ever": (198_800, 1)}, roles="relations"),
    case("a guest's limit and no guest", "escalate missing_fact", guest=None),
    case("no guest, and too much", "escalate limit_exceeded missing_fact", guest=None, amount=2501),
    case("an incident's limit and no incident", "escalate missing_fact", roles="relations", incident=None),
    clerk("beyond is deny", "deny limit_exceeded", capped(**BEYOND)),
    clerk("within a limit that denies beyond", "approve", capped(amount=1200, beyond="deny")),
    clerk("a missing fact escalates, deny or not", "escalate missing_fact", capped("guest", **BEYOND), guest=None),
    clerk("one denies, one escalates", "deny limit_exceeded limit_exceeded", BOTH, {"employee/day": (301, 0)}),
    clerk("too much and many", "escalate limit_exceeded count_exceeded", small(A_DAY), {"employee/day": (301, 2)}),
    clerk("none at all", "escalate count_exceeded", capped(count=0)),
    clerk("a limit of nothing", "escalate limit_exceeded", capped(amount=0)),
    clerk("one of each comp alone", "approve", capped(count=1)),
    clerk("no limit at all", "approve", small(), amount=LARGEST_INTEGER),
    clerk("of another remedy", "approve", capped(amount=0, remedies=("dessert",))),
    clerk("of this remedy", "escalate limit_exceeded", capped(amount=0, remedies=("dessert", "item"))),
    clerk("for another reason", "approve", capped(amount=0, reasons=("cold",))),
    clerk("for this reason", "escalate limit_exceeded", capped(amount=0, reasons=("cold", "late"))),
    clerk("of this remedy for another reason", "approve", capped(amount=0, remedies=("item",), reasons=("cold",))),
    clerk("narrowed away, its missing fact is none", "approve", ELSEWHERE, guest=None),
]

WHO = {
    "check": "C-1",
    "guest": "guest-1",
    "incident": "I-1",
    "employee": "E1",
    "role": "clerk",
    "shift": "S-1",
    "remedy": "item",
    "reason": "late",
    "location": "bistro-soho",
    "group": "small",
}
PER = {scope: capped(scope, amount=2000) for scope in WHO}
SCOPES = [
    row
    for scope, who in WHO.items()
    for row in (
        clerk(f"per {scope}: room for it", "approve", PER[scope], {f"{scope}/ever {who}": (800, 1)}),
        clerk(f"per {scope}: full", "escalate limit_exceeded", PER[scope], {f"{scope}/ever {who}": (801, 1)}),
        clerk(f"per {scope}: another's", "approve", PER[scope], {f"{scope}/ever another": (9000, 9)}),
    )
]
MISSING = [
    clerk(f"per {' and '.join(per)} without {lacks}", "escalate missing_fact", capped(per, count=9), **{lacks: None})
    for per, lacks in [
        (("check",), "check"),
        (("guest",), "guest"),
        (("incident",), "incident"),
        (("shift",), "shift"),
        (("guest", "incident"), "guest"),
        (("guest", "incident"), "incident"),
        (("employee", "shift"), "shift"),
    ]
]

WHOLE = capped("check", percent_bp=10_000)
THIRD = capped("check", percent_bp=3333)
ONE_HALF = capped("check", percent_bp=5000, count=1)
NONE = capped("check", percent_bp=0)
SHRANK = {"amount": 8500, "check_total_before_minor": 9000}
PERCENT = [
    clerk("all of the check", "approve", WHOLE, amount=8000),
    clerk("a cent more than the check", "escalate percent_exceeded", WHOLE, amount=8001),
    clerk("what other comps left of it", "approve", WHOLE, {"check/ever": (3000, 1)}, amount=5000),
    clerk("a cent more than they left", "escalate percent_exceeded", WHOLE, {"check/ever": (3000, 1)}, amount=5001),
    clerk("33.33 % of $10.00 is $3.33", "approve", THIRD, total=1000, amount=333),
    clerk("and never a cent more", "escalate percent_exceeded", THIRD, total=1000, amount=334),
    clerk("a share of two cents is none", "escalate percent_exceeded", THIRD, total=2, amount=1),
    clerk("more than all of it, if the policy says so", "approve", capped("check", percent_bp=20_000), amount=16_000),
    clerk("no share", "escalate percent_exceeded", NONE, amount=1),
    clerk("of a check of nothing", "escalate percent_exceeded", WHOLE, total=0, amount=1),
    clerk("of a check without a total", "escalate missing_fact", WHOLE, total=None),
    clerk("of no check", "escalate missing_fact", WHOLE, check=None, total=None),
    clerk("of a total that stayed", "approve", WHOLE, check_total_before_minor=8000),
    clerk("of a total that grew", "approve check_total_changed", WHOLE, check_total_before_minor=2000, amount=8000),
    clerk("of a total that shrank", "escalate percent_exceeded check_total_changed", WHOLE, **SHRANK),
    clerk("beyond is deny", "deny percent_exceeded", capped("check", percent_bp=10_000, beyond="deny"), amount=8001),
    clerk("too many, too large", "escalate count_exceeded percent_exceeded", ONE_HALF, {"check/ever": (4000, 1)}),
]

AT_NOON = {"occurred_at": NOW}
ELEVEN = {"occurred_at": NOW - timedelta(hours=1)}
TUESDAY = {"occurred_at": datetime(2026, 11, 24, 5, 0, tzinfo=UTC)}
"""By New York's clock, when Tuesday begins."""
MONDAY = {"occurred_at": datetime(2026, 11, 24, 4, 59, tzinfo=UTC)}
NIGHT = (time(22), time(4))
THREE = {"amount_over": 1000, "note_missing": True, "remedies": ("item",)}

CONDITIONS = [
    denies("always"),
    denies("of this remedy", remedies=("item", "dessert")),
    silent("of another remedy", remedies=("dessert",)),
    denies("for this reason", reasons=("late",)),
    silent("for another reason", reasons=("cold",)),
    denies("of this role", roles=("clerk",)),
    silent("of another role", roles=("chief",)),
    denies("with such an item", {"categories": ("food", "alcohol")}, item_categories=("alcohol", "tobacco")),
    silent("without such an item", {"categories": ("food",)}, item_categories=("alcohol",)),
    silent("without any item", {"categories": ()}, item_categories=("alcohol",)),
    denies("of a check so", {"check_state": "closed"}, check_state=("closed", "paid")),
    silent("of a check otherwise", {"check_state": "open"}, check_state=("closed",)),
    silent("of a check nobody knows how", {"check_state": None}, check_state=("closed",)),
    denies("over an amount", {"amount": 1001}, amount_over=1000),
    silent("just the amount", {"amount": 1000}, amount_over=1000),
    denies("over a share", {"amount": 801}, percent_over_bp=1000),
    silent("just the share", {"amount": 800}, percent_over_bp=1000),
    denies("a third of a cent over a share", {"amount": 334, "total": 1000}, percent_over_bp=3333),
    silent("a third of a cent under a share", {"amount": 333, "total": 1000}, percent_over_bp=3333),
    denies("a share of a check of nothing", {"total": 0, "amount": 1}, percent_over_bp=5000),
    denies("from that time on", AT_NOON, between=(time(12), time(13))),
    silent("until just before that time", AT_NOON, between=(time(11), time(12))),
    denies("within the hour", ELEVEN, between=(time(10), time(12))),
    denies("over midnight, late", {"occurred_at": NOW + timedelta(hours=10)}, between=NIGHT),
    denies("over midnight, early", {"occurred_at": NOW - timedelta(hours=8, seconds=1)}, between=NIGHT),
    silent("over midnight, by then over", {"occurred_at": NOW - timedelta(hours=8)}, between=NIGHT),
    denies("from midnight", TUESDAY, between=(time(0), time(1))),
    denies("when nobody says when, by now", {"occurred_at": None}, between=(time(12), time(13))),
    denies("on that weekday", AT_NOON, weekdays=("saturday", "monday")),
    silent("on another", AT_NOON, weekdays=("tuesday", "sunday")),
    denies("by the clock on the wall, still Monday", MONDAY, weekdays=("monday",)),
    denies("by the clock on the wall, now Tuesday", TUESDAY, weekdays=("tuesday",)),
    denies("to themselves", {"employee_is_guest": True}, employee_is_guest=True),
    silent("to another", {"employee_is_guest": False}, employee_is_guest=True),
    denies("to another, if the policy wants it so", {"employee_is_guest": False}, employee_is_guest=False),
    denies("without a note", {"has_note": False}, note_missing=True),
    silent("with a note", {"has_note": True}, note_missing=True),
    denies("with a note, if the policy wants it so", {"has_note": True}, note_missing=False),
    denies("when all of it holds", {"amount": 1001, "has_note": False}, **THREE),
    silent("when one of three does not hold", {"amount": 1001, "has_note": True}, **THREE),
    silent("over the amount and not over the share", {"amount": 1001}, amount_over=1000, percent_over_bp=2000),
    silent("over the share and not over the amount", {"amount": 999}, amount_over=1000, percent_over_bp=500),
]

TWO_GUARDS = small(guards=(guard("a", "escalate"), guard("b", "deny")))
ASKS_TWICE = small(guards=(guard("a", "require", ("note", "photo")), guard("b", "require", ("guest", "note"))))
SHARE = guarded("deny", percent_over_bp=1000, item_categories=("food",))
NOTE_AND_PHOTO = guarded("require", "note", "photo")
NOTE_OVER = guarded("require", "note", percent_over_bp=1)
CAPPED_TOO = small(limit("roles.clerk.limits.a", amount=1), guards=(guard("g", "escalate"),))
NOTED = {"has_note": True, "has_photo": True}

THEN = [
    clerk("deny", "deny guard_denies", guarded("deny")),
    clerk("escalate", "escalate guard_escalates", guarded("escalate")),
    clerk("both", "deny guard_escalates guard_denies", TWO_GUARDS),
    clerk("a note that is missing", "escalate requirement_missing", guarded("require", "note")),
    clerk("a note that is there", "approve requirement_met", guarded("require", "note"), has_note=True),
    clerk("a photo that is missing", "escalate requirement_missing", guarded("require", "photo")),
    clerk("a photo that is there", "approve requirement_met", guarded("require", "photo"), has_photo=True),
    clerk("a guest that is missing", "escalate requirement_missing", guarded("require", "guest"), guest=None),
    clerk("a guest that is there", "approve requirement_met", guarded("require", "guest")),
    clerk("one of two that is missing", "escalate requirement_missing", NOTE_AND_PHOTO, has_note=True),
    clerk("two of two that are there", "approve requirement_met", NOTE_AND_PHOTO, **NOTED),
    clerk("two guards, one met", "escalate requirement_missing requirement_met", ASKS_TWICE, has_note=True),
    clerk("a requirement over an amount", "approve", guarded("require", "note", amount_over=1200)),
    clerk("a share and no total", "escalate missing_fact", SHARE, total=None),
    clerk("a share and no total where the rest does not hold", "approve", SHARE, total=None, categories=()),
    clerk("required over a share and no total", "escalate missing_fact", NOTE_OVER, total=None, has_note=True),
    clerk("a guard and a limit", "escalate guard_escalates limit_exceeded", CAPPED_TOO),
]

OVER_200 = policy(approval=approval(20_000))
PEOPLE_200 = {"rules": OVER_200, "roles": "manager", "total": 90_000}
HOUSE = policy(limits=(limit("limits.m", "location", every="month", amount=1000),))
SPENT = {"employee/day": (7500, 1)}
NOTE_OVER_7 = guarded("require", "note", amount_over=700)
ALONE = policy(roles={"server": ROLES["server"], "manager": role("manager"), "relations": role("relations")})

PEOPLE = [
    case("a manager alone", "approve", **PEOPLE_200, amount=20_000),
    case("over which two say yes", "escalate two_people", **PEOPLE_200, amount=20_001),
    case("over their own limit too", "escalate two_people limit_exceeded", **PEOPLE_200, amount=25_001),
    case("nobody approves a server", "deny no_approver limit_exceeded", rules=ALONE, amount=2501),
    case("nobody could grant so much", "deny no_approver limit_exceeded limit_exceeded", amount=200_001),
    case("the house is empty for all", "deny no_approver limit_exceeded", rules=HOUSE),
    case("less, and gladly", "approve granted_less", amount=2501, accept_less=True),
    case("all that was asked, though less would do", "approve", amount=2500, accept_less=True),
    case("what is left of the day", "approve granted_less", {"employee/day": (7499, 1)}, accept_less=True),
    case("less than nothing is nothing", "escalate limit_exceeded", SPENT, accept_less=True),
    case("less instead of a no", "approve granted_less", remedy="dessert", amount=1501, accept_less=True),
    case("no less of what may not be given", "deny remedy_not_allowed", roles="host", accept_less=True),
    case("no less for who is not known", "deny unknown_role", roles="sommelier", accept_less=True),
    case("nothing is not less", "escalate limit_exceeded", SPENT, remedy="remake", accept_less=True),
    case("who asked for nothing is granted nothing", "deny no_amount", amount=0, accept_less=True),
    clerk("less, below what is required", "approve granted_less", NOTE_OVER_7, accept_less=True),
]

TABLES = {
    "facts": FACTS,
    "remedies": REMEDIES,
    "limits": LIMITS,
    "scopes": SCOPES,
    "missing": MISSING,
    "percent": PERCENT,
    "conditions": CONDITIONS,
    "then": THEN,
    "people": PEOPLE,
}
