"""Requests that two policies answer otherwise, looked for at every cap of either: at it, and one minor unit over.

They are examples, not all of them: each has an ordinary check, guest, incident, note and photo, and either empty
budgets or one that is as full as the lower of two caps.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from empower.core.canonical import LARGEST_INTEGER
from empower.core.codes import Outcome
from empower.core.counter import UNUSED, Usage
from empower.core.decide import decide
from empower.core.decision import Decision
from empower.core.measure import all_limits, measure_of
from empower.core.plan import CompiledPolicy
from empower.core.policy import Limit, Policy
from empower.core.request import Facts

CHECK = 100
"""Whole units of the currency that the check of an example comes to."""
SMALL = 5


class Otherwise(NamedTuple):
    """A request, what is used already, and both answers."""

    facts: Facts
    full: str | None
    """The address of the limit of which a part is used."""
    used: Usage
    was: Decision
    now: Decision


def answered_otherwise(old: Policy, new: Policy, now: datetime) -> tuple[Otherwise, ...]:
    """The first example of each role, remedy and change of the answer; none where the currency is another."""
    if old.calendar.currency != new.calendar.currency:
        return ()
    before, after = CompiledPolicy(old), CompiledPolicy(new)
    found: dict[tuple[object, ...], Otherwise] = {}
    for facts, limit, used in _probes(old, new):
        was, answer = _decide(before, facts, limit, used, now), _decide(after, facts, limit, used, now)
        if _told(was) != _told(answer):
            address = None if limit is None else limit.address
            key = (facts.roles, facts.remedy, _told(was)[:1], _told(answer)[:1], address)
            found.setdefault(key, Otherwise(facts, address, used, was, answer))
    return tuple(found.values())


def _told(decision: Decision) -> tuple[object, ...]:
    return decision.outcome, decision.approvers, decision.approvals, decision.granted_minor, decision.obligations


def _decide(policy: CompiledPolicy, facts: Facts, limit: Limit | None, used: Usage, now: datetime) -> Decision:
    rules = policy.policy
    measure = None if limit is None else measure_of(limit, rules.calendar.week_starts)
    known = facts.remedy in rules.remedies and facts.reason in rules.reasons and facts.roles[0] in rules.roles
    needed = policy.counters(facts, now, offers=True) if known else []
    standing = [
        None if one is None else used if measure and one.key.measure == measure.name else UNUSED for one in needed
    ]
    return decide(policy, facts, standing, now)


def _probes(old: Policy, new: Policy) -> Iterator[tuple[Facts, Limit | None, Usage]]:
    """Each role, remedy and reason that both know, at each cap, with empty budgets and with each changed one full."""
    amounts = _amounts(old, new)
    for role in (name for name in old.roles if name in new.roles):
        for remedy in (name for name in old.remedies if name in new.remedies):
            for reason in _reasons(remedy, old, new):
                for amount in amounts:
                    yield _facts(new, role, remedy, reason, amount), None, UNUSED
                yield from _full(old, new, role, remedy, reason)


def _reasons(remedy: str, old: Policy, new: Policy) -> Iterator[str]:
    """The first reason for which both offer the remedy, and each for which only one does."""
    both = False
    for reason in old.reasons:
        if reason not in new.reasons:
            continue
        offered = remedy in old.remedies_for(reason), remedy in new.remedies_for(reason)
        if offered == (True, True):
            if not both:
                yield reason
            both = True
        elif any(offered):
            yield reason


def _amounts(*policies: Policy) -> tuple[int, ...]:
    found: set[int | None] = {SMALL * 10 ** policies[0].calendar.decimals}
    for policy in policies:
        found |= {limit.amount for limit in all_limits(policy)}
        found |= {remedy.most for remedy in policy.remedies.values()}
        found |= {guard.when.amount_over for guard in policy.guards}
        found.add(policy.approval.two_people_over)
    caps = {cap for cap in found if cap is not None and cap < LARGEST_INTEGER}
    return tuple(sorted({1, *caps, *(cap + 1 for cap in caps)}))


def _full(old: Policy, new: Policy, role: str, remedy: str, reason: str) -> Iterator[tuple[Facts, Limit, Usage]]:
    """Budgets of which one cap lets a small comp pass and the other does not."""
    small = SMALL * 10**new.calendar.decimals
    facts = _facts(new, role, remedy, reason, small)
    for one, other in _pairs(_counted(old, role), _counted(new, role)):
        limit = one or other
        if limit is None or not limit.applies(remedy, reason):
            continue
        both = [cap for cap in (one, other) if cap is not None]
        amounts = [cap.amount for cap in both if cap.amount is not None]
        counts = [cap.count for cap in both if cap.count is not None]
        if amounts:
            yield facts, limit, Usage(0, max(0, min(amounts) - small + 1), 0, 0)
        if counts:
            yield facts, limit, Usage(0, 0, 0, min(counts))


def _counted(policy: Policy, role: str) -> tuple[Limit, ...]:
    return tuple(limit for limit in (*policy.limits, *policy.roles[role].limits) if "comp" not in limit.per)


def _pairs(old: Iterable[Limit], new: Iterable[Limit]) -> Iterator[tuple[Limit | None, Limit | None]]:
    """Limits that stand at one address in both, where they are not the same."""
    before, after = {one.address: one for one in old}, {one.address: one for one in new}
    for address in dict.fromkeys([*before, *after]):
        if before.get(address) != after.get(address):
            yield before.get(address), after.get(address)


def _facts(policy: Policy, role: str, remedy: str, reason: str, amount: int) -> Facts:
    """A request that lacks nothing."""
    total = max(CHECK * 10**policy.calendar.decimals, amount)
    return Facts(
        location=policy.locations[0].replace("*", "1") if policy.locations else "here",
        employee="E1",
        roles=(role,),
        active=True,
        remedy=remedy,
        reason=reason,
        amount_minor=amount,
        currency=policy.calendar.currency,
        check="C1",
        check_total_minor=total,
        check_state="open",
        check_total_before_minor=None,
        categories=(),
        guest="G1",
        incident="I1",
        shift="S1",
        has_note=True,
        has_photo=True,
        employee_is_guest=False,
        accept_less=False,
        occurred_at=None,
    )


def tells(decision: Decision) -> str:
    """`approve`, `escalate to manager`, `deny`."""
    if decision.outcome is not Outcome.ESCALATE:
        return decision.outcome.value
    people = " (two people)" if decision.approvals > 1 else ""
    return f"escalate to {decision.approvers[0] if decision.approvers else 'nobody'}{people}"
