"""A policy in the words of its file again: each value under the address that findings and people give it.

`roles.manager.limits.guest.count` finds a limit where a role has it, and `roles.server.limits.guest.count` where it was
written. Amounts are `Money`; durations, percentages and times are spelled as they are written in a file.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from empower.core.money import Money
from empower.core.policy import Guard, Limit, Policy, Reason, Remedy, Role, When
from empower.policy.words import SECONDS

Spelled = dict[str, Any]


def spelled(policy: Policy) -> Spelled:
    """Everything that the policy says, without what it leaves out."""
    code = policy.calendar.currency
    return _said(
        {
            "policy": _said(
                {
                    "id": policy.id,
                    "title": policy.title,
                    "locations": list(policy.locations),
                    "effective": policy.effective,
                    "until": policy.until,
                }
            ),
            "calendar": {
                "timezone": policy.calendar.timezone,
                "currency": code,
                "day_starts": policy.calendar.day_starts.isoformat(),
                "week_starts": policy.calendar.week_starts,
            },
            "remedies": {name: _remedy(remedy, code) for name, remedy in policy.remedies.items()},
            "reasons": {name: _reason(reason) for name, reason in policy.reasons.items()},
            "limits": _limits(policy.limits, code),
            "roles": {name: _role(role, code) for name, role in policy.roles.items()},
            "guards": {_name(guard.address): _guard(guard, code) for guard in policy.guards},
            "approval": _said(
                {
                    "expires": duration(policy.approval.expires_seconds),
                    "climb_after": _duration(policy.approval.climb_after_seconds),
                    "two_people_over": _money(policy.approval.two_people_over, code),
                }
            ),
            "holds": {"expires": duration(policy.holds.expires_seconds)},
        }
    )


def leaves(value: Any, address: str = "") -> Iterator[tuple[str, Any]]:
    """Every address below a value, with what stands there."""
    if not isinstance(value, dict):
        yield address, value
        return
    for key, item in value.items():
        yield from leaves(item, f"{address}.{key}" if address else key)


def _duration(seconds: int | None) -> str | None:
    return None if seconds is None else duration(seconds)


def duration(seconds: int) -> str:
    """`900` as `15 minutes`."""
    unit = max((unit for unit, length in SECONDS.items() if seconds % length == 0), key=SECONDS.__getitem__)
    number = seconds // SECONDS[unit]
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def percent(bp: int) -> str:
    """`1250` as `12.5`."""
    return _plain(Decimal(bp) / 100)


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _said(section: Spelled) -> Spelled:
    return {key: value for key, value in section.items() if value not in (None, "", [], {})}


def _name(address: str) -> str:
    return address.rpartition(".")[2]


def _money(minor: int | None, code: str) -> Money | None:
    return None if minor is None else Money(amount=minor, currency=code)


def _remedy(remedy: Remedy, code: str) -> Spelled:
    cost = None if remedy.cost_bp is None else _plain(Decimal(remedy.cost_bp) / 10_000)
    most = _money(remedy.most, code)
    return _said({"title": remedy.title, "most": most, "cost": cost, "account": remedy.account, "zero": remedy.zero})


def _reason(reason: Reason) -> Spelled:
    follow_up = reason.follow_up and {"within": duration(reason.follow_up.within_seconds), "by": reason.follow_up.by}
    return _said(
        {
            "title": reason.title,
            "dimension": reason.dimension,
            "stage": reason.stage,
            "remedies": list(reason.remedies),
            "say": reason.say,
            "follow_up": follow_up,
        }
    )


def _role(role: Role, code: str) -> Spelled:
    return {
        "title": role.title,
        "remedies": list(role.remedies),
        "approves": list(role.approves),
        **_said({"limits": _limits(role.limits, code)}),
    }


def _limits(limits: tuple[Limit, ...], code: str) -> Spelled:
    return {_name(limit.address): _limit(limit, code) for limit in limits}


def _limit(limit: Limit, code: str) -> Spelled:
    return _said(
        {
            "per": list(limit.per),
            "every": limit.every,
            "amount": _money(limit.amount, code),
            "count": limit.count,
            "percent_of_check": None if limit.percent_bp is None else percent(limit.percent_bp),
            "remedies": list(limit.remedies),
            "reasons": list(limit.reasons),
            "beyond": limit.beyond,
        }
    )


def _guard(guard: Guard, code: str) -> Spelled:
    return _said({"when": when(guard.when, code), "then": guard.then, "require": list(guard.require), "say": guard.say})


def when(facts: When, code: str) -> Spelled:
    """The facts that a guard names."""
    return _said(
        {
            "remedies": list(facts.remedies),
            "reasons": list(facts.reasons),
            "roles": list(facts.roles),
            "item_categories": list(facts.item_categories),
            "check_state": list(facts.check_state),
            "amount_over": _money(facts.amount_over, code),
            "percent_over": None if facts.percent_over_bp is None else percent(facts.percent_over_bp),
            "between": [moment.isoformat() for moment in facts.between or ()],
            "weekdays": list(facts.weekdays),
            "employee_is_guest": facts.employee_is_guest,
            "note_missing": facts.note_missing,
        }
    )
