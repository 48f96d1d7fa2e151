"""Each limit that applies to somebody at a location: cap, held, spent, left, and when it resets."""

from collections.abc import Iterator
from typing import NamedTuple

from empower.core.calendar import UNITS, bucket_start
from empower.core.counter import UNUSED, CounterKey, Needed, Usage
from empower.core.entry import stamp
from empower.core.measure import Authority, Measure, measure_of, subject_reader
from empower.core.policy import Limit
from empower.engine.desk import Place
from empower.engine.views import BudgetView
from empower.store import Unit
from empower.store.unit import group_location


class Subjects(NamedTuple):
    """Whose budgets are asked for; what is None is not asked for."""

    location: str
    employee: str | None = None
    guest: str | None = None
    check: str | None = None
    incident: str | None = None
    shift: str | None = None
    remedy: str = ""
    reason: str = ""


def budgets(unit: Unit, place: Place, subjects: Subjects, roles: tuple[str, ...]) -> list[BudgetView]:
    """The budgets of the house and of the roles, for the subjects asked for.

    Limits per remedy or reason, or on one comp alone, have no one counter and are left out.
    """
    found: list[BudgetView] = []
    for role, limit in _limits(place, roles):
        measure = measure_of(limit, place.policy.policy.calendar.week_starts)
        if measure is None or {"remedy", "reason"} & set(measure.scope):
            continue
        authority = Authority(subjects.employee, role or "")
        if role is None and "role" in measure.scope:
            continue
        subject = subject_reader(measure.scope)(subjects, authority, place.policy.policy.id)
        if subject is not None:
            found.extend(_views(unit, place, role, limit, measure, subject))
    return found


def _limits(place: Place, roles: tuple[str, ...]) -> Iterator[tuple[str | None, Limit]]:
    policy = place.policy.policy
    for limit in policy.limits:
        yield None, limit
    for role in roles:
        if role in policy.roles:
            for limit in policy.roles[role].limits:
                yield role, limit


def _views(
    unit: Unit, place: Place, role: str | None, limit: Limit, measure: Measure, subject: str
) -> Iterator[BudgetView]:
    policy = place.policy.policy
    usage = _usage(unit, place, limit, measure, subject)
    resets = policy.days.resets(limit.every, policy.days.business_day(place.now))
    units = (
        ("amount", limit.amount, usage.held_minor, usage.spent_minor),
        ("count", limit.count, usage.held_count, usage.spent_count),
    )
    for name, cap, held, spent in units:
        if cap is not None:
            yield BudgetView(
                location=place.location,
                limit=limit.address,
                role=role,
                per=list(measure.scope),
                subject=subject,
                every=limit.every,
                remedies=list(limit.remedies),
                reasons=list(limit.reasons),
                unit="amount" if name == "amount" else "count",
                cap=cap,
                held=held,
                spent=spent,
                left=max(0, cap - held - spent),
                currency=policy.calendar.currency if name == "amount" else None,
                resets_at=None if resets is None else stamp(resets),
            )


def _usage(unit: Unit, place: Place, limit: Limit, measure: Measure, subject: str) -> Usage:
    policy = place.policy.policy
    day = policy.days.business_day(place.now)
    start = policy.days.start(limit.every, day)
    rolling = limit.every is not None and limit.every not in UNITS
    last = bucket_start("day", day) if rolling else start
    needed = Needed(CounterKey(measure.name, subject, start), last, measure.wide)
    return unit.usages(place.location, group_location(policy.id), [needed])[0] or UNUSED
