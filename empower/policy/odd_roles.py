"""Roles, remedies and reasons that are merely odd: nobody to say yes, or nobody at the table who may begin."""

from collections.abc import Iterator

from empower.core.policy import EVERYTHING
from empower.policy.problems import ProblemName, quote
from empower.policy.reach import Reach
from empower.policy.shape import Fault

Found = Iterator[Fault]


def remedies_are_offered(reach: Reach) -> Found:
    """Some reason offers each remedy."""
    for remedy, reasons in reach.reasons_of.items():
        if not reasons:
            said = f"no reason offers {quote(remedy)}, so nobody can give it"
            yield Fault(ProblemName.UNREACHABLE_RULE, ("remedies", remedy), said, at_key=True)


def remedies_have_a_yes(reach: Reach) -> Found:
    """What a role may give, it may give alone, or somebody may approve."""
    for role, remedies in reach.given.items():
        for remedy in sorted(remedies):
            reasons = reach.reasons_of[remedy]
            if reasons and not any(_can_be(reach, role, remedy, reason) for reason in reasons):
                said = f"nobody can grant {quote(remedy)} to `{role}`: it may not alone, and no one who approves it may"
                yield Fault(ProblemName.NOBODY_CAN_GRANT, _listed(reach, role, remedy), said)


def _can_be(reach: Reach, role: str, remedy: str, reason: str) -> bool:
    if reach.alone(role, remedy, reason) is not None:
        return True
    return any(
        remedy in reach.given[name] and reach.granted(name, remedy, reason) is not None
        for name, other in reach.policy.roles.items()
        if other.approves_role(role)
    )


def _listed(reach: Reach, role: str, remedy: str) -> tuple[str | int, ...]:
    """Where the role lists the remedy; the role itself where it inherits the list."""
    section = reach.whole.document.roles[role]
    if section.remedies is None:
        return ("roles", role)
    return ("roles", role, "remedies", section.remedies.index(remedy) if remedy in section.remedies else 0)


def approvers_have_more(reach: Reach) -> Found:
    """Who approves a role may give at least as much at once as that role does alone."""
    for name, role in reach.policy.roles.items():
        if role.approves == EVERYTHING:
            continue  # whoever answers for all stands above, whatever the numbers say
        for number, other in enumerate(role.approves):
            remedy = _less(reach, name, other)
            if remedy is not None and other != name:
                said = (
                    f"`{name}` approves `{other}`, and may give less of {quote(remedy)}: what is too much for `{other}`"
                    f" is too much for `{name}`"
                )
                yield Fault(ProblemName.WEAK_APPROVER, ("roles", name, "approves", number), said)


def _less(reach: Reach, approver: str, role: str) -> str | None:
    """The first remedy of which the approver can never grant as much as the role gives alone."""
    for remedy in sorted(reach.given[role] & reach.given[approver]):
        for reason in reach.unlike([role, approver], remedy):
            own, other = reach.alone(role, remedy, reason), reach.granted(approver, remedy, reason)
            if own is not None and (other is None or other < own):
                return remedy
    return None


def approvals_end(reach: Reach) -> Found:
    """No role answers for itself, along however many others."""
    above = {name: _approved(reach, name) for name in reach.policy.roles}
    told: set[str] = set()
    for name in above:
        circle = _circle(above, name)
        if circle and told.isdisjoint(circle):
            told.update(circle)
            said = (
                f"`{name}` approves itself: {' → '.join([*circle, name])}"
                if len(circle) > 1
                else (f"`{name}` approves its own requests, by whoever else has that role")
            )
            yield Fault(ProblemName.CIRCULAR_APPROVALS, ("roles", name, "approves"), said)


def _approved(reach: Reach, name: str) -> list[str]:
    role = reach.policy.roles[name]
    others = (other for other in reach.policy.roles if role.approves_role(other))
    return [other for other in others if other != name or other in role.approves]


def _circle(above: dict[str, list[str]], start: str) -> list[str]:
    """The shortest way from a role back to itself; empty if there is none."""
    ways, seen = [[start]], {start}
    while ways:
        way = ways.pop(0)
        for name in above[way[-1]]:
            if name == start:
                return way
            if name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return []


def reasons_begin_at_the_table(reach: Reach) -> Found:
    """The first remedy of a reason is one that somebody who approves nobody may give alone."""
    front = [name for name, role in reach.policy.roles.items() if not role.approves]
    if not front:
        return
    for reason, remedies in reach.offered.items():
        first = remedies[0]
        able = (name for name in front if first in reach.given[name] and reach.alone(name, first, reason) is not None)
        if next(able, None) is None:
            said = f"reason `{reason}` begins with {quote(first)}, which no front-line role may give alone"
            yield Fault(ProblemName.FIRST_REMEDY_OUT_OF_REACH, ("reasons", reason, "remedies", 0), said)
