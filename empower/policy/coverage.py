"""What cases have tried of a policy: which rules had a say, and which caps were met to the minor unit.

A rule is a limit, a guard, or a remedy of a role. A boundary is a cap: it is covered from both sides by a case that
ends just at it and by one that is one minor unit, or one comp, over it.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from empower.core.codes import Code
from empower.core.decision import Finding
from empower.core.measure import all_limits, local_moment
from empower.core.plan import known_roles
from empower.core.policy import Policy
from empower.policy.cases import Result

AT, OVER = SIDES = ("at", "over")
EXCEEDED = (Code.LIMIT_EXCEEDED, Code.COUNT_EXCEEDED, Code.PERCENT_EXCEEDED)


class Coverage(NamedTuple):
    """Of one policy: what there is, and what of it no case has tried."""

    policy: str
    rules: tuple[str, ...]
    boundaries: tuple[str, ...]
    untried_rules: tuple[str, ...]
    untried_boundaries: tuple[str, ...]

    @property
    def counts(self) -> tuple[int, int]:
        """How many were tried, of how many."""
        every = len(self.rules) + len(self.boundaries)
        return every - len(self.untried_rules) - len(self.untried_boundaries), every


def coverage(policy: Policy, results: Iterable[Result]) -> Coverage:
    """What the results of a policy's cases have tried of it."""
    rules = dict.fromkeys(_rules(policy))
    boundaries = dict.fromkeys(f"{name} {side}" for name, cap in _caps(policy) for side in SIDES if cap or side == OVER)
    tried: set[str] = set()
    for result in results:
        tried.update(_tried(policy, result))
    return Coverage(
        policy.id,
        tuple(rules),
        tuple(boundaries),
        tuple(name for name in rules if name not in tried),
        tuple(name for name in boundaries if name not in tried),
    )


def percent(found: Iterable[Coverage]) -> int:
    """The share that was tried of all, in whole percent rounded down; 100 where there is nothing to try."""
    tried, every = (sum(part) for part in zip((0, 0), *(one.counts for one in found), strict=True))
    return 100 if every == 0 else 100 * tried // every


def _rules(policy: Policy) -> Iterator[str]:
    yield from (limit.address for limit in all_limits(policy))
    yield from (guard.address for guard in policy.guards)
    for name, role in policy.roles.items():
        yield from (_given(name, remedy) for remedy in policy.remedies if role.may(remedy))


def _given(role: str, remedy: str) -> str:
    return f"roles.{role} gives {remedy}"


def _caps(policy: Policy) -> Iterator[tuple[str, int]]:
    """Each cap; one of nothing can only be passed."""
    for limit in all_limits(policy):
        caps = (("amount", limit.amount), ("count", limit.count), ("percent", limit.percent_bp))
        yield from ((f"{limit.address}.{unit}", cap) for unit, cap in caps if cap is not None)
    for name, remedy in policy.remedies.items():
        if remedy.most is not None:
            yield f"remedies.{name}.most", remedy.most
    for guard in policy.guards:
        if guard.when.amount_over is not None:
            yield f"{guard.address}.amount_over", guard.when.amount_over
    if policy.approval.two_people_over is not None:
        yield "approval.two_people_over", policy.approval.two_people_over


def _tried(policy: Policy, result: Result) -> Iterator[str]:
    facts, decision = result.case.facts, result.decision
    if decision.role is not None:
        yield _given(decision.role, facts.remedy)
        yield from _guards(result)
    granted = min(facts.amount_minor, decision.granted_minor or facts.amount_minor)
    for finding in decision.findings:
        yield finding.rule
        yield from _side(finding, granted)
    most = policy.remedies[facts.remedy].most
    two = policy.approval.two_people_over
    for name, cap in ((f"remedies.{facts.remedy}.most", most), ("approval.two_people_over", two)):
        if cap is not None and facts.amount_minor in (cap, cap + 1):
            yield f"{name} {AT if facts.amount_minor == cap else OVER}"


def _guards(result: Result) -> Iterator[str]:
    """Guards that begin to speak just above the amount, or just at it."""
    case, decision = result.case, result.decision
    facts, rules = case.facts, case.policy.policy
    plan = case.policy.plan(known_roles(rules, facts), facts.remedy, facts.reason)
    moment = local_moment(rules, facts, case.now)
    for guard in (guard for trial in plan.trials if trial.role == decision.role for guard in trial.guards):
        over = guard.amount_over
        if over is None or facts.amount_minor not in (over, over + 1):
            continue
        if guard.speaks(facts._replace(amount_minor=over + 1), moment):
            yield f"{guard.rule}.amount_over {AT if facts.amount_minor == over else OVER}"


def _side(finding: Finding, amount_minor: int) -> Iterator[str]:
    """Whether a limit ended just at its cap, or was passed by as little as can be."""
    if finding.left is None or finding.unit is None:
        return
    if finding.code is Code.WITHIN_LIMIT and finding.left == 0:
        yield f"{finding.rule}.{finding.unit} {AT}"
    elif finding.code in EXCEEDED:
        asked = 1 if finding.unit == "count" else amount_minor
        if asked == finding.left + 1:
            yield f"{finding.rule}.{finding.unit} {OVER}"
