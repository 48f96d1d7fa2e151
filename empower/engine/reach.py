"""Where an employee may answer for others: what somebody who is signed in gets to see."""

from empower.core.entry import moment_of, stamp
from empower.core.policy import Policy
from empower.engine.desk import Desk
from empower.store import Book, Unit
from empower.store.approvers import delegations, locations_of


def answers_at(desk: Desk, unit: Unit, employee: str) -> frozenset[str]:
    """The locations where an employee holds a role that approves now, or stands in for somebody who does.

    As in approving itself, whoever stands in must work there themself.
    """
    books = [unit.book(location) for location in locations_of(unit, employee)]
    return frozenset(book.location for book in books if book is not None and _answers(desk, unit, book, employee))


def _answers(desk: Desk, unit: Unit, book: Book, employee: str) -> bool:
    now = max(desk.clock(), moment_of(book.recorded_at))
    policy = desk.rules.in_force(unit, book, now, "").policy
    day = policy.days.business_day(now)

    def held(name: str) -> list[str]:
        return [role.role for role in unit.roster(book.location, name) if role.holds(day)]

    own = held(employee)
    given = delegations(unit, delegate=employee, at=stamp(now)) if own else []
    others = [role for item in given if item.location == book.location for role in held(item.delegator)]
    return any(_approves(policy, role) for role in (*own, *others))


def _approves(policy: Policy, role: str) -> bool:
    return role in policy.roles and bool(policy.roles[role].approves)
