"""May I comp this, once more: plain and slow, from the words of the design and not from the code.

There are no counters, plans or windows' names here: each limit looks through all comps that were given, and the
largest amount is found by trying them all. Amounts are small, so that this ends.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from empower.core.policy import Guard, Limit, Policy
from empower.core.request import Facts

from .build import Given

CEILING = 30
"""What is approved at this amount is approved at any: no rule of the random policies caps above it."""

APPROVE, ESCALATE, DENY = "approve", "escalate", "deny"
WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class Answer(NamedTuple):
    outcome: str
    role: str | None
    granted: int
    approvers: tuple[str, ...]
    approvals: int
    largest: int | None
    """Of the same remedy, from none to `CEILING`."""
    others: tuple[tuple[str, int | None], ...]
    """The reason's other remedies, each with its largest amount; None for one without a cap."""


class Model:
    """The policy with all that was given under it, at one moment."""

    def __init__(self, policy: Policy, given: Sequence[Given], now: datetime) -> None:
        self.policy = policy
        self.given = given
        self.now = now
        self.today = business_day(policy, now)

    def decide(self, facts: Facts) -> Answer:
        """DESIGN section 3, steps 1 to 6."""
        nothing = Answer(DENY, None, 0, (), 0, None, ())
        roles = [name for name in facts.roles if name in self.policy.roles]
        known = facts.remedy in self.policy.remedies and facts.reason in self.policy.reasons
        if not (facts.active and roles and known and facts.currency == self.policy.calendar.currency):
            return nothing
        for role in roles:
            if self.say(role, facts) == APPROVE:
                return Answer(APPROVE, role, facts.amount_minor, (), 0, None, ())
        largest, best = self.largest(roles, facts)
        others = self.others(roles, facts)
        if facts.accept_less and facts.amount_minor and largest:
            return Answer(APPROVE, best, largest, (), 0, None, ())
        for role in roles:
            approvers = self.approvers(role, facts) if self.say(role, facts) == ESCALATE else ()
            if approvers:
                over = self.policy.approval.two_people_over
                people = 2 if over is not None and facts.amount_minor > over else 1
                return Answer(ESCALATE, role, 0, approvers, people, largest, others)
        first = next((role for role in roles if self.say(role, facts) == ESCALATE), roles[0])
        return Answer(DENY, first, 0, (), 0, largest, others)

    def largest(self, roles: list[str], facts: Facts) -> tuple[int | None, str | None]:
        """The largest amount that some role approves, and the first role that approves it."""
        for amount in range(CEILING, -1, -1):
            for role in roles:
                if self.say(role, facts._replace(amount_minor=amount)) == APPROVE:
                    return amount, role
        return None, None

    def others(self, roles: list[str], facts: Facts) -> tuple[tuple[str, int | None], ...]:
        listed: Sequence[str] = self.policy.reasons[facts.reason].remedies
        if listed == ("*",):
            listed = sorted(self.policy.remedies)
        found = []
        for remedy in listed:
            amount, _ = self.largest(roles, facts._replace(remedy=remedy))
            if remedy != facts.remedy and amount is not None:
                found.append((remedy, None if amount == CEILING else amount))
        return tuple(found)

    def approvers(self, role: str, facts: Facts) -> tuple[str, ...]:
        """The roles that approve `role` and could grant this very request, the least powerful first."""
        able = [
            name
            for name, rules in self.policy.roles.items()
            if (rules.approves == ("*",) or role in rules.approves) and self.could_grant(name, facts)
        ]
        return tuple(sorted(able, key=lambda name: self.power(name, facts)))

    def power(self, name: str, facts: Facts) -> tuple[float, int, str]:
        """How much at once; where that is the same, how many roles it approves; then by name."""
        role = self.policy.roles[name]
        caps = [item.amount for item in role.limits if item.amount is not None and concerns(item, facts)]
        approved = [other for other in self.policy.roles if role.approves == ("*",) or other in role.approves]
        return min(caps, default=float("inf")), len(approved), name

    def say(self, role: str, facts: Facts) -> str:
        """Within a role: any deny is deny, else any escalate is escalate, else it is approved."""
        voices = [*self.basics(role, facts), *self.guard_voices(role, facts)]
        over = self.policy.approval.two_people_over
        if over is not None and facts.amount_minor > over:
            voices.append(ESCALATE)
        for item in self.limits(role, facts):
            if self.lacks(item, facts):
                voices.append(ESCALATE)
            if self.full(item, facts, facts.employee, role):
                voices.append(item.beyond)
        return DENY if DENY in voices else ESCALATE if ESCALATE in voices else APPROVE

    def could_grant(self, role: str, facts: Facts) -> bool:
        """Whether somebody of that role, with counters of their own that are empty, could say yes."""
        denies = [voice for voice in self.guard_voices(role, facts) if voice == DENY]
        full = [item for item in self.limits(role, facts) if self.full(item, facts, None, role)]
        return not (self.basics(role, facts) or denies or full)

    def basics(self, role: str, facts: Facts) -> list[str]:
        """What denies whatever the limits are."""
        allowed = self.policy.roles[role].remedies
        fitting = self.policy.reasons[facts.reason].remedies
        remedy = self.policy.remedies[facts.remedy]
        wrong = [
            allowed != ("*",) and facts.remedy not in allowed,
            fitting != ("*",) and facts.remedy not in fitting,
            remedy.most is not None and facts.amount_minor > remedy.most,
            facts.amount_minor == 0 and not remedy.zero and remedy.most != 0,
        ]
        return [DENY for one in wrong if one]

    def guard_voices(self, role: str, facts: Facts) -> list[str]:
        return [self.voice(guard, role, facts) for guard in self.policy.guards]

    def voice(self, guard: Guard, role: str, facts: Facts) -> str:
        """All facts of a `when` must hold; a share of a total that is not known is for a person to judge."""
        when, total = guard.when, facts.check_total_minor
        local = (facts.occurred_at or self.now).astimezone(self.policy.days.zone)
        holds = [
            not when.remedies or facts.remedy in when.remedies,
            not when.reasons or facts.reason in when.reasons,
            not when.roles or role in when.roles,
            not when.item_categories or any(one in when.item_categories for one in facts.categories),
            not when.check_state or facts.check_state in when.check_state,
            when.amount_over is None or facts.amount_minor > when.amount_over,
            not when.weekdays or WEEK[local.weekday()] in when.weekdays,
            when.employee_is_guest is None or when.employee_is_guest == facts.employee_is_guest,
            when.note_missing is None or when.note_missing == (not facts.has_note),
        ]
        if when.between is not None:
            first, last = when.between
            clock = local.time()
            over_midnight = clock >= first or clock < last
            holds.append(first <= clock < last if first < last else over_midnight)
        if not all(holds):
            return APPROVE
        if when.percent_over_bp is not None:
            if total is None:
                return ESCALATE
            if facts.amount_minor * 10_000 <= when.percent_over_bp * total:
                return APPROVE
        if guard.then != "require":
            return guard.then
        has = {"note": facts.has_note, "photo": facts.has_photo, "guest": facts.guest is not None}
        return APPROVE if all(has[name] for name in guard.require) else ESCALATE

    def limits(self, role: str, facts: Facts) -> list[Limit]:
        """The role's and the house's, as far as they are of this remedy and reason."""
        return [item for item in (*self.policy.roles[role].limits, *self.policy.limits) if concerns(item, facts)]

    def lacks(self, item: Limit, facts: Facts) -> bool:
        """Whether the limit needs what the request does not say."""
        needs = [getattr(facts, name) for name in item.per if name in ("check", "guest", "incident", "shift")]
        if item.percent_bp is not None:
            needs.append(facts.check_total_minor)
        return None in needs

    def full(self, item: Limit, facts: Facts, employee: str | None, role: str) -> bool:
        """Whether the request does not fit any more; what cannot be measured is never full by what was used."""
        before = [one for one in self.given if self.counts(item, one, facts, employee, role)]
        used = sum(one.amount for one in before) + facts.amount_minor
        over = [item.amount is not None and used > item.amount, item.count is not None and len(before) + 1 > item.count]
        if item.percent_bp is not None and facts.check_total_minor is not None:
            over.append(used > facts.check_total_minor * item.percent_bp // 10_000)
        measurable = employee is None or not self.scope_missing(item, facts)
        return measurable and any(over)

    def scope_missing(self, item: Limit, facts: Facts) -> bool:
        return None in [getattr(facts, name) for name in item.per if name in ("check", "guest", "incident", "shift")]

    def counts(self, item: Limit, one: Given, facts: Facts, employee: str | None, role: str) -> bool:
        """Whether a comp given before is in what the limit measures."""
        if "comp" in item.per or self.scope_missing(item, facts):
            return False
        same = {
            "check": one.check == facts.check,
            "guest": one.guest == facts.guest,
            "incident": one.incident == facts.incident,
            "employee": one.employee == employee,
            "role": one.role == role,
            "shift": one.shift == facts.shift,
            "remedy": one.remedy == facts.remedy,
            "reason": one.reason == facts.reason,
            "location": True,
            "group": True,
        }
        here = "group" in item.per or one.location == facts.location
        there = here and ("location" not in item.per or one.location == facts.location)
        of = facts._replace(remedy=one.remedy, reason=one.reason)
        return there and concerns(item, of) and all(same[name] for name in item.per) and self.within(item, one.day)

    def within(self, item: Limit, day: date) -> bool:  # noqa: PLR0911  one line a window
        """Whether a business day is in the limit's window of today."""
        every, today = item.every, self.today
        if every is None:
            return True
        if every == "day":
            return day == today
        if every == "week":
            first = today
            while WEEK[first.weekday()] != self.policy.calendar.week_starts:
                first -= timedelta(days=1)
            return first <= day < first + timedelta(days=7)
        if every == "month":
            return (day.year, day.month) == (today.year, today.month)
        if every == "quarter":
            return (day.year, (day.month + 2) // 3) == (today.year, (today.month + 2) // 3)
        if every == "year":
            return day.year == today.year
        return 0 <= (today - day).days < int(every.removesuffix(" days"))


def concerns(item: Limit, facts: Facts) -> bool:
    """Whether a limit, if it is narrowed, is narrowed to this."""
    remedy_fits = not item.remedies or facts.remedy in item.remedies
    return remedy_fits and (not item.reasons or facts.reason in item.reasons)


def business_day(policy: Policy, now: datetime) -> date:
    """The day whose beginning is the last before `now`."""
    rules = policy.calendar
    local = now.astimezone(policy.days.zone)
    begun = [
        day
        for back in (-1, 0, 1)
        for day in [local.date() - timedelta(days=back)]
        if datetime.combine(day, rules.day_starts, policy.days.zone).timestamp() <= now.timestamp()
    ]
    return max(begun)
