"""History decided again under another policy, with the counters that this policy would have left.

A past is what a decision entry and the steps behind it say, in the order of time. Requests before the beginning only
fill the counters, with what really was granted. From the beginning on each request is decided under the candidate by
the code that decides live, and what the candidate approves is held: captured, voided, expired and reversed as in
reality where it was approved in reality too, and else taken as captured in full.

The loop is the hot one: plain dicts, no models, one day's windows kept at hand. Counters here hold one sum and one
number, since limits only ever look at held and spent together.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from empower.core.calendar import FOR_EVER, UNITS, bucket_start
from empower.core.codes import Outcome
from empower.core.counter import UNUSED, Usage
from empower.core.decide import decide, unknown
from empower.core.decision import Decision
from empower.core.entry import moment_of, stamp
from empower.core.measure import Authority, local_moment, subject_reader
from empower.core.plan import CompiledPolicy, Plan
from empower.core.request import Facts
from empower.core.straight import APPROVE, DENY, ESCALATE

OUTCOMES = (Outcome.APPROVE, Outcome.ESCALATE, Outcome.DENY)
NUMBER = {outcome.value: number for number, outcome in enumerate(OUTCOMES)}

Buckets = dict[str, list[int]]
"""By first business day: minor units and comps, held or spent."""
Counters = dict[str, dict[str, Buckets]]
"""By measure and subject."""
Charge = list[list[int]]
"""The buckets that a comp is charged to."""


class Answered(NamedTuple):
    """One request, as it was answered and as the candidate answers it."""

    facts: Facts
    comp: str
    at: str
    day: str
    was: int
    """The number of the outcome in `OUTCOMES`."""
    now: int
    was_granted_minor: int
    now_granted_minor: int
    was_role: str | None
    now_role: str | None


class Slotted(NamedTuple):
    """A counter that a plan reads: its buckets by subject, and how."""

    read: Callable[[Facts, Authority, str], str | None]
    alone: Authority
    """The role, of nobody in particular."""
    requester: bool
    """Whether it is the requester's own."""
    subjects: dict[str, Buckets]
    every: str | None
    rolling: bool


class Case(NamedTuple):
    """A plan with its counters at hand."""

    plan: Plan
    slots: tuple[Slotted, ...]
    first: int
    trials: tuple[tuple[Any, str], ...]
    """Code and role of each trial."""


class Held(NamedTuple):
    """What a comp has in the candidate's counters."""

    charge: Charge
    granted_minor: int
    real: bool
    """Whether it was granted in reality, too, so that the real steps move it."""


class Backtest:
    """Decides the past of one book again under one candidate; a shadow's decisions go by the `real` counters."""

    def __init__(
        self,
        policy: CompiledPolicy,
        take: Callable[[Answered, Callable[[], Decision]], None],
        wide: Counters,
        *,
        real: bool = False,
    ) -> None:
        """`take` is given every answer, and a way to its decision in full; `wide` are counters that books share."""
        self.policy = policy
        self._rules = policy.policy
        self._take = take
        self._counters: Counters = {}
        self._wide = wide
        self._real = real
        self._cases: dict[tuple[tuple[str, ...], str, str], Case | None] = {}
        self._charging: dict[tuple[str, str], list[tuple[Any, dict[str, Buckets], str]]] = {}
        self._comps: dict[str, Held] = {}
        self._asked: dict[str, Facts] = {}
        self._day = ""
        self._day_ends = ""
        self._day_begins = "~"
        self._starts: dict[str | None, str] = {}
        self._date = date.min
        self._offset: timedelta | None = None
        self.errors = 0

    # Time

    def _go_to(self, at: str) -> None:
        """The windows of the business day that a moment falls in."""
        days = self._rules.days
        day = days.business_day(moment_of(at))
        begins, ends = days.day_start(day), days.day_start(day + timedelta(days=1))
        self._date, self._day = day, day.isoformat()
        self._day_begins, self._day_ends = stamp(begins), stamp(ends)
        self._starts = {None: FOR_EVER, "day": self._day}
        offset = begins.astimezone(days.zone).utcoffset()
        self._offset = offset if offset == ends.astimezone(days.zone).utcoffset() else None

    def _start(self, every: str | None) -> str:
        found = self._starts.get(every)
        if found is None:
            found = self._starts[every] = self._rules.days.start(every, self._date)
        return found

    def _moment(self, facts: Facts, at: str) -> datetime:
        """What `local_moment` gives; on a day whose clocks are not changed it is the same wall clock, found sooner."""
        if self._offset is None or facts.occurred_at is not None:
            return local_moment(self._rules, facts, moment_of(at))
        return moment_of(at) + self._offset

    # Counters

    def _case(self, roles: tuple[str, ...], remedy: str, reason: str) -> Case | None:
        rules = self._rules
        held = tuple([role for role in roles if role in rules.roles])
        if not held or remedy not in rules.remedies or reason not in rules.reasons:
            return None
        plan = self.policy.plan(held, remedy, reason)
        slots = tuple(
            Slotted(
                slot.read,
                Authority(None, slot.role),
                slot.requester,
                (self._wide if slot.wide else self._counters).setdefault(slot.measure, {}),
                slot.every,
                slot.every is not None and slot.every not in UNITS,
            )
            for slot in plan.slots
        )
        trials = tuple((straight.bare, straight.trial.role) for straight in plan.straight)
        return Case(plan, slots, plan.first, trials)

    def _standing(self, facts: Facts, slots: tuple[Slotted, ...]) -> list[Usage | None]:
        found: list[Usage | None] = []
        group, starts, employee = self._rules.id, self._starts, facts.employee
        new: Callable[..., Usage] = tuple.__new__
        own, of = Authority(employee, ""), ""
        for read, alone, requester, subjects, every, rolling in slots:
            if requester and alone.role != of:
                own, of = Authority(employee, alone.role), alone.role
            subject = read(facts, own if requester else alone, group)
            if subject is None:
                found.append(None)
                continue
            buckets = subjects.get(subject)
            if buckets is None:
                found.append(UNUSED)
                continue
            start = starts.get(every)
            if start is None:
                start = self._start(every)
            if rolling:
                minor = count = 0
                for day, sums in buckets.items():
                    if day >= start:
                        minor += sums[0]
                        count += sums[1]
                found.append(new(Usage, (minor, 0, count, 0)))
            else:
                bucket = buckets.get(start)
                found.append(UNUSED if bucket is None else new(Usage, (bucket[0], 0, bucket[1], 0)))
        return found

    def _charges(self, facts: Facts, authority: Authority, day: str, group: str) -> Charge:
        """The buckets that a comp is charged to; `day` is the business day of its hold."""
        key = (facts.remedy, facts.reason)
        readers = self._charging.get(key)
        if readers is None:
            measures = (*self.policy.measures, *self.policy.wide_measures)
            readers = self._charging[key] = [
                (
                    subject_reader(item.scope),
                    (self._wide if item.wide else self._counters).setdefault(item.name, {}),
                    item.bucket,
                )
                for item in measures
                if item.applies(*key)
            ]
        found = []
        for read, subjects, bucket in readers:
            subject = read(facts, authority, group)
            if subject is None:
                continue
            buckets = subjects.get(subject)
            if buckets is None:
                buckets = subjects[subject] = {}
            start = self._bucket(bucket, day)
            sums = buckets.get(start)
            if sums is None:
                sums = buckets[start] = [0, 0]
            found.append(sums)
        return found

    def _bucket(self, bucket: str, day: str) -> str:
        if bucket == "day":
            return day
        key = (bucket, day)
        found = _BUCKETS.get(key)
        if found is None:
            if len(_BUCKETS) > MOST_BUCKETS:
                _BUCKETS.clear()
            found = _BUCKETS[key] = bucket_start(bucket, date.fromisoformat(day))
        return found

    # What happened

    def before(self, facts: Facts, comp: str, body: dict[str, Any]) -> None:
        """A request from before the beginning: it fills the counters with what was granted."""
        decision = body["decision"]
        if decision["outcome"] == "approve":
            authority = Authority(facts.employee, decision["role"])
            charge = self._charges(facts, authority, body["day"], body["policy_id"])
            self._hold(comp, charge, decision["granted"], real=True)
        elif decision["outcome"] == "escalate":
            self._asked[comp] = facts

    def _hold(self, comp: str, charge: Charge, granted: int, *, real: bool) -> None:
        for sums in charge:
            sums[0] += granted
            sums[1] += 1
        if real:
            self._comps[comp] = Held(charge, granted, real)

    def decision(self, facts: Facts, comp: str, at: str, body: dict[str, Any]) -> None:
        """A request: decided again, held if it is approved."""
        if not self._day_begins <= at < self._day_ends:
            self._go_to(at)
        key = (facts.roles, facts.remedy, facts.reason)
        try:
            case = self._cases[key]
        except KeyError:
            case = self._cases[key] = self._case(*key)
        said = body["decision"]
        was, was_granted = NUMBER[said["outcome"]], said["granted"]
        now, granted, role = DENY, 0, None
        if case is not None and facts.active and facts.currency == self.policy.currency:
            try:
                now, granted, role = self._decide(case, facts, at)
            except Exception:  # noqa: BLE001  as `decide` has it: whatever went wrong, a person must look at it
                now, self.errors = ESCALATE, self.errors + 1
        answered = Answered(facts, comp, at, self._day, was, now, was_granted, granted, said["role"], role)
        self._take(answered, lambda: self.full(facts, at))
        self._keep(facts, comp, body, now, granted, role)

    def _keep(self, facts: Facts, comp: str, body: dict[str, Any], now: int, granted: int, role: str | None) -> None:
        """Hold what the candidate approves; in a shadow what was really approved."""
        if self._real:
            self.before(facts, comp, body)
            return
        was = body["decision"]["outcome"]
        if now == APPROVE:
            charge = self._charges(facts, Authority(facts.employee, role or ""), self._day, self._rules.id)
            self._hold(comp, charge, granted, real=was == "approve")
        elif was == "escalate":
            self._asked[comp] = facts

    def _decide(self, case: Case, facts: Facts, at: str) -> tuple[int, int, str | None]:
        """Outcome, amount granted and role, as `decide` has them."""
        plan = case.plan
        moment = self._moment(facts, at) if plan.timed else None
        standing = self._standing(facts, case.slots[: case.first])
        escalating = []
        for number, (bare, role) in enumerate(case.trials):
            found = bare(facts, standing, moment)
            if found == APPROVE:
                return APPROVE, facts.amount_minor, role
            if found == ESCALATE:
                escalating.append(number)
        if facts.accept_less:
            decision = self.full(facts, at)
            return NUMBER[decision.outcome.value], decision.granted_minor, decision.role
        if not escalating:
            return DENY, 0, case.trials[0][1]
        standing = self._standing(facts, case.slots)
        for number in escalating:
            for other in plan.approvers[number]:
                if other.grants(facts, standing, moment):  # type: ignore[arg-type]
                    return ESCALATE, 0, case.trials[number][1]
        return DENY, 0, case.trials[escalating[0]][1]

    def full(self, facts: Facts, at: str) -> Decision:
        """The decision with its findings, by the counters as they stand now."""
        case = self._case(facts.roles, facts.remedy, facts.reason)
        standing = [] if case is None or unknown(self._rules, facts) else self._standing(facts, case.slots)
        return decide(self.policy, facts, standing, moment_of(at))

    def step(self, kind: str, comp: str, body: dict[str, Any]) -> None:
        """What became of a comp in reality moves the candidate's counters where it was granted in reality, too."""
        if kind == "approve":
            self._approved(comp, body)
            return
        held = self._comps.get(comp)
        if held is None:
            if kind in ("decline", "expire"):
                self._asked.pop(comp, None)
            return
        if kind == "capture":
            amount = min(body["amount"], held.granted_minor)
            again = 1 if body.get("late") else 0
            less = amount if again else amount - held.granted_minor
            self._move(held, less, again)
            self._comps[comp] = held._replace(granted_minor=amount)
        elif kind in ("void", "expire"):
            self._move(held, -held.granted_minor, -1)
        elif kind == "reverse":
            amount = min(body["amount"], held.granted_minor)
            self._move(held, -amount, -1 if amount == held.granted_minor else 0)

    def _move(self, held: Held, minor: int, count: int) -> None:
        for sums in held.charge:
            sums[0] += minor
            sums[1] += count

    def _approved(self, comp: str, body: dict[str, Any]) -> None:
        """A yes by another person, where the candidate would have asked for one as well."""
        facts = self._asked.get(comp)
        if facts is None or len(body["with"]) + 1 < body["people"]:
            return
        authority = Authority(body["authority"], body["grant"]["role"])
        charge = self._charges(facts, authority, body["day"], self._rules.id)
        self._hold(comp, charge, body["amount"], real=True)


MOST_BUCKETS = 100_000
_BUCKETS: dict[tuple[str, str], str] = {}


def facts_of_body(body: dict[str, Any]) -> Facts:
    """The facts that a decision entry recorded, value by value: what `history.facts_from` makes by way of models."""
    request, context = body["request"], body["context"]
    check = request.get("check")
    amount = request["amount"]
    identity = total = state = None
    categories: tuple[str, ...] = ()
    if check is not None:
        identity, state = check["id"], check.get("state")
        total = check.get("total")
        if total is not None:
            total = total["amount"]
        items = check.get("items")
        if items:
            categories = tuple([item["category"] for item in items if item.get("category")])
    occurred = request.get("occurred_at")
    new: Callable[..., Facts] = tuple.__new__
    return new(
        Facts,
        (
            request["location"],
            request["employee"],
            tuple(context["roles"]),
            context["active"],
            request["remedy"],
            request["reason"],
            amount["amount"],
            amount["currency"],
            identity,
            total,
            state,
            context["check_total_before_minor"],
            categories,
            request.get("guest"),
            request.get("incident"),
            request.get("shift"),
            context["has_note"],
            request.get("photo") is not None,
            context["employee_is_guest"],
            request.get("accept_less", False),
            None if occurred is None else datetime.fromisoformat(occurred),
        ),
    )
