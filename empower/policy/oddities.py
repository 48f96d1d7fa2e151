"""All that is merely odd in the policies of a folder: it is told, and keeps nothing out of force.

A rule that several policies share is odd only if it is odd in all of them.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from empower.core.policy import Policy
from empower.policy import odd_guards, odd_limits, odd_roles
from empower.policy.merge import Whole
from empower.policy.problems import Problem
from empower.policy.reach import Reach
from empower.policy.shape import Fault

ODDITIES: tuple[Callable[[Reach], Iterator[Fault]], ...] = (
    odd_limits.limits_are_reached,
    odd_limits.limits_are_once,
    odd_limits.limits_stop_something,
    odd_guards.guards_are_reached,
    odd_guards.guards_can_be_true,
    odd_guards.guards_are_once,
    odd_roles.remedies_are_offered,
    odd_roles.remedies_have_a_yes,
    odd_roles.approvers_have_more,
    odd_roles.approvals_end,
    odd_roles.reasons_begin_at_the_table,
)


def oddities(policies: Iterable[tuple[Whole, Policy]]) -> list[Problem]:
    """What is odd, by place, of policies that have no problem."""
    policies = list(policies)
    found: dict[tuple[object, ...], list[tuple[Whole, Fault]]] = {}
    for whole, policy in policies:
        reach = Reach(whole, policy)
        for fault in chain.from_iterable(check(reach) for check in ODDITIES):
            key = (fault.name, fault.path, _file(whole, fault))
            found.setdefault(key, []).append((whole, fault))
    return [
        whole.problem(fault) for having in found.values() for whole, fault in having[:1] if _in_all(policies, having)
    ]


def _file(whole: Whole, fault: Fault) -> str:
    return whole.file_of(fault.path).source.name


def _in_all(policies: list[tuple[Whole, Policy]], having: list[tuple[Whole, Fault]]) -> bool:
    """Whether it is odd in every policy for which it stands in that file."""
    whole, fault = having[0]
    return len(having) >= len(_concerned(policies, whole, fault))


def _concerned(policies: list[tuple[Whole, Policy]], whole: Whole, fault: Fault) -> list[Whole]:
    name = _file(whole, fault)
    return [other for other, _ in policies if _file(other, fault) == name and other.states(fault.path)]
