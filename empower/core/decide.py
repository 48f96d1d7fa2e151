"""May I comp this? One pure function: policy, request, standing and time in, decision out.

1. Facts: is the employee active here, with which roles; are remedy, reason and currency known.
2. Each role is tried: may it give this remedy for this reason; guards; limits. The best outcome wins, a tie goes to
   the role named first. Within a role any deny is deny, else any escalate is escalate, else it is approved.
3. An escalation names the roles that approve the requester's role and could grant this very request, the least
   powerful first. Without one it is denied.
4. Whatever is not approved carries a counter-offer, and is approved for less where the request accepts less.
5. An error while deciding is escalated, never approved.
"""

from collections.abc import Callable
from datetime import datetime

from empower.core.canonical import LARGEST_INTEGER
from empower.core.codes import Code, Outcome
from empower.core.decision import CounterOffer, Decision, Finding, Offer
from empower.core.measure import local_moment
from empower.core.plan import CompiledPolicy, Plan, known_roles
from empower.core.policy import Policy
from empower.core.request import Facts
from empower.core.straight import APPROVE, DENY, ESCALATE, Straight
from empower.core.trial import Standing, Trial, Verdict

NOTHING = CounterOffer(None, ())


def approves(policy: CompiledPolicy, facts: Facts, standing: Standing, now: datetime) -> bool:
    """Whether `decide` would approve all that is asked, by the counters that an approval reads."""
    plan = _plan_of(policy, facts)
    if plan is None:
        return False
    moment = _moment(policy, plan, facts, now)
    for trial in plan.straight:  # noqa: SIM110  a generator would cost as much as the question
        if trial.bare(facts, standing, moment) == APPROVE:
            return True
    return False


def outcome(policy: CompiledPolicy, facts: Facts, standing: Standing, now: datetime) -> Outcome:
    """The bare outcome of `decide` for a request that does not accept less, of the counters with offers.

    Without findings, approvers and counter-offer; what goes wrong is raised.
    """
    plan = _plan_of(policy, facts)
    if plan is None:
        return Outcome.DENY
    moment = _moment(policy, plan, facts, now)
    escalating = []
    for trial, asked in zip(plan.straight, plan.approvers, strict=True):
        found = trial.bare(facts, standing, moment)
        if found == APPROVE:
            return Outcome.APPROVE
        if found == ESCALATE:
            escalating.append(asked)
    for asked in escalating:
        for other in asked:
            if other.grants(facts, standing, moment):
                return Outcome.ESCALATE
    return Outcome.DENY


def _plan_of(policy: CompiledPolicy, facts: Facts) -> Plan | None:
    """The plan of a request; None where `unknown` has something to say."""
    rules = policy.policy
    plan = policy.known_plan(facts)
    if plan is not None and plan.trials and facts.active and facts.currency == policy.currency:
        return plan
    if unknown(rules, facts) is not None:
        return None
    return policy.plan(known_roles(rules, facts), facts.remedy, facts.reason)


def _moment(policy: CompiledPolicy, plan: Plan, facts: Facts, now: datetime) -> datetime:
    """The moment that guards speak of, on the wall clock where any of them can ask for it."""
    return local_moment(policy.policy, facts, now) if plan.timed else now


def decide(policy: CompiledPolicy, facts: Facts, standing: Standing, now: datetime) -> Decision:
    """The decision on `facts` at `now`, by the counters that `policy.counters(facts, now)` named, in their order.

    `standing` may stop short of what approvers and counter-offers read only where the answer is approve.
    """
    try:
        return _decide(policy, facts, standing, now)
    except Exception:  # noqa: BLE001  whatever went wrong, a person must look at it
        roles = tuple(sorted(policy.policy.roles))
        finding = Finding("", Code.EVALUATION_ERROR)
        return Decision(Outcome.ESCALATE, None, (finding,), (), roles, 1, 0, NOTHING)


def _decide(policy: CompiledPolicy, facts: Facts, standing: Standing, now: datetime) -> Decision:
    plan = _plan_of(policy, facts)
    if plan is None:
        stopped = unknown(policy.policy, facts)
        return Decision(Outcome.DENY, None, () if stopped is None else (stopped,), counter_offer=NOTHING)
    moment = _moment(policy, plan, facts, now)
    verdicts = []
    for straight in plan.straight:
        approval = straight.approval(facts, standing, moment)
        if approval is not None:
            return approval
        verdict = straight.trial.judge(facts, standing, moment)
        if verdict.outcome is Outcome.APPROVE:
            return _approved(straight.trial, verdict, facts)
        verdicts.append(verdict)
    offer, best = _counter_offer(plan, facts, standing, moment)
    if facts.accept_less and best is not None and 0 < (offer.amount_minor or 0) < facts.amount_minor:
        return _less(best, facts, offer.amount_minor or 0, standing, moment)
    return _refused(plan, verdicts, offer, facts, standing, moment)


def unknown(policy: Policy, facts: Facts) -> Finding | None:  # noqa: PLR0911  one line a fact
    """The fact that ends the matter before any rule is read."""
    if not facts.active:
        return Finding("staff", Code.EMPLOYEE_INACTIVE, fact=facts.employee)
    if not facts.roles:
        return Finding("staff", Code.NO_ROLE, fact=facts.employee)
    if not known_roles(policy, facts):
        return Finding("roles", Code.UNKNOWN_ROLE, fact=facts.roles[0])
    if facts.remedy not in policy.remedies:
        return Finding("remedies", Code.UNKNOWN_REMEDY, fact=facts.remedy)
    if facts.reason not in policy.reasons:
        return Finding("reasons", Code.UNKNOWN_REASON, fact=facts.reason)
    if facts.currency != policy.calendar.currency:
        return Finding("calendar.currency", Code.WRONG_CURRENCY, fact=facts.currency)
    return None


def _approved(trial: Trial, verdict: Verdict, facts: Facts) -> Decision:
    return Decision(
        Outcome.APPROVE, trial.role, verdict.findings, verdict.obligations, granted_minor=facts.amount_minor
    )


def _less(trial: Trial, facts: Facts, granted_minor: int, standing: Standing, moment: datetime) -> Decision:
    """Approved for the largest amount that may be, since the request accepts less."""
    verdict = trial.judge(facts._replace(amount_minor=granted_minor), standing, moment)
    finding = Finding("", Code.GRANTED_LESS, "amount", granted_minor, 0, facts.amount_minor - granted_minor)
    findings = (finding, *verdict.findings)
    return Decision(Outcome.APPROVE, trial.role, findings, verdict.obligations, granted_minor=granted_minor)


def _refused(
    plan: Plan,
    verdicts: list[Verdict],
    offer: CounterOffer,
    facts: Facts,
    standing: Standing,
    moment: datetime,
) -> Decision:
    """Escalated by the first role for which somebody could say yes, or else denied."""
    alone = None
    for trial, verdict, asked in zip(plan.trials, verdicts, plan.approvers, strict=True):
        if verdict.outcome is not Outcome.ESCALATE:
            continue
        able = tuple(other.trial.role for other in asked if other.grants(facts, standing, moment))
        if able:
            people = 2 if facts.amount_minor > trial.alone else 1
            return Decision(Outcome.ESCALATE, trial.role, verdict.findings, verdict.obligations, able, people, 0, offer)
        alone = alone or (trial, verdict)
    trial, verdict = alone or (plan.trials[0], verdicts[0])
    findings = verdict.findings
    if alone is not None:
        findings = (Finding(f"roles.{trial.role}", Code.NO_APPROVER), *findings)
    return Decision(Outcome.DENY, trial.role, findings, verdict.obligations, (), 0, 0, offer)


def _counter_offer(plan: Plan, facts: Facts, standing: Standing, moment: datetime) -> tuple[CounterOffer, Trial | None]:
    """What may be offered instead, and the trial that approves the largest amount of the same remedy."""
    amount, best = _largest(plan.trials, facts, standing, moment)
    remedies = []
    for remedy, trials in plan.offers:
        most, _ = _largest(trials, facts._replace(remedy=remedy), standing, moment)
        if most is not None:
            remedies.append(Offer(remedy, None if most == LARGEST_INTEGER else most))
    return CounterOffer(amount, tuple(remedies)), best


def _largest(
    trials: tuple[Trial, ...], facts: Facts, standing: Standing, moment: datetime
) -> tuple[int | None, Trial | None]:
    amount: int | None = None
    best: Trial | None = None
    for trial in trials:
        most = trial.largest(facts, standing, moment)
        if most is not None and (amount is None or most > amount):
            amount, best = most, trial
    return amount, best


def may_offer(policy: CompiledPolicy, facts: Facts, standing: Standing, now: datetime) -> tuple[int | None, int | None]:
    """The largest amounts of the remedy, in minor units: approved now, and grantable by another person.

    None where nothing would be; `LARGEST_INTEGER` where nothing caps it. `standing` is that of `counters` with offers.
    """
    rules = policy.policy
    if unknown(rules, facts) is not None:
        return None, None
    plan = policy.plan(known_roles(rules, facts), facts.remedy, facts.reason)
    moment = _moment(policy, plan, facts, now)
    alone, _ = _largest(plan.trials, facts, standing, moment)
    asked = [
        _most_asked(own, others, facts, standing, moment)
        for own, others in zip(plan.straight, plan.approvers, strict=True)
    ]
    return alone, max((most for most in asked if most is not None), default=None)


def most_granted(trial: Straight, facts: Facts, standing: Standing, moment: datetime) -> int | None:
    """The largest amount that an approver's role could grant, in minor units; None if it could grant nothing."""
    return _most(trial, lambda amount: trial.grants(facts._replace(amount_minor=amount), standing, moment))


def _most_asked(
    own: Straight, others: tuple[Straight, ...], facts: Facts, standing: Standing, moment: datetime
) -> int | None:
    """The largest amount that is not denied at once and that an approver could grant."""

    def granted(amount_minor: int) -> bool:
        asked = facts._replace(amount_minor=amount_minor)
        return own.bare(asked, standing, moment) != DENY and any(o.grants(asked, standing, moment) for o in others)

    return _most(own, granted)


def _most(trial: Straight, holds: Callable[[int], bool]) -> int | None:
    """The largest amount of which `holds` is true: rules only grow stricter with the amount, so halving finds it."""
    low, high = 0 if trial.trial.zero else 1, LARGEST_INTEGER
    if not holds(low):
        return None
    while low < high:
        middle = (low + high + 1) // 2
        if holds(middle):
            low = middle
        else:
            high = middle - 1
    return low
