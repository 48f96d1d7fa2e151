"""A policy compiled: for each set of roles, remedy and reason, what is tried and which counters it reads.

A plan is found by one look-up, whatever the number of rules in the policy. Its first slots are what an approval
reads; what approvers and counter-offers read comes behind, and is only read when the answer is not approve.
"""

from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple

from empower.core.calendar import UNITS
from empower.core.canonical import LARGEST_INTEGER
from empower.core.codes import Code
from empower.core.counter import CounterKey, Needed
from empower.core.decision import Finding
from empower.core.guard import ready_guards
from empower.core.measure import Authority, Charging, Measure, Reader, measure_of, measures_of, subject_reader
from empower.core.policy import Limit, Policy
from empower.core.request import Facts
from empower.core.straight import Straight
from empower.core.trial import NO_SLOT, Cap, Trial


class Slot(NamedTuple):
    """A place in the standing: a counter for somebody's limits."""

    measure: str
    every: str | None
    wide: bool
    read: Reader
    role: str
    requester: bool
    """Whether the authority is the requester, or an approver who is not known yet."""


class Slots:
    """Gives each counter that a plan reads one place, whoever's limits read it."""

    def __init__(self, week_starts: str) -> None:
        """Begin with none."""
        self._week_starts = week_starts
        self.all: list[Slot] = []
        self._index: dict[tuple[str, str | None, str, bool], int] = {}

    def of(self, limit: Limit, role: str, *, requester: bool) -> int:
        """The place of what `limit` measures for `role`; `NO_SLOT` if it looks at one comp alone."""
        measure = measure_of(limit, self._week_starts)
        if measure is None:
            return NO_SLOT
        whose = role if "role" in measure.scope else ""
        own = requester or "employee" not in measure.scope
        key = (measure.name, limit.every, whose, own)
        if key not in self._index:
            self._index[key] = len(self.all)
            read = subject_reader(measure.scope)
            self.all.append(Slot(measure.name, limit.every, measure.wide, read, role, own))
        return self._index[key]


class Plan(NamedTuple):
    """What is tried for one set of roles, remedy and reason."""

    trials: tuple[Trial, ...]
    """The requester's roles, in their order."""
    straight: tuple[Straight, ...]
    """The same as code."""
    approvers: tuple[tuple[Straight, ...], ...]
    """For each of them the roles that may approve it, the least powerful first."""
    offers: tuple[tuple[str, tuple[Trial, ...]], ...]
    """The reason's other remedies in its order, with a trial for each of the requester's roles."""
    slots: tuple[Slot, ...]
    first: int
    """How many of the slots an approval reads."""
    timed: bool
    """Whether a guard looks at the time of day or the day of the week."""


class CompiledPolicy:
    """A policy made ready to decide by."""

    def __init__(self, policy: Policy) -> None:
        """Compile nothing yet: plans are made when they are first asked for, and kept."""
        self.policy = policy
        self.currency = policy.calendar.currency
        self._plans: dict[tuple[tuple[str, ...], str, str], Plan] = {}
        self._starts: tuple[date | None, dict[str | None, str]] = (None, {})

    @cached_property
    def measures(self) -> tuple[Measure, ...]:
        """What is counted in each location's own book."""
        return tuple(measure for measure in measures_of(self.policy) if not measure.wide)

    @cached_property
    def wide_measures(self) -> tuple[Measure, ...]:
        """What is counted across the locations of the policy."""
        return tuple(measure for measure in measures_of(self.policy) if measure.wide)

    @cached_property
    def charging(self) -> Charging:
        """Finds the counters of its own book that a comp is charged to."""
        return Charging(self.measures)

    def known_plan(self, facts: Facts) -> Plan | None:
        """The plan of facts whose very names were planned for before: a plan is only made of names that are known."""
        return self._plans.get((facts.roles, facts.remedy, facts.reason))

    def plan(self, roles: tuple[str, ...], remedy: str, reason: str) -> Plan:
        """The plan of known names; raises `KeyError` for an unknown remedy, reason or role."""
        plan = self._plans.get((roles, remedy, reason))
        if plan is None:
            plan = self._plans[roles, remedy, reason] = _plan(self.policy, roles, remedy, reason)
        return plan

    def counters(self, facts: Facts, now: datetime, *, offers: bool = False) -> list[Needed | None]:
        """The counters that a decision on `facts` reads, by slot; None where the request lacks a fact.

        With `offers`, also those behind them, for approvers and counter-offers.
        """
        plan = self.plan(known_roles(self.policy, facts), facts.remedy, facts.reason)
        starts = self._starts_of(self.policy.days.business_day(now))
        slots = plan.slots if offers else plan.slots[: plan.first]
        return [self._needed(slot, facts, starts) for slot in slots]

    def _needed(self, slot: Slot, facts: Facts, starts: dict[str | None, str]) -> Needed | None:
        authority = Authority(facts.employee if slot.requester else None, slot.role)
        subject = slot.read(facts, authority, self.policy.id)
        if subject is None:
            return None
        start = starts.get(slot.every)
        if start is None:
            day = date.fromisoformat(starts["day"])
            start = starts[slot.every] = self.policy.days.start(slot.every, day)
        rolling = slot.every is not None and slot.every not in UNITS
        last = starts["day"] if rolling else start
        return Needed(CounterKey(slot.measure, subject, start), last, slot.wide)

    def _starts_of(self, day: date) -> dict[str | None, str]:
        kept, starts = self._starts
        if kept != day:
            starts = {"day": day.isoformat()}
            self._starts = (day, starts)
        return starts


def known_roles(policy: Policy, facts: Facts) -> tuple[str, ...]:
    """The employee's roles that the policy has."""
    return tuple([role for role in facts.roles if role in policy.roles])


def _plan(policy: Policy, roles: tuple[str, ...], remedy: str, reason: str) -> Plan:
    slots = Slots(policy.calendar.week_starts)
    trials = tuple(_trial(policy, slots, role, remedy, reason, requester=True) for role in roles)
    first = len(slots.all)
    approvers = tuple(
        tuple(
            Straight(_trial(policy, slots, name, remedy, reason, requester=False))
            for name in by_power(policy, remedy, reason)
            if policy.roles[name].approves_role(role)
        )
        for role in roles
    )
    offers = tuple(
        (other, tuple(_trial(policy, slots, role, other, reason, requester=True) for role in roles))
        for other in policy.remedies_for(reason)
        if other != remedy
    )
    return Plan(trials, tuple(map(Straight, trials)), approvers, offers, tuple(slots.all), first, _timed(policy))


def _timed(policy: Policy) -> bool:
    return any(guard.when.between is not None or guard.when.weekdays for guard in policy.guards)


def _trial(policy: Policy, slots: Slots, role: str, remedy: str, reason: str, *, requester: bool) -> Trial:
    rules = policy.remedies[remedy]
    limits = [limit for limit in policy.roles[role].limits + policy.limits if limit.applies(remedy, reason)]
    caps = tuple(_cap(slots, limit, role, requester=requester) for limit in limits)
    refused = _refused(policy, role, remedy, reason)
    most = LARGEST_INTEGER if rules.most is None else rules.most
    over = policy.approval.two_people_over
    alone = LARGEST_INTEGER if over is None else over
    single = [cap for cap in caps if cap.slot == NO_SLOT]
    never = refused is not None or any(cap.comps == 0 for cap in single)
    return Trial(
        role,
        remedy,
        refused,
        rules.zero or rules.most == 0,
        most,
        alone,
        -1 if never else min([most, alone, *(cap.amount for cap in single)]),
        caps,
        tuple((cap.slot, cap.amount, cap.comps) for cap in caps if cap.slot != NO_SLOT),
        tuple(cap for cap in caps if cap.percent_bp is not None),
        ready_guards(policy, role, remedy, reason),
    )


def _cap(slots: Slots, limit: Limit, role: str, *, requester: bool) -> Cap:
    return Cap(
        slots.of(limit, role, requester=requester),
        LARGEST_INTEGER if limit.amount is None else limit.amount,
        LARGEST_INTEGER if limit.count is None else limit.count,
        limit.percent_bp,
        limit.address,
        limit.per,
        limit.beyond,
    )


def _refused(policy: Policy, role: str, remedy: str, reason: str) -> Finding | None:
    if not policy.roles[role].may(remedy):
        return Finding(f"roles.{role}.remedies", Code.REMEDY_NOT_ALLOWED, fact=remedy)
    if remedy not in policy.remedies_for(reason):
        return Finding(f"reasons.{reason}.remedies", Code.REMEDY_NOT_FOR_REASON, fact=remedy)
    return None


def by_power(policy: Policy, remedy: str, reason: str) -> list[str]:
    """The policy's roles, from the one that may grant least of `remedy` at once to the one that may grant most.

    Roles that may grant as much go by how many roles they approve, then by name.
    """

    def power(name: str) -> tuple[int, int, str]:
        role = policy.roles[name]
        amounts = [limit.amount for limit in role.limits if limit.amount is not None and limit.applies(remedy, reason)]
        approved = sum(role.approves_role(other) for other in policy.roles)
        return min(amounts, default=LARGEST_INTEGER), approved, name

    return sorted(policy.roles, key=power)
