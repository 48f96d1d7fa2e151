"""Which invariants of which policies do not hold, each with the requests that show it."""

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from empower.core.plan import CompiledPolicy
from empower.core.policy import Policy
from empower.core.request import Facts
from empower.policy.claims import claim_of
from empower.policy.invariants import Counterexample, counterexample
from empower.policy.merge import Whole
from empower.policy.problems import Problem, ProblemName
from empower.policy.reach import Reach
from empower.policy.shape import Fault


def broken_invariants(policies: Iterable[tuple[Whole, Policy]]) -> dict[Problem, list[Whole]]:
    """The problems, with the policies that have them."""
    having: dict[Problem, list[Whole]] = {}
    for whole, policy in policies:
        for fault in _broken(whole, policy):
            having.setdefault(whole.problem(fault), []).append(whole)
    return having


def _broken(whole: Whole, policy: Policy) -> Iterator[Fault]:
    reach, compiled = Reach(whole, policy), CompiledPolicy(policy)
    for name, section in whole.document.invariants.items():
        if section is None:
            continue
        claim = claim_of(name, section.never, policy)
        found = counterexample(compiled, claim, reach)
        if found is not None:
            said = f"invariant `{name}` does not hold: {in_words(policy, found)}"
            yield Fault(
                ProblemName.BROKEN_INVARIANT, ("invariants", name, "never"), said, example=as_requests(policy, found)
            )


def in_words(policy: Policy, found: Counterexample) -> str:
    """What is granted, to whom, and when."""
    first = found.requests[0]
    if len(found.requests) == 1:
        given = f"`{first.roles[0]}` grants {policy.money(first.amount_minor)} of `{first.remedy}` for `{first.reason}`"
        return f"{given} alone{_circumstances(policy, first)}"
    runs = [
        f"{sum(1 for _ in run)} times {policy.money(amount)} of `{remedy}` for `{reason}`"
        for (remedy, reason, amount), run in groupby(
            found.requests, lambda one: (one.remedy, one.reason, one.amount_minor)
        )
    ]
    given = f"`{first.roles[0]}` grants {policy.money(found.total_minor)} in a day: {', '.join(runs)}"
    return given.replace(" 1 times", "")


def _circumstances(policy: Policy, facts: Facts) -> str:
    said = [f"of {', '.join(facts.categories)}"] if facts.categories else []
    if facts.employee_is_guest:
        said.append("to themselves")
    if not facts.has_note:
        said.append("without a note")
    if facts.check_state not in (None, "open"):
        said.append(f"on a check that is {facts.check_state}")
    times = any(guard.when.between or guard.when.weekdays for guard in policy.guards)
    if times and facts.occurred_at is not None:
        said.append(f"on a {facts.occurred_at.astimezone(policy.days.zone):%A at %H:%M}")
    return "".join(f", {words}" for words in said)


def as_requests(policy: Policy, found: Counterexample) -> str:
    """The requests as JSON, one a line."""
    return "\n".join(json.dumps(_request(policy, facts)) for facts in found.requests)


def _request(policy: Policy, facts: Facts) -> dict[str, Any]:
    code = policy.calendar.currency
    items = [{"category": category} for category in facts.categories]
    check = {"id": facts.check, "total": {"amount": facts.check_total_minor, "currency": code}}
    state = {"state": facts.check_state} if facts.check_state else {}
    moment = facts.occurred_at
    return {
        "location": facts.location,
        "employee": facts.employee,
        "remedy": facts.remedy,
        "reason": facts.reason,
        "amount": {"amount": facts.amount_minor, "currency": code},
        "check": {**check, **state, **({"items": items} if items else {})},
        "guest": f"employee:{facts.employee}" if facts.employee_is_guest else facts.guest,
        "incident": facts.incident,
        "shift": facts.shift,
        "photo": "P1",
        **({"note": "a note"} if facts.has_note else {}),
        **({"occurred_at": moment.astimezone(policy.days.zone).isoformat()} if moment else {}),
    }
