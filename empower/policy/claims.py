"""What an invariant claims: something that must never be, in a small typed language.

    never = { roles_below = "manager", grants_over = 200.00 }     without another person
    never = { remedies = ["waive_check"], alone = true }          always with a second person
    never = { employee_per = "day", over = 500.00 }               added up, by one employee in one role

Roles, remedies, reasons and facts narrow what is spoken of; without them it is everything.
"""

from typing import NamedTuple

from empower.core.policy import Policy, When
from empower.policy.document import NeverSection
from empower.policy.money import minor

ANY = -1
"""In place of an amount that is passed over: any grant at all."""


class Claim(NamedTuple):
    """An invariant of one policy, with its names and amounts worked out."""

    name: str
    roles: tuple[str, ...]
    remedies: tuple[str, ...]
    reasons: tuple[str, ...]
    facts: When
    """What holds of the requests that it speaks of; without names and amounts."""
    over_minor: int
    """What must not be passed; `ANY` where nothing may be granted at all."""
    by_day: bool
    """Whether an employee's grants of one business day are added up, or each is looked at alone."""


def claim_of(name: str, never: NeverSection, policy: Policy) -> Claim:
    """The claim that a section makes of a policy."""
    over = never.over if never.grants_over is None else never.grants_over
    return Claim(
        name,
        _roles(never, policy),
        tuple(never.remedies or policy.remedies),
        tuple(never.reasons or policy.reasons),
        When(
            item_categories=tuple(never.item_categories or ()),
            check_state=tuple(never.check_state or ()),
            between=never.between,
            weekdays=tuple(never.weekdays or ()),
            employee_is_guest=never.employee_is_guest,
            note_missing=never.note_missing,
        ),
        ANY if over is None else minor(over, policy.calendar.decimals),
        never.employee_per is not None,
    )


def _roles(never: NeverSection, policy: Policy) -> tuple[str, ...]:
    if never.roles_below is not None:
        return below(policy, never.roles_below)
    return tuple(never.roles or policy.roles)


def below(policy: Policy, top: str) -> tuple[str, ...]:
    """The roles that `top` approves, itself or by way of others; not `top` itself."""
    found: list[str] = []
    waiting = [top]
    while waiting:
        role = policy.roles[waiting.pop()]
        more = [name for name in policy.roles if role.approves_role(name) and name not in (*found, top)]
        found += more
        waiting += more
    return tuple(name for name in policy.roles if name in found)
