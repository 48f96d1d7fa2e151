"""The most that one role may grant alone of one remedy for one reason, whatever the request says.

Every rule only grows stricter with the amount, with what was given before, and with a smaller check. So the most is
found with empty counters and a check without end, in each of the cases that guards tell apart: the kinds of item, the
check's state, the note, the employee being the guest, and the hours and days between which a guard changes its mind.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from typing import NamedTuple

from empower.core.calendar import WEEKDAYS
from empower.core.canonical import LARGEST_INTEGER
from empower.core.guard import has_fact
from empower.core.measure import local_moment
from empower.core.policy import Guard, Policy, When
from empower.core.request import Facts
from empower.policy.claims import Claim
from empower.policy.reach import Reach, concerns

SUNDAY = date(2026, 6, 7)
"""A week in which clocks are changed nowhere ends with it."""
NOW = datetime(2026, 6, 8, 12, tzinfo=UTC)
"""When all is asked: the day after. Guards go by when it occurred."""
EMPLOYEE = "E1"


class Worst(NamedTuple):
    """The largest grant, in minor units, and a request that gets it; its check is as large as can be."""

    amount_minor: int
    facts: Facts


def worst(reach: Reach, claim: Claim, role: str, remedy: str, reason: str) -> Worst | None:
    """The most that is granted alone within the claim; None if nothing is."""
    bound = reach.bound(role, remedy, reason)
    if bound is None:
        return None
    policy = reach.policy
    guards = [guard for guard in policy.guards if concerns(guard.when, role, remedy, reason)]
    most: Worst | None = None
    for facts in _cases(policy, claim.facts, [guard.when for guard in guards], role, remedy, reason):
        amount = min([bound, *(_silent_up_to(policy, guard, facts) for guard in guards)])
        if amount >= reach.least(remedy) and (most is None or amount > most.amount_minor):
            most = Worst(amount, facts)
    return most


def _silent_up_to(policy: Policy, guard: Guard, facts: Facts) -> int:
    """The largest amount that a guard lets pass; -1 for none."""
    when = guard.when
    if not _holds(when, facts, policy) or (
        guard.then == "require" and all(has_fact(facts, it) for it in guard.require)
    ):
        return LARGEST_INTEGER
    if when.percent_over_bp is not None:
        return LARGEST_INTEGER  # of a check as large as that
    return -1 if when.amount_over is None else when.amount_over


def _holds(when: When, facts: Facts, policy: Policy) -> bool:
    """Whether all facts that a guard names hold, but for amounts."""
    moment = local_moment(policy, facts, NOW)
    return (
        (not when.item_categories or not set(when.item_categories).isdisjoint(facts.categories))
        and (not when.check_state or facts.check_state in when.check_state)
        and when.employee_is_guest in (None, facts.employee_is_guest)
        and when.note_missing in (None, not facts.has_note)
        and (not when.weekdays or WEEKDAYS[moment.weekday()] in when.weekdays)
        and _is_in(when.between, moment.time())
    )


def _cases(policy: Policy, claimed: When, guards: list[When], role: str, remedy: str, reason: str) -> Iterator[Facts]:
    bare = _bare(policy, role, remedy, reason)
    choices = product(
        _categories(claimed),
        _states(claimed, guards),
        _flags([when.employee_is_guest for when in guards], claimed.employee_is_guest, other=False),
        _flags([when.note_missing for when in guards], claimed.note_missing, other=False),
        _moments(policy, claimed, guards),
    )
    for categories, state, is_guest, no_note, moment in choices:
        yield bare._replace(
            categories=categories,
            check_state=state,
            employee_is_guest=is_guest,
            has_note=not no_note,
            occurred_at=moment,
        )


def _bare(policy: Policy, role: str, remedy: str, reason: str) -> Facts:
    """A request that lacks nothing."""
    return Facts(
        location=policy.locations[0].replace("*", "1") if policy.locations else "here",
        employee=EMPLOYEE,
        roles=(role,),
        active=True,
        remedy=remedy,
        reason=reason,
        amount_minor=0,
        currency=policy.calendar.currency,
        check="C1",
        check_total_minor=LARGEST_INTEGER,
        check_state=None,
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


def _categories(claimed: When) -> list[tuple[str, ...]]:
    """One item is the least that a claim asks for, and none the least of all: more only make more guards speak."""
    return [(category,) for category in claimed.item_categories] or [()]


def _states(claimed: When, guards: list[When]) -> list[str | None]:
    if claimed.check_state:
        return list(claimed.check_state)
    named = {state for when in guards for state in when.check_state}
    return ["open"] if "open" not in named else [None]


def _flags(named: list[bool | None], claimed: bool | None, *, other: bool) -> list[bool]:
    if claimed is not None:
        return [claimed]
    return [other] if all(flag is None for flag in named) else [other, not other]


def _moments(policy: Policy, claimed: When, guards: list[When]) -> list[datetime]:
    """A moment in each stretch of time in which no guard, and not the claim, begins or ends to hold."""
    every = [claimed, *guards]
    times = sorted({moment for when in every for moment in when.between or ()} | {time(12)})
    if len(times) > 1:
        times = sorted({*times, time(0)})
    inside = [moment for moment in times if _is_in(claimed.between, moment)]
    weekdays = [claimed.weekdays or WEEKDAYS] if any(when.weekdays for when in every) else [WEEKDAYS[:1]]
    days = [SUNDAY - timedelta(days=6 - WEEKDAYS.index(name)) for name in weekdays[0]]
    zone = policy.days.zone
    return [datetime.combine(day, moment, zone).astimezone(UTC) for day in days for moment in inside]


def _is_in(between: tuple[time, time] | None, moment: time) -> bool:
    if between is None:
        return True
    first, last = between
    return first <= moment < last if first < last else moment >= first or moment < last
