"""Invariants decided: a claim holds of every request, or here is one of which it does not.

Nothing is sampled. What one request may be granted is known exactly (`worst`); what an employee may be granted in one
day is the largest sum of such grants that fits under all caps which the day's grants share (`packing`). Caps per check,
guest, incident and shift bind each grant alone, because another check, guest, incident or shift begins anew.
"""

from collections.abc import Iterator
from typing import NamedTuple

from empower.core.canonical import LARGEST_INTEGER
from empower.core.codes import Outcome
from empower.core.counter import UNUSED, CounterKey, Move, Usage, moved
from empower.core.decide import decide
from empower.core.measure import Authority, Charging, measure_of
from empower.core.plan import CompiledPolicy
from empower.core.policy import Guard, Limit, Policy
from empower.core.request import Facts
from empower.policy.claims import Claim
from empower.policy.packing import Cap, Kind, fill
from empower.policy.reach import Reach
from empower.policy.worst import NOW, Worst, worst

ANEW = frozenset({"comp", "check", "guest", "incident", "shift"})
"""Scopes of which each grant may have another."""
PLAUSIBLE = (1, 2, 4, 10, 100)
"""Checks are shown as large as they need to be, in multiples of the grant."""
HUNDRED = 100


class Counterexample(NamedTuple):
    """Requests, one after another, which are all approved at once although a claim says never."""

    claim: Claim
    requests: tuple[Facts, ...]

    @property
    def total_minor(self) -> int:
        """What they come to."""
        return sum(facts.amount_minor for facts in self.requests)


def counterexample(policy: CompiledPolicy, claim: Claim, reach: Reach) -> Counterexample | None:
    """Requests that break the claim; None if there are none."""
    if not claim.by_day and any(_says_so(guard, claim) for guard in policy.policy.guards):
        return None
    for role in claim.roles:
        found = _in_a_day(policy, claim, reach, role) if claim.by_day else _at_once(policy, claim, reach, role)
        if found is not None:
            return Counterexample(claim, found)
    return None


def _meetings(claim: Claim, reach: Reach, role: str) -> Iterator[tuple[str, str, int]]:
    """What the role may give of what the claim speaks of, with more than it could ever grant alone."""
    for remedy in claim.remedies:
        if remedy not in reach.given[role]:
            continue
        for reason in reach.unlike([role], remedy, claim.reasons):
            most = reach.alone(role, remedy, reason)
            if most is not None:
                yield remedy, reason, most


def _says_so(guard: Guard, claim: Claim) -> bool:
    """Whether a guard stops all that the claim speaks of, which then needs no looking at."""
    when, facts = guard.when, claim.facts
    named = ((when.roles, claim.roles), (when.remedies, claim.remedies), (when.reasons, claim.reasons))
    listed = ((when.item_categories, facts.item_categories), (when.check_state, facts.check_state))
    stops = guard.then != "require" or (facts.note_missing is True and "note" in guard.require)
    return (
        stops
        and all(not names or set(spoken) <= set(names) for names, spoken in named)
        and all(not names or (spoken and set(spoken) <= set(names)) for names, spoken in listed)
        and when.employee_is_guest in (None, facts.employee_is_guest)
        and when.note_missing in (None, facts.note_missing)
        and when.percent_over_bp is None
        and (when.amount_over is None or when.amount_over <= claim.over_minor)
        and when.between is None
        and not when.weekdays
    )


def _at_once(policy: CompiledPolicy, claim: Claim, reach: Reach, role: str) -> tuple[Facts, ...] | None:
    limits = (*policy.policy.roles[role].limits, *policy.policy.limits)
    caps = [policy.policy.approval.two_people_over, *(limit.amount for limit in limits if _is_unfiltered(limit))]
    if any(cap is not None and cap <= claim.over_minor for cap in caps):
        return None
    for remedy, reason, most in _meetings(claim, reach, role):
        if most <= claim.over_minor:
            continue
        found = worst(reach, claim, role, remedy, reason)
        if found is not None and found.amount_minor > claim.over_minor:
            amount = claim.over_minor + 1 if claim.over_minor >= 0 else min(found.amount_minor, _hundred(policy.policy))
            return (plausible(policy, found.facts._replace(amount_minor=amount)),)
    return None


def _hundred(policy: Policy) -> int:
    return HUNDRED * int(10**policy.calendar.decimals)


def plausible(policy: CompiledPolicy, facts: Facts) -> Facts:
    """The same request with a check of a size that is met: still approved."""
    for times in PLAUSIBLE:
        smaller = facts._replace(check_total_minor=min(max(facts.amount_minor, 1) * times, LARGEST_INTEGER))
        if is_approved(policy, smaller):
            return smaller
    return facts


def is_approved(policy: CompiledPolicy, facts: Facts) -> bool:
    """Whether `decide` approves the request with nothing given before."""
    return approved_in_turn(policy, (facts,))


def approved_in_turn(policy: CompiledPolicy, requests: tuple[Facts, ...]) -> bool:
    """Whether `decide` approves all of them, one after another, each charged before the next."""
    kept: dict[CounterKey, Usage] = {}
    charging = Charging((*policy.measures, *policy.wide_measures))
    day = policy.policy.days.business_day(NOW)
    for facts in requests:
        needed = policy.counters(facts, NOW, offers=True)
        # All is given on one day: each counter has one bucket, whatever its window.
        used = {key[:2]: usage for key, usage in kept.items()}
        standing = [None if need is None else used.get(need.key[:2], UNUSED) for need in needed]
        decision = decide(policy, facts, standing, NOW)
        if decision.outcome is not Outcome.APPROVE or decision.role is None:
            return False
        for key in charging.charges(facts, Authority(facts.employee, decision.role), policy.policy.id, day):
            kept[key] = moved(kept.get(key, UNUSED), Move(facts.amount_minor, 0, 1, 0))
    return True


def _in_a_day(policy: CompiledPolicy, claim: Claim, reach: Reach, role: str) -> tuple[Facts, ...] | None:
    if _is_capped(policy.policy, role, claim.over_minor):
        return None
    target = claim.over_minor + 1
    caps: dict[tuple[str, ...], Cap] = {}
    kinds: dict[frozenset[tuple[str, ...]], Worst] = {}
    for remedy, reason, _ in _meetings(claim, reach, role):
        found = worst(reach, claim, role, remedy, reason)
        if found is None or found.amount_minor == 0:
            continue
        shared = dict(_shared(policy.policy, role, remedy, reason))
        caps.update(shared)
        under = frozenset(shared)
        if under not in kinds or kinds[under].amount_minor < found.amount_minor:
            kinds[under] = found
    names = list(caps)
    made = [Kind(kinds[under].amount_minor, frozenset(map(names.index, under))) for under in _undominated(kinds)]
    amounts = fill(target, made, list(caps.values())) if made else None
    if amounts is None:
        return None
    sizes = zip((kinds[under] for under in _undominated(kinds)), amounts, strict=True)
    return tuple(_split(policy, sizes))


def _is_capped(policy: Policy, role: str, over_minor: int) -> bool:
    """Whether a single cap on all that the role gives says it already."""
    for limit in (*policy.roles[role].limits, *policy.limits):
        shared = not ANEW & set(limit.per) and not {"remedy", "reason"} & set(limit.per)
        if shared and _is_unfiltered(limit) and limit.amount is not None and limit.amount <= over_minor:
            return True
    return False


def _is_unfiltered(limit: Limit) -> bool:
    return not limit.remedies and not limit.reasons


def _shared(policy: Policy, role: str, remedy: str, reason: str) -> Iterator[tuple[tuple[str, ...], Cap]]:
    """The caps under which all that one employee gives on one day is added up, each with a name of its own."""
    for limit in (*policy.roles[role].limits, *policy.limits):
        if limit.applies(remedy, reason) and not ANEW & set(limit.per):
            yield _counter(policy, limit, remedy, reason), Cap(limit.amount, limit.count)


def _counter(policy: Policy, limit: Limit, remedy: str, reason: str) -> tuple[str, ...]:
    measure = measure_of(limit, policy.calendar.week_starts)
    values = (remedy if "remedy" in limit.per else "", reason if "reason" in limit.per else "")
    return (limit.address, "" if measure is None else measure.name, *values)


def _undominated(kinds: dict[frozenset[tuple[str, ...]], Worst]) -> list[frozenset[tuple[str, ...]]]:
    """Without the kinds in whose place another one, under fewer caps, may be as large."""
    return [
        under
        for under, found in kinds.items()
        if not any(other < under and kinds[other].amount_minor >= found.amount_minor for other in kinds)
    ]


def _split(policy: CompiledPolicy, sizes: "zip[tuple[Worst, int]]") -> Iterator[Facts]:
    """Each amount in as few grants as may be, each of another check, guest, incident and shift."""
    number = 0
    for found, total in sizes:
        left = total
        while left > 0:
            number += 1
            amount = min(left, found.amount_minor)
            left -= amount
            anew = found.facts._replace(
                check=f"C{number}", guest=f"G{number}", incident=f"I{number}", shift=f"S{number}", amount_minor=amount
            )
            yield plausible(policy, anew)
