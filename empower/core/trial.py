"""One role tried on one remedy for one reason: the say of every guard and every limit.

A trial says at length what each rule has to say, and the largest amount it would approve; `straight` makes code of it
for the questions that are asked most.
Standing is a sequence of usages by slot; None stands where the request lacks a fact that the counter needs.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from empower.core.canonical import LARGEST_INTEGER
from empower.core.codes import Code, Outcome
from empower.core.counter import UNUSED, Usage
from empower.core.decision import Finding, Unit
from empower.core.guard import PER_WHOLE_BP, ReadyGuard
from empower.core.measure import missing_fact
from empower.core.policy import Beyond, Scope
from empower.core.request import Facts

Standing = Sequence[Usage | None]

NO_SLOT = -1
"""The slot of a limit that looks at one comp alone."""


class Cap(NamedTuple):
    """A limit with the slot that its counter has in the standing."""

    slot: int
    amount: int
    """Minor units; `LARGEST_INTEGER` for no cap on the amount."""
    comps: int
    """How many; `LARGEST_INTEGER` for no cap on their number."""
    percent_bp: int | None
    rule: str
    scope: tuple[Scope, ...]
    beyond: Beyond


class Verdict(NamedTuple):
    """What one role's trial came to."""

    outcome: Outcome
    findings: tuple[Finding, ...]
    obligations: tuple[str, ...] = ()


class Trial(NamedTuple):
    """All that may speak on one role, remedy and reason."""

    role: str
    remedy: str
    refused: Finding | None
    """Why the role may not give the remedy for the reason at all."""
    zero: bool
    """Whether the remedy may be given with amount zero."""
    most: int
    """What nobody may exceed; `LARGEST_INTEGER` for no cap."""
    alone: int
    """Above this another two people are needed."""
    bound: int
    """The largest amount that all that looks at one comp alone lets pass; -1 for none."""
    caps: tuple[Cap, ...]
    """Every limit that applies, in the policy's order."""
    counted: tuple[tuple[int, int, int], ...]
    """Slot, amount and count of the limits that have a counter: the hot path's extract of `caps`."""
    percents: tuple[Cap, ...]
    guards: tuple[ReadyGuard, ...]

    def judge(self, facts: Facts, standing: Standing, moment: datetime) -> Verdict:
        """The outcome with what every rule that applies has to say."""
        if self.refused is not None:
            return Verdict(Outcome.DENY, (self.refused,))
        outcome = Outcome.APPROVE
        findings: list[Finding] = []
        obligations: tuple[str, ...] = ()
        for guard in self.guards:
            if guard.speaks(facts, moment):
                said, found, owed = _judge_guard(guard, facts)
                outcome = worse(outcome, said)
                findings.append(found)
                obligations += tuple(name for name in owed if name not in obligations)
        for said, found in self._judge_amount(facts):
            outcome = worse(outcome, said)
            findings.append(found)
        for cap in self.caps:
            outcome = _judge_cap(cap, facts, standing, outcome, findings)
        return Verdict(outcome, tuple(findings), obligations)

    def _judge_amount(self, facts: Facts) -> list[tuple[Outcome, Finding]]:
        amount = facts.amount_minor
        said = []
        if amount == 0 and not self.zero:
            said.append((Outcome.DENY, Finding(f"remedies.{self.remedy}.zero", Code.NO_AMOUNT)))
        if amount > self.most:
            rule = f"remedies.{self.remedy}.most"
            said.append((Outcome.DENY, Finding(rule, Code.OVER_MOST, "amount", self.most, 0, self.most)))
        if amount > self.alone:
            rule = "approval.two_people_over"
            said.append((Outcome.ESCALATE, Finding(rule, Code.TWO_PEOPLE, "amount", self.alone, 0, self.alone)))
        return said

    def largest(self, facts: Facts, standing: Standing, moment: datetime) -> int | None:
        """The largest amount, in minor units, that would be approved; None if nothing would.

        Every rule only grows stricter with the amount, so the largest is the least of what each lets pass.
        """
        bound = self.bound
        for slot, cap, count in self.counted:
            usage = standing[slot]
            if usage is None or usage.held_count + usage.spent_count >= count:
                return None
            if cap != LARGEST_INTEGER:
                bound = min(bound, cap - usage.held_minor - usage.spent_minor)
        for percent in self.percents:
            left = _percent_left(percent, facts, standing)
            if left is None:
                return None
            bound = min(bound, left)
        for guard in self.guards:
            if _stops(guard, facts):
                bound = min(bound, guard.silent_up_to(facts, moment))
        return bound if bound > 0 or (bound == 0 and self.zero) else None


def worse(one: Outcome, other: Outcome) -> Outcome:
    """The worse of two outcomes: deny, then escalate, then approve."""
    if Outcome.DENY in (one, other):
        return Outcome.DENY
    return other if one is Outcome.APPROVE else one


def _usage(cap: Cap, standing: Standing) -> Usage | None:
    return UNUSED if cap.slot == NO_SLOT else standing[cap.slot]


def _stops(guard: ReadyGuard, facts: Facts) -> bool:
    """Whether a guard that speaks keeps the request from being approved."""
    return guard.then != "require" or guard.lacks_total(facts) or bool(guard.missing(facts))


def _judge_guard(guard: ReadyGuard, facts: Facts) -> tuple[Outcome, Finding, tuple[str, ...]]:
    if guard.lacks_total(facts):
        return Outcome.ESCALATE, Finding(guard.rule, Code.MISSING_FACT, fact="check.total"), ()
    if guard.then == "deny":
        return Outcome.DENY, Finding(guard.rule, Code.GUARD_DENIES), ()
    if guard.then == "escalate":
        return Outcome.ESCALATE, Finding(guard.rule, Code.GUARD_ESCALATES), ()
    missing = guard.missing(facts)
    if missing:
        return Outcome.ESCALATE, Finding(guard.rule, Code.REQUIREMENT_MISSING, fact=missing[0]), missing
    return Outcome.APPROVE, Finding(guard.rule, Code.REQUIREMENT_MET), ()


def _percent_left(cap: Cap, facts: Facts, standing: Standing) -> int | None:
    """What the share of the check still lets pass, in minor units; None where check or total is missing."""
    usage = _usage(cap, standing)
    if usage is None or facts.check_total_minor is None or cap.percent_bp is None:
        return None
    share = facts.check_total_minor * cap.percent_bp // PER_WHOLE_BP
    return share - usage.held_minor - usage.spent_minor


def _judge_cap(cap: Cap, facts: Facts, standing: Standing, outcome: Outcome, findings: list[Finding]) -> Outcome:
    """Add what a limit has to say; return the outcome so far."""
    amount = facts.amount_minor
    usage = UNUSED if cap.slot == NO_SLOT else standing[cap.slot]
    if usage is None:
        findings.append(Finding(cap.rule, Code.MISSING_FACT, fact=missing_fact(cap.scope, facts)))
        return worse(outcome, Outcome.ESCALATE)
    held, spent, held_count, spent_count = usage
    used = held + spent
    over = False
    if cap.amount != LARGEST_INTEGER:
        over = _add(findings, cap.rule, Code.LIMIT_EXCEEDED, "amount", cap.amount, used, amount) or over
    if cap.comps != LARGEST_INTEGER:
        count = held_count + spent_count
        over = _add(findings, cap.rule, Code.COUNT_EXCEEDED, "count", cap.comps, count, 1) or over
    if cap.percent_bp is not None:
        if facts.check_total_minor is None:
            findings.append(Finding(cap.rule, Code.MISSING_FACT, fact="check.total"))
            outcome = worse(outcome, Outcome.ESCALATE)
        else:
            share = facts.check_total_minor * cap.percent_bp // PER_WHOLE_BP
            over = _add(findings, cap.rule, Code.PERCENT_EXCEEDED, "percent", share, used, amount) or over
            before = facts.check_total_before_minor
            if before is not None and before != facts.check_total_minor:
                findings.append(Finding(cap.rule, Code.CHECK_TOTAL_CHANGED, "percent", before, used, share - used))
    return worse(outcome, Outcome(cap.beyond)) if over else outcome


def _add(findings: list[Finding], rule: str, exceeded: Code, unit: Unit, cap: int, used: int, asked: int) -> bool:
    """Add a cap's finding; return whether it is exceeded."""
    left = cap - used - asked
    if left >= 0:
        findings.append(Finding(rule, Code.WITHIN_LIMIT, unit, cap, used, left))
        return False
    findings.append(Finding(rule, exceeded, unit, cap, used, max(0, cap - used)))
    return True
